"""Rasburicase and allopurinol: what is known of G6PD, how high the tumor lysis risk is, drafts.

Every card that speaks of them takes words, gates and drafts from here.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from cds_service.amount import number_text
from cds_service.chart import Chart, question
from cds_service.finding import FALSE, TRUE, Fact, Finding, any_of
from cds_service.rule import Action, Suggestion
from cds_service.terminology import Orderable
from hooks import concepts, proposals, questions, thresholds
from hooks.calculations import body, tumor_lysis
from hooks.calculations.rasburicase import rasburicase_mg_per_day

# -- G6PD ----------------------------------------------------------------------------------------

FALSELY_NORMAL = (
    "A G6PD result within 3 months after a red-cell transfusion, or soon after hemolysis, may be "
    "falsely normal (not verified)."
)


def g6pd(patient: Chart) -> list[Fact]:
    """What is known of G6PD; not tested is a gap."""
    deficient = questions.g6pd_deficient(patient)
    if deficient.truth is TRUE:
        return [fact for fact in deficient.deciding() if not fact.missing]
    if questions.g6pd_normal(patient).truth is TRUE:
        return [Fact("g6pd", lambda: "G6PD normal by assay")]
    # A result that could not be read is worth opening: it may be the answer.
    unread = [fact for fact in deficient.deciding() if fact.missing]
    return [*unread, Fact("g6pd", lambda: "G6PD: not known", missing=True)]


def choice(patient: Chart) -> str:
    """Rasburicase or allopurinol, as far as G6PD decides it."""
    if questions.g6pd_deficient(patient).truth is TRUE:
        return (
            "G6PD deficiency is on record or suspected: allopurinol only, rasburicase is "
            f"contraindicated.{outweighed(patient)}"
        )
    if questions.g6pd_normal(patient).truth is TRUE:
        pregnancy = in_pregnancy(patient)
        return (
            "G6PD is normal: rasburicase is preferred over allopurinol (BSH 1B). "
            f"{FALSELY_NORMAL}{f' {pregnancy}' if pregnancy else ''}"
        )
    return (
        "Rasburicase is preferred over allopurinol (BSH 1B) but needs G6PD, which is not known: "
        "test before the dose."
    )


def outweighed(patient: Chart) -> str:
    """Why a normal result does not open what a deficiency closes; empty without such a result."""
    if questions.g6pd_normal_by_assay(patient).truth is not TRUE:
        return ""
    return (
        " A normal result beside it does not outweigh it: hemolysis and transfused red cells can "
        "make a deficient patient's result look normal (not verified)."
    )


def in_pregnancy(patient: Chart) -> str | None:
    """Why no rasburicase is drafted there."""
    if questions.pregnant(patient).truth is not TRUE:
        return None
    return (
        "Pregnancy is recorded or suspected: no rasburicase is drafted; weigh benefit and risk to "
        "the fetus with obstetrics (not verified)."
    )


# -- risk ----------------------------------------------------------------------------------------


@question
def high_tumor_lysis_risk(patient: Chart) -> Finding:
    """A very high fresh count, or tumor lysis by laboratory criteria or as recorded."""
    count = patient.latest(concepts.LEUKOCYTES, thresholds.FRESH_COUNT)
    return any_of(
        count.at_least(thresholds.TUMOR_LYSIS_RISK),
        tumor_lysis.laboratory_syndrome(patient),
        patient.may_have(concepts.TUMOR_LYSIS_SYNDROME),
    )


# -- drafts --------------------------------------------------------------------------------------


def rasburicase_label_dose_mg(patient: Chart) -> Decimal | None:
    """0.2 mg/kg of a weight of the last 90 days, to half a milligram; None without one."""
    exact = rasburicase_mg_per_day(patient)
    return None if exact is None else (exact * 2).quantize(Decimal(1), ROUND_HALF_UP) / 2


def label_dose(patient: Chart) -> str | None:
    """The label's dose, computed where a weight is on record; none of a drug that is ruled out."""
    if questions.g6pd_deficient(patient).truth is TRUE:
        return None
    text = "Label dose of rasburicase: 0.2 mg/kg a day intravenously for up to 5 days, one course"
    dose, weighed = rasburicase_label_dose_mg(patient), body.weight_kg(patient)
    if dose is not None and weighed is not None:
        text += f"; here {number_text(dose)} mg a day for {number_text(round(weighed, 1))} kg"
    return f"{text}. Many centers give one fixed dose (local practice, not verified)."


