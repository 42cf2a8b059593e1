"""The wall around a submission: what it keeps off, and what it lets a right one do."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.cli import main
from autograder.sandbox import isolation, launch, processes, surroundings, wall
from autograder.sandbox.isolation import Isolation, at, available
from autograder.sandbox.launch import Level, Place
from autograder.sandbox.pool import Pool
from autograder.sandbox.problems import Died, Raised
from autograder.sandbox.submission import Budget, Submission
from autograder.syllabus import Limits
from tests.grading import write_package

LIMITS = Limits(10, 5, 60, 60, 2048, 16)
ROOT = Path(__file__).resolve().parents[1]
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux only")
pytestmark = linux
WALLS = [name for name in available() if name != "none"]


# What is obtained ----------------------------------------------------------------------


@pytest.mark.parametrize("name", WALLS)
def test_a_wall_gives_all_that_an_isolated_run_requires(name: str) -> None:
    found = at(name)
    assert found and found.missing == ()
    assert found.capabilities == dict.fromkeys(isolation.CAPABILITIES, True)


def test_without_a_wall_the_probe_gets_at_files_and_that_is_said() -> None:
    found = at("none")
    assert found and {"files_hidden", "writes_confined"} <= set(found.missing)


def test_without_seccomp_either_the_probe_gets_at_everything_but_survives_nothing() -> None:
    found = isolation.measure(Level("none"))
    obtained = {name for name, given in found.capabilities.items() if given}
    assert obtained == {"memory_limited", "tree_killed"}


def test_isolation_that_is_required_and_not_there_refuses_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "result.json"
    nothing = Isolation(Level("none"), dict.fromkeys(isolation.CAPABILITIES, False))
    monkeypatch.setattr(isolation, "best", lambda: nothing)
    monkeypatch.setattr(isolation, "shut_in", lambda: None)
    assert main(["grade", str(ROOT / "student"), "--require-isolation", "--json", str(file)]) == 2
    assert "does not give: files_hidden, writes_confined" in capsys.readouterr().err
    assert json.loads(file.read_text())["error"].startswith("isolation is required")


def test_nothing_that_a_worker_may_read_holds_the_kit_or_its_answers() -> None:
    secrets = [ROOT / "solution", ROOT / "autograder", Path(sys.prefix) / "lib"]
    for path in surroundings.readable():
        for secret in secrets:
            assert not secret.is_relative_to(path), f"{path} shows {secret}"


# System calls ----------------------------------------------------------------------------


def judged(number: int, *arguments: int, architecture: str = "x86_64", pid: int = 77) -> str:
    """What the filter says of a system call: a small machine that runs its program."""
    code, which = wall.ARCHITECTURES[architecture]
    program = wall.seccomp_filter(code, which, pid)
    data = {wall.NUMBER: number, wall.ARCHITECTURE: code}
    for index, value in enumerate([*arguments, 0, 0, 0, 0, 0, 0][:6]):
        data[wall.ARGUMENTS + 8 * index] = value & 0xFFFFFFFF
        data[wall.ARGUMENTS + 8 * index + 4] = value >> 32
    accumulator, at_step = 0, 0
    while True:
        operation, yes, no, value = program[at_step]
        at_step += 1
        if operation == wall.RETURN:
            return {
                wall.ALLOW: "allowed",
                wall.REFUSE | errno.EPERM: "refused",
                wall.REFUSE | errno.ENOSYS: "absent",
                wall.KILL_PROCESS: "killed",
            }[value]
        if operation == wall.LOAD:
            accumulator = data[value]
        elif operation == wall.AND:
            accumulator &= value
        else:
            truth = {
                wall.EQUAL: accumulator == value,
                wall.AT_LEAST: accumulator >= value,
                wall.ANY_BIT: bool(accumulator & value),
            }[operation]
            at_step += yes if truth else no


@pytest.mark.parametrize("architecture", wall.ARCHITECTURES)
def test_every_call_of_the_table_is_refused(architecture: str) -> None:
    which = wall.ARCHITECTURES[architecture][1]
    words = wall.REFUSED.split()
    table = zip(words[::3], zip(words[1::3], words[2::3], strict=True), strict=True)
    for name, numbers in table:
        if numbers[which] != "-":
            number = int(numbers[which])
            assert judged(number, architecture=architecture) == "refused", name


def test_what_programs_need_is_allowed() -> None:
    read, write, mmap, openat, futex, getrandom = 0, 1, 9, 257, 202, 318
    for number in (read, write, mmap, openat, futex, getrandom):
        assert judged(number) == "allowed"


def test_threads_can_be_started_and_processes_cannot() -> None:
    clone, clone3 = wall.CONDITIONAL["clone"][0], wall.CLONE3[0]
    assert judged(clone, 0x3D0F00) == "allowed"  # the flags of pthread_create
    assert judged(clone, 0x1200011) == "refused"  # those of fork
    assert judged(clone3) == "absent"


def test_signals_and_limits_are_a_process_own_affair() -> None:
    for name in ("kill", "tgkill", "prlimit64", "sched_setaffinity"):
        number = wall.CONDITIONAL[name][0]
        assert judged(number, 77) == "allowed", name
        assert judged(number, 1) == "refused", name
        assert judged(number, 0xFFFFFFFF) == "refused", name


def test_nothing_outlives_the_grader_by_its_own_wish() -> None:
    prctl, set_name = wall.CONDITIONAL["prctl"][0], 15
    assert judged(prctl, wall.PR_SET_PDEATHSIG) == "refused"
    assert judged(prctl, set_name) == "allowed"


def test_a_pair_of_streams_can_be_had_and_nothing_that_reaches_others() -> None:
    pair, send = wall.CONDITIONAL["socketpair"][0], wall.CONDITIONAL["sendto"][0]
    assert judged(pair, socket.AF_UNIX, socket.SOCK_STREAM | 0o2000000) == "allowed"
    assert judged(pair, socket.AF_UNIX, socket.SOCK_DGRAM) == "refused"
    assert judged(pair, socket.AF_INET, socket.SOCK_STREAM) == "refused"
    assert judged(send, 3, 0, 0, 0, 0) == "allowed"
    assert judged(send, 3, 0, 0, 0, 1 << 40) == "refused"


def test_calls_in_another_way_are_not_answered() -> None:
    assert judged(0x40000000 | 1) == "refused"
    code, which = wall.ARCHITECTURES["x86_64"]
    assert wall.seccomp_filter(code, which, 1)[1:3] == [
        (wall.EQUAL, 1, 0, code),
        (wall.RETURN, 0, 0, wall.KILL_PROCESS),
    ]


# What a right submission may do ------------------------------------------------------------

LAYER = """
import os, sys, tempfile, threading, warnings
from pathlib import Path
import numpy as np

