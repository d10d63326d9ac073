"""Calls are recorded beside the calls: nobody waits, nothing that fails takes more with it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from cds_service import late_store
from cds_service.errors import ContentError
from cds_service.late_store import LateStore
from cds_service.record import CallRecord, OutcomeRecord
from cds_service.recorder import Recorder, Sink
from tests.feedback.support import NOW, eventually


def call(name: str) -> CallRecord:
    return CallRecord(name, NOW, "service", "hook", None, "sandbox", "1", 200, 1.0)


def outcome(card: str) -> OutcomeRecord:
    return OutcomeRecord(card, "service", None, "overridden", NOW, NOW)


class Kept:
    """Keeps what it gets; raises while it is told to."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.outcomes: list[str] = []
        self.problem: Exception | None = None
        self.tended = 0

    def write(self, records: Sequence[CallRecord]) -> None:
        if self.problem is not None:
            raise self.problem
        self.batches.append([record.id for record in records])

    def write_outcomes(self, outcomes: Sequence[OutcomeRecord]) -> None:
        self.outcomes += [outcome.card for outcome in outcomes]

    def tend(self) -> None:
        self.tended += 1

    @property
    def kept(self) -> list[str]:
        return [each for batch in self.batches for each in batch]


@contextmanager
def recorder(
    sinks: dict[str, Callable[[], Sink]], chores: Sequence[Callable[[], None]] = (), **more: Any
) -> Iterator[Recorder]:
    made = Recorder(sinks, chores, **more)
    made.start()
    made.hurry()
    try:
        yield made
    finally:
        made.close()


def test_what_is_put_comes_to_every_sink_in_order() -> None:
    one, other = Kept(), Kept()
    with recorder({"one": lambda: one, "other": lambda: other}) as made:
        for number in range(50):
            made.put(call(str(number)))
        eventually(lambda: len(other.kept) == 50)
    assert one.kept == other.kept == [str(number) for number in range(50)]
    assert (made.lost, made.report()) == (0, {})


def test_what_waits_at_the_end_is_written() -> None:
    kept = Kept()
    made = Recorder({"kept": lambda: kept})
    made.start()
    made.put(call("last"))
    made.put_outcomes([outcome("card")])
    made.close()
    assert (kept.kept, kept.outcomes) == (["last"], ["card"])


def test_without_a_sink_there_is_no_thread_and_nothing_waits() -> None:
    before = threading.active_count()
    with recorder({}) as made:
        made.put(call("one"))
        made.put_outcomes([outcome("card")])
        assert threading.active_count() == before
        assert not made.is_wanted
        assert not made._waiting
        assert not made._outcomes


def test_sinks_are_built_in_the_thread_after_the_chores() -> None:
    done: list[tuple[str, str]] = []

    def build() -> Kept:
        done.append(("sink", threading.current_thread().name))
        return Kept()

    def chore() -> None:
        done.append(("chore", threading.current_thread().name))

    with recorder({"kept": build}, [chore]):
        eventually(lambda: ("sink", "recorder") in done)
    assert done[:2] == [("chore", "recorder"), ("sink", "recorder")]
    assert len([each for each in done if each[0] == "sink"]) == 1


def test_a_full_queue_loses_the_newest_and_counts_them() -> None:
    gate, kept = threading.Event(), Kept()

    class Slow(Kept):
        def write(self, records: Sequence[CallRecord]) -> None:
            gate.wait(30)
            kept.write(records)

    with recorder({"slow": Slow}, most_waiting=3) as made:
        made.put(call("first"))
        eventually(lambda: not made._waiting)
        for number in range(5):
            made.put(call(str(number)))
        assert made.losses() == {"queue": 2}
        gate.set()
        eventually(lambda: len(kept.kept) == 4)
    assert kept.kept == ["first", "0", "1", "2"]
    assert made.report() == {"recording": {"lost": {"queue": 2}}}


def test_a_sink_that_fails_loses_its_batches_alone(caplog: pytest.LogCaptureFixture) -> None:
    """It is said once for each change of its state, and in /ready."""
    caplog.set_level(logging.WARNING)
    good, bad = Kept(), Kept()
    bad.problem = RuntimeError("secret of the patient")
    with recorder({"bad": lambda: bad, "good": lambda: good}) as made:
        for name in ("a", "b"):
            made.put(call(name))
            eventually(lambda so_far=name: so_far in good.kept)  # type: ignore[misc]
        eventually(lambda: made.losses() == {"bad": 2})
        assert made.report() == {"recording": {"lost": {"bad": 2}, "failing": ["bad"]}}
        bad.problem = None
        made.put(call("c"))
        eventually(lambda: bad.kept == ["c"])
        eventually(lambda: made.failing() == [])
    assert good.kept == ["a", "b", "c"]
    assert made.report() == {"recording": {"lost": {"bad": 2}}}
    said = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert said == [
        ("ERROR", "a part of the recorder fails"),
        ("WARNING", "a part of the recorder works again"),
    ]
    assert "secret" not in caplog.text


def test_a_sink_that_cannot_be_built_is_tried_again() -> None:
    kept, problems = Kept(), [RuntimeError("first"), RuntimeError("second")]

    def build() -> Kept:
        if problems:
            raise problems.pop()
        return kept

    made = Recorder({"kept": build})
    made.put(call("early"))
    made.start()
    made.hurry()
    eventually(lambda: not problems)
    made.put(call("late"))
    eventually(lambda: kept.kept != [])
    made.close()
    assert made.lost + len(kept.kept) == 2
    assert made.losses()["kept"] >= 1


def test_a_sink_is_tended_whether_calls_come_or_not() -> None:
    kept = Kept()
    with recorder({"kept": lambda: kept}):
        eventually(lambda: kept.tended > 1)


def test_a_sink_whose_upkeep_fails_still_writes() -> None:
    class Untended(Kept):
        def tend(self) -> None:
            raise RuntimeError

    kept = Untended()
    with recorder({"kept": lambda: kept}) as made:
        eventually(lambda: made.failing() == ["kept-upkeep"])
        made.put(call("one"))
        eventually(lambda: kept.kept == ["one"])
        assert made.lost == 0


# -- a store that comes late -----------------------------------------------------------------------


def test_where_none_is_configured_there_is_no_store_to_wait_for() -> None:
    late = LateStore()
    late.open()
    assert not late.is_configured
    assert late.get() is late.wait(30) is None
    assert not late.is_down


def test_a_store_that_cannot_be_opened_is_tried_again_after_a_while(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    opened: list[Any] = []
    problems: list[Exception] = [ContentError("CDS_STORE: no"), OSError()]

    def opening() -> Any:
        if problems:
            raise problems.pop()
        opened.append(object())
        return opened[0]

    late = LateStore(opening)
    assert late.get() is None
    assert not late.is_down
    late.open()
    late.open()
    assert len(problems) == 1, "it was tried again at once"
    assert late.is_down
    assert late.wait(30) is None
    monkeypatch.setattr(late_store, "AGAIN_SECONDS", 0.0)
    late._next_try = 0.0
    late.open()
    late.open()
    assert late.get() is opened[0]
    assert not late.is_down
    late.open()
    assert len(opened) == 1
    assert [r.getMessage() for r in caplog.records] == [
        "the store cannot be opened, and is tried again"
    ]
