"""Key sets over HTTP, through the guard of outbound requests, up to the client that calls."""

from __future__ import annotations

import pytest
import responses
from msgspec.structs import replace

from cds_service.authentication import Authenticator
from cds_service.clients import Clients
from cds_service.errors import NotTrusted
from tests.trust.tokens import BASE, EHR, NOW, URL, Used, bearer, claims, jwk, key_set, of

KEYS = "https://ehr.hospital.example/keys"
CLIENT = replace(EHR, jwks=KEYS)
GOOD = key_set(jwk(of("ES384")))


def known() -> Authenticator:
    return Authenticator(Clients((CLIENT,), 2.0), BASE, "production", Used(), lambda: NOW)


@responses.activate
def test_keys_are_fetched_once_for_many_calls() -> None:
    responses.get(KEYS, body=GOOD, content_type="application/jwk-set+json")
    authenticator = known()
    for number in range(3):
        sent = bearer(None, claims(jti=str(number)))
        assert authenticator.authenticate(sent, URL) is CLIENT
    assert len(responses.calls) == 1


BAD = {
    "503": ({"status": 503, "body": GOOD}, "cannot be fetched: it answered 503"),
    "a redirect": (
        {"status": 302, "headers": {"Location": "https://attacker.example/keys"}},
        "cannot be fetched: it answered 302",
    ),
    "too large": ({"body": GOOD + b" " * 300_000}, "cannot be fetched: its answer is too large"),
    "a page": ({"body": b"<html>"}, "is no JSON object, or has a name twice"),
}


@pytest.mark.parametrize(("answer", "reason"), BAD.values(), ids=BAD)
@responses.activate
def test_a_set_that_is_not_answered_as_it_should_be_gives_no_keys(
    answer: dict[str, object], reason: str
) -> None:
    responses.get(KEYS, **answer)
    responses.get("https://attacker.example/keys", body=GOOD)
    authenticator = known()
    with pytest.raises(NotTrusted, match="names a key that is not in its key set"):
        authenticator.authenticate(bearer(), URL)
    assert authenticator.lacking() == {"general": f"its key set {reason}"}
    assert [call.request.url for call in responses.calls] == [KEYS]
