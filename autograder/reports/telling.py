"""What of a result is worth telling, in which order: the same in every format.

A task has up to twenty checks, and one mistake fails most of them. Told are the known
mistake and the first check of each different kind of fault.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from autograder.result import Check, Mistake, Result, TaskResult
from autograder.syllabus import Syllabus
from autograder.text import clean, one_line

WORDS = {"not implemented": "not implemented yet"}
QUIET = ("passed", "not implemented", "skipped")  # the table of tasks says all of it
SHOWN_CHECKS = 2  # of a task, where its mistake is not known
SLOW = (
    "Does a loop never end? Or is it slow: a loop over images and pixels in Python takes some"
    " hundred times as long as one operation on whole arrays."
)


def words(status: str) -> str:
    """An outcome, as a person says it."""
    return WORDS.get(status, status)


def wrong_tasks(result: Result) -> list[TaskResult]:
    """The tasks of which there is more to tell than their outcome."""
    return [task for task in result.tasks if task.status not in QUIET]


def lost_checks(task: TaskResult) -> list[Check]:
    return [check for check in task.checks if check.status != "passed"]


def causes(task: TaskResult) -> list[Check]:
    """The checks that say why a task did not pass."""
    lost = lost_checks(task)
    return [check for check in lost if check.status not in QUIET] or lost


def mistake_of(task: TaskResult) -> Mistake | None:
    """The known mistake that a task's answers look like."""
    return next((check.mistake for check in causes(task) if check.mistake), None)


def told_checks(task: TaskResult) -> list[Check]:
    """The first check of each known mistake, or else the first ones that failed differently."""
    ways: dict[object, Check] = {}
    for check in causes(task):
        key = check.mistake or raised_at(check.message) or way(check.message)
        ways.setdefault(key, check)
    known = [check for check in ways.values() if check.mistake]
    return known or list(ways.values())[:SHOWN_CHECKS]


def way(message: str) -> str:
    """What tells different faults apart: not the numbers of a case, nor how it was found out."""
    line = message.partition("\n")[0]
    line = re.sub(r" (is wrong|has the wrong shape|is not the derivative).*", "", line)
    return re.sub(r"\d+", "0", line)


def headline(task: TaskResult) -> str:
    """Why a task did not pass, in one line."""
    mistake = mistake_of(task)
    return mistake.title if mistake else causes(task)[0].message.partition("\n")[0]


def remark(task: TaskResult) -> str:
    """What a task that passed has to say: how well the network reads."""
    if task.status != "passed":
        return ""
    return next((one_line(check.message, 200) for check in task.checks if check.message), "")


def raised_at(message: str) -> tuple[str, str] | None:
    """The error that a message tells of, and the line of the submission that raised it."""
    found = re.match(r"(\w+).*\n  in (.+, line \d+)\n", message)
    return (found[1], found[2]) if found else None


def common_reason(tasks: Sequence[TaskResult]) -> Check | None:
    """The one check of every task, where several all ended for the same reason."""
    if len(tasks) < 2 or any(len(task.checks) != 1 for task in tasks):
        return None
    first = tasks[0].checks[0]
    same = all((c.name, c.message) == (first.name, first.message) for t in tasks for c in t.checks)
    return first if same else None


def waiting(tasks: Sequence[TaskResult]) -> dict[str, list[str]]:
    """Why tasks were skipped, with those that were skipped for it."""
    told = {task.id for task in tasks if task.status != "passed"}
    found: dict[str, list[str]] = {}
    for task in tasks:
        if task.status == "skipped":
            first = next(check for check in task.checks if check.status == "skipped")
            line = first.message.partition("\n")[0]
            why = line.partition(": ")[0]
            if why.rpartition(" ")[2] not in told:  # then it is to be said what for
                why = line
            found.setdefault(one_line(why), []).append(task.id)
    return found


def advice(mistake: Mistake | None) -> list[str]:
    """The known mistake, what to think about, and where to read; nothing where there is none."""
    if mistake is None:
        return []
    hint = [f"Hint: {mistake.hint}"] if mistake.hint else []
    page = [f"Handbook: {address(mistake.page) or mistake.page}"] if mistake.page else []
    return [f"This looks like: {mistake.title}.", *hint, *page]


def address(page: str, handbook: str = "") -> str:
    """Where a page of the handbook lies, there or where the syllabus says; empty if nowhere."""
    name, _, anchor = page.partition("#")
    handbook = handbook or Syllabus.load().handbook
    if not handbook or not re.fullmatch(r"[\w-]+", name) or not re.fullmatch(r"[\w-]*", anchor):
        return ""
    return f"{handbook.rstrip('/')}/{name}.html{'#' + anchor if anchor else ''}"


def explanation(task: TaskResult) -> str:
    """Why a task did not pass, as plain text; empty where it passed."""
    if task.status == "passed":
        return ""
    lines: list[str] = []
    for check in told_checks(task):
        lines += ["", *advice(check.mistake), "", one_line(check.name, 200), clean(check.message)]
    if task.status == "timed out":
        lines += ["", SLOW]
    lines += ["", f"{len(lost_checks(task))} of {len(task.checks)} checks were not passed."]
    return "\n".join(lines).strip()


def lacking(result: Result) -> tuple[list[str], list[str]]:
    """What the submission was kept from, and what it was not, in words."""
    given = [name.replace("_", " ") for name, there in result.isolation.items() if there]
    missing = [name.replace("_", " ") for name, there in result.isolation.items() if not there]
    return given, missing


def isolation(result: Result) -> str:
    """What the submission was kept from, in a sentence or two."""
    given, missing = lacking(result)
    if not missing:
        return "Isolation: complete." if given else "Isolation: none."
    return (
        f"Isolation: {', '.join(given) if given else 'none'}."
        f" Not so: {', '.join(missing)}. Grade only code that you trust."
    )
