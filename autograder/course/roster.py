"""Who is in the class, and whose is which submission.

A roster is any table that names students: a plain one, Canvas' gradebook, Moodle's grading
worksheet. What is handed in is matched by what a platform knows its students by, then by
name; where two students could be meant, neither is taken. This module does not know what
anything is worth.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from difflib import get_close_matches
from pathlib import Path

from autograder.classroom import Student
from autograder.course import late
from autograder.course.hand_ins import HandIn
from autograder.course.table import Table
from autograder.errors import KitError
from autograder.text import one_line

CANVAS, MOODLE, PLAIN = "canvas", "moodle", "plain"

# The columns of a plain roster, by their names without punctuation and in small letters.
COLUMNS = {
    "name": ("name", "full name", "student", "student name", "display name"),
    "first": ("first name", "first", "firstname", "given name", "forename"),
    "last": ("last name", "last", "lastname", "surname", "family name"),
    "email": ("email", "e mail", "mail", "email address", "e mail address"),
    "login": (
        *("login", "login id", "user", "username", "user name", "account", "netid", "net id"),
        *("sis login id", "github", "github username", "github login"),
    ),
    "number": (
        *("number", "id", "id number", "student id", "student number", "sid", "sis user id"),
        *("identifier", "matriculation number", "matrikelnummer", "matrikel", "canvas id"),
    ),
    "extension": ("extension", "extension until", "extended until"),
    "extension h": ("extension hours", "extension h", "extension in hours"),
    "extension d": ("extension days", "extension d", "extension in days"),
    "submitted": ("submitted", "submitted at", "submission time", "handed in", "timestamp"),
}
MEANING = {header: meaning for meaning, headers in COLUMNS.items() for header in headers}


@dataclass(frozen=True)
class Entry:
    """A line of the roster.

    Parameters
    ----------
    row
        Its place in the table.
    extension
        How much later than the others, or until when, the student may hand in.
    submitted
        When the student handed in, where the roster tells.
    more
        Other numbers that stand for the student.
    """

    student: Student
    row: int
    extension: late.Extension | None = None
    submitted: datetime | None = None
    more: tuple[str, ...] = ()


@dataclass(frozen=True)
class Roster:
    """Who is in the class, what kind of table says so, and what was odd about it."""

    entries: tuple[Entry, ...]
    kind: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """One student, and what counts as handed in.

    Parameters
    ----------
    hand_in
        None with a reason: it cannot be told which one counts. None without: there is none.
    reason
        What a person should know of how the two were brought together.
    others
        What else the student handed in, and does not count.
    in_roster
        Whether the roster names the student; without a roster nobody is missing there.
    """

    student: Student
    hand_in: HandIn | None
    reason: str = ""
    others: tuple[HandIn, ...] = ()
    extension: late.Extension | None = None
    submitted: datetime | None = None
    in_roster: bool = True


# Reading


def read(file: Path, zone: tzinfo | None = None) -> Roster:
    """Read a roster.

    Parameters
    ----------
    file : Path
        A plain table with the columns of `COLUMNS`, Canvas' gradebook or Moodle's worksheet.
    zone : tzinfo, optional
        Of times that name none.

    Raises
    ------
    KitError
        When it cannot be read, names nobody, or one student twice.
    """
    return of_table(Table.read(file), zone)


def of_table(table: Table, zone: tzinfo | None = None) -> Roster:
    """Read the roster in a table."""
    if is_canvas(table):
        roster = _canvas(table)
    elif (columns := moodle_columns(table)) is not None:
        roster = _moodle(table, columns, zone)
    else:
        roster = _plain(table, zone)
    if not roster.entries:
        raise KitError(f"{table.name} names no students.")
    _check_twice(table, roster.entries)
    return roster


def _header(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).strip().casefold()


def is_canvas(table: Table) -> bool:
    """Whether a table is Canvas' gradebook: that is how Canvas tells, too."""
    header = table.header
    return len(header) > 3 and "Student" in header[0] and header[1] == "ID" and "Section" in header


