"""The result.json that Classroom 50 reads: whole points, and who and what from its runner.

The runner adds the owner of the repository itself. Where there is no mark there is no
file either: the runner then reports an error of the grader, and no zero.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from autograder.errors import KitError
from autograder.reports import telling
from autograder.result import Result, TaskResult
from autograder.syllabus import Syllabus

SCHEMA = "classroom50/result/v1"
FORM = "%Y-%m-%dT%H:%M:%SZ"


def render(
    result: Result, environment: Mapping[str, str] = os.environ, now: datetime | None = None
) -> str:
    """The result as Classroom 50 reads it.

    Parameters
    ----------
    environment
        What its runner says of the submission.
    now
        The time of grading.

    Raises
    ------
    KitError
        There is no mark, and not by the submission's fault.
    """
    if result.score is None and not result.refused:
        raise KitError(f"there is no mark to hand to Classroom 50: {result.error}")
    graded_at = (now or datetime.now(UTC)).strftime(FORM)
    tag = environment.get("SUBMISSION_TAG", "")
    commit = environment.get("COMMIT_URL", "")
    tests = [test(task) for task in result.tasks]
    if result.refused:
        # 0 of 0 points would read as if there were nothing to do.
        most = sum(task.points for task in Syllabus.load().tasks)
        reason = {"test-name": f"It can be graded: {result.error}", "passed": False}
        tests = [{**reason, "score": 0, "max-score": most}]
    made = {
        "schema": SCHEMA,
        "classroom": environment.get("CLASSROOM", ""),
        "assignment": environment.get("ASSIGNMENT", ""),
        "submission": tag,
        "commit": commit,
        "release": environment.get("RELEASE_URL", ""),
        "review": environment.get("REVIEW_URL") or commit,
        "datetime": submitted(tag) or graded_at,
        "graded_at": graded_at,
        "score": sum(one["score"] for one in tests),
        "max-score": sum(one["max-score"] for one in tests),
        "tests": tests,
    }
    return json.dumps(made, indent=2) + "\n"


def test(task: TaskResult) -> dict[str, Any]:
    return {
        "test-name": f"{task.id}: {task.title}",
        "passed": task.status == "passed",
        "score": round(task.points),
        "max-score": round(task.max_points),
        "status": task.status,
        "output": telling.explanation(task),
    }


def submitted(tag: str) -> str:
    """When it was handed in, which the tag says: another grading must not move it."""
    found = re.search(r"(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)Z", tag)
    return f"{found[1]}T{found[2]}:{found[3]}:{found[4]}Z" if found else ""
