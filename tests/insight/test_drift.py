"""What is said of a week that is not like those before, and what is not worth saying."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from cds_service.insight import Period, Row, Traffic
from cds_service.insight_drift import Drift, Kind, Week, drift_period, find, judge

USUAL = Week(calls=100, fires=6, accepted=3, overridden=1, unknown=5)
QUIET = Week(calls=100)


def before(week: Week = USUAL, weeks: int = 8) -> list[Week]:
    return [week] * weeks


def kinds(history: Sequence[Week]) -> set[Kind]:
    return {kind for kind, _ in judge(history)}


SAID = {
    "it stopped firing": (before(), QUIET, Kind.STOPPED),
    "it stopped, and had skipped half of the weeks": (
        [*before(weeks=4), *before(QUIET, 4)],
        replace(QUIET, calls=200),
        Kind.STOPPED,
    ),
    "it fires four times as often": (before(), replace(USUAL, fires=24), Kind.SURGE),
    "it fires ten times and never did": (before(QUIET), Week(100, fires=10), Kind.SURGE),
    "more than three times the median, to the call": (
        before(),
        replace(USUAL, fires=19),
        Kind.SURGE,
    ),
    "one week of many fires does not hide it": (
        [*before(weeks=7), replace(USUAL, fires=80)],
        replace(USUAL, fires=24),
        Kind.SURGE,
    ),
    "half as many calls, and as many fires as three times": (
        before(),
        replace(USUAL, calls=50, fires=10),
        Kind.SURGE,
    ),
    "an input is missing that was there": (
        before(),
        replace(USUAL, unknown=25),
        Kind.UNKNOWN,
    ),
    "it is overridden where it was accepted": (
        before(),
        replace(USUAL, accepted=5, overridden=5),
        Kind.OVERRIDDEN,
    ),
    "it raised once": (before(), replace(USUAL, errors=1), Kind.ERRORS),
    "it raised in the first week there is": (before(Week()), Week(1, errors=1), Kind.ERRORS),
}


@pytest.mark.parametrize(("past", "last", "kind"), SAID.values(), ids=SAID)
def test_it_is_said_that(past: list[Week], last: Week, kind: Kind) -> None:
    assert kinds([*past, last]) == {kind}


NOT_SAID = {
    "it is as before": (before(), USUAL),
    "it fires a third as often": (before(), replace(USUAL, fires=2)),
    "it fires exactly three times as often": (before(), replace(USUAL, fires=18)),
    "it stopped with the calls": (before(), Week()),
    "it stopped in a week of few calls": (before(), Week(calls=50)),
    "it stopped after three weeks in which it fired": (
        [*before(weeks=3), *before(QUIET, 5)],
        replace(QUIET, calls=500),
    ),
    "it fires three times as often for three times as many calls": (
        before(),
        Week(calls=300, fires=18, accepted=9, overridden=3, unknown=15),
    ),
    "it never fired and does nine times": (before(QUIET), Week(100, fires=9)),
    "nine answers, all against it": (before(), replace(USUAL, accepted=0, overridden=9)),
    "it is overridden a little more often": (
        before(),
        replace(USUAL, accepted=11, overridden=9),
    ),
    "it was always overridden": (
        before(replace(USUAL, accepted=0, overridden=4)),
        replace(USUAL, accepted=0, overridden=10),
    ),
    "an input is missing a little more often": (before(), replace(USUAL, unknown=24)),
    "few calls, all without an input": (before(), Week(9, unknown=9)),
    "it was never evaluable": (
        before(replace(QUIET, unknown=90)),
        replace(QUIET, unknown=100),
    ),
    "there are only three weeks before it": (
        [*before(Week(), 5), *before(weeks=3)],
        replace(USUAL, fires=90, unknown=90),
    ),
    "there was nothing at all": (before(Week()), Week()),
}


@pytest.mark.parametrize(("past", "last"), NOT_SAID.values(), ids=NOT_SAID)
def test_nothing_is_said_where(past: list[Week], last: Week) -> None:
    assert kinds([*past, last]) == set()


def test_a_rule_that_is_held_back_or_silent_is_said_to_be() -> None:
    ((_, words),) = judge([*before(), Week(100, held=4, silent=1)])
    assert words == (
        "not once in 100 calls; as before it would have been about 6"
        " (it applied and was held back 4 times, silent once)"
    )


# --- Out of rows ----------------------------------------------------------------------------------

TODAY = date(2026, 1, 15)
PERIOD = drift_period(TODAY)
WEEKS = PERIOD.weeks()


def test_the_last_full_week_is_compared_with_the_eight_before() -> None:
    assert Period(date(2025, 11, 10), date(2026, 1, 12)) == PERIOD
    assert drift_period(date(2026, 1, 12)) == PERIOD, "a Monday: its week has only begun"
    assert drift_period(date(2026, 1, 11)).end == date(2026, 1, 5), "a Sunday: is not over"


def traffic(client: str = "one", hook: str = "view", weeks: int = 9) -> list[Traffic]:
    return [Traffic(week, hook, client, answered=100) for week in WEEKS[:weeks]]


def rows(client: str = "one", hook: str = "view", fires: int = 6, weeks: int = 9) -> list[Row]:
    return [Row(week, hook, client, "rule", fires=fires) for week in WEEKS[:weeks]]


def test_one_client_does_not_go_under_among_others() -> None:
    found = find([*rows("one", weeks=8), *rows("two")], [*traffic("one"), *traffic("two")], PERIOD)
    assert [(each.kind, each.rule, each.client) for each in found] == [
        (Kind.STOPPED, "rule", "one")
    ]


def test_calls_of_other_hooks_are_none_of_the_rules() -> None:
    stopped = [*rows(weeks=8)]
    quieter = [*traffic(weeks=8), *traffic(hook="sign")]
    kinds_found = {each.kind for each in find(stopped, quieter, PERIOD)}
    assert kinds_found == {Kind.NO_CALLS}


def test_fires_of_several_hooks_are_one_rules() -> None:
    moved = [*rows(weeks=8), *[Row(WEEKS[8], "sign", "one", "rule", fires=12)]]
    calls = [*traffic(), *traffic(hook="sign")]
    assert find(moved, calls, PERIOD) == []


def test_a_hook_that_is_no_longer_called_is_said_with_its_client() -> None:
    found = find([], [*traffic("one", weeks=8), *traffic("two")], PERIOD)
    assert found == [Drift(Kind.NO_CALLS, "", "view", "one", "100 in the median week before")]


def test_a_hook_that_was_rarely_called_may_rest() -> None:
    rare = [Traffic(week, "view", "one", answered=9) for week in WEEKS[:8]]
    once = [Traffic(WEEKS[0], "view", "two", answered=900)]
    assert find([], [*rare, *once], PERIOD) == []


def test_calls_that_are_all_refused_are_calls() -> None:
    refused = Traffic(WEEKS[8], "view", "one", refused=100)
    assert find([], [*traffic(weeks=8), refused], PERIOD) == []


def test_what_may_keep_advice_from_patients_comes_first() -> None:
    loud = [Row(WEEKS[8], "view", "one", "loud", fires=50)]
    broken = [Row(WEEKS[8], "view", "one", "zz", errors=1)]
    found = find([*loud, *rows(weeks=8), *broken], [*traffic(), *traffic("x", weeks=8)], PERIOD)
    expected = [Kind.NO_CALLS, Kind.ERRORS, Kind.STOPPED, Kind.SURGE]
    assert [each.kind for each in found] == expected
