"""Checks of ConvolutionNeuralNetwork: the wiring, judged against the submission's own layers.

The network lives in one worker, the layers that it is compared with in another.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.cases import Case, Cases
from autograder.checks import wiring
from autograder.checks.compare import agree, same_shape, unchanged
from autograder.checks.failures import CheckFailed
from autograder.checks.layer import call
from autograder.checks.wiring import Chain, judging, network_with, nothing_kept
from autograder.diagnosis.observations import observe
from autograder.sandbox import memory
from autograder.sandbox.problems import Problem, TimedOut
from autograder.sandbox.submission import RemoteObject, Submission, describe_call

Another = Callable[[str], Submission]

forward = pytest.mark.task("network.forward")
backward = pytest.mark.task("network.backward")
update = pytest.mark.task("network.update")
train = pytest.mark.task("network.train")
on_test = pytest.mark.task("network.test")
predict = pytest.mark.task("network.predict")
cases = pytest.mark.cases("network")
five = pytest.mark.cases("network", titles=["5 images"])
many = pytest.mark.cases("network.train")

IMAGES = "the gradient of the images"
BATCH, LEARNING_RATE = 5, 0.02
MOST_IMAGES, MEMORY = 10_000, 400  # megabytes beyond the input
MANY_IMAGES = 1_200  # which tell nearly always whether the memory that is needed grows
LEAST_IMAGES, PATIENCE = 200, 5.0  # of a slow network: as many as take so many seconds


def pair(submission: Submission, another: Another, case: Case) -> tuple[RemoteObject, Chain]:
    """The network, and the chain of its layers in another worker, with equal parameters."""
    parameters = wiring.case_parameters(case)
    return network_with(submission, parameters), wiring.compose(another, parameters)


# forward -----------------------------------------------------------------------------


@forward
@cases
@wiring.splinted_if_needed
def test_forward_value(submission: Submission, another: Another, case: Case) -> None:
    """forward passes the images through the layers in order."""
    with judging(submission, "forward", (case["x"],)):
        network, chain = pair(submission, another, case)
        values = chain.forward(case["x"])
        expected = chain.output(values, len(case["x"]))
        x = submission.array(case["x"])
        got = call(network, "forward", x)
        where = describe_call(network._call, "forward", (x,))
        wiring.compare_values(got, expected, "the output", where)
        # Where a layer changes its argument, the network cannot help it.
        unchanged(x.read(), values[0].read(), "x", where)


@forward
@five
@wiring.splinted_if_needed
def test_forward_keeps(submission: Submission, another: Another, case: Case) -> None:
    """With keepgrad, the input of each layer is kept in layer_inputs."""
    with judging(submission, "forward", (case["x"], True)):
        network, chain = pair(submission, another, case)
        for x, turn in ((case["x"], ""), (case["x"][::-1].copy(), ", called again")):
            values = chain.forward(x)
            got = call(network, "forward", x, True)
            where = describe_call(network._call, "forward", (x, True)) + turn
            wiring.compare_values(got, chain.output(values, len(x)), "the output", where)
            kept = wiring.kept_inputs(network)
            observe("number of inputs kept", len(kept), 0.0)
            # The output behind the eight inputs does no harm.
            if len(kept) not in (8, 9):
                raise CheckFailed(
                    f"layer_inputs must hold the inputs of the 8 layers; it holds {len(kept)}"
                    f" values\n  in {where}",
                    fault="inputs not kept",
                )
            for index, value in enumerate(kept[:8]):
                if isinstance(value, RemoteObject):
                    raise CheckFailed(f"layer_inputs[{index}] is {value._text}\n  in {where}")
                wiring.compare_values(value, values[index].read(), f"layer_inputs[{index}]", where)


@forward
@five
@wiring.splinted_if_needed
def test_forward_keeps_nothing(submission: Submission, another: Another, case: Case) -> None:
    """Without keepgrad, nothing is kept in layer_inputs."""
    with judging(submission, "forward", (case["x"],)):
        network, chain = pair(submission, another, case)
        chain.forward(case["x"])
        call(network, "forward", case["x"])
        nothing_kept(network, describe_call(network._call, "forward", (case["x"],)))


@forward
@five
def test_layer_sizes(submission: Submission, another: Another, case: Case) -> None:
    """The network's layers have the sizes of the course."""
    with judging(submission, "forward", (case["x"],)):
        network = submission.ConvolutionNeuralNetwork()
        fresh = Chain(another("layers"))
        got, expected = wiring.layers_of(network), fresh.layers
        for index in wiring.WITH_PARAMETERS:
            for name in ("weight", "bias"):
                ours, theirs = expected[index].get(name), got[index].get(name)
                # Where a layer's own initialisation is wrong, it is wrong on both sides.
                if isinstance(ours, np.ndarray) and isinstance(theirs, np.ndarray):
                    what = f"layers[{index}].{name} of a new network"
                    same_shape(theirs, ours.shape, what, network._call)


