"""What a student downloads: stubs, cases, and all that makes them a small project.

Everything is made from the solution's text, the syllabus and the texts in `templates/`. The
same kit makes the same files, to the byte. No line of what is asked leaves the house: the
cases are numbers, and the wheel of the kit holds no solution.
"""

from __future__ import annotations

import shutil
import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path

from autograder.cases.build import HOME
from autograder.course import public_cases, wheels
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
        Whether wheels of all that the kit needs lie in it, too, for a computer of this kind
        that reaches no index.
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
    there = folder.is_dir()
    try:
        fill(folder, syllabus, tasks, vendor=vendor, tell=tell)
    except BaseException:  # so that the same command can be given again
        shutil.rmtree(folder, ignore_errors=True)
        if there:
            folder.mkdir(exist_ok=True)
        raise
    if git:
        commit(folder)


def fill(
    folder: Path,
    syllabus: Syllabus,
    tasks: Sequence[Task],
    *,
    vendor: bool,
    tell: Callable[[str], None],
) -> None:
    """Write the files of a handout; see `write_handout`."""
    course = syllabus.narrowed(tasks)
    public_cases.course_of(course)  # what it refuses, it refuses before the long work
    tell("the wheel of byhand" + (", and those of what it needs" if vendor else ""))
    wheels.own(folder / wheels.VENDOR)
    if vendor:
        wheels.needed(folder / wheels.VENDOR)
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
                python=sysconfig.get_python_version(),
                requirement=wheels.REQUIREMENT,
                handbook=syllabus.handbook,
            )
            target.write_bytes(made.encode())
        write_stubs(HOME / syllabus.reference, folder / syllabus.package, syllabus, tasks)
        shutil.copyfile(HOME / "LICENSE", folder / "LICENSE")
        (folder / GIVEN).parent.mkdir(exist_ok=True)
        public_cases.give(folder / GIVEN, course, cases)
    except OSError as error:
        raise KitError(f"{error.filename or folder} cannot be written: {error.strerror}") from error


def commit(folder: Path) -> None:
    """Make the folder a repository of one commit."""
    own = {f"GIT_{who}_{key}": v for who in ("AUTHOR", "COMMITTER") for key, v in COMMITTER.items()}
    settings = ["-c", "core.autocrlf=false", "-c", "commit.gpgsign=false", "-c", "core.hooksPath="]
    git = ["git", "-C", str(folder)]
    wheels.run([*git, "init", "--quiet", "--initial-branch=main", "--template="])
    wheels.run([*git, *settings, "add", "--all"])
    wheels.run([*git, *settings, "commit", "--quiet", "-m", "The assignment"], own)
