"""Patients in the words of a clinician: what the tests of rules are written in.

`chart(diagnosis(AML), count(182))` is a chart. FHIR stays in here. Codes come from the concepts'
own value sets, so a test names a concept, and a code system only where that is the point.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from cds_service.chart import Chart
from cds_service.finding import ALL_OF, ANY_OF, FALSE, NONE_OF, TRUE, Finding, Truth
from cds_service.orders import read_drafts
from cds_service.prefetch import Answer, State, failed, troubles
from cds_service.readers import decode_any, read_resource
from cds_service.rule import Rule
from cds_service.service import Decision, Service, decide
from cds_service.terminology import (
    Concept,
    Diagnosis,
    Lexicon,
    Measurement,
    Orderable,
    QualitativeTest,
    ValueSet,
)
from hooks import concepts

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ME = "example"

ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD_10 = "http://hl7.org/fhir/sid/icd-10"
SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
CPT = "http://www.ama-assn.org/go/cpt"
ICD_10_PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SITE = "https://hospital.example/codes"


def _mapped_by_a_site(concept: Any) -> Any:
    """The concept as a hospital maps it that has a code for what no public code says."""
    if isinstance(concept, Diagnosis):
        return replace(concept, active=_site_code(concept.active))
    return replace(concept, codes=_site_code(concept.codes))


def _site_code(value_set: ValueSet) -> ValueSet:
    """Several concepts may ask different things of one observation: the set names its code."""
    return replace(value_set, codes={(SITE, value_set.id): value_set.title})


def _is_empty(concept: Concept) -> bool:
    return not any(value_set.codes for value_set in concept.value_sets())


LEXICON = Lexicon(
    _mapped_by_a_site(concept) if _is_empty(concept) else concept for concept in concepts.CONCEPTS
)


@dataclass(frozen=True)
class Draft:
    """An order not yet signed; `selected` when the clinician has just chosen it."""

    resource: Mapping[str, Any]
    selected: bool = True

    @property
    def reference(self) -> str:
        return f"{self.resource['resourceType']}/{self.resource['id']}"


@dataclass(frozen=True)
class Unread:
    """The data that could hold these concepts could not be read."""

    concepts: tuple[Concept, ...]


Record = dict[str, Any] | Draft | Unread


def not_read(*unread: Concept) -> Unread:
    return Unread(unread)


def coded(
    codes: ValueSet, system: str | None = None, code: str | None = None, *, firmly: bool = False
) -> dict[str, Any]:
    """A CodeableConcept of the first code of a value set, or of its first in a code system.

    `firmly`: one that several sources back; others are no ground for a critical card.
    """
    weakly = codes.single_source if firmly else frozenset()
    fitting = sorted(
        (key for key in codes.codes if system in (None, key[0])),
        key=lambda key: (key in weakly, key),
    )
    chosen = (system or fitting[0][0], code) if code is not None else fitting[0]
    return {"coding": [{"system": chosen[0], "code": chosen[1]}]}


def _ago(hours: float) -> str:
    return (NOW - timedelta(hours=hours)).isoformat()


# -- the person ----------------------------------------------------------------------------------


def person(born: str | None = "1964-05-01", gender: str | None = "male") -> dict[str, Any]:
    """62 years old unless said otherwise. A partial date is a year, or a year and a month."""
    about = {"resourceType": "Patient", "id": ME, "birthDate": born, "gender": gender}
    return {name: value for name, value in about.items() if value is not None}


def aged(years: int, gender: str = "male") -> dict[str, Any]:
    """Had the birthday some months ago."""
    return person(f"{NOW.year - years}-05-01", gender)


# -- the problem list ----------------------------------------------------------------------------


def diagnosis(
    disease: Diagnosis,
    verification: str | None = "confirmed",
    clinical: str | None = "active",
    *,
    recorded: str | None = "2026-11-01",
    codes: ValueSet | None = None,
    system: str | None = None,
    code: str | None = None,
) -> dict[str, Any]:
    """An entry of the problem list, coded by `codes` (else as active disease)."""
    known = LEXICON.concepts[disease.id]
    assert isinstance(known, Diagnosis)
    entry: dict[str, Any] = {
        "resourceType": "Condition",
        "subject": {"reference": f"Patient/{ME}"},
        "code": coded(codes or known.active, system, code),
    }
    for name, status in (("verificationStatus", verification), ("clinicalStatus", clinical)):
        if status is not None:
            entry[name] = {"coding": [{"code": status}]}
    if recorded is not None:
        entry["recordedDate"] = recorded
    return entry


def in_remission(disease: Diagnosis, **more: Any) -> dict[str, Any]:
    return diagnosis(disease, codes=disease.remission, **more)


def relapsed(disease: Diagnosis, **more: Any) -> dict[str, Any]:
    return diagnosis(disease, codes=disease.relapse, **more)


# -- results -------------------------------------------------------------------------------------


def result(
    measurement: Measurement,
    value: float | None,
    unit: str | None = None,
    *,
    hours_ago: float = 3,
    at: str | None = None,
    comparator: str | None = None,
    status: str | None = "final",
    codes: ValueSet | None = None,
    system: str | None = None,
    code: str | None = None,
) -> dict[str, Any]:
    """A number with its unit (the usual one unless given; "" for none), some hours old."""
    unit = measurement.units.canonical if unit is None else unit
    quantity: dict[str, Any] = {"value": value}
    quantity |= {"unit": unit} if unit else {}
    quantity |= {"comparator": comparator} if comparator else {}
    found = {
        "resourceType": "Observation",
        "status": status,
        "subject": {"reference": f"Patient/{ME}"},
        "code": coded(codes or measurement.codes, system, code, firmly=True),
        "effectiveDateTime": at or _ago(hours_ago),
        "valueQuantity": quantity,
    }
    return {name: each for name, each in found.items() if each is not None}


def count(value: float, unit: str | None = None, **more: Any) -> dict[str, Any]:
    """A leukocyte count."""
    return result(concepts.LEUKOCYTES, value, unit, **more)


def in_words(found: dict[str, Any], text: str) -> dict[str, Any]:
    """The same result with a text where the number was."""
    return {**{k: v for k, v in found.items() if k != "valueQuantity"}, "valueString": text}


def answered(
    test: QualitativeTest, said: str | None, *, hours_ago: float = 3, status: str = "final"
) -> dict[str, Any]:
    """A test that was answered in words, or is pending (None)."""
    known = LEXICON.concepts[test.id]
    assert isinstance(known, QualitativeTest)
    found: dict[str, Any] = {
        "resourceType": "Observation",
        "status": status,
        "subject": {"reference": f"Patient/{ME}"},
        "code": coded(known.codes, firmly=True),
        "effectiveDateTime": _ago(hours_ago),
    }
    return found if said is None else {**found, "valueCodeableConcept": {"text": said}}


# -- drugs and orders ----------------------------------------------------------------------------

PROCEDURES = (concepts.LEUKAPHERESIS, concepts.OTHER_APHERESIS, concepts.APHERESIS)


def prescription(drug: Orderable, status: str = "active", **code: Any) -> dict[str, Any]:
    """A prescription that was signed earlier."""
    known = LEXICON.concepts[drug.id]
    assert isinstance(known, Orderable)
    return {
        "resourceType": "MedicationRequest",
        "status": status,
        "subject": {"reference": f"Patient/{ME}"},
        "medicationCodeableConcept": coded(known.codes, **code),
    }


def order(
    what: Orderable | ValueSet | str,
    *,
    selected: bool = True,
    name: str | None = None,
    system: str | None = None,
    code: str | None = None,
    status: str = "draft",
    identity: str | None = None,
    reason: str | None = None,
    category: str | None = None,
    performer: str | None = None,
    note: str | None = None,
    procedure: bool = False,
    instructions: tuple[dict[str, Any], ...] = (),
    **dosage: Any,
) -> Draft:
    """A draft by code, or by name alone when a text is given. See `given` for the dosage."""
    if isinstance(what, str):
        known, concept = "order", {"text": what}
    else:
        mapped = LEXICON.concepts[what.id] if isinstance(what, Orderable) else what
        codes = mapped.codes if isinstance(mapped, Orderable) else mapped
        assert isinstance(codes, ValueSet)
        known, concept = what.id, coded(codes, system, code)
    concept |= {"text": name} if name else {}
    is_procedure = procedure or what in PROCEDURES
    resource: dict[str, Any] = {
        "resourceType": "ServiceRequest" if is_procedure else "MedicationRequest",
        "id": identity or known,
        "status": status,
        "subject": {"reference": f"Patient/{ME}"},
        "code" if is_procedure else "medicationCodeableConcept": concept,
    }
    resource |= {"reasonCode": [{"text": reason}]} if reason else {}
    resource |= {"category": [{"text": category}]} if category else {}
    resource |= {"performer": [{"display": performer}]} if performer else {}
    resource |= {"note": [{"text": note}]} if note else {}
    dosages = instructions or ((given(**dosage),) if dosage else ())
    resource |= {"dosageInstruction": list(dosages)} if dosages else {}
    return Draft(resource, selected)


def given(
    dose: str | None = None,
    route: str | None = None,
    times: float | None = None,
    *,
    text: str | None = None,
    rate: str | None = None,
    over: str | None = None,
) -> dict[str, Any]:
    """A dosage instruction: "20 mg" by a route so many times a day; `rate` may be `over` "1 h"."""
    instruction: dict[str, Any] = {}
    if text:
        instruction["text"] = text
    if route:
        instruction["route"] = {"text": route}
    if times is not None:
        instruction["timing"] = {"repeat": {"frequency": times, "period": 1, "periodUnit": "d"}}
    if dose:
        instruction["doseAndRate"] = [{"doseQuantity": _quantity(dose)}]
    if rate and over:
        ratio = {"numerator": _quantity(rate), "denominator": _quantity(over)}
        instruction["doseAndRate"] = [{"rateRatio": ratio}]
    elif rate:
        instruction["doseAndRate"] = [{"rateQuantity": _quantity(rate)}]
    return instruction


def _quantity(text: str) -> dict[str, Any]:
    number, _, unit = text.partition(" ")
    return {"value": float(number), **({"unit": unit} if unit else {})}


# -- the chart and what becomes of it ------------------------------------------------------------


def chart(*records: Record, unread: Mapping[str, str] | None = None) -> Chart:
    """The records of one adult patient, as of NOW."""
    drafts = [each for each in records if isinstance(each, Draft)]
    found = [each for each in records if isinstance(each, dict)]
    people = [each for each in found if each["resourceType"] == "Patient"] or [person()]
    bundle = {"entry": [{"resource": draft.resource} for draft in drafts]}
    selections = [draft.reference for draft in drafts if draft.selected]
    read = read_drafts(decode_any(msgspec.json.encode(bundle)), selections, ME, LEXICON)
    gaps = {
        concept.id: "could not be checked"
        for each in records
        if isinstance(each, Unread)
        for concept in each.concepts
    }
    return Chart(
        lexicon=LEXICON,
        as_of=NOW,
        patient_id=ME,
        patient=read_resource(msgspec.json.encode(people[0])),
        resources=[
            resource
            for each in found
            if each["resourceType"] != "Patient"
            and (resource := read_resource(msgspec.json.encode(each))) is not None
        ],
        troubles={**gaps, **(unread or {})},
        orders=read.orders,
        discontinued=read.discontinued,
    )


def decided(service: Service, *records: Record, failing: tuple[str, ...] = ()) -> Decision:
    """What a service decides; `failing` are prefetch keys that could not be read."""
    answers = {
        query.key: failed("not supplied") if query.key in failing else Answer(State.EMPTY)
        for query in service.queries
    }
    return decide(service, chart(*records, unread=troubles(service.queries, answers)), answers)


def cards(service: Service, *records: Record, failing: tuple[str, ...] = ()) -> dict[str, Any]:
    """The cards of a service by the id of their rule, in the order shown."""
    return {
        card["source"]["topic"]["code"]: card
        for card in decided(service, *records, failing=failing).cards
    }


def part(card: Mapping[str, Any], title: str) -> list[str]:
    """The lines of one section of a card: "This patient", "Consider", "Missing or uncertain"."""
    sections = [each.split("\n") for each in card["detail"].split("\n\n")]
    heading = [f"**{title}**"]
    if heading not in sections:
        return []
    return [line.removeprefix("- ") for line in sections[sections.index(heading) + 1]]


def suggestions(card: Mapping[str, Any]) -> dict[str, Any]:
    """The suggestions of a card by their label."""
    return {each["label"]: each for each in card.get("suggestions", ())}


def overrides(card: Mapping[str, Any]) -> list[str]:
    return [reason["code"] for reason in card["overrideReasons"]]


# -- worked patients of the catalogue's section 7 -------------------------------------------------

BODY = (result(concepts.BODY_WEIGHT, 70, hours_ago=48), result(concepts.BODY_HEIGHT, 170))
"""70 kg and 170 cm: 1.818 m2 by Mosteller."""

SCENARIO_1 = (
    person("1964-05-01", "male"),
    diagnosis(concepts.ALS),
    diagnosis(concepts.AML),
    count(187, "10*3/uL"),
    *BODY,
    result(concepts.CREATININE, 0.9),
    result(concepts.POTASSIUM, 4.8),
    result(concepts.URATE, 9.1),
    result(concepts.PHOSPHATE, 4.9),
    result(concepts.CALCIUM, 8.9),
    result(concepts.PLATELETS, 38),
    result(concepts.FIBRINOGEN, 240),
    result(concepts.INR, 1.3),
    result(concepts.ECOG, 3, hours_ago=24),
    result(concepts.FVC, 44, hours_ago=30 * 24),
)
"""ALS, AML and a count of 187; nothing is known of G6PD."""


# -- does every condition matter? ----------------------------------------------------------------


def never_decisive(rule: Rule, silent_cases: Iterable[Iterable[Record]]) -> set[str]:
    """Questions of a rule that no silent case turns on: dropping them would go unnoticed.

    A question is decisive in a case when another answer to it alone would make the rule apply.
    """
    asked = {leaf.question for leaf in rule.applies(chart()).leaves()}
    decisive = set()
    for records in silent_cases:
        finding = rule.applies(chart(*records))
        assert finding.truth is FALSE
        for question in asked - decisive:
            if TRUE in (_if_answered(finding, question, other) for other in (TRUE, FALSE)):
                decisive.add(question)
    return asked - decisive


def _if_answered(finding: Finding, question: str, truth: Truth) -> Truth:
    """The truth that a finding would have if one question were answered so."""
    if not finding.parts:
        return truth if finding.question == question else finding.truth
    parts = [_if_answered(part, question, truth) for part in finding.parts]
    if finding.question == NONE_OF:
        return Truth(TRUE - max(parts))
    assert finding.question in (ALL_OF, ANY_OF)
    return min(parts) if finding.question == ALL_OF else max(parts)
