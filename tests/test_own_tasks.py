"""A task of an instructor's own: one file beside the syllabus, from stub to mark."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from leaks import runs

from autograder.cases.build import HOME, build_cases, load_reference
from autograder.cases.given import load_cases
from autograder.checks.run import collected
from autograder.cli import main
from autograder.course import notebooks, public_cases
from autograder.course.class_run import Plan
from autograder.course.own import prove
from autograder.course.stubs import write_stubs
from autograder.course.template import write_template
from autograder.errors import KitError, SyllabusError
from autograder.grading import grade
from autograder.result import Result
from autograder.sandbox.isolation import unprotected
from autograder.syllabus import Syllabus, use
from tests.grading import cases_of, lost

PAGE = (HOME / "docs/course/variants.md").read_text(encoding="utf-8")
COURSE = PAGE.split("```toml\n")[2].partition("```")[0]
CHECKS = PAGE.split("```python\n")[1].partition("```")[0]
FORWARD = "return x.reshape(b, c, h // self.k1, self.k1, w // self.k2, self.k2).mean((3, 5))"
STUB = 'raise NotImplementedError("avgpool.forward")'

pytestmark = pytest.mark.filterwarnings("ignore:Unknown pytest.mark")  # of the example


@pytest.fixture(autouse=True)
def the_course_of_the_kit_afterwards() -> Iterator[None]:
    yield
    use(None)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The files of the docs' example."""
    (tmp_path / "avgpool.py").write_text(CHECKS, encoding="utf-8")
    file = tmp_path / "my.toml"
    file.write_text(COURSE, encoding="utf-8")
    return file


