"""What a FHIR server's answers do not prove: no data, another drug, the way it wants to be asked.

https://cds-hooks.hl7.org/#fhir-resource-access
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses

from cds_service.fhir_reader import FhirLimits, FhirReader, on_same_server
from cds_service.prefetch import Answer, State
from cds_service.searchset import read_answer
from tests.engine.made_up import condition, observation, resource
from tests.engine.test_fhir_servers import (
    BY_ID,
    BY_REFERENCE,
    DRUGS,
    MEDICATION,
    PRESCRIPTION,
    PROBLEMS,
    RESULTS,
    SERVER,
    bundle,
    complete,
)

RESULTS_BY_ID, RESULTS_BY_REFERENCE = (f"{SERVER}/{RESULTS.url(p)}" for p in ("7", "Patient/7"))


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def first_page(*found: dict[str, Any], following: str = "?page=2") -> dict[str, Answer]:
    """A prefetch that ends with a next link."""
    return {"problems": read_answer(PROBLEMS, resource(bundle(*found, following=following)), "7")}


# -- patient=ID or patient=Patient/ID --------------------------------------------------------------


def test_a_page_after_one_that_was_sent_does_not_say_how_a_server_wants_to_be_asked(
    server: responses.RequestsMock,
) -> None:
    """Its address is the server's own, without a search by the patient's id."""
    reader = FhirReader(FhirLimits())
    server.get(f"{SERVER}/?page=2", json=bundle(condition()))
    server.get(RESULTS_BY_ID, json=bundle())
    server.get(RESULTS_BY_REFERENCE, json=bundle(observation()))
    sent = first_page(condition())
    for queries in ((PROBLEMS, RESULTS), (RESULTS,)):
        answers = complete(*queries, reader=reader, search=None, sent=sent)
        assert len(answers["results"].resources) == 1


UNANSWERED: dict[str, dict[str, Any]] = {
    "too late": {"body": requests.Timeout()},
    "not reached": {"body": requests.ConnectionError()},
    "busy": {"status": 503},
    "broken": {"status": 500},
    "not permitted": {"status": 403},
    "no FHIR": {"body": "<html>"},
}


@pytest.mark.parametrize("reply", UNANSWERED.values(), ids=UNANSWERED)
def test_no_data_by_id_is_not_believed_before_the_server_was_asked_by_reference(
    server: responses.RequestsMock, reply: dict[str, Any]
) -> None:
    """A server that does not know the search by id has nothing to say by it."""
    server.get(BY_ID, json=bundle())
    server.get(BY_REFERENCE, **reply)
    answer = complete(PROBLEMS, search=None)["problems"]
    assert answer.state is State.FAILED
    assert answer.reason


def test_a_count_by_id_is_not_denied_by_nothing_by_reference(
    server: responses.RequestsMock,
) -> None:
    server.get(BY_ID, json={**bundle(), "total": 2})
    server.get(BY_REFERENCE, json=bundle())
    assert complete(PROBLEMS, search=None)["problems"].state is State.FAILED


# -- what was sent, and what was read --------------------------------------------------------------


def named(identity: str) -> dict[str, Any]:
    return condition(id=identity)


def test_what_was_sent_stays_beside_what_could_be_read_of_it(
    server: responses.RequestsMock,
) -> None:
    server.get(f"{SERVER}/?page=2", status=500)
    server.get(BY_ID, json=bundle(named("c"), named("d"), following="?page=b"))
    server.get(f"{SERVER}/?page=b", status=500)
    answer = complete(PROBLEMS, sent=first_page(named("a"), named("b")))["problems"]
    assert answer.state is State.FAILED
    assert {each.id for each in answer.resources} == {"a", "b", "c", "d"}


def test_pages_that_were_read_stay_where_the_next_one_fails(
    server: responses.RequestsMock,
) -> None:
    server.get(f"{SERVER}/?page=2", json=bundle(named("b"), following="?page=3"))
    server.get(f"{SERVER}/?page=3", status=500)
    server.get(BY_ID, status=500)
    answer = complete(PROBLEMS, sent=first_page(named("a")))["problems"]
    assert answer.state is State.FAILED
    assert {each.id for each in answer.resources} == {"a", "b"}


# -- where the next page is ------------------------------------------------------------------------

SAME: dict[str, str] = {
    "a path": "/fhir/Condition?page=2",
    "a query": "?page=2",
    "in full": f"{SERVER}?page=2",
    "the port of its scheme": "https://ehr.example:443/fhir?page=2",
    "capital letters": "HTTPS://EHR.Example/fhir?page=2",
    "a fragment": f"{SERVER}?page=2#top",
    "a path in capitals": "https://ehr.example/FHIR/Condition?page=2",
    "dots in a name": "/fhir/..page..?page=2",
}
ELSEWHERE: dict[str, str] = {
    "another port": "https://ehr.example:8443/fhir",
    "a port that is none": "https://ehr.example:x/fhir",
    "another scheme": "http://ehr.example:443/fhir",
    "a user": "https://me@ehr.example/fhir",
    "a user that looks like the server": "https://ehr.example:443@evil.example/",
    "a backslash": "https://ehr.example\\@evil.example/",
    "two slashes": "//evil.example/fhir",
    "nowhere": "",
    "another path": "https://ehr.example/admin?page=2",
    "another tenant": "/other/fhir/Condition",
    "a longer name": "/fhir2/Condition",
    "the host itself": "https://ehr.example",
    "a step up": "../admin",
    "a step up in full": f"{SERVER}/../admin",
    "a step up that is encoded": f"{SERVER}/%2e%2E/admin",
    "a step up with its slash encoded": f"{SERVER}/..%2Fadmin",
    "a step up by a backslash": f"{SERVER}/x\\..\\..\\admin",
    "a step up after a dot": f"{SERVER}/./../admin",
}


@pytest.mark.parametrize("link", SAME.values(), ids=SAME)
@pytest.mark.parametrize("base", [SERVER, "https://EHR.example:443/fhir"])
def test_a_link_is_followed_however_it_spells_the_server(base: str, link: str) -> None:
    url = on_same_server(base, link)
    assert url is not None
    assert url.startswith(base.removesuffix("/fhir") + "/")
    assert url.endswith("?page=2")


@pytest.mark.parametrize("link", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_link_to_another_server_is_not_followed(link: str) -> None:
    assert on_same_server(SERVER, link) is None


UNADDRESSED: dict[str, dict[str, Any]] = {
    "a link without an address": bundle(condition()) | {"link": [{"relation": "next"}]},
    "a full page of more that are counted": bundle(*[condition()] * 4) | {"total": 9},
}


@pytest.mark.parametrize("page", UNADDRESSED.values(), ids=UNADDRESSED)
def test_a_next_page_without_an_address_is_said(
    server: responses.RequestsMock, page: dict[str, Any]
) -> None:
    server.get(BY_ID, json=page)
    answer = complete(PROBLEMS)["problems"]
    assert answer.reason == "its next page has no address"
    assert answer.resources


# -- drugs by reference ----------------------------------------------------------------------------


def refer(address: str) -> dict[str, Any]:
    return {**PRESCRIPTION, "medicationReference": {"reference": address}}


OF_THE_SERVER: dict[str, str] = {
    "relative": "Medication/m",
    "of a version": "Medication/m/_history/3",
    "in full": f"{SERVER}/Medication/m",
    "in full, of a version": f"{SERVER}/Medication/m/_history/3",
    "spelled otherwise": "https://EHR.example:443/fhir/Medication/m",
}
OF_ANOTHER: dict[str, str] = {
    "another host": "https://pharmacy.example/fhir/Medication/m",
    "another base": "https://ehr.example/other/Medication/m",
    "a longer base": f"{SERVER}/other/Medication/m",
}


@pytest.mark.parametrize("address", OF_THE_SERVER.values(), ids=OF_THE_SERVER)
def test_a_drug_of_the_declared_server_is_read(
    server: responses.RequestsMock, address: str
) -> None:
    server.get(f"{SERVER}/{DRUGS.url('7')}", json=bundle(refer(address)))
    server.get(f"{SERVER}/Medication/m", json=MEDICATION)
    assert complete(DRUGS)["drugs"].unnamed_drugs() == []


@pytest.mark.parametrize("address", OF_ANOTHER.values(), ids=OF_ANOTHER)
def test_a_drug_of_another_server_is_not_looked_up_by_its_id(
    server: responses.RequestsMock, address: str
) -> None:
    """The same id is another drug there."""
    server.get(f"{SERVER}/{DRUGS.url('7')}", json=bundle(refer(address)))
    server.get(f"{SERVER}/Medication/m", json=MEDICATION)
    assert complete(DRUGS)["drugs"].unnamed_drugs() == [address]
    assert len(server.calls) == 1
