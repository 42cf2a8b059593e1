"""The table of processes, as far as this platform shows it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

LINUX = sys.platform.startswith("linux")
PARENT, SESSION, THREADS = 1, 3, 17  # fields of /proc/N/stat that follow the name

started: set[int] = set()  # workers that were not yet killed


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


def wait_without_reaping(pid: int, seconds: float) -> int:
    """The exit status of a child, as `Popen` gives it; its number stays taken.

    Raises
    ------
    subprocess.TimeoutExpired
        It has not ended.
    """
    deadline = time.monotonic() + seconds
    while True:
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended is not None:
            code = ended.si_status
            return code if ended.si_code == os.CLD_EXITED else -code
        if time.monotonic() > deadline:
            raise subprocess.TimeoutExpired(str(pid), seconds)
        time.sleep(0.005)


@lru_cache(maxsize=1)
def adopt_orphans() -> None:
    """Let processes whose parent ends become children of this one, so that they are found."""
    import ctypes

    PR_SET_CHILD_SUBREAPER = 36
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def sweep() -> None:
    """Kill children that a submission left behind.

    They are the children of this process that sit in a session other than its own; the
    workers do, too, and are spared.
    """
    own = os.getsid(0)
    for pid, values in table():
        session = int(values[SESSION])
        if int(values[PARENT]) != os.getpid() or session == own or session in started:
            continue
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
