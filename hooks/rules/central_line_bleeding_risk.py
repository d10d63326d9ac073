"""A central line ordered while counts or clotting are unsafe or not known."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import FALSE, TRUE, Finding, all_of, any_of
from cds_service.rule import Escalation, Indicator, carrying, rule
from hooks import (
    concepts,
    evidence,
    lines,
    overrides,
    procedures,
    proposals,
    questions,
    thresholds,
)


def _apl_with_unsafe_clotting(patient: Chart) -> Finding:
    return all_of(
        questions.apl_suspected_or_confirmed(patient),
        procedures.coagulopathy_or_not_known(patient),
    )


def _found_here(patient: Chart) -> str | None:
    """Which of the values brings the card, so that nobody has to know the limits by heart."""
    is_apl = questions.apl_suspected_or_confirmed(patient).truth is TRUE
    platelets = thresholds.LOW_PLATELETS if is_apl else thresholds.LOW_PLATELETS_FOR_LINE
    found = procedures.unsafe_values(patient, platelets)
    return f"Found here: {'; '.join(found)}." if found else None


def _control_first(patient: Chart) -> str:
    """What the summary says of ALS stands only where ALS may be present."""
    advice = f"{lines.SUMMARY} place no central line until clotting and the leukocyte count are"
    limits = "the ELN advice is for APL; elsewhere values can often be corrected"
    if patient.may_have(concepts.ALS).truth is FALSE:
        return f"{advice} controlled. Evidence: {limits}."
    return (
        f"{advice} controlled, because bleeding is tolerated badly in ALS. Evidence: {limits}, and "
        "bleeding in ALS was not studied."
    )


def _by_disease(patient: Chart) -> str:
    """What the guidance says of APL, and what may be done elsewhere."""
    if questions.apl_suspected_or_confirmed(patient).truth is TRUE:
        return (
            "APL: avoid central lines before and during induction (ELN recommendation 1.9); "
            "correct to fibrinogen above 100-150 mg/dL, platelets above 30-50 ×10⁹/L and INR "
            "below 1.5 with blood products."
        )
    return (
        "If a line is needed: correct what can be corrected, use a compressible site and "
        "ultrasound, and the most experienced operator. For a compressible site the 2025 "
        "guidance accepts platelets of 10 ×10⁹/L (seen quoted only) and the 2015 guidance 20; "
        "neither studied hyperleukocytosis."
    )


def _als(patient: Chart) -> str | None:
    if patient.may_have(concepts.ALS).truth is not TRUE:
        return None
    return (
        "ALS: lying flat for the line may be poorly tolerated when breathing is weak (reasoned, "
        "not studied): plan position and support."
    )


@rule(
    id="central-line-bleeding-risk",
    version="1.0.0",
    indicator=Indicator.WARNING,
    summary=(
        "Central line planned with high WBC or unsafe/unknown clotting: use peripheral access "
        "first unless urgently needed."
    ),
    escalations=(
        Escalation(
            Indicator.CRITICAL,
            _apl_with_unsafe_clotting,
            "Central line planned in suspected or confirmed APL with unsafe or unknown clotting: "
            "avoid; use peripheral access and correct first.",
        ),
        Escalation(
            Indicator.WARNING,
            questions.apl_suspected_or_confirmed,
            "Central line planned in suspected or confirmed APL: avoid during induction; use "
            "peripheral access first unless urgently needed.",
        ),
    ),
    evidence=(evidence.ELNAPL19, evidence.AABB25, evidence.AABB15, evidence.ZELLER24),
    strength="ELN IV-C/IIb-B area (APL); AABB low",
    statements=("S3-26", "S3-41"),
    shows=(procedures.values,),
    advice=(
        _found_here,
        carrying("S3-26", _control_first),
        carrying("S3-26", _by_disease),
        carrying(
            "S3-41",
            f"{lines.SUMMARY} use peripheral access and no emergency central line. Evidence: 37% "
            "of children with hyperleukocytic AML were treated through peripheral veins without "
            "major problems; vesicant drugs need care, and resuscitation comes first.",
        ),
        "Platelets may read falsely high while blast fragments circulate: ask for a smear.",
        "A line for leukapheresis that was agreed is one decision with it: the same values count.",
        _als,
        lines.suspected_leukemia,
    ),
    suggestions=(
        proposals.requesting(
            "Draft blood count and clotting, STAT",
            "Complete blood count with smear review",
            "Fibrinogen, PT/INR, aPTT",
            priority="stat",
        ),
        proposals.requesting(
            "Draft peripheral access consult",
            "Vascular access: peripheral or midline catheter instead of a central line",
        ),
    ),
    override_reasons=(
        overrides.NO_PERIPHERAL_ACCESS,
        overrides.CORRECTED,
        overrides.RESUSCITATION,
        overrides.QUIET_24_HOURS,
        overrides.OTHER,
    ),
    only_for=procedures.central_line,
)
def central_line_bleeding_risk(patient: Chart) -> Finding:
    """A central line can bleed where counts or clotting are unsafe, and a value that nobody
    measured today is not a safe one. Peripheral access first, unless the line is urgently
    needed."""
    return all_of(
        procedures.live_leukemia(patient),
        any_of(
            procedures.unsafe_for_line(patient),
            questions.apl_suspected_or_confirmed(patient),
        ),
    )
