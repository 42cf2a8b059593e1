"""How many of the catalogue's mistakes do the checks of public courses catch?

    python -m tests.peers [--list]

Four checks, written anew from the documentation of the courses that use them, are put to the
solution with each mistake in it. They look at a layer's forward and backward; what they do not
look at (initialisation, updates, the network) is counted apart, not as missed. An exception
counts as caught. The right solution has to pass every one of them, or nothing is printed.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np

from autograder.cases.build import HOME
from autograder.cases.variants import Variants
from autograder.mistakes import Mistake, catalogue
from autograder.mistakes.patching import patched

SOLUTION = HOME / "solution"
GROUPS = ("relu", "flatten", "maxpool", "linear", "conv", "loss")
Array = np.ndarray


@dataclass(frozen=True)
class Input:
    """The one fixed input with which a group is checked."""

    layer: str
    args: tuple[int, ...]
    x: Array
    parameters: dict[str, Array]
    labels: Array | None = None

    def build(self, module: ModuleType) -> Any:
        built = getattr(module, self.layer)(*self.args)
        for name, value in self.parameters.items():
            setattr(built, name, value.copy())
        return built

    def call(self, built: Any, x: Array) -> Any:
        return built.forward(x) if self.labels is None else built.forward(x, self.labels)

    def back(self, built: Any, x: Array, g: Array) -> Any:
        return built.backward(x, g if self.labels is None else self.labels)


def spread(low: float, high: float, *shape: int) -> Array:
    return np.linspace(low, high, int(np.prod(shape))).reshape(shape)


def fixed_inputs(seed: int = 231) -> dict[str, Input]:
    """Sizes as the courses have them: square images, square kernels, a batch of a few."""
    random = np.random.RandomState(seed)
    draw = random.standard_normal
    labels = random.randint(0, 10, 50)
    logits = 0.001 * draw((50, 10))
    kernels = {"weight": draw((2, 3, 3, 3)), "bias": draw(2)}
    return {
        "relu": Input("ReLULayer", (), draw((10, 10)), {}),
        "flatten": Input("FlattenLayer", (), draw((4, 3, 5, 5)), {}),
        "maxpool": Input("MaxPoolingLayer", (2, 2), draw((3, 2, 8, 8)), {}),
        "linear": Input(
            "LinearLayer", (6, 5), draw((10, 6)), {"weight": draw((6, 5)), "bias": draw(5)}
        ),
        "conv": Input("ConvolutionLayer", (3, 2, 3, 3), draw((4, 3, 5, 5)), kernels),
        "loss": Input("CrossEntropyLoss", (), logits, {}, labels),
    }


def linspace_inputs() -> dict[str, Input]:
    """For the comparison of forward with a stored output: numbers in equal steps."""
    kernels = {"weight": spread(-0.2, 0.3, 3, 3, 4, 4), "bias": spread(-0.1, 0.2, 3)}
    matrix = {"weight": spread(-0.2, 0.3, 6, 3), "bias": spread(-0.3, 0.1, 3)}
    return {
        "relu": Input("ReLULayer", (), spread(-0.5, 0.5, 3, 4), {}),
        "flatten": Input("FlattenLayer", (), spread(-0.5, 0.5, 2, 3, 4, 4), {}),
        "maxpool": Input("MaxPoolingLayer", (2, 2), spread(-0.3, 0.4, 2, 3, 4, 4), {}),
        "linear": Input("LinearLayer", (6, 3), spread(-0.1, 0.5, 2, 6), matrix),
        "conv": Input("ConvolutionLayer", (3, 3, 4, 4), spread(-0.1, 0.5, 2, 3, 6, 6), kernels),
    }


def gradients(one: Input, built: Any, x: Array, g: Array) -> dict[str, Any]:
    found = {"x": one.back(built, x, g)}
    return found | {name: getattr(built, f"{name}_grad") for name in one.parameters}


def differences(
    one: Input, built: Any, x: Array, g: Array, h: float
) -> Iterator[tuple[str, Array]]:
    """Central differences of Σ forward · g, element by element, moved in place."""
    arrays = {"x": x} | {name: getattr(built, name) for name in one.parameters}
    for name, array in arrays.items():
        found = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            kept = array[index]
            array[index] = kept + h
            above = np.array(one.call(built, x))
            array[index] = kept - h
            below = np.array(one.call(built, x))
            array[index] = kept
            found[index] = np.sum((above - below) * g) / (2 * h)
        yield name, found


def relative_error(a: Any, b: Any) -> float:
    a, b = np.asarray(a), np.asarray(b)
    return float(np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b))))


# The peers ---------------------------------------------------------------------------


class RelativeError:
    """CS231n: forward against one stored output, backward against central differences.

    The notebooks print the largest relative error beside what it should be, "around e-8";
    here less than 1e-7 passes. The loss has to be "close to 2.3".
    """

    name = "relative error, one fixed input (CS231n)"
    bound = 1e-7

    def __init__(self, right: ModuleType) -> None:
        self.inputs = fixed_inputs()
        self.linspace = linspace_inputs()
        self.stored = {
            group: one.call(one.build(right), one.x.copy()) for group, one in self.linspace.items()
        }

    def passes(self, module: ModuleType, group: str) -> bool:
        if group != "loss":
            one = self.linspace[group]
            out = one.call(one.build(module), one.x.copy())
            if not relative_error(out, self.stored[group]) < self.bound:
                return False
        one = self.inputs[group]
        built, x = one.build(module), one.x.copy()
        out = one.call(built, x.copy())
        if group == "loss" and not np.all(np.abs(out - 2.3) < 0.05):
            return False
        g = np.random.RandomState(7).standard_normal(np.shape(out)) if group != "loss" else 1.0
        expected = dict(differences(one, built, x, g, 1e-5))
        one.call(built, x)
        found = gradients(one, built, x, g)
        return all(relative_error(found[name], expected[name]) < self.bound for name in found)


class StoredOutput:
    """One stored output for each function, compared by np.allclose."""

    name = "one stored output, np.allclose"

    def __init__(self, right: ModuleType) -> None:
        self.inputs = fixed_inputs()
        logits = np.random.RandomState(1).standard_normal((50, 10))
        self.inputs["loss"] = replace(self.inputs["loss"], x=logits)
        self.stored = {group: self.answers(right, group) for group in GROUPS}

    def answers(self, module: ModuleType, group: str) -> dict[str, Any]:
        one = self.inputs[group]
        built = one.build(module)
        out = one.call(built, one.x.copy())
        g = np.random.RandomState(7).standard_normal(self.shape(group))
        one.call(built, one.x.copy())
        x = one.x.copy()
        return {"out": out} | gradients(one, built, x, g)

    def shape(self, group: str) -> tuple[int, ...]:
        shapes = {"relu": (10, 10), "flatten": (4, 75), "maxpool": (3, 2, 4, 4)}
        return (shapes | {"linear": (10, 5), "conv": (4, 2, 3, 3), "loss": ()})[group]

    def passes(self, module: ModuleType, group: str) -> bool:
        found = self.answers(module, group)
        return all(np.allclose(found[name], right) for name, right in self.stored[group].items())


class Ones:
    """MiniTorch, needle, TinyTorch: the gradient of a plain sum, against central differences.

    So the gradient from above is all ones. Forward is compared with nothing but itself.
    MiniTorch allows 1e-2, relative and absolute, and looks at one element; here all count.
    """

    name = "gradient of the sum, upstream ones (MiniTorch)"

    def __init__(self, right: ModuleType) -> None:
        self.inputs = fixed_inputs()
        logits = np.random.RandomState(1).standard_normal((5, 10))
        labels = self.inputs["loss"].labels
        assert labels is not None
        self.inputs["loss"] = replace(self.inputs["loss"], x=logits, labels=labels[:5])

    def passes(self, module: ModuleType, group: str) -> bool:
        one = self.inputs[group]
        built, x = one.build(module), one.x.copy()
        g = np.ones(np.shape(one.call(built, x)))
        found = {name: np.array(value) for name, value in gradients(one, built, x, g).items()}
        expected = dict(differences(one, built, x, g, 1e-6))
        return all(
            found[name].shape == value.shape and np.allclose(found[name], value, 1e-2, 1e-2)
            for name, value in expected.items()
        )


class GradCheck:
    """PyTorch: torch.autograd.gradcheck, with its defaults, of forward and backward."""

    name = "torch.autograd.gradcheck"

    def __init__(self, right: ModuleType) -> None:
        import torch

        self.torch = torch
        self.inputs = fixed_inputs()
        logits = np.random.RandomState(1).standard_normal((5, 10))
        labels = self.inputs["loss"].labels
        assert labels is not None
        self.inputs["loss"] = replace(self.inputs["loss"], x=logits, labels=labels[:5])

    def passes(self, module: ModuleType, group: str) -> bool:
        torch, one = self.torch, self.inputs[group]
        built, names = one.build(module), list(one.parameters)

        def tensor(value: Any) -> Any:
            return torch.from_numpy(np.array(value))

        class Wrapped(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any, *parameters: Any) -> Any:
                ctx.save_for_backward(x, *parameters)
                for name, value in zip(names, parameters, strict=True):
                    setattr(built, name, value.detach().numpy())
                return tensor(one.call(built, x.detach().numpy()))

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                x, *parameters = (value.detach().numpy() for value in ctx.saved_tensors)
                for name, value in zip(names, parameters, strict=True):
                    setattr(built, name, value)
                found = gradients(one, built, x, g.contiguous().numpy())
                factor = g if one.labels is not None else 1.0
                return tuple(factor * tensor(value) for value in found.values())

        arrays = [one.x, *one.parameters.values()]
        tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
        return bool(torch.autograd.gradcheck(Wrapped.apply, tensors, raise_exception=True))


def peers(right: ModuleType) -> Iterator[Any]:
    yield RelativeError(right)
    yield StoredOutput(right)
    try:
        yield GradCheck(right)
    except ImportError:
        print("PyTorch is not installed: its gradcheck is left out\n")
    yield Ones(right)


def passes(peer: Any, module: ModuleType, group: str) -> bool:
    """What the peer says; an exception is no pass."""
    np.random.seed(231)
    try:
        with np.errstate(all="ignore"):
            return bool(peer.passes(module, group))
    except Exception:
        return False


# The table ---------------------------------------------------------------------------


def variant(mistake_id: str | None) -> ModuleType:
    """The solution, with a mistake or without, as a module of its own."""
    variants = Variants(SOLUTION)
    sources = {f"{name}.py": text for name, text in variants.sources.items()}
    if mistake_id is not None:
        sources = patched(mistake_id, sources)
    variants.__dict__["sources"] = {name.removesuffix(".py"): sources[name] for name in sources}
    return variants.make()


def looked_at(mistake: Mistake) -> bool:
    group, function = mistake.task.split(".")
    return group in GROUPS and function in ("forward", "backward")


def row(title: str, cells: list[tuple[int, int]]) -> str:
    shown = (f"{caught} of {total}, {100 * caught / total:.0f} %" for caught, total in cells)
    return f"| {title} | " + " | ".join(shown) + " |"


def main() -> None:
    """Put every mistake to every peer, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--list", action="store_true", help="name what each one misses")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    right = variant(None)
    found = list(peers(right))
    for peer in found:
        bad = [group for group in GROUPS if not passes(peer, right, group)]
        if bad:
            raise SystemExit(f"{peer.name}: the right solution does not pass: {', '.join(bad)}")
    mistakes = [mistake for mistake in catalogue() if looked_at(mistake)]
    missed: dict[str, list[str]] = {peer.name: [] for peer in found}
    for mistake in mistakes:
        for peer in found:
            if passes(peer, variant(mistake.id), mistake.task.partition(".")[0]):
                missed[peer.name].append(mistake.id)

    def caught(peer: Any, start: str) -> tuple[int, int]:
        total = sum(mistake.id.startswith(start) for mistake in mistakes)
        return total - sum(name.startswith(start) for name in missed[peer.name]), total

    print("| mistakes caught | " + " | ".join(peer.name for peer in found) + " |")
    print("|---" * (len(found) + 1) + "|")
    for group in GROUPS:
        for function in ("forward", "backward"):
            task = f"{group}.{function}"
            print(row(f"`{task}`", [caught(peer, f"{task}.") for peer in found]))
    print(row("**all that is looked at**", [caught(peer, "") for peer in found]))
    rest = len(catalogue()) - len(mistakes)
    print(f"| not looked at: init, update, network | {' | '.join([str(rest)] * len(found))} |")
    print("\nbyhand's own figures, over the whole catalogue: python -m tests.measure wrong")
    if options.list:
        for name, ids in missed.items():
            print(f"\n{name}, missed:")
            print("".join(f"  {one}\n" for one in ids), end="")


if __name__ == "__main__":
    main()
