"""The course in one place: its tasks, what each is worth, what it rests on.

Stubs, checks, notebooks, reports and the handbook's tables all read
``syllabus.toml`` through this module. A course of one's own is a file that says what is
otherwise there; `docs/course/variants.md` shows it. This module must never know how a task is
judged, and it imports no NumPy, so that every command can afford to read it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from autograder.errors import SyllabusError
from autograder.seeds import GIVEN

HOME = Path(__file__).with_name("syllabus.toml")
COURSE = "syllabus.toml"  # what it is called beside the public cases, if it is not that of the kit


@dataclass(frozen=True)
class Limits:
    """What a submission may use: times in seconds, sizes in megabytes."""

    import_: float
    call: float
    task: float
    submission: float
    memory: int
    file: int


@dataclass(frozen=True)
class Accuracy:
    """What the end-to-end task trains with, and what it asks for."""

    threshold: float
    epochs: int
    batch_size: int
    learning_rate: float


@dataclass(frozen=True)
class Task:
    """One task: what is to be written, what it is worth, where it is explained."""

    id: str
    title: str
    points: int
    functions: tuple[str, ...]
    rests_on: tuple[str, ...]
    foundation: frozenset[str]  # all that it rests on, directly or not
    page: str
    limits: Limits

    @property
    def group(self) -> str:
        """The part of the id before the dot, ``conv`` of ``conv.forward``."""
        return self.id.partition(".")[0]


@dataclass(frozen=True)
class Syllabus:
    """All tasks in their order, and what holds for all of them."""

    tasks: tuple[Task, ...]
    limits: Limits
    accuracy: Accuracy
    package: str
    reference: str
    hints: int
    handbook: str = ""  # where its pages lie, if that is known
    own: tuple[Path, ...] = ()  # files of the tasks that the kit does not know

    @classmethod
    def load(cls, path: Path | None = None) -> Syllabus:
        """Read a syllabus, and check that it makes sense.

        Parameters
        ----------
        path : Path, optional
            The TOML file, whole or with changes only; by default the one that `use` named,
            or else that of the kit.

        Returns
        -------
        Syllabus
            Each file is read once in the life of the process.

        Raises
        ------
        SyllabusError
            When the file cannot be read or contradicts itself.
        """
        return _load((path or _used or HOME).resolve())

    def by_id(self, name: str) -> Task:
        """Return the task of this id.

        Raises
        ------
        SyllabusError
            When there is none; the message names the nearest ids.
        """
        for task in self.tasks:
            if task.id == name:
                return task
        raise _unknown(name, [task.id for task in self.tasks])

    def select(self, only: Sequence[str] = (), skip: Sequence[str] = ()) -> tuple[Task, ...]:
        """Return the tasks to run, in the order of the syllabus.

        Parameters
        ----------
        only : sequence of str
            Ids or groups: ``conv`` means all of ``conv.*``. Empty means all tasks.
        skip : sequence of str
            Ids or groups to leave out of these.

        Returns
        -------
        tuple of Task
            At least one.

        Raises
        ------
        SyllabusError
            When a name is unknown, or no task is left.
        """
        wanted, unwanted = self._expand(only), self._expand(skip)
        chosen = tuple(
            task
            for task in self.tasks
            if (not only or task.id in wanted) and task.id not in unwanted
        )
        if not chosen:
            raise SyllabusError("No task is left to run: every task that was named is skipped.")
        return chosen

    def narrowed(self, tasks: Sequence[Task]) -> Syllabus:
        """The course in which only these tasks are set; what the others ask for is given."""
        ids = {task.id for task in tasks}
        groups = {task.group for task in tasks}
        return replace(
            self,
            tasks=tuple(
                replace(
                    task,
                    rests_on=tuple(name for name in task.rests_on if name in ids),
                    foundation=task.foundation & ids,
                )
                for task in tasks
            ),
            own=tuple(file for file in self.own if file.stem in groups),
        )

    def to_judge(self, task: Task) -> tuple[Task, ...]:
        """The task alone; or, if nothing is written for it, with all that it rests on before it.

        How the accuracy is judged hangs on what became of them.
        """
        return (task,) if task.functions else self.select([task.id, *task.foundation])

    @property
    def own_tasks(self) -> tuple[Task, ...]:
        """The tasks that the kit does not know; each group has its file in `own`."""
        groups = {file.stem for file in self.own}
        return tuple(task for task in self.tasks if task.group in groups)

    @property
    def own_classes(self) -> tuple[str, ...]:
        """The classes that these tasks are about."""
        names = (function.split(".")[1] for task in self.own_tasks for function in task.functions)
        return tuple(dict.fromkeys(names))

    def _expand(self, names: Sequence[str]) -> set[str]:
        ids: set[str] = set()
        for name in names:
            found = {task.id for task in self.tasks if name in (task.id, task.group)}
            if not found:
                known = [*(task.id for task in self.tasks), *(task.group for task in self.tasks)]
                raise _unknown(name, list(dict.fromkeys(known)))
            ids |= found
        return ids


_used: Path | None = None


def use(path: Path | None) -> None:
    """Let this process read the course from a file; None: from that of the kit.

    Raises
    ------
    SyllabusError
        When the file cannot be read or contradicts itself.
    """
    global _used
    _used = None if path is None else path.resolve()
    Syllabus.load()


def given(submission: Path, cases: Path | None = None) -> Path | None:
    """The file of the course that lies beside the public cases of a handout.

    Only on a student's computer, which has no solution: elsewhere such a file may be part of
    what was handed in.

    Parameters
    ----------
    submission
        The package, beside or below which the handout's cases lie.
    cases
        A file of cases that was named instead.

    Raises
    ------
    SyllabusError
        It was found in a folder that nobody works in, and comes with code of its own.
    """
    if has_solution():
        return None
    if cases:
        return _beside(cases)
    found = beside(submission)
    here = Path.cwd().resolve()
    if found and _load(found).own and found.parents[1] not in (here, *here.parents):
        raise SyllabusError(
            f"{found} comes with code of its own. If you trust it, work in {found.parents[1]}, or"
            " name it with --syllabus."
        )
    return found


def beside(submission: Path) -> Path | None:
    """The file of a course that lies beside the public cases of a handout around a package."""
    folders = submission.resolve().parents
    return next(filter(None, (_beside(folder / GIVEN) for folder in folders)), None)


def has_solution() -> bool:
    """Whether this computer holds it, and so is not a student's."""
    return (HOME.parents[1] / _load(HOME).reference).is_dir()


