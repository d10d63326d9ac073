"""The record of a call says what was decided and sent, and nothing of the patient."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

import hooks
from cds_service import recording
from cds_service.card import Applied
from cds_service.finding import TRUE, UNKNOWN, Fact, Finding
from cds_service.record import CallRecord, Evaluation, Shown
from cds_service.recording import Answered, Recording, Seen
from cds_service.service import Decision, Outcome
from tests.feedback.support import NOW, Site, site
from tests.protocol import made_up_content
from tests.protocol.fhir_stub import FhirStub, story
from tests.protocol.support import GOOD, ORDER, VIEW, application, good
from tests.trust.databases import Database, sqlite_database
from tests.trust.marked import MARKS, marked

EMERGENCY = "hyperleukocytosis-emergency"


class Recorded:
    """An application whose records are caught on their way to the recorder."""

    def __init__(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        self.client = app.test_client()
        self.records: list[CallRecord] = []
        recorder = app.extensions["recorder"]
        monkeypatch.setattr(type(recorder), "is_wanted", True)
        monkeypatch.setattr(recorder, "put", self.records.append)

    def call(self, body: Any, service: str = "", **options: Any) -> tuple[CallRecord, Any]:
        service = service or f"als-leukemia-{body['hook']}"
        given = {"data": body} if isinstance(body, bytes) else {"json": body}
        answer = self.client.post(f"/cds-services/{service}", **given, **options)
        (record,) = self.records
        self.records.clear()
        assert record.status == answer.status_code
        return record, answer.json


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    return Recorded(application(), monkeypatch)


def shown(record: CallRecord) -> dict[str, Shown]:
    return {each.rule: each.shown for each in record.evaluations}


# -- what is sent ----------------------------------------------------------------------------------


def test_a_call_is_recorded_with_its_cards(recorded: Recorded) -> None:
    record, answer = recorded.call(good(VIEW))
    assert (record.service, record.hook) == ("als-leukemia-patient-view", "patient-view")
    assert (record.at, record.mode, record.client) == (NOW, "sandbox", None)
    assert len(record.id) == 36
    assert record.milliseconds > 0
    assert [(card.uuid, card.indicator) for card in record.cards] == [
        (card["uuid"], card["indicator"]) for card in answer["cards"]
    ]
    rules = {rule.id: rule.version for rule in hooks.SERVICES[0].rules()}
    topics = [card["source"]["topic"]["code"] for card in answer["cards"]]
    assert [(card.rule, card.version) for card in record.cards] == [(t, rules[t]) for t in topics]


@pytest.mark.parametrize("profile", ["generic", "epic", "oracle", "sandbox"])
def test_cards_and_suggestions_are_recorded_as_the_profile_sent_them(
    profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A suggestion may have been split, or left out; a topic may have lost its hyphens."""
    file, server = tmp_path / "clients.toml", "https://fhir.hospital.example/r4"
    file.write_text(
        f'[[client]]\nname = "hospital"\nfhir_servers = ["{server}"]\nprofile = "{profile}"\n'
    )
    recorded = Recorded(application(clients=str(file)), monkeypatch)
    record, answer = recorded.call({**good(ORDER), "fhirServer": server})
    sent = [[each["uuid"] for each in card.get("suggestions", ())] for card in answer["cards"]]
    assert [list(card.suggestions) for card in record.cards] == sent
    assert sum(map(len, sent)) > 0
    assert record.client == "hospital"
    own = [card["extension"]["org.als-leukemia-cds.rule"]["id"] for card in answer["cards"]]
    assert [card.rule for card in record.cards] == own


@pytest.mark.parametrize("name", GOOD)
def test_every_rule_on_a_card_is_recorded_there(recorded: Recorded, name: str) -> None:
    record, answer = recorded.call(good(name))
    places = {each.rule: (each.shown, each.card) for each in record.evaluations}
    for card in answer["cards"]:
        extension = card["extension"]["org.als-leukemia-cds.rule"]
        assert places.pop(extension["id"]) == (Shown.CARD, card["uuid"])
        for guest in extension.get("also", ()):
            assert places.pop(guest) == (Shown.LINE, card["uuid"])
    left = {rule: place for rule, place in places.items() if place != (Shown.NO, None)}
    lines = answer["cards"][0]["detail"].count("Also applies, without a") if left else 0
    assert [place[0] for place in left.values()] == [Shown.LINE] * lines


