"""Three doors to the grader, each as a function that must hold for whatever comes in.

`channel` takes the bytes of an answer, `value` an object that a submission returned,
`handed_in` the bytes of a file. Each raises `AssertionError`, or an error of its own kind,
when the door let something through. The strategies beside them make inputs that come far.
"""

from __future__ import annotations

import io
import json
import re
import stat
import struct
import tarfile
import tempfile
import warnings
import zipfile
from array import array
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder import intake
from autograder.errors import IntakeError
from autograder.sandbox import frames, worker
from autograder.sandbox.problems import Raised
from autograder.sandbox.process import Incoming
from autograder.sandbox.submission import read_error

LIMIT = 1 << 16

# The channel ---------------------------------------------------------------------------


def channel(data: bytes) -> str:
    """Read bytes as the answer to question 3; what became of them."""
    incoming = Incoming(3, LIMIT)
    piece = 1 + len(data) % 61
    try:
        while True:
            part = data[: min(incoming.room, piece)]
            data = data[len(part) :]
            if not part:
                return "waits for more"
            if incoming.feed(part):
                break
        assert not incoming.wanted
        return understood(incoming.header, incoming.payload)
    except frames.BadFrame as error:
        assert 0 < len(str(error)) < 200
        return "refused"


def channel_or_content(data: bytes) -> str:
    """The bytes as a whole answer, or as what is in one: for those who cannot count lengths."""
    if data[:4] == b"BYH1":
        return channel(data)
    header, _, payload = data.partition(b"\n")
    return channel(frame(header, payload))


def visible(text: str) -> bool:
    """Whether nothing in a text moves a cursor or turns the reading direction."""
    return not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text
    )


def understood(header: dict[str, Any], payload: bytearray) -> str:
    """What a header and its payload say."""
    if "error" in header:
        problem = read_error(header["error"], "a call")
        assert isinstance(problem, Raised)
        text = str(problem)
        assert len(text) <= 2000 and visible(text)
        return "error"
    (entries,) = frames.fields(header, "values")
    for kind, value in frames.read_arrays(entries, payload):
        if kind == "array":
            assert type(value) is np.ndarray
            assert not value.flags.writeable
            assert value.nbytes <= len(payload) <= LIMIT
            value.astype(np.float64)
        elif kind == "held":
            assert type(value) is int and value >= 0
        elif kind == "other":
            assert type(value[0]) is int and len(value[1]) <= 500
        else:
            assert (kind, value) == ("none", None)
    return "values"


def frame(
    header: bytes,
    payload: bytes,
    number: int = 3,
    magic: bytes = b"BYH1",
    lengths: tuple[int, int] | None = None,
) -> bytes:
    announced = lengths or (len(header), len(payload))
    return struct.pack("<4sIIQ", magic, number, *announced) + header + payload


