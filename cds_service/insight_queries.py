"""The SQL of insight: sums are made by the database, in pieces of a few weeks.

One text for SQLite and PostgreSQL. Numbers that stand in GROUP BY are written out, because
PostgreSQL takes two parameters of the same value for two expressions.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Float,
    FromClause,
    Select,
    and_,
    case,
    distinct,
    exists,
    func,
    literal_column,
    select,
)

from cds_service.insight import (
    COMMENT_ONLY,
    NO_REASON,
    UNNAMED,
    Filter,
    Insight,
    Latency,
    Period,
    Row,
    Traffic,
    start_of,
)
from cds_service.insight_drift import Drift, drift_period, find
from cds_service.tables import calls, cards, evaluations, missing, outcomes

WEEKS_AT_ONCE = 4
"""What is held in memory at a time when rows are passed on one by one."""

_EPOCH = date(1969, 12, 29)
"""The Monday before 1970: weeks are counted from there."""
_SHIFT, _WEEK_LENGTH = 3 * 86_400_000, 7 * 86_400_000

_Key = tuple[date, str, str | None]


def read(connection: Connection, period: Period, wanted: Filter) -> Insight:
    """All of it: for a page."""
    found = Insight(*read_counts(connection, period, wanted))
    found.services = _services(connection, period, wanted)
    found.missing = _missing_inputs(connection, period, wanted)
    found.unknown_cards = _unknown_cards(connection, period)
    return found


def read_drift(
    connection: Connection, today: date, wanted: Filter, found: Insight, period: Period
) -> tuple[list[Drift], bool]:
    """What drifts, and whether there were calls to tell by. `found` is what is read already."""
    weeks = drift_period(today)
    if period.holds(weeks):
        rows = [row for row in found.rows if weeks.first <= row.week < weeks.end]
        traffic = [each for each in found.traffic if weeks.first <= each.week < weeks.end]
    else:
        rows, traffic = read_counts(connection, weeks, wanted)
    return find(rows, traffic, weeks), bool(traffic)


def read_counts(
    connection: Connection, period: Period, wanted: Filter
) -> tuple[list[Row], list[Traffic]]:
    """Rules and calls by week, without what is said of the period as a whole."""
    rows, traffic = [], []
    for some_rows, some_traffic in _pieces(connection, period, wanted):
        rows += some_rows
        traffic += some_traffic
    return rows, traffic


def read_rows(connection: Connection, period: Period, wanted: Filter) -> Iterator[Row]:
    """Week after week; the rules by hook, client and id. Rows without any event do not exist."""
    for rows, _ in _pieces(connection, period, wanted):
        yield from rows


def read_traffic(connection: Connection, period: Period, wanted: Filter) -> Iterator[Traffic]:
    """Week after week, by hook and client. The rule of the filter is not looked at."""
    for part in period.parts(WEEKS_AT_ONCE):
        yield from _traffic(connection, part, wanted).values()


def _pieces(
    connection: Connection, period: Period, wanted: Filter
) -> Iterator[tuple[list[Row], list[Traffic]]]:
    for part in period.parts(WEEKS_AT_ONCE):
        traffic = _traffic(connection, part, wanted)
        yield _rows(connection, part, wanted, traffic), list(traffic.values())


# -- Conditions ------------------------------------------------------------------------------------


def _milliseconds(week: date) -> int:
    return int(start_of(week).timestamp()) * 1000


def _within(at: ColumnElement[int], period: Period) -> ColumnElement[bool]:
    return and_(at >= _milliseconds(period.first), at < _milliseconds(period.end))


def _called(wanted: Filter) -> list[ColumnElement[bool]]:
    """Of the calls, those of a hook and a client."""
    conditions = []
    if wanted.hook is not None:
        conditions.append(calls.c.hook == wanted.hook)
    if wanted.client == UNNAMED:
        conditions.append(calls.c.client.is_(None))
    elif wanted.client is not None:
        conditions.append(calls.c.client == wanted.client)
    return conditions


def _of_rule(rule: ColumnElement[str], wanted: Filter) -> list[ColumnElement[bool]]:
    return [rule == wanted.rule] if wanted.rule is not None else []


def _number(value: int) -> ColumnElement[int]:
    return literal_column(str(value), BigInteger)


_WEEK: ColumnElement[int] = (calls.c.at + _number(_SHIFT)) // _number(_WEEK_LENGTH)
_PLACE = (_WEEK, calls.c.hook, calls.c.client)
"""The week of what belongs to a call is the week of the call, whenever it was written."""


def _monday(week: int) -> date:
    return _EPOCH + timedelta(days=7 * int(week))


def _key(found: Any) -> _Key:
    return _monday(found[0]), found[1], found[2]


# -- Calls -----------------------------------------------------------------------------------------


def _traffic(connection: Connection, period: Period, wanted: Filter) -> dict[_Key, Traffic]:
    statuses = case((calls.c.status < 400, 2), (calls.c.status < 500, 4), else_=5)
    asked = select(calls.c.at, calls.c.hook, calls.c.client, statuses.label("status")).where(
        _within(calls.c.at, period), *_called(wanted)
    )
    some = asked.subquery()
    week = ((some.c.at + _number(_SHIFT)) // _number(_WEEK_LENGTH)).label("week")
    counted = select(week, some.c.hook, some.c.client, some.c.status, func.count()).group_by(
        "week", some.c.hook, some.c.client, some.c.status
    )
    found: dict[_Key, Traffic] = {}
    for *place, status, count in connection.execute(counted):
        each = found.setdefault(_key(place), Traffic(*_key(place)))
        name = {2: "answered", 4: "refused", 5: "failed"}[status]
        setattr(each, name, count)
    for *place, count in connection.execute(_with_cards(period, wanted)):
        found[_key(place)].with_cards = count
    for *place, _, p50, p95, most in connection.execute(_fastness(period, wanted, *_PLACE)):
        found[_key(place)].latency = Latency(p50, p95, most)
    return dict(sorted(found.items(), key=lambda each: _order(each[0])))


def _order(key: _Key) -> tuple[date, str, str]:
    return key[0], key[1], key[2] or ""


def _with_cards(period: Period, wanted: Filter) -> Select[Any]:
    return (
        select(*_PLACE, func.count())
        .where(_within(calls.c.at, period), *_called(wanted))
        .where(exists().where(cards.c.call == calls.c.id))
        .group_by(*_PLACE)
    )


def _fastness(period: Period, wanted: Filter, *by: ColumnElement[Any]) -> Select[Any]:
    """Calls that were answered, and their times by nearest rank; SQLite knows no percentiles."""
    rank = func.row_number().over(partition_by=by, order_by=calls.c.milliseconds)
    count = func.count().over(partition_by=by)
    ranked = (
        select(
            *(column.label(f"by_{place}") for place, column in enumerate(by)),
            calls.c.milliseconds.label("milliseconds"),
            rank.label("rank"),
            count.label("count"),
        )
        .where(_within(calls.c.at, period), calls.c.status < 400, *_called(wanted))
        .subquery()
    )
    names = [ranked.c[f"by_{place}"] for place in range(len(by))]
    return select(
        *names, func.count(), _at(ranked, 50), _at(ranked, 95), func.max(ranked.c.milliseconds)
    ).group_by(*names)


def _at(ranked: FromClause, percent: int) -> ColumnElement[float]:
    place = (ranked.c["count"] * _number(percent) + _number(99)) // _number(100)
    value = case((ranked.c["rank"] == place, ranked.c.milliseconds))
    return func.max(value, type_=Float)


def _services(
    connection: Connection, period: Period, wanted: Filter
) -> dict[str, tuple[int, Latency]]:
    asked = _fastness(period, wanted, calls.c.service)
    return {
        service: (count, Latency(p50, p95, most))
        for service, count, p50, p95, most in sorted(map(tuple, connection.execute(asked)))
    }


# -- Rules -----------------------------------------------------------------------------------------


def _rows(
    connection: Connection, period: Period, wanted: Filter, traffic: dict[_Key, Traffic]
) -> list[Row]:
    found: dict[tuple[_Key, str], Row] = {}

    def row(place: Any, rule: str) -> Row:
        key = _key(place)
        if (key, rule) not in found:
            calls_of = traffic[key]
            latency = calls_of.latency
            found[key, rule] = Row(*key, rule, calls=calls_of.answered, latency=latency)
        return found[key, rule]

    for *place, rule, truth, shown, count in connection.execute(_evaluated(period, wanted)):
        _count_evaluations(row(place, rule), truth, shown, count)
    for *place, rule, outcome, reason, commented, count in connection.execute(
        _answered(period, wanted)
    ):
        _count_cards(row(place, rule), outcome, reason, commented, count)
    for *place, rule, name, count in connection.execute(_lacking(period, wanted)):
        row(place, rule).missing[name] = count
    return sorted(found.values(), key=lambda r: (*_order((r.week, r.hook, r.client)), r.rule))


def _evaluated(period: Period, wanted: Filter) -> Select[Any]:
    by = (*_PLACE, evaluations.c.rule, evaluations.c.truth, evaluations.c.shown)
    return (
        select(*by, func.count())
        .join_from(calls, evaluations, evaluations.c.call == calls.c.id)
        .where(_within(calls.c.at, period), *_called(wanted))
        .where(*_of_rule(evaluations.c.rule, wanted))
        .group_by(*by)
    )


def _count_evaluations(row: Row, truth: str, shown: str, count: int) -> None:
    # A rule that speaks of gaps has a card without being true.
    row.distinct_calls += count if truth == "true" or shown != "no" else 0
    row.fires += count if shown in ("card", "line") else 0
    row.held += count if shown == "held" else 0
    row.silent += count if shown == "silent" else 0
    row.not_evaluable += count if truth == "unknown" else 0
    row.errors += count if truth == "error" else 0


def _answered(period: Period, wanted: Filter) -> Select[Any]:
    """Cards by the latest answer to each; by none where there is no answer."""
    latest = _latest(period)
    by = (*_PLACE, cards.c.rule, latest.c.outcome, latest.c.reason_code, latest.c.commented)
    return (
        select(*by, func.count())
        .select_from(
            calls.join(cards, cards.c.call == calls.c.id).outerjoin(
                latest, and_(latest.c.card == cards.c.uuid, latest.c["rank"] == 1)
            )
        )
        .where(_within(calls.c.at, period), *_called(wanted))
        .where(*_of_rule(cards.c.rule, wanted))
        .group_by(*by)
    )


def _latest(period: Period) -> FromClause:
    order = (outcomes.c.at.desc(), outcomes.c.received.desc(), outcomes.c.digest)
    rank = func.row_number().over(partition_by=outcomes.c.card, order_by=order)
    columns = (outcomes.c.card, outcomes.c.outcome, outcomes.c.reason_code, outcomes.c.commented)
    return (
        select(*columns, rank.label("rank"))
        .join_from(outcomes, cards, cards.c.uuid == outcomes.c.card)
        .join(calls, calls.c.id == cards.c.call)
        .where(_within(calls.c.at, period))
        .subquery()
    )


def _count_cards(
    row: Row, outcome: str | None, reason: str | None, commented: bool | None, count: int
) -> None:
    row.cards += count
    if outcome == "accepted":
        row.accepted += count
    elif outcome == "overridden":
        row.overridden += count
        name = reason or (COMMENT_ONLY if commented else NO_REASON)
        row.reasons[name] = row.reasons.get(name, 0) + count
    else:
        row.no_response += count


def _lacking(period: Period, wanted: Filter) -> Select[Any]:
    """By input, evaluations that it kept from an answer."""
    by = (*_PLACE, missing.c.rule, missing.c.input)
    of_unknown = and_(
        evaluations.c.call == missing.c.call,
        evaluations.c.rule == missing.c.rule,
        evaluations.c.truth == "unknown",
    )
    return (
        select(*by, func.count())
        .select_from(
            calls.join(missing, missing.c.call == calls.c.id).join(evaluations, of_unknown)
        )
        .where(_within(calls.c.at, period), *_called(wanted))
        .where(*_of_rule(missing.c.rule, wanted))
        .group_by(*by)
    )


def _missing_inputs(connection: Connection, period: Period, wanted: Filter) -> dict[str, int]:
    asked = (
        select(missing.c.input, func.count(distinct(missing.c.call)))
        .join_from(calls, missing, missing.c.call == calls.c.id)
        .where(_within(calls.c.at, period), *_called(wanted))
        .where(*_of_rule(missing.c.rule, wanted))
        .group_by(missing.c.input)
    )
    return {name: count for name, count in connection.execute(asked)}  # noqa: C416 rows are no pairs


def _unknown_cards(connection: Connection, period: Period) -> int:
    """Of no rule, hook or client: a filter does not apply."""
    asked = select(func.count(distinct(outcomes.c.card))).where(
        _within(outcomes.c.received, period),
        ~exists().where(cards.c.uuid == outcomes.c.card),
    )
    return int(connection.execute(asked).scalar_one())


def clients_seen(connection: Connection, period: Period) -> list[str]:
    """The clients that called; those without a name last."""
    asked = select(calls.c.client).where(_within(calls.c.at, period)).distinct()
    found = [client for (client,) in connection.execute(asked)]
    named = sorted(client for client in found if client is not None)
    return [*named, *([UNNAMED] if None in found else [])]
