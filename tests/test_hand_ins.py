"""Submissions are found in whatever layout a platform exports them."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder.course.hand_ins import find
from autograder.errors import KitError
from autograder.intake import take

LAYERS = "class ReLULayer:\n    pass\n"


def folder_of(root: Path, *names: str) -> Path:
    """A folder with these entries; a name that ends in a slash is a package."""
    for name in names:
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True)
            path = path / "layers.py"
        path.write_text(LAYERS)
    return root


def by_name(root: Path, attribute: str) -> dict[str, object]:
    return {one.path.name: getattr(one, attribute) for one in find(root).hand_ins}


# Anybody's folder


def test_each_folder_archive_and_python_file_is_a_submission(tmp_path):
    folder_of(tmp_path, "Ann Lee/", "bob.zip", "cem.tar.gz", "dan.py", "eve.ipynb", "fay.7z")
    assert by_name(tmp_path, "name") == {
        "Ann Lee": "Ann Lee",
        "bob.zip": "bob",
        "cem.tar.gz": "cem",
        "dan.py": "dan",
        "eve.ipynb": "eve",
        "fay.7z": "fay",
    }


def test_what_is_no_submission_is_left_out_with_the_reason(tmp_path):
    folder_of(tmp_path, "Ann/", "grades.csv", "tasks.pdf", ".git/", "__MACOSX/", ".DS_Store")
    (tmp_path / "link").symlink_to(tmp_path / "Ann")
    os.mkfifo(tmp_path / "pipe")
    assert dict(find(tmp_path).left_out) == {
        "grades.csv": "neither a folder, an archive nor a Python file",
        "tasks.pdf": "neither a folder, an archive nor a Python file",
        ".git": "hidden",
        ".DS_Store": "hidden",
        "__MACOSX": "left by a program, not handed in",
        "link": "a link, which is not followed",
        "pipe": "neither a folder nor a file",
    }


def test_the_folder_of_the_results_is_no_submission(tmp_path):
    folder_of(tmp_path, "Ann/", "out/")
    found = find(tmp_path, out=tmp_path / "out")
    assert [one.path.name for one in found.hand_ins] == ["Ann"]
    assert found.left_out == (("out", "where the results go"),)


def test_a_folder_that_is_a_submission_itself_is_told_so(tmp_path):
    folder_of(tmp_path, "layers.py", "losses.py", "network.py")
    with pytest.raises(KitError, match="is a submission itself"):
        find(tmp_path)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "cannot be read"),
        (lambda path: path.write_text(""), "is no folder"),
        (lambda path: path.mkdir(), "holds no submissions"),
    ],
)
def test_where_nothing_can_be_found_it_says_why(tmp_path, make, message):
    make(tmp_path / "class")
    with pytest.raises(KitError, match=message):
        find(tmp_path / "class")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_no_text_and_names_that_look_alike_are_found(tmp_path):
    names = [b"caf\xe9", "José".encode(), "Jose\u0301".encode(), b"new\nline", b"\x1b[31mred"]
    for name in names:
        os.mkdir(os.path.join(os.fsencode(tmp_path), name))
    hand_ins = find(tmp_path).hand_ins
    assert len(hand_ins) == len(names)
    assert all("\n" not in one.shown and "\x1b" not in one.shown for one in hand_ins)


# Canvas


def test_canvas_tells_name_number_and_whether_it_was_late(tmp_path):
    folder_of(tmp_path, "leeann_LATE_1234_56789_hw-2.zip", "ohara_77_56790_hw_1_2_final.zip")
    late, other = find(tmp_path).hand_ins
    assert (late.name, late.number, late.late) == ("leeann", "1234", True)
    assert (other.name, other.number, other.late) == ("ohara", "77", False)
    assert late.platform == "canvas"
    assert late.submitted is None


def test_several_files_of_one_student_are_one_submission_under_their_own_names(tmp_path):
    folder_of(
        tmp_path, *(f"leeann_1234_5{n}_{f}" for n, f in enumerate(["layers.py", "losses.py"]))
    )
    (tmp_path / "leeann_1234_57_network-1.py").write_text("class ConvolutionNeuralNetwork: pass\n")
    (one,) = find(tmp_path).hand_ins
    gathered = one.gather(tmp_path)
    assert sorted(path.name for path in gathered.iterdir()) == [
        "layers.py",
        "losses.py",
        "network.py",
    ]
    assert take(gathered, tmp_path / "scratch").files == 4  # with an __init__.py


def test_of_a_file_that_canvas_has_twice_the_newer_counts(tmp_path):
    (tmp_path / "leeann_1234_101_layers-1.py").write_text("new")
    (tmp_path / "leeann_1234_99_layers.py").write_text("old")
    (one,) = find(tmp_path).hand_ins
    assert (one.gather(tmp_path) / "layers.py").read_text() == "new"


def test_a_report_beside_the_one_archive_does_no_harm(tmp_path):
    folder_of(tmp_path, "leeann_1234_1_hw.zip", "leeann_1234_2_report.pdf")
    (one,) = find(tmp_path).hand_ins
    assert one.gather(tmp_path) == tmp_path / "leeann_1234_1_hw.zip"


def test_who_handed_in_only_a_document_is_still_somebody_who_handed_in(tmp_path):
    folder_of(tmp_path, "leeann_1234_1_hw.zip", "ohara_77_2_essay.pdf")
    assert by_name(tmp_path, "number") == {
        "leeann_1234_1_hw.zip": "1234",
        "ohara_77_2_essay.pdf": "77",
    }


def test_names_with_numbers_do_not_make_a_canvas_export(tmp_path):
    folder_of(tmp_path, "ann_hw_1_2_final.zip", "bob_hw_1_2_final.zip", "cem.zip", "dan/", "eve/")
    assert len(find(tmp_path).hand_ins) == 5
    assert {one.platform for one in find(tmp_path).hand_ins} == {""}


def test_loose_files_are_not_followed_where_they_became_links(tmp_path):
    folder_of(tmp_path, "leeann_1234_1_layers.py")
    (one,) = find(tmp_path).hand_ins
    one.path.unlink()
    one.path.symlink_to("/etc/passwd")
    with pytest.raises(OSError):
        one.gather(tmp_path)


# Moodle


def test_moodle_tells_name_and_participant(tmp_path):
    folder_of(
        tmp_path,
        "Jürgen Müller_12345_assignsubmission_file_/",
        "O'Hara_Ann_6_assignsubmission_file/",
        "Ann Lee_7_assignsubmission_file_layers.py",
    )
    found = {one.number: one.name for one in find(tmp_path).hand_ins}
    assert found == {"12345": "Jürgen Müller", "6": "O'Hara_Ann", "7": "Ann Lee"}
    loose = next(one for one in find(tmp_path).hand_ins if one.number == "7")
    assert [name for name, _ in loose.files] == ["layers.py"]


def test_a_text_that_was_typed_into_moodle_is_left_out(tmp_path):
    folder_of(tmp_path, "Ann Lee_7_assignsubmission_file_/")
    (tmp_path / "Ann Lee_7_assignsubmission_onlinetext_").mkdir()
    found = find(tmp_path)
    assert len(found.hand_ins) == 1
    text = "a text that was typed in, not a file"
    assert found.left_out == (("Ann Lee_7_assignsubmission_onlinetext_", text),)


# Gradescope

METADATA = """\
---
submission_101:
  :submitters:
  - :name: "Zo\\xEB Strange"
    :sid: '0042'
    :email: zoe@example.org
  - :name: 'O''Hara, Conan'
    :sid:
    :email: conan@example.org
  :created_at: 2026-03-02 05:40:23.231484000 Z
  :score: 10.0
  :results:
    tests:
    - name: "submission_999:"
      output: |
        :created_at: 1999-01-01 00:00:00 Z
        submission_999:
  :history:
  - :id: 3
    :created_at: 2026-03-01 05:40:23.231484000 Z
