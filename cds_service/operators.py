"""Who may see how the service is doing: those who hold the operators' token.

A browser asks for it by itself (Basic, whatever name), programs send it as Bearer token. Without
the setting everybody may in sandbox mode, and in production there is nothing to see.
"""

from __future__ import annotations

import base64
import binascii
from hmac import compare_digest

from cds_service.settings import Settings

CHALLENGE = 'Basic realm="operators", charset="UTF-8"'


class Operators:
    """The token of the setting, and whether what somebody sends is it."""

    def __init__(self, settings: Settings) -> None:
        self._token = settings.operator_token.encode()
        self.has_pages = bool(self._token) or settings.mode == "sandbox"
        """Whether there is anything to see at all."""
        self.needs_token = bool(self._token)

    def may_see(self, authorization: str | None) -> bool:
        """Whether this is the token. It takes as long whatever is sent."""
        if not self.needs_token:
            return self.has_pages
        return compare_digest(_sent(authorization or ""), self._token)


def _sent(authorization: str) -> bytes:
    """What was sent in place of the token; empty, which no token is, where nothing was."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip().encode("latin-1", "replace")  # As WSGI decodes what is sent.
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return b""
    return b""
