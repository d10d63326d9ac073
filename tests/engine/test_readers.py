"""FHIR JSON is read tolerantly: every shape that is sent, and a reason where there is no value."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from cds_service.readers import (
    Bounds,
    Reference,
    Value,
    codings,
    decode_any,
    first_code,
    observation_time,
    read_condition_status,
    read_resource,
    read_tolerantly,
    read_value,
    reference_id,
    texts,
)
from tests.engine.made_up import GRADE, LUX, POINTS, coded, condition, decoded, resource


def quantity(value: Any = 7, **fields: Any) -> dict[str, Any]:
    return {"valueQuantity": {"value": value, "unit": "lux", **fields}}


def read(source: dict[str, Any]) -> Value:
    return read_value(decoded(source), LUX, {})


# -- values --------------------------------------------------------------------------------------

NUMBERS = {
    "an integer": (quantity(7), Bounds(Decimal(7), Decimal(7))),
    "a fraction, exactly": (quantity(0.1), Bounds(Decimal("0.1"), Decimal("0.1"))),
    "zero": (quantity(0), Bounds(Decimal(0), Decimal(0))),
    "below zero": (quantity(-3), Bounds(Decimal(-3), Decimal(-3))),
    "converted exactly": (quantity(0.1, unit="klux"), Bounds(Decimal(100), Decimal(100))),
    "unit only as code": (quantity(7, unit=None, code="lux"), Bounds(Decimal(7), Decimal(7))),
    "unit in words, code readable": (
        quantity(7, unit="candles", code="klux"),
        Bounds(Decimal(7000), Decimal(7000)),
    ),
    "more than": (quantity(7, comparator=">"), Bounds(Decimal(7), None, low_open=True)),
    "at least": (quantity(7, comparator=">="), Bounds(Decimal(7), None)),
    "less than": (quantity(7, comparator="<"), Bounds(None, Decimal(7), high_open=True)),
    "at most": (quantity(7, comparator="<="), Bounds(None, Decimal(7))),
    "empty comparator": (quantity(7, comparator=""), Bounds(Decimal(7), Decimal(7))),
}


@pytest.mark.parametrize(("source", "bounds"), NUMBERS.values(), ids=NUMBERS)
def test_a_quantity_is_a_range_in_the_canonical_unit(
    source: dict[str, Any], bounds: Bounds
) -> None:
    assert read(source).bounds == bounds


NO_NUMBERS = {
    "no value at all": ({}, "no value that can be read"),
    "the laboratory says why": (
        {**quantity(), "dataAbsentReason": {"text": "clotted"}},
        "the laboratory sent no value",
    ),
    "a number in quotes": (quantity("7"), "no number in the result"),
    "true is no number": (quantity(True), "no number in the result"),
    "null": (quantity(None), "no number in the result"),
    "a list": (quantity([7]), "no number in the result"),
    "no unit": (quantity(7, unit=None), "no unit sent"),
    "blank unit": (quantity(7, unit=" ", code=""), 'unit " " is not one we convert'),
    "unit that is no text": (quantity(7, unit=5), "no unit sent"),
    "other unit": (quantity(7, unit="lumen"), 'unit "lumen" is not one we convert'),
    "units that contradict": (
        quantity(7, unit="lux", code="klux"),
        'unit "lux" and unit code "klux" contradict each other',
    ),
    "comparator of a later FHIR": (
        quantity(7, comparator="ad"),
        "comparator is not one of FHIR's",
    ),
    "comparator that is no text": (
        quantity(7, comparator={"code": ">"}),
        "comparator is not one of FHIR's",
    ),
    "text": ({"valueString": "7 lux"}, "sent as free text"),
    "text that is a bare number": ({"valueString": "7"}, "sent as free text"),
    "quantity that is a list": ({"valueQuantity": [{"value": 7}]}, "no value that can be read"),
    "integer of something that has a unit": ({"valueInteger": 7}, "no unit sent"),
}


@pytest.mark.parametrize(("source", "problem"), NO_NUMBERS.values(), ids=NO_NUMBERS)
def test_what_cannot_be_read_says_why(source: dict[str, Any], problem: str) -> None:
    value = read(source)
    assert (value.bounds, value.problem) == (None, problem)


@pytest.mark.parametrize("number", ["1e40", "1e-40", "1e999999", "1e400", "9" * 5000])
def test_a_number_without_measure_is_no_number(number: str) -> None:
    source = decode_any(f'{{"valueQuantity": {{"value": {number}, "unit": "lux"}}}}'.encode())
    assert read_value(source or {}, LUX, {}).bounds is None


def test_a_value_is_shown_as_it_was_received() -> None:
    assert read(quantity(0.50, unit="klux")).received == "0.5 klux"
    assert read(quantity(7, comparator=">")).received == ">7 lux"
    assert read(quantity(7, unit="lumen")).received == "7 lumen"


SCORES = {
    "integer": ({"valueInteger": 2}, Decimal(2)),
    "true is no integer": ({"valueInteger": True}, None),
    "number in a text": ({"valueString": " 2 "}, Decimal(2)),
    "quantity without unit": ({"valueQuantity": {"value": 2}}, Decimal(2)),
    "coded answer": ({"valueCodeableConcept": coded("ANSWER-1")}, Decimal(1)),
    "second coding answers": ({"valueCodeableConcept": coded("X", "ANSWER-1")}, Decimal(1)),
    "answer in the interpretation": ({"interpretation": [coded("ANSWER-1")]}, Decimal(1)),
    "answer of another code system": (
        {"valueCodeableConcept": coded("ANSWER-1", system="https://other.example")},
        None,
    ),
}


@pytest.mark.parametrize(("source", "score"), SCORES.values(), ids=SCORES)
def test_a_score_is_read_from_numbers_texts_and_coded_answers(
    source: dict[str, Any], score: Decimal | None
) -> None:
    bounds = read_value(decoded(source), POINTS, GRADE.answers).bounds
    assert bounds == (None if score is None else Bounds.exactly(score))


# -- times and statuses --------------------------------------------------------------------------

TIMES = {
    "effectiveDateTime first": (
        {"effectiveDateTime": "2026-01-01", "issued": "2026-01-05"},
        "2026-01-01",
    ),
    "effectiveInstant": ({"effectiveInstant": "2026-01-02T00:00:00Z"}, "2026-01-02 00:00 UTC"),
    "start of a period": (
        {"effectivePeriod": {"start": "2026-01-03", "end": "2026-01-04"}},
        "2026-01-03",
    ),
    "end of a period without start": ({"effectivePeriod": {"end": "2026-01-04"}}, "2026-01-04"),
    "period whose start cannot be read": (
        {"effectivePeriod": {"start": "spring", "end": "2026-01-04"}},
        "2026-01-04",
    ),
    "empty period": ({"effectivePeriod": {}, "issued": "2026-01-05"}, "2026-01-05"),
    "the first event of a timing": (
        {"effectiveTiming": {"event": ["2026-01-07", "x", "2026-01-06"]}, "issued": "2026-01-09"},
        "2026-01-06",
    ),
    "a timing without events": (
        {"effectiveTiming": {"repeat": {"count": 3}}, "issued": "2026-01-05"},
        "2026-01-05",
    ),
    "a timing that is a list": ({"effectiveTiming": [{"event": ["2026-01-05"]}]}, None),
    "events that are a text": ({"effectiveTiming": {"event": "2026-01-05"}}, None),
    "an extension in place of a time": (
        {"_effectiveDateTime": {"extension": [{"url": "x", "valueCode": "unknown"}]}},
        None,
    ),
    "issued": ({"issued": "2026-01-05T08:00:00Z"}, "2026-01-05 08:00 UTC"),
    "unreadable effective time, readable issue": (
        {"effectiveDateTime": "last week", "issued": "2026-01-05"},
        "2026-01-05",
    ),
    "period that is a text": ({"effectivePeriod": "2026"}, None),
    "none": ({}, None),
}


@pytest.mark.parametrize(("source", "shown"), TIMES.values(), ids=TIMES)
def test_the_time_of_a_result(source: dict[str, Any], shown: str | None) -> None:
    time = observation_time(source)
    assert (time.text() if time else None) == shown


def test_statuses_of_a_condition() -> None:
    fields = condition(clinical="active", verification="confirmed", recordedDate="2026-01-02")
    status = read_condition_status(resource(fields))
    assert (status.clinical, status.verification) == ("active", "confirmed")
    assert status.recorded is not None
    assert status.recorded.text() == "2026-01-02"


def test_a_condition_without_statuses_has_none() -> None:
    status = read_condition_status(resource(condition()))
    assert (status.clinical, status.verification, status.recorded) == (None, None, None)


def test_an_end_without_status_means_resolved() -> None:
    ended = read_condition_status(resource(condition(abatementDateTime="2020")))
    assert ended.clinical == "resolved"
    active = read_condition_status(resource(condition(abatementDateTime="2020", clinical="active")))
    assert active.clinical == "active"


@pytest.mark.parametrize("date", ["", "unknown", "2020-13", 2020, True, {}])
def test_an_end_that_cannot_be_read_ends_nothing(date: Any) -> None:
    assert read_condition_status(resource(condition(abatementDateTime=date))).clinical is None


LOCAL = {"system": "https://ehr.example/status", "code": "2"}


def fhir(*codes: str) -> dict[str, Any]:
    return {"coding": [LOCAL, *({"code": code} for code in codes)]}


CLINICAL: dict[str, tuple[Any, str | None]] = {
    "behind a local code": (fhir("resolved"), "resolved"),
    "in capitals": (fhir(" Remission"), "remission"),
    "the more telling of two": (fhir("active", "recurrence"), "recurrence"),
    "the more telling of two that are over": (fhir("inactive", "remission"), "remission"),
    "codes that contradict each other": (fhir("active", "resolved"), "active/resolved"),
    "only a local code": ({"coding": [LOCAL]}, "2"),
    "words": ({"text": "In Remission"}, "remission"),
    "a code of an older version": ("active", "active"),
    "no object": (5, None),
    "an empty object": ({}, None),
}


@pytest.mark.parametrize(("sent", "status"), CLINICAL.values(), ids=CLINICAL)
def test_where_a_condition_stands(sent: Any, status: str | None) -> None:
    assert read_condition_status({"clinicalStatus": sent}).clinical == status


VERIFICATION: dict[str, tuple[Any, str | None]] = {
    "behind a local code": (fhir("refuted"), "refuted"),
    "two kinds of doubt": (fhir("unconfirmed", "provisional"), "provisional"),
    "codes that contradict each other": (fhir("confirmed", "refuted"), "unconfirmed"),
    "only a local code": ({"coding": [LOCAL]}, "unconfirmed"),
    "words that are a code": ({"text": "Confirmed"}, "confirmed"),
    "other words": ({"text": "Ruled out"}, "unconfirmed"),
    "unknown, as older versions have it": ("unknown", "unconfirmed"),
    "a code of an older version": ("confirmed", "confirmed"),
    "not sent": (None, None),
}


@pytest.mark.parametrize(("sent", "status"), VERIFICATION.values(), ids=VERIFICATION)
def test_only_what_fhir_calls_confirmed_is_confirmed(sent: Any, status: str | None) -> None:
    assert read_condition_status({"verificationStatus": sent}).verification == status


def test_the_onset_stands_in_for_a_missing_record_date() -> None:
    status = read_condition_status(resource(condition(onsetDateTime="2019-05")))
    assert status.recorded is not None
    assert status.recorded.text() == "2019-05"


FIRST_CODES = {
    "concept": ({"coding": [{"code": "Active "}]}, "active"),
    "bare string of an older server": (" Active", "active"),
    "second coding has the code": ({"coding": [{"display": "x"}, {"code": "b"}]}, "b"),
    "single coding that is no list": ({"coding": {"code": "c"}}, "c"),
    "list of concepts": ([{"coding": [{"code": "d"}]}], "d"),
    "text alone": ({"text": "active"}, None),
    "code that is no text": ({"coding": [{"code": 5}]}, None),
    "nothing": (None, None),
    "number": (5, None),
}


@pytest.mark.parametrize(("value", "code"), FIRST_CODES.values(), ids=FIRST_CODES)
def test_the_first_code_of_a_status(value: Any, code: str | None) -> None:
    assert first_code(value) == code


def test_codings_skip_what_is_none() -> None:
    concept = {"coding": [None, "x", {"system": 5, "code": "a", "display": ["y"]}]}
    assert [(c.system, c.code, c.display) for c in codings(concept)] == [(None, "a", None)]


def test_lists_in_lists_are_no_concepts_however_deep() -> None:
    """https://hl7.org/fhir/R4/json.html: FHIR's JSON has no array of arrays."""
    deep: Any = coded("a")
    for _ in range(5000):
        deep = [deep]
    assert list(codings(deep)) == []
    assert list(texts(deep)) == []


