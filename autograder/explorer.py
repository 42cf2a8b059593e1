"""A plugin for a student's own pytest: each check of a task is a test of the file it is about.

So the test explorers of editors show them. It does nothing unless the settings of pytest name
a package:

    [tool.pytest.ini_options]
    byhand = "student"

A task is graded when the first of its checks is asked for, behind the wall as always. This
module knows no points.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import KitError
from autograder.whereabouts import line_of


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("byhand", "the package whose tasks are tests", default="")


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take the package for a folder like any other.

    pytest would import it, in this process, and tell a syntax error anew for each test.
    """
    name = parent.config.getini("byhand")
    if not name or path != parent.config.rootpath / name:
        return None
    return pytest.Dir.from_parent(parent, path=path)


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Take a file of the package for one that holds tasks, and nothing else.

    pytest itself would import it, if it is named on the command line.
    """
    found = yield
    source = source_of(file_path, parent)
    return [source] if source else found


def source_of(file_path: Path, parent: pytest.Collector) -> Source | None:
    """The file of the package that a path is, if it holds functions of tasks."""
    name = parent.config.getini("byhand")
    if not name or file_path.parent != parent.config.rootpath / name:
        return None
    from autograder.syllabus import Syllabus, given, use  # not where it is not wanted

    try:
        use(given(file_path.parent))
    except KitError as error:
        raise pytest.UsageError(str(error)) from error
    tasks = [task for task in Syllabus.load().tasks if file_of(task) == file_path.name]
    if not tasks:
        return None
    return Source.from_parent(parent, path=file_path, tasks=tasks)


def file_of(task: Any) -> str:
    """The file of a package that a task is shown with; `network.py` for the accuracy."""
    return task.functions[0].partition(".")[0] + ".py" if task.functions else "network.py"


class Source(pytest.File):
    """A file of the package."""

    def __init__(self, *, tasks: list[Any], **more: Any) -> None:
        super().__init__(**more)
        self.tasks = tasks

    def collect(self) -> Iterator[pytest.Collector]:
        for task in self.tasks:
            yield TaskNode.from_parent(self, name=task.id, task=task)


class TaskNode(pytest.Collector):
    """A task, with a test for each of its checks."""

    def __init__(self, *, task: Any, **more: Any) -> None:
        super().__init__(**more)
        self.task = task

    def collect(self) -> Iterator[pytest.Item]:
        for name in self.graders.names(self.task):
            yield CheckItem.from_parent(self, name=name)

    @property
    def graders(self) -> Grader:
        """One for the whole session, since the cases take a moment to read."""
        stash = self.config.stash
        if GRADER not in stash:
            stash[GRADER] = Grader(self.config.rootpath / self.config.getini("byhand"))
        return stash[GRADER]

    @cached_property
    def line(self) -> int:
        """Where the function stands, counted from 0."""
        names = [function.partition(".")[2] for function in self.task.functions]
        return line_of(self.path, names) - 1

    @cached_property
    def not_imported(self) -> list[Any]:
        """The check that is lost where the package cannot be imported; it is told once."""
        from autograder.grading import IMPORTED

        return [check for check in self.outcomes.values() if check.name == IMPORTED]

    @cached_property
    def outcomes(self) -> dict[str, Any]:
        """What became of each check, by its name."""
        return self.graders.grade(self.task)


class CheckItem(pytest.Item):
    """A check."""

    parent: TaskNode

    def runtest(self) -> None:
        check = self.parent.outcomes.get(self.name)
        if check is None and self.parent.not_imported:
            check = self.parent.not_imported.pop()
        if check is None:
            pytest.skip("it was not run, since the task ended before it")
        if check.status == "skipped":
            pytest.skip(check.message)
        if check.status != "passed":
            raise NotPassed(check)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        from autograder.reports.telling import advice
        from autograder.text import clean

        if not isinstance(excinfo.value, NotPassed):
            return str(excinfo.value)
        check = excinfo.value.check
        return "\n".join([*advice(check.mistake), clean(check.message)])

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.parent.line, f"{self.parent.name}: {self.name}"


class NotPassed(Exception):
    """A check was not passed."""

    def __init__(self, check: Any) -> None:
        super().__init__(check.message)
        self.check = check


class Grader:
    """Grades tasks of the package."""

    def __init__(self, package: Path) -> None:
        from autograder.cases.given import load_cases
        from autograder.syllabus import Syllabus

        self.package, self.syllabus = package, Syllabus.load()
        try:
            self.cases = load_cases(None, self.syllabus, package)
        except KitError as error:
            raise pytest.UsageError(str(error)) from error

    def names(self, task: Any) -> list[str]:
        from autograder.checks.run import collected

        return collected([task], self.cases).names

    def grade(self, task: Any) -> dict[str, Any]:
        from autograder.grading import grade

        try:
            result = grade(self.package, self.cases, self.syllabus, self.syllabus.to_judge(task))
        except KitError as error:
            pytest.fail(str(error), pytrace=False)
        return {check.name: check for check in result.tasks[-1].checks}


GRADER = pytest.StashKey[Grader]()
