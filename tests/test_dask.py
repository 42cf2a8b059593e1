"""A class that is graded by the workers of a Dask cluster, one of which is killed."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.course import class_run, jobs
from autograder.course.class_run import Choice, Plan
from autograder.course.executors import Dask
from autograder.course.folder import OutFolder
from autograder.errors import KitError
from autograder.sandbox.isolation import best
from autograder.syllabus import Syllabus
from tests.corpus.wrong import package
from tests.test_class_run import Nobody

COUNT = 8


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    """The address of a scheduler without workers."""
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0"]
    command += ["--no-dashboard", "--host", "127.0.0.1"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stderr
        for line in process.stderr:
            if found := re.search(r"Scheduler at:\s*(tcp://\S+)", line):
                yield found[1]
                break
        process.kill()


def worker(address: str, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "distributed.cli.dask_worker", address]
    command += ["--nthreads", "1", "--no-dashboard", "--no-nanny"]
    folder.mkdir()
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def test_a_worker_that_is_lost_costs_no_result(tmp_path: Path, scheduler: str) -> None:
    syllabus = Syllabus.load()
    plan = Plan(syllabus, syllabus.select(["relu.forward"]), best())
    for index in range(COUNT):
        change = ("return np.maximum(x, 0)", f"return np.maximum(x, 0)  # {index}")
        package(tmp_path / "class" / f"student{index}", {"layers.py": change})
    out, watcher = OutFolder(tmp_path / "out"), Nobody()
    entries, _ = class_run.enter(tmp_path / "class", out.path, None, plan, watcher)
    workers = [worker(scheduler, tmp_path / f"worker{index}") for index in range(2)]

    class Killing(Dask):
        """Loses a worker after some results, while it is busy."""

        def take(self, held):  # type: ignore[no-untyped-def]
            if len(watcher.heard) == COUNT // 3:
                workers[0].send_signal(signal.SIGKILL)
            return super().take(held)

    try:
        class_run.grade(entries, out, plan, Choice(), Killing(scheduler), watcher)
    finally:
        for process in workers:
            process.kill()
            process.wait()
    assert [done.state for done in watcher.heard] == [jobs.DONE] * COUNT
    assert len({done.key for done in watcher.heard}) == COUNT
    assert all(out.load(entry.key)["score"] == 2 for entry in entries)


def test_a_scheduler_that_does_not_answer_is_told() -> None:
    with pytest.raises(KitError, match=r"no scheduler answers at tcp://127\.0\.0\.1:9"):
        Dask("tcp://127.0.0.1:9", patience="1s")
