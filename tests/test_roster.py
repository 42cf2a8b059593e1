"""Who is in the class is read from any table; a submission goes to its student or to nobody."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from names import NAMES

from autograder.course import roster
from autograder.course.hand_ins import HandIn
from autograder.course.roster import match, student_id
from autograder.errors import KitError
from autograder.files import DEVICES
from autograder.text import one_line

PLAIN = "name,email,login,number\nAnn Lee,ann@x.org,alee,1\nBob Ray,bob@x.org,bray,2\n"
CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,CNN (4711)
    Points Possible,,,,,100
"Lee, Ann",1001,u1,alee,S1,
"Müller, Jürgen",1002,u2,jm@x.org,S1,
"Student, Test",9999,,0123456789abcdef0123456789abcdef01234567,S1,
"""
MOODLE = """\
Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,\
Last modified (submission),Last modified (grade),Feedback comments
Participant 11,Ann Lee,ann@x.org,Submitted,,100.00,Yes,"Friday, 3 October 2025, 11:59 PM",-,
Participant 12,Bob Ray,bob@x.org,No submission,,100.00,Yes,-,-,
"""
GERMAN = """\
\ufeffID;Vollständiger Name;E-Mail-Adresse;Status;Bewertung;Bestwertung;\
Bewertung kann geändert werden;Zuletzt geändert (Abgabe);Zuletzt geändert (Bewertung);Feedback
Teilnehmer/in11;Ann Lee;ann@x.org;Abgegeben;;100,00;Ja;Freitag, 3. Oktober 2025, 23:59;-;
Teilnehmer/in12;Bob Ray;bob@x.org;Nichts;85,50;100,00;Ja;-;-;
"""


def read(tmp_path: Path, text: str | bytes, zone=None) -> roster.Roster:
    data = text if isinstance(text, bytes) else text.encode()
    (tmp_path / "roster.csv").write_bytes(data)
    return roster.read(tmp_path / "roster.csv", zone)


def people(of: roster.Roster) -> list[tuple[str, str, str, str]]:
    return [(s.name, s.email, s.login, s.number) for s in (e.student for e in of.entries)]


# Reading

BOTH = [("Ann Lee", "ann@x.org", "alee", "1"), ("Bob Ray", "bob@x.org", "bray", "2")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_plain_table_is_read_however_it_is_written(tmp_path, delimiter, start, end):
    text = start + PLAIN.replace(",", delimiter).replace("\n", end)
    assert people(read(tmp_path, text)) == BOTH


def test_excels_line_on_the_separator_is_understood(tmp_path):
    assert people(read(tmp_path, "sep=;\n" + PLAIN.replace(",", ";"))) == BOTH


def test_columns_are_told_by_their_headers_in_any_order(tmp_path):
    text = "Student ID,Last_name,First Name,E-Mail Address\n7,Lee,Ann,ann@x.org\n"
    assert people(read(tmp_path, text)) == [("Ann Lee", "ann@x.org", "", "7")]


def test_columns_that_are_not_used_are_listed(tmp_path):
    (note,) = read(tmp_path, "name,shoe size,pet\nAnn,38,cat\n").notes
    assert "not used: shoe size, pet" in note


def test_extensions_and_times_are_read(tmp_path):
    text = "name,extension,submitted\nAnn,2d,2026-12-01 10:00+01:00\nBob,,\n"
    ann, bob = read(tmp_path, text).entries
    assert ann.extension == timedelta(days=2)
    assert ann.submitted == datetime(2026, 12, 1, 9, tzinfo=UTC)
    assert (bob.extension, bob.submitted) == (None, None)


def test_a_number_of_hours_needs_no_unit_where_the_header_names_it(tmp_path):
    (ann,) = read(tmp_path, "name,Extension (hours)\nAnn,36\n").entries
    assert ann.extension == timedelta(hours=36)


def test_canvas_gradebook_is_known_with_its_odd_rows(tmp_path):
    found = read(tmp_path, CANVAS)
    assert found.kind == "canvas"
    assert people(found) == [
        ("Lee, Ann", "", "alee", "1001"),
        ("Müller, Jürgen", "jm@x.org", "jm@x.org", "1002"),
    ]


@pytest.mark.parametrize("text", [MOODLE, GERMAN])
def test_moodles_worksheet_is_known_in_any_language(tmp_path, text):
    found = read(tmp_path, text)
    assert found.kind == "moodle"
    assert people(found) == [("Ann Lee", "ann@x.org", "", "11"), ("Bob Ray", "bob@x.org", "", "12")]


def test_moodles_times_are_read_where_the_zone_is_given(tmp_path):
    ann, bob = read(tmp_path, MOODLE, ZoneInfo("Europe/Berlin")).entries
    assert ann.submitted is not None
    assert ann.submitted.astimezone(UTC) == datetime(2025, 10, 3, 21, 59, tzinfo=UTC)
    assert bob.submitted is None


@pytest.mark.parametrize(("text", "zone"), [(MOODLE, None), (GERMAN, ZoneInfo("Europe/Berlin"))])
def test_times_that_cannot_be_read_are_not_known_and_said_so(tmp_path, text, zone):
    found = read(tmp_path, text, zone)
    assert found.entries[0].submitted is None
    assert "when 1 were handed in cannot be read" in found.notes[0]


def test_logins_with_numbers_do_not_make_moodles_worksheet(tmp_path):
    text = "login,name,email\nuser1,Ann Lee,a@x.org\nuser2,Bob Ray,b@x.org\n"
    assert read(tmp_path, text).kind == "plain"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"name\n", "names no students"),
        ("name\nJos\xe9\n".encode("latin-1"), "not UTF-8"),
        ("name\nAnn\n".encode("utf-16"), "not UTF-8"),
        (b"name\0\nAnn\n", "zero bytes"),
        (b"pet,shoe\ncat,3\n", "no column that names students"),
        (b"name,full name\nAnn,Ann\n", "both tell the name"),
        (b"name,number\nAnn,1\nBob,1\n", "lines 2 and 3 have the same number: 1"),
        (b"name,email\nAnn,a@x.org\nBob,A@X.org\n", "lines 2 and 3 have the same email"),
        (b"name\nAnn\nann\n", "lines 2 and 3 have the same name"),
        (b"name,pet\nAnn,cat\n,dog\n", "line 3 names nobody"),
        (b"name,extension\nAnn,2\n", "line 2: '2' is no extension"),
        (b"name,submitted\nAnn,2026-12-01 10:00\n", "no time zone"),
    ],
)
def test_a_roster_that_cannot_be_used_is_refused_with_the_line(tmp_path, text, message):
    with pytest.raises(KitError, match=re.escape(message)):
        read(tmp_path, text)