# backward ----------------------------------------------------------------------------


@backward
@cases
@wiring.splinted_if_needed
def test_backward_value(submission: Submission, another: Another, case: Case) -> None:
    """backward passes the gradient through the layers in reverse, down to the images."""
    with judging(submission, "backward", (case["g"],)):
        network, chain = pair(submission, another, case)
        *values, _ = chain.forward(case["x"])
        g = chain.submission.array(case["g"])
        images = chain.backward(values, g).read()
        expected = {IMAGES: images} | parameter_gradients(chain.layers)
        shapes = {IMAGES: case["x"].shape}
        for index in wiring.WITH_PARAMETERS:
            both = case[f"{index}.weight"].shape, case[f"{index}.bias"].shape
            shapes |= dict(zip(gradient_names(index), both, strict=True))
        wiring.evidence_of_gradients(expected, shapes)
        g_after = g.read()
        where = describe_call(network._call, "backward", (case["g"],))
        try:
            call(network, "forward", case["x"], True)
            compare_gradients(network, case, expected, g_after, where)
        except TimedOut:
            raise
        except (Problem, CheckFailed):
            # A forward that keeps the wrong inputs loses its own points: give the right ones.
            if not submission.alive:
                raise
            try:
                for layer, value in zip(wiring.layers_of(network), values, strict=True):
                    layer.keep("forward", submission.array(value.read()))
                network.layer_inputs = [submission.array(value.read()) for value in values]
                compare_gradients(network, case, expected, g_after, where)
            except (Problem, CheckFailed):
                pass
            else:
                return
            raise


def compare_gradients(
    network: RemoteObject,
    case: Case,
    expected: dict[str, np.ndarray],
    g_after: np.ndarray,
    where: str,
) -> None:
    g, layers = network._submission.array(case["g"]), wiring.layers_of(network)
    before = wiring.read_parameters(layers)
    got = {IMAGES: call(network, "backward", g)} | parameter_gradients(layers)
    unchanged(g.read(), g_after, "last_x_grad", where)
    for name, value in wiring.read_parameters(layers).items():
        wiring.compare_values(value, before[name], f"parameter {name} after the call", where)
    for name, right in expected.items():
        wiring.compare_values(got[name], right, name, where)


def gradient_names(index: int) -> tuple[str, str]:
    return f"layers[{index}].weight_grad", f"layers[{index}].bias_grad"


