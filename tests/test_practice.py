"""The student's loop: the next task, progress, hints, saving a file, the debugger."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.cli import main
from autograder.debugging import debug, interrupted_at
from autograder.errors import KitError
from autograder.practice import Practice, Progress, Snapshot
from autograder.reports.terminal import Terminal
from autograder.syllabus import Syllabus
from tests.corpus.wrong import package
from tests.grading import cases_of

COURSE = Syllabus.load()
ABSOLUTE = {"layers.py": ("return np.maximum(x, 0)", "return np.abs(x)")}


class Loop:
    """A practice, and what it wrote."""

    def __init__(self, path: Path) -> None:
        self.stream = io.StringIO()
        self.practice = Practice(path, cases_of(), COURSE, Terminal(self.stream))

    def check(self, *tasks: str, **options: bool) -> bool:
        self.stream.seek(0)
        self.stream.truncate()
        with self.practice.start() as start:
            return self.practice.check(start, COURSE.select(tasks) if tasks else (), **options)

    @property
    def said(self) -> str:
        return self.stream.getvalue()


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    return package(tmp_path, ABSOLUTE)


def mend(path: Path) -> None:
    file, (old, new) = path / "layers.py", ABSOLUTE["layers.py"]
    file.write_text(file.read_text(encoding="utf-8").replace(new, old), encoding="utf-8")


def test_the_first_task_that_is_not_done_is_checked(wrong: Path) -> None:
    loop = Loop(wrong)
    assert not loop.check()
    assert "relu.forward: failed" in loop.said
    assert "relu.backward" not in loop.said


def test_what_passes_leads_on_to_the_next(wrong: Path) -> None:
    loop = Loop(wrong)
    loop.practice.progress.done = [task.id for task in COURSE.tasks if task.id != "relu.forward"]
    assert not loop.check()
    mend(wrong)
    assert loop.check()
    loop.practice.tell_progress()
    assert "23 of 23 tasks done, 100 of 100 points" in loop.said


def test_it_is_said_where_the_next_task_is_written(wrong: Path) -> None:
    loop = Loop(wrong)
    loop.check()
    loop.practice.tell_progress()
    lines = (wrong / "layers.py").read_text(encoding="utf-8").splitlines()
    said = loop.said.replace("\n", "")
    place, _, rest = said.rpartition("Next: relu.forward (")[2].partition(", ")
    file, _, line = place.rpartition(":")
    assert (file, rest) == (str(wrong / "layers.py"), "ReLULayer.forward)")
    assert "def forward" in lines[int(line) - 1]


def test_progress_is_kept_beside_the_package(wrong: Path) -> None:
    Loop(wrong).check("flatten.forward")
    assert Progress.of(wrong).done == ["flatten.forward"]
    assert Progress.of(wrong).next(COURSE).id == "relu.forward"


def test_a_task_that_fails_again_is_no_longer_done(wrong: Path) -> None:
    loop = Loop(wrong)
    loop.practice.progress.done = ["relu.forward"]
    loop.check("relu.forward")
    assert loop.practice.progress.done == []


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"done": 1}', '{"done": [], "hints": 7}', '{"done": [], "hints": {"a": "b"}}'],
)
def test_a_spoilt_file_of_progress_is_begun_anew(text: str, wrong: Path) -> None:
    file = Progress.of(wrong).file
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    assert Progress.of(wrong).done == []


def test_a_hint_more_tells_the_answer_until_the_task_is_done(wrong: Path) -> None:
    loop = Loop(wrong)
    loop.check()
    first = loop.said
    loop.check(hint=True)
    more = loop.said
    assert "np.maximum(x, 0)" in more and "np.maximum(x, 0)" not in first
    loop.check()
    assert loop.said == more
    mend(wrong)
    loop.check("relu.forward")
    assert loop.practice.progress.hints == {}


def test_a_hint_for_one_task_is_none_for_another(tmp_path: Path) -> None:
    path = package(tmp_path, {"layers.py": ("x @ self.weight + self.bias", "x @ self.weight")})
    file = path / "layers.py"
    old, new = ABSOLUTE["layers.py"]
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    loop = Loop(path)
    loop.check("linear.forward")
    short = loop.said.partition("linear.forward: failed")[2]
    assert "Hint: " in short
    loop.check("relu.forward", hint=True)
    loop.check("relu.forward", "linear.forward")
    assert "np.maximum(x, 0)" in loop.said
    assert loop.said.partition("linear.forward: failed")[2] == short


def test_why_a_package_cannot_be_imported_is_told_once(tmp_path: Path) -> None:
    loop = Loop(package(tmp_path, {"layers.py": ("return np.maximum(x, 0)", "return (")}))
    assert not loop.check("linear")
    assert loop.said.count("SyntaxError") == 1


def test_where_all_is_done_all_is_checked_again(wrong: Path) -> None:
    loop = Loop(wrong)
    loop.practice.progress.done = [task.id for task in COURSE.tasks]
    assert not loop.check()
    assert loop.practice.progress.next(COURSE).id == "relu.forward"


def test_a_function_that_calls_a_stub_says_which(tmp_path: Path) -> None:
    written = "last_x_grad * (x > 0)"
    calls = {"layers.py": (f"return {written}", "return self.forward(x)")}
    path = package(tmp_path, calls)
    file = path / "layers.py"
    text = file.read_text(encoding="utf-8")
    stub = text.replace("return np.maximum(x, 0)", "raise NotImplementedError")
    file.write_text(stub, encoding="utf-8")
    loop = Loop(path)
    assert not loop.check("relu.backward")
    assert "called from student/layers.py" in loop.said
    assert not loop.check("relu.forward")
    assert "called from" not in loop.said


def test_the_next_place_is_the_function_that_is_still_a_stub(tmp_path: Path) -> None:
    body = "    exp = np.exp(x - x.max(axis=1, keepdims=True))  # (B, C)\n"
    body += "    return exp / exp.sum(axis=1, keepdims=True)  # (B, C)\n"
    stub = package(tmp_path / "a", {"losses.py": (body, "    raise NotImplementedError\n")})
    task = COURSE.by_id("loss.backward")
    assert Loop(stub).practice.place(task).endswith("losses.py:12, softmax")
    done = package(tmp_path / "b", {})
    assert Loop(done).practice.place(task).endswith(", CrossEntropyLoss.backward")


def test_pictures_are_written_to_a_page(wrong: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    Loop(wrong).check(show=True)
    page = wrong.parent / ".byhand/page.html"
    assert opened == [page.as_uri()]
    assert "<figure" in page.read_text(encoding="utf-8")


def test_without_a_package_it_is_said_where_it_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["check"]) == 2
    assert "there is no folder student here" in capsys.readouterr().err


def test_workers_start_while_the_rest_is_imported() -> None:
    code = "import sys, autograder.practice; print({'numpy', 'pytest'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_nothing_is_left_of_a_check(wrong: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = wrong.parent / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    loop = Loop(wrong)
    loop.check()
    assert list(scratch.iterdir()) == []


def test_a_package_that_cannot_be_taken_ends_a_check_in_words(
    wrong: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in wrong.iterdir():
        file.unlink()
    assert main(["check", "--path", str(wrong)]) == 2
    assert "holds no submission" in capsys.readouterr().err


# Saving a file -------------------------------------------------------------------------


def touched(path: Path, old: str, new: str) -> set[str]:
    """The tasks that a change of layers.py touches."""
    before = Snapshot.of(path)
    file = path / "layers.py"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return {task.id for task in Snapshot.of(path).tasks_since(before, COURSE)}


def test_a_changed_function_touches_its_tasks(wrong: Path) -> None:
    assert touched(wrong, "return np.abs(x)", "return -x") == {"relu.forward"}


def test_a_changed_remark_touches_nothing(wrong: Path) -> None:
    assert touched(wrong, "return np.abs(x)", "return np.abs(x)  # !") == set()


def test_a_change_around_the_functions_touches_all_of_the_file(wrong: Path) -> None:
    found = touched(wrong, "import numpy as np", "import numpy as np\nimport math")
    in_file = [task for task in COURSE.tasks if any("layers." in one for one in task.functions)]
    assert found == {task.id for task in in_file}


def test_a_file_that_is_no_python_touches_all_of_it(wrong: Path) -> None:
    assert "conv.forward" in touched(wrong, "import numpy as np", "import numpy as")


def test_watching_checks_again_when_a_file_is_saved(wrong: Path) -> None:
    cases_file = wrong.parent / "cases.npz"
    cases_of().save(cases_file)
    command = [sys.executable, "-m", "autograder", "check", "relu.forward", "--watch"]
    command += ["--path", str(wrong), "--cases", str(cases_file)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    assert process.stdout
    try:
        lines = iter(process.stdout)
        first = "".join(until_waiting(lines))
        assert "relu.forward: failed" in first
        mend(wrong)
        second = "".join(until_waiting(lines))
        assert "passed" in second
        assert "tried again" not in second
    finally:
        process.kill()
        process.wait()


def until_waiting(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if line.startswith("Waiting"):
            return
        yield line


# The debugger --------------------------------------------------------------------------


def test_the_debugger_stops_before_the_call_that_fails(
    wrong: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stops: list[dict[str, object]] = []
    monkeypatch.setattr("sys.breakpointhook", lambda: stops.append(dict(sys._getframe(1).f_locals)))
    said: list[str] = []
    assert not debug(wrong, cases_of(), COURSE, COURSE.select(["relu.forward"]), said.append)
    (stop,) = stops
    assert stop["method"].__qualname__ == "ReLULayer.forward"
    assert stop["x"].shape == stop["expected"].shape == stop["got"].shape
    assert "Stopped before that call" in said[-1]


def test_the_debugger_has_nothing_to_do_where_nothing_fails(tmp_path: Path) -> None:
    said: list[str] = []
    path = package(tmp_path, {})
    assert debug(path, cases_of(), COURSE, COURSE.select(["relu"]), said.append)
    assert said[1:] == ["Nothing goes wrong in relu.forward, relu.backward."]


def test_the_debugger_says_what_is_not_written_yet(tmp_path: Path) -> None:
    said: list[str] = []
    stub = {"layers.py": ("return np.maximum(x, 0)", "raise NotImplementedError")}
    path = package(tmp_path, stub)
    assert not debug(path, cases_of(), COURSE, COURSE.select(["relu.forward"]), said.append)
    assert "relu.forward: not implemented" in said[-1]
    assert "in student/layers.py, line" in said[-1] and "worker.py" not in said[-1]


def test_the_debugger_says_in_words_what_cannot_be_imported(tmp_path: Path) -> None:
    path = package(tmp_path, {"layers.py": ("return np.maximum(x, 0)", "return (")})
    with pytest.raises(KitError, match=r"cannot be imported: SyntaxError[^\0]*layers.py, line"):
        debug(path, cases_of(), COURSE, COURSE.select(["relu.forward"]), lambda line: None)


def test_ctrl_c_in_the_debugger_says_where_the_code_was(tmp_path: Path) -> None:
    said: list[str] = []
    with pytest.raises(KeyboardInterrupt), interrupted_at(tmp_path, said.append):
        code = compile("import signal\nsignal.raise_signal(2)", f"{tmp_path}/layers.py", "exec")
        exec(code, {})
    assert said == [f"Stopped in {tmp_path.name}/layers.py, line 2, <module>."]
