r"""The one function for every text that comes from a submission.

A submission prints, raises and names what it likes; what it says may repaint a
terminal, turn a line around or fill a disk. After `clean`, a text is bounded and
holds only characters that can be seen, so that the reports have nothing left to
do but their own format's escaping. This module knows no format, and nothing of
the rest of the kit.
"""

from __future__ import annotations

import re

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
        With ``\\n`` and ``\\t`` as the only control characters; others, and all
        that cannot be seen, stand there as ``\\x1b`` or ``\\u202e``. Never raises.
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
    """Return the text on one line of at most `limit` characters, for titles and lists."""
    line = " ".join(_visible(text).split())
    if len(line) <= limit:
        return line
    return line[: limit - 1] + "…" if limit > 0 else ""


def _visible(text: str | bytes) -> str:
    if not isinstance(text, str):
        text = bytes(text).decode("utf-8", "replace")
    text = _SURROGATES.sub("\ufffd", text).replace("\r\n", "\n")
    return _UNSEEN.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _note(count: int) -> str:
    return f"\n… {count} characters left out …\n"