numbers = st.integers() | st.sampled_from([0, 1, 2, 1 << 16, 1 << 31, (1 << 31) + 1, 1 << 63, -1])
anything = st.recursive(
    st.none() | st.booleans() | numbers | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
entries = st.one_of(
    st.just({"kind": "none"}),
    st.fixed_dictionaries({"kind": st.just("held"), "id": numbers | anything}),
    st.fixed_dictionaries({"kind": st.just("other"), "id": numbers, "text": st.text() | anything}),
    st.fixed_dictionaries(
        {
            "kind": st.just("array"),
            "dtype": st.sampled_from([*frames.DTYPES, "|O", ">f8", "<f16", "<U4", "<c16"]),
            "shape": st.lists(st.integers(0, 4) | numbers, max_size=34) | anything,
        }
    ),
    anything,
)
errors = st.fixed_dictionaries(
    {
        "type": st.text() | anything,
        "types": st.lists(st.text()) | anything,
        "message": st.text() | anything,
        "frames": st.lists(st.tuples(st.text(), numbers, st.text())) | anything,
        "text": st.text() | anything,
    }
)
headers = st.one_of(
    st.fixed_dictionaries({"values": st.lists(entries, max_size=4) | anything}),
    st.fixed_dictionaries({"error": errors | anything}),
    anything,
).map(lambda header: json.dumps(header).encode("utf-8"))


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """Frames that are right, nearly right, or not at all."""
    header, payload = draw(headers), b""
    if draw(st.booleans()):
        dtype = draw(st.sampled_from(sorted(frames.DTYPES)))
        shape = draw(st.lists(st.integers(0, 3), max_size=3))
        entry = {"kind": "array", "dtype": dtype, "shape": shape}
        header = json.dumps({"values": [entry, *draw(st.lists(entries, max_size=1))]}).encode()
        payload = draw(st.binary(min_size=1)) * 30
        payload = payload[: int(np.prod(shape)) * frames.DTYPES[dtype].itemsize]
    number, magic, lengths, end = 3, b"BYH1", None, None
    fault = draw(st.sampled_from(["", "", "", "payload", "number", "magic", "lengths", "end"]))
    if fault == "payload":
        payload = draw(st.binary(max_size=80))
    elif fault == "number":
        number = draw(st.integers(0, (1 << 32) - 1))
    elif fault == "magic":
        magic = draw(st.binary(min_size=4, max_size=4))
    elif fault == "lengths":
        lengths = draw(st.tuples(st.integers(0, 1 << 17), st.integers(0, (1 << 64) - 1)))
    elif fault == "end":
        end = draw(st.integers(0, 200))
    return frame(header, payload, number, magic, lengths)[:end]


# Values --------------------------------------------------------------------------------

answerer = worker.Worker(np, "", "")


def value(returned: Any) -> str:
    """Encode what a submission returned, and read it as the grader does."""
    answerer.held.clear()
    entry, data = answerer.encode(returned, LIMIT)
    header = json.loads(json.dumps({"values": [entry]}))
    ((kind, got),) = frames.read_arrays(header["values"], bytearray(data))
    assert len(data) <= LIMIT
    if kind == "array":
        assert got.dtype.kind in "fiub"
        same_numbers(returned, got)
    elif kind == "other":
        assert answerer.held == [returned] or answerer.held[0] is returned
        assert 0 < len(got[1]) <= 500
    else:
        assert returned is None
    return kind


def same_numbers(returned: Any, got: np.ndarray) -> None:
    """An array that was accepted says what the value said, as far as NumPy can tell."""
    if isinstance(returned, np.ndarray) and returned.dtype.kind in "fiub":
        assert got.shape == np.ndarray.view(returned, np.ndarray).shape
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(
                got, np.ndarray.view(returned, np.ndarray).astype(got.dtype)
            )
    elif type(returned) in (float, int, bool):
        np.testing.assert_equal(float(got), float(returned))


class Odd(np.ndarray):
    """A subclass that lies about all that can be asked of it."""

    shape = property(lambda self: (1 << 62, 1 << 62))
    dtype = property(lambda self: np.dtype(object))
    size = property(lambda self: -1)
    ndim = property(lambda self: 99)
    view = astype = tobytes = __array__ = __getitem__ = lambda self, *args, **kwargs: 1 / 0
    __eq__ = lambda self, other: True  # noqa: E731
    __hash__ = None


class Liar:
    """An object that says it is an array."""

    __class__ = np.ndarray


class Half(float):
    __float__ = lambda self: 1 / 0  # noqa: E731


class Array:
    __array__ = lambda self, *args, **kwargs: np.ones(3)  # noqa: E731


def endless() -> list[Any]:
    one: list[Any] = [1.0]
    one.append(one)
    return one


CODES = "f2 f4 f8 g c8 c16 G i1 i2 i4 i8 u1 u2 u4 u8 ? O U3 S3 M8[s] m8[s] >f8 >i4 >c16"
types = st.sampled_from(CODES.split()).map(np.dtype)
structured = st.just(np.dtype([("a", "f8"), ("b", "i4", (2,))]))
shapes = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0)
arrays = hnp.arrays(types | structured, shapes) | st.builds(np.zeros, shapes, st.just("V4"))
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    st.text(max_size=3),
    st.binary(max_size=8),
    types.filter(lambda one: one.kind in "fiubc").map(lambda one: one.type(1)),
    st.sampled_from(
        [np.longdouble("nan"), np.longdouble("1e4000"), np.float16(7), np.str_("1"), np.void(b"12")]
    ),
    st.sampled_from([Decimal("1.5"), Fraction(1, 3), Half(2), Liar(), Array(), len, np.max]),
    st.sampled_from([np.ma.masked, range(3), {1: 2}, {1}, slice(3), memoryview(b"12"), Ellipsis]),
    st.sampled_from([array("d", [1, 2]), bytearray(b"3"), iter([1.0]), type, Exception("no")]),
    st.builds(endless),
)
dressed = st.one_of(
    arrays,
    arrays.map(lambda one: one.view(Odd)),
    arrays.map(lambda one: one.T),
    arrays.filter(lambda one: one.ndim > 0).map(lambda one: one[::-1]),
    arrays.map(lambda one: np.ma.array(one)),
    arrays.map(lambda one: np.ma.array(one, mask=True)),
    arrays.filter(lambda one: one.ndim in (1, 2) and one.dtype.names is None).map(np.asmatrix),
    hnp.array_shapes(max_dims=9, max_side=1 << 20).map(lambda shape: claimed(shape)),
)
numeric = hnp.arrays(types.filter(lambda one: one.kind in "fiubc"), shapes)
right = st.recursive(
    st.floats() | st.integers(-9, 1 << 64) | st.booleans() | numeric | numeric.map(np.ma.array),
    lambda inner: st.lists(inner, max_size=3) | inner.map(lambda one: [one, one]),
    max_leaves=6,
)
values = right | st.recursive(
    scalars | dressed,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.lists(inner, max_size=3).map(type("Rows", (list,), {"__iter__": lambda self: 1 / 0}))
        | st.tuples(inner, st.integers(0, 12)).map(lambda pair: nested(*pair))
    ),
    max_leaves=8,
)


