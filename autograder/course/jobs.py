"""The work of a class run, one submission at a time: a job in, a result file out.

A job is plain data, so it can be sent to another process or another machine; the result
is written by whoever does the job, as a whole or not at all. What comes back says only
what became of it. Run as a program, this module does the jobs that come line by line:

    python -m autograder.course.jobs
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

from autograder import intake, seeds, whole
from autograder.cases import Cases
from autograder.cases.build import build_cases, load_reference
from autograder.course.hand_ins import HandIn
from autograder.errors import KitError
from autograder.grading import grade_taken
from autograder.intake import Package, Submission, taken_in
from autograder.result import Comparison
from autograder.sandbox.isolation import at, end_with_parent, shut_in
from autograder.syllabus import Syllabus, use

# What became of a job.
DONE, CHANGED, BROKEN, NO_SPACE = "done", "changed", "broken", "not written"


@dataclass(frozen=True)
class Job:
    """One submission that is to be graded.

    Parameters
    ----------
    key
        Of its result; the same for the same content, seed, tasks and kit.
    path, files
        What was handed in: a path, or several loose files as (name, path).
    digest
        Of the content that the key stands for.
    target
        The file that the result is written to.
    name
        What the submission is called in it.
    again
        Whether it is to be graded although there is a result.
    course
        The file of the syllabus; empty: that of the kit.
    compare_public
        Whether the public cases are asked as well.
    """

    key: str
    path: str
    files: tuple[tuple[str, str], ...]
    digest: str
    target: str
    name: str
    seed: int
    tasks: tuple[str, ...]
    hints: int
    level: str
    again: bool = False
    course: str = ""
    compare_public: bool = False


@dataclass(frozen=True)
class Done:
    """What became of a job."""

    key: str
    state: str
    reason: str = ""
    score: float | None = None
    max_score: float = 0.0
    seconds: float = 0.0


@contextmanager
def taken(hand_in: HandIn) -> Iterator[Submission]:
    """The clean copy of what was handed in, for as long as it is needed.

    Raises
    ------
    IntakeError
        It cannot be taken for a submission.
    """
    with (
        tempfile.TemporaryDirectory(prefix="byhand-") as scratch,
        taken_in(hand_in.gather(Path(scratch))) as submission,
    ):
        yield submission


def read(hand_in: HandIn) -> Package:
    """What was handed in, of which no copy is made.

    Raises
    ------
    IntakeError
        It cannot be taken for a submission.
    """
    with tempfile.TemporaryDirectory(prefix="byhand-") as scratch:
        return intake.read(hand_in.gather(Path(scratch)))


@lru_cache(maxsize=2)  # a class has one seed for all, or one for each and the public one
def cases_of(seed: int, reference: str, own: tuple[Path, ...]) -> Cases:
    return build_cases(seed, load_reference(reference), own)


def do(job: Job) -> Done:
    """Grade a submission and write its result. Never raises."""
    try:
        isolation = at(job.level)
        if isolation is None:
            return Done(job.key, BROKEN, f"the isolation {job.level} cannot be had here")
        use(Path(job.course) if job.course else None)
        syllabus = replace(Syllabus.load(), hints=job.hints)
        files = tuple((name, Path(path)) for name, path in job.files)
        hand_in = HandIn(path=Path(job.path), shown=job.name, files=files)
        with taken(hand_in) as submission:
            if submission.digest != job.digest:
                return Done(job.key, CHANGED, "it was changed while the class was graded")
            cases = cases_of(job.seed, syllabus.reference, syllabus.own)
            tasks = syllabus.select(job.tasks)
            result = grade_taken(submission, cases, syllabus, tasks, isolation=isolation)
        if result.error is not None:
            return Done(job.key, BROKEN, result.error)
        if job.compare_public:
            public = cases_of(seeds.PUBLIC, syllabus.reference, syllabus.own)
            with taken(hand_in) as submission:
                other = grade_taken(submission, public, syllabus, tasks, isolation=isolation)
            if other.score is not None:
                result = replace(result, public=Comparison(public.seed, other.score))
    except KitError as error:
        return Done(job.key, CHANGED, str(error))  # it was another when the key was made
    except Exception as error:
        return Done(job.key, BROKEN, "".join(traceback.format_exception(error)[-3:]))
    result = replace(result, submission=job.name)
    try:
        whole.write(Path(job.target), result.to_json())
    except KitError as error:
        return Done(job.key, NO_SPACE, str(error))
    return Done(job.key, DONE, "", result.score, result.max_score, result.seconds)


def as_line(data: Job | Done) -> str:
    return json.dumps(asdict(data)) + "\n"


def job_of(line: str) -> Job:
    data = json.loads(line)
    data["files"] = tuple(tuple(pair) for pair in data["files"])
    return Job(**data | {"tasks": tuple(data["tasks"])})


def done_of(line: str) -> Done:
    return Done(**json.loads(line))


def main(perform: Callable[[Job], Done] = do) -> None:
    """Do the jobs that come on standard input; tell what became of them on standard output."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # nothing else can get between the answers
    end_with_parent()
    shut_in()
    for line in sys.stdin:
        answers.write(as_line(perform(job_of(line))))
        answers.flush()


if __name__ == "__main__":
    main()
