"""How much fluid an order gives in a day: from rates, volumes and the plain texts of drafts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cds_service.dosage import daily_volume_ml, read_doses, volume_per_day_in_text_ml
from cds_service.orders import Order, read_drafts
from tests.engine.made_up import LEXICON, ME, decoded, draft


def volume(**instruction: Any) -> Decimal | None:
    (dose,) = read_doses(decoded({"dosageInstruction": [instruction]}))
    return daily_volume_ml(dose)


def rate(value: Any, unit: str) -> dict[str, Any]:
    return {"rateQuantity": {"value": value, "unit": unit}}


def over(amount: Any, unit: str, time: Any, time_unit: str) -> dict[str, Any]:
    top, bottom = {"value": amount, "unit": unit}, {"value": time, "unit": time_unit}
    return {"rateRatio": {"numerator": top, "denominator": bottom}}


def given(value: Any, unit: str) -> dict[str, Any]:
    return {"doseQuantity": {"value": value, "unit": unit}}


TWICE_DAILY = {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}

VOLUMES: dict[str, tuple[dict[str, Any], str | None]] = {
    "mL/h": ({"doseAndRate": [rate(200, "mL/h")]}, "4800"),
    "mL/hr": ({"doseAndRate": [rate(200, "mL/hr")]}, "4800"),
    "ml/hour": ({"doseAndRate": [rate(200, "ml/hour")]}, "4800"),
    "L/h": ({"doseAndRate": [rate(0.2, "L/h")]}, "4800"),
    "mL/min": ({"doseAndRate": [rate(2, "mL/min")]}, "2880"),
    "L/d": ({"doseAndRate": [rate(3, "L/d")]}, "3000"),
    "L/24 h": ({"doseAndRate": [rate(3, "L / 24 h")]}, "3000"),
    "mL/(24.h), UCUM": ({"doseAndRate": [rate(3000, "mL/(24.h)")]}, "3000"),
    "volume over hours": ({"doseAndRate": [over(1000, "mL", 8, "h")]}, "3000"),
    "volume over a day": ({"doseAndRate": [over(3, "L", 24, "h")]}, "3000"),
    "volume over one day": ({"doseAndRate": [over(3, "L", 1, "d")]}, "3000"),
    "a rate sent as the dose": ({"doseAndRate": [given(125, "mL/h")]}, "3000"),
    "volume so often": ({"doseAndRate": [given(500, "mL")], "timing": TWICE_DAILY}, "1000"),
    "liters so often": ({"doseAndRate": [given(1.5, "liters")], "timing": TWICE_DAILY}, "3000"),
    "the larger of both": (
        {"doseAndRate": [given(1000, "mL") | rate(200, "mL/h")], "timing": TWICE_DAILY},
        "4800",
    ),
    "the larger of both, the volume": (
        {"doseAndRate": [given(1000, "mL") | rate(10, "mL/h")], "timing": TWICE_DAILY},
        "2000",
    ),
    "text where no number is": ({"text": "IV at 200 mL/h"}, "4800"),
    "text beside a volume without frequency": (
        {"doseAndRate": [given(1000, "mL")], "text": "at 200 mL/h"},
        "4800",
    ),
    "a number before the text": ({"doseAndRate": [rate(1, "L/d")], "text": "200 mL/h"}, "1000"),
    "volume of no frequency": ({"doseAndRate": [given(1000, "mL")]}, None),
    "mass": ({"doseAndRate": [rate(8, "mg/h")]}, None),
    "mass so often": ({"doseAndRate": [given(500, "mg")], "timing": TWICE_DAILY}, None),
    "by weight": ({"doseAndRate": [rate(2, "mL/kg/h")]}, None),
    "drops": ({"doseAndRate": [rate(20, "gtt/min")]}, None),
    "a week": ({"doseAndRate": [rate(7, "L/wk")]}, None),
    "no time": ({"doseAndRate": [rate(200, "mL")]}, None),
    "no unit": ({"doseAndRate": [rate(200, "")]}, None),
    "nothing an hour": ({"doseAndRate": [rate(0, "mL/h")]}, None),
    "less than nothing": ({"doseAndRate": [rate(-5, "mL/h")]}, None),
    "nothing said": ({}, None),
}


@pytest.mark.parametrize(("instruction", "expected"), VOLUMES.values(), ids=VOLUMES)
def test_the_volume_of_a_day(instruction: dict[str, Any], expected: str | None) -> None:
    assert volume(**instruction) == (None if expected is None else Decimal(expected))


PLAIN_TEXTS = {
    "200 mL/h": "4800",
    "Sodium chloride 0.9 % 1000 mL IV at 200 mL/hr continuous": "4800",
    "200ml/hour": "4800",
    "200 ml per hour": "4800",
    "run at 3 L/day": "3000",
    "3 L/24h": "3000",
    "3 L / 24 hours": "3000",
    "2.5 L/day": "2500",
    "2,5 L/day": "2500",
    "3,000 mL/day": "3000",
    "3000 mL/24 h for tumor lysis": "3000",
    "125 mL/h (3 L/day)": "3000",
    "200 mL/h for 24 h": "4800",
    "200 mL/h for 3 days": "4800",
    "200\n mL/h.": "4800",
}


@pytest.mark.parametrize(("text", "expected"), PLAIN_TEXTS.items(), ids=PLAIN_TEXTS)
def test_a_plain_rate_is_read_from_a_text(text: str, expected: str) -> None:
    assert volume_per_day_in_text_ml(text) == Decimal(expected)


OTHER_TEXTS = [
    "",
    "200",
    "200 mL",
    "200 mg/h",
    "3 L/m2/day",
    "1.5 mL/kg/h",
    "2 dL/h",
    "100-200 mL/h",
    "100 - 200 mL/h",
    "100 to 200 mL/h",
    "100 or 200 mL/h",
    "100 mL/h to 200 mL/h",
    "up to 200 mL/h",
    "max 200 mL/h",
    "> 100 mL/h",
    "keep urine output at 100 mL/h",
    "goal: diuresis of 100 mL/h",
    "not more than 2 L/day",
    "titrate from 200 mL/h",
    "500 mL bolus, 100 mL/h",
    "200 mL/h then 100 mL/h",
    "200 mL/h, 100 mL/h at night",
    "200 mL/h for 2 hours",
    "200 mL/h x 2 h",
    "200 mL/h until the count falls",
    "1,500 L/day",
    "1/200 mL/h",
    "200 mL/hpf",
    "200 mL/h/kg",
]


@pytest.mark.parametrize("text", OTHER_TEXTS)
def test_what_may_mean_another_amount_is_not_read(text: str) -> None:
    assert volume_per_day_in_text_ml(text) is None


# -- orders --------------------------------------------------------------------------------------


def order(kind: str = "ServiceRequest", **fields: Any) -> Order:
    bundle = decoded({"entry": [{"resource": draft("m", kind, **fields)}]})
    (found,) = read_drafts(bundle, None, ME, LEXICON).orders
    return found


ORDERS: dict[str, tuple[Order, str | None]] = {
    "instructions, the largest": (
        order("MedicationRequest", dosageInstruction=[rate(1, "L/d"), rate(2, "L/d")]),
        "2000",
    ),
    "instructions before texts": (
        order("MedicationRequest", dosageInstruction=[rate(1, "L/d")], note=[{"text": "2 L/day"}]),
        "1000",
    ),
    "a note of a drug": (order("MedicationRequest", note=[{"text": "at 2 L/day"}]), "2000"),
    "the quantity of a service": (order(quantityQuantity={"value": 100, "unit": "mL/h"}), "2400"),
    "details of a service": (order(orderDetail=[{"text": "200 mL/h"}]), "4800"),
    "a coded detail": (order(orderDetail=[{"coding": [{"display": "200 mL/h"}]}]), "4800"),
    "the name of a service": (order(code={"text": "Hydration, 3 L/day"}), "3000"),
    "a note of a service": (order(note=[{"text": "3 L/day"}]), "3000"),
    "the same said twice": (
        order(orderDetail=[{"text": "125 mL/h"}], note=[{"text": "3 L/day"}]),
        "3000",
    ),
    "texts that differ": (
        order(orderDetail=[{"text": "125 mL/h"}], note=[{"text": "2 L/day"}]),
        None,
    ),
    "a volume without time": (order(quantityQuantity={"value": 1, "unit": "L"}), None),
    "nothing": (order(), None),
}


@pytest.mark.parametrize(("found", "expected"), ORDERS.values(), ids=ORDERS)
def test_the_daily_volume_of_an_order(found: Order, expected: str | None) -> None:
    assert found.daily_volume_ml() == (None if expected is None else Decimal(expected))


QUANTITIES: dict[str, tuple[Order, tuple[Decimal | None, str]]] = {
    "of a service": (order(quantityQuantity={"value": 2, "unit": "units"}), (Decimal(2), "units")),
    "code before unit": (
        order(quantityQuantity={"value": 1.5, "unit": "liter", "code": "L"}),
        (Decimal("1.5"), "L"),
    ),
    "to dispense": (
        order("MedicationRequest", dispenseRequest={"quantity": {"value": 30, "unit": "tablet"}}),
        (Decimal(30), "tablet"),
    ),
    "a text": (order(quantityQuantity="2 units"), (None, "")),
    "no number": (order(quantityQuantity={"value": "2", "unit": "units"}), (None, "units")),
    "a dispense request of another type": (order(dispenseRequest=[1]), (None, "")),
    "nothing": (order(), (None, "")),
}


@pytest.mark.parametrize(("found", "expected"), QUANTITIES.values(), ids=QUANTITIES)
def test_the_quantity_of_an_order(found: Order, expected: tuple[Decimal | None, str]) -> None:
    assert found.quantity() == expected
