"""The pages for a student and for the class, as a browser and as a screen reader meet them."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import html5lib
import numpy as np
import pytest
from browser import PROGRAM, Page, browser
from PIL import Image
from some_results import (
    ALL,
    EVIL,
    FAILED,
    MISTAKE,
    PASSED,
    UNLEARNED,
    evil_task,
    result,
    slices,
    task,
)

from autograder.checks.evidence import arrays, training
from autograder.classroom import (
    BROKEN,
    GRADED,
    MISSING,
    REFUSED,
    ClassResult,
    Mark,
    Pair,
    Row,
    Student,
)
from autograder.errors import KitError
from autograder.reports import class_page, figures, student_page, telling
from autograder.result import Check, Result, TaskResult
from autograder.text import one_line

every = pytest.mark.parametrize("one", ALL.values(), ids=ALL)
ROOT = Path(__file__).parents[1]


def read(page: str) -> ET.Element:
    """The document, when it is valid and holds no way out of itself."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    document: ET.Element = parser.parse(page)
    ids = [element.get("id") for element in document.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for element in document.iter():
        assert element.tag not in ("iframe", "object", "embed", "base", "form", "link")
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            if name == "src":
                assert value.startswith("data:image/png;base64,")
            if name == "href":
                assert re.match(r"#|handbook/|students/|pairs/|gradebook\.csv$", value)
                assert not value.startswith("#") or value[1:] in ids
            if name in ("aria-labelledby", "for"):
                assert value in ids
    return document


def text_of(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def student(one: Result, **more: Any) -> ET.Element:
    return read(student_page.render(one, **more))


# A student's page


@pytest.mark.parametrize(
    "damaged",
    [{"kind": "arrays"}, {"kind": "arrays", "expected": 1, "got": []}, {"kind": "training"}],
)
def test_evidence_that_was_damaged_by_hand_is_said(damaged: dict[str, Any]) -> None:
    check = Check("It is right", "failed", "it is wrong", evidence=damaged)
    one = Result("student", 1, {}, 1.0, (TaskResult("relu.forward", "", 0, 2, "failed", (check,)),))
    with pytest.raises(KitError, match="evidence of 'It is right' cannot be drawn"):
        student_page.render(one)


@every
def test_a_page_is_valid_and_leads_nowhere_else(one: Result) -> None:
    student(one)


@every
def test_a_student_page_has_no_script(one: Result) -> None:
    assert student(one).find(".//script") is None


def test_what_a_submission_says_is_text() -> None:
    page = student(ALL["hostile"])
    assert "<script>alert(1)</script>" in text_of(page)
    assert "{{7*7}}" in text_of(page)
    heading = page.find(".//h1")
    assert heading is not None and text_of(heading) == one_line(one_line(EVIL))


def test_the_mistake_its_hint_and_the_messages_are_told() -> None:
    text = text_of(student(ALL["every outcome"]))
    for part in (
        "This looks like: The kernel is flipped.",
        "Hint: Lay it on a window.",
        "expected at [0, 1]: 2",
        "ValueError: operands could not be broadcast",
        "Does a loop never end?",
        "waits for loss.forward",
        "losses.CrossEntropyLoss.forward",
    ):
        assert part in text


def test_two_mistakes_in_one_task_are_both_told_and_each_once() -> None:
    other = replace(MISTAKE, id="conv.forward.other", title="The bias is left out")
    checks = (
        *FAILED.checks,
        Check("The bias is added", "failed", "it is not", other),
        Check("The bias is added to all", "failed", "it is not", other),
    )
    text = text_of(student(result(task("conv.forward", *checks))))
    assert text.count("This looks like: The kernel is flipped.") == 1
    assert text.count("This looks like: The bias is left out.") == 1


def test_every_outcome_is_said_in_a_word_and_not_by_its_colour_alone() -> None:
    page = student(ALL["every outcome"])
    rows = [text_of(row) for row in page.iterfind(".//table[@class='tasks']/tbody/tr")]
    words = ("passed", "failed", "crashed", "timed out", "not implemented yet", "skipped", "failed")
    assert len(rows) == len(words)
    assert all(word in row for word, row in zip(words, rows, strict=True))


def test_what_all_tasks_share_is_told_once() -> None:
    assert text_of(student(ALL["one reason for all"])).count("operands could not") == 1


def test_the_same_error_in_another_task_is_not_told_again() -> None:
    crash = Check("It works", "crashed", "ValueError: no\n  in student/a.py, line 3\n    x")
    pair = [task(n, crash, PASSED.checks[0], status="crashed") for n in ("a", "b")]
    text = text_of(student(result(*pair)))
    assert text.count("in student/a.py, line 3 x") == 1
    assert "student/a.py, line 3 fails as in a: ValueError." in text


def test_the_score_after_a_late_hand_in_is_shown_with_what_was_taken_off() -> None:
    row = Row(Student("x-1", "Zoë"), GRADED, Mark(5.0, 1.5, 30.0), submission="Zoë.zip")
    text = text_of(student(ALL["full marks"], row=row))
    assert "Zoë" in text
    assert "3.5 of 5 points" in text
    assert "5 points, less 1.5 for being 30 hours late." in text


def test_a_refused_submission_is_told_why_and_gets_no_points() -> None:
    text = text_of(student(ALL["refused"]))
    assert "could not be taken as a submission" in text
    assert "it holds no submission" in text
    assert "points" not in text


def test_a_failure_of_the_grader_is_not_the_students() -> None:
    text = text_of(student(ALL["grader failed"]))
    assert "It is not your fault" in text
    assert "0 of" not in text


def test_what_isolation_was_obtained_is_said() -> None:
    text = text_of(student(ALL["full marks"]))
    assert "Isolation: files hidden, network denied; not so: tree killed." in text


def test_the_seed_of_the_cases_is_not_shown() -> None:
    assert "1234" not in student_page.render(ALL["every outcome"])


def test_the_handbook_is_linked_where_it_lies_and_only_named_else() -> None:
    links = [
        [link.get("href") for link in student(ALL["every outcome"], handbook=where).iter("a")]
        for where in ("", "handbook/")
    ]
    assert not any("handbook" in (link or "") for link in links[0])
    assert "handbook/convolution.html#flip" in links[1]


@pytest.mark.parametrize("page", ["../up", "a b", "x:y", "javascript:alert(1)", ""])
def test_a_page_with_an_odd_name_is_not_linked(page: str) -> None:
    assert telling.address(page, "handbook") == ""


# Pictures


def heat_maps(one: Result) -> list[list[list[ET.Element]]]:
    """The cells of each heat map of a slice."""
    tables = student(one).iterfind(".//div[@class='heats']//table")
    return [[row.findall("td") for row in list(table.iter("tr"))[1:]] for table in tables]


def drawn(evidence: dict[str, Any]) -> Result:
    return result(task("a", Check("It works", "failed", "x", evidence=evidence)))


def test_a_slice_is_shown_as_expected_received_and_difference() -> None:
    expected, received, difference = heat_maps(drawn(slices(got=20.0)))
    assert [text_of(cell) for cell in expected[2]] == ["20.00", "21.00", "22.00", "23.00"]
    assert [text_of(cell) for cell in received[2]] == ["20.00", "21.00", "22.00", "20.00"]
    assert [text_of(cell) for cell in difference[2]] == ["0", "0", "0", "−3.00"]


def test_where_a_slice_is_furthest_off_is_marked_and_told() -> None:
    one = drawn(slices(got=20.0))
    for cells in heat_maps(one):
        marked = [
            (i, j)
            for i, row in enumerate(cells)
            for j, cell in enumerate(row)
            if "worst" in (cell.get("class") or "")
        ]
        assert marked == [(2, 3)]
    assert "They differ most at [1, 2, 3]: expected 23, received 20." in text_of(student(one))


def test_numbers_without_a_colour_have_one_sign() -> None:
    expected, _, difference = heat_maps(drawn(slices(got=20.0)))
    classes = {cell.get("class") for row in difference for cell in row}
    assert classes == {"z", "n10 worst"}
    assert all((cell.get("class") or "")[0] in "pz" for row in expected for cell in row)


def test_an_answer_that_is_far_too_large_leaves_the_expected_one_its_colours() -> None:
    expected, _, _ = heat_maps(drawn(slices(got=1e30)))
    assert len({cell.get("class") for row in expected for cell in row}) > 2


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_is_said(value: float) -> None:
    one = drawn(slices(got=value))
    _, received, _ = heat_maps(one)
    assert text_of(received[2][3]) == "×"
    assert "expected 23, received not finite" in text_of(student(one))
    assert "× is a number that is not finite" in text_of(student(one))


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1.0, 1e6, 1e30])
def test_numbers_of_any_size_fit_in_their_cells(scale: float) -> None:
    evidence = slices(got=20.0)
    for name in ("expected", "got"):
        evidence[name] = [[scale * value for value in row] for row in evidence[name]]  # type: ignore[attr-defined]
    for cells in heat_maps(drawn(evidence)):
        assert max(len(text_of(cell)) for row in cells for cell in row) <= 6
    assert len({text_of(cell) for row in heat_maps(drawn(evidence))[0] for cell in row}) == 12


