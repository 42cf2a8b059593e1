"""GitHub's annotations: a line for each crash that names a file and a line of it.

They are commands in what a workflow prints. So whatever a submission says could be a
command too, and pass for the grader's: `harmless` keeps it from being one.
"""

from __future__ import annotations

import re

from autograder.reports import telling
from autograder.result import Result
from autograder.text import one_line

SHOWN = 10  # as many as GitHub shows of a step
_FILE = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)*\.py")


def render(result: Result) -> str:
    """Commands, one a line, each place once; empty where nothing crashed."""
    found: dict[tuple[str, str], str] = {}
    for task in telling.wrong_tasks(result):
        for check in telling.causes(task):
            place = place_of(check.message)
            if check.status == "crashed" and place:
                what = ": ".join(check.message.partition("\n  in ")[0].splitlines())
                found.setdefault(place, f"{task.id}: {one_line(what, 300)}")
    lines = [
        f"::error file={property_(file)},line={line},title=byhand::{data(text)}\n"
        for (file, line), text in list(found.items())[:SHOWN]
    ]
    return "".join(lines)


def place_of(message: str) -> tuple[str, str] | None:
    """The file and line of a submission that an error's message names, if it names them so."""
    found = re.search(r"^  in (.+), line (\d{1,7})$", message, re.MULTILINE)
    if found is None or not _FILE.fullmatch(found[1]):
        return None
    return found[1], found[2]


def data(text: str) -> str:
    """A command's text, which ends with the line."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def property_(text: str) -> str:
    """A command's property, which ends with a comma or colons."""
    return data(text).replace(":", "%3A").replace(",", "%2C")


def harmless(text: str) -> str:
    """The text with nothing in it that a workflow would take for a command."""
    text = re.sub(r"^(\s*):(?=:)", r"\1: ", text, flags=re.MULTILINE)
    return text.replace("##[", "# #[")
