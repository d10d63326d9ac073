"""The figures of insight for other programs: JSON, NDJSON and CSV, by the same names.

docs/operations.md says what each column counts.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec

from cds_service.insight import Filter, Insight, Latency, Period, Row, Traffic, week_name
from cds_service.insight_drift import Drift
from cds_service.insight_queries import read, read_drift, read_rows, read_traffic

if TYPE_CHECKING:
    from sqlalchemy import Connection

FORMATS = {"json": "application/json", "ndjson": "application/x-ndjson", "csv": "text/csv"}
"""Name to media type."""
PARTS = ("rules", "calls")
"""What the rows of CSV and NDJSON are."""

COUNTS = (
    "calls", "distinct_calls", "fires", "held", "silent", "cards", "accepted", "overridden",
    "no_response", "not_evaluable", "errors",
)  # fmt: skip
CALL_COUNTS = ("answered", "refused", "failed", "with_cards")


def row_values(row: Row) -> dict[str, Any]:
    """One row of rules."""
    return {
        **_place(row),
        "rule": row.rule,
        **{name: getattr(row, name) for name in COUNTS},
        "override_reasons": dict(sorted(row.reasons.items())),
        "missing_inputs": dict(sorted(row.missing.items())),
        **_fastness(row.latency),
    }


def traffic_values(traffic: Traffic) -> dict[str, Any]:
    """One row of calls."""
    counts = {name: getattr(traffic, name) for name in CALL_COUNTS}
    return {**_place(traffic), **counts, **_fastness(traffic.latency)}


def _place(row: Row | Traffic) -> dict[str, Any]:
    return {
        "week": week_name(row.week),
        "week_start": row.week.isoformat(),
        "hook": row.hook,
        "client": row.client,
    }


def _fastness(latency: Latency | None) -> dict[str, float | None]:
    values = (None, None, None) if latency is None else (latency.p50, latency.p95, latency.most)
    names = ("p50_milliseconds", "p95_milliseconds", "max_milliseconds")
    rounded = (None if value is None else round(value, 2) for value in values)
    return dict(zip(names, rounded, strict=True))


def whole(
    found: Insight, drifts: Sequence[Drift], period: Period, wanted: Filter
) -> dict[str, Any]:
    """All figures of a period."""
    return {
        "from": period.first.isoformat(),
        "before": period.end.isoformat(),
        "filter": {"rule": wanted.rule, "hook": wanted.hook, "client": wanted.client},
        "rows": [row_values(row) for row in found.rows],
        "calls": [traffic_values(each) for each in found.traffic],
        "services": [
            {"service": service, "answered": count, **_fastness(latency)}
            for service, (count, latency) in found.services.items()
        ],
        "missing_inputs": dict(sorted(found.missing.items())),
        "unknown_cards": found.unknown_cards,
        "drift": [
            {
                "kind": each.kind.value,
                "rule": each.rule or None,
                "hook": each.hook or None,
                "client": each.client,
                "seen": each.words,
            }
            for each in drifts
        ],
    }


def export(
    connection: Connection, kind: str, part: str, period: Period, wanted: Filter, today: date
) -> Iterator[bytes]:
    """All of it as JSON; as CSV or NDJSON a part of it, worked out week after week."""
    if kind == "json":
        found = read(connection, period, wanted)
        drifts, _ = read_drift(connection, today, wanted, found, period)
        return iter([msgspec.json.encode(whole(found, drifts, period, wanted))])
    if part == "rules":
        columns = ROW_COLUMNS
        rows = map(row_values, read_rows(connection, period, wanted))
    else:
        columns = TRAFFIC_COLUMNS
        rows = map(traffic_values, read_traffic(connection, period, wanted))
    return as_csv(columns, rows) if kind == "csv" else ndjson(rows)


def ndjson(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """One JSON object a line: https://github.com/ndjson/ndjson-spec"""
    for row in rows:
        yield msgspec.json.encode(row) + b"\n"


def as_csv(columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """https://www.rfc-editor.org/rfc/rfc4180, with a header, in UTF-8."""
    yield _line(columns)
    for row in rows:
        yield _line([_cell(row[column]) for column in columns])


def _line(cells: Iterable[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    """Counts by name become `name:count; name:count`."""
    if isinstance(value, dict):
        value = "; ".join(f"{name}:{count}" for name, count in value.items())
    if isinstance(value, str) and value.startswith(_FORMULA):
        # https://owasp.org/www-community/attacks/CSV_Injection: a program for tables would run it.
        return f"'{value}"
    return value


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

_NO_ROW = Row(date(2026, 1, 5), "", None, "")
ROW_COLUMNS = tuple(row_values(_NO_ROW))
TRAFFIC_COLUMNS = tuple(traffic_values(Traffic(date(2026, 1, 5), "", None)))
