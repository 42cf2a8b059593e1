"""Compares an answer with the expected one, and says where and how they differ.

The precision of float32 is always enough, so there is one tolerance. An answer that is a
sum of K products of float32 numbers carries an error of about sqrt(K) / 3 units of
rounding (6e-8) of the sum of their magnitudes, 20 for the largest sum in the cases when it
is added up one by one; transforms (FFT) and inputs that were rounded on their way add
a few. TOLERANCE grants 32 · 2⁻²³, some three times that. Rounding to float16 errs by
4e-4, a hundred times more than is granted; the smallest mistake in a formula by far more.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.checks.failures import CheckFailed
from autograder.diagnosis import places
from autograder.diagnosis.observations import observe

EPSILON = float(np.finfo(np.float32).eps)  # 2⁻²³
TOLERANCE = 32 * EPSILON  # 3.8e-6, of the magnitude that a case states
NEARLY = 1e-3  # a relative error that may come of too little precision


def agree(
    got: Any,
    expected: np.ndarray,
    scale: float,
    what: str,
    call: str,
    tolerance: float = TOLERANCE,
    before: np.ndarray | None = None,
) -> None:
    """Raise `CheckFailed` unless `got` is `expected` up to rounding.

    Parameters
    ----------
    got
        An array, or None.
    expected
        In float64.
    scale
        The magnitude that errors are measured against.
    what, call
        The name of the value ("weight_grad"), and what was called, for the message.
    tolerance
        The largest error allowed, in units of `scale`.
    before
        What the value was before a step, where it is what a step made of it.

    Notes
    -----
    Shapes are compared first, and nothing is broadcast. NaN fails: every comparison is
    written as "not (error <= tolerance)".
    """
    expected = np.asarray(expected)
    observe(what, got, tolerance * max(scale, magnitude(got)))
    same_shape(got, expected.shape, what, call, expected)
    wide = got.astype(np.float64)
    with np.errstate(all="ignore"):
        error = np.abs(wide - expected)
        wrong = ~(error <= tolerance * scale)
    if not wrong.any():
        return
    message = describe(wide, expected, wrong, scale, what, call, got.dtype)
    raise CheckFailed(message, expected, wide, before)


def magnitude(value: Any) -> float:
    """The largest finite number of an answer: what diverges has rounding errors of its own."""
    finite = np.abs(value[np.isfinite(value)]) if value is not None else np.zeros(0)
    return float(finite.max(initial=0))


def same_shape(
    got: Any, shape: tuple[int, ...], what: str, call: str, expected: np.ndarray | None = None
) -> None:
    """Raise `CheckFailed` unless `got` is an array of this shape.

    What was expected is handed on, where it is known.
    """
    if got is None or got.shape != shape:
        observe(f"shape of {what}", got, np.inf)
    if got is None:
        raise CheckFailed(
            f"{what} is None; expected an array of shape {shape}\n  in {call}", fault="none"
        )
    if got.shape != shape:
        raise CheckFailed(
            f"{what} has the wrong shape\n"
            f"  expected: {shape_text(shape)}\n"
            f"  got:      {shape_text(got.shape)}\n"
            f"  in {call}",
            np.full(shape, np.nan) if expected is None else expected,
            got,
        )


def shape_text(shape: tuple[int, ...]) -> str:
    return str(shape) if shape else "() (a single number)"


def describe(
    got: np.ndarray,
    expected: np.ndarray,
    wrong: np.ndarray,
    scale: float,
    what: str,
    call: str,
    dtype: np.dtype[Any],
) -> str:
    """The difference in words: how many, the first one, the largest."""
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    lines = []
    finite = np.isfinite(got)
    if not finite.all():
        first = tuple(int(i) for i in np.argwhere(~finite)[0])
        lines.append(f"{what} is not finite: {int((~finite).sum())} of {got.size} values")
    elif got.ndim == 0:
        lines.append(f"{what} is wrong")
    else:
        lines.append(f"{what} is wrong: {int(wrong.sum())} of {got.size} values differ")
    place = f" at {list(first)}" if first else ""
    lines.append(f"  expected{place}: {number(expected[first])}")
    lines.append(f"  got{' ' * (len(place) + 5)}: {number(got[first])}")
    if got.ndim:
        lines.append(f"  shape {got.shape}, {dtype}")
    if finite.all():
        largest = np.abs(got - expected).max()
        if largest < NEARLY * scale:  # else the numbers above say enough
            lines.append(
                f"  nearly right: the largest relative error is {largest / scale:.1e};"
                f" rounding explains {TOLERANCE:.1e}"
            )
        if dtype == np.float16:
            lines.append("  computed in float16, which is not precise enough")
    where = places.place(wrong)
    if where:
        lines.append(f"  {where}")
    lines += [f"  {line}" for line in places.chart(wrong)]
    lines.append(f"  in {call}")
    return "\n".join(lines)


def number(value: Any) -> str:
    return f"{float(value) + 0.0:.7g}"  # no "-0"


def unchanged(now: Any, before: np.ndarray, what: str, call: str) -> None:
    """Raise `CheckFailed` if an argument or a parameter was changed by a call."""
    observe(f"{what} after the call", now, TOLERANCE * float(np.abs(before).max(initial=0)))
    same_shape(now, before.shape, f"{what} after the call", call)
    changed = ~((now == before) | (np.isnan(now) & np.isnan(before)))
    if changed.any():
        first = tuple(int(i) for i in np.argwhere(changed)[0])
        raise CheckFailed(
            f"the call changed {what}, which it must leave as it is\n"
            f"  before at {list(first)}: {number(before[first])}\n"
            f"  after  at {list(first)}: {number(now[first])}\n"
            f"  in {call}",
            before,
            now,
            fault="changed",
        )
