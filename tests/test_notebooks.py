"""The assignment as notebooks: what students write there becomes a package, and is graded."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import textwrap
from pathlib import Path
from typing import Any

import pytest
from leaks import runs, secret_runs

from autograder import cells, notebook
from autograder.cases.build import HOME
from autograder.cells import Cell, definitions
from autograder.course import notebooks
from autograder.errors import KitError
from autograder.grading import grade
from autograder.seeds import GIVEN, PUBLIC
from autograder.syllabus import Syllabus
from tests.grading import cases_of, graded, lost
from tests.test_exports import needs_nbgrader, python_with_nbgrader

COURSE = Syllabus.load()
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def made() -> dict[str, dict[str, Any]]:
    return notebooks.make_notebooks(COURSE)


def write(folder: Path, made: dict[str, dict[str, Any]], **changed: str) -> Path:
    """The notebooks in a folder; `relu_forward_answer` is another text for that cell."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, one in made.items():
        copy = json.loads(json.dumps(one))
        for cell in copy["cells"]:
            id = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
            if (text := changed.get(id.replace("-", "_"))) is not None:
                cell["source"] = text
        (folder / f"{name}.ipynb").write_text(json.dumps(copy), encoding="utf-8")
    return folder


def package(tmp_path: Path, made: dict[str, dict[str, Any]], **changed: str) -> Path:
    return notebook.write_package(write(tmp_path / "in", made, **changed), tmp_path / "out")


