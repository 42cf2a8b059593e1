"""Which known mistake it is, where that is not plain: without numbers, or with two at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from autograder.checks.failures import CheckFailed
from autograder.diagnosis.fingerprints import Fingerprints, Question, end
from autograder.diagnosis.observations import Record, observe, recording
from autograder.grading import named as together
from autograder.mistakes import by_id
from autograder.reports.telling import explanation
from autograder.result import Result
from tests.corpus.wrong import package
from tests.grading import graded

INIT = """self.weight = _he_normal((d1, d2), fan_in=d1)  # (d1, d2)
        self.bias = np.zeros(d2, dtype=np.float32)  # (d2,)"""


def named(result: Result) -> list[str]:
    """The ids of the mistakes that are named, each once."""
    checks = [check for task in result.tasks for check in task.checks]
    return list(dict.fromkeys(check.mistake.id for check in checks if check.mistake))


# Without numbers -----------------------------------------------------------------------


class Recorded(Fingerprints):
    """Knows beforehand what its one mistake answers."""

    def __init__(self, answers: list[Record]) -> None:
        self.answers = answers

    def record(self, way: str, question: Question, awaited: Record | None = None) -> Record:
        return self.answers[int(question.key)]


def answer(got: object, expected: object = 0.0) -> Record:
    """What a check saw that got this, or that raised this."""
    with recording() as record:
        if isinstance(got, Exception):
            error = got
        else:
            observe("y", np.asarray(got), 1e-6)
            error = CheckFailed("it is wrong", np.asarray(expected), np.asarray(got))
    end(record, error)
    record.status = "failed" if isinstance(error, CheckFailed) else "crashed"
    return record


def agreement(mine: list[Record], theirs: list[Record]) -> str | None:
    keys = [str(index) for index in range(len(mine))]
    questions = {key: Question(key, key, lambda submission, another: None) for key in keys}
    records = dict(zip(keys, theirs, strict=True))
    return Recorded(mine).agreement("", keys, questions, records)


FIRST, SECOND = answer([1.0, 2.0], [3.0, 4.0]), answer([5.0, 6.0], [7.0, 8.0])
NAN, ERROR = answer([np.nan, 1.0], [1.0, 1.0]), answer(ZeroDivisionError("division by zero"))


@pytest.mark.parametrize("instead", [NAN, answer([9.0, 8.0], [1.0, 1.0])], ids=["NaN", "numbers"])
def test_an_exception_may_stand_for_another_wrong_answer(instead: Record) -> None:
    assert agreement([FIRST, SECOND, instead], [FIRST, SECOND, ERROR]) == "loose"
    assert agreement([FIRST, SECOND, ERROR], [FIRST, SECOND, instead]) == "loose"


def test_numbers_that_differ_are_never_excused() -> None:
    assert agreement([FIRST, SECOND, FIRST], [FIRST, SECOND, SECOND]) is None


def test_a_right_answer_is_never_excused() -> None:
    assert agreement([FIRST, SECOND, ERROR], [FIRST, SECOND, Record()]) is None
    assert agreement([FIRST, SECOND, Record()], [FIRST, SECOND, ERROR]) is None


def test_two_answers_to_different_inputs_must_be_the_same() -> None:
    assert agreement([FIRST, NAN], [FIRST, ERROR]) is None
    assert agreement([FIRST, FIRST, NAN], [FIRST, FIRST, ERROR]) is None
    zeros = answer([0.0, 0.0], [7.0, 8.0])
    assert agreement([FIRST, zeros, NAN], [FIRST, zeros, ERROR]) is None


def test_a_softmax_that_overflows_in_another_way_is_named(tmp_path: Path) -> None:
    over_batch = ("softmax(self.forward(piece))", "softmax(self.forward(piece).T).T")
    path = package(tmp_path, {"network.py": over_batch})
    result = graded(path, only=["network.predict"])
    assert named(result) == ["network.predict.softmax-over-the-batch"]


@pytest.mark.parametrize("hints", [0, 1])
def test_mistakes_that_answer_alike_are_named_together_each_with_its_hint(hints: int) -> None:
    ids = ["loss.forward.maximum-not-subtracted", "loss.forward.maximum-of-the-whole-batch"]
    alike = [by_id(name) for name in ids]
    told = together(alike, hints)
    for one in alike:
        assert one.title in told.title
        assert (one.hints[0] in told.hint) == (hints == 1)


# Two at once ---------------------------------------------------------------------------


def test_two_mistakes_in_one_task_are_both_named(tmp_path: Path) -> None:
    two = "self.weight = np.random.randn(d1, d2)\n        self.bias = np.ones(d2)"
    result = graded(package(tmp_path, {"layers.py": (INIT, two)}), only=["linear.init"])
    assert set(named(result)) == {"linear.init.not-scaled", "linear.init.bias-ones"}
    for check in result.tasks[0].checks:
        about_bias = check.name.startswith("Biases")
        if check.mistake:
            assert (check.mistake.id == "linear.init.bias-ones") == about_bias
    assert explanation(result.tasks[0]).count("This looks like: ") == 2


def test_one_known_mistake_beside_an_unknown_one_is_not_named(tmp_path: Path) -> None:
    two = "self.weight = np.random.randn(d1, d2) ** 3\n        self.bias = np.ones(d2)"
    result = graded(package(tmp_path, {"layers.py": (INIT, two)}), only=["linear.init"])
    assert not {name for name in named(result) if not name.startswith("form.")}
