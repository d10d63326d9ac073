"""Whose resource it is: https://hl7.org/fhir/R4/references.html"""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.readers import is_about_another
from tests.engine.made_up import ME, observation, resource

LONG = "eN-aB.3" * 27 + "x"
UUID = "0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"

OWN: dict[str, tuple[Any, str]] = {
    "relative": ({"reference": f"Patient/{ME}"}, ME),
    "absolute": ({"reference": f"https://ehr.example/fhir/Patient/{ME}"}, ME),
    "of a version": ({"reference": f"Patient/{ME}/_history/4"}, ME),
    "a bare id": ({"reference": ME}, ME),
    "a urn": ({"reference": f"urn:uuid:{UUID}"}, UUID),
    "a long id": ({"reference": f"Patient/{LONG}"}, LONG),
    "a contained patient": ({"reference": "#patient"}, ME),
    "an identifier": ({"identifier": {"system": "https://ehr.example/mrn", "value": "7"}}, ME),
    "a search by identifier": ({"reference": "Patient?identifier=https://ehr.example|7"}, ME),
    "only a display": ({"display": "the patient"}, ME),
    "nothing": ({}, ME),
    "nobody": (None, ME),
}
OTHERS: dict[str, Any] = {
    "relative": {"reference": "Patient/subject-2"},
    "absolute": {"reference": "https://ehr.example/fhir/Patient/subject-2"},
    "an id that goes on": {"reference": f"Patient/{ME}0"},
    "another case": {"reference": f"Patient/{ME.upper()}"},
    "a urn": {"reference": f"urn:uuid:{UUID}"},
    "a group of that id": {"reference": f"Group/{ME}"},
    "a device of that id": {"reference": f"https://ehr.example/fhir/Device/{ME}"},
    "somebody else, with an identifier": {
        "reference": "Patient/subject-2",
        "identifier": {"value": ME},
    },
}


@pytest.mark.parametrize(("subject", "patient"), OWN.values(), ids=OWN)
@pytest.mark.parametrize("name", ["subject", "patient"])
def test_a_reference_to_the_patient_or_to_nobody_is_about_the_patient(
    subject: Any, patient: str, name: str
) -> None:
    assert not is_about_another(resource(observation(value=1) | {name: subject}), patient)


@pytest.mark.parametrize("subject", OTHERS.values(), ids=OTHERS)
def test_a_reference_to_another_is_not(subject: Any) -> None:
    assert is_about_another(resource(observation(value=1) | {"subject": subject}), ME)
