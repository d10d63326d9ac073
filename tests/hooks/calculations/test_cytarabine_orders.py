"""Orders of cytarabine: doses in texts, rates that never stop, names, questions of rules."""

from decimal import Decimal

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import concepts, regimens
from hooks.concepts import CYTARABINE, METHOTREXATE
from hooks.regimens import Intensity
from tests.patients import BODY, chart, given, order

INTENSIVE, LOW = Intensity.INTENSIVE, Intensity.LOW
INTRATHECAL, UNCLEAR = Intensity.INTRATHECAL, Intensity.UNKNOWN

SC, IV = "subcutaneous", "intravenous"


def cytarabine(*records, **draft):
    found = chart(*records, order(CYTARABINE, **draft))
    return regimens.cytarabine_intensity(found, found.orders[0])


# -- text, continuous rates, names ----------------------------------------------------------------

IN_TEXT = {
    "100 mg/m2/day continuous IV x7 days": INTENSIVE,
    "99 mg/m2/day continuous IV x7 days": UNCLEAR,
    "20 mg SC BID": LOW,
    "41 mg SC BID": UNCLEAR,
    "20 mg SC q12h x 14 days": LOW,
    "20 mg SC q12h x 15 days": UNCLEAR,
    "20 mg BID": UNCLEAR,
    "3 g/m2 IV q12h days 1, 3, 5": INTENSIVE,
    "50 mg IT": INTRATHECAL,
    "20 mg SC BID or 100 mg/m2/day IV": UNCLEAR,
    "100 mg/m2 IV daily, reduce as directed": UNCLEAR,
}


@pytest.mark.parametrize(("text", "expected"), IN_TEXT.items())
def test_a_dose_given_as_text_only_counts_where_it_has_one_meaning(text, expected):
    assert cytarabine(*BODY, text=text) is expected


def test_fields_and_text_that_contradict_each_other_cannot_be_classified():
    assert cytarabine(*BODY, text="20 mg SC BID", times=2) is LOW
    assert cytarabine(*BODY, text="20 mg SC BID", times=1) is UNCLEAR


def test_the_text_says_how_often_the_dose_of_the_fields_is_given():
    assert cytarabine(*BODY, dose="50 mg/m2", text="50 mg/m2 IV BID") is INTENSIVE
    assert cytarabine(*BODY, dose="50 mg/m2", text="40 mg/m2 IV BID") is UNCLEAR


def test_a_low_dose_for_longer_than_14_days_cannot_be_classified():
    assert cytarabine(*BODY, dose="20 mg", times=2, text="SC for 14 days") is LOW
    assert cytarabine(*BODY, dose="20 mg", times=2, text="SC for 15 days, see protocol") is UNCLEAR


def test_one_instruction_for_too_long_leaves_the_whole_order_open():
    short, long = (given("20 mg", SC, 2, text=f"SC for {days} days") for days in (10, 21))
    assert cytarabine(*BODY, instructions=(short, short)) is LOW
    assert cytarabine(*BODY, instructions=(short, long)) is UNCLEAR


@pytest.mark.parametrize("said", ["continuous infusion", "CIV", "IV around the clock"])
def test_a_rate_per_hour_is_a_dose_per_day_where_it_never_stops(said):
    assert cytarabine(rate="4.2 mg/m2/h", text=said) is INTENSIVE
    assert cytarabine(rate="4.1 mg/m2/h", text=said) is UNCLEAR
    assert cytarabine(*BODY, rate="8 mg", over="1 h", text=said) is INTENSIVE


@pytest.mark.parametrize("said", ["IV", "not continuous, IV", "IV, discontinuous"])
def test_a_rate_per_hour_that_may_stop_cannot_be_classified(said):
    assert cytarabine(rate="8 mg/m2/h", text=said) is UNCLEAR


HIGH_NAMES = ["HiDAC", "high-dose cytarabine", "High dose Ara-C", "cytarabine, high-dose"]


@pytest.mark.parametrize("name", HIGH_NAMES)
def test_the_name_says_high_dose_where_no_dose_does(name):
    found = chart(*BODY, order(CYTARABINE, name=name))
    assert regimens.cytarabine_intensity(found, found.orders[0]) is INTENSIVE
    assert regimens.high_dose_cytarabine(found).truth is TRUE


def test_a_low_dose_under_the_name_of_a_high_one_cannot_be_classified():
    assert cytarabine(*BODY, name="HiDAC", dose="20 mg", route=SC, times=2) is UNCLEAR


