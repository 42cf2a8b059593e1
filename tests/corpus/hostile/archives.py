"""Archives and folders that do damage when they are unpacked, or hold other things than they show.

Each is a function that builds one beside a home that holds a canary, and the effect that it has
when it is unpacked by `unpack`, which does what hand-written unpackers do. Unpacked as far as
that, none is larger than 64 MB.
"""

from __future__ import annotations

import gzip
import io
import os
import shutil
import stat
import struct
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

LAYERS = b"class ReLULayer:\n    def forward(self, x):\n        return x * (x > 0)\n"
CANARY = b"canary-archive-0123456789ab"
LARGE = 30 << 20
MANY = 20_500


@dataclass(frozen=True)
class Place:
    """What an unpacked archive has done."""

    outside: Path  # a folder that must stay as it is
    out: Path  # where it was unpacked

    def changed(self) -> bool:
        """Whether there is anything outside but the secret."""
        return [one.name for one in self.outside.iterdir()] != ["secret.py"] or (
            self.outside / "secret.py"
        ).read_bytes() != CANARY

    def stolen(self) -> bool:
        """Whether the secret is inside."""
        files = [one for one in self.out.rglob("*") if one.is_file()]
        return any(CANARY in one.read_bytes() for one in files if one.stat().st_size < 10_000)

    def kinds(self) -> bool:
        """Whether there is anything but plain files and folders, or with modes of its own."""
        found = [one.lstat().st_mode for one in self.out.rglob("*")]
        return any(
            not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) or mode & 0o7022 for mode in found
        )

    def large(self) -> bool:
        """Whether it holds far more than was sent."""
        sizes = [one.lstat().st_size for one in self.out.rglob("*") if one.is_file()]
        return sum(sizes) > LARGE // 2 or len(sizes) > MANY // 2

    def deep(self) -> bool:
        """Whether folders lie absurdly deep in each other."""
        found = self.out
        for _ in range(100):
            inner = [one for one in found.iterdir() if one.is_dir()]
            if not inner:
                return False
            found = inner[0]
        return True

    def exchanged(self) -> bool:
        """Whether another file is there than the one that is listed first."""
        return any(b"EXCHANGED" in one.read_bytes() for one in self.out.rglob("*.py"))

    def twins(self) -> bool:
        """Whether two names are one to some systems."""
        import unicodedata

        names = [
            unicodedata.normalize("NFC", one.relative_to(self.out).as_posix()).casefold()
            for one in self.out.rglob("*")
        ]
        return len(set(names)) < len(names)

    def unseen(self) -> bool:
        """Whether a name would do something to a terminal."""
        return any(not one.name.isprintable() for one in self.out.rglob("*"))

    def compiled(self) -> bool:
        """Whether there is byte code, which runs in place of the source that is shown."""
        return any(True for _ in self.out.rglob("*.pyc"))


@dataclass(frozen=True)
class Archive:
    """A hostile archive: how it is built, and its effect on the careless."""

    name: str
    build: Callable[[Path, Path], Path]  # (folder to build in, folder outside) → the archive
    effect: Callable[[Place], bool]
    root: bool = False
    refused: bool = True  # else what is good in it is taken


def member(name: str, mode: int = 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("x")
    info.filename = name  # as given: the constructor would repair it
    info.external_attr = (mode if mode > 0o7777 else stat.S_IFREG | mode) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def zipped(*entries: tuple[str, bytes, int]) -> Callable[[Path, Path], Path]:
    def build(folder: Path, outside: Path) -> Path:
        path = folder / "a.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(member("student/layers.py"), LAYERS)
            for name, data, mode in entries:
                where = name.replace("OUTSIDE", str(outside))
                target = data.replace(b"OUTSIDE", str(outside).encode())
                archive.writestr(member(where, mode), target)
        return path

    return build


def tarred(*entries: tuple[str, bytes, str, int]) -> Callable[[Path, Path], Path]:
    def build(folder: Path, outside: Path) -> Path:
        path = folder / "a.tar"
        with tarfile.open(path, "w") as archive:
            for name, link, kind, mode in (("student/layers.py", b"", "0", 0o644), *entries):
                info = tarfile.TarInfo(name.replace("OUTSIDE", str(outside)))
                info.type, info.mode = kind.encode(), mode
                info.devmajor, info.devminor = 1, 3
                if kind == "0":
                    info.size = len(link or LAYERS)
                    archive.addfile(info, io.BytesIO(link or LAYERS))
                else:
                    info.linkname = link.decode().replace("OUTSIDE", str(outside))
                    archive.addfile(info)
        return path

    return build


def unpack(path: Path, out: Path) -> None:
    """Unpack as it is often done: by name, with links, without a bound."""
    if path.is_dir():
        shutil.copytree(path, out, dirs_exist_ok=True)
        return
    out.mkdir(exist_ok=True)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                target = os.path.join(out, info.filename.replace("\\", "/"))
                if target.endswith("/"):
                    continue
                os.makedirs(os.path.dirname(target), exist_ok=True)
                if stat.S_ISLNK(info.external_attr >> 16):
                    os.symlink(archive.read(info), target)
                else:
                    with open(target, "wb") as file:
                        file.write(archive.read(info))
                    os.chmod(target, (info.external_attr >> 16) & 0o7777 or 0o644)
        return
    with tarfile.open(path) as archive:
        if sys.version_info >= (3, 11, 4):
            archive.extraction_filter = tarfile.fully_trusted_filter  # type: ignore[assignment]
        archive.extractall(out)


def bomb_in_tar(folder: Path, outside: Path) -> Path:
    path = folder / "a.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo("student/layers.py")
        info.size = LARGE
        archive.addfile(info, io.BytesIO(bytes(LARGE)))
    return path


def many(folder: Path, outside: Path) -> Path:
    path = folder / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member("student/layers.py"), LAYERS)
        for index in range(MANY):
            archive.writestr(member(f"student/{index}.txt"), b"")
    return path


