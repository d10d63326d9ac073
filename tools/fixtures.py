"""Write the files below fixtures/ that stories are told in: python tools/fixtures.py [--check].

The stories are declared below, as of fixtures.ANCHOR. A request's prefetch is the answer of the
story's own patient record to the templates of the service that the request goes to.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

ROOT = Path(__file__).resolve().parent.parent
# This file's own folder comes first on the path and would hide the package of the same name.
sys.path.insert(0, str(ROOT))

from fixtures import ANCHOR, answer_templates  # noqa: E402
from fixtures.stories import EXPECTED, STORIES, Expectation  # noqa: E402

Resource = dict[str, Any]

SNOMED = "http://snomed.info/sct"
ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD_10 = "http://hl7.org/fhir/sid/icd-10"
ICD_10_PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
CPT = "http://www.ama-assn.org/go/cpt"
UCUM = "http://unitsofmeasure.org"
HL7 = "http://terminology.hl7.org/CodeSystem"
LOCAL = "https://ehr.example/fhir/CodeSystem"
"""Code systems of an imaginary hospital."""

# --- Times ---------------------------------------------------------------------------------------


def ago(hours: float = 0, *, days: float = 0) -> str:
    """An instant before the anchor."""
    return (ANCHOR - timedelta(hours=hours, days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(days: int) -> str:
    """A calendar day before the anchor's."""
    return (ANCHOR - timedelta(days=days)).date().isoformat()


def born(years: int) -> str:
    """A birth date of someone who turned `years` some 130 days before the anchor."""
    return (ANCHOR.date().replace(year=ANCHOR.year - years) - timedelta(days=130)).isoformat()


# --- Resources: "{story}" in any text stands for the story's name --------------------------------


def coding(system: str, code: str, display: str = "") -> Resource:
    return {"system": system, "code": code} | ({"display": display} if display else {})


def concept(*codings: Resource, text: str = "") -> Resource:
    return ({"coding": list(codings)} if codings else {}) | ({"text": text} if text else {})


def person(given: str, gender: str, birth_date: str) -> Resource:
    return {
        "resourceType": "Patient",
        "id": "{story}",
        "active": True,
        "name": [{"use": "official", "family": "Example", "given": [given]}],
        "gender": gender,
        "birthDate": birth_date,
    }


def encounter() -> Resource:
    return {
        "resourceType": "Encounter",
        "id": "{story}-encounter",
        "status": "in-progress",
        "class": coding(f"{HL7}/v3-ActCode", "IMP", "inpatient encounter"),
        "subject": {"reference": "Patient/{story}"},
        "period": {"start": ago(days=2)},
    }


def condition(
    name: str,
    code: Resource,
    *,
    days: int,
    clinical: str | None = "active",
    verification: str | None = "confirmed",
) -> Resource:
    statuses = {
        "clinicalStatus": clinical and concept(coding(f"{HL7}/condition-clinical", clinical)),
        "verificationStatus": verification
        and concept(coding(f"{HL7}/condition-ver-status", verification)),
    }
    return {
        "resourceType": "Condition",
        "id": "{story}-" + name,
        **{element: status for element, status in statuses.items() if status},
        "category": [concept(coding(f"{HL7}/condition-category", "problem-list-item"))],
        "code": code,
        "subject": {"reference": "Patient/{story}"},
        "onsetDateTime": day(days),
        "recordedDate": ago(days=days),
    }


AMYOTROPHIC = concept(
    coding(SNOMED, "86044005", "Amyotrophic lateral sclerosis (disorder)"),
    coding(ICD_10_CM, "G12.21", "Amyotrophic lateral sclerosis"),
    text="Amyotrophic lateral sclerosis",
)
MYELOID = concept(
    coding(SNOMED, "91861009", "Acute myeloid leukemia (disorder)"),
    coding(ICD_10_CM, "C92.00", "Acute myeloblastic leukemia, not having achieved remission"),
    text="Acute myeloid leukemia",
)
PROMYELOCYTIC = concept(
    coding(SNOMED, "110004001", "Acute promyelocytic leukemia, FAB M3 (disorder)"),
    coding(ICD_10_CM, "C92.40", "Acute promyelocytic leukemia, not having achieved remission"),
    text="Acute promyelocytic leukemia",
)
MYELOID_IN_REMISSION = concept(
    coding(ICD_10_CM, "C92.01", "Acute myeloblastic leukemia, in remission"),
    text="AML in remission",
)


