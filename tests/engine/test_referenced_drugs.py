"""Running drugs that are named by a reference to a Medication beside the record.

https://hl7.org/fhir/R4/medicationrequest-definitions.html#MedicationRequest.medication_x_
"""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.finding import FALSE, TRUE
from cds_service.medications import by_reference, unnamed
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


# -- what names no drug ----------------------------------------------------------------------------

REASON = {"resourceType": "Condition", "id": "r", "code": coded("POLISH")}
MIXTURE = {"resourceType": "Medication", "id": "m", "code": {"text": "Mixture, 250 ml"}}


def refer(address: str, **fields: Any) -> dict[str, Any]:
    return {**PRESCRIPTION, "medicationReference": {"reference": address}, **fields}


def unnamed_of(prescription: dict[str, Any], *beside: dict[str, Any]) -> list[str | None]:
    medications = by_reference(resource(each) for each in beside)
    return list(unnamed([resource(prescription)], medications))


def test_what_a_record_contains_beside_its_drug_is_no_drug() -> None:
    """The reason, the prescriber or a device may be contained too."""
    contained = refer("Medication/m", contained=[REASON])
    assert chart(contained).taking(POLISH).truth is FALSE
    assert unnamed_of(contained) == ["Medication/m"]


INGREDIENTS: dict[str, tuple[list[Any], list[str | None]]] = {
    "by a code": ([{"itemCodeableConcept": coded("POLISH")}], []),
    "by a display": ([{"itemReference": {"reference": "Medication/i", "display": "x"}}], []),
    "by reference": ([{"itemReference": {"reference": "Medication/i"}}], ["Medication/i"]),
    "by two references": (
        [{"itemReference": {"reference": f"Medication/{i}"}} for i in "ij"],
        ["Medication/i", "Medication/j"],
    ),
    "by an identifier": ([{"itemReference": {"identifier": {"value": "5"}}}], [None]),
    "a Substance": ([{"itemReference": {"reference": "Substance/s"}}], [None]),
}


@pytest.mark.parametrize(("ingredients", "left"), INGREDIENTS.values(), ids=INGREDIENTS)
def test_a_mixture_is_named_by_every_ingredient(
    ingredients: list[Any], left: list[str | None]
) -> None:
    """Its own words, such as the volume of an infusion, may name none of them."""
    mixture = {**MIXTURE, "ingredient": ingredients}
    assert unnamed_of(refer("Medication/m"), mixture) == left
    assert unnamed_of(refer("#m", contained=[mixture])) == left


def test_a_mixture_of_what_stands_beside_it_is_named() -> None:
    mixture = {**MIXTURE, "ingredient": [{"itemReference": {"reference": "Medication/i"}}]}
    polish = {"resourceType": "Medication", "id": "i", "code": coded("POLISH")}
    assert unnamed_of(refer("Medication/m"), mixture, polish) == []
    medications = by_reference(map(resource, (mixture, polish)))
    assert chart(refer("Medication/m"), medications=medications).taking(POLISH).truth is TRUE


def test_a_mixture_of_itself_ends() -> None:
    mixture = {**MIXTURE, "ingredient": [{"itemReference": {"reference": "Medication/m"}}]}
    assert unnamed_of(refer("Medication/m"), mixture) == []
