"""FHIR R4 JSON to the few typed fields that questions use, one resource at a time.

A hook request can hold thousands of resources of which a rule reads a dozen. `Resource` is
therefore a partial decode (https://hl7.org/fhir/R4/json.html): type, identity, subject and codes,
by which relevance is decided, and every other field as bytes that are decoded when asked for.
Readers are tolerant: what cannot be read is a `problem` in words, never an exception, never a
guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

import msgspec
from msgspec import Raw

from cds_service.code_systems import canonical
from cds_service.instants import ClinicalTime, parse_any
from cds_service.units import UCUM, Units

NOTHING = Raw()


class Coding(msgspec.Struct, gc=False):
    """https://hl7.org/fhir/R4/datatypes.html#Coding"""

    system: str | None = None
    code: str | None = None
    display: str | None = None


class CodeableConcept(msgspec.Struct, gc=False):
    """https://hl7.org/fhir/R4/datatypes.html#CodeableConcept"""

    coding: Sequence[Coding] = ()
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
    valueRange: Raw = NOTHING  # noqa: N815
    valueRatio: Raw = NOTHING  # noqa: N815
    interpretation: Raw = NOTHING
    dataAbsentReason: Raw = NOTHING  # noqa: N815


class Resource(_Lazy, gc=False):
    """Any resource: what decides relevance is typed, the rest waits as bytes.

    The fields stand in the order in which FHIR's JSON has them: the decoder expects the next one.
    Those that few resources have are no list of their own where they are absent: of thousands of
    empty lists the garbage collector makes a burden.
    """

    resourceType: str = ""  # noqa: N815
    id: str | None = None
    meta: Raw = NOTHING
    contained: Raw = NOTHING
    type: Raw = NOTHING
    total: Raw = NOTHING
    link: Sequence[Link] = ()
    entry: Sequence[Entry] = ()
    issue: Raw = NOTHING
    clinicalStatus: Raw = NOTHING  # noqa: N815
    verificationStatus: Raw = NOTHING  # noqa: N815
    status: Raw = NOTHING
    doNotPerform: Raw = NOTHING  # noqa: N815
    medicationCodeableConcept: Raw = NOTHING  # noqa: N815
    medicationReference: Raw = NOTHING  # noqa: N815
    medication: Raw = NOTHING
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
    effectiveTiming: Raw = NOTHING  # noqa: N815
    effectiveInstant: Raw = NOTHING  # noqa: N815
    issued: Raw = NOTHING
    valueQuantity: Raw = NOTHING  # noqa: N815
    valueCodeableConcept: Raw = NOTHING  # noqa: N815
    valueString: Raw = NOTHING  # noqa: N815
    valueBoolean: Raw = NOTHING  # noqa: N815
    valueInteger: Raw = NOTHING  # noqa: N815
    valueRange: Raw = NOTHING  # noqa: N815
    valueRatio: Raw = NOTHING  # noqa: N815
    dataAbsentReason: Raw = NOTHING  # noqa: N815
    interpretation: Raw = NOTHING
    component: Sequence[Component] = ()
    authoredOn: Raw = NOTHING  # noqa: N815
    ingredient: Raw = NOTHING


class Entry(msgspec.Struct, gc=False):
    """Bundle.entry"""

    resource: Resource | None = None


class LooseEntry(msgspec.Struct, gc=False):
    """Bundle.entry whose resource is decoded on its own, so that a broken one spoils nothing."""

    resource: Raw = NOTHING


class LooseBundle(msgspec.Struct, gc=False):
    """A Bundle one of whose resources does not have FHIR's shape."""

    resourceType: str = ""  # noqa: N815
    total: Raw = NOTHING
    entry: list[Raw] = []
    link: Raw = NOTHING


class Readable(Protocol):
    """What readers take: a `Resource`, a `Component`, or a plain dict."""

    def get(self, name: str, /) -> Any:
        """The field, or None."""


_ANY = msgspec.json.Decoder(float_hook=Decimal)
_RESOURCE = msgspec.json.Decoder(Resource)
_LOOSE_BUNDLE = msgspec.json.Decoder(LooseBundle)
_LOOSE_ENTRY = msgspec.json.Decoder(LooseEntry | None)

UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError, ArithmeticError)
"""What decoding bytes from outside may raise, huge numbers and deep nesting included."""


