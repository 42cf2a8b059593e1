"""The house is in order: style, types, one direction of imports, and what leaves it."""

from __future__ import annotations

import ast
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from leaks import runs, secret_runs

from autograder.syllabus import Syllabus

ROOT = Path(__file__).parents[1]
COURSE = Syllabus.load()
TEMPLATES = sorted((ROOT / "autograder/reports/templates").iterdir())
MODULES = sorted((ROOT / "autograder").rglob("*.py"))

# From the top of the house to its ground. A part imports what stands below it.
HOUSE = (
    ("__main__",),
    ("cli",),
    ("course",),
    ("practice", "debugging", "notebook", "explorer"),
    ("grading", "reports"),
    ("checks",),
    ("diagnosis",),
    ("cases",),
    ("sandbox", "mistakes"),
    ("classroom", "intake", "result"),
    ("archives", "syllabus", "data"),
    ("files", "cells"),
    ("whole",),
    ("seeds",),
    ("errors", "text", "whereabouts", "__init__"),
)
ROW = {part: row for row, parts in enumerate(HOUSE) for part in parts}


def run(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def part_of(path: Path) -> str:
    return path.relative_to(ROOT / "autograder").parts[0].removesuffix(".py")


def imports(path: Path) -> list[str]:
    """The full names of what a module imports."""
    found = []
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            found += [f"{module}.{alias.name}" for alias in node.names]
    return found


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# Style and types


def test_the_linter_has_nothing_to_say():
    run("ruff", "check", ".")


def test_the_code_is_formatted():
    run("ruff", "format", "--check", ".")


def test_the_types_are_right():
    run("mypy")


# One direction of imports


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_part_imports_only_what_stands_below_it(path):
    own = part_of(path)
    assert own in ROW, f"{own} has no place in the house yet: give it one in HOUSE"
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "autograder" and len(parts) > 1 and parts[1] != own:
            # `from autograder import __version__` imports the package itself.
            other = parts[1] if parts[1] in ROW else "__init__"
            assert ROW[other] > ROW[own], f"{own} must not import {name}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nobody_imports_the_solution_or_a_submission(path):
    # Not even autograder/cases/build.py, which loads the solution by its path.
    roots = {name.split(".")[0] for name in imports(path)}
    assert not roots & {COURSE.reference, COURSE.package}


def test_the_worker_needs_only_numpy():
    roots = {name.split(".")[0] for name in imports(ROOT / "autograder/sandbox/worker.py")}
    assert roots <= sys.stdlib_module_names | {"numpy"}


GROUND = ["archives", "errors", "files", "intake", "mistakes", "result", "syllabus", "text"]


@pytest.mark.parametrize("part", GROUND)
def test_the_ground_floor_needs_only_the_standard_library(part):
    for path in MODULES:
        if part_of(path) == part:
            roots = {name.split(".")[0] for name in imports(path)}
            assert roots <= sys.stdlib_module_names | {"autograder"}


# What leaves the house


@pytest.fixture(scope="module")
def shipped(tmp_path_factory) -> dict[str, dict[str, bytes]]:
    """The files of the wheel and of the sdist, by their names inside."""
    out = tmp_path_factory.mktemp("dist")
    run("build", "--wheel", "--sdist", "--no-isolation", "--outdir", str(out))
    with zipfile.ZipFile(next(out.glob("*.whl"))) as archive:
        wheel = {name: archive.read(name) for name in archive.namelist()}
    sdist = {}
    with tarfile.open(next(out.glob("*.tar.gz"))) as archive:
        for member in archive:
            if stream := archive.extractfile(member):
                sdist[member.name.partition("/")[2]] = stream.read()
    return {"wheel": wheel, "sdist": sdist}


both = pytest.mark.parametrize("kind", ["wheel", "sdist"])


@both
def test_all_of_the_autograder_is_shipped(shipped, kind):
    data = ["syllabus.toml", "data/mnist.npz", "data/ATTRIBUTION.md"]
    data += [f"reports/templates/{path.name}" for path in TEMPLATES]
    expected = {*map(name_of, MODULES), *(f"autograder/{name}" for name in data)}
    assert expected <= shipped[kind].keys()


@both
def test_no_file_of_the_solution_is_shipped(shipped, kind):
    sources = {path.read_bytes() for path in (ROOT / COURSE.reference).rglob("*.py")}
    for name, content in shipped[kind].items():
        assert COURSE.reference not in name.split("/")
        assert content not in sources or name.endswith("__init__.py")


def test_no_line_of_the_solution_is_shipped(shipped):
    secret = secret_runs(ROOT / COURSE.reference, COURSE, length=LINE)
    files = {content: name for kind in shipped.values() for name, content in kind.items()}
    for content, name in files.items():
        leaked = secret & runs(content.decode("utf-8", "replace"), LINE)
        assert not leaked, f"{name} holds code of the solution: {' '.join(min(leaked))}"


# As many tokens as a short line; fewer, and unrelated code is found alike.
LINE = 10


def test_a_line_of_the_solution_would_be_found():
    secret = secret_runs(ROOT / COURSE.reference, COURSE, length=LINE)
    source = (ROOT / COURSE.reference / "layers.py").read_text(encoding="utf-8")
    assert len(secret & runs(f"# a template\n{source}", LINE)) > 500
