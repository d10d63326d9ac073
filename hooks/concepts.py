"""Every clinical concept that a rule asks about, once, by its clinical name.

Codes stand in valuesets/*.json only. Names are for orders that carry no known code.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from cds_service.terminology import (
    ICD_SYSTEMS,
    Concept,
    Diagnosis,
    Measurement,
    Orderable,
    QualitativeTest,
    ValueSet,
    load_value_sets,
)
from hooks import units

VALUE_SETS = load_value_sets("hooks.valuesets")


def _diagnosis(prefix: str, title: str) -> Diagnosis:
    """A leukemia whose code lists come in four parts: active, category, remission, relapse."""
    return Diagnosis(
        prefix,
        title,
        active=VALUE_SETS[f"{prefix}-active"],
        category=VALUE_SETS.get(f"{prefix}-category"),
        remission=VALUE_SETS.get(f"{prefix}-remission"),
        relapse=VALUE_SETS.get(f"{prefix}-relapse"),
    )


def _chapter(value_set: ValueSet, name: str, letter: str) -> ValueSet:
    """The ICD-10 chapter whose letter some codes of the set carry."""
    codes = {
        (system, code): display
        for (system, code), display in value_set.codes.items()
        if system in ICD_SYSTEMS and code.startswith(letter)
    }
    return replace(value_set, id=name, codes=codes, by_heading=1)


ALS = Diagnosis(
    "als",
    "Amyotrophic lateral sclerosis (ALS)",
    active=VALUE_SETS["als"],
    suspected_by=VALUE_SETS["motor-neuron-disease"],
    suspected_words="motor neuron disease recorded, ALS not specified",
    lifelong=True,
)

AML = _diagnosis("aml", "Acute myeloid leukemia (AML)")
ALL = _diagnosis("all", "Acute lymphoblastic leukemia (ALL)")
APL = _diagnosis("apl", "Acute promyelocytic leukemia (APL)")
UNSPECIFIED_ACUTE_LEUKEMIA = _diagnosis(
    "acute-leukemia-unspecified", "Acute leukemia, lineage not specified"
)
MIXED_PHENOTYPE_ACUTE_LEUKEMIA = Diagnosis(
    "mixed-phenotype-acute-leukemia",
    "Mixed phenotype acute leukemia (MPAL)",
    active=VALUE_SETS["mixed-phenotype-acute-leukemia"],
)
OTHER_LEUKEMIA = Diagnosis(
    "other-leukemia",
    "Chronic or other leukemia",
    # Chronic leukemias matter only as a class: every code below a listed ICD heading counts.
    active=replace(VALUE_SETS["other-leukemia"], by_heading=4),
)
BORDERLINE_LEUKEMIA = Diagnosis(
    "aml-borderline",
    "Leukemia not classified as acute by these rules",
    active=VALUE_SETS["aml-borderline"],
    category=VALUE_SETS["chronic-myeloid-leukemia-blast-crisis"],
)
VENTILATOR_DEPENDENCE = Diagnosis(
    "ventilator-dependence",
    "Ventilation support (non-invasive, tracheostomy or ventilator)",
    active=VALUE_SETS["ventilator-dependence"],
    category=VALUE_SETS["tracheostomy"],
)
RESPIRATORY_FAILURE = Diagnosis(
    "respiratory-failure", "Respiratory failure", active=VALUE_SETS["respiratory-failure"]
)
DYSPHAGIA = Diagnosis("dysphagia", "Dysphagia or feeding tube", active=VALUE_SETS["dysphagia"])
PREGNANCY = Diagnosis(
    "pregnancy",
    "Pregnancy",
    # Every code of the categories listed, and the whole chapter on pregnancy: a dose is proposed
    # only where none of them is on record.
    active=replace(VALUE_SETS["pregnancy"], by_heading=3),
    category=_chapter(VALUE_SETS["pregnancy"], "pregnancy-chapter", "O"),
)
PREGNANCY_STATUS = QualitativeTest(
    "pregnancy-status",
    "Pregnancy status",
    VALUE_SETS["pregnancy-status"],
    yes=frozenset({"pregnant", "positive", "yes"})
    | {code.lower() for _, code in VALUE_SETS["pregnancy-answer"].codes},
    no=frozenset({"not pregnant", "negative", "no"}),
)
G6PD_DEFICIENCY = Diagnosis(
    "g6pd-deficiency", "G6PD deficiency", active=VALUE_SETS["g6pd-deficiency"]
)

LEUKOCYTES = Measurement(
    "leukocyte-count",
    "Leukocytes",
    VALUE_SETS["leukocyte-count"],
    units.CELL_COUNT,
    plausible=(Decimal("0.01"), Decimal(2000)),
    preferred=VALUE_SETS["leukocyte-count-corrected"],
)
BLASTS_PERCENT = Measurement(
    "blasts-blood-percent",
    "Blasts in blood",
    VALUE_SETS["blasts-blood-percent"],
    units.PERCENT,
    plausible=(Decimal(0), Decimal(100)),
)
BLASTS_ABSOLUTE = Measurement(
    "blasts-blood-absolute",
    "Blasts in blood",
    VALUE_SETS["blasts-blood-absolute"],
    units.CELL_COUNT,
    plausible=(Decimal(0), Decimal(2000)),
)
BLASTS_PERCENT_BY_LINEAGE = Measurement(
    "blasts-blood-percent-by-lineage",
    "Blasts of one lineage in blood",
    VALUE_SETS["blasts-blood-percent-by-lineage"],
    units.PERCENT,
    plausible=(Decimal(0), Decimal(100)),
)
BLASTS_ABSOLUTE_BY_LINEAGE = Measurement(
    "blasts-blood-absolute-by-lineage",
    "Blasts of one lineage in blood",
    VALUE_SETS["blasts-blood-absolute-by-lineage"],
    units.CELL_COUNT,
    plausible=(Decimal(0), Decimal(2000)),
)
PLATELETS = Measurement(
    "platelet-count",
    "Platelets",
    VALUE_SETS["platelet-count"],
    units.CELL_COUNT,
    plausible=(Decimal(0), Decimal(5000)),
)
FIBRINOGEN = Measurement(
    "fibrinogen",
    "Fibrinogen",
    VALUE_SETS["fibrinogen"],
    units.FIBRINOGEN,
    plausible=(Decimal(0), Decimal(3000)),
)
INR = Measurement(
    "inr", "INR", VALUE_SETS["inr"], units.INR, plausible=(Decimal("0.5"), Decimal(30))
)
HEMOGLOBIN = Measurement(
    "hemoglobin",
    "Hemoglobin",
    VALUE_SETS["hemoglobin"],
    units.HEMOGLOBIN,
    plausible=(Decimal(1), Decimal(30)),
)
POTASSIUM = Measurement(
    "potassium",
    "Potassium",
    VALUE_SETS["potassium"],
    units.POTASSIUM,
    plausible=(Decimal(1), Decimal(20)),
)
PHOSPHATE = Measurement(
    "phosphate",
    "Phosphate",
    VALUE_SETS["phosphate"],
    units.PHOSPHATE,
    plausible=(Decimal("0.1"), Decimal(60)),
)
CALCIUM = Measurement(
    "calcium-total",
    "Calcium, total",
    VALUE_SETS["calcium-total"],
    units.CALCIUM,
    plausible=(Decimal(2), Decimal(25)),
)
CALCIUM_CORRECTED = Measurement(
    "calcium-albumin-corrected",
    "Calcium, corrected for albumin",
    VALUE_SETS["calcium-albumin-corrected"],
    units.CALCIUM,
    plausible=(Decimal(2), Decimal(25)),
)
URATE = Measurement(
    "uric-acid",
    "Urate",
    VALUE_SETS["uric-acid"],
    units.URATE,
    plausible=(Decimal("0.1"), Decimal(80)),
)
CREATININE = Measurement(
    "creatinine",
    "Creatinine",
    VALUE_SETS["creatinine"],
    units.CREATININE,
    plausible=(Decimal("0.1"), Decimal(30)),
)
LACTATE_DEHYDROGENASE = Measurement(
    "lactate-dehydrogenase",
    "LDH",
    VALUE_SETS["lactate-dehydrogenase"],
    units.LACTATE_DEHYDROGENASE,
    plausible=(Decimal(10), Decimal(100000)),
)

_ECOG_GRADES = ("grade 0", "grade 1", "grade 2", "grade 3", "grade 4")
_LOINC_ANSWERS = VALUE_SETS["ecog-answer"].of_system("http://loinc.org")


def _ecog_answers() -> dict[tuple[str, str], Decimal]:
    """Coded answer to grade. LOINC's list is in the order of the grades, death (5) last and not
    used; SNOMED's codes are not, so there the grade stands in the name."""
    answers = {("http://loinc.org", code): Decimal(g) for g, code in enumerate(_LOINC_ANSWERS[:5])}
    for (system, code), display in VALUE_SETS["ecog-answer"].codes.items():
        for grade, words in enumerate(_ECOG_GRADES):
            if display.endswith(f"{words} (finding)"):
                answers[system, code] = Decimal(grade)
    return answers


