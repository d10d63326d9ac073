"""FHIR servers that are busy, want to be asked otherwise, or speak another version.

https://cds-hooks.hl7.org/#fhir-resource-access
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses
from responses.registries import OrderedRegistry

from cds_service.fhir_reader import Access, FhirLimits, FhirReader, PatientSearch
from cds_service.prefetch import Answer, Query, State, absent
from cds_service.searchset import read_answer
from tests.engine.made_up import POLISH, SHINE, SPOTS, condition, observation, resource

SERVER = "https://ehr.example/fhir"
PERSON = Query("person", "Patient", "Who it is.")
PROBLEMS = Query("problems", "Condition", "Spots.", (SPOTS,), 4, "-recorded-date", all_codes=True)
RESULTS = Query("results", "Observation", "Shine.", (SHINE,), 2, "-date")
DRUGS = Query("drugs", "MedicationRequest", "Polish.", (POLISH,), 4, "-authoredon", all_codes=True)

BY_ID, BY_REFERENCE = (f"{SERVER}/{PROBLEMS.url(form)}" for form in ("7", "Patient/7"))


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def in_order() -> Iterator[responses.RequestsMock]:
    """Replies one after the other; every one of them must be asked for."""
    with responses.RequestsMock(registry=OrderedRegistry) as mock:
        yield mock


def complete(
    *queries: Query,
    reader: FhirReader | None = None,
    sent: dict[str, Answer] | None = None,
    search: PatientSearch | None = "id",
    deadline: float = 20.0,
    **limits: Any,
) -> dict[str, Answer]:
    reader = reader or FhirReader(FhirLimits(**limits))
    access = Access(SERVER, "secret", "7", deadline, search)
    answers = {query.key: absent("not supplied") for query in queries} | (sent or {})
    return reader.complete(access, queries, answers)


def bundle(*found: dict[str, Any], following: str = "") -> dict[str, Any]:
    links = [{"relation": "next", "url": following}] if following else []
    return {"resourceType": "Bundle", "link": links, "entry": [{"resource": r} for r in found]}


# -- busy ------------------------------------------------------------------------------------------

BUSY: dict[str, dict[str, Any]] = {
    "too many requests": {"status": 429, "headers": {"Retry-After": "0"}},
    "bad gateway": {"status": 502},
    "unavailable": {"status": 503},
    "gateway timeout": {"status": 504},
    "a connection closed while idle": {"body": requests.ConnectionError("reset")},
    "a body cut short": {"body": requests.exceptions.ChunkedEncodingError()},
}


@pytest.mark.parametrize("reply", BUSY.values(), ids=BUSY)
def test_what_may_pass_is_asked_again(
    in_order: responses.RequestsMock, reply: dict[str, Any]
) -> None:
    in_order.get(BY_ID, **reply)
    in_order.get(BY_ID, **reply)
    in_order.get(BY_ID, json=bundle(condition()))
    assert complete(PROBLEMS)["problems"].is_usable


def test_three_tries_are_enough(server: responses.RequestsMock) -> None:
    refusing = server.get(BY_ID, status=503)
    assert complete(PROBLEMS)["problems"].reason == "the FHIR server answered 503"
    assert refusing.call_count == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 501])
def test_what_will_not_pass_is_asked_once(server: responses.RequestsMock, status: int) -> None:
    refusing = server.get(BY_ID, status=status)
    server.get(f"{SERVER}/metadata", status=404)
    complete(PROBLEMS)
    assert refusing.call_count == 1


@pytest.mark.parametrize("wait", ["30", "Sun, 06 Nov 2026 08:49:37 GMT", "soon", "-1"])
def test_a_server_that_wants_more_time_than_there_is_is_not_waited_for(
    server: responses.RequestsMock, wait: str
) -> None:
    """https://www.rfc-editor.org/rfc/rfc9110#field.retry-after"""
    busy = server.get(BY_ID, status=503, headers={"Retry-After": wait})
    assert complete(PROBLEMS)["problems"].reason == "the FHIR server answered 503"
    assert busy.call_count == 1


