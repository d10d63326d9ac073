"""A store of each kind, and a clock that stands still in the middle of a week."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cds_service.store import Store
from tests.insight.history import NOW
from tests.trust.databases import Database, sqlite_database


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    opened = Store(database.url, lambda: NOW)
    yield opened
    opened.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Store]:
    """Where the kind of the database is not the question."""
    opened = Store(sqlite_database(tmp_path).url, lambda: NOW)
    yield opened
    opened.close()
