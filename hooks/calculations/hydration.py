"""Intravenous hydration as a rate, and a daily volume by body surface area.

The reference target of 2.5-3 L/m2/day is that of the tumor lysis guidance (evidence TOSI08,
BSHTLS15; catalogue section 5.12). It is shown, never ordered.
"""

from __future__ import annotations

from decimal import Decimal

TARGET_L_PER_M2_PER_DAY = (Decimal("2.5"), Decimal(3))
HOURS_PER_DAY = Decimal(24)
ML_PER_L = Decimal(1000)


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
