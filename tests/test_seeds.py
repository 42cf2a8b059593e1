"""Which cases a submission meets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder import seeds
from autograder.cli import main
from autograder.result import Comparison
from tests.corpus.wrong import package

SECRET = b"only the instructor knows this one"


def test_the_same_code_always_meets_the_same_cases() -> None:
    assert seeds.private(SECRET, "ab12") == seeds.private(SECRET, "ab12")


def test_other_code_and_another_secret_meet_other_cases() -> None:
    seed = seeds.private(SECRET, "ab12")
    assert seed != seeds.private(SECRET, "ab13")
    assert seed != seeds.private(SECRET + b".", "ab12")
    assert 0 <= seed < 2**32


def test_a_secret_that_could_be_guessed_is_refused(tmp_path: Path, capsys) -> None:
    file = tmp_path / "secret"
    file.write_text("1234\n")
    assert main(["grade", "student", "--secret", str(file)]) == 2
    assert "shorter than 16 characters" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--secret", "nowhere"], "cannot be read"),
        (["--seed", "1", "--secret", "x"], "both choose the cases"),
        (["--compare-public"], "give one"),
    ],
)
def test_options_that_make_no_sense_are_refused(given: list[str], said: str, capsys) -> None:
    assert main(["grade", "student", *given]) == 2
    assert said in capsys.readouterr().err


def test_both_marks_are_told_when_asked_for(tmp_path: Path, capsys) -> None:
    secret, file = tmp_path / "secret", tmp_path / "result.json"
    secret.write_bytes(SECRET)
    path = str(package(tmp_path, {}))
    arguments = ["grade", path, "--task", "relu.forward", "--json", str(file)]
    assert main([*arguments, "--secret", str(secret), "--compare-public"]) == 0
    result = json.loads(file.read_text())
    assert result["public"] == {"seed": seeds.PUBLIC, "score": 2}
    assert result["seed"] != seeds.PUBLIC
    assert "2 of 2 points with the public cases" in capsys.readouterr().out


def test_a_large_gap_is_suspicious_and_a_small_one_is_not() -> None:
    public = Comparison(seeds.PUBLIC, 90)
    assert public.suspicious(70, 100)
    assert not public.suspicious(85, 100)
    assert not public.suspicious(95, 100)
