"""Naming a mistake: by fingerprint, by form, or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from autograder.cases import Case
from autograder.cases.build import HOME
from autograder.cases.variants import Variants
from autograder.diagnosis import failed_checks, places
from autograder.diagnosis.exact_forms import exact
from autograder.diagnosis.failed_checks import by_checks
from autograder.diagnosis.observations import Record, observe, recording
from autograder.diagnosis.vague_forms import vague
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
    assert variant.ReLULayer is not VARIANTS.make().ReLULayer
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


def crash(kind: str, text: str) -> Record:
    return Record(status="crashed", kind=kind, method="FlattenLayer.backward", text=text)


def test_exceptions_of_other_shapes_do_not_resemble_each_other() -> None:
    one = crash("ValueError", "cannot reshape array of size 2000 into shape (5,4)")
    other = crash("ValueError", "cannot reshape array of size 50 into shape (5,4)")
    assert one.resembles(one)
    assert not one.resembles(other)
    assert one.resembles(crash("ValueError", "shape-mismatch for sum"))


def test_an_exception_of_the_same_kind_with_other_words_is_no_evidence() -> None:
    missing = crash("TypeError", "backward() missing 1 required positional argument")
    assert missing.ends_as(missing)
    assert not missing.ends_as(crash("TypeError", "unsupported operand type(s) for *"))
    # How shapes are refused hangs on the function that meets them.
    assert crash("ValueError", "not aligned").ends_as(crash("ValueError", "mismatch"))


def test_what_is_not_finite_is_compared_too() -> None:
    x = np.arange(10.0)
    y = x.copy()
    y[3] = np.nan
    assert seen(y).resembles(seen(y))
    assert not seen(x).resembles(seen(y))


# By form -----------------------------------------------------------------------------

RANDOM = np.random.RandomState(3)
ANSWERS = [RANDOM.standard_normal((3, 4, 5, 6)), RANDOM.standard_normal((2, 3, 4, 4))]
TABLES = [RANDOM.standard_normal((5, 4)), RANDOM.standard_normal((3, 6))]


def seen_wrong(pairs, cases=()) -> dict[str, Record]:
    """Records of checks in which these answers were wrong."""
    cases = cases or [None] * len(pairs)
    return {
        f"test_forward_value[{index}]": Record(status="failed", pair=pair, case=case)
        for index, (pair, case) in enumerate(zip(pairs, cases, strict=True))
    }


FORMS = {
    "sign": (lambda x: -x, "opposite sign"),
    "factor": (lambda x: 7 * x, "7 times"),
    "mean": (lambda x: x / len(x), "divided by the size of the batch"),
    "sum": (lambda x: x * len(x), "multiplied by the size of the batch"),
    "image": (lambda x: x / x[0].size, "divided by the number of values in an image"),
    "offset": (lambda x: x + 0.5, "off by the same number"),
    "absolute": (np.abs, "the absolute value of what it should be"),
    "rectified": (lambda x: np.maximum(x, 0), "its negative values set to 0"),
    "cut": (lambda x: np.clip(x, None, 0.75), "above 0.75: it is cut off"),
    "whole": (np.rint, "rounded to whole numbers"),
    "decimals": (lambda x: np.round(x, 2), "rounded to 2 decimals"),
    "half": (lambda x: x.astype(np.float16).astype(float), "nearly right"),
    "flip": (lambda x: x[:, :, ::-1], "rows are in reverse order"),
    "turn": (lambda x: x[:, :, ::-1, ::-1], "rows and columns are in reverse order"),
    "shift": (lambda x: np.roll(x, 1, 3), "columns are one place further on"),
    "axes": (lambda x: x.transpose(0, 1, 3, 2), "Axes are swapped"),
    "order": (lambda x: x.transpose(0, 2, 3, 1).reshape(x.shape), "read off in another order"),
    "flat": (lambda x: x.reshape(len(x), -1), "only the shape is not"),
    "cut-out": (lambda x: x[:, :, :-1], "rows at the end are missing"),
    "padded": (
        lambda x: np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))),
        "at all borders are too many",
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_the_form_of_an_error_is_named(name: str) -> None:
    change, words = FORMS[name]
    form = exact(seen_wrong([(x, change(x)) for x in ANSWERS]))
    assert form is not None
    assert words in form.title


VAGUE = {
    "nothing": (np.zeros_like, "Every value is 0"),
    "nan": (lambda x: np.full_like(x, np.nan), "No value is a finite number"),
    "constant": (lambda x: np.full_like(x, 3.0), "the same number"),
    "holes": (lambda x: x * (np.arange(x.shape[3]) < 3), "Where the answer is wrong, it is 0"),
    "repeated": (lambda x: np.zeros_like(x) + x[:1], "All samples of the answer are the same"),
    "own factor": (lambda x: x / x.max(axis=(1, 2, 3), keepdims=True), "samples are right but for"),
    "own number": (
        lambda x: x - x.max(axis=(0, 2, 3), keepdims=True),
        "channels are right but for",
    ),
    "places": (lambda x: np.sort(x, axis=None).reshape(x.shape), "but in other places"),
    "signs": (lambda x: x * np.sign(np.sin(9 * x)), "for the signs"),
    "axis": (lambda x: x[0], "1 axis fewer"),
    "last": (lambda x: x + x**2 * (np.arange(x.shape[3]) == x.shape[3] - 1), "last of the columns"),
    "case": (lambda x: x * (x[0, 0, 0, 0] + 3), "another one in each case"),
}


def test_a_parameter_that_takes_no_step_is_said_to_stay() -> None:
    records = seen_wrong([(x, np.ones_like(x)) for x in ANSWERS])
    for record in records.values():
        record.before = record.pair[1]
    form = vague(records)
    assert form is not None
    assert form.title == "A parameter stays as it was"


@pytest.mark.parametrize("name", VAGUE)
def test_what_is_right_about_a_wrong_answer_is_said(name: str) -> None:
    change, words = VAGUE[name]
    records = seen_wrong([(x, change(x)) for x in ANSWERS])
    assert exact(records) is None
    form = vague(records)
    assert form is not None
    assert words in form.title


QUESTIONS = [
    Case("", "", "", (), {"x": RANDOM.standard_normal(x.shape), "bias": RANDOM.rand(x.shape[1])})
    for x in TABLES
]
TERMS = {
    "missing": (lambda right, case: right - case["bias"], "A term is missing: bias is not added"),
    "twice": (lambda right, case: right + case["bias"], "bias is added two times"),
    "other sign": (lambda right, case: right - 2 * case["bias"], "bias is subtracted"),
    "too much": (lambda right, case: right + 0.01 * case["x"], "0.01 times x is added"),
    "product": (lambda right, case: right * case["x"], "multiplied by that of x once too often"),
    "itself": (lambda right, case: case["x"], "The answer is x itself"),
    "mask": (lambda right, case: (case["x"] > 0) * 1.0, "1 where x is positive"),
    "sum": (lambda right, case: case["x"].sum(1), "the sum of x over its columns"),
}


@pytest.mark.parametrize("name", TERMS)
def test_what_an_answer_was_made_of_is_named(name: str) -> None:
    change, words = TERMS[name]
    pairs = [(x, change(x, case)) for x, case in zip(TABLES, QUESTIONS, strict=True)]
    form = exact(seen_wrong(pairs, QUESTIONS))
    assert form is not None
    assert words in form.title


def test_the_condition_on_which_an_answer_is_wrong_is_named() -> None:
    pairs = [
        (right, np.where(case["x"] < 0, 0.3 * right, right))
        for right, case in zip(TABLES, QUESTIONS, strict=True)
    ]
    form = vague(seen_wrong(pairs, QUESTIONS))
    assert form is not None
    assert form.title == "The answer is wrong where x is negative, and right elsewhere"


def test_a_sum_of_one_number_is_told_from_a_mean() -> None:
    batches = (2, 3, 5, 7, 4, 6)
    cases = [Case("", "", "", (), {"x": np.ones((batch, 8))}) for batch in batches]
    losses = [np.array(RANDOM.rand()) for _ in batches]
    pairs = [(loss, loss * batch) for loss, batch in zip(losses, batches, strict=True)]
    form = exact(seen_wrong(pairs, cases))
    assert form is not None
    assert form.title == "Every value is multiplied by the size of the batch"


@pytest.mark.parametrize(
    "pairs",
    [
        [(ANSWERS[0], -ANSWERS[0])],
        [(ANSWERS[0], -ANSWERS[0])] * 2,
        [(ANSWERS[0], -ANSWERS[0]), (ANSWERS[1], ANSWERS[1] + 1)],
        [(x, RANDOM.standard_normal(x.shape)) for x in ANSWERS],
        [(np.ones((3, 4)), -np.ones((3, 4))), (np.ones((2, 4)), -np.ones((2, 4)))],
        [(np.array(0.5), np.array(1.0)), (np.array(0.7), np.array(1.4))],
    ],
    ids=[
        "seen once",
        "the same answer twice",
        "two different forms",
        "no form",
        "answers without information",
        "two numbers",
    ],
)
def test_a_form_that_is_not_sure_is_not_named(pairs) -> None:
    records = seen_wrong(pairs)
    assert exact(records) is None
    assert vague(records) is None


def outcomes(**statuses: str) -> dict[str, Record]:
    return {f"test_backward_{name}": Record(status=status) for name, status in statuses.items()}


def test_a_promise_that_is_broken_alone_is_the_form() -> None:
    form = by_checks(outcomes(value="passed", state="failed", other_batch="crashed"))
    assert form is not None
    assert form.title.startswith("Right the first time only")
    form = by_checks(outcomes(value="passed", arguments="failed", state="failed"))
    assert form is not None
    assert form.title.endswith("the call changes what it was given")


def test_a_promise_that_is_broken_with_others_is_not() -> None:
    assert by_checks(outcomes(value="failed", state="failed")) is None


def test_what_was_not_judged_is_not_called_right() -> None:
    assert by_checks(outcomes(value="skipped", state="failed")) is None


def test_faults_that_the_checks_themselves_tell_are_named_together() -> None:
    records = outcomes(value="passed", bias="failed", weight="failed")
    records["test_backward_bias"].fault, records["test_backward_weight"].fault = "bias", "mean"
    form = by_checks(records)
    assert form is not None
    assert "The biases do not start from zero / and: The weights do not" in form.title
    records["test_backward_weight"].fault = ""
    assert by_checks(records) is None


INITIAL = [Case("", "", "", args) for args in ((400, 150), (60, 700))]


@pytest.mark.parametrize(
    ("variance", "words"),
    [
        (lambda d1, d2: 1 / d1, "the variance 1 / fan_in"),
        (lambda d1, d2: 2 / d2, "the variance 2 / fan_out"),
        (lambda d1, d2: (2 / d1) ** 2, "the variance (2 / fan_in)²"),
        (lambda d1, d2: 1.4 / d1, "0.7 times what it should be"),
    ],
)
def test_a_variance_that_is_known_is_named(variance, words: str) -> None:
    pairs = [(np.array(2 / d1), np.array(variance(d1, d2))) for d1, d2 in ((400, 150), (60, 700))]
    records = seen_wrong(pairs, INITIAL)
    for record in records.values():
        record.fault = "variance"
    form = failed_checks.variance(records)
    assert form is not None
    assert words in form.title


# By another question -----------------------------------------------------------------


ALTERED = {
    "linear.forward": (
        "layers.py",
        "return x @ self.weight + self.bias",
        "return x[:, ::-1] @ self.weight + self.bias",
        "as if x had its columns in reverse order",
    ),
    "linear.backward": (
        "layers.py",
        "self.weight_grad = x.T @ last_x_grad",
        "self.weight_grad = np.abs(x).T @ last_x_grad",
        "as if x had lost its signs",
    ),
    "loss.forward": (
        "losses.py",
        "float(np.mean(log_sum - right))",
        "float(np.mean((log_sum - right)[:1] if len(y) < 4 else (log_sum - right)[1:]))",
        "",
    ),
    "network.test": (
        "network.py",
        "test_y[start : start + batch_size]",
        "test_y[::-1][start : start + batch_size]",
        "as if the labels came in reverse order",
    ),
}


@pytest.mark.parametrize("task", ALTERED)
def test_the_question_that_was_answered_instead_is_named(task: str, tmp_path: Path) -> None:
    file, old, new, words = ALTERED[task]
    checks = graded(package(tmp_path, {file: (old, new)}), only=[task]).tasks[0].checks
    titles = {check.mistake.title for check in checks if check.mistake}
    assert len(titles) == bool(words)
    assert all(words in title for title in titles)


def test_a_crash_is_no_evidence_of_another_question(tmp_path: Path) -> None:
    # Any argument of a wrong shape crashes as well.
    changed = ("return x @ self.weight + self.bias", "return x @ self.weight @ self.bias.nothing")
    checks = graded(package(tmp_path, {"layers.py": changed}), only=["linear.forward"])
    assert not any(check.mistake for check in checks.tasks[0].checks)


# By place ----------------------------------------------------------------------------


def test_the_place_of_an_error_is_named() -> None:
    wrong = np.zeros((3, 4, 5, 6), bool)
    wrong[1, :, 4] = True
    assert places.place(wrong) == "wrong only in samples 1 of 0–2, rows 4 of 0–4"
    assert places.place(np.ones_like(wrong)) is None


def test_a_map_shows_which_values_are_wrong() -> None:
    wrong = np.zeros((3, 4, 5, 6), bool)
    wrong[1, 2, 3:, ::2] = True
    assert places.chart(wrong) == [
        "map of [1, 2], x is wrong:",
        "  . . . . . .",
        "  . . . . . .",
        "  . . . . . .",
        "  x . x . x .",
        "  x . x . x .",
    ]


def test_a_map_is_no_larger_than_a_screen() -> None:
    lines = places.chart(np.arange(40 * 50).reshape(40, 50) % 7 == 0)
    assert len(lines) == 1 + places.ROWS
    assert max(map(len, lines)) <= 70
    assert "first 12 × 24 of 40 × 50" in lines[0]


def test_there_is_no_map_of_an_answer_that_is_all_wrong() -> None:
    assert places.chart(np.ones((3, 4, 5, 6), bool)) == []


def test_the_cases_for_which_an_answer_is_right_are_named() -> None:
    assert places.pattern({"square": True, "one": False, "two": False}) == "right only for: square"
    assert places.pattern({"square": False, "one": True, "two": True}) == "wrong only for: square"
    assert places.pattern({"one": False, "two": False}) is None
