"""Every clinical concept that a rule asks about, once, by its clinical name.

Codes stand in valuesets/*.json only. Names are for orders that carry no known code.
"""

from __future__ import annotations

from collections.abc import Mapping
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


def _site_mapped(concept: str, title: str) -> ValueSet:
    """A value set for which no verified code exists: empty until a site fills it."""
    return ValueSet(
        concept, title, f"https://als-leukemia-cds.org/fhir/ValueSet/{concept}", "0", {}
    )


def _codes(concept: str, title: str) -> ValueSet:
    """The shipped value set, or an empty one that a site may fill."""
    return VALUE_SETS.get(concept) or _site_mapped(concept, title)


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
B_LINEAGE_ALL = Diagnosis("b-all", "B-lineage ALL", active=VALUE_SETS["b-all"])
T_LINEAGE_ALL = Diagnosis("t-all", "T-lineage ALL", active=VALUE_SETS["t-all"])
PH_POSITIVE_LEUKEMIA = Diagnosis(
    "ph-positive-leukemia",
    "Philadelphia chromosome positive leukemia",
    active=VALUE_SETS["ph-positive-leukemia"],
)
HEART_FAILURE = Diagnosis("heart-failure", "Heart failure", active=VALUE_SETS["heart-failure"])
ANGINA = Diagnosis("angina-pectoris", "Angina pectoris", _codes("angina-pectoris", "Angina"))
LUNG_DISEASE_DUE_TO_ALS = Diagnosis(
    "als-respiratory",
    "Lung disease due to ALS or another neuromuscular disease",
    active=VALUE_SETS["als-respiratory"],
)
COAGULOPATHY = Diagnosis(
    "coagulopathy",
    "Bleeding disorder of coagulation",
    active=VALUE_SETS["coagulopathy"],
    category=VALUE_SETS["disseminated-intravascular-coagulation"],
)
PROLONGED_QT = Diagnosis("prolonged-qt", "Prolonged QT", active=VALUE_SETS["prolonged-qt"])
TUMOR_LYSIS_SYNDROME = Diagnosis(
    "tumor-lysis-syndrome", "Tumor lysis syndrome", active=VALUE_SETS["tumor-lysis-syndrome"]
)
FIRST_TRIMESTER = Diagnosis(
    "pregnancy-first-trimester",
    "Pregnancy in the first trimester",
    active=VALUE_SETS["pregnancy-first-trimester"],
)
LATER_TRIMESTER = Diagnosis(
    "pregnancy-later-trimester",
    "Pregnancy after the first trimester",
    active=VALUE_SETS["pregnancy-later-trimester"],
)
NEUTROPENIA = Diagnosis("neutropenia", "Neutropenia", active=VALUE_SETS["neutropenia"])
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
    "g6pd-deficiency", "G6PD deficiency", active=VALUE_SETS["g6pd-deficiency"], lifelong=True
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
    "Blasts in blood, number",
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
    "Blasts of one lineage in blood, number",
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
MAGNESIUM = Measurement(
    "magnesium",
    "Magnesium",
    _codes("magnesium", "Magnesium"),
    units.MAGNESIUM,
    plausible=(Decimal("0.2"), Decimal(15)),
)
ALBUMIN = Measurement(
    "albumin",
    "Albumin",
    _codes("albumin", "Albumin in serum"),
    units.ALBUMIN,
    plausible=(Decimal("0.5"), Decimal(8)),
)
BILIRUBIN = Measurement(
    "bilirubin-total",
    "Bilirubin, total",
    _codes("bilirubin-total", "Total bilirubin"),
    units.BILIRUBIN,
    plausible=(Decimal("0.05"), Decimal(80)),
)
NEUTROPHILS = Measurement(
    "neutrophil-count",
    "Neutrophils",
    VALUE_SETS["neutrophil-count"],
    units.CELL_COUNT,
    plausible=(Decimal(0), Decimal(500)),
)
MARROW_BLASTS = Measurement(
    "blasts-marrow-percent",
    "Blasts in marrow",
    VALUE_SETS["blasts-marrow-percent"],
    units.PERCENT,
    plausible=(Decimal(0), Decimal(100)),
)


def _residual_disease(concept: str, title: str) -> Measurement:
    return Measurement(
        concept,
        title,
        _site_mapped(concept, title),
        units.PERCENT,
        plausible=(Decimal(0), Decimal(100)),
    )


