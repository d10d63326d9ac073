"""While the database is away nobody is let in, and when it is back nothing has to be restarted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from cds_service import store
from cds_service.errors import StoreDown
from cds_service.store import Store
from tests import postgresql
from tests.postgresql import PostgreSQL
from tests.trust.databases import SOON, Database, postgresql_database, sqlite_database

EHR = "https://ehr.example"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    with postgresql.running() as running:
        yield running


@pytest.fixture
def database(server: PostgreSQL) -> Database:
    return postgresql_database(server)


def is_refused(opened: Store, why: str) -> None:
    """Also what has been used: a store that is away knows nothing."""
    assert not opened.is_well()
    for name in ("before", "meanwhile"):
        with pytest.raises(StoreDown, match=why) as raised:
            opened.first_use(EHR, name, SOON)
        assert raised.value.__suppress_context__ or raised.value.__context__ is None
        assert "used_tokens" not in str(raised.value)


def is_back(opened: Store) -> None:
    assert opened.is_well()
    assert not opened.first_use(EHR, "before", SOON)
    assert opened.first_use(EHR, "meanwhile", SOON)
    assert opened.first_use(EHR, "after", SOON)


def test_a_server_that_stops_is_found_again(server: PostgreSQL, database: Database) -> None:
    with database.opened() as opened:
        assert opened.first_use(EHR, "before", SOON)
        server.stop()
        try:
            is_refused(opened, "OperationalError")
        finally:
            server.start()
        is_back(opened)


def test_a_restart_between_two_requests_is_not_noticed(
    server: PostgreSQL, database: Database
) -> None:
    with database.opened() as opened:
        assert opened.first_use(EHR, "before", SOON)
        server.stop()
        server.start()
        is_back(opened)


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="/proc is not here")
def test_a_server_that_hangs_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, server: PostgreSQL, database: Database
) -> None:
    """Nothing but our own patience ends the waiting."""
    monkeypatch.setattr(store, "ANSWER_SECONDS", 0.5)
    with database.opened() as opened:
        assert opened.first_use(EHR, "before", SOON)
        with server.hanging():
            is_refused(opened, "OperationalError|ConnectionTimeout")
        is_back(opened)


def test_a_statement_that_waits_is_ended(
    monkeypatch: pytest.MonkeyPatch, server: PostgreSQL, database: Database
) -> None:
    monkeypatch.setattr(store, "ANSWER_SECONDS", 0.5)
    with database.opened() as opened:
        assert opened.first_use(EHR, "before", SOON)
        with psycopg.connect(database.url.replace("+psycopg", "")) as other:
            other.execute("LOCK TABLE used_tokens")
            is_refused(opened, "QueryCanceled 57014")
        is_back(opened)


def test_a_server_that_only_reads_is_left_for_one_that_writes(
    server: PostgreSQL, database: Database
) -> None:
    """As when another has taken over: only new connections lead to that one."""
    with database.opened() as opened:
        assert opened.first_use(EHR, "before", SOON)
    name = database.say("SELECT current_database()")[0][0]
    server.say(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with database.opened() as opened:
        is_refused(opened, "ReadOnlySqlTransaction 25006")
        server.say(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        is_back(opened)


def test_a_store_cannot_be_entered_by_more_than_it_answers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(store, "ANSWER_SECONDS", 0.05)
    with sqlite_database(tmp_path).opened() as opened:
        assert opened.first_use(EHR, "before", SOON)
        with opened._turns[0]:
            is_refused(opened, "too many wait")
        is_back(opened)


def test_a_file_that_another_writes_for_long_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(store, "ANSWER_SECONDS", 0.05)
    database = sqlite_database(tmp_path)
    with database.opened() as opened:
        assert opened.first_use(EHR, "before", SOON)
        other = sqlite3.connect(database.file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        is_refused(opened, "SQLITE_BUSY")
        other.close()
        is_back(opened)


def test_a_full_disk_lets_nobody_in(tmp_path: Path) -> None:
    with sqlite_database(tmp_path).opened() as opened:
        with opened._engine.connect() as connection:
            connection.execute(text("PRAGMA max_page_count = 1"))  # No more than there are.
        uses = (opened.first_use(EHR, str(number), SOON) for number in range(10_000))
        with pytest.raises(StoreDown, match="SQLITE_FULL"):
            all(uses)


def test_a_file_that_can_be_read_and_not_written_is_not_well(tmp_path: Path) -> None:
    """As on a full disk: statements that change nothing succeed there."""
    database = sqlite_database(tmp_path)
    with database.opened() as opened:
        assert opened.first_use(EHR, "before", SOON)
        raising = "BEGIN SELECT RAISE(ABORT, 'no room'); END"
        database.say(f"CREATE TRIGGER full BEFORE INSERT ON used_tokens {raising}")
        is_refused(opened, "SQLITE_CONSTRAINT_TRIGGER")
        database.say("DROP TRIGGER full")
        is_back(opened)


def test_asking_whether_it_is_well_leaves_nothing(tmp_path: Path, database: Database) -> None:
    for each in (sqlite_database(tmp_path), database):
        with each.opened() as opened:
            assert all(opened.is_well() for _ in range(3))
        assert each.say("SELECT count(*) FROM used_tokens") == [(0,)]
