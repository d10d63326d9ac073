"""Calls and what came of them in the store: written in batches, removed when they are old.

Runs in the recorder's thread. Each transaction is short, because SQLite has one writer at a time,
and whoever shows a token waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Delete,
    Table,
    and_,
    bindparam,
    delete,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite

from cds_service.errors import StoreDown
from cds_service.late_store import LateStore
from cds_service.record import CallRecord
from cds_service.store import Store
from cds_service.tables import (
    accepted,
    calls,
    cards,
    evaluations,
    missing,
    outcomes,
    suggestions,
)

AT_ONCE = 25
"""Calls in one transaction: some 10 ms."""
SWEEP_SECONDS = 3600.0
SWEPT_AT_ONCE = 500
"""Rows removed in one transaction."""

Row = dict[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CALL_TABLES = (calls, cards, suggestions, evaluations, missing)
_INSERTS = {
    name: {table: insert(table).on_conflict_do_nothing() for table in _CALL_TABLES}
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


def milliseconds(instant: datetime) -> int:
    """Unix time in milliseconds, rounded down: a float would make the last of 9999 the year 10000,
    which cannot be read again."""
    return (instant - _EPOCH) // timedelta(milliseconds=1)


class CallStore:
    """The sink of the recorder that writes into the store."""

    def __init__(self, late: LateStore, retention_days: int, clock: Callable[[], datetime]) -> None:
        self._late = late
        self._keep = timedelta(days=retention_days)
        self._clock = clock
        self._next_sweep = clock()
        self._to_sweep: list[Delete] = []

    def write(self, records: Sequence[CallRecord]) -> None:
        """Keep these calls. Raises StoreDown; what was written until then stays."""
        # Whoever may not call at all would fill the store: they are counted elsewhere.
        records = [record for record in records if record.status != 401]
        store = self._store()
        for some in _batches(records, AT_ONCE):
            with store.transaction() as connection:
                _insert(connection, some)

    def tend(self) -> None:
        """Remove some of what is too old, if it is time to. Raises StoreDown."""
        store, now = self._late.get(), self._clock()
        if store is None:
            return
        if not self._to_sweep:
            if now < self._next_sweep:
                return
            self._next_sweep = now + timedelta(seconds=SWEEP_SECONDS)
            self._to_sweep = list(_SWEEPS)
        statement = self._to_sweep.pop()
        bounds = {"before": milliseconds(now - self._keep), "now": milliseconds(now)}
        try:
            with store.transaction() as connection:
                many = connection.execute(statement, bounds).rowcount
        except StoreDown:
            self._to_sweep = []  # It is away, or busy: nothing is lost by waiting.
            raise
        if many == SWEPT_AT_ONCE:
            self._to_sweep.append(statement)

    def _store(self) -> Store:
        store = self._late.get()
        if store is None:
            raise StoreDown("the store is not open")
        return store


def _batches(records: Iterable[CallRecord], size: int) -> Iterable[list[CallRecord]]:
    rest = iter(records)
    return iter(lambda: list(islice(rest, size)), [])


# -- writing ---------------------------------------------------------------------------------------


def _insert(connection: Connection, records: Iterable[CallRecord]) -> None:
    statements = _INSERTS[connection.dialect.name]
    rows: Mapping[Table, list[Row]] = {table: [] for table in _CALL_TABLES}
    for record in records:
        _add_rows(record, rows)
    for table, those in rows.items():
        if those:
            connection.execute(statements[table], those)


def _add_rows(record: CallRecord, rows: Mapping[Table, list[Row]]) -> None:
    at = milliseconds(record.at)
    rows[calls].append(_call(record, at))
    for card in record.cards:
        rows[cards].append(
            {
                "uuid": card.uuid,
                "call": record.id,
                "at": at,
                "rule": card.rule,
                "version": card.version,
                "indicator": card.indicator,
                "subject": card.subject,
                "encounter": card.encounter,
                "orders": card.orders,
                "basis": card.basis,
            }
        )
        rows[suggestions].extend(
            {"uuid": each, "card": card.uuid, "at": at} for each in card.suggestions
        )
    for each in record.evaluations:
        rows[evaluations].append(
            {
                "call": record.id,
                "rule": each.rule,
                "at": at,
                "version": each.version,
                "truth": each.truth,
                "shown": each.shown.value,
                "card": each.card,
            }
        )
        rows[missing].extend(
            {"call": record.id, "rule": each.rule, "input": name, "at": at} for name in each.missing
        )


def _call(record: CallRecord, at: int) -> Row:
    known = ("answered", "empty", "read")
    unread = " ".join(f"{key}:{state}" for key, state in record.prefetch if state not in known)
    return {
        "id": record.id,
        "at": at,
        "service": record.service,
        "hook": record.hook,
        "client": _fitting(record.client),
        "mode": record.mode,
        "content": record.content_version,
        "status": record.status,
        "milliseconds": record.milliseconds,
        "callbacks": min(record.callbacks, _LARGEST_SMALL_INTEGER),
        "unread": unread[:400],
    }


_LARGEST_SMALL_INTEGER = 32_767


def _fitting(client: str | None) -> str | None:
    """A name out of the site's file, as long as the column is."""
    return client[:200] if client is not None else None


# -- retention -------------------------------------------------------------------------------------


def _sweep(table: Table, is_old: ColumnElement[bool]) -> Delete:
    key = tuple_(*table.primary_key.columns)
    # Left to another instance's sweep, where the database can say so. SQLite has no such.
    old = select(*table.primary_key.columns).where(is_old).limit(SWEPT_AT_ONCE)
    return delete(table).where(key.in_(old.with_for_update(skip_locked=True)))


_BEFORE: BindParameter[int] = bindparam("before")
_NOW: BindParameter[int] = bindparam("now")
# What a client wrote as the time of an outcome may lie anywhere: it was received when it was.
_OLD_OUTCOME = and_(
    outcomes.c.received < _BEFORE, or_(outcomes.c.at < _BEFORE, outcomes.c.at > _NOW)
)
_SWEEPS = (
    *(_sweep(table, table.c.at < _BEFORE) for table in (*_CALL_TABLES, accepted)),
    _sweep(outcomes, _OLD_OUTCOME),
)
