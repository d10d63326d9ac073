"""Calcium corrected for albumin.

Total calcium + 0.8 x (4 - albumin in g/dL), in mg/dL: the correction that the 2011 form of the
tumor lysis criteria names (Howard SC, N Engl J Med 2011;364:1844-54; evidence CB04).
"""

from __future__ import annotations

from decimal import Decimal

from cds_service.chart import Chart
from hooks import concepts, thresholds

NORMAL_ALBUMIN_G_PER_DL = Decimal(4)
CALCIUM_MG_PER_ALBUMIN_G = Decimal("0.8")


def corrected_mg_per_dl(calcium_mg_per_dl: Decimal, albumin_g_per_dl: Decimal) -> Decimal:
    """What the total calcium would be at an albumin of 4 g/dL."""
    missing = NORMAL_ALBUMIN_G_PER_DL - albumin_g_per_dl
    return calcium_mg_per_dl + CALCIUM_MG_PER_ALBUMIN_G * missing


def corrected_calcium_mg_per_dl(patient: Chart) -> Decimal | None:
    """Of a total calcium of the last 12 h and an albumin of the last 24 h, which moves slower."""
    calcium = patient.latest(concepts.CALCIUM, thresholds.TUMOR_LYSIS_VALUES).exact()
    albumin = patient.latest(concepts.ALBUMIN, thresholds.TUMOR_LYSIS_SHOWN).exact()
    if calcium is None or albumin is None:
        return None
    return corrected_mg_per_dl(calcium, albumin)
