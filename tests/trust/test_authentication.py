"""Which tokens are accepted, with which keys, and what of a client's entry is wrong."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from msgspec.structs import replace

from cds_service.authentication import problems
from cds_service.clients import Client
from cds_service.errors import NotTrusted, StoreDown
from cds_service.outbound import AddressRules, OutboundRefused
from tests.trust.tokens import (
    ABSENT,
    BASE,
    EHR,
    ISSUER,
    JKU,
    NOW,
    SECONDS,
    URL,
    Json,
    KeyServer,
    Used,
    Watch,
    all_keys,
    authenticator,
    bearer,
    claims,
    elliptic,
    header,
    jwk,
    key_set,
    of,
    rivest,
)

KEYS = "https://ehr.hospital.example/keys"
BY_ADDRESS = replace(EHR, jwks=KEYS)
BY_NAME = replace(EHR, jku=(JKU, f"{JKU}/next"))


def served() -> KeyServer:
    return KeyServer({KEYS: all_keys(), JKU: all_keys(), f"{JKU}/next": key_set(jwk(rivest()))})


def accepts(sent: str, client: Client = BY_ADDRESS, **more: Any) -> bool:
    more.setdefault("server", served())
    return authenticator(client, **more).authenticate(sent, URL) is client


def refusal(sent: str, client: Client = BY_ADDRESS, **more: Any) -> str:
    with pytest.raises(NotTrusted) as refused:
        accepts(sent, client, **more)
    return str(refused.value)


# --- Tokens that count ----------------------------------------------------------------------------

ACCEPTED: dict[str, tuple[Json, Json]] = {
    "ES384": (header(), claims()),
    "RS384": (header(alg="RS384", kid="rs384"), claims()),
    "typ in lower case": (header(typ="jwt"), claims()),
    "aud a list": (header(), claims(aud=[URL])),
    "aud a list with others": (header(), claims(aud=[BASE, URL])),
    "no sub": (header(), claims(sub=ABSENT)),
    "a tenant where any counts": (header(), claims(tenant="north")),
    "claims of the client's own": (header(), claims(fhirUser="x", roles=[{"a": None}])),
    "header members without meaning": (header(cty="x", x5t="y", alg2="none"), claims()),
    "times with fractions": (header(), claims(iat=SECONDS - 0.5, exp=SECONDS + 299.25)),
    "nbf in the past": (header(), claims(nbf=SECONDS - 9)),
    "nbf within the skew": (header(), claims(nbf=SECONDS + 30)),
    "iat within the skew": (header(), claims(iat=SECONDS + 30)),
    "exp within the skew": (header(), claims(iat=SECONDS - 300, exp=SECONDS - 29)),
    "the longest lifetime": (header(), claims(exp=SECONDS + 600)),
    "the longest jti": (header(), claims(jti="j" * 256)),
    "a jti of other characters": (header(), claims(jti="urn:uuid:{7 & 'eight'}")),
}


@pytest.mark.parametrize(("head", "content"), ACCEPTED.values(), ids=ACCEPTED)
def test_sound_tokens_are_accepted(head: Json, content: Json) -> None:
    """https://cds-hooks.hl7.org/#trusting-cds-clients"""
    assert accepts(bearer(head, content))


def test_tokens_as_pyjwt_makes_them_are_accepted() -> None:
    sent = jwt.encode(claims(), of("RS384"), algorithm="RS384", headers={"kid": "rs384"})
    assert accepts(f"Bearer {sent}")


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "Bearer   "])
def test_the_scheme_may_be_written_in_any_case(scheme: str) -> None:
    assert accepts(bearer().replace("Bearer ", scheme))


@pytest.mark.parametrize("algorithm", ["ES256", "ES512", "RS256", "RS512", "PS384", "EdDSA"])
def test_other_algorithms_count_where_they_are_configured(algorithm: str) -> None:
    sent = bearer(header(alg=algorithm), claims())
    server = KeyServer({KEYS: key_set(jwk(of(algorithm)))})
    assert accepts(sent, replace(BY_ADDRESS, algorithms=(algorithm,)), server=server)
    assert "algorithm" in refusal(sent, server=server)


