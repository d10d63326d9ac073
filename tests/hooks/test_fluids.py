"""Rates and daily volumes as orders say them."""

from decimal import Decimal

import pytest

from hooks.concepts import CRYSTALLOID
from hooks.fluids import Stated, ml_per_day, stated_volumes
from tests.patients import Draft, chart, given, order

SAID = {
    "200 mL/h": ("4800", False),
    "200ml/hour.": ("4800", False),
    "200 mL per hour": ("4800", False),
    "100 mL hourly": ("2400", False),
    "10 mL/min": ("14400", False),
    "5 L/day": ("5000", False),
    "5 L over 24 hours": ("5000", False),
    "3 L/(24.h)": ("3000", False),
    "3 liters daily": ("3000", False),
    "3.5 L a day": ("3500", False),
    "4,500 mL/24 h": ("4500", False),
    "2,5 L/day": ("2500", False),
    "20 mEq/L at 150 mL/hr": ("3600", False),
    "3 L/m2/day": ("3000", True),
    "3 L/m² per day": ("3000", True),
    "125 mL/m2/h": ("3000", True),
    "125 mL/h/m2": ("3000", True),
}

NOT_SAID = (
    "1000 mL bag",
    "1 L over 8 h",
    "1000 mL in D5W",
    "4 mL/h/kg",
    "4 mL/kg/h",
    "sodium chloride 0.9 %",
    "154 mmol/L",
    "run at a rate to be set",
)


@pytest.mark.parametrize(("text", "volume"), SAID.items(), ids=SAID)
def test_a_rate_or_daily_volume_is_read(text, volume):
    ml, per_m2 = volume
    assert stated_volumes(text) == [Stated(Decimal(ml), per_m2)]


@pytest.mark.parametrize("text", NOT_SAID)
def test_what_says_no_daily_volume_is_not_guessed(text):
    assert stated_volumes(text) == []


SALINE = "0.9% sodium chloride"
SERVICE = order(SALINE, procedure=True)

ORDERS = {
    "a rate": order(SALINE, rate="200 mL/h"),
    "a rate as a ratio": order(SALINE, rate="200 mL", over="1 h"),
    "a volume over 24 h": order(SALINE, rate="4800 mL", over="24 h"),
    "a volume so many times a day": order(SALINE, dose="1200 mL", times=4),
    "a rate in the instruction": order(SALINE, text="IV continuous at 200 mL/h"),
    "a rate in a note": order(SALINE, note="200 mL/h until reviewed"),
    "two statements, of which the larger counts": order(
        SALINE, instructions=(given(rate="200 mL/h"), given(rate="20 mL/h"))
    ),
    "a service with a detail": Draft(
        {**SERVICE.resource, "orderDetail": [{"text": "200 mL/h"}]},
    ),
    "a service with a quantity a day": Draft(
        {**SERVICE.resource, "quantityQuantity": {"value": 4.8, "unit": "L/d"}},
    ),
    "a service with a ratio": Draft(
        {
            **SERVICE.resource,
            "quantityRatio": {
                "numerator": {"value": 200, "unit": "mL"},
                "denominator": {"value": 1, "unit": "h"},
            },
        },
    ),
}


@pytest.mark.parametrize("draft", ORDERS.values(), ids=ORDERS)
def test_an_order_says_its_daily_volume_in_many_ways(draft):
    (found,) = chart(draft).selected(CRYSTALLOID)
    assert ml_per_day(found, Decimal(2)) == 4800


UNSAID = {
    "no rate": order(SALINE),
    "one volume, how often is not said": order(SALINE, dose="1000 mL"),
    "a service with a bare quantity": Draft(
        {**SERVICE.resource, "quantityQuantity": {"value": 5, "unit": "L"}},
    ),
    "a quantity that is none": Draft({**SERVICE.resource, "quantityQuantity": "5 L/d"}),
}


@pytest.mark.parametrize("draft", UNSAID.values(), ids=UNSAID)
def test_a_volume_without_a_time_is_no_daily_volume(draft):
    (found,) = chart(draft).selected(CRYSTALLOID)
    assert ml_per_day(found, Decimal(2)) is None


def test_a_rate_per_body_surface_is_that_of_the_body():
    (found,) = chart(order(SALINE, text="3 L/m2/day")).selected(CRYSTALLOID)
    assert ml_per_day(found, Decimal("1.8")) == 5400
