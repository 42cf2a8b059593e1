"""When a training is given up."""

from __future__ import annotations

import pytest

from autograder.checks.test_accuracy import hopeless
from autograder.syllabus import Syllabus

ACCURACY = Syllabus.load().accuracy


@pytest.mark.parametrize(
    "history",
    [
        [0.2],
        [0.31, 0.31],
        [0.88, 0.91, 0.93],
        [0.10, 0.35, 0.35],
        [0.60, 0.75, 0.82],
        [0.937, 0.935],
        [0.937, 0.935, 0.936],
    ],
    ids=str,
)
def test_a_training_that_may_reach_the_threshold_goes_on(history: list[float]) -> None:
    assert not hopeless(history, ACCURACY)


@pytest.mark.parametrize(
    "history",
    [
        [0.19],
        [0.80, 0.83, 0.835, 0.84],
        [0.737, 0.774, 0.766, 0.775],
        [0.718, 0.766, 0.797],
        [0.5] * 9,
    ],
    ids=str,
)
def test_a_training_that_would_not_reach_it_is_given_up(history: list[float]) -> None:
    assert hopeless(history, ACCURACY)