def changed(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def used(own: Path) -> Syllabus:
    use(own)
    return Syllabus.load()


def graded(own: Path, *changes: tuple[str, str]) -> Result:
    """The result of the whole solution with changes in the file of the task."""
    syllabus = used(own)
    package = own.parent / "work/student"
    write_stubs(HOME / syllabus.reference, package, syllabus, ())
    for old, new in changes:
        changed(package / "avgpool.py", old, new)
    return grade(package, load_cases(None, syllabus), syllabus, syllabus.own_tasks)


# Grading -------------------------------------------------------------------------------


def test_the_example_of_the_docs_has_full_marks(own: Path) -> None:
    result = graded(own)
    assert (result.score, result.max_score) == (8, 8)


def test_a_wrong_answer_loses_its_own_task(own: Path) -> None:
    result = graded(own, (".mean((3, 5))", ".sum((3, 5))"))
    assert lost(result) == {"avgpool.forward": "failed"}
    mistake = next(check.mistake for check in result.tasks[0].checks if check.mistake)
    assert "by one factor" in mistake.title and mistake.page == ""


def test_the_submission_stays_behind_the_pipe(own: Path) -> None:
    peeks = "import sys; assert 'pytest' not in sys.modules and 'autograder' not in sys.modules"
    result = graded(own, (FORWARD, f"{peeks}; {FORWARD}"))
    assert lost(result) == {}


def test_each_seed_has_cases_of_its_own(own: Path) -> None:
    files = used(own).own
    one, two = (build_cases(seed, load_reference(), files).group("avgpool") for seed in (1, 2))
    assert (one[0]["x"] != two[0]["x"]).all()


def test_the_tasks_of_the_kit_are_asked_as_before(own: Path) -> None:
    with_own = build_cases(1234, load_reference(), used(own).own)
    for mine, kits in zip(with_own, cases_of(), strict=False):
        assert mine.title == kits.title
        assert all((mine[name] == kits[name]).all() for name in kits.arrays)


def test_another_check_makes_another_key_of_a_result(own: Path) -> None:
    keys = set()
    for remark in ("", "\n# stricter\n"):
        own.with_name("avgpool.py").write_text(CHECKS + remark, encoding="utf-8")
        syllabus = used(own)
        keys.add(Plan(syllabus, syllabus.tasks, unprotected()).key("digest"))
    assert len(keys) == 2


def test_a_class_is_graded_with_it(own: Path, tmp_path: Path) -> None:
    syllabus = used(own)
    write_stubs(HOME / syllabus.reference, tmp_path / "class/Ada/student", syllabus, ())
    out = tmp_path / "out"
    options = ["class", str(tmp_path / "class"), "--out", str(out), "--task", "avgpool"]
    assert main(["--syllabus", str(own), *options, "--workers", "1"]) == 0
    (result,) = (json.loads(file.read_text()) for file in (out / "results").glob("*.json"))
    assert (result["score"], result["max_score"]) == (8, 8)


# What students get ---------------------------------------------------------------------


@pytest.fixture
def handout(own: Path, quick: None) -> Path:
    folder = own.parent / "Zoë's work"
    assert main(["--syllabus", str(own), "handout", str(folder)]) == 0
    return folder


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Public cases without fingerprints, which take a minute to make."""
    monkeypatch.setattr(
        public_cases, "make", lambda syllabus, tell=None: load_cases(None, syllabus)
    )


def test_a_handout_holds_stub_and_checks_but_no_answer(handout: Path) -> None:
    stub = (handout / "student/avgpool.py").read_text(encoding="utf-8")
    assert STUB in stub and "Return the means" in stub and "pytest" not in stub
    assert "AveragePoolingLayer" in (handout / "student/__init__.py").read_text(encoding="utf-8")
    checks = (handout / "byhand/avgpool.py").read_text(encoding="utf-8")
    assert "def test_forward_value" in checks and "def cases" not in checks
    secret = runs(FORWARD, 10)
    for file in handout.rglob("*"):
        if file.is_file():
            assert not secret & runs(file.read_bytes().decode("utf-8", "replace"), 10), file
    assert "`avgpool.forward`" in (handout / "README.md").read_text(encoding="utf-8")


def test_a_student_checks_it(
    handout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    as_on_a_students_computer(monkeypatch)
    monkeypatch.chdir(handout)
    assert main(["check", "avgpool.forward"]) == 1
    changed(handout / "student/avgpool.py", STUB, f"b, c, h, w = x.shape\n        {FORWARD}")
    assert main(["check", "avgpool.forward"]) == 0
    assert "3 of 108 points" in capsys.readouterr().out
    assert main(["grade", "student", "--task", "avgpool.forward"]) == 0


def test_its_checks_are_tests_of_its_file(handout: Path) -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "student/avgpool.py"]
    # A checkout has a solution, and takes no course from a folder; a student's wheel has none.
    hide = "import autograder.cases.given as g\nimport autograder.syllabus as s\n"
    hide += "s.has_solution = g.has_solution = lambda: False\n"
    (handout / "conftest.py").write_text(hide, encoding="utf-8")
    done = subprocess.run(
        command,
        cwd=handout,
        env=os.environ | {"PYTHONPATH": str(HOME), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert "student/avgpool.py::avgpool.forward::Each value is the mean" in done.stdout


def test_code_of_a_course_is_not_run_where_nobody_works(
    handout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    as_on_a_students_computer(monkeypatch)
    monkeypatch.chdir(handout.parent)
    assert main(["grade", str(handout / "student"), "--task", "relu"]) == 2
    assert "comes with code of its own" in capsys.readouterr().err


def as_on_a_students_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no solution."""
    for module in ("autograder.syllabus", "autograder.cases.given"):
        monkeypatch.setattr(f"{module}.has_solution", lambda: False)


def test_notebooks_have_a_chapter_for_it(own: Path, quick: None) -> None:
    folder = own.parent / "course"
    notebooks.write_notebooks(folder, used(own))
    text = (folder / "source/cnn/5-more.ipynb").read_text(encoding="utf-8")
    assert "method_of(AveragePoolingLayer)" in text and '"avgpool-forward"' in text
    assert (folder / "course/avgpool.py").read_text(encoding="utf-8") == CHECKS
    assert "def cases" not in (folder / "source/cnn/byhand/avgpool.py").read_text(encoding="utf-8")


def test_a_platform_of_the_instructor_grades_with_it(own: Path) -> None:
    folder = own.parent / "platform"
    write_template("prairielearn", folder, used(own))
    assert "--syllabus course/syllabus.toml grade" in (folder / "grade").read_text()
    assert (folder / "kit/course/avgpool.py").read_text(encoding="utf-8") == CHECKS


# What is refused -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("total = 108", "total = 107", "must sum to 107, but sum to 108"),
        ("points = 3", "point = 3", "unknown key 'point'; did you mean points"),
        ('"avgpool.forward"', '"meanpool.forward"', r"needs its checks in .*meanpool\.py"),
        ('"avgpool.forward"', '"relu.other"', "a name that the kit does not use, not 'relu'"),
        ('"avgpool.forward"', '"layers.other"', "not 'layers'"),
        ('["avgpool.Av', '["layers.Av', "is no method of a class in its file"),
        ('["avgpool.AveragePoolingLayer.forward"]', "[]", "asks for no function"),
        ("[[add]]", "[add]", "two brackets|Cannot read"),
    ],
)
def test_an_entry_that_cannot_be_is_refused(own: Path, old: str, new: str, message: str) -> None:
    changed(own, old, new)
    with pytest.raises(SyllabusError, match=message):
        use(own)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("def cases(", "def make(", r"lacks a function cases\(random, reference\)"),
        ("import pytest\n", "import pytset\n", "cannot be imported: ModuleNotFoundError"),
        ("random.standard_normal(shape)", "1 / 0", "cases failed: ZeroDivisionError"),
        ("random.standard_normal(shape)", "np.ones(shape)", "no strong cases"),
        ('cases("avgpool")', 'cases("pool")', "no cases of the group 'pool'"),
        ('task("avgpool.backward")', 'task("avgpool.backwards")', "belongs to no task: mark it"),
        ("@backward\n", "@forward\n", "avgpool.backward: .*no check was collected"),
        (".mean((3, 5))", ".sum((3, 5))", "backward of the reference is not the derivative"),
        ("layer.forward_value(submission, case)", "pass", "of its own stub the check .* passed"),
        ("layer.forward_value(submission, case)", "assert 0", "says grader error"),
        ("class AveragePoolingLayer", "class Pooling", "has no attribute 'AveragePoolingLayer'"),
    ],
)
def test_checks_that_cannot_be_trusted_are_not_handed_out(
    own: Path, old: str, new: str, message: str
) -> None:
    changed(own.with_name("avgpool.py"), old, new)
    syllabus = used(own)
    with pytest.raises(KitError, match=f"(?s){message}"):
        prove(syllabus, load_cases(None, syllabus))


def test_checks_that_need_the_reference_are_not_handed_out(own: Path, quick: None) -> None:
    own.with_name("avgpool.py").write_text(
        CHECKS + "\n\ndef right(x):\n    return AveragePoolingLayer(2, 2).forward(x)\n",
        encoding="utf-8",
    )
    folder = own.parent / "new"
    with pytest.raises(KitError, match="the checks use AveragePoolingLayer"):
        public_cases.give(folder, used(own), load_cases(None, Syllabus.load()))


def test_each_check_of_the_kit_belongs_to_a_task() -> None:
    assert collected(Syllabus.load().tasks, cases_of()).strays == []
