"""Measures the checks and the diagnosis on the corpora, and prints a table.

    python -m tests.measure [--jobs N] [--sample N] [--seed N] [right | wrong | cost] …

*right*: submissions of the corpus, each with one seed (`--seeds` for more): how many lose
a point. *wrong*: every mistake of the catalogue, made in the solution: how many are
caught, how many cost only the tasks that they concern, how many are named; and, with the
mistake's own fingerprint withheld, as a new mistake would look, how many still get a form
and how many a wrong name. *cost*: how long a grading takes with diagnosis and without, in
turns, for the solution and for packages in which every answer is wrong.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from autograder import intake
from autograder.cases.build import HOME
from autograder.cases.variants import Variants
from autograder.diagnosis import places, recognition
from autograder.diagnosis.fingerprints import Asked, Question
from autograder.diagnosis.observations import Record
from autograder.grading import Grading, Silence, siblings
from autograder.mistakes import Mistake, by_id, catalogue
from autograder.mistakes.patching import patched
from autograder.result import Check
from autograder.sandbox.isolation import unprotected
from autograder.syllabus import Syllabus
from tests.corpus.right import VARIANTS
from tests.corpus.wrong import EVERYWHERE, wrong_everywhere
from tests.grading import cases_of, graded, lost


@dataclass(frozen=True)
class Outcome:
    """What became of one mistake."""

    id: str
    caught: bool
    elsewhere: tuple[str, ...]  # tasks that lost points without being concerned
    names: tuple[str, ...]  # recognised, in order
    withheld: tuple[str, ...]  # recognised without its own fingerprint
    form: str  # recognised then
    place: bool  # where, for which cases or on which line it is wrong, is said in any case
    seconds: float


class Spy(Asked):
    """Recognises a second time, with one mistake's fingerprint withheld."""

    def __init__(self, mistake: Mistake) -> None:
        syllabus = Syllabus.load()
        super().__init__(Variants(HOME / syllabus.reference), syllabus.limits)
        self.mistake = mistake
        self.names: tuple[str, ...] = ()
        self.withheld: tuple[str, ...] = ()
        self.form = ""

    def recognise(
        self,
        task: str,
        questions: Mapping[str, Question],
        records: Mapping[str, Record],
        without: frozenset[str] = frozenset(),
    ) -> list[Mistake]:
        found = super().recognise(task, questions, records, without)
        if task == self.mistake.task:
            self.names = tuple(mistake.id for mistake in found)
            others = super().recognise(task, questions, records, frozenset({self.mistake.id}))
            self.withheld = tuple(mistake.id for mistake in others)
            form = recognition.form_of(task, self, questions, records)
            self.form = form.id if form else ""
        return found


def measure_wrong(name: str, seed: int) -> Outcome:
    """Grade the solution with a mistake in it, on the tasks of its group."""
    started = time.monotonic()
    mistake, syllabus = by_id(name), Syllabus.load()
    sources = {
        path.name: path.read_text(encoding="utf-8") for path in (HOME / "solution").glob("*.py")
    }
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "in" / "student"
        package.mkdir(parents=True)
        for file, text in patched(name, sources).items():
            (package / file).write_text(text, encoding="utf-8")
        taken = intake.take(package, Path(folder))
        grading = Grading(taken, cases_of(seed), syllabus, Silence(), unprotected())
        spy = grading.fingerprints = Spy(mistake)
        group = mistake.task.partition(".")[0]
        results = grading.run(syllabus.select([group]))
        grading.pool.close()
    gone = {result.id for result in results if result.status != "passed"}
    return Outcome(
        name,
        mistake.task in gone,
        tuple(sorted(gone - {mistake.task, *mistake.also})),
        spy.names,
        spy.withheld,
        spy.form,
        any(
            placed(check, result.checks)
            for result in results
            for check in result.checks
            if result.id == mistake.task and check.status != "passed"
        ),
        time.monotonic() - started,
    )


def placed(check: Check, checks: Sequence[Check]) -> bool:
    """Whether a message tells a student where to look, without naming a mistake."""
    if check.status == "crashed":
        return ", line " in check.message
    return "wrong only in" in check.message or bool(places.pattern(siblings(check, checks)))


def measure_right(name: str, seed: int, accuracy: bool) -> tuple[str, int, dict[str, str]]:
    """Grade a right submission; the tasks that it lost."""
    with tempfile.TemporaryDirectory() as folder:
        path = VARIANTS[name](Path(folder))
        result = graded(path, skip=[] if accuracy else ["accuracy"], seed=seed)
        return name, seed, lost(result)


