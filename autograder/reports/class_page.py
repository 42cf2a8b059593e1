"""A class as one page: its marks, what it did not understand, who needs a look.

The results are read once, one after the other, and only counts and one letter for each
task are kept of them, so that a class of any size fits. Above `LISTED` students the list
of students is left out, and the page says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from statistics import mean, median
from typing import Any

from markupsafe import Markup

from autograder.classroom import GRADED, ClassResult, Pair, Row, Student
from autograder.reports import telling
from autograder.reports.pages import TEMPLATES, environment, policy, slug
from autograder.result import STATUSES, SUSPICIOUS
from autograder.syllabus import Syllabus
from autograder.text import one_line

LISTED = 5000  # students in the list with the matrix; more, and a browser is slow
NAMED = 30  # students who are named for a mistake
SHOWN = 200  # rows of another table
BINS = 20
ENDED = ("crashed", "timed out")  # without an answer
LETTERS = {
    "passed": "·",
    "failed": "F",
    "crashed": "C",
    "timed out": "T",
    "not implemented": "N",
    "skipped": "S",
    "grader error": "E",
}
CLASSES = {letter: slug(status) for status, letter in LETTERS.items()}
RUN = Markup('<i class="{}">{}</i>')


@dataclass
class Group:
    """Students of whom the same is to be said: the first of them, and how many."""

    count: int = 0
    first: list[Student] = field(default_factory=list)

    def add(self, student: Student) -> None:
        self.count += 1
        if len(self.first) < NAMED:
            self.first.append(student)


@dataclass
class Tally:
    """What was counted over all results."""

    tasks: dict[str, dict[str, int]] = field(default_factory=dict)  # task → outcome → students
    titles: dict[str, str] = field(default_factory=dict)
    letters: list[str] = field(default_factory=list)  # of each row; empty without a result
    # By task and id: a form of mistake, a wrong sign say, may be met in several tasks.
    mistakes: dict[tuple[str, str], Group] = field(default_factory=dict)
    named: dict[tuple[str, str], str] = field(default_factory=dict)  # the same → title
    broken: dict[tuple[str, str], Group] = field(default_factory=dict)  # task, way → who
    said: dict[tuple[str, str], str] = field(default_factory=dict)  # the same → what the first said
    gaps: list[tuple[Row, float, float]] = field(default_factory=list)  # row, score, public score

    def add(self, row: Row, result: Mapping[str, Any] | None) -> None:
        """Count one student's result."""
        if result is None:
            self.letters.append("")
            return
        reasons = [[check["message"] for check in task["checks"]] for task in result["tasks"]]
        common = (
            len(reasons) > 1 and len(reasons[0]) == 1 and reasons.count(reasons[0]) == len(reasons)
        )
        for task in result["tasks"]:
            self.add_task(task)
            if not common:
                self.add_reasons(row.student, task)
        if common and result["tasks"][0]["status"] in ENDED:
            self.add_broken(row.student, "all of them", reasons[0][0])
        statuses = {task["id"]: task["status"] for task in result["tasks"]}
        self.letters.append(
            "".join(LETTERS[statuses[name]] for name in self.tasks if name in statuses)
        )
        public = result.get("public")
        if public and public["score"] - result["score"] > SUSPICIOUS * result["max_score"]:
            self.gaps.append((row, result["score"], public["score"]))

    def add_task(self, task: Mapping[str, Any]) -> None:
        name, status = task["id"], task["status"]
        if name not in self.tasks:
            self.tasks[name] = dict.fromkeys(STATUSES, 0)
            self.titles[name] = task["title"]
        self.tasks[name][status] += 1

    def add_reasons(self, student: Student, task: Mapping[str, Any]) -> None:
        """Count the known mistakes of a task, and how it ended without an answer."""
        lost = [check for check in task["checks"] if check["status"] != "passed"]
        for name, title in {m["id"]: m["title"] for c in lost if (m := c["mistake"])}.items():
            self.named[task["id"], name] = title
            self.mistakes.setdefault((task["id"], name), Group()).add(student)
        if task["status"] in ENDED:
            told = next(check for check in lost if check["status"] == task["status"])
            self.add_broken(student, task["id"], told["message"])

    def add_broken(self, student: Student, task: str, message: str) -> None:
        what = ": ".join(message.partition("\n  in ")[0].splitlines())
        key = (task, telling.way(what))
        self.said.setdefault(key, one_line(what, 120))
        self.broken.setdefault(key, Group()).add(student)


