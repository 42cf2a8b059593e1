"""What is drawn of a check: coloured tables of numbers, curves, and digits.

A heat map is a table whose cells hold their numbers, so that who cannot see the colours
reads the same. Colours go from blue (negative) over the page's own to orange (positive);
those who see few colours can tell them apart. The templates do the drawing.
"""

from __future__ import annotations

import base64
import math
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

Number = float | None  # None is what is not finite
Colour = tuple[float, float, float]

STEPS = 10  # colours on each side of zero
NUMBERED = 9  # columns of a table whose numbers can be seen; of others only the colours
LIGHT = ((11, 83, 148), (250, 250, 250), (180, 83, 9))
DARK = ((96, 176, 244), (32, 38, 46), (250, 160, 70))
ARCHIVE = Path(__file__).resolve().parents[1] / "data" / "mnist.npz"


# Heat maps ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """One number of a heat map."""

    text: str
    exact: str
    colour: str  # a class of the style sheet
    worst: bool


@dataclass(frozen=True)
class Panel:
    """One heat map.

    Parameters
    ----------
    end, factor
        Where the colours end, if there are any, and what the numbers in the cells are to be
        multiplied with.
    """

    name: str
    rows: list[list[Cell]]
    end: str
    factor: str
    clipped: bool


@dataclass(frozen=True)
class Comparison:
    """Expected, received and difference of one slice of an array."""

    where: str
    panels: list[Panel]
    rows: range
    columns: range
    numbered: bool
    summary: str
    crossed: bool  # whether there is a number that is not finite


def comparison(evidence: dict[str, Any]) -> Comparison:
    """Heat maps of what was expected, what was received, and how they differ."""
    expected: list[list[Number]] = evidence["expected"]
    got: list[list[Number]] = evidence["got"]
    difference = [
        [None if a is None or b is None else b - a for a, b in zip(one, other, strict=True)]
        for one, other in zip(expected, got, strict=True)
    ]
    row, column = worst(difference)
    largest, received = size(expected), size(got)
    # What was received may be far too large; then the expected values would have no colour.
    scale = min(max(largest, received), 2 * largest) or received
    top, left = evidence["origin"]
    rows = range(top, top + len(expected))
    columns = range(left, left + len(expected[0]))
    index = ", ".join(map(str, [*evidence["index"], row + top, column + left]))
    if len(evidence["shape"]) == 1:
        index = str(column + left)
    return Comparison(
        where=position(evidence, rows, columns),
        panels=[
            panel("expected", expected, scale, (row, column)),
            panel("received", got, scale, (row, column)),
            panel("received − expected", difference, size(difference), (row, column)),
        ],
        rows=rows,
        columns=columns,
        numbered=len(columns) <= NUMBERED,
        summary=f"They differ most at [{index}]: expected {exact(expected[row][column])},"
        f" received {exact(got[row][column])}.",
        crossed=any(value is None for line in (*expected, *got) for value in line),
    )


def position(evidence: dict[str, Any], rows: range, columns: range) -> str:
    """Which part of the array is shown."""
    shape = evidence["shape"]
    whole = (shape[-2] if len(shape) > 1 else 1) * shape[-1] == len(rows) * len(columns)
    parts = [*map(str, evidence["index"])]
    parts += [":", ":"] if whole else [f"{r.start}:{r.stop}" for r in (rows, columns)]
    if len(shape) == 1:
        parts = parts[-1:]
    return f"[{', '.join(parts)}] of an array of shape ({', '.join(map(str, shape))})"


def worst(difference: Sequence[Sequence[Number]]) -> tuple[int, int]:
    """Where a difference is largest; what is not finite is the largest of all."""
    places = [(i, j) for i, row in enumerate(difference) for j in range(len(row))]

    def at(place: tuple[int, int]) -> float:
        value = difference[place[0]][place[1]]
        return math.inf if value is None else abs(value)

    return max(places, key=at)


def size(rows: Sequence[Sequence[Number]]) -> float:
    return max((abs(value) for row in rows for value in row if value is not None), default=0.0)


def panel(
    name: str, rows: Sequence[Sequence[Number]], scale: float, marked: tuple[int, int]
) -> Panel:
    largest = size(rows)
    # Numbers in cells have two decimals, and one factor for all where that is not enough.
    power = 0 if 0.1 <= largest < 1000 or not largest else math.floor(math.log10(largest))
    cells = [
        [
            Cell(short(value, power), exact(value), shade(value, scale), (i, j) == marked)
            for j, value in enumerate(row)
        ]
        for i, row in enumerate(rows)
    ]
    factor = f"10{str(power).translate(SUPERSCRIPT)}" if power else ""
    return Panel(name, cells, exact(scale) if scale else "", factor, largest > scale)


SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def short(value: Number, power: int) -> str:
    if value is None:
        return "×"
    scaled = value / 10.0**power
    text = f"{scaled:.0f}" if scaled == 0 or abs(scaled) >= 100 else f"{scaled:.2f}"
    return minus(text)


def exact(value: Number) -> str:
    return "not finite" if value is None else minus(f"{value:.5g}")


