"""What can be altered in a layer: what goes into a method, and what is kept between two calls.

Arguments are known by their names; no formula is. See `other_questions.py`, which asks.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from autograder.diagnosis.exact_forms import softmax
from autograder.diagnosis.places import axis_name

IMAGES = 4
Method = Callable[..., Any]
Change = Callable[[Any], Any]


@dataclass(frozen=True)
class Alteration:
    """Another question.

    Parameters
    ----------
    title
        In words that go on "It answers …".
    apply
        Changes the class of the solution that a task is about.
    """

    id: str
    title: str
    apply: Callable[[type], None]


def changes(ndim: int, first: str = "") -> Iterator[tuple[str, str, Change]]:
    """What can be done to an array: id, words that go on "as if x …", function.

    Parameters
    ----------
    ndim
        How many axes it has.
    first
        What is counted along the first of them, if not what is usual.
    """
    yield "zero", "were all 0", np.zeros_like
    yield "ones", "were all 1", np.ones_like
    yield "absolute", "had lost its signs", np.abs
    yield "negative", "had the opposite sign", np.negative
    yield "positive", "had 0 for its negative values", lambda x: np.maximum(x, 0)
    yield "signs", "held only the signs of its values", np.sign
    yield "double", "were twice as large", lambda x: 2 * x
    yield "half", "were half as large", lambda x: x / 2
    yield "mean", "were divided by the length of its first axis", lambda x: x / len(x)
    yield "columns", "were divided by the length of its second axis", lambda x: x / x.shape[1]
    yield "size", "were divided by the size of one of its parts", lambda x: x / x[0].size
    yield "unit", "were divided by its norm", lambda x: x / np.linalg.norm(x)
    yield "whole", "were rounded to whole numbers", np.rint
    yield "cut", "were cut off at -1 and 1", lambda x: np.clip(x, -1, 1)
    yield "average", "were everywhere its mean", lambda x: np.full_like(x, x.mean())
    yield "total", "were everywhere its sum", lambda x: np.full_like(x, x.sum())
    names = [axis_name(ndim, axis) for axis in range(ndim)] if ndim > 1 else ["elements"]
    names[0] = first or names[0]
    for axis, name in enumerate(names):
        yield from along(axis, name)
    for pair in itertools.combinations(range(ndim), 2):
        both = " and ".join(names[axis] for axis in pair)
        yield (
            f"swapped.{pair[0]}.{pair[1]}",
            f"had its {both} swapped",
            partial(swap, pair=pair),
        )
        yield (
            f"reversed.{pair[0]}.{pair[1]}",
            f"had its {both} in reverse order",
            partial(turn, axes=pair),
        )
    for order in list(itertools.permutations(range(ndim)))[1:]:
        key = "".join(map(str, order))
        yield (
            f"reread.{key}",
            f"had been transposed to the axes {order} and reshaped",
            partial(reread, order=order),
        )
        yield (
            f"misread.{key}",
            f"had been reshaped where it must be transposed to the axes {order}",
            partial(misread, order=order),
        )


def swap(x: np.ndarray, pair: tuple[int, int]) -> np.ndarray:
    return np.ascontiguousarray(x.swapaxes(*pair))


def turn(x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    return np.flip(x, axes).copy()


def spread(x: np.ndarray, total: Callable[..., Any], axis: int) -> np.ndarray:
    """A sum or a mean along an axis, at all places of it."""
    return np.asarray(np.zeros_like(x) + total(x, axis=axis, keepdims=True))


def reread(x: np.ndarray, order: Sequence[int]) -> np.ndarray:
    return x.transpose(order).reshape(x.shape)


def misread(x: np.ndarray, order: Sequence[int]) -> np.ndarray:
    """What a reshape makes of an array that was to be transposed to this order of axes."""
    wanted = x.reshape([x.shape[axis] for axis in order])
    return np.ascontiguousarray(wanted.transpose(np.argsort(order)))


def along(axis: int, name: str) -> Iterator[tuple[str, str, Change]]:
    """What can be done to an array along one axis."""

    def kept(which: slice) -> Change:
        def change(x: np.ndarray) -> np.ndarray:
            index = (slice(None),) * axis + (which,)
            found = np.zeros_like(x)
            found[index] = x[index]
            return found

        return change

    def copied(which: slice) -> Change:
        return lambda x: np.zeros_like(x) + x[(slice(None),) * axis + (which,)]

    yield f"first.{axis}", f"were 0 but for the first of its {name}", kept(slice(0, 1))
    yield f"last.{axis}", f"were 0 but for the last of its {name}", kept(slice(-1, None))
    yield f"all-but-last.{axis}", f"were 0 in the last of its {name}", kept(slice(0, -1))
    yield f"all-but-first.{axis}", f"were 0 in the first of its {name}", kept(slice(1, None))
    yield f"copy.{axis}", f"had the first of its {name} everywhere", copied(slice(0, 1))
    yield f"reversed.{axis}", f"had its {name} in reverse order", partial(turn, axes=(axis,))
    for step in (1, -1):
        where = "further on" if step > 0 else "further back"
        yield (
            f"shifted.{axis}.{step}",
            f"had its {name} one place {where}",
            partial(np.roll, shift=step, axis=axis),
        )
    for kind, function in (("mean", np.mean), ("sum", np.sum)):
        yield (
            f"{kind}.{axis}",
            f"held the {kind} over its {name}",
            partial(spread, total=function, axis=axis),
        )


def wrapped(method: str, wrap: Callable[[Method], Method]) -> Callable[[type], None]:
    """Put a wrapper around a method of a class."""

    def apply(cls: type) -> None:
        setattr(cls, method, wrap(getattr(cls, method)))

    return apply


def with_argument(position: int, change: Callable[..., Any]) -> Callable[[Method], Method]:
    """Call a method with one argument changed; `change` gets it and all the arguments."""

    def wrap(function: Method) -> Method:
        def call(self: Any, *args: Any) -> Any:
            given = list(args)
            given[position] = change(args[position], args)
            return function(self, *given)

        return call

    return wrap


def of_arguments(
    name: str, position: int, ndim: int, method: str, answer: str = ""
) -> Iterator[Alteration]:
    """One argument changed; for all answers, or for one of them."""
    for key, words, change in changes(ndim):

        def changed(value: Any, args: Any, change: Change = change) -> Any:
            return change(value)

        wrap = with_argument(position, changed)
        yield Alteration(
            f"{name}.{key}" + (f".{answer}" if answer else ""),
            f"as if {name} {words}" + (f", where it computes {answer}" if answer else ""),
            wrapped(method, for_one(answer, wrap) if answer else wrap),
        )


def for_one(answer: str, wrap: Callable[[Method], Method]) -> Callable[[Method], Method]:
    """A wrapper that changes one of the answers of backward, and leaves the others."""

    def only_one(function: Method) -> Method:
        altered = wrap(function)

        def call(self: Any, *args: Any) -> Any:
            other = altered(self, *args)
            kept = getattr(self, answer, None)
            right = function(self, *args)
            if answer == "x_grad":
                return other
            setattr(self, answer, kept)
            return right

        return call

    return only_one


def of_batch(method: str) -> Iterator[Alteration]:
    """Some of the samples, in all arguments."""
    for key, words, which in (
        ("first", "as if there were only the first sample", slice(0, 1)),
        ("last", "as if there were only the last sample", slice(-1, None)),
        ("not-last", "as if the last sample were not there", slice(0, -1)),
        ("not-first", "as if the first sample were not there", slice(1, None)),
    ):

        def wrap(function: Method, which: slice = which) -> Method:
            def call(self: Any, *args: Any) -> Any:
                return function(self, *(argument[which] for argument in args))

            return call

        yield Alteration(f"batch.{key}", words, wrapped(method, wrap))


def of_constructor() -> Iterator[Alteration]:
    """The arguments that an object is made with."""
    for key, words, change in (
        ("reversed", "as if the arguments of the constructor were reversed", lambda a: a[::-1]),
        (
            "first",
            "as if all arguments of the constructor were the first",
            lambda a: a[:1] * len(a),
        ),
        ("last", "as if all arguments of the constructor were the last", lambda a: a[-1:] * len(a)),
    ):

        def wrap(function: Method, change: Change = change) -> Method:
            def call(self: Any, *args: Any) -> Any:
                function(self, *change(args))

            return call

        yield Alteration(f"made.{key}", words, wrapped("__init__", wrap))


def of_attribute(name: str, ndim: int, method: str) -> Iterator[Alteration]:
    for key, words, change in changes(ndim, "filters" if ndim == IMAGES else ""):

        def wrap(function: Method, change: Change = change) -> Method:
            def call(self: Any, *args: Any) -> Any:
                kept = getattr(self, name)
                setattr(self, name, change(kept))
                try:
                    return function(self, *args)
                finally:
                    setattr(self, name, kept)

            return call

        yield Alteration(f"{name}.{key}", f"as if {name} {words}", wrapped(method, wrap))


def of_labels(method: str) -> Iterator[Alteration]:
    table: tuple[tuple[str, str, Callable[..., Any]], ...] = (
        ("next", "were one too large", lambda y, args: (y + 1) % args[0].shape[1]),
        ("previous", "were one too small", lambda y, args: y.astype(int) - 1),
        ("zero", "were all 0", lambda y, args: np.zeros_like(y)),
        ("reversed", "were in reverse order", lambda y, args: y[::-1]),
        ("first", "were all the first label", lambda y, args: np.full_like(y, y[0])),
        ("count", "were 0, 1, 2, …", lambda y, args: np.arange(len(y)) % args[0].shape[1]),
        ("predicted", "were the predicted classes", lambda y, args: args[0].argmax(1)),
    )
    for key, words, change in table:
        yield Alteration(
            f"y.{key}", f"as if the labels {words}", wrapped(method, with_argument(1, change))
        )
    table = (
        ("softmax", "x had been through a softmax before", lambda x, args: softmax(x)),
        ("logarithm", "x had been through a logarithm before", lambda x, args: np.log(x)),
    )
    for key, words, change in table:
        yield Alteration(f"x.{key}", f"as if {words}", wrapped(method, with_argument(0, change)))


# What is kept between calls ------------------------------------------------------------


def of_memory(method: str) -> Iterator[Alteration]:
    """An argument, or an answer, of another call, kept in the object or in the class."""
    for shared, owner in ((False, ""), (True, ", of any object")):
        for position, name in ((0, "x"), (1, "last_x_grad")):
            for which in ("first", "last"):
                yield Alteration(
                    f"kept.{name}.{which}.{shared}",
                    f"with the {name} of the {which if which == 'first' else 'last forward'}"
                    f" call{owner}",
                    remembering(method, position, which, shared),
                )
        yield Alteration(
            f"kept.answer.{shared}",
            f"as it did the first time{owner}",
            wrapped(method, first_answer(shared)),
        )
        yield Alteration(
            f"kept.sum.{shared}",
            f"with the sum of this answer and those before{owner}",
            wrapped(method, adding_up(shared)),
        )


def memory(self: Any, shared: bool) -> dict[str, Any]:
    """A place that lasts from call to call."""
    owner = type(self) if shared else self
    if "_altered" not in vars(owner):
        owner._altered = {}
    found: dict[str, Any] = owner._altered
    return found


def remembering(method: str, position: int, which: str, shared: bool) -> Callable[[type], None]:
    """Use the argument of the first call, or of the last call of forward."""

    def apply(cls: Any) -> None:
        forward, function = cls.forward, getattr(cls, method)

        def note(self: Any, *args: Any) -> Any:
            memory(self, shared)["argument"] = args[position].copy()
            return forward(self, *args)

        def call(self: Any, *args: Any) -> Any:
            kept, given = memory(self, shared), list(args)
            if which == "first":
                kept.setdefault("argument", args[position].copy())
            given[position] = kept.get("argument", args[position])
            return function(self, *given)

        if which == "last" and method != "forward":
            cls.forward = note
        setattr(cls, method, call)

    return apply


def first_answer(shared: bool) -> Callable[[Method], Method]:
    def wrap(function: Method) -> Method:
        def call(self: Any, *args: Any) -> Any:
            kept = memory(self, shared)
            if "answer" not in kept:
                kept["answer"] = function(self, *args)
            return kept["answer"]

        return call

    return wrap


def adding_up(shared: bool) -> Callable[[Method], Method]:
    """All answers of a kind are added up: what is returned, and the gradients that are set."""

    def wrap(function: Method) -> Method:
        def call(self: Any, *args: Any) -> Any:
            kept = memory(self, shared)
            answer = function(self, *args)
            for name in ("weight_grad", "bias_grad"):
                if getattr(self, name, None) is not None:
                    kept[name] = kept.get(name, 0) + getattr(self, name)
                    setattr(self, name, kept[name])
            return answer

        return call

    return wrap


# update ------------------------------------------------------------------------------


def of_rate(method: str, position: int) -> Iterator[Alteration]:
    """The learning rate, which is one of a method's arguments."""
    for factor in (0, -1, 2, 0.5, 10, 0.1):
        yield Alteration(
            f"lr.times.{factor}",
            f"as if lr were {factor} times as large" if factor else "as if lr were 0",
            wrapped(method, with_argument(position, lambda lr, args, f=factor: f * lr)),
        )
    for fixed in (1.0, 0.1, 0.01, 0.001):
        yield Alteration(
            f"lr.fixed.{fixed}",
            f"as if lr were always {fixed:g}",
            wrapped(method, with_argument(position, lambda lr, args, f=fixed: f)),
        )
    yield Alteration(
        "lr.square",
        "as if lr were multiplied twice",
        wrapped(method, with_argument(position, lambda lr, args: lr * lr)),
    )


