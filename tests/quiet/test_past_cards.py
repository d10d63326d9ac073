"""The cards that a user was shown, out of the store: what was answered, whenever it says it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from cds_service.call_store import CallStore
from cds_service.late_store import LateStore
from cds_service.outcome_store import keep
from cds_service.past_cards import MOST, past_cards
from cds_service.quiet import Past
from cds_service.record import CallRecord, CardSent, OutcomeRecord
from cds_service.store import Store
from tests.trust.databases import NOW, sqlite_database

SUBJECT, ORDERS = b"s" * 32, b"o" * 32
MINUTE = timedelta(minutes=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with sqlite_database(tmp_path).opened() as opened:
        yield opened


def shown(store: Store, at: datetime = NOW) -> str:
    """The uuid of a card that was sent then."""
    uuid = str(uuid4())
    card = CardSent(uuid, "a-rule", "1.0.0", "warning", (), SUBJECT, None, ORDERS, None)
    given: dict[str, Any] = {"cards": (card,)}
    call = CallRecord(str(uuid4()), at, "s", "h", None, "sandbox", "1", 200, 1.0, **given)
    CallStore(LateStore.holding(store), 400, lambda: NOW).write([call])
    return uuid


def answered(store: Store, card: str, at: datetime, outcome: str = "overridden") -> None:
    keep(store, [OutcomeRecord(card, "s", None, outcome, at, NOW)])


def seen(store: Store) -> list[Past]:
    with store.connection() as connection:
        return past_cards(connection, SUBJECT, [ORDERS], None)


FAR = {
    "the last moment there is": datetime.max.replace(tzinfo=UTC),
    "the first": datetime.min.replace(tzinfo=UTC),
}


@pytest.mark.parametrize("at", FAR.values(), ids=FAR)
def test_an_answer_of_another_age_hides_no_other(store: Store, at: datetime) -> None:
    """A client's time may lie anywhere."""
    answered(store, shown(store), at)
    answered(store, shown(store, NOW - MINUTE), NOW)
    far, near = (card.answers[0] for card in seen(store))
    assert abs(far.at - at) < timedelta(milliseconds=2)
    assert (near.since, near.at) == (NOW, NOW)


@pytest.mark.parametrize("answers", [MOST, MOST + 5])
def test_a_card_with_more_answers_than_are_read_counts_as_not_seen(
    store: Store, answers: int
) -> None:
    """The last word may be among those that are not read."""
    card = shown(store)
    for number in range(answers - 1):
        answered(store, card, NOW + number * timedelta(seconds=1))
    answered(store, card, NOW + MINUTE, "accepted")
    assert seen(store) == []


def test_newer_cards_are_read_in_full_beside_one_that_is_not(store: Store) -> None:
    older, newer = shown(store, NOW - MINUTE), shown(store)
    for number in range(MOST):
        answered(store, older, NOW + number * timedelta(seconds=1))
    answered(store, newer, NOW)
    (found,) = seen(store)
    assert (found.at, len(found.answers)) == (NOW, 1)