def minus(text: str) -> str:
    """A number with a real minus, and without one where it is nothing."""
    return text.lstrip("-") if not text.strip("-0.") else text.replace("-", "−")


def shade(value: Number, scale: float) -> str:
    """The class of a number's colour: n10 … n1, z, p1 … p10, or x for what is not finite."""
    if value is None:
        return "x"
    step = min(STEPS, math.ceil(STEPS * abs(value) / scale)) if scale and value else 0
    return f"{'n' if value < 0 else 'p'}{step}" if step else "z"


# Colours ------------------------------------------------------------------------------


@cache
def colours(dark: bool) -> str:
    """The style sheet's classes for the colours of heat maps, with a text that can be read."""
    low, middle, high = DARK if dark else LIGHT
    rules = []
    for name, end in (("n", low), ("p", high)):
        for step in range(1, STEPS + 1):
            share = (step / STEPS) ** 0.8
            colour = tuple(m + share * (e - m) for m, e in zip(middle, end, strict=True))
            rules.append(rule(f"{name}{step}", (colour[0], colour[1], colour[2])))
    rules.append(rule("z", middle))
    return "".join(rules)


def rule(name: str, colour: Colour) -> str:
    ink = max(("#000", "#fff"), key=lambda one: contrast(colour, one))
    return f".{name}{{background:#{''.join(f'{round(c):02x}' for c in colour)};color:{ink}}}\n"


def contrast(colour: Colour, ink: str) -> float:
    """The contrast of WCAG between a colour and black or white."""
    light = luminance(colour)
    return (light + 0.05) / 0.05 if ink == "#000" else 1.05 / (light + 0.05)


def luminance(colour: Colour) -> float:
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (value / 255 for value in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


# Training -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Curve:
    """A line over the passes, in a picture of 300 × 130."""

    name: str
    points: list[tuple[float, float]]
    texts: list[str]  # the value of each point
    top: str
    bottom: str
    level: float | None  # where a line is drawn that is to be reached
    level_text: str


WIDE, HIGH = 300.0, 130.0


def curve(
    name: str,
    values: Sequence[Number],
    top: float,
    form: str,
    axis: str,
    level: float | None = None,
) -> Curve:
    """A line from the first to the last pass; values that are not finite are left out."""
    step = WIDE / max(1, len(values) - 1)
    points = [
        (round(i * step, 1), round(HIGH * (1 - min(max(value, 0), top) / top), 1))
        for i, value in enumerate(values)
        if value is not None
    ]
    return Curve(
        name=name,
        points=points,
        texts=["not finite" if value is None else form.format(value) for value in values],
        top=axis.format(top),
        bottom="0",
        level=None if level is None else round(HIGH * (1 - level / top), 1),
        level_text="" if level is None else axis.format(level),
    )


@dataclass(frozen=True)
class Digit:
    """An image that was misread."""

    index: int
    digit: int
    guess: int
    picture: str


@dataclass(frozen=True)
class Training:
    """How a training went."""

    curves: list[Curve]
    confusion: list[list[Cell]]
    misread: list[Digit]
    wrong: int
    total: int
    confused: str


def training(evidence: dict[str, Any], threshold: float) -> Training:
    """Curves, confusion matrix and the digits that were misread."""
    losses, accuracies = evidence["losses"], evidence["accuracies"]
    confusion: list[list[int]] = evidence["confusion"]
    total = sum(map(sum, confusion))
    pairs = [(confusion[i][j], i, j) for i in range(10) for j in range(10) if i != j]
    most = max(pairs)
    top = max((loss for loss in losses if loss is not None and loss > 0), default=1.0)
    return Training(
        curves=[
            curve("Accuracy on the test split", accuracies, 1.0, "{:.1%}", "{:.0%}", threshold),
            curve("Loss while training", losses, top, "{:.3g}", "{:.3g}"),
        ],
        confusion=[
            [
                # The diagonal is what was read right: the other colour, by the share of its row.
                Cell(
                    str(count),
                    str(count),
                    shade(-count, sum(row)) if i == j else shade(count, most[0]),
                    False,
                )
                for j, count in enumerate(row)
            ]
            for i, row in enumerate(confusion)
        ],
        misread=[
            Digit(index, digit, guess, png(image))
            for (index, digit, guess), image in misread(evidence["misread"])
        ],
        wrong=sum(count for count, _, _ in pairs),
        total=total,
        confused=f"Most often, {most[1]} is read as {most[2]}: {most[0]} times."
        if most[0]
        else "No digit is misread.",
    )


def misread(entries: Sequence[Sequence[int]]) -> Iterator[tuple[Sequence[int], Any]]:
    for entry in entries:
        yield entry, 255 - test_images()[entry[0]]  # dark on light, as on paper


@cache
def test_images() -> Any:
    import numpy as np

    with np.load(ARCHIVE, allow_pickle=False) as archive:
        return archive["test_images"]


def png(image: Any) -> str:
    """A grey image (rows, columns) of bytes, as the address of a PNG file in itself."""
    height, width = image.shape
    lines = b"".join(b"\0" + row.tobytes() for row in image)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    file = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    )
    return "data:image/png;base64," + base64.b64encode(file).decode("ascii")
