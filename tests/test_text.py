"""Whatever a submission says, what is shown of it is bounded and all visible."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.text import clean, one_line

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
