"""From what was handed in to a clean copy of one package.

A submission comes as a folder, an archive or a single file, with the package
somewhere in it. `take` finds the package, checks every name, kind and size, and
only then writes a copy, in which every file is plain and every mode the same.
Nothing that was handed in is changed, imported or executed: sources are searched
with regular expressions, not parsed, as the parser can be crashed. This module
must never know what the code does, or what it is worth.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import keyword
import lzma
import os
import re
import stat
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from autograder.errors import IntakeError
from autograder.syllabus import Syllabus
from autograder.text import one_line

MAX_FILES = 200  # of a package
MAX_BYTES = 2_000_000
MAX_SOURCE = 200_000  # of .py files: no room for a table of labels
MAX_DEPTH = 4  # how deep the package may lie in what was handed in
MAX_ENTRIES = 100_000  # of a folder that is searched
MAX_ARCHIVE = 20_000_000  # the archive itself
MAX_MEMBERS = 20_000
MAX_UNPACKED = 50_000_000
MAX_RATIO = 200  # of an archive above 1 MB; text rarely shrinks to a fiftieth

CORE_FILES = ("layers.py", "losses.py", "network.py")
NAMES = (
    *("NetworkLayer", "ParamLayer", "ReLULayer", "FlattenLayer", "MaxPoolingLayer"),
    *("LinearLayer", "ConvolutionLayer", "CrossEntropyLoss", "ConvolutionNeuralNetwork"),
    "load_dataset",
)
IGNORED = {"__pycache__", "__MACOSX", "node_modules", "venv"}


@dataclass(frozen=True)
class Submission:
    """A package that was handed in, as a clean copy.

    Attributes
    ----------
    name : str
        What a person calls it.
    package : str
        The name it is imported under.
    folder : Path
        The scratch folder that contains the package folder and nothing else.
    digest : str
        SHA-256 over the names and contents of its files, in order.
    files, bytes : int
        How many there are, and how large they are together.
    note : str
        One sentence: what was taken.
    """

    name: str
    package: str
    folder: Path
    digest: str
    files: int
    bytes: int
    note: str


@dataclass(frozen=True)
class _File:
    """One file that was found: its size, how to read it, or why it is left out."""

    size: int
    read: Callable[[], bytes]
    fault: str = ""


_Files = Mapping[str, _File]


def take(path: Path, scratch: Path) -> Submission:
    """Copy the package that `path` is, or holds, into a new folder in `scratch`.

    Parameters
    ----------
    path : Path
        A package folder, a folder or an archive (zip, tar) that holds one, or a
        single Python file. It is only read.
    scratch : Path
        A folder for the copy; it is made when it does not exist.

    Returns
    -------
    Submission

    Raises
    ------
    IntakeError
        When there is no package, more than one, or one that cannot be trusted;
        nothing has been written then.
    """
    path = Path(os.path.abspath(path))  # `.` has a name; links are not followed
    name = one_line(path.name, 80) or "submission"
    try:
        kind = os.lstat(path)
        if _is_link(kind):
            raise IntakeError(f"{name} is a link. Name the file or folder that it points to.")
        if stat.S_ISDIR(kind.st_mode):
            found = _folder(path)
        elif stat.S_ISREG(kind.st_mode):
            found = _single(path) if path.suffix == ".py" else _archive(path)
            name = _SUFFIX.sub("", name) or name
        else:
            raise IntakeError(f"{name} is neither a folder nor a file.")
        found = _without_ignored(found)
        home = _find(found, path.name)
        inside = {
            str(PurePosixPath(key).relative_to(home)): file
            for key, file in found.items()
            if home in PurePosixPath(key).parents
        }
        content = _read({key: file for key, file in inside.items() if not file.fault})
    except FileNotFoundError:
        raise IntakeError(f"There is no file or folder {one_line(str(path), 300)}.") from None
    except (OSError, ValueError) as error:
        where = one_line(str(getattr(error, "filename", None) or path), 300)
        reason = getattr(error, "strerror", None) or str(error)
        raise IntakeError(f"Cannot read {where}: {reason}.") from error

    added = "__init__.py" not in content
    if added:
        content["__init__.py"] = _init_for(content)
    package = _import_name(home.name or (path.name if path.is_dir() else ""), content)
    return Submission(
        name=name,
        package=package,
        folder=_write(package, content, scratch),
        digest=_digest(content),
        files=len(content),
        bytes=sum(map(len, content.values())),
        note=_note(_show(home, path.name), content, inside, added),
    )


_SUFFIX = re.compile(r"(\.tar)?\.(zip|tar|tgz|tbz2|txz|gz|bz2|xz)$", re.IGNORECASE)


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


def _note(where: str, content: Mapping[str, bytes], inside: _Files, added: bool) -> str:
    size = sum(map(len, content.values()))
    note = f"Took the package from {where} ({len(content)} files, {(size + 999) // 1000} kB)"
    if added:
        note += "; it has no __init__.py, so one was made that imports the names of the course"
    left = [f"{one_line(key, 60)}, {file.fault}" for key, file in inside.items() if file.fault]
    if left:
        note += "; left out: " + one_line("; ".join(sorted(left)), 200)
    return note + "."


def _digest(content: Mapping[str, bytes]) -> str:
    # Each part is hashed with its length, so that no two packages read the same.
    whole = hashlib.sha256()
    for key in sorted(content):
        for part in (key.encode("utf-8"), content[key]):
            whole.update(len(part).to_bytes(8, "big") + part)
    return whole.hexdigest()


# Finding the package


def _find(found: _Files, outer: str) -> PurePosixPath:
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


_DEFINES = re.compile(rf"^(?:class|def)[ \t]+({'|'.join(NAMES)})\b", re.MULTILINE)
_PASSES_ON = re.compile(rf"\b(?:{'|'.join(NAMES)})\b|^from[ \t]+\.[\w.]*[ \t]+import[ \t]*\*", re.M)


def _has_names(key: str, file: _File) -> bool:
    """Whether a source belongs to a submission: by its name, or by what it defines."""
    last = PurePosixPath(key).name
    if last in CORE_FILES:
        return True
    pattern = _PASSES_ON if last == "__init__.py" else _DEFINES
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
            names = dict.fromkeys(_DEFINES.findall(_source(content[key])))
            lines += [f"from .{module} import {name}\n" for name in names]
    return "".join(lines).encode()


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


def _read(files: _Files) -> dict[str, bytes]:
    """Check names and sizes, and read all files."""
    _check_names(files)
    total = sum(file.size for file in files.values())
    sources = sum(file.size for key, file in files.items() if key.endswith(".py"))
    largest = ", ".join(sorted(files, key=lambda key: -files[key].size)[:3])
    for what, size, most in (
        ("files", len(files), MAX_FILES),
        ("bytes", total, MAX_BYTES),
        ("bytes of Python source", sources, MAX_SOURCE),
    ):
        if size > most:
            raise IntakeError(
                f"The package holds {size:,} {what}; the limit is {most:,}. Leave out what "
                f"is not needed to run it. The largest: {one_line(largest, 200)}."
            )
    content = {}
    for key, file in sorted(files.items()):
        content[key] = file.read()
        if len(content[key]) != file.size:
            raise IntakeError(f"{one_line(key)} is not as large as was said. Try again.")
    return content


def _check_names(names: Iterable[str]) -> None:
    """Refuse names that some system would read as another one's, or as a way out."""
    spelled: dict[str, str] = {}
    for name in names:
        parts = name.split("/")
        bad = (
            not name.isprintable()
            or any(part in ("", ".", "..") or part[-1] in ". " for part in parts)
            or any(character in name for character in '\\:*?"<>|')
        )
        if bad:
            raise IntakeError(
                f"The file name {one_line(name)!r} is not allowed: names must be relative, "
                "without '..' and without characters that some systems do not allow."
            )
        for depth in range(1, len(parts) + 1):
            whole = "/".join(parts[:depth])
            # A folder may come again, as the folder of another file; a file may not.
            known = whole if depth == len(parts) else whole + "/"
            before = spelled.setdefault(whole.casefold(), known)
            if before != known:
                raise IntakeError(
                    f"{one_line(before)} and {one_line(known)} are the same name on some "
                    "systems. Rename one of them."
                )


