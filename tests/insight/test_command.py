"""`insight` on the command line."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cds_service.commands import main
from cds_service.store import Store
from tests.insight.history import History
from tests.trust.databases import sqlite_database


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A store with one call of today."""
    address = sqlite_database(tmp_path).url
    history = History()
    history.call(datetime.now(UTC)).card("a")
    store = Store(address, lambda: datetime.now(UTC))
    history.write(store)
    store.close()
    return address


def run(url: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["insight", *arguments], env={"CDS_STORE": url})


def test_figures_are_printed_as_a_table(url: str) -> None:
    ended = run(url)
    assert ended.exit_code == 0, ended.output
    (row,) = csv.DictReader(io.StringIO(ended.stdout))
    assert (row["rule"], row["cards"], row["no_response"]) == ("a", "1", "1")


def test_calls_are_printed_as_lines(url: str) -> None:
    (line,) = run(url, "--rows", "calls", "--format", "ndjson").stdout.splitlines()
    assert json.loads(line)["answered"] == 1


def test_json_has_everything(url: str) -> None:
    found = json.loads(run(url, "--format", "json", "--rule", "b").stdout)
    assert found["filter"]["rule"] == "b"
    assert found["rows"] == []
    assert len(found["calls"]) == 1


@pytest.mark.parametrize(
    ("store", "arguments", "words"),
    [
        ("sqlite:///no/such/file", [], "there is no store no/such/file"),
        ("none", [], "nothing is kept"),
        ("", ["--from", "soon"], "`from` is no day"),
    ],
)
def test_what_there_is_not_is_said_and_not_made(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    store: str,
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = run(store, *arguments)
    assert ended.exit_code == 1
    assert words in ended.output
    assert list(tmp_path.iterdir()) == []
