"""Proxies: a submission that lives in a worker, used as if it were here.

    layer = submission.ConvolutionLayer(1, 4, 5, 5)
    layer.weight = weight
    out = layer.forward(x)

Calls and attributes become questions, arrays come back as plain read-only arrays, and
everything else raises a `Problem`. The names are those of the submission's contract;
nothing here knows what a right answer is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograder.intake import NAMES
from autograder.sandbox import frames
from autograder.sandbox.local import LocalWorker
from autograder.sandbox.problems import Died, Frame, NotNumbers, Raised, TimedOut
from autograder.sandbox.process import Worker
from autograder.syllabus import Limits

IMPORT = {"ask": "import", "names": list(NAMES)}  # what a worker is asked first
METHODS = frozenset({"forward", "backward", "update", "train", "test", "predict"})
ANSWER_LIMIT = 32 << 20  # bytes; no answer to a check is larger


class Budget:
    """The time that is left to a task, and to the whole submission, across workers."""

    def __init__(self, seconds: float, parent: Budget | None = None) -> None:
        self.left = seconds
        self.parent = parent

    def remaining(self) -> float:
        return min(self.left, self.parent.remaining()) if self.parent else self.left

    def spend(self, seconds: float) -> None:
        self.left -= seconds
        if self.parent:
            self.parent.spend(seconds)


class Submission:
    """A submission in a worker of its own.

    Parameters
    ----------
    worker
        Ready or starting; it belongs to this object from now on.
    limits
        Of the task that asks.
    budget
        What is left of the task's time.
    """

    def __init__(self, worker: Worker | LocalWorker, limits: Limits, budget: Budget) -> None:
        self._worker, self._limits, self._budget = worker, limits, budget
        self.names: frozenset[str] = frozenset()
        self.forgiven = False  # its forward is wrong by a mistake that is known
        self._keys = 0
        self.fragile = False  # its forward is known to end or to hang the process

    def __getattr__(self, name: str) -> Any:
        if name not in NAMES:
            raise AttributeError(name)
        return lambda *args: self._construct(name, args)

    @property
    def alive(self) -> bool:
        return self._worker.alive

    @property
    def pid(self) -> int:
        return self._worker.pid

    def assign(self, limits: Limits, budget: Budget) -> None:
        """Put it under the limits of another task, before its first question."""
        self._limits, self._budget = limits, budget

    def end(self) -> None:
        self._worker.end()

    def load(self) -> None:
        """Import the package.

        Raises
        ------
        Problem
            It cannot be imported.
        """
        header = self._exchange(None, (), "import", self._limits.import_)[0]
        found = header.get("names")
        if not isinstance(found, list):
            raise Died("the submission wrote to the grader's channel: no list of names")
        self.names = frozenset(name for name in NAMES if name in found)

    def splint(self, names: Sequence[str]) -> None:
        """Make the answers of these layer classes fit in shape; see the worker."""
        self._ask({"ask": "splint", "names": list(names)}, (), "the layers")

    def array(self, value: np.ndarray) -> RemoteArray:
        """An array for the worker, where several calls get the very same object."""
        self._keys += 1
        return RemoteArray(self, key=self._keys, value=value)

    def chain(self, layers: Sequence[RemoteObject], x: RemoteArray) -> Any:
        """What the layers' forwards give, one after the other; nothing of it is kept."""
        question = {"ask": "chain", "name": "forward", "targets": [one._held for one in layers]}
        return number_array(self._ask(question, (x,), "forward of your layers"), "your layers")

    def bare(self, name: str) -> RemoteObject:
        """An instance of a class whose `__init__` was not run."""
        held = self._keep({"ask": "bare", "name": name}, (), name)
        return RemoteObject(self, held, name)

    def _keep(self, question: dict[str, Any], args: Sequence[Any], call: str) -> int:
        """Ask for something that stays in the worker; where it lies there."""
        held = self._ask(question | {"keep": True}, args, call)
        if type(held) is not int:
            self._worker.end()
            raise Died("the submission wrote to the grader's channel: no reference")
        return held

    def _construct(self, name: str, args: tuple[Any, ...]) -> RemoteObject:
        call = f"{name}({', '.join(map(str, args))})"
        held = self._keep({"ask": "new", "name": name}, args, call)
        return RemoteObject(self, held, call)

    # Questions and answers ---------------------------------------------------------------

    def _ask(self, question: dict[str, Any], args: Sequence[Any], call: str) -> Any:
        """Ask for one value."""
        values = self._ask_all(question, args, call)
        if len(values) != 1:
            raise Died("the submission wrote to the grader's channel: not one answer")
        return values[0]

    def _ask_all(self, question: dict[str, Any], args: Sequence[Any], call: str) -> list[Any]:
        described, payloads = self._encode(list(args))
        question |= {"args": described["items"], "limit": ANSWER_LIMIT}
        header, payload = self._exchange(question, payloads, call, self._limits.call)
        return self._values(header, payload, call)

    def _values(self, header: dict[str, Any], payload: bytearray, call: str) -> list[Any]:
        """The values of an answer."""
        try:
            values = frames.read_arrays(header.get("values"), payload)
        except frames.BadFrame as error:
            self._worker.end()
            raise Died(f"the submission wrote to the grader's channel: {error}") from error
        return [self._receive(kind, value, call) for kind, value in values]

    def _encode(self, value: Any) -> tuple[dict[str, Any], list[Any]]:
        if isinstance(value, RemoteArray):
            return value._encode()
        if isinstance(value, RemoteObject):
            return {"kind": "held", "id": value._held}, []
        if isinstance(value, list):
            entries, buffers = [], []
            for item in value:
                entry, parts = self._encode(item)
                entries.append(entry)
                buffers += parts
            return {"kind": "list", "items": entries}, buffers
        if isinstance(value, np.ndarray):
            return encode_array(value)
        return {"kind": "plain", "value": value}, []

    def _receive(self, kind: str, value: Any, call: str) -> Any:
        if kind == "none":
            return None
        if kind == "other":
            held, text = value
            return RemoteObject(self, held, call, text)
        return value

    def _exchange(
        self, question: dict[str, Any] | None, payloads: Sequence[Any], call: str, limit: float
    ) -> tuple[dict[str, Any], bytearray]:
        self._worker.wait_until_ready()
        with self._timed(call, limit) as seconds:
            if question is None:
                header, payload = self._worker.first_answer(frames.MAX_HEADER, seconds)
            else:
                header, payload = self._worker.exchange(
                    question, payloads, limit=ANSWER_LIMIT, seconds=seconds
                )
        if "error" in header:
            raise self._raised(header["error"], call)
        return header, payload

    def _begin(self, question: dict[str, Any], args: Sequence[Any], call: str) -> Callable[[], Any]:
        """Ask for one value; the function that is returned waits for it."""
        described, payloads = self._encode(list(args))
        question |= {"args": described["items"], "limit": ANSWER_LIMIT}
        self._worker.wait_until_ready()
        end = time.monotonic() + self._limits.call
        with self._timed(call, self._limits.call) as seconds:
            self._worker.begin(question, payloads, seconds)

        def finish() -> Any:
            # What came in time may be fetched late: whoever asked was busy elsewhere.
            with self._timed(call, max(end - time.monotonic(), 1.0)) as seconds:
                header, payload = self._worker.finish(ANSWER_LIMIT, seconds)
            if "error" in header:
                raise self._raised(header["error"], call)
            values = self._values(header, payload, call)
            if len(values) != 1:
                raise Died("the submission wrote to the grader's channel: not one answer")
            return values[0]

        return finish

    @contextmanager
    def _timed(self, call: str, limit: float) -> Iterator[float]:
        """The seconds that a call may take; what it took is taken from the budget."""
        seconds = min(limit, self._budget.remaining())
        if seconds <= 0:
            self.end()
            raise TimedOut(f"the time for this task was used up before {call}")
        started = time.monotonic()
        try:
            yield seconds
        except TimedOut as problem:
            raise TimedOut(f"{call} gave {problem}") from None
        except Died as problem:
            raise Died(f"{problem}\n  in the call {call}") from None
        finally:
            self._budget.spend(time.monotonic() - started)

    def _raised(self, error: Any, call: str) -> Raised:
        """The exception that an answer describes, every field of it checked."""
        try:
            if not isinstance(error, dict):
                raise frames.BadFrame("an error is not described")
            raw = error.get("frames")
            kinds = error.get("types")
            if not isinstance(raw, list) or len(raw) > 64 or not isinstance(kinds, list):
                raise frames.BadFrame("an error has no traceback")
            lines = []
            for entry in raw:
                if not isinstance(entry, list) or len(entry) != 3:
                    raise frames.BadFrame("an error has no traceback")
                file, line, function = entry
                lines.append(
                    Frame(
                        frames.text(file, 300),
                        frames.integer(line, 1 << 31),
                        frames.text(function, 300),
                    )
                )
            return Raised(
                call,
                frames.text(error.get("type"), 300),
                tuple(frames.text(kind, 300) for kind in kinds[:32]),
                frames.text(error.get("message"), 4000),
                tuple(lines),
                frames.text(error.get("text"), 1000),
            )
        except frames.BadFrame as problem:
            self._worker.end()
            raise Died(f"the submission wrote to the grader's channel: {problem}") from problem