def test_texts_are_the_concepts_own_and_its_codings() -> None:
    concept = [{"text": "one", "coding": [{"display": "two"}, {"display": ""}]}, {"text": 3}, "x"]
    assert list(texts(concept)) == ["one", "two"]


LONG = "eN-aB.3" * 27 + "x"
"""190 characters, as ids of one vendor are."""

REFERENCES = {
    "Patient/7": "7",
    "https://ehr.example/fhir/Patient/7": "7",
    "Patient/7/_history/3": "7",
    "Patient/7/": "7",
    "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0": "0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0",
    "7": "7",
    f"Patient/{LONG}": LONG,
    f"https://ehr.example/api/FHIR/R4/Patient/{LONG}/_history/a.b": LONG,
    "urn:oid:1.2.3": "1.2.3",
    "#patient": None,
    "#": None,
    "Patient?identifier=https://ehr.example/mrn|7": None,
    "": None,
}


@pytest.mark.parametrize(("sent", "identity"), REFERENCES.items())
def test_the_id_a_reference_ends_with(sent: str, identity: str | None) -> None:
    assert reference_id(Reference(sent)) == identity


def test_no_reference_has_no_id() -> None:
    assert reference_id(None) is None
    assert reference_id(Reference(None)) is None


# -- resources -----------------------------------------------------------------------------------


