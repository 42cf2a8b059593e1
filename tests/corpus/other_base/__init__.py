"""Mistakes of the catalogue, made by hand in another right submission.

The base is written as differently from the solution as can be: float64 throughout, a
convolution that visits the positions of the output one by one, layers that remember, labels
one-hot, pooling by the index of the winner. Its mistakes were not taken from the catalogue's
patches: each is what a student would write *here* who makes that mistake.

`MISTAKES` behave like the catalogue's. `ELSEWHERE` are the same slips, but in code of
another form, where they do something else: what they answer is not what the catalogue's patch
answers. They must be caught; that they be named is not asked, only that no other name is given.
"""

from __future__ import annotations

import ast
import shutil
from dataclasses import dataclass
from pathlib import Path

from autograder.intake import CLASSES

HOME = Path(__file__).parent
BASE = HOME / "base"
DATASET = HOME.parents[2] / "solution" / "dataset.py"  # every student is given it whole


@dataclass(frozen=True)
class Edit:
    """Pieces of text, each once in the class of the mistake's group, and what replaces them."""

    changes: tuple[tuple[str, str], ...]

    def apply(self, source: str, owner: str) -> str:
        """The source of the base with these changes in the class `owner`."""
        node = next(
            node
            for node in ast.parse(source).body
            if isinstance(node, ast.ClassDef) and node.name == owner
        )
        lines = source.splitlines(keepends=True)
        text = "".join(lines[node.lineno - 1 : node.end_lineno])
        for old, new in self.changes:
            assert text.count(old) == 1, f"{owner} holds {text.count(old)} times: {old}"
            text = text.replace(old, new)
        return "".join([*lines[: node.lineno - 1], text, *lines[node.end_lineno :]])


def edit(*pieces: str) -> Edit:
    """Old, new, old, new, …"""
    return Edit(tuple(zip(pieces[::2], pieces[1::2], strict=True)))


