"""Stories without leukemia: the same orders for the patients who get them every day.

Their diagnoses are written in words, as the terminology list has no code for them.
"""

from tools.fixture_builders import (
    ATC,
    LOCAL,
    VIEW,
    Request,
    Resource,
    Story,
    ago,
    als,
    body,
    born,
    coding,
    concept,
    condition,
    dosage,
    labs,
    leukocytes,
    medication,
    person,
    result,
)
from tools.fixture_drugs import (
    ALLOPURINOL_ORDER,
    AUTOLOGOUS_TRANSPLANT_ORDER,
    CENTRAL_LINE_ORDER,
    FILGRASTIM_ORDER,
    LUMBAR_PUNCTURE_ORDER,
    PLATELETS_ORDER,
    RASBURICASE_ORDER,
    RED_CELLS_ORDER,
    drug,
    saline,
)


def known_for(words: str) -> Resource:
    return condition("disease", concept(text=words), days=900)


def both_hooks(*drafts: Resource, variant: str = "") -> tuple[Request, Request]:
    return Request("order-select", variant, drafts), Request("order-sign", variant, drafts)


WELL = (leukocytes(7.4, 20), *labs(20, hemoglobin=12.1, platelets=210, creatinine=0.8))

METHOTREXATE_WEEKLY = medication(
    "order-methotrexate",
    drug("105585", "methotrexate 2.5 MG Oral Tablet"),
    dosage(15, "mg", "oral", per_day=1, days=28, text="15 mg by mouth once a week"),
)
HYDROXYUREA_DAILY = medication(
    "order-hydroxyurea",
    drug("213284", "hydroxyurea 400 MG Oral Capsule [Droxia]"),
    dosage(1200, "mg", "oral", per_day=1, days=30),
)
CLADRIBINE_TABLETS = medication(
    "order-cladribine",
    drug("2122641", "cladribine 10 MG Oral Tablet [Mavenclad]"),
    dosage(10, "mg", "oral", per_day=1, days=5),
)
TRETINOIN_CREAM = medication(
    "order-tretinoin",
    concept(coding(ATC, "D10AD01", "tretinoin"), text="tretinoin 0.025 % cream"),
    {"text": "Apply a thin layer to the face at night"},
)
ISOTRETINOIN = medication(
    "order-isotretinoin",
    concept(
        coding(f"{LOCAL}/medication", "isotretinoin-20", "isotretinoin 20 mg capsule"),
        text="isotretinoin 20 mg capsule",
    ),
    dosage(40, "mg", "oral", per_day=1, days=30),
)
PEGFILGRASTIM = medication(
    "order-pegfilgrastim",
    drug("727539", "0.6 ML pegfilgrastim 10 MG/ML Prefilled Syringe"),
    dosage(6, "mg", "subcutaneous", per_day=1, days=1),
)
MELPHALAN = medication(
    "order-melphalan",
    concept(text="melphalan injection"),
    dosage(140, "mg/m2", "intravenous", per_day=1, days=1),
)

OTHER_STORIES = (
    Story(
        "rheumatoid-arthritis",
        person("Paula", "female", born(54)),
        (known_for("Rheumatoid arthritis"), *WELL),
        (VIEW, *both_hooks(METHOTREXATE_WEEKLY)),
    ),
    Story(
        "sickle-cell-disease",
        person("Quincy", "male", born(24)),
        (known_for("Sickle cell disease"), leukocytes(13, 20), *WELL[1:]),
        (
            VIEW,
            *both_hooks(HYDROXYUREA_DAILY),
            Request("order-select", "red-cells", (RED_CELLS_ORDER,)),
        ),
    ),
    Story(
        "multiple-sclerosis",
        person("Renate", "female", born(35)),
        (known_for("Multiple sclerosis"), *WELL),
        (
            VIEW,
            *both_hooks(CLADRIBINE_TABLETS),
            Request("order-select", "lumbar-puncture", (LUMBAR_PUNCTURE_ORDER,)),
        ),
    ),
    Story(
        "lymphoma-autologous",
        person("Sven", "male", born(57)),
        (known_for("Diffuse large B-cell lymphoma"), *WELL),
        (
            VIEW,
            *both_hooks(AUTOLOGOUS_TRANSPLANT_ORDER, MELPHALAN),
            Request("order-select", "central-line", (CENTRAL_LINE_ORDER,)),
            Request("order-select", "platelets", (PLATELETS_ORDER,)),
        ),
    ),
    Story(
        "lymphoma-tumor-lysis",
        person("Tamara", "female", born(49)),
        (known_for("Burkitt lymphoma"), *WELL, result("urate", 12.4, ago(3)), *body(60, 165)),
        (
            *both_hooks(RASBURICASE_ORDER, variant="rasburicase"),
            Request("order-select", "allopurinol", (ALLOPURINOL_ORDER,)),
        ),
    ),
    Story(
        "gout",
        person("Ulrich", "male", born(61)),
        (known_for("Gout"), *WELL, result("urate", 9.2, ago(20))),
        (VIEW, *both_hooks(ALLOPURINOL_ORDER)),
    ),
    Story(
        "acne",
        person("Valerie", "female", born(22)),
        (known_for("Acne vulgaris"),),
        (
            VIEW,
            Request("order-select", "tretinoin-cream", (TRETINOIN_CREAM,)),
            Request("order-select", "isotretinoin", (ISOTRETINOIN,)),
        ),
    ),
    Story(
        "breast-cancer",
        person("Wanda", "female", born(50)),
        (known_for("Carcinoma of the breast"), leukocytes(62, 10), *WELL[1:]),
        (
            *both_hooks(FILGRASTIM_ORDER, variant="filgrastim"),
            *both_hooks(PEGFILGRASTIM, variant="pegfilgrastim"),
        ),
    ),
    Story(
        "als-well-ventilated",
        person("Xaver", "male", born(58)),
        (als(), *WELL, result("fvc", 91, ago(days=15)), *body(70, 170)),
        (
            VIEW,
            Request("order-select", "hydration", (saline(200),)),
            Request("order-select", "slow-infusion", (saline(50),)),
        ),
    ),
)
