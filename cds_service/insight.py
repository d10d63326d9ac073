"""What the advice did: figures by rule, hook, client and week. See insight_queries for their SQL.

Weeks are ISO weeks in UTC, named by their Monday. A period is made of whole weeks, so that no week
looks like a dip because only a part of it was asked for; the week of today is not over yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from cds_service.errors import InvalidRequest

WEEK = timedelta(days=7)
USUAL_WEEKS = 13
MOST_WEEKS = 106
"""Two years at a time: what is longer is asked for in parts."""

UNNAMED = "(unnamed)"
"""How a filter and the page name calls whose client is not known."""
NO_REASON = "(no reason)"
COMMENT_ONLY = "(comment only)"

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_WEEK = re.compile(r"\d{4}-W\d{2}")
_LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class Period:
    """Whole weeks: the Monday of the first, and of the one after the last."""

    first: date
    end: date

    def weeks(self) -> list[date]:
        """Their Mondays, oldest first."""
        count = (self.end - self.first) // WEEK
        return [self.first + WEEK * place for place in range(count)]

    def holds(self, other: Period) -> bool:
        """Whether every week of the other is one of these."""
        return self.first <= other.first and other.end <= self.end

    def parts(self, weeks: int) -> list[Period]:
        """The same period in pieces of at most so many weeks."""
        starts = self.weeks()[::weeks]
        return [Period(start, min(start + WEEK * weeks, self.end)) for start in starts]


@dataclass(frozen=True, slots=True)
class Filter:
    """None: all of them."""

    rule: str | None = None
    hook: str | None = None
    client: str | None = None


@dataclass(slots=True)
class Row:
    """One rule at one hook, for one client, in one week.

    What a card was answered with counts in the week of the card, once for each card: the latest
    answer by its outcomeTimestamp. It counts for the rule whose card it is, not for rules that were
    lines on it. A card without an answer is `no_response`, never accepted.
    """

    week: date
    hook: str
    client: str | None
    rule: str
    calls: int = 0
    distinct_calls: int = 0
    fires: int = 0
    held: int = 0
    silent: int = 0
    cards: int = 0
    accepted: int = 0
    overridden: int = 0
    no_response: int = 0
    not_evaluable: int = 0
    errors: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    latency: Latency | None = None


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of the calls that were answered, by nearest rank: each is one call's time."""

    p50: float
    p95: float
    most: float


@dataclass(slots=True)
class Traffic:
    """The calls of one hook by one client in one week: answered, refused (4xx), failed (5xx)."""

    week: date
    hook: str
    client: str | None
    answered: int = 0
    refused: int = 0
    failed: int = 0
    with_cards: int = 0
    latency: Latency | None = None


@dataclass(slots=True)
class Insight:
    """All figures of one period."""

    rows: list[Row] = field(default_factory=list)
    traffic: list[Traffic] = field(default_factory=list)
    services: dict[str, tuple[int, Latency]] = field(default_factory=dict)
    """By service: calls that were answered, and how fast, over the whole period."""
    missing: dict[str, int] = field(default_factory=dict)
    """By input: calls in which some rule went without it."""
    unknown_cards: int = 0
    """Answers to cards that are not known here: of others, or older than what is kept."""


# -- What is asked for -----------------------------------------------------------------------------


def monday(day: date) -> date:
    """Of the week that the day is in."""
    return day - timedelta(days=day.weekday())


def week_name(week: date) -> str:
    """2026-W03: https://www.iso.org/iso-8601-date-and-time-format.html"""
    year, number, _ = week.isocalendar()
    return f"{year}-W{number:02}"


def start_of(week: date) -> datetime:
    """Its first instant."""
    return datetime(week.year, week.month, week.day, tzinfo=UTC)


def read_period(first: str | None, last: str | None, today: date) -> Period:
    """The weeks of both days (or 2026-W03); else the last 13, of which this one is the last.

    Raises InvalidRequest saying which of the two does not fit.
    """
    final = _day("to", last) if last else today
    end = monday(final) + WEEK
    start = monday(_day("from", first)) if first else end - USUAL_WEEKS * WEEK
    if start >= end:
        raise InvalidRequest("`from` is later than `to`")
    if (end - start) // WEEK > MOST_WEEKS:
        raise InvalidRequest(f"the period has more than {MOST_WEEKS} weeks: ask for it in parts")
    return Period(start, end)


def _day(name: str, value: str) -> date:
    try:
        if _DAY.fullmatch(value):
            found = date.fromisoformat(value)
        elif _WEEK.fullmatch(value):
            found = date.fromisocalendar(int(value[:4]), int(value[6:]), 1)
        else:
            raise ValueError
    except ValueError:
        raise InvalidRequest(f"`{name}` is no day such as 2026-01-15") from None
    if not 2000 <= found.year < 2200:
        raise InvalidRequest(f"`{name}` is no day of this century or the next")
    return found


def read_filter(rule: str | None, hook: str | None, client: str | None) -> Filter:
    """Empty ones are left out. What is no name finds nothing, and is no error."""
    given = (value[:_LONGEST_VALUE] if value else None for value in (rule, hook, client))
    return Filter(*given)


# -- Sums ------------------------------------------------------------------------------------------

_SUMMED = (
    "distinct_calls", "fires", "held", "silent", "cards", "accepted", "overridden",
    "no_response", "not_evaluable", "errors",
)  # fmt: skip


def total(rows: Iterable[Row]) -> Row:
    """Their sum. `calls` and latency are none of it: the same calls are behind several rows."""
    summed = Row(date.min, "", None, "")
    for row in rows:
        for name in _SUMMED:
            setattr(summed, name, getattr(summed, name) + getattr(row, name))
        _add(summed.reasons, row.reasons)
        _add(summed.missing, row.missing)
    return summed


def _add(counts: dict[str, int], more: dict[str, int]) -> None:
    for name, count in more.items():
        counts[name] = counts.get(name, 0) + count


def by_rule(rows: Iterable[Row]) -> dict[str, Row]:
    """Each rule's sum, over hooks, clients and weeks."""
    return {rule: replace(total(some), rule=rule) for rule, some in _grouped(rows).items()}


def _grouped(rows: Iterable[Row]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.rule, []).append(row)
    return groups


def by_week(rows: Iterable[Row], weeks: Sequence[date]) -> list[Row]:
    """One sum for each of the weeks, empty ones too."""
    groups: dict[date, list[Row]] = {week: [] for week in weeks}
    for row in rows:
        groups[row.week].append(row)
    return [replace(total(some), week=week) for week, some in groups.items()]


def most_first(counts: dict[str, int]) -> list[tuple[str, int]]:
    """Largest first, then by name."""
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))
