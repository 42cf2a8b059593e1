"""Where training begins decides whether it gets anywhere: this network, the real data.

The initial weights of the reference are replaced by others of the same shapes, and everything
else stays: data, order, learning rate, number of steps.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from docs.pictures.drawing import Style
from solution import ConvolutionNeuralNetwork, LinearLayer, ParamLayer, ReLULayer, load_dataset

Change = Callable[[np.ndarray], np.ndarray]
EPOCHS, BATCH, RATE = 3, 100, 0.1
SHORT = ("conv", "pool", "ReLU", "conv", "pool", "ReLU", "flatten", "linear")


def uniform(weight: np.ndarray) -> np.ndarray:
    return np.random.uniform(-1, 1, weight.shape)


def small(weight: np.ndarray) -> np.ndarray:
    """The same numbers as He's, on another scale."""
    fan_in = weight[0].size if weight.ndim == 4 else len(weight)
    return weight * 0.01 / np.sqrt(2 / fan_in)


# What is changed, and the seeds of which curves are drawn.
KINDS: dict[str, tuple[Change | None, tuple[int, ...]]] = {
    "He: variance 2 / n": (None, (0,)),
    "uniform between −1 and 1": (uniform, (0, 1)),
    "standard deviation 0.01": (small, (0,)),
    "zeros": (np.zeros_like, (0,)),
}


def draw(style: Style) -> dict[str, Figure]:
    return {"training": training(style), "deviations": deviations(style)}


def start(change: Change | None, seed: int) -> ConvolutionNeuralNetwork:
    """A new network, its weights replaced."""
    np.random.seed(seed)
    network = ConvolutionNeuralNetwork()
    for layer in network.layers:
        if change and isinstance(layer, ParamLayer):
            layer.weight = change(layer.weight).astype(np.float32)  # like weight
    return network


@functools.cache
def losses(kind: str, seed: int) -> np.ndarray:
    """The loss of every batch before its update, shape (batches,)."""
    images, labels = load_dataset("train")
    network = start(KINDS[kind][0], seed)
    starts = [first for _ in range(EPOCHS) for first in range(0, len(images), BATCH)]
    batches = [slice(first, first + BATCH) for first in starts]
    return np.array([network.train(images[b], labels[b], BATCH, 1, RATE) for b in batches])


def training(style: Style) -> Figure:
    figure = style.figure(6.8, 3.6)
    axes = figure.subplots()
    axes.axhline(np.log(10), color=style.soft, lw=1, ls=":")
    for (kind, (_, seeds)), colour in zip(KINDS.items(), style.colours, strict=False):
        for seed in seeds:
            values = losses(kind, seed)  # (batches,)
            means = values[10:].reshape(-1, 10).mean(axis=1)  # ((batches - 10) / 10,)
            x = np.concatenate([np.arange(1, 11), 15.5 + 10 * np.arange(len(means))])
            y = np.concatenate([values[:10], means])
            label = kind if seed == seeds[0] else None
            axes.plot(x, y, color=colour, label=label, ls="-" if kind != "zeros" else "--")
            if len(seeds) > 1:
                axes.text(302, y[-1], f"seed {seed}", color=colour, va="center", size=8)
    axes.set(xlabel="batch", ylabel="loss", yscale="log", xlim=(0, EPOCHS * 100))
    axes.set_yticks((0.1, 1, 10, 100), labels=("0.1", "1", "10", "100"))
    axes.grid(color=style.faint, lw=0.6)
    axes.legend(loc="upper right")
    style.tidy(axes)
    return figure


@functools.cache
def sizes(kind: str) -> list[float]:
    """Root of the mean square of what each layer gives, for 500 images; ten seeds."""
    images, _ = load_dataset("train")
    squares = np.zeros((10, len(SHORT)))  # (seeds, layers)
    for seed in range(10):
        x = images[:500]  # (500, 1, 28, 28)
        for place, layer in enumerate(start(KINDS[kind][0], seed).layers):
            x = layer.forward(x)
            squares[seed, place] = np.mean(x**2)
    return [float(size) for size in np.sqrt(np.median(squares, axis=0))]


@functools.cache
def deep(factor: float) -> list[float]:
    """The same for thirty linear layers of width 200 and weights of variance factor / 200."""
    random = np.random.RandomState(0)
    x, found = random.standard_normal((200, 200)), []
    for _ in range(30):
        layer = LinearLayer(200, 200)
        layer.weight = random.normal(0, np.sqrt(factor / 200), (200, 200))
        x = ReLULayer().forward(layer.forward(x))  # (200, 200)
        found.append(float(np.sqrt(np.mean(x**2))))
    return found


def deviations(style: Style) -> Figure:
    figure = style.figure(6.8, 3.4)
    left, right = figure.subplots(1, 2)
    for (kind, _), colour in zip(KINDS.items(), style.colours, strict=False):
        if kind != "zeros":
            left.plot(sizes(kind), "o-", color=colour, markersize=4, label=kind)
    left.set_xticks(range(len(SHORT)), SHORT, rotation=60, ha="right", rotation_mode="anchor")
    left.set(ylabel="size of the outputs", title="this network", yscale="log", ylim=(3e-5, 1e4))
    left.legend(loc="upper left", fontsize=8)

    depth = np.arange(1, 31)  # (30,)
    for factor, colour in zip((2, 4, 1), style.colours, strict=False):
        right.plot(depth, deep(factor), "o", color=colour, markersize=3.5)
        law = deep(2)[0] * (factor / 2) ** (depth / 2)  # (30,)
        right.plot(depth, law, color=colour, lw=1)
        right.text(30.6, law[-1], f"{factor} / n", color=colour, va="center")
    right.set(xlabel="layer", title="thirty layers with ReLU", yscale="log", xlim=(0, 36))
    for axes in (left, right):
        axes.grid(color=style.faint, lw=0.6)
    style.tidy(left, right)
    return figure
