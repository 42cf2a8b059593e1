"""Makes `class-*.png`: the parts of a class page, and of a pair's, from a real run.

    python docs/class_pictures.py --skip accuracy

It needs Chromium, and some minutes: a made-up class of 22 students is graded. What they hand in
is right in several styles, the solution with mistakes that students make, or unfinished; two
share their work, two are late, one hands in a PDF, one nothing.
"""

from __future__ import annotations

import base64
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from browser import browser  # noqa: E402
from disguise import commented, reordered  # noqa: E402

from autograder.cli import main as autograder  # noqa: E402
from autograder.course.stubs import make_stubs  # noqa: E402
from autograder.mistakes.patching import patched  # noqa: E402
from autograder.syllabus import Syllabus  # noqa: E402
from tests.corpus.right import from_parts, from_whole  # noqa: E402

WIDTH = 1080
PARTS = {  # of the class page, by what begins and what ends them
    "marks": ("h1", ".histogram"),
    "tasks": ("#tasks", "#tasks ~ .scroll"),
    "mistakes": ("#mistakes", "#mistakes ~ .scroll"),
    "alike": ("#broken", "#alike ~ .scroll"),
    "students": ("#students", "#students-table"),
}
EDGE = "document.querySelector('{}').getBoundingClientRect().{} + scrollY"
RIGHT = {
    "Okafor, Amara": from_whole("tape"),
    "Lindqvist, Elsa": from_whole("slots"),
    "Duarte, Rui": from_parts(
        conv="einsum",
        linear="einsum",
        loss="double",
        network="dicts",
        pool="last",
        relu="clip",
        flatten="product",
    ),
}
COPIED = {"Hale, Simon": "Lindqvist, Elsa"}
MISTAKES = {
    "Abel, Jonas": ["loss.backward.not-divided-by-batch"],
    "Brandt, Lea": ["loss.backward.not-divided-by-batch", "maxpool.backward.all-tied-maxima"],
    "Castro, Ines": ["conv.forward.kernel-flipped"],
    "Dimov, Petar": ["conv.forward.kernel-flipped", "linear.backward.bias-gradient-averaged"],
    "Eriksen, Nils": ["maxpool.backward.all-tied-maxima"],
    "Farkas, Dora": ["loss.backward.not-divided-by-batch", "network.train.last-batch-skipped"],
    "Ganz, Miriam": ["loss.forward.maximum-not-subtracted"],
    "Ivanova, Olga": ["conv.backward.accumulated", "linear.init.deviation-for-variance"],
    "Jensen, Mads": ["linear.backward.bias-gradient-averaged"],
    "Kovac, Ana": ["loss.backward.not-divided-by-batch", "conv.forward.kernel-flipped"],
    "Meyer, Tom": ["relu.backward.mask-from-gradient", "maxpool.backward.all-tied-maxima"],
    "Novak, Eva": ["network.train.last-batch-skipped"],
}
LEFT = {"Pires, Joao": 14, "Quist, Anna": 10, "Rossi, Marco": 5}  # the last tasks are to be done
LATE = {"Jensen, Mads": "2026-12-03 08:10", "Quist, Anna": "2026-12-02 10:00"}
RULE = """\
[late]
deadline = 2026-12-01T23:59:00
zone = "Europe/Berlin"
percent_per_day = 10
"""


def solution() -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in (ROOT / "solution").glob("*.py")}


def unfinished(left: int) -> dict[str, str]:
    """The solution, with the stubs of the last tasks in place of what they ask for."""
    course = Syllabus.load()
    return make_stubs(ROOT / "solution", course, course.tasks[-left:])


def with_mistakes(ids: list[str]) -> dict[str, str]:
    """The solution with these mistakes in it."""
    sources = solution()
    for one in ids:
        sources = patched(one, sources)
    return sources


def copied(files: Mapping[str, str | bytes]) -> dict[str, str]:
    """The same work with other names, remarks and order."""
    return {
        name: commented(reordered(text))
        for name, text in files.items()
        if isinstance(text, str) and text
    }


def hand_ins() -> dict[str, Mapping[str, str | bytes]]:
    """What each student hands in: the files of the package."""
    made: dict[str, Mapping[str, str | bytes]] = dict(RIGHT)
    made |= {name: copied(RIGHT[of]) for name, of in COPIED.items()}
    made |= {name: with_mistakes(ids) for name, ids in MISTAKES.items()}
    made |= {name: unfinished(left) for name, left in LEFT.items()}
    broken = solution()
    broken["layers.py"] = broken["layers.py"].replace(
        "def forward(self, x", "def forward(self, x:", 1
    )
    return made | {"Sandoval, Luz": broken}


def make(folder: Path) -> None:
    """Write the class as Canvas exports it, its roster and the rule for late work."""
    (folder / "digits").mkdir()
    roster = ["name,number,submitted"]
    for index, (name, files) in enumerate(sorted(hand_ins().items())):
        plain = "".join(letter for letter in name.casefold() if letter.isalpha())
        file = folder / "digits" / f"{plain}_{1000 + index}_{5000 + index}_student.zip"
        with zipfile.ZipFile(file, "w") as archive:
            for path, text in files.items():
                if isinstance(text, str):  # no two are the same to the byte
                    text = f"# {name}\n{text}"
                archive.writestr(f"student/{path}", text)
        roster.append(f'"{name}",{1000 + index},{LATE.get(name, "2026-12-01 20:00")}')
    (folder / "digits" / "tanaka_1100_5100_report.pdf").write_bytes(b"%PDF-1.4")
    roster += ['"Tanaka, Yui",1100,', '"Weber, Max",1101,']
    (folder / "roster.csv").write_text("\n".join(roster), "utf-8")
    (folder / "late.toml").write_text(RULE, "utf-8")


def main() -> None:
    """Make the class, grade it, and draw the pages."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        make(folder)
        given = [f"--roster={folder / 'roster.csv'}", f"--late={folder / 'late.toml'}"]
        out = folder / "marks"
        if autograder(["class", str(folder / "digits"), f"--out={out}", *given, *sys.argv[1:]]):
            raise SystemExit("the class was not graded")
        draw(out, folder / "profile")


def draw(out: Path, profile: Path) -> None:
    """Draw parts of the class page, and the upper part of a pair's page."""
    with browser(profile) as chromium:
        chromium.open(out / "index.html", WIDTH)
        for name, (first, last) in PARTS.items():
            top = chromium.evaluate(EDGE.format(first, "top"))
            bottom = chromium.evaluate(EDGE.format(last, "bottom"))
            clip = {"x": 0, "y": top - 8, "width": WIDTH, "height": bottom - top + 16, "scale": 1}
            shot = chromium.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
            (ROOT / "docs" / f"class-{name}.png").write_bytes(base64.b64decode(shot["data"]))
        for page in sorted((out / "pairs").glob("*.html"))[:1]:
            chromium.open(page, WIDTH)
            chromium.picture(ROOT / "docs" / "class-pair.png", 620)


if __name__ == "__main__":
    main()
