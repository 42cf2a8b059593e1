"""What of this machine a worker needs to see: Python, NumPy and their libraries.

Everything else is hidden where that can be done, packages that were installed beside
NumPy included: the kit is one of them.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import numpy as np

from autograder.sandbox.wall import FOREIGN

LOADER = ("/etc/ld.so.cache", "/etc/alternatives")  # how it finds libraries by their names


def interpreter() -> Path:
    """The Python that runs this program, itself and not a link to it in an environment."""
    return Path(os.path.realpath(getattr(sys, "_base_executable", "") or sys.executable))


def numpy_folder() -> Path:
    """The folder of the NumPy package."""
    return Path(np.__file__).parent


@lru_cache(maxsize=1)
def readable() -> tuple[Path, ...]:
    """Files and folders that a worker must be able to read.

    A folder stands for all that is below it, but for packages installed in it.
    """
    numpy = numpy_folder()
    paths = [interpreter(), *standard_library(), numpy, numpy.with_name("numpy.libs")]
    paths += libraries()
    paths += [Path(name) for name in LOADER]
    return tuple(dict.fromkeys(path for path in paths if path.exists()))


def standard_library() -> list[Path]:
    """Where the modules of Python itself lie, in Python and compiled."""
    folders = [sysconfig.get_path("stdlib"), sysconfig.get_config_var("DESTSHARED")]
    return [Path(os.path.realpath(folder)) for folder in folders if folder]


def libraries() -> list[Path]:
    """Shared libraries: those in use here, and what lies beside them.

    Where other things lie beside them, as in an environment of conda, the libraries only.
    """
    folders = {Path(os.path.realpath(name)) for name in multiarch()}
    with suppress(OSError):  # no such file but on Linux
        for line in Path("/proc/self/maps").read_text().splitlines():
            name = line.split(maxsplit=5)[5] if line.count("/") else ""
            if ".so" in name and not any(foreign in name for foreign in FOREIGN):
                folders.add(Path(os.path.realpath(name)).parent)
    own = standard_library()
    found = []
    for folder in sorted(folders):
        if any(folder.is_relative_to(one) for one in own):
            continue
        mixed = any(one.is_relative_to(folder) for one in own) or folder.name == "lib"
        found += sorted(folder.glob("*.so*")) if mixed else [folder]
    return found


def multiarch() -> list[str]:
    """Folders of the system's libraries."""
    name = sysconfig.get_config_var("MULTIARCH") or ""
    return [
        *(f"{root}/{name}" for root in ("/lib", "/usr/lib") if name),
        *("/lib64", "/usr/lib64"),
    ]
