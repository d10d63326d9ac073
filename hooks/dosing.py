"""Doses and body measures, each formula with its source. Units stand in the names.

Nothing here is computed from a value that is missing, too old or a range: None means that a gate
is not known, and then nothing is proposed.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from cds_service.chart import Chart
from cds_service.finding import FALSE, TRUE
from hooks import concepts, questions, thresholds

CAPSULE_MG = Decimal(500)
LARGEST_DAILY_MG = Decimal(6000)
"""No maximum was verified in a source; a proposal above this is left to the prescriber."""
FULL_BAND_MG_PER_KG = (Decimal(50), Decimal(60))
REDUCED_BAND_MG_PER_KG = (Decimal(25), Decimal(30))
REDUCED_BELOW_ML_PER_MIN = Decimal(60)
"""Hydroxyurea label: halve the dose below this creatinine clearance."""

TRETINOIN_MG_PER_M2_PER_DOSE = Decimal("22.5")
TRETINOIN_CAPSULE_MG = Decimal(10)
HYDRATION_L_PER_M2_PER_DAY = (Decimal("2.5"), Decimal(3))


def weight_kg(patient: Chart) -> Decimal | None:
    """Body weight of the last 90 days."""
    return patient.latest(concepts.BODY_WEIGHT, thresholds.WEIGHT_FOR_DOSE).exact()


def height_cm(patient: Chart) -> Decimal | None:
    """Body height: any of an adult, of a child the last 30 days'."""
    adult = patient.age().at_least(thresholds.ADULT).truth is TRUE
    window = None if adult else thresholds.HEIGHT_FOR_CHILD
    return patient.latest(concepts.BODY_HEIGHT, window).exact()


def body_surface_area_m2(patient: Chart) -> Decimal | None:
    """Mosteller: the square root of height (cm) times weight (kg) over 3600."""
    weight, height = weight_kg(patient), height_cm(patient)
    if weight is None or height is None:
        return None
    return (height * weight / 3600).sqrt()


def ideal_weight_kg(patient: Chart) -> Decimal | None:
    """Devine: 50 kg (men) or 45.5 kg (women) and 2.3 kg for every inch over 60."""
    height = height_cm(patient)
    base = {"male": Decimal(50), "female": Decimal("45.5")}.get(patient.gender() or "")
    if height is None or base is None:
        return None
    return base + Decimal("2.3") * (height / Decimal("2.54") - 60)


def dosing_weight_kg(patient: Chart) -> Decimal | None:
    """The lower of actual and ideal weight (hydroxyurea label 2.1)."""
    actual, ideal = weight_kg(patient), ideal_weight_kg(patient)
    if actual is None or ideal is None or ideal <= 0:
        return None
    return min(actual, ideal)


def creatinine_clearance_ml_per_min(patient: Chart) -> Decimal | None:
    """Cockcroft-Gault with the dosing weight; creatinine of the last 48 h."""
    weight = dosing_weight_kg(patient)
    creatinine = patient.latest(concepts.CREATININE, thresholds.CREATININE_FOR_DOSE).exact()
    age = patient.age().exact()
    if weight is None or creatinine is None or age is None:
        return None
    clearance = (140 - age) * weight / (72 * creatinine)
    return clearance * Decimal("0.85") if patient.gender() == "female" else clearance


@dataclass(frozen=True, slots=True)
class HydroxyureaDose:
    """A day's dose in whole 500 mg capsules, the band it comes from, and what it rests on."""

    daily_mg: Decimal
    lowest_mg: Decimal
    highest_mg: Decimal
    weight_kg: Decimal
    clearance_ml_per_min: Decimal

    @property
    def is_reduced(self) -> bool:
        """Whether the band was halved for renal function."""
        return self.clearance_ml_per_min < REDUCED_BELOW_ML_PER_MIN

    @property
    def is_below_band(self) -> bool:
        """Whether no number of capsules meets the band, so that fewer were chosen."""
        return self.daily_mg < self.lowest_mg


def hydroxyurea_dose(patient: Chart) -> HydroxyureaDose | None:
    """The dose of catalogue section 5.7; None unless every gate is known to be passed."""
    return patient.recall(hydroxyurea_dose, lambda: _hydroxyurea_dose(patient))


def _hydroxyurea_dose(patient: Chart) -> HydroxyureaDose | None:
    weight = dosing_weight_kg(patient)
    clearance = creatinine_clearance_ml_per_min(patient)
    if weight is None or clearance is None or not _hydroxyurea_gates(patient):
        return None
    dose = capsules_for(weight, clearance)
    return dose if dose.daily_mg <= LARGEST_DAILY_MG and dose.daily_mg > 0 else None


def capsules_for(weight: Decimal, clearance: Decimal) -> HydroxyureaDose:
    """The largest number of capsules inside the band; where none fits, the next below it."""
    reduced = clearance < REDUCED_BELOW_ML_PER_MIN
    low, high = REDUCED_BAND_MG_PER_KG if reduced else FULL_BAND_MG_PER_KG
    lowest, highest = low * weight, high * weight
    daily = highest // CAPSULE_MG * CAPSULE_MG
    return HydroxyureaDose(daily, lowest, highest, weight, clearance)


def _hydroxyurea_gates(patient: Chart) -> bool:
    """Adult, not pregnant, not taking it already, not ALL or APL, no comfort-only plan."""
    closed = (
        questions.pregnant(patient),
        patient.taking(concepts.HYDROXYUREA),
        patient.may_have(concepts.ALL),
        patient.may_have(concepts.APL),
        patient.has(concepts.COMFORT_PLAN),
    )
    adult = patient.age().at_least(thresholds.ADULT)
    return adult.truth is TRUE and all(gate.truth is FALSE for gate in closed)


def tretinoin_dose_mg(patient: Chart) -> Decimal | None:
    """One of two daily doses, to the nearest 10 mg capsule; None when a gate is not passed."""
    area = body_surface_area_m2(patient)
    gates = (questions.pregnant(patient), patient.taking(concepts.TRETINOIN))
    adult = patient.age().at_least(thresholds.ADULT)
    if area is None or adult.truth is not TRUE or any(gate.truth is not FALSE for gate in gates):
        return None
    capsules = (area * TRETINOIN_MG_PER_M2_PER_DOSE / TRETINOIN_CAPSULE_MG).quantize(
        Decimal(1), ROUND_HALF_UP
    )
    return capsules * TRETINOIN_CAPSULE_MG


def hydration_ml_per_hour(area_m2: Decimal) -> tuple[Decimal, Decimal]:
    """The reference target of 2.5-3 L/m2/day as a rate."""
    low, high = HYDRATION_L_PER_M2_PER_DAY
    return low * area_m2 * 1000 / 24, high * area_m2 * 1000 / 24
