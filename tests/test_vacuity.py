"""A pass needs evidence: answers that were never computed earn nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.cases.build import HOME
from autograder.syllabus import Syllabus
from tests.grading import graded, lost, messages, write_package

TEMPLATE = """
import numpy as np


def answer(x):
    {answer}


class NetworkLayer:
    def __init__(self, *args):
        pass

    def forward(self, x, *rest):
        return answer(x)

    def backward(self, x, last_x_grad):
        return answer(x)


class ParamLayer(NetworkLayer):
    def __init__(self, *args):
        self.weight = answer(np.zeros((args[1], args[0], *args[2:]) if args[2:] else args[:2]))
        self.bias = answer(np.zeros(args[1]))

    @property
    def weight_grad(self):
        return answer(self.weight)

    @property
    def bias_grad(self):
        return answer(self.bias)

    def update(self, lr):
        return answer(self.weight)


class ReLULayer(NetworkLayer):
    pass


class FlattenLayer(NetworkLayer):
    pass


class MaxPoolingLayer(NetworkLayer):
    pass


class LinearLayer(ParamLayer):
    pass


class ConvolutionLayer(ParamLayer):
    pass


class CrossEntropyLoss(NetworkLayer):
    def backward(self, x, y):
        return answer(x)


class ConvolutionNeuralNetwork:
    def __init__(self):
        self.layers = [
            ConvolutionLayer(1, 4, 5, 5), MaxPoolingLayer(2, 2), ReLULayer(),
            ConvolutionLayer(4, 16, 3, 3), MaxPoolingLayer(2, 2), ReLULayer(),
            FlattenLayer(), LinearLayer(400, 10),
        ]
        self.loss_func = CrossEntropyLoss()
        self.layer_inputs = []

    def forward(self, x, keepgrad=False):
        return answer(x)

    def backward(self, last_x_grad):
        return answer(last_x_grad)

    def update(self, lr):
        return answer(np.zeros(()))

    def train(self, train_x, train_y, batch_size, epochs, lr):
        return answer(np.zeros(()))

    def test(self, test_x, test_y, batch_size):
        return answer(np.zeros(()))

    def predict(self, x):
        return answer(x)


def load_dataset(folder, shuffle=False):
    return None
"""
ANSWERS = {
    "nothing": "return None",
    "zeros": "return np.zeros_like(x)",
    "ones": "return np.ones_like(x)",
    "not a number": "return np.full_like(x, np.nan)",
    "the input itself": "return x",
    "one number": "return 0.5",
    "random numbers": "return np.random.standard_normal(np.shape(x))",
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_without_computation_earns_nothing(name: str, tmp_path: Path) -> None:
    path = write_package(tmp_path, init=TEMPLATE.replace("{answer}", ANSWERS[name]))
    result = graded(path)
    assert result.score == 0
    assert set(lost(result).values()) <= {"failed", "skipped", "crashed"}
    assert "grader" not in messages(result)


WRAPPER = """
from .reference import *
from . import reference
import numpy as np


def spread(function):
    def answer(self, *args):
        return np.broadcast_to(function(self, *args), (2, *np.shape(function(self, *args))))
    return answer


for name in ("ReLULayer", "FlattenLayer", "MaxPoolingLayer", "LinearLayer", "ConvolutionLayer",
             "CrossEntropyLoss"):
    for method in ("forward", "backward"):
        setattr(globals()[name], method, spread(getattr(globals()[name], method)))
for method in ("forward", "backward", "train", "test", "predict"):
    setattr(ConvolutionNeuralNetwork, method, spread(getattr(ConvolutionNeuralNetwork, method)))
"""


def test_the_right_answer_in_a_wrong_shape_earns_nothing(tmp_path: Path) -> None:
    source = "\n".join(
        (HOME / "solution" / f"{name}.py")
        .read_text(encoding="utf-8")
        .split("from __future__ import annotations", 1)[1]
        .replace("from .losses import CrossEntropyLoss, softmax", "")
        for name in ("layers", "losses", "network")
    )
    start = source.index("from .layers import (")
    source = source[:start] + source[source.index(")", start) + 1 :]
    path = write_package(tmp_path, init=WRAPPER, reference=source)
    result = graded(path)
    kept = {task.id for task in result.tasks} - set(lost(result))
    # Only what returns nothing is as it was.
    assert kept <= {"linear.init", "conv.init", "linear.update", "conv.update", "network.update"}


def test_an_empty_package_earns_nothing(tmp_path: Path) -> None:
    result = graded(write_package(tmp_path, init=""))
    assert result.score == 0
    assert len(lost(result)) == len(Syllabus.load().tasks)
    assert "the package has no class ReLULayer" in messages(result)


@pytest.mark.parametrize(
    "early", ["import os; os._exit(0)", "import sys; sys.exit(0)", "raise SystemExit(0)"]
)
def test_leaving_early_is_no_pass(early: str, tmp_path: Path) -> None:
    result = graded(write_package(tmp_path, init=early))
    assert result.score == 0
    assert set(lost(result).values()) == {"crashed"}
