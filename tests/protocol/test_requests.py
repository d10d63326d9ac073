"""Requests that must be served, and hook contexts: https://cds-hooks.hl7.org/2.0/#http-request_1"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.protocol.support import (
    ACCESS_TOKEN,
    CALLER_TOKEN,
    KEYS,
    ORDER,
    QUIET,
    REQUESTS,
    VIEW,
    Caller,
    add,
    good,
    without_uuids,
)

BOTH = pytest.mark.parametrize("name", [VIEW, ORDER])

SUBJECT = {"subject": {"reference": "Patient/als-aml-emergency"}}
BARE: dict[str, Any] = {"id": "bare", "status": "draft", **SUBJECT}
OTHER_ORDERS: dict[str, dict[str, Any]] = {
    "a device": {"resourceType": "DeviceRequest", "codeCodeableConcept": {"text": "Pump"}},
    "a meal": {"resourceType": "NutritionOrder", "oralDiet": {"type": [{"text": "Soft"}]}},
    "glasses": {"resourceType": "VisionPrescription", "patient": SUBJECT["subject"]},
    "a message": {"resourceType": "CommunicationRequest", "payload": [{"contentString": "Call"}]},
    "a supply": {"resourceType": "SupplyRequest", "itemCodeableConcept": {"text": "Gloves"}},
    "an appointment": {"resourceType": "Appointment"},
    "a kind of the future": {"resourceType": "FutureRequest", "future": [[{}], None]},
    "a draft of an older FHIR": {
        "resourceType": "MedicationOrder",
        "medicationCodeableConcept": {"text": "Aspirin"},
    },
    "a medication with nothing in it": {"resourceType": "MedicationRequest"},
    "a service with nothing in it": {"resourceType": "ServiceRequest"},
    "an order with empty parts": {
        "resourceType": "MedicationRequest",
        "medicationCodeableConcept": {"coding": [], "text": ""},
        "dosageInstruction": [{}],
        "dispenseRequest": {},
    },
}


def rules(caller: Caller, request: dict[str, Any]) -> list[str]:
    return caller.rules(request)


def drafts(request: dict[str, Any]) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = request["context"]["draftOrders"]["entry"]
    return entries


# --- Members of a request -------------------------------------------------------------------------


@BOTH
def test_optional_members_may_be_absent(caller: Caller, name: str) -> None:
    """REQ-02: https://cds-hooks.hl7.org/2.0/#http-request_1"""
    request = good(name)
    expected = rules(caller, request)
    assert expected
    for member in ("fhirServer", "fhirAuthorization"):
        request.pop(member, None)
    request["context"].pop("encounterId", None)
    assert rules(caller, request) == expected


@BOTH
def test_an_encounter_may_be_named(caller: Caller, name: str) -> None:
    """HOOK-03: https://cds-hooks.hl7.org/hooks/patient-view/"""
    request = good(name)
    request["context"]["encounterId"] = "another-encounter"
    assert rules(caller, request) == rules(caller, good(name))


@BOTH
def test_extensions_and_unknown_members_are_ignored(caller: Caller, name: str) -> None:
    """REQ-03, REQ-04: https://cds-hooks.hl7.org/2.0/#extensions"""
    request = good(name)
    extension = {"com.example.trigger-action": "23", "org.example": [{}, None]}
    for holder in (request, request["context"]):
        holder["extension"] = extension
        holder["unknownMember"] = {"nested": [1, "two", None]}
    request["prefetch"]["unasked"] = {"resourceType": "Bundle", "entry": [1, 2]}
    assert rules(caller, request) == rules(caller, good(name))


MEDIA_TYPES = [
    "application/json; charset=utf-8",
    "application/json;charset=UTF-8",
    "Application/JSON",
    "application/json; odata=verbose",
]


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_the_media_type_may_have_any_case_and_parameters(caller: Caller, media_type: str) -> None:
    """REQ-05: https://www.rfc-editor.org/rfc/rfc9110#media.type"""
    assert caller.cards(good(VIEW), content_type=media_type)


