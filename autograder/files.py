"""Files that were handed in: their names, and what lies in a folder.

A file is listed with its size and with how to read it; nothing is read before all was
looked at. Links are not followed, and what is no regular file is never opened. Names are
spelled in one way (NFC), as macOS spells them in another one than everybody else.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from autograder.errors import IntakeError
from autograder.text import one_line

MAX_FILE = 2_000_000  # bytes that are read of any file
MAX_ENTRIES = 100_000  # of a folder that is searched
MAX_PART = 255  # bytes of a name between two slashes, the most that file systems take
MAX_NAME = 1000

IGNORED = {"__pycache__", "__MACOSX", "node_modules", "venv"}
# Names that mean devices on Windows, with any suffix.
PORTS = {name + digit for name in ("com", "lpt") for digit in "123456789"}
DEVICES = {"con", "prn", "aux", "nul", *PORTS}


@dataclass(frozen=True)
class File:
    """One file that was found: its size, how to read it, or why it is left out."""

    size: int
    read: Callable[[], bytes]
    fault: str = ""


Files = Mapping[str, File]


# Names


def check_names(names: Iterable[str]) -> None:
    """Refuse names that some system would read as another one's, or as a way out."""
    before: dict[str, str] = {}
    for name in names:
        if fault := leads_out(name) or fault_of(name):
            raise not_allowed(name, fault)
        parts = name.split("/")
        for depth in range(1, len(parts) + 1):
            whole = "/".join(parts[:depth])
            # A folder may come again, as the folder of another file; a file may not.
            known = whole if depth == len(parts) else whole + "/"
            first = before.setdefault(same_name(whole), known)
            if first != known:
                raise IntakeError(
                    f"{one_line(first)} and {one_line(known)} are the same name on some "
                    "systems. Rename one of them."
                )


def not_allowed(name: str, fault: str) -> IntakeError:
    return IntakeError(f'The file name "{one_line(name)}" is not allowed: {fault}.')


def leads_out(name: str) -> str:
    """How a name leads out of its folder, and what to do about it; empty if it does not."""
    again = "Pack the package folder by its own name"
    if name.startswith("/") or name[1:2] == ":":
        return f"it is absolute. {again}"
    if ".." in name.split("/"):
        return f"it leads out of the folder. {again}"
    if "\\" in name:
        return "it holds a backslash. Pack the folder as zip with another program"
    return ""


def fault_of(name: str) -> str:
    """What else is wrong with a name, and what to do about it; empty if nothing is."""
    parts = name.split("/")
    if "" in parts or "." in parts:
        return "a part of it is missing. Pack the package folder by its own name"
    if not name.isprintable():
        return "it holds characters that cannot be seen. Rename it"
    if any(character in name for character in ':*?"<>|'):
        return 'it holds one of : * ? " < > |, which some systems do not allow. Rename it'
    if any(part[-1] in ". " for part in parts):
        return "it ends in a dot or a space, which some systems leave out. Rename it"
    if any(part.partition(".")[0].rstrip().casefold() in DEVICES for part in parts):
        return "it means a device on some systems. Rename it"
    if max(len(part.encode()) for part in parts) > MAX_PART or len(name.encode()) > MAX_NAME:
        return "it is too long. Rename it"
    return ""


def spelled(name: str) -> str:
    """A name in the one spelling that Python looks modules up by."""
    return unicodedata.normalize("NFC", name)


def same_name(name: str) -> str:
    """A text that is equal for names that some system takes for one."""
    return spelled(spelled(name).casefold())


def ignored(name: str) -> bool:
    """Whether a file is no part of a submission: a cache, hidden, or left by a system."""
    *folders, last = name.split("/")
    return (
        last.startswith(".")
        or last.endswith((".pyc", ".pyo"))
        or last in ("Icon\r", "Thumbs.db", "desktop.ini")
        or any(part.startswith(".") or part in IGNORED for part in folders)
    )


def without_environments(found: Files) -> dict[str, File]:
    """Leave out virtual environments, whatever they are called."""
    environments = {
        PurePosixPath(key).parent for key in found if PurePosixPath(key).name == "pyvenv.cfg"
    }
    return {
        key: file
        for key, file in found.items()
        if not environments & set(PurePosixPath(key).parents)
    }


# Reading a folder


def list_folder(root: Path) -> Files:
    """List the files of a folder, nearest first, without following a link."""
    found: dict[str, File] = {}
    waiting = [(root, "")]
    seen = 0
    for folder, prefix in waiting:
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
        seen += len(listed)
        if seen > MAX_ENTRIES:
            raise IntakeError(
                f"{one_line(root.name)} holds more than {MAX_ENTRIES:,} files. "
                "Name the package folder itself."
            )
        if any(entry.name == "pyvenv.cfg" for entry in listed):
            continue
        for entry in listed:
            name, kind = prefix + entry.name, entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(kind.st_mode) and not is_link(kind):
                if not ignored(name + "/"):
                    waiting.append((Path(entry.path), name + "/"))
            elif not ignored(name):
                found[name] = single_file(Path(entry.path), kind)
    return found


def single_file(path: Path, kind: os.stat_result) -> File:
    """A file that was looked at."""
    fault = ""
    if is_link(kind):
        fault = "a link"
    elif not stat.S_ISREG(kind.st_mode):
        fault = "not a regular file"
    return File(kind.st_size, partial(read_file, path, MAX_FILE), fault)


def read_file(path: Path, most: int) -> bytes:
    """The bytes of a regular file; one more than `most`, if there are more."""
    # Between the listing and now the name may have come to mean something else:
    # do not follow a link, do not wait for a FIFO, and look at what was opened.
    flags = os.O_RDONLY
    for extra in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, extra, 0)
    with open(os.open(path, flags), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise IntakeError(f"{one_line(path.name)} is not a regular file.")
        return stream.read(most + 1)


def is_link(kind: os.stat_result) -> bool:
    """Whether it is a symbolic link, or Windows' link between folders."""
    # lstat calls a junction a folder.
    junction = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1)
    return stat.S_ISLNK(kind.st_mode) or getattr(kind, "st_reparse_tag", 0) == junction