def measure_cost(name: str, rounds: int) -> None:
    """Print how many times as long a grading takes with diagnosis."""
    found: dict[bool, list[float]] = {True: [], False: []}
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        path = wrong_everywhere(Path(folder), name) if name else HOME / "solution"
        for turn in range(rounds):
            for diagnosed in (True, False) if turn % 2 else (False, True):
                started = time.monotonic()
                with nullcontext() if diagnosed else without_diagnosis():
                    graded(path)
                found[diagnosed].append(time.monotonic() - started)
            ratios.append(found[True][-1] / found[False][-1])
    middle = {key: statistics.median(values) for key, values in found.items()}
    print(
        f"  {name or 'the solution':20} without {middle[False]:5.2f} s, with {middle[True]:5.2f} s,"
        f" {statistics.median(ratios):.2f} times ({min(ratios):.2f} to {max(ratios):.2f})"
    )


@contextmanager
def without_diagnosis() -> Iterator[None]:
    """Leave all checks as they ended."""
    diagnose = Grading.diagnose
    Grading.diagnose = lambda self, task, records, questions, checks: checks  # type: ignore[method-assign]
    try:
        yield
    finally:
        Grading.diagnose = diagnose  # type: ignore[method-assign]


def share(count: int, total: int) -> str:
    return f"{count:5d} of {total:5d}  {100 * count / max(total, 1):6.1f} %"


def report_wrong(outcomes: Sequence[Outcome]) -> None:
    total = len(outcomes)
    caught = [one for one in outcomes if one.caught]
    apart = [one for one in outcomes if not one.elsewhere]
    first = [one for one in caught if one.names[:1] == (one.id,)]
    among = [one for one in caught if one.id in one.names]
    wrong = [one for one in caught if one.names and one.id not in one.names]
    formed = [one for one in caught if one.form]
    misled = [one for one in caught if one.withheld]
    print(f"mistakes of the catalogue, made in the solution: {total}")
    print(f"  caught                                 {share(len(caught), total)}")
    print(f"  cost only the tasks concerned          {share(len(apart), total)}")
    print(f"  named, in first place                  {share(len(first), total)}")
    print(f"  named, alone or with another           {share(len(among), total)}")
    print(f"  named wrongly                          {share(len(wrong), total)}")
    print("  with its own fingerprint withheld:")
    print(f"    named as another mistake             {share(len(misled), total)}")
    print(f"    a form is named                      {share(len(formed), total)}")
    told = [one for one in caught if one.form or one.place]
    print(f"    a form or a place is named           {share(len(told), total)}")
    for title, some in (
        ("not caught", [one.id for one in outcomes if not one.caught]),
        (
            "lost elsewhere",
            [f"{one.id}: {', '.join(one.elsewhere)}" for one in outcomes if one.elsewhere],
        ),
        ("not named", [one.id for one in caught if not one.names]),
        (
            "neither form nor place when withheld",
            [one.id for one in caught if not one.form and not one.place],
        ),
        (
            "not in first place",
            [
                f"{one.id}: {', '.join(one.names)}"
                for one in caught
                if one.names and one.names[0] != one.id
            ],
        ),
        (
            "named as another when withheld",
            [f"{one.id}: {', '.join(one.withheld)}" for one in misled],
        ),
    ):
        if some:
            print(f"  {title}:")
            for line in some:
                print(f"    {line}")


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", choices=["right", "wrong", "cost", []], default=[])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--sample", type=int, help="only about so many of each corpus")
    parser.add_argument("--seed", type=int, default=77)
    parser.add_argument("--seeds", type=int, default=1, help="for right submissions")
    parser.add_argument("--rounds", type=int, default=7, help="of what is timed")
    parser.add_argument("--accuracy", action="store_true", help="right ones are trained, too")
    parser.add_argument("--only", default="", help="mistakes whose id begins so")
    options = parser.parse_args()
    parts = options.parts or ["right", "wrong"]
    if "cost" in parts:
        print(f"seconds of a grading, median of {options.rounds} rounds:")
        for name in ("", *EVERYWHERE):
            measure_cost(name, options.rounds)
    with ProcessPoolExecutor(options.jobs) as executor:
        if "right" in parts:
            names = list(VARIANTS)
            names = names[:: max(1, len(names) // options.sample)] if options.sample else names
            jobs = [
                executor.submit(measure_right, name, options.seed + i, options.accuracy)
                for name in names
                for i in range(options.seeds)
            ]
            results = [job.result() for job in jobs]
            bad = [result for result in results if result[2]]
            print(f"right submissions: {len(names)}, seeds: {options.seeds}")
            print(f"  marked wrong                           {share(len(bad), len(results))}")
            for name, seed, tasks in bad:
                print(f"    {name}, seed {seed}: {tasks}")
        if "wrong" in parts:
            ids = [one.id for one in catalogue() if one.id.startswith(options.only)]
            ids = ids[:: max(1, len(ids) // options.sample)] if options.sample else ids
            found = [executor.submit(measure_wrong, name, options.seed) for name in ids]
            outcomes = [job.result() for job in found]
            report_wrong(outcomes)
            groups = Counter(one.id.partition(".")[0] for one in outcomes)
            print("  by group:", ", ".join(f"{name} {count}" for name, count in groups.items()))


if __name__ == "__main__":
    main()
