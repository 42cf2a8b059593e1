"""An image with two channels, flattened in row-major order, and in the other one."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from docs.pictures.drawing import Style
from docs.pictures.linear import board, lay
from solution import FlattenLayer


def draw(style: Style) -> Figure:
    x = np.arange(12.0).reshape(1, 2, 2, 3)  # (B, C, H, W)
    backs = np.array([style.mix(style.blue), style.mix(style.orange)], dtype=object)  # (C,)
    row_major = FlattenLayer().forward(x)[0]  # (12,)
    column_major = x.transpose(3, 2, 1, 0).reshape(12)  # (12,)

    axes = board(figure := style.figure(6.4, 4.0), 12.2, 7.6)
    for channel in range(2):
        at = 2.1 + 5 * channel, 0.8
        lay(style, axes, *at, x[0, channel], f"channel {channel}", colours=backs[channel])
    for y, order, title in (
        (4.1, row_major, "row-major: the last index runs fastest"),
        (6.3, column_major, "column-major: the first index runs fastest"),
    ):
        lay(style, axes, 0.1, y, order, title, colours=backs[order.astype(int) // 6][None])
    return figure
