"""Grades a notebook for nbgrader, in place of running it.

nbgrader would run the student's cells in one kernel with its own test cells: a warning there
costs all points, and a cell that patches the checker has them all. Here the notebooks of a
submission become a package, which is graded once behind the wall; the marks and their reasons
are written below the test cells, where nbgrader looks for them. It needs nbgrader.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Unicode

from autograder.cases.given import load_cases
from autograder.cells import id_of
from autograder.course.notebooks import chapters
from autograder.errors import KitError
from autograder.grading import grade
from autograder.notebook import write_package
from autograder.reports.cell import Report
from autograder.result import Result
from autograder.sandbox.isolation import best
from autograder.syllabus import Syllabus, Task, use


class ForgetCopies(NbGraderPreprocessor):
    """Makes a copied cell one that the student added.

    nbgrader takes the id from the copy and leaves what held it, empty; then it fails to put back
    missing cells, since it looks for an id there.
    """

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> tuple[Any, Any]:
        if not cell.metadata.get("nbgrader", True):
            del cell.metadata["nbgrader"]
        return cell, resources


class GradeByHand(NbGraderPreprocessor):
    """Writes the marks of byhand into a notebook's test cells.

    A fault of the grader is raised, so that nbgrader tells it and enters no mark: never a zero.
    """

    allow_weak_isolation = Bool(False, help="grade also where submissions cannot be walled in").tag(
        config=True
    )

    course = Unicode(help="the syllabus of a course of one's own").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Mark each test cell whose id is that of a task."""
        use(Path(self.course) if self.course else None)
        isolation = best()
        if isolation.missing and not self.allow_weak_isolation:
            raise KitError(
                f"this machine does not give: {', '.join(isolation.missing)}. To grade all the"
                " same: c.GradeByHand.allow_weak_isolation = True"
            )
        syllabus = Syllabus.load()
        names = {id_of(task.id): task for task in syllabus.tasks}
        cells = {
            cell.metadata["nbgrader"]["grade_id"]: cell
            for cell in nb.cells
            if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade")
        }
        tasks = [task for name, task in names.items() if name in cells]
        if not tasks:
            return nb, resources
        # With all that they rest on, since a mark may hang on what became of it.
        wanted = {task.id for task in tasks}.union(*(task.foundation for task in tasks))
        folder = Path(resources["metadata"]["path"])
        result = graded(folder, syllabus.select(sorted(wanted)))
        if result.error:
            raise KitError(result.error)
        files = [f"{name}.ipynb" for name in chapters(syllabus)]
        absent = [name for name in files if not (folder / name).is_file()]
        for task in result.tasks:
            if cell := cells.get(id_of(task.id)):
                report, points = Report(task), {"text/plain": repr(float(task.points))}
                shown = {"text/html": report._repr_html_(), "text/plain": repr(report)}
                cell.outputs = [
                    new_output("display_data", data=shown),
                    new_output("execute_result", data=points, execution_count=1),
                ]
                if absent and task.points < task.max_points:
                    note = f"Not handed in under this name: {', '.join(absent)}. What is defined"
                    note += " there was missing when this was graded."
                    cell.outputs.insert(0, new_output("display_data", data={"text/plain": note}))
        return nb, resources


def graded(folder: Path, tasks: Sequence[Task]) -> Result:
    """The result of what the notebooks in a folder define."""
    syllabus = Syllabus.load()
    with tempfile.TemporaryDirectory() as scratch:
        package = write_package(folder, Path(scratch))
        return grade(package, load_cases(None, syllabus), syllabus, tasks)
