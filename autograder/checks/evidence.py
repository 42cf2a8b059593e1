"""What a report can draw of a check: a slice of two arrays, or how a training went.

Plain numbers, few enough for a result file. This module knows no format of reports.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

SIDE = 28  # rows and columns of a slice, at most
MISREAD = 24  # digits that are shown
DIGITS = 5  # significant ones of a number


def arrays(expected: np.ndarray | None, got: np.ndarray | None) -> dict[str, Any] | None:
    """The slice in which an answer is furthest from the expected one.

    Returns
    -------
    dict
        ``kind`` "arrays"; ``shape`` of the whole; ``index`` of the slice among the axes
        before the last two; ``origin`` of what is shown of it, where it is larger than
        `SIDE`; ``expected`` and ``got`` as rows of numbers, None for what is not finite.
        None where there is nothing to draw.
    """
    if expected is None or got is None or expected.shape != got.shape or expected.size < 2:
        return None
    rows = expected.shape[-2:] if expected.ndim > 1 else (1, expected.shape[-1])
    right, wrong = expected.reshape(-1, *rows), got.reshape(-1, *rows)
    with np.errstate(all="ignore"):
        distance = np.nan_to_num(np.abs(wrong - right), nan=np.inf)
    worst, row, column = np.unravel_index(int(distance.argmax()), distance.shape)
    top, left = corner(int(row), rows[0]), corner(int(column), rows[1])
    window = np.s_[worst, top : top + SIDE, left : left + SIDE]
    index = np.unravel_index(int(worst), expected.shape[:-2]) if expected.ndim > 2 else ()
    return {
        "kind": "arrays",
        "shape": list(expected.shape),
        "index": [int(i) for i in index],
        "origin": [top, left],
        "expected": numbers(right[window]),
        "got": numbers(wrong[window]),
    }


def corner(place: int, length: int) -> int:
    """Where a window of `SIDE` begins that holds a place, well inside if it can be."""
    return max(0, min(place - SIDE // 2, length - SIDE))


def numbers(array: np.ndarray) -> list[list[float | None]]:
    return [
        [float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None for value in row]
        for row in array
    ]


def training(
    losses: Sequence[float | None],
    accuracies: Sequence[float],
    labels: np.ndarray,
    guesses: np.ndarray,
) -> dict[str, Any]:
    """How a training went, and what the network reads in the end.

    Parameters
    ----------
    losses, accuracies
        After each pass: what `train` returned, if it is a number, and the share of test images
        that is read.
    labels, guesses
        Of the test images, in the order of the test split: the digits that they show.

    Returns
    -------
    dict
        ``kind`` "training"; ``losses``, ``accuracies``; ``confusion``: a row for each digit,
        a column for each guess; ``misread``: the first images that are misread, as
        ``[index, digit, guess]``.
    """
    confusion = np.zeros((10, 10), int)
    np.add.at(confusion, (labels, guesses), 1)
    wrong = np.flatnonzero(labels != guesses)[:MISREAD]
    return {
        "kind": "training",
        "losses": [
            None if loss is None or not np.isfinite(loss) else float(f"{loss:.4g}")
            for loss in losses
        ],
        "accuracies": [round(value, 5) for value in accuracies],
        "confusion": confusion.tolist(),
        "misread": [[int(i), int(labels[i]), int(guesses[i])] for i in wrong],
    }
