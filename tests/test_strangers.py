"""Patients that nobody here wrote: real volume and noise, and no leukemia."""

from __future__ import annotations

import copy
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

import fixtures
from cds_service.app import create_app
from cds_service.settings import Settings
from hooks import SERVICES
from hooks.concepts import ALS, AML, LEUKOCYTES

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "synthea"
PATIENTS = sorted(FOLDER.glob("*.json.gz"))
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.skipif(
    not PATIENTS, reason="the synthetic patients of ../shared/data/synthea are not here"
)


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return create_app(Settings(), clock=lambda: NOW).test_client()


def read(path: Path) -> dict[str, Any]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        bundle: dict[str, Any] = json.load(file)
    return bundle


def patient_id(bundle: dict[str, Any]) -> str:
    resources = [entry["resource"] for entry in bundle["entry"]]
    return str(next(r["id"] for r in resources if r["resourceType"] == "Patient"))


def add(bundle: dict[str, Any], resource: dict[str, Any]) -> None:
    subject = {"reference": f"Patient/{patient_id(bundle)}"}
    bundle["entry"].append({"resource": {**resource, "subject": subject}})


def coding(concept: Any) -> dict[str, Any]:
    value_set = next(iter(concept.value_sets()))
    system, code = sorted(value_set.codes)[0]
    return {"coding": [{"system": system, "code": code}]}


def cards(client: FlaskClient, bundle: dict[str, Any]) -> list[str]:
    request = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/example", "patientId": patient_id(bundle)},
        "prefetch": fixtures.answer_templates(SERVICES[0].prefetch, bundle),
    }
    answer = client.post("/cds-services/als-leukemia-patient-view", json=request)
    assert answer.status_code == 200, answer.json
    return [card["source"]["topic"]["code"] for card in answer.json["cards"]]


@pytest.mark.parametrize("path", PATIENTS, ids=lambda path: path.name.split(".")[0])
def test_a_patient_without_leukemia_gets_no_card(client: FlaskClient, path: Path) -> None:
    assert cards(client, read(path)) == []


@pytest.mark.parametrize("path", PATIENTS, ids=lambda path: path.name.split(".")[0])
def test_the_same_patient_with_als_and_aml_gets_the_two_cards(
    client: FlaskClient, path: Path
) -> None:
    bundle = copy.deepcopy(read(path))
    for identity, concept in (("als", ALS), ("aml", AML)):
        add(bundle, {"resourceType": "Condition", "id": identity, "code": coding(concept)})
    count = {
        "resourceType": "Observation",
        "id": "count",
        "status": "final",
        "code": coding(LEUKOCYTES),
        "effectiveDateTime": "2026-11-21T09:00:00Z",
        "valueQuantity": {"value": 182, "unit": "10*9/L", "code": "10*9/L"},
    }
    add(bundle, count)
    expected = ["hyperleukocytosis-emergency", "als-acute-leukemia-goals"]
    assert cards(client, bundle) == expected
