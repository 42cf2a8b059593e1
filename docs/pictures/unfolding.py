"""Convolution as a product of matrices: what unfolding makes of image, kernel and width.

`columns` is the unfolded image, `overlaps` in how many windows a pixel lies, `kernel` the unfolded
kernel, `rows` the image with only its width unfolded.
"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.lib.stride_tricks import sliding_window_view

from docs.pictures.convolution import IMAGE, KERNEL, arrow, layer
from docs.pictures.drawing import Style


def picture_of_columns(style: Style) -> Figure:
    """The windows of the image, as columns; the kernel, as a row; their product."""
    columns = sliding_window_view(IMAGE, (2, 2)).reshape(4, 4).T  # (K, P)
    row = KERNEL.reshape(1, 4)
    colours = style.colours[:4]
    figure = style.figure(7.2, 3.4)
    grid = figure.add_gridspec(2, 4, width_ratios=[3.2, 3.2, 4.2, 4.2], height_ratios=[4.4, 1.5])

    image = figure.add_subplot(grid[0, 0])
    style.matrix(image, IMAGE, size=11)
    for n, (i, j) in enumerate(np.ndindex(2, 2)):
        shift = 0.07 * (n - 1.5)  # so that no frame hides another
        image.add_patch(
            Rectangle(
                (j + shift + 0.04, i + shift + 0.04),
                *(1.92, 1.92),
                fill=False,
                edgecolor=colours[n],
                lw=2.2,
                zorder=3,
            )
        )
    image.set(xlim=(-0.2, 3.2), ylim=(3.2, -0.2), title="image")

    windows = figure.add_subplot(grid[0, 1])
    windows.set_axis_off()
    windows.set(xlim=(0, 4.6), ylim=(4.6, 0), aspect="equal", title="its windows")
    for n, (i, j) in enumerate(np.ndindex(2, 2)):
        for a, d in np.ndindex(2, 2):
            corner = (2.4 * j + d, 2.4 * i + a)
            windows.add_patch(
                Rectangle(corner, 1, 1, facecolor=style.mix(colours[n], 0.25), edgecolor=style.soft)
            )
            text = format(IMAGE[i + a, j + d], "g")
            windows.text(corner[0] + 0.5, corner[1] + 0.5, text, ha="center", va="center")

    backs = np.array([[style.mix(colour, 0.25) for colour in colours]] * 4, dtype=object)
    unfolded = figure.add_subplot(grid[0, 3])
    style.matrix(unfolded, columns, colours=backs, size=11)
    unfolded.set_title("columns, K × P")
    arrow(style, figure, image, windows)

    left = figure.add_subplot(grid[1, 2])
    style.matrix(left, row, size=11)
    left.set_title("kernel, 1 × K")
    right = figure.add_subplot(grid[1, 3])
    style.matrix(right, row @ columns, colours=backs[:1], size=11)
    right.set_title("output, 1 × P")
    middle = figure.add_subplot(grid[0, 2])
    middle.set_axis_off()
    middle.text(0.5, 0.5, "one window,\none column", ha="center", va="center", color=style.soft)
    middle.annotate(
        "",
        (0.95, 0.34),
        (0.05, 0.34),
        xycoords="axes fraction",
        arrowprops={"arrowstyle": "-|>", "color": style.soft},
    )
    return figure


def counts(size: int, kernel: int) -> np.ndarray:
    """In how many windows each pixel lies, as the layer knows it: kernel and gradient all ones."""
    out = size - kernel + 1
    ones = layer(np.ones((kernel, kernel)))
    return ones.backward(np.zeros((1, 1, size, size)), np.ones((1, 1, out, out)))[0, 0]


def picture_of_overlaps(style: Style) -> Figure:
    """How often a pixel is copied, for a small image and for the network's first layer."""
    figure = style.figure(7.2, 3.6)
    left, right = figure.subplots(1, 2)
    small, large = counts(6, 3), counts(28, 5)[:8, :8]

    def backs(many: np.ndarray) -> np.ndarray:
        shares = 0.75 * many / many.max()
        return np.vectorize(lambda share: style.mix(style.blue, share), otypes=[object])(shares)

    style.matrix(left, small, colours=backs(small), size=11)
    left.set_title("6 × 6, window 3 × 3")
    style.matrix(right, large, colours=backs(large), size=9.5)
    right.set_title("28 × 28, window 5 × 5: its corner")
    return figure


