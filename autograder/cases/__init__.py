"""Cases: for a seed, the inputs, parameters and expected answers that the checks use.

They are *built* from the reference solution ahead of grading (`build.py`), or *loaded*
from a file that holds no code. The checks see only this module.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from autograder.errors import KitError

FORMAT = 1


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
    arrays: dict[str, np.ndarray] = field(default_factory=dict)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]

    def scale(self, name: str) -> float:
        """The magnitude that an error in the answer `name` is measured against."""
        return float(self.arrays["scale." + name])

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        return {name: self.arrays[name] for name in ("weight", "bias") if name in self.arrays}


class Cases:
    """All cases of a seed, in the order in which they were made."""

    def __init__(self, seed: int, cases: list[Case]) -> None:
        self.seed = seed
        self._cases = cases

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
            with np.load(path, allow_pickle=False) as archive:
                header = json.loads(str(archive["header"]))
                if header["format"] != FORMAT:
                    raise KitError(f"{path} was made by another version; make it again")
                cases: list[Case] = []
                for index, (group, title, layer, args) in enumerate(header["cases"]):
                    start = f"{index}/"
                    names = [name for name in archive.files if name.startswith(start)]
                    arrays = {name[len(start) :]: archive[name] for name in names}
                    cases.append(Case(group, title, layer, tuple(args), arrays))
        except FileNotFoundError:
            raise KitError(f"there is no file of cases at {path}") from None
        except (OSError, EOFError, zipfile.BadZipFile, ValueError, KeyError, TypeError) as error:
            raise KitError(f"{path} is not a file of cases ({error})") from error
        return cls(header["seed"], cases)
