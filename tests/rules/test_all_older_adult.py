"""all-older-adult: catalogue R05F and 0.9, scenario 30."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import PATIENT_VIEW
from hooks.concepts import (
    ALL,
    ALS,
    AML,
    BCR_ABL1,
    COMPLETE_REMISSION,
    ECOG,
    KARNOFSKY,
    PH_POSITIVE_LEUKEMIA,
    REFRACTORY_DISEASE,
)
from hooks.rules.all_older_adult import all_older_adult as rule
from tests.patients import (
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
    person,
    relapsed,
    result,
    suggestions,
)

LEUKEMIA = diagnosis(ALL)
OLD = (aged(70), LEUKEMIA)
PH_POSITIVE = answered(BCR_ABL1, "positive")
PH_NEGATIVE = answered(BCR_ABL1, "negative")
PH_UNREAD = answered(BCR_ABL1, "see report", hours_ago=9000)

WARNS = {
    "exactly 65 years old": (aged(65), LEUKEMIA),
    "70 years old with BCR::ABL1": (*OLD, PH_POSITIVE),
    "ALS refuted": (*OLD, diagnosis(ALS, "refuted")),
}
SILENT = {
    "64 years old": (aged(64), LEUKEMIA),
    "AML": (aged(70), diagnosis(AML)),
    "in remission": (aged(70), in_remission(ALL)),
    "in complete remission by the latest response": (
        *OLD,
        answered(COMPLETE_REMISSION, "complete remission"),
    ),
    "relapsed": (aged(70), relapsed(ALL)),
    "refractory by the latest response": (*OLD, answered(REFRACTORY_DISEASE, "refractory")),
    "ALS": (*OLD, diagnosis(ALS)),
    "ALS only suspected": (*OLD, diagnosis(ALS, "provisional")),
}
ASKS = {
    "turning 65 this year": (person("1961"), LEUKEMIA),
    "birth date not recorded": (person(None), LEUKEMIA),
    "ALL only suspected": (aged(70), diagnosis(ALL, "provisional")),
    "a response in words that are not read": (*OLD, answered(COMPLETE_REMISSION, "see report")),
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

NEGATIVE_ONLY = ("POMP", "ALLOLD07", "hyper-CVAD")
POSITIVE_ONLY = ("LAL1205", "96% complete remission", "mandatory", "was 36%")


def card(*records):
    return cards(PATIENT_VIEW, *OLD, *records, count(30))[rule.id]


def considered(*records):
    return " ".join(part(card(*records), "Consider"))


def test_it_is_one_info_card():
    shown = cards(PATIENT_VIEW, *OLD, count(30))
    assert list(shown) == [rule.id]
    assert shown[rule.id]["indicator"] == "info"
    assert shown[rule.id]["summary"] == (
        "ALL at age 65+: choose intensity by performance status and comorbidity; confirm Ph "
        "status, as Ph+ needs a tyrosine kinase inhibitor."
    )


@pytest.mark.parametrize(
    ("records", "shown", "unshown"),
    [
        ((PH_NEGATIVE,), NEGATIVE_ONLY, POSITIVE_ONLY),
        ((PH_POSITIVE,), POSITIVE_ONLY, NEGATIVE_ONLY),
        ((diagnosis(PH_POSITIVE_LEUKEMIA),), POSITIVE_ONLY, NEGATIVE_ONLY),
        ((), (*NEGATIVE_ONLY, *POSITIVE_ONLY), ()),
        ((PH_UNREAD, PH_NEGATIVE), (*NEGATIVE_ONLY, *POSITIVE_ONLY), ()),
    ],
    ids=[
        *("Ph-negative", "Ph-positive", "Ph-positive by its name", "Ph not known"),
        "Ph-negative after a result that could not be read",
    ],
)
def test_choices_follow_the_ph_status(records, shown, unshown):
    text = considered(*records)
    assert [word for word in shown if word not in text] == []
    assert [word for word in unshown if word in text] == []


def test_the_ph_status_is_asked_for_only_while_not_known():
    gap = "Philadelphia chromosome (BCR::ABL1): not known"
    assert gap in part(card(), "Missing or uncertain")
    assert list(suggestions(card())) == ["Draft BCR::ABL1 test", "Draft geriatric assessment"]
    for known in (PH_POSITIVE, PH_NEGATIVE):
        assert gap not in card(known)["detail"]
        assert list(suggestions(card(known))) == ["Draft geriatric assessment"]
        assert any("BCR::ABL1" in line for line in part(card(known), "This patient"))


def test_an_old_ph_result_that_could_not_be_read_is_named_beside_a_negative_one():
    shown = card(PH_UNREAD, PH_NEGATIVE)
    missing = part(shown, "Missing or uncertain")
    assert any('could not be read as yes or no: "see report"' in line for line in missing)
    assert "Philadelphia chromosome (BCR::ABL1): not known" in missing
    assert any(line.startswith("BCR::ABL1 negative") for line in part(shown, "This patient"))


@pytest.mark.parametrize(
    ("found", "is_said"),
    [
        (result(ECOG, 2, hours_ago=24), True),
        (result(ECOG, 1, hours_ago=24), False),
        (result(KARNOFSKY, 60, hours_ago=24), True),
        (result(KARNOFSKY, 70, hours_ago=24), False),
    ],
    ids=["ECOG 2", "ECOG 1", "Karnofsky 60", "Karnofsky 70"],
)
def test_poor_performance_is_named_where_it_is_recorded(found, is_said):
    assert ("ECOG 2 or worse: intensive induction" in considered(found)) is is_said


def test_performance_that_was_not_recorded_is_a_gap():
    assert "ECOG performance status: not recorded" in part(card(), "Missing or uncertain")


def test_the_word_of_the_summary_on_maintenance_is_attributed():
    text = considered(PH_POSITIVE)
    assert "Guideline summary: Ph-positive: maintenance with the inhibitor" in text
    assert "intolerance is a valid reason against it" in text
    assert "For clinicians: overall survival at 5 years" in text


def test_adults_below_65_get_no_card_and_no_gap():
    assert cards(PATIENT_VIEW, aged(40), LEUKEMIA, count(30)) == {}
    assert cards(PATIENT_VIEW, aged(64), LEUKEMIA, count(30)) == {}


def test_an_age_left_open_is_a_gap():
    shown = cards(PATIENT_VIEW, *ASKS["turning 65 this year"], count(30))
    assert list(shown) == ["data-gaps"]
    words = "Age 64 to 65 y (birth date incomplete)"
    assert words in part(shown["data-gaps"], "Missing or uncertain")


def test_overrides_can_say_why():
    assert overrides(card()) == ["indication-order-exists", "other"]
