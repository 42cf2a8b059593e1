"""What a CI or a platform gets works there, as far as its contract can be acted out here."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from autograder.cli import main
from autograder.course.template import TEMPLATES, write_template
from autograder.errors import KitError
from autograder.syllabus import Syllabus
from tests.corpus.wrong import package

pytestmark = pytest.mark.usefixtures("quick_cases")

CRASH = {"layers.py": ("return np.maximum(x, 0)", "return x.relu()")}
WRONG = {"layers.py": ("x @ self.weight + self.bias", "x @ self.weight")}
TREES = {  # where a platform keeps things, and what it runs
    "gradescope": ("/autograder", "submission", "/autograder/run_autograder"),
    "prairielearn": ("/grade", "student", "/byhand/grade"),
}


def made(name: str, folder: Path) -> Path:
    assert main(["template", name, str(folder)]) == 0
    return folder


def shell(script: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=cwd,
        env=os.environ | {"PATH": path} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_blank_of_a_template_is_filled_in(name: str, tmp_path: Path) -> None:
    texts = {str(path): path.read_bytes() for path in files(made(name, tmp_path / "new"))}
    for path in [path for path in texts if path.endswith(".zip")]:
        with zipfile.ZipFile(path) as archive:
            texts |= {name: archive.read(name) for name in archive.namelist()}
    own = {path: text for path, text in texts.items() if "kit" not in Path(path).parts}
    own.pop("secret", None)
    assert len(own) >= 2
    for path, text in own.items():
        if Path(path).suffix in (".md", ".yml", ".sh", ".py", ""):
            assert b"[[ " not in text, path
            assert b"\r" not in text, path


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_nothing_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_text("mine")
    assert main(["template", "github", str(tmp_path)]) == 2
    assert "is not empty" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KitError, match="cannot be written"):
        write_template("github", tmp_path / "file" / "new", Syllabus.load())


# In a student's repository -------------------------------------------------------------


def test_the_steps_of_the_github_workflow_grade_and_report(tmp_path: Path) -> None:
    folder = made("github", tmp_path / "repository")
    package(folder, CRASH)
    workflow = yaml.safe_load((folder / ".github/workflows/byhand.yml").read_text())
    steps = {step.get("name"): step for step in workflow["jobs"]["grade"]["steps"]}
    summary = tmp_path / "summary.md"
    script = steps["Grade"]["run"].replace("byhand/cases.npz", "byhand/cases.npz --task relu")
    done = shell(script, folder, GITHUB_STEP_SUMMARY=str(summary))
    assert done.returncode == 1, done.stderr
    assert "::error file=student/layers.py,line=" in done.stdout
    assert "3 of 5 points" in summary.read_text(encoding="utf-8")
    kept = steps["Keep the reports"]["with"]["path"].split()
    assert all((folder / name).is_file() for name in kept)
    assert steps["Keep the reports"]["if"] == "always()"


def test_a_submission_that_cannot_be_graded_fails_the_workflow(tmp_path: Path) -> None:
    folder = made("github", tmp_path / "repository")
    workflow = yaml.safe_load((folder / ".github/workflows/byhand.yml").read_text())
    (step,) = [one for one in workflow["jobs"]["grade"]["steps"] if one.get("name") == "Grade"]
    done = shell(step["run"], folder, GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"))
    assert done.returncode == 2
    assert "autograder:" in done.stderr


def test_the_gitlab_job_grades_and_keeps_its_artifacts(tmp_path: Path) -> None:
    folder = made("gitlab", tmp_path / "project")
    package(folder, CRASH)
    job = yaml.safe_load((folder / ".gitlab-ci.yml").read_text())["grade"]
    (script,) = [line for line in job["script"] if line.startswith("autograder")]
    done = shell(f"{script} --task relu", folder)
    assert done.returncode == 1, done.stderr
    assert job["artifacts"]["when"] == "always"
    suites = ElementTree.parse(folder / job["artifacts"]["reports"]["junit"]).getroot()
    assert suites.find(".//testcase/error") is not None
    assert all((folder / path).is_file() for path in job["artifacts"]["paths"])


def test_classroom_50_gets_whole_points(tmp_path: Path) -> None:
    grader, checkout = made("classroom50", tmp_path / "grader"), tmp_path / "checkout"
    checkout.mkdir()
    package(checkout, CRASH)
    (checkout / "result.json").write_text('{"score": 100}')
    script = (grader / "autograder.py").read_text().replace('"--cases"', '"--task=relu", "--cases"')
    (grader / "autograder.py").write_text(script)
    names = ("CLASSROOM", "ASSIGNMENT", "SUBMISSION_TAG", "COMMIT_URL", "RELEASE_URL", "REVIEW_URL")
    environment = {name: name.lower() for name in names}
    done = shell(f"{sys.executable} {grader / 'autograder.py'}", checkout, **environment)
    assert done.returncode == 0, done.stderr
    result = json.loads((checkout / "result.json").read_text())
    assert (result["score"], result["max-score"]) == (3, 5)


def test_a_missing_package_has_no_points_in_classroom_50(tmp_path: Path) -> None:
    grader, checkout = made("classroom50", tmp_path / "grader"), tmp_path / "checkout"
    checkout.mkdir()
    done = shell(f"{sys.executable} {grader / 'autograder.py'}", checkout)
    assert done.returncode == 0, done.stderr
    assert json.loads((checkout / "result.json").read_text())["score"] == 0


def test_classroom_50_gets_no_mark_where_the_grader_fails(tmp_path: Path) -> None:
    grader, checkout = made("classroom50", tmp_path / "grader"), tmp_path / "checkout"
    checkout.mkdir()
    package(checkout, CRASH)
    (grader / "cases.npz").write_bytes(b"damaged")
    (checkout / "result.json").write_text('{"score": 100}')
    done = shell(f"{sys.executable} {grader / 'autograder.py'}", checkout)
    assert done.returncode == 1
    assert not (checkout / "result.json").exists()


# On an instructor's platform -----------------------------------------------------------


def laid_out(name: str, folder: Path) -> dict[Path, str]:
    """The tree of a platform's container: what is to be bound, and where to."""
    new = made(name, folder / "new")
    tree = folder / "tree"
    top, submission, _ = TREES[name]
    tree.mkdir()
    if name == "gradescope":
        with zipfile.ZipFile(new / "autograder.zip") as archive:
            archive.extractall(tree / "source")
        shutil.copyfile(tree / "source/run_autograder", tree / "run_autograder")
        (tree / "run_autograder").chmod(0o755)
        (tree / "results").mkdir()
    (tree / submission).mkdir()
    return {tree: top} | ({new: "/byhand"} if name == "prairielearn" else {})


