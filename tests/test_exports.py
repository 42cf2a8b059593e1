"""Marks reach the platforms in the instructor's own files, and nothing else changes there."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from names import NAMES

from autograder.classroom import BROKEN, GRADED, MISSING, REFUSED, ClassResult, Mark, Row, Student
from autograder.cli import main
from autograder.course.exports import export
from autograder.course.gradebook import COLUMNS, write_gradebook
from autograder.course.platforms import Filled, fill_canvas, fill_moodle
from autograder.course.table import Table
from autograder.errors import KitError
from autograder.text import one_line

TASKS = ("relu.forward", "conv.forward")


def result_of(first: float, second: float) -> dict:
    points = zip(TASKS, (first, second), (40, 60), strict=True)
    return {"tasks": [{"id": i, "points": p, "max_points": m} for i, p, m in points]}


def outcome_of(*rows: Row) -> ClassResult:
    return ClassResult("CNN", "1", 1.0, 100.0, {}, rows)


def graded(name: str, raw: float, penalty: float = 0.0, **ids) -> Row:
    student = Student(ids.pop("id", f"id-{name}"), name, **ids)
    return Row(student, GRADED, Mark(raw, penalty), key=f"key-{student.id}")


CLASS = outcome_of(
    graded("Ann Lee", 92.5, 10.0, login="alee"),
    graded("Bob Ray", 100.0, login="bray"),
    Row(Student("id-cem", "Cem Un", login="cun"), MISSING),
    Row(Student("id-dan", "Dan Oh", login="doh"), BROKEN, reason="the grader failed"),
    Row(Student("id-eve", "Eve Ah", login="eah"), REFUSED, reason="holds no submission"),
)


# The plain table


def rows_of(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))


def test_the_gradebook_has_a_row_for_each_student_and_a_column_for_each_task(tmp_path):
    file = tmp_path / "gradebook.csv"
    write_gradebook(file, CLASS, {"id-Ann Lee": result_of(32.5, 60)}, TASKS)
    ann, bob, *_ = rows_of(file)
    assert list(ann) == [*COLUMNS, *TASKS]
    assert (ann["score"], ann["raw"], ann["penalty"]) == ("82.5", "92.5", "10")
    assert (ann["relu.forward"], ann["conv.forward"]) == ("32.5", "60")
    assert (bob["score"], bob["relu.forward"]) == ("100", "")
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")


def test_who_has_no_mark_has_an_empty_cell_and_never_a_zero(tmp_path):
    write_gradebook(tmp_path / "g.csv", CLASS, {}, TASKS)
    for row in rows_of(tmp_path / "g.csv")[2:]:
        assert (row["score"], row["raw"], row["conv.forward"]) == ("", "", "")
    assert rows_of(tmp_path / "g.csv")[3]["reason"] == "the grader failed"


@pytest.mark.parametrize("name", [*NAMES, "\t=1", "＝1+2", "\r=1", " =1", "\n@x"])
def test_no_name_is_a_formula_and_every_name_comes_back(tmp_path, name):
    write_gradebook(tmp_path / "g.csv", outcome_of(graded(name, 1.0)), {}, ())
    (row,) = rows_of(tmp_path / "g.csv")
    assert row["name"][0] not in "=+-@\t\r＝＋－＠"
    assert row["name"].removeprefix("'") == one_line(name, 500).removeprefix("'")


def test_a_gradebook_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(KitError, match="cannot be written"):
        write_gradebook(tmp_path / "none" / "g.csv", CLASS, {}, ())


# Tables keep what nobody changed

text_of_tables = st.text(alphabet='ab1,;\t"\r\n é=', min_size=1)


@given(text_of_tables, st.booleans())
def test_a_table_that_is_not_changed_is_the_same_to_the_byte(text, mark):
    data = ("\ufeff" * mark + "name,x\n" + text).encode()
    assert Table(data, "x").to_bytes() == data


@given(st.lists(st.lists(st.text(alphabet='ab,"\n é', max_size=5), min_size=2, max_size=2)))
def test_a_table_reads_what_pythons_csv_writes(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([["name", "x"], *rows])
    read = [values for _, values in Table(text.getvalue().encode(), "x").rows()]
    assert read == [[v.strip() for v in row] for row in rows if any(v.strip() for v in row)]


@given(st.text(alphabet='ab,"\n é;\t', max_size=8))
def test_a_cell_that_was_set_has_that_value_and_its_neighbours_theirs(value):
    table = Table(b'a,b,c\r\n1,"2",3\r\n4\r\n', "x")
    table.set(1, 1, value)
    table.set(2, 2, "9")
    again = Table(table.to_bytes(), "x")
    assert again.cells[1][1].value == value
    assert [values for _, values in again.rows()] == [["1", value.strip(), "3"], ["4", "", "9"]]


# Canvas

CANVAS = """\
\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Essay (1),CNN (4711),Final Score\r
    Points Possible,,,,,10.00,100.00,(read only)\r