INSTANCES = {
    "upper case": "D1577C69-DFBE-44AD-BA6D-3E05E953B2EA",
    "no UUID": "hook-instance-7",
}


@pytest.mark.parametrize("instance", INSTANCES.values(), ids=INSTANCES)
def test_the_hook_instance_is_opaque(caller: Caller, instance: str) -> None:
    """REQ-06, BAD-08: https://cds-hooks.hl7.org/2.0/#hookinstance"""
    assert caller.cards({**good(VIEW), "hookInstance": instance})


def test_a_large_record_is_served_with_the_same_cards(caller: Caller) -> None:
    """REQ-11: https://cds-hooks.hl7.org/2.0/#http-request_1"""
    request = good(VIEW)
    note = {"text": "Seen on the ward; no change. " * 40}
    for number in range(2000):
        condition = {"resourceType": "Condition", "id": f"other-{number}", "note": [note]}
        add(request, "conditions", {**condition, "code": {"text": "Hay fever"}})
    assert len(json.dumps(request)) > 2_000_000
    assert rules(caller, request) == rules(caller, good(VIEW))


def test_a_bearer_token_of_any_issuer_is_ignored(caller: Caller) -> None:
    """REQ-12, RSP-08: https://cds-hooks.hl7.org/2.0/#trusting-cds-clients"""
    headers = {"Authorization": f"Bearer {CALLER_TOKEN}"}
    assert caller.cards(good(VIEW), headers=headers)
    assert caller.send("GET", "/cds-services", headers=headers).status_code == 200


def test_the_access_token_is_not_repeated(caller: Caller, caplog: pytest.LogCaptureFixture) -> None:
    """RSP-08, DATA-22: https://cds-hooks.hl7.org/2.0/#passing-the-access-token-to-the-cds-service"""
    caplog.set_level(0)
    request = good(VIEW)
    request["fhirAuthorization"] = {
        "access_token": ACCESS_TOKEN,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "user/*.read",
        "subject": "als-leukemia-cds",
    }
    headers = {"Authorization": f"Bearer {CALLER_TOKEN}"}
    assert caller.cards(request, headers=headers)
    request["hook"] = "order-sign"
    caller.post(request, service="als-leukemia-patient-view", headers=headers)
    assert caplog.records
    assert ACCESS_TOKEN not in caplog.text
    assert CALLER_TOKEN not in caplog.text


def test_parallel_requests_do_not_disturb_one_another(caller: Caller) -> None:
    """REQ-10: https://cds-hooks.hl7.org/2.0/#calling-a-cds-service"""
    many = [good(name) for name in REQUESTS] * 3
    serial = [caller.post(request).json for request in many]
    with ThreadPoolExecutor(16) as pool:
        parallel = [answer.json for answer in pool.map(caller.post, many)]
    assert without_uuids(parallel) == without_uuids(serial)


# --- Users ----------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    "user",
    ["Practitioner/abc", "PractitionerRole/abc", "https://ehr.example/fhir/Practitioner/abc"],
)
def test_clinicians_get_cards(caller: Caller, name: str, user: str) -> None:
    """HOOK-01, HOOK-02: https://cds-hooks.hl7.org/hooks/patient-view/"""
    request = good(name)
    request["context"]["userId"] = user
    assert rules(caller, request) == rules(caller, good(name))


@pytest.mark.parametrize("user", ["Patient/als-aml-emergency", "RelatedPerson/abc"])
def test_patients_and_relatives_are_served_without_cards_for_clinicians(
    caller: Caller, user: str
) -> None:
    """HOOK-01: https://cds-hooks.hl7.org/hooks/patient-view/"""
    request = good(VIEW)
    request["context"]["userId"] = user
    assert caller.cards(request) == []


