"""Proxies: a submission that lives in a worker, used as if it were here.

    layer = submission.ConvolutionLayer(1, 4, 5, 5)
    layer.weight = weight
    out = layer.forward(x)

Calls and attributes become questions, arrays come back as plain read-only arrays, and
everything else raises a `Problem`. The names are those of the submission's contract;
nothing here knows what a right answer is.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograder.intake import names
from autograder.sandbox import frames
from autograder.sandbox.local import LocalWorker
from autograder.sandbox.problems import Died, Frame, NotNumbers, Raised, TimedOut
from autograder.sandbox.process import Worker
from autograder.syllabus import Limits
from autograder.text import one_line

METHODS = frozenset({"forward", "backward", "update", "train", "test", "predict"})

# An answer may have ROOM bytes, and SLACK times those of the largest right answer in
# float64: a wrong shape is better shown than refused. No right answer is near LARGEST.
ROOM = 1 << 16
SLACK = 8
LARGEST = 32 << 20
PARAMETERS = 4706  # of the network: 104 + 592 + 4010
KEPT = 9.0  # numbers that layer_inputs hold for each of an image: 7040 of 784


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
        self._seed = False  # before the next question
        self.fragile = False  # its forward is known to end or to hang the process

    def __getattr__(self, name: str) -> Any:
        if name not in names():
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
        header, _ = self._exchange(None, (), "import", self._limits.import_)
        try:
            (found,) = frames.fields(header, "names")
            if not isinstance(found, list):
                raise frames.BadFrame("there is no list of names")
        except frames.BadFrame as error:
            raise self._forged(error) from error
        self.names = frozenset(name for name in names() if name in found)

    def compile(self, files: Sequence[str]) -> list[Any]:
        """The bytecode of files of the package, of which nothing is run; before it is loaded.

        An array of bytes for each; something else where a file cannot be compiled, or gives more
        than an answer may hold.
        """
        question = {"ask": "compile", "files": list(files)}
        return self._ask_all(question, (), "the compiler", LARGEST, len(files))

    def seed(self) -> None:
        """Let its random numbers begin anew, with the next question."""
        self._seed = True

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
        most = x.most * growth("ConvolutionNeuralNetwork", (), "forward")
        got = self._ask(question, (x,), "forward of your layers", most)
        return number_array(got, "your layers")

    def learn(
        self,
        layers: Sequence[RemoteObject],
        loss: RemoteObject,
        update: Sequence[int],
        x: np.ndarray,
        y: np.ndarray,
        size: int,
        lr: float,
    ) -> list[Any]:
        """The loss of each step of training; some of the layers are updated."""
        question = {"ask": "learn", "targets": [one._held for one in layers], "size": size}
        question |= {"loss": loss._held, "update": list(update)}
        call, count = "a step with your own layers", -(-len(x) // size)
        losses = self._ask_all(question, (x, y, lr), call, count, count, calls=count)
        return [number_array(one, call) for one in losses]

    def bare(self, name: str) -> RemoteObject:
        """An instance of a class whose `__init__` was not run."""
        held = self._keep({"ask": "bare", "name": name}, (), name)
        return RemoteObject(self, held, name)

    def _keep(self, question: dict[str, Any], args: Sequence[Any], call: str) -> int:
        """Ask for something that stays in the worker; where it lies there."""
        return self._ask(question | {"keep": True}, args, call)

    def _construct(self, name: str, args: tuple[Any, ...]) -> RemoteObject:
        call = f"{name}({', '.join(map(str, args))})"
        held = self._keep({"ask": "new", "name": name}, args, call)
        return RemoteObject(self, held, call, args=args)

    # Questions and answers ---------------------------------------------------------------

    def _ask(
        self, question: dict[str, Any], args: Sequence[Any], call: str, most: float = 0
    ) -> Any:
        """Ask for one value, of which a right one holds at most so many numbers."""
        return self._ask_all(question, args, call, most, count=1)[0]

    def _ask_all(
        self,
        question: dict[str, Any],
        args: Sequence[Any],
        call: str,
        most: float,
        count: int | None = None,
        calls: int = 1,
    ) -> list[Any]:
        described, payloads = self._encode(list(args))
        question |= {"args": described["items"], "limit": limit_for(most), "seed": self._seed}
        self._seed = False
        answer = self._exchange(question, payloads, call, calls * self._limits.call)
        return self._values(question, answer, call, count)

    def _values(
        self,
        question: dict[str, Any],
        answer: tuple[dict[str, Any], bytearray],
        call: str,
        count: int | None,
    ) -> list[Any]:
        """The values of an answer: so many, and references only where one was asked for."""
        header, payload = answer
        try:
            (entries,) = frames.fields(header, "values")
            values = frames.read_arrays(entries, payload)
            if count is not None and len(values) != count:
                raise frames.BadFrame("there are not as many values as were asked for")
            for kind, _ in values:
                if (kind == "held") != ("keep" in question):
                    raise frames.BadFrame("there is a reference for a value, or the reverse")
        except frames.BadFrame as error:
            raise self._forged(error) from error
        return [self._receive(kind, value, call) for kind, value in values]

    def _forged(self, error: frames.BadFrame) -> Died:
        """The problem of an answer that no worker gives; it ends the one that gave it."""
        self._worker.end()
        return Died(f"the submission wrote to the grader's channel: {error}")

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
            return RemoteObject(self, held, call, one_line(text, 300))
        return value

    def _exchange(
        self, question: dict[str, Any] | None, payloads: Sequence[Any], call: str, limit: float
    ) -> tuple[dict[str, Any], bytearray]:
        self._worker.wait_until_ready()
        with self._timed(call, limit) as seconds:
            if question is None:
                header, payload = self._worker.first_answer(0, seconds)
            else:
                header, payload = self._worker.exchange(
                    question, payloads, limit=question["limit"], seconds=seconds
                )
        self._check(header, payload, call)
        return header, payload

    def _check(self, header: dict[str, Any], payload: bytearray, call: str) -> None:
        """Raise what an answer says that was raised."""
        if "error" in header:
            try:
                frames.fields(header, "error")
                if payload:
                    raise frames.BadFrame("an error has no arrays")
                problem = read_error(header["error"], call)
            except frames.BadFrame as error:
                raise self._forged(error) from error
            raise problem

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


def read_error(error: Any, call: str) -> Raised:
    """The exception that an answer describes, every field of it checked."""
    names = ("type", "types", "message", "frames", "text")
    kind, kinds, message, raw, text = frames.fields(error, *names)
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
        frames.text(kind, 300),
        tuple(frames.text(kind, 300) for kind in kinds[:32]),
        frames.text(message, 4000),
        tuple(lines),
        frames.text(text, 1000),
    )


def limit_for(most: float) -> int:
    """How many bytes the arrays of an answer may have, where a right one has `most` numbers."""
    return int(min(LARGEST, ROOM + SLACK * 8 * most))


def growth(name: str, args: Sequence[int], method: str) -> float:
    """How many numbers a method gives at most for each number that it gets."""
    if name == "ConvolutionNeuralNetwork":  # 10 for an image of 784
        return 784 / 10 if method == "backward" else 10 / 784
    if method == "forward" and args:
        if name in ("LinearLayer", "ConvolutionLayer"):
            return args[1] / args[0]
        if name == "MaxPoolingLayer":
            return 1 / (args[0] * args[1])
    return 1.0


def numbers_in(value: Any) -> float:
    """How many numbers an argument holds, at most."""
    if isinstance(value, RemoteArray):
        return value.most
    return value.size if isinstance(value, np.ndarray) else 0


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
    held, most
        Where an answer lies that was left in the worker, and how many numbers it can hold.
    """

    def __init__(
        self,
        submission: Submission,
        *,
        key: int | None = None,
        value: np.ndarray | None = None,
        held: int | None = None,
        most: float = 0,
    ) -> None:
        self._submission, self._key, self._held, self.sent = submission, key, held, value
        self.most = most if value is None else value.size
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
        value = self._submission._ask({"ask": "read"}, (self,), "the array", self.most)
        return number_array(value, "the array")

    def restore(self) -> None:
        """Give it back the contents that were sent, at its next use; it stays the same object."""
        self._there = False


