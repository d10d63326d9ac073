"""intensive-all-older-adult: catalogue R14, scenario 31."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import ORDER_SELECT, ORDER_SIGN, concepts
from hooks.concepts import (
    ALL,
    ALS,
    AML,
    BLINATUMOMAB,
    CYTARABINE,
    DOXORUBICIN,
    ECOG,
    INTENSIVE_PROTOCOL,
    KARNOFSKY,
    METHOTREXATE,
    VINCRISTINE,
)
from hooks.rules.intensive_all_older_adult import intensive_all_older_adult as rule
from tests.patients import (
    aged,
    cards,
    chart,
    diagnosis,
    in_remission,
    never_decisive,
    not_read,
    order,
    overrides,
    part,
    person,
    relapsed,
    result,
    suggestions,
)

OLDER = aged(71, "female")
LEUKEMIA = diagnosis(ALL)
POOR = result(ECOG, 3, hours_ago=24)
ANTHRACYCLINE = order(DOXORUBICIN)
HYPER_CVAD = order("Hyper-CVAD part A", procedure=True, identity="hyper-cvad")


def ecog(value, days_ago=1):
    return result(ECOG, value, hours_ago=days_ago * 24)


def karnofsky(value, days_ago=1):
    return result(KARNOFSKY, value, hours_ago=days_ago * 24)


WARNS = {
    "71 years, ECOG 3, hyper-CVAD by name": (OLDER, LEUKEMIA, POOR, HYPER_CVAD),
    "a regimen by a code that the site mapped": (
        OLDER,
        LEUKEMIA,
        POOR,
        order(INTENSIVE_PROTOCOL),
    ),
    "an anthracycline": (OLDER, LEUKEMIA, POOR, ANTHRACYCLINE),
    "pegaspargase": (OLDER, LEUKEMIA, POOR, order(concepts.PEGASPARGASE)),
    "high-dose methotrexate": (
        OLDER,
        LEUKEMIA,
        POOR,
        order(METHOTREXATE, dose="1 g/m2", route="intravenous"),
    ),
    "high-dose cytarabine": (
        OLDER,
        LEUKEMIA,
        POOR,
        order(CYTARABINE, dose="3 g/m2", route="intravenous", times=2),
    ),
    "65 years old today": (person("1961-11-21"), LEUKEMIA, POOR, ANTHRACYCLINE),
    "born in a year that makes 65 at least": (person("1960"), LEUKEMIA, POOR, ANTHRACYCLINE),
    "ECOG of exactly 2": (OLDER, LEUKEMIA, ecog(2), ANTHRACYCLINE),
    "ECOG 4": (OLDER, LEUKEMIA, ecog(4), ANTHRACYCLINE),
    "ECOG of exactly 30 d ago": (OLDER, LEUKEMIA, ecog(3, days_ago=30), ANTHRACYCLINE),
    "Karnofsky of exactly 60": (OLDER, LEUKEMIA, karnofsky(60), ANTHRACYCLINE),
    "Karnofsky 60 newer than ECOG 1": (
        OLDER,
        LEUKEMIA,
        ecog(1, days_ago=20),
        karnofsky(60),
        ANTHRACYCLINE,
    ),
    "ECOG 2 newer than Karnofsky 90": (
        OLDER,
        LEUKEMIA,
        ecog(2),
        karnofsky(90, days_ago=20),
        ANTHRACYCLINE,
    ),
    "relapsed ALL": (OLDER, relapsed(ALL), POOR, ANTHRACYCLINE),
    "ALL only suspected": (OLDER, diagnosis(ALL, "provisional"), POOR, ANTHRACYCLINE),
    "ALL recorded as B-lineage only": (
        OLDER,
        diagnosis(concepts.B_LINEAGE_ALL),
        POOR,
        ANTHRACYCLINE,
    ),
    "Ph-positive ALL": (
        OLDER,
        LEUKEMIA,
        diagnosis(concepts.PH_POSITIVE_LEUKEMIA),
        POOR,
        ANTHRACYCLINE,
    ),
    "ALS resolved, which cannot be and brings no card on ALS": (
        OLDER,
        diagnosis(ALS, clinical="resolved"),
        LEUKEMIA,
        POOR,
        ANTHRACYCLINE,
    ),
    "ALS refuted": (OLDER, diagnosis(ALS, "refuted"), LEUKEMIA, POOR, ANTHRACYCLINE),
}

SILENT = {
    "a day short of 65": (person("1961-11-22"), LEUKEMIA, POOR, ANTHRACYCLINE),
    "born in a year that makes less than 65": (person("1962"), LEUKEMIA, POOR, ANTHRACYCLINE),
    "ECOG 1": (OLDER, LEUKEMIA, ecog(1), ANTHRACYCLINE),
    "Karnofsky 80": (OLDER, LEUKEMIA, karnofsky(80), ANTHRACYCLINE),
    "ECOG 1 newer than Karnofsky 50": (
        OLDER,
        LEUKEMIA,
        ecog(1),
        karnofsky(50, days_ago=20),
        ANTHRACYCLINE,
    ),
    "Karnofsky 90 newer than ECOG 3": (
        OLDER,
        LEUKEMIA,
        ecog(3, days_ago=20),
        karnofsky(90),
        ANTHRACYCLINE,
    ),
    "AML": (OLDER, diagnosis(AML), POOR, ANTHRACYCLINE),
    "ALL in remission": (OLDER, in_remission(ALL), POOR, ANTHRACYCLINE),
    "ALL refuted": (OLDER, diagnosis(ALL, "refuted"), POOR, ANTHRACYCLINE),
    "no leukemia": (OLDER, POOR, ANTHRACYCLINE),
    "ALS": (OLDER, diagnosis(ALS), LEUKEMIA, POOR, ANTHRACYCLINE),
    "vincristine and a steroid": (
        OLDER,
        LEUKEMIA,
        POOR,
        order(VINCRISTINE),
        order(concepts.DEXAMETHASONE),
    ),
    "a tyrosine kinase inhibitor": (OLDER, LEUKEMIA, POOR, order(concepts.DASATINIB)),
    "blinatumomab": (OLDER, LEUKEMIA, POOR, order(BLINATUMOMAB)),
    "intrathecal methotrexate": (
        OLDER,
        LEUKEMIA,
        POOR,
        order(METHOTREXATE, dose="12 mg", route="intrathecal"),
    ),
    "methotrexate tablets": (
        OLDER,
        LEUKEMIA,
        POOR,
        order(METHOTREXATE, dose="20 mg/m2", route="oral"),
    ),
    "nothing ordered": (OLDER, LEUKEMIA, POOR),
    "an anthracycline that is not selected": (
        OLDER,
        LEUKEMIA,
        POOR,
        order(DOXORUBICIN, selected=False),
    ),
}

ASKS = {
    "no performance status": (OLDER, LEUKEMIA, ANTHRACYCLINE),
    "ECOG a minute older than 30 d": (
        OLDER,
        LEUKEMIA,
        ecog(3, days_ago=30 + 1 / 1440),
        ANTHRACYCLINE,
    ),
    "Karnofsky 70, which may be ECOG 1 or 2": (OLDER, LEUKEMIA, karnofsky(70), ANTHRACYCLINE),
    "no birth date": (person(None), LEUKEMIA, POOR, ANTHRACYCLINE),
    "born in a year that leaves 64 or 65": (person("1961"), LEUKEMIA, POOR, ANTHRACYCLINE),
    "cytarabine without route and dose": (OLDER, LEUKEMIA, POOR, order(CYTARABINE)),
    "a problem list that could not be read": (
        OLDER,
        not_read(*concepts.CONDITIONS),
        POOR,
        ANTHRACYCLINE,
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


# -- the card --------------------------------------------------------------------------------------


def card(*records):
    return cards(ORDER_SIGN, *records)[rule.id]


SCENARIO_31 = (OLDER, LEUKEMIA, POOR, HYPER_CVAD)


@pytest.mark.parametrize("records", WARNS.values(), ids=WARNS)
def test_it_is_always_a_warning(records):
    one = card(*records)
    assert one["indicator"] == "warning"
    assert one["summary"] == (
        "Older adult with ALL and ECOG 2 or more: high induction mortality risk; consider a "
        "lower-intensity regimen."
    )


def test_scenario_31_shows_one_card_at_signing_and_none_at_selection():
    assert list(cards(ORDER_SIGN, *SCENARIO_31)) == [rule.id]
    assert cards(ORDER_SELECT, *SCENARIO_31) == {}


def test_in_als_the_card_on_als_shows_instead():
    shown = cards(ORDER_SIGN, diagnosis(ALS), *SCENARIO_31)
    assert list(shown) == ["intensive-therapy-als"]


def test_an_als_entry_that_cannot_be_is_named():
    one = card(diagnosis(ALS, clinical="resolved"), *SCENARIO_31)
    missing = part(one, "Missing or uncertain")
    assert any("which is implausible" in line for line in missing)


def test_als_only_suspected_shows_one_of_the_two():
    shown = cards(ORDER_SIGN, diagnosis(ALS, "provisional"), *SCENARIO_31)
    assert list(shown) == ["intensive-therapy-als"]


def test_the_number_of_the_summary_is_attributed_and_contrasted():
    text = card(*SCENARIO_31)["detail"]
    (line,) = [each for each in text.split("\n") if "53%" in each or "53 %" in each]
    assert "Guideline summary:" in line
    assert "source not located" in line
    assert "8%" in text


def test_it_asks_whether_leukemia_explains_the_performance_status():
    assert "may improve with treatment" in card(*SCENARIO_31)["detail"]


def test_the_patient_s_values_are_shown():
    basis = part(card(*SCENARIO_31), "This patient")
    assert any("ECOG performance status 3" in line for line in basis)
    assert any("71" in line for line in basis)


def test_nothing_is_deleted():
    for one in suggestions(card(*SCENARIO_31)).values():
        assert all(action["type"] != "delete" for action in one["actions"])


def test_overrides_can_say_why():
    assert overrides(card(*SCENARIO_31)) == [
        "status-due-to-leukemia",
        "expert-contradicts",
        "prefers-alternative",
        "other",
    ]
