"""Whatever a submission says, what is shown of it is bounded and all visible."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograder
from autograder.result import Check, Result
from autograder.text import clean, columns, fold, one_line

# The same examples every time, and nothing kept between runs.
settings.register_profile("byhand", derandomize=True, database=None, deadline=None)
settings.load_profile("byhand")

# All code points, lone surrogates too, with the interesting ones often.
anything = st.text(st.characters() | st.sampled_from("\x00\x1b\r\n\u202e\u200b\ud800\ufffe\ufeff"))


def test_plain_text_stays_as_it_is():
    assert clean("ValueError: größer als 3 ≥ 2\n\tline") == "ValueError: größer als 3 ≥ 2\n\tline"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("\x00\x07\x7f\x9b", r"\x00\x07\x7f\x9b"),
        ("50 %\r100 %", r"50 %\x0d100 %"),
        ("abc\u202etxt.exe", r"abc\u202etxt.exe"),
        ("\u2066x\u2069", r"\u2066x\u2069"),
        ("a\u200bb\ufeff", r"a\u200bb\ufeff"),
        ("a\u2028b\u2029c\x85d", r"a\u2028b\u2029c\x85d"),
        ("\ufffe\uffff", r"\ufffe\uffff"),
        ("\U000e0041", r"\U000e0041"),
    ],
    ids=["escape", "controls", "return", "bidi", "isolate", "zero width", "lines", "none", "tags"],
)
def test_what_cannot_be_seen_is_shown_as_its_escape(text, shown):
    assert clean(text) == shown


def test_windows_line_ends_become_plain_ones():
    assert clean("a\r\nb") == "a\nb"


def test_bytes_are_read_as_utf8_and_damaged_ones_replaced():
    assert clean("ä".encode() + b"\xff!") == "ä\ufffd!"


def test_lone_surrogates_are_replaced():
    assert clean("a\ud800b\udfff") == "a\ufffdb\ufffd"


def test_a_long_text_keeps_its_head_and_its_tail():
    shown = clean("start" + "x" * 5000 + "end", limit=100)
    assert shown.startswith("start") and shown.endswith("end")
    head, note, tail = shown.split("\n")
    assert note == f"… {5008 - len(head) - len(tail)} characters left out …"


def test_one_line_joins_lines_and_ends_in_an_ellipsis():
    assert one_line("  a\n b\tc ") == "a b c"
    assert one_line("word " * 50, limit=10) == "word word…"


# Paths of this machine


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/tmp/byhand-x1y2z3_4/submission-abcd1234/student/data.txt", "student/data.txt"),
        ("/var/folders/p5/T/byhand-x1y2z3_4/out.txt", "out.txt"),
        ("/scratch/1/out.txt", "out.txt"),
        ("/submission/student/data.txt", "student/data.txt"),
        (r"C:\\Users\\ann\\Temp\\byhand-x1y2z3_4\\out.txt", "out.txt"),
        (f"{Path(np.__file__).parent}/linalg.py", "numpy/linalg.py"),
        (json.__file__, "json/__init__.py"),
        (f"{Path(autograder.__file__).parent}/text.py", "autograder/text.py"),
        (f"{Path.home()}/homework/x.npy", "~/homework/x.npy"),
    ],
    ids=[
        "copy",
        "scratch",
        "walled scratch",
        "walled copy",
        "scratch on Windows",
        "packages",
        "library",
        "kit",
        "home",
    ],
)
def test_paths_of_this_machine_are_made_relative(path, shown):
    assert clean(f"[Errno 2] No such file or directory: '{path}'").endswith(f": '{shown}'")


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "data/train.npy", "../x.npy", f"/mnt{Path.home()}/x"]
)
def test_other_paths_stay_as_the_submission_wrote_them(path):
    assert clean(path) == path


# Width


def test_letters_keep_their_accents_and_heaps_of_them_are_shown_as_escapes():
    assert clean("e\u0301 và Việt ที่นี่ נִקּוּד") == "e\u0301 và Việt ที่นี่ נִקּוּד"
    assert clean("z" + "\u0301" * 1000, 5000).count("\u0301") == 4


def test_wide_characters_take_two_columns():
    assert columns("a卷积🙂") == 7
    assert one_line("卷积" * 10, limit=10) == "卷积卷积…"


@given(anything | st.text("ab 卷積🙂\u0301", max_size=300), st.integers(20, 90))
def test_no_line_is_wider_than_it_may_be(text, width):
    shown = clean(text)
    for line in fold(shown, width, "  ", "    ").splitlines():
        assert columns(line) <= width
    assert columns(one_line(text, width)) <= width


@given(st.text("ab c卷積🙂", max_size=300))
def test_nothing_is_lost_when_lines_are_folded(text):
    assert "".join(fold(text, 30).split()) == "".join(text.split())


# Everything in a result


def test_what_a_result_says_is_clean_whatever_way_it_came():
    raw = "\x1b[2J\u202e /tmp/byhand-x1y2z3_4/student/layers.py"
    shown = clean(raw)
    assert Check("A promise", "failed", raw).message == shown
    result = Result(raw, 1, {}, 0.0, error=raw, note=raw)
    assert (result.submission, result.error, result.note) == (shown, shown, shown)


# Any text


@given(anything | st.binary(), st.integers(-1, 300))
def test_the_limit_holds_for_every_text(text, limit):
    assert len(clean(text, limit)) <= max(limit, 0)
    assert len(one_line(text, limit)) <= max(limit, 0)


@given(anything | st.binary())
def test_only_newline_and_tab_are_left_of_the_controls(text):
    left = {c for c in clean(text) if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")}
    assert left <= {"\n", "\t"}


@given(anything | st.binary())
def test_the_result_can_be_written_in_utf8(text):
    clean(text).encode("utf-8")


@given(anything)
def test_what_is_clean_is_not_changed_again(text):
    assert clean(clean(text)) == clean(text)


@given(anything)
def test_one_line_is_one_line(text):
    assert len(one_line(text).splitlines()) <= 1
