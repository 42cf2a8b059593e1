"""What neurons and layers compute: graphs of real layers, weights and maps of real digits."""

from __future__ import annotations

import functools

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure

from docs.pictures.drawing import Style
from solution import ConvolutionNeuralNetwork, LinearLayer, NetworkLayer, ReLULayer, load_dataset


def draw(style: Style) -> dict[str, Figure]:
    return {
        "neuron": neuron(style),
        "hats": hats(style),
        "template": template(style),
        "journey": journey(style),
    }


def chain(x: np.ndarray, *layers: NetworkLayer) -> np.ndarray:
    """The layers, one after the other."""
    for layer in layers:
        x = layer.forward(x)
    return x


def linear(weight: list[list[float]], bias: list[float]) -> LinearLayer:
    """A linear layer with these parameters."""
    layer = LinearLayer(len(weight), len(bias))
    layer.weight, layer.bias = np.array(weight, float), np.array(bias, float)
    return layer


def signed(style: Style) -> Colormap:
    """Blue for negative numbers, orange for positive ones, and gaps that can be seen."""
    return style.signs().with_extremes(bad=style.faint)


def image(axes: Axes, values: np.ndarray, colours: Colormap, **limits: float) -> None:
    """A map of numbers, framed, without ticks."""
    axes.imshow(values, cmap=colours, interpolation="nearest", **limits)
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_linewidth(0.5)


# One neuron, and sums of some -----------------------------------------------------------


def neuron(style: Style) -> Figure:
    """A neuron of two inputs: the map of its values and its graph."""
    weight = np.array([1.0, -0.5])
    layers = linear(weight[:, None].tolist(), [0.5]), ReLULayer()
    ticks = np.linspace(-2, 2, 81)
    grid = np.stack(np.meshgrid(ticks, ticks), axis=-1)  # (81, 81, 2)
    values = chain(grid.reshape(-1, 2), *layers).reshape(81, 81)

    figure = style.figure(7.2, 3.2)
    left, right = figure.add_subplot(1, 2, 1), figure.add_subplot(1, 2, 2, projection="3d")
    left.contourf(
        ticks,
        ticks,
        values,
        levels=[1e-9, 0.5, 1, 1.5, 2, 2.5, 3, 3.5],
        alpha=0.8,
        cmap=LinearSegmentedColormap.from_list("up", [style.paper, style.orange]),
    )
    left.contour(ticks, ticks, grid @ weight + 0.5, levels=[0], colors=[style.ink])
    start = np.array([-0.2, 0.6])  # on the line
    left.annotate(
        "",
        start + 0.8 * weight,
        start,
        arrowprops={"arrowstyle": "->", "color": style.blue, "lw": 2},
    )
    left.text(0.68, 0.28, "$w$", color=style.blue, fontsize=12)
    left.text(-1.95, -0.62, "$w · x + b = 0$", color=style.ink, rotation=0)
    left.text(-1.6, 1.4, "0", color=style.soft)
    left.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    right.plot_wireframe(
        grid[::8, ::8, 0], grid[::8, ::8, 1], values[::8, ::8], color=style.orange, linewidth=0.8
    )
    right.set(xlabel="$x_1$", ylabel="$x_2$", zlabel="$y$")
    right.set(xticks=[-2, 0, 2], yticks=[-2, 0, 2], zticks=[0, 1, 2, 3])
    right.view_init(elev=22, azim=-115)
    right.patch.set_alpha(0)
    for axis in (right.xaxis, right.yaxis, right.zaxis):
        axis.set_pane_color((0, 0, 0, 0))
        axis._axinfo["grid"]["color"] = style.faint
        axis.line.set_color(style.soft)
    return figure


