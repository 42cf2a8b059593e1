"""Exact forms: the answer follows from the expected one, or from what it was made of."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from autograder.diagnosis.forms import (
    PRECISION,
    ROUNDING,
    Find,
    Form,
    Wrong,
    close,
    first,
    same,
    wrong_answers,
)
from autograder.diagnosis.observations import Record
from autograder.diagnosis.places import CLOSE, axis_name


def scaled(wrong: Wrong) -> Iterator[Form]:
    """The same values, but for a factor or a constant."""
    expected, got = wrong.expected, wrong.got
    if not wrong.comparable or not np.abs(expected).max(initial=0) > 0:
        return
    factor = float((expected * got).sum() / (expected**2).sum())
    if close(got, -expected):
        yield Form("sign", "Every value has the opposite sign", "Look for a minus too many.")
    elif abs(factor) > 1e-6 and close(got, factor * expected):
        yield from factors(factor, wrong)
    difference = got - expected
    if expected.size > 1 and np.ptp(difference) <= CLOSE * np.abs(expected).max():
        yield Form("offset", "All values are off by the same number", "What is added to all?")


def factors(factor: float, wrong: Wrong) -> Iterator[Form]:
    """What a factor may be: a size of the question, or else a number."""
    for name, size in sizes(wrong).items():
        for power, words in ((-1, "divided by"), (1, "multiplied by"), (-2, "twice divided by")):
            if size > 1 and np.isclose(factor, float(size) ** power, rtol=1e-3):
                yield Form(
                    f"size.{name}.{power}",
                    f"Every value is {words} {name}",
                    "Is it a sum or a mean, and over what?",
                )
    yield Form(
        f"factor.{factor:.3g}",
        f"Every value is {factor:.4g} times what it should be",
        "Which factor is missing, or there twice?",
    )


def sizes(wrong: Wrong) -> dict[str, int]:
    """The sizes that a factor may come from, the likeliest first."""
    given = wrong.given
    first = given.get("x", wrong.expected)
    found = {"the size of the batch": first.shape[0] if first.ndim else 0}
    if first.ndim == 2:
        found["the number of columns of x"] = first.shape[1]
        found["the number of values in x"] = first.size
    if first.ndim == 4:
        found["the number of channels"] = first.shape[1]
        found["the number of values in an image"] = int(np.prod(first.shape[1:]))
    for name in ("the output", "last_x_grad"):
        if name in given and given[name].ndim == 4:
            found["the number of places in the output"] = int(np.prod(given[name].shape[2:]))
            found["the batch times the places in the output"] = int(
                given[name].shape[0] * np.prod(given[name].shape[2:])
            )
    if "weight" in given:
        weight = given["weight"]
        found["the number of rows of weight"] = weight.shape[0]
        if weight.ndim == 4:
            found["the size of the kernel"] = int(np.prod(weight.shape[2:]))
            found["the number of weights of a filter"] = int(np.prod(weight.shape[1:]))
    return found


def moved(wrong: Wrong) -> Iterator[Form]:
    """The same values at other places along one axis, or along two."""
    expected, got = wrong.expected, wrong.got
    if not wrong.comparable:
        return
    axes = [axis for axis, length in enumerate(expected.shape) if length > 1]
    for axis in axes:
        name = wrong.axis(axis)
        if close(got, np.flip(expected, axis)):
            yield Form(f"flip.{axis}", f"The {name} are in reverse order", "Look for a [::-1].")
        if expected.shape[axis] < 3:
            continue
        for distance in (1, -1):
            where = "further on" if distance > 0 else "further back"
            hint = "Look for an index that is off by one."
            if close(got, np.roll(expected, distance, axis)):
                title = f"All {name} are one place {where} than they should be"
                yield Form(f"shift.{axis}.{distance}", title, hint)
            filled = np.roll(expected, distance, axis)
            filled[(slice(None),) * axis + (0 if distance > 0 else -1,)] = 0
            if close(got, filled):
                title = f"All {name} are one place {where}, and one is left at zero"
                yield Form(f"shift.filled.{axis}.{distance}", title, hint)
    for pair in itertools.combinations(range(expected.ndim), 2):
        # One of the axes may have a single place, so that turning it shows nothing.
        if axes and set(pair) & set(axes) and close(got, np.flip(expected, pair)):
            names = " and ".join(wrong.axis(axis) for axis in pair)
            yield Form(
                f"flip.{pair[0]}.{pair[1]}",
                f"The {names} are in reverse order",
                "Something is turned by 180 degrees, or should have been.",
            )


def turned(wrong: Wrong) -> Iterator[Form]:
    """The same values with axes in another order, or read off in another order."""
    expected, got = wrong.expected, wrong.got
    if expected.ndim > 4 or got.size != expected.size or expected.ndim < 2:
        return
    for order in itertools.permutations(range(expected.ndim)):
        if order == tuple(range(expected.ndim)):
            continue
        other = expected.transpose(order)
        if close(got, other):
            what = "The array is transposed" if expected.ndim == 2 else "Axes are swapped"
            yield Form(
                f"axes.{''.join(map(str, order))}",
                f"{what}: axes {order} of what was expected",
                "Write down the shape of each array, and what each axis means.",
            )
        elif close(got.ravel(), other.ravel()) and not close(got.ravel(), expected.ravel()):
            yield Form(
                "order",
                "The right values, but read off in another order of the axes",
                "A reshape does not move values: transpose first.",
            )


def one_hot(x: np.ndarray) -> np.ndarray:
    return np.asarray(x == x.max(-1, keepdims=True), float) if x.ndim > 1 else np.zeros(0)


def softmax(x: np.ndarray) -> np.ndarray:
    if x.ndim != 2:
        return np.zeros(0)
    powers = np.exp(np.subtract(x, np.amax(x, 1, keepdims=True)))
    return np.asarray(powers / powers.sum(1, keepdims=True))


POINTWISE: tuple[tuple[str, str, Callable[[np.ndarray], np.ndarray]], ...] = (
    ("absolute", "the absolute value of {}", np.abs),
    ("negative", "{} with the opposite sign", np.negative),
    ("positive-part", "{} with its negative values set to 0", lambda x: np.maximum(x, 0)),
    ("negative-part", "{} with its positive values set to 0", lambda x: np.minimum(x, 0)),
    ("mask", "1 where {} is positive, 0 elsewhere", lambda x: (x > 0).astype(float)),
    ("sign", "the sign of {}", np.sign),
    ("square", "the square of {}", np.square),
    ("root", "the square root of {}", np.sqrt),
    ("exponential", "the exponential of {}", np.exp),
    ("logarithm", "the logarithm of {}", np.log),
    ("reciprocal", "1 / {}", lambda x: 1 / x),
    ("rounded", "{} rounded to whole numbers", np.rint),
    ("truncated", "{} without its decimals", np.trunc),
    ("floor", "{} rounded down", np.floor),
    ("one-hot", "1 at the largest value of each row of {}", one_hot),
    ("softmax", "the softmax of {}", softmax),
)


def pointwise(wrong: Wrong) -> Iterator[Form]:
    """A function of the right answer, value by value."""
    expected, got = wrong.expected, wrong.got
    if not wrong.comparable or not expected.size:
        return
    for name, words, function in POINTWISE:
        if name != "negative" and same(got, function(expected)):
            title = f"The answer is {words.format('what it should be')}"
            yield Form(f"pointwise.{name}", title, "Which step does this, and is it wanted?")
    for name, bound, cut in (("above", got.max(), np.minimum), ("below", got.min(), np.maximum)):
        limit = round(float(bound), 3)
        within = expected.min() < limit < expected.max()
        if limit and within and abs(limit - bound) <= 1e-6 and close(got, cut(expected, limit)):
            title = f"No value is {name} {limit:g}: it is cut off there"
            yield Form(f"cut.{name}.{limit:g}", title, "What limits the values?")


def rounded(wrong: Wrong) -> Iterator[Form]:
    """Rounded to some decimals."""
    expected, got = wrong.expected, wrong.got
    if not wrong.comparable or not expected.size:
        return
    error = np.abs(got - expected).max()
    for decimals in range(1, 5):
        fits = np.abs(got - np.round(got, decimals)).max() <= 1e-7 * np.abs(got).max()
        if fits and error <= 0.51 * 10.0**-decimals:
            title = f"The answer is rounded to {decimals} decimals"
            yield Form(f"decimals.{decimals}", title, "Nothing needs rounding.")


def imprecise(wrong: Wrong) -> Iterator[Form]:
    """Nearly right: computed with too little precision."""
    expected, got = wrong.expected, wrong.got
    if not wrong.comparable or not expected.size:
        return
    error = np.abs(got - expected).max()
    half = np.array_equal(got, got.astype(np.float16)) and error <= 1e-6
    if error > 0 and (half or error <= PRECISION * np.abs(expected).max()):
        title = "The answer is nearly right, to three digits or so, and float32 gives seven"
        yield Form("precision", title, "Is something computed in float16, or a small number added?")


def others(wrong: Wrong) -> Iterator[tuple[str, np.ndarray]]:
    """The other arrays of the question, by name."""
    for name, other in wrong.given.items():
        if other.shape != wrong.expected.shape or not np.array_equal(other, wrong.expected):
            yield name, other


def instead(wrong: Wrong) -> Iterator[Form]:
    """Another array of the question in place of the answer."""
    for name, other in others(wrong):
        if close(wrong.got, other):
            yield Form(f"other.{name}", f"The answer is {name} itself", "What is still to be done?")


def functions(wrong: Wrong) -> Iterator[Form]:
    """A function of another array of the question, value by value, or a sum of it."""
    for name, other in others(wrong):
        if wrong.got.shape == other.shape:
            for kind, words, function in POINTWISE:
                if close(wrong.got, function(other)):
                    title = f"The answer is {words.format(name)}"
                    yield Form(f"{kind}.{name}", title, "What is still to be done with it?")
        if name in SUMMED:
            yield from sums(name, other, wrong.got)


def terms(wrong: Wrong) -> Iterator[Form]:
    """The right answer, but for one term of a sum or one factor of a product."""
    if not wrong.comparable:
        return
    expected, got = wrong.expected, wrong.got
    for name, other in others(wrong):
        if other.shape == expected.shape and close(got, expected * other):
            title = f"Every value is multiplied by that of {name} once too often"
            yield Form(f"product.{name}", title, "Which factors does the formula have?")
        if name in TERMS:
            yield from term(name, other, expected, got)


TERMS = ("bias", "x", "last_x_grad", "weight", "the output")
SUMMED = ("last_x_grad", "x")
TIMES = {
    -1.0: ("missing", "A term is missing: {} is not added"),
    1.0: ("doubled", "A term is there twice: {} is added two times"),
    -2.0: ("subtracted", "A term has the wrong sign: {} is subtracted, not added"),
    -0.5: ("halved", "A term is too small: only half of {} is added"),
}


def term(name: str, array: np.ndarray, expected: np.ndarray, got: np.ndarray) -> Iterator[Form]:
    """The right answer, but for a term that is missing, or there twice."""
    shapes = [array] if array.shape == expected.shape else []
    if array.ndim == 1 < expected.ndim:
        shapes = [
            array.reshape([-1 if i == axis else 1 for i in range(expected.ndim)])
            for axis, length in enumerate(expected.shape)
            if length == len(array)
        ]
    difference = got - expected
    for shape in shapes:
        whole = np.broadcast_to(shape, expected.shape)
        times = float((difference * whole).sum() / max((whole**2).sum(), 1e-300))
        # The term alone is compared, so that a small one is not lost beside the rest; what
        # float32 rounds off the rest is granted, where that is little of the term.
        allowed = CLOSE * np.abs(times * whole).max() + ROUNDING * np.abs(expected).max()
        if not np.abs(difference - times * whole).max() <= allowed:
            continue
        if not allowed <= 0.02 * np.abs(times * whole).max():
            continue
        for known, (kind, words) in TIMES.items():
            if np.isclose(times, known, rtol=1e-2):
                yield Form(f"term.{name}.{kind}", words.format(name), "Count the terms.")
                return
        title = f"{times:.2g} times {name} is added, which should not be there"
        yield Form(f"term.{name}.{times:.2g}", title, "Count the terms.")


def sums(name: str, array: np.ndarray, got: np.ndarray) -> Iterator[Form]:
    """The sum or the mean of an array over some of its axes."""
    for count in range(1, array.ndim + 1):
        for axes in itertools.combinations(range(array.ndim), count):
            for kind, total in (("sum", array.sum(axes)), ("mean", array.mean(axes))):
                for kept in (total, np.expand_dims(total, axes)):
                    if close(got, kept):
                        which = ", ".join(axis_name(array.ndim, axis) for axis in axes)
                        yield Form(
                            f"reduced.{name}.{kind}.{axes}.{kept.ndim}",
                            f"The answer is the {kind} of {name} over its {which}",
                            "Over which axes is it a sum? Which shape is asked for?",
                        )


def reshaped(wrong: Wrong) -> Iterator[Form]:
    """The right values in a wrong shape, more of them, or fewer."""
    expected, got = wrong.expected, wrong.got
    if got.shape == expected.shape or not np.isfinite(got).all() or not got.size:
        return
    if got.size == expected.size and close(got.ravel(), expected.ravel()):
        yield Form(
            "shape",
            "The right values in the right order; only the shape is not what it should be",
            "Which axes must be joined, split, kept or dropped?",
        )
    for axis in range(got.ndim):
        for kind, total in (("summed up", got.sum(axis)), ("averaged", got.mean(axis))):
            if got.shape[axis] > 1 and close(total.ravel(), expected.ravel()):
                title = f"The right values, but not {kind} over the {axis_name(got.ndim, axis)}"
                yield Form(f"unreduced.{axis}.{kind}", title, "One step is missing at the end.")
    if got.ndim != expected.ndim:
        return
    if all(a <= b for a, b in zip(got.shape, expected.shape, strict=True)):
        yield from within(got, expected, "part", "Only a part of the answer came")
    if all(a >= b for a, b in zip(got.shape, expected.shape, strict=True)):
        yield from within(expected, got, "more", "The right answer, with more around it or between")


def within(small: np.ndarray, large: np.ndarray, name: str, title: str) -> Iterator[Form]:
    """Whether an array is cut out of another one: from a corner, the middle, or in steps."""
    spare = [b - a for a, b in zip(small.shape, large.shape, strict=True)]
    for words, starts in (
        ("at the end", [0] * small.ndim),
        ("at the start", spare),
        ("at all borders", [length // 2 for length in spare]),
    ):
        if words == "at all borders" and any(length % 2 for length in spare):
            continue
        cut = tuple(slice(s, s + n) for s, n in zip(starts, small.shape, strict=True))
        if close(small, large[cut]):
            verb = "missing" if name == "part" else "too many"
            axes = " and ".join(axis_name(small.ndim, i) for i, n in enumerate(spare) if n)
            hint = "How large is the answer, and where does a loop end?"
            yield Form(f"{name}.{words}", f"{title}: {axes} {words} are {verb}", hint)
    steps = [-(-b // a) if a else 1 for a, b in zip(small.shape, large.shape, strict=True)]
    cut = tuple(slice(None, None, step) for step in steps)
    if close(small, large[cut]):
        yield Form(f"{name}.steps", f"{title}: the step is wrong", "How far apart are places?")


# By rank: what is simpler first.
EXACT: tuple[tuple[Find, ...], ...] = (
    (scaled,),
    (moved, turned),
    (terms,),
    (pointwise,),
    (rounded,),
    (imprecise,),
    (reshaped,),
    (instead,),
    (functions,),
)


def exact(records: Mapping[str, Record]) -> Form | None:
    """The one exact form that explains all wrong answers."""
    if not any(wrong.got.any() for wrong in wrong_answers(records)):
        return None  # much gives zero
    return first(records, EXACT)