class ReLULayer:
    def forward(self, x):
{body}
        return x
"""

HONEST = {
    "prints and warns": 'print("x" * 9000); warnings.warn("careful"); print("y", file=sys.stderr)',
    "reads a file of its own": 'assert (Path(__file__).parent / "data.txt").read_text() == "7"',
    "keeps a log where it runs": 'Path("log.txt").write_text("step 1")',
    "uses temporary files": "tempfile.TemporaryFile().write(b'1'); tempfile.mkdtemp()",
    "saves and loads arrays": 'np.save("w.npy", x); assert np.load("w.npy").shape == x.shape',
    "uses threads": (
        "t = [threading.Thread(target=np.dot, args=(x, x)) for _ in range(8)];"
        " [one.start() for one in t]; [one.join() for one in t]"
    ),
    "uses a pool of threads": (
        "from concurrent.futures import ThreadPoolExecutor;"
        " list(ThreadPoolExecutor(4).map(abs, range(9)))"
    ),
    "uses asyncio": "import asyncio; asyncio.run(asyncio.sleep(0))",
    "looks at the machine": "os.cpu_count(); os.getpid(); sys.platform; os.getcwd()",
    "imports much of the library": (
        "import dataclasses, functools, itertools, typing, collections, math, json, random,"
        " time, decimal, fractions, statistics, logging, argparse, copy, abc, enum, pickle,"
        " ctypes, sqlite3, zlib, lzma, bz2, hashlib, csv, heapq, struct, io, re, inspect"
    ),
}


@pytest.fixture
def scratch() -> Iterator[Path]:
    """As a grading makes it: other accounts can be let through."""
    with tempfile.TemporaryDirectory(prefix="byhand-") as folder:
        yield Path(folder)


def submission(folder: Path, body: str, level: str) -> tuple[Pool, Submission]:
    package = write_package(folder, init=LAYER.format(body=f"        {body}"))
    (package / "data.txt").write_text("7")
    wanted = at(level)
    assert wanted
    pool = Pool(folder, "student", LIMITS, wanted.level, ahead=1)
    return pool, pool.submission(LIMITS, Budget(60))


def ask(folder: Path, body: str, level: str) -> object:
    pool, one = submission(folder, body, level)
    try:
        return one.ReLULayer().forward(surroundings.np.ones(3))
    finally:
        one.end()
        pool.close()


@pytest.mark.parametrize("level", available())
@pytest.mark.parametrize("habit", HONEST)
def test_an_honest_habit_works_behind_every_wall(habit: str, level: str, scratch: Path) -> None:
    assert ask(scratch, HONEST[habit], level) is not None


@pytest.mark.parametrize("level", available())
def test_no_process_can_be_started(level: str, scratch: Path) -> None:
    with pytest.raises(Raised, match="not permitted"):
        ask(scratch, "os.fork()", level)


@pytest.mark.parametrize("level", available())
def test_a_disk_cannot_be_filled(level: str, scratch: Path) -> None:
    fill = (
        "[Path(str(i)).write_bytes(bytes(15_000_000)) for i in range(9)];"
        " import time; time.sleep(4)"
    )
    with pytest.raises((Died, Raised), match=r"64 MB|No space left"):
        ask(scratch, fill, level)


@pytest.mark.parametrize("level", available())
def test_threads_cannot_be_started_without_end(level: str, scratch: Path) -> None:
    start = (
        "import time; threading.stack_size(65536);"
        " [threading.Thread(target=time.sleep, args=(9,), daemon=True).start()"
        " for _ in range(3000)]; time.sleep(4)"
    )
    with pytest.raises((Died, Raised), match=r"512 threads|can't start new thread"):
        ask(scratch, start, level)


# The end ----------------------------------------------------------------------------------


def runs(pid: int) -> bool:
    try:
        return processes.fields(pid)[0] not in "ZX"
    except OSError:
        return False


def test_what_left_the_group_is_found_and_ended_where_processes_can_be_started(
    tmp_path: Path,
) -> None:
    body = (
        "\n        if os.fork() == 0:\n            os.setsid()\n            import time\n"
        "            time.sleep(60)\n        import time; time.sleep(0.2)"
    )
    write_package(tmp_path, init=LAYER.format(body=f"        pass{body}"))
    pool = Pool(tmp_path, "student", LIMITS, Level("none"), ahead=1)
    one = pool.submission(LIMITS, Budget(60))
    one.ReLULayer().forward(surroundings.np.ones(3))
    left = [pid for pid, values in processes.table() if int(values[processes.PARENT]) == one.pid]
    assert len(left) == 1
    one.end()
    pool.close()
    assert not runs(left[0])


def test_workers_end_with_a_grader_that_is_killed(tmp_path: Path) -> None:
    write_package(tmp_path, init="import time\nprint('busy')\nwhile True:\n    time.sleep(0.1)")
    program = (
        "import sys, time; from pathlib import Path\n"
        "from autograder.sandbox.isolation import best\n"
        "from autograder.sandbox.pool import Pool\n"
        "from autograder.syllabus import Limits\n"
        "limits = Limits(60, 60, 60, 60, 2048, 16)\n"
        "pool = Pool(Path(sys.argv[1]), 'student', limits, best().level)\n"
        "pool.prepare()\n"
        "for worker in pool.spare: worker.wait_until_ready()\n"
        "print(*[worker.pid for worker in pool.spare], flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as grader:
        assert grader.stdout
        workers = [int(word) for word in grader.stdout.readline().split()]
        assert workers and all(map(runs, workers))
        grader.kill()
    deadline = time.monotonic() + 10
    while any(map(runs, workers)):
        assert time.monotonic() < deadline, "workers are left"
        time.sleep(0.05)


def test_a_folder_that_is_very_deep_is_removed(tmp_path: Path) -> None:
    deep = tmp_path / "deep"
    deep.mkdir()
    here = os.getcwd()
    try:
        os.chdir(deep)
        for _ in range(1500):
            os.mkdir("d")
            os.chdir("d")
    finally:
        os.chdir(here)
    launch.remove(str(deep))
    assert not deep.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands out accounts")
def test_gradings_at_the_same_time_have_different_accounts() -> None:
    from autograder.sandbox.accounts import Account

    first, second = Account(), Account()
    assert first.uid != second.uid
    first.close()
    third = Account()
    assert third.uid == first.uid
    second.close()
    third.close()


@pytest.mark.skipif("uid" not in WALLS, reason="needs root, and a Python that others may run")
def test_a_copy_can_be_read_by_its_own_account_only(scratch: Path) -> None:
    write_package(scratch, init="")
    place = Place(Level("uid"), scratch)
    assert (scratch.stat().st_mode & 0o777, scratch.stat().st_gid) == (
        0o750,
        place.account.uid if place.account else 0,
    )
    place.close()


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no such sockets")
def test_the_name_of_a_temporary_folder_may_be_long(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    with isolation.canary(folder) as given, socket.socket(socket.AF_UNIX) as client:
        client.connect(given["local"])
