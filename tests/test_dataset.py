"""`load_dataset` reads the embedded data, folders of images, IDX files, and says what is wrong."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np
import pytest

from solution import dataset, load_dataset

Image = pytest.importorskip("PIL.Image")


@pytest.fixture
def images() -> np.ndarray:
    """Return six images that all differ."""
    return np.random.RandomState(0).randint(256, size=(6, 28, 28)).astype(np.uint8)


LABELS = np.array([0, 0, 3, 3, 7, 9], dtype=np.uint8)  # in the order of the folders


def write_images(folder: Path, images: np.ndarray) -> Path:
    """Write the images as one folder for each digit."""
    for number, (image, label) in enumerate(zip(images, LABELS, strict=True)):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / str(label) / f"{number}.png")
    return folder


def write_idx(folder: Path, prefix: str, images: np.ndarray, labels=LABELS, packed=False) -> Path:
    """Write the two IDX files of a split."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in (("images-idx3", images), ("labels-idx1", labels)):
        header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, dtype=">u4").tobytes()
        content = header + array.tobytes()
        path = folder / f"{prefix}-{name}-ubyte{'.gz' if packed else ''}"
        path.write_bytes(gzip.compress(content) if packed else content)
    return folder


def assert_loaded(loaded: tuple[np.ndarray, np.ndarray], images: np.ndarray) -> None:
    inputs, targets = loaded
    assert (inputs.dtype, targets.dtype) == (np.float32, np.int64)
    assert inputs.shape == (len(images), 1, 28, 28)
    np.testing.assert_allclose(inputs[:, 0] * 255, images, atol=1e-4)
    assert targets.tolist() == LABELS.tolist()


# What can be loaded


def test_the_embedded_splits_are_those_of_the_attribution() -> None:
    inputs, targets = load_dataset("train")
    assert inputs.shape == (10_000, 1, 28, 28) and inputs.dtype == np.float32
    assert (inputs.min(), inputs.max()) == (0, 1)
    assert targets.shape == (10_000,) and targets.dtype == np.int64
    inputs, targets = load_dataset("test")
    assert inputs.shape == (5_000, 1, 28, 28)
    counts = [460, 571, 530, 500, 500, 456, 462, 512, 489, 520]
    assert np.bincount(targets).tolist() == counts


def test_bare_names_mean_the_embedded_data_and_dotted_ones_the_folder(
    tmp_path, images, monkeypatch
) -> None:
    write_images(tmp_path / "train", images)
    monkeypatch.chdir(tmp_path)
    assert len(load_dataset("train")[0]) == 10_000
    assert_loaded(load_dataset("./train"), images)


def test_shuffle_keeps_pairs_together_and_follows_the_seed(tmp_path, images) -> None:
    folder = write_images(tmp_path, images)
    np.random.seed(1)
    inputs, targets = load_dataset(folder, shuffle=True)
    np.random.seed(1)
    assert np.array_equal(load_dataset(folder, shuffle=True)[0], inputs)
    order = [next(i for i in range(6) if np.allclose(images[i] / 255, x)) for x in inputs[:, 0]]
    assert sorted(order) == list(range(6)) and order != list(range(6))
    assert targets.tolist() == LABELS[order].tolist()


def test_images_are_read_digit_by_digit_and_other_files_left_alone(tmp_path, images) -> None:
    folder = write_images(tmp_path, images)
    (folder / "3" / "Thumbs.db").write_bytes(b"no image")
    (folder / "3" / "._2.png").write_bytes(b"no image")
    (folder / ".cache").mkdir()
    (folder / "README").write_text("digits")
    assert_loaded(load_dataset(folder), images)


def test_coloured_images_become_grey(tmp_path, images) -> None:
    folder = write_images(tmp_path, images)
    Image.fromarray(images[4]).convert("RGB").save(folder / "7" / "4.png")
    assert_loaded(load_dataset(str(folder)), images)


@pytest.mark.parametrize("packed", [False, True], ids=["raw", "gz"])
def test_idx_files_of_one_split_are_read(tmp_path, images, packed) -> None:
    assert_loaded(load_dataset(write_idx(tmp_path, "t10k", images, packed=packed)), images)