def test_fields_are_decoded_when_asked_for() -> None:
    found = resource({**condition(), "recordedDate": "2026", "gender": None})
    assert found.get("recordedDate") == "2026"
    assert found.get("gender") is None
    assert found.get("birthDate") is None
    assert found.get("no such field") is None


def test_fractions_are_exact() -> None:
    assert decode_any(b"0.1") == Decimal("0.1")


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b"[" * 100_000, b'"\xff"'])
def test_bytes_that_are_no_json_are_nothing(body: bytes) -> None:
    assert decode_any(body) is None
    assert read_resource(body) is None


BROKEN = {"resourceType": "Observation", "code": "not a concept"}


def bundle(*resources: Any, **fields: Any) -> bytes:
    entries = [{"resource": each} for each in resources]
    return json.dumps({"resourceType": "Bundle", "entry": entries, **fields}).encode()


def test_a_broken_entry_spoils_nothing() -> None:
    link = [{"relation": "next", "url": "?page=2"}]
    found, unreadable = read_tolerantly(bundle(condition(), BROKEN, condition(), link=link))
    assert found is not None
    kinds = [entry.resource.resourceType for entry in found.entry if entry.resource is not None]
    assert (kinds, unreadable) == (["Condition", "Condition"], 1)
    assert [each.url for each in found.link] == ["?page=2"]


