"""One submission in, one result out: the only place that knows points."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from autograder import intake
from autograder import mistakes as catalogue
from autograder.cases import Cases, Trained
from autograder.cases.build import HOME, load_reference
from autograder.cases.training import train
from autograder.cases.variants import Variants
from autograder.checks.plugin import Checks
from autograder.checks.run import RunFailed, run
from autograder.diagnosis import places, recognition
from autograder.diagnosis.fingerprints import WRONG, Asked, Fingerprints, Question
from autograder.diagnosis.observations import Record
from autograder.diagnosis.stored import Stored
from autograder.errors import KitError
from autograder.mistakes.patching import has_patches, patches, ways
from autograder.result import Check, Mistake, Result, TaskResult, worst
from autograder.sandbox.isolation import Isolation, best
from autograder.sandbox.pool import Pool
from autograder.sandbox.problems import GraderBroken, Problem, TimedOut
from autograder.sandbox.submission import Budget
from autograder.syllabus import Syllabus, Task

IMPORTED = "The package can be imported"  # the only check of a package that cannot
MOST_TWINS = 12  # choices of recognised mistakes that are tried


class Progress(Protocol):
    """Who wants to hear how far a grading is."""

    def begun(self, task: Task) -> None: ...

    def done(self, result: TaskResult) -> None: ...


class Silence:
    """Nobody wants to hear it."""

    def begun(self, task: Task) -> None:
        pass

    def done(self, result: TaskResult) -> None:
        pass


def grade(
    path: Path,
    cases: Cases,
    syllabus: Syllabus,
    tasks: Sequence[Task],
    progress: Progress | None = None,
    isolation: Isolation | None = None,
) -> Result:
    """Grade one submission.

    Parameters
    ----------
    path
        A package folder, or a folder or an archive that holds one.
    cases
        Of the seed to grade with.
    tasks
        Some of the syllabus' tasks, in its order.
    progress
        Is told of each task.
    isolation
        The wall around the submission; by default the best that this machine gives.

    Raises
    ------
    IntakeError
        There is nothing at `path` that could be graded.
    """
    with intake.taken_in(path) as taken:
        return grade_taken(taken, cases, syllabus, tasks, progress, isolation)


def grade_taken(
    taken: intake.Submission,
    cases: Cases,
    syllabus: Syllabus,
    tasks: Sequence[Task],
    progress: Progress | None = None,
    isolation: Isolation | None = None,
    pool: Pool | None = None,
    passed: Iterable[str] = (),
    hints: Mapping[str, int] | None = None,
) -> Result:
    """Grade a submission that was taken in; see `grade`.

    Parameters
    ----------
    pool
        Workers of it that were started before; by default some are, and ended here.
    passed
        Tasks that are taken to have passed, though they are not run.
    hints
        How much is told of a mistake, for tasks where that is not as in the syllabus.
    """
    started = time.monotonic()
    isolation = isolation or best()
    grading = Grading(taken, cases, syllabus, progress or Silence(), isolation, pool)
    grading.known = dict.fromkeys(passed, "passed")
    grading.hints = hints or {}
    try:
        results = grading.run(tasks)
    finally:
        if pool is None:
            grading.pool.close()
    return Result(
        submission=taken.name,
        seed=cases.seed,
        isolation=isolation.capabilities,
        seconds=time.monotonic() - started,
        tasks=results,
        error=grading.error,
        note=taken.note,
    )


class Grading:
    """The grading of one submission that was taken in."""

    def __init__(
        self,
        taken: intake.Submission,
        cases: Cases,
        syllabus: Syllabus,
        progress: Progress,
        isolation: Isolation,
        pool: Pool | None = None,
    ) -> None:
        self.cases, self.syllabus, self.progress = cases, syllabus, progress
        self.pool = pool or Pool(taken.folder, taken.package, syllabus.limits, isolation.level)
        self.results: dict[str, TaskResult] = {}
        self.known: dict[str, str] = {}
        self.hints: Mapping[str, int] = {}  # of a task, where not as in the syllabus
        # The known mistakes that explain a task: one of each of these.
        self.made: dict[str, list[list[catalogue.Mistake]]] = {}
        self.error: str | None = None
        folder = HOME / syllabus.reference
        self.has_reference = folder.is_dir()
        self.fingerprints: Fingerprints | None = None
        if has_patches() and self.has_reference:
            self.fingerprints = Asked(Variants(folder), syllabus.limits)
        elif cases.fingerprints:
            self.fingerprints = Stored(cases.fingerprints)

    def run(self, tasks: Sequence[Task]) -> tuple[TaskResult, ...]:
        """Judge the tasks; a time-out is retried once before it costs anything."""
        try:
            self.pool.probe()
        except Problem as problem:
            return self.broken(tasks, problem)
        self.ask(tasks)
        late = [task for task in tasks if self.results[task.id].status == "timed out"]
        if late:
            for task in late:
                del self.known[task.id]
            self.ask(late)
            saved = {task.id for task in late if self.known[task.id] != "timed out"}
            # What had waited for a task that works after all.
            again = [
                task
                for task in tasks
                if self.results[task.id].status == "skipped" and saved & task.foundation
            ]
            if again:
                self.ask(again)
        results = tuple(self.results[task.id] for task in tasks)
        faults = [result.id for result in results if result.status == "grader error"]
        if faults:
            self.error = f"the grader itself failed in: {', '.join(faults)}"
        return results

    def ask(self, tasks: Sequence[Task]) -> None:
        """Run the checks of some tasks."""
        checks = Checks(
            tasks,
            self.cases,
            self.pool,
            Budget(self.syllabus.limits.submission),
            self.syllabus.accuracy,
            self.known,
            self.diagnose,
            self.trained if self.has_reference or self.cases.trained else None,
            self.twins,
            self.progress.begun,
            self.judge,
        )
        for task in tasks:
            self.results.pop(task.id, None)
        try:
            run(checks)
        except RunFailed as error:
            fault = Check("The checks run", "grader error", str(error))
        else:
            fault = Check("The checks run", "grader error", "no check was collected")
        for task in tasks:
            if task.id not in self.results:
                self.judge(task, [fault])

    def trained(self) -> Trained:
        """What training the reference gives: for a network that is too slow for it."""
        return self.cases.trained or trained_reference(self.syllabus, self.cases)

    def twins(self, tasks: Iterable[str]) -> Iterator[ModuleType]:
        """The solution with mistakes in it that explain, as far as is known, what is lost.

        Parameters
        ----------
        tasks
            Those that were lost.

        Yields
        ------
        ModuleType
            One for each choice of mistakes that answer alike, and of the ways to make them. None
            where a task was lost for a reason that is not known.
        """
        if not isinstance(self.fingerprints, Asked) or not self.made.keys() >= set(tasks):
            return
        choices = [
            [way for mistake in found for way in ways(mistake.id)]
            for task in tasks
            for found in self.made[task]
        ]
        sets = dict.fromkeys(map(frozenset, itertools.product(*choices)))
        apart = filter(change_different_functions, sets)
        for keys in itertools.islice(apart, MOST_TWINS):
            yield self.fingerprints.variants.make(*sorted(keys))

    def judge(self, task: Task, checks: Sequence[Check]) -> None:
        """A task earns its points when all its checks passed, and there were some."""
        status = worst(check.status for check in checks)
        points = task.points if status == "passed" else 0
        result = TaskResult(task.id, task.title, points, task.points, status, tuple(checks))
        self.results[task.id] = result
        self.progress.done(result)

    def diagnose(
        self,
        task: Task,
        records: dict[str, Record],
        questions: dict[str, Question],
        checks: list[Check],
    ) -> list[Check]:
        """The checks of a task, those that went wrong with what can be said of it."""
        if not any(check.status in WRONG for check in checks):
            return checks
        mistakes: dict[str, Mistake] = {}
        fault = ""
        try:
            mistakes = self.recognise(task, records, questions)
        except Exception as error:  # the judgement stands, whatever becomes of its explanation
            fault = f"\n  (not diagnosed: the grader failed: {type(error).__name__}: {error})"
        told = []
        for check in checks:
            if check.status in WRONG:
                mistake = mistakes.get(check.name)
                line = None if mistake else places.pattern(siblings(check, checks))
                message = (f"{check.message}\n  {line}" if line else check.message) + fault
                check = replace(check, message=message, mistake=mistake)
            told.append(check)
        return told

    def recognise(
        self, task: Task, records: dict[str, Record], questions: dict[str, Question]
    ) -> dict[str, Mistake]:
        """What explains each wrong answer, by the name of its check.

        That is a known mistake, or two of them, or else the form of a mistake.
        """
        wrong = [questions[key].check for key, record in records.items() if record.status in WRONG]
        hints = self.hints.get(task.id, self.syllabus.hints)
        known = self.fingerprints
        self.made.pop(task.id, None)  # of a first try that timed out
        absent = self.absent()
        found = known.recognise(task.id, questions, records, absent) if known else []
        if found:
            self.made[task.id] = [found]
            return dict.fromkeys(wrong, named(found, hints))
        if two := known.recognise_two(task.id, questions, records, absent) if known else None:
            self.made[task.id] = [[mistake] for mistake in dict.fromkeys(two.values())]
            return {questions[key].check: named([mistake], hints) for key, mistake in two.items()}
        form = recognition.form_of(task.id, known, questions, records)
        if form is None:
            return {}
        hint = form.hint if hints else ""
        return dict.fromkeys(wrong, Mistake(f"form.{form.id}", form.title, hint, task.page))

    def absent(self) -> frozenset[str]:
        """The mistakes that were not made: their own task was judged, and does not show them."""
        judged = {
            id
            for id, result in self.results.items()
            if all(check.status in ("passed", *WRONG) for check in result.checks)
        }
        made = {one.id for each in self.made.values() for found in each for one in found}
        return frozenset(
            one.id for one in catalogue.catalogue() if one.task in judged and one.id not in made
        )

    def broken(self, tasks: Sequence[Task], problem: Problem) -> tuple[TaskResult, ...]:
        """No task can be judged, for one reason that all of them share."""
        if isinstance(problem, GraderBroken):
            self.error = str(problem)
            status = problem.status
        else:
            status = "timed out" if isinstance(problem, TimedOut) else "crashed"
        message = f"the package cannot be imported\n{problem}"
        check = Check(IMPORTED, status, message)
        return tuple(
            TaskResult(task.id, task.title, 0, task.points, status, (check,)) for task in tasks
        )


class Collecting(Grading):
    """A grading that explains nothing, and keeps what was asked instead.

    Attributes
    ----------
    asked : dict
        By task, its questions by key, and its checks.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.asked: dict[str, tuple[dict[str, Question], list[Check]]] = {}

    def diagnose(
        self,
        task: Task,
        records: dict[str, Record],
        questions: dict[str, Question],
        checks: list[Check],
    ) -> list[Check]:
        self.asked[task.id] = questions, checks
        return checks


