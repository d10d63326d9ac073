"""A token counts once: everywhere, at once, after accidents, and not for ever."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from cds_service import store
from cds_service.errors import StoreDown
from cds_service.store import KEPT_LONGER, MemoryReplay, Store, used_tokens
from tests.trust.databases import (
    KINDS,
    NOW,
    SOON,
    Clock,
    Database,
    database_of,
    firsts,
    go,
)

EHR = "https://ehr.example"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", *KINDS])
def replay(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock
) -> Iterator[MemoryReplay | Store]:
    """With room for three tokens."""
    if request.param == "memory":
        yield MemoryReplay(clock, most_tokens=3)
        return
    with database_of(request.param, request, tmp_path).opened(clock, most_tokens=3) as opened:
        # A token that is used while the others are counted is counted twice: too many of three.
        eventually(lambda: opened.sweeps > 0)
        yield opened


def pass_time(replay: MemoryReplay | Store, clock: Clock, much: timedelta) -> None:
    clock.now = NOW + much
    if isinstance(replay, Store):
        replay.sweep()


def eventually(condition: Callable[[], bool]) -> None:
    """Waits for another thread. The limit is a watchdog."""
    assert any(condition() or time.sleep(0.02) for _ in range(3000))


# -- One use ---------------------------------------------------------------------------------------


def test_a_token_is_new_once(replay: MemoryReplay | Store) -> None:
    assert replay.first_use(EHR, "one", SOON)
    assert not replay.first_use(EHR, "one", SOON)
    assert not replay.first_use(EHR, "one", SOON + timedelta(hours=1))


def test_tokens_differ_by_issuer_and_by_jti(replay: MemoryReplay | Store) -> None:
    """Also where what is written one after the other is the same."""
    assert replay.first_use("https://a", "1:b", SOON)
    assert replay.first_use("https://a1", ":b", SOON)
    assert replay.first_use("https://a1:", "b", SOON)


@pytest.mark.parametrize("jti", ["", "\x00", "\ud800", "😀", "'; DROP TABLE used_tokens; --"])
def test_any_text_is_a_jti(replay: MemoryReplay | Store, jti: str) -> None:
    assert replay.first_use(EHR, jti, SOON)
    assert not replay.first_use(EHR, jti, SOON)
    assert replay.first_use(EHR, jti + "x" * 100_000, SOON)


def test_another_worker_knows_what_has_been_used(database: Database) -> None:
    with database.opened() as one, database.opened() as other:
        assert one.first_use(EHR, "one", SOON)
        assert not other.first_use(EHR, "one", SOON)
    with database.opened() as later:
        assert not later.first_use(EHR, "one", SOON)


def test_of_many_at_once_one_is_first_from_an_empty_database_on(database: Database) -> None:
    """Threads of processes that all start, make the tables and use the same tokens."""
    names = [f"token-{number}" for number in range(50)]
    processes = [database.process(*names) for _ in range(4)]
    for each in processes:
        go(each)
    used = Counter(name for each in processes for name in firsts(each))
    assert used == Counter(names)
    for each in processes:
        each.communicate()
        assert each.returncode == 0


def test_threads_wait_for_their_turn(database: Database) -> None:
    with database.opened() as opened, ThreadPoolExecutor(16) as threads:
        uses = range(400)
        answers = list(
            threads.map(lambda use: opened.first_use(EHR, f"token-{use // 2}", SOON), uses)
        )
    assert sum(answers) == 200


def test_a_use_outlives_the_process(database: Database) -> None:
    process = database.process("one")
    go(process)
    assert firsts(process) == ["one"]
    process.kill()
    process.communicate()
    with database.opened() as opened:
        assert not opened.first_use(EHR, "one", SOON)


def test_the_database_holds_neither_issuer_nor_jti(database: Database) -> None:
    with database.opened() as opened:
        assert opened.first_use("https://issuer-in-clear", "jti-in-clear", SOON)
    held = repr(database.say("SELECT * FROM used_tokens"))
    assert str(int(SOON.timestamp())) in held
    if database.server is None:
        held += "".join(repr(path.read_bytes()) for path in database.file.parent.iterdir())
    assert "in-clear" not in held
    assert b"in-clear".hex() not in held


# -- Not for ever ----------------------------------------------------------------------------------


def test_a_token_is_kept_until_no_clock_takes_it_for_valid(
    database: Database, clock: Clock
) -> None:
    with database.opened(clock) as opened:
        assert opened.first_use(EHR, "one", SOON)
        pass_time(opened, clock, SOON + KEPT_LONGER - NOW)
        assert not opened.first_use(EHR, "one", SOON)
        pass_time(opened, clock, SOON + KEPT_LONGER - NOW + timedelta(seconds=1))
        assert database.say("SELECT * FROM used_tokens") == []
        assert opened.first_use(EHR, "one", SOON)


def test_memory_forgets_too(clock: Clock) -> None:
    replay = MemoryReplay(clock)
    assert replay.first_use(EHR, "one", SOON)
    clock.now = SOON
    assert not replay.first_use(EHR, "one", SOON)
    clock.now = SOON + KEPT_LONGER + timedelta(seconds=1)
    assert replay.first_use(EHR, "one", SOON)


def test_all_that_expired_is_swept_and_nothing_else(database: Database, clock: Clock) -> None:
    expired = [
        {"token": b"expired-%d" % number, "until": int(SOON.timestamp())}
        for number in range(2 * store.BATCH + 7)
    ]
    with database.opened(clock) as opened:
        with opened._engine.connect() as connection:
            connection.execute(insert(used_tokens), expired)
        assert opened.first_use(EHR, "valid", SOON + timedelta(hours=1))
        pass_time(opened, clock, timedelta(hours=1))
        assert len(database.say("SELECT * FROM used_tokens")) == 1
        assert not opened.first_use(EHR, "valid", SOON + timedelta(hours=1))


def test_many_uses_wake_the_sweeper(
    monkeypatch: pytest.MonkeyPatch, database: Database, clock: Clock
) -> None:
    monkeypatch.setattr(store, "SWEEP_AFTER", 2)
    with database.opened(clock) as opened:
        clock.now = NOW + timedelta(hours=1)
        assert opened.first_use(EHR, "one", SOON)
        assert opened.first_use(EHR, "two", SOON)
        eventually(lambda: not database.say("SELECT * FROM used_tokens"))


def test_a_sweep_that_fails_is_said_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(store, "SWEEP_SECONDS", 0.01)
    with database.opened() as opened, caplog.at_level(logging.WARNING):
        database.say("ALTER TABLE used_tokens RENAME TO hidden")
        eventually(lambda: "could not be swept" in caplog.text)
        database.say("ALTER TABLE hidden RENAME TO used_tokens")
        assert opened.first_use(EHR, "one", SOON - timedelta(hours=1))
        eventually(lambda: not database.say("SELECT * FROM used_tokens"))
    assert "SELECT" not in caplog.text


# -- The bound -------------------------------------------------------------------------------------


def test_without_room_a_token_is_refused_until_others_expire(
    replay: MemoryReplay | Store, clock: Clock
) -> None:
    for name in ("one", "two", "three"):
        assert replay.first_use(EHR, name, SOON)
    for name in ("four", "four"):
        with pytest.raises(StoreDown, match="3 used tokens, its limit"):
            replay.first_use(EHR, name, SOON)
    pass_time(replay, clock, SOON + KEPT_LONGER - NOW + timedelta(seconds=1))
    assert replay.first_use(EHR, "four", SOON + timedelta(hours=1))


def test_without_room_the_store_is_not_well(
    database: Database, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with database.opened(clock, most_tokens=2) as one, database.opened(clock) as other:
        eventually(lambda: one.sweeps > 0)
        assert one.is_well()
        for name in ("one", "two"):
            assert other.first_use(EHR, name, SOON)
        one.sweep()  # Which is how it learns of others' tokens.
        assert not one.is_well()
        assert other.is_well()
        with pytest.raises(StoreDown):
            one.first_use(EHR, "three", SOON)
        assert other.first_use(EHR, "three", SOON)
    assert "its limit: callers are refused" in caplog.text


def test_a_closed_store_sweeps_no_more(database: Database) -> None:
    with database.opened() as opened:
        assert opened._sweeper.is_alive()
    assert not opened._sweeper.is_alive()
