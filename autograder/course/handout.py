"""What a student downloads: stubs, cases, and all that makes them a small project.

Everything is made from the solution's text, the syllabus and the texts in `templates/`. The
same kit makes the same files, to the byte. No line of what is asked leaves the house: the
cases are numbers, and the wheel of the kit holds no solution.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path

from autograder import __version__
from autograder.cases.build import HOME
from autograder.course import public_cases
from autograder.course.stubs import write_stubs
from autograder.course.template import text
from autograder.errors import KitError
from autograder.seeds import GIVEN
from autograder.syllabus import Syllabus, Task

FILES = {
    "README.md": "handout.md",
    "pyproject.toml": "handout_pyproject.toml",
    ".gitignore": "handout_gitignore",
    ".vscode/settings.json": "handout_settings.json",
    ".vscode/launch.json": "handout_launch.json",
    ".github/workflows/byhand.yml": "github.yml",
}
VENDOR = "vendor"
REQUIREMENT = f"byhand[complete,train]=={__version__}"
# The same commit whoever makes it, and whenever.
COMMITTER = {"NAME": "byhand", "EMAIL": "byhand@localhost", "DATE": "2000-01-01T00:00:00+0000"}


def write_handout(
    folder: Path,
    syllabus: Syllabus,
    tasks: Sequence[Task],
    *,
    vendor: bool = False,
    git: bool = False,
    tell: Callable[[str], None] = lambda line: None,
) -> None:
    """Write a handout into a new folder.

    Parameters
    ----------
    tasks
        Those that are set; the functions of all others are given whole.
    vendor
        Whether wheels of the kit and of all that it needs lie in it, for a computer of this
        kind that reaches no index.
    git
        Whether it is a repository, with one commit.
    tell
        Hears what is being done.

    Raises
    ------
    KitError
        The folder holds something already or cannot be written, this installation has no
        solution, or a program that is needed failed.
    """
    if folder.is_dir() and any(folder.iterdir()):
        raise KitError(f"{folder} is not empty: name a new folder")
    course = syllabus.narrowed(tasks)
    public_cases.course_of(course)  # what it refuses, it refuses before the long work
    cases = public_cases.make(course, tell)
    try:
        for path, source in FILES.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            made = text(
                source,
                course,
                tasks=course.tasks,
                vendor=vendor,
                platform=sysconfig.get_platform(),
                requirement=REQUIREMENT,
                handbook=syllabus.handbook,
            )
            target.write_bytes(made.encode())
        write_stubs(HOME / syllabus.reference, folder / syllabus.package, syllabus, tasks)
        shutil.copyfile(HOME / "LICENSE", folder / "LICENSE")
        (folder / GIVEN).parent.mkdir(exist_ok=True)
        public_cases.give(folder / GIVEN, course, cases)
    except OSError as error:
        raise KitError(f"{error.filename or folder} cannot be written: {error.strerror}") from error
    if vendor:
        tell("wheels of byhand and of what it needs")
        collect_wheels(folder / VENDOR)
    if git:
        commit(folder)


def collect_wheels(folder: Path) -> None:
    """The wheel of this kit, and those of all that a student's installation needs."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    run([*pip, "wheel", "--no-deps", "--wheel-dir", str(folder), str(HOME)])
    wanted = [REQUIREMENT, "hatchling"]
    beside = ["--find-links", str(folder), "--dest", str(folder), "--only-binary", ":all:"]
    run([*pip, "download", *beside, *wanted])


def commit(folder: Path) -> None:
    """Make the folder a repository of one commit."""
    own = {f"GIT_{who}_{key}": v for who in ("AUTHOR", "COMMITTER") for key, v in COMMITTER.items()}
    settings = ["-c", "core.autocrlf=false", "-c", "commit.gpgsign=false", "-c", "core.hooksPath="]
    git = ["git", "-C", str(folder)]
    run([*git, "init", "--quiet", "--initial-branch=main", "--template="])
    run([*git, *settings, "add", "--all"])
    run([*git, *settings, "commit", "--quiet", "-m", "The assignment"], own)


def run(command: list[str], more: dict[str, str] | None = None) -> None:
    """Run a program that is needed.

    Raises
    ------
    KitError
        It is not there, or it failed.
    """
    try:
        done = subprocess.run(
            command, env=os.environ | (more or {}), capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise KitError(f"the program {command[0]} is needed, and not installed") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-1000:]
        raise KitError(f"{' '.join(command[:5])} … failed:\n{said}")
