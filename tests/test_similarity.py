"""Copied code is found under any disguise; who solves the same task alone is not suspected."""

from __future__ import annotations

import random
import re

import disguise
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.course import similarity
from autograder.course.similarity import page, pairs
from autograder.syllabus import Syllabus
from tests.corpus.right import from_parts, from_whole

KNOWN = similarity.known(Syllabus.load())
WHOLE = ("terse", "records", "slots", "closures", "tape", "espanol", "notebook")
PARTS = {
    "conv": ("batchlast", "einsum", "fft64", "fancy", "filters", "strided"),
    "linear": ("augmented", "buffers", "einsum", "outer", "plain", "turned"),
    "loss": ("cached", "double", "logaddexp", "longdouble", "purepython", "shifted"),
    "network": ("deques", "dicts", "functional", "inline", "itself", "linked"),
    "pool": ("argmax", "last", "offsets", "positions", "repeat", "shared"),
    "relu": ("cached", "clip", "copy", "half", "one", "where"),
    "base": ("abstract", "inplace", "meta", "plain", "abstract", "inplace"),
    "flatten": ("merge", "product", "reshape", "merge", "product", "reshape"),
}


def texts(files) -> dict[str, str]:
    return {name: text for name, text in files.items() if isinstance(text, str)}


# Thirteen right submissions that have nothing to do with each other.
CLASS = {name: texts(from_whole(name)) for name in WHOLE} | {
    f"parts {n}": texts(from_parts(**{kind: names[n] for kind, names in PARTS.items()}))
    for n in range(6)
}


def changed(name: str, change) -> dict[str, str]:
    return {file: change(text, 7) for file, text in CLASS[name].items()}


def found(*more: tuple[str, dict[str, str]]) -> set[tuple[str, str]]:
    return {(one.first, one.second) for one in pairs([*CLASS.items(), *more], KNOWN)}


# What is found


def test_independent_solutions_of_the_same_stubs_are_no_pair():
    assert found() == set()


@pytest.mark.parametrize(
    "change",
    [disguise.renamed, disguise.reordered, disguise.commented, disguise.disguised],
    ids=lambda change: change.__name__,
)
@pytest.mark.parametrize("name", ["slots", "tape", "closures", "parts 0", "parts 3"])
def test_a_disguised_copy_is_found_and_nobody_else(name, change):
    assert found(("copy", changed(name, change))) == {(name, "copy")}


