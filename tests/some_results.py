"""Results for the tests of reports, one of each kind, none of them graded."""

from __future__ import annotations

import numpy as np

from autograder.checks import evidence
from autograder.result import Check, Comparison, Mistake, Result, TaskResult

WALL = {"files_hidden": True, "network_denied": True, "tree_killed": False}
MISTAKE = Mistake(
    "conv.forward.kernel-flipped",
    "The kernel is flipped",
    "Lay it on a window.",
    "convolution#flip",
)
WRONG = """the output is wrong: 3 of 12 values differ
  expected at [0, 1]: 2
  got               : -1e+30
  in ConvolutionLayer(2, 5, 3, 2).forward(array (3, 4))"""
CRASH = """ValueError: operands could not be broadcast
  in student/layers.py, line 31
    return x + self.bias"""
# What a submission might say to get out of the text that it stands in.
EVIL = (
    "\"'><script>alert(1)</script><img src=x onerror=alert(2)></title></style>{{7*7}}"
    "\x1b[31m\u202eevil\u2066\x00]]><!-- `` ``` ~~~ [a](http://a.example) ![b](http://b.example)"
    " www.c.example @everyone **b** | # h\n::error file=a.py::forged\r\n##[error]forged\n"
    "```\n<b>out</b> [c](http://c.example)\n~~~\n<i>out</i>\n"
)


def slices(got: float = -1e30) -> dict[str, object]:
    """Evidence of an array that is wrong in one place."""
    expected = np.arange(24.0).reshape(2, 3, 4)
    answer = expected.copy()
    answer[1, 2, 3] = got
    found = evidence.arrays(expected, answer)
    assert found is not None
    return found


def trained() -> dict[str, object]:
    """Evidence of a training that reads two images of four."""
    labels, guesses = np.array([7, 2, 1, 0]), np.array([7, 3, 1, 6])
    return evidence.training([2.3, None, 0.7], [0.1, 0.3, 0.5], labels, guesses)


def task(name: str, *checks: Check, status: str = "failed", points: float = 0) -> TaskResult:
    return TaskResult(name, f"Title of {name}", points, 5, status, checks)


PASSED = task("relu.forward", Check("It works", "passed"), status="passed", points=5)
FAILED = task(
    "conv.forward",
    Check("The shape is right", "passed"),
    Check("The values are right (a)", "failed", WRONG, MISTAKE, slices()),
    Check("The values are right (b)", "failed", WRONG, MISTAKE),
)
CRASHED = task("conv.backward", Check("It works", "crashed", CRASH), Check("b", "passed"))
CRASHED = task("conv.backward", *CRASHED.checks, status="crashed")
LATE = task("network.train", Check("It ends", "timed out", "no answer"), PASSED.checks[0])
LATE = task("network.train", *LATE.checks, status="timed out")
UNWRITTEN = task(
    "loss.forward",
    Check("It works", "not implemented", "NotImplementedError"),
    status="not implemented",
)
WAITING = task(
    "network.test",
    Check("It works", "skipped", "waits for loss.forward: it is not implemented yet"),
    status="skipped",
)
UNLEARNED = task("accuracy", Check("It reads", "failed", "it reads 50 %", evidence=trained()))
BUG = task(
    "relu.backward", Check("It works", "grader error", "KeyError: 'x'"), status="grader error"
)


def result(
    *tasks: TaskResult, name: str = "student", error: str | None = None, **more: object
) -> Result:
    return Result(name, 1234, WALL, 1.5, tasks, error, note="Took it.", **more)  # type: ignore[arg-type]


def evil_task(status: str, count: int = 3) -> TaskResult:
    name = "conv.backward" if status == "crashed" else "conv.forward"
    text = EVIL + "  in student/layers.py, line 3\n" + "x" * 20_000
    check = Check(f"It works {EVIL}", status, text, evidence=slices(float("nan")))
    return task(name, *[check] * count, status=status)


ALL = {
    "full marks": result(PASSED),
    "every outcome": result(PASSED, FAILED, CRASHED, LATE, UNWRITTEN, WAITING, UNLEARNED),
    "with the public cases": result(PASSED, FAILED, public=Comparison(1, 10)),
    "one reason for all": result(
        *(task(name, Check("Import", "crashed", CRASH), status="crashed") for name in ("a", "b"))
    ),
    "nothing written": result(UNWRITTEN),
    "hostile": result(evil_task("failed"), evil_task("crashed"), name=EVIL),
    "refused": result(error=f"it holds no submission {EVIL}", refused=True),
    "grader failed": result(PASSED, BUG, error="the grader itself failed in: relu.backward"),
}
