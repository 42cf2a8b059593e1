"""A result in other formats: each is read by rules of its own, whatever a submission says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt
from some_results import ALL, CRASH, CRASHED, EVIL, FAILED, PASSED, WRONG, evil_task, result, task

from autograder.errors import KitError
from autograder.reports import (
    annotations,
    classroom50,
    formats,
    gradescope,
    junit,
    markdown,
    prairielearn,
)
from autograder.reports.terminal import Terminal
from autograder.result import Check, Result

every = pytest.mark.parametrize("one", ALL.values(), ids=ALL)


# Reading a result back


@every
def test_a_result_is_read_back_as_it_was(one: Result) -> None:
    assert Result.from_json(one.to_json()) == one


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "3", '{"schema": "byhand/result/9"}', '{"schema": "byhand/result/1"}']
)
def test_what_is_no_result_is_refused(text: str) -> None:
    with pytest.raises(KitError):
        Result.from_json(text)


def test_an_outcome_that_does_not_exist_is_refused() -> None:
    with pytest.raises(KitError, match="perfect"):
        Result.from_json(ALL["full marks"].to_json().replace('"passed"', '"perfect"'))


# JUnit XML


def read_junit(one: Result) -> ET.Element:
    """The document, when it keeps the rules of the format."""
    text = junit.render(one)
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n')
    root = ET.fromstring(text.encode("utf-8"))
    assert root.tag == "testsuites"
    for suite in root:
        assert suite.tag == "testsuite" and suite.get("name")
        tags = [child.tag for child in suite]
        assert tags == sorted(tags)  # properties come before test cases
        assert set(tags) <= {"properties", "testcase"}
        for case in suite.iter("testcase"):
            assert set(case.attrib) == {"classname", "name"}
            assert len(case) <= 1
            for child in case:
                assert child.tag in ("failure", "error", "skipped")
                assert set(child.attrib) <= {"message", "type"}
    for element in (root, *root):
        assert int(element.get("tests", "")) == len([*element.iter("testcase")])
        for attribute, tag in (
            ("failures", "failure"),
            ("errors", "error"),
            ("skipped", "skipped"),
        ):
            assert int(element.get(attribute, "")) == len([*element.iter(tag)])
    names = Counter((case.get("classname"), case.get("name")) for case in root.iter("testcase"))
    assert names and max(names.values()) == 1
    return root


@every
def test_junit_keeps_the_rules(one: Result) -> None:
    read_junit(one)


def test_a_wrong_answer_is_a_failure_and_none_at_all_an_error() -> None:
    root = read_junit(ALL["every outcome"])
    found = {
        suite.get("name"): {child.tag for child in suite.findall("testcase/*")} for suite in root
    }
    assert found == {
        "relu.forward": set(),
        "conv.forward": {"failure"},
        "conv.backward": {"error"},
        "network.train": {"error"},
        "loss.forward": {"failure"},
        "network.test": {"skipped"},
        "accuracy": {"failure"},
    }


def test_junit_tells_the_mistake_and_the_points() -> None:
    root = read_junit(result(PASSED, FAILED))
    failure = root.find(".//failure")
    assert failure is not None and failure.text is not None
    assert "This looks like: The kernel is flipped." in failure.text
    assert "expected at [0, 1]: 2" in failure.text
    points = [one.get("value") for one in root.iterfind(".//property[@name='points']")]
    assert points == ["5", "0"]


def test_names_that_differ_in_punctuation_only_are_told_apart() -> None:
    root = read_junit(result(task("a", Check("x (1)", "passed"), Check("x [1]", "passed"))))
    names = [case.get("name", "") for case in root.iter("testcase")]
    assert len({re.sub(r"\W+", "", name) for name in names}) == 2


def test_junit_does_not_depend_on_the_day_or_the_machine() -> None:
    slower = Result("student", 1234, {}, 99.0, (PASSED, FAILED))
    assert junit.render(slower) == junit.render(Result("student", 1234, {}, 1.0, (PASSED, FAILED)))


# Markdown


def read_markdown(one: Result) -> list[Any]:
    """All tokens, those within lines included."""
    parser = MarkdownIt("gfm-like", {"linkify": False})
    tokens = parser.parse(markdown.render(one))
    return [inner for token in tokens for inner in (token, *(token.children or []))]


@every
def test_markdown_holds_no_link_no_picture_and_no_tag_of_a_submission(one: Result) -> None:
    for token in read_markdown(one):
        assert token.type not in ("link_open", "image", "html_inline")
        if token.type == "html_block":
            tags = re.findall(r"<[^>]*>", token.content)
            assert set(tags) <= {"<details>", "<summary>", "</summary>", "</details>"}


@every
def test_markdown_has_one_heading_and_all_tasks(one: Result) -> None:
    tokens = read_markdown(one)
    assert sum(token.type == "heading_open" for token in tokens) == 1
    rows = sum(token.type == "tr_open" for token in tokens)
    assert rows == (len(one.tasks) + 1 if one.tasks else 0)


@every
def test_markdown_opens_and_closes_the_same_number_of_details(one: Result) -> None:
    blocks = "".join(t.content for t in read_markdown(one) if t.type == "html_block")
    assert blocks.count("<details>") == blocks.count("</details>")


def test_markdown_shows_what_was_said_as_it_was_said() -> None:
    tokens = read_markdown(ALL["every outcome"])
    inline = [t.content for t in tokens if t.type == "text"]
    shown = "".join(t.content for t in tokens if t.type in ("text", "text_special"))
    blocks = [t.content for t in tokens if t.type == "fence"]
    assert inline
    assert shown.startswith("student: 5 of 35 points")
    assert "conv.forward Title of conv.forward" in shown
    assert any(WRONG in block and "Hint: Lay it on a window." in block for block in blocks)


def test_no_one_is_notified_by_a_submission() -> None:
    tokens = read_markdown(ALL["hostile"])
    shown = "".join(t.content for t in tokens if t.type in ("text", "text_special"))
    assert "everyone" in shown
    assert "@everyone" not in shown


# Annotations, and what a workflow takes for a command


def commands(text: str) -> list[str]:
    """The lines that a workflow would act on."""
    return [line for line in text.splitlines() if line.strip().startswith("::") or "##[" in line]


def test_a_crash_marks_its_file_and_line() -> None:
    assert annotations.render(result(CRASHED)) == (
        "::error file=student/layers.py,line=31,title=byhand::"
        "conv.backward: ValueError: operands could not be broadcast\n"
    )


def test_a_place_is_marked_once() -> None:
    text = annotations.render(ALL["one reason for all"])
    assert text.count("::error") == 1


@pytest.mark.parametrize(
    "name", ["/etc/passwd.py", "../up.py", "a,line=3::b.py", "a b.py", "a%0A.py", "<string>"]
)
def test_a_file_with_an_odd_name_is_not_marked(name: str) -> None:
    crash = Check("It works", "crashed", f"E: x\n  in {name}, line 3\n    y")
    assert annotations.render(result(task("a", crash, status="crashed"))) == ""


def test_a_text_cannot_end_its_command() -> None:
    assert annotations.data("100 %\r\n::x") == "100 %25%0D%0A::x"
    assert annotations.property_("a,b:c\n") == "a%2Cb%3Ac%0A"


def test_a_submission_cannot_forge_an_annotation() -> None:
    text = annotations.render(ALL["hostile"])
    assert len(text.splitlines()) == len(commands(text)) == 1
    assert re.fullmatch(r"::error file=student/layers\.py,line=3,title=byhand::[^\n]*\n", text)


@pytest.mark.parametrize(
    "text", ["::error::x", "  ::add-mask::x", "a\n\t::notice::x", "b ##[group]x"]
)
def test_a_command_is_made_harmless(text: str) -> None:
    assert commands(text)
    assert not commands(annotations.harmless(text))


@pytest.mark.parametrize("text", ["x[::2]", "a: b", "# # [", "std::vector"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert annotations.harmless(text) == text


def test_what_a_workflow_prints_holds_no_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    Terminal().result(ALL["hostile"])
    printed = capsys.readouterr().out
    assert "forged" in printed
    assert not commands(printed)


# Gradescope


@every
def test_gradescope_keeps_the_rules(one: Result) -> None:
    made = json.loads(gradescope.render(one))
    assert set(made) <= {
        *("score", "execution_time", "output", "output_format", "test_output_format"),
        *("test_name_format", "visibility", "stdout_visibility", "extra_data", "tests"),
    }
    assert isinstance(made["execution_time"], int)
    for test in made.get("tests", []):
        assert set(test) == {
            *("score", "max_score", "status", "name", "number", "output", "tags", "visibility"),
        }
        assert test["status"] in ("passed", "failed")
        assert isinstance(test["number"], str)
        assert 0 <= test["score"] <= test["max_score"]
    if one.tasks and one.error is None:
        assert made["score"] == sum(test["score"] for test in made["tests"]) == one.score
        assert sum(test["max_score"] for test in made["tests"]) == one.max_score


def test_the_graders_own_failure_is_no_zero_on_gradescope() -> None:
    made = json.loads(gradescope.render(ALL["grader failed"]))
    assert "score" not in made and "tests" not in made
    assert "the grader itself failed" in made["output"]


def test_what_was_refused_gets_0_and_the_reason_on_gradescope() -> None:
    made = json.loads(gradescope.render(ALL["refused"]))
    assert made["score"] == 0
    assert "it holds no submission" in made["output"]


def test_gradescope_shows_no_seed() -> None:
    assert "1234" not in gradescope.render(ALL["every outcome"])


# PrairieLearn


@every
def test_prairielearn_keeps_the_rules(one: Result) -> None:
    made = json.loads(prairielearn.render(one))
    assert isinstance(made["gradable"], bool)
    assert 0 <= made["score"] <= 1
    if made["gradable"]:
        assert made["score"] == pytest.approx((one.score or 0) / one.max_score)
        for test in made["tests"]:
            assert set(test) == {
                *("name", "description", "points", "max_points"),
                "message",
                "output",
            }
            assert 0 <= test["points"] <= test["max_points"]


def test_what_was_refused_costs_no_attempt() -> None:
    made = json.loads(prairielearn.render(ALL["refused"]))
    assert made["gradable"] is False
    assert "it holds no submission" in made["format_errors"]


def test_the_graders_own_failure_is_not_the_format_of_a_submission() -> None:
    made = json.loads(prairielearn.render(ALL["grader failed"]))
    assert made["gradable"] is False
    assert "format_errors" not in made


@pytest.mark.parametrize("character", ['"', "\\", "\n ", "é", "😀", "\x1b"])
def test_prairielearn_gets_less_than_1_mb(character: str) -> None:
    checks = [Check("It works", "failed", start + character * 10_000) for start in "ab"]
    many = (task(f"t{i}", *checks * 15) for i in range(100))
    assert len(prairielearn.render(result(*many)).encode("utf-8")) < 1_000_000


# Classroom 50

RUNNER = {
    "CLASSROOM": "cnn",
    "ASSIGNMENT": "byhand",
    "SUBMISSION_TAG": "submit/2026-06-01T14-32-05Z-a1b2c3d",
    "COMMIT_URL": "https://example.org/commit/1",
    "RELEASE_URL": "https://example.org/release/1",
    "REVIEW_URL": "",
}
NOW = datetime(2026, 6, 2, 8, 0, 0, tzinfo=UTC)


def read_classroom50(one: Result) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(classroom50.render(one, RUNNER, NOW))
    assert made["schema"] == "classroom50/result/v1"
    for key in ("classroom", "assignment", "submission", "commit", "release", "review"):
        assert isinstance(made[key], str)
    for key in ("datetime", "graded_at"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", made[key])
    for key in ("score", "max-score"):
        assert type(made[key]) is int
        assert all(type(test[key]) is int for test in made["tests"])
        assert made[key] == sum(test[key] for test in made["tests"])
    assert all(type(test["passed"]) is bool and test["test-name"] for test in made["tests"])
    return made


@pytest.mark.parametrize("name", [name for name in ALL if name != "grader failed"])
def test_classroom50_keeps_the_rules(name: str) -> None:
    read_classroom50(ALL[name])


def test_classroom50_is_told_what_its_runner_says() -> None:
    made = read_classroom50(ALL["every outcome"])
    assert (made["classroom"], made["assignment"]) == ("cnn", "byhand")
    assert made["review"] == made["commit"] == "https://example.org/commit/1"
    assert made["datetime"] == "2026-06-01T14:32:05Z"
    assert made["graded_at"] == "2026-06-02T08:00:00Z"


def test_what_was_refused_is_not_0_of_0_points() -> None:
    made = read_classroom50(ALL["refused"])
    assert (made["score"], made["max-score"]) == (0, 100)


def test_the_graders_own_failure_hands_no_mark_to_classroom50() -> None:
    with pytest.raises(KitError, match="no mark"):
        classroom50.render(ALL["grader failed"], RUNNER, NOW)


# All of them


@every
@pytest.mark.parametrize("name", formats.FORMATS)
def test_nothing_unseen_of_a_submission_is_in_a_format(name: str, one: Result) -> None:
    if name == "classroom50" and one is ALL["grader failed"]:
        return
    text = formats.render(name, one)
    assert not set(text) & set("\x1b\u202e\u2066\x00\r")


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "autograder", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, encoding="utf-8", timeout=600)


def test_a_saved_result_is_written_in_all_formats_at_once(tmp_path: Path) -> None:
    saved = tmp_path / "result.json"
    saved.write_text(ALL["every outcome"].to_json(), encoding="utf-8")
    wanted = [part for name in formats.FORMATS for part in (f"--{name}", tmp_path / name)]
    done = run("report", saved, *wanted)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    for name in set(formats.FORMATS) - {"classroom50"}:  # which holds the time
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert text == formats.render(name, ALL["every outcome"])


def test_a_dash_means_standard_output(tmp_path: Path) -> None:
    saved = tmp_path / "result.json"
    saved.write_text(result(CRASHED).to_json(), encoding="utf-8")
    assert run("report", saved, "--annotations", "-").stdout == annotations.render(result(CRASHED))


@pytest.mark.parametrize("wanted", [(), ("--html", "/no/such/folder/x.html")])
def test_a_report_that_cannot_be_written_is_an_error(
    tmp_path: Path, wanted: tuple[str, ...]
) -> None:
    saved = tmp_path / "result.json"
    saved.write_text(result(PASSED).to_json(), encoding="utf-8")
    done = run("report", saved, *wanted)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_what_cannot_be_graded_is_reported_in_all_formats(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    wanted = [part for name in formats.FORMATS for part in (f"--{name}", tmp_path / name)]
    done = run("grade", tmp_path / "empty", *wanted)
    assert done.returncode == 2
    assert json.loads((tmp_path / "prairielearn").read_text())["gradable"] is False
    assert "could not be taken as a submission" in (tmp_path / "html").read_text(encoding="utf-8")
    assert "<error" in (tmp_path / "junit").read_text(encoding="utf-8")


def test_a_check_that_says_evil_things_says_them_cleaned() -> None:
    message = evil_task("failed").checks[0].message
    assert "\\x1b[31m" in message and "\\u202e" in message
    assert EVIL not in message and CRASH not in message