def als(verification: str = "confirmed", clinical: str | None = "active") -> Resource:
    return condition("als", AMYOTROPHIC, days=600, verification=verification, clinical=clinical)


def aml(code: Resource = MYELOID, *, days: int = 3) -> Resource:
    return condition("aml", code, days=days)


RESULTS: Mapping[str, tuple[str, str, str]] = {
    "leukocytes": ("6690-2", "Leukocytes [#/volume] in Blood by Automated count", "10*3/uL"),
    "blasts": ("26446-5", "Blasts/100 leukocytes in Blood", "%"),
    "hemoglobin": ("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL"),
    "platelets": ("777-3", "Platelets [#/volume] in Blood by Automated count", "10*3/uL"),
    "fibrinogen": (
        "3255-7",
        "Fibrinogen [Mass/volume] in Platelet poor plasma by Coagulation assay",
        "mg/dL",
    ),
    "inr": ("6301-6", "INR in Platelet poor plasma by Coagulation assay", "{INR}"),
    "potassium": ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "mmol/L"),
    "phosphate": ("2777-1", "Phosphate [Mass/volume] in Serum or Plasma", "mg/dL"),
    "calcium": ("17861-6", "Calcium [Mass/volume] in Serum or Plasma", "mg/dL"),
    "urate": ("3084-1", "Urate [Mass/volume] in Serum or Plasma", "mg/dL"),
    "creatinine": ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "mg/dL"),
    "ldh": (
        "2532-0",
        "Lactate dehydrogenase [Enzymatic activity/volume] in Serum or Plasma",
        "U/L",
    ),
    "spinal-fluid-leukocytes": (
        "26465-5",
        "Leukocytes [#/volume] in Cerebral spinal fluid",
        "10*3/uL",
    ),
    "fvc": ("19872-1", "FVC measured/predicted", "%"),
    "weight": ("29463-7", "Body weight", "kg"),
    "height": ("8302-2", "Body height", "cm"),
}
CATEGORIES = {"fvc": "procedure", "weight": "vital-signs", "height": "vital-signs"}


def quantity(value: object, unit: str | None, code: str | None, comparator: str = "") -> Resource:
    return (
        {"value": value}
        | ({"comparator": comparator} if comparator else {})
        | ({"unit": unit} if unit else {})
        | ({"system": UCUM, "code": code} if code else {})
    )


def observation(name: str, category: str, code: Resource, time: str, **value: object) -> Resource:
    return {
        "resourceType": "Observation",
        "id": "{story}-" + name,
        "status": "final",
        "category": [concept(coding(f"{HL7}/observation-category", category))],
        "code": code,
        "subject": {"reference": "Patient/{story}"},
        "encounter": {"reference": "Encounter/{story}-encounter"},
        "effectiveDateTime": time,
        **value,
    }


def result(name: str, value: object, time: str, **spelled: Any) -> Resource:
    """A numeric result; `spelled` replaces unit, code and comparator of its Quantity."""
    code, display, unit = RESULTS[name]
    amount = quantity(value, **({"unit": unit, "code": unit} | spelled))
    category = CATEGORIES.get(name, "laboratory")
    return observation(
        name, category, concept(coding(LOINC, code, display)), time, valueQuantity=amount
    )


def leukocytes(value: object, hours: float, **spelled: Any) -> Resource:
    return result("leukocytes", value, ago(hours), **spelled)


def labs(hours: float, **values: float) -> tuple[Resource, ...]:
    """Results of one blood draw."""
    return tuple(result(name, value, ago(hours)) for name, value in values.items())


ECOG = concept(coding(LOINC, "89247-1", "ECOG Performance Status score"))


def ecog(grade: int, days: int = 2) -> Resource:
    return observation("ecog", "survey", ECOG, ago(days=days), valueInteger=grade)


