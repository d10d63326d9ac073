"""The exports: every figure by its name, and nothing that a program for tables would run."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from cds_service.insight import Filter, read_period
from cds_service.insight_export import ROW_COLUMNS, TRAFFIC_COLUMNS, as_csv, export
from cds_service.insight_queries import read
from cds_service.store import Store
from tests.insight.history import NOW, SELECT, History
from tests.insight.test_page import app, get, store_of

__all__ = ["app"]

ROOT = Path(__file__).resolve().parents[2]
PERIOD = read_period(None, None, NOW.date())


@pytest.fixture
def history() -> History:
    """Two calls of one week with a card each, one of another, and one that was refused."""
    made = History()
    first = made.call(milliseconds=4.0)
    made.outcome(first.card("a"), "overridden", "already-done")
    first.rule("b", "unknown", missing=("count", "weight"))
    made.outcome(made.call(milliseconds=8.0).card("a"), "accepted")
    made.call(NOW - timedelta(weeks=2), hook=SELECT, client=None).card("a")
    made.call(status=412)
    return made


EXPECTED = {
    "week": "2026-W03",
    "week_start": "2026-01-12",
    "hook": "patient-view",
    "client": "hospital",
    "rule": "a",
    "calls": 2,
    "distinct_calls": 2,
    "fires": 2,
    "held": 0,
    "silent": 0,
    "cards": 2,
    "accepted": 1,
    "overridden": 1,
    "no_response": 0,
    "not_evaluable": 0,
    "errors": 0,
    "override_reasons": {"already-done": 1},
    "missing_inputs": {},
    "p50_milliseconds": 4.0,
    "p95_milliseconds": 8.0,
    "max_milliseconds": 8.0,
}
CALLS = {
    "week": "2026-W03",
    "week_start": "2026-01-12",
    "hook": "patient-view",
    "client": "hospital",
    "answered": 2,
    "refused": 1,
    "failed": 0,
    "with_cards": 2,
    "p50_milliseconds": 4.0,
    "p95_milliseconds": 8.0,
    "max_milliseconds": 8.0,
}


def exported(store: Store, kind: str, part: str) -> str:
    with store.reading() as connection:
        return b"".join(export(connection, kind, part, PERIOD, Filter(), NOW.date())).decode()


@pytest.mark.parametrize(
    ("part", "expected", "count"), [("rules", EXPECTED, 3), ("calls", CALLS, 2)]
)
def test_ndjson_has_one_object_for_each_row(
    store: Store, history: History, part: str, expected: Any, count: int
) -> None:
    history.write(store)
    rows = [json.loads(line) for line in exported(store, "ndjson", part).splitlines()]
    assert expected in rows
    assert len(rows) == count
    assert rows[0]["client"] is None


@pytest.mark.parametrize(
    ("part", "expected", "columns"),
    [("rules", EXPECTED, ROW_COLUMNS), ("calls", CALLS, TRAFFIC_COLUMNS)],
)
def test_csv_has_the_same_under_the_same_names(
    store: Store, history: History, part: str, expected: dict[str, Any], columns: tuple[str, ...]
) -> None:
    history.write(store)
    rows = list(csv.DictReader(io.StringIO(exported(store, "csv", part))))
    assert tuple(rows[0]) == columns == tuple(expected)
    flat = {"override_reasons": "already-done:1", "missing_inputs": ""}
    assert {name: str(flat.get(name, value)) for name, value in expected.items()} in rows
    lacking = [row["missing_inputs"] for row in rows if row.get("rule") == "b"]
    assert lacking == (["count:1; weight:1"] if part == "rules" else [])


def test_json_has_all_of_it(app: Flask, history: History) -> None:
    history.write(store_of(app))
    answer = get(app, "/insight/export.json")
    found = answer.json
    assert EXPECTED in found["rows"]
    assert CALLS in found["calls"]
    assert (found["from"], found["before"]) == ("2025-10-20", "2026-01-19")
    assert found["missing_inputs"] == {"count": 1, "weight": 1}
    assert [each["answered"] for each in found["services"]] == [1, 2]
    assert found["unknown_cards"] == 0
    assert found["drift"] == []
    disposition = 'attachment; filename="insight-2025-10-20-2026-01-19.json"'
    assert answer.headers["Content-Disposition"] == disposition


KINDS = {"json": "application/json", "csv": "text/csv", "ndjson": "application/x-ndjson"}


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_has_its_media_type(app: Flask, kind: str) -> None:
    assert get(app, f"/insight/export.{kind}").mimetype == KINDS[kind]


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/insight/export.xlsx", {}, 404),
        ("/insight/export.csv", {"rows": "patients"}, 400),
        ("/insight/export.csv", {"from": "yesterday"}, 400),
    ],
)
def test_what_there_is_not_is_refused(
    app: Flask, path: str, query: dict[str, str], status: int
) -> None:
    answer = get(app, path, **query)
    assert answer.status_code == status
    assert answer.json["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_of_a_table_is_a_formula(sqlite: Store, start: str) -> None:
    """https://owasp.org/www-community/attacks/CSV_Injection: names come from a site's files."""
    hostile = f'{start}HYPERLINK("http://evil.example","x")'
    history = History()
    call = history.call(client=hostile)
    history.outcome(call.card(hostile), "overridden", hostile)
    call.rule("b", "unknown", missing=(hostile,))
    history.write(sqlite)
    rows = list(csv.reader(io.StringIO(exported(sqlite, "csv", "rules"), newline="")))
    cells = [cell for row in rows for cell in row]
    assert f"'{hostile}" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]


def test_numbers_are_no_text_in_a_table() -> None:
    (_, line) = as_csv(["a", "b"], [{"a": -1, "b": None}])
    assert line == b"-1,\r\n"


def test_an_empty_period_has_its_columns(sqlite: Store) -> None:
    assert exported(sqlite, "csv", "rules") == ",".join(ROW_COLUMNS) + "\r\n"
    with sqlite.reading() as connection:
        assert read(connection, PERIOD, Filter()).rows == []


def test_every_column_is_documented() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    documented = text.split("## Insight")[1].split("\n## ")[0]
    assert [
        name for name in {*ROW_COLUMNS, *TRAFFIC_COLUMNS} if f"`{name}`" not in documented
    ] == []