def answer(made: dict[str, dict[str, Any]], id: str) -> str:
    return next(
        "".join(cell["source"])
        for one in made.values()
        for cell in one["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == id
    )


# What is handed out --------------------------------------------------------------------


def test_there_is_a_test_cell_for_each_task_with_its_points(made: dict[str, Any]) -> None:
    points = {
        cell["metadata"]["nbgrader"]["grade_id"]: cell["metadata"]["nbgrader"]["points"]
        for one in made.values()
        for cell in one["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade")
    }
    assert points == {cells.id_of(task.id): task.points for task in COURSE.tasks}
    ids = [
        cell["metadata"]["nbgrader"]["grade_id"]
        for one in made.values()
        for cell in one["cells"]
        if "nbgrader" in cell["metadata"]
    ]
    assert len(ids) == len(set(ids))


def test_the_solution_stands_between_the_marks_and_nowhere_else(made: dict[str, Any]) -> None:
    secrets = {n: secret_runs(HOME / COURSE.reference, COURSE, n) for n in (10, 20)}
    for one in made.values():
        for cell in one["cells"]:
            text, kept, inside = "".join(cell["source"]), [], False
            for line in text.splitlines():
                inside = inside or "### BEGIN SOLUTION" in line
                kept += [] if inside else [line]
                inside = inside and "### END SOLUTION" not in line
            # The text of the book shares shapes and formulas with it, and no more than that.
            length = 10 if cell["cell_type"] == "code" else 20
            assert not secrets[length] & runs("\n".join(kept), length)


def test_the_notebooks_of_the_solution_have_full_marks(
    made: dict[str, Any], tmp_path: Path
) -> None:
    assert lost(graded(package(tmp_path, made))) == {}


# What students make of it --------------------------------------------------------------


@pytest.mark.parametrize(
    "course",
    ['drop = ["linear.init", "conv.init"]\ntotal = 96\n', 'set = ["network.test"]\n'],
    ids=["dropped", "set"],
)
def test_what_a_course_does_not_ask_for_is_given_in_the_notebooks(
    course: str, tmp_path: Path
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(course, encoding="utf-8")
    syllabus = Syllabus.load(own)
    submission = package(tmp_path, notebooks.make_notebooks(syllabus))
    tasks = [task for task in syllabus.tasks if task.id != "accuracy"]
    assert lost(grade(submission, cases_of(), syllabus, tasks)) == {}


def test_a_cell_that_is_no_python_costs_its_own_task(made: dict[str, Any], tmp_path: Path) -> None:
    broken = "@method_of(ReLULayer)\ndef backward(self, x, last_x_grad:\n    return x\n"
    path = package(tmp_path, made, relu_backward_answer=broken)
    result = graded(path, only=["relu", "flatten"])
    assert lost(result) == {"relu.backward": "crashed"}
    assert "SyntaxError" in result.tasks[1].checks[0].message


def test_what_is_only_tried_out_is_not_run(made: dict[str, Any], tmp_path: Path) -> None:
    text = answer(made, "relu-forward-answer")
    text = f"%time\n!ls\nReLULayer?\n{text}\nlayer = ReLULayer()\nwhile True:\n    pass\n"
    assert lost(graded(package(tmp_path, made, relu_forward_answer=text), only=["relu"])) == {}


def test_a_helper_of_an_added_cell_can_be_used(made: dict[str, Any], tmp_path: Path) -> None:
    folder = write(
        tmp_path / "in",
        made,
        relu_forward_answer="@method_of(ReLULayer)\ndef forward(self, x):\n    return größer(x)",
    )
    file = folder / "1-layers.ipynb"
    data = json.loads(file.read_text(encoding="utf-8"))
    added = {"cell_type": "code", "metadata": {}, "source": "def größer(x):\n return x * (x > 0)\n"}
    data["cells"].insert(3, added)
    file.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    path = notebook.write_package(folder, tmp_path / "out")
    assert lost(graded(path, only=["relu"])) == {}


def test_a_deleted_or_copied_test_cell_changes_nothing(
    made: dict[str, Any], tmp_path: Path
) -> None:
    path = package(tmp_path, made, relu_forward="raise SystemExit", relu_backward="")
    assert lost(graded(path, only=["relu"])) == {}


def test_a_copied_cell_comes_after_the_one_it_was_copied_from() -> None:
    files = cells.package([Cell("a", "x = 1\n"), Cell("a", "x = 2\n"), Cell("", "y = 3\n")])
    texts = [text for name, text in files.items() if name != "__init__.py"]
    assert texts == ["x = 1\n", "x = 2\n", "y = 3\n"]


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("import numpy as np\nx = np.ones(3)\n", "import numpy as np\nx = np.ones(3)"),
        ("A = 3\nA: int = 4\nprint(A)\n", "A = 3\nA: int = 4"),
        ("x = f()\ndef g():\n    return 1\n", "def g():\n    return 1"),
        ("for i in []:\n    pass\n", ""),
        ("%%bash\nrm -rf /\n", ""),
        ("%%time\nA = 1\n", "A = 1"),
        ("!pip install torch\nA = 1\nA?\n", "A = 1"),
        ("def f(:\n", "def f(:"),
    ],
)
def test_of_a_cell_what_it_defines_remains(source: str, left: str) -> None:
    assert definitions(source).strip() == left


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"cells": 3}', '{"cells": [{}]}'])
def test_a_file_that_is_no_notebook_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text(content, encoding="utf-8")
    with pytest.raises(KitError, match=r"a\.ipynb is not a notebook"):
        notebook.write_package(tmp_path, tmp_path / "out")


def test_a_folder_without_notebooks_is_said(tmp_path: Path) -> None:
    with pytest.raises(KitError, match="there is no notebook"):
        notebook.write_package(tmp_path, tmp_path / "out")


# In the student's own kernel -----------------------------------------------------------


