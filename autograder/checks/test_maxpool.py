"""Checks of MaxPoolingLayer."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.cases import Case, Cases
from autograder.checks import layer
from autograder.checks.compare import agree, same_shape
from autograder.sandbox.submission import Submission

forward = pytest.mark.task("maxpool.forward")
backward = pytest.mark.task("maxpool.backward")
cases = pytest.mark.cases("maxpool")
few_cases = pytest.mark.cases("maxpool", first=3)  # shapes are compared with the values, too
# Each gradient is compared with the reference, too; differences say what it is the slope of.
sloped_cases = pytest.mark.cases("maxpool", first=3, also=["float32"])


@forward
@few_cases
def test_forward_shape(submission: Submission, case: Case) -> None:
    """The output has one value for each window."""
    layer.forward_shape(submission, case)


@forward
@cases
def test_forward_value(submission: Submission, case: Case) -> None:
    """Each value is the largest of its window."""
    layer.forward_value(submission, case)


@forward
@pytest.mark.cases("maxpool", titles=["as in the network"])
def test_forward_arguments(submission: Submission, case: Case) -> None:
    """forward leaves x as it is."""
    layer.forward_leaves_arguments(submission, case)


@forward
def test_forward_state(submission: Submission, every_case: Cases) -> None:
    """An answer depends on nothing that came before."""
    layer.forward_forgets(submission, *every_case.group("maxpool")[:2])


@backward
@few_cases
def test_backward_shape(submission: Submission, case: Case) -> None:
    """The gradient has the shape of the input."""
    layer.backward_shape(submission, case)


@backward
@cases
def test_backward_value(submission: Submission, case: Case) -> None:
    """Each gradient goes to the largest value of its window, and only there."""
    layer.backward_value(submission, case)


@backward
@sloped_cases
def test_backward_difference(submission: Submission, case: Case) -> None:
    """The gradient agrees with finite differences."""
    layer.backward_difference(submission, case)


@backward
@pytest.mark.cases("maxpool", titles=["as in the network"])
def test_backward_arguments(submission: Submission, case: Case) -> None:
    """backward leaves x and last_x_grad as they are."""
    layer.backward_leaves_arguments(submission, case)


@backward
def test_backward_state(submission: Submission, every_case: Cases) -> None:
    """A gradient depends on nothing that came before."""
    layer.backward_forgets(submission, *every_case.group("maxpool")[:2])


@backward
@pytest.mark.cases("maxpool", titles=["as in the network"])
def test_backward_other_batch(submission: Submission, case: Case) -> None:
    """Nothing of another batch is left in the gradient."""
    layer.backward_after_another_batch(submission, case, rows=2)


@forward
@pytest.mark.cases("maxpool.ties")
def test_forward_ties(submission: Submission, case: Case) -> None:
    """Equal maxima count as one value."""
    layer.forward_value(submission, case)


@backward
@pytest.mark.cases("maxpool.ties")
def test_backward_ties(submission: Submission, case: Case) -> None:
    """Equal maxima get the gradient once, together."""
    _, answers, where = layer.backward(submission, case)
    got = answers["x_grad"]
    same_shape(got, case["x"].shape, "the gradient with respect to x", where)
    # Which of them gets it, or how they share it, is left open: their sum is not.
    k1, k2 = case.args
    windows, values = split(got.astype(np.float64), k1, k2), split(case["x"], k1, k2)
    agree(windows.sum(-1), case["g"], case.scale("x_grad"), "the sum over each window", where)
    share = np.where(values < values.max(-1, keepdims=True), windows, 0.0)
    agree(share, np.zeros(share.shape), 1.0, "the gradient outside the maxima", where)
    negative = np.minimum(windows, 0.0)  # the gradients from above are positive here
    agree(negative, np.zeros(share.shape), 1.0, "the negative part of the gradient", where)


def split(x: np.ndarray, k1: int, k2: int) -> np.ndarray:
    """The windows of an image, each as the last axis."""
    batch, channels, height, width = x.shape
    x = x.reshape(batch, channels, height // k1, k1, width // k2, k2)
    return x.transpose(0, 1, 2, 4, 3, 5).reshape(*x.shape[:3], width // k2, k1 * k2)
