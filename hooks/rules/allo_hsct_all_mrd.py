"""Allogeneic transplant ordered in ALL while residual disease is present or not known."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import FALSE, TRUE, Finding, all_of, any_of
from cds_service.rule import Indicator, Suggestion, carrying, rule
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


def _bridge(patient: Chart) -> str:
    """How MRD is usually cleared, by lineage."""
    if questions.t_lineage(patient).truth is TRUE:
        return "T-lineage: clearance by protocol salvage chemotherapy."
    blinatumomab = (
        f"blinatumomab is the usual bridge. {lines.SUMMARY} it cleared MRD in 88 of 113 patients "
        "after one cycle. Evidence: the same figure (BLAST), in remission with MRD of 0.1% or "
        "more after three or more intensive blocks."
    )
    if questions.b_lineage(patient).truth is TRUE:
        return f"B-lineage: {blinatumomab}"
    return f"Lineage (B or T) is not known. In B-lineage ALL {blinatumomab}"


def _blinatumomab_consult(patient: Chart) -> Suggestion | None:
    """Offered unless the leukemia is known to be of T lineage."""
    if questions.b_lineage(patient).truth is FALSE:
        return None
    text = "Hematology: blinatumomab to clear MRD before transplant (B-lineage ALL)"
    return proposals.requesting("Draft blinatumomab consult", text)(patient)


def _not_cleared(patient: Chart) -> Finding:
    """MRD of 0.01 % or more, or none that is recent enough to say."""
    positive = questions.mrd_positive(patient)
    return any_of(positive, questions.not_known(positive, "MRD not known within its window"))


def _mrd_not_known(patient: Chart) -> str | None:
    if questions.mrd_known(patient).truth is TRUE:
        return None
    if questions.is_unread(questions.mrd_positive(patient)):
        return "MRD not known: results could not be read, and there may be one."
    window = patient.limit(thresholds.MRD).in_words
    return f"MRD not known: no result of the last {window} was found in the data received."


@rule(
    id="allo-hsct-all-mrd",
    version="1.0.0",
    indicator=Indicator.WARNING,
    summary=(
        "ALL transplant planned with residual disease (MRD) positive or not known: clearing "
        "it first is preferred if that causes no harmful delay."
    ),
    evidence=(
        evidence.BLAST18,
        evidence.PAVLU19,
        evidence.ALLHR11,
        evidence.PHCMR22,
        evidence.EWALLHCT,
        evidence.AALL1231,
    ),
    strength="Mixed",
    statements=(
        *("S0-07", "S0-08", "S0-10", "S0-11", "S0-12", "S0-15"),
        *("S0-44", "S0-48", "S0-51"),
    ),
    shows=(lines.residual_disease,),
    advice=(
        _mrd_not_known,
        carrying("S0-15", _bridge),
        carrying(
            "S0-08 S0-12 S0-44 S0-48 S0-51",
            f"{lines.SUMMARY} two statements that conflict: do not postpone transplant in "
            "high-risk disease, and do not transplant without MRD negativity. Evidence: a "
            "trade-off. Avoid unneeded delay; patients are transplanted with MRD, with a worse "
            "outcome that is not nil.",
        ),
        carrying(
            "S0-10 S0-11",
            f"{lines.SUMMARY} in very-high-risk ALL transplant is strongly considered, continued "
            "chemotherapy is the other option. Evidence: the trial protocol allowed both.",
        ),
        carrying(
            "S0-07",
            f"{lines.SUMMARY} consider transplant in intermediate- and poor-risk ALL with an "
            "HLA-identical sibling. Evidence: the donor is not limited to siblings, and a good MRD "
            "response may make transplant unnecessary (ALL-HR-11; Ph-positive ALL in complete "
            "molecular remission by 90 days).",
        ),
        transplant.donor_line,
        lines.suspected_leukemia,
    ),
    suggestions=(
        proposals.requesting("Draft MRD assessment", "Measurable residual disease (MRD), ALL"),
        _blinatumomab_consult,
    ),
    override_reasons=(
        overrides.CLEARANCE_FAILED,
        overrides.TIME_CRITICAL,
        overrides.REVIEWED_WITH_SPECIALIST,
        overrides.OTHER,
    ),
    only_for=transplant.allogeneic_transplant,
)
def allo_hsct_all_mrd(patient: Chart) -> Finding:
    """Residual disease before a transplant for ALL goes with more relapse afterwards. Clearing it
    first is preferred when that does not cause harmful delay; where it fails, transplant may
    still be the best option."""
    return all_of(
        any_of(patient.on_record(concepts.ALL), patient.may_have(concepts.ALL)),
        _not_cleared(patient),
        # An entry of ALS that is not clear leaves this card; that of ALS shows where it is.
        questions.not_shown(
            patient.may_have(concepts.ALS), "ALS not on the problem list, or not clearly so"
        ),
    )
