"""Which browsers are told that they may call: https://fetch.spec.whatwg.org/#http-cors-protocol"""

from __future__ import annotations

import pytest

from cds_service.cors import ANY, headers

KNOWN = frozenset({"https://ehr.example", "https://other.example"})


def test_any_origin_is_told_so_without_being_repeated() -> None:
    found = headers(ANY, "https://ehr.example")
    assert found["Access-Control-Allow-Origin"] == "*"
    assert "Vary" not in found


def test_a_known_origin_is_repeated_and_caches_are_told() -> None:
    found = headers(KNOWN, "https://ehr.example")
    assert (found["Access-Control-Allow-Origin"], found["Vary"]) == (
        "https://ehr.example",
        "Origin",
    )


@pytest.mark.parametrize(
    "origin",
    [None, "null", "https://ehr.example.evil.example", "http://ehr.example", "https://EHR.example"],
)
def test_another_origin_is_told_nothing(origin: str | None) -> None:
    assert headers(KNOWN, origin) == {"Vary": "Origin"}


def test_without_origins_no_browser_is_told_anything() -> None:
    assert headers(frozenset(), "https://ehr.example") == {}


@pytest.mark.parametrize("origins", [ANY, KNOWN])
def test_a_browser_may_send_a_token_and_no_cookie(origins: frozenset[str]) -> None:
    found = headers(origins, "https://ehr.example")
    assert "Authorization" in found["Access-Control-Allow-Headers"]
    assert "Content-Type" in found["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in found
