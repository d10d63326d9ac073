"""Stories as files and in FHIR servers: `fixtures load` and `fixtures export`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from fhir.resources.R4B.bundle import Bundle
from pydantic import ValidationError

import fixtures
from cds_service.commands import main
from fixtures import loading
from tests.protocol.fhir_stub import Call, FhirStub, Reply, reply

AS_OF = datetime(2031, 3, 2, 7, 45, 30, tzinfo=UTC)
MESSY = "als-aml-messy-chart"
TOKEN = "a-token-that-is-never-shown"
OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "value", "diagnostics": "no such code"}],
}
R4 = reply({"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"})
DONE = reply({"resourceType": "Bundle", "type": "transaction-response"})


def records(**options: Any) -> list[loading.Record]:
    return [loading.record(story, AS_OF, **options) for story in fixtures.stories()]


RECORDS = records()
TELLS_ALL = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.story)


# --- What a story brings --------------------------------------------------------------------------


@TELLS_ALL
def test_a_story_is_one_valid_transaction_that_can_be_sent_again(record: loading.Record) -> None:
    """https://hl7.org/fhir/R4/http.html#update"""
    Bundle.model_validate(json.loads(json.dumps(record.transaction)))
    for entry in record.transaction["entry"]:
        resource = entry["resource"]
        address = f"{resource['resourceType']}/{resource['id']}"
        assert entry["request"] == {"method": "PUT", "url": address}


@TELLS_ALL
def test_a_reference_leads_to_a_resource_of_the_same_transaction(record: loading.Record) -> None:
    """Servers that check references would refuse it; the first ones are those referred to."""
    order = [entry["request"]["url"] for entry in record.transaction["entry"]]
    for place, resource in enumerate(record.resources):
        for element in ("subject", "patient", "encounter"):
            if element in resource:
                assert order.index(resource[element]["reference"]) < place


def test_no_two_stories_share_a_resource() -> None:
    """Else the story loaded last would change the other."""
    addresses = Counter(
        entry["request"]["url"] for record in RECORDS for entry in record.transaction["entry"]
    )
    assert [address for address, times in addresses.items() if times > 1] == []


def test_dates_are_moved_to_the_instant_asked_for() -> None:
    [story] = [record for record in RECORDS if record.story == "als-aml-emergency"]
    [count] = [each for each in story.resources if each["id"] == "als-aml-emergency-leukocytes"]
    taken = datetime.fromisoformat(count["effectiveDateTime"])
    assert AS_OF - taken == timedelta(hours=3)


def test_only_the_messy_chart_loses_resources_and_each_with_a_reason() -> None:
    losing = {record.story: record.left_out for record in RECORDS if record.left_out}
    assert set(losing) == set(fixtures.MESSY_RECORDS)
    assert losing[MESSY][f"Condition/{MESSY}-aml"].startswith("category: ")
    for address in losing[MESSY]:
        kind, name = address.split("/")
        content = [e["resource"] for e in fixtures.patient(MESSY, AS_OF)["entry"]]
        alone = [each for each in content if each["id"] == name and each["resourceType"] == kind]
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": alone[0]}]}
        with pytest.raises(ValidationError):
            Bundle.model_validate(bundle)


def test_the_messy_chart_can_be_sent_as_it_is() -> None:
    record = loading.record(MESSY, AS_OF, as_is=True)
    assert record.left_out == {}
    held = [entry["resource"] for entry in fixtures.patient(MESSY, AS_OF)["entry"]]
    assert [each for each in held if each not in record.resources] == []


def test_another_patient_in_a_record_is_a_patient_without_data() -> None:
    record = loading.record(MESSY, AS_OF)
    bare = [each for each in record.resources if set(each) == {"resourceType", "id"}]
    assert bare == [{"resourceType": "Patient", "id": "somebody-else"}]


# --- Loading --------------------------------------------------------------------------------------


@pytest.fixture
def stub() -> Iterator[FhirStub]:
    with FhirStub({"metadata": R4}, DONE) as running:
        yield running


def load(stub: FhirStub, *arguments: str, **options: Any) -> Result:
    options.setdefault("env", {"FHIR_TOKEN": ""})
    command = ["fixtures", "load", "--fhir", stub.base, *arguments]
    result = CliRunner().invoke(main, command, **options)
    assert TOKEN not in result.output
    return result


