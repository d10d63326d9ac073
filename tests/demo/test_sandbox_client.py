"""The calls of the official sandbox, in its own words, and a hook request made of the answers.

https://github.com/cds-hooks/sandbox, src/retrieve-data-helpers. Its page stops at each of these:
an answer that lacks what it reads shows no patient, or no cards.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask.testing import FlaskClient

import fixtures
from cds_service.settings import Settings
from fixtures.demo import stories
from tests.catalogue import NOW
from tests.protocol.support import Caller, application, without_uuids

BASE = "/demo/fhir"
ORIGIN = {"Origin": "https://sandbox.cds-hooks.org"}
OLD_JSON = {**ORIGIN, "Accept": "application/json+fhir"}
STORY = "als-aml-emergency"


@pytest.fixture(scope="module")
def caller() -> Caller:
    return Caller(application())


@pytest.fixture(scope="module")
def client(caller: Caller) -> FlaskClient:
    return caller.app.test_client()


def get(client: FlaskClient, path: str, accept: str = OLD_JSON["Accept"]) -> Any:
    answer = client.get(f"{BASE}/{path}", headers={**ORIGIN, "Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    return answer.json


def test_it_takes_the_version_from_the_capability_statement(client: FlaskClient) -> None:
    """fhir-metadata-retrieval.js: then it asks for patients, to see whether a token is needed."""
    version = get(client, "metadata", "application/json")["fhirVersion"]
    assert [part.isdigit() for part in version.split(".")] == [True] * 3
    assert get(client, "Patient", "application/json")["resourceType"] == "Bundle"


def test_everybody_stands_in_its_list_of_patients(client: FlaskClient) -> None:
    """all-patient-retrieval.js: the first page only; a name without `given` breaks the list."""
    listed = [entry["resource"] for entry in get(client, "Patient")["entry"]]
    assert [each["id"] for each in listed] == stories()
    for each in listed:
        assert each["name"][0]["given"]
        assert isinstance(each["name"][0]["family"], str)
        assert each["birthDate"]


def test_a_chart_opens_with_its_conditions(client: FlaskClient) -> None:
    """patient-retrieval.js: without `total` it shows none; it sorts them by `code.text`."""
    assert get(client, f"Patient/{STORY}")["resourceType"] == "Patient"
    bundle = get(client, f"Condition?patient={STORY}")
    assert bundle["total"] == len(bundle["entry"]) == 2
    for entry in bundle["entry"]:
        assert entry["resource"]["code"]["coding"][0]["code"]
        assert entry["resource"]["code"]["text"]


def prefetched(client: FlaskClient, templates: dict[str, str], patient: str) -> dict[str, Any]:
    """service-exchange.js: a search is posted, its values decoded and encoded again."""
    found = {}
    for key, template in templates.items():
        path, _, query = template.replace("{{context.patientId}}", patient).partition("?")
        if not query:
            found[key] = get(client, path)
            continue
        answer = client.post(
            f"{BASE}/{path}/_search",
            data=urlencode(parse_qsl(query)),
            headers=OLD_JSON,
            content_type="application/x-www-form-urlencoded",
        )
        assert answer.status_code == 200
        found[key] = answer.json
    return found


@pytest.mark.parametrize("name", ["als-aml-emergency.patient-view", "healthy.patient-view"])
def test_what_it_prefetches_brings_the_cards_of_the_story(
    caller: Caller, client: FlaskClient, name: str
) -> None:
    [service] = [
        each
        for each in client.get("/cds-services", headers=ORIGIN).json["services"]
        if each["hook"] == "patient-view"
    ]
    request = fixtures.request(name, NOW)
    expected = caller.cards(request)
    patient = request["context"]["patientId"]
    request["prefetch"] = prefetched(client, service["prefetch"], patient)
    assert without_uuids(caller.cards(request)) == without_uuids(expected)
    assert bool(expected) == (name != "healthy.patient-view")


def test_the_address_in_the_readme_leads_here(client: FlaskClient) -> None:
    """README.md of the sandbox, "Pre-configuration via URL parameters"."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    [address] = [
        each for each in readme.split() if each.startswith("https://sandbox") and "?" in each
    ]
    given = dict(parse_qsl(urlsplit(address).query))
    assert set(given) == {"fhirServiceUrl", "patientId", "serviceDiscoveryURL"}
    assert given["patientId"] == STORY
    service = f"http://127.0.0.1:{Settings().port}"
    assert given["fhirServiceUrl"] == service + BASE
    assert given["serviceDiscoveryURL"] == f"{service}/cds-services"
    for url in (f"{given['fhirServiceUrl']}/metadata", given["serviceDiscoveryURL"]):
        assert client.get(urlsplit(url).path).status_code == 200
