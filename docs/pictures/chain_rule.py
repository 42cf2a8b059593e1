"""Backward passes: the numbers of a small chain, and the Jacobians of real layers."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from docs.pictures.drawing import Style
from solution import (
    ConvolutionLayer,
    FlattenLayer,
    LinearLayer,
    MaxPoolingLayer,
    NetworkLayer,
    ReLULayer,
)


def draw(style: Style) -> dict[str, Figure]:
    return {"graph": graph(style), "jacobians": jacobians(style)}


def text(values: np.ndarray) -> str:
    """A row of whole numbers, as the page writes it."""
    numbers = ", ".join(f"{value + 0.0:.0f}".replace("-", "−") for value in values.ravel())
    return f"({numbers})" if values.size > 1 else numbers


def graph(style: Style) -> Figure:
    """Three functions in a chain, with the values above and the gradients below."""
    linear = LinearLayer(2, 2)
    linear.weight, linear.bias = np.array([[1.0, -1], [3, 2]]), np.array([3.0, 1])
    x, target = np.array([[2.0, -1]]), np.array([[1.0, 1]])
    z = linear.forward(x)
    r = ReLULayer().forward(z)
    loss = 0.5 * ((r - target) ** 2).sum()
    r_grad = r - target
    z_grad = ReLULayer().backward(z, r_grad)
    x_grad = linear.backward(x, z_grad)

    figure = style.figure(7.2, 2.1)
    axes = figure.subplots()
    axes.set(xlim=(-0.6, 9.9), ylim=(-1.35, 1.35))
    axes.set_axis_off()
    boxes = [
        (1.6, "linear\n$z = xW + b$"),
        (4.5, "ReLU\n$r = \\max(z, 0)$"),
        (7.4, "loss\n$\\frac{1}{2}|r - t|^2$"),
    ]
    for centre, name in boxes:
        box = FancyBboxPatch(
            (centre - 0.85, -0.42),
            1.7,
            0.84,
            boxstyle="round,pad=0.02",
            facecolor="none",
            edgecolor=style.ink,
        )
        axes.add_patch(box)
        axes.text(centre, 0, name, ha="center", va="center", fontsize=9)
    values = [("x", x, x_grad), ("z", z, z_grad), ("r", r, r_grad)]
    values.append(("L", np.array(loss), np.array(1.0)))
    for place, (name, value, grad) in zip((0.07, 3.05, 5.95, 8.9), values, strict=True):
        for height, colour, ends in (
            (0.17, style.blue, (-0.52, 0.52)),
            (-0.17, style.orange, (0.52, -0.52)),
        ):
            axes.annotate(
                "",
                (place + ends[1], height),
                (place + ends[0], height),
                arrowprops={"arrowstyle": "->", "color": colour, "lw": 1.3},
            )
        axes.text(place, 0.62, f"${name}$ = {text(value)}", color=style.blue, ha="center")
        label = f"$∂L/∂{name}$ = {text(grad)}"
        axes.text(place, -0.72, label, color=style.orange, ha="center", fontsize=9)
    parameters = f"$∂L/∂W$ = {text(linear.weight_grad[0])}, {text(linear.weight_grad[1])}"
    axes.text(
        1.6,
        -1.2,
        f"{parameters}   $∂L/∂b$ = {text(linear.bias_grad)}",
        fontsize=9,
        color=style.orange,
        ha="center",
    )
    return figure


def jacobian(layer: NetworkLayer, x: np.ndarray) -> np.ndarray:
    """All rows of the Jacobian, by one backward for each element of the output."""
    y = layer.forward(x)
    rows = []
    for k in range(y.size):
        unit = np.zeros(y.size)
        unit[k] = 1
        rows.append(layer.backward(x, unit.reshape(y.shape)).ravel())
    return np.array(rows)


def jacobians(style: Style) -> Figure:
    """The Jacobians of five layers for small inputs."""
    random = np.random.RandomState(4)
    np.random.seed(3)
    linear, convolution = LinearLayer(6, 4), ConvolutionLayer(1, 1, 3, 3)
    layers = [
        ("ReLU", ReLULayer(), random.randn(2, 6)),
        ("flatten", FlattenLayer(), random.randn(2, 2, 1, 3)),
        ("linear 6 → 4", linear, random.randn(2, 6)),
        ("max pooling 2 × 2", MaxPoolingLayer(2, 2), random.randn(1, 1, 4, 8)),
        ("convolution 3 × 3", convolution, random.randn(1, 1, 5, 6)),
    ]
    figure = style.figure(7.2, 4.2)
    places = figure.subplot_mosaic("aabbcc;dddeee", height_ratios=[1.5, 1])
    for axes, (name, layer, x) in zip(places.values(), layers, strict=True):
        matrix = jacobian(layer, x)
        limit = np.abs(matrix).max()
        axes.imshow(matrix, cmap=style.signs(), vmin=-limit, vmax=limit, interpolation="nearest")
        axes.set(xticks=[], yticks=[], xlabel=f"{matrix.shape[1]} inputs")
        axes.set_ylabel(f"{matrix.shape[0]} outputs")
        axes.set_title(name, fontsize=10)
    return figure
