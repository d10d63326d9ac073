"""Stories of treatment: what is ordered, drafted or referred for in acute leukemia."""

from typing import Any

from tools.fixture_builders import (
    BCR_ABL1,
    FIRST_TRIMESTER,
    FIT,
    G6PD_SCREEN,
    ICD_10_CM,
    LYMPHOBLASTIC_ACTIVE,
    LYMPHOBLASTIC_RELAPSE,
    MYELOID_IN_REMISSION,
    PH_POSITIVE,
    PRECURSOR_B,
    PRECURSOR_B_IN_REMISSION,
    RILUZOLE,
    SITE,
    SNOMED,
    T_LYMPHOBLASTIC,
    TUMOR_LYSIS_LABS,
    VIEW,
    Request,
    Resource,
    Story,
    ago,
    als,
    aml,
    at_site,
    body,
    born,
    coding,
    concept,
    condition,
    cytarabine,
    dosage,
    ecog,
    in_words,
    labs,
    leukapheresis,
    leukocytes,
    lymphoblastic,
    person,
    result,
    taking,
)
from tools.fixture_drugs import (
    ALLOGENEIC_TRANSPLANT_ORDER,
    ALLOPURINOL_ORDER,
    BLINATUMOMAB_ORDER,
    CENTRAL_LINE_ORDER,
    CIPROFLOXACIN_ORDER,
    CO_TRIMOXAZOLE_ORDER,
    DASATINIB_ORDER,
    DEXAMETHASONE_ORDER,
    FILGRASTIM_ORDER,
    FLUCONAZOLE_ORDER,
    HIGH_DOSE_CYTARABINE,
    HYPER_CVAD,
    METHOTREXATE_INTRATHECAL,
    PLATELETS_ORDER,
    RASBURICASE_ORDER,
    RED_CELLS_ORDER,
    TAKING_AZACITIDINE,
    TAKING_DASATINIB,
    TAKING_VENETOCLAX,
    VINCRISTINE_ORDER,
    hydroxyurea,
)

PH_NEGATIVE = in_words("bcr-abl1", BCR_ABL1, "Not detected", 9)
G6PD_DEFICIENT = condition(
    "g6pd",
    concept(
        coding(
            ICD_10_CM,
            "D75.A",
            "Glucose-6-phosphate dehydrogenase (G6PD) deficiency without anemia",
        )
    ),
    days=3000,
)


def selecting(variant: str, *drafts: Resource, **more: Any) -> Request:
    return Request("order-select", variant, drafts, **more)


def signing(variant: str, *drafts: Resource, **more: Any) -> Request:
    return Request("order-sign", variant, drafts, **more)


