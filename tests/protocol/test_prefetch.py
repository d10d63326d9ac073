"""What stands under prefetch keys, and what does not: no FHIR server in reach.

https://cds-hooks.hl7.org/2.0/#prefetch-template: a key holds a resource, or null where there is no
data; a key that could not be filled is left out. Failed is never taken for empty.
"""

from __future__ import annotations

import copy
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
    empty_searches,
    good,
    resources,
    without_uuids,
)

OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "exception", "diagnostics": "Search failed"}],
}
REQUIRED = "conditions"
OPTIONAL = tuple(key for key in KEYS if key != REQUIRED)
WITH_CARDS = pytest.mark.parametrize("name", [VIEW, ORDER])
NAMES = pytest.mark.parametrize("name", [VIEW, ORDER, QUIET])
MATCHED = [
    (name, key)
    for name in (VIEW, ORDER, QUIET)
    for key in SEARCH_KEYS
    if resources(good(name), key)
]
"""Searches that found something: alone, a note would be an error."""


OF_TYPE = {"conditions": "Condition", "medications": "MedicationRequest"}
"""The resource type of a search; that of the others is Observation."""


def outcome(severity: str, code: str) -> dict[str, Any]:
    """A note as servers put it into a searchset."""
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code}]}


def alone(name: str) -> dict[str, Any]:
    """A good request of a client that lets nobody read its FHIR server."""
    request = good(name)
    request.pop("fhirServer", None)
    return request


def refused(caller: Caller, request: dict[str, Any], *keys: str) -> bool:
    """Whether the answer is a 412 that names these keys and no others."""
    answer = caller.post(request)
    lines = [issue["diagnostics"] for issue in answer.json.get("issue", ())]
    named = [key for key in KEYS if any(f"prefetch key {key} " in line for line in lines)]
    return answer.status_code == 412 and named == [key for key in KEYS if key in keys]


def named_on_a_card(caller: Caller, request: dict[str, Any], key: str) -> bool:
    """Whether the answer has cards, and one of them says that a key could not be read."""
    details = [card["detail"] for card in caller.cards(request)]
    return any(f"Data under {key} could not be read" in detail for detail in details)


# --- No data --------------------------------------------------------------------------------------


@NAMES
@pytest.mark.parametrize("key", SEARCH_KEYS)
def test_null_and_a_searchset_without_entries_mean_no_data(
    caller: Caller, name: str, key: str
) -> None:
    """DATA-01, DATA-07: https://cds-hooks.hl7.org/2.0/#prefetch-template"""
    answers = []
    empty = {"resourceType": "Bundle", "type": "searchset", "total": 0}
    for value in (None, empty, {**empty, "entry": []}):
        request = alone(name)
        request["prefetch"][key] = value
        answers.append(without_uuids(caller.cards(request)))
    assert answers[0] == answers[1] == answers[2]
    assert not any(f"{key} could not" in card["detail"] for card in answers[0])


def test_no_data_at_all_is_no_concern(caller: Caller) -> None:
    """DATA-01, DATA-07, RSP-05: https://cds-hooks.hl7.org/2.0/#prefetch-template"""
    assert caller.cards(empty_searches(alone(VIEW))) == []
    request = alone(VIEW)
    request["prefetch"].update(dict.fromkeys(SEARCH_KEYS))
    assert caller.cards(request) == []


@NAMES
def test_null_under_every_key_names_the_patient_that_is_missing(caller: Caller, name: str) -> None:
    """DATA-02: https://cds-hooks.hl7.org/2.0/#prefetch-template"""
    request = alone(name)
    request["prefetch"] = dict.fromkeys(KEYS)
    assert named_on_a_card(caller, request, "patient")


# --- Absent data ----------------------------------------------------------------------------------


