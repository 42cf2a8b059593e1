"""A package made of notebooks' cells, without running them.

Each code cell becomes a file; the package runs them one after another in one namespace, as a
notebook would, and a cell that cannot be run costs only what it defines. Of a cell that is
taken, imports, functions, classes and plain assignments remain: what else stands there is
for trying things out. This module needs the standard library only, and judges nothing.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.errors import KitError

MAGIC = re.compile(r"\s*[%!]|\s*[\w.]+\?{1,2}\s*$")  # what IPython alone understands
MOST = 400  # cells of all notebooks


@dataclass(frozen=True)
class Cell:
    """A code cell of a notebook.

    Parameters
    ----------
    id
        What nbgrader calls it; empty for cells that a student added.
    is_test
        Whether it is one that shows marks.
    """

    id: str
    source: str
    is_test: bool = False


def id_of(task: str) -> str:
    """What the cell that shows a task's marks is called; nbgrader allows no dots."""
    return task.replace(".", "-")


def read(file: Path) -> list[Cell]:
    """The code cells of a notebook file.

    Raises
    ------
    KitError
        It is no notebook.
    """
    try:
        return list(cells_of(json.loads(file.read_text(encoding="utf-8"))))
    except OSError as error:
        raise KitError(f"{file.name} cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise KitError(f"{file.name} is not a notebook ({error})") from error


def cells_of(notebook: Mapping[str, Any]) -> Iterator[Cell]:
    """The code cells of a notebook in order."""
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        source = cell["source"]
        text = source if isinstance(source, str) else "".join(source)
        about = cell.get("metadata", {}).get("nbgrader", {})
        yield Cell(str(about.get("grade_id", "")), text, bool(about.get("grade")))


def package(cells: Iterable[Cell]) -> dict[str, str]:
    """The files of a package that holds what the cells define: text by name."""
    files: dict[str, str] = {}
    for number, cell in enumerate(cells):
        if cell.is_test or number >= MOST:
            continue
        name = re.sub(r"\W+", "_", cell.id or "added")
        files[f"cell_{len(files):03}_{name}.py"] = definitions(cell.source)
    listed = "".join(f"    {name!r},\n" for name in files)
    return files | {"__init__.py": INIT.replace("    ...\n", listed)}


def definitions(source: str) -> str:
    """A cell without what is only for trying out; its lines stay where they were."""
    lines = source.splitlines()
    first = lines[0].lstrip() if lines else ""
    if first.startswith("%%") and not first.startswith(("%%time", "%%capture")):
        return ""  # another language
    lines = ["" if MAGIC.match(line) else line for line in lines]
    text = "\n".join(lines) + "\n"
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text  # which says what is wrong when it is run
    for node in tree.body:
        if not stays(node):
            for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[number] = ""
    return "\n".join(lines) + "\n"


def stays(node: ast.stmt) -> bool:
    """Whether a statement defines something, and calls nothing but NumPy to do so."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom):
        return True
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return False
    calls = [part.func for part in ast.walk(node) if isinstance(part, ast.Call)]
    return all(ast.unparse(function).startswith(("np.", "numpy.")) for function in calls)


INIT = '''"""What the cells of the notebooks define: run one after another, in one namespace.

NetworkLayer ParamLayer ReLULayer FlattenLayer MaxPoolingLayer LinearLayer ConvolutionLayer
CrossEntropyLoss ConvolutionNeuralNetwork load_dataset
"""

import __future__
from pathlib import Path

CELLS = [
    ...
]
FLAGS = __future__.annotations.compiler_flag


def method_of(cls):
    """Make a function a method of a class."""

    def put(function):
        setattr(cls, function.__name__, function)
        return function

    return put


def broken(error):
    """A method whose cell could not be run: it says why."""

    def say(self, *arguments):
        raise error

    return say


def wanted(text):
    """The methods that a cell means to define, as far as it can be read."""
    owner = ""
    for line in text.splitlines():
        if line.startswith("@method_of("):
            owner = line.partition("(")[2].partition(")")[0].strip()
        elif line.startswith("def ") and owner:
            yield owner, line[4:].partition("(")[0].strip()
            owner = ""


def run():
    names = {"__name__": __name__, "method_of": method_of}
    for file in CELLS:
        path = Path(__file__).with_name(file)
        text = path.read_text(encoding="utf-8")
        try:
            exec(compile(text, str(path), "exec", FLAGS, True), names)
        except Exception as error:
            for owner, name in wanted(text):
                if owner in names:
                    setattr(names[owner], name, broken(error))
    return names


globals().update({name: value for name, value in run().items() if not name.startswith("__")})
'''
