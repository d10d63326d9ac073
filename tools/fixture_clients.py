"""Clients as they are: requests in the shapes of Epic, Oracle Health and the official sandbox.

Shapes only, after what the vendors publish (docs/ehr-profiles.md); every value is made up.
"""

from collections.abc import Mapping
from typing import Any

from tools.fixture_builders import (
    LOCAL,
    RXNORM,
    TUMOR_LYSIS_LABS,
    UCUM,
    Request,
    Resource,
    Story,
    ago,
    als,
    aml,
    body,
    born,
    coding,
    concept,
    day,
    dosage,
    ecog,
    labs,
    leukapheresis,
    leukocytes,
    order,
    person,
    quantity,
    result,
)
from tools.fixture_drugs import CENTRAL_LINE_ORDER

NO_ENCOUNTER: Mapping[str, Any] = {"encounterId": None}

# --- Epic ----------------------------------------------------------------------------------------

LONG_ID = ".".join(["eExample-order-id"] * 10)
"""Longer than FHIR allows, as order ids of this vendor are; the R4B models do not check that."""
NOT_SAID = {
    "extension": [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
            "valueCode": "unknown",
        }
    ]
}


def vendor_draft(
    name: str, display: str, route: str, *amounts: tuple[str, float, str], per_day: int = 1
) -> Resource:
    """An order whose Medication lies outside the Bundle and whose dose is given in several ways."""
    return {
        **order("MedicationRequest", f"{LONG_ID}.{name}", requester=NOT_SAID),
        "category": [concept(coding(f"{LOCAL}/category", "inpatient"), text="Inpatient")],
        "medicationReference": {"reference": f"Medication/eExample{name}", "display": display},
        "encounter": {"reference": "Encounter/{story}-encounter"},
        "recorder": {"reference": "Practitioner/example"},
        "dosageInstruction": [
            {
                **dosage(1, "mg", route, per_day=per_day, days=10),
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


VENDOR_CONTEXT = {"extension": {"internalCDSHooks": {"workstation": "example"}}}
_TRIGGER_ACTIONS = {"patient-view": "60", "order-select": "18", "order-sign": "23"}
"""Opening the chart, entering an order, signing orders."""


def vendor_request(
    hook: str, variant: str = "", drafts: tuple[Resource, ...] = (), selected: str = ""
) -> Request:
    """With the extension keys that the vendor documents; an order view is not opened by a role."""
    keys = {
        "bpa-trigger-action": _TRIGGER_ACTIONS[hook],
        "cds-hooks-specification-version": "1.1",
        "fhir-version": "R4",
        "criteria-id": "example",
        "epic-version": "example",
        "cds-hooks-implementation-version": "1.8",
        "cds-hooks-su-version": "0",
    }
    extension = {f"com.epic.cdshooks.request.{key}": value for key, value in keys.items()}
    return Request(
        hook,
        variant,
        drafts,
        selected=(f"{LONG_ID}.{selected}",) if selected else None,
        user="PractitionerRole/example",
        context=VENDOR_CONTEXT,
        members={"fhirServer": "https://ehr.example/fhir", "extension": extension},
    )


VENDOR_DAUNORUBICIN = vendor_draft(
    "daunorubicin",
    "DAUNORUBICIN 5 MG/ML INTRAVENOUS SOLUTION",
    "intravenous",
    ("calculated", 109.2, "mg"),
    ("admin-amount", 21.84, "mL"),
    ("ordered", 60, "mg/m2"),
)
VENDOR_CYTARABINE = vendor_draft(
    "cytarabine",
    "CYTARABINE (PF) 20 MG/ML INJECTION SOLUTION",
    "subcutaneous",
    ("calculated", 36.4, "mg"),
    ("admin-amount", 1.82, "mL"),
    ("ordered", 20, "mg/m2"),
    per_day=2,
)
VENDOR_CYTARABINE_INFUSION = vendor_draft(
    "cytarabine-infusion",
    "CYTARABINE (PF) 100 MG/ML INJECTION SOLUTION",
    "intravenous",
    ("calculated", 182, "mg"),
    ("admin-amount", 1.82, "mL"),
    ("ordered", 100, "mg/m2"),
)
VENDOR_RILUZOLE = vendor_draft(
    "riluzole",
    "RILUZOLE 50 MG PO TABS",
    "oral",
    ("calculated", 50, "mg"),
    ("admin-amount", 1, "{tbl}"),
    ("ordered", 50, "mg"),
    per_day=2,
)
"""An earlier order of the session, unsigned too: drafted, and not what was selected."""

VENDOR_REQUESTS = (
    vendor_request("patient-view"),
    vendor_request(
        "order-select", "daunorubicin", (VENDOR_RILUZOLE, VENDOR_DAUNORUBICIN), "daunorubicin"
    ),
    vendor_request(
        "order-select", "cytarabine", (VENDOR_RILUZOLE, VENDOR_CYTARABINE), "cytarabine"
    ),
    vendor_request(
        "order-select",
        "earlier-daunorubicin",
        (VENDOR_DAUNORUBICIN, VENDOR_RILUZOLE),
        "riluzole",
    ),
    vendor_request("order-sign", "cytarabine", (VENDOR_RILUZOLE, VENDOR_CYTARABINE)),
    vendor_request(
        "order-sign",
        "seven-plus-three",
        (VENDOR_RILUZOLE, VENDOR_CYTARABINE_INFUSION, VENDOR_DAUNORUBICIN),
    ),
)

# --- Oracle Health -------------------------------------------------------------------------------

MILLENNIUM = "https://ehr.example/millennium"


def own_code(code_set: str, code: str, display: str) -> Resource:
    """A code of the hospital's own set: the one that a user chose."""
    return {**coding(f"{MILLENNIUM}/{code_set}", code, display), "userSelected": True}


def millennium_drug(
    number: str, code: Resource, text: str, amount: tuple[float, str, str], said: str, times: str
) -> Resource:
    """An order in the shape of Millennium: how often stands in words, how much in volumes or
    capsules, and the dose in milligrams in the text only."""
    value, unit, ucum = amount
    return {
        **order("MedicationRequest", number),
        "medicationCodeableConcept": concept(
            {**code, "userSelected": False}, own_code("synonym", f"9{number}", text), text=text
        ),
        "encounter": {"reference": "Encounter/{story}-encounter"},
        "dosageInstruction": [
            {
                "text": said,
                "timing": {
                    "repeat": {"boundsPeriod": {"start": ago()}},
                    "code": concept(own_code("codeSet/4003", "696531", times), text=times),
                },
                "route": concept(own_code("codeSet/4001", "318185", "Oral"), text="Oral"),
                "doseAndRate": [{"doseQuantity": quantity(value, unit, ucum)}],
            }
        ],
    }


def millennium_service(number: str, draft: Resource) -> Resource:
    """The order under its public codes and one of the hospital's own."""
    concept_of = draft["code"]
    own = own_code("codeSet/200", f"2{number}", concept_of.get("text", "Order"))
    code = {**concept_of, "coding": [own, *concept_of.get("coding", ())]}
    return {**draft, "id": number, "code": code}


MILLENNIUM_HYDROXYUREA = millennium_drug(
    "313757847",
    coding(RXNORM, "197797", "hydroxyurea 500 MG Oral Capsule"),
    "hydroxyurea (hydroxyurea 500 mg oral capsule)",
    (7, "cap", "{Capsule}"),
    "3,500 mg = 7 cap, Oral, Daily",
    "Daily",
)
MILLENNIUM_LEUKAPHERESIS = millennium_service("41636441", leukapheresis())
MILLENNIUM_CATHETER = millennium_service("41636442", CENTRAL_LINE_ORDER)

MILLENNIUM_MEMBERS = {"fhirServer": "https://ehr.example/r4/example-tenant"}
"""No `extension`: nothing in such a request names its vendor."""


def millennium_request(hook: str, variant: str = "", *drafts: Resource) -> Request:
    user = "Practitioner/593923"
    return Request(hook, variant, drafts, user=user, members=MILLENNIUM_MEMBERS)


MILLENNIUM_REQUESTS = (
    millennium_request("patient-view"),
    millennium_request(
        "order-select",
        "leukapheresis-and-catheter",
        MILLENNIUM_LEUKAPHERESIS,
        MILLENNIUM_CATHETER,
    ),
    millennium_request("order-sign", "hydroxyurea", MILLENNIUM_HYDROXYUREA),
)

# --- The official sandbox ------------------------------------------------------------------------


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
    return sandbox_drafts(draft)


def sandbox_drafts(draft: Resource) -> Resource:
    return {
        **NO_ENCOUNTER,
        "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": draft}]},
        "selections": [f"{draft['resourceType']}/{draft['id']}"],
    }


