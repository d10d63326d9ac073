"""Request bodies: hook requests about a fixture patient, among as much unrelated data as wanted.

Prefetch answers the service's own templates, read from its discovery, as a client would.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import fixtures

Json = dict[str, Any]
STORY = "als-aml-emergency"
"""ALS, newly diagnosed AML, leukocytes 187: scenario 1 of the clinical catalogue."""

PATIENT = {"reference": f"Patient/{STORY}"}
KEYS = {"Observation": "labs", "Condition": "conditions", "MedicationRequest": "medications"}
"""Where unrelated resources go; another key that asks for the type, where there is none."""

# The most common codes of Synthea's synthetic patients that mean nothing to this service.
OBSERVATIONS = (
    ("2093-3", "Total Cholesterol", "mg/dL"),
    ("2571-8", "Triglycerides", "mg/dL"),
    ("18262-6", "Low Density Lipoprotein Cholesterol", "mg/dL"),
    ("2085-9", "High Density Lipoprotein Cholesterol", "mg/dL"),
    ("787-2", "MCV [Entitic volume] by Automated count", "fL"),
    ("785-6", "MCH [Entitic mass] by Automated count", "pg"),
    ("2947-0", "Sodium", "mmol/L"),
    ("2069-3", "Chloride", "mmol/L"),
)
CONDITIONS = (
    ("444814009", "Viral sinusitis (disorder)"),
    ("10509002", "Acute bronchitis (disorder)"),
    ("195662009", "Acute viral pharyngitis (disorder)"),
    ("38341003", "Hypertension"),
    ("239873007", "Osteoarthritis of knee"),
    ("55822004", "Hyperlipidemia"),
)
MEDICATIONS = (
    ("316672", "Simvistatin 10 MG"),
    ("313782", "Acetaminophen 325 MG Oral Tablet"),
    ("310965", "Ibuprofen 200 MG Oral Tablet"),
    ("308182", "Amoxicillin 250 MG Oral Capsule"),
)
HL7 = "http://terminology.hl7.org/CodeSystem/"


def patient_view(
    templates: Mapping[str, str], observations: int = 0, conditions: int = 0, medications: int = 0
) -> bytes:
    """patient-view of the ill patient among so many unrelated resources."""
    now = datetime.now(UTC)
    prefetch = fixtures.answer_templates(templates, fixtures.patient(STORY, now))
    _add(prefetch, templates, [_observation(n, now) for n in range(observations)])
    _add(prefetch, templates, [_condition(n, now) for n in range(conditions)])
    _add(prefetch, templates, [_medication_request(n, now) for n in range(medications)])
    request = fixtures.request(f"{STORY}.patient-view", now)
    return _encoded({**request, "prefetch": prefetch})


def hook_requests(smallest: int, largest: int) -> dict[str, bytes]:
    """All fixture requests whose size in bytes lies within these bounds, by name."""
    now = datetime.now(UTC)
    names = [name for story in fixtures.stories() for name in fixtures.requests(story)]
    bodies = {name: _encoded(fixtures.request(name, now)) for name in names}
    return {name: body for name, body in bodies.items() if smallest <= len(body) <= largest}


def _encoded(request: Json) -> bytes:
    return json.dumps(request, separators=(",", ":")).encode()


def _add(prefetch: Json, templates: Mapping[str, str], resources: list[Json]) -> None:
    if not resources:
        return
    kind = resources[0]["resourceType"]
    asked = [key for key, template in templates.items() if template.startswith(f"{kind}?")]
    if not asked:
        raise LookupError(f"no prefetch template of the service asks for {kind}")
    key = KEYS[kind] if KEYS[kind] in asked else asked[0]
    bundle = prefetch[key] or {"resourceType": "Bundle", "type": "searchset"}
    entries = [_entry(resource) for resource in resources]
    # Before the patient's own: the answer must not depend on finding those first.
    prefetch[key] = {**bundle, "entry": entries + bundle.get("entry", [])}
    prefetch[key]["total"] = len(prefetch[key]["entry"])


def _entry(resource: Json) -> Json:
    url = f"https://ehr.example/fhir/{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": url, "resource": resource, "search": {"mode": "match"}}


def _common(kind: str, number: int, now: datetime) -> Json:
    """What every resource of a real record carries and nobody here reads."""
    return {
        "resourceType": kind,
        "id": f"unrelated-{kind.lower()}-{number}",
        "meta": {"versionId": "1", "lastUpdated": _time(number, now)},
        "subject": {**PATIENT, "display": "Example, Patient"},
        "encounter": {"reference": f"Encounter/{number // 20}"},
    }


def _observation(number: int, now: datetime) -> Json:
    code, name, unit = OBSERVATIONS[number % len(OBSERVATIONS)]
    return {
        **_common("Observation", number, now),
        "status": "final",
        "category": [_code(f"{HL7}observation-category", "laboratory")],
        "code": _concept("http://loinc.org", code, name),
        "effectiveDateTime": _time(number, now),
        "issued": _time(number, now),
        "performer": [{"reference": "Organization/laboratory"}],
        "valueQuantity": _quantity(20 + number % 180 + 0.1 * (number % 7), unit),
        "interpretation": [_code(f"{HL7}v3-ObservationInterpretation", "N")],
        "referenceRange": [{"low": _quantity(20, unit), "high": _quantity(200, unit)}],
        "note": [{"text": f"Specimen {number}: no hemolysis, measured once."}],
    }


def _condition(number: int, now: datetime) -> Json:
    code, name = CONDITIONS[number % len(CONDITIONS)]
    return {
        **_common("Condition", number, now),
        "clinicalStatus": _code(f"{HL7}condition-clinical", "resolved"),
        "verificationStatus": _code(f"{HL7}condition-ver-status", "confirmed"),
        "category": [_code(f"{HL7}condition-category", "problem-list-item")],
        "code": _concept("http://snomed.info/sct", code, name),
        "onsetDateTime": _time(number + 30, now),
        "abatementDateTime": _time(number + 10, now),
        "recordedDate": _time(number + 30, now),
    }


def _medication_request(number: int, now: datetime) -> Json:
    code, name = MEDICATIONS[number % len(MEDICATIONS)]
    repeat = {"frequency": 1, "period": 1, "periodUnit": "d"}
    return {
        **_common("MedicationRequest", number, now),
        "status": "completed",
        "intent": "order",
        "medicationCodeableConcept": _concept(
            "http://www.nlm.nih.gov/research/umls/rxnorm", code, name
        ),
        "authoredOn": _time(number, now),
        "requester": {"reference": "Practitioner/example", "display": "Example, Practitioner"},
        "dosageInstruction": [
            {
                "text": "1 tablet by mouth once a day",
                "timing": {"repeat": repeat},
                "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}],
            }
        ],
        "dispenseRequest": {"numberOfRepeatsAllowed": 3},
    }


def _code(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def _concept(system: str, code: str, name: str) -> Json:
    return {"coding": [{"system": system, "code": code, "display": name}], "text": name}


def _quantity(value: float, unit: str) -> Json:
    value = round(value, 1)
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}


def _time(number: int, now: datetime) -> str:
    """Some time in the past, a different one for every resource."""
    return (now - timedelta(hours=9 * number + 1)).isoformat(timespec="seconds")
