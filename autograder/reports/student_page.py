"""A result as a page for the student: one file, for a phone, a screen, a printer, an ear."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from autograder.classroom import Row
from autograder.errors import KitError
from autograder.reports import figures, telling
from autograder.reports.pages import environment
from autograder.result import Check, Mistake, Result, TaskResult
from autograder.syllabus import Syllabus, Task


@dataclass(frozen=True)
class Told:
    """A check, the mistake that it is the first to show, and what is drawn of it."""

    check: Check
    mistake: Mistake | None
    comparison: figures.Comparison | None
    training: figures.Training | None


@dataclass(frozen=True)
class Section:
    """A task that did not pass.

    Parameters
    ----------
    below
        Tasks that it rests on, and which did not pass either.
    same
        The place and the error, and the task that was told of it before.
    """

    task: TaskResult
    below: list[str]
    same: tuple[str, str, str] | None
    told: list[Told]


def render(result: Result, row: Row | None = None, handbook: str = "") -> str:
    """The page, as HTML.

    Parameters
    ----------
    row
        The student's in a class' result: whose it is, and what being late costs.
    handbook
        The folder or address under which the pages of the handbook lie: that of the syllabus
        if none is given. Without one, they are named and not linked.
    """
    syllabus = Syllabus.load()
    tasks = {task.id: task for task in syllabus.tasks}
    common = telling.common_reason(result.tasks)
    wrong = [] if common else telling.wrong_tasks(result)
    told: dict[tuple[str, str], str] = {}
    return (
        environment()
        .get_template("student.html")
        .render(
            result=result,
            row=row,
            common=common
            if common and common.status not in ("passed", "not implemented")
            else None,
            sections=[
                section(task, [one.id for one in wrong], tasks, told, syllabus) for task in wrong
            ],
            passed=drawn(drawn_checks(result), syllabus),
            unwritten=[
                (task, tasks.get(task.id))
                for task in result.tasks
                if task.status == "not implemented"
            ],
            waiting=telling.waiting(result.tasks),
            remark=telling.remark,
            isolation=telling.lacking(result),
            slow=telling.SLOW,
            page=lambda name: telling.address(name, handbook),
            tasks=tasks,
        )
    )


def section(
    task: TaskResult,
    wrong: list[str],
    known: Mapping[str, Task],
    told: dict[tuple[str, str], str],
    syllabus: Syllabus,
) -> Section:
    rests_on = known[task.id].rests_on if task.id in known else ()
    error = telling.raised_at(telling.causes(task)[0].message)
    first = told.setdefault(error, task.id) if error else task.id
    same = (error[1], first, error[0]) if error and first != task.id else None
    checks = telling.told_checks(task)
    # What can be drawn is drawn, also where another check is told.
    checks += [check for check in task.checks if check.evidence and check not in checks]
    return Section(
        task=task,
        below=[name for name in wrong if name in rests_on],
        same=same,
        told=[] if same else drawn(checks, syllabus),
    )


def drawn_checks(result: Result) -> list[Check]:
    """Checks that passed and have something to show: how the training went."""
    return [
        check
        for task in result.tasks
        if task.status == "passed"
        for check in task.checks
        if check.evidence
    ]


def drawn(checks: Iterable[Check], syllabus: Syllabus) -> list[Told]:
    """The checks with their pictures; each known mistake is told once."""
    found = []
    mistakes: set[Mistake] = set()
    for check in checks:
        evidence: dict[str, Any] = check.evidence or {}
        comparison, training = None, None
        try:
            if evidence.get("kind") == "arrays":
                comparison = figures.comparison(evidence)
            elif evidence.get("kind") == "training":
                training = figures.training(evidence, syllabus.accuracy.threshold)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise KitError(
                f"the evidence of {check.name!r} cannot be drawn ({error}): was the result"
                " changed by hand? Grade again."
            ) from error
        mistake = None if check.mistake in mistakes else check.mistake
        found.append(Told(check, mistake, comparison, training))
        mistakes |= {check.mistake} if check.mistake else set()
    return found