def _without_ignored(found: _Files) -> dict[str, _File]:
    """Leave out what is no part of a submission: caches, hidden files, environments."""
    environments = {
        PurePosixPath(key).parent for key in found if PurePosixPath(key).name == "pyvenv.cfg"
    }
    return {
        key: file
        for key, file in found.items()
        if not _ignored(key) and not environments & set(PurePosixPath(key).parents)
    }


def _ignored(name: str) -> bool:
    *folders, last = name.split("/")
    return (
        last.startswith(".")
        or last.endswith((".pyc", ".pyo"))
        or any(part.startswith(".") or part in IGNORED for part in folders)
    )


def _show(folder: PurePosixPath, outer: str) -> str:
    return one_line("/".join((outer, *folder.parts)), 200)


# Reading a folder


def _folder(root: Path) -> _Files:
    """List the files of a folder, nearest first, without following a link."""
    found: dict[str, _File] = {}
    waiting = [(root, "")]
    seen = 0
    for folder, prefix in waiting:
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
        seen += len(listed)
        if seen > MAX_ENTRIES:
            raise IntakeError(
                f"{one_line(root.name)} holds more than {MAX_ENTRIES:,} files. "
                "Name the package folder itself."
            )
        if any(entry.name == "pyvenv.cfg" for entry in listed):
            continue
        for entry in listed:
            name, kind = prefix + entry.name, entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(kind.st_mode) and not _is_link(kind):
                if not _ignored(name + "/"):
                    waiting.append((Path(entry.path), name + "/"))
            elif not _ignored(name):
                found[name] = _file(Path(entry.path), kind)
    return found


