"""The integration sheet says what holds for this installation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cds_service import authentication, logs
from cds_service.commands import main
from cds_service.tables import metadata
from hooks import SERVICES

BASE = "https://cds.hospital.example"
CLIENTS = """
[[client]]
name = "general hospital"
issuer = "https://ehr.hospital.example"
jwks = "https://keys.hospital.example:8443/jwks.json"
fhir_servers = ["https://fhir.hospital.example/r4"]
fhir_deadline_seconds = 3.5
algorithms = ["ES384"]
"""


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["describe", *arguments])
    assert result.exit_code == 0, result.output
    return result


def sheet() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("--json").output)
    return found


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of a hospital's installation."""
    clients = tmp_path / "clients.toml"
    clients.write_text(CLIENTS, encoding="utf-8")
    monkeypatch.setenv("CDS_BASE_URL", f"{BASE}/")
    monkeypatch.setenv("CDS_CLIENTS", str(clients))
    monkeypatch.setenv("CDS_STORE", "postgresql+psycopg://cds:hunter2@db.example/cds?host=one,two")
    monkeypatch.setenv("CDS_RETENTION_DAYS", "90")


@pytest.mark.usefixtures("installed")
def test_every_hook_is_there_with_the_address_that_its_tokens_must_name() -> None:
    found = sheet()
    assert {each["id"]: (each["hook"], each["url"]) for each in found["hooks"]} == {
        service.id: (service.hook, f"{BASE}/cds-services/{service.id}") for service in SERVICES
    }
    assert found["trust"]["audiences"] == [each["url"] for each in found["hooks"]]
    text = run().output
    assert f"- Discovery: `GET {BASE}/cds-services`" in text
    assert "set CDS_BASE_URL" not in text


def test_without_an_address_the_sheet_says_that_one_is_missing() -> None:
    assert "set CDS_BASE_URL" in run().output


def test_every_key_is_there_with_why_its_need_its_template_and_its_length() -> None:
    found = {each["key"]: each for each in sheet()["prefetch"]}
    text = run().output
    for query in SERVICES[0].queries:
        key = found[query.key]
        assert (key["why"], key["required"], key["template"]) == (
            query.why,
            query.required,
            query.template,
        )
        assert key["length"] == len(query.template.replace("{{context.patientId}}", "x" * 64))
        assert key["services"] == [service.id for service in SERVICES]
        assert f"```text\n{query.template}\n```" in text
    assert "| `conditions` | Problem list | required | Condition |" in text


def test_scopes_cover_what_the_keys_read_and_nothing_that_writes() -> None:
    found = {each["resource"]: each for each in sheet()["access"]}
    asked = {query.resource_type for service in SERVICES for query in service.queries}
    assert found.keys() == asked | {"Medication"}
    assert found["Observation"]["v1"]["system"] == "system/Observation.read"
    assert found["Observation"]["v2"]["user"] == "user/Observation.rs"
    assert found["Patient"]["v2"]["patient"] == "patient/Patient.r"
    v2 = [scope.rpartition(".")[2] for each in found.values() for scope in each["v2"].values()]
    assert set(v2) == {"r", "rs"}


@pytest.mark.usefixtures("installed")
def test_a_client_is_told_to_wait_longer_than_any_read_may_take() -> None:
    found = sheet()["time"]
    assert found["fhirDeadlineSecondsOfClients"] == {"general hospital": 3.5}
    assert found["waitAtLeastSeconds"] == 4.0
    assert "wait at least 4 s" in run().output


@pytest.mark.usefixtures("installed")
def test_what_is_asked_of_a_token_is_what_is_checked() -> None:
    found = sheet()
    trust = found["trust"]
    assert trust["claims"] == list(authentication.REQUIRED)
    assert trust["longestSeconds"] == authentication.MOST_LIFETIME_SECONDS
    assert trust["algorithms"] == ["ES384", "RS384"]
    (client,) = found["clients"]
    assert (client["issuer"], client["algorithms"]) == ("https://ehr.hospital.example", ["ES384"])


def test_sandbox_mode_says_that_it_asks_nobody() -> None:
    assert "Sandbox mode asks nobody for a token." in run().output


@pytest.mark.usefixtures("installed")
def test_every_host_is_named_that_the_service_connects_to() -> None:
    assert [each["host"] for each in sheet()["outbound"]] == [
        "fhir.hospital.example:443",
        "keys.hospital.example:8443",
        "the `fhirServer` of any request",
        "db.example",
        "one",
        "two",
    ]


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("form", [(), ("--json",), ("--format", "text")], ids=str)
def test_no_secret_of_the_settings_is_on_it(form: tuple[str, ...]) -> None:
    assert "hunter2" not in run(*form).output


@pytest.mark.usefixtures("installed")
def test_everything_that_is_kept_is_named_with_how_long() -> None:
    data = sheet()["data"]
    kept = {each["table"]: each for each in data["tables"]}
    assert kept.keys() == metadata.tables.keys()
    for name, table in metadata.tables.items():
        assert len(kept[name]["columns"]) == len(table.columns)
        # A table in its own words: who adds one describes it.
        assert kept[name]["what"] != name.replace("_", " ")
    assert kept["calls"]["kept"] == "90 days"
    assert kept["used_tokens"]["kept"] == "until 5 minutes after it expires"
    assert data["log"] == list(logs.FIELDS)


def test_without_a_store_nothing_is_said_to_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_STORE", "none")
    assert sheet()["data"]["tables"] == []
    assert "There is no database." in run().output


def test_the_fields_of_both_vendors_say_who_gives_them_and_what_to_confirm() -> None:
    found = sheet()["registration"]
    for vendor in ("epic", "oracle"):
        assert {each["from"] for each in found[vendor]} == {
            "this service",
            "the vendor",
            "the hospital",
        }
    assert [each["field"] for each in found["oracle"] if each["confirm"]] == [
        "Which hooks are sent",
        "Condition that triggers a call",
        "Token: `iss`",
        "Token: keys",
    ]
    assert run().output.count("| to be confirmed with the vendor |") == sum(
        each["confirm"] for vendor in ("epic", "oracle") for each in found[vendor]
    )


def test_what_is_registered_is_what_cards_send() -> None:
    rules = {rule.id: rule for service in SERVICES for rule in service.rules()}
    found = sheet()["registration"]
    assert found["topics"].keys() == rules.keys()
    pages = {link for link in found["links"] if "/rules/" in link}
    assert {link.rpartition("/")[2] for link in pages} == rules.keys()
    publications = {e.url for r in rules.values() for e in r.evidence if e.url}
    assert set(found["links"]) - pages == publications
    assert {(each["system"], each["code"]) for each in found["overrideReasons"]} == {
        (reason.system, reason.code) for r in rules.values() for reason in r.override_reasons
    }


def test_the_text_for_a_terminal_holds_every_value_of_the_tables() -> None:
    text = " ".join(run("--format", "text").output.split())
    for query in SERVICES[0].queries:
        assert query.why in text
    assert "`" not in text
