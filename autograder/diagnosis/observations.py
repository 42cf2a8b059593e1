"""What the checks saw: a record of answers, short enough to keep and to compare.

A check tells `observe` of every value that it judges. Of an array the record keeps the
shape and a *sketch*: a few random projections, which are equal, up to rounding, for equal
arrays, and for different ones by no accident. This module knows no right answers.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from autograder.cases import Case

PROJECTIONS = 4
MARGIN = 8  # of the difference between two sketches over the error of an answer


@dataclass(frozen=True)
class Observation:
    """One value that was judged."""

    what: str
    shape: tuple[int, ...] | None
    sketch: tuple[float, ...]
    tolerance: float

    def resembles(self, other: Observation) -> bool:
        """Whether both are the same value, up to rounding."""
        if (self.what, self.shape) != (other.what, other.shape):
            return False
        if len(self.sketch) != len(other.sketch):
            return False
        allowed = MARGIN * max(self.tolerance, other.tolerance)
        return all(abs(a - b) <= allowed for a, b in zip(self.sketch, other.sketch, strict=True))


@dataclass
class Record:
    """All that one check saw, and how it ended."""

    observations: list[Observation] = field(default_factory=list)
    status: str = "passed"
    kind: str = ""  # of an exception
    method: str = ""  # in which it arose
    text: str = ""  # what the exception says
    pair: tuple[np.ndarray, np.ndarray] | None = None  # expected and got, where it failed
    before: np.ndarray | None = None  # of which a step made it
    fault: str = ""  # of a kind that the check itself tells for sure
    case: Case | None = None  # the question, where there is one only
    seconds: float = 0.0
    awaited: Record | None = None  # what is compared with it, while it is made

    @property
    def has_numbers(self) -> bool:
        """Whether it is a wrong answer that is made of numbers, all of them finite."""
        numbers = self.pair is not None and np.isfinite(self.pair[1]).all()
        return self.status == "failed" and bool(numbers)

    def resembles(self, other: Record) -> bool:
        """Whether two submissions behaved alike in this check."""
        return (
            self.status == other.status
            and self.method == other.method
            and not (self.says_as(other) and self.text != other.text)
            and len(self.observations) == len(other.observations)
            and all(
                a.resembles(b) for a, b in zip(self.observations, other.observations, strict=True)
            )
        )

    def says_as(self, other: Record) -> bool:
        """Whether two exceptions are one but for the numbers, which are shapes mostly."""
        return self.kind == other.kind and words(self.text) == words(other.text)

    def ends_as(self, other: Record) -> bool:
        """Whether two exceptions are evidence of the same mistake.

        Shapes that do not fit are told in the words of the function that meets them; what
        else goes wrong is told by Python, and always in the same words.
        """
        if self.kind in ("ValueError", "IndexError"):
            return self.kind == other.kind
        return self.kind != "" and self.says_as(other)


def words(text: str) -> str:
    """A message without its numbers."""
    return re.sub(r"\d+", "0", text)


class Otherwise(Exception):
    """A value differs from what was awaited, so nothing that follows matters."""

    status = "otherwise"


_current: ContextVar[Record | None] = ContextVar("record", default=None)


@contextmanager
def recording(awaited: Record | None = None) -> Iterator[Record]:
    """Collect the observations that are made meanwhile.

    Parameters
    ----------
    awaited
        The first number that is not in this record ends the check by `Otherwise`.
    """
    record = Record(awaited=awaited)
    token = _current.set(record)
    started = time.monotonic()
    try:
        yield record
    finally:
        record.seconds = time.monotonic() - started
        _current.reset(token)


def observe(what: str, value: Any, tolerance: float) -> None:
    """Note a value that is being judged.

    Parameters
    ----------
    value
        An array, or None.
    tolerance
        How far two right computations of it can differ.
    """
    record = _current.get()
    if record is None:
        return
    if value is None:
        record.observations.append(Observation(what, None, (), 0.0))
    else:
        array = np.asarray(value)
        record.observations.append(Observation(what, array.shape, sketch(array), tolerance))
        if record.awaited is not None and np.isfinite(array).all():
            index = len(record.observations) - 1
            theirs = record.awaited.observations[index : index + 1]
            if not theirs or not record.observations[index].resembles(theirs[0]):
                raise Otherwise


def sketch(array: np.ndarray) -> tuple[float, ...]:
    """A few numbers that stand for an array."""
    flat = array.astype(np.float64).ravel()
    finite = np.isfinite(flat)
    special: tuple[float, ...] = ()
    if not finite.all():
        # Whether it is infinite or NaN hangs on how a formula is written.
        special = (float((~finite).sum()),)
        flat = np.where(finite, flat, 0.0)
    if flat.size <= PROJECTIONS:
        return (*map(float, flat), *special)
    projected = directions(flat.size) @ flat / np.sqrt(flat.size)
    return (*map(float, projected), *special)


@lru_cache(maxsize=256)
def directions(size: int) -> np.ndarray:
    return np.random.RandomState(size % (1 << 31)).uniform(-1, 1, (PROJECTIONS, size))
