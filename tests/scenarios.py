"""The worked scenarios of the catalogue (section 7) by number: what each card must say and do.

Which cards a request brings stands here too, written from the catalogue's own row; fixtures/
expected_*.py repeats it for the stories, and a test holds the two against each other.
"""

from __future__ import annotations

from fixtures import expectation as shown
from tests.catalogue import Case

_FLUIDS = ("sodium chloride", "saline", "crystalloid", "ringer")
_FIT_OR_NOT = ("aml-fit", "aml-unfit")
_EMERGENCY = (shown.EMERGENCY, shown.AML_FIT)
_HIGH_COUNT = ("hyperleukocytosis-emergency", "hyperleukocytosis-watch")
_FIGURES = ("3,500 mg/day", "65.9 kg", "clearance 79 mL/min", "needs G6PD", "G6PD: not known")
_CRITERIA = ("laboratory tumor lysis syndrome", "urate 9.1", "phosphate 4.9", "genetics")
_UNITS = "aml-leukocyte-units.patient-view"

SCENARIOS: dict[int, tuple[Case, ...]] = {
    1: (
        Case(
            "als-aml-emergency.patient-view",
            (shown.EMERGENCY, shown.GOALS),
            (*_FIGURES, *_CRITERIA),
            (*_FIT_OR_NOT, "aml-relapsed-refractory", "apl-suspected"),
            offers=("hydroxyurea 3,500 mg/day",),
            must_not_offer=_FLUIDS,
        ),
    ),
    2: (
        Case(
            "als-aml-emergency.order-select.leukapheresis",
            (shown.LEUKAPHERESIS_ALS,),
            ("44 %", "Platelets 38"),
            ("leukapheresis-routine",),
            offers=("hydroxyurea 3,500 mg/day",),
            deletes=("ServiceRequest/order-leukapheresis",),
        ),
        Case(
            "als-aml-emergency.order-select.leukapheresis-and-catheter",
            (shown.LEUKAPHERESIS_ALS,),
            must_not=("central-line-bleeding-risk",),
        ),
    ),
    3: (
        Case(
            "apl-provisional.patient-view",
            (shown.APL,),
            ("high-risk", "88 mg/dL", "do not wait for PML::RARA"),
            ("hyperleukocytosis-emergency",),
            offers=("tretinoin",),
        ),
    ),
    4: (
        Case(
            "als-apl-suspected.order-select.leukapheresis",
            (shown.LEUKAPHERESIS_APL,),
            must_not=("leukapheresis-als",),
            deletes=("ServiceRequest/order-leukapheresis",),
        ),
    ),
    5: (
        Case(
            "als-aml-cytarabine.order-sign.20-mg-twice-daily",
            must_not=("intensive-therapy-als",),
        ),
    ),
    6: (
        Case(
            "als-aml-cytarabine.order-sign.36-mg-twice-daily",
            (shown.LOW_DOSE_CYTARABINE,),
            ("39.6 mg/m|40 mg/m", "2 times|twice"),
            ("intensive-therapy-als",),
        ),
    ),
    7: (
        Case(
            "als-aml-seven-plus-three.order-sign",
            (shown.INTENSIVE,),
            ("82 %", "ECOG performance status 1"),
            must_not_say=("absolutely", "ALS is an absolute", "absolute contraindication to"),
        ),
    ),
    8: (
        Case(
            "als-aml-ventilated.order-sign",
            (shown.INTENSIVE_CRITICAL,),
            ("38 %", "ventilation"),
            ("neurotoxic-drug-als",),
            deletes=("MedicationRequest/order-cytarabine", "MedicationRequest/order-daunorubicin"),
        ),
        Case(
            "als-aml-ventilated.order-sign.high-dose-cytarabine",
            (shown.INTENSIVE_CRITICAL,),
            must_not=("neurotoxic-drug-als",),
            deletes=("MedicationRequest/order-cytarabine", "MedicationRequest/order-daunorubicin"),
        ),
    ),
    9: (
        Case(
            "als-aml-cytarabine.order-select.no-dose",
            must_not=("intensive-therapy-als", "data-gaps"),
        ),
        Case(
            "als-aml-cytarabine.order-sign.no-dose",
            (shown.GAPS,),
            ("cannot be classified",),
            ("intensive-therapy-als",),
        ),
    ),
    10: (
        *(
            Case(f"{_UNITS}{variant}", _EMERGENCY, ("Leukocytes 210 ×10⁹/L",))
            for variant in ("", ".per-microliter", ".k-per-microliter", ".10-12-per-liter")
        ),
        Case(f"{_UNITS}.no-unit", (shown.AML_FIT,), ("unit",), _HIGH_COUNT),
        Case(f"{_UNITS}.no-unit-unknown-fitness", (shown.GAPS,), ("unit",), _HIGH_COUNT),
        Case(
            f"{_UNITS}.cerebrospinal-fluid",
            (shown.AML_FIT,),
            must_not=_HIGH_COUNT,
            must_not_say=("Leukocytes 210",),
        ),
        Case(
            f"{_UNITS}.cerebrospinal-fluid-beside-blood",
            (shown.AML_FIT,),
            must_not=_HIGH_COUNT,
            must_not_say=("Leukocytes 210",),
        ),
    ),
    11: (
        Case(
            "aml-stale-count.patient-view",
            (shown.AML_FIT,),
            ("240", "21 d ago"),
            (*_HIGH_COUNT, "data-gaps"),
        ),
    ),
    12: (
        Case(
            "aml-day-old-count.patient-view",
            (shown.WATCH, shown.AML_FIT),
            ("repeat", "36 h ago"),
            ("hyperleukocytosis-emergency",),
        ),
    ),
    13: (
        Case(
            "als-refuted.patient-view",
            _EMERGENCY,
            must_not=("als-acute-leukemia-goals",),
            must_not_say=("ALS: check swallowing", "In ALS fluid"),
        ),
        Case(
            "als-refuted.order-select.leukapheresis",
            (shown.LEUKAPHERESIS_ROUTINE,),
            must_not=("leukapheresis-als",),
        ),
    ),
    14: tuple(
        case
        for story in ("als-entered-in-error", "als-family-history")
        for case in (
            Case(f"{story}.patient-view", _EMERGENCY, must_not=("als-acute-leukemia-goals",)),
            Case(
                f"{story}.order-select.leukapheresis",
                (shown.LEUKAPHERESIS_ROUTINE,),
                must_not=("leukapheresis-als",),
            ),
        )
    ),
    15: (
        Case("als-transport-text.patient-view", must_not=("als-acute-leukemia-goals",)),
        Case("als-transport-text.order-select"),
    ),
    16: (
        Case(
            "als-aml-remission.patient-view",
            must_not=("hyperleukocytosis-emergency", "als-acute-leukemia-goals"),
        ),
        Case("als-aml-remission.order-select.transplant", (shown.ALLO_ALS,)),
        Case("als-aml-remission.order-sign.transplant", (shown.ALLO_ALS,)),
    ),
    17: (
        Case(
            "aml-remission-high-count.patient-view",
            (shown.WATCH,),
            ("remission", "possible relapse"),
            ("hyperleukocytosis-emergency",),
        ),
    ),
    18: (Case("cml-chronic-phase.patient-view", must_not=("hyperleukocytosis-emergency",)),),
    19: (Case("cll-high-count.patient-view", must_not=("hyperleukocytosis-emergency",)),),
    20: (
        Case(
            "als-cll.patient-view",
            must_not=("als-acute-leukemia-goals", "hyperleukocytosis-emergency"),
        ),
    ),
    21: (
        Case(
            "all-remission-collection.order-select",
            must_not=("leukapheresis-als", "leukapheresis-routine"),
        ),
        Case(
            "all-remission-collection.order-select.filgrastim",
            must_not=("growth-factor-hyperleukocytosis",),
        ),
        Case("all-remission-collection.patient-view"),
    ),
    22: (
        Case("sibling-donor.order-select", must_not=("leukapheresis-als",)),
        Case("sibling-donor.patient-view"),
    ),
    23: (
        Case(
            "aml-g6pd-deficient.order-select.rasburicase",
            (shown.RASBURICASE_CRITICAL,),
            offers=("allopurinol",),
            deletes=("MedicationRequest/order-rasburicase",),
        ),
        Case(
            "aml-g6pd-deficient.order-sign.rasburicase",
            (shown.RASBURICASE_CRITICAL,),
            deletes=("MedicationRequest/order-rasburicase",),
        ),
        Case(
            "aml-g6pd-deficient.patient-view",
            _EMERGENCY,
            ("allopurinol only",),
            offers=("allopurinol",),
            must_not_offer=("rasburicase",),
        ),
    ),
    24: (
        Case(
            "aml-g6pd-unknown.order-select.rasburicase",
            (shown.RASBURICASE,),
            offers=("G6PD",),
            must_not_offer=('"delete"',),
        ),
    ),
    25: (Case("als-no-leukemia.patient-view"),),
    26: (
        Case(
            "als-unexplained-count.patient-view",
            (shown.GAPS,),
            ("these rules do not apply", "unexplained WBC"),
            ("hyperleukocytosis-emergency", "als-acute-leukemia-goals"),
        ),
    ),
    27: (
        Case(
            "aml-fit.patient-view",
            (shown.AML_FIT,),
            ("ECOG performance status 0",),
            ("hyperleukocytosis-emergency", "aml-unfit"),
        ),
    ),
    28: (
        Case(
            "aml-older.patient-view",
            (shown.AML_UNFIT,),
            ("venetoclax", "79", "ECOG performance status 2"),
            ("aml-fit",),
        ),
    ),
    29: (
        Case(
            "t-all-child.patient-view",
            (shown.EMERGENCY,),
            ("tumor lysis: high risk",),
            ("t-all-response-group",),
            ("mg/day", "consider leukapheresis", "leukapheresis may"),
            must_not_offer=("hydroxyurea", "leukapheresis"),
        ),
    ),
    30: (
        Case(
            "t-all-adolescent.patient-view",
            (shown.T_ALL_RESPONSE,),
            ("very high|very-high", "0.15"),
            ("all-mrd", "all-older-adult"),
            ("blinatumomab",),
        ),
    ),
    31: (
        Case(
            "all-older-adult.order-sign.hyper-cvad",
            (shown.INTENSIVE_OLDER,),
            ("53%", "source not located"),
            ("intensive-therapy-als",),
        ),
    ),
    32: (
        Case(
            "als-ph-positive-all.order-select",
            (shown.NEUROTOXIC,),
            ("vincristine",),
            ("intensive-therapy-als", "intensive-all-older-adult", "tki-missing-ph-all"),
        ),
        Case("als-ph-positive-all.order-select.dasatinib"),
    ),
    33: (
        Case(
            "b-all-relapse.patient-view",
            (shown.ALL_RELAPSED,),
            ("blinatumomab",),
            ("all-mrd",),
        ),
    ),
    34: (
        Case("t-all-relapse.patient-view", (shown.ALL_RELAPSED,), must_not_say=("blinatumomab",)),
    ),
    35: (
        Case(
            "b-all-mrd-positive.order-select.transplant",
            (shown.ALLO_MRD,),
            ("0.3 %",),
            ("allo-hsct-favorable-aml",),
            offers=("blinatumomab",),
        ),
    ),
    36: (
        Case(
            "b-all-mrd-positive.order-select.transplant-and-als",
            (shown.ALLO_ALS,),
            must_not=("allo-hsct-all-mrd",),
        ),
    ),
    37: (
        Case(
            "aml-pregnant.order-select.hydroxyurea",
            (shown.HYDROXYUREA_WARNING,),
            ("embryo|fetal|fetus",),
            must_not_offer=("hydroxyurea 3",),
        ),
        Case(
            "aml-pregnant.patient-view",
            _EMERGENCY,
            ("pregnan",),
            must_not_offer=("hydroxyurea",),
        ),
        Case(
            "aml-pregnant.order-select.leukapheresis",
            (shown.LEUKAPHERESIS_ROUTINE,),
            ("Pregnancy: may be one of the accepted uses",),
            must_not_offer=('"delete"',),
        ),
    ),
    38: (
        Case("aml-dnr.patient-view", _EMERGENCY, offers=("hydroxyurea",)),
        Case(
            "aml-comfort-only.patient-view",
            (shown.COMFORT,),
            must_not=_HIGH_COUNT,
            must_not_offer=("create", "delete"),
        ),
        Case("aml-comfort-only.order-select.rasburicase", (shown.RASBURICASE_CRITICAL,)),
    ),
    39: (
        Case(
            "aml-pml-rara-pending.patient-view",
            _EMERGENCY,
            ("APL not yet excluded",),
            ("apl-suspected",),
        ),
    ),
    40: (
        Case(
            "acute-leukemia-unspecified.patient-view",
            (shown.EMERGENCY,),
            ("after smear review for APL/ALL",),
            (*_FIT_OR_NOT, "aml-relapsed-refractory", "all-relapsed-refractory"),
            offers=("hydroxyurea",),
            must_not_offer=('"isRecommended": true',),
        ),
    ),
    41: (
        Case(
            "aml-transfusion.order-select.red-cells",
            (shown.RED_CELLS,),
            ("one unit|1 unit|single unit", "slow", "7.4"),
            must_not_offer=('"delete"',),
        ),
    ),
    42: (
        Case(
            "als-aml-prophylaxis.order-select.ciprofloxacin",
            (shown.PROPHYLAXIS_WARNING,),
            ("riluzole",),
        ),
        Case("als-aml-emergency.patient-view.patient-user", must_not_say=("early death",)),
    ),
}
"""Number to the requests of its row, each hook and variant that the row names."""
