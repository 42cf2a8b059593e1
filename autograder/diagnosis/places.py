"""Says where an answer is wrong: which samples, channels, rows, which cases, and a small map.

This is the least that is said of every wrong answer, whatever else is known of it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

CLOSE = 1e-4  # of the largest value: an answer in float32 is ten times closer
ROWS, COLUMNS = 12, 24  # of a map
AXES = {
    2: ("rows", "columns"),
    4: ("samples", "channels", "rows", "columns"),
}


def axis_name(ndim: int, axis: int) -> str:
    """What an axis is called in a message."""
    names = AXES.get(ndim)
    return names[axis] if names else f"places along axis {axis}"


def differing(expected: np.ndarray, got: np.ndarray) -> np.ndarray:
    """Where two arrays of one shape differ by more than rounding; NaN always does."""
    with np.errstate(all="ignore"):
        return np.asarray(~(np.abs(got - expected) <= CLOSE * np.abs(expected).max(initial=0)))


def place(wrong: np.ndarray) -> str | None:
    """Which samples, channels, rows or columns hold what is wrong, if not all of them do."""
    parts = []
    for axis, length in enumerate(wrong.shape):
        others = tuple(i for i in range(wrong.ndim) if i != axis)
        bad = np.flatnonzero(wrong.any(axis=others))
        if 0 < len(bad) < length:
            name = axis_name(wrong.ndim, axis)
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


def chart(wrong: np.ndarray) -> list[str]:
    """A map in text of where an answer is wrong, if a part of it is right.

    It shows the last two axes, at the first place of the others that holds a wrong value: a
    dot for a right value, an x for a wrong one.

    Parameters
    ----------
    wrong
        Whether each value is wrong.

    Returns
    -------
    list of str
        The lines, the first of which says what is shown; none if there is nothing to show.

    Examples
    --------
    >>> print("\\n".join(chart(np.arange(12).reshape(3, 4) > 9)))
    map, x is wrong:
      . . . .
      . . . .
      . . x x
    """
    if wrong.ndim < 1 or not wrong.any():
        return []
    where = tuple(int(i) for i in np.argwhere(wrong)[0][: max(wrong.ndim - 2, 0)])
    part = np.atleast_2d(wrong[where])
    if part.all() or part.size < 4:
        return []
    shown = part[:ROWS, :COLUMNS]
    if not shown.any():
        return []
    title = f"map of [{', '.join(map(str, where))}], x is wrong" if where else "map, x is wrong"
    if shown.shape != part.shape:
        title += f", first {shown.shape[0]} × {shown.shape[1]} of {part.shape[0]} × {part.shape[1]}"
    return [f"{title}:", *("  " + " ".join(".x"[int(value)] for value in row) for row in shown)]


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
