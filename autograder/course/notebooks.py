"""The assignment as notebooks for nbgrader, made from the solution's text and the syllabus.

One notebook a chapter. A class is given with its docstring; each function that is asked for
has a cell of its own, so that a cell that does not run costs its own task, and behind it the
cell that shows its marks. This module only writes text, and never imports the solution.
"""

from __future__ import annotations

import ast
import json
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

from autograder import cells
from autograder.cases.build import HOME
from autograder.course import handbook, public_cases, wheels
from autograder.course.stubs import sources_of
from autograder.course.template import copy_course
from autograder.course.template import text as template
from autograder.errors import KitError
from autograder.seeds import GIVEN
from autograder.syllabus import HOME as KIT
from autograder.syllabus import Syllabus, Task

ASSIGNMENT = "cnn"
CHAPTERS = {  # file: title, groups of tasks
    "1-layers": ("Layers without parameters", ("relu", "flatten", "maxpool")),
    "2-linear-and-loss": ("The linear layer and the loss", ("linear", "loss")),
    "3-convolution": ("Convolution", ("conv",)),
    "4-network": ("The network, and training it", ("network", "accuracy")),
}
BASES = ("NetworkLayer", "ParamLayer")
START = """import numpy as np

from autograder.notebook import check, method_of
from autograder.notebook import load_others

load_others("{name}")  # what notebooks before this one define, if there are any"""
SAVE = "What is checked is the file: save the notebook (Ctrl-S) before you run a check."


@dataclass
class Definition:
    """A function, a class or a constant of the solution, as text."""

    module: str
    name: str
    node: ast.stmt
    text: str


def write_notebooks(
    folder: Path, syllabus: Syllabus, tell: Callable[[str], None] = lambda line: None
) -> list[str]:
    """Write a course folder of nbgrader.

    Returns
    -------
    list of str
        The names of the notebooks.

    Raises
    ------
    KitError
        The folder holds something already, or cannot be written.
    """
    if folder.is_dir() and any(folder.iterdir()):
        raise KitError(f"{folder} is not empty: name a new folder")
    tell("the wheel of byhand")
    wheels.own(folder / wheels.VENDOR)
    cases = public_cases.make(syllabus, tell)
    source = folder / "source" / ASSIGNMENT
    made = make_notebooks(syllabus)
    try:
        (source / GIVEN).parent.mkdir(parents=True)
        for name, notebook in made.items():
            data = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
            (source / f"{name}.ipynb").write_bytes(data.encode())
        public_cases.give(source / GIVEN, syllabus, cases)
        config = template("nbgrader_config", syllabus)
        (folder / "nbgrader_config.py").write_bytes(config.encode())
        readme = template("notebooks.md", syllabus, assignment=ASSIGNMENT)
        (folder / "README.md").write_bytes(readme.encode())
        copy_course(folder, syllabus)
        shutil.copyfile(HOME / "LICENSE", folder / "LICENSE")
    except OSError as error:
        raise KitError(f"{error.filename or folder} cannot be written: {error.strerror}") from error
    return list(made)


