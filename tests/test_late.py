"""Late work costs what the rule says: never more, never by the clock's changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.classroom import Mark
from autograder.course import late
from autograder.course.late import Rule, penalty
from autograder.errors import KitError

DEADLINE = datetime(2026, 12, 1, 23, 59, tzinfo=timezone(timedelta(hours=1)))
HOUR = timedelta(hours=1)


def rule(**values) -> Rule:
    return Rule(DEADLINE, **{"grace_hours": 1, "percent_per_day": 10, "cap_percent": 50} | values)


def cost(after: timedelta, of: Rule | None = None, **values) -> float:
    return penalty(80.0, 100.0, DEADLINE + after, of or rule(**values)).penalty


# What it costs


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(-100, 0), (0, 0), (1, 0), (1.01, 10), (25, 10), (25.01, 20), (49, 20), (200, 50), (9999, 50)],
)
def test_each_day_that_has_begun_costs_as_much_up_to_the_cap(hours, expected):
    assert cost(hours * HOUR) == expected


@pytest.mark.parametrize(("hours", "expected"), [(24.9, 0), (25, 10), (48.9, 10), (49, 20)])
def test_only_whole_days_cost_where_the_rule_says_so(hours, expected):
    assert cost(hours * HOUR, started_day_counts=False) == expected


def test_raw_and_penalised_mark_are_kept_apart():
    mark = penalty(80.0, 200.0, DEADLINE + 30 * HOUR, rule())
    assert mark == Mark(raw=80.0, penalty=40.0, hours_late=30.0)
    assert mark.final == 40.0


def test_a_mark_does_not_become_negative():
    assert penalty(3.0, 100.0, DEADLINE + 30 * HOUR, rule()).final == 0.0


def test_where_there_is_no_mark_there_is_no_penalty():
    mark = penalty(None, 100.0, DEADLINE + 30 * HOUR, rule())
    assert (mark.final, mark.penalty, mark.hours_late) == (None, 0.0, 30.0)


@pytest.mark.parametrize(("submitted", "of"), [(None, rule()), (DEADLINE + 99 * HOUR, None)])
def test_without_a_time_or_a_rule_nothing_is_taken_off(submitted, of):
    assert penalty(80.0, 100.0, submitted, of) == Mark(80.0)


# Extensions


@pytest.mark.parametrize(
    ("extension", "expected"),
    [
        (timedelta(days=1), 10.0),
        (DEADLINE + timedelta(days=1), 10.0),
        (DEADLINE - timedelta(days=9), 20.0),  # a date before the deadline takes nothing away
        (timedelta(0), 20.0),
        (None, 20.0),
    ],
)
def test_an_extension_moves_the_deadline_of_one_student(extension, expected):
    mark = penalty(80.0, 100.0, DEADLINE + 30 * HOUR, rule(), extension)
    assert mark.penalty == expected


# What always holds

hours = st.floats(-1000, 5000, allow_nan=False)
rules = st.builds(
    rule,
    grace_hours=st.floats(0, 100),
    percent_per_day=st.floats(0, 100),
    cap_percent=st.floats(0, 100),
    started_day_counts=st.booleans(),
)


@given(raw=st.floats(0, 100), after=hours, of=rules)
def test_a_mark_is_between_zero_and_what_it_would_be_in_time(raw, after, of):
    final = penalty(raw, 100.0, DEADLINE + after * HOUR, of).final
    assert final is not None
    assert 0 <= final <= raw
    assert raw - final <= of.cap_percent + 1e-5


@given(raw=st.floats(0, 100), one=hours, other=hours, of=rules)
def test_to_be_earlier_never_costs_more(raw, one, other, of):
    first, second = (penalty(raw, 100.0, DEADLINE + x * HOUR, of) for x in sorted((one, other)))
    assert first.penalty <= second.penalty


@given(share=st.floats(0, 1), of=rules)
def test_within_grace_nothing_is_taken_off(share, of):
    grace = timedelta(hours=of.grace_hours)
    assert penalty(80.0, 100.0, DEADLINE + share * grace, of).penalty == 0.0


@given(after=hours, of=rules, offset=st.integers(-12, 14))
def test_the_zone_in_which_a_time_is_written_does_not_matter(after, of, offset):
    when = DEADLINE + after * HOUR
    elsewhere = when.astimezone(timezone(offset * HOUR))
    assert penalty(80.0, 100.0, when, of) == penalty(80.0, 100.0, elsewhere, of)


@pytest.mark.parametrize("day", [datetime(2026, 3, 28, 12), datetime(2026, 10, 24, 12)])
def test_the_change_of_the_clock_adds_no_hour_and_takes_none(day):
    berlin = ZoneInfo("Europe/Berlin")
    of = Rule(day.replace(tzinfo=berlin), percent_per_day=10)
    due = of.deadline.astimezone(UTC)
    # As written in Berlin, where that day has 23 hours or 25.
    in_time = (due + timedelta(hours=24)).astimezone(berlin)
    too_late = (due + timedelta(hours=24, minutes=1)).astimezone(berlin)
    assert penalty(80.0, 100.0, in_time, of).penalty == 10.0
    assert penalty(80.0, 100.0, too_late, of).penalty == 20.0


# Rules in a file


def read(tmp_path: Path, text: str) -> Rule:
    (tmp_path / "late.toml").write_text(text, encoding="utf-8")
    return late.read(tmp_path / "late.toml")


def test_a_rule_is_a_table_in_a_file(tmp_path):
    text = """
    [late]
    deadline = 2026-12-01T23:59:00+01:00
    grace_hours = 1
    percent_per_day = 10
    cap_percent = 50
    started_day_counts = true
    """
    assert read(tmp_path, text) == rule()


@pytest.mark.parametrize("deadline", ["2026-12-01T23:59:00", '"2026-12-01 23:59"'])
def test_a_zone_may_be_named_once_for_all_times(tmp_path, deadline):
    text = f'[late]\ndeadline = {deadline}\nzone = "Europe/Berlin"\n'
    assert read(tmp_path, text).deadline.astimezone(UTC) == DEADLINE.astimezone(UTC)


def test_where_the_clock_shows_a_time_twice_the_later_one_is_the_deadline(tmp_path):
    text = '[late]\ndeadline = 2026-10-25T02:30:00\nzone = "Europe/Berlin"\n'
    expected = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert read(tmp_path, text).deadline.astimezone(UTC) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[late]\ndeadline = 2026-12-01T23:59:00", "no time zone: midnight where"),
        ("[late]\ndeadline = 2026-12-01", "no time of a day"),
        ('[late]\ndeadline = "soon"', "no time of a day"),
        ("[late]\ngrace_hours = 1", "with a deadline"),
        ("late = 3", "with a deadline"),
        ("", "with a deadline"),
        ("[late", "cannot be read"),
        ("[late]\ndeadline = 2026-12-01T23:59:00Z\npercent_a_day = 3", "mean percent_per_day"),
        ("[late]\ndeadline = 2026-12-01T23:59:00Z\npercent_per_day = 101", "from 0 to 100"),
        ("[late]\ndeadline = 2026-12-01T23:59:00Z\ncap_percent = -1", "from 0 to 100"),
        ("[late]\ndeadline = 2026-12-01T23:59:00Z\ncap_percent = nan", "from 0 to 100"),
        ("[late]\ndeadline = 2026-12-01T23:59:00Z\ngrace_hours = true", "must be a number"),
        ("[late]\ndeadline = 2026-12-01T23:59:00Z\nstarted_day_counts = 1", "true or false"),
        ('[late]\ndeadline = 2026-12-01T23:59:00Z\nzone = "Mars/Base"', "no time zone 'Mars/Base'"),
        ('[late]\ndeadline = 2026-12-01T23:59:00Z\nzone = "../etc"', "no time zone"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_the_reason(tmp_path, text, message):
    with pytest.raises(KitError, match=message):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("", "", None),
        ("24h", "", timedelta(days=1)),
        ("2 days", "", timedelta(days=2)),
        ("1,5d", "", timedelta(hours=36)),
        ("36", "h", timedelta(hours=36)),
        ("2026-12-03 12:00+01:00", "", datetime(2026, 12, 3, 11, tzinfo=UTC)),
        ("2026-12-03T12:00 UTC", "", datetime(2026, 12, 3, 12, tzinfo=UTC)),
    ],
)
def test_an_extension_is_a_span_or_a_date(text, unit, expected):
    assert late.extension(text, "line 3", None, unit) == expected


@pytest.mark.parametrize("text", ["2", "soon", "-3h", "2026-12-03", "2026-12-03 12:00", "9999d"])
def test_an_extension_that_could_mean_anything_is_refused(text):
    with pytest.raises(KitError, match="line 3"):
        late.extension(text, "line 3", None)
