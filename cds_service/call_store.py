"""Calls and what came of them, written into the store in batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from cds_service.errors import StoreDown
from cds_service.late_store import LateStore
from cds_service.record import CallRecord


class CallStore:
    """The sink of the recorder that writes into the store."""

    def __init__(self, late: LateStore, retention_days: int, clock: Callable[[], datetime]) -> None:
        self._late = late
        self._retention_days = retention_days
        self._clock = clock

    def write(self, records: Sequence[CallRecord]) -> None:
        """Raises StoreDown."""
        store = self._late.get()
        if store is None:
            raise StoreDown("the store is not open")
