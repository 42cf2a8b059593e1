"""How long a convolution takes, written in nine ways: forward and backward, both layers.

    python -m tests.benchmarks.bench_convolution [--rounds N] [--dtype float64] [--out FILE]

Everything runs on one thread, in turns, and what is measured is the time of the processor, so
that other work on the machine disturbs little. Read the ratios. All ways must first agree.
`docs/book/fast.md` shows what was measured, and its picture is drawn from the file.
"""

# ruff: noqa: E402 (the environment comes before NumPy)
from __future__ import annotations

import os

for _name in ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "VECLIB_MAXIMUM"):
    os.environ[f"{_name}_THREADS"] = "1"  # read when NumPy is imported
os.environ.pop("OPENBLAS_CORETYPE", None)  # would choose the kernels of another processor

import argparse
import csv
import platform
import statistics
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

sys.path.insert(0, str(Path(__file__).parents[2]))  # for those who run it as a file

from solution import ConvolutionLayer

LAYERS = (((100, 1, 28, 28), (4, 5, 5)), ((100, 4, 12, 12), (16, 3, 3)))


class Reference(ConvolutionLayer):
    """The width is unfolded, the batch is last: the solution itself."""

    name = "width unfolded, batch last"
    batch_last = True  # whether its neighbours keep their arrays that way
    images = 100


