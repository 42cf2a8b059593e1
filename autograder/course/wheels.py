"""Wheels that go with what is handed out, so that it can be installed where no index has them.

The wheel of the kit, which is for every system, goes with all of it; those of what the kit
needs are of one kind of computer, and go where they are asked for.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from autograder import __version__
from autograder.cases.build import HOME
from autograder.errors import KitError

VENDOR = "vendor"
REQUIREMENT = f"byhand[complete,train]=={__version__}"
PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")


def own(folder: Path) -> None:
    """Put the wheel of this kit into a folder: without solution and patches of mistakes.

    Raises
    ------
    KitError
        The folder cannot be made; or the wheel cannot be built, as what builds it is not
        installed here and cannot be fetched.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KitError(f"{folder} cannot be made: {error.strerror}") from error
    command = [*PIP, "wheel", "--no-deps", "--wheel-dir", str(folder), str(HOME)]
    if importlib.util.find_spec("hatchling"):  # then no network is needed
        command.append("--no-build-isolation")
    try:
        run(command)
    except KitError as error:
        raise KitError(
            f"{error}\nWithout a network: pip install hatchling, once, with one"
        ) from None


def needed(folder: Path) -> None:
    """Beside it, those of all that a student's installation needs, for computers like this."""
    beside = ["--find-links", str(folder), "--dest", str(folder), "--only-binary", ":all:"]
    run([*PIP, "download", *beside, REQUIREMENT, "hatchling"])


def run(command: list[str], more: dict[str, str] | None = None) -> None:
    """Run a program that is needed.

    Raises
    ------
    KitError
        It is not there, or it failed.
    """
    try:
        done = subprocess.run(
            command, env=os.environ | (more or {}), capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise KitError(f"the program {command[0]} is needed, and not installed") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-1000:]
        raise KitError(f"{' '.join(command[:5])} … failed:\n{said}")
