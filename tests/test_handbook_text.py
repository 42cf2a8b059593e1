"""The handbook's text in notebooks: the part that is meant for them, as plain Markdown."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.cases.build import HOME
from autograder.course import notebooks
from autograder.course.handbook import BOOK, excerpt, plain
from autograder.syllabus import Syllabus

PAGE = """# ReLU

It cuts off what is negative.

## Why

Nobody reads this in a notebook.
"""
MARKED = """# ReLU

Before.

<!-- notebook -->
For notebooks.
<!-- /notebook -->

## More

<!-- notebook -->

And this.
<!-- /notebook -->
"""


def page(folder: Path, text: str) -> Path:
    (folder / BOOK).mkdir(parents=True)
    (folder / BOOK / "relu.md").write_text(text, encoding="utf-8")
    return folder


def test_what_stands_before_the_first_section_is_taken(tmp_path: Path) -> None:
    found = excerpt(page(tmp_path, PAGE), "relu")
    assert found == "## ReLU\n\nIt cuts off what is negative.\n"


def test_a_page_can_mark_what_is_taken(tmp_path: Path) -> None:
    found = excerpt(page(tmp_path, MARKED), "relu#more")
    assert found == "## ReLU\n\nFor notebooks.\n\nAnd this.\n"


def test_without_a_page_there_is_no_text(tmp_path: Path) -> None:
    assert excerpt(tmp_path, "relu") == excerpt(tmp_path, "") == ""


@pytest.mark.parametrize(
    ("myst", "markdown"),
    [
        ("a [page](other.md#part) b", "a page b"),
        ("see [below](#part)", "see below"),
        ("[NumPy](https://numpy.org) stays", "[NumPy](https://numpy.org) stays"),
        ("$$\nx\n$$ (eq-one)\n\nby {eq}`eq-one`", "$$\nx\n\\tag{1}\n$$\n\nby (1)"),
        ("a {term}`batch <B>` here", "a batch here"),
        ("(label)=\nText", "Text"),
        ("a\n\n```{picture} name\n:alt: b\ncaption\n```\n\nc", "a\n\nc"),
        ("a\n\n````{exercise} T\n```python\n1\n```\n````\n\nc", "a\n\nc"),
        ("a\n\n```python\nfrom solution import x\n```\n\nc", "a\n\nc"),
        ("::::{interactive} x\n```{picture} y\n```\nb\n::::", "b"),
        ("`{not} a role` and $\\{x\\}$", "`{not} a role` and $\\{x\\}$"),
    ],
)
def test_what_only_the_handbook_understands_is_left_out(myst: str, markdown: str) -> None:
    assert plain(myst) == markdown + "\n"


def test_a_page_is_told_once_above_its_first_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page(tmp_path, PAGE)
    (tmp_path / "solution").symlink_to(HOME / "solution")
    monkeypatch.setattr(notebooks, "HOME", tmp_path)
    made = notebooks.make_notebooks(Syllabus.load())
    texts = [
        "".join(cell["source"])
        for one in made.values()
        for cell in one["cells"]
        if cell["cell_type"] == "markdown"
    ]
    assert texts[1:3] == [excerpt(tmp_path, "relu"), "### ReLU, forward (2 points)"]
    assert sum(text.startswith("## ReLU\n") for text in texts) == 1


@pytest.mark.parametrize("file", sorted((HOME / BOOK).glob("*.md")), ids=lambda file: file.stem)
def test_every_page_of_the_book_is_plain_in_a_notebook(file: Path) -> None:
    text = excerpt(HOME, file.stem)
    assert text.startswith("## ") and len(text) > 100
    assert "{eq}" not in text and "```{" not in text and ".md" not in text
