"""The next phase of chemotherapy ordered before the counts have recovered."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import Finding, all_of, any_of
from cds_service.limits import Stated
from cds_service.rule import Indicator, carrying, rule
from hooks import concepts, evidence, lines, overrides, proposals, questions, regimens, thresholds


def _in_remission(patient: Chart) -> Finding:
    """By the problem list, or by a response reported since the last block of therapy."""
    return any_of(
        questions.leukemia_in_remission(patient),
        all_of(
            questions.active_acute_leukemia(patient),
            patient.test_is_positive(concepts.COMPLETE_REMISSION, within=thresholds.MRD),
        ),
    )


@rule(
    id="count-recovery",
    version="1.0.0",
    indicator=Indicator.INFO,
    summary=(
        "Counts below the protocol recovery level: confirm before starting the next phase, "
        "even if residual disease (MRD) is negative."
    ),
    evidence=(evidence.READING,),
    strength="Guideline summary only",
    statements=("S0-47",),
    shows=(
        lines.value(concepts.NEUTROPHILS, thresholds.RECOVERY_COUNTS),
        lines.value(concepts.PLATELETS, thresholds.RECOVERY_COUNTS),
    ),
    advice=(
        carrying(
            "S0-47",
            Stated(
                f"{lines.SUMMARY} wait for count recovery before post-remission therapy, also when "
                "MRD is negative. Compared here with neutrophils of {} and platelets of {}, a "
                "common default that was not verified: the value of the protocol in use wins.",
                thresholds.RECOVERED_NEUTROPHILS,
                thresholds.RECOVERED_PLATELETS,
            ),
        ),
    ),
    suggestions=(
        proposals.requesting("Draft blood count", "Complete blood count with differential"),
    ),
    override_reasons=(overrides.PROTOCOL_DIRECTED, overrides.OTHER),
    only_for=regimens.intensive_therapy,
)
def count_recovery(patient: Chart) -> Finding:
    """Intensive drugs are being signed while the leukemia is in remission and the blood counts
    have not recovered. The protocol says what is enough."""
    window = thresholds.RECOVERY_COUNTS
    return all_of(
        _in_remission(patient),
        any_of(
            patient.latest(concepts.NEUTROPHILS, window).below(thresholds.RECOVERED_NEUTROPHILS),
            patient.latest(concepts.PLATELETS, window).below(thresholds.RECOVERED_PLATELETS),
        ),
    )