TWO_WEEKS = {"start": day(0), "end": day(-7)}


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
                        "boundsPeriod": TWO_WEEKS,
                    }
                },
            }
        ],
    )


def sandbox_choice_in_dstu2(code: Resource) -> Resource:
    """The same on a DSTU2 server: other names for the order, its patient, its reason and its dose.
    https://hl7.org/fhir/DSTU2/medicationorder.html"""
    draft = {
        "resourceType": "MedicationOrder",
        "id": "order-123",
        "status": "draft",
        "patient": {"reference": "Patient/{story}"},
        "dateWritten": day(0),
        "medicationCodeableConcept": code,
        "reasonCodeableConcept": concept(text="Acute myeloid leukemia"),
        "dosageInstruction": [
            {
                "doseQuantity": {"value": 1, "system": UCUM, "code": "{pill}"},
                "timing": {
                    "repeat": {
                        "frequency": 1,
                        "period": 1,
                        "periodUnits": "d",
                        "boundsPeriod": TWO_WEEKS,
                    }
                },
            }
        ],
    }
    return sandbox_drafts(draft)


def signed(content: Resource) -> Resource:
    """The same drafts at order-sign, which knows no selections."""
    return {**content, "selections": None}


HYDROXYUREA_CAPSULE = concept(
    coding(RXNORM, "197797", "hydroxyurea 500 MG Oral Capsule"),
    text="Hydroxyurea 500 MG Oral Capsule",
)
IDARUBICIN_CAPSULE = concept(
    coding(f"{LOCAL}/medication", "idarubicin-capsule", "Idarubicin Oral Capsule"),
    text="Idarubicin Oral Capsule",
)

