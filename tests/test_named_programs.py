"""What the pages name in passing exists: programs of the tests and of the docs, one version."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from autograder import __version__
from autograder.cases.build import HOME

PAGES = [HOME / "README.md", HOME / "CONTRIBUTING.md", *sorted(HOME.glob("docs/[!_]*/*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(HOME).as_posix())
def test_a_program_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for module in re.findall(r"python -m ((?:tests|docs|autograder)[\w.]*)", text):
        path = HOME.joinpath(*module.split("."))
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module
    for name in re.findall(r"\b((?:tests|docs)/[a-z0-9_/]+\.py)\b", text):
        assert (HOME / name).is_file(), name


def test_the_version_is_the_same_in_both_places() -> None:
    project = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == __version__