ECOG = Measurement(
    "ecog-performance-status",
    "ECOG performance status",
    VALUE_SETS["ecog-performance-status"],
    units.SCORE,
    plausible=(Decimal(0), Decimal(4)),
    answers=_ecog_answers(),
)
KARNOFSKY = Measurement(
    "karnofsky-performance-status",
    "Karnofsky performance status",
    VALUE_SETS["karnofsky-performance-status"],
    units.KARNOFSKY_SCORE,
    plausible=(Decimal(0), Decimal(100)),
)
FVC = Measurement(
    "fvc-percent-predicted",
    "Forced vital capacity (FVC), percent predicted",
    VALUE_SETS["fvc-percent-predicted"],
    units.PERCENT,
    plausible=(Decimal(5), Decimal(160)),
)
PACO2 = Measurement(
    "paco2",
    "Arterial carbon dioxide pressure (PaCO2)",
    VALUE_SETS["paco2"],
    units.PRESSURE_MMHG,
    plausible=(Decimal(10), Decimal(200)),
)
SPO2 = Measurement(
    "spo2",
    "Oxygen saturation (SpO2)",
    VALUE_SETS["spo2"],
    units.PERCENT,
    plausible=(Decimal(30), Decimal(100)),
)
BODY_WEIGHT = Measurement(
    "body-weight",
    "Body weight",
    VALUE_SETS["body-weight"],
    units.WEIGHT,
    plausible=(Decimal(2), Decimal(350)),
)
BODY_HEIGHT = Measurement(
    "body-height",
    "Body height",
    VALUE_SETS["body-height"],
    units.HEIGHT,
    plausible=(Decimal(40), Decimal(250)),
)

