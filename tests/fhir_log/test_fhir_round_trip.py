"""What the fixture requests leave in the file, through the whole application."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

import hooks
from cds_service.app import create_app
from cds_service.card import EXTENSION
from cds_service.fhir_forms import CARD, INPUT, RULE, SHOWN
from cds_service.settings import Settings
from tests.fhir_log.records import check
from tests.protocol.support import NOW, REQUESTS, VIEW, good

SERVICES = {service.hook: service for service in hooks.SERVICES}


@dataclass
class Told:
    """Calls with their answers, and what was written of them."""

    calls: list[tuple[dict[str, Any], Any]]
    events: dict[str, dict[str, Any]]
    responses: dict[str, list[dict[str, Any]]]


def application(path: Path) -> Flask:
    return create_app(Settings(fhir_log=str(path)), clock=lambda: NOW)


def send(app: Flask, request: dict[str, Any]) -> Any:
    service = SERVICES[request["hook"]]
    return app.test_client().post(f"/cds-services/{service.id}", json=request)


def written(app: Flask, path: Path) -> list[dict[str, Any]]:
    app.extensions["recorder"].close()
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def extension(resource: dict[str, Any], url: str) -> Any:
    found = [each for each in resource["extension"] if each["url"] == url]
    return next((v for each in found for k, v in each.items() if k != "url"), None)


def instance(event: dict[str, Any]) -> str:
    details = {each["type"]: each["valueString"] for each in event["entity"][-1]["detail"]}
    return str(details["hookInstance"])


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Every fixture request, sent once."""
    path = tmp_path_factory.mktemp("log") / "calls.ndjson"
    app = application(path)
    calls = [(request, send(app, request)) for request in map(good, REQUESTS)]
    events: dict[str, dict[str, Any]] = {}
    responses: dict[str, list[dict[str, Any]]] = {}
    for resource in written(app, path):
        check(resource)
        if resource["resourceType"] == "AuditEvent":
            events[instance(resource)] = resource
        else:
            asked = resource["requestIdentifier"]["value"].removeprefix("urn:uuid:")
            responses.setdefault(asked, []).append(resource)
    return Told(calls, events, responses)


def test_every_call_is_in_the_file_with_its_outcome(told: Told) -> None:
    assert told.events.keys() == {request["hookInstance"] for request, _ in told.calls}
    assert {answer.status_code for _, answer in told.calls} >= {200, 412}
    for request, answer in told.calls:
        event = told.events[request["hookInstance"]]
        assert event["outcomeDesc"] == f"HTTP {answer.status_code}"
        assert event["outcome"] == ("0" if answer.status_code == 200 else "4")
        assert event["subtype"][0]["code"] == request["hook"]


def test_patient_and_user_are_those_of_the_request_on_its_server(told: Told) -> None:
    servers = Counter(request.get("fhirServer") for request, _ in told.calls)
    assert len(servers) > 1
    for request, _ in told.calls:
        event, context = told.events[request["hookInstance"]], request["context"]
        server = f"{request['fhirServer']}/" if "fhirServer" in request else ""
        patient = f"{server}Patient/{context['patientId']}"
        assert event["entity"][0]["what"]["reference"] == patient
        assert event["agent"][0]["who"]["reference"] == f"{server}{context['userId']}"
        for response in told.responses.get(request["hookInstance"], ()):
            assert response["subject"]["reference"] == patient


def test_every_card_and_every_rule_on_it_has_a_response(told: Told) -> None:
    for request, answer in told.calls:
        cards = answer.get_json().get("cards", [])
        sent = {
            (f"urn:uuid:{card['uuid']}", rule)
            for card in cards
            for rule in _rules(card["extension"][EXTENSION])
        }
        found = {
            (extension(each, CARD), each["moduleCanonical"].removeprefix(f"{RULE}/").split("|")[0])
            for each in told.responses.get(request["hookInstance"], ())
            if extension(each, SHOWN) in {"card", "line"}
        }
        assert found >= sent


def _rules(said: dict[str, Any]) -> list[str]:
    return [said["id"], *said.get("also", ())]


def test_gaps_come_up_and_name_value_sets(told: Told) -> None:
    responses = [each for found in told.responses.values() for each in found]
    statuses = Counter(each["status"] for each in responses)
    assert statuses.keys() == {"success", "data-required"}
    needed = [need for each in responses for need in each.get("dataRequirement", ())]
    assert all(extension(need, INPUT) for need in needed)
    assert any("codeFilter" in need for need in needed)
    assert {need["type"] for need in needed} >= {"Observation", "Condition"}


def test_no_value_and_no_text_of_a_patient_is_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "calls.ndjson"
    app = application(path)
    request = good(VIEW)
    send(app, request)
    written(app, path)
    patient = request["context"]["patientId"]
    named = {patient, f"Patient/{patient}", "Patient", "Observation", "Condition"}
    text = path.read_text(encoding="utf-8")
    words = {word for word in _texts(request["prefetch"]) if len(word) > 4} - named
    assert len(words) > 50
    assert [word for word in words if f'"{word}"' in text] == []


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def test_without_the_setting_nothing_is_written(tmp_path: Path) -> None:
    app = create_app(Settings(), clock=lambda: NOW)
    send(app, good(VIEW))
    assert not app.extensions["recorder"].is_wanted


def test_a_file_that_cannot_be_written_costs_no_card_and_is_said(tmp_path: Path) -> None:
    app = application(tmp_path / "none" / "calls.ndjson")
    answer = send(app, good(VIEW))
    assert answer.get_json()["cards"]
    app.extensions["recorder"].close()
    ready = app.test_client().get("/ready")
    assert ready.status_code == 200
    assert ready.get_json()["recording"] == {"lost": {"fhir": 1}, "failing": ["fhir"]}
