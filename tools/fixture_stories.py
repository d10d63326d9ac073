"""Stories of ALS, acute leukemia and high counts."""

from tools.fixture_builders import (
    AMYOTROPHIC,
    CPT,
    CYTARABINE_CONTAINED,
    CYTARABINE_MEDICATION,
    CYTARABINE_REFERENCED,
    DAUNORUBICIN_ORDER,
    DYSPHAGIA,
    FIRST_TRIMESTER,
    FIT,
    HTML,
    ICD_10,
    ICD_10_CM,
    ICD_10_PCS,
    LOINC,
    MYELOID_IN_REMISSION,
    OTHERS,
    OUTCOME,
    PROMYELOCYTIC,
    RESULTS,
    RILUZOLE,
    RILUZOLE_ORDER,
    RXNORM,
    SNOMED,
    TUMOR_LYSIS_LABS,
    VIEW,
    Request,
    Story,
    ago,
    als,
    aml,
    body,
    born,
    coding,
    concept,
    condition,
    cytarabine,
    day,
    dosage,
    ecog,
    ecog_in_words,
    labs,
    leukapheresis,
    leukocytes,
    medication,
    observation,
    person,
    procedure,
    result,
    taking,
    with_count,
)
from tools.fixture_drugs import (
    ALLOGENEIC_TRANSPLANT_ORDER,
    APHERESIS_CATHETER_ORDER,
    ARSENIC_ORDER,
    AZACITIDINE_ORDER,
    CENTRAL_LINE_ORDER,
    FILGRASTIM_ORDER,
    HIGH_DOSE_CYTARABINE,
    IDARUBICIN_ORDER,
    LUMBAR_PUNCTURE_ORDER,
    MARROW_ORDER,
    PLATELETS_ORDER,
    TAKING_POSACONAZOLE,
    TAKING_QUINIDINE,
    TRETINOIN_ORDER,
    VENETOCLAX_ORDER,
    hydroxyurea,
    saline,
)

# --- The stories themselves ----------------------------------------------------------------------

