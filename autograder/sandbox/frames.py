"""The format of what goes through the channel, and the checks of what comes back.

A frame is

    4 bytes  magic            "BYH1"
    u32      number           of the question; its answer repeats it
    u32      header length    at most 64 KiB
    u64      payload length   at most what the question can legally bring
    header                    JSON
    payload                   the bytes of the arrays, one after another, C order

little endian. Nothing in an answer is believed: every field is checked before it is
used, sizes before anything is allocated. No pickle, no dtype from text, no object.
"""

from __future__ import annotations

import json
import math
import struct
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

PREFIX = struct.Struct("<4sIIQ")
MAGIC = b"BYH1"
SMALL = 1 << 16  # bytes of arrays that are better copied than sent one by one
MAX_HEADER = 1 << 16
MAX_VALUES = 65  # one more than the worker sends, so that "too many" can be seen
MAX_DIMENSIONS = 32
MAX_LENGTH = 1 << 31  # of an axis
DTYPES = {
    name: np.dtype(name)
    for name in ["<f2", "<f4", "<f8", "|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<u8", "|b1"]
}
TRUTH = bytes([0] + 255 * [1])  # a byte of another value would be neither true nor false


class BadFrame(ValueError):
    """Bytes that are no answer to the question; the text says why."""


def pack(number: int, header: dict[str, Any], payloads: Sequence[bytes | memoryview]) -> list[Any]:
    """The buffers of one frame, to be written one after another."""
    text = json.dumps(header).encode()
    total = sum(memoryview(part).nbytes for part in payloads)
    parts = [PREFIX.pack(MAGIC, number, len(text), total) + text, *payloads]
    return [b"".join(parts)] if total < SMALL else parts


def read_prefix(data: bytes | bytearray, number: int, limit: int) -> tuple[int, int]:
    """Header and payload length that a prefix announces, if it may announce them."""
    magic, got, header_length, payload_length = PREFIX.unpack(data)
    if magic != MAGIC:
        raise BadFrame("the bytes do not begin as an answer does")
    if got != number:
        raise BadFrame("it answers another question")
    if header_length > MAX_HEADER or payload_length > limit:
        raise BadFrame("the answer is larger than any right answer can be")
    return header_length, payload_length


def read_header(data: bytes | bytearray) -> dict[str, Any]:
    """The header as a table, in which no key comes twice."""
    try:
        header = json.loads(data.decode(), object_pairs_hook=table_of)
    except BadFrame:
        raise
    except (ValueError, RecursionError) as error:
        raise BadFrame("the header cannot be read") from error
    if not isinstance(header, dict):
        raise BadFrame("the header is no table")
    return header


def table_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise BadFrame("a field of the header is there twice")
    return table


def fields(table: object, *names: str) -> list[Any]:
    """The values of a table that has these fields and no others."""
    if not isinstance(table, dict) or table.keys() != set(names):
        raise BadFrame("a field is missing, or there is one too many")
    return [table[name] for name in names]


def integer(value: object, most: int) -> int:
    """A whole number between 0 and `most`; booleans are none."""
    if type(value) is not int or not 0 <= value <= most:
        raise BadFrame("a number is out of range")
    return value


def text(value: object, most: int) -> str:
    """A string of bounded length."""
    if not isinstance(value, str) or len(value) > most:
        raise BadFrame("a text is missing or too long")
    return value


def read_arrays(entries: object, payload: bytes | bytearray) -> list[tuple[str, Any]]:
    """The values that an answer describes.

    Returns
    -------
    list of (kind, value)
        ``("array", ndarray)``: plain, read-only, its memory nobody else's;
        ``("none", None)``; ``("held", id)``: something that stayed in the worker;
        ``("other", (id, text))``: something that is no array of numbers.
    """
    if not isinstance(entries, list) or len(entries) > MAX_VALUES:
        raise BadFrame("the values are not listed")
    values: list[tuple[str, Any]] = []
    offset = 0
    for entry in entries:
        kind = entry.get("kind") if isinstance(entry, dict) else None
        if kind == "none":
            fields(entry, "kind")
            values.append(("none", None))
        elif kind == "held":
            _, where = fields(entry, "kind", "id")
            values.append(("held", integer(where, 1 << 31)))
        elif kind == "other":
            _, where, words = fields(entry, "kind", "id", "text")
            values.append(("other", (integer(where, 1 << 31), text(words, 500))))
        elif kind == "array":
            _, name, shape = fields(entry, "kind", "dtype", "shape")
            array, offset = read_array(name, shape, payload, offset)
            values.append(("array", array))
        else:
            raise BadFrame("a value is of no known kind")
    if offset != len(payload):
        raise BadFrame("there are bytes that belong to no array")
    return values


def read_array(
    name: object, shape: object, payload: bytes | bytearray, offset: int
) -> tuple[np.ndarray, int]:
    """The array that lies at an offset of the payload, and where it ends."""
    if not isinstance(name, str) or name not in DTYPES:
        raise BadFrame("an array has no known type")
    if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS:
        raise BadFrame("an array has no shape")
    dtype = DTYPES[name]
    lengths = tuple(integer(length, MAX_LENGTH) for length in shape)
    # Also where an axis is empty, NumPy wants the product of the others to be a size.
    if math.prod(length or 1 for length in lengths) * dtype.itemsize > sys.maxsize:
        raise BadFrame("an array has no possible shape")
    end = offset + math.prod(lengths) * dtype.itemsize
    if end > len(payload):
        raise BadFrame("an array is longer than the answer")
    data = bytes(payload[offset:end])
    if dtype.kind == "b":
        data = data.translate(TRUTH)
    return np.ndarray(lengths, dtype, data), end