MAX_DEPTH = 100
"""Levels of objects and arrays in what becomes plain values. FHIR's own need about twenty."""

MAX_PLAIN_BYTES = 2 << 20
"""Of JSON that becomes plain values, which take up to thirty times its size."""

_BRACKETS = bytes.maketrans(b"[{]}", b"(())")
_BESIDE_STRUCTURE = bytes(set(range(256)) - set(b'"[{]}'))


def is_too_deep(text: Raw | bytes) -> bool:
    """Whether JSON is nested deeper than MAX_DEPTH. Not for JSON of megabytes.

    The decoder has a guard too, but one that depends on the interpreter and on who calls it.
    """
    if len(text) <= 2 * MAX_DEPTH:
        return False  # Every level takes two brackets.
    left = bytes(text)
    if b"\\" in left:
        left = left.replace(b"\\\\", b"").replace(b'\\"', b"")
    # What is left between an odd quote and the next stands in a string.
    left = left.translate(_BRACKETS, _BESIDE_STRUCTURE).replace(b'""', b"")
    left = b"".join(left.split(b'"')[::2])
    for _ in range(MAX_DEPTH):
        inside = left.replace(b"()", b"")
        if len(inside) == len(left):
            return False  # Nothing is left, or brackets that do not match: no JSON.
        left = inside
    return bool(left)


def decode_any(raw: Raw | bytes) -> Any:
    """Plain Python values, decimal fractions as exact Decimals; None where not readable.

    Neither is what is nested too deeply or too large to be one element.
    """
    if len(raw) > MAX_PLAIN_BYTES or is_too_deep(raw):
        return None
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


_ENCODER = msgspec.json.Encoder(decimal_format="number")


def as_resource(decoded: Mapping[str, Any]) -> Resource:
    """A resource that was decoded to plain values, as one of its type; empty where it is none."""
    return read_resource(_ENCODER.encode(decoded)) or Resource()


_NO_RESOURCE = (b"", b"null")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_tolerantly(raw: Raw | bytes) -> tuple[Resource | None, int]:
    """A resource; of a Bundle with broken entries the readable ones, and how many are not.

    None when there is no FHIR resource at all.
    """
    if isinstance(raw, bytes):
        # https://www.rfc-editor.org/rfc/rfc8259#section-8.1: a parser may pass over it.
        raw = raw.removeprefix(_BYTE_ORDER_MARK)
    whole = read_resource(raw)
    if whole is not None:
        return whole, 0
    try:
        bundle = _LOOSE_BUNDLE.decode(raw)
    except UNREADABLE:
        return None, 0
    if bundle.resourceType != "Bundle":
        return None, 0
    parts, broken = _resources_of(bundle.entry)
    entries = [Entry(resource) for part in parts if (resource := read_resource(part)) is not None]
    broken += len(parts) - len(entries)
    # What holds no resource stays an entry: a Bundle of such is no empty one.
    entries += [Entry()] * (len(bundle.entry) - broken - len(entries))
    links = [*_links(decode_any(bundle.link))]
    readable = Resource(resourceType="Bundle", total=bundle.total, entry=entries, link=links)
    return readable, broken


def _resources_of(entries: list[Raw]) -> tuple[list[Raw], int]:
    """The resources that entries hold, of types that may be asked; how many entries are none."""
    parts, broken = [], 0
    for raw in entries:
        try:
            entry = _LOOSE_ENTRY.decode(raw)
        except UNREADABLE:
            broken += 1
            continue
        # A Raw never equals bytes: its own bytes have to be compared.
        if entry is not None and bytes(entry.resource) not in _NO_RESOURCE:
            parts.append(entry.resource)
    return [part for part in parts if not _is_of_another_shape(part)], broken


def _links(links: Any) -> Iterator[Link]:
    for link in links if isinstance(links, list) else []:
        sent = link if isinstance(link, dict) else {}
        relation, url = sent.get("relation"), sent.get("url")
        if isinstance(relation, str):
            yield Link(relation, url if isinstance(url, str) else None)


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
    if concept is None:
        return
    for each in concept if isinstance(concept, list) else [concept]:
        found = each.get("coding") if isinstance(each, dict) else None
        for coding in found if isinstance(found, list) else [found]:
            if isinstance(coding, dict):
                texts = (coding.get("system"), coding.get("code"), coding.get("display"))
                yield Coding(*(text if isinstance(text, str) else None for text in texts))


