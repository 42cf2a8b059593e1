"""Networks that are trained once for all pictures, and the curves of their losses.

    python -m docs.pictures.trained

prints the tables that the pages *Training* and *Reading the results* show.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from solution import ConvolutionNeuralNetwork, ParamLayer, load_dataset

SEED = 1234  # as `python -m solution`
RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
SIZES = (16, 100, 1000)
FEW = 200
HERE = Path(__file__).parent
KEPT = HERE.parent / "_build" / "pictures"

Arrays = dict[str, np.ndarray]


def kept(compute: Callable[..., Arrays]) -> Callable[..., Arrays]:
    """Remember what was computed, in a file too, as long as the code that trains is the same."""

    @functools.cache
    def remembered(*arguments: Any) -> Arrays:
        own = "".join(inspect.getsource(one) for one in (compute, curve, new, data, judged))
        code = [path.read_bytes() for path in sorted((HERE.parents[1] / "solution").glob("*.py"))]
        digest = hashlib.sha256(b"".join([own.encode(), *code])).hexdigest()[:12]
        name = "-".join(["trained", compute.__name__, *map(str, arguments), digest])
        path = KEPT / f"{name}.npz"
        if not path.is_file():
            for old in KEPT.glob(f"{name.removesuffix(digest)}*.npz"):
                old.unlink()
            KEPT.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f"{os.getpid()}-{path.name}")  # others may want it meanwhile
            np.savez(part, **compute(*arguments))
            part.replace(path)
        with np.load(path) as arrays:
            return dict(arrays)

    return remembered


@functools.cache
def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Images and labels of the training split, then of the test split."""
    return *load_dataset("train"), *load_dataset("test")


def param_layers(network: ConvolutionNeuralNetwork) -> list[ParamLayer]:
    """The layers that have parameters, in order."""
    return [layer for layer in network.layers if isinstance(layer, ParamLayer)]


def new(seed: int = SEED) -> ConvolutionNeuralNetwork:
    """A network as it starts."""
    np.random.seed(seed)
    return ConvolutionNeuralNetwork()


def judged(network: ConvolutionNeuralNetwork) -> tuple[float, float]:
    """The loss on the test images, and the share of them that is read rightly."""
    _, _, test_x, test_y = data()
    pieces = [test_x[start : start + 500] for start in range(0, len(test_x), 500)]
    logits = np.concatenate([network.forward(piece) for piece in pieces])
    right = float(np.mean(logits.argmax(axis=1) == test_y))
    return network.loss_func.forward(logits, test_y), right


@kept
def main() -> Arrays:
    """What `python -m solution` trains: 20 epochs, batch 100, learning rate 0.1."""
    train_x, train_y, test_x, _ = data()
    network, losses, accuracies = new(), [], []
    for _ in range(20):
        train_loss = network.train(train_x, train_y, 100, 1, 0.1)
        test_loss, right = judged(network)
        losses.append((train_loss, test_loss))
        accuracies.append(right)
    arrays = {"losses": np.array(losses), "accuracies": np.array(accuracies)}
    for i, layer in enumerate(param_layers(network)):
        arrays[f"weight{i}"], arrays[f"bias{i}"] = layer.weight, layer.bias
    return arrays | {"predicted": network.predict(test_x)}


def network() -> ConvolutionNeuralNetwork:
    """The network of `main`, trained."""
    arrays, trained = main(), new()
    for i, layer in enumerate(param_layers(trained)):
        layer.weight, layer.bias = arrays[f"weight{i}"], arrays[f"bias{i}"]
    return trained


def curve(size: int, rate: float, epochs: int, images: int = 10_000) -> Arrays:
    """Train, and note each batch's loss, the loss and accuracy on the test images, the time."""
    train_x, train_y, *_ = data()
    network, batches, tests, accuracies, seconds = new(), [], [], [], 0.0
    with np.errstate(all="ignore"):  # a learning rate may be far too large
        for _ in range(epochs):
            begin = time.process_time()
            for start in range(0, images, size):
                part = np.s_[start : min(start + size, images)]
                batches.append(network.train(train_x[part], train_y[part], size, 1, rate))
            seconds += time.process_time() - begin
            test_loss, right = judged(network)
            tests.append(test_loss)
            accuracies.append(right)
    return {
        "batches": np.array(batches).reshape(epochs, -1),
        "tests": np.array(tests),
        "accuracies": np.array(accuracies),
        "seconds": np.array(seconds / epochs),
    }


