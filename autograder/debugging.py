"""Runs a task's checks in this process, and stops in the debugger before the call that fails.

There is no wall here: it is for one's own code only, and gives no marks.
"""

from __future__ import annotations

import importlib
import signal
import sys
import traceback
from bdb import BdbQuit
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import numpy as np

from autograder.cases import Cases
from autograder.diagnosis.fingerprints import WRONG
from autograder.errors import KitError
from autograder.grading import Collecting, Silence
from autograder.intake import taken_in
from autograder.sandbox import worker
from autograder.sandbox.isolation import unprotected
from autograder.sandbox.local import LocalWorker
from autograder.sandbox.submission import Budget, Submission
from autograder.syllabus import Limits, Syllabus, Task

Call = tuple[Callable[..., Any], list[Any]]


class Noting(worker.Worker):
    """Answers as a worker does, and notes the last call of a method."""

    last: Call | None = None

    def ask_call(self, question: dict[str, Any], arguments: list[Any]) -> Any:
        method = getattr(self.held[question["target"]], question["name"])
        self.last = (
            method,
            [one.copy() if isinstance(one, np.ndarray) else one for one in arguments],
        )
        return method(*arguments)


class LocalPool:
    """Gives submissions that live in this process."""

    def __init__(self, module: ModuleType, folder: str) -> None:
        self.module, self.folder = module, folder

    def probe(self) -> None:
        """It is here."""

    def submission(self, limits: Limits, budget: Budget) -> Submission:
        made = Submission(LocalWorker(self.module, self.folder), limits, budget)
        made.load()
        return made

    def close(self) -> None:
        """There is nothing to end."""


def debug(
    package: Path,
    cases: Cases,
    syllabus: Syllabus,
    tasks: Sequence[Task],
    tell: Callable[[str], None],
) -> bool:
    """Stop before the first call that goes wrong in some tasks.

    Returns
    -------
    bool
        Whether nothing goes wrong.
    """
    folder = str(package.resolve().parent)
    tell("The checks run in this process, without limits. Ctrl-C says where it is.")
    with taken_in(package) as taken, interrupted_at(package, tell):
        module = load(package)
        grading = Collecting(taken, cases, syllabus, Silence(), unprotected())
        grading.pool = LocalPool(module, folder)  # type: ignore[assignment]
        grading.run(tasks)
    wrong = [
        (check, question)
        for questions, checks in grading.asked.values()
        for check in checks
        for question in questions.values()
        if check.status in WRONG and question.check == check.name
    ]
    if not wrong:
        left = [result for result in grading.results.values() if result.status != "passed"]
        for result in left:
            why = next(check for check in result.checks if check.status == result.status)
            tell(f"{result.id}: {result.status}\n{why.message}\n")
        if not left:
            tell(f"Nothing goes wrong in {', '.join(task.id for task in tasks)}.")
        return not left
    check, question = wrong[0]
    local = LocalWorker(module, folder)
    local.answers = noting = Noting(np, "", "")
    noting.module = module
    submission = Submission(local, syllabus.limits, Budget(float("inf")))
    submission.load()
    pool = LocalPool(module, folder)
    expected = got = None
    try:
        question.ask(submission, lambda name: pool.submission(syllabus.limits, Budget(1e9)))
    except Exception as error:
        expected, got = getattr(error, "expected", None), getattr(error, "got", None)
    tell(f"{check.name}\n{check.message}\n")
    if noting.last is None:
        tell("It went wrong before any method was called.")
        return False
    tell("Stopped before that call. s steps into it; p arguments, expected, got show values.")
    with suppress(BdbQuit):  # who leaves the debugger has seen enough
        stop(*noting.last, expected, got)
    return False


def stop(method: Callable[..., Any], arguments: list[Any], expected: Any, got: Any) -> None:
    """The call that goes wrong, with everything at hand."""
    x = arguments[0] if arguments else None  # noqa: F841
    breakpoint()
    method(*arguments)


@contextmanager
def interrupted_at(package: Path, tell: Callable[[str], None]) -> Iterator[None]:
    """Say which line of the package is run when Ctrl-C is pressed."""
    folder = str(package.resolve())

    def handler(number: int, frame: FrameType | None) -> None:
        while frame and not frame.f_code.co_filename.startswith(folder):
            frame = frame.f_back
        if frame:
            file = Path(frame.f_code.co_filename).relative_to(package.resolve().parent)
            tell(f"Stopped in {file}, line {frame.f_lineno}, {frame.f_code.co_qualname}.")
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def load(package: Path) -> ModuleType:
    """Import a package from its folder, anew.

    Raises
    ------
    KitError
        It cannot be imported.
    """
    name = package.resolve().name
    for known in [one for one in sys.modules if one == name or one.startswith(f"{name}.")]:
        del sys.modules[known]
    sys.path.insert(0, str(package.resolve().parent))
    try:
        return importlib.import_module(name)
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = last.filename, last.lineno
        if isinstance(error, SyntaxError) and error.filename:
            place = error.filename, error.lineno
        raise KitError(
            f"{package} cannot be imported: {type(error).__name__}: {error}\n"
            f"  in {place[0]}, line {place[1]}"
        ) from error
    finally:
        sys.path.pop(0)
