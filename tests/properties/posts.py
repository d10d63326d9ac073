"""Whole requests over HTTP, and cards without what may differ between two answers."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

import fixtures
from cds_service.app import create_app
from cds_service.settings import Settings
from hooks import SERVICES

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SERVICE_OF = {service.hook: service.id for service in SERVICES}


EXAMPLE_SITE = str(Path(fixtures.__file__).parent / "site")


@cache
def client(site: str) -> FlaskClient:
    return create_app(Settings(site_value_sets=site), clock=lambda: NOW).test_client()


@cache
def _request(name: str) -> str:
    return json.dumps(fixtures.request(name, NOW))


def request(name: str) -> Any:
    """A copy to change."""
    return json.loads(_request(name))


def cards(asked: dict[str, Any]) -> Any:
    """The cards of a request without their uuids."""
    answer = _client_of(asked).post(f"/cds-services/{SERVICE_OF[asked['hook']]}", json=asked)
    assert answer.status_code == 200, answer.json
    found = copy.deepcopy(answer.json["cards"])
    for card in found:
        del card["uuid"]
        for suggestion in card.get("suggestions", ()):
            suggestion.pop("uuid", None)
            for action in suggestion["actions"]:
                _forget_what_was_sent(action)
    return found


def _client_of(asked: dict[str, Any]) -> FlaskClient:
    """Some stories are those of a site that has mapped codes of its own."""
    story = asked["context"]["patientId"]
    return client(EXAMPLE_SITE if story in fixtures.AT_EXAMPLE_SITE else "")


def _forget_what_was_sent(action: dict[str, Any]) -> None:
    """An update repeats the draft as the client spelled it: what was ordered, why, for whom."""
    if action["type"] == "update":
        for name in ("code", "medicationCodeableConcept", "reasonCode", "contained"):
            action["resource"].pop(name, None)


@cache
def _answer(name: str) -> str:
    return json.dumps(cards(request(name)))


def usual(name: str) -> Any:
    """The cards that a fixture gets as it is."""
    return json.loads(_answer(name))


@cache
def served() -> list[str]:
    """Every fixture that is answered with cards or, as important, with none."""
    names = [name for story in fixtures.stories() for name in fixtures.requests(story)]
    return [
        name
        for name in names
        if request(name)["hook"] in SERVICE_OF and fixtures.EXPECTED[name].status == 200
    ]


_AS_SENT = re.compile(r' \(sent as [^()]*(?:\([^()]*\)[^()]*)*\)|, code sent as "[^"]*"')


def without_spelling(found: Any) -> Any:
    """The cards without the remarks that repeat how a value or a code was spelled."""
    if isinstance(found, dict):
        return {name: without_spelling(each) for name, each in found.items()}
    if isinstance(found, list):
        return [without_spelling(each) for each in found]
    return _AS_SENT.sub("", found) if isinstance(found, str) else found


def bundles(asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The searches of a request's prefetch."""
    for value in (asked.get("prefetch") or {}).values():
        if isinstance(value, dict) and value.get("resourceType") == "Bundle":
            yield value


def entries(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    """The readable entries of a search."""
    return [
        entry
        for entry in bundle.get("entry") or ()
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict)
    ]


def resources(asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What the searches of a request found."""
    for bundle in bundles(asked):
        yield from (entry["resource"] for entry in entries(bundle))


def add(asked: dict[str, Any], resource: dict[str, Any]) -> None:
    """One more match in every search for its kind."""
    for service in SERVICES:
        for query in service.queries if service.hook == asked["hook"] else ():
            bundle = (asked.get("prefetch") or {}).get(query.key)
            fits = query.resource_type == resource["resourceType"] and not query.is_read
            if fits and isinstance(bundle, dict) and bundle.get("resourceType") == "Bundle":
                bundle.setdefault("entry", []).insert(0, {"resource": resource})
