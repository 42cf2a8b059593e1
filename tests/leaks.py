"""Finds code of the solution where it must not be, by runs of tokens.

Told apart by line numbers of the syntax tree, not by the code that makes the
stubs, so that a mistake there does not hide itself here.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from autograder.syllabus import Syllabus

Run = tuple[str, ...]


def tokens(text: str) -> list[str]:
    """Words and signs: Python's tokens near enough, in files of any kind."""
    return re.findall(r"\w+|[^\w\s]", text)


def runs(text: str, length: int) -> set[Run]:
    found = tokens(text)
    return {tuple(found[i : i + length]) for i in range(len(found) - length + 1)}


def secret_runs(reference: Path, syllabus: Syllabus, length: int, helpers: bool = True) -> set[Run]:
    """All runs of tokens in what students have to write, but for those that are given anyway.

    Private helpers count, unless functions that use them are given.
    """
    names = {name for task in syllabus.tasks for name in task.functions}
    secret: set[Run] = set()
    given: set[Run] = set()
    for path in sorted(reference.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        lines = text.split("\n")
        hidden: set[int] = set()
        for node, name in _functions(ast.parse(text)):
            asked = f"{path.stem}.{name}" in names
            helper = helpers and name.startswith("_") and "." not in name
            if asked or (helper and any(n.startswith(f"{path.stem}.") for n in names)):
                # The docstring of what is asked is given; of a signature, any code may hold parts.
                start = node.body[1 if asked else 0].lineno - 1
                hidden |= set(range(node.lineno - 1 if helper else start, node.end_lineno or 0))
                secret |= runs("\n".join(lines[start : node.end_lineno]), length)
        given |= runs("\n".join(line for i, line in enumerate(lines) if i not in hidden), length)
    return secret - given


def _functions(tree: ast.Module) -> list[tuple[ast.FunctionDef, str]]:
    found = [(node, node.name) for node in tree.body if isinstance(node, ast.FunctionDef)]
    for cls in tree.body:
        if isinstance(cls, ast.ClassDef):
            methods = [node for node in cls.body if isinstance(node, ast.FunctionDef)]
            found += [(node, f"{cls.name}.{node.name}") for node in methods]
    return found