def encode_array(value: np.ndarray) -> tuple[dict[str, Any], list[Any]]:
    """How an array is described in a question, and its bytes."""
    array = np.ascontiguousarray(value).reshape(value.shape)
    entry = {"kind": "array", "dtype": array.dtype.str, "shape": list(array.shape)}
    return entry, [array.reshape(-1).view(np.uint8).data] if array.size else []


class RemoteArray:
    """An array in the worker: one that is sent at its first use, or one that stayed there.

    Parameters
    ----------
    key, value
        Of an array that is sent.
    held
        Where an answer lies that was left in the worker.
    """

    def __init__(
        self,
        submission: Submission,
        *,
        key: int | None = None,
        value: np.ndarray | None = None,
        held: int | None = None,
    ) -> None:
        self._submission, self._key, self._held, self.sent = submission, key, held, value
        self._there = key is None

    def _encode(self) -> tuple[dict[str, Any], list[Any]]:
        if self._key is None:
            return {"kind": "held", "id": self._held}, []
        if self._there or self.sent is None:
            return {"kind": "stored", "key": self._key}, []
        self._there = True
        entry, buffers = encode_array(self.sent)
        return entry | {"key": self._key}, buffers

    def read(self) -> Any:
        """What it holds now."""
        value = self._submission._ask({"ask": "read"}, (self,), "the array")
        return number_array(value, "the array")

    def restore(self) -> None:
        """Give it back the contents that were sent, at its next use; it stays the same object."""
        self._there = False


