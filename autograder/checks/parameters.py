"""What layers with parameters are asked: how they start, and how they learn.

Initial weights are judged by statistics of large layers, so by chance; the worker's
random numbers are seeded, so the same code always meets the same draw. The bounds lie
six standard deviations or more from a right answer, and the usual mistakes outside.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.cases import Case
from autograder.checks.compare import TOLERANCE, agree, same_shape
from autograder.checks.failures import CheckFailed, Waits
from autograder.checks.layer import build, call, prime_layer
from autograder.diagnosis.observations import MARGIN, observe
from autograder.sandbox.problems import Died, NotNumbers, Problem, Raised, TimedOut
from autograder.sandbox.submission import RemoteObject, Submission, describe_call


def shapes(case: Case) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """Shape of the weight, shape of the bias, fan-in."""
    if case.layer == "LinearLayer":
        d1, d2 = case.args
        return (d1, d2), (d2,), d1
    c1, c2, k1, k2 = case.args
    return (c2, c1, k1, k2), (c2,), c1 * k1 * k2


def new_layer(submission: Submission, case: Case) -> RemoteObject:
    if case.layer not in submission.names:
        raise CheckFailed(f"the package has no class {case.layer}")
    return getattr(submission, case.layer)(*case.args)


def initial_shapes(submission: Submission, case: Case) -> None:
    layer = new_layer(submission, case)
    weight, bias, _ = shapes(case)
    same_shape(layer.weight, weight, "weight", layer._call)
    same_shape(layer.bias, bias, "bias", layer._call)
    for name in ("weight", "bias"):
        dtype = getattr(layer, name).dtype
        observe(f"bytes of {name}", min(dtype.itemsize, 4), 0.0)
        if dtype.kind != "f" or dtype.itemsize < 4:
            raise CheckFailed(
                f"{name} is of type {dtype}; expected float32 or float64\n  in {layer._call}",
                fault="type",
            )


def initial_bias(submission: Submission, case: Case) -> None:
    layer = new_layer(submission, case)
    same_shape(layer.bias, shapes(case)[1], "bias", layer._call)
    bias = layer.bias.astype(np.float64)
    statistic("mean of bias", bias.mean(), 6 * bias.std() / np.sqrt(bias.size))
    statistic("deviation of bias", bias.std(), 0.3 * bias.std())
    if not np.abs(bias).max() <= 1e-6:
        raise CheckFailed(
            f"the initial bias is not zero: its first value is {bias[0]:.4g}\n  in {layer._call}",
            fault="bias",
        )


def initial_weight(submission: Submission, case: Case) -> None:
    """Mean 0 and variance 2 / fan_in; the shape of the distribution is left open."""
    layer, weight, fan_in = initial(submission, case)
    if weight.std() > 1e-12:
        independent(weight, layer._call)  # the variance of weights that repeat is chance
    deviation = np.sqrt(2 / fan_in)
    mean, variance = weight.mean(), weight.var()
    statistic("mean of weight", mean / deviation, 0.4 * np.sqrt(variance) / deviation)
    # Many times what chance gives, so that weights that repeat do not fail here by accident.
    if not abs(mean) <= 0.2 * np.sqrt(variance):
        raise CheckFailed(
            f"the initial weights do not have mean 0\n"
            f"  their mean is {mean:.3g}, with {weight.size} weights and a standard deviation"
            f" of {np.sqrt(variance):.3g}\n"
            f"  in {layer._call}",
            fault="mean",
        )
    # The variance of a sample of a normal distribution varies by sqrt(2 / size).
    ratio, spread = variance * fan_in / 2, max(0.08, 8 * np.sqrt(2 / weight.size))
    statistic("variance of weight", ratio, spread * ratio)
    if not abs(ratio - 1) <= spread:
        raise CheckFailed(
            f"the initial weights have the wrong variance\n"
            f"  expected 2 / fan_in = 2 / {fan_in} = {2 / fan_in:.4g}\n"
            f"  got {variance:.4g}, {ratio:.3g} times as much\n"
            f"  in {layer._call}",
            np.array(2 / fan_in),
            np.array(variance),
            fault="variance",
        )


def initial_independence(submission: Submission, case: Case) -> None:
    layer, weight, _ = initial(submission, case)
    independent(weight, layer._call)


def independent(weight: np.ndarray, where: str) -> None:
    """Raise `CheckFailed` unless rows, columns and filters are drawn anew, not repeated."""
    table = (weight - weight.mean()).reshape(len(weight), -1)
    for axis, what in ((0, "rows"), (1, "columns")):
        # Means of n independent values have a variance of variance / n.
        count = table.shape[axis]
        excess = table.mean(axis).var() * count / max(table.var(), 1e-300)
        statistic(f"likeness of {what}", np.log10(excess + 0.01), 0.5)
        if not abs(excess - 1) <= max(0.5, 8 * np.sqrt(2 / table.shape[1 - axis])):
            raise CheckFailed(
                f"the initial weights are not drawn independently: the {what} of weight"
                f" (as a table of shape {table.shape}) resemble one another\n"
                f"  in {where}",
                fault="independence",
            )
    # The correlation of the weights with themselves, shifted by every distance.
    flat = table.ravel()
    products = np.fft.irfft(np.abs(np.fft.rfft(flat)) ** 2, flat.size)[1 : flat.size // 2 + 1]
    correlation = np.abs(products) / max((flat**2).sum(), 1e-300)
    distance = int(correlation.argmax()) + 1
    if not correlation.max() <= 8 / np.sqrt(flat.size):
        raise CheckFailed(
            f"the initial weights are not drawn independently: they repeat (correlation"
            f" {correlation.max():.2f} at a distance of {distance} in row-major order)\n"
            f"  in {where}",
            fault="independence",
        )


def initial(submission: Submission, case: Case) -> tuple[RemoteObject, np.ndarray, int]:
    """A new layer, its weights in float64, its fan-in."""
    layer = new_layer(submission, case)
    shape, _, fan_in = shapes(case)
    same_shape(layer.weight, shape, "weight", layer._call)
    if not np.isfinite(layer.weight).all():
        raise CheckFailed(f"the initial weights are not finite\n  in {layer._call}")
    return layer, layer.weight.astype(np.float64), fan_in


def statistic(what: str, value: float, spread: float) -> None:
    """Note a statistic of random numbers, which another draw would give within a spread."""
    observe(what, value, spread / MARGIN)


# Update ------------------------------------------------------------------------------


def prepare_gradients(
    submission: Submission, layer: RemoteObject, case: Case, factor: float, task: str
) -> dict[str, np.ndarray]:
    """Make the layer hold gradients, and read what they are.

    They are what its own backward computes, right or wrong. Where that brings nothing that
    fits, they are set by assignment; where that is not possible either, update waits.
    """
    problem: Exception
    try:
        x, g = submission.array(case["x"]), submission.array(factor * case["g"])
        prime_layer(layer, case, x)
        call(layer, "backward", x, g)
        return read_gradients(layer, case)
    except (TimedOut, Died):
        raise
    except (Problem, CheckFailed, Waits) as error:
        problem = error
    try:
        random = np.random.RandomState(2)
        for name, value in case.parameters.items():
            gradient = factor * random.standard_normal(value.shape)
            setattr(layer, f"{name}_grad", gradient.astype(value.dtype))
        return read_gradients(layer, case)
    except (TimedOut, Died):
        raise
    except (Problem, CheckFailed):
        raise Waits(task.replace("update", "backward"), str(problem)) from None


def read_gradients(layer: RemoteObject, case: Case) -> dict[str, np.ndarray]:
    gradients = {}
    for name, value in case.parameters.items():
        got: Any = getattr(layer, f"{name}_grad")
        same_shape(got, value.shape, f"{name}_grad", layer._call)
        if got.dtype.itemsize < 4:
            raise CheckFailed(f"{name}_grad is of type {got.dtype}")
        if not np.isfinite(got).all() or not np.abs(got).max() > 0:
            raise CheckFailed(f"{name}_grad is zero or not finite")
        gradients[name] = got.astype(np.float64)
    return gradients


def update(submission: Submission, case: Case, task: str) -> None:
    """Three steps, each with another gradient and another learning rate."""
    layer = build(submission, case)
    steps = ((0.035, 1.0), (0.02, -0.5), (0.5, 0.25))
    for count, (lr, factor) in enumerate(steps, 1):
        gradients = prepare_gradients(submission, layer, case, factor, task)
        before = {name: getattr(layer, name) for name in case.parameters}
        call(layer, "update", lr)
        where = f"{describe_call(layer._call, 'update', (lr,))}, step {count}"
        after = {name: getattr(layer, name) for name in before}
        scales = {}
        for name, old in before.items():
            same_shape(old, case[name].shape, name, where)
            scales[name] = float(np.abs(old).max() + lr * np.abs(gradients[name]).max())
            # Both are noted before one is judged: which of them moved tells mistakes apart.
            observe(name, after[name], TOLERANCE * scales[name])
        for name, old in before.items():
            expected = old.astype(np.float64) - lr * gradients[name]
            # A factor that shows in a later step only is no constant one.
            start = old if count == 1 else None
            agree(after[name], expected, scales[name], name, where, before=start)


def update_apart(submission: Submission, case: Case, task: str) -> None:
    """Another layer of the same size keeps its parameters, also those it started with."""
    layer, other, third = (build(submission, case) for _ in range(3))
    fresh = None
    try:
        fresh = new_layer(submission, case)
        second = new_layer(submission, case)
    except Raised:
        second = None  # an initialisation that does not work has a task of its own
    kept = {id(one): one for one in (other, third, second) if one is not None}
    before = {
        key: {name: getattr(one, name) for name in case.parameters} for key, one in kept.items()
    }
    for one in (layer, fresh):
        if one is not None:
            prepare_gradients(submission, one, case, 1.0, task)
            call(one, "update", 0.1)
    where = f"{describe_call(layer._call, 'update', (0.1,))} on another layer"
    for key, one in kept.items():
        for name, old in before[key].items():
            if old is None:
                raise NotNumbers(f"{name} is None\n  in {layer._call}")
            now = getattr(one, name)
            same_shape(now, old.shape, name, where)
            change = now.astype(np.float64) - old
            scale = max(float(np.abs(old).max()), 1.0)
            agree(change, np.zeros(old.shape), scale, f"the change of {name}", where)
