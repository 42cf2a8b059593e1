"""What can be altered in the network: its data, its batches and epochs, its steps."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autograder.diagnosis.alterations import (
    Alteration,
    Method,
    of_arguments,
    of_rate,
    repeat,
    with_argument,
    wrapped,
)


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