def of_steps(ndim: int) -> Iterator[Alteration]:
    """What a step of a layer does to its weight and its bias."""
    for names in (("weight_grad", "bias_grad"), ("weight_grad",), ("bias_grad",)):
        what = " and ".join(names)
        axes = ndim if names == ("weight_grad",) else 1
        for key, words, change in changes(axes, "filters" if axes == IMAGES else ""):
            verb = words if len(names) == 1 else words.replace("its", "their")
            yield Alteration(
                f"{'+'.join(names)}.{key}",
                f"as if {what} {verb}",
                wrapped("update", with_gradients(names, change)),
            )
    yield Alteration("twice", "as if the step were taken twice", wrapped("update", repeat))
    for name in ("weight", "bias"):
        yield Alteration(
            f"restored.{name}", f"as if {name} were not updated", wrapped("update", restore(name))
        )


def with_gradients(names: Sequence[str], change: Change) -> Callable[[Method], Method]:
    def wrap(function: Method) -> Method:
        def call(self: Any, *args: Any) -> Any:
            kept = {name: getattr(self, name) for name in names}
            for name, value in kept.items():
                setattr(self, name, change(value))
            try:
                return function(self, *args)
            finally:
                for name, value in kept.items():
                    setattr(self, name, value)

        return call

    return wrap


def repeat(function: Method) -> Method:
    def call(self: Any, *args: Any) -> Any:
        function(self, *args)
        return function(self, *args)

    return call


def restore(name: str) -> Callable[[Method], Method]:
    def wrap(function: Method) -> Method:
        def call(self: Any, *args: Any) -> Any:
            kept = getattr(self, name)
            function(self, *args)
            setattr(self, name, kept)

        return call

    return wrap
