"""Hostile submissions get nothing here, and all they want from a naive grader."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.cases.digits import ARCHIVE
from autograder.errors import IntakeError
from autograder.intake import take
from autograder.sandbox.isolation import at, available
from tests.corpus.hostile import ALWAYS, Hostile
from tests.corpus.hostile.archives import ARCHIVES, CANARY, Archive, Place, unpack
from tests.corpus.hostile.carried import CARRIED, Carried
from tests.corpus.hostile.corpus import EVERY, FAMILIES, RARE, SAMPLE
from tests.corpus.hostile.yard import Yard
from tests.corpus.wrong import package
from tests.grading import graded, lost

ROOT = Path(__file__).parents[1]
LEVELS = available()
pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the yard is watched through /proc"
)
ALL = [(family, one) for family, members in FAMILIES.items() for one in members]
DAILY, ELSE = (), (pytest.mark.hostile,)


def tries(*levels: str) -> list[Any]:
    """Every hostile submission at each of these levels; of the first one, a sample daily."""
    return [
        pytest.param(
            one,
            level,
            id=f"{family}: {one.name} ({level})",
            marks=DAILY if one.name in SAMPLE and level == levels[0] else ELSE,
        )
        for family, one in ALL
        for level in levels
    ]


each_level = pytest.mark.parametrize(
    "level", [pytest.param(one, marks=DAILY if one == LEVELS[0] else ELSE) for one in LEVELS]
)


@pytest.fixture(scope="module")
def place() -> Iterator[Yard]:
    yard = Yard(Path(tempfile.mkdtemp(prefix="yard-")))
    yield yard
    yard.close()


@pytest.fixture
def yard(place: Yard) -> Iterator[Yard]:
    yield place
    place.clean()


@pytest.mark.parametrize(("hostile", "level"), tries("naive"))
def test_it_succeeds_against_a_naive_grader(hostile: Hostile, level: str, yard: Yard) -> None:
    if hostile.root and os.geteuid():
        pytest.skip("only root could do it")
    outcome = yard.grade_naively(hostile)
    kept = [promise for promise in hostile.holds if not yard.broken(promise, outcome)]
    if kept and hostile.name in RARE:
        pytest.skip("this system lacks what it uses, or refuses it to everybody")
    assert not kept, f"the attack has no effect: {kept}\n{outcome.text[:2000]}"


@pytest.mark.parametrize(("hostile", "level"), tries(*LEVELS))
def test_it_gets_nothing(hostile: Hostile, level: str, yard: Yard) -> None:
    outcome = yard.grade(hostile, level)
    result = outcome.result  # None where it was refused
    assert not result or result.error is None
    promises = dict.fromkeys(("in time", "short", "clean"), ALWAYS)
    promises |= {promise: hostile.capability(promise) for promise in hostile.holds}
    capabilities = {**(result.isolation if result else {}), ALWAYS: True}
    broken = {
        promise: yard.broken(promise, outcome)
        for promise, capability in promises.items()
        if capabilities.get(capability)
    }
    assert not any(broken.values()), f"{broken}\n{outcome.text[:2000]}"


# Archives ------------------------------------------------------------------------------

both_archives = pytest.mark.parametrize("archive", ARCHIVES, ids=lambda one: one.name)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.py").write_bytes(CANARY)
    (tmp_path / "in").mkdir()
    return folder


@pytest.mark.hostile
@both_archives
def test_an_archive_harms_those_who_merely_unpack_it(
    archive: Archive, outside: Path, tmp_path: Path
) -> None:
    if archive.root and os.geteuid():
        pytest.skip("only root can make what it holds")
    unpack(archive.build(tmp_path / "in", outside), tmp_path / "out")
    assert archive.effect(Place(outside, tmp_path / "out"))


@both_archives
def test_an_archive_harms_nobody_here(archive: Archive, outside: Path, tmp_path: Path) -> None:
    path = archive.build(tmp_path / "in", outside)
    (tmp_path / "scratch").mkdir()
    if archive.refused:
        with pytest.raises(IntakeError) as caught:
            take(path, tmp_path / "scratch")
        assert str(caught.value).isprintable()
    else:
        assert (take(path, tmp_path / "scratch").folder / "student/layers.py").is_file()
    place = Place(outside, tmp_path / "scratch")
    assert not archive.effect(place)
    assert not place.changed()
    assert not place.stolen()


# Accuracy that was carried in ------------------------------------------------------------

each_carried = pytest.mark.parametrize("carried", CARRIED, ids=lambda one: one.name)


@pytest.mark.hostile
@each_carried
def test_what_is_carried_in_reads_the_plain_digits(carried: Carried, tmp_path: Path) -> None:
    script = Path(__file__).parent / "corpus/hostile/naive_accuracy.py"
    path = carried.write(tmp_path)
    done = subprocess.run(
        [sys.executable, script, ARCHIVE, "1" if "return" in carried.train else "6"],
        env={**os.environ, "PYTHONPATH": str(path.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(done.stdout) >= 0.94


@pytest.mark.hostile
@each_carried
def test_what_is_carried_in_earns_nothing(carried: Carried, tmp_path: Path) -> None:
    result = graded(carried.write(tmp_path), only=["accuracy"])
    assert lost(result) == {"accuracy": "failed"}


# What is not hostile ----------------------------------------------------------------------

NOISY = """

