"""Which submissions share code that others do not have.

Each source becomes a row of tokens in which names, numbers and texts are all alike and
remarks are left out, so that it does not matter what things are called, how lines are
broken and in what order functions stand. Of every few tokens in a row a *fingerprint* is
kept, chosen by its own value (winnowing: Schleimer, Wilkerson, Aiken, 2003), so that a
copied passage brings the same ones along. What the stubs or the solution hold, and what
many in the class have, is not unusual; the rest is counted for each pair through an
inverted index, never by comparing all with all.

A pair is something to look at. It proves nothing, and this module judges nobody.
"""

from __future__ import annotations

import builtins
import hashlib
import keyword
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from autograder.cases.build import HOME
from autograder.course.stubs import make_stubs
from autograder.reports.side_by_side import Part, Side, render
from autograder.syllabus import Syllabus

GRAM = 14  # tokens of a fingerprint: shorter ones are found in unrelated code
WINDOW = 8  # of that many fingerprints in a row at least one is kept
COMMON = 0.1  # of the class: what more have is not unusual,
FEW = 6  # but what so few have always is
# Unrelated submissions of the tests' corpus share 0.25 at most, disguised copies 0.6 and more.
LEAST = 30  # shared fingerprints, some 130 tokens: less may be chance
SHARE = 0.3  # of the smaller one's unusual code

MOST = 500  # pairs: nobody looks at more
PARTNERS = 3  # of a student: a pair is left out when both have as many closer ones
MANY = 10  # places of one fingerprint that are followed when two are laid side by side

Sources = Mapping[str, str]  # name of a file → its text


@dataclass(frozen=True)
class Match:
    """Two submissions that share unusual code.

    Parameters
    ----------
    share
        Of the smaller one's unusual code, 0 to 1.
    prints
        The fingerprints that they share.
    """

    first: str
    second: str
    share: float
    prints: tuple[int, ...] = field(repr=False)


def sources(content: Mapping[str, bytes]) -> dict[str, str]:
    """The Python sources among some files, in the order of their names."""
    return {
        name: content[name].decode("utf-8", "replace")
        for name in sorted(content)
        if name.endswith(".py")
    }


def known(syllabus: Syllabus) -> list[str]:
    """What everybody has, or should not be found alike for: the stubs, the solution."""
    reference = HOME / syllabus.reference
    if not reference.is_dir():
        return []  # not a checkout; then only what many have is not unusual
    solution = [path.read_text(encoding="utf-8") for path in sorted(reference.rglob("*.py"))]
    return [*make_stubs(reference, syllabus).values(), *solution]


def pairs(
    submissions: Iterable[tuple[str, Sources]], known: Iterable[str], most: int = MOST
) -> list[Match]:
    """Find the pairs that share unusual code.

    Parameters
    ----------
    submissions : iterable of (str, mapping of str to str)
        An id, and the sources. They are read once and not kept. Of those that are equal to
        the byte one is enough.
    known : iterable of str
        Sources that are nobody's own.
    most : int
        How many pairs to return, at most.

    Returns
    -------
    list of Match
        First those that share the most and the rarest code.
    """
    known = set(known)
    given = _fingerprints(known)
    ids, prints = [], []
    for name, files in submissions:
        own = _fingerprints(text for text in files.values() if text not in known)
        ids.append(name)
        prints.append(np.setdiff1d(own, given, assume_unique=True))
    if len(ids) < 2:
        return []

    # Each fingerprint as its place among all; those that too many have are left out.
    values, places, counts = np.unique(
        np.concatenate(prints), return_inverse=True, return_counts=True
    )
    unusual = counts <= max(FEW, COMMON * len(ids))
    owners = np.repeat(np.arange(len(ids)), [len(own) for own in prints])
    places, owners = places[unusual[places]], owners[unusual[places]]
    sizes = np.bincount(owners, minlength=len(ids))
    rarity = np.log(len(ids) / counts)

    # Inverted: the owners of each fingerprint stand in one row, from `starts` on.
    starts = np.concatenate([[0], np.cumsum(np.bincount(places, minlength=len(values)))])
    inverted = owners[np.argsort(places, kind="stable")]
    own_prints = np.split(places, np.cumsum(sizes)[:-1])
    found = []
    for one, own in enumerate(own_prints):
        rows = [inverted[starts[place] : starts[place + 1]] for place in own]
        if not rows:
            continue
        others = np.concatenate(rows)
        shared = np.bincount(others, minlength=len(ids))
        evidence = np.bincount(others, np.repeat(rarity[own], counts[own]), len(ids))
        share = shared / np.maximum(np.minimum(sizes, sizes[one]), 1)
        for other in np.flatnonzero((shared >= LEAST) & (share >= SHARE)):
            if other > one:
                found.append((-evidence[other], one, other, share[other]))
    # A large ring must not hide all other pairs: everybody's closest ones come first.
    told = [0] * len(ids)
    matches: list[Match] = []
    for _, one, other, share in sorted(found):
        if min(told[one], told[other]) < PARTNERS and len(matches) < most:
            told[one] += 1
            told[other] += 1
            both = values[np.intersect1d(own_prints[one], own_prints[other])]
            matches.append(Match(ids[one], ids[other], float(share), tuple(both.tolist())))
    return matches


