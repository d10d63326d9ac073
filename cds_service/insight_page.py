"""What the page of insight shows, worked out of the figures; the template only writes it down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from cds_service import insight_charts as charts
from cds_service.insight import (
    UNNAMED,
    Filter,
    Insight,
    Period,
    Row,
    Traffic,
    by_rule,
    by_week,
    most_first,
    total,
    week_name,
)
from cds_service.insight_drift import Drift


@dataclass(frozen=True, slots=True)
class Known:
    """What the content has to choose from: rule id to summary, and hooks."""

    rules: dict[str, str]
    hooks: Sequence[str]


@dataclass(frozen=True, slots=True)
class Tile:
    """One number to be seen first."""

    name: str
    value: str
    note: str = ""


def context(
    found: Insight,
    drifts: Sequence[Drift],
    clients: Sequence[str],
    known: Known,
    period: Period,
    wanted: Filter,
) -> dict[str, Any]:
    """Everything the template names."""
    weeks = period.weeks()
    names = [week_name(week) for week in weeks]
    asked = _query(period, wanted)
    overridden = total(found.rows).reasons
    return {
        "period": period,
        "first_week": names[0],
        "last_week": names[-1],
        "last_day": _last_day(period),
        "wanted": wanted,
        "is_filtered": wanted != Filter(),
        "only": [f"{name} {value}" for name, value in asdict(wanted).items() if value is not None],
        "is_empty": not found.traffic,
        "query": asked,
        "rules_to_choose": _choices({*known.rules, *(row.rule for row in found.rows)}, wanted.rule),
        "hooks_to_choose": _choices(known.hooks, wanted.hook),
        "clients_to_choose": _choices(clients, wanted.client),
        "summaries": known.rules,
        "drifts": drifts,
        "tiles": _tiles(found),
        "calls_chart": _calls_chart(found.traffic, names),
        "fires_chart": _fires_chart(found.rows, period, names),
        "answers_chart": _answers_chart(found.rows, period, names),
        "services": found.services,
        "traffic": _traffic_table(found.traffic),
        "rules": _rules_table(found.rows, period),
        "without_events": _without_events(found.rows, known, wanted),
        "reasons": _ranked(overridden, sum(overridden.values())),
        "missing": _ranked(found.missing, sum(each.answered for each in found.traffic)),
        "unknown_cards": found.unknown_cards,
        "unnamed": UNNAMED,
        "spark": (charts.SPARK_WIDTH, charts.SPARK_HEIGHT),
        "share": (charts.SHARE_WIDTH, charts.SHARE_HEIGHT),
    }


def _choices(there: Iterable[str], chosen: str | None) -> list[str]:
    """What there is and what was chosen: a filter that finds nothing must not look like none."""
    return sorted({*there, *([chosen] if chosen is not None else [])})


def _last_day(period: Period) -> str:
    return period.weeks()[-1].fromordinal(period.end.toordinal() - 1).isoformat()


def _query(period: Period, wanted: Filter) -> str:
    """The address of the same figures elsewhere."""
    given = {"from": period.first.isoformat(), "to": _last_day(period)}
    chosen = {"rule": wanted.rule, "hook": wanted.hook, "client": wanted.client}
    return urlencode(given | {name: value for name, value in chosen.items() if value})


# -- Tiles and charts ------------------------------------------------------------------------------


def percent(part: int, whole: int) -> str:
    """Rounded, but never to all or nothing while there are others."""
    if not whole:
        return "–"
    share = 100 * part / whole
    if 0 < share < 1:
        return "<1 %"
    if 99 < share < 100:
        return ">99 %"
    return f"{share:.0f} %"


def _tiles(found: Insight) -> list[Tile]:
    summed = total(found.rows)
    answered = sum(each.answered for each in found.traffic)
    with_cards = sum(each.with_cards for each in found.traffic)
    refused = sum(each.refused for each in found.traffic)
    failed = sum(each.failed for each in found.traffic)
    cards = summed.cards
    return [
        Tile("Calls answered", f"{answered:,}", f"{refused:,} refused, {failed:,} failed"),
        Tile("Calls with cards", f"{with_cards:,}", f"{percent(with_cards, answered)} of them"),
        Tile("Rules shown", f"{summed.fires:,}", f"on {_cards(cards)}"),
        Tile("Accepted", percent(summed.accepted, cards), _cards(summed.accepted)),
        Tile("Overridden", percent(summed.overridden, cards), _cards(summed.overridden)),
        Tile("No response", percent(summed.no_response, cards), _cards(summed.no_response)),
        Tile("Not evaluable", f"{summed.not_evaluable:,}", "for lack of an input"),
        Tile("Could not be run", f"{summed.errors:,}", "rules that raised"),
    ]


def _cards(count: int) -> str:
    return "1 card" if count == 1 else f"{count:,} cards"


def _calls_chart(traffic: Iterable[Traffic], names: Sequence[str]) -> charts.Stack:
    counts = {name: [0, 0, 0] for name in names}
    for each in traffic:
        week = counts[week_name(each.week)]
        week[0] += each.with_cards
        week[1] += each.answered - each.with_cards
        week[2] += each.refused + each.failed
    columns = list(zip(*counts.values(), strict=True))
    labels = (("with cards", "shown"), ("without cards", "none"), ("refused or failed", "bad"))
    return charts.stack(names, _series(labels, columns))


def _fires_chart(rows: Iterable[Row], period: Period, names: Sequence[str]) -> charts.Stack:
    weeks = by_week(rows, period.weeks())
    columns = [
        [week.fires for week in weeks],
        [week.held for week in weeks],
        [week.silent for week in weeks],
    ]
    labels = (("shown", "shown"), ("held back", "held"), ("silent", "silent"))
    return charts.stack(names, _series(labels, columns))


def _answers_chart(rows: Iterable[Row], period: Period, names: Sequence[str]) -> charts.Stack:
    weeks = by_week(rows, period.weeks())
    columns = [
        [week.accepted for week in weeks],
        [week.overridden for week in weeks],
        [week.no_response for week in weeks],
    ]
    return charts.stack(names, _series(_ANSWERS, columns))


_ANSWERS = (("accepted", "accepted"), ("overridden", "overridden"), ("no response", "none"))


def _series(
    labels: Iterable[tuple[str, str]], columns: Iterable[Sequence[int]]
) -> list[charts.Series]:
    return [
        charts.Series(name, style, values)
        for (name, style), values in zip(labels, columns, strict=True)
    ]


# -- Tables ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule over the period."""

    rule: str
    row: Row
    course: Sequence[charts.Bar]
    answers: Sequence[charts.Bar]
    weeks: str


