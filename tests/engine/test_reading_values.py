"""A value in any shape is read exactly, or is not usable for a reason in words.

https://hl7.org/fhir/R4/observation-definitions.html#Observation.value_x_
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from cds_service.readers import Bounds, Value, decode_any, read_value
from tests.engine.made_up import (
    BRIGHT,
    GRADE,
    LUX,
    POINTS,
    SHINE,
    SYSTEM,
    ago,
    chart,
    coded,
    decoded,
    observation,
    resource,
)

UCUM = "http://unitsofmeasure.org"


def light(source: dict[str, Any]) -> Value:
    return read_value(decoded(source), LUX, {})


def grade(source: dict[str, Any], *codes: str) -> Value:
    """As an Observation found by the first of its codes."""
    own = (SYSTEM, codes[0]) if codes else None
    sent = resource({"resourceType": "Observation", "code": coded(*codes), **source})
    return read_value(sent, POINTS, GRADE.answers, own)


def between(low: str | None, high: str | None) -> Bounds:
    return Bounds(*(None if end is None else Decimal(end) for end in (low, high)))


# -- ranges ---------------------------------------------------------------------------------------


def ends(low: Any = None, high: Any = None, **fields: Any) -> dict[str, Any]:
    sent = {"low": low, "high": high}
    read = {n: {"value": e, "unit": "lux", **fields} for n, e in sent.items() if e is not None}
    return {"valueRange": read}


RANGES = {
    "both ends": (ends(50, 60), between("50", "60")),
    "both ends, converted": (ends(50, 60, unit="klux"), between("50000", "60000")),
    "one number": (ends(50, 50), between("50", "50")),
    "no upper end": (ends(50), between("50", None)),
    "no lower end": (ends(None, 60), between(None, "60")),
}


@pytest.mark.parametrize(("source", "bounds"), RANGES.values(), ids=RANGES)
def test_a_range_is_its_ends(source: dict[str, Any], bounds: Bounds) -> None:
    assert light(source).bounds == bounds


def test_a_range_is_shown_as_it_was_received() -> None:
    assert light(ends(50, 60)).received == "50 lux to 60 lux"


NO_RANGES = {
    "no ends": ({"valueRange": {}}, "no number in the result"),
    "the wrong way round": (ends(60, 50), "its two ends are no range"),
    "an end with a comparator": (ends(50, 60, comparator=">"), "its two ends are no range"),
    "an end without a unit": (ends(50, 60, unit=None), "no unit sent"),
    "an end that is a text": (ends("50", 60), "no number in the result"),
    "an end that is no object": ({"valueRange": {"low": 50}}, "no number in the result"),
    "a list": ({"valueRange": [50, 60]}, "no value that can be read"),
}


@pytest.mark.parametrize(("source", "problem"), NO_RANGES.values(), ids=NO_RANGES)
def test_what_is_no_range_says_why(source: dict[str, Any], problem: str) -> None:
    assert (light(source).bounds, light(source).problem) == (None, problem)


def test_both_ends_of_a_range_decide() -> None:
    for low, high, truth in ((90, 110, UNKNOWN), (100, 110, TRUE), (90, 99, FALSE)):
        record = observation(effectiveDateTime=ago(3), **ends(low, high))
        assert chart(record).latest(SHINE).at_least(BRIGHT).truth is truth


# -- scores in words ------------------------------------------------------------------------------

IN_WORDS: dict[str, Bounds | None] = {
    "2": between("2", "2"),
    " 2 ": between("2", "2"),
    "0-1": between("0", "1"),
    "50 - 60": between("50", "60"),
    "50\u201360": between("50", "60"),
    "60-50": None,
    "50-": None,
    "-2": None,
    "2.5": None,
    "2,5": None,
    "2222": None,
    "2/5": None,
    "2 of 5": None,
    "grade 2": None,
    "ECOG 2": None,
    "2?": None,
    "<2": None,
    "1 to 2": None,
    "70%": None,
    "٢": None,
    "²": None,
    "II": None,
    "": None,
}


@pytest.mark.parametrize(("text", "bounds"), IN_WORDS.items())
def test_a_score_in_words_is_a_number_or_two_and_nothing_else(
    text: str, bounds: Bounds | None
) -> None:
    value = read_value({"valueString": text}, POINTS, {})
    assert value.bounds == bounds
    assert value.problem == ("" if bounds else "sent as free text")


# -- coded answers and findings -------------------------------------------------------------------

CODED: dict[str, tuple[Value, str | None]] = {
    "a finding is its own answer": (grade({}, "GRADE-2-FOUND"), "2"),
    "beside a code that is none": (grade({}, "GRADE", "GRADE-2-FOUND"), "2"),
    "a finding that is so": (grade({"valueBoolean": True}, "GRADE-2-FOUND"), "2"),
    "a finding and the same number": (grade({"valueInteger": 2}, "GRADE-2-FOUND"), "2"),
    "the answer in the interpretation": (
        grade({"interpretation": [coded("ANSWER-1")]}, "GRADE"),
        "1",
    ),
    "the same in value and interpretation": (
        grade({"valueInteger": 1, "interpretation": [coded("ANSWER-1")]}, "GRADE"),
        "1",
    ),
    "a finding that is not so": (grade({"valueBoolean": False}, "GRADE-2-FOUND"), None),
    "a finding with another number": (grade({"valueInteger": 1}, "GRADE-2-FOUND"), None),
    "a finding with another answer": (
        grade({"valueCodeableConcept": coded("ANSWER-1")}, "GRADE-2-FOUND"),
        None,
    ),
    "a finding with words": (grade({"valueString": "absent"}, "GRADE-2-FOUND"), None),
    "a finding with an unknown answer": (
        grade({"valueCodeableConcept": {"text": "Absent"}}, "GRADE-2-FOUND"),
        None,
    ),
    "two answers in one value": (
        grade({"valueCodeableConcept": coded("ANSWER-1", "GRADE-2-FOUND")}, "GRADE"),
        None,
    ),
    "another answer in the interpretation": (
        grade({"valueInteger": 2, "interpretation": [coded("ANSWER-1")]}, "GRADE"),
        None,
    ),
    "a number and a text that differ": (
        grade({"valueInteger": 2, "valueString": "3"}, "GRADE"),
        None,
    ),
}


@pytest.mark.parametrize(("value", "number"), CODED.values(), ids=CODED)
def test_a_coded_answer_counts_unless_something_contradicts_it(
    value: Value, number: str | None
) -> None:
    assert value.bounds == (None if number is None else Bounds.exactly(Decimal(number)))
    assert bool(value.problem) is (number is None)


def test_what_contradicts_is_shown() -> None:
    sent = grade({"valueInteger": 2, "valueString": "3"}, "GRADE")
    assert (sent.received, sent.problem) == ("2 / 3", "values contradict each other")


def test_an_unknown_answer_is_shown_in_its_words() -> None:
    sent = light({"valueCodeableConcept": {"text": "many " * 20}})
    assert sent.received == f'"{("many " * 20)[:40]}..."'
    assert sent.problem == "its coded answer is not known"
    assert light({"valueRatio": {"numerator": {"value": 1}}}).problem == "sent as a ratio"


# -- numbers --------------------------------------------------------------------------------------

NUMBERS: dict[str, str | None] = {
    "1.82e2": "182",
    "1.82E+2": "182",
    "18200e-2": "182",
    "-0": "0",
    "-0.0": "0",
    "99.9999999999999999999999999": "99.9999999999999999999999999",
    "99.99999999999999999999999999999": None,
    '"182"': None,
    '"1,82"': None,
    "[182]": None,
    "true": None,
}


@pytest.mark.parametrize(("number", "expected"), NUMBERS.items())
def test_a_number_is_exact_or_none(number: str, expected: str | None) -> None:
    """Rounding must not carry a number over a threshold."""
    sent = decode_any(f'{{"valueQuantity": {{"value": {number}, "unit": "lux"}}}}'.encode())
    value = read_value(sent, LUX, {})
    assert value.bounds == (None if expected is None else Bounds.exactly(Decimal(expected)))
    assert "-" not in value.received


def quantity(value: Any = 7, **fields: Any) -> dict[str, Any]:
    return {"valueQuantity": {"value": value, "unit": "lux", **fields}}


@pytest.mark.parametrize("comparator", ["ad", "~", ">>", " >", "\u2265", 0, False, [], {}, [">"]])
def test_a_comparator_that_is_none_of_fhirs_spoils_the_value(comparator: Any) -> None:
    value = light(quantity(comparator=comparator))
    assert (value.bounds, value.problem) == (None, "comparator is not one of FHIR's")


UNITS: dict[str, tuple[dict[str, Any], str | None]] = {
    "a UCUM code that is not read": (quantity(system=UCUM, code="kcd"), None),
    "a local code that is not read": (quantity(system="https://lab.example", code="17"), "7"),
    "a UCUM code and a note": (quantity(unit="auto", system=UCUM, code="lux"), "7"),
    "a UCUM code of another quantity": (quantity(code="%"), None),
    "no UCUM code": (quantity(system=UCUM), "7"),
}


@pytest.mark.parametrize(("source", "number"), UNITS.values(), ids=UNITS)
def test_what_claims_to_be_ucum_has_to_be_read(source: dict[str, Any], number: str | None) -> None:
    assert light(source).bounds == (None if number is None else Bounds.exactly(Decimal(number)))


# -- what else stands on a result -----------------------------------------------------------------

EXTENSION = [{"url": "https://ehr.example/e", "valueString": "182"}]
ABSENT = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "error"}
UNHARMED: dict[str, dict[str, Any]] = {
    "an extension of the resource": {"extension": EXTENSION},
    "an extension of the value": quantity(extension=EXTENSION),
    "an extension of the number": quantity(_value={"extension": EXTENSION}),
    "a sibling of the value": {"_valueQuantity": {"extension": EXTENSION}},
    "a sibling of the status": {"_status": {"extension": [ABSENT]}},
    "a sibling of a time": {"_issued": {"extension": [ABSENT]}},
    "members that no version has": {"com.vendor.thing": [[1]], "valueFoo": 3, "": None},
    "a long id": {"id": f"e{'Ab.9-' * 38}"},
    "contained resources": {"contained": [{"resourceType": "Observation", "valueInteger": 3}]},
    "a broken text": {"text": "none"},
    "a specimen that is only contained": {"specimen": {"reference": "#a"}},
}


@pytest.mark.parametrize("more", UNHARMED.values(), ids=UNHARMED)
def test_what_is_not_asked_for_changes_nothing(more: dict[str, Any]) -> None:
    record = observation("SHINE", 7, effectiveDateTime=ago(3)) | more
    assert chart(record).latest(SHINE).bounds == Bounds.exactly(Decimal(7))


def test_a_number_that_is_only_an_extension_is_none() -> None:
    sent = light({"valueQuantity": {"_value": {"extension": [ABSENT]}, "unit": "lux"}})
    assert (sent.bounds, sent.problem) == (None, "no number in the result")


def part(value: Any, **fields: Any) -> dict[str, Any]:
    return {"code": coded("SHINE"), **quantity(value), **fields}


def test_a_reason_for_no_value_holds_for_its_own_part_only() -> None:
    other = {"code": coded("OTHER"), "dataAbsentReason": {"text": "clotted"}}
    panel = observation("PANEL", component=[other, part(7)], dataAbsentReason={"text": "panel"})
    assert chart(panel).latest(SHINE).bounds == Bounds.exactly(Decimal(7))
    spoiled = observation("PANEL", component=[part(7, dataAbsentReason={"text": "clotted"})])
    asked = chart(spoiled).latest(SHINE)
    assert asked.bounds is None
    assert "the laboratory sent no value" in asked.fact.say()


def test_two_parts_that_differ_are_a_range() -> None:
    panel = observation("PANEL", component=[part(90), part(110)])
    assert chart(panel).latest(SHINE).bounds == between("90", "110")