# Side by side


def page(
    match: Match, names: tuple[str, str], texts: tuple[Sources, Sources], known: Iterable[str]
) -> str:
    """A pair side by side, as HTML.

    Parameters
    ----------
    match : Match
        As `pairs` found it.
    names : tuple of two str
        Of the students, in the order of the match.
    texts : tuple of two mappings
        Their sources.
    known : iterable of str
        Files that are nobody's own; they are not shown.
    """
    known = set(known)
    first, second = (
        {name: text for name, text in one.items() if text not in known} for one in texts
    )
    left, right = [], []
    for place, end, other, other_end in _passages(first, second, match.prints):
        left.append((place, end))
        right.append((other, other_end))
    passages = "1 passage" if len(left) == 1 else f"{len(left)} passages"
    summary = (
        f"{passages} in common that are neither in the stubs nor in the solution, and that few "
        f"others have: {match.share:.0%} of the shorter one's unusual code. Names, numbers, "
        "remarks and layout are not compared. It is for a person to say what it means."
    )
    return render(_side(names[0], first, left), _side(names[1], second, right), summary)


Place = tuple[str, int]  # a file, and a place in it


def _side(name: str, files: Sources, marked: list[tuple[Place, Place]]) -> Side:
    shown = []
    for file, text in files.items():
        parts, before = [], 0
        spans = sorted(
            (start, end, number)
            for number, ((other, start), (_, end)) in enumerate(marked, start=1)
            if other == file
        )
        for start, end, number in spans:
            parts += [Part(text[before:start]), Part(text[start:end], number)]
            before = end
        shown.append((file, (*parts, Part(text[before:]))))
    return Side(name, tuple(shown))


def _passages(
    first: Sources, second: Sources, prints: Iterable[int]
) -> Iterator[tuple[Place, Place, Place, Place]]:
    """The longest equal runs of tokens around shared fingerprints, none of them overlapping.

    Yields
    ------
    tuple
        Start and end in the first, start and end in the second, in the order of the first.
    """
    one, other = _Row(first), _Row(second)
    seeds = set(prints)
    found: dict[tuple[int, int], int] = {}  # where a run begins on both sides → its length
    reached: dict[int, int] = {}  # diagonal → how far runs were followed there
    begun = [(a, seed) for seed in seeds for a in one.places.get(seed, [])[:MANY]]
    for a, seed in sorted(begun):
        for b in other.places.get(seed, [])[:MANY]:
            if reached.get(a - b, -1) > a:
                continue  # within a run that was found
            start, end = a, a + GRAM
            while one.same(start - 1, other, start - 1 - a + b):
                start -= 1
            while one.same(end, other, end - a + b):
                end += 1
            found[start, start - a + b] = end - start
            reached[a - b] = end
    used_one, used_other = bytearray(len(one.tokens)), bytearray(len(other.tokens))
    kept = []
    for (a, b), length in sorted(found.items(), key=lambda item: (-item[1], item[0])):
        if any(used_one[a : a + length]) or any(used_other[b : b + length]):
            continue
        used_one[a : a + length] = used_other[b : b + length] = b"\1" * length
        kept.append((a, b, length))
    for a, b, length in sorted(kept):
        yield one.span(a, length) + other.span(b, length)


class _Row:
    """All tokens of some files in a row; between two files stands one that equals none."""

    def __init__(self, files: Sources) -> None:
        self.tokens: list[tuple[str, int, int, str]] = []
        self.places: dict[int, list[int]] = {}
        for file, text in files.items():
            tokens = _tokens(text)
            for place, gram in enumerate(_grams(tokens).tolist(), start=len(self.tokens)):
                self.places.setdefault(gram, []).append(place)
            self.tokens += [(*token, file) for token in tokens]
            self.tokens.append(("", 0, 0, ""))

    def same(self, place: int, other: _Row, there: int) -> bool:
        if not (0 <= place < len(self.tokens) and 0 <= there < len(other.tokens)):
            return False
        return self.tokens[place][0] == other.tokens[there][0] != ""

    def span(self, place: int, length: int) -> tuple[Place, Place]:
        _, start, _, file = self.tokens[place]
        return (file, start), (file, self.tokens[place + length - 1][2])


