from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .layers import Array, ConvolutionLayer, FlattenLayer, LinearLayer, MaxPoolingLayer
from .layers import NetworkLayer, ParamLayer, ReLULayer


class Batch(NamedTuple):
    x: Array
    y: np.ndarray


def softmax(x: Array) -> Array:
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@dataclass
class CrossEntropyLoss:
    def forward(self, x: Array, y: np.ndarray) -> float:
        rest = x - x.max(axis=1, keepdims=True)
        picked = rest[np.arange(len(x)), y]
        return float(np.mean(np.log(np.exp(rest).sum(axis=1)) - picked))

    def backward(self, x: Array, y: np.ndarray) -> Array:
        grad = softmax(x)
        np.subtract.at(grad, (np.arange(len(x)), y), 1)
        return grad / len(x)


def standard_layers() -> list[NetworkLayer]:
    return [
        ConvolutionLayer(1, 4, 5, 5), MaxPoolingLayer(2, 2), ReLULayer(),
        ConvolutionLayer(4, 16, 3, 3), MaxPoolingLayer(2, 2), ReLULayer(),
        FlattenLayer(), LinearLayer(400, 10),
    ]


@dataclass
class ConvolutionNeuralNetwork:
    layers: list[NetworkLayer] = field(default_factory=standard_layers)
    loss_func: CrossEntropyLoss = field(default_factory=CrossEntropyLoss)
    layer_inputs: list[Array] = field(default_factory=list)

    def forward(self, x: Array, keepgrad: bool = False) -> Array:
        values = [x]
        for layer in self.layers:
            values.append(layer.forward(values[-1]))
        self.layer_inputs = values[:-1] if keepgrad else []
        return values[-1]

    def backward(self, last_x_grad: Array) -> Array:
        for layer, x in zip(reversed(self.layers), reversed(self.layer_inputs), strict=True):
            last_x_grad = layer.backward(x, last_x_grad)
        return last_x_grad

    def update(self, lr: float) -> None:
        for layer in self.layers:
            match layer:
                case ParamLayer():
                    layer.update(lr)

    def train(self, train_x: Array, train_y: np.ndarray, batch_size: int, epochs: int,
              lr: float) -> float:
        means = [
            np.mean([self._step(batch, lr) for batch in batches(train_x, train_y, batch_size)])
            for _ in range(epochs)
        ]
        self.layer_inputs = []
        return float(means[-1])

    def _step(self, batch: Batch, lr: float) -> float:
        logits = self.forward(batch.x, keepgrad=True)
        loss = self.loss_func.forward(logits, batch.y)
        self.backward(self.loss_func.backward(logits, batch.y))
        self.update(lr)
        return loss

    def test(self, test_x: Array, test_y: np.ndarray, batch_size: int) -> float:
        losses = [self.loss_func.forward(self.forward(b.x), b.y)
                  for b in batches(test_x, test_y, batch_size)]
        return float(np.mean(losses))

    def predict(self, x: Array) -> Array:
        return np.concatenate([softmax(self.forward(b.x)) for b in batches(x, x[:, 0, 0, 0], 256)])


def batches(x: Array, y: np.ndarray, size: int) -> Iterator[Batch]:
    for start in range(0, len(x), size):
        yield Batch(x[start : start + size], y[start : start + size])


def load_dataset(folder: str | Path, shuffle: bool = False) -> tuple[Array, np.ndarray]:
    """Reads a folder that holds inputs.npy and targets.npy."""
    inputs, targets = (np.load(Path(folder) / f"{name}.npy") for name in ("inputs", "targets"))
    order = np.random.permutation(len(inputs)) if shuffle else np.arange(len(inputs))
    return inputs[order], targets[order]
