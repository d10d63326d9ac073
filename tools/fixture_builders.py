"""Resources, draft orders and requests, in the words that the stories are written in.

"{story}" in any text stands for the story's name; times are as of fixtures.ANCHOR.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from fixtures import ANCHOR

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
SITE = "http://example-hospital.example/fhir/CodeSystem/local"
"""The code system of the example site, whose value sets stand in fixtures/site. A code of it is the
id of the value set that it stands in."""

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


PRECURSOR_B = coding(
    SNOMED, "277572006", "Precursor B-cell acute lymphoblastic leukemia (disorder)"
)
PRECURSOR_B_IN_REMISSION = concept(
    coding(
        SNOMED, "425941003", "Precursor B-cell acute lymphoblastic leukemia in remission (disorder)"
    ),
    coding(ICD_10_CM, "C91.01", "Acute lymphoblastic leukemia, in remission"),
    text="B-ALL, first complete remission",
)
T_LYMPHOBLASTIC = coding(SNOMED, "277575008", "T-lymphoblastic leukemia (disorder)")
LYMPHOBLASTIC_ACTIVE = coding(
    ICD_10_CM, "C91.00", "Acute lymphoblastic leukemia not having achieved remission"
)
LYMPHOBLASTIC_RELAPSE = coding(ICD_10_CM, "C91.02", "Acute lymphoblastic leukemia, in relapse")
PH_POSITIVE = concept(
    coding(
        SNOMED,
        "425688002",
        "Philadelphia chromosome-positive acute lymphoblastic leukemia (disorder)",
    ),
    LYMPHOBLASTIC_ACTIVE,
    text="Ph-positive B-ALL",
)
BCR_ABL1 = concept(
    coding(
        LOINC,
        "51867-0",
        "t(9;22)(q34.1;q11)(ABL1,BCR) fusion transcript in Blood or Tissue by FISH",
    )
)
G6PD_SCREEN = concept(
    coding(LOINC, "2356-4", "Glucose-6-Phosphate dehydrogenase [Presence] in Red Blood Cells")
)


def als(verification: str = "confirmed", clinical: str | None = "active") -> Resource:
    return condition("als", AMYOTROPHIC, days=600, verification=verification, clinical=clinical)


def lymphoblastic(*codings: Resource, days: int = 5) -> Resource:
    return condition("all", concept(*codings), days=days)


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
    "neutrophils": ("751-8", "Neutrophils [#/volume] in Blood by Automated count", "10*3/uL"),
    "fvc": ("19872-1", "FVC measured/predicted", "%"),
    "qtc": ("8636-3", "Q-T interval corrected", "ms"),
    "karnofsky": ("89243-0", "Karnofsky Performance Status score", "{score}"),
    "weight": ("29463-7", "Body weight", "kg"),
    "height": ("8302-2", "Body height", "cm"),
}
CATEGORIES = {"fvc": "procedure", "weight": "vital-signs", "height": "vital-signs"}
CATEGORIES |= {"qtc": "procedure", "karnofsky": "survey"}


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


def in_words(name: str, code: Resource, answer: str, days: float) -> Resource:
    """A laboratory result that is a word."""
    return observation(
        name, "laboratory", code, ago(days=days), valueCodeableConcept={"text": answer}
    )


def at_site(name: str, answer: str | float, days: float = 10) -> Resource:
    """A result that only the example site has a code for: a word, or a percentage."""
    code = concept(coding(SITE, name, name.replace("-", " ")))
    if isinstance(answer, str):
        return in_words(name, code, answer, days)
    amount = quantity(answer, "%", "%")
    return observation(name, "laboratory", code, ago(days=days), valueQuantity=amount)


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


FIRST_TRIMESTER = condition(
    "pregnancy",
    concept(
        coding(
            ICD_10_CM, "O09.91", "Supervision of high risk pregnancy, unspecified, first trimester"
        ),
        text="Pregnancy, 10 weeks",
    ),
    days=20,
)
DYSPHAGIA = condition(
    "dysphagia", concept(coding(SNOMED, "40739000", "Dysphagia (disorder)")), days=90
)
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
    "intrathecal": coding(f"{LOCAL}/route", "IT"),
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