submission_102:
  :submitters:
  - :name: A very long name that Ruby did not want to write on one line since it is longer
      than eighty letters
    :sid: '7'
    :email: long@example.org
  :created_at: 2026-03-03 00:00:00.000000000 +01:00
"""


def test_gradescope_tells_who_and_when(tmp_path):
    folder_of(tmp_path, "submission_101/", "submission_102/", "submission_103/")
    (tmp_path / "submission_metadata.yml").write_text(METADATA, encoding="utf-8")
    hand_ins = {one.name: one for one in find(tmp_path).hand_ins}
    assert hand_ins["Zoë Strange"].number == "0042"
    assert hand_ins["Zoë Strange"].submitted == datetime(2026, 3, 2, 5, 40, 23, 231484, UTC)
    assert hand_ins["O'Hara, Conan"].email == "conan@example.org"
    assert hand_ins["O'Hara, Conan"].number == ""
    (long,) = (one for one in hand_ins.values() if one.number == "7")
    assert long.name.endswith("longer than eighty letters")
    assert long.submitted == datetime(2026, 3, 2, 23, tzinfo=UTC)
    assert hand_ins["submission_103"].submitted is None  # the metadata does not know it


def test_a_group_hands_in_for_each_of_its_students(tmp_path):
    folder_of(tmp_path, "submission_101/")
    (tmp_path / "submission_metadata.yml").write_text(METADATA, encoding="utf-8")
    assert [one.path.name for one in find(tmp_path).hand_ins] == ["submission_101"] * 2


# GitHub


def test_folders_of_one_assignment_tell_logins(tmp_path):
    folder_of(tmp_path, "cnn-2026-ann-lee/", "cnn-2026-bob/", "cnn-2026-anna/")
    assert by_name(tmp_path, "login") == {
        "cnn-2026-ann-lee": "ann-lee",
        "cnn-2026-bob": "bob",
        "cnn-2026-anna": "anna",
    }