def ecog_in_words(answer: str, display: str, days: int = 2) -> Resource:
    value = concept(coding(LOINC, answer, display))
    return observation("ecog", "survey", ECOG, ago(days=days), valueCodeableConcept=value)


def body(kilograms: float, centimeters: float) -> tuple[Resource, ...]:
    return (
        result("weight", kilograms, ago(days=1)),
        result("height", centimeters, ago(days=400)),
    )


def taking(name: str, code: Resource, days: int) -> Resource:
    return {
        "resourceType": "MedicationRequest",
        "id": "{story}-" + name,
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": code,
        "subject": {"reference": "Patient/{story}"},
        "authoredOn": ago(days=days),
    }


RILUZOLE = concept(
    coding(RXNORM, "199206", "riluzole 50 MG Oral Tablet"), text="riluzole 50 mg tablet"
)

# --- Draft orders --------------------------------------------------------------------------------


def order(kind: str, name: str, **content: Any) -> Resource:
    return {
        "resourceType": kind,
        "id": name,
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/{story}"},
        "authoredOn": ago(),
        "requester": {"reference": "Practitioner/example"},
        **content,
    }


def procedure(name: str, code: Resource, **content: Any) -> Resource:
    return order("ServiceRequest", name, code=code, **content)


ROUTES = {
    "subcutaneous": coding(f"{LOCAL}/route", "SC"),
    "intravenous": coding(f"{LOCAL}/route", "IV"),
    "oral": coding(f"{LOCAL}/route", "PO"),
}


def dosage(
    value: float, unit: str, route: str, *, per_day: int, days: int, text: str = "", **repeat: Any
) -> Resource:
    """A dose given `per_day` times for `days` days, as an EHR writes it."""
    bounds = {"value": days, "unit": "days", "system": UCUM, "code": "d"}
    times = {"frequency": per_day, "period": 1, "periodUnit": "d", **repeat}
    return {
        **({"text": text} if text else {}),
        "timing": {"repeat": {"boundsDuration": bounds, **times}},
        "route": concept(ROUTES[route], text=route),
        "doseAndRate": [{"doseQuantity": quantity(value, unit, unit)}],
    }


def medication(name: str, code: Resource, *dosages: Resource, **content: Any) -> Resource:
    given = {"dosageInstruction": list(dosages)} if dosages else {}
    return order("MedicationRequest", name, medicationCodeableConcept=code, **given, **content)


CYTARABINE = concept(
    coding(RXNORM, "240416", "cytarabine 20 MG/ML Injectable Solution"), text="cytarabine 20 mg/mL"
)
DAUNORUBICIN = concept(
    coding(RXNORM, "2002002", "10 ML daunorubicin 5 MG/ML Injection"), text="DAUNOrubicin injection"
)
LEUKAPHERESIS = concept(
    coding(CPT, "36511", "Therapeutic apheresis of white blood cells"),
    text="Leukapheresis, therapeutic",
)
RILUZOLE_ORDER = medication(
    "order-riluzole", RILUZOLE, dosage(50, "mg", "oral", per_day=2, days=30)
)
DAUNORUBICIN_ORDER = medication(
    "order-daunorubicin",
    DAUNORUBICIN,
    dosage(60, "mg/m2", "intravenous", per_day=1, days=3, text="60 mg/m2 IV push, days 1-3"),
)
CYTARABINE_INFUSION = dosage(
    100,
    "mg/m2",
    "intravenous",
    per_day=1,
    days=7,
    text="100 mg/m2 over 24 h by continuous infusion, days 1-7",
    duration=24,
    durationUnit="h",
)
# The ingredient stands in a contained Medication, as oncology protocol builders write it.
CYTARABINE_CONTAINED = order(
    "MedicationRequest",
    "order-cytarabine",
    contained=[
        {
            "resourceType": "Medication",
            "id": "mixture",
            "code": {"text": "Cytarabine in sodium chloride 0.9 % 500 mL"},
            "ingredient": [
                {"itemCodeableConcept": concept(coding(RXNORM, "3041", "cytarabine"))},
            ],
        }
    ],
    medicationReference={"reference": "#mixture"},
    dosageInstruction=[CYTARABINE_INFUSION],
)
# The Medication is an entry of the drafts' own Bundle.
CYTARABINE_MEDICATION = {
    "resourceType": "Medication",
    "id": "medication-cytarabine",
    "code": concept(coding(ATC, "L01BC01", "cytarabine")),
}
CYTARABINE_REFERENCED = order(
    "MedicationRequest",
    "order-cytarabine",
    medicationReference={"reference": "Medication/medication-cytarabine"},
    dosageInstruction=[CYTARABINE_INFUSION],
)


