"""Marks for nbgrader, written into its own gradebook by its own interface.

There each task is a cell of one notebook, and each student has a submission of it, so that
formgrader shows them, marks that a person gives win over the automatic ones, and
`nbgrader export` goes on working. Writing again changes only what has changed. This module
needs nbgrader, and says so where there is none.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.classroom import ClassResult, Student
from autograder.course.gradebook import task_points
from autograder.errors import KitError
from autograder.text import one_line

NOTEBOOK = "byhand"


def fill(
    database: Path,
    outcome: ClassResult,
    results: Mapping[str, dict[str, Any]],
    tasks: Mapping[str, float],
    assignment: str,
) -> tuple[int, tuple[str, ...]]:
    """Write the marks of a class into a gradebook of nbgrader.

    Parameters
    ----------
    database : Path
        The SQLite file, usually `gradebook.db`; it is made where there is none.
    results : mapping of str to dict
        The result of each student's submission, by the student's id.
    tasks : mapping of str to float
        What each task is worth.
    assignment : str
        Its name in nbgrader.

    Returns
    -------
    int
        How many students have marks now.
    tuple of str
        What a person should know.

    Raises
    ------
    KitError
        When nbgrader is not here, or refuses.
    """
    try:
        from nbgrader.api import Gradebook
    except ImportError as error:
        raise KitError(
            f"nbgrader cannot be imported ({one_line(str(error))}). Install it beside this kit; in"
            " the clone: pip install -e '.[nbgrader]'"
        ) from error
    # It runs the program `alembic`, which lies beside this Python, on the path or not.
    here = str(Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join([here, os.environ.get("PATH", "")])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SQLAlchemy's, of how nbgrader calls it
            with Gradebook(f"sqlite:///{database.resolve()}", course_id="") as book:
                book.course_id = _course(book)
                _refuse_notebooks(book, assignment, database)
                return _fill(book, outcome, results, tasks, assignment)
    except KitError:
        raise
    except Exception as error:  # nbgrader's, SQLAlchemy's, SQLite's
        raise KitError(
            f"nbgrader could not write to {database}: {one_line(str(error), 500)}"
        ) from error


def _course(book: Any) -> str:
    """The course that the gradebook is of; none is nbgrader's own default."""
    from nbgrader.api import Course

    courses = [course.id for course in book.db.query(Course) if course.id]
    return courses[0] if len(courses) == 1 else ""


def _refuse_notebooks(book: Any, assignment: str, database: Path) -> None:
    """Leave alone what nbgrader grades itself: its marks come from notebooks."""
    from nbgrader.api import MissingEntry

    try:
        there = [one.name for one in book.find_assignment(assignment).notebooks]
    except MissingEntry:
        return
    if others := sorted(set(there) - {NOTEBOOK}):
        raise KitError(
            f"the assignment {assignment} in {database} is made of notebooks ({', '.join(others)}),"
            " which nbgrader autograde gives marks to. Choose another name: --assignment"
            f" {assignment}-code"
        )


def _fill(
    book: Any,
    outcome: ClassResult,
    results: Mapping[str, dict[str, Any]],
    tasks: Mapping[str, float],
    assignment: str,
) -> tuple[int, tuple[str, ...]]:
    book.update_or_create_assignment(assignment)
    book.update_or_create_notebook(NOTEBOOK, assignment)
    for task, points in tasks.items():  # before there are submissions
        book.update_or_create_grade_cell(
            task, NOTEBOOK, assignment, max_score=points, cell_type="code"
        )
    known = {student.id for student in book.students}
    taken: dict[str, Student] = {}
    marks = 0
    without = []
    for row in outcome.rows:
        name = _name(row.student, known, taken)
        taken[name] = row.student
        if name not in known:
            first, last = _names(row.student.name)
            book.add_student(
                name,
                first_name=first,
                last_name=last,
                email=row.student.email or None,
                lms_user_id=row.student.number or None,
            )
        result = results.get(row.student.id) if row.mark.raw is not None else None
        if result is None:
            without.append(f"{row.student.name} ({row.status})")
            continue
        marks += 1
        book.update_or_create_submission(assignment, name)
        points_of = task_points(result)
        for task in tasks:
            grade = _grade(book, task, assignment, name)
            # A mark that a person gave stands beside it, and wins.
            if task in points_of:
                grade.auto_score = points_of[task]
                grade.needs_manual_grade = False
        notebook = book.find_submission_notebook(NOTEBOOK, assignment, name)
        notebook.late_submission_penalty = row.mark.penalty
    book.db.commit()
    notes = []
    if without:
        listed = one_line("; ".join(without), 2000)
        notes.append(
            f"{len(without)} without a mark have no new one in nbgrader; “nbgrader export” writes "
            f"0 for those who have none at all: {listed}"
        )
    return marks, tuple(notes)


def _grade(book: Any, task: str, assignment: str, student: str) -> Any:
    from nbgrader.api import Grade, MissingEntry

    try:
        return book.find_grade(task, NOTEBOOK, assignment, student)
    except MissingEntry:  # the task is younger than the submission
        grade = Grade(
            cell=book.find_grade_cell(task, NOTEBOOK, assignment),
            notebook=book.find_submission_notebook(NOTEBOOK, assignment, student),
        )
        book.db.add(grade)
        return grade


def _name(student: Student, known: set[str], taken: Mapping[str, Student]) -> str:
    """What nbgrader calls the student: what it does already, else the login or the like."""
    names = [one for one in (student.login, student.email, student.number, student.id) if one]
    free = [name for name in names if name not in taken]
    return next((name for name in free if name in known), free[0])


def _names(name: str) -> tuple[str, str]:
    """First and last name; which is which only a comma tells for certain."""
    if "," in name:
        last, _, first = name.partition(",")
    else:
        first, _, last = name.rpartition(" ")
    return first.strip(), last.strip()