def chapters(syllabus: Syllabus) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The notebooks of a course: by the name of the file its title, and groups of tasks."""
    own = {f"{len(CHAPTERS) + 1}-more": ("More", tuple(file.stem for file in syllabus.own))}
    return CHAPTERS | (own if syllabus.own else {})


def make_notebooks(syllabus: Syllabus) -> dict[str, dict[str, Any]]:
    """The notebooks of a course by their names."""
    known = definitions(sources_of(HOME / syllabus.reference, syllabus))
    made = {}
    told: set[str] = set()  # pages of the handbook
    for name, (title, groups) in chapters(syllabus).items():
        tasks = [task for task in syllabus.tasks if task.group in groups]
        asked = {top_of(function) for task in tasks for function in task.functions}
        made_of = [
            markdown(f"# {title}\n\n{SAVE}"),
            given(f"start-{name}", START.format(name=name)),
        ]
        if name == next(iter(CHAPTERS)):
            made_of += [as_given(known[f"layers.{base}"], known) for base in BASES]
        shown: set[str] = set()
        for task in tasks:
            if task.page not in told:
                told.add(task.page)
                text = handbook.excerpt(HOME, task.page)
                made_of += [markdown(text)] if text else []
            made_of += cells_of(task, known, shown, syllabus)
        # What nothing is asked of is given, as in the handout.
        whole = [task for task in Syllabus.load(KIT).tasks if task.group in groups]
        tops = dict.fromkeys(top_of(function) for task in whole for function in task.functions)
        made_of += [as_given(known[top], known) for top in tops if top not in asked]
        made[name] = {
            "cells": made_of,
            "metadata": {
                "kernelspec": {
                    "display_name": "Python 3",
                    "language": "python",
                    "name": "python3",
                }
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    return made


def top_of(function: str) -> str:
    """What stands at the top of a file: the class of a method, or the function itself."""
    return ".".join(function.split(".")[:2])


def definitions(sources: Mapping[str, str]) -> dict[str, Definition]:
    """All definitions at the top of the files, by module and name."""
    found = {}
    for file, text in sources.items():
        module = file.removesuffix(".py")
        lines = text.splitlines()
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                body = "\n".join(lines[node.lineno - 1 : node.end_lineno])
                found[f"{module}.{node.name}"] = Definition(module, node.name, node, body)
    return found


def cells_of(
    task: Task, known: dict[str, Definition], shown: set[str], syllabus: Syllabus
) -> Iterator[dict[str, Any]]:
    """The cells of a task: its class, if it is new here, what is to be written, the marks."""
    yield markdown(f"### {task.title} ({task.points} points)")
    asked = {name for one in syllabus.tasks for name in one.functions}
    for number, function in enumerate(task.functions):
        module, _, name = function.partition(".")
        owner, dot, _ = name.partition(".")
        if dot and f"{module}.{owner}" not in shown:
            shown.add(f"{module}.{owner}")
            yield as_given(known[f"{module}.{owner}"], known, asked)
        if function in shown:
            continue
        shown.add(function)
        more = f"-{name.rpartition('.')[2]}" if number else ""
        answer = solution(known, function)
        yield code(answer, f"{cells.id_of(task.id)}{more}-answer", solution=True)
    check = f'check("{task.id}")'
    yield code(check, cells.id_of(task.id), grade=True, locked=True, points=task.points)


def skeleton(definition: Definition, asked: Collection[str]) -> Definition:
    """A class without the methods that are asked for."""
    cls = definition.node
    if not isinstance(cls, ast.ClassDef):
        return definition
    lines = definition.text.splitlines()
    kept: list[ast.stmt] = []
    for node in reversed(cls.body):
        name = f"{definition.module}.{cls.name}.{getattr(node, 'name', '')}"
        if isinstance(node, ast.FunctionDef) and name in asked:
            del lines[node.lineno - cls.lineno : (node.end_lineno or 0) - cls.lineno + 1]
        else:
            kept.insert(0, node)
    rest = ast.ClassDef(cls.name, cls.bases, cls.keywords, kept, cls.decorator_list)
    return Definition(definition.module, cls.name, rest, "\n".join(lines).rstrip())


def solution(known: dict[str, Definition], function: str) -> str:
    """A function as its own cell, with its body between nbgrader's marks.

    The private helpers that it uses come into the body, so that they go with it.
    """
    module, _, name = function.partition(".")
    owner, _, method = name.rpartition(".")
    definition = known[f"{module}.{owner or method}"]
    lines = definition.text.splitlines()
    first = definition.node.lineno
    node: ast.AST = definition.node
    if owner:
        assert isinstance(definition.node, ast.ClassDef)
        node = next(one for one in definition.node.body if getattr(one, "name", "") == method)
    assert isinstance(node, ast.FunctionDef)
    docstring_ends = node.body[0].end_lineno or 0
    head = dedent("\n".join(lines[node.lineno - first : docstring_ends - first + 1]))
    body = dedent("\n".join(lines[docstring_ends - first + 1 : (node.end_lineno or 0) - first + 1]))
    helpers = [dedent(one.text) for one in used(known, module, node)]
    whole = "\n\n".join([*helpers, body.strip("\n")])
    inside = f"### BEGIN SOLUTION\n{whole}\n### END SOLUTION"
    text = f"{head}\n{indent(inside, '    ')}"
    return f"@method_of({owner})\n{text}" if owner else text


def used(known: dict[str, Definition], module: str, node: ast.AST) -> list[Definition]:
    """The private functions of a module that a function uses, and what these use, in order."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        for part in ast.walk(waiting.pop()):
            name = f"{module}.{part.id}" if isinstance(part, ast.Name) else ""
            if name in known and name not in found and known[name].name.startswith("_"):
                found.add(name)
                waiting.append(known[name].node)
    return [one for name, one in known.items() if name in found]


# Cells ---------------------------------------------------------------------------------


def code(source: str, name: str, **meaning: object) -> dict[str, Any]:
    """A code cell with what nbgrader wants to know of it."""
    fields = {"grade": False, "solution": False, "locked": False, "task": False}
    about: dict[str, object] = {"schema_version": 3, "grade_id": name, **fields, **meaning}
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name[:64],
        "metadata": {"nbgrader": about},
        "outputs": [],
        "source": source.splitlines(keepends=True),
    }


def given(name: str, source: str) -> dict[str, Any]:
    """A code cell that students are not to change."""
    return code(source, name, locked=True)


def as_given(
    definition: Definition, known: dict[str, Definition], asked: Collection[str] = ()
) -> dict[str, Any]:
    """A class, but for what is asked of it, below the private helpers that the rest uses."""
    cls = skeleton(definition, asked)
    texts = [one.text for one in used(known, cls.module, cls.node)]
    return given(f"class-{cls.name}", "\n\n\n".join([*texts, cls.text]))


def markdown(source: str) -> dict[str, Any]:
    title = source.partition("\n")[0].casefold()
    name = "".join(letter if letter.isalnum() else "-" for letter in title)
    return {
        "cell_type": "markdown",
        "id": f"text{name}"[:64],
        "metadata": {},
        "source": source.splitlines(keepends=True),
    }
