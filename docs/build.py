"""Builds the handbook: `python docs/build.py`, after `pip install -e '.[docs]'`.

Draws the pictures that are missing or out of date, then lets Sphinx make the site, with every
warning an error. Nothing is fetched, neither now nor when the site is read.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

DOCS = Path(__file__).resolve().parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Small products are many times slower on more threads than there are cores.
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL")}


class BuildError(Exception):
    """The handbook cannot be built; the text says why, and what to do."""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = argparse.ArgumentParser(
        prog="python docs/build.py", description="Builds the handbook, into docs/_build."
    )
    command.add_argument(
        "--instructor", action="store_true", help="with solutions of exercises and of mistakes"
    )
    command.add_argument(
        "--pdf", action="store_true", help="the book alone, as a PDF; this needs Chromium"
    )
    command.add_argument(
        "--keep-warnings", action="store_true", help="build in spite of warnings, while writing"
    )
    return command


def draw() -> None:
    """Draw the pictures that are missing or out of date."""
    command = [sys.executable, "-m", "docs.pictures"]
    if subprocess.run(command, cwd=DOCS.parent, env=os.environ | ONE_THREAD).returncode:
        raise BuildError("a picture could not be drawn; the reason stands above")


def sphinx(
    builder: str,
    out: Path,
    *,
    tags: Sequence[str] = (),
    strict: bool = True,
    more: Sequence[str] = (),
) -> Path:
    """Let Sphinx build, and return the folder that it wrote."""
    command = [sys.executable, "-m", "sphinx", "-q", "-b", builder, "-n", "-E", *more]
    command += ["-W", "--keep-going"] if strict else []
    command += [part for tag in tags for part in ("-t", tag)]
    with tempfile.TemporaryDirectory() as trees:
        command += ["-d", trees, str(DOCS), str(out)]
        if subprocess.run(command, env=os.environ | ONE_THREAD).returncode:
            raise BuildError("Sphinx had something to say; it stands above")
    return out


def one_page(out: Path, tags: Sequence[str]) -> Path:
    """The book as one page, to be printed."""
    # Links out of the book lead nowhere on its one page; the site's build checks them.
    sphinx("singlehtml", out, tags=[*tags, "pdf"], strict=False)
    page = out / "index.html"  # the addresses in it are meant for this place
    return (out / "book" / "index.html").replace(page)


def print_pdf(page: Path, file: Path) -> None:
    """Print a page with a browser."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise BuildError(f"a PDF is printed by Chromium, and there is none ({', '.join(BROWSERS)})")
    with tempfile.TemporaryDirectory() as profile:
        command = [
            *(program, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-background-networking", f"--user-data-dir={profile}"),
            *("--virtual-time-budget=120000", "--generate-pdf-document-outline"),
            *("--no-pdf-header-footer", f"--print-to-pdf={file}", page.as_uri()),
        ]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode or not file.is_file():
        raise BuildError(f"{program} printed nothing:\n{done.stderr[-2000:]}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Build what is asked for."""
    options = parser().parse_args(arguments)
    kind = "-instructor" if options.instructor else ""
    tags = ["instructor"] if options.instructor else []
    out, strict = DOCS / "_build", not options.keep_warnings
    try:
        draw()
        if options.pdf:
            file = out / f"byhand{kind}.pdf"
            file.unlink(missing_ok=True)
            page = one_page(out / f"single{kind}", tags)
            print_pdf(page, file)
            print(file)
        else:
            made = sphinx("html", out / f"html{kind}", tags=tags, strict=strict)
            print(made / "index.html")
    except BuildError as error:
        print(f"docs/build.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
