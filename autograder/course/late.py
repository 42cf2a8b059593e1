"""What late work costs: a rule as data, and one function that applies it.

The rule is a table in a TOML file:

    [late]
    deadline = 2026-12-01T23:59:00+01:00
    grace_hours = 0.25
    percent_per_day = 10
    cap_percent = 50
    started_day_counts = true

All times are compared as moments, so that the change to or from summer time adds no hour
and takes none. This module knows neither where a time comes from nor who is meant.
"""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta, tzinfo
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from autograder.classroom import Mark
from autograder.errors import KitError

Extension = timedelta | datetime
LONGEST = 366 * 24  # hours: more is a slip of the pen


@dataclass(frozen=True)
class Rule:
    """What late work costs.

    Parameters
    ----------
    deadline
        With a time zone.
    grace_hours
        What is handed in that much later is not late. Days are counted from there, so
        that a minute more costs no more than a minute.
    percent_per_day
        Of the maximum, for each day.
    cap_percent
        The most that being late costs, of the maximum.
    started_day_counts
        Whether a day that has begun costs as much as a whole one; else it costs nothing.
    zone
        For times elsewhere that name none.
    """

    deadline: datetime
    grace_hours: float = 0.0
    percent_per_day: float = 10.0
    cap_percent: float = 100.0
    started_day_counts: bool = True
    zone: tzinfo | None = None

    def __post_init__(self) -> None:
        _aware(self.deadline, "[late] deadline", None, last=True)
        for name, most in (
            ("grace_hours", LONGEST),
            ("percent_per_day", 100),
            ("cap_percent", 100),
        ):
            value = getattr(self, name)
            if not 0 <= value <= most:  # NaN fails as well
                raise KitError(f"[late] {name} must be from 0 to {most}, not {value}.")


def read(file: Path) -> Rule:
    """Read the table [late] of a TOML file.

    Raises
    ------
    KitError
        It cannot be read, or says what makes no sense.
    """
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8-sig")).get("late")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise KitError(f"the rule for late work in {file} cannot be read: {error}") from error
    if not isinstance(table, dict) or "deadline" not in table:
        raise KitError(f"{file} holds no rule for late work: a table [late] with a deadline.")
    known = [field.name for field in fields(Rule)]
    for key in table:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}."
            raise KitError(f"{file}: [late] has the unknown key {key!r}; {hint}")
    values: dict[str, Any] = dict(table)
    if "zone" in values:
        values["zone"] = zone(values["zone"])
    # Where the clock shows the time twice the later moment is meant: it harms nobody.
    where, when = f"{file}: [late] deadline", values["deadline"]
    if isinstance(when, datetime):
        values["deadline"] = _aware(when, where, values.get("zone"), last=True)
    else:
        values["deadline"] = moment(str(when), where, values.get("zone"), last=True)
    for key in ("grace_hours", "percent_per_day", "cap_percent"):
        if key in values and (isinstance(values[key], bool) or not _is_number(values[key])):
            raise KitError(f"{file}: [late] {key} must be a number, not {values[key]!r}.")
    if not isinstance(values.get("started_day_counts", True), bool):
        raise KitError(f"{file}: [late] started_day_counts must be true or false.")
    return Rule(**values)


def zone(name: Any) -> tzinfo:
    """The time zone of this name, such as Europe/Berlin."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise KitError(
            f"there is no time zone {name!r} here. Names look like Europe/Berlin; on Windows "
            "they come with: pip install tzdata"
        ) from error


def penalty(
    raw: float | None,
    max_score: float,
    submitted: datetime | None,
    rule: Rule | None,
    extension: Extension | None = None,
) -> Mark:
    """The mark with what being late costs kept apart.

    Parameters
    ----------
    raw
        Points; None where there is no mark.
    max_score
        What the rule's percentages are taken of.
    submitted
        None means that it is not known; that costs nothing.
    extension
        How much later than the others, or until when, one may hand in. A date before the
        deadline takes nothing away.
    """
    if rule is None or submitted is None:
        return Mark(raw)
    if submitted.utcoffset() is None:
        raise KitError(f"the time {submitted.isoformat()} has no time zone, so it says nothing.")
    # In UTC an hour is an hour; the same zone's local times are subtracted as if there
    # were no summer time.
    due = rule.deadline.astimezone(UTC)
    if isinstance(extension, datetime):
        due = max(due, extension.astimezone(UTC))
    elif extension:
        due += max(extension, timedelta(0))
    late = submitted.astimezone(UTC) - due
    hours = max(0.0, late / timedelta(hours=1))
    beyond = late - timedelta(hours=rule.grace_hours)
    if beyond <= timedelta(0):
        return Mark(raw, hours_late=hours)
    days = beyond / timedelta(days=1)
    whole = math.ceil(days) if rule.started_day_counts else math.floor(days)
    percent = min(whole * rule.percent_per_day, rule.cap_percent)
    cost = round(percent / 100 * max_score, 6)
    return Mark(raw, 0.0 if raw is None else min(cost, raw), hours)


# Reading times and extensions

_SPAN = re.compile(r"(\d+(?:[.,]\d+)?)\s*(h|hours?|d|days?)", re.IGNORECASE)


def moment(text: str, where: str, zone: tzinfo | None, last: bool = False) -> datetime:
    """The moment that a text names, as in 2026-12-01 23:59+01:00.

    Parameters
    ----------
    where
        For the message, when it names none.
    zone
        Of texts that name none.
    last
        Which moment is meant where the clock showed this time twice.
    """
    try:
        found = datetime.fromisoformat(re.sub(r"\s+(?=UTC|Z|[+-]\d)", "", text).replace("UTC", "Z"))
        if ":" not in text:
            raise ValueError("a day")
    except ValueError:
        raise KitError(
            f"{where}: {text!r} is no time of a day. Write it as 2026-12-01 23:59+01:00."
        ) from None
    return _aware(found, where, zone, last)


def span(text: str, where: str, unit: str = "") -> timedelta:
    """The span that a text names: 48h, 2 days, or a number of the unit."""
    found = _SPAN.fullmatch(f"{text} {unit}".strip() if _is_plain(text) else text)
    if not found:
        raise KitError(f"{where}: {text!r} is no extension. Write 24h, 2d, or a date with a zone.")
    hours = float(found[1].replace(",", ".")) * (24 if found[2][0] in "dD" else 1)
    if hours > LONGEST:
        raise KitError(f"{where}: {text!r} is more than a year.")
    return timedelta(hours=hours)


def extension(text: str, where: str, zone: tzinfo | None, unit: str = "") -> Extension | None:
    """The extension that a text names; None where it is empty."""
    if not text:
        return None
    if re.match(r"\d{4}-\d", text):
        return moment(text, where, zone, last=True)
    return span(text, where, unit)


def shown(extension: Extension) -> str:
    """An extension in words: of 48 h, or until when."""
    if isinstance(extension, datetime):
        return f"until {extension.isoformat(' ', 'minutes')}"
    return f"of {extension / timedelta(hours=1):g} h"


def _aware(value: datetime, where: str, zone: tzinfo | None, last: bool) -> datetime:
    if value.utcoffset() is None and zone is not None:
        value = value.replace(tzinfo=zone, fold=int(last))
    if value.utcoffset() is None:
        raise KitError(
            f"{where} {value.isoformat(' ')} has no time zone: midnight where? Write "
            '2026-12-01T23:59:00+01:00, or put zone = "Europe/Berlin" in the table [late].'
        )
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _is_plain(text: str) -> bool:
    return re.fullmatch(r"\d+(?:[.,]\d+)?", text) is not None
