"""Names the form of an error that no catalogue holds: a sign, a factor, a flip, a missing term.

The rule of confidence
----------------------
A form is named only when it explains *all* wrong answers of a task that can be seen, to
rounding; when these are at least two answers to different questions, with at least six
numbers together; and when no other form of the same rank explains them too. A form of a
lower rank is looked for only where none of a higher one was found (`EXACT`, then `VAGUE`):

- *exact*: the answer follows from the expected one, or from what it was made of;
- *vague*: what is right about the answer, and what is not: on which elements it is wrong
  (where x is negative), all right but for a factor of each sample, the right values in
  other places.

What has no numbers is judged by which checks of a task failed alone (`by_checks`).
This module sees arrays and the names of checks; it knows no layer.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from autograder.diagnosis.fingerprints import WRONG
from autograder.diagnosis.observations import Record
from autograder.diagnosis.places import CLOSE, axis_name, differing

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


# The rule ----------------------------------------------------------------------------


def exact(records: Mapping[str, Record]) -> Form | None:
    """The one exact form that explains all wrong answers."""
    if not any(wrong.got.any() for wrong in wrong_answers(records)):
        return None  # much gives zero
    return first(records, EXACT)


def vague(records: Mapping[str, Record]) -> Form | None:
    """The one vague form that explains all wrong answers."""
    return first(records, VAGUE)


def first(records: Mapping[str, Record], ranks: Sequence[Sequence[Find]]) -> Form | None:
    """The form of the first rank that has one."""
    wrongs = wrong_answers(records)
    form = next(filter(None, (shared(wrongs, *finders) for finders in ranks)), None)
    if form and all(record.before is not None for record in records.values() if record.pair):
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


# Exact forms -------------------------------------------------------------------------


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


# Vague forms: what is right ----------------------------------------------------------


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


# Vague forms: on which elements ------------------------------------------------------


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


# By rank, and within a rank what is simpler first.
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
VAGUE: tuple[tuple[Find, ...], ...] = (
    (emptied,),
    (repeated,),
    (conditions,),
    (gaps,),
    (partly_scaled, rearranged, signed),
    (by_shape,),
    (positions,),
)


# What a check knows ------------------------------------------------------------------

FAULTS = {
    "changed": (
        "The call changes what it was given",
        "Look for +=, -= or x[…] = on an argument or a parameter: work on a copy.",
    ),
    "none": ("There is no array at all, but None", "Is it returned, or assigned to self?"),
    "bias": ("The biases do not start from zero", "What should an untrained bias do?"),
    "mean": ("The weights do not start with mean 0", "From which distribution are they drawn?"),
    "variance": ("The weights start with a wrong variance", "Which sizes count for fan_in?"),
    "independence": (
        "The weights are not drawn independently",
        "How many random numbers are drawn, and how many are needed?",
    ),
    "type": ("Numbers of the wrong type are kept", "Which dtype do they have, and from where?"),
    "inputs kept": (
        "Inputs are kept in layer_inputs where none should be",
        "When is layer_inputs filled, and when emptied?",
    ),
    "inputs not kept": (
        "layer_inputs does not hold one input for each layer",
        "When is layer_inputs filled, and when emptied?",
    ),
    "memory": ("Too much memory is needed", "How large is the largest array?"),
}

CHECKS = {  # the end of a check's name: what else then fails with it, in words
    "arguments": (
        ("state", "other_batch"),
        "The answers are right, but the call changes what it was given",
        "Look for +=, -= or x[…] = on an argument or a parameter: work on a copy.",
    ),
    "state": (
        ("other_batch",),
        "Right the first time only: an answer depends on the calls before",
        "What is kept between two calls, in the object or in the class?",
    ),
    "other_batch": (
        (),
        "An answer depends on the batch of the call before",
        "What is kept between two calls, in the object or in the class?",
    ),
    "huge": (
        (),
        "Right for ordinary numbers, but not for very large ones",
        "Where can an exponential overflow, or a logarithm meet a zero?",
    ),
    "ties": (
        (),
        "Right, unless several values are equally large",
        "What happens to the second of two equal values?",
    ),
    "apart": (
        (),
        "Right for one object, but two of them are not independent",
        "What do two objects share: an array, or something in the class?",
    ),
    "side_effects": (
        (),
        "The answers are right, but something else is left changed",
        "What must be as it was before the call?",
    ),
    "many": (
        (),
        "Right for a few images, but not for ten thousand",
        "Are they taken in pieces, and is every piece kept, the last one too?",
    ),
}


def by_checks(records: Mapping[str, Record]) -> Form | None:
    """What follows from which checks failed: all with a known fault, or those of one promise."""
    failed = {key: record for key, record in records.items() if record.status in WRONG}
    faults = list(dict.fromkeys(record.fault for record in failed.values()))
    if faults and all(faults):
        titles = " / and: ".join(FAULTS[fault][0] for fault in faults)
        return Form(f"fault.{'+'.join(faults)}", titles, FAULTS[faults[0]][1])
    if any(record.status != "passed" for key, record in records.items() if key not in failed):
        return None  # what was not judged may be wrong as well
    checks = {key.partition("[")[0] for key in failed}
    for name, (also, title, hint) in CHECKS.items():
        endings = tuple(f"_{one}" for one in (name, *also))
        if any(key.endswith(f"_{name}") for key in checks) and all(
            key.endswith(endings) for key in checks
        ):
            return Form(f"check.{name}", title, hint)
    return None


def variance(records: Mapping[str, Record]) -> Form | None:
    """Which variance random weights have, if it is a known function of a layer's sizes.

    A sample's variance is known to a hundredth or two; two layers must agree.
    """
    failed = [record for record in records.values() if record.status in WRONG]
    wrongs = [(record.pair, record.case) for record in failed if record.fault == "variance"]
    common: set[str] | None = None
    ratios = []
    for pair, case in wrongs:
        if pair is None or case is None:
            return None
        right, found = float(pair[0]), float(pair[1])
        ratios.append(found / right)
        names = {
            name
            for name, value in variances(2 / right, case.args).items()
            if abs(found / value - 1) <= VARIANCE
        }
        common = names if common is None else common & names
    if len(wrongs) < 2 or common is None:
        return None
    hint = "What is the variance of He's initialisation, and what is fan_in here?"
    if len(common) == 1:
        name = common.pop()
        return Form(f"variance.{name}", f"The weights start with the variance {name}", hint)
    if not common and max(ratios) <= (1 + VARIANCE) * min(ratios):
        factor = sum(ratios) / len(ratios)
        title = f"The variance of the weights is {factor:.2g} times what it should be"
        return Form(f"variance.{factor:.2g}", title, hint)
    return None


VARIANCE = 0.05  # of a variance: three times what chance explains


def variances(fan_in: float, args: Sequence[int]) -> dict[str, float]:
    """What the variance of weights may be, by the words for it."""
    kernel = float(np.prod(args[2:]))
    inputs, outputs = float(args[0]), float(args[1])
    fan_out = outputs * kernel
    found = {"1": 1.0, "(2 / fan_in)²": (2 / fan_in) ** 2, "1 / 12": 1 / 12}
    sizes = {"fan_in": fan_in, "fan_out": fan_out, "(fan_in + fan_out)": fan_in + fan_out}
    if kernel > 1:
        sizes |= {
            "the number of input channels": inputs,
            "the number of filters": outputs,
            "the size of the kernel": kernel,
        }
    for name, size in sizes.items():
        for over, words in ((2.0, "2 / "), (1.0, "1 / "), (1 / 3, "1 / 3 / ")):
            if (name, over) != ("fan_in", 2.0):
                found[words + name] = over / size
    for deviation in (0.1, 0.01, 0.001):
        found[f"{deviation:g}²"] = deviation**2
    return found
