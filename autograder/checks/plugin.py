"""The pytest plugin: gives the checks their submission, and notes what became of each.

A task gets a worker of its own, and another one after a crash. A time-out ends the task.
This module knows tasks and outcomes, and no points.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import ModuleType
from typing import Any

import pytest

from autograder.cases import Case, Cases, Trained
from autograder.checks.failures import CheckFailed, Waits
from autograder.diagnosis.fingerprints import Ask, Question, end
from autograder.diagnosis.observations import Record, recording
from autograder.result import Check, worst
from autograder.sandbox.pool import Pool
from autograder.sandbox.problems import Died, Problem, TimedOut
from autograder.sandbox.submission import Budget, Submission
from autograder.syllabus import Accuracy, Task

Twins = Callable[[Iterable[str]], Iterator[ModuleType]]
Diagnose = Callable[[Task, dict[str, Record], dict[str, Question], list[Check]], list[Check]]


class NotRun(Exception):
    """A check that was left out because of what an earlier one of its task did."""

    status = "skipped"


class Collection:
    """Finds the checks of some tasks, one for each of their cases.

    Parameters
    ----------
    tasks
        In the order in which they are run.
    cases
        Of the seed.
    """

    def __init__(self, tasks: Sequence[Task], cases: Cases) -> None:
        self.tasks = {task.id: task for task in tasks}
        self.cases = cases
        self.fault: str | None = None  # of the checks themselves
        self.names: list[str] = []
        self.strays: list[str] = []  # checks in these files of none of the tasks

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        marker = metafunc.definition.get_closest_marker("cases")
        if marker:
            found = chosen(self.cases.group(marker.args[0]), **marker.kwargs)
            metafunc.parametrize("case", found, ids=[case.title for case in found])

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        order = list(self.tasks)
        self.strays = [item.nodeid for item in items if task_of(item) not in self.tasks]
        kept = [item for item in items if task_of(item) in self.tasks]
        items[:] = sorted(kept, key=lambda item: order.index(task_of(item)))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.fault = str(report.longrepr)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.names = [check_name(item) for item in session.items]


class Checks(Collection):
    """Runs the checks of some tasks.

    Parameters
    ----------
    tasks, cases
        As for `Collection`.
    pool
        Gives workers.
    budget
        The time of the whole submission.
    known
        The outcomes of tasks that ran before; added to.
    diagnose
        Names the mistakes of a task: gets what its checks saw, the checks, their outcomes.
    trained
        Trains the reference in a slow network's place; None where there is no reference.
    twins
        The reference with the mistakes in it that explain why some tasks were lost.
    done
        Called after each task with its checks and its seconds.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        cases: Cases,
        pool: Pool,
        budget: Budget,
        accuracy: Accuracy,
        known: dict[str, str],
        diagnose: Diagnose,
        trained: Callable[[], Trained] | None,
        twins: Twins,
        begun: Callable[[Task], None],
        done: Callable[[Task, list[Check]], None],
    ) -> None:
        super().__init__(tasks, cases)
        self.pool, self.total, self.known = pool, budget, known
        self.accuracy = accuracy
        self.diagnose, self.trained, self.twins = diagnose, trained, twins
        self.begun, self.done = begun, done
        self.record = Record()
        self.records: dict[str, Record] = {}
        self.questions: dict[str, Question] = {}
        self.finished: list[str] = []
        self.checks: list[Check] = []
        self.current: Task | None = None
        self.workers: dict[str, Submission] = {}
        self.seeded: set[str] = set()  # workers that the current check has used
        self.budget = budget
        self.lethal: set[str] = set()  # tasks that ended their worker, or hung
        self.recognised: set[str] = set()  # tasks that were lost by a known mistake
        self.errors: list[BaseException] = []  # of the current task
        self.remarks = ""
        self.evidence: dict[str, Any] | None = None
        self.ended: str | None = None  # why the rest of the task is not run

    # Fixtures ------------------------------------------------------------------------

    @pytest.fixture(name="submission")
    def submission_fixture(self, request: pytest.FixtureRequest) -> Submission:
        return self.worker("first")

    @pytest.fixture(name="another")
    def another_fixture(self) -> Callable[[str], Submission]:
        """More workers of the same submission, by name: for what must not share a process."""
        return self.worker

    @pytest.fixture(name="every_case")
    def every_case_fixture(self) -> Cases:
        return self.cases

    @pytest.fixture(name="known")
    def known_fixture(self) -> dict[str, str]:
        """The outcomes of the tasks so far."""
        return self.known

    @pytest.fixture(name="accuracy")
    def accuracy_fixture(self) -> Accuracy:
        return self.accuracy

    @pytest.fixture(name="trained")
    def trained_fixture(self) -> Callable[[], Trained] | None:
        return self.trained

    @pytest.fixture(name="twins")
    def twins_fixture(self) -> Twins:
        return self.twins

    @pytest.fixture(name="remark")
    def remark_fixture(self) -> Callable[[str, dict[str, Any] | None], None]:
        """Say something about an answer that is right."""

        def remark(text: str, evidence: dict[str, Any] | None = None) -> None:
            self.remarks, self.evidence = text, evidence

        return remark

    @pytest.fixture(name="task")
    def task_fixture(self) -> Task:
        assert self.current is not None
        return self.current

    def worker(self, name: str) -> Submission:
        """This task's worker of this name; a new one where it has died."""
        assert self.current is not None
        if self.ended:
            raise NotRun(self.ended)
        present = self.workers.get(name)
        if present is None or not present.alive:
            present = self.pool.submission(self.current.limits, self.budget)
            present.forgiven = f"{self.current.group}.forward" in self.recognised
            present.fragile = f"{self.current.group}.forward" in self.lethal
            self.workers[name] = present
            self.seeded.discard(name)
        if name not in self.seeded:
            # A check is the same whichever ran before it: so fingerprints can be compared.
            present.seed()
            self.seeded.add(name)
        return present

    # Running -------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Iterator[None]:
        task = self.tasks[task_of(item)]
        self.seeded = set()
        if task is not self.current:
            self.current, self.checks, self.errors, self.ended = task, [], [], None
            self.budget = Budget(task.limits.task, self.total)
            self.begun(task)
            late = sorted(name for name in task.foundation if self.known.get(name) == "timed out")
            if late:
                self.ended = f"waits for {late[0]}, which timed out"
        result = yield
        if nextitem is None or task_of(nextitem) != task.id:
            self.finish(task)
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> pytest.TestReport:
        """Note the outcome in the student's words.

        pytest's own report would spend most of the time on showing the source of this kit.
        """
        error = call.excinfo.value if call.excinfo else None
        if call.when == "call" or error is not None:
            self.keep(item, error)
        if error is not None:
            self.note(item, error)
        elif call.when == "call":
            self.checks.append(
                Check(check_name(item), "passed", self.remarks, evidence=self.evidence)
            )
            self.remarks, self.evidence = "", None
        return pytest.TestReport(
            item.nodeid,
            item.location,
            {},
            "failed" if error else "passed",
            str(error) if error else None,
            call.when,  # type: ignore[arg-type]
            duration=call.duration,
        )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        with recording() as self.record:
            return (yield)

    def keep(self, item: pytest.Item, error: BaseException | None) -> None:
        """Keep what a check saw, and the check itself to be asked again."""
        if error is not None:
            end(self.record, error)
        variant = getattr(item, "callspec", None)
        self.record.case = variant.params.get("case") if variant else None
        self.records[item.name] = self.record
        self.questions[item.name] = Question(item.name, check_name(item), self.asker(item))
        self.record = Record()

    def asker(self, item: Any) -> Ask:
        """The check as a function of a submission."""
        fixtures = {"every_case": self.cases, "known": {}, "task": self.current}
        variant = getattr(item, "callspec", None)
        given = {**fixtures, **(variant.params if variant else {})}

        def ask(submission: Submission, another: Callable[[str], Submission]) -> None:
            names = inspect.signature(item.function).parameters
            everything = {**given, "submission": submission, "another": another}
            item.function(**{name: everything[name] for name in names})

        return ask

    def note(self, item: pytest.Item, error: BaseException) -> None:
        self.errors.append(error)
        if isinstance(error, (CheckFailed, Problem, Waits, NotRun)):
            status, message = error.status, str(error)
        else:
            status = "grader error"
            message = "".join(traceback.format_exception(error)[-4:])
        if status == "timed out" and not self.ended:
            self.ended = "not run: an earlier call of this task timed out"
        drawn = any(check.evidence for check in self.checks)
        evidence = None if drawn else getattr(error, "evidence", None)  # once for a task
        self.checks.append(Check(check_name(item), status, message, evidence=evidence))

    def finish(self, task: Task) -> None:
        """End the task's workers and hand its checks over."""
        for worker in self.workers.values():
            worker.end()
        self.workers = {}
        if any(isinstance(error, (Died, TimedOut)) for error in self.errors):
            self.lethal.add(task.id)
        self.known[task.id] = worst(check.status for check in self.checks)
        self.finished.append(task.id)
        self.checks = self.diagnose(task, self.records, self.questions, self.checks)
        self.records, self.questions = {}, {}
        named = [check.mistake for check in self.checks if check.mistake]
        if named and not named[0].id.startswith("form."):
            self.recognised.add(task.id)
        self.done(task, self.checks)


def chosen(
    cases: Sequence[Case],
    first: int | None = None,
    titles: Sequence[str] = (),
    also: Sequence[str] = (),
) -> list[Case]:
    """All cases, or the `first` ones and `also` some others, or those of some titles alone."""
    by_title = {case.title: case for case in cases}
    if titles:
        return [by_title[title] for title in titles]
    return [*cases[:first], *(by_title[title] for title in also)]


def task_of(item: pytest.Item) -> str:
    marker = item.get_closest_marker("task")
    return marker.args[0] if marker else ""


def check_name(item: Any) -> str:
    """The promise of a check: the first line of its docstring, and which case it is."""
    name = (item.function.__doc__ or item.name).strip().splitlines()[0].rstrip(".")
    variant = getattr(item, "callspec", None)
    return f"{name} ({variant.id})" if variant else name