@pytest.mark.parametrize("algorithm", ["none", "HS256", "ES256K"])
def test_some_never_count_whatever_is_configured(algorithm: str) -> None:
    """The type of the setting forbids them too."""
    client = replace(BY_ADDRESS, algorithms=(algorithm, "ES384"))
    sent = bearer(header(alg=algorithm), claims(), sign=lambda _: b"signature")
    assert refusal(sent, client) == (
        "client general: its token's algorithm is not among the client's"
    )


def test_a_token_is_for_the_address_called_only() -> None:
    feedback = f"{URL}/feedback"
    known = authenticator(BY_ADDRESS, server=served())
    assert known.authenticate(bearer(None, claims(aud=feedback)), feedback) is BY_ADDRESS
    with pytest.raises(NotTrusted, match="aud"):
        known.authenticate(bearer(), feedback)


@pytest.mark.parametrize("url", ["https://attacker.example/cds-services/x", f"{BASE}.evil/x", ""])
def test_an_address_that_is_not_the_services_is_a_fault_of_ours(url: str) -> None:
    """Such as one that was built from the Host header."""
    with pytest.raises(ValueError, match="base URL"):
        authenticator(BY_ADDRESS, server=served()).authenticate(bearer(None, claims(aud=url)), url)


def test_further_audiences_count_in_sandbox_mode_only() -> None:
    client = replace(BY_ADDRESS, audiences=("http://localhost:8080/",))
    sent = bearer(None, claims(aud="http://localhost:8080/"))
    assert accepts(sent, client, mode="sandbox")
    assert "aud" in refusal(sent, client)


def test_tenants_are_compared_where_they_are_configured() -> None:
    client = replace(BY_ADDRESS, tenants=("north", "south"))
    assert accepts(bearer(None, claims(tenant="south")), client)
    assert "tenant" in refusal(bearer(None, claims(tenant="North")), client)
    assert "tenant" in refusal(bearer(None, claims(tenant=7)))


def test_each_client_is_known_by_its_issuer() -> None:
    clinic = replace(EHR, name="clinic", issuer="https://clinic.example", jwks=f"{KEYS}/clinic")
    nobody = replace(EHR, name="nobody", issuer="", jwks=KEYS)
    server = served()
    server.sets[f"{KEYS}/clinic"] = key_set(jwk(elliptic(number=1)))
    known = authenticator(BY_ADDRESS, clinic, nobody, server=server)
    sent = bearer(None, claims(iss=clinic.issuer), elliptic(number=1))
    assert known.authenticate(bearer(), URL) is BY_ADDRESS
    assert known.authenticate(sent, URL) is clinic
    with pytest.raises(NotTrusted, match="issuer is no client's"):
        known.authenticate(bearer(None, claims(iss="")), URL)


def test_the_public_sandbox_is_a_client_in_sandbox_mode_only() -> None:
    sandbox = replace(BY_ADDRESS, issuer="https://sandbox.cds-hooks.org")
    sent = bearer(None, claims(iss=sandbox.issuer))
    assert accepts(sent, sandbox, mode="sandbox")
    assert refusal(sent, sandbox) == "the public CDS Hooks sandbox: its private key is public"


# --- Each token once ------------------------------------------------------------------------------


def test_a_token_counts_once() -> None:
    known = authenticator(BY_ADDRESS, server=served())
    sent = bearer()
    assert known.authenticate(sent, URL) is BY_ADDRESS
    with pytest.raises(NotTrusted, match="used before"):
        known.authenticate(sent, URL)
    with pytest.raises(NotTrusted, match="used before"):
        known.authenticate(bearer(header(alg="RS384", kid="rs384"), claims(aud=[URL])), URL)
    assert known.authenticate(bearer(None, claims(jti="another")), URL) is BY_ADDRESS


def test_an_id_is_remembered_for_its_issuer_until_no_machine_takes_it() -> None:
    """One whose clock is 30 s slow still takes it 60 s after `exp` by the clock of the others."""
    used = Used()
    assert accepts(bearer(), used=used)
    expected = NOW + timedelta(seconds=300 + 60)
    assert used.ids == {(ISSUER, claims()["jti"]): expected}


