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

FVC_PRESERVED = _limit(
    "fvc-preserved",
    "80",
    units.PERCENT,
    "From 80 % of predicted on, with no other sign, breathing counts as preserved.",
    "NIVCRIT",
)
WEAK_SNIFF = _limit(
    "weak-sniff", "40", units.PRESSURE_CMH2O, "Sniff nasal pressure below 40 cmH2O.", "NIVCRIT"
)
WEAK_INSPIRATION = _limit(
    "weak-inspiration",
    "60",
    units.PRESSURE_CMH2O,
    "Inspiratory pressure weaker than 60 cmH2O, whichever sign it is written with.",
    "NIVCRIT",
)
WEAK_INSPIRATION_NEGATIVE = _limit(
    "weak-inspiration-negative",
    "-60",
    units.PRESSURE_CMH2O,
    "The same pressure written as a suction.",
    "NIVCRIT",
)
LOW_OXYGEN = _limit(
    "low-oxygen", "92", units.PERCENT, "A flag for ALS failure and for leukostasis.", "NIVCRIT"
)
UNFIT_EJECTION_FRACTION = _limit(
    "unfit-ejection-fraction", "50", units.PERCENT, "Entry criterion of the trial.", "VIALEC"
)
UNFIT_LUNG_FUNCTION = _limit(
    "unfit-lung-function", "65", units.PERCENT, "DLCO or FEV1, entry criterion.", "VIALEC"
)
UNFIT_CLEARANCE = Decimal(45)
"""mL/min, VIALEC: below 45 counts as unfit for intensive therapy, below 30 is outside the trial."""
UNFIT_BILIRUBIN = _limit(
    "unfit-bilirubin",
    "1.8",
    units.BILIRUBIN,
    "1.5 times an upper limit of normal of 1.2 mg/dL, which differs between laboratories.",
    "VIALEC",
)
FIT_KARNOFSKY = _limit(
    "fit-karnofsky", "80", units.KARNOFSKY_SCORE, "80 or more is ECOG 0 to 1.", "KPSECOG"
)
UNFIT_KARNOFSKY = _limit(
    "unfit-karnofsky", "60", units.KARNOFSKY_SCORE, "60 or less is ECOG 2 or worse.", "KPSECOG"
)
OLDER_ADULT = _limit(
    "older-adult", "65", YEARS, "The summaries' limit for older adults with ALL.", "GOK13"
)
T_ALL_YOUNGEST = _limit("t-all-youngest", "1", YEARS, "The trial enrolled from 1 year.", "AALL1231")
T_ALL_OLDEST = _limit("t-all-oldest", "31", YEARS, "The trial enrolled up to 30 years.", "AALL1231")
MRD_DETECTABLE = _limit(
    "mrd-detectable", "0.01", units.PERCENT, "10^-4, the usual limit of positive.", "AALL1231"
)
MRD_HIGH = _limit(
    "mrd-high", "0.1", units.PERCENT, "10^-3: the trial of blinatumomab started there.", "BLAST18"
)
MARROW_BLASTS_HIGH = _limit(
    "marrow-blasts-high", "25", units.PERCENT, "Day-29 marrow, very high risk.", "AALL1231"
)
HIGH_HEMOGLOBIN = _limit(
    "high-hemoglobin", "10", units.HEMOGLOBIN, "Above it red cells raise viscosity.", "HARRIS78"
)
LOW_PLATELETS_FOR_LINE = _limit(
    "low-platelets-for-line", "20", units.CELL_COUNT, "Central venous catheter.", "AABB15"
)
LOW_PLATELETS_FOR_PUNCTURE = _limit(
    "low-platelets-for-puncture", "50", units.CELL_COUNT, "Lumbar puncture.", "AABB15"
)
DANGEROUS_QTC = _limit(
    "dangerous-qtc", "500", units.MILLISECONDS, "Arsenic is held from here on.", "ATOLABEL"
)
POTASSIUM_FOR_ARSENIC = _limit(
    "potassium-for-arsenic", "4", units.POTASSIUM, "Keep above 4 mEq/L.", "ATOLABEL"
)
MAGNESIUM_FOR_ARSENIC = _limit(
    "magnesium-for-arsenic", "1.8", units.MAGNESIUM, "Keep above 1.8 mg/dL.", "ATOLABEL"
)
VENETOCLAX_COUNT = _limit(
    "venetoclax-count", "25", units.CELL_COUNT, "Below 25 before the first dose.", "VENLABEL"
)
NEUTROPENIA = _limit(
    "neutropenia", "0.5", units.CELL_COUNT, "Severe: prophylaxis is considered.", "ELN22"
)
RECOVERED_NEUTROPHILS = _limit(
    "recovered-neutrophils", "0.75", units.CELL_COUNT, "Unverified; the protocol wins.", "READING"
)
RECOVERED_PLATELETS = _limit(
    "recovered-platelets", "75", units.CELL_COUNT, "Unverified; the protocol wins.", "READING"
)
ONE_RELAPSE = _limit("one-relapse", "1", units.SCORE, "No longer the first remission.", "CORN12")
MANY_RELAPSES = _limit("many-relapses", "2", units.SCORE, "Second or later relapse.", "TOWER17")
HIGH_DOSE_CYTARABINE_MG_PER_M2 = Decimal(1000)
"""A single intravenous dose from here on is high-dose cytarabine (SALIDAC)."""
LARGE_HYDRATION_L_PER_M2 = Decimal(2)
"""L/m2 in 24 h: from here on an intravenous fluid order counts as large-volume (TOSI08)."""
SMALL_ADULT_M2 = Decimal("1.5")
"""Taken where the body surface area is not known, so that 3 L in 24 h count as large (TOSI08). Most
adults are larger, which errs towards the warning."""
SMALLEST_ADULT_M2 = Decimal(1)
"""What is not large for this body is large for hardly any adult (TOSI08)."""
FERTILE_AGE = (Decimal(12), Decimal(56))
"""Years, from and below: a pregnancy test is offered to women of this age (HULABEL)."""

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
QTC = _window("qtc", "Before the start, then weekly.", hours=72)
ELECTROLYTES_FOR_ARSENIC = _window("electrolytes-for-arsenic", "Change in hours.", hours=24)
APL_PROCEDURE_VALUES = _window(
    "apl-procedure-values", "In APL clotting changes faster still.", hours=12
)
ORGAN_FUNCTION = _window("organ-function", "Heart and lung function: 6 months.", days=183)
BILIRUBIN = _window("bilirubin", "Liver function changes within days.", days=7)
MRD = _window("mrd", "After the last block of therapy.", days=42)
PREGNANCY_TEST = _window("pregnancy-test", "Before a drug that harms the fetus.", days=7)
RECOVERY_COUNTS = _window("recovery-counts", "Counts before the next phase.", days=7)
AFTER_REMISSION = _window("after-remission", "Time on maintenance after remission.", days=730)
HEMOGLOBIN = _window("hemoglobin", "Before red cells are given.", hours=72)
MORPHOLOGY = _window("morphology", "This work-up.", days=14)
