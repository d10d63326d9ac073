"""Called, set aside, called again: over HTTP, with SQLite and with PostgreSQL."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

import fixtures
from cds_service import look_back
from cds_service.app import create_app
from cds_service.card import EXTENSION, RESPONSE_EXTENSION
from cds_service.settings import Settings
from hooks import overrides
from hooks.patient_view import DIRECTION
from tests.protocol.support import RESPONSE
from tests.trust.databases import Database

KEY = "a-key-of-these-tests-that-is-long-enough"
VIEW = "als-aml-emergency.patient-view"
LEUKAPHERESIS = "als-aml-emergency.order-select.leukapheresis-and-daunorubicin"
FIT = "aml-fit.patient-view"
EMERGENCY, GOALS = "hyperleukocytosis-emergency", "als-acute-leukemia-goals"
SERVICES = {
    "patient-view": "als-leukemia-patient-view",
    "order-select": "als-leukemia-order-select",
}


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take longer than cards would wait."""
    monkeypatch.setattr(look_back, "WAIT_SECONDS", 30.0)


class Hospital:
    """A service with a store, whose clock is set by hand, and one EHR."""

    def __init__(self, database: Database, **settings: Any) -> None:
        self.now = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
        self.database = database
        given = {"store": database.url, "hash_key": KEY} | settings
        self.app: Flask = create_app(Settings(**given), clock=lambda: self.now)
        eventually(lambda: self._hurry() and self.app.extensions["store"].get() is not None)

    def close(self) -> None:
        self.app.extensions["recorder"].close()
        self.app.extensions["store"].close()

    def _hurry(self) -> bool:
        self.app.extensions["recorder"].hurry()
        return True

    def _rows(self, table: str) -> int:
        return int(self.database.say(f"SELECT count(*) FROM {table}")[0][0])

    def call(self, request: dict[str, Any]) -> dict[str, Any]:
        """The response, once the store knows of it."""
        before = self._rows("calls")
        path = f"/cds-services/{SERVICES[request['hook']]}"
        answer = self.app.test_client().post(path, json=request)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        eventually(lambda: self._hurry() and self._rows("calls") > before)
        response: dict[str, Any] = answer.get_json()
        assert not list(RESPONSE.iter_errors(response))
        return response

    def override(
        self, card: dict[str, Any], reason: Any = None, hook: str = "patient-view"
    ) -> None:
        entry: dict[str, Any] = {
            "card": card["uuid"],
            "outcome": "overridden",
            "outcomeTimestamp": self.now.isoformat(),
        }
        if reason is not None:
            coding = {"code": reason.code, "system": reason.system}
            entry["overrideReason"] = {"reason": coding}
        path = f"/cds-services/{SERVICES[hook]}/feedback"
        answer = self.app.test_client().post(path, json={"feedback": [entry]})
        assert answer.status_code == 200, answer.get_data(as_text=True)

    def request(self, name: str = VIEW, **context: Any) -> dict[str, Any]:
        found = deepcopy(fixtures.request(name, self.now))
        found["context"] |= context
        return found


