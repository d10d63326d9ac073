"""The FHIR server of the tests is one: what it finds, refuses and takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from click.testing import CliRunner

import fixtures
from cds_service.commands import main
from hooks import SERVICES
from tests import fhir_server
from tests.catalogue import NOW
from tests.fhir_server import KINDS, FhirServer

TOKEN = "the-server's-token"
TEMPLATES = {
    key: template
    for key, template in SERVICES[0].prefetch.items()
    if template.partition("?")[1]  # The others are reads.
}
STORY = "als-aml-emergency"
MESSY = "als-aml-messy-chart"


@pytest.fixture(scope="module")
def server() -> Iterator[FhirServer]:
    with fhir_server.running(TOKEN) as running:
        assert load(running).exit_code == 0
        yield running


def load(server: FhirServer, *arguments: str) -> Any:
    command = ["fixtures", "load", "--fhir", server.base(), "--as-of", NOW.isoformat()]
    return CliRunner().invoke(main, [*command, *arguments], env={"FHIR_TOKEN": server.token})


def ids(page: dict[str, Any]) -> list[str]:
    return [entry["resource"]["id"] for entry in page.get("entry", ())]


# --- Reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize("story", sorted(set(fixtures.stories()) - {MESSY}))
def test_searches_find_what_the_stories_hold(server: FhirServer, story: str) -> None:
    """In the same order: lists of codes and of statuses, `_sort` and `_count` are answered."""
    record = fixtures.patient(story, NOW)
    expected = fixtures.answer_templates(TEMPLATES, record)
    for key, template in TEMPLATES.items():
        page = server.get(template.replace("{{context.patientId}}", story)).json()
        assert ids(page) == ids(expected[key]), key
        assert page["total"] == expected[key]["total"]


def test_only_the_statuses_asked_for_are_found(server: FhirServer) -> None:
    for status in ("active", "stopped", "draft"):
        server.put(
            {
                "resourceType": "MedicationRequest",
                "id": f"with-status-{status}",
                "status": status,
                "intent": "order",
                "medicationCodeableConcept": {"text": "Something"},
                "subject": {"reference": "Patient/someone-else-again"},
            }
        )
    search = "MedicationRequest?patient=someone-else-again&status=active,stopped"
    assert ids(server.get(search).json()) == ["with-status-active", "with-status-stopped"]


def test_times_are_sorted_as_instants_whatever_their_zone(server: FhirServer) -> None:
    times = {
        "third": "2026-01-15T05:30:00Z",
        "first": "2026-01-15T05:30:00-05:00",
        "second": "2026-01-15T09:00:00+01:00",
    }
    for name, time in times.items():
        code = {"text": "Something"}
        subject = {"reference": "Patient/sorted"}
        server.put(
            {
                "resourceType": "Observation",
                "id": name,
                "status": "final",
                "code": code,
                "subject": subject,
                "effectiveDateTime": time,
            }
        )
    newest_first = server.get("Observation?patient=sorted&_sort=-date").json()
    assert ids(newest_first) == ["first", "second", "third"]


def test_a_bare_id_finds_nothing_where_only_references_are_understood(server: FhirServer) -> None:
    found = {
        (kind, patient): server.get(f"Condition?patient={patient}", kind).json()["total"]
        for kind in KINDS
        for patient in (STORY, f"Patient/{STORY}")
    }
    assert {key for key, total in found.items() if total == 0} == {("references-only", STORY)}
    assert set(found.values()) == {0, 2}


def test_next_links_lead_through_everything_once(server: FhirServer) -> None:
    search = f"Observation?patient={STORY}&_sort=-date&_count=200"
    whole = server.get(search).json()
    url, pages = f"{server.base('small-pages')}/{search}", []
    while url:
        answer = requests.get(url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30)
        pages.append(answer.json())
        links = {link["relation"]: link["url"] for link in pages[-1]["link"]}
        url = links.get("next", "")
        assert not url or url.startswith(f"{server.base('small-pages')}/")
    assert len(pages) > 2
    assert [name for page in pages for name in ids(page)] == ids(whole)


@pytest.mark.parametrize(
    "search",
    [
        "Observation?patient=p&value-quantity=gt100",
        "Observation?patient=p&code:not=http://loinc.org|6690-2",
        "Observation?patient=p&code:in=http://example.org/set",
        "Observation?patient.name=Example",
        "Observation?patient=p&_include=Observation:encounter",
        "Observation?patient=p&_sort=code",
        "Observation?patient=p&no-such-parameter=1",
        "NoSuchType?patient=p",
    ],
)
def test_a_search_that_would_silently_find_nothing_is_refused(
    server: FhirServer, search: str
) -> None:
    answer = server.get(search)
    assert answer.status_code == 400
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_only_the_capability_statement_is_for_everybody(server: FhirServer) -> None:
    assert requests.get(f"{server.base()}/metadata", timeout=30).json()["fhirVersion"] == "4.0.1"
    for headers in ({}, {"Authorization": "Bearer another"}, {"Authorization": TOKEN}):
        answer = requests.get(f"{server.base()}/Patient/{STORY}", headers=headers, timeout=30)
        assert (answer.status_code, answer.json()["resourceType"]) == (401, "OperationOutcome")


# --- Writing --------------------------------------------------------------------------------------


def test_loading_again_changes_nothing(server: FhirServer) -> None:
    searches = [f"{kind}?_count=1" for kind in ("Patient", "Observation", "Condition")]
    before = [server.get(search).json()["total"] for search in searches]
    assert min(before) > 60
    assert load(server).exit_code == 0
    assert [server.get(search).json()["total"] for search in searches] == before


def test_a_transaction_with_one_broken_resource_leaves_nothing_behind(server: FhirServer) -> None:
    patient = {"resourceType": "Patient", "id": "never-there"}
    broken = {"resourceType": "Condition", "id": "broken", "subject": "nobody"}
    answer = server.transact(
        {"resource": patient, "request": {"method": "PUT", "url": "Patient/never-there"}},
        {"resource": broken, "request": {"method": "PUT", "url": "Condition/broken"}},
    )
    assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome")
    assert server.get("Patient/never-there").status_code == 404


def test_a_transaction_fails_as_a_whole(server: FhirServer) -> None:
    patient = {"resourceType": "Patient", "id": "one"}
    entry = {"resource": patient, "request": {"method": "PUT", "url": "Patient/another"}}
    assert server.transact(entry).status_code == 400


def test_a_messy_chart_is_refused_as_it_is_and_the_command_says_why(server: FhirServer) -> None:
    result = load(server, "--as-is", MESSY)
    assert result.exit_code == 1
    assert f"{MESSY}: not loaded: HTTP 400: Expected array of values" in result.output
    assert "Condition.category" in result.output


# --- Where it cannot run --------------------------------------------------------------------------


def test_a_machine_without_node_skips_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(fhir_server.shutil, "which", lambda name: None)
    with pytest.raises(pytest.skip.Exception, match="needs Node"), fhir_server.running(TOKEN):
        pass


def test_a_server_that_is_not_installed_names_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(fhir_server.shutil, "which", lambda name: "/usr/bin/node")
    monkeypatch.setattr(fhir_server, "HERE", tmp_path)
    with pytest.raises(pytest.skip.Exception, match="make fhirserver"), fhir_server.running(TOKEN):
        pass


def test_continuous_integration_does_not_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(fhir_server.shutil, "which", lambda name: None)
    # A skip must be caught here too: it would skip this test.
    endings = (pytest.fail.Exception, pytest.skip.Exception)
    with pytest.raises(endings, match="needs Node") as ending, fhir_server.running(TOKEN):
        pass
    assert ending.type is pytest.fail.Exception
