"""Marks for Canvas and Moodle, by filling in the file that each of them gave.

A platform reads back only what looks like its own export, so the instructor's file is
taken and one column of it filled; all else stays as it was, to the byte. Whoever has no
mark, for whatever reason, keeps what stands there: an empty cell changes nothing, while a
zero would. This module never makes a table of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from autograder.classroom import ClassResult
from autograder.course.gradebook import number
from autograder.course.hand_ins import HandIn
from autograder.course.roster import NUMBER, Roster, assign, is_canvas, moodle_columns, of_table
from autograder.course.table import Table
from autograder.errors import KitError
from autograder.text import one_line

# Canvas passes over columns that are called so.
COMPUTED = re.compile(r"(Current|Final|Unposted).*(Score|Grade|Points)|Override (Score|Grade)")


@dataclass(frozen=True)
class Filled:
    """The file with the marks in it.

    Parameters
    ----------
    marks
        How many are there now.
    notes
        Who got none, and why.
    """

    data: bytes
    marks: int
    notes: tuple[str, ...]


def fill_canvas(table: Table, outcome: ClassResult, assignment: str, scale: bool = False) -> Filled:
    """Fill in Canvas' gradebook.

    Parameters
    ----------
    table : Table
        As Canvas exported it.
    assignment : str
        The column: its header, with or without the number behind it, or the number.
    scale : bool
        Convert marks where the assignment has another maximum; else that is an error.

    Raises
    ------
    KitError
        When it is another table, or the column cannot be filled.
    """
    if not is_canvas(table):
        raise KitError(
            f"{table.name} is not Canvas' gradebook, with the columns Student, ID and Section. "
            "Export it in Canvas under Grades."
        )
    column = _canvas_column(table, assignment)
    header = table.header[column]
    maximum = ""
    for _, values in table.rows():
        if "Points Possible" in values[0]:
            maximum = values[column]
    if "(read only)" in maximum or COMPUTED.search(header):
        raise KitError(f"{table.name}: Canvas computes {header!r} itself. Name an assignment.")
    factor = _factor(table, maximum, outcome.max_score, scale)
    return _fill(table, of_table(table), outcome, column, lambda mark: number(mark * factor))


def _canvas_column(table: Table, assignment: str) -> int:
    header = table.header
    # The last column on students is Section; assignments follow.
    columns = range(header.index("Section") + 1, len(header))
    titles = {place: re.fullmatch(r"(.*?)(?:\s\((\d+)\))?", header[place]) for place in columns}
    for wanted in (
        lambda place: header[place] == assignment,
        lambda place: assignment in (titles[place] or "").groups(),  # type: ignore[union-attr]
    ):
        found = [place for place in columns if wanted(place)]
        if len(found) == 1:
            return found[0]
        if found:
            listed = one_line(", ".join(header[place] for place in found), 300)
            raise KitError(f"{table.name} has several columns {assignment!r}: {listed}. Name one.")
    listed = one_line(", ".join(header[place] for place in columns), 300) or "none"
    near = get_close_matches(assignment, [header[place] for place in columns], n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise KitError(
        f"{table.name} has no assignment {assignment!r}.{hint} There are: {listed}. Make it in "
        "Canvas first, and export again."
    )


def fill_moodle(
    table: Table, outcome: ClassResult, column: str | None = None, scale: bool = False
) -> Filled:
    """Fill in Moodle's grading worksheet, in whatever language.

    Parameters
    ----------
    table : Table
        As Moodle exported it.
    column : str, optional
        The header of the grades; else they are told by their place before the maximum.
    scale : bool
        Convert marks where the assignment has another maximum; else that is an error.

    Raises
    ------
    KitError
        When it is another table, or its columns cannot be told.
    """
    columns = moodle_columns(table)
    if columns is None:
        raise KitError(
            f"{table.name} is not Moodle's grading worksheet, whose first column numbers the "
            "participants. In the assignment, allow offline grading, and download it there."
        )
    place = columns.grade
    if column is not None:
        if table.header.count(column) != 1:
            listed = one_line(", ".join(table.header), 300)
            raise KitError(f"{table.name} has no column {column!r}. There are: {listed}.")
        place = table.header.index(column)
    if place is None:
        listed = one_line(", ".join(table.header), 300)
        raise KitError(
            f"{table.name}: it cannot be told which column holds the grades. Name it with "
            f"--assignment; there are: {listed}."
        )
    maximum = table.column(columns.maximum)[0] if columns.maximum is not None else ""
    factor = _factor(table, maximum, outcome.max_score, scale)
    comma = "," in maximum  # the site writes decimals so

    def written(mark: float) -> str:
        text = f"{mark * factor:.2f}"
        return text.replace(".", ",") if comma else text

    return _fill(table, of_table(table), outcome, place, written)


def _factor(table: Table, maximum: str, max_score: float, scale: bool) -> float:
    most = _value(maximum)
    if most is None or max_score <= 0 or most == max_score:
        return 1.0
    if not scale:
        raise KitError(
            f"{table.name}: the assignment has {maximum} points there, and {number(max_score)} "
            "here. Change it there and export again, or convert the marks with --scale."
        )
    return most / max_score


def _value(text: str) -> float | None:
    return float(text.replace(",", ".")) if NUMBER.fullmatch(text) else None


def _fill(
    table: Table,
    roster: Roster,
    outcome: ClassResult,
    column: int,
    written: Callable[[float], str],
) -> Filled:
    """Write each student's mark into the column, and say who got none."""
    rows = outcome.rows
    students = [
        HandIn(Path(one.id), one.name, one.name, one.email, one.login, one.number)
        for one in (row.student for row in rows)
    ]
    owners, reasons = assign(students, roster)
    per_entry: dict[int, list[int]] = {}
    for index, where in owners.items():
        per_entry.setdefault(where, []).append(index)
    marks = 0
    nobody = [f"{rows[index].student.name} ({reason})" for index, reason in reasons.items()]
    without, twice, excused = [], [], []
    for where, own in sorted(per_entry.items()):
        entry = roster.entries[where]
        if len(own) > 1:
            twice.append(entry.student.name)
            continue
        row = rows[own[0]]
        mark = row.mark.final
        before = _before(table, entry.row, column)
        if mark is None:
            without.append(f"{row.student.name} ({row.status})")
        elif before.upper() == "EX":
            excused.append(row.student.name)
        else:
            marks += 1
            text = written(mark)
            if _value(before) is None or _value(before) != _value(text):
                table.set(entry.row, column, text)
    strangers = [
        entry.student.name for place, entry in enumerate(roster.entries) if place not in per_entry
    ]
    notes = (
        _note("no mark, so their cells stay as they were", without),
        _note(f"not found in {table.name}", nobody),
        _note("meant by two students of the class, so left alone", twice),
        _note("excused there, so left alone", excused),
        _note(f"in {table.name}, but not in the class", strangers),
    )
    return Filled(table.to_bytes(), marks, tuple(filter(None, notes)))


def _before(table: Table, row: int, column: int) -> str:
    cells = table.cells[row]  # a row may end before the column
    return cells[column].value.strip() if column < len(cells) else ""


def _note(what: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return f"{len(names)} {what}: {one_line('; '.join(names[:20]), 2000)}{more}"
