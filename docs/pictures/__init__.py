"""The handbook's pictures: each is drawn by a script, from the real code and the real data.

A script `NAME.py` has `draw(style)`, which returns a Matplotlib figure, or a dictionary of them.
Its figures are called NAME, or NAME-KEY, with hyphens for underscores. Each is drawn twice, light
and dark, into `docs/_build/pictures`. `python -m docs.pictures` draws what is missing or out of
date; this module must not import NumPy, which reads how many threads it may use only once.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FOLDER = HERE.parent / "_build" / "pictures"


def scripts() -> list[str]:
    """The names of all scripts; a module without `draw` is what some of them share."""
    draws = "\ndef draw("
    return [path.stem for path in sorted(HERE.glob("*.py")) if draws in path.read_text("utf-8")]


def make(names: Sequence[str] = (), folder: Path = FOLDER) -> Iterator[str]:
    """Draw what is missing, or was drawn by other code than there is now.

    Parameters
    ----------
    names
        Scripts whose pictures are drawn in any case; none: only what is out of date.

    Yields
    ------
    str
        The name of each script that was run; as many run at a time as there are cores.
    """
    folder.mkdir(parents=True, exist_ok=True)
    todo = [name for name in names or scripts() if names or not _up_to_date(name, folder)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        jobs = {pool.submit(_draw, name, folder): name for name in todo}
        for job in as_completed(jobs):
            job.result()
            yield jobs[job]


def _note(name: str, folder: Path) -> Path:
    """What drew the pictures of a script, and the files that it drew."""
    return folder / f"{name}.txt"


def _up_to_date(name: str, folder: Path) -> bool:
    note = _note(name, folder)
    if not note.is_file():
        return False
    drawn_by, *files = note.read_text(encoding="utf-8").split("\n")
    return drawn_by == _drawn_by(name) and all((folder / file).exists() for file in files)


def _drawn_by(name: str) -> str:
    """A digest of all that draws the pictures of a script: code, and data that it names."""
    digest = hashlib.sha256()
    todo, seen = [HERE / f"{name}.py", HERE / "drawing.py", HERE / "__init__.py"], set()
    todo += sorted((ROOT / "solution").glob("*.py"))
    while todo:
        path = todo.pop()
        if path in seen or not path.is_file():
            continue
        seen.add(path)
        content = path.read_bytes()
        digest.update(content)
        for other in re.findall(rb"^from docs\.pictures\.(\w+) import", content, re.MULTILINE):
            todo.append(HERE / f"{other.decode()}.py")
        data = (other for other in HERE.glob("*.*") if other.suffix != ".py")
        todo += sorted(other for other in data if other.name.encode() in content)
    return digest.hexdigest()


def _draw(name: str, folder: Path) -> None:
    import matplotlib

    from docs.pictures.drawing import STYLES

    draw = importlib.import_module(f"docs.pictures.{name}").draw
    stem, files = name.replace("_", "-"), []
    for kind, style in STYLES.items():
        with matplotlib.rc_context(style.settings()):
            figures = draw(style)
            if not isinstance(figures, dict):
                figures = {"": figures}
            for key, figure in figures.items():
                full = f"{stem}-{key}".strip("-").replace("_", "-")
                files.append(f"{full}-{kind}.svg")
                figure.savefig(
                    folder / files[-1],
                    transparent=True,
                    metadata={"Date": None, "Creator": None},
                )
    note = "\n".join([_drawn_by(name), *files]) + "\n"
    _note(name, folder).write_text(note, encoding="utf-8")