@pytest.mark.parametrize("shape", [(2,), (40,), (1, 2), (3, 40), (2, 3, 50, 60)])
def test_a_slice_of_any_shape_is_shown(shape: tuple[int, ...]) -> None:
    expected = np.random.RandomState(0).normal(size=shape)
    evidence = arrays(expected, -expected)
    assert evidence is not None
    one, two, three = heat_maps(drawn(evidence))
    assert len(one) == len(two) == len(three) == len(evidence["expected"])


@pytest.mark.parametrize("dark", [False, True])
def test_numbers_can_be_read_on_the_colour_of_their_cell(dark: bool) -> None:
    rules = re.findall(r"background:#(\w{6});color:#(\w{3})}", figures.colours(dark))
    assert len(rules) == 2 * figures.STEPS + 1
    for back, ink in rules:
        colour = tuple(int(back[i : i + 2], 16) for i in (0, 2, 4))
        assert figures.contrast((colour[0], colour[1], colour[2]), f"#{ink}") >= 4.5


def test_colours_get_stronger_with_the_number() -> None:
    shades = [figures.shade(value, 1.0) for value in (-1, -0.55, -0.01, 0, 0.01, 0.55, 1, 9)]
    assert shades == ["n10", "n6", "n1", "z", "p1", "p6", "p10", "p10"]


