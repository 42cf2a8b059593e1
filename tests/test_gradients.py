"""The numerical gradient itself: it must know right derivatives from wrong ones."""

from __future__ import annotations

import doctest
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from autograder.checks import gradients
from autograder.checks.gradients import DOUBLE, SINGLE, differences, disagreement

X = np.array([0.7, -1.3, 2.1])
KNOWN: dict[str, tuple[Callable[[np.ndarray], float], Callable[[np.ndarray], np.ndarray]]] = {
    "linear": (lambda x: float((3 * x).sum()), lambda x: np.full_like(x, 3)),
    "square": (lambda x: float((x**2).sum()), lambda x: 2 * x),
    "cubic": (lambda x: float((x**3).sum()), lambda x: 3 * x**2),
    "exponential": (lambda x: float(np.exp(x).sum()), np.exp),
    "product": (lambda x: float(x.prod()), lambda x: x.prod() / x),
}


def found(loss: Callable[[np.ndarray], float], gradient: np.ndarray, step: float = 1e-4) -> bool:
    """Whether the gradient is refused."""
    random = np.random.RandomState(0)
    return disagreement(each(loss), X, gradient, step, 1e-6, random) is not None


def each(function: Callable[[np.ndarray], Any]) -> Callable[[Sequence[np.ndarray]], list[Any]]:
    return lambda points: [function(point) for point in points]


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_derivative_agrees(name: str) -> None:
    loss, derivative = KNOWN[name]
    assert not found(loss, derivative(X))


@pytest.mark.parametrize("name", KNOWN)
def test_an_error_of_one_per_cent_is_found(name: str) -> None:
    loss, derivative = KNOWN[name]
    assert found(loss, 1.01 * derivative(X))


@pytest.mark.parametrize("name", KNOWN)
def test_a_wrong_sign_is_found(name: str) -> None:
    loss, derivative = KNOWN[name]
    assert found(loss, -derivative(X))


def test_an_error_in_one_element_is_found() -> None:
    gradient = 2 * X
    gradient[1] *= 1.01
    assert found(lambda x: float((x**2).sum()), gradient)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_never_agrees(value: float) -> None:
    gradient = 2 * X
    gradient[0] = value
    assert found(lambda x: float((x**2).sum()), gradient)
    assert found(lambda x: value, 2 * X)


def test_a_true_zero_beside_a_tiny_number_agrees() -> None:
    gradient = np.array([1e-13, 3.0, 3.0])
    assert not found(lambda x: float(3 * x[1] + 3 * x[2]), gradient)


def test_the_difference_is_central() -> None:
    # A forward difference of x² at 1 errs by the step; a central one does not.
    square = each(lambda x: float((x**2).sum()))
    (value,) = differences(square, np.ones(1), [np.ones(1)], 0.1)
    assert value == pytest.approx(2, abs=1e-12)


def test_a_large_step_is_exact_for_a_linear_function_in_float32() -> None:
    weight = np.float32([0.3, -0.2, 0.9])
    product = each(lambda x: float(np.float32(x) @ weight))
    (value,) = differences(product, X, [np.ones(3)], 1.0)
    assert value == pytest.approx(float(weight.sum()), rel=1e-6)


def test_float32_numbers_in_a_float64_array_are_recognised() -> None:
    def rounded(x: np.ndarray) -> np.ndarray:
        return x.astype(np.float32).astype(np.float64) * 2

    assert gradients.precision_of_function(each(rounded), X) == SINGLE
    assert gradients.precision_of_function(each(lambda x: 2 * x), X) == DOUBLE


def test_the_precision_of_an_answer_is_measured() -> None:
    exact = np.array([1 / 3, 2 / 3])
    assert gradients.precision_of_answer(exact, exact, 1.0) == DOUBLE
    assert gradients.precision_of_answer(exact.astype(np.float32), exact, 1.0) == SINGLE


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(gradients).failed == 0
