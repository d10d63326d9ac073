"""Tretinoin (ATRA): 45 mg/m2/day in two doses of whole 10 mg capsules.

US label, section 2 (dosage); catalogue section 0.9, Doses.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from cds_service.chart import Chart
from cds_service.finding import FALSE, TRUE
from hooks import concepts, questions, thresholds
from hooks.calculations import body

MG_PER_M2_PER_DOSE = Decimal("22.5")
CAPSULE_MG = Decimal(10)


def tretinoin_mg_per_dose(area_m2: Decimal) -> Decimal:
    """One of the two daily doses, to the nearest capsule."""
    capsules = (area_m2 * MG_PER_M2_PER_DOSE / CAPSULE_MG).quantize(Decimal(1), ROUND_HALF_UP)
    return capsules * CAPSULE_MG


def tretinoin_dose_mg(patient: Chart) -> Decimal | None:
    """One of the two daily doses for this patient; None when a gate is not passed."""
    area = body.body_surface_area_m2(patient)
    gates = (questions.pregnant(patient), patient.taking(concepts.TRETINOIN))
    adult = patient.age().at_least(thresholds.ADULT)
    if area is None or adult.truth is not TRUE or any(gate.truth is not FALSE for gate in gates):
        return None
    return tretinoin_mg_per_dose(area)
