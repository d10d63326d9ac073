"""FHIR R4 JSON to the few typed fields that questions use, one resource at a time.

A hook request can hold thousands of resources of which a rule reads a dozen. `Resource` is
therefore a partial decode (https://hl7.org/fhir/R4/json.html): type, identity, subject and codes,
by which relevance is decided, and every other field as bytes that are decoded when asked for.
Readers are tolerant: what cannot be read is a `problem` in words, never an exception, never a
guess.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

import msgspec
from msgspec import Raw

from cds_service.code_systems import canonical
from cds_service.instants import ClinicalTime, parse_any
from cds_service.units import Units

NOTHING = Raw()


class Coding(msgspec.Struct, gc=False):
    """https://hl7.org/fhir/R4/datatypes.html#Coding"""

    system: str | None = None
    code: str | None = None
    display: str | None = None


class CodeableConcept(msgspec.Struct, gc=False):
    """https://hl7.org/fhir/R4/datatypes.html#CodeableConcept"""

    coding: list[Coding] = []
    text: str | None = None


class Reference(msgspec.Struct, gc=False):
    """https://hl7.org/fhir/R4/references.html#Reference"""

    reference: str | None = None


class Link(msgspec.Struct, gc=False):
    """Bundle.link: a `next` relation means that there is another page."""

    relation: str | None = None
    url: str | None = None


class _Lazy(msgspec.Struct, gc=False):
    """Fields kept as bytes until `get` decodes them, as a dict would give them."""

    def get(self, name: str) -> Any:
        """The decoded field; None where it is absent, null or not readable on its own."""
        raw = getattr(self, name, None)
        if raw is NOTHING or raw is None:
            return None
        return decode_any(raw) if isinstance(raw, Raw) else raw


class Component(_Lazy, gc=False):
    """Observation.component: a value of its own inside a panel."""

    code: CodeableConcept | None = None
    valueQuantity: Raw = NOTHING  # noqa: N815 FHIR's own names, here and below
    valueCodeableConcept: Raw = NOTHING  # noqa: N815
    valueInteger: Raw = NOTHING  # noqa: N815
    valueString: Raw = NOTHING  # noqa: N815
    valueBoolean: Raw = NOTHING  # noqa: N815
    interpretation: Raw = NOTHING
    dataAbsentReason: Raw = NOTHING  # noqa: N815


class Resource(_Lazy, gc=False):
    """Any resource: what decides relevance is typed, the rest waits as bytes.

    The fields stand in the order in which FHIR's JSON has them: the decoder expects the next one.
    """

    resourceType: str = ""  # noqa: N815
    id: str | None = None
    contained: Raw = NOTHING
    type: Raw = NOTHING
    link: list[Link] = []
    entry: list[Entry] = []
    issue: Raw = NOTHING
    clinicalStatus: Raw = NOTHING  # noqa: N815
    verificationStatus: Raw = NOTHING  # noqa: N815
    status: Raw = NOTHING
    doNotPerform: Raw = NOTHING  # noqa: N815
    medicationCodeableConcept: Raw = NOTHING  # noqa: N815
    medicationReference: Raw = NOTHING  # noqa: N815
    code: CodeableConcept | None = None
    subject: Reference | None = None
    patient: Reference | None = None
    gender: Raw = NOTHING
    birthDate: Raw = NOTHING  # noqa: N815
    deceasedBoolean: Raw = NOTHING  # noqa: N815
    deceasedDateTime: Raw = NOTHING  # noqa: N815
    onsetDateTime: Raw = NOTHING  # noqa: N815
    abatementDateTime: Raw = NOTHING  # noqa: N815
    recordedDate: Raw = NOTHING  # noqa: N815
    effectiveDateTime: Raw = NOTHING  # noqa: N815
    effectivePeriod: Raw = NOTHING  # noqa: N815
    effectiveInstant: Raw = NOTHING  # noqa: N815
    issued: Raw = NOTHING
    valueQuantity: Raw = NOTHING  # noqa: N815
    valueCodeableConcept: Raw = NOTHING  # noqa: N815
    valueString: Raw = NOTHING  # noqa: N815
    valueBoolean: Raw = NOTHING  # noqa: N815
    valueInteger: Raw = NOTHING  # noqa: N815
    dataAbsentReason: Raw = NOTHING  # noqa: N815
    interpretation: Raw = NOTHING
    component: list[Component] = []


