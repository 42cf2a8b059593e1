"""What a shift and a temperature do to softmax."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from docs.pictures.drawing import Style
from solution import softmax


def draw(style: Style) -> Figure:
    x = np.array([[2.0, 1.0, 0.5, -1.0, 1.5]])  # (1, 5)
    kinds = [("softmax(x)", x, style.blue), ("softmax(x + 100)", x + 100, style.blue)]
    kinds += [(f"T = {t:g}", x / t, style.orange) for t in (0.5, 2.0, 10.0)]
    figure = style.figure(6.8, 2.3)
    grid = figure.subplots(1, len(kinds), sharey=True)
    for axes, (title, logits, colour) in zip(grid, kinds, strict=True):
        axes.bar(range(x.shape[1]), softmax(logits)[0], color=colour, width=0.7)
        axes.set(xticks=range(x.shape[1]), ylim=(0, 1))
        axes.set_title(title, size=9)
        axes.tick_params(labelsize=8)
        axes.grid(axis="y", color=style.faint, lw=0.6)
        axes.set_axisbelow(True)
    grid[0].set_ylabel("probability")
    figure.supxlabel("class", size=10)
    style.tidy(*grid)
    return figure
