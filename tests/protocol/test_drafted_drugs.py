"""Drafts that name their drug by a reference alone, or are somebody else's.

https://cds-hooks.hl7.org/hooks/order-sign/: the drug may stand in a Medication that was not sent.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.protocol.fhir_stub import FhirStub, reply
from tests.protocol.support import Caller, good, without_uuids

SIGNED = "aml-g6pd-deficient.order-sign.rasburicase"
SELECTED = "aml-g6pd-deficient.order-select.rasburicase"
NAMES = pytest.mark.parametrize("name", [SIGNED, SELECTED])


def by_reference(name: str, reference: Any, server: str = "") -> tuple[dict[str, Any], Any]:
    """A request whose drug is only referred to, and the Medication that it means."""
    request = good(name)
    request.pop("fhirServer", None)
    if server:
        request["fhirServer"] = server
    draft = request["context"]["draftOrders"]["entry"][0]["resource"]
    concept = draft.pop("medicationCodeableConcept")
    draft["medicationReference"] = reference
    return request, {"resourceType": "Medication", "id": "9", "code": concept}


@NAMES
def test_a_drafted_drug_that_is_referred_to_is_read(caller: Caller, name: str) -> None:
    with FhirStub() as stub:
        request, medication = by_reference(name, {"reference": "Medication/9"}, stub.base)
        stub.replies["Medication/9"] = reply(medication)
        assert caller.rules(request) == caller.rules(good(name)) == ["rasburicase-g6pd"]
        assert stub.asked() == ["Medication/9"]


UNREADABLE: dict[str, Any] = {
    "not there": {"reference": "Medication/9"},
    "an identifier": {"identifier": {"value": "9"}},
    "another type": {"reference": "Basic/9"},
    "nothing": {},
}


@NAMES
@pytest.mark.parametrize("with_server", [False, True])
@pytest.mark.parametrize("reference", UNREADABLE.values(), ids=UNREADABLE)
def test_a_drafted_drug_that_nobody_names_is_said(
    caller: Caller, name: str, reference: Any, with_server: bool
) -> None:
    with FhirStub() as stub:
        request, _ = by_reference(name, reference, stub.base if with_server else "")
        (card,) = caller.cards(request)
    assert "1 drafted drug is named only by a reference that could not be read" in card["detail"]


@NAMES
def test_a_drug_that_the_draft_contains_without_referring_to_it_is_checked(
    caller: Caller, name: str
) -> None:
    request, medication = by_reference(name, {})
    draft = request["context"]["draftOrders"]["entry"][0]["resource"]
    del draft["medicationReference"]
    draft["contained"] = [medication]
    assert caller.rules(request) == ["rasburicase-g6pd"]


@NAMES
@pytest.mark.parametrize("reference", ["Patient/somebody-else", "urn:uuid:1"])
def test_a_request_whose_orders_are_all_somebody_elses_is_refused(
    caller: Caller, name: str, reference: str
) -> None:
    """BAD-17"""
    request = good(name)
    for entry in request["context"]["draftOrders"]["entry"]:
        entry["resource"]["subject"] = {"reference": reference}
    answer = caller.post(request)
    assert answer.status_code == 400
    assert "about another patient" in answer.json["issue"][0]["diagnostics"]


@NAMES
def test_an_order_of_somebody_else_among_others_is_said(caller: Caller, name: str) -> None:
    """BAD-17"""
    request = good(name)
    entries = request["context"]["draftOrders"]["entry"]
    stranger = {**entries[0]["resource"], "id": "other", "subject": {"reference": "Patient/x"}}
    entries.append({"resource": stranger})
    (card,) = caller.cards(request)
    assert "1 drafted order is about another patient, and not checked" in card["detail"]
    usual = caller.cards(good(name))
    assert [each["suggestions"] for each in without_uuids([card])] == [
        each["suggestions"] for each in without_uuids(usual)
    ]


def test_a_drug_that_is_not_selected_is_not_asked_for(caller: Caller) -> None:
    request, _ = by_reference(SELECTED, {"reference": "Medication/9"})
    draft = request["context"]["draftOrders"]["entry"][0]["resource"]
    other = {**good(SELECTED)["context"]["draftOrders"]["entry"][0]["resource"], "id": "other"}
    request["context"]["draftOrders"]["entry"] = [{"resource": draft}, {"resource": other}]
    request["context"]["selections"] = [f"{other['resourceType']}/other"]
    (card,) = caller.cards(request)
    assert "named only by a reference" not in card["detail"]
