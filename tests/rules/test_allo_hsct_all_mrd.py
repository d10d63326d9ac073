"""allo-hsct-all-mrd: catalogue R17, scenarios 35 and 36."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import ORDER_SELECT, ORDER_SIGN, concepts
from hooks.concepts import (
    ALL,
    ALLOGENEIC_TRANSPLANT,
    ALS,
    AML,
    AUTOLOGOUS_TRANSPLANT,
    B_LINEAGE_ALL,
    BUSULFAN,
    ELN_FAVORABLE,
    MRD,
    MRD_PRESENCE,
    T_LINEAGE_ALL,
    THIOTEPA,
    TRANSPLANT_DONOR_NOT_STATED,
)
from hooks.rules.allo_hsct_all_mrd import allo_hsct_all_mrd as rule
from tests.patients import (
    LEXICON,
    answered,
    cards,
    chart,
    diagnosis,
    in_remission,
    in_words,
    never_decisive,
    not_read,
    order,
    overrides,
    part,
    relapsed,
    result,
    suggestions,
)

DAY = 24
LEUKEMIA = in_remission(ALL, clinical="remission")
TRANSPLANT = order(ALLOGENEIC_TRANSPLANT, procedure=True)
B_ALL = diagnosis(B_LINEAGE_ALL)
T_ALL = diagnosis(T_LINEAGE_ALL)


def mrd(percent, days_ago=10.0, **more):
    return result(
        MRD, percent, hours_ago=days_ago * DAY, codes=LEXICON.concepts[MRD.id].codes, **more
    )


WARNS = {
    "ALL in remission, MRD of 0.3 %": (LEUKEMIA, mrd(0.3), TRANSPLANT),
    "MRD of exactly 0.01 %": (LEUKEMIA, mrd(0.01), TRANSPLANT),
    "MRD reported as positive": (LEUKEMIA, answered(MRD_PRESENCE, "positive"), TRANSPLANT),
    "MRD absent": (LEUKEMIA, TRANSPLANT),
    "MRD negative a minute more than 42 d ago, which no longer counts": (
        LEUKEMIA,
        mrd(0.001, days_ago=42 + 1 / 1440),
        TRANSPLANT,
    ),
    "MRD below a limit that is not low enough": (LEUKEMIA, mrd(0.1, comparator="<"), TRANSPLANT),
    "MRD that could not be read": (LEUKEMIA, TRANSPLANT, not_read(MRD, MRD_PRESENCE)),
    "MRD in a unit that is not read": (LEUKEMIA, mrd(0.001, unit="copies"), TRANSPLANT),
    "MRD negative, then positive in words": (
        LEUKEMIA,
        mrd(0.001, days_ago=20),
        in_words(mrd(0, days_ago=3), "positive"),
        TRANSPLANT,
    ),
    "ALL active": (diagnosis(ALL), TRANSPLANT),
    "ALL relapsed": (relapsed(ALL), TRANSPLANT),
    "ALL only suspected": (diagnosis(ALL, "provisional"), TRANSPLANT),
    "T-lineage ALL": (LEUKEMIA, T_ALL, mrd(0.3), TRANSPLANT),
    "a transplant whose donor is not stated": (
        LEUKEMIA,
        order(TRANSPLANT_DONOR_NOT_STATED, procedure=True),
    ),
    "conditioning alone": (LEUKEMIA, order(THIOTEPA)),
    "a donor search in words": (LEUKEMIA, order("Unrelated donor search", procedure=True)),
    "ALS refuted": (LEUKEMIA, diagnosis(ALS, "refuted"), TRANSPLANT),
    "ALS resolved, which cannot be and is said": (
        LEUKEMIA,
        diagnosis(ALS, clinical="resolved"),
        TRANSPLANT,
    ),
}

SILENT = {
    "nothing ordered": (LEUKEMIA, mrd(0.3)),
    "transplant drafted but not selected": (
        LEUKEMIA,
        order(ALLOGENEIC_TRANSPLANT, procedure=True, selected=False),
        order("Complete blood count", procedure=True),
    ),
    "autologous transplant": (LEUKEMIA, order(AUTOLOGOUS_TRANSPLANT, procedure=True)),
    "conditioning for an autologous transplant": (
        LEUKEMIA,
        order(BUSULFAN),
        order(AUTOLOGOUS_TRANSPLANT, procedure=True, selected=False),
    ),
    "MRD just below 0.01 %": (LEUKEMIA, mrd(0.0099), TRANSPLANT),
    "MRD below 0.01 %, as a bound": (LEUKEMIA, mrd(0.01, comparator="<"), TRANSPLANT),
    "MRD negative exactly 42 d ago": (LEUKEMIA, mrd(0.001, days_ago=42), TRANSPLANT),
    "MRD reported as negative": (LEUKEMIA, answered(MRD_PRESENCE, "negative"), TRANSPLANT),
    "ALS": (LEUKEMIA, diagnosis(ALS), mrd(0.3), TRANSPLANT),
    "ALS only suspected": (LEUKEMIA, diagnosis(ALS, "provisional"), mrd(0.3), TRANSPLANT),
    "no leukemia": (TRANSPLANT,),
    "AML": (in_remission(AML), mrd(0.3), TRANSPLANT),
    "ALL refuted": (diagnosis(ALL, "refuted"), TRANSPLANT),
}

ASKS = {
    "a problem list that could not be read": (not_read(*concepts.CONDITIONS), TRANSPLANT),
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
    return cards(ORDER_SELECT, *records)[rule.id]


def line_with(words, *records):
    (line,) = [line for line in part(card(*records), "Consider") if words in line]
    return line


@pytest.mark.parametrize("service", [ORDER_SELECT, ORDER_SIGN], ids=["selected", "signed"])
def test_scenario_35_is_one_warning_with_a_blinatumomab_consult(service):
    shown = cards(service, LEUKEMIA, B_ALL, mrd(0.3), TRANSPLANT)
    assert list(shown) == [rule.id]
    one = shown[rule.id]
    assert one["indicator"] == "warning"
    assert one["summary"] == (
        "ALL transplant planned with residual disease (MRD) positive or not known: clearing it "
        "first is preferred if that causes no harmful delay."
    )
    assert list(suggestions(one)) == ["Draft MRD assessment", "Draft blinatumomab consult"]
    basis = part(one, "This patient")
    assert "Order: allogeneic stem-cell transplant" in basis
    assert any("(MRD) 0.3 %, 2026-11-11" in line for line in basis)


def test_scenario_36_is_the_card_of_als_instead():
    records = (LEUKEMIA, B_ALL, mrd(0.3), diagnosis(ALS), TRANSPLANT)
    assert list(cards(ORDER_SELECT, *records)) == ["allo-hsct-als"]


def test_the_favorable_aml_card_speaks_first_where_both_leukemias_are_on_record():
    """One decision, one card: the order of the group is that of the catalogue."""
    both = (in_remission(AML), LEUKEMIA, answered(ELN_FAVORABLE, "favorable"), TRANSPLANT)
    assert list(cards(ORDER_SELECT, *both)) == ["allo-hsct-favorable-aml"]


def test_unknown_residual_disease_is_said_and_known_one_is_not_called_unknown():
    said = "MRD not known: no result of the last 42 days was found in the data received."
    assert said in card(LEUKEMIA, TRANSPLANT)["detail"]
    assert said in card(LEUKEMIA, mrd(0.001, days_ago=50), TRANSPLANT)["detail"]
    assert said not in card(LEUKEMIA, mrd(0.3), TRANSPLANT)["detail"]


def test_an_old_result_is_shown_as_old():
    missing = part(card(LEUKEMIA, mrd(0.3, days_ago=50), TRANSPLANT), "Missing or uncertain")
    assert any("0.3 %" in line and "older than" in line for line in missing)


@pytest.mark.parametrize(
    ("lineage", "words", "offered"),
    [
        ((B_ALL,), "B-lineage: blinatumomab is the usual bridge", True),
        ((T_ALL,), "T-lineage: clearance by protocol salvage chemotherapy", False),
        ((), "Lineage (B or T) is not known", True),
        ((B_ALL, T_ALL), "Lineage (B or T) is not known", True),
    ],
    ids=["B lineage", "T lineage", "not recorded", "both recorded"],
)
def test_the_bridge_goes_by_lineage(lineage, words, offered):
    one = card(LEUKEMIA, *lineage, mrd(0.3), TRANSPLANT)
    assert words in one["detail"]
    assert ("Draft blinatumomab consult" in suggestions(one)) is offered


def test_t_lineage_is_not_told_of_blinatumomab():
    one = card(LEUKEMIA, T_ALL, mrd(0.3), TRANSPLANT)
    assert "blinatumomab" not in "\n".join(part(one, "Consider")).lower()


def test_the_conflict_of_the_summaries_is_a_trade_off():
    line = line_with("two statements that conflict", LEUKEMIA, mrd(0.3), TRANSPLANT)
    assert line.startswith("Guideline summary: ")
    assert "a trade-off" in line
    assert "worse outcome that is not nil" in line
    text = card(LEUKEMIA, mrd(0.3), TRANSPLANT)["detail"].lower()
    for absolute in ("never", "must", "mandatory"):
        assert f" {absolute} " not in text


def test_a_good_response_may_make_transplant_unnecessary():
    line = line_with("may make transplant unnecessary", LEUKEMIA, mrd(0.3), TRANSPLANT)
    assert "ALL-HR-11" in line
    assert "complete molecular remission by 90 days" in line
    assert "not limited to siblings" in line


def test_an_open_donor_and_a_suspected_leukemia_are_said():
    text = card(diagnosis(ALL, "provisional"), order("BMT consult", procedure=True))["detail"]
    assert "does not state the donor" in text
    assert "Acute leukemia is suspected, not confirmed" in text


def test_unclear_als_is_named_at_the_foot():
    unclear = (LEUKEMIA, diagnosis(ALS, clinical="resolved"), TRANSPLANT)
    missing = part(card(*unclear), "Missing or uncertain")
    assert any("implausible" in line for line in missing)


def test_overrides_can_say_why():
    assert overrides(card(LEUKEMIA, TRANSPLANT)) == [
        "clearance-failed",
        "time-critical",
        "expert-contradicts",
        "other",
    ]
