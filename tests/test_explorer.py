"""A student's own pytest, and so the test explorer of an editor, shows the checks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.corpus.wrong import package

SIGN = {"layers.py": ("return np.maximum(x, 0)", "return np.abs(x)")}
SETTINGS = '[tool.pytest.ini_options]\nbyhand = "student"\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder as a handout is, with a mistake in the package."""
    folder = tmp_path / "Zoë's work"
    package(folder, SIGN)
    (folder / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    return folder


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_each_check_is_a_test_of_the_file_that_it_is_about(project: Path) -> None:
    lines = run(project, "--collect-only", "-q").stdout.splitlines()
    assert "student/layers.py::relu.forward::Positive values pass, negative ones become 0" in (
        line.partition(" (")[0] for line in lines
    )
    files = {line.partition("::")[0] for line in lines if "::" in line}
    assert files == {"student/layers.py", "student/losses.py", "student/network.py"}
    assert len([line for line in lines if "::" in line]) > 250


def test_a_check_that_fails_says_which_mistake_it_is(project: Path) -> None:
    done = run(project, "student/layers.py::relu.forward", "student/layers.py::relu.backward")
    assert done.returncode == 1
    assert "This looks like: The absolute value is taken." in done.stdout
    assert "Traceback" not in done.stdout
    assert "student/layers.py" in done.stdout and " passed" in done.stdout


def test_one_check_can_be_run_alone(project: Path) -> None:
    listed = run(project, "--collect-only", "-q", "student/layers.py::flatten.forward").stdout
    name = next(line for line in listed.splitlines() if "::flatten.forward::" in line)
    done = run(project, "-q", name)
    assert done.returncode == 0
    assert "1 passed" in done.stdout


def test_a_package_that_cannot_be_imported_fails_in_words(project: Path) -> None:
    (project / "student/layers.py").write_text("def forward(:\n", encoding="utf-8")
    done = run(project, "-q")
    assert done.returncode == 1
    assert "SyntaxError" in done.stdout and "student/layers.py, line 1" in done.stdout
    assert "import_path" not in done.stdout
    assert "23 failed" in done.stdout  # once for a task


def test_the_package_is_not_imported_by_pytest(project: Path) -> None:
    (project / "student/__init__.py").write_text("import os\nos._exit(7)\n", encoding="utf-8")
    done = run(project, "-q", "student/layers.py::relu.forward")
    assert done.returncode == 1
    assert "the submission ended its own process (exit status 7)" in done.stdout


def test_nothing_happens_where_no_package_is_named(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.pytest.ini_options]\n", encoding="utf-8")
    assert "no tests collected" in run(project, "--collect-only").stdout