def _rules_table(rows: Sequence[Row], period: Period) -> list[RuleLine]:
    summed = by_rule(rows)
    weekly = {rule: [0] * len(period.weeks()) for rule in summed}
    place = {week: number for number, week in enumerate(period.weeks())}
    for row in rows:
        weekly[row.rule][place[row.week]] += row.fires
    lines = [
        RuleLine(
            rule,
            row,
            charts.spark(weekly[rule]),
            charts.shares(
                [
                    ("accepted", "accepted", row.accepted),
                    ("overridden", "overridden", row.overridden),
                    ("no response", "none", row.no_response),
                ]
            ),
            ", ".join(map(str, weekly[rule])),
        )
        for rule, row in summed.items()
    ]
    return sorted(lines, key=lambda line: (-line.row.fires, -line.row.cards, line.rule))


def _without_events(rows: Iterable[Row], known: Known, wanted: Filter) -> list[str]:
    seen = {row.rule for row in rows}
    return [
        rule for rule in sorted(known.rules) if rule not in seen and wanted.rule in (None, rule)
    ]


def _traffic_table(traffic: Iterable[Traffic]) -> list[Traffic]:
    """By hook and client, the weeks together; latency belongs to weeks and is left out."""
    summed: dict[tuple[str, str | None], Traffic] = {}
    for each in traffic:
        key = (each.hook, each.client)
        line = summed.setdefault(key, Traffic(each.week, *key))
        line.answered += each.answered
        line.refused += each.refused
        line.failed += each.failed
        line.with_cards += each.with_cards
    return sorted(summed.values(), key=lambda line: (line.hook, line.client or "~"))


@dataclass(frozen=True, slots=True)
class Ranked:
    """A name with its count, and how long its bar is, of 100."""

    name: str
    count: int
    length: float
    share: str


def _ranked(counts: dict[str, int], whole: int) -> list[Ranked]:
    ordered, most = most_first(counts), max(counts.values(), default=1)
    return [
        Ranked(name, count, 100 * count / most, percent(count, whole)) for name, count in ordered
    ]
