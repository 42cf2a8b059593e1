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
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from autograder.sandbox import (
    accounts,
    bubblewrap,
    forkserver,
    job,
    processes,
    seatbelt,
    surroundings,
    wall,
)
from autograder.sandbox.problems import GraderBroken
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
MOST_BYTES, MOST_FILES, MOST_DEPTH = bubblewrap.SCRATCH_SIZE, 10_000, 50  # that are written
TOO_MUCH = (
    f"the submission wrote more than {MOST_BYTES >> 20} MB, {MOST_FILES:,} files or"
    f" {MOST_DEPTH} folders in each other"
)
THREADS = 512  # of a worker, and what else its user runs


START_LIMIT = 60.0  # seconds until a worker must be ready: the machine's time, not the student's
PYTHON = (str(surroundings.interpreter()), "-I", "-S", "-B", "-X", "utf8")


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
        self.inside = level.name == "namespace"  # paths are others there
        self.server: ForkServer | None = None
        self.started = 0
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
        self.started += 1
        scratch = f"{bubblewrap.SCRATCH}/{self.started}" if self.inside else self._new_scratch()
        folder = bubblewrap.SUBMISSION if self.inside else str(self.folder)
        settings = settings | {
            "program": program.__name__.rpartition(".")[2],
            "numpy": str(surroundings.numpy_folder()),
            "folder": folder,
            "read": [*map(str, surroundings.readable()), folder],
            "write": [scratch],
            "landlock": self.level.landlock,
            "seccomp": self.level.seccomp,
            "capabilities": hasattr(os, "geteuid") and os.geteuid() == 0,
            "memory": limits.memory,
            "file": limits.file,
            "cpu": int(limits.submission) + 60,
            "tasks": THREADS + (0 if self.account else processes.tasks_of_this_user()),
        }
        channel, theirs = socket.socketpair()
        listener, speaker = socket.socketpair()
        try:
            if LINUX:
                process = self._fork(program, settings, theirs, speaker)
            else:
                process = self._spawn(program, settings, theirs, speaker)
        except (OSError, GraderBroken):
            channel.close()
            listener.close()
            if not self.inside:
                remove(scratch)
            raise
        finally:
            theirs.close()
            speaker.close()
        return process, channel, listener

    def begin(self, program: Any) -> None:
        """Let what forks workers get ready, where there is such a thing; nothing is waited for."""
        if LINUX and (self.server is None or not self.server.alive):
            self.server = ForkServer(self, program)

    def _fork(
        self,
        program: Any,
        settings: dict[str, Any],
        theirs: socket.socket,
        speaker: socket.socket,
    ) -> Process:
        self.begin(program)
        assert self.server
        scratch = settings["write"][0]
        request = settings | {"do": "start", "make_scratch": self.inside}
        pid = self.server.ask(request, [theirs.fileno(), speaker.fileno()])
        return Forked(self.server, pid, None if self.inside else scratch)

    def _spawn(
        self,
        program: Any,
        settings: dict[str, Any],
        theirs: socket.socket,
        speaker: socket.socket,
    ) -> Process:
        scratch = settings["write"][0]
        settings = settings | {
            "run": str(compiled(program)),
            "parent": os.getpid(),
            "channel": "stdin" if WINDOWS else theirs.fileno(),
        }
        command = [*PYTHON, str(compiled(wall)), json.dumps(settings)]
        options: dict[str, Any] = {"env": environment(scratch), "cwd": scratch}
        if WINDOWS:
            options |= {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL}
            options |= {"stderr": subprocess.DEVNULL}
        else:
            options |= {"stdin": subprocess.DEVNULL, "stdout": speaker, "stderr": speaker}
            options |= {"pass_fds": [theirs.fileno()], "start_new_session": True}
        if self.level.name == "seatbelt":
            kit = (compiled(wall), compiled(program))
            readable = (*surroundings.readable(), self.folder, *kit)
            command = seatbelt.command(readable, Path(scratch)) + command
        process = Spawned(subprocess.Popen(command, **options), scratch, settings["memory"])
        if process.popen.stdin:
            shared = theirs.share(process.popen.pid)  # type: ignore[attr-defined]
            process.popen.stdin.write(shared)
            process.popen.stdin.close()
        return process

    def _new_scratch(self) -> str:
        folder = tempfile.mkdtemp(prefix="byhand-")
        if self.account:
            os.chown(folder, self.account.uid, self.account.uid)
        return folder

    def close(self) -> None:
        """End all that runs here, and give back what was taken."""
        if self.server:
            self.server.close()
        if self.account:
            self.account.close()


