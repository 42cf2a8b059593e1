"""Where the jobs of a class run are done: in processes here, or by the workers of Dask.

An executor takes jobs as it has room for them, and gives back what became of each, in any
order, once. It keeps no more jobs than are being done, and knows nothing of marks.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, Protocol

from autograder.course.jobs import BROKEN, DONE, Done, Job, as_line, done_of
from autograder.errors import KitError

TICK = 0.5  # seconds between signs of life
FRESH = 50  # jobs of a process, before it makes room for a new one
WINDOW = 3  # jobs that a worker of Dask has waiting
ROOT = Path(__file__).resolve().parents[2]


class Executor(Protocol):
    """Does jobs."""

    def run(self, jobs: Iterable[Job]) -> Iterator[Done | None]:
        """What became of each job, as they end; None from time to time, while they do not."""


class Local:
    """Processes on this machine, each grading one submission at a time.

    Parameters
    ----------
    workers
        How many.
    limit
        Seconds after which a job is given up.
    """

    def __init__(self, workers: int, limit: float) -> None:
        self.workers, self.limit = workers, limit

    def run(self, jobs: Iterable[Job]) -> Iterator[Done | None]:
        waiting = iter(jobs)
        with contextlib.ExitStack() as stack:
            helpers = [stack.enter_context(Helper()) for _ in range(self.workers)]
            while True:
                for helper in helpers:
                    if helper.job is None and (job := next(waiting, None)):
                        helper.begin(job)
                busy = [helper for helper in helpers if helper.job]
                if not busy:
                    return
                ended = self.wait(busy)
                if ended:
                    yield from ended
                else:
                    yield None

    def wait(self, busy: list[Helper]) -> list[Done]:
        with selectors.DefaultSelector() as selector:
            for helper in busy:
                selector.register(helper.answers, selectors.EVENT_READ, helper)
            ready = [key.data for key, _ in selector.select(TICK)]
        ended = [helper.finish() for helper in ready]
        for helper in busy:
            if helper.job and time.monotonic() > helper.begun + self.limit:
                ended.append(helper.give_up(f"no result within {self.limit:.0f} seconds"))
        return ended


class Helper:
    """A process that does one job after another, and is replaced when it ends."""

    def __init__(self) -> None:
        self.job: Job | None = None
        self.begun, self.count = 0.0, 0
        self.start()

    def start(self) -> None:
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        self.said = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-m", "autograder.course.jobs"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.said,
            text=True,
            encoding="utf-8",
            env=environment,
        )
        assert self.process.stdin and self.process.stdout
        self.questions: IO[str] = self.process.stdin
        self.answers: IO[str] = self.process.stdout
        self.count = 0

    def begin(self, job: Job) -> None:
        if self.count == FRESH or self.process.poll() is not None:
            self.stop()
            self.start()
        self.job, self.begun, self.count = job, time.monotonic(), self.count + 1
        with contextlib.suppress(BrokenPipeError):  # then its answer is the end of the stream
            self.questions.write(as_line(job))
            self.questions.flush()

    def finish(self) -> Done:
        """The answer that has come, or that the process has ended without one."""
        line = self.answers.readline()
        if not line.endswith("\n"):
            code = self.process.wait()
            self.said.seek(0)
            said = self.said.read()[-1000:].decode(errors="replace").strip()
            return self.give_up(f"the process that grades has ended ({code}) {said}")
        self.job = None
        return done_of(line)

    def give_up(self, reason: str) -> Done:
        assert self.job
        done = Done(self.job.key, BROKEN, reason)
        self.job = None
        self.stop()
        self.start()
        return done

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.questions, self.answers, self.said):
            with contextlib.suppress(OSError):
                stream.close()

    def __enter__(self) -> Helper:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Dask:
    """The workers of a Dask cluster, which share a file system with this machine.

    A job writes its own result file, and what is on disk is not done again: so a worker
    that is lost costs time, and no result. Futures are released one by one; Dask would do
    finished jobs again that lay on a lost worker.
    """

    def __init__(self, address: str, patience: str = "20s") -> None:
        try:
            import distributed
        except ImportError as error:
            raise KitError(
                "--dask needs an extra; in the clone: pip install -e '.[dask]'"
            ) from error
        try:
            self.client: Any = distributed.Client(address, timeout=patience, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise KitError(f"no scheduler answers at {address}: {error}") from error

    def run(self, jobs: Iterable[Job]) -> Iterator[Done | None]:
        waiting = iter(jobs)
        held: dict[Any, str] = {}  # futures and the keys of their jobs: a window, not all
        try:
            while True:
                while len(held) < self.room() and (job := next(waiting, None)):
                    held[self.client.submit(in_own_process, job, pure=False)] = job.key
                if not held:
                    return
                yield from self.take(held)
        finally:
            self.client.close()

    def room(self) -> int:
        workers = self.client.scheduler_info(n_workers=-1)["workers"]
        return max(1, WINDOW * sum(worker["nthreads"] for worker in workers.values()))

    def take(self, held: dict[Any, str]) -> list[Done | None]:
        """What has ended since the last look, or None."""
        deadline = time.monotonic() + TICK
        while not (ended := [one for one in held if one.done()]):
            if time.monotonic() > deadline:
                return [None]
            time.sleep(0.02)
        found: list[Done | None] = []
        for future in ended:
            key = held.pop(future)
            try:
                found.append(future.result())
            except Exception as error:  # also that it killed the workers that tried it
                found.append(Done(key, BROKEN, f"{type(error).__name__}: {error}"))
            future.release()
        return found


def in_own_process(job: Job) -> Done:
    """Do a job in a child of a Dask worker: a fault there does not end the worker."""
    if not job.again and Path(job.target).exists():
        return do_again(job)
    for done in Local(1, limit=1e9).run([job]):
        if done:
            return done
    raise AssertionError("a job ends")


def do_again(job: Job) -> Done:
    """What a result says that is there already: the job was done by a worker that was lost."""
    import json

    result = json.loads(Path(job.target).read_text(encoding="utf-8"))
    seconds = result["seconds"]
    return Done(job.key, DONE, "", result["score"], result["max_score"], seconds)
