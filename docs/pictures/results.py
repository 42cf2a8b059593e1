"""What the trained network makes of the test images: hits, errors, kernels, feature maps."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from docs.pictures.drawing import Style
from docs.pictures.trained import data, main, network, param_layers
from solution import ConvolutionLayer


def draw(style: Style) -> dict[str, Figure]:
    """Draw all of them."""
    return {
        "confusion": confusion(style),
        "errors": errors(style),
        "kernels": kernels(style),
        "maps": maps(style),
    }


def confusion(style: Style) -> Figure:
    """Draw the confusion matrix: rows are the truth, columns what was said."""
    _, _, _, truth = data()
    said = main()["predicted"].argmax(axis=1)
    counts = np.zeros((10, 10), dtype=int)
    np.add.at(counts, (truth, said), 1)
    figure = style.figure(5.4, 5.4)
    axes = figure.subplots()
    worst = (counts - np.diag(np.diag(counts))).max()
    colours = {
        (i, j): style.mix(style.blue, 0.35)
        if i == j
        else style.mix(style.orange, 0.75 * counts[i, j] / worst)
        for i, j in np.ndindex(10, 10)
    }
    texts = np.where(counts > 0, counts.astype(str), "")
    style.matrix(axes, texts, colours=colours, size=9)
    axes.set_axis_on()
    axes.spines[:].set_visible(False)
    axes.set_xticks(np.arange(10) + 0.5, range(10))
    axes.set_yticks(np.arange(10) + 0.5, range(10))
    axes.tick_params(length=0)
    axes.set(xlabel="the network says", ylabel="the image shows")
    return figure


def image(axes: Axes, array: np.ndarray, style: Style, *, signs: bool = False) -> None:
    """Show a small image with a thin border."""
    if signs:
        most = float(np.abs(array).max()) or 1.0
        axes.imshow(array, cmap=style.signs(), vmin=-most, vmax=most)
    else:
        axes.imshow(array, cmap=style.greys(), vmin=0)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_color(style.faint)


def errors(style: Style) -> Figure:
    """Show the errors of which the network was surest, with what it said."""
    _, _, images, truth = data()
    predicted = main()["predicted"]
    said = predicted.argmax(axis=1)
    wrong = np.flatnonzero(said != truth)
    surest = wrong[np.argsort(-predicted[wrong].max(axis=1))][:15]
    figure = style.figure(6.2, 4.6)
    for axes, i in zip(figure.subplots(3, 5).ravel(), surest, strict=True):
        image(axes, images[i, 0], style)
        share = f"{100 * predicted[i].max():.1f}"
        axes.set_title(f"{said[i]} ({share} %), is {truth[i]}", size=8.5)
    return figure


def kernels(style: Style) -> Figure:
    """Show the kernels of both convolutions, each with zero as the paper."""
    first, second = (
        layer for layer in param_layers(network()) if isinstance(layer, ConvolutionLayer)
    )
    figure = style.figure(6.4, 3.9)
    above, below = figure.subfigures(2, 1, height_ratios=(1, 1.7))
    above.suptitle("layer 0: four kernels of 5 × 5", size=10)
    for axes, kernel in zip(above.subplots(1, 4), first.weight, strict=True):
        image(axes, kernel[0], style, signs=True)
    below.suptitle("layer 3: sixteen kernels (columns) of 3 × 3 for each of four channels", size=10)
    for c, row in enumerate(below.subplots(4, 16)):
        for axes, kernel in zip(row, second.weight, strict=True):
            most = float(np.abs(kernel).max())
            axes.imshow(kernel[c], cmap=style.signs(), vmin=-most, vmax=most)
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_color(style.faint)
    return figure


def maps(style: Style) -> Figure:
    """Show what each stage makes of one image, down to the probabilities."""
    _, _, images, truth = data()
    trained = network()
    chosen = int(np.flatnonzero(truth == 4)[0])
    logits = trained.forward(images[chosen : chosen + 1], keepgrad=True)
    kept = trained.layer_inputs
    figure = style.figure(6.4, 6.6)
    top, middle, rest, low = figure.subfigures(4, 1, height_ratios=(1.35, 1.35, 1.5, 1.2))
    panels = top.subplots(1, 5)
    image(panels[0], kept[0][0, 0], style)
    panels[0].set_title("image", size=9)
    for axes, one in zip(panels[1:], kept[1][0], strict=True):
        image(axes, one, style, signs=True)
    panels[2].set_title("after layer 0: 24 × 24, both signs", size=9, loc="left")
    panels = middle.subplots(1, 5)
    panels[0].set_axis_off()
    for axes, one in zip(panels[1:], kept[3][0], strict=True):
        image(axes, one, style)
    panels[2].set_title("after pooling and ReLU: 12 × 12", size=9, loc="left")
    panels = rest.subplots(2, 8)
    for axes, one in zip(panels.ravel(), kept[6][0], strict=True):
        image(axes, one, style)
    rest.suptitle("after layer 5: sixteen maps of 5 × 5", size=9)
    axes = low.subplots()
    axes.bar(range(10), logits[0], color=style.blue, width=0.7)
    axes.axhline(0, color=style.soft, lw=0.8)
    axes.set(xticks=range(10), xlabel="digit", ylabel="logit")
    style.tidy(axes)
    return figure
