"""The door in production: which proxies connect, and who a client shows to be.

Nobody is answered but the proxies that end TLS in front of the service; every call needs a token
(discovery by setting), and all who fail get one and the same answer. Imported in production only:
what it needs costs start-up time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial

from cds_service.authentication import Authenticator
from cds_service.clients import Client, Clients
from cds_service.door import Door
from cds_service.errors import NotTrusted
from cds_service.outbound import fetch
from cds_service.production import is_in, networks
from cds_service.settings import Settings
from cds_service.store import Store


class GuardedDoor(Door):
    """Production: nothing is answered to those who have not shown who they are."""

    def __init__(
        self,
        settings: Settings,
        clients: Clients,
        store: Store,
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__(settings)
        self._settings = settings
        self._proxies = networks(settings.trusted_proxies)
        self._store = store
        reading = partial(fetch, ca_bundle=settings.ca_bundle)
        self._authenticator = Authenticator(
            clients, settings.base_url, settings.mode, store, clock, fetch=reading
        )
        # Beside the start: a slow key server must not keep the process from being alive.
        threading.Thread(target=self._authenticator.load, name="keys", daemon=True).start()
        self._looking = threading.Lock()
        self._unready = ["the service has not looked for its store and keys yet"]

    def _usual_origins(self) -> frozenset[str]:
        return frozenset()

    def let_in(self, peer: str) -> None:
        if not is_in(peer, self._proxies):
            raise NotTrusted("the connection does not come from a trusted proxy")

    def caller(self, authorization: str | None, path: str) -> Client | None:
        return self._authenticator.authenticate(authorization, self._settings.base_url + path)

    def asks_for_discovery(self) -> bool:
        return self._settings.protect_discovery

    def unready(self) -> list[str]:
        """What keeps calls from being let in, for whoever asks: it names no client.

        One looks at a time, the others hear what was found last: everybody may ask, and a store
        that hangs must hold no more threads than one, or /health would wait for it too.
        """
        if self._looking.acquire(blocking=False):
            try:
                self._unready = self._look()
            finally:
                self._looking.release()
        return self._unready

    def _look(self) -> list[str]:
        unready = [] if self._store.is_well() else ["the store does not answer"]
        if self._authenticator.unready():
            unready.append("there are no keys to check tokens with: the log says why")
        return unready
