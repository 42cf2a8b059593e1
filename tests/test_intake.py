"""Whatever is handed in, a clean copy of one package comes out, or a clear sentence."""

from __future__ import annotations

import io
import os
import stat
import tarfile
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder import archives, intake
from autograder.errors import IntakeError
from autograder.intake import take
from tests.fuzz import targets

CODE = {
    "__init__.py": "from .layers import ReLULayer\n",
    "layers.py": "class ReLULayer:\n    pass\n",
}


@pytest.fixture
def scratch(tmp_path) -> Path:
    return tmp_path / "scratch"


@pytest.fixture
def home(tmp_path) -> Path:
    """The folder in which people keep what they hand in."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def under(prefix: str, files: dict[str, str] = CODE) -> dict[str, str]:
    return {f"{prefix}/{name}": text for name, text in files.items()}


def zipped(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(name)
            info.filename = name  # as given: ZipInfo would repair it
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, text)
    return path


def tarred(path: Path, files: dict[str, str], mode: str = "w", *extra: tarfile.TarInfo) -> Path:
    with tarfile.open(path, mode) as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
        for info in extra:
            archive.addfile(info)
    return path


def copied(submission) -> list[str]:
    """The files of the copy, relative to its folder."""
    found = submission.folder.rglob("*")
    return sorted(p.relative_to(submission.folder).as_posix() for p in found if p.is_file())


# What can be handed in


def test_a_package_folder_is_taken(home, scratch):
    taken = take(write(home / "cnn", CODE), scratch)
    assert (taken.name, taken.package) == ("cnn", "cnn")
    assert copied(taken) == ["cnn/__init__.py", "cnn/layers.py"]
    assert (taken.files, taken.bytes) == (2, sum(map(len, CODE.values())))


def test_a_folder_named_by_a_dot_has_its_own_name(home, scratch, monkeypatch):
    monkeypatch.chdir(write(home / "cnn", CODE))
    assert take(Path("."), scratch).name == "cnn"


def test_a_folder_that_holds_a_package_is_searched(home, scratch):
    taken = take(write(home / "alice", under("work/week 1/student")), scratch)
    assert (taken.name, taken.package) == ("alice", "student")
    assert "alice/work/week 1/student" in taken.note


def test_a_zip_archive_is_taken_whatever_it_is_called(home, scratch):
    taken = take(zipped(home / "alice.dat", under("student")), scratch)
    assert copied(taken) == ["student/__init__.py", "student/layers.py"]


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_archive_is_taken_whatever_its_compression(home, scratch, mode):
    taken = take(tarred(home / "alice.tar.gz", under("./student"), mode), scratch)
    assert (taken.name, taken.package) == ("alice", "student")
    assert copied(taken) == ["student/__init__.py", "student/layers.py"]


def test_an_archive_of_the_bare_package_is_called_student(home, scratch):
    assert take(zipped(home / "alice.zip", CODE), scratch).package == "student"


def test_a_folder_without_init_gets_one_that_imports_the_names(home, scratch):
    taken = take(write(home / "cnn", {"layers.py": CODE["layers.py"]}), scratch)
    init = (taken.folder / "cnn" / "__init__.py").read_text()
    assert init == "from .layers import ReLULayer\n"
    assert "no __init__.py" in taken.note


def test_a_single_file_becomes_a_package(home, scratch):
    taken = take(write(home, {"layers.py": CODE["layers.py"]}) / "layers.py", scratch)
    assert copied(taken) == ["student/__init__.py", "student/layers.py"]


def test_a_package_that_is_not_begun_yet_is_taken(home, scratch):
    assert take(write(home, {"student/__init__.py": ""}), scratch).package == "student"


def test_a_source_with_a_syntax_error_is_taken(home, scratch):
    assert take(write(home / "cnn", {**CODE, "network.py": "def ("}), scratch).files == 3


def test_what_a_mac_packs_beside_the_package_is_left_out(home, scratch):
    junk = {"__MACOSX/student/._layers.py": "x", "student/.DS_Store": "x", "student/Icon\r": ""}
    taken = take(zipped(home / "alice.zip", {**under("student"), **junk}), scratch)
    assert copied(taken) == ["student/__init__.py", "student/layers.py"]


def test_a_mac_s_names_are_spelled_as_python_looks_them_up(home, scratch):
    """In UTF-8 that is not marked as such, each accent a character of its own."""
    path = zipped(home / "alice.zip", under("student", {**CODE, "reXXseau.py": ""}))
    path.write_bytes(path.read_bytes().replace(b"reXXseau", "re\u0301seau".encode()))
    assert "student/r\xe9seau.py" in copied(take(path, scratch))
    files = {**CODE, "re\u0301seau.py": ""}
    assert "cnn/r\xe9seau.py" in copied(take(write(home / "cnn", files), scratch))


def test_extended_headers_of_tar_and_zip_are_read(home, scratch):
    path = home / "alice.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        for name, text in under("student").items():
            info = tarfile.TarInfo(name)
            info.size, info.pax_headers = len(text), {"comment": "sch\xf6n", "mtime": "1.5"}
            archive.addfile(info, io.BytesIO(text.encode()))
    assert take(path, scratch).files == 2
    with zipfile.ZipFile(home / "alice.zip", "w") as archive:
        for name, text in under("student").items():
            with archive.open(name, "w", force_zip64=True) as stream:
                stream.write(text.encode())
    assert take(home / "alice.zip", scratch).files == 2


@pytest.mark.parametrize("outer", ["folder", "archive"])
def test_an_archive_that_lies_alone_is_opened_as_learning_systems_pack_it(home, scratch, outer):
    inner = zipped(home / "cnn.zip", under("cnn")).read_bytes()
    (home / "cnn.zip").unlink()
    if outer == "folder":
        path = write(home / "Alice_12", {"notes.txt": "x", "cnn.zip": inner})
    else:
        path = home / "all.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("Alice_12/cnn.zip", inner)
    taken = take(path, scratch)
    assert copied(taken) == ["cnn/__init__.py", "cnn/layers.py"]
    assert "cnn.zip/cnn" in taken.note


def test_several_archives_are_listed(home, scratch):
    files = {"Alice_1/cnn.zip": b"x", "Bob_2/cnn.tar.gz": b"x"}
    with pytest.raises(IntakeError, match=r"but Alice_1/cnn\.zip, Bob_2/cnn\.tar\.gz\. Name one"):
        take(write(home, files), scratch)


def test_it_is_said_when_the_package_is_imported_by_another_name(home, scratch):
    assert take(write(home / "my cnn", CODE), scratch).note.endswith("imported as student.")
    assert "imported" not in take(write(home / "cnn", CODE), scratch).note


# Which package is meant


def test_the_package_with_the_code_of_the_course_is_meant(home, scratch):
    files = {"tests/__init__.py": "", "tools/__init__.py": "import os\n", **under("cnn")}
    assert take(write(home, files), scratch).package == "cnn"


def test_code_counts_by_what_it_defines_not_only_by_its_file_names(home, scratch):
    mine = {"mine/__init__.py": "", "mine/all_in_one.py": "class CrossEntropyLoss:\n    pass\n"}
    assert take(write(home, {"other/__init__.py": "", **mine}), scratch).package == "mine"


def test_a_stray_init_above_the_package_is_not_the_package(home, scratch):
    assert take(write(home, {"__init__.py": "", **under("cnn")}), scratch).package == "cnn"


def test_a_package_inside_the_package_belongs_to_it(home, scratch):
    taken = take(write(home / "cnn", {**CODE, **under("parts")}), scratch)
    assert taken.package == "cnn" and "cnn/parts/layers.py" in copied(taken)


def test_the_usual_name_breaks_a_tie(home, scratch):
    assert (
        take(write(home, {**under("solution"), **under("student")}), scratch).package == "student"
    )


def test_several_equally_good_packages_are_listed(home, scratch):
    with pytest.raises(IntakeError, match=r"several submissions: home/a, home/b\."):
        take(write(home, {**under("a"), **under("b")}), scratch)


def test_a_package_five_folders_deep_is_not_found(home, scratch):
    with pytest.raises(IntakeError, match="holds no submission"):
        take(write(home, under("1/2/3/4/5")), scratch)


@pytest.mark.parametrize(
    "place", [".git", "__pycache__", ".ipynb_checkpoints", "__MACOSX", "node_modules", "venv"]
)
def test_folders_that_are_nobodys_work_are_not_searched(home, scratch, place):
    taken = take(write(home, {**under("cnn"), **under(f"{place}/student")}), scratch)
    assert taken.package == "cnn"


def test_an_environment_under_any_name_is_not_searched(home, scratch):
    files = {**under("cnn"), "mine/pyvenv.cfg": "", **under("mine/student")}
    assert take(write(home, files), scratch).package == "cnn"
    assert take(zipped(home / "a.zip", files), scratch).package == "cnn"


# What it is imported as


@pytest.mark.parametrize("folder", ["json", "numpy", "class", "my-cnn", "2nd try", "__main__"])
def test_a_folder_that_cannot_be_imported_is_called_student(home, scratch, folder):
    assert take(write(home / folder, CODE), scratch).package == "student"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("from student.layers import ReLULayer", "student"),
        ("import os, student", "student"),
        ("    import solution.layers as parts", "solution"),
        ("from cnn import layers; import student", "cnn"),
        ("from .student import ReLULayer", "cnn"),
        ("import students", "cnn"),
        ("# import student", "cnn"),
    ],
)
def test_the_name_that_the_code_imports_itself_by_is_kept(home, scratch, line, name):
    taken = take(write(home / "cnn", {**CODE, "network.py": line + "\n"}), scratch)
    assert taken.package == name


@pytest.mark.parametrize(
    "text", ["from " + "a" * 190_000, ";" * 190_000, "import " + "a," * 90_000, " " * 190_000]
)
def test_a_source_cannot_hold_up_the_search(home, scratch, text):
    start = time.perf_counter()
    take(write(home / "cnn", {**CODE, "network.py": text}), scratch)
    assert time.perf_counter() - start < 5  # a search in quadratic time takes minutes


# The copy


def test_the_original_is_untouched_and_the_copy_has_plain_modes(home, scratch):
    package = write(home / "cnn", CODE)
    (package / "layers.py").chmod(0o777)
    taken = take(package, scratch)
    assert [p.name for p in taken.folder.iterdir()] == ["cnn"]
    assert sorted(p.name for p in package.iterdir()) == ["__init__.py", "layers.py"]
    if os.name == "posix":
        assert stat.S_IMODE((package / "layers.py").stat().st_mode) == 0o777
        assert stat.S_IMODE((taken.folder / "cnn/layers.py").stat().st_mode) == 0o644
        assert stat.S_IMODE((taken.folder / "cnn").stat().st_mode) == 0o755


def test_caches_and_hidden_files_are_left_behind(home, scratch):
    junk = {"__pycache__/layers.pyc": "x", "old.pyc": "x", ".DS_Store": "x", ".git/config": "x"}
    taken = take(write(home / "cnn", {**CODE, **junk}), scratch)
    assert copied(taken) == ["cnn/__init__.py", "cnn/layers.py"]


def test_the_same_content_has_the_same_digest_however_it_came(home, scratch):
    folder = take(write(home / "a", CODE), scratch)
    archive = take(zipped(home / "b.zip", under("student")), scratch)
    assert folder.digest == archive.digest


def test_another_content_or_name_has_another_digest(home, scratch):
    first, *others = (
        take(write(home / name, files), scratch).digest
        for name, files in [
            ("a", {**CODE, "x.py": "12", "y.py": ""}),
            ("b", {**CODE, "x.py": "1", "y.py": "2"}),
            ("c", {**CODE, "x.py": "12", "z.py": ""}),
        ]
    )
    assert first not in others


# What is refused


def test_the_given_file_is_put_in_where_it_is_imported_and_was_not_handed_in(home, scratch):
    init = "from .layers import ReLULayer\nfrom .dataset import load_dataset\n"
    package = write(home / "student", {"__init__.py": init, "layers.py": CODE["layers.py"]})
    taken = take(package, scratch)
    given = (Path(__file__).parents[1] / "solution/dataset.py").read_bytes()
    assert (taken.folder / "student/dataset.py").read_bytes() == given
    assert "dataset.py, which it imports and which is given, was put in." in taken.note
    assert not (package / "dataset.py").exists()


@pytest.mark.parametrize(
    "more", [{"dataset.py": "mine = 1\n"}, {"dataset/__init__.py": "mine = 1\n"}], ids=str
)
def test_a_file_of_the_students_own_is_not_replaced_by_the_given_one(home, scratch, more):
    init = "from .layers import ReLULayer\nfrom .dataset import mine\n"
    code = {"__init__.py": init, "layers.py": CODE["layers.py"]}
    taken = take(write(home / "student", code | more), scratch)
    assert "put in" not in taken.note
    assert (taken.folder / "student" / next(iter(more))).read_text("utf-8") == "mine = 1\n"


@pytest.mark.parametrize("kind", ["link", "fifo", "folder link"])
@pytest.mark.skipif(os.name != "posix", reason="Windows needs a privilege to make links")
def test_what_is_no_regular_file_is_left_out_and_said(home, scratch, kind):
    package = write(home / "cnn", CODE)
    secret = write(home / "secret", {"__init__.py": "", "key.txt": "secret"})
    if kind == "fifo":
        os.mkfifo(package / "odd")
    else:
        (package / "odd").symlink_to(secret if kind == "folder link" else secret / "key.txt")
    taken = take(package, scratch)
    assert taken.files == 2
    assert "left out: odd" in taken.note


@pytest.mark.skipif(os.name != "posix", reason="Windows needs a privilege to make links")
def test_links_that_lead_round_in_a_circle_are_not_followed(home, scratch):
    write(home / "cnn", CODE)
    (home / "cnn" / "loop").symlink_to(home, target_is_directory=True)
    assert take(home, scratch).files == 2


@pytest.mark.parametrize("change", ["longer", "gone", "a link"])
def test_a_file_that_changes_while_it_is_read_is_seen(home, scratch, monkeypatch, change):
    path = write(home / "cnn", CODE) / "layers.py"
    search = intake._find

    def find(found, outer):
        home = search(found, outer)
        if change == "longer":
            path.write_text("more of it" * 10)
        else:
            path.unlink()
        if change == "a link":
            path.symlink_to(path.with_name("__init__.py"))
        return home

    monkeypatch.setattr(intake, "_find", find)
    with pytest.raises(IntakeError, match=r"changed while it was read|Cannot read .*layers"):
        take(path.parent, scratch)
    assert not scratch.exists()


@pytest.mark.skipif(os.name != "posix", reason="Windows needs a privilege to make links")
def test_a_link_is_not_followed(home, scratch):
    write(home / "cnn", CODE)
    (home / "link").symlink_to(home / "cnn")
    with pytest.raises(IntakeError, match="link is a link"):
        take(home / "link", scratch)


def test_a_missing_path_is_said(home, scratch):
    with pytest.raises(IntakeError, match=r"There is no file or folder .*nobody"):
        take(home / "nobody", scratch)


@pytest.mark.skipif(os.name != "posix", reason="FIFOs are POSIX")
def test_a_fifo_is_not_opened(home, scratch):
    os.mkfifo(home / "pipe")
    with pytest.raises(IntakeError, match="neither a folder nor a file"):
        take(home / "pipe", scratch)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"Dear teacher, my dog ate it.", "nor a zip or tar archive"),
        (b"PK\x03\x04 and no more", "nor a zip or tar archive"),
        (b"\x1f\x8b and no more", "nor a zip or tar archive"),
        (b"\xfd7zXZ\x00 and no more", "nor a zip or tar archive"),
        (b"Rar!\x1a\x07\x00", "a RAR archive, which cannot be read. Pack the folder as zip"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    ],
)
def test_a_file_that_is_no_archive_is_refused(home, scratch, content, message):
    with pytest.raises(IntakeError, match=message):
        take(write(home, {"alice.zip": content}) / "alice.zip", scratch)


def test_an_empty_folder_is_refused_with_what_to_hand_in(home, scratch):
    with pytest.raises(IntakeError, match=r"holds no submission.*such as student/"):
        take(home, scratch)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"big.py": "#" * 200_001}, "bytes of Python source; the limit is 200,000"),
        ({"data.bin": "#" * 2_000_001}, r"bytes; the limit is 2,000,000.*data\.bin"),
        ({f"{i}.txt": "" for i in range(200)}, "202 files; the limit is 200"),
    ],
)
def test_a_package_that_is_too_large_is_refused(home, scratch, files, message):
    with pytest.raises(IntakeError, match=message):
        take(write(home / "cnn", {**CODE, **files}), scratch)
    assert not scratch.exists()


def test_what_lies_beside_the_package_may_be_large(home, scratch):
    assert take(write(home, {**under("cnn"), "data.bin": "#" * 2_000_001}), scratch).files == 2


@pytest.mark.parametrize(
    "name",
    ["/etc/x.py", "../x.py", "student/../../x.py", "student\\x.py", "C:/x.py", "a\x1b.py", "a//b"],
)
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_a_name_that_leads_out_is_refused(home, scratch, pack, name):
    with pytest.raises(IntakeError, match="not allowed"):
        take(pack(home / "alice", {**under("student"), name: ""}), scratch)
    assert not scratch.exists()


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("student/a:b.txt", "some systems do not allow. Rename it"),
        ("student/notes.", "in a dot or a space, which some systems leave out. Rename it"),
        ("my work /x.py", "in a dot or a space"),
        ("student/con.py", "a device on some systems. Rename it"),
        ("student/Lpt1.backup.txt", "a device on some systems"),
        ("student/" + "x" * 260 + ".py", "too long. Rename it"),
        ("x/" * 600 + "x.py", "too long"),
        ("student\\x.py", "a backslash. Pack the folder as zip with another program"),
        ("../.hidden", "leads out of the folder. Pack the package folder by its own name"),
        ("../", "leads out of the folder"),
    ],
)
def test_a_message_about_a_name_says_what_to_do(home, scratch, name, advice):
    with pytest.raises(IntakeError) as caught:
        take(zipped(home / "alice", {**under("student"), name: ""}), scratch)
    assert advice in str(caught.value)


def test_two_spellings_of_one_letter_are_one_name(home, scratch):
    files = {**under("student"), "student/\xe9.txt": "", "student/e\u0301.txt": ""}
    with pytest.raises(IntakeError, match="there twice"):
        take(zipped(home / "alice", files), scratch)


def test_a_sparse_file_in_a_tar_archive_is_refused(home, scratch):
    odd = tarfile.TarInfo("student/odd")
    odd.type = tarfile.GNUTYPE_SPARSE
    with pytest.raises(IntakeError, match="sparse"):
        take(tarred(home / "alice", under("student"), "w", odd), scratch)


@pytest.mark.parametrize(
    "twin", ["student/Layers.py", "Student/layers.py", "student/layers.py/x", "STUDENT/x.py"]
)
def test_names_that_some_systems_take_for_one_are_refused(home, scratch, twin):
    with pytest.raises(IntakeError, match="the same name on some systems"):
        take(zipped(home / "alice", {**under("student"), twin: ""}), scratch)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_is_refused(home, scratch):
    path = zipped(home / "alice", under("student"))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("student/layers.py", "other")
    with pytest.raises(IntakeError, match="twice"):
        take(path, scratch)


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
def test_a_link_or_device_in_a_tar_archive_is_refused(home, scratch, kind):
    odd = tarfile.TarInfo("student/odd")
    odd.type, odd.linkname = kind, "/etc/passwd"
    with pytest.raises(IntakeError, match="a link or a device"):
        take(tarred(home / "alice", under("student"), "w", odd), scratch)


def test_a_link_in_a_zip_archive_is_refused(home, scratch):
    path = zipped(home / "alice", under("student"))
    with zipfile.ZipFile(path, "a") as archive:
        info = zipfile.ZipInfo("student/odd")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(IntakeError, match="a link or a device"):
        take(path, scratch)


def test_an_encrypted_member_is_refused(home, scratch):
    path = zipped(home / "alice", under("student"))
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the flag in the table of contents
    path.write_bytes(data)
    with pytest.raises(IntakeError, match="encrypted"):
        take(path, scratch)


def test_a_damaged_member_is_refused(home, scratch):
    path = home / "alice"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in under("student").items():
            archive.writestr(name, text)
    path.write_bytes(path.read_bytes().replace(b"class ReLU", b"class RELU"))
    with pytest.raises(IntakeError, match="damaged"):
        take(path, scratch)


@pytest.mark.parametrize("mode", ["zip", "w", "w:gz", "w:bz2", "w:xz"])
def test_an_archive_that_is_cut_off_is_refused(home, scratch, mode):
    files = under("student", {**CODE, "losses.py": "pass\n" * 1000})
    path = zipped(home / "a", files) if mode == "zip" else tarred(home / "a", files, mode)
    data = path.read_bytes()
    for share in (0.3, 0.6, 0.9):
        # A tar archive ends in 10 kB of nothing, which nobody misses.
        end = int(share * (data.rindex(b"pass") if mode == "w" else len(data)))
        path.write_bytes(data[: end // 512 * 512 if mode == "w" else end])
        with pytest.raises(IntakeError):
            take(path, scratch)


def test_a_tar_archive_with_a_damaged_header_is_refused(home, scratch):
    path = tarred(home / "a", under("student"))
    path.write_bytes(path.read_bytes().replace(b"student/layers.py", b"student/lawyer.py"))
    with pytest.raises(IntakeError, match="damaged"):
        take(path, scratch)


@pytest.mark.parametrize("pack", ["zip", "w:gz", "w:bz2", "w:xz"])
def test_an_archive_that_unpacks_to_far_more_is_refused(home, scratch, pack):
    files = {**under("student"), "zeros.bin": "0" * 3_000_000}
    path = zipped(home / "a", files) if pack == "zip" else tarred(home / "a", files, pack)
    with pytest.raises(IntakeError, match="unpacked it is more than"):
        take(path, scratch)


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_an_archive_of_too_many_files_is_refused(home, scratch, monkeypatch, pack):
    monkeypatch.setattr(archives, "MAX_MEMBERS", 2)
    with pytest.raises(IntakeError, match="more than 2 files"):
        take(pack(home / "alice", {**under("student"), "more": ""}), scratch)


@settings(suppress_health_check=list(HealthCheck), deadline=None, derandomize=True, database=None)
@given(targets.archives() | st.binary(max_size=200))
def test_any_file_is_a_clean_copy_or_a_sentence(data):
    assert targets.handed_in(data) in ("taken", "refused")


def test_a_message_shows_no_control_characters(home, scratch):
    with pytest.raises(IntakeError) as caught:
        take(home / "no\x1b[2Jbody", scratch)
    assert "\x1b" not in str(caught.value)
