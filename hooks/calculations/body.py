"""Body surface area, ideal weight and the weight that doses are based on.

Body surface area: Mosteller RD, N Engl J Med 1987;317:1098.
Ideal weight: Devine BJ, Drug Intell Clin Pharm 1974;8:650-5.
Dosing weight: hydroxyurea label, section 2.1 (evidence HULABEL).
"""

from __future__ import annotations

from decimal import Decimal

from cds_service.chart import Chart
from cds_service.finding import TRUE
from hooks import concepts, thresholds

CM_PER_INCH = Decimal("2.54")
_DEVINE_BASE_KG = {"male": Decimal(50), "female": Decimal("45.5")}
_DEVINE_KG_PER_INCH = Decimal("2.3")
_DEVINE_INCHES = Decimal(60)


def mosteller_m2(height_cm: Decimal, weight_kg: Decimal) -> Decimal:
    """The square root of height (cm) times weight (kg) over 3600."""
    return (height_cm * weight_kg / 3600).sqrt()


def devine_kg(height_cm: Decimal, gender: str) -> Decimal | None:
    """50 kg (male) or 45.5 kg (female) and 2.3 kg for every inch over 60; None for others."""
    base = _DEVINE_BASE_KG.get(gender)
    if base is None:
        return None
    return base + _DEVINE_KG_PER_INCH * (height_cm / CM_PER_INCH - _DEVINE_INCHES)


def weight_kg(patient: Chart) -> Decimal | None:
    """Body weight of the last 90 days."""
    return patient.latest(concepts.BODY_WEIGHT, thresholds.WEIGHT_FOR_DOSE).exact()


def height_cm(patient: Chart) -> Decimal | None:
    """Body height: any of an adult, of a child the last 30 days'."""
    adult = patient.age().at_least(thresholds.ADULT).truth is TRUE
    window = None if adult else thresholds.HEIGHT_FOR_CHILD
    return patient.latest(concepts.BODY_HEIGHT, window).exact()


def body_surface_area_m2(patient: Chart) -> Decimal | None:
    """Mosteller's, from the recorded weight and height."""
    weight, height = weight_kg(patient), height_cm(patient)
    if weight is None or height is None:
        return None
    return mosteller_m2(height, weight)


def ideal_weight_kg(patient: Chart) -> Decimal | None:
    """Devine's, from the recorded height and sex."""
    height = height_cm(patient)
    return None if height is None else devine_kg(height, patient.gender() or "")


def dosing_weight_kg(patient: Chart) -> Decimal | None:
    """The lower of actual and ideal weight; None for a body too short for Devine's formula."""
    actual, ideal = weight_kg(patient), ideal_weight_kg(patient)
    if actual is None or ideal is None or ideal <= 0:
        return None
    return min(actual, ideal)
