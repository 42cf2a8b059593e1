"""One question as it goes through the channel, byte by byte: made by the code that makes them."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from autograder.sandbox import frames
from docs.pictures.drawing import Style

ROW = 16  # bytes


def question() -> bytes:
    """relu.forward of two numbers, the third question of a worker."""
    x = np.array([[1, -2]], np.float32)
    entry = {"kind": "array", "dtype": x.dtype.str, "shape": list(x.shape)}
    header = {"ask": "call", "target": 0, "name": "forward", "args": [entry], "limit": 1 << 16}
    (frame,) = frames.pack(3, header, [x.tobytes()])
    return bytes(frame)


def draw(style: Style) -> Figure:
    """The bytes in rows, each in the colour of the field it belongs to."""
    data = question()
    sizes = frames.PREFIX.unpack(data[: frames.PREFIX.size])
    fields = [
        ("magic", 4, style.purple),
        (f"number of the question: {sizes[1]}", 4, style.orange),
        (f"length of the header: {sizes[2]}", 4, style.blue),
        (f"length of the payload: {sizes[3]}", 8, style.green),
        ("header, JSON", sizes[2], style.blue),
        ("payload, two numbers of float32", sizes[3], style.green),
    ]
    shares = [0.3, 0.3, 0.45, 0.45, 0.14, 0.14]
    backs = [
        style.mix(colour, share)
        for (_, size, colour), share in zip(fields, shares, strict=True)
        for _ in range(size)
    ]
    figure = style.figure(7.2, 2.9)
    axes = figure.subplots()
    for index, (byte, back) in enumerate(zip(data, backs, strict=True)):
        row, column = divmod(index, ROW)
        axes.add_patch(
            Rectangle((column, row), 1, 1, facecolor=back, edgecolor=style.faint, lw=0.6)
        )
        shown = chr(byte) if 32 < byte < 127 and index not in range(4, 20) else f"{byte:02x}"
        if index >= len(data) - sizes[3]:
            shown = f"{byte:02x}"
        mono = {"family": "DejaVu Sans Mono", "size": 8}
        axes.text(
            column + 0.5, row + 0.55, shown if byte != 32 else "", ha="center", va="center", **mono
        )
    top = 0.4
    for (name, _, colour), share in zip(fields, shares, strict=True):
        axes.add_patch(
            Rectangle((ROW + 0.7, top - 0.3), 0.7, 0.7, facecolor=style.mix(colour, share))
        )
        axes.text(ROW + 1.7, top + 0.08, name, va="center", size=8.5)
        top += 1.15
    axes.set(xlim=(-0.1, ROW + 10.2), ylim=(-(-len(data) // ROW) + 0.1, -0.1))
    axes.set_aspect("equal")
    axes.set_axis_off()
    return figure
