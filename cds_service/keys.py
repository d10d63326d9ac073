"""The public keys of the calling EHRs: read from JWK Sets, held, and asked for again in time.

A key that is held is answered at once, without waiting for anybody. A key set that cannot be read
any more, or that turns bad, leaves the keys that were good in use for a day.
JWK Set: https://www.rfc-editor.org/rfc/rfc7517; numbers of each kind of key:
https://www.rfc-editor.org/rfc/rfc7518#section-6.
"""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWTError
from jwt.algorithms import AllowedPublicKeys, ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from cds_service.outbound import OutboundRefused

log = logging.getLogger(__name__)

FRESH_SECONDS = 5 * 60.0
"""Keys younger than this are used as they are; older ones are asked for again beside their use."""

UNASKED_SECONDS = 15 * 60.0
"""Older keys are used only after asking: how long a key counts that its owner has withdrawn."""

USABLE_SECONDS = 24 * 3600.0
"""How long keys count while their server does not answer. A night's outage stops no advice."""

ASK_AGAIN_SECONDS = 30.0
"""Least time between two readings of a set, so that invented key names cost its server little."""

MOST_WAITING = 4
"""Threads that one key set may hold while it is read. The others are refused at once: a key
server that hangs must not hold all threads, and invented key names are free of charge."""

MOST_BYTES = 256 * 1024
MOST_KEYS = 100
READ_SECONDS = 3.0

LEAST_RSA_BITS = 2048  # https://www.rfc-editor.org/rfc/rfc7518#section-3.3
MOST_RSA_BITS = 8192  # Longer ones cost more to use than they are worth.

KINDS: Mapping[str, tuple[str, str | None]] = {
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "RS256": ("RSA", None),
    "RS384": ("RSA", None),
    "RS512": ("RSA", None),
    "PS384": ("RSA", None),
    "EdDSA": ("OKP", "Ed25519"),
}
"""Every algorithm that can count, whatever is configured, with the `kty` and `crv` of its keys."""

_READERS: Mapping[str, Callable[[dict[str, Any]], Any]] = {
    "EC": ECAlgorithm.from_jwk,
    "RSA": RSAAlgorithm.from_jwk,
    "OKP": OKPAlgorithm.from_jwk,
}

_SECRETS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
"""Members of private and symmetric keys."""

Ticks = Callable[[], float]
"""Seconds of a clock that nobody sets: the age of keys must not depend on the time of day."""


class KeySetError(Exception):
    """A key set cannot be used. The message is a predicate without anything from the set."""


@dataclass(frozen=True)
class Key:
    """One public key, and the algorithms whose signatures it may check."""

    public: AllowedPublicKeys
    algorithms: frozenset[str]


@dataclass(frozen=True)
class KeySet:
    """Keys by `kid`, and how many more there are that check no signature of ours."""

    keys: Mapping[str, Key] = field(default_factory=dict)
    unused: int = 0


@dataclass(frozen=True)
class _Held:
    keys: Mapping[str, Key]
    since: float

    def age(self, now: float) -> float:
        return now - self.since


def strict_object(text: bytes) -> dict[str, Any]:
    """A JSON object in UTF-8, without doubled names, NaN or Infinity. Raises ValueError.

    Two readers of a doubled name may see two values: one checks what the other does not use.
    """
    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError as problem:
        raise ValueError("nested too deeply") from problem
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name is there twice")
    return members


def _no_number(_text: str) -> NoReturn:
    raise ValueError("no JSON number")


def read_key_set(text: bytes) -> KeySet:
    """The keys of a JWK Set that can check signatures. Raises KeySetError.

    Keys for something else (encryption, other algorithms) are left out, as RFC 7517, section 5
    asks. What shows that the set is not in good hands makes it unusable as a whole.
    """
    jwks = _members(text)
    keys: dict[str, Key] = {}
    for jwk in jwks:
        if jwk.get("kty") == "oct" or _SECRETS & jwk.keys():
            raise KeySetError("holds a private or symmetric key: whoever read it can sign")
        key = _key(jwk)
        if key is None:
            continue
        if jwk["kid"] in keys:
            raise KeySetError("holds two keys of one kid")
        keys[jwk["kid"]] = key
    if not keys:
        raise KeySetError(
            f"holds no key to check signatures with: each needs a kid, `use` sig if any, and to "
            f"be EC, Ed25519 or RSA of {LEAST_RSA_BITS} to {MOST_RSA_BITS} bits"
        )
    return KeySet(keys, len(jwks) - len(keys))


