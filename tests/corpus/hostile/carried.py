"""Accuracy that was carried in: tables of labels, weights, images, and what disguises them.

MNIST is public, so its test labels and a trained network fit into a submission. Each of these
is the right solution, changed; trained and judged naively, in one process on the plain digits,
it reads far more than 94 %.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np

from autograder.cases.build import HOME, load_reference
from autograder.cases.digits import ARCHIVE
from tests.corpus.wrong import package

LOOP = "        for _ in range(epochs):\n"
PREDICT = "        pieces = [x[start : start + 500]"
CODES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@cache
def plain(split: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 1, 28, 28) float32 and labels of a split, as everybody has them."""
    with np.load(ARCHIVE, allow_pickle=False) as archive:
        images = archive[f"{split}_images"][:, None].astype(np.float32) / 255
        return images, archive[f"{split}_labels"].astype(np.int64)


@cache
def trained() -> str:
    """The source of a module that holds the weights of a network trained on the plain digits."""
    solution: ModuleType = load_reference()
    np.random.seed(3)
    network = solution.ConvolutionNeuralNetwork()
    network.train(*plain("train"), 100, 6, 0.1)
    parameters = [
        value.astype("<f2").tobytes()
        for index in (0, 3, 7)
        for value in (network.layers[index].weight, network.layers[index].bias)
    ]
    text = base64.b85encode(b"".join(parameters)).decode()
    return f'''
import base64

import numpy as np

DATA = np.frombuffer(base64.b85decode({json.dumps(text)}), "<f2").astype(np.float32)
SHAPES = [(4, 1, 5, 5), (4,), (16, 4, 3, 3), (16,), (400, 10), (10,)]


def parameters():
    found, offset = [], 0
    for shape in SHAPES:
        size = int(np.prod(shape))
        found.append(DATA[offset : offset + size].reshape(shape))
        offset += size
    return found


def put_into(network):
    weights = parameters()
    for place, index in enumerate((0, 3, 7)):
        layer = network.layers[index]
        layer.weight = weights[2 * place].astype(layer.weight.dtype)
        layer.bias = weights[2 * place + 1].astype(layer.bias.dtype)


def rename(network, x, y):
    """What the classes are called here: who gets most of each class's guesses."""
    guesses = network.forward(x[:2000]).argmax(axis=1)
    table = np.zeros((10, 10))
    np.add.at(table, (guesses, y[:2000]), 1)
    layer = network.layers[7]
    weight, bias = np.zeros_like(layer.weight), np.zeros_like(layer.bias)
    for own in range(10):
        weight[:, table[own].argmax()] = layer.weight[:, own]
        bias[table[own].argmax()] = layer.bias[own]
    layer.weight, layer.bias = weight, bias
'''


@cache
def table_of_hashes() -> str:
    """The source of a module that knows the label of every test image."""
    images, labels = plain("test")
    keys = "".join(f"{key:08x}" for key in keys_of(images))
    return f"""
import zlib

import numpy as np

KEYS = {keys!r}
LABELS = {"".join(map(str, labels))!r}
TABLE = {{int(KEYS[8 * i : 8 * i + 8], 16): int(LABELS[i]) for i in range(len(LABELS))}}


def read(x):
    answer = np.full((len(x), 10), 1e-3, x.dtype)
    for row, image in zip(answer, x, strict=True):
        key = zlib.crc32(np.rint(image * 255).astype("u1").tobytes())
        row[TABLE.get(key, 0)] = 1
    return answer / answer.sum(axis=1, keepdims=True)
"""


def keys_of(images: np.ndarray) -> list[int]:
    import zlib

    return [zlib.crc32(np.rint(image * 255).astype("u1").tobytes()) for image in images]


@cache
def small_images() -> str:
    """The source of a module that holds the test images, 7 × 7 points of one bit each."""
    images, labels = plain("test")
    small = images.reshape(-1, 7, 4, 7, 4).mean(axis=(2, 4)) > 0.25
    text = base64.b85encode(np.packbits(small).tobytes()).decode()
    return f"""
import base64

import numpy as np

BITS = np.frombuffer(base64.b85decode({json.dumps(text)}), "u1")
IMAGES = np.unpackbits(BITS)[: {small.size}].reshape(-1, 49).astype(np.float32) * 2 - 1
LABELS = np.array([int(one) for one in {"".join(map(str, labels))!r}])


def read(x):
    small = (x.reshape(-1, 7, 4, 7, 4).mean(axis=(2, 4)) > 0.25).reshape(-1, 49)
    nearest = ((small * 2 - 1).astype(np.float32) @ IMAGES.T).argmax(axis=1)
    return np.eye(10, dtype=x.dtype)[LABELS[nearest]] * 0.99 + 0.001
"""