def _single(path: Path) -> _Files:
    return {path.name: _file(path, os.lstat(path))}


def _file(path: Path, kind: os.stat_result) -> _File:
    fault = ""
    if _is_link(kind):
        fault = "a link"
    elif not stat.S_ISREG(kind.st_mode):
        fault = "not a regular file"
    return _File(kind.st_size, partial(_read_file, path, MAX_BYTES), fault)


def _read_file(path: Path, most: int) -> bytes:
    # Between the listing and now the name may have come to mean something else:
    # do not follow a link, do not wait for a FIFO, and look at what was opened.
    flags = os.O_RDONLY
    for extra in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, extra, 0)
    with open(os.open(path, flags), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise IntakeError(f"{one_line(path.name)} is not a regular file.")
        return stream.read(most + 1)


def _is_link(kind: os.stat_result) -> bool:
    # A junction is Windows' link between folders; lstat calls it a folder.
    junction = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1)
    return stat.S_ISLNK(kind.st_mode) or getattr(kind, "st_reparse_tag", 0) == junction


# Reading an archive


def _archive(path: Path) -> _Files:
    """List the files of an archive, whatever it is called."""
    name = one_line(path.name)
    data = _read_file(path, MAX_ARCHIVE)
    if not data:
        raise IntakeError(f"{name} is empty.")
    if len(data) > MAX_ARCHIVE:
        raise IntakeError(f"{name} is larger than {MAX_ARCHIVE:,} bytes. Hand in only the package.")
    try:
        if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
            found = _zip(data)
        else:
            found = _tar(_unpacked(data), len(data))
    except IntakeError as error:
        raise IntakeError(f"{name}: {error}") from None
    except Exception as error:
        # The libraries raise errors of a dozen kinds when an archive is damaged.
        hint = " Turn a notebook into a package first." if path.suffix == ".ipynb" else ""
        raise IntakeError(
            f"{name} is neither a folder, a Python file, nor a zip or tar archive that can be "
            f"read ({one_line(str(error))}).{hint}"
        ) from error
    if not found:
        raise IntakeError(f"{name} holds no files.")
    return found


