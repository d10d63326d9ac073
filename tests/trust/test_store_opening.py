"""A store that cannot be trusted stops the start, saying why and no secret."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from cds_service import store, tables
from cds_service.errors import ContentError
from cds_service.store import Store
from tests.postgresql import PASSWORD, PostgreSQL
from tests.trust.databases import (
    SOON,
    Clock,
    Database,
    firsts,
    go,
    sqlite_database,
)

MIGRATIONS = Path(store.__file__).parent / "migrations"


def refused(url: str) -> str:
    """Why a store does not open."""
    with pytest.raises(ContentError) as raised:
        Store(url, Clock())
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
    return str(raised.value)


# -- The tables ------------------------------------------------------------------------------------


def test_the_migrations_make_what_the_code_uses(database: Database) -> None:
    with database.opened() as opened, opened._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []
        assert context.get_current_revision() == store.VERSION


def test_the_newest_migration_is_the_version_of_the_code() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [store.VERSION]


def test_a_database_that_is_up_to_date_starts_without_alembic(database: Database) -> None:
    loaded = []
    for _ in range(2):
        process = database.process("one")
        go(process)
        firsts(process)
        assert process.stdout is not None
        loaded.append(process.stdout.readline().strip())
        process.communicate()
    assert loaded == ["True", "False"]


def test_a_newer_database_is_refused_and_left_alone(database: Database) -> None:
    with database.opened() as opened:
        assert opened.first_use("https://ehr.example", "one", SOON)
    database.say("UPDATE alembic_version SET version_num = '9999'")
    assert "of a newer version than this service" in refused(database.url)
    assert database.say("SELECT version_num FROM alembic_version") == [("9999",)]
    assert len(database.say("SELECT * FROM used_tokens")) == 1


def test_a_migration_that_fails_leaves_nothing(database: Database) -> None:
    """Here at its last step: another table has the name of the index."""
    database.say("CREATE TABLE ix_used_tokens_until (other integer)")
    assert "ix_used_tokens_until" in refused(database.url)
    database.say("DROP TABLE ix_used_tokens_until")
    tables = "sqlite_master WHERE type = 'table'"
    if database.server is not None:
        tables = "pg_tables WHERE schemaname = 'public'"
    assert database.say(f"SELECT * FROM {tables}") == []
    with database.opened() as opened:
        assert opened.is_well()


# -- SQLite ----------------------------------------------------------------------------------------


def test_the_files_are_for_this_user_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with sqlite_database(tmp_path).opened() as opened:
            assert opened.first_use("https://ehr.example", "one", SOON)
            rights = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert rights == dict.fromkeys(
        ("store.sqlite3", "store.sqlite3-shm", "store.sqlite3-wal"), 0o600
    )


def test_who_reads_and_who_writes_do_not_wait_for_each_other(tmp_path: Path) -> None:
    database = sqlite_database(tmp_path)
    with database.opened() as opened:
        reader = sqlite3.connect(database.file, isolation_level=None)
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM used_tokens").fetchone() == (0,)
        assert opened.first_use("https://ehr.example", "one", SOON)
        assert reader.execute("SELECT count(*) FROM used_tokens").fetchone() == (0,)
        reader.execute("COMMIT")
        reader.execute("BEGIN IMMEDIATE")
        assert database.say("SELECT count(*) FROM used_tokens") == [(1,)]
        reader.close()


def test_a_start_waits_for_no_writer_when_there_is_nothing_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    database = sqlite_database(tmp_path)
    with database.opened():
        pass
    monkeypatch.setattr(store, "START_SECONDS", 0.05)
    other = sqlite3.connect(database.file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with database.opened():
        other.close()


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "missing"
    assert f"there is no folder {folder}" in refused(f"sqlite:///{folder}/store.sqlite3")


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"something else entirely" * 100)
    assert "file is not a database" in refused(f"sqlite:///{tmp_path}/file")
    assert "unable to open database file" in refused(f"sqlite:///{tmp_path}")


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="/proc is not here")
def test_a_file_that_cannot_be_made_is_named() -> None:
    assert "/proc/store.sqlite3 cannot be made" in refused("sqlite:////proc/store.sqlite3")


@pytest.mark.parametrize(
    "url",
    ["sqlite://", "sqlite:///:memory:", "sqlite://store.sqlite3", "sqlite:///s?mode=memory"],
)
def test_sqlite_is_a_file_and_nothing_else(url: str) -> None:
    """What is in memory is not known to the other workers."""
    assert "write sqlite:///FILE" in refused(url)


# -- PostgreSQL ------------------------------------------------------------------------------------


def test_a_wrong_password_is_said_without_it(postgresql_server: PostgreSQL) -> None:
    reason = refused(postgresql_server.url(password="SECRET"))
    assert "password authentication failed" in reason
    assert "SECRET" not in reason


def test_a_database_that_is_missing_is_named(postgresql_server: PostgreSQL) -> None:
    assert 'database "missing" does not exist' in refused(postgresql_server.url("missing"))


def test_a_user_without_rights_is_told_so(postgresql_server: PostgreSQL) -> None:
    postgresql_server.say("CREATE ROLE guest LOGIN PASSWORD 'guests-password'")
    url = postgresql_server.url("postgres", "guests-password").replace("cds:", "guest:")
    assert "permission denied for schema public" in refused(url)


def test_a_server_that_is_away_is_named(tmp_path: Path) -> None:
    url = f"postgresql+psycopg://cds:{PASSWORD}@/store?host={tmp_path}"
    reason = refused(url)
    assert str(tmp_path) in reason
    assert PASSWORD not in reason


def test_postgresql_without_its_driver_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert "als-leukemia-cds[postgres]" in refused("postgresql://cds@localhost/store")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://cds:SECRET@/store?host=/missing",
        "postgresql+psycopg://cds:SEC%52ET@/store?host=/missing/SECRET",
        "postgresql+psycopg://cds@/store?host=/missing&password=SECRET",
        "postgresql+psycopg://cds@/store?host=/missing/SECRET&sslpassword=SECRET",
        "postgresql+psycopg://cds@/store?passwd=SECRET&host=/missing",
        "postgresql+psycopg://cds:SECRET@of..no..name/store",
        "postgresql+psycopg://cds:SECRET@localhost:99999/store",
        "postgresql+psycopg://cds:with@SECRET@localhost/store",
        "postgresql+psycopg://cds:SECRET@localhost:port/store",
        "postgresql+psycopg://cds:SECRET",
        "postgresql://cds:SECRET",
        "postgres://cds:SECRET@localhost/store",
        "mysql://cds:SECRET@localhost/store",
        "sqlite://cds:SECRET@localhost/store",
        "sqlite:///store?password=SECRET",
        "cds:SECRET@localhost",
        "SECRET",
        "",
    ],
)
def test_no_message_repeats_a_secret(url: str) -> None:
    reason = refused(url)
    assert "SECRET" not in reason
    assert reason.startswith("CDS_STORE")
