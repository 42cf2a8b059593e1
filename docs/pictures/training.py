"""How the loss of the training batches falls, for several learning rates and batch sizes."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from docs.pictures.drawing import Style
from docs.pictures.trained import RATES, SIZES, rate, size


def draw(style: Style) -> dict[str, Figure]:
    """Draw both."""
    return {"rates": rates(style), "sizes": sizes(style)}


def rates(style: Style) -> Figure:
    """Draw a curve for each learning rate, ten batches a point."""
    figure = style.figure(6.4, 3.6)
    axes = figure.subplots()
    colours = (*style.colours, style.ink)
    lines = ("-", "--", "-.", "-", "--", "-")
    for value, colour, line in zip(RATES, colours, lines, strict=True):
        losses = rate(value)["batches"].reshape(-1, 10).mean(axis=1)
        steps = 10 * np.arange(len(losses)) + 5
        axes.plot(steps, losses, line, color=colour, label=f"{value:g}")
    axes.set(xlabel="step", ylabel="loss of the training batches", yscale="log", ylim=(0.08, 4))
    axes.set_yticks([0.1, 0.2, 0.5, 1, 2], ["0.1", "0.2", "0.5", "1", "2"])
    axes.minorticks_off()
    figure.legend(title="learning rate", loc="outside right upper")
    style.tidy(axes)
    return figure


def sizes(style: Style) -> Figure:
    """Draw a curve for each batch size, against the images seen, 500 images a point if it can."""
    figure = style.figure(6.4, 3.2)
    axes = figure.subplots()
    for value, line in zip(SIZES, ("-", "--", "-."), strict=True):
        losses = size(value)["batches"].ravel()
        together = max(1, round(400 / value))
        losses = losses[: len(losses) // together * together].reshape(-1, together).mean(axis=1)
        seen = (np.arange(len(losses)) + 0.5) * together * value
        axes.plot(seen, losses, line, label=f"{value:,}")
    axes.set(xlabel="training images seen", ylabel="loss of the training batches", ylim=(0, 3))
    axes.legend(title="batch size")
    style.tidy(axes)
    return figure
