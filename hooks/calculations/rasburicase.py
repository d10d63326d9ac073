"""Rasburicase by its label: 0.2 mg/kg once a day, up to five days (evidence RASLABEL, section 2).

The fixed dose that many centers give is local practice and is not computed.
"""

from __future__ import annotations

from decimal import Decimal

from cds_service.chart import Chart
from hooks.calculations import body

LABEL_MG_PER_KG_PER_DAY = Decimal("0.2")


def label_dose_mg_per_day(weight_kg: Decimal) -> Decimal:
    """The label dose for a weight, not rounded to vials."""
    return LABEL_MG_PER_KG_PER_DAY * weight_kg


def rasburicase_mg_per_day(patient: Chart) -> Decimal | None:
    """The label dose for the actual weight of the last 90 days: a value to show, no proposal."""
    weight = body.weight_kg(patient)
    return None if weight is None else label_dose_mg_per_day(weight)