# Tokens

_TOKEN = re.compile(
    r"""
      (?P<space>[ \t\f\r]+|\\\r?\n|\#[^\n]*)
    | (?P<line>\n)
    | (?P<string>[rbfuRBFU]{0,2}(?:
          \"\"\"(?>[^"\\]+|\\.?|"(?!""))*+(?:\"\"\")?
        | '''(?>[^'\\]+|\\.?|'(?!''))*+(?:''')?
        | "(?>[^"\\\n]+|\\.?)*+"?
        | '(?>[^'\\\n]+|\\.?)*+'?))
    | (?P<name>[^\W\d]\w*)
    | (?P<number>\.?\d(?:[eE][+-]\d|[\w.])*)
    | (?P<sign>\*\*=?|//=?|>>=?|<<=?|->|:=|[=!<>+\-*/%@&|^]=|.)
    """,
    re.VERBOSE | re.DOTALL,
)
NAME, NUMBER, STRING = "name", "number", "string"


Token = tuple[str, int, int]  # what it is taken for, and where it stands


def _tokens(source: str) -> list[Token]:
    """Take a source apart, valid or not.

    Not with Python's own `tokenize`, which gives up at the first mistake.
    """
    fixed, attributes = _fixed_names(), _attribute_names()
    found: list[Token] = []
    depth, begun, before = 0, True, ""
    importing = False
    for match in _TOKEN.finditer(source):
        kind = match.lastgroup
        if kind == "space":
            continue
        if kind == "line":
            begun = True
            importing = importing and depth > 0
            continue
        text = match[0]
        if kind == NAME:
            if text not in (attributes if before == "." else fixed):
                text = NAME
        elif kind == NUMBER:
            text = NUMBER
        elif kind == STRING:
            if begun and depth == 0:
                continue  # a docstring, or nobody's value
            text = STRING
        elif text in "([{":
            depth += 1
        elif text in ")]}":
            depth = max(depth - 1, 0)
        if begun and depth == 0 and text in ("import", "from"):
            importing = True  # lists of names that were given
        begun, before = False, text
        if not importing:
            found.append((text, match.start(), match.end()))
    return found


@cache
def _fixed_names() -> frozenset[str]:
    return frozenset(keyword.kwlist) | frozenset(
        name for name in dir(builtins) if not name.startswith("_")
    )


@cache
def _attribute_names() -> frozenset[str]:
    """What stands behind a dot and is not the student's to name: NumPy's and the course's."""
    given = {name.rpartition(".")[2] for task in Syllabus.load().tasks for name in task.functions}
    modules = (np, np.ndarray, np.random, np.linalg, np.lib.stride_tricks)
    return frozenset(given).union(*map(dir, modules), ("weight", "bias", "weight_grad"))


# Fingerprints


class _Codes(dict[str, int]):
    """A fixed random number for each token."""

    def __missing__(self, text: str) -> int:
        digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
        code = self[text] = int.from_bytes(digest, "little")
        return code


_CODES = _Codes()
_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that it loses nothing


def _grams(tokens: list[Token]) -> np.ndarray:
    """A number for each run of `GRAM` tokens, the same for equal runs."""
    codes = np.array([_CODES[token[0]] for token in tokens], np.uint64)
    count = len(codes) - GRAM + 1
    if count < 1:
        return np.empty(0, np.uint64)
    grams = np.zeros(count, np.uint64)
    for place in range(GRAM):
        grams = grams * _BASE + codes[place : place + count]
    return grams ^ (grams >> np.uint64(29))


def _chosen(grams: np.ndarray) -> np.ndarray:
    """The places of the grams that are kept: the least of every few in a row."""
    if len(grams) <= WINDOW:
        return np.arange(len(grams))
    rows = np.lib.stride_tricks.sliding_window_view(grams, WINDOW)
    return np.unique(rows.argmin(axis=1) + np.arange(len(rows)))


def _fingerprints(texts: Iterable[str]) -> np.ndarray:
    """All fingerprints of some sources, each once."""
    kept = [np.empty(0, np.uint64)]
    for text in texts:
        grams = _grams(_tokens(text))
        kept.append(grams[_chosen(grams)])
    return np.unique(np.concatenate(kept))