@lru_cache(maxsize=1)  # a class has the same cases for all
def trained_reference(syllabus: Syllabus, cases: Cases) -> Trained:
    """What training the reference gives; see `training.train`.

    Raises
    ------
    KitError
        The reference does not come to the threshold in the epochs that are granted.
    """
    (case,) = cases.group("accuracy")
    trained = train(load_reference(syllabus.reference), case, syllabus.accuracy)
    reached, wanted = trained.accuracies[-1], syllabus.accuracy.threshold
    if reached < wanted:
        raise KitError(
            f"the solution itself reads {reached:.1%} of the test images after"
            f" {len(trained.accuracies)} epochs, and the threshold is {wanted:.1%}: lower"
            " it, or grant more epochs"
        )
    return trained


def change_different_functions(keys: Iterable[str]) -> bool:
    """Whether no two of these patches change the same function."""
    functions = [{edit.function for edit in patches()[key].edits} for key in keys]
    return sum(map(len, functions)) == len(set().union(*functions))


def siblings(check: Check, checks: Sequence[Check]) -> dict[str, bool]:
    """Whether the same promise was kept, by case."""
    promise = check.name.partition(" (")[0]
    return {
        one.name[len(promise) + 2 : -1]: one.status == "passed"
        for one in checks
        if one.name.startswith(f"{promise} (")
    }


def named(found: Sequence[catalogue.Mistake], hints: int) -> Mistake:
    """A mistake as a result shows it; several that answer alike are named together."""
    first, shown = found[0], found[:3]
    titles = dict.fromkeys(mistake.title for mistake in shown)
    # "Large logits overflow" says enough where "Large logits overflow in softmax" would follow.
    title = " / or: ".join(
        one for one in titles if not any(one != it and one.startswith(it) for it in titles)
    )
    advice = dict.fromkeys(" ".join(mistake.hints[:hints]) for mistake in shown)
    return Mistake(first.id, title, " / or: ".join(advice), first.page)
