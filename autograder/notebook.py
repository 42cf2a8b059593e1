"""For a student's own kernel: the report of a task in a notebook.

    from autograder.notebook import check
    check("conv.forward")

What is checked is what the notebooks hold on disk, in a process of its own: so it has to be
saved first, and what was tried out in the kernel makes no difference.
"""

from __future__ import annotations

import contextlib
import inspect
import linecache
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from autograder import cells
from autograder.errors import KitError

Function = TypeVar("Function", bound=Callable[..., Any])
FOLDER = Path()  # of the notebooks: where a kernel works


def method_of(cls: type) -> Callable[[Function], Function]:
    """Make a function a method of a class."""

    def put(function: Function) -> Function:
        setattr(cls, function.__name__, function)
        return function

    return put


def load_others(name: str) -> None:
    """Define in this notebook what those before it define, as they were saved."""
    frame = inspect.currentframe()
    caller = frame.f_back if frame else None
    if caller is None:
        return
    found = []
    for file in notebooks(FOLDER):
        if file.stem >= name:
            break
        with contextlib.suppress(KitError):
            found += cells.read(file)
    space = caller.f_globals
    for part, text in cells.package(found).items():
        if part != "__init__.py":
            with contextlib.suppress(Exception):  # it is told by its own notebook
                exec(compile(text, part, "exec"), space)


def notebooks(folder: Path) -> list[Path]:
    """The notebooks of the assignment, in order."""
    return sorted(file for file in folder.glob("*.ipynb") if not file.name.startswith("."))


def write_package(folder: Path, target: Path) -> Path:
    """Write what the notebooks in a folder define as the package `student` into another.

    Raises
    ------
    KitError
        There is no notebook, or one cannot be read.
    """
    files = notebooks(folder)
    if not files:
        raise KitError(f"there is no notebook in {folder.resolve()}")
    package = target / "student"
    package.mkdir(parents=True)
    for name, text in cells.package([cell for file in files for cell in cells.read(file)]).items():
        (package / name).write_text(text, encoding="utf-8")
    return package


def check(task: str) -> Any:
    """Check a task, and show what is wrong with it."""
    from autograder.cases.given import load_cases
    from autograder.grading import grade
    from autograder.reports.cell import Report
    from autograder.syllabus import Syllabus, given, use

    here = FOLDER.resolve() / "notebook"
    try:
        use(given(here))
        syllabus = Syllabus.load()
        chosen = syllabus.to_judge(syllabus.by_id(task))
        cases = load_cases(None, syllabus, here)
        with tempfile.TemporaryDirectory() as scratch:
            package = write_package(FOLDER, Path(scratch))
            result = grade(package, cases, syllabus, chosen)
    except KitError as error:
        print(f"Not checked: {error}")
        return None
    for warning in unsaved(chosen[-1].functions):
        print(warning)
    return Report(result.tasks[-1])


def unsaved(functions: tuple[str, ...]) -> list[str]:
    """A warning where a function in the kernel is not the one on disk."""
    try:
        space = get_ipython().user_ns  # type: ignore[name-defined]
    except NameError:
        return []  # no notebook
    linecache.checkcache()
    saved = "\n".join(cell.source for file in notebooks(FOLDER) for cell in cells.read(file))
    for function in functions:
        owner, _, name = function.partition(".")[2].rpartition(".")
        with contextlib.suppress(OSError, TypeError):
            live = getattr(space.get(owner), name, None) if owner else space.get(name)
            if live is not None and inspect.getsource(live).strip() not in saved:
                return [
                    f"{name} in this notebook is not what was saved: save it (Ctrl-S), then"
                    " run this cell again."
                ]
    return []
