"""Which browsers may call: https://fetch.spec.whatwg.org/#http-cors-protocol

The headers stand on every path and every status: a browser hides an error that lacks them. There
are no credentials: tokens are sent by script, and cookies are not used.
"""

from __future__ import annotations

from collections.abc import Mapping

ANY = frozenset({"*"})

_ALLOWED = {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Accept",
    "Access-Control-Max-Age": "86400",
}


def headers(origins: frozenset[str], origin: str | None) -> Mapping[str, str]:
    """The headers for a request from `origin`. An origin is only echoed where it is known."""
    if origins == ANY:
        return {"Access-Control-Allow-Origin": "*", **_ALLOWED}
    if not origins:
        return {}
    if origin not in origins:
        # Caches must not give one origin what was answered to another.
        return {"Vary": "Origin"}
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin", **_ALLOWED}
