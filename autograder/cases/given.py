"""Which cases a grading uses: of a file, of a seed, or those that a handout holds."""

from __future__ import annotations

from pathlib import Path

from autograder import seeds
from autograder.cases import Cases
from autograder.cases.build import build_cases, load_reference
from autograder.syllabus import Syllabus, has_solution


def load_cases(
    file: Path | None,
    syllabus: Syllabus,
    submission: Path | None = None,
    seed: int = seeds.PUBLIC,
) -> Cases:
    """The cases of a file, or those of a seed, made from the solution.

    Where there is no solution, those that a handout holds are taken: beside the submission,
    or above it.

    Raises
    ------
    KitError
        There are none.
    """
    if file:
        return Cases.load(file)
    if submission and seed == seeds.PUBLIC and not has_solution():
        for folder in submission.resolve().parents:
            if (folder / seeds.GIVEN).is_file():
                return Cases.load(folder / seeds.GIVEN)
    return build_cases(seed, load_reference(syllabus.reference), syllabus.own)