MRD = _residual_disease("mrd", "Measurable residual disease (MRD)")
MRD_END_OF_INDUCTION = _residual_disease("mrd-end-of-induction", "MRD at end of induction (day 29)")
MRD_END_OF_CONSOLIDATION = _residual_disease(
    "mrd-end-of-consolidation", "MRD at end of consolidation"
)
PRIOR_INTENSIVE_BLOCKS = Measurement(
    "prior-intensive-blocks",
    "Intensive chemotherapy blocks given",
    _site_mapped("prior-intensive-blocks", "Number of intensive chemotherapy blocks given"),
    units.SCORE,
    plausible=(Decimal(0), Decimal(40)),
)
RELAPSE_COUNT = Measurement(
    "relapse-count",
    "Number of relapses",
    _site_mapped("relapse-count", "Number of relapses"),
    units.SCORE,
    plausible=(Decimal(0), Decimal(20)),
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
    whole=True,
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
SVC = Measurement(
    "svc-percent-predicted",
    "Slow vital capacity (SVC), percent predicted",
    _site_mapped("svc-percent-predicted", "Slow vital capacity, percent predicted"),
    units.PERCENT,
    plausible=(Decimal(5), Decimal(160)),
)
SNIFF_PRESSURE = Measurement(
    "snip",
    "Sniff nasal inspiratory pressure (SNIP)",
    _site_mapped("snip", "Sniff nasal inspiratory pressure"),
    units.PRESSURE_CMH2O,
    plausible=(Decimal(1), Decimal(200)),
)
INSPIRATORY_PRESSURE = Measurement(
    "mip",
    "Maximal inspiratory pressure (MIP)",
    _site_mapped("mip", "Maximal inspiratory pressure"),
    units.PRESSURE_CMH2O,
    plausible=(Decimal(-250), Decimal(250)),
)
QTC = Measurement(
    "qtc",
    "QTc interval",
    VALUE_SETS["qtc"],
    units.MILLISECONDS,
    plausible=(Decimal(250), Decimal(900)),
)
EJECTION_FRACTION = Measurement(
    "lvef",
    "Left ventricular ejection fraction",
    VALUE_SETS["lvef"],
    units.PERCENT,
    plausible=(Decimal(5), Decimal(95)),
)
DLCO = Measurement(
    "dlco-percent-predicted",
    "Diffusing capacity (DLCO), percent predicted",
    _codes("dlco-percent-predicted", "Diffusing capacity, percent predicted"),
    units.PERCENT,
    plausible=(Decimal(5), Decimal(200)),
)
FEV1 = Measurement(
    "fev1-percent-predicted",
    "FEV1, percent predicted",
    _codes("fev1-percent-predicted", "Forced expiratory volume in 1 s, percent predicted"),
    units.PERCENT,
    plausible=(Decimal(5), Decimal(200)),
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
BCR_ABL1 = QualitativeTest("bcr-abl1", "BCR::ABL1", VALUE_SETS["bcr-abl1"], amount_means_yes=True)
FLT3 = QualitativeTest("flt3", "FLT3 mutation", VALUE_SETS["flt3"])
NPM1 = QualitativeTest("npm1", "NPM1 mutation", VALUE_SETS["npm1"])
KARYOTYPE = QualitativeTest("karyotype", "Karyotype", VALUE_SETS["karyotype"])
_POSITIVE = frozenset({"positive", "detected", "present", "pos"})
_NEGATIVE = frozenset({"negative", "not detected", "absent", "neg", "not present", "undetectable"})


def _answered(
    concept: str,
    title: str,
    asked: str,
    yes: frozenset[str],
    no: frozenset[str],
    *,
    codes: str = "",
    yes_codes: str = "",
) -> QualitativeTest:
    """One answer of an observation. A site may code question and answers; some are shipped too.

    Of a shipped question "<codes>" the answers are "<codes>-answer": those of `yes_codes` say yes,
    all others no.
    """
    said = VALUE_SETS[f"{codes}-answer"].codes if codes else {}
    affirmed = VALUE_SETS[yes_codes].codes if codes else {}
    denied = {key: display for key, display in said.items() if key not in affirmed}
    return QualitativeTest(
        concept,
        title,
        _holding(VALUE_SETS[codes].codes if codes else {}, asked, title),
        yes,
        no,
        yes_codes=_holding(affirmed, f"{concept}-yes", f"{title}: yes"),
        no_codes=_holding(denied, f"{concept}-no", f"{title}: no"),
    )


def _holding(codes: Mapping[tuple[str, str], str], concept: str, title: str) -> ValueSet:
    """A value set for a site to fill that holds codes of ours from the start."""
    return replace(_site_mapped(concept, title), codes=dict(codes))


MRD_PRESENCE = _answered("mrd-presence", "MRD", "mrd", _POSITIVE, _NEGATIVE)
_FAVORABLE = frozenset({"favorable", "favourable", "favorable risk", "good", "good risk"})
_INTERMEDIATE = frozenset({"intermediate", "intermediate risk", "intermediate-risk"})
_ADVERSE = frozenset({"adverse", "adverse risk", "unfavorable", "unfavourable", "poor", "high"})
ELN_FAVORABLE = _answered(
    "eln-favorable", "ELN favorable risk", "eln-risk", _FAVORABLE, _INTERMEDIATE | _ADVERSE
)
ELN_ADVERSE = _answered(
    "eln-adverse", "ELN adverse risk", "eln-risk", _ADVERSE, _INTERMEDIATE | _FAVORABLE
)
ADVERSE_CYTOGENETICS = _answered(
    "adverse-cytogenetics-found",
    "Adverse-risk cytogenetics",
    "adverse-cytogenetics",
    _POSITIVE | _ADVERSE | {"yes"},
    _NEGATIVE | _FAVORABLE | _INTERMEDIATE | {"no"},
)
CD19 = _answered("cd19-expressed", "CD19 expression", "cd19", _POSITIVE, _NEGATIVE)
CNS_CLEAR = _answered(
    "cns-1",
    "CNS status 1 (no blasts in CSF)",
    "cns-status",
    frozenset({"cns-1", "cns1", "cns 1", "1"}),
    frozenset({"cns-2", "cns2", "cns 2", "2", "cns-3", "cns3", "cns 3", "3"}),
)
TESTES_INVOLVED = _answered(
    "testes-involved",
    "Testicular involvement",
    "testicular-involvement",
    _POSITIVE | {"involved", "yes"},
    _NEGATIVE | {"not involved", "uninvolved", "no"},
)
COMPLETE_REMISSION = _answered(
    "complete-remission",
    "Complete hematologic remission",
    "hematologic-response",
    frozenset({"complete remission", "cr", "complete response", "cri", "crh"}),
    frozenset({"no response", "refractory", "progressive", "partial remission", "relapse"}),
    codes="leukemia-disease-status",
    yes_codes="leukemia-complete-remission-answer",
)
REFRACTORY_DISEASE = _answered(
    "refractory-disease",
    "Refractory or progressive leukemia",
    "hematologic-response",
    frozenset({"refractory", "progressive", "progressive disease", "no response", "relapse"}),
    frozenset({"complete remission", "cr", "complete response", "cri", "crh"}),
    codes="leukemia-disease-status",
    yes_codes="leukemia-worsened-answer",
)
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
    return Orderable(concept, title, _codes(codes or concept, title), names, unless)


HYDROXYUREA = _drug("hydroxyurea", "hydroxyurea", "hydroxyurea", "hydroxycarbamide", "hydrea")
TRETINOIN = _drug(
    "tretinoin",
    "tretinoin (ATRA)",
    "tretinoin",
    "all-trans retinoic acid",
    "all-trans-retinoic acid",
    "all trans retinoic acid",
    "atra",
    "vesanoid",
    # Not "gel" alone: the capsules that are swallowed are of soft gelatin.
    unless=("cream", "% gel", "tretinoin gel", "topical", "lotion", "retin-a"),
)
FILGRASTIM = _drug(
    "filgrastim",
    "filgrastim (G-CSF)",
    "filgrastim",
    "g-csf",
    "gcsf",
    "tbo-filgrastim",
    "neupogen",
    "granix",
    "zarxio",
    "nivestym",
    "releuko",
)
PEGFILGRASTIM = _drug(
    "pegfilgrastim",
    "pegfilgrastim",
    "pegfilgrastim",
    "peg-filgrastim",
    "lipegfilgrastim",
    "neulasta",
    "fulphila",
    "udenyca",
    "ziextenzo",
    "nyvepria",
    "fylnetra",
)
CYTARABINE = _drug(
    "cytarabine",
    "cytarabine",
    "cytarabine",
    "cytosine arabinoside",
    "ara-c",
    "hd-ara-c",
    "hdarac",
    "hidac",
    "hi-dac",
    "cytosar",
    "cytosar-u",
    unless=_LIPOSOMAL,
)
DAUNORUBICIN = _drug(
    "daunorubicin",
    "daunorubicin",
    "daunorubicin",
    "cerubidine",
    # Only what CPX-351 is recognised by: any other liposomal wording is as intensive.
    unless=("vyxeos", "cpx-351", "cpx351", *_LIPOSOMAL_DAUNORUBICIN),
)
IDARUBICIN = _drug("idarubicin", "idarubicin", "idarubicin", "idamycin", "idamycin pfs")
DOXORUBICIN = _drug("doxorubicin", "doxorubicin", "doxorubicin", "adriamycin", "rubex")
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
VINCRISTINE = _drug(
    "vincristine", "vincristine", "vincristine", "oncovin", "vincasar", "vincasar pfs", "marqibo"
)

VINBLASTINE = _drug("vinblastine", "vinblastine", "vinblastine")
VINORELBINE = _drug("vinorelbine", "vinorelbine", "vinorelbine")
NELARABINE = _drug("nelarabine", "nelarabine", "nelarabine", "arranon")
IFOSFAMIDE = _drug("ifosfamide", "ifosfamide", "ifosfamide")
BLINATUMOMAB = _drug("blinatumomab", "blinatumomab", "blinatumomab", "blincyto")
INOTUZUMAB = _drug("inotuzumab", "inotuzumab ozogamicin", "inotuzumab", "besponsa")
GEMTUZUMAB = _drug("gemtuzumab", "gemtuzumab ozogamicin", "gemtuzumab", "mylotarg")
MERCAPTOPURINE = _drug("mercaptopurine", "mercaptopurine", "mercaptopurine", "6-mp")
AZACITIDINE = _drug("azacitidine", "azacitidine", "azacitidine", "azacytidine", "vidaza", "onureg")
DECITABINE = _drug("decitabine", "decitabine", "decitabine", "dacogen")
DECITABINE_CEDAZURIDINE = _drug(
    "decitabine-cedazuridine", "decitabine and cedazuridine", "cedazuridine", "inqovi"
)
VENETOCLAX = _drug("venetoclax", "venetoclax", "venetoclax", "venclexta", "venclyxto")
IVOSIDENIB = _drug("ivosidenib", "ivosidenib", "ivosidenib", "tibsovo")
ENASIDENIB = _drug("enasidenib", "enasidenib", "enasidenib", "idhifa")
OLUTASIDENIB = _drug("olutasidenib", "olutasidenib", "olutasidenib", "rezlidhia")
GILTERITINIB = _drug("gilteritinib", "gilteritinib", "gilteritinib", "xospata")
MIDOSTAURIN = _drug("midostaurin", "midostaurin", "midostaurin", "rydapt")
QUIZARTINIB = _drug("quizartinib", "quizartinib", "quizartinib", "vanflyta")
GLASDEGIB = _drug("glasdegib", "glasdegib", "glasdegib", "daurismo")
REVUMENIB = _drug("revumenib", "revumenib", "revumenib", "revuforj")
IMATINIB = _drug("imatinib", "imatinib", "imatinib", "gleevec", "glivec")
DASATINIB = _drug("dasatinib", "dasatinib", "dasatinib", "sprycel")
PONATINIB = _drug("ponatinib", "ponatinib", "ponatinib", "iclusig")
NILOTINIB = _drug("nilotinib", "nilotinib", "nilotinib", "tasigna")
BOSUTINIB = _drug("bosutinib", "bosutinib", "bosutinib", "bosulif")
ASCIMINIB = _drug("asciminib", "asciminib", "asciminib", "scemblix")
ARSENIC_TRIOXIDE = _drug("arsenic-trioxide", "arsenic trioxide", "arsenic trioxide", "trisenox")
DEXAMETHASONE = _drug(
    "dexamethasone",
    "dexamethasone",
    "dexamethasone",
    unless=("ophthalmic", "otic", "eye", "ear drops"),
)
PREDNISONE = _drug("prednisone", "prednisone", "prednisone", "prednisolone")
BUSULFAN = _drug("busulfan", "busulfan", "busulfan", "busulfex")
MELPHALAN = _drug("melphalan", "melphalan", "melphalan", "alkeran", "evomela")
THIOTEPA = _drug("thiotepa", "thiotepa", "thiotepa", "tepadina")
TREOSULFAN = _drug("treosulfan", "treosulfan", "treosulfan")
LENOGRASTIM = _drug("lenograstim", "lenograstim", "lenograstim", "granocyte")
SARGRAMOSTIM = _drug("sargramostim", "sargramostim (GM-CSF)", "sargramostim", "gm-csf", "leukine")
MOLGRAMOSTIM = _drug("molgramostim", "molgramostim (GM-CSF)", "molgramostim")
RILUZOLE = _drug("riluzole", "riluzole", "riluzole", "rilutek", "tiglutik", "exservan")
TOFERSEN = _drug("tofersen", "tofersen", "tofersen", "qalsody")
DEXTROMETHORPHAN_QUINIDINE = _drug(
    "dextromethorphan-quinidine",
    "dextromethorphan and quinidine",
    "nuedexta",
    "dextromethorphan / quinidine",
    "dextromethorphan/quinidine",
    "dextromethorphan-quinidine",
    "dextromethorphan and quinidine",
    "dextromethorphan hydrobromide / quinidine sulfate",
)
QUINIDINE = _drug("quinidine", "quinidine", "quinidine")

RASBURICASE = _drug("rasburicase", "rasburicase", "rasburicase", "elitek", "fasturtec")
ALLOPURINOL = _drug("allopurinol", "allopurinol", "allopurinol", "zyloprim")

CIPROFLOXACIN = _drug(
    "ciprofloxacin", "ciprofloxacin", "ciprofloxacin", unless=("ophthalmic", "otic")
)
ENOXACIN = _drug("enoxacin", "enoxacin", "enoxacin")
LEVOFLOXACIN = _drug("levofloxacin", "levofloxacin", "levofloxacin", unless=("ophthalmic",))
MOXIFLOXACIN = _drug("moxifloxacin", "moxifloxacin", "moxifloxacin", unless=("ophthalmic",))
OFLOXACIN = _drug("ofloxacin", "ofloxacin", "ofloxacin", unless=("ophthalmic", "otic"))
NORFLOXACIN = _drug("norfloxacin", "norfloxacin", "norfloxacin")
CO_TRIMOXAZOLE = _drug(
    "trimethoprim-sulfamethoxazole",
    "trimethoprim and sulfamethoxazole",
    # Sulfamethoxazole is given with trimethoprim only; product names put strengths between the two.
    "sulfamethoxazole",
    "co-trimoxazole",
    "cotrimoxazole",
    "trimethoprim-sulfamethoxazole",
    "trimethoprim/sulfamethoxazole",
    "sulfamethoxazole / trimethoprim",
    "sulfamethoxazole/trimethoprim",
    "sulfamethoxazole-trimethoprim",
    "bactrim",
    "septra",
)
FLUCONAZOLE = _drug("fluconazole", "fluconazole", "fluconazole", "diflucan")
VORICONAZOLE = _drug("voriconazole", "voriconazole", "voriconazole", "vfend")
POSACONAZOLE = _drug("posaconazole", "posaconazole", "posaconazole", "noxafil")
ITRACONAZOLE = _drug("itraconazole", "itraconazole", "itraconazole")
ISAVUCONAZOLE = _drug(
    "isavuconazole", "isavuconazole", "isavuconazole", "isavuconazonium", "cresemba"
)
KETOCONAZOLE = _drug(
    "ketoconazole", "ketoconazole", "ketoconazole", unless=("shampoo", "cream", "topical")
)
CLARITHROMYCIN = _drug("clarithromycin", "clarithromycin", "clarithromycin")
ERYTHROMYCIN = _drug(
    "erythromycin", "erythromycin", "erythromycin", unless=("ophthalmic", "topical", "gel")
)
AZITHROMYCIN = _drug("azithromycin", "azithromycin", "azithromycin")
ONDANSETRON = _drug("ondansetron", "ondansetron", "ondansetron", "zofran")
AMIODARONE = _drug("amiodarone", "amiodarone", "amiodarone")
VERAPAMIL = _drug("verapamil", "verapamil", "verapamil")
CYCLOSPORINE = _drug(
    "cyclosporine", "cyclosporine", "cyclosporine", "ciclosporin", unless=("ophthalmic",)
)
DOXYCYCLINE = _drug("doxycycline", "doxycycline", "doxycycline")
MINOCYCLINE = _drug("minocycline", "minocycline", "minocycline")
TETRACYCLINE = _drug("tetracycline", "tetracycline", "tetracycline", unless=("ophthalmic",))

INTENSIVE_PROTOCOL = Orderable(
    "intensive-protocol",
    "intensive regimen ordered by name",
    _site_mapped("intensive-protocol", "Intensive regimens"),
    (
        "7+3",
        "3+7",
        "7 + 3",
        "7 and 3",
        "3 and 7",
        "7 & 3",
        "7&3",
        "3 & 7",
        "hyper-cvad",
        "hypercvad",
        "flag-ida",
        "flag ida",
        "clag-m",
        "mec chemotherapy",
    ),
    # "Dexamethasone on days 3 and 7" is no regimen.
    unless=("days 3 and 7", "days 7 and 3", "day 3 and 7", "day 7 and 3", "weeks 3 and 7"),
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

ALLOGENEIC_TRANSPLANT = Orderable(
    "hsct-allogeneic",
    "allogeneic stem-cell transplant",
    VALUE_SETS["hsct-allogeneic"],
    (
        "allogeneic stem cell transplant",
        "allogeneic stem cell transplantation",
        "allogeneic hematopoietic stem cell transplant",
        "allogeneic hematopoietic stem cell transplantation",
        "allogeneic hematopoietic cell transplant",
        "allogeneic hematopoietic cell transplantation",
        "allogeneic transplant",
        "allogeneic transplantation",
        "allogeneic bone marrow transplant",
        "allogeneic bone marrow transplantation",
        "allogeneic hsct",
        "allogeneic hct",
        "allogeneic sct",
        "allo-hsct",
        "allohsct",
        "allo-hct",
        "allo-sct",
        "allograft of stem cells",
        "unrelated donor search",
        "stem cell donor search",
        "bone marrow donor search",
        "donor search",
    ),
    unless=("autologous", "solid organ", "kidney", "liver", "renal"),
)
TRANSPLANT_DONOR_NOT_STATED = Orderable(
    "hsct-any",
    "stem-cell transplant, donor not stated",
    VALUE_SETS["hsct-any"],
    (
        "stem cell transplant",
        "stem cell transplantation",
        "hematopoietic cell transplant",
        "hematopoietic cell transplantation",
        "bone marrow transplant",
        "bone marrow transplantation",
        "hsct",
        "transplant conditioning",
        "conditioning regimen",
    ),
    unless=("autologous", "allogeneic", "allo-", "auto-", "donor search"),
)
AUTOLOGOUS_TRANSPLANT = Orderable(
    "hsct-autologous",
    "autologous stem-cell transplant",
    VALUE_SETS["hsct-autologous"],
    ("autologous stem cell transplant", "autologous transplant", "auto-hsct"),
)
RED_CELLS = Orderable(
    "red-cell-transfusion",
    "red-cell transfusion",
    VALUE_SETS["red-cell-transfusion"],
    (
        "red blood cells",
        "red cells",
        "red cell transfusion",
        "packed red cells",
        "packed red blood cells",
        "prbc",
        "prbcs",
        "rbc transfusion",
        "transfuse rbc",
        "transfuse rbcs",
        "prepare rbc",
        "prepare rbcs",
        "packed cells",
        "packed rbc",
        "packed rbcs",
        "red cell concentrate",
        "red cell concentrates",
        "unit rbc",
        "unit rbcs",
        "units rbc",
        "units rbcs",
        "unit of rbc",
        "unit of rbcs",
        "units of rbc",
        "units of rbcs",
        "rbc leukoreduced",
        "rbc, leukoreduced",
        "leukoreduced rbc",
        "leukoreduced rbcs",
        "irradiated rbc",
        "irradiated rbcs",
        "erythrocyte concentrate",
    ),
    unless=("exchange", "antibody", "morphology", "folate"),
)
PLATELETS_ORDER = Orderable(
    "platelet-transfusion",
    "platelet transfusion",
    VALUE_SETS["platelet-transfusion"],
    (
        "platelet transfusion",
        "transfuse platelets",
        "platelets apheresis",
        "apheresis platelets",
        "platelet concentrate",
        "pooled platelets",
        "platelets, leukoreduced",
        "platelets leukoreduced",
        "leukoreduced platelets",
        "irradiated platelets",
        "matched platelets",
        "single donor platelets",
        "random donor platelets",
        "prepare platelets",
        "platelets, pheresis",
        "platelets pheresis",
        "platelets, apheresis",
        "unit platelets",
        "units platelets",
        "unit of platelets",
        "units of platelets",
    ),
    unless=("count", "donation", "antibody"),
)
CENTRAL_LINE = Orderable(
    "central-venous-catheter",
    "central venous catheter",
    VALUE_SETS["central-venous-catheter"],
    (
        "central venous catheter",
        "central venous line",
        "central venous access device",
        "central line",
        "cvc",
        "cvc placement",
        "tunneled catheter",
        "tunnelled catheter",
        "hickman",
        "hickman catheter",
        "port-a-cath",
        "portacath",
        "implanted port",
        "dialysis catheter",
        "apheresis catheter",
        "large-bore catheter",
        "vas-cath",
        "vascath",
        "permcath",
        "quinton catheter",
        "shiley catheter",
        "trialysis",
        "trialysis catheter",
        "triple lumen catheter",
        "broviac",
        "groshong",
        "mediport",
        "power port",
        "powerport",
        "port placement",
        "port insertion",
        "jugular line",
        "jugular catheter",
        "subclavian line",
        "subclavian catheter",
    ),
)
PICC = Orderable(
    "picc",
    "peripherally inserted central catheter (PICC)",
    VALUE_SETS["picc"],
    ("picc", "picc line", "peripherally inserted central catheter"),
)
LUMBAR_PUNCTURE = Orderable(
    "lumbar-puncture",
    "lumbar puncture",
    VALUE_SETS["lumbar-puncture"],
    ("lumbar puncture", "spinal tap", "diagnostic lp", "lp with it", "lumbar drain"),
)
INTRATHECAL_CHEMOTHERAPY = Orderable(
    "intrathecal-chemotherapy",
    "intrathecal chemotherapy",
    VALUE_SETS["intrathecal-chemotherapy"],
    (
        "intrathecal chemotherapy",
        "intrathecal injection",
        "triple intrathecal",
        "it chemotherapy",
        "it chemo",
        "ommaya",
    ),
)
BRONCHOSCOPY = Orderable(
    "bronchoscopy",
    "bronchoscopy",
    _codes("bronchoscopy", "Bronchoscopy"),
    ("bronchoscopy", "bronchoalveolar lavage", "transbronchial biopsy"),
)
INVASIVE_PROCEDURE = Orderable(
    "invasive-procedure",
    "biopsy or other puncture",
    _site_mapped("invasive-procedure", "Biopsies and other punctures"),
    (
        "biopsy",
        "thoracentesis",
        "pleural tap",
        "paracentesis",
        "pericardiocentesis",
        "arterial line",
        "chest tube",
    ),
    unless=("bone marrow", "marrow", "skin", "result", "review"),
)
MARROW_SAMPLING = Orderable(
    "bone-marrow-sampling",
    "bone marrow aspirate or biopsy",
    VALUE_SETS["bone-marrow-sampling"],
    (
        "bone marrow aspirate",
        "bone marrow aspiration",
        "bone marrow biopsy",
        "bone marrow sampling",
        "marrow aspirate",
        "marrow biopsy",
    ),
)
CRYSTALLOID = Orderable(
    "crystalloid",
    "intravenous fluid",
    _codes("crystalloid-infusion", "Crystalloid infusions"),
    (
        "intravenous hydration",
        "iv hydration",
        "intravenous fluids",
        "iv fluids",
        "hyperhydration",
        "crystalloid",
        "0.9% sodium chloride",
        "sodium chloride 0.9%",
        "sodium chloride 0.9 %",
        "sodium chloride 9 mg/ml",
        "normal saline",
        "isotonic saline",
        "0.9 % sodium chloride",
        "nacl 0.9%",
        "nacl 0.9 %",
        "0.9% nacl",
        "0.9 % nacl",
        "ns",
        "0.45% sodium chloride",
        "0.45 % sodium chloride",
        "sodium chloride 0.45%",
        "sodium chloride 0.45 %",
        "nacl 0.45%",
        "nacl 0.45 %",
        "0.45% nacl",
        "0.45 % nacl",
        "half-normal saline",
        "half normal saline",
        "1/2ns",
        "lr",
        "lactated ringer's",
        "lactated ringers",
        "lactated ringer",
        "ringer's lactate",
        "ringer lactate",
        "ringer's acetate",
        "plasma-lyte",
        "plasmalyte",
        "hartmann's",
        "hartmanns",
        "normosol",
        "dextrose 5%",
        "dextrose 5 %",
        "5% dextrose",
        "5 % dextrose",
        "glucose 5%",
        "glucose 5 %",
        "5% glucose",
        "5 % glucose",
        "d5w",
        "d5ns",
        "d5lr",
    ),
    unless=(
        "flush",
        "nasal",
        "inhalation",
        "irrigation",
        "eye",
        "ophthalmic",
        "wound",
        "ivpb",
        "piggyback",
    ),
)

VINCA_ALKALOIDS = (VINCRISTINE, VINBLASTINE, VINORELBINE)
GROWTH_FACTORS = (FILGRASTIM, PEGFILGRASTIM, LENOGRASTIM, SARGRAMOSTIM, MOLGRAMOSTIM)
HYPOMETHYLATING_AGENTS = (AZACITIDINE, DECITABINE, DECITABINE_CEDAZURIDINE)
TYROSINE_KINASE_INHIBITORS = (IMATINIB, DASATINIB, PONATINIB, NILOTINIB, BOSUTINIB, ASCIMINIB)
TARGETED_AGENTS = (
    IVOSIDENIB,
    ENASIDENIB,
    OLUTASIDENIB,
    GILTERITINIB,
    MIDOSTAURIN,
    QUIZARTINIB,
    GLASDEGIB,
    REVUMENIB,
    GEMTUZUMAB,
)
CONDITIONING_AGENTS = (BUSULFAN, MELPHALAN, THIOTEPA, TREOSULFAN)
AZOLES = (
    FLUCONAZOLE,
    VORICONAZOLE,
    POSACONAZOLE,
    ITRACONAZOLE,
    ISAVUCONAZOLE,
    KETOCONAZOLE,
)
FLUOROQUINOLONES = (
    CIPROFLOXACIN,
    ENOXACIN,
    LEVOFLOXACIN,
    MOXIFLOXACIN,
    OFLOXACIN,
    NORFLOXACIN,
)
MACROLIDES = (CLARITHROMYCIN, ERYTHROMYCIN, AZITHROMYCIN)
TETRACYCLINES = (DOXYCYCLINE, MINOCYCLINE, TETRACYCLINE)
QUINIDINES = (DEXTROMETHORPHAN_QUINIDINE, QUINIDINE)
P_GLYCOPROTEIN_OR_CYP3A_INHIBITORS = (
    *QUINIDINES,
    *AZOLES,
    CLARITHROMYCIN,
    ERYTHROMYCIN,
    AMIODARONE,
    VERAPAMIL,
    CYCLOSPORINE,
)
QT_PROLONGING = (
    *QUINIDINES,
    *FLUOROQUINOLONES,
    *MACROLIDES,
    # Isavuconazole shortens it.
    *(azole for azole in AZOLES if azole is not ISAVUCONAZOLE),
    ONDANSETRON,
    AMIODARONE,
)
ANTHRACYCLINES = (DAUNORUBICIN, IDARUBICIN, DOXORUBICIN)
ASPARAGINASES = (ASPARAGINASE, PEGASPARGASE, CALASPARGASE)

ANTILEUKEMIC_DRUGS = (
    HYDROXYUREA,
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
    IFOSFAMIDE,
    METHOTREXATE,
    MERCAPTOPURINE,
    *VINCA_ALKALOIDS,
    NELARABINE,
    BLINATUMOMAB,
    INOTUZUMAB,
    *HYPOMETHYLATING_AGENTS,
    VENETOCLAX,
    *TARGETED_AGENTS,
    *TYROSINE_KINASE_INHIBITORS,
    TRETINOIN,
    ARSENIC_TRIOXIDE,
)

CONDITIONS: tuple[Concept, ...] = (
    ALS,
    AML,
    ALL,
    APL,
    UNSPECIFIED_ACUTE_LEUKEMIA,
    MIXED_PHENOTYPE_ACUTE_LEUKEMIA,
    B_LINEAGE_ALL,
    T_LINEAGE_ALL,
    PH_POSITIVE_LEUKEMIA,
    OTHER_LEUKEMIA,
    BORDERLINE_LEUKEMIA,
    VENTILATOR_DEPENDENCE,
    RESPIRATORY_FAILURE,
    LUNG_DISEASE_DUE_TO_ALS,
    DYSPHAGIA,
    HEART_FAILURE,
    ANGINA,
    COAGULOPATHY,
    PROLONGED_QT,
    TUMOR_LYSIS_SYNDROME,
    NEUTROPENIA,
    PREGNANCY,
    FIRST_TRIMESTER,
    LATER_TRIMESTER,
    G6PD_DEFICIENCY,
    COMFORT_PLAN,
)
LABORATORY: tuple[Concept, ...] = (
    BLASTS_PERCENT,
    BLASTS_ABSOLUTE,
    BLASTS_PERCENT_BY_LINEAGE,
    BLASTS_ABSOLUTE_BY_LINEAGE,
    MARROW_BLASTS,
    NEUTROPHILS,
    PLATELETS,
    FIBRINOGEN,
    INR,
    HEMOGLOBIN,
)
CHEMISTRY: tuple[Concept, ...] = (
    POTASSIUM,
    MAGNESIUM,
    PHOSPHATE,
    CALCIUM,
    CALCIUM_CORRECTED,
    ALBUMIN,
    URATE,
    CREATININE,
    BILIRUBIN,
)
PERFORMANCE: tuple[Concept, ...] = (
    ECOG,
    KARNOFSKY,
    FVC,
    SVC,
    SNIFF_PRESSURE,
    INSPIRATORY_PRESSURE,
    PACO2,
    SPO2,
    DLCO,
    FEV1,
    EJECTION_FRACTION,
    QTC,
)
BODY: tuple[Concept, ...] = (BODY_WEIGHT, BODY_HEIGHT, PREGNANCY_STATUS)
MOLECULAR: tuple[Concept, ...] = (
    PML_RARA,
    BCR_ABL1,
    FLT3,
    NPM1,
    KARYOTYPE,
    G6PD_SCREEN,
    G6PD_ACTIVITY,
    APL_MORPHOLOGY,
    MRD,
    MRD_PRESENCE,
    MRD_END_OF_INDUCTION,
    MRD_END_OF_CONSOLIDATION,
    ELN_FAVORABLE,
    ELN_ADVERSE,
    ADVERSE_CYTOGENETICS,
    CD19,
    CNS_CLEAR,
    TESTES_INVOLVED,
    COMPLETE_REMISSION,
    REFRACTORY_DISEASE,
    PRIOR_INTENSIVE_BLOCKS,
    RELAPSE_COUNT,
)
RUNNING_DRUGS: tuple[Concept, ...] = (
    *ANTILEUKEMIC_DRUGS,
    *GROWTH_FACTORS,
    RASBURICASE,
    RILUZOLE,
    *QUINIDINES,
    *AZOLES,
    *FLUOROQUINOLONES,
    *MACROLIDES,
    *TETRACYCLINES,
    ONDANSETRON,
    AMIODARONE,
    VERAPAMIL,
    CYCLOSPORINE,
)


def _every_concept() -> tuple[Concept, ...]:
    """All that is named above, each once."""
    found = {value.id: value for value in globals().values() if isinstance(value, Concept)}
    return tuple(found.values())


CONCEPTS: tuple[Concept, ...] = _every_concept()
