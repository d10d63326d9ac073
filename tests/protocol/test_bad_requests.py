"""Requests that are refused, each with a reason: https://cds-hooks.hl7.org/2.0/#http-request_1

`Caller` sees to it that no answer is a 5xx and that every refusal is an OperationOutcome.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.protocol.support import ORDER, QUIET, VIEW, Caller, clinical, good

NAMES = pytest.mark.parametrize("name", [VIEW, ORDER])
NO_TEXTS: dict[str, Any] = {
    "null": None,
    "empty": "",
    "a number": 1,
    "true": True,
    "an object": {},
    "an array": ["patient-view"],
}
MISSING = object()
SPOILT_TEXTS = {**NO_TEXTS, "missing": MISSING}
NO_CONTEXTS = {**SPOILT_TEXTS, "an array of objects": [{}]}


def spoilt(name: str, member: str, value: Any, *, context: bool = False) -> dict[str, Any]:
    """A good request with one member of it or of its context replaced or removed."""
    request = good(name)
    holder = request["context"] if context else request
    if value is MISSING:
        del holder[member]
    else:
        holder[member] = value
    return request


def problems(answer: Any) -> str:
    """What the refusal says is wrong."""
    return " / ".join(issue["diagnostics"] for issue in answer.json["issue"])


def refusal(caller: Caller, request: dict[str, Any], service: str) -> str:
    """The text of a 400."""
    answer = caller.post(request, service=service)
    assert answer.status_code == 400, answer.text
    return problems(answer)


def service_of(name: str) -> str:
    return f"als-leukemia-{good(name)['hook']}"


# --- hook, hookInstance, context ------------------------------------------------------------------


@NAMES
@pytest.mark.parametrize("member", ["hook", "hookInstance"])
@pytest.mark.parametrize("value", SPOILT_TEXTS.values(), ids=SPOILT_TEXTS)
def test_hook_and_hook_instance_are_texts(
    caller: Caller, name: str, member: str, value: Any
) -> None:
    """BAD-06, BAD-07: https://cds-hooks.hl7.org/2.0/#http-request_1"""
    assert member in refusal(caller, spoilt(name, member, value), service_of(name))


@NAMES
@pytest.mark.parametrize("value", NO_CONTEXTS.values(), ids=NO_CONTEXTS)
def test_context_is_an_object(caller: Caller, name: str, value: Any) -> None:
    """BAD-09: https://cds-hooks.hl7.org/2.0/#http-request_1"""
    assert "context" in refusal(caller, spoilt(name, "context", value), service_of(name))


@NAMES
@pytest.mark.parametrize("hook", ["encounter-start", "Patient-View", "x", "order-sign", "../a"])
def test_another_hook_is_refused(caller: Caller, name: str, hook: str) -> None:
    """BAD-10: https://cds-hooks.hl7.org/2.0/#calling-a-cds-service"""
    assert "hook" in refusal(caller, {**good(name), "hook": hook}, service_of(name))


@NAMES
@pytest.mark.parametrize("member", ["patientId", "userId"])
@pytest.mark.parametrize("value", SPOILT_TEXTS.values(), ids=SPOILT_TEXTS)
def test_patient_and_user_are_texts(caller: Caller, name: str, member: str, value: Any) -> None:
    """BAD-13, BAD-14: https://cds-hooks.hl7.org/hooks/patient-view/"""
    request = spoilt(name, member, value, context=True)
    assert member in refusal(caller, request, service_of(name))


NO_IDS = {
    "a slash": "Patient/als-aml-emergency",
    "a blank": "als aml",
    "a blank at the end": "als-aml-emergency ",
    "a line break at the end": "als-aml-emergency\n",
    "dots": "..",
    "one dot": ".",
    "65 characters": "a" * 65,
    "query characters": "a?b=c&d",
    "an escape": "a%2Fb",
    "a token": "{{context.userId}}",
    "another script": "ａls",
    "a digit of another script": "٣",
}


@NAMES
@pytest.mark.parametrize("patient", NO_IDS.values(), ids=NO_IDS)
def test_a_patient_id_that_is_no_fhir_id_is_refused(
    caller: Caller, name: str, patient: str
) -> None:
    """BAD-15: https://hl7.org/fhir/R4/datatypes.html#id"""
    request = spoilt(name, "patientId", patient, context=True)
    text = refusal(caller, request, service_of(name))
    assert "context.patientId: must be a FHIR id" in text


