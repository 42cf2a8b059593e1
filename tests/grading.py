"""Helpers of the tests that grade something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from autograder.cases import Cases
from autograder.cases.build import build_cases, load_reference
from autograder.grading import grade
from autograder.result import Result
from autograder.sandbox.isolation import at as isolation_at
from autograder.syllabus import Limits, Syllabus


@cache
def cases_of(seed: int = 1234) -> Cases:
    return build_cases(seed, load_reference())


def graded(
    path: Path,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    seed: int = 1234,
    level: str | None = None,
    limits: Limits | None = None,
) -> Result:
    """The result of grading the package at a path, behind a wall of this level."""
    syllabus = Syllabus.load()
    if limits:
        syllabus = replace(syllabus, limits=limits)
    isolation = isolation_at(level) if level else None
    assert isolation or not level, f"{level} cannot be had here"
    tasks = syllabus.select(only, skip)
    return grade(path, cases_of(seed), syllabus, tasks, isolation=isolation)


def lost(result: Result) -> dict[str, str]:
    """The tasks that did not pass, with their outcome."""
    return {task.id: task.status for task in result.tasks if task.status != "passed"}


def messages(result: Result) -> str:
    """All that the checks say."""
    return "\n".join(check.message for task in result.tasks for check in task.checks)


def write_package(folder: Path, **files: str) -> Path:
    """A package `student` of these modules: `layers="…"`; `init` is its `__init__`."""
    target = folder / "student"
    target.mkdir()
    for name, text in files.items():
        name = "__init__" if name == "init" else name
        (target / f"{name}.py").write_text(text, encoding="utf-8")
    return target
