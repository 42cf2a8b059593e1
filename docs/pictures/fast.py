"""Layouts in memory, two ways to unfold an image, and how long nine convolutions take.

The times were measured by `python -m tests.benchmarks.bench_convolution --out FILE`; the file is
`convolution_times.csv`.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.lib.stride_tricks import sliding_window_view

from docs.pictures.drawing import Style

TIMES = Path(__file__).with_name("convolution_times.csv")


def draw(style: Style) -> dict[str, Figure]:
    """Draw all three."""
    return {"layout": layout(style), "unfolding": unfolding(style), "times": times(style)}


def layout(style: Style) -> Figure:
    """Draw what lies where in memory, for both orders of the axes."""
    x = np.arange(12).reshape(2, 1, 2, 3)  # (B, C, H, W)
    orders = {
        "C order": x.ravel(),
        "batch last": np.ascontiguousarray(x.transpose(1, 2, 3, 0)).ravel(),
    }
    figure = style.figure(5.6, 2.1)
    for axes, (title, order) in zip(figure.subplots(2, 1), orders.items(), strict=True):
        image, pixel = np.divmod(order, 6)
        backs = np.where(image == 0, style.mix(style.blue), style.mix(style.orange))
        style.matrix(axes, pixel, colours=backs)
        axes.set_title(title, loc="left")
    handles = [
        Rectangle((0, 0), 1, 1, facecolor=style.mix(colour), edgecolor=style.soft)
        for colour in (style.blue, style.orange)
    ]
    figure.legend(handles, ["image 0", "image 1"], loc="outside lower right", ncols=2)
    return figure


def unfolding(style: Style) -> Figure:
    """Draw an image, its columns, and its width unfolded."""
    image = np.arange(16).reshape(4, 4)
    windows = sliding_window_view(image, (3, 3))  # (o1, o2, k1, k2)
    columns = windows.transpose(2, 3, 0, 1).reshape(9, 4)
    width = sliding_window_view(image, 3, axis=1)  # (H, o2, k2)
    width = width.transpose(0, 2, 1).reshape(12, 2)  # (H k2, o2)
    figure = style.figure(6.2, 4.4)
    left, middle, right = figure.subplots(1, 3, width_ratios=(4.4, 4.4, 7.6))
    style.matrix(left, image)
    left.set_title("image")
    halves = {(i, j): style.mix(style.blue if j < 2 else style.orange) for i, j in np.ndindex(9, 4)}
    style.matrix(middle, columns, colours=halves)
    middle.set_title("columns, 9 × 4")
    style.matrix(right, width)
    right.set_title("width unfolded, 12 × 2", x=0.4)
    for x, top, colour, label in (
        (2.25, 0, style.blue, "output row 0"),
        (2.75, 3, style.orange, "output row 1"),
    ):
        right.plot([x, x], [top + 0.1, top + 8.9], color=colour, lw=4, solid_capstyle="butt")
        y = 1.0 if top == 0 else 11.0
        right.text(3.05, y, label, va="center", color=colour)
    right.set_xlim(-0.05, 7.2)
    for axes in (left, middle, right):
        axes.set_ylim(12.05, -0.05)
    return figure


def times(style: Style) -> Figure:
    """Draw the sums that were measured as bars."""
    with TIMES.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    figure = style.figure(6.2, 3.4)
    axes = figure.subplots()
    sums = [float(row["all"]) for row in rows]
    bars = axes.barh([row["way"] for row in rows], sums, color=style.blue, height=0.6)
    axes.bar_label(bars, [f"{value:,.0f}" for value in sums], padding=3, size=9)
    axes.set(xscale="log", xlabel="milliseconds for 100 images", xlim=(1, max(sums) * 5))
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0, labelcolor=style.ink)
    style.tidy(axes)
    return figure
