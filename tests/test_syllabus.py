"""The syllabus says what the course asks, and refuses to contradict itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from autograder.errors import SyllabusError
from autograder.syllabus import HOME, Syllabus, given


@pytest.fixture
def course() -> Syllabus:
    return Syllabus.load()


def ids(tasks) -> list[str]:
    return [task.id for task in tasks]


def changed(folder: Path, old: str, new: str) -> Path:
    """Write the course's syllabus with one change."""
    text = HOME.read_text(encoding="utf-8")
    assert old in text
    path = folder / "syllabus.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_the_tasks_are_worth_100_points_and_accuracy_10_of_them(course):
    assert sum(task.points for task in course.tasks) == 100
    assert course.by_id("accuracy").points == 10


def test_a_task_without_limits_of_its_own_has_the_general_ones(course):
    assert course.by_id("relu.forward").limits == course.limits


def test_a_task_overrides_only_the_limits_that_it_names(course):
    own = course.by_id("network.predict").limits
    assert own.call != course.limits.call
    assert own.import_ == course.limits.import_


def test_the_syllabus_is_read_once(course):
    assert Syllabus.load() is course


def test_nothing_named_means_all_tasks(course):
    assert course.select() == course.tasks


def test_a_group_means_all_of_its_tasks(course):
    assert ids(course.select(["conv"])) == [
        "conv.init",
        "conv.forward",
        "conv.backward",
        "conv.update",
    ]


def test_tasks_come_in_the_order_of_the_syllabus_and_once(course):
    assert ids(course.select(["loss.forward", "relu", "relu.backward"])) == [
        "relu.forward",
        "relu.backward",
        "loss.forward",
    ]


def test_skipped_tasks_are_left_out(course):
    assert ids(course.select(["relu"], ["relu.forward"])) == ["relu.backward"]


def test_to_skip_all_that_was_named_is_an_error(course):
    with pytest.raises(SyllabusError, match="No task is left"):
        course.select(["relu"], ["relu"])


@pytest.mark.parametrize(
    "ask",
    [
        lambda course: course.by_id("conv.forwrad"),
        lambda course: course.select(["conv.forwrad"], []),
        lambda course: course.select([], ["conv.forwrad"]),
    ],
    ids=["by_id", "only", "skip"],
)
def test_an_unknown_name_is_answered_with_its_nearest(course, ask):
    with pytest.raises(SyllabusError, match=r"conv\.forwrad.*did you mean conv\.forward"):
        ask(course)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("points = 2", "points = 3", "must sum to 100, but sum to 101"),
        ("points = 2", 'points = "2"', r"relu\.forward.*points must be a whole number"),
        ("points = 2", "points = 0", "points must be a whole number above 0"),
        ('id = "relu.backward"', 'id = "relu.forward"', "two tasks have the id 'relu.forward'"),
        ('title = "ReLU, forward"', "", "'relu.forward' lacks the key 'title'"),
        ('title = "ReLU, forward"', 'titel = "ReLU"', "unknown key 'titel'; did you mean title"),
        ("call = 10", "cal = 10", "unknown key 'cal'; did you mean call"),
        ("call = 10", "call = true", "call must be a number above 0"),
        ("call = 10", "call = nan", "call must be a number above 0"),
        ("call = 120", "calls = 120", "'network.predict', limits has the unknown key"),
        ("call = 10", "", r"\[limits\] lacks the key 'call'"),
        ('["linear.backward"]', '["linear.backwards"]', "did you mean linear.backward"),
        ('["linear.backward"]', '["conv.backward"]', "rests on 'conv.backward', but .* earlier"),
        ('"layers.ReLULayer.forward"', '"forward"', "neither 'module.function'"),
        ("hints = 1 ", "hints = 3 ", "hints must be 0, 1 or 2"),
        ("threshold = 0.94", "threshold = 94", "threshold is a share, 0.94 for 94 %, not 94"),
        ('package = "student"', 'package = "my student"', "package must be the name of a"),
        ("[accuracy]", "[accuracy", "Cannot read the syllabus"),
    ],
)
def test_a_syllabus_that_contradicts_itself_is_refused(tmp_path, old, new, message):
    with pytest.raises(SyllabusError, match=message):
        Syllabus.load(changed(tmp_path, old, new))


def test_an_error_names_the_file(tmp_path):
    path = tmp_path / "none.toml"
    with pytest.raises(SyllabusError, match=r"none\.toml"):
        Syllabus.load(path)


