"""ECOG in the five shapes that records have it in, and Karnofsky beside it.

Terminology notes, section 4: a number; LOINC's answers; SNOMED's observable or findings; a panel;
Karnofsky, whose scale is reversed. The codes are those of the value sets.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cds_service.amount import Amount
from cds_service.finding import FALSE, TRUE, UNKNOWN, Truth
from cds_service.readers import Bounds
from hooks import concepts, thresholds
from hooks.calculations.performance import ecog_at_least_2
from tests.patients import chart

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
ECOG_LOINC, ECOG_SNOMED, PANEL, KARNOFSKY = "89247-1", "423740007", "89246-3", "89243-0"
LOINC_ANSWERS = ("LA9622-7", "LA9623-5", "LA9624-3", "LA9625-0", "LA9626-8")
DEAD = "LA9627-6"
FINDINGS = ("425389002", "422512005", "422894000", "423053003", "423237006")


def coded(system: str, *codes: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code} for code in codes]}


def status(code: dict[str, Any], **value: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": code,
        "effectiveDateTime": "2026-11-20T08:00:00Z",
        **value,
    }


def ecog(**value: Any) -> dict[str, Any]:
    return status(coded(LOINC, ECOG_LOINC), **value)


def quantity(value: Any, **fields: Any) -> dict[str, Any]:
    return {"valueQuantity": {"value": value, **fields}}


UCUM = {"system": "http://unitsofmeasure.org"}
BOTH = {"coding": [*coded(LOINC, ECOG_LOINC)["coding"], *coded(SNOMED, FINDINGS[2])["coding"]]}

GRADE_2: dict[str, dict[str, Any]] = {
    "integer": ecog(valueInteger=2),
    "quantity in {score}": ecog(**quantity(2, unit="{score}", code="{score}", **UCUM)),
    "quantity in 1": ecog(**quantity(2, unit="Score", code="1", **UCUM)),
    "quantity in an annotation": ecog(**quantity(2, unit="ECOG", code="{ECOG}", **UCUM)),
    "quantity without a unit": ecog(**quantity(2)),
    "number in words": ecog(valueString="2"),
    "range of one number": ecog(valueRange={"low": {"value": 2}, "high": {"value": 2}}),
    "LOINC's answer": ecog(valueCodeableConcept=coded(LOINC, LOINC_ANSWERS[2])),
    "LOINC's answer in the interpretation": ecog(
        interpretation=[coded(LOINC, LOINC_ANSWERS[2])], valueString="see interpretation"
    ),
    "LOINC's answer and the same number": ecog(
        valueInteger=2, interpretation=[coded(LOINC, LOINC_ANSWERS[2])]
    ),
    "SNOMED's finding as the answer": ecog(valueCodeableConcept=coded(SNOMED, FINDINGS[2])),
    "SNOMED's observable": status(coded(SNOMED, ECOG_SNOMED), valueInteger=2),
    "SNOMED's observable with its finding": status(
        coded(SNOMED, ECOG_SNOMED), valueCodeableConcept=coded(SNOMED, FINDINGS[2])
    ),
    "SNOMED's finding as the code": status(coded(SNOMED, FINDINGS[2])),
    "SNOMED's finding as the code, that is so": status(
        coded(SNOMED, FINDINGS[2]), valueBoolean=True
    ),
    "SNOMED's finding behind LOINC's code": status(BOTH),
    "in a panel": status(
        coded(LOINC, PANEL),
        component=[
            {"code": {"text": "Comment"}, "valueString": "3"},
            {"code": coded(LOINC, ECOG_LOINC), "valueInteger": 2},
        ],
    ),
    "in a panel, as LOINC's answer": status(
        coded(LOINC, PANEL),
        component=[
            {
                "code": coded(LOINC, ECOG_LOINC),
                "valueCodeableConcept": coded(LOINC, LOINC_ANSWERS[2]),
            }
        ],
    ),
}


def ecog_of(*records: dict[str, Any]) -> Amount:
    return chart(*records).latest(concepts.ECOG, thresholds.PERFORMANCE_STATUS)


@pytest.mark.parametrize("record", GRADE_2.values(), ids=GRADE_2)
def test_grade_2_is_read_in_every_shape(record: dict[str, Any]) -> None:
    assert ecog_of(record).exact() == Decimal(2)


@pytest.mark.parametrize("grade", range(5))
def test_every_answer_is_its_own_grade(grade: int) -> None:
    """The numbers of SNOMED's findings are not in the order of the grades."""
    answers = (coded(LOINC, LOINC_ANSWERS[grade]), coded(SNOMED, FINDINGS[grade]))
    for answer in answers:
        assert ecog_of(ecog(valueCodeableConcept=answer)).exact() == Decimal(grade)
    assert ecog_of(status(coded(SNOMED, FINDINGS[grade]))).exact() == Decimal(grade)


