"""Makes `page.png`: the upper part of a student's page, from a real run.

    python docs/page_picture.py

It needs Chromium. The submission is the solution with a mistake that students make.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from autograder.reports import student_page  # noqa: E402
from tests.browser import browser  # noqa: E402
from tests.corpus.wrong import TWELVE  # noqa: E402
from tests.grading import graded  # noqa: E402

TASKS = ("relu", "maxpool", "conv", "loss")
WIDTH, HEIGHT = 820, 860


def main() -> None:
    """Grade, and draw the page."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        result = graded(TWELVE[0].write(folder), TASKS)
        page = folder / "page.html"
        page.write_text(student_page.render(replace(result, submission="student")), "utf-8")
        with browser(folder / "profile") as chromium:
            chromium.open(page, WIDTH)
            chromium.picture(ROOT / "docs" / "page.png", HEIGHT)


if __name__ == "__main__":
    main()