def picture_of_kernel(style: Style) -> Figure:
    """The unfolded kernel for 6 × 6 pixels and a kernel of 3 × 3: which element stands where."""
    names = np.arange(1.0, 10).reshape(3, 3)
    unit = np.eye(36).reshape(36, 1, 6, 6)
    unfolded = layer(names).forward(unit).reshape(36, 16).T.astype(int)  # (16, 36)
    palette = [None, *style.colours, *(style.mix(one, 0.45) for one in style.colours[:4])]
    figure = style.figure(7.2, 3.3)
    left, right = figure.subplots(1, 2, width_ratios=[36, 5])
    left.set(xlim=(0, 36), ylim=(16, 0), aspect="equal")
    for (row, column), name in np.ndenumerate(unfolded):
        if name:
            left.add_patch(
                Rectangle((column, row), 1, 1, facecolor=palette[name], edgecolor="none")
            )
    for edge in range(0, 37, 6):
        left.axvline(edge, color=style.soft if edge % 36 else style.ink, lw=0.8)
    for edge in range(0, 17, 4):
        left.axhline(edge, color=style.soft if edge % 16 else style.ink, lw=0.8)
    left.set_xticks(np.arange(3, 36, 6), [f"row {p}" for p in range(6)])
    left.set_yticks(np.arange(2, 16, 4), [f"row {i}" for i in range(4)])
    left.tick_params(length=0)
    left.spines[:].set_visible(False)
    left.set_xlabel("pixels of the image")
    left.set_ylabel("pixels of the output")
    colours = np.array(palette[1:], dtype=object).reshape(3, 3)
    labels = np.array([[f"{a}{d}" for d in range(3)] for a in range(3)])
    style.matrix(right, labels, colours=colours, size=8)
    right.set_title("kernel")
    return figure


def picture_of_rows(style: Style) -> Figure:
    """The width unfolded: one small matrix for each image row, and which of them go together."""
    unfolded = sliding_window_view(IMAGE, 2, axis=1).transpose(0, 2, 1)  # (H, k2, o2)
    colours = style.blue, style.orange, style.green
    figure = style.figure(7.2, 2.7)
    left, middle, right = figure.subplots(1, 3, width_ratios=[3, 5, 6])

    rows = np.repeat(np.array([style.mix(one, 0.25) for one in colours], dtype=object), 3)
    style.matrix(left, IMAGE, colours=rows.reshape(3, 3), size=11)
    left.set_title("image")
    stacked = unfolded.reshape(6, 2)
    backs = np.repeat(np.array([style.mix(one, 0.25) for one in colours], dtype=object), 4)
    style.matrix(middle, stacked, colours=backs.reshape(6, 2), size=11)
    middle.set(title="U, width unfolded", xlim=(-2.6, 4.6))
    for h in range(3):
        middle.text(-0.2, 2 * h + 1, f"U[{h}]", ha="right", va="center", color=colours[h])
    for i, at in enumerate((2.3, 3.3)):
        top, bottom = 2 * i + 0.1, 2 * i + 3.9
        middle.plot(
            [at, at + 0.2, at + 0.2, at], [top, top, bottom, bottom], color=style.ink, lw=1.4
        )
        middle.text(at + 0.35, 2 * i + 2, f"$R_{i}$", ha="left", va="center")
    arrow(style, figure, left, middle)

    right.set_axis_off()
    right.set(
        xlim=(0, 8.4), ylim=(5.6, -0.6), aspect="equal", title="one product for each output row"
    )
    for i in range(2):
        top = 2.9 * i
        block = unfolded[i : i + 2].reshape(4, 2)
        product = KERNEL.reshape(1, 4) @ block
        for n, value in enumerate(KERNEL.flat):
            _cell(style, right, (0.62 * n, top + 0.9), value, "none")
        right.text(2.85, top + 1.2, "·", ha="center", va="center", size=13)
        for (a, j), value in np.ndenumerate(block):
            colour = style.mix(colours[i + a // 2], 0.25)
            _cell(style, right, (3.2 + 0.62 * j, top + 0.62 * a), value, colour)
        right.text(4.8, top + 1.2, "=", ha="center", va="center", size=13)
        for j, value in enumerate(product[0]):
            _cell(style, right, (5.2 + 0.62 * j, top + 0.9), value, "none")
        right.text(6.7, top + 1.2, f"$Y_{i}$", ha="left", va="center")
    return figure


def _cell(style: Style, axes, corner: tuple[float, float], value: float, back: str) -> None:
    """A cell with a number, smaller than those of a matrix."""
    axes.add_patch(Rectangle(corner, 0.62, 0.62, facecolor=back, edgecolor=style.soft, lw=0.8))
    text = format(value, "g").replace("-", "\u2212")
    axes.text(corner[0] + 0.31, corner[1] + 0.31, text, ha="center", va="center", size=9)


def draw(style: Style) -> dict[str, Figure]:
    """All of them."""
    return {
        "columns": picture_of_columns(style),
        "overlaps": picture_of_overlaps(style),
        "kernel": picture_of_kernel(style),
        "rows": picture_of_rows(style),
    }
