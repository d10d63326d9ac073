"""What a call left behind, as AuditEvent and GuidanceResponse of FHIR R4."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

import hooks
from cds_service.fhir_forms import CARD as CARD_EXTENSION
from cds_service.fhir_forms import CLIENT, INPUT, LEFT_OUT, SHOWN, Input, inputs_of
from cds_service.record import Evaluation, Shown
from cds_service.terminology import Lexicon
from hooks import concepts
from tests.fhir_log.records import (
    APPLIES,
    CALL,
    CARD,
    INSTANCE,
    RAISED,
    UNKNOWN,
    audit_event,
    call,
    forms_of,
    guidance,
)


def extensions(resource: dict[str, Any]) -> dict[str, Any]:
    return {
        each["url"]: next(value for name, value in each.items() if name != "url")
        for each in resource["extension"]
    }


def details(event: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["type"], each["valueString"]) for each in event["entity"][-1]["detail"]]


# --- The call -------------------------------------------------------------------------------------


def test_a_call_is_one_event_and_a_response_for_each_rule_that_did_not_say_no() -> None:
    refused = Evaluation("comfort-plan", "1", "false")
    kinds = [each["resourceType"] for each in forms_of(call(evaluations=(APPLIES, refused)))]
    assert kinds == ["AuditEvent", "GuidanceResponse"]


def test_an_event_says_what_was_called_when_and_how_it_ended() -> None:
    event = audit_event()
    assert event["id"] == CALL
    assert event["action"] == "E"
    assert event["type"]["code"] == "rest"
    assert [each["code"] for each in event["subtype"]] == ["patient-view"]
    assert event["period"]["start"] == "2026-11-21T12:00:00.000Z"
    assert event["recorded"] == "2026-11-21T12:00:00.012Z"
    assert event["entity"][-1]["name"] == "als-leukemia-patient-view"
    assert event["source"]["observer"]["display"] == "als-leukemia-cds 1.2.3"


def test_an_event_names_the_content_the_cards_and_what_was_not_read() -> None:
    assert details(audit_event()) == [
        ("hookInstance", INSTANCE),
        ("mode", "production"),
        ("contentVersion", "2026-11-20"),
        ("callbacks", "2"),
        ("prefetch.labs", "failed"),
        ("card", CARD),
    ]


def test_what_is_empty_is_not_written() -> None:
    assert "contentVersion" not in dict(details(audit_event(content_version="")))


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "0"), (399, "0"), (400, "4"), (412, "4"), (499, "4"), (500, "8"), (503, "8")],
)
def test_the_outcome_is_that_of_the_http_status(status: int, outcome: str) -> None:
    assert audit_event(status=status)["outcome"] == outcome


def test_the_user_asked_through_the_client() -> None:
    user, client, own = audit_event()["agent"]
    assert user["who"]["reference"] == "Practitioner/doc-1"
    assert client["who"]["display"] == "general hospital"
    assert own["who"]["display"] == "als-leukemia-cds 1.2.3"
    assert [each["requestor"] for each in (user, client, own)] == [True, False, False]


@pytest.mark.parametrize("user", [None, ""])
def test_without_a_user_the_client_asked(user: str | None) -> None:
    client, own = audit_event(user=user)["agent"]
    assert [each["requestor"] for each in (client, own)] == [True, False]


def test_a_client_that_is_not_known_is_said_to_be_so() -> None:
    assert audit_event(client=None)["agent"][1]["who"]["display"].startswith("a client that is not")


def test_a_call_that_was_refused_may_name_nobody() -> None:
    event = audit_event(status=400, patient=None, user=None, client=None, hook_instance="")
    assert len(event["entity"]) == 1


def test_times_of_other_zones_are_written_in_utc() -> None:
    east = timezone(timedelta(hours=2))
    event = audit_event(at=datetime(2026, 11, 21, 14, 0, tzinfo=east))
    assert event["period"]["start"] == "2026-11-21T12:00:00.000Z"


# --- Who, in the client's words -------------------------------------------------------------------

PATIENTS = {
    "an id": ("pat-1", "Patient/pat-1"),
    "a reference": ("Patient/pat-1", "Patient/pat-1"),
    "an address": ("https://ehr.example/fhir/Patient/1", "https://ehr.example/fhir/Patient/1"),
}


@pytest.mark.parametrize(("text", "reference"), PATIENTS.values(), ids=PATIENTS)
def test_the_patient_is_a_reference(text: str, reference: str) -> None:
    event, response = forms_of(call(patient=text, evaluations=(APPLIES,)))
    assert event["entity"][0]["what"]["reference"] == reference
    assert event["entity"][0]["role"]["code"] == "1"
    assert response["subject"]["reference"] == reference


NO_PATIENTS = {
    "another resource": "Practitioner/1",
    "a name": "Doe, Jane",
    "a line break": "pat-1\n",
    "two lines": 'pat-1"}\n{"resourceType":"AuditEvent',
    "too long an id": "p" * 65,
    "half a surrogate": "pat-\ud800",
    "another alphabet": "pät",
    "an address with a user": "https://user:secret@ehr.example/fhir/Patient/1",
    "an address with a query": "https://ehr.example/fhir/Patient/1?name=Doe",
    "another scheme": "javascript://ehr.example/Patient/1",
    "too long an address": f"https://ehr.example/{'a' * 4200}/Patient/1",
}


@pytest.mark.parametrize("text", NO_PATIENTS.values(), ids=NO_PATIENTS)
def test_what_is_no_patient_is_left_out_and_that_is_said(text: str) -> None:
    event, response = forms_of(call(patient=text, evaluations=(APPLIES,)))
    assert event["entity"][0]["what"] == {"display": LEFT_OUT}
    assert response["subject"] == {"display": LEFT_OUT}


USERS = (
    "Practitioner/doc-1",
    "PractitionerRole/r.1",
    "Patient/1",
    "RelatedPerson/1",
    "https://ehr.example:8443/fhir/r4/Practitioner/1",
)
NO_USERS = {
    "an id alone": "doc-1",
    "another resource": "Group/1",
    "a name": "Practitioner/Jane Doe",
    "no id": "Practitioner/",
    "a mailbox": "jane.doe@hospital.example",
    "a line break": "Practitioner/1\n",
    "too long": f"https://ehr.example/{'a' * 4200}/Practitioner/1",
}


@pytest.mark.parametrize("text", USERS)
def test_the_user_is_a_reference_with_its_type(text: str) -> None:
    who = audit_event(user=text)["agent"][0]["who"]
    assert who == {"reference": text, "type": text.split("/")[-2]}


@pytest.mark.parametrize("text", NO_USERS.values(), ids=NO_USERS)
def test_what_is_no_user_is_left_out_and_that_is_said(text: str) -> None:
    agent = audit_event(user=text)["agent"][0]
    assert agent["who"] == {"display": LEFT_OUT}
    assert agent["requestor"] is True


@pytest.mark.parametrize("text", ["", "Jane Doe", "1234", "\ud800"])
def test_a_hook_instance_that_is_no_uuid_is_not_repeated(text: str) -> None:
    event, response = forms_of(call(hook_instance=text, evaluations=(APPLIES,)))
    assert "hookInstance" not in dict(details(event))
    assert response["requestIdentifier"]["value"] == f"urn:uuid:{CALL}"


# --- The rules ------------------------------------------------------------------------------------


def test_a_rule_that_applies_is_a_success_on_its_card() -> None:
    response = guidance(APPLIES)
    assert response["status"] == "success"
    assert response["moduleCanonical"].endswith("/PlanDefinition/leukapheresis-als|2")
    assert response["requestIdentifier"]["value"] == f"urn:uuid:{INSTANCE}"
    assert response["occurrenceDateTime"] == "2026-11-21T12:00:00.000Z"
    assert extensions(response) == {
        SHOWN: "card",
        CARD_EXTENSION: f"urn:uuid:{CARD}",
        CLIENT: "general hospital",
    }
    assert not {"dataRequirement", "note"} & response.keys()


@pytest.mark.parametrize("shown", Shown)
def test_what_became_of_an_answer_is_said(shown: Shown) -> None:
    response = guidance(Evaluation("aml-fit", "1", "true", shown), client=None)
    assert extensions(response) == {SHOWN: shown.value}


def test_what_is_missing_is_named_by_its_value_set_where_it_has_codes() -> None:
    response = guidance(UNKNOWN)
    assert response["status"] == "data-required"
    assert response["dataRequirement"] == [
        {
            "extension": [{"url": INPUT, "valueString": "leukocytes"}],
            "type": "Observation",
            "codeFilter": [
                {
                    "searchParam": "code",
                    "valueSet": "https://example.org/ValueSet/leukocytes|1",
                }
            ],
        },
        {"extension": [{"url": INPUT, "valueString": "frailty"}], "type": "Observation"},
        {"extension": [{"url": INPUT, "valueString": "order"}], "type": "Resource"},
    ]


def test_a_gap_without_a_name_is_still_said() -> None:
    response = guidance(Evaluation("aml-fit", "1", "unknown"))
    assert response["status"] == "data-required"
    assert response["note"][0]["text"].startswith("What is missing")


def test_the_card_for_what_could_not_be_read_asks_for_data_though_its_rule_says_no() -> None:
    response = guidance(Evaluation("data-gaps", "1", "false", Shown.CARD, CARD))
    assert response["status"] == "data-required"


def test_a_rule_that_raised_is_a_failure_and_says_that_nothing_was_checked() -> None:
    response = guidance(RAISED)
    assert response["status"] == "failure"
    assert response["note"][0]["text"].endswith("this was not checked.")


def test_the_same_call_written_twice_has_the_same_ids_and_another_has_others() -> None:
    ids = [each["id"] for each in forms_of(call())]
    assert len(set(ids)) == len(ids)
    assert [each["id"] for each in forms_of(call())] == ids
    other = forms_of(call(id="3e1f3c1e-6a52-4d0e-9f0c-6d7c6f8f5a04"))
    assert not {each["id"] for each in other} & set(ids)


# --- The inputs of the content --------------------------------------------------------------------


def test_every_concept_has_the_resource_that_prefetch_asks_for() -> None:
    queries = [query for service in hooks.SERVICES for query in service.queries]
    found = inputs_of(queries, Lexicon(hooks.CONCEPTS))
    assert found.keys() == {concept.id for concept in hooks.CONCEPTS}
    asked = {concept.id: query.resource_type for query in queries for concept in query.concepts}
    assert {name: found[name].resource_type for name in asked} == asked


def test_an_input_is_the_first_value_set_that_has_codes() -> None:
    leukocytes = concepts.LEUKOCYTES
    assert inputs_of((), Lexicon(hooks.CONCEPTS))[leukocytes.id] == Input(
        "Observation", f"{leukocytes.codes.url}|{leukocytes.codes.version}"
    )
    empty = [each for each in hooks.CONCEPTS if not any(s.codes for s in each.value_sets())]
    found = inputs_of((), Lexicon(empty))
    assert found
    assert {each.value_set for each in found.values()} == {None}
