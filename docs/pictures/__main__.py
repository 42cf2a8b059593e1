"""Draws pictures into `docs/_build/pictures`: `python -m docs.pictures [NAME …]`."""

from __future__ import annotations

import argparse
import os
import sys

# Small products are many times slower on more threads than there are cores.
for _name in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{_name}_NUM_THREADS", "1")

from docs import pictures  # noqa: E402


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = argparse.ArgumentParser(
        prog="python -m docs.pictures",
        description="Draws the handbook's pictures into docs/_build/pictures.",
    )
    command.add_argument(
        "name", nargs="*", metavar="NAME", help="of a script (all that are out of date)"
    )
    return command


def main() -> None:
    """Draw, and name each script that is run."""
    names = [name.replace("-", "_") for name in parser().parse_args().name]
    if unknown := sorted(set(names) - set(pictures.scripts())):
        sys.exit(f"there is no docs/pictures/{unknown[0]}.py")
    for name in pictures.make(names):
        print(name, flush=True)


if __name__ == "__main__":
    main()
