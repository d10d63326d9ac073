"""What real clients do and what broke other services, each as a regression test.

The official sandbox (https://sandbox.cds-hooks.org) is a browser client; its users read "All clear"
where a service fails. The second part posts to made-up content: rules that raise, and two services
on one hook.
"""

from __future__ import annotations

import logging
from typing import Any

import pytest

import fixtures
from tests.protocol import made_up_content
from tests.protocol.support import (
    NOW,
    ORDER,
    REQUESTS,
    VIEW,
    Caller,
    actions,
    add,
    application,
    clinical,
    good,
    resources,
    suggestions,
)

SANDBOX = [name for name in REQUESTS if name.startswith("sandbox-client.")]
HYDROXYUREA = "sandbox-client.order-select.hydroxyurea"


# --- The official sandbox -------------------------------------------------------------------------


@pytest.mark.parametrize("name", SANDBOX)
def test_what_the_sandbox_sends_is_served(caller: Caller, name: str) -> None:
    """HOOK-06, HOOK-10, REQ-12: https://cds-hooks.hl7.org/hooks/order-select/"""
    assert caller.rules(good(name)) == [rule for rule, _ in fixtures.EXPECTED[name].cards]


def test_the_empty_draft_of_the_order_view_brings_no_card(caller: Caller) -> None:
    """HOOK-05: https://cds-hooks.hl7.org/hooks/order-select/"""
    request = good("sandbox-client.order-select.empty-draft")
    assert request["context"]["draftOrders"]["entry"]
    assert caller.cards(request) == []
    del request["prefetch"]
    assert caller.cards({**request, "fhirServer": "http://127.0.0.1:9/fhir"}) == []


SPELLINGS = ["/cds-services", "/cds-services/", "//cds-services", "/cds-services//"]


@pytest.mark.parametrize("path", SPELLINGS)
def test_no_spelling_of_the_discovery_url_is_redirected(caller: Caller, path: str) -> None:
    """DISC-01; a preflight follows no redirect: https://fetch.spec.whatwg.org/#http-fetch"""
    assert caller.send("GET", path).json == caller.send("GET", "/cds-services").json
    assert caller.send("OPTIONS", path).status_code == 204


@pytest.mark.parametrize("path", ["/cds-services//{}", "//cds-services/{}", "/cds-services/{}/"])
def test_no_spelling_of_a_service_url_is_redirected(caller: Caller, path: str) -> None:
    """REQ-01: https://cds-hooks.hl7.org/2.0/#calling-a-cds-service"""
    spelled = path.format("als-leukemia-patient-view")
    assert caller.send("POST", spelled, json=good(VIEW)).json["cards"]


def test_a_card_of_the_sandbox_can_be_acted_on(caller: Caller) -> None:
    """CARD-21, SUG-07: no uuid, no feedback: https://cds-hooks.hl7.org/2.0/#feedback"""
    cards = caller.cards(good("sandbox-client.patient-view"))
    assert cards
    assert all(card["uuid"] and card["overrideReasons"] for card in cards)
    assert all(suggestion["uuid"] for suggestion in suggestions(cards))


DSTU2_SYSTEMS = {"http://hl7.org/fhir/sid/icd-10-cm": "urn:oid:2.16.840.1.113883.6.90"}


def as_dstu2(request: dict[str, Any]) -> dict[str, Any]:
    """The same record in the shapes of DSTU2, which the sandbox's default server sends."""
    for resource in clinical(request):
        if resource["resourceType"] == "Condition":
            resource["patient"] = resource.pop("subject")
            resource["clinicalStatus"] = "active"
            resource["verificationStatus"] = "confirmed"
            resource["dateRecorded"] = resource.pop("recordedDate")[:10]
            resource["category"] = resource["category"][0]
        elif resource["resourceType"] == "Observation":
            resource["category"] = resource.pop("category", [{}])[0]
    return request


def test_a_record_of_dstu2_brings_the_same_cards(caller: Caller) -> None:
    """ROB-03: https://hl7.org/fhir/DSTU2/condition.html"""
    assert caller.rules(as_dstu2(good(VIEW))) == caller.rules(good(VIEW))


