"""What a card offers to do: drafts to create, selected orders to take back.

All are proposals for a clinician: intent "proposal", status "draft". A drug is proposed only with a
dose whose every gate is known to be passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from cds_service.amount import number_text
from cds_service.chart import Chart
from cds_service.finding import FALSE, TRUE
from cds_service.orders import Order
from cds_service.rule import Action, Suggestion
from cds_service.terminology import Orderable
from hooks import concepts, leukapheresis, questions, regimens, thresholds
from hooks.calculations.hydroxyurea import CAPSULE_MG, hydroxyurea_dose
from hooks.calculations.tretinoin import tretinoin_dose_mg

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
UCUM = "http://unitsofmeasure.org"


def _subject(patient: Chart) -> dict[str, str]:
    return {"reference": f"Patient/{patient.patient_id}"}


def service_request(patient: Chart, text: str, priority: str = "routine") -> dict[str, Any]:
    """A draft referral, test or consult, named in words for the ordering clinician to code."""
    return {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "proposal",
        "priority": priority,
        "code": {"text": text},
        "subject": _subject(patient),
        "authoredOn": patient.as_of.isoformat(timespec="seconds"),
    }


def requesting(label: str, *tests: str, priority: str = "routine") -> Callable[[Chart], Suggestion]:
    """One suggestion that drafts the named requests."""

    def propose(patient: Chart) -> Suggestion:
        actions = tuple(
            Action("create", f"Draft: {text}", service_request(patient, text, priority))
            for text in tests
        )
        return Suggestion(label, actions)

    return propose


def drug_code(drug: Orderable, ending: str) -> tuple[str, str]:
    """The RxNorm code of a product by the end of its name; of the ingredient where none fits."""
    for (system, code), display in sorted(drug.codes.codes.items()):
        if system == RXNORM and display.lower().endswith(ending):
            return code, display
    raise LookupError(f"{drug.id} has no RxNorm product ending in {ending!r}")


_HYDROXYUREA = drug_code(concepts.HYDROXYUREA, "hydroxyurea")
_HYDROXYUREA_CAPSULE = drug_code(concepts.HYDROXYUREA, "hydroxyurea 500 mg oral capsule")
_TRETINOIN = drug_code(concepts.TRETINOIN, "tretinoin")


def medication_request(
    patient: Chart, code: tuple[str, str], instruction: dict[str, Any], note: str
) -> dict[str, Any]:
    """A draft prescription of an RxNorm product with one dosage instruction."""
    return {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "intent": "proposal",
        "medicationCodeableConcept": {
            "coding": [{"system": RXNORM, "code": code[0], "display": code[1]}],
            "text": code[1],
        },
        "subject": _subject(patient),
        "authoredOn": patient.as_of.isoformat(timespec="seconds"),
        "dosageInstruction": [instruction],
        "note": [{"text": note}],
    }


def instruction(
    text: str, dose_mg: Decimal, times_per_day: int, days: int | None, route: str
) -> dict[str, Any]:
    """One FHIR dosage instruction in words and as data; without days its end is left open."""
    repeat: dict[str, Any] = {"frequency": times_per_day, "period": 1, "periodUnit": "d"}
    if days is not None:
        repeat["boundsDuration"] = {"value": days, "unit": "d", "system": UCUM, "code": "d"}
    return {
        "text": text,
        "route": {"text": route},
        "timing": {"repeat": repeat},
        "doseAndRate": [
            {"doseQuantity": {"value": int(dose_mg), "unit": "mg", "system": UCUM, "code": "mg"}}
        ],
    }


def _myeloid_and_nothing_else(patient: Chart) -> bool:
    others = (concepts.MIXED_PHENOTYPE_ACUTE_LEUKEMIA, concepts.ALL)
    is_aml = patient.has(concepts.AML).truth is TRUE
    return is_aml and all(patient.may_have(other).truth is FALSE for other in others)


def hydroxyurea(patient: Chart) -> Suggestion | None:
    """A day's hydroxyurea; recommended for AML, offered where lineage is unknown.

    In capsules, which are not to be opened for a tube; as a liquid where swallowing is weak.
    """
    dose = hydroxyurea_dose(patient)
    if dose is None or questions.acute_leukemia_only_suspected(patient).truth is TRUE:
        return None
    capsules = int(dose.daily_mg / CAPSULE_MG)
    milligrams = number_text(dose.daily_mg)
    product, route, form = _HYDROXYUREA_CAPSULE, "Oral", f"{capsules} capsules of 500 mg"
    text = f"{form} by mouth once daily for 1 day"
    if patient.may_have(concepts.DYSPHAGIA).truth is TRUE:
        product, route, form = _HYDROXYUREA, "Oral or enteral tube", "as a liquid"
        text = f"{milligrams} mg as a liquid by mouth or enteral tube once daily for 1 day"
    amount = f"{milligrams} mg/day ({form}), 1 day"
    resource = medication_request(
        patient,
        product,
        instruction(text, dose.daily_mg, 1, 1, route),
        "Proposal from the guideline service: check gates, lineage and swallowing before signing.",
    )
    recommended = _myeloid_and_nothing_else(patient)
    label = f"Draft hydroxyurea {amount}"
    if not recommended:
        label = f"Draft hydroxyurea {amount}, after smear review for APL/ALL"
    return Suggestion(label, (Action("create", label, resource),), recommended)


def hydroxyurea_if_no_cytoreduction(patient: Chart) -> Suggestion | None:
    """As hydroxyurea, for AML without a cytoreductive drug in the drafts."""
    drafted = patient.drafted(concepts.HYDROXYUREA) or patient.drafted(concepts.CYTARABINE)
    if drafted or regimens.regimen_orders(patient) or not _myeloid_and_nothing_else(patient):
        return None
    return hydroxyurea(patient)


def tretinoin(patient: Chart) -> Suggestion | None:
    """ATRA in two daily doses of whole 10 mg capsules."""
    dose = tretinoin_dose_mg(patient)
    if dose is None or patient.drafted(concepts.TRETINOIN):
        return None
    label = f"Draft tretinoin (ATRA) {number_text(dose)} mg twice daily (45 mg/m2/day)"
    text = f"{number_text(dose)} mg by mouth twice daily"
    resource = medication_request(
        patient,
        _TRETINOIN,
        # It goes on until remission: an end written here would stop it unseen.
        instruction(text, dose, 2, None, "Oral"),
        "Proposal from the guideline service: 22.5 mg/m2 per dose, rounded to 10 mg capsules.",
    )
    return Suggestion(label, (Action("create", label, resource),), recommended=True)


def hydroxyurea_of_no_form() -> dict[str, Any]:
    """The drug without a capsule in its name, for an order that is to be a liquid."""
    code, display = _HYDROXYUREA
    coding = {"system": RXNORM, "code": code, "display": display}
    return {"coding": [coding], "text": f"{display}, liquid form"}


def g6pd_is_open(patient: Chart) -> bool:
    """Whether an assay would tell something: neither shown to be normal nor confirmed deficient."""
    settled = (questions.g6pd_normal(patient), questions.g6pd_deficiency_confirmed(patient))
    return all(finding.truth is not TRUE for finding in settled)


def emergency_labs(patient: Chart) -> Suggestion:
    """The tests of a hyperleukocytosis emergency, G6PD among them while it is not settled."""
    tests = [
        "Complete blood count with differential, every 6-12 h",
        "Basic metabolic panel, phosphate, calcium, urate and LDH, every 6-8 h",
        "Fibrinogen, PT/INR, aPTT",
        "Blood type and screen",
    ]
    if g6pd_is_open(patient):
        tests.append("G6PD activity")
    actions = tuple(
        Action("create", f"Draft: {test}", service_request(patient, test, "stat")) for test in tests
    )
    return Suggestion("Draft emergency labs", actions)


def taking_back(
    orders: Iterable[Order], what: str, kinds: Iterable[Orderable] = ()
) -> Suggestion | None:
    """All of them or nothing: part of a regimen taken back is another regimen.

    Each action names which of the `kinds` its order is: some clients show one button for each.
    """
    found, titles = list(orders), {kind.id: kind.title for kind in kinds}
    if not found or not all(order.can_be_named for order in found):
        return None
    actions = (
        Action(
            "delete",
            f"Remove the drafted {_named(order, titles) or what}",
            resource_id=order.reference,
        )
        for order in found
    )
    return Suggestion(f"Remove the drafted {what}", tuple(actions))


def _named(order: Order, titles: Mapping[str, str]) -> str:
    """The drugs of an order; "7+3" alone is a regimen by its name, "7+3: cytarabine" a drug."""
    kinds = [kind for kind in titles if kind in order.recognised]
    drugs = [kind for kind in kinds if kind != concepts.INTENSIVE_PROTOCOL.id]
    return " and ".join(titles[kind] for kind in drugs or kinds)


def removing(*orderables: Orderable, what: str) -> Callable[[Chart], Suggestion | None]:
    """Takes back every selected order of these kinds at once."""

    def propose(patient: Chart) -> Suggestion | None:
        found = {order.reference: order for kind in orderables for order in patient.selected(kind)}
        return taking_back(found.values(), what, orderables)

    return propose


_CHANGEABLE = frozenset({"MedicationRequest", "ServiceRequest"})


def updated(order: Order, description: str, changes: Mapping[str, Any]) -> Action | None:
    """The whole drafted resource with some elements changed; None where it cannot be named.

    A draft of another FHIR version (DSTU2's MedicationOrder) has other elements: its reader would
    not find a dose written in ours.
    """
    if not order.can_be_named or order.resource_type not in _CHANGEABLE:
        return None
    return Action("update", description, {**order.resource, **changes})


def remove_leukapheresis(patient: Chart) -> Suggestion | None:
    """Takes back every selected leukapheresis that is not a collection."""
    return taking_back(leukapheresis.therapeutic_orders(patient), "leukapheresis")


def remove_intensive_drugs(patient: Chart) -> Suggestion | None:
    """Takes back the whole regimen at once: half of it would be no treatment at all."""
    orders = regimens.regimen_orders(patient)
    return taking_back(orders, "intensive drugs (whole regimen)", regimens.REGIMEN_DRUGS)


def breathing_test(patient: Chart) -> Suggestion | None:
    """Pulmonary function when none is on record within 90 days."""
    if patient.latest(concepts.FVC, thresholds.BREATHING).bounds is not None:
        return None
    text = "Pulmonary function: FVC and inspiratory pressures (SNIP/MIP)"
    return requesting("Draft pulmonary function test", text)(patient)


def performance_status(patient: Chart) -> Suggestion | None:
    """An assessment of performance status when none is on record within 30 days."""
    known = (
        patient.latest(concepts.ECOG, thresholds.PERFORMANCE_STATUS),
        patient.latest(concepts.KARNOFSKY, thresholds.PERFORMANCE_STATUS),
    )
    if any(amount.bounds is not None for amount in known):
        return None
    label = "Draft ECOG performance status assessment"
    return requesting(label, "Assess and record ECOG")(patient)


def tumor_lysis_labs_if_old(patient: Chart) -> Suggestion | None:
    """The tumor lysis panel when its values are older than a day."""
    window = thresholds.TUMOR_LYSIS_SHOWN
    panel = (concepts.POTASSIUM, concepts.PHOSPHATE, concepts.URATE, concepts.CREATININE)
    if all(patient.latest(measurement, window).bounds is not None for measurement in panel):
        return None
    text = "Basic metabolic panel, phosphate, calcium, urate and LDH"
    return requesting("Draft tumor lysis labs", text, priority="stat")(patient)


def missing_tests(patient: Chart) -> Suggestion | None:
    """The blood count or performance status whose lack is the gap."""
    if questions.possible_acute_leukemia(patient).truth is FALSE:
        return None
    tests = {}
    if patient.latest(concepts.LEUKOCYTES, thresholds.OLD_COUNT).bounds is None:
        # The count that could not be used may be an emergency.
        tests["Complete blood count with differential"] = "urgent"
    if performance_status(patient) is not None:
        tests["Assess and record ECOG"] = "routine"
    actions = tuple(
        Action("create", f"Draft: {text}", service_request(patient, text, priority))
        for text, priority in tests.items()
    )
    return Suggestion("Draft what is missing", actions) if actions else None
