"""Who calls: the JWT of a request, checked against the clients of the client file.

https://cds-hooks.hl7.org/#trusting-cds-clients, with RFC 7519 (JWT), RFC 7515 (JWS), RFC 6750
(Bearer) and RFC 8725 (what goes wrong with them). PyJWT verifies; here is what it leaves open:
whose keys, one reading of each token, the clock, each token once. A refusal's reason is for the
log: it names the client and the check, and holds nothing of the token.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from threading import Thread
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

import jwt

from cds_service.clients import Client, Clients
from cds_service.errors import NotTrusted
from cds_service.keys import (
    KINDS,
    MOST_BYTES,
    READ_SECONDS,
    Key,
    KeySetError,
    KeySource,
    Ticks,
    read_file,
    read_key_set,
    strict_object,
)
from cds_service.outbound import AddressRules, OutboundRefused, check_url, fetch

MOST_TOKEN_BYTES = 8 * 1024
"""Tokens of EHRs have some 500 to 1500 bytes; nothing longer is looked at."""

SKEW_SECONDS = 30
"""How far clocks may differ. Servers that keep time differ by less than a second."""

MOST_LIFETIME_SECONDS = 600
"""From `iat` to `exp`. The specification recommends five minutes; twice that leaves room for
clients that set `iat` back or round up, and bounds how long a used `jti` has to be remembered."""

MOST_ID_LENGTH = 256
"""Of `jti`, which is stored. A UUID has 36 characters."""

PUBLIC_SANDBOX = "sandbox.cds-hooks.org"
"""The private key of its tokens is public, so they show nothing about who calls."""

REQUIRED = ("iss", "aud", "exp", "iat", "jti")

Clock = Callable[[], datetime]
Fetch = Callable[[str, AddressRules, float, int], bytes]
Json = Mapping[str, Any]

_PART = "[A-Za-z0-9_-]+"
_BEARER = re.compile(rf"bearer +({_PART}\.{_PART}\.{_PART})", re.IGNORECASE | re.ASCII)
"""RFC 6750, section 2.1, for a signed token; the scheme in any case (RFC 9110, section 11.1)."""

_JWT = jwt.PyJWT()


class Replay(Protocol):
    """Where used tokens are remembered, for all processes and machines of one service."""

    def first_use(self, issuer: str, jti: str, until: datetime) -> bool:
        """Remember the id until then. False where it was there already."""


@dataclass(frozen=True)
class _Caller:
    """A client that may call, with its keys: its own set, or those its tokens may name."""

    client: Client
    own: KeySource | None
    named: Mapping[str, KeySource]

    def addresses(self) -> list[str]:
        """What its tokens may name as `jku`."""
        return [*self.client.jku, *filter(_is_address, [self.client.jwks])]

    def sources(self) -> list[KeySource]:
        return [self.own] if self.own is not None else list(self.named.values())


class Authenticator:
    """Tells which client a token comes from. Safe to use from several threads."""

    def __init__(
        self,
        clients: Clients,
        base_url: str,
        mode: Literal["sandbox", "production"],
        replay: Replay,
        clock: Clock,
        *,
        fetch: Fetch = fetch,
        ticks: Ticks = time.monotonic,
    ) -> None:
        """Reads no keys yet: see `load`. An issuer is one client's: `read_clients` sees to it."""
        self._base = base_url.rstrip("/") + "/"
        self._production = mode == "production"
        self._replay = replay
        self._clock = clock
        self._fetch = fetch
        self._ticks = ticks
        self._sources: dict[tuple[str, bool], KeySource] = {}
        self._callers: dict[str, _Caller] = {}
        for client in clients.clients:
            if client.issuer:
                self._callers[client.issuer] = self._caller(client)

    def authenticate(self, authorization: str | None, url: str) -> Client:
        """The client that calls. Raises NotTrusted with the reason.

        `url` is the address of the endpoint as the base URL makes it, never as the request's
        Host says. A token is for exactly this text: a slash more at the end is another address.
        """
        if not url.startswith(self._base):
            raise ValueError("an endpoint that is not below the base URL")
        token = _token(authorization)
        header, claims = _read(token)
        caller = self._of(claims.get("iss"))
        try:
            key, algorithms = self._key(caller, header)
            self._verify(caller.client, token, key, algorithms, url)
            until = self._check_times(claims)
            _check_tenant(caller.client, claims)
            # Last, so that only a token that counts uses up its id.
            if not self._replay.first_use(caller.client.issuer, _id(claims), until):
                raise NotTrusted("its token was used before")
        except NotTrusted as refusal:
            raise NotTrusted(f"client {caller.client.name}: {refusal}") from None
        return caller.client

    def load(self) -> None:
        """Read all key sets now, at the same time; those that fail are read again when needed."""
        threads = [Thread(target=source.refresh) for source in self._sources.values()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def lacking(self) -> dict[str, str]:
        """Clients whose keys are not there, and why; their sets are read again beside this."""
        lacking = {}
        for caller in self._callers.values():
            sources = caller.sources()
            if not any(source.has_keys() for source in sources):
                reasons = dict.fromkeys(f"its key set {source.problem}" for source in sources)
                lacking[caller.client.name] = "; ".join(reasons)
            for source in sources:
                if not source.has_keys():
                    source.refresh_beside()
        return lacking

    def unready(self) -> list[str]:
        """What keeps every client out; empty as soon as one can call.

        One EHR whose key server is down must not take the service from the others.
        """
        lacking = self.lacking()
        if len(lacking) < len(self._callers):
            return []
        return [f"client {name}: {reason}" for name, reason in lacking.items()]

    def _caller(self, client: Client) -> _Caller:
        own = self._source(client, client.jwks) if client.jwks else None
        named = {} if own else {address: self._source(client, address) for address in client.jku}
        return _Caller(client, own, named)

    def _source(self, client: Client, place: str) -> KeySource:
        """The key set at an address or in a file; one for all clients that share it."""
        private = client.private_network or not self._production
        read: Callable[[], bytes] = partial(read_file, place)
        if _is_address(place):
            rules = AddressRules(https_only=self._production, allow_private=private)
            read = partial(self._fetch, place, rules, READ_SECONDS, MOST_BYTES)
        return self._sources.setdefault((place, private), KeySource(client.name, read, self._ticks))

    def _of(self, issuer: object) -> _Caller:
        if not isinstance(issuer, str):
            raise NotTrusted("the token has no issuer")
        if self._production and _is_public(issuer):
            raise NotTrusted("the public CDS Hooks sandbox: its private key is public")
        caller = self._callers.get(issuer)
        if caller is None:
            raise NotTrusted("the token's issuer is no client's")
        return caller

    def _key(self, caller: _Caller, header: Json) -> tuple[Key, list[str]]:
        """The client's key that the header names, and the algorithms that count with it."""
        client = caller.client
        alg, kid, typ = header.get("alg"), header.get("kid"), header.get("typ")
        if not isinstance(typ, str) or typ.upper() != "JWT":
            raise NotTrusted("its token is not of type JWT")
        if "crit" in header or "b64" in header:  # No extension is understood (RFC 7515, 4.1.11).
            raise NotTrusted("its token needs an extension of JWS")
        if not isinstance(alg, str) or alg not in client.algorithms or alg not in KINDS:
            raise NotTrusted("its token's algorithm is not among the client's")
        if not isinstance(kid, str) or not kid:
            raise NotTrusted("its token names no key")
        # Keys and certificates inside the header (jwk, x5c, x5u) are never looked at.
        key = _source(caller, header).key(kid)
        if key is None:
            raise NotTrusted("its token names a key that is not in its key set")
        if alg not in key.algorithms:
            raise NotTrusted("its token's key is not for its algorithm")
        return key, [name for name in client.algorithms if name in key.algorithms]

    def _verify(
        self, client: Client, token: str, key: Key, algorithms: list[str], url: str
    ) -> None:
        """Signature, `iss`, `aud` and what is required; not the times, for which PyJWT asks the
        machine's clock."""
        audience = [url] if self._production else [url, *client.audiences]
        try:
            _JWT.decode(
                token,
                key.public,
                algorithms=algorithms,
                audience=audience,
                issuer=client.issuer,
                options={
                    "require": list(REQUIRED),
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except jwt.InvalidSignatureError:
            raise NotTrusted("its token's signature is wrong") from None
        except jwt.InvalidAudienceError:
            raise NotTrusted("its token is not for the address called (aud)") from None
        except jwt.MissingRequiredClaimError as problem:
            raise NotTrusted(f"its token lacks {problem.claim}") from None
        except (jwt.PyJWTError, ValueError, TypeError):
            raise NotTrusted("its token does not hold together") from None

    def _check_times(self, claims: Json) -> datetime:
        """Until when the token's id has to be remembered. Raises NotTrusted."""
        now = self._clock().timestamp()
        issued, expires = _time(claims, "iat"), _time(claims, "exp")
        if issued > now + SKEW_SECONDS:
            raise NotTrusted("its token is from the future (iat)")
        if expires <= now - SKEW_SECONDS:
            raise NotTrusted("its token has expired (exp)")
        if not 0 < expires - issued <= MOST_LIFETIME_SECONDS:
            raise NotTrusted("its token's lifetime is too long or none (iat to exp)")
        if "nbf" in claims and _time(claims, "nbf") > now + SKEW_SECONDS:
            raise NotTrusted("its token is not valid yet (nbf)")
        # Twice: the store is swept by machines whose clocks differ from this one's.
        return datetime.fromtimestamp(expires + 2 * SKEW_SECONDS, UTC)


def problems(client: Client) -> list[str]:
    """What keeps a client from being authenticated in production, as far as its entry tells.

    Key files are read, key servers are not asked: `Authenticator.load` and `lacking` tell that.
    """
    found = []
    if not client.issuer:
        found.append("has no issuer")
    if any(map(_is_public, (client.issuer, client.jwks, *client.jku))):
        found.append(f"is the public sandbox ({PUBLIC_SANDBOX}): anybody can sign in its name")
    if not client.jwks and not client.jku:
        found.append("has neither jwks nor jku: there are no keys to check its tokens with")
    if client.audiences:
        found.append("has audiences, which count in sandbox mode only")
    if client.jwks and not _is_address(client.jwks):
        found.extend(_file_problems(client))
    for field, place in (("jwks", client.jwks), *(("jku", place) for place in client.jku)):
        if field == "jku" or _is_address(place):
            found.extend(f"{field}: {problem}" for problem in _address_problems(client, place))
    return [f"client {client.name}: {problem}" for problem in found]


def _file_problems(client: Client) -> list[str]:
    try:
        keys = read_key_set(read_file(client.jwks)).keys
    except KeySetError as problem:
        return [f"its key set {client.jwks} {problem}"]
    if any(key.algorithms & set(client.algorithms) for key in keys.values()):
        return []
    return [f"no key of {client.jwks} is for one of its algorithms"]


def _address_problems(client: Client, address: str) -> list[str]:
    try:
        check_url(address, AddressRules(https_only=True, allow_private=client.private_network))
    except OutboundRefused as refusal:
        return [refusal.reason]
    return []


def _is_address(place: str) -> bool:
    return "://" in place


def _is_public(address: str) -> bool:
    """Whether an address is the public sandbox's, however it is spelt."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return False
    return (host or address).lower().rstrip("./") == PUBLIC_SANDBOX


def _token(authorization: str | None) -> str:
    if not authorization:
        raise NotTrusted("there is no Authorization header")
    if len(authorization) > MOST_TOKEN_BYTES:
        raise NotTrusted(f"the Authorization header is longer than {MOST_TOKEN_BYTES} bytes")
    match = _BEARER.fullmatch(authorization)
    if match is None:
        raise NotTrusted("the Authorization header is no signed bearer token")
    return match[1]


def _read(token: str) -> tuple[Json, Json]:
    """Header and claims, nothing verified. Strict, so that PyJWT reads the same afterwards."""
    header, claims, signature = token.split(".")
    try:
        _decoded(signature)
        return strict_object(_decoded(header)), strict_object(_decoded(claims))
    except ValueError:
        raise NotTrusted("the token is no JWT") from None


def _decoded(part: str) -> bytes:
    """base64url in its one canonical form (RFC 7515, section 2). Raises ValueError."""
    content = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if base64.urlsafe_b64encode(content).rstrip(b"=") != part.encode():
        raise ValueError("bits beside the content")
    return content


def _source(caller: _Caller, header: Json) -> KeySource:
    """Where the key comes from. An address in the token chooses among the client's own."""
    jku = header.get("jku")
    if "jku" in header and jku not in caller.addresses():
        raise NotTrusted("its token names a key set (jku) that is not the client's")
    if caller.own is not None:
        return caller.own
    if jku is None:
        raise NotTrusted("its token names no key set (jku), and the client has no jwks")
    return caller.named[jku]


def _check_tenant(client: Client, claims: Json) -> None:
    if "tenant" not in claims and not client.tenants:
        return
    tenant = claims.get("tenant")
    if not isinstance(tenant, str) or (client.tenants and tenant not in client.tenants):
        raise NotTrusted("its token's tenant is not one of the client's")


def _id(claims: Json) -> str:
    """`jti`, of printable ASCII: any store and any log can hold it, and compares it alike."""
    jti = claims["jti"]
    if not isinstance(jti, str) or not 0 < len(jti) <= MOST_ID_LENGTH:
        raise NotTrusted("its token's jti is no text, empty or too long")
    if not (jti.isascii() and jti.isprintable()):
        raise NotTrusted("its token's jti holds other than printable ASCII characters")
    return jti


def _time(claims: Json, name: str) -> float:
    """A NumericDate (RFC 7519, section 2): seconds, of a year that a calendar has."""
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotTrusted(f"its token's {name} is no number")
    if not 0 <= value < 1e11:
        raise NotTrusted(f"its token's {name} is no time")
    return value