def texts(concept: Any) -> Iterator[str]:
    """Every human-readable text of a decoded CodeableConcept: its own and its codings'."""
    if concept is None:
        return
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


_COURSES = (("relapse", "recurrence", "active"), ("remission", "resolved", "inactive"))
_VERIFICATIONS = (
    ("confirmed",),
    ("provisional", "differential", "unconfirmed"),
    ("entered-in-error", "refuted"),
)
"""FHIR's codes, those that may stand side by side together, the more telling first."""


def read_condition_status(condition: Readable) -> ConditionStatus:
    """Statuses and the best date of a Condition: when recorded, else when it began.

    A verification that is not one of FHIR's proves nothing: it counts as unconfirmed.
    """
    clinical = _status(condition.get("clinicalStatus"), _COURSES)
    if clinical is None and parse_any(condition.get("abatementDateTime")) is not None:
        clinical = "resolved"
    verification = _status(condition.get("verificationStatus"), _VERIFICATIONS)
    if verification is not None and not any(verification in codes for codes in _VERIFICATIONS):
        verification = "unconfirmed"
    recorded = parse_any(condition.get("recordedDate")) or parse_any(condition.get("onsetDateTime"))
    return ConditionStatus(clinical, verification, recorded)


def _status(concept: Any, known: Iterable[Iterable[str]]) -> str | None:
    """The code of a status, whatever local codes stand beside it; else its words.

    Words are read as far as they spell a code ("In remission"). Codes that contradict each other
    are all given, which is none of the known ones.
    """
    if isinstance(concept, str):
        return first_code(concept) or None
    sent = [coding.code.strip().lower() for coding in codings(concept) if coding.code]
    alike = [[code for code in codes if code in sent] for codes in known]
    found = [codes[0] for codes in alike if codes] or sent[:1]
    if found:
        return "/".join(code[:_LONGEST_STATUS] for code in found)
    words = next(texts(concept), "").strip().lower()[:_LONGEST_STATUS]
    return words.removeprefix("in ").replace(" ", "-") or None


_LONGEST_STATUS = 40
"""Characters of a status that a card repeats."""


# -- Observation -------------------------------------------------------------------------------

STATUS_RANK = {"corrected": 0, "amended": 0, "final": 1, None: 2, "preliminary": 3, "unknown": 4}
"""Observation.status that counts, best first; entered-in-error, cancelled, registered do not."""

_NOT_REPORTED = frozenset({"entered-in-error", "cancelled", "registered"})


def observation_status(observation: Readable) -> str | None:
    """The status as sent; "unknown" for one that is none of FHIR's, so that it is not passed over.

    https://hl7.org/fhir/R4/valueset-observation-status.html
    """
    sent = observation.get("status")
    if sent is None:
        return None
    status = sent.strip().lower() if isinstance(sent, str) else ""
    return status if status in STATUS_RANK or status in _NOT_REPORTED else "unknown"


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
    return (
        parse_any(observation.get("effectiveDateTime"))
        or parse_any(observation.get("effectiveInstant"))
        or _of_period(observation.get("effectivePeriod"))
        or _of_timing(observation.get("effectiveTiming"))
        or parse_any(observation.get("issued"))
    )


def _of_period(period: Any) -> ClinicalTime | None:
    if not isinstance(period, dict):
        return None
    return parse_any(period.get("start")) or parse_any(period.get("end"))


def _of_timing(timing: Any) -> ClinicalTime | None:
    """The first of its events: a stale value must not pass for a fresh one."""
    events = timing.get("event") if isinstance(timing, dict) else None
    times = [parse_any(event) for event in events] if isinstance(events, list) else []
    return min((time for time in times if time is not None), default=None)


def read_value(
    source: Readable,
    units: Units,
    answers: Mapping[tuple[str, str], Decimal],
    own_code: tuple[str, str] | None = None,
) -> Value:
    """The number in an Observation or component, converted; or what is wrong with it.

    `own_code` is the code by which the Observation was found: a finding such as "grade 2" is its
    own answer. Values that contradict each other are none.
    """
    if source.get("dataAbsentReason") is not None:
        return Value(None, problem="the laboratory sent no value")
    found = list(_numbers(source, units))
    for value in found:
        if value.bounds is None:
            return value
    if answers:
        found += _coded_answers(source, answers)
    words = _in_words(source, units)
    if words is not None and words.bounds is not None:
        found.append(words)
    own = _own_answers(source, answers, own_code) if answers else []
    if own and (found or not _says_something_else(source)):
        found += own
    if not found:
        return words or Value(None, problem="no value that can be read")
    if any(value.bounds != found[0].bounds for value in found):
        sent = " / ".join(dict.fromkeys(value.received for value in found))
        return Value(None, sent, "values contradict each other")
    return found[0]