class ForkServer:
    """The process that forks the workers of one submission; see `forkserver.py`."""

    def __init__(self, place: Place, program: Any) -> None:
        self.place = place
        self.control, theirs = socket.socketpair()
        self.control.settimeout(START_LIMIT)
        self.speaker = tempfile.TemporaryFile()  # noqa: SIM115
        files = [compiled(one) for one in (forkserver, wall, program)]
        names = [f"{bubblewrap.KIT}/{file.name}" for file in files]
        server, own_wall, run = names if place.inside else list(map(str, files))
        name = program.__name__.rpartition(".")[2]
        settings = {
            "control": theirs.fileno(),
            "wall": own_wall,
            "programs": {name: run},
            "numpy": str(surroundings.numpy_folder()) if name == "worker" else None,
            "parent": 0 if place.inside else os.getpid(),
        }
        command = [*PYTHON, server, json.dumps(settings)]
        options: dict[str, Any] = {"env": environment("/"), "cwd": "/"}
        if place.inside:
            readable = surroundings.readable()
            command = bubblewrap.command(readable, place.folder, files) + command
        if place.account:
            uid = place.account.uid
            options |= {"user": uid, "group": uid, "extra_groups": []}
        try:
            self.popen = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=self.speaker,
                stderr=self.speaker,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                **options,
            )
        finally:
            theirs.close()
        self.alive = True

    def ask(self, request: dict[str, Any], descriptors: Sequence[int] = ()) -> Any:
        """Ask for something, and wait for the answer.

        Raises
        ------
        GraderBroken
            The server did not answer; it is gone then.
        """
        text = json.dumps(request).encode()
        try:
            head = forkserver.LENGTH.pack(len(text))
            socket.send_fds(self.control, [head], descriptors)
            self.control.sendall(text)
            length = forkserver.LENGTH.unpack(self._read(forkserver.LENGTH.size))[0]
            return json.loads(self._read(length))
        except OSError as error:
            self.speaker.seek(0)
            said = self.speaker.read(10_000).decode(errors="replace").strip()[-1000:]
            self.close()
            raise GraderBroken(f"workers cannot be started: {said or error}") from error

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self.control.recv(count - len(data))
            if not part:
                raise ConnectionError("the process that starts them has ended")
            data += part
        return data

    @property
    def pid(self) -> int:
        """The number of the server's own process: with bubblewrap, that of its child."""
        found = processes.children(self.popen.pid) if self.place.inside else []
        return found[0] if found else self.popen.pid

    def close(self) -> None:
        """Kill it, and with it all that it started."""
        self.alive = False
        with contextlib.suppress(ProcessLookupError, PermissionError, subprocess.TimeoutExpired):
            if self.pid != self.popen.pid:
                # With its first process a namespace ends, and then bubblewrap, which waits.
                os.kill(self.pid, signal.SIGKILL)
                self.popen.wait(1)
        if self.popen.returncode is None:
            self.popen.kill()
            self.popen.wait(5)
        self.control.close()
        self.speaker.close()


class Process(Protocol):
    """A process behind the wall, seen from outside."""

    @property
    def pid(self) -> int: ...

    def exit_code(self, seconds: float) -> int | None:
        """How it ended, if it does within some time: a status, or minus a signal."""

    def overdone(self) -> str | None:
        """What it takes more of than it may, of that which no limit of the kernel bounds."""

    def kill(self) -> None:
        """Kill it and all that it started, then take away what it wrote."""


class Forked:
    """A process that the fork server started."""

    def __init__(self, server: ForkServer, inner: int, scratch: str | None) -> None:
        self.server, self.inner, self.scratch = server, inner, scratch
        self.own_pid: int | None = None

    @property
    def pid(self) -> int:
        if not self.server.place.inside:
            return self.inner
        if self.own_pid is None:  # its number outside of the namespace
            for pid in processes.children(self.server.pid):
                if processes.inner_number(pid) == self.inner:
                    self.own_pid = pid
        return self.own_pid or -1

    def exit_code(self, seconds: float) -> int | None:
        with contextlib.suppress(GraderBroken):
            code = self.server.ask({"do": "wait", "pid": self.inner, "seconds": seconds})
            return None if code is None else int(code)
        return None

    def overdone(self) -> str | None:
        if self.scratch and too_much(self.scratch):
            return TOO_MUCH
        if processes.threads(self.pid) > THREADS:
            return f"the submission started more than {THREADS} threads"
        return None

    def kill(self) -> None:
        if self.server.alive:
            sweep = not (self.server.place.level.seccomp or self.server.place.inside)
            with contextlib.suppress(GraderBroken):
                self.server.ask({"do": "end", "pid": self.inner, "sweep": sweep})
        if self.scratch:
            remove(self.scratch)
            self.scratch = None


class Spawned:
    """A process that was started anew, where there is no fork."""

    def __init__(self, popen: subprocess.Popen[bytes], scratch: str, memory: int) -> None:
        self.popen, self.scratch = popen, scratch
        self.job = job.Job(popen, memory) if WINDOWS else None

    @property
    def pid(self) -> int:
        return self.popen.pid

    def exit_code(self, seconds: float) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.popen.wait(seconds)
        return None

    def overdone(self) -> str | None:
        return TOO_MUCH if too_much(self.scratch) else None

    def kill(self) -> None:
        if self.job:
            self.job.kill()
        elif not WINDOWS:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.popen.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(5)
        remove(self.scratch)


def environment(scratch: str) -> dict[str, str]:
    """The whole environment of a process behind the wall."""
    clean = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    clean |= dict.fromkeys(ONE_THREAD, "1") | KEEP_MEMORY
    return clean | {"HOME": scratch, "TMPDIR": scratch, "USER": "student", "LANG": "C.UTF-8"}


def too_much(folder: str) -> bool:
    """Whether a folder holds more than a submission may write."""
    waiting, size, files = [(folder, 0)], 0, 0
    while waiting:
        path, depth = waiting.pop()
        with contextlib.suppress(OSError), os.scandir(path) as found:
            for entry in found:
                status = entry.stat(follow_symlinks=False)
                files, size = files + 1, size + status.st_size
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, depth + 1))
                # Each level more makes the next look longer, until it cannot end in time.
                if size > MOST_BYTES or files > MOST_FILES or depth > MOST_DEPTH:
                    return True
    return False


def remove(folder: str) -> None:
    """Remove a folder of which the contents are not to be trusted."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except RecursionError:
        if not WINDOWS:  # a program that does not mind how deep folders lie in each other
            subprocess.run(["rm", "-rf", "--", folder], check=False, stderr=subprocess.DEVNULL)
