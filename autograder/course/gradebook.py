"""The marks of a class as a plain table: a row for each student, a column for each task.

For spreadsheets and people. Whoever has no mark has an empty cell, never a zero. This
module computes nothing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder import whole
from autograder.classroom import ClassResult, Row
from autograder.course.table import BOM, harmless
from autograder.text import one_line

COLUMNS = (
    *("id", "name", "email", "login", "number", "status", "score", "max_score"),
    *("raw", "penalty", "hours_late", "submission", "reason"),
)


def write_gradebook(
    file: Path,
    outcome: ClassResult,
    results: Mapping[str, dict[str, Any]],
    tasks: Sequence[str],
) -> None:
    """Write the gradebook as CSV that spreadsheets read as UTF-8.

    Parameters
    ----------
    file : Path
        It is replaced as a whole.
    outcome : ClassResult
        The rows, in this order.
    results : mapping of str to dict
        The result of each student's submission, by the student's id; only `get` is used.
    tasks : sequence of str
        Ids, a column each.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*COLUMNS, *tasks])
    for row in outcome.rows:
        points = task_points(results.get(row.student.id) if row.mark.raw is not None else None)
        writer.writerow(
            [*_about(row, outcome.max_score), *(number(points.get(task)) for task in tasks)]
        )
    whole.write(file, BOM + text.getvalue())


def _about(row: Row, max_score: float) -> list[str]:
    one, mark = row.student, row.mark
    texts = (one.id, one.name, one.email, one.login, one.number, row.status)
    late = (None, None) if mark.raw is None else (mark.penalty, round(mark.hours_late, 2))
    marks = (mark.final, max_score, mark.raw, *late)
    ends = (row.submission, row.reason)
    return [
        *(harmless(one_line(text, 500)) for text in texts),
        *map(number, marks),
        *(harmless(one_line(text, 500)) for text in ends),
    ]


def task_points(result: Mapping[str, Any] | None) -> dict[str, float]:
    """Points by task, of a result as JSON."""
    return {} if result is None else {task["id"]: task["points"] for task in result["tasks"]}


def number(value: float | None) -> str:
    """A number as all tables read it: 12.5, 100; empty where there is none."""
    if value is None:
        return ""
    return f"{value:.4f}".rstrip("0").rstrip(".")