PML_RARA = QualitativeTest("pml-rara", "PML::RARA", VALUE_SETS["pml-rara"], amount_means_yes=True)
_DEFICIENT = frozenset({"deficient", "deficiency", "low", "decreased", "l", "ll"})
_NORMAL = frozenset({"normal", "not deficient", "n"})

G6PD_SCREEN = QualitativeTest(
    "g6pd-presence",
    "G6PD deficiency on screening",
    VALUE_SETS["g6pd-presence"],
    _DEFICIENT,
    _NORMAL,
)
G6PD_ACTIVITY = QualitativeTest(
    "g6pd-activity", "G6PD deficiency by assay", VALUE_SETS["g6pd-activity"], _DEFICIENT, _NORMAL
)


def _site_mapped(concept: str, title: str) -> ValueSet:
    """A value set for which no verified code exists: empty until a site fills it."""
    return ValueSet(
        concept, title, f"https://als-leukemia-cds.org/fhir/ValueSet/{concept}", "0", {}
    )


APL_MORPHOLOGY = QualitativeTest(
    "apl-morphology",
    "Promyelocytes with Auer rods, or (micro)granular promyelocytic blasts",
    _site_mapped("apl-morphology", "Morphology that suggests APL"),
)
COMFORT_PLAN = Diagnosis(
    "comfort-plan", "Comfort-only plan", _site_mapped("comfort-plan", "Comfort-only plan")
)

