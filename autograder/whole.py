"""Writes files as a whole or not at all, whoever else writes them at the same time.

This module knows no format.
"""

from __future__ import annotations

import os
from pathlib import Path

from autograder.errors import KitError


def write(file: Path, content: str | bytes) -> None:
    """Write a file, by way of another that then takes its name.

    Parameters
    ----------
    content
        Text is written as UTF-8, with the line ends that it has.

    Raises
    ------
    KitError
        The file cannot be written; what was there before is as it was.
    """
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        with part.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise KitError(f"{file} cannot be written: {error.strerror}") from error