def test_reading_the_syllabus_needs_no_numpy():
    code = "import sys, autograder.syllabus as s; s.Syllabus.load(); print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# A course of one's own ------------------------------------------------------------------


def variant(folder: Path, text: str) -> Syllabus:
    path = folder / "syllabus.toml"
    path.write_text(text, encoding="utf-8")
    return Syllabus.load(path)


def test_a_course_of_ones_own_says_only_what_is_otherwise(tmp_path, course):
    text = """
hints = 2
drop = ["linear.init", "conv.init"]
accuracy.threshold = 0.9
limits.call = 30
points."relu.forward" = 9
titles."relu.forward" = "Gleichrichter"
total = {}
"""
    points = {task.id: task.points for task in course.tasks}
    total = 100 - points["linear.init"] - points["conv.init"] + 9 - points["relu.forward"]
    own = variant(tmp_path, text.format(total))
    assert len(own.tasks) == len(course.tasks) - 2
    assert (own.hints, own.accuracy.threshold, own.accuracy.epochs) == (2, 0.9, 10)
    task = own.by_id("relu.forward")
    assert (task.points, task.title, task.limits.call) == (9, "Gleichrichter", 30)
    assert course.by_id("relu.forward").points == points["relu.forward"]


def test_a_group_is_dropped_by_its_name(tmp_path, course):
    points = sum(task.points for task in course.tasks if task.group == "accuracy")
    own = variant(tmp_path, f'drop = ["accuracy"]\ntotal = {100 - points}')
    assert [task.id for task in own.tasks] == [task.id for task in course.tasks[:-1]]


def test_only_what_is_set_is_asked_and_rests_on_nothing_else(tmp_path, course):
    own = variant(tmp_path, 'set = ["network.train", "loss"]')
    assert [task.id for task in own.tasks] == ["loss.forward", "loss.backward", "network.train"]
    last = own.by_id("network.train")
    assert set(last.rests_on) <= {"loss.forward", "loss.backward"}
    assert last.foundation == {"loss.forward", "loss.backward"}
    assert course.by_id("network.train").foundation > last.foundation


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('points."relu.forward" = 3', "must sum to 100, but sum to 101.*say total = 101"),
        ('points."relu.forwrad" = 3', "did you mean relu.forward"),
        ('drop = ["relu.forwrad"]', "did you mean relu.forward"),
        ('drop = ["linear.backward"]', "cannot be dropped: linear.update rests on it"),
        ('drop = ["conv"]', "conv.forward cannot be dropped: network.forward rests on it"),
        ('set = ["lineer"]', "did you mean linear"),
        ('set = "linear"', "set must be a list of texts"),
        ('handbook = "over there"', "handbook must be an address"),
        ("hint = 2", "unknown key 'hint'; did you mean hints"),
        ("points = 7", r"\[points\] must be a table"),
        ("accuracy.treshold = 0.9", "unknown key 'treshold'; did you mean threshold"),
        ("total = 0", "total must be a whole number above 0"),
    ],
)
def test_a_course_of_ones_own_that_cannot_be_is_refused(tmp_path, text, message):
    with pytest.raises(SyllabusError, match=message):
        variant(tmp_path, text)


def test_the_example_of_the_docs_is_a_course(tmp_path):
    page = (Path(__file__).parents[1] / "docs/course/variants.md").read_text(encoding="utf-8")
    own = variant(tmp_path, page.partition("```toml\n")[2].partition("```")[0])
    assert own.by_id("maxpool.forward").title == "Pooling, forward"


def test_of_a_handout_the_course_beside_the_cases_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.syllabus.has_solution", lambda: False)
    package, elsewhere = tmp_path / "work/student", tmp_path / "elsewhere"
    for folder in (package, tmp_path / "work/byhand", elsewhere):
        folder.mkdir(parents=True)
    theirs = tmp_path / "work/byhand/syllabus.toml"
    theirs.write_text("hints = 0\n", encoding="utf-8")
    assert given(package) == theirs.resolve()
    # What a student put there changes nothing where the cases are named.
    assert given(package, elsewhere / "cases.npz") is None
    (elsewhere / "syllabus.toml").write_text("hints = 2\n", encoding="utf-8")
    assert given(package, elsewhere / "cases.npz") == (elsewhere / "syllabus.toml").resolve()
