"""The submissions in a folder, and what their names tell of who handed them in.

Every learning platform exports a class in a layout of its own. What is found here is only
looked at, never opened; no link is followed. This module does not know who is in the class.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from autograder.errors import KitError
from autograder.files import IGNORED, MAX_FILE, is_link, read_file, spelled
from autograder.intake import CORE_FILES
from autograder.text import one_line

MAX_METADATA = 200_000_000  # bytes: Gradescope writes all results of all attempts into it

ARCHIVE = re.compile(r"\.(zip|tar|tgz|tbz2|txz|gz|bz2|xz|rar|7z|zst)$", re.IGNORECASE)
SOURCE = re.compile(r"\.(py|ipynb)$", re.IGNORECASE)
# leeann_LATE_1234_56789_layers-2.py: user, attachment, name; -2 where it came a third time
CANVAS = re.compile(
    r"(?P<name>.+?)(?P<late>_LATE)?_(?P<number>\d+)_(?P<upload>\d+)_(?P<file>.+)", re.DOTALL
)
# Ann Lee_12345_assignsubmission_file_layers.py, or a folder Ann Lee_12345_assignsubmission_file
MOODLE = re.compile(
    r"(?P<name>.+)_(?P<number>\d+)_assignsubmission_(?P<kind>[a-z]+)_?(?P<file>.*)", re.DOTALL
)
# What Moodle and Canvas make of a text that a student typed into the page.
TYPED = re.compile(r"_assignsubmission_(?!file)[a-z]+_?$|_\d+_(text|link)\.html$")
METADATA = "submission_metadata.yml"  # Gradescope's


@dataclass(frozen=True)
class HandIn:
    """What one student handed in.

    Parameters
    ----------
    path
        The folder, archive or file; the first of several files.
    shown
        As it is called, on one line.
    name, email, login, number
        Of the student, as far as the platform writes them down.
    platform
        Whose naming it is: canvas, moodle, gradescope, github; empty for anybody's.
    submitted
        When, where the platform tells.
    late
        Whether the platform calls it late.
    files
        Where loose files make one submission, their own names and where they lie.
    """

    path: Path
    shown: str
    name: str = ""
    email: str = ""
    login: str = ""
    number: str = ""
    platform: str = ""
    submitted: datetime | None = None
    late: bool = False
    files: tuple[tuple[str, Path], ...] = ()

    def gather(self, scratch: Path) -> Path:
        """What the intake is to take: the path, or a new folder in `scratch` with the files."""
        if not self.files:
            return self.path
        # No name that a package could have, so that it is imported as it is usually called.
        folder = Path(tempfile.mkdtemp(dir=scratch)) / "hand-in"
        folder.mkdir()
        for name, path in self.files:
            # A file that is too large stays so, and is refused for it.
            (folder / name).write_bytes(read_file(path, MAX_FILE))
        return folder


@dataclass(frozen=True)
class Found:
    """What lies in a folder: submissions, and what is none, with the reason."""

    hand_ins: tuple[HandIn, ...]
    left_out: tuple[tuple[str, str], ...]


def find(folder: Path, out: Path | None = None) -> Found:
    """Find every submission in a folder.

    Parameters
    ----------
    folder : Path
        One folder, archive or Python file for each student, under whatever name, or what
        Canvas, Moodle, Gradescope or a classroom on GitHub exports, unpacked.
    out : Path, optional
        Where results go: no submission, should it lie in the folder.

    Raises
    ------
    KitError
        When there is no such folder, nothing in it, or when it is a submission itself.
    """
    entries, left_out = _look(folder, out)
    named = {entry.name: entry for entry in entries}
    if METADATA in named:
        hand_ins, rest = _gradescope(named.pop(METADATA), list(named.values()))
    else:
        hand_ins, rest = _platforms(entries)
    plain = []
    for entry in rest:
        if why := _no_submission(entry):
            left_out.append((one_line(entry.name), why))
        else:
            plain.append(HandIn(Path(entry.path), one_line(entry.name), name=_stem(entry)))
    hand_ins += _github(plain)
    if not hand_ins:
        listed = "; ".join(f"{name}: {why}" for name, why in left_out)
        more = f" Left out: {one_line(listed, 300)}." if listed else ""
        raise KitError(f"{folder} holds no submissions.{more}")
    return Found(tuple(sorted(hand_ins, key=lambda one: (one.path, one.name))), tuple(left_out))


def _look(folder: Path, out: Path | None) -> tuple[list[os.DirEntry[str]], list[tuple[str, str]]]:
    """The entries of the folder that may be submissions, and the others."""
    try:
        with os.scandir(folder) as listed:
            entries = sorted(listed, key=lambda entry: entry.name)
    except NotADirectoryError:
        raise KitError(f"{folder} is no folder. Unpack it, and name the folder.") from None
    except OSError as error:
        raise KitError(f"{folder} cannot be read: {error.strerror}") from error
    names = {entry.name for entry in entries}
    if "__init__.py" in names or len(names & set(CORE_FILES)) > 1:
        raise KitError(
            f"{folder} is a submission itself. Name the folder that holds the submissions, or "
            "grade it alone: autograder grade"
        )
    kept, left_out = [], []
    for entry in entries:
        if why := _out_of_question(entry, out):
            left_out.append((one_line(entry.name), why))
        else:
            kept.append(entry)
    return kept, left_out


def _out_of_question(entry: os.DirEntry[str], out: Path | None) -> str:
    kind = entry.stat(follow_symlinks=False)
    if entry.name.startswith(".") or entry.name in ("Thumbs.db", "desktop.ini", "Icon\r"):
        return "hidden"
    if entry.name in IGNORED:
        return "left by a program, not handed in"
    if is_link(kind):
        return "a link, which is not followed"
    if not (stat.S_ISDIR(kind.st_mode) or stat.S_ISREG(kind.st_mode)):
        return "neither a folder nor a file"
    if out is not None and os.path.abspath(entry.path) == os.path.abspath(out):
        return "where the results go"
    return ""


def _no_submission(entry: os.DirEntry[str]) -> str:
    """Why something that no platform named is not a submission; empty if it may be one."""
    if TYPED.search(entry.name):
        return "a text that was typed in, not a file"
    if entry.is_dir(follow_symlinks=False) or ARCHIVE.search(entry.name):
        return ""
    if SOURCE.search(entry.name):
        return ""
    return "neither a folder, an archive nor a Python file"


def _stem(entry: os.DirEntry[str]) -> str:
    """The name without the endings of archives and sources, one spelling for all systems."""
    name = entry.name
    if not entry.is_dir(follow_symlinks=False):
        name = re.sub(r"\.tar(?=\.\w+$)", "", name, flags=re.IGNORECASE)
        name = SOURCE.sub("", ARCHIVE.sub("", name)) or name
    return one_line(spelled(name))


# Platforms


def _platforms(entries: Sequence[os.DirEntry[str]]) -> tuple[list[HandIn], list[os.DirEntry[str]]]:
    """What Canvas and Moodle named, and the rest."""
    moodle = {entry.name: MOODLE.fullmatch(entry.name) for entry in entries}
    if any(moodle.values()):
        return _moodle(entries, moodle)
    canvas = {
        entry.name: CANVAS.fullmatch(entry.name)
        for entry in entries
        if entry.is_file(follow_symlinks=False)
    }
    found = [match for match in canvas.values() if match]
    # Somebody may call an archive so. But an export holds little else, and no upload twice.
    uploads = {match["upload"] for match in found}
    if len(found) == len(uploads) and 2 * len(found) > len(entries):
        return _canvas(entries, canvas)
    return [], list(entries)


def _canvas(
    entries: Sequence[os.DirEntry[str]], matches: dict[str, re.Match[str] | None]
) -> tuple[list[HandIn], list[os.DirEntry[str]]]:
    students: dict[str, list[tuple[re.Match[str], os.DirEntry[str]]]] = {}
    rest = []
    for entry in entries:
        if match := matches.get(entry.name):
            students.setdefault(match["number"], []).append((match, entry))
        else:
            rest.append(entry)
    hand_ins = []
    for number, own in students.items():
        own.sort(key=lambda one: int(one[0]["upload"]))  # of two with one name, the newer stays
        files = {_first_name(match["file"]): Path(entry.path) for match, entry in own}
        hand_ins.append(
            _loose(
                HandIn(
                    Path(own[-1][1].path),
                    "",
                    name=one_line(spelled(own[-1][0]["name"])),
                    number=number,
                    platform="canvas",
                    late=any(match["late"] for match, _ in own),
                ),
                files,
            )
        )
    return hand_ins, rest


def _first_name(name: str) -> str:
    """What a file was called before Canvas counted how often it came."""
    return re.sub(r"-\d+(?=\.\w+$)", "", name)


def _moodle(
    entries: Sequence[os.DirEntry[str]], matches: dict[str, re.Match[str] | None]
) -> tuple[list[HandIn], list[os.DirEntry[str]]]:
    folders: dict[str, HandIn] = {}
    loose: dict[str, tuple[HandIn, dict[str, Path]]] = {}
    rest = []
    for entry in entries:
        match = matches[entry.name]
        if match is None or match["kind"] != "file":
            rest.append(entry)  # such as assignsubmission_onlinetext
            continue
        number, name = match["number"], one_line(spelled(match["name"]))
        one = HandIn(
            Path(entry.path), one_line(entry.name), name=name, number=number, platform="moodle"
        )
        if entry.is_dir(follow_symlinks=False):
            folders[number] = one
        else:
            loose.setdefault(number, (one, {}))[1][match["file"] or entry.name] = one.path
    return [*folders.values(), *(_loose(*own) for own in loose.values())], rest


def _loose(hand_in: HandIn, files: dict[str, Path]) -> HandIn:
    """A submission of files that lie beside those of others, under longer names."""
    archives = [path for name, path in files.items() if ARCHIVE.search(name)]
    if len(archives) == 1 and not any(SOURCE.search(name) for name in files):
        path = archives[0]  # with a report in PDF, maybe
        return replace(hand_in, path=path, shown=one_line(path.name))
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    path = next(iter(files.values()))
    return replace(
        hand_in, path=path, shown=one_line(path.name, 100) + more, files=tuple(files.items())
    )


def _github(plain: list[HandIn]) -> list[HandIn]:
    """Folders that all are called ASSIGNMENT-LOGIN tell a login."""
    if len(plain) < 2 or any(one.path.is_file() for one in plain):
        return plain
    names = [one.path.name for one in plain]
    shared = os.path.commonprefix(names)  # noqa: RUF071 - of names, letter by letter
    prefix = shared[: shared.rfind("-") + 1]
    if not prefix:
        return plain
    return [
        replace(one, login=one.path.name.removeprefix(prefix), platform="github") for one in plain
    ]


# Gradescope


def _gradescope(
    metadata: os.DirEntry[str], entries: Sequence[os.DirEntry[str]]
) -> tuple[list[HandIn], list[os.DirEntry[str]]]:
    data = read_file(Path(metadata.path), MAX_METADATA)
    known = dict(_submissions(data.decode("utf-8", "replace")))
    hand_ins, rest = [], []
    for entry in entries:
        if entry.name not in known:
            rest.append(entry)
            continue
        students, created = known[entry.name]
        # A group hands in once; the work is each one's.
        for student in students or [{}]:
            hand_ins.append(
                HandIn(
                    Path(entry.path),
                    one_line(entry.name),
                    name=one_line(spelled(student.get("name", ""))) or one_line(entry.name),
                    email=one_line(student.get("email", "")),
                    number=one_line(student.get("sid", "")),
                    platform="gradescope",
                    submitted=created,
                )
            )
    return hand_ins, rest


_TOP = re.compile(r"(['\"]?)(\S[^:]*)\1:")
_ENTRY = re.compile(r"  :(\w+):(?: (.*))?")


def _submissions(text: str) -> Iterator[tuple[str, tuple[list[dict[str, str]], datetime | None]]]:
    """Each submission with its students and its time, from the little YAML that is needed.

    The file is written by Ruby: two spaces for each level, lists not indented, one pair a
    line. Results and earlier attempts stand deeper, and are not looked at.
    """
    name, section, created = "", "", None
    students: list[dict[str, str]] = []
    last: dict[str, str] = {}
    key = ""
    for line in text.splitlines():
        if top := _TOP.fullmatch(line.rstrip()):
            if name:
                yield name, (_read(students), created)
            name, section, students, created = top[2], "", [], None
        elif entry := _ENTRY.fullmatch(line):
            section, value = entry[1], entry[2] or ""
            if section == "created_at":
                created = _time(value)
        elif section == "submitters":
            if line.startswith("  - "):
                last = {}
                students.append(last)
            if field := re.fullmatch(r"  (?:- |  ):(\w+):(?: (.*))?", line):
                key = field[1]
                last[key] = field[2] or ""
            elif key in last and line.startswith("      "):
                last[key] += " " + line.strip()  # a long value goes on in the next line
    if name:
        yield name, (_read(students), created)


def _read(students: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{key: _scalar(value) for key, value in one.items()} for one in students]


_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "e": "\x1b", "0": "\0", "_": "\xa0"}


def _scalar(text: str) -> str:
    """The value of a YAML scalar on one line."""
    text = text.strip()
    if text[:1] == "'" and text[-1:] == "'" and len(text) > 1:
        return text[1:-1].replace("''", "'")
    if text[:1] == '"' and text[-1:] == '"' and len(text) > 1:
        return _ESCAPE.sub(_escaped, text[1:-1])
    return "" if text in ("null", "~") else text


def _escaped(match: re.Match[str]) -> str:
    code = match[1]
    if len(code) == 1:
        return _ESCAPES.get(code, code)
    number = int(code[1:], 16)
    return chr(number) if number < 0x110000 else "�"


def _time(text: str) -> datetime | None:
    """Ruby's way to write a time: 2026-03-02 05:40:23.231484000 Z."""
    text = re.sub(r"(\.\d{1,6})\d*", r"\1", _scalar(text)).replace(" Z", "+00:00")
    try:
        found = datetime.fromisoformat(re.sub(r" (?=[+-]\d)", "", text))
    except ValueError:
        return None
    return found if found.utcoffset() is not None else None
