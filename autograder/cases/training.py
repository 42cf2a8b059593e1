"""The training that a slow network is spared: the reference's, from the same start.

A network that loops over every number is as right as any other, and cannot be trained
before the evening ends. It does not know submissions.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np

from autograder.cases import Case, Trained
from autograder.cases.digits import digits
from autograder.errors import KitError
from autograder.syllabus import Accuracy


def start_of(case: Case) -> dict[str, np.ndarray]:
    """The parameters that training starts from, float32: ``0.weight`` … by layer."""
    start = {name: value for name, value in case.arrays.items() if name[0].isdigit()}
    start |= {name: case[f"start.{name}"] for name in start if name.endswith("bias")}
    return {name: value.astype(np.float32) for name, value in start.items()}


def train(reference: ModuleType, case: Case, accuracy: Accuracy) -> Trained:
    """Train the reference's network on the training split of a seed, up to the threshold.

    Parameters
    ----------
    case
        Of the accuracy: how the digits are shown.

    Raises
    ------
    KitError
        The reference does not come to the threshold in the epochs that are granted.
    """
    start = start_of(case)
    network = reference.ConvolutionNeuralNetwork()
    for name, value in start.items():
        index, _, attribute = name.partition(".")
        setattr(network.layers[int(index)], attribute, value.copy())
    x, y = digits(case, "train")
    test_x, test_y = digits(case, "test")
    losses: list[float] = []
    accuracies: list[float] = []
    while not accuracies or accuracies[-1] < accuracy.threshold:
        if len(losses) == accuracy.epochs:
            raise KitError(
                f"the solution itself reads {accuracies[-1]:.1%} of the test images after"
                f" {accuracy.epochs} epochs, and the threshold is {accuracy.threshold:.1%}: lower"
                " it, or grant more epochs"
            )
        loss = network.train(x, y, accuracy.batch_size, 1, accuracy.learning_rate)
        losses.append(float(loss))
        guesses = network.predict(test_x).argmax(axis=1)
        accuracies.append(float((guesses == test_y).mean()))
    parameters = {}
    for name in start:
        index, _, attribute = name.partition(".")
        parameters[name] = getattr(network.layers[int(index)], attribute)
    return Trained(parameters, losses, accuracies, guesses)
