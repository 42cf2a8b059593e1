"""What a CI or a grading platform needs to run the autograder, for each of them a folder.

The texts lie in `templates/`. What runs in a student's repository gets the cases of the
public seed; what runs on an instructor's own platform gets the kit with the solution, and a
secret. This module knows no format of a result.
"""

from __future__ import annotations

import secrets
import shlex
import shutil
import tomllib
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from autograder import __version__, seeds
from autograder.cases.build import HOME, load_reference
from autograder.course import public_cases, wheels
from autograder.errors import KitError
from autograder.syllabus import COURSE, Syllabus, used

KIT = ("autograder", "LICENSE", "README.md", "pyproject.toml")  # and the solution
EPOCH = (1980, 1, 1, 0, 0, 0)  # the time of every file of an archive
PROGRAM, TEXT = 0o755, 0o644


@dataclass(frozen=True)
class Template:
    """What a platform needs.

    Parameters
    ----------
    files
        Paths in the folder that is made, each with the name of its text.
    cases
        Where the cases of the public seed go; empty: nowhere.
    kit
        Whether the kit with the solution is in it, and a secret.
    wheel
        Where the wheel of the kit goes; empty: nowhere.
    packed
        The archive that all but the README is put into; empty: none.
    programs
        Those of the files that are run.
    """

    files: Mapping[str, str]
    cases: str = ""
    wheel: str = ""
    kit: bool = False
    packed: str = ""
    programs: frozenset[str] = field(default_factory=frozenset)


TEMPLATES = {
    "github": Template(
        {".github/workflows/byhand.yml": "github.yml", "README.md": "github.md"},
        cases=seeds.GIVEN,
        wheel=wheels.VENDOR,
    ),
    "gitlab": Template(
        {".gitlab-ci.yml": "gitlab.yml", "README.md": "gitlab.md"},
        cases=seeds.GIVEN,
        wheel=wheels.VENDOR,
    ),
    "classroom50": Template(
        {"autograder.py": "classroom50_autograder", "README.md": "classroom50.md"},
        cases="cases.npz",
        wheel=".",
    ),
    "gradescope": Template(
        {
            "setup.sh": "gradescope_setup.sh",
            "run_autograder": "gradescope_run_autograder",
            "README.md": "gradescope.md",
        },
        kit=True,
        packed="autograder.zip",
        programs=frozenset({"setup.sh", "run_autograder"}),
    ),
    "prairielearn": Template(
        {
            "Dockerfile": "prairielearn_Dockerfile",
            "grade": "prairielearn_grade",
            "info.json": "prairielearn_info.json",
            "README.md": "prairielearn.md",
        },
        kit=True,
        programs=frozenset({"grade"}),
    ),
}


def write_template(
    name: str,
    folder: Path,
    syllabus: Syllabus,
    tell: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Write what a platform needs into a new folder.

    Parameters
    ----------
    name
        A key of `TEMPLATES`.
    tell
        Hears what is being done, where it takes a while.

    Returns
    -------
    list of Path
        What lies in the folder now, at its top.

    Raises
    ------
    KitError
        The folder holds something already or cannot be written, or this installation has no
        solution.
    """
    template = TEMPLATES[name]
    load_reference(syllabus.reference)  # or there is nothing to make it from
    if folder.is_dir() and any(folder.iterdir()):
        raise KitError(f"{folder} is not empty: name a new folder")
    try:
        for path, source in template.files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text(source, syllabus), encoding="utf-8", newline="\n")
            target.chmod(PROGRAM if path in template.programs else TEXT)
        if template.wheel:
            tell("the wheel of byhand")
            wheels.own(folder / template.wheel)
        if template.cases:
            file = folder / template.cases
            file.parent.mkdir(parents=True, exist_ok=True)
            public_cases.give(file, syllabus, public_cases.make(syllabus, tell))
        if template.kit:
            copy_kit(folder / "kit", syllabus)
            secret = folder / "secret"
            secret.touch(0o600)
            secret.write_text(secrets.token_hex() + "\n", encoding="utf-8")
        if template.packed:
            pack(folder, template.packed, template.programs)
    except OSError as error:
        raise KitError(f"{error.filename or folder} cannot be written: {error.strerror}") from error
    return sorted(folder.iterdir())


def text(source: str, syllabus: Syllabus, **more: object) -> str:
    """One of the texts, with what the kit, the syllabus and the caller say."""
    project = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        variable_start_string="[[",  # workflows have braces of their own
        variable_end_string="]]",
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    return environment.get_template(source).render(
        version=__version__,
        package=syllabus.package,
        course=COPY if used() else "",
        points=sum(task.points for task in syllabus.tasks),
        requirements=shlex.join(project["dependencies"]),
        **more,
    )


COPY = f"course/{COURSE}"  # of a course of one's own, where an instructor grades


def copy_course(folder: Path, syllabus: Syllabus) -> None:
    """Copy the file of a course of one's own, and those of its tasks, with their answers."""
    if course := used():
        (folder / COPY).parent.mkdir(parents=True)
        shutil.copyfile(course, folder / COPY)
        for own in syllabus.own:
            shutil.copyfile(own, (folder / COPY).with_name(own.name))


def copy_kit(folder: Path, syllabus: Syllabus) -> None:
    """Copy what an instructor's grading needs, and nothing of tests and papers."""
    folder.mkdir(parents=True)
    for name in (*KIT, syllabus.reference):
        source = HOME / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, folder / name)
    copy_course(folder, syllabus)


def pack(folder: Path, name: str, programs: frozenset[str]) -> None:
    """Move all but the README into an archive, whose top is the folder itself."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.parent != folder)
    paths += sorted(path for path in folder.iterdir() if path.is_file() and path.suffix != ".md")
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            inside = path.relative_to(folder).as_posix()
            entry = zipfile.ZipInfo(inside, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, which the bits below are for
            entry.external_attr = (0o100000 | (PROGRAM if inside in programs else TEXT)) << 16
            archive.writestr(entry, path.read_bytes())
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != name and path.suffix != ".md":
            path.unlink()
