"""Where in a file a function stands, for people and editors. The file is read, never imported."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from pathlib import Path


def line_of(file: Path, names: Collection[str]) -> int:
    """The line of the first of some functions, such as `ReLULayer.forward`; 1 where none is."""
    return next((node.lineno for name, node in functions(file) if name in names), 1)


def is_stub(file: Path, name: str) -> bool:
    """Whether a function does nothing but raise, as one that is still to be written."""
    for found, node in functions(file):
        if found == name:
            return isinstance(node.body[-1], ast.Raise) and len(node.body) <= 2
    return False


def functions(file: Path) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Functions and methods by their qualified names; none where the file cannot be read."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8-sig"))
    except (OSError, SyntaxError, ValueError):
        return
    for node in tree.body:
        for inner in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(inner, ast.FunctionDef):
                owner = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
                yield owner + inner.name, inner
