"""Therapeutic leukapheresis ordered in ALS with acute leukemia, not APL."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import Finding, all_of
from cds_service.rule import Indicator, WhenUnknown, carrying, rule
from hooks import (
    concepts,
    evidence,
    leukapheresis,
    lines,
    overrides,
    proposals,
    questions,
    thresholds,
)


@rule(
    id="leukapheresis-als",
    version="1.0.0",
    indicator=Indicator.WARNING,
    summary=(
        "Leukapheresis in ALS with leukemia: no proven early survival gain, added breathing risk; "
        "reserve for organ-threatening leukostasis."
    ),
    evidence=(
        evidence.OBEROI14,
        evidence.BEWERS20,
        evidence.STAHL20,
        evidence.NAN17,
        evidence.CITRATE,
        evidence.ASFA19,
    ),
    strength="Retrospective cohorts, meta-analysis",
    statements=("S3-11", "S3-12", "S3-13", "X-08"),
    when_unknown=WhenUnknown.ALONE,
    shows=(
        lines.value(concepts.LEUKOCYTES, thresholds.OLD_COUNT),
        lines.value(concepts.FVC, thresholds.BREATHING_REVIEW),
        lines.ventilation,
        lines.value(concepts.SPO2, thresholds.OXYGEN),
        lines.value(concepts.PLATELETS, thresholds.SHOWN_AS_OLD),
        lines.value(concepts.FIBRINOGEN, thresholds.SHOWN_AS_OLD),
        lines.value(concepts.INR, thresholds.SHOWN_AS_OLD),
        lines.dose_basis,
        lines.genetics,
    ),
    advice=(
        lines.leukapheresis_in_apl,
        # Bleeding after leukapheresis in APL can be fatal, and here nothing rules APL out.
        lines.apl_not_excluded,
        carrying(
            "S3-11",
            f"{lines.SUMMARY} avoid leukapheresis unless life-threatening cerebral or pulmonary "
            "leukostasis does not respond to hydroxyurea. Evidence: do not wait for hydroxyurea to "
            "fail when organs are threatened; discuss apheresis and start drug cytoreduction in "
            "the same hour.",
        ),
        carrying("S3-12", lines.EARLY_DEATH_AFTER_LEUKAPHERESIS),
        carrying("S3-12", lines.LEUKAPHERESIS_HARMS),
        carrying(
            "S3-13",
            f"{lines.SUMMARY} high risk of decompensation where breathing is weak, so extreme "
            "cases only. ALS-specific harm is reasoned, not measured: no study was found. Fluid "
            "shifts, citrate and lying flat are the reasons.",
        ),
        lines.suspected_als,
        lines.suspected_leukemia,
        lines.hydroxyurea_for_aml,
        carrying("X-08", lines.NOT_FOR_COLLECTIONS),
    ),
    suggestions=(
        proposals.remove_leukapheresis,
        proposals.hydroxyurea_if_no_cytoreduction,
        proposals.requesting(
            "Draft apheresis and neurology discussion",
            "Apheresis service and neurology: discuss leukapheresis in ALS",
            priority="urgent",
        ),
    ),
    override_reasons=(
        overrides.LIFE_THREATENING_LEUKOSTASIS,
        overrides.DRUG_CONTRAINDICATED,
        overrides.PREGNANCY,
        overrides.REVIEWED_WITH_SPECIALIST,
        overrides.OTHER,
    ),
    only_for=leukapheresis.therapeutic_leukapheresis,
)
def leukapheresis_als(patient: Chart) -> Finding:
    """Leukapheresis has no proven early survival benefit when used routinely, and weak respiratory
    muscles may make it riskier (reasoned, not studied). It may be used for organ-threatening
    leukostasis."""
    return all_of(
        patient.may_have(concepts.ALS),
        questions.possible_acute_leukemia(patient),
    )