def test_digits_that_were_misread_are_shown() -> None:
    page = student(result(UNLEARNED))
    with np.load(ROOT / "autograder/data/mnist.npz") as archive:
        images = archive["test_images"]
    pictures = page.findall(".//img")
    assert [one.get("alt") for one in pictures] == [
        "A handwritten 2, test image 1",
        "A handwritten 0, test image 3",
    ]
    for index, picture in zip((1, 3), pictures, strict=True):
        data = base64.b64decode((picture.get("src") or "").partition(",")[2])
        with Image.open(io.BytesIO(data)) as image:
            assert np.array_equal(255 - np.array(image), images[index])
    assert "2 → read as 3" in text_of(page)


def test_curves_and_confusions_are_also_text() -> None:
    page = student(result(UNLEARNED))
    labels = [one.get("aria-label") for one in page.iter("{http://www.w3.org/2000/svg}svg")]
    assert labels == [
        "Accuracy on the test split: 10.0%, 30.0%, 50.0%",
        "Loss while training: 2.3, not finite, 0.7",
    ]
    assert "2 of 4 are misread." in text_of(page)
    table = page.find(".//table[@class='heat confusion']")
    assert table is not None
    rows = [[text_of(cell) for cell in row.findall("td")] for row in list(table.iter("tr"))[1:]]
    assert rows[7] == ["0"] * 7 + ["1", "0", "0"]
    assert rows[2] == ["0", "0", "0", "1"] + ["0"] * 6


@pytest.mark.parametrize("losses", [[None], [None, None], [-1.0, -3.0], [0.0, 0.0], [2.3, -0.5]])
def test_a_training_without_a_loss_that_means_anything_is_drawn(losses: list[float | None]) -> None:
    evidence = training(losses, [0.1] * len(losses), np.array([1]), np.array([1]))
    page = student(drawn(evidence))
    for path in page.iter("{http://www.w3.org/2000/svg}path"):
        assert re.fullmatch(r"M[\d.]+ [\d.]+([HVL][\d.]+( [\d.]+)?)*", path.get("d") or "")