def _numbers(source: Readable, units: Units) -> Iterator[Value]:
    """What was sent as a number or two."""
    quantity = source.get("valueQuantity")
    if isinstance(quantity, dict):
        yield _read_quantity(quantity, units)
    integer = source.get("valueInteger")
    if isinstance(integer, int) and not isinstance(integer, bool):
        yield _converted(Decimal(integer), units, None, None, None)
    ends = source.get("valueRange")
    if isinstance(ends, dict):
        yield _read_range(ends, units)


def _coded_answers(source: Readable, answers: Mapping[tuple[str, str], Decimal]) -> Iterator[Value]:
    """Coded answers, in the value or (as some laboratories send them) in the interpretation."""
    for name in ("valueCodeableConcept", "interpretation"):
        for coding in codings(source.get(name)):
            number = answers.get((canonical(coding.system or ""), coding.code or ""))
            if number is not None:
                yield Value(Bounds.exactly(number), _cut(coding.display or "coded"))


def _own_answers(
    source: Readable,
    answers: Mapping[tuple[str, str], Decimal],
    own_code: tuple[str, str] | None,
) -> list[Value]:
    """What the codes of a finding answer by themselves."""
    concept = source.get("code")
    sent = concept.coding if isinstance(concept, CodeableConcept) else codings(concept)
    own = [(canonical(coding.system or ""), coding.code or "") for coding in sent]
    own += [own_code] if own_code is not None else []
    numbers = dict.fromkeys(answers[code] for code in own if code in answers)
    return [Value(Bounds.exactly(number), "coded") for number in numbers]


_VALUES = (
    *("valueQuantity", "valueCodeableConcept", "valueString", "valueInteger"),
    *("valueRange", "valueRatio"),
)


def _says_something_else(source: Readable) -> bool:
    """Whether a finding came with a value, which may deny it; true and nothing do not."""
    denied = source.get("valueBoolean") not in (None, True)
    return denied or any(source.get(name) is not None for name in _VALUES)


def _in_words(source: Readable, units: Units) -> Value | None:
    """What was said otherwise: a score in a text; else the words, for whoever can read them."""
    text = source.get("valueString")
    if isinstance(text, str):
        return _read_text(text.strip(), units)
    answer = next(texts(source.get("valueCodeableConcept")), "").strip()
    if answer:
        return Value(None, _shown(answer), "its coded answer is not known")
    if isinstance(source.get("valueRatio"), dict):
        return Value(None, problem="sent as a ratio")
    return None


_SCORE = re.compile(r"(\d{1,3})(?:\s*[-\u2013]\s*(\d{1,3}))?\s*(%?)", re.ASCII)


def _read_text(text: str, units: Units) -> Value:
    """A number sent as text counts only where the measurement has no unit: a score."""
    score = _SCORE.fullmatch(text) if units.unitless_ok else None
    if score is not None and (score[2] is None or units.is_score):
        factor = units.factor(score[3])
        low, high = Decimal(score[1]), Decimal(score[2] or score[1])
        if factor == 1 and low <= high:
            return Value(Bounds(low, high), text)
    return Value(None, _shown(text) if text else "", "sent as free text")


def _shown(text: str) -> str:
    """A text in quotes, cut where it is long."""
    return f'"{_cut(text, _LONGEST_TEXT)}"'


_LONGEST_TEXT = 40
"""Characters of a result in words that a card repeats, for whoever can read what this cannot."""

_LONGEST_UNIT = 64
"""Longer texts are no units, and are none either when they are cut."""


def _cut(text: str, longest: int = _LONGEST_UNIT) -> str:
    return text if len(text) <= longest else text[:longest] + "..."


