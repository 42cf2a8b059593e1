"""The convolution: its windows on the image of the book's examples, and on a digit.

`data` is what the interactive picture shows, `step` what is printed in its place. `learned` has
the kernels of the network's first layer, after training.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch, Rectangle

from docs.pictures.drawing import Style
from solution import ConvolutionLayer, ConvolutionNeuralNetwork, load_dataset

# The example of the pages on convolution.
IMAGE = np.array([[1.0, 2, 0], [0, 1, 3], [2, 1, 1]])
KERNEL = np.array([[1.0, 2], [3, -1]])
BIAS = 1.0
GRADIENT = np.array([[1.0, 2], [-1, 1]])

DIGIT = 7  # of the training images: a three
PLACE = (
    2,
    3,
)  # the output pixel that `step` explains, and that the interactive picture begins with
KERNELS = {
    "vertical edges": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
    "horizontal edges": [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
    "all ones: blur": [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
    "one corner: shift": [[1, 0, 0], [0, 0, 0], [0, 0, 0]],
}


def layer(weight: Any, bias: float = 0.0) -> ConvolutionLayer:
    """A layer of one filter and one channel, with this kernel."""
    kernel = np.asarray(weight, dtype=float)
    made = ConvolutionLayer(1, 1, *kernel.shape)
    made.weight, made.bias = kernel[None, None], np.array([bias])
    return made


def convolved(image: Any, weight: Any, bias: float = 0.0) -> np.ndarray:
    """What the layer makes of one image, without the axes of batch and channels."""
    return layer(weight, bias).forward(np.asarray(image, dtype=float)[None, None])[0, 0]


def small_digit() -> np.ndarray:
    """A digit at half the size, without two pixels of its blank border, in tenths: 12 × 12."""
    images, _ = load_dataset("train")
    halved = images[DIGIT, 0].reshape(14, 2, 14, 2).mean(axis=(1, 3))  # (14, 14)
    return np.round(halved[1:13, 1:13].astype(float), 1)  # (12, 12)


@functools.cache
def data() -> dict[str, Any]:
    """Image, kernels and outputs: what the interactive picture shows."""
    image = small_digit()
    return {
        "image": image.tolist(),
        "place": PLACE,
        "kernels": [
            {
                "name": name,
                "weight": kernel,
                "output": (np.round(convolved(image, kernel), 1) + 0.0).tolist(),
            }
            for name, kernel in KERNELS.items()
        ],
    }


def number(value: float) -> str:
    """A number as a text, with a real minus."""
    return format(value + 0.0, "g").replace("-", "\u2212")


def factors(axes: Axes, style: Style, kernel: Any, at: tuple[int, int], colour: str) -> None:
    """Write a kernel's elements into the corners of the cells that it lies on, and frame them."""
    kernel = np.asarray(kernel)
    rows, columns = kernel.shape
    for (a, d), value in np.ndenumerate(kernel):
        place = (at[1] + d + 0.93, at[0] + a + 0.05)
        text = "×" + number(value)
        axes.text(*place, text, ha="right", va="top", size=7.5, color=colour)
    corner = (at[1], at[0])
    axes.add_patch(Rectangle(corner, columns, rows, fill=False, edgecolor=colour, lw=2.4, zorder=3))


def tinted(style: Style, colour: str, at: tuple[int, int], size: tuple[int, int]) -> dict:
    """Backgrounds for the cells of a window."""
    back = style.mix(colour, 0.2)
    return {(at[0] + a, at[1] + d): back for a, d in np.ndindex(*size)}


def term(value: float, weight: float) -> str:
    """A product as a text."""
    times = number(weight) if weight >= 0 else f"({number(weight)})"
    return f"{number(value)}·{times}"


def visits(style: Style, image: np.ndarray, sliding: np.ndarray, bias: float) -> Figure:
    """One array slides over another: its four places, and what each gives."""
    result = convolved(image, sliding, bias)
    figure = style.figure(5.6, 4.0)
    figure.get_layout_engine().set(hspace=0.08)
    places = figure.subplots(2, 4, width_ratios=[3, 2.3, 3, 2.3])
    for n, (i, j) in enumerate(np.ndindex(*result.shape)):
        colour = style.colours[n]
        above, below = places[i, 2 * j : 2 * j + 2]
        style.matrix(above, image, colours=tinted(style, colour, (i, j), sliding.shape), size=11)
        factors(above, style, sliding, (i, j), colour)
        known = np.full(result.shape, "", dtype=object)
        for m in range(n + 1):
            known.flat[m] = number(result.flat[m])
        back = {(i, j): style.mix(colour, 0.2)}
        style.matrix(below, known, colours=back, highlight=[(i, j)], colour=colour, size=11)
        below.set_xlim(-0.25, result.shape[1] + 0.25)
        window = image[i : i + sliding.shape[0], j : j + sliding.shape[1]]
        terms = [term(*both) for both in zip(window.flat, sliding.flat, strict=True)]
        terms += [number(bias)] * bool(bias)
        text = " + ".join(terms) + f" = {number(result[i, j])}"
        above.set_title(text, size=9, loc="left")
    return figure