def _canvas(table: Table) -> Roster:
    header = table.header
    places = {name: header.index(name) for name in ("SIS Login ID", "SIS User ID", "Section")
              if name in header}  # fmt: skip
    entries = []
    for row, values in table.rows():
        name, number = values[0], values[1]
        login = values[places["SIS Login ID"]] if "SIS Login ID" in places else ""
        if not number:
            continue  # points possible, manual posting
        if name == "Student, Test" and (not login or re.fullmatch("[0-9a-f]{40}", login)):
            continue  # what an instructor sees as a student
        sis = values[places["SIS User ID"]] if "SIS User ID" in places else ""
        student = _student(name, login if "@" in login else "", login, number)
        entries.append(Entry(student, row, more=(sis,) if sis else ()))
    return Roster(tuple(entries), CANVAS)


@dataclass(frozen=True)
class MoodleColumns:
    """Where things stand in Moodle's worksheet, whose headers are in the site's language."""

    identifier: int
    name: int
    email: int | None
    grade: int | None
    maximum: int | None
    submitted: int | None


NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")


def moodle_columns(table: Table) -> MoodleColumns | None:
    """The columns of Moodle's worksheet, told by what stands in them; None if it is none.

    The first is a word and a number in each row, the word always the same. The grade
    stands before its maximum, which is one number all along, and is followed by whether
    the grade can be changed and by when work and grade were changed.
    """
    header = table.header
    known = MEANING.get(_header(header[0]))
    columns = [table.column(index) for index in range(len(header))]
    words = {re.sub(r"\d+$", "", value) for value in columns[0]}
    if len(header) < 3 or len(words) != 1 or not all(v[-1:].isdigit() for v in columns[0]):
        return None
    word = words.pop()
    if not re.search(r"\w", word):
        return None
    emails = [i for i, column in enumerate(columns) if i and _all(column, lambda v: "@" in v)]
    maxima = []
    for index in range(3, len(header) - 1):
        column, after = columns[index], columns[index + 1]
        grades = all(value in ("", "-") or NUMBER.fullmatch(value) for value in columns[index - 1])
        flags = len(set(after)) <= 2 and not any(NUMBER.fullmatch(v) or not v for v in after)
        if len(set(column)) == 1 and NUMBER.fullmatch(column[0]) and grades and flags:
            maxima.append(index)
    maximum = maxima[0] if len(maxima) == 1 else None
    if maximum is None and known and _header(header[0]) != "identifier":
        return None  # logins may be numbered, too
    return MoodleColumns(
        identifier=0,
        name=1,
        email=emails[0] if emails else None,
        grade=None if maximum is None else maximum - 1,
        maximum=maximum,
        submitted=None if maximum is None or maximum + 2 >= len(header) else maximum + 2,
    )


def _all(values: Sequence[str], test) -> bool:  # type: ignore[no-untyped-def]
    given = [value for value in values if value]
    return bool(given) and all(map(test, given))


def _moodle(table: Table, at: MoodleColumns, zone: tzinfo | None) -> Roster:
    entries, unread = [], 0
    meanings = [MEANING.get(_header(name)) for name in table.header]
    for row, values in table.rows():
        found = re.search(r"\d+$", values[at.identifier])
        assert found is not None, "such columns are looked for"
        extra = {
            meaning: value
            for place, (meaning, value) in enumerate(zip(meanings, values, strict=True))
            if meaning in ("login", "number") and place > at.name
        }
        submitted = None
        if at.submitted is not None and values[at.submitted] not in ("", "-"):
            submitted = _long_date(values[at.submitted], zone)
            unread += submitted is None
        email = values[at.email] if at.email is not None else ""
        student = _student(values[at.name], email, extra.get("login", ""), found[0])
        more = tuple(filter(None, [extra.get("number", "")]))
        entries.append(Entry(student, row, submitted=submitted, more=more))
    notes = []
    if unread:
        notes.append(
            f"{table.name}: when {unread} were handed in cannot be read: the dates name no time "
            "zone, or are not in English. Give the zone with the rule for late work"
        )
    return Roster(tuple(entries), MOODLE, tuple(notes))


_MONTHS = "january february march april may june july august september october november december"
_LONG = re.compile(r"(?:\w+, )?(\d{1,2}) (\w+) (\d{4}), (\d{1,2}):(\d\d)(?:\s?([AP])M)?", re.I)


