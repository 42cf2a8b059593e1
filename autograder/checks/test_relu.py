"""Checks of ReLULayer."""

from __future__ import annotations

import pytest

from autograder.cases import Case, Cases
from autograder.checks import layer
from autograder.sandbox.submission import Submission

forward = pytest.mark.task("relu.forward")
backward = pytest.mark.task("relu.backward")
cases = pytest.mark.cases("relu")
few_cases = pytest.mark.cases("relu", first=3)  # shapes are compared with the values, too
# Each gradient is compared with the reference, too; differences say what it is the slope of.
sloped_cases = pytest.mark.cases("relu", first=3, also=["float32"])


@forward
@few_cases
def test_forward_shape(submission: Submission, case: Case) -> None:
    """The output has the shape of the input."""
    layer.forward_shape(submission, case)


@forward
@cases
def test_forward_value(submission: Submission, case: Case) -> None:
    """Positive values pass, negative ones become 0."""
    layer.forward_value(submission, case)


@forward
@pytest.mark.cases("relu", titles=["images"])
def test_forward_arguments(submission: Submission, case: Case) -> None:
    """forward leaves x as it is."""
    layer.forward_leaves_arguments(submission, case)


@forward
def test_forward_state(submission: Submission, every_case: Cases) -> None:
    """An answer depends on nothing that came before."""
    layer.forward_forgets(submission, *every_case.group("relu")[:2])


@backward
@few_cases
def test_backward_shape(submission: Submission, case: Case) -> None:
    """The gradient has the shape of the input."""
    layer.backward_shape(submission, case)


@backward
@cases
def test_backward_value(submission: Submission, case: Case) -> None:
    """The gradient passes where the input was positive, and only there."""
    layer.backward_value(submission, case)


@backward
@sloped_cases
def test_backward_difference(submission: Submission, case: Case) -> None:
    """The gradient agrees with finite differences."""
    layer.backward_difference(submission, case)


@backward
@pytest.mark.cases("relu", titles=["images"])
def test_backward_arguments(submission: Submission, case: Case) -> None:
    """backward leaves x and last_x_grad as they are."""
    layer.backward_leaves_arguments(submission, case)


@backward
def test_backward_state(submission: Submission, every_case: Cases) -> None:
    """A gradient depends on nothing that came before."""
    layer.backward_forgets(submission, *every_case.group("relu")[:2])


@backward
@pytest.mark.cases("relu", titles=["images"])
def test_backward_other_batch(submission: Submission, case: Case) -> None:
    """Nothing of another batch is left in the gradient."""
    layer.backward_after_another_batch(submission, case, rows=2)
