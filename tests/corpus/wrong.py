"""Wrong submissions, each made from the solution by one small change.

`TWELVE` are the mistakes that every student makes once. Each names the tasks that it must
cost; the accuracy may fail with it, all others must keep their points.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOLUTION = ROOT / "solution"


@dataclass(frozen=True)
class Wrong:
    """One change: in `file`, `old` becomes `new`; it costs `tasks`."""

    name: str
    file: str
    old: str
    new: str
    tasks: tuple[str, ...]

    def write(self, folder: Path) -> Path:
        """Write the package `student` with the mistake into a folder; its path."""
        return package(folder, {self.file: (self.old, self.new)})


def package(folder: Path, changes: dict[str, tuple[str, str]], name: str = "student") -> Path:
    """A copy of the solution in which one piece of text of each named file is another."""
    target = folder / name
    shutil.copytree(SOLUTION, target, ignore=shutil.ignore_patterns("__pycache__"))
    for file, (old, new) in changes.items():
        text = (target / file).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{file} holds {text.count(old)} times: {old}"
        (target / file).write_text(text.replace(old, new), encoding="utf-8")
    return target


TWELVE = (
    Wrong(
        "kernel flipped",
        "layers.py",
        "kernels = self.weight.transpose(0, 2, 1, 3).reshape(c2, -1)",
        "kernels = self.weight[:, :, ::-1, ::-1].transpose(0, 2, 1, 3).reshape(c2, -1)",
        ("conv.forward",),
    ),
    Wrong(
        "convolution's bias gradient averaged",
        "layers.py",
        "self.bias_grad = grad.sum(axis=(0, 2))",
        "self.bias_grad = grad.mean(axis=(0, 2))",
        ("conv.backward",),
    ),
    Wrong(
        "image gradient overwritten instead of added",
        "layers.py",
        "x[:, :, d : d + o2] += unfolded[:, :, d]",
        "x[:, :, d : d + o2] = unfolded[:, :, d]",
        ("conv.backward",),
    ),
    Wrong(
        "pooling gradient to every position of the window",
        "layers.py",
        "np.multiply(last_x_grad, wins, out=x_grad[place])",
        "x_grad[place] = last_x_grad",
        ("maxpool.backward",),
    ),
    Wrong(
        "ReLU's mask from the gradient",
        "layers.py",
        "return last_x_grad * (x > 0)",
        "return last_x_grad * (last_x_grad > 0)",
        ("relu.backward",),
    ),
    Wrong(
        "linear weight gradient transposed",
        "layers.py",
        "self.weight_grad = x.T @ last_x_grad",
        "self.weight_grad = last_x_grad.T @ x",
        ("linear.backward",),
    ),
    Wrong(
        "bias forgotten",
        "layers.py",
        "return x @ self.weight + self.bias",
        "return x @ self.weight",
        ("linear.forward",),
    ),
    Wrong(
        "loss summed",
        "losses.py",
        "float(np.mean(log_sum - right))",
        "float(np.sum(log_sum - right))",
        ("loss.forward",),
    ),
    Wrong(
        "loss gradient not divided by the batch",
        "losses.py",
        "return grad / len(x)",
        "return grad",
        ("loss.backward",),
    ),
    Wrong(
        "softmax without the maximum",
        "losses.py",
        "        x = x - x.max(axis=1, keepdims=True)  # (B, C)\n",
        "",
        ("loss.forward",),
    ),
    Wrong(
        "update with plus",
        "layers.py",
        "self.weight = _descended(self.weight, self.weight_grad, lr)  # (d1, d2)",
        "self.weight = _descended(self.weight, self.weight_grad, -lr)",
        ("linear.update",),
    ),
    Wrong(
        "train skips the last partial batch",
        "network.py",
        "for start in range(0, len(train_x), batch_size):",
        "for start in range(0, len(train_x) - batch_size + 1, batch_size):",
        ("network.train",),
    ),
)


EVERYWHERE = {  # what becomes of each answer, and of the learning rate
    "half as much again": ("value * 1.5", 2.0),
    "an offset": ("value + 0.25", -1.0),
    "bent": ("np.tanh(value) * 1.01", 1.3),
    "reversed": ("value[::-1] * 1.0 if np.ndim(value) else value * 2", 0.5),
    "zeros": ("value * 0.0", 0.0),
}
_WRAPPED = """from . import layers, losses, network
import numpy as np


def change(value):
    return {answer}


def changed(function):
    def method(self, *args, **more):
        value = function(self, *args, **more)
        return None if value is None else change(value)
    return method


def update(function):
    return lambda self, lr: function(self, {rate} * lr)


for module in (layers, losses, network):
    for cls in list(vars(module).values()):
        if isinstance(cls, type) and cls.__module__ == module.__name__:
            for name in ("forward", "backward", "train", "test", "predict"):
                if name in vars(cls):
                    setattr(cls, name, changed(vars(cls)[name]))
for cls in (layers.LinearLayer, layers.ConvolutionLayer):
    cls.update = update(cls.update)
from .layers import *
from .losses import *
from .network import *
"""


def wrong_everywhere(folder: Path, name: str) -> Path:
    """The solution with each answer of each method changed, in one of the ways `EVERYWHERE`."""
    answer, rate = EVERYWHERE[name]
    target = package(folder, {})
    text = _WRAPPED.replace("{answer}", answer).replace("{rate}", repr(rate))
    (target / "__init__.py").write_text(text, encoding="utf-8")
    return target
