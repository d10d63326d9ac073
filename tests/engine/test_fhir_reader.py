"""Reads from the client's FHIR server: https://cds-hooks.hl7.org/#fhir-resource-access"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
import responses

from cds_service.fhir_reader import Access, FhirLimits, FhirReader
from cds_service.prefetch import Answer, Query, State, absent
from tests.engine.made_up import SPOTS, condition, observation

SERVER = "https://ehr.example/fhir"
PERSON = Query("person", "Patient", "Who it is.")
PROBLEMS = Query("problems", "Condition", "Spots.", (SPOTS,), 4, "-recorded-date", all_codes=True)
NEWEST = replace(PROBLEMS, all_codes=False)
SEARCH = f"{SERVER}/{PROBLEMS.url('7')}"


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def read(
    *queries: Query,
    token: str | None = None,
    server: str = SERVER,
    deadline: float = 20.0,
    **limits: Any,
) -> dict[str, Answer]:
    queries = queries or (PROBLEMS,)
    access = Access(server, token, "7", deadline)
    sent = {query.key: absent("not supplied") for query in queries}
    return FhirReader(FhirLimits(**limits)).complete(access, queries, sent)


def problems(**more: Any) -> Answer:
    return read(**more)["problems"]


def page(count: int = 1, next_url: str | None = None) -> dict[str, Any]:
    links = [{"relation": "next", "url": next_url}] if next_url else []
    entries = [{"resource": condition()} for _ in range(count)]
    return {"resourceType": "Bundle", "link": links, "entry": entries}


def test_every_key_is_read_from_its_own_url(server: responses.RequestsMock) -> None:
    server.get(f"{SERVER}/Patient/7", json={"resourceType": "Patient", "id": "7"})
    server.get(SEARCH, json=page(2))
    answers = read(PERSON, PROBLEMS)
    assert {key: len(answer.resources) for key, answer in answers.items()} == {
        "person": 1,
        "problems": 2,
    }
    assert all(answer.is_usable for answer in answers.values())


def test_the_token_is_sent_as_bearer_and_only_when_there_is_one(
    server: responses.RequestsMock,
) -> None:
    server.get(SEARCH, json=page())
    problems(token="secret")
    problems()
    first, second = (call.request.headers for call in server.calls)
    assert first["Authorization"] == "Bearer secret"
    assert "Authorization" not in second
    assert first["Accept"] == "application/fhir+json"


FAILURES: dict[str, tuple[dict[str, Any], str]] = {
    "not allowed": ({"status": 401}, "the FHIR server answered 401 (access token refused)"),
    "not there": ({"status": 404, "json": page()}, "the FHIR server answered 404"),
    "broken": ({"status": 500}, "the FHIR server answered 500"),
    "elsewhere": (
        {"status": 302, "headers": {"Location": "https://evil.example/"}},
        "the FHIR server answered 302",
    ),
    "a page of HTML": ({"body": "<html>"}, "the FHIR server's answer is not FHIR JSON"),
    "nothing": ({"body": ""}, "the FHIR server's answer is not FHIR JSON"),
    "no route": (
        {"body": requests.ConnectionError("refused by 10.0.0.7")},
        "the FHIR server could not be reached",
    ),
    "too slow": ({"body": requests.Timeout()}, "the FHIR server did not answer in time"),
    "a cut connection": (
        {"body": requests.exceptions.ChunkedEncodingError()},
        "the FHIR server could not be reached",
    ),
    "an error nobody foresaw": (
        {"body": ZeroDivisionError("4711")},
        "the FHIR server could not be read",
    ),
    "an outcome": (
        {"json": {"resourceType": "OperationOutcome"}},
        "the server answered with an error (OperationOutcome)",
    ),
}


@pytest.mark.parametrize(("reply", "reason"), FAILURES.values(), ids=FAILURES)
def test_what_goes_wrong_is_a_failed_answer_with_its_reason(
    server: responses.RequestsMock, reply: dict[str, Any], reason: str
) -> None:
    server.get(SEARCH, **reply)
    answer = problems()
    assert (answer.state, answer.reason) == (State.FAILED, reason)


def test_no_redirect_is_followed(server: responses.RequestsMock) -> None:
    elsewhere = server.get("https://evil.example/", json=page())
    server.get(SEARCH, status=307, headers={"Location": "https://evil.example/"})
    problems(token="secret")
    assert elsewhere.call_count == 0


@pytest.mark.parametrize("name", ["https://a..b", "https://[", "https://ehr.example:99999"])
def test_a_server_that_cannot_exist_is_a_failed_answer(name: str) -> None:
    answer = problems(server=name)
    assert (answer.state, answer.reason) == (State.FAILED, "the FHIR server could not be reached")


def test_an_answer_that_is_too_large_is_not_read(server: responses.RequestsMock) -> None:
    body = json.dumps(page())
    server.get(SEARCH, body=body)
    assert problems(bytes_per_query=len(body)).is_usable
    answer = problems(bytes_per_query=len(body) - 1)
    assert answer.reason == "the FHIR server's answer is too large"


def test_one_key_that_fails_leaves_the_others(server: responses.RequestsMock) -> None:
    server.get(f"{SERVER}/Patient/7", status=500)
    server.get(SEARCH, json=page())
    answers = read(PERSON, PROBLEMS)
    assert [answers[key].is_usable for key in ("person", "problems")] == [False, True]


# -- pages -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "link", [f"{SERVER}?page=2", "?page=2", "/fhir?page=2", "//ehr.example/fhir?page=2"]
)
def test_a_next_page_is_read_too(server: responses.RequestsMock, link: str) -> None:
    server.get(SEARCH, json=page(1, link))
    server.get(f"{SERVER}?page=2", json=page(1))
    server.get(f"{SERVER}/?page=2", json=page(1))
    answer = problems(token="secret")
    assert (answer.state, len(answer.resources)) == (State.ANSWERED, 2)
    assert server.calls[-1].request.headers["Authorization"] == "Bearer secret"


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/fhir?page=2",
        "http://ehr.example/fhir?page=2",
        "https://ehr.example:8443/fhir",
        "https://ehr.example@evil.example/",
        "https://[",
        "ftp://ehr.example/",
    ],
)
def test_a_next_page_elsewhere_is_not_read(server: responses.RequestsMock, link: str) -> None:
    server.get(SEARCH, json=page(1, link))
    answer = problems(token="secret")
    assert (answer.state, len(answer.resources)) == (State.FAILED, 1)
    assert answer.reason == "its next page lies elsewhere"
    assert len(server.calls) == 1


def test_what_was_read_before_a_page_failed_is_kept_as_incomplete(
    server: responses.RequestsMock,
) -> None:
    server.get(SEARCH, json=page(1, f"{SERVER}?page=2"))
    server.get(f"{SERVER}?page=2", status=500)
    answer = problems()
    assert (answer.state, len(answer.resources)) == (State.FAILED, 1)
    assert answer.reason == "the FHIR server answered 500"


def test_an_empty_last_page_takes_nothing_away(server: responses.RequestsMock) -> None:
    server.get(SEARCH, json=page(1, f"{SERVER}?page=2"))
    server.get(f"{SERVER}?page=2", json=page(0))
    answer = problems()
    assert answer.is_usable
    assert len(answer.resources) == 1


@pytest.mark.parametrize("pages", [2, 5])
def test_pages_end_when_as_many_are_read_as_were_asked_for(
    server: responses.RequestsMock, pages: int
) -> None:
    """A server may page more finely than `_count` asks: the newest four are what was wanted."""
    server.get(f"{SERVER}/{NEWEST.url('7')}", json=page(2, f"{SERVER}?page=2"))
    server.get(f"{SERVER}?page=2", json=page(2, f"{SERVER}?page=3"))
    third = server.get(f"{SERVER}?page=3", json=page(2))
    answer = read(NEWEST, pages=pages)["problems"]
    assert (answer.state, len(answer.resources)) == (State.ANSWERED, 4)
    assert answer.newest == 4
    assert third.call_count == 0


@pytest.mark.parametrize(("following", "calls"), [(3, 3), (2, 2)], ids=["other", "the same"])
def test_a_server_whose_pages_never_end_is_left(
    server: responses.RequestsMock, following: int, calls: int
) -> None:
    server.get(SEARCH, json=page(0, f"{SERVER}?page=2"))
    server.get(f"{SERVER}?page=2", json=page(0, f"{SERVER}?page={following}"))
    server.get(f"{SERVER}?page=3", json=page(0, f"{SERVER}?page=4"))
    answer = problems(pages=3)
    assert (answer.state, answer.reason) == (State.FAILED, "its pages do not end")
    assert len(server.calls) == calls


def test_a_resource_of_another_kind_is_not_kept(server: responses.RequestsMock) -> None:
    server.get(SEARCH, json={**page(1), "entry": [{"resource": observation()}]})
    assert problems().resources == []


# -- time ------------------------------------------------------------------------------------------


def test_no_read_outlives_the_deadline(server: responses.RequestsMock) -> None:
    released = threading.Event()

    def hang(_: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        released.wait(60)
        return 200, {}, json.dumps(page())

    server.add_callback(responses.GET, SEARCH, callback=hang)
    answer = problems(deadline=0.1)
    released.set()
    assert (answer.state, answer.reason) == (
        State.FAILED,
        "the FHIR server did not answer in time",
    )


def test_after_the_deadline_no_further_page_is_asked_for(server: responses.RequestsMock) -> None:
    server.get(SEARCH, json=page())
    assert problems(deadline=0).reason == "the FHIR server did not answer in time"
    assert len(server.calls) == 0
