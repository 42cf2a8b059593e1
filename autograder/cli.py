"""The command line: one thin function for each command, and the way errors end."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from autograder import __version__, seeds, whole
from autograder.errors import IntakeError, KitError
from autograder.reports.annotations import harmless
from autograder.reports.formats import FORMATS, render
from autograder.reports.terminal import go_on_unread
from autograder.result import Comparison, Result
from autograder.syllabus import Syllabus, beside, given, use, used
from autograder.text import one_line

STDOUT = Path("-")
SYLLABUS = "the file of a course of your own"


def program() -> NoReturn:
    """The command `autograder`, as a process of its own.

    All is closed and written when a command is done. Python would take itself apart now, with
    NumPy and pytest, and need a tenth of a second for it: as much as many a check.
    """
    status = main()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            try:
                stream.flush()
            except BrokenPipeError:  # nobody reads any more
                status = 141
    os._exit(status)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns
    -------
    int
        0: done, and for `grade` full marks; 1: graded, points lost; 2: could not be done,
        and stderr says why.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console may not know all that is in a name
    # Small products are many times slower on more threads than there are cores.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    top = parser()
    if "_ARGCOMPLETE" in os.environ:  # a shell asks what could be written next
        complete(top)
    options, left = top.parse_known_args(arguments)
    if left:
        options.refuse(f"unrecognized arguments: {' '.join(left)}")
    try:
        if options.run is grade_class:
            from autograder.course import kept

            kept.recall(options)  # it may name the course
        use(course_of(options))
        return options.run(options)
    except KitError as error:
        print(harmless(f"autograder: {error}"), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("autograder: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        go_on_unread(sys.stdout)
        return 141


def course_of(options: argparse.Namespace) -> Path | None:
    """The file of the course: one that is named, or that of a handout around the submission."""
    if options.syllabus:
        return Path(options.syllabus)
    if options.run in (grade, check):
        return given(options.path or Path(Syllabus.load().package), options.cases)
    return None


def another_course(path: Path) -> Path | None:
    """The file of a handout's course, where it is not used: that may be a hand-in's own."""
    found = beside(path)
    return found if found and found != used() else None


def complete(top: argparse.ArgumentParser) -> None:
    """Tell the shell what it asked for, and end."""
    try:
        import argcomplete
    except ImportError as error:
        raise SystemExit(1) from error
    argcomplete.autocomplete(top, always_complete_options="long")


def task_ids(parsed_args: argparse.Namespace, **_: object) -> list[str]:
    """The tasks, and groups of tasks, of the course that the words so far are about."""
    use(course_of(parsed_args))
    tasks = Syllabus.load().tasks
    return [*(task.id for task in tasks), *dict.fromkeys(task.group for task in tasks)]


def completed(action: argparse.Action) -> None:
    """Let a shell complete the ids of tasks here."""
    action.completer = task_ids  # type: ignore[attr-defined]


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = argparse.ArgumentParser(
        prog="autograder",
        description="Checks a convolutional network written by hand in NumPy.",
    )
    top.add_argument("--version", action="version", version=f"byhand {__version__}")
    top.add_argument("--syllabus", type=Path, metavar="FILE", help=SYLLABUS)
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    one = commands.add_parser("grade", help="grade one submission")
    one.add_argument("path", type=Path, metavar="PATH", help="a package, or what holds one")
    one.add_argument("--json", type=Path, metavar="FILE", help="write the result as JSON")
    add_formats(one)
    what_is_graded(one)
    one.add_argument("--cases", type=Path, metavar="FILE", help="cases that were made before")
    one.add_argument(
        "--require-isolation",
        action="store_true",
        help="refuse to run anything where it would not be walled in",
    )
    one.set_defaults(run=grade)

    loop = commands.add_parser("check", help="check the next task that is not done")
    completed(
        loop.add_argument(
            "tasks", nargs="*", metavar="TASK", help="these instead: conv, conv.forward"
        )
    )
    loop.add_argument("--watch", action="store_true", help="again whenever a file is saved")
    loop.add_argument("--hint", action="store_true", help="tell more of what is wrong")
    loop.add_argument("--show", action="store_true", help="draw what was expected and what came")
    loop.add_argument(
        "--debug", action="store_true", help="stop in the debugger before the call that fails"
    )
    loop.add_argument("--path", type=Path, metavar="PATH", help="of the package (student)")
    loop.add_argument("--cases", type=Path, metavar="FILE", help="cases that were made before")
    loop.set_defaults(run=check)

    many = commands.add_parser("class", help="grade every submission in a folder")
    class_options(many)
    many.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="submissions at a time (as many as there are cores)",
    )
    many.add_argument("--dask", metavar="ADDRESS", help="let the workers of a Dask cluster grade")
    many.add_argument(
        "--shard", metavar="I/N", help="grade the I-th of N parts only; then: autograder merge"
    )
    many.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help="these students only; * is allowed",
    )
    many.add_argument("--regrade", action="store_true", help="also what has a result")
    many.add_argument(
        "--allow-weak-isolation",
        action="store_true",
        help="grade also where submissions cannot be walled in",
    )
    many.set_defaults(run=grade_class)

    merge = commands.add_parser(
        "merge", help="write gradebook and pages of a class that was graded in parts"
    )
    class_options(merge)
    merge.set_defaults(
        run=grade_class,
        workers=0,
        dask=None,
        shard=None,
        only=[],
        regrade=False,
        allow_weak_isolation=True,
    )

    away = commands.add_parser("export", help="write a class' marks for another system")
    away.add_argument("out", type=Path, metavar="OUT", help="of `autograder class`")
    systems = ("canvas", "csv", "moodle", "nbgrader")
    away.add_argument(
        "--to", required=True, choices=systems, metavar="NAME", help=f"one of {', '.join(systems)}"
    )
    away.add_argument("--file", type=Path, metavar="FILE", help="your own export, or gradebook.db")
    away.add_argument("--assignment", metavar="NAME", help="what it is called there")
    away.add_argument("--save", type=Path, metavar="FILE", help="where to write (into OUT)")
    away.add_argument(
        "--scale", action="store_true", help="convert marks where the maximum is another there"
    )
    away.set_defaults(run=export)

    other = commands.add_parser("report", help="write a saved result in other formats")
    other.add_argument("result", type=Path, metavar="RESULT", help="what `grade --json` wrote")
    add_formats(other)
    other.set_defaults(run=report)

    stub = commands.add_parser("stubs", help="make the student package from the solution")
    stub.add_argument("folder", type=Path, nargs="?", metavar="FOLDER", help="default: student")
    stub.set_defaults(run=stubs)

    made = commands.add_parser("template", help="make what a CI or a platform needs to grade")
    platforms = ("github", "gitlab", "gradescope", "prairielearn", "classroom50")
    made.add_argument(
        "name", choices=platforms, metavar="NAME", help=f"one of {', '.join(platforms)}"
    )
    made.add_argument("folder", type=Path, metavar="DIR", help="a new folder")
    made.set_defaults(run=template)

    out = commands.add_parser("handout", help="make what students download")
    out.add_argument("folder", type=Path, metavar="DIR", help="a new folder")
    completed(
        out.add_argument(
            "--tasks",
            nargs="+",
            default=[],
            metavar="ID",
            help="that are set, or groups; all others are given whole (all)",
        )
    )
    out.add_argument(
        "--vendor", action="store_true", help="with wheels of all that is needed, to work offline"
    )
    out.add_argument("--git", action="store_true", help="as a repository with one commit")
    out.set_defaults(run=handout)

    books = commands.add_parser("notebooks", help="make the assignment as notebooks for nbgrader")
    books.add_argument("folder", type=Path, metavar="DIR", help="a new folder")
    books.set_defaults(run=notebooks)

    case = commands.add_parser("cases", help="write the cases of a seed to a file")
    case.add_argument("file", type=Path, metavar="FILE", help="where to write them, .npz")
    case.add_argument(
        "--seed", type=int, default=seeds.PUBLIC, metavar="N", help=f"default: {seeds.PUBLIC}"
    )
    case.set_defaults(run=cases)
    for command in commands.choices.values():
        command.set_defaults(refuse=command.error)  # which shows how this one is called
        # Without a value here the one that stands before the command stays.
        command.add_argument(
            "--syllabus", type=Path, metavar="FILE", help=SYLLABUS, default=argparse.SUPPRESS
        )
    return top


def what_is_graded(command: argparse.ArgumentParser) -> None:
    """What decides on a mark."""
    for name, what in (("--task", "only"), ("--skip", "not")):
        completed(
            command.add_argument(
                name, action="append", default=[], metavar="ID", help=f"{what} this task, or group"
            )
        )
    command.add_argument(
        "--seed", type=int, metavar="N", help=f"that the cases are made from ({seeds.PUBLIC})"
    )
    command.add_argument(
        "--secret", type=Path, metavar="FILE", help="make the seed from this and the submission"
    )
    command.add_argument(
        "--compare-public",
        action="store_true",
        help="with --secret: grade with the public cases as well",
    )
    command.add_argument(
        "--hints",
        type=int,
        choices=(0, 1, 2),
        help="of a known mistake: 0 its name only, 1 where to look, 2 the answer as well",
    )


def class_options(command: argparse.ArgumentParser) -> None:
    """What decides on the marks of a class, and where they go."""
    command.add_argument("folder", type=Path, metavar="FOLDER", help="with the submissions")
    command.add_argument("--out", type=Path, required=True, metavar="OUT", help="where results go")
    command.add_argument("--roster", type=Path, metavar="CSV", help="who is in the class")
    command.add_argument("--late", type=Path, metavar="TOML", help="deadline, and what late costs")
    what_is_graded(command)


def grade_class(options: argparse.Namespace) -> int:
    """Grade a class, or put together what was graded in shards."""
    from autograder.course import class_command

    return class_command.run(options)


def grade(options: argparse.Namespace) -> int:
    """Grade one submission, and say what is to be mended."""
    # The modules that need NumPy and pytest are imported here, so that --help is fast.
    from autograder.cases.given import load_cases
    from autograder.grading import grade_taken
    from autograder.intake import taken_in
    from autograder.reports.terminal import Terminal
    from autograder.sandbox.isolation import best, shut_in

    shut_in()
    seed = seeds.PUBLIC if options.seed is None else options.seed
    try:
        syllabus = Syllabus.load()
        if options.hints is not None:
            syllabus = replace(syllabus, hints=options.hints)
        tasks = syllabus.select(options.task, options.skip)
        secret = seeds.choose(
            cases=options.cases,
            seed=options.seed,
            secret=options.secret,
            compare_public=options.compare_public,
        )
        for file in outputs(options).values():
            check_writable(file)
        isolation = best()
        if options.require_isolation and isolation.missing:
            raise KitError(
                "isolation is required, and this machine does not give: "
                + ", ".join(isolation.missing)
            )
        terminal = Terminal()
        with taken_in(options.path) as taken:
            if secret:
                seed = seeds.private(secret, taken.digest)
            chosen = load_cases(options.cases, syllabus, options.path, seed)
            seed = chosen.seed
            which = "a seed of its own" if secret else f"seed {seed}"
            terminal.write(f"byhand {__version__}: {one_line(str(options.path), 200)}, {which}\n")
            if not options.syllabus and (unused := another_course(options.path)):
                terminal.write(f"Beside it lies the file of a course, not used: {unused}\n")
            result = grade_taken(taken, chosen, syllabus, tasks, terminal, isolation)
        if options.compare_public and result.error is None:
            terminal.write("\nWith the public cases:\n")
            public = load_cases(None, syllabus)
            with taken_in(options.path) as taken:
                other = grade_taken(taken, public, syllabus, tasks, terminal, isolation)
            if other.score is not None:
                result = replace(result, public=Comparison(public.seed, other.score))
    except KitError as error:
        nothing = Result(str(options.path), seed, best().capabilities, 0.0, error=str(error))
        refused = isinstance(error, IntakeError)
        write_reports(replace(nothing, refused=refused), options)
        raise
    terminal.result(result)
    write_reports(result, options)
    if result.error is not None:
        raise KitError(result.error)
    return 0 if result.full_marks else 1


def check(options: argparse.Namespace) -> int:
    """Check the next task of a package, or some tasks of it."""
    from autograder.practice import Practice, Start
    from autograder.reports.terminal import Terminal

    syllabus, terminal = Syllabus.load(), Terminal()
    tasks = syllabus.select(options.tasks) if options.tasks else ()
    package = options.path or Path(syllabus.package)
    with Start(package, syllabus.limits) as start:
        from autograder.cases.given import load_cases

        chosen = load_cases(options.cases, syllabus, package)
        practice = Practice(package, chosen, syllabus, terminal)
        if options.debug:
            from autograder.debugging import debug

            following = practice.progress.next(syllabus)
            wanted = tasks or ((following,) if following else ())
            return 0 if debug(package, chosen, syllabus, wanted, terminal.write) else 1
        if options.watch:
            practice.watch(tasks, hint=options.hint, show=options.show)
        done = practice.check(start, tasks, hint=options.hint, show=options.show)
    practice.tell_progress()
    return 0 if done else 1


def report(options: argparse.Namespace) -> int:
    """Write a saved result in other formats."""
    try:
        text = options.result.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KitError(f"{options.result} cannot be read: {error}") from error
    if not outputs(options):
        raise KitError("nothing to write: name a format and a file, such as --html FILE")
    write_reports(Result.from_json(text), options)
    return 0


def add_formats(command: argparse.ArgumentParser) -> None:
    """An option for each format of a result."""
    for name, what in FORMATS.items():
        command.add_argument(f"--{name}", type=Path, metavar="FILE", help=what)
    command.add_argument(
        "--handbook", default="", metavar="URL", help="where the pages link to; default: nowhere"
    )


def outputs(options: argparse.Namespace) -> dict[str, Path]:
    """The formats that were asked for, with their files."""
    given = {name: getattr(options, name, None) for name in ("json", *FORMATS)}
    return {name: file for name, file in given.items() if file is not None}


def write_reports(result: Result, options: argparse.Namespace) -> None:
    """Write a result in all formats that were asked for."""
    for name, file in outputs(options).items():
        text = result.to_json() if name == "json" else render(name, result, options.handbook)
        write(file, text)


def export(options: argparse.Namespace) -> int:
    """Write the marks of a class for another system."""
    from autograder.course import exports

    done = exports.export(
        options.out, options.to, options.file, options.assignment, options.save, options.scale
    )
    print(f"{done.marks} marks written to {done.file}")
    for note in done.notes:
        print(note)
    return 0


def stubs(options: argparse.Namespace) -> int:
    """Make the student package from the solution."""
    from autograder.cases.build import HOME
    from autograder.course.stubs import write_stubs

    syllabus = Syllabus.load()
    target = options.folder or HOME / syllabus.package
    written = write_stubs(HOME / syllabus.reference, target, syllabus)
    print(f"{len(written)} files written to {target}")
    return 0


def template(options: argparse.Namespace) -> int:
    """Make what a CI or a platform needs to grade."""
    from autograder.course.template import write_template

    made = write_template(options.name, options.folder, Syllabus.load(), progress)
    print(f"{options.folder} holds {', '.join(path.name for path in made)}")
    return 0


def handout(options: argparse.Namespace) -> int:
    """Make what students download."""
    from autograder.course.handout import write_handout

    syllabus = Syllabus.load()
    tasks = syllabus.select(options.tasks)
    write_handout(
        options.folder,
        syllabus,
        tasks,
        vendor=options.vendor,
        git=options.git,
        tell=progress,
    )
    print(f"{options.folder} is the handout, with {len(tasks)} tasks; its README says the rest")
    return 0


def notebooks(options: argparse.Namespace) -> int:
    """Make the assignment as notebooks for nbgrader."""
    from autograder.course.notebooks import write_notebooks

    made = write_notebooks(options.folder, Syllabus.load(), progress)
    print(f"{options.folder} is a course folder of nbgrader, with {', '.join(made)}")
    return 0


def cases(options: argparse.Namespace) -> int:
    """Write the cases of a seed to a file, which holds no code."""
    check_writable(options.file)
    from autograder.cases.given import load_cases

    made = load_cases(None, Syllabus.load(), seed=options.seed)
    made.save(options.file)
    print(f"{len(list(made))} cases of seed {options.seed} written to {options.file}")
    return 0


def progress(line: str) -> None:
    """Say what is being done, beside what is the result."""
    print(line, file=sys.stderr, flush=True)


def check_writable(file: Path) -> None:
    """Find out before the work whether its result can be kept."""
    if file == STDOUT:
        return
    folder = file.resolve().parent
    if file.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise KitError(f"{file} cannot be written: is there such a folder, and may you write?")


def write(file: Path, text: str) -> None:
    """Write a file, or on standard output."""
    if file == STDOUT:
        print(text, end="")
        return
    whole.write(file, text)