def eventually(condition: Callable[[], bool]) -> None:
    """Waits for another thread. The limit is a watchdog."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def hospital(database: Database) -> Iterator[Hospital]:
    opened = Hospital(database)
    yield opened
    opened.close()


def by_rule(response: dict[str, Any]) -> dict[str, Any]:
    return {card["extension"][EXTENSION]["id"]: card for card in response["cards"]}


def held(response: dict[str, Any]) -> list[str]:
    told = response.get("extension", {}).get(RESPONSE_EXTENSION, {}).get("heldBack", [])
    return [each["rule"] for each in told]


def with_count(request: dict[str, Any], now: datetime, factor: float) -> dict[str, Any]:
    """A newer leukocyte count beside those on record."""
    found = deepcopy(request)
    entries = found["prefetch"]["leukocytes"]["entry"]
    newer = deepcopy(entries[0])
    newer["resource"]["id"] = "newer-count"
    newer["resource"]["effectiveDateTime"] = now.isoformat()
    newer["resource"].pop("issued", None)
    newer["resource"]["valueQuantity"]["value"] *= factor
    entries.insert(0, newer)
    return found


def test_a_card_stays_quiet_until_the_count_has_moved(hospital: Hospital) -> None:
    request = hospital.request()
    first = hospital.call(request)
    assert sorted(by_rule(first)) == [GOALS, EMERGENCY]
    assert held(first) == []

    hospital.override(by_rule(first)[GOALS])
    hospital.override(by_rule(first)[EMERGENCY], overrides.OTHER)
    hospital.now += timedelta(hours=1)
    second = hospital.call(request)
    assert list(by_rule(second)) == [EMERGENCY], "critical, and the override did not say so"
    assert held(second) == [GOALS]

    hospital.override(by_rule(second)[EMERGENCY], overrides.QUIET_24_HOURS)
    hospital.now += timedelta(hours=1)
    third = hospital.call(request)
    assert sorted(held(third)) == [GOALS, EMERGENCY]
    assert not {GOALS, EMERGENCY} & by_rule(third).keys()

    assert held(hospital.call(with_count(request, hospital.now, 1.2))) == held(third)
    moved = hospital.call(with_count(request, hospital.now, 1.25))
    assert sorted(by_rule(moved)) == [GOALS, EMERGENCY]
    assert held(moved) == []


def test_the_quiet_of_one_user_is_not_that_of_another(hospital: Hospital) -> None:
    hospital.override(by_rule(hospital.call(hospital.request()))[GOALS])
    other = hospital.call(hospital.request(userId="Practitioner/somebody-else"))
    assert GOALS in by_rule(other)
    assert held(hospital.call(hospital.request())) == [GOALS]


def test_a_card_comes_back_after_a_day(hospital: Hospital) -> None:
    request = hospital.request()
    hospital.override(by_rule(hospital.call(request))[GOALS])
    hospital.now += timedelta(hours=24)
    assert GOALS in by_rule(hospital.call(request))


def test_an_order_that_was_changed_is_spoken_of_again(hospital: Hospital) -> None:
    request = hospital.request(LEUKAPHERESIS)
    first = by_rule(hospital.call(request))
    for card in first.values():
        hospital.override(card, overrides.QUIET_24_HOURS, "order-select")
    assert set(held(hospital.call(request))) == first.keys()
    for entry in request["context"]["draftOrders"]["entry"]:
        entry["resource"]["priority"] = "urgent"
    assert by_rule(hospital.call(request)).keys() == first.keys()


def test_a_pathway_shows_once_in_an_encounter(hospital: Hospital) -> None:
    pathways = {rule.id for rule in DIRECTION}
    request = hospital.request(FIT, encounterId="visit-1")
    (pathway,) = pathways & by_rule(hospital.call(request)).keys()
    hospital.now += timedelta(minutes=9)
    assert pathway in by_rule(hospital.call(request)), "the page was drawn again"
    hospital.now += timedelta(minutes=1)
    again = hospital.call(request)
    assert held(again) == [pathway]
    assert pathway not in by_rule(again)
    for other in ("visit-2", None, 7, "", "x" * 257):
        assert pathway in by_rule(hospital.call(hospital.request(FIT, encounterId=other)))


def test_what_is_held_back_stands_in_the_audit(hospital: Hospital) -> None:
    request = hospital.request()
    hospital.override(by_rule(hospital.call(request))[GOALS])
    hospital.call(request)
    shown = hospital.database.say(
        f"SELECT shown, count(*) FROM evaluations WHERE rule = '{GOALS}' GROUP BY shown"
    )
    assert sorted(shown) == [("card", 1), ("held", 1)]


def test_the_store_holds_nothing_of_patient_user_order_or_value(hospital: Hospital) -> None:
    request = hospital.request(LEUKAPHERESIS, encounterId="the-visit")
    hospital.override(next(iter(by_rule(hospital.call(request)).values())), None, "order-select")
    rows = hospital.database.say(
        "SELECT subject, encounter, orders, basis FROM cards WHERE subject IS NOT NULL"
    )
    assert rows
    assert all(len(bytes(mark)) == 32 for *marks, _ in rows for mark in marks)
    assert all(len(bytes(basis)) % 16 == 0 for *_, basis in rows), "a hash for each value"
    written = json.dumps(hospital.database.say("SELECT * FROM cards"), default=repr)
    context = request["context"]
    for word in (context["patientId"], context["userId"], "the-visit", "187"):
        assert f'"{word}"' not in written


def test_it_can_be_turned_off(database: Database) -> None:
    hospital = Hospital(database, quiet=False)
    request = hospital.request()
    hospital.override(by_rule(hospital.call(request))[GOALS])
    assert GOALS in by_rule(hospital.call(request))
    assert hospital.database.say("SELECT count(*) FROM cards WHERE subject IS NOT NULL") == [(0,)]
    hospital.close()
