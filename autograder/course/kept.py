"""What a class is graded by, kept in OUT, so that a later run into it goes by the same.

Marks that were lowered for being late must not rise because the rule was not named again.
So an option that is not given is taken from the run before, which is said, and one that is
given counts from then on. This module does not know what an option means.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
from pathlib import Path
from typing import Any

from autograder import whole
from autograder.errors import KitError
from autograder.text import one_line

FILE = "options.json"
PATHS = ("roster", "late", "syllabus", "secret")
PLAIN = ("compare_public", "seed", "task", "skip", "hints")
# An option that is given stands in for these, too.
INSTEAD_OF = {"seed": ("secret", "compare_public"), "secret": ("seed",), "task": ("skip",)}


def recall(options: argparse.Namespace) -> None:
    """Put in what is not given and was given before; `recalled` then says it in words.

    Raises
    ------
    KitError
        It cannot be read, or names a file that is gone.
    """
    options.recalled = ""
    file = options.out / FILE
    if not file.is_file():
        return
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        values = {name: kept[name] for name in (*PATHS, *PLAIN) if name in kept}
    except (OSError, ValueError, TypeError) as error:
        raise KitError(f"{file} cannot be read ({error}). Remove it, and name all again.") from None
    given = {name for name in (*PATHS, *PLAIN) if not _absent(getattr(options, name))}
    instead = {other for name in given for other in INSTEAD_OF.get(name, ())}
    words = []
    for name, value in values.items():
        if name in given or name in instead:
            continue
        if name in PATHS:
            value = Path(os.path.normpath(options.out / value))
            if not value.is_file():
                raise KitError(
                    f"the run before went by --{name} {value}, and there is no such file now. Name"
                    f" another; or, to go without one, remove it from {file}."
                )
        setattr(options, name, value)
        words += _words(name, value)
    options.recalled = one_line(shlex.join(words), 500)


def keep(options: argparse.Namespace) -> None:
    """Write down what this run goes by."""
    kept: dict[str, Any] = {name: getattr(options, name) for name in PLAIN}
    for name in PATHS:
        path = getattr(options, name)
        kept[name] = path and _from(options.out, path)
    given = {name: value for name, value in kept.items() if not _absent(value)}
    whole.write(options.out / FILE, json.dumps(given, indent=1, ensure_ascii=False) + "\n")


def _from(out: Path, path: Path) -> str:
    """A path as seen from OUT, so that both can be moved together."""
    try:
        return os.path.relpath(path, out)
    except ValueError:  # on another drive
        return os.path.abspath(path)


def _absent(value: Any) -> bool:
    return value is None or value is False or value == []


def _words(name: str, value: Any) -> list[str]:
    option = "--" + name.replace("_", "-")
    if value is True:
        return [option]
    values = value if isinstance(value, list) else [value]
    return [word for one in values for word in (option, str(one))]