@NAMES
@pytest.mark.parametrize("prefetch", [None, {}, "absent"], ids=["null", "{}", "absent"])
def test_without_prefetch_and_server_the_missing_key_is_named(
    caller: Caller, name: str, prefetch: Any
) -> None:
    """DATA-03, DATA-21, BAD-12, ERR-05: https://cds-hooks.hl7.org/2.0/#http-status-codes_1"""
    request = alone(name)
    request["prefetch"] = prefetch
    if prefetch == "absent":
        del request["prefetch"]
    assert refused(caller, request, REQUIRED)


@NAMES
def test_an_absent_key_that_is_needed_is_412(caller: Caller, name: str) -> None:
    """DATA-04, ERR-05: https://cds-hooks.hl7.org/2.0/#http-status-codes_1"""
    request = alone(name)
    del request["prefetch"][REQUIRED]
    assert refused(caller, request, REQUIRED)


@NAMES
@pytest.mark.parametrize("key", OPTIONAL)
def test_an_absent_key_that_can_be_done_without_is_named_on_a_card(
    caller: Caller, name: str, key: str
) -> None:
    """DATA-04: https://cds-hooks.hl7.org/2.0/#prefetch-template"""
    request = alone(name)
    del request["prefetch"][key]
    assert named_on_a_card(caller, request, key)


# --- Failed data ----------------------------------------------------------------------------------


@NAMES
def test_an_error_in_place_of_needed_data_is_412(caller: Caller, name: str) -> None:
    """DATA-05, ERR-05: https://hl7.org/fhir/R4/operationoutcome.html"""
    request = alone(name)
    request["prefetch"][REQUIRED] = OUTCOME
    assert refused(caller, request, REQUIRED)
    request["prefetch"] = dict.fromkeys(KEYS, OUTCOME)
    assert refused(caller, request, REQUIRED)


@NAMES
@pytest.mark.parametrize("key", OPTIONAL)
def test_an_error_in_place_of_data_is_named_on_a_card(caller: Caller, name: str, key: str) -> None:
    """DATA-05: https://hl7.org/fhir/R4/operationoutcome.html"""
    request = alone(name)
    request["prefetch"][key] = OUTCOME
    assert named_on_a_card(caller, request, key)


@NAMES
@pytest.mark.parametrize("key", SEARCH_KEYS)
def test_a_search_that_found_only_an_error_has_failed(caller: Caller, name: str, key: str) -> None:
    """DATA-05: https://hl7.org/fhir/R4/search.html#errors"""
    request = alone(name)
    request["prefetch"][key] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": OUTCOME, "search": {"mode": "outcome"}}],
    }
    if key == REQUIRED:
        assert refused(caller, request, REQUIRED)
    else:
        assert named_on_a_card(caller, request, key)


@pytest.mark.parametrize(("name", "key"), MATCHED)
def test_a_note_beside_the_matches_is_no_error(caller: Caller, name: str, key: str) -> None:
    """DATA-06: https://hl7.org/fhir/R4/search.html#errors"""
    request = alone(name)
    entry = {"resource": outcome("warning", "processing"), "search": {"mode": "outcome"}}
    request["prefetch"][key]["entry"].insert(0, entry)
    assert caller.rules(request) == caller.rules(alone(name))


@NAMES
@pytest.mark.parametrize("key", SEARCH_KEYS)
def test_a_note_that_nothing_was_found_is_no_error(caller: Caller, name: str, key: str) -> None:
    """DATA-07: some EHRs send a warning with every search that finds nothing."""
    request, empty = alone(name), alone(name)
    found_nothing = {"resource": outcome("warning", "processing"), "search": {"mode": "outcome"}}
    request["prefetch"][key] = {"resourceType": "Bundle", "total": 0, "entry": [found_nothing]}
    empty["prefetch"][key] = None
    assert without_uuids(caller.cards(request)) == without_uuids(caller.cards(empty))


LEFT_OUT = {
    "not permitted": ("warning", "suppressed"),
    "forbidden": ("information", "forbidden"),
    "an error": ("error", "exception"),
    "fatal": ("fatal", "processing"),
}