@pytest.mark.parametrize("patient", ["a", "A-1.b", "a" * 64, "..a"])
def test_every_fhir_id_is_taken(caller: Caller, patient: str) -> None:
    """BAD-15: https://hl7.org/fhir/R4/datatypes.html#id"""
    request = spoilt(QUIET, "patientId", patient, context=True)
    request["prefetch"]["patient"]["id"] = patient
    for resource in clinical(request):
        resource["subject"]["reference"] = f"Patient/{patient}"
    assert caller.cards(request) == []


# --- Orders ---------------------------------------------------------------------------------------

NO_BUNDLES: dict[str, Any] = {
    "missing": MISSING,
    "null": None,
    "a string": "Bundle",
    "an array": [],
    "empty": {},
    "another resource": {"resourceType": "Parameters"},
    "a type that is no text": {"resourceType": ["Bundle"]},
    "an entry that is no array": {"resourceType": "Bundle", "entry": {}},
}


@pytest.mark.parametrize("drafts", NO_BUNDLES.values(), ids=NO_BUNDLES)
def test_draft_orders_that_are_no_bundle_are_refused(caller: Caller, drafts: Any) -> None:
    """BAD-18: https://cds-hooks.hl7.org/hooks/order-select/"""
    request = spoilt(ORDER, "draftOrders", drafts, context=True)
    assert "draftOrders" in refusal(caller, request, service_of(ORDER))


SPOILT_ENTRIES: dict[str, Any] = {
    "null": None,
    "a string": "order",
    "an array": [[]],
    "no resource": {},
    "a null resource": {"resource": None},
    "a resource that is text": {"resource": "ServiceRequest"},
    "a resource without type": {"resource": {"id": "a"}},
    "a type that is a number": {"resource": {"resourceType": 1, "id": "a"}},
    "members of other types": {
        "resource": {
            "resourceType": "MedicationRequest",
            "id": 7,
            "status": ["draft"],
            "subject": "Patient/als-aml-emergency",
            "medicationCodeableConcept": [1, "a", None],
            "medicationReference": {"reference": 1, "display": {}},
            "dosageInstruction": {"doseAndRate": "much", "timing": [], "route": 1},
            "contained": {"a": 1},
            "note": "text",
        }
    },
}


@pytest.mark.parametrize("entry", SPOILT_ENTRIES.values(), ids=SPOILT_ENTRIES)
def test_a_spoilt_draft_costs_no_other_its_advice(caller: Caller, entry: Any) -> None:
    """BAD-19: https://hl7.org/fhir/R4/bundle.html"""
    request = good(ORDER)
    request["context"]["draftOrders"]["entry"].insert(0, entry)
    request["context"]["selections"].append("MedicationRequest/7")
    assert caller.rules(request) == caller.rules(good(ORDER))


@pytest.mark.parametrize("selections", [None, "a", 1, {}, [1], [None], [["a"]], [{}]], ids=repr)
def test_selections_of_another_type_are_refused(caller: Caller, selections: Any) -> None:
    """BAD-20: https://cds-hooks.hl7.org/hooks/order-select/"""
    request = spoilt(ORDER, "selections", selections, context=True)
    assert "selections" in refusal(caller, request, service_of(ORDER))


# --- Paths ----------------------------------------------------------------------------------------

TRICKS = {
    "unknown": "no-such-service",
    "another case": "ALS-leukemia-patient-view",
    "dot segments": "../../etc/passwd",
    "encoded slashes": "..%2f..%2fetc%2fpasswd",
    "an encoded NUL": "als-leukemia-patient-view%00",
    "encoded line breaks": "a%0d%0aX-Forged:%20b",
    "a template": "{{7*7}}",
    "another template": "${jndi:ldap://127.0.0.1/a}",
    "an encoded template": "%7B%7B7*7%7D%7D",
    "5 000 characters": "a" * 5000,
    "bytes that are no UTF-8": "%ff%fe",
    "a query inside": "als-leukemia-patient-view%3Fa=b",
    "a member of a mapping": "__class__",
}


@pytest.mark.parametrize("service", TRICKS.values(), ids=TRICKS)
def test_an_unknown_service_is_404(caller: Caller, service: str) -> None:
    """BAD-11, BAD-32: https://cds-hooks.hl7.org/2.0/#calling-a-cds-service"""
    answer = caller.post(good(VIEW), service=service)
    assert answer.status_code == 404
    assert "49" not in answer.text
    assert "X-Forged" not in answer.headers
