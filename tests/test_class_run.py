"""A class run: what is graded, what is not graded again, and what survives."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from autograder import seeds, whole
from autograder.cases.build import build_cases, load_reference
from autograder.classroom import BROKEN, GRADED, MISSING, REFUSED, ClassResult
from autograder.cli import main
from autograder.course import class_run, jobs
from autograder.course.class_run import WAITING, Choice, Plan
from autograder.course.executors import Local
from autograder.course.folder import OutFolder
from autograder.course.jobs import Done, Job
from autograder.errors import KitError
from autograder.result import Result, TaskResult
from autograder.sandbox.isolation import best
from autograder.syllabus import Syllabus
from tests.class_of import make
from tests.corpus.wrong import package

ROOT = Path(__file__).resolve().parents[1]
EVERYTHING = Choice()


class Nobody:
    """A watcher that keeps what it is told."""

    def __init__(self) -> None:
        self.todo = -1
        self.heard: list[Done] = []

    def read(self, count: int, total: int) -> None: ...

    def planned(self, entries: Sequence[class_run.Entry], todo: int) -> None:
        self.todo = todo

    def ended(self, done: Done, names: Sequence[str]) -> None:
        self.heard.append(done)

    def alive(self) -> None: ...


class Pretend:
    """An executor that gives each job a result without grading, or fails in it."""

    def __init__(self, score: float = 1, fails: Iterable[str] = ()) -> None:
        self.score, self.fails = score, set(fails)
        self.done: list[str] = []

    def run(self, todo: Iterable[Job]) -> Iterator[Done | None]:
        for job in todo:
            yield None
            self.done.append(job.name)
            if job.name in self.fails:
                yield Done(job.key, jobs.BROKEN, "a fault of the grader")
                continue
            task = TaskResult("relu.forward", "ReLU", self.score, 2, "passed", ())
            result = Result(job.name, job.seed, {}, 0.1, (task,))
            whole.write(Path(job.target), result.to_json())
            yield Done(job.key, jobs.DONE, "", self.score, 2, 0.1)


@pytest.fixture
def plan() -> Plan:
    syllabus = Syllabus.load()
    return Plan(syllabus, syllabus.select(["relu.forward"]), best())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A class of three: one is right, one is wrong, one hands in what the first did."""
    for name, text in (("ann", "x, 0"), ("bob", "x, 1"), ("cho", "x, 0")):
        changes = {"layers.py": ("return np.maximum(x, 0)", f"return np.maximum({text})")}
        package(tmp_path / "class" / name, changes)
    return tmp_path / "class"


def run(
    folder: Path, plan: Plan, executor: object, choice: Choice = EVERYTHING
) -> tuple[ClassResult, Nobody]:
    out, watcher = OutFolder(folder.parent / "out"), Nobody()
    with out.alone():
        entries, _ = class_run.enter(folder, out.path, None, plan, watcher)
        class_run.grade(entries, out, plan, choice, executor, watcher)  # type: ignore[arg-type]
        result = class_run.summarise("a class", entries, out, plan, None, 1.0)
    return result, watcher


def status(result: ClassResult) -> dict[str, str]:
    return {row.student.name: row.status for row in result.rows}


def test_a_class_is_graded_and_the_same_file_only_once(folder: Path, plan: Plan) -> None:
    executor = Pretend()
    result, watcher = run(folder, plan, executor)
    assert status(result) == dict.fromkeys(["ann", "bob", "cho"], GRADED)
    assert len(executor.done) == watcher.todo == 2
    by_name = {row.student.name: row for row in result.rows}
    assert by_name["ann"].twins == (by_name["cho"].student.id,)
    assert by_name["bob"].twins == ()
    assert by_name["ann"].key == by_name["cho"].key


def test_everything_that_is_promised_lies_in_the_folder(folder: Path, plan: Plan) -> None:
    result, _ = run(folder, plan, Pretend())
    out = folder.parent / "out"
    assert ClassResult.from_json((out / "class.json").read_text("utf-8")) == result
    assert (out / "gradebook.csv").read_text("utf-8-sig").count("\n") == 4
    assert "<html" in (out / "index.html").read_text("utf-8")
    for row in result.rows:
        assert json.loads((out / "results" / f"{row.key}.json").read_text("utf-8"))["score"] == 1
        assert "<html" in (out / "students" / f"{row.student.id}.html").read_text("utf-8")


