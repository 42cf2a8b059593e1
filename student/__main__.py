"""Train the network, show how it learns, and say how well it recognises digits.

Run it as `python -m student`; `--help` lists the options. Writes the curve of the loss to
`loss.png`.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from pathlib import Path

import numpy as np

from . import ConvolutionNeuralNetwork, load_dataset

try:
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator
    from sklearn.metrics import classification_report
    from threadpoolctl import threadpool_limits
    from tqdm import tqdm
except ImportError as error:
    name = (error.name or "a package").partition(".")[0]
    sys.exit(f"error: {name} is missing; try: pip install 'byhand[train]'")


def parse_options(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {__package__}",
        description="Train the network, and say how well it recognises digits.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--epochs", type=int, default=20, metavar="N", help="passes over the training images")
    add("--batch-size", type=int, default=100, metavar="N", help="images in a batch")
    add("--lr", type=float, default=0.1, metavar="X", help="learning rate")
    add("--seed", type=int, default=1234, metavar="N", help="seed; the same gives the same")
    data_help = "folder that holds train/ and test/, or MNIST's IDX files; mnist is embedded"
    add("--data", default="mnist", metavar="FOLDER", help=data_help)
    add("--out", default=".", type=Path, metavar="FOLDER", help="where to write loss.png")
    options = parser.parse_args(argv)
    if options.epochs < 1:
        parser.error(f"--epochs must be at least 1, not {options.epochs}")
    if options.batch_size < 1:
        parser.error(f"--batch-size must be at least 1, not {options.batch_size}")
    if not 0 < options.lr < float("inf"):
        parser.error(f"--lr must be a positive number, not {options.lr}")
    if not 0 <= options.seed < 2**32:
        parser.error(f"--seed must be from 0 to {2**32 - 1}, not {options.seed}")
    return options


def load(data: str) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Load both splits of the data that `--data` names."""
    prefix = "" if data == "mnist" else f"{data}/"
    return load_dataset(f"{prefix}train"), load_dataset(f"{prefix}test")


def draw_losses(losses: np.ndarray, path: Path) -> None:
    """Draw the loss of both splits, shape (epochs, 2), and save the picture.

    The first epoch is left out, as its loss is so large that the rest would look flat. If it
    is the only one, it is drawn.
    """
    first = 2 if len(losses) > 1 else 1
    epochs = np.arange(first, len(losses) + 1)  # (epochs drawn,)
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.plot(epochs, losses[first - 1 :, 0], "o-", markersize=4, label="training images")
    axes.plot(epochs, losses[first - 1 :, 1], "s-", markersize=4, label="test images")
    axes.set_xlabel("epoch")
    axes.set_ylabel("mean cross-entropy loss")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=150)


def run(options: argparse.Namespace) -> None:
    """Do all that the options ask for."""
    np.random.seed(options.seed)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        sys.exit(f"error: --out {options.out} cannot be made a folder: {error.strerror}")
    try:
        (train_x, train_y), (test_x, test_y) = load(options.data)
    except (OSError, ValueError, ImportError) as error:
        sys.exit(f"error: {error}")
    for name, x, y in (("train", train_x, train_y), ("test", test_x, test_y)):
        print(f"{name:5}  images {x.shape} {x.dtype}, labels {y.shape} {y.dtype}")

    network = ConvolutionNeuralNetwork()
    losses = np.zeros((options.epochs, 2))  # (epochs, 2)
    begin = time.perf_counter()
    with tqdm(range(options.epochs), unit="epoch", ncols=79) as epochs:
        for epoch in epochs:
            train_loss = network.train(train_x, train_y, options.batch_size, 1, options.lr)
            test_loss = network.test(test_x, test_y, options.batch_size)
            losses[epoch] = train_loss, test_loss  # (2,)
            line = f"epoch {epoch + 1:3}  train loss {train_loss:.4f}  test loss {test_loss:.4f}"
            epochs.write(line)
    print(f"trained in {time.perf_counter() - begin:.1f} s")

    for name, x, y in (("train", train_x, train_y), ("test", test_x, test_y)):
        prediction = network.predict(x).argmax(axis=1)  # (N,)
        print(f"\n{name}\n{classification_report(y, prediction, digits=4, zero_division=0)}")
    picture = options.out / "loss.png"
    try:
        draw_losses(losses, picture)
    except OSError as error:
        sys.exit(f"error: {picture} cannot be written: {error.strerror}")
    print(f"The curve of the loss is in {picture}")


def main(argv: list[str] | None = None) -> None:
    """Run the program; where a function is still to be written, say which."""
    options = parse_options(argv)
    try:
        # One thread always adds up in the same order, so the same seed gives the same numbers;
        # matrices this small gain nothing from a second. Environment variables would come too
        # late, as the package has imported NumPy; threadpoolctl, part of scikit-learn's needs,
        # works later, too.
        with threadpool_limits(limits=1):
            run(options)
    except NotImplementedError as error:
        frame = [frame for frame, _ in traceback.walk_tb(error.__traceback__)][-1]
        place = f"{frame.f_globals['__name__']}.{frame.f_code.co_qualname}"
        sys.exit(f"error: {place} is not implemented yet")
    except KeyboardInterrupt:
        sys.exit("stopped")


if __name__ == "__main__":
    main()
