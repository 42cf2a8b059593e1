"""A class and what became of it: plain data, and the JSON of it.

It says who handed in what and what that is worth. How it is graded, exported or shown is
not known here.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

SCHEMA = "byhand/class/1"

GRADED, MISSING, REFUSED, BROKEN = "graded", "not handed in", "refused", "grader error"


@dataclass(frozen=True)
class Student:
    """Somebody who is in the class.

    Parameters
    ----------
    id
        Safe as the name of a file, and nobody else's: what files and links are called.
    name
        As the roster or the hand-in spells it.
    email, login, number
        What a learning platform knows the student by, as far as the roster says it.
    """

    id: str
    name: str
    email: str = ""
    login: str = ""
    number: str = ""


@dataclass(frozen=True)
class Mark:
    """Points, before and after the rule for late work."""

    raw: float | None
    penalty: float = 0.0
    hours_late: float = 0.0

    @property
    def final(self) -> float | None:
        return None if self.raw is None else max(0.0, self.raw - self.penalty)


@dataclass(frozen=True)
class Row:
    """One student in the class' result.

    Parameters
    ----------
    status
        `GRADED`, `MISSING` (nothing was handed in), `REFUSED` (it could not be taken for a
        submission) or `BROKEN` (the grader failed; there is no mark).
    submission
        The name of what was handed in.
    key
        Of its result: equal for equal content.
    reason
        Why there is no mark, or what else is to be known of it.
    twins
        Ids of other students whose files are the same to the byte, some of them.
    """

    student: Student
    status: str
    mark: Mark = Mark(None)
    submission: str = ""
    key: str = ""
    reason: str = ""
    twins: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pair:
    """Two submissions that share code which others do not have."""

    first: str
    second: str
    share: float  # of the smaller one's unusual code, 0 to 1
    page: str = ""  # where they stand side by side, relative to the class page


@dataclass(frozen=True)
class ClassResult:
    """What became of a class; `notes` is what an instructor should know of the whole of it."""

    title: str
    version: str
    seconds: float
    max_score: float
    isolation: dict[str, bool]
    rows: tuple[Row, ...]
    pairs: tuple[Pair, ...] = ()
    notes: tuple[str, ...] = ()
    schema: str = field(default=SCHEMA, init=False)

    def to_json(self) -> str:
        """The schema that docs/course/class.md describes."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> ClassResult:
        """Read what `to_json` wrote."""
        data: dict[str, Any] = json.loads(text)
        rows = tuple(
            Row(
                Student(**row.pop("student")),
                mark=Mark(**row.pop("mark")),
                twins=tuple(row.pop("twins")),
                **row,
            )
            for row in data.pop("rows")
        )
        pairs = tuple(Pair(**pair) for pair in data.pop("pairs"))
        data.pop("schema")
        notes = tuple(data.pop("notes", ()))  # older files have none
        return cls(rows=rows, pairs=pairs, notes=notes, **data)
