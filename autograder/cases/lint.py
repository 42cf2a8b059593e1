"""Refuses cases that a wrong answer could pass: the checker's own spell-checker.

A gradient case is good when its reference is far from zero and not constant, and when
each of the classical mistakes changes it. This module judges the case, never a
submission.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autograder.cases import Case

LEAST_CHANGE = 0.02  # of the largest magnitude


class WeakCase(ValueError):
    """A case that some wrong answer would pass."""


def disturbed(answer: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """The answer after each of the classical mistakes that keep its shape."""
    yield "the opposite sign", -answer
    for axis, length in enumerate(answer.shape):
        if length > 1:
            yield f"axis {axis} reversed", np.flip(answer, axis)
            yield f"axis {axis} shifted by one", np.roll(answer, 1, axis)
            yield (
                f"the mean over axis {axis}",
                np.broadcast_to(answer.mean(axis, keepdims=True), answer.shape),
            )
    for first in range(answer.ndim):
        for second in range(first + 1, answer.ndim):
            swapped = answer.swapaxes(first, second)
            if swapped.shape == answer.shape and answer.shape[first] > 1:
                yield f"axes {first} and {second} swapped", swapped


def check_answer(case: Case, name: str, ones: np.ndarray | None = None) -> None:
    """Raise `WeakCase` if a mistake leaves the answer `name` of a case as it is.

    Parameters
    ----------
    ones
        The same answer with ones in place of the gradient from above.
    """
    answer = case[name]
    where = f"{case.group} ({case.title}): {name}"
    largest = np.abs(answer).max(initial=0.0)
    if not (np.isfinite(answer).all() and largest > 1e-9):
        raise WeakCase(f"{where} is zero or not finite")
    if answer.size > 1 and np.ptp(answer) <= LEAST_CHANGE * largest:
        raise WeakCase(f"{where} is constant")
    changes = list(disturbed(answer))
    if ones is not None:
        changes.append(("ones for the gradient from above", ones))
    for mistake, wrong in changes:
        if np.abs(wrong - answer).max() <= LEAST_CHANGE * largest:
            raise WeakCase(f"{where} is the same with {mistake}")


def check_kinks(where: str, inputs: list[np.ndarray]) -> None:
    """Raise `WeakCase` if rounding to float32 could change a decision of ReLU or pooling.

    Parameters
    ----------
    inputs
        Of pooling, ReLU, pooling and ReLU.
    """
    pooled, rectified = inputs[0::2], inputs[1::2]
    gaps = [np.abs(x).min() for x in rectified]
    for x in pooled:
        batch, channels, height, width = x.shape
        windows = x.reshape(batch, channels, height // 2, 2, width // 2, 2)
        ordered = np.sort(windows.transpose(0, 1, 2, 4, 3, 5).reshape(-1, 4))
        gaps.append((ordered[:, 3] - ordered[:, 2]).min())
    if min(gaps) < 2e-6:
        raise WeakCase(f"{where} lies on a kink")
