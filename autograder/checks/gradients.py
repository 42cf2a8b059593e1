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

from collections.abc import Callable

import numpy as np

SINGLE = float(np.finfo(np.float32).eps)
DOUBLE = float(np.finfo(np.float64).eps)
MARGIN = 64.0  # of the allowed error over the expected one


def precision_of_answer(got: np.ndarray, expected: np.ndarray, scale: float) -> float:
    """The unit of rounding of an answer whose exact value is known."""
    error = np.abs(got.astype(np.float64) - expected).max(initial=0.0) / scale
    return DOUBLE if error <= 1e4 * DOUBLE else SINGLE


def precision_of_function(function: Callable[[np.ndarray], np.ndarray], at: np.ndarray) -> float:
    """The unit of rounding with which a function computes from its argument."""
    moved = function(at * (1 + 2.0**-35))
    return DOUBLE if (moved != function(at)).any() else SINGLE


def difference(
    loss: Callable[[np.ndarray], float], at: np.ndarray, direction: np.ndarray, step: float
) -> float:
    """The central difference of `loss` at `at` along `direction`.

    Examples
    --------
    >>> round(difference(lambda x: float((x**3).sum()), np.array([2.0]), np.array([1.0]), 1e-4), 5)
    12.0
    """
    ahead, behind = loss(at + step * direction), loss(at - step * direction)
    return (ahead - behind) / (2 * step)


def disagreement(
    loss: Callable[[np.ndarray], float],
    at: np.ndarray,
    gradient: np.ndarray,
    step: float,
    allowed: float,
    random: np.random.RandomState,
    directions: int = 3,
) -> tuple[float, float] | None:
    """The first random direction in which a gradient is not the derivative of a loss.

    Parameters
    ----------
    loss
        A function of an array of the shape of `at`.
    gradient
        What is claimed to be the gradient of `loss` at `at`.
    step, allowed
        The step of the difference, and the largest absolute error of it.
    random
        Draws the directions: ±1 in each element, so that no element moves by more than the
        step, and each counts the same.

    Returns
    -------
    (numerical, claimed) or None
        None when they agree in all directions. NaN never agrees.
    """
    for _ in range(directions):
        direction = random.choice([-1.0, 1.0], at.shape)
        numerical = difference(loss, at, direction, step)
        claimed = float((gradient * direction).sum())
        if not abs(numerical - claimed) <= allowed:
            return numerical, claimed
    return None
