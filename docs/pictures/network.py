"""The chain of the eight layers, from a real pass; and the memory that a pass needs, measured."""

from __future__ import annotations

import functools
import tracemalloc
from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from docs.pictures.drawing import Style
from docs.pictures.trained import data, new
from solution import ConvolutionLayer, LinearLayer, MaxPoolingLayer, ParamLayer

NUMBERS = (250, 500, 1000, 2000, 4000)


def draw(style: Style) -> dict[str, Figure]:
    """Draw both."""
    return {"chain": chain(style), "memory": memory(style)}


def named(layer: object) -> str:
    """A layer as it is written."""
    name = type(layer).__name__.removesuffix("Layer")
    if isinstance(layer, ConvolutionLayer):
        c2, c1, k1, k2 = layer.weight.shape
        return f"{name}({c1}, {c2}, {k1}, {k2})"
    if isinstance(layer, MaxPoolingLayer):
        return f"{name}({layer.k1}, {layer.k2})"
    if isinstance(layer, LinearLayer):
        return "{}({}, {})".format(name, *layer.weight.shape)
    return f"{name}()"


def shape(array: np.ndarray) -> str:
    """The shape of an array of a batch."""
    return "(B, " + ", ".join(map(str, array.shape[1:])) + ")"


def chain(style: Style) -> Figure:
    """Draw the layers from top to bottom, arrays on the left and gradients on the right."""
    images, labels, *_ = data()
    network = new()
    logits = network.forward(images[:2], keepgrad=True)
    arrays = [*network.layer_inputs, logits]
    gradients = [network.loss_func.backward(logits, labels[:2])]
    pairs = zip(reversed(network.layers), reversed(network.layer_inputs), strict=True)
    for layer, x in pairs:
        gradients.insert(0, layer.backward(x, gradients[0]))

    figure = style.figure(5.6, 7.4)
    axes = figure.subplots()
    axes.set(xlim=(1.0, 9.4), ylim=(9.3, -0.7))
    axes.set_axis_off()
    arrow = {"arrowstyle": "-|>", "lw": 1.4, "shrinkA": 0, "shrinkB": 0}
    for i, layer in enumerate(network.layers):
        learns = isinstance(layer, ParamLayer)
        back = style.mix(style.orange if learns else style.blue)
        box = FancyBboxPatch(
            (2.6, i + 0.3),
            4.8,
            0.4,
            boxstyle="round,pad=0.06",
            facecolor=back,
            edgecolor=style.soft,
        )
        axes.add_patch(box)
        axes.text(5, i + 0.5, f"{i}  {named(layer)}", ha="center", va="center")
        if learns:
            text = "sets weight_grad,\nbias_grad"
            axes.text(7.6, i + 0.5, text, va="center", color=style.orange, size=8.5)
        axes.text(
            2.4, i + 0.5, f"keeps $x_{i}$", ha="right", va="center", color=style.soft, size=8.5
        )
    for i, (array, gradient) in enumerate(zip(arrays, gradients, strict=True)):
        top, bottom = i - 0.24, i + 0.24
        axes.annotate("", (3.7, bottom), (3.7, top), arrowprops=arrow | {"color": style.blue})
        axes.annotate("", (6.3, top), (6.3, bottom), arrowprops=arrow | {"color": style.orange})
        axes.text(3.5, i, f"$x_{i}$  {shape(array)}", ha="right", va="center", size=9)
        axes.text(6.5, i, f"$g_{i}$  {shape(gradient)}", ha="left", va="center", size=9)
    axes.text(3.7, -0.45, "images", ha="center")
    axes.text(6.3, -0.45, "gradient of the images", ha="center")
    box = FancyBboxPatch(
        (2.6, 8.3), 4.8, 0.4, boxstyle="round,pad=0.06", facecolor="none", edgecolor=style.soft
    )
    axes.add_patch(box)
    axes.text(5, 8.5, "CrossEntropyLoss, with labels (B,)", ha="center", va="center")
    axes.annotate("", (5, 9.15), (5, 8.78), arrowprops=arrow | {"color": style.ink})
    axes.text(5.2, 9.1, "the loss, a number", va="center", size=9)
    return figure


def peak(work: Callable[[], object]) -> float:
    """Megabytes at the worst moment of a call, beyond what there was before."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


@functools.cache
def measured() -> np.ndarray:
    """Peaks for each number of images: columns, forward, predict. (numbers, 3)."""
    images, *_ = data()
    network = new()
    rows = []
    for number in NUMBERS:
        x = images[:number]
        windows = np.lib.stride_tricks.sliding_window_view(x, (5, 5), axis=(2, 3))
        network.forward(x[:1])
        rows.append(
            [
                peak(functools.partial(np.copy, windows)),
                peak(functools.partial(network.forward, x)),
                peak(functools.partial(network.predict, x)),
            ]
        )
    return np.array(rows)


def memory(style: Style) -> Figure:
    """Draw what was measured."""
    figure = style.figure(6.2, 3.2)
    axes = figure.subplots()
    labels = ("unfolded columns, first layer", "forward, all at once", "predict, pieces of 500")
    for column, label, line in zip(measured().T, labels, ("o-", "s-", "^-"), strict=True):
        axes.plot(NUMBERS, column, line, markersize=4, label=label)
    axes.set(xlabel="images", ylabel="megabytes", ylim=0)
    axes.legend()
    style.tidy(axes)
    return figure
