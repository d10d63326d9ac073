"""A day's hydroxyurea in capsules (catalogue section 5.7).

50-60 mg/kg/day is the guideline summaries' band (evidence READING); the label (evidence HULABEL)
bases doses on the lower of actual and ideal weight (2.1) and halves them below a creatinine
clearance of 60 mL/min (2.3). Nothing is proposed unless every gate is known to be passed.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from cds_service.chart import Chart
from cds_service.finding import FALSE, TRUE
from hooks import concepts, questions, thresholds
from hooks.calculations import body, kidney

CAPSULE_MG = Decimal(500)
FULL_BAND_MG_PER_KG = (Decimal(50), Decimal(60))
MG_OF_100_KG = FULL_BAND_MG_PER_KG[1] * 100
REDUCED_BAND_MG_PER_KG = (Decimal(25), Decimal(30))
REDUCED_BELOW_ML_PER_MIN = Decimal(60)


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


def band_mg_per_day(weight_kg: Decimal, clearance_ml_per_min: Decimal) -> tuple[Decimal, Decimal]:
    """Lowest and highest dose a day, halved below a clearance of 60."""
    reduced = clearance_ml_per_min < REDUCED_BELOW_ML_PER_MIN
    low, high = REDUCED_BAND_MG_PER_KG if reduced else FULL_BAND_MG_PER_KG
    return low * weight_kg, high * weight_kg


def capsules_for(weight_kg: Decimal, clearance_ml_per_min: Decimal) -> HydroxyureaDose:
    """The largest number of capsules inside the band; where none fits, the next below it."""
    lowest, highest = band_mg_per_day(weight_kg, clearance_ml_per_min)
    daily = highest // CAPSULE_MG * CAPSULE_MG
    return HydroxyureaDose(daily, lowest, highest, weight_kg, clearance_ml_per_min)


def hydroxyurea_dose(patient: Chart) -> HydroxyureaDose | None:
    """The dose for this patient; None unless every gate is known to be passed."""
    return patient.recall(hydroxyurea_dose, lambda: _hydroxyurea_dose(patient))


def _hydroxyurea_dose(patient: Chart) -> HydroxyureaDose | None:
    weight = body.dosing_weight_kg(patient)
    clearance = kidney.creatinine_clearance_ml_per_min(patient)
    if weight is None or clearance is None or not _gates_are_passed(patient):
        return None
    dose = capsules_for(weight, clearance)
    largest = patient.limit(thresholds.HYDROXYUREA_MAXIMUM).value
    return dose if 0 < dose.daily_mg <= largest else None


def _gates_are_passed(patient: Chart) -> bool:
    """Adult, not pregnant, not taking it already, not ALL or APL, no comfort-only plan."""
    closed = (
        questions.pregnant(patient),
        patient.taking(concepts.HYDROXYUREA),
        patient.may_have(concepts.ALL),
        questions.apl_suspected_or_confirmed(patient),
        patient.has(concepts.COMFORT_PLAN),
    )
    adult = patient.age().at_least(thresholds.ADULT)
    return adult.truth is TRUE and all(gate.truth is FALSE for gate in closed)
