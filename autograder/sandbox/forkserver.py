"""Starts workers by forking: NumPy is imported once, and each worker is ready in milliseconds.

    python -I -S -B forkserver.py SETTINGS

Requests come over a socket, with the descriptors that a worker is to have; an answer goes
back for each. The server itself never loads a submission: its children do, each behind a
wall that it builds around itself first (`wall.py`). Like these, this file is run alone
and must import nothing of the kit. Linux only.
"""

from __future__ import annotations

import array
import contextlib
import importlib
import json
import marshal
import os
import shutil
import signal
import socket
import struct
import sys
import time

TYPE_CHECKING = False  # without the import of typing
if TYPE_CHECKING:
    from typing import Any

# What submissions import in any case, as `dataset.py` is given: once, and not in each worker.
COMMON = (
    "__future__",
    "dataclasses",
    "gzip",
    "importlib.resources",
    "pathlib",
    "tempfile",
    "typing",
    "zlib",
)
LENGTH = struct.Struct("<I")  # of a request, or of the answer to it
PR_SET_CHILD_SUBREAPER = 36


def load(path: str) -> dict[str, Any]:
    """The names that a program of the kit defines; compiled already, or not."""
    with open(path, "rb") as file:
        data = file.read()
    code = marshal.loads(data[16:]) if path.endswith(".pyc") else compile(data, path, "exec")
    namespace: dict[str, Any] = {"__name__": "__kit__", "__file__": path}
    exec(code, namespace)
    return namespace


class Server:
    """Forks workers and sees to their end.

    Parameters
    ----------
    settings
        ``control``: the descriptor of the socket; ``wall`` and ``programs``: files of the
        kit; ``numpy``: a folder, or None where it is not needed; ``parent``.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        self.control = socket.socket(fileno=settings["control"])
        self.wall = load(settings["wall"])
        self.programs = {name: load(path) for name, path in settings["programs"].items()}
        if settings["numpy"]:
            self.programs["worker"]["import_numpy"](settings["numpy"])
            for name in COMMON:
                importlib.import_module(name)
        self.children: dict[int, str | None] = {}  # to the folder that is theirs
        kernel = self.wall["Kernel"]()
        self.wall["die_with_parent"](kernel, settings["parent"])
        kernel.prctl(PR_SET_CHILD_SUBREAPER, 1)  # orphans come here, where they are ended

    def serve(self) -> None:
        while True:
            request, descriptors = self.receive()
            answer = getattr(self, request.pop("do"))(request, descriptors)
            text = json.dumps(answer).encode()
            self.control.sendall(LENGTH.pack(len(text)) + text)

    def receive(self) -> tuple[dict[str, Any], list[int]]:
        size = socket.CMSG_SPACE(2 * array.array("i").itemsize)
        head, ancillary, _, _ = self.control.recvmsg(LENGTH.size, size)
        if len(head) < LENGTH.size:
            os._exit(0)  # the grader has gone
        descriptors = array.array("i")
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                descriptors.frombytes(data)
        length, text = LENGTH.unpack(head)[0], b""
        while len(text) < length:
            text += self.control.recv(length - len(text))
        return json.loads(text), list(descriptors)

    def start(self, request: dict[str, Any], descriptors: list[int]) -> int:
        """Fork a worker; its number."""
        own = request["write"][0] if request["make_scratch"] else None
        if own:
            os.mkdir(own, 0o700)
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            try:
                self.become(request, descriptors, parent)
            except BaseException as error:
                with contextlib.suppress(BaseException):
                    os.write(2, f"{type(error).__name__}: {error}\n".encode())
            finally:
                os._exit(1)
        for descriptor in descriptors:
            os.close(descriptor)
        self.children[child] = own
        return child

    def become(self, request: dict[str, Any], descriptors: list[int], parent: int) -> None:
        """Be a worker, behind its wall, until the end."""
        channel, speaker = descriptors
        self.control.close()
        os.setsid()
        null = os.open("/dev/null", os.O_RDONLY)
        for source, target in ((null, 0), (speaker, 1), (speaker, 2)):
            os.dup2(source, target)
        os.close(null)
        os.close(speaker)
        # The streams that were made at the start take what they stand on for a file.
        for name in ("stdout", "stderr"):
            old = getattr(sys, name)
            stream = open(  # noqa: SIM115
                old.fileno(), "w", encoding=old.encoding, errors=old.errors, closefd=False
            )
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
        os.chdir(request["write"][0])
        os.environ.update(HOME=request["write"][0], TMPDIR=request["write"][0])
        self.wall["build"](request | {"parent": parent})
        self.programs[request["program"]]["main"](request | {"channel": channel})

    def wait(self, request: dict[str, Any], _: list[int]) -> int | None:
        """How a worker ended, if it does within some time: a status, or minus a signal."""
        deadline = time.monotonic() + request["seconds"]
        while True:
            ended = os.waitid(os.P_PID, request["pid"], os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is not None:
                status = ended.si_status
                return status if ended.si_code == os.CLD_EXITED else -status
            if time.monotonic() > deadline:
                return None
            time.sleep(0.005)

    def end(self, request: dict[str, Any], _: list[int]) -> None:
        """Kill a worker and all that it started, and take its folder away."""
        pid = request["pid"]
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)  # before it had a group of its own
        os.waitpid(pid, 0)
        own = self.children.pop(pid)
        if request["sweep"]:
            self.sweep()
        if own:
            with contextlib.suppress(RecursionError):
                shutil.rmtree(own, ignore_errors=True)

    def sweep(self) -> None:
        """End the orphans, which are all children but the workers."""
        me = os.getpid()
        while True:
            with open(f"/proc/self/task/{me}/children") as file:
                orphans = {int(word) for word in file.read().split()} - set(self.children)
            if not orphans:
                return
            for pid in orphans:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)


if __name__ == "__main__":
    Server(json.loads(sys.argv[1])).serve()
