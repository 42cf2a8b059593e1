"""Random numbers that nobody seeded: the same every day, and the same in a fingerprint."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from autograder.sandbox.isolation import best
from autograder.sandbox.local import LocalWorker
from autograder.sandbox.pool import Pool
from autograder.sandbox.submission import Budget, Submission
from autograder.sandbox.worker import Randomness
from autograder.syllabus import Syllabus
from tests.grading import write_package

LIMITS = Syllabus.load().limits
SOURCE = """
import random
import numpy as np


def draws():
    rng = np.random.default_rng()
    return np.array([random.random(), np.random.rand(), np.random.randn(), rng.random()])


class ReLULayer:  # draws when it is called
    def forward(self, x):
        return draws()


class LinearLayer:  # draws when it is made
    def __init__(self, *sizes):
        self.weight = draws()
"""


@pytest.fixture
def submission(tmp_path: Path) -> Iterator[Submission]:
    write_package(tmp_path, init=SOURCE)
    pool = Pool(tmp_path, "student", LIMITS, best().level, ahead=1)
    submission = pool.submission(LIMITS, Budget(60))
    yield submission
    submission.end()
    pool.close()


def drawn(submission: Submission) -> np.ndarray:
    """What a layer draws that was made without drawing."""
    return submission.ReLULayer().forward(np.zeros(1))


def test_they_begin_anew_when_told_to(submission: Submission) -> None:
    submission.seed()
    first, second = drawn(submission), drawn(submission)
    assert not set(first) & set(second)
    submission.seed()
    np.testing.assert_array_equal(drawn(submission), first)


def test_what_a_constructor_draws_changes_nothing_later(submission: Submission) -> None:
    submission.seed()
    first, second = drawn(submission), drawn(submission)
    submission.seed()
    for right in (first, second):
        assert submission.LinearLayer(2, 3).weight.shape == (4,)
        np.testing.assert_array_equal(drawn(submission), right)


def test_a_constructor_draws_the_same_whenever_it_is_called(submission: Submission) -> None:
    first = submission.LinearLayer(2, 3).weight
    drawn(submission)
    np.testing.assert_array_equal(submission.LinearLayer(2, 3).weight, first)


def test_a_submission_that_breaks_the_generators_can_still_be_asked(tmp_path: Path) -> None:
    broken = (
        "np.random.set_bit_generator(np.random.PCG64(1))\nnp.random.seed = random.seed = None\n"
    )
    write_package(tmp_path, init=SOURCE.replace("\n\n\ndef draws", f"\n{broken}\n\ndef draws"))
    pool = Pool(tmp_path, "student", LIMITS, best().level, ahead=1)
    submission = pool.submission(LIMITS, Budget(60))
    try:
        submission.seed()
        assert drawn(submission).shape == (4,)
    finally:
        submission.end()
        pool.close()


def test_they_are_the_same_in_this_process(submission: Submission) -> None:
    module = ModuleType("student")
    exec(SOURCE, module.__dict__)
    here = Submission(LocalWorker(module), LIMITS, Budget(60))
    here.load()
    randomness = Randomness(np)
    before = randomness.state()
    randomness.seed()
    submission.seed()
    try:
        for _ in range(2):
            np.testing.assert_array_equal(drawn(here), drawn(submission))
            np.testing.assert_array_equal(
                here.LinearLayer(2, 3).weight, submission.LinearLayer(2, 3).weight
            )
    finally:
        randomness.restore(before)


def test_whoever_seeds_for_a_while_disturbs_nobody() -> None:
    def some() -> list[float]:
        return [random.random(), np.random.rand(), np.random.randn()]

    randbits = np.random.bit_generator.randbits
    randomness = Randomness(np)
    random.seed(1)
    np.random.seed(1)
    right = some()
    random.seed(1)
    np.random.seed(1)
    before = randomness.state()
    randomness.seed()
    assert some() != right
    assert np.random.bit_generator.randbits is not randbits
    randomness.restore(before)
    assert some() == right
    assert np.random.bit_generator.randbits is randbits
