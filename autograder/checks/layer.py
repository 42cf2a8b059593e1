"""What all layers are asked: the questions that the files of checks have in common.

A layer is used alone, with inputs of its own; its forward is called with the very array
that its backward gets, right before it, so that a layer that caches is judged fairly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograder.cases import Case
from autograder.checks.compare import agree, same_shape, unchanged
from autograder.checks.failures import CheckFailed, Waits
from autograder.checks.gradients import (
    MARGIN,
    disagreement,
    precision_of_answer,
    precision_of_function,
)
from autograder.intake import CLASSES
from autograder.sandbox.problems import Died, Problem, Raised, TimedOut
from autograder.sandbox.submission import RemoteArray, RemoteObject, Submission, describe_call

Derivatives = Callable[[RemoteObject, Case], dict[str, np.ndarray]]
AT_ONCE = 32  # elements of which differences are asked for in one question
OWN_TOLERANCE = 1e-3  # of the largest element; differences of a float32 forward err by 1e-5

GROUPS = {name: group for group, name in CLASSES.items() if group != "network"}


def construct(submission: Submission, name: str, args: tuple[int, ...] = ()) -> RemoteObject:
    """An instance, made without `__init__` where that does not work.

    A mistake in the initialisation costs its own task only: parameters are set by
    assignment afterwards, which may be all that the rest needs.
    """
    if name not in submission.names:
        raise CheckFailed(missing(name))
    try:
        return getattr(submission, name)(*args)
    except Raised as problem:
        if not args or name not in ("LinearLayer", "ConvolutionLayer"):
            raise
        layer = submission.bare(name)
        object.__setattr__(layer, "_broken", problem)
        object.__setattr__(layer, "_call", f"{name}({', '.join(map(str, args))})")
        return layer


def missing(name: str) -> str:
    """What to say of a class that is not there."""
    return (
        f"the package has no class {name}\n"
        "  has it another name, or is it not imported in __init__.py?"
    )


def excuse(layer: RemoteObject, problem: Raised) -> Exception:
    """The reason why a call failed: the constructor, if it left out an attribute that is missing.

    Whatever else is raised is the call's own fault, and would hide behind the constructor.
    """
    broken = layer.__dict__.get("_broken")
    if broken is None or "AttributeError" not in problem.kinds:
        return problem
    name = layer._call.partition("(")[0]
    reason = problem if broken.not_implemented else broken
    return Waits(f"{GROUPS[name]}.init", str(reason))


def build(submission: Submission, case: Case) -> RemoteObject:
    """The layer of a case, with its parameters."""
    layer = construct(submission, case.layer, case.args)
    try:
        if case.parameters:
            layer.assign(**case.parameters)
    except Raised as problem:
        raise excuse(layer, problem) from None
    return layer


def call(layer: RemoteObject, method: str, *args: Any) -> Any:
    """What a method returns; a failure is put down to its cause."""
    try:
        return layer.call(method, *args)
    except Raised as problem:
        raise excuse(layer, problem) from None


def prime(layer: RemoteObject, *args: RemoteArray) -> Any:
    """Call forward before backward, for layers that cache; its own faults cost nothing here.

    A forward that is known to end or to hang the process is not called.

    Returns
    -------
    ndarray or None
        What forward returned, if it was an array.
    """
    if layer._submission.fragile:
        return None
    try:
        out = layer.call("forward", *args)
    except (TimedOut, Died):
        raise
    except Problem:
        out = None
    for array in args:
        array.restore()  # a forward that changed its argument loses its own points
    return out


def prime_layer(layer: RemoteObject, case: Case, x: RemoteArray) -> None:
    """Call forward before backward; parameters that it changed are set again."""
    before = read_parameters(layer, case)
    prime(layer, x)
    if before and any(
        now is None or now.shape != old.shape or not np.array_equal(now, old)
        for now, old in zip(layer.fetch(*before), before.values(), strict=True)
    ):
        layer.assign(**case.parameters)


def forward_value(submission: Submission, case: Case) -> None:
    layer = build(submission, case)
    x = submission.array(case["x"])
    out = call(layer, "forward", x)
    where = describe_call(layer._call, "forward", (x,))
    agree(out, case["out"], case.scale("out"), "the output", where)


def forward_shape(submission: Submission, case: Case) -> None:
    layer = build(submission, case)
    x = submission.array(case["x"])
    out = call(layer, "forward", x)
    same_shape(out, case["out"].shape, "the output", describe_call(layer._call, "forward", (x,)))


def forward_leaves_arguments(submission: Submission, case: Case) -> None:
    layer = build(submission, case)
    x = submission.array(case["x"])
    before = read_parameters(layer, case)
    call(layer, "forward", x)
    where = describe_call(layer._call, "forward", (x,))
    unchanged(x.read(), case["x"], "x", where)
    parameters_unchanged(layer, before, where)


def forward_forgets(submission: Submission, first: Case, second: Case) -> None:
    """Two layers and two inputs in turn: each answer belongs to its own question."""
    layers = [build(submission, case) for case in (first, second)]
    for turn in (0, 1, 0, 1):
        case, layer = (first, second)[turn], layers[turn]
        x = submission.array(case["x"])
        out = call(layer, "forward", x)
        where = describe_call(layer._call, "forward", (x,)) + ", with another layer in use"
        agree(out, case["out"], case.scale("out"), "the output", where)
    # Other images in an array of the same shape.
    x = submission.array(first["x"][::-1].copy())
    out = call(layers[0], "forward", x)
    where = describe_call(layers[0]._call, "forward", (x,)) + ", after other images"
    agree(out, first["out"][::-1], first.scale("out"), "the output", where)


def backward_answers(
    layer: RemoteObject, case: Case, x: RemoteArray, g: RemoteArray
) -> dict[str, Any]:
    """All that backward computes, by name."""
    answers = {"x_grad": call(layer, "backward", x, g)}
    if case.parameters:
        names = [f"{name}_grad" for name in case.parameters]
        answers |= dict(zip(names, layer.fetch(*names), strict=True))
    return answers


def backward(submission: Submission, case: Case) -> tuple[RemoteObject, dict[str, Any], str]:
    """A layer after forward and backward, its answers, and the call in words."""
    layer = build(submission, case)
    x, g = submission.array(case["x"]), submission.array(case["g"])
    prime_layer(layer, case, x)
    answers = backward_answers(layer, case, x, g)
    return layer, answers, describe_call(layer._call, "backward", (x, g))


def backward_value(submission: Submission, case: Case) -> None:
    layer, answers, where = backward(submission, case)
    judge(layer, case, answers, where)


def judge(
    layer: RemoteObject,
    case: Case,
    answers: dict[str, Any],
    where: str,
    derivatives: Derivatives | None = None,
) -> None:
    """Raise `CheckFailed` unless each gradient is right.

    It is right when it agrees with the reference; or, where forward is wrong by a mistake
    that was recognised, with the derivative of that forward: one mistake costs once.
    """
    own: dict[str, np.ndarray] | None = None
    for name, got in answers.items():
        try:
            agree(got, case[name], case.scale(name), title(name), where)
        except CheckFailed:
            if not layer._submission.forgiven:
                raise
            if own is None:
                own = (derivatives or layer_derivatives)(layer, case)
            right = own.get(name)
            if right is None or got is None or got.shape != right.shape:
                raise
            if not np.abs(got - right).max() <= OWN_TOLERANCE * np.abs(right).max():
                raise


def moved(at: np.ndarray, index: int, step: float) -> np.ndarray:
    """`at` with one element, counted in row-major order, moved by `step`."""
    point = at.copy()
    point.flat[index] += step
    return point


def layer_derivatives(layer: RemoteObject, case: Case) -> dict[str, np.ndarray]:
    """The gradients of the submission's own forward, element by element.

    Forward is linear in each of its arguments between kinks, so the differences are exact.
    Gradients that are zero, and so prove nothing, are left out.
    """
    inputs = {"x": case["x"].astype(np.float64)}
    inputs |= {name: value.astype(np.float64) for name, value in case.parameters.items()}
    found = {}
    try:
        for name, at in inputs.items():
            step = step_of(case, name)
            sides = []
            for first in range(0, at.size, AT_ONCE):
                points = [
                    point
                    for index in range(first, min(first + AT_ONCE, at.size))
                    for point in (moved(at, index, step), moved(at, index, -step))
                ]
                others, attribute = ((), None) if name == "x" else ((inputs["x"],), name)
                for out in layer.call_each("forward", points, *others, attribute=attribute):
                    same_shape(out, case["g"].shape, "the output", layer._call)
                    sides.append(float((out * case["g"]).sum()))
            if name != "x":
                setattr(layer, name, at)
            up, down = np.array(sides).reshape(-1, 2).T
            gradient = ((up - down) / (2 * step)).reshape(at.shape)
            if np.abs(gradient).max() > 1e-9:
                found[f"{name}_grad"] = gradient
        return found
    except (Problem, CheckFailed):
        return {}
    finally:
        if layer._submission.alive:
            for name, value in case.parameters.items():
                setattr(layer, name, value)


def backward_shape(submission: Submission, case: Case) -> None:
    _, answers, where = backward(submission, case)
    for name, got in answers.items():
        same_shape(got, case[name].shape, title(name), where)


def backward_leaves_arguments(submission: Submission, case: Case) -> None:
    layer = build(submission, case)
    x, g = submission.array(case["x"]), submission.array(case["g"])
    prime_layer(layer, case, x)
    before = read_parameters(layer, case)
    call(layer, "backward", x, g)
    where = describe_call(layer._call, "backward", (x, g))
    unchanged(x.read(), case["x"], "x", where)
    unchanged(g.read(), case["g"], "last_x_grad", where)
    parameters_unchanged(layer, before, where)


def read_parameters(layer: RemoteObject, case: Case) -> dict[str, np.ndarray]:
    """The parameters as the layer holds them, which may be in another precision."""
    names = tuple(case.parameters)
    held = dict(zip(names, layer.fetch(*names), strict=True)) if names else {}
    for name, value in held.items():
        same_shape(value, case[name].shape, name, layer._call)
    return held


def parameters_unchanged(layer: RemoteObject, before: dict[str, np.ndarray], where: str) -> None:
    for name, value in before.items():
        scale = max(largest(value), 1e-12)
        agree(getattr(layer, name), value, scale, f"{name} after the call", where)


def backward_forgets(submission: Submission, first: Case, second: Case) -> None:
    """Two layers in turn, one of them twice: gradients are set, and nothing is shared."""
    layers = [build(submission, case) for case in (first, second)]
    inputs = [submission.array(case["x"]) for case in (first, second)]
    for turn in (0, 1):
        prime(layers[turn], inputs[turn])
    for turn in (0, 1, 0):
        case, layer, x = (first, second)[turn], layers[turn], inputs[turn]
        g = submission.array(case["g"])
        answers = backward_answers(layer, case, x, g)
        where = describe_call(layer._call, "backward", (x, g))
        note = ", with another layer in use" if turn else ", called again"
        judge(layer, case, answers, where + note)
        if turn and case.parameters:
            # The first layer's gradients are still its own.
            names = [f"{name}_grad" for name in first.parameters]
            kept = dict(zip(names, layers[0].fetch(*names), strict=True))
            judge(layers[0], first, kept, f"{layers[0]._call}, after backward of another layer")
    # Other images in arrays of the same shape.
    layer, x = layers[0], submission.array(first["x"][::-1].copy())
    g = submission.array(first["g"][::-1].copy())
    prime(layer, x)
    answers = backward_answers(layer, first, x, g)
    where = describe_call(layer._call, "backward", (x, g)) + ", after other images"
    turned = {name: first[name][::-1] for name in ("x", "g", "out", "x_grad")}
    judge(layer, replace(first, arrays={**first.arrays, **turned}), answers, where)


def backward_after_another_batch(submission: Submission, case: Case, rows: int) -> None:
    """A larger batch first, then the one that counts: nothing of the first may be left."""
    layer = build(submission, case)
    larger = np.concatenate([case["x"]] + [case["x"][:1]] * rows)
    g_larger = np.concatenate([case["g"]] + [case["g"][:1]] * rows)
    x, g = submission.array(larger), submission.array(-2.0 * g_larger)
    prime(layer, x)
    call(layer, "backward", x, g)
    x, g = submission.array(case["x"]), submission.array(case["g"])
    prime(layer, x)
    answers = backward_answers(layer, case, x, g)
    where = describe_call(layer._call, "backward", (x, g)) + ", after another batch"
    judge(layer, case, answers, where)


def largest(at: np.ndarray) -> float:
    return float(np.abs(at).max())


def step_of(case: Case, name: str) -> float:
    """The step of a finite difference: large, but not across a kink.

    ReLU's inputs move half of their distance to zero; in pooling, two values that both
    move do not meet. All else is linear everywhere: the step is as large as the numbers.
    """
    at = case[name].astype(np.float64)
    if case.layer == "ReLULayer":
        return float(np.abs(at).min()) / 2
    if case.layer == "MaxPoolingLayer":
        return float(np.diff(np.sort(at, axis=None)).min()) / 4
    return largest(at)


def backward_difference(submission: Submission, case: Case) -> None:
    """Backward against the finite differences of the submission's own forward.

    Where forward is wrong, or does not work, the reference alone judges backward.
    """
    layer, answers, where = backward(submission, case)
    try:
        if submission.fragile:
            raise CheckFailed("forward cannot be called")
        out = layer.call("forward", submission.array(case["x"]))
        agree(out, case["out"], case.scale("out"), "the output", "")
    except (TimedOut, Died):
        raise
    except (Problem, CheckFailed):
        judge(layer, case, answers, where)
        return
    random = np.random.RandomState(1)
    inputs = {"x": case["x"].astype(np.float64)}
    inputs |= {name: value.astype(np.float64) for name, value in case.parameters.items()}
    for name, at in inputs.items():
        got = answers[f"{name}_grad"]
        same_shape(got, at.shape, title(f"{name}_grad"), where)
        gradient = got.astype(np.float64)

        def outputs(points: Sequence[np.ndarray], name: str = name) -> list[np.ndarray]:
            if name == "x":
                found = layer.call_each("forward", points)
            else:
                found = layer.call_each("forward", points, inputs["x"], attribute=name)
            for out in found:
                same_shape(out, case["out"].shape, "the output", f"{layer._call}.forward")
            return found

        def losses(
            points: Sequence[np.ndarray],
            outputs: Callable[..., list[np.ndarray]] = outputs,
        ) -> list[float]:
            return [float((case["g"] * out).sum()) for out in outputs(points)]

        step = step_of(case, name)
        unit = precision_of_function(outputs, at)
        size = np.abs(case["g"]).sum() * case.scale("out") * (1 + step / largest(at))
        allowed = MARGIN * unit * size / step
        # The gradient, too, is known to its own rounding only.
        unit = precision_of_answer(got, case[f"{name}_grad"], case.scale(f"{name}_grad"))
        allowed += MARGIN * unit * case.scale(f"{name}_grad") * np.sqrt(at.size)
        found = disagreement(losses, at, gradient, step, allowed, random)
        if name != "x":
            setattr(layer, name, at)
        if found and not agrees(got, case, f"{name}_grad"):
            raise CheckFailed(
                f"{title(f'{name}_grad')} is not the derivative of your own forward\n"
                f"  when {name} moves along a random direction, the loss changes by"
                f" {found[0]:.6g}\n"
                f"  your gradient says {found[1]:.6g}\n"
                f"  in {where}"
            )


def agrees(got: Any, case: Case, name: str) -> bool:
    """Whether a gradient is the reference's, whatever the submission's own forward does."""
    try:
        agree(got, case[name], case.scale(name), title(name), "")
    except CheckFailed:
        return False
    return True


def title(name: str) -> str:
    """How an answer is called in a message."""
    return "the gradient with respect to x" if name == "x_grad" else name
