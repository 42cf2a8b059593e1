"""Checks of CrossEntropyLoss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from autograder.cases import Case, Cases
from autograder.checks import layer
from autograder.checks.compare import agree, same_shape, unchanged
from autograder.checks.failures import CheckFailed
from autograder.checks.gradients import MARGIN, SINGLE, disagreement, precision_of_function
from autograder.sandbox.problems import Died, Problem, TimedOut
from autograder.sandbox.submission import RemoteObject, Submission, describe_call

forward = pytest.mark.task("loss.forward")
backward = pytest.mark.task("loss.backward")
cases = pytest.mark.cases("loss")
few_cases = pytest.mark.cases("loss", first=3)  # shapes are compared with the values, too
# Each gradient is compared with the reference, too; differences say what it is the slope of.
sloped_cases = pytest.mark.cases("loss", first=3, also=["float32"])
X_GRAD = layer.title("x_grad")


def ask(submission: Submission, case: Case, method: str) -> tuple[RemoteObject, Any, str]:
    """The loss, what the method gives for a case, and the call in words."""
    loss = layer.construct(submission, "CrossEntropyLoss")
    x, y = submission.array(case["x"]), submission.array(case["y"])
    if method == "backward":
        layer.prime(loss, x, y)
    got = layer.call(loss, method, x, y)
    where = describe_call(loss._call, method, (x, y))
    unchanged(x.read(), case["x"], "x", where)
    unchanged(y.read(), case["y"], "y", where)
    return loss, got, where


def derivatives(loss: RemoteObject, case: Case) -> dict[str, np.ndarray]:
    """The gradient of the submission's own forward, element by element, unless it is zero."""
    at, gradient, step = case["x"].astype(np.float64), np.zeros(case["x"].shape), 1e-3
    for index in np.ndindex(at.shape):
        sides = []
        for sign in (1, -1):
            moved = at.copy()
            moved[index] += sign * step
            try:
                out = loss.call("forward", moved, case["y"])
                same_shape(out, (), "the loss", loss._call)
            except (Problem, CheckFailed):
                return {}
            sides.append(float(out))
        gradient[index] = (sides[0] - sides[1]) / (2 * step)
    return {"x_grad": gradient} if np.abs(gradient).max() > 1e-9 else {}


@forward
@few_cases
def test_forward_shape(submission: Submission, case: Case) -> None:
    """The loss is one number."""
    _, got, where = ask(submission, case, "forward")
    same_shape(got, (), "the loss", where)


@forward
@cases
def test_forward_value(submission: Submission, case: Case) -> None:
    """The loss is the mean of -log softmax(x)[y]."""
    _, got, where = ask(submission, case, "forward")
    agree(got, case["out"], case.scale("out"), "the loss", where)


@forward
@pytest.mark.cases("loss.huge")
def test_forward_huge(submission: Submission, case: Case) -> None:
    """The loss is right for logits of any size."""
    _, got, where = ask(submission, case, "forward")
    agree(got, case["out"], case.scale("out"), "the loss", where)


@forward
def test_forward_state(submission: Submission, every_case: Cases) -> None:
    """A loss depends on nothing that came before."""
    first, second = every_case.group("loss")[:2]
    loss = layer.construct(submission, "CrossEntropyLoss")
    for case in (first, second, first):
        got = layer.call(loss, "forward", case["x"], case["y"])
        where = describe_call(loss._call, "forward", (case["x"], case["y"]))
        agree(got, case["out"], case.scale("out"), "the loss", where + ", called again")


@backward
@few_cases
def test_backward_shape(submission: Submission, case: Case) -> None:
    """The gradient has the shape of the logits."""
    _, got, where = ask(submission, case, "backward")
    same_shape(got, case["x"].shape, X_GRAD, where)


@backward
@cases
def test_backward_value(submission: Submission, case: Case) -> None:
    """The gradient is that of the mean over the batch."""
    loss, got, where = ask(submission, case, "backward")
    layer.judge(loss, case, {"x_grad": got}, where, derivatives)


@backward
@pytest.mark.cases("loss.huge")
def test_backward_huge(submission: Submission, case: Case) -> None:
    """The gradient is right for logits of any size."""
    _, got, where = ask(submission, case, "backward")
    agree(got, case["x_grad"], case.scale("x_grad"), X_GRAD, where)


@backward
@sloped_cases
def test_backward_difference(submission: Submission, case: Case) -> None:
    """The gradient agrees with finite differences."""
    loss, got, where = ask(submission, case, "backward")
    same_shape(got, case["x"].shape, X_GRAD, where)
    try:
        if submission.fragile:
            raise CheckFailed("forward cannot be called")
        out = loss.call("forward", submission.array(case["x"]), submission.array(case["y"]))
        agree(out, case["out"], case.scale("out"), "the loss", "")
    except (TimedOut, Died):
        raise
    except (Problem, CheckFailed):
        layer.judge(loss, case, {"x_grad": got}, where, derivatives)
        return
    at, gradient = case["x"].astype(np.float64), got.astype(np.float64)

    def values(points: Sequence[np.ndarray]) -> list[Any]:
        found = loss.call_each("forward", points, case["y"])
        for out in found:
            same_shape(out, (), "the loss", f"{loss._call}.forward")
        return found

    def losses(points: Sequence[np.ndarray]) -> list[float]:
        return [float(out) for out in values(points)]

    # Along directions of ±1 the third derivative of the loss is at most 2: rounding and
    # truncation together are least at this step.
    unit = precision_of_function(values, at)
    step = (3 * unit * case.scale("out")) ** (1 / 3)
    allowed = min(MARGIN * (unit * case.scale("out") / step + step**2 / 3), 0.25)
    allowed += MARGIN * SINGLE * case.scale("x_grad") * np.sqrt(at.size)
    found = disagreement(losses, at, gradient, step, allowed, np.random.RandomState(1))
    if found and not layer.agrees(got, case, "x_grad"):
        raise CheckFailed(
            f"{X_GRAD} is not the derivative of your own forward\n"
            f"  when x moves along a random direction, the loss changes by {found[0]:.6g}\n"
            f"  your gradient says {found[1]:.6g}\n"
            f"  in {where}"
        )


@backward
def test_backward_state(submission: Submission, every_case: Cases) -> None:
    """A gradient depends on nothing that came before."""
    first, second = every_case.group("loss")[:2]
    loss = layer.construct(submission, "CrossEntropyLoss")
    for case in (first, second, first):
        x, y = submission.array(case["x"]), submission.array(case["y"])
        layer.prime(loss, x, y)
        got = layer.call(loss, "backward", x, y)
        where = describe_call(loss._call, "backward", (x, y)) + ", called again"
        layer.judge(loss, case, {"x_grad": got}, where, derivatives)
