"""Fluids: the worked target of section 5.12 and what an order amounts to for this body."""

from decimal import Decimal

from hypothesis import given

from hooks import fluids
from hooks.calculations import body, hydration
from tests.hooks.calculations.support import decimals, examples, rounded
from tests.patients import BODY, chart, order

FLUID = "sodium chloride 0.9 % infusion"


def test_hydration_target_as_a_rate():
    area = body.body_surface_area_m2(chart(*BODY))
    assert area is not None
    assert [rounded(rate) for rate in hydration.hydration_ml_per_hour(area)] == [189, 227]


def test_the_target_in_liters_of_the_worked_patient():
    """170 cm and 70 kg: 4.55-5.45 L/day."""
    area = body.body_surface_area_m2(chart(*BODY))
    low, high = hydration.TARGET_L_PER_M2_PER_DAY
    assert [rounded(area * each, 2) for each in (low, high)] == [4.55, 5.45]


def test_200_ml_an_hour_are_2_64_liters_per_m2_for_the_worked_patient():
    found = chart(*BODY, order(FLUID, rate="200 mL/h"))
    area = body.body_surface_area_m2(found)
    assert area is not None
    in_ml = fluids.ml_per_day(found.orders[0], area)
    assert in_ml == 4800
    assert rounded(hydration.l_per_m2_per_day(in_ml, area), 2) == 2.64


@examples(100)
@given(area=decimals("0.3", "3"), more=decimals("0.1", "1"))
def test_the_target_grows_with_the_body_and_its_ends_are_2_5_and_3_liters(area, more):
    low, high = hydration.hydration_ml_per_hour(area)
    assert low < high
    assert hydration.hydration_ml_per_hour(area + more)[0] > low
    for rate, liters in ((low, Decimal("2.5")), (high, Decimal(3))):
        back = hydration.l_per_m2_per_day(rate * 24, area)
        assert abs(back - liters) < Decimal("1e-12")