def test_a_draft_of_dstu2_brings_the_same_advice(caller: Caller) -> None:
    """HOOK-04: https://hl7.org/fhir/DSTU2/medicationorder.html"""
    request = good(ORDER)
    for entry in request["context"]["draftOrders"]["entry"]:
        order = entry["resource"]
        if order["resourceType"] == "MedicationRequest":
            order["resourceType"], order["patient"] = "MedicationOrder", order.pop("subject")
    selections = [each.replace("Request/order-d", "Order/order-d") for each in good_selections()]
    request["context"]["selections"] = selections
    assert "MedicationOrder/order-daunorubicin" in selections
    assert caller.rules(request) == caller.rules(good(ORDER))


def good_selections() -> list[str]:
    """As the fixture has them."""
    found: list[str] = good(ORDER)["context"]["selections"]
    return found


def test_a_suggested_drug_can_be_shown_by_the_sandbox(caller: Caller) -> None:
    """ACT-10: text and a product code, or the order on screen goes blank:
    https://hl7.org/fhir/R4/medicationrequest.html"""
    found = [
        action["resource"]["medicationCodeableConcept"]
        for suggestion in suggestions(caller.cards(good("sandbox-client.patient-view")))
        for action in suggestion["actions"]
        if action.get("resource", {}).get("resourceType") == "MedicationRequest"
    ]
    assert [(drug["text"] != "", drug["coding"][0]["code"]) for drug in found] == [(True, "197797")]


# --- EHRs -----------------------------------------------------------------------------------------


def test_an_order_id_of_190_characters_is_named_as_it_came(caller: Caller) -> None:
    """ACT-06, ACT-09: https://cds-hooks.hl7.org/2.0/#action"""
    request = good(ORDER)
    identity = "e" + ".a-1" * 47
    for entry in request["context"]["draftOrders"]["entry"]:
        if entry["resource"]["resourceType"] == "MedicationRequest":
            entry["resource"]["id"] = identity
    request["context"]["selections"] = [f"MedicationRequest/{identity}"]
    actions = [a for s in suggestions(caller.cards(request)) for a in s["actions"]]
    deleted = [action["resourceId"] for action in actions if action["type"] == "delete"]
    assert deleted == [f"MedicationRequest/{identity}"]


UNNAMABLE = [
    None,
    "",
    True,
    7.5,
    ["a"],
    "two words",
    "../Patient/1",
    "..",
    "a\nb",
    "a\n",
    "a?b",
    "ü",
]


def deletions(caller: Caller, request: dict[str, Any]) -> list[str]:
    """What the cards offer to take back; cards there must be."""
    cards = caller.cards(request)
    assert cards
    return [a["resourceId"] for a in actions(cards) if a["type"] == "delete"]


@pytest.mark.parametrize("identity", UNNAMABLE)
def test_an_order_that_cannot_be_named_is_not_deleted(caller: Caller, identity: Any) -> None:
    """ACT-06: https://hl7.org/fhir/R4/datatypes.html#id"""
    request = good(ORDER)
    assert deletions(caller, good(ORDER))
    for entry in request["context"]["draftOrders"]["entry"]:
        entry["resource"]["id"] = identity
    kinds = ("ServiceRequest", "MedicationRequest")
    request["context"]["selections"] = [f"{kind}/{identity or ''}" for kind in kinds]
    assert deletions(caller, request) == []


def test_an_order_that_shares_its_id_is_not_deleted(caller: Caller) -> None:
    """ACT-06: which of the two would go? https://cds-hooks.hl7.org/2.0/#action"""
    request = good(ORDER)
    entries = request["context"]["draftOrders"]["entry"]
    mine = [e for e in entries if e["resource"]["resourceType"] == "MedicationRequest"]
    other = {**mine[0]["resource"], "medicationCodeableConcept": {"text": "Paracetamol"}}
    identity = f"MedicationRequest/{other['id']}"
    assert identity in deletions(caller, request)
    entries.append({"resource": other})
    assert identity not in deletions(caller, request)


