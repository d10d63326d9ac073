"""How intensive an order is: catalogue section 5.8, both sides of every limit."""

import pytest

from cds_service.finding import TRUE, UNKNOWN
from hooks import concepts, regimens
from hooks.concepts import BODY_HEIGHT, BODY_WEIGHT, CYTARABINE, METHOTREXATE, VALUE_SETS
from hooks.regimens import Intensity
from tests.patients import BODY, RXNORM, chart, given, order, result

INTENSIVE, LOW = Intensity.INTENSIVE, Intensity.LOW
INTRATHECAL, UNCLEAR = Intensity.INTRATHECAL, Intensity.UNKNOWN

SC, IV = "subcutaneous", "intravenous"
LARGE = (result(BODY_WEIGHT, 122), result(BODY_HEIGHT, 190))
"""2.54 m2."""


def cytarabine(*records, **draft):
    found = chart(*records, order(CYTARABINE, **draft))
    return regimens.cytarabine_intensity(found, found.orders[0])


# Dose, route and times a day to what they amount to, for a body of 1.818 m2.
WITH_AREA = {
    "20 mg SC twice daily, a trial schedule": ("20 mg", SC, 2, LOW),
    "20 mg/m2 SC once daily, the other trial schedule": ("20 mg/m2", SC, 1, LOW),
    "10 mg/m2 SC twice daily": ("10 mg/m2", SC, 2, LOW),
    "36 mg SC twice daily, about 40 mg/m2 a day": ("36 mg", SC, 2, LOW),
    "40 mg SC twice daily": ("40 mg", SC, 2, LOW),
    "41 mg SC twice daily": ("41 mg", SC, 2, UNCLEAR),
    "20 mg/m2 SC twice daily": ("20 mg/m2", SC, 2, LOW),
    "22 mg/m2 SC twice daily, up to 40 mg a dose": ("22 mg/m2", SC, 2, LOW),
    "22.1 mg/m2 SC twice daily, more than 40 mg a dose": ("22.1 mg/m2", SC, 2, UNCLEAR),
    "40 mg/m2 SC once daily": ("40 mg/m2", SC, 1, LOW),
    "40.1 mg/m2 SC once daily": ("40.1 mg/m2", SC, 1, UNCLEAR),
    "72 mg SC once daily": ("72 mg", SC, 1, LOW),
    "73 mg SC once daily, more than 40 mg/m2": ("73 mg", SC, 1, UNCLEAR),
    "20 mg SC three times daily": ("20 mg", SC, 3, LOW),
    "40 mg SC three times daily": ("40 mg", SC, 3, UNCLEAR),
    "22 mg/m2 SC, frequency not said": ("22 mg/m2", SC, None, LOW),
    "22.1 mg/m2 SC, frequency not said": ("22.1 mg/m2", SC, None, UNCLEAR),
    "40 mg SC, frequency not said": ("40 mg", SC, None, LOW),
    "40 mg/m2/d SC": ("40 mg/m2/d", SC, None, LOW),
    "40.1 mg/m2/d SC": ("40.1 mg/m2/d", SC, None, UNCLEAR),
    "100 mg/m2 IV once daily": ("100 mg/m2", IV, 1, INTENSIVE),
    "99.9 mg/m2 IV once daily": ("99.9 mg/m2", IV, 1, UNCLEAR),
    "100 mg/m2/d IV": ("100 mg/m2/d", IV, None, INTENSIVE),
    "99.9 mg/m2/d IV": ("99.9 mg/m2/d", IV, None, UNCLEAR),
    "100 mg/m2/24h IV": ("100 mg/m2/24h", IV, None, INTENSIVE),
    "50 mg/m2 IV twice daily": ("50 mg/m2", IV, 2, INTENSIVE),
    "49.9 mg/m2 IV twice daily": ("49.9 mg/m2", IV, 2, UNCLEAR),
    "100 mg/m2 IV, frequency not said": ("100 mg/m2", IV, None, INTENSIVE),
    "20 mg/m2 IV once daily": ("20 mg/m2", IV, 1, UNCLEAR),
    "1 g/m2 IV every other day": ("1 g/m2", IV, 0.5, INTENSIVE),
    "3 g/m2 IV twice daily": ("3 g/m2", IV, 2, INTENSIVE),
    "182 mg IV once daily, 100.1 mg/m2": ("182 mg", IV, 1, INTENSIVE),
    "181 mg IV once daily, 99.6 mg/m2": ("181 mg", IV, 1, UNCLEAR),
    "50 mg intrathecal": ("50 mg", "intrathecal", 1, INTRATHECAL),
    "3 g intrathecal by mistake": ("3 g", "intrathecal", 1, INTRATHECAL),
    "by a route that is neither": ("20 mg", "oral", 2, UNCLEAR),
    "by both routes": ("20 mg", "subcutaneous or intravenous", 2, UNCLEAR),
    "in a unit that is no mass": ("2 mL", SC, 2, UNCLEAR),
    "without a unit": ("20", SC, 2, UNCLEAR),
    "100000 mcg/m2 IV": ("100000 mcg/m2", IV, 1, INTENSIVE),
}


