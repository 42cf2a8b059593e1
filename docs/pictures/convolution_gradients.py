"""The gradients of the book's example: `kernel` slides the gradient over the image, `image` slides
the flipped kernel over the padded gradient.
"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from docs.pictures.convolution import (
    GRADIENT,
    IMAGE,
    KERNEL,
    factors,
    layer,
    number,
    tinted,
    visits,
)
from docs.pictures.drawing import Style


def picture_of_image_gradient(style: Style) -> Figure:
    """The kernel, flipped; the gradient with zeros around; a corner and the centre; the result."""
    made = layer(KERNEL)
    result = made.backward(IMAGE[None, None], GRADIENT[None, None])[0, 0]
    padded = np.pad(GRADIENT, 1)
    flipped = KERNEL[::-1, ::-1]
    figure = style.figure(7.2, 2.3)
    axes = figure.subplots(1, 5, width_ratios=[2, 2, 4, 4, 3])

    marks = [style.blue, style.orange, style.green, style.purple]
    backs = np.array([style.mix(mark, 0.2) for mark in marks], dtype=object).reshape(2, 2)
    style.matrix(axes[0], KERNEL, colours=backs, size=11)
    axes[0].set_title("kernel")
    style.matrix(axes[1], flipped, colours=backs[::-1, ::-1], size=11)
    axes[1].set_title("turned")

    inside = {at: style.mix(style.ink, 0.1) for at in np.ndindex(4, 4) if {*at} <= {1, 2}}
    for panel, place, colour in ((axes[2], (0, 0), style.blue), (axes[3], (1, 1), style.orange)):
        colours = inside | tinted(style, colour, place, (2, 2))
        style.matrix(panel, padded, colours=colours, size=11)
        factors(panel, style, flipped, place, colour)
        panel.add_patch(Rectangle((1, 1), 2, 2, fill=False, edgecolor=style.ink, lw=1.6))
        panel.set_title(f"pixel {place}: {number(result[place])}")
    found = {(0, 0): style.mix(style.blue, 0.2), (1, 1): style.mix(style.orange, 0.2)}
    style.matrix(axes[4], result, colours=found, size=11)
    axes[4].set_title("image gradient")
    return figure


def draw(style: Style) -> dict[str, Figure]:
    """The gradient of the kernel and that of the image."""
    return {
        "kernel": visits(style, IMAGE, GRADIENT, 0.0),
        "image": picture_of_image_gradient(style),
    }
