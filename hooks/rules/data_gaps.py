"""What is missing, old, contradictory or unreadable and could change which card shows."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import FALSE, TRUE, UNKNOWN, Fact, Finding, all_of, any_of, none_of
from cds_service.rule import Indicator, Suggestion, rule
from hooks import concepts, evidence, fitness, overrides, proposals, questions, thresholds


def _count_not_usable(patient: Chart) -> Finding:
    """Active leukemia without a readable count of the last 72 h."""
    count = patient.latest(concepts.LEUKOCYTES, thresholds.OLD_COUNT)
    unusable = count.bounds is None or count.doubt is not None
    facts = tuple(fact for fact in (count.doubt, count.fact) if fact is not None and fact.missing)
    missing = Finding(
        f"Leukocytes{count.within} not usable",
        TRUE if unusable else FALSE,
        facts if unusable else (count.fact,),
    )
    return all_of(questions.possible_acute_leukemia(patient), missing)


def _lineage_not_known(patient: Chart) -> Finding:
    words = "Lineage of the acute leukemia is not specified on the problem list"
    known = (concepts.AML, concepts.ALL, concepts.APL, concepts.MIXED_PHENOTYPE_ACUTE_LEUKEMIA)
    return questions.said(
        concepts.UNSPECIFIED_ACUTE_LEUKEMIA.id,
        words,
        all_of(
            patient.has(concepts.UNSPECIFIED_ACUTE_LEUKEMIA),
            none_of(*(patient.may_have(leukemia) for leukemia in known)),
        ),
    )


def _diagnosis_not_settled(patient: Chart) -> Finding:
    """Suspected, or entries that contradict each other."""
    return any_of(
        *(questions.not_known(patient.has(leukemia)) for leukemia in questions.ACUTE_LEUKEMIAS)
    )


def _fitness_not_known(patient: Chart) -> Finding:
    """New AML of an adult without ALS, and nothing on record that settles fitness."""
    return all_of(
        fitness.newly_diagnosed_aml(patient),
        patient.age().at_least(thresholds.ADULT),
        none_of(patient.may_have(concepts.ALS)),
        questions.not_known(fitness.poor_performance(patient)),
        questions.not_shown(
            fitness.other_criterion(patient), "Nothing else settles fitness for intensive therapy"
        ),
    )


def _unexplained_count(patient: Chart) -> Finding:
    """A very high count that no leukemia on record explains."""
    count = patient.latest(concepts.LEUKOCYTES, thresholds.OLD_COUNT)
    leukemias = (*questions.ACUTE_LEUKEMIAS, concepts.OTHER_LEUKEMIA)
    recorded = [each for each in leukemias if patient.diagnosis(each).records]
    facts = tuple(fact for each in recorded or leukemias for fact in patient.has(each).facts)
    # A problem list that could not be read holds no records either.
    absent = UNKNOWN if any(fact.missing for fact in facts) else TRUE
    unexplained = Finding("No leukemia on record", FALSE if recorded else absent, facts)
    # A leukemia that is not classified has a line of its own.
    unclassified = patient.may_have(concepts.BORDERLINE_LEUKEMIA)
    finding = all_of(
        count.at_least(thresholds.HYPERLEUKOCYTOSIS), unexplained, none_of(unclassified)
    )
    words = "no acute leukemia is on the problem list, so these rules do not apply: unexplained WBC"

    def say() -> str:
        return f"{count.fact.say()}; {words}"

    return _in_words("Unexplained high count", finding, Fact(concepts.LEUKOCYTES.id, say))


def _unclassified_leukemia(patient: Chart) -> Finding:
    """A very high count with a leukemia that these rules do not count as acute."""
    count = patient.latest(concepts.LEUKOCYTES, thresholds.OLD_COUNT)
    finding = all_of(
        count.at_least(thresholds.HYPERLEUKOCYTOSIS),
        patient.may_have(concepts.BORDERLINE_LEUKEMIA),
        none_of(questions.possible_acute_leukemia(patient)),
    )

    def say() -> str:
        return (
            f"{count.fact.say()}; the leukemia on record is not classified as acute by these "
            "rules: decide with hematology"
        )

    return _in_words("Leukemia not classified", finding, Fact(concepts.LEUKOCYTES.id, say))


def _in_words(question: str, finding: Finding, fact: Fact) -> Finding:
    """The fact where the answer is yes; elsewhere it would say what is not so."""
    facts = (fact,) if finding.truth is TRUE else tuple(finding.deciding())
    return Finding(question, finding.truth, facts)


def _count_in_doubtful_leukemia(patient: Chart) -> list[Fact]:
    """The count that makes the gaps matter, where no other card can show it.

    Entries contradict each other, or it is high in remission and what explains it is not known.
    """
    count = patient.latest(concepts.LEUKOCYTES, thresholds.FRESH_COUNT)
    high = count.at_least(thresholds.HIGH_COUNT).truth is TRUE
    if questions.possible_acute_leukemia(patient).truth is UNKNOWN:
        return [patient.latest(concepts.LEUKOCYTES, thresholds.OLD_COUNT).fact]
    return [count.fact] if high and questions.leukemia_in_remission(patient).truth is TRUE else []


def _urgent_review(patient: Chart) -> Suggestion | None:
    """A very high count that nothing on record explains may be a leukemia that nobody named."""
    doubtful = (_unexplained_count(patient), _unclassified_leukemia(patient))
    if not any(questions.is_yes(finding) for finding in doubtful):
        return None
    tests = ("Blood smear review", "Hematology consult: very high leukocyte count")
    return proposals.requesting("Draft smear and hematology consult", *tests, priority="urgent")(
        patient
    )


@rule(
    id="data-gaps",
    version="1.0.0",
    indicator=Indicator.INFO,
    summary=(
        "Some data needed for these leukemia checks are missing, old or unreadable; absence of a "
        "warning is not reassurance."
    ),
    evidence=(evidence.SPURIOUS, evidence.READING),
    strength="Design rule",
    statements=("X-04",),
    shows=(_count_in_doubtful_leukemia,),
    advice=(
        "The source on spurious values is about results that a very high count distorts, not about "
        "data that could not be read.",
    ),
    suggestions=(proposals.missing_tests, _urgent_review),
    override_reasons=(overrides.KNOWN_AND_ACCEPTED, overrides.ALREADY_DONE, overrides.OTHER),
)
def data_gaps(patient: Chart) -> Finding:
    """These checks could not be completed. What is listed below was missing, too old,
    contradictory or unreadable, and could change the advice."""
    return any_of(
        _count_not_usable(patient),
        _lineage_not_known(patient),
        _diagnosis_not_settled(patient),
        _fitness_not_known(patient),
        _unexplained_count(patient),
        _unclassified_leukemia(patient),
    )