def test_a_rule_that_another_speaks_for_is_recorded_as_not_shown(recorded: Recorded) -> None:
    record, _ = recorded.call(good(VIEW))
    found = shown(record)
    assert found[EMERGENCY] is Shown.CARD
    assert found["hyperleukocytosis-watch"] is Shown.NO
    assert "comfort-plan" not in found, "it says no"


def test_a_silent_rule_is_recorded_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "switches.toml"
    file.write_text(f'[[switch]]\nrule = "{EMERGENCY}"\nstate = "silent"\n')
    record, _ = Recorded(application(switches=str(file)), monkeypatch).call(good(VIEW))
    assert shown(record)[EMERGENCY] is Shown.SILENT
    assert shown(record)["hyperleukocytosis-watch"] is Shown.CARD


def test_a_rule_that_raised_is_recorded_as_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    app = application(content=made_up_content.__name__)
    record, _ = Recorded(app, monkeypatch).call(good(VIEW), "failing")
    said = {each.rule: (each.truth, each.shown) for each in record.evaluations}
    assert said["failing-rule"] == ("error", Shown.NO)
    assert said["data-gaps"][1] is Shown.CARD


# -- what was missing ------------------------------------------------------------------------------


def test_what_a_rule_lacks_is_recorded_by_its_name(recorded: Recorded) -> None:
    request = good(VIEW)
    request["prefetch"]["leukocytes"] = {"resourceType": "Bundle", "type": "searchset"}
    record, answer = recorded.call(request)
    lacking = {each.rule: each.missing for each in record.evaluations if each.missing}
    assert "leukocyte-count" in lacking[EMERGENCY]
    assert {each.truth for each in record.evaluations if each.rule == EMERGENCY} == {"unknown"}
    names = {concept.id for concept in hooks.CONCEPTS} | {*hooks.OTHER_INPUTS, "order"}
    assert {name for missing in lacking.values() for name in missing} <= names
    assert answer["cards"]


def test_what_has_no_name_of_ours_is_left_out() -> None:
    """A key may hold the client's own text: of an order it does."""
    service = hooks.SERVICES[0]
    rule = service.groups[0].rules[0]
    keys = ("leukocytes", "order MedicationRequest/jane-doe", "Jane Doe", "age", "leukocytes")
    facts = tuple(Fact(key, str, missing=True) for key in keys)
    known = Fact("platelets", str)
    said = Outcome(rule, Finding("?", UNKNOWN, (*facts, known)))
    inputs = frozenset({"leukocytes", "age", "platelets"})
    (found,) = _evaluations(service, Decision([said], [], []), inputs)
    assert found.missing == ("leukocytes", "order", "age")


def test_the_gaps_at_the_foot_are_those_of_the_gaps_rule() -> None:
    service = hooks.SERVICES[0]
    said = Outcome(service.gaps, Finding("?", TRUE, (Fact("leukocytes", str, missing=True),)))
    decision = Decision([said], [], [], missing=("leukocytes", "platelets"))
    (found,) = _evaluations(service, decision, frozenset({"leukocytes", "platelets"}))
    assert (found.rule, found.missing) == ("data-gaps", ("leukocytes", "platelets"))


def test_gaps_in_how_urgent_a_card_is_belong_to_its_rule() -> None:
    service = hooks.SERVICES[0]
    rule = service.groups[0].rules[0]
    finding, gap = Finding("?", TRUE), Fact("age", str, missing=True)
    applied = Applied(rule, finding, rule.indicator, rule.summary, (gap,))
    decision = Decision([Outcome(rule, finding)], [applied], [], [{"uuid": "u"}])
    (found,) = _evaluations(service, decision, frozenset({"age"}))
    assert (found.shown, found.card, found.missing) == (Shown.CARD, "u", ("age",))


def _evaluations(
    service: Any, decision: Decision, inputs: frozenset[str]
) -> tuple[Evaluation, ...]:
    for card in decision.cards:
        card |= {"indicator": "info"}
    seen, ended = Seen(decision=decision), Answered(NOW, 200, 1.0)
    return Recording("sandbox", "1", inputs).record(service, seen, ended).evaluations


# -- where the data came from ----------------------------------------------------------------------


