"""What a submission gives is taken as numbers, or refused: docs/reference/values.md says what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from autograder.sandbox import submission as proxies
from autograder.sandbox.launch import Level
from autograder.sandbox.pool import Pool
from autograder.sandbox.problems import NotNumbers
from autograder.sandbox.submission import Budget, RemoteObject, Submission
from autograder.syllabus import Syllabus
from tests.fuzz import targets
from tests.grading import graded, write_package

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/reference/values.md").read_text("utf-8")
TAKEN, REFUSED = (
    part.split("\n## ")[0] for part in re.split(r"\n## (?:Taken|Refused)\n", PAGE)[1:]
)
TAKEN = re.findall(r"^\| .+ \| `(.+)` \|$", TAKEN, re.M)
REFUSED = re.findall(r"^\| `(.+)` \| (.+) \|$", REFUSED, re.M)

MODULE = """
import numpy as np


class BadlyMasked(np.ma.MaskedArray):
    _mask = property(lambda self: 1 / 0 if READ else np.ma.nomask, lambda self, mask: None)


class Meta(type):
    __name__ = 7
    __module__ = __mro__ = property(lambda cls: 1 / 0)


READ = False
BADLY_MASKED = np.ma.array([1.0]).view(BadlyMasked)
BADLY_NAMED = Meta("M", (), {{}})()
READ = True
ROWS = [
{rows}
]


class ReLULayer:
    def __init__(self, row):
        self.row = row

    def forward(self, x):
        return ROWS[self.row](x)
"""


def submission_of(folder: Path, rows: list[str]) -> Iterator[Submission]:
    """A worker in which `ReLULayer(row).forward(x)` gives what a row says."""
    lines = "\n".join(f"    lambda x: {row}," for row in rows)
    write_package(folder, init=MODULE.format(rows=lines))
    limits = Syllabus.load().limits
    pool = Pool(folder, "student", limits, Level("none"), ahead=1)
    made = pool.submission(limits, Budget(120))
    yield made
    made.end()
    pool.close()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Submission]:
    """One worker for all rows of the page."""
    yield from submission_of(tmp_path_factory.mktemp("page"), TAKEN + [row for row, _ in REFUSED])


@pytest.fixture
def rows(tmp_path: Path):
    """Makes a worker of rows."""
    made: list[Iterator[Submission]] = []

    def rows(*expressions: str) -> RemoteObject:
        made.append(submission_of(tmp_path, list(expressions)))
        return next(made[-1])

    yield rows
    for each in made:
        next(each, None)


X = np.array([1.0, -2.0])


def given_by(submission: Submission, row: int, x: np.ndarray = X):
    return submission.ReLULayer(row).forward(x)


def test_the_page_has_its_rows():
    assert len(TAKEN) > 30 and len(REFUSED) > 35


@pytest.mark.parametrize("row", TAKEN)
def test_what_the_page_says_is_taken_arrives_as_the_same_numbers(row, page):
    got = given_by(page, TAKEN.index(row))
    expected = eval(row, {"np": np, "x": X})
    if isinstance(expected, np.ndarray):
        expected = np.ndarray.view(expected, np.ndarray)
    if type(expected).__name__ == "Mine":
        expected = 1.5
    if type(expected).__name__ == "Rows":
        expected = [1.0, 2.0]
    assert type(got) is np.ndarray and not got.flags.writeable
    np.testing.assert_array_equal(got.astype(np.float64), np.asarray(np.real(expected), np.float64))


@pytest.mark.parametrize(("row", "words"), REFUSED)
def test_what_the_page_says_is_refused_is_refused_in_its_words(row, words, page):
    with pytest.raises(NotNumbers) as caught:
        given_by(page, len(TAKEN) + [each for each, _ in REFUSED].index(row))
    first = str(caught.value).splitlines()[0]
    assert first == f"expected an array of numbers, got {words}"


def test_none_is_told_apart(rows):
    assert given_by(rows("None"), 0) is None


def test_underflow_is_no_error_also_where_the_submission_made_it_one(rows):
    made = rows("np.seterr(all='raise') and np.array([1, np.longdouble('1e-4000')])")
    np.testing.assert_array_equal(given_by(made, 0), [1.0, 0.0])


def test_a_class_whose_own_code_fails_is_refused_not_a_crash(rows):
    made = rows(
        "BADLY_MASKED",
        "BADLY_NAMED",
    )
    for row, word in enumerate(["student.BadlyMasked that cannot be read", "student.M"]):
        with pytest.raises(NotNumbers, match=word):
            given_by(made, row)
    assert made.alive


def test_a_list_that_holds_itself_is_refused(rows):
    made = rows("(lambda one: one.append(one) or one)([])")
    with pytest.raises(NotNumbers, match="deeply nested"):
        given_by(made, 0)


def test_a_value_that_is_refused_is_shown_without_controls(rows):
    made = rows("type('\\x1b[2J\\u202e', (), {})()")
    with pytest.raises(NotNumbers) as caught:
        given_by(made, 0)
    assert r"\x1b[2J\u202e" in str(caught.value) and "\x1b" not in str(caught.value)


# How large an answer may be ------------------------------------------------------------


def test_a_wrong_shape_is_shown_as_long_as_it_is_not_much_too_large(rows):
    made = rows("np.zeros(60_000)", "np.zeros(600_000)", "np.zeros((len(x), 7))")
    with pytest.raises(NotNumbers, match="far too large"):
        given_by(made, 0)
    assert given_by(made, 0, np.zeros(10_000)).shape == (60_000,)
    with pytest.raises(NotNumbers, match="far too large"):
        given_by(made, 1, np.zeros(10_000))
    assert given_by(made, 2, np.zeros(10_000)).shape == (10_000, 7)


@pytest.mark.parametrize(
    ("name", "args", "method", "numbers"),
    [
        ("LinearLayer", (3, 12), "forward", 4),
        ("ConvolutionLayer", (1, 4, 5, 5), "forward", 4),
        ("MaxPoolingLayer", (2, 2), "forward", 0.25),
        ("LinearLayer", (3, 12), "backward", 1),
        ("ConvolutionNeuralNetwork", (), "predict", 10 / 784),
        ("ConvolutionNeuralNetwork", (), "backward", 78.4),
        ("ReLULayer", (), "forward", 1),
    ],
)
def test_a_question_knows_how_many_numbers_a_right_answer_has(name, args, method, numbers):
    assert proxies.growth(name, args, method) == numbers


def test_right_answers_fit_without_any_slack(monkeypatch):
    """In float64, as the solution gives them; what is granted is eight times that."""
    monkeypatch.setattr(proxies, "SLACK", 1)
    monkeypatch.setattr(proxies, "ROOM", 80)  # one number, whatever is asked
    monkeypatch.setattr(proxies, "PARAMETERS", 4706)
    assert graded(ROOT / "solution", skip=["accuracy"]).full_marks


# Whatever it is ------------------------------------------------------------------------


@settings(suppress_health_check=list(HealthCheck), deadline=None, derandomize=True, database=None)
@given(targets.values)
def test_any_value_is_none_or_numbers_or_words(value):
    assert targets.value(value) in ("none", "array", "other")