def _beside(cases: Path) -> Path | None:
    file = cases.resolve().with_name(COURSE)
    return file if file.is_file() else None


def used() -> Path | None:
    """The file that `use` named."""
    return _used


@cache
def _load(path: Path) -> Syllabus:
    table = _parse(path)
    try:
        if "task" in table:
            return _read(table)
        changed = _read(_changed(_parse(HOME), table))
        whole = replace(changed, own=_own(changed, table, path.parent))
        return whole.narrowed(whole.select(_texts(table.get("set", []), "set")))
    except SyllabusError as error:
        raise SyllabusError(f"{path}: {error}") from None


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SyllabusError(f"Cannot read the syllabus {path}: {error}") from error


def _changed(course: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The table of the kit's course with an instructor's changes."""
    tables = ("accuracy", "limits", "points", "titles")
    _keys(changes, "the file", set(), {"add", "hints", "handbook", "drop", "set", "total", *tables})
    for name in ("hints", "handbook", "total"):
        if name in changes:
            course[name] = changes[name]
    for name in ("accuracy", "limits"):
        course[name] |= _table(changes.get(name, {}), f"[{name}]")
    entries = {entry["id"]: entry for entry in course["task"]}
    for name, key in (("points", "points"), ("titles", "title")):
        for task, value in _table(changes.get(name, {}), f"[{name}]").items():
            if task not in entries:
                raise _unknown(task, list(entries))
            entries[task][key] = value
    dropped = set()
    for name in _texts(changes.get("drop", []), "drop"):
        found = {task for task in entries if name in (task, task.partition(".")[0])}
        if not found:
            raise _unknown(name, list(entries))
        dropped |= found
    course["task"] = [entry for task, entry in entries.items() if task not in dropped]
    for entry in course["task"]:
        for other in entry.get("rests_on", []):
            if other in dropped:
                raise SyllabusError(f"{other} cannot be dropped: {entry['id']} rests on it.")
    course["task"] += _added(changes)
    return course


def _added(changes: Mapping[str, Any]) -> list[Any]:
    added = changes.get("add", [])
    if not isinstance(added, list):
        raise SyllabusError("tasks of your own are written as [[add]], with two brackets.")
    return added


def _own(course: Syllabus, changes: Mapping[str, Any], folder: Path) -> tuple[Path, ...]:
    """The files of the tasks that were added: `avgpool.py` for `avgpool.forward`."""
    kit = _load(HOME).tasks
    taken = {task.group for task in kit}
    taken |= {function.partition(".")[0] for task in kit for function in task.functions}
    files = []
    for task in (course.by_id(entry["id"]) for entry in _added(changes)):
        if task.group in taken or not task.group.isidentifier():
            raise SyllabusError(
                f"task {task.id!r}: what stands before the dot names its file, and must be a name"
                f" that the kit does not use, not {task.group!r}."
            )
        file = folder / f"{task.group}.py"
        if not file.is_file():
            raise SyllabusError(f"task {task.id!r} needs its checks in {file}; there is none.")
        if not task.functions:
            raise SyllabusError(f"task {task.id!r} asks for no function.")
        for function in task.functions:
            if not re.fullmatch(rf"{task.group}\.\w+\.\w+", function):
                raise SyllabusError(
                    f"task {task.id!r}, functions: {function!r} is no method of a class in its"
                    f" file, '{task.group}.Class.method'."
                )
        files.append(file)
    return tuple(dict.fromkeys(files))


def _read(table: Mapping[str, Any]) -> Syllabus:
    needed = {"package", "reference", "hints", "limits", "accuracy", "task"}
    _keys(table, "the file", needed, {"total", "handbook"})
    _keys(_table(table["limits"], "[limits]"), "[limits]", set(_LIMITS))
    general = Limits(**_limits(table["limits"], "[limits]"))
    accuracy = _table(table["accuracy"], "[accuracy]")
    _keys(accuracy, "[accuracy]", {"threshold", "epochs", "batch_size", "learning_rate"})
    if not isinstance(table["task"], list):
        raise SyllabusError("tasks are written as [[task]], with two brackets.")
    hints = table["hints"]
    if type(hints) is not int or hints not in (0, 1, 2):
        raise SyllabusError(f"hints must be 0, 1 or 2, not {hints!r}.")
    threshold = _number(accuracy["threshold"], "[accuracy] threshold")
    if threshold > 1:
        raise SyllabusError(f"[accuracy] threshold is a share, 0.94 for 94 %, not {threshold:g}.")
    handbook = table.get("handbook", "")
    if type(handbook) is not str or not re.fullmatch(r"(https?://[^\s<>\"'|]+)?", handbook):
        raise SyllabusError(f"handbook must be an address, https://…/book, not {handbook!r}.")
    tasks: list[Task] = []
    for number, entry in enumerate(table["task"], start=1):
        tasks.append(_task(_table(entry, f"task {number}"), number, general, tasks))
    total, wanted = sum(task.points for task in tasks), _whole(table.get("total", 100), "total")
    if total != wanted:
        raise SyllabusError(
            f"the points of all tasks must sum to {wanted}, but sum to {total}. Change them"
            f" under [points], or say total = {total} at the top of the file."
        )
    return Syllabus(
        tasks=tuple(tasks),
        limits=general,
        accuracy=Accuracy(
            threshold=threshold,
            epochs=_whole(accuracy["epochs"], "[accuracy] epochs"),
            batch_size=_whole(accuracy["batch_size"], "[accuracy] batch_size"),
            learning_rate=_number(accuracy["learning_rate"], "[accuracy] learning_rate"),
        ),
        package=_identifier(table["package"], "package"),
        reference=_identifier(table["reference"], "reference"),
        hints=hints,
        handbook=handbook.rstrip("/"),
    )


def _task(entry: Mapping[str, Any], number: int, general: Limits, earlier: Sequence[Task]) -> Task:
    where = f"task {entry['id']!r}" if "id" in entry else f"task {number}"
    optional = {"page", "rests_on", "limits"}
    _keys(entry, where, {"id", "title", "points", "functions"}, optional)
    known = [task.id for task in earlier]
    name = _text(entry["id"], f"{where}, id")
    if name in known:
        raise SyllabusError(f"two tasks have the id {name!r}.")
    rests_on = _texts(entry.get("rests_on", []), f"{where}, rests_on")
    for other in rests_on:
        if other not in known:
            raise SyllabusError(
                f"{where} rests on {other!r}, but a task rests on earlier ones only"
                f"{_near(other, known) or '.'}"
            )
    functions = _texts(entry["functions"], f"{where}, functions")
    for function in functions:
        parts = function.split(".")
        if len(parts) not in (2, 3) or not all(part.isidentifier() for part in parts):
            raise SyllabusError(
                f"{where}, functions: {function!r} is neither 'module.function' "
                "nor 'module.Class.method'."
            )
    own = _table(entry.get("limits", {}), f"{where}, limits")
    return Task(
        id=name,
        title=_text(entry["title"], f"{where}, title"),
        points=_whole(entry["points"], f"{where}, points"),
        functions=functions,
        rests_on=rests_on,
        foundation=frozenset(rests_on).union(
            *(task.foundation for task in earlier if task.id in rests_on)
        ),
        page=_text(entry["page"], f"{where}, page") if "page" in entry else "",
        limits=replace(general, **_limits(own, f"{where}, limits")),
    )


# TOML says `import`, which Python cannot use as the name of a field.
_LIMITS = {
    "import": "import_",
    "call": "call",
    "task": "task",
    "submission": "submission",
    "memory": "memory",
    "file": "file",
}


def _limits(table: Mapping[str, Any], where: str) -> dict[str, Any]:
    _keys(table, where, set(), set(_LIMITS))
    for key, value in table.items():
        (_whole if key in ("memory", "file") else _number)(value, f"{where}, {key}")
    return {_LIMITS[key]: value for key, value in table.items()}


def _keys(
    table: Mapping[str, Any], where: str, needed: set[str], optional: Iterable[str] = ()
) -> None:
    allowed = needed | set(optional)
    for key in table:
        if key not in allowed:
            raise SyllabusError(f"{where} has the unknown key {key!r}{_near(key, allowed) or '.'}")
    for key in sorted(needed - table.keys()):
        raise SyllabusError(f"{where} lacks the key {key!r}.")


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise SyllabusError(f"{where} must be a table, not {value!r}.")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise SyllabusError(f"{where} must be a text, not {value!r}.")
    return value


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise SyllabusError(f"{where} must be a list of texts, not {value!r}.")
    return tuple(_text(item, where) for item in value)


def _identifier(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.isidentifier():
        raise SyllabusError(f"{where} must be the name of a Python package, not {value!r}.")
    return value


def _number(value: Any, where: str) -> float:
    # bool is an int in Python, but `call = true` is no limit; NaN fails `> 0`.
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise SyllabusError(f"{where} must be a number above 0, not {value!r}.")
    return value


def _whole(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise SyllabusError(f"{where} must be a whole number above 0, not {value!r}.")
    return value


def _unknown(name: str, known: Sequence[str]) -> SyllabusError:
    hint = _near(name, known) or f"; the tasks are {', '.join(known)}."
    return SyllabusError(f"The syllabus has no task {name!r}{hint}")


def _near(name: str, known: Iterable[str]) -> str:
    names = sorted(set(known))
    # `convolution` means conv, which is too short to be close.
    begun = [] if "." in name else [one for one in names if name.startswith(one)]
    near = begun or get_close_matches(name, names, n=3)
    return f"; did you mean {' or '.join(near)}?" if near else ""
