"""What this user was shown of this patient before, as far as the store can be asked just now.

Cards never wait long for it, and never depend on it: without a key, a store or an answer in time
nothing is held back. After a failure nobody asks for some seconds.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from cds_service.hashes import Hasher, kept_key
from cds_service.late_store import LateStore
from cds_service.logs import raised
from cds_service.quiet import Past
from cds_service.settings import Settings

if TYPE_CHECKING:
    from cds_service.store import Store

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Who asks at the same time, as many as a PostgreSQL store has connections."""
WAIT_SECONDS = 0.25
"""Whoever waits longer for a turn, or then for the answer, goes without. A look takes about a
millisecond."""
AGAIN_SECONDS = 5.0
"""After a failure: a store that hangs must not cost every call its patience."""


class LookBack:
    """Safe to use from several threads."""

    def __init__(
        self,
        late: LateStore | None = None,
        key: str = "",
        key_file: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`late` is None where nothing is to be held back. `key_file` keeps the key if none is
        given; without both there is none."""
        self._late = late
        self._key_file = key_file
        self._hasher = Hasher(key.encode()) if key else None
        self._clock = clock
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        # The store's own patience is that of callers who cannot do without it. Cards can.
        self._pool = ThreadPoolExecutor(AT_ONCE, "look-back")
        self._next_look = self._next_key = float("-inf")
        self._is_failing = self._is_keyless = False

    @property
    def lacks_key(self) -> bool:
        """Whether cards could be held back, had this instance a key."""
        if self._late is None or not self._late.is_configured:
            return False
        has_place = self._hasher is not None or self._key_file is not None
        return not has_place or self._is_keyless

    def report(self) -> dict[str, str]:
        """Why nothing is held back, for /ready; empty where that works, or is not wanted."""
        if self.lacks_key:
            return {"quiet": "off: there is no key (CDS_HASH_KEY), so overridden cards show again"}
        if self._is_failing:
            return {"quiet": "off: past cards cannot be read, so overridden cards show again"}
        return {}

    def hasher(self) -> Hasher | None:
        """What cards are marked with; None where nothing can be held back."""
        late = self._late
        if late is None or not late.is_configured:
            return None
        if self._hasher is None and self._key_file is not None and late.get() is not None:
            self._read_key(self._key_file)
        return self._hasher

    def _read_key(self, path: Path) -> None:
        if self._clock() < self._next_key:
            return
        try:
            self._hasher = Hasher(kept_key(path))
        except (OSError, ValueError) as problem:
            self._next_key = self._clock() + AGAIN_SECONDS
            if not self._is_keyless:
                log.error("there is no key: nothing is held back", extra=raised(problem))
        self._is_keyless = self._hasher is None

    def past(self, subject: bytes, orders: Iterable[bytes], client: str | None) -> Sequence[Past]:
        """The cards that bear these marks; none where the store does not answer."""
        store = self._late.get() if self._late is not None else None
        if store is None or self._clock() < self._next_look:
            return ()
        if not self._turns.acquire(timeout=WAIT_SECONDS):
            self._failed(TimeoutError())
            return ()
        look = self._pool.submit(self._look, store, subject, list(orders), client)
        try:
            found = look.result(WAIT_SECONDS)
        except Exception as problem:
            self._failed(problem)
            return ()
        self._worked()
        return found

    def _look(
        self, store: Store, subject: bytes, orders: list[bytes], client: str | None
    ) -> Sequence[Past]:
        """In a thread of the pool, which has one for each turn."""
        try:
            # Imported here: by now the store has imported what it needs.
            from cds_service.past_cards import past_cards

            with store.connection() as connection:
                return past_cards(connection, subject, orders, client)
        finally:
            self._turns.release()

    def _failed(self, problem: Exception) -> None:
        self._next_look = self._clock() + AGAIN_SECONDS
        if not self._is_failing:
            self._is_failing = True
            log.warning("past cards cannot be read: nothing is held back", extra=raised(problem))

    def _worked(self) -> None:
        if self._is_failing:
            self._is_failing = False
            log.warning("past cards can be read again")


def look_back(settings: Settings, late: LateStore) -> LookBack:
    """As the settings say."""
    if not settings.quiet:
        return LookBack()
    is_sandbox = settings.mode != "production"
    file = _sqlite_file(settings.store) if is_sandbox else None
    return LookBack(late, settings.hash_key, file.with_name(f"{file.name}.key") if file else None)


def _sqlite_file(store: str) -> Path | None:
    for prefix in ("sqlite:///", "sqlite+pysqlite:///"):
        if store.startswith(prefix):
            return Path(store.removeprefix(prefix))
    return None
