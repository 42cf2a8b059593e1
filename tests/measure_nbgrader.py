"""Times `nbgrader autograde` and `autograder class` on one class and one trivial task.

    python -m tests.measure_nbgrader [STUDENTS]

Each student hands in a ReLU: as a notebook with a test cell there, as a package here; every
third is wrong. Both grade all of them, one after another and, here, on two processes as well;
the order changes from round to round. It needs nbgrader and ipykernel.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

ROOT = Path(__file__).resolve().parents[1]
RIGHT, WRONG = "return np.maximum(x, 0)", "return np.maximum(x, 1)"
ROUNDS = 3
NBGRADER = str(Path(sys.executable).with_name("nbgrader"))


def cell(source: str, name: str, **meaning: object) -> dict:
    fields = {"grade_id": name, "schema_version": 3, "locked": False, "task": False}
    made = new_code_cell(source, id=name)
    made.metadata["nbgrader"] = {"grade": False, "solution": False, "points": 0} | fields | meaning
    return made


def notebook(body: str) -> dict:
    solution = f"    ### BEGIN SOLUTION\n    {body}\n    ### END SOLUTION"
    forward = f"import numpy as np\n\n\ndef forward(x):\n{solution}"
    check = "x = np.random.standard_normal((3, 4))\n"
    check += "assert np.allclose(forward(x), np.maximum(x, 0))"
    made = new_notebook(
        cells=[
            cell(forward, "forward", solution=True),
            cell(check, "check", grade=True, locked=True, points=2),
        ]
    )
    made.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    return made


def make(course: Path, packages: Path, students: int) -> None:
    """One class in both shapes."""
    (course / "source/ps1").mkdir(parents=True)
    nbformat.write(notebook(RIGHT), course / "source/ps1/relu.ipynb")
    (course / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'c'\n"
    )
    run(course, NBGRADER, "generate_assignment", "ps1")
    for number in range(students):
        body = WRONG if number % 3 == 2 else f"{RIGHT}  # {number}"
        folder = course / f"submitted/s{number:03}/ps1"
        folder.mkdir(parents=True)
        made = nbformat.read(course / "release/ps1/relu.ipynb", 4)
        made.cells[0].source = f"import numpy as np\n\n\ndef forward(x):\n    {body}\n"
        nbformat.write(made, folder / "relu.ipynb")
        package = packages / f"s{number:03}/student"
        package.mkdir(parents=True)
        text = (
            f"import numpy as np\n\n\nclass ReLULayer:\n    def forward(self, x):\n        {body}\n"
        )
        (package / "layers.py").write_text(f"{text}\n# {number}\n")
        (package / "__init__.py").write_text("from .layers import ReLULayer\n")


def run(folder: Path, *command: str) -> float:
    started = time.monotonic()
    environment = os.environ | {
        "OPENBLAS_NUM_THREADS": "1",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return time.monotonic() - started


def main() -> None:
    """Print seconds, the median of some rounds."""
    students = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        course, packages = Path(name) / "course", Path(name) / "class"
        make(course, packages, students)
        grade = [sys.executable, "-m", "autograder", "class", str(packages), "--out"]
        for turn in range(ROUNDS):
            jobs = {
                "nbgrader autograde": (course, NBGRADER, "autograde", "ps1", "--force"),
                **{
                    f"autograder class --workers {workers}": (
                        ROOT,
                        *(*grade, f"{name}/out{turn}{workers}"),
                        *("--workers", str(workers), "--task", "relu.forward"),
                    )
                    for workers in (1, 2)
                },
            }
            for title in list(jobs)[turn % 3 :] + list(jobs)[: turn % 3]:
                found.setdefault(title, []).append(run(*jobs[title]))
                shutil.rmtree(course / "autograded", ignore_errors=True)
    print(f"{students} students, median of {ROUNDS} rounds, seconds (least to most)")
    for title, seconds in found.items():
        middle = statistics.median(seconds)
        print(
            f"  {title:32} {middle:7.1f}  ({min(seconds):.1f} to {max(seconds):.1f});"
            f" {middle / students:.2f} a student"
        )


if __name__ == "__main__":
    main()