def _long_date(text: str, zone: tzinfo | None) -> datetime | None:
    """Moodle's English dates: Friday, 3 October 2025, 11:59 PM."""
    found = _LONG.fullmatch(text)
    months = _MONTHS.split()
    if not found or zone is None or found[2].casefold() not in months:
        return None
    hour = int(found[4]) if not found[6] else int(found[4]) % 12 + 12 * (found[6] in "Pp")
    month = months.index(found[2].casefold()) + 1
    try:
        return datetime(int(found[3]), month, int(found[1]), hour, int(found[5]), tzinfo=zone)
    except ValueError:
        return None


def _plain(table: Table, zone: tzinfo | None) -> Roster:
    places: dict[str, int] = {}
    unknown = []
    for place, name in enumerate(table.header):
        meaning = MEANING.get(_header(name))
        if meaning is None:
            if name:
                unknown.append(name)
        elif meaning in places:
            raise KitError(
                f"{table.name}: the columns {table.header[places[meaning]]!r} and {name!r} both "
                f"tell the {meaning.split()[0]}. Remove one."
            )
        else:
            places[meaning] = place
    if not places.keys() & {"name", "first", "last", "email", "login", "number"}:
        raise KitError(
            f"{table.name} has no column that names students: a name (or first name and last "
            f"name), email, login or number. There are: {one_line(', '.join(table.header), 300)}."
        )
    entries, nameless, faults = [], [], []
    ids = places.keys() & {"email", "login", "number"}
    for row, values in table.rows():
        own = {meaning: values[place] for meaning, place in places.items()}
        name = own.get("name") or f"{own.get('first', '')} {own.get('last', '')}".strip()
        student = _student(name, *(own.get(key, "") for key in ("email", "login", "number")))
        where = f"{table.name}, line {row + 1}"
        try:
            if not any((name, student.email, student.login, student.number)):
                raise KitError(f"{where} names nobody.")
            extension = None
            for key, unit in (("extension", ""), ("extension h", "h"), ("extension d", "d")):
                extension = late.extension(own.get(key, ""), where, zone, unit) or extension
            when = own.get("submitted", "")
            submitted = late.moment(when, where, zone) if when else None
        except KitError as error:
            faults.append(str(error))
            continue
        if ids and not any((student.email, student.login, student.number)):
            nameless.append(str(row + 1))
        entries.append(Entry(student, row, extension, submitted))
    if faults:
        raise KitError(_listed(faults))
    notes = []
    if unknown:
        listed = one_line(", ".join(map(_unused, unknown)), 300)
        notes.append(f"{table.name}: columns that are not used: {listed}")
    if nameless:
        lines = one_line(", ".join(nameless), 200)
        notes.append(f"{table.name}: no {' or '.join(sorted(ids))} in line {lines}: only a name")
    return Roster(tuple(entries), PLAIN, tuple(notes))


def _unused(name: str) -> str:
    """The name of a column that means nothing here, with one that it is like."""
    near = get_close_matches(_header(name), MEANING, n=1, cutoff=0.8)
    return f"{name} (did you mean {near[0]}?)" if near else name


def _student(name: str, email: str, login: str, number: str) -> Student:
    name, email, login, number = (one_line(text) for text in (name, email, login, number))
    shown = name or login or email or number
    return Student(student_id(shown, [number, login, email, name]), shown, email, login, number)


def _check_twice(table: Table, entries: Sequence[Entry]) -> None:
    """Refuse a roster in which one student stands twice."""
    first: dict[tuple[str, str], Entry] = {}
    faults = []
    for entry in entries:
        one = entry.student
        keys = [
            (what, plain(value))
            for what, value in (("email", one.email), ("login", one.login), ("number", one.number))
            if value
        ]
        for what, value in keys or [("name", plain(one.name))]:
            other = first.setdefault((what, value), entry)
            if other is not entry:
                faults.append(
                    f"{table.name}, lines {other.row + 1} and {entry.row + 1} have the same "
                    f"{what}: {one_line(value)}."
                )
                break
    if faults:
        raise KitError(_listed(faults))


def _listed(faults: Sequence[str]) -> str:
    more = f"\n… and {len(faults) - 10} more" if len(faults) > 10 else ""
    return "\n".join(faults[:10]) + more


# Ids