def posts(stub: FhirStub) -> list[Call]:
    return [call for call in stub.calls if call.method == "POST"]


def test_every_story_is_sent_and_named_when_none_is_chosen(stub: FhirStub) -> None:
    result = load(stub)
    assert result.exit_code == 0, result.output
    assert len(posts(stub)) == len(fixtures.stories())
    stories = fixtures.stories()
    for place, story in enumerate(stories, 1):
        assert f"{place}/{len(stories)} {story}: " in result.output


def test_what_is_left_out_is_named_at_its_story(stub: FhirStub) -> None:
    result = load(stub, MESSY)
    assert f"left out, no valid R4: Condition/{MESSY}-aml (category: " in result.output
    assert "left out" not in load(stub, MESSY, "--as-is").output


@pytest.mark.parametrize("source", ["file", "stdin", "environment", "none"])
def test_the_token_comes_from_a_file_or_the_environment(
    stub: FhirStub, tmp_path: Path, source: str
) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    if source == "file":
        result = load(stub, "--token-file", str(tmp_path / "token"), "healthy")
    elif source == "stdin":
        result = load(stub, "--token-file", "-", "healthy", input=TOKEN)
    else:
        token = TOKEN if source == "environment" else ""
        result = load(stub, "healthy", env={"FHIR_TOKEN": token})
    assert result.exit_code == 0, result.output
    expected = None if source == "none" else f"Bearer {TOKEN}"
    assert [call.headers.get("Authorization") for call in stub.calls] == [expected] * 2
    assert [call.headers["Content-Type"] for call in posts(stub)] == ["application/fhir+json"]


@pytest.mark.parametrize("text", ["", f"{TOKEN} b", f"{TOKEN}\nX-Forged: b", "tøken", "a\x7fb"])
def test_a_spoilt_token_is_refused_and_not_shown(stub: FhirStub, tmp_path: Path, text: str) -> None:
    (tmp_path / "token").write_text(text)
    result = load(stub, "--token-file", str(tmp_path / "token"), "healthy")
    assert (result.exit_code, stub.calls) == (1, [])
    assert "the token file does not hold one token" in result.output


def test_a_story_that_does_not_exist_is_named_before_anything_is_sent(stub: FhirStub) -> None:
    result = load(stub, "healthy", "nobody")
    assert (result.exit_code, stub.calls) == (1, [])
    assert "no story nobody; `fixtures list` names them all" in result.output


REFUSALS: dict[str, tuple[Reply, str]] = {
    "with an OperationOutcome": (reply(OUTCOME, 422), "HTTP 422: no such code"),
    "with a page": (Reply(b"<html>", 502), "HTTP 502"),
    "with something else": (reply([]), "HTTP 200"),
    "with a redirect": (Reply(DONE.body, 307, {"Location": "http://127.0.0.1:1/"}), "HTTP 307"),
    "in one entry": (
        reply(
            {
                "resourceType": "Bundle",
                "type": "batch-response",
                "entry": [
                    {"response": {"status": "201 Created"}},
                    {"response": {"status": "412 Precondition Failed", "outcome": OUTCOME}},
                ],
            }
        ),
        "Encounter/acne-encounter: 412 Precondition Failed: no such code",
    ),
}


@pytest.mark.parametrize(("answer", "words"), REFUSALS.values(), ids=REFUSALS)
def test_a_story_that_is_refused_is_named_with_the_reason_and_the_others_are_sent(
    stub: FhirStub, answer: Reply, words: str
) -> None:
    stub.otherwise = answer
    result = load(stub, "acne", "healthy")
    assert (result.exit_code, len(posts(stub))) == (1, 2)
    assert f"1/2 acne: not loaded: {words}\n" in result.output
    assert "2 of 2 stories were not loaded" in result.output


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_refuses_the_client_is_asked_once(stub: FhirStub, status: int) -> None:
    stub.otherwise = reply(OUTCOME, status)
    result = load(stub, "acne", "healthy")
    assert (result.exit_code, len(posts(stub))) == (1, 1)
    assert f"HTTP {status}: no such code; give a token" in result.output
    assert "stopped at acne; 1 not tried" in result.output


STRANGERS: dict[str, tuple[Reply, str]] = {
    "another FHIR version": (
        reply({"resourceType": "CapabilityStatement", "fhirVersion": "1.0.2"}),
        "speaks FHIR 1.0.2, not R4",
    ),
    "no FHIR server": (Reply(b"<html>"), "no FHIR R4 server answers there"),
    "not there": (Reply(b"", 404), "HTTP 404"),
}


