"""Names the form of an error that no catalogue holds: a sign, a factor, a flip, a shift.

A form is said only when it explains all wrong answers of a task, at least two of them,
and when it is the only one that does. This module sees arrays; it knows no layer.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

CLOSE = 1e-4  # of the largest value: an answer in float32 is ten times closer
Pair = tuple[np.ndarray, np.ndarray]  # expected and got


@dataclass(frozen=True)
class Form:
    """A kind of error in words."""

    id: str
    title: str
    hint: str


def recognise(pairs: Sequence[Pair]) -> Form | None:
    """The form that all wrong answers share, or None if there is no or no single one."""
    pairs = [(expected, got) for expected, got in pairs if informative(expected)]
    if len(pairs) < 2:
        return None
    shared: dict[str, Form] | None = None
    for expected, got in pairs:
        found = {form.id: form for form in forms(expected, got)}
        shared = found if shared is None else {k: v for k, v in shared.items() if k in found}
        if not shared:
            return None
    return next(iter(shared.values())) if shared is not None and len(shared) == 1 else None


def informative(expected: np.ndarray) -> bool:
    """Whether an answer is more than one number: anything is a multiple of one number."""
    return expected.size >= 6 and bool(np.ptp(expected) > 0)


def close(got: np.ndarray, wanted: np.ndarray) -> bool:
    if got.shape != wanted.shape:
        return False
    with np.errstate(all="ignore"):
        return bool(np.abs(got - wanted).max() <= CLOSE * max(np.abs(wanted).max(), 1e-300))


def forms(expected: np.ndarray, got: np.ndarray) -> Iterator[Form]:
    """All forms that turn the expected answer into the one that came."""
    if got.ndim == expected.ndim and got.shape != expected.shape:
        yield from turned(expected, got)
    if got.shape != expected.shape or not np.isfinite(got).all():
        return
    yield from scaled(expected, got)
    yield from moved(expected, got)
    yield from turned(expected, got)


def scaled(expected: np.ndarray, got: np.ndarray) -> Iterator[Form]:
    """The same values, but for a factor or a constant."""
    factor = float((expected * got).sum() / (expected**2).sum())
    if close(got, -expected):
        yield Form("sign", "Every value has the opposite sign", "Look for a minus too many.")
    elif abs(factor) > 1e-6 and close(got, factor * expected):
        batch = expected.shape[0]
        if batch > 1 and np.isclose(factor, 1 / batch, rtol=1e-3):
            yield Form(
                "factor.mean",
                "Every value is divided by the size of the batch",
                "Is it a sum over the batch, or a mean?",
            )
        elif batch > 1 and np.isclose(factor, batch, rtol=1e-3):
            yield Form(
                "factor.sum",
                "Every value is multiplied by the size of the batch",
                "Is it a mean over the batch, or a sum?",
            )
        else:
            yield Form(
                f"factor.{factor:.3g}",
                f"Every value is {factor:.4g} times what it should be",
                "Which factor is missing, or there twice?",
            )
    difference = got - expected
    if np.ptp(difference) <= CLOSE * np.abs(expected).max() and not close(got, expected):
        yield Form("offset", "All values are off by the same number", "What is added to all?")
    if close(got, np.abs(expected)):
        yield Form("absolute", "Every value has lost its sign", "Where is the sign dropped?")


AXES = {
    2: ("rows", "columns"),
    4: ("samples", "channels", "rows", "columns"),
}


def axis_name(ndim: int, axis: int) -> str:
    names = AXES.get(ndim)
    return names[axis] if names else f"places along axis {axis}"


def moved(expected: np.ndarray, got: np.ndarray) -> Iterator[Form]:
    """The same values at other places along one axis, or along two."""
    axes = [axis for axis, length in enumerate(expected.shape) if length > 1]
    for axis in axes:
        name = axis_name(expected.ndim, axis)
        if close(got, np.flip(expected, axis)):
            yield Form(f"flip.{axis}", f"The {name} are in reverse order", "Look for a [::-1].")
        if expected.shape[axis] < 3:
            continue
        for distance in (1, -1):
            if close(got, np.roll(expected, distance, axis)):
                where = "further on" if distance > 0 else "further back"
                yield Form(
                    f"shift.{axis}.{distance}",
                    f"All {name} are one place {where} than they should be",
                    "Look for an index that is off by one.",
                )
    for pair in itertools.combinations(axes, 2):
        if close(got, np.flip(expected, pair)):
            names = " and ".join(axis_name(expected.ndim, axis) for axis in pair)
            yield Form(
                f"flip.{pair[0]}.{pair[1]}",
                f"The {names} are in reverse order",
                "Something is turned by 180 degrees, or should have been.",
            )


def turned(expected: np.ndarray, got: np.ndarray) -> Iterator[Form]:
    """The same values with axes in another order, or read off in another order."""
    if expected.ndim > 4:
        return
    for order in itertools.permutations(range(expected.ndim)):
        if order == tuple(range(expected.ndim)):
            continue
        if close(got, expected.transpose(order)):
            what = "The array is transposed" if expected.ndim == 2 else "Axes are swapped"
            yield Form(
                f"axes.{''.join(map(str, order))}",
                f"{what}: axes {order} of what was expected",
                "Write down the shape of each array, and what each axis means.",
            )
        elif got.shape == expected.shape and close(
            got, expected.transpose(order).reshape(expected.shape)
        ):
            yield Form(
                "order",
                "The right values, but read off in another order of the axes",
                "A reshape does not move values: transpose first.",
            )


def place(expected: np.ndarray, got: np.ndarray) -> str | None:
    """Which samples, channels, rows or columns are wrong, if not all of them are."""
    if got.shape != expected.shape or expected.ndim < 2:
        return None
    with np.errstate(all="ignore"):
        wrong = ~(np.abs(got - expected) <= CLOSE * np.abs(expected).max())
    parts = []
    for axis, length in enumerate(expected.shape):
        others = tuple(i for i in range(expected.ndim) if i != axis)
        bad = np.flatnonzero(wrong.any(axis=others))
        if 0 < len(bad) < length:
            name = axis_name(expected.ndim, axis)
            parts.append(f"{name} {spans(bad)} of 0–{length - 1}")
    return f"wrong only in {', '.join(parts)}" if parts else None


def spans(indices: np.ndarray) -> str:
    """Indices as a short text: 0–2, 5."""
    runs: list[list[int]] = []
    for index in map(int, indices):
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    shown = [f"{run[0]}–{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs]
    return ", ".join(shown[:6]) + (" …" if len(shown) > 6 else "")


def pattern(outcomes: Mapping[str, bool]) -> str | None:
    """For which cases an answer is right and for which it is wrong, if it is both.

    Parameters
    ----------
    outcomes
        Whether it is right, by the title of the case.
    """
    right = [title for title, passed in outcomes.items() if passed]
    wrong = [title for title, passed in outcomes.items() if not passed]
    if not right or not wrong:
        return None
    if len(right) <= len(wrong):
        return f"right only for: {'; '.join(right[:4])}{' …' if len(right) > 4 else ''}"
    return f"wrong only for: {'; '.join(wrong[:4])}{' …' if len(wrong) > 4 else ''}"
