"""Gradescope's results.json: a test for each task.

The total on Gradescope must be set to `max_score`. A result without a mark has no score
in it: Gradescope then shows that the grader failed, and no zero. A submission that was
refused is the student's to mend, and gets 0 with the reason.
"""

from __future__ import annotations

import json
from typing import Any

from autograder.reports import telling
from autograder.result import Result, TaskResult
from autograder.text import clean

ROOM = 20_000  # characters of a task's text


def render(result: Result) -> str:
    """The result as Gradescope reads it."""
    lines = [result.note, telling.isolation(result)]
    if result.error is not None:
        lines.insert(0, f"Not graded: {result.error}")
    made: dict[str, Any] = {
        "execution_time": round(result.seconds),
        "output": clean("\n".join(filter(None, lines)), ROOM),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {"isolation": result.isolation},
    }
    if result.refused:
        made["score"] = 0
    elif result.score is not None:
        made["score"] = result.score
        made["tests"] = [test(task, str(i)) for i, task in enumerate(result.tasks, start=1)]
    return json.dumps(made, indent=2) + "\n"


def test(task: TaskResult, number: str) -> dict[str, Any]:
    text = telling.explanation(task) or telling.remark(task)
    if task.status not in ("passed", "failed"):
        text = f"{telling.words(task.status)}\n\n{text}"
    return {
        "score": task.points,
        "max_score": task.max_points,
        "status": "passed" if task.status == "passed" else "failed",
        "name": f"{task.id}: {task.title}",
        "number": number,
        "output": clean(text, ROOM),
        "tags": [task.status],
        "visibility": "visible",
    }
