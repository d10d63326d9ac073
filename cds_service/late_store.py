"""The store as those see it who can do without: there, not there yet, or not at all.

In production it is opened at the start, because nobody is let in without it. In sandbox mode it is
opened beside the calls: what it imports takes longer than the rest of the start.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from cds_service.logs import raised

if TYPE_CHECKING:
    from cds_service.store import Store

log = logging.getLogger(__name__)

AGAIN_SECONDS = 10.0
"""Between two tries to open a store that could not be opened."""


class LateStore:
    """At most one store. Safe to ask from several threads."""

    def __init__(self, opening: Callable[[], Store] | None = None) -> None:
        """`opening` opens the store; None: none is configured."""
        self._opening = opening
        self._store: Store | None = None
        self._tried = threading.Event()
        self._next_try = 0.0

    @classmethod
    def holding(cls, store: Store) -> LateStore:
        """A store that is open."""
        late = cls(lambda: store)
        late.open()
        return late

    @property
    def is_configured(self) -> bool:
        """Whether there is to be a store."""
        return self._opening is not None

    @property
    def is_down(self) -> bool:
        """Whether it was tried to open the store, and could not be."""
        return self._tried.is_set() and self._store is None and self.is_configured

    def get(self) -> Store | None:
        """The store; None: none is configured, it is still being opened, or could not be."""
        return self._store

    def wait(self, seconds: float) -> Store | None:
        """The store, once it was tried to open it."""
        if self.is_configured:
            self._tried.wait(seconds)
        return self._store

    def open(self) -> None:
        """Open it, unless that is done; after a failure not before some seconds have passed."""
        if self._opening is None or self._store or time.monotonic() < self._next_try:
            return
        try:
            self._store = self._opening()
        except Exception as problem:
            if not self._tried.is_set():
                log.error("the store cannot be opened, and is tried again", extra=raised(problem))
            self._next_try = time.monotonic() + AGAIN_SECONDS
        finally:
            self._tried.set()

    def close(self) -> None:
        """Let go of the store."""
        if self._store is not None:
            self._store.close()
