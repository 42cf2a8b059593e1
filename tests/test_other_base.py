"""A mistake is caught and named also where it is made in differently written code."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.mistakes import by_id
from tests.corpus.other_base import ELSEWHERE, MISTAKES, write
from tests.grading import graded, lost

SAMPLE = [
    "relu.backward.stale-mask",
    "maxpool.forward.window-swapped",
    "linear.backward.accumulated",
    "conv.backward.kernel-not-flipped",
    "loss.forward.softmax-over-the-batch",
    "network.train.mean-over-all-epochs",
]


def names(name: str, folder: Path) -> list[str]:
    """What the failed checks of its own task name, each once, for a mistake that is caught."""
    task = by_id(name).task
    result = graded(write(name, folder), only=[task])
    assert result.error is None
    assert set(lost(result).values()) <= {"failed", "crashed"}
    assert set(lost(result)) == {task}
    checks = [check for check in result.tasks[0].checks if check.status != "passed"]
    return list(dict.fromkeys(check.mistake.id for check in checks if check.mistake))


def test_the_base_is_right(tmp_path: Path) -> None:
    result = graded(write(None, tmp_path), skip=["accuracy"])
    assert lost(result) == {}
    assert result.score == 90


@pytest.mark.slow
def test_the_base_learns(tmp_path: Path) -> None:
    assert lost(graded(write(None, tmp_path), only=["accuracy"])) == {}


@pytest.mark.parametrize("name", SAMPLE)
def test_a_mistake_is_named(name: str, tmp_path: Path) -> None:
    assert names(name, tmp_path)[:1] == [name]


@pytest.mark.slow
@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_is_caught_and_named(name: str, tmp_path: Path) -> None:
    assert names(name, tmp_path)[:1] == [name]


@pytest.mark.slow
@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_answers_differently_is_caught_and_not_named_wrongly(
    name: str, tmp_path: Path
) -> None:
    known = [one for one in names(name, tmp_path) if not one.startswith("form.")]
    assert known in ([], [name])


def test_the_mistakes_are_the_catalogues_and_cover_all_groups() -> None:
    assert len(MISTAKES) >= 60
    assert not MISTAKES.keys() & ELSEWHERE.keys()
    assert len({by_id(name).task.partition(".")[0] for name in MISTAKES}) == 7
