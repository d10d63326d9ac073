"""Patients who have died: https://hl7.org/fhir/R4/patient-definitions.html#Patient.deceased_x_"""

from __future__ import annotations

from typing import Any

import pytest

from tests.protocol.support import NOW, ORDER, VIEW, Caller, good

DECEASED: dict[str, dict[str, Any]] = {
    "said so": {"deceasedBoolean": True},
    "since a moment": {"deceasedDateTime": "2026-11-21T11:59:00Z"},
    "since now": {"deceasedDateTime": NOW.isoformat()},
    "since a day": {"deceasedDateTime": "2026-11-21"},
    "since a month": {"deceasedDateTime": "2026-01"},
    "said twice": {"deceasedBoolean": True, "deceasedDateTime": "2026-01"},
    "since a time that cannot be read": {"deceasedBoolean": True, "deceasedDateTime": "spring"},
}
NOT_DECEASED: dict[str, dict[str, Any]] = {
    "said so": {"deceasedBoolean": False},
    "a time to come": {"deceasedDateTime": "2026-11-21T12:01:00Z"},
    "true, at a time to come": {"deceasedBoolean": True, "deceasedDateTime": "2027"},
    "denied, with a time": {"deceasedBoolean": False, "deceasedDateTime": "2026-01"},
    "a time that cannot be read": {"deceasedDateTime": "in the spring"},
    "a text": {"deceasedBoolean": "true"},
    "a number": {"deceasedBoolean": 1},
    "null": {"deceasedBoolean": None, "deceasedDateTime": None},
    "other types": {"deceasedBoolean": {}, "deceasedDateTime": [True]},
}


def of(name: str, said: dict[str, Any]) -> dict[str, Any]:
    """The request with more said about the patient."""
    request = good(name)
    request["prefetch"]["patient"].update(said)
    return request


@pytest.mark.parametrize("said", DECEASED.values(), ids=DECEASED)
def test_a_recorded_death_costs_no_card_and_is_said(caller: Caller, said: dict[str, Any]) -> None:
    """A count of today after a recorded death: one of the two is wrong, and nobody knows which."""
    assert caller.rules(of(VIEW, said)) == caller.rules(good(VIEW)) != []
    assert "recorded as deceased" in caller.cards(of(VIEW, said))[0]["detail"]
    assert "deceased" not in caller.cards(good(VIEW))[0]["detail"]


@pytest.mark.parametrize("said", DECEASED.values(), ids=DECEASED)
def test_a_recorded_death_alone_is_no_card(caller: Caller, said: dict[str, Any]) -> None:
    assert caller.cards(of("healthy.patient-view", said)) == []


@pytest.mark.parametrize("said", NOT_DECEASED.values(), ids=NOT_DECEASED)
def test_doubt_about_a_death_costs_no_card(caller: Caller, said: dict[str, Any]) -> None:
    """ROB-04: https://hl7.org/fhir/R4/patient.html"""
    assert caller.rules(of(VIEW, said)) == caller.rules(good(VIEW)) != []


@pytest.mark.parametrize("said", DECEASED.values(), ids=DECEASED)
@pytest.mark.parametrize("service", ["order-select", "order-sign"])
def test_orders_for_a_patient_recorded_as_deceased_keep_their_cards(
    caller: Caller, said: dict[str, Any], service: str
) -> None:
    """Who is ordered for lives, or the order is a mistake; neither is a reason for silence."""
    request = good(ORDER) | {"hook": service}
    before = caller.rules(request)
    request["prefetch"]["patient"].update(said)
    assert caller.rules(request) == before != []


def test_what_is_needed_is_needed_of_a_deceased_patient_too(caller: Caller) -> None:
    """ERR-05: https://cds-hooks.hl7.org/2.0/#http-status-codes_1"""
    request = of(VIEW, {"deceasedBoolean": True})
    del request["prefetch"]["conditions"]
    request.pop("fhirServer", None)
    assert caller.post(request).status_code == 412
