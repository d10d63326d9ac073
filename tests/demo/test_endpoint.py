"""/demo/fhir over HTTP: valid FHIR R4, what our prefetch templates ask, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

import pytest
from fhir.resources.R4B import get_fhir_model_class
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import fixtures
from cds_service import demo_routes
from cds_service.demo_search import SEARCHABLE
from cds_service.settings import Settings
from fixtures.demo import stories
from hooks import SERVICES
from tests.protocol.support import NOW, application, strict_json

FHIR_JSON = "application/fhir+json"
BASE = "/demo/fhir"
STORY = "als-aml-emergency"
TEMPLATES = SERVICES[0].prefetch


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return application().test_client()


def get(client: FlaskClient, path: str, **options: Any) -> Any:
    answer = client.get(f"{BASE}/{path}", **options)
    assert answer.status_code == 200, answer.text
    return checked(answer)


def checked(answer: TestResponse) -> Any:
    """The resource, which is valid R4, in the media type of FHIR, for any browser to read."""
    assert answer.mimetype == FHIR_JSON
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    resource = strict_json(answer.data)
    # A copy: the models fill in what they are given.
    get_fhir_model_class(resource["resourceType"]).model_validate(strict_json(answer.data))
    return resource


def refused(answer: TestResponse, status: int) -> None:
    assert answer.status_code == status, answer.text
    body = checked(answer)
    assert body["resourceType"] == "OperationOutcome"
    assert body["issue"][0]["severity"] == "error"
    assert body["issue"][0]["diagnostics"]


def ids(page: dict[str, Any]) -> list[str]:
    return [entry["resource"]["id"] for entry in page.get("entry", ())]


def everything(client: FlaskClient, path: str) -> list[dict[str, Any]]:
    """The resources of all pages, with the links followed."""
    found: list[dict[str, Any]] = []
    while path:
        page = get(client, path)
        found += [entry["resource"] for entry in page.get("entry", ())]
        links = {link["relation"]: link["url"] for link in page["link"]}
        _, _, path = links.get("next", "").partition(f"{BASE}/")
    return found


# --- What it holds --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", SEARCHABLE)
def test_every_resource_is_valid_and_can_be_read_by_its_address(
    client: FlaskClient, kind: str
) -> None:
    page = get(client, f"{kind}?_count=500")
    entries = page.get("entry", [])
    for entry in entries[:500:7]:
        address = urlsplit(entry["fullUrl"])
        assert address.path == f"{BASE}/{kind}/{entry['resource']['id']}"
        assert checked(client.get(address.path)) == entry["resource"]
    assert page["total"] >= len(entries)


def test_it_holds_everything_of_every_story_that_is_valid_as_a_whole(client: FlaskClient) -> None:
    """A chart that is broken on purpose would tell another story without what is broken."""
    assert set(fixtures.stories()) - set(stories()) == {"als-aml-messy-chart"}
    held = {
        (each["resourceType"], each["id"]): each
        for kind in SEARCHABLE
        for each in everything(client, kind)
    }
    told = [e["resource"] for s in stories() for e in fixtures.patient(s, NOW)["entry"]]
    assert held == {(each["resourceType"], each["id"]): each for each in told}


def test_references_lead_to_resources_that_it_holds(client: FlaskClient) -> None:
    for kind in SEARCHABLE:
        for each in everything(client, kind):
            for element in ("subject", "patient", "encounter"):
                if element in each:
                    get(client, each[element]["reference"])


# --- What may be asked ----------------------------------------------------------------------------


@pytest.mark.parametrize("story", stories())
@pytest.mark.parametrize("by", ["GET", "POST"])
def test_prefetch_templates_find_what_the_story_holds(
    client: FlaskClient, story: str, by: str
) -> None:
    """In the same order, by either method, the patient by id or as a reference."""
    record = fixtures.patient(story, NOW)
    expected = fixtures.answer_templates(TEMPLATES, record)
    for key, template in TEMPLATES.items():
        kind, is_search, query = template.partition("?")
        if not is_search:
            assert get(client, f"Patient/{story}") == expected[key]
            continue
        for patient in (story, f"Patient/{story}"):
            asked = query.replace("{{context.patientId}}", patient)
            found = (
                get(client, f"{kind}?{asked}")
                if by == "GET"
                else checked(
                    client.post(
                        f"{BASE}/{kind}/_search",
                        data=asked,
                        content_type="application/x-www-form-urlencoded",
                    )
                )
            )
            assert ids(found) == ids(expected[key]), key
            assert found["total"] == expected[key]["total"]


def test_what_is_posted_and_what_stands_in_the_url_count_together(client: FlaskClient) -> None:
    answer = client.post(f"{BASE}/Observation/_search?_count=1", data={"patient": STORY})
    page = checked(answer)
    assert len(page["entry"]) == 1
    assert page["total"] == get(client, f"Observation?patient={STORY}")["total"] > 1


def test_the_capability_statement_names_what_is_answered_and_no_more(client: FlaskClient) -> None:
    statement = get(client, "metadata")
    assert statement["fhirVersion"] == "4.0.1"
    assert statement["implementation"]["url"] == f"http://localhost{BASE}"
    [rest] = statement["rest"]
    assert [each["type"] for each in rest["resource"]] == [*SEARCHABLE]
    for each in rest["resource"]:
        kind = each["type"]
        assert [i["code"] for i in each["interaction"]] == ["read", "search-type"]
        for parameter in each["searchParam"]:
            strict = {"Prefer": "return=minimal; handling=strict"}
            get(client, f"{kind}?{parameter['name']}=x", headers=strict)
        for include in each.get("searchInclude", ()):
            get(client, f"{kind}?_include={include}&_count=1")
        orders = each["documentation"].removeprefix("_sort by ").split(", _count")[0]
        for order in orders.split(", "):
            get(client, f"{kind}?_sort=-{order}&_count=1")


def test_links_and_addresses_are_below_the_address_under_which_it_is_called() -> None:
    """Our own reader follows no link to another origin."""
    path = f"{BASE}/Observation?_count=1"
    app = application()
    called = app.test_client().get(path, base_url="http://[::1]:8081").json
    configured = application(base_url="https://cds.example/als/").test_client().get(path).json
    for page, base in ((called, "http://[::1]:8081"), (configured, "https://cds.example/als")):
        urls = [link["url"] for link in page["link"]] + [page["entry"][0]["fullUrl"]]
        assert len(urls) == 3
        assert all(url.startswith(f"{base}{BASE}/") for url in urls), urls


@pytest.mark.parametrize(
    "accept",
    ["application/json+fhir", "application/json", FHIR_JSON, "text/html,*/*;q=0.8", None],
)
def test_every_spelling_of_json_is_answered(client: FlaskClient, accept: str | None) -> None:
    headers = {"Accept": accept} if accept else {}
    assert get(client, "metadata", headers=headers)
    assert get(client, "metadata?_format=json", headers={"Accept": "application/fhir+xml"})
    assert get(client, "metadata?_format=application/fhir%2Bjson", headers=headers)


# --- What it refuses ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "Patient/nobody", {}, 404),
        ("GET", "Procedure?patient=a", {}, 404),
        ("GET", "", {}, 404),
        ("GET", "Observation?code:not=1", {}, 400),
        ("GET", "Observation?patient=%FF", {}, 400),
        ("GET", "Observation?" + "code=1&" * 60, {}, 400),
        ("GET", "Patient?foo=1", {"headers": {"Prefer": "handling=strict"}}, 400),
        ("GET", "Patient", {"headers": {"Accept": "application/fhir+xml"}}, 406),
        ("GET", "Patient?_format=xml", {}, 406),
        ("POST", "Patient/_search", {"json": {"_id": "a"}}, 415),
        ("POST", "Patient/_search", {"data": {"_id": "a" * 70_000}}, 413),
        ("POST", "Patient", {"json": {"resourceType": "Patient"}}, 405),
        ("POST", "", {"json": {"resourceType": "Bundle", "type": "batch"}}, 405),
        ("PUT", f"Patient/{STORY}", {"json": {"resourceType": "Patient"}}, 405),
        ("PATCH", f"Patient/{STORY}", {"json": []}, 405),
        ("DELETE", f"Patient/{STORY}", {}, 405),
    ],
)
def test_a_refusal_says_why(
    client: FlaskClient, method: str, path: str, options: dict[str, Any], status: int
) -> None:
    answer = client.open(f"{BASE}/{path}".rstrip("/"), method=method, **options)
    refused(answer, status)
    if status == 405:
        assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert get(client, f"Patient/{STORY}")["id"] == STORY


def test_a_preflight_is_answered_on_every_path(client: FlaskClient) -> None:
    for path in ("metadata", "Patient/_search", "Procedure", "a/b/c"):
        answer = client.options(f"{BASE}/{path}", headers={"Origin": "https://any.example"})
        assert answer.status_code == 204
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]


def test_a_closing_slash_means_nothing(client: FlaskClient) -> None:
    assert get(client, "metadata/") == get(client, "/metadata")
    assert client.head(f"{BASE}/metadata").status_code == 200


# --- When it is there -----------------------------------------------------------------------------

_LAZILY = """
import sys
from cds_service.app import create_app
from cds_service.settings import Settings
client = create_app(Settings(store="none")).test_client()
assert client.get("/cds-services").status_code == 200
print("fixtures" in sys.modules, client.get("/demo/fhir/metadata").status_code,
      "fixtures" in sys.modules)
"""


def test_patients_are_loaded_at_the_first_request_and_not_at_the_start() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LAZILY], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "200", "True"]


def test_production_has_no_such_paths() -> None:
    for mode, paths in (("sandbox", {BASE, f"{BASE}/<path:path>"}), ("production", set())):
        app = Flask("cds_service")
        demo_routes.add(app, Settings(mode=mode), lambda: NOW)
        assert {str(rule) for rule in app.url_map.iter_rules() if "demo" in str(rule)} == paths
