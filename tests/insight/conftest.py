"""A store of each kind, and a clock that stands still in the middle of a week."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cds_service.store import Store
from tests import postgresql
from tests.insight.history import NOW
from tests.postgresql import PostgreSQL
from tests.trust.databases import postgresql_database, sqlite_database


@pytest.fixture(scope="session")
def server() -> Iterator[PostgreSQL]:
    with postgresql.running() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "sqlite":
        database = sqlite_database(tmp_path)
    else:
        database = postgresql_database(request.getfixturevalue("server"))
    opened = Store(database.url, lambda: NOW)
    yield opened
    opened.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Store]:
    """Where the kind of the database is not the question."""
    opened = Store(sqlite_database(tmp_path).url, lambda: NOW)
    yield opened
    opened.close()
