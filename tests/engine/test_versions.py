"""What is not R4 is named: https://hl7.org/fhir/R4/versions.html"""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.prefetch import Query, State
from cds_service.searchset import read_answer
from cds_service.versions import other_version
from tests.engine.made_up import SPOTS, coded, condition, observation, resource

ABOUT_ME = {"subject": {"reference": "Patient/7"}}

SHAPES: dict[str, tuple[dict[str, Any], str | None]] = {
    "a Condition of R4": (condition(clinical="active", verification="confirmed"), None),
    "without a subject": (condition(), None),
    "with a subject": (condition(**ABOUT_ME), None),
    "about a patient": (condition(patient={"reference": "Patient/7"}), "DSTU2"),
    "with a clinical status as code": (condition(clinicalStatus="active"), "STU3 or older"),
    "with a verification as code": (condition(verificationStatus="x"), "STU3 or older"),
    "an Observation": (observation(value=1, **ABOUT_ME), None),
    "an order of R4": ({"resourceType": "MedicationRequest", "status": "active"}, None),
    "an order of R5": (
        {"resourceType": "MedicationRequest", "medication": {"concept": coded("POLISH")}},
        "R5",
    ),
    "a MedicationOrder": ({"resourceType": "MedicationOrder"}, "DSTU2"),
    "a MedicationUsage": ({"resourceType": "MedicationUsage"}, "R5"),
    "a ProcedureRequest": ({"resourceType": "ProcedureRequest"}, "STU3 or older"),
}


@pytest.mark.parametrize(("shape", "version"), SHAPES.values(), ids=SHAPES)
def test_the_shape_of_a_resource_gives_its_version_away(
    shape: dict[str, Any], version: str | None
) -> None:
    assert other_version(resource(shape)) == version


def test_a_search_that_brings_another_version_is_not_all_there_is() -> None:
    problems = Query("problems", "Condition", "Spots.", (SPOTS,), 4, all_codes=True)
    old = [condition(patient={"reference": "Patient/7"}), condition(clinicalStatus="active")]
    bundle = {"resourceType": "Bundle", "entry": [{"resource": each} for each in old]}
    answer = read_answer(problems, resource(bundle), "7")
    assert (answer.state, len(answer.resources)) == (State.FAILED, 2)
    assert answer.reason == (
        "has the shape of FHIR DSTU2, not R4; has the shape of FHIR STU3 or older, not R4"
    )


def test_orders_of_another_version_are_named_though_none_is_of_the_type_asked_for() -> None:
    drugs = Query("drugs", "MedicationRequest", "Drugs.", (SPOTS,), 4, all_codes=True)
    bundle = {
        "resourceType": "Bundle",
        "entry": [{"resource": {"resourceType": "MedicationOrder"}}],
    }
    answer = read_answer(drugs, resource(bundle), "7")
    assert answer.state is State.FAILED
    assert answer.reason.startswith("has the shape of FHIR DSTU2, not R4; ")
