"""What can be known of Windows elsewhere: nothing is imported or called that it lacks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path, PureWindowsPath

import pytest

from autograder.cases.build import HOME
from tests.corpus.wrong import package

# As Python is there: without modules and names of POSIX. What the kit needs from others is
# imported before, since that is what it was made for.
WINDOWS = """
import os, pkgutil, signal, socket, subprocess, sys, tempfile
import jinja2, numpy, pytest, sysconfig, zoneinfo
sysconfig.get_config_vars()
sys.platform = "win32"
for name in ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog"):
    sys.modules[name] = None
gone = {
    os: "fork forkpty geteuid getuid setsid waitid chown readv writev mkfifo"
    " sched_getaffinity O_PATH O_CLOEXEC P_PID",
    signal: "SIGALRM SIGHUP pthread_sigmask setitimer",
    socket: "SCM_RIGHTS CMSG_SPACE send_fds recv_fds",
}
for module, names in gone.items():
    for name in names.split():
        vars(module).pop(name, None)
sys.path.insert(0, sys.argv[1])
"""
IMPORT_ALL = """
del socket.AF_UNIX, os.killpg, signal.SIGKILL
import autograder
needs_more = {"autograder.course.nbgrader_preprocessor", "autograder.__main__"}
for module in pkgutil.walk_packages(autograder.__path__, "autograder."):
    if module.name not in needs_more and ".test_" not in module.name:
        __import__(module.name)
from autograder.sandbox.isolation import CAPABILITIES, levels, unprotected
print([level.name for level in levels()], any(unprotected().capabilities.values()))
"""
CHECK = """
from autograder.cli import main
from autograder.sandbox import isolation, launch
isolation.best = isolation.unprotected
launch.WINDOWS = False  # how a process is started and ended there cannot be tried here
sys.exit(main(sys.argv[2:]))
"""


def python(code: str, *arguments: str, cwd: Path = HOME) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, str(HOME), *arguments],
        cwd=cwd,
        env=os.environ | {"PYTHONIOENCODING": "cp1252"},
        capture_output=True,
        text=True,
        encoding="cp1252",
        check=False,
    )


def test_every_module_can_be_imported_without_what_posix_has() -> None:
    done = python(WINDOWS + IMPORT_ALL)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['job'] False"


@pytest.mark.skipif(sys.platform == "win32", reason="stands in for it")
def test_a_check_runs_without_what_posix_has(tmp_path: Path) -> None:
    folder = tmp_path / "Zoë 数字"
    wrong = package(folder, {"layers.py": ("return np.maximum(x, 0)", "return np.abs(x)")})
    done = python(WINDOWS + CHECK, "check", "--path", str(wrong), cwd=folder)
    assert done.returncode == 1, done.stderr
    assert "This looks like: The absolute value is taken." in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["grade", "数字/student", "--task", "relu"],
        ["check", "--path", "数字/student"],
        ["check", "--path", "数字/student", "--watch", "--path", "nowhere/数"],
        ["stubs", "数字/new"],
        ["--help"],
    ],
    ids=lambda words: words[0],
)
def test_a_console_that_lacks_letters_shows_others(arguments: list[str], tmp_path: Path) -> None:
    package(tmp_path / "数字", {"layers.py": ("return np.maximum(x, 0)", 'raise OSError("数")')})
    code = "import sys; sys.path.insert(0, sys.argv[1]); from autograder.cli import main\n"
    done = python(f"{code}sys.exit(main(sys.argv[2:]))", *arguments, cwd=tmp_path)
    assert "UnicodeEncodeError" not in done.stderr and "Traceback" not in done.stderr
    assert done.stdout or done.stderr


def test_what_is_written_for_editors_holds_no_path_of_one_system() -> None:
    for name in ("launch", "settings"):
        text = (HOME / f"autograder/course/templates/handout_{name}.json").read_text()
        words = json.dumps(json.loads(text.replace("[[ package ]]", "student")))
        assert "\\\\" not in words and "bin/" not in words


def test_an_address_of_a_page_is_one_on_windows_too() -> None:
    page = PureWindowsPath("C:/Users/Zoë Müller/.byhand/page.html")
    assert page.as_uri() == "file:///C:/Users/Zo%C3%AB%20M%C3%BCller/.byhand/page.html"
