"""When a training is given up."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from autograder.cases.training import hopeless
from autograder.checks.test_accuracy import clock
from autograder.sandbox.processes import LINUX
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


@pytest.mark.skipif(not LINUX, reason="elsewhere the time that passes is taken")
def test_a_process_that_sleeps_has_not_run() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as asleep:
        time.sleep(0.5)
        assert clock(asleep.pid) < 0.4
        asleep.kill()


@pytest.mark.skipif(not LINUX, reason="elsewhere the time that passes is taken")
def test_a_process_that_works_has_run() -> None:
    before, started = clock(os.getpid()), time.process_time()
    while time.process_time() < started + 0.1:
        pass
    assert clock(os.getpid()) - before > 0.05