"Lee, Ann",1001,u1,alee,S1,7,,70\r
"Ray, Bob",1002,u2,bray,"S1, S2",8,"55",80\r
"Un, Cem",1003,u3,cun,S1,9,33,90\r
"Oh, Dan",1004,u4,doh,S1,,,\r
"Ah, Eve",1005,u5,eah,S1\r
"Student, Test",9,,0123456789abcdef0123456789abcdef01234567,S1,,,\r
"""


def canvas(
    text: str = CANVAS, outcome: ClassResult = CLASS, name: str = "CNN", scale: bool = False
) -> Filled:
    return fill_canvas(Table(text.encode(), "canvas.csv"), outcome, name, scale)


@pytest.mark.parametrize("name", ["CNN", "CNN (4711)", "4711"])
def test_in_canvas_file_only_the_marks_change(name):
    expected = CANVAS.replace("S1,7,,70", "S1,7,82.5,70").replace('8,"55",80', '8,"100",80')
    filled = canvas(name=name)
    assert filled.data.decode() == expected
    assert filled.marks == 2


def test_who_has_no_mark_keeps_what_stands_there_and_is_told():
    told = "\n".join(canvas().notes)
    assert "3 no mark, so their cells stay as they were: Cem Un (not handed in); Dan" in told


def test_filling_twice_changes_nothing_more():
    once = canvas().data.decode()
    assert canvas(once).data.decode() == once


def test_a_mark_that_is_there_already_keeps_its_writing():
    there = CANVAS.replace('"55"', '"100.00"')
    assert '"100.00",80' in canvas(there).data.decode()


def test_who_is_excused_stays_so():
    excused = CANVAS.replace('"55"', "EX")
    filled = canvas(excused)
    assert "8,EX,80" in filled.data.decode()
    assert any("1 excused there" in note for note in filled.notes)


def test_who_is_in_only_one_of_the_two_is_told():
    filled = canvas(outcome=outcome_of(graded("Zoe New", 5.0), CLASS.rows[0]))
    assert any(note.startswith("1 not found in canvas.csv: Zoe New") for note in filled.notes)
    assert any("4 in canvas.csv, but not in the class" in note for note in filled.notes)


def test_where_two_students_could_be_meant_neither_gets_a_mark():
    twice = outcome_of(graded("Ann Lee", 5.0, id="a"), graded("Lee, Ann", 6.0, id="b"))
    filled = canvas(outcome=twice)
    assert filled.data.decode() == CANVAS
    assert filled.marks == 0


def test_semicolons_and_their_line_ends_stay():
    text = CANVAS.replace('"S1, S2"', "S1").replace("Lee, Ann", "Lee Ann").replace(",", ";")
    assert "S1;7;82.5;70\r\n" in canvas(text).data.decode()


def test_another_maximum_is_an_error_unless_it_is_asked_for():
    text = CANVAS.replace("10.00,100.00", "10.00,20")
    with pytest.raises(KitError, match="20 points there, and 100 here"):
        canvas(text)
    assert "S1,7,16.5,70" in canvas(text, scale=True).data.decode()


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        (CANVAS, "CMM (4711)", r"Did you mean 'CNN \(4711\)'"),
        (CANVAS, "Final Score", "computes 'Final Score' itself"),
        (CANVAS, "ID", "no assignment 'ID'"),
        (CANVAS.replace("Essay (1)", "CNN (2)"), "CNN", "several columns 'CNN'"),
        ("name,email\nAnn,a@x.org\n", "CNN", "not Canvas' gradebook"),
    ],
)
def test_a_column_that_cannot_be_filled_is_refused(text, name, message):
    with pytest.raises(KitError, match=message):
        canvas(text, name=name)


# Moodle

HEADER = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\n"
)
MOODLE = f"""{HEADER}\
Participant 11,Ann Lee,ann@x.org,Submitted,,100.00,Yes,"Friday, 3 October 2025, 11:59 PM",-,
Participant 12,Bob Ray,bob@x.org,Submitted,50.00,100.00,Yes,-,-,"well, ""done"", Bob"
Participant 13,Cem Un,cem@x.org,No submission,12.00,100.00,Yes,-,-,
"""
GERMAN = """\
\ufeffID;Vollständiger Name;E-Mail-Adresse;Status;Bewertung;Bestwertung;Änderbar;Abgabe;Bewertet
Teilnehmer/in11;Ann Lee;ann@x.org;Abgegeben;;100,00;Ja;-;-
Teilnehmer/in12;Bob Ray;bob@x.org;Abgegeben;85,50;100,00;Ja;-;-
"""


def moodle(text: str, outcome: ClassResult = CLASS, **options) -> Filled:
    return fill_moodle(Table(text.encode(), "moodle.csv"), outcome, **options)


def test_in_moodles_file_only_the_grades_change():
    expected = MOODLE.replace("Submitted,,100", "Submitted,82.50,100").replace("50.00,", "100.00,")
    filled = moodle(MOODLE)
    assert filled.data.decode() == expected
    assert filled.marks == 2


def test_a_site_in_another_language_gets_its_own_decimals():
    expected = GERMAN.replace("Abgegeben;;", "Abgegeben;82,50;").replace("85,50", "100,00")
    assert moodle(GERMAN).data.decode() == expected


def test_the_participant_number_finds_whom_the_name_does_not():
    two = outcome_of(graded("Ann Lee", 5.0, number="11"), graded("Ann Lee", 6.0, number="12"))
    text = MOODLE.replace("Bob Ray", "Ann Lee")
    lines = moodle(text, two).data.decode().splitlines()
    assert "Submitted,5.00," in lines[1]
    assert "Submitted,6.00," in lines[2]


def test_where_the_grades_cannot_be_told_their_column_is_named():
    text = MOODLE.replace(",Yes,", ",,")
    with pytest.raises(KitError, match="cannot be told which column holds the grades"):
        moodle(text)
    assert "Submitted,82.50,100" in moodle(text, column="Grade").data.decode()


def test_another_table_is_not_taken_for_moodles():
    with pytest.raises(KitError, match="not Moodle's grading worksheet"):
        moodle("name,email\nAnn,a@x.org\n")


# Names

AWKWARD = [one_line(name) for name in NAMES]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("platform", ["canvas", "moodle"])
def test_awkward_names_go_there_and_come_back(platform, delimiter):
    outcome = outcome_of(*(graded(name, n + 0.5, id=str(n)) for n, name in enumerate(AWKWARD)))
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    if platform == "canvas":
        writer.writerow(["Student", "ID", "SIS Login ID", "Section", "CNN (1)"])
        writer.writerows([name, 100 + n, f"l{n}", "S", ""] for n, name in enumerate(AWKWARD))
        filled = fill_canvas(Table(text.getvalue().encode(), "c.csv"), outcome, "CNN")
        column = 4
    else:
        writer.writerow(next(csv.reader([HEADER])))
        for n, name in enumerate(AWKWARD):
            writer.writerow([f"Participant {n}", name, "", "", "", "100.00", "Yes", "-", "-", ""])
        filled = fill_moodle(Table(text.getvalue().encode(), "m.csv"), outcome)
        column = 4
    _, *rows = csv.reader(io.StringIO(filled.data.decode(), newline=""), delimiter=delimiter)
    name = 0 if platform == "canvas" else 1
    assert [row[name] for row in rows] == AWKWARD
    assert [float(row[column]) for row in rows] == [n + 0.5 for n in range(len(AWKWARD))]


# The command


@pytest.fixture
def out(tmp_path) -> Path:
    """The folder of a run."""
    folder = tmp_path / "out"
    (folder / "results").mkdir(parents=True)
    (folder / "class.json").write_text(CLASS.to_json(), encoding="utf-8")
    for row, result in zip(CLASS.rows, (result_of(32.5, 60), result_of(40, 60)), strict=False):
        (folder / "results" / f"{row.key}.json").write_text(json.dumps(result))
    return folder


def test_the_command_writes_beside_the_results_and_tells_who_has_no_mark(out, tmp_path, capsys):
    (tmp_path / "canvas.csv").write_text(CANVAS, encoding="utf-8")
    options = ["--to", "canvas", "--file", str(tmp_path / "canvas.csv"), "--assignment", "CNN"]
    assert main(["export", str(out), *options]) == 0
    assert b"S1,7,82.5,70" in (out / "canvas.csv").read_bytes()
    assert "2 marks written" in capsys.readouterr().out


def test_the_plain_table_can_be_written_again(out, tmp_path):
    export(out, "csv", None, None, tmp_path / "marks.csv", False)
    assert rows_of(tmp_path / "marks.csv")[0]["relu.forward"] == "32.5"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--to", "canvas"], "--file FILE"),
        (["--to", "canvas", "--file", "x.csv"], "--assignment NAME"),
        (["--to", "moodle", "--file", "none.csv"], "cannot be read"),
    ],
)
def test_what_is_missing_is_asked_for(out, options, message, capsys):
    assert main(["export", str(out), *options]) == 2
    assert message in capsys.readouterr().err


def test_the_instructors_file_is_not_written_over(out, tmp_path):
    file = tmp_path / "moodle.csv"
    file.write_text(MOODLE)
    with pytest.raises(KitError, match="would be written over"):
        export(out, "moodle", file, None, file, False)
    assert file.read_text() == MOODLE


@pytest.mark.parametrize("text", [None, "{", "[]", '{"schema": "byhand/class/0"}'])
def test_a_folder_without_a_class_is_told(tmp_path, text):
    if text is not None:
        (tmp_path / "class.json").write_text(text)
    with pytest.raises(KitError, match="class"):
        export(tmp_path, "csv", None, None, None, False)


# nbgrader, the real one

ROOT = Path(__file__).parents[1]


def python_with_nbgrader() -> str | None:
    """This Python, or the one that a person names, if it has nbgrader."""
    if importlib.util.find_spec("nbgrader"):
        return sys.executable
    return os.environ.get("BYHAND_NBGRADER_PYTHON")


needs_nbgrader = pytest.mark.skipif(python_with_nbgrader() is None, reason="needs nbgrader")


def test_without_nbgrader_it_is_said_how_to_get_it(out, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nbgrader", None)
    with pytest.raises(KitError, match="pip install"):
        export(out, "nbgrader", tmp_path / "gradebook.db", "cnn", None, False)


def to_nbgrader(out: Path, database: Path) -> str:
    command = ["export", str(out), "--to", "nbgrader", "--file", str(database)]
    return in_nbgrader("-m", "autograder", *command, "--assignment", "cnn")


def in_nbgrader(*arguments: str, cwd: Path = ROOT) -> str:
    # Without the folder of `alembic` on the path, as where a venv is not activated.
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [str(python_with_nbgrader()), *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def exported(database: Path) -> dict[str, dict[str, str]]:
    """What `nbgrader export` says of each student."""
    to = database.with_suffix(".csv")
    program = "from nbgrader.apps import NbGraderApp; NbGraderApp.launch_instance()"
    db = f"--CourseDirectory.db_url=sqlite:///{database}"
    in_nbgrader("-c", program, "export", db, "--to", str(to), cwd=database.parent)
    with to.open(newline="") as file:
        return {row["student_id"]: row for row in csv.DictReader(file)}


@pytest.mark.slow
@needs_nbgrader
def test_nbgrader_exports_the_marks_that_were_written(out, tmp_path):
    told = to_nbgrader(out, tmp_path / "gradebook.db")
    assert "2 marks written" in told
    assert "3 without a mark" in told
    rows = exported(tmp_path / "gradebook.db")
    ann = rows["alee"]
    assert (ann["raw_score"], ann["late_submission_penalty"]) == ("92.5", "10.0")
    assert (ann["score"], ann["max_score"], ann["last_name"]) == ("82.5", "100.0", "Lee")
    assert set(rows) == {"alee", "bray", "cun", "doh", "eah"}


@pytest.mark.slow
@needs_nbgrader
def test_marks_that_a_person_gave_stay_when_marks_are_written_again(out, tmp_path):
    database = tmp_path / "gradebook.db"
    to_nbgrader(out, database)
    in_nbgrader("-c", MANUAL, str(database))
    to_nbgrader(out, database)
    rows = exported(database)
    assert rows["alee"]["raw_score"] == "64.0"  # 4 by hand, 60 by the kit
    assert rows["bray"]["raw_score"] == "100.0"
    assert len(rows) == 5


MANUAL = """
import os, sys
os.environ["PATH"] = os.path.dirname(sys.executable) + ":" + os.environ["PATH"]
from nbgrader.api import Gradebook
with Gradebook("sqlite:///" + sys.argv[1], course_id="") as book:
    book.find_grade("relu.forward", "byhand", "cnn", "alee").manual_score = 4.0
    book.db.commit()
