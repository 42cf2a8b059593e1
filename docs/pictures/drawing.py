"""What the pictures have in common: colours for light and dark, figures, small matrices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from cycler import cycler
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle


@dataclass(frozen=True)
class Style:
    """The colours of a picture; each has a contrast of at least 4.5 with the paper, but `faint`.

    Parameters
    ----------
    ink
        Text and what matters most.
    soft
        Axes, and text that matters less.
    faint
        Grids, borders, empty cells.
    paper
        What is behind the picture. The picture itself is transparent.
    """

    ink: str
    soft: str
    faint: str
    paper: str
    blue: str
    orange: str
    green: str
    red: str
    purple: str

    @property
    def colours(self) -> tuple[str, ...]:
        """The colours that tell lines apart, in the order in which they are used."""
        return self.blue, self.orange, self.green, self.red, self.purple

    def settings(self) -> dict[str, Any]:
        """Matplotlib's settings, in force while a picture is drawn and saved."""
        return {
            "axes.edgecolor": self.soft,
            "axes.facecolor": "none",
            "axes.labelcolor": self.ink,
            "axes.labelsize": 10,
            "axes.prop_cycle": cycler(color=self.colours),
            "axes.titlesize": 10,
            "axes.titlecolor": self.ink,
            "figure.facecolor": "none",
            "font.family": "DejaVu Sans",
            "font.size": 10,
            "grid.color": self.faint,
            "legend.fontsize": 9,
            "legend.frameon": False,
            "legend.labelcolor": self.ink,
            "lines.linewidth": 1.6,
            "patch.edgecolor": self.ink,
            "savefig.facecolor": "none",
            "svg.fonttype": "path",
            "svg.hashsalt": "byhand",
            "text.color": self.ink,
            "xtick.color": self.soft,
            "xtick.labelcolor": self.soft,
            "xtick.labelsize": 9,
            "ytick.color": self.soft,
            "ytick.labelcolor": self.soft,
            "ytick.labelsize": 9,
        }

    def figure(self, width: float, height: float) -> Figure:
        """A figure of this size in inches; its parts find their places themselves."""
        return Figure(figsize=(width, height), layout="constrained")

    def tidy(self, *axes: Axes) -> None:
        """Take the upper and the right border of axes away."""
        for one in axes:
            one.spines[["top", "right"]].set_visible(False)

    def greys(self) -> Colormap:
        """From the paper, 0, to the ink, 1: for images of digits."""
        return LinearSegmentedColormap.from_list("greys", [self.paper, self.ink])

    def signs(self) -> Colormap:
        """From blue over the paper to orange, for numbers of both signs."""
        return LinearSegmentedColormap.from_list("signs", [self.blue, self.paper, self.orange])

    def mix(self, colour: str, share: float = 0.25) -> str:
        """A colour mixed into the paper: a background on which ink can be read."""
        mixed = share * np.array(to_rgb(colour)) + (1 - share) * np.array(to_rgb(self.paper))
        return "#" + "".join(f"{round(255 * part):02x}" for part in mixed)

    def matrix(
        self,
        axes: Axes,
        array: Any,
        *,
        numbers: bool = True,
        colours: Any = None,
        highlight: Iterable[tuple[int, int]] = (),
        colour: str | None = None,
        form: str = "g",
        size: float = 10,
    ) -> None:
        """Draw a small matrix as a grid of cells.

        Parameters
        ----------
        array
            Two axes, or one, which is drawn as a row. Text is drawn as it is.
        numbers
            Whether the elements are written into the cells.
        colours
            Backgrounds: one colour for all cells, an array of colours of the same shape, a
            dictionary from (row, column) to a colour, or a colour map for the numbers.
        highlight
            Cells, as (row, column), that get a border.
        colour
            Of that border; orange, if none is given.
        form
            How a number is written, as for `format`.
        """
        values = np.atleast_2d(np.asarray(array))
        rows, columns = values.shape
        for i in range(rows):
            for j in range(columns):
                back = self._background(values, colours, i, j)
                axes.add_patch(Rectangle((j, i), 1, 1, facecolor=back, edgecolor=self.soft, lw=0.8))
                if numbers:
                    value = values[i, j]
                    text = value if isinstance(value, str) else format(value, form)
                    axes.text(
                        *(j + 0.5, i + 0.5, str(text).replace("-", "\u2212")),
                        ha="center",
                        va="center",
                        size=size,
                        color=self._readable(back),
                    )
        for i, j in highlight:
            edge = colour or self.orange
            axes.add_patch(Rectangle((j, i), 1, 1, fill=False, edgecolor=edge, lw=2.4, zorder=3))
        axes.set(xlim=(-0.05, columns + 0.05), ylim=(rows + 0.05, -0.05), aspect="equal")
        axes.set_axis_off()

    def _background(self, values: Any, colours: Any, i: int, j: int) -> Any:
        if colours is None:
            return "none"
        if isinstance(colours, str) and colours not in colormaps:
            return colours
        if isinstance(colours, Mapping):
            return colours.get((i, j), "none")
        if isinstance(colours, Colormap | str):
            chosen = colormaps[colours] if isinstance(colours, str) else colours
            low, high = float(values.min()), float(values.max())
            if low < 0:  # both signs: the middle of the map is zero
                low, high = -max(-low, high), max(-low, high)
            return chosen((float(values[i, j]) - low) / ((high - low) or 1))
        return np.atleast_2d(np.asarray(colours, dtype=object))[i, j] or "none"

    def _readable(self, back: Any) -> str:
        """Ink or paper, whichever can be read on a background."""
        if isinstance(back, str) and back == "none":
            return self.ink
        light = luminance(to_rgb(back[:3] if not isinstance(back, str) else back))
        ink, paper = luminance(to_rgb(self.ink)), luminance(to_rgb(self.paper))
        return self.ink if contrast(light, ink) >= contrast(light, paper) else self.paper


def luminance(colour: tuple[float, float, float]) -> float:
    """How light a colour is, from 0 to 1, by WCAG's formula."""
    parts = np.array(colour)
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: float, other: float) -> float:
    """Of two luminances, by WCAG's formula: from 1 to 21."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


STYLES = {
    "light": Style(
        ink="#1f2328",
        soft="#59636e",
        faint="#d1d9e0",
        paper="#ffffff",
        blue="#1f63b5",
        orange="#b35400",
        green="#1a7f37",
        red="#c4242f",
        purple="#7a4fc4",
    ),
    "dark": Style(
        ink="#e6e9ee",
        soft="#9ea7b3",
        faint="#3d444d",
        paper="#14171b",
        blue="#6cb0ff",
        orange="#f0a050",
        green="#57c26b",
        red="#ff8078",
        purple="#bb9af7",
    ),
}
