"""Requests of the fixtures over HTTP, and which expectations the services can meet yet."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

import fixtures
from cds_service.app import create_app
from cds_service.profiles import rule_of
from cds_service.settings import Settings
from fixtures.expectation import GAPS, Card, Expectation
from hooks import SERVICES

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
EXAMPLE_SITE = Path(fixtures.__file__).parent / "site"
RULES = {service.hook: {rule.id for rule in service.rules()} for service in SERVICES}
SERVICE = {service.hook: service.id for service in SERVICES}
REQUESTS = [name for story in fixtures.stories() for name in fixtures.requests(story)]


@dataclass(frozen=True)
class Case:
    """One request of a scenario.

    Every entry of `says` must stand in the cards, of `must_not_say` none, all compared without
    case; "a|b" is either. `offers` and `must_not_offer` look at the suggestions only, `deletes`
    names the drafts that one suggestion removes together.
    """

    request: str
    cards: tuple[Card, ...] = ()
    says: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    must_not_say: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    must_not_offer: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()


def hook_of(name: str) -> str:
    return name.split(".")[1]


@cache
def client_of(at_site: bool) -> FlaskClient:
    """A client of the service, with the value sets of the example site or without any."""
    settings = Settings(site_value_sets=str(EXAMPLE_SITE)) if at_site else Settings()
    return create_app(settings, clock=lambda: NOW).test_client()


def answer(name: str) -> Any:
    """The response to a fixture from the service it was written for."""
    client = client_of(name.split(".")[0] in fixtures.AT_EXAMPLE_SITE)
    return client.post(f"/cds-services/{SERVICE[hook_of(name)]}", json=fixtures.request(name, NOW))


def cards(name: str) -> list[dict[str, Any]]:
    response = answer(name)
    assert response.status_code == 200, response.json
    found: list[dict[str, Any]] = response.json["cards"]
    return found


def headline(card: dict[str, Any]) -> Card:
    """The rule by our own id: an EHR's profile may spell the topic's code otherwise."""
    return rule_of(card), card["indicator"]


def said(found: list[dict[str, Any]]) -> str:
    """What the cards say and offer, in lower case; titles of the papers cited are not advice."""
    parts = [
        (card["summary"], card["detail"].split("**Evidence")[0], card.get("suggestions"))
        for card in found
    ]
    return json.dumps(parts, ensure_ascii=False).lower()


def still_to_come(name: str, expected: Expectation) -> set[str]:
    """Expected rules that the service of this hook does not list yet."""
    return {rule for rule, _ in expected.cards} - RULES[hook_of(name)] - {GAPS[0]}


def skip_if_any(rules: set[str]) -> None:
    """Rules that are not there cannot be judged; the test switches on when the last one comes."""
    if rules:
        pytest.skip(f"not in the service yet: {', '.join(sorted(rules))}")