CHART_STORIES = (
    Story(
        "als-aml-emergency",
        person("Walter", "male", born(62)),
        (
            als(),
            aml(),
            leukocytes(187, 3),
            *TUMOR_LYSIS_LABS,
            ecog(3),
            result("fvc", 44, ago(days=30)),
            *body(70, 170),
            taking("riluzole", RILUZOLE, 500),
        ),
        (
            VIEW,
            Request("patient-view", "patient-user", user="Patient/{story}"),
            Request("patient-view", "related-person-user", user="RelatedPerson/example"),
            Request("patient-view", "null-keys", prefetch={"molecular": None, "body": None}),
            Request(
                "patient-view", "labs-failed", prefetch={"labs": OUTCOME, "chemistry": OUTCOME}
            ),
            Request("patient-view", "leukocytes-failed", prefetch={"leukocytes": OUTCOME}),
            Request("patient-view", "conditions-failed", prefetch={"conditions": OUTCOME}),
            Request("patient-view", "conditions-html", prefetch={"conditions": HTML}),
            Request(
                "order-select",
                "leukapheresis",
                (leukapheresis(reasonReference=[{"reference": "Condition/{story}-aml"}]),),
            ),
            Request("order-sign", "leukapheresis", (leukapheresis(),)),
            Request(
                "order-select",
                "leukapheresis-not-selected",
                (leukapheresis(), RILUZOLE_ORDER),
                selected=("order-riluzole",),
            ),
            Request(
                "order-select",
                "plasma-exchange",
                (
                    procedure(
                        "order-plasma-exchange",
                        concept(
                            coding(SNOMED, "225067007", "Therapeutic plasma exchange (procedure)"),
                            coding(CPT, "36514", "Therapeutic apheresis of plasma"),
                        ),
                    ),
                ),
            ),
            Request(
                "order-select",
                "leukapheresis-and-daunorubicin",
                (leukapheresis(), DAUNORUBICIN_ORDER),
            ),
            Request(
                "order-select",
                "leukapheresis-and-catheter",
                (leukapheresis(), APHERESIS_CATHETER_ORDER),
            ),
            Request("order-select", "hydroxyurea", (hydroxyurea(3500),)),
            Request("order-sign", "hydroxyurea", (hydroxyurea(3500),)),
            Request("order-select", "hydroxyurea-6-g", (hydroxyurea(6000),)),
            Request(
                "order-select", "hydroxyurea-dysphagia", (hydroxyurea(3500),), instead=(DYSPHAGIA,)
            ),
            Request("order-select", "hydration", (saline(200),)),
            Request("order-sign", "hydration", (saline(200),)),
            Request("order-select", "slow-infusion", (saline(50),)),
            Request("order-select", "central-line", (CENTRAL_LINE_ORDER,)),
            Request("order-sign", "central-line", (CENTRAL_LINE_ORDER,)),
            Request("order-select", "lumbar-puncture", (LUMBAR_PUNCTURE_ORDER,)),
            Request("order-sign", "lumbar-puncture", (LUMBAR_PUNCTURE_ORDER,)),
            Request("order-select", "marrow", (MARROW_ORDER,)),
        ),
    ),
    Story(
        "als-aml-relapse",
        person("Ruth", "female", born(58)),
        (
            als(),
            aml(
                concept(coding(ICD_10_CM, "C92.02", "Acute myeloblastic leukemia, in relapse")),
                days=11,
            ),
            leukocytes(63, 5, unit="10*9/L", code="10*9/L"),
            *FIT,
            result("fvc", 71, ago(days=40)),
        ),
        (VIEW, Request("order-select", "filgrastim", (FILGRASTIM_ORDER,))),
    ),
    Story(
        "als-aml-messy-chart",
        person("Ida", "female", born(66)),
        (
            als(),
            {**aml(), "category": concept(text="Problem list")},
            {**condition("odd", concept(text="Weakness"), days=30), "onsetDateTime": "unknown"},
            {"resourceType": "Condition", "id": "{story}-bare", **OTHERS},
            # Read as UTC: ten hours leave room for every zone it may have been meant in.
            {**leukocytes(182, 0), "effectiveDateTime": ago(10).removesuffix("Z")},
            {
                "resourceType": "Observation",
                "id": "{story}-bare-observation",
                "code": concept(coding(LOINC, "777-3")),
                "subject": {"reference": "Patient/{story}"},
                "valueQuantity": {"value": "see comment", "unit": ["10*3/uL"]},
            },
            {**ecog(2), "code": concept(coding(LOINC, "89247-1")), "effectiveDateTime": "recently"},
            *body(61, 164),
        ),
        (VIEW,),
    ),
    Story(
        "als-suspected",
        person("Otto", "male", "1958"),
        (
            als("provisional"),
            aml(),
            leukocytes(182, 2, unit="K/uL", code="10*3/uL"),
            *TUMOR_LYSIS_LABS,
            *body(81, 176),
        ),
        (
            VIEW,
            Request(
                "order-select",
                "leukapheresis",
                (leukapheresis(concept(coding(SNOMED, "77257005", "Leukopheresis (procedure)"))),),
            ),
        ),
    ),
    Story(
        "mnd-unspecified",
        person("Greta", "female", born(71)),
        (
            condition("mnd", concept(coding(ICD_10, "G12.2", "Motor neuron disease")), days=300),
            aml(concept(coding(SNOMED, "413441006", "Acute monocytic leukemia (disorder)"))),
            leukocytes(134.5, 7, unit="G/L", code="10*9/L"),
            *FIT,
        ),
        (VIEW,),
    ),
    Story(
        "als-child",
        person("Nils", "male", born(15)),
        (
            condition(
                "als",
                concept(
                    coding(SNOMED, "718555006", "Juvenile amyotrophic lateral sclerosis (disorder)")
                ),
                days=900,
            ),
            aml(),
            leukocytes(120, 4),
            *FIT,
        ),
        (VIEW,),
    ),
    Story(
        "apl-provisional",
        person("Clara", "female", born(45)),
        (
            condition("apl", PROMYELOCYTIC, days=1, verification="provisional"),
            leukocytes(14, 2),
            result("platelets", 18, ago(2)),
            result("fibrinogen", 0.88, ago(2), unit="g/L", code="g/L"),
            result("inr", 1.8, ago(2), unit=None, code=None),
            *body(64, 168),
        ),
        (
            VIEW,
            Request("order-select", "leukapheresis", (leukapheresis(),)),
            Request("order-select", "tretinoin", (TRETINOIN_ORDER,)),
            Request(
                "order-select",
                "tretinoin-first-trimester",
                (TRETINOIN_ORDER,),
                instead=(FIRST_TRIMESTER,),
            ),
            Request("order-select", "central-line", (CENTRAL_LINE_ORDER,)),
            Request("order-sign", "central-line", (CENTRAL_LINE_ORDER,)),
            Request("order-select", "lumbar-puncture", (LUMBAR_PUNCTURE_ORDER,)),
            Request("order-select", "arsenic", (ARSENIC_ORDER,)),
            Request(
                "order-select",
                "arsenic-normal-qtc",
                (ARSENIC_ORDER,),
                instead=(result("qtc", 430, ago(20)),),
            ),
            Request(
                "order-select",
                "arsenic-long-qtc",
                (ARSENIC_ORDER,),
                instead=(result("qtc", 512, ago(20)),),
            ),
        ),
    ),
    Story(
        "als-apl-suspected",
        person("Emma", "female", born(45)),
        (
            als(),
            condition("apl", PROMYELOCYTIC, days=1, verification="provisional"),
            leukocytes(14, 2),
            result("platelets", 18, ago(2)),
            result("fibrinogen", 0.88, ago(2), unit="g/L", code="g/L"),
            result("inr", 1.8, ago(2)),
            *body(64, 168),
        ),
        (
            Request("order-select", "leukapheresis", (leukapheresis(),)),
            Request(
                "order-sign",
                "leukapheresis",
                (
                    leukapheresis(
                        concept(
                            coding(
                                ICD_10_PCS,
                                "6A550Z1",
                                "Pheresis / Circulatory / Single / No Qualifier / Leukocytes",
                            ),
                            text="Therapeutic leukapheresis",
                        ),
                        reasonCode=[{"text": "Cytoreduction in hyperleukocytosis"}],
                    ),
                ),
            ),
        ),
    ),
    Story(
        "als-apl-confirmed",
        person("Paul", "male", born(52)),
        (
            als(),
            condition("apl", PROMYELOCYTIC, days=2),
            leukocytes(118, 3),
            *labs(3, platelets=24, fibrinogen=110, inr=1.6, creatinine=1.0),
            ecog_in_words(
                "LA9624-3",
                "Ambulatory and capable of all selfcare but unable to carry out any work "
                "activities. Up and about more than 50% of waking hours",
            ),
            *body(77, 181),
        ),
        (
            VIEW,
            Request("order-select", "arsenic", (ARSENIC_ORDER,)),
            Request("order-sign", "arsenic", (ARSENIC_ORDER,)),
            Request(
                "order-select", "arsenic-quinidine", (ARSENIC_ORDER,), instead=(TAKING_QUINIDINE,)
            ),
            Request("order-select", "platelets", (PLATELETS_ORDER,)),
            Request("order-sign", "tretinoin-idarubicin", (TRETINOIN_ORDER, IDARUBICIN_ORDER)),
        ),
    ),
    Story(
        "als-aml-cytarabine",
        person("Hugo", "male", born(69)),
        (als(), aml(), leukocytes(12, 8), *FIT, result("fvc", 58, ago(days=20))),
        (
            VIEW,
            Request(
                "order-select",
                "20-mg-twice-daily",
                (cytarabine(dosage(20, "mg", "subcutaneous", per_day=2, days=10)),),
            ),
            Request(
                "order-sign",
                "20-mg-twice-daily",
                (cytarabine(dosage(20, "mg", "subcutaneous", per_day=2, days=10)),),
            ),
            Request(
                "order-sign",
                "20-mg-per-m2-daily",
                (cytarabine(dosage(20, "mg/m2", "subcutaneous", per_day=1, days=10)),),
            ),
            Request(
                "order-sign",
                "36-mg-twice-daily",
                (cytarabine(dosage(36, "mg", "subcutaneous", per_day=2, days=10)),),
            ),
            Request("order-select", "no-dose", (cytarabine(),)),
            Request("order-sign", "no-dose", (cytarabine(),)),
        ),
    ),
    Story(
        "als-aml-seven-plus-three",
        person("Vera", "female", born(47)),
        (als(), aml(), leukocytes(34, 6), *FIT, result("fvc", 82, ago(days=25))),
        (
            VIEW,
            Request("order-select", "", (CYTARABINE_CONTAINED, DAUNORUBICIN_ORDER)),
            Request(
                "order-select",
                "daunorubicin-selected",
                (CYTARABINE_CONTAINED, DAUNORUBICIN_ORDER),
                selected=("order-daunorubicin",),
            ),
            Request("order-sign", "", (CYTARABINE_CONTAINED, DAUNORUBICIN_ORDER)),
            Request(
                "order-select",
                "cpx-351",
                (
                    medication(
                        "order-cpx-351",
                        concept(
                            coding(
                                RXNORM,
                                "1942743",
                                "cytarabine liposome 100 MG / daunorubicin liposomal 44 MG "
                                "Injection",
                            )
                        ),
                    ),
                ),
            ),
            Request(
                "order-select",
                "azacitidine",
                (
                    medication(
                        "order-azacitidine",
                        concept(coding(RXNORM, "485246", "azacitidine 100 MG Injection")),
                        dosage(75, "mg/m2", "subcutaneous", per_day=1, days=7),
                    ),
                ),
            ),
            Request("order-sign", "azacitidine", (AZACITIDINE_ORDER,)),
            Request("order-select", "lumbar-puncture", (LUMBAR_PUNCTURE_ORDER,)),
            Request("order-select", "hydration", (saline(200),)),
        ),
    ),
    Story(
        "als-aml-ventilated",
        person("Jonas", "male", born(55)),
        (
            als(),
            aml(),
            condition(
                "ventilation",
                concept(
                    coding(SNOMED, "713655003", "Dependence on non-invasive ventilation (finding)")
                ),
                days=60,
            ),
            leukocytes(88, 6),
            ecog_in_words(
                "LA9625-0",
                "Capable of only limited selfcare, confined to bed or chair more than 50% of "
                "waking hours",
            ),
            result("fvc", 38, ago(days=18)),
            *labs(6, platelets=41, fibrinogen=280, inr=1.2, creatinine=0.6),
            *body(66, 179),
        ),
        (
            VIEW,
            Request(
                "order-select",
                "",
                (CYTARABINE_MEDICATION, CYTARABINE_REFERENCED, DAUNORUBICIN_ORDER),
            ),
            Request(
                "order-sign",
                "high-dose-cytarabine",
                (HIGH_DOSE_CYTARABINE, DAUNORUBICIN_ORDER),
            ),
            Request(
                "order-sign",
                "",
                (CYTARABINE_MEDICATION, CYTARABINE_REFERENCED, DAUNORUBICIN_ORDER),
            ),
        ),
    ),
    Story(
        "als-refuted",
        person("Karl", "male", born(60)),
        (als("refuted"), aml(), leukocytes(120, 5), *FIT),
        (
            VIEW,
            Request(
                "order-select",
                "leukapheresis",
                (leukapheresis(reasonCode=[{"text": "Hyperleukocytosis"}]),),
            ),
        ),
    ),
    Story(
        "als-entered-in-error",
        person("Lena", "female", born(49)),
        # FHIR forbids a clinical status on an entry made in error.
        (als("entered-in-error", clinical=None), aml(), leukocytes(120, 5), *FIT),
        (
            VIEW,
            Request(
                "order-select",
                "leukapheresis",
                (leukapheresis(reasonCode=[{"text": "Hyperleukocytosis"}]),),
            ),
        ),
    ),
    Story(
        "als-family-history",
        person("Mona", "female", born(44)),
        (
            {
                "resourceType": "FamilyMemberHistory",
                "id": "{story}-father",
                "status": "completed",
                "patient": {"reference": "Patient/{story}"},
                "date": day(20),
                "relationship": concept(text="father"),
                "condition": [{"code": AMYOTROPHIC}],
            },
            condition(
                "family-history",
                concept(text="Family history of amyotrophic lateral sclerosis"),
                days=20,
            ),
            aml(),
            leukocytes(120, 5),
            *FIT,
        ),
        (
            VIEW,
            Request(
                "order-select",
                "leukapheresis",
                (leukapheresis(reasonCode=[{"text": "Hyperleukocytosis"}]),),
            ),
        ),
    ),
    Story(
        "als-transport-text",
        person("Nora", "female", born(77)),
        (
            condition("transport", concept(text="ALS transport after a fall"), days=1),
            leukocytes(8, 5),
        ),
        (
            VIEW,
            Request(
                "order-select",
                "",
                (procedure("order-transport", concept(text="ALS transport to radiology")),),
            ),
        ),
    ),
    Story(
        "als-aml-remission",
        person("Peter", "male", born(59)),
        (als(), aml(MYELOID_IN_REMISSION, days=200), leukocytes(6, 5), *FIT),
        (
            VIEW,
            Request(
                "order-select",
                "leukapheresis",
                (leukapheresis(concept(text="Leukapheresis")),),
            ),
            Request("order-select", "transplant", (ALLOGENEIC_TRANSPLANT_ORDER,)),
            Request("order-sign", "transplant", (ALLOGENEIC_TRANSPLANT_ORDER,)),
        ),
    ),
    Story(
        "als-cll",
        person("Quentin", "male", born(73)),
        (
            als(),
            condition(
                "cll",
                concept(
                    coding(
                        ICD_10_CM,
                        "C91.10",
                        "Chronic lymphocytic leukemia of B-cell type not having achieved remission",
                    )
                ),
                days=1500,
            ),
            leukocytes(210, 5),
        ),
        (VIEW,),
    ),
    Story(
        "als-no-leukemia",
        person("Rosa", "female", born(64)),
        (als(), leukocytes(9, 5), result("fvc", 63, ago(days=35))),
        (VIEW,),
    ),
    Story(
        "als-unexplained-count",
        person("Samuel", "male", born(64)),
        (als(), leukocytes(110, 5)),
        (VIEW,),
    ),
    Story(
        "cll-high-count",
        person("Theo", "male", born(76)),
        (
            condition(
                "cll",
                concept(
                    coding(
                        ICD_10_CM,
                        "C91.10",
                        "Chronic lymphocytic leukemia of B-cell type not having achieved remission",
                    )
                ),
                days=1200,
            ),
            leukocytes(200, 5),
        ),
        (VIEW,),
    ),
    Story(
        "cml-chronic-phase",
        person("Ursula", "female", born(51)),
        (
            condition(
                "cml",
                concept(
                    coding(
                        ICD_10_CM,
                        "C92.10",
                        "Chronic myeloid leukemia, BCR/ABL-positive, not having achieved remission",
                    )
                ),
                days=14,
            ),
            leukocytes(320, 5),
        ),
        (VIEW,),
    ),
    Story(
        "cml-blast-crisis",
        person("Viktor", "male", born(57)),
        (
            condition(
                "cml",
                concept(
                    coding(
                        SNOMED,
                        "413843002",
                        "Chronic myeloid leukemia in myeloid blast crisis (disorder)",
                    )
                ),
                days=4,
            ),
            leukocytes(180, 5),
        ),
        (VIEW,),
    ),
    Story(
        "aml-threshold",
        person("Anton", "male", born(54)),
        (aml(), leukocytes(100, 5), *FIT),
        (
            VIEW,
            with_count(leukocytes(99.9, 5), "99-9"),
            with_count(leukocytes(50, 5), "50"),
            with_count(leukocytes(49.9, 5), "49-9"),
            with_count(leukocytes(60, 5, comparator=">"), "above-60"),
            with_count(leukocytes(500, 5, comparator=">"), "above-500"),
        ),
    ),
    Story(
        "aml-leukocyte-units",
        person("Berta", "female", born(54)),
        (aml(), leukocytes(210, 5, unit="10*9/L", code="10*9/L"), *FIT),
        (
            VIEW,
            with_count(leukocytes(210000, 5, unit="/uL", code="/uL"), "per-microliter"),
            with_count(leukocytes(210, 5, unit="K/uL", code=None), "k-per-microliter"),
            with_count(leukocytes(0.21, 5, unit="10*12/L", code=None), "10-12-per-liter"),
            with_count(leukocytes(210, 5, unit=None, code=None), "no-unit"),
            Request(
                "patient-view",
                "no-unit-unknown-fitness",
                instead=(leukocytes(210, 5, unit=None, code=None),),
                without=("ecog",),
            ),
            with_count(leukocytes(210, 5, unit="K/mL", code=None), "k-per-milliliter"),
            with_count(leukocytes(210, 5, unit="%", code="%"), "percent"),
            with_count(leukocytes(210, 5, unit="10*9/L", code="/uL"), "unit-and-code-disagree"),
            with_count(leukocytes(210000, 5, unit="10*9/L", code="10*9/L"), "implausible"),
            with_count(
                observation(
                    "leukocytes",
                    "laboratory",
                    concept(coding(LOINC, RESULTS["leukocytes"][0], RESULTS["leukocytes"][1])),
                    ago(5),
                    valueString="about 210, smear under review",
                ),
                "text-value",
            ),
            Request(
                "patient-view",
                "cerebrospinal-fluid",
                instead=(result("spinal-fluid-leukocytes", 210, ago(4)),),
                without=("leukocytes",),
            ),
            Request(
                "patient-view",
                "cerebrospinal-fluid-beside-blood",
                instead=(
                    leukocytes(6.2, 5),
                    result("spinal-fluid-leukocytes", 210, ago(4)),
                ),
            ),
        ),
    ),
    Story(
        "aml-stale-count",
        person("Dora", "female", born(63)),
        (aml(days=25), leukocytes(240, 21 * 24), *FIT),
        (VIEW,),
    ),
    Story(
        "aml-day-old-count",
        person("Emil", "male", born(63)),
        (aml(), leukocytes(150, 36), *FIT),
        (VIEW,),
    ),
    Story(
        "aml-count-falling",
        person("Frida", "female", born(50)),
        (
            aml(),
            # Written with an offset, this is 10:30Z and thus the latest, though listed in between.
            {**leukocytes(180, 20), "id": "{story}-leukocytes-first"},
            {**leukocytes(42, 0), "effectiveDateTime": "2026-01-15T05:30:00-05:00"},
            {**leukocytes(96, 9), "id": "{story}-leukocytes-second"},
            *FIT,
        ),
        (VIEW,),
    ),
    Story(
        "aml-remission-high-count",
        person("Georg", "male", born(61)),
        (
            aml(MYELOID_IN_REMISSION, days=150),
            leukocytes(130, 4),
            result("blasts", 60, ago(4)),
            *FIT,
        ),
        (VIEW,),
    ),
    Story(
        "aml-fit",
        person("Hanno", "male", born(48)),
        (aml(), leukocytes(12, 5), ecog(0), *FIT[1:]),
        (
            VIEW,
            Request("order-select", "central-line", (CENTRAL_LINE_ORDER,)),
            Request("order-select", "lumbar-puncture", (LUMBAR_PUNCTURE_ORDER,)),
            Request("order-sign", "seven-plus-three", (CYTARABINE_CONTAINED, DAUNORUBICIN_ORDER)),
            Request("order-sign", "azacitidine-venetoclax", (AZACITIDINE_ORDER, VENETOCLAX_ORDER)),
            Request(
                "order-sign",
                "venetoclax-and-azole",
                (AZACITIDINE_ORDER, VENETOCLAX_ORDER),
                instead=(TAKING_POSACONAZOLE,),
            ),
        ),
    ),
    Story(
        "aml-older",
        person("Isidor", "male", born(79)),
        (aml(), leukocytes(30, 5), ecog(2), *FIT[1:]),
        (
            VIEW,
            Request("order-sign", "azacitidine", (AZACITIDINE_ORDER,)),
            Request("order-sign", "azacitidine-venetoclax", (AZACITIDINE_ORDER, VENETOCLAX_ORDER)),
        ),
    ),
    Story(
        "aml-pml-rara-pending",
        person("Jutta", "female", born(53)),
        (
            aml(),
            leukocytes(120, 6),
            {
                **observation(
                    "pml-rara",
                    "laboratory",
                    concept(
                        coding(
                            LOINC,
                            "77031-3",
                            "t(15;17)(q24.1;q21.1)(PML,RARA) fusion transcript in Blood or Tissue "
                            "by FISH",
                        )
                    ),
                    ago(days=1),
                ),
                "status": "registered",
            },
            *FIT,
        ),
        (VIEW,),
    ),
    Story(
        "aml-dnr",
        person("Konrad", "male", born(68)),
        (
            aml(),
            condition("dnr", concept(coding(ICD_10_CM, "Z66", "Do not resuscitate")), days=2),
            leukocytes(150, 4),
            *FIT,
        ),
        (VIEW,),
    ),
    Story(
        "acute-leukemia-unspecified",
        person("Luise", "female", born(56)),
        (
            condition(
                "leukemia",
                concept(
                    coding(
                        ICD_10_CM,
                        "C95.00",
                        "Acute leukemia of unspecified cell type not having achieved remission",
                    )
                ),
                days=1,
            ),
            {**leukocytes(150, 2), "status": "preliminary"},
            *FIT,
        ),
        (VIEW,),
    ),
    Story(
        "t-all-child",
        person("Max", "male", born(9)),
        (
            condition(
                "all",
                concept(
                    coding(SNOMED, "277575008", "T-lymphoblastic leukemia (disorder)"),
                    coding(
                        ICD_10_CM,
                        "C91.00",
                        "Acute lymphoblastic leukemia not having achieved remission",
                    ),
                ),
                days=1,
            ),
            leukocytes(310, 3),
            *labs(3, potassium=5.9, phosphate=6.8, urate=9.8, creatinine=0.7, ldh=4100),
            result("weight", 30, ago(6)),
            result("height", 135, ago(days=10)),
        ),
        (VIEW,),
    ),
    Story(
        "all-remission-collection",
        person("Nadja", "female", born(34)),
        (
            condition(
                "all",
                concept(coding(ICD_10_CM, "C91.01", "Acute lymphoblastic leukemia, in remission")),
                days=40,
            ),
            leukocytes(38, 5),
            taking(
                "filgrastim",
                concept(coding(RXNORM, "1649944", "1 ML filgrastim 0.3 MG/ML Injection")),
                4,
            ),
        ),
        (
            VIEW,
            Request("order-select", "filgrastim", (FILGRASTIM_ORDER,)),
            Request(
                "order-select",
                "",
                (
                    leukapheresis(
                        concept(
                            coding(CPT, "36511", "Therapeutic apheresis of white blood cells"),
                            text="Leukapheresis",
                        ),
                        reasonCode=[{"text": "Hematopoietic progenitor cell collection"}],
                    ),
                ),
            ),
        ),
    ),
    Story(
        "all-relapse-cell-collection",
        person("Oskar", "male", born(23)),
        (
            condition(
                "all",
                concept(
                    coding(SNOMED, "277571004", "B-cell acute lymphoblastic leukemia (disorder)"),
                    coding(ICD_10_CM, "C91.02", "Acute lymphoblastic leukemia, in relapse"),
                ),
                days=9,
            ),
            leukocytes(62, 5),
            *FIT,
        ),
        (
            VIEW,
            Request(
                "order-select",
                "",
                (
                    leukapheresis(
                        category=[{"text": "Cell collection"}],
                        reasonCode=[{"text": "Lymphocyte collection for CAR-T manufacture"}],
                    ),
                ),
            ),
        ),
    ),
    Story(
        "sibling-donor",
        person("Pia", "female", born(31)),
        (leukocytes(6.8, 20), result("platelets", 240, ago(20))),
        (
            VIEW,
            Request(
                "order-select",
                "",
                (
                    leukapheresis(
                        concept(
                            coding(SNOMED, "77257005", "Leukopheresis (procedure)"),
                            text="Leukapheresis",
                        ),
                        reasonCode=[{"text": "Allogeneic donor, granulocyte donation"}],
                    ),
                ),
            ),
        ),
    ),
    Story(
        "healthy",
        person("Tilda", "female", born(36)),
        (leukocytes(6.5, 30), *labs(30, hemoglobin=13.4, platelets=260, creatinine=0.7)),
        (
            VIEW,
            Request(
                "patient-view",
                "other-patients-data",
                smuggled={
                    "conditions": ({**aml(), **OTHERS},),
                    "leukocytes": ({**leukocytes(182, 3), "id": "{story}-other", **OTHERS},),
                },
            ),
            Request(
                "order-select",
                "",
                (
                    medication(
                        "order-allopurinol",
                        concept(coding(RXNORM, "197319", "allopurinol 100 MG Oral Tablet")),
                        dosage(100, "mg", "oral", per_day=1, days=30),
                    ),
                ),
            ),
        ),
    ),
)
