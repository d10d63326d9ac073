"""The status of the disease as mCODE sends it, beside what a site has mapped.

https://hl7.org/fhir/us/mcode/StructureDefinition-mcode-cancer-disease-status.html
"""

from typing import Any

import pytest

from hooks import PATIENT_VIEW
from hooks.concepts import AML, ECOG
from tests.patients import LOINC, ME, SNOMED, aged, cards, count, diagnosis, part, result

FULL_REMISSION, PARTIAL_REMISSION = "103338009", "103337004"
WORSENED, IMPROVED, STABLE = "271299001", "268910001", "359746009"


def status(answer: str, question: str = "97509-4") -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "subject": {"reference": f"Patient/{ME}"},
        "code": {"coding": [{"system": LOINC, "code": question}]},
        "effectiveDateTime": "2026-11-20",
        "valueCodeableConcept": {"coding": [{"system": SNOMED, "code": answer}]},
    }


FIT = (aged(48), diagnosis(AML), result(ECOG, 0))


def test_without_a_status_new_aml_in_a_fit_adult_shows_its_pathway() -> None:
    assert list(cards(PATIENT_VIEW, *FIT)) == ["aml-fit"]


@pytest.mark.parametrize("question", ["97509-4", "88040-1"])
def test_a_worsened_disease_is_no_new_one(question: str) -> None:
    shown = cards(PATIENT_VIEW, *FIT, status(WORSENED, question))
    assert list(shown) == ["aml-relapsed-refractory"]


@pytest.mark.parametrize("answer", [IMPROVED, STABLE, PARTIAL_REMISSION])
def test_other_answers_leave_the_pathway_as_it_is(answer: str) -> None:
    assert list(cards(PATIENT_VIEW, *FIT, status(answer))) == ["aml-fit"]


def test_full_remission_ends_the_pathway_of_new_disease() -> None:
    assert "aml-fit" not in cards(PATIENT_VIEW, *FIT, status(FULL_REMISSION))


def test_the_emergency_card_says_that_remission_was_reported() -> None:
    card = cards(PATIENT_VIEW, diagnosis(AML), count(150), status(FULL_REMISSION))
    shown = part(card["hyperleukocytosis-emergency"], "This patient")
    assert any("Complete hematologic remission positive, 2026-11-20" in line for line in shown)
    assert not any(
        "remission" in line
        for line in part(
            cards(PATIENT_VIEW, diagnosis(AML), count(150))["hyperleukocytosis-emergency"],
            "This patient",
        )
    )


@pytest.mark.parametrize(("grade", "is_fit"), [(1, True), (1.5, False)])
def test_half_a_grade_is_no_performance_status(grade: float, is_fit: bool) -> None:
    shown = cards(PATIENT_VIEW, aged(48), diagnosis(AML), result(ECOG, grade))
    assert ("aml-fit" in shown) is is_fit
    assert is_fit or "not a grade" in shown["data-gaps"]["detail"]
