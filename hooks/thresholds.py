"""Every limit and look-back window, once, with its reason and source (guideline or label)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from cds_service.terminology import Threshold, Window
from cds_service.units import Units
from hooks import units

YEARS = Units("a", "years", {})


def _limit(name: str, value: str, unit: Units, reason: str, source: str) -> Threshold:
    return Threshold(name, Decimal(value), unit, reason, source)


HYPERLEUKOCYTOSIS = _limit(
    "hyperleukocytosis",
    "100",
    units.CELL_COUNT,
    "The usual definition; sources write both > and >=, and >= misses nobody.",
    "ROLLIG15",
)
HIGH_COUNT = _limit(
    "high-count",
    "50",
    units.CELL_COUNT,
    "AML, above all monocytic, can show leukostasis between 50 and 100.",
    "ROLLIG15",
)
APL_HIGH_RISK = _limit(
    "apl-high-risk",
    "10",
    units.CELL_COUNT,
    "APL with more than 10 is high risk: differentiation syndrome, rising count on ATRA.",
    "ELNAPL19",
)
BLASTS_PRESENT = _limit(
    "blasts-present", "0", Units("1", "", {}), "Any blast in blood, in either unit.", "ROLLIG15"
)
FVC_SEVERE = _limit(
    "fvc-severe",
    "50",
    units.PERCENT,
    "Below half of predicted, non-invasive ventilation is considered in ALS.",
    "NIVCRIT",
)
HYPERCAPNIA = _limit(
    "hypercapnia", "45", units.PRESSURE_MMHG, "Carbon dioxide retention in ALS.", "NIVCRIT"
)
SEVERE_ECOG = _limit(
    "severe-ecog", "3", units.SCORE, "More than half of the day in bed or chair.", "KANT10"
)
UNFIT_ECOG = _limit("unfit-ecog", "2", units.SCORE, "Unable to work.", "VIALEC")
SEVERE_KARNOFSKY = _limit(
    "severe-karnofsky", "40", units.KARNOFSKY_SCORE, "40 or less is ECOG 3 to 4.", "KPSECOG"
)
HIGH_DOSE_METHOTREXATE = Decimal(500)
"""mg/m2 intravenously: the customary lower bound of high-dose methotrexate."""

ADULT = _limit("adult", "18", YEARS, "The advice on goals and doses is for adults.", "HULABEL")
UNFIT_AGE = _limit("unfit-age", "75", YEARS, "Entry criterion of the trials.", "VIALEC")

TLS_POTASSIUM = _limit(
    "tls-potassium", "6", units.POTASSIUM, "Laboratory tumor lysis syndrome.", "CB04"
)
TLS_PHOSPHATE_ADULT = _limit(
    "tls-phosphate-adult",
    "4.49",
    units.PHOSPHATE,
    "Adult: 1.45 mmol/L (4.49 mg/dL) and 4.5 mg/dL both count.",
    "CB04",
)
TLS_PHOSPHATE_CHILD = _limit(
    "tls-phosphate-child", "6.5", units.PHOSPHATE, "Child; 2.1 mmol/L.", "CB04"
)
TLS_CALCIUM = _limit(
    "tls-calcium",
    "7.02",
    units.CALCIUM,
    "Corrected: 1.75 mmol/L (7.01 mg/dL) and 7.0 mg/dL both count.",
    "CB04",
)
TLS_URATE = _limit("tls-urate", "8", units.URATE, "Adult; 476 umol/L.", "CB04")
LOW_FIBRINOGEN = _limit(
    "low-fibrinogen", "150", units.FIBRINOGEN, "Coagulopathy; 1.5 g/L.", "ELNAPL19"
)
HIGH_INR = _limit("high-inr", "1.5", units.INR, "Coagulopathy.", "ELNAPL19")
LOW_PLATELETS = _limit("low-platelets", "50", units.CELL_COUNT, "Bleeding risk.", "ELNAPL19")


def _window(name: str, reason: str, **length: int) -> Window:
    return Window(name, timedelta(**length), reason)


FRESH_COUNT = _window(
    "fresh-count", "Blasts can double in about a day; checks are at least daily.", hours=24
)
OLD_COUNT = _window("old-count", "Older than this a leukocyte count is not used.", hours=72)
PROCEDURE_VALUES = _window("procedure-values", "Clotting and platelets change in hours.", hours=24)
SHOWN_AS_OLD = _window("shown-as-old", "Up to here a clotting value is shown, as old.", hours=48)
TUMOR_LYSIS_VALUES = _window("tumor-lysis-values", "Labs every 6-8 h at the peak.", hours=12)
TUMOR_LYSIS_SHOWN = _window("tumor-lysis-shown", "Shown up to here, as old.", hours=24)
CREATININE_FOR_DOSE = _window("creatinine-for-dose", "Renal function changes fast.", hours=48)
WEIGHT_FOR_DOSE = _window("weight-for-dose", "Fluid shifts; older is not used.", days=90)
HEIGHT_FOR_CHILD = _window("height-for-child", "Children grow.", days=30)
PERFORMANCE_STATUS = _window("performance-status", "ALS and leukemia both change it.", days=30)
BREATHING = _window("breathing", "ALS clinics measure every 2-3 months.", days=90)
BREATHING_REVIEW = _window("breathing-review", "Shown up to here, as old.", days=180)
OXYGEN = _window("oxygen", "Changes within hours.", hours=24)
LDH_VALUES = _window("ldh-values", "Slow marker.", hours=72)
MORPHOLOGY = _window("morphology", "This work-up.", days=14)