class Entry(msgspec.Struct, gc=False):
    """Bundle.entry"""

    resource: Resource | None = None


class LooseEntry(msgspec.Struct, gc=False):
    """Bundle.entry whose resource is decoded on its own, so that a broken one spoils nothing."""

    resource: Raw = NOTHING


class LooseBundle(msgspec.Struct, gc=False):
    """A Bundle one of whose resources does not have FHIR's shape."""

    resourceType: str = ""  # noqa: N815
    entry: list[LooseEntry | None] = []
    link: list[Link] = []


class Readable(Protocol):
    """What readers take: a `Resource`, a `Component`, or a plain dict."""

    def get(self, name: str, /) -> Any:
        """The field, or None."""


_ANY = msgspec.json.Decoder(float_hook=Decimal)
_RESOURCE = msgspec.json.Decoder(Resource)
_LOOSE_BUNDLE = msgspec.json.Decoder(LooseBundle)

UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError, ArithmeticError)
"""What decoding bytes from outside may raise, huge numbers and deep nesting included."""


def decode_any(raw: Raw | bytes) -> Any:
    """Plain Python values, decimal fractions as exact Decimals; None where not readable."""
    try:
        return _ANY.decode(raw)
    except UNREADABLE:
        return None


def read_resource(raw: Raw | bytes) -> Resource | None:
    """One resource; None when it does not have FHIR's shape."""
    try:
        return _RESOURCE.decode(raw)
    except UNREADABLE:
        return None


_NO_RESOURCE = (b"", b"null")


def read_tolerantly(raw: Raw | bytes) -> tuple[Resource | None, int]:
    """A resource; of a Bundle with broken entries the readable ones, and how many are not.

    None when there is no FHIR resource at all.
    """
    whole = read_resource(raw)
    if whole is not None:
        return whole, 0
    try:
        bundle = _LOOSE_BUNDLE.decode(raw)
    except UNREADABLE:
        return None, 0
    if bundle.resourceType != "Bundle":
        return None, 0
    # A Raw never equals bytes: its own bytes have to be compared.
    sent = [entry.resource for entry in bundle.entry if entry is not None]
    parts = [part for part in sent if bytes(part) not in _NO_RESOURCE]
    parts = [part for part in parts if not _is_of_another_shape(part)]
    entries = [Entry(resource) for part in parts if (resource := read_resource(part)) is not None]
    readable = Resource(resourceType="Bundle", entry=entries, link=bundle.link)
    return readable, len(parts) - len(entries)


_OTHER_SHAPES = frozenset(
    {
        "Account",
        "CompartmentDefinition",
        "Contract",
        "OperationDefinition",
        "OrganizationAffiliation",
        "PractitionerRole",
        "Questionnaire",
        "SearchParameter",
        "SubstanceDefinition",
    }
)
"""R4 types whose `code` or `subject` is no CodeableConcept or Reference: legal, and never asked."""


class _Kind(msgspec.Struct, gc=False):
    resourceType: str = ""  # noqa: N815


_KIND = msgspec.json.Decoder(_Kind)


def _is_of_another_shape(part: Raw) -> bool:
    try:
        return _KIND.decode(part).resourceType in _OTHER_SHAPES
    except UNREADABLE:
        return False


def codings(concept: Any) -> Iterator[Coding]:
    """The codings of a decoded CodeableConcept, skipping what is none; a bare object counts."""
    for each in concept if isinstance(concept, list) else [concept]:
        found = each.get("coding") if isinstance(each, dict) else None
        for coding in found if isinstance(found, list) else [found]:
            if isinstance(coding, dict):
                texts = (coding.get("system"), coding.get("code"), coding.get("display"))
                yield Coding(*(text if isinstance(text, str) else None for text in texts))


