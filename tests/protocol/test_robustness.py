"""Odd records that are legal FHIR: served, and without losing the cards of the rest.

https://hl7.org/fhir/R4/. Each oddity is added to a record whose cards are known; the same cards
must come. The request of `QUIET` must stay quiet.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.protocol.support import (
    KEYS,
    ORDER,
    QUIET,
    SEARCH_KEYS,
    VIEW,
    Caller,
    add,
    clinical,
    coded,
    empty_searches,
    good,
    resources,
    without_uuids,
)

NAMES = pytest.mark.parametrize("name", [VIEW, ORDER, QUIET])
WITH_CARDS = pytest.mark.parametrize("name", [VIEW, ORDER])
LONG_AGO = {"effectiveDateTime": "2019-05-01"}


def unchanged(caller: Caller, name: str, request: dict[str, Any]) -> bool:
    """Whether a changed request brings the rules of the unchanged one."""
    return caller.rules(request) == caller.rules(good(name))


# --- Entries --------------------------------------------------------------------------------------

ENTRIES: dict[str, Any] = {
    "no resource": {"fullUrl": "https://ehr.example/fhir/Condition/a"},
    "only a search mode": {"search": {"mode": "match"}},
    "empty": {},
    "null": {"resource": None},
    "a deleted one": {"request": {"method": "DELETE", "url": "Condition/a"}},
    "another kind": {"resource": {"resourceType": "Practitioner", "id": "a"}},
    "a kind of the future": {"resource": {"resourceType": "Future", "future": [["a"]]}},
    "a kind with another code": {
        "resource": {"resourceType": "PractitionerRole", "code": [{"text": "Nurse"}]}
    },
    "an included patient": {"resource": {"resourceType": "Patient", "id": "b"}},
}


@NAMES
@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_entries_that_were_not_asked_for_are_passed_over_beside_matches(
    caller: Caller, name: str, entry: dict[str, Any]
) -> None:
    """ROB-01, ROB-06: https://hl7.org/fhir/R4/bundle.html#searchset"""
    request = good(name)
    for key in filter(lambda key: resources(request, key), SEARCH_KEYS):
        request["prefetch"][key]["entry"].insert(0, entry)
    expected = without_uuids(caller.cards(good(name)))
    assert without_uuids(caller.cards(request)) == expected


BROKEN: dict[str, Any] = {
    "a resource that is text": "Condition",
    "a code that is text": {"resourceType": "Condition", "code": "AML"},
    "a subject that is text": {"resourceType": "Observation", "subject": "Patient/a"},
    "a type that is a number": {"resourceType": 7},
}


