"""What a grading does with faults of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from autograder.checks.plugin import Checks
from autograder.grading import Grading, named
from autograder.mistakes import catalogue
from tests.corpus.wrong import package
from tests.grading import graded, lost, messages

WRONG = {"layers.py": ("return np.maximum(x, 0)", "return np.minimum(x, 0)")}


def test_a_failure_of_the_diagnosis_costs_nothing_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(Grading, "recognise", fails)
    result = graded(package(tmp_path, WRONG), only=["relu"])
    assert result.error is None
    assert lost(result) == {"relu.forward": "failed"}
    assert "not diagnosed: the grader failed: KeyError" in messages(result)


def test_a_failure_of_the_checks_themselves_is_no_zero(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(Checks, "finish", fails)
    result = graded(package(tmp_path, {}), only=["relu"])
    assert result.score is None
    assert set(lost(result).values()) == {"grader error"}


def test_mistakes_that_answer_alike_are_told_together_and_each_title_once() -> None:
    one, other, *_ = [mistake for mistake in catalogue() if mistake.task == "relu.forward"]
    together = named([one, other], hints=0)
    assert (together.id, together.title) == (one.id, f"{one.title} / or: {other.title}")
    longer = replace(other, title=f"{one.title} in softmax")
    assert named([one, longer, one], hints=0).title == one.title