class Way(Reference):
    """Another way; `fold` and `windows` are what several need."""

    batch_last = False

    def windows(self, x: np.ndarray) -> np.ndarray:
        """All windows, without a copy: (B, c1, o1, o2, k1, k2)."""
        return sliding_window_view(x, self.weight.shape[2:], axis=(2, 3))

    def fold(self, columns: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Add up (B, c1, k1, k2, o1, o2) where each element came from."""
        x_grad = np.zeros_like(x)
        o1, o2 = columns.shape[4:]
        for a, d in np.ndindex(*self.weight.shape[2:]):
            x_grad[:, :, a : a + o1, d : d + o2] += columns[:, :, a, d]
        return x_grad


class Loops(Way):
    """Every index is a loop of Python."""

    name = "seven loops"
    images = 1  # measured with one image, and multiplied

    def places(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        c2, c1, k1, k2 = self.weight.shape
        B, _, H, W = x.shape
        return np.ndindex(B, c2, H - k1 + 1, W - k2 + 1), list(np.ndindex(c1, k1, k2))

    def forward(self, x: np.ndarray) -> np.ndarray:
        (B, _, H, W), (c2, _, k1, k2) = x.shape, self.weight.shape
        y = np.empty((B, c2, H - k1 + 1, W - k2 + 1), dtype=x.dtype)
        outer, inner = self.places(x)
        for b, f, i, j in outer:
            total = self.bias[f]
            for c, a, d in inner:
                total += self.weight[f, c, a, d] * x[b, c, i + a, j + d]
            y[b, f, i, j] = total
        return y

    def backward(self, x: np.ndarray, last_x_grad: np.ndarray) -> np.ndarray:
        self.weight_grad = np.zeros_like(self.weight)
        self.bias_grad = np.zeros_like(self.bias)
        x_grad = np.zeros_like(x)
        outer, inner = self.places(x)
        for b, f, i, j in outer:
            g = last_x_grad[b, f, i, j]
            self.bias_grad[f] += g
            for c, a, d in inner:
                self.weight_grad[f, c, a, d] += g * x[b, c, i + a, j + d]
                x_grad[b, c, i + a, j + d] += g * self.weight[f, c, a, d]
        return x_grad


class OutputPlaces(Way):
    """One product for each place of the output."""

    name = "loop over output places"

    def forward(self, x: np.ndarray) -> np.ndarray:
        (B, _, H, W), (c2, _, k1, k2) = x.shape, self.weight.shape
        y = np.empty((B, c2, H - k1 + 1, W - k2 + 1), dtype=x.dtype)
        kernels = self.weight.reshape(c2, -1).T
        for i, j in np.ndindex(*y.shape[2:]):
            y[:, :, i, j] = x[:, :, i : i + k1, j : j + k2].reshape(B, -1) @ kernels + self.bias
        return y

    def backward(self, x: np.ndarray, last_x_grad: np.ndarray) -> np.ndarray:
        c2, c1, k1, k2 = self.weight.shape
        kernels = self.weight.reshape(c2, -1)
        weight_grad, x_grad = np.zeros_like(kernels), np.zeros_like(x)
        for i, j in np.ndindex(*last_x_grad.shape[2:]):
            g = last_x_grad[:, :, i, j]  # (B, c2)
            weight_grad += g.T @ x[:, :, i : i + k1, j : j + k2].reshape(len(x), -1)
            x_grad[:, :, i : i + k1, j : j + k2] += (g @ kernels).reshape(-1, c1, k1, k2)
        self.weight_grad = weight_grad.reshape(self.weight.shape)
        self.bias_grad = last_x_grad.sum(axis=(0, 2, 3))
        return x_grad


class KernelPlaces(Way):
    """One product for each element of the kernel, over all channels."""

    name = "loop over kernel elements"

    def forward(self, x: np.ndarray) -> np.ndarray:
        (B, c1, H, W), (c2, _, k1, k2) = x.shape, self.weight.shape
        o1, o2 = H - k1 + 1, W - k2 + 1
        y = np.zeros((B, c2, o1 * o2), dtype=x.dtype) + self.bias[:, None]
        for a, d in np.ndindex(k1, k2):
            y += self.weight[:, :, a, d] @ x[:, :, a : a + o1, d : d + o2].reshape(B, c1, -1)
        return y.reshape(B, c2, o1, o2)

    def backward(self, x: np.ndarray, last_x_grad: np.ndarray) -> np.ndarray:
        B, c2, o1, o2 = last_x_grad.shape
        c1, k1, k2 = self.weight.shape[1:]
        grad = last_x_grad.reshape(B, c2, -1)
        self.weight_grad, x_grad = np.empty_like(self.weight), np.zeros_like(x)
        for a, d in np.ndindex(k1, k2):
            place = np.s_[:, :, a : a + o1, d : d + o2]
            part = x[place].reshape(B, c1, -1)
            self.weight_grad[:, :, a, d] = (grad @ part.transpose(0, 2, 1)).sum(axis=0)
            x_grad[place] += (self.weight[:, :, a, d].T @ grad).reshape(B, c1, o1, o2)
        self.bias_grad = grad.sum(axis=(0, 2))
        return x_grad


class Columns(Way):
    """The windows of each image become the columns of a matrix, by an array of indices."""

    name = "columns by indices"

    def columns(self, x: np.ndarray) -> np.ndarray:
        _, C, H, W = x.shape
        pixels = self.windows(np.arange(C * H * W).reshape(1, C, H, W))
        index = pixels[0].transpose(0, 3, 4, 1, 2).reshape(self.weight[0].size, -1)
        return x.reshape(len(x), -1)[:, index]  # (B, c1 k1 k2, o1 o2)

    def forward(self, x: np.ndarray) -> np.ndarray:
        (B, _, H, W), (c2, _, k1, k2) = x.shape, self.weight.shape
        y = self.weight.reshape(c2, -1) @ self.columns(x) + self.bias[:, None]
        return y.reshape(B, c2, H - k1 + 1, W - k2 + 1)

    def backward(self, x: np.ndarray, last_x_grad: np.ndarray) -> np.ndarray:
        B, c2, o1, o2 = last_x_grad.shape
        grad = last_x_grad.reshape(B, c2, -1)
        weight_grad = (grad @ self.columns(x).transpose(0, 2, 1)).sum(axis=0)
        self.weight_grad = weight_grad.reshape(self.weight.shape)
        self.bias_grad = grad.sum(axis=(0, 2))
        columns = self.weight.reshape(c2, -1).T @ grad  # (B, c1 k1 k2, o1 o2)
        return self.fold(columns.reshape(B, *self.weight.shape[1:], o1, o2), x)


class Einsum(Way):
    """The windows as a view, summed by `einsum` as it is."""

    name = "windows, einsum"
    optimize = False

    def forward(self, x: np.ndarray) -> np.ndarray:
        y = np.einsum("bcijad,fcad->bfij", self.windows(x), self.weight, optimize=self.optimize)
        return y + self.bias[:, None, None]

    def backward(self, x: np.ndarray, last_x_grad: np.ndarray) -> np.ndarray:
        k1, k2 = self.weight.shape[2:]
        self.weight_grad = np.einsum(
            "bfij,bcijad->fcad", last_x_grad, self.windows(x), optimize=self.optimize
        )
        self.bias_grad = last_x_grad.sum(axis=(0, 2, 3))
        edges = ((0, 0), (0, 0), (k1 - 1, k1 - 1), (k2 - 1, k2 - 1))
        windows = self.windows(np.pad(last_x_grad, edges))
        flipped = self.weight[:, :, ::-1, ::-1]
        return np.einsum("bfpqad,fcad->bcpq", windows, flipped, optimize=self.optimize)


class EinsumOptimized(Einsum):
    """The same sums, which `einsum` turns into products of matrices where it can."""

    name = "windows, einsum(optimize=True)"
    optimize = True


class UnfoldedKernel(Way):
    """The kernel becomes a matrix from all pixels in to all pixels out."""

    name = "kernel unfolded"

    def unfolded(self, x: np.ndarray) -> np.ndarray:
        (_, C, H, W), c2 = x.shape, len(self.weight)
        pixels = self.windows(np.arange(C * H * W).reshape(1, C, H, W))[0]
        index = pixels.transpose(0, 3, 4, 1, 2).reshape(self.weight[0].size, -1)
        matrix = np.zeros((C * H * W, c2, index.shape[1]), dtype=x.dtype)
        matrix[index, :, np.arange(index.shape[1])] = self.weight.reshape(c2, -1).T[:, None]
        return matrix.reshape(len(matrix), -1)  # (c1 H W, c2 o1 o2)

    def forward(self, x: np.ndarray) -> np.ndarray:
        (B, _, H, W), (c2, _, k1, k2) = x.shape, self.weight.shape
        y = (x.reshape(B, -1) @ self.unfolded(x)).reshape(B, c2, H - k1 + 1, W - k2 + 1)
        return y + self.bias[:, None, None]

    def backward(self, x: np.ndarray, last_x_grad: np.ndarray) -> np.ndarray:
        x_grad = last_x_grad.reshape(len(x), -1) @ self.unfolded(x).T
        grad = last_x_grad.reshape(*last_x_grad.shape[:2], -1)
        columns = Columns.columns(self, x)
        weight_grad = (grad @ columns.transpose(0, 2, 1)).sum(axis=0)
        self.weight_grad = weight_grad.reshape(self.weight.shape)
        self.bias_grad = grad.sum(axis=(0, 2))
        return x_grad.reshape(x.shape)


class ColumnsBatchLast(Way):
    """Columns again, of all images side by side, with the batch last in memory."""

    name = "columns, batch last"
    batch_last = True

    def columns(self, x: np.ndarray) -> np.ndarray:
        (B, c1, H, W), (k1, k2) = x.shape, self.weight.shape[2:]
        o1, o2 = H - k1 + 1, W - k2 + 1
        x = np.ascontiguousarray(x.transpose(1, 2, 3, 0))
        columns = np.empty((c1, k1, k2, o1, o2, B), dtype=x.dtype)
        for a, d in np.ndindex(k1, k2):
            columns[:, a, d] = x[:, a : a + o1, d : d + o2]
        return columns.reshape(c1 * k1 * k2, -1)  # (c1 k1 k2, o1 o2 B)

    def forward(self, x: np.ndarray) -> np.ndarray:
        (B, _, H, W), (c2, _, k1, k2) = x.shape, self.weight.shape
        y = self.weight.reshape(c2, -1) @ self.columns(x)
        y += self.bias[:, None]
        return y.reshape(c2, H - k1 + 1, W - k2 + 1, B).transpose(3, 0, 1, 2)

    def backward(self, x: np.ndarray, last_x_grad: np.ndarray) -> np.ndarray:
        B, c2, o1, o2 = last_x_grad.shape
        grad = last_x_grad.transpose(1, 2, 3, 0).reshape(c2, -1)
        self.weight_grad = (grad @ self.columns(x).T).reshape(self.weight.shape)
        self.bias_grad = grad.sum(axis=1)
        columns = (self.weight.reshape(c2, -1).T @ grad).reshape(*self.weight.shape[1:], o1, o2, B)
        x_grad = np.zeros((*x.shape[1:], B), dtype=x.dtype)
        for a, d in np.ndindex(*self.weight.shape[2:]):
            x_grad[:, a : a + o1, d : d + o2] += columns[:, a, d]
        return x_grad.transpose(3, 0, 1, 2)


WAYS = (
    *(Loops, OutputPlaces, KernelPlaces, Einsum, UnfoldedKernel, Columns),
    *(EinsumOptimized, ColumnsBatchLast, Reference),
)


def question(way: type[Reference], number: int, dtype: str, images: int) -> tuple:
    """A layer with its parameters, an input and a gradient, laid out as its neighbours would."""
    shape, (c2, k1, k2) = LAYERS[number]
    layer = way(shape[1], c2, k1, k2)
    rng = np.random.RandomState(number)
    layer.weight = rng.standard_normal(layer.weight.shape).astype(dtype)
    layer.bias = rng.standard_normal(c2).astype(dtype)
    x = rng.uniform(0, 1, shape)
    grad = rng.standard_normal((shape[0], c2, shape[2] - k1 + 1, shape[3] - k2 + 1))
    arrays = [array[:images].astype(dtype) for array in (x, grad)]
    if way.batch_last:
        arrays = [
            array
            if number == 0 and i == 0  # the images are what they are
            else np.ascontiguousarray(array.transpose(1, 2, 3, 0)).transpose(3, 0, 1, 2)
            for i, array in enumerate(arrays)
        ]
    return layer, *arrays


def check_agreement(dtype: str) -> None:
    """Stop if two ways differ by more than rounding."""
    for number in (0, 1):
        answers = []
        for way in WAYS:
            layer, x, grad = question(way, number, dtype, 1)
            y, x_grad = layer.forward(x), layer.backward(x, grad)
            answers.append((y, x_grad, layer.weight_grad, layer.bias_grad))
        for way, own in zip(WAYS, answers, strict=True):
            for one, right in zip(own, answers[-1], strict=True):
                if not np.abs(one - right).max() <= 1e-5 * np.abs(right).max():
                    sys.exit(f"error: {way.name} computes something else")


def measure(rounds: int, dtype: str) -> list[list[float]]:
    """Milliseconds a batch: a row for each way, forward and backward of both layers."""
    times: list[list[list[float]]] = [[[] for _ in range(4)] for _ in WAYS]
    questions = [[question(way, n, dtype, way.images) for n in (0, 1)] for way in WAYS]
    for turn in range(rounds):
        for way, own, asked in zip(WAYS, times, questions, strict=True):
            if way is Loops and turn >= 3:
                continue
            for number, (layer, x, grad) in enumerate(asked):
                calls = (
                    lambda layer=layer, x=x: layer.forward(x),
                    lambda layer=layer, x=x, grad=grad: layer.backward(x, grad),
                )
                for i, call in enumerate(calls):
                    call()  # the measured one finds the cache as its own kind leaves it
                    repeat = 1 if way is Loops else 3
                    begin = time.process_time()
                    for _ in range(repeat):
                        call()
                    seconds = (time.process_time() - begin) / repeat
                    own[2 * number + i].append(1e3 * seconds * 100 / way.images)
    return [[statistics.median(one) for one in own] for own in times]


def peak(way: type[Reference], dtype: str) -> float:
    """Megabytes at the worst moment of the first layer's forward pass."""
    layer, x, _ = question(way, 0, dtype, way.images)
    tracemalloc.start()
    layer.forward(x)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 1e6


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="default: 15")
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the table as CSV, too")
    options = parser.parse_args()

    check_agreement(options.dtype)
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {options.dtype}")
    print(f"milliseconds of the processor for 100 images, median of {options.rounds} rounds\n")
    head = ("way", "forward 1", "backward 1", "forward 2", "backward 2", "all", "ratio", "MB")
    print(f"{head[0]:32}" + "".join(f"{one:>12}" for one in head[1:]))
    table = measure(options.rounds, options.dtype)
    rows = []
    for way, times in zip(WAYS, table, strict=True):
        numbers = [*times, sum(times), sum(times) / sum(table[-1]), peak(way, options.dtype)]
        rows.append([way.name, *(f"{number:.4g}" for number in numbers)])
        print(f"{way.name:32}" + "".join(f"{one:>12}" for one in rows[-1][1:]), flush=True)
    if options.out:
        with options.out.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([head, *rows])


if __name__ == "__main__":
    main()
