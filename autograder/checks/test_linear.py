"""Checks of LinearLayer."""

from __future__ import annotations

import pytest

from autograder.cases import Case, Cases
from autograder.checks import layer, parameters
from autograder.sandbox.submission import Submission

forward = pytest.mark.task("linear.forward")
backward = pytest.mark.task("linear.backward")
init = pytest.mark.task("linear.init")
update = pytest.mark.task("linear.update")
cases = pytest.mark.cases("linear")
few_cases = pytest.mark.cases("linear", first=3)  # shapes are compared with the values, too
# Each gradient is compared with the reference, too; differences say what it is the slope of.
sloped_cases = pytest.mark.cases("linear", first=3, also=["float32"])


@init
@pytest.mark.cases("linear.init")
def test_initial_shapes(submission: Submission, case: Case) -> None:
    """weight and bias have the right shapes, and are floating-point."""
    parameters.initial_shapes(submission, case)


@init
@pytest.mark.cases("linear.init")
def test_initial_bias(submission: Submission, case: Case) -> None:
    """Biases start from zero."""
    parameters.initial_bias(submission, case)


@init
@pytest.mark.cases("linear.init")
def test_initial_weight(submission: Submission, case: Case) -> None:
    """Weights start with mean 0 and the variance 2 / fan_in."""
    parameters.initial_weight(submission, case)


@init
@pytest.mark.cases("linear.init")
def test_initial_independence(submission: Submission, case: Case) -> None:
    """Weights are drawn independently."""
    parameters.initial_independence(submission, case)


@forward
@few_cases
def test_forward_shape(submission: Submission, case: Case) -> None:
    """The output has one row for each row of x."""
    layer.forward_shape(submission, case)


@forward
@cases
def test_forward_value(submission: Submission, case: Case) -> None:
    """The output is x @ weight + bias."""
    layer.forward_value(submission, case)


@forward
@pytest.mark.cases("linear", titles=["4 rows, 5 to 3"])
def test_forward_arguments(submission: Submission, case: Case) -> None:
    """forward leaves x, weight and bias as they are."""
    layer.forward_leaves_arguments(submission, case)


@forward
def test_forward_state(submission: Submission, every_case: Cases) -> None:
    """An answer depends on nothing that came before."""
    layer.forward_forgets(submission, *every_case.group("linear")[:2])


@backward
@few_cases
def test_backward_shape(submission: Submission, case: Case) -> None:
    """The gradients have the shapes of x, weight and bias."""
    layer.backward_shape(submission, case)


@backward
@cases
def test_backward_value(submission: Submission, case: Case) -> None:
    """The gradients of x, weight and bias are right."""
    layer.backward_value(submission, case)


@backward
@sloped_cases
def test_backward_difference(submission: Submission, case: Case) -> None:
    """The gradients agree with finite differences."""
    layer.backward_difference(submission, case)


@backward
@pytest.mark.cases("linear", titles=["4 rows, 5 to 3"])
def test_backward_arguments(submission: Submission, case: Case) -> None:
    """backward leaves x, last_x_grad, weight and bias as they are."""
    layer.backward_leaves_arguments(submission, case)


@backward
def test_backward_state(submission: Submission, every_case: Cases) -> None:
    """Gradients are set, not added to those of the call before."""
    layer.backward_forgets(submission, *every_case.group("linear")[:2])


@backward
@pytest.mark.cases("linear", titles=["4 rows, 5 to 3"])
def test_backward_other_batch(submission: Submission, case: Case) -> None:
    """Nothing of another batch is left in the gradient."""
    layer.backward_after_another_batch(submission, case, rows=2)


@update
@pytest.mark.cases("linear.update")
def test_update(submission: Submission, case: Case) -> None:
    """Each step takes lr times the gradient away."""
    parameters.update(submission, case, "linear.update")


@update
@pytest.mark.cases("linear.update", titles=["float32"])
def test_update_apart(submission: Submission, case: Case) -> None:
    """A step of one layer leaves other layers as they are."""
    parameters.update_apart(submission, case, "linear.update")
