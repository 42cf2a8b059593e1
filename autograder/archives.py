"""From the bytes of an archive, zip or tar, to the files in it.

The archive is read into memory, is told by its content, and is bounded before and while
it is unpacked. Nothing is extracted: a file of it is a name, a size and a way to read it.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Callable
from functools import partial
from typing import IO

from autograder.errors import IntakeError
from autograder.files import (
    MAX_FILE,
    File,
    Files,
    check_names,
    ignored,
    leads_out,
    not_allowed,
    spelled,
)
from autograder.text import one_line

MAX_ARCHIVE = 20_000_000  # bytes of the archive itself
MAX_MEMBERS = 20_000
MAX_UNPACKED = 50_000_000
MAX_RATIO = 200  # of an archive above 1 MB; text rarely shrinks to a fiftieth

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
OTHERS = {  # archives that Python cannot read
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"\x28\xb5\x2f\xfd": "packed with zstd",
    b"MSCF": "a cabinet file",
    b"xar!": "a xar archive",
}


def list_archive(data: bytes, name: str) -> Files:
    """List the files of an archive, whatever it is called.

    Raises
    ------
    IntakeError
        It is no archive, damaged, too large, or holds what must not be handed in.
    """
    name = one_line(name)
    if not data:
        raise IntakeError(f"{name} is empty. Was it still being saved or uploaded?")
    if len(data) > MAX_ARCHIVE:
        raise IntakeError(f"{name} is larger than {MAX_ARCHIVE:,} bytes. Hand in only the package.")
    if kind := OTHERS.get(data[:4]):
        raise IntakeError(f"{name} is {kind}, which cannot be read. Pack the folder as zip.")
    try:
        found = list_zip(data) if data[:4] in ZIP else list_tar(unpacked(data), len(data))
    except IntakeError as error:
        raise IntakeError(f"{name}: {error}") from None
    except Exception as error:
        # The libraries raise errors of a dozen kinds when an archive is damaged.
        if name.endswith(".ipynb"):
            hint = "Turn the notebook into a package first."
        else:
            hint = "If it is damaged, pack it again, as zip."
        raise IntakeError(
            f"{name} is neither a folder, a Python file, nor a zip or tar archive that can be "
            f"read ({one_line(str(error) or type(error).__name__)}). {hint}"
        ) from error
    if not found:
        raise IntakeError(f"{name} holds no files. Pack the package folder itself.")
    return found


def list_zip(data: bytes) -> Files:
    archive = zipfile.ZipFile(io.BytesIO(data))
    found: dict[str, File] = {}
    members = archive.infolist()
    check_bounds(len(members), sum(info.file_size for info in members), len(data))
    for info in members:
        written = member_name(zip_name(info), folder=info.is_dir())
        if info.is_dir() or ignored(written):
            continue
        name = new_name(written, found)
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
            raise IntakeError(f"{one_line(name)} is a link or a device. Hand in plain files only.")
        if info.flag_bits & 0x1:
            raise IntakeError(
                f"{one_line(name)} is encrypted. Hand in an archive without password."
            )
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise IntakeError(
                f"{one_line(name)} is compressed by a method other than deflate. "
                "Pack the folder as an ordinary zip."
            )
        opener = partial(archive.open, info)
        found[name] = File(info.file_size, partial(read_member, name, opener))
    check_names(found)
    return found


def zip_name(info: zipfile.ZipInfo) -> str:
    """A member's name as it was written, not as Windows reads it.

    A name that is not marked as UTF-8 is in the code page of the machine on which it was
    packed. macOS does not mark its UTF-8, which other code pages hardly ever look like.
    """
    name = info.orig_filename
    if not info.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name


def list_tar(data: bytes, packed: int) -> Files:
    archive = tarfile.open(fileobj=io.BytesIO(data), mode="r:")  # noqa: SIM115 - it is in memory
    found: dict[str, File] = {}
    total = 0
    # One by one: a forged header may lead the library round in a circle for ever.
    for count, member in enumerate(archive, start=1):
        total += max(member.size, 0)
        check_bounds(count, total, packed)
        written = member_name(member.name, folder=member.isdir())
        if member.isdir() or ignored(written):
            continue
        name = new_name(written, found)
        if not member.isreg() or member.size < 0:
            raise IntakeError(f"{one_line(name)} is a link or a device. Hand in plain files only.")
        if member.issparse():
            raise IntakeError(f"{one_line(name)} is packed as a sparse file. Pack it without.")
        opener = partial(archive.extractfile, member)
        found[name] = File(member.size, partial(read_member, name, opener))
    # Where a header is damaged the library only stops, and files would be missing.
    if data[archive.offset : archive.offset + tarfile.BLOCKSIZE] != bytes(tarfile.BLOCKSIZE):
        raise IntakeError("the archive is damaged or cut off. Pack it again.")
    check_names(found)
    return found


def unpacked(data: bytes) -> bytes:
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
    check_bounds(0, len(plain), len(data))
    return plain


def check_bounds(count: int, total: int, packed: int) -> None:
    if count > MAX_MEMBERS:
        raise IntakeError(f"more than {MAX_MEMBERS:,} files. Hand in only the package.")
    if total > MAX_UNPACKED or (total > 1_000_000 and total > MAX_RATIO * packed):
        raise IntakeError(
            f"unpacked it is more than {MAX_UNPACKED:,} bytes, or than {MAX_RATIO} times its "
            "size. Hand in only the package, without .git, .venv and data."
        )


def member_name(name: str, folder: bool) -> str:
    """Return a member's name without a leading ``./``; refuse one that leads out.

    Also where the member is of no interest: who packs such names means no good.
    """
    while name.startswith("./"):
        name = name[2:]
    name = spelled(name.rstrip("/") if folder else name)
    if fault := leads_out(name):
        raise not_allowed(name, fault)
    return name


def new_name(name: str, found: Files) -> str:
    """Return a file's name; refuse one that is not allowed, or was there before."""
    check_names([name])
    if name in found:
        raise IntakeError(f"{one_line(name)} is there twice. Pack the folder again.")
    return name


def read_member(name: str, opener: Callable[[], IO[bytes] | None]) -> bytes:
    try:
        stream = opener()
        assert stream is not None, "only regular files are opened"
        with stream:
            return stream.read(MAX_FILE + 1)
    except Exception as error:
        raise IntakeError(
            f"{one_line(name)} is damaged in the archive ({one_line(str(error))}). Pack it again."
        ) from error
