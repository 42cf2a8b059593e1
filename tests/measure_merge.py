"""How long `autograder merge` takes where all is graded, part by part, and what memory.

    python -m tests.measure_merge COUNT FOLDER

makes so many submissions and pretended results in a new folder, and puts them together as the
end of a class run does. Submissions are solutions with mistakes, or unfinished ones; results are
made up. docs/inside/scale.md has the figures.
"""

from __future__ import annotations

import io
import json
import random
import resource
import sys
import time
import zipfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.course import class_run, gradebook
from autograder.course.class_run import Plan
from autograder.course.folder import OutFolder
from autograder.reports import class_page, student_page
from autograder.sandbox.isolation import unprotected
from autograder.syllabus import Syllabus
from tests.class_of import unfinished, with_mistakes
from tests.measure_pages import made_up


class Nobody:
    """Hears how far it is, and says nothing."""

    def read(self, count: int, total: int) -> None: ...


def submissions(count: int, folder: Path) -> None:
    """So many zips, no two alike."""
    folder.mkdir(parents=True)
    for number in range(count):
        kind = with_mistakes if number % 3 else unfinished
        sources = kind(random.Random(number))
        sources["layers.py"] += f"\n# {number}\n"
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in sources.items():
                archive.writestr(f"student/{name}", text)
        (folder / f"student{number:06}.zip").write_bytes(buffer.getvalue())


def timed(seconds: dict[str, float], owner: Any, name: str) -> None:
    """Add up how long a function of a module takes."""
    function: Callable[..., Any] = getattr(owner, name)

    def measured(*args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            seconds[f"{owner.__name__}.{name}"] += time.perf_counter() - started

    setattr(owner, name, measured)


def main() -> None:
    """Print seconds and megabytes."""
    count, folder = int(sys.argv[1]), Path(sys.argv[2])
    seconds: dict[str, float] = defaultdict(float)
    for owner, name in (
        (class_run, "enter"),
        (class_run, "write_pairs"),
        (student_page, "render"),
        (gradebook, "write_gradebook"),
        (class_page, "render"),
    ):
        timed(seconds, owner, name)
    submissions(count, folder / "class")
    syllabus = Syllabus.load()
    plan = Plan(syllabus, tuple(syllabus.tasks), unprotected())
    out = OutFolder(folder / "out")
    entries, _ = class_run.enter(folder / "class", out.path, None, plan, Nobody())  # type: ignore[arg-type]
    some = [json.dumps(made_up(seed)) for seed in range(100)]
    for number, entry in enumerate(entries):
        out.result(entry.key).write_text(some[number % 100], encoding="utf-8")
    started = time.perf_counter()
    class_run.summarise("a class", entries, out, plan, None, 1.0)
    seconds["summarise, whole"] = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{count} submissions, {peak:.0f} MB at the most; {len(some[0]) / 1e3:.0f} kB a result")
    for name, value in seconds.items():
        print(f"  {name:45} {value:8.1f} s  {1000 * value / count:7.2f} ms each")


if __name__ == "__main__":
    main()
