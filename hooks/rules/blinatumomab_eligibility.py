"""Blinatumomab ordered: lineage, CD19 and residual disease."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import FALSE, Fact, Finding, any_of
from cds_service.rule import Escalation, Indicator, Suggestion, carrying, rule
from hooks import concepts, evidence, lines, overrides, proposals, questions


def _not_eligible(patient: Chart) -> Finding:
    return any_of(questions.t_lineage(patient), patient.test_is_negative(concepts.CD19))


def _not_eligible_or_not_known(patient: Chart) -> Finding:
    """T lineage, CD19 negative, or a lineage that nobody recorded."""
    lineage = questions.b_lineage(patient)
    return any_of(
        questions.not_shown(lineage, "B lineage not on record"),
        patient.test_is_negative(concepts.CD19),
    )


def _lineage(patient: Chart) -> str:
    if questions.is_yes(questions.t_lineage(patient)):
        return "T lineage is recorded: blinatumomab binds CD19 on B cells; check the order."
    if questions.is_yes(patient.test_is_negative(concepts.CD19)):
        return "CD19 is reported negative: blinatumomab binds CD19; check the order."
    if questions.is_yes(questions.b_lineage(patient)):
        if questions.is_yes(patient.test_is_positive(concepts.CD19)):
            return "B lineage is recorded and CD19 is reported positive."
        return "B lineage is recorded. CD19 on the current blasts is worth confirming."
    if questions.is_unread(questions.b_lineage(patient)):
        return "Lineage could not be read: confirm B lineage and CD19 before the infusion."
    recorded = (concepts.B_LINEAGE_ALL, concepts.T_LINEAGE_ALL)
    if any(patient.on_record(each).truth is not FALSE for each in recorded):
        return (
            "The lineage on record is contradictory or not confirmed: settle B lineage and CD19 "
            "before the infusion."
        )
    return "Lineage is not recorded: confirm B lineage and CD19 before the infusion."


def _neurology(patient: Chart) -> str | None:
    if not questions.is_yes(patient.may_have(concepts.ALS)):
        return None
    return "ALS is recorded or suspected: neurologic events need neurology's view first."


def _reported_cd19(patient: Chart) -> list[Fact]:
    """The answer with its date, where there is one."""
    if not questions.is_yes(patient.has_result(concepts.CD19)):
        return []
    return list(patient.test_is_positive(concepts.CD19).facts)


def _cd19(patient: Chart) -> Suggestion | None:
    if questions.is_yes(patient.has_result(concepts.CD19)):
        return None
    return proposals.requesting("Draft CD19 flow cytometry", "Flow cytometry: CD19 on blasts")(
        patient
    )


@rule(
    id="blinatumomab-eligibility",
    version="1.0.0",
    indicator=Indicator.INFO,
    summary=(
        "Blinatumomab: for CD19+ B-lineage ALL; check lineage, residual disease (MRD) context "
        "and neurology risk."
    ),
    escalations=(
        Escalation(
            Indicator.WARNING,
            _not_eligible,
            "Blinatumomab ordered, but T lineage or CD19-negative blasts are recorded: it binds "
            "CD19 on B cells; check the order.",
        ),
        Escalation(Indicator.WARNING, _not_eligible_or_not_known),
    ),
    evidence=(evidence.BLAST18, evidence.TOWER17, evidence.E1910, evidence.NELBLIN),
    strength="Trials; label",
    statements=("S0-15", "S0-43"),
    shows=(
        lines.diagnosis_if_recorded(concepts.B_LINEAGE_ALL, concepts.T_LINEAGE_ALL),
        _reported_cd19,
        lines.residual_disease,
        lines.value_if_recorded(concepts.PRIOR_INTENSIVE_BLOCKS),
    ),
    advice=(
        _lineage,
        carrying(
            "S0-15 S0-43",
            f"{lines.SUMMARY} blinatumomab cleared residual disease of 0.1% or more in 78% and "
            "bridges to transplant. Evidence: 88 of 113 adults with B-precursor ALL in remission, "
            "MRD of 0.1% or more after three or more intensive blocks, one 28-day infusion "
            "(BLAST).",
        ),
        "Neurologic events were grade 3 in 10% and grade 4 in 3%; the infusion runs for weeks.",
        _neurology,
    ),
    suggestions=(_cd19,),
    override_reasons=(
        overrides.CD19_CONFIRMED,
        overrides.PROTOCOL_DIRECTED,
        overrides.OTHER,
    ),
)
def blinatumomab_eligibility(patient: Chart) -> Finding:
    """Blinatumomab works on CD19-positive B-lineage ALL. Its trials were in measurable residual
    disease, in relapse, and in consolidation."""
    return patient.ordering(concepts.BLINATUMOMAB)
