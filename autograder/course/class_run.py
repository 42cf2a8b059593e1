"""Grades a class: every submission in a folder, in parallel, and again only what changed.

First each submission is taken in, which is quick, and gets a *key* from its content, the
seed, the tasks and the version of the kit. What has a result under its key is done. The
rest are jobs (`jobs.py`) for an executor (`executors.py`). In the end the class, its
gradebook and its pages are written from the results on disk alone; so a run that was
killed, a run in shards and a run that was never disturbed end alike.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Protocol

from autograder import __version__, seeds
from autograder.classroom import BROKEN, GRADED, MISSING, REFUSED, ClassResult, Pair, Row, Student
from autograder.course import gradebook, hand_ins, jobs, late, roster, similarity
from autograder.course.executors import Executor
from autograder.course.folder import OutFolder, Results
from autograder.course.jobs import Done, Job
from autograder.course.roster import Place, Roster
from autograder.errors import IntakeError, KitError
from autograder.reports import class_page, student_page
from autograder.result import Result
from autograder.sandbox.isolation import Isolation
from autograder.syllabus import Syllabus, Task, used
from autograder.text import one_line

TRIES = 2  # of a job that the grader fails in
WAITING = "not graded yet"
TWINS = 20  # that are listed with a student


@dataclass(frozen=True)
class Plan:
    """How a class is graded: what would change a mark, and so a key."""

    syllabus: Syllabus
    tasks: tuple[Task, ...]
    isolation: Isolation
    seed: int = seeds.PUBLIC
    secret: bytes | None = None
    compare_public: bool = False  # what the public cases give is told beside the mark

    def seed_for(self, digest: str) -> int:
        return seeds.private(self.secret, digest) if self.secret else self.seed

    @cached_property
    def course(self) -> str:
        """All that the syllabus says, but for how much of a mistake is told; own tasks too."""
        syllabus = asdict(replace(self.syllabus, hints=0, handbook="", own=()))
        files = [file.read_text(encoding="utf-8") for file in self.syllabus.own]
        return json.dumps([syllabus, files], sort_keys=True, default=sorted)

    def key(self, digest: str) -> str:
        """The name of the result for a content."""
        parts = [
            *(digest, __version__, str(self.seed_for(digest)), str(self.syllabus.hints)),
            *(self.course, str(self.compare_public)),
            *(task.id for task in self.tasks),
        ]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Entry:
    """A place in the class with what was found there."""

    place: Place
    key: str = ""  # of the result, if it can be graded
    digest: str = ""
    reason: str = ""  # why it cannot


class Watcher(Protocol):
    """Who wants to hear how far a class run is."""

    def read(self, count: int, total: int) -> None: ...

    def planned(self, entries: Sequence[Entry], todo: int) -> None: ...

    def ended(self, done: Done, names: Sequence[str]) -> None: ...

    def alive(self) -> None: ...


def enter(
    folder: Path, out: Path, names: Roster | None, plan: Plan, watcher: Watcher
) -> tuple[list[Entry], hand_ins.Found]:
    """Who is in the class, and what each handed in."""
    found = hand_ins.find(folder, out)
    places = roster.match(found.hand_ins, names)
    if not places:
        raise KitError(f"there is no submission in {folder}")
    entries = []
    for count, place in enumerate(places):
        watcher.read(count, len(places))
        entries.append(look_at(place, plan))
    return entries, found


def look_at(place: Place, plan: Plan) -> Entry:
    """Read a submission, to know its content."""
    if place.hand_in is None:
        return Entry(place, reason=place.reason)
    try:
        digest = jobs.read(place.hand_in).digest
    except IntakeError as error:
        return Entry(place, reason=str(error))
    return Entry(place, plan.key(digest), digest)


@dataclass(frozen=True)
class Choice:
    """Which submissions of the class this run grades.

    Parameters
    ----------
    only
        Patterns of names or ids; none means all.
    again
        Also those that have a result.
    shard, shards
        The part of this machine, from 1, of so many.
    """

    only: tuple[str, ...] = ()
    again: bool = False
    shard: int = 1
    shards: int = 1

    def takes(self, entry: Entry) -> bool:
        if int(entry.key[:8], 16) % self.shards != self.shard - 1:
            return False
        return not self.only or any(is_meant(entry.place.student, pattern) for pattern in self.only)


def is_meant(student: Student, pattern: str) -> bool:
    """Whether a pattern fits the student's name, id, login or address."""
    return any(
        fnmatchcase(name.casefold(), pattern.casefold())
        for name in (student.id, student.name, student.login, student.email)
    )


