"""A service on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.feedback.support import Site, site
from tests.trust.databases import Database


@pytest.fixture
def here(database: Database) -> Iterator[Site]:
    """A service with that database."""
    with site(database) as opened:
        yield opened