import logging
import tempfile
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

print("ready", flush=True)
warnings.warn("this is only a warning", stacklevel=1)
TABLE = np.loadtxt(Path(__file__).with_name("table.txt"))
POOL = ThreadPoolExecutor(2)
threading.Thread(target=threading.Event().wait, daemon=True).start()


class ReLULayer(ReLULayer):
    def forward(self, x):
        print("forward", x.shape)
        logging.getLogger("student").warning("in forward")
        with tempfile.TemporaryFile() as file:
            np.save(file, x[:0])
        halves = POOL.map(lambda part: np.maximum(part, TABLE[0]), np.array_split(x, 2))
        return np.concatenate(list(halves)).astype(x.dtype)
"""


@each_level
def test_a_right_one_that_prints_warns_uses_threads_and_reads_its_files_has_all_points(
    level: str, tmp_path: Path
) -> None:
    path = package(tmp_path, {})
    with (path / "layers.py").open("a", encoding="utf-8") as file:
        file.write(NOISY)
    (path / "table.txt").write_text("0 1\n")
    result = graded(path, level=level)
    assert lost(result) == {}
    assert result.score == result.max_score == 100


# Graders that are killed --------------------------------------------------------------------

OUTLIVES = Hostile(
    "outlives a grader that was killed",
    ("gone",),
    "LIBC.prctl(1, 0, 0, 0, 0)  # do not tell me when my parent dies\nmark()\ntime.sleep(12)",
    naive="pipe",
)
GRADING = """
import sys
from pathlib import Path
from autograder.cases.build import build_cases, load_reference
from autograder.grading import grade
from autograder.sandbox.isolation import at
from autograder.syllabus import Syllabus

syllabus = Syllabus.load()
tasks = syllabus.select(["relu.forward"])
cases = build_cases(1, load_reference())
grade(Path(sys.argv[1]), cases, syllabus, tasks, isolation=at(sys.argv[2]))
"""


def kill_when_it_works(yard: Yard, command: list[str]) -> list[int]:
    """The processes that are left of a grader that was killed while it waits for an answer."""
    with yard.in_class(yard.write(OUTLIVES)) as environment:
        environment["PYTHONPATH"] += f":{ROOT}"
        grader = subprocess.Popen(command, env=environment, cwd=yard.folder / "class/alice")
        deadline = time.monotonic() + 60
        while not yard.survivors() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert yard.survivors(), "the attack did not begin"
        grader.kill()
        grader.wait()
        time.sleep(0.5)
        return yard.survivors()


@pytest.mark.hostile
@pytest.mark.parametrize("level", LEVELS[:1])
@pytest.mark.parametrize(
    "name", ["loops in a call", "forks", "leaves many files in its own folder"]
)
def test_a_neighbour_that_is_graded_at_the_same_time_has_its_points(
    name: str, level: str, yard: Yard, tmp_path: Path
) -> None:
    hostile = next(one for one in EVERY if one.name == name)
    with yard.in_class(yard.write(hostile)) as environment:
        environment["PYTHONPATH"] = str(ROOT)
        command = [sys.executable, "-c", GRADING, str(yard.folder / "class/alice"), level]
        grader = subprocess.Popen(command, env=environment)
        result = graded(package(tmp_path, {}), only=["relu", "linear"], level=level)
        assert grader.wait(60) == 0
    assert lost(result) == {}


def test_a_naive_grader_that_is_killed_leaves_what_it_started(yard: Yard) -> None:
    script = str(yard.folder / "grader/naive.py")
    assert kill_when_it_works(yard, [sys.executable, script, OUTLIVES.naive])


@each_level
def test_a_grader_that_is_killed_leaves_nothing(level: str, yard: Yard) -> None:
    isolation = at(level)
    if not isolation or not isolation.capabilities["tree_killed"]:
        pytest.skip("this level does not promise it")
    command = [sys.executable, "-c", GRADING, str(yard.folder / "class/alice"), level]
    assert not kill_when_it_works(yard, command)
