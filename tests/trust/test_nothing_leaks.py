"""No value of a request or of a FHIR server reaches the log or an error, on whatever path.

https://cds-hooks.hl7.org/#security-and-safety. Every field is marked; cards may repeat what the
caller sent, because that is what they are for, errors and the log may not.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

import fixtures
from cds_service.fhir_client import FhirClient
from cds_service.profiles import PROFILES
from tests.faults import transport
from tests.faults.server import Behaviour, Exchange, FaultServer, record, well, with_access
from tests.faults.table import FAULTS
from tests.faults.test_faults import guarded
from tests.faults.transport import status
from tests.protocol import made_up_content
from tests.protocol.support import ORDER, VIEW, Caller, application, good
from tests.trust.marked import (
    MARK,
    NUMBER,
    Watch,
    changed,
    check,
    check_answer,
    kinds,
    marked,
    watching,
)

SIGN = next(name for name in fixtures.EXPECTED if ".order-sign" in name)
HOOKS = [VIEW, ORDER, SIGN]
NAMES = [name for story in fixtures.stories() for name in fixtures.requests(story)]
SERVICE = "als-leukemia-patient-view"


@pytest.fixture(scope="module")
def caller() -> Caller:
    return Caller(application(fhir_deadline_seconds=10.0, fhir_max_response_bytes=1_000_000))


@pytest.fixture(scope="module")
def hurried_caller() -> Caller:
    return Caller(application(fhir_deadline_seconds=0.3, fhir_max_response_bytes=1_000_000))


@pytest.fixture(autouse=True)
def watch() -> Iterator[Watch]:
    """Every test here is also one of what was logged meanwhile."""
    with watching() as watch:
        yield watch
        assert watch.lines


def post(caller: Caller, body: Any, service: str = "", **options: Any) -> TestResponse:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    service = service or f"als-leukemia-{body['hook']}"
    answer = caller.post(data, service=service, **options)
    check_answer(answer)
    return answer


def test_a_leak_would_be_noticed(watch: Watch) -> None:
    """Or nothing here would show anything."""
    log = logging.getLogger("cds_service.leaky")
    for leak in (
        lambda: log.info("about %s", MARK),
        lambda: log.debug("about", extra={"reason": f"{MARK} was refused"}),
        lambda: log.info("about", extra={"unlisted": NUMBER}),
        lambda: log.info(f"about {MARK}"),  # noqa: G004
        lambda: log.error("failed", exc_info=RuntimeError(MARK)),
    ):
        leak()
        with pytest.raises(AssertionError):
            watch.check()
        watch.lines.clear()
        watch.handed.clear()
    with pytest.raises(AssertionError):
        check(f'{{"diagnostics": "Dr. {MARK.title()}"}}')
    log.info("no leak")


# -- requests --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_marked_request_leaves_no_mark(caller: Caller, watch: Watch, name: str) -> None:
    answer = post(caller, marked(good(name)), service=f"als-leukemia-{good(name)['hook']}")
    assert answer.status_code in {200, 400, 404, 412}
    assert '"not a UUID"' in watch.lines[-1] or answer.status_code in {400, 404}


def test_cards_do_show_what_was_sent(caller: Caller) -> None:
    """What is not read could not leak either."""
    assert sum(MARK in post(caller, marked(good(name))).text for name in HOOKS) >= 2


VALUES: list[Any] = [MARK, NUMBER, {MARK: MARK}, [MARK, NUMBER]]


@pytest.mark.parametrize("turn", range(2))
@pytest.mark.parametrize("name", HOOKS)
def test_a_mark_in_any_place_leaves_none(caller: Caller, name: str, turn: int) -> None:
    request = good(name)
    statuses = set()
    for number, place in enumerate(kinds(request).values(), start=turn):
        body = changed(request, place, VALUES[number % len(VALUES)])
        statuses.add(post(caller, body, f"als-leukemia-{request['hook']}").status_code)
    assert {200, 400} <= statuses <= {200, 400, 412}


@pytest.mark.parametrize("name", HOOKS)
def test_a_mark_as_the_name_of_any_member_leaves_none(caller: Caller, name: str) -> None:
    request = good(name)
    statuses = set()
    for place in kinds(request).values():
        if isinstance(place[-1], str):
            body = changed(request, place, None, MARK)
            statuses.add(post(caller, body, f"als-leukemia-{request['hook']}").status_code)
    assert {200, 400} <= statuses <= {200, 400, 412}


WHOLE = json.dumps(marked(good(VIEW))).encode()
BODIES = {
    "cut short": WHOLE[:-1],
    "no JSON": MARK.encode(),
    "a text": json.dumps(MARK).encode(),
    "a list": json.dumps([MARK]).encode(),
    "NaN": WHOLE[:-1] + b', "a": NaN}',
    "no UTF-8": WHOLE.replace(MARK.encode(), MARK.encode() + b"\xff"),
    "UTF-16": WHOLE.decode().encode("utf-16"),
    "nested deeply": WHOLE[:-1] + b', "extension": ' + b"[" * 90_000 + b"}",
    "a lone surrogate": WHOLE.replace(MARK.encode(), MARK.encode() + b"\\ud800"),
    "a name twice": WHOLE[:-1] + b', "hook": "' + MARK.encode() + b'"}',
    "too large": WHOLE + b" " * 40_000_000,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_marked_body_that_is_none_leaves_no_mark(caller: Caller, body: bytes) -> None:
    assert post(caller, body, SERVICE).status_code in {200, 400, 413}


HEADERS = {
    "Authorization": f"Bearer {MARK}.{MARK}.{MARK}",
    "Content-Encoding": MARK,
    "Content-Type": f"text/{MARK}",
    "Cookie": f"{MARK}={MARK}",
    "Host": f"{MARK}.example",
    "Origin": f"https://{MARK}.example",
    "Referer": f"https://{MARK}.example/Patient/{NUMBER}",
    "User-Agent": MARK,
    "X-Forwarded-For": MARK,
    "X-Request-Id": MARK,
    f"X-{MARK}": MARK,
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_marked_header_leaves_no_mark(caller: Caller, name: str) -> None:
    kind = HEADERS[name] if name == "Content-Type" else "application/json"
    for body in (good(VIEW), {**good(VIEW), "context": {}}):
        headers = {name: HEADERS[name]}
        post(caller, body, SERVICE, headers=headers, content_type=kind)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS", "TRACE", MARK.upper()])
@pytest.mark.parametrize(
    "path",
    [f"/{MARK}", f"/cds-services/{MARK}", f"/cds-services/{SERVICE}/{MARK}", f"/ready/{MARK}"],
)
def test_a_marked_address_leaves_no_mark(caller: Caller, method: str, path: str) -> None:
    for address in (path, f"{path}?{MARK}={MARK}", f"{path}%0d%0a{MARK}"):
        answer = caller.send(method, address, data=WHOLE, content_type="application/json")
        check_answer(answer)
    caller.send("GET", f"/{MARK}")


# -- FHIR servers ----------------------------------------------------------------------------------


class MarkedServer(FaultServer):
    """With a mark in its address."""

    def __init__(self, held: Any, behave: Behaviour = well) -> None:
        super().__init__(held, behave)
        self._path += f"/{MARK}"


Templates = dict[str, str]


def calling(caller: Caller, on: Callable[[Templates], Behaviour]) -> TestResponse:
    """The answer to a request that has no prefetch, from a server with a marked record."""
    templates = caller.send("GET", "/cds-services").json["services"][0]["prefetch"]
    request = marked(good(VIEW))
    held = record(templates, request)
    with FaultServer(held) as elsewhere, MarkedServer(held, on(templates)) as server:
        server.elsewhere = elsewhere.base
        call = with_access(request, server.base, f"{MARK}-token", templates)
        answer = guarded(lambda: post(caller, call))
        assert server.accepted
        return answer


@pytest.mark.parametrize("name", FAULTS)
def test_no_fault_of_a_marked_server_leaves_a_mark(
    name: str, caller: Caller, hurried_caller: Caller
) -> None:
    fault = FAULTS[name]
    answer = calling(hurried_caller if fault.hangs else caller, fault.on)
    assert answer.status_code in {200, 412}


def raw(data: str) -> Behaviour:
    def behave(exchange: Exchange) -> None:
        exchange.send(data.encode())
        exchange.drop()

    return behave


OUTCOME = json.dumps(
    {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": MARK, "code": MARK, "diagnostics": MARK, "details": {"text": MARK}}],
    }
).encode()
SAYING = {
    **{
        f"{number} with an outcome": status(number, OUTCOME) for number in (200, 401, 404, 422, 500)
    },
    "401 that asks for a token": status(401, b"", WWW_Authenticate=f'Bearer realm="{MARK}"'),
    "302": status(302, b"", Location=f"http://127.0.0.1:9/{MARK}"),
    "429": status(429, b"", Retry_After=MARK),
    "HTML": status(200, f"<html>{MARK}</html>".encode(), f"text/html; {MARK}={MARK}"),
    "another type": status(200, json.dumps({"resourceType": MARK.title()}).encode()),
    "another version": status(200, b"{}", f"application/fhir+json; fhirVersion={MARK}"),
    "another numbered version": status(200, b"{}", f"application/fhir+json; fhirVersion={NUMBER}"),
    "a version of its own": status(404, json.dumps({"fhirVersion": f"3.{MARK}"}).encode()),
    "another charset": status(200, b"{}", f"application/fhir+json; charset={MARK}"),
    "another encoding": status(200, b"{}", Content_Encoding=MARK),
    "a cookie": status(200, b"{}", Set_Cookie=f"{MARK}={MARK}"),
    "no length": raw(f"HTTP/1.1 200 OK\r\nContent-Length: {MARK}\r\n\r\n{{}}"),
    "no status": raw(f"HTTP/1.1 {MARK} {MARK}\r\n\r\n"),
    "no HTTP": raw(MARK),
    "no header": raw(f"HTTP/1.1 200 OK\r\n{MARK}\r\n{MARK}: \r\n\r\n"),
    "no chunk": raw(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{MARK}\r\n"),
    "the end": transport.drops,
}


@pytest.mark.parametrize("name", SAYING)
def test_nothing_that_a_server_says_leaves_a_mark(name: str, caller: Caller) -> None:
    assert calling(caller, lambda _: SAYING[name]).status_code == 412


ADDRESSES = [
    f"http://127.0.0.1:1/{MARK}",
    f"http://{MARK}@127.0.0.1:1",
    f"http://127.0.0.1:1?{MARK}",
    f"http://[{MARK}]/",
    f"http://127.0.0.1:{NUMBER}/",
    f"http://169.254.169.254/{MARK}",
    f"gopher://{MARK}",
    f"//{MARK}",
    f"http://{'x' * 70}.{MARK}.invalid",
    MARK,
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_address_of_a_server_leaves_a_mark(address: str, caller: Caller) -> None:
    request = with_access(marked(good(VIEW)), address, f"{MARK}-token", ["conditions"])
    assert post(caller, request).status_code == 412


@pytest.mark.parametrize("member", ["access_token", "token_type", "scope", "subject"])
def test_no_part_of_the_access_leaves_a_mark(member: str, caller: Caller) -> None:
    request = with_access(good(VIEW), "http://127.0.0.1:1", "token", ["conditions"])
    request["fhirAuthorization"][member] = f"{MARK}\r\n{MARK}"
    assert post(caller, request).status_code == 412


# -- what raises -----------------------------------------------------------------------------------


def fail(*_arguments: Any, **_options: Any) -> Any:
    try:
        raise KeyError(MARK)
    except KeyError as problem:
        failure = RuntimeError(MARK, NUMBER)
        failure.add_note(MARK)
        raise failure from problem


SEAMS = [
    ("cds_service.app.json_body", 500),
    ("cds_service.engine.parse", 500),
    ("cds_service.engine.supplied_answers", 500),
    ("cds_service.engine.build_chart", 500),
    ("cds_service.engine.decide", 500),
    ("cds_service.service.grade", 200),
    ("cds_service.chart.Chart.has", 200),
    ("cds_service.chart.Chart.latest", 200),
]


@pytest.mark.parametrize(("seam", "expected"), SEAMS)
def test_nothing_that_raises_leaves_a_mark(
    monkeypatch: pytest.MonkeyPatch, watch: Watch, seam: str, expected: int
) -> None:
    app = application()
    monkeypatch.setattr(seam, fail)
    answer = app.test_client().post(f"/cds-services/{SERVICE}", json=marked(good(VIEW)))
    assert answer.status_code == expected
    assert any('"exception":"RuntimeError"' in line for line in watch.lines)
    if expected == 500:
        check_answer(answer)


def test_no_answer_that_cannot_be_written_leaves_a_mark(
    monkeypatch: pytest.MonkeyPatch, watch: Watch
) -> None:
    """Flask logs the address of what leaves it: its text is not taken for one of ours."""
    app = application()
    monkeypatch.setattr("cds_service.app.outcome", fail)
    with pytest.raises(RuntimeError):
        app.test_client().post(f"/cds-services/{MARK}", json=marked(good(VIEW)))
    assert any('"event":"from cds_service"' in line for line in watch.lines)


def test_no_read_that_raises_leaves_a_mark(
    monkeypatch: pytest.MonkeyPatch, watch: Watch, caller: Caller
) -> None:
    monkeypatch.setattr(FhirClient, "get", fail)
    request = with_access(marked(good(VIEW)), "http://127.0.0.1:1", MARK, ["conditions", "labs"])
    assert post(caller, request).status_code == 412
    assert any('"exception":"RuntimeError"' in line for line in watch.lines)


def test_no_profile_that_raises_leaves_a_mark(
    monkeypatch: pytest.MonkeyPatch, watch: Watch, caller: Caller
) -> None:
    for name, profile in PROFILES.items():
        monkeypatch.setitem(PROFILES, name, replace(profile, steps=(fail,)))  # type: ignore[misc]
    assert post(caller, marked(good(VIEW))).status_code == 200
    assert any('"a profile raised' in line for line in watch.lines)


@pytest.mark.parametrize("service", ["failing", "broken-card", "steady"])
def test_no_rule_that_raises_leaves_a_mark(monkeypatch: pytest.MonkeyPatch, service: str) -> None:
    caller = Caller(application(content=made_up_content.__name__))
    monkeypatch.setattr(made_up_content, "_raise", fail)
    assert MARK not in post(caller, good(VIEW), service).text