def test_one_pass_is_told_in_words_and_not_drawn_as_a_dot() -> None:
    page = student(drawn(training([0.344], [0.943], np.array([1]), np.array([1]))))
    told = "One pass over the data was enough: accuracy on the test split 94.3%, loss"
    assert told in text_of(page)
    assert page.find(".//div[@class='curves']") is None
    more = student(drawn(training([0.3, 0.2], [0.9, 0.95], np.array([1]), np.array([1]))))
    assert "One pass" not in text_of(more)
    assert more.find(".//div[@class='curves']") is not None


def test_a_picture_of_nothing_finite_has_no_legend() -> None:
    panels = figures.comparison(
        {
            "kind": "arrays",
            "expected": [[None] * 3] * 2,
            "got": [[None] * 3] * 2,
            "origin": [0, 0],
            "index": [],
            "shape": [2, 3],
        }
    ).panels
    assert [panel.end for panel in panels] == ["", "", ""]


# The class


def graded(number: int, name: str, **more: Any) -> Row:
    row = {"mark": Mark(50.0), "submission": f"{name}.zip", "key": str(number), **more}
    return Row(Student(f"s{number}", name), GRADED, **row)


LEARNED = result(PASSED, FAILED)
ROWS = (
    graded(1, "Ана"),
    graded(2, "O'Hara, Zoë", mark=Mark(80.0, 8.0, 26.0)),
    graded(3, EVIL, twins=("s4",), key="same"),
    graded(4, "Twin", twins=("s3",), key="same"),
    Row(Student("s5", "Nobody"), MISSING),
    Row(Student("s6", "Empty"), REFUSED, submission="a.zip", reason="the archive is damaged"),
    Row(Student("s7", "Unlucky"), BROKEN, reason="the grader itself failed"),
)
RESULTS = {
    "s1": ALL["every outcome"].as_dict(),
    "s2": LEARNED.as_dict(),
    "s3": ALL["hostile"].as_dict(),
    "s4": {**LEARNED.as_dict(), "score": 5.0, "public": {"seed": 1, "score": 10.0}},
}


def class_of(*rows: Row, pairs: tuple[Pair, ...] = ()) -> ClassResult:
    return ClassResult("Autumn", "1.0", 60.0, 100.0, {"files_hidden": True}, rows, pairs)


PAIRS = (Pair("s1", "s2", 0.625, "pairs/s1--s2.html"), Pair("s1", "gone", 0.9))
CLASS = class_of(*ROWS, pairs=PAIRS)


def class_document(
    outcome: ClassResult = CLASS, results: Mapping[str, Any] = RESULTS
) -> ET.Element:
    return read(class_page.render(outcome, results))


def part(page: ET.Element, name: str) -> ET.Element:
    found = page.find(f".//section[@aria-labelledby='{name}']")
    assert found is not None
    return found


def table_rows(element: ET.Element) -> list[list[str]]:
    return [[text_of(cell) for cell in row] for row in element.iterfind(".//tbody/tr")]


def test_the_class_page_is_valid_and_leads_nowhere_else() -> None:
    class_document()


@pytest.mark.parametrize("rows", [(), ROWS[4:5], ROWS[:1]])
def test_a_class_of_any_kind_has_a_page(rows: tuple[Row, ...]) -> None:
    class_document(class_of(*rows))


def test_names_and_reasons_are_text_on_the_class_page() -> None:
    assert "<script>alert(1)</script>" in text_of(part(class_document(), "students"))


def test_only_its_own_script_may_run() -> None:
    page = class_document()
    scripts = page.findall(".//script")
    assert len(scripts) == 1
    digest = hashlib.sha256((scripts[0].text or "").encode("utf-8")).digest()
    policy = page.find(".//meta[@http-equiv='Content-Security-Policy']")
    assert policy is not None
    allowed = f"script-src 'sha256-{base64.b64encode(digest).decode()}';"
    assert allowed in (policy.get("content") or "")


def test_each_student_has_a_row_and_those_with_a_result_a_link() -> None:
    table = part(class_document(), "students")
    rows = table_rows(table)
    assert [row[0] for row in rows][:2] == ["Ана", "O'Hara, Zoë"]
    assert len(rows) == len(ROWS)
    links = [unquote(link.get("href") or "") for link in table.iter("a")]
    assert links == [f"students/s{i}.html" for i in (1, 2, 3, 4)]
    assert rows[1][1:4] == ["72", "1", "late: 80 − 8"]
    assert rows[5][3] == "refused"


