"""The catalogue of mistakes is complete, and the checks catch every one of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.cases import Cases
from autograder.cases.build import build_cases, load_reference
from autograder.errors import KitError
from autograder.grading import grade
from autograder.mistakes import Mistake, by_id, catalogue
from autograder.mistakes.patching import Edit, _edited, has_patches, patched, patches, ways
from autograder.result import Result
from autograder.syllabus import Syllabus
from tests.grading import lost

SOLUTION = Path(__file__).parents[1] / "solution"
MISTAKES = catalogue()
SAMPLE = [
    "relu.backward.mask-from-gradient",
    "flatten.forward.end-exclusive",
    "maxpool.backward.all-tied-maxima",
    "linear.backward.weight-not-transposed",
    "linear.update.shared-between-layers",
    "conv.backward.kernel-not-flipped",
    "loss.forward.columns-picked",
    "network.train.mean-over-all-epochs",
]

each = pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.id)


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    """The files of the solution."""
    return {path.name: path.read_text(encoding="utf-8") for path in SOLUTION.glob("*.py")}


@pytest.fixture(scope="module")
def cases() -> Cases:
    return build_cases(1234, load_reference("solution"))


# The texts ---------------------------------------------------------------------------


def test_the_catalogue_is_large_and_covers_every_task() -> None:
    assert len(MISTAKES) >= 150
    tasks = {task.id for task in Syllabus.load().tasks if task.id != "accuracy"}
    assert {mistake.task for mistake in MISTAKES} == tasks


def test_ids_are_unique_and_readable() -> None:
    ids = [mistake.id for mistake in MISTAKES]
    assert len(ids) == len(set(ids))
    for name in ids:
        assert re.fullmatch(r"[a-z]+\.[a-z]+\.[a-z0-9]+(-[a-z0-9]+)*", name)


def test_titles_tell_the_mistakes_of_a_task_apart() -> None:
    titles = [(mistake.task, mistake.title) for mistake in MISTAKES]
    assert len(titles) == len(set(titles))


@each
def test_an_entry_belongs_to_the_syllabus(mistake: Mistake) -> None:
    syllabus = Syllabus.load()
    assert syllabus.by_id(mistake.task).page == mistake.page.partition("#")[0]
    assert len({mistake.task, *mistake.also}) == 1 + len(mistake.also)
    for task in mistake.also:
        syllabus.by_id(task)


@each
def test_the_texts_are_complete(mistake: Mistake) -> None:
    assert 5 <= len(mistake.title) <= 70
    assert not mistake.title.endswith(".")
    for text in (mistake.why, *mistake.hints):
        assert len(text) >= 10
        assert text.endswith((".", "?", "]", ")"))
    assert mistake.hints[0] != mistake.hints[1]


@each
def test_the_first_hint_does_not_give_the_answer(mistake: Mistake) -> None:
    """It may name an array or a function, but holds no expression that could be copied."""
    assert not re.search(r"np\.\w+\(|\w\(\w.*, \w+=|\w @ \w|[+*/-]=|\[:|::|axis=", mistake.hints[0])


def test_a_mistake_is_found_by_its_id() -> None:
    assert by_id(MISTAKES[0].id) is MISTAKES[0]
    with pytest.raises(KitError, match="no mistake 'conv'"):
        by_id("conv")


# The patches -------------------------------------------------------------------------


def test_every_mistake_has_a_patch_and_every_patch_a_mistake() -> None:
    assert has_patches()
    assert {patch.id for patch in patches().values()} == {mistake.id for mistake in MISTAKES}
    assert {mistake.id for mistake in MISTAKES} <= patches().keys()


@pytest.mark.parametrize("key", patches())
def test_a_patch_applies_and_compiles(key: str, sources: dict[str, str]) -> None:
    changed = patched(key, sources)
    assert changed.keys() == sources.keys()
    assert changed != sources


def test_no_two_patches_are_the_same_code(sources: dict[str, str]) -> None:
    seen: dict[str, str] = {}
    for key in patches():
        changed = patched(key, sources).items()
        code = "".join(ast.dump(ast.parse(text)) for name, text in changed if text != sources[name])
        assert seen.setdefault(code, key) == key


def test_a_mistake_can_be_made_in_several_ways() -> None:
    assert ways("network.predict.log-probabilities") == (
        "network.predict.log-probabilities",
        "network.predict.log-probabilities/of-zero",
        "network.predict.log-probabilities/log-softmax",
    )
    assert ways("relu.forward.minimum") == ("relu.forward.minimum",)


def test_an_edit_replaces_a_piece_or_a_body() -> None:
    source = 'class A:\n    def f(self):\n        """Say."""\n        return 1\n\n\nx = 2\n'
    piece = _edited(source, Edit("m.A.f", "return 1", "return 3"))
    assert piece == source.replace("return 1", "return 3")
    body = _edited(source, Edit("m.A.f", None, "if x:\n    return 4\n"))
    assert body == source.replace("return 1", "if x:\n            return 4")


def test_a_patch_that_does_not_fit_says_why(sources: dict[str, str]) -> None:
    with pytest.raises(KitError, match="no patch for the mistake 'relu'"):
        patched("relu", sources)
    with pytest.raises(KitError, match=r"relu\.forward\.minimum: there is no layers\.py"):
        patched("relu.forward.minimum", {})
    with pytest.raises(KitError, match="there is no ReLULayer"):
        patched("relu.forward.minimum", {"layers.py": "x = 1\n"})
    with pytest.raises(ValueError, match="found 0 times"):
        _edited("def f():\n    return 1\n", Edit("m.f", "return 2", "return 3"))
    with pytest.raises(ValueError, match="found 2 times"):
        _edited("def f():\n    return 1 + 1\n", Edit("m.f", "1", "2"))


# The checks --------------------------------------------------------------------------


Grading = Callable[[str], Result]


@pytest.fixture
def graded_with(sources: dict[str, str], cases: Cases, tmp_path: Path) -> Grading:
    """Grades the solution with a patch, in the groups where its mistake should be felt."""

    def graded_with(key: str) -> Result:
        package = tmp_path / "student"
        package.mkdir()
        for name, text in patched(key, sources).items():
            (package / name).write_text(text, encoding="utf-8")
        syllabus, mistake = Syllabus.load(), by_id(patches()[key].id)
        groups = {task.partition(".")[0] for task in (mistake.task, *mistake.also)}
        result = grade(package, cases, syllabus, syllabus.select(sorted(groups)))
        assert result.error is None
        return result

    return graded_with


@pytest.mark.parametrize("name", SAMPLE)
def test_a_mistake_is_caught(name: str, graded_with: Grading) -> None:
    mistake = by_id(name)
    assert set(lost(graded_with(name))) == {mistake.task, *mistake.also}


@pytest.mark.slow
@pytest.mark.parametrize("key", patches())
def test_each_mistake_is_caught_and_costs_its_own_task_only(key: str, graded_with: Grading) -> None:
    mistake = by_id(patches()[key].id)
    assert set(lost(graded_with(key))) == {mistake.task, *mistake.also}


@pytest.mark.parametrize("key", [key for key, patch in patches().items() if patch.way])
def test_a_mistake_is_named_in_whatever_way_it_is_made(key: str, graded_with: Grading) -> None:
    mistake = by_id(patches()[key].id)
    task = next(task for task in graded_with(key).tasks if task.id == mistake.task)
    named = {check.mistake.title for check in task.checks if check.mistake}
    assert [mistake.title in title.split(" / or: ") for title in named] == [True]
