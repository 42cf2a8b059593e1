"""Pooling windows and the way of their gradients, and what pooling makes of a digit."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from docs.pictures.drawing import Style
from docs.pictures.linear import board, lay
from solution import MaxPoolingLayer, load_dataset

# The example of the page.
X = np.array(
    [
        [1, 7, 2, 0, 3, 1],
        [4, 0, 5, 2, 8, 6],
        [-3, -5, -1, 2, 4, 1],
        [-2, -4, -6, 9, 0, 3],
    ],
    dtype=float,
)
G = np.array([[10.0, 20.0], [30.0, 40.0]])


def draw(style: Style) -> dict[str, Figure]:
    return {"windows": windows(style), "digit": digit(style)}


def windows(style: Style) -> Figure:
    layer = MaxPoolingLayer(2, 3)
    x, g = X[None, None], G[None, None]  # (1, 1, 4, 6), (1, 1, 2, 2)
    y = layer.forward(x)[0, 0]  # (2, 2)
    x_grad = layer.backward(x, g)[0, 0]  # (4, 6)
    winners = [tuple(place) for place in np.argwhere(x_grad)]

    colours = (style.blue, style.orange, style.green, style.purple)
    small = np.array([style.mix(colour) for colour in colours], dtype=object).reshape(2, 2)
    large = small.repeat(2, axis=0).repeat(3, axis=1)  # (4, 6)

    axes = board(figure := style.figure(6.4, 5.6), 11.6, 10.8)
    framed = {"colours": large, "highlight": winners, "colour": style.ink}
    lay(style, axes, 0.3, 0.8, X, "x", **framed)
    lay(style, axes, 9.2, 1.8, y, "y = forward(x)", colours=small)
    lay(style, axes, 0.3, 6.3, x_grad, "backward(x, g)", **framed)
    lay(style, axes, 9.2, 7.3, G, "g = ∂L / ∂y", colours=small)
    for tail, head, height, text in (
        (6.6, 8.9, 2.8, "the maximum\nof each window"),
        (8.9, 6.6, 8.3, "to the place\nof the maximum"),
    ):
        arrow = {"arrowstyle": "->", "color": style.soft, "lw": 1.4}
        axes.annotate("", xy=(head, -height), xytext=(tail, -height), arrowprops=arrow)
        axes.text(7.75, 0.2 - height, text, ha="center", va="bottom", size=9, color=style.soft)
    return figure


def digit(style: Style) -> Figure:
    images, _ = load_dataset("train")
    pooling = MaxPoolingLayer(2, 2)
    image = images[5:6]  # (1, 1, 28, 28)
    once = pooling.forward(image)  # (1, 1, 14, 14)
    twice = pooling.forward(once)  # (1, 1, 7, 7)
    figure = style.figure(6.6, 2.4)
    for axes, shown in zip(figure.subplots(1, 3), (image, once, twice), strict=True):
        axes.imshow(shown[0, 0], cmap=style.greys(), vmin=0, vmax=1)
        axes.set(title=f"{shown.shape[2]} × {shown.shape[3]}", xticks=(), yticks=())
        for spine in axes.spines.values():
            spine.set_color(style.faint)
    return figure
