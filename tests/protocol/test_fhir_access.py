"""Reads from the client's FHIR server: https://cds-hooks.hl7.org/2.0/#fhir-resource-access"""

from __future__ import annotations

import copy
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from cds_service.logs import described
from tests.protocol.fhir_stub import FhirStub, Reply, filled, reply, story
from tests.protocol.support import (
    ACCESS_TOKEN,
    KEYS,
    ORDER,
    QUIET,
    SEARCH_KEYS,
    VIEW,
    Caller,
    application,
    good,
    resources,
    without_uuids,
)

NAMES = pytest.mark.parametrize("name", [VIEW, ORDER, QUIET])


@pytest.fixture(scope="module")
def caller() -> Caller:
    """A client of an application that waits long enough for a busy machine."""
    return Caller(application(fhir_deadline_seconds=20.0))


@pytest.fixture(scope="module")
def templates(caller: Caller) -> dict[str, str]:
    found: dict[str, str] = caller.send("GET", "/cds-services").json["services"][0]["prefetch"]
    return found


@pytest.fixture
def stub() -> Iterator[FhirStub]:
    with FhirStub() as running:
        yield running


@pytest.fixture
def elsewhere() -> Iterator[FhirStub]:
    """Another origin, on which nothing may arrive."""
    with FhirStub() as running:
        yield running


def sent(name: str, server: Any, *lacking: str) -> dict[str, Any]:
    """A request with access to a FHIR server and without these prefetch keys."""
    request = good(name)
    request["fhirServer"] = server
    request["fhirAuthorization"] = {
        "access_token": ACCESS_TOKEN,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "user/*.read",
        "subject": "als-leukemia-cds",
    }
    for key in lacking:
        del request["prefetch"][key]
    return request


def by_reference(request: dict[str, Any], paths: list[str]) -> list[str]:
    """The searches as a server wants them that knows no `patient=ID`."""
    patient = request["context"]["patientId"]
    return [
        path.replace(f"?patient={patient}", f"?patient=Patient/{patient}")
        for path in paths
        if "?" in path
    ]


def lines(answer: Any) -> str:
    """Every text in which an answer may say what is missing."""
    return str(answer.json)


# --- Data that prefetch lacks ---------------------------------------------------------------------


@NAMES
@pytest.mark.parametrize("lacking", [KEYS, *((key,) for key in KEYS)], ids="-".join)
def test_data_that_prefetch_lacks_is_read(
    caller: Caller, stub: FhirStub, templates: dict[str, str], name: str, lacking: tuple[str, ...]
) -> None:
    """DATA-12, DATA-15: https://cds-hooks.hl7.org/2.0/#fhir-resource-access"""
    stub.replies = story(name, templates)
    cards = caller.cards(sent(name, stub.base, *lacking))
    assert without_uuids(cards) == without_uuids(caller.cards(good(name)))
    paths = [filled(templates, good(name))[key] for key in lacking]
    if not any(resources(good(name), key) for key in lacking if key in SEARCH_KEYS):
        paths += by_reference(good(name), paths)
    assert stub.asked() == sorted(paths)


@pytest.mark.parametrize("change", ["no prefetch", "null", "{}"])
def test_a_request_without_prefetch_is_read_in_full(
    caller: Caller, stub: FhirStub, templates: dict[str, str], change: str
) -> None:
    """DATA-12, DATA-21: https://cds-hooks.hl7.org/2.0/#prefetch-template"""
    stub.replies = story(VIEW, templates)
    request = sent(VIEW, f"{stub.base}/")
    request["prefetch"] = {"null": None, "{}": {}}.get(change)
    if change == "no prefetch":
        del request["prefetch"]
    assert caller.rules(request) == caller.rules(good(VIEW))
    assert len(stub.calls) == len(KEYS)


@NAMES
def test_nothing_is_read_where_prefetch_holds_every_key(
    caller: Caller, stub: FhirStub, name: str
) -> None:
    """DATA-17: https://cds-hooks.hl7.org/2.0/#prefetch-template"""
    request = sent(name, stub.base)
    request["prefetch"].update(dict.fromkeys(SEARCH_KEYS[1:]))
    caller.cards(request)
    assert stub.calls == []


def test_nothing_is_read_for_a_request_without_selected_orders(
    caller: Caller, stub: FhirStub
) -> None:
    """DATA-17: https://cds-hooks.hl7.org/hooks/order-select/"""
    request = sent(ORDER, stub.base, *KEYS)
    request["context"]["selections"] = []
    assert caller.cards(request) == []
    assert stub.calls == []