def test_idx_files_of_both_splits_are_told_apart_by_the_last_name(tmp_path, images) -> None:
    write_idx(tmp_path, "train", images)
    write_idx(tmp_path, "t10k", images[::-1].copy())
    assert_loaded(load_dataset(tmp_path / "train"), images)
    assert_loaded(load_dataset(f"{tmp_path}/test/"), images[::-1])
    with pytest.raises(ValueError, match=r"holds two splits: load .*train or .*test"):
        load_dataset(tmp_path)


def test_idx_files_may_be_spelt_with_a_dot(tmp_path, images) -> None:
    write_idx(tmp_path, "train", images)
    for kind in ("images-idx3", "labels-idx1"):
        path = tmp_path / f"train-{kind}-ubyte"
        path.rename(tmp_path / f"train-{kind.replace('-', '.')}-ubyte")
    assert_loaded(load_dataset(tmp_path), images)


# What cannot


def test_a_missing_folder_is_named(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere"):
        load_dataset(tmp_path / "nowhere")


def test_an_empty_folder_says_what_was_looked_for(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match="neither images in folders 0 to 9 nor"):
        load_dataset(tmp_path)


def test_a_file_is_not_a_folder(tmp_path) -> None:
    (tmp_path / "a.png").touch()
    with pytest.raises(ValueError, match=r"a\.png is a file"):
        load_dataset(tmp_path / "a.png")


def test_a_folder_of_both_splits_hints_at_one_of_them(tmp_path, images) -> None:
    write_images(tmp_path / "train", images)
    with pytest.raises(ValueError, match=r"did you mean .*train"):
        load_dataset(tmp_path)


def test_an_image_of_another_size_is_refused(tmp_path, images) -> None:
    folder = write_images(tmp_path, images)
    Image.new("L", (28, 27)).save(folder / "3" / "2.png")
    with pytest.raises(ValueError, match=r"2\.png is 28 × 27 pixels"):
        load_dataset(folder)


def test_an_image_of_16_bits_is_refused(tmp_path, images) -> None:
    folder = write_images(tmp_path, images)
    Image.fromarray(images[2].astype(np.uint16)).save(folder / "3" / "2.png")
    with pytest.raises(ValueError, match="more than 8 bits"):
        load_dataset(folder)


@pytest.mark.parametrize("keep", [0, 20, 300])
def test_a_damaged_image_is_named(tmp_path, images, keep) -> None:
    path = write_images(tmp_path, images) / "9" / "5.png"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"5\.png cannot be read"):
        load_dataset(tmp_path)


@pytest.mark.parametrize("packed", [False, True], ids=["raw", "gz"])
@pytest.mark.parametrize("keep", [0, 3, 15, 100])
def test_a_damaged_idx_file_is_named(tmp_path, images, keep, packed) -> None:
    write_idx(tmp_path, "train", images, packed=packed)
    path = next(tmp_path.glob("train-images*"))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match="train-images"):
        load_dataset(tmp_path)


def test_idx_files_that_do_not_fit_together_are_refused(tmp_path, images) -> None:
    write_idx(tmp_path / "count", "train", images, LABELS[:5])
    with pytest.raises(ValueError, match="5 labels for 6 images"):
        load_dataset(tmp_path / "count")
    write_idx(tmp_path / "size", "train", images[:, :27].copy())
    with pytest.raises(ValueError, match="28 × 27 pixels"):
        load_dataset(tmp_path / "size")
    write_idx(tmp_path / "digit", "train", images, LABELS + 1)
    with pytest.raises(ValueError, match="label 10 is not a digit"):
        load_dataset(tmp_path / "digit")
    write_idx(tmp_path / "alone", "train", images)
    (tmp_path / "alone" / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(FileNotFoundError, match=r"no .*train-labels-idx1-ubyte, with or without"):
        load_dataset(tmp_path / "alone")


def test_without_byhand_the_embedded_data_say_what_to_install(monkeypatch) -> None:
    def missing(name: str) -> Path:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(dataset.importlib.resources, "files", missing)
    with pytest.raises(FileNotFoundError, match="pip install byhand"):
        load_dataset("train")


def test_without_pillow_images_say_what_to_install(tmp_path, images, monkeypatch) -> None:
    write_images(tmp_path, images)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match="pip install pillow"):
        load_dataset(tmp_path)
