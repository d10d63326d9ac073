"""What looks like a search that found nothing, and is not: named on a card, never an all-clear.

https://hl7.org/fhir/R4/http.html#search: one that found nothing is a searchset without entries.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.protocol.support import QUIET, SEARCH_KEYS, Caller, good, resources

REQUIRED = "conditions"
OPTIONAL = tuple(key for key in SEARCH_KEYS if key != REQUIRED)

PROCEDURE = {"resource": {"resourceType": "Procedure", "id": "a"}}
SEARCHSET = {"resourceType": "Bundle", "type": "searchset"}
BATCH = {"resourceType": "Bundle", "type": "batch-response"}

LOOKS_EMPTY: dict[str, dict[str, Any]] = {
    "a batch whose part was refused": {**BATCH, "entry": [{"response": {"status": "403"}}]},
    "a batch around the searchset": {**BATCH, "entry": [{"resource": SEARCHSET}]},
    "only resources of another kind": {**SEARCHSET, "entry": [PROCEDURE]},
    "only addresses": {**SEARCHSET, "entry": [{"fullUrl": "https://ehr.example/fhir/Basic/a"}]},
    "only what is null": {**SEARCHSET, "entry": [None, {"resource": None}]},
    "a resource without a type": {**SEARCHSET, "entry": [{"resource": {"id": "a"}}]},
    "a count": {**SEARCHSET, "total": 3},
    "a next page without an address": {**SEARCHSET, "link": [{"relation": "next"}]},
    "a next page at a number": {**SEARCHSET, "link": [{"relation": "next", "url": 2}]},
}
LOOK = pytest.mark.parametrize("value", LOOKS_EMPTY.values(), ids=LOOKS_EMPTY)


def with_answer(key: str, value: dict[str, Any]) -> dict[str, Any]:
    """A request that brings no cards, with another answer under one key, and no FHIR server."""
    request = good(QUIET)
    request.pop("fhirServer", None)
    request["prefetch"][key] = value
    return request


@pytest.mark.parametrize("key", OPTIONAL)
@LOOK
def test_what_only_looks_empty_is_named_on_a_card(
    caller: Caller, key: str, value: dict[str, Any]
) -> None:
    """DATA-05, DATA-24"""
    details = [card["detail"] for card in caller.cards(with_answer(key, value))]
    assert any(f"Data under {key} could not be read" in detail for detail in details)


@LOOK
def test_conditions_that_only_look_empty_are_412(caller: Caller, value: dict[str, Any]) -> None:
    """DATA-05, ERR-05"""
    answer = caller.post(with_answer(REQUIRED, value))
    assert answer.status_code == 412
    assert f"prefetch key {REQUIRED} " in answer.json["issue"][0]["diagnostics"]


@pytest.mark.parametrize("key", SEARCH_KEYS)
def test_a_count_beside_what_was_found_says_nothing(caller: Caller, key: str) -> None:
    """Servers estimate it, and count what they include: https://hl7.org/fhir/R4/bundle.html"""
    request = good(QUIET)
    value = request["prefetch"][key]
    value["total"] = 7 * len(resources(request, key))
    assert caller.cards(with_answer(key, value)) == []