def test_every_call_is_a_get_with_the_token_that_asks_for_json(
    caller: Caller, stub: FhirStub, templates: dict[str, str]
) -> None:
    """DATA-13, DATA-16:
    https://cds-hooks.hl7.org/2.0/#passing-the-access-token-to-the-cds-service"""
    stub.replies = story(VIEW, templates)
    caller.cards(sent(VIEW, stub.base, *KEYS))
    assert len(stub.calls) == len(KEYS)
    for call in stub.calls:
        assert call.method == "GET"
        assert call.headers["Authorization"] == f"Bearer {ACCESS_TOKEN}"
        assert call.headers["Accept"] == "application/fhir+json"


def test_an_open_server_is_read_without_a_token(
    caller: Caller, stub: FhirStub, templates: dict[str, str]
) -> None:
    """DATA-12, DATA-13: fhirAuthorization is optional:
    https://cds-hooks.hl7.org/2.0/#http-request_1"""
    stub.replies = story(VIEW, templates)
    request = sent(VIEW, stub.base, *KEYS)
    del request["fhirAuthorization"]
    assert caller.cards(request)
    assert all("Authorization" not in call.headers for call in stub.calls)


def test_the_token_is_in_no_log(
    caller: Caller, stub: FhirStub, caplog: pytest.LogCaptureFixture
) -> None:
    """DATA-22: https://cds-hooks.hl7.org/2.0/#passing-the-access-token-to-the-cds-service"""
    caplog.set_level(0)
    assert caller.post(sent(VIEW, stub.base, *KEYS)).status_code == 412
    assert caplog.records
    assert ACCESS_TOKEN not in caplog.text


def test_no_cookie_comes_with_a_later_call(
    caller: Caller, stub: FhirStub, templates: dict[str, str]
) -> None:
    """DATA-22: a session at the FHIR server is one user's, like the token:
    https://cds-hooks.hl7.org/2.0/#passing-the-access-token-to-the-cds-service"""
    for path, found in story(VIEW, templates).items():
        headers = {**found.headers, "Set-Cookie": "session=of-another-user; Path=/"}
        stub.replies[path] = Reply(found.body, headers=headers)
    for _ in range(2):
        assert caller.cards(sent(VIEW, stub.base, *KEYS))
    assert len(stub.calls) == 2 * len(KEYS)
    assert all("Cookie" not in call.headers for call in stub.calls)


def test_data_that_prefetch_spoilt_is_read(
    caller: Caller, stub: FhirStub, templates: dict[str, str]
) -> None:
    """DATA-05, BAD-23: https://cds-hooks.hl7.org/2.0/#fhir-resource-access"""
    stub.replies = story(VIEW, templates)
    request = sent(VIEW, stub.base)
    outcome = {"resourceType": "OperationOutcome", "issue": []}
    request["prefetch"].update(conditions=outcome, labs="<html>", body={"resourceType": "Basic"})
    assert caller.rules(request) == caller.rules(good(VIEW))
    assert len(stub.calls) == 3


# --- Servers that fail ----------------------------------------------------------------------------

OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "login"}]}
FAILURES = {
    "401": Reply(b"", 401),
    "403": reply(OUTCOME, 403),
    "404": reply(OUTCOME, 404),
    "500": Reply(b"<html>boom</html>", 500, {"Content-Type": "text/html"}),
    "200 with HTML": Reply(b"<html>Sign in</html>", 200, {"Content-Type": "text/html"}),
    "200 with an OperationOutcome": reply(OUTCOME),
    "200 with other JSON": reply({"ok": True}),
    "200 with an array": reply([]),
    "200 with null": reply(None),
    "200 with nothing": Reply(b""),
    "200 with half a Bundle": Reply(b'{"resourceType": "Bundle", "entry": ['),
    "200 with another resource": reply({"resourceType": "Basic", "id": "a"}),
    "204": Reply(b"", 204),
    "a broken gzip": Reply(b"no gzip", 200, {"Content-Encoding": "gzip"}),
}


@NAMES
@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_needed_data_that_cannot_be_read_is_412(
    caller: Caller, stub: FhirStub, name: str, failure: Reply
) -> None:
    """DATA-11, ERR-05: https://cds-hooks.hl7.org/2.0/#http-status-codes_1"""
    stub.otherwise = failure
    for lacking in (("conditions",), KEYS):
        answer = caller.post(sent(name, stub.base, *lacking))
        assert answer.status_code == 412
        assert "prefetch key conditions is needed" in answer.json["issue"][0]["diagnostics"]


