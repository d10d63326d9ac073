"""ALS with active acute leukemia: how intensive, and what for."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import Finding, all_of, any_of
from cds_service.rule import Indicator, carrying, rule
from hooks import concepts, evidence, lines, overrides, proposals, questions, thresholds


def _low_dose_drugs(patient: Chart) -> str | None:
    """What the summary says of low-dose cytarabine and hypomethylating agents: in AML only."""
    if not lines.is_treated_as_aml(patient):
        return None
    return (
        f"{lines.SUMMARY} in AML low-dose cytarabine controls the disease with little toxicity and "
        "suits ALS; a hypomethylating agent is the alternative, perhaps with better quality of "
        "life; both also as outpatient. Evidence: alone they bring few remissions, and low counts "
        "are common; no comparison of quality of life was found; 5-10 daily visits or home "
        "injections, and a venetoclax start usually needs admission."
    )


def _not_a_child(patient: Chart) -> Finding:
    """Of 18 or more, or of an age that nobody sent: ALS in a child is rarer than a lost date."""
    adult = patient.age().at_least(thresholds.ADULT)
    return any_of(adult, questions.not_known(adult, "Age not known"))


@rule(
    id="als-acute-leukemia-goals",
    version="1.0.0",
    indicator=Indicator.WARNING,
    summary=(
        "ALS with acute leukemia: review fitness, breathing and goals with neurology and "
        "hematology before choosing treatment intensity."
    ),
    evidence=(
        evidence.PUPILLO14,
        evidence.MATEEN10,
        evidence.KNIBB16,
        evidence.ELN22,
        evidence.ASH25,
        evidence.ELJAW21,
        evidence.AAN09,
        evidence.NIVCRIT,
        evidence.ALSLEUK,
    ),
    strength="No direct evidence; extrapolated",
    statements=(
        *("S0-53", "S3-01", "S3-02", "S3-03", "S3-05", "S3-18", "S3-19", "S3-21"),
        *("S3-30", "S3-36", "S3-37", "S3-38", "X-07"),
    ),
    shows=(
        lines.performance,
        lines.value(concepts.FVC, thresholds.BREATHING_REVIEW),
        lines.ventilation,
        lines.swallowing,
    ),
    advice=(
        lines.suspected_als,
        carrying(
            "S0-53 S3-01 S3-02",
            f"{lines.SUMMARY} favor supportive or low-intensity therapy; avoid intensive induction "
            "and allogeneic transplant. No trial or guideline on ALS with acute leukemia was "
            "found: the advice is extrapolated from performance status and comorbidity, not from "
            "general leukemia pathways.",
        ),
        carrying(
            "S3-03",
            f"{lines.SUMMARY} performance status is poor in ALS. Evidence: it is individual; in "
            "one ALS cohort about 1 in 4 was alive at 5 years and 1 in 8 at 10. Use the recorded "
            "performance status; do not infer it from the diagnosis.",
        ),
        carrying("S3-02 S3-30", lines.lower_intensity),
        carrying("S3-02 S3-18 S3-19 S3-21", _low_dose_drugs),
        carrying(
            "S3-05",
            f"{lines.SUMMARY} supportive instead of curative care when performance is poor. "
            "Evidence: in AML, ELN 2022 reserves supportive care for those who cannot tolerate, or "
            "do not want, antileukemic treatment.",
        ),
        carrying(
            "S3-37 S3-38",
            "Goals: talk now; palliative care alongside, not instead of, the treatment the patient "
            "chooses. Record code status and wishes on ventilation. "
            f"{lines.SUMMARY} aim at comfort, at preventing catastrophes and at living well.",
        ),
        carrying("X-07", lines.CODE_STATUS),
        "Neurotoxic drugs (vincristine, nelarabine, blinatumomab, high-dose cytarabine) need "
        "neurology input. Weigh pill burden of infection prophylaxis against swallowing.",
        carrying(
            "S3-36",
            "For clinicians: the outlook is expected to be poor; no study of this combination "
            "quantifies it.",
        ),
    ),
    suggestions=(
        proposals.requesting("Draft palliative care referral", "Palliative care referral"),
        proposals.requesting(
            "Draft neuromuscular clinic referral", "Neurology/neuromuscular clinic referral"
        ),
        proposals.breathing_test,
        proposals.performance_status,
    ),
    override_reasons=(
        overrides.REVIEWED_WITH_SPECIALIST,
        overrides.DIAGNOSIS_WRONG,
        overrides.PATIENT_CHOICE,
        overrides.OTHER,
    ),
)
def als_acute_leukemia_goals(patient: Chart) -> Finding:
    """ALS and acute leukemia together call for one shared decision. Performance status, breathing
    reserve and the patient's goals decide treatment intensity, not the diagnosis of ALS alone."""
    return all_of(
        patient.may_have(concepts.ALS),
        questions.active_acute_leukemia(patient),
        _not_a_child(patient),
    )