ORDER_STORIES = (
    # --- Tumor lysis, transfusion and cytoreduction in AML ---------------------------------------
    Story(
        "aml-g6pd-deficient",
        person("Yusuf", "male", born(44)),
        (aml(), G6PD_DEFICIENT, leukocytes(180, 3), *TUMOR_LYSIS_LABS, ecog(1), *body(74, 178)),
        (
            VIEW,
            selecting("rasburicase", RASBURICASE_ORDER),
            signing("rasburicase", RASBURICASE_ORDER),
            selecting("allopurinol", ALLOPURINOL_ORDER),
            signing(
                "four-orders",
                RED_CELLS_ORDER,
                CENTRAL_LINE_ORDER,
                RASBURICASE_ORDER,
                FILGRASTIM_ORDER,
            ),
        ),
    ),
    Story(
        "aml-g6pd-unknown",
        person("Zoe", "female", born(52)),
        (aml(), leukocytes(180, 3), *TUMOR_LYSIS_LABS, ecog(1), *body(74, 178)),
        (
            VIEW,
            selecting("rasburicase", RASBURICASE_ORDER),
            signing("rasburicase", RASBURICASE_ORDER),
            selecting(
                "rasburicase-assay-deficient",
                RASBURICASE_ORDER,
                instead=(in_words("g6pd", G6PD_SCREEN, "Deficient", 1),),
            ),
            selecting(
                "rasburicase-assay-normal",
                RASBURICASE_ORDER,
                instead=(in_words("g6pd", G6PD_SCREEN, "Normal", 1),),
            ),
            selecting("allopurinol", ALLOPURINOL_ORDER),
            selecting("allopurinol-and-rasburicase", ALLOPURINOL_ORDER, RASBURICASE_ORDER),
        ),
    ),
    Story(
        "aml-transfusion",
        person("Anneli", "female", born(67)),
        (
            aml(),
            leukocytes(190, 3),
            *labs(3, hemoglobin=7.4, platelets=12, fibrinogen=260, inr=1.2, creatinine=0.9),
            ecog(1),
            *body(62, 166),
        ),
        (
            VIEW,
            selecting("red-cells", RED_CELLS_ORDER),
            signing("red-cells", RED_CELLS_ORDER),
            selecting("red-cells-day-old", RED_CELLS_ORDER, instead=(leukocytes(190, 36),)),
            selecting("red-cells-low-count", RED_CELLS_ORDER, instead=(leukocytes(8, 3),)),
            selecting("platelets", PLATELETS_ORDER),
            selecting("platelets-low-count", PLATELETS_ORDER, instead=(leukocytes(8, 3),)),
            selecting("filgrastim", FILGRASTIM_ORDER),
            signing("filgrastim", FILGRASTIM_ORDER),
        ),
    ),
    Story(
        "aml-pregnant",
        person("Bianca", "female", born(29)),
        (
            aml(),
            FIRST_TRIMESTER,
            leukocytes(160, 3),
            *labs(3, platelets=61, fibrinogen=330, inr=1.0, creatinine=0.6),
            ecog(1),
            *body(64, 168),
        ),
        (
            VIEW,
            selecting("hydroxyurea", hydroxyurea(3000)),
            signing("hydroxyurea", hydroxyurea(3000)),
            selecting("leukapheresis", leukapheresis(reasonCode=[{"text": "Leukostasis"}])),
        ),
    ),
    Story(
        "aml-comfort-only",
        person("Cornelius", "male", born(68)),
        (
            aml(),
            G6PD_DEFICIENT,
            condition(
                "comfort",
                concept(coding(SITE, "comfort-plan", "Comfort measures only"), text="Comfort only"),
                days=1,
            ),
            leukocytes(150, 4),
            *FIT,
        ),
        (VIEW, selecting("rasburicase", RASBURICASE_ORDER)),
    ),
    # --- AML: remission and relapse --------------------------------------------------------------
    Story(
        "aml-relapse",
        person("Dagmar", "female", born(66)),
        (
            aml(
                concept(coding(ICD_10_CM, "C92.02", "Acute myeloblastic leukemia, in relapse")),
                days=6,
            ),
            leukocytes(8, 6),
            *FIT,
        ),
        (VIEW,),
    ),
    Story(
        "aml-favorable-remission",
        person("Eckart", "male", born(44)),
        (
            aml(MYELOID_IN_REMISSION, days=60),
            at_site("eln-risk", "favorable", 80),
            leukocytes(3.1, 6),
            result("neutrophils", 1.9, ago(6)),
            *FIT,
        ),
        (
            VIEW,
            selecting("transplant", ALLOGENEIC_TRANSPLANT_ORDER),
            signing("transplant", ALLOGENEIC_TRANSPLANT_ORDER),
            selecting(
                "transplant-mrd-positive",
                ALLOGENEIC_TRANSPLANT_ORDER,
                instead=(at_site("mrd", "positive"),),
            ),
            signing("consolidation", HIGH_DOSE_CYTARABINE),
            signing(
                "consolidation-low-neutrophils",
                HIGH_DOSE_CYTARABINE,
                instead=(result("neutrophils", 0.4, ago(6)),),
            ),
        ),
    ),
    # --- ALL -------------------------------------------------------------------------------------
    Story(
        "t-all-adolescent",
        person("Finn", "male", born(16)),
        (
            lymphoblastic(T_LYMPHOBLASTIC, LYMPHOBLASTIC_ACTIVE, days=120),
            at_site("mrd-end-of-consolidation", 0.15),
            at_site("cns-status", "CNS-1", 115),
            at_site("testicular-involvement", "not involved", 115),
            leukocytes(4.2, 20),
            *FIT,
        ),
        (
            VIEW,
            Request(
                "patient-view",
                "standard",
                instead=(at_site("mrd-end-of-induction", 0.005, 12),),
                without=("mrd-end-of-consolidation",),
            ),
            Request(
                "patient-view",
                "in-remission",
                instead=(
                    condition(
                        "all",
                        concept(
                            coding(
                                SNOMED,
                                "427642009",
                                "T-lymphoblastic leukemia in remission (disorder)",
                            ),
                        ),
                        days=20,
                    ),
                ),
            ),
        ),
    ),
    Story(
        "all-older-adult",
        person("Gerda", "female", born(71)),
        (
            lymphoblastic(PRECURSOR_B, LYMPHOBLASTIC_ACTIVE),
            PH_NEGATIVE,
            ecog(3),
            leukocytes(21, 5),
            *FIT[1:],
        ),
        (
            VIEW,
            signing("hyper-cvad", *HYPER_CVAD),
            signing(
                "hyper-cvad-karnofsky",
                *HYPER_CVAD,
                instead=(result("karnofsky", 50, ago(days=3)),),
                without=("ecog",),
            ),
            signing("hyper-cvad-ecog-1", *HYPER_CVAD, instead=(ecog(1),)),
        ),
    ),
    Story(
        "ph-all-without-tki",
        person("Hilmar", "male", born(58)),
        (condition("all", PH_POSITIVE, days=5), leukocytes(14, 5), *FIT),
        (
            VIEW,
            signing("vincristine", VINCRISTINE_ORDER, DEXAMETHASONE_ORDER),
            signing("with-dasatinib", VINCRISTINE_ORDER, DEXAMETHASONE_ORDER, DASATINIB_ORDER),
            signing(
                "dasatinib-running",
                VINCRISTINE_ORDER,
                DEXAMETHASONE_ORDER,
                instead=(TAKING_DASATINIB,),
            ),
            signing(
                "dasatinib-stopped",
                VINCRISTINE_ORDER,
                {**DASATINIB_ORDER, "id": "{story}-dasatinib", "status": "stopped"},
                instead=(TAKING_DASATINIB,),
            ),
        ),
    ),
    Story(
        "b-all-relapse",
        person("Ilse", "female", born(39)),
        (lymphoblastic(PRECURSOR_B, LYMPHOBLASTIC_RELAPSE), PH_NEGATIVE, leukocytes(11, 5), *FIT),
        (VIEW, signing("blinatumomab", BLINATUMOMAB_ORDER)),
    ),
    Story(
        "t-all-relapse",
        person("Jannik", "male", born(27)),
        (lymphoblastic(T_LYMPHOBLASTIC, LYMPHOBLASTIC_RELAPSE), leukocytes(11, 5), *FIT),
        (VIEW, signing("blinatumomab", BLINATUMOMAB_ORDER)),
    ),
    Story(
        "b-all-mrd-positive",
        person("Kasimir", "male", born(41)),
        (
            condition("all", PRECURSOR_B_IN_REMISSION, days=30),
            PH_NEGATIVE,
            at_site("mrd", 0.3),
            leukocytes(4.8, 20),
            result("neutrophils", 2.4, ago(20)),
            *FIT,
        ),
        (
            VIEW,
            selecting("transplant", ALLOGENEIC_TRANSPLANT_ORDER),
            signing("transplant", ALLOGENEIC_TRANSPLANT_ORDER),
            selecting(
                "transplant-mrd-negative",
                ALLOGENEIC_TRANSPLANT_ORDER,
                instead=(at_site("mrd", 0.001),),
            ),
            selecting("transplant-and-als", ALLOGENEIC_TRANSPLANT_ORDER, instead=(als(),)),
            signing("transplant-and-als", ALLOGENEIC_TRANSPLANT_ORDER, instead=(als(),)),
            signing("blinatumomab", BLINATUMOMAB_ORDER),
            signing(
                "blinatumomab-cd19-negative",
                BLINATUMOMAB_ORDER,
                instead=(at_site("cd19", "negative"),),
            ),
        ),
    ),
    Story(
        "b-all-mrd-unknown",
        person("Leonie", "female", born(36)),
        (
            condition("all", PRECURSOR_B_IN_REMISSION, days=30),
            PH_NEGATIVE,
            leukocytes(4.4, 20),
            *FIT,
        ),
        (VIEW, selecting("transplant", ALLOGENEIC_TRANSPLANT_ORDER)),
    ),
    # --- ALS with orders of its own --------------------------------------------------------------
    Story(
        "als-ph-positive-all",
        person("Magda", "female", born(70)),
        (
            als(),
            condition("all", PH_POSITIVE, days=5),
            leukocytes(9, 5),
            *FIT,
            result("fvc", 74, ago(days=20)),
        ),
        (
            VIEW,
            selecting("", DASATINIB_ORDER, VINCRISTINE_ORDER, DEXAMETHASONE_ORDER),
            signing("", DASATINIB_ORDER, VINCRISTINE_ORDER, DEXAMETHASONE_ORDER),
            selecting("dasatinib", DASATINIB_ORDER, DEXAMETHASONE_ORDER),
            selecting(
                "intrathecal-methotrexate", METHOTREXATE_INTRATHECAL, instead=(TAKING_DASATINIB,)
            ),
            selecting(
                "intrathecal-methotrexate-low-platelets",
                METHOTREXATE_INTRATHECAL,
                instead=(TAKING_DASATINIB, result("platelets", 21, ago(6))),
            ),
            signing("blinatumomab", BLINATUMOMAB_ORDER, instead=(TAKING_DASATINIB,)),
        ),
    ),
    Story(
        "als-aml-adverse",
        person("Norbert", "male", born(69)),
        (
            als(),
            aml(),
            at_site("adverse-cytogenetics", "positive", 2),
            leukocytes(12, 8),
            *FIT,
            result("fvc", 58, ago(days=20)),
        ),
        (
            VIEW,
            signing(
                "20-mg-twice-daily",
                cytarabine(dosage(20, "mg", "subcutaneous", per_day=2, days=10)),
            ),
        ),
    ),
    Story(
        "als-aml-prophylaxis",
        person("Ortrun", "female", born(63)),
        (
            als(),
            aml(),
            taking("riluzole", RILUZOLE, 500),
            TAKING_AZACITIDINE,
            TAKING_VENETOCLAX,
            leukocytes(0.9, 20),
            result("neutrophils", 0.3, ago(20)),
            *FIT,
            result("fvc", 70, ago(days=20)),
        ),
        (
            VIEW,
            selecting("ciprofloxacin", CIPROFLOXACIN_ORDER),
            selecting("fluconazole", FLUCONAZOLE_ORDER),
            selecting("co-trimoxazole", CO_TRIMOXAZOLE_ORDER),
        ),
    ),
)
