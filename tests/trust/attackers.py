"""What attackers work with: clients, keys of their own, the public ones; and why they fail."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec.structs import replace

from tests.trust.tokens import (
    ALGORITHMS,
    EHR,
    JKU,
    KeyServer,
    bearer,
    claims,
    elliptic,
    encoded,
    header,
    jwk,
    key_set,
    of,
    rivest,
)

GENERAL = replace(EHR, jku=(JKU,), tenants=("north",))
CLINIC = replace(
    EHR,
    name="clinic",
    fhir_servers=("https://clinic.example",),
    issuer="https://clinic.example",
    jwks="https://clinic.example/keys",
)
FORGED = elliptic(number=1)
FOREIGN = "https://attacker.example/keys"


def key_server() -> KeyServer:
    secret = {"kty": "oct", "k": encoded(b"secret"), "kid": "secret"}
    return KeyServer(
        {
            JKU: key_set(
                jwk(of("ES384")),
                jwk(of("RS384"), "two", alg="RS384"),
                jwk(rivest(1024), "weak"),
                jwk(of("ES256"), "short"),
                jwk(elliptic(number=2), "encryption", use="enc"),
            ),
            CLINIC.jwks: key_set(jwk(elliptic(number=3))),
            FOREIGN: key_set(jwk(FORGED), jwk(FORGED, "mine"), secret),
        }
    )


def says(**changes: object) -> str:
    """A token of the right key, from the right place, with other claims."""
    return bearer(header(jku=JKU), claims(tenant="north", **changes))


def headed(*, private: object = None, **changes: object) -> str:
    """A token with another header, signed by the client's key unless another is given."""
    key = private if private is not None else of("ES384")
    return bearer(
        header(**{"jku": JKU, **changes}),
        claims(tenant="north"),
        sign=lambda text: ALGORITHMS["ES384"].sign(text, key),
    )


def signed(sign: Callable[[bytes], bytes], **changes: object) -> str:
    return bearer(header(jku=JKU, **changes), claims(tenant="north"), sign=sign)


def keyed(algorithm: str, secret: bytes) -> str:
    """A symmetric signature; not by PyJWT, which refuses public keys as secrets."""
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384}[algorithm]
    return signed(lambda text: hmac.digest(secret, text, digest), alg=algorithm)


def der(text: bytes) -> bytes:
    return of("ES384").sign(text, ec.ECDSA(hashes.SHA384()))


def changed(text: str, place: int, by: str) -> str:
    """A token with one of its three parts changed."""
    parts = text.split(".")
    parts[place] = by
    return ".".join(parts)


def public(encoding: Encoding) -> bytes:
    """The client's public RSA key, as attackers read it from its key set."""
    return of("RS384").public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)


SOUND = says()
PLAIN = SOUND.removeprefix("Bearer ")
FLIPPED = SOUND[:-10] + ("A" if SOUND[-10] != "A" else "B") + SOUND[-9:]
PAYLOAD = json.dumps(claims(tenant="north"))

NO_ALGORITHM = "its token's algorithm is not among the client's"
WRONG_SIGNATURE = "its token's signature is wrong"
WRONG_KEY = "its token's key is not for its algorithm"
UNKNOWN_KEY = "its token names a key that is not in its key set"
NO_KEY = "its token names no key"
FOREIGN_SET = "its token names a key set (jku) that is not the client's"
NO_SET = "its token names no key set (jku), and the client has no jwks"
NO_TYPE = "its token is not of type JWT"
EXTENSION = "its token needs an extension of JWS"
NOT_FOR_US = "its token is not for the address called (aud)"
TOO_LONG = "its token's lifetime is too long or none (iat to exp)"
NO_TEXT = "its token's jti is no text, empty or too long"
NOT_ASCII = "its token's jti holds other than printable ASCII characters"
NO_TENANT = "its token's tenant is not one of the client's"
NO_ISSUER = "the token has no issuer"
STRANGER = "the token's issuer is no client's"
NO_JWT = "the token is no JWT"
NO_BEARER = "the Authorization header is no signed bearer token"
OVERSIZED = "the Authorization header is longer than 8192 bytes"
LOOSE = "its token does not hold together"
