"""Drift: what a rule did in the last full week that it did not do in the eight before.

Findings about figures, not about medicine: each says what was seen and what it was compared with.
They are made for each rule and client apart, so that one hospital whose codes have changed does not
go under in the sum of all. A rule that was switched off, or a new version, shows as well: who did
it on purpose knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from statistics import median

from cds_service.insight import WEEK, Period, Row, Traffic, monday

WEEKS_BEFORE = 8
"""Two months: one odd week does not move their median, and last season's habits do not count."""
WEEKS_NEEDED = 4
"""Of these so many with calls, else there is nothing to compare with."""

CALLS_AT_LEAST = 10
"""A client's usual week, for its silence to mean something."""
EXPECTED_AT_LEAST = 4.6
"""None where so many are expected happens by chance once in a hundred weeks (e^-4.6 = 0.01)."""
TIMES_THE_MEDIAN = 3.0
FIRES_AT_LEAST = 10
"""Below, three times as many is one patient whose chart is opened often."""
ANSWERS_AT_LEAST = 10
"""In the last week, and before it. Below, one clinician's morning moves the share by a quarter."""
OVERRIDES_MORE_BY = 0.25
UNKNOWN_AT_LEAST = 10
UNKNOWN_MORE_BY = 0.2
"""Of the calls. A key that a client stops sending moves the share by more, chance by less."""


class Kind(StrEnum):
    """First what may keep advice from patients, then what may tire clinicians."""

    NO_CALLS = "no calls"
    ERRORS = "could not be run"
    STOPPED = "stopped firing"
    UNKNOWN = "not evaluable more often"
    SURGE = "fires far more often"
    OVERRIDDEN = "overridden more often"


@dataclass(frozen=True, slots=True)
class Week:
    """What one rule did for one client in one week; `calls` are the answered ones of its hooks."""

    calls: int = 0
    fires: int = 0
    held: int = 0
    silent: int = 0
    accepted: int = 0
    overridden: int = 0
    unknown: int = 0
    errors: int = 0

    @property
    def answers(self) -> int:
        """Cards that were answered."""
        return self.accepted + self.overridden


@dataclass(frozen=True, slots=True)
class Drift:
    """One finding about a rule, or about a hook where `rule` is empty."""

    kind: Kind
    rule: str
    hook: str
    client: str | None
    words: str


def drift_period(today: date) -> Period:
    """The last full week and the eight before it."""
    end = monday(today)
    return Period(end - (WEEKS_BEFORE + 1) * WEEK, end)


def find(rows: Iterable[Row], traffic: Iterable[Traffic], period: Period) -> list[Drift]:
    """All findings about the last week of the period, most serious first."""
    weeks, traffic = period.weeks(), list(traffic)
    found = list(_silent_hooks(traffic, weeks))
    for (rule, client), history in _histories(list(rows), traffic, weeks).items():
        found += [Drift(kind, rule, "", client, words) for kind, words in judge(history)]
    order = list(Kind)
    return sorted(found, key=lambda each: (order.index(each.kind), each.rule, each.client or ""))


def judge(history: Sequence[Week]) -> Iterator[tuple[Kind, str]]:
    """What the last of these weeks, oldest first, is remarkable for."""
    *before, last = history
    if last.errors:
        yield Kind.ERRORS, f"{_times(last.errors)}: the log has type and place"
    before = [week for week in before if week.calls]
    if len(before) < WEEKS_NEEDED or not last.calls:
        return
    yield from _fires(before, last)
    yield from _unknown(before, last)
    yield from _overrides(before, last)