_LIPOSOMAL = ("liposom", "vyxeos", "cpx-351", "cpx351")
_LIPOSOMAL_DAUNORUBICIN = (
    "daunorubicin liposomal",
    "cytarabine liposome",
    "liposomal daunorubicin",
    "daunorubicin and cytarabine liposome",
)


def _drug(
    concept: str, title: str, *names: str, unless: tuple[str, ...] = (), codes: str = ""
) -> Orderable:
    return Orderable(concept, title, VALUE_SETS[codes or concept], names, unless)


HYDROXYUREA = _drug("hydroxyurea", "hydroxyurea", "hydroxyurea", "hydroxycarbamide", "hydrea")
TRETINOIN = _drug(
    "tretinoin",
    "tretinoin (ATRA)",
    "tretinoin",
    "all-trans retinoic acid",
    "atra",
    unless=("cream", "gel", "topical", "lotion"),
)
FILGRASTIM = _drug("filgrastim", "filgrastim (G-CSF)", "filgrastim", "g-csf", "tbo-filgrastim")
PEGFILGRASTIM = _drug("pegfilgrastim", "pegfilgrastim", "pegfilgrastim", "lipegfilgrastim")
CYTARABINE = _drug(
    "cytarabine", "cytarabine", "cytarabine", "cytosine arabinoside", "ara-c", unless=_LIPOSOMAL
)
DAUNORUBICIN = _drug(
    "daunorubicin",
    "daunorubicin",
    "daunorubicin",
    # Only what CPX-351 is recognised by: any other liposomal wording is as intensive.
    unless=("vyxeos", "cpx-351", "cpx351", *_LIPOSOMAL_DAUNORUBICIN),
)
IDARUBICIN = _drug("idarubicin", "idarubicin", "idarubicin")
DOXORUBICIN = _drug("doxorubicin", "doxorubicin", "doxorubicin", "adriamycin")
MITOXANTRONE = _drug("mitoxantrone", "mitoxantrone", "mitoxantrone")
CPX_351 = _drug(
    "cpx-351",
    "liposomal daunorubicin and cytarabine (CPX-351)",
    "cpx-351",
    "vyxeos",
    *_LIPOSOMAL_DAUNORUBICIN,
)
FLUDARABINE = _drug("fludarabine", "fludarabine", "fludarabine")
CLADRIBINE = _drug(
    "cladribine", "cladribine", "cladribine", unless=("tablet", "mavenclad", "multiple sclerosis")
)
CLOFARABINE = _drug("clofarabine", "clofarabine", "clofarabine")
ETOPOSIDE = _drug("etoposide", "etoposide", "etoposide")
ASPARAGINASE = _drug("asparaginase", "asparaginase", "asparaginase", "crisantaspase")
PEGASPARGASE = _drug("pegaspargase", "pegaspargase", "pegaspargase", "oncaspar")
CALASPARGASE = _drug("calaspargase", "calaspargase", "calaspargase", "calaspargase pegol")
CYCLOPHOSPHAMIDE = _drug("cyclophosphamide", "cyclophosphamide", "cyclophosphamide")
METHOTREXATE = _drug("methotrexate", "methotrexate", "methotrexate", unless=("auto-injector",))
VINCRISTINE = _drug("vincristine", "vincristine", "vincristine")

