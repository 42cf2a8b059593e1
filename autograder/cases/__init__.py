"""Cases: for a seed, the inputs, parameters and expected answers that the checks use.

They are *built* from the reference solution ahead of grading (`build.py`), or *loaded*
from a file that holds no code. The checks see only this module.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from autograder.errors import KitError

Buffer = bytes | np.ndarray  # of bytes
FORMAT = 1
FINGERPRINTS, TRAINED = "fingerprints", "trained"  # parts of a file, beside the cases


@dataclass(frozen=True)
class Case:
    """One question with its right answer.

    Parameters
    ----------
    group
        Which checks use it: ``conv``, ``maxpool.ties``, …
    title
        What is special about it, in words: "batch of one".
    layer
        The class that it is about, or "".
    args
        The arguments of its constructor.
    arrays
        Inputs, parameters, answers by name. ``out`` and ``*_grad`` are answers, in
        float64; ``scale.out`` … are the magnitudes by which their errors are judged.
    """

    group: str
    title: str
    layer: str = ""
    args: tuple[int, ...] = ()
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]

    def scale(self, name: str) -> float:
        """The magnitude that an error in the answer `name` is measured against."""
        return float(self.arrays["scale." + name])

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        return {name: self.arrays[name] for name in ("weight", "bias") if name in self.arrays}


@dataclass(frozen=True)
class Trained:
    """What the documented training of the accuracy's case ends with.

    Parameters
    ----------
    parameters
        ``0.weight`` … by layer, float32.
    losses, accuracies
        After each pass: the mean loss, the share of the test images that is read.
    guesses
        The class that each test image is given in the end.
    """

    parameters: dict[str, np.ndarray]
    losses: list[float]
    accuracies: list[float]
    guesses: np.ndarray


class Cases:
    """All cases of a seed, in the order in which they were made.

    Attributes
    ----------
    fingerprints : mapping
        What known mistakes answer to them, by task; empty where that is found out when it is
        wanted. Bytes that only the diagnosis reads.
    trained : Trained or None
        What training ends with, where that was found out.
    """

    def __init__(self, seed: int, cases: list[Case]) -> None:
        self.seed = seed
        self._cases = cases
        self.fingerprints: Mapping[str, Buffer] = {}
        self.trained: Trained | None = None

    def __iter__(self) -> Iterator[Case]:
        return iter(self._cases)

    def group(self, name: str) -> list[Case]:
        """The cases of a group; there is always one."""
        found = [case for case in self._cases if case.group == name]
        if not found:
            raise KitError(f"there are no cases of the group {name!r}: were they made by hand?")
        return found

    def save(self, path: Path) -> None:
        """Write all cases to a NumPy archive without any pickled object."""
        table: list[object] = []
        arrays: dict[str, np.ndarray] = {}
        for index, case in enumerate(self._cases):
            table.append([case.group, case.title, case.layer, case.args])
            arrays |= {f"{index}/{name}": value for name, value in case.arrays.items()}
        for task, text in self.fingerprints.items():
            arrays[f"{FINGERPRINTS}/{task}"] = np.frombuffer(text, np.uint8)
        if self.trained:
            known = asdict(self.trained)
            for name, values in (known.pop("parameters") | known).items():
                arrays[f"{TRAINED}/{name}"] = np.asarray(values)
        header = json.dumps({"format": FORMAT, "seed": self.seed, "cases": table})
        buffer = io.BytesIO()
        np.savez_compressed(buffer, header=np.array(header), **arrays)  # type: ignore[arg-type]
        path.write_bytes(buffer.getvalue())

    @classmethod
    def load(cls, path: Path) -> Cases:
        """Read what `save` wrote.

        Raises
        ------
        KitError
            The file is missing or is no file of cases.
        """
        try:
            archive = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)
            header = json.loads(str(archive["header"]))
            if header["format"] != FORMAT:
                raise KitError(f"{path} was made by another version; make it again")
            parts = Kept.all_of(archive)
            cases = [
                Case(group, title, layer, tuple(args), parts.get(str(index), {}))
                for index, (group, title, layer, args) in enumerate(header["cases"])
            ]
            found = cls(header["seed"], cases)
            found.fingerprints = parts.get(FINGERPRINTS, {})
            if known := parts.get(TRAINED):
                found.trained = Trained(
                    {name: value for name, value in known.items() if name[0].isdigit()},
                    known["losses"].tolist(),
                    known["accuracies"].tolist(),
                    known["guesses"],
                )
        except FileNotFoundError:
            raise KitError(f"there is no file of cases at {path}") from None
        except (OSError, EOFError, zipfile.BadZipFile, ValueError, KeyError, TypeError) as error:
            raise KitError(f"{path} is not a file of cases ({error})") from error
        return found


class Kept(Mapping[str, np.ndarray]):
    """Some of the arrays of a file, each read when it is wanted first."""

    def __init__(self, archive: Mapping[str, np.ndarray], start: str) -> None:
        self.archive, self.start = archive, start
        self.names: dict[str, np.ndarray | None] = {}

    @classmethod
    def all_of(cls, archive: Mapping[str, np.ndarray]) -> dict[str, Kept]:
        """The arrays of a file by what stands before the first slash of their names."""
        found: dict[str, Kept] = {}
        for name in archive:
            start, slash, rest = name.partition("/")
            if slash:
                found.setdefault(start, cls(archive, start)).names[rest] = None
        return found

    def __getitem__(self, name: str) -> np.ndarray:
        value = self.names[name]
        if value is None:
            value = self.names[name] = self.archive[f"{self.start}/{name}"]
        return value

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)