def grade(
    entries: Sequence[Entry],
    out: OutFolder,
    plan: Plan,
    choice: Choice,
    executor: Executor,
    watcher: Watcher,
) -> None:
    """Grade what has no result yet.

    Raises
    ------
    KitError
        Results cannot be written, and what was graded before stays; or nobody is meant by a
        pattern of `choice.only`.
    """
    for pattern in choice.only:
        if not any(is_meant(entry.place.student, pattern) for entry in entries):
            raise KitError(f"--only {pattern}: there is no such name, id, login or e-mail address")
    sharers: dict[str, list[str]] = {}
    todo: dict[str, Job] = {}
    for entry in entries:
        if not entry.key:
            continue
        sharers.setdefault(entry.key, []).append(one_line(entry.place.student.name, 60))
        if choice.takes(entry) and (choice.again or not out.has(entry.key)):
            todo.setdefault(entry.key, job(entry, out, plan, choice))
    watcher.planned(entries, len(todo))
    attempts: Counter[str] = Counter()
    waiting = list(reversed(todo.values()))

    def queue() -> Iterator[Job]:
        while waiting:
            yield waiting.pop()

    while waiting:
        for done in executor.run(queue()):
            if done is None:
                watcher.alive()
                continue
            attempts[done.key] += 1
            if done.state == jobs.NO_SPACE:
                raise KitError(
                    f"a result cannot be written: {done.reason}. What was graded is kept;"
                    " make room, and run the same command again."
                )
            if done.state == jobs.BROKEN and attempts[done.key] < TRIES:
                waiting.insert(0, todo[done.key])
                continue
            if done.state == jobs.DONE:
                out.forget_fault(done.key)
            elif done.state == jobs.BROKEN:
                out.note_fault(done.key, done.reason)
            watcher.ended(done, sharers[done.key])


def job(entry: Entry, out: OutFolder, plan: Plan, choice: Choice) -> Job:
    hand_in = entry.place.hand_in
    assert hand_in is not None
    return Job(
        key=entry.key,
        path=str(hand_in.path),
        files=tuple((name, str(path)) for name, path in hand_in.files),
        digest=entry.digest,
        target=str(out.result(entry.key)),
        name=one_line(hand_in.shown, 120),
        seed=plan.seed_for(entry.digest),
        tasks=tuple(task.id for task in plan.tasks),
        hints=plan.syllabus.hints,
        level=plan.isolation.level.name,
        again=choice.again,
        compare_public=plan.compare_public,
        course=str(used() or ""),
    )


def summarise(
    title: str,
    entries: Sequence[Entry],
    out: OutFolder,
    plan: Plan,
    rule: late.Rule | None,
    seconds: float,
    notes: Sequence[str] = (),
) -> ClassResult:
    """Write the class, its gradebook and its pages, from the results on disk."""
    most = sum(task.points for task in plan.tasks)
    same: dict[str, list[Place]] = {}
    for entry in entries:
        if entry.digest:
            same.setdefault(entry.digest, []).append(entry.place)
    rows = []
    keys: dict[str, str] = {}
    for entry in entries:
        row = row_of(entry, out, most, rule, same)
        if row.status == GRADED:
            keys[row.student.id] = row.key
        rows.append(row)
    result = ClassResult(
        title=title,
        version=__version__,
        seconds=seconds,
        max_score=most,
        isolation=plan.isolation.capabilities,
        rows=tuple(rows),
        pairs=tuple(write_pairs(entries, rows, out, plan.syllabus)),
        notes=(*notes, *untimed(entries, rule)),
    )
    results = Results(out, keys)
    out.write(out.path / "class.json", result.to_json())
    ids = [task.id for task in plan.tasks]
    gradebook.write_gradebook(out.path / "gradebook.csv", result, results, ids)
    for row in rows:
        if row.status == GRADED:
            page = student_page.render(Result.from_dict(results[row.student.id]), row)
            out.write(out.path / "students" / f"{row.student.id}.html", page)
    out.write(out.path / "index.html", class_page.render(result, results))
    out.keep_only("students", {f"{student}.html" for student in keys})
    out.keep_only("pairs", {Path(pair.page).name for pair in result.pairs})
    return result


