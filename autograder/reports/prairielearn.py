"""PrairieLearn's results.json for an external grader: a test for each task.

PrairieLearn takes 1 MB at most, and drops what is larger: so the texts share a part of it.
What could not be graded costs no attempt.
"""

from __future__ import annotations

import json
from typing import Any

from autograder.reports import telling
from autograder.result import Result, TaskResult
from autograder.text import clean

# Characters of all texts together. In UTF-8 one takes 4 bytes at most, escaped ones included.
ROOM = 200_000


def render(result: Result) -> str:
    """The result as PrairieLearn reads it."""
    if result.score is None or not result.max_score:
        reason = clean(result.error or "no task was run", 4000)
        made: dict[str, Any] = {"gradable": False, "score": 0.0}
        made["format_errors" if result.refused else "message"] = reason
        return json.dumps(made, indent=1, ensure_ascii=False) + "\n"
    room = min(8000, ROOM // len(result.tasks))
    made = {
        "gradable": True,
        "score": result.score / result.max_score,
        "message": clean(result.note, 4000),
        "output": telling.isolation(result),
        "tests": [test(task, room) for task in result.tasks],
    }
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def test(task: TaskResult, room: int) -> dict[str, Any]:
    return {
        "name": task.id,
        "description": task.title,
        "points": task.points,
        "max_points": task.max_points,
        "message": telling.remark(task) or telling.words(task.status),
        "output": clean(telling.explanation(task), room),
    }