def arrow(style: Style, figure: Figure, left: Axes, right: Axes) -> None:
    """An arrow from one part of a picture to the next, and room for it."""
    figure.get_layout_engine().set(wspace=0.09)
    figure.add_artist(
        ConnectionPatch(
            (1.04, 0.5),
            (-0.04, 0.5),
            "axes fraction",
            "axes fraction",
            axesA=left,
            axesB=right,
            arrowstyle="-|>",
            color=style.soft,
            mutation_scale=12,
        )
    )


def picture_of_step(style: Style) -> Figure:
    """One output pixel: the window, the kernel, the products, the sum."""
    shown = data()
    image, one = np.array(shown["image"]), shown["kernels"][0]
    kernel, output = np.array(one["weight"]), np.array(one["output"])
    i, j = shown["place"]
    window = image[i : i + 3, j : j + 3]
    figure = style.figure(7.2, 5.2)
    top, bottom = figure.subfigures(2, 1, height_ratios=[2.6, 1])

    left, right = top.subplots(1, 2, width_ratios=[12, 10])
    style.matrix(left, image, numbers=False, colours=style.greys())
    left.add_patch(Rectangle((j, i), 3, 3, fill=False, edgecolor=style.purple, lw=3, zorder=3))
    left.set_title("image, 12 × 12")
    style.matrix(
        right,
        output,
        numbers=False,
        colours=style.signs(),
        highlight=[(i, j)],
        colour=style.purple,
    )
    right.set_title("output, 10 × 10")

    parts = bottom.subplots(1, 7, width_ratios=[3, 0.6, 3, 0.6, 3, 1, 1.6])
    for axes, text in zip(parts[1::2], ("·", "=", "sum:"), strict=True):
        axes.set_axis_off()
        axes.text(0.5, 0.5, text, ha="center", va="center", size=12)
    style.matrix(parts[0], window, colours=style.mix(style.ink, 0.08))
    style.matrix(parts[2], kernel)
    products = window * kernel + 0.0
    backs = {
        at: style.mix(style.orange if value > 0 else style.blue, 0.3)
        for at, value in np.ndenumerate(products)
        if value
    }
    style.matrix(parts[4], products, colours=backs)
    style.matrix(
        parts[6], [[output[i, j]]], highlight=[(0, 0)], colour=style.purple, form=".1f", size=12
    )
    for axes, text in zip(parts[::2], ("grey values", "kernel", "products", ""), strict=True):
        axes.set_title(text, size=9.5)
    return figure


@functools.cache
def trained() -> ConvolutionLayer:
    """The first layer of the network after three epochs."""
    images, digits = load_dataset("train")
    np.random.seed(0)
    network = ConvolutionNeuralNetwork()
    network.train(images, digits, batch_size=100, epochs=3, lr=0.1)
    return network.layers[0]


def picture_of_learned(style: Style) -> Figure:
    """Each kernel of the first layer, and what it makes of a digit."""
    images, _ = load_dataset("train")
    digit = images[DIGIT : DIGIT + 1]  # (1, 1, 28, 28)
    output = trained().forward(digit)[0] - trained().bias[:, None, None]  # (4, 24, 24)
    figure = style.figure(7.2, 3.1)
    grid = figure.add_gridspec(2, 5, height_ratios=[1, 1.7])
    first = figure.add_subplot(grid[1, 0])
    first.imshow(digit[0, 0], cmap=style.greys())
    first.set_title("digit, 28 × 28", size=9)
    panels = [first]
    weights = np.abs(trained().weight).max()
    for f in range(4):
        above, below = (figure.add_subplot(grid[row, f + 1]) for row in (0, 1))
        above.imshow(trained().weight[f, 0], cmap=style.signs(), vmin=-weights, vmax=weights)
        above.set_title(f"kernel {f}", size=9)
        largest = np.abs(output[f]).max()
        below.imshow(output[f], cmap=style.signs(), vmin=-largest, vmax=largest)
        panels += [above, below]
    for axes in panels:
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_color(style.faint)
    return figure


def draw(style: Style) -> dict[str, Figure]:
    """The windows of the example, a step on a digit, and what is learned."""
    return {
        "windows": visits(style, IMAGE, KERNEL, BIAS),
        "step": picture_of_step(style),
        "learned": picture_of_learned(style),
    }