# -- patient=ID or patient=Patient/ID --------------------------------------------------------------


def test_a_server_that_finds_nobody_by_id_is_asked_by_reference(
    server: responses.RequestsMock,
) -> None:
    server.get(BY_ID, json=bundle())
    server.get(BY_REFERENCE, json=bundle(condition()))
    answer = complete(PROBLEMS, search=None)["problems"]
    assert (answer.state, len(answer.resources)) == (State.ANSWERED, 1)


@pytest.mark.parametrize("status", [400, 404])
def test_a_server_that_refuses_an_id_is_asked_by_reference(
    server: responses.RequestsMock, status: int
) -> None:
    server.get(BY_ID, status=status)
    server.get(BY_REFERENCE, json=bundle())
    server.get(f"{SERVER}/metadata", status=404)
    assert complete(PROBLEMS, search=None)["problems"].state is State.EMPTY


def test_a_server_is_asked_as_it_answered_before(server: responses.RequestsMock) -> None:
    reader = FhirReader(FhirLimits())
    by_id = server.get(BY_ID, json=bundle())
    server.get(BY_REFERENCE, json=bundle(condition()))
    for _ in range(3):
        assert complete(PROBLEMS, reader=reader, search=None)["problems"].resources
    assert by_id.call_count == 1


def test_no_data_is_believed_of_a_server_that_found_something_by_id(
    server: responses.RequestsMock,
) -> None:
    server.get(BY_ID, json=bundle(condition()))
    server.get(f"{SERVER}/{RESULTS.url('7')}", json=bundle())
    answers = complete(PROBLEMS, RESULTS, search=None)
    assert [answers[key].state for key in answers] == [State.ANSWERED, State.EMPTY]
    assert len(server.calls) == 2


def test_a_server_that_knows_no_reference_has_no_data(server: responses.RequestsMock) -> None:
    server.get(BY_ID, json=bundle())
    server.get(BY_REFERENCE, status=400)
    assert complete(PROBLEMS, search=None)["problems"].state is State.EMPTY


@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_server_that_failed_is_not_asked_otherwise(
    server: responses.RequestsMock, status: int
) -> None:
    server.get(BY_ID, status=status)
    complete(PROBLEMS, search=None)
    assert len(server.calls) == 1


@pytest.mark.parametrize(("search", "url"), [("id", BY_ID), ("reference", BY_REFERENCE)])
def test_a_server_whose_way_is_configured_is_asked_once(
    server: responses.RequestsMock, search: PatientSearch, url: str
) -> None:
    server.get(url, json=bundle())
    assert complete(PROBLEMS, search=search)["problems"].state is State.EMPTY
    assert len(server.calls) == 1


# -- what is not all there is ----------------------------------------------------------------------


def test_the_pages_after_one_that_was_sent_are_read(server: responses.RequestsMock) -> None:
    first = read_answer(PROBLEMS, resource(bundle(condition(), following="?page=2")), "7")
    server.get(f"{SERVER}/?page=2", json=bundle(condition(), condition()))
    answer = complete(PROBLEMS, sent={"problems": first})["problems"]
    assert (answer.state, len(answer.resources)) == (State.ANSWERED, 3)
    assert len(server.calls) == 1


def dated(day: int) -> dict[str, Any]:
    return observation(value=1, effectiveDateTime=f"2026-11-{day:02}T08:00:00Z")


def test_a_server_that_does_not_sort_is_read_to_its_last_page(
    server: responses.RequestsMock,
) -> None:
    """The newest results may be the last: a full page is then not what was asked for."""
    url = f"{SERVER}/{RESULTS.url('7')}"
    server.get(url, json=bundle(dated(1), dated(2), following="?page=2"))
    server.get(f"{SERVER}/?page=2", json=bundle(dated(20)))
    answer = complete(RESULTS)["results"]
    assert (answer.state, len(answer.resources)) == (State.ANSWERED, 3)


