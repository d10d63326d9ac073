"""all-mrd: catalogue R05G."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import PATIENT_VIEW
from hooks.concepts import (
    ALL,
    ALS,
    AML,
    B_LINEAGE_ALL,
    COMPLETE_REMISSION,
    MRD,
    MRD_END_OF_CONSOLIDATION,
    MRD_END_OF_INDUCTION,
    MRD_PRESENCE,
    PRIOR_INTENSIVE_BLOCKS,
    T_LINEAGE_ALL,
)
from hooks.rules.all_mrd import all_mrd as rule
from tests.patients import (
    LEXICON,
    aged,
    answered,
    cards,
    chart,
    count,
    diagnosis,
    in_remission,
    in_words,
    never_decisive,
    not_read,
    overrides,
    part,
    person,
    relapsed,
    result,
    suggestions,
)


def mrd(value, unit=None, *, of=MRD, **more):
    return result(of, value, unit, codes=LEXICON.concepts[of.id].codes, **more)


REMISSION = in_remission(ALL)
B_LINEAGE = diagnosis(B_LINEAGE_ALL, clinical="remission")
T_LINEAGE = diagnosis(T_LINEAGE_ALL, clinical="remission")
IN_REMISSION_BY_RESPONSE = answered(COMPLETE_REMISSION, "complete remission")
SIX_WEEKS = 42 * 24

WARNS = {
    "MRD in remission": (REMISSION, mrd(0.3)),
    "MRD in words": (REMISSION, answered(MRD_PRESENCE, "negative")),
    "MRD of the end of induction": (REMISSION, mrd(0.3, of=MRD_END_OF_INDUCTION)),
    "MRD of the end of consolidation": (REMISSION, mrd(0, of=MRD_END_OF_CONSOLIDATION)),
    "MRD exactly 42 d old": (REMISSION, mrd(0.3, hours_ago=SIX_WEEKS)),
    "MRD that says neither": (REMISSION, answered(MRD_PRESENCE, "see report")),
    "entry active, complete remission by the latest response": (
        diagnosis(ALL),
        IN_REMISSION_BY_RESPONSE,
        mrd(0.3),
    ),
    "exactly 18 years old": (aged(18), REMISSION, mrd(0.3)),
    "ALS refuted": (REMISSION, mrd(0.3), diagnosis(ALS, "refuted")),
}
SILENT = {
    "no MRD": (REMISSION,),
    "MRD a minute older than 42 d": (REMISSION, mrd(0.3, hours_ago=SIX_WEEKS + 1 / 60)),
    "ALL active": (diagnosis(ALL), mrd(0.3)),
    "AML in remission": (in_remission(AML), mrd(0.3)),
    "AML in complete remission by the latest response": (
        diagnosis(AML),
        IN_REMISSION_BY_RESPONSE,
        mrd(0.3),
    ),
    "relapsed": (relapsed(ALL), mrd(0.3)),
    "relapsed, in complete remission by the latest response": (
        relapsed(ALL),
        IN_REMISSION_BY_RESPONSE,
        mrd(0.3),
    ),
    "17 years old": (aged(17), REMISSION, mrd(0.3)),
    "ALS": (REMISSION, mrd(0.3), diagnosis(ALS)),
    "ALS only suspected": (REMISSION, mrd(0.3), diagnosis(ALS, "provisional")),
}
ASKS = {
    "remission not confirmed": (in_remission(ALL, verification="provisional"), mrd(0.3)),
    "active and in remission on one day": (diagnosis(ALL), REMISSION, mrd(0.3)),
    "birth date not recorded": (person(None), REMISSION, mrd(0.3)),
    "MRD that could not be read": (REMISSION, not_read(MRD)),
    "MRD of which no time was sent": (
        REMISSION,
        {name: each for name, each in mrd(0.3).items() if name != "effectiveDateTime"},
    ),
}


@pytest.mark.parametrize("records", WARNS.values(), ids=WARNS)
def test_warns(records):
    assert rule.applies(chart(*records)).truth is TRUE


@pytest.mark.parametrize("records", SILENT.values(), ids=SILENT)
def test_silent(records):
    assert rule.applies(chart(*records)).truth is FALSE


@pytest.mark.parametrize("records", ASKS.values(), ids=ASKS)
def test_asks(records):
    assert rule.applies(chart(*records)).truth is UNKNOWN


def test_every_condition_matters():
    """Dropping any one condition from the rule would turn a silent case into a warning."""
    assert never_decisive(rule, SILENT.values()) == set()


# -- the card -------------------------------------------------------------------------------------


def card(*records):
    return cards(PATIENT_VIEW, REMISSION, *records, count(5))[rule.id]


def said(*records):
    """Everything but the list of sources, whose titles name drugs."""
    shown = card(*records)
    return shown["summary"] + shown["detail"].split("**Evidence")[0]


HIGH = "positive, 0.1% or more"
LOW = "positive, from 0.01% to below 0.1%"
NEGATIVE = "is negative (below 0.01%)"
NO_NUMBER = "whether it reaches 0.1% is not stated"
UNREAD = "does not say positive or negative in a form read here"

READINGS = {
    "exactly 0.1": ((mrd(0.1),), HIGH),
    "0.099": ((mrd(0.099),), LOW),
    "exactly 0.01": ((mrd(0.01),), LOW),
    "0.009": ((mrd(0.009),), NEGATIVE),
    "below 0.01": ((mrd(0.01, comparator="<"),), NEGATIVE),
    "positive in words": ((answered(MRD_PRESENCE, "positive"),), NO_NUMBER),
    "negative in words": ((answered(MRD_PRESENCE, "negative"),), NEGATIVE),
    "in words that are not read": ((answered(MRD_PRESENCE, "see report"),), UNREAD),
    "in an unknown unit": ((mrd(0.3, "furlong"),), UNREAD),
    "positive by number, since then negative in words": (
        (mrd(0.3, hours_ago=900), answered(MRD_PRESENCE, "negative")),
        NEGATIVE,
    ),
    "negative in words, since then positive by number": (
        (answered(MRD_PRESENCE, "negative", hours_ago=900), mrd(0.3)),
        HIGH,
    ),
    "negative by number, since then positive in words": (
        (mrd(0, hours_ago=900), answered(MRD_PRESENCE, "positive")),
        NO_NUMBER,
    ),
    "of one time a number and a word that contradict": (
        (mrd(0.3), answered(MRD_PRESENCE, "negative")),
        HIGH,
    ),
    "of the end of induction": ((mrd(0.1, of=MRD_END_OF_INDUCTION),), HIGH),
    "positive after induction, negative since": (
        (mrd(0.3, of=MRD_END_OF_INDUCTION, hours_ago=900), mrd(0)),
        NEGATIVE,
    ),
    "negative once, positive after consolidation": (
        (mrd(0, hours_ago=900), mrd(0.3, of=MRD_END_OF_CONSOLIDATION)),
        HIGH,
    ),
}


@pytest.mark.parametrize(("records", "reading"), READINGS.values(), ids=READINGS)
def test_the_newest_result_is_read(records, reading):
    (line,) = [x for x in part(card(*records), "Consider") if x.startswith("The MRD on record")]
    assert reading in line


@pytest.mark.parametrize("of", [MRD, MRD_END_OF_INDUCTION])
def test_a_newer_result_that_cannot_be_read_is_named_beside_the_older_one(of):
    shown = card(mrd(0.3, of=of, hours_ago=900), in_words(mrd(0, of=of), "see report"))
    assert "MRD could not be read: see it" in shown["detail"]
    assert any("0.3 %" in line for line in part(shown, "This patient"))
    assert any('"see report": not used' in line for line in part(shown, "Missing or uncertain"))


def test_a_result_alone_is_in_no_doubt():
    assert "could not be read" not in card(mrd(0.3))["detail"]


def test_the_intensive_blocks_are_shown_where_they_are_recorded():
    blocks = mrd(3, of=PRIOR_INTENSIVE_BLOCKS)
    assert any(
        line.startswith("Intensive chemotherapy blocks given 3")
        for line in part(card(mrd(0.3), blocks), "This patient")
    )
    assert "Intensive chemotherapy blocks" not in card(mrd(0.3))["detail"]


def test_positive_b_lineage_gets_blinatumomab_with_its_population():
    shown = cards(PATIENT_VIEW, REMISSION, B_LINEAGE, mrd(0.3), count(5))
    assert list(shown) == [rule.id]
    assert shown[rule.id]["indicator"] == "info"
    text = said(B_LINEAGE, mrd(0.3))
    assert "blinatumomab cleared it in 78%" in text
    assert "88 of 113 adults after one 28-day cycle (BLAST)" in text
    assert "E1910" not in text
    assert any("0.3 %" in line for line in part(shown[rule.id], "This patient"))


def test_negative_b_lineage_continues_and_reviews_blinatumomab():
    text = said(B_LINEAGE, mrd(0))
    assert "MRD negative: continue consolidation and maintenance by protocol" in text
    assert "superseded in Ph-negative B-lineage ALL aged 30-70" in text
    assert "For clinicians: in E1910, MRD-negative, overall survival at 3 years was 85%" in text
    assert "BLAST" not in text


@pytest.mark.parametrize("value", [0, 0.3])
def test_t_lineage_has_no_word_of_blinatumomab(value):
    text = said(T_LINEAGE, mrd(value))
    assert "blinatumomab" not in text
    assert "E1910" not in text
    assert "T-lineage ALL with a residual disease (MRD) result on file" in text


def test_a_lineage_not_recorded_is_said():
    shown = card(mrd(0.3))
    assert "lineage not recorded" in shown["summary"]
    missing = part(shown, "Missing or uncertain")
    assert "Lineage of the ALL (B or T): not recorded" in missing


@pytest.mark.parametrize("lineage", [(B_LINEAGE,), (T_LINEAGE,), ()], ids=["B", "T", "not known"])
def test_every_summary_is_short_enough(lineage):
    assert len(card(mrd(0.3), *lineage)["summary"]) < 140


def test_the_next_mrd_is_offered_and_count_recovery_named():
    shown = card(B_LINEAGE, mrd(0))
    assert list(suggestions(shown)) == ["Draft MRD at the next time point"]
    assert "Confirm count recovery before the next phase." in shown["detail"]


def test_all_in_remission_without_mrd_is_silent():
    assert cards(PATIENT_VIEW, REMISSION, count(5)) == {}


def test_overrides_can_say_why():
    assert overrides(card(mrd(0))) == ["protocol-directed", "other"]
