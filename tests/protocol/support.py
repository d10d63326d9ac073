"""What the protocol tests share: requests that are good, and what holds for every answer.

`Caller` posts to the application and holds each answer, whatever the test is about, to the rules
that know no exception; so every test is also a test of ERR-01 to ERR-04, ERR-07, RSP-02, RSP-08,
CORS-03 to CORS-05 and SEC-03.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

from fhir.resources.R4B.operationoutcome import OperationOutcome
from flask import Flask
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

import fixtures
from cds_service.app import create_app
from cds_service.openapi import read_schema
from cds_service.settings import Settings

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

REQUESTS = [
    name
    for story in fixtures.stories()
    if story not in fixtures.AT_EXAMPLE_SITE
    for name in fixtures.requests(story)
]
GOOD = [name for name in REQUESTS if fixtures.EXPECTED[name].status == 200]

VIEW = "als-aml-emergency.patient-view"
ORDER = "als-aml-emergency.order-select.leukapheresis-and-daunorubicin"
QUIET = "healthy.patient-view"
"""A request of either hook that brings cards, and one that brings none."""

SEARCH_KEYS = (
    "conditions",
    "leukocytes",
    "labs",
    "chemistry",
    "performance",
    "body",
    "molecular",
    "medications",
)
KEYS = ("patient", *SEARCH_KEYS)

ACCESS_TOKEN = "access-token-that-no-answer-and-no-log-may-hold"
CALLER_TOKEN = "eyJhbGciOiJFUzM4NCJ9.eyJpc3MiOiJodHRwczovL2Voci5leGFtcGxlIn0.c2lnbmF0dXJl"

RESPONSE = Draft202012Validator(read_schema("response.json"))

ISSUE_TYPES = re.compile(
    "invalid|structure|required|value|invariant|security|login|unknown|expired|forbidden"
    "|suppressed|processing|not-supported|duplicate|multiple-matches|not-found|deleted|too-long"
    "|code-invalid|extension|too-costly|business-rule|conflict|transient|lock-error|no-store"
    "|exception|timeout|incomplete|throttled|informational"
)
"""https://hl7.org/fhir/R4/valueset-issue-type.html"""


def application(**settings: Any) -> Flask:
    """The application with other settings than the defaults."""
    return create_app(Settings(**settings), clock=lambda: NOW)


@cache
def _stored(name: str) -> str:
    return json.dumps(fixtures.request(name, NOW))


def good(name: str) -> dict[str, Any]:
    """A fixture request, as the test's own copy."""
    request: dict[str, Any] = json.loads(_stored(name))
    return request


class Caller:
    """A CDS client of one application. Every answer is checked before a test sees it."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def post(self, body: Any, service: str | None = None, **options: Any) -> TestResponse:
        """Call a service: that of the request's own hook unless another is named."""
        service = service or f"als-leukemia-{body['hook']}"
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        options.setdefault("content_type", "application/json")
        return self.send("POST", f"/cds-services/{service}", data=data, **options)

    def send(self, method: str, path: str, **options: Any) -> TestResponse:
        """Any call."""
        if path.startswith("//"):
            # The test client would take what follows for a host; a server passes it on as it is.
            options["environ_overrides"] = {"PATH_INFO": path}
        answer = self.app.test_client().open(path, method=method, **options)
        check_answer(answer)
        if method == "POST" and answer.status_code == 200:
            assert [error.message for error in RESPONSE.iter_errors(answer.json)] == []
        return answer

    def cards(self, body: Any, **options: Any) -> list[dict[str, Any]]:
        """The cards of a request that is served."""
        answer = self.post(body, **options)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json["cards"]
        return found

    def rules(self, body: Any) -> list[str]:
        """The rules whose cards a request that is served brings."""
        return [card["source"]["topic"]["code"] for card in self.cards(body)]


# --- What holds for every answer ------------------------------------------------------------------

_LEAKS = re.compile(
    r"Traceback|File \"|\.py\b|site-packages|werkzeug|debugger|msgspec|jsonschema|root:x:0"
)


