"""Keyed hashes of what the store must recognise and must not know.

HMAC-SHA256: without the key nobody can try out patients, orders or values. Each use has a word of
its own, so that equal things of two kinds have nothing in common; and what is about a patient is
hashed under the patient's own hash, so that equal orders or values of two patients are not.
"""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

SHORTEST_KEY = 32
"""Characters. What `openssl rand -hex 32` writes has twice as many."""


class Hasher:
    """One key. Hashes made with another key match none of these."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def subject(
        self, client: str | None, fhir_server: str | None, patient: str, user: str
    ) -> bytes:
        """Who a card is shown to, and about whom: ids of patients are unique per server."""
        return self._hash("subject", b"", client or "", fhir_server or "", patient, user)

    def encounter(self, subject: bytes, encounter: str) -> bytes:
        """The visit that a card is shown in."""
        return self._hash("encounter", subject, encounter)

    def orders(self, subject: bytes, *said: str) -> bytes:
        """The orders a card is about, and what it says of them."""
        return self._hash("orders", subject, *said)

    def basis(self, subject: bytes, *value: str) -> bytes:
        """The value whose change ends the quiet."""
        return self._hash("basis", subject, *value)

    def _hash(self, use: str, subject: bytes, *parts: str) -> bytes:
        # Each part with its length: two neighbours never run into one another.
        encoded = [part.encode("utf-8", "surrogatepass") for part in (use, *parts)]
        framed = b"".join(len(part).to_bytes(4, "big") + part for part in (*encoded, subject))
        return hmac.digest(self._key, framed, "sha256")


def kept_key(path: Path) -> bytes:
    """The key in a file, made where there is none: the same for all who make it at once.

    Raises OSError where that is not possible, ValueError for a file that holds no key.
    """
    if not path.exists():
        _make(path)
    key = path.read_bytes().strip()
    if len(key) < SHORTEST_KEY:
        raise ValueError("the file holds no key")
    return key


def _make(path: Path) -> None:
    """Written aside and then given its name in one step: nobody reads half a key."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
    handle = os.open(aside, flags, stat.S_IRUSR | stat.S_IWUSR)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_hex(32).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(aside, path)  # Unlike renaming, this takes away no key that another has made.
    finally:
        aside.unlink(missing_ok=True)
