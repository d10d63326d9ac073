"""Every limit and look-back window, once, with its reason and source (guideline or label).

A site may set another value (docs/operations.md, "Local thresholds") from half of this one to its
double; within `allowed` where that would leave what such a value can be, or be too wide for safety:
what warns of a danger, or clears a drug, a dose or a procedure, may be made stricter, not laxer.
Not at all where `fixed` says why. ASCENDING has limits that must not pass each other.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from cds_service.terminology import Threshold, Window
from cds_service.units import Units
from hooks import units

YEARS = Units("a", "years", {})


MG_PER_M2 = Units("mg/m2", "mg/m²", {})
ML_PER_MIN = Units("mL/min", "mL/min", {})
L_PER_M2 = Units("L/m2", "L/m²", {})
MG_PER_DAY = Units("mg/d", "mg/day", {})


_TITLES = {
    "hyperleukocytosis": "hyperleukocytosis from",
    "tumor-lysis-risk": "high tumor lysis risk from a leukocyte count of",
    "high-count": "high leukocyte count from",
    "fvc-severe": "vital capacity called severe below",
    "fvc-preserved": "vital capacity called preserved from",
    "hypercapnia": "PaCO2 called high above",
    "weak-sniff": "sniff pressure called weak below",
    "weak-inspiration": "inspiratory pressure called weak below",
    "low-oxygen": "oxygen saturation called low below",
    "high-dose-methotrexate": "methotrexate called high-dose from",
    "high-dose-cytarabine": "single dose of cytarabine called high from",
    "unfit-age": "unfit for intensive therapy by age from",
    "unfit-ejection-fraction": "unfit by ejection fraction up to",
    "unfit-lung-function": "unfit by DLCO or FEV1 up to",
    "unfit-clearance": "unfit by creatinine clearance below",
    "unfit-bilirubin": "unfit by bilirubin above",
    "older-adult": "older adult with ALL from",
    "mrd-detectable": "MRD called positive from",
    "mrd-high": "MRD called high from",
    "marrow-blasts-high": "day-29 marrow blasts called high above",
    "high-hemoglobin": "hemoglobin called high for red cells above",
    "low-platelets": "platelets called low below",
    "low-platelets-for-line": "platelets called low for a central line below",
    "low-platelets-for-puncture": "platelets called low for a puncture below",
    "low-fibrinogen": "fibrinogen called low below",
    "high-inr": "INR called high above",
    "dangerous-qtc": "QTc called dangerous from",
    "potassium-for-arsenic": "potassium called low for arsenic below",
    "magnesium-for-arsenic": "magnesium called low for arsenic below",
    "venetoclax-count": "leukocyte count for venetoclax below",
    "neutropenia": "severe neutropenia below",
    "recovered-neutrophils": "neutrophils called recovered from",
    "recovered-platelets": "platelets called recovered from",
    "large-hydration": "fluid in 24 h called large-volume from",
    "hydroxyurea-maximum": "largest dose of hydroxyurea that is proposed",
    "fertile-from": "pregnancy asked for from",
    "fertile-below": "pregnancy asked for below",
    "tls-potassium": "tumor lysis criterion, potassium from",
    "tls-phosphate-adult": "tumor lysis criterion, phosphate of an adult from",
    "tls-phosphate-child": "tumor lysis criterion, phosphate of a child from",
    "tls-calcium": "tumor lysis criterion, calcium up to",
    "tls-urate": "tumor lysis criterion, urate from",
    "fresh-count": "leukocyte count called fresh within",
    "old-count": "leukocyte count not used beyond",
    "procedure-values": "platelets and clotting used before a procedure within",
    "apl-procedure-values": "platelets and clotting used before a procedure in APL within",
    "shown-as-old": "old platelets and clotting shown within",
    "tumor-lysis-values": "tumor lysis values used within",
    "tumor-lysis-shown": "old tumor lysis values shown within",
    "creatinine-for-dose": "creatinine used within",
    "weight-for-dose": "weight used within",
    "height-for-child": "height of a child used within",
    "performance-status": "performance status used within",
    "before-diagnosis": "performance status used from before the diagnosis by up to",
    "breathing": "breathing tests used within",
    "breathing-review": "old breathing tests shown within",
    "oxygen": "oxygen saturation used within",
    "qtc": "QTc used within",
    "electrolytes-for-arsenic": "potassium and magnesium for arsenic used within",
    "organ-function": "heart and lung function used within",
    "bilirubin": "bilirubin used within",
    "mrd": "MRD used within",
    "pregnancy-test": "pregnancy test used within",
    "recovery-counts": "counts for recovery used within",
    "after-remission": "remission called recent within",
    "hemoglobin": "hemoglobin used within",
    "morphology": "morphology used within",
}
"""What a card calls a limit that a site has set, to be followed by the value."""


def _limit(
    name: str,
    value: str,
    unit: Units,
    reason: str,
    source: str,
    allowed: tuple[str, str] | None = None,
    fixed: str = "",
) -> Threshold:
    bounds = None if allowed is None else (Decimal(allowed[0]), Decimal(allowed[1]))
    title = _TITLES.get(name, "")
    return Threshold(name, Decimal(value), unit, reason, source, bounds, fixed, title)


_ONE_TABLE = "ECOG and Karnofsky stand for each other by a published table."
_COUNTED = "The rules and their words are about that many."
_OF_THE_TRIAL = "The response groups are those of a trial, which enrolled these ages."
_RISK_OF_THE_TRIALS = (
    "The treatment of each risk group is that of trials with this limit: above it an anthracycline "
    "is expected, up to it one is warned of."
)
_ADULTS = (
    "Doses and goals are those of adults: lower would bring them to children, higher would leave "
    "young adults without advice and with the phosphate limit of children."
)


HYPERLEUKOCYTOSIS = _limit(
    "hyperleukocytosis",
    "100",
    units.CELL_COUNT,
    "The usual definition; sources write both > and >=, and >= misses nobody.",
    "ROLLIG15",
    allowed=("50", "100"),
)
TUMOR_LYSIS_RISK = _limit(
    "tumor-lysis-risk",
    "100",
    units.CELL_COUNT,
    "The high-risk category in AML and ALL, whatever a site calls hyperleukocytosis.",
    "CAIRO10",
    allowed=("50", "100"),
)
HIGH_COUNT = _limit(
    "high-count",
    "50",
    units.CELL_COUNT,
    "AML, above all monocytic, can show leukostasis between 50 and 100.",
    "ROLLIG15",
    allowed=("25", "50"),
)
APL_HIGH_RISK = _limit(
    "apl-high-risk",
    "10",
    units.CELL_COUNT,
    "APL with more than 10 is high risk: differentiation syndrome, rising count on ATRA.",
    "ELNAPL19",
    fixed=_RISK_OF_THE_TRIALS,
)
BLASTS_PRESENT = _limit(
    "blasts-present",
    "0",
    Units("1", "", {}),
    "Any blast in blood, in either unit.",
    "ROLLIG15",
    fixed="It stands for a share and for a number of blasts alike.",
)
FVC_SEVERE = _limit(
    "fvc-severe",
    "50",
    units.PERCENT,
    "Below half of predicted, non-invasive ventilation is considered in ALS.",
    "NIVCRIT",
    allowed=("50", "70"),
)
HYPERCAPNIA = _limit(
    "hypercapnia",
    "45",
    units.PRESSURE_MMHG,
    "Carbon dioxide retention in ALS.",
    "NIVCRIT",
    allowed=("40", "45.1"),
)
SEVERE_ECOG = _limit(
    "severe-ecog",
    "3",
    units.SCORE,
    "More than half of the day in bed or chair.",
    "KANT10",
    fixed=_ONE_TABLE,
)
UNFIT_ECOG = _limit("unfit-ecog", "2", units.SCORE, "Unable to work.", "VIALEC", fixed=_ONE_TABLE)
SEVERE_KARNOFSKY = _limit(
    "severe-karnofsky",
    "40",
    units.KARNOFSKY_SCORE,
    "40 or less is ECOG 3 to 4.",
    "KPSECOG",
    fixed=_ONE_TABLE,
)
HIGH_DOSE_METHOTREXATE = _limit(
    "high-dose-methotrexate",
    "500",
    MG_PER_M2,
    "The customary lower bound of high-dose methotrexate, intravenously.",
    "READING",
    allowed=("250", "500"),
)

FVC_PRESERVED = _limit(
    "fvc-preserved",
    "80",
    units.PERCENT,
    "From 80 % of predicted on, with no other sign, breathing counts as preserved.",
    "NIVCRIT",
    allowed=("80", "100"),
)
WEAK_SNIFF = _limit(
    "weak-sniff",
    "40",
    units.PRESSURE_CMH2O,
    "Sniff nasal pressure below 40 cmH2O.",
    "NIVCRIT",
    allowed=("40", "80"),
)
WEAK_INSPIRATION = _limit(
    "weak-inspiration",
    "60",
    units.PRESSURE_CMH2O,
    "Inspiratory pressure weaker than 60 cmH2O, whichever sign it is written with.",
    "NIVCRIT",
    allowed=("60", "120"),
)
LOW_OXYGEN = _limit(
    "low-oxygen",
    "92",
    units.PERCENT,
    "A flag for ALS failure and for leukostasis.",
    "NIVCRIT",
    allowed=("92", "96"),
)
UNFIT_EJECTION_FRACTION = _limit(
    "unfit-ejection-fraction",
    "50",
    units.PERCENT,
    "Entry criterion of the trial.",
    "VIALEC",
    allowed=("40", "60"),
)
UNFIT_LUNG_FUNCTION = _limit(
    "unfit-lung-function",
    "65",
    units.PERCENT,
    "DLCO or FEV1, entry criterion.",
    "VIALEC",
    allowed=("50", "80"),
)
UNFIT_CLEARANCE = _limit(
    "unfit-clearance",
    "45",
    ML_PER_MIN,
    "Below 45 counts as unfit for intensive therapy, below 30 is outside the trial.",
    "VIALEC",
    allowed=("30", "60"),
)
UNFIT_BILIRUBIN = _limit(
    "unfit-bilirubin",
    "1.8",
    units.BILIRUBIN,
    "1.5 times an upper limit of normal of 1.2 mg/dL, which differs between laboratories.",
    "VIALEC",
)
FIT_KARNOFSKY = _limit(
    "fit-karnofsky",
    "80",
    units.KARNOFSKY_SCORE,
    "80 or more is ECOG 0 to 1.",
    "KPSECOG",
    fixed=_ONE_TABLE,
)
UNFIT_KARNOFSKY = _limit(
    "unfit-karnofsky",
    "60",
    units.KARNOFSKY_SCORE,
    "60 or less is ECOG 2 or worse.",
    "KPSECOG",
    fixed=_ONE_TABLE,
)
OLDER_ADULT = _limit(
    "older-adult",
    "65",
    YEARS,
    "The summaries' limit for older adults with ALL.",
    "GOK13",
    allowed=("55", "75"),
)
T_ALL_YOUNGEST = _limit(
    "t-all-youngest",
    "1",
    YEARS,
    "The trial enrolled from 1 year.",
    "AALL1231",
    fixed=_OF_THE_TRIAL,
)
T_ALL_OLDEST = _limit(
    "t-all-oldest",
    "31",
    YEARS,
    "The trial enrolled up to 30 years.",
    "AALL1231",
    fixed=_OF_THE_TRIAL,
)
MRD_DETECTABLE = _limit(
    "mrd-detectable",
    "0.01",
    units.PERCENT,
    "10^-4, the usual limit of positive.",
    "AALL1231",
    allowed=("0.005", "0.01"),
)
MRD_HIGH = _limit(
    "mrd-high", "0.1", units.PERCENT, "10^-3: the trial of blinatumomab started there.", "BLAST18"
)
MARROW_BLASTS_HIGH = _limit(
    "marrow-blasts-high", "25", units.PERCENT, "Day-29 marrow, very high risk.", "AALL1231"
)
HIGH_HEMOGLOBIN = _limit(
    "high-hemoglobin",
    "10",
    units.HEMOGLOBIN,
    "Above it red cells raise viscosity.",
    "HARRIS78",
    allowed=("8", "10"),
)
LOW_PLATELETS_FOR_LINE = _limit(
    "low-platelets-for-line", "20", units.CELL_COUNT, "Central venous catheter.", "AABB15"
)
LOW_PLATELETS_FOR_PUNCTURE = _limit(
    "low-platelets-for-puncture", "50", units.CELL_COUNT, "Lumbar puncture.", "AABB15"
)
DANGEROUS_QTC = _limit(
    "dangerous-qtc",
    "500",
    units.MILLISECONDS,
    "Arsenic is held from here on.",
    "ATOLABEL",
    allowed=("450", "500"),
)
POTASSIUM_FOR_ARSENIC = _limit(
    "potassium-for-arsenic",
    "4",
    units.POTASSIUM,
    "Keep above 4 mEq/L.",
    "ATOLABEL",
    allowed=("4", "4.5"),
)
MAGNESIUM_FOR_ARSENIC = _limit(
    "magnesium-for-arsenic",
    "1.8",
    units.MAGNESIUM,
    "Keep above 1.8 mg/dL.",
    "ATOLABEL",
    allowed=("1.8", "2.2"),
)
VENETOCLAX_COUNT = _limit(
    "venetoclax-count",
    "25",
    units.CELL_COUNT,
    "Below 25 before the first dose.",
    "VENLABEL",
    allowed=("10", "25"),
)
NEUTROPENIA = _limit(
    "neutropenia",
    "0.5",
    units.CELL_COUNT,
    "Severe: prophylaxis is considered.",
    "ELN22",
    allowed=("0.5", "1"),
)
RECOVERED_NEUTROPHILS = _limit(
    "recovered-neutrophils",
    "0.75",
    units.CELL_COUNT,
    "Unverified; the protocol wins.",
    "READING",
    allowed=("0.5", "1.5"),
)
RECOVERED_PLATELETS = _limit(
    "recovered-platelets",
    "75",
    units.CELL_COUNT,
    "Unverified; the protocol wins.",
    "READING",
    allowed=("50", "150"),
)
ONE_RELAPSE = _limit(
    "one-relapse",
    "1",
    units.SCORE,
    "No longer the first remission.",
    "CORN12",
    fixed=_COUNTED,
)
MANY_RELAPSES = _limit(
    "many-relapses", "2", units.SCORE, "Second or later relapse.", "TOWER17", fixed=_COUNTED
)
HIGH_DOSE_CYTARABINE = _limit(
    "high-dose-cytarabine",
    "1000",
    MG_PER_M2,
    "A single intravenous dose from here on is high-dose cytarabine.",
    "SALIDAC",
    allowed=("500", "1000"),
)
LARGE_HYDRATION = _limit(
    "large-hydration",
    "2",
    L_PER_M2,
    "In 24 h: from here on an intravenous fluid order counts as large-volume.",
    "TOSI08",
    allowed=("1", "2"),
)
HYDROXYUREA_MAXIMUM = _limit(
    "hydroxyurea-maximum",
    "6000",
    MG_PER_DAY,
    "No maximum was verified in a source; a proposal above this is left to the prescriber.",
    "READING",
    allowed=("1000", "6000"),
)
SMALL_ADULT_M2 = Decimal("1.5")
"""Taken where the body surface area is not known, so that 3 L in 24 h count as large (TOSI08). Most
adults are larger, which errs towards the warning."""
SMALLEST_ADULT_M2 = Decimal(1)
"""What is not large for this body is large for hardly any adult (TOSI08)."""
FERTILE_FROM = _limit(
    "fertile-from",
    "12",
    YEARS,
    "A pregnancy test is offered to women from this age on.",
    "HULABEL",
    allowed=("9", "12"),
)
FERTILE_BELOW = _limit(
    "fertile-below",
    "56",
    YEARS,
    "A pregnancy test is offered to women below this age.",
    "HULABEL",
    allowed=("56", "65"),
)
ADULT = _limit(
    "adult",
    "18",
    YEARS,
    "The advice on goals and doses is for adults.",
    "HULABEL",
    fixed=_ADULTS,
)
UNFIT_AGE = _limit(
    "unfit-age", "75", YEARS, "Entry criterion of the trials.", "VIALEC", allowed=("65", "85")
)

TLS_POTASSIUM = _limit(
    "tls-potassium",
    "6",
    units.POTASSIUM,
    "Laboratory tumor lysis syndrome.",
    "CB04",
    allowed=("5", "6"),
)
TLS_PHOSPHATE_ADULT = _limit(
    "tls-phosphate-adult",
    "4.49",
    units.PHOSPHATE,
    "Adult: 1.45 mmol/L (4.49 mg/dL) and 4.5 mg/dL both count.",
    "CB04",
    allowed=("4", "4.5"),
)
TLS_PHOSPHATE_CHILD = _limit(
    "tls-phosphate-child",
    "6.5",
    units.PHOSPHATE,
    "Child; 2.1 mmol/L.",
    "CB04",
    allowed=("5", "6.51"),
)
TLS_CALCIUM = _limit(
    "tls-calcium",
    "7.02",
    units.CALCIUM,
    "Corrected: 1.75 mmol/L (7.01 mg/dL) and 7.0 mg/dL both count.",
    "CB04",
    allowed=("7", "8"),
)
TLS_URATE = _limit(
    "tls-urate", "8", units.URATE, "Adult; 476 umol/L.", "CB04", allowed=("6", "8.01")
)
LOW_FIBRINOGEN = _limit(
    "low-fibrinogen",
    "150",
    units.FIBRINOGEN,
    "Coagulopathy; 1.5 g/L. The guidance's target begins at 100.",
    "ELNAPL19",
    allowed=("100", "200"),
)
HIGH_INR = _limit("high-inr", "1.5", units.INR, "Coagulopathy.", "ELNAPL19", allowed=("1.2", "1.5"))
LOW_PLATELETS = _limit(
    "low-platelets",
    "50",
    units.CELL_COUNT,
    "Bleeding risk. The guidance's target begins at 30.",
    "ELNAPL19",
    allowed=("30", "100"),
)


def _window(
    name: str, reason: str, allowed: tuple[int, int] | None = None, **length: int
) -> Window:
    """`allowed` counts in the unit of the length."""
    [unit] = length
    bounds = allowed and (timedelta(**{unit: allowed[0]}), timedelta(**{unit: allowed[1]}))
    return Window(name, timedelta(**length), reason, bounds, _TITLES[name])


FRESH_COUNT = _window(
    "fresh-count",
    "Blasts can double in about a day; checks are at least daily.",
    allowed=(12, 24),
    hours=24,
)
OLD_COUNT = _window(
    "old-count", "Older than this a leukocyte count is not used.", allowed=(36, 72), hours=72
)
PROCEDURE_VALUES = _window(
    "procedure-values", "Clotting and platelets change in hours.", allowed=(12, 24), hours=24
)
SHOWN_AS_OLD = _window("shown-as-old", "Up to here a clotting value is shown, as old.", hours=48)
TUMOR_LYSIS_VALUES = _window(
    "tumor-lysis-values", "Labs every 6-8 h at the peak.", allowed=(6, 12), hours=12
)
TUMOR_LYSIS_SHOWN = _window(
    "tumor-lysis-shown", "Shown up to here, as old.", allowed=(12, 24), hours=24
)
CREATININE_FOR_DOSE = _window(
    "creatinine-for-dose", "Renal function changes fast.", allowed=(24, 48), hours=48
)
WEIGHT_FOR_DOSE = _window(
    "weight-for-dose", "Fluid shifts; older is not used.", allowed=(7, 90), days=90
)
HEIGHT_FOR_CHILD = _window("height-for-child", "Children grow.", allowed=(15, 30), days=30)
PERFORMANCE_STATUS = _window(
    "performance-status", "ALS and leukemia both change it.", allowed=(15, 30), days=30
)
BREATHING = _window("breathing", "ALS clinics measure every 2-3 months.", allowed=(45, 90), days=90)
BREATHING_REVIEW = _window("breathing-review", "Shown up to here, as old.", days=180)
OXYGEN = _window("oxygen", "Changes within hours.", allowed=(4, 24), hours=24)
QTC = _window("qtc", "Before the start, then weekly.", allowed=(36, 72), hours=72)
ELECTROLYTES_FOR_ARSENIC = _window(
    "electrolytes-for-arsenic", "Change in hours.", allowed=(12, 24), hours=24
)
APL_PROCEDURE_VALUES = _window(
    "apl-procedure-values", "In APL clotting changes faster still.", allowed=(6, 12), hours=12
)
ORGAN_FUNCTION = _window("organ-function", "Heart and lung function: 6 months.", days=183)
BILIRUBIN = _window("bilirubin", "Liver function changes within days.", days=7)
MRD = _window("mrd", "After the last block of therapy.", allowed=(21, 42), days=42)
PREGNANCY_TEST = _window(
    "pregnancy-test", "Before a drug that harms the fetus.", allowed=(3, 7), days=7
)
RECOVERY_COUNTS = _window(
    "recovery-counts", "Counts before the next phase.", allowed=(3, 7), days=7
)
AFTER_REMISSION = _window(
    "after-remission", "Time on maintenance after remission.", allowed=(730, 1460), days=730
)
HEMOGLOBIN = _window("hemoglobin", "Before red cells are given.", allowed=(36, 72), hours=72)
MORPHOLOGY = _window("morphology", "This work-up.", allowed=(14, 28), days=14)
BEFORE_DIAGNOSIS = _window(
    "before-diagnosis", "An earlier status is one without the leukemia.", allowed=(7, 14), days=14
)

# -- what a site may set ---------------------------------------------------------------------------

LIMITS = tuple(each for each in tuple(globals().values()) if isinstance(each, Threshold | Window))
"""Every limit and window of this module."""

BY_NAME = {each.name: each for each in LIMITS}

ASCENDING = (
    (HIGH_COUNT, HYPERLEUKOCYTOSIS),
    (FVC_SEVERE, FVC_PRESERVED),
    (FERTILE_FROM, FERTILE_BELOW),
    (MRD_DETECTABLE, MRD_HIGH),
    (LOW_PLATELETS_FOR_LINE, LOW_PLATELETS_FOR_PUNCTURE),
    (NEUTROPENIA, RECOVERED_NEUTROPHILS),
    (POTASSIUM_FOR_ARSENIC, TLS_POTASSIUM),
    (TLS_PHOSPHATE_ADULT, TLS_PHOSPHATE_CHILD),
    (FRESH_COUNT, OLD_COUNT),
    (APL_PROCEDURE_VALUES, PROCEDURE_VALUES),
    (PROCEDURE_VALUES, SHOWN_AS_OLD),
    (TUMOR_LYSIS_VALUES, TUMOR_LYSIS_SHOWN),
    (BREATHING, BREATHING_REVIEW),
)
"""Of each pair the first may not exceed the second: a rule or a text tells the two apart."""