def _zip(data: bytes) -> _Files:
    archive = zipfile.ZipFile(io.BytesIO(data))
    found: dict[str, _File] = {}
    members = archive.infolist()
    _check_bounds(len(members), sum(info.file_size for info in members), len(data))
    for info in members:
        name = _member_name(info.orig_filename, found)  # as written, not as Windows reads it
        if info.is_dir() or _ignored(name):
            continue
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
            raise IntakeError(f"{one_line(name)} is a link or a device. Hand in plain files only.")
        if info.flag_bits & 0x1:
            raise IntakeError(
                f"{one_line(name)} is encrypted. Hand in an archive without password."
            )
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise IntakeError(f"{one_line(name)} is compressed by a method other than deflate.")
        found[name] = _File(
            info.file_size, partial(_read_member, name, partial(archive.open, info))
        )
    _check_names(found)
    return found


def _tar(data: bytes, packed: int) -> _Files:
    archive = tarfile.open(fileobj=io.BytesIO(data), mode="r:")  # noqa: SIM115 - it is in memory
    found: dict[str, _File] = {}
    total = 0
    # One by one: a forged header may lead the library round in a circle for ever.
    for count, member in enumerate(archive, start=1):
        total += max(member.size, 0)
        _check_bounds(count, total, packed)
        name = _member_name(member.name, found)
        if member.isdir() or _ignored(name):
            continue
        if not member.isreg() or member.issparse() or member.size < 0:
            raise IntakeError(f"{one_line(name)} is a link or a device. Hand in plain files only.")
        opener = partial(archive.extractfile, member)
        found[name] = _File(member.size, partial(_read_member, name, opener))
    # Where a header is damaged the library only stops, and files would be missing.
    if data[archive.offset : archive.offset + tarfile.BLOCKSIZE] != bytes(tarfile.BLOCKSIZE):
        raise IntakeError("the archive is damaged or cut off. Pack it again.")
    _check_names(found)
    return found


def _unpacked(data: bytes) -> bytes:
    """Return a tar file without its compression, read no further than is allowed."""
    most = MAX_UNPACKED + 1
    if data.startswith(b"\x1f\x8b"):
        plain = gzip.GzipFile(fileobj=io.BytesIO(data)).read(most)
    elif data.startswith(b"BZh"):
        plain = bz2.BZ2File(io.BytesIO(data)).read(most)
    elif data.startswith(b"\xfd7zXZ\x00"):
        unpacker = lzma.LZMADecompressor(memlimit=100_000_000)
        plain = unpacker.decompress(data, most)
        if not unpacker.eof and len(plain) < most:
            raise EOFError("the end is missing")
    else:
        plain = data
    _check_bounds(0, len(plain), len(data))
    return plain


def _check_bounds(count: int, total: int, packed: int) -> None:
    if count > MAX_MEMBERS:
        raise IntakeError(f"more than {MAX_MEMBERS:,} files. Hand in only the package.")
    if total > MAX_UNPACKED or (total > 1_000_000 and total > MAX_RATIO * packed):
        raise IntakeError(
            f"unpacked it is more than {MAX_UNPACKED:,} bytes, or than {MAX_RATIO} times its "
            "size. Hand in only the package, without .git, .venv and data."
        )


def _member_name(name: str, found: Mapping[str, _File]) -> str:
    """Return a member's name without a leading ``./``; refuse one that leads out."""
    while name.startswith("./"):
        name = name[2:]
    name = name.rstrip("/") if not name.startswith("/") else name
    if name in found:
        raise IntakeError(f"{one_line(name)} is there twice.")
    if name not in ("", "."):
        _check_names([name])
    return name


def _read_member(name: str, opener: Callable[[], IO[bytes] | None]) -> bytes:
    try:
        stream = opener()
        assert stream is not None, "only regular files are opened"
        with stream:
            return stream.read(MAX_BYTES + 1)
    except Exception as error:
        raise IntakeError(
            f"{one_line(name)} is damaged in the archive ({one_line(str(error))}). Pack it again."
        ) from error