"""


@pytest.mark.slow
@needs_nbgrader
def test_a_grader_error_later_does_not_take_a_good_mark_away(out, tmp_path):
    database = tmp_path / "gradebook.db"
    to_nbgrader(out, database)
    ann, *others = CLASS.rows
    broken = replace(CLASS, rows=(replace(ann, status=BROKEN, mark=Mark(None)), *others))
    (out / "class.json").write_text(broken.to_json(), encoding="utf-8")
    to_nbgrader(out, database)
    assert exported(database)["alee"]["raw_score"] == "92.5"


@pytest.mark.slow
@needs_nbgrader
def test_a_task_that_came_later_gets_its_marks(out, tmp_path):
    database = tmp_path / "gradebook.db"
    to_nbgrader(out, database)
    for file in (out / "results").iterdir():
        result = json.loads(file.read_text())
        result["tasks"].append({"id": "loss.forward", "points": 5, "max_points": 9})
        file.write_text(json.dumps(result))
    to_nbgrader(out, database)
    assert exported(database)["alee"]["raw_score"] == "97.5"
    assert exported(database)["alee"]["max_score"] == "109.0"


MADE = """
import sys
from nbgrader.api import Gradebook
with Gradebook("sqlite:///" + sys.argv[1], course_id="") as book:
    book.add_notebook("1-layers", "cnn")
