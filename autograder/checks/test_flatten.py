"""Checks of FlattenLayer."""

from __future__ import annotations

import pytest

from autograder.cases import Case, Cases
from autograder.checks import layer
from autograder.sandbox.submission import Submission

forward = pytest.mark.task("flatten.forward")
backward = pytest.mark.task("flatten.backward")
cases = pytest.mark.cases("flatten")
few_cases = pytest.mark.cases("flatten", first=3)  # shapes are compared with the values, too
# Each gradient is compared with the reference, too; differences say what it is the slope of.
sloped_cases = pytest.mark.cases("flatten", first=3, also=["float32"])


@forward
@few_cases
def test_forward_shape(submission: Submission, case: Case) -> None:
    """The output has the shape with the axes joined."""
    layer.forward_shape(submission, case)


@forward
@cases
def test_forward_value(submission: Submission, case: Case) -> None:
    """The elements keep their order."""
    layer.forward_value(submission, case)


@forward
@pytest.mark.cases("flatten", titles=["images, as in the network"])
def test_forward_arguments(submission: Submission, case: Case) -> None:
    """forward leaves x as it is."""
    layer.forward_leaves_arguments(submission, case)


@forward
def test_forward_state(submission: Submission, every_case: Cases) -> None:
    """An answer depends on nothing that came before."""
    layer.forward_forgets(submission, *every_case.group("flatten")[:2])


@backward
@few_cases
def test_backward_shape(submission: Submission, case: Case) -> None:
    """The gradient has the shape of the input."""
    layer.backward_shape(submission, case)


@backward
@cases
def test_backward_value(submission: Submission, case: Case) -> None:
    """Each gradient goes back to the place of its element."""
    layer.backward_value(submission, case)


@backward
@sloped_cases
def test_backward_difference(submission: Submission, case: Case) -> None:
    """The gradient agrees with finite differences."""
    layer.backward_difference(submission, case)


@backward
@pytest.mark.cases("flatten", titles=["images, as in the network"])
def test_backward_arguments(submission: Submission, case: Case) -> None:
    """backward leaves x and last_x_grad as they are."""
    layer.backward_leaves_arguments(submission, case)


@backward
def test_backward_state(submission: Submission, every_case: Cases) -> None:
    """A gradient depends on nothing that came before."""
    layer.backward_forgets(submission, *every_case.group("flatten")[:2])


@backward
@pytest.mark.cases("flatten", titles=["images, as in the network"])
def test_backward_other_batch(submission: Submission, case: Case) -> None:
    """Nothing of another batch is left in the gradient."""
    layer.backward_after_another_batch(submission, case, rows=2)
