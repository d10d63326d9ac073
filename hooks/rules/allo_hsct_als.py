"""Allogeneic transplant ordered or referred in ALS."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import FALSE, Finding, all_of, any_of
from cds_service.rule import Indicator, carrying, rule
from hooks import (
    concepts,
    evidence,
    lines,
    overrides,
    proposals,
    questions,
    thresholds,
    transplant,
)


def _second_remission(patient: Chart) -> str | None:
    """What the summary says of AML, which matters to nobody else."""
    if patient.on_record(concepts.AML).truth is FALSE:
        return None
    return (
        f"{lines.SUMMARY} a matched family or unrelated donor is the usual choice for AML in "
        "second or later remission. That advice was written without ALS in mind."
    )


@rule(
    id="allo-hsct-als",
    version="1.0.0",
    indicator=Indicator.WARNING,
    summary=(
        "Allogeneic transplant in ALS: usually judged not feasible; confirm with transplant, "
        "neurology and the patient's goals."
    ),
    evidence=(evidence.ROSKO17, evidence.CORN16, evidence.PUPILLO14),
    strength="Indirect",
    statements=("S0-29", "S3-01", "S3-06"),
    shows=(
        lines.performance,
        lines.value(concepts.FVC, thresholds.BREATHING_REVIEW),
        lines.ventilation,
    ),
    advice=(
        carrying(
            "S3-01 S3-06",
            f"{lines.SUMMARY} transplant is not feasible in any patient with ALS, because of "
            "performance, breathing and life expectancy. Evidence: ALS was not studied; lower "
            "performance status raises non-relapse mortality after a reduced-intensity transplant.",
        ),
        carrying("S0-29", _second_remission),
        "The course of ALS varies widely: recorded function, breathing and the patient's goals "
        "decide, not the diagnosis alone.",
        transplant.donor_line,
        lines.suspected_als,
        lines.suspected_leukemia,
    ),
    suggestions=(
        proposals.requesting(
            "Draft transplant and neurology consult",
            "Transplant and neurology: joint review of feasibility in ALS",
        ),
        proposals.requesting("Draft palliative care referral", "Palliative care referral"),
    ),
    override_reasons=(
        overrides.SECOND_OPINION,
        overrides.PRESERVED_FUNCTION,
        overrides.REVIEWED_WITH_SPECIALIST,
        overrides.OTHER,
    ),
    only_for=transplant.allogeneic_transplant,
)
def allo_hsct_als(patient: Chart) -> Finding:
    """An allogeneic transplant strains breathing and performance, which ALS may already
    have reduced. Transplant, neurology and the patient should decide together before it is
    planned."""
    return all_of(
        patient.may_have(concepts.ALS),
        any_of(
            questions.acute_leukemia_on_record(patient), questions.possible_acute_leukemia(patient)
        ),
    )
