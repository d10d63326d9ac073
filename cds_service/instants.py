"""FHIR dates and times as ranges, because many are not exact.

"2026-01" is some moment of that January; "2026-01-15" some moment of that day. A time is
therefore kept as its earliest and latest instant, and "how old is it" is answered with the oldest
reading: a stale value must not pass for a fresh one.
https://hl7.org/fhir/R4/datatypes.html#dateTime
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

_PATTERN = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?"
    r"(Z|[+-]\d\d:?\d\d)?)?)?)?",
    re.ASCII,
)
_LONGEST = 64
"""Characters. A longer text is no time, and would only be kept in memory."""

CLOCK_SKEW = timedelta(minutes=10)
"""Clocks of a laboratory and a server differ by minutes: such a future counts as now."""

ZONE_SPREAD = timedelta(hours=14)
"""A time without zone, read as UTC, can lie this far ahead of the true instant (UTC+14)."""


class ClinicalTime(NamedTuple):
    """When something was true: `earliest` <= the instant <= `latest`, both in UTC."""

    earliest: datetime
    latest: datetime
    has_clock: bool = True
    has_zone: bool = True

    def age(self, as_of: datetime) -> timedelta:
        """The largest age the time allows; never negative."""
        return max(as_of - self.earliest, timedelta(0))

    def is_in_future(self, as_of: datetime) -> bool:
        """Whether even the kindest reading lies after `as_of`."""
        slack = CLOCK_SKEW if self.has_zone else ZONE_SPREAD
        # The slack is added to the newer side: some systems send year 1 for an empty field, and
        # there is nothing before that.
        return self.earliest > as_of + slack

    def text(self) -> str:
        """For a clinician: date, and time of day in UTC where one was recorded."""
        if self.has_clock:
            return self.earliest.strftime("%Y-%m-%d %H:%M") + (" UTC" if self.has_zone else "")
        if self.latest - self.earliest < timedelta(days=1):
            return self.earliest.strftime("%Y-%m-%d")
        month = self.latest - self.earliest < timedelta(days=31)
        return self.earliest.strftime("%Y-%m" if month else "%Y")


@lru_cache(maxsize=4096)
def parse(text: str) -> ClinicalTime | None:
    """A FHIR date, dateTime or instant; None when it is not one."""
    match = _PATTERN.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, *clock, zone = match.groups()
    try:
        if clock[0] is not None:
            return _moment(datetime(int(year), int(month), int(day), tzinfo=UTC), clock, zone)
        start = datetime(int(year), int(month or 1), int(day or 1), tzinfo=UTC)
        end = _end(start, bool(month), bool(day))
    except (ValueError, OverflowError):
        return None
    return ClinicalTime(start, end, has_clock=False, has_zone=False)


def _moment(day: datetime, clock: Sequence[str | None], zone: str | None) -> ClinicalTime:
    """A time of day. A leap second (60) counts as the second before it.

    Raises ValueError for a time that no clock shows, 24:00 included, which FHIR rules out.
    """
    hour, minute, second, fraction = clock
    local = day.replace(
        hour=int(hour or 0),
        minute=int(minute or 0),
        second=59 if second == "60" else int(second or 0),
        microsecond=int((fraction or "")[:6].ljust(6, "0")),
    )
    instant = local - _offset(zone)
    return ClinicalTime(instant, instant, has_clock=True, has_zone=zone is not None)


def _offset(zone: str | None) -> timedelta:
    """Raises ValueError for an offset that no place on earth has."""
    if zone is None or zone == "Z":
        return timedelta(0)
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    size = timedelta(hours=hours, minutes=minutes)
    if minutes > 59 or size > ZONE_SPREAD:
        raise ValueError(f"{zone} is no offset from UTC")
    return -size if zone[0] == "-" else size


def _end(start: datetime, has_month: bool, has_day: bool) -> datetime:
    """The last second that a partial date covers."""
    if has_day:
        following = start + timedelta(days=1)
    elif has_month:
        following = (start + timedelta(days=31)).replace(day=1)
    else:
        following = start.replace(year=start.year + 1)
    return following - timedelta(seconds=1)


def parse_any(value: Any) -> ClinicalTime | None:
    """As `parse`, for whatever stands in the JSON."""
    return parse(value) if isinstance(value, str) and len(value) <= _LONGEST else None


def age_text(age: timedelta) -> str:
    """How old something is, in the unit a clinician would use."""
    minutes = int(age.total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} min ago"
    hours = minutes // 60
    if hours < 72:
        return f"{hours} h ago"
    days = hours // 24
    if days < 730:
        return f"{days} d ago"
    return f"{days // 365} y ago"


def duration_text(length: timedelta) -> str:
    """A look-back window: "24 h", "30 d"."""
    hours = int(length.total_seconds() // 3600)
    return f"{hours} h" if hours <= 72 else f"{hours // 24} d"
