"""Runs the checks under pytest, with no configuration or plugin but the kit's own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from autograder.cases import Cases
from autograder.checks.plugin import Checks, Collection
from autograder.syllabus import Syllabus, Task

HERE = Path(__file__).parent
OPTIONS = (
    *("-c", str(HERE / "pytest.ini")),
    *("--rootdir", str(HERE)),
    *("--noconftest", "--import-mode=importlib", "--assert=plain"),
    *(
        option
        for name in (
            *("cacheprovider", "capture", "debugging", "doctest", "faulthandler", "junitxml"),
            *("legacypath", "logging", "monkeypatch", "pastebin", "recwarn", "setuponly"),
            *("setupplan", "skipping", "stepwise", "subtests", "terminal", "threadexception"),
            *("tmpdir", "unittest", "unraisableexception", "warnings"),
        )
        for option in ("-p", f"no:{name}")
    ),
)


class RunFailed(RuntimeError):
    """pytest could not run the checks: an error of the grader."""


def run(checks: Checks) -> None:
    """Run the checks of the plugin's tasks; it is told what becomes of them.

    Raises
    ------
    RunFailed
        pytest ended for another reason than a check.
    KeyboardInterrupt
        The run was interrupted.
    """
    status = start(checks)
    if checks.fault:
        raise RunFailed(checks.fault)
    if status == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise RunFailed(f"pytest ended with {status!r}")


def collected(tasks: Sequence[Task], cases: Cases) -> Collection:
    """What checks some tasks have, none of which is run.

    Raises
    ------
    RunFailed
        They cannot be collected.
    """
    found = Collection(tasks, cases)
    start(found, "--collect-only")
    if found.fault:
        raise RunFailed(found.fault)
    return found


def start(plugin: Collection, *options: str) -> int:
    """Run pytest on the files of the plugin's tasks; its exit status."""
    groups = dict.fromkeys(task.group for task in plugin.tasks.values())
    own = {file.stem: file for file in Syllabus.load().own}
    files = [str(own.get(group, HERE / f"test_{group}.py")) for group in groups]
    with only_our_settings():
        return pytest.main([*OPTIONS, *options, *files], plugins=[plugin])


@contextmanager
def only_our_settings() -> Iterator[None]:
    """Hide the settings that a user's environment has for their own pytest."""
    names = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        os.environ.update(kept)
