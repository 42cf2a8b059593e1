"""Cases: strong, frozen by their seed, and free of code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from autograder.cases import Case, Cases
from autograder.cases.build import build_cases, load_reference
from autograder.cases.digits import digits
from autograder.cases.lint import WeakCase, check_answer
from autograder.errors import KitError
from tests.grading import cases_of


def one(answer: np.ndarray) -> Case:
    return Case("relu", "planted", "ReLULayer", (), {"x_grad": answer})


STRONG = np.arange(1.0, 13.0).reshape(3, 4) ** 2


def test_a_strong_case_is_accepted() -> None:
    check_answer(one(STRONG), "x_grad", ones=STRONG[::-1])


WEAK = {
    "zero": np.zeros((3, 4)),
    "constant": np.ones((3, 4)),
    "not finite": np.full((3, 4), np.nan),
    "the same when the batch is reversed": STRONG + STRONG[::-1],
    "the same when the columns are reversed": STRONG + STRONG[:, ::-1],
    "the same when transposed": (STRONG @ STRONG.T),
    "one row, repeated": np.tile(STRONG[:1], (3, 1)),
}


@pytest.mark.parametrize("name", WEAK)
def test_a_weak_case_is_refused(name: str) -> None:
    with pytest.raises(WeakCase):
        check_answer(one(WEAK[name]), "x_grad")


def test_a_case_that_ones_in_place_of_the_gradient_leave_alone_is_refused() -> None:
    with pytest.raises(WeakCase, match="ones"):
        check_answer(one(STRONG), "x_grad", ones=STRONG)


def test_cases_of_a_seed_are_always_the_same() -> None:
    again = build_cases(1234, load_reference())
    for first, second in zip(cases_of(1234), again, strict=True):
        assert first.title == second.title
        for name, value in first.arrays.items():
            np.testing.assert_array_equal(value, second[name])


def test_cases_of_two_seeds_differ() -> None:
    first, second = cases_of(1).group("conv")[0], cases_of(2).group("conv")[0]
    assert np.abs(first["x"] - second["x"]).max() > 0.1


@pytest.mark.parametrize("seed", range(20))
def test_every_seed_makes_strong_cases(seed: int) -> None:
    assert len(list(build_cases(seed, load_reference()))) > 70


def test_saved_cases_are_loaded_as_they_were(tmp_path: Path) -> None:
    cases_of().save(tmp_path / "cases.npz")
    loaded = Cases.load(tmp_path / "cases.npz")
    assert loaded.seed == 1234
    for first, second in zip(cases_of(), loaded, strict=True):
        assert (first.group, first.title, first.layer, first.args) == (
            second.group,
            second.title,
            second.layer,
            second.args,
        )
        for name, value in first.arrays.items():
            np.testing.assert_array_equal(value, second[name])
            assert value.dtype == second[name].dtype


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_a_file_that_holds_no_cases_is_refused(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "cases.npz"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(KitError, match=r"cases"):
        Cases.load(file)


def test_digits_are_turned_and_labelled_anew_by_the_seed() -> None:
    case = cases_of(5).group("accuracy")[0]
    images, labels = digits(case, "test")
    assert images.shape == (5000, 1, 28, 28)
    assert images.dtype == np.float32
    assert (images.min(), images.max()) == (0, 1)
    # The embedded split's own counts, whatever the classes are called.
    counts = np.bincount(labels, minlength=10)[case["labels"]]
    assert counts.tolist() == [460, 571, 530, 500, 500, 456, 462, 512, 489, 520]
