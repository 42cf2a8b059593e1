"""What comes through the channel is believed in nothing: see also test_sandbox.py."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.sandbox import frames, worker
from autograder.sandbox.process import Incoming
from autograder.sandbox.submission import read_error
from tests.fuzz import targets

ARRAY = {"kind": "array", "dtype": "<f8", "shape": [2]}
ERROR = {"type": "E", "types": ["E"], "message": "no", "frames": [["a.py", 1, "f"]], "text": "x"}


def read(entry: object, payload: bytes = b"") -> object:
    """The value of an answer of one entry."""
    ((_, value),) = frames.read_arrays([entry], payload)
    return value


# The prefix ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lengths", "allowed"),
    [((1 << 16, 100), True), ((1 << 16, 101), False), ((1 + (1 << 16), 0), False)],
)
def test_no_more_is_announced_than_the_question_can_bring(lengths, allowed):
    prefix = frames.PREFIX.pack(b"BYH1", 3, *lengths)
    if allowed:
        assert frames.read_prefix(prefix, 3, limit=100) == lengths
    else:
        with pytest.raises(frames.BadFrame, match="larger than any right answer"):
            frames.read_prefix(prefix, 3, limit=100)


def test_memory_follows_the_bytes_that_came_not_those_announced():
    incoming = Incoming(3, 1 << 40)
    incoming.feed(frames.PREFIX.pack(b"BYH1", 3, 10, 1 << 40))
    assert incoming.wanted > 1 << 39 and len(incoming.data) == frames.PREFIX.size


# The header ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"not json", "cannot be read"),
        (b"\xff\xfe{\0}\0", "cannot be read"),
        ('{"values": []}'.encode("utf-16"), "cannot be read"),
        (b"[" * 50_000, "cannot be read"),
        (b'{"values": ' + b"9" * 5000 + b"}", "cannot be read"),
        (b"[1, 2]", "no table"),
        (b'{"values": [], "values": []}', "there twice"),
        (b'{"values": [{"kind": "none", "kind": "held", "id": 1}]}', "there twice"),
    ],
)
def test_a_header_is_a_table_without_doubled_fields(header, message):
    with pytest.raises(frames.BadFrame, match=message):
        frames.read_header(header)


@pytest.mark.parametrize("value", [True, -1, 1.0, "1", None, 1 << 50])
def test_a_number_in_a_header_is_a_bounded_integer(value):
    with pytest.raises(frames.BadFrame):
        frames.integer(value, 1 << 40)


@pytest.mark.parametrize(
    "entry",
    [
        7,
        {},
        {"kind": "object"},
        {"kind": ["array"]},
        {"kind": "none", "id": 1},
        {"kind": "held"},
        {"kind": "other", "id": 1, "text": 7},
        {"kind": "other", "id": 1, "text": "x" * 501},
        {**ARRAY, "order": "F"},
        {**ARRAY, "dtype": "|O"},
        {**ARRAY, "dtype": "f8"},
        {**ARRAY, "dtype": ["<f8"]},
        {**ARRAY, "shape": 2},
        {**ARRAY, "shape": [2.0]},
        {**ARRAY, "shape": [-2]},
        {**ARRAY, "shape": [True]},
        {**ARRAY, "shape": [3]},
        {**ARRAY, "shape": [1]},
        {**ARRAY, "shape": [1] * 33},
        {**ARRAY, "shape": [1 << 31, 1 << 31]},
        {**ARRAY, "shape": [0, 1 << 31, 1 << 31]},
    ],
    ids=str,
)
def test_a_value_is_described_in_full_and_no_further(entry):
    with pytest.raises(frames.BadFrame):
        read(entry, bytes(16))


@pytest.mark.parametrize("field", ERROR)
@pytest.mark.parametrize(
    "value", [None, 7, ["x"] * 65, "x" * 5000, [[1, 2, 3]], [["a.py", -1, "f"]]]
)
def test_an_error_is_described_in_full_and_no_further(field, value):
    if (field, value) == ("types", ["x"] * 65):
        value = [7]
    with pytest.raises(frames.BadFrame):
        read_error({**ERROR, field: value}, "a call")
    with pytest.raises(frames.BadFrame):
        read_error({key: value for key, value in ERROR.items() if key != field}, "a call")


def test_the_longest_error_fits_into_a_header():
    name, kind = "函" * 300, "错" * 300
    code = f"""
class {kind}(Exception): pass
def {name}(depth):
    if not depth:
        raise {kind}("\\x01" * 5000)
    {name}(depth - 1)
{name}(60)
"""
    with pytest.raises(Exception) as caught:
        exec(compile(code, f"/x/{'目' * 300}.py", "exec"), {})
    described = worker.report(caught.value, "/x")
    sent = json.dumps({"error": described}, ensure_ascii=False).encode()
    assert len(sent) <= frames.MAX_HEADER
    (error,) = frames.fields(frames.read_header(sent), "error")
    assert read_error(error, "a call").kinds[-1] == "object"


# Arrays --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", frames.DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 2)])
def test_every_type_and_shape_comes_back_as_it_was(name, shape):
    sent = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(name)
    got = read({"kind": "array", "dtype": name, "shape": list(shape)}, sent.tobytes())
    assert type(got) is np.ndarray and not got.flags.writeable
    assert got.dtype == sent.dtype
    np.testing.assert_array_equal(got, sent)


def test_what_was_read_is_not_the_memory_of_the_answer():
    payload = bytearray(16)
    got = read(ARRAY, payload)
    payload[:] = b"\xff" * 16
    np.testing.assert_array_equal(got, [0.0, 0.0])


def test_a_boolean_is_true_or_false_whatever_its_byte():
    got = read({"kind": "array", "dtype": "|b1", "shape": [3]}, b"\x00\x01\x07")
    np.testing.assert_array_equal(got.astype(float), [0.0, 1.0, 1.0])


def test_negative_zero_and_the_kinds_of_nan_are_data():
    sent = np.array([-0.0, np.nan, -np.nan]).tobytes()
    assert read({**ARRAY, "shape": [3]}, sent).tobytes() == sent


# Whatever comes ------------------------------------------------------------------------

steady = settings(
    suppress_health_check=list(HealthCheck), deadline=None, derandomize=True, database=None
)


@steady
@given(targets.answers() | st.binary(max_size=100))
def test_any_bytes_are_an_answer_or_refused(data):
    assert targets.channel(data) in ("values", "error", "refused", "waits for more")


@steady
@given(targets.headers)
def test_any_header_is_an_answer_or_refused(header):
    assert targets.channel(targets.frame(header, b"")) in ("values", "error", "refused")
