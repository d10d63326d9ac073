"""ALL in relapse or refractory, of either lineage, without ALS."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import FALSE, TRUE, Fact, Finding, all_of, none_of
from cds_service.rule import Escalation, Indicator, Suggestion, carrying, rule
from hooks import concepts, evidence, lines, overrides, proposals, questions, thresholds


def _many_relapses(patient: Chart) -> Finding:
    """Second or later relapse, by the recorded number."""
    return patient.latest(concepts.RELAPSE_COUNT).at_least(thresholds.MANY_RELAPSES)


def _lineage(patient: Chart) -> list[Fact]:
    """B or T, or that it is not known."""
    if questions.t_lineage(patient).truth is TRUE:
        return list(questions.t_lineage(patient).facts)
    return list(questions.b_lineage(patient).facts)


def _first_relapse(patient: Chart) -> str | None:
    if _many_relapses(patient).truth is TRUE:
        return None
    return f"{lines.SUMMARY} first relapse: a trial or salvage chemotherapy."


def _immunotherapy(patient: Chart) -> str | None:
    """For B lineage; where the lineage is not known, on the condition of it."""
    if questions.t_lineage(patient).truth is TRUE:
        return None
    unknown = questions.b_lineage(patient).truth is not TRUE
    condition = "If the lineage, which is not settled here, is B: review" if unknown else "Review"
    return (
        f"{condition} immunotherapy and CD19/CD22 before salvage chemotherapy. In heavily "
        "pre-treated B-lineage adults blinatumomab did better than chemotherapy (TOWER); a late "
        "first relapse was not covered by what was read."
    )


def _survival(patient: Chart) -> str | None:
    if questions.t_lineage(patient).truth is TRUE:
        return None
    return (
        "For clinicians: median overall survival in that trial was 7.7 months with blinatumomab "
        "and 4.0 with chemotherapy (hazard ratio 0.71)."
    )


def _second_remission(patient: Chart) -> str:
    text = (
        f"{lines.SUMMARY} consolidate a second remission with transplant. Evidence: common "
        "practice in patients who are fit"
    )
    if questions.t_lineage(patient).truth is TRUE:
        return f"{text}."
    return (
        f"{text}; in B lineage some whose residual disease (MRD) had cleared stayed in remission "
        "without it (BLAST)."
    )


def _later_relapse(patient: Chart) -> str:
    text = (
        f"{lines.SUMMARY} several relapses without remission: chemotherapy, then transplant if it "
        "works. Not found in a primary source"
    )
    if questions.t_lineage(patient).truth is TRUE:
        return f"{text}."
    return f"{text}; immunotherapy is missing there."


def _tests(patient: Chart) -> Suggestion:
    """Markers of the blasts by lineage; BCR::ABL1 while it has no answer."""
    tests = ["Measurable residual disease (MRD), ALL"]
    if questions.t_lineage(patient).truth is not TRUE:
        tests.insert(0, "Flow cytometry: CD19 and CD22 on blasts")
    if questions.ph_status_known(patient).truth is FALSE:
        tests.append("BCR::ABL1")
    return proposals.requesting("Draft tests of the relapse", *tests)(patient)


def _palliative_care(patient: Chart) -> Suggestion | None:
    if _many_relapses(patient).truth is not TRUE:
        return None
    return proposals.requesting("Draft palliative care referral", "Palliative care referral")(
        patient
    )


def _ph_status(patient: Chart) -> list[Fact]:
    if questions.ph_status_known(patient).truth is not FALSE:
        return lines.ph_status(patient)
    return [
        Fact("bcr-abl1", lambda: "Philadelphia chromosome (BCR::ABL1): no result", missing=True)
    ]


@rule(
    id="all-relapsed-refractory",
    version="1.0.0",
    indicator=Indicator.INFO,
    summary=(
        "Relapsed/refractory ALL: check lineage, Ph status, CD19/CD22 and prior therapy; review "
        "immunotherapy options in B-lineage."
    ),
    escalations=(
        Escalation(
            Indicator.INFO,
            questions.t_lineage,
            "Relapsed/refractory T-lineage ALL: check prior therapy, residual disease (MRD) and "
            "open trials; plan salvage and consolidation.",
        ),
    ),
    evidence=(evidence.TOWER17, evidence.BLAST18),
    strength="RCT (TOWER)",
    statements=("S0-13", "S0-14", "S0-16", "S0-17", "S0-18"),
    shows=(_lineage, _ph_status, lines.value(concepts.RELAPSE_COUNT)),
    advice=(
        carrying("S0-13", _first_relapse),
        carrying("S0-13", _immunotherapy),
        carrying("S0-13", _survival),
        carrying("S0-14", _second_remission),
        carrying("S0-16", _later_relapse),
        carrying(
            "S0-17",
            f"{lines.SUMMARY} without a response supportive and palliative care are options. "
            "To be offered, not assumed.",
        ),
        carrying(
            "S0-18",
            f"For clinicians: {lines.SUMMARY} after several relapses the outlook is often poor "
            "whatever is tried. Not found in a primary source.",
        ),
    ),
    suggestions=(_tests, _palliative_care),
    override_reasons=(overrides.PLAN_DOCUMENTED, overrides.OTHER),
)
def all_relapsed_refractory(patient: Chart) -> Finding:
    """ALL is recorded as relapsed or refractory. Lineage, Philadelphia chromosome, markers on the
    blasts, earlier treatment and the patient's wishes decide what comes next."""
    return all_of(
        questions.relapsed_or_refractory_all(patient),
        none_of(patient.may_have(concepts.ALS)),
    )
