"""Builders of keys, key sets, tokens and clients, sound ones and every other."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

from cds_service.authentication import Authenticator
from cds_service.clients import Client, Clients
from cds_service.outbound import AddressRules

Json = dict[str, Any]

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
BASE = "https://cds.hospital.example/als"
URL = f"{BASE}/cds-services/als-leukemia-patient-view"
ISSUER = "https://ehr.hospital.example/oauth"
JKU = "https://ehr.hospital.example/oauth/keys"
ABSENT = object()
"""A member to leave out."""

ALGORITHMS = get_default_algorithms()


def elliptic(curve: type[ec.EllipticCurve] = ec.SECP384R1, number: int = 0) -> Any:
    """The same private key for the same arguments: making RSA keys takes long."""
    return _elliptic(curve, number)


@cache
def _elliptic(curve: type[ec.EllipticCurve], _number: int) -> Any:
    return ec.generate_private_key(curve())


def rivest(bits: int = 2048) -> Any:
    return _rivest(bits)


@cache
def _rivest(bits: int) -> Any:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def edwards() -> Any:
    return ed25519.Ed25519PrivateKey.generate()


def of(algorithm: str) -> Any:
    """The private key that signs with an algorithm in these tests."""
    curves = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}
    if algorithm in curves:
        return elliptic(curves[algorithm])
    return edwards() if algorithm == "EdDSA" else rivest()


def jwk(private: Any, kid: object = "one", **members: object) -> Json:
    """The public key as a JWK; ABSENT leaves a member out."""
    kinds = {ec.EllipticCurvePrivateKey: "ES384", rsa.RSAPrivateKey: "RS384"}
    name = next((name for kind, name in kinds.items() if isinstance(private, kind)), "EdDSA")
    own = ALGORITHMS[name].to_jwk(private.public_key(), as_dict=True)
    own.pop("key_ops", None)
    return without_absent({**own, "kid": kid, "use": "sig", **members})


def key_set(*jwks: object) -> bytes:
    return json.dumps({"keys": jwks}).encode()


def without_absent(members: Json) -> Json:
    return {name: value for name, value in members.items() if value is not ABSENT}


def claims(**changes: object) -> Json:
    """What a sound token says, changed; ABSENT leaves a claim out."""
    sound = {
        "iss": ISSUER,
        "aud": URL,
        "iat": SECONDS,
        "exp": SECONDS + 300,
        "jti": "0d1c9f3e-8e0a-4b1f-9d5c-5b8e6c1f7a42",
        "sub": "practitioner-7",
    }
    return without_absent({**sound, **changes})


def header(**changes: object) -> Json:
    return without_absent({"alg": "ES384", "typ": "JWT", "kid": "one", **changes})


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def as_json(value: object) -> bytes:
    """Text and bytes stand for themselves, so that there can be JSON nobody would write."""
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


def token(
    its_header: object = None,
    its_claims: object = None,
    private: Any = None,
    sign: Callable[[bytes], bytes] | None = None,
) -> str:
    """A token of these parts, signed as its header says unless `sign` is given."""
    its_header = header() if its_header is None else its_header
    content = claims() if its_claims is None else its_claims
    signed = f"{encoded(as_json(its_header))}.{encoded(as_json(content))}"
    if sign is None:
        algorithm = its_header["alg"] if isinstance(its_header, dict) else "ES384"
        key = private if private is not None else of(algorithm)
        signature = ALGORITHMS[algorithm].sign(signed.encode(), key)
    else:
        signature = sign(signed.encode())
    return f"{signed}.{encoded(signature)}"


def bearer(*parts: Any, **more: Any) -> str:
    return f"Bearer {token(*parts, **more)}"


EHR = Client(name="general", fhir_servers=("https://fhir.hospital.example/r4",), issuer=ISSUER)


@dataclass
class KeyServer:
    """Every address there is, and who asked for which under which rules."""

    sets: dict[str, bytes | Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    rules: list[AddressRules] = field(default_factory=list)

    def __call__(self, url: str, rules: AddressRules, seconds: float, max_bytes: int) -> bytes:
        self.asked.append(url)
        self.rules.append(rules)
        answer = self.sets[url]
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Used:
    """The ids that were used, with when they may be forgotten."""

    ids: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def first_use(self, issuer: str, jti: str, until: datetime) -> bool:
        return self.ids.setdefault((issuer, jti), until) is until


@dataclass
class Watch:
    """Seconds that pass when told to."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


def authenticator(
    *clients: Client,
    server: KeyServer | None = None,
    used: Used | None = None,
    mode: Any = "production",
    now: datetime = NOW,
    watch: Watch | None = None,
) -> Authenticator:
    known = Clients(clients=tuple(clients), default_deadline=2.0)
    return Authenticator(
        known,
        BASE,
        mode,
        used if used is not None else Used(),
        lambda: now,
        fetch=server or KeyServer(),
        ticks=watch or Watch(),
    )


def all_keys(algorithms: Iterable[str] = ("ES384", "RS384")) -> bytes:
    """A key set with a key for each algorithm; `one` is the first's, others bear their names."""
    names = list(algorithms)
    return key_set(*(jwk(of(name), "one" if name == names[0] else name.lower()) for name in names))
