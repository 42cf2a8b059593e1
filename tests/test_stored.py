"""Fingerprints that are kept with the cases name what fresh ones name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autograder import intake
from autograder.cases import Cases
from autograder.course import public_cases
from autograder.diagnosis.observations import Observation, Record
from autograder.diagnosis.stored import Stored, read, written
from autograder.grading import Grading, Silence
from autograder.mistakes import by_id
from autograder.mistakes.patching import patched
from autograder.sandbox.isolation import best
from autograder.syllabus import Syllabus
from tests.class_of import solution
from tests.grading import write_package

COURSE = Syllabus.load()
FEW = replace(COURSE, tasks=COURSE.select(["relu", "linear", "loss.forward", "accuracy"]))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Cases:
    """The public cases of a few tasks, written to a file and read again."""
    file = tmp_path_factory.mktemp("cases") / "cases.npz"
    public_cases.make(FEW).save(file)
    return Cases.load(file)


@pytest.mark.parametrize(
    "name",
    [
        "relu.forward.absolute-value",
        "relu.backward.gradient-forgotten",
        "linear.backward.weight-not-transposed",
        "linear.init.not-scaled",
        "loss.forward.maximum-not-subtracted",
    ],
)
def test_a_mistake_is_named_from_what_was_kept(name: str, kept: Cases, tmp_path: Path) -> None:
    mistake = by_id(name)
    files = {file.removesuffix(".py"): text for file, text in patched(name, solution()).items()}
    (tmp_path / "in").mkdir()
    taken = intake.take(write_package(tmp_path / "in", **files), tmp_path)
    grading = Grading(taken, kept, COURSE, Silence(), best())
    grading.fingerprints = Stored(kept.fingerprints)
    (result,) = grading.run(COURSE.select([mistake.task]))
    grading.pool.close()
    named = [check.mistake.id for check in result.checks if check.mistake]
    assert named and set(named) == {name}


def test_training_that_was_kept_is_that_of_the_reference(kept: Cases) -> None:
    assert kept.trained is not None
    assert kept.trained.accuracies[-1] >= COURSE.accuracy.threshold
    assert kept.trained.guesses.shape == (5000,)
    assert set(kept.trained.parameters) == {
        f"{index}.{name}" for index in (0, 3, 7) for name in ("weight", "bias")
    }


@pytest.mark.parametrize("got", [None, [1.0], [np.nan]], ids=["nothing", "numbers", "NaN"])
def test_a_record_is_read_as_it_was_written(got: list[float] | None) -> None:
    seen = [Observation("y", (2,), (0.1, -3e-9), 1e-6), Observation("None", None, (), 0.0)]
    record = Record(seen, "failed", "ValueError", "a.f", "why", fault="memory")
    if got is not None:
        record.pair = np.zeros(1), np.array(got)
    again = read(written(record))
    assert again.resembles(record) and record.resembles(again)
    assert (again.has_numbers, again.fault) == (record.has_numbers, record.fault)