def cytarabine(*dosages: Resource) -> Resource:
    return medication("order-cytarabine", CYTARABINE, *dosages)


def leukapheresis(code: Resource = LEUKAPHERESIS, **content: Any) -> Resource:
    return procedure("order-leukapheresis", code, **content)


# --- Stories -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Request:
    """One hook request; what it does not say comes from the story's patient record."""

    hook: str
    variant: str = ""
    drafts: tuple[Resource, ...] = ()
    selected: tuple[str, ...] | None = None
    """Ids of the selected drafts; all orders among them where not said."""
    instead: tuple[Resource, ...] = ()
    """Resources that take the place of those of the same id in the record, or join it."""
    without: tuple[str, ...] = ()
    """Ids of resources that this request's record lacks."""
    prefetch: Mapping[str, Any] = field(default_factory=dict)
    """Prefetch values sent in place of the right ones."""
    smuggled: Mapping[str, tuple[Resource, ...]] = field(default_factory=dict)
    """Resources put into a prefetched searchset although the search does not ask for them."""
    user: str = "Practitioner/example"
    context: Mapping[str, Any] = field(default_factory=dict)
    """Context members sent in place of the usual ones; None leaves one out."""
    members: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Story:
    name: str
    patient: Resource
    record: tuple[Resource, ...]
    requests: tuple[Request, ...]


VIEW = Request("patient-view")
OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "exception", "diagnostics": "Upstream timed out"}],
}
HTML = "<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>"

TUMOR_LYSIS_LABS = labs(
    3, hemoglobin=8.4, platelets=38, fibrinogen=240, inr=1.3, potassium=4.8, phosphate=4.9
) + labs(3, calcium=8.9, urate=9.1, creatinine=0.9, ldh=1240)
FIT = (ecog(1), *body(70, 170), *labs(6, platelets=88, fibrinogen=310, inr=1.1, creatinine=0.9))
"""What lets no gap hide a card in a patient who is well enough."""

OTHERS = {"subject": {"reference": "Patient/somebody-else"}}


def with_count(count: Resource, variant: str = "") -> Request:
    return Request("patient-view", variant, instead=(count,))


# --- Clients as they are -------------------------------------------------------------------------

LONG_ID = ".".join(["eExample-order-id"] * 10)
"""Longer than FHIR allows, as order ids of one vendor are; the R4B models do not check that."""
NOT_SAID = {
    "extension": [
        {
            "url": f"{LOCAL.removesuffix('CodeSystem')}StructureDefinition/orderer",
            "valueString": "x",
        }
    ]
}


def vendor_draft(name: str, display: str, route: str, *amounts: tuple[str, float, str]) -> Resource:
    """An order whose Medication lies outside the Bundle and whose dose is given in several ways."""
    return {
        **order("MedicationRequest", f"{LONG_ID}.{name}", requester=NOT_SAID),
        "medicationReference": {"reference": f"Medication/eExample{name}", "display": display},
        "dosageInstruction": [
            {
                **dosage(1, "mg", route, per_day=2 if route == "subcutaneous" else 1, days=10),
                "doseAndRate": [
                    {
                        "type": concept(coding(f"{LOCAL}/dose-rate-type", kind), text=kind),
                        "doseQuantity": quantity(value, unit, unit),
                    }
                    for kind, value, unit in amounts
                ],
            }
        ],
    }


