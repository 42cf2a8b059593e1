"""Tries what a submission must not be able to, and tells what it could do.

It is run in place of the worker, behind the same wall; what fails here fails there. Like
the worker it is run alone and must import nothing of the kit.
"""

from __future__ import annotations

import json
import os
import socket
import sys

TYPE_CHECKING = False  # without the import of typing
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Given = dict[str, Any]


def main(settings: Given) -> None:
    """Try everything, and write what succeeded as JSON."""
    given = settings["canary"]
    done: dict[str, Any] = {name: succeeds(attempt, given) for name, attempt in ATTEMPTS.items()}
    done["memory"] = succeeds(allocate, settings["memory"])
    done["survivor"] = leave_survivor() if done["fork"] else None
    os.write(settings["channel"], json.dumps(done).encode())


def succeeds(attempt: Callable[[Any], Any], given: Any) -> bool:
    """Whether an attempt ended without an exception, or said so."""
    try:
        return attempt(given) is not False
    except Exception:
        return False


def read_file(given: Given) -> None:
    with open(given["file"]) as file:
        file.read()


def read_environment(given: Given) -> None:
    with open(f"/proc/{given['pid']}/environ") as file:
        file.read()


def write_file(given: Given) -> None:
    with open(os.path.join(given["folder"], "written"), "w") as file:
        file.write("a worker was here")


def truncate_file(given: Given) -> None:
    os.close(os.open(given["file"], os.O_RDONLY | os.O_TRUNC))


def change_mode(given: Given) -> None:
    os.chmod(given["file"], 0o600)


def change_times(given: Given) -> None:
    os.utime(given["file"], (0, 0))


def write_shared_memory(given: Given) -> bool:
    path = f"/dev/shm/byhand-{os.getpid()}"
    if not os.path.isdir("/dev/shm"):
        return False
    with open(path, "w") as file:
        file.write("a worker was here")
    os.unlink(path)
    return True


def connect(family: int, kind: int, address: Any) -> None:
    with socket.socket(family, kind) as one:
        one.settimeout(1)
        one.connect(address)
        one.send(b"a worker was here")


def connect_tcp(given: Given) -> None:
    connect(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", given["tcp"]))


def send_udp(given: Given) -> None:
    connect(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", given["udp"]))


def connect_local(given: Given) -> None:
    connect(socket.AF_UNIX, socket.SOCK_STREAM, given["local"])


def signal_grader(given: Given) -> None:
    os.kill(given["pid"], 0)


def limit_grader(given: Given) -> None:
    import resource

    resource.prlimit(given["pid"], resource.RLIMIT_CORE)


def fork(given: Given) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


ATTEMPTS = {
    "read_file": read_file,
    "read_environment": read_environment,
    "write_file": write_file,
    "truncate_file": truncate_file,
    "change_mode": change_mode,
    "change_times": change_times,
    "write_shared_memory": write_shared_memory,
    "connect_tcp": connect_tcp,
    "send_udp": send_udp,
    "connect_local": connect_local,
    "signal_grader": signal_grader,
    "limit_grader": limit_grader,
    "fork": fork,
}


def allocate(megabytes: int) -> None:
    import mmap

    mmap.mmap(-1, (megabytes + 64) << 20).close()


def leave_survivor() -> int:
    """Start a process that leaves the group; its number."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.setsid()
        child = os.fork()
        if child == 0:
            import time

            time.sleep(20)
            os._exit(0)
        os.write(writing, str(child).encode())
        os._exit(0)
    return int(os.read(reading, 20))


if __name__ == "__main__":
    sys.exit("this file is run behind a wall")