NO_GRADE: dict[str, tuple[dict[str, Any], str]] = {
    "dead, as a number": (ecog(valueInteger=5), "not a plausible value"),
    "dead, as LOINC's answer": (
        ecog(valueCodeableConcept=coded(LOINC, DEAD)),
        "no value that can be read",
    ),
    "between two grades": (ecog(**quantity(1.5)), "not a grade"),
    "below the scale": (ecog(valueInteger=-1), "not a plausible value"),
    "of another scale": (ecog(valueInteger=70), "not a plausible value"),
    "in percent": (ecog(**quantity(2, unit="%")), 'unit "%" is not one we convert'),
    "in words": (ecog(valueString="ECOG 2"), "sent as free text"),
    "an answer in words": (
        ecog(valueCodeableConcept={"text": "Up and about"}),
        "its coded answer is not known",
    ),
    "an integer in quotes": (ecog(valueInteger="2"), "no value that can be read"),
    "two answers": (
        ecog(valueCodeableConcept=coded(LOINC, LOINC_ANSWERS[1], LOINC_ANSWERS[3])),
        "values contradict each other",
    ),
    "two findings": (
        status(coded(SNOMED, FINDINGS[1], FINDINGS[3])),
        "values contradict each other",
    ),
    "a finding that is not so": (
        status(coded(SNOMED, FINDINGS[2]), valueBoolean=False),
        "no value that can be read",
    ),
    "a number and another answer": (
        ecog(valueInteger=1, interpretation=[coded(LOINC, LOINC_ANSWERS[3])]),
        "values contradict each other",
    ),
    "a reason for no answer": (
        ecog(dataAbsentReason={"text": "asleep"}),
        "the laboratory sent no value",
    ),
}


@pytest.mark.parametrize(("record", "problem"), NO_GRADE.values(), ids=NO_GRADE)
def test_what_is_no_grade_says_why(record: dict[str, Any], problem: str) -> None:
    asked = ecog_of(record)
    assert asked.bounds is None
    assert asked.fact.missing
    assert problem in asked.fact.say()


def test_a_range_of_grades_decides_where_both_ends_do() -> None:
    for text, truth in (("0-1", FALSE), ("1-2", UNKNOWN), ("2-3", TRUE), ("0-4", UNKNOWN)):
        assert ecog_at_least_2(chart(ecog(valueString=text))).truth is truth


# -- Karnofsky ------------------------------------------------------------------------------------


def karnofsky(**value: Any) -> dict[str, Any]:
    return status(coded(LOINC, KARNOFSKY), **value)


def ends(low: int, high: int, **fields: Any) -> dict[str, Any]:
    return {"valueRange": {"low": {"value": low, **fields}, "high": {"value": high, **fields}}}


SCORES: dict[str, tuple[dict[str, Any], Bounds | None]] = {
    "integer": (karnofsky(valueInteger=70), Bounds.exactly(Decimal(70))),
    "in percent": (karnofsky(**quantity(70, unit="%", code="%")), Bounds.exactly(Decimal(70))),
    "in words": (karnofsky(valueString="70"), Bounds.exactly(Decimal(70))),
    "in words, in percent": (karnofsky(valueString="70 %"), Bounds.exactly(Decimal(70))),
    "range": (karnofsky(**ends(50, 60)), Bounds(Decimal(50), Decimal(60))),
    "range in percent": (karnofsky(**ends(50, 60, unit="%")), Bounds(Decimal(50), Decimal(60))),
    "range in words": (karnofsky(valueString="50-60%"), Bounds(Decimal(50), Decimal(60))),
    "range with a dash": (
        karnofsky(valueString="50 \u2013 60"),
        Bounds(Decimal(50), Decimal(60)),
    ),
    "range beyond the scale": (karnofsky(valueString="90-110"), None),
    "a share of one": (karnofsky(**quantity(0.7, unit="ratio")), None),
}


@pytest.mark.parametrize(("record", "bounds"), SCORES.values(), ids=SCORES)
def test_karnofsky_is_a_number_or_a_range(record: dict[str, Any], bounds: Bounds | None) -> None:
    found = chart(record).latest(concepts.KARNOFSKY, thresholds.PERFORMANCE_STATUS)
    assert found.bounds == bounds


DECIDED: dict[tuple[int, int], Truth] = {
    (90, 100): FALSE,
    (80, 80): FALSE,
    (70, 80): UNKNOWN,
    (70, 70): UNKNOWN,
    (60, 70): UNKNOWN,
    (60, 60): TRUE,
    (50, 60): TRUE,
    (10, 20): TRUE,
}


@pytest.mark.parametrize(("sent", "truth"), DECIDED.items())
def test_both_ends_of_a_karnofsky_range_decide(sent: tuple[int, int], truth: Truth) -> None:
    """Catalogue 5.4: ECOG 2 or worse from 60 down, not from 80 up, between them possible."""
    assert ecog_at_least_2(chart(karnofsky(**ends(*sent)))).truth is truth
