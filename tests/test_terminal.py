"""What a person reads."""

from __future__ import annotations

import io

import pytest

from autograder.reports.terminal import Terminal
from autograder.result import Check, Mistake, Result, TaskResult

FAILED = Check(
    "The output is right (square)",
    "failed",
    "the output is wrong\n  expected: 1\n  got: 2",
    Mistake("relu.forward.sign", "The sign is wrong", "Look at the minus.", "relu"),
)


def shown(*tasks: TaskResult, error: str | None = None) -> str:
    stream = io.StringIO()
    Terminal(stream).result(Result("student", 1, {"files_hidden": True}, 1.0, tasks, error))
    return stream.getvalue()


def task(name: str, *checks: Check, status: str = "failed") -> TaskResult:
    return TaskResult(name, name, 0, 5, status, checks)


def test_a_single_task_says_why_it_failed() -> None:
    text = shown(task("relu.forward", FAILED, Check("Another", "passed")))
    assert "expected: 1" in text
    assert "This looks like: The sign is wrong." in text
    assert "Hint: Look at the minus." in text
    assert "1 of 2 checks were not passed" in text


def test_what_all_tasks_share_is_said_once() -> None:
    broken = Check("The package can be imported", "crashed", "SyntaxError: here")
    text = shown(*(task(name, broken, status="crashed") for name in ("a", "b", "c")))
    assert text.count("SyntaxError") == 1


def test_what_waits_is_put_together() -> None:
    waiting = Check("It works", "skipped", "waits for relu.forward: it is not implemented yet")
    text = shown(*(task(name, waiting, FAILED, status="skipped") for name in ("a", "b")))
    assert "Skipped: a, b (waits for relu.forward)." in text


def test_control_characters_of_a_submission_are_shown_and_not_obeyed() -> None:
    text = shown(task("a", Check("x", "failed", "\x1b[2J\u202eevil"), Check("y", "passed")))
    assert "\x1b" not in text
    assert "\\x1b[2J" in text


@pytest.mark.parametrize("width", [500])
def test_long_lines_are_folded(width: int) -> None:
    text = shown(task("a", Check("x " * width, "failed", "y " * width), Check("y", "passed")))
    assert max(map(len, text.splitlines())) <= 80


def test_an_error_of_the_grader_is_no_score() -> None:
    text = shown(task("a", Check("x", "grader error", "bug")), error="the grader failed")
    assert "Not graded: the grader failed" in text
    assert "points, in" not in text
