"""A service on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgresql
from tests.feedback.support import KINDS, Site, site
from tests.postgresql import PostgreSQL
from tests.trust.databases import Database, postgresql_database, sqlite_database


@pytest.fixture(scope="package")
def server() -> Iterator[PostgreSQL]:
    with postgresql.running() as running:
        yield running


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """An empty one."""
    if request.param == "sqlite":
        return sqlite_database(tmp_path)
    return postgresql_database(request.getfixturevalue("server"))


@pytest.fixture
def here(database: Database) -> Iterator[Site]:
    """A service with that database."""
    with site(database) as opened:
        yield opened
