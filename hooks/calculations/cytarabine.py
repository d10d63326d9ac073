"""How intensive a dose of cytarabine is (catalogue section 5.8), by route, dose and frequency.

LOW-DOSE: subcutaneous, up to 40 mg/m2 a day in total or up to 40 mg twice a day, at most 14 days
(evidence BURNETT07, DACO16, VIALEC; catalogue section 0.9). INTENSIVE: intravenous, 100 mg/m2 a day
or more (7+3), which any single dose of 1 g/m2 is too (evidence ELN22, SALIDAC). Milligrams are
converted by body surface area; without it up to 80 mg a day under the skin is low and 150 mg a day
into the vein is intensive. Everything between is unknown.
"""

from __future__ import annotations

from decimal import Decimal
from enum import Enum

from cds_service.finding import FALSE, TRUE, UNKNOWN, Truth
from cds_service.terminology import Threshold
from hooks import thresholds
from hooks.calculations.stated_dose import StatedDose

LOW_DAILY_MG_PER_M2 = Decimal(40)
LOW_SINGLE_MG = Decimal(40)
LOW_DAILY_MG_WITHOUT_AREA = Decimal(80)
LOW_LONGEST_DAYS = Decimal(14)
INTENSIVE_DAILY_MG_PER_M2 = Decimal(100)
INTENSIVE_DAILY_MG_WITHOUT_AREA = Decimal(150)
TWICE = Decimal(2)

LARGEST_AREA_M2 = Decimal(3)
SMALLEST_AREA_M2 = Decimal("0.2")
"""A body surface area beyond these is that of hardly anyone: they bound what is not measured."""


class Intensity(Enum):
    """What an order of cytarabine or methotrexate amounts to."""

    INTENSIVE = "intensive"
    LOW = "low-dose"
    INTRATHECAL = "intrathecal"
    UNKNOWN = "cannot be classified"


def single_mg_per_m2(stated: StatedDose, area_m2: Decimal | None) -> Decimal | None:
    """One dose by body surface area; None where the area is needed and not known."""
    amount = stated.amount_mg_per_m2(area_m2)
    return None if amount is None else amount * stated.per_dose_factor()


def daily_mg_per_m2(stated: StatedDose, area_m2: Decimal | None) -> Decimal | None:
    """A day's dose by body surface area; None also where the frequency is not said."""
    amount, factor = stated.amount_mg_per_m2(area_m2), stated.per_day_factor()
    return None if amount is None or factor is None else amount * factor


def daily_mg(stated: StatedDose, area_m2: Decimal | None) -> Decimal | None:
    """A day's dose for the whole body."""
    amount, factor = stated.total_mg(area_m2), stated.per_day_factor()
    return None if amount is None or factor is None else amount * factor


def intravenous_intensity(stated: StatedDose, area_m2: Decimal | None) -> Intensity:
    """A single dose at the daily limit is intensive however often it is given."""
    factor = max(stated.per_day_factor() or Decimal(1), Decimal(1))
    per_m2 = stated.amount_mg_per_m2(area_m2)
    if per_m2 is not None:
        intensive = per_m2 * factor >= INTENSIVE_DAILY_MG_PER_M2
    else:
        intensive = stated.amount_mg * factor >= INTENSIVE_DAILY_MG_WITHOUT_AREA
    return Intensity.INTENSIVE if intensive else Intensity.UNKNOWN


def subcutaneous_intensity(stated: StatedDose, area_m2: Decimal | None) -> Intensity:
    """Low-dose or unknown; a frequency that is not said counts as twice a day."""
    if stated.days is not None and stated.days > LOW_LONGEST_DAYS:
        return Intensity.UNKNOWN
    return Intensity.LOW if _is_low(stated, area_m2) else Intensity.UNKNOWN


def _is_low(stated: StatedDose, area_m2: Decimal | None) -> bool:
    factor = stated.per_day_factor() or TWICE
    per_m2, total_mg = stated.amount_mg_per_m2(area_m2), stated.total_mg(area_m2)
    if per_m2 is not None and per_m2 * factor <= LOW_DAILY_MG_PER_M2:
        return True
    if total_mg is None:
        return False
    if not stated.per_day and factor <= TWICE and total_mg <= LOW_SINGLE_MG:
        return True
    return per_m2 is None and total_mg * factor <= LOW_DAILY_MG_WITHOUT_AREA


def is_high_dose(
    stated: StatedDose,
    area_m2: Decimal | None,
    high: Threshold = thresholds.HIGH_DOSE_CYTARABINE,
) -> Truth:
    """A single intravenous dose from the limit on; without an area only where any would agree."""
    limit = high.value
    per_m2 = single_mg_per_m2(stated, area_m2)
    if per_m2 is not None:
        return TRUE if per_m2 >= limit else FALSE
    single_mg = stated.amount_mg * stated.per_dose_factor()
    if single_mg >= limit * LARGEST_AREA_M2:
        return TRUE
    return FALSE if single_mg < limit * SMALLEST_AREA_M2 else UNKNOWN