SANDBOX_REQUESTS = (
    Request("patient-view", context=NO_ENCOUNTER),
    Request("order-select", "no-drafts", context=NO_ENCOUNTER),
    Request("order-select", "empty-draft", context=sandbox_context()),
    Request("order-select", "hydroxyurea", context=sandbox_choice(HYDROXYUREA_CAPSULE)),
    Request("order-select", "idarubicin", context=sandbox_choice(IDARUBICIN_CAPSULE)),
    Request(
        "order-select", "idarubicin-dstu2", context=sandbox_choice_in_dstu2(IDARUBICIN_CAPSULE)
    ),
    Request("order-sign", "hydroxyurea", context=signed(sandbox_choice(HYDROXYUREA_CAPSULE))),
    Request(
        "order-sign",
        "hydroxyurea-dstu2",
        context=signed(sandbox_choice_in_dstu2(HYDROXYUREA_CAPSULE)),
    ),
)

# --- The stories themselves ----------------------------------------------------------------------

HYPERLEUKOCYTOSIS = (
    als(),
    aml(),
    leukocytes(187, 3),
    *TUMOR_LYSIS_LABS,
    ecog(3),
    result("fvc", 44, ago(days=30)),
    *body(70, 170),
)

CLIENT_STORIES = (
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
        "oracle-like-client",
        person("Yara", "female", born(58)),
        HYPERLEUKOCYTOSIS,
        MILLENNIUM_REQUESTS,
    ),
    Story(
        "sandbox-client", person("Sophie", "female", born(62)), HYPERLEUKOCYTOSIS, SANDBOX_REQUESTS
    ),
)
