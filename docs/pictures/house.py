"""The parts of the kit on their floors, and who imports whom, read from the code.

The floors are the table `HOUSE` of `tests/test_project.py`; the arrows are the import statements of
`autograder/`, wherever they stand in a module. Nothing is imported to find them.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from docs.pictures.drawing import Style

ROOT = Path(__file__).resolve().parents[2]
KIT = ROOT / "autograder"
GROUND = 5  # floors at the bottom: who imports them is counted, and not drawn
WIDTH, HEIGHT, STOREY, LOW = 100.0, 1.05, 2.0, 1.5
COLUMNS = {  # the middle of boxes, so that no arrow runs through another one
    14: ("practice",),
    16: ("sandbox", "intake"),
    38: ("debugging", "grading", "checks", "diagnosis"),
    46: ("cases", "mistakes"),
    50: ("__main__", "cli"),
    62: ("notebook", "classroom"),
    76: ("course", "reports"),
    86: ("explorer", "result"),
}
MIDDLE = {part: middle for middle, parts in COLUMNS.items() for part in parts}


@cache
def floors() -> tuple[tuple[str, ...], ...]:
    """The parts from the top of the house to its ground."""
    tree = ast.parse((ROOT / "tests" / "test_project.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "HOUSE":
            return tuple(ast.literal_eval(node.value))
    raise LookupError("tests/test_project.py has no HOUSE")


def floor(part: str) -> int:
    """On which floor a part stands, from 0, the top."""
    return next(row for row, parts in enumerate(floors()) if part in parts)


@cache
def modules() -> dict[str, tuple[Path, ...]]:
    """The files of each part."""
    found: dict[str, tuple[Path, ...]] = {}
    for path in sorted(KIT.rglob("*.py")):
        name = path.relative_to(KIT).parts[0].removesuffix(".py")
        found[name] = (*found.get(name, ()), path)
    return found


@cache
def imports() -> frozenset[tuple[str, str]]:
    """Each pair of parts of which the first imports the second."""
    found = set()
    for part, files in modules().items():
        for file in files:
            for name in named(file):
                kit, _, rest = name.partition(".")
                other = rest.partition(".")[0]
                if kit == KIT.name and other != part:
                    found.add((part, other if other in modules() else "__init__"))
    return frozenset(found)


def named(file: Path) -> list[str]:
    """The full names that a module imports; the kit has no relative imports."""
    names = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(f"{file} imports relatively")
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def below(part: str) -> set[str]:
    """All parts that a part needs, directly or not."""
    found: set[str] = set()
    todo = [part]
    while todo:
        one = todo.pop()
        for first, second in imports():
            if first == one and second not in found:
                found.add(second)
                todo.append(second)
    return found


def arrows() -> list[tuple[str, str]]:
    """The imports that no others imply, without those of the ground."""
    ground = {part for parts in floors()[len(floors()) - GROUND :] for part in parts}
    direct = {pair for pair in imports() if pair[1] not in ground}
    return sorted(
        (one, two)
        for one, two in direct
        if not any(first == one and two in below(second) for first, second in direct)
    )


def lines(part: str) -> int:
    """How many lines a part has."""
    return sum(len(file.read_text(encoding="utf-8").splitlines()) for file in modules()[part])


def places() -> dict[str, tuple[float, float, float]]:
    """Left, right and the height of the middle of each part's box."""
    found, y = {}, 0.0
    for row, parts in enumerate(floors()):
        if row == len(floors()) - GROUND:
            y -= 0.4
        for index, part in enumerate(parts):
            middle = MIDDLE.get(part, WIDTH * (index + 1) / (len(parts) + 1))
            half = 11 if len(modules().get(part, ())) > 1 else 9
            found[part] = middle - half, middle + half, y
        y -= LOW if row + 1 >= len(floors()) - GROUND else STOREY
    return found


def draw(style: Style) -> Figure:
    """The house."""
    figure = style.figure(7.6, 8.8)
    axes = figure.subplots()
    boxes = places()
    for part, (left, right, y) in boxes.items():
        package = len(modules().get(part, ())) > 1
        axes.add_patch(
            FancyBboxPatch(
                *((left, y - HEIGHT / 2), right - left, HEIGHT),
                boxstyle="round,pad=0,rounding_size=0.8",
                mutation_aspect=0.18,
                facecolor=style.mix(style.blue if package else style.soft, 0.16),
                edgecolor=style.blue if package else style.soft,
                linewidth=1,
                zorder=2,
            )
        )
        x = (left + right) / 2
        axes.text(x, y + 0.17, part, ha="center", va="center", zorder=3, size=9.5)
        axes.text(
            *(x, y - 0.25, told(part)), ha="center", va="center", zorder=3, size=7, color=style.soft
        )
    for one, two in arrows():
        start, end = boxes[one], boxes[two]
        axes.add_patch(
            FancyArrowPatch(
                (landing(start, end), start[2] - HEIGHT / 2),
                (landing(end, start), end[2] + HEIGHT / 2),
                arrowstyle="-|>",
                mutation_scale=9,
                linewidth=1,
                color=style.orange if start[2] > end[2] else style.red,
                shrinkA=0,
                shrinkB=0,
                zorder=1,
            )
        )
    first = boxes[floors()[len(floors()) - GROUND][0]][2]
    last = min(y for _, _, y in boxes.values())
    axes.axhspan(last - 0.9, first + 0.75, color=style.mix(style.soft, 0.07), zorder=0)
    axes.set(xlim=(0, WIDTH), ylim=(last - 0.9, 0.7))
    axes.set_axis_off()
    return figure


def told(part: str) -> str:
    """How large a part is, or how many import it, if it stands on the ground."""
    files = modules().get(part, ())
    if not files:
        return "files, no code"
    if floor(part) >= len(floors()) - GROUND:
        count = sum(second == part for _, second in imports())
        return f"imported by {count} part" + "s" * (count > 1)
    count = f"{len(files)} modules, " if len(files) > 1 else ""
    return f"{count}{lines(part):,} lines"


def landing(here: tuple[float, float, float], there: tuple[float, float, float]) -> float:
    """Where on the edge of a box an arrow begins, or ends: towards the other box."""
    left, right, _ = here
    middle = (there[0] + there[1]) / 2
    inset = 0.2 * (right - left)
    return min(max(middle, left + inset), right - inset)
