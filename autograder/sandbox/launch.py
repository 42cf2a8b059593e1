"""Starts a program behind a wall, and kills it with all that it started.

How a level is put around a process is known here; which level there is to be, and what
it is worth on this machine, in `isolation.py`.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.sandbox import accounts, bubblewrap, job, processes, seatbelt, surroundings, wall
from autograder.syllabus import Limits

WINDOWS = sys.platform == "win32"
LINUX = sys.platform.startswith("linux")
ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
# What the interpreter and NumPy need from outside; nothing else is passed on.
PASSED_ON = ("SYSTEMROOT", "LD_LIBRARY_PATH", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
# glibc gives the memory of temporary arrays back to the system and takes it again, call by
# call, unless told to keep it: that made an epoch of training 2.5 times slower.
KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(64 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
}
THREADS = 512  # of a worker, and what else its user runs


@dataclass(frozen=True)
class Level:
    """One way of building a wall.

    Parameters
    ----------
    name
        "namespace", "uid", "landlock", "seatbelt", "job" or "none".
    landlock, seccomp
        Whether the process shuts itself in by these.
    """

    name: str
    landlock: bool = False
    seccomp: bool = False


def compiled(module: Any) -> Path:
    """A module's file as it was compiled when it was imported here, if it was kept."""
    cached = Path(importlib.util.cache_from_source(module.__file__))
    return cached if cached.is_file() else Path(module.__file__)


class Place:
    """Where the processes of one submission run.

    Parameters
    ----------
    level
        The wall around each of them.
    folder
        Holds the copy of the submission and nothing else; it can be read from inside.
    """

    def __init__(self, level: Level, folder: Path) -> None:
        self.level, self.folder = level, folder
        self.account: accounts.Account | None = None
        if level.name == "uid":
            self.account = accounts.Account()
            self.account.let_read(folder)

    def start(
        self, program: Any, settings: dict[str, Any], limits: Limits
    ) -> tuple[Process, socket.socket, socket.socket]:
        """Start a program of the kit: a module that is run alone, behind the wall.

        Parameters
        ----------
        program
            The module; its `main` is given the settings.
        settings
            For the program; what the wall needs is added.

        Returns
        -------
        The process, our end of the channel, and our end of what it prints.
        """
        channel, theirs = socket.socketpair()
        listener, speaker = socket.socketpair()
        inside = self.level.name == "namespace"
        scratch = bubblewrap.SCRATCH if inside else self._new_scratch()
        files = [compiled(wall), compiled(program)]
        seen = [f"{bubblewrap.KIT}/{file.name}" for file in files] if inside else files
        folder = bubblewrap.SUBMISSION if inside else str(self.folder)
        settings = settings | {
            "run": str(seen[1]),
            "channel": "stdin" if WINDOWS else theirs.fileno(),
            "numpy": str(surroundings.numpy_folder()),
            "folder": folder,
            "read": [*map(str, surroundings.readable()), folder],
            "write": [scratch],
            "landlock": self.level.landlock,
            "seccomp": self.level.seccomp,
            "capabilities": hasattr(os, "geteuid") and os.geteuid() == 0,
            "parent": 0 if inside else os.getpid(),
            "memory": limits.memory,
            "file": limits.file,
            "cpu": int(limits.submission) + 60,
            "tasks": THREADS + (0 if self.account else processes.tasks_of_this_user()),
        }
        command = [str(surroundings.interpreter()), "-I", "-S", "-B", "-X", "utf8"]
        command += [str(seen[0]), json.dumps(settings)]
        options: dict[str, Any] = {"env": environment(scratch)}
        if not inside:
            options["cwd"] = scratch
        if WINDOWS:
            options |= {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL}
            options |= {"stderr": subprocess.DEVNULL}
        else:
            options |= {"stdin": subprocess.DEVNULL, "stdout": speaker, "stderr": speaker}
            options |= {"pass_fds": [theirs.fileno()], "start_new_session": True}
        if inside:
            where = shutil.which("bwrap") or "bwrap"
            readable = surroundings.readable()
            command = bubblewrap.command(where, readable, self.folder, files) + command
        if self.level.name == "seatbelt":
            readable = (*surroundings.readable(), self.folder, *files)
            command = seatbelt.command(readable, Path(scratch)) + command
        if self.account:
            options |= {"user": self.account.uid, "group": self.account.uid, "extra_groups": []}
        if LINUX and not self.level.seccomp:
            processes.adopt_orphans()
        try:
            popen = subprocess.Popen(command, **options)
        finally:
            speaker.close()
        processes.started.add(popen.pid)
        process = Process(popen, self, None if inside else scratch, limits.memory)
        if popen.stdin:
            popen.stdin.write(theirs.share(popen.pid))  # type: ignore[attr-defined]
            popen.stdin.close()
        theirs.close()
        return process, channel, listener

    def _new_scratch(self) -> str:
        folder = tempfile.mkdtemp(prefix="byhand-")
        if self.account:
            os.chown(folder, self.account.uid, self.account.uid)
        return folder

    def close(self) -> None:
        """Give back what was taken; no process runs here any more."""
        if self.account:
            self.account.close()