def test_a_server_that_does_not_sort_and_does_not_end_is_incomplete(
    server: responses.RequestsMock,
) -> None:
    url = f"{SERVER}/{RESULTS.url('7')}"
    server.get(url, json=bundle(dated(1), dated(2), following="?page=2"))
    server.get(f"{SERVER}/?page=2", json=bundle(dated(3), dated(4), following="?page=3"))
    answer = complete(RESULTS, pages=2)["results"]
    assert (answer.state, len(answer.resources)) == (State.FAILED, 4)
    assert answer.reason == "its pages do not end"


def test_a_newest_first_page_that_is_full_is_all_that_was_asked_for(
    server: responses.RequestsMock,
) -> None:
    url = f"{SERVER}/{RESULTS.url('7')}"
    server.get(url, json=bundle(dated(20), dated(20), following="?page=2"))
    assert complete(RESULTS)["results"].state is State.ANSWERED
    assert len(server.calls) == 1


def test_another_patients_resources_are_left_out_and_said(server: responses.RequestsMock) -> None:
    other = condition(subject={"reference": "Patient/8"})
    server.get(BY_ID, json=bundle(condition(), other, other))
    answer = complete(PROBLEMS)["problems"]
    assert (answer.state, len(answer.resources), answer.foreign) == (State.FAILED, 1, 2)
    assert answer.reason == "2 entries are about another patient"


@pytest.mark.parametrize("person", [{"id": "8"}, {}], ids=["another", "nobody"])
def test_a_patient_who_was_not_asked_for_is_not_read(
    server: responses.RequestsMock, person: dict[str, Any]
) -> None:
    server.get(f"{SERVER}/Patient/7", json={"resourceType": "Patient", **person})
    answer = complete(PERSON)["person"]
    assert (answer.resources, answer.reason) == (
        [],
        "the FHIR server answered with another patient",
    )


# -- drugs by reference ----------------------------------------------------------------------------

PRESCRIPTION = {
    "resourceType": "MedicationRequest",
    "status": "active",
    "medicationReference": {"reference": "Medication/m"},
}
MEDICATION = {"resourceType": "Medication", "id": "m", "code": {"text": "polish"}}


def drugs(server: responses.RequestsMock, *found: dict[str, Any], **more: Any) -> Answer:
    server.get(f"{SERVER}/{DRUGS.url('7')}", json=bundle(*found))
    return complete(DRUGS, **more)["drugs"]


def test_a_drug_that_is_only_referred_to_is_read(server: responses.RequestsMock) -> None:
    server.get(f"{SERVER}/Medication/m", json=MEDICATION)
    answer = drugs(server, PRESCRIPTION, PRESCRIPTION)
    assert answer.unnamed_drugs() == []
    assert len(server.calls) == 2


NAMED = {
    "a display": {"medicationReference": {"reference": "Medication/m", "display": "polish"}},
    "words": {"medicationReference": None, "medicationCodeableConcept": {"text": "polish"}},
    "a code": {
        "medicationReference": None,
        "medicationCodeableConcept": {"coding": [{"system": "s", "code": "POLISH"}]},
    },
    "what it contains": {
        "medicationReference": {"reference": "#m"},
        "contained": [{**MEDICATION, "id": "m"}],
    },
}


@pytest.mark.parametrize("named", NAMED.values(), ids=NAMED)
def test_a_drug_that_is_named_is_not_asked_for(
    server: responses.RequestsMock, named: dict[str, Any]
) -> None:
    assert drugs(server, PRESCRIPTION | named).unnamed_drugs() == []
    assert len(server.calls) == 1


def test_a_drug_that_came_with_the_search_is_not_asked_for(server: responses.RequestsMock) -> None:
    answer = drugs(server, PRESCRIPTION, MEDICATION)
    assert answer.unnamed_drugs() == []
    assert [each.resourceType for each in answer.resources] == ["MedicationRequest"]
    assert len(server.calls) == 1


