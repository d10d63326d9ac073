"""Therapeutic leukapheresis ordered while APL is suspected or confirmed."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import Finding
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
    id="leukapheresis-apl",
    version="1.0.0",
    indicator=Indicator.CRITICAL,
    summary=(
        "Leukapheresis drafted while APL is suspected or confirmed: can trigger fatal hemorrhage; "
        "use ATRA and blood product support."
    ),
    evidence=(evidence.ELNAPL19, evidence.ELNAPLT3),
    strength="Expert consensus (grade not seen)",
    statements=("S3-33", "X-08"),
    when_unknown=WhenUnknown.ALONE,
    shows=(
        lines.value(concepts.FIBRINOGEN, thresholds.SHOWN_AS_OLD),
        lines.value(concepts.INR, thresholds.SHOWN_AS_OLD),
        lines.value(concepts.PLATELETS, thresholds.SHOWN_AS_OLD),
        lines.value(concepts.LEUKOCYTES, thresholds.OLD_COUNT),
        lines.dose_basis,
    ),
    advice=(
        carrying(
            "S3-33",
            f"{lines.SUMMARY} ruled out in APL, because bleeding can be fatal. ELN APL guidance "
            "also avoids leukapheresis. The exact ELN sentence was not read.",
        ),
        "Start ATRA on suspicion; fibrinogen above 100-150 mg/dL, platelets above 30-50 ×10⁹/L, "
        "INR below 1.5.",
        "If APL was excluded, update the problem list and order again.",
        carrying("X-08", lines.NOT_FOR_COLLECTIONS),
    ),
    suggestions=(proposals.remove_leukapheresis, proposals.tretinoin),
    override_reasons=(
        overrides.APL_EXCLUDED,
        overrides.REVIEWED_WITH_SPECIALIST,
        overrides.QUIET_24_HOURS,
        overrides.OTHER,
    ),
    only_for=leukapheresis.therapeutic_leukapheresis,
)
def leukapheresis_apl(patient: Chart) -> Finding:
    """In APL leukapheresis can trigger fatal hemorrhage. Start ATRA and correct the coagulopathy
    with blood products instead."""
    return questions.apl_suspected_or_confirmed(patient)
