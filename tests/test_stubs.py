"""The stubs keep all that is given and nothing of what is asked."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from leaks import runs, secret_runs

from autograder.course.stubs import make_stubs, write_stubs
from autograder.errors import KitError, SyllabusError
from autograder.syllabus import Syllabus

ROOT = Path(__file__).parents[1]
COURSE = Syllabus.load()

LAYERS = '''\
"""Layers of the solution; see `python -m solution`."""

from __future__ import annotations

import math
from functools import cache, lru_cache

import numpy as np

# How many columns at once.
# A trick.
_CHUNK = 500
SIZE = 3


# Only for forward.
@cache
def _columns(x):
    return x  # unfolded
    # nothing follows


class Layer:
    """A layer."""

    def __init__(self, size: int = SIZE) -> None:
        self.size = size  # given

    @np.vectorize
    def forward(
        self,
        x: np.ndarray,  # (B, C)
    ) -> np.ndarray:
        # by im2col
        """Return the output.

        Größe ≥ 1.
        """  # a remark
        # first unfold

        columns = _columns(x)[:_CHUNK]

        def inner():
            return math.pi

        return columns * inner()  # (B, C)
        # done

    # Given to all.
    @lru_cache
    def helper(self) -> int:
        return 1


def softmax(x: np.ndarray) -> np.ndarray:
    """Only documented."""


def _last() -> None:
    pass
'''

STUB = '''\
"""Layers of the student; see `python -m student`."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

SIZE = 3


class Layer:
    """A layer."""

    def __init__(self, size: int = SIZE) -> None:
        self.size = size  # given

    @np.vectorize
    def forward(
        self,
        x: np.ndarray,  # (B, C)
    ) -> np.ndarray:
        """Return the output.

        Größe ≥ 1.
        """
        raise NotImplementedError("conv.forward")

    # Given to all.
    @lru_cache
    def helper(self) -> int:
        return 1


def softmax(x: np.ndarray) -> np.ndarray:
    """Only documented."""
    raise NotImplementedError("loss.backward")
'''


def asking(**functions: str) -> Syllabus:
    """A syllabus that asks for one function in each of the tasks."""
    tasks = [
        replace(COURSE.by_id(task.replace("_", ".")), functions=(function,))
        for task, function in functions.items()
    ]
    return replace(COURSE, tasks=tuple(tasks))


ASKED = asking(conv_forward="layers.Layer.forward", loss_backward="layers.softmax")


def package(folder: Path, **files: str) -> Path:
    home = folder / "solution"
    home.mkdir()
    for name, text in files.items():
        (home / f"{name}.py").write_bytes(text.encode())
    return home


def stub_of(folder: Path, text: str, syllabus: Syllabus = ASKED) -> str:
    return make_stubs(package(folder, layers=text), syllabus)["layers.py"]


def test_bodies_and_private_helpers_go_and_all_else_stays(tmp_path):
    assert stub_of(tmp_path, LAYERS) == STUB


def test_line_ends_of_windows_make_the_same_stub(tmp_path):
    assert stub_of(tmp_path, LAYERS.replace("\n", "\r\n")) == STUB


def test_a_file_from_which_nothing_is_asked_is_given_whole(tmp_path):
    data = "import os\n\n_HOME = 1\n\n\ndef load():\n    return _HOME  # all of it\n"
    assert make_stubs(package(tmp_path, layers=LAYERS, data=data), ASKED)["data.py"] == data


def test_only_the_name_as_a_whole_word_becomes_the_students(tmp_path):
    text = '"""The solution, its solutions and resolution."""\n'
    stub = make_stubs(package(tmp_path, layers=LAYERS, other=text), ASKED)["other.py"]
    assert stub == '"""The student, its solutions and resolution."""\n'


def test_stubs_are_written_in_utf8_with_plain_line_ends(tmp_path):
    target = tmp_path / "new" / "student"
    written = write_stubs(package(tmp_path, layers=LAYERS), target, ASKED)
    assert written == [target / "layers.py"]
    assert written[0].read_bytes() == STUB.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("", SyllabusError, r"conv\.forward names Layer\.forward, which is not in .*layers\.py"),
        (
            LAYERS + "\n\ndef softmax(x):\n    '''Again.'''\n",
            SyllabusError,
            "softmax, which is more than once in",
        ),
        (LAYERS.replace('"""Only documented."""', "pass"), KitError, "has no docstring"),
        (LAYERS.replace('documented."""', 'documented."""; x += 1'), KitError, "a line of its own"),
        (LAYERS + "\n\ntotal = _CHUNK\n", KitError, "given to students uses _CHUNK"),
        (LAYERS + "\n\ndef (\n", KitError, r"layers\.py is no valid Python"),
    ],
    ids=["not found", "twice", "no docstring", "one line", "private in use", "syntax"],
)
def test_what_cannot_become_a_stub_is_an_error(tmp_path, text, error, message):
    with pytest.raises(error, match=message):
        stub_of(tmp_path, text)


def test_a_module_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(SyllabusError, match=r"there is no .*losses\.py"):
        stub_of(tmp_path, LAYERS, asking(loss_forward="losses.softmax"))


# The stubs of the course


@pytest.fixture(scope="module")
def stubs() -> dict[str, str]:
    return make_stubs(ROOT / COURSE.reference, COURSE)


def test_student_is_what_the_solution_gives_now(stubs):
    """If this fails: python -m autograder stubs."""
    home = ROOT / COURSE.package
    there = {
        path.relative_to(home).as_posix(): path.read_bytes().decode("utf-8")
        for path in home.rglob("*.py")
    }
    assert there == stubs


def test_every_function_of_the_syllabus_says_its_task(stubs):
    for task in COURSE.tasks:
        for function in task.functions[-1:]:
            module = stubs[function.split(".")[0] + ".py"]
            assert f'raise NotImplementedError("{task.id}")' in module


def test_no_run_of_six_tokens_of_the_solution_is_left_in_the_stubs(stubs):
    secret = secret_runs(ROOT / COURSE.reference, COURSE, length=6)
    assert len(secret) > 500
    for name, stub in stubs.items():
        assert not secret & runs(stub, 6), name


def test_a_linter_has_nothing_to_say_about_the_stubs(tmp_path):
    write_stubs(ROOT / COURSE.reference, tmp_path / COURSE.package, COURSE)
    config = ["--no-cache", "--config", str(ROOT / "pyproject.toml"), str(tmp_path)]
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *config],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