def test_an_entry_without_resource_is_not_broken() -> None:
    found, unreadable = read_tolerantly(bundle(BROKEN, None))
    assert found is not None
    assert ([each.resource for each in found.entry], unreadable) == ([None], 1)


def test_a_null_among_the_entries_spoils_nothing() -> None:
    entries = [None, {"resource": condition()}, None]
    found, unreadable = read_tolerantly(bundle(entry=entries))
    assert found is not None
    assert (sum(each.resource is not None for each in found.entry), unreadable) == (1, 0)


def test_entries_and_links_that_are_no_objects_spoil_nothing() -> None:
    link = [None, "next", {"relation": 5}, {"relation": "next", "url": "?page=2"}]
    entries = ["x", 5, {"resource": condition()}, [], {"resource": "Condition"}]
    found, unreadable = read_tolerantly(bundle(entry=entries, link=link))
    assert found is not None
    assert (len(found.entry), unreadable) == (1, 4)
    assert [(each.relation, each.url) for each in found.link] == [("next", "?page=2")]


def test_a_byte_order_mark_is_passed_over() -> None:
    found, unreadable = read_tolerantly(b"\xef\xbb\xbf" + bundle(condition()))
    assert found is not None
    assert (len(found.entry), unreadable) == (1, 0)


def test_what_is_no_resource_is_none() -> None:
    for body in (json.dumps(BROKEN).encode(), b"[]", b"5", bundle(entry=5)):
        assert read_tolerantly(body) == (None, 0)
