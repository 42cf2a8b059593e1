"""Handwritten digits: the embedded MNIST, folders of images, or MNIST's own IDX files."""

from __future__ import annotations

import gzip
import importlib.resources
import os
import zlib
from pathlib import Path

import numpy as np

IMAGE_SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
DIGITS = list("0123456789")
IDX_PREFIXES = {"train": "train", "test": "t10k"}  # how MNIST names the files of each split


def load_dataset(
    folder: str | os.PathLike[str], shuffle: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Load images of handwritten digits and what they show.

    Parameters
    ----------
    folder
        `"train"` or `"test"`: the embedded part of MNIST, 10,000 and 5,000 images. These two
        words always mean the embedded data; a folder of that name is `"./train"`.

        Anything else is the path of one split:

        - a folder with a sub-folder of 28 × 28 images for each digit, such as `train/7/a.png`,
        - or a folder with the two IDX files of one split, under the names that MNIST gives
          them, such as `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`, or with `.gz`.

        If a folder `DATA` holds the IDX files of both splits, `DATA/train` and `DATA/test`
        mean one of them, although no such folder exists.
    shuffle
        Whether to shuffle, with NumPy's global generator (see np.random.seed).

    Returns
    -------
    inputs : ndarray, shape (N, 1, 28, 28), float32
        Grey values from 0, the background, to 1.
    targets : ndarray, shape (N,), int64
        The digits.

    Raises
    ------
    FileNotFoundError
        If there are no such data.
    ValueError
        If they are there, but are not what they should be.
    """
    name = os.fspath(folder)
    path = Path(name)
    if name in IDX_PREFIXES:
        images, labels = _load_embedded(name)
    elif not path.exists() and path.name in IDX_PREFIXES and _idx_splits(path.parent):
        images, labels = _load_idx(path.parent, path.name)
    elif not path.exists():
        raise FileNotFoundError(f"there is no folder {name}; give the folder that holds the data")
    elif not path.is_dir():
        raise ValueError(f"{name} is a file; give the folder that holds the data")
    elif splits := _idx_splits(path):
        if len(splits) > 1:
            train, test = path / "train", path / "test"
            raise ValueError(f"{name} holds two splits: load {train} or {test} to choose one")
        images, labels = _load_idx(path, splits[0])
    else:
        images, labels = _load_images(path)

    inputs = images.reshape(-1, 1, 28, 28).astype(np.float32) / 255  # (N, 1, 28, 28)
    targets = labels.astype(np.int64)  # (N,)
    if shuffle:
        order = np.random.permutation(len(targets))  # (N,)
        inputs, targets = inputs[order], targets[order]  # (N, 1, 28, 28), (N,)
    return inputs, targets


def _load_embedded(split: str) -> tuple[np.ndarray, np.ndarray]:
    """Read a split of the data that come with the distribution `byhand`."""
    try:
        resource = importlib.resources.files("autograder") / "data" / "mnist.npz"
        with resource.open("rb") as file, np.load(file) as data:
            return data[f"{split}_images"], data[f"{split}_labels"]  # (N, 28, 28), (N,)
    except (ModuleNotFoundError, FileNotFoundError):
        message = "the embedded data come with byhand, which is not installed: pip install byhand"
        raise FileNotFoundError(message) from None


def _load_images(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read all images of `folder/0` to `folder/9`, in the order of their names."""
    digits = [path for path in sorted(folder.iterdir()) if path.is_dir() and path.name[0] != "."]
    for path in digits:
        if path.name not in DIGITS:
            hint = f"; did you mean {path}?" if path.name in IDX_PREFIXES else ""
            raise ValueError(f"{path} is not the folder of a digit, named 0 to 9{hint}")

    images, labels = [], []
    for digit in digits:
        for path in sorted(digit.iterdir()):
            if path.suffix.lower() in IMAGE_SUFFIXES and path.name[0] != ".":
                images.append(_load_image(path))
                labels.append(int(digit.name))
    if not images:
        raise FileNotFoundError(
            f"{folder} holds neither images in folders 0 to 9 nor a pair of MNIST's IDX files"
        )
    return np.stack(images), np.array(labels)  # (N, 28, 28), (N,)


def _load_image(path: Path) -> np.ndarray:
    """Read one image as 28 × 28 grey values."""
    try:
        from PIL import Image
    except ImportError:
        raise ImportError("reading images needs Pillow: pip install pillow") from None
    try:
        with Image.open(path) as image:
            grey = np.asarray(image.convert("L"))  # (height, width)
            deep = image.mode.startswith(("I", "F"))
    except (OSError, SyntaxError) as error:  # Pillow raises SyntaxError for a broken PNG
        raise ValueError(f"{path} cannot be read as an image: {error}") from None
    if deep:
        raise ValueError(f"{path} has more than 8 bits for each grey value; save it with 8")
    if grey.shape != (28, 28):
        height, width = grey.shape
        raise ValueError(f"{path} is {width} × {height} pixels; all images must be 28 × 28")
    return grey


def _idx_files(folder: Path, split: str, kind: str) -> list[Path]:
    """Find the IDX file of a split's "images-idx3" or "labels-idx1", packed or not."""
    names = [
        f"{IDX_PREFIXES[split]}-{stem}-ubyte{suffix}"
        for stem in (kind, kind.replace("-", "."))  # some copies are called images.idx3
        for suffix in ("", ".gz")
    ]
    return [folder / name for name in names if (folder / name).is_file()]


def _idx_splits(folder: Path) -> list[str]:
    """Name the splits of which `folder` holds the IDX file of the images."""
    return [split for split in IDX_PREFIXES if _idx_files(folder, split, "images-idx3")]


def _load_idx(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Read the images and labels of a split from MNIST's IDX files."""
    found = []
    for kind in ("images-idx3", "labels-idx1"):
        files = _idx_files(folder, split, kind)
        if not files:
            missing = folder / f"{IDX_PREFIXES[split]}-{kind}-ubyte"
            raise FileNotFoundError(f"there is no {missing}, with or without .gz")
        found.append(files[0])
    image_file, label_file = found
    images = _read_idx(image_file, ndim=3)  # (N, height, width)
    labels = _read_idx(label_file, ndim=1)  # (N,)
    if images.shape[1:] != (28, 28):
        height, width = images.shape[1:]
        raise ValueError(f"{image_file}: images are {width} × {height} pixels; must be 28 × 28")
    if len(images) != len(labels):
        raise ValueError(f"{label_file} has {len(labels)} labels for {len(images)} images")
    if len(images) == 0:
        raise ValueError(f"{image_file} holds no image")
    if labels.max() > 9:
        raise ValueError(f"{label_file}: label {labels.max()} is not a digit")
    return images, labels


def _read_idx(path: Path, ndim: int) -> np.ndarray:
    """Read an IDX file of bytes: 0 0 8 ndim, the lengths as 4 bytes each, then the elements."""
    content = path.read_bytes()
    if path.suffix == ".gz":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{path} cannot be unpacked: {error}") from None
    start = 4 + 4 * ndim
    if len(content) < start or content[:4] != bytes([0, 0, 8, ndim]):
        raise ValueError(f"{path} is not an IDX file of bytes with {ndim} axes")
    shape = np.frombuffer(content, dtype=">u4", count=ndim, offset=4)  # (ndim,)
    elements = np.frombuffer(content, dtype=np.uint8, offset=start)  # (size,)
    if len(elements) != np.prod(shape.astype(np.int64)):
        raise ValueError(f"{path} is damaged: its length is not what its header says")
    return elements.reshape(shape)  # shape
