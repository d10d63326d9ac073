"""Feedback in the store: on the disk before it is acknowledged, and once however often it comes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from cds_service.call_store import milliseconds
from cds_service.record import OutcomeRecord
from cds_service.store import Store
from cds_service.tables import accepted, calls, cards, outcomes

_INSERTS = {
    name: (
        insert(outcomes).on_conflict_do_nothing(),
        insert(accepted).on_conflict_do_nothing(),
    )
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


def keep(store: Store, records: Sequence[OutcomeRecord]) -> int:
    """Keep all of them or none; how many are about cards not known here. Raises StoreDown."""
    if not records:
        return 0
    with store.transaction(is_durable=True) as connection:
        _insert(connection, records)
        known = _known_cards(connection, records)
    return sum(record.card not in known for record in records)


def _insert(connection: Connection, records: Sequence[OutcomeRecord]) -> None:
    into_outcomes, into_accepted = _INSERTS[connection.dialect.name]
    digests = [_digest(record) for record in records]
    rows = [_row(digest, record) for digest, record in zip(digests, records, strict=True)]
    # In one order, so that two that send the same do not wait for each other in a circle.
    connection.execute(into_outcomes, sorted(rows, key=lambda row: row["digest"]))
    chosen = [
        {"outcome": digest, "suggestion": each, "at": milliseconds(record.received)}
        for digest, record in zip(digests, records, strict=True)
        for each in record.accepted
    ]
    if chosen:
        chosen.sort(key=lambda row: (row["outcome"], row["suggestion"]))
        connection.execute(into_accepted, chosen)


def _row(digest: bytes, record: OutcomeRecord) -> dict[str, Any]:
    system, code = record.reason or (None, None)
    return {
        "digest": digest,
        "card": record.card,
        "service": record.service,
        "client": record.client[:200] if record.client is not None else None,
        "outcome": record.outcome,
        "at": milliseconds(record.at),
        "received": milliseconds(record.received),
        "reason_system": system or None,
        "reason_code": code,
        "commented": record.commented,
    }


def _digest(record: OutcomeRecord) -> bytes:
    """The same for the same entry, whenever and in whatever order it comes."""
    parts = [
        record.client,
        record.service,
        record.card,
        record.outcome,
        record.at.isoformat(),
        record.reason,
        record.commented,
        record.accepted,
    ]
    return sha256(json.dumps(parts).encode()).digest()


def _known_cards(connection: Connection, records: Sequence[OutcomeRecord]) -> set[str]:
    """Those that were sent to the one whose feedback this is, as far as it is known who that is."""
    named = sorted({record.card for record in records})
    found = connection.execute(
        select(cards.c.uuid, calls.c.client)
        .join(calls, calls.c.id == cards.c.call)
        .where(cards.c.uuid.in_(named))
    )
    client = records[0].client
    own = client[:200] if client is not None else None
    return {uuid for uuid, called in found if own in (None, called)}
