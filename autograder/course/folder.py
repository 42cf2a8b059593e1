"""The folder that a class run writes into: where things lie in it, and who may write there.

    OUT/results/KEY.json     a result for each content that was handed in
    OUT/faults/KEY.txt       what the grader failed in, where it did
    OUT/options.json         what the class is graded by (`kept.py`)
    OUT/class.json           the class: who handed in what, and what it is worth
    OUT/gradebook.csv        the same as a table
    OUT/index.html           the class page
    OUT/students/ID.html     a page for each student
    OUT/pairs/A--B.html      submissions that resemble each other, side by side

Every file is written as a whole or not at all.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from autograder import whole
from autograder.errors import KitError


class OutFolder:
    """The results of a class on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            for name in ("results", "students"):
                (path / name).mkdir(parents=True, exist_ok=True)
            probe = path / f".{os.getpid()}.part"
            probe.write_text("")
            probe.unlink()
        except OSError as error:
            raise KitError(f"{path} cannot be written to: {error.strerror}") from error

    def result(self, key: str) -> Path:
        return self.path / "results" / f"{key}.json"

    def fault(self, key: str) -> Path:
        return self.path / "faults" / f"{key}.txt"

    def has(self, key: str) -> bool:
        return self.result(key).is_file()

    def load(self, key: str) -> dict[str, Any]:
        """A result.

        Raises
        ------
        KitError
            It cannot be read.
        """
        try:
            data: dict[str, Any] = json.loads(self.result(key).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise KitError(
                f"{self.result(key)} cannot be read ({error}). Remove it, and run again."
            ) from error
        return data

    def note_fault(self, key: str, reason: str) -> None:
        self.fault(key).parent.mkdir(exist_ok=True)
        self.write(self.fault(key), reason)

    def forget_fault(self, key: str) -> None:
        self.fault(key).unlink(missing_ok=True)

    def reason(self, key: str) -> str:
        """What the grader failed in, if it did."""
        with contextlib.suppress(OSError):
            return self.fault(key).read_text(encoding="utf-8")
        return ""

    def write(self, file: Path, text: str) -> None:
        """Write a file of the folder.

        Raises
        ------
        KitError
            It cannot be written.
        """
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise KitError(f"{file} cannot be written: {error.strerror}") from error
        whole.write(file, text)

    def keep_only(self, folder: str, names: Collection[str]) -> None:
        """Take away pages that an earlier run wrote, of whom this one has none."""
        for page in (self.path / folder).glob("*.html"):
            if page.name not in names:
                page.unlink(missing_ok=True)

    @contextlib.contextmanager
    def alone(self, part: str = "") -> Iterator[None]:
        """Keep other runs off this folder, or off the same part of it.

        Raises
        ------
        KitError
            Another run is at work in it.
        """
        name = self.path / f".lock{part}"
        with name.open("a+") as file:
            if not lock(file):
                file.seek(0)
                raise KitError(
                    f"another run ({file.read().strip() or 'unknown'}) is at work in {self.path}."
                    " Wait for it, or choose another folder."
                )
            file.truncate(0)
            file.write(f"process {os.getpid()}\n")
            file.flush()
            yield


def lock(file: IO[str]) -> bool:
    """Take a file for this process, until it ends; false where another has it."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


class Results(Mapping[str, dict[str, Any]]):
    """Results by the id of the student, read when they are wanted and not kept."""

    def __init__(self, folder: OutFolder, keys: Mapping[str, str]) -> None:
        self.keys_by_id = keys
        self.read = lru_cache(maxsize=8)(folder.load)

    def __getitem__(self, student: str) -> dict[str, Any]:
        return self.read(self.keys_by_id[student])

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys_by_id)

    def __len__(self) -> int:
        return len(self.keys_by_id)
