"""The table of processes, as far as this platform shows it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

LINUX = sys.platform.startswith("linux")
PARENT, THREADS = 1, 17  # fields of /proc/N/stat that follow the name


def table() -> Iterator[tuple[int, list[str]]]:
    """The running processes: their numbers, and the fields of /proc/N/stat after the name."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                yield int(name), fields(int(name))


def fields(pid: int) -> list[str]:
    # The name stands in brackets and may itself hold brackets and spaces.
    return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()


def threads(pid: int) -> int:
    """How many threads a process has."""
    with contextlib.suppress(OSError, IndexError):
        return int(fields(pid)[THREADS])
    return 0


def seconds_of_processor(pid: int) -> float | None:
    """How long the threads of a process have run; None where that cannot be seen."""
    used = 0
    try:
        for file in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            used += int(file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return used / 1e9 if used else None


@lru_cache(maxsize=1)
def tasks_of_this_user() -> int:
    """How many threads the user runs, all programs together, as the kernel counts them."""
    if not LINUX:
        return 0
    own, count = os.getuid(), 0
    for pid, values in table():
        with contextlib.suppress(OSError):
            if os.stat(f"/proc/{pid}").st_uid == own:
                count += int(values[THREADS])
    return count


def children(pid: int) -> list[int]:
    """The numbers of the processes that a process started."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def inner_number(pid: int) -> int | None:
    """The number that a process has in its own namespace."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines():
            if line.startswith("NSpid:"):
                return int(line.split()[-1])
    return None
