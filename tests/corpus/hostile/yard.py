"""The place in which hostile submissions are tried: all that they might want is here, and watched.

A yard is a folder with a home, a class, the grader's own files and folders that must stay as
they are; a process of the grader's; and ears: sockets of every kind. Secrets are *canaries*,
words that must not be found outside.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import io
import json
import os
import re
import resource
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from autograder.errors import IntakeError
from autograder.grading import grade
from autograder.reports.terminal import Terminal
from autograder.result import Result
from autograder.sandbox.isolation import at
from autograder.syllabus import Limits, Syllabus
from tests.corpus.hostile import Hostile
from tests.grading import cases_of

HERE = Path(__file__).parent
LIMITS = Limits(import_=2, call=1, task=3, submission=6, memory=400, file=16)
# The import is tried twice, a task that timed out once more; each worker has to start.
LONGEST = 2 * LIMITS.import_ + 2 * (LIMITS.import_ + LIMITS.task) + 2
PATIENCE = 1.5  # with a naive grader that is expected to wait for ever
SHARED = [Path(name) for name in ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue")]
IPC_KEY_FILE = "/proc/sysvipc"
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)

CONTROL_MODES = ("status", "pytest")  # judged by the exit status


@dataclass(frozen=True)
class Outcome:
    """What became of a submission, here or in a naive grader."""

    score: float
    text: str  # all that a person or a program is shown
    seconds: float = 0.0
    hung: bool = False
    passed: tuple[str, ...] = ()  # tasks
    result: Result | None = None


class Yard:
    """A watched place.

    Parameters
    ----------
    folder
        An empty folder of the test's own; others may look into it, as far as modes go.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = "byh" + secrets.token_hex(6)
        self.key = int(self.mark[3:10], 16)
        self.canaries = {
            kind: f"canary-{kind}-{secrets.token_hex(6)}"
            for kind in (
                *("home", "sibling", "grader", "solution", "environ", "memory", "cmdline"),
                *("held", "inbox", "stdin", "inherited", "working"),
            )
        }
        self.canaries["boast"] = f"canary-boast-{self.mark[3:]}"
        for name in ("home/.ssh", "class/alice", "class/bob/student", "grader", "site-packages"):
            (folder / name).mkdir(parents=True)
        for name in ("loot", "tmp", "inbox"):
            (folder / name).mkdir()
            (folder / name).chmod(0o777)
        folder.chmod(0o755)
        self.fill()
        self.listen()
        self.victim = Victim(self)
        self.before = self.snapshot()

    # What is there ---------------------------------------------------------------------

    def fill(self) -> None:
        canary = self.canaries
        x = np.array([[-2.0], [3.0], [-0.5], [1.5]])
        files = {
            "home/.netrc": f"password {canary['home']}\n",
            "home/.ssh/id_rsa": f"{canary['home']}\n",
            "home/working.txt": f"{canary['working']}\n",
            "class/bob/student/layers.py": f"# {canary['sibling']}\n",
            "class/bob/results.json": json.dumps({"score": 95}),
            "grader/secret.txt": canary["grader"],
            "grader/answers.py": f"SOLUTION = '{canary['solution']}'\n",
            "grader/gradebook.json": json.dumps({"alice": 0, "bob": 95}),
            "grader/compare.py": (
                "import numpy as np\n\n\n"
                "def same(got, x):\n"
                f"    # {canary['solution']}\n"
                "    return np.allclose(got, np.maximum(x, 0))\n"
            ),
            "grader/naive.py": (HERE / "naive.py").read_text(encoding="utf-8"),
            "site-packages/course.py": "",
            "inherited.txt": canary["inherited"],
            "stdin.txt": canary["stdin"],
        }
        for name, text in files.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        np.savez(self.folder / "grader/answers.npz", relu=np.maximum(x, 0))
        # A grader may have files open that a child would inherit.
        self.inherited = os.open(self.folder / "inherited.txt", os.O_RDONLY)
        os.set_inheritable(self.inherited, True)

    def listen(self) -> None:
        self.ears: dict[str, socket.socket] = {}
        unix = str(self.folder / "ear.sock")
        for name, family, kind, address in (
            ("TCP", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            ("TCP6", socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0)),
            ("UDP", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            ("UDP6", socket.AF_INET6, socket.SOCK_DGRAM, ("::1", 0)),
            ("UNIX", socket.AF_UNIX, socket.SOCK_STREAM, unix),
            ("ABSTRACT", socket.AF_UNIX, socket.SOCK_STREAM, f"\0{self.mark}"),
            ("DATAGRAM", socket.AF_UNIX, socket.SOCK_DGRAM, f"\0{self.mark}d"),
        ):
            with contextlib.suppress(OSError):  # no IPv6 here
                ear = socket.socket(family, kind)
                ear.bind(address)
                if kind == socket.SOCK_STREAM:
                    ear.listen(16)
                ear.setblocking(False)
                self.ears[name] = ear
        os.chmod(unix, 0o777)

    def addresses(self) -> dict[str, object]:
        """What an attack is told: it has all addresses and no secret."""
        ports = {
            name: ear.getsockname()[1] if ear.family != socket.AF_UNIX else ear.getsockname()
            for name, ear in self.ears.items()
        }
        for name in ("ABSTRACT", "DATAGRAM"):
            ports[name] = ports[name].decode()
        return {
            **dict.fromkeys(("TCP6", "UDP6"), 0),
            **ports,
            "YARD": str(self.folder),
            "HOME": str(self.folder / "home"),
            "SIBLING": str(self.folder / "class/bob"),
            "OWN": str(self.folder / "class/alice"),
            "GRADERS": str(self.folder / "grader"),
            "SITE": str(self.folder / "site-packages"),
            "LOOT": str(self.folder / "loot/found.txt"),
            "INBOX": str(self.folder / "inbox"),
            "TMP": str(self.folder / "tmp"),
            "MARK": self.mark,
            "KEY": self.key,
            "GRADER": os.getpid(),
            "VICTIM": self.victim.pid,
            "ADDRESS": self.victim.address,
            "HELD": self.victim.held,
        }

    def write(self, hostile: Hostile) -> Path:
        """Put the submission into the class; the folder that holds it."""
        home = self.folder / "class/alice"
        package = home / "student"
        package.mkdir()
        constants = "".join(f"{name} = {value!r}\n" for name, value in self.addresses().items())
        inside = constants + (HERE / "inside.py").read_text(encoding="utf-8")
        for name, text in {**hostile.sources(), "inside.py": inside}.items():
            path = Path(os.path.normpath(package / name))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        self.before = self.snapshot()
        return home

    # Trying ------------------------------------------------------------------------------

    @contextlib.contextmanager
    def in_class(self, home: Path) -> Iterator[dict[str, str]]:
        """A grader's environment: a token in it, a home, scratch folders in the yard."""
        extra = {"HOME": str(self.folder / "home"), "TOKEN": self.canaries["environ"]}
        saved, old = dict(os.environ), tempfile.tempdir
        os.environ.update(extra)
        tempfile.tempdir = str(self.folder / "tmp")
        try:
            yield {**os.environ, "PYTHONPATH": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
        finally:
            tempfile.tempdir = old
            os.environ.clear()
            os.environ.update(saved)

    def grade(self, hostile: Hostile, level: str) -> Outcome:
        """Grade the submission as the kit does."""
        home = self.write(hostile)
        syllabus = with_limits(Syllabus.load(), LIMITS)
        tasks = syllabus.select(hostile.tasks)
        started = time.monotonic()
        try:
            with self.in_class(home):
                for _ in range(2 if hostile.twice else 1):
                    result = grade(home, cases_of(), syllabus, tasks, isolation=at(level))
        except IntakeError as error:  # it is refused, in words
            return Outcome(0, str(error), time.monotonic() - started)
        seconds = time.monotonic() - started
        stream = io.StringIO()
        report = Terminal(stream)
        for task in result.tasks:
            report.done(task)
        report.result(result)
        return Outcome(
            result.score or 0,
            stream.getvalue() + "\n" + result.to_json(),
            seconds,
            passed=tuple(task.id for task in result.tasks if task.status == "passed"),
            result=result,
        )

    def grade_naively(self, hostile: Hostile) -> Outcome:
        """Grade the submission as it should not be done."""
        home = self.write(hostile)
        if hostile.naive == "pytest":
            shutil.copy(HERE / "naive_pytest.py", home / "test_relu.py")
            command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        else:
            command = [sys.executable, str(self.folder / "grader/naive.py"), hostile.naive]
        self.before = self.snapshot()
        hung = False
        output = self.folder / "output.txt"
        with self.in_class(home) as environment:
            for _ in range(2 if hostile.twice else 1):
                with output.open("wb") as sink, (self.folder / "stdin.txt").open("rb") as source:
                    process = subprocess.Popen(
                        command,
                        cwd=home,
                        env=environment,
                        stdin=source,
                        stdout=sink,
                        stderr=subprocess.STDOUT,
                        start_new_session=True,
                        close_fds=False,
                    )
                    try:
                        process.wait(PATIENCE if "in time" in hostile.holds else 20)
                    except subprocess.TimeoutExpired:
                        hung = True
                        os.killpg(process.pid, signal.SIGKILL)
                        process.wait()
        text = output.read_bytes().decode("utf-8", "surrogateescape")
        output.unlink()
        score, passed = 0.0, ()
        if hostile.naive in CONTROL_MODES:
            score = 100.0 if process.returncode == 0 else 0.0
        else:
            results = home / "results.json"
            with contextlib.suppress(OSError, ValueError, KeyError):
                text += results.read_text()
                score = json.loads(results.read_text())["score"]
                passed = ("relu.backward",)  # it lived on, and would have come to other tasks
        (home / "results.json").unlink(missing_ok=True)
        return Outcome(score, text, hung=hung, passed=passed)

    # What must hold ----------------------------------------------------------------------

    def broken(self, promise: str, outcome: Outcome) -> str:
        """In what way a promise was not kept; empty when it was."""
        return getattr(self, "_" + promise.replace(" ", "_"))(outcome)

    def _no_points(self, outcome: Outcome) -> str:
        return f"{outcome.score:g} points" if outcome.score else ""

    def _in_time(self, outcome: Outcome) -> str:
        late = outcome.hung or outcome.seconds > LONGEST
        return f"it took {outcome.seconds:.1f} s" if late else ""

    def _short(self, outcome: Outcome) -> str:
        return f"{len(outcome.text)} characters" if len(outcome.text) > 200_000 else ""

    def _clean(self, outcome: Outcome) -> str:
        found = UNSEEN.findall(outcome.text)
        if found:
            return f"raw characters: {sorted(set(found))}"
        # What a student said is indented: at the margin, it would be ours, or a command.
        forged = re.findall(r"^(?:::|##\[|FORGED|[=+@-]HYPERLINK|<script).*", outcome.text, re.M)
        return f"at the margin: {forged[0]}" if forged else ""

    def _secret(self, outcome: Outcome) -> str:
        came = [name for name in self.came_out(outcome) if name != "boast"]
        return f"canaries came out: {came}" if came else ""

    def _no_gain(self, outcome: Outcome) -> str:
        return "it says that it succeeded" if "boast" in self.came_out(outcome) else ""

    def came_out(self, outcome: Outcome) -> list[str]:
        everything = outcome.text + self.heard() + self.loot()
        return [name for name, word in self.canaries.items() if word in everything]

    def _unharmed(self, outcome: Outcome) -> str:
        return self.victim.harm()

    def _untouched(self, outcome: Outcome) -> str:
        after = self.snapshot()
        names = sorted(self.before.items() ^ after.items())
        return f"changed: {sorted({name for name, _ in names})[:5]}" if names else ""

    def _silence(self, outcome: Outcome) -> str:
        heard = self.heard()
        return f"heard {heard[:200]!r}" if heard else ""

    def _gone(self, outcome: Outcome) -> str:
        time.sleep(0.05)
        left = self.survivors()
        return f"{len(left)} processes are left" if left else ""

    def _neighbours(self, outcome: Outcome) -> str:
        return "" if "relu.backward" in outcome.passed else "relu.backward has lost its points"

    # Watching ----------------------------------------------------------------------------

    def snapshot(self) -> dict[str, tuple[object, ...]]:
        """What must stay as it is: files of the yard, names and shared memory of the system."""
        seen: dict[str, tuple[object, ...]] = {}
        for path in paths_below(self.folder):
            name = path.relative_to(self.folder).as_posix()
            if name.split("/")[0] in ("loot", "inbox", "output.txt"):
                continue
            if name in ("class/alice/results.json",):
                continue
            try:
                kind = path.lstat()
                attributes = [
                    (one, os.getxattr(path, one, follow_symlinks=False))
                    for one in os.listxattr(path, follow_symlinks=False)
                ]
                content = b""
                if stat.S_ISREG(kind.st_mode):
                    content = path.read_bytes()
                    attributes.append(("flags", flags_of(path)))
            except OSError:
                continue
            times = kind.st_mtime_ns if stat.S_ISREG(kind.st_mode) else 0
            seen[name] = (kind.st_mode, kind.st_uid, times, kind.st_nlink, content, *attributes)
        for folder in SHARED:
            with contextlib.suppress(OSError):
                for path in os.listdir(folder):
                    if self.mark in path:
                        seen[f"{folder}/{path}"] = ()
        for kind in ("shm", "sem", "msg"):
            with contextlib.suppress(OSError):
                for line in (Path(IPC_KEY_FILE) / kind).read_text().splitlines()[1:]:
                    if line.split()[0] == str(self.key):
                        seen[f"System V {kind}"] = ()
        return seen

    def heard(self) -> str:
        """What came to any ear, and forget it."""
        words = []
        for name, ear in self.ears.items():
            with contextlib.suppress(BlockingIOError):
                while True:
                    if ear.type == socket.SOCK_STREAM:
                        connection, _ = ear.accept()
                        connection.settimeout(0.05)
                        with contextlib.suppress(OSError), connection:
                            words.append(f"{name} ")
                            words.append(connection.recv(10_000).decode(errors="replace"))
                    else:
                        words.append(f"{name} " + ear.recv(10_000).decode(errors="replace"))
        return "".join(words)

    def loot(self) -> str:
        found = (path.read_bytes() for path in (self.folder / "loot").iterdir())
        return b"".join(found).decode(errors="replace")

    def survivors(self) -> list[int]:
        """Processes that bear the mark."""
        found = []
        for entry in os.scandir("/proc"):
            if entry.name.isdigit() and int(entry.name) not in (os.getpid(), self.victim.pid):
                with contextlib.suppress(OSError):
                    name = Path(entry.path, "comm").read_text()
                    line = Path(entry.path, "cmdline").read_bytes().decode(errors="replace")
                    state = Path(entry.path, "stat").read_text().rpartition(")")[2].split()[0]
                    if (self.mark in name or self.mark in line) and state not in "ZX":
                        found.append(int(entry.name))
        return found

    # Cleaning ------------------------------------------------------------------------------

    def clean(self) -> None:
        """Take everything away that a submission may have left, for the next one."""
        for _ in range(5):
            for pid in self.survivors():
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
        self.heard()
        for name in ("class/alice", "loot", "tmp"):
            remove(self.folder / name)
            (self.folder / name).mkdir()
            (self.folder / name).chmod(0o777 if name != "class/alice" else 0o755)
        for folder in SHARED:
            with contextlib.suppress(OSError):
                for path in os.listdir(folder):
                    if self.mark in path:
                        remove(Path(folder, path))
        libc = ctypes.CDLL(None)
        for get, control, extra in (
            (libc.shmget, libc.shmctl, [0]),
            (libc.semget, libc.semctl, [0]),
            (libc.msgget, libc.msgctl, []),
        ):
            number = get(self.key, *extra, 0)
            if number >= 0:
                control(*([number, 0, 0, 0] if get is libc.semget else [number, 0, 0]))
        after = self.snapshot()
        mine = ("class/alice", "tmp", "/")
        spoilt = [
            name for name, _ in self.before.items() ^ after.items() if not name.startswith(mine)
        ]
        if spoilt:
            for name in ("home", "class/bob", "grader", "site-packages"):
                remove(self.folder / name)
                (self.folder / name).mkdir(parents=True)
            (self.folder / "home/.ssh").mkdir()
            (self.folder / "class/bob/student").mkdir()
            os.close(self.inherited)
            self.fill()
        if spoilt or self.victim.harm():
            self.victim.end()
            self.victim = Victim(self)
        self.before = self.snapshot()

    def close(self) -> None:
        self.clean()
        self.victim.end()
        for ear in self.ears.values():
            ear.close()
        os.close(self.inherited)
        remove(self.folder)


class Victim:
    """A process of the grader's, as it was when it started."""

    def __init__(self, yard: Yard) -> None:
        self.yard = yard
        held = yard.folder / "home" / "held.txt"
        held.write_text(yard.canaries["held"])
        arguments = [str(yard.folder / "inbox"), str(held), yard.canaries["inbox"]]
        self.process = subprocess.Popen(
            [sys.executable, "-S", str(HERE / "victim.py"), *arguments, yard.canaries["cmdline"]],
            cwd=yard.folder / "home",
            env={"TOKEN": yard.canaries["environ"]},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(yard.canaries["memory"] + "\n")
        self.process.stdin.flush()
        self.address, self.held = map(int, self.process.stdout.readline().split())
        self.pid = self.process.pid
        self.first = self.state()

    def state(self) -> dict[str, object]:
        """What others could change about it."""
        with open(f"/proc/{self.pid}/mem", "rb") as memory:
            memory.seek(self.address)
            word = memory.read(len(self.yard.canaries["memory"]))
        return {
            "memory": word,
            "priority": os.getpriority(os.PRIO_PROCESS, self.pid),
            "scheduler": os.sched_getscheduler(self.pid),
            "processors": os.sched_getaffinity(self.pid),
            "files": resource.prlimit(self.pid, resource.RLIMIT_NOFILE),
            "core": resource.prlimit(self.pid, resource.RLIMIT_CORE),
            "io": ctypes.CDLL(None).syscall(
                ctypes.c_long(31 if os.uname().machine == "aarch64" else 252), 1, self.pid
            ),
            "oom": Path(f"/proc/{self.pid}/oom_score_adj").read_text(),
            "group": os.getpgid(self.pid),
        }

    def harm(self) -> str:
        """What is wrong with it; empty when nothing is."""
        time.sleep(0.02)
        if self.process.poll() is not None:
            return f"it ended with {self.process.returncode}"
        status = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        if status in "Tt":
            return "it was stopped"
        state = self.state()
        changed = [name for name, value in state.items() if value != self.first[name]]
        return f"changed: {changed}" if changed else ""

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()


def flags_of(path: Path) -> bytes:
    """The flags of a file that file systems of Linux keep: that it cannot be changed, say."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        return fcntl.ioctl(file, 0x80086601, b"\0" * 8)
    return b""


def paths_below(folder: Path, depth: int = 12) -> Iterator[Path]:
    """All paths in a folder, but for those that lie absurdly deep."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            yield path
            if depth and path.is_dir() and not path.is_symlink():
                yield from paths_below(path, depth - 1)


def remove(path: Path) -> None:
    """Remove a file or a tree, however deep, whatever its modes are."""
    if shutil.which("chattr"):  # as root, a file can have been made unchangeable
        command = ["chattr", "-R", "-f", "-i", "-a", str(path)]
        subprocess.run(command, stderr=subprocess.DEVNULL, check=False)
    subprocess.run(["chmod", "-R", "u+rwX", str(path)], stderr=subprocess.DEVNULL, check=False)
    subprocess.run(["rm", "-rf", str(path)], check=True)


def with_limits(syllabus: Syllabus, limits: Limits) -> Syllabus:
    """The syllabus with limits that let a test be quick."""
    tasks = tuple(replace(task, limits=limits) for task in syllabus.tasks)
    return replace(syllabus, tasks=tasks, limits=limits)
