"""Workers of one submission, started ahead: while one answers, the next one starts.

Importing NumPy and the package is nearly all of a start, and another core can do it
meanwhile.
"""

from __future__ import annotations

import contextlib
import importlib.util
from pathlib import Path

import numpy as np

from autograder.intake import names
from autograder.sandbox.frames import MAX_VALUES
from autograder.sandbox.launch import Level, Place
from autograder.sandbox.problems import Problem, TimedOut
from autograder.sandbox.process import Worker
from autograder.sandbox.submission import Budget, Submission
from autograder.syllabus import Limits

# Of a file that is taken as it is, whatever its source says: nobody changes that meanwhile.
BYTECODE = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + bytes(8)


class Pool:
    """Gives workers of one submission, each used once.

    Parameters
    ----------
    folder, package
        Where the copy of the submission lies, and its import name.
    level
        The wall around each worker.
    ahead
        How many workers are kept in the making.
    """

    def __init__(
        self, folder: Path, package: str, limits: Limits, level: Level, ahead: int = 2
    ) -> None:
        self.place = Place(level, folder)
        self.package, self.limits, self.ahead = package, limits, ahead
        self.spare: list[Worker] = []
        self.first: Submission | None = None  # of the probe, not yet used

    def prepare(self) -> None:
        while len(self.spare) < self.ahead:
            question = {"ask": "import", "names": list(names())}
            self.spare.append(Worker(self.place, self.package, self.limits, question))

    def compile(self) -> None:
        """Compile the package once, so that not every worker has to.

        It is done behind the wall, by a worker in which nothing of the submission has run. What
        cannot be compiled or kept is left to the import, which says why it cannot be.
        """
        files = [path.relative_to(self.place.folder) for path in self.place.folder.rglob("*.py")]
        if len(files) >= MAX_VALUES:
            return
        worker = Worker(self.place, self.package, self.limits)
        compiler = Submission(worker, self.limits, Budget(self.limits.import_))
        try:
            codes = compiler.compile([path.as_posix() for path in files])
        except Problem:
            return
        finally:
            compiler.end()
        for path, code in zip(files, codes, strict=True):
            if isinstance(code, np.ndarray):
                file = Path(importlib.util.cache_from_source(self.place.folder / path))
                try:
                    file.parent.mkdir(exist_ok=True)
                    file.write_bytes(BYTECODE + code.tobytes())
                except OSError:
                    with contextlib.suppress(OSError):
                        file.unlink()  # a part of it would be taken for the whole

    def probe(self) -> None:
        """Find out, once and not anew for each task, whether the package can be imported.

        Raises
        ------
        Problem
            It cannot be; a time-out was tried twice.
        """
        self.compile()
        budget = Budget(2 * self.limits.import_)
        try:
            self.first = self.load(self.limits, budget)
        except TimedOut:
            self.first = self.load(self.limits, budget)

    def submission(self, limits: Limits, budget: Budget) -> Submission:
        """The submission, imported in a new worker.

        Raises
        ------
        Problem
            It cannot be imported.
        """
        if self.first:
            submission, self.first = self.first, None
            submission.assign(limits, budget)
            return submission
        return self.load(limits, budget)

    def load(self, limits: Limits, budget: Budget) -> Submission:
        self.prepare()
        submission = Submission(self.spare.pop(0), limits, budget)
        self.prepare()
        try:
            submission.load()
        except Problem:
            submission.end()
            raise
        return submission

    def close(self) -> None:
        """End the workers that were not used."""
        if self.first:
            self.first.end()
        for worker in self.spare:
            worker.end()
        self.spare = []
        self.place.close()
