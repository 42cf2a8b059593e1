"""The cases that leave the house: of the public seed, with the fingerprints of the mistakes.

A file of them holds arrays and numbers, no line of the solution. It is made by grading the
solution, and asking each check again of the solution with each known mistake in it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from autograder import seeds
from autograder.cases import Cases
from autograder.cases.build import HOME, build_cases, load_reference
from autograder.cases.variants import Variants
from autograder.course.own import prove
from autograder.course.stubs import checks_of
from autograder.diagnosis.fingerprints import Asked, Question, candidates
from autograder.diagnosis.stored import store
from autograder.errors import KitError
from autograder.grading import Collecting, Silence, trained_reference
from autograder.intake import taken_in
from autograder.sandbox.isolation import best
from autograder.syllabus import COURSE, Syllabus, Task, used


def make(syllabus: Syllabus, tell: Callable[[str], None] = lambda line: None) -> Cases:
    """The public cases with everything that a student's grading needs.

    Parameters
    ----------
    tell
        Hears what is being done, since it takes a minute or two.
    """
    cases = build_cases(seeds.PUBLIC, load_reference(syllabus.reference), syllabus.own)
    prove(syllabus, cases)
    if any(task.id == "accuracy" for task in syllabus.tasks):
        cases.trained = trained_reference(syllabus, cases)
    tasks = [task for task in syllabus.tasks if candidates(task.id)]
    asked = Asked(Variants(HOME / syllabus.reference), syllabus.limits)
    tables = {}
    for number, (task, questions) in enumerate(questions_of(syllabus, cases, tasks).items(), 1):
        tell(f"[{number:2}/{len(tasks)}] what known mistakes answer in {task}")
        asked.begin(task)
        tables[task] = store(
            {
                way: {key: asked.record(way, question) for key, question in questions.items()}
                for mistake in candidates(task)
                for way in asked.ways(mistake.id)
            }
        )
    cases.fingerprints = tables
    return cases


def course_of(syllabus: Syllabus) -> str:
    """What lies beside the cases: the file of the course, if it is not that of the kit.

    Raises
    ------
    KitError
        Fewer tasks are set than in the file, which says itself which are.
    """
    file = used()
    text = file.read_text(encoding="utf-8") if file else ""
    if syllabus.tasks == Syllabus.load().tasks:
        return text
    if "set" in tomllib.loads(text):
        raise KitError(f"{file} says which tasks are set: change it, and leave out --tasks")
    ids = ", ".join(f'"{task.id}"' for task in syllabus.tasks)
    return f"set = [{ids}]  # all others are given\n{text}"


def give(file: Path, syllabus: Syllabus, cases: Cases) -> None:
    """Write the cases, and beside them the course, if it is not that of the kit.

    Of the files of one's own the checks go with it, and nothing that answers them.
    """
    cases.save(file)
    if text := course_of(syllabus):
        file.with_name(COURSE).write_bytes(text.encode())
    for own in syllabus.own:
        file.with_name(own.name).write_bytes(checks_of(own, syllabus).encode())


def questions_of(
    syllabus: Syllabus, cases: Cases, tasks: Sequence[Task]
) -> dict[str, Mapping[str, Question]]:
    """All checks of some tasks as questions, by task."""
    with taken_in(HOME / syllabus.reference) as taken:
        grading = Collecting(taken, cases, syllabus, Silence(), best())
        try:
            grading.run(tasks)
        finally:
            grading.pool.close()
    return {task: questions for task, (questions, _) in grading.asked.items()}
