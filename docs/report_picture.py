"""Makes `report.svg`: what a student sees on a terminal, from a real run.

    python docs/report_picture.py

The submission is the solution with two mistakes that students make.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from autograder.cases.build import build_cases, load_reference
from autograder.grading import grade
from autograder.reports.terminal import Terminal
from autograder.syllabus import Syllabus

ROOT = Path(__file__).resolve().parents[1]
MISTAKES = {
    "last_x_grad * (x > 0)": "last_x_grad * (last_x_grad > 0)",
    "kernels = self.weight.transpose": "kernels = self.weight[:, :, ::-1, ::-1].transpose",
}
TASKS = ("relu", "maxpool", "conv.forward", "conv.backward", "loss")


class Screen(io.StringIO):
    """A terminal that keeps what is written to it."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def main() -> None:
    """Grade, and draw what was shown."""
    os.environ.pop("NO_COLOR", None)
    screen = Screen()
    terminal = Terminal(screen)
    syllabus = Syllabus.load()
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "student"
        shutil.copytree(ROOT / "solution", package)
        text = (package / "layers.py").read_text(encoding="utf-8")
        for right, wrong in MISTAKES.items():
            assert text.count(right) == 1, right
            text = text.replace(right, wrong)
        (package / "layers.py").write_text(text, encoding="utf-8")
        tasks = syllabus.select(TASKS)
        cases = build_cases(1234, load_reference())
        result = grade(package, cases, syllabus, tasks, terminal)
    terminal.result(result)
    # What a line held before it was cleared is not on the screen any more.
    lines = [line.rpartition("\x1b[2K")[2] for line in screen.getvalue().split("\n")]
    console = Console(record=True, width=82, file=io.StringIO(), force_terminal=True)
    console.print("$ autograder grade student", style="bold")
    for line in lines:
        console.print(Text.from_ansi(line))
    picture = console.export_svg(title="byhand", unique_id="report")
    # Fonts would be fetched from elsewhere by whoever looks at the page.
    picture = re.sub(r"@font-face \{.*?\}", "", picture, flags=re.DOTALL)
    picture = re.sub(r"<!--.*?-->", "", picture, flags=re.DOTALL)
    picture = picture.replace("Fira Code, monospace", "monospace")
    picture = "\n".join(line.rstrip() for line in picture.splitlines() if line.strip()) + "\n"
    (ROOT / "docs" / "report.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
