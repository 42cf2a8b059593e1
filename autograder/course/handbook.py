"""Pieces of the handbook's text for notebooks, as Markdown that every notebook shows.

A page is written for Sphinx, in MyST. What only that understands is left out here: pictures,
boxes, code that the book runs, labels. This module knows no notebook and no task.
"""

from __future__ import annotations

import re
from pathlib import Path

BOOK = Path("docs/book")
# What goes into notebooks; on a page without these marks, all before its first section.
MARKED = re.compile(r"<!-- notebook -->\n(.*?)<!-- /notebook -->", re.DOTALL)
FRONT = re.compile(r"\A---\n.*?\n---\n\s*", re.DOTALL)  # what only the book's tests read
FENCE = re.compile(r"^(`{3,}|:{3,})(.*)$")
LABEL = re.compile(r"^\((?:[\w-]+)\)=\n", re.MULTILINE)
EQUATION = re.compile(r"^\$\$ *\(([\w-]+)\)$", re.MULTILINE)
ROLE = re.compile(r"\{(\w[\w:-]*)\}`([^`<]*?)(?: *<[^`>]*>)?`")
INNER_LINK = re.compile(r"\[([^\]]*)\]\((?!https?:)[^)\s]*\)")


def excerpt(root: Path, page: str) -> str:
    """What a page of the handbook has for notebooks, under its title; empty if there is none.

    Parameters
    ----------
    root
        The checkout.
    page
        As the syllabus names it.
    """
    try:
        text = (root / BOOK / f"{page.partition('#')[0]}.md").read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    title, _, body = FRONT.sub("", text).partition("\n")
    parts = MARKED.findall(body) or [re.split(r"^## ", body, maxsplit=1, flags=re.MULTILINE)[0]]
    return f"#{title}\n\n{plain(''.join(parts))}"


def plain(text: str) -> str:
    """MyST as plain Markdown; equations with a label are numbered."""
    text = LABEL.sub("", without_fences(text))
    numbers = {label: str(count) for count, label in enumerate(EQUATION.findall(text), 1)}
    text = EQUATION.sub(lambda found: rf"\tag{{{numbers[found[1]]}}}" + "\n$$", text)

    def words(found: re.Match[str]) -> str:
        number = numbers.get(found[2]) if found[1] == "eq" else None
        return f"({number})" if number else found[2]

    text = INNER_LINK.sub(r"\1", ROLE.sub(words, text))
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def without_fences(text: str) -> str:
    """Without blocks of code and directives; what a block of colons holds stays."""
    kept: list[str] = []
    closing = ""
    for line in text.splitlines():
        fence = FENCE.match(line)
        if closing:
            closing = "" if line.strip() == closing else closing
        elif not fence:
            kept.append(line)
        elif fence[1].startswith("`"):
            closing = fence[1]
    return "\n".join(kept)
