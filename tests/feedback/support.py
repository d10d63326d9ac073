"""What the tests of feedback and of the record share: a service with a store, and its client."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from flask import Flask
from werkzeug.test import TestResponse

from cds_service.app import create_app
from cds_service.late_store import LateStore
from cds_service.recorder import Recorder
from cds_service.settings import Settings
from tests.protocol.support import VIEW, check_answer, good
from tests.trust.databases import Database

Json = dict[str, Any]

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SERVICE = "als-leukemia-patient-view"
LATER = "2026-11-21T12:01:00Z"


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_days(self, days: int) -> None:
        self.now += timedelta(days=days)


class Site:
    """A service with a store, called in its own process."""

    def __init__(self, app: Flask, database: Database, clock: Clock) -> None:
        self.app, self.database, self.clock = app, database, clock
        self.recorder: Recorder = app.extensions["recorder"]
        self.late: LateStore = app.extensions["store"]

    def call(self, body: Any = None, service: str = SERVICE) -> TestResponse:
        return self.post(f"/cds-services/{service}", good(VIEW) if body is None else body)

    def cards(self, body: Any = None) -> list[Json]:
        found: list[Json] = self.call(body).json["cards"]
        return found

    def tell(self, *entries: Any, service: str = SERVICE) -> TestResponse:
        """Feedback of these entries."""
        return self.post(f"/cds-services/{service}/feedback", {"feedback": list(entries)})

    def post(self, path: str, body: Any, **options: Any) -> TestResponse:
        given = {"data": body} if isinstance(body, bytes) else {"json": body}
        answer = self.app.test_client().post(path, content_type="application/json", **given)
        if answer.status_code < 500:
            check_answer(answer)
        return answer

    def rows(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        return self.database.say(f"SELECT {columns} FROM {table}")

    def written(self, table: str, many: int, columns: str = "*") -> list[tuple[Any, ...]]:
        """The rows, once the recorder has written as many."""
        eventually(lambda: len(self.rows(table)) >= many)
        return self.rows(table, columns)


@contextmanager
def site(database: Database, **settings: Any) -> Iterator[Site]:
    """A service whose store is open."""
    clock = Clock()
    app = create_app(Settings(store=database.url, **settings), clock)
    opened = Site(app, database, clock)
    opened.recorder.hurry()
    assert opened.late.wait(30) is not None
    try:
        yield opened
    finally:
        opened.recorder.close()
        opened.late.close()


def eventually(condition: Callable[[], bool]) -> None:
    """Waits for another thread. The limit is a watchdog."""
    assert any(condition() or time.sleep(0.02) for _ in range(1500))


def overridden(card: str | None = None, **members: Any) -> Json:
    return _entry(card, "overridden", members)


def accepted(card: str | None = None, *suggestions: str, **members: Any) -> Json:
    named = suggestions or (str(uuid4()),)
    return _entry(
        card, "accepted", {"acceptedSuggestions": [{"id": each} for each in named], **members}
    )


def _entry(card: str | None, outcome: str, members: Json) -> Json:
    return {
        "card": card or str(uuid4()),
        "outcome": outcome,
        "outcomeTimestamp": LATER,
        **members,
    }


def without(entry: Json, *members: str) -> Json:
    return {name: value for name, value in entry.items() if name not in members}
