r"""The one function for every text that comes from a submission.

A submission prints, raises and names what it likes; what it says may repaint a
terminal, turn a line around, fill a disk, or tell where on this machine it lies.
After `clean`, a text is bounded, holds only characters that can be seen, and names
files from their own folder on, so that the reports have nothing left to do but their
own format's escaping. This module knows no format, and nothing of the rest of the kit.
"""

from __future__ import annotations

import os
import re
import sys
import sysconfig
import textwrap
import unicodedata
from functools import cache
from pathlib import Path

_SURROGATES = re.compile("[\ud800-\udfff]")

# A character is shown as its escape when it moves the cursor, turns the reading
# direction, cannot be seen, or ends a line in some programs only. Listed, not
# looked up in `unicodedata`, whose tables differ between Python versions.
_UNSEEN = re.compile(
    "["
    "\x00-\x08\x0b-\x1f"  # C0 but tab and newline
    "\x7f-\x9f"  # DEL and C1
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0"  # seen as nothing
    "\u200b-\u200f"  # zero width, left-to-right and right-to-left marks
    "\u2028-\u202e"  # line and paragraph separators, embeddings and overrides
    "\u2060-\u206f"  # joiners, isolates, deprecated format characters
    "\ufe00-\ufe0f\ufeff\ufff0-\ufffb\ufffe\uffff"  # variation selectors, byte order marks
    "\U000e0000-\U000e0fff"  # tags and more variation selectors
    "]"
)


# Marks that are put above and below a letter: some languages need three.
MAX_MARKS = 4
_NOT_LATIN = re.compile(f"[^\x00-\u02ff]{{{MAX_MARKS + 1},}}")

_SEPARATOR = r"[/\\]+"
# The folders in which a submission's copy and its worker live, with and without walls.
_WORD = re.compile(r"[^\s'\"()<>=,;]+")
_SCRATCH = re.compile(
    r"(?:(?:.*[/\\])?byhand-\w{8}(?:[/\\]+submission-\w{8})?|/submission|/scratch/\d+)" + _SEPARATOR
)


def clean(text: str | bytes, limit: int = 2000) -> str:
    """Return a text that is safe to show: bounded, and all of it visible.

    Parameters
    ----------
    text : str or bytes
        Anything at all; bytes are read as UTF-8.
    limit : int
        The most characters to return. A longer text keeps its head and its
        tail, where an error's last line stands.

    Returns
    -------
    str
        With ``\\n`` and ``\\t`` as the only control characters; others, all that
        cannot be seen, and heaps of accents stand there as ``\\x1b`` or ``\\u202e``.
        Paths of this machine are relative. Never raises.
    """
    shown = _visible(text)
    if len(shown) <= limit:
        return shown
    # The note is as long as its number; room for the longest that can be needed.
    room = limit - len(_note(len(shown)))
    if room <= 0:
        return shown[: max(limit, 0)]
    tail = room // 2
    head = room - tail
    return shown[:head] + _note(len(shown) - room) + shown[len(shown) - tail :]


def one_line(text: str | bytes, limit: int = 120) -> str:
    """Return the text on one line of at most `limit` columns, for titles and lists."""
    line = " ".join(_visible(text).split())
    if columns(line) <= limit:
        return line
    kept, room = "", limit - 1
    for character in line:
        room -= columns(character)
        if room < 0:
            break
        kept += character
    return kept + "…" if limit > 0 else ""


def columns(text: str) -> int:
    """How many columns of a terminal a text takes, at most."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def fold(text: str, width: int, first: str = "", rest: str = "") -> str:
    """Return the text in lines of at most `width` columns, with these indents."""
    doubled = "".join(one + "\0" * (columns(one) - 1) for one in text)
    if doubled != text:
        width -= 1  # a line may end between a wide character and its second column
    lines = textwrap.fill(doubled, width, initial_indent=first, subsequent_indent=rest)
    return lines.replace("\0", "")


def _visible(text: str | bytes) -> str:
    if not text:
        return ""  # as nearly all messages are
    if not isinstance(text, str):
        text = bytes(text).decode("utf-8", "replace")
    text = _SURROGATES.sub("\ufffd", text).replace("\r\n", "\n")
    text = _UNSEEN.sub(_escape, _NOT_LATIN.sub(_fewer_marks, text))
    text = _WORD.sub(_without_scratch, text)
    for pattern, short in _folders():
        text = pattern.sub(short, text)
    return text


def _without_scratch(word: re.Match[str]) -> str:
    # Tried at the word's beginning only: at each place it would take quadratic time.
    found = _SCRATCH.match(word[0])
    return word[0][found.end() :] if found else word[0]


@cache
def _folders() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Folders of this machine, the deepest first, and what stands for them in a text."""
    known = dict.fromkeys(sysconfig.get_paths().values(), "")
    known |= dict.fromkeys((sys.prefix, sys.base_prefix, str(Path(__file__).parents[1])), "")
    known |= {os.path.expanduser("~"): "~/"}
    found = []
    for path in sorted(known, key=len, reverse=True):
        parts = [re.escape(part) for part in re.split(r"[/\\]", path) if part]
        # A short one, such as /usr, is on every machine and tells nothing of this one.
        if len(parts) > 1 or (parts and known[path]):
            root = _SEPARATOR if path[0] in "/\\" else ""
            whole = rf"(?<![\w/\\.~-]){root}{_SEPARATOR.join(parts)}{_SEPARATOR}"
            found.append((re.compile(whole), known[path]))
    return tuple(found)


def _fewer_marks(match: re.Match[str]) -> str:
    shown, marks = [], 0
    for one in match[0]:
        marks = marks + 1 if unicodedata.category(one) in ("Mn", "Me") else 0
        shown.append(one if marks <= MAX_MARKS else _code(one))
    return "".join(shown)


def _escape(match: re.Match[str]) -> str:
    return _code(match[0])


def _code(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _note(count: int) -> str:
    return f"\n… {count} characters left out …\n"
