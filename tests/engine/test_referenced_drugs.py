"""Running drugs that are named by a reference to a Medication beside the record.

https://hl7.org/fhir/R4/medicationrequest-definitions.html#MedicationRequest.medication_x_
"""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.finding import FALSE, TRUE
from cds_service.medications import by_reference
from tests.engine.made_up import POLISH, chart, coded, resource

PRESCRIPTION = {
    "resourceType": "MedicationRequest",
    "status": "active",
    "medicationReference": {"reference": "https://ehr.example/fhir/Medication/m/_history/2"},
}
BESIDE: dict[str, dict[str, Any]] = {
    "by code": {"code": coded("POLISH")},
    "by name": {"code": {"text": "Super polish, 5 ml"}},
    "by an ingredient": {"ingredient": [{"itemCodeableConcept": coded("POLISH")}]},
    "by another's name": {"ingredient": [{"itemReference": {"display": "polish"}}]},
}


@pytest.mark.parametrize("named", BESIDE.values(), ids=BESIDE)
def test_a_running_drug_is_known_by_the_medication_beside_it(named: dict[str, Any]) -> None:
    medication = resource({"resourceType": "Medication", "id": "m", **named})
    other = resource({"resourceType": "Medication", "id": "n", **named})
    assert chart(PRESCRIPTION, medications=by_reference([medication])).taking(POLISH).truth is TRUE
    assert chart(PRESCRIPTION, medications=by_reference([other])).taking(POLISH).truth is FALSE


def test_what_a_record_contains_without_referring_to_it_is_its_drug() -> None:
    contained = {**PRESCRIPTION, "contained": [{"resourceType": "Medication", "id": "x"}]}
    contained["contained"][0]["code"] = coded("POLISH")
    assert chart(contained).taking(POLISH).truth is TRUE
