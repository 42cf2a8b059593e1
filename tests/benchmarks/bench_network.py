"""How long an epoch takes: the solution, the course's original formulation, and PyTorch.

    python -m tests.benchmarks.bench_network [--rounds N] [--images N]

Everything runs on one thread, in turns, so that a busy machine is unfair to all alike. Read the
ratios. PyTorch takes part if it can be imported. `docs/inside/speed.md` shows what was measured.
"""

# ruff: noqa: E402 (the environment comes before NumPy)
from __future__ import annotations

import os

for _name in ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "VECLIB_MAXIMUM"):
    os.environ[f"{_name}_THREADS"] = "1"  # read when NumPy is imported
os.environ.pop("OPENBLAS_CORETYPE", None)  # would choose the kernels of another processor

import argparse
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))  # for those who run it as a file

from solution import ConvolutionNeuralNetwork, ParamLayer, load_dataset
from solution.layers import ConvolutionLayer, LinearLayer, MaxPoolingLayer

try:
    import torch
except ImportError:
    torch = None

BATCH, LR, PIECE = 100, 0.1, 500


class Solution:
    """The reference implementation, in float32."""

    name = "solution, float32"
    dtype: type = np.float32

    def __init__(self, parameters: list[np.ndarray]) -> None:
        self.network = ConvolutionNeuralNetwork()
        self.prepare()
        layers = [layer for layer in self.network.layers if isinstance(layer, ParamLayer)]
        for layer, weight, bias in zip(layers, parameters[::2], parameters[1::2], strict=True):
            layer.weight, layer.bias = weight.astype(self.dtype), bias.astype(self.dtype)

    def prepare(self) -> None:
        """Change the network before it gets its parameters."""

    def train(self, x: np.ndarray, y: np.ndarray) -> float:
        return self.network.train(x, y, BATCH, 1, LR)

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self.network.predict(x)


class Original(Solution):
    """The course's original formulation, in float64."""

    name = "original formulation, float64"
    dtype = np.float64

    def prepare(self) -> None:
        self.network.layers[0] = UnrolledConvolution(1, 4, 5, 5)
        self.network.layers[3] = UnrolledConvolution(4, 16, 3, 3)
        self.network.layers[1] = ArgmaxPooling(2, 2)
        self.network.layers[4] = ArgmaxPooling(2, 2)
        self.network.layers[7] = PlainLinear(400, 10)


class UnrolledConvolution(ConvolutionLayer):
    """Convolution as one product with a matrix (pixels in, pixels out) that is mostly zeros."""

    def positions(self, x: np.ndarray) -> np.ndarray:
        """Number the input pixels under each kernel element, at each place of the kernel."""
        _, C, H, W = x.shape
        k1, k2 = self.weight.shape[2:]
        pixels = np.arange(C * H * W).reshape(C, H, W)  # (c1, H, W)
        windows = np.lib.stride_tricks.sliding_window_view(pixels, (k1, k2), axis=(1, 2))
        return windows.transpose(0, 3, 4, 1, 2).reshape(C * k1 * k2, -1)  # (c1 k1 k2, o1 o2)

    def unrolled(self, x: np.ndarray) -> np.ndarray:
        """Write the kernel into the matrix, once for each place."""
        c2, at = len(self.weight), self.positions(x)
        matrix = np.zeros((x[0].size, c2, at.shape[1]))  # (c1 H W, c2, o1 o2)
        kernels = self.weight.reshape(c2, -1)  # (c2, c1 k1 k2)
        matrix[at, :, np.arange(at.shape[1])] = kernels.T[:, None]  # (c1 k1 k2, o1 o2, c2)
        return matrix.reshape(len(matrix), -1)  # (c1 H W, c2 o1 o2)

    def forward(self, x: np.ndarray) -> np.ndarray:
        (B, _, H, W), (c2, _, k1, k2) = x.shape, self.weight.shape
        y = x.reshape(B, -1) @ self.unrolled(x)  # (B, c2 o1 o2)
        return y.reshape(B, c2, H - k1 + 1, W - k2 + 1) + self.bias[:, None, None]

    def backward(self, x: np.ndarray, last_x_grad: np.ndarray) -> np.ndarray:
        B, c2 = last_x_grad.shape[:2]
        grad = last_x_grad.reshape(B, c2, -1)  # (B, c2, o1 o2)
        columns = x.reshape(B, -1)[:, self.positions(x)]  # (B, c1 k1 k2, o1 o2)
        weight_grad = (grad @ columns.transpose(0, 2, 1)).sum(axis=0)  # (c2, c1 k1 k2)
        self.weight_grad = weight_grad.reshape(self.weight.shape)
        self.bias_grad = grad.sum(axis=(0, 2))  # (c2,)
        return (grad.reshape(B, -1) @ self.unrolled(x).T).reshape(x.shape)


