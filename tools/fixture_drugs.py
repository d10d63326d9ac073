"""Drugs, fluids, products and procedures as they are ordered or already given in the stories."""

from tools.fixture_builders import (
    CPT,
    CYTARABINE,
    RXNORM,
    SNOMED,
    Resource,
    coding,
    concept,
    dosage,
    medication,
    procedure,
    quantity,
    taking,
)


def drug(code: str, display: str) -> Resource:
    return concept(coding(RXNORM, code, display), text=display)


VINCRISTINE = drug("1863343", "1 ML vincristine sulfate 1 MG/ML Injection")
DASATINIB = drug("1045402", "dasatinib 140 MG Oral Tablet")
DEXAMETHASONE = drug("197582", "dexamethasone 4 MG Oral Tablet")
VENETOCLAX = drug("1747561", "venetoclax 100 MG Oral Tablet")
AZACITIDINE = drug("485246", "azacitidine 100 MG Injection")
QUINIDINE = concept(text="dextromethorphan 20 mg / quinidine 10 mg capsule")
POSACONAZOLE = concept(text="posaconazole 100 mg delayed-release tablet")


def by_mouth(name: str, code: Resource, milligrams: float, per_day: int = 1) -> Resource:
    """A tablet or capsule for two weeks."""
    return medication(name, code, dosage(milligrams, "mg", "oral", per_day=per_day, days=14))


def by_vein(name: str, code: Resource, value: float, unit: str, *, days: int) -> Resource:
    return medication(name, code, dosage(value, unit, "intravenous", per_day=1, days=days))


VINCRISTINE_ORDER = by_vein("order-vincristine", VINCRISTINE, 2, "mg", days=1)
DEXAMETHASONE_ORDER = by_mouth("order-dexamethasone", DEXAMETHASONE, 40)
DASATINIB_ORDER = by_mouth("order-dasatinib", DASATINIB, 140)
VENETOCLAX_ORDER = by_mouth("order-venetoclax", VENETOCLAX, 400)
AZACITIDINE_ORDER = medication(
    "order-azacitidine",
    AZACITIDINE,
    dosage(75, "mg/m2", "subcutaneous", per_day=1, days=7),
)
RASBURICASE_ORDER = by_vein(
    "order-rasburicase", drug("1790349", "rasburicase 7.5 MG Injection"), 14, "mg", days=1
)
ALLOPURINOL_ORDER = by_mouth(
    "order-allopurinol", drug("197320", "Allopurinol 300 MG Oral Tablet"), 300
)
FILGRASTIM_ORDER = medication(
    "order-filgrastim",
    drug("1649944", "1 ML filgrastim 0.3 MG/ML Injection"),
    dosage(300, "ug", "subcutaneous", per_day=1, days=5),
)
BLINATUMOMAB_ORDER = medication(
    "order-blinatumomab",
    drug("1597262", "blinatumomab 0.035 MG Injection"),
    dosage(
        28,
        "ug",
        "intravenous",
        per_day=1,
        days=28,
        text="28 micrograms a day by continuous infusion, days 1-28",
        duration=24,
        durationUnit="h",
    ),
)
TRETINOIN_ORDER = by_mouth(
    "order-tretinoin",
    concept(coding(RXNORM, "10753", "tretinoin"), text="tretinoin 10 mg capsule"),
    40,
    per_day=2,
)
IDARUBICIN_ORDER = by_vein(
    "order-idarubicin", concept(text="idarubicin 1 mg/mL injection"), 12, "mg/m2", days=4
)
ARSENIC_ORDER = by_vein(
    "order-arsenic", drug("829926", "10 ML arsenic trioxide 1 MG/ML Injection"), 10, "mg", days=28
)
METHOTREXATE_INTRATHECAL = medication(
    "order-methotrexate",
    drug("1655960", "2 ML methotrexate 25 MG/ML Injection"),
    dosage(12, "mg", "intrathecal", per_day=1, days=1),
)
HIGH_DOSE_CYTARABINE = medication(
    "order-cytarabine",
    CYTARABINE,
    dosage(3, "g/m2", "intravenous", per_day=2, days=3, text="3 g/m2 IV over 3 h every 12 hours"),
)
HYPER_CVAD = (
    medication(
        "order-cyclophosphamide",
        drug("1734917", "cyclophosphamide 500 MG Injection"),
        dosage(300, "mg/m2", "intravenous", per_day=2, days=3),
    ),
    VINCRISTINE_ORDER,
    by_vein(
        "order-doxorubicin",
        drug("1790097", "5 ML doxorubicin hydrochloride 2 MG/ML Injection"),
        50,
        "mg/m2",
        days=1,
    ),
    DEXAMETHASONE_ORDER,
)


