"""Markdown, for the summary of a workflow or a comment on a pull request.

Texts stand in code, fenced by more backticks than they hold; what else is not our own
is escaped character by character. GitHub takes 1 MB at most.
"""

from __future__ import annotations

import re

from autograder.reports import telling
from autograder.result import Result, TaskResult
from autograder.text import clean, one_line

MARKS = {
    "passed": "✅",
    "failed": "❌",
    "crashed": "💥",
    "timed out": "⏱️",
    "not implemented": "✏️",
    "skipped": "⏸️",
    "grader error": "⚠️",
}
ROOM = 4000  # characters of a task's text


def render(result: Result) -> str:
    """The result as Markdown."""
    if result.score is None:
        head = [f"## {plain(result.submission)}: not graded", "", fenced(result.error or "")]
    else:
        points = f"{result.score:g} of {result.max_score:g} points"
        head = [f"## {plain(result.submission)}: {points}"]
    if result.tasks:
        head += ["", "| | task | points | |", "|---|---|--:|---|", *map(row, result.tasks)]
    common = telling.common_reason(result.tasks)
    if common and common.message:
        head += ["", fenced(common.message)]
    elif not common:
        for task in telling.wrong_tasks(result):
            head += ["", *details(task)]
    head += ["", plain(result.note), "", plain(telling.isolation(result))]
    return "\n".join(head) + "\n"


def row(task: TaskResult) -> str:
    points = f"{task.points:g} / {task.max_points:g}"
    words = telling.remark(task) or telling.words(task.status)
    name = f"**{plain(task.id)}** {plain(task.title)}"
    return f"| {MARKS[task.status]} | {name} | {points} | {plain(words)} |"


def details(task: TaskResult) -> list[str]:
    """Why a task did not pass, folded away."""
    summary = f"{plain(task.id)}: {plain(one_line(telling.headline(task), 160))}"
    lines = [f"<details><summary>{summary}</summary>", ""]
    lines += [fenced(clean(telling.explanation(task), ROOM)), "", "</details>"]
    return lines


def fenced(text: str) -> str:
    """A text as it is, in a block of code."""
    text = clean(text, ROOM)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def plain(text: str) -> str:
    """A text in a line, in which no character is a mark, a link or a name to notify."""
    text = re.sub(r"[^\w\s]|_", lambda found: f"&#{ord(found[0])};", one_line(text, 400))
    return text.replace("&#64;", "&#64;&#8203;")  # who is named so gets no mail
