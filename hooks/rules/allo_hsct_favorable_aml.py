"""Allogeneic transplant ordered in favorable-risk AML in first remission."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import FALSE, TRUE, Finding, all_of, none_of
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


def _first_remission(patient: Chart) -> Finding:
    """In remission, and no relapse on record: the record names no number."""
    view = patient.diagnosis(concepts.AML)
    relapsed = any(record.course.name == "RELAPSE" for record in view.records)
    many = patient.latest(concepts.RELAPSE_COUNT).at_least(thresholds.ONE_RELAPSE)
    return all_of(
        patient.in_remission(concepts.AML),
        none_of(
            Finding("An AML relapse on the problem list", TRUE if relapsed else FALSE),
            Finding(many.question, TRUE if many.truth is TRUE else FALSE, many.facts),
        ),
    )


def _mrd_positive_on_record(patient: Chart) -> Finding:
    """Yes only when the newest result says so.

    MRD that is not known, or that a newer result may deny, does not stand against the advice.
    """
    positive = questions.mrd_positive(patient)
    is_open = questions.mrd_in_doubt(patient).truth is TRUE
    truth = TRUE if positive.truth is TRUE and not is_open else FALSE
    return Finding("MRD positive in its window", truth, tuple(positive.deciding()))


def _residual_disease(patient: Chart) -> str:
    """Whether MRD is known: persisting disease turns the advice around."""
    if questions.mrd_in_doubt(patient).truth is TRUE:
        return (
            "The newest MRD could not be read: see it. MRD that persists turns this advice around."
        )
    if questions.mrd_known(patient).truth is TRUE:
        return "MRD is negative in its last result; MRD that persists or returns changes this."
    return "MRD unknown: MRD that persists turns this advice around. Measure it before deciding."


@rule(
    id="allo-hsct-favorable-aml",
    version="1.0.0",
    indicator=Indicator.WARNING,
    summary=(
        "Favorable-risk AML in first remission: transplant toxicity usually outweighs benefit "
        "unless residual disease (MRD) persists."
    ),
    evidence=(evidence.CORN12, evidence.CORN16),
    strength="Consensus",
    statements=("S0-23", "S0-49"),
    shows=(lines.residual_disease,),
    advice=(
        carrying(
            "S0-23 S0-49",
            f"{lines.SUMMARY} no transplant in first remission of good-risk AML (relapse risk 35% "
            "or less). Evidence: the integrated consensus table gives a relapse risk of 35-40% "
            "with chemotherapy in the good-risk group, and favors transplant only where expected "
            "non-relapse mortality is low.",
        ),
        carrying("S0-23", _residual_disease),
        transplant.donor_line,
    ),
    suggestions=(
        proposals.requesting("Draft MRD assessment", "Measurable residual disease (MRD), AML"),
    ),
    override_reasons=(
        overrides.MRD_POSITIVE,
        overrides.RISK_RECLASSIFIED,
        overrides.REVIEWED_WITH_SPECIALIST,
        overrides.OTHER,
    ),
    only_for=transplant.allogeneic_transplant,
)
def allo_hsct_favorable_aml(patient: Chart) -> Finding:
    """In favorable-risk AML in first remission, chemotherapy consolidation usually gives as much
    as a transplant with less toxicity. Persisting residual disease or a new risk group change
    that."""
    return all_of(
        _first_remission(patient),
        patient.test_is_positive(concepts.ELN_FAVORABLE),
        # An entry of ALS that is not clear leaves this card; that of ALS shows where it is.
        questions.not_shown(
            patient.may_have(concepts.ALS), "ALS not on the problem list, or not clearly so"
        ),
        none_of(_mrd_positive_on_record(patient)),
    )