def texts(concept: Any) -> Iterator[str]:
    """Every human-readable text of a decoded CodeableConcept: its own and its codings'."""
    for each in concept if isinstance(concept, list) else [concept]:
        if isinstance(each, dict) and isinstance(each.get("text"), str):
            yield each["text"]
    for coding in codings(concept):
        if coding.display:
            yield coding.display


def first_code(concept: Any) -> str | None:
    """The first code of a status element; a bare string (as older servers send) counts."""
    if isinstance(concept, str):
        return concept.strip().lower()
    for coding in codings(concept):
        if coding.code:
            return coding.code.strip().lower()
    return None


# -- Patient -----------------------------------------------------------------------------------


def is_deceased(patient: Readable | None, as_of: datetime) -> bool:
    """Whether the record says so; not where it contradicts itself or cannot be read."""
    if patient is None or patient.get("deceasedBoolean") is False:
        return False
    died = parse_any(patient.get("deceasedDateTime"))
    has_died = died is not None and died.earliest <= as_of
    return has_died or (died is None and patient.get("deceasedBoolean") is True)


# -- Condition ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ConditionStatus:
    """https://hl7.org/fhir/R4/condition.html: statuses as codes, None where not sent."""

    clinical: str | None
    verification: str | None
    recorded: ClinicalTime | None


def read_condition_status(condition: Readable) -> ConditionStatus:
    """Statuses and the best date of a Condition: when recorded, else when it began."""
    clinical = _status(condition.get("clinicalStatus"))
    if clinical is None and condition.get("abatementDateTime"):
        clinical = "resolved"
    recorded = parse_any(condition.get("recordedDate")) or parse_any(condition.get("onsetDateTime"))
    return ConditionStatus(clinical, _status(condition.get("verificationStatus")), recorded)


def _status(concept: Any) -> str | None:
    """The code of a status; without one its words, as far as they spell one ("In remission")."""
    code = first_code(concept)
    if code is not None:
        return code
    words = next(texts(concept), "").strip().lower()[:_LONGEST_STATUS]
    return words.removeprefix("in ").replace(" ", "-") or None


_LONGEST_STATUS = 40
"""Characters of a status in words that a card repeats."""


# -- Observation -------------------------------------------------------------------------------

STATUS_RANK = {"corrected": 0, "amended": 0, "final": 1, None: 2, "preliminary": 3, "unknown": 4}
"""Observation.status that counts, best first; entered-in-error, cancelled, registered do not."""


class Bounds(NamedTuple):
    """A number, or the range that a comparator or a partial date leaves; None is unbounded."""

    low: Decimal | None
    high: Decimal | None
    low_open: bool = False
    high_open: bool = False

    @classmethod
    def exactly(cls, value: Decimal) -> Bounds:
        """One known number."""
        return cls(value, value)

    def is_exact(self) -> bool:
        """Whether it is one known number."""
        return self.low is not None and self.low == self.high


@dataclass(frozen=True, slots=True)
class Value:
    """What an Observation says. Either `bounds`, in the measurement's unit, or a `problem`.

    `received` is number and unit as sent, for the card.
    """

    bounds: Bounds | None
    received: str = ""
    problem: str = ""


def observation_time(observation: Readable) -> ClinicalTime | None:
    """When it was true: effective time (start of a Period), else when it was issued."""
    period = observation.get("effectivePeriod")
    return (
        parse_any(observation.get("effectiveDateTime"))
        or parse_any(observation.get("effectiveInstant"))
        or (parse_any(period.get("start")) if isinstance(period, dict) else None)
        or (parse_any(period.get("end")) if isinstance(period, dict) else None)
        or parse_any(observation.get("issued"))
    )


