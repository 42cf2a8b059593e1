"""Names what is wrong by asking the solution another question.

An *alteration* changes what goes into one method of the solution, or what is kept between
two calls of it: "as if last_x_grad were all ones", "as if there were one epoch more", "with
the argument of the call before". It knows arguments by name, and no formula. One that
answers all checks of a task as the submission did, the right ones too, says what the
submission really computes; at least one of the wrong answers must be numbers, since all
crashes are alike. Two that no check can tell apart are named together; of more, none is.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

from autograder.cases.variants import Variants
from autograder.diagnosis import forms
from autograder.diagnosis.fingerprints import WRONG, Fingerprints, Question, telling
from autograder.diagnosis.forms import Form
from autograder.diagnosis.observations import Record
from autograder.diagnosis.places import axis_name

CLASSES = {
    "relu": "ReLULayer",
    "flatten": "FlattenLayer",
    "maxpool": "MaxPoolingLayer",
    "linear": "LinearLayer",
    "conv": "ConvolutionLayer",
    "loss": "CrossEntropyLoss",
    "network": "ConvolutionNeuralNetwork",
}
PARAMETERS = {"linear": 2, "conv": 4}  # how many axes a weight has
IMAGES = 4
MOST = 2  # alterations that no check can tell apart, and that are named together

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


class Altered(Variants):
    """The solution with an alteration in it, instead of a mistake of the catalogue."""

    def __init__(self, variants: Variants, group: str, alterations: Sequence[Alteration]) -> None:
        super().__init__(variants.folder)
        self.variants, self.name = variants, CLASSES[group]
        self.alterations = {alteration.id: alteration for alteration in alterations}

    def make(self, key: str | None) -> ModuleType:
        module = self.variants.make(None)
        if key is not None:
            self.alterations[key].apply(getattr(module, self.name))
        return module


def recognise(
    task: str,
    known: Fingerprints | None,
    questions: Mapping[str, Question],
    records: Mapping[str, Record],
) -> Form | None:
    """The form of an error, by all means that there are."""
    promise = forms.variance(records) or forms.by_checks(records)
    return (
        (None if promise else forms.exact(records))
        or (asked(task, known, questions, records) if known else None)
        or promise
        or forms.vague(records)
    )


def asked(
    task: str,
    known: Fingerprints,
    questions: Mapping[str, Question],
    records: Mapping[str, Record],
) -> Form | None:
    """The one alteration that answers as the submission did."""
    found = left(task, known, questions, records)
    if not 1 <= len(found) <= MOST:
        return None
    title = f"It answers {', or '.join(one.title for one in found)}"
    return Form(f"as.{found[0].id}", title, "Look for where this happens, or what makes it so.")


def left(
    task: str,
    known: Fingerprints,
    questions: Mapping[str, Question],
    records: Mapping[str, Record],
) -> list[Alteration]:
    """All alterations that answer as the submission did; of one thing, the simplest."""
    group, _, method = task.partition(".")
    if group not in CLASSES or method == "init":
        return []
    if not any(telling(record) and not record.fault for record in records.values()):
        return []  # all crashes are alike, and all zeros
    found = list(alterations(group, method, wrong_answer(records)))
    shown = sorted(filter(can_be_shown, records.values()), key=lambda one: one.status == "crashed")
    if shown and method != "update":
        found = previewed(found, known.variants, method, shown[0])
    elif forms.by_checks(records):  # all answers are right by themselves
        found = [one for one in found if one.id.startswith(MEMORY)]
    asker = Fingerprints(Altered(known.variants, group, found), known.limits)
    wrong = [key for key, record in records.items() if record.status in WRONG]
    order = wrong + [key for key in records if key not in wrong]
    simplest: dict[str, Alteration] = {}
    for one in found:
        if asker.agreement(one.id, order, questions, records) == "exact":
            simplest.setdefault(one.id.partition(".")[0], one)
    return list(simplest.values())


def can_be_shown(record: Record) -> bool:
    """Whether a question of one layer is at hand, with a wrong answer or a crash."""
    if record.case is None or "out" not in record.case.arrays:
        return False
    if record.status == "crashed":
        return True
    finite = record.pair is not None and bool(np.isfinite(record.pair[1]).all())
    return finite and not record.fault


def previewed(
    found: Sequence[Alteration], variants: Variants, method: str, record: Record
) -> list[Alteration]:
    """Those that give one wrong answer, or crash as it did: few are asked through the checks."""
    case, kept = record.case, []
    assert case is not None
    cls = getattr(variants.make(None), case.layer)
    wide = {name: value.astype(np.float64) for name, value in case.arrays.items()}
    second = case["y"] if "y" in case.arrays else wide["g"]
    takes_two = "y" in case.arrays or method == "backward"
    for one in found:
        altered = type(cls.__name__, (cls,), {})
        one.apply(altered)
        layer = altered(*case.args)
        for name in case.parameters:
            setattr(layer, name, wide[name].copy())
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the mean of nothing, and the like
                if method == "backward":
                    cls.forward(
                        layer, *([wide["x"], second] if "y" in case.arrays else [wide["x"]])
                    )
                result = getattr(layer, method)(wide["x"], *([second] if takes_two else []))
        except Exception:
            if record.status == "crashed":
                kept.append(one)
            continue
        answers = [result, *(getattr(layer, f"{name}_grad", None) for name in case.parameters)]
        if record.pair is not None and any(alike(answer, record.pair[1]) for answer in answers):
            kept.append(one)
    return kept


def alike(answer: Any, got: np.ndarray) -> bool:
    """Whether two answers may be the same; what is nearly so is judged by the checks."""
    if answer is None:
        return False
    answer = np.asarray(answer)
    if answer.shape != got.shape or not np.isfinite(answer).all():
        return False
    return bool(np.abs(answer - got).max(initial=0) <= PREVIEW * np.abs(got).max(initial=1e-300))


def wrong_answer(records: Mapping[str, Record]) -> str:
    """The one answer of several that is wrong, if it is the same in all checks."""
    found = set()
    for record in records.values():
        if record.case is not None and "weight_grad" in record.case.arrays and record.pair:
            same = [name for name in ANSWERS if is_answer(record, name)]
            found.add(same[0] if same else "")
    return found.pop() if len(found) == 1 else ""


def is_answer(record: Record, name: str) -> bool:
    assert record.case is not None and record.pair is not None
    return np.array_equal(record.case[name], record.pair[0])


MEMORY = "kept."
PREVIEW = 1e-2
ANSWERS = ("x_grad", "weight_grad", "bias_grad")


# What can be altered -----------------------------------------------------------------


def alterations(group: str, method: str, answer: str = "") -> Iterator[Alteration]:
    """All other questions that a method of a task group can be asked.

    Parameters
    ----------
    answer
        Which of several answers is wrong, if others are right: "weight_grad".
    """
    ndim = IMAGES if group in ("conv", "maxpool", "relu", "flatten") else 2
    if group == "network":
        yield from of_network(method)
    elif method in ("forward", "backward"):
        yield from of_arguments("x", 0, ndim, method)
        if method == "backward" and group != "loss":
            yield from of_arguments("last_x_grad", 1, ndim, method)
            if answer:
                yield from of_arguments("last_x_grad", 1, ndim, method, answer)
        if group == "loss":
            yield from of_labels(method)
        yield from of_batch(method)
        yield from of_memory(method)
        yield from of_constructor()
        if group in PARAMETERS:
            yield from of_attribute("weight", PARAMETERS[group], method)
            yield from of_attribute("bias", 1, method)
    elif method == "update":
        yield from of_rate(method, 0)
        yield from of_steps(PARAMETERS[group])
        yield from of_memory(method)


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
        ("softmax", "x had been through a softmax before", lambda x, args: forms.softmax(x)),
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


# The network -------------------------------------------------------------------------


def of_network(method: str) -> Iterator[Alteration]:
    if method in ("train", "test"):
        yield from of_data(method)
        yield from of_batches(method)
    if method == "train":
        yield from of_rate(method, 4)
        yield from of_inner_calls()
    elif method == "update":
        yield from of_rate(method, 0)
        yield Alteration("twice", "as if the step were taken twice", wrapped(method, repeat))
        for count in (1, 2):
            for kept in itertools.combinations((0, 3, 7), count):
                names = " and ".join(f"layers[{index}]" for index in kept)
                yield Alteration(
                    f"only.{kept}", f"as if only {names} were updated", wrapped(method, only(kept))
                )
    elif method in ("forward", "backward", "predict"):
        name = "last_x_grad" if method == "backward" else "x"
        # A check of the network takes long: samples are told apart, rows and columns are not.
        yield from of_arguments(name, 0, 1, method)
        for index in range(8):
            yield Alteration(
                f"without.{index}",
                f"as if layers[{index}] were left out",
                wrapped(method, without(index)),
            )


def of_data(method: str) -> Iterator[Alteration]:
    """Which images are taken, in which order."""
    table: tuple[tuple[str, str, Callable[[int, int], Any]], ...] = (
        ("whole", "as if only whole batches counted", lambda n, size: np.arange(n - n % size)),
        ("first", "as if only the first batch counted", lambda n, size: np.arange(min(size, n))),
        ("last", "as if only the last batch counted", last_batch),
        ("not-first", "as if the first batch did not count", lambda n, size: np.arange(size, n)),
        ("not-last", "as if the last batch did not count", all_but_last),
        ("reversed", "as if the images came in reverse order", lambda n, size: np.arange(n)[::-1]),
    )
    for key, words, which in table:

        def wrap(function: Method, which: Callable[[int, int], Any] = which) -> Method:
            def call(self: Any, x: Any, y: Any, size: int, *rest: Any) -> Any:
                chosen = which(len(x), size)
                return function(self, x[chosen], y[chosen], size, *rest)

            return call

        yield Alteration(f"data.{key}", words, wrapped(method, wrap))
    for key, words, change in (
        ("first", "as if each batch had the labels of the first", first_labels),
        ("reversed", "as if the labels came in reverse order", lambda y, args: y[::-1]),
        ("next", "as if the labels were one too large", lambda y, args: (y + 1) % 10),
    ):
        yield Alteration(f"labels.{key}", words, wrapped(method, with_argument(1, change)))
    yield Alteration(
        "images.half",
        "as if the images were in float16",
        wrapped(method, with_argument(0, lambda x, args: np.float16(x))),
    )


def last_batch(n: int, size: int) -> np.ndarray:
    return np.arange((n - 1) // size * size, n)


def all_but_last(n: int, size: int) -> np.ndarray:
    return np.arange((n - 1) // size * size)


def first_labels(y: np.ndarray, args: Any) -> np.ndarray:
    return np.resize(y[: args[2]], y.shape)


def of_batches(method: str) -> Iterator[Alteration]:
    """How many images a batch has, and how many epochs there are."""
    for key, words, change in (
        ("more", "with batches of one image more", lambda size, args: size + 1),
        ("fewer", "with batches of one image less", lambda size, args: max(size - 1, 1)),
        ("all", "with all images in one batch", lambda size, args: max(len(args[0]), size)),
        ("one", "with batches of one image", lambda size, args: 1),
        ("half", "with batches of half the size", lambda size, args: max(size // 2, 1)),
        ("double", "with batches of twice the size", lambda size, args: 2 * size),
    ):
        yield Alteration(f"batch.{key}", words, wrapped(method, with_argument(2, change)))
    if method == "train":
        for key, words, change in (
            ("more", "with one epoch more", lambda epochs, args: epochs + 1),
            ("fewer", "with one epoch less", lambda epochs, args: epochs - 1),
            ("one", "with one epoch, whatever is asked", lambda epochs, args: 1),
        ):
            yield Alteration(f"epochs.{key}", words, wrapped(method, with_argument(3, change)))
        yield Alteration(
            "swapped", "as if batch_size and epochs were swapped", wrapped(method, swapped)
        )
        yield Alteration(
            "lr.by-batch",
            "as if lr were divided by the size of the batch",
            wrapped(method, with_argument(4, lambda lr, args: lr / args[2])),
        )
    for key, words, result in (
        ("sum", "with the sum of the batches' losses", lambda a, n, size: a * -(-n // size)),
        (
            "images",
            "with the sum of the batches' losses, divided by the number of images",
            lambda a, n, size: a * -(-n // size) / n,
        ),
        ("none", "with None", lambda a, n, size: None),
    ):

        def wrap(function: Method, result: Callable[..., Any] = result) -> Method:
            def call(self: Any, x: Any, y: Any, size: int, *rest: Any) -> Any:
                return result(function(self, x, y, size, *rest), len(x), size)

            return call

        yield Alteration(f"loss.{key}", words, wrapped(method, wrap))
    yield Alteration(
        "loss.weighted",
        "with the mean over the images, not over the batches",
        of_losses(
            method, lambda losses, counts, epoch: np.average(losses[epoch:], weights=counts[epoch:])
        ),
    )
    for key, words, choose in (
        ("last", "with the loss of the last batch", lambda losses, counts, epoch: losses[-1]),
        ("first", "with the loss of the first batch", lambda losses, counts, epoch: losses[epoch]),
        ("every", "with the mean over all epochs", lambda losses, counts, epoch: np.mean(losses)),
        (
            "earlier",
            "with the mean over the first epoch",
            lambda losses, counts, epoch: np.mean(losses[: len(losses) - epoch]),
        ),
    ):
        yield Alteration(f"loss.{key}", words, of_losses(method, choose))


def of_losses(method: str, choose: Callable[..., Any]) -> Callable[[type], None]:
    """Return something else that is made of the losses of the batches."""

    def wrap(function: Method) -> Method:
        def call(self: Any, x: Any, y: Any, size: int, *rest: Any) -> Any:
            losses: list[float] = []
            counts: list[int] = []
            forward = self.loss_func.forward

            def note(logits: Any, labels: Any) -> Any:
                losses.append(forward(logits, labels))
                counts.append(len(labels))
                return losses[-1]

            self.loss_func.forward = note
            try:
                function(self, x, y, size, *rest)
            finally:
                del self.loss_func.forward
            last = len(losses) - -(-len(x) // size)  # where the last epoch begins
            return float(choose(losses, counts, last))

        return call

    return wrapped(method, wrap)


def swapped(function: Method) -> Method:
    def call(self: Any, x: Any, y: Any, size: int, epochs: int, lr: float) -> Any:
        return function(self, x, y, epochs, size, lr)

    return call


def of_inner_calls() -> Iterator[Alteration]:
    """What train calls: more often, or not at all."""

    def inner(name: str, times: int) -> Callable[[Method], Method]:
        def wrap(function: Method) -> Method:
            def call(self: Any, *args: Any) -> Any:
                method = getattr(self, name)

                def altered(*given: Any) -> Any:
                    for _ in range(times):
                        method(*given)

                setattr(self, name, altered)
                try:
                    return function(self, *args)
                finally:
                    delattr(self, name)

            return call

        return wrap

    for times, words in ((0, "did nothing"), (2, "were called twice")):
        yield Alteration(
            f"update.{times}", f"as if update {words}", wrapped("train", inner("update", times))
        )


def only(kept: Sequence[int]) -> Callable[[Method], Method]:
    """Update, and set back all layers but some."""

    def wrap(function: Method) -> Method:
        def call(self: Any, *args: Any) -> Any:
            before = {
                index: (self.layers[index].weight, self.layers[index].bias)
                for index in (0, 3, 7)
                if index not in kept
            }
            function(self, *args)
            for index, (weight, bias) in before.items():
                self.layers[index].weight, self.layers[index].bias = weight, bias

        return call

    return wrap


def without(index: int) -> Callable[[Method], Method]:
    """Let one layer pass on what it gets."""

    def wrap(function: Method) -> Method:
        def call(self: Any, *args: Any) -> Any:
            layer = self.layers[index]
            layer.forward = lambda x: x
            layer.backward = lambda x, g: g
            try:
                return function(self, *args)
            finally:
                del layer.forward, layer.backward

        return call

    return wrap
