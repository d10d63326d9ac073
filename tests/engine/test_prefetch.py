"""What a key asks for, and what of it was answered: https://cds-hooks.hl7.org/#prefetch-template"""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.prefetch import (
    PATIENT_TOKEN,
    Answer,
    Query,
    State,
    absent,
    failed,
    troubles,
)
from cds_service.protocol import parse
from cds_service.searchset import read_answer
from tests.engine.made_up import GLOW, SHINE, SPOTS, ago, condition, observation, resource

PERSON = Query("person", "Patient", "Who it is.")
PROBLEMS = Query(
    "problems",
    "Condition",
    "Spots.",
    concepts=(SPOTS,),
    count=3,
    sort="-recorded-date",
    all_codes=True,
)
RESULTS = Query(
    "results", "Observation", "Shine and glow.", (SHINE, GLOW), 5, "-date", "status=final"
)

TEMPLATES = {
    PERSON: "Patient/{{context.patientId}}",
    PROBLEMS: "Condition?patient={{context.patientId}}&_sort=-recorded-date&_count=3",
    RESULTS: (
        "Observation?patient={{context.patientId}}&code=https://made-up.example/codes|GLOW,"
        "https://made-up.example/codes|SHINE,https://made-up.example/codes|SHINE-BEST"
        "&status=final&_sort=-date&_count=5"
    ),
}


@pytest.mark.parametrize(("query", "template"), TEMPLATES.items(), ids=lambda q: str(q)[:20])
def test_a_template_and_the_request_to_the_fhir_server_are_the_same(
    query: Query, template: str
) -> None:
    assert query.template == template
    assert query.url("7") == template.replace(PATIENT_TOKEN, "7")


def bundle(*resources: dict[str, Any], next_page: bool = False, **fields: Any) -> dict[str, Any]:
    links = [{"relation": "self", "url": "s"}]
    links += [{"relation": "next", "url": "n"}] if next_page else []
    entries = [{"resource": each} for each in resources]
    return {"resourceType": "Bundle", "link": links, "entry": entries, **fields}


SPOT, PANEL = condition(), observation()
OUTCOME = {"resourceType": "OperationOutcome", "issue": []}
SHORT, FULL = bundle(SPOT, next_page=True), bundle(SPOT, SPOT, SPOT, next_page=True)

COUNTED = bundle(SPOT, SPOT, SPOT, total=9)
NEWEST = bundle(*(observation(effectiveDateTime=ago(h)) for h in (1, 2, 2, 3, 9)), next_page=True)
UNSORTED = bundle(*(observation(effectiveDateTime=ago(h)) for h in (1, 2, 9, 3, 9)), next_page=True)

JUDGED: dict[str, tuple[Query, dict[str, Any] | None, State, int]] = {
    "the patient": (PERSON, {"resourceType": "Patient"}, State.ANSWERED, 1),
    "no patient": (PERSON, None, State.FAILED, 0),
    "another kind than the patient": (PERSON, SPOT, State.MISMATCHED, 0),
    "a Bundle instead of the patient": (PERSON, bundle(), State.MISMATCHED, 0),
    "matches": (PROBLEMS, bundle(SPOT, SPOT), State.ANSWERED, 2),
    "null": (PROBLEMS, None, State.EMPTY, 0),
    "an empty Bundle": (PROBLEMS, bundle(), State.EMPTY, 0),
    "an error": (PROBLEMS, OUTCOME, State.FAILED, 0),
    "an error in the patient's place": (PERSON, OUTCOME, State.FAILED, 0),
    "a Bundle of an error": (PROBLEMS, bundle(OUTCOME), State.FAILED, 0),
    "a note beside matches": (PROBLEMS, bundle(SPOT, OUTCOME), State.ANSWERED, 1),
    "matches and other kinds": (PROBLEMS, bundle(SPOT, PANEL), State.ANSWERED, 1),
    "a resource instead of a Bundle": (PROBLEMS, SPOT, State.MISMATCHED, 0),
    "no resource": (PROBLEMS, {}, State.MISMATCHED, 0),
    "a page cut short": (PROBLEMS, SHORT, State.PARTIAL, 1),
    "a full page of every code": (PROBLEMS, FULL, State.PARTIAL, 3),
    "a full page of more that are counted": (PROBLEMS, COUNTED, State.PARTIAL, 3),
    "a full page of all that are counted": (PROBLEMS, COUNTED | {"total": 3}, State.ANSWERED, 3),
    "a page of more that are counted": (PROBLEMS, bundle(SPOT, total=9), State.ANSWERED, 1),
    "a full page of some codes": (RESULTS, NEWEST, State.ANSWERED, 5),
    "a full page that is not newest first": (RESULTS, UNSORTED, State.PARTIAL, 5),
}


