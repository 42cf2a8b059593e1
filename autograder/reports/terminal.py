"""A result on a terminal: a line for each task while it runs, then what is to be mended.

80 columns; colour only on a terminal. Messages pass `clean` here, whoever made them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TextIO

from autograder.reports import telling
from autograder.reports.annotations import harmless
from autograder.reports.telling import causes, lost_checks, raised_at, words
from autograder.result import Comparison, Result, TaskResult
from autograder.syllabus import Task
from autograder.text import clean, columns, fold, one_line

WIDTH = 80
REMARK = 26  # columns that the table has for what a task says that passed
SHOWN_TASKS = 5  # in full, where there are many; one line for each of the others
COLOURS = {
    "passed": "32",
    "failed": "31",
    "crashed": "31",
    "timed out": "31",
    "not implemented": "33",
    "skipped": "33",
    "grader error": "35",
}


def go_on_unread(stream: TextIO) -> None:
    """Let what is still written to `stream` go nowhere: its reader, `head` say, has left."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


class Terminal:
    """Writes the progress of a grading, and its result.

    Parameters
    ----------
    stream
        Where to; colour and the line of the running task appear only on a terminal.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.live = self.stream.isatty()
        self.coloured = self.live and not os.environ.get("NO_COLOR")
        self.workflow = os.environ.get("GITHUB_ACTIONS") == "true"
        self.tasks: dict[str, Task] = {}  # that have begun
        self.ended: set[str] = set()

    def write(self, text: str = "", end: str = "\n") -> None:
        if self.workflow:
            text = harmless(text)
        encoding = self.stream.encoding or "utf-8"
        try:
            print(text.encode(encoding, "replace").decode(encoding), end=end, file=self.stream)
            self.stream.flush()
        except BrokenPipeError:  # a grading whose reader has left still has files to write
            go_on_unread(self.stream)

    def colour(self, text: str, status: str) -> str:
        return f"\x1b[{COLOURS[status]}m{text}\x1b[0m" if self.coloured else text

    # Progress ------------------------------------------------------------------------

    def begun(self, task: Task) -> None:
        self.tasks[task.id] = task
        if self.live:
            self.write(f"\r\x1b[2K  {task.id:<18}…", end="")

    def done(self, result: TaskResult) -> None:
        if self.live:
            self.write("\r\x1b[2K", end="")
        status = self.colour(f"{words(result.status):<20}", result.status)
        points = f"{result.points:g} / {result.max_points:g}"
        again = ", tried again" if result.id in self.ended else ""
        self.ended.add(result.id)
        self.write(f"  {result.id:<18}{status}{points:>9}   {remark(result)}{again}".rstrip())

    # Result --------------------------------------------------------------------------

    def result(self, result: Result) -> None:
        """Write what is to be mended, and the score."""
        if self.ended:
            self.write()
        wrong = telling.wrong_tasks(result)
        common = telling.common_reason(result.tasks)
        if common:
            if common.status not in ("passed", "not implemented"):
                self.message(common.message, "")
                self.write()
            wrong = []
        else:
            self.reasons(result.tasks, wrong)
        for task in result.tasks:
            said = telling.remark(task)
            if columns(said) > REMARK:  # the table had no room for all of it
                self.paragraph(f"{task.id}: {said}.", hang="  ")
                self.write()
        if result.error is not None:
            self.write(self.colour("Not graded: ", "grader error") + clean(result.error))
            return
        self.write(f"{result.score:g} of {result.max_score:g} points, in {result.seconds:.1f} s")
        if len(wrong) > 1:
            self.paragraph(
                f"Begin with {wrong[0].id}. To see it alone: --task {wrong[0].id}", hang="  "
            )
        if result.note:
            self.paragraph(result.note, hang="  ")
        if result.public:
            self.comparison(result, result.public)
        self.isolation(result)

    def comparison(self, result: Result, public: Comparison) -> None:
        self.write(f"{public.score:g} of {result.max_score:g} points with the public cases")
        if result.score is not None and public.suspicious(result.score, result.max_score):
            self.paragraph(
                "That is a large gap: the code may have been written for the public cases."
            )

    def isolation(self, result: Result) -> None:
        """What the submission was kept from, in words."""
        self.paragraph(telling.isolation(result))

    def reasons(self, tasks: Sequence[TaskResult], wrong: Sequence[TaskResult]) -> None:
        """Why tasks did not pass: the first ones in full, if there are many."""
        few = len(tasks) <= SHOWN_TASKS + 1 or len(wrong) <= SHOWN_TASKS + 1
        shown = wrong if few else wrong[:SHOWN_TASKS]
        told: dict[tuple[str, str], str] = {}  # error → the task that it was told of
        for task in shown:
            self.reason(task, [one.id for one in wrong], told)
        if len(wrong) > len(shown):
            self.paragraph(f"{len(wrong) - len(shown)} more, in short (--task shows all):")
            for task in wrong[len(shown) :]:
                self.write(f"  {task.id:<18}{one_line(telling.headline(task), WIDTH - 20)}")
            self.write()
        waiting = telling.waiting(tasks)
        for why, ids in waiting.items():
            self.paragraph(f"Skipped: {', '.join(ids)} ({why}).")
        if waiting:
            self.write()

    def reason(
        self, task: TaskResult, wrong: Sequence[str], told: dict[tuple[str, str], str]
    ) -> None:
        """Why a task did not pass: its mistake, if it is known, and the first checks."""
        self.write(self.colour(f"{task.id}: {task.status}", task.status))
        begun = self.tasks.get(task.id)
        below = [name for name in wrong if begun and name in begun.rests_on]
        if below:
            self.paragraph(f"It rests on {', '.join(below)}, which did not pass either.", "  ")
        error = raised_at(causes(task)[0].message)
        if error and told.setdefault(error, task.id) != task.id:
            self.paragraph(f"{error[1]} fails as in {told[error]}: {error[0]}.", "  ")
        else:
            self.explanation(task)
        self.write(f"  Not passed: {len(lost_checks(task))} of {len(task.checks)} checks.")
        self.write()

    def explanation(self, task: TaskResult) -> None:
        """Known mistakes, each with a check; or checks that failed in different ways."""
        for check in telling.told_checks(task):
            for line in telling.advice(check.mistake):
                self.paragraph(line, "  ")
            self.paragraph(one_line(check.name, 200), "  ")
            self.message(check.message, "    ")
        if task.status == "timed out":
            self.paragraph(telling.SLOW, "  ")

    def paragraph(self, text: str, indent: str = "", hang: str = "") -> None:
        self.write(fold(text, WIDTH, indent, indent + hang))

    def message(self, text: str, indent: str) -> None:
        """A message keeps its own lines; those that are too long are folded."""
        for line in clean(text).splitlines():
            inner = indent + " " * (len(line) - len(line.lstrip()))
            self.write(fold(line.strip(), WIDTH, inner, inner + "  "))


def remark(task: TaskResult) -> str:
    """What fits behind a task's points."""
    if task.status == "passed":
        return one_line(telling.remark(task), REMARK)
    if task.status == "not implemented":
        return ""
    return f"{len(lost_checks(task))} of {len(task.checks)} checks lost"
