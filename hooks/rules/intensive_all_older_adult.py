"""Intensive therapy ordered in an older adult with ALL and poor performance status."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import Finding, all_of
from cds_service.rule import Indicator, carrying, rule
from hooks import concepts, evidence, lines, overrides, proposals, questions, regimens, thresholds
from hooks.calculations import performance

NO_ALS = "ALS: neither confirmed nor suspected"
"""An entry that leaves ALS open brings no card on ALS, so that it must not take this one away."""


@rule(
    id="intensive-all-older-adult",
    version="1.0.0",
    indicator=Indicator.WARNING,
    summary=(
        "Older adult with ALL and ECOG 2 or more: high induction mortality risk; consider a "
        "lower-intensity regimen."
    ),
    evidence=(evidence.MAYO18, evidence.GOK13, evidence.KANT10),
    strength="Retrospective; the figure of the summary is unverified",
    statements=("S0-39", "S0-50"),
    shows=(lines.performance,),
    advice=(
        carrying(
            "S0-39 S0-50",
            f"For clinicians: {lines.SUMMARY} avoid intensive regimens in older adults with ECOG 2 "
            "or more, with 53% dying in induction against 7% with ECOG 0-1 (summary's figure, "
            "source not located). Evidence: in a Mayo series 8% died within 100 days of intensive "
            "therapy overall, and ECOG 2 or more predicted worse survival.",
        ),
        "Is the poor status caused by the leukemia? Then it may improve with treatment.",
        lines.suspected_leukemia,
    ),
    suggestions=(
        proposals.requesting(
            "Draft review of treatment intensity",
            "Hematology: review of a lower-intensity regimen for older adults with ALL",
        ),
    ),
    override_reasons=(
        overrides.LEUKEMIA_CAUSES_STATUS,
        overrides.REVIEWED_WITH_SPECIALIST,
        overrides.PATIENT_CHOICE,
        overrides.OTHER,
    ),
    only_for=regimens.intensive_therapy,
)
def intensive_all_older_adult(patient: Chart) -> Finding:
    """In older adults with ALL, performance status tells more about the risk of intensive
    induction than age alone. Confirm the status and its cause before signing."""
    return all_of(
        patient.may_have(concepts.ALL),
        patient.age().at_least(thresholds.OLDER_ADULT),
        performance.ecog_at_least_2(patient),
        questions.not_shown(patient.may_have(concepts.ALS), NO_ALS),
    )
