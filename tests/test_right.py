"""A right submission gets full marks, however it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus.right import VARIANTS
from tests.grading import graded, lost

SAMPLE = (
    "conv_positions",
    "conv_einsum",
    "conv_fft64",
    "float64",
    "float32",
    "cached",
    "buffers",
    "answers_fortran",
    "answers_backwards",
    "noise_flood",
    "streams",
    "whole_closures",
    "gbk",
)


@pytest.mark.parametrize("name", SAMPLE)
def test_a_right_submission_gets_full_marks(name: str, tmp_path: Path) -> None:
    result = graded(VARIANTS[name](tmp_path))
    assert lost(result) == {}
    assert result.score == 100


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_every_right_submission_gets_full_marks(name: str, tmp_path: Path) -> None:
    result = graded(VARIANTS[name](tmp_path))
    assert lost(result) == {}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("name", VARIANTS)
def test_no_seed_fails_a_right_submission(name: str, seed: int, tmp_path: Path) -> None:
    result = graded(VARIANTS[name](tmp_path), skip=["accuracy"], seed=seed)
    assert lost(result) == {}