class RemoteObject:
    """An object of the submission: methods of the contract are called, the rest is read."""

    def __init__(self, submission: Submission, held: int, call: str, text: str = "") -> None:
        object.__setattr__(self, "_submission", submission)
        object.__setattr__(self, "_held", held)
        object.__setattr__(self, "_call", call)
        object.__setattr__(self, "_text", text)

    def __getattr__(self, name: str) -> Any:
        if name in METHODS:
            return lambda *args: self.call(name, *args)
        return number_array(self.get(name), f"{self._call}.{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        self.assign(**{name: value})

    def assign(self, **values: Any) -> None:
        """Set attributes."""
        question = {"ask": "set", "target": self._held, "names": list(values)}
        names = ", ".join(f"{self._call}.{name}" for name in values)
        self._submission._ask(question, tuple(values.values()), f"{names} = …")

    def call(self, name: str, *args: Any) -> Any:
        """The array, or the None, that a method returns."""
        call = describe_call(self._call, name, args)
        question = {"ask": "call", "target": self._held, "name": name}
        return number_array(self._submission._ask(question, args, call), call)

    def later(self, name: str, *args: Any) -> Callable[[], Any]:
        """Call a method and go on; what it returns is given by the function that comes back."""
        call = describe_call(self._call, name, args)
        question = {"ask": "call", "target": self._held, "name": name}
        finish = self._submission._begin(question, args, call)
        return lambda: number_array(finish(), call)

    def keep(self, name: str, *args: Any) -> RemoteArray:
        """Call a method, and leave what it returns in the worker."""
        call = describe_call(self._call, name, args)
        question = {"ask": "call", "target": self._held, "name": name}
        return RemoteArray(self._submission, held=self._submission._keep(question, args, call))

    def get(self, name: str) -> Any:
        """An attribute: an array, None, or a `RemoteObject`."""
        question = {"ask": "get", "target": self._held, "names": [name]}
        return self._submission._ask(question, (), f"{self._call}.{name}")

    def fetch(self, *names: str) -> list[Any]:
        """Attributes that are arrays or None."""
        question = {"ask": "get", "target": self._held, "names": list(names)}
        call = ", ".join(f"{self._call}.{name}" for name in names)
        values = self._submission._ask_all(question, (), call)
        if len(values) != len(names):
            raise Died("the submission wrote to the grader's channel: not as many answers")
        return [
            number_array(value, f"{self._call}.{name}")
            for name, value in zip(names, values, strict=True)
        ]

    def items(self, name: str) -> list[Any]:
        """What a container in an attribute holds, in order, without its Nones."""
        question = {"ask": "items", "target": self._held, "name": name}
        return self._submission._ask_all(question, (), f"{self._call}.{name}")


def number_array(value: Any, call: str) -> Any:
    """`value`, if it is an array or None."""
    if isinstance(value, RemoteObject):
        raise NotNumbers(f"expected an array of numbers, got {value._text}\n  from {call}")
    return value


def describe_call(owner: str, name: str, args: Sequence[Any]) -> str:
    """A call in words: `LinearLayer(3, 4).forward(array (2, 3))`."""
    words = []
    for value in args:
        if isinstance(value, RemoteArray):
            words.append("array" if value.sent is None else f"array {value.sent.shape}")
        elif isinstance(value, np.ndarray):
            words.append(f"array {value.shape}")
        else:
            words.append(str(value))
    return f"{owner}.{name}({', '.join(words)})"
