"""What a form of an error is, and when it is sure enough to be named.

A form is for what no catalogue holds: a sign, a factor, a flip, a missing term.

The rule of confidence
----------------------
A form is named only when it explains *all* wrong answers of a task that can be seen, to
rounding; when these are at least two answers to different questions, with at least six
numbers together; and when no other form of the same rank explains them too. A form of a
lower rank is looked for only where none of a higher one was found: first the exact ones
(`exact_forms.py`), then the vague ones (`vague_forms.py`). What has no numbers is judged by
which checks of a task failed alone (`failed_checks.py`).
This module sees arrays; it knows no layer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from autograder.diagnosis.observations import Record
from autograder.diagnosis.places import CLOSE, axis_name

LEAST = 6  # numbers in all wrong answers together
ROUNDING = 4e-6  # of the largest value, in float32
PRECISION = 3e-3  # of a value: what half precision and three decimals leave


@dataclass(frozen=True)
class Form:
    """A kind of error in words."""

    id: str
    title: str
    hint: str


@dataclass(frozen=True)
class Wrong:
    """A wrong answer.

    Parameters
    ----------
    expected, got
        The right answer and the one that came.
    given
        What the answer was made from, and other right answers to the same question, by
        the names that a student knows.
    """

    expected: np.ndarray
    got: np.ndarray
    given: Mapping[str, np.ndarray] = field(default_factory=dict)

    def axis(self, index: int) -> str:
        """What an axis of the answer is called."""
        weight = self.given.get("weight")
        shape = () if weight is None else weight.shape
        if index == 0 and len(shape) == 4 and shape == self.expected.shape:
            return "filters"
        return axis_name(self.expected.ndim, index)

    @property
    def comparable(self) -> bool:
        """Whether the answer can be compared with the expected one, number by number."""
        return self.got.shape == self.expected.shape and bool(np.isfinite(self.got).all())


Find = Callable[[Wrong], Iterator[Form]]
UNMOVED = Form(
    "unmoved",
    "A parameter stays as it was",
    "Does its layer get a gradient, and is its update reached?",
)


def first(records: Mapping[str, Record], ranks: Sequence[Sequence[Find]]) -> Form | None:
    """The form of the first rank that has one."""
    wrongs = wrong_answers(records)
    form = next(filter(None, (shared(wrongs, *finders) for finders in ranks)), None)
    if form and all(record.before is not None for record in records.values() if record.pair):
        if form.id == "zero":
            return UNMOVED
        title = f"Of the step that is taken: {form.title[0].lower()}{form.title[1:]}"
        return replace(form, title=title)
    return form


NAMES = {  # of the arrays of a case, as a student knows them
    "x": "x",
    "g": "last_x_grad",
    "y": "y",
    "weight": "weight",
    "bias": "bias",
    "out": "the output",
    "x_grad": "the gradient with respect to x",
    "weight_grad": "weight_grad",
    "bias_grad": "bias_grad",
}


def wrong_answers(records: Mapping[str, Record]) -> list[Wrong]:
    """The wrong answers of a task, each once; of a step, what it changed.

    Where other answers are finite, those that are not are left out: how an error ends in NaN
    hangs on how a formula is written. Of a wrong shape alone the expected values are NaN.
    """
    found: dict[object, Wrong] = {}
    for record in records.values():
        if record.pair is None or record.fault:
            continue
        expected, got = record.pair
        if record.before is not None and expected.shape == got.shape == record.before.shape:
            expected, got = expected - record.before, got - record.before
        arrays = record.case.arrays if record.case else {}
        given = {name: np.asarray(arrays[key]) for key, name in NAMES.items() if key in arrays}
        key = expected.shape, expected.tobytes(), got.shape, got.tobytes()
        found.setdefault(key, Wrong(expected, got, given))
    wrongs = list(found.values())
    wrongs = [wrong for wrong in wrongs if np.isfinite(wrong.expected).all()] or wrongs
    return [wrong for wrong in wrongs if np.isfinite(wrong.got).all()] or wrongs


def shared(wrongs: Sequence[Wrong], *finders: Find) -> Form | None:
    """The single form that all wrong answers have in common, if they are evidence enough."""
    if not enough(wrongs):
        return None
    common: dict[str, Form] | None = None
    with np.errstate(all="ignore"):
        for wrong in sorted(wrongs, key=lambda wrong: -wrong.expected.size):
            found = {form.id: form for finder in finders for form in finder(wrong)}
            common = {k: v for k, v in (found if common is None else common).items() if k in found}
            if not common:
                return None
    if not common:
        return None
    # Sizes that are the same in all of several questions are two words for one thing.
    named = [form for form in common.values() if form.id.startswith("size.")]
    if named and len(named) == len(common) and len(wrongs) > 2:
        return named[0]
    return next(iter(common.values())) if len(common) == 1 else None


def enough(wrongs: Sequence[Wrong]) -> bool:
    """Whether wrong answers hold so much that a form is no accident."""
    if len(wrongs) < 2 or sum(wrong.expected.size for wrong in wrongs) < LEAST:
        return False
    by_numbers = any(varied(wrong.expected) for wrong in wrongs) or scalars(wrongs) >= LEAST
    return by_numbers or all(wrong.got.shape != wrong.expected.shape for wrong in wrongs)


def varied(answer: np.ndarray) -> bool:
    """Whether an answer is more than one number over and over."""
    return answer.size >= LEAST and bool(np.ptp(answer) > 0)


def scalars(wrongs: Sequence[Wrong]) -> int:
    """How many different numbers were expected, one in each answer."""
    return len({float(wrong.expected.ravel()[0]) for wrong in wrongs if wrong.expected.size})


def close(got: np.ndarray, wanted: np.ndarray) -> bool:
    """Whether two arrays are the same up to rounding, and not just both zero."""
    if got.shape != wanted.shape or not got.size:
        return False
    largest = np.abs(wanted).max()
    return bool(0 < largest < np.inf and np.abs(got - wanted).max() <= CLOSE * largest)


def same(got: np.ndarray, wanted: np.ndarray) -> bool:
    """As `close`, but zero may be both, where other answers tell more."""
    return close(got, wanted) or (got.shape == wanted.shape and not got.any() and not wanted.any())
