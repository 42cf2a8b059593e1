"""ReLU and its slope, and what the layer does to one channel of a real digit.

Both are what the reference layer answers. The channel is the first of the untrained network's
convolution, pooled, for a digit of the training data.
"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from docs.pictures.drawing import Style
from solution import ConvolutionNeuralNetwork, ReLULayer, load_dataset

LAYER = ReLULayer()


def draw(style: Style) -> dict[str, Figure]:
    return {"curve": curve(style), "digit": digit(style)}


def curve(style: Style) -> Figure:
    figure = style.figure(6.6, 2.5)
    left, right = figure.subplots(1, 2)
    x = np.linspace(-3, 3, 601)  # (601,)
    left.plot(x, LAYER.forward(x), color=style.blue)
    left.set(title="y = max(x, 0)", xlabel="x", ylabel="y", yticks=range(4))
    slope = LAYER.backward(x, np.ones_like(x))  # (601,)
    for part in (x < 0, x > 0):
        right.plot(x[part], slope[part], color=style.orange)
    right.plot(0, LAYER.backward(np.zeros(1), np.ones(1)), "o", color=style.orange, markersize=5)
    right.plot(0, 1, "o", markerfacecolor=style.paper, color=style.orange, markersize=5)
    right.set(title="∂y / ∂x", xlabel="x", ylim=(-0.15, 1.3), yticks=(0, 1))
    for axes in (left, right):
        axes.grid(color=style.faint, lw=0.6)
    style.tidy(left, right)
    return figure


def digit(style: Style) -> Figure:
    images, _ = load_dataset("train")
    np.random.seed(1)
    network = ConvolutionNeuralNetwork()
    convolution, pooling = network.layers[:2]
    x = pooling.forward(convolution.forward(images[7:8]))  # (1, 4, 12, 12)
    y = LAYER.forward(x)  # (1, 4, 12, 12)
    slope = LAYER.backward(x, np.ones_like(x))  # (1, 4, 12, 12)
    limit = float(np.abs(x[0, 0]).max())

    figure = style.figure(6.6, 2.5)
    shown = (("x", x), ("y", y), ("slope", slope))
    for axes, (title, values) in zip(figure.subplots(1, 3), shown, strict=True):
        if title == "slope":
            axes.imshow(values[0, 0], cmap=style.greys(), vmin=0, vmax=1)
        else:
            picture = axes.imshow(values[0, 0], cmap=style.signs(), vmin=-limit, vmax=limit)
            figure.colorbar(picture, ax=axes, shrink=0.8, aspect=14)
        axes.set(title=title, xticks=(), yticks=())
    return figure