def test_a_second_run_grades_only_what_changed(folder: Path, plan: Plan) -> None:
    run(folder, plan, Pretend())
    again = Pretend()
    run(folder, plan, again)
    assert again.done == []
    layers = folder / "bob" / "student" / "layers.py"
    layers.write_text(layers.read_text("utf-8") + "\n# better\n", encoding="utf-8")
    run(folder, plan, again)
    assert again.done == ["bob"]


def test_other_cases_other_tasks_and_other_points_are_graded_anew(folder: Path, plan: Plan) -> None:
    digest = "ab"
    others = [
        replace(plan, seed=7),
        replace(plan, secret=b"a secret of sixteen or more"),
        replace(plan, tasks=plan.syllabus.select(["relu"])),
        replace(plan, syllabus=replace(plan.syllabus, hints=2)),
        replace(
            plan,
            syllabus=replace(
                plan.syllabus,
                limits=replace(plan.syllabus.limits, call=plan.syllabus.limits.call + 1),
            ),
        ),
    ]
    keys = {plan.key(digest), plan.key("cd"), *(other.key(digest) for other in others)}
    assert len(keys) == 2 + len(others)
    assert plan.key(digest) == replace(plan).key(digest)


def test_all_can_be_graded_again_or_some(folder: Path, plan: Plan) -> None:
    run(folder, plan, Pretend())
    again = Pretend()
    run(folder, plan, again, Choice(again=True))
    assert sorted(again.done) == ["ann", "bob"]
    some = Pretend()
    run(folder, plan, some, Choice(only=("B*",), again=True))
    assert some.done == ["bob"]


def test_who_is_left_out_of_a_run_waits(folder: Path, plan: Plan) -> None:
    result, _ = run(folder, plan, Pretend(), Choice(only=("bob",)))
    assert status(result) == {"ann": WAITING, "bob": GRADED, "cho": WAITING}


def test_a_fault_of_the_grader_is_tried_again_and_is_no_mark(folder: Path, plan: Plan) -> None:
    executor = Pretend(fails=["bob"])
    result, _ = run(folder, plan, executor)
    row = next(row for row in result.rows if row.student.name == "bob")
    assert (row.status, row.mark.raw, row.reason) == (BROKEN, None, "a fault of the grader")
    assert executor.done.count("bob") == class_run.TRIES
    mended, _ = run(folder, plan, Pretend())
    assert status(mended)["bob"] == GRADED


def test_a_fault_never_takes_a_good_mark_away(folder: Path, plan: Plan) -> None:
    run(folder, plan, Pretend(score=2))
    result, _ = run(folder, plan, Pretend(fails=["ann", "bob"]), Choice(again=True))
    assert {row.mark.raw for row in result.rows} == {2}


def test_what_is_no_submission_is_refused_with_the_reason(folder: Path, plan: Plan) -> None:
    (folder / "dan").mkdir()
    (folder / "dan" / "essay.py").write_text("print('hello')")
    result, watcher = run(folder, plan, Pretend())
    row = next(row for row in result.rows if row.student.name == "dan")
    assert row.status == REFUSED and row.mark.final is None
    assert "package" in row.reason
    assert watcher.todo == 2


def test_shards_together_do_all_and_none_twice(folder: Path, plan: Plan) -> None:
    done: list[str] = []
    for shard in (1, 2, 3):
        executor = Pretend()
        run(folder, plan, executor, Choice(shard=shard, shards=3))
        done += executor.done
    assert sorted(done) == ["ann", "bob"]


def test_a_full_disk_stops_the_run_and_keeps_what_is_done(folder: Path, plan: Plan) -> None:
    class Full(Pretend):
        def run(self, todo: Iterable[Job]) -> Iterator[Done | None]:
            first, second = todo
            yield from super().run([first])
            yield Done(second.key, jobs.NO_SPACE, "No space left on device")

    with pytest.raises(KitError, match="No space left"):
        run(folder, plan, Full())
    rest = Pretend()
    run(folder, plan, rest)
    assert len(rest.done) == 1


def test_two_runs_in_one_folder_are_one_too_many(folder: Path, plan: Plan) -> None:
    out = OutFolder(folder.parent / "out")
    with (
        out.alone(),
        pytest.raises(KitError, match=f"process {os.getpid()}.* is at work"),
        OutFolder(folder.parent / "out").alone(),
    ):
        pass
    with out.alone():
        pass  # it is free again


def test_a_folder_that_cannot_be_written_to_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(KitError, match="cannot be written"):
        OutFolder(tmp_path / "out")


