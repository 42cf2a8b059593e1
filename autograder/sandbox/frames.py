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
from collections.abc import Sequence
from typing import Any

import numpy as np

PREFIX = struct.Struct("<4sIIQ")
MAGIC = b"BYH1"
MAX_HEADER = 1 << 16
MAX_VALUES = 65  # one more than the worker sends, so that "too many" can be seen
DTYPES = {
    name: np.dtype(name)
    for name in ["<f2", "<f4", "<f8", "|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<u8", "|b1"]
}


class BadFrame(ValueError):
    """Bytes that are no answer to the question; the text says why."""


def pack(number: int, header: dict[str, Any], payloads: Sequence[bytes | memoryview]) -> list[Any]:
    """The buffers of one frame, to be written one after another."""
    text = json.dumps(header).encode()
    total = sum(memoryview(part).nbytes for part in payloads)
    return [PREFIX.pack(MAGIC, number, len(text), total) + text, *payloads]


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
    """The header as a dictionary."""
    try:
        header = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadFrame("the header cannot be read") from error
    if not isinstance(header, dict):
        raise BadFrame("the header is no table")
    return header


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
        if not isinstance(entry, dict):
            raise BadFrame("a value is not described")
        kind = entry.get("kind")
        if kind == "none":
            values.append(("none", None))
        elif kind == "held":
            values.append(("held", integer(entry.get("id"), 1 << 31)))
        elif kind == "other":
            where = integer(entry.get("id"), 1 << 31)
            values.append(("other", (where, text(entry.get("text"), 500))))
        elif kind == "array":
            name = entry.get("dtype")
            if not isinstance(name, str) or name not in DTYPES:
                raise BadFrame("an array has no known type")
            shape = entry.get("shape")
            if not isinstance(shape, list) or len(shape) > 32:
                raise BadFrame("an array has no shape")
            lengths = tuple(integer(length, 1 << 40) for length in shape)
            end = offset + math.prod(lengths) * DTYPES[name].itemsize
            if end > len(payload):
                raise BadFrame("an array is longer than the answer")
            array = np.frombuffer(bytes(payload[offset:end]), DTYPES[name]).reshape(lengths)
            values.append(("array", array))
            offset = end
        else:
            raise BadFrame("a value is of no known kind")
    if offset != len(payload):
        raise BadFrame("there are bytes that belong to no array")
    return values
