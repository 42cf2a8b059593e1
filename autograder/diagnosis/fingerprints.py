"""Recognises known mistakes by what they answer.

A *question* is a check as a function of a submission. Each candidate is asked the
questions that went wrong, and is dropped at the first answer that differs from the
submission's; who is left must also agree in all that went right.

Where there is no number to be had, the same mistake ends in different ways, as the code is
written: 0 / 0 is NaN for NumPy and an exception for Python, the logarithm of 0 is avoided
or not, a shape is refused or not. So a wrong answer that has no number, or an exception,
may stand for any other wrong answer, on three conditions: at least two wrong answers to
other inputs are finite and the same, all right ones are right, and no mistake agrees in
everything.

Two mistakes in one task are told only where they do not meet: each explains some of the
checks that went wrong and leaves all others right, together they explain all of them, and
no other two do.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from autograder.cases.variants import Variants
from autograder.diagnosis.observations import Otherwise, Record, recording
from autograder.mistakes import Mistake, catalogue
from autograder.mistakes.patching import ways
from autograder.sandbox.local import LocalWorker
from autograder.sandbox.submission import METHODS, Budget, Submission
from autograder.sandbox.worker import Randomness
from autograder.syllabus import Limits

Ask = Callable[[Submission, Callable[[str], Submission]], None]


@dataclass(frozen=True)
class Question:
    """A check that can be asked again."""

    key: str
    check: str  # its name in a result
    ask: Ask


class Fingerprints:
    """What the known mistakes answer; where that comes from, subclasses say."""

    def begin(self, task: str) -> None:
        """Hear whose answers will be wanted."""

    def ways(self, mistake: str) -> Sequence[str]:
        """The ways to make a mistake, which may answer differently."""
        raise NotImplementedError

    def record(self, way: str, question: Question, awaited: Record | None = None) -> Record:
        """What is seen when a question is asked of the solution with a mistake in it.

        Parameters
        ----------
        awaited
            What the submission answered; from the first number that differs on, nothing
            need be found out.
        """
        raise NotImplementedError

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
        self.begin(task)
        if not any(map(says_something, records.values())):
            return []
        order = sorted(in_order(records), key=lambda key: records[key].seconds > SLOW)
        exact, loose = [], []
        waits = waiting(records)
        for mistake in candidates(task):
            if mistake.id in without or (waits and mistake.task == task):
                continue
            found = [
                self.agreement(way, order, questions, records) for way in self.ways(mistake.id)
            ]
            if "exact" in found:
                exact.append(mistake)
            elif "loose" in found:
                loose.append(mistake)
        return exact or loose

    def recognise_two(
        self,
        task: str,
        questions: Mapping[str, Question],
        records: Mapping[str, Record],
        without: frozenset[str] = frozenset(),
    ) -> dict[str, Mistake]:
        """Two mistakes of a task that together explain what no single one does.

        Returns
        -------
        dict
            The mistake behind each question that went wrong, by key; empty if there are no two,
            or more than one choice.
        """
        wrong = {key for key, record in records.items() if record.status in WRONG}
        if waiting(records) or not any(map(comparable, records.values())):
            return {}
        possible = [
            (mistake, way)
            for mistake in candidates(task)
            if mistake.task == task and mistake.id not in without
            for way in self.ways(mistake.id)
        ]
        for key in in_order(records):
            if key in wrong and not any(
                self.record(way, questions[key], records[key]).resembles(records[key])
                for _, way in possible
            ):
                return {}  # nothing explains this one, so no two explain all
        parts: list[tuple[Mistake, set[str]]] = []
        for mistake, way in possible:
            part = self.part(way, wrong, questions, records)
            if part and (mistake, part) not in parts:
                parts.append((mistake, part))
        pairs = [
            (one, two)
            for one, two in itertools.combinations(parts, 2)
            if one[0] != two[0] and not one[1] & two[1] and one[1] | two[1] == wrong
        ]
        if len(pairs) != 1:
            return {}
        return {key: mistake for mistake, part in pairs[0] for key in part}

    def part(
        self,
        way: str,
        wrong: set[str],
        questions: Mapping[str, Question],
        records: Mapping[str, Record],
    ) -> set[str]:
        """The wrong answers that a mistake explains, if it leaves all other ones right."""
        part = set()
        told = False
        for key in in_order(records):
            mine, theirs = self.record(way, questions[key]), records[key]
            if mine.status in WRONG:
                if key not in wrong or not mine.resembles(theirs):
                    return set()
                part.add(key)
                told = told or comparable(mine)
            elif mine.status != "passed" or (key not in wrong and not mine.resembles(theirs)):
                return set()
            elif key not in wrong and not told:
                return set()  # it explains nothing, so the rest is not asked
        return part if told else set()

    def agreement(
        self,
        way: str,
        order: list[str],
        questions: Mapping[str, Question],
        records: Mapping[str, Record],
    ) -> str | None:
        """How far a mistake, made in this way, answers as the submission did."""
        told = False  # whether a value was compared, not only the kind of an end
        excused = False
        same: set[bytes] = set()  # what was expected where both gave the same wrong numbers
        lenient = sum(map(telling, records.values())) >= ENOUGH
        for key in order:
            theirs = records[key]
            wrong = theirs.status in WRONG
            may_differ = lenient and wrong and not theirs.has_numbers
            mine = self.record(way, questions[key], None if may_differ else theirs)
            if mine.resembles(theirs):
                told = told or (wrong and bool(mine.observations))
                told = told or mine.ends_as(theirs)
                if theirs.pair and telling(theirs):
                    same.add(theirs.pair[0].tobytes())
            elif (
                lenient
                and wrong
                and mine.status in WRONG
                and not (mine.has_numbers and theirs.has_numbers)
            ):
                excused = True
            else:
                return None
        if excused:
            return "loose" if len(same) >= ENOUGH else None
        return "exact" if told else None


class Asked(Fingerprints):
    """Fingerprints that are found out when they are wanted.

    Parameters
    ----------
    variants
        Makes the solution with a mistake in it.
    limits
        Of the questions; none is enforced on code of the kit.
    """

    def __init__(self, variants: Variants, limits: Limits) -> None:
        self.variants, self.limits = variants, limits
        self.seen: dict[tuple[str, Question], Record] = {}  # in one task

    def begin(self, task: str) -> None:
        self.seen.clear()

    def ways(self, mistake: str) -> Sequence[str]:
        return ways(mistake)

    def record(self, way: str, question: Question, awaited: Record | None = None) -> Record:
        seen = self.seen.get((way, question))
        if seen is None or (awaited is None and seen.status == Otherwise.status):
            seen = self.seen[way, question] = self.ask(way, question, awaited)
        return seen

    def ask(self, way: str, question: Question, awaited: Record | None) -> Record:
        others: dict[str, Submission] = {}

        def another(name: str) -> Submission:
            if name not in others:
                others[name] = self.submission(way)
            return others[name]

        randomness = Randomness(np)
        state = randomness.state()
        randomness.seed()
        try:
            with recording(awaited) as record:
                try:
                    question.ask(self.submission(way), another)
                except Exception as error:
                    end(record, error)
        finally:
            randomness.restore(state)
        return record

    def submission(self, way: str) -> Submission:
        worker = LocalWorker(self.variants.make(way))
        made = Submission(worker, self.limits, Budget(float("inf")))
        made.load()
        return made


WRONG = ("failed", "crashed")
SLOW = 0.3  # seconds of a check that is asked again after all quicker ones
ENOUGH = 2  # wrong answers that are the same numbers, where others may end otherwise


def candidates(task: str) -> list[Mistake]:
    """The mistakes that can show in a task, its own first."""
    own = [mistake for mistake in catalogue() if mistake.task == task]
    return own + [mistake for mistake in catalogue() if task in mistake.also]


def in_order(records: Mapping[str, Record]) -> list[str]:
    """In which order the checks are asked again: what soon drops a candidate comes first.

    That is what went wrong, with numbers; of these what took the submission the least time.
    """
    return sorted(
        records,
        key=lambda key: (
            records[key].status not in WRONG,
            not comparable(records[key]),
            records[key].seconds,
        ),
    )


def waiting(records: Mapping[str, Record]) -> bool:
    """Whether a check could not be run for a fault elsewhere: none of this task explains that."""
    return any(record.status == "skipped" for record in records.values())


def says_something(record: Record) -> bool:
    """Whether anything of a wrong answer tells one mistake from another."""
    return record.status in WRONG and bool(record.observations or record.kind or telling(record))


def comparable(record: Record) -> bool:
    """Whether values were compared, and not only an exception or what is not finite."""
    numbers = record.pair is None or record.has_numbers
    return record.status == "failed" and bool(record.observations) and numbers


def telling(record: Record) -> bool:
    """Whether a wrong answer has numbers, and not one of them over and over, as zeros are."""
    if record.pair is None or not record.has_numbers:
        return False
    expected, got = record.pair
    if got.shape != expected.shape:
        return False
    return got.size == 1 or (got.size > 1 and bool(np.ptp(got) > 0))


def end(record: Record, error: BaseException) -> None:
    """Note how a check ended."""
    for frame in getattr(error, "frames", ()):
        if frame.function.rpartition(".")[2] in METHODS:
            record.method = frame.function
    expected, got = getattr(error, "expected", None), getattr(error, "got", None)
    if expected is not None and got is not None:
        record.pair = np.asarray(expected, float), np.asarray(got, float)
    record.before, record.fault = getattr(error, "before", None), getattr(error, "fault", "")
    record.status = getattr(error, "status", "grader error")
    record.text = re.sub(r"0x[0-9a-f]+", "0x", getattr(error, "message", ""))
    record.kind = getattr(error, "kind", type(error).__name__ if record.status != "failed" else "")
