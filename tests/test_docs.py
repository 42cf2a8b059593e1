"""What is made for the documentation is up to date."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from autograder.cases.build import HOME

DOCS = HOME / "docs"


def test_the_page_of_mistakes_is_what_the_catalogue_gives_now() -> None:
    spec = importlib.util.spec_from_file_location("mistakes_page", DOCS / "mistakes_page.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (DOCS / "mistakes.md").read_text(encoding="utf-8") == module.page(), (
        "make it again: python docs/mistakes_page.py"
    )


@pytest.mark.parametrize("file", [HOME / "README.md", *DOCS.glob("*.md")], ids=lambda p: p.name)
def test_links_lead_somewhere(file: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", file.read_text(encoding="utf-8")):
        assert (file.parent / target).exists(), f"{file.name} links to {target}"


def test_the_picture_of_a_report_loads_nothing_from_elsewhere() -> None:
    picture = (DOCS / "report.svg").read_text(encoding="utf-8")
    assert re.findall(r"https?://[^\"' )]+", picture) == ["http://www.w3.org/2000/svg"]
