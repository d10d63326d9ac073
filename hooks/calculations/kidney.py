"""Creatinine clearance.

Cockcroft DW, Gault MH, Nephron 1976;16:31-41. With the dosing weight, as catalogue section 5.7
asks. Muscle loss in ALS lowers creatinine: a normal result does not prove normal renal function.
"""

from __future__ import annotations

from decimal import Decimal

from cds_service.chart import Chart
from cds_service.readers import Bounds
from hooks import concepts, thresholds
from hooks.calculations import body

_FEMALE = Decimal("0.85")


def cockcroft_gault_ml_per_min(
    age_years: Decimal, weight_kg: Decimal, creatinine_mg_per_dl: Decimal, *, female: bool
) -> Decimal | None:
    """(140 - age) times weight over 72 times creatinine, 0.85 of it in women.

    None beyond the ages and values that the formula can hold.
    """
    if age_years >= 140 or creatinine_mg_per_dl <= 0:
        return None
    clearance = (140 - age_years) * weight_kg / (72 * creatinine_mg_per_dl)
    return clearance * _FEMALE if female else clearance


def creatinine_clearance_ml_per_min(patient: Chart) -> Decimal | None:
    """Of the dosing weight and a creatinine of the last 48 h."""
    weight = body.dosing_weight_kg(patient)
    creatinine = patient.latest(concepts.CREATININE, thresholds.CREATININE_FOR_DOSE).exact()
    age = patient.age().exact()
    if weight is None or creatinine is None or age is None:
        return None
    female = patient.gender() == "female"
    return cockcroft_gault_ml_per_min(age, weight, creatinine, female=female)


def creatinine_clearance_bounds(patient: Chart) -> Bounds | None:
    """As `creatinine_clearance_ml_per_min`, lowest and highest where age or creatinine is a range.

    It falls as either of them rises. None where a value is missing or in doubt.
    """
    weight, age = body.dosing_weight_kg(patient), patient.age_bounds()
    creatinine = patient.latest(concepts.CREATININE, thresholds.CREATININE_FOR_DOSE)
    if weight is None or age is None or creatinine.bounds is None or creatinine.doubt is not None:
        return None
    female = patient.gender() == "female"

    def clearance(years: Decimal | None, value: Decimal | None) -> Decimal | None:
        if years is None or value is None:
            return None
        return cockcroft_gault_ml_per_min(years, weight, value, female=female)

    return Bounds(
        clearance(age.high, creatinine.bounds.high), clearance(age.low, creatinine.bounds.low)
    )
