"""Gradient descent on real losses: of one and two parameters, and of the whole network."""

from __future__ import annotations

import functools

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from docs.pictures.drawing import Style
from solution import ConvolutionNeuralNetwork, CrossEntropyLoss, load_dataset

PARAMETERS = (0, 3, 7)  # the layers of the network that have parameters


def draw(style: Style) -> dict[str, Figure]:
    return {
        "parabola": parabola(style),
        "valley": valley(style),
        "rates": rates(style),
        "surface": surface(style),
    }


# One parameter ---------------------------------------------------------------------------


def parabola(style: Style) -> Figure:
    """Descent on L(w) = ((w - 2)² + (2w - 3)²) / 2 with four learning rates."""
    figure = style.figure(7.2, 2.3)
    w = np.linspace(-0.3, 3.5, 200)
    for axes, rate in zip(figure.subplots(1, 4, sharey=True), (0.02, 0.1, 0.36, 0.42), strict=True):
        axes.plot(w, parabola_loss(w), color=style.soft)
        path = [0.0]
        for _ in range(6):
            path.append(path[-1] - rate * (5 * path[-1] - 8))
        steps = np.array(path)
        steps = steps[np.abs(steps - 1.6) < 2]
        axes.plot(steps, parabola_loss(steps), "o-", color=style.orange, markersize=3, linewidth=1)
        axes.set(title=f"$η = {rate}$", xlabel="$w$", ylim=(-0.3, 9.5), xlim=(-0.3, 3.5))
        style.tidy(axes)
        if rate == 0.02:
            axes.set_ylabel("$L(w)$")
    return figure


def parabola_loss(w: np.ndarray) -> np.ndarray:
    return ((w - 2) ** 2 + (2 * w - 3) ** 2) / 2


# Two parameters --------------------------------------------------------------------------


@functools.cache
def ink() -> tuple[np.ndarray, np.ndarray]:
    """Ten times the mean grey of the training images of 1 and 7, and which of them are 7."""
    x, y = load_dataset("train")
    asked = (y == 1) | (y == 7)
    return 10.0 * x[asked].mean(axis=(1, 2, 3), dtype=float), (y[asked] == 7).astype(int)


def logits(s: np.ndarray, w: float, b: float) -> np.ndarray:
    return np.stack([np.zeros(len(s)), w * s + b], axis=1)  # (N, 2)


def descend(s: np.ndarray, rate: float, count: int) -> np.ndarray:
    """The points (w, b) of gradient descent from 0."""
    loss, y, path = CrossEntropyLoss(), ink()[1], [np.zeros(2)]
    for _ in range(count):
        g = loss.backward(logits(s, *path[-1]), y)[:, 1]
        path.append(path[-1] - rate * np.array([g @ s, g.sum()]))
    return np.array(path)


def standardised() -> np.ndarray:
    s = ink()[0]
    return (s - s.mean()) / s.std()


