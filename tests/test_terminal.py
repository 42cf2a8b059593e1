"""What a person reads."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from autograder.reports.terminal import Terminal
from autograder.result import Check, Mistake, Result, TaskResult
from autograder.syllabus import Syllabus, use
from autograder.text import columns

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
    assert "Not passed: 1 of 2 checks." in text


def test_what_all_tasks_share_is_said_once() -> None:
    broken = Check("The package can be imported", "crashed", "SyntaxError: here")
    text = shown(*(task(name, broken, status="crashed") for name in ("a", "b", "c")))
    assert text.count("SyntaxError") == 1


WAITING = Check("It works", "skipped", "waits for relu.forward: it is not implemented yet")


def test_what_waits_is_put_together() -> None:
    stub = task("relu.forward", Check("x", "not implemented"), status="not implemented")
    text = shown(stub, *(task(name, WAITING, FAILED, status="skipped") for name in ("a", "b")))
    assert "Skipped: a, b (waits for relu.forward)." in text


def test_what_waits_for_a_task_that_is_not_there_says_why() -> None:
    text = shown(task("a", WAITING, status="skipped"))
    assert "Skipped: a (waits for relu.forward: it is not implemented yet)." in text


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


def test_the_same_fault_in_another_case_is_told_once() -> None:
    text = shown(
        task(
            "relu.forward",
            Check("It is right (one)", "failed", "the output is wrong: 3 of 4 values differ"),
            Check("It is right (two)", "failed", "the output is wrong: 5 of 6 values differ"),
            Check("It fits", "failed", "the output is not the derivative of your own forward"),
            Check("It leaves x", "failed", "the call changed x, which it must leave as it is"),
        )
    )
    assert "3 of 4 values" in text
    assert "5 of 6 values" not in text
    assert "derivative" not in text
    assert "changed x" in text


def test_the_first_check_that_went_wrong_is_told_and_not_a_later_crash_alone() -> None:
    shape = Check("The shape (usual)", "failed", "the output has the wrong shape")
    crash = Check("The shape (odd)", "crashed", "TypeError: no")
    text = shown(task("flatten.forward", shape, crash, status="crashed"))
    assert text.index("wrong shape") < text.index("TypeError")


def crashed(name: str, *, line: int) -> TaskResult:
    message = f"ValueError: no\n  in student/losses.py, line {line}\n    return e / s\n  in {name}"
    return task(name, Check("It works", "crashed", message), Check("Another", "passed"))


def test_an_error_that_was_told_of_an_earlier_task_is_not_told_again() -> None:
    first, same, other = (
        crashed(name, line=line)
        for name, line in (("loss.forward", 31), ("loss.backward", 31), ("network.test", 32))
    )
    text = shown(first, same, other)
    assert text.count("return e / s") == 2
    assert "student/losses.py, line 31 fails as in loss.forward: ValueError." in text


def test_many_tasks_are_told_in_short_behind_the_first_ones() -> None:
    names = [f"part{index}.forward" for index in range(9)]
    text = shown(*(task(name, FAILED, Check("Another", "passed")) for name in names))
    assert text.count("Hint:") == 5
    assert all(name in text for name in names)
    assert "Begin with part0.forward" in text


def test_the_tasks_of_a_group_are_told_in_full() -> None:
    group = (task(f"a{index}", FAILED, Check("Another", "passed")) for index in range(6))
    assert shown(*group).count("Hint:") == 6


def test_what_a_wrong_task_rests_on_is_named_if_it_is_wrong_too() -> None:
    stream = io.StringIO()
    terminal = Terminal(stream)
    tasks = Syllabus.load().select(["network.train", "network.backward"])
    for one in tasks:
        terminal.begun(one)
    results = tuple(task(one.id, FAILED, Check("Another", "passed")) for one in tasks)
    terminal.result(Result("student", 1, {}, 1.0, results))
    assert stream.getvalue().count("It rests on network.backward, which did not pass either.") == 1


def test_what_waits_for_a_task_that_passed_says_why() -> None:
    waiting = Check("It works", "skipped", "waits for a: it leaves all parameters as they are")
    right = TaskResult("a", "a", 1, 1, "passed", (Check("It works", "passed"),))
    text = shown(right, task("b", waiting, status="skipped"))
    assert "Skipped: b (waits for a: it leaves all parameters as they are)." in text


def test_a_task_that_timed_out_is_told_what_takes_time() -> None:
    late = Check("It works", "timed out", "forward() gave no answer within 10 seconds")
    assert "Does a loop never end?" in shown(task("a", late, FAILED, status="timed out"))


def test_what_a_passed_task_says_is_told_in_full_where_the_table_has_no_room() -> None:
    said = "96.0 % of 2000 images; the solution's network was trained instead"
    text = shown(task("accuracy", Check("It reads", "passed", said), status="passed"))
    assert f"accuracy: {said}." in text
    text = shown(task("accuracy", Check("It reads", "passed", "94.2 %"), status="passed"))
    assert "94.2 %" not in text


def test_a_second_try_is_told() -> None:
    stream = io.StringIO()
    terminal = Terminal(stream)
    for _ in range(2):
        terminal.done(task("a", FAILED, Check("Another", "passed")))
    assert stream.getvalue().count(", tried again") == 1


def test_no_line_is_wider_than_the_terminal_also_in_wide_characters() -> None:
    wide = Check("输出是对的" * 10, "failed", "ValueError: " + "卷积" * 100 + "\n  " + "x" * 100)
    stream = io.StringIO()
    result = Result("student", 1, {}, 1.0, (task("a", wide),), note="Took " + "作业/" * 50)
    Terminal(stream).result(result)
    assert max(map(columns, stream.getvalue().splitlines())) <= 80
    assert "作业" in stream.getvalue()


def test_an_error_of_one_line_is_told_once_whatever_the_shapes() -> None:
    checks = [
        Check(
            f"It works ({shape})", "crashed", f"ValueError: {shape}\n  in a.py, line 3\n    x + y"
        )
        for shape in ("(5, 10)", "(10,)")
    ]
    assert shown(task("a", *checks, status="crashed")).count("x + y") == 1


def test_a_mistake_leads_to_the_handbook_where_that_lies_somewhere(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('handbook = "https://example.org/book"\n', encoding="utf-8")
    use(own)
    try:
        text = shown(task("relu.forward", FAILED, Check("Another", "passed")))
    finally:
        use(None)
    assert "Handbook: https://example.org/book/relu.html" in text