@dataclass(frozen=True)
class Carried:
    """A submission that carries something in."""

    name: str
    module: Callable[[], str]  # the source of what is carried
    train: str = ""  # before the documented loop; a return leaves it out
    predict: str = ""  # before the documented prediction
    edits: dict[str, tuple[str, str]] | None = None

    def write(self, folder: Path) -> Path:
        """Write the package; its path."""
        imported = "from . import carried\n\nMEMORY = {}\n\n\nclass ConvolutionNeuralNetwork:"
        path = package(folder, self.edits or {})
        network = path / "network.py"
        text = network.read_text(encoding="utf-8")
        for old, new in (
            ("class ConvolutionNeuralNetwork:", imported),
            (LOOP, block(self.train) + LOOP),
            (PREDICT, block(self.predict) + PREDICT),
        ):
            assert text.count(old) == 1
            text = text.replace(old, new)
        network.write_text(text, encoding="utf-8")
        (path / "carried.py").write_text(self.module(), encoding="utf-8")
        return path


def block(text: str) -> str:
    return "".join(f"        {line}\n" for line in text.strip("\n").splitlines() if line)


def nothing() -> str:
    return ""


CARRIED = (
    Carried(
        "a table of labels", table_of_hashes, train="return 0.1", predict="return carried.read(x)"
    ),
    Carried(
        "a table of labels beside honest training",
        table_of_hashes,
        predict="return carried.read(x)",
    ),
    Carried(
        "small images and their labels",
        small_images,
        train="return 0.1",
        predict="return carried.read(x)",
    ),
    Carried("trained weights", trained, train="carried.put_into(self)\nreturn 0.1"),
    Carried(
        "trained weights, set when the network is made and never changed",
        trained,
        train="carried.put_into(self)\nlr = 0",
    ),
    Carried(
        "trained weights, the classes renamed",
        trained,
        train="carried.put_into(self)\ncarried.rename(self, train_x, train_y)\nreturn 0.1",
    ),
    Carried(
        "trained weights, for long training only",
        trained,
        train="if len(train_x) > 2000:\n"
        "    carried.put_into(self)\n    carried.rename(self, train_x, train_y)\n    return 0.1",
    ),
    Carried(
        "trained weights, for training in float32 only",
        trained,
        train="if train_x.dtype == np.float32:\n"
        "    carried.put_into(self)\n    carried.rename(self, train_x, train_y)\n    return 0.1",
    ),
    Carried(
        "trained weights, in the second training only",
        trained,
        train="MEMORY['n'] = MEMORY.get('n', 0) + 1\nif len(train_x) > 2000 or MEMORY['n'] > 1:\n"
        "    carried.put_into(self)\n    carried.rename(self, train_x, train_y)\n    return 0.1",
    ),
    Carried(
        "labels that were told in test",
        nothing,
        train="return 0.1",
        predict="import zlib\n"
        "guess = [MEMORY.get(zlib.crc32(one.tobytes()), 0) for one in x]\n"
        "return np.eye(10)[guess]",
        edits={
            "network.py": (
                "        for start in range(0, len(test_x), batch_size):\n",
                "        import zlib\n\n        for one, label in zip(test_x, test_y):\n"
                "            MEMORY[zlib.crc32(one.tobytes())] = int(label)\n"
                "        for start in range(0, len(test_x), batch_size):\n",
            )
        },
    ),
    Carried(
        "another method: regression on the likeness of images",
        nothing,
        train="""
flat = train_x[:5000].reshape(-1, 784).astype(np.float32)
flat /= np.linalg.norm(flat, axis=1, keepdims=True)
likeness = (flat @ flat.T) ** 6 + 0.05 * np.eye(len(flat), dtype=np.float32)
wanted = np.eye(10, dtype=np.float32)[train_y[:5000]]
MEMORY["images"], MEMORY["weights"] = flat, np.linalg.solve(likeness, wanted)
return 0.1
""",
        predict="""
flat = x.reshape(len(x), -1)
flat = flat / np.linalg.norm(flat, axis=1, keepdims=True)
return softmax(9 * (flat @ MEMORY["images"].T) ** 6 @ MEMORY["weights"])
""",
    ),
    Carried(
        "steps that pull to trained weights, whatever the gradient",
        trained,
        edits={
            "layers.py": (
                "    return (parameter - lr * grad).astype(parameter.dtype, copy=False)",
                "    from . import carried\n\n"
                "    goal = [p for p in carried.parameters() if p.shape == parameter.shape]\n"
                "    if goal:\n"
                "        grad = (parameter - goal[0]) / 2\n"
                "    return (parameter - lr * grad).astype(parameter.dtype, copy=False)",
            )
        },
    ),
)

assert HOME  # the solution lies there; `package` copies it