def overlapping(folder: Path, outside: Path) -> Path:
    """Each file's data quotes the whole next file, so that the last one's is in all of them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    plain = bytes(1 << 20)
    packed = packer.compress(plain) + packer.flush()
    files: list[tuple[bytes, bytes]] = []  # local header, table entry without its offset
    for index in reversed(range(30)):
        if files:  # a block that is stored as it is: the next header
            header = files[0][0]
            plain = header + plain
            packed = b"\0" + struct.pack("<2H", len(header), len(header) ^ 0xFFFF) + header + packed
        name = b"student/layer%02d.py" % index
        sizes = (zlib.crc32(plain), len(packed), len(plain))
        common = struct.pack("<4H3I2H", 0, 8, 0, 33, *sizes, len(name), 0)
        local = b"PK\3\4" + struct.pack("<H", 20) + common + name
        entry = b"PK\1\2" + struct.pack("<2H", 20, 20) + common + struct.pack("<3HI", 0, 0, 0, 0)
        files.insert(0, (local, entry + b"OFFS" + name))
    # One local header after the other lies 5 bytes (of the block that quotes it) further on.
    table, offset = b"", 0
    for local, entry in files:
        table += entry.replace(b"OFFS", struct.pack("<I", offset))
        offset += len(local) + 5
    body = files[0][0] + packed
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 30, 30, len(table), len(body), 0)
    path = folder / "a.zip"
    path.write_bytes(body + table + end)
    return path


def sparse(folder: Path, outside: Path) -> Path:
    """A header that says: a terabyte of nothing."""
    path = folder / "a.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("student/layers.py")
        info.pax_headers = {
            "GNU.sparse.major": "0",
            "GNU.sparse.minor": "1",
            "GNU.sparse.name": "student/layers.py",
            "GNU.sparse.size": str(1 << 40),
            "GNU.sparse.map": f"{(1 << 40) - 1},1",
        }
        info.size = 1
        archive.addfile(info, io.BytesIO(b"#"))
    return path


def nested(folder: Path, outside: Path) -> Path:
    """An archive of nothing but an archive, which is the bomb."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr(member("student/layers.py"), bytes(LARGE))
    path = folder / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member("alice.zip"), inner.getvalue())
    return path


def grown(place: Place) -> bool:
    """Whether the inner archive, unpacked in turn, is large."""
    for inner in place.out.rglob("*.zip"):
        unpack(inner, place.out / "inner")
    return place.large()


def gzip_of_gzip(folder: Path, outside: Path) -> Path:
    path = folder / "a.tar.gz"
    with tarfile.open(folder / "b.tar", "w") as archive:
        info = tarfile.TarInfo("student/layers.py")
        info.size = LARGE
        archive.addfile(info, io.BytesIO(bytes(LARGE)))
    path.write_bytes(gzip.compress((folder / "b.tar").read_bytes()) + gzip.compress(b"\0" * 10_240))
    (folder / "b.tar").unlink()
    return path


def twice(folder: Path, outside: Path) -> Path:
    path = folder / "a.tar"
    with tarfile.open(path, "w") as archive:
        for data in (LAYERS, LAYERS + b"# EXCHANGED\n"):
            info = tarfile.TarInfo("student/layers.py")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def folder_with(add: Callable[[Path, Path], None]) -> Callable[[Path, Path], Path]:
    def build(folder: Path, outside: Path) -> Path:
        package = folder / "student"
        package.mkdir()
        (package / "__init__.py").write_bytes(b"from .layers import ReLULayer\n")
        (package / "layers.py").write_bytes(LAYERS)
        add(package, outside)
        return package

    return build


