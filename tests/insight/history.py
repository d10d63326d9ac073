"""What calls left behind, written straight into the tables of a store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from cds_service import tables
from cds_service.insight import Filter, Insight, Period, Row, read_period
from cds_service.insight_queries import read
from cds_service.store import Store

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
"""A Thursday, of 2026-W03."""
THIS_WEEK = datetime(2026, 1, 12, tzinfo=UTC).date()

VIEW, SELECT = "patient-view", "order-select"


@dataclass
class History:
    """Rows for the tables; `write` puts them into a store."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _numbers: Any = field(default_factory=count)

    def _put(self, table: str, **row: Any) -> None:
        self.rows.setdefault(table, []).append(row)

    def _uuid(self) -> str:
        return str(UUID(int=next(self._numbers)))

    def call(self, at: datetime = NOW, hook: str = VIEW, **changes: Any) -> Call:
        """One call; answered in 10 ms unless told otherwise."""
        call = Call(self, self._uuid(), _milliseconds(at))
        row = {
            "id": call.id,
            "at": call.at,
            "service": f"the-{hook}",
            "hook": hook,
            "client": "hospital",
            "mode": "production",
            "content": "1",
            "status": 200,
            "milliseconds": 10.0,
            "callbacks": 0,
            "unread": "",
        }
        self._put("calls", **{**row, **changes})
        return call

    def outcome(
        self,
        card: str,
        outcome: str,
        reason: str | None = None,
        after: int = 60,
        commented: bool = False,
    ) -> None:
        """An answer to a card, so many seconds after NOW."""
        at = _milliseconds(NOW + timedelta(seconds=after))
        self._put(
            "outcomes",
            digest=next(self._numbers).to_bytes(32, "big"),
            card=card,
            service="the-patient-view",
            client="hospital",
            outcome=outcome,
            at=at,
            received=at,
            reason_system=None,
            reason_code=reason,
            commented=commented,
        )

    def write(self, store: Store) -> None:
        with store.connection() as connection:
            for table, rows in self.rows.items():
                connection.execute(insert(tables.metadata.tables[table]), rows)


@dataclass
class Call:
    """A call, and what its rules said."""

    history: History
    id: str
    at: int

    def rule(
        self,
        rule: str,
        truth: str = "true",
        shown: str = "no",
        missing: tuple[str, ...] = (),
        card: str | None = None,
    ) -> Call:
        self.history._put(
            "evaluations",
            call=self.id,
            rule=rule,
            at=self.at,
            version="1",
            truth=truth,
            shown=shown,
            card=card,
        )
        for name in missing:
            self.history._put("missing", call=self.id, rule=rule, input=name, at=self.at)
        return self

    def card(self, rule: str, indicator: str = "warning", truth: str = "true") -> str:
        """A card of the rule, with the evaluation behind it; its uuid."""
        uuid = self.history._uuid()
        self.rule(rule, truth, "card", card=uuid)
        self.history._put(
            "cards",
            uuid=uuid,
            call=self.id,
            at=self.at,
            rule=rule,
            version="1",
            indicator=indicator,
            subject=None,
            encounter=None,
            orders=None,
            basis=None,
        )
        return uuid


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def insight(store: Store, wanted: Filter | None = None, period: Period | None = None) -> Insight:
    """The figures of the usual period before NOW."""
    period = period or read_period(None, None, NOW.date())
    with store.reading() as connection:
        return read(connection, period, wanted or Filter())


def only(found: Insight, rule: str) -> Row:
    """The one row of a rule."""
    (row,) = [row for row in found.rows if row.rule == rule]
    return row
