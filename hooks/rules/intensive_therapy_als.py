"""Intensive antileukemic therapy ordered in ALS."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import TRUE, Finding, all_of
from cds_service.rule import Escalation, Indicator, Suggestion, carrying, rule
from hooks import concepts, evidence, lines, overrides, proposals, questions, regimens, thresholds


def _apl_regimen(patient: Chart) -> str | None:
    if regimens.apl_regimen(patient).truth is not TRUE:
        return None
    return (
        "Read as ATRA with an anthracycline for high-risk APL, not as 7+3: for information only, "
        "and no removal is proposed. Fitness and breathing still need a look."
    )


def _early_death_in_aml(patient: Chart) -> str | None:
    """Figures of AML, not said of ALL or APL."""
    if not lines.is_treated_as_aml(patient):
        return None
    return (
        "In patients aged 70 or more given intensive AML therapy, death by 8 weeks rose from 16% "
        "(no adverse factor) to 71% (three or more), ECOG 2-4 being one factor; not an ALS "
        "population."
    )


def _remove_unless_apl_regimen(patient: Chart) -> Suggestion | None:
    """The anthracycline of high-risk APL is not offered for removal: ATRA alone is less there."""
    if regimens.apl_regimen(patient).truth is TRUE:
        return None
    return proposals.remove_intensive_drugs(patient)


@rule(
    id="intensive-therapy-als",
    version="1.0.0",
    indicator=Indicator.WARNING,
    summary=(
        "Intensive leukemia therapy drafted in a patient with ALS: confirm fitness, breathing "
        "reserve and goals before signing."
    ),
    escalations=(
        Escalation(Indicator.INFO, regimens.apl_regimen),
        Escalation(
            Indicator.CRITICAL,
            questions.severe_breathing_or_performance,
            "Intensive leukemia therapy drafted in ALS with failing or supported breathing or "
            "ECOG 3-4: confirm fitness and goals before signing.",
        ),
    ),
    evidence=(
        evidence.KANT10,
        evidence.ELN22,
        evidence.ASH25,
        evidence.NIVCRIT,
        evidence.ALSLEUK,
    ),
    strength="Indirect",
    statements=("S0-52", "S3-01", "S3-03", "S3-04", "S3-40"),
    shows=(
        lines.age,
        lines.performance,
        lines.value(concepts.FVC, thresholds.BREATHING_REVIEW),
        lines.ventilation,
    ),
    advice=(
        _apl_regimen,
        carrying(
            "S3-01 S3-04",
            f"{lines.SUMMARY} avoid 7+3 induction in ALS. Evidence: no guideline lists ALS as an "
            "exclusion; the concern comes from performance status, breathing reserve and life "
            "expectancy. Usually judged unsuitable when breathing reserve or performance is poor: "
            "confirm.",
        ),
        carrying(
            "S3-03",
            f"{lines.SUMMARY} performance status is poor in ALS. Evidence: it is individual; use "
            "the recorded one.",
        ),
        carrying(
            "S0-52 S3-40",
            "Neither age alone, young or old, nor ALS alone decides: fitness and comorbidity "
            "predict better, though age keeps a weight of its own.",
        ),
        lines.suspected_als,
        lines.suspected_leukemia,
        lines.lower_intensity,
        _early_death_in_aml,
    ),
    suggestions=(
        _remove_unless_apl_regimen,
        proposals.requesting(
            "Draft hematology and neurology review",
            "Joint hematology and neurology review before intensive therapy",
            priority="urgent",
        ),
        proposals.requesting("Draft palliative care referral", "Palliative care referral"),
    ),
    override_reasons=(
        overrides.PRESERVED_FUNCTION,
        overrides.PATIENT_CHOICE,
        overrides.DIAGNOSIS_WRONG,
        overrides.APL_REGIMEN,
        overrides.QUIET_24_HOURS,
        overrides.OTHER,
    ),
    only_for=regimens.intensive_therapy,
)
def intensive_therapy_als(patient: Chart) -> Finding:
    """Intensive therapy depends on performance status and breathing reserve, which ALS can reduce.
    Confirm both, and the patient's goals, with neurology before signing."""
    return all_of(
        patient.may_have(concepts.ALS),
        questions.possible_acute_leukemia(patient),
    )
