"""AML in relapse or refractory, without ALS. APL in relapse is the card apl-suspected's."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.diagnosis import Course
from cds_service.finding import Fact, Finding, all_of, none_of
from cds_service.rule import Indicator, carrying, rule
from hooks import concepts, evidence, fitness, genetics, lines, overrides, proposals, questions


def _course(patient: Chart) -> list[Fact]:
    """Every entry of the AML with its date: how long the first remission was is not computed."""
    records = patient.diagnosis(concepts.AML).records
    said = list(dict.fromkeys(f"{concepts.AML.title}: {each.words}" for each in records))
    shown = [Fact(concepts.AML.id, words.__str__) for words in said]
    if any(each.course is Course.REMISSION for each in records):
        return shown
    gap = "Length of the first remission: not on record"
    return [*shown, Fact("first remission", lambda: gap, missing=True)]


@rule(
    id="aml-relapsed-refractory",
    version="1.0.0",
    indicator=Indicator.INFO,
    summary=(
        "Relapsed or refractory AML: length of first remission, fitness and mutations guide "
        "re-induction, targeted therapy or supportive care."
    ),
    evidence=(evidence.CORN12,),
    strength="Not graded; not verified in primary text",
    statements=("S0-28", "S0-29", "S0-30", "S0-31", "S0-32", "S0-33", "S0-34"),
    shows=(_course, fitness.status, genetics.on_record),
    advice=(
        carrying(
            "S0-28",
            f"{lines.SUMMARY} after a longer first remission offer intensive re-induction. "
            "Evidence: no limit was found for what counts as longer; after a short one the yield "
            "is lower.",
        ),
        carrying(
            "S0-29",
            f"{lines.SUMMARY} in second or later remission allogeneic transplant from a matched "
            "related or unrelated donor. Evidence: fits the consensus, not read in it; for "
            "patients who are fit.",
        ),
        carrying(
            "S0-30",
            f"{lines.SUMMARY} selected patients with a matched donor may have a transplant without "
            "remission. The chance of success is low: say so.",
        ),
        carrying(
            "S0-31",
            f"{lines.SUMMARY} refractory means failure after one or two induction cycles. The "
            "status on record is used here; definitions differ (two intensive cycles in ELN, "
            "unverified).",
        ),
        carrying(
            "S0-32",
            f"{lines.SUMMARY} refractory AML: a trial, intensive re-induction, transplant or "
            "supportive care. Targeted drugs are missing there: repeat FLT3 and IDH1/2 testing.",
        ),
        carrying(
            "S0-34",
            f"{lines.SUMMARY} supportive or low-toxicity palliative therapy is often reasonable. "
            "An option to offer with a palliative care referral, not a default.",
        ),
        carrying(
            "S0-33",
            f"For clinicians: {lines.SUMMARY} refractory AML has a very high chance of failing in "
            "the end. Not found in a primary source.",
        ),
    ),
    suggestions=(
        proposals.requesting(
            "Draft repeat mutation panel", "Mutation panel, repeated (NGS, FLT3, IDH1/2)"
        ),
        proposals.requesting("Draft palliative care referral", "Palliative care referral"),
    ),
    override_reasons=(overrides.PLAN_DOCUMENTED, overrides.OTHER),
)
def aml_relapsed_refractory(patient: Chart) -> Finding:
    """AML is recorded as relapsed or refractory. Duration of the first remission, fitness,
    mutations and the patient's wishes decide between re-induction, targeted and supportive care."""
    return all_of(
        questions.relapsed_or_refractory_aml(patient),
        none_of(patient.may_have(concepts.ALS)),
    )