def test_a_token_that_is_refused_uses_up_no_id() -> None:
    """Or a forger could have the next sound token refused."""
    used = Used()
    for sent in (
        bearer(None, None, elliptic(number=1)),
        bearer(None, claims(aud=BASE)),
        bearer(None, claims(exp=SECONDS - 60, iat=SECONDS - 90)),
        bearer(None, claims(tenant=1)),
    ):
        refusal(sent, used=used)
    assert used.ids == {}


def test_a_store_that_does_not_answer_lets_nobody_in() -> None:
    class Down(Used):
        def first_use(self, *_: object) -> bool:
            raise StoreDown("the store does not answer")

    with pytest.raises(StoreDown):
        accepts(bearer(), used=Down())


# --- Where keys come from -------------------------------------------------------------------------


def test_keys_come_from_the_clients_own_set() -> None:
    server = served()
    assert accepts(bearer(), server=server)
    assert (server.asked, server.rules) == ([KEYS], [AddressRules(True, False)])


def test_keys_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(all_keys())
    server = served()
    assert accepts(bearer(), replace(EHR, jwks=str(file)), server=server)
    assert server.asked == []


def test_keys_come_from_the_registered_set_that_the_token_names() -> None:
    server = served()
    known = authenticator(BY_NAME, server=server)
    first = bearer(header(jku=JKU), claims(jti="1"))
    other = bearer(header(jku=f"{JKU}/next", alg="RS384"), claims(jti="2"))
    assert {known.authenticate(sent, URL) for sent in (first, other)} == {BY_NAME}
    assert server.asked == [JKU, f"{JKU}/next"]
    with pytest.raises(NotTrusted, match="key is not for its algorithm"):
        known.authenticate(bearer(header(jku=f"{JKU}/next"), claims(jti="3")), URL)


@pytest.mark.parametrize("named", [JKU, KEYS])
def test_a_registered_jku_does_not_replace_the_clients_own_set(named: str) -> None:
    """A site that has pinned the keys goes on using them, though the EHR names where they are."""
    server = KeyServer({KEYS: all_keys(), JKU: key_set(jwk(elliptic(number=1)))})
    client = replace(BY_ADDRESS, jku=(JKU,))
    assert accepts(bearer(header(jku=named)), client, server=server)
    assert server.asked == [KEYS]