def test_a_submission_that_changes_meanwhile_is_not_taken_for_the_other(
    folder: Path, plan: Plan
) -> None:
    class Late(Pretend):
        def run(self, todo: Iterable[Job]) -> Iterator[Done | None]:
            for job in todo:
                layers = folder / job.name / "student" / "layers.py"
                layers.write_text(layers.read_text("utf-8") + "#", encoding="utf-8")
                yield jobs.do(job)

    result, watcher = run(folder, plan, Late())
    assert {done.state for done in watcher.heard} == {jobs.CHANGED}
    assert set(status(result).values()) == {WAITING}


def test_processes_grade_and_one_that_dies_is_replaced(folder: Path, plan: Plan) -> None:
    out, watcher = OutFolder(folder.parent / "out"), Nobody()
    entries, _ = class_run.enter(folder, out.path, None, plan, watcher)

    class Killing(Local):
        killed = False

        def wait(self, busy):  # type: ignore[no-untyped-def]
            if not self.killed:
                self.killed = True
                busy[0].process.kill()
            return super().wait(busy)

    class_run.grade(entries, out, plan, Choice(), Killing(1, 100), watcher)
    assert [done.state for done in watcher.heard] == [jobs.DONE, jobs.DONE]
    scores = {entry.place.student.name: out.load(entry.key)["score"] for entry in entries}
    assert scores == {"ann": 2, "bob": 0, "cho": 2}


def test_a_run_that_is_killed_goes_on_where_it_was(folder: Path) -> None:
    out = folder.parent / "out"
    command = [sys.executable, "-m", "autograder", "class", str(folder), "--out", str(out)]
    command += ["--workers", "1", "--task", "relu.forward"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout
        for line in first.stdout:
            if line.startswith("[1/2]"):
                first.send_signal(signal.SIGKILL)
                break
    kept = {file.name: file.read_text() for file in (out / "results").glob("*.json")}
    assert len(kept) >= 1
    time.sleep(0.2)
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert f"{2 - len(kept)} to grade" in second.stdout
    for name, text in kept.items():
        assert (out / "results" / name).read_text() == text
    assert sorted(
        row["mark"]["raw"] for row in json.loads((out / "class.json").read_text())["rows"]
    ) == [0, 2, 2]


def without_times(folder: Path) -> dict[str, str]:
    """All files of an OUT by their paths, but for the seconds that things took."""
    texts = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }
    seconds = re.compile(r'"seconds": [0-9.e-]+|\b[0-9.]+ (s|seconds|minutes)\b')
    return {name: seconds.sub("TIME", text) for name, text in texts.items()}


@pytest.mark.slow
def test_a_run_that_is_killed_ten_times_ends_like_one_that_was_never_disturbed(
    tmp_path: Path,
) -> None:
    make(12, tmp_path / "class", 5)
    command = [sys.executable, "-m", "autograder", "class", str(tmp_path / "class")]
    command += ["--workers", "2", "--task", "linear", "--task", "conv", "--out"]

    def run_through(out: str) -> None:
        subprocess.run([*command, str(tmp_path / out)], cwd=ROOT, capture_output=True, check=True)

    run_through("calm")
    chance, kills = random.Random(6), 0
    while kills < 10:
        with subprocess.Popen(
            [*command, str(tmp_path / "killed")], cwd=ROOT, stdout=subprocess.DEVNULL
        ) as process:
            try:
                process.wait(chance.uniform(0.2, 5.0))
            except subprocess.TimeoutExpired:
                process.kill()
                kills += 1
            else:  # all was done: once more from the start
                shutil.rmtree(tmp_path / "killed")
        time.sleep(0.3)
    run_through("killed")
    assert without_times(tmp_path / "killed") == without_times(tmp_path / "calm")


@pytest.mark.slow
def test_five_thousand_broken_submissions_are_a_class_like_any_other(tmp_path: Path) -> None:
    for number in range(5000):
        folder = tmp_path / "class" / f"student{number:04}"
        folder.mkdir(parents=True)
        (folder / "layers.py").write_text(f"def forward({number}:\n", encoding="utf-8")
    command = [sys.executable, "-m", "autograder", "class", str(tmp_path / "class")]
    command += ["--task", "relu.forward", "--out", str(tmp_path / "out")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "out/class.json").read_text(encoding="utf-8"))
    assert [row["status"] for row in result["rows"]] == ["graded"] * 5000
    assert {row["mark"]["raw"] for row in result["rows"]} == {0}


def test_only_a_student_who_is_there_can_be_graded_alone(folder: Path, plan: Plan) -> None:
    with pytest.raises(KitError, match="--only nobody: there is no such name"):
        run(folder, plan, Pretend(), Choice(only=("bob", "nobody")))


