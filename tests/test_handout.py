"""What students download: complete, the same each time, and without a line of the solution."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from leaks import runs, secret_runs

from autograder.cli import main
from autograder.course import handout, public_cases, wheels
from autograder.course.stubs import write_stubs
from autograder.errors import KitError
from autograder.seeds import GIVEN
from autograder.syllabus import Syllabus, use
from tests.grading import graded, lost

ROOT = Path(__file__).parents[1]
COURSE = Syllabus.load()
LINE = 10  # tokens of a short line


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def made(folder: Path, *options: str) -> dict[str, bytes]:
    assert main(["handout", str(folder), *options]) == 0
    return files(folder)


def test_a_handout_is_a_small_project(quick_cases: None, tmp_path: Path) -> None:
    found = made(tmp_path / "new")
    assert {f"student/{name}.py" for name in ("layers", "losses", "network")} < found.keys()
    assert {"README.md", "LICENSE", "pyproject.toml", GIVEN, ".gitignore"} < found.keys()
    project = tomllib.loads(found["pyproject.toml"].decode())["project"]
    assert project["dependencies"][0].startswith("byhand[complete,train]==")
    for name in (".vscode/settings.json", ".vscode/launch.json"):
        json.loads(found[name])
    readme = found["README.md"].decode()
    assert all(f"`{task.id}`" in readme for task in COURSE.tasks)
    del found[GIVEN]
    assert not [name for name, text in found.items() if b"[[ " in text]


def test_the_wheel_in_a_handout_is_the_kit_without_the_solution(tmp_path: Path) -> None:
    wheels.own(tmp_path / "vendor")
    (wheel,) = (tmp_path / "vendor").iterdir()
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert "autograder/cli.py" in names
    assert not [name for name in names if name.startswith(("solution/", "student/", "tests/"))]


def test_two_handouts_are_the_same_to_the_byte(quick_cases: None, tmp_path: Path) -> None:
    assert made(tmp_path / "one", "--git") == made(tmp_path / "two", "--git")
    commits = {
        subprocess.check_output(["git", "-C", str(tmp_path / name), "log", "--format=%H"])
        for name in ("one", "two")
    }
    assert len(commits) == 1 and len(commits.pop().split()) == 1


@pytest.mark.parametrize("only", [[], ["conv"], ["network", "loss"], ["linear.backward"]], ids=str)
def test_no_line_of_what_is_asked_leaves_the_house(
    only: list[str], quick_cases: None, tmp_path: Path
) -> None:
    found = made(tmp_path / "new", *(["--tasks", *only] if only else []))
    syllabus = replace(COURSE, tasks=COURSE.select(only))
    secret = secret_runs(ROOT / COURSE.reference, syllabus, LINE, helpers=not only)
    assert len(secret) > 20
    for name, content in found.items():
        leaked = secret & runs(content.decode("utf-8", "replace"), LINE)
        assert not leaked, f"{name} holds code of the solution: {' '.join(min(leaked))}"


@pytest.mark.parametrize(
    ("only", "shared"),
    [("conv", set()), ("network", set()), ("loss", {"network.predict"})],  # with the softmax
)
def test_what_is_not_asked_is_given_whole(
    only: str, shared: set[str], quick_cases: None, tmp_path: Path
) -> None:
    made(tmp_path / "new", "--tasks", only)
    result = graded(tmp_path / "new/student", skip=["accuracy"])
    gone = lost(result)
    asked = {task.id for task in COURSE.select([only])}
    assert asked | shared == {name for name, status in gone.items() if status == "not implemented"}
    assert set(gone.values()) <= {"not implemented", "skipped"}


def test_a_course_of_ones_own_goes_with_the_handout(quick_cases: None, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    address = 'handbook = "https://example.org/book/"\n'
    own.write_text(address + 'drop = ["conv.init"]\npoints."conv.forward" = 12\n', encoding="utf-8")
    total = sum(task.points for task in COURSE.tasks)
    points = {task.id: task.points for task in COURSE.tasks}
    total += 12 - points["conv.forward"] - points["conv.init"]
    own.write_text(own.read_text() + f"total = {total}\n", encoding="utf-8")
    new = tmp_path / "new"
    try:
        assert main(["--syllabus", str(own), "handout", str(new)]) == 0
    finally:
        use(None)
    assert (new / "byhand/syllabus.toml").read_bytes() == own.read_bytes()
    readme = (new / "README.md").read_text(encoding="utf-8")
    assert f"Together {total} points" in readme and "conv.init" not in readme
    assert "<https://example.org/book/index.html>" in readme
    stubs = (new / "student/layers.py").read_text(encoding="utf-8")
    assert "_he_normal" in stubs and 'NotImplementedError("conv.forward")' in stubs


def test_only_what_is_set_counts_in_a_handout(
    quick_cases: None, wheel: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new"
    assert main(["handout", str(new), "--tasks", "relu", "loss"]) == 0
    points = sum(task.points for task in COURSE.select(["relu", "loss"]))
    assert f"Together {points} points" in (new / "README.md").read_text(encoding="utf-8")
    done = student(wheel, new, "grade", "student")
    assert f"\n0 of {points} points" in done.stdout
    done = student(wheel, new, "check")
    assert f"0 of 4 tasks done, 0 of {points} points" in done.stdout


def test_a_course_that_says_what_is_set_is_not_told_otherwise(
    quick_cases: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own.toml"
    own.write_text('set = ["relu", "linear"]\n', encoding="utf-8")
    try:
        options = ["--syllabus", str(own), "--tasks", "relu"]
        assert main(["handout", str(tmp_path / "new"), *options]) == 2
        assert "leave out --tasks" in capsys.readouterr().err
        assert main(["handout", str(tmp_path / "new"), *options[:2]]) == 0
    finally:
        use(None)
    assert (tmp_path / "new/byhand/syllabus.toml").read_bytes() == own.read_bytes()


def test_a_threshold_that_the_solution_does_not_reach_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own.toml"
    own.write_text("accuracy = {threshold = 0.999, epochs = 1}\n", encoding="utf-8")
    try:
        new = str(tmp_path / "new")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(wheels, "own", lambda folder: None)
            assert main(["handout", new, "--syllabus", str(own), "--tasks", "accuracy"]) == 2
    finally:
        use(None)
    said = capsys.readouterr().err
    assert "after 1 epochs, and the threshold is 99.9%: lower it" in said


def test_a_folder_that_holds_something_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").write_text("mine")
    assert main(["handout", str(tmp_path)]) == 2
    assert "is not empty" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_said_before_the_long_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    for command in ("handout", "notebooks"):
        assert main([command, str(tmp_path / "file/new")]) == 2
        assert "new/vendor cannot be made: Not a directory" in capsys.readouterr().err


def test_a_refused_handout_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise KitError("no")

    monkeypatch.setattr(public_cases, "make", refuse)
    assert main(["handout", str(tmp_path / "new")]) == 2
    assert not (tmp_path / "new").exists()


# On a student's computer ---------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The kit as a student has it, without solution and patches: an unpacked wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir"]
    subprocess.run([*command, str(folder)], cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        archive.extractall(folder / "kit")
    return folder / "kit"


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A handout with fingerprints, of a few tasks."""
    few = replace(COURSE, tasks=COURSE.select(["relu", "linear.forward"]))
    cases = public_cases.make(few)
    folder = tmp_path_factory.mktemp("given")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(public_cases, "make", lambda syllabus, tell=None: cases)
        patch.setattr(wheels, "own", lambda folder: None)
        handout.write_handout(folder, COURSE, COURSE.tasks)
    return folder


