"""JUnit XML: a suite for each task, a case for each check.

GitLab and others tell cases apart by class and name, and show the class as the suite; so
the class is the task. Of the machine and the day it says only how well the submission was
shut in.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from autograder.reports import telling
from autograder.result import Check, Result, TaskResult
from autograder.text import clean, one_line

# An answer that is wrong or not there fails; what kept an answer from coming is an error.
ELEMENTS = {
    "failed": "failure",
    "not implemented": "failure",
    "crashed": "error",
    "timed out": "error",
    "grader error": "error",
    "refused": "error",
    "skipped": "skipped",
}
_ILLEGAL = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(result: Result) -> str:
    """The result as JUnit XML."""
    root = ET.Element("testsuites", {"name": "byhand"})
    isolation = telling.isolation(result).removeprefix("Isolation: ")
    for task in result.tasks or ():
        add_suite(root, task, isolation)
    if result.error is not None:
        suite = ET.SubElement(root, "testsuite", {"name": "grading"})
        status = "refused" if result.refused else "grader error"
        add_case(suite, "grading", Check("It can be graded", status, result.error), "")
    for suite in root:
        suite.attrib |= counts(suite)
    root.attrib |= counts(root)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def add_suite(root: ET.Element, task: TaskResult, isolation: str) -> None:
    suite = ET.SubElement(root, "testsuite", {"name": legal(task.id)})
    properties = ET.SubElement(suite, "properties")
    about = {
        "points": f"{task.points:g}",
        "max_points": f"{task.max_points:g}",
        "isolation": isolation,
    }
    for name, value in about.items():
        ET.SubElement(properties, "property", {"name": name, "value": value})
    seen: dict[str, int] = {}
    for check in task.checks:
        name = one_line(check.name, 200)
        # Some programs take names for the same that differ in punctuation only.
        key = re.sub(r"\W+", " ", name).strip().lower()
        seen[key] = seen.get(key, 0) + 1
        add_case(suite, task.id, check, name if seen[key] == 1 else f"{name}, no. {seen[key]}")


def add_case(suite: ET.Element, classname: str, check: Check, name: str) -> None:
    attributes = {"classname": legal(classname), "name": legal(name or check.name)}
    case = ET.SubElement(suite, "testcase", attributes)
    if check.status == "passed":
        return
    text = clean(check.message, 8000)
    first = one_line(text.partition("\n")[0], 300)
    inside = ET.SubElement(case, ELEMENTS[check.status], {"message": legal(first)})
    if check.status != "skipped":
        inside.set("type", check.status)
    inside.text = legal("\n".join([*telling.advice(check.mistake), text]))


def counts(element: ET.Element) -> dict[str, str]:
    """How many cases there are below, and how they ended."""
    kinds = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    found = {name: len(element.findall(f".//{tag}")) for name, tag in kinds.items()}
    return {
        "tests": str(len(element.findall(".//testcase"))),
        **{k: str(v) for k, v in found.items()},
    }


def legal(text: str) -> str:
    """The text without what XML 1.0 cannot hold."""
    return _ILLEGAL.sub("\ufffd", text)
