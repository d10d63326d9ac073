"""all-relapsed-refractory: catalogue R05E, scenarios 33 and 34."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import PATIENT_VIEW
from hooks.concepts import (
    ALL,
    ALS,
    AML,
    B_LINEAGE_ALL,
    BCR_ABL1,
    REFRACTORY_DISEASE,
    RELAPSE_COUNT,
    T_LINEAGE_ALL,
)
from hooks.rules.all_relapsed_refractory import all_relapsed_refractory as rule
from tests.patients import (
    LEXICON,
    aged,
    answered,
    cards,
    chart,
    count,
    diagnosis,
    in_remission,
    never_decisive,
    overrides,
    part,
    relapsed,
    result,
    suggestions,
)

REFRACTORY = answered(REFRACTORY_DISEASE, "refractory")
RELAPSE = relapsed(ALL)
B_LINEAGE = diagnosis(B_LINEAGE_ALL, clinical="recurrence")
T_LINEAGE = diagnosis(T_LINEAGE_ALL, clinical="recurrence")


def relapses(number):
    return result(RELAPSE_COUNT, number, codes=LEXICON.concepts[RELAPSE_COUNT.id].codes)


WARNS = {
    "ALL coded as relapsed": (RELAPSE,),
    "ALL with the status recurrence": (diagnosis(ALL, clinical="recurrence"),),
    "ALL active and refractory by the latest response": (diagnosis(ALL), REFRACTORY),
    "of B lineage": (RELAPSE, B_LINEAGE),
    "of T lineage": (RELAPSE, T_LINEAGE),
    "a child": (aged(9), RELAPSE),
    "ALS refuted": (RELAPSE, diagnosis(ALS, "refuted")),
}

SILENT = {
    "ALL active": (diagnosis(ALL),),
    "ALL active and in complete remission by the latest response": (
        diagnosis(ALL),
        answered(REFRACTORY_DISEASE, "complete remission"),
    ),
    "ALL in remission": (in_remission(ALL), REFRACTORY),
    "a remission newer than a relapse": (in_remission(ALL), relapsed(ALL, recorded="2025-06-01")),
    "AML relapsed": (relapsed(AML),),
    "ALS": (RELAPSE, diagnosis(ALS)),
    "ALS only suspected": (RELAPSE, diagnosis(ALS, "provisional")),
    "no leukemia": (REFRACTORY,),
}

ASKS = {
    "relapse only suspected": (relapsed(ALL, verification="provisional"),),
    "relapse only suspected, beside an entry of active disease": (
        diagnosis(ALL),
        relapsed(ALL, verification="provisional"),
    ),
    "relapse and remission of one day": (RELAPSE, in_remission(ALL)),
    "a response in words that are not read": (
        diagnosis(ALL),
        answered(REFRACTORY_DISEASE, "see report"),
    ),
    "ALS resolved, which cannot be": (RELAPSE, diagnosis(ALS, clinical="resolved")),
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
    return cards(PATIENT_VIEW, RELAPSE, *records, count(5))[rule.id]


def said(*records):
    """Everything but the list of sources, whose titles name drugs."""
    shown = card(*records)
    return shown["summary"] + shown["detail"].split("**Evidence")[0]


def test_scenario_33_is_one_info_card_with_blinatumomab():
    shown = cards(PATIENT_VIEW, RELAPSE, B_LINEAGE, count(5))
    assert list(shown) == [rule.id]
    assert shown[rule.id]["indicator"] == "info"
    text = said(B_LINEAGE)
    assert "In heavily pre-treated B-lineage adults blinatumomab did better" in text
    assert "For clinicians: median overall survival in that trial was 7.7 months" in text
    assert "not settled" not in text


def test_scenario_34_has_no_word_of_blinatumomab():
    shown = cards(PATIENT_VIEW, RELAPSE, T_LINEAGE, count(5))
    assert list(shown) == [rule.id]
    assert shown[rule.id]["indicator"] == "info"
    assert len(shown[rule.id]["summary"]) < 140
    text = said(T_LINEAGE) + " ".join(suggestions(card(T_LINEAGE)))
    assert not any(word in text for word in ("blinatumomab", "mmunotherapy", "CD19", "7.7"))


def test_a_trial_of_b_lineage_says_nothing_of_t_lineage():
    assert "stayed in remission without it (BLAST)" in said(B_LINEAGE)
    text = said(T_LINEAGE).split("**Evidence")[0]
    assert "common practice in patients who are fit." in text
    assert "BLAST" not in text


def test_a_lineage_not_recorded_is_a_gap_and_blinatumomab_depends_on_it():
    assert "If the lineage, which is not settled here, is B: review immunotherapy" in said()
    missing = part(card(), "Missing or uncertain")
    assert "Lineage of the ALL (B or T): not recorded" in missing


def test_first_and_later_relapse_are_told_apart_by_the_recorded_number():
    first = "first relapse: a trial or salvage chemotherapy"
    assert first in said(relapses(1))
    assert first in said()
    assert first not in said(relapses(2))
    assert "Number of relapses: not recorded" in part(card(), "Missing or uncertain")


@pytest.mark.parametrize(("number", "is_offered"), [(1, False), (2, True), (None, False)])
def test_palliative_care_is_offered_from_the_second_relapse_on(number, is_offered):
    records = () if number is None else (relapses(number),)
    assert ("Draft palliative care referral" in suggestions(card(*records))) is is_offered


def drafted_tests(*records):
    actions = suggestions(card(*records))["Draft tests of the relapse"]["actions"]
    return [action["resource"]["code"]["text"] for action in actions]


def test_tests_follow_the_lineage_and_what_is_known():
    markers = "Flow cytometry: CD19 and CD22 on blasts"
    residual = "Measurable residual disease (MRD), ALL"
    assert drafted_tests(B_LINEAGE) == [markers, residual, "BCR::ABL1"]
    assert drafted_tests(T_LINEAGE) == [residual, "BCR::ABL1"]
    assert drafted_tests(answered(BCR_ABL1, "positive")) == [markers, residual]
    assert drafted_tests(answered(BCR_ABL1, "negative")) == [markers, residual]


def test_the_ph_status_is_shown_or_named_as_missing():
    gap = "Philadelphia chromosome (BCR::ABL1): no result"
    assert gap in part(card(), "Missing or uncertain")
    shown = card(answered(BCR_ABL1, "positive"))
    assert gap not in shown["detail"]
    assert any(line.startswith("BCR::ABL1 positive") for line in part(shown, "This patient"))
    shown = card(answered(BCR_ABL1, "negative"))
    assert any(line.startswith("BCR::ABL1 negative") for line in part(shown, "This patient"))


def test_an_old_ph_result_that_could_not_be_read_is_shown_beside_a_negative_one():
    unread = answered(BCR_ABL1, "t(9;22) in 190 of 200 nuclei", hours_ago=9000)
    shown = card(unread, answered(BCR_ABL1, "negative"))
    assert any(line.startswith("BCR::ABL1 negative") for line in part(shown, "This patient"))
    words = 'could not be read as yes or no: "t(9;22) in 190 of 200 nuclei"'
    assert any(words in line for line in part(shown, "Missing or uncertain"))


def test_prognosis_is_marked_for_clinicians():
    text = said(B_LINEAGE)
    assert "For clinicians: Guideline summary: after several relapses the outlook" in text


def test_als_has_its_own_card_instead():
    shown = cards(PATIENT_VIEW, RELAPSE, diagnosis(ALS), count(5))
    assert list(shown) == ["als-acute-leukemia-goals"]


def test_overrides_can_say_why():
    assert overrides(card()) == ["indication-order-exists", "other"]
