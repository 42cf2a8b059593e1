"""From a class that was graded to the files that other systems read.

The class and its results are taken from the folder of the run. This module decides what
goes where; what it looks like there, the modules of each system know.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder import whole
from autograder.classroom import SCHEMA, ClassResult
from autograder.course import gradebook, nbgrader_book, platforms
from autograder.course.folder import OutFolder, Results
from autograder.course.table import Table
from autograder.errors import KitError
from autograder.syllabus import Syllabus

SYSTEMS = ("canvas", "csv", "moodle", "nbgrader")


@dataclass(frozen=True)
class Exported:
    """Where the marks went, how many, and what a person should know."""

    file: Path
    marks: int
    notes: tuple[str, ...] = ()


def export(
    out: Path,
    system: str,
    file: Path | None,
    assignment: str | None,
    save: Path | None,
    scale: bool,
) -> Exported:
    """Write the marks of a class for another system.

    Parameters
    ----------
    out : Path
        The folder of the class run.
    system : str
        One of `SYSTEMS`.
    file : Path or None
        The instructor's own export from Canvas or Moodle, or nbgrader's database.
    assignment : str or None
        What it is called there.
    save : Path or None
        Where to write; the instructor's export is never written over.
    scale : bool
        Convert marks where the maximum is another one there.

    Raises
    ------
    KitError
        When there is nothing to export, or something is missing or does not fit.
    """
    outcome = _load(out)
    graded = {row.student.id: row.key for row in outcome.rows if row.mark.raw is not None}
    results = Results(OutFolder(out), graded)
    tasks = _tasks(results)
    if system == "csv":
        target = save or out / "gradebook.csv"
        gradebook.write_gradebook(target, outcome, results, list(tasks))
        return Exported(target, len(graded))
    if file is None:
        what = "its database" if system == "nbgrader" else "the file that you exported there"
        raise KitError(f"--to {system} needs {what}: --file FILE")
    if system != "moodle" and assignment is None:
        raise KitError(f"--to {system} needs the name of the assignment there: --assignment NAME")
    if system == "nbgrader":
        marks, notes = nbgrader_book.fill(file, outcome, results, tasks, str(assignment))
        return Exported(file, marks, notes)
    table = Table.read(file)
    if system == "canvas":
        filled = platforms.fill_canvas(table, outcome, str(assignment), scale)
    else:
        filled = platforms.fill_moodle(table, outcome, assignment, scale)
    target = save or out / f"{system}.csv"
    if target.resolve() == file.resolve():
        raise KitError(f"{file} would be written over. Choose another file with --save.")
    whole.write(target, filled.data)
    return Exported(target, filled.marks, filled.notes)


def _load(out: Path) -> ClassResult:
    file = out / "class.json"
    try:
        text = file.read_text(encoding="utf-8")
        if json.loads(text).get("schema") != SCHEMA:
            raise KitError(f"{file} is of another version of the kit. Run the class again.")
        return ClassResult.from_json(text)
    except FileNotFoundError:
        raise KitError(
            f"{out} holds no class that was graded. Run: autograder class FOLDER --out {out}"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise KitError(f"{file} cannot be read: {error}") from error


def _tasks(results: Mapping[str, dict[str, object]]) -> dict[str, float]:
    """The tasks of the run and what they are worth, in the order of the syllabus."""
    for result in results.values():
        tasks = result["tasks"]
        if tasks:
            assert isinstance(tasks, list)
            return {task["id"]: task["max_points"] for task in tasks}
    return {task.id: task.points for task in Syllabus.load().tasks}
