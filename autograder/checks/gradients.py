"""Gradients by finite differences: the derivative of a submission's own forward.

For a loss L(t) = Σ g · forward(a + t v), with a random direction v, the central difference
(L(h) - L(-h)) / 2h must equal Σ grad · v. Two forward calls judge a whole array, whatever
its size.

How the step and the tolerance are chosen
-----------------------------------------
========================  ==============================  =================================
forward is                step h                          error of the difference
========================  ==============================  =================================
linear between kinks      large: to the kink, or 1        rounding only: ε · Σ|g · out| / h
curved (cross-entropy)    (3 ε)^(1/3) · curvature scale   rounding ε / h and truncation h²/6
========================  ==============================  =================================

ε is the precision with which the layer really computes, measured and not read off the
dtype, since a float64 array can hold float32 numbers: an input that is moved by 2⁻³⁵ of
itself changes the answer of a computation in float64 and not of one in float32.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

# A function of several points, asked for all of them at once: they are far away.
Functions = Callable[[Sequence[np.ndarray]], Sequence[np.ndarray]]
Losses = Callable[[Sequence[np.ndarray]], Sequence[float]]

SINGLE = float(np.finfo(np.float32).eps)
DOUBLE = float(np.finfo(np.float64).eps)
MARGIN = 64.0  # of the allowed error over the expected one


def precision_of_answer(got: np.ndarray, expected: np.ndarray, scale: float) -> float:
    """The unit of rounding of an answer whose exact value is known."""
    error = np.abs(got.astype(np.float64) - expected).max(initial=0.0) / scale
    return DOUBLE if error <= 1e4 * DOUBLE else SINGLE


def precision_of_function(functions: Functions, at: np.ndarray) -> float:
    """The unit of rounding with which a function computes from its argument."""
    moved, there = functions([at * (1 + 2.0**-35), at])
    return DOUBLE if (moved != there).any() else SINGLE


def differences(
    losses: Losses, at: np.ndarray, directions: Sequence[np.ndarray], step: float
) -> list[float]:
    """The central differences of a loss at `at` along some directions.

    Examples
    --------
    >>> cubes = lambda points: [float((x**3).sum()) for x in points]
    >>> [round(d, 5) for d in differences(cubes, np.array([2.0]), [np.array([1.0])], 1e-4)]
    [12.0]
    """
    ahead = losses([at + step * direction for direction in directions])
    behind = losses([at - step * direction for direction in directions])
    return [(a - b) / (2 * step) for a, b in zip(ahead, behind, strict=True)]


def disagreement(
    losses: Losses,
    at: np.ndarray,
    gradient: np.ndarray,
    step: float,
    allowed: float,
    random: np.random.RandomState,
    count: int = 3,
) -> tuple[float, float] | None:
    """The first random direction in which a gradient is not the derivative of a loss.

    Parameters
    ----------
    losses
        A function of arrays of the shape of `at`.
    gradient
        What is claimed to be the gradient of the loss at `at`.
    step, allowed
        The step of the difference, and the largest absolute error of it.
    random
        Draws the directions: ±1 in each element, so that no element moves by more than the
        step, and each counts the same.
    count
        How many directions.

    Returns
    -------
    (numerical, claimed) or None
        None when they agree in all directions. NaN never agrees.
    """
    directions = [random.choice([-1.0, 1.0], at.shape) for _ in range(count)]
    found = differences(losses, at, directions, step)
    for direction, numerical in zip(directions, found, strict=True):
        claimed = float((gradient * direction).sum())
        if not abs(numerical - claimed) <= allowed:
            return numerical, claimed
    return None
