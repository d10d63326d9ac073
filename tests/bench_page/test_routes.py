"""The bench over HTTP: real calls, recorded like any other, and in sandbox mode only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import fixtures
import hooks
from cds_service import bench_routes
from cds_service.app import STATUSES, create_app
from cds_service.engine import load_engine
from cds_service.recorder import Recorder
from cds_service.settings import Settings
from tests.catalogue import NOW, SERVICE

EMERGENCY = "als-aml-emergency.patient-view"
LEUKAPHERESIS = "als-aml-emergency.order-select.leukapheresis"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"

Json = dict[str, Any]


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    """Without a store."""
    return create_app(Settings(), clock=lambda: NOW).test_client()


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[FlaskClient]:
    """With a store, and so with quiet rules."""
    settings = Settings(store=f"sqlite:///{tmp_path}/cds.sqlite3", hash_key="k" * 40)
    app = create_app(settings, clock=lambda: NOW)
    app.extensions["store"].wait(30)
    yield app.test_client()
    app.extensions["recorder"].close()


def request_of(client: FlaskClient, name: str) -> Json:
    found: Json = client.get(f"/bench/requests/{name}").json
    return found


def run(client: FlaskClient, request: Json, **asked: Any) -> Json:
    answer = client.post("/bench/run", json={"request": request, **asked})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json
    return found


def without_uuids(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_uuids(item) for key, item in value.items() if key != "uuid"}
    return [without_uuids(item) for item in value] if isinstance(value, list) else value


def test_the_answer_is_that_of_the_hook(client: FlaskClient) -> None:
    for name in (EMERGENCY, LEUKAPHERESIS, "healthy.patient-view"):
        request = request_of(client, name)
        direct = client.post(f"/cds-services/{SERVICE[request['hook']]}", json=request)
        assert without_uuids(run(client, request)["response"]) == without_uuids(direct.json)


@pytest.mark.parametrize(
    "name", ["als-aml-emergency.patient-view.conditions-failed", "als-aml-emergency.patient-view"]
)
def test_a_refusal_is_that_of_the_hook(client: FlaskClient, name: str) -> None:
    request = request_of(client, name)
    if not name.endswith("failed"):
        del request["context"]
    direct = client.post(f"/cds-services/{SERVICE[request['hook']]}", json=request)
    assert direct.status_code >= 400
    found = run(client, request)
    assert (found["status"], found["response"]) == (direct.status_code, direct.json)
    assert found["refused"] == [each["diagnostics"] for each in direct.json["issue"]]


def test_a_hook_that_nobody_answers_is_refused_as_such(client: FlaskClient) -> None:
    request = {**request_of(client, EMERGENCY), "hook": "appointment-book"}
    found = run(client, request)
    assert found["status"] == 400
    assert "hook" in found["refused"][0]


@pytest.mark.parametrize("profile", ["generic", "epic", "oracle", "sandbox"])
def test_cards_are_shown_as_each_ehr_can(client: FlaskClient, profile: str) -> None:
    found = run(client, request_of(client, LEUKAPHERESIS), profile=profile)
    topic = found["response"]["cards"][0]["source"]["topic"]["code"]
    assert topic == ("LeukapheresisAls" if profile == "epic" else "leukapheresis-als")
    assert bool(found["notes"]) is (profile != "generic")


def test_values_are_changed_before_the_call(client: FlaskClient) -> None:
    lower = {"leukocyte-count": {"value": "40", "unit": "10*9/L", "taken": "3 h"}}
    found = run(client, request_of(client, EMERGENCY), values=lower)
    assert found["changes"] == ["Leukocytes: 187 ×10³/µL, 3 h ago → 40 ×10⁹/L, 3 h ago"]
    rules = [card["source"]["topic"]["code"] for card in found["response"]["cards"]]
    assert rules == ["als-acute-leukemia-goals"]
    sent = found["request"]["prefetch"]["leukocytes"]["entry"][0]["resource"]
    assert sent["valueQuantity"]["value"] == 40, "the request that is shown is the one sent"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"values": {"leukocyte-count": {"value": "x"}}}, "Leukocytes: enter a number"),
        ({"profile": "other"}, "profile: one of generic"),
        ({"visit": "A b"}, "visit"),
        ({"request": []}, "not as the bench asks it"),
        ({"service": "nobody"}, "no service has this id"),
    ],
)
def test_what_the_bench_cannot_do_is_said_in_words(
    client: FlaskClient, asked: Json, words: str
) -> None:
    body = {"request": request_of(client, EMERGENCY), **asked}
    answer = client.post("/bench/run", json=body)
    assert answer.status_code in (400, 404)
    assert words in answer.json["issue"][0]["diagnostics"]


@pytest.mark.parametrize("path", ["/bench/run", "/bench/read", "/bench/drafts"])
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b"[" * 5000, b"\xff"])
def test_a_body_of_whatever_shape_is_a_refusal(client: FlaskClient, path: str, body: bytes) -> None:
    answer = client.post(path, data=body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json["resourceType"] == "OperationOutcome"


def test_every_story_is_offered_with_its_requests(client: FlaskClient) -> None:
    listed = client.get("/bench/stories").json
    assert [each["story"] for each in listed] == fixtures.stories()
    names = {one["name"] for each in listed for one in each["requests"]}
    assert names == set(fixtures.EXPECTED)
    emergency = next(each for each in listed if each["story"] == "als-aml-emergency")
    assert emergency["requests"][0]["name"] == EMERGENCY, "a day begins with opening the chart"
    page = client.get("/bench").text
    assert all(each["title"].replace("'", "&#39;") in page for each in listed)


def test_a_request_that_does_not_exist_is_not_found(client: FlaskClient) -> None:
    assert client.get("/bench/requests/..%2f..%2fpyproject").status_code == 404
    assert client.get("/bench/requests/healthy").status_code == 404


def test_orders_are_offered_for_anybody(client: FlaskClient) -> None:
    orders = client.get("/bench/orders").json
    labels = [each["label"] for each in orders]
    assert "Leukapheresis, therapeutic" in labels
    assert len(labels) == len(set(labels))
    assert not [each for each in orders if {"subject", "id"} & set(each["resource"])]


def test_a_pasted_request_is_taken_as_it_is(client: FlaskClient) -> None:
    request = request_of(client, EMERGENCY)
    [call] = client.post("/bench/read", json={"text": client.application.json.dumps(request)}).json
    assert call["request"] == request


def test_a_pasted_bundle_becomes_what_an_ehr_would_send(client: FlaskClient) -> None:
    bundle = fixtures.patient("als-aml-emergency", NOW)
    text = client.application.json.dumps(bundle)
    [call] = client.post("/bench/read", json={"text": text}).json
    assert call["request"]["hook"] == "patient-view"
    shown = [each["indicator"] for each in run(client, call["request"])["response"]["cards"]]
    assert shown == ["critical", "warning"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Nothing was pasted"),
        ("hello", "This is no JSON"),
        ("[1]", "no object"),
        ('{"resourceType": "Patient"}', "this is a Patient"),
        ('{"resourceType": "Bundle"}', "holds 0 Patients"),
        ('{"a": 1}', "a `hook`, or a FHIR Bundle"),
    ],
)
def test_what_was_pasted_instead_is_said(client: FlaskClient, text: str, words: str) -> None:
    answer = client.post("/bench/read", json={"text": text})
    assert answer.status_code == 400
    assert words in answer.json["issue"][0]["diagnostics"]


def test_texts_of_a_request_never_become_elements(client: FlaskClient) -> None:
    request = request_of(client, LEUKAPHERESIS)
    order = request["context"]["draftOrders"]["entry"][0]["resource"]
    order["code"]["text"] = HOSTILE
    request["prefetch"]["patient"]["name"] = [{"text": HOSTILE}]
    for entry in request["prefetch"]["leukocytes"]["entry"]:
        entry["resource"]["valueQuantity"]["unit"] = HOSTILE
        del entry["resource"]["valueQuantity"]["code"]
    found = run(client, request)
    html = "".join(found["details"].values()) + found["timeline"]
    assert "script" in html, "the text is not shown: the test sees nothing"
    assert "<script" not in html
    assert "<img" not in html


def test_feedback_on_a_card_of_the_bench_is_about_a_known_card(stored: FlaskClient) -> None:
    found = run(stored, request_of(stored, LEUKAPHERESIS), visit="one")
    stored.application.extensions["recorder"].close()
    card = found["response"]["cards"][0]
    entry = {
        "card": card["uuid"],
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": card["suggestions"][0]["uuid"]}],
        "outcomeTimestamp": NOW.isoformat(),
    }
    path = f"/cds-services/{found['service']}/feedback"
    answer = stored.post(path, json={"feedback": [entry]})
    assert answer.json == {"recorded": 1, "unknownCards": 0}


def test_each_visit_is_of_somebody_else_but_a_patient_stays_one(client: FlaskClient) -> None:
    request = request_of(client, EMERGENCY)
    users = [run(client, request, visit=each)["request"]["context"]["userId"] for each in "ab"]
    assert users == ["Practitioner/bench-a", "Practitioner/bench-b"]
    assert run(client, request)["request"]["context"]["userId"] == "Practitioner/example"
    patient = request_of(client, f"{EMERGENCY}.patient-user")
    asked = run(client, patient, visit="a")
    assert asked["request"]["context"]["userId"] == patient["context"]["userId"]


def test_there_is_no_bench_in_production(client: FlaskClient) -> None:
    engine = load_engine(hooks, Settings())
    for mode, has_bench in (("sandbox", True), ("production", False)):
        app = Flask(mode)
        settings = Settings(mode=mode)
        bench_routes.add(app, hooks, engine, settings, Recorder({}), lambda: NOW, STATUSES)
        paths = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"}
        assert bool(paths) is has_bench


def test_the_page_says_what_it_loads(client: FlaskClient) -> None:
    page = client.get("/bench")
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    for name in ("bench.js", "bench_cards.js", "bench_why.js", "dom.js"):
        assert client.get(f"/static/{name}").mimetype == "text/javascript"
    assert " onclick=" not in page.text
    assert " style=" not in page.text