def test_it_is_recorded_how_each_key_was_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    app = application(fhir_deadline_seconds=20.0)
    listed = app.test_client().get("/cds-services").json["services"][0]["prefetch"]
    recorded = Recorded(app, monkeypatch)
    with FhirStub(story(VIEW, listed)) as stub:
        request = {**good(VIEW), "fhirServer": stub.base}
        del request["prefetch"]["leukocytes"], request["prefetch"]["labs"]
        request["prefetch"]["medications"] = None
        record, _ = recorded.call(request)
        asked = len(stub.asked())
    states = dict(record.prefetch)
    assert {key: states[key] for key in ("leukocytes", "labs")} == {
        "leukocytes": "read",
        "labs": "read",
    }
    assert (states["conditions"], states["medications"]) == ("answered", "empty")
    assert record.callbacks == asked >= 2


def test_without_a_server_a_key_that_was_not_sent_is_absent(recorded: Recorded) -> None:
    request = good(VIEW)
    del request["prefetch"]["labs"]
    record, _ = recorded.call(request)
    assert dict(record.prefetch)["labs"] == "absent"
    assert record.callbacks == 0


# -- refusals --------------------------------------------------------------------------------------

NO_CONDITIONS = {**good(VIEW), "prefetch": {}}
REFUSALS: dict[str, tuple[Any, dict[str, Any], int]] = {
    "no JSON": (b"{", {"content_type": "application/json"}, 400),
    "another media type": (b"{}", {"content_type": "text/plain"}, 415),
    "too large": (b" " * 2048, {"content_type": "application/json"}, 413),
    "data lacking": (json.dumps(NO_CONDITIONS).encode(), {"content_type": "application/json"}, 412),
}


@pytest.mark.parametrize(("body", "options", "status"), REFUSALS.values(), ids=REFUSALS)
def test_a_refused_call_is_recorded_with_its_status(
    monkeypatch: pytest.MonkeyPatch, body: bytes, options: dict[str, Any], status: int
) -> None:
    app = application(max_body_bytes=1024 if status == 413 else 1 << 20)
    record, _ = Recorded(app, monkeypatch).call(body, "als-leukemia-patient-view", **options)
    assert record.status == status
    assert (record.cards, record.evaluations) == ((), ())
    assert (record.patient is not None) == (status == 412)


def test_a_fault_of_ours_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = Recorded(application(), monkeypatch)
    monkeypatch.setattr("cds_service.engine.decide", lambda *given: 1 / 0)
    record, _ = recorded.call(good(VIEW))
    assert record.status == 500
    assert dict(record.prefetch)["conditions"] == "answered"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/cds-services/no-such-service"),
        ("GET", "/cds-services/als-leukemia-patient-view"),
        ("OPTIONS", "/cds-services/als-leukemia-patient-view"),
        ("GET", "/cds-services"),
        ("POST", "/cds-services/als-leukemia-patient-view/feedback"),
    ],
)
def test_what_is_no_call_of_a_service_leaves_no_record(
    recorded: Recorded, method: str, path: str
) -> None:
    recorded.client.open(path, method=method)
    assert recorded.records == []


def test_cards_go_out_though_their_record_cannot_be_built(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(recording.Recording, "record", lambda *given: 1 / 0)
    answer = recorded.client.post("/cds-services/als-leukemia-patient-view", json=good(VIEW))
    assert answer.status_code == 200
    assert answer.json["cards"]
    assert "a call could not be recorded" in caplog.text


def test_a_call_for_which_nothing_is_checked_is_recorded(recorded: Recorded) -> None:
    request = good(VIEW)
    request["context"]["userId"] = "Patient/one"
    record, answer = recorded.call(request)
    assert (answer, record.status) == ({"cards": []}, 200)
    assert (record.evaluations, record.prefetch) == ((), ())


# -- nothing of the patient ------------------------------------------------------------------------


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Site]:
    database: Database = sqlite_database(tmp_path)
    with site(database) as running:
        yield running


def test_the_store_holds_no_mark_of_any_request(opened: Site) -> None:
    """Marks stand in every text, id and further member that a request can bear."""
    names = [*[name for name in GOOD if "order" not in name][:12], ORDER]
    for name in names:
        request = marked(good(name))
        answer = opened.call(request, f"als-leukemia-{request['hook']}")
        assert answer.status_code in (200, 412)
    opened.written("calls", len(names))
    assert opened.rows("cards")
    opened.recorder.close()
    files = [*opened.database.file.parent.glob("store.sqlite3*")]
    stored = b"".join(file.read_bytes() for file in files)
    assert b"hyperleukocytosis-emergency" in stored
    assert [mark for mark in MARKS if mark.encode() in stored] == []