class Process:
    """A process behind the wall, seen from outside."""

    def __init__(
        self, popen: subprocess.Popen[bytes], place: Place, scratch: str | None, memory: int
    ) -> None:
        self.popen, self.place, self.scratch = popen, place, scratch
        self.job = job.Job(popen, memory) if WINDOWS else None

    @property
    def pid(self) -> int:
        """The number of the program's process: with bubblewrap, that of its child."""
        if self.place.level.name != "namespace":
            return self.popen.pid
        with contextlib.suppress(OSError, IndexError):
            own = f"/proc/{self.popen.pid}/task/{self.popen.pid}/children"
            return int(Path(own).read_text().split()[0])
        return self.popen.pid

    def exit_code(self, seconds: float) -> int | None:
        """How it ended, if it does within some time; it is not reaped, so its number stays."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            if WINDOWS or not hasattr(os, "waitid"):
                return self.popen.wait(seconds)
            code = processes.wait_without_reaping(self.popen.pid, seconds)
            # Bubblewrap tells of a signal as a shell does.
            inside = self.place.level.name == "namespace"
            return 128 - code if inside and code > 128 else code
        return None

    def overdone(self) -> str | None:
        """What it takes more of than it may, of that which no limit of the kernel bounds."""
        if self.scratch and larger_than(self.scratch, bubblewrap.SCRATCH_SIZE):
            return f"the submission wrote more than {bubblewrap.SCRATCH_SIZE >> 20} MB to the disk"
        if LINUX and processes.threads(self.pid) > THREADS:
            return f"the submission started more than {THREADS} threads"
        return None

    def kill(self) -> None:
        """Kill it and all that it started, then take away what it wrote."""
        if self.job:
            self.job.kill()
        elif WINDOWS:
            self.popen.kill()
        else:
            self._kill_group()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(5)
        if LINUX and not self.place.level.seccomp:
            processes.sweep()
        processes.started.discard(self.popen.pid)
        if self.scratch:
            remove(self.scratch)
            self.scratch = None

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError, subprocess.TimeoutExpired):
            if self.pid != self.popen.pid:
                # With its first process a namespace ends, and then bubblewrap, which waits.
                os.kill(self.pid, signal.SIGKILL)
                self.popen.wait(1)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self.popen.returncode is None:
                os.killpg(self.popen.pid, signal.SIGKILL)


def environment(scratch: str) -> dict[str, str]:
    """The whole environment of a process behind the wall."""
    clean = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    clean |= dict.fromkeys(ONE_THREAD, "1") | KEEP_MEMORY
    return clean | {"HOME": scratch, "TMPDIR": scratch, "USER": "student", "LANG": "C.UTF-8"}


def larger_than(folder: str, size: int, entries: int = 10_000) -> bool:
    """Whether a folder holds more bytes, or more files, than it may."""
    waiting, total, count = [folder], 0, 0
    while waiting:
        try:
            with os.scandir(waiting.pop()) as found:
                for entry in found:
                    count += 1
                    status = entry.stat(follow_symlinks=False)
                    total += status.st_size
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    if total > size or count > entries:
                        return True
        except OSError:
            continue
    return False


def remove(folder: str) -> None:
    """Remove a folder of which the contents are not to be trusted."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except RecursionError:
        if not WINDOWS:  # a program that does not mind how deep folders lie in each other
            subprocess.run(["rm", "-rf", "--", folder], check=False, stderr=subprocess.DEVNULL)