@pytest.mark.parametrize(("dose", "route", "times", "expected"), WITH_AREA.values(), ids=WITH_AREA)
def test_cytarabine_by_dose_route_and_frequency(dose, route, times, expected):
    assert cytarabine(*BODY, dose=dose, route=route, times=times) is expected


WITHOUT_AREA = {
    "40 mg SC twice daily": ("40 mg", SC, 2, LOW),
    "41 mg SC twice daily": ("41 mg", SC, 2, UNCLEAR),
    "80 mg SC once daily": ("80 mg", SC, 1, LOW),
    "81 mg SC once daily": ("81 mg", SC, 1, UNCLEAR),
    "20 mg/m2 SC twice daily needs no area": ("20 mg/m2", SC, 2, LOW),
    "20.1 mg/m2 SC twice daily": ("20.1 mg/m2", SC, 2, UNCLEAR),
    "20 mg/m2 SC, frequency not said": ("20 mg/m2", SC, None, LOW),
    "20.1 mg/m2 SC, frequency not said": ("20.1 mg/m2", SC, None, UNCLEAR),
    "150 mg IV once daily": ("150 mg", IV, 1, INTENSIVE),
    "149 mg IV once daily": ("149 mg", IV, 1, UNCLEAR),
    "75 mg IV twice daily": ("75 mg", IV, 2, INTENSIVE),
    "74 mg IV twice daily": ("74 mg", IV, 2, UNCLEAR),
    "100 mg/m2 IV needs no area": ("100 mg/m2", IV, 1, INTENSIVE),
}


@pytest.mark.parametrize(
    ("dose", "route", "times", "expected"), WITHOUT_AREA.values(), ids=WITHOUT_AREA
)
def test_cytarabine_in_mg_when_the_body_surface_area_is_not_known(dose, route, times, expected):
    assert cytarabine(dose=dose, route=route, times=times) is expected


def test_the_same_milligrams_weigh_less_in_a_larger_body():
    assert cytarabine(*BODY, dose="200 mg", route=IV, times=1) is INTENSIVE
    assert cytarabine(*LARGE, dose="200 mg", route=IV, times=1) is UNCLEAR


INCOMPLETE = {
    "nothing said": {},
    "no route": {"dose": "100 mg/m2", "times": 1},
    "no dose": {"route": IV, "times": 1},
    "a text without numbers in fields": {"text": "as per protocol, intravenous"},
}


@pytest.mark.parametrize("dosage", INCOMPLETE.values(), ids=INCOMPLETE)
def test_cytarabine_that_is_not_fully_said_cannot_be_classified(dosage):
    assert cytarabine(*BODY, **dosage) is UNCLEAR


