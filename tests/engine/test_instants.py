"""FHIR dates and times as ranges: https://hl7.org/fhir/R4/datatypes.html#dateTime"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cds_service.instants import ClinicalTime, age_text, duration_text, parse, parse_any
from tests.engine.made_up import NOW


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


MOMENTS = {
    "UTC": ("2026-01-15T10:30:00Z", "2026-01-15T10:30"),
    "east of Greenwich": ("2026-01-15T10:30:00+05:30", "2026-01-15T05:00"),
    "west, into the next day": ("2026-01-15T22:30:00-05:00", "2026-01-16T03:30"),
    "fraction of a second": ("2026-01-15T10:30:15.123456789Z", "2026-01-15T10:30:15.123456"),
    "tenths of a second": ("2026-01-15T10:30:15.1Z", "2026-01-15T10:30:15.100000"),
    "without seconds": ("2026-01-15T10:30Z", "2026-01-15T10:30"),
    "blank instead of T": ("2026-01-15 10:30:00Z", "2026-01-15T10:30"),
    "offset without colon": ("2026-01-15T10:30:00+0100", "2026-01-15T09:30"),
    "blanks around": (" 2026-01-15T10:30:00Z ", "2026-01-15T10:30"),
    "unknown local zone of RFC 3339": ("2026-01-15T10:30:00-00:00", "2026-01-15T10:30"),
    "the easternmost zone": ("2026-01-15T10:30:00+14:00", "2026-01-14T20:30"),
    "leap second": ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59"),
    "the date of an empty .NET field": ("0001-01-01T00:00:00Z", "0001-01-01T00:00"),
}


@pytest.mark.parametrize(("text", "expected"), MOMENTS.values(), ids=MOMENTS)
def test_a_full_time_is_one_instant_in_utc(text: str, expected: str) -> None:
    instant = utc(expected)
    assert parse(text) == ClinicalTime(instant, instant, has_clock=True, has_zone=True)


def test_a_time_without_zone_is_read_as_utc_and_says_so() -> None:
    instant = utc("2026-01-15T10:30")
    assert parse("2026-01-15T10:30:00") == ClinicalTime(instant, instant, True, has_zone=False)


PARTIAL = {
    "day": ("2026-01-15", "2026-01-15T00:00", "2026-01-15T23:59:59"),
    "month": ("2026-01", "2026-01-01T00:00", "2026-01-31T23:59:59"),
    "February of a leap year": ("2024-02", "2024-02-01T00:00", "2024-02-29T23:59:59"),
    "December": ("2025-12", "2025-12-01T00:00", "2025-12-31T23:59:59"),
    "year": ("2026", "2026-01-01T00:00", "2026-12-31T23:59:59"),
}


@pytest.mark.parametrize(("text", "earliest", "latest"), PARTIAL.values(), ids=PARTIAL)
def test_a_partial_date_is_the_range_it_covers(text: str, earliest: str, latest: str) -> None:
    assert parse(text) == ClinicalTime(utc(earliest), utc(latest), False, False)


NO_DATES = (
    "",
    "yesterday",
    "2026-1-5",
    "15.01.2026",
    "01/15/2026",
    "20260115",
    "2026-13-01",
    "2026-02-30",
    "2026-01-15T",
    "2026-01-15T24:30:00Z",
    "2026-01-15T24:00:00Z",
    "2026-01-15T24:00",
    "2026-01-15t10:30:00z",
    "2026-01-15T10:30:15.Z",
    "2026-01-15T10Z",
    "2026-01-15Z",
    "٢٠٢٦-٠١-١٥",
    "２０２６-01-15",
    "2026\u201301\u201315",
    "2026-01-15T10:60:00Z",
    "2026-01-15T10:30:61Z",
    "2026-01-15T10:30:00+15:00",
    "2026-01-15T10:30:00+99:99",
    "2026-01-15T10:30:00-05:75",
    "2026-01-15T10:30:00Z and later",
    "0000-01-01",
    "9999-12-31T23:00:00-05:00",
    "0001-01-01T00:00:00+05:00",
)


@pytest.mark.parametrize("text", NO_DATES)
def test_what_is_no_fhir_date_is_none(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize("value", [None, 2026, 2026.0, True, [], {}, ["2026-01-15"]])
def test_only_a_text_is_a_date(value: object) -> None:
    assert parse_any(value) is None


def test_a_long_text_is_no_date_and_is_not_kept() -> None:
    kept = parse.cache_info().currsize
    assert parse_any(" " * 100 + "2026-01-15") is None
    assert parse.cache_info().currsize == kept


def test_age_is_the_oldest_reading() -> None:
    day = parse("2026-11-20")
    assert day is not None
    assert day.age(NOW) == timedelta(hours=36)


def test_age_is_never_negative() -> None:
    soon = parse("2026-11-21T12:05:00Z")
    assert soon is not None
    assert soon.age(NOW) == timedelta(0)


FUTURE = {
    "clocks differ by minutes": ("2026-11-21T12:10:00Z", False),
    "more than clocks differ": ("2026-11-21T12:10:01Z", True),
    "today, without time": ("2026-11-21", False),
    "tomorrow, which has begun in some zone": ("2026-11-22", False),
    "the day after tomorrow": ("2026-11-23", True),
    "local time of the easternmost zone": ("2026-11-22T02:00:00", False),
    "beyond every zone": ("2026-11-22T02:00:01", True),
    "this month": ("2026-11", False),
    "next year": ("2027", True),
    "the first instant of the calendar": ("0001-01-01T00:00:00Z", False),
    "the first day of the calendar": ("0001-01-01", False),
}


@pytest.mark.parametrize(("text", "expected"), FUTURE.values(), ids=FUTURE)
def test_what_lies_in_the_future(text: str, expected: bool) -> None:
    time = parse(text)
    assert time is not None
    assert time.is_in_future(NOW) is expected


TEXTS = {
    "2026-01-15T10:30:00+01:00": "2026-01-15 09:30 UTC",
    "2026-01-15T10:30:00": "2026-01-15 10:30",
    "2026-01-15": "2026-01-15",
    "2026-02": "2026-02",
    "2026-01": "2026-01",
    "2026": "2026",
}


@pytest.mark.parametrize(("sent", "shown"), TEXTS.items())
def test_a_time_is_shown_as_precisely_as_it_was_sent(sent: str, shown: str) -> None:
    time = parse(sent)
    assert time is not None
    assert time.text() == shown


AGES = (
    (timedelta(0), "0 min ago"),
    (timedelta(minutes=59, seconds=59), "59 min ago"),
    (timedelta(hours=1), "1 h ago"),
    (timedelta(hours=71, minutes=59), "71 h ago"),
    (timedelta(hours=72), "3 d ago"),
    (timedelta(days=729), "729 d ago"),
    (timedelta(days=730), "2 y ago"),
)


@pytest.mark.parametrize(("age", "words"), AGES)
def test_an_age_in_the_unit_a_clinician_would_use(age: timedelta, words: str) -> None:
    assert age_text(age) == words


def test_a_window_in_hours_up_to_three_days_then_in_days() -> None:
    assert duration_text(timedelta(hours=72)) == "72 h"
    assert duration_text(timedelta(days=30)) == "30 d"
