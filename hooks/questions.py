"""Clinical questions that several rules ask, made of the chart's own."""

from __future__ import annotations

from cds_service.chart import Chart, question
from cds_service.finding import FALSE, TRUE, UNKNOWN, Fact, Finding, all_of, any_of, none_of
from cds_service.terminology import Measurement
from hooks import concepts, thresholds

NON_PROMYELOCYTIC = (
    concepts.AML,
    concepts.ALL,
    concepts.MIXED_PHENOTYPE_ACUTE_LEUKEMIA,
    concepts.UNSPECIFIED_ACUTE_LEUKEMIA,
)
ACUTE_LEUKEMIAS = (*NON_PROMYELOCYTIC, concepts.APL)
"""Their order is the order in which cards name them."""


@question
def active_acute_leukemia(patient: Chart) -> Finding:
    """Confirmed and active or relapsed, of any lineage."""
    return any_of(*(patient.has(leukemia) for leukemia in ACUTE_LEUKEMIAS))


@question
def possible_acute_leukemia(patient: Chart) -> Finding:
    """Active or relapsed, confirmed or suspected, of any lineage."""
    return any_of(*(patient.may_have(leukemia) for leukemia in ACUTE_LEUKEMIAS))


@question
def possible_non_promyelocytic_leukemia(patient: Chart) -> Finding:
    """As possible_acute_leukemia, without APL, which has an emergency card of its own."""
    return any_of(*(patient.may_have(leukemia) for leukemia in NON_PROMYELOCYTIC))


@question
def acute_leukemia_only_suspected(patient: Chart) -> Finding:
    """Some acute leukemia is suspected and none is confirmed."""
    confirmed = active_acute_leukemia(patient)
    suspected = possible_acute_leukemia(patient)
    truth = TRUE if suspected.truth is TRUE and confirmed.truth is not TRUE else FALSE
    return Finding("Acute leukemia suspected, not confirmed", truth, tuple(suspected.deciding()))


@question
def leukemia_in_remission(patient: Chart) -> Finding:
    """Recorded as in remission, or as no longer active."""
    return any_of(*(patient.in_remission(leukemia) for leukemia in ACUTE_LEUKEMIAS))


@question
def leukemia_in_conflict(patient: Chart) -> Finding:
    """Live and not live side by side, and no date tells which is newer."""
    views = [patient.diagnosis(leukemia) for leukemia in ACUTE_LEUKEMIAS]
    truth = TRUE if any(view.in_conflict for view in views) else FALSE
    facts = tuple(
        fact
        for leukemia, view in zip(ACUTE_LEUKEMIAS, views, strict=True)
        if view.in_conflict
        for fact in patient.has(leukemia).facts
    )
    return Finding("Entries of an acute leukemia contradict each other", truth, facts)


@question
def apl_suspected_or_confirmed(patient: Chart) -> Finding:
    """A live APL entry, a positive PML::RARA, or a coded morphology that suggests it."""
    return any_of(
        patient.may_have(concepts.APL),
        all_of(
            patient.test_is_positive(concepts.PML_RARA),
            none_of(patient.in_remission(concepts.APL)),
        ),
        patient.test_is_positive(concepts.APL_MORPHOLOGY, within=thresholds.MORPHOLOGY),
    )


@question
def severe_breathing_or_performance(patient: Chart) -> Finding:
    """FVC below 50 %, ventilation support, or ECOG 3-4: intensive therapy may kill soon."""
    return any_of(
        patient.latest(concepts.FVC, thresholds.BREATHING).below(thresholds.FVC_SEVERE),
        patient.has(concepts.VENTILATOR_DEPENDENCE),
        patient.latest(concepts.ECOG, thresholds.PERFORMANCE_STATUS).at_least(
            thresholds.SEVERE_ECOG
        ),
        patient.latest(concepts.KARNOFSKY, thresholds.PERFORMANCE_STATUS).at_most(
            thresholds.SEVERE_KARNOFSKY
        ),
    )


@question
def blasts_in_blood(patient: Chart) -> Finding:
    """Any blast in a fresh count. One lineage alone can show blasts, never rule them out."""

    def above_none(*counted: Measurement) -> list[Finding]:
        return [
            patient.latest(blasts, thresholds.FRESH_COUNT).above(thresholds.BLASTS_PRESENT)
            for blasts in counted
        ]

    of_all = above_none(concepts.BLASTS_PERCENT, concepts.BLASTS_ABSOLUTE)
    of_one_lineage = above_none(
        concepts.BLASTS_PERCENT_BY_LINEAGE, concepts.BLASTS_ABSOLUTE_BY_LINEAGE
    )
    shown = any_of(*of_all, *of_one_lineage)
    ruled_out = [finding for finding in of_all if finding.truth is FALSE]
    # Laboratories report a share or a number: the other one is then no gap.
    return any_of(*ruled_out) if shown.truth is UNKNOWN and ruled_out else shown


@question
def growth_factor_running(patient: Chart) -> Finding:
    """G-CSF explains a high count."""
    return any_of(patient.taking(concepts.FILGRASTIM), patient.taking(concepts.PEGFILGRASTIM))


@question
def pregnant(patient: Chart) -> Finding:
    """On the problem list, suspected included, or by a recorded pregnancy status."""
    return any_of(
        patient.may_have(concepts.PREGNANCY),
        patient.test_is_positive(concepts.PREGNANCY_STATUS),
    )


@question
def g6pd_deficient(patient: Chart) -> Finding:
    """On the problem list, or by assay."""
    return any_of(
        patient.has(concepts.G6PD_DEFICIENCY),
        patient.test_is_positive(concepts.G6PD_SCREEN),
        patient.test_is_positive(concepts.G6PD_ACTIVITY),
    )


@question
def g6pd_normal(patient: Chart) -> Finding:
    """An assay says normal and nothing says deficient. Not tested is not normal."""
    return all_of(
        none_of(g6pd_deficient(patient)),
        any_of(
            patient.test_is_negative(concepts.G6PD_SCREEN),
            patient.test_is_negative(concepts.G6PD_ACTIVITY),
        ),
    )


def not_known(finding: Finding, words: str = "") -> Finding:
    """Yes when the answer is unknown: a gap as a finding of its own."""
    truth = TRUE if finding.truth is UNKNOWN else FALSE
    facts = tuple(fact for fact in finding.deciding() if fact.missing)
    return Finding(words or f"Not known: {finding.question}", truth, facts)


def said(key: str, words: str, when: Finding) -> Finding:
    """A finding shown in other words than those of its parts."""
    return Finding(words, when.truth, (Fact(key, lambda: words, missing=True),))
