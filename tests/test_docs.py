"""Links of the README and of the pages, as GitHub shows them, and the pictures there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from autograder.cases.build import HOME

DOCS = HOME / "docs"


@pytest.mark.parametrize(
    "file", [HOME / "README.md", *DOCS.glob("[!_]*/*.md")], ids=lambda p: p.name
)
def test_links_lead_somewhere(file: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", file.read_text(encoding="utf-8")):
        assert (file.parent / target).exists(), f"{file.name} links to {target}"


def test_the_picture_of_a_report_loads_nothing_from_elsewhere() -> None:
    picture = (DOCS / "report.svg").read_text(encoding="utf-8")
    assert re.findall(r"https?://[^\"' )]+", picture) == ["http://www.w3.org/2000/svg"]
