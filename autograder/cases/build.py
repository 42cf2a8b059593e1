"""Makes the cases of a seed from the reference solution: the only module that runs it.

Random numbers come from `RandomState`, whose stream is frozen, so a seed means the same
cases on every machine. Sizes differ from one another wherever they can, biases are not
zero, the gradient from above is random, and values keep their distance from kinks.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

import numpy as np

from autograder.cases import Case, Cases
from autograder.cases.lint import WeakCase, check_answer, check_kinks
from autograder.errors import KitError

HOME = Path(__file__).resolve().parents[2]  # of a checkout: holds `solution`
Random = np.random.RandomState
GAP = 0.2  # distance that inputs keep from a kink: ReLU's zero, a tie in a pooling window


def load_reference(name: str = "solution") -> ModuleType:
    """The reference solution of this checkout, by its path and not by `sys.path`.

    Raises
    ------
    KitError
        This installation has no solution.
    """
    init = HOME / name / "__init__.py"
    if not init.is_file():
        raise KitError(
            "this installation holds no solution to make cases from.\n"
            "Give the file of cases that came with the course: --cases FILE"
        )
    alias = f"_byhand_reference_{name}"  # never the name of something that is installed
    if alias not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            alias, init, submodule_search_locations=[str(init.parent)]
        )
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[alias] = module
        spec.loader.exec_module(module)
    return sys.modules[alias]


def load_own(file: Path) -> ModuleType:
    """The file of a task of one's own, with the reference in it.

    Raises
    ------
    KitError
        It cannot be imported, or makes no cases.
    """
    spec = importlib.util.spec_from_file_location(f"_byhand_own_{file.stem}", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise KitError(f"{file} cannot be imported: {type(error).__name__}: {error}") from error
    if not hasattr(module, "cases"):
        raise KitError(f"{file} lacks a function cases(random, reference)")
    return module


def build_cases(seed: int, reference: ModuleType, own: Sequence[Path] = ()) -> Cases:
    """All cases of a seed.

    Parameters
    ----------
    own
        Files of tasks that the kit does not know, with a function `cases` each.
    """
    makers: list[Callable[[Random, ModuleType], Iterator[Case]]] = [
        relu_cases,
        flatten_cases,
        maxpool_cases,
        tie_cases,
        linear_cases,
        conv_cases,
        init_cases,
        update_cases,
        loss_cases,
        huge_logit_cases,
        network_cases,
        accuracy_cases,
    ]
    cases: list[Case] = []
    for make in makers:
        cases += strong_cases(make.__name__, make, seed, reference)
    for file in own:
        module = load_own(file)
        try:
            cases += strong_cases(file.stem, module.cases, seed, module)
        except KitError:
            raise
        except Exception as error:
            raise KitError(f"{file}: cases failed: {type(error).__name__}: {error}") from error
    return Cases(seed, cases)


def strong_cases(
    name: str,
    make: Callable[[Random, ModuleType], Iterator[Case]],
    seed: int,
    reference: ModuleType,
) -> list[Case]:
    """The cases of one maker, drawn again as long as a wrong answer could pass one of them."""
    for attempt in range(100):
        try:
            return list(make(random_for(seed, f"{name} {attempt}"), reference))
        except WeakCase as weak:
            reason = weak
    raise KitError(f"no strong cases could be made with seed {seed}: {reason}")


def random_for(seed: int, purpose: str) -> Random:
    """A stream of its own for each purpose: a new kind of case leaves the others alone."""
    digest = hashlib.sha256(f"{seed} {purpose}".encode()).digest()
    return Random(int.from_bytes(digest[:4], "little"))


# Values ------------------------------------------------------------------------------


def off_zero(random: Random, shape: tuple[int, ...]) -> np.ndarray:
    """Values of both signs whose distance from zero is at least GAP."""
    return random.uniform(GAP, 1.5, shape) * random.choice([-1.0, 1.0], shape)


def well_apart(random: Random, shape: tuple[int, ...]) -> np.ndarray:
    """Values of which any two differ by at least GAP, around zero."""
    count = int(np.prod(shape))
    order = random.permutation(count).reshape(shape)
    return (order - count / 2) * 2 * GAP + random.uniform(0, GAP, shape)


# Layers ------------------------------------------------------------------------------


def layer_case(
    reference: ModuleType,
    group: str,
    title: str,
    layer: str,
    args: tuple[int, ...],
    arrays: dict[str, np.ndarray],
    lint: bool = True,
) -> Case:
    """A case of a layer with its answers, and the magnitudes of them.

    The answers are computed in float64 from the numbers as they are sent. The magnitude
    of an answer is the largest sum of absolute terms that makes one of its elements: what
    rounding errors are proportional to.
    """
    answers = run_layer(reference, layer, args, arrays)
    sizes = run_layer(reference, layer, args, arrays, np.abs)
    scales = {"scale." + name: np.array(np.abs(sizes[name]).max()) for name in answers}
    case = Case(group, title, layer, args, {**arrays, **answers, **scales})
    if lint:
        ones = run_layer(reference, layer, args, arrays | {"g": np.ones_like(arrays["g"])})
        check_answer(case, "out")
        for name in answers:
            if name != "out":
                check_answer(case, name, ones[name])
    return case


def run_layer(
    reference: ModuleType,
    layer: str,
    args: tuple[int, ...],
    arrays: dict[str, np.ndarray],
    change: Callable[[np.ndarray], np.ndarray] | None = None,
) -> dict[str, np.ndarray]:
    """Forward and backward of the reference in float64; `change` is applied to all numbers."""
    wide = {name: value.astype(np.float64) for name, value in arrays.items()}
    linear = layer in ("LinearLayer", "ConvolutionLayer")
    if change and linear:  # elsewhere an answer is one of the numbers that came in
        wide = {name: change(value) for name, value in wide.items()}
    built = getattr(reference, layer)(*args)
    if linear:
        built.weight, built.bias = wide["weight"], wide["bias"]
    answers = {"out": built.forward(wide["x"]), "x_grad": built.backward(wide["x"], wide["g"])}
    if linear:
        answers |= {"weight_grad": built.weight_grad, "bias_grad": built.bias_grad}
    return {name: np.ascontiguousarray(value) for name, value in answers.items()}


def narrow(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: value.astype(np.float32) for name, value in arrays.items()}


def relu_cases(random: Random, reference: ModuleType) -> Iterator[Case]:
    shapes = {
        "images": (3, 2, 5, 4),
        "a table": (5, 7),
        "batch of one": (1, 3, 4, 2),
        "one axis": (9,),
    }
    for title, shape in shapes.items():
        arrays = {"x": off_zero(random, shape), "g": random.standard_normal(shape)}
        yield layer_case(reference, "relu", title, "ReLULayer", (), arrays)
    shape = (4, 3, 2, 5)
    arrays = {"x": off_zero(random, shape), "g": random.standard_normal(shape)}
    yield layer_case(reference, "relu", "float32", "ReLULayer", (), narrow(arrays))
    arrays = {"x": 1e-5 * off_zero(random, shape), "g": 1e-4 * random.standard_normal(shape)}
    yield layer_case(reference, "relu", "small numbers", "ReLULayer", (), arrays)
    arrays = {"x": 1e5 * off_zero(random, shape), "g": 1e3 * random.standard_normal(shape)}
    yield layer_case(reference, "relu", "large numbers", "ReLULayer", (), arrays)


def flatten_cases(random: Random, reference: ModuleType) -> Iterator[Case]:
    table: list[tuple[str, tuple[int, ...], tuple[int, ...]]] = [
        ("images, as in the network", (), (3, 2, 5, 4)),
        ("axes 1 to 2", (1, 2), (4, 3, 2, 5)),
        ("axes 0 to 1", (0, 1), (3, 2, 5, 4)),
        ("axes 2 to 3", (2, 3), (2, 3, 4, 5)),
        ("axes -3 to -2", (-3, -2), (2, 4, 3, 5)),
        ("all axes", (0, -1), (2, 3, 4)),
        ("one axis only", (1, 1), (4, 2, 3)),
        ("five axes, 1 to 3", (1, 3), (2, 3, 2, 4, 5)),
        ("batch of one", (1, -1), (1, 3, 2, 4)),
    ]
    for title, args, shape in table:
        answer = run_layer(
            reference, "FlattenLayer", args, {"x": np.zeros(shape), "g": np.zeros(shape)}
        )["out"]
        arrays = {"x": random.standard_normal(shape), "g": random.standard_normal(answer.shape)}
        yield layer_case(reference, "flatten", title, "FlattenLayer", args, arrays)
    arrays = {"x": random.standard_normal((4, 3, 2, 5)), "g": random.standard_normal((4, 30))}
    yield layer_case(reference, "flatten", "float32", "FlattenLayer", (), narrow(arrays))


def maxpool_cases(random: Random, reference: ModuleType) -> Iterator[Case]:
    table: list[tuple[str, tuple[int, int], tuple[int, ...]]] = [
        ("as in the network", (2, 2), (3, 4, 6, 8)),
        ("window of 2 × 3", (2, 3), (3, 2, 4, 9)),
        ("window of 3 × 2", (3, 2), (2, 3, 9, 4)),
        ("window of 1 × 4", (1, 4), (2, 2, 3, 8)),
        ("window of 3 × 1", (3, 1), (2, 2, 6, 5)),
        ("odd-sized image", (3, 3), (2, 3, 9, 3)),
        ("one channel", (2, 2), (4, 1, 4, 6)),
        ("batch of one", (2, 2), (1, 3, 6, 4)),
        ("window as large as the image", (4, 3), (3, 2, 4, 3)),
    ]
    for title, args, shape in table:
        yield pooling_case(random, reference, title, args, shape)
    yield pooling_case(random, reference, "negative numbers", (2, 2), (2, 3, 4, 6), shift=-1)
    yield pooling_case(random, reference, "positive numbers", (2, 2), (2, 3, 6, 4), shift=1)
    yield pooling_case(random, reference, "small numbers", (2, 2), (2, 3, 4, 6), factor=1e-6)
    yield pooling_case(random, reference, "float32", (2, 2), (3, 2, 4, 6), single=True)


def pooling_case(
    random: Random,
    reference: ModuleType,
    title: str,
    args: tuple[int, int],
    shape: tuple[int, ...],
    shift: float = 0.0,
    factor: float = 1.0,
    single: bool = False,
) -> Case:
    batch, channels, height, width = shape
    x = well_apart(random, shape)
    x = factor * (x + shift * (np.abs(x).max() + 1))
    g = random.standard_normal((batch, channels, height // args[0], width // args[1]))
    arrays = {"x": x, "g": g}
    return layer_case(
        reference, "maxpool", title, "MaxPoolingLayer", args, narrow(arrays) if single else arrays
    )


def tie_cases(random: Random, reference: ModuleType) -> Iterator[Case]:
    """Few different values, so that most windows hold their maximum more than once."""
    x = random.choice([-1.0, 0.0, 2.0], (3, 2, 6, 8))
    arrays = {"x": x, "g": random.uniform(0.5, 1.5, (3, 2, 3, 4))}
    yield layer_case(reference, "maxpool.ties", "equal maxima", "MaxPoolingLayer", (2, 2), arrays)
    arrays = {"x": np.zeros((2, 3, 4, 6)), "g": random.uniform(0.5, 1.5, (2, 3, 2, 2))}
    yield layer_case(
        reference, "maxpool.ties", "blank image", "MaxPoolingLayer", (2, 3), arrays, lint=False
    )


def linear_cases(random: Random, reference: ModuleType) -> Iterator[Case]:
    table = [
        ("4 rows, 5 to 3", 4, 5, 3),
        ("2 rows, 3 to 7", 2, 3, 7),
        ("batch of one", 1, 6, 4),
        ("one input", 5, 1, 3),
        ("one output", 3, 4, 1),
        ("square", 4, 4, 4),
    ]
    for title, batch, d1, d2 in table:
        arrays = linear_arrays(random, batch, d1, d2)
        yield layer_case(reference, "linear", title, "LinearLayer", (d1, d2), arrays)
    arrays = narrow(linear_arrays(random, 6, 5, 4))
    yield layer_case(reference, "linear", "float32", "LinearLayer", (5, 4), arrays)
    arrays = {name: 1e-3 * value for name, value in linear_arrays(random, 3, 5, 4).items()}
    arrays["bias"] *= 1e-3  # like the products beside it
    yield layer_case(reference, "linear", "small numbers", "LinearLayer", (5, 4), arrays)


def linear_arrays(random: Random, batch: int, d1: int, d2: int) -> dict[str, np.ndarray]:
    return {
        "x": random.standard_normal((batch, d1)),
        "g": random.standard_normal((batch, d2)),
        "weight": random.standard_normal((d1, d2)),
        "bias": off_zero(random, (d2,)),
    }


def conv_cases(random: Random, reference: ModuleType) -> Iterator[Case]:
    table = [  # batch, c1, c2, k1, k2, height, width
        ("rectangular", 3, 2, 5, 3, 2, 7, 6),
        ("kernel of 2 × 4, fewer filters than channels", 2, 4, 3, 2, 4, 5, 9),
        ("one channel, several filters", 2, 1, 3, 2, 3, 6, 5),
        ("several channels, one filter", 4, 3, 1, 3, 2, 5, 7),
        ("one channel, one filter", 3, 1, 1, 3, 3, 6, 5),
        ("square, as many filters as channels", 3, 3, 3, 3, 3, 6, 6),
        ("batch of one", 1, 2, 3, 2, 3, 5, 6),
        ("kernel of 1 × 1", 3, 2, 4, 1, 1, 4, 3),
        ("kernel of 1 × 3", 2, 2, 3, 1, 3, 4, 6),
        ("kernel as large as the image", 3, 2, 4, 4, 3, 4, 3),
        ("kernel as wide as the image", 2, 3, 2, 2, 5, 6, 5),
        ("as in the network, a smaller image", 2, 1, 4, 5, 5, 12, 9),
        ("output of 2 × 2", 5, 3, 4, 3, 2, 4, 3),
    ]
    for title, *sizes in table:
        yield conv_case(random, reference, title, sizes)
    yield conv_case(random, reference, "float32", [3, 2, 4, 2, 3, 6, 7], narrow)
    yield conv_case(
        random,
        reference,
        "small numbers",
        [2, 3, 2, 3, 2, 5, 6],
        lambda arrays: {
            name: value * (1e-6 if name == "bias" else 1e-3) for name, value in arrays.items()
        },
    )


def conv_case(
    random: Random,
    reference: ModuleType,
    title: str,
    sizes: list[int],
    change: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]] | None = None,
) -> Case:
    batch, c1, c2, k1, k2, height, width = sizes
    arrays = {
        "x": random.standard_normal((batch, c1, height, width)),
        "g": random.standard_normal((batch, c2, height - k1 + 1, width - k2 + 1)),
        "weight": random.standard_normal([c2, c1, k1, k2]),
        "bias": off_zero(random, (c2,)),
    }
    arrays = change(arrays) if change else arrays
    return layer_case(reference, "conv", title, "ConvolutionLayer", (c1, c2, k1, k2), arrays)


# Parameters --------------------------------------------------------------------------


def init_cases(random: Random, reference: ModuleType) -> Iterator[Case]:
    """Sizes only: large layers in which fan-in, fan-out and kernel size are far apart."""
    yield Case("linear.init", "400 to 150", "LinearLayer", (400, 150))
    yield Case("linear.init", "60 to 700", "LinearLayer", (60, 700))
    yield Case("conv.init", "6 channels, 200 filters of 5 × 3", "ConvolutionLayer", (6, 200, 5, 3))
    yield Case("conv.init", "64 channels, 20 filters of 2 × 7", "ConvolutionLayer", (64, 20, 2, 7))


def update_cases(random: Random, reference: ModuleType) -> Iterator[Case]:
    """Square layers: a gradient that is transposed by mistake still fits its parameter."""
    for title, change in (("float64", None), ("float32", narrow)):
        arrays = linear_arrays(random, 5, 4, 4)
        yield update_case("linear.update", title, "LinearLayer", (4, 4), arrays, change)
        arrays = {
            "x": random.standard_normal((2, 3, 6, 6)),
            "g": random.standard_normal((2, 3, 4, 4)),
            "weight": random.standard_normal((3, 3, 3, 3)),
            "bias": off_zero(random, (3,)),
        }
        yield update_case("conv.update", title, "ConvolutionLayer", (3, 3, 3, 3), arrays, change)


def update_case(
    group: str,
    title: str,
    layer: str,
    args: tuple[int, ...],
    arrays: dict[str, np.ndarray],
    change: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]] | None,
) -> Case:
    return Case(group, title, layer, args, change(arrays) if change else arrays)


# Loss --------------------------------------------------------------------------------


def loss_cases(random: Random, reference: ModuleType) -> Iterator[Case]:
    table = [  # batch, classes, type of the labels, factor, offset
        ("6 rows, 4 classes", 6, 4, np.int64, 1.0, 0.0),
        ("10 classes", 7, 10, np.int64, 1.5, 0.0),
        ("as many rows as classes", 5, 5, np.int64, 1.0, 0.0),
        ("batch of one", 1, 6, np.int64, 1.0, 0.0),
        ("two classes", 5, 2, np.int64, 1.0, 0.0),
        ("labels of type uint8", 4, 7, np.uint8, 1.0, 0.0),
        ("labels of type int32", 8, 3, np.int32, 1.0, 0.0),
        ("logits far from zero", 4, 6, np.int64, 1.0, 60.0),
        ("logits far below zero", 4, 6, np.int64, 1.0, -60.0),
        ("sure of itself", 5, 4, np.int64, 6.0, 0.0),
    ]
    for title, batch, classes, dtype, factor, offset in table:
        x = factor * random.standard_normal((batch, classes)) + offset
        yield loss_case(random, reference, "loss", title, x, dtype)
    x = random.standard_normal((6, 5)).astype(np.float32)
    yield loss_case(random, reference, "loss", "float32", x, np.int64)


def huge_logit_cases(random: Random, reference: ModuleType) -> Iterator[Case]:
    for title, factor in (("logits of ±10,000", 1e4), ("logits of ±1,000", 1e3)):
        x = factor * random.choice([-1.0, 1.0], (6, 5)) + random.standard_normal((6, 5))
        x[:, 0], x[:, 1] = factor, -factor  # both signs in each row
        yield loss_case(random, reference, "loss.huge", title, x, np.int64)
        yield loss_case(
            random, reference, "loss.huge", f"{title}, float32", x.astype(np.float32), np.int64
        )
    yield loss_case(random, reference, "loss.huge", "rows far apart", rows_apart(random), np.int64)


def rows_apart(random: Random) -> np.ndarray:
    """Logits of which each row has a level of its own, thousands from the next."""
    levels = np.array([[-8e3], [0.0], [5e3], [-1e3], [9e3]])
    return levels + random.standard_normal((5, 4))


def loss_case(
    random: Random,
    reference: ModuleType,
    group: str,
    title: str,
    x: np.ndarray,
    dtype: type,
) -> Case:
    batch, classes = x.shape
    y = np.asarray(random.randint(0, classes, batch))
    if batch > 1 and classes > 2:
        # Not the row numbers (a common slip indexes by them), and one class twice.
        y[: min(2, batch)] = classes - 1
    y = y.astype(dtype)
    loss, wide = reference.CrossEntropyLoss(), x.astype(np.float64)
    # A logit of magnitude m carries a rounding error in proportion to m.
    arrays = {
        "x": x,
        "y": y,
        "out": np.array(loss.forward(wide, y)),
        "x_grad": loss.backward(wide, y),
        "scale.out": np.array(np.abs(x).max() + 1.0),
    }
    arrays["scale.x_grad"] = np.array(np.abs(arrays["x_grad"]).max() * (1 + np.abs(x).max() / 8))
    if group == "loss.huge":  # the classes' probabilities are 0 or 1 up to rounding
        arrays["scale.x_grad"] = np.array(max(1.0, np.abs(x).max() / 8) / batch)
    case = Case(group, title, "CrossEntropyLoss", (), arrays)
    check_answer(case, "x_grad")
    return case


# Network -----------------------------------------------------------------------------

SHAPES = {  # of the parameters of the three layers that have any, in order
    "0": ((4, 1, 5, 5), (4,)),
    "3": ((16, 4, 3, 3), (16,)),
    "7": ((400, 10), (10,)),
}


def network_parameters(random: Random) -> dict[str, np.ndarray]:
    """He's weights; biases that are not zero, which keeps a blank background off the kinks."""
    arrays = {}
    for index, (weight, bias) in SHAPES.items():
        fan_in = weight[0] if len(weight) == 2 else int(np.prod(weight[1:]))
        arrays[f"{index}.weight"] = random.standard_normal(weight) * (2 / fan_in) ** 0.5
        arrays[f"{index}.bias"] = 0.1 * off_zero(random, bias)
    return arrays