def test_the_matrix_has_a_letter_for_each_task() -> None:
    rows = table_rows(part(class_document(), "students"))
    assert rows[0][-1] == "·FCTNSF"
    assert rows[1][-1] == "·F"
    assert rows[4][-1] == ""


def test_the_most_frequent_mistake_is_told_with_who_made_it() -> None:
    rows = table_rows(part(class_document(), "mistakes"))
    assert rows[0] == ["3", "The kernel is flipped", "conv.forward", "Ана, O'Hara, Zoë, Twin"]


def test_a_mistake_that_is_met_in_two_tasks_is_told_for_each() -> None:
    result = LEARNED.as_dict()
    task = next(one for one in result["tasks"] if one["id"] == "conv.forward")
    result["tasks"].append({**task, "id": "conv.backward"})
    row = graded(1, "Ана")
    page = class_document(class_of(row), {row.student.id: result})
    told = [(row[0], row[2], row[3]) for row in table_rows(part(page, "mistakes"))]
    assert ("1", "conv.forward", "Ана") in told
    assert ("1", "conv.backward", "Ана") in told


def test_of_many_students_with_a_mistake_the_first_are_named() -> None:
    rows = [graded(i, f"Student {i}") for i in range(100)]
    results = {row.student.id: LEARNED.as_dict() for row in rows}
    who = table_rows(part(class_document(class_of(*rows), results), "mistakes"))[0]
    assert who[0] == "100"
    assert who[3].endswith("Student 29 and 70 more")


def test_the_hardest_task_comes_first() -> None:
    rows = table_rows(part(class_document(), "tasks"))
    assert rows[-1][1].startswith("relu.forward")
    assert rows[-1][3] == "100 %"
    failed = next(row for row in rows if row[1].startswith("conv.forward"))
    assert failed[3:] == ["0 %", "4", "0", "0", "0", "0"]


def test_crashes_and_time_outs_are_told() -> None:
    rows = table_rows(part(class_document(), "broken"))
    assert ["1", "ValueError: operands could not be broadcast", "conv.backward", "Ана"] in rows
    assert ["1", "no answer", "network.train", "Ана"] in rows


def test_a_package_that_cannot_be_imported_is_one_crash_and_not_one_for_each_task() -> None:
    outcome = class_of(graded(1, "Ана"))
    results = {"s1": ALL["one reason for all"].as_dict()}
    assert len(table_rows(part(class_document(outcome, results), "broken"))) == 1


def test_identical_files_and_similar_pairs_are_told() -> None:
    alike = part(class_document(), "alike")
    assert f"{one_line(EVIL, 60)}, Twin" in [text_of(one) for one in alike.iter("li")]
    assert table_rows(alike) == [["Ана", "O'Hara, Zoë", "62 %", "side by side"]]


def test_who_has_no_mark_is_told_with_the_reason() -> None:
    rows = table_rows(part(class_document(), "without"))
    assert rows == [
        ["Unlucky", "grader error", "", "the grader itself failed"],
        ["Nobody", "not handed in", "", ""],
        ["Empty", "refused", "a.zip", "the archive is damaged"],
    ]


def test_late_work_is_told_with_what_it_costs() -> None:
    assert table_rows(part(class_document(), "late")) == [["O'Hara, Zoë", "26", "80", "8", "72"]]


def test_a_large_gap_to_the_public_cases_is_told() -> None:
    assert table_rows(part(class_document(), "gaps")) == [["Twin", "5", "10"]]


def test_every_mark_is_in_one_bar_of_the_histogram() -> None:
    bars = class_page.histogram([0, 4.9, 5, 99.9, 100], 100.0)
    counts = [bar.count for bar in bars]
    assert (counts[0], counts[1], counts[-1], sum(counts)) == (2, 1, 2, 5)


