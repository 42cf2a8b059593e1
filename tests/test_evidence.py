"""What a report can draw of a check."""

from __future__ import annotations

import numpy as np

from autograder.checks import evidence
from tests.corpus.wrong import package
from tests.grading import graded


def test_the_slice_is_the_one_that_is_furthest_off() -> None:
    expected = np.zeros((2, 3, 4, 5))
    got = expected.copy()
    got[0, 1, 2, 3], got[1, 2, 0, 4] = 1, -7
    drawn = evidence.arrays(expected, got)
    assert drawn is not None
    assert (drawn["index"], drawn["origin"], drawn["shape"]) == ([1, 2], [0, 0], [2, 3, 4, 5])
    assert drawn["got"][0] == [0, 0, 0, 0, -7]
    assert np.shape(drawn["expected"]) == (4, 5)


def test_of_a_large_slice_a_window_around_the_difference_is_shown() -> None:
    expected = np.zeros((100, 100))
    got = expected.copy()
    got[60, 99] = 1
    drawn = evidence.arrays(expected, got)
    assert drawn is not None and drawn["origin"] == [46, 72]
    assert np.shape(drawn["got"]) == (28, 28)
    assert drawn["got"][60 - 46][99 - 72] == 1


def test_what_is_not_finite_is_furthest_off_and_written_as_none() -> None:
    drawn = evidence.arrays(np.ones(3), np.float64([9, np.nan, 1]))
    assert drawn is not None and drawn["got"] == [[9, None, 1]]


def test_of_one_number_or_of_another_shape_nothing_is_drawn() -> None:
    assert evidence.arrays(np.ones(()), np.zeros(())) is None
    assert evidence.arrays(np.ones((2, 3)), np.ones((3, 2))) is None
    assert evidence.arrays(None, np.ones(3)) is None


def test_a_confusion_matrix_counts_guesses_by_digit() -> None:
    labels, guesses = np.array([3, 3, 8, 0]), np.array([3, 5, 8, 6])
    drawn = evidence.training([1.0, None], [0.25, 0.5], labels, guesses)
    assert drawn["confusion"][3][5] == 1 and np.sum(drawn["confusion"]) == 4
    assert drawn["misread"] == [[1, 3, 5], [3, 0, 6]]


def test_a_loss_that_is_not_finite_is_written_as_none() -> None:
    nothing = np.zeros(1, int)
    drawn = evidence.training([2.5, float("nan"), float("inf")], [0.5], nothing, nothing)
    assert drawn["losses"] == [2.5, None, None]


def test_a_result_holds_one_picture_for_each_task_that_failed(tmp_path) -> None:
    wrong = {"layers.py": ("return np.maximum(x, 0)", "return np.minimum(x, 0)")}
    result = graded(package(tmp_path, wrong), only=["relu"])
    forward, backward = result.tasks
    drawn = [check.evidence for check in forward.checks if check.evidence]
    assert [one["kind"] for one in drawn] == ["arrays"]
    assert drawn[0]["expected"] != drawn[0]["got"]
    assert not any(check.evidence for check in backward.checks)