@WITH_CARDS
@pytest.mark.parametrize("resource", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("key", SEARCH_KEYS)
def test_a_broken_resource_costs_no_card_and_is_said(
    caller: Caller, name: str, key: str, resource: Any
) -> None:
    """ROB-06, DATA-05: https://hl7.org/fhir/R4/json.html"""
    request = good(name)
    request["prefetch"][key].setdefault("entry", []).append({"resource": resource})
    assert unchanged(caller, name, request)
    details = [card["detail"] for card in caller.cards(request)]
    assert f"Data under {key} could not be read: 1 entries could not be read" in details[0]


def decorated(value: Any) -> Any:
    """The same JSON with extensions, contained resources and primitive siblings everywhere."""
    if isinstance(value, list):
        return [decorated(item) for item in value]
    if not isinstance(value, dict):
        return value
    extension = [{"url": "https://example.org/e", "valueString": "x"}]
    grown = {name: decorated(item) for name, item in value.items()}
    grown["extension"] = grown["modifierExtension"] = extension
    grown["_status"] = {"extension": extension}
    if "resourceType" in value and value["resourceType"] != "Bundle":
        grown["contained"] = [{"resourceType": "Observation", "id": "c", "code": {"text": "c"}}]
        grown["meta"] = {"profile": ["https://example.org/p"], "tag": [{"code": "t"}]}
        grown["text"] = {"status": "generated", "div": "<div>AML, ALS</div>"}
    return grown


@NAMES
def test_extensions_and_contained_resources_change_nothing(caller: Caller, name: str) -> None:
    """ROB-06: https://hl7.org/fhir/R4/extensibility.html"""
    request = good(name)
    request["prefetch"] = decorated(request["prefetch"])
    if "draftOrders" in request["context"]:
        request["context"]["draftOrders"] = decorated(request["context"]["draftOrders"])
    expected = without_uuids(caller.cards(good(name)))
    assert without_uuids(caller.cards(request)) == expected


# --- Observations ---------------------------------------------------------------------------------

OBSERVATIONS: dict[str, dict[str, Any]] = {
    "no value": {},
    "a reason for no value": {"dataAbsentReason": {"text": "Clotted"}},
    "a text": {"valueString": "see comment"},
    "a code": {"valueCodeableConcept": {"text": "many"}},
    "a truth": {"valueBoolean": True},
    "an integer": {"valueInteger": 3},
    "a range": {"valueRange": {"low": {"value": 1}, "high": {"value": 2}}},
    "a ratio": {"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 2}}},
    "sampled data": {"valueSampledData": {"origin": {"value": 0}, "period": 1, "dimensions": 1}},
    "a time": {"valueTime": "12:00:00"},
    "a period": {"valuePeriod": {"start": "2019"}},
    "no unit": {"valueQuantity": {"value": 6}},
    "no number": {"valueQuantity": {"unit": "10*9/L"}},
    "an empty quantity": {"valueQuantity": {}},
    "an unknown unit": {"valueQuantity": {"value": 6, "unit": "per field"}},
    "a comparator": {"valueQuantity": {"value": 6, "unit": "10*9/L", "comparator": "<"}},
    "an unknown comparator": {"valueQuantity": {"value": 6, "unit": "10*9/L", "comparator": "~"}},
    "an exponent": {"valueQuantity": {"value": 6.0e0, "unit": "10*9/L"}},
    "a negative number": {"valueQuantity": {"value": -6, "unit": "10*9/L"}},
    "a number as text": {"valueQuantity": {"value": "6", "unit": "10*9/L"}},
    "only components": {"component": [{"code": {"text": "a"}}, {"code": {}}]},
    "cancelled": {"status": "cancelled"},
    "registered": {"status": "registered"},
    "a status of the future": {"status": "future"},
    "no status": {"status": None},
}
TIMES: dict[str, dict[str, Any]] = {
    "a year": {"effectiveDateTime": "2019"},
    "a month": {"effectiveDateTime": "2019-05"},
    "a day": {"effectiveDateTime": "2019-05-01"},
    "no zone": {"effectiveDateTime": "2019-05-01T10:00:00"},
    "a leap second": {"effectiveDateTime": "2016-12-31T23:59:60Z"},
    "a fraction": {"effectiveDateTime": "2019-05-01T10:00:00.123456789+14:00"},
    "an instant": {"effectiveInstant": "2019-05-01T10:00:00Z"},
    "a period": {"effectivePeriod": {"start": "2019-05-01", "end": "2019-05-02"}},
    "a period without start": {"effectivePeriod": {"end": "2019-05-02"}},
    "a period of nothing": {"effectivePeriod": {}, "issued": "2019-05-01T10:00:00Z"},
    "a timing": {"effectiveTiming": {"event": ["2019-05-01"]}, "issued": "2019-05-01T10:00:00Z"},
    "only issued": {"issued": "2019-05-01T10:00:00Z"},
    "no time": {},
    "no such day": {"effectiveDateTime": "2019-02-30"},
    "a time that is text": {"effectiveDateTime": "last spring"},
    "a year of five digits": {"effectiveDateTime": "20190-05-01"},
    "the year 0001": {"effectiveDateTime": "0001-01-01T00:00:00+14:00"},
    "the year 9999": {"issued": "9999-12-31T23:59:59-12:00", "status": "cancelled"},
}


@WITH_CARDS
@pytest.mark.parametrize("odd", OBSERVATIONS.values(), ids=OBSERVATIONS)
def test_odd_observations_are_served(caller: Caller, name: str, odd: dict[str, Any]) -> None:
    """ROB-02: https://hl7.org/fhir/R4/observation.html"""
    request = good(name)
    for key in ("leukocytes", "labs", "performance", "body"):
        observation = {"resourceType": "Observation", "id": "odd", "code": coded(request, key)}
        add(request, key, {**observation, "status": "final", **LONG_AGO, **odd})
    assert unchanged(caller, name, request)


@WITH_CARDS
@pytest.mark.parametrize("time", TIMES.values(), ids=TIMES)
def test_observations_of_any_time_are_served(
    caller: Caller, name: str, time: dict[str, Any]
) -> None:
    """ROB-02: https://hl7.org/fhir/R4/datatypes.html#dateTime"""
    request = good(name)
    for key in ("labs", "body"):
        observation = {"resourceType": "Observation", "id": "odd", "code": coded(request, key)}
        value = {"valueQuantity": {"value": 1, "unit": "kg"}}
        add(request, key, {**observation, "status": "final", **value, **time})
    assert unchanged(caller, name, request)


# --- Conditions, patients, orders -----------------------------------------------------------------

CONDITIONS: dict[str, dict[str, Any]] = {
    "nothing at all": {},
    "text only": {"code": {"text": "Feeling unwell"}},
    "an empty code": {"code": {}},
    "a coding without system": {"code": {"coding": [{"code": "X"}]}},
    "a coding without code": {"code": {"coding": [{"system": "http://snomed.info/sct"}]}},
    "an empty coding": {"code": {"coding": [{}]}},
    "onset as age": {"onsetAge": {"value": 50, "unit": "a"}},
    "onset as period": {"onsetPeriod": {"start": "2019"}},
    "onset as range": {"onsetRange": {"low": {"value": 50}}},
    "onset as text": {"onsetString": "in the spring"},
    "onset as year": {"onsetDateTime": "2019"},
    "statuses of other types": {"clinicalStatus": 1, "verificationStatus": [None]},
    "abated": {"abatementString": "long ago"},
    "about nobody": {"subject": None},
    "about a display": {"subject": {"display": "the patient"}},
    "about an identifier": {"subject": {"identifier": {"value": "7"}}},
}


@NAMES
@pytest.mark.parametrize("odd", CONDITIONS.values(), ids=CONDITIONS)
def test_odd_conditions_are_served(caller: Caller, name: str, odd: dict[str, Any]) -> None:
    """ROB-03: https://hl7.org/fhir/R4/condition.html"""
    request = add(good(name), "conditions", {"resourceType": "Condition", "id": "odd", **odd})
    assert unchanged(caller, name, request)


@NAMES
def test_conditions_of_an_older_version_are_named(caller: Caller, name: str) -> None:
    """DATA-05: statuses were codes before R4: https://hl7.org/fhir/R4/condition.html#history"""
    odd = {"clinicalStatus": "active", "verificationStatus": "confirmed"}
    request = add(good(name), "conditions", {"resourceType": "Condition", "id": "odd", **odd})
    details = " ".join(card["detail"] for card in caller.cards(request))
    assert "has the shape of FHIR STU3 or older, not R4" in details


@WITH_CARDS
def test_a_diagnosis_without_status_is_a_diagnosis(caller: Caller, name: str) -> None:
    """ROB-03: https://hl7.org/fhir/R4/condition-definitions.html#Condition.clinicalStatus"""
    request = good(name)
    for condition in resources(request, "conditions"):
        del condition["clinicalStatus"], condition["verificationStatus"]
    assert unchanged(caller, name, request)


PATIENTS: dict[str, dict[str, Any]] = {
    "a year of birth": {"birthDate": "1964", "gender": "male"},
    "a month of birth": {"birthDate": "1964-07", "gender": "other"},
    "names without parts": {"name": [{}, {"text": "W"}], "birthDate": "1964-07-13"},
    "a gender of the future": {"gender": "future", "birthDate": "1964-07-13"},
}
PATIENTS_OF_NO_AGE: dict[str, dict[str, Any]] = {
    "only an id": {},
    "no known birth date": {
        "_birthDate": {
            "extension": [
                {
                    "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
                    "valueCode": "unknown",
                }
            ]
        }
    },
    "a birth date that is null": {"birthDate": None, "gender": None},
    "a birth date that is text": {"birthDate": "in 1964"},
    "a birth date to come": {"birthDate": "2100-01-01"},
}


def of(name: str, patient: dict[str, Any]) -> dict[str, Any]:
    """A good request whose Patient has only these members."""
    request = good(name)
    identity = request["context"]["patientId"]
    request["prefetch"]["patient"] = {"resourceType": "Patient", "id": identity, **patient}
    return request


@NAMES
@pytest.mark.parametrize("odd", PATIENTS.values(), ids=PATIENTS)
def test_odd_patients_are_served(caller: Caller, name: str, odd: dict[str, Any]) -> None:
    """ROB-04: https://hl7.org/fhir/R4/patient.html"""
    assert unchanged(caller, name, of(name, odd))


@pytest.mark.parametrize("odd", PATIENTS_OF_NO_AGE.values(), ids=PATIENTS_OF_NO_AGE)
def test_an_age_that_is_not_known_costs_no_emergency(caller: Caller, odd: dict[str, Any]) -> None:
    """ROB-04: https://hl7.org/fhir/R4/patient-definitions.html#Patient.birthDate"""
    assert caller.rules(of(VIEW, odd)) == caller.rules(good(VIEW))
    emergency, goals = caller.cards(of(VIEW, odd))
    assert emergency["source"]["topic"]["code"] == "hyperleukocytosis-emergency"
    assert "- Age: " in goals["detail"].partition("**Missing or uncertain**")[2]
    assert caller.rules(of(ORDER, odd)) == caller.rules(good(ORDER))
    assert caller.cards(of(QUIET, odd)) == []


def with_drug(request: dict[str, Any], **members: Any) -> dict[str, Any]:
    """The request with the drug of its MedicationRequest told in another way."""
    for entry in request["context"]["draftOrders"]["entry"]:
        if entry["resource"]["resourceType"] == "MedicationRequest":
            del entry["resource"]["medicationCodeableConcept"]
            entry["resource"].update(members)
    return request


def drug() -> dict[str, Any]:
    """How the fixture tells it."""
    entries = good(ORDER)["context"]["draftOrders"]["entry"]
    found: dict[str, Any] = entries[1]["resource"]["medicationCodeableConcept"]
    return found


def test_a_drug_may_be_contained_referenced_or_text(caller: Caller) -> None:
    """ROB-05: https://hl7.org/fhir/R4/medicationrequest-definitions.html"""
    medication = {"resourceType": "Medication", "id": "m", "code": drug()}
    contained = with_drug(
        good(ORDER), medicationReference={"reference": "#m"}, contained=[medication]
    )
    bundled = with_drug(good(ORDER), medicationReference={"reference": "Medication/m"})
    bundled["context"]["draftOrders"]["entry"].append({"resource": medication})
    text = with_drug(good(ORDER), medicationCodeableConcept={"text": drug()["text"]})
    display = with_drug(
        good(ORDER),
        medicationReference={"reference": "Medication/away", "display": drug()["text"]},
    )
    for request in (contained, bundled, text, display):
        assert unchanged(caller, ORDER, request)
    unknown = with_drug(good(ORDER), medicationReference={"reference": "Medication/away"})
    assert caller.rules(unknown) == ["leukapheresis-als"]


# --- Amounts and texts ----------------------------------------------------------------------------


@NAMES
@pytest.mark.parametrize("key", SEARCH_KEYS)
def test_two_thousand_entries_are_served(caller: Caller, name: str, key: str) -> None:
    """ROB-07: https://hl7.org/fhir/R4/bundle.html#searchset"""
    request = good(name)
    kind = {"conditions": "Condition", "medications": "MedicationRequest"}.get(key, "Observation")
    resource = {"resourceType": kind, "status": "final", "code": {"text": "other"}, **LONG_AGO}
    add(request, key, *({**resource, "id": f"r{number}"} for number in range(2000)))
    assert unchanged(caller, name, request)


TEXTS = {
    "right to left": "مريض \u202e rtl",
    "emoji": "🩸" * 50,
    "combining": "e\u0301\u0327" * 50,
    "a NUL": "a\u0000b",
    "control characters": "\u0001\u001b[31m\u0085\u2028",
    "a byte order mark": "\ufeff",
    "a format string": "%s %n {0} {{context.patientId}} ${a}",
    "long": "x" * 100_000,
    "blank": "   ",
}


@WITH_CARDS
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_any_text_is_served(caller: Caller, name: str, text: str) -> None:
    """ROB-08: https://hl7.org/fhir/R4/datatypes.html#string"""
    request = good(name)
    request["prefetch"]["patient"]["name"] = [{"family": text}]
    for resource in clinical(request):
        for concept in (resource.get("code"), resource.get("medicationCodeableConcept")):
            if concept:
                concept["text"] = text
                for coding in concept.get("coding", ()):
                    coding["display"] = text
    assert unchanged(caller, name, request)


# --- Records that are no facts --------------------------------------------------------------------


def verified(code: str) -> dict[str, Any]:
    """A verificationStatus."""
    system = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
    return {"coding": [{"system": system, "code": code}]}


@WITH_CARDS
@pytest.mark.parametrize("status", ["entered-in-error", "refuted"])
def test_withdrawn_records_are_no_facts(caller: Caller, name: str, status: str) -> None:
    """ROB-09: https://hl7.org/fhir/R4/condition-definitions.html#Condition.verificationStatus"""
    request = good(name)
    for resource in clinical(request):
        if resource["resourceType"] == "Condition":
            resource["verificationStatus"] = verified(status)
        else:
            resource["status"] = "entered-in-error"
    removed = empty_searches(good(name))
    assert without_uuids(caller.cards(request)) == without_uuids(caller.cards(removed))


@NAMES
def test_the_order_of_entries_changes_no_card(caller: Caller, name: str) -> None:
    """ROB-10: https://hl7.org/fhir/R4/bundle.html"""
    request = good(name)
    for key in SEARCH_KEYS:
        request["prefetch"][key].get("entry", []).reverse()
    request["prefetch"] = {key: request["prefetch"][key] for key in reversed(KEYS)}
    expected = without_uuids(caller.cards(good(name)))
    assert without_uuids(caller.cards(request)) == expected