def hydroxyurea(milligrams: float) -> Resource:
    """A day's dose taken at once."""
    return medication(
        "order-hydroxyurea",
        drug("197797", "hydroxyurea 500 MG Oral Capsule"),
        dosage(milligrams, "mg", "oral", per_day=1, days=1),
    )


def prophylaxis(name: str, text: str, milligrams: float) -> Resource:
    return by_mouth(f"order-{name}", concept(text=text), milligrams)


CIPROFLOXACIN_ORDER = prophylaxis("ciprofloxacin", "ciprofloxacin 500 mg tablet", 500)
FLUCONAZOLE_ORDER = prophylaxis("fluconazole", "fluconazole 200 mg tablet", 200)
CO_TRIMOXAZOLE_ORDER = prophylaxis(
    "co-trimoxazole", "sulfamethoxazole 800 mg / trimethoprim 160 mg tablet", 960
)


def saline(milliliters_per_hour: float) -> Resource:
    """A crystalloid around the clock, as hydration is ordered."""
    text = f"{milliliters_per_hour} mL/h IV, continuous"
    instruction = dosage(0, "mL", "intravenous", per_day=1, days=2, text=text)
    rate = quantity(milliliters_per_hour, "mL/h", "mL/h")
    return medication(
        "order-saline",
        concept(text="sodium chloride 0.9 % infusion"),
        {
            **{name: value for name, value in instruction.items() if name != "timing"},
            "doseAndRate": [{"rateQuantity": rate}],
        },
    )


def units_of(name: str, code: Resource, number: int) -> Resource:
    """A blood product by the unit."""
    return procedure(name, code, quantityQuantity=quantity(number, "units", "{unit}"))


RED_CELLS_ORDER = units_of(
    "order-red-cells",
    concept(
        coding(SNOMED, "71493000", "Transfusion of packed red blood cells (procedure)"),
        text="Red blood cells, leukoreduced",
    ),
    2,
)
PLATELETS_ORDER = units_of(
    "order-platelets",
    concept(coding(SNOMED, "12719002", "Platelet transfusion (procedure)")),
    1,
)
CENTRAL_LINE_ORDER = procedure(
    "order-central-line",
    concept(
        coding(CPT, "36556", "Non-tunneled central venous catheter, 5 years or older"),
        text="Central venous catheter placement",
    ),
)
APHERESIS_CATHETER_ORDER = procedure(
    "order-catheter", concept(text="Apheresis catheter placement, large-bore")
)
LUMBAR_PUNCTURE_ORDER = procedure(
    "order-lumbar-puncture",
    concept(coding(SNOMED, "277762005", "Lumbar puncture (procedure)"), text="Lumbar puncture"),
)
MARROW_ORDER = procedure(
    "order-marrow",
    concept(
        coding(SNOMED, "49401003", "Bone marrow aspiration procedure (procedure)"),
        text="Bone marrow aspirate",
    ),
)
ALLOGENEIC_TRANSPLANT_ORDER = procedure(
    "order-transplant",
    concept(
        coding(SNOMED, "425843001", "Allogeneic peripheral blood stem cell transplant (procedure)"),
        text="Referral: allogeneic stem cell transplant",
    ),
)
AUTOLOGOUS_TRANSPLANT_ORDER = procedure(
    "order-transplant",
    concept(
        coding(
            SNOMED, "709115004", "Transplantation of autologous hematopoietic stem cell (procedure)"
        ),
        text="Autologous stem cell transplant",
    ),
)

TAKING_DASATINIB = taking("dasatinib", DASATINIB, 40)
TAKING_VENETOCLAX = taking("venetoclax", VENETOCLAX, 20)
TAKING_AZACITIDINE = taking("azacitidine", AZACITIDINE, 20)
TAKING_POSACONAZOLE = taking("posaconazole", POSACONAZOLE, 9)
TAKING_QUINIDINE = taking("quinidine", QUINIDINE, 200)