def test_a_name_like_the_key_file_is_no_registered_jku(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(all_keys())
    assert "jku" in refusal(bearer(header(jku=str(file))), replace(EHR, jwks=str(file)))


def test_rotated_keys_are_fetched_when_a_token_names_one() -> None:
    server, watch = served(), Watch()
    known = authenticator(BY_ADDRESS, server=server, watch=watch)
    known.load()
    server.sets[KEYS] = key_set(jwk(elliptic(number=1), "new"))
    rotated = bearer(header(kid="new"), None, elliptic(number=1))
    with pytest.raises(NotTrusted, match="not in its key set"):
        known.authenticate(rotated, URL)  # The set was read this moment.
    watch.seconds += 30
    assert known.authenticate(rotated, URL) is BY_ADDRESS


RULES = [
    ("production", False, AddressRules(https_only=True, allow_private=False)),
    ("production", True, AddressRules(https_only=True, allow_private=True)),
    ("sandbox", False, AddressRules(https_only=False, allow_private=True)),
]


@pytest.mark.parametrize(("mode", "private", "rules"), RULES)
def test_keys_are_fetched_by_the_rules_of_mode_and_client(
    mode: str, private: bool, rules: AddressRules
) -> None:
    server = served()
    client = replace(BY_ADDRESS, private_network=private)
    assert accepts(bearer(), client, server=server, mode=mode)
    assert server.rules == [rules]


def test_clients_with_one_key_server_share_what_is_fetched() -> None:
    server = served()
    other = replace(BY_ADDRESS, name="other", issuer="https://other.example")
    known = authenticator(BY_ADDRESS, other, server=server)
    known.load()
    assert known.authenticate(bearer(), URL) is BY_ADDRESS
    assert known.authenticate(bearer(None, claims(iss=other.issuer)), URL) is other
    assert server.asked == [KEYS]


def test_ready_means_that_one_client_has_keys() -> None:
    """The key server of one EHR must not take the service from the others."""
    server, watch = served(), Watch()
    server.sets[JKU] = server.sets[f"{JKU}/next"] = OutboundRefused("it answered 503")
    clinic = replace(BY_NAME, name="clinic", issuer="https://clinic.example")
    known = authenticator(BY_ADDRESS, clinic, server=server, watch=watch)
    known.load()
    failed = "its key set cannot be fetched: it answered 503"
    assert (known.lacking(), known.unready()) == ({"clinic": failed}, [])
    alone = authenticator(clinic, server=server, watch=watch)
    alone.load()
    assert alone.unready() == [f"client clinic: {failed}"]


def test_asking_for_readiness_has_missing_keys_read() -> None:
    """An instance that is not ready gets no calls, so that no call would have them read."""
    server, watch = served(), Watch()
    known = authenticator(BY_ADDRESS, server=server, watch=watch)
    assert known.unready() == ["client general: its key set has not been read"]
    for thread in threading.enumerate():
        if thread.name == "keys":
            thread.join(30)
    assert (known.unready(), server.asked) == ([], [KEYS])


# --- What an entry lacks --------------------------------------------------------------------------

PROBLEMS: dict[str, tuple[Json, list[str]]] = {
    "nothing": ({"jwks": KEYS}, []),
    "nothing, by jku": ({"jku": (JKU,)}, []),
    "nothing, in the hospital's network": (
        {"jwks": "https://10.0.0.7/keys", "private_network": True},
        [],
    ),
    "no issuer": ({"jwks": KEYS, "issuer": ""}, ["has no issuer"]),
    "no keys": ({}, ["has neither jwks nor jku: there are no keys to check its tokens with"]),
    "audiences": (
        {"jwks": KEYS, "audiences": ("x",)},
        ["has audiences, which count in sandbox mode only"],
    ),
    "jwks without TLS": (
        {"jwks": "http://ehr.example/keys"},
        ["jwks: its address is not https"],
    ),
    "jku without TLS": (
        {"jku": (JKU, "http://ehr.example/keys")},
        ["jku: its address is not https"],
    ),
    "a private address": ({"jwks": "https://10.0.0.7/keys"}, ["jwks: its address is private"]),
    "jku no address": (
        {"jku": ("keys.json",)},
        ["jku: its address is not of the form http(s)://host:port/path, without user and fragment"],
    ),
    "a file that is not there": (
        {"jwks": "absent/keys.json"},
        ["its key set absent/keys.json cannot be read"],
    ),
}


@pytest.mark.parametrize(("entry", "found"), PROBLEMS.values(), ids=PROBLEMS)
def test_what_an_entry_lacks_for_production_is_named(entry: Json, found: list[str]) -> None:
    client = replace(EHR, **entry)
    assert problems(client) == [f"client general: {problem}" for problem in found]


@pytest.mark.parametrize("field", ["issuer", "jwks", "jku"])
@pytest.mark.parametrize(
    "address",
    [
        "https://sandbox.cds-hooks.org",
        "https://sandbox.cds-hooks.org/",
        "https://Sandbox.CDS-Hooks.org./keys",
        "http://sandbox.cds-hooks.org:443",
        "https://user@sandbox.cds-hooks.org",
        "sandbox.cds-hooks.org",
    ],
)
def test_the_public_sandbox_is_refused_however_it_is_spelt(field: str, address: str) -> None:
    client = replace(BY_ADDRESS, **{field: (address,) if field == "jku" else address})
    assert any("the public sandbox (sandbox.cds-hooks.org)" in each for each in problems(client))
    if field == "issuer":
        sent = bearer(None, claims(iss=address))
        assert refusal(sent, client).startswith("the public CDS Hooks sandbox")


@pytest.mark.parametrize("issuer", ["https://[sandbox", "https://sandbox.cds-hooks.org.example"])
def test_others_are_not_taken_for_it(issuer: str) -> None:
    assert accepts(bearer(None, claims(iss=issuer)), replace(BY_ADDRESS, issuer=issuer))


def test_key_files_are_looked_into(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    client = replace(EHR, jwks=str(file))
    file.write_bytes(all_keys())
    assert problems(client) == []
    file.write_bytes(key_set(jwk(of("ES256"))))
    assert problems(client) == [f"client general: no key of {file} is for one of its algorithms"]
    file.write_text(json.dumps({"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "one"}]}))
    assert problems(client) == [
        f"client general: its key set {file} holds a private or symmetric key: whoever read it "
        "can sign"
    ]