@pytest.mark.parametrize(("name", "key"), MATCHED)
@pytest.mark.parametrize("note", LEFT_OUT.values(), ids=LEFT_OUT)
def test_a_note_that_something_was_left_out_is_named_on_a_card(
    caller: Caller, name: str, key: str, note: tuple[str, str]
) -> None:
    """DATA-05: EHRs send one where the client may not see a part of what it searches:
    https://hl7.org/fhir/R4/valueset-issue-type.html"""
    request = alone(name)
    request["prefetch"][key]["entry"].append({"resource": outcome(*note)})
    assert named_on_a_card(caller, request, key)


# --- Pages ----------------------------------------------------------------------------------------


def cut_off(name: str, *keys: str) -> dict[str, Any]:
    """A request whose searches under these keys have another page, not fetched."""
    request = alone(name)
    for key in keys:
        link = {"relation": "next", "url": "https://ehr.example/fhir?page=2"}
        request["prefetch"][key].setdefault("link", []).append(link)
    return request


@NAMES
@pytest.mark.parametrize("key", SEARCH_KEYS)
def test_a_page_that_is_missing_is_named_on_a_card(caller: Caller, name: str, key: str) -> None:
    """DATA-08, DATA-24: https://hl7.org/fhir/R4/http.html#paging"""
    request = cut_off(name, key)
    if key == REQUIRED and not resources(request, key):
        assert refused(caller, request, REQUIRED)
    else:
        assert named_on_a_card(caller, request, key)


@WITH_CARDS
def test_what_the_first_page_shows_still_counts(caller: Caller, name: str) -> None:
    """DATA-08, DATA-24: https://hl7.org/fhir/R4/http.html#paging"""
    assert caller.rules(cut_off(name, *SEARCH_KEYS)) == caller.rules(alone(name))


def test_a_full_page_of_a_bounded_search_is_what_was_asked_for(caller: Caller) -> None:
    """DATA-23: _count bounds the newest results: https://hl7.org/fhir/R4/search.html#count"""
    request = cut_off(VIEW, "leukocytes")
    (entry,) = request["prefetch"]["leukocytes"]["entry"]
    request["prefetch"]["leukocytes"]["entry"] = [copy.deepcopy(entry) for _ in range(10)]
    assert not named_on_a_card(caller, request, "leukocytes")
    del request["prefetch"]["leukocytes"]["entry"][0]
    assert named_on_a_card(caller, request, "leukocytes")


def test_what_may_lie_beyond_the_newest_entries_is_not_taken_for_absent(caller: Caller) -> None:
    """DATA-08, DATA-24: a list of every code may hold what is asked for further back"""
    request = cut_off(ORDER, "conditions")
    other = {"resourceType": "Condition", "recordedDate": "2026-11-01", "code": {"text": "Gout"}}
    request["prefetch"]["conditions"]["entry"] = []
    add(request, "conditions", *({**other, "id": f"c{n}"} for n in range(200)))
    assert named_on_a_card(caller, request, "conditions")


# --- Values that no client may send ---------------------------------------------------------------

NO_OBJECTS: dict[str, Any] = {
    "a string of HTML": "<html><body>502 Bad Gateway</body></html>",
    "an empty string": "",
    "a number": 7,
    "true": True,
    "an array": [],
    "an array of resources": [{"resourceType": "Patient", "id": "als-aml-emergency"}],
}


@NAMES
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", NO_OBJECTS.values(), ids=NO_OBJECTS)
def test_a_value_that_is_no_object_is_refused(
    caller: Caller, name: str, key: str, value: Any
) -> None:
    """BAD-23, ERR-05: https://cds-hooks.hl7.org/2.0/#example-prefetch-data"""
    request = alone(name)
    request["prefetch"][key] = value
    assert refused(caller, request, key)


@NAMES
def test_a_prefetch_that_is_no_object_is_refused(caller: Caller, name: str) -> None:
    """BAD-12: https://cds-hooks.hl7.org/2.0/#http-request_1"""
    for value in ("text", 1, True, [], [{}]):
        assert caller.post({**alone(name), "prefetch": value}).status_code == 400


