"""The catalogue of students' mistakes: what goes wrong, why it is tempting, how to help.

One TOML file for each task group holds the texts. The catalogue is the single source: the
fingerprints by which mistakes are recognised, the tests of the checks and a page of the
handbook are made from it. What makes a mistake, a small patch of the solution, lies in
`patches/` and is not installed with the kit: see `patching`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from autograder.errors import KitError

HOME = Path(__file__).parent
GROUPS = ("relu", "flatten", "maxpool", "linear", "conv", "loss", "network")
REQUIRED = {"id": str, "title": str, "why": str, "hints": list, "page": str}
OPTIONAL = {"also": list}


@dataclass(frozen=True)
class Mistake:
    """One mistake that students make.

    Parameters
    ----------
    id
        The task and a name: ``conv.forward.kernel-flipped``.
    task
        The task whose points it costs.
    title
        What a student would call it, as a short sentence.
    why
        What happens, and why it is tempting.
    hints
        The first points to the place and the idea, the second gives the answer.
    page
        Where the handbook explains what is right; an anchor may follow a ``#``.
    also
        Other tasks that rightly lose points because of the very same mistake.
    """

    id: str
    task: str
    title: str
    why: str
    hints: tuple[str, str]
    page: str
    also: tuple[str, ...] = ()


@cache
def catalogue() -> tuple[Mistake, ...]:
    """All mistakes, in the order of the course.

    Raises
    ------
    KitError
        A file cannot be read, or an entry is not as it must be.
    """
    mistakes = tuple(mistake for group in GROUPS for mistake in _read(HOME / f"{group}.toml"))
    seen: set[str] = set()
    for mistake in mistakes:
        if mistake.id in seen:
            raise KitError(f"the catalogue holds two mistakes with the id {mistake.id!r}")
        seen.add(mistake.id)
    return mistakes


def by_id(name: str) -> Mistake:
    """The mistake with this id.

    Raises
    ------
    KitError
        There is none.
    """
    for mistake in catalogue():
        if mistake.id == name:
            return mistake
    raise KitError(f"the catalogue has no mistake {name!r}")


def load(path: Path) -> Mapping[str, Any]:
    """Read a TOML file of the catalogue."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise KitError(f"cannot read the catalogue of mistakes, {path}: {error}") from error


def _read(path: Path) -> Iterator[Mistake]:
    table = load(path)
    entries = table.get("mistake")
    if set(table) != {"mistake"} or not isinstance(entries, list):
        raise KitError(f"{path}: expected entries [[mistake]] and nothing else")
    for number, entry in enumerate(entries, 1):
        try:
            yield _mistake(entry, path.stem)
        except ValueError as error:
            name = entry.get("id", f"number {number}") if isinstance(entry, dict) else number
            raise KitError(f"{path}, mistake {name}: {error}") from None


def _mistake(entry: Mapping[str, Any], group: str) -> Mistake:
    if missing := REQUIRED.keys() - entry.keys():
        raise ValueError(f"{', '.join(sorted(missing))} is missing")
    for key, value in entry.items():
        kind = (REQUIRED | OPTIONAL).get(key)
        if kind is None:
            raise ValueError(f"{key!r} is not a known key")
        if not isinstance(value, kind) or not value:
            raise ValueError(f"{key} must be a {kind.__name__} that is not empty")
    parts = entry["id"].split(".")
    if len(parts) != 3 or parts[0] != group:
        raise ValueError(f"the id must read {group}.function.what-is-wrong")
    hints = tuple(_text(hint) for hint in entry["hints"])
    if len(hints) != 2 or not all(hints):
        raise ValueError("there must be two hints")
    return Mistake(
        id=entry["id"],
        task=".".join(parts[:2]),
        title=_text(entry["title"]),
        why=_text(entry["why"]),
        hints=(hints[0], hints[1]),
        page=entry["page"],
        also=tuple(_text(task) for task in entry.get("also", ())),
    )


def _text(value: Any) -> str:
    """A text on one line, however it is broken into lines in the file."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} must be a text")
    return " ".join(value.split())
