import gzip
from pathlib import Path
import numpy as np


def _idx(path):
    raw = gzip.open(path).read() if path.suffix == ".gz" else path.read_bytes()
    shape = tuple(int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], "big") for i in range(raw[3]))
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def load_dataset(folder, shuffle=False):
    """Images and labels of a folder that holds IDX files."""
    images = _idx(sorted(Path(folder).glob("*images*"))[0])
    targets = _idx(sorted(Path(folder).glob("*labels*"))[0]).astype(np.int64)
    inputs = images[:, None].astype(np.float32) / np.float32(255)
    if shuffle:
        order = np.random.permutation(len(inputs))
        inputs, targets = inputs[order], targets[order]
    return inputs, targets
