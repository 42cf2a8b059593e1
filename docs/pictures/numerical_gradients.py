"""The error of finite differences over their step, for real losses."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from docs.pictures.drawing import Style
from solution import ConvolutionNeuralNetwork, CrossEntropyLoss, ReLULayer, load_dataset


def draw(style: Style) -> dict[str, Figure]:
    return {"steps": steps(style), "kinks": kinks(style)}


def network_of(dtype: type) -> ConvolutionNeuralNetwork:
    """A fresh network, the same for each dtype, with biases that are not zero."""
    np.random.seed(0)
    network = ConvolutionNeuralNetwork()
    for index in (0, 3, 7):
        layer = network.layers[index]
        layer.weight = layer.weight.astype(dtype)
        layer.bias = np.full(layer.bias.shape, 0.1, dtype)
    return network


@functools.cache
def last_layer(dtype: type) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The loss as a function of the last weights: steps, errors central and forward, and model."""
    images, digits = (part[:100] for part in load_dataset("train"))
    exact, features = network_of(np.float64), images.astype(np.float64)
    for layer in exact.layers[:-1]:
        features = layer.forward(features)
    linear, loss = exact.layers[-1], CrossEntropyLoss()
    logits = linear.forward(features)
    linear.backward(features, loss.backward(logits, digits))
    at = linear.weight
    direction = np.random.RandomState(1).choice([-1.0, 1.0], at.shape)
    slope = float((linear.weight_grad * direction).sum())

    def value(t: float, kind: type = dtype) -> float:
        weight, bias = (at + t * direction).astype(kind), linear.bias.astype(kind)
        return loss.forward(features.astype(kind) @ weight + bias, digits)

    h = 10.0 ** np.arange(-12, 0.01, 0.125)
    central = np.array([(value(s) - value(-s)) / (2 * s) for s in h])
    forward = np.array([(value(s) - value(0)) / s for s in h])
    e = 1e-2  # for the third derivative, in float64
    third = value(2 * e, float) - 2 * value(e, float) + 2 * value(-e, float) - value(-2 * e, float)
    third = abs(third / (2 * e**3))
    model = third * h**2 / 6 + np.finfo(dtype).eps * abs(value(0)) / h
    return h, np.abs(central - slope), np.abs(forward - slope), model


def steps(style: Style) -> Figure:
    """Central and forward differences, in double and in single precision."""
    figure = style.figure(7.2, 3.3)
    for axes, dtype in zip(
        figure.subplots(1, 2, sharey=True), (np.float64, np.float32), strict=True
    ):
        h, central, forward, model = last_layer(dtype)
        shown = h > (0 if dtype is np.float64 else 1e-8)
        for slope, colour, kind in ((forward, "orange", "forward"), (central, "blue", "central")):
            axes.loglog(
                h[shown],
                slope[shown],
                ".",
                color=getattr(style, colour),
                markersize=4,
                label=f"{kind} difference",
            )
        axes.loglog(
            h[shown], model[shown], color=style.soft, linewidth=1, label="$h^2|f'''|/6 + ε|f|/h$"
        )
        axes.set(xlabel="step $h$", title=dtype.__name__, ylim=(1e-12, 1e2), xlim=(5e-13, 2))
        axes.grid(color=style.faint, linewidth=0.5)
        style.tidy(axes)
        if dtype is np.float64:
            axes.set_ylabel("error of the slope")
            axes.legend(loc="upper center")
    return figure


@functools.cache
def first_layer() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The loss as a function of the first kernels: steps, errors, decisions that changed."""
    x, y = (part[:100] for part in load_dataset("train"))
    x = x.astype(np.float64)
    network = network_of(np.float64)
    first = network.layers[0]
    network.backward(network.loss_func.backward(network.forward(x, keepgrad=True), y))
    at = first.weight
    direction = np.random.RandomState(1).choice([-1.0, 1.0], at.shape)
    slope = float((first.weight_grad * direction).sum())

    def run(t: float) -> tuple[float, list[np.ndarray]]:
        first.weight = at + t * direction
        value = network.loss_func.forward(network.forward(x, keepgrad=True), y)
        decisions = []
        for layer, given in zip(network.layers, network.layer_inputs, strict=True):
            if isinstance(layer, ReLULayer):
                decisions.append(given > 0)
            elif not hasattr(layer, "weight") and given.ndim == 4 and hasattr(layer, "k1"):
                batch, maps, height, width = given.shape
                windows = given.reshape(batch, maps, height // 2, 2, width // 2, 2)
                windows = windows.transpose(0, 1, 2, 4, 3, 5)
                decisions.append(windows.reshape(*windows.shape[:4], 4).argmax(axis=-1))
        return value, decisions

    h = 10.0 ** np.arange(-9, -0.99, 0.25)
    errors, changed = [], []
    for step in h:
        (ahead, some), (behind, others) = run(step), run(-step)
        errors.append(abs((ahead - behind) / (2 * step) - slope))
        changed.append(sum(int((a != b).sum()) for a, b in zip(some, others, strict=True)))
    return h, np.array(errors), np.array(changed)


def kinks(style: Style) -> Figure:
    """Steps across kinks: of one ReLU, and of all of them in the network."""
    figure = style.figure(7.2, 3)
    left, middle, right = figure.subplots(1, 3)
    relu: Callable[[np.ndarray], np.ndarray] = ReLULayer().forward
    h = np.linspace(0.01, 1, 200)
    for x, colour in ((0.2, style.blue), (-0.2, style.orange)):
        slope = (relu(x + h) - relu(x - h)) / (2 * h)
        left.plot(h, slope, color=colour, label=f"$x = {x}$".replace("-", "−"))
    left.axvline(0.2, color=style.soft, linewidth=0.8, linestyle=":")
    left.set(xlabel="step $h$", title="difference of ReLU", ylim=(-0.05, 1.05))
    left.legend(loc="center right")
    h, errors, changed = first_layer()
    middle.loglog(h, errors, ".", color=style.blue)
    middle.set(xlabel="step $h$", title="network: error of the slope")
    right.semilogx(h, changed, ".", color=style.red)
    right.set(xlabel="step $h$", title="decisions that differ", yscale="symlog")
    style.tidy(left, middle, right)
    return figure
