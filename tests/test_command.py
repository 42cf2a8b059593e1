"""The command line, run as a person runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograder.cases.build import HOME
from autograder.mistakes import by_id
from autograder.result import SCHEMA, STATUSES
from autograder.syllabus import Syllabus
from tests.corpus.wrong import package
from tests.grading import write_package


def command(*arguments: object, folder: Path = HOME) -> subprocess.CompletedProcess[str]:
    """Run `autograder` with these arguments."""
    line = [sys.executable, "-m", "autograder", *map(str, arguments)]
    return subprocess.run(
        line, cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=600
    )


def test_the_solution_gets_full_marks_and_status_0(tmp_path: Path) -> None:
    done = command("grade", "solution", "--json", tmp_path / "result.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "100 of 100 points" in done.stdout
    assert done.stderr == ""
    result = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert (result["score"], result["max_score"]) == (100, 100)


def test_the_stubs_get_nothing_and_say_23_times_not_implemented(tmp_path: Path) -> None:
    done = command("grade", "student", "--json", tmp_path / "result.json")
    assert done.returncode == 1
    assert done.stdout.count("not implemented yet") == 23
    assert "0 of 100 points" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    result = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert result["score"] == 0
    assert [task["status"] for task in result["tasks"]] == ["not implemented"] * 23


def test_the_result_follows_its_schema(tmp_path: Path) -> None:
    command("grade", "student", "--task", "relu", "--json", tmp_path / "result.json")
    result = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert set(result) == {
        *("schema", "submission", "note", "error", "refused", "score", "max_score"),
        *("isolation", "seed", "public", "seconds", "tasks"),
    }
    assert result["schema"] == SCHEMA
    assert result["max_score"] == 5
    assert [task["id"] for task in result["tasks"]] == ["relu.forward", "relu.backward"]
    for task in result["tasks"]:
        assert set(task) == {"id", "title", "points", "max_points", "status", "checks"}
        for check in task["checks"]:
            assert set(check) == {"name", "status", "message", "mistake", "evidence"}
            assert check["status"] in STATUSES


def test_tasks_can_be_chosen_and_left_out() -> None:
    done = command("grade", "solution", "--task", "linear", "--skip", "linear.init")
    assert done.returncode == 0
    assert "linear.init" not in done.stdout
    assert "13 of 13 points" in done.stdout


def test_an_unknown_task_is_named_with_its_neighbours() -> None:
    done = command("grade", "solution", "--task", "conv.foward")
    assert done.returncode == 2
    assert "conv.forward" in done.stderr


def test_the_output_fits_80_columns_and_has_no_colour() -> None:
    done = command("grade", "solution", "--task", "relu", "--task", "accuracy")
    assert "% after" in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    assert "\x1b" not in done.stdout


def test_an_archive_is_graded_as_a_folder_is(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "hand in.zip", "w") as archive:
        for file in (HOME / "solution").glob("*.py"):
            archive.write(file, f"homework/solution/{file.name}")
    done = command("grade", tmp_path / "hand in.zip", "--task", "relu")
    assert done.returncode == 0


def test_the_kit_runs_from_any_folder_and_nothing_there_is_executed(tmp_path: Path) -> None:
    for name in ("json", "numpy", "conftest", "sitecustomize", "solution", "pytest"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('executed')")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --unknown")
    write_package(tmp_path, init="from .layers import ReLULayer", layers="class ReLULayer: pass")
    done = command("grade", ".", "--task", "relu.forward", folder=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "executed" not in done.stdout + done.stderr


UNUSABLE = {
    "a folder without a package": lambda path: (path / "notes").mkdir(),
    "a file that is no archive": lambda path: (path / "notes").write_bytes(b"PK nonsense"),
    "nothing": lambda path: None,
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_holds_no_package_ends_with_status_2_and_json(name: str, tmp_path: Path) -> None:
    UNUSABLE[name](tmp_path)
    done = command("grade", tmp_path / "notes", "--json", tmp_path / "result.json")
    assert done.returncode == 2
    assert done.stderr.startswith("autograder: ")
    assert "Traceback" not in done.stderr
    result = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert result["score"] is None
    assert result["error"]
    assert result["tasks"] == []


BROKEN = {
    "a syntax error": ("def forward(self:\n", "SyntaxError", "crashed"),
    "a missing class": ("from .layers import ReLULayer\n", "ImportError", "crashed"),
    "an exception": ("1 / 0\n", "ZeroDivisionError", "crashed"),
    "a library that is not there": ("import torch\n", "torch", "crashed"),
    "an endless loop": ("while True: pass\n", "no answer within", "timed out"),
    "a not-implemented marker": ("raise NotImplementedError\n", "NotImplementedError", "crashed"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_package_that_cannot_be_imported_gets_one_clear_message(
    name: str, tmp_path: Path
) -> None:
    source, word, status = BROKEN[name]
    path = write_package(tmp_path, init=source, layers="")
    done = command("grade", path, "--json", tmp_path / "result.json")
    assert done.returncode == 1
    assert done.stdout.count("the package cannot be imported") == 1
    assert word in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    result = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert result["score"] == 0
    assert {task["status"] for task in result["tasks"]} == {status}
    assert len(result["tasks"]) == len(Syllabus.load().tasks)


def test_a_json_file_that_cannot_be_written_is_told_before_the_work(tmp_path: Path) -> None:
    done = command("grade", "solution", "--json", tmp_path / "no" / "such" / "folder.json")
    assert done.returncode == 2
    assert "folder.json" in done.stderr
    assert "passed" not in done.stdout


def test_cases_that_were_made_before_give_the_same_result(tmp_path: Path) -> None:
    made = command("cases", tmp_path / "cases.npz", "--seed", "7")
    assert made.returncode == 0
    done = command(
        *("grade", "solution", "--task", "conv.forward"),
        *("--cases", tmp_path / "cases.npz", "--json", tmp_path / "result.json"),
    )
    assert done.returncode == 0
    assert json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))["seed"] == 7


def test_a_command_that_is_wrong_says_how_it_is_used() -> None:
    assert command().returncode == 2
    assert "usage: autograder" in command().stderr
    assert command("grade").returncode == 2


@pytest.mark.parametrize(("level", "count"), [("0", 0), ("1", 1), ("2", 2)])
def test_hints_are_shown_as_far_as_is_wanted(level: str, count: int, tmp_path: Path) -> None:
    path = package(tmp_path, {"layers.py": ("return np.maximum(x, 0)", "return np.abs(x)")})
    result = tmp_path / "result.json"
    command("grade", path, "--task", "relu.forward", "--hints", level, "--json", result)
    checks = json.loads(result.read_text(encoding="utf-8"))["tasks"][0]["checks"]
    mistake = next(check["mistake"] for check in checks if check["mistake"])
    known = by_id("relu.forward.absolute-value")
    assert mistake["id"] == known.id
    assert [hint in mistake["hint"] for hint in known.hints].count(True) == count


def test_a_reader_that_has_left_does_not_end_the_grading(tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    reading, writing = os.pipe()
    os.close(reading)
    options = ["--task", "relu", "--json", str(result)]
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "grade", "student", *options],
        cwd=HOME,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert done.stderr == ""
    assert done.returncode == 1
    assert json.loads(result.read_text(encoding="utf-8"))["score"] == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_what_cannot_be_written_is_no_success(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "autograder", "stubs", str(tmp_path / "stubs")]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode != 0
