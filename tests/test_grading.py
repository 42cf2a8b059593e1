"""What a grading does with faults of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.checks.plugin import Checks
from autograder.grading import Grading
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
