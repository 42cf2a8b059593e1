"""The solution with a mistake of the catalogue in it, as a module that can be asked.

Only the function that a patch changes is compiled anew, since a diagnosis tries many
mistakes. Each variant is a package of its own, whose classes nobody else holds.
"""

from __future__ import annotations

import ast
import itertools
import sys
from functools import cached_property
from pathlib import Path
from textwrap import dedent, indent
from types import CodeType, ModuleType

from autograder.mistakes.patching import Edit, patches

MODULES = ("layers", "losses", "network")
FUTURE = "from __future__ import annotations\n"


class Variants:
    """Makes variants of the solution.

    Parameters
    ----------
    folder
        Of the solution.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = itertools.count()

    @cached_property
    def sources(self) -> dict[str, str]:
        return {name: (self.folder / f"{name}.py").read_text(encoding="utf-8") for name in MODULES}

    @cached_property
    def compiled(self) -> dict[str, CodeType]:
        return {
            name: compile(text, f"/student/{name}.py", "exec")
            for name, text in self.sources.items()
        }

    @cached_property
    def functions(self) -> dict[str, tuple[str, str]]:
        """Head and body, without docstring, of every function by its qualified name."""
        found = {}
        for module, text in self.sources.items():
            lines = text.splitlines(keepends=True)
            for node in ast.parse(text).body:
                members = node.body if isinstance(node, ast.ClassDef) else [node]
                owner = f"{module}.{node.name}." if isinstance(node, ast.ClassDef) else f"{module}."
                for member in members:
                    if isinstance(member, ast.FunctionDef):
                        start = member.body[0].lineno - 1
                        head = dedent("".join(lines[member.lineno - 1 : start]))
                        if ast.get_docstring(member) is not None:
                            start = member.body[0].end_lineno or start
                        body = dedent("".join(lines[start : member.end_lineno]))
                        found[owner + member.name] = head, body
        return found

    def make(self, *keys: str) -> ModuleType:
        """A new package with what the patches of these keys make, or with no mistake.

        No two of them may change the same function.
        """
        alias = f"_byhand_variant_{next(self.count)}"
        package = ModuleType(alias)
        package.__path__ = []
        sys.modules[alias] = package
        made = [patches()[key] for key in keys]
        try:
            for name in MODULES:
                module = ModuleType(f"{alias}.{name}")
                module.__package__ = alias
                sys.modules[module.__name__] = module
                exec(self.compiled[name], module.__dict__)
                for patch in made:
                    edits = [edit for edit in patch.edits if edit.file == f"{name}.py"]
                    if edits and patch.helpers:
                        exec(compile(FUTURE + patch.helpers, alias, "exec"), module.__dict__)
                    for function in dict.fromkeys(edit.function for edit in edits):
                        of_it = [edit for edit in edits if edit.function == function]
                        self.apply(function, of_it, module)
                for key, value in module.__dict__.items():
                    if not key.startswith("_"):
                        setattr(package, key, value)
        finally:
            for name in (alias, *(f"{alias}.{module}" for module in MODULES)):
                sys.modules.pop(name, None)
        return package

    def apply(self, function: str, edits: list[Edit], module: ModuleType) -> None:
        """Replace a function of a module by the one with the edits in it."""
        owner, _, name = function.partition(".")[2].rpartition(".")
        head, body = self.functions[function]
        for edit in edits:
            body = edit.new if edit.old is None else body.replace(edit.old, edit.new)
        text = head + indent(dedent(body).strip("\n"), "    ")
        if owner:  # so that a traceback tells whose method it is
            text = f"class {owner}:\n{indent(text, '    ')}"
        made: dict[str, object] = {}
        exec(compile(FUTURE + text, "/student/variant.py", "exec"), module.__dict__, made)
        if owner:
            setattr(getattr(module, owner), name, vars(made[owner])[name])
        else:
            setattr(module, name, made[name])