def test_an_order_id_that_is_a_number_is_named_by_it(caller: Caller) -> None:
    """ACT-06, BAD-19: https://hl7.org/fhir/R4/datatypes.html#id"""
    request = good(ORDER)
    for entry in request["context"]["draftOrders"]["entry"]:
        entry["resource"]["id"] = 7
    request["context"]["selections"] = ["ServiceRequest/7", "MedicationRequest/7"]
    assert set(deletions(caller, request)) == {"ServiceRequest/7", "MedicationRequest/7"}


# --- What broke other services --------------------------------------------------------------------


def test_a_bare_or_absolute_reference_to_the_patient_is_the_patient(caller: Caller) -> None:
    """BAD-17: https://hl7.org/fhir/R4/references.html#literal"""
    request = good(VIEW)
    for resource in clinical(request):
        resource["subject"] = {"reference": request["context"]["patientId"]}
    assert caller.rules(request) == caller.rules(good(VIEW))


def test_thousands_per_microliter_are_no_kelvin(caller: Caller) -> None:
    """ROB-02: https://ucum.org/ucum#para-41 reads K as kelvin"""
    request = good(VIEW)
    quantity = resources(request, "leukocytes")[0]["valueQuantity"]
    for spelling in ("K/uL", "k/ul", "K/µL", "K/μL"):
        quantity.update(unit=spelling, code=spelling)
        card = caller.cards(request)[0]
        assert card["source"]["topic"]["code"] == "hyperleukocytosis-emergency"
        assert "Leukocytes 187 ×10⁹/L" in card["detail"]


def test_a_medication_is_read_as_r4_has_it(caller: Caller) -> None:
    """ACT-10: R5 moved these fields: https://hl7.org/fhir/R4/medicationrequest.html"""
    request = good(VIEW)
    drug = {
        "resourceType": "MedicationRequest",
        "id": "running",
        "status": "active",
        "intent": "order",
        "authoredOn": NOW.isoformat(),
        "medicationCodeableConcept": {"text": "Hydroxyurea 500 mg oral capsule"},
    }
    assert "hydroxyurea" in proposed(caller, request)
    assert "hydroxyurea" not in proposed(caller, add(request, "medications", drug))


def proposed(caller: Caller, request: dict[str, Any]) -> str:
    """The drugs that the cards offer to draft, in lower case."""
    drafts = [action.get("resource", {}) for action in actions(caller.cards(request))]
    return str([draft.get("medicationCodeableConcept") for draft in drafts]).lower()


@pytest.fixture(scope="module")
def made_up() -> Caller:
    """A client of an application with other content: a hospital's own."""
    return Caller(application(content=made_up_content.__name__))


def test_two_services_on_one_hook_are_both_listed_and_called(made_up: Caller) -> None:
    """DISC-12, REQ-01: https://cds-hooks.hl7.org/2.0/#discovery"""
    listed = made_up.send("GET", "/cds-services").json["services"]
    assert [service["id"] for service in listed] == ["steady", "failing", "broken-card"]
    assert {service["hook"] for service in listed} == {"patient-view"}
    assert all(service["prefetch"] for service in listed)
    for service in ("steady", "failing"):
        cards = made_up.cards(good(VIEW), service=service)
        assert cards[-1]["source"]["topic"]["code"] == f"{service}-rule" or service == "failing"


def test_a_rule_that_raises_is_said_and_costs_no_other_card(
    made_up: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    """ERR-04, RSP-05: silence would mean "checked": https://cds-hooks.hl7.org/2.0/#cards"""
    caplog.set_level(logging.DEBUG)
    (card,) = made_up.cards(good(VIEW), service="failing")
    assert "The check failing-rule could not be run" in card["detail"]
    assert "secret of the patient" not in str(card)
    assert "secret of the patient" not in caplog.text
    assert "a rule raised" in caplog.text
    assert "failing-rule" in [vars(record).get("rule") for record in caplog.records]


def test_a_card_that_cannot_be_built_is_shown_without_what_failed(made_up: Caller) -> None:
    """ERR-03, CARD-01: https://cds-hooks.hl7.org/2.0/#cards"""
    (card,) = made_up.cards(good(VIEW), service="broken-card")
    assert card["summary"] == "A card whose advice cannot be worked out."
    assert "Part of this card could not be worked out" in card["detail"]
    assert "secret of the patient" not in str(card)
