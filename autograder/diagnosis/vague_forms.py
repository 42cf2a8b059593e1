"""Vague forms: what is right about an answer, and what is not.

On which elements it is wrong (where x is negative), all right but for a factor of each
sample, the right values in other places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from autograder.diagnosis.forms import LEAST, Find, Form, Wrong, close, first
from autograder.diagnosis.observations import Record
from autograder.diagnosis.places import CLOSE, axis_name, differing


def emptied(wrong: Wrong) -> Iterator[Form]:
    """Nothing, or nothing finite, or one number everywhere."""
    expected, got = wrong.expected, wrong.got
    if got.size and not np.isfinite(got).any():
        yield Form("nan", "No value is a finite number", "Look for 0 / 0, log(0) or an overflow.")
        return
    if not wrong.comparable or expected.size < 2:
        return
    if not got.any():
        yield Form("zero", "Every value is 0", "Is what was computed also stored and returned?")
    elif np.ptp(got) == 0:
        yield Form("constant", "Every value is the same number", "What should make them differ?")


def gaps(wrong: Wrong) -> Iterator[Form]:
    """Zero where it should not be, or something where zero is right, and nothing else wrong."""
    expected, got = wrong.expected, wrong.got
    if not wrong.comparable or expected.size < 2:
        return
    bad = differing(expected, got)
    if not got[bad].any():
        yield Form(
            "holes",
            "Where the answer is wrong, it is 0; all other values are right",
            "Which places does a loop leave out, or what overwrites them?",
        )
    if expected.any() and not expected[bad].any():
        yield Form(
            "extra",
            "There are values where 0 is right; all other values are right",
            "What keeps these places at zero?",
        )


def repeated(wrong: Wrong) -> Iterator[Form]:
    """The same for all samples, channels, rows, columns."""
    expected, got = wrong.expected, wrong.got
    if not wrong.comparable or expected.ndim < 2:
        return
    for axis, length in enumerate(expected.shape):
        scale = CLOSE * np.abs(got).max()
        if length > 1 and np.ptp(got, axis).max() <= scale < np.ptp(expected, axis).max():
            name = wrong.axis(axis)
            title = f"All {name} of the answer are the same, and should not be"
            yield Form(f"same.{axis}", title, f"Where do the {name} get mixed or averaged?")


def partly_scaled(wrong: Wrong) -> Iterator[Form]:
    """Right up to a factor, or a number, of each sample, channel, row, column, or case."""
    expected, got = wrong.expected, wrong.got
    if not wrong.comparable or expected.size < LEAST:
        return
    factor = float((expected * got).sum() / max((expected**2).sum(), 1e-300))
    if abs(factor) > 1e-6 and close(got, factor * expected):
        title = "All values of an answer are wrong by one factor, another one in each case"
        yield Form("factor.own", title, "Which size of the question is the factor?")
        return
    for axis, length in enumerate(expected.shape):
        name = wrong.axis(axis)
        others = tuple(i for i in range(expected.ndim) if i != axis)
        if not 1 < length < expected.size / 2:
            continue
        square = np.maximum((expected**2).sum(others, keepdims=True), 1e-300)
        own = (expected * got).sum(others, keepdims=True) / square
        if np.abs(own).max() > 1e-6 and close(got, own * expected):
            title = f"The {name} are right but for a factor, another one for each"
            yield Form(f"factor.{axis}", title, "What is divided by, and over which axis is it?")
        own = (got - expected).mean(others, keepdims=True)
        if close(got - expected, np.broadcast_to(own, expected.shape)):
            title = f"The {name} are right but for a number that is added, another one for each"
            yield Form(f"offset.{axis}", title, "What is added, and along which axis?")


def rearranged(wrong: Wrong) -> Iterator[Form]:
    """The right values at other places."""
    expected, got = wrong.expected, wrong.got
    if not np.isfinite(got).all() or got.size != expected.size or got.size < LEAST:
        return
    if np.ptp(expected) > 0 and close(np.sort(got, axis=None), np.sort(expected, axis=None)):
        yield Form("places", "The right values, but in other places", "Follow one value by hand.")


def signed(wrong: Wrong) -> Iterator[Form]:
    """The right magnitudes with wrong signs."""
    if wrong.comparable and close(np.abs(wrong.got), np.abs(wrong.expected)):
        title = "Right but for the signs of some values"
        yield Form("signs", title, "What decides the sign?")


def by_shape(wrong: Wrong) -> Iterator[Form]:
    """How a wrong shape differs from the right one."""
    got, expected = wrong.got.shape, wrong.expected.shape
    hint = "Write down the shape of each array, and what each axis means."
    if got == expected:
        return
    if len(got) != len(expected):
        count = len(got) - len(expected)
        words = "more" if count > 0 else "fewer"
        what = f"{abs(count)} {'axis' if abs(count) == 1 else 'axes'} {words} than it should"
        yield Form(f"axes.{count}", f"The answer has {what}", hint)
        return
    if sorted(got) == sorted(expected):
        yield Form("axes", "The lengths of the axes are right, but in another order", hint)
    changed = [axis for axis in range(len(got)) if got[axis] != expected[axis]]
    steps = {got[axis] - expected[axis] for axis in changed}
    names = " and ".join(axis_name(len(got), axis) for axis in changed)
    if len(steps) == 1:
        step = steps.pop()
        title = f"There are {abs(step)} too {'many' if step > 0 else 'few'} {names}"
        yield Form(f"length.{changed}.{step}", title, "Count: how many places are there?")
    elif sorted(got) != sorted(expected):
        yield Form(f"length.{changed}", f"The number of {names} is not right", hint)


# On which elements -------------------------------------------------------------------


def conditions(wrong: Wrong) -> Iterator[Form]:
    """The elements on which an answer is wrong, by what is there in the question."""
    expected, got = wrong.expected, wrong.got
    if not wrong.comparable or expected.size < LEAST:
        return
    bad = differing(expected, got)
    found: dict[str, np.ndarray] = {}
    for name, other in wrong.given.items():
        if other.shape == expected.shape and other.dtype.kind == "f" and name in SHOWN:
            found[f"where {name} is negative"] = other < 0
            found[f"where {name} is positive"] = other > 0
    labels = wrong.given.get("y")
    if labels is not None and expected.ndim == 2 and len(labels) == len(expected):
        right = np.arange(expected.shape[1]) == labels[:, None]
        found["at the right class"] = right
        found["at all classes but the right one"] = ~right
    yield from places_of(bad, found)


def positions(wrong: Wrong) -> Iterator[Form]:
    """The elements on which an answer is wrong, by where they stand."""
    expected, got = wrong.expected, wrong.got
    if not wrong.comparable or expected.size < LEAST:
        return
    bad, found = differing(expected, got), {}
    if (expected == 0).any():
        found["where 0 is right"] = expected == 0
        found["where 0 is not right"] = expected != 0
    for axis, length in enumerate(expected.shape):
        if length > 1:
            index = np.arange(length).reshape([-1 if i == axis else 1 for i in range(bad.ndim)])
            name = wrong.axis(axis)
            for words, which in (("first", index == 0), ("last", index == length - 1)):
                found[f"at the {words} of the {name}"] = np.broadcast_to(which, bad.shape)
                found[f"at all {name} but the {words}"] = np.broadcast_to(~which, bad.shape)
    yield from places_of(bad, found)


def places_of(bad: np.ndarray, found: Mapping[str, np.ndarray]) -> Iterator[Form]:
    """Which of the places are those that are wrong."""
    if bad.all():
        return
    for words, where in found.items():
        # Not all of these places need be wrong: some may be so by accident.
        if not (bad & ~where).any() and bad.sum() >= 0.8 * where.sum():
            title = f"The answer is wrong {words}, and right elsewhere"
            yield Form(f"where.{words}", title, "What is different there?")


SHOWN = ("x", "last_x_grad", "the output")


# By rank: what is simpler first.
VAGUE: tuple[tuple[Find, ...], ...] = (
    (emptied,),
    (repeated,),
    (conditions,),
    (gaps,),
    (partly_scaled, rearranged, signed),
    (by_shape,),
    (positions,),
)


def vague(records: Mapping[str, Record]) -> Form | None:
    """The one vague form that explains all wrong answers."""
    return first(records, VAGUE)