ROUTES = {
    "SC": LOW,
    "subcut": LOW,
    "sub-Q": LOW,
    "s.c.": LOW,
    "Subcutaneous injection": LOW,
    "IV": INTENSIVE,
    "i.v.": INTENSIVE,
    "CIV": INTENSIVE,
    "Intravenous piggyback": INTENSIVE,
    "continuous infusion": INTENSIVE,
    "IT": INTRATHECAL,
    "via Ommaya reservoir": INTRATHECAL,
    "by lumbar puncture": INTRATHECAL,
}
DOSES = {LOW: "20 mg", INTENSIVE: "3 g", INTRATHECAL: "50 mg"}


@pytest.mark.parametrize(("words", "expected"), ROUTES.items())
def test_a_route_is_read_from_its_words(words, expected):
    assert cytarabine(*BODY, dose=DOSES[expected], route=words, times=2) is expected


@pytest.mark.parametrize(("words", "expected"), ROUTES.items())
def test_a_route_is_read_from_the_instruction(words, expected):
    text = f"give {words} as directed"
    assert cytarabine(*BODY, dose=DOSES[expected], text=text, times=2) is expected


@pytest.mark.parametrize(
    "text", ["IV: infuse it over 3 hours", "give it IV", "CIVI, change it daily"]
)
def test_it_is_no_route_where_another_is_said(text):
    assert cytarabine(*BODY, dose="3 g/m2", text=text, times=2) is INTENSIVE


@pytest.mark.parametrize("unit", ["mg/m2/(24.h)", "mg/(m2.d)"])
def test_a_dose_per_area_and_day_is_read_as_ucum_writes_it(unit):
    assert cytarabine(*BODY, dose=f"100 {unit}", route="IV") is INTENSIVE


@pytest.mark.parametrize(
    ("value_set", "expected"),
    [("subcutaneous-route", LOW), ("intravenous-route", INTENSIVE)],
)
def test_a_route_is_read_from_its_code(value_set, expected):
    codes = sorted(VALUE_SETS[value_set].codes)
    assert codes
    for system, code in codes:
        route = {"coding": [{"system": system, "code": code}]}
        coded = {**given(dose=DOSES[expected], times=2), "route": route}
        assert cytarabine(*BODY, instructions=(coded,)) is expected


def test_the_name_of_the_order_says_the_route_when_the_instruction_does_not():
    assert cytarabine(*BODY, name="cytarabine 50 mg intrathecal", dose="50 mg") is INTRATHECAL
    named = "cytarabine 20 mg subcutaneous"
    assert cytarabine(*BODY, name=named, dose="20 mg", times=2) is LOW


def test_a_continuous_infusion_is_read_from_its_rate():
    assert cytarabine(rate="100 mg/m2/d", route=IV) is INTENSIVE
    assert cytarabine(rate="99.9 mg/m2/d", route=IV) is UNCLEAR
    assert cytarabine(rate="100 mg/m2", over="1 d", route=IV) is INTENSIVE
    assert cytarabine(rate="99 mg/m2", over="1 d", route=IV) is UNCLEAR


def test_a_rate_over_24_hours_is_a_rate_per_day():
    assert cytarabine(*BODY, rate="182 mg", over="24 h", route=IV) is INTENSIVE
    assert cytarabine(*BODY, rate="181 mg", over="24 h", route=IV) is UNCLEAR


def test_a_rate_per_hour_without_a_duration_cannot_be_classified():
    assert cytarabine(*BODY, rate="8 mg", over="1 h", route=IV) is UNCLEAR
    assert cytarabine(*BODY, rate="20 mL/h", route=IV) is UNCLEAR
    assert cytarabine(*BODY, rate="200 mg/m2", route=IV) is UNCLEAR


def test_one_dose_stated_in_several_units_counts_by_the_clearest():
    instructions = (given("2 mL", SC, 2), given("20 mg", SC, 2))
    assert cytarabine(*BODY, instructions=instructions) is LOW


