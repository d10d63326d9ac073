"""Growth factor ordered while the count is high or blasts are in the blood."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import Finding, all_of, any_of
from cds_service.rule import Escalation, Indicator, carrying, rule
from hooks import concepts, evidence, lines, overrides, proposals, questions, thresholds


def _hyperleukocytosis_today(patient: Chart) -> Finding:
    return patient.latest(concepts.LEUKOCYTES, thresholds.FRESH_COUNT).at_least(
        thresholds.HYPERLEUKOCYTOSIS
    )


@rule(
    id="growth-factor-hyperleukocytosis",
    version="1.0.0",
    indicator=Indicator.WARNING,
    summary=(
        "Growth factor drafted while WBC is high with active leukemia: can raise the count "
        "and worsen leukostasis."
    ),
    escalations=(Escalation(Indicator.CRITICAL, _hyperleukocytosis_today),),
    evidence=(evidence.GCSFPI,),
    strength="Product information",
    statements=("S3-42",),
    shows=(
        lines.value(concepts.LEUKOCYTES, thresholds.OLD_COUNT),
        lines.value(concepts.NEUTROPHILS, thresholds.RECOVERY_COUNTS),
    ),
    advice=(
        carrying(
            "S3-42",
            f"{lines.SUMMARY} no growth factors during hyperleukocytosis. Evidence: product "
            "information advises to stop above a count of 50, not to give one from 14 days before "
            "to 24 hours after chemotherapy, and caution in myeloid leukemia; the effect on "
            "leukostasis itself has no source.",
        ),
        lines.count_is_old,
        "Usual exceptions: stem-cell mobilisation in remission, priming by protocol (FLAG, CAG), "
        "neutropenia after the nadir.",
        lines.suspected_leukemia,
    ),
    suggestions=(proposals.removing(*concepts.GROWTH_FACTORS, what="growth factor"),),
    override_reasons=(
        overrides.MOBILISATION,
        overrides.PROTOCOL_DIRECTED,
        overrides.POST_NADIR,
        overrides.OTHER,
    ),
)
def growth_factor_hyperleukocytosis(patient: Chart) -> Finding:
    """A growth factor drives the leukocyte count up, and myeloid blasts can respond to it too.
    While the count is high in active leukemia it is usually held."""
    count = patient.latest(concepts.LEUKOCYTES, thresholds.OLD_COUNT)
    return all_of(
        any_of(*(patient.ordering(factor) for factor in concepts.GROWTH_FACTORS)),
        questions.possible_acute_leukemia(patient),
        any_of(count.at_least(thresholds.HIGH_COUNT), questions.blasts_in_blood(patient)),
    )