NO_MEDICATION: dict[str, dict[str, Any]] = {
    "not there": {"status": 404},
    "another": {"json": {**MEDICATION, "id": "n"}},
    "no Medication": {"json": {"resourceType": "Basic", "id": "m"}},
    "HTML": {"body": "<html>"},
}


@pytest.mark.parametrize("reply", NO_MEDICATION.values(), ids=NO_MEDICATION)
def test_a_drug_that_cannot_be_read_stays_unnamed(
    server: responses.RequestsMock, reply: dict[str, Any]
) -> None:
    server.get(f"{SERVER}/Medication/m", **reply)
    assert drugs(server, PRESCRIPTION).unnamed_drugs() == ["Medication/m"]


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/Basic/m",
        "urn:uuid:7",
        "Group/m",
        "",
        "../Patient/8",
        "Medication/..",
        "Medication/m?_x",
    ],
)
def test_only_medications_are_read(server: responses.RequestsMock, address: str) -> None:
    prescription = {**PRESCRIPTION, "medicationReference": {"reference": address}}
    assert drugs(server, prescription).unnamed_drugs() == [None]
    assert len(server.calls) == 1


def test_no_more_drugs_are_read_than_the_limit_allows(server: responses.RequestsMock) -> None:
    named = [{"reference": f"Medication/{i}"} for i in range(4)]
    for i in range(4):
        server.get(f"{SERVER}/Medication/{i}", status=404)
    found = ({**PRESCRIPTION, "medicationReference": each} for each in named)
    assert len(drugs(server, *found, referenced_drugs=2).unnamed_drugs()) == 4
    assert len(server.calls) == 3


# -- other versions --------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "said"), [("1.0.2", True), ("5.0.0", True), ("4.0.1", False)])
def test_a_server_that_refuses_a_search_is_asked_which_version_it_speaks(
    server: responses.RequestsMock, number: str, said: bool
) -> None:
    """https://hl7.org/fhir/R4/http.html#capabilities"""
    server.get(f"{SERVER}/{DRUGS.url('7')}", status=404)
    metadata = server.get(f"{SERVER}/metadata", json={"fhirVersion": number})
    reader = FhirReader(FhirLimits())
    for _ in range(2):
        reason = complete(DRUGS, reader=reader)["drugs"].reason
        assert reason.startswith("the FHIR server answered 404")
        assert (f"it speaks FHIR {number}, not R4" in reason) is said
    assert metadata.call_count == 1
    (call,) = (call for call in server.calls if call.request.url == f"{SERVER}/metadata")
    assert "Authorization" not in call.request.headers


@pytest.mark.parametrize("body", ["", "<html>", "[]", '{"fhirVersion": 5}', '{"fhirVersion": "<"}'])
def test_a_server_that_does_not_say_its_version_is_not_named(
    server: responses.RequestsMock, body: str
) -> None:
    server.get(f"{SERVER}/{DRUGS.url('7')}", status=404)
    server.get(f"{SERVER}/metadata", body=body)
    assert complete(DRUGS)["drugs"].reason == "the FHIR server answered 404"


@pytest.mark.parametrize(
    ("media_type", "said"),
    [
        ("application/fhir+json; fhirVersion=5.0", True),
        ('application/fhir+json; charset=utf-8; fhirversion="1.0"', True),
        ("application/fhir+json; fhirVersion=4.0", False),
        ("application/fhir+json; fhirVersion=4.3", False),
        ("application/fhir+json; fhirVersion=<b>", False),
        ("application/json", False),
    ],
)
def test_an_answer_that_says_it_is_not_r4_is_named(
    server: responses.RequestsMock, media_type: str, said: bool
) -> None:
    """https://hl7.org/fhir/R4/http.html#version-parameter"""
    server.get(BY_ID, json=bundle(condition()), content_type=media_type)
    answer = complete(PROBLEMS)["problems"]
    assert (answer.state is State.FAILED, "not R4" in answer.reason) == (said, said)
    assert len(answer.resources) == 1