VENDOR_MEMBERS = {
    "fhirServer": "https://ehr.example/fhir",
    "extension": {
        "com.epic.cdshooks.request.bpa-trigger-action": "23",
        "com.epic.cdshooks.request.cds-hooks-specification-version": "1.1",
        "com.epic.cdshooks.request.fhir-version": "R4",
        "com.epic.cdshooks.request.criteria-id": "example",
    },
}
VENDOR_CONTEXT = {"extension": {"internalCDSHooks": {"workstation": "example"}}}
VENDOR_DRAFTS = (
    vendor_draft(
        "daunorubicin",
        "DAUNORUBICIN 5 MG/ML INTRAVENOUS SOLUTION",
        "intravenous",
        ("calculated", 109.2, "mg"),
        ("admin-amount", 21.84, "mL"),
        ("ordered", 60, "mg/m2"),
    ),
    vendor_draft(
        "cytarabine",
        "CYTARABINE (PF) 20 MG/ML INJECTION SOLUTION",
        "subcutaneous",
        ("calculated", 36.4, "mg"),
        ("admin-amount", 1.82, "mL"),
        ("ordered", 20, "mg/m2"),
    ),
)
VENDOR_REQUESTS = (
    Request("patient-view", context=VENDOR_CONTEXT, members=VENDOR_MEMBERS),
    Request(
        "order-select",
        "daunorubicin",
        (*VENDOR_DRAFTS[:1], RILUZOLE_ORDER),
        selected=(f"{LONG_ID}.daunorubicin",),
        context=VENDOR_CONTEXT,
        members=VENDOR_MEMBERS,
    ),
    Request(
        "order-select",
        "cytarabine",
        (VENDOR_DRAFTS[1], RILUZOLE_ORDER),
        selected=(f"{LONG_ID}.cytarabine",),
        context=VENDOR_CONTEXT,
        members=VENDOR_MEMBERS,
    ),
)


NO_ENCOUNTER: Mapping[str, Any] = {"encounterId": None}


def sandbox_context(**content: Any) -> Resource:
    """Context with the one draft that the official sandbox keeps changing, in an untyped Bundle."""
    draft = {
        "resourceType": "MedicationRequest",
        "id": "request-123",
        "status": "draft",
        "subject": {"reference": "Patient/{story}"},
        "category": concept(text="community"),
        **content,
    }
    return {
        **NO_ENCOUNTER,
        "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": draft}]},
        "selections": ["MedicationRequest/request-123"],
    }


def sandbox_choice(code: Resource) -> Resource:
    """The draft once a medicine was chosen."""
    return sandbox_context(
        intent="order",
        medicationCodeableConcept=code,
        reasonCode=concept(text="Acute myeloid leukemia"),
        dosageInstruction=[
            {
                "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "{pill}"}}],
                "timing": {
                    "repeat": {
                        "frequency": 1,
                        "period": 1,
                        "periodUnit": "d",
                        "boundsPeriod": {"start": day(0), "end": day(-7)},
                    }
                },
            }
        ],
    )


SANDBOX_REQUESTS = (
    Request("patient-view", context=NO_ENCOUNTER),
    Request("order-select", "no-drafts", context=NO_ENCOUNTER),
    Request("order-select", "empty-draft", context=sandbox_context()),
    Request(
        "order-select",
        "hydroxyurea",
        context=sandbox_choice(
            concept(
                coding(RXNORM, "197797", "hydroxyurea 500 MG Oral Capsule"),
                text="Hydroxyurea 500 MG Oral Capsule",
            )
        ),
    ),
    Request(
        "order-select",
        "idarubicin",
        context=sandbox_choice(
            concept(
                coding(f"{LOCAL}/medication", "idarubicin-capsule", "Idarubicin Oral Capsule"),
                text="Idarubicin Oral Capsule",
            )
        ),
    ),
)

# --- The stories themselves ----------------------------------------------------------------------