def hats(style: Style) -> Figure:
    """Three neurons make a hat; more of them follow a curve."""
    x = np.linspace(-0.5, 3.5, 401)[:, None]
    hidden = linear([[1, 1, 1]], [0, -1, -2])
    bent = chain(x, hidden, ReLULayer())
    hat = chain(bent, linear([[1], [-2], [1]], [0]))

    figure = style.figure(7.2, 2.6)
    left, middle, right = figure.subplots(1, 3)
    for values, factor, colour in zip(bent.T, (1, -2, 1), ["blue", "orange", "green"], strict=True):
        left.plot(x[:, 0], factor * values, color=getattr(style, colour))
    left.set(title="three neurons, weighted", xlabel="$x$", ylim=(-4, 4))
    middle.plot(x[:, 0], hat[:, 0], color=style.ink)
    middle.set(title="their sum", xlabel="$x$", ylim=(-0.25, 1.25))

    t = np.linspace(0, 2 * np.pi, 401)
    right.plot(t, np.sin(t), color=style.soft, linewidth=3, alpha=0.5, label="sin $x$")
    for count, colour in ((4, style.orange), (8, style.blue)):
        knots = np.linspace(0, 2 * np.pi, count + 1)
        slopes = np.diff(np.sin(knots)) / np.diff(knots)
        weights = np.diff(slopes, prepend=0.0)  # the change of slope at each knot
        layers = (
            linear([[1.0] * count], (-knots[:-1]).tolist()),
            ReLULayer(),
            linear(weights[:, None].tolist(), [0.0]),
        )
        right.plot(t, chain(t[:, None], *layers)[:, 0], color=colour, label=f"{count} neurons")
    right.set(title="a curve, followed", xlabel="$x$", ylim=(-1.25, 1.25))
    right.legend(fontsize=8)
    for axes in (left, middle, right):
        axes.axhline(0, color=style.faint, linewidth=0.8, zorder=0)
        style.tidy(axes)
    return figure


# Digits ----------------------------------------------------------------------------------


def template(style: Style) -> Figure:
    """A neuron whose weights are the difference of two mean images, and its sums."""
    x, y = load_dataset("train")
    zero, one = (x[y == digit].reshape(-1, 784).mean(axis=0) for digit in (0, 1))
    weight = one - zero
    bias = -weight @ (one + zero) / 2
    x, y = load_dataset("test")

    figure = style.figure(7.2, 2.4)
    axes = figure.subplots(1, 4, width_ratios=[1, 1, 1, 2])
    for place, values, title in zip(axes, (zero, one), ("mean 0", "mean 1"), strict=False):
        image(place, values.reshape(28, 28), style.greys(), vmin=0, vmax=1)
        place.set_title(title)
    image(axes[2], weight.reshape(28, 28), signed(style), vmin=-1, vmax=1)
    axes[2].set_title("weights")
    for digit, colour in ((0, style.blue), (1, style.orange)):
        sums = x[y == digit].reshape(-1, 784) @ weight + bias
        axes[3].hist(sums, bins=np.arange(-80, 46, 5), color=colour, alpha=0.7, label=f"{digit}")
    axes[3].axvline(0, color=style.ink, linewidth=0.8)
    axes[3].set(xlabel="weighted sum", ylabel="test images")
    axes[3].legend()
    style.tidy(axes[3])
    return figure


@functools.cache
def trained() -> ConvolutionNeuralNetwork:
    """The network after one epoch, which reads 94 % of the test images."""
    np.random.seed(0)
    network = ConvolutionNeuralNetwork()
    network.train(*load_dataset("train"), 16, 1, 0.1)
    return network


def mosaic(maps: np.ndarray) -> np.ndarray:
    """Maps (C, H, W) side by side in a square, with a gap between them."""
    side = int(np.ceil(len(maps) ** 0.5))
    height, width = maps.shape[1] + 1, maps.shape[2] + 1
    whole = np.full((side * height - 1, side * width - 1), np.nan)
    for place, values in enumerate(maps):
        top, left = place // side * height, place % side * width
        whole[top : top + height - 1, left : left + width - 1] = values
    return whole


def journey(style: Style) -> Figure:
    """A test image on its way through the trained network."""
    x, y = load_dataset("test")
    network, first = trained(), int(np.flatnonzero(y == 4)[0])
    values = x[first : first + 1]
    steps = [("image", values)]
    for layer in network.layers:
        values = layer.forward(values)
        steps.append((type(layer).__name__.removesuffix("Layer"), values))

    figure = style.figure(7.2, 3.9)
    places = figure.subplots(2, 4).ravel()
    titles = {"MaxPooling": "max pooling", "Convolution": "convolution"}
    for place, (name, maps) in zip(places, steps[:7], strict=False):
        colours = style.greys() if name == "image" else signed(style)
        limit = float(np.abs(maps).max())
        image(place, mosaic(maps[0]), colours, vmin=0 if name == "image" else -limit, vmax=limit)
        shape = " × ".join(map(str, maps.shape[1:]))
        place.set_title(f"{titles.get(name, name)}\n{shape}", fontsize=9)
    logits = steps[-1][1][0]
    colours = [style.orange if value > 0 else style.blue for value in logits]
    places[7].barh(np.arange(10), logits, color=colours)
    places[7].axvline(0, color=style.soft, linewidth=0.8)
    places[7].set(yticks=np.arange(10))
    places[7].tick_params(labelsize=8)
    places[7].set_title("flatten, linear\n10 logits", fontsize=9)
    places[7].invert_yaxis()
    style.tidy(places[7])
    return figure
