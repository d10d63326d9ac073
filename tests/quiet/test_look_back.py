"""Nothing is held back where the store, the key or the time is lacking, and cards do not wait."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cds_service import look_back
from cds_service.commands import main
from cds_service.errors import StoreDown
from cds_service.late_store import LateStore
from cds_service.look_back import LookBack
from cds_service.settings import Settings
from tests.trust.databases import Database, sqlite_database

KEY = "a-key-of-these-tests-that-is-long-enough"
SUBJECT, ORDERS = b"s" * 32, (b"o" * 32,)


class Seconds:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Broken:
    """A store that does not answer, and counts who asks. It can be repaired."""

    def __init__(self) -> None:
        self.asked = 0
        self.works: Any = None

    @contextmanager
    def connection(self) -> Iterator[Any]:
        self.asked += 1
        if self.works is None:
            raise StoreDown("the store does not answer (made up)")
        with self.works.connection() as connection:
            yield connection


def late(store: Any) -> LateStore:
    opened = LateStore(lambda: store)
    opened.open()
    return opened


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return sqlite_database(tmp_path)


def test_after_a_failure_nobody_asks_for_five_seconds(caplog: pytest.LogCaptureFixture) -> None:
    store, clock = Broken(), Seconds()
    memory = LookBack(late(store), KEY, clock=clock)
    for _ in range(3):
        assert memory.past(SUBJECT, ORDERS, None) == ()
    assert store.asked == 1
    clock.now += look_back.AGAIN_SECONDS - 0.1
    memory.past(SUBJECT, ORDERS, None)
    assert store.asked == 1
    clock.now += 0.2
    memory.past(SUBJECT, ORDERS, None)
    assert store.asked == 2
    assert [each.levelno for each in caplog.records] == [logging.WARNING], "said once"


def test_a_store_that_is_back_is_asked_again(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    store, clock = Broken(), Seconds()
    memory = LookBack(late(store), KEY, clock=clock)
    memory.past(SUBJECT, ORDERS, None)
    assert "past cards cannot be read" in memory.report()["quiet"]
    with database.opened() as store.works:
        clock.now += look_back.AGAIN_SECONDS
        assert memory.past(SUBJECT, ORDERS, None) == []
    assert memory.report() == {}
    assert caplog.records[-1].getMessage() == "past cards can be read again"


def test_whoever_gets_no_turn_goes_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_back, "WAIT_SECONDS", 0.01)
    monkeypatch.setattr(look_back, "AT_ONCE", 1)
    inside, go_on = threading.Event(), threading.Event()

    class Slow(Broken):
        @contextmanager
        def connection(self) -> Iterator[Any]:
            self.asked += 1
            inside.set()
            go_on.wait(30)
            raise StoreDown("too late")
            yield

    store = Slow()
    memory = LookBack(late(store), KEY, clock=Seconds())
    first = threading.Thread(target=memory.past, args=(SUBJECT, ORDERS, None))
    first.start()
    assert inside.wait(30)
    assert memory.past(SUBJECT, ORDERS, None) == ()
    assert store.asked == 1
    go_on.set()
    first.join()


def test_no_card_waits_for_a_store_that_hangs() -> None:
    go_on, ended = threading.Event(), threading.Event()

    class Hanging(Broken):
        @contextmanager
        def connection(self) -> Iterator[Any]:
            go_on.wait(30)
            ended.set()
            raise StoreDown("too late")
            yield

    memory = LookBack(late(Hanging()), KEY, clock=Seconds())
    assert memory.past(SUBJECT, ORDERS, None) == ()
    assert not ended.is_set()
    assert memory.report()["quiet"].startswith("off: past cards cannot be read")
    go_on.set()


# -- the key ---------------------------------------------------------------------------------------


def of(opened: LateStore | None = None, **settings: Any) -> LookBack:
    return look_back.look_back(Settings(**settings), opened or LateStore())


def test_without_a_store_no_card_is_marked() -> None:
    for memory in (of(hash_key=KEY), of()):
        assert memory.hasher() is None
        assert memory.past(SUBJECT, ORDERS, None) == ()
        assert memory.report() == {}


def test_with_a_key_cards_are_marked_before_the_store_is_open() -> None:
    assert of(LateStore(Broken), hash_key=KEY).hasher() is not None  # type: ignore[arg-type]


def test_in_sandbox_mode_a_key_is_kept_beside_the_store(database: Database) -> None:
    with database.opened() as store:
        memory = of(late(store), store=database.url)
        again = of(late(store), store=database.url)
        first, second = memory.hasher(), again.hasher()
    assert first is not None
    assert second is not None
    assert first.subject("c", None, "p", "u") == second.subject("c", None, "p", "u")
    assert database.file.with_name(f"{database.file.name}.key").exists()
    assert memory.report() == {}


def test_no_key_is_made_before_the_store_is_there(database: Database) -> None:
    memory = of(LateStore(Broken), store=database.url)  # type: ignore[arg-type]
    assert memory.hasher() is None
    assert list(database.file.parent.iterdir()) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"mode": "production", "store": "sqlite:///cds.sqlite3"},
        {"store": "postgresql+psycopg://cds@/cds"},
    ],
)
def test_without_a_key_nothing_is_held_back_and_that_is_said(settings: dict[str, str]) -> None:
    memory = of(late(Broken()), **settings)
    assert memory.hasher() is None
    assert "CDS_HASH_KEY" in memory.report()["quiet"]


def test_a_key_that_cannot_be_kept_is_said(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    key = database.file.with_name(f"{database.file.name}.key")
    key.write_text("no key")
    with database.opened() as store:
        memory = of(late(store), store=database.url)
        assert [memory.hasher(), memory.hasher()] == [None, None]
    assert "CDS_HASH_KEY" in memory.report()["quiet"]
    assert len([each for each in caplog.records if each.name == look_back.__name__]) == 1


def test_turned_off_it_neither_marks_nor_complains() -> None:
    memory = of(late(Broken()), quiet=False, mode="production")
    assert memory.hasher() is None
    assert memory.past(SUBJECT, ORDERS, None) == ()
    assert memory.report() == {}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, ["CDS_HASH_KEY"]),
        ({"CDS_HASH_KEY": KEY}, []),
        ({"CDS_QUIET": "false"}, ["CDS_QUIET"]),
    ],
)
def test_doctor_remarks_what_makes_every_card_show_again(
    environment: dict[str, str], expected: list[str]
) -> None:
    ended = CliRunner().invoke(main, ["doctor", "--production", "--json"], env=environment)
    remarks = json.loads(ended.stdout)["remarks"]
    found = [each.split()[0] for each in remarks if "shows again" in each]
    assert found == expected