def network_cases(random: Random, reference: ModuleType) -> Iterator[Case]:
    for title, count in (("5 images", 5), ("one image", 1)):
        arrays = network_parameters(random)
        arrays["x"] = random.uniform(0, 1, (count, 1, 28, 28))
        arrays["g"] = random.standard_normal((count, 10))
        arrays["y"] = random.randint(0, 10, count)
        check_kinks(f"network ({title})", network_values(reference, arrays))
        yield Case("network", title, "ConvolutionNeuralNetwork", (), arrays)
    arrays = network_parameters(random)
    arrays["x"] = random.uniform(0, 1, (23, 1, 28, 28))
    arrays["y"] = random.randint(0, 10, 23)
    yield Case("network.train", "23 images", "ConvolutionNeuralNetwork", (), arrays)


def network_values(reference: ModuleType, arrays: dict[str, np.ndarray]) -> list[np.ndarray]:
    """The inputs of the pooling layers, of 2 × 2 windows each, and of the ReLU layers."""
    network, values, x = reference.ConvolutionNeuralNetwork(), [], arrays["x"]
    for index in SHAPES:
        layer = network.layers[int(index)]
        layer.weight, layer.bias = arrays[f"{index}.weight"], arrays[f"{index}.bias"]
    for member in network.layers:
        values += [x]
        x = member.forward(x)
    return [values[index] for index in (1, 2, 4, 5)]


def accuracy_cases(random: Random, reference: ModuleType) -> Iterator[Case]:
    """How the digits are shown: which symmetry of the square, which label for which digit."""
    arrays = network_parameters(random)
    arrays["symmetry"] = np.array(random.randint(8))
    arrays["labels"] = random.permutation(10)
    for index, (_, bias) in SHAPES.items():
        arrays[f"start.{index}.bias"] = np.zeros(bias)
    yield Case("accuracy", "MNIST", "ConvolutionNeuralNetwork", (), arrays)
