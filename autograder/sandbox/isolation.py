"""Which wall this machine can put around a submission, and what that wall is worth.

It is found out by a real worker that tries to do what it must not be able to
(`probe.py`), not by looking for programs or version numbers. What was obtained is told
as capabilities, in every result.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from autograder.sandbox import probe, seatbelt, wall
from autograder.sandbox.launch import Level, Place
from autograder.sandbox.problems import GraderBroken
from autograder.syllabus import Limits

CAPABILITIES = (
    "files_hidden",
    "writes_confined",
    "network_denied",
    "others_protected",
    "memory_limited",
    "processes_limited",
    "tree_killed",
)
REQUIRED = ("files_hidden", "writes_confined", "network_denied", "others_protected", "tree_killed")
PROBE_LIMIT = 20.0  # seconds


@dataclass(frozen=True)
class Isolation:
    """A level, and what a worker behind it could not do."""

    level: Level
    capabilities: dict[str, bool]

    @property
    def missing(self) -> tuple[str, ...]:
        """What an isolated run requires and this level does not give here."""
        return tuple(name for name in REQUIRED if not self.capabilities[name])


def levels() -> tuple[Level, ...]:
    """The levels that may be had on this platform, best first."""
    if sys.platform == "win32":
        return (Level("job"),)
    if sys.platform == "darwin":
        return (Level("seatbelt"), Level("none")) if Path(seatbelt.PROGRAM).exists() else NONE
    if not sys.platform.startswith("linux"):
        return NONE
    walls = {"landlock": has_landlock(), "seccomp": has_seccomp()}
    found = []
    if shutil.which("bwrap"):
        found.append(Level("namespace", **walls))
    if os.geteuid() == 0:
        found.append(Level("uid", **walls))
    if walls["landlock"]:
        found.append(Level("landlock", **walls))
    return (*found, Level("none", seccomp=walls["seccomp"]))


NONE = (Level("none"),)


def has_landlock() -> bool:
    """Whether the kernel knows Landlock."""
    try:
        return wall.Kernel().call(wall.CREATE_RULESET, 0, 0, 1) >= 1
    except OSError:
        return False


def has_seccomp() -> bool:
    """Whether the kernel filters system calls, and their numbers are known."""
    if platform.machine() not in wall.ARCHITECTURES or sys.maxsize < 1 << 32:
        return False
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return False
    return "Seccomp:" in status


@lru_cache(maxsize=1)
def best() -> Isolation:
    """The first level that gives all that is required, or else the one that gives most."""
    found: list[Isolation] = []
    for level in levels():
        with contextlib.suppress(Unavailable):
            one = measure(level)
            if not one.missing:
                return one
            found.append(one)
    return min(found, key=lambda one: len(one.missing), default=unprotected())


def unprotected() -> Isolation:
    """No wall at all."""
    return Isolation(Level("none"), dict.fromkeys(CAPABILITIES, False))


@lru_cache(maxsize=8)
def at(name: str) -> Isolation | None:
    """The level of this name, if it can be had here."""
    for level in levels():
        if level.name == name:
            with contextlib.suppress(Unavailable):
                return measure(level)
    return None


def available() -> tuple[str, ...]:
    """The names of the levels that can be had here, best first."""
    return tuple(level.name for level in levels() if at(level.name))


class Unavailable(Exception):
    """A level that cannot be had on this machine; the text says why."""


def measure(level: Level) -> Isolation:
    """Try out a level.

    Raises
    ------
    Unavailable
        No process can be started behind this wall.
    """
    with tempfile.TemporaryDirectory(prefix="byhand-") as name, canary(Path(name)) as given:
        limits = Limits(10, 10, 10, 10, 1024, 16)
        folder = Path(name) / "in"
        folder.mkdir()
        place = Place(level, folder)
        try:
            process, channel, listener = place.start(probe, {"canary": given}, limits)
        except (OSError, GraderBroken) as error:
            place.close()
            raise Unavailable(str(error)) from error
        with channel, listener:
            done = read_all(channel, PROBE_LIMIT)
            printed = read_all(listener, 0.2) if not done else b""
            process.kill()
            place.close()
        if not done:
            raise Unavailable(printed.decode(errors="replace").strip()[-500:] or "no answer")
        return Isolation(level, capabilities(json.loads(done)))


def capabilities(done: dict[str, Any]) -> dict[str, bool]:
    """What a worker could not do, from what the probe could."""
    survivor = done["survivor"]
    writes = ("write_file", "truncate_file", "change_mode", "change_times", "write_shared_memory")
    return {
        "files_hidden": not (done["read_file"] or done["read_environment"]),
        "writes_confined": not any(done[name] for name in writes),
        "network_denied": not (done["connect_tcp"] or done["send_udp"] or done["connect_local"]),
        "others_protected": not (done["signal_grader"] or done["limit_grader"]),
        "memory_limited": not done["memory"],
        "processes_limited": not done["fork"],
        "tree_killed": survivor is None or not lives(survivor),
    }


def lives(pid: int) -> bool:
    """Whether a process runs; where it does, it is ended."""
    time.sleep(0.1)
    try:
        os.kill(pid, 9)
    except OSError:
        return False
    return True


LONGEST = 100  # bytes of the name of a socket; macOS takes 103, Linux 107


@contextlib.contextmanager
def canary(folder: Path) -> Iterator[dict[str, Any]]:
    """Things that a worker must not reach: a file, a folder, sockets, this process."""
    outside = folder / "outside"
    outside.mkdir()
    file = outside / "canary"
    file.write_text("not for you")
    for path, mode in ((folder, 0o755), (outside, 0o777), (file, 0o666)):
        os.chmod(path, mode)
    with contextlib.ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        given = {
            "file": str(file),
            "folder": str(outside),
            "pid": os.getpid(),
            "tcp": tcp.getsockname()[1],
            "udp": udp.getsockname()[1],
            "local": str(outside / "socket"),
        }
        if hasattr(socket, "AF_UNIX"):
            if len(os.fsencode(given["local"])) > LONGEST:
                short = stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp"))
                os.chmod(short, 0o777)
                given["local"] = f"{short}/socket"
            local = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            local.bind(given["local"])
            local.listen()
        yield given


def read_all(channel: socket.socket, seconds: float) -> bytes:
    """What comes until the other side closes, or until some time has passed."""
    deadline, data = time.monotonic() + seconds, b""
    while (left := deadline - time.monotonic()) > 0:
        channel.settimeout(left)
        try:
            part = channel.recv(1 << 16)
        except OSError:
            break
        if not part:
            break
        data += part
    return data


def shut_in() -> None:
    """Keep other processes of this user from reading the memory of this one (Linux)."""
    if sys.platform.startswith("linux"):
        PR_SET_DUMPABLE = 4
        wall.Kernel().prctl(PR_SET_DUMPABLE, 0)


def end_with_parent() -> None:
    """Let this process be killed when the one that started it ends (Linux)."""
    if sys.platform.startswith("linux"):
        wall.die_with_parent(wall.Kernel(), os.getppid())