def render(outcome: ClassResult, results: Mapping[str, Mapping[str, Any]]) -> str:
    """The page, as HTML.

    Parameters
    ----------
    outcome
        The class.
    results
        The JSON of a result by the student's id. Each is asked for once, in the order of
        the rows, so that it can be read from the disk when it is.
    """
    tally = Tally()
    for row in outcome.rows:
        tally.add(row, results.get(row.student.id) if row.status == GRADED else None)
    marks = sorted(row.mark.final for row in outcome.rows if row.mark.final is not None)
    by_id = {row.student.id: row for row in outcome.rows}
    script = (TEMPLATES / "class.js").read_text(encoding="utf-8")
    return (
        environment()
        .get_template("class.html")
        .render(
            outcome=outcome,
            script=Markup(script),
            page_policy=policy(script),
            marks=marks,
            average=(mean(marks), median(marks)) if marks else None,
            histogram=histogram(marks, outcome.max_score),
            tasks=hardest(tally),
            order=list(tally.tasks),
            letters={letter: status for status, letter in LETTERS.items()},
            mistakes=[(key[0], tally.named[key], group) for key, group in frequent(tally.mistakes)],
            broken=[(key[0], tally.said[key], group) for key, group in frequent(tally.broken)],
            gaps=tally.gaps,
            without=sorted(
                (row for row in outcome.rows if row.status != GRADED),
                key=lambda row: (row.status, row.student.name),
            ),
            late=sorted(
                (row for row in outcome.rows if row.mark.hours_late > 0),
                key=lambda row: -row.mark.hours_late,
            ),
            identical=identical(outcome.rows),
            pairs=named_pairs(outcome.pairs, by_id),
            listed=len(outcome.rows) <= LISTED,
            matrix=matrix,
            rows=zip(outcome.rows, tally.letters, strict=True),
            limit=LISTED,
            shown=SHOWN,
            graded=GRADED,
        )
    )


def frequent(groups: Mapping[Any, Group]) -> list[tuple[Any, Group]]:
    """The groups by size, the largest first."""
    return sorted(groups.items(), key=lambda item: -item[1].count)


@dataclass(frozen=True)
class TaskRow:
    """How a task went in the class."""

    number: int
    id: str
    title: str
    counts: dict[str, int]
    share: float  # that passed


def hardest(tally: Tally) -> list[TaskRow]:
    """The tasks, the one that the fewest passed first."""
    order = [task.id for task in Syllabus.load().tasks]
    rows = [
        TaskRow(
            number=order.index(name) + 1 if name in order else len(order) + 1,
            id=name,
            title=tally.titles[name],
            counts=counts,
            share=counts["passed"] / sum(counts.values()),
        )
        for name, counts in tally.tasks.items()
    ]
    return sorted(rows, key=lambda row: row.share)


@dataclass(frozen=True)
class Bar:
    """One bar of the histogram: marks from `low` to below `high`, the last one included."""

    low: float
    high: float
    count: int
    height: float  # of 100


def histogram(marks: Sequence[float], most: float) -> list[Bar]:
    """How many students have which marks."""
    counts = [0] * BINS
    for value in marks:
        counts[min(BINS - 1, int(BINS * value / most)) if most else 0] += 1
    top = max(counts) or 1
    return [
        Bar(most * i / BINS, most * (i + 1) / BINS, count, round(100 * count / top, 1))
        for i, count in enumerate(counts)
    ]


def identical(rows: Iterable[Row]) -> list[list[Student]]:
    """Students whose files are the same to the byte, the largest group first."""
    groups: dict[str, list[Student]] = {}
    for row in rows:
        if row.twins and row.key:
            groups.setdefault(row.key, []).append(row.student)
    return sorted((group for group in groups.values() if len(group) > 1), key=len, reverse=True)


def named_pairs(
    pairs: Iterable[Pair], rows: Mapping[str, Row]
) -> list[tuple[Student, Student, Pair]]:
    """The pairs with their students, the most alike first."""
    known = [pair for pair in pairs if pair.first in rows and pair.second in rows]
    return [
        (rows[pair.first].student, rows[pair.second].student, pair)
        for pair in sorted(known, key=lambda pair: -pair.share)
    ]


def matrix(letters: str) -> Markup:
    """A letter for each task, in runs of the same outcome; what passed needs no mark."""
    runs = ((letter, "".join(run)) for letter, run in groupby(letters))
    return Markup("").join(
        run if letter == LETTERS["passed"] else RUN.format(CLASSES[letter], run)
        for letter, run in runs
    )
