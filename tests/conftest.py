"""The two kinds of databases that a service can have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgresql
from tests.postgresql import PostgreSQL
from tests.trust.databases import KINDS, Database, database_of


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgreSQL]:
    """One for all tests of a process; a test that stops it starts it again."""
    with postgresql.running() as running:
        yield running


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """An empty one."""
    return database_of(request.param, request, tmp_path)
