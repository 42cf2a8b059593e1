"""The formats of a result that go to a file, by the names of their options."""

from __future__ import annotations

from importlib import import_module

from autograder.result import Result

# Each is a module beside this one, which is imported when it is asked for.
FORMATS = {
    "html": "a page for a person",
    "junit": "JUnit XML, for GitLab and others",
    "markdown": "for the summary of a workflow",
    "annotations": "GitHub's commands that mark the lines of a crash",
    "gradescope": "results.json of Gradescope",
    "prairielearn": "results.json of PrairieLearn",
    "classroom50": "result.json of Classroom 50",
}


def render(name: str, result: Result, handbook: str = "") -> str:
    """The result in a format.

    Parameters
    ----------
    name
        One of `FORMATS`.
    handbook
        Where the pages of the handbook lie, for a format that can link to them.
    """
    if name == "html":
        from autograder.reports.student_page import render as page

        return page(result, handbook=handbook)
    text: str = import_module(f"autograder.reports.{name}").render(result)
    return text