RASBURICASE = _drug("rasburicase", "rasburicase", "rasburicase")
ALLOPURINOL = _drug("allopurinol", "allopurinol", "allopurinol")
INTENSIVE_PROTOCOL = Orderable(
    "intensive-protocol",
    "intensive regimen ordered by name",
    _site_mapped("intensive-protocol", "Intensive regimens"),
    (
        "7+3",
        "3+7",
        "7 + 3",
        "hyper-cvad",
        "hypercvad",
        "flag-ida",
        "flag ida",
        "clag-m",
        "mec chemotherapy",
    ),
)

LEUKAPHERESIS = Orderable(
    "leukapheresis",
    "leukapheresis",
    VALUE_SETS["leukapheresis"],
    (
        "leukapheresis",
        "leukopheresis",
        "leucapheresis",
        "leukocytapheresis",
        "leukocyte apheresis",
        "leukocyte depletion",
        "leukodepletion apheresis",
        "leukoreduction apheresis",
        "white cell apheresis",
        "wbc apheresis",
    ),
)
OTHER_APHERESIS = Orderable("other-apheresis", "other apheresis", VALUE_SETS["other-apheresis"])
APHERESIS = Orderable("apheresis-parent", "apheresis", VALUE_SETS["apheresis-parent"])

ANTHRACYCLINES = (DAUNORUBICIN, IDARUBICIN, DOXORUBICIN)
ASPARAGINASES = (ASPARAGINASE, PEGASPARGASE, CALASPARGASE)

CONDITIONS: tuple[Concept, ...] = (
    ALS,
    AML,
    ALL,
    APL,
    UNSPECIFIED_ACUTE_LEUKEMIA,
    MIXED_PHENOTYPE_ACUTE_LEUKEMIA,
    OTHER_LEUKEMIA,
    BORDERLINE_LEUKEMIA,
    VENTILATOR_DEPENDENCE,
    RESPIRATORY_FAILURE,
    DYSPHAGIA,
    PREGNANCY,
    G6PD_DEFICIENCY,
    COMFORT_PLAN,
)
LABORATORY: tuple[Concept, ...] = (
    BLASTS_PERCENT,
    BLASTS_ABSOLUTE,
    BLASTS_PERCENT_BY_LINEAGE,
    BLASTS_ABSOLUTE_BY_LINEAGE,
    PLATELETS,
    FIBRINOGEN,
    INR,
    HEMOGLOBIN,
    POTASSIUM,
    PHOSPHATE,
    CALCIUM,
    CALCIUM_CORRECTED,
    URATE,
    CREATININE,
    LACTATE_DEHYDROGENASE,
)
PERFORMANCE: tuple[Concept, ...] = (ECOG, KARNOFSKY, FVC, PACO2, SPO2)
BODY: tuple[Concept, ...] = (BODY_WEIGHT, BODY_HEIGHT, PREGNANCY_STATUS)
MOLECULAR: tuple[Concept, ...] = (PML_RARA, G6PD_SCREEN, G6PD_ACTIVITY, APL_MORPHOLOGY)
RUNNING_DRUGS: tuple[Concept, ...] = (HYDROXYUREA, TRETINOIN, FILGRASTIM, PEGFILGRASTIM)

CONCEPTS: tuple[Concept, ...] = (
    *CONDITIONS,
    LEUKOCYTES,
    *LABORATORY,
    *PERFORMANCE,
    *BODY,
    *MOLECULAR,
    *RUNNING_DRUGS,
    CYTARABINE,
    *ANTHRACYCLINES,
    MITOXANTRONE,
    CPX_351,
    FLUDARABINE,
    CLADRIBINE,
    CLOFARABINE,
    ETOPOSIDE,
    *ASPARAGINASES,
    CYCLOPHOSPHAMIDE,
    METHOTREXATE,
    VINCRISTINE,
    RASBURICASE,
    ALLOPURINOL,
    INTENSIVE_PROTOCOL,
    RASBURICASE,
    ALLOPURINOL,
    LEUKAPHERESIS,
    OTHER_APHERESIS,
    APHERESIS,
)
