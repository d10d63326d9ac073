"""Drafts that cards offer: what they hold, and when there is none."""

import pytest
from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir.resources.R4B.servicerequest import ServiceRequest

from cds_service.orders import Order
from hooks import proposals, urate
from hooks.concepts import ALLOPURINOL, AML, CREATININE, G6PD_SCREEN, RASBURICASE
from tests.patients import BODY, RXNORM, answered, chart, diagnosis, order, result

READY = (diagnosis(AML), *BODY, result(CREATININE, 0.9), answered(G6PD_SCREEN, "normal"))


def drafts(suggestion):
    assert suggestion is not None
    return [action.resource for action in suggestion.actions]


@pytest.mark.parametrize(
    ("propose", "display"),
    [
        (proposals.hydroxyurea, "hydroxyurea 500 MG Oral Capsule"),
        (proposals.tretinoin, "tretinoin"),
        (urate.lowering, "rasburicase"),
    ],
    ids=["hydroxyurea", "tretinoin", "rasburicase"],
)
def test_a_drug_is_drafted_as_a_coded_product_for_this_patient(propose, display):
    (draft,) = drafts(propose(chart(*READY)))
    (coding,) = draft["medicationCodeableConcept"]["coding"]
    assert (coding["system"], coding["display"]) == (RXNORM, display)
    assert (draft["status"], draft["intent"]) == ("draft", "proposal")
    assert draft["subject"] == {"reference": "Patient/example"}
    assert draft["authoredOn"] == "2026-11-21T12:00:00+00:00"
    assert MedicationRequest.model_validate(draft).status == "draft"


def test_requests_are_valid_fhir():
    for draft in drafts(proposals.emergency_labs(chart(*READY))):
        assert ServiceRequest.model_validate(draft).priority == "stat"


@pytest.mark.parametrize("drug", [RASBURICASE, ALLOPURINOL], ids=["rasburicase", "allopurinol"])
def test_no_urate_lowering_drug_beside_a_drafted_one(drug):
    drafted = order(drug.codes, name=drug.title, selected=False)
    assert urate.lowering(chart(*READY)) is not None
    assert urate.lowering(chart(*READY, drafted)) is None


@pytest.mark.parametrize(
    ("propose", "route"),
    [
        (proposals.hydroxyurea, "Oral"),
        (proposals.tretinoin, "Oral"),
        (urate.lowering, "Intravenous"),
    ],
    ids=["hydroxyurea", "tretinoin", "rasburicase"],
)
def test_no_dose_is_drafted_without_a_route(propose, route):
    (draft,) = drafts(propose(chart(*READY)))
    (instruction,) = draft["dosageInstruction"]
    assert instruction["route"] == {"text": route}


@pytest.mark.parametrize(
    ("kind", "changes"),
    [("MedicationRequest", True), ("ServiceRequest", True), ("MedicationOrder", False)],
)
def test_only_a_draft_with_the_elements_of_r4_is_changed(kind, changes):
    """A dose written as R4 has it would not be found in DSTU2's MedicationOrder."""
    draft = Order({"resourceType": kind, "id": "a"}, kind, "a", True, {}, frozenset())
    assert (proposals.updated(draft, "Change it", {"note": []}) is not None) is changes
