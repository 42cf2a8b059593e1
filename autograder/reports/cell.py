"""A result below a cell of a notebook: plain text, and the same with a little colour.

HTML of nbgrader's feedback is shown as it is, so everything is escaped here.
"""

from __future__ import annotations

from html import escape

from autograder.reports import telling
from autograder.result import TaskResult

COLOURS = {"passed": "#1a7f37", "skipped": "#9a6700", "not implemented": "#9a6700"}
WRONG = "#cf222e"


class Report:
    """What became of a task, as Jupyter displays it."""

    def __init__(self, task: TaskResult) -> None:
        self.task = task

    @property
    def headline(self) -> str:
        task = self.task
        points = f"{task.points:g} of {task.max_points:g} points"
        return f"{task.id}: {telling.words(task.status)}, {points}"

    @property
    def text(self) -> str:
        return telling.explanation(self.task) or telling.remark(self.task)

    def __repr__(self) -> str:
        return f"{self.headline}\n\n{self.text}".strip()

    def _repr_html_(self) -> str:
        colour = COLOURS.get(self.task.status, WRONG)
        head = f'<p style="color:{colour}"><b>{escape(self.headline)}</b></p>'
        if not self.text:
            return head
        return f'{head}<pre style="white-space:pre-wrap">{escape(self.text)}</pre>'
