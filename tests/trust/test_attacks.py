"""Attacks on authentication: every row of the table, and what nobody has thought of."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import NotTrusted
from tests.trust.attackers import CLINIC, GENERAL, SOUND, headed, key_server, says
from tests.trust.attacks import ROWS
from tests.trust.tokens import (
    ALGORITHMS,
    JKU,
    URL,
    Used,
    authenticator,
    bearer,
    claims,
    elliptic,
    header,
    of,
)


@pytest.mark.parametrize(("make", "reason"), ROWS.values(), ids=ROWS)
def test_every_attack_is_refused(make: Callable[[], str | None], reason: str) -> None:
    server, used = key_server(), Used()
    door = authenticator(GENERAL, CLINIC, server=server, used=used)
    with pytest.raises(NotTrusted) as refusal:
        door.authenticate(make(), URL)
    reason, _, name = reason.partition(" (clinic")
    named = f"client {'clinic' if name else 'general'}: " if reason.startswith("its ") else ""
    assert str(refusal.value) == named + reason
    assert set(server.asked) <= {JKU, CLINIC.jwks}
    assert used.ids == {}


def test_what_the_attacks_were_made_from_is_accepted() -> None:
    """Or the table would show nothing."""
    clinics = bearer(header(), claims(iss=CLINIC.issuer), elliptic(number=3))
    for sent, client in (
        (SOUND, GENERAL),
        (headed(), GENERAL),
        (says(), GENERAL),
        (clinics, CLINIC),
    ):
        door = authenticator(GENERAL, CLINIC, server=key_server())
        assert door.authenticate(sent, URL) is client


def test_a_refused_token_names_the_client_and_nothing_of_its_own() -> None:
    """Whatever the reason: no message of the table holds a value that a token could choose."""
    door = authenticator(GENERAL, CLINIC, server=key_server())
    for make, _ in ROWS.values():
        with pytest.raises(NotTrusted) as refusal:
            door.authenticate(make(), URL)
        message = str(refusal.value).replace("public CDS Hooks sandbox", "")
        assert not any(
            part in message for part in ("http", "attacker", "practitioner", "0d1c", "eyJ")
        )


TEXT = st.text(max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(["alg", "typ", "kid", "jku", "crit", "b64", "jwk", "x5c", "zip", "cty"])
CLAIMS = st.sampled_from(["iss", "aud", "exp", "iat", "nbf", "jti", "sub", "tenant"])


@given(st.dictionaries(NAMES, JSON, min_size=1), st.dictionaries(CLAIMS, JSON))
def test_odd_headers_and_claims_are_refused_or_mean_nothing(
    head: dict[str, object], content: dict[str, object]
) -> None:
    """Signed with the client's own key: even the client cannot make the service fail."""
    door = authenticator(GENERAL, CLINIC, server=key_server())
    sent = bearer(
        header(**{"jku": JKU, **head}),
        claims(**{"tenant": "north", **content}),
        sign=lambda text: ALGORITHMS["ES384"].sign(text, of("ES384")),
    )
    try:
        assert door.authenticate(sent, URL) is GENERAL
    except NotTrusted:
        return
    assert not {"alg", "kid", "typ", "crit", "b64"} & head.keys()


@given(st.integers(min_value=0, max_value=len(SOUND) - 1), st.characters(max_codepoint=255))
def test_no_character_of_a_token_can_be_changed(place: int, character: str) -> None:
    changed = SOUND[:place] + character + SOUND[place + 1 :]
    if changed.removeprefix(changed[:6]) == SOUND[6:] and changed[:6].lower() == "bearer":
        return
    with pytest.raises(NotTrusted):
        authenticator(GENERAL, server=key_server()).authenticate(changed, URL)


@given(st.text())
def test_any_text_is_refused(text: str) -> None:
    for sent in (text, f"Bearer {text}"):
        with pytest.raises(NotTrusted):
            authenticator(GENERAL, server=key_server()).authenticate(sent, URL)