STORY_LIST = (
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
            Request("patient-view", "labs-failed", prefetch={"labs": OUTCOME}),
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
        (VIEW,),
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
        (VIEW, Request("order-select", "leukapheresis", (leukapheresis(),))),
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
        (VIEW,),
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
        (VIEW,),
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
        (VIEW,),
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
        person("Hanna", "female", born(48)),
        (aml(), leukocytes(12, 5), ecog(0), *FIT[1:]),
        (VIEW,),
    ),
    Story(
        "aml-older",
        person("Isidor", "male", born(79)),
        (aml(), leukocytes(30, 5), ecog(2), *FIT[1:]),
        (VIEW,),
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
        "epic-like-client",
        person("Rita", "female", born(60)),
        (
            als(),
            aml(),
            leukocytes(18, 6, unit="10*3/uL", code=None),
            ecog(2),
            result("fvc", 66, ago(days=50)),
            *labs(6, platelets=52, fibrinogen=290, inr=1.1, creatinine=0.8),
            *body(70, 170),
        ),
        VENDOR_REQUESTS,
    ),
    Story(
        "sandbox-client",
        person("Sophie", "female", born(62)),
        (
            als(),
            aml(),
            leukocytes(187, 3),
            *TUMOR_LYSIS_LABS,
            ecog(3),
            result("fvc", 44, ago(days=30)),
            *body(70, 170),
        ),
        SANDBOX_REQUESTS,
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

# --- Prefetch templates --------------------------------------------------------------------------

STAND_IN_KEYS = {
    "leukocytes": ("leukocytes",),
    "labs": (
        "blasts",
        "hemoglobin",
        "platelets",
        "fibrinogen",
        "inr",
        "potassium",
        "phosphate",
        "calcium",
        "urate",
        "creatinine",
        "ldh",
    ),
    "performance": ("fvc",),
    "body": ("weight", "height"),
}
OTHER_CODES = {"performance": ("89247-1",), "molecular": ("77031-3",)}


def stand_in_templates() -> dict[str, str]:
    """Templates of the agreed shape, for as long as `hooks` declares no services."""
    patient = "patient={{context.patientId}}"
    codes = {key: tuple(RESULTS[name][0] for name in names) for key, names in STAND_IN_KEYS.items()}
    searches = {
        key: ",".join(f"{LOINC}|{code}" for code in codes.get(key, ()) + OTHER_CODES.get(key, ()))
        for key in ("leukocytes", "labs", "performance", "body", "molecular")
    }
    return {
        "patient": "Patient/{{context.patientId}}",
        "conditions": f"Condition?{patient}&_sort=-recorded-date&_count=200",
        **{
            key: f"Observation?{patient}&code={search}&_sort=-date&_count=100"
            for key, search in searches.items()
        },
        "medications": f"MedicationRequest?{patient}&status=active&_count=100",
    }


def templates_by_hook() -> dict[str, Mapping[str, str]]:
    """The prefetch of each hook's service; a hook that has none yet takes that of order-select."""
    declared = {
        service.hook: service.prefetch
        for service in getattr(import_module("hooks"), "SERVICES", ())
    }
    default = declared.get("order-select") or stand_in_templates()
    return {
        hook: declared.get(hook, default) for hook in ("patient-view", "order-select", "order-sign")
    }


# --- Writing -------------------------------------------------------------------------------------


def told(value: Any, story: str) -> Any:
    """The value with the story's name filled in, as a copy."""
    return json.loads(json.dumps(value).replace("{story}", story))


def bundle(story: Story, request: Request | None = None) -> Resource:
    """The story's patient record as a Bundle, changed as the request says."""
    resources = {r["id"]: r for r in (story.patient, encounter(), *story.record)}
    if request:
        resources |= {changed["id"]: changed for changed in request.instead}
        for name in request.without:
            del resources["{story}-" + name]
    entries = [
        {"fullUrl": f"https://ehr.example/fhir/{r['resourceType']}/{r['id']}", "resource": r}
        for r in resources.values()
    ]
    record = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return told({**record, "id": "{story}", "timestamp": ago()}, story.name)


def prefetch(story: Story, request: Request, templates: Mapping[str, str]) -> Resource:
    """The answers to the templates, changed as the request says."""
    answers = deepcopy(answer_templates(templates, bundle(story, request)))
    if unknown := {*request.prefetch, *request.smuggled} - {*answers}:
        raise KeyError(f"{request_name(story, request)} changes unknown prefetch keys: {unknown}")
    for key, resources in request.smuggled.items():
        entries = [{"resource": told(resource, story.name)} for resource in resources]
        answers[key]["entry"] = answers[key].get("entry", []) + entries
    return answers | told(dict(request.prefetch), story.name)


def context(request: Request) -> Resource:
    content: Resource = {"userId": request.user, "patientId": "{story}"}
    content["encounterId"] = "{story}-encounter"
    if request.drafts:
        entries = [{"resource": draft} for draft in request.drafts]
        content["draftOrders"] = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        if request.hook == "order-select":
            content["selections"] = list(selections(request))
    content |= request.context
    return {name: value for name, value in content.items() if value is not None}


def selections(request: Request) -> Iterator[str]:
    for draft in request.drafts:
        chosen = request.selected is None or draft["id"] in request.selected
        if chosen and draft["resourceType"] != "Medication":
            yield f"{draft['resourceType']}/{draft['id']}"


def request_name(story: Story, request: Request) -> str:
    return ".".join(part for part in (story.name, request.hook, request.variant) if part)


def request_body(story: Story, request: Request, templates: Mapping[str, str]) -> Resource:
    name = request_name(story, request)
    return {
        "hook": request.hook,
        "hookInstance": str(uuid5(NAMESPACE_URL, f"https://ehr.example/{name}")),
        **request.members,
        "context": told(context(request), story.name),
        "prefetch": prefetch(story, request, templates),
    }


def as_json(value: Resource) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def files() -> dict[str, str]:
    """Every generated file's content by its path below fixtures/."""
    templates = templates_by_hook()
    written = {"README.md": readme()}
    for story in STORY_LIST:
        written[f"patients/{story.name}.json"] = as_json(bundle(story))
        for request in story.requests:
            body = request_body(story, request, templates[request.hook])
            written[f"requests/{request_name(story, request)}.json"] = as_json(body)
    return written


README_HEAD = """# Fixtures: synthetic patients and the hook requests about them

Generated by `python tools/fixtures.py`; nobody in them exists. The stories stand in
`tools/fixtures.py`, what each request shows and is expected to bring in `fixtures/stories.py`.

The files are written as of one instant, 2026-01-15T12:00:00Z, and go stale as they lie there. Use
them through `fixtures.patient(story, as_of)` and `fixtures.request(name, as_of)`, which move every
date to the instant given. A request is complete: its prefetch answers the service's templates.

Expected cards follow the clinical catalogue for the rules of this release. Cards that rules still
to come will add are named in brackets.
"""


def readme() -> str:
    sections = (section(story) for story in sorted(STORY_LIST, key=lambda story: story.name))
    return "\n".join((README_HEAD, *sections))


def section(story: Story) -> str:
    rows = (row(story, request) for request in story.requests)
    head = (
        f"## {story.name}\n",
        f"{STORIES[story.name]}.\n",
        "| Hook | Variant | What it shows | Expected |",
        "|---|---|---|---|",
    )
    return "\n".join((*head, *rows)) + "\n"


def row(story: Story, request: Request) -> str:
    expected = EXPECTED[request_name(story, request)]
    cells = (request.hook, request.variant or "-", expected.shows, outcome(expected))
    return f"| {' | '.join(cells)} |"


def outcome(expected: Expectation) -> str:
    if expected.status != 200:
        return f"HTTP {expected.status}"
    cards = ", ".join(f"`{rule}` {indicator}" for rule, indicator in expected.cards) or "no card"
    later = ", ".join(f"`{rule}`" for rule in expected.later)
    return f"{cards} (later: {later})" if later else cards


def stale(written: Mapping[str, str], folder: Path) -> list[str]:
    """Files that are missing, differ, or belong to no story."""
    differing = [
        name
        for name, content in written.items()
        if not (folder / name).is_file() or (folder / name).read_text("utf-8") != content
    ]
    present = (f"{path.parent.name}/{path.name}" for path in folder.glob("*/*.json"))
    return sorted([*differing, *(name for name in present if name not in written)])


def write(written: Mapping[str, str], folder: Path) -> None:
    for path in folder.glob("*/*.json"):
        if f"{path.parent.name}/{path.name}" not in written:
            path.unlink()
    for name, content in written.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content, "utf-8")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say which files are stale")
    check = parser.parse_args(arguments).check
    written, folder = files(), ROOT / "fixtures"
    if not check:
        write(written, folder)
        return 0
    if names := stale(written, folder):
        print("stale, run python tools/fixtures.py:", *(f"fixtures/{n}" for n in names), sep="\n  ")
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
