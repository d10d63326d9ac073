"""Methods, error bodies and browsers: https://cds-hooks.hl7.org/2.0/#http-status-codes_1"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.protocol.support import KEYS, VIEW, Caller, good

SERVICES = ["als-leukemia-patient-view", "als-leukemia-order-select"]
PATHS = ["/cds-services", *(f"/cds-services/{service}" for service in SERVICES)]
ORIGIN = {"Origin": "https://sandbox.cds-hooks.org"}


def without_data() -> dict[str, Any]:
    """A request that is refused for lack of data."""
    request = good(VIEW)
    del request["prefetch"]["conditions"]
    request.pop("fhirServer", None)
    return request


REFUSED: dict[str, tuple[str, str, dict[str, Any], int, str]] = {
    "no JSON": ("POST", PATHS[1], {"data": b"{"}, 400, "invalid"),
    "no request": ("POST", PATHS[1], {"data": b"{}"}, 400, "invalid"),
    "no data": ("POST", PATHS[1], {"data": json.dumps(without_data())}, 412, "required"),
    "an unknown service": ("POST", "/cds-services/x", {"data": b"{}"}, 404, "not-found"),
    "an unknown path": ("GET", "/nowhere", {}, 404, "not-found"),
    "a wrong method": ("GET", PATHS[1], {}, 405, "not-supported"),
    "a wrong media type": (
        "POST",
        PATHS[1],
        {"data": b"<a/>", "content_type": "application/xml"},
        415,
        "not-supported",
    ),
    "a huge body": ("POST", PATHS[1], {"data": b" " * (32 * 2**20 + 1)}, 413, "too-long"),
}


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "code"), REFUSED.values(), ids=REFUSED
)
def test_a_refusal_says_why_to_people_machines_and_browsers(
    caller: Caller, method: str, path: str, options: dict[str, Any], status: int, code: str
) -> None:
    """ERR-01, ERR-02, ERR-07, CORS-04: https://hl7.org/fhir/R4/operationoutcome.html"""
    options = {"content_type": "application/json", **options}
    answer = caller.send(method, path, headers=ORIGIN, **options)
    assert answer.status_code == status
    assert answer.mimetype == "application/json"
    assert answer.json["resourceType"] == "OperationOutcome"
    assert {(i["severity"], i["code"]) for i in answer.json["issue"]} == {("error", code)}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_every_key_that_is_missing_is_said_at_once(caller: Caller) -> None:
    """ERR-05: https://cds-hooks.hl7.org/2.0/#http-status-codes_1"""
    request = without_data()
    request["prefetch"] = dict.fromkeys(KEYS, "text")
    issues = caller.post(request).json["issue"]
    texts = [issue["diagnostics"] for issue in issues]
    assert len(texts) == len(KEYS)
    for key, text in zip(KEYS, sorted(texts, key=lambda t: KEYS.index(t.split()[2])), strict=True):
        assert text.startswith(f"prefetch key {key} ")


def test_everything_that_is_wrong_is_said_at_once(caller: Caller) -> None:
    """ERR-01: https://hl7.org/fhir/R4/operationoutcome.html"""
    body = {"hook": "", "hookInstance": 1, "context": {"patientId": "a b"}, "prefetch": []}
    answer = caller.post(json.dumps(body).encode(), service=SERVICES[0])
    assert answer.status_code == 400
    text = answer.text
    assert all(name in text for name in ("hook", "hookInstance", "userId", "patientId", "prefetch"))
    assert "a b" not in text


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_a_wrong_method_is_405_with_the_right_ones(caller: Caller, path: str, method: str) -> None:
    """BAD-31, ERR-06: https://www.rfc-editor.org/rfc/rfc9110#status.405"""
    right = "GET" if path == "/cds-services" else "POST"
    if method == right:
        return
    answer = caller.send(method, path, data=b"{}", content_type="application/json")
    assert answer.status_code == 405
    assert right in answer.headers["Allow"].split(", ")
    assert method not in answer.headers["Allow"].split(", ")


def test_discovery_may_be_asked_for_its_head(caller: Caller) -> None:
    """DISC-01: https://www.rfc-editor.org/rfc/rfc9110#HEAD"""
    answer = caller.send("HEAD", "/cds-services")
    assert (answer.status_code, answer.data) == (200, b"")


# --- Browsers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*PATHS, f"{PATHS[1]}/feedback", f"{PATHS[2]}/feedback"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_preflight_allows_what_clients_send(caller: Caller, path: str, method: str) -> None:
    """CORS-01, CORS-02: https://fetch.spec.whatwg.org/#cors-preflight-fetch"""
    headers = {
        **ORIGIN,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    answer = caller.send("OPTIONS", path, headers=headers)
    assert 200 <= answer.status_code < 300
    allowed = answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert {"authorization", "content-type"} <= set(allowed)
    assert method in answer.headers["Access-Control-Allow-Methods"].split(", ")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_answers_can_be_read_by_scripts(caller: Caller) -> None:
    """CORS-03, CORS-05: https://fetch.spec.whatwg.org/#http-access-control-allow-origin"""
    for answer in (
        caller.send("GET", "/cds-services", headers=ORIGIN),
        caller.post(good(VIEW), headers=ORIGIN),
        caller.post(without_data(), headers=ORIGIN),
    ):
        assert answer.headers.getlist("Access-Control-Allow-Origin") == ["*"]
        assert "Access-Control-Allow-Credentials" not in answer.headers


def test_no_patient_data_is_logged(caller: Caller, caplog: pytest.LogCaptureFixture) -> None:
    """DATA-22, ERR-04: https://cds-hooks.hl7.org/2.0/#security-and-safety"""
    caplog.set_level(0)
    caller.cards(good(VIEW))
    caller.post(without_data())
    caller.post(json.dumps({**good(VIEW), "hook": "x"}).encode(), service=SERVICES[0])
    assert caplog.records
    for private in ("als-aml-emergency", "Walter", "Example", "1964", "187", "91861009"):
        assert private not in caplog.text
