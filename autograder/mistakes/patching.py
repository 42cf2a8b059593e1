"""Makes a mistake of the catalogue in the sources of the solution.

A patch is a list of edits. An edit names a function and replaces its body, all but the
docstring, or one piece of that (`old`, which must occur once, by `new`). Bodies begin at the
left margin, and pieces are written as they stand in such a body. `helpers` are appended to
the module. The patches are code of the solution, more or less, so what students install has none.

A mistake that is made in several ways, which answer differently, has a patch for each: all
but the first name their `way`, and go by the mistake's id and that: ``loss.forward.x/one-hot``.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from textwrap import dedent, indent
from typing import Any

from autograder.errors import KitError
from autograder.mistakes import GROUPS, HOME, load

PATCHES = HOME / "patches"


@dataclass(frozen=True)
class Edit:
    """A change of one function: `old` by `new`, or where `old` is None, the body by `new`."""

    function: str
    old: str | None
    new: str

    @property
    def file(self) -> str:
        return self.function.partition(".")[0] + ".py"

    @property
    def name(self) -> str:
        """The name of the function within its file: ``ReLULayer.forward``."""
        return self.function.partition(".")[2]


@dataclass(frozen=True)
class Patch:
    """All that makes one mistake, in one of the ways."""

    id: str
    edits: tuple[Edit, ...]
    helpers: str = ""
    way: str = ""

    @property
    def key(self) -> str:
        return f"{self.id}/{self.way}" if self.way else self.id


def has_patches() -> bool:
    """Whether the patches are there; a student's installation has none."""
    return all((PATCHES / f"{group}.toml").is_file() for group in GROUPS)


@cache
def patches() -> dict[str, Patch]:
    """All patches by their keys: the id of the mistake, and the way.

    Raises
    ------
    KitError
        They are not installed, or one is not as it must be.
    """
    if not has_patches():
        raise KitError(f"the patches of the catalogue are not installed in {PATCHES}")
    found: dict[str, Patch] = {}
    for group in GROUPS:
        path = PATCHES / f"{group}.toml"
        for entry in load(path).get("patch", []):
            try:
                patch = _patch(entry)
            except (KeyError, TypeError, ValueError) as error:
                raise KitError(f"{path}: patch {entry.get('id')}: {error}") from error
            if patch.key in found:
                raise KitError(f"{path}: there are two patches for {patch.key}")
            found[patch.key] = patch
    return found


@cache
def ways(mistake_id: str) -> tuple[str, ...]:
    """The keys of the patches that make a mistake."""
    return tuple(key for key, patch in patches().items() if patch.id == mistake_id)


def _patch(entry: Mapping[str, Any]) -> Patch:
    edits = []
    for edit in entry["edit"]:
        if edit.keys() == {"function", "body"}:
            edits.append(Edit(edit["function"], None, edit["body"]))
        elif edit.keys() == {"function", "old", "new"}:
            edits.append(Edit(edit["function"], edit["old"].strip("\n"), edit["new"].strip("\n")))
        else:
            raise ValueError("an edit has a function, and old and new, or a body")
    if not edits or (len({edit.file for edit in edits}) > 1 and "helpers" in entry):
        raise ValueError("a patch has edits, and with helpers all in one file")
    return Patch(entry["id"], tuple(edits), entry.get("helpers", ""), entry.get("way", ""))


def patched(key: str, sources: Mapping[str, str]) -> dict[str, str]:
    """The solution with a mistake in it.

    Parameters
    ----------
    key
        Of a patch: an id of the catalogue, or that and a way.
    sources
        The files of the solution: text by file name, ``layers.py`` …

    Returns
    -------
    dict
        The same files, changed where the mistake is.

    Raises
    ------
    KitError
        There is no such patch, or it does not fit the sources.
    """
    if key not in patches():
        raise KitError(f"there is no patch for the mistake {key!r}")
    patch = patches()[key]
    changed = dict(sources)
    for edit in patch.edits:
        try:
            changed[edit.file] = _edited(changed[edit.file], edit)
        except KeyError:
            raise KitError(f"{key}: there is no {edit.file} to patch") from None
        except ValueError as error:
            raise KitError(f"{key}: {edit.function}: {error}") from None
    if patch.helpers:
        file = patch.edits[0].file
        changed[file] = f"{changed[file].rstrip()}\n\n\n{patch.helpers.strip()}\n"
    for file in {edit.file for edit in patch.edits}:
        try:
            compile(changed[file], file, "exec", dont_inherit=True)
        except SyntaxError as error:
            raise KitError(f"{key}: {file} does not compile: {error}") from None
    return changed


def _edited(source: str, edit: Edit) -> str:
    """The source of a module after one edit."""
    function = _find(ast.parse(source), edit.name)
    lines = source.splitlines(keepends=True)
    first, last = function.body[0].lineno - 1, function.end_lineno
    if ast.get_docstring(function) is not None:
        first = function.body[0].end_lineno or 0
    body = dedent("".join(lines[first:last]))
    if edit.old is None:
        body = dedent(edit.new).strip("\n") + "\n"
    elif body.count(edit.old) == 1:
        body = body.replace(edit.old, edit.new)
    else:
        raise ValueError(f"expected once, found {body.count(edit.old)} times: {edit.old!r}")
    margin = " " * (function.col_offset + 4)
    return "".join([*lines[:first], indent(body, margin), *lines[last:]])


def _find(module: ast.Module, name: str) -> ast.FunctionDef:
    """The function with this qualified name."""
    body: list[ast.stmt] = module.body
    found: ast.stmt | None = None
    for part in name.split("."):
        matches = [
            node
            for node in body
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == part
        ]
        if len(matches) != 1:
            raise ValueError(f"there is no {part}" if not matches else f"{part} occurs twice")
        found, body = matches[0], matches[0].body
    if not isinstance(found, ast.FunctionDef):
        raise ValueError("it is not a function")
    return found
