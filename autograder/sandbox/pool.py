"""Workers of one submission, started ahead: while one answers, the next one starts.

Importing NumPy and the package is nearly all of a start, and another core can do it
meanwhile.
"""

from __future__ import annotations

from pathlib import Path

from autograder.intake import names
from autograder.sandbox.launch import Level, Place
from autograder.sandbox.problems import Problem, TimedOut
from autograder.sandbox.process import Worker
from autograder.sandbox.submission import Budget, Submission
from autograder.syllabus import Limits


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

    def probe(self) -> None:
        """Find out, once and not anew for each task, whether the package can be imported.

        Raises
        ------
        Problem
            It cannot be; a time-out was tried twice.
        """
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
