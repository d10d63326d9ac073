"""What a call leaves in the store, and for how long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cds_service.call_store import AT_ONCE, SWEEP_SECONDS, SWEPT_AT_ONCE, CallStore
from cds_service.late_store import LateStore
from cds_service.record import CallRecord, CardSent, Evaluation, Shown
from tests.feedback.support import NOW, Clock, Site, accepted, eventually, overridden, site
from tests.trust.databases import Database

TABLES = ("calls", "cards", "suggestions", "evaluations", "missing")
DAYS = 30


def call(number: int = 0, **members: Any) -> CallRecord:
    """With one row for each table."""
    card = CardSent(f"card-{number}", "a-rule", "1.0.0", "warning", (f"suggestion-{number}",))
    said = Evaluation("a-rule", "1.0.0", "true", Shown.CARD, card.uuid, ("leukocytes",))
    own = {"id": f"call-{number}", "at": NOW, "cards": (card,), "evaluations": (said,)}
    general: dict[str, Any] = {
        "service": "a-service",
        "hook": "a-hook",
        "client": "a client",
        "mode": "sandbox",
        "content_version": "abc",
        "status": 200,
        "milliseconds": 1.5,
    }
    return CallRecord(**{**general, **own, **members})


def sink(opened: Any, clock: Clock) -> CallStore:
    return CallStore(LateStore.holding(opened), DAYS, clock)


def test_all_of_a_call_is_kept(database: Database) -> None:
    hashes = {name: name.encode() for name in ("subject", "encounter", "orders", "basis")}
    card = CardSent("card-0", "a-rule", "1.0.0", "warning", (), **hashes)
    prefetch = (("labs", "failed"), ("patient", "answered"), ("body", "read"), ("a", "absent"))
    with database.opened() as opened:
        sink(opened, Clock()).write([call(cards=(card,), prefetch=prefetch, callbacks=7)])
        at = int(NOW.timestamp() * 1000)
        general = ("a-service", "a-hook", "a client", "sandbox", "abc", 200, 1.5, 7)
        own = ("call-0", at, *general, "labs:failed a:absent")
        assert database.say("SELECT * FROM calls") == [own]
        columns = "uuid, call, at, rule, version, indicator"
        sent = ("card-0", "call-0", at, "a-rule", "1.0.0", "warning")
        assert database.say(f"SELECT {columns} FROM cards") == [sent]
        kept = database.say("SELECT subject, encounter, orders, basis FROM cards")[0]
        assert [bytes(each) for each in kept] == list(hashes.values())
        said = ("call-0", "a-rule", at, "1.0.0", "true", "card", "card-0")
        assert database.say("SELECT * FROM evaluations") == [said]
        assert database.say("SELECT * FROM missing") == [("call-0", "a-rule", "leukocytes", at)]


def test_many_calls_are_kept_in_short_transactions(database: Database) -> None:
    with database.opened() as opened:
        sink(opened, Clock()).write([call(number) for number in range(2 * AT_ONCE + 1)])
        for table in TABLES:
            assert database.say(f"SELECT count(*) FROM {table}") == [(2 * AT_ONCE + 1,)]


def test_who_may_not_call_fills_no_store(database: Database) -> None:
    refused = [call(status, status=status) for status in (400, 401, 412, 500)]
    with database.opened() as opened:
        sink(opened, Clock()).write(refused)
        assert sorted(database.say("SELECT status FROM calls")) == [(400,), (412,), (500,)]


def test_a_long_name_and_many_unread_keys_lose_no_call(database: Database) -> None:
    prefetch = tuple((f"key-{number}", "failed") for number in range(100))
    with database.opened() as opened:
        sink(opened, Clock()).write([call(client="x" * 500, prefetch=prefetch, callbacks=10**6)])
        assert database.say("SELECT length(client), length(unread) FROM calls") == [(200, 400)]


# -- how long --------------------------------------------------------------------------------------


def sweep(sink: CallStore, clock: Clock) -> None:
    """All turns of one sweep: the first begins it."""
    sink._next_sweep = clock.now
    sink.tend()
    while sink._to_sweep:
        sink.tend()


@pytest.mark.parametrize(("days", "left"), [(DAYS, 1), (DAYS + 1, 0)])
def test_calls_go_when_they_are_older_than_the_setting(
    database: Database, days: int, left: int
) -> None:
    clock = Clock()
    with database.opened() as opened:
        kept = sink(opened, clock)
        kept.write([call()])
        clock.pass_days(days)
        sweep(kept, clock)
        found = [database.say(f"SELECT count(*) FROM {table}") for table in TABLES]
        assert found == [[(left,)]] * len(TABLES)


def test_many_old_rows_go_in_bounded_batches(database: Database) -> None:
    clock, many = Clock(), 2 * SWEPT_AT_ONCE + 1
    with database.opened() as opened:
        kept = sink(opened, clock)
        kept.write([call(number, cards=(), evaluations=()) for number in range(many)])
        kept.write([call(many, at=NOW.replace(year=2027))])
        clock.pass_days(DAYS + 1)
        kept._next_sweep = clock.now
        left = []
        while not left or kept._to_sweep:
            kept.tend()
            left.append(database.say("SELECT count(*) FROM calls")[0][0])
        steps = [before - after for before, after in zip([many + 1, *left], left, strict=False)]
        assert sorted(steps)[-3:] == [1, SWEPT_AT_ONCE, SWEPT_AT_ONCE]
        assert left[-1] == 1


def test_a_sweep_runs_again_only_after_a_while(database: Database) -> None:
    clock = Clock()
    with database.opened() as opened:
        kept = sink(opened, clock)
        sweep(kept, clock)
        kept.tend()
        assert not kept._to_sweep
        clock.now += timedelta(seconds=SWEEP_SECONDS)
        kept.tend()
        assert kept._to_sweep


FAR = ("1970-01-01T00:00:00Z", "2026-11-21T12:00:00Z", "9999-01-01T00:00:00Z")


def test_outcomes_are_kept_from_when_they_came_whatever_time_they_name(here: Site) -> None:
    """Or what was acknowledged could be gone at once, or never."""
    here.tell(*(accepted(outcomeTimestamp=each) for each in FAR), overridden())
    clock = here.clock
    kept = CallStore(here.late, DAYS, clock)
    clock.pass_days(DAYS)
    sweep(kept, clock)
    assert len(here.rows("outcomes")) == 4
    assert len(here.rows("accepted")) == 3
    clock.pass_days(1)
    sweep(kept, clock)
    assert here.rows("outcomes") == here.rows("accepted") == []


def test_the_recorder_removes_what_is_old_by_itself(database: Database) -> None:
    with database.opened() as opened:
        sink(opened, Clock()).write([call(at=NOW.replace(year=2024)), call(1)])
    with site(database, retention_days=400) as running:
        eventually(lambda: running.rows("calls", "id") == [("call-1",)])
        assert running.app.test_client().get("/ready").json["status"] == "ready"