def check_answer(answer: TestResponse) -> None:
    """Raises AssertionError where an answer breaks a rule that has no exception."""
    assert answer.status_code < 500, f"ERR-03: {answer.status} {answer.text}"
    assert _LEAKS.search(answer.text) is None, f"ERR-04: {answer.text}"
    assert ACCESS_TOKEN not in answer.text, "RSP-08"
    assert CALLER_TOKEN not in answer.text, "RSP-08"
    assert answer.headers.getlist("Access-Control-Allow-Origin") == ["*"], "CORS-03, CORS-04"
    assert "Access-Control-Allow-Credentials" not in answer.headers, "CORS-05"
    assert re.search(r"\d", answer.headers.get("Server", "")) is None, "SEC-03"
    assert "X-Powered-By" not in answer.headers, "SEC-03"
    if answer.data:
        assert answer.mimetype == "application/json", "RSP-02, ERR-07"
        assert strict_json(answer.data) is not None
    if answer.status_code >= 300:
        check_outcome(answer.json)


def check_outcome(body: Any) -> None:
    """ERR-01, ERR-02: a valid https://hl7.org/fhir/R4/operationoutcome.html"""
    outcome = OperationOutcome.model_validate(body)
    assert outcome.issue
    for issue in outcome.issue:
        assert issue.severity == "error"
        assert ISSUE_TYPES.fullmatch(issue.code)
        assert issue.diagnostics


def strict_json(data: bytes) -> Any:
    """RSP-02: the value of a JSON text in UTF-8, without NaN and without duplicate names."""
    return json.loads(
        data.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_no_duplicates
    )


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError(f"a name stands twice among {names}")
    return dict(pairs)


# --- Walking and comparing JSON -------------------------------------------------------------------


def walk(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a JSON tree with its path, the root first."""
    yield path, value
    if isinstance(value, dict):
        for name, item in value.items():
            yield from walk(item, f"{path}/{name}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from walk(item, f"{path}/{place}")


def empty_members(body: Any, allowed: str) -> list[str]:
    """Paths of null, "", [] and {}, but for the one path where nothing is a legal answer."""
    nothing: tuple[Any, ...] = (None, "", [], {})
    return [path for path, value in walk(body) if value in nothing and path != allowed]


def without_uuids(value: Any) -> Any:
    """The same JSON without the uuids of cards and suggestions, which differ at every call."""
    if isinstance(value, dict):
        return {k: without_uuids(item) for k, item in value.items() if k != "uuid"}
    return [without_uuids(item) for item in value] if isinstance(value, list) else value


def suggestions(cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every suggestion of every card."""
    return [suggestion for card in cards for suggestion in card.get("suggestions", ())]


def actions(cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every action of every suggestion."""
    return [action for suggestion in suggestions(cards) for action in suggestion["actions"]]


# --- Changing requests ----------------------------------------------------------------------------


def resources(request: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """The resources under a search key, which a test may change in place."""
    return [entry["resource"] for entry in request["prefetch"][key].get("entry", ())]


def clinical(request: dict[str, Any]) -> list[dict[str, Any]]:
    """Every resource of every search."""
    return [resource for key in SEARCH_KEYS for resource in resources(request, key)]


def add(request: dict[str, Any], key: str, *added: dict[str, Any]) -> dict[str, Any]:
    """The request with more resources under a search key, about its own patient."""
    subject = {"reference": f"Patient/{request['context']['patientId']}"}
    entries = request["prefetch"][key].setdefault("entry", [])
    entries += [{"resource": {"subject": subject, **resource}} for resource in added]
    return request


def empty_searches(request: dict[str, Any]) -> dict[str, Any]:
    """The request with every search answered by a searchset without entries."""
    for key in SEARCH_KEYS:
        request["prefetch"][key] = {"resourceType": "Bundle", "type": "searchset", "total": 0}
    return request


def coded(request: dict[str, Any], key: str) -> dict[str, Any]:
    """The code of the first resource under a search key: one that the rules ask about."""
    code: dict[str, Any] = resources(request, key)[0]["code"]
    return code
