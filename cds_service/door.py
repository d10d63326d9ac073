"""Who may call, as far as the web edge asks: in sandbox mode everybody, in production see guard."""

from __future__ import annotations

from collections.abc import Mapping

from cds_service import cors
from cds_service.clients import Client
from cds_service.settings import Settings


class Door:
    """Sandbox mode: everybody is let in, and nobody is known."""

    def __init__(self, settings: Settings) -> None:
        self._origins = frozenset(settings.cors_origins.split()) or self._usual_origins()

    def _usual_origins(self) -> frozenset[str]:
        return cors.ANY

    def cors_headers(self, origin: str | None) -> Mapping[str, str]:
        """What a browser is told."""
        return cors.headers(self._origins, origin)

    def let_in(self, peer: str) -> None:
        """Raises NotTrusted for a connection that does not come from a trusted proxy."""

    def caller(self, authorization: str | None, path: str) -> Client | None:
        """Who calls, where that is asked for. Raises NotTrusted."""
        return None

    def asks_for_discovery(self) -> bool:
        """Whether discovery needs a token too."""
        return False

    def unready(self) -> list[str]:
        """What keeps calls from being let in; empty when nothing does."""
        return []
