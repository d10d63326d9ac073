"""Active ALL at 65 or more, without ALS: how intensive, and is a TKI part of it?"""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import FALSE, TRUE, Fact, Finding, all_of, none_of
from cds_service.limits import Stated
from cds_service.rule import Indicator, Suggestion, carrying, rule
from hooks import concepts, evidence, lines, overrides, proposals, questions, thresholds
from hooks.calculations import performance


def _is_ph_positive(patient: Chart) -> bool:
    return questions.ph_positive_all(patient).truth is TRUE


def _is_ph_negative(patient: Chart) -> bool:
    known = questions.ph_status_known(patient).truth is TRUE
    return known and questions.ph_positive_all(patient).truth is FALSE


def _ph_status(patient: Chart) -> list[Fact]:
    if _is_ph_positive(patient):
        return lines.ph_status(patient)
    if _is_ph_negative(patient):
        return list(patient.test_is_negative(concepts.BCR_ABL1).facts)
    words = "Philadelphia chromosome (BCR::ABL1): not known"
    unread = lines.ph_unread(patient)
    return [*lines.ph_negative(patient), *unread, Fact("bcr-abl1", lambda: words, missing=True)]


def _low_intensity(patient: Chart) -> str | None:
    if _is_ph_positive(patient):
        return None
    return (
        f"{lines.SUMMARY} Ph-negative, graded by intensity. Low: vincristine and prednisone, or "
        "POMP. Evidence: fit and unfit older adults are told apart; low-intensity series are old."
    )


def _moderate_intensity(patient: Chart) -> str | None:
    if _is_ph_positive(patient):
        return None
    return (
        f"{lines.SUMMARY} moderate intensity: ALLOLD07, EWALL, GMALL, modified DFCI 91-01. "
        "Protocol names as the summary gives them, not verified."
    )


def _high_intensity(patient: Chart) -> str | None:
    if _is_ph_positive(patient):
        return None
    return (
        f"{lines.SUMMARY} high intensity: CALGB 9111, ECOG 1910 (E1910), dose-adjusted hyper-CVAD. "
        "Evidence: E1910 enrolled ages 30-70 and added blinatumomab, in B lineage."
    )


def _with_inhibitor(patient: Chart) -> str | None:
    if _is_ph_negative(patient):
        return None
    return (
        f"{lines.SUMMARY} Ph-positive: a tyrosine kinase inhibitor (TKI) with a steroid, "
        "chemotherapy, or both. Evidence: dasatinib with a steroid and intrathecal therapy, "
        "without systemic chemotherapy, brought hematologic remission in all patients (LAL1205); "
        "chemotherapy-free options are growing."
    )


def _dasatinib(patient: Chart) -> str | None:
    if _is_ph_negative(patient):
        return None
    return (
        f"{lines.SUMMARY} Ph-positive: dasatinib, vincristine and dexamethasone gave 96% complete "
        "remission. Evidence: exact (EWALL-PH-01, median age 69), with intrathecal therapy and "
        "later cytarabine, asparaginase and methotrexate."
    )


def _survival(patient: Chart) -> str | None:
    if _is_ph_negative(patient):
        return None
    return "For clinicians: overall survival at 5 years in EWALL-PH-01 was 36%."


def _maintenance(patient: Chart) -> str | None:
    if _is_ph_negative(patient):
        return None
    return (
        f"{lines.SUMMARY} Ph-positive: maintenance with the inhibitor after consolidation is "
        "mandatory. Evidence: the trial continued dasatinib until relapse or death; intolerance is "
        "a valid reason against it."
    )


def _poor_performance(patient: Chart) -> str | None:
    if performance.ecog_at_least_2(patient).truth is not TRUE:
        return None
    return (
        "ECOG 2 or worse: intensive induction carries a higher risk, and lower intensity is worth "
        "weighing. Is the leukemia the cause? Then the status may improve with treatment."
    )


def _ph_test(patient: Chart) -> Suggestion | None:
    if questions.ph_status_known(patient).truth is not FALSE:
        return None
    return proposals.requesting("Draft BCR::ABL1 test", "BCR::ABL1", priority="urgent")(patient)


@rule(
    id="all-older-adult",
    version="1.0.0",
    indicator=Indicator.INFO,
    summary=Stated(
        "ALL at age {.number}+: choose intensity by performance status and comorbidity; confirm Ph "
        "status, as Ph+ needs a tyrosine kinase inhibitor.",
        thresholds.OLDER_ADULT,
    ),
    evidence=(
        evidence.EWALLPH,
        evidence.LAL1205,
        evidence.PHASH22,
        evidence.GOK13,
        evidence.E1910,
        evidence.MAYO18,
    ),
    strength="Single-arm trials",
    statements=("S0-35", "S0-36", "S0-37", "S0-38", "S0-40", "S0-41", "S0-42"),
    shows=(lines.performance, _ph_status),
    advice=(
        _poor_performance,
        carrying("S0-35 S0-36", _low_intensity),
        carrying("S0-37", _moderate_intensity),
        carrying("S0-38", _high_intensity),
        carrying("S0-40", _with_inhibitor),
        carrying("S0-41", _dasatinib),
        carrying("S0-41", _survival),
        carrying("S0-42", _maintenance),
    ),
    suggestions=(
        _ph_test,
        proposals.requesting("Draft geriatric assessment", "Geriatric assessment"),
    ),
    override_reasons=(overrides.PLAN_DOCUMENTED, overrides.OTHER),
)
def all_older_adult(patient: Chart) -> Finding:
    """In older adults with ALL, performance status and comorbidity tell more than age alone about
    what treatment intensity will be tolerated. The Philadelphia chromosome (Ph, BCR::ABL1) decides
    whether a tyrosine kinase inhibitor belongs to it."""
    return all_of(
        patient.has(concepts.ALL),
        patient.age().at_least(thresholds.OLDER_ADULT),
        none_of(
            questions.relapsed_or_refractory_all(patient),
            questions.remission_reported(patient, concepts.ALL),
            patient.may_have(concepts.ALS),
        ),
    )