def acted_out(
    name: str, folder: Path, changes: dict[str, tuple[str, str]]
) -> tuple[int, dict[str, object]]:
    """Run what a platform runs, in a namespace that is laid out like its container."""
    bound = laid_out(name, folder)
    tree = next(iter(bound))
    _, submission, program = TREES[name]
    for path in package(folder / "written", changes).glob("*.py"):  # loose files, as uploaded
        shutil.copyfile(path, tree / submission / path.name)
    command = ["bwrap", "--dev", "/dev", "--proc", "/proc"]
    for path in sorted(Path("/").iterdir()):
        if path.name not in ("dev", "proc", "opt"):
            command += ["--bind", str(path), str(path)]
    for path in Path("/opt").iterdir():
        command += ["--ro-bind", str(path), str(path)]
    command += ["--ro-bind", sys.prefix, "/opt/byhand"]
    for source, target in bound.items():
        command += ["--bind", str(source), target]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [*command, "--setenv", "PATH", path, "bash", program],
        capture_output=True,
        text=True,
        check=False,
    )
    file = tree / "results/results.json"
    assert file.is_file(), done.stdout + done.stderr
    return done.returncode, json.loads(file.read_text(encoding="utf-8"))


needs_a_namespace = pytest.mark.skipif(
    not shutil.which("bwrap") or os.geteuid() != 0, reason="needs root and bubblewrap"
)


def test_the_gradescope_zip_has_its_programs_at_the_top(tmp_path: Path) -> None:
    with zipfile.ZipFile(made("gradescope", tmp_path / "new") / "autograder.zip") as archive:
        for name in ("setup.sh", "run_autograder"):
            entry = archive.getinfo(name)
            assert stat.S_IMODE(entry.external_attr >> 16) & 0o111
            assert archive.read(name).startswith(b"#!/usr/bin/env bash\n")
        names = archive.namelist()
    assert "kit/solution/layers.py" in names
    assert not [name for name in names if "__pycache__" in name]


def test_two_zips_have_two_secrets(tmp_path: Path) -> None:
    found = set()
    for name in ("one", "two"):
        with zipfile.ZipFile(made("gradescope", tmp_path / name) / "autograder.zip") as archive:
            found.add(archive.read("secret"))
    assert len(found) == 2


@needs_a_namespace
@pytest.mark.slow
@pytest.mark.parametrize(("name", "score"), [("gradescope", 96), ("prairielearn", 0.96)])
def test_a_platform_gets_the_marks_of_a_submission(name: str, score: float, tmp_path: Path) -> None:
    status, result = acted_out(name, tmp_path, WRONG)
    assert status == 0
    assert result["score"] == score