PATIENT = {"resourceType": "Patient", "id": "als-aml-emergency"}
OBSERVATION = {"resourceType": "Observation", "id": "a", "status": "final", "code": {"text": "a"}}


@NAMES
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", [{}, {"a": 1}, {"resourceType": 7}, {"resourceType": "Basic"}])
def test_another_kind_of_resource_is_refused(
    caller: Caller, name: str, key: str, value: dict[str, Any]
) -> None:
    """BAD-22, ERR-05: https://cds-hooks.hl7.org/2.0/#prefetch-template"""
    request = alone(name)
    request["prefetch"][key] = value
    assert refused(caller, request, key)


@NAMES
def test_a_read_holds_a_patient_and_a_search_holds_a_bundle(caller: Caller, name: str) -> None:
    """BAD-22, ERR-05: https://cds-hooks.hl7.org/2.0/#prefetch-template"""
    request = alone(name)
    request["prefetch"]["patient"] = OBSERVATION
    request["prefetch"]["labs"] = PATIENT
    assert refused(caller, request, "patient", "labs")


# --- Another patient ------------------------------------------------------------------------------


@NAMES
def test_a_patient_who_is_not_in_context_is_refused(caller: Caller, name: str) -> None:
    """BAD-16: https://cds-hooks.hl7.org/2.0/#prefetch-tokens"""
    request = alone(name)
    request["prefetch"]["patient"]["id"] = "somebody-else"
    answer = caller.post(request)
    assert answer.status_code == 400
    assert "patient" in answer.json["issue"][0]["diagnostics"]
    assert "somebody-else" not in answer.text


@WITH_CARDS
def test_needed_data_about_another_patient_is_refused(caller: Caller, name: str) -> None:
    """BAD-17: https://hl7.org/fhir/R4/condition-definitions.html#Condition.subject"""
    request = alone(name)
    for resource in clinical(request):
        resource["subject"]["reference"] = "Patient/somebody-else"
    assert refused(caller, request, REQUIRED)


@pytest.mark.parametrize(("name", "key"), [each for each in MATCHED if each[1] != REQUIRED])
def test_data_about_another_patient_is_not_used_and_named(
    caller: Caller, name: str, key: str
) -> None:
    """BAD-17: https://hl7.org/fhir/R4/observation-definitions.html#Observation.subject"""
    request, without = alone(name), alone(name)
    for resource in resources(request, key):
        resource["subject"]["reference"] = "Patient/somebody-else"
    without["prefetch"][key] = {"resourceType": "OperationOutcome", "issue": []}
    assert named_on_a_card(caller, request, key)
    assert caller.rules(request) == caller.rules(without)


@WITH_CARDS
@pytest.mark.parametrize("key", SEARCH_KEYS)
def test_the_patients_own_data_counts_beside_another_patients(
    caller: Caller, name: str, key: str
) -> None:
    """BAD-17: https://hl7.org/fhir/R4/references.html#literal"""
    request = alone(name)
    request["prefetch"][key] = request["prefetch"][key] or {"resourceType": "Bundle"}
    stranger = {
        "resourceType": OF_TYPE.get(key, "Observation"),
        "subject": {"reference": "Patient/somebody-else"},
    }
    add(request, key, stranger)
    assert caller.rules(request) == caller.rules(alone(name))
    assert named_on_a_card(caller, request, key)


FORMS = ["https://ehr.example/fhir/Patient/{}", "urn:uuid:{}", "Patient/{}/_history/2"]


@WITH_CARDS
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_reference_to_the_patient_counts(
    caller: Caller, name: str, form: str
) -> None:
    """DATA-12: https://hl7.org/fhir/R4/references.html#literal"""
    request = alone(name)
    for resource in clinical(request):
        resource["subject"]["reference"] = form.format(request["context"]["patientId"])
    assert caller.rules(request) == caller.rules(alone(name))
