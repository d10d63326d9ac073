"""Cytarabine: doses by area and day, and the classes of section 5.8, by properties."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks.calculations import cytarabine
from hooks.calculations.cytarabine import Intensity
from hooks.calculations.stated_dose import StatedDose
from tests.hooks.calculations.support import decimals, examples, near

AREA = Decimal("1.818")


def stated(mg, *, per_m2=False, per_day=False, times=None, days=None):
    numbers = [None if each is None else Decimal(str(each)) for each in (times, days)]
    return StatedDose(Decimal(str(mg)), per_m2, per_day, *numbers)


def test_the_dose_of_scenario_6_is_about_40_mg_per_m2_a_day():
    """SC 36 mg BID at 1.82 m2 = 39.6 mg/m2/day."""
    dose = stated(36, times=2)
    daily = cytarabine.daily_mg_per_m2(dose, Decimal("1.82"))
    assert daily is not None
    assert round(daily, 1) == Decimal("39.6")
    assert cytarabine.daily_mg(dose, None) == 72
    assert cytarabine.subcutaneous_intensity(dose, Decimal("1.82")) is Intensity.LOW


DAILY = {
    "20 mg twice": (stated(20, times=2), 40),
    "20 mg/m2 once": (stated(20, per_m2=True, times=1), 20 * AREA),
    "100 mg/m2 a day": (stated(100, per_m2=True, per_day=True), 100 * AREA),
    "20 mg, frequency not said": (stated(20), None),
}


@pytest.mark.parametrize(("dose", "mg"), DAILY.values(), ids=DAILY)
def test_the_total_of_a_day(dose, mg):
    assert cytarabine.daily_mg(dose, AREA) == mg


SINGLE = {
    "1 g/m2": (stated(1000, per_m2=True, times=2), TRUE),
    "999 mg/m2": (stated(999, per_m2=True, times=2), FALSE),
    "3 g/m2 a day in two doses": (stated(3000, per_m2=True, per_day=True, times=2), TRUE),
    "1.9 g/m2 a day in two doses": (stated(1900, per_m2=True, per_day=True, times=2), FALSE),
    "1818 mg": (stated(1818), TRUE),
    "1817 mg": (stated(1817), FALSE),
}


@pytest.mark.parametrize(("dose", "truth"), SINGLE.values(), ids=SINGLE)
def test_a_single_dose_of_1_g_per_m2_is_high(dose, truth):
    assert cytarabine.is_high_dose(dose, AREA) is truth


@pytest.mark.parametrize(
    ("mg", "truth"), [(3000, TRUE), (2999, UNKNOWN), (200, UNKNOWN), (199, FALSE)]
)
def test_milligrams_without_an_area_are_high_only_where_any_area_agrees(mg, truth):
    assert cytarabine.is_high_dose(stated(mg), None) is truth


def test_a_daily_amount_without_an_area_is_divided_by_its_doses():
    assert cytarabine.is_high_dose(stated(5000, per_day=True, times=2), None) is UNKNOWN
    assert cytarabine.is_high_dose(stated(6000, per_day=True, times=2), None) is TRUE


def test_40_mg_a_day_are_no_low_dose_of_a_small_child():
    """80 mg/m2 a day; the limit of 40 mg is one of the single dose."""
    small = Decimal("0.5")
    dose = stated(40, per_day=True)
    assert cytarabine.subcutaneous_intensity(dose, small) is Intensity.UNKNOWN


@pytest.mark.parametrize(
    ("days", "expected"),
    [(None, Intensity.LOW), (10, Intensity.LOW), (14, Intensity.LOW), (15, Intensity.UNKNOWN)],
)
def test_low_dose_lasts_14_days_at_most(days, expected):
    dose = stated(20, times=2, days=days)
    assert cytarabine.subcutaneous_intensity(dose, AREA) is expected


doses = st.builds(
    StatedDose,
    decimals("1", "4000"),
    st.booleans(),
    st.booleans(),
    st.none() | st.sampled_from([Decimal(1), Decimal(2), Decimal(3)]),
)
areas = st.none() | decimals("0.4", "2.6")


def larger(dose, factor):
    return StatedDose(dose.amount_mg * factor, dose.per_m2, dose.per_day, dose.times_per_day)


@examples(200)
@given(dose=doses, area=areas, factor=decimals("1", "10"))
def test_more_of_it_is_never_less_intensive(dose, area, factor):
    more = larger(dose, factor)
    if cytarabine.intravenous_intensity(dose, area) is Intensity.INTENSIVE:
        assert cytarabine.intravenous_intensity(more, area) is Intensity.INTENSIVE
    if cytarabine.subcutaneous_intensity(more, area) is Intensity.LOW:
        assert cytarabine.subcutaneous_intensity(dose, area) is Intensity.LOW
    assert cytarabine.is_high_dose(more, area) >= cytarabine.is_high_dose(dose, area)


@examples(200)
@given(dose=doses, area=areas)
def test_a_high_dose_is_intensive_and_never_low(dose, area):
    if cytarabine.is_high_dose(dose, area) is TRUE:
        assert cytarabine.intravenous_intensity(dose, area) is Intensity.INTENSIVE
        assert cytarabine.subcutaneous_intensity(dose, area) is Intensity.UNKNOWN


@examples(100)
@given(dose=doses, area=decimals("0.4", "2.6"))
def test_milligrams_and_milligrams_per_m2_agree_through_the_area(dose, area):
    daily, per_m2 = cytarabine.daily_mg(dose, area), cytarabine.daily_mg_per_m2(dose, area)
    if daily is None or per_m2 is None:
        assert daily is per_m2
    else:
        assert near(daily, per_m2 * area)


@examples(100)
@given(dose=doses, area=decimals("0.4", "2.6"))
def test_high_without_an_area_is_high_with_any(dose, area):
    blind = cytarabine.is_high_dose(dose, None)
    assert blind in (UNKNOWN, cytarabine.is_high_dose(dose, area))
