"""The command line of bubblewrap, which gives a worker namespaces of its own.

In them there are no other processes, no network, and of the file system what is bound
here: at fixed places, so that no name that a student chose is ever a destination.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from autograder.sandbox.wall import FOREIGN

SUBMISSION, KIT, SCRATCH = "/submission", "/kit", "/scratch"
SCRATCH_SIZE = 64 << 20  # bytes; it is memory
TOP = ("/bin", "/lib", "/lib32", "/lib64", "/sbin")  # links into /usr, in most systems
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")


def command(readable: Iterable[Path], folder: Path, kit: Iterable[Path]) -> list[str]:
    """What comes before the command that is to run inside.

    Parameters
    ----------
    readable
        Files and folders that are seen at their own places.
    folder
        What is seen as `SUBMISSION`.
    kit
        Files that are seen in `KIT`.
    """
    words = [
        shutil.which("bwrap") or "bwrap",
        "--unshare-all",
        "--unshare-user",
        "--disable-userns",
        "--as-pid-1",
    ]
    words += ["--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    for top in TOP:
        if os.path.islink(top):
            words += ["--symlink", os.readlink(top), top]
    for path in sorted(readable):  # a folder before what lies in it
        words += ["--ro-bind", str(path), str(path)]
        for name in FOREIGN:
            if (path / name).is_dir():
                words += ["--tmpfs", str(path / name)]
    for device in DEVICES:
        words += ["--dev-bind", device, device]
    words += ["--ro-bind", str(folder), SUBMISSION]
    for file in kit:
        words += ["--ro-bind", str(file), f"{KIT}/{file.name}"]
    words += ["--size", str(SCRATCH_SIZE), "--tmpfs", SCRATCH]
    return [*words, "--remount-ro", "/", "--chdir", SCRATCH, "--"]
