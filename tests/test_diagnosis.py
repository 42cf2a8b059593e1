"""Naming a mistake: by fingerprint, by form, or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from autograder.cases.build import HOME
from autograder.cases.variants import Variants
from autograder.diagnosis import forms
from autograder.diagnosis.observations import Record, observe, recording
from autograder.mistakes import catalogue
from autograder.mistakes.patching import patched
from tests.corpus.wrong import package
from tests.grading import graded, lost

SOURCES = {path.name: path.read_text(encoding="utf-8") for path in (HOME / "solution").glob("*.py")}
VARIANTS = Variants(HOME / "solution")


def names(path: Path, task: str) -> set[str]:
    """The ids of the mistakes that are named in a task."""
    checks = graded(path, only=[task]).tasks[0].checks
    return {check.mistake.id for check in checks if check.mistake}


# By fingerprint ----------------------------------------------------------------------


@pytest.mark.parametrize("mistake", catalogue()[::40], ids=lambda mistake: mistake.id)
def test_a_known_mistake_is_named(mistake, tmp_path: Path) -> None:
    path = tmp_path / "student"
    path.mkdir()
    for file, text in patched(mistake.id, SOURCES).items():
        (path / file).write_text(text, encoding="utf-8")
    assert names(path, mistake.task) == {mistake.id}


def test_a_known_mistake_is_named_however_it_is_written(tmp_path: Path) -> None:
    loops = (
        "y = np.zeros((len(x), len(self.bias)), np.float32)\n"
        "        for b in range(len(x)):\n"
        "            for j in range(len(self.bias)):\n"
        "                y[b, j] = sum(x[b, i] * self.weight[i, j] for i in range(x.shape[1]))\n"
        "        return y"
    )
    path = package(tmp_path, {"layers.py": ("return x @ self.weight + self.bias", loops)})
    assert names(path, "linear.forward") == {"linear.forward.bias-forgotten"}


def test_two_mistakes_in_two_tasks_are_both_named(tmp_path: Path) -> None:
    path = package(
        tmp_path,
        {
            "losses.py": ("float(np.mean(log_sum - right))", "float(np.sum(log_sum - right))"),
            "layers.py": ("return last_x_grad * (x > 0)", "return last_x_grad * (last_x_grad > 0)"),
        },
    )
    assert names(path, "loss.forward") == {"loss.forward.sum-not-mean"}
    assert names(path, "relu.backward") == {"relu.backward.mask-from-gradient"}


def test_what_resembles_no_known_mistake_is_not_named(tmp_path: Path) -> None:
    path = package(
        tmp_path,
        {"layers.py": ("return np.maximum(x, 0)", "return np.sin(x) * np.cos(3 * x) + x * x")},
    )
    assert names(path, "relu.forward") == set()


def test_a_right_submission_is_told_of_no_mistake() -> None:
    result = graded(HOME / "solution", only=["relu", "linear"])
    assert lost(result) == {}
    assert not any(check.mistake for task in result.tasks for check in task.checks)


@pytest.mark.parametrize("mistake", catalogue(), ids=lambda mistake: mistake.id)
def test_a_variant_is_what_the_patch_makes(mistake) -> None:
    # Made in two ways: as a whole file, and function by function.
    variant = VARIANTS.make(mistake.id)
    assert variant.ReLULayer is not VARIANTS.make(None).ReLULayer
    whole: dict[str, object] = {}
    text = patched(mistake.id, SOURCES)["layers.py"]
    exec(compile(text, "layers.py", "exec"), whole)
    for name, kind in whole.items():
        if isinstance(kind, type) and name.endswith("Layer"):
            for method in ("forward", "backward", "update", "__init__"):
                theirs = vars(kind).get(method)
                if theirs is not None:
                    ours = getattr(getattr(variant, name), method)
                    ours, theirs = ours.__code__, theirs.__code__
                    assert (ours.co_names, ours.co_varnames) == (
                        theirs.co_names,
                        theirs.co_varnames,
                    )


# Observations ------------------------------------------------------------------------


def seen(value: np.ndarray, tolerance: float = 1e-6) -> Record:
    with recording() as record:
        observe("out", value, tolerance)
    return record


def test_equal_answers_resemble_each_other_up_to_rounding() -> None:
    x = np.random.RandomState(0).standard_normal((4, 50))
    assert seen(x).resembles(seen(x.astype(np.float32)))


@pytest.mark.parametrize(
    "change", [lambda x: -x, lambda x: x[::-1], lambda x: x.reshape(50, 4), lambda x: x + 1e-3]
)
def test_different_answers_do_not(change) -> None:
    x = np.random.RandomState(0).standard_normal((4, 50))
    assert not seen(x).resembles(seen(change(x)))


def test_what_is_not_finite_is_compared_too() -> None:
    x = np.arange(10.0)
    y = x.copy()
    y[3] = np.nan
    assert seen(y).resembles(seen(y))
    assert not seen(x).resembles(seen(y))


# By form -----------------------------------------------------------------------------

RANDOM = np.random.RandomState(3)
ANSWERS = [RANDOM.standard_normal((3, 4, 5, 6)), RANDOM.standard_normal((2, 3, 4, 4))]
FORMS = {
    "sign": (lambda x: -x, "opposite sign"),
    "factor": (lambda x: 7 * x, "7 times"),
    "mean": (lambda x: x / len(x), "divided by the size of the batch"),
    "sum": (lambda x: x * len(x), "multiplied by the size of the batch"),
    "offset": (lambda x: x + 0.5, "off by the same number"),
    "absolute": (np.abs, "lost its sign"),
    "flip": (lambda x: x[:, :, ::-1], "rows are in reverse order"),
    "turn": (lambda x: x[:, :, ::-1, ::-1], "rows and columns are in reverse order"),
    "shift": (lambda x: np.roll(x, 1, 3), "columns are one place further on"),
    "axes": (lambda x: x.transpose(0, 1, 3, 2), "Axes are swapped"),
}


@pytest.mark.parametrize("name", FORMS)
def test_the_form_of_an_error_is_named(name: str) -> None:
    change, words = FORMS[name]
    form = forms.recognise([(x, change(x)) for x in ANSWERS])
    assert form is not None
    assert words in form.title


@pytest.mark.parametrize(
    "pairs",
    [
        [(ANSWERS[0], -ANSWERS[0])],
        [(ANSWERS[0], -ANSWERS[0]), (ANSWERS[1], 2 * ANSWERS[1])],
        [(x, RANDOM.standard_normal(x.shape)) for x in ANSWERS],
        [(np.ones((3, 4)), -np.ones((3, 4)))] * 2,
    ],
    ids=["seen once", "two different forms", "no form", "answers without information"],
)
def test_a_form_that_is_not_sure_is_not_named(pairs) -> None:
    assert forms.recognise(pairs) is None


def test_the_place_of_an_error_is_named() -> None:
    got = ANSWERS[0].copy()
    got[1, :, 4] += 1
    assert forms.place(ANSWERS[0], got) == "wrong only in samples 1 of 0–2, rows 4 of 0–4"
    assert forms.place(ANSWERS[0], -ANSWERS[0]) is None


def test_the_cases_for_which_an_answer_is_right_are_named() -> None:
    assert forms.pattern({"square": True, "one": False, "two": False}) == "right only for: square"
    assert forms.pattern({"square": False, "one": True, "two": True}) == "wrong only for: square"
    assert forms.pattern({"one": False, "two": False}) is None
