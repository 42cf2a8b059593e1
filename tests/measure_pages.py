"""How long the class page takes, to make and to open, and what memory (docs/reference/result.md).

    python tests/measure_pages.py

Opening needs Chromium; without it only the making is measured.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from browser import PROGRAM, browser  # noqa: E402
from some_results import ALL, MISTAKE  # noqa: E402

from autograder.classroom import GRADED, ClassResult, Mark, Row, Student  # noqa: E402
from autograder.reports import class_page  # noqa: E402
from autograder.result import Check, Result, TaskResult  # noqa: E402
from autograder.syllabus import Syllabus  # noqa: E402

PICTURES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def made_up(seed: int) -> dict[str, Any]:
    """A result in which each task went somehow, with its 20 checks."""
    rng = random.Random(seed)
    kinds = {task.status: task for task in ALL["every outcome"].tasks}
    tasks = []
    for task in Syllabus.load().tasks:
        status = rng.choices(["passed", *kinds], [3 * len(kinds), *[1] * len(kinds)])[0]
        mistake = MISTAKE if status == "failed" else None
        check = Check("It works", status, kinds[status].checks[-1].message, mistake)
        tasks.append(TaskResult(task.id, task.title, 0, task.points, status, (check,) * 20))
    return Result("student", 1, {}, 1.0, tuple(tasks)).as_dict()


class Results(dict[str, Any]):
    """Some results for any number of students."""

    def __init__(self) -> None:
        self.some = [made_up(seed) for seed in range(100)]

    def get(self, key: str, default: Any = None) -> Any:
        return self.some[int(key) % len(self.some)]


def class_of(count: int) -> ClassResult:
    rows = (
        Row(Student(str(i), f"Student {i}"), GRADED, Mark(float(i % 101)), f"{i}.zip", f"key{i}")
        for i in range(count)
    )
    return ClassResult("A class", "0", 1.0, 100.0, {}, tuple(rows))


def memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    """Print a line for each size."""
    results = Results()
    for count in (200, 2_000, 100_000):
        outcome, before, start = class_of(count), memory(), time.process_time()
        page = class_page.render(outcome, results)
        seconds, more = time.process_time() - start, memory() - before
        print(f"{count}: made in {seconds:.1f} s, {len(page) / 1e6:.1f} MB, {more} MB memory")
        if PROGRAM:
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
                file = Path(scratch) / "page.html"
                file.write_text(page, encoding="utf-8")
                opened = open_it(file, Path(scratch) / "profile")
            print(f"   opened and drawn after {', '.join(f'{s:.1f}' for s in opened)} s")


def open_it(file: Path, profile: Path) -> list[float]:
    """Seconds from the beginning of a visit until the page is drawn."""
    found = []
    with browser(profile) as chromium:
        for _ in range(5):
            chromium.open(file)
            chromium.evaluate(PICTURES)
            found.append(chromium.evaluate("performance.now()") / 1000)
    return found


if __name__ == "__main__":
    main()