def claimed(shape: tuple[int, ...]) -> Any:
    """Four bytes that claim to be an array of this shape, where NumPy lets them."""
    try:
        return np.broadcast_to(np.float32(1), shape)
    except ValueError:
        return None


def nested(inner: Any, depth: int) -> Any:
    for _ in range(depth):
        inner = [inner, inner]
    return inner


# What is handed in ----------------------------------------------------------------------


def handed_in(data: bytes, name: str = "alice.zip") -> str:
    """Take a file of these bytes; what became of it."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        path, scratch = Path(folder, name), Path(folder, "scratch")
        path.write_bytes(data)
        try:
            taken = intake.take(path, scratch)
        except IntakeError as error:
            assert not scratch.exists(), "something was written"
            assert 0 < len(str(error)) < 1000 and visible(str(error))
            return "refused"
        assert sorted(p.name for p in Path(folder).iterdir()) == [name, "scratch"]
        assert path.read_bytes() == data
        clean_copy(taken)
        return "taken"


def clean_copy(taken: intake.Submission) -> None:
    """What was written is plain, bounded, and all in one folder."""
    assert [p.name for p in taken.folder.iterdir()] == [taken.package]
    assert taken.package.isidentifier() and visible(taken.note)
    size = files = 0
    names = set()
    for path in taken.folder.rglob("*"):
        mode = path.lstat().st_mode
        assert stat.S_ISREG(mode) or stat.S_ISDIR(mode)
        if stat.S_ISREG(mode):
            files, size = files + 1, size + path.stat().st_size
            names.add(str(path.relative_to(taken.folder)).casefold())
    assert files == len(names) == taken.files <= intake.MAX_FILES + 1
    assert size == taken.bytes <= intake.MAX_BYTES + 10_000


parts = st.sampled_from(["student", "my package", "a", "..", ".", "", "Å", "A\u030a", "con", "x "])
leaves = st.sampled_from(["layers.py", "Layers.py", "__init__.py", "x.py", "x:y.py", "n\\t.py"])
member_names = st.one_of(
    st.lists(parts, max_size=4).flatmap(
        lambda folders: leaves.map(lambda last: "/".join([*folders, last]))
    ),
    st.text(max_size=30),
    st.sampled_from(["/etc/x.py", "../x.py", "__MACOSX/._x", "student/", ".DS_Store", "a" * 300]),
)
contents = st.sampled_from([b"", b"class ReLULayer:\n    pass\n", b"0" * 5000]) | st.binary()


@st.composite
def archives(draw: st.DrawFn) -> bytes:
    """Zip and tar files with odd names, kinds and flags, some of them damaged."""
    members = draw(st.lists(st.tuples(member_names, contents), max_size=3))
    if draw(st.booleans()):
        members.insert(0, ("student/layers.py", b"class ReLULayer:\n    pass\n"))
    packed = io.BytesIO()
    warnings.simplefilter("ignore")  # names that come twice are meant
    if draw(st.booleans()):
        with zipfile.ZipFile(packed, "w") as made:
            for name, content in members:
                info = zipfile.ZipInfo("x")
                info.filename = name
                info.external_attr = draw(
                    st.sampled_from([0, 0, 0, 0o100644 << 16, 0o120777 << 16])
                )
                info.compress_type = draw(st.sampled_from([0, 8, 8, 8, 12, 14]))
                made.writestr(info, content)
    else:
        mode = draw(st.sampled_from(["w", "w:gz", "w:bz2", "w:xz"]))
        form = draw(st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]))
        with tarfile.open(fileobj=packed, mode=mode, format=form) as made:
            for name, content in members:
                info = tarfile.TarInfo(name)
                info.size = len(content)
                info.type = draw(st.sampled_from([b"0"] * 9 + [b"1", b"2", b"5", b"6", b"S"]))
                if draw(st.booleans()):
                    info.pax_headers = {draw(st.text(max_size=9)): draw(st.text(max_size=9))}
                made.addfile(info, io.BytesIO(content) if info.isreg() else None)
    data = bytearray(packed.getvalue())
    for _ in range(draw(st.sampled_from([0, 0, 1, 3]))):
        if data:
            data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.just(len(data)) | st.integers(0, len(data)))])


def samples() -> list[bytes]:
    """Archives from which a fuzzer can begin."""
    files = {"student/__init__.py": b"from .layers import *\n", "student/layers.py": b"x = 1\n"}
    made = []
    for mode in ("zip", "zip store", "w", "w:gz", "w:bz2", "w:xz"):
        packed = io.BytesIO()
        if mode.startswith("zip"):
            kind = zipfile.ZIP_STORED if mode.endswith("store") else zipfile.ZIP_DEFLATED
            with zipfile.ZipFile(packed, "w", kind) as archive:
                for name, content in files.items():
                    archive.writestr(name, content)
        else:
            with tarfile.open(fileobj=packed, mode=mode, format=tarfile.PAX_FORMAT) as archive:
                for name, content in files.items():
                    info = tarfile.TarInfo(name)
                    info.size, info.pax_headers = len(content), {"comment": "é"}
                    archive.addfile(info, io.BytesIO(content))
        made.append(packed.getvalue())
    return made
