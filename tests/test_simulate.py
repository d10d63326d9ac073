"""A story is told so that a clinician can follow it, and silence is never told as an all-clear."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

import fixtures
from cds_service.card import EXTENSION
from cds_service.commands import main
from cds_service.patient_files import read_record
from cds_service.service import Decision
from cds_service.transcript import detail_lines, told
from hooks import SERVICES

AS_OF = fixtures.ANCHOR.isoformat()
SITE = str(Path(fixtures.__file__).parent / "site")
EMERGENCY = "als-aml-emergency"
Json = dict[str, Any]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["simulate", "--as-of", AS_OF, *arguments])


def simulated(*arguments: str) -> list[Json]:
    found: list[Json] = json.loads(run("--json", *arguments).output)
    return found


def text(*arguments: str) -> str:
    """The transcript, without where its lines break."""
    return " ".join(run(*arguments).output.split())


# -- what is told ----------------------------------------------------------------------------------


def test_a_story_tells_the_patient_the_orders_and_the_whole_card() -> None:
    name = f"{EMERGENCY}.order-select.leukapheresis-and-catheter"
    told_here = text(name)
    for words in (
        "ALS and newly diagnosed AML with hyperleukocytosis",
        "Patient: Walter Example, male, 62 years",
        "Problems: Acute myeloid leukemia; Amyotrophic lateral sclerosis",
        "Orders: Leukapheresis, therapeutic Apheresis catheter placement, large-bore",
        "[warning] Leukapheresis in ALS with leukemia",
        "- Leukocytes 187 ×10⁹/L (sent as 187 10*3/uL)",
        "- Oxygen saturation (SpO2): not recorded",
        "-> Draft hydroxyurea 3,500 mg/day (7 capsules of 500 mg), 1 day (recommended)",
        "+ Draft: Fibrinogen, PT/INR, aPTT",
        "To set it aside: Life-threatening cerebral or pulmonary leukostasis; ",
        "Rule leukapheresis-als 1.0.0, pending clinical review; also central-line-bleeding-risk.",
        "Applies, and another rule speaks first: leukapheresis-routine.",
    ):
        assert words in told_here


def test_a_brief_transcript_keeps_summaries_buttons_and_what_was_not_evaluable() -> None:
    brief = text("--brief", EMERGENCY, "aml-stale-count")
    for words in (
        "[critical] WBC at or above 100",
        "-> Draft hydroxyurea",
        "Not evaluable, and on",
    ):
        assert words in brief
    assert "Evidence (" not in brief
    assert "To set it aside" not in brief


def test_hooks_come_in_the_order_of_a_day() -> None:
    hooks = [call["hook"] for call in simulated(EMERGENCY)[0]["calls"]]
    assert hooks == sorted(hooks, key=["patient-view", "order-select", "order-sign"].index)
    assert len(hooks) == len(fixtures.requests(EMERGENCY))


def test_the_cards_are_those_of_the_service() -> None:
    name = f"{EMERGENCY}.patient-view"
    posted = json.dumps(fixtures.request(name, fixtures.ANCHOR))
    check = CliRunner().invoke(main, ["check", "--json", "--as-of", AS_OF, "-"], input=posted)
    (call,) = simulated(name)[0]["calls"]
    assert _without_uuids(call["cards"]) == _without_uuids(json.loads(check.output)["cards"])


def _without_uuids(value: Any) -> Any:
    return json.loads(re.sub(r'"uuid": "[^"]*"', '"uuid": ""', json.dumps(value)))


def test_an_order_that_is_not_selected_is_told_apart() -> None:
    document = fixtures.request(
        f"{EMERGENCY}.order-select.leukapheresis-and-catheter", fixtures.ANCHOR
    )
    document["context"]["selections"] = ["ServiceRequest/order-leukapheresis"]
    orders = told("one", document, Decision([], [], []))["orders"]
    assert [(each["order"], each["selected"]) for each in orders] == [
        ("Leukapheresis, therapeutic", True),
        ("Apheresis catheter placement, large-bore", False),
    ]


def test_a_hook_can_be_chosen() -> None:
    stories = simulated("--hook", "order-sign", EMERGENCY, "gout")
    assert {call["hook"] for story in stories for call in story["calls"]} == {"order-sign"}
    assert [story["story"] for story in stories] == [EMERGENCY, "gout"]


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("**This patient**", "    This patient"),
        ("- 187 10\\*3/uL \\[x\\]", "    - 187 10*3/uL [x]"),
        ("- at &lt;20 &amp; less", "    - at <20 & less"),
        ("*Sources: two.*", "    Sources: two."),
        ("- [a trial](https://example.org/1)", "    - a trial (https://example.org/1)"),
        ("- snake_case_name stays", "    - snake_case_name stays"),
        ("- a\x1b[31mred\x07", "    - a\N{REPLACEMENT CHARACTER}[31mred\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_markdown_is_told_as_text(markdown: str, plain: str) -> None:
    assert [click.unstyle(line) for line in detail_lines(markdown)] == [plain]


# -- silence ---------------------------------------------------------------------------------------


def test_no_card_names_the_rules_that_cannot_apply_here(monkeypatch: pytest.MonkeyPatch) -> None:
    without = text("b-all-mrd-positive.patient-view")
    assert "No card. What was not checked, or does not show:" in without
    assert "Cannot apply until this site maps their codes: " in without
    assert "CDS_SITE_VALUE_SETS names the folder fixtures/site" in without
    monkeypatch.setenv("CDS_SITE_VALUE_SETS", SITE)
    mapped = text("b-all-mrd-positive.patient-view")
    assert "Rule all-mrd 1.0.0" in mapped
    assert "CDS_SITE_VALUE_SETS" not in mapped


def test_only_where_nothing_is_left_open_all_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "all was checked" not in text("healthy.patient-view")
    monkeypatch.setenv("CDS_SITE_VALUE_SETS", SITE)
    assert "No card: all was checked, and nothing found." in text("healthy.patient-view")


def test_what_no_card_says_is_told_with_who_asked_for_it() -> None:
    assert (
        "Not evaluable, and on no card: - Left ventricular ejection fraction: not recorded "
        "(for aml-unfit)"
    ) in text("aml-stale-count")


def test_rules_that_are_off_or_silent_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDS_SITE_VALUE_SETS", SITE)
    switches = tmp_path / "switches.toml"
    switches.write_text(
        '[[switch]]\nrule = "als-acute-leukemia-goals"\nstate = "silent"\n'
        '[[switch]]\nrule = "apl-suspected"\nstate = "off"\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("CDS_SWITCHES", str(switches))
    told_here = text(f"{EMERGENCY}.patient-view")
    assert "Applies, and is silent here: als-acute-leukemia-goals." in told_here
    assert "Off here, not asked: apl-suspected." in told_here
    assert "Off here, not asked: apl-suspected." in text("healthy.patient-view")
    assert "all was checked" not in text("healthy.patient-view")


def test_a_refused_request_is_told_as_refused_and_ends_with_1(tmp_path: Path) -> None:
    document = fixtures.request("healthy.patient-view", fixtures.ANCHOR)
    del document["prefetch"]["conditions"]
    path = tmp_path / "request.json"
    path.write_text(json.dumps({**document, "fhirServer": "https://ehr.example/fhir"}), "utf-8")
    result = run(str(path))
    assert result.exit_code == 1
    assert "Refused, nothing was checked:" in result.output
    # No server is read: its answer would be of another day than the rest of the file.
    said = "prefetch key conditions is needed and could not be had: not supplied\n"
    assert said in result.output


def test_a_request_that_is_there_to_be_refused_is_no_failure() -> None:
    result = run("healthy")
    assert result.exit_code == 0
    assert "It is there to be refused." in " ".join(result.output.split())


def test_every_story_that_is_shipped_can_be_told() -> None:
    result = run("--all")
    assert result.exit_code == 0
    for name in (name for story in fixtures.stories() for name in fixtures.requests(story)):
        assert f"  {name}\n" in result.output
    assert all(len(line) <= 100 or " " not in line.strip() for line in result.output.splitlines())


def test_a_name_that_is_none_is_refused_with_those_alike() -> None:
    result = run("aml-emergency")
    assert (result.exit_code, EMERGENCY in result.output) == (1, True)
    assert run().exit_code == 2
    assert run("--all", "gout").exit_code == 2


# -- files of one's own ----------------------------------------------------------------------------


VIEWED = [s for s in fixtures.stories() if f"{s}.patient-view" in fixtures.requests(s)]
ALIKE = {
    "als-aml-messy-chart",  # Another patient's result is in the Bundle, and is named on the card.
    "epic-like-client",  # The request says that Epic asks, whose cards look otherwise.
}


@pytest.mark.parametrize("story", VIEWED)
def test_a_bundle_brings_the_cards_of_the_request_with_prefetch(tmp_path: Path, story: str) -> None:
    """Nothing that the templates would have asked for is lost on the way."""
    folder = write(tmp_path, patient=fixtures.patient(story, fixtures.ANCHOR))
    (call,) = simulated(folder)[0]["calls"]
    asked = simulated(f"{story}.patient-view")[0]["calls"][0]
    assert rules_shown(call) == rules_shown(asked)
    if story not in ALIKE:
        assert _without_uuids(call["cards"]) == _without_uuids(asked["cards"])


def transaction() -> Json:
    """A patient as tools write them: hardly any ids yet, references by `urn:uuid:`."""
    bundle = fixtures.patient(EMERGENCY, fixtures.ANCHOR)
    words = json.dumps(bundle)
    for place, entry in enumerate(bundle["entry"]):
        resource = entry["resource"]
        name = f"{resource['resourceType']}/{resource['id']}"
        words = words.replace(f'"reference": "{name}"', f'"reference": "urn:uuid:a-{place}"')
    changed: Json = json.loads(words)
    for place, entry in enumerate(changed["entry"]):
        entry["fullUrl"] = f"urn:uuid:a-{place}"
        if entry["resource"]["resourceType"] != "Patient":
            del entry["resource"]["id"]
    return {**changed, "type": "transaction"}


def write(folder: Path, **documents: Json) -> str:
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document), "utf-8")
    return str(folder)


def rules_shown(call: Json) -> list[str]:
    return [card["extension"][EXTENSION]["id"] for card in call["cards"]]


def test_a_transaction_whose_references_are_urns_loses_nothing(tmp_path: Path) -> None:
    (call,) = simulated(write(tmp_path, patient={**transaction()}))[0]["calls"]
    assert rules_shown(call) == ["hyperleukocytosis-emergency", "als-acute-leukemia-goals"]


def test_drafts_and_drugs_beside_a_prescription_are_no_prescriptions() -> None:
    subject = {"reference": "Patient/one"}
    draft = {"resourceType": "MedicationRequest", "id": "a", "status": "draft", "subject": subject}
    drug = {"resourceType": "Medication", "id": "b"}
    running = {**draft, "id": "c", "status": "active"}
    person = {"resourceType": "Patient", "id": "one"}

    def prescriptions(*resources: Json) -> list[str]:
        bundle = {"entry": [{"resource": each} for each in (person, *resources)]}
        prefetch = read_record(bundle, "record").prefetch(SERVICES[0].queries)
        return [e["resource"]["id"] for e in prefetch["medications"].get("entry", ())]

    assert prescriptions(draft, drug) == []
    assert prescriptions(draft, drug, running) == ["b", "c"]


def test_draft_orders_of_a_bundle_are_selected_and_signed(tmp_path: Path) -> None:
    bundle = fixtures.patient(EMERGENCY, fixtures.ANCHOR)
    request = fixtures.request(
        f"{EMERGENCY}.order-select.leukapheresis-and-catheter", fixtures.ANCHOR
    )
    bundle["entry"] += request["context"]["draftOrders"]["entry"]
    calls = {call["hook"]: call for call in simulated(write(tmp_path, all=bundle))[0]["calls"]}
    assert list(calls) == ["patient-view", "order-select", "order-sign"]
    assert rules_shown(calls["order-select"]) == ["leukapheresis-als"]


def test_a_request_without_prefetch_takes_it_from_the_bundle_beside_it(tmp_path: Path) -> None:
    bundle = fixtures.patient(EMERGENCY, fixtures.ANCHOR)
    request = fixtures.request(f"{EMERGENCY}.order-select.central-line", fixtures.ANCHOR)
    del request["prefetch"]
    folder = write(tmp_path, patient=bundle, order=request, notes={"of": "no use"})
    (story,) = simulated(folder)
    assert [(call["request"], rules_shown(call)) for call in story["calls"][1:]] == [
        ("order", ["central-line-bleeding-risk"])
    ]
    assert story["notes"] == ["notes.json is neither a hook request nor a Bundle: not used"]


@pytest.mark.parametrize(
    ("documents", "said"),
    [
        ({}, "no file *.json with a hook request or a Bundle"),
        ({"empty": {"resourceType": "Bundle"}}, "empty.json: holds 0 Patients"),
        ({"list": [1]}, "list.json: is no JSON object"),
    ],
)
def test_a_folder_that_holds_nothing_to_ask_is_refused(
    tmp_path: Path, documents: Any, said: str
) -> None:
    result = run(write(tmp_path, **documents))
    assert (result.exit_code, said in result.output) == (1, True)


def test_two_patients_in_one_bundle_are_refused(tmp_path: Path) -> None:
    both = {"resourceType": "Bundle", "type": "collection", "entry": []}
    for story in ("gout", "healthy"):
        both["entry"] += fixtures.patient(story, fixtures.ANCHOR)["entry"]  # type: ignore[operator]
    result = run(write(tmp_path, both=both))
    assert (result.exit_code, "holds 2 Patients" in result.output) == (1, True)


@pytest.mark.parametrize(
    "context",
    [
        None,
        [],
        {"patientId": "x", "userId": 3},
        {"draftOrders": {"entry": [None, {"resource": []}]}},
    ],
)
def test_a_request_of_whatever_shape_is_refused_in_words(tmp_path: Path, context: Any) -> None:
    broken = {"hook": "order-sign", "context": context, "prefetch": {"patient": [], "labs": 3}}
    result = run(write(tmp_path, broken=broken))
    assert result.exit_code == 1
    assert "Refused, nothing was checked:" in result.output