@pytest.mark.parametrize(("query", "value", "state", "count"), JUDGED.values(), ids=JUDGED)
def test_what_a_value_under_a_key_means(
    query: Query, value: dict[str, Any] | None, state: State, count: int
) -> None:
    answer = read_answer(query, None if value is None else resource(value), "1")
    assert (answer.state, len(answer.resources)) == (state, count)
    assert answer.is_usable is (state in (State.ANSWERED, State.EMPTY))
    assert bool(answer.reason) is not answer.is_usable


def test_a_cut_off_page_names_the_next() -> None:
    assert read_answer(PROBLEMS, resource(SHORT), "1").next_url == "n"
    assert read_answer(RESULTS, resource(UNSORTED), "1").next_url == "n"
    assert read_answer(RESULTS, resource(NEWEST), "1").next_url is None


def test_a_full_page_of_more_that_are_counted_is_of_the_newest() -> None:
    """A client that fills prefetch may leave out the next link."""
    counted = {**NEWEST, "link": [], "total": 9}
    answer = read_answer(RESULTS, resource(counted), "1")
    assert (answer.state, answer.newest) == (State.ANSWERED, 5)


def test_what_is_not_among_the_newest_is_not_known_to_be_absent() -> None:
    answer = read_answer(RESULTS, resource(NEWEST), "1")
    reason = "could not be checked (results: not among the newest 5)"
    assert troubles((RESULTS,), {"results": answer}) == {"shine": reason, "glow": reason}


def test_entries_that_could_not_be_read_are_a_gap_beside_those_that_could() -> None:
    answer = read_answer(PROBLEMS, resource(bundle(SPOT)), "1", unreadable=2)
    assert (answer.state, len(answer.resources)) == (State.FAILED, 1)
    assert answer.reason == "2 entries could not be read"


@pytest.mark.parametrize("kind", ["<script>alert(1)</script>", "x" * 50, "Bundle; DROP"])
def test_what_does_not_look_like_a_resource_type_is_none(kind: str) -> None:
    answer = read_answer(PROBLEMS, resource({"resourceType": kind}), "1")
    assert answer.reason == "holds no FHIR resource instead of a Bundle"


@pytest.mark.parametrize(
    ("kind", "named"), [("Patient", "a Patient"), ("WalterExample", "another resource")]
)
def test_only_a_known_resource_type_is_repeated(kind: str, named: str) -> None:
    answer = read_answer(PROBLEMS, resource({"resourceType": kind}), "1")
    assert answer.reason == f"holds {named} instead of a Bundle"


def test_troubles_name_every_concept_of_a_key_that_was_not_read() -> None:
    answers = {
        "problems": Answer(State.EMPTY),
        "results": failed("the server is down"),
        "person": absent("not supplied"),
    }
    reason = "could not be checked (results: the server is down)"
    person = "could not be checked (person: not supplied)"
    assert troubles((PERSON, PROBLEMS, RESULTS), answers) == {
        "Patient": person,
        "shine": reason,
        "glow": reason,
    }


REQUEST = (
    b'{"hook": "patient-view", "hookInstance": "x",'
    b' "context": {"userId": "Practitioner/1", "patientId": "1"}, "prefetch": %s}'
)


@pytest.mark.parametrize("beside", [b"{}", b'{"code": 5}'], ids=["readable", "broken"])
def test_null_is_null_whatever_stands_under_another_key(beside: bytes) -> None:
    """A broken resource has every key decoded on its own: that must not change the others."""
    request = parse(REQUEST % (b'{"a": null, "b": %s}' % beside), "patient-view")
    assert (request.prefetch["a"].value, request.prefetch["a"].is_object) == (None, True)


@pytest.mark.parametrize("value", [b'"<html>"', b"[]", b"5", b"true"])
def test_a_value_that_is_no_object_is_known_as_such(value: bytes) -> None:
    request = parse(REQUEST % (b'{"a": %s}' % value), "patient-view")
    assert not request.prefetch["a"].is_object
