"""From what was handed in to a clean copy of one package.

A submission comes as a folder, an archive or a single file, with the package
somewhere in it. `take` finds the package, checks every name, kind and size, and
only then writes a copy, in which every file is plain and every mode the same.
Nothing that was handed in is changed, imported or executed: sources are searched
with regular expressions, not parsed, as the parser can be crashed. This module
must never know what the code does, or what it is worth.
"""

from __future__ import annotations

import hashlib
import keyword
import os
import re
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from autograder.archives import MAX_ARCHIVE, list_archive
from autograder.errors import IntakeError
from autograder.files import (
    MAX_FILE,
    File,
    Files,
    check_names,
    is_link,
    list_folder,
    read_file,
    single_file,
    spelled,
    without_environments,
)
from autograder.syllabus import HOME, Syllabus
from autograder.text import one_line

MAX_FILES = 200  # of a package
MAX_BYTES = 2_000_000
MAX_SOURCE = 200_000  # of .py files: no room for a table of labels
MAX_DEPTH = 4  # how deep the package may lie in what was handed in

CORE_FILES = ("layers.py", "losses.py", "network.py")
CLASSES = {  # of a submission, by the group of tasks that is about each
    "relu": "ReLULayer",
    "flatten": "FlattenLayer",
    "maxpool": "MaxPoolingLayer",
    "linear": "LinearLayer",
    "conv": "ConvolutionLayer",
    "loss": "CrossEntropyLoss",
    "network": "ConvolutionNeuralNetwork",
}
NAMES = ("NetworkLayer", "ParamLayer", *CLASSES.values(), "load_dataset")


def names() -> tuple[str, ...]:
    """What a submission of this course has to offer."""
    return (*NAMES, *Syllabus.load().own_classes)


@dataclass(frozen=True)
class Package:
    """A package that was handed in, as it was read.

    Attributes
    ----------
    name : str
        What a person calls it.
    package : str
        The name it is imported under.
    content : mapping of str to bytes
        Its files, by their paths in the package.
    digest : str
        SHA-256 over the names and contents of its files, in order.
    note : str
        One sentence: what was taken.
    """

    name: str
    package: str
    content: Mapping[str, bytes]
    digest: str
    note: str

    @property
    def files(self) -> int:
        """How many files there are."""
        return len(self.content)

    @property
    def bytes(self) -> int:
        """How large they are together."""
        return sum(map(len, self.content.values()))


@dataclass(frozen=True)
class Submission(Package):
    """A package that was handed in, with a clean copy of it.

    Attributes
    ----------
    folder : Path
        The scratch folder that contains the package folder and nothing else.
    """

    folder: Path


def read(path: Path) -> Package:
    """Read the package that `path` is, or holds.

    Parameters
    ----------
    path : Path
        A package folder, a folder or an archive (zip, tar) that holds one, or a
        single Python file.

    Raises
    ------
    IntakeError
        When there is no package, more than one, or one that cannot be trusted.
    """
    path = Path(os.path.abspath(path))  # `.` has a name; links are not followed
    name = one_line(path.name, 80) or "submission"
    try:
        kind = os.lstat(path)
        if is_link(kind):
            raise IntakeError(f"{name} is a link. Name the file or folder that it points to.")
        if stat.S_ISDIR(kind.st_mode):
            found = list_folder(path)
        elif stat.S_ISREG(kind.st_mode):
            single = path.suffix == ".py"
            found = {path.name: single_file(path, kind)} if single else _archive(path)
            name = _SUFFIX.sub("", name) or name
        else:
            raise IntakeError(f"{name} is neither a folder nor a file.")
        outer = path.name
        found = without_environments(found)
        if packed := _only_archive(found, outer):
            outer = f"{outer}/{packed}"
            found = without_environments(list_archive(found[packed].read(), packed))
        home = _find(found, outer)
        inside = {
            str(PurePosixPath(key).relative_to(home)): file
            for key, file in found.items()
            if home in PurePosixPath(key).parents
        }
        content = _read({key: file for key, file in inside.items() if not file.fault})
    except OSError as error:
        raise _unread(path, error) from error
    except ValueError as error:
        raise IntakeError(f"Cannot read {one_line(str(path), 300)}: {error}.") from error

    put = []
    if "__init__.py" not in content:
        content["__init__.py"] = _init_for(content)
        put.append("it has no __init__.py, so one was made that imports the names of the course")
    package = _import_name(home.name or (path.name if path.is_dir() else ""), content)
    note = _note(_show(home, outer), package, content, inside)
    digest = _digest(content)
    if given := _given(content):
        content |= given
        put.append(f"{', '.join(given)}, which it imports and which is given, was put in")
    return Package(name, package, content, digest, note="; ".join([note, *put]) + ".")


