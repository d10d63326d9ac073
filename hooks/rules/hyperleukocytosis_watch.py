"""A count near the emergency range, or last seen in it, or at odds with a recorded remission."""

from __future__ import annotations

from cds_service.amount import Amount
from cds_service.chart import Chart
from cds_service.finding import FALSE, TRUE, UNKNOWN, Finding, all_of, any_of, none_of
from cds_service.rule import Escalation, Indicator, carrying, rule
from hooks import concepts, evidence, lines, overrides, proposals, questions, thresholds


def _near(patient: Chart) -> Finding:
    """AML with a fresh count of 50 or more (100 and more is the emergency card's)."""
    return all_of(patient.may_have(concepts.AML), _high_today(patient))


def _high_today(patient: Chart) -> Finding:
    count = patient.latest(concepts.LEUKOCYTES, thresholds.FRESH_COUNT)
    return count.at_least(thresholds.HIGH_COUNT)


def _high_where_counted(patient: Chart) -> Finding:
    """In remission nobody counts every day: that there is no count of today is no gap.

    Unless the last one was high, and only too old to say so today, or blasts were seen today.
    """
    high = _high_today(patient)
    if questions.blasts_in_blood(patient).truth is TRUE:
        return high
    counted = patient.has_result(concepts.LEUKOCYTES, thresholds.FRESH_COUNT)
    last = patient.latest(concepts.LEUKOCYTES, thresholds.OLD_COUNT)
    if counted.truth is FALSE and last.at_least(thresholds.HIGH_COUNT).truth is not TRUE:
        return Finding(high.question, FALSE, counted.facts)
    return high


def _perhaps_emergency(patient: Chart) -> Finding:
    """Any lineage: a fresh count known only to be above 50 (">60") may be 100 or more."""
    count = patient.latest(concepts.LEUKOCYTES, thresholds.FRESH_COUNT)
    return all_of(
        questions.possible_non_promyelocytic_leukemia(patient),
        _high_today(patient),
        _may_be_more(count),
    )


def _may_be_more(count: Amount) -> Finding:
    """The count is usable today, and only a bound of it is known."""
    emergency = count.at_least(thresholds.HYPERLEUKOCYTOSIS)
    is_open = count.bounds is not None and emergency.truth is UNKNOWN
    return Finding(emergency.question + ": may be", TRUE if is_open else FALSE, emergency.facts)


def _with_contradicting_entries(patient: Chart) -> Finding:
    """Whether in remission or in relapse, a fresh count of 50 or more needs a second look."""
    return all_of(questions.leukemia_in_conflict(patient), _high_today(patient))


def _last_seen_high(patient: Chart) -> Finding:
    """The last count of 72 h was 100 or more, whatever its age."""
    return all_of(
        questions.possible_non_promyelocytic_leukemia(patient),
        patient.latest(concepts.LEUKOCYTES, thresholds.OLD_COUNT).at_least(
            thresholds.HYPERLEUKOCYTOSIS
        ),
    )


def _in_the_emergency_range(patient: Chart) -> Finding:
    """What the emergency card asks: it takes this one's place, unless a site does not have it.

    Yes or no: an old count, or one of which only a bound is known, has words of its own here.
    """
    count = patient.latest(concepts.LEUKOCYTES, thresholds.FRESH_COUNT)
    found = all_of(
        questions.possible_non_promyelocytic_leukemia(patient),
        count.at_least(thresholds.HYPERLEUKOCYTOSIS),
    )
    return found if found.truth is TRUE else Finding(found.question, FALSE)


def _at_odds_with_remission(patient: Chart) -> Finding:
    """Recorded remission, yet a high count that blasts or the lack of G-CSF make suspicious."""
    return all_of(
        questions.leukemia_in_remission(patient),
        _high_where_counted(patient),
        any_of(
            questions.blasts_in_blood(patient),
            none_of(questions.growth_factor_running(patient)),
        ),
    )


def _reason(patient: Chart) -> str:
    """Why the count is watched: a remission it contradicts, a bound, its level or its age."""
    if _at_odds_with_remission(patient).truth is TRUE:
        return (
            "Why: the problem list says remission, which does not fit this count. Possible "
            "relapse: review the smear."
        )
    if _with_contradicting_entries(patient).truth is TRUE:
        return (
            "Why: entries of the leukemia contradict each other, and the count is high: settle the "
            "state of the disease today."
        )
    emergency = patient.limit(thresholds.HYPERLEUKOCYTOSIS).number
    if _in_the_emergency_range(patient).truth is TRUE:
        return (
            f"Why: the count is {emergency} or more, which in acute leukemia is an emergency. The "
            "card for it is switched off or not approved here."
        )
    if _perhaps_emergency(patient).truth is TRUE:
        return f"Why: the result is a bound, so the count may be {emergency} or more."
    if _near(patient).truth is TRUE:
        high = patient.limit(thresholds.HIGH_COUNT).number
        return f"Why: the count is between {high} and {emergency}."
    fresh, old = patient.limit(thresholds.FRESH_COUNT), patient.limit(thresholds.OLD_COUNT)
    return (
        f"Why: the last count was {emergency} or more, but at over {fresh} it is too old to act "
        f"on. After {old} it is not used at all."
    )


def _leukostasis(patient: Chart) -> str | None:
    """Not on a card of ALL, where leukostasis is uncommon at these counts."""
    if patient.on_record(concepts.ALL).truth is TRUE:
        return None
    return "AML, especially monocytic, can show leukostasis between 50 and 100 ×10⁹/L."


@rule(
    id="hyperleukocytosis-watch",
    version="1.0.0",
    indicator=Indicator.WARNING,
    summary=(
        "WBC is near or was last in the emergency range for acute leukemia; repeat the CBC now "
        "before acting on it."
    ),
    escalations=(
        Escalation(
            Indicator.WARNING,
            _in_the_emergency_range,
            "WBC is in the emergency range for acute leukemia, for which no card is in use here: "
            "act by local protocol today.",
        ),
    ),
    evidence=(evidence.ROLLIG15, evidence.STAHL20, evidence.CAIRO10),
    strength="Expert review",
    statements=("X-04",),
    advice=(
        carrying("X-04", _reason),
        lines.suspected_leukemia,
        _leukostasis,
        "The high-risk category for tumor lysis in AML and ALL starts at a count of 100.",
    ),
    suggestions=(
        proposals.requesting(
            "Draft CBC with differential, STAT",
            "Complete blood count with differential",
            priority="stat",
        ),
        proposals.tumor_lysis_labs_if_old,
    ),
    override_reasons=(
        overrides.ALREADY_DONE,
        overrides.KNOWN_AND_IMPROVING,
        overrides.OTHER_CAUSE,
        overrides.OTHER,
    ),
)
def hyperleukocytosis_watch(patient: Chart) -> Finding:
    """The count may be in the emergency range now. A repeat today decides; an old value is
    neither a ground for emergency treatment nor a reassurance."""
    return any_of(
        _near(patient),
        _perhaps_emergency(patient),
        _last_seen_high(patient),
        _at_odds_with_remission(patient),
        _with_contradicting_entries(patient),
    )