@NAMES
@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_other_data_that_cannot_be_read_is_named_on_a_card(
    caller: Caller, stub: FhirStub, name: str, failure: Reply
) -> None:
    """DATA-11: https://cds-hooks.hl7.org/2.0/#fhir-resource-access"""
    stub.otherwise = failure
    cards = caller.cards(sent(name, stub.base, "labs", "patient"))
    assert "Data under labs could not be read" in cards[0]["detail"]
    assert "Data under patient could not be read" in cards[0]["detail"]


def test_a_server_that_answers_with_another_patient_has_failed(
    caller: Caller, stub: FhirStub
) -> None:
    """DATA-11, BAD-16: https://hl7.org/fhir/R4/http.html#read"""
    stub.otherwise = reply({"resourceType": "Patient", "id": "somebody-else", "gender": "male"})
    cards = caller.cards(sent(VIEW, stub.base, "patient"))
    assert "answered with another patient" in cards[0]["detail"]


@NAMES
def test_a_server_out_of_reach_is_412(caller: Caller, name: str) -> None:
    """DATA-10, ERR-05: https://cds-hooks.hl7.org/2.0/#http-status-codes_1"""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        server = f"http://127.0.0.1:{closed.getsockname()[1]}/fhir"
        answer = caller.post(sent(name, server, *KEYS))
    assert answer.status_code == 412
    assert "could not be reached" in answer.json["issue"][0]["diagnostics"]


@NAMES
@pytest.mark.parametrize("stalls", ["headers", "body"])
def test_a_server_that_hangs_does_not_hang_the_service(
    stub: FhirStub, templates: dict[str, str], name: str, stalls: str
) -> None:
    """DATA-20, ERR-05: https://cds-hooks.hl7.org/2.0/#http-status-codes_1"""
    stub.replies = story(name, templates)
    conditions = filled(templates, good(name))["conditions"]
    body = stub.replies[conditions].body
    stub.replies[conditions] = Reply(body, stalls=stalls)
    hurried = Caller(application(fhir_deadline_seconds=0.3))
    answer = hurried.post(sent(name, stub.base, "conditions"))
    assert answer.status_code == 412
    assert "did not answer in time" in answer.json["issue"][0]["diagnostics"]


def test_an_answer_without_end_is_cut_short(stub: FhirStub) -> None:
    """DATA-11: https://cds-hooks.hl7.org/2.0/#http-status-codes_1"""
    stub.otherwise = Reply(b" " * 200_000)
    careful = Caller(application(fhir_deadline_seconds=20.0, fhir_max_response_bytes=100_000))
    answer = careful.post(sent(VIEW, stub.base, "conditions"))
    assert answer.status_code == 412
    assert "too large" in answer.json["issue"][0]["diagnostics"]


# --- Pages and other origins ----------------------------------------------------------------------


def in_pages(stub: FhirStub, path: str, following: str) -> None:
    """Split the stub's answer to a search: its second half stands behind a next link."""
    whole = good(VIEW)["prefetch"]["conditions"]
    first, second = copy.deepcopy(whole), copy.deepcopy(whole)
    first["entry"], second["entry"] = whole["entry"][:1], whole["entry"][1:]
    first["link"] = [{"relation": "next", "url": following}]
    stub.replies[path] = reply(first)
    stub.replies["page-2"] = reply(second)


@pytest.mark.parametrize("form", ["{base}/page-2", "page-2", "/fhir/page-2"])
def test_the_next_page_of_a_search_is_read(
    caller: Caller, stub: FhirStub, templates: dict[str, str], form: str
) -> None:
    """DATA-09, DATA-13: https://hl7.org/fhir/R4/http.html#paging"""
    in_pages(stub, filled(templates, good(VIEW))["conditions"], form.format(base=stub.base))
    cards = caller.cards(sent(VIEW, stub.base, "conditions"))
    assert without_uuids(cards) == without_uuids(caller.cards(good(VIEW)))
    assert "page-2" in stub.asked()
    assert {call.headers["Authorization"] for call in stub.calls} == {f"Bearer {ACCESS_TOKEN}"}


def test_a_prefetched_page_that_was_cut_short_is_completed(
    caller: Caller, stub: FhirStub, templates: dict[str, str]
) -> None:
    """DATA-23: https://hl7.org/fhir/R4/http.html#paging"""
    stub.replies = story(VIEW, templates)
    request = sent(VIEW, stub.base)
    conditions = request["prefetch"]["conditions"]
    conditions["link"] = [{"relation": "next", "url": f"{stub.base}/page-2"}]
    stub.replies["page-2"] = reply({**conditions, "link": [], "entry": conditions["entry"][1:]})
    conditions["entry"] = conditions["entry"][:1]
    cards = caller.cards(request)
    assert without_uuids(cards) == without_uuids(caller.cards(good(VIEW)))
    assert stub.asked() == ["page-2"]
    assert [call.headers["Authorization"] for call in stub.calls] == [f"Bearer {ACCESS_TOKEN}"]


