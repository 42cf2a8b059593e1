"""Makes a class: a folder of submissions such as a learning platform exports.

    python -m tests.class_of N FOLDER [--seed N]

Right submissions, some that are not finished, many with one to four known mistakes, a few
that are broken or of the hostile corpus; students of many scripts, each with a zip in the naming of
Canvas, and two that handed in the same file.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import random
import shutil
import tempfile
import zipfile
from pathlib import Path

from autograder.cases.build import HOME
from autograder.errors import KitError
from autograder.mistakes import catalogue
from autograder.mistakes.patching import patched
from autograder.syllabus import Syllabus
from tests.corpus.hostile.corpus import FAMILIES
from tests.corpus.hostile.yard import Yard
from tests.corpus.right import VARIANTS

NAMES = (
    *("O'Hara, Jr", "Müller", "Nguyễn", "de la Cruz", "Smith", "Okonkwo", "Johansson"),
    *("李", "田中", "김", "Иванова", "Παπαδόπουλος", "حسن", "כהן", "शर्मा", "=SUM(A1)", "@Home"),
)
GIVEN = ("Ann", "Zoë", "Jose\u0301", "伟", "さくら", "민준", "Ольга", "Ελένη", "ليلى", "נועה")
BROKEN = {
    "not Python": "def forward(self:\n    pass\n",
    "an early end": "import os\nos._exit(0)\n",
    "an endless import": "while True:\n    pass\n",
    "much output": "print('<script>alert(1)</script>' * 1000)\nraise ValueError('\x1b[2J')\n",
}


def solution() -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in (HOME / "solution").glob("*.py")}


def with_mistakes(chance: random.Random) -> dict[str, str]:
    """The solution with some mistakes in it, each in another function."""
    sources = solution()
    for mistake in chance.sample(catalogue(), chance.randint(1, 4)):
        try:
            sources = patched(mistake.id, sources)
        except KitError:
            continue  # it edits what another has changed
    return sources


def unfinished(chance: random.Random) -> dict[str, str]:
    """The solution with its last tasks still to be written."""
    tasks = Syllabus.load().tasks
    left = {name for task in tasks[chance.randint(0, 21) :] for name in task.functions}
    sources = solution()
    for file, text in sources.items():
        module = ast.parse(text)
        for node in ast.walk(module):
            for function in getattr(node, "body", []) if isinstance(node, ast.ClassDef) else []:
                name = f"{Path(file).stem}.{node.name}.{getattr(function, 'name', '')}"
                if name in left and isinstance(function, ast.FunctionDef):
                    function.body = ast.parse("raise NotImplementedError").body
        sources[file] = ast.unparse(module)
    return sources


def submission(chance: random.Random, folder: Path) -> Path:
    """A package in a new folder."""
    kind = chance.random()
    if kind > 0.97:
        return hostile(chance, folder)
    if kind < 0.25:
        return VARIANTS[chance.choice(list(VARIANTS))](folder)
    if kind < 0.95:
        sources = with_mistakes(chance) if kind < 0.75 else unfinished(chance)
    else:
        sources = solution()
        sources["layers.py"] = chance.choice(list(BROKEN.values())) + sources["layers.py"]
    package = folder / "student"
    package.mkdir(parents=True)
    for name, text in sources.items():
        (package / name).write_text(text, encoding="utf-8")
    return package


def hostile(chance: random.Random, folder: Path) -> Path:
    """One of the hostile corpus, with a network that is not finished."""
    attack = chance.choice([one for family in FAMILIES.values() for one in family])
    with contextlib.closing(Yard(folder / "yard")) as yard:
        shutil.copytree(yard.write(attack) / "student", folder / "student")
    return folder / "student"


def make(count: int, target: Path, seed: int = 1) -> None:
    """Write a class of so many students."""
    target.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        chance = random.Random(f"{seed} {index}")
        name = f"{chance.choice(NAMES)}{index} {chance.choice(GIVEN)}"
        plain = "".join(letter for letter in name.casefold() if letter.isalnum())
        file = target / f"{plain}_{1000 + index}_{90000 + index}_hw.zip"
        if index and index % 60 == 0:
            shutil.copy(chance.choice(sorted(target.glob("*.zip"))), file)
            continue
        with tempfile.TemporaryDirectory() as folder:
            package = submission(chance, Path(folder))
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for path in sorted(package.rglob("*")):
                    if path.is_file() and "__pycache__" not in path.parts:
                        archive.write(path, path.relative_to(package.parent))


def main() -> None:
    """Make a class from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("count", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    make(options.count, options.folder, options.seed)


if __name__ == "__main__":
    main()