def read_value(
    source: Readable,
    units: Units,
    answers: Mapping[tuple[str, str], Decimal],
    own_code: tuple[str, str] | None = None,
) -> Value:
    """The number in an Observation or component, converted; or what is wrong with it.

    `own_code` is the code by which the Observation was found: a finding such as "grade 2" is its
    own answer.
    """
    if source.get("dataAbsentReason") is not None:
        return Value(None, problem="the laboratory sent no value")
    quantity = source.get("valueQuantity")
    if isinstance(quantity, dict):
        return _read_quantity(quantity, units)
    integer = source.get("valueInteger")
    if isinstance(integer, int) and not isinstance(integer, bool):
        return _converted(Decimal(integer), units, None, None, "")
    coded = _read_answer(source, answers)
    if coded is not None:
        return coded
    if own_code is not None and own_code in answers:
        return Value(Bounds.exactly(answers[own_code]), "coded")
    text = source.get("valueString")
    if isinstance(text, str):
        return _read_text(text, units)
    return Value(None, problem="no value that can be read")


def _read_answer(source: Readable, answers: Mapping[tuple[str, str], Decimal]) -> Value | None:
    """A coded answer, in the value or (as some laboratories send it) in the interpretation."""
    for name in ("valueCodeableConcept", "interpretation"):
        for coding in codings(source.get(name)):
            number = answers.get((canonical(coding.system or ""), coding.code or ""))
            if number is not None:
                return Value(Bounds.exactly(number), coding.display or "coded")
    return None


def _read_text(text: str, units: Units) -> Value:
    """A number sent as text counts only where the measurement has no unit: a score."""
    stripped = text.strip()
    if units.unitless_ok and stripped.isdecimal() and len(stripped) <= 3:
        return Value(Bounds.exactly(Decimal(stripped)), stripped)
    shown = stripped if len(stripped) <= _LONGEST_TEXT else f"{stripped[:_LONGEST_TEXT]}..."
    return Value(None, f'"{shown}"' if shown else "", "sent as free text")


_LONGEST_TEXT = 40
"""Characters of a result in words that a card repeats, for whoever can read what this cannot."""


def _read_quantity(quantity: Mapping[str, Any], units: Units) -> Value:
    number = quantity.get("value")
    if isinstance(number, bool) or not isinstance(number, int | Decimal):
        return Value(None, problem="no number in the result")
    unit, code = (
        text if isinstance(text := quantity.get(name), str) else None for name in ("unit", "code")
    )
    comparator = quantity.get("comparator")
    return _converted(Decimal(number), units, unit, code, comparator or "")


def _converted(
    number: Decimal, units: Units, unit: str | None, code: str | None, comparator: Any
) -> Value:
    received = f"{comparator if isinstance(comparator, str) else ''}{number} {unit or code or ''}"
    if not number.is_finite() or abs(number.adjusted()) > 30:
        return Value(None, problem="not a plausible number")
    factor = units.factor(unit, code)
    if factor is None:
        return Value(None, received.strip(), _unit_problem(units, unit, code))
    bounds = _compared(number * factor, comparator)
    if bounds is None:
        return Value(None, received.strip(), "comparator is not one of FHIR's")
    return Value(bounds, received.strip())


def _unit_problem(units: Units, unit: str | None, code: str | None) -> str:
    if not unit and not code:
        return "no unit sent"
    if unit and code and None not in (units.factor(unit), units.factor(code)):
        return f'unit "{unit}" and unit code "{code}" contradict each other'
    return f'unit "{unit or code}" is not one we convert'


def _compared(value: Decimal, comparator: Any) -> Bounds | None:
    """https://hl7.org/fhir/R4/valueset-quantity-comparator.html"""
    match comparator:
        case "" | None:
            return Bounds.exactly(value)
        case ">" | ">=":
            return Bounds(value, None, low_open=comparator == ">")
        case "<" | "<=":
            return Bounds(None, value, high_open=comparator == "<")
    return None


def reference_id(reference: Reference | None) -> str | None:
    """The id a relative, absolute or urn reference ends with; None without one."""
    if reference is None or not reference.reference:
        return None
    plain = reference.reference.split("/_history/")[0].rstrip("/")
    return plain.rpartition("/")[2].rpartition(":")[2] or None
