from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


class NetworkLayer(Protocol):
    def forward(self, x: Array) -> Array: ...
    def backward(self, x: Array, last_x_grad: Array) -> Array: ...


@dataclass
class ParamLayer:
    trainable: ClassVar[tuple[str, ...]] = ("weight", "bias")

    def update(self, lr: float) -> None:
        for name in self.trainable:
            grad: Array = getattr(self, f"{name}_grad")
            setattr(self, name, getattr(self, name) - lr * grad)


@dataclass(frozen=True)
class ReLULayer:
    def forward(self, x: Array) -> Array:
        return np.maximum(x, x.dtype.type(0))

    def backward(self, x: Array, last_x_grad: Array) -> Array:
        return np.multiply(last_x_grad, x > 0, dtype=last_x_grad.dtype)


@dataclass(frozen=True)
class FlattenLayer:
    start: int = 1
    end: int = -1

    def forward(self, x: Array) -> Array:
        axes = range(x.ndim)
        joined = axes[self.start], axes[self.end]
        return x.reshape([*x.shape[: joined[0]], -1, *x.shape[joined[1] + 1:]])

    def backward(self, x: Array, last_x_grad: Array) -> Array:
        return last_x_grad.reshape(x.shape)


@dataclass(frozen=True)
class MaxPoolingLayer:
    k1: int
    k2: int

    @cached_property
    def offsets(self) -> list[tuple[int, int]]:
        return list(np.ndindex(self.k1, self.k2))

    def _shifts(self, x: Array) -> Iterator[Array]:
        return (x[:, :, i :: self.k1, j :: self.k2] for i, j in self.offsets)

    def forward(self, x: Array) -> Array:
        return np.stack(list(self._shifts(x))).max(axis=0)

    def backward(self, x: Array, last_x_grad: Array) -> Array:
        winner = np.stack(list(self._shifts(x))).argmax(axis=0)
        result = np.zeros_like(x)
        for n, (i, j) in enumerate(self.offsets):
            result[:, :, i :: self.k1, j :: self.k2] = np.where(winner == n, last_x_grad, 0)
        return result


@dataclass(eq=True)
class LinearLayer(ParamLayer):
    d1: int
    d2: int
    weight: Array = field(init=False)
    bias: Array = field(init=False)
    weight_grad: Array | None = field(init=False, default=None)
    bias_grad: Array | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.weight = np.random.normal(0.0, (2 / self.d1) ** 0.5, (self.d1, self.d2))
        self.bias = np.zeros(self.d2)

    def forward(self, x: Array) -> Array:
        return x @ self.weight + self.bias

    def backward(self, x: Array, last_x_grad: Array) -> Array:
        self.weight_grad, self.bias_grad = x.T @ last_x_grad, last_x_grad.sum(axis=0)
        return last_x_grad @ self.weight.T


@dataclass(eq=True)
class ConvolutionLayer(ParamLayer):
    c1: int
    c2: int
    k1: int
    k2: int
    weight: Array = field(init=False, repr=False)
    bias: Array = field(init=False, repr=False)
    weight_grad: Array = field(init=False, repr=False)
    bias_grad: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        std = (2 / (self.c1 * self.k1 * self.k2)) ** 0.5
        self.weight = np.random.normal(0.0, std, (self.c2, self.c1, self.k1, self.k2))
        self.bias = np.zeros(self.c2)

    def forward(self, x: Array) -> Array:
        y = self._correlate(x, self.weight)
        return y + self.bias[:, None, None]

    def backward(self, x: Array, last_x_grad: Array) -> Array:
        # the kernel's gradient is a correlation too: of the images with the gradient,
        # where channels and batch change places
        self.weight_grad = self._correlate(x.swapaxes(0, 1), last_x_grad.swapaxes(0, 1)).swapaxes(0, 1)
        self.bias_grad = last_x_grad.sum(axis=(0, 2, 3))
        pad = ((0, 0), (0, 0), (self.k1 - 1, self.k1 - 1), (self.k2 - 1, self.k2 - 1))
        turned = self.weight[:, :, ::-1, ::-1].swapaxes(0, 1)
        return self._correlate(np.pad(last_x_grad, pad), turned)

    @staticmethod
    def _correlate(x: Array, kernel: Array) -> Array:
        b, c, h, w = x.shape
        n, _, k1, k2 = kernel.shape
        o1, o2 = h - k1 + 1, w - k2 + 1
        if k1 * k2 <= o1 * o2:
            y = np.zeros((n, b, o1, o2), np.result_type(x, kernel))
            for i, j in np.ndindex(k1, k2):
                y += np.tensordot(kernel[:, :, i, j], x[:, :, i:i + o1, j:j + o2], (1, 1))
            return y.swapaxes(0, 1)
        flat = kernel.reshape(n, -1).T
        y = np.empty((b, n, o1, o2), np.result_type(x, kernel))
        for i, j in np.ndindex(o1, o2):
            y[:, :, i, j] = x[:, :, i:i + k1, j:j + k2].reshape(b, -1) @ flat
        return y