def test_a_test_cell_shows_the_report(
    made: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = "@method_of(ReLULayer)\ndef forward(self, x):\n    return '<script>' and abs(x)"
    monkeypatch.chdir(write(tmp_path, made, relu_forward_answer=wrong))
    report = notebook.check("relu.forward")
    assert "This looks like: The absolute value is taken." in repr(report)
    assert "relu.forward: failed, 0 of 2 points" in report._repr_html_()
    assert "passed, 3 of 3 points" in repr(notebook.check("relu.backward"))


def test_a_test_cell_says_why_it_cannot_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert notebook.check("relu.forward") is None
    assert "Not checked: there is no notebook" in capsys.readouterr().out


# What a kernel does: the notebook in memory, FILE, runs where the saved ones lie, in FOLDER.
KERNEL = """
import json, sys
import nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(
    notebook, kernel_name="python3", allow_errors=True, timeout=300,
    resources={"metadata": {"path": sys.argv[2]}},
).execute()
shown = []
for cell in notebook.cells:
    parts = []
    for output in cell.get("outputs", []):
        parts.append(output.get("text") or output.get("data", {}).get("text/plain", ""))
        parts.append(": ".join([output.get("ename", ""), output.get("evalue", "")]).strip(": "))
    shown.append([cell.source, "\\n".join(filter(None, parts))])
json.dump(shown, sys.stdout)
"""


def in_kernel(file: Path, folder: Path) -> dict[str, str]:
    """What each cell of a notebook shows, by its source."""
    done = subprocess.run(
        [str(python_with_nbgrader()), "-c", KERNEL, str(file), str(folder)],
        env=with_nbgrader(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout))


def with_cell(file: Path, at: int, source: str, target: Path | None = None) -> Path:
    """Write a notebook with one code cell more, at this place."""
    data = json.loads(file.read_text(encoding="utf-8"))
    cell = {"cell_type": "code", "metadata": {}, "source": source, "outputs": []}
    data["cells"].insert(at, cell | {"execution_count": None, "id": f"added-{at}"})
    (target or file).write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return target or file


@pytest.fixture
def desk(made: dict[str, Any], tmp_path: Path) -> Path:
    """A folder of finished notebooks with the public cases, as a student has it."""
    folder = write(tmp_path / "Zoë's notebooks", made)
    (folder / GIVEN).parent.mkdir()
    cases_of(PUBLIC).save(folder / GIVEN)
    return folder


@needs_nbgrader
@pytest.mark.slow
def test_a_kernel_knows_what_other_notebooks_define(desk: Path) -> None:
    shown = in_kernel(desk / "2-linear-and-loss.ipynb", desk)  # whose classes rest on the first
    assert "passed, 4 of 4 points" in shown['check("linear.forward")']
    assert "passed, 5 of 5 points" in shown['check("loss.backward")']
    assert not [text for text in shown.values() if "Error" in text]


@needs_nbgrader
@pytest.mark.slow
def test_a_notebook_that_was_played_with_is_checked_all_the_same(desk: Path) -> None:
    file = desk / "1-layers.ipynb"
    data = json.loads(file.read_text(encoding="utf-8"))
    answers = [cell for cell in data["cells"] if "def forward(self, x" in "".join(cell["source"])]
    first = json.loads(json.dumps(answers[-3]))  # of ReLU: the later of two counts
    first["source"] = "@method_of(ReLULayer)\ndef forward(self, x):\n    return x"
    first["id"] = "copied"
    data["cells"].insert(data["cells"].index(answers[-3]), first)
    data["cells"] = [
        cell for cell in data["cells"] if "".join(cell["source"]) != 'check("flatten.forward")'
    ]
    file.write_text(json.dumps(data), encoding="utf-8")
    with_cell(file, 4, "%time größe = 1\n!echo 'aus der Schale'\nprint('ä', größe)\n1 / 0")
    shown = in_kernel(file, desk)
    played = next(text for source, text in shown.items() if "größe" in source)
    assert "aus der Schale" in played and "ä 1" in played and "ZeroDivisionError" in played
    assert "passed, 2 of 2 points" in shown['check("relu.forward")']
    assert "passed, 2 of 2 points" in shown['check("flatten.backward")']


@needs_nbgrader
@pytest.mark.slow
def test_a_function_that_was_not_saved_is_said(desk: Path, tmp_path: Path) -> None:
    saved = desk / "1-layers.ipynb"
    place = next(
        number
        for number, cell in enumerate(json.loads(saved.read_text(encoding="utf-8"))["cells"])
        if "".join(cell["source"]) == 'check("relu.forward")'
    )
    newer = "@method_of(ReLULayer)\ndef forward(self, x):\n    return 2 * x"
    memory = with_cell(saved, place, newer, tmp_path / "memory.ipynb")
    shown = in_kernel(memory, desk)
    assert "forward in this notebook is not what was saved" in shown['check("relu.forward")']
    assert "not what was saved" not in shown['check("relu.backward")']


@needs_nbgrader
@pytest.mark.slow
def test_a_cell_that_never_ends_ends_in_words(made: dict[str, Any], desk: Path) -> None:
    endless = "@method_of(ReLULayer)\ndef forward(self, x):\n    while True:\n        pass"
    write(desk, made, relu_forward_answer=endless)
    file = desk.parent / "only.ipynb"
    data = json.loads((desk / "1-layers.ipynb").read_text(encoding="utf-8"))
    data["cells"] = [cell for cell in data["cells"] if "start-" in cell["id"]]
    file.write_text(json.dumps(data), encoding="utf-8")
    with_cell(file, 1, 'check("relu.forward")')
    shown = in_kernel(file, desk)['check("relu.forward")']
    assert "timed out, 0 of 2 points" in shown and "Does a loop never end?" in shown


# nbgrader, the real one ----------------------------------------------------------------


@needs_nbgrader
@pytest.mark.slow
def test_nbgrader_takes_the_notebooks_from_generation_to_marks(
    made: dict[str, Any], tmp_path: Path, quick_cases: None
) -> None:
    course = tmp_path / "course"
    notebooks.write_notebooks(course, COURSE)
    nbgrader(course, "generate_assignment", "cnn")
    release = course / "release/cnn"
    assert "np.maximum(x, 0)" not in (release / "1-layers.ipynb").read_text(encoding="utf-8")
    assert (release / "byhand/cases.npz").is_file()
    warns = textwrap.dedent(
        """
        @method_of(ReLULayer)
        def forward(self, x):
            import warnings; warnings.warn("beware")
            return np.maximum(x, 0)
        """
    )
    hand_in = course / "submitted"
    write(hand_in / "right/cnn", made, relu_forward_answer=warns, relu_forward="pass")
    write(
        hand_in / "wrong/cnn",
        made,
        linear_forward_answer="@method_of(LinearLayer)\ndef forward(self, x):\n    return x",
        loss_backward="import subprocess; subprocess.run = None",
        conv_update_answer="while True:\n    pass",
    )
    messy = write(hand_in / "messy/cnn", made, relu_forward="1 / 0", relu_backward="%magic")
    data = json.loads((messy / "1-layers.ipynb").read_text(encoding="utf-8"))
    right = next(cell for cell in data["cells"] if "relu-forward-answer" in str(cell["metadata"]))
    wrong = "@method_of(ReLULayer)\ndef forward(self, x):\n    return x"
    data["cells"].insert(data["cells"].index(right), right | {"source": wrong, "id": "first"})
    data["cells"] = [cell for cell in data["cells"] if cell.get("id") != "flatten-forward"]
    (messy / "1-layers.ipynb").write_text(json.dumps(data), encoding="utf-8")
    with_cell(messy / "1-layers.ipynb", 3, "!ls\n%time größe = 1\nwhile True:\n    pass")
    (hand_in / "stubs").mkdir()
    subprocess.run(["cp", "-r", str(release), str(hand_in / "stubs/cnn")], check=True)
    nbgrader(course, "autograde", "cnn")
    nbgrader(course, "generate_feedback", "cnn")
    nbgrader(course, "export", "--to", "marks.csv")
    with (course / "marks.csv").open(encoding="utf-8") as file:
        marks = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert marks["right"] == 100
    assert marks["messy"] == 100
    assert marks["stubs"] == 0
    expected = graded(notebook.write_package(hand_in / "wrong/cnn", tmp_path / "out"), seed=PUBLIC)
    assert marks["wrong"] == expected.score
    feedback = (course / "feedback/wrong/cnn/2-linear-and-loss.html").read_text(encoding="utf-8")
    assert "linear.forward: failed, 0 of 4 points" in feedback


def with_nbgrader() -> dict[str, str]:
    """An environment in which the kernel python3 is the one beside nbgrader, with this kit."""
    path = f"{Path(str(python_with_nbgrader())).parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PYTHONPATH": str(ROOT), "PATH": path}


def nbgrader(course: Path, *arguments: str) -> None:
    python = str(python_with_nbgrader())
    program = "from nbgrader.apps import NbGraderApp; NbGraderApp.launch_instance()"
    done = subprocess.run(
        [python, "-c", program, *arguments],
        cwd=course,
        env=with_nbgrader(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