def _fires(before: Sequence[Week], last: Week) -> Iterator[tuple[Kind, str]]:
    calls = sum(week.calls for week in before)
    expected = sum(week.fires for week in before) / calls * last.calls
    fired_in = sum(week.fires > 0 for week in before)
    if not last.fires and fired_in >= WEEKS_NEEDED and expected >= EXPECTED_AT_LEAST:
        words = f"not once in {_calls(last)}; as before it would have been about {expected:.0f}"
        yield Kind.STOPPED, words + _not_shown(last)
    usual = median(week.fires / week.calls for week in before) * last.calls
    if last.fires >= FIRES_AT_LEAST and last.fires > TIMES_THE_MEDIAN * usual:
        words = f"{_times(last.fires)} in {_calls(last)}; as in the median week"
        yield Kind.SURGE, f"{words} it would have been about {usual:.0f}"


def _not_shown(last: Week) -> str:
    if not last.held + last.silent:
        return ""
    return f" (it applied and was held back {_times(last.held)}, silent {_times(last.silent)})"


def _unknown(before: Sequence[Week], last: Week) -> Iterator[tuple[Kind, str]]:
    usual, now = median(week.unknown / week.calls for week in before), last.unknown / last.calls
    if last.unknown >= UNKNOWN_AT_LEAST and now - usual >= UNKNOWN_MORE_BY:
        yield Kind.UNKNOWN, f"in {now:.0%} of {_calls(last)}; in the median week {usual:.0%}"


def _overrides(before: Sequence[Week], last: Week) -> Iterator[tuple[Kind, str]]:
    answers = sum(week.answers for week in before)
    if min(answers, last.answers) < ANSWERS_AT_LEAST:
        return
    usual, now = sum(week.overridden for week in before) / answers, last.overridden / last.answers
    if now - usual >= OVERRIDES_MORE_BY:
        yield Kind.OVERRIDDEN, f"{now:.0%} of {last.answers} answers; before that {usual:.0%}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _calls(week: Week) -> str:
    return "1 call" if week.calls == 1 else f"{week.calls} calls"


# -- Histories -------------------------------------------------------------------------------------


def _silent_hooks(traffic: Iterable[Traffic], weeks: Sequence[date]) -> Iterator[Drift]:
    """Clients that called a hook every week and did not in the last one."""
    counts: dict[tuple[str, str | None], dict[date, int]] = {}
    for each in traffic:
        calls = each.answered + each.refused + each.failed
        counts.setdefault((each.hook, each.client), {})[each.week] = calls
    for (hook, client), by_week in counts.items():
        usual = median(by_week.get(week, 0) for week in weeks[:-1])
        if usual >= CALLS_AT_LEAST and not by_week.get(weeks[-1]):
            yield Drift(Kind.NO_CALLS, "", hook, client, f"{usual:.0f} in the median week before")


def _histories(
    rows: Sequence[Row], traffic: Iterable[Traffic], weeks: Sequence[date]
) -> dict[tuple[str, str | None], list[Week]]:
    """By rule and client, one entry for each week."""
    hooks: dict[str, set[str]] = {}
    by_place: dict[tuple[str, str | None, date], list[Row]] = {}
    for row in rows:
        hooks.setdefault(row.rule, set()).add(row.hook)
        by_place.setdefault((row.rule, row.client, row.week), []).append(row)
    calls = {(each.week, each.hook, each.client): each.answered for each in traffic}
    pairs = sorted({(row.rule, row.client) for row in rows}, key=lambda p: (p[0], p[1] or ""))
    return {
        (rule, client): [
            _week(
                sum(calls.get((week, hook, client), 0) for hook in hooks[rule]),
                by_place.get((rule, client, week), []),
            )
            for week in weeks
        ]
        for rule, client in pairs
    }


def _week(calls: int, rows: Sequence[Row]) -> Week:
    return Week(
        calls=calls,
        fires=sum(row.fires for row in rows),
        held=sum(row.held for row in rows),
        silent=sum(row.silent for row in rows),
        accepted=sum(row.accepted for row in rows),
        overridden=sum(row.overridden for row in rows),
        unknown=sum(row.not_evaluable for row in rows),
        errors=sum(row.errors for row in rows),
    )
