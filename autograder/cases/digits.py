"""The embedded digits as a seed shows them: turned or mirrored, and labelled anew.

MNIST is public, so its labels could be carried in. An honest network does not notice
which of the square's eight symmetries was applied, or what the classes are called.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from autograder.cases import Case

ARCHIVE = Path(__file__).resolve().parents[1] / "data" / "mnist.npz"


def digits(case: Case, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 1, 28, 28) float32 in [0, 1] and labels (N,) int64 of a split; read-only."""
    return shown(split, int(case["symmetry"]), tuple(case["labels"].tolist()))


@lru_cache(maxsize=2)  # both splits of one seed: that of a class
def shown(split: str, symmetry: int, names: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The digits of a split, under one of the eight symmetries and with these classes."""
    with np.load(ARCHIVE, allow_pickle=False) as archive:
        images, digits = archive[f"{split}_images"], archive[f"{split}_labels"]
    images = np.rot90(images, symmetry % 4, (1, 2))
    if symmetry >= 4:
        images = np.flip(images, 2)
    images = np.ascontiguousarray(images[:, None], np.float32) / np.float32(255)
    labels = np.array(names, np.int64)[digits]
    for array in (images, labels):
        array.setflags(write=False)
    return images, labels


def as_digits(case: Case, classes: np.ndarray) -> np.ndarray:
    """The digits that the classes of a seed stand for."""
    return np.argsort(case["labels"])[classes]
