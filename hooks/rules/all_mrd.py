"""ALL of an adult in remission with a recent MRD result, without ALS."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import FALSE, TRUE, Fact, Finding, all_of, any_of, none_of
from cds_service.rule import Escalation, Indicator, carrying, rule
from hooks import concepts, evidence, lines, overrides, proposals, questions, thresholds


def _in_remission(patient: Chart) -> Finding:
    """By the problem list, or by the latest recorded response where the entry still says active."""
    return any_of(
        patient.in_remission(concepts.ALL),
        all_of(patient.has(concepts.ALL), patient.test_is_positive(concepts.COMPLETE_REMISSION)),
    )


def _mrd_on_record(patient: Chart) -> Finding:
    """Of any time point, within its window, whatever it says."""
    kinds = (concepts.MRD, *questions.MRD_TIME_POINTS)
    return any_of(*(patient.has_result(kind, thresholds.MRD) for kind in kinds))


# -- what it says ---------------------------------------------------------------------------------


def _result(patient: Chart) -> list[Fact]:
    """The result that counts, as it was read; what could not be read of it, or is newer."""
    if questions.mrd_time_point(patient) is not None:
        return lines.residual_disease(patient)
    return [
        *questions.mrd_positive(patient).deciding(),
        *questions.mrd_in_doubt(patient).deciding(),
    ]


def _lineage(patient: Chart) -> list[Fact]:
    """B or T, or that it is not known."""
    if questions.t_lineage(patient).truth is TRUE:
        return list(questions.t_lineage(patient).facts)
    return list(questions.b_lineage(patient).facts)


def _lineage_open(patient: Chart) -> Finding:
    known = TRUE in (questions.b_lineage(patient).truth, questions.t_lineage(patient).truth)
    return Finding("Lineage not known", FALSE if known else TRUE)


# -- advice ---------------------------------------------------------------------------------------


def _may_be_b(patient: Chart) -> bool:
    return questions.t_lineage(patient).truth is not TRUE


def _reading(patient: Chart) -> str:
    said = _what_it_says(patient)
    in_doubt = questions.mrd_in_doubt(patient).truth is TRUE
    return f"{said} A newer MRD could not be read: see it." if in_doubt else said


def _what_it_says(patient: Chart) -> str:
    positive, high = questions.mrd_positive(patient).truth, questions.mrd_high(patient).truth
    low_limit = f"{patient.limit(thresholds.MRD_DETECTABLE).number}%"
    high_limit = f"{patient.limit(thresholds.MRD_HIGH).number}%"
    if positive is FALSE:
        return f"The MRD on record is negative (below {low_limit})."
    if positive is not TRUE:
        return "The MRD on record does not say positive or negative in a form read here: see it."
    if high is TRUE:
        return f"The MRD on record is positive, {high_limit} or more."
    if high is FALSE:
        return f"The MRD on record is positive, from {low_limit} to below {high_limit}."
    return f"The MRD on record is positive; whether it reaches {high_limit} is not stated."


def _blinatumomab(patient: Chart) -> str | None:
    """For MRD that is or may be positive, in a lineage that is or may be B."""
    if not _may_be_b(patient) or questions.mrd_positive(patient).truth is FALSE:
        return None
    return (
        f"{lines.SUMMARY} MRD of 0.1% or more: blinatumomab cleared it in 78% and bridges to "
        "transplant. Evidence: 88 of 113 adults after one 28-day cycle (BLAST), B lineage, in "
        "remission, MRD of 0.1% or more after three or more intensive blocks; neurologic events "
        "were grade 3 in 10% and grade 4 in 3%."
    )


def _continue(patient: Chart) -> str | None:
    if questions.mrd_positive(patient).truth is TRUE:
        return None
    text = f"{lines.SUMMARY} MRD negative: continue consolidation and maintenance by protocol."
    if not _may_be_b(patient):
        return text
    return (
        f"{text} Evidence: chemotherapy alone is superseded in Ph-negative B-lineage ALL aged "
        "30-70, where blinatumomab was added to consolidation (E1910): review it."
    )


def _survival(patient: Chart) -> str | None:
    positive = questions.mrd_positive(patient).truth is TRUE
    if positive or not _may_be_b(patient):
        return None
    return (
        "For clinicians: in E1910, MRD-negative, overall survival at 3 years was 85% with and 68% "
        "without blinatumomab."
    )


@rule(
    id="all-mrd",
    version="1.0.0",
    indicator=Indicator.INFO,
    summary=(
        "ALL MRD result on file: MRD-positive B-ALL - consider blinatumomab; MRD-negative - "
        "continue protocol and review blinatumomab."
    ),
    escalations=(
        Escalation(
            Indicator.INFO,
            questions.t_lineage,
            "T-lineage ALL with a residual disease (MRD) result on file: positive - review by "
            "protocol; negative - continue protocol.",
        ),
        Escalation(
            Indicator.INFO,
            _lineage_open,
            "ALL with a residual disease (MRD) result on file, lineage not recorded: B or T "
            "lineage decides what it leads to.",
        ),
    ),
    evidence=(evidence.BLAST18, evidence.E1910),
    strength="Single arm (BLAST); phase 3 (E1910)",
    statements=("S0-02", "S0-07", "S0-15", "S0-43", "S0-45", "S0-46"),
    shows=(_result, _lineage, lines.value_if_recorded(concepts.PRIOR_INTENSIVE_BLOCKS)),
    advice=(
        _reading,
        carrying("S0-15 S0-43", _blinatumomab),
        carrying("S0-02 S0-46", _continue),
        carrying("S0-46", _survival),
        carrying(
            "S0-07",
            f"{lines.SUMMARY} consider transplant in intermediate- and poor-risk ALL with an "
            "HLA-identical sibling. Evidence: the donor is not limited to siblings, and MRD weighs "
            "most in the choice.",
        ),
        carrying(
            "S0-45",
            f"{lines.SUMMARY} measure MRD at the end of induction, later by protocol. Evidence: "
            "time points differ by protocol.",
        ),
        "Confirm count recovery before the next phase.",
    ),
    suggestions=(
        proposals.requesting(
            "Draft MRD at the next time point",
            "Measurable residual disease (MRD), ALL, at the next protocol time point",
        ),
    ),
    override_reasons=(overrides.PROTOCOL_DIRECTED, overrides.OTHER),
)
def all_mrd(patient: Chart) -> Finding:
    """Measurable residual disease (MRD) in remission tells how likely ALL is to come back. Together
    with lineage it decides whether the protocol goes on as planned."""
    return all_of(
        _mrd_on_record(patient),
        _in_remission(patient),
        patient.age().at_least(thresholds.ADULT),
        none_of(patient.in_relapse(concepts.ALL), patient.may_have(concepts.ALS)),
    )