def test_other_line_breaks_and_tabs_hide_nothing():
    def squeezed(text: str, _: int) -> str:
        text = re.sub(r"^(?:    )+", lambda m: "\t" * (len(m[0]) // 4), text, flags=re.M)
        return text.replace(", ", ",\n\t\t\t\t\t").replace("\n", "\r\n")

    assert found(("copy", changed("slots", squeezed))) == {("slots", "copy")}


def test_half_a_copy_is_found():
    half = {"layers.py": CLASS["parts 3"]["layers.py"]}
    assert found(("half", CLASS["tape"] | half)) >= {("parts 3", "half")}


def test_a_copy_that_is_no_valid_python_is_found():
    broken = {file: f"def (:\n{text}\n'''never closed" for file, text in CLASS["slots"].items()}
    assert found(("broken", broken)) == {("slots", "broken")}


def test_stubs_and_solution_are_nobodys_own():
    given = {f"{n}.py": text for n, text in enumerate(KNOWN)}
    renamed = {name: disguise.renamed(text) for name, text in given.items()}
    assert found(("one", given), ("other", renamed)) == set()


def test_what_many_have_is_not_unusual():
    hint = CLASS["slots"]
    rest = [(f"{n}", {"own.py": f"x = {n}\n"}) for n in range(30)]
    told = [(f"told {n}", hint) for n in range(10)]  # a quarter of the class
    assert pairs([*rest, *told], KNOWN) == []


def test_a_small_ring_in_a_small_class_is_found():
    ring = [(f"ring {n}", changed("slots", disguise.disguised)) for n in range(3)]
    assert len(found(*ring)) == 6  # with the one that it comes from


def test_the_share_is_that_of_the_smaller_one():
    one, other = CLASS["slots"], CLASS["tape"]
    joined = {f"a_{n}": t for n, t in one.items()} | {f"b_{n}": t for n, t in other.items()}
    (match,) = pairs([("small", one), ("large", joined)], KNOWN)
    assert match.share == 1.0


def test_the_order_of_the_class_does_not_matter():
    everybody = [*CLASS.items(), ("copy", changed("tape", disguise.disguised))]
    shuffled = random.Random(1).sample(everybody, len(everybody))
    sets = [{(frozenset((m.first, m.second)), m.share) for m in pairs(c, KNOWN)}
            for c in (everybody, shuffled)]  # fmt: skip
    assert sets[0] == sets[1]


def test_no_more_pairs_are_told_than_anybody_looks_at():
    ring = [(f"{n}", changed("slots", disguise.disguised)) for n in range(3)]
    assert len(pairs([*CLASS.items(), *ring], KNOWN, most=2)) == 2


def test_a_large_ring_does_not_hide_a_pair():
    others = [(f"o{n}", {"own.py": f"x = {n}\n"}) for n in range(120)]
    much = {f"{name} {file}": text for name in WHOLE[1:5] for file, text in CLASS[name].items()}
    ring = [(f"ring {n}", much | {"n.py": f"y = {n}\n"}) for n in range(12)]
    pair = [("one", CLASS["terse"]), ("other", changed("terse", disguise.disguised))]
    told = pairs([*others, *ring, *pair], KNOWN, most=40)
    assert ("one", "other") in {(match.first, match.second) for match in told}


@pytest.mark.parametrize(
    "files", [{}, {"a.py": ""}, {"a.py": "\0\ufffd'''\\"}, {"a.py": "(" * 9999}]
)
def test_odd_submissions_are_no_trouble(files):
    assert pairs([("odd", files), ("even", files)], KNOWN) == []
    assert pairs([("alone", files)], KNOWN) == []
    assert pairs([], KNOWN) == []


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab1.'\"\\#\n ()[]rf=+", max_size=80))
def test_every_text_comes_apart_into_pieces_that_stand_in_it(text):
    end = 0
    for _, start, stop in similarity._tokens(text):
        assert end <= start < stop <= len(text)
        end = stop


def test_remarks_docstrings_and_imports_are_left_out():
    plain = "def f(x):\n    return x + 1\n"
    dressed = '"""A module."""\nimport os\nfrom a import (b,\n    c)\n\n\n' + (
        "def g(y):  # a remark\n    '''What it does.'''\n    # another\n    return y + 22\n"
    )
    words = [[token[0] for token in similarity._tokens(text)] for text in (plain, dressed)]
    assert words[0] == words[1]


# Side by side


def laid_out(one: dict[str, str], other: dict[str, str]) -> str:
    (match,) = pairs([("one", one), ("other", other)], KNOWN)
    return page(match, ("Ann <Lee>", "Bob"), (one, other), KNOWN)


def test_each_passage_is_marked_once_on_both_sides():
    html = laid_out(CLASS["slots"], changed("slots", disguise.disguised))
    left, right = (sorted(re.findall(rf'<mark id="{side}(\d+)"', html)) for side in "ab")
    assert left == right
    assert len(left) == len(set(left)) > 0
    links = re.findall(r'<a href="#([ab]\d+)"', html)
    assert sorted(links) == sorted(re.findall(r'<mark id="([ab]\d+)"', html))


def test_the_texts_are_shown_whole_and_escaped():
    hostile = "x = '<script>alert(1)</script> \u202e'\n"
    one = CLASS["slots"] | {"extra.py": hostile}
    html = laid_out(one, CLASS["slots"])
    assert "<script" not in html
    assert "\u202e" not in html
    assert "Ann &lt;Lee&gt;" in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; \\u202e" in html


def test_files_that_are_nobodys_own_are_not_shown():
    given = {"given.py": KNOWN[0]}
    html = laid_out(CLASS["slots"] | given, CLASS["slots"] | given)
    assert "given.py" not in html


def test_a_file_that_repeats_itself_is_laid_out_all_the_same():
    loop = {"loop.py": "a = b[c] + d(e, f) * g\n" * 3000} | CLASS["slots"]
    assert laid_out(loop, loop).count("<mark") > 1


def test_the_page_needs_nothing_from_elsewhere():
    html = laid_out(CLASS["slots"], CLASS["slots"])
    assert not re.search(r"<(script|link|img|iframe)|https?:|url\(|@import", html)