@pytest.mark.parametrize("following", ["{base}/expired", "https://elsewhere.example/fhir?page=2"])
def test_a_prefetched_page_whose_next_cannot_be_had_is_read_anew(
    caller: Caller, stub: FhirStub, templates: dict[str, str], following: str
) -> None:
    """DATA-23: a page may belong to the client's own search:
    https://hl7.org/fhir/R4/http.html#paging"""
    stub.replies = story(VIEW, templates)
    request = sent(VIEW, stub.base)
    conditions = request["prefetch"]["conditions"]
    conditions["link"] = [{"relation": "next", "url": following.format(base=stub.base)}]
    conditions["entry"] = conditions["entry"][:1]
    cards = caller.cards(request)
    assert without_uuids(cards) == without_uuids(caller.cards(good(VIEW)))
    assert stub.asked()[0] == filled(templates, request)["conditions"]


def test_pages_without_end_are_not_followed_for_ever(
    caller: Caller, stub: FhirStub, templates: dict[str, str]
) -> None:
    """DATA-09, DATA-24: https://hl7.org/fhir/R4/http.html#paging"""
    path = filled(templates, good(VIEW))["conditions"]
    in_pages(stub, path, f"{stub.base}/{path}")
    cards = caller.cards(sent(VIEW, stub.base, "conditions"))
    assert 2 <= len(stub.calls) <= 10
    assert "Data under conditions could not be read" in cards[0]["detail"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(
    caller: Caller, stub: FhirStub, elsewhere: FhirStub, status: int
) -> None:
    """DATA-14: https://www.rfc-editor.org/rfc/rfc6750#section-5.3"""
    stub.otherwise = Reply(b"", status, {"Location": f"{elsewhere.base}/Condition"})
    assert caller.post(sent(VIEW, stub.base, *KEYS)).status_code == 412
    assert elsewhere.calls == []


def test_a_next_page_on_another_origin_is_not_read_and_said(
    caller: Caller, stub: FhirStub, elsewhere: FhirStub, templates: dict[str, str]
) -> None:
    """DATA-14, DATA-24: https://www.rfc-editor.org/rfc/rfc6750#section-5.3"""
    path = filled(templates, good(VIEW))["conditions"]
    port = elsewhere.origin.rpartition(":")[2]
    server = stub.origin.removeprefix("http://")
    for foreign in (
        f"{elsewhere.base}/page-2",
        f"//127.0.0.1:{port}/page-2",
        f"http://{server}@127.0.0.1:{port}/page-2",
        f"http://{server}.evil.example:{port}/page-2",
        "file:///etc/passwd",
        "http://[",
    ):
        in_pages(stub, path, foreign)
        cards = caller.cards(sent(VIEW, stub.base, "conditions"))
        assert "Data under conditions could not be read" in cards[0]["detail"]
    assert elsewhere.calls == []
    assert set(stub.asked()) == {path}


# --- fhirServer and fhirAuthorization -------------------------------------------------------------

NO_SERVERS: dict[str, Any] = {
    "a file": "file:///etc/passwd",
    "gopher": "gopher://127.0.0.1:70/_",
    "ftp": "ftp://127.0.0.1/fhir",
    "relative": "/fhir",
    "no host": "http:///fhir",
    "with a user": "http://user:password@127.0.0.1/fhir",
    "with a query": "http://127.0.0.1/fhir?",
    "with a fragment": "http://127.0.0.1/fhir#",
    "two lines": "http://127.0.0.1/fhir\r\nX: y",
    "a port that is none": "http://127.0.0.1:port/fhir",
    "a port out of range": "http://127.0.0.1:99999/fhir",
    "half an address": "http://[::1/fhir",
    "a host that is no name": "http://../fhir",
    "a label too long": f"http://{'a' * 300}.example/fhir",
    "empty": "",
    "a number": 80,
    "null": None,
    "an object": {},
    "an array": ["http://127.0.0.1/fhir"],
}


@pytest.mark.parametrize("server", NO_SERVERS.values(), ids=NO_SERVERS)
def test_a_server_that_is_no_http_url_is_left_alone(caller: Caller, server: Any) -> None:
    """DATA-18: https://cds-hooks.hl7.org/2.0/#http-request_1"""
    answer = caller.post(sent(VIEW, server))
    assert answer.status_code == 200
    assert "root:x:0" not in lines(answer)
    refusal = caller.post(sent(VIEW, server, *KEYS))
    assert refusal.status_code == 412
    reasons = ("no http or https address", "could not be reached")
    assert server is None or any(reason in refusal.text for reason in reasons)


NO_AUTHORIZATIONS: dict[str, Any] = {
    "a string": ACCESS_TOKEN,
    "null": None,
    "an array": [{"access_token": ACCESS_TOKEN}],
    "empty": {},
    "without a token": {"token_type": 1, "expires_in": "x"},
}
UNUSABLE: dict[str, tuple[dict[str, Any], str]] = {
    "a token that is a number": ({"access_token": 7}, "the access token cannot be sent"),
    "an empty token": ({"access_token": ""}, "the access token cannot be sent"),
    "a token with a line break": (
        {"access_token": "a\r\nX-Forged: b"},
        "the access token cannot be sent",
    ),
    "a token that is no ASCII": ({"access_token": "tøken"}, "the access token cannot be sent"),
    "a token of another type": ({"access_token": ["a"]}, "the access token cannot be sent"),
    "a token for another patient": (
        {"access_token": ACCESS_TOKEN, "patient": "somebody-else"},
        "fhirAuthorization is for another patient",
    ),
}


@pytest.mark.parametrize(("authorization", "reason"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_token_that_opens_nothing_of_this_patient_is_not_used_and_that_is_said(
    caller: Caller, stub: FhirStub, authorization: dict[str, Any], reason: str
) -> None:
    """DATA-19: https://cds-hooks.hl7.org/2.0/#passing-the-access-token-to-the-cds-service"""
    request = {**sent(VIEW, stub.base, "labs"), "fhirAuthorization": authorization}
    assert f"not supplied, and {reason}" in caller.cards(request)[0]["detail"]
    request = {**sent(VIEW, stub.base, *KEYS), "fhirAuthorization": authorization}
    answer = caller.post(request)
    assert (answer.status_code, reason in answer.text) == (412, True)
    assert stub.calls == []


def test_a_token_for_this_patient_is_used(
    caller: Caller, stub: FhirStub, templates: dict[str, str]
) -> None:
    """DATA-13: https://cds-hooks.hl7.org/#passing-the-access-token-to-the-cds-service"""
    stub.replies = story(VIEW, templates)
    request = sent(VIEW, stub.base, "labs")
    request["fhirAuthorization"]["patient"] = request["context"]["patientId"]
    assert caller.rules(request) == caller.rules(good(VIEW))
    assert len(stub.calls) == 1


@pytest.mark.parametrize("authorization", NO_AUTHORIZATIONS.values(), ids=NO_AUTHORIZATIONS)
def test_an_authorization_without_a_token_is_none(
    caller: Caller, stub: FhirStub, templates: dict[str, str], authorization: Any
) -> None:
    """DATA-19: https://cds-hooks.hl7.org/2.0/#passing-the-access-token-to-the-cds-service"""
    stub.replies = story(VIEW, templates)
    request = {**sent(VIEW, stub.base, *KEYS), "fhirAuthorization": authorization}
    assert caller.rules(request) == caller.rules(good(VIEW))
    assert all("Authorization" not in call.headers for call in stub.calls)
    assert all("X-Forged" not in call.headers for call in stub.calls)


def test_an_authorization_without_a_server_is_served(caller: Caller) -> None:
    """DATA-19: https://cds-hooks.hl7.org/2.0/#passing-the-access-token-to-the-cds-service"""
    request = sent(VIEW, "")
    del request["fhirServer"]
    assert caller.rules(request) == caller.rules(good(VIEW))
    assert resources(request, "conditions")


# --- The log --------------------------------------------------------------------------------------


def test_what_could_not_be_read_is_in_the_line_of_the_call(
    caller: Caller, stub: FhirStub, caplog: pytest.LogCaptureFixture
) -> None:
    """A scope that was revoked shows on cards; who runs the service sees no cards."""
    caplog.set_level("INFO")
    stub.otherwise = Reply(b"", 403)
    request = sent(VIEW, stub.base, "labs")
    request["prefetch"]["body"] = {"resourceType": "OperationOutcome", "issue": []}
    caller.cards(request)
    (line,) = (said for record in caplog.records if "cards" in (said := described(record)))
    assert line["unread"] == "labs:failed body:failed"