# --- Orders ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", OTHER_ORDERS.values(), ids=OTHER_ORDERS)
@pytest.mark.parametrize("selected", [True, False], ids=["selected", "not selected"])
def test_any_kind_of_order_may_stand_among_the_drafts(
    caller: Caller, order: dict[str, Any], selected: bool
) -> None:
    """HOOK-04, HOOK-05, HOOK-09: https://cds-hooks.hl7.org/hooks/order-select/"""
    request = good(ORDER)
    drafts(request).insert(0, {"resource": {**BARE, **order}})
    if selected:
        request["context"]["selections"].insert(0, f"{order['resourceType']}/bare")
    assert rules(caller, request) == rules(caller, good(ORDER))


@pytest.mark.parametrize("order", OTHER_ORDERS.values(), ids=OTHER_ORDERS)
def test_an_order_without_id_or_patient_is_served(caller: Caller, order: dict[str, Any]) -> None:
    """HOOK-05: https://cds-hooks.hl7.org/hooks/order-select/"""
    request = good(ORDER)
    drafts(request).insert(0, {"resource": order})
    assert rules(caller, request) == rules(caller, good(ORDER))


def test_a_bundle_of_drafts_needs_no_type(caller: Caller) -> None:
    """HOOK-06: https://cds-hooks.hl7.org/hooks/order-select/"""
    request = good(ORDER)
    del request["context"]["draftOrders"]["type"]
    assert rules(caller, request) == rules(caller, good(ORDER))


def test_the_orders_of_the_sandbox_are_served(caller: Caller) -> None:
    """HOOK-06, HOOK-10: https://hl7.org/fhir/R4/medicationrequest.html has arrays there"""
    request = good(ORDER)
    for entry in drafts(request):
        if entry["resource"]["resourceType"] == "MedicationRequest":
            entry["resource"]["category"] = {"text": "community"}
            entry["resource"]["reasonCode"] = {"text": "Acute myeloid leukemia"}
            del entry["resource"]["intent"]
    del request["context"]["draftOrders"]["type"]
    assert rules(caller, request) == rules(caller, good(ORDER))


def test_guidance_is_about_the_selected_orders(caller: Caller) -> None:
    """HOOK-08: https://cds-hooks.hl7.org/hooks/order-select/"""
    selections = good(ORDER)["context"]["selections"]
    expected = {
        "ServiceRequest": ["leukapheresis-als"],
        "MedicationRequest": ["intensive-therapy-als"],
    }
    for selection in selections:
        request = good(ORDER)
        request["context"]["selections"] = [selection]
        assert rules(caller, request) == expected[selection.partition("/")[0]]
    request = good(ORDER)
    drafts(request).append({"resource": {"resourceType": "ServiceRequest", **BARE}})
    request["context"]["selections"] = ["ServiceRequest/bare"]
    assert rules(caller, request) == []


def test_selections_may_be_absolute_or_versioned(caller: Caller) -> None:
    """HOOK-09: https://hl7.org/fhir/R4/references.html#literal"""
    for form in ("{}/_history/1", "https://ehr.example/fhir/{}"):
        request = good(ORDER)
        selections = request["context"]["selections"]
        request["context"]["selections"] = [form.format(each) for each in selections]
        assert rules(caller, request) == rules(caller, good(ORDER))


def test_nothing_selected_brings_no_card(caller: Caller) -> None:
    """HOOK-08; what the official sandbox sends before a drug is chosen:
    https://cds-hooks.hl7.org/hooks/order-select/"""
    request = good(ORDER)
    request["context"]["selections"] = []
    assert caller.cards(request) == []
    del request["context"]["selections"], request["context"]["draftOrders"]
    assert caller.cards(request) == []
    assert caller.cards({key: request[key] for key in ("hook", "hookInstance", "context")}) == []


@pytest.mark.parametrize("key", KEYS)
def test_each_key_alone_may_be_large(caller: Caller, key: str) -> None:
    """REQ-11: https://cds-hooks.hl7.org/2.0/#prefetch-template"""
    request = good(QUIET)
    request["prefetch"][key]["text"] = {"status": "generated", "div": "<div>x</div>" * 20_000}
    assert caller.cards(request) == []
