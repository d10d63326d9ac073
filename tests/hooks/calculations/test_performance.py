"""ECOG and Karnofsky together: both sides of every limit of section 5.4."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import lines
from hooks.calculations import performance
from hooks.concepts import ECOG, KARNOFSKY
from tests.hooks.calculations.support import examples
from tests.patients import chart, in_words, result


def ecog(grade, hours_ago=24):
    return result(ECOG, grade, hours_ago=hours_ago)


def karnofsky(score, hours_ago=24):
    return result(KARNOFSKY, score, hours_ago=hours_ago)


# What is on record, whether that is ECOG 2 or worse, whether 3 or worse.
GRADES = {
    "ECOG 1": ((ecog(1),), FALSE, FALSE),
    "ECOG 2": ((ecog(2),), TRUE, FALSE),
    "ECOG 3": ((ecog(3),), TRUE, TRUE),
    "Karnofsky 90": ((karnofsky(90),), FALSE, FALSE),
    "Karnofsky 80": ((karnofsky(80),), FALSE, FALSE),
    "Karnofsky 79": ((karnofsky(79),), UNKNOWN, FALSE),
    "Karnofsky 70": ((karnofsky(70),), UNKNOWN, FALSE),
    "Karnofsky 69": ((karnofsky(69),), UNKNOWN, UNKNOWN),
    "Karnofsky 61": ((karnofsky(61),), UNKNOWN, UNKNOWN),
    "Karnofsky 60": ((karnofsky(60),), TRUE, UNKNOWN),
    "Karnofsky 50": ((karnofsky(50),), TRUE, UNKNOWN),
    "Karnofsky 41": ((karnofsky(41),), TRUE, UNKNOWN),
    "Karnofsky 40": ((karnofsky(40),), TRUE, TRUE),
    "Karnofsky 20": ((karnofsky(20),), TRUE, TRUE),
    "neither": ((), UNKNOWN, UNKNOWN),
    "both older than 30 d": ((ecog(3, 721), karnofsky(30, 721)), UNKNOWN, UNKNOWN),
    "ECOG newer": ((ecog(1, 24), karnofsky(40, 48)), FALSE, FALSE),
    "Karnofsky newer": ((ecog(1, 48), karnofsky(40, 24)), TRUE, TRUE),
    "Karnofsky better and newer": ((ecog(3, 48), karnofsky(90, 24)), FALSE, FALSE),
    "contradicting each other, of one time": (
        (ecog(1, 24), karnofsky(40, 24)),
        UNKNOWN,
        UNKNOWN,
    ),
    "of one time, Karnofsky undecided": ((ecog(2, 24), karnofsky(70, 24)), TRUE, FALSE),
    "Karnofsky newer, ECOG too old": ((ecog(1, 721), karnofsky(40, 24)), TRUE, TRUE),
    "a newer Karnofsky that cannot be read, after a good one": (
        (karnofsky(90, 48), in_words(karnofsky(90, 24), "much worse")),
        UNKNOWN,
        UNKNOWN,
    ),
    "a newer Karnofsky that cannot be read, after a bad one": (
        (karnofsky(40, 48), in_words(karnofsky(40, 24), "much better")),
        TRUE,
        TRUE,
    ),
    "a newer ECOG that cannot be read, after a good Karnofsky": (
        (karnofsky(90, 48), in_words(ecog(3, 24), "much worse")),
        UNKNOWN,
        UNKNOWN,
    ),
    "a newer Karnofsky that cannot be read, after a good ECOG": (
        (ecog(1, 48), in_words(karnofsky(40, 24), "much worse")),
        UNKNOWN,
        UNKNOWN,
    ),
    "an older ECOG that cannot be read, before a good Karnofsky": (
        (in_words(ecog(3, 72), "bad"), karnofsky(90, 48)),
        FALSE,
        FALSE,
    ),
    "a newer ECOG that cannot be read, after a bad Karnofsky": (
        (karnofsky(40, 48), in_words(ecog(1, 24), "much better")),
        TRUE,
        TRUE,
    ),
}


@pytest.mark.parametrize(("records", "two", "three"), GRADES.values(), ids=GRADES)
def test_a_karnofsky_score_decides_only_where_its_whole_range_agrees(records, two, three):
    found = chart(*records)
    assert performance.ecog_at_least_2(found).truth is two
    assert performance.ecog_at_least_3(found).truth is three


@pytest.mark.parametrize(("records", "two", "three"), GRADES.values(), ids=GRADES)
def test_an_open_answer_is_a_gap_and_a_closed_one_rests_on_what_is_on_record(records, two, three):
    for finding in (
        performance.ecog_at_least_2(chart(*records)),
        performance.ecog_at_least_3(chart(*records)),
    ):
        gaps = [fact.missing for fact in finding.deciding()]
        assert any(gaps) is (finding.truth is UNKNOWN)
        assert gaps


def test_the_question_is_the_same_whatever_is_on_record():
    asked = {performance.ecog_at_least_2(chart(*case[0])).question for case in GRADES.values()}
    assert len(asked) == 1


@examples(101)
@given(score=st.integers(0, 100), more=st.integers(0, 100))
def test_a_better_karnofsky_score_never_stands_for_a_worse_grade(score, more):
    best, worst = performance.ecog_range(Decimal(score))
    assert best <= worst
    higher = performance.ecog_range(Decimal(min(score + more, 100)))
    assert higher[0] <= best
    assert higher[1] <= worst


@examples(50)
@given(score=st.integers(0, 10).map(lambda tens: tens * 10))
def test_the_gates_follow_from_the_range(score):
    """Scores are given in tens."""
    best, worst = performance.ecog_range(Decimal(score))
    for gate, grade in ((performance.ecog_at_least_2, 2), (performance.ecog_at_least_3, 3)):
        expected = TRUE if best >= grade else FALSE if worst < grade else UNKNOWN
        assert gate(chart(karnofsky(score))).truth is expected


DISAGREEING = {
    "ECOG 1, Karnofsky 60 of the same time": (
        (ecog(1), karnofsky(60)),
        "ECOG and Karnofsky of the same time disagree: assess again",
    ),
    "ECOG 1, a newer Karnofsky 60": (
        (ecog(1, 48), karnofsky(60)),
        "ECOG and Karnofsky disagree: Karnofsky performance status, which is newer, counts",
    ),
    "ECOG 4, Karnofsky 60": (
        (ecog(4), karnofsky(60)),
        "ECOG and Karnofsky of the same time disagree: assess again",
    ),
    "a newer ECOG 1, Karnofsky 60": (
        (ecog(1), karnofsky(60, 48)),
        "ECOG and Karnofsky disagree: ECOG performance status, which is newer, counts",
    ),
    "ECOG 2, Karnofsky 60": ((ecog(2), karnofsky(60)), None),
    "ECOG 3, Karnofsky 60": ((ecog(3), karnofsky(60)), None),
    "ECOG alone": ((ecog(1),), None),
    "Karnofsky alone": ((karnofsky(60),), None),
    "a Karnofsky score that is too old": ((ecog(1), karnofsky(60, 721)), None),
}


@pytest.mark.parametrize(("records", "words"), DISAGREEING.values(), ids=DISAGREEING)
def test_scales_that_disagree_are_named_with_the_one_that_counts(records, words):
    fact = performance.disagreement(chart(*records))
    assert (fact.say() if fact else None) == words
    shown = [each.say() for each in lines.performance(chart(*records))]
    assert [each for each in shown if "disagree" in each] == ([words] if words else [])
