"""The cards that a user has been shown for a patient, and what became of them: out of the store."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select

from cds_service.quiet import Answer, Marks, Past
from cds_service.tables import cards, outcomes

MOST = 40
"""Rows looked at, newest cards first. An answer to an older card than these holds nothing back."""

_PAST = (
    select(
        cards.c.uuid,
        cards.c.rule,
        cards.c.version,
        cards.c.indicator,
        cards.c.at.label("shown"),
        cards.c.subject,
        cards.c.encounter,
        cards.c.orders,
        cards.c.basis,
        outcomes.c.outcome,
        outcomes.c.at.label("answered"),
        outcomes.c.received,
        outcomes.c.reason_system,
        outcomes.c.reason_code,
    )
    .select_from(
        cards.outerjoin(
            outcomes,
            # What another client says of a card counts for nothing here.
            (outcomes.c.card == cards.c.uuid)
            & or_(outcomes.c.client.is_(None), outcomes.c.client == bindparam("client")),
        )
    )
    .where(cards.c.subject == bindparam("subject"))
    .where(cards.c.orders.in_(bindparam("orders", expanding=True)))
    .order_by(cards.c.at.desc(), cards.c.uuid)  # The rows of one card stand together.
    .limit(MOST)
)


def past_cards(
    connection: Connection, subject: bytes, orders: Iterable[bytes], client: str | None
) -> list[Past]:
    """The newest cards for this user and patient that said one of these things of these orders."""
    asked = {"subject": subject, "orders": list(orders), "client": client or ""}
    found: dict[str, list[Any]] = {}
    rows = connection.execute(_PAST, asked).all()
    for row in rows:
        found.setdefault(row.uuid, []).append(row)
    if len(rows) == MOST:
        # Of the last card answers may be left out, and one of them may be the last word.
        del found[rows[-1].uuid]
    return [_past(rows) for rows in found.values()]


def _past(rows: list[Any]) -> Past:
    card = rows[0]
    marks = Marks(*map(_bytes, (card.subject, card.encounter, card.orders, card.basis)))
    answers = tuple(_answer(row) for row in rows if row.outcome is not None)
    return Past(card.rule, card.version, card.indicator, _time(card.shown), marks, answers)


def _answer(row: Any) -> Answer:
    reason = (row.reason_system or "", row.reason_code) if row.reason_code is not None else None
    is_override = row.outcome == "overridden"
    return Answer(is_override, _time(row.answered), _time(row.received), reason)


def _bytes(value: Any) -> bytes | None:
    """PostgreSQL's driver may give a view of memory."""
    return None if value is None else bytes(value)


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