@functools.cache
def valley_loss(standard: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values of w, values of b, and the loss on all pairs of them."""
    s, y = standardised() if standard else ink()[0], ink()[1]
    w, b = np.linspace(-1, 8, 45), np.linspace(-8, 1, 45)
    if standard:
        w, b = np.linspace(-1, 4, 40), np.linspace(-2.5, 2.5, 40)
    loss = CrossEntropyLoss()
    return w, b, np.array([[loss.forward(logits(s, i, j), y) for i in w] for j in b])


def contours(style: Style, axes: Axes, standard: bool) -> None:
    """Lines of equal loss, and a star where it is least."""
    levels = [0.5, 0.505, 0.52, 0.55, 0.6, 0.7, 0.85, 1.05, 1.3, 1.6, 2.0]
    axes.contour(*valley_loss(standard), levels=levels, colors=[style.soft], linewidths=0.7)
    least = descend(standardised(), 4, 50)[-1]
    if not standard:
        s = ink()[0]
        least = np.array([least[0] / s.std(), least[1] - least[0] * s.mean() / s.std()])
    axes.plot(*least, "*", color=style.ink, markersize=9, zorder=5)
    axes.set(xlabel="$w$", ylabel="$b$")


def valley(style: Style) -> Figure:
    """Descent in a narrow valley, and in the round one of standardised inputs."""
    figure = style.figure(7.2, 3.3)
    left, right = figure.subplots(1, 2)
    contours(style, left, standard=False)
    for rate, colour, order in ((0.5, "orange", 4), (4, "green", 3), (8, "red", 2)):
        path = descend(ink()[0], rate, 100)
        line = {"linewidth": 0.8, "markersize": 3, "color": getattr(style, colour)}
        left.plot(*path.T, ".-", label=f"$η = {rate}$", zorder=order, **line)
    left.set(xlim=(-1, 8), ylim=(-8, 1), title="100 steps")
    left.legend(loc="lower left")
    contours(style, right, standard=True)
    path = descend(standardised(), 4, 10)
    right.plot(*path.T, ".-", color=style.green, linewidth=0.8, markersize=4)
    right.set(title="standardised: $η = 4$, 10 steps")
    return figure


# The network -----------------------------------------------------------------------------


def fresh() -> ConvolutionNeuralNetwork:
    np.random.seed(0)
    return ConvolutionNeuralNetwork()


def rates(style: Style) -> Figure:
    """The loss of each batch during the first 100 steps, for some learning rates."""
    figure = style.figure(7.2, 3)
    axes = figure.subplots()
    colours = (style.blue, style.green, style.orange, style.red)
    for (rate, losses), colour in zip(rate_losses().items(), colours, strict=True):
        smooth = np.convolve(losses, np.ones(5) / 5, mode="valid")
        axes.plot(losses, color=colour, linewidth=0.8, alpha=0.6)
        axes.plot(np.arange(4, len(losses)), smooth, color=colour, label=f"$η = {rate}$")
    axes.axhline(np.log(10), color=style.soft, linewidth=0.8, linestyle=":")
    axes.text(101, np.log(10), "ln 10", color=style.soft, va="center")
    axes.set(xlabel="step", ylabel="loss of the batch", ylim=(0, 3.5), xlim=(0, 100))
    axes.legend(ncols=4, loc="upper right")
    style.tidy(axes)
    return figure


@functools.cache
def rate_losses() -> dict[float, np.ndarray]:
    x, y = load_dataset("train")
    found = {}
    for rate in (0.003, 0.03, 0.3, 1.5):
        network = fresh()
        found[rate] = np.array(
            [
                network.train(x[start : start + 50], y[start : start + 50], 50, 1, rate)
                for start in range(0, 5000, 50)
            ]
        )
    return found


def read(network: ConvolutionNeuralNetwork) -> np.ndarray:
    """All parameters as one vector."""
    layers = [network.layers[index] for index in PARAMETERS]
    return np.concatenate([a.ravel() for layer in layers for a in (layer.weight, layer.bias)])


def write(network: ConvolutionNeuralNetwork, vector: np.ndarray) -> None:
    """Set all parameters from one vector."""
    start = 0
    for index in PARAMETERS:
        layer = network.layers[index]
        for name in ("weight", "bias"):
            old = getattr(layer, name)
            setattr(layer, name, vector[start : start + old.size].reshape(old.shape))
            start += old.size


def filter_normalised(
    network: ConvolutionNeuralNetwork, random: np.random.RandomState
) -> np.ndarray:
    """A random direction in which each kernel and each neuron moves by its own length."""
    parts = []
    for index in PARAMETERS:
        layer = network.layers[index]
        towards = random.randn(*layer.weight.shape)
        axes = (0,) if towards.ndim == 2 else (1, 2, 3)
        lengths = [np.sqrt((a**2).sum(axis=axes, keepdims=True)) for a in (layer.weight, towards)]
        parts += [(towards * lengths[0] / lengths[1]).ravel(), np.zeros(layer.bias.size)]
    return np.concatenate(parts)


@functools.cache
def planes() -> list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Two planes through the parameters: ticks, ticks, losses, path and shares of it."""
    x, y = load_dataset("train")
    network, path = fresh(), []
    for start in range(0, 10000, 50):
        path.append(read(network))
        network.train(x[start : start + 50], y[start : start + 50], 50, 1, 0.1)
    path.append(read(network))
    points = np.array(path, float)  # (201, 4706)
    end = points[-1]

    random = np.random.RandomState(1)
    around = np.array([filter_normalised(network, random) for _ in range(2)])
    ticks = np.linspace(-1, 1, 17)
    found = [
        (ticks, ticks, losses(network, end, around, ticks, ticks), np.zeros((0, 2)), np.zeros(2))
    ]

    _, sizes, along = np.linalg.svd(points - end, full_matrices=False)
    along = along[:2]
    flat = (points - end) @ along.T  # (201, 2)
    pad = 0.35 * np.ptp(flat, axis=0).max()
    sides = [np.linspace(flat[:, i].min() - pad, flat[:, i].max() + pad, 17) for i in (0, 1)]
    values = losses(network, end, along, *sides)
    found.append((*sides, values, flat, (sizes**2 / (sizes**2).sum())[:2]))
    return found


def losses(
    network: ConvolutionNeuralNetwork,
    centre: np.ndarray,
    along: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
) -> np.ndarray:
    """The loss on 100 training images, on a grid in a plane: (len(second), len(first))."""
    x, y = (part[:100] for part in load_dataset("train"))
    found = np.zeros((len(second), len(first)))
    for j, i in np.ndindex(*found.shape):
        write(network, (centre + first[i] * along[0] + second[j] * along[1]).astype(np.float32))
        found[j, i] = network.test(x, y, 100)
    return found


def surface(style: Style) -> Figure:
    """The loss around trained parameters, and along the path that led there."""
    figure = style.figure(7.2, 3.3)
    levels = [0, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 9, 100]
    shades = LinearSegmentedColormap.from_list("shades", [style.blue, style.paper])
    bands = [shades(share) for share in np.linspace(0.35, 1, len(levels) - 1)]
    titles = ("two random directions", "the plane of the path")
    for axes, plane, title in zip(figure.subplots(1, 2), planes(), titles, strict=True):
        first, second, values, path, shares = plane
        axes.contourf(first, second, values, levels=levels, colors=bands)
        lines = axes.contour(
            first, second, values, levels=levels, colors=[style.soft], linewidths=0.7
        )
        axes.clabel(lines, fontsize=7, fmt="%g")
        if len(path):
            axes.plot(*path.T, color=style.orange, linewidth=1.2)
            axes.plot(*path[0], "o", color=style.orange, markersize=5)
            axes.set(
                xlabel=f"1st direction ({shares[0]:.0%} of the path)",
                ylabel=f"2nd direction ({shares[1]:.0%})",
            )
        else:
            axes.set(xlabel="1st direction", ylabel="2nd direction")
        axes.plot(0, 0, "*", color=style.orange, markersize=9)
        axes.set_title(title)
    return figure
