"""Tab in a shell: commands, options, files, and the tasks of the course at hand."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.cases.build import HOME

pytest.importorskip("argcomplete", reason="needs byhand[complete]")
BASH = shutil.which("bash")
PROGRAM = f"""#!{sys.executable}
import sys
sys.path.insert(0, {str(HOME)!r})
from autograder.cli import main
sys.exit(main())
"""
# What bash does at Tab: it calls the function that was registered, with these variables set.
TAB = """
eval "$("$1" -m argcomplete.scripts.register_python_argcomplete autograder)"
COMP_LINE=$2 COMP_POINT=${#2} COMP_TYPE=9 COMP_KEY=9
COMP_WORDS=($2)
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_python_argcomplete autograder "${COMP_WORDS[$COMP_CWORD]}" "${COMP_WORDS[$COMP_CWORD-1]}"
printf "%s\\n" "${COMPREPLY[@]}"
"""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with a program `autograder` on the path, and a package."""
    program = tmp_path / "bin/autograder"
    program.parent.mkdir()
    program.write_text(PROGRAM, encoding="utf-8")
    program.chmod(0o755)
    (tmp_path / "work/student").mkdir(parents=True)
    return tmp_path


def completions(here: Path, line: str) -> set[str]:
    """What bash offers at the end of a line."""
    assert BASH
    done = subprocess.run(
        [BASH, "-c", TAB, "bash", sys.executable, line],
        cwd=here / "work",
        env=os.environ | {"PATH": f"{here / 'bin'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {word.rstrip() for word in done.stdout.splitlines()}


@pytest.mark.skipif(BASH is None or sys.platform == "win32", reason="needs bash")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("autograder ch", {"check"}),
        ("autograder check conv.", {f"conv.{name}" for name in ("init", "forward", "backward")}),
        ("autograder check relu fl", {"flatten", "flatten.forward", "flatten.backward"}),
        ("autograder check --wa", {"--watch"}),
        ("autograder grade st", {"student/"}),
        ("autograder grade student --task acc", {"accuracy"}),
        ("autograder export out --to mo", {"moodle"}),
        ("autograder handout new --tasks relu lo", {"loss", "loss.forward", "loss.backward"}),
    ],
)
def test_tab_offers_what_can_come_next(here: Path, line: str, offered: set[str]) -> None:
    assert offered <= completions(here, line)


@pytest.mark.skipif(BASH is None or sys.platform == "win32", reason="needs bash")
def test_tab_offers_the_tasks_of_a_course_of_ones_own(here: Path) -> None:
    own = here / "work/my.toml"
    own.write_text('drop = ["conv.init"]\ntotal = 98\n', encoding="utf-8")
    found = completions(here, "autograder --syllabus my.toml check conv.")
    assert found == {"conv.forward", "conv.backward", "conv.update"}
