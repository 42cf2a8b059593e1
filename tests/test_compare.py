"""Comparing an answer with the expected one."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.checks.compare import agree, unchanged
from autograder.checks.failures import CheckFailed

RIGHT = np.random.RandomState(0).standard_normal((3, 4))


def refusal(got: object, expected: np.ndarray = RIGHT) -> str:
    with pytest.raises(CheckFailed) as failure:
        agree(got, expected, float(np.abs(expected).max()), "out", "f(x)")
    return str(failure.value)


@pytest.mark.parametrize(
    "got",
    [RIGHT, RIGHT.astype(np.float32), np.asfortranarray(RIGHT), RIGHT * (1 + 1e-7)],
    ids=["equal", "float32", "Fortran order", "another rounding"],
)
def test_what_is_right_up_to_rounding_agrees(got: np.ndarray) -> None:
    agree(got, RIGHT, float(np.abs(RIGHT).max()), "out", "f(x)")


def test_a_true_zero_beside_a_tiny_number_agrees() -> None:
    agree(np.array([1e-13, 1.0]), np.array([0.0, 1.0]), 1.0, "out", "f(x)")


@pytest.mark.parametrize(
    "got",
    [
        RIGHT.astype(np.float16),
        np.round(RIGHT, 3),
        RIGHT * (1 + 1e-4),
        -RIGHT,
        np.zeros_like(RIGHT),
        RIGHT.astype(int),
    ],
    ids=["float16", "rounded", "a small factor", "the sign", "zeros", "integers"],
)
def test_what_is_wrong_is_refused(got: np.ndarray) -> None:
    assert "out is wrong" in refusal(got)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(value: float) -> None:
    got = RIGHT.copy()
    got[1, 2] = value
    message = refusal(got)
    assert "not finite: 1 of 12" in message
    assert "[1, 2]" in message


@pytest.mark.parametrize("shape", [(1, 3, 4), (12,), (4, 3), (3, 1), ()])
def test_shapes_are_compared_first_and_nothing_is_broadcast(shape: tuple[int, ...]) -> None:
    message = refusal(np.zeros(shape))
    assert "wrong shape" in message
    assert "(3, 4)" in message


def test_none_is_refused_by_name() -> None:
    assert "out is None" in refusal(None)


def test_the_first_difference_is_shown_with_both_values() -> None:
    got = RIGHT.copy()
    got[2, 1] += 1
    message = refusal(got)
    assert "1 of 12 values differ" in message
    assert "[2, 1]" in message
    assert f"{RIGHT[2, 1]:.7g}" in message
    assert f"{got[2, 1]:.7g}" in message
    map_of_three_rows = 4
    assert len(message.splitlines()) <= 8 + map_of_three_rows


def test_a_changed_argument_is_shown() -> None:
    now = RIGHT.copy()
    now[0, 3] = 9
    with pytest.raises(CheckFailed, match=r"changed x[\s\S]*\[0, 3\]"):
        unchanged(now, RIGHT, "x", "f(x)")