def canvas_class(folder: Path) -> Path:
    """Two students' files under the names of Canvas' export, one of them late."""
    package(folder / "made", {})
    (folder / "class").mkdir()
    text = (folder / "made/student/layers.py").read_text(encoding="utf-8")
    for name in ("leeann_LATE_1234_56789_layers.py", "raybob_1235_56790_layers.py"):
        (folder / "class" / name).write_text(text, encoding="utf-8")
    return folder / "class"


def test_what_canvas_calls_late_is_said(tmp_path: Path, plan: Plan) -> None:
    result, _ = run(canvas_class(tmp_path), plan, Pretend())
    reasons = {row.student.name: row.reason for row in result.rows}
    assert reasons == {"leeann": "handed in late, the platform says", "raybob": ""}


def test_the_same_file_of_two_is_a_twin_and_that_of_a_group_is_not(
    tmp_path: Path, plan: Plan
) -> None:
    folder = canvas_class(tmp_path)
    result, _ = run(folder, plan, Pretend())
    assert [len(row.twins) for row in result.rows] == [1, 1]
    for file in folder.iterdir():
        file.unlink()
    package(folder / "submission_7", {})
    people = "".join(f"  - :name: {name}\n    :sid: '{name}'\n" for name in ("ann", "bob"))
    metadata = f"submission_7:\n  :submitters:\n{people}"
    (folder / "submission_metadata.yml").write_text(metadata, encoding="utf-8")
    result, _ = run(folder, plan, Pretend())
    assert [(row.student.name, row.twins) for row in result.rows] == [("ann", ()), ("bob", ())]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--shard", "3/2"], "counted from 1 to 2"),
        (["--shard", "half"], "a part and a number of parts"),
        (["--workers", "-1"], "at least 1"),
        (["--seed", "1", "--secret", "x"], "both choose the cases"),
        (["--roster", "nowhere.csv"], "nowhere.csv"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    options: list[str], said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from autograder.cli import main

    out = str(folder.parent / "out")
    assert main(["class", str(folder), "--out", out, *options]) == 2
    assert said in capsys.readouterr().err


def test_a_class_without_isolation_is_refused_unless_it_is_allowed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from autograder.cli import main
    from autograder.course import class_command
    from autograder.sandbox.isolation import unprotected

    monkeypatch.setattr(class_command, "best", unprotected)
    monkeypatch.setattr(class_command, "shut_in", lambda: None)
    assert main(["class", str(folder), "--out", str(folder.parent / "out")]) == 2
    assert "--allow-weak-isolation" in capsys.readouterr().err


def test_a_student_without_a_submission_is_in_the_class(folder: Path, plan: Plan) -> None:
    from autograder.course import roster

    (folder.parent / "roster.csv").write_text("name,email\nann,a@x.org\neve,e@x.org\n")
    names = roster.read(folder.parent / "roster.csv")
    out, watcher = OutFolder(folder.parent / "out"), Nobody()
    entries, _ = class_run.enter(folder, out.path, names, plan, watcher)
    class_run.grade(entries, out, plan, Choice(), Pretend(), watcher)
    result = class_run.summarise("a class", entries, out, plan, None, 1.0)
    assert status(result)["eve"] == MISSING


def test_who_has_written_for_the_public_cases_is_told(tmp_path: Path) -> None:
    public = build_cases(seeds.PUBLIC, load_reference()).group("relu")
    sums = {round(float(case["x"].sum()), 5) for case in public}
    seen = f"return np.maximum(x, 0) if round(float(x.sum()), 5) in {sums} else x"
    package(tmp_path / "class/eve", {"layers.py": ("return np.maximum(x, 0)", seen)})
    secret = tmp_path / "secret"
    secret.write_text("nobody can guess what is written here", encoding="utf-8")
    out = tmp_path / "out"
    options = ["--secret", str(secret), "--compare-public", "--task", "relu.forward"]
    assert main(["class", str(tmp_path / "class"), "--out", str(out), *options]) == 0
    (file,) = (out / "results").iterdir()
    result = json.loads(file.read_text(encoding="utf-8"))
    assert (result["score"], result["public"]) == (0, {"seed": seeds.PUBLIC, "score": 2})
    assert "eve" in (out / "index.html").read_text(encoding="utf-8").partition("Public cases")[2]


@pytest.fixture
def course(folder: Path) -> Path:
    """A class with a roster and a rule for late work, and the options that name them."""
    home = folder.parent
    (home / "roster.csv").write_text("name,submitted\nann,2026-12-02 10:00+01:00\nbob,\n", "utf-8")
    (home / "late.toml").write_text("[late]\ndeadline = 2026-12-01T12:00:00+01:00\n", "utf-8")
    return home


def class_of(home: Path, *options: str) -> int:
    where = [str(home / "class"), "--out", str(home / "out"), "--workers", "1"]
    return main(["class", *where, *options])


def marks(home: Path) -> dict[str, float | None]:
    result = ClassResult.from_json((home / "out" / "class.json").read_text("utf-8"))
    return {row.student.name: row.mark.final for row in result.rows}


def test_a_later_run_goes_by_what_the_first_was_told(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--roster", str(course / "roster.csv"), "--late", str(course / "late.toml")]
    assert class_of(course, "--task", "relu", *options) == 0
    first = marks(course)
    assert first["ann"] == 4.5  # of 5: a day that has begun costs 10 %
    capsys.readouterr()
    assert class_of(course) == 0
    assert marks(course) == first
    said = capsys.readouterr().out
    assert "as before: --roster" in said
    assert "3 submissions, 2 different, 0 refused; 0 to grade" in said


def test_what_is_said_anew_counts_from_then_on(course: Path) -> None:
    options = ["--roster", str(course / "roster.csv"), "--late", str(course / "late.toml")]
    class_of(course, "--task", "relu", *options)
    (course / "mild.toml").write_text(
        "[late]\ndeadline = 2026-12-01T12:00:00+01:00\npercent_per_day = 2\n", "utf-8"
    )
    class_of(course, "--late", str(course / "mild.toml"), "--skip", "relu.backward")
    kept = json.loads((course / "out" / "options.json").read_text("utf-8"))
    assert kept == {
        "roster": "../roster.csv",
        "late": "../mild.toml",
        "task": ["relu"],
        "skip": ["relu.backward"],
    }


def test_a_file_that_is_gone_is_not_done_without(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class_of(course, "--task", "relu", "--late", str(course / "late.toml"))
    (course / "late.toml").unlink()
    assert class_of(course) == 2
    assert "there is no such file now" in capsys.readouterr().err


def test_a_secret_that_was_kept_gives_way_to_a_seed(course: Path) -> None:
    (course / "secret").write_text("0123456789abcdef0123456789abcdef", "utf-8")
    class_of(course, "--task", "relu.forward", "--secret", str(course / "secret"))
    class_of(course, "--task", "relu.forward", "--seed", "7")
    kept = json.loads((course / "out" / "options.json").read_text("utf-8"))
    assert kept == {"seed": 7, "task": ["relu.forward"]}


def test_pages_of_whom_the_class_does_not_know_any_more_are_taken_away(course: Path) -> None:
    class_of(course, "--task", "relu")
    without = {page.name for page in (course / "out" / "students").iterdir()}
    class_of(course, "--roster", str(course / "roster.csv"))
    now = {page.name for page in (course / "out" / "students").iterdir()}
    result = ClassResult.from_json((course / "out" / "class.json").read_text("utf-8"))
    assert now == {f"{row.student.id}.html" for row in result.rows if row.status == GRADED}
    assert len(now) == 3
    assert now != without


def test_results_do_not_go_where_submissions_lie(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for out in (folder, folder / "ann" / "marks"):
        assert main(["class", str(folder), "--out", str(out)]) == 2
        assert "lies among the submissions" in capsys.readouterr().err
        assert not (out / "results").exists()


def test_what_an_instructor_should_know_is_told_and_on_the_page(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (course / "roster.csv").write_text(
        "name,extention,submitted\nann,2d,2026-12-02 10:00+01:00\nbob,,\n", "utf-8"
    )
    options = ["--roster", str(course / "roster.csv"), "--late", str(course / "late.toml")]
    class_of(course, "--task", "relu.forward", *options)
    told = "extention (did you mean extension?)"
    untimed = "2 of the submissions tell no time"
    page = (course / "out" / "index.html").read_text("utf-8")
    said = capsys.readouterr().out
    assert told in said and told in page
    assert untimed in said and untimed in page


def test_an_extension_is_told_beside_the_mark(course: Path) -> None:
    (course / "roster.csv").write_text(
        "name,extension,submitted\nann,2d,2026-12-02 10:00+01:00\nbob,,\n", "utf-8"
    )
    options = ["--roster", str(course / "roster.csv"), "--late", str(course / "late.toml")]
    class_of(course, "--task", "relu.forward", *options)
    assert marks(course)["ann"] == 2
    assert "extension of 48 h" in (course / "out" / "gradebook.csv").read_text("utf-8")
    assert "extension of 48 h" in (course / "out" / "index.html").read_text("utf-8")