def link_to_file(package: Path, outside: Path) -> None:
    (package / "more.py").symlink_to(outside / "secret.py")


def link_to_folder(package: Path, outside: Path) -> None:
    (package / "more").symlink_to(outside)


def modes(package: Path, outside: Path) -> None:
    (package / "layers.py").chmod(0o6777)


def byte_code(package: Path, outside: Path) -> None:
    (package / "__pycache__").mkdir()
    (package / f"__pycache__/layers.{sys.implementation.cache_tag}.pyc").write_bytes(b"x")


LINK = stat.S_IFLNK | 0o777
ARCHIVES = (
    Archive("zip: an absolute name", zipped(("OUTSIDE/x.py", b"x", 0o644)), Place.changed),
    Archive("zip: a name that climbs", zipped(("../outside/x.py", b"x", 0o644)), Place.changed),
    Archive(
        "zip: a name that climbs by backslashes",
        zipped(("student\\..\\..\\outside\\x.py", b"x", 0o644)),
        Place.changed,
    ),
    Archive(
        "zip: a link to a file", zipped(("student/x.py", b"OUTSIDE/secret.py", LINK)), Place.stolen
    ),
    Archive(
        "zip: a file through a link",
        zipped(("student/d", b"OUTSIDE", LINK), ("student/d/x.py", b"x", 0o644)),
        Place.changed,
    ),
    Archive(
        "zip: modes that give rights",
        zipped(("student/x.py", b"x", 0o6777)),
        Place.kinds,
        refused=False,
    ),
    Archive(
        "zip: far more than was sent", zipped(("student/x.py", bytes(LARGE), 0o644)), Place.large
    ),
    Archive("zip: many files", many, Place.large),
    Archive("zip: one piece of data under many names", overlapping, Place.large),
    Archive("zip: a bomb in an archive", nested, grown),
    Archive(
        "zip: two names that differ in case",
        zipped(("student/Layers.py", b"x", 0o644)),
        Place.twins,
    ),
    Archive(
        "zip: two names that differ in composition",
        zipped(("student/e\u0301.py", b"x", 0o644), ("student/\u00e9.py", b"y", 0o644)),
        Place.twins,
    ),
    Archive(
        "zip: a name with controls",
        zipped(("student/\x1b[2J\u202e.py", b"x", 0o644)),
        Place.unseen,
    ),
    Archive(
        "zip: a name of two lines", zipped(("student/a\n::error::b.py", b"x", 0o644)), Place.unseen
    ),
    Archive(
        "zip: folders in folders",
        zipped(("student/" + "d/" * 600 + "x.py", b"x", 0o644)),
        Place.deep,
    ),
    Archive("tar: an absolute name", tarred(("OUTSIDE/x.py", b"x", "0", 0o644)), Place.changed),
    Archive(
        "tar: a name that climbs", tarred(("../outside/x.py", b"x", "0", 0o644)), Place.changed
    ),
    Archive(
        "tar: a link to a file",
        tarred(("student/x.py", b"OUTSIDE/secret.py", "2", 0o777)),
        Place.stolen,
    ),
    Archive(
        "tar: a hard link to a file outside",
        tarred(("student/x.py", b"OUTSIDE/secret.py", "1", 0o644)),
        Place.stolen,
    ),
    Archive(
        "tar: a file through a link",
        tarred(("student/d", b"OUTSIDE", "2", 0o777), ("student/d/x.py", b"x", "0", 0o644)),
        Place.changed,
    ),
    Archive("tar: a pipe", tarred(("student/x.py", b"", "6", 0o644)), Place.kinds),
    Archive("tar: a device", tarred(("student/x.py", b"", "3", 0o644)), Place.kinds, root=True),
    Archive(
        "tar: modes that give rights",
        tarred(("student/x.py", b"x", "0", 0o6777)),
        Place.kinds,
        refused=False,
    ),
    Archive("tar: far more than was sent", bomb_in_tar, Place.large),
    Archive("tar: far more than was sent, in two pieces", gzip_of_gzip, Place.large),
    Archive("tar: a terabyte of nothing", sparse, Place.large),
    Archive("tar: a file that is there twice", twice, Place.exchanged),
    Archive("folder: a link to a file", folder_with(link_to_file), Place.stolen, refused=False),
    Archive("folder: a link to a folder", folder_with(link_to_folder), Place.stolen, refused=False),
    Archive("folder: modes that give rights", folder_with(modes), Place.kinds, refused=False),
    Archive(
        "folder: byte code for other sources", folder_with(byte_code), Place.compiled, refused=False
    ),
)
