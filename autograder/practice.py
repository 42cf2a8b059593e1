"""The student's loop: the next task that is not done, what is wrong with it, and again.

Which tasks are done is kept beside the package, in `.byhand/`; so are the hints that were
asked for. What counts is `autograder grade`: this only remembers.
"""

from __future__ import annotations

import ast
import json
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from autograder import whole
from autograder.errors import KitError
from autograder.intake import Submission, taken_in
from autograder.reports.telling import common_reason
from autograder.reports.terminal import Terminal
from autograder.result import Result, TaskResult
from autograder.syllabus import Limits, Syllabus, Task
from autograder.whereabouts import is_stub, line_of

if TYPE_CHECKING:  # what needs NumPy or pytest is imported while the first workers start
    from autograder.cases import Cases
    from autograder.sandbox.isolation import Isolation
    from autograder.sandbox.launch import Level
    from autograder.sandbox.pool import Pool

HOME = ".byhand"  # beside the package
MOST_HINTS = 2
LOOK = 0.3  # seconds between looks at the files


@dataclass
class Progress:
    """What is known of a package from earlier checks.

    Parameters
    ----------
    file
        That it is kept in.
    done
        Ids of the tasks that passed when they were checked last.
    hints
        By task, how much is told of its mistake.
    """

    file: Path
    done: list[str] = field(default_factory=list)
    hints: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, package: Path) -> Progress:
        """What was kept; nothing where there is no such file, or it is spoilt."""
        file = package.resolve().parent / HOME / "progress.json"
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
            hints = {str(name): int(level) for name, level in data["hints"].items()}
            return cls(file, [str(name) for name in data["done"]], hints)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls(file)

    def note(self, results: Iterable[TaskResult]) -> None:
        """Keep what became of some tasks."""
        for result in results:
            if result.id in self.done:
                self.done.remove(result.id)
            if result.status == "passed":
                self.done.append(result.id)
                self.hints.pop(result.id, None)
        try:
            self.file.parent.mkdir(exist_ok=True)
        except OSError as error:
            raise KitError(f"{self.file.parent} cannot be made: {error.strerror}") from error
        data = {"done": self.done, "hints": self.hints}
        whole.write(self.file, json.dumps(data, indent=1) + "\n")

    def next(self, syllabus: Syllabus) -> Task | None:
        """The first task that is not done."""
        return next((task for task in syllabus.tasks if task.id not in self.done), None)


class Start:
    """A copy of a package, and workers of it, made in a thread while other things go on.

    Half of a check is to find out which wall there is and to start a worker behind it, and half
    is imports. The thread lives until all is closed: with it the system ends what it started.
    """

    def __init__(self, package: Path, limits: Limits) -> None:
        if not package.is_dir():
            raise KitError(
                f"there is no folder {package} here. Go to the folder that holds it, or name"
                " it with --path"
            )
        self.stack = ExitStack()
        self.thread = ThreadPoolExecutor(1)
        self.made = self.thread.submit(self.make, package, limits)

    def make(self, package: Path, limits: Limits) -> tuple[Submission, Isolation, Pool]:
        from autograder.sandbox import worker
        from autograder.sandbox.isolation import best, levels
        from autograder.sandbox.pool import Pool

        def pool_at(level: Level) -> Pool:
            pool = Pool(taken.folder, taken.package, limits, level, ahead=1)
            self.stack.callback(pool.close)
            return pool

        taken, likely = self.stack.enter_context(taken_in(package)), levels()[0]
        pool = pool_at(likely)
        with suppress(OSError, KitError):  # which then is not the best level either
            pool.place.begin(worker)
        isolation = best()
        if isolation.level != likely:
            pool = pool_at(isolation.level)
        pool.prepare()
        return taken, isolation, pool

    def __enter__(self) -> Start:
        return self

    def __exit__(self, *_: object) -> None:
        self.thread.submit(self.stack.close).result()
        self.thread.shutdown()


