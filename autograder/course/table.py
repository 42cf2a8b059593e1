"""A table of comma-separated values that can be changed without touching the rest of it.

Learning platforms read back the very file that they gave: the order of its columns, its
quotes, its separators, the mark at its start. So a file is taken apart into cells as they
are written, and put together again; what nobody changed stays the same to the byte. This
module does not know what is in a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import KitError
from autograder.text import one_line

MAX_TABLE = 50_000_000  # bytes
BOM = "\ufeff"
DELIMITERS = ",;\t"


@dataclass
class Cell:
    """A cell as it is written, with its quotes, and what stands behind it."""

    raw: str
    end: str

    @property
    def value(self) -> str:
        text = self.raw
        if text.startswith('"'):
            # What some programs write behind the closing quote belongs to the value.
            text = re.sub(r'"((?:[^"]|"")*)"?', r"\1", text, count=1).replace('""', '"')
        return text


class Table:
    """The rows of a file: the first one names the columns.

    Parameters
    ----------
    data : bytes
        UTF-8, with or without a byte order mark; separated by commas, semicolons or tabs.
    name : str
        What a person calls it, for messages.

    Raises
    ------
    KitError
        When it is no such table.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self.name = one_line(name)
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise KitError(
                f"{self.name} is not UTF-8 (byte {error.start}). In a spreadsheet, save it as "
                "“CSV UTF-8”; names would be guessed otherwise."
            ) from None
        if "\0" in text:
            raise KitError(f"{self.name} is no text: it holds zero bytes. Save it as CSV UTF-8.")
        self.start = BOM if text.startswith(BOM) else ""
        text = text.removeprefix(BOM)
        if told := re.match(r"(?:sep=)([,;\t])\r?\n", text):  # Excel's way to name the separator
            self.start += told[0]
            text = text[told.end() :]
        self.delimiter = told[1] if told else _delimiter(text)
        self.cells = [row for row in _rows(text, self.delimiter) if row]
        if not self.cells or not any(cell.value.strip() for cell in self.cells[0]):
            raise KitError(f"{self.name} is empty: the first line must name the columns.")

    @classmethod
    def read(cls, file: Path) -> Table:
        """Read the table in a file."""
        try:
            if file.stat().st_size > MAX_TABLE:
                raise KitError(f"{file} is larger than {MAX_TABLE:,} bytes: is it a table?")
            return cls(file.read_bytes(), file.name)
        except OSError as error:
            raise KitError(f"{file} cannot be read: {error.strerror}") from error

    @property
    def header(self) -> list[str]:
        return [cell.value.strip() for cell in self.cells[0]]

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """The number of each row below the first, and its values, as many as the first has."""
        width = len(self.cells[0])
        for number, row in enumerate(self.cells[1:], start=1):
            values = [cell.value.strip() for cell in row[:width]]
            if any(values):
                yield number, values + [""] * (width - len(values))

    def column(self, index: int) -> list[str]:
        """The values of a column, without its name."""
        return [values[index] for _, values in self.rows()]

    def set(self, row: int, column: int, value: str) -> None:
        """Write a value into a cell; quoted where the one before was, or where it must be."""
        cells = self.cells[row]
        while len(cells) <= column:  # a row may leave out the empty cells at its end
            cells.append(Cell("", cells[-1].end))
            cells[-2].end = self.delimiter
        old = cells[column].raw
        special = any(one in value for one in (self.delimiter, '"', "\r", "\n"))
        quoted = '"' + value.replace('"', '""') + '"'
        cells[column].raw = quoted if special or old.startswith('"') else value

    def to_bytes(self) -> bytes:
        """The whole file."""
        text = "".join(cell.raw + cell.end for row in self.cells for cell in row)
        return (self.start + text).encode("utf-8")


def _delimiter(text: str) -> str:
    """The separator that makes the most cells of the first line."""
    line = next((line for line in re.split(r"\r\n|\r|\n", text) if line), "")
    outside = re.sub(r'"(?:[^"]|"")*"', "", line)
    return max(DELIMITERS, key=outside.count)


def _rows(text: str, delimiter: str) -> Iterator[list[Cell]]:
    """Take a text apart. Quotes count only where a cell begins with one."""
    other = f"[^{delimiter}\\r\\n]"
    cell = re.compile(rf'((?:"(?:[^"]|"")*"?)?{other}*)({delimiter}|\r\n|\r|\n|\Z)')
    row: list[Cell] = []
    place = 0
    while place < len(text):
        found = cell.match(text, place)
        assert found is not None, "every text matches"
        row.append(Cell(found[1], found[2]))
        place = found.end()
        if found[2] != delimiter:
            yield row
            row = []
    if row:  # the text ends with a separator: an empty cell stands behind it
        yield [*row, Cell("", "")]


# Writing

FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return "'" + text if text.startswith(FORMULA) else text
