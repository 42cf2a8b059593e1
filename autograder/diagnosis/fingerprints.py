"""Recognises known mistakes by what they answer.

A *question* is a check as a function of a submission. Each candidate is asked the
questions that went wrong, and is dropped at the first answer that differs from the
submission's; who is left must also agree in all that went right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from autograder.cases.variants import Variants
from autograder.diagnosis.observations import Record, recording
from autograder.mistakes import Mistake, catalogue
from autograder.sandbox.local import LocalWorker
from autograder.sandbox.submission import METHODS, Budget, Submission
from autograder.syllabus import Limits

Ask = Callable[[Submission, Callable[[str], Submission]], None]
SEED = 20240229  # as in the worker: a mistake may draw random numbers


@dataclass(frozen=True)
class Question:
    """A check that can be asked again."""

    key: str
    ask: Ask


class Fingerprints:
    """What the known mistakes answer, found out when it is wanted.

    Parameters
    ----------
    variants
        Makes the solution with a mistake in it.
    limits
        Of the questions; none is enforced on code of the kit.
    """

    def __init__(self, variants: Variants, limits: Limits) -> None:
        self.variants, self.limits = variants, limits

    def recognise(
        self,
        task: str,
        questions: Mapping[str, Question],
        records: Mapping[str, Record],
        without: frozenset[str] = frozenset(),
    ) -> list[Mistake]:
        """The mistakes that answer as the submission did, in the order of the catalogue.

        Parameters
        ----------
        questions, records
            The task's checks by key, and what was seen in them.
        without
            Ids of mistakes that are not to be considered.
        """
        gone_wrong = [key for key, record in records.items() if record.status in WRONG]
        order = gone_wrong + [key for key in records if key not in gone_wrong]
        found = []
        for mistake in candidates(task):
            if mistake.id in without:
                continue
            told = False  # whether a value was compared, not only the kind of an end
            for key in order:
                mine = self.record(mistake.id, questions[key])
                if not mine.resembles(records[key]):
                    break
                told = told or (key in gone_wrong and bool(mine.observations))
                told = told or (mine.kind != "" and mine.kind == records[key].kind)
            else:
                if told:
                    found.append(mistake)
        return found

    def record(self, mistake: str | None, question: Question) -> Record:
        """What is seen when a question is asked of the solution with a mistake in it."""
        others: dict[str, Submission] = {}

        def another(name: str) -> Submission:
            if name not in others:
                others[name] = self.submission(mistake)
            return others[name]

        state = np.random.get_state()
        np.random.seed(SEED)
        try:
            with recording() as record:
                try:
                    question.ask(self.submission(mistake), another)
                except Exception as error:
                    end(record, error)
        finally:
            np.random.set_state(state)
        return record

    def submission(self, mistake: str | None) -> Submission:
        worker = LocalWorker(self.variants.make(mistake))
        made = Submission(worker, self.limits, Budget(float("inf")))
        made.load()
        return made


WRONG = ("failed", "crashed")


def candidates(task: str) -> list[Mistake]:
    """The mistakes that can show in a task, its own first."""
    own = [mistake for mistake in catalogue() if mistake.task == task]
    return own + [mistake for mistake in catalogue() if task in mistake.also]


def end(record: Record, error: BaseException) -> None:
    """Note how a check ended."""
    for frame in getattr(error, "frames", ()):
        if frame.function.rpartition(".")[2] in METHODS:
            record.method = frame.function
    expected, got = getattr(error, "expected", None), getattr(error, "got", None)
    if expected is not None and got is not None:
        record.pair = np.asarray(expected, float), np.asarray(got, float)
    record.status = getattr(error, "status", "grader error")
    record.kind = getattr(error, "kind", type(error).__name__ if record.status != "failed" else "")