@pytest.mark.parametrize(("metadata", "words"), STRANGERS.values(), ids=STRANGERS)
def test_nothing_is_sent_to_what_is_no_r4_server(
    stub: FhirStub, metadata: Reply, words: str
) -> None:
    stub.replies["metadata"] = metadata
    result = load(stub, "acne")
    assert (result.exit_code, words in result.output) == (1, True)
    assert posts(stub) == []


@pytest.mark.parametrize("base", ["http://127.0.0.1:1/fhir", "file:///tmp", "nowhere"])
def test_a_server_that_cannot_be_reached_is_named(base: str) -> None:
    result = CliRunner().invoke(main, ["fixtures", "load", "--fhir", base])
    assert (result.exit_code, "could not be reached" in result.output) == (1, True)
    assert "give the base of a running server" in result.output


# --- Requests that let the service read -----------------------------------------------------------


def test_a_request_can_name_a_server_in_place_of_prefetch() -> None:
    command = ["fixtures", "request", "gout.order-sign", "--fhir", "https://fhir.example/r4"]
    with_token = CliRunner().invoke(main, command, env={"FHIR_TOKEN": TOKEN})
    without = CliRunner().invoke(main, command, env={"FHIR_TOKEN": ""})
    posted, bare = json.loads(with_token.output), json.loads(without.output)
    assert posted["fhirAuthorization"]["access_token"] == TOKEN
    assert posted["fhirServer"] == bare["fhirServer"] == "https://fhir.example/r4"
    for each in (posted, bare):
        assert ("prefetch" in each, "draftOrders" in each["context"]) == (False, True)
    assert "fhirAuthorization" not in bare


# --- Files ----------------------------------------------------------------------------------------


def export(folder: Path, *arguments: str) -> Result:
    command = ["fixtures", "export", str(folder), "--as-of", AS_OF.isoformat(), *arguments]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    return result


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    result = CliRunner().invoke(main, ["fixtures", "export", str(tmp_path / "taken" / "in")])
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    assert f"{tmp_path / 'taken' / 'in'} cannot be written" in result.output


def written(folder: Path) -> set[str]:
    return {path.relative_to(folder).parts[0] for path in folder.rglob("*.*json")}


def test_bundles_are_the_transactions_that_load_sends(tmp_path: Path) -> None:
    export(tmp_path)
    for record in RECORDS:
        path = tmp_path / "bundles" / f"{record.story}.json"
        assert json.loads(path.read_text("utf-8")) == record.transaction


def test_ndjson_holds_every_resource_once_by_type(tmp_path: Path) -> None:
    """https://hl7.org/fhir/R4/nd-json.html"""
    export(tmp_path)
    read = {
        path.stem: [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for path in (tmp_path / "ndjson").iterdir()
    }
    assert {kind: {each["resourceType"] for each in read[kind]} for kind in read} == {
        kind: {kind} for kind in read
    }
    everything = [resource for resources in read.values() for resource in resources]
    expected = [resource for record in RECORDS for resource in record.resources]
    assert sorted(everything, key=str) == sorted(expected, key=str)


@pytest.mark.parametrize(
    ("form", "folders"),
    [("bundle", {"bundles"}), ("ndjson", {"ndjson"}), ("both", {"bundles", "ndjson"})],
)
def test_only_the_format_asked_for_is_written(tmp_path: Path, form: str, folders: set[str]) -> None:
    export(tmp_path, "--format", form)
    assert written(tmp_path) == folders


def test_an_export_names_what_it_leaves_out_unless_told_to_keep_it(tmp_path: Path) -> None:
    assert f"left out, no valid R4: Condition/{MESSY}-aml" in export(tmp_path).output
    assert "left out" not in export(tmp_path, "--as-is").output


@pytest.mark.parametrize(
    ("instant", "words"), [("2031-03-02T07:45:30", "give a zone"), ("today", "is no instant")]
)
def test_an_instant_that_says_not_when_is_refused(tmp_path: Path, instant: str, words: str) -> None:
    command = ["fixtures", "export", str(tmp_path), "--as-of", instant]
    result = CliRunner().invoke(main, command)
    assert (result.exit_code, words in result.output) == (2, True)