def test_all_faults_are_told_at_once_but_not_without_end(tmp_path):
    text = "name,number\n" + "".join(f"S{n},{n % 2}\n" for n in range(100))
    with pytest.raises(KitError, match="and 88 more"):
        read(tmp_path, text)


def test_two_of_one_name_are_two_where_something_else_tells_them_apart(tmp_path):
    assert len(read(tmp_path, "name,number\nAnn Lee,1\nAnn Lee,2\n").entries) == 2


def test_who_has_no_number_where_others_have_is_said(tmp_path):
    assert "only a name" in read(tmp_path, "name,number\nAnn,1\nBob,\n").notes[0]


# Ids


@pytest.mark.parametrize("name", NAMES)
def test_an_id_is_a_safe_name_for_a_file(name):
    found = student_id(name, [name])
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*-[0-9a-f]{8}", found)
    assert len(found) <= 60
    assert found.partition(".")[0] not in DEVICES


@given(st.text(), st.text())
def test_different_identities_have_different_ids(one, other):
    assert (student_id(one, [one]) == student_id(other, [other])) == (one == other)


def test_ids_that_would_collide_are_lengthened():
    same = HandIn(Path("x"), "Ann", name="Ann", number="1", platform="moodle")
    places = match([same, same], None)
    assert len({place.student.id for place in places}) == 2
    assert all(len(place.student.id) <= 60 for place in places)


# Matching


def hand_in(name: str, **more) -> HandIn:
    return HandIn(Path(name), name, **({"name": name} | more))


def owners(of: roster.Roster, *hand_ins: HandIn) -> dict[str, str]:
    """Hand-in → its student's name; those of nobody are left out."""
    places = match(hand_ins, of)
    return {
        one.shown: place.student.name
        for place in places
        if place.in_roster
        for one in [*([place.hand_in] if place.hand_in else []), *place.others]
    }


@pytest.mark.parametrize(
    "one",
    [
        hand_in("Ann Lee"),
        hand_in("lee, ANN"),
        hand_in("Lee_Ann"),
        hand_in("alee"),
        hand_in("ann@x.org"),
        hand_in("1"),
        hand_in("cnn-alee", login="alee", platform="github"),
        hand_in("A. L.", email="Ann@X.org", platform="gradescope"),
        hand_in("A. L.", number="1", platform="gradescope"),
        hand_in("leeann", number="88", platform="canvas"),
        hand_in("Ann Lee", number="88", platform="moodle"),
    ],
    ids=lambda one: f"{one.platform}:{one.shown}",
)
def test_a_submission_finds_its_student(tmp_path, one):
    assert owners(read(tmp_path, PLAIN), one) == {one.shown: "Ann Lee"}


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_found_in_other_spellings(tmp_path, name):
    text = 'name,number\n"' + name.replace('"', '""') + '",1\nNobody Else,2\n'
    for spelling in ("NFC", "NFD"):
        one = hand_in(one_line(unicodedata.normalize(spelling, name)), number="", login="")
        assert owners(read(tmp_path, text), one) == {one.shown: one_line(name)}