def test_the_most_intensive_of_several_instructions_counts():
    instructions = (given("20 mg", SC, 2), given("3 g/m2", IV, 2))
    assert cytarabine(*BODY, instructions=instructions) is INTENSIVE


def test_the_most_intensive_of_several_orders_counts():
    low = order(CYTARABINE, dose="20 mg", route=SC, times=2)
    unclear = order(CYTARABINE, identity="second")
    high = order(CYTARABINE, identity="third", dose="3 g/m2", route=IV)
    assert regimens.intensive_therapy(chart(low, unclear)).truth is UNKNOWN
    assert regimens.intensive_therapy(chart(low, unclear, high)).truth is TRUE


# -- methotrexate ---------------------------------------------------------------------------------

METHOTREXATE_ORDERS = {
    "500 mg/m2 IV": (BODY, "500 mg/m2", IV, INTENSIVE),
    "499 mg/m2 IV": (BODY, "499 mg/m2", IV, LOW),
    "3 g/m2 IV": (BODY, "3 g/m2", IV, INTENSIVE),
    "910 mg IV at 1.818 m2": (BODY, "910 mg", IV, INTENSIVE),
    "909 mg IV at 1.818 m2": (BODY, "909 mg", IV, LOW),
    "1250 mg IV without an area": ((), "1250 mg", IV, INTENSIVE),
    "1249 mg IV without an area": ((), "1249 mg", IV, LOW),
    "20 mg/m2 by mouth": (BODY, "20 mg/m2", "oral", LOW),
    "12 mg intrathecal": (BODY, "12 mg", "intrathecal", LOW),
    "1000 mg intrathecal by mistake": (BODY, "1000 mg", "intrathecal", LOW),
    "25 mg SC": (BODY, "25 mg", SC, LOW),
    "no dose": (BODY, None, IV, LOW),
    "1000 mg intrathecal, not intravenous": (
        BODY,
        "1000 mg",
        "intrathecal, not for intravenous use",
        LOW,
    ),
}


@pytest.mark.parametrize(
    ("body", "dose", "route", "expected"), METHOTREXATE_ORDERS.values(), ids=METHOTREXATE_ORDERS
)
def test_methotrexate_is_intensive_from_500_mg_per_m2_into_the_vein(body, dose, route, expected):
    found = chart(*body, order(METHOTREXATE, dose=dose, route=route))
    assert regimens.methotrexate_intensity(found, found.orders[0]) is expected


# -- names that look alike ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "drug"),
    [
        ("liposomal daunorubicin and cytarabine (Vyxeos)", concepts.CPX_351),
        ("CPX-351 44 units", concepts.CPX_351),
        ("Ara-C 100 mg", concepts.CYTARABINE),
        ("hydroxycarbamide 500 mg capsule", concepts.HYDROXYUREA),
        ("7+3 induction", concepts.INTENSIVE_PROTOCOL),
        ("HyperCVAD course 1A", concepts.INTENSIVE_PROTOCOL),
        ("FLAG-Ida", concepts.INTENSIVE_PROTOCOL),
    ],
)
def test_an_order_without_a_code_is_known_by_its_name(name, drug):
    (found,) = chart(order(name)).orders
    assert set(found.recognised) == {drug.id}


@pytest.mark.parametrize(
    "name",
    ["epirubicin", "cladribine tablet (Mavenclad)", "tretinoin cream 0.05 %", "flagyl", "Arac"],
)
def test_a_name_that_only_looks_alike_is_not_taken(name):
    (found,) = chart(order(name)).orders
    assert not found.recognised


def test_a_code_decides_over_the_name():
    coded = order(concepts.DAUNORUBICIN, system=RXNORM, name="cytarabine")
    (found,) = chart(coded).orders
    assert set(found.recognised) == {concepts.DAUNORUBICIN.id}
