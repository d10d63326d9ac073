"""While the store is away cards go out all the same, and no feedback is acknowledged."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cds_service import feedback_routes, store
from cds_service.app import create_app
from cds_service.settings import Settings
from cds_service.store import Store
from tests.feedback.support import SERVICE, Clock, Site, accepted, eventually, overridden, site
from tests.postgresql import PostgreSQL
from tests.protocol.support import VIEW, check_outcome, good
from tests.trust.databases import Database, postgresql_database, sqlite_database


@pytest.fixture
def far(postgresql_server: PostgreSQL) -> Iterator[Site]:
    """A service whose database is a server."""
    with site(postgresql_database(postgresql_server)) as opened:
        yield opened


def refused(answer: Any) -> None:
    assert answer.status_code == 503
    check_outcome(answer.json)
    assert answer.json["issue"][0]["code"] == "transient"


def test_while_the_server_is_away_cards_go_out_and_feedback_is_refused(
    postgresql_server: PostgreSQL, far: Site
) -> None:
    card = far.cards()[0]["uuid"]
    far.written("cards", 1)
    postgresql_server.stop()
    try:
        assert len(far.cards()) == 2
        refused(far.tell(overridden(card)))
        eventually(lambda: far.recorder.losses() == {"store": 1})
        told = far.app.test_client().get("/ready")
        assert told.status_code == 200
        assert told.json["status"] == "ready"
        assert told.json["recording"]["lost"] == {"store": 1}
        assert "store" in told.json["recording"]["failing"]
    finally:
        postgresql_server.start()
    assert far.tell(overridden(card)).json == {"recorded": 1, "unknownCards": 0}
    far.call()
    assert len(far.written("calls", 2)) == 2
    eventually(lambda: "store" not in far.recorder.failing())
    assert len(far.rows("outcomes")) == 1


def test_of_feedback_that_breaks_off_nothing_is_kept(here: Site) -> None:
    """One table took it and the other cannot."""
    here.database.say("DROP TABLE accepted")
    refused(here.tell(overridden(), accepted()))
    assert here.rows("outcomes") == []
    assert here.tell(overridden()).status_code == 200


def test_a_call_is_kept_whole_or_not_at_all(here: Site) -> None:
    here.database.say("DROP TABLE suggestions")
    here.call()
    eventually(lambda: here.recorder.lost == 1)
    assert here.rows("calls") == here.rows("cards") == []


def test_a_database_that_somebody_writes_to_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "ANSWER_SECONDS", 0.2)
    database = sqlite_database(tmp_path)
    with site(database) as opened:
        other = sqlite3.connect(database.file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        refused(opened.tell(overridden()))
        assert len(opened.cards()) == 2
        other.execute("ROLLBACK")
        other.close()
        assert opened.tell(overridden()).status_code == 200


# -- a store that is opened beside the calls -------------------------------------------------------


def opening(database: Database, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """The store is not open before the event."""
    gate = threading.Event()

    def late(url: str, clock: Any) -> Store:
        gate.wait(30)
        return Store(url, clock)

    monkeypatch.setattr(store, "Store", late)
    return gate


def test_feedback_waits_for_a_store_that_is_being_opened(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = opening(database, monkeypatch)
    app = create_app(Settings(store=database.url), Clock())
    here = Site(app, database, Clock())
    assert len(here.cards()) == 2
    monkeypatch.setattr(feedback_routes, "WAIT_SECONDS", 0.01)
    refused(here.tell(overridden()))
    monkeypatch.setattr(feedback_routes, "WAIT_SECONDS", 30)
    threading.Timer(0.1, gate.set).start()
    assert here.tell(overridden()).status_code == 200
    assert len(here.written("calls", 1)) == 1, "what was called meanwhile was lost"
    assert here.recorder.lost == 0
    here.recorder.close()
    here.late.close()


def test_a_store_that_cannot_be_opened_keeps_nobody_from_cards(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/no/such/folder/cds.sqlite3"
    client = create_app(Settings(store=url), Clock()).test_client()
    refused(client.post(f"/cds-services/{SERVICE}/feedback", json={"feedback": [overridden()]}))
    assert client.post(f"/cds-services/{SERVICE}", json=good(VIEW)).status_code == 200
    eventually(lambda: "recording" in client.get("/ready").json)
    assert client.get("/ready").json["recording"]["failing"] == ["store-start"]
    eventually(lambda: client.get("/ready").json["recording"].get("lost") == {"store": 1})


# -- power -----------------------------------------------------------------------------------------


def test_feedback_is_on_the_disk_before_it_is_acknowledged(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the database does with the rest: what SQLite and PostgreSQL are told at the time."""
    asked = {
        "sqlite": "PRAGMA synchronous",
        "postgresql": "SELECT current_setting('synchronous_commit')",
    }
    url = database.url
    if database.server is not None:
        url += "&options=-csynchronous_commit%3Doff"
    with Database(url, database.server).opened() as opened:
        found = []
        for is_durable in (False, True, False):
            with opened.transaction(is_durable) as connection:
                found.append(connection.exec_driver_sql(asked[connection.dialect.name]).scalar())
    weak, strong = (1, 2) if database.server is None else ("off", "on")
    assert found == [weak, strong, weak]


def test_the_endpoint_asks_for_that(here: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    own = Store.transaction

    def watched(self: Store, is_durable: bool = False) -> Any:
        asked.append(is_durable)
        return own(self, is_durable)

    monkeypatch.setattr(Store, "transaction", watched)
    here.tell(overridden())
    assert True in asked


def test_threads_of_one_process_bring_several_databases_up_to_date(tmp_path: Path) -> None:
    """As tests do; the tool for that is made for one at a time."""
    gate = threading.Barrier(4)

    def opened(number: int) -> list[Any]:
        database = sqlite_database(tmp_path / str(number))
        database.file.parent.mkdir()
        gate.wait(30)
        with database.opened():
            return database.say("SELECT version_num FROM alembic_version")

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(opened, range(4))) == [[(store.VERSION,)]] * 4
