"""Figures counted by hand, in both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from cds_service.errors import InvalidRequest, StoreDown
from cds_service.insight import (
    COMMENT_ONLY,
    NO_REASON,
    UNNAMED,
    Filter,
    Latency,
    Period,
    by_rule,
    read_period,
    week_name,
)
from cds_service.insight_queries import clients_seen, read_rows, read_traffic
from cds_service.store import Store
from tests.insight.history import NOW, SELECT, THIS_WEEK, VIEW, History, insight, only


@pytest.fixture
def history() -> History:
    return History()


def counts(row: Any, *names: str) -> tuple[int, ...]:
    return tuple(getattr(row, name) for name in names)


SHOWN = ("distinct_calls", "fires", "held", "silent", "not_evaluable", "errors")
ANSWERED = ("cards", "accepted", "overridden", "no_response")


# --- Rules ----------------------------------------------------------------------------------------

WHAT_BECAME = {
    "a card of its own": (("true", "card"), (1, 1, 0, 0, 0, 0)),
    "lines on another card": (("true", "line"), (1, 1, 0, 0, 0, 0)),
    "held back": (("true", "held"), (1, 0, 1, 0, 0, 0)),
    "silent": (("true", "silent"), (1, 0, 0, 1, 0, 0)),
    "another rule spoke first": (("true", "no"), (1, 0, 0, 0, 0, 0)),
    "not known": (("unknown", "no"), (0, 0, 0, 0, 1, 0)),
    "it raised": (("error", "no"), (0, 0, 0, 0, 0, 1)),
    "a card about gaps, which is not true": (("false", "card"), (1, 1, 0, 0, 0, 0)),
}


@pytest.mark.parametrize(("said", "counted"), WHAT_BECAME.values(), ids=WHAT_BECAME)
def test_what_became_of_a_rule_counts_once(
    store: Store, history: History, said: tuple[str, str], counted: tuple[int, ...]
) -> None:
    history.call().rule("a", *said)
    history.write(store)
    assert counts(only(insight(store), "a"), *SHOWN) == counted


def test_rows_are_apart_by_rule_hook_client_and_week(store: Store, history: History) -> None:
    history.call().rule("a", shown="line").rule("b", shown="line")
    history.call().rule("a", shown="line")
    history.call(hook=SELECT).rule("a", shown="line")
    history.call(client=None).rule("a", shown="line")
    history.call(NOW - timedelta(weeks=5)).rule("a", shown="line")
    history.write(store)
    found = {(r.week, r.hook, r.client, r.rule): (r.calls, r.fires) for r in insight(store).rows}
    assert found == {
        (THIS_WEEK, VIEW, "hospital", "a"): (2, 2),
        (THIS_WEEK, VIEW, "hospital", "b"): (2, 1),
        (THIS_WEEK, SELECT, "hospital", "a"): (1, 1),
        (THIS_WEEK, VIEW, None, "a"): (1, 1),
        (THIS_WEEK - timedelta(weeks=5), VIEW, "hospital", "a"): (1, 1),
    }
    assert by_rule(insight(store).rows)["a"].fires == 5


# --- Weeks ----------------------------------------------------------------------------------------

MONDAY = datetime(2026, 1, 12, tzinfo=UTC)
WEEKS = {
    "the first instant of a week": (MONDAY, "2026-W03"),
    "the last instant of the week before": (MONDAY - timedelta(milliseconds=1), "2026-W02"),
    "the last instant of a week": (MONDAY + timedelta(days=7, milliseconds=-1), "2026-W03"),
    "New Year's Day, of a week that began in December": (
        datetime(2026, 1, 1, tzinfo=UTC),
        "2026-W01",
    ),
    "the last Sunday of 2025": (datetime(2025, 12, 28, 23, tzinfo=UTC), "2025-W52"),
    "the end of Monday elsewhere": (
        datetime.fromisoformat("2026-01-11T23:30:00-05:00"),
        "2026-W03",
    ),
}


@pytest.mark.parametrize(("at", "week"), WEEKS.values(), ids=WEEKS)
def test_weeks_are_those_of_iso_in_utc(
    store: Store, history: History, at: datetime, week: str
) -> None:
    history.call(at).rule("a")
    history.write(store)
    assert week_name(only(insight(store), "a").week) == week


@pytest.mark.parametrize(
    ("at", "counted"),
    [
        (datetime(2025, 12, 1, tzinfo=UTC), 1),
        (datetime(2025, 12, 14, 23, 59, tzinfo=UTC), 1),
        (datetime(2025, 11, 30, 23, 59, tzinfo=UTC), 0),
        (datetime(2025, 12, 15, tzinfo=UTC), 0),
    ],
)
def test_only_calls_of_the_period_count(
    store: Store, history: History, at: datetime, counted: int
) -> None:
    call = history.call(at)
    history.outcome(call.card("a"), "accepted")
    history.write(store)
    period = read_period("2025-12-03", "2025-12-14", NOW.date())
    found = insight(store, period=period)
    assert sum(row.accepted for row in found.rows) == counted
    assert sum(each.answered for each in found.traffic) == counted


PERIODS = {
    "none given": (None, None, "2025-10-20", "2026-01-19"),
    "a day is its week": ("2026-01-15", "2026-01-15", "2026-01-12", "2026-01-19"),
    "weeks by name": ("2025-W52", "2026-W01", "2025-12-22", "2026-01-05"),
    "the end alone": (None, "2025-12-31", "2025-10-06", "2026-01-05"),
}


@pytest.mark.parametrize(("first", "last", "start", "end"), PERIODS.values(), ids=PERIODS)
def test_a_period_is_made_of_whole_weeks(
    first: str | None, last: str | None, start: str, end: str
) -> None:
    found = read_period(first, last, NOW.date())
    assert found == Period(date.fromisoformat(start), date.fromisoformat(end))


NO_PERIODS = {
    "no day": ("soon", None),
    "no such day": ("2026-02-30", None),
    "no such week": ("2025-W53", None),
    "another form of a day": ("20260101", None),
    "a day before calendars": ("0001-01-01", None),
    "the wrong way round": ("2026-01-15", "2025-12-01"),
    "too long": ("2020-01-01", "2026-01-01"),
}


@pytest.mark.parametrize(("first", "last"), NO_PERIODS.values(), ids=NO_PERIODS)
def test_what_is_no_period_is_refused(first: str, last: str | None) -> None:
    with pytest.raises(InvalidRequest):
        read_period(first, last, NOW.date())


# --- Answers to cards -----------------------------------------------------------------------------


def test_no_response_is_not_accepted(store: Store, history: History) -> None:
    accepted, overridden, _ = (history.call().card("a") for _ in range(3))
    history.outcome(accepted, "accepted")
    history.outcome(overridden, "overridden", "already-done")
    history.write(store)
    row = only(insight(store), "a")
    assert counts(row, *ANSWERED) == (3, 1, 1, 1)
    assert row.reasons == {"already-done": 1}


def test_of_several_answers_the_latest_counts_and_a_repeated_one_once(
    store: Store, history: History
) -> None:
    changed, repeated = history.call().card("a"), history.call().card("a")
    history.outcome(changed, "accepted", after=90)
    history.outcome(changed, "overridden", "already-done", after=30)
    history.outcome(repeated, "accepted", after=10)
    history.outcome(repeated, "accepted", after=20)
    history.write(store)
    assert counts(only(insight(store), "a"), *ANSWERED) == (2, 2, 0, 0)


def test_reasons_are_told_apart_where_none_was_given(store: Store, history: History) -> None:
    for reason, commented in (("x", True), ("x", False), (None, True), (None, False)):
        history.outcome(history.call().card("a"), "overridden", reason, commented=commented)
    history.write(store)
    row = only(insight(store), "a")
    assert row.reasons == {"x": 2, COMMENT_ONLY: 1, NO_REASON: 1}
    assert row.overridden == 4


def test_an_answer_is_for_the_rule_whose_card_it_is(store: Store, history: History) -> None:
    call = history.call()
    card = call.card("host")
    call.rule("guest", shown="line", card=card)
    history.outcome(card, "accepted")
    history.write(store)
    found = insight(store)
    assert counts(only(found, "host"), *ANSWERED) == (1, 1, 0, 0)
    assert counts(only(found, "guest"), "fires", *ANSWERED) == (1, 0, 0, 0, 0)


def test_an_answer_counts_in_the_week_of_its_card(store: Store, history: History) -> None:
    card = history.call(NOW - timedelta(weeks=3)).card("a")
    history.outcome(card, "accepted")
    history.write(store)
    row = only(insight(store), "a")
    assert (row.week, row.accepted) == (THIS_WEEK - timedelta(weeks=3), 1)


def test_answers_to_unknown_cards_are_said_and_counted_for_no_rule(
    store: Store, history: History
) -> None:
    history.call().card("a")
    history.outcome("00000000-0000-0000-0000-0000000000ff", "accepted")
    history.outcome("00000000-0000-0000-0000-0000000000ff", "overridden")
    history.write(store)
    found = insight(store)
    assert found.unknown_cards == 1
    assert counts(only(found, "a"), *ANSWERED) == (1, 0, 0, 1)


# --- Inputs, calls, latency -----------------------------------------------------------------------


def test_missing_inputs_count_for_rules_and_for_calls(store: Store, history: History) -> None:
    call = history.call()
    call.rule("a", "unknown", missing=("count", "weight")).rule("b", "unknown", missing=("count",))
    call.rule("gaps", shown="card", missing=("count",))
    history.call().rule("a", "unknown", missing=("count",))
    history.write(store)
    found = insight(store)
    assert only(found, "a").missing == {"count": 2, "weight": 1}
    assert only(found, "b").missing == {"count": 1}
    assert only(found, "gaps").missing == {}, "it was evaluated"
    assert found.missing == {"count": 2, "weight": 1}


def test_calls_are_told_apart_by_how_they_ended(store: Store, history: History) -> None:
    history.call().card("a")
    for status in (200, 400, 412, 500, 503, 503):
        history.call(status=status)
    history.write(store)
    (found,) = insight(store).traffic
    ended = counts(found, "answered", "with_cards", "refused", "failed")
    assert ended == (2, 1, 2, 3)


def test_latency_is_that_of_real_calls_by_nearest_rank(store: Store, history: History) -> None:
    for milliseconds in range(1, 21):
        history.call(milliseconds=float(milliseconds))
    history.call(milliseconds=0.1, status=412)
    history.call(hook=SELECT, milliseconds=7.0)
    history.write(store)
    found = insight(store)
    assert found.services == {
        "the-order-select": (1, Latency(7.0, 7.0, 7.0)),
        "the-patient-view": (20, Latency(10.0, 19.0, 20.0)),
    }
    by_hook = {each.hook: each.latency for each in found.traffic}
    assert by_hook == {VIEW: Latency(10.0, 19.0, 20.0), SELECT: Latency(7.0, 7.0, 7.0)}


def test_latency_of_a_week_is_not_that_of_another(store: Store, history: History) -> None:
    history.call(milliseconds=1.0)
    history.call(NOW - timedelta(weeks=1), milliseconds=99.0)
    history.write(store)
    found = [each.latency for each in insight(store).traffic]
    assert found == [Latency(99.0, 99.0, 99.0), Latency(1.0, 1.0, 1.0)]


# --- Filters, pieces, outages ---------------------------------------------------------------------

FILTERS = {
    "all": (Filter(), {"a": 3, "b": 1}),
    "a rule": (Filter(rule="a"), {"a": 3}),
    "a hook": (Filter(hook=SELECT), {"a": 1}),
    "a client": (Filter(client="hospital"), {"a": 2, "b": 1}),
    "calls without a client": (Filter(client=UNNAMED), {"a": 1}),
    "nobody": (Filter(client="' OR 1=1 --"), {}),
}


@pytest.mark.parametrize(("wanted", "cards"), FILTERS.values(), ids=FILTERS)
def test_a_filter_leaves_out_the_others(
    store: Store, history: History, wanted: Filter, cards: dict[str, int]
) -> None:
    call = history.call()
    call.card("a")
    call.card("b")
    history.call(hook=SELECT).card("a")
    history.call(client=None).card("a")
    history.write(store)
    found = by_rule(insight(store, wanted).rows)
    assert {rule: row.cards for rule, row in found.items()} == cards


def test_rows_and_calls_come_week_after_week(store: Store, history: History) -> None:
    for weeks in (0, 11, 6, 3):
        history.call(NOW - timedelta(weeks=weeks)).card("a")
    history.write(store)
    period = read_period(None, None, NOW.date())
    with store.reading() as connection:
        rows = list(read_rows(connection, period, Filter()))
        traffic = list(read_traffic(connection, period, Filter()))
        assert clients_seen(connection, period) == ["hospital"]
    expected = [THIS_WEEK - timedelta(weeks=weeks) for weeks in (11, 6, 3, 0)]
    assert [row.week for row in rows] == expected
    assert [each.week for each in traffic] == expected


def test_who_reads_writes_nothing_and_keeps_nobody_from_writing(
    store: Store, history: History
) -> None:
    history.call().card("a")
    history.write(store)
    period = read_period(None, None, NOW.date())
    with store.reading() as connection:
        before = list(read_rows(connection, period, Filter()))
        assert store.first_use("https://ehr.example", "t", NOW + timedelta(minutes=5))
        later = History(_numbers=iter(range(1000, 2000)))
        later.call().card("a")
        later.write(store)
        after = list(read_rows(connection, period, Filter()))
        assert [row.cards for row in (*before, *after)] == [1, 1], "as of the moment it began"
    with pytest.raises(StoreDown), store.reading() as connection:
        connection.exec_driver_sql("DELETE FROM calls")
    assert only(insight(store), "a").cards == 2