class Practice:
    """Checks tasks of one package, and tells what became of them.

    Parameters
    ----------
    package
        Its folder.
    terminal
        Where it is told.
    """

    def __init__(self, package: Path, cases: Cases, syllabus: Syllabus, terminal: Terminal) -> None:
        self.package, self.cases, self.syllabus = package, cases, syllabus
        self.terminal = terminal
        self.progress = Progress.of(package)

    def start(self) -> Start:
        """Begin with what a check needs."""
        return Start(self.package, self.syllabus.limits)

    def check(
        self, start: Start, tasks: Sequence[Task] = (), *, hint: bool = False, show: bool = False
    ) -> bool:
        """Check some tasks; or, one after another, those that are next, up to one that is not done.

        Where all were done, all are checked again: something may have been changed since.

        Parameters
        ----------
        start
            Of the package as it is now.
        hint
            Whether to tell more of a mistake than before.
        show
            Whether to draw what is wrong, on a page.

        Returns
        -------
        bool
            Whether all that was checked is done.
        """
        if not tasks and self.progress.next(self.syllabus) is None:
            tasks = self.syllabus.tasks
        if tasks:
            return self.ask(start, tasks, hint, show)
        while task := self.progress.next(self.syllabus):
            if not self.ask(start, [task], hint, show):
                return False
        return True

    def ask(self, start: Start, tasks: Sequence[Task], hint: bool, show: bool) -> bool:
        from autograder.grading import grade_taken

        for task in tasks if hint else ():
            known = self.progress.hints.get(task.id, self.syllabus.hints)
            self.progress.hints[task.id] = min(known + 1, MOST_HINTS)
        self.terminal.ended.clear()  # what is checked again is no second try
        taken, isolation, pool = start.made.result()
        ids = {task.id for task in tasks}
        passed = [name for name in self.progress.done if name not in ids]
        result = grade_taken(
            taken,
            self.cases,
            self.syllabus,
            tasks,
            self.terminal,
            isolation,
            pool,
            passed,
            self.progress.hints,
        )
        if result.error is not None:
            raise KitError(result.error)
        self.progress.note(result.tasks)
        if not result.full_marks:
            self.terminal.write()
            told = [t for t in result.tasks if t.status in WRONG or calls_a_stub(t)]
            if told and (common := common_reason(result.tasks)):
                self.terminal.message(common.message, "")
                self.terminal.write()
            else:
                self.terminal.reasons(result.tasks, told)
        if show:
            self.draw(result)
        return result.full_marks

    def draw(self, result: Result) -> None:
        """Write the page of a result, and open it where there is a browser."""
        import webbrowser

        from autograder.reports import student_page  # with what it needs, a tenth of a second

        page = self.progress.file.with_name("page.html").absolute()
        whole.write(page, student_page.render(result))
        self.terminal.write(f"The pictures are in {page}")
        webbrowser.open(page.as_uri())

    def tell_progress(self) -> None:
        """How far the course is: tasks done by group, and what is next."""
        groups: dict[str, list[bool]] = {}
        points = 0
        for task in self.syllabus.tasks:
            done = task.id in self.progress.done
            groups.setdefault(task.group, []).append(done)
            points += task.points if done else 0
        count = sum(map(sum, groups.values()))
        shown = (f"{name} {sum(done)}/{len(done)}" for name, done in groups.items())
        self.terminal.paragraph("  ".join(shown))
        total = sum(task.points for task in self.syllabus.tasks)
        self.terminal.write(
            f"{count} of {len(self.syllabus.tasks)} tasks done, {points:g} of {total:g} points"
        )
        if following := self.progress.next(self.syllabus):
            self.terminal.write(f"Next: {following.id} ({self.place(following)})")
        else:
            self.terminal.write(f"All is done. For the marks: autograder grade {self.package}")

    def place(self, task: Task) -> str:
        """Where a task is written, as editors understand it."""
        if not task.functions:
            return task.title
        places = {}
        for function in task.functions:
            module, _, name = function.partition(".")
            places[name] = self.package / f"{module}.py"
        left = [name for name, file in places.items() if is_stub(file, name)]
        named = [name for name in places if name.endswith(f".{task.id.partition('.')[2]}")]
        name = [*left, *named, *places][0]
        return f"{places[name]}:{line_of(places[name], [name])}, {name}"

    def watch(self, tasks: Sequence[Task], *, hint: bool, show: bool) -> None:
        """Check whenever a file of the package is saved, until it is interrupted.

        Checked are the tasks whose functions were changed, and the next one; or always those
        that are named.
        """
        seen = Snapshot.of(self.package)
        while True:
            with self.start() as start:
                self.check(start, tasks, hint=hint, show=show)
            hint = show = False
            self.tell_progress()
            self.terminal.write("\nWaiting for a file to be saved. Ctrl-C ends this.")
            while (now := Snapshot.of(self.package)).times == seen.times:
                time.sleep(LOOK)
            touched = now.tasks_since(seen, self.syllabus)
            seen = now
            again = [task for task in touched if task.id in self.progress.done]
            self.terminal.write()
            if not tasks and again:
                with self.start() as start:
                    self.check(start, again)


WRONG = ("failed", "crashed", "timed out", "grader error")


def calls_a_stub(result: TaskResult) -> bool:
    """Whether a function is written that calls one that is not."""
    return result.status == "not implemented" and any(
        check.status == "not implemented" and "\n  called from " in check.message
        for check in result.checks
    )


@dataclass(frozen=True)
class Snapshot:
    """A package's files at one time."""

    times: dict[Path, int]
    functions: dict[str, str]  # by qualified name, and by file for all around them: their code

    @classmethod
    def of(cls, package: Path) -> Snapshot:
        times: dict[Path, int] = {}
        functions: dict[str, str] = {}
        for path in sorted(package.rglob("*.py")):
            try:
                times[path] = path.stat().st_mtime_ns
                functions |= code_of(path.stem, path.read_text(encoding="utf-8-sig"))
            except (OSError, UnicodeDecodeError, SyntaxError, ValueError):
                functions[path.stem] = f"unreadable {times.get(path)}"
        return cls(times, functions)

    def tasks_since(self, before: Snapshot, syllabus: Syllabus) -> list[Task]:
        """The tasks that a change since then can touch."""
        names = {*self.functions, *before.functions}
        changed = {name for name in names if self.functions.get(name) != before.functions.get(name)}
        return [
            task
            for task in syllabus.tasks
            if any(
                function in changed or function.partition(".")[0] in changed
                for function in task.functions
            )
        ]


def code_of(module: str, text: str) -> dict[str, str]:
    """The code of each function and method, and of all that stands around them."""
    found: dict[str, str] = {}
    tree = ast.parse(text)

    def take(body: list[ast.stmt], prefix: str) -> None:
        for node in list(body):
            if isinstance(node, ast.ClassDef):
                take(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, ast.FunctionDef) and (node.name[0] != "_" or "." in prefix[:-1]):
                # A private helper stays: who knows what uses it.
                found[prefix + node.name] = ast.dump(node)
                body.remove(node)

    take(tree.body, f"{module}.")
    return found | {module: ast.dump(tree)}