@kept
def rate(value: float) -> Arrays:
    """Three epochs at a learning rate, batch 100."""
    return curve(100, value, 3)


@kept
def size(value: int) -> Arrays:
    """Three epochs in batches of a size, learning rate 0.1."""
    return rate(0.1) if value == 100 else curve(value, 0.1, 3)


@kept
def slow() -> Arrays:
    """Twelve epochs at a learning rate that is too small."""
    return curve(100, 0.001, 12)


@kept
def few() -> Arrays:
    """Sixty epochs of only the first images, batch 20."""
    return curve(20, 0.1, 60, FEW)


def seeds(epochs: int, size: int, count: int) -> np.ndarray:
    """The accuracy after each epoch, for several seeds: (count, epochs)."""
    train_x, train_y, *_ = data()
    table = np.zeros((count, epochs))
    for i in range(count):
        network = new(seed=i)
        for epoch in range(epochs):
            network.train(train_x, train_y, size, 1, 0.1)
            table[i, epoch] = judged(network)[1]
    return table


def draw(style: Any) -> dict[str, Any]:
    """Draw the losses of `main`, and those of trainings that under- and overfit."""
    whole = main()["losses"]  # (20, 2)
    epochs = np.arange(1, 21)
    losses = style.figure(6.4, 3.4)
    axes = losses.subplots()
    axes.plot(epochs[1:], whole[1:, 0], "o-", markersize=4, label="training images")
    axes.plot(epochs[1:], whole[1:, 1], "s-", markersize=4, label="test images")
    axes.set(xlabel="epoch", ylabel="mean cross-entropy", ylim=0, xticks=range(2, 21, 2))
    axes.legend()
    style.tidy(axes)

    fits = style.figure(6.6, 2.9)
    first, second = fits.subplots(1, 2)
    for panel, arrays, title in (
        (first, slow(), "learning rate 0.001"),
        (second, few(), f"{FEW} training images"),
    ):
        epochs = np.arange(1, len(arrays["tests"]) + 1)
        panel.plot(epochs, arrays["batches"].mean(axis=1), label="training images")
        panel.plot(epochs, arrays["tests"], "--", label="test images")
        panel.set(title=title, xlabel="epoch", ylim=(0, 2.7))
        style.tidy(panel)
    first.set_ylabel("mean cross-entropy")
    second.legend()
    return {"losses": losses, "fits": fits}


def tables() -> None:
    """Print what the pages show."""
    print("learning rate: mean loss of the last 50 batches, test loss, accuracy after 3 epochs")
    for value in RATES:
        last = rate(value)
        print(
            f"{value:6}  {last['batches'].ravel()[-50:].mean():7.3f}  {last['tests'][-1]:7.3f}"
            f"  {last['accuracies'][-1]:.3f}"
        )
    print("\nbatch: steps an epoch, processor seconds an epoch, accuracy after each epoch")
    for value in SIZES:
        last = size(value)
        print(value, last["batches"].shape[1], last["seconds"].round(2), last["accuracies"])
    print("\nepoch, training loss, test loss, accuracy")
    for epoch, (losses, right) in enumerate(
        zip(main()["losses"], main()["accuracies"], strict=True), start=1
    ):
        print(f"{epoch:3}  {losses[0]:.4f}  {losses[1]:.4f}  {right:.4f}")
    for batch, epochs in ((100, 6), (16, 2)):
        table = seeds(epochs, batch, 10)
        print(f"\nten seeds, batch {batch}: least, mean, greatest accuracy after each epoch")
        for row in (table.min(axis=0), table.mean(axis=0), table.max(axis=0)):
            print("  ".join(f"{value:.4f}" for value in row))


if __name__ == "__main__":
    tables()
