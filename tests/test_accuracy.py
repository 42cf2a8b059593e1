"""When a training is given up."""

from __future__ import annotations

from autograder.checks.test_accuracy import stuck


def test_a_training_that_gains_goes_on() -> None:
    assert not stuck([0.1])
    assert not stuck([0.88, 0.91, 0.93])
    assert not stuck([0.10, 0.10, 0.10])
    assert not stuck([0.10, 0.12, 0.14, 0.16])


def test_a_training_that_stands_still_for_three_passes_is_given_up() -> None:
    assert stuck([0.1, 0.1, 0.1, 0.1])
    assert stuck([0.5, 0.92, 0.9, 0.91, 0.92])