def test_accents_may_be_missing_where_only_one_can_be_meant(tmp_path):
    of = read(tmp_path, "name\nJosé Nuñez\nAnn Lee\n")
    assert owners(of, hand_in("Jose Nunez")) == {"Jose Nunez": "José Nuñez"}


@pytest.mark.parametrize(
    ("names", "hand_ins"),
    [
        ("José\nJosè", ["Jose"]),  # two could be meant
        ("José", ["Jose", "Josè"]),  # two could mean one
        ("José", ["José", "Jose"]),  # it is taken by who is called exactly so
    ],
)
def test_accents_are_not_guessed(tmp_path, names, hand_ins):
    found = owners(read(tmp_path, f"name\n{names}\n"), *map(hand_in, hand_ins))
    assert "Jose" not in found


@pytest.mark.parametrize(
    ("text", "one"),
    [
        ("name,number\nAnn Lee,1\nAnn Lee,2\n", hand_in("Ann Lee")),
        ("name,number\nAnn Lee,1\nLee Ann,2\n", hand_in("Ann Lee")),
        (
            "name,email,login\nAnn,a@x.org,a\nBob,b@x.org,b\n",
            hand_in("x", email="a@x.org", login="b"),
        ),
        ("name,login\nAnn Smith,ann\nBob Ann,b\n", hand_in("Bob Ann", login="ann")),
        ("name\nBob\n", hand_in("Ann")),
    ],
    ids=["two of one name", "order of words", "mail and login differ", "login and name", "nobody"],
)
def test_between_two_neither_is_taken_and_the_reason_is_said(tmp_path, text, one):
    *known, stranger = match([one], read(tmp_path, text))
    assert all(place.hand_in is None and not place.reason for place in known)
    assert (stranger.hand_in, stranger.in_roster) == (one, False)
    assert stranger.reason


def test_canvas_numbers_mean_nothing_in_moodle(tmp_path):
    one = hand_in("somebody", number="11", platform="canvas")
    assert owners(read(tmp_path, MOODLE), one) == {}


def test_moodles_participant_wins_over_a_name_that_changed(tmp_path):
    one = hand_in("Ann Married", number="11", platform="moodle")
    assert owners(read(tmp_path, MOODLE), one) == {"Ann Married": "Ann Lee"}


def test_two_participants_of_one_name_are_not_one_student(tmp_path):
    two = [HandIn(Path(n), n, "Ann Lee", number=n, platform="moodle") for n in ("71", "72")]
    assert owners(read(tmp_path, PLAIN), *two) == {}


def test_without_a_submission_a_student_is_there_all_the_same(tmp_path):
    places = match([hand_in("Ann Lee")], read(tmp_path, PLAIN))
    assert [(p.student.name, p.hand_in is None) for p in places] == [
        ("Ann Lee", False),
        ("Bob Ray", True),
    ]


def test_of_two_submissions_the_newest_counts(tmp_path):
    early, late = (
        hand_in(f"no. {day}", email="ann@x.org", submitted=datetime(2026, 1, day, tzinfo=UTC))
        for day in (1, 2)
    )
    place, _ = match([late, early], read(tmp_path, PLAIN))
    assert (place.hand_in, place.others, place.submitted) == (late, (early,), late.submitted)
    assert "the newest counts" in place.reason


def test_where_nothing_tells_which_is_newer_none_counts(tmp_path):
    place, _ = match([hand_in("Ann Lee"), hand_in("alee")], read(tmp_path, PLAIN))
    assert place.hand_in is None
    assert "nothing tells which is the newest" in place.reason
    assert len(place.others) == 2


def test_without_a_roster_whoever_handed_in_is_the_class():
    spellings = [unicodedata.normalize(form, "José") for form in ("NFC", "NFD")]
    places = match([hand_in(name) for name in spellings], None)
    assert len({place.student.id for place in places}) == 2
    assert all(place.in_roster for place in places)


def test_what_the_roster_grants_comes_along(tmp_path):
    text = "name,extension,submitted\nAnn Lee,1d,2026-12-01 10:00Z\n"
    (place,) = match([hand_in("Ann Lee")], read(tmp_path, text))
    assert place.extension == timedelta(days=1)
    assert place.submitted == datetime(2026, 12, 1, 10, tzinfo=UTC)


def test_a_class_of_thousands_is_matched(tmp_path):
    text = "name,number\n" + "".join(f"Student {n} 王,{n}\n" for n in range(3000))
    hand_ins = [hand_in(f"王 {n} student") for n in range(3000)]
    assert len(owners(read(tmp_path, text), *hand_ins)) == 3000