class Reading(dict[str, Any]):
    """Results that are read when they are asked for; it keeps who was."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.append(key)
        return LEARNED.as_dict()


def test_each_result_is_read_once_in_the_order_of_the_rows() -> None:
    reading = Reading()
    class_page.render(CLASS, reading)
    assert reading.asked == ["s1", "s2", "s3", "s4"]


def test_a_very_large_class_has_no_list_of_students_and_the_page_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(class_page, "LISTED", 6)
    students = part(class_document(), "students")
    assert students.find(".//table") is None
    assert "With more than 6 students the list is left out" in text_of(students)


# In a browser

in_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="there is no Chromium"),
]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as page:
        yield page


LARGE = drawn(
    {
        "kind": "arrays",
        "shape": [28, 28],
        "index": [],
        "origin": [0, 0],
        "expected": np.eye(28).tolist(),
        "got": (-np.eye(28)).tolist(),
    }
)
PAGES = {
    **{name: student_page.render(one, handbook="handbook") for name, one in ALL.items()},
    "a large slice": student_page.render(LARGE),
    "long lines": student_page.render(result(evil_task("failed", 2), name="x" * 5000)),
    "the class": class_page.render(CLASS, RESULTS),
}
LOOKS = [
    (390, False, ""),
    (390, True, ""),
    (768, False, ""),
    (1280, True, ""),
    (768, False, "print"),
]


def named(folder: Path, text: str) -> Path:
    file = folder / "page.html"
    file.write_text(text, encoding="utf-8")
    return file


BAD = """<!DOCTYPE html><title>Bad</title><body><p style="color:#999;background:#fff">Pale</p>
<img src="http://192.0.2.1/x.png"><div style="width:5000px">Wide</div><script>none()</script>"""


@pytest.mark.browser
@pytest.mark.skipif(PROGRAM is None, reason="there is no Chromium")
def test_faults_of_a_page_are_found(chromium: Page, tmp_path: Path) -> None:
    chromium.open(named(tmp_path, BAD), 390)
    faults = " ".join(chromium.faults())
    for part in ("Pale: 2.85", "too wide", "asks for http://192.0.2.1", "none is not defined"):
        assert part in faults


@pytest.mark.parametrize(("width", "dark", "media"), LOOKS)
@pytest.mark.parametrize("name", PAGES)
class TestInABrowser:
    pytestmark = in_browser

    def test_a_page_has_no_fault(
        self, chromium: Page, tmp_path: Path, name: str, width: int, dark: bool, media: str
    ) -> None:
        chromium.open(named(tmp_path, PAGES[name]), width, dark, media)
        assert chromium.faults() == []


class TestTheClassInABrowser:
    pytestmark = in_browser

    def names(self, page: Page) -> list[str]:
        code = "[...document.querySelectorAll('#students-table tbody tr')].filter(r => !r.hidden)"
        found: list[str] = page.evaluate(f"{code}.map(r => r.cells[0].textContent)")
        return found

    def test_a_click_sorts_and_another_turns_it_round(self, chromium: Page, tmp_path: Path) -> None:
        chromium.open(named(tmp_path, PAGES["the class"]))
        click = "document.querySelectorAll('#students-table thead button')[1].click()"
        chromium.evaluate(click)
        assert self.names(chromium)[3] == "O'Hara, Zoë"
        chromium.evaluate(click)
        assert self.names(chromium)[0] == "O'Hara, Zoë"
        assert self.names(chromium)[-3:] == ["Nobody", "Empty", "Unlucky"]

    def test_a_task_of_the_matrix_sorts_too(self, chromium: Page, tmp_path: Path) -> None:
        chromium.open(named(tmp_path, PAGES["the class"]))
        chromium.evaluate("document.querySelectorAll('#students-table .place button')[2].click()")
        assert self.names(chromium)[0] in ("Ана", one_line(EVIL, 60))

    def test_the_filter_finds_a_name_without_its_accents(
        self, chromium: Page, tmp_path: Path
    ) -> None:
        chromium.open(named(tmp_path, PAGES["the class"]))
        chromium.evaluate(
            "(box => { box.value = 'zoe';"
            " box.dispatchEvent(new Event('input')) })(document.querySelector('#filter'))"
        )
        assert self.names(chromium) == ["O'Hara, Zoë"]

    def test_without_a_script_everything_is_there(self, chromium: Page, tmp_path: Path) -> None:
        page = re.sub(r"(?s)<script>.*</script>", "", PAGES["the class"])
        chromium.open(named(tmp_path, page))
        assert len(self.names(chromium)) == len(ROWS)
        assert chromium.evaluate("document.querySelectorAll('button').length") == 0
        assert not chromium.evaluate("document.querySelector('#filter').offsetParent")

    def test_it_can_be_printed(self, chromium: Page, tmp_path: Path) -> None:
        chromium.open(named(tmp_path, PAGES["every outcome"]))
        assert chromium.printed().startswith(b"%PDF-")