def untimed(entries: Sequence[Entry], rule: late.Rule | None) -> list[str]:
    """What is to be said where a rule for late work is, and times are not known."""
    count = sum(bool(e.place.hand_in and e.place.submitted is None) for e in entries)
    if not rule or not count:
        return []
    return [
        f"{count} of the submissions tell no time, so nothing was taken off for being late. A"
        " column `submitted` of the roster can name it"
    ]


def row_of(
    entry: Entry,
    out: OutFolder,
    most: float,
    rule: late.Rule | None,
    same: Mapping[str, list[Place]],
) -> Row:
    """What became of one student."""
    place, student = entry.place, entry.place.student
    if place.hand_in is None and not entry.reason:
        return Row(student, MISSING)
    shown = one_line(place.hand_in.shown, 120) if place.hand_in else ""
    if not entry.key:
        return Row(student, REFUSED, submission=shown, reason=entry.reason)
    assert place.hand_in is not None
    # Those who handed in together are one group. All of a large class may hand in the stubs.
    others = (
        other.student.id
        for other in same[entry.digest]
        if other.hand_in and other.hand_in.path != place.hand_in.path
    )
    twins = tuple(itertools.islice(others, TWINS))
    row = Row(student, BROKEN, submission=shown, key=entry.key, reason=place.reason, twins=twins)
    if not out.has(entry.key):
        fault = out.reason(entry.key)
        return replace(row, status=BROKEN if fault else WAITING, reason=fault)
    score = out.load(entry.key)["score"]
    mark = late.penalty(score, most, place.submitted, rule, place.extension)
    row = replace(row, reason="; ".join(filter(None, [row.reason, *remarks(place, rule)])))
    return replace(row, status=GRADED, mark=mark)


def remarks(place: Place, rule: late.Rule | None) -> Iterator[str]:
    """What a person should know of when something was handed in."""
    assert place.hand_in is not None
    timed = rule is not None and place.submitted is not None
    if rule and place.extension:
        yield f"extension {late.shown(place.extension)}"
    if place.hand_in.late and not timed:
        yield "handed in late, the platform says"
    if rule and not timed:
        yield "when it was handed in is not known, so nothing was taken off"


def write_pairs(
    entries: Sequence[Entry], rows: Sequence[Row], out: OutFolder, syllabus: Syllabus
) -> list[Pair]:
    """Find submissions that resemble each other, and write each pair side by side."""
    first: dict[str, Entry] = {}
    for entry in entries:
        if entry.digest:
            first.setdefault(entry.digest, entry)
    by_id = {entry.place.student.id: entry for entry in first.values()}

    def sources() -> Iterable[tuple[str, Mapping[str, str]]]:
        for student, entry in by_id.items():
            yield student, source_of(entry)

    known = similarity.known(syllabus)
    found = []
    for match in similarity.pairs(sources(), known):
        one, other = by_id[match.first], by_id[match.second]
        page = f"pairs/{match.first}--{match.second}.html"
        names = (one.place.student.name, other.place.student.name)
        text = similarity.page(match, names, (source_of(one), source_of(other)), known)
        out.write(out.path / page, text)
        found.append(Pair(match.first, match.second, match.share, page))
    return found


def source_of(entry: Entry) -> Mapping[str, str]:
    assert entry.place.hand_in is not None
    try:
        return similarity.sources(jobs.read(entry.place.hand_in).content)
    except KitError:
        return {}  # it has changed meanwhile