def write(name: str | None, folder: Path) -> Path:
    """Write the package `student`, with a mistake or without, into a folder; its path."""
    target = folder / "student"
    shutil.copytree(BASE, target, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(DATASET, target)
    if name is not None:
        path = target / "cnn.py"
        source = path.read_text(encoding="utf-8")
        changed = (MISTAKES | ELSEWHERE)[name].apply(source, CLASSES[name.partition(".")[0]])
        path.write_text(changed, encoding="utf-8")
    return target


RELU = {
    "relu.forward.absolute-value": edit(
        "        return y\n", "        y[~self.positive] = -x[~self.positive]\n        return y\n"
    ),
    "relu.forward.minimum": edit(
        "y[self.positive] = x[self.positive]", "y[~self.positive] = x[~self.positive]"
    ),
    "relu.forward.leaky": edit("y = np.zeros(x.shape)", "y = 0.01 * x"),
    "relu.forward.input-returned": edit("        return y\n", "        return x\n"),
    "relu.forward.mask-returned": edit(
        "y[self.positive] = x[self.positive]", "y[self.positive] = 1"
    ),
    "relu.forward.in-place": edit(
        "        y = np.zeros(x.shape)\n        y[self.positive] = x[self.positive]\n",
        "        y = x\n        y[~self.positive] = 0\n",
    ),
    "relu.forward.clipped-at-one": edit(
        "= x[self.positive]\n        return y", "= x[self.positive]\n        return y.clip(max=1)"
    ),
    "relu.forward.whole-numbers": edit(
        "y = np.zeros(x.shape)", "y = np.zeros_like(x, dtype='int64')"
    ),
    "relu.forward.half-precision": edit(
        "y = np.zeros(x.shape)", "y = np.zeros(x.shape, np.float16)"
    ),
    "relu.forward.softplus": edit(
        "y[self.positive] = x[self.positive]", "y = np.log1p(np.exp(-abs(x))) + x.clip(min=0)"
    ),
    "relu.backward.mask-from-gradient": edit(
        "grad[self.positive] = last_x_grad[self.positive]",
        "up = last_x_grad > 0\n        grad[up] = last_x_grad[up]",
    ),
    "relu.backward.gradient-forgotten": edit(
        "grad[self.positive] = last_x_grad[self.positive]", "grad[self.positive] = 1.0"
    ),
    "relu.backward.mask-forgotten": edit("return grad", "return last_x_grad"),
    "relu.backward.mask-inverted": edit(
        "grad[self.positive] = last_x_grad[self.positive]",
        "grad[~self.positive] = last_x_grad[~self.positive]",
    ),
    "relu.backward.multiplied-by-the-output": edit(
        "= last_x_grad[self.positive]", "= last_x_grad[self.positive] * x[self.positive]"
    ),
    "relu.backward.in-place": edit(
        "grad = np.zeros(x.shape)",
        "grad = last_x_grad",
        "grad[self.positive] = last_x_grad[self.positive]",
        "grad[~self.positive] = 0",
    ),
    "relu.backward.stale-mask": edit(
        "self.positive = x > 0\n",
        "if not hasattr(self, 'positive'):\n            self.positive = x > 0\n",
        "y[self.positive] = x[self.positive]",
        "y[x > 0] = x[x > 0]",
    ),
    "relu.backward.divided-by-batch": edit("return grad", "return grad / x.shape[0]"),
    "relu.backward.forward-again": edit("return grad", "return self.forward(x)"),
    "relu.forward.max-along-axis": edit("        return y\n", "        return np.max(x, axis=0)\n"),
    "relu.backward.leaky": edit("grad = np.zeros(x.shape)", "grad = 0.01 * last_x_grad"),
    "relu.backward.sign": edit("grad = np.zeros(x.shape)", "grad = -last_x_grad"),
    "relu.backward.half-precision": edit("return grad", "return np.float16(grad)"),
}

FLATTEN = {
    "flatten.forward.batch-merged": edit("return np.reshape(x, shape)", "return x.flatten()"),
    "flatten.forward.start-and-end-ignored": edit(
        "first, last = axes[self.start], axes[self.end]", "first, last = axes[1], axes[-1]"
    ),
    "flatten.forward.end-ignored": edit(
        "first, last = axes[self.start], axes[self.end]", "first, last = axes[self.start], axes[-1]"
    ),
    "flatten.forward.start-excluded": edit(
        "axis < first or axis > last", "axis < min(first + 1, last) or axis > last"
    ),
    "flatten.forward.column-major": edit(
        "return np.reshape(x, shape)", "return np.reshape(x, shape, 'F')"
    ),
    "flatten.forward.squeezed": edit(
        "return np.reshape(x, shape)", "return np.squeeze(np.reshape(x, shape))"
    ),
    "flatten.backward.not-reshaped": edit(
        "return np.reshape(last_x_grad, self.shape)", "return last_x_grad"
    ),
    "flatten.backward.column-major": edit(
        "np.reshape(last_x_grad, self.shape)", "np.reshape(last_x_grad, self.shape, order='F')"
    ),
    "flatten.backward.network-shape-written-in": edit(
        "np.reshape(last_x_grad, self.shape)", "last_x_grad.reshape((-1, 16, 5, 5))"
    ),
    "flatten.backward.stale-shape": edit(
        "self.shape = x.shape\n",
        "if not hasattr(self, 'shape'):\n            self.shape = x.shape\n",
    ),
    "flatten.backward.shape-shared": edit(
        "self.shape = x.shape", "FlattenLayer.shape = x.shape", "self.shape)", "FlattenLayer.shape)"
    ),
    "flatten.backward.input-returned": edit(
        "return np.reshape(last_x_grad, self.shape)", "return x"
    ),
    "flatten.backward.ones": edit(
        "return np.reshape(last_x_grad, self.shape)", "return np.ones(self.shape)"
    ),
    "flatten.forward.channels-last": edit(
        "return np.reshape(x, shape)", "return np.reshape(np.moveaxis(x, first, last), shape)"
    ),
    "flatten.forward.shape-set-in-place": edit(
        "return np.reshape(x, shape)", "x.shape = shape\n        return x"
    ),
    "flatten.backward.height-and-width-swapped": edit(
        "return np.reshape(last_x_grad, self.shape)",
        "*shape, H, W = self.shape\n"
        "        return last_x_grad.reshape(*shape, W, H).swapaxes(-1, -2)",
    ),
    "flatten.backward.written-into-the-input": edit(
        "return np.reshape(last_x_grad, self.shape)", "x.flat = last_x_grad\n        return x"
    ),
}

Y = "y = np.take_along_axis(tiles, self.winner, axis=4)[..., 0]"
MAXPOOL = {
    "maxpool.forward.minimum": edit(Y, "y = tiles.min(axis=4)"),
    "maxpool.forward.mean": edit(Y, "y = tiles.sum(axis=4) / (self.k1 * self.k2)"),
    "maxpool.forward.starts-from-zero": edit(Y, "y = tiles.max(axis=4, initial=0)"),
    "maxpool.forward.first-element": edit(Y, "y = tiles[..., 0]"),
    "maxpool.forward.index-returned": edit(Y, "y = self.winner[..., 0]"),
    "maxpool.forward.largest-magnitude": edit(Y, "y = abs(tiles).max(-1)"),
    "maxpool.forward.whole-numbers": edit(Y, Y + ".astype(int)"),
    "maxpool.forward.windows-cut-along-the-rows": edit(
        Y, "y = x.reshape(B, C, p, q, -1).max(axis=4)"
    ),
    "maxpool.forward.channels-merged": edit(Y, "y = tiles.max(axis=(1, 4), keepdims=True)[..., 0]"),
    "maxpool.forward.window-swapped": edit(
        Y,
        "p, q = H // self.k2, W // self.k1\n"
        "        y = np.empty((B, C, p, q))\n"
        "        for i in range(p):\n"
        "            rows = x[:, :, i * self.k2 : i * self.k2 + self.k2]\n"
        "            for j in range(q):\n"
        "                tile = rows[..., j * self.k1 : j * self.k1 + self.k1]\n"
        "                y[:, :, i, j] = tile.reshape(B, C, -1).max(-1)",
    ),
    "maxpool.forward.last-windows-missing": edit(Y, Y + "\n        y[:, :, -1], y[..., -1] = 0, 0"),
    "maxpool.backward.every-position": edit(
        "np.put_along_axis(tiles, self.winner, double(last_x_grad)[..., None], axis=4)",
        "tiles[:] = last_x_grad[..., None]",
    ),
    "maxpool.backward.averaged": edit(
        "np.put_along_axis(tiles, self.winner, double(last_x_grad)[..., None], axis=4)",
        "tiles += last_x_grad[..., None] / tiles.shape[-1]",
    ),
    "maxpool.backward.first-position": edit(
        "np.put_along_axis(tiles, self.winner, double(last_x_grad)[..., None], axis=4)",
        "tiles[..., 0] = last_x_grad",
    ),
    "maxpool.backward.gradient-forgotten": edit("double(last_x_grad)[..., None], axis=4", "1, 4"),
    "maxpool.backward.maximum-passed-back": edit(
        "double(last_x_grad)[..., None]", "self.forward(x)[..., None]"
    ),
    "maxpool.backward.multiplied-by-the-maximum": edit(
        "double(last_x_grad)[..., None]", "(last_x_grad * self.forward(x))[..., None]"
    ),
    "maxpool.backward.minimum": edit(
        "tiles.argmax(axis=4)[..., None]",
        "tiles.argmin(axis=4)[..., None]",
        Y,
        "y = tiles.max(axis=4)",
    ),
    "maxpool.backward.all-tied-maxima": edit(
        "self.winner = tiles.argmax(axis=4)[..., None]\n",
        "self.winner = tiles.argmax(axis=4)[..., None]\n"
        "        self.wins = tiles == tiles.max(axis=4, keepdims=True)\n",
        "np.put_along_axis(tiles, self.winner, double(last_x_grad)[..., None], axis=4)",
        "tiles = self.wins * last_x_grad[..., None]",
    ),
    "maxpool.backward.only-positive-maxima": edit(
        "double(last_x_grad)[..., None]", "(last_x_grad * (self.forward(x) > 0))[..., None]"
    ),
    "maxpool.backward.not-spread": edit(
        "tiles.transpose(0, 1, 2, 4, 3, 5).reshape(x.shape)", "last_x_grad"
    ),
    "maxpool.backward.first-image-only": edit(
        "        tiles = tiles.reshape(B, C, p, q, self.k1, self.k2)\n",
        "        tiles[1:] = 0\n        tiles = tiles.reshape(B, C, p, q, self.k1, self.k2)\n",
    ),
    "maxpool.forward.axes-of-the-output": edit(
        Y, "y = x.reshape(B, C, p, self.k1, q, self.k2).max(2).max(-2)"
    ),
    "maxpool.forward.stride-one": edit(
        Y,
        "k1, k2 = self.k1, self.k2\n"
        "        y = np.empty((B, C, H - k1 + 1, W - k2 + 1))\n"
        "        for i in range(H - k1 + 1):\n"
        "            for j in range(W - k2 + 1):\n"
        "                y[:, :, i, j] = x[:, :, i : i + k1, j : j + k2].max((2, 3))",
    ),
    "maxpool.backward.first-channel-only": edit(
        "        tiles = tiles.reshape(B, C, p, q, self.k1, self.k2)\n",
        "        tiles[:, 1:] = 0\n        tiles = tiles.reshape(B, C, p, q, self.k1, self.k2)\n",
    ),
    "maxpool.backward.last-windows-missing": edit(
        "        tiles = tiles.reshape(B, C, p, q, self.k1, self.k2)\n",
        "        tiles[:, :, -1], tiles[:, :, :, -1] = 0, 0\n"
        "        tiles = tiles.reshape(B, C, p, q, self.k1, self.k2)\n",
    ),
    "maxpool.backward.stale-mask": edit(
        "self.winner = tiles.argmax(axis=4)[..., None]",
        "winner = tiles.argmax(axis=4)[..., None]\n"
        "        self.winner = getattr(self, 'winner', winner)",
        Y,
        "y = tiles.max(axis=4)",
    ),
}

START = "np.random.normal(0.0, deviation, size=(d1, d2))"
BIAS_ROW = "self.x.dot(self.weight[:, j]) + self.bias[j]"
LINEAR = {
    "linear.init.deviation-for-variance": edit("(2.0 / d1) ** 0.5", "2.0 / d1"),
    "linear.init.zeros": edit(START, "np.zeros((d1, d2))"),
    "linear.init.not-scaled": edit("deviation, size", "1.0, size"),
    "linear.init.fixed-small-scale": edit("deviation, size", "0.01, size"),
    "linear.init.xavier": edit("(2.0 / d1)", "(1.0 / d1)"),
    "linear.init.glorot": edit("(2.0 / d1)", "(2.0 / (d1 + d2))"),
    "linear.init.fan-out": edit("(2.0 / d1)", "(2.0 / d2)"),
    "linear.init.rand-for-randn": edit(START, "deviation * np.random.random((d1, d2))"),
    "linear.init.bias-ones": edit("np.zeros(d2)", "np.ones(d2)"),
    "linear.init.bias-random": edit("np.zeros(d2)", "np.random.normal(0.0, deviation, d2)"),
    "linear.init.bias-as-a-row": edit("np.zeros(d2)", "np.zeros((1, d2))"),
    "linear.init.weight-transposed": edit("size=(d1, d2)", "size=(d2, d1)"),
    "linear.init.one-column-repeated": edit(
        START, "np.zeros((d1, d2)) + np.random.normal(0.0, deviation, (d1, 1))"
    ),
    "linear.forward.bias-forgotten": edit(BIAS_ROW, "self.x.dot(self.weight[:, j])"),
    "linear.forward.bias-twice": edit("return y", "return y + self.bias"),
    "linear.forward.bias-subtracted": edit("+ self.bias[j]", "- self.bias[j]"),
    "linear.forward.bias-summed-up": edit("+ self.bias[j]", "+ np.sum(self.bias)"),
    "linear.forward.weight-transposed": edit("self.weight[:, j]", "self.weight[j]"),
    "linear.forward.mean-over-the-inputs": edit(
        BIAS_ROW, "np.mean(self.x * self.weight[:, j], axis=1) + self.bias[j]"
    ),
    "linear.forward.relu-built-in": edit("return y", "return y * (y > 0)"),
    "linear.forward.last-input-missing": edit(
        "self.x.dot(self.weight[:, j])", "self.x[:, :-1].dot(self.weight[:-1, j])"
    ),
    "linear.forward.initial-weight-used": edit(
        "self.bias = np.zeros(d2)",
        "self.columns = [self.weight[:, j] for j in range(d2)]\n        self.bias = np.zeros(d2)",
        "self.weight[:, j]) +",
        "self.columns[j]) +",
    ),
    "linear.forward.half-precision": edit("y = np.empty((", "y = np.empty(dtype='f2', shape=("),
    "linear.backward.divided-by-batch": edit("= dW, db", "= dW / x.shape[0], db"),
    "linear.backward.bias-gradient-averaged": edit("db += g", "db += g / len(x)"),
    "linear.backward.accumulated": edit(
        "        self.weight_grad, self.bias_grad = dW, db\n",
        "        if self.weight_grad is not None:\n"
        "            dW += self.weight_grad\n"
        "            db += self.bias_grad\n"
        "        self.weight_grad, self.bias_grad = dW, db\n",
    ),
    "linear.backward.weight-gradient-transposed": edit(
        "np.zeros(self.weight.shape)",
        "np.zeros(self.weight.T.shape)",
        "np.outer(self.x[n], g)",
        "np.outer(g, self.x[n])",
    ),
    "linear.backward.weight-not-transposed": edit("self.weight.dot(g)", "self.weight.T.dot(g)"),
    "linear.backward.negated": edit("dW += np", "dW -= np", "db += g", "db -= g"),
    "linear.backward.bias-gradient-ones": edit("        db += g\n", "        db[:] = 1\n"),
    "linear.backward.bias-gradient-missing": edit(
        "self.weight_grad, self.bias_grad = dW, db", "self.weight_grad = dW"
    ),
    "linear.backward.bias-gradient-a-single-number": edit("= dW, db", "= dW, db.sum()"),
    "linear.backward.bias-gradient-keeps-an-axis": edit("= dW, db", "= dW, db[None, :]"),
    "linear.backward.bias-gradient-not-summed": edit("= dW, db", "= dW, last_x_grad"),
    "linear.backward.x-gradient-divided-by-batch": edit("return dx", "return dx / len(dx)"),
    "linear.backward.x-gradient-multiplied-by-x": edit(
        "self.weight.dot(g)", "self.x[n] * self.weight.dot(g)"
    ),
    "linear.backward.upstream-forgotten": edit(
        "np.outer(self.x[n], g)", "np.outer(self.x[n], np.ones(len(g)))"
    ),
    "linear.backward.weight-gradient-of-the-first-image": edit(
        "dW += np.outer(self.x[n], g)", "dW += (n == 0) * np.outer(self.x[n], g)"
    ),
    "linear.backward.weight-decay": edit("= dW, db", "= dW + 0.01 * self.weight, db"),
    "linear.update.plus": edit("weight -= lr", "weight += lr", "bias -= lr", "bias += lr"),
    "linear.update.learning-rate-ignored": edit("lr * self.w", "self.w", "lr * self.b", "self.b"),
    "linear.update.bias-not-updated": edit("        self.bias -= lr * self.bias_grad\n", ""),
    "linear.update.weight-not-updated": edit("        self.weight -= lr * self.weight_grad\n", ""),
    "linear.update.learning-rate-fixed": edit(
        "-= lr * self.w", "-= 0.1 * self.w", "-= lr * self.b", "-= 0.1 * self.b"
    ),
    "linear.update.learning-rate-for-the-weight-only": edit(
        "lr * self.bias_grad", "self.bias_grad"
    ),
    "linear.update.result-not-stored": edit(
        "self.weight -= lr * self.weight_grad",
        "W = self.weight - lr * self.weight_grad",
        "self.bias -= lr * self.bias_grad",
        "b = self.bias - lr * self.bias_grad",
    ),
    "linear.update.step-taken-twice": edit(
        "-= lr * self.w", "-= 2 * lr * self.w", "-= lr * self.b", "-= 2 * lr * self.b"
    ),
    "linear.update.momentum": edit(
        "self.weight -= lr * self.weight_grad",
        "self.vW = 0.9 * getattr(self, 'vW', 0) + lr * self.weight_grad\n"
        "        self.weight -= self.vW",
        "self.bias -= lr * self.bias_grad",
        "self.vb = 0.9 * getattr(self, 'vb', 0) + lr * self.bias_grad\n"
        "        self.bias -= self.vb",
    ),
    "linear.update.gradient-clipped": edit(
        "lr * self.weight_grad",
        "lr * self.weight_grad.clip(-1, 1)",
        "lr * self.bias_grad",
        "lr * self.bias_grad.clip(-1, 1)",
    ),
    "linear.update.gradient-transposed": edit("self.weight_grad\n", "self.weight_grad.T\n"),
    "linear.init.ones": edit(START, "np.ones((d1, d2))"),
    "linear.init.uniform-of-pytorch": edit(
        START,
        "np.random.uniform(-1, 1, (d1, d2)) / d1**0.5",
        "np.zeros(d2)",
        "np.random.uniform(-1, 1, d2) / d1**0.5",
    ),
    "linear.init.half-precision": edit(
        START, START + ".astype('f2')", "np.zeros(d2)", "np.zeros(d2, 'f2')"
    ),
    "linear.backward.bias-gradient-over-the-wrong-axis": edit(
        "= dW, db", "= dW, np.sum(last_x_grad, 1)"
    ),
    "linear.backward.weight-changed": edit(
        "= dW, db\n",
        "= dW, db\n        self.weight -= 0.1 * dW\n        self.bias -= 0.1 * db\n",
    ),
    "linear.backward.written-into-the-input": edit("dx = np.empty(x.shape)", "dx = x"),
    "linear.backward.half-precision": edit(
        "double(last_x_grad)", "double(last_x_grad.astype(np.float16))"
    ),
    "linear.backward.gradients-shared": edit(
        "        self.weight_grad = None\n        self.bias_grad = None\n",
        "",
        "self.weight_grad, self.bias_grad = dW, db",
        "LinearLayer.weight_grad, LinearLayer.bias_grad = dW, db",
    ),
    "linear.update.learning-rate-squared": edit(
        "lr * self.weight_grad", "lr**2 * self.weight_grad", "lr * self.b", "lr**2 * self.b"
    ),
    "linear.update.divided-by-inputs": edit(
        "lr * self.weight_grad", "lr * self.weight_grad / self.weight.shape[0]"
    ),
    "linear.update.weight-decay": edit(
        "        self.weight -= lr * self.weight_grad",
        "        self.weight *= 1 - 0.01 * lr\n        self.weight -= lr * self.weight_grad",
    ),
    "linear.update.gradient-normalised": edit(
        "lr * self.weight_grad",
        "lr * self.weight_grad / (self.weight_grad**2).sum() ** 0.5",
        "lr * self.bias_grad",
        "lr * self.bias_grad / (self.bias_grad**2).sum() ** 0.5",
    ),
    "linear.update.only-the-sign": edit(
        "lr * self.weight_grad",
        "lr * np.sign(self.weight_grad)",
        "lr * self.bias_grad",
        "lr * np.sign(self.bias_grad)",
    ),
    "linear.update.weight-replaced": edit(
        "weight -= lr", "weight = -lr", "bias -= lr", "bias = -lr"
    ),
    "linear.update.bias-gradient-for-the-weight": edit(
        "lr * self.weight_grad", "lr * self.bias_grad"
    ),
}

SPREAD = "np.random.normal(0.0, deviation, size=(c2, c1, k1, k2))"
PATCH = "patch.reshape(B, -1).dot(kernels.T) + self.bias"
CONV = {
    "conv.init.channels-missing-in-fan-in": edit("(c1 * k1 * k2)", "(k1 * k2)"),
    "conv.init.deviation-for-variance": edit(
        "(2.0 / (c1 * k1 * k2)) ** 0.5", "2.0 / (c1 * k1 * k2)"
    ),
    "conv.init.kernel-missing-in-fan-in": edit("(c1 * k1 * k2)", "c1"),
    "conv.init.fan-out": edit("(c1 * k1 * k2)", "(c2 * k1 * k2)"),
    "conv.init.xavier": edit("(2.0 / (c1", "(1.0 / (c1"),
    "conv.init.not-scaled": edit("deviation, size", "1.0, size"),
    "conv.init.zeros": edit(SPREAD, "np.zeros((c2, c1, k1, k2))"),
    "conv.init.channels-swapped": edit("size=(c2, c1, k1, k2)", "size=(c1, c2, k1, k2)"),
    "conv.init.one-filter-repeated": edit(
        SPREAD, "np.stack(c2 * [np.random.normal(0.0, deviation, size=(c1, k1, k2))])"
    ),
    "conv.init.bias-random": edit(
        "np.zeros(c2)\n        self.weight_grad", "np.random.randn(c2)\n        self.weight_grad"
    ),
    "conv.forward.kernel-flipped": edit(
        "        y = np.zeros((B, c2, H - k1 + 1, W - k2 + 1))\n        kernels = self.weight.",
        "        y = np.zeros((B, c2, H - k1 + 1, W - k2 + 1))\n"
        "        kernels = np.flip(self.weight, (2, 3)).",
    ),
    "conv.forward.kernel-upside-down": edit(
        "patch.reshape(B, -1).dot", "np.flip(patch, 2).reshape(B, -1).dot"
    ),
    "conv.forward.kernel-mirrored": edit(
        "patch.reshape(B, -1).dot", "patch[..., ::-1].reshape(B, -1).dot"
    ),
    "conv.forward.column-rows-and-columns-swapped": edit(
        "patch.reshape(B, -1).dot", "patch.transpose(0, 1, 3, 2).reshape(B, -1).dot"
    ),
    "conv.forward.column-order": edit(
        "patch.reshape(B, -1).dot", "np.moveaxis(patch, 1, 3).reshape(B, -1).dot"
    ),
    "conv.forward.bias-forgotten": edit(".dot(kernels.T) + self.bias", ".dot(kernels.T)"),
    "conv.forward.bias-for-each-channel": edit(
        PATCH,
        "sum(\n"
        "                    patch[:, c].reshape(B, -1).dot(self.weight[:, c].reshape(c2, -1).T)\n"
        "                    + self.bias\n"
        "                    for c in range(c1)\n"
        "                )",
    ),
    "conv.forward.first-channel-only": edit(
        PATCH, "patch[:, 0].reshape(B, -1).dot(self.weight[:, 0].reshape(c2, -1).T) + self.bias"
    ),
    "conv.forward.last-channel-only": edit(
        PATCH,
        "0\n"
        "                for c in range(c1):\n"
        "                    one = patch[:, c].reshape(B, -1)\n"
        "                    one = one.dot(self.weight[:, c].reshape(c2, -1).T)\n"
        "                    y[:, :, i, j] = one + self.bias",
    ),
    "conv.forward.averaged": edit(".dot(kernels.T) +", ".dot(kernels.T) / (k1 * k2) +"),
    "conv.forward.averaged-over-channels": edit(".dot(kernels.T) +", ".dot(kernels.T) / c1 +"),
    "conv.forward.last-row-and-column-empty": edit(
        "range(H - k1 + 1)", "range(H - k1)", "range(W - k2 + 1)", "range(W - k2)"
    ),
    "conv.forward.one-row-short": edit(
        "y = np.zeros((B, c2, H - k1 + 1, W - k2 + 1))",
        "y = np.zeros((B, c2, H - k1, W - k2))",
        "range(H - k1 + 1)",
        "range(H - k1)",
        "range(W - k2 + 1)",
        "range(W - k2)",
    ),
    "conv.forward.filters-and-channels-swapped": edit(
        "        kernels = self.weight.reshape(c2, -1)\n        for i in range(H",
        "        kernels = self.weight.swapaxes(0, 1).reshape(c1, -1)\n        for i in range(H",
    ),
    "conv.forward.square-image-assumed": edit(
        "y = np.zeros((B, c2, H - k1 + 1, W - k2 + 1))",
        "W = H\n        y = np.zeros((B, c2, H - k1 + 1, W - k2 + 1))",
    ),
    "conv.forward.first-image-only": edit(
        "y[:, :, i, j] = " + PATCH, "y[0, :, i, j] = kernels.dot(patch[0].ravel()) + self.bias"
    ),
    "conv.forward.stride-two": edit("return y", "return y[:, :, ::2, ::2]"),
    "conv.forward.initial-weight-used": edit(
        "self.bias = np.zeros(c2)",
        "self.kernels = self.weight.copy()\n        self.bias = np.zeros(c2)",
        "        kernels = self.weight.reshape(c2, -1)\n        for i in range(H",
        "        kernels = self.kernels.reshape(c2, -1)\n        for i in range(H",
    ),
    "conv.forward.whole-numbers": edit(
        "y = np.zeros((B, c2, H - k1 + 1, W - k2 + 1))",
        "y = np.zeros((B, c2, H - k1 + 1, W - k2 + 1), np.int32)",
    ),
    "conv.forward.half-precision": edit(
        "patch.reshape(B, -1).dot", "double(np.float16(patch)).reshape(B, -1).dot"
    ),
    "conv.backward.kernel-not-flipped": edit(
        "        kernels = self.weight.reshape(c2, -1)\n        dW",
        "        kernels = self.weight[..., ::-1, ::-1].reshape(c2, -1)\n        dW",
    ),
    "conv.backward.kernel-flipped-one-way": edit(
        "        kernels = self.weight.reshape(c2, -1)\n        dW",
        "        kernels = self.weight[..., ::-1].reshape(c2, -1)\n        dW",
    ),
    "conv.backward.kernel-gradient-flipped": edit(
        "dW += g.T.dot(patch.reshape(B, -1))",
        "dW += g.T.dot(np.flip(patch, axis=(2, 3)).reshape(B, -1))",
    ),
    "conv.backward.kernel-gradient-column-order": edit(
        "dW += g.T.dot(patch.reshape(B, -1))",
        "dW += g.T.dot(np.moveaxis(patch, 1, 3).reshape(B, -1))",
    ),
    "conv.backward.image-gradient-column-order": edit(
        "g.dot(kernels).reshape(B, c1, k1, k2)",
        "np.moveaxis(g.dot(kernels).reshape(B, k1, k2, c1), 3, 1)",
    ),
    "conv.backward.bias-gradient-averaged": edit("db += g.sum(axis=0)", "db += g.mean(axis=0)"),
    "conv.backward.bias-gradient-mean": edit(
        "self.bias_grad = db", "self.bias_grad = db / (B * o1 * o2)"
    ),
    "conv.backward.bias-gradient-missing": edit("        self.bias_grad = db\n", ""),
    "conv.backward.bias-gradient-a-single-number": edit(
        "self.bias_grad = db", "self.bias_grad = np.sum(last_x_grad)"
    ),
    "conv.backward.bias-gradient-not-summed-over-the-batch": edit(
        "db = np.zeros(c2)", "db = np.zeros((B, c2))", "db += g.sum(axis=0)", "db += g"
    ),
    "conv.backward.accumulated": edit(
        "        self.weight_grad = dW.reshape(self.weight.shape)\n        self.bias_grad = db\n",
        "        if self.weight_grad is None:\n"
        "            self.weight_grad, self.bias_grad = np.zeros_like(self.weight), np.zeros(c2)\n"
        "        self.weight_grad += dW.reshape(self.weight.shape)\n"
        "        self.bias_grad += db\n",
    ),
    "conv.backward.divided-by-batch": edit("= dW.reshape(", "= (dW / B).reshape("),
    "conv.backward.image-gradient-divided-by-batch": edit("return dx", "return dx / len(dx)"),
    "conv.backward.kernel-gradient-averaged-over-places": edit(
        "= dW.reshape(", "= (dW / o1 / o2).reshape("
    ),
    "conv.backward.kernel-gradient-mean": edit("= dW.reshape(", "= (dW / (B * o1 * o2)).reshape("),
    "conv.backward.kernel-gradient-channels-swapped": edit(
        "self.weight_grad = dW.reshape(self.weight.shape)",
        "self.weight_grad = dW.reshape(self.weight.shape).transpose(1, 0, 2, 3)",
    ),
    "conv.backward.kernel-gradient-of-the-first-image": edit(
        "dW += g.T.dot(patch.reshape(B, -1))", "dW += np.outer(g[0], patch[0])"
    ),
    "conv.backward.kernel-gradient-of-the-last-image": edit(
        "dW += g.T.dot(patch.reshape(B, -1))", "dW += np.outer(g[-1], patch[-1])"
    ),
    "conv.backward.upstream-forgotten": edit(
        "dW += g.T.dot(patch.reshape(B, -1))", "dW += patch.reshape(B, -1).sum(axis=0)"
    ),
    "conv.backward.negated": edit("dW += g", "dW -= g", "db += g", "db -= g"),
    "conv.backward.image-gradient-first-filter-only": edit(
        "g.dot(kernels).reshape(B, c1, k1, k2)",
        "np.outer(g[:, 0], kernels[0]).reshape(B, c1, k1, k2)",
    ),
    "conv.backward.image-gradient-first-image-only": edit(
        "dx[:, :, i : i + k1, j : j + k2] += g.dot(kernels).reshape(B, c1, k1, k2)",
        "dx[0, :, i : i + k1, j : j + k2] += g[0].dot(kernels).reshape(c1, k1, k2)",
    ),
    "conv.backward.weight-decay": edit(
        "self.weight_grad = dW.reshape(self.weight.shape)",
        "self.weight_grad = dW.reshape(self.weight.shape) + 0.01 * self.weight",
    ),
    "conv.backward.divided-in-place": edit(
        "        kernels = self.weight.reshape(c2, -1)\n        dW",
        "        last_x_grad /= B\n        kernels = self.weight.reshape(c2, -1)\n        dW",
    ),
    "conv.backward.weight-left-flipped": edit(
        "        kernels = self.weight.reshape(c2, -1)\n        dW",
        "        self.weight = np.flip(self.weight, (2, 3))\n"
        "        kernels = self.weight.reshape(c2, -1)\n        dW",
        "g.dot(kernels).reshape(B, c1, k1, k2)",
        "np.flip(g.dot(kernels).reshape(B, c1, k1, k2), (2, 3))",
    ),
    "conv.backward.stale-columns": edit(
        "        self.x = double(x)\n",
        "        if not hasattr(self, 'x'):\n            self.x = x.copy()\n",
        "patch = self.x[:, :, i : i + k1, j : j + k2]\n                y",
        "patch = x[:, :, i : i + k1, j : j + k2]\n                y",
    ),
    "conv.backward.gradients-shared": edit(
        "        self.weight_grad = None\n        self.bias_grad = None\n",
        "",
        "self.weight_grad = dW",
        "ConvolutionLayer.weight_grad = dW",
        "self.bias_grad = db",
        "ConvolutionLayer.bias_grad = db",
    ),
    "conv.update.plus": edit("weight -= lr", "weight += lr", "bias -= lr", "bias += lr"),
    "conv.update.bias-not-updated": edit("        self.bias -= lr * self.bias_grad\n", ""),
    "conv.update.learning-rate-ignored": edit("lr * self.w", "self.w", "lr * self.b", "self.b"),
    "conv.update.learning-rate-fixed": edit(
        "-= lr * self.w", "-= 0.1 * self.w", "-= lr * self.b", "-= 0.1 * self.b"
    ),
    "conv.update.divided-by-filters": edit(
        "lr * self.weight_grad",
        "lr / self.weight.shape[0] * self.weight_grad",
        "lr * self.bias_grad",
        "lr / self.weight.shape[0] * self.bias_grad",
    ),
    "conv.update.kernel-flipped": edit(
        "lr * self.weight_grad", "lr * np.flip(self.weight_grad, axis=(2, 3))"
    ),
    "conv.update.result-not-stored": edit(
        "self.weight -= lr * self.weight_grad",
        "W = self.weight - lr * self.weight_grad",
        "self.bias -= lr * self.bias_grad",
        "b = self.bias - lr * self.bias_grad",
    ),
    "conv.init.glorot": edit("(2.0 / (c1 * k1 * k2))", "(2.0 / ((c1 + c2) * k1 * k2))"),
    "conv.init.rand-for-randn": edit(SPREAD, "deviation * np.random.random((c2, c1, k1, k2))"),
    "conv.init.one-channel-repeated": edit(
        SPREAD, "np.zeros((1, c1, 1, 1)) + np.random.normal(0.0, deviation, (c2, 1, k1, k2))"
    ),
    "conv.init.kernel-size-first": edit("size=(c2, c1, k1, k2)", "size=(k1, k2, c1, c2)"),
    "conv.init.bias-for-each-input-channel": edit(
        "self.bias = np.zeros(c2)", "self.bias = np.zeros(c1)"
    ),
    "conv.forward.channels-summed-first": edit(
        PATCH,
        "patch.sum(1).reshape(B, -1).dot(self.weight.sum(1).reshape(c2, -1).T) + self.bias",
    ),
    "conv.forward.reshaped-without-transpose": edit(
        "        return y\n",
        "        y = (y - self.bias[:, None, None]).transpose(0, 2, 3, 1).reshape(y.shape)\n"
        "        return y + self.bias[:, None, None]\n",
    ),
    "conv.forward.padded": edit(
        "self.x = double(x)",
        "H, W = x.shape[2:]",
        "c2, c1, k1, k2 = self.weight.shape\n        B, _, H, W",
        "c2, c1, k1, k2 = self.weight.shape\n"
        "        self.x = np.zeros((*x.shape[:2], H + k1 - 1, W + k2 - 1))\n"
        "        self.x[:, :, (k1 - 1) // 2 :, (k2 - 1) // 2 :][:, :, :H, :W] = x\n"
        "        x = self.x\n"
        "        B, _, H, W",
    ),
    "conv.forward.stride-of-the-kernel": edit(
        "        return y\n", "        return y[:, :, ::k1, ::k2]\n"
    ),
    "conv.forward.last-kernel-column-missing": edit(
        PATCH,
        "patch[..., :-1].reshape(B, -1).dot(self.weight[..., :-1].reshape(c2, -1).T) + self.bias",
    ),
    "conv.forward.last-kernel-row-missing": edit(
        PATCH,
        "patch[:, :, :-1].reshape(B, -1).dot(self.weight[:, :, :-1].reshape(c2, -1).T) + self.bias",
    ),
    "conv.forward.bias-for-each-kernel-element": edit("+ self.bias", "+ k1 * k2 * self.bias"),
    "conv.forward.bias-reshaped-for-good": edit(
        ".dot(kernels.T) + self.bias",
        ".dot(kernels.T)",
        "        return y\n",
        "        self.bias = self.bias.reshape(c2, 1, 1)\n        return y + self.bias\n",
    ),
    "conv.backward.kernel-gradient-transposed": edit(
        "= dW.reshape(self.weight.shape)", "= dW.reshape(self.weight.shape).transpose(0, 1, 3, 2)"
    ),
    "conv.backward.kernel-gradient-same-for-all-channels": edit(
        "= dW.reshape(self.weight.shape)",
        "= np.zeros(self.weight.shape) + dW.reshape(self.weight.shape).sum(1, keepdims=True)",
    ),
    "conv.backward.bias-gradient-over-the-wrong-axes": edit(
        "self.bias_grad = db", "self.bias_grad = last_x_grad.sum((0, 1, 2))"
    ),
    "conv.backward.bias-gradient-keeps-axes": edit(
        "self.bias_grad = db", "self.bias_grad = db.reshape(1, -1, 1, 1)"
    ),
    "conv.backward.image-gradient-last-filter-only": edit(
        "g.dot(kernels).reshape(B, c1, k1, k2)",
        "np.outer(g[:, -1], kernels[-1]).reshape(B, c1, k1, k2)",
    ),
    "conv.backward.image-gradient-same-for-all-channels": edit(
        "return dx", "return np.zeros(dx.shape) + dx.sum(1, keepdims=True)"
    ),
    "conv.backward.filters-summed-first": edit(
        "g.dot(kernels).reshape(B, c1, k1, k2)",
        "np.outer(g.sum(1), kernels.sum(0)).reshape(B, c1, k1, k2)",
    ),
    "conv.backward.half-precision": edit(
        "double(last_x_grad[:, :, i, j])", "double(np.float16(last_x_grad[:, :, i, j]))"
    ),
    "conv.update.weight-not-updated": edit("        self.weight -= lr * self.weight_grad\n", ""),
    "conv.update.momentum": edit(
        "self.weight -= lr * self.weight_grad",
        "self.vW = 0.9 * getattr(self, 'vW', 0) + lr * self.weight_grad\n"
        "        self.weight -= self.vW",
        "self.bias -= lr * self.bias_grad",
        "self.vb = 0.9 * getattr(self, 'vb', 0) + lr * self.bias_grad\n"
        "        self.bias -= self.vb",
    ),
    "conv.update.gradient-clipped": edit(
        "lr * self.weight_grad",
        "lr * self.weight_grad.clip(-1, 1)",
        "lr * self.bias_grad",
        "lr * self.bias_grad.clip(-1, 1)",
    ),
    "conv.update.filters-and-channels-swapped": edit(
        "lr * self.weight_grad", "lr * self.weight_grad.transpose(1, 0, 2, 3)"
    ),
    # A row of numbers fits whatever shape it had: a kernel that is not square is not refused.
    "conv.forward.kernel-transposed": edit(
        "        kernels = self.weight.reshape(c2, -1)\n        for i in range(H",
        "        kernels = self.weight.swapaxes(2, 3).reshape(c2, -1)\n        for i in range(H",
    ),
    # Over positions of the output, not of the kernel: another write is the last one.
    "conv.backward.overwritten-when-folding": edit("j : j + k2] += g.dot", "j : j + k2] = g.dot"),
    # One loop makes all three gradients, so all three lack the last positions.
    "conv.backward.last-positions-missing": edit(
        "range(o1)", "range(o1 - 1)", "range(o2)", "range(o2 - 1)"
    ),
}

LOSS_LINE = "return -(target * logp).sum() / len(y)"
P = "        p = self.p\n"
LOSS = {
    "loss.forward.minus-forgotten": edit("-(target * logp)", "(target * logp)"),
    "loss.forward.sum-not-mean": edit("(target * logp).sum() / len(y)", "(target * logp).sum()"),
    "loss.forward.mean-over-all-elements": edit(LOSS_LINE, "return -np.mean(target * logp)"),
    "loss.forward.maximum-not-subtracted": edit(
        "logp = log_softmax(x)", "logp = x - np.log(np.sum(np.exp(x), axis=1)[:, None])"
    ),
    "loss.forward.softmax-over-the-batch": edit("log_softmax(x)", "log_softmax(x.T).T"),
    "loss.forward.epsilon-in-the-logarithm": edit(
        LOSS_LINE, LOSS_LINE.replace("logp", "np.log(self.p + 1e-9)")
    ),
    "loss.forward.base-two": edit("(target * logp).sum()", "(target * logp / np.log(2)).sum()"),
    "loss.forward.maximum-of-the-whole-batch": edit(
        "logp = log_softmax(x)",
        "z = x - np.max(x)\n        logp = z - np.log(np.exp(z).sum(1))[:, None]",
    ),
    "loss.forward.probability-clipped": edit(
        LOSS_LINE, LOSS_LINE.replace("logp", "np.log(self.p.clip(1e-7, 1 - 1e-7))")
    ),
    "loss.forward.softmax-twice": edit(LOSS_LINE, LOSS_LINE.replace("logp", "log_softmax(self.p)")),
    "loss.forward.log-sum-forgotten": edit("(target * logp).sum()", "(target * x).sum()"),
    "loss.forward.predicted-class": edit(
        "self.p = np.exp(logp)",
        "target = one_hot(x.argmax(axis=1), x.shape[1])\n        self.p = np.exp(logp)",
    ),
    "loss.forward.labels-off-by-one": edit(
        "self.p = np.exp(logp)",
        "target = np.roll(target, -1, axis=1)\n        self.p = np.exp(logp)",
    ),
    "loss.forward.ten-classes-assumed": edit(
        "target = one_hot(y, x.shape[1])\n        self", "target = one_hot(y, 10)\n        self"
    ),
    "loss.forward.not-averaged": edit(LOSS_LINE, "return -np.sum(target * logp, axis=1)"),
    "loss.forward.first-image-only": edit(LOSS_LINE, "return -logp[0].dot(target[0])"),
    "loss.forward.logarithm-of-the-mean": edit(
        LOSS_LINE, "return -np.log((target * self.p).sum() / len(y))"
    ),
    "loss.forward.squared-error": edit(LOSS_LINE, "return ((target - self.p) ** 2).sum() / len(y)"),
    "loss.forward.in-place": edit("x = double(x)", "x -= x.max(axis=1)[:, None]"),
    "loss.forward.rounded": edit(LOSS_LINE, "return np.round(-(target * logp).sum() / len(y), 2)"),
    "loss.forward.half-precision": edit("x = double(x)", "x = double(x.astype('float16'))"),
    "loss.backward.not-divided-by-batch": edit("(p - target) / len(y)", "p - target"),
    "loss.backward.label-not-subtracted": edit("(p - target)", "p"),
    "loss.backward.sign": edit("(p - target)", "(target - p)"),
    "loss.backward.only-the-right-class": edit("(p - target)", "(p - target) * target"),
    "loss.backward.divided-twice": edit("(p - target) / len(y)", "(p - target) / len(y) ** 2"),
    "loss.backward.mean-over-all-elements": edit("(p - target) / len(y)", "(p - target) / p.size"),
    "loss.backward.softmax-over-the-batch": edit(P, "        p = np.exp(log_softmax(x.T).T)\n"),
    "loss.backward.softmax-forgotten": edit("(p - target)", "(x - target)"),
    "loss.backward.softmax-twice": edit(P, "        p = np.exp(log_softmax(self.p))\n"),
    "loss.backward.exponentials-not-normalised": edit(
        P, "        p = np.exp(x - np.amax(x, axis=1)[:, None])\n"
    ),
    "loss.backward.labels-off-by-one": edit("(p - target)", "(p - np.roll(target, -1, axis=1))"),
    "loss.backward.predicted-class": edit(
        "        return (p - target)",
        "        target = one_hot(p.argmax(axis=1), p.shape[1])\n        return (p - target)",
    ),
    "loss.backward.ten-classes-assumed": edit(
        "target = one_hot(y, x.shape[1])\n        return", "target = one_hot(y, 10)\n        return"
    ),
    "loss.backward.averaged-over-the-batch": edit(
        "(p - target) / len(y)", "(p - target).sum(axis=0) / len(y)"
    ),
    "loss.backward.doubled": edit("(p - target)", "2 * (p - target)"),
    "loss.backward.stale-probabilities": edit(
        "self.p = np.exp(logp)", "self.p = getattr(self, 'p', np.exp(logp))"
    ),
    "loss.backward.multiplied-by-the-loss": edit(
        "(p - target)", "self.forward(x, y) * (p - target)"
    ),
    "loss.backward.sigmoid-derivative": edit("(p - target)", "(p - target) * p * (1 - p)"),
    "loss.backward.maximum-of-the-whole-batch": edit(
        P, "        p = np.exp(x - x.max())\n        p = p / p.sum(1)[:, None]\n"
    ),
    "loss.forward.columns-picked": edit(LOSS_LINE, "return -np.mean(logp[:, y])"),
    "loss.forward.base-ten": edit("(target * logp).sum()", "(target * logp / np.log(10)).sum()"),
    "loss.forward.softmax-forgotten": edit(
        LOSS_LINE, "return -np.mean(np.log(np.take_along_axis(x, y[:, None], 1)))"
    ),
    "loss.forward.running-mean": edit(
        LOSS_LINE,
        "self.seen = [*getattr(self, 'seen', []), -(target * logp).sum() / len(y)]\n"
        "        return sum(self.seen) / len(self.seen)",
    ),
    "loss.backward.maximum-not-subtracted": edit(
        P, "        e = np.exp(double(x))\n        p = e / np.sum(e, 1)[:, None]\n"
    ),
    "loss.backward.columns-picked": edit(
        "return (p - target) / len(y)", "p[:, y] -= 1\n        return p / len(y)"
    ),
    "loss.backward.half-precision": edit(
        "return (p - target) / len(y)", "return np.float16((p - target) / len(y))"
    ),
    # One-hot labels multiply the logarithm of every zero: NaN, where picking gives infinity.
    "loss.forward.logarithm-of-a-rounded-zero": edit(
        LOSS_LINE, LOSS_LINE.replace("logp", "np.log(self.p)")
    ),
}

STEP = "                self.update(lr)\n"
KEEP = "self.layer_inputs = values[:-1] if keepgrad else []"
CHAIN = "grad = self.layers[i].backward(self.layer_inputs[i], grad)"
TOTAL = "total += self.loss_func.forward(logits, y)"
TEST = "total += self.loss_func.forward(self.forward(x), y)"
ENDS = "        self.layer_inputs = []\n        return total / count\n"
TESTED = "            count += 1\n        return total / count\n"
NETWORK = {
    "network.forward.outputs-kept": edit("values[:-1] if", "values[1:] if"),
    "network.forward.inputs-not-kept": edit(KEEP, "self.layer_inputs = []"),
    "network.forward.inputs-always-kept": edit(KEEP, "self.layer_inputs = values[:-1]"),
    "network.forward.keepgrad-inverted": edit("if keepgrad else []", "if not keepgrad else []"),
    "network.forward.last-layer-skipped": edit("return values[-1]", "return values[-2]"),
    "network.forward.softmax-at-the-end": edit(
        "return values[-1]", "return np.exp(log_softmax(values[-1]))"
    ),
    "network.forward.images-scaled": edit("values = [x]", "values = [x / 255.0]"),
    "network.backward.gradient-ignored": edit("grad = last_x_grad", "grad = last_x_grad * 0 + 1"),
    "network.backward.first-layer-skipped": edit("while i > 0", "while i > 1"),
    "network.backward.nothing-returned": edit("        return grad\n", ""),
    "network.backward.gradient-not-passed-on": edit(CHAIN, CHAIN.replace("grad)", "last_x_grad)")),
    "network.backward.relu-skipped": edit(
        CHAIN, "if i in (2, 5):\n                continue\n            " + CHAIN
    ),
    "network.backward.divided-by-batch": edit(
        "grad = last_x_grad", "grad = last_x_grad / last_x_grad.shape[0]"
    ),
    "network.update.only-the-last-layer": edit(
        "        self.layers[0].update(lr)\n        self.layers[3].update(lr)\n", ""
    ),
    "network.update.only-the-first-layer": edit(
        "        self.layers[3].update(lr)\n        self.layers[7].update(lr)\n", ""
    ),
    "network.update.only-convolutions": edit("        self.layers[7].update(lr)\n", ""),
    "network.update.learning-rate-fixed": edit(
        *(piece for n in "037" for piece in (f"[{n}].update(lr)", f"[{n}].update(0.1)"))
    ),
    "network.update.uphill": edit(
        *(piece for n in "037" for piece in (f"[{n}].update(lr)", f"[{n}].update(-lr)"))
    ),
    "network.update.nothing": edit(
        "self.layers[0].update(lr)",
        "pass",
        "        self.layers[3].update(lr)\n        self.layers[7].update(lr)\n",
        "",
    ),
    "network.train.last-batch-skipped": edit(
        "batches(len(train_x), batch_size)",
        "batches(len(train_x) - len(train_x) % batch_size, batch_size)",
    ),
    "network.train.one-epoch-only": edit("range(epochs)", "range(1)"),
    "network.train.one-epoch-too-many": edit("range(epochs)", "range(0, epochs + 1)"),
    "network.train.loss-of-the-last-batch": edit(
        TOTAL, "total, count = self.loss_func.forward(logits, y), 0"
    ),
    "network.train.mean-over-all-epochs": edit(
        "        for epoch in range(epochs):\n            total, count = 0.0, 0\n",
        "        total, count = 0.0, 0\n        for epoch in range(epochs):\n",
    ),
    "network.train.losses-summed-up": edit(
        ENDS, "        self.layer_inputs = []\n        return total\n"
    ),
    "network.train.sum-divided-by-images": edit(
        ENDS, "        self.layer_inputs = []\n        return total / len(train_x)\n"
    ),
    "network.train.weighted-by-size": edit(
        TOTAL,
        "total += len(y) * self.loss_func.forward(logits, y)",
        "                count += 1\n",
        "                count += len(y)\n",
    ),
    "network.train.update-forgotten": edit(STEP, ""),
    "network.train.update-twice": edit(STEP, STEP + STEP),
    "network.train.update-once-an-epoch": edit(STEP, "            self.update(lr)\n"),
    "network.train.keepgrad-forgotten": edit("self.forward(x, True)", "self.forward(x)"),
    "network.train.inputs-kept-afterwards": edit(ENDS, "        return total / count\n"),
    "network.train.labels-of-the-first-batch": edit(
        "train_y[part]", "train_y[: len(train_x[part])]"
    ),
    "network.train.softmax-before-the-loss": edit(
        "self.forward(x, True)", "np.exp(log_softmax(self.forward(x, True)))"
    ),
    "network.train.gradient-of-the-loss-not-used": edit(
        "self.backward(self.loss_func.backward(logits, y))", "self.backward(np.ones(logits.shape))"
    ),
    "network.train.learning-rate-decays": edit(STEP, STEP + "            lr *= 0.5\n"),
    "network.train.learning-rate-divided": edit(
        STEP, "                self.update(lr / batch_size)\n"
    ),
    "network.train.nothing-returned": edit(ENDS, "        self.layer_inputs = []\n"),
    "network.train.loss-after-the-update": edit(
        TOTAL,
        "self.loss_func.forward(logits, y)",
        STEP,
        STEP + "                total += self.loss_func.forward(self.forward(x), y)\n",
    ),
    "network.train.whole-data-as-batch": edit("train_x[part], train_y[part]", "train_x, train_y"),
    "network.test.last-batch-dropped": edit(
        "batches(len(test_x), batch_size)",
        "batches(len(test_x) // batch_size * batch_size, batch_size)",
    ),
    "network.test.weighted-by-size": edit(
        TEST,
        "total += len(x) * self.loss_func.forward(self.forward(x), y)",
        TESTED,
        TESTED.replace("+= 1", "+= len(x)"),
    ),
    "network.test.losses-summed-up": edit(TESTED, "        return total\n"),
    "network.test.sum-divided-by-images": edit(TESTED, "        return total / len(test_x)\n"),
    "network.test.loss-of-the-last-batch": edit(
        TEST, "total, count = self.loss_func.forward(self.forward(x), y), 0"
    ),
    "network.test.inputs-kept": edit(TEST, TEST.replace("(x)", "(x, True)")),
    "network.test.accuracy-returned": edit(
        TEST, "total += (self.forward(x).argmax(axis=1) == y).mean()"
    ),
    "network.test.softmax-before-the-loss": edit(
        TEST, TEST.replace("self.forward(x)", "np.exp(log_softmax(self.forward(x)))")
    ),
    "network.predict.logits-returned": edit("np.exp(log_softmax(logits))", "logits"),
    "network.predict.classes-returned": edit("return result", "return np.argmax(result, axis=-1)"),
    "network.predict.log-probabilities": edit("np.exp(log_softmax(logits))", "log_softmax(logits)"),
    "network.predict.softmax-over-the-batch": edit(
        "log_softmax(logits)", "log_softmax(logits.T).T"
    ),
    "network.predict.all-at-once": edit("batches(len(x), 500)", "[slice(None)]"),
    "network.predict.sigmoid": edit("np.exp(log_softmax(logits))", "1 / (1 + np.exp(-logits))"),
    "network.predict.maximum-not-subtracted": edit(
        "result[part] = np.exp(log_softmax(logits))",
        "e = np.exp(logits)\n            result[part] = e / np.sum(e, 1)[:, None]",
    ),
    "network.predict.last-piece-left-at-zero": edit(
        "batches(len(x), 500)", "batches(len(x) // 500 * 500, 500)"
    ),
    "network.predict.one-hot": edit(
        "np.exp(log_softmax(logits))", "one_hot(logits.argmax(axis=1), 10)"
    ),
    "network.predict.rounded": edit("return result", "return result.round(2)"),
    "network.forward.images-kept-for-every-layer": edit(
        KEEP, "self.layer_inputs = 8 * [x] if keepgrad else []"
    ),
    "network.forward.inputs-accumulate": edit(
        KEEP,
        "self.layer_inputs = self.layer_inputs + (values[:-1] if keepgrad else [])",
        "self.layer_inputs[i]",
        "self.layer_inputs[i - 8]",
    ),
    "network.forward.kept-in-reverse": edit(
        KEEP,
        "self.layer_inputs = values[-2::-1] if keepgrad else []",
        "self.layer_inputs[i]",
        "self.layer_inputs[7 - i]",
    ),
    "network.backward.gradient-clipped": edit(CHAIN, CHAIN.replace("grad)", "grad.clip(-1, 1))")),
    "network.update.twice": edit(
        *(piece for n in "037" for piece in (f"[{n}].update(lr)", f"[{n}].update(2 * lr)"))
    ),
    "network.update.learning-rate-divided": edit(
        *(piece for n in "037" for piece in (f"[{n}].update(lr)", f"[{n}].update(lr / 8)"))
    ),
    "network.train.loss-of-the-first-epoch": edit(
        STEP,
        STEP + "            mean = total / count if epoch == 0 else mean\n",
        ENDS,
        "        self.layer_inputs = []\n        return mean\n",
    ),
    "network.train.shuffled": edit(
        "            for part in batches(len(train_x), batch_size):\n",
        "            order = np.random.permutation(len(train_x))\n"
        "            for part in batches(len(train_x), batch_size):\n",
        "train_x[part], train_y[part]",
        "train_x[order[part]], train_y[order[part]]",
    ),
    "network.train.batches-in-reverse": edit(
        "in batches(len(train_x), batch_size)", "in list(batches(len(train_x), batch_size))[::-1]"
    ),
    "network.train.batch-one-too-small": edit(
        "train_x[part], train_y[part]",
        "train_x[part][: batch_size - 1], train_y[part][: batch_size - 1]",
    ),
    "network.train.starts-anew": edit(
        "        for epoch in range(epochs):\n",
        "        self.__init__()\n        for epoch in range(epochs):\n",
    ),
    "network.train.one-batch-only": edit(
        STEP,
        STEP + "                self.layer_inputs = []\n                return total / count\n",
    ),
    "network.train.images-changed-in-place": edit(
        "        for epoch in range(epochs):\n",
        "        train_x -= np.mean(train_x)\n        for epoch in range(epochs):\n",
    ),
    "network.train.half-precision": edit("train_x[part], ", "double(np.float16(train_x[part])), "),
    "network.test.divided-by-whole-batches": edit(
        TESTED, "        return total / (len(test_x) // batch_size)\n"
    ),
    "network.test.first-batch-only": edit(
        TESTED, "            count += 1\n            break\n        return total / count\n"
    ),
    "network.test.labels-of-the-first-batch": edit("test_y[part]", "test_y[: len(test_x[part])]"),
    "network.test.rounded": edit(
        TESTED, TESTED.replace("total / count", "round(total / count, 2)")
    ),
    "network.predict.exponentials-not-normalised": edit(
        "np.exp(log_softmax(logits))", "np.exp(logits)"
    ),
    "network.predict.normalised-over-everything": edit(
        "result[part] = np.exp(log_softmax(logits))",
        "e = np.exp(logits - logits.max())\n            result[part] = e / e.sum()",
    ),
    "network.predict.softmax-twice": edit(
        "(log_softmax(logits))", "(log_softmax(np.exp(log_softmax(logits))))"
    ),
    "network.predict.inputs-kept": edit("self.forward(x[part])", "self.forward(x[part], True)"),
    "network.predict.half-precision": edit("return result", "return np.float16(result)"),
}

MISTAKES = RELU | FLATTEN | MAXPOOL | LINEAR | CONV | LOSS | NETWORK

ELSEWHERE = {
    # Negative numbers are no axes of this loop, so nothing is joined; the patch's shape is refused.
    "flatten.forward.negative-end-not-handled": edit(
        "first, last = axes[self.start], axes[self.end]", "first, last = self.start, self.end"
    ),
}