"""


@pytest.mark.slow
@needs_nbgrader
def test_what_nbgrader_grades_itself_is_left_alone(out, tmp_path):
    database = tmp_path / "gradebook.db"
    to_nbgrader(out, database)  # which makes the file
    in_nbgrader("-c", MADE, str(database))
    with pytest.raises(AssertionError, match=r"made of notebooks \(1-layers\).*cnn-code"):
        to_nbgrader(out, database)


@pytest.mark.slow
@needs_nbgrader
def test_awkward_names_are_kept_by_nbgrader(out, tmp_path):
    rows = [graded(name, 92.5, id=str(n), login=f"l{n}") for n, name in enumerate(AWKWARD)]
    (out / "class.json").write_text(outcome_of(*rows).to_json(), encoding="utf-8")
    for row in rows:
        (out / "results" / f"{row.key}.json").write_text(json.dumps(result_of(32.5, 60)))
    database = tmp_path / "gradebook.db"
    to_nbgrader(out, database)
    text = in_nbgrader("-c", LISTED, str(database))
    found = {name: f"{first} {last}".split() for name, first, last in json.loads(text)}
    for n, name in enumerate(AWKWARD):
        assert sorted(found[f"l{n}"]) == sorted(name.replace(",", " ", 1).split())


LISTED = """
import json, os, sys
os.environ["PATH"] = os.path.dirname(sys.executable) + ":" + os.environ["PATH"]
from nbgrader.api import Gradebook
with Gradebook("sqlite:///" + sys.argv[1], course_id="") as book:
    print(json.dumps([(s.id, s.first_name, s.last_name) for s in book.students]))
"""