def take(path: Path, scratch: Path) -> Submission:
    """Copy the package that `path` is, or holds, into a new folder in `scratch`.

    Parameters
    ----------
    path : Path
        See `read`.
    scratch : Path
        A folder for the copy; it is made when it does not exist.

    Raises
    ------
    IntakeError
        See `read`; nothing has been written then.
    """
    found = read(path)
    return Submission(**vars(found), folder=_write(found.package, found.content, scratch))


@contextmanager
def taken_in(path: Path) -> Iterator[Submission]:
    """A clean copy of the submission at a path, for as long as it is needed.

    Raises
    ------
    IntakeError
        There is nothing that could be graded.
    """
    with tempfile.TemporaryDirectory(prefix="byhand-") as scratch:
        yield take(path, Path(scratch))


_SUFFIX = re.compile(r"(\.tar)?\.(zip|tar|tgz|tbz2|txz|gz|bz2|xz)$", re.IGNORECASE)
_PACKED = re.compile(r"\.(zip|tar|tgz|tbz2|txz|tar\.(gz|bz2|xz))$", re.IGNORECASE)


def _archive(path: Path) -> Files:
    return list_archive(read_file(path, MAX_ARCHIVE), path.name)


def _only_archive(found: Files, outer: str) -> str | None:
    """The one archive that lies where a package was expected, as learning systems pack it."""
    files = [key for key, file in found.items() if not file.fault]
    packed = [key for key in files if _PACKED.search(key)]
    if not packed or any(key.endswith(".py") for key in files):
        return None
    if len(packed) > 1 or found[packed[0]].size > MAX_FILE:
        listed = one_line(", ".join(sorted(packed)), 200)
        raise IntakeError(
            f"{one_line(outer)} holds no package, but {listed}. "
            "Name one of them, or unpack it and name the folder."
        )
    return packed[0]


def _unread(path: Path, error: OSError) -> IntakeError:
    """Why something could not be read, and what to do."""
    if isinstance(error, FileNotFoundError):
        if not os.path.lexists(path):
            return IntakeError(f"There is no file or folder {one_line(str(path), 300)}.")
        return IntakeError(f"{one_line(path.name)} changed while it was read. Try again.")
    where = one_line(str(error.filename or path), 300)
    return IntakeError(f"Cannot read {where}: {error.strerror or error}. Make it readable.")


def _write(package: str, content: Mapping[str, bytes], scratch: Path) -> Path:
    scratch.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="submission-", dir=scratch))
    folder.chmod(0o755)  # another user may have to read it
    for key, data in content.items():
        parent = folder
        for part in (package, *key.split("/")[:-1]):
            parent /= part
            parent.mkdir(exist_ok=True)
            parent.chmod(0o755)
        target = parent / key.split("/")[-1]
        target.write_bytes(data)
        target.chmod(0o644)
    return folder


def _note(where: str, package: str, content: Mapping[str, bytes], inside: Files) -> str:
    size = sum(map(len, content.values()))
    count = "1 file" if len(content) == 1 else f"{len(content)} files"
    note = f"Took the package from {where} ({count}, {(size + 999) // 1000} kB)"
    if package != PurePosixPath(where).name:
        note += f", imported as {package}"
    left = [f"{one_line(key, 60)}, {file.fault}" for key, file in inside.items() if file.fault]
    if left:
        note += "; left out: " + one_line("; ".join(sorted(left)), 200)
    return note


def _digest(content: Mapping[str, bytes]) -> str:
    # Each part is hashed with its length, so that no two packages read the same.
    whole = hashlib.sha256()
    for key in sorted(content):
        for part in (key.encode("utf-8"), content[key]):
            whole.update(len(part).to_bytes(8, "big") + part)
    return whole.hexdigest()


# Finding the package


def _find(found: Files, outer: str) -> PurePosixPath:
    """Return the folder of the package, relative to what was handed in."""
    usual = Syllabus.load().package
    direct: dict[PurePosixPath, list[str]] = {}
    for key, file in found.items():
        parent = PurePosixPath(key).parent
        if not file.fault and key.endswith(".py") and len(parent.parts) <= MAX_DEPTH:
            direct.setdefault(parent, []).append(key)

    # The best is a package with the course's code; next, such code without an
    # `__init__.py`; last, any package, which may be one that is not begun yet.
    ranked: dict[PurePosixPath, tuple[bool, bool]] = {}
    for folder, keys in direct.items():
        packaged = str(folder / "__init__.py") in keys
        written = any(_has_names(key, found[key]) for key in keys)
        if packaged or written:
            ranked[folder] = (written, packaged)
    if not ranked:
        raise IntakeError(
            f"{one_line(outer)} holds no submission: no folder with an __init__.py, and no "
            f"file that defines the classes of the course, was found (at most {MAX_DEPTH} "
            f"folders deep). Hand in the package folder, such as {usual}/."
        )
    best = {folder for folder, rank in ranked.items() if rank == max(ranked.values())}
    best = {folder for folder in best if not best & set(folder.parents)}
    if len(best) > 1:
        best = {folder for folder in best if folder.name == usual} or best
    if len(best) > 1:
        listed = ", ".join(_show(folder, outer) for folder in sorted(best))
        raise IntakeError(
            f"{one_line(outer)} holds several submissions: {one_line(listed, 400)}. "
            "Name one of them, or hand in only one."
        )
    return best.pop()


