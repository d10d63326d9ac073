"""Platelets ordered in active acute leukemia: which target the evidence gives, and where none."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import TRUE, Finding
from cds_service.rule import Escalation, Indicator, carrying, rule
from hooks import concepts, evidence, lines, overrides, procedures, questions, thresholds


def _high_count(patient: Chart) -> Finding:
    """Also when last seen so within {old-count}: an old high count does not bring a target back."""
    return patient.latest(concepts.LEUKOCYTES, thresholds.OLD_COUNT).at_least(
        thresholds.HYPERLEUKOCYTOSIS
    )


def _count_not_low(patient: Chart) -> Finding:
    """No count of today rules hyperleukocytosis out."""
    today = patient.latest(concepts.LEUKOCYTES, thresholds.FRESH_COUNT)
    limit = patient.limit(thresholds.HYPERLEUKOCYTOSIS).number
    return questions.not_shown(
        today.below(thresholds.HYPERLEUKOCYTOSIS), f"Leukocytes not known to be below {limit} today"
    )


def _targets(patient: Chart) -> str:
    """The numbers of the guidance where they fit; where they do not, that there is none."""
    if questions.apl_suspected_or_confirmed(patient).truth is TRUE:
        return (
            "APL: platelets above 30-50 ×10⁹/L, fibrinogen above 100-150 mg/dL, INR below 1.5, "
            "checked at least daily (ELN IIb-B)."
        )
    if _count_not_low(patient).truth is TRUE:
        return (
            "High or unknown leukocyte count: not a stable patient in the sense of the guidance, "
            "and no threshold was found. Ask hematology or transfusion medicine for one."
        )
    return (
        "Stable, not bleeding, no procedure: 10 ×10⁹/L (2015 guidance). The 2025 guidance (seen "
        "quoted only): 10 as prophylaxis, 20 for lumbar puncture, 10 for a central line at a "
        "compressible site. In active intravascular coagulation or bleeding 10 does not apply."
    )


@rule(
    id="platelet-threshold",
    version="1.0.0",
    indicator=Indicator.INFO,
    summary=(
        "Platelet targets differ: APL 30-50; otherwise 10 when stable, higher with bleeding, "
        "procedures or marked coagulopathy."
    ),
    escalations=(
        Escalation(
            Indicator.INFO,
            questions.apl_suspected_or_confirmed,
            "APL suspected or confirmed: platelet target 30-50 ×10⁹/L while coagulopathy is "
            "active; fibrinogen and INR have targets too.",
        ),
        Escalation(
            Indicator.INFO,
            _high_count,
            "Platelet targets: no threshold is established in hyperleukocytosis; set one with "
            "hematology or transfusion medicine.",
        ),
        Escalation(
            Indicator.INFO,
            _count_not_low,
            "Platelet targets depend on the leukocyte count, which is not known today: set one "
            "with hematology or transfusion medicine.",
        ),
    ),
    evidence=(evidence.ELNAPL19, evidence.AABB15, evidence.AABB25, evidence.SPURIOUS),
    strength="ELN IIb-B (APL); AABB 2015 strong/moderate (10)",
    statements=("S3-22", "X-05"),
    shows=(
        lines.value(concepts.PLATELETS, thresholds.SHOWN_AS_OLD),
        lines.value(concepts.LEUKOCYTES, thresholds.OLD_COUNT),
        lines.value(concepts.FIBRINOGEN, thresholds.SHOWN_AS_OLD),
        lines.value(concepts.INR, thresholds.SHOWN_AS_OLD),
    ),
    advice=(
        carrying(
            "S3-22",
            f"{lines.SUMMARY} keep platelets above 30-50 ×10⁹/L in every patient. Evidence: that "
            "figure comes from APL guidance, and a higher target elsewhere is a specialist "
            "decision.",
        ),
        carrying("S3-22", _targets),
        carrying(
            "X-05",
            "The platelet count may read falsely high while blast fragments circulate: ask for a "
            "smear before relying on it.",
        ),
        lines.suspected_leukemia,
    ),
    override_reasons=(overrides.KNOWN_AND_ACCEPTED, overrides.OTHER),
    only_for=questions.ordering(concepts.PLATELETS_ORDER),
)
def platelet_threshold(patient: Chart) -> Finding:
    """Platelet targets come from different patients: those of APL are not those of a stable
    patient, and hyperleukocytosis has none that was studied."""
    return procedures.live_leukemia(patient)