def student_id(name: str, identity: Iterable[str], digits: int = 8) -> str:
    """A name for files and links: the student's, as far as ASCII has it, and a hash.

    Parameters
    ----------
    identity
        All that tells the student from others, however alike their names.
    """
    flat = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", re.sub(r"['`]", "", flat)).strip("-")[:40].strip("-")
    code = hashlib.sha256(json.dumps(list(identity)).encode()).hexdigest()[:digits]
    return f"{slug or 'student'}-{code}"


# Matching


def match(hand_ins: Sequence[HandIn], roster: Roster | None) -> list[Place]:
    """Bring together who is in the class and what was handed in.

    Returns
    -------
    list of Place
        Everybody in the roster, in its order, then whoever else handed in.
    """
    entries = roster.entries if roster else ()
    places: list[Place] = []
    owners, reasons = assign(hand_ins, roster) if roster else ({}, {})
    own: dict[int, list[HandIn]] = {}
    strangers = []
    for index, hand_in in enumerate(hand_ins):
        if index in owners:
            own.setdefault(owners[index], []).append(hand_in)
        else:
            strangers.append((hand_in, reasons.get(index, "")))
    for place, entry in enumerate(entries):
        chosen, reason, others = _newest(own.get(place, []))
        places.append(
            Place(
                entry.student,
                chosen,
                reason,
                others,
                entry.extension,
                (chosen.submitted if chosen else None) or entry.submitted,
            )
        )
    for hand_in, reason in strangers:
        places.append(
            Place(
                _stranger(hand_in),
                hand_in,
                reason,
                submitted=hand_in.submitted,
                in_roster=roster is None,
            )
        )
    return _unique(places)


def _newest(hand_ins: Sequence[HandIn]) -> tuple[HandIn | None, str, tuple[HandIn, ...]]:
    """Which of a student's hand-ins counts, what to say about it, and the others."""
    if len(hand_ins) < 2:
        return (hand_ins[0] if hand_ins else None), "", ()
    listed = one_line(", ".join(one.shown for one in hand_ins), 300)
    times = [one.submitted for one in hand_ins if one.submitted]
    if len(times) < len(hand_ins) or times.count(max(times)) > 1:
        reason = f"handed in {len(hand_ins)} times, and nothing tells which is the newest: {listed}"
        return None, reason, tuple(hand_ins)
    chosen = next(one for one in hand_ins if one.submitted == max(times))
    others = tuple(one for one in hand_ins if one is not chosen)
    return chosen, f"handed in {len(hand_ins)} times, the newest counts: {listed}", others


def _stranger(hand_in: HandIn) -> Student:
    """A student of whom only the submission tells."""
    known = hand_in.number or hand_in.email or hand_in.login
    # Of a name on disk every byte counts: two that look alike are two.
    identity = [hand_in.platform, known or os.fsencode(hand_in.path.name).hex()]
    name = hand_in.name or hand_in.shown
    return Student(student_id(name, identity), name, hand_in.email, hand_in.login, hand_in.number)


def _unique(places: Iterable[Place]) -> list[Place]:
    """Lengthen the hash of an id that somebody has already."""
    taken: set[str] = set()
    unique: list[Place] = []
    for place in places:
        one, digits = place.student, 8
        while one.id in taken:
            digits += 1
            identity = [str(len(unique)), one.number, one.login, one.email, one.name]
            one = replace(one, id=student_id(one.name, identity, digits))
        taken.add(one.id)
        unique.append(replace(place, student=one))
    return unique


def assign(hand_ins: Sequence[HandIn], roster: Roster) -> tuple[dict[int, int], dict[int, str]]:
    """Whose each one is.

    Returns
    -------
    dict of int to int
        Place of a hand-in → place of its student in the roster.
    dict of int to str
        For the others, why it is nobody's.
    """
    index = _Index(roster)
    owners: dict[int, int] = {}
    reasons: dict[int, str] = {}
    loosely: dict[int, list[int]] = {}
    by_name: dict[int, list[int]] = {}
    for place, hand_in in enumerate(hand_ins):
        certain, sure = index.by_ids(hand_in)
        named = index.by_name(hand_in)
        if len(certain) > 1:
            reasons[place] = f"what it says of the student is true of {index.names(certain)}"
        elif certain:
            entry = certain.pop()
            if named and entry not in named and not sure:
                both = {entry, *named}
                reasons[place] = f"number and name are of different students: {index.names(both)}"
            else:
                owners[place] = entry
        elif len(named) > 1:
            reasons[place] = f"its name could mean any of {len(named)}: {index.names(named)}"
        elif named:
            by_name.setdefault(named.pop(), []).append(place)
        elif alike := index.by_name(hand_in, loose=True):
            for entry in alike:
                loosely.setdefault(entry, []).append(place)
        else:
            reasons[place] = "nobody in the roster is called so"

    taken = set(owners.values())
    for entry, places in by_name.items():
        # Whom the platform tells apart are not one student.
        persons = {(hand_ins[one].number, hand_ins[one].email) for one in places}
        if len(persons) > 1 or (entry in taken and persons != {("", "")}):
            for place in places:
                reasons[place] = f"others in this folder are called {index.names([entry])} too"
        else:
            owners.update(dict.fromkeys(places, entry))
    taken = set(owners.values())
    wanted = Counter(place for places in loosely.values() for place in places)
    for entry, places in loosely.items():
        for place in places:
            if len(places) == 1 and wanted[place] == 1 and entry not in taken:
                owners[place] = entry
            else:
                reasons[place] = (
                    f"its name is like that of {index.names([entry])}, but not the same"
                )
    return owners, reasons


class _Index:
    """The students of a roster by all that they can be found by."""

    def __init__(self, roster: Roster) -> None:
        self.roster = roster
        self.ids: dict[tuple[str, str], set[int]] = {}
        self.spelled: dict[str, set[int]] = {}
        self.folded: dict[str, set[int]] = {}
        for place, entry in enumerate(roster.entries):
            one = entry.student
            keys = [("number", one.number), ("email", one.email), ("login", one.login)]
            if "@" in one.login:
                keys.append(("email", one.login))
            keys += [("more", number) for number in entry.more]
            for what, value in keys:
                if value:
                    self.ids.setdefault((what, plain(value)), set()).add(place)
            for names, loose in ((self.spelled, False), (self.folded, True)):
                for key in name_keys(one.name, loose):
                    names.setdefault(key, set()).add(place)

    def by_ids(self, hand_in: HandIn) -> tuple[set[int], bool]:
        """Who is meant by number, e-mail or login, and whether by what the platform itself says."""
        found: set[int] = set()
        own = hand_in.platform == self.roster.kind
        if hand_in.number and (own or PLAIN in (self.roster.kind, hand_in.platform or PLAIN)):
            found |= self.ids.get(("number", plain(hand_in.number)), set())
        if hand_in.number and not own:
            found |= self.ids.get(("more", plain(hand_in.number)), set())
        if own and found:
            return found, True
        keys = [("email", hand_in.email), ("login", hand_in.login)]
        if not hand_in.platform and not hand_in.number:  # such as a folder called by a login
            keys += [(what, hand_in.name) for what in ("email", "login", "number", "more")]
        for what, value in keys:
            if value:
                found |= self.ids.get((what, plain(value)), set())
        return found, False

    def by_name(self, hand_in: HandIn, loose: bool = False) -> set[int]:
        names = self.folded if loose else self.spelled
        keys = name_keys(hand_in.name, loose)
        # Canvas joins all names to one word, the family name first.
        key = keys[0] if hand_in.platform != CANVAS else "".join(_words(hand_in.name, loose))
        return set(names.get(key, set())) if key else set()

    def names(self, places: Iterable[int]) -> str:
        students = [self.roster.entries[place].student for place in sorted(places)]
        return one_line(", ".join(f"{one.name} ({one.id})" for one in students), 300)


def plain(text: str) -> str:
    """One spelling for all that a person would call the same."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold()).strip()


def _words(name: str, loose: bool) -> list[str]:
    text = plain(name)
    if loose:  # accents off; letters that have no other form stay
        text = unicodedata.normalize("NFKD", text).casefold()
        text = "".join(one for one in text if not unicodedata.combining(one))
    text = re.sub(r"['’‘ʼ`´]", "", text)
    # Combining marks are no letters to `\w`, but half of the words of some scripts.
    text = "".join(
        one if one.isalnum() or unicodedata.category(one)[0] == "M" else " " for one in text
    )
    return text.split() or name.split()


def name_keys(name: str, loose: bool) -> list[str]:
    """The words of a name in no order; then joined, from each of them on."""
    words = _words(name, loose)
    joined = {"".join(words[start:] + words[:start]) for start in range(min(len(words), 8))}
    return [" ".join(sorted(words)), *sorted(joined)]
