"""The result of a grading: plain data, and the one JSON schema for it.

A result says what was found. It knows nothing of how checks are made or shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from autograder.errors import KitError
from autograder.text import clean

SCHEMA = "byhand/result/1"
SUSPICIOUS = 0.1  # of all points: that much more with public cases

# From the gravest: a task has the gravest outcome of its checks.
STATUSES = (
    "grader error",
    "timed out",
    "crashed",
    "failed",
    "not implemented",
    "skipped",
    "passed",
)


def worst(statuses: Iterable[str]) -> str:
    """The gravest of some outcomes; no outcome at all is an error of the grader."""
    return min(statuses, key=STATUSES.index, default="grader error")


@dataclass(frozen=True)
class Mistake:
    """A known mistake that a wrong answer looks like."""

    id: str
    title: str
    hint: str
    page: str


@dataclass(frozen=True)
class Check:
    """One promise that was put to the test."""

    name: str
    status: str
    message: str = ""
    mistake: Mistake | None = None
    evidence: dict[str, Any] | None = None  # to draw; see docs/reference/result.md

    def __post_init__(self) -> None:
        # Whatever way a text of the submission took to here, it is clean from here on.
        object.__setattr__(self, "message", clean(self.message, 4000))


@dataclass(frozen=True)
class TaskResult:
    """What became of one task."""

    id: str
    title: str
    points: float
    max_points: float
    status: str
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class Comparison:
    """What the same submission gets with the cases that everybody can have."""

    seed: int
    score: float

    def suspicious(self, score: float, max_score: float) -> bool:
        """Whether the public cases are worth so much more that one should look at the code."""
        return self.score - score > SUSPICIOUS * max_score


@dataclass(frozen=True)
class Result:
    """What became of one submission.

    Parameters
    ----------
    submission
        What a person calls it.
    isolation
        Capability → whether it was obtained.
    error
        Why it could not be graded; then there are no tasks and no score.
    note
        What was taken as the submission.
    refused
        Whether that error is the submission's own: it cannot be taken for one.
    public
        Its score with the public cases, where that was asked for.
    """

    submission: str
    seed: int
    isolation: dict[str, bool]
    seconds: float
    tasks: tuple[TaskResult, ...] = ()
    error: str | None = None
    note: str = ""
    public: Comparison | None = None
    refused: bool = False
    schema: str = field(default=SCHEMA, init=False)

    def __post_init__(self) -> None:
        for name in ("submission", "error", "note"):
            text = getattr(self, name)
            object.__setattr__(self, name, text if text is None else clean(text, 4000))

    @property
    def score(self) -> float | None:
        return None if self.error is not None else sum(task.points for task in self.tasks)

    @property
    def max_score(self) -> float:
        return sum(task.max_points for task in self.tasks)

    @property
    def full_marks(self) -> bool:
        return bool(self.tasks) and all(task.status == "passed" for task in self.tasks)

    def as_dict(self) -> dict[str, Any]:
        """The JSON schema, as documented in docs/reference/result.md."""
        return {
            "schema": self.schema,
            "submission": self.submission,
            "note": self.note,
            "error": self.error,
            "refused": self.refused,
            "score": self.score,
            "max_score": self.max_score,
            "isolation": self.isolation,
            "seed": self.seed,
            "public": asdict(self.public) if self.public else None,
            "seconds": round(self.seconds, 3),
            "tasks": [asdict(task) for task in self.tasks],
        }

    def to_json(self) -> str:
        return json.dumps(self.as_dict(), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Result:
        """Read what `as_dict` made.

        Raises
        ------
        KitError
            It is no result, or one of another schema.
        """
        try:
            if data["schema"] != SCHEMA:
                raise KitError(f"the result is of schema {data['schema']!r}, not {SCHEMA}")
            public = data.get("public")
            return cls(
                submission=data["submission"],
                seed=data["seed"],
                isolation=dict(data["isolation"]),
                seconds=float(data["seconds"]),
                tasks=tuple(map(_task, data["tasks"])),
                error=data["error"],
                note=data["note"],
                public=Comparison(**public) if public else None,
                refused=data.get("refused", False),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise KitError(f"this is no result of `autograder grade --json`: {error}") from error

    @classmethod
    def from_json(cls, text: str) -> Result:
        """Read what `to_json` wrote; see `from_dict`."""
        try:
            return cls.from_dict(json.loads(text))
        except ValueError as error:
            raise KitError(f"this is no JSON: {error}") from error


def _task(data: Mapping[str, Any]) -> TaskResult:
    return TaskResult(
        id=data["id"],
        title=data["title"],
        points=data["points"],
        max_points=data["max_points"],
        status=data["status"],
        checks=tuple(map(_check, data["checks"])),
    )


def _check(data: Mapping[str, Any]) -> Check:
    if data["status"] not in STATUSES:
        raise ValueError(f"the outcome {data['status']!r} is unknown")
    mistake = data["mistake"]
    return Check(
        name=data["name"],
        status=data["status"],
        message=data["message"],
        mistake=Mistake(**mistake) if mistake else None,
        evidence=data.get("evidence"),
    )