def parameter_gradients(layers: list[RemoteObject]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for index in wiring.WITH_PARAMETERS:
        values = layers[index].fetch("weight_grad", "bias_grad")
        found |= dict(zip(gradient_names(index), values, strict=True))
    return found


# update ------------------------------------------------------------------------------


@update
@five
@wiring.splinted_if_needed
def test_update(submission: Submission, another: Another, case: Case) -> None:
    """update takes one step in each layer that has parameters."""
    with judging(submission, "update", (0.1,)):
        network, chain = pair(submission, another, case)
        layers = wiring.layers_of(network)
        before = wiring.case_parameters(case)
        for turn, lr in enumerate((0.01, 0.003)):
            # Each side's layers get their gradients one by one, whatever backward does.
            *values, _ = chain.forward(case["x"])
            chain.backward(values, chain.submission.array(case["g"]))
            twin = Chain.of(submission, layers)
            *values, _ = twin.forward(case["x"])
            twin.backward(values, submission.array(case["g"]))
            for index in wiring.WITH_PARAMETERS:
                wiring.step(chain.layers[index], "update", lr)
            call(network, "update", lr)
            where = describe_call(network._call, "update", (lr,))
            got = wiring.read_parameters(layers)
            expected = chain.parameters()
            if turn == 0:  # later, a mistake in a layer may have brought all to rest
                wiring.evidence_of_steps(expected, before)
            wiring.agree_on_parameters(got, expected, before, where)
            before = expected


# train -------------------------------------------------------------------------------


@train
@many
@pytest.mark.parametrize(
    ("images", "batch_size", "epochs"),
    [(23, BATCH, 2), (23, BATCH, 1), (23, 23, 2), (7, 9, 1)],
    ids=["two epochs, last batch smaller", "one epoch", "one batch", "batch larger than the data"],
)
@wiring.by_layers_or_methods
@wiring.splinted_if_needed
def test_train_value(
    submission: Submission,
    another: Another,
    case: Case,
    images: int,
    batch_size: int,
    epochs: int,
) -> None:
    """train takes one step for each batch, in the order given, and returns the mean loss."""
    x, y = case["x"][:images], case["y"][:images]
    with judging(submission, "train", (x, y, batch_size, epochs, LEARNING_RATE)):
        network, chain = pair(submission, another, case)
        data, labels = x.copy(), y.copy()
        for _epoch in range(epochs):
            losses = chain.epoch(data, labels, batch_size, LEARNING_RATE)
        before = wiring.case_parameters(case)
        expected = wiring.evidence_of_steps(chain.parameters(), before)
        got = call(network, "train", x, y, batch_size, epochs, LEARNING_RATE)
        where = describe_call(network._call, "train", (x, y, batch_size, epochs, LEARNING_RATE))
        after = wiring.read_parameters(wiring.layers_of(network))
        wiring.agree_on_parameters(after, expected, before, where)
        mean = np.array(wiring.evidence_of_losses(losses))
        same_shape(got, (), "the mean loss of the last epoch", where)
        wiring.compare_values(got, mean, "the mean loss of the last epoch", where)


@train
@many
@wiring.by_layers_or_methods
@wiring.splinted_if_needed
def test_train_side_effects(submission: Submission, another: Another, case: Case) -> None:
    """train leaves the data as they are, and nothing in layer_inputs."""
    args = (case["x"], case["y"], BATCH, 1, LEARNING_RATE)
    with judging(submission, "train", args):
        network, chain = pair(submission, another, case)
        images, labels = case["x"].copy(), case["y"].copy()
        chain.epoch(images, labels, BATCH, LEARNING_RATE)
        x, y = submission.array(case["x"]), submission.array(case["y"])
        call(network, "train", x, y, BATCH, 1, LEARNING_RATE)
        where = describe_call(network._call, "train", args)
        unchanged(x.read(), images, "train_x", where)
        unchanged(y.read(), labels, "train_y", where)
        nothing_kept(network, where)


# test --------------------------------------------------------------------------------


@on_test
@many
@pytest.mark.parametrize(
    "batch_size",
    [BATCH, 23, 25],
    ids=["last batch smaller", "one batch", "batch larger than the data"],
)
@wiring.by_layers_or_methods
@wiring.splinted_if_needed
def test_test_value(submission: Submission, another: Another, case: Case, batch_size: int) -> None:
    """test returns the mean over the batches of the loss."""
    x, y = case["x"], case["y"]
    with judging(submission, "test", (x, y, batch_size)):
        network, chain = pair(submission, another, case)
        wiring.evidence_of_losses(chain.losses(x, y, BATCH))
        losses = chain.losses(x, y, batch_size)
        got = call(network, "test", x, y, batch_size)
        where = describe_call(network._call, "test", (x, y, batch_size))
        same_shape(got, (), "the mean loss", where)
        wiring.compare_values(got, np.array(np.mean(losses)), "the mean loss", where)


@on_test
@many
@wiring.by_layers_or_methods
@wiring.splinted_if_needed
def test_test_side_effects(submission: Submission, another: Another, case: Case) -> None:
    """test changes neither data nor parameters, and keeps nothing in layer_inputs."""
    args = (case["x"], case["y"], BATCH)
    with judging(submission, "test", args):
        network, chain = pair(submission, another, case)
        images, labels = chain.submission.array(case["x"]), chain.submission.array(case["y"])
        loss = wiring.step(chain.make_loss(), "forward", chain.forward(images)[-1], labels)
        wiring.single(loss.read(), "loss.forward")
        x, y = submission.array(case["x"]), submission.array(case["y"])
        call(network, "test", x, y, BATCH)
        where = describe_call(network._call, "test", args)
        unchanged(x.read(), images.read(), "test_x", where)
        unchanged(y.read(), labels.read(), "test_y", where)
        after = wiring.read_parameters(wiring.layers_of(network))
        for name, value in wiring.case_parameters(case).items():
            wiring.compare_values(after[name], value, f"parameter {name} after the call", where)
        nothing_kept(network, where, case["x"][:1])


# predict -----------------------------------------------------------------------------


@predict
@cases
@wiring.by_layers_or_methods
@wiring.splinted_if_needed
def test_predict_value(submission: Submission, another: Another, case: Case) -> None:
    """predict returns the softmax of the network's outputs."""
    with judging(submission, "predict", (case["x"],)):
        network, chain = pair(submission, another, case)
        values = chain.forward(case["x"])
        expected = wiring.softmax(chain.output(values, len(case["x"])))
        x = submission.array(case["x"])
        got = call(network, "predict", x)
        where = describe_call(network._call, "predict", (x,))
        wiring.compare_values(got, expected, "the table of probabilities", where)
        wiring.compare_values(
            got.sum(axis=1), np.ones(len(got), expected.dtype), "the sum of each row", where
        )
        unchanged(x.read(), values[0].read(), "x", where)
        nothing_kept(network, where, case["x"][:1])


@predict
@five
@wiring.by_layers_or_methods
@wiring.splinted_if_needed
def test_predict_huge(submission: Submission, another: Another, case: Case) -> None:
    """Probabilities are finite for outputs of any size."""
    parameters = wiring.case_parameters(case)
    parameters["7.weight"] = parameters["7.weight"] * 1e4
    with judging(submission, "predict", (case["x"],)):
        chain = Chain(another("layers"), parameters)
        expected = wiring.softmax(chain.logits(case["x"]))
        network = network_with(submission, parameters)
        got = call(network, "predict", case["x"])
        where = describe_call(network._call, "predict", (case["x"],)) + ", outputs beyond ±1,000"
        same_shape(got, expected.shape, "the table of probabilities", where)
        # Float32 knows such outputs to about 0.01 only.
        agree(got, expected, 1.0, "the table of probabilities", where, tolerance=0.05)


@predict
@many
@wiring.by_layers_or_methods
@wiring.splinted_if_needed
def test_predict_many(
    submission: Submission, another: Another, case: Case, every_case: Cases
) -> None:
    """Many images are predicted in order, and 10,000 with less than 400 MB beyond the input."""
    few = case["x"].astype(np.float32)
    with judging(submission, "predict", (few,)):
        network, chain = pair(submission, another, case)
        expected = wiring.softmax(chain.logits(few))
        began = time.monotonic()
        call(network, "predict", few)
        pace = (time.monotonic() - began) / len(few)
        # Loops over all pixels are right, too, and are given as many as they can manage.
        count = min(MANY_IMAGES, max(LEAST_IMAGES, int(PATIENCE / max(pace, 1e-6))))
        pid = submission.pid
        before = memory.resident(pid)

        def predict(count: int) -> tuple[Any, float | None, str]:
            """The answer for so many images, and the megabytes that it took beyond the input."""
            x = submission.array(few[np.arange(count) % len(few)])
            measured = memory.forget_peak(pid)
            got = call(network, "predict", x)
            peak = memory.peak(pid)
            where = describe_call(network._call, "predict", (x,))
            if not measured or before is None or peak is None:
                return got, None, where
            return got, (peak - before - count * few[0].nbytes) / 1e6, where

        at_half = predict(count // 2)[1] if count == MANY_IMAGES else None
        got, used, where = predict(count)
        same_shape(got, (count, 10), "the table of probabilities", where)
        part = wiring.softmax(chain.logits(few[:5]))
        if np.abs(part - expected[:5]).max() <= wiring.TOLERANCE:  # layers that mix no images
            which = np.arange(count) % len(few)
            wiring.compare_values(got, expected[which], "the table of probabilities", where)
        if used is None or at_half is None:
            return
        # Who works in pieces needs no more for more images; who might not, is asked.
        growth = max(used - at_half, 0) / (count - count // 2)
        if used + growth * (MOST_IMAGES - count) < MEMORY / 2:
            return
        _, used, where = predict(MOST_IMAGES)
        if used is not None and not used < MEMORY:
            raise CheckFailed(
                f"predict needed {used:.0f} MB beyond its input, more than {MEMORY} MB\n"
                "  predict the images in pieces, some hundred at a time\n"
                f"  in {where}",
                fault="memory",
            )