class RemoteObject:
    """An object of the submission: methods of the contract are called, the rest is read."""

    def __init__(
        self,
        submission: Submission,
        held: int,
        call: str,
        text: str = "",
        args: Sequence[Any] = (),
    ) -> None:
        object.__setattr__(self, "_submission", submission)
        object.__setattr__(self, "_held", held)
        object.__setattr__(self, "_call", call)
        object.__setattr__(self, "_text", text)
        object.__setattr__(self, "_args", args)
        # The most numbers that it was given at once, and that its attributes can hold.
        object.__setattr__(self, "_given", 0)
        object.__setattr__(self, "_owned", max(PARAMETERS, math.prod(args)))

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
        owned = max(self._owned, *map(numbers_in, values.values()))
        object.__setattr__(self, "_owned", owned)
        self._submission._ask(question, tuple(values.values()), f"{names} = …")

    def call(self, name: str, *args: Any) -> Any:
        """The array, or the None, that a method returns."""
        call = describe_call(self._call, name, args)
        question = {"ask": "call", "target": self._held, "name": name}
        return number_array(
            self._submission._ask(question, args, call, self._most(name, args)), call
        )

    def call_each(
        self,
        name: str,
        values: Sequence[np.ndarray],
        *others: np.ndarray,
        attribute: str | None = None,
    ) -> list[Any]:
        """What a method returns for each of some values, asked for at once.

        Parameters
        ----------
        values
            The first argument; or what is put into the attribute, if one is named.
        others
            The other arguments, of which each call gets a copy.
        """
        given = (values[0], *others) if attribute is None else others
        call = describe_call(self._call, name, given)
        if attribute is not None:
            owned = max(self._owned, *map(numbers_in, values))
            object.__setattr__(self, "_owned", owned)
        question = {"ask": "each", "target": self._held, "name": name, "attribute": attribute}
        count = len(values)
        most = count * self._most(name, given)
        found = self._submission._ask_all(
            question, (list(values), list(others)), call, most, count, calls=count
        )
        return [number_array(value, call) for value in found]

    def keep(self, name: str, *args: Any) -> RemoteArray:
        """Call a method, and leave what it returns in the worker."""
        call = describe_call(self._call, name, args)
        question = {"ask": "call", "target": self._held, "name": name}
        held = self._submission._keep(question, args, call)
        return RemoteArray(self._submission, held=held, most=self._most(name, args))

    def get(self, name: str) -> Any:
        """An attribute: an array, None, or a `RemoteObject`."""
        question = {"ask": "get", "target": self._held, "names": [name]}
        return self._submission._ask(question, (), f"{self._call}.{name}", self._owned)

    def fetch(self, *names: str) -> list[Any]:
        """Attributes that are arrays or None."""
        question = {"ask": "get", "target": self._held, "names": list(names)}
        call = ", ".join(f"{self._call}.{name}" for name in names)
        most = len(names) * self._owned
        values = self._submission._ask_all(question, (), call, most, len(names))
        return [
            number_array(value, f"{self._call}.{name}")
            for name, value in zip(names, values, strict=True)
        ]

    def items(self, name: str) -> list[Any]:
        """What a container in an attribute holds, in order, without its Nones."""
        question = {"ask": "items", "target": self._held, "name": name}
        call, most = f"{self._call}.{name}", KEPT * self._given
        return self._submission._ask_all(question, (), call, most)

    def _most(self, method: str, args: Sequence[Any]) -> float:
        """How many numbers the answer of a method can hold."""
        given = sum(map(numbers_in, args))
        object.__setattr__(self, "_given", max(self._given, given))
        if method in ("train", "test"):
            return 1
        if method == "update":  # which gives nothing, or what it changed
            return self._owned
        return given * growth(self._call.partition("(")[0], self._args, method)


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