def student(kit: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "autograder", *command],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(kit)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_student_grades_with_the_cases_that_were_given(
    wheel: Path, given: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "Zoë's work"
    shutil.copytree(given, folder)
    done = student(wheel, folder, "grade", "student", "--task", "relu")
    assert done.returncode == 1
    assert "0 of 5 points" in done.stdout


def test_a_student_is_graded_by_the_course_that_was_given(
    wheel: Path, given: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "work"
    shutil.copytree(given, folder)
    own = "total = 101\n" + f'points."relu.forward" = {COURSE.by_id("relu.forward").points + 1}\n'
    (folder / "byhand/syllabus.toml").write_text(own, encoding="utf-8")
    done = student(wheel, folder, "grade", "student", "--task", "relu")
    assert "0 of 6 points" in done.stdout


def test_a_course_in_what_was_handed_in_changes_nothing(given: Path, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    shutil.copytree(given, folder)
    (folder / "byhand/syllabus.toml").write_text("total = 7\n", encoding="utf-8")
    done = student(ROOT, folder, "grade", "student", "--task", "relu")
    assert "0 of 5 points" in done.stdout
    assert "Beside it lies the file of a course, not used: " in done.stdout


def test_a_student_is_told_which_mistake_it_is(wheel: Path, given: Path, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    shutil.copytree(given, folder)
    file = folder / "student/layers.py"
    text = file.read_text(encoding="utf-8")
    stub = 'raise NotImplementedError("relu.forward")'
    file.write_text(text.replace(stub, "return np.abs(x)"), encoding="utf-8")
    done = student(wheel, folder, "check")
    assert done.returncode == 1
    assert "This looks like: " in done.stdout
    assert "Next: relu.forward" in done.stdout
    file.write_text(text.replace(stub, "return np.maximum(x, 0)"), encoding="utf-8")
    done = student(wheel, folder, "check")
    assert "1 of 23 tasks done, 2 of 100 points" in done.stdout
    assert "Next: relu.backward" in done.stdout


@pytest.mark.slow
def test_a_student_comes_from_stubs_to_full_marks_by_check_alone(
    wheel: Path, given: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "Zoë's work"
    shutil.copytree(given, folder)
    asked = [task for task in COURSE.tasks if task.functions]
    for number in range(1, len(asked) + 1):
        left = asked[number:]  # all before is written
        write_stubs(ROOT / COURSE.reference, folder / "student", COURSE, left)
        done = student(wheel, folder, "check")
        assert done.returncode == (1 if left else 0), done.stdout + done.stderr
        if left:
            assert f"{number} of {len(COURSE.tasks)} tasks done" in done.stdout
            assert f"Next: {left[0].id} (" in done.stdout
    assert "100 of 100 points" in done.stdout
    assert "All is done. For the marks: autograder grade student" in done.stdout
    done = student(wheel, folder, "grade", "student", "--skip", "accuracy")
    assert "90 of 90 points" in done.stdout
