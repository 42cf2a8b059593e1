"""The command `autograder class`, and `merge`, which is the same without grading."""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from statistics import median

from autograder import seeds
from autograder.classroom import BROKEN, ClassResult
from autograder.course import class_run, kept, late, roster
from autograder.course.class_run import WAITING, Choice, Plan
from autograder.course.executors import Dask, Executor, Local
from autograder.course.folder import OutFolder
from autograder.course.progress import ClassProgress
from autograder.errors import KitError
from autograder.sandbox.isolation import best, shut_in
from autograder.syllabus import Syllabus

SPARE = 300.0  # seconds that a job may take beyond what its submission may


def run(options: argparse.Namespace) -> int:
    """Grade a class and write what became of it.

    Returns
    -------
    int
        0 where every submission was graded or refused, 1 where some were not.
    """
    began = time.monotonic()
    shut_in()
    if not options.folder.is_dir():
        raise KitError(f"there is no folder {options.folder}")
    apart(options.folder, options.out)
    plan = plan_of(options)
    choice = choice_of(options)
    rule = late.read(options.late) if options.late else None
    zone = rule.zone if rule else None
    names = roster.read(options.roster, zone) if options.roster else None
    out = OutFolder(options.out)
    watcher = ClassProgress()
    part = "" if choice.shards == 1 else f"-{choice.shard}-of-{choice.shards}"
    with out.alone(part):
        if options.recalled:
            watcher.say(f"as before: {options.recalled}")
            watcher.say(f"(to go without, remove it from {options.out / kept.FILE})")
        kept.keep(options)
        entries, found = class_run.enter(options.folder, options.out, names, plan, watcher)
        for name, why in found.left_out:
            watcher.say(f"left out: {name} ({why})")
        if options.workers != 0:
            executor = executor_of(options, plan)
            class_run.grade(entries, out, plan, choice, executor, watcher)
        if choice.shards > 1:
            watcher.say(f"shard {part[1:]} is done. When all are: autograder merge")
            return 0
        watcher.say("writing the gradebook and the pages")
        title = options.folder.resolve().name
        seconds = time.monotonic() - began
        notes = names.notes if names else ()
        result = class_run.summarise(title, entries, out, plan, rule, seconds, notes)
    tell(result, out, watcher)
    return 1 if any(row.status in (BROKEN, WAITING) for row in result.rows) else 0


def apart(folder: Path, out: Path) -> None:
    """Refuse to write results where submissions lie: the next run would take them for such."""
    inside = Path(os.path.realpath(out)).parents
    here = Path(os.path.realpath(folder))
    if here == Path(os.path.realpath(out)) or here in inside[1:]:
        raise KitError(f"--out {out} lies among the submissions in {folder}: name another folder")


def plan_of(options: argparse.Namespace) -> Plan:
    syllabus = Syllabus.load()
    if options.hints is not None:
        syllabus = replace(syllabus, hints=options.hints)
    secret = seeds.choose(
        seed=options.seed, secret=options.secret, compare_public=options.compare_public
    )
    isolation = best()
    if isolation.missing and not options.allow_weak_isolation:
        raise KitError(
            "a class is code of strangers, and this machine does not give: "
            + ", ".join(isolation.missing)
            + ".\nRun it where it does (see docs/course/isolation.md), or, if you trust all of it,"
            " with --allow-weak-isolation."
        )
    return Plan(
        syllabus=syllabus,
        tasks=syllabus.select(options.task, options.skip),
        isolation=isolation,
        seed=seeds.PUBLIC if options.seed is None else options.seed,
        secret=secret,
        compare_public=options.compare_public,
    )


def choice_of(options: argparse.Namespace) -> Choice:
    shard, shards = 1, 1
    if options.shard:
        first, slash, second = options.shard.partition("/")
        if not (slash and first.isdecimal() and second.isdecimal()):
            raise KitError(f"--shard is a part and a number of parts, as 2/8: {options.shard}")
        shard, shards = int(first), int(second)
        if not 1 <= shard <= shards:
            raise KitError(f"--shard {options.shard}: parts are counted from 1 to {shards}")
    return Choice(tuple(options.only), options.regrade, shard, shards)


def executor_of(options: argparse.Namespace, plan: Plan) -> Executor:
    if options.dask:
        if options.workers:
            raise KitError("--workers are processes here; with --dask the cluster has its own")
        return Dask(options.dask)
    workers = cores() if options.workers is None else options.workers
    if workers < 1:
        raise KitError("--workers is a number of processes, at least 1")
    return Local(workers, plan.syllabus.limits.submission + SPARE)


def cores() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def tell(result: ClassResult, out: OutFolder, watcher: ClassProgress) -> None:
    """What became of the class, in a few lines."""
    for note in result.notes:
        watcher.say(f"note: {note}")
    statuses = Counter(row.status for row in result.rows)
    watcher.say("  ".join(f"{count} {status}" for status, count in statuses.items()))
    for row in result.rows:
        if row.status == BROKEN:
            watcher.say(f"  grader error, not a mark: {row.student.name}: {row.reason[:200]}")
    marks = [row.mark.final for row in result.rows if row.mark.final is not None]
    if marks:
        watcher.say(f"median mark {median(marks):g} of {result.max_score:g} points")
    if result.pairs:
        watcher.say(f"{len(result.pairs)} pairs of submissions resemble each other")
    watcher.say(f"gradebook: {out.path / 'gradebook.csv'}, class page: {out.path / 'index.html'}")
