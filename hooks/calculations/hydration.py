"""Intravenous hydration as a rate, and what an ordered fluid amounts to for this body.

The reference target of 2.5-3 L/m2/day is that of the tumor lysis guidance (evidence TOSI08,
BSHTLS15; catalogue section 5.12). It is shown, never ordered.
"""

from __future__ import annotations

from decimal import Decimal

from cds_service.chart import Chart
from cds_service.dosage import Dose
from cds_service.orders import Order
from hooks.calculations import body

TARGET_L_PER_M2_PER_DAY = (Decimal("2.5"), Decimal(3))
HOURS_PER_DAY = Decimal(24)
ML_PER_L = Decimal(1000)

_ML = {"ml": Decimal(1), "milliliter": Decimal(1), "l": ML_PER_L, "liter": ML_PER_L}
_ML |= {"milliliters": Decimal(1), "liters": ML_PER_L, "litre": ML_PER_L, "litres": ML_PER_L}
_TIMES_PER_DAY = {
    **dict.fromkeys(("h", "hr", "hour"), HOURS_PER_DAY),
    "min": Decimal(1440),
    **dict.fromkeys(("d", "day", "24h", "24hr", "24hours", "(24.h)"), Decimal(1)),
}


def hydration_ml_per_hour(area_m2: Decimal) -> tuple[Decimal, Decimal]:
    """The reference target as a rate, lowest and highest."""
    low, high = TARGET_L_PER_M2_PER_DAY
    return ml_per_hour(low * area_m2), ml_per_hour(high * area_m2)


def ml_per_hour(l_per_day: Decimal) -> Decimal:
    """A daily volume as a rate."""
    return l_per_day * ML_PER_L / HOURS_PER_DAY


def l_per_m2_per_day(ml_per_day: Decimal, area_m2: Decimal) -> Decimal:
    """A daily volume by body surface area."""
    return ml_per_day / ML_PER_L / area_m2


def ml_per_day(dose: Dose) -> Decimal | None:
    """The volume of 24 h: a rate, a volume per day, or a volume so many times a day.

    A single volume whose frequency is not said is no daily volume.
    """
    found = [_volume(dose.rate, dose.rate_unit, None)]
    found.append(_volume(dose.amount, dose.unit, dose.times_per_day))
    known = [volume for volume in found if volume is not None]
    return max(known) if known else None


def _volume(amount: Decimal | None, unit: str, times_per_day: Decimal | None) -> Decimal | None:
    volume, _, time = unit.lower().replace(" ", "").partition("/")
    in_ml = _ML.get(volume)
    times = _TIMES_PER_DAY.get(time) if time else times_per_day
    return None if amount is None or in_ml is None or times is None else amount * in_ml * times


def order_ml_per_day(order: Order) -> Decimal | None:
    """The largest daily volume that one of its instructions states."""
    known = [volume for dose in order.doses() if (volume := ml_per_day(dose)) is not None]
    return max(known) if known else None


def order_l_per_m2_per_day(patient: Chart, order: Order) -> Decimal | None:
    """An ordered fluid by this patient's body surface area; None where either is not known."""
    volume, area = order_ml_per_day(order), body.body_surface_area_m2(patient)
    return None if volume is None or area is None else l_per_m2_per_day(volume, area)
