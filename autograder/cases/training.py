"""The training that a slow network is spared: the reference's, from the same start.

A network that loops over every number is as right as any other, and cannot be trained
before the evening ends. The reference may have mistakes in it, for a network that has the
same. It does not know submissions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from autograder.cases import Case, Trained
from autograder.cases.digits import digits
from autograder.syllabus import Accuracy

NOTHING = 0.2  # of the test images: who reads less after a pass has learnt nothing
SMALL = 0.002  # what a pass more may bring, whatever the last ones brought
ABOUT = 0.06  # how well it is known where passes that bring less and less would end


def start_of(case: Case) -> dict[str, np.ndarray]:
    """The parameters that training starts from, float32: ``0.weight`` … by layer."""
    start = {name: value for name, value in case.arrays.items() if name[0].isdigit()}
    start |= {name: case[f"start.{name}"] for name in start if name.endswith("bias")}
    return {name: value.astype(np.float32) for name, value in start.items()}


def hopeless(history: Sequence[float], accuracy: Accuracy) -> bool:
    """Whether the passes that are left will not do, so that they need not be run.

    That is when the first has taught nothing; when the threshold would not be reached although
    each pass brought as much as the better of the last two; or when what they bring shrinks, and
    would, were it to shrink on at this rate for ever, end well below the threshold.
    """
    if len(history) < 3:
        return history[0] < NOTHING
    before, gain = np.diff(history[-3:])
    left = accuracy.epochs - len(history)
    most = left * max(before, gain, SMALL)
    if 0 < gain < before:
        most = min(most, gain * gain / (before - gain) + ABOUT)
    return history[-1] + most < accuracy.threshold


def over(history: Sequence[float], accuracy: Accuracy) -> bool:
    """Whether a training ends here, given what was read after each pass so far."""
    if history[-1] >= accuracy.threshold or len(history) == accuracy.epochs:
        return True
    return hopeless(history, accuracy)


def steps(
    reference: ModuleType,
    start: dict[str, np.ndarray],
    x: np.ndarray,
    y: np.ndarray,
    size: int,
    lr: float,
) -> dict[str, np.ndarray]:
    """The parameters after one pass of training over some images."""
    network = network_with(reference, start)
    network.train(x.copy(), y.copy(), size, 1, lr)
    return parameters_of(network, start)


def train(reference: ModuleType, case: Case, accuracy: Accuracy) -> Trained:
    """Train the reference's network on the training split of a seed, up to the threshold.

    Parameters
    ----------
    case
        Of the accuracy: how the digits are shown.

    Returns
    -------
    Trained
        It may have missed the threshold.
    """
    start = start_of(case)
    network = network_with(reference, start)
    x, y = digits(case, "train")
    test_x, test_y = digits(case, "test")
    losses: list[float] = []
    accuracies: list[float] = []
    while not accuracies or not over(accuracies, accuracy):
        # Copies: a mistake may change what it is given.
        loss = network.train(x.copy(), y.copy(), accuracy.batch_size, 1, accuracy.learning_rate)
        losses.append(float(loss))
        guesses = network.predict(test_x.copy()).argmax(axis=1)
        accuracies.append(float((guesses == test_y).mean()))
    return Trained(parameters_of(network, start), losses, accuracies, guesses)


def network_with(reference: ModuleType, start: dict[str, np.ndarray]) -> Any:
    """A network of the reference that starts from these parameters."""
    network = reference.ConvolutionNeuralNetwork()
    for name, value in start.items():
        index, _, attribute = name.partition(".")
        setattr(network.layers[int(index)], attribute, value.copy())
    return network


def parameters_of(network: Any, names: Iterable[str]) -> dict[str, np.ndarray]:
    found = {}
    for name in names:
        index, _, attribute = name.partition(".")
        found[name] = getattr(network.layers[int(index)], attribute)
    return found