def test_a_reason_that_speaks_of_high_dose_cytarabine_is_no_dose():
    assert cytarabine(*BODY, reason="relapse after high-dose cytarabine") is UNCLEAR


# The order; whether it is high-dose, low-dose, intrathecal, unclassified.
QUESTIONS = {
    "1 g/m2 IV": ({"dose": "1 g/m2", "route": IV, "times": 2}, TRUE, FALSE, FALSE, FALSE),
    "100 mg/m2 IV": ({"dose": "100 mg/m2", "route": IV}, FALSE, FALSE, FALSE, FALSE),
    "50 mg/m2 IV": ({"dose": "50 mg/m2", "route": IV}, FALSE, UNKNOWN, FALSE, TRUE),
    "20 mg SC": ({"dose": "20 mg", "route": SC, "times": 2}, FALSE, TRUE, FALSE, FALSE),
    "3 g/m2 SC": ({"dose": "3 g/m2", "route": SC}, UNKNOWN, UNKNOWN, FALSE, TRUE),
    "50 mg intrathecal": ({"dose": "50 mg", "route": "IT"}, FALSE, FALSE, TRUE, FALSE),
    "3 g/m2, no route": ({"dose": "3 g/m2"}, UNKNOWN, UNKNOWN, UNKNOWN, TRUE),
    "IV, no dose": ({"route": IV}, UNKNOWN, UNKNOWN, FALSE, TRUE),
    "nothing said": ({}, UNKNOWN, UNKNOWN, UNKNOWN, TRUE),
}


@pytest.mark.parametrize(
    ("dosage", "high", "low", "intrathecal", "unclassified"), QUESTIONS.values(), ids=QUESTIONS
)
def test_questions_about_an_order_of_cytarabine(dosage, high, low, intrathecal, unclassified):
    found = chart(*BODY, order(CYTARABINE, **dosage))
    assert regimens.high_dose_cytarabine(found).truth is high
    assert regimens.low_dose_cytarabine(found).truth is low
    assert regimens.intrathecal_drug(found).truth is intrathecal
    assert regimens.cytarabine_unclassified(found).truth is unclassified


def test_drafts_that_are_not_selected_answer_no_question():
    found = chart(*BODY, order(CYTARABINE, selected=False))
    for ask in (
        regimens.high_dose_cytarabine,
        regimens.low_dose_cytarabine,
        regimens.intrathecal_drug,
        regimens.cytarabine_unclassified,
    ):
        assert ask(found).truth is FALSE


def test_the_dose_of_scenario_6_by_area_and_day():
    found = chart(*BODY, order(CYTARABINE, dose="36 mg", route=SC, times=2))
    daily = regimens.cytarabine_daily_mg_per_m2(found, found.orders[0])
    assert daily is not None
    assert round(daily, 1) == Decimal("39.6")
    assert regimens.cytarabine_daily_mg(found, found.orders[0]) == 72


def test_there_is_no_daily_dose_without_area_or_frequency():
    for records in ((order(CYTARABINE, dose="36 mg", times=2),), (*BODY, order(CYTARABINE))):
        found = chart(*records)
        assert regimens.cytarabine_daily_mg_per_m2(found, found.orders[0]) is None


INTO_THE_SPINAL_FLUID = {
    "methotrexate IT": (order(METHOTREXATE, dose="12 mg", route="IT"), TRUE),
    "methotrexate by mouth": (order(METHOTREXATE, dose="20 mg", route="oral"), FALSE),
    "methotrexate tablet": (order(METHOTREXATE, name="methotrexate 2.5 mg tablet"), FALSE),
    "methotrexate, no route": (order(METHOTREXATE, dose="12 mg"), UNKNOWN),
    "hydrocortisone intrathecal": (order("hydrocortisone", route="intrathecal"), TRUE),
    "hydrocortisone IV": (order("hydrocortisone", route=IV), FALSE),
    "dexamethasone, no route": (order(concepts.DEXAMETHASONE, dose="4 mg"), FALSE),
    "another drug": (order("nusinersen", route="intrathecal"), FALSE),
}


@pytest.mark.parametrize(
    ("draft", "truth"), INTO_THE_SPINAL_FLUID.values(), ids=INTO_THE_SPINAL_FLUID
)
def test_an_intrathecal_drug_of_leukemia_care_is_known_by_its_route(draft, truth):
    assert regimens.intrathecal_drug(chart(draft)).truth is truth
