"""The linear layer as matrix products: forward, and its three gradients, with shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from docs.pictures.drawing import Style
from solution import LinearLayer


def board(figure: Figure, width: float, height: float) -> Axes:
    """Axes on which matrices are laid out in units of one cell; y goes from 0 down."""
    axes = figure.subplots()
    axes.set(xlim=(0, width), ylim=(-height, 0), aspect="equal")
    axes.set_axis_off()
    return axes


def lay(style: Style, axes: Axes, x: float, y: float, array: Any, title: str, **how: Any) -> None:
    """Lay a matrix on the board, its upper left corner at (x, -y), its title above it."""
    rows, columns = np.atleast_2d(array).shape
    part = axes.inset_axes((x, -y - rows, columns, rows), transform=axes.transData)
    style.matrix(part, array, **how)
    axes.text(x + columns / 2, 0.2 - y, title, ha="center", va="bottom", size=9)


def draw(style: Style) -> dict[str, Figure]:
    return {"product": product(style), "gradients": gradients(style)}


def product(style: Style) -> Figure:
    layer = LinearLayer(4, 2)
    layer.weight = np.array([[1.0, 0.0], [2.0, -1.0], [0.0, 3.0], [-1.0, 1.0]])
    layer.bias = np.array([5.0, -2.0])
    x = np.array([[1.0, 0.0, 2.0, 1.0], [3.0, 1.0, 0.0, 2.0], [0.0, 2.0, 1.0, -1.0]])
    y = layer.forward(x)  # (3, 2)

    row, column = style.mix(style.blue, 0.3), style.mix(style.orange, 0.3)
    axes = board(figure := style.figure(6.8, 2.7), 14, 5.4)
    lay(
        *(style, axes, 0.1, 1.8, x, "x\n(B, d1) = (3, 4)"),
        colours={(1, j): row for j in range(4)},
    )
    lay(
        *(style, axes, 5.2, 1.3, layer.weight, "weight\n(d1, d2) = (4, 2)"),
        colours={(i, 0): column for i in range(4)},
    )
    bias = {(0, 0): style.mix(style.green, 0.3)}
    lay(style, axes, 8.5, 2.8, layer.bias, "bias\n(d2,) = (2,)", colours=bias)
    lay(
        *(style, axes, 11.8, 1.8, y, "y\n(B, d2) = (3, 2)"),
        highlight=[(1, 0)],
        colour=style.ink,
    )
    for place, sign in ((4.65, "·"), (7.85, "+"), (11.15, "=")):
        axes.text(place, -3.3, sign, ha="center", va="center", size=14)
    return figure


def gradients(style: Style) -> Figure:
    layer = LinearLayer(3, 2)
    layer.weight = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, -1.0]])
    layer.bias = np.array([10.0, 20.0])
    x = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    g = np.array([[1.0, -1.0], [2.0, 0.0]])
    x_grad = layer.backward(x, g)  # (2, 3)
    assert layer.weight_grad is not None and layer.bias_grad is not None

    products = (
        (x.T, g, layer.weight_grad, "xᵀ  (d1, B)", "g  (B, d2)", "weight_grad  (d1, d2)"),
        (np.ones((1, 2)), g, layer.bias_grad, "ones  (1, B)", "g  (B, d2)", "bias_grad  (d2,)"),
        (g, layer.weight.T, x_grad, "g  (B, d2)", "weightᵀ  (d2, d1)", "gradient of x  (B, d1)"),
    )
    axes = board(figure := style.figure(6.4, 5.6), 12.2, 10.8)
    middle = 2.4
    for (first, second, result, *titles), colour in zip(
        products, (style.blue, style.blue, style.orange), strict=True
    ):
        first, second, result = (np.atleast_2d(array) for array in (first, second, result))
        back, shared = style.mix(colour), range(first.shape[1])
        meets: tuple[dict[tuple[int, int], str], ...] = (
            {(0, k): back for k in shared},
            {(k, 0): back for k in shared},
            {(0, 0): back},
        )
        for left, array, title, colours in zip(
            (0.5, 4.5, 8.6), (first, second, result), titles, meets, strict=True
        ):
            rows, columns = array.shape
            at = left + (3 - columns) / 2, middle - rows / 2
            lay(style, axes, *at, array, title, colours=colours)
        axes.text(4.0, -middle, "·", ha="center", va="center", size=14)
        axes.text(8.05, -middle, "=", ha="center", va="center", size=14)
        middle += 3.7
    return figure