_PASSES_ON = re.compile(rf"\b(?:{'|'.join(NAMES)})\b|^from[ \t]+\.[\w.]*[ \t]+import[ \t]*\*", re.M)


def _defines() -> re.Pattern[str]:
    return re.compile(rf"^(?:class|def)[ \t]+({'|'.join(names())})\b", re.MULTILINE)


def _has_names(key: str, file: File) -> bool:
    """Whether a source belongs to a submission: by its name, or by what it defines."""
    last = PurePosixPath(key).name
    if last in CORE_FILES:
        return True
    pattern = _PASSES_ON if last == "__init__.py" else _defines()
    return file.size <= MAX_SOURCE and bool(pattern.search(_source(file.read())))


def _source(data: bytes) -> str:
    # The names searched for are ASCII, which all encodings of Python sources share.
    text = data.removeprefix(b"\xef\xbb\xbf").decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _init_for(content: Mapping[str, bytes]) -> bytes:
    """Return an ``__init__.py`` that imports the names from the files that define them."""
    lines = []
    for key in sorted(content):
        module = key.removesuffix(".py")
        if key.endswith(".py") and module.isidentifier():
            found = dict.fromkeys(_defines().findall(_source(content[key])))
            lines += [f"from .{module} import {name}\n" for name in found]
    return "".join(lines).encode()


_DATASET = re.compile(r"^[ \t]*(?:from|import)\b[^#\n]*\bdataset\b", re.MULTILINE)


def _given(content: Mapping[str, bytes]) -> dict[str, bytes]:
    """The file that students have whole, where it was not handed in and is imported.

    Who uploads file by file uploads what they wrote. A student's computer, on which there is no
    solution to take it from, has the file.
    """
    name = "dataset.py"
    file = HOME.parents[1] / Syllabus.load().reference / name
    there = any(key == name or key.startswith("dataset/") for key in content)
    sources = (_source(data) for key, data in content.items() if key.endswith(".py"))
    if there or not file.is_file() or not any(map(_DATASET.search, sources)):
        return {}
    return {name: file.read_bytes()}


# Each takes time in proportion to the text, whatever the text is.
_FROM = re.compile(r"(?:^|;)[ \t]*from[ \t]+(\w+)(?:\.[\w.]*)?[ \t]+import\b", re.MULTILINE)
_IMPORT = re.compile(r"(?:^|;)[ \t]*import[ \t]+([^#;\n]+)", re.MULTILINE)


def _import_name(folder: str, content: Mapping[str, bytes]) -> str:
    """Return the name to import the package under: its own, unless the code needs another."""
    syllabus = Syllabus.load()
    own = (
        folder.isidentifier()
        and not keyword.iskeyword(folder)
        and not folder.startswith("__")
        and folder not in sys.stdlib_module_names
        and folder != "numpy"
    )
    imported: set[str] = set()
    for key, data in content.items():
        if key.endswith(".py"):
            text = _source(data)
            imported.update(_FROM.findall(text))
            for listed in _IMPORT.findall(text):
                imported.update(re.findall(r"(?:^|,)[ \t]*(\w+)", listed))
    for name in (*([folder] if own else []), syllabus.package, syllabus.reference):
        if name in imported:
            return name
    return folder if own else syllabus.package


# Checking it


def _read(files: Files) -> dict[str, bytes]:
    """Check names and sizes, and read all files."""
    check_names(files)
    sources = {key: file for key, file in files.items() if key.endswith(".py")}
    _bound("files", len(files), MAX_FILES, files)
    _bound("bytes", sum(file.size for file in files.values()), MAX_BYTES, files)
    _bound(
        "bytes of Python source", sum(file.size for file in sources.values()), MAX_SOURCE, sources
    )
    content = {}
    for key, file in sorted(files.items()):
        content[spelled(key)] = data = file.read()
        if len(data) != file.size:
            raise IntakeError(f"{one_line(key)} changed while it was read. Try again.")
    return content


def _bound(what: str, count: int, most: int, files: Files) -> None:
    if count > most:
        largest = ", ".join(sorted(files, key=lambda key: -files[key].size)[:3])
        raise IntakeError(
            f"The package holds {count:,} {what}; the limit is {most:,}. Leave out what "
            f"is not needed to run it. The largest: {one_line(largest, 200)}."
        )


def _show(folder: PurePosixPath, outer: str) -> str:
    return one_line("/".join((outer, *folder.parts)), 200)
