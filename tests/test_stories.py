"""Stories: fixtures posted over HTTP, whole answers compared with what the catalogue expects."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

import fixtures
from cds_service.app import create_app
from cds_service.settings import Settings

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SERVED = ("patient-view", "order-select")
REQUESTS = [
    name
    for story in fixtures.stories()
    for name in fixtures.requests(story)
    if fixtures.request(name, NOW)["hook"] in SERVED
]


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return create_app(Settings(), clock=lambda: NOW).test_client()


def post(client: FlaskClient, request: dict[str, Any]) -> Any:
    return client.post(f"/cds-services/als-leukemia-{request['hook']}", json=request)


@pytest.mark.parametrize("name", REQUESTS)
def test_a_story_gets_the_cards_that_the_catalogue_expects(client: FlaskClient, name: str) -> None:
    expected = fixtures.EXPECTED[name]
    answer = post(client, fixtures.request(name, NOW))
    cards = answer.json.get("cards", [])
    got = [(card["source"]["topic"]["code"], card["indicator"]) for card in cards]
    assert (answer.status_code, got) == (expected.status or 200, list(expected.cards))


@pytest.mark.parametrize("name", REQUESTS)
def test_a_story_does_not_make_the_mistake_it_is_there_to_catch(
    client: FlaskClient, name: str
) -> None:
    expected = fixtures.EXPECTED[name]
    body = post(client, fixtures.request(name, NOW)).json
    shown = {card["source"]["topic"]["code"] for card in body.get("cards", [])}
    text = str(body).lower()
    assert shown.isdisjoint(expected.must_not)
    assert [phrase for phrase in expected.must_not_say if phrase.lower() in text] == []


def test_every_card_says_that_its_content_is_pending_review(client: FlaskClient) -> None:
    for name in REQUESTS:
        for card in post(client, fixtures.request(name, NOW)).json.get("cards", []):
            assert "pending clinical review" in card["detail"]
            assert card["extension"]["org.als-leukemia-cds.rule"]["reviewStatus"]


def test_the_first_scenario_shows_dose_criteria_and_gaps(client: FlaskClient) -> None:
    """Catalogue section 7, scenario 1: the figures a clinician would check by hand."""
    body = post(client, fixtures.request("als-aml-emergency.patient-view", NOW)).json
    emergency, goals = body["cards"]
    for figure in (
        "187 ×10⁹/L",
        "3,500 mg/day",
        "65.9 kg",
        "3,297-3,956",
        "creatinine clearance 79 mL/min",
        "urate 9.1 mg/dL",
        "phosphate 4.9 mg/dL",
        "189-227 mL/h",
        "needs G6PD",
        "G6PD: not known",
    ):
        assert figure in emergency["detail"]
    assert "ECOG performance status 3" in goals["detail"]
    assert "44 %" in goals["detail"]