def _members(text: bytes) -> list[dict[str, Any]]:
    if len(text) > MOST_BYTES:
        raise KeySetError(f"is larger than {MOST_BYTES} bytes")
    try:
        jwks = strict_object(text).get("keys")
    except ValueError:
        raise KeySetError("is no JSON object, or has a name twice") from None
    if not isinstance(jwks, list) or not all(isinstance(jwk, dict) for jwk in jwks):
        raise KeySetError("is no JWK Set")
    if len(jwks) > MOST_KEYS:
        raise KeySetError(f"holds more than {MOST_KEYS} keys")
    return jwks


def _key(jwk: dict[str, Any]) -> Key | None:
    """The key of one JWK; None where it is for something else or not sound."""
    kid, operations = jwk.get("kid"), jwk.get("key_ops", ["verify"])
    if not isinstance(kid, str) or not kid or jwk.get("use", "sig") != "sig":
        return None
    if not isinstance(operations, list) or "verify" not in operations:
        return None
    kty, crv, alg = jwk.get("kty"), jwk.get("crv"), jwk.get("alg")
    algorithms = frozenset(
        name
        for name, (its_kty, its_crv) in KINDS.items()
        if its_kty == kty and its_crv in (None, crv) and alg in (None, name)
    )
    if not algorithms:
        return None
    try:
        public = _READERS[str(kty)](jwk)
    except (PyJWTError, ValueError, TypeError, KeyError, UnsupportedAlgorithm):
        return None
    bits = public.key_size if isinstance(public, RSAPublicKey) else LEAST_RSA_BITS
    return Key(public, algorithms) if LEAST_RSA_BITS <= bits <= MOST_RSA_BITS else None


def read_file(path: str) -> bytes:
    """The text of a key file, cut where it is too large to be used. Raises KeySetError."""
    try:
        with Path(path).open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except (OSError, ValueError):
        raise KeySetError("cannot be read") from None


class KeySource:
    """One JWK Set, wherever it comes from. Safe to use from several threads."""

    def __init__(self, name: str, read: Callable[[], bytes], ticks: Ticks = time.monotonic) -> None:
        """`name` is for the log; `read` gives the set's text and takes bounded time."""
        self.name = name
        self.problem = "has not been read"
        """Why the last reading brought no keys; empty when it did."""
        self._read = read
        self._ticks = ticks
        self._held = _Held({}, -math.inf)  # Replaced as a whole, so read without a lock.
        self._asked = -math.inf
        self._reading = threading.Lock()
        self._places = threading.BoundedSemaphore(MOST_WAITING)

    def key(self, kid: str) -> Key | None:
        """The key of this name. Reads the set first only where the key is not held, or is old."""
        held, now = self._held, self._ticks()
        if kid not in held.keys or held.age(now) > UNASKED_SECONDS:
            self.refresh()
            held, now = self._held, self._ticks()
        elif held.age(now) > FRESH_SECONDS:
            self.refresh_beside()
        return held.keys.get(kid) if held.age(now) <= USABLE_SECONDS else None

    def has_keys(self) -> bool:
        """Whether there are keys that may be used."""
        held = self._held
        return bool(held.keys) and held.age(self._ticks()) <= USABLE_SECONDS

    def refresh(self) -> None:
        """Read the set again, or wait for who does so; nothing where that was a moment ago."""
        if not self._may_ask() or not self._places.acquire(blocking=False):
            return
        try:
            with self._reading:
                if self._may_ask():
                    self._ask()
        finally:
            self._places.release()

    def refresh_beside(self) -> None:
        """Read the set again on another thread, unless it is being read."""
        if not self._may_ask() or not self._reading.acquire(blocking=False):
            return
        try:
            threading.Thread(target=self._ask_and_release, name="keys", daemon=True).start()
        except RuntimeError:  # No thread is to be had: the next request tries again.
            self._reading.release()

    def _ask_and_release(self) -> None:
        try:
            if self._may_ask():
                self._ask()
        finally:
            self._reading.release()

    def _may_ask(self) -> bool:
        return self._ticks() - self._asked >= ASK_AGAIN_SECONDS

    def _ask(self) -> None:
        """One reading. `_asked` is set after it, so that who comes meanwhile waits for it."""
        started = self._ticks()
        try:
            found = read_key_set(self._read())
        except Exception as problem:  # Whatever it is, the keys held stay and the request goes on.
            self.problem = _reason(problem)
            fields = {"client": self.name, "reason": self.problem}
            log.warning("a key set cannot be used", extra=fields)
        else:
            self._held, self.problem = _Held(found.keys, started), ""
            if found.unused:
                unused: dict[str, object] = {"client": self.name, "count": found.unused}
                log.info("a key set holds keys of no use to us", extra=unused)
        finally:
            self._asked = self._ticks()


def _reason(problem: Exception) -> str:
    if isinstance(problem, KeySetError):
        return str(problem)
    if isinstance(problem, OutboundRefused):
        return f"cannot be fetched: {problem.reason}"
    return f"cannot be fetched: {type(problem).__name__}"
