"""What one element of the network sees of the image after each layer."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from docs.pictures.convolution import DIGIT
from docs.pictures.drawing import Style
from solution import ConvolutionNeuralNetwork, load_dataset

AT = (1, 2)  # an element after the second pooling
LAYERS = {0: "convolution 5 × 5", 1: "pooling", 3: "convolution 3 × 3", 4: "pooling"}


def field(depth: int, at: tuple[int, int]) -> tuple[slice, slice]:
    """The pixels that can change an element after the layers up to `depth`: found by trying.

    Each pixel in turn is made bright on a dark image. With weights that are all positive nothing
    cancels out, so an element changes exactly if it sees the pixel.
    """
    network = ConvolutionNeuralNetwork()
    spots = np.eye(784, dtype=np.float32).reshape(784, 1, 28, 28)
    for layer in network.layers[: depth + 1]:
        if hasattr(layer, "weight"):
            layer.weight = np.ones_like(layer.weight)
        spots = layer.forward(spots)
    seen = spots[:, 0, at[0], at[1]].reshape(28, 28) > 0  # (28, 28)
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def draw(style: Style) -> Figure:
    """Nested squares on a digit, and the elements after the second pooling."""
    images, _ = load_dataset("train")
    figure = style.figure(7.2, 3.7)
    left, right = figure.subplots(1, 2, width_ratios=[28, 18])
    left.imshow(images[DIGIT, 0], cmap=style.greys(), extent=(0, 28, 28, 0))
    left.set(xticks=range(0, 29, 4), yticks=range(0, 29, 4))
    left.grid(lw=0.5)
    colours = style.blue, style.green, style.orange, style.red
    # The element of each layer that lies in the upper left corner of what the last one sees.
    steps = {0: 4, 1: 2, 3: 2, 4: 1}
    for (depth, name), colour in zip(LAYERS.items(), colours, strict=True):
        at = AT[0] * steps[depth], AT[1] * steps[depth]
        rows, columns = field(depth, at)
        high, wide = rows.stop - rows.start, columns.stop - columns.start
        left.add_patch(
            Rectangle(
                (columns.start, rows.start),
                *(wide, high),
                fill=False,
                edgecolor=colour,
                lw=2.4,
                label=f"{name}: {high} × {wide}",
                clip_on=False,
            )
        )
    left.legend(loc="upper left", bbox_to_anchor=(0, -0.08), ncols=2, columnspacing=1.2)
    left.set_title("what one number sees")
    for at in np.ndindex(5, 5):
        chosen = at == AT
        back = style.mix(style.red, 0.35) if chosen else "none"
        edge = style.red if chosen else style.soft
        right.add_patch(
            Rectangle(
                at[::-1],
                1,
                1,
                facecolor=back,
                edgecolor=edge,
                lw=2.4 if chosen else 0.8,
                zorder=3 if chosen else 1,
            )
        )
    right.set(xlim=(-0.1, 5.1), ylim=(5.1, -0.1), aspect="equal")
    right.set_axis_off()
    right.set_title("one of 5 × 5 elements")
    return figure