def _read_quantity(quantity: Mapping[str, Any], units: Units) -> Value:
    number = quantity.get("value")
    if isinstance(number, bool) or not isinstance(number, int | Decimal):
        return Value(None, problem="no number in the result")
    unit, code = (
        _cut(text) if isinstance(text := quantity.get(name), str) else None
        for name in ("unit", "code")
    )
    is_ucum = UCUM in str(quantity.get("system"))
    if code and is_ucum and units.factor(code) is None:
        # What claims to be UCUM and is not read may say something else than the unit in words.
        unit = None
    return _converted(Decimal(number), units, unit, code, quantity.get("comparator"))


def _read_range(ends: Mapping[str, Any], units: Units) -> Value:
    """https://hl7.org/fhir/R4/datatypes.html#Range: an end that was not sent is not known."""
    sent = {name: end for name in ("low", "high") if (end := ends.get(name)) is not None}
    read = {n: _read_quantity(e if isinstance(e, dict) else {}, units) for n, e in sent.items()}
    for value in read.values():
        if value.bounds is None:
            return value
    low, high = (read[name].bounds if name in read else Bounds(None, None) for name in _ENDS)
    received = " to ".join(value.received for value in read.values())
    if not read:
        return Value(None, problem="no number in the result")
    if low is None or high is None or not _is_range(low, high):
        return Value(None, received, "its two ends are no range")
    return Value(Bounds(low.low, high.high), received)


_ENDS = ("low", "high")


def _is_range(low: Bounds, high: Bounds) -> bool:
    """Whether both ends, where sent, are plain numbers in this order."""
    if any(end.low != end.high for end in (low, high)):
        return False
    return low.low is None or high.high is None or low.low <= high.high


_PLAUSIBLE_DIGITS = 28
"""As many as Decimal multiplies exactly; FHIR asks for 18."""


def _converted(
    number: Decimal, units: Units, unit: str | None, code: str | None, comparator: Any
) -> Value:
    if not number.is_finite() or abs(number.adjusted()) > 30:
        return Value(None, problem="not a plausible number")
    if len(number.as_tuple().digits) > _PLAUSIBLE_DIGITS:
        return Value(None, problem="not a plausible number")
    plain = number if number else abs(number)
    sign = _cut(comparator) if isinstance(comparator, str) else ""
    received = f"{sign}{plain} {unit or code or ''}"
    factor = units.factor(unit, code)
    if factor is None:
        return Value(None, received.strip(), _unit_problem(units, unit, code))
    bounds = _compared(plain * factor, comparator)
    if bounds is None:
        return Value(None, received.strip(), "comparator is not one of FHIR's")
    return Value(bounds, received.strip())


def _unit_problem(units: Units, unit: str | None, code: str | None) -> str:
    if not unit and not code:
        return "no unit sent"
    if unit and code and not (units.factor(unit) is None and units.factor(code) is None):
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


def is_about_another(resource: Resource, patient_id: str) -> bool:
    """Whether a resource names a subject, and it is somebody else, or a thing, or a group.

    A reference without an id (an identifier, a display, a contained Patient) names nobody: within
    a search for one patient it is about that patient.
    """
    about = resource.subject or resource.patient
    if about is None or about.reference == f"Patient/{patient_id}":
        return False
    whom = reference_id(about)
    if whom is None or about.reference is None:
        return False
    kind, slash, _ = reference_name(about.reference).partition("/")
    is_no_patient = bool(slash) and kind.isalpha() and kind != "Patient"
    return whom != patient_id or is_no_patient


def reference_name(reference: str) -> str:
    """The form in which references are compared: Type/id, "#id" if contained, or "urn:" and id."""
    plain = reference.strip().split("/_history/")[0].rstrip("/")
    if plain.lower().startswith("urn:"):
        # The letters of a UUID mean the same in either case: https://www.rfc-editor.org/rfc/rfc4122
        return f"urn:{plain.rpartition(':')[2].lower()}"
    return "/".join(plain.split("/")[-2:])


def reference_id(reference: Reference | None) -> str | None:
    """The id a relative, absolute or urn reference ends with; None without one."""
    return id_in(reference.reference) if reference is not None and reference.reference else None


def id_in(reference: str) -> str | None:
    """The id that the text of a reference ends with; None without one.

    A reference to a contained resource ("#a") and one that is a search have none.
    """
    if reference[:1] == "#" or "?" in reference:
        return None
    plain = reference.split("/_history/")[0].rstrip("/")
    if plain.startswith("urn:"):
        return plain.rpartition(":")[2] or None
    return plain.rpartition("/")[2] or None
