"""Starts a worker, exchanges frames with it, ends it.

One exchange is one question, one answer and one absolute deadline, in one loop that
writes the question, reads the answer and drains what the submission prints, all
without blocking. Whatever goes wrong ends the worker: a process that broke a rule or a
limit cannot be trusted to go on.
"""

from __future__ import annotations

import selectors
import signal
import socket
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from autograder.sandbox import frames, worker
from autograder.sandbox.launch import START_LIMIT, Place
from autograder.sandbox.problems import Died, GraderBroken, TimedOut
from autograder.syllabus import Limits

CHUNK = 1 << 20  # bytes that are sent or taken in at a time, at most
PIECE = 1 << 16
LOOK = 0.25  # seconds between looks at what no limit of the kernel bounds
BUFFER = 1 << 20  # of the socket: fewer turns between the processes
NOISE_KEPT = 64  # chunks of what is printed; the rest is only counted


class Worker:
    """A process that holds one copy of a submission.

    Parameters
    ----------
    place
        Where it runs, and behind which wall.
    package
        The submission's import name.
    limits
        Of memory, files and time.
    first
        A question that is asked at once; its answer is fetched by `first_answer`, so that
        the worker is busy with it while others are talked to.
    """

    def __init__(
        self, place: Place, package: str, limits: Limits, first: dict[str, Any] | None = None
    ) -> None:
        self.number = 0
        self.printed = 0  # bytes
        self.noise: deque[bytes] = deque(maxlen=NOISE_KEPT)
        self.alive = True
        self.ready = self.writing = False
        self.process, self.channel, self.listener = place.start(
            worker, {"package": package}, limits
        )
        self.selector = selectors.DefaultSelector()
        for ours in (self.channel, self.listener):
            ours.setblocking(False)
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
            self.selector.register(ours, selectors.EVENT_READ)

        if first is not None:
            self.number = 1
            for part in frames.pack(1, first, []):  # smaller than the socket's buffer
                self.channel.sendall(part)

    def first_answer(self, limit: int, seconds: float) -> tuple[dict[str, Any], bytearray]:
        """The answer to the question that was asked at the start."""
        self.wait_until_ready()
        return self._answer([], 1, limit, seconds)

    def wait_until_ready(self) -> None:
        """Wait for the worker's first frame; limits of the submission start after it."""
        if self.ready:
            return
        try:
            self._answer([], 0, 1 << 16, START_LIMIT)
        except (Died, TimedOut) as problem:
            printed = b"".join(self.noise).decode(errors="replace").strip()[-1000:]
            raise GraderBroken(f"a worker could not be started: {problem}\n{printed}") from problem
        self.ready = True

    def exchange(
        self,
        header: dict[str, Any],
        payloads: Sequence[Any] = (),
        *,
        limit: int,
        seconds: float,
    ) -> tuple[dict[str, Any], bytearray]:
        """Ask one question and wait for its answer.

        Parameters
        ----------
        header, payloads
            The question.
        limit
            The largest payload, in bytes, that an answer can legally have.
        seconds
            Until the deadline.

        Raises
        ------
        TimedOut, Died
            The worker is gone afterwards.
        """
        if not self.alive:
            raise Died("the submission's process had ended before this call")
        self.wait_until_ready()
        self.number += 1
        question = frames.pack(self.number, header, payloads)
        return self._answer(question, self.number, limit, seconds)

    def _answer(
        self,
        question: list[Any],
        number: int,
        limit: int,
        seconds: float,
    ) -> tuple[dict[str, Any], bytearray]:
        looked = time.monotonic()
        deadline = looked + seconds
        pending = deque(memoryview(part).cast("B") for part in question if memoryview(part).nbytes)
        incoming = Incoming(number, limit)
        self._send(pending)
        while True:
            self._watch(writing=bool(pending))
            left = deadline - time.monotonic()
            # One look more after the deadline: it may be us who slept, with the answer there.
            for key, events in self.selector.select(min(max(left, 0), LOOK)):
                if key.fileobj is self.listener:
                    self._drain()
                    continue
                if events & selectors.EVENT_WRITE and pending:
                    self._send(pending)
                if events & selectors.EVENT_READ:
                    try:
                        complete = self._receive(incoming)
                        if complete and pending:
                            raise frames.BadFrame("it came before the question was read")
                    except frames.BadFrame as error:
                        self.end()
                        raise Died(
                            f"the submission wrote to the grader's channel: {error}"
                        ) from error
                    if complete:
                        return incoming.header, incoming.payload
            if number and time.monotonic() > looked + LOOK:
                looked = time.monotonic()
                if fault := self.process.overdone():
                    self.end()
                    raise Died(fault)
            if left <= 0:
                self.end()
                raise TimedOut(f"no answer within {seconds:.3g} seconds")

    def _watch(self, writing: bool) -> None:
        if writing != self.writing:
            self.writing = writing
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if writing else 0)
            self.selector.modify(self.channel, events)

    def _send(self, pending: deque[memoryview]) -> None:
        """Write as much as the socket takes."""
        while pending:
            try:
                sent = self.channel.send(pending[0][:CHUNK])
            except (BrokenPipeError, ConnectionError):
                pending.clear()  # the end is seen, and told, by the reading side
                return
            except BlockingIOError:
                return
            if sent == len(pending[0]):
                pending.popleft()
            else:
                pending[0] = pending[0][sent:]

    def _receive(self, incoming: Incoming) -> bool:
        try:
            data = self.channel.recv(incoming.room)
        except BlockingIOError:
            return False
        except ConnectionError:
            data = b""
        if not data:
            raise Died(self._last_words())
        return incoming.feed(data)

    def _drain(self) -> None:
        try:
            data = self.listener.recv(CHUNK)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        if not data:
            self.selector.unregister(self.listener)
            return
        self.printed += len(data)
        self.noise.append(data[:1024])

    def _last_words(self) -> str:
        """Why the process ended, as far as its exit status tells."""
        code = self.process.exit_code(0.5)
        self.end()
        if code is None:
            return "the submission closed its connection to the grader"
        if code < 0:
            try:
                name = signal.Signals(-code).name
            except ValueError:
                name = f"signal {-code}"
            return f"the submission's process was ended by {name}"
        return f"the submission ended its own process (exit status {code})"

    @property
    def pid(self) -> int:
        return self.process.pid

    def end(self) -> None:
        """Kill the process and what it started, then close our ends. Nothing is waited for."""
        if not self.alive:
            return
        self.alive = False
        self.process.kill()
        self.selector.close()
        self.channel.close()
        self.listener.close()