class ArgmaxPooling(MaxPoolingLayer):
    """Max pooling with `argmax` over each window."""

    def windows(self, x: np.ndarray) -> np.ndarray:
        B, C, H, W = x.shape
        parts = x.reshape(B, C, H // self.k1, self.k1, W // self.k2, self.k2)
        parts = parts.transpose(0, 1, 2, 4, 3, 5)  # (B, C, o1, o2, k1, k2)
        return parts.reshape(*parts.shape[:4], -1)  # (B, C, o1, o2, k1 k2)

    def forward(self, x: np.ndarray) -> np.ndarray:
        return self.windows(x).max(axis=-1)  # (B, C, o1, o2)

    def backward(self, x: np.ndarray, last_x_grad: np.ndarray) -> np.ndarray:
        windows = self.windows(x)  # (B, C, o1, o2, k1 k2)
        grad = np.zeros_like(windows)  # (B, C, o1, o2, k1 k2)
        at = windows.argmax(axis=-1, keepdims=True)  # (B, C, o1, o2, 1)
        np.put_along_axis(grad, at, last_x_grad[..., None], axis=-1)
        grad = grad.reshape(*grad.shape[:4], self.k1, self.k2).transpose(0, 1, 2, 4, 3, 5)
        return grad.reshape(x.shape)  # (B, C, H, W)


class PlainLinear(LinearLayer):
    """The linear layer with its gradient in the usual order in memory."""

    def backward(self, x: np.ndarray, last_x_grad: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(super().backward(x, last_x_grad))


class PyTorch:
    """PyTorch, eager, on the processor, float32, in its default layout."""

    name = "PyTorch, float32"
    dtype: type = np.float32

    def __init__(self, parameters: list[np.ndarray]) -> None:
        torch.set_num_threads(1)
        nn = torch.nn
        self.network = nn.Sequential(
            *(nn.Conv2d(1, 4, 5), nn.MaxPool2d(2), nn.ReLU()),
            *(nn.Conv2d(4, 16, 3), nn.MaxPool2d(2), nn.ReLU()),
            *(nn.Flatten(), nn.Linear(400, 10)),
        )
        with torch.no_grad():
            for own, given in zip(self.network.parameters(), parameters, strict=True):
                own.copy_(torch.from_numpy(given.T if given.shape == (400, 10) else given))
        self.loss = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=LR)

    def train(self, x: np.ndarray, y: np.ndarray) -> float:
        batches = zip(
            torch.from_numpy(x).split(BATCH), torch.from_numpy(y).split(BATCH), strict=True
        )
        losses = []
        for images, labels in batches:
            self.optimizer.zero_grad()
            loss = self.loss(self.network(images), labels)
            loss.backward()
            self.optimizer.step()
            losses.append(loss.item())
        return statistics.mean(losses)

    def predict(self, x: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            pieces = torch.from_numpy(x).split(PIECE)
            return torch.cat([self.network(piece).softmax(dim=1) for piece in pieces]).numpy()


Kind = type[Solution] | type[PyTorch]


def initial_parameters() -> list[np.ndarray]:
    """Draw parameters for all, biases included: blank borders would sit on ReLU's kink."""
    rng = np.random.RandomState(1)
    shapes = [(4, 1, 5, 5), (16, 4, 3, 3), (400, 10)]
    parameters = []
    for shape, fan_in, outputs in zip(shapes, (25, 36, 400), (4, 16, 10), strict=True):
        parameters.append(rng.standard_normal(shape) * np.sqrt(2 / fan_in))
        parameters.append(rng.standard_normal(outputs) * 0.1)
    return parameters


def check_agreement(kinds: list[Kind], x: np.ndarray, y: np.ndarray) -> None:
    """Let all learn from a few batches, and stop if their answers differ."""
    few = slice(0, 10 * BATCH)
    answers = []
    for kind in kinds:
        contestant = kind(initial_parameters())
        loss = contestant.train(x[few].astype(kind.dtype), y[few])
        answers.append((loss, contestant.predict(x[few].astype(kind.dtype))))
    worst = max(float(abs(predicted - answers[0][1]).max()) for _, predicted in answers)
    losses = [loss for loss, _ in answers]
    print(
        f"after 10 batches: mean loss {losses[0]:.6f}, losses differ by at most "
        f"{max(losses) - min(losses):.1e}, probabilities by {worst:.1e}"
    )
    if not (max(losses) - min(losses) < 1e-4 and worst < 1e-3):
        sys.exit("error: they do not compute the same; the times would mean nothing")


def seconds(work: Callable, *arguments: np.ndarray) -> float:
    """Measure one call."""
    begin = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - begin


def main() -> None:
    """Measure in turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="default: 7")
    parser.add_argument("--images", type=int, default=10_000, help="an epoch; default: 10000")
    options = parser.parse_args()

    kinds: list[Kind] = [Solution, Original]
    if torch is None:
        print("PyTorch cannot be imported, and is left out")
    else:
        kinds.append(PyTorch)
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}"
    print(versions + (f", PyTorch {torch.__version__}" if torch else ""))

    x, y = load_dataset("train")
    x, y = x[: options.images], y[: options.images]
    half = len(x) // 2
    check_agreement(kinds, x, y)

    contestants = [kind(initial_parameters()) for kind in kinds]
    inputs: list[np.ndarray] = [x.astype(kind.dtype) for kind in kinds]
    epochs: list[list[float]] = [[] for _ in kinds]
    predictions: list[list[float]] = [[] for _ in kinds]
    for _ in range(options.rounds):
        for i, contestant in enumerate(contestants):
            epochs[i].append(seconds(contestant.train, inputs[i], y))
            predictions[i].append(seconds(contestant.predict, inputs[i][:half]))

    print(
        f"\n{options.rounds} rounds in turns, one thread; seconds, median (least); "
        "ratio of medians to the solution\n"
    )
    head = [f"{what} {count:,} images" for what, count in (("train", len(x)), ("predict", half))]
    print(f"{'':29}  {head[0]:21} ratio  {head[1]:21} ratio")
    for kind, train, predict in zip(kinds, epochs, predictions, strict=True):
        line = f"{kind.name:29}"
        for times, own in ((train, epochs[0]), (predict, predictions[0])):
            median = statistics.median(times)
            line += (
                f"  {f'{median:.3f} ({min(times):.3f})':21} {median / statistics.median(own):5.1f}"
            )
        print(line)


if __name__ == "__main__":
    main()