def weight(patient: Chart) -> list[Fact]:
    """The weight behind the label dose, where there is one."""
    shown = patient.latest(concepts.BODY_WEIGHT, thresholds.WEIGHT_FOR_DOSE)
    is_used = shown.exact() is not None and questions.g6pd_deficient(patient).truth is not TRUE
    return [shown.fact] if is_used else []


def _draft(
    patient: Chart, drug: Orderable, instruction: dict[str, Any], note: str
) -> dict[str, Any]:
    code = proposals.drug_code(drug, drug.title)
    return proposals.medication_request(patient, code, instruction, note)


def allopurinol_draft(patient: Chart) -> Action:
    """Without a dose: kidney function and interactions decide it."""
    label = "Draft: allopurinol, dose to be chosen"
    resource = _draft(
        patient,
        concepts.ALLOPURINOL,
        {"text": "Dose to be chosen by the prescriber"},
        "Proposal from the guideline service: check allergy, kidney function and mercaptopurine "
        "or azathioprine before signing.",
    )
    return Action("create", label, resource)


def rasburicase(patient: Chart) -> Suggestion | None:
    """The first dose by the label, only where every gate is known to be passed."""
    dose = rasburicase_label_dose_mg(patient)
    closed = (
        questions.g6pd_deficient(patient),
        questions.g6pd_not_known(patient),
        patient.prescribed(concepts.RASBURICASE),
        patient.has(concepts.COMFORT_PLAN),
        questions.pregnant(patient),
    )
    is_suspected = questions.acute_leukemia_only_suspected(patient).truth is TRUE
    if dose is None or is_suspected or any(gate.truth is not FALSE for gate in closed):
        return None
    if patient.drafted(concepts.RASBURICASE):
        return None
    label = f"Draft rasburicase {number_text(dose)} mg once (0.2 mg/kg, G6PD normal)"
    mg = {"value": float(dose), "unit": "mg", "system": proposals.UCUM, "code": "mg"}
    instruction = {
        "text": f"{number_text(dose)} mg intravenously once; a further day by urate, up to 5 days",
        "route": {"text": "Intravenous"},
        "doseAndRate": [{"doseQuantity": mg}],
    }
    note = (
        "Proposal from the guideline service: 0.2 mg/kg (label). Check G6PD and recent red-cell "
        "transfusion before signing."
    )
    resource = _draft(patient, concepts.RASBURICASE, instruction, note)
    return Suggestion(label, (Action("create", label, resource),))


def lowering(patient: Chart) -> Suggestion | None:
    """Allopurinol in G6PD deficiency; rasburicase where its gates are passed; else nothing."""
    if patient.drafted(concepts.RASBURICASE) or patient.drafted(concepts.ALLOPURINOL):
        return None
    if questions.g6pd_deficient(patient).truth is not TRUE:
        return rasburicase(patient)
    label = "Draft allopurinol (G6PD deficient or suspected), dose to be chosen"
    return Suggestion(label, (allopurinol_draft(patient),))


def g6pd_assay(patient: Chart) -> Suggestion | None:
    """While G6PD is not settled."""
    if not proposals.g6pd_is_open(patient):
        return None
    return proposals.requesting("Draft G6PD activity, STAT", "G6PD activity", priority="stat")(
        patient
    )