class Incoming:
    """An answer as it arrives: memory follows the bytes that came, not those announced."""

    def __init__(self, number: int, limit: int) -> None:
        self.number, self.limit = number, limit
        self.data = bytearray()
        self.lengths: tuple[int, int] | None = None
        self.header: dict[str, Any] = {}
        self.payload = bytearray()

    @property
    def wanted(self) -> int:
        """How many bytes are missing, as far as is known."""
        whole = frames.PREFIX.size + sum(self.lengths or ())
        return whole - len(self.data)

    @property
    def room(self) -> int:
        """How many bytes to take in at once.

        More than is wanted, so that most answers come in one piece, and what follows them is
        seen; but the first frame, which the answer to a question may follow, is read exactly.
        """
        return min(max(self.wanted + 1, PIECE) if self.number else self.wanted, CHUNK)

    def feed(self, data: bytes) -> bool:
        """Take bytes in; true when the frame is complete."""
        self.data += data
        size = frames.PREFIX.size
        if self.lengths is None and len(self.data) >= size:
            self.lengths = frames.read_prefix(self.data[:size], self.number, self.limit)
        if self.lengths is None or self.wanted > 0:
            return False
        if self.wanted < 0:
            raise frames.BadFrame("more came than one answer")
        self.header = frames.read_header(self.data[size : size + self.lengths[0]])
        self.payload = self.data[size + self.lengths[0] :]
        return True
