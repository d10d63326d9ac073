"""On valid resources the readers say what fhir.resources says.

The models parse on their own; what is expected is worked out from them, not from the JSON.
https://hl7.org/fhir/R4/validation.html
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from fhir.resources.R4B.condition import Condition
from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir.resources.R4B.observation import Observation
from fhir.resources.R4B.patient import Patient
from hypothesis import given
from hypothesis import strategies as st

from cds_service.instants import ClinicalTime, parse_any
from cds_service.readers import (
    Bounds,
    Component,
    Resource,
    codings,
    is_deceased,
    observation_time,
    read_condition_status,
    read_resource,
    read_value,
    reference_id,
    texts,
)
from tests.engine.made_up import LUX, NOW, POINTS
from tests.properties.cases import bounded
from tests.properties.valid_fhir import (
    ANY,
    CONDITIONS,
    MEASURED,
    OBSERVATIONS,
    PATIENTS,
    PRESCRIPTIONS,
)

MANY = bounded(250)
FACTORS = {"lux": Decimal(1), "klux": Decimal(1000)}
KNOWN_TO_OTHERS = {"%"}
UCUM = "http://unitsofmeasure.org"


def both(model: Any, sent: dict[str, Any]) -> tuple[Resource, Any]:
    """As read by us and by the oracle, from the same bytes."""
    body = json.dumps(sent).encode()
    read = read_resource(body)
    assert read is not None
    return read, model.model_validate_json(body)


# -- what is expected, from the oracle's models ---------------------------------------------------


def span(value: Any) -> tuple[datetime, datetime] | None:
    """Earliest and latest second of a date or time."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.astimezone(UTC), value.astimezone(UTC)
    sent = [int(part) for part in str(value).split("-")]
    year, month, day = (*sent, 1, 1)[:3]
    first = datetime(year, month, day, tzinfo=UTC)
    if len(sent) == 3:
        after = first + timedelta(days=1)
    elif len(sent) == 2:
        after = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    else:
        after = datetime(year + 1, 1, 1, tzinfo=UTC)
    return first, after - timedelta(seconds=1)


def as_span(time: ClinicalTime | None) -> tuple[datetime, datetime] | None:
    return None if time is None else (time.earliest, time.latest)


def time_of(model: Observation) -> tuple[datetime, datetime] | None:
    period, timing = model.effectivePeriod, model.effectiveTiming
    events = [span(event) for event in (timing.event or []) if timing] if timing else []
    return (
        span(model.effectiveDateTime)
        or span(model.effectiveInstant)
        or (span(period.start) or span(period.end) if period else None)
        or min((event for event in events if event), default=None)
        or span(model.issued)
    )


def factor(quantity: Any) -> Decimal | None:
    """The one factor that unit and code agree on."""
    sent = [text.strip().lower() for text in (quantity.unit, quantity.code) if text]
    unread = [text for text in sent if text not in FACTORS]
    if KNOWN_TO_OTHERS & set(unread):
        return None
    if quantity.system == UCUM and quantity.code and quantity.code.lower() not in FACTORS:
        return None
    found = {FACTORS[text] for text in sent if text in FACTORS}
    return found.pop() if len(found) == 1 else None


def amount(quantity: Any) -> Bounds | None:
    worth = factor(quantity) if quantity is not None else None
    if worth is None:
        return None
    number = Decimal(str(quantity.value)) * worth
    match quantity.comparator:
        case None:
            return Bounds(number, number)
        case ">" | ">=":
            return Bounds(number, None, low_open=quantity.comparator == ">")
    return Bounds(None, number, high_open=quantity.comparator == "<")


def interval(ends: Any) -> Bounds | None:
    read = {name: amount(end) for name in ("low", "high") if (end := getattr(ends, name))}
    if not read or None in read.values():
        return None
    low, high = (read[name].low if name in read else None for name in ("low", "high"))
    wrong = low is not None and high is not None and low > high
    return None if wrong else Bounds(low, high)


def value_of(model: Any) -> Bounds | None:
    if model.valueQuantity is not None:
        return amount(model.valueQuantity)
    return interval(model.valueRange) if model.valueRange is not None else None


def named(model: Any) -> list[tuple[str | None, ...]]:
    found = model.coding or [] if model is not None else []
    return [(str(c.system) if c.system else None, c.code, c.display) for c in found]


def as_named(resource: Resource | Component) -> list[tuple[str | None, ...]]:
    found = resource.code.coding if resource.code is not None else []
    return [(each.system, each.code, each.display) for each in found]


def whom(model: Any) -> str | None:
    """The last part of a reference, its version left out."""
    if model is None or model.reference is None:
        return None
    parts = model.reference.replace("urn:uuid:", "").split("/")
    return parts[-3] if "_history" in parts else parts[-1]


# -- the comparison -------------------------------------------------------------------------------


@MANY
@given(OBSERVATIONS)
def test_observations_agree(sent: dict[str, Any]) -> None:
    read, model = both(Observation, sent)
    assert read.get("status") == model.status
    assert as_named(read) == named(model.code)
    assert reference_id(read.subject) == whom(model.subject)
    assert as_span(observation_time(read)) == time_of(model)
    assert read_value(read, LUX, {}).bounds == value_of(model)
    parts = model.component or []
    assert len(read.component) == len(parts)
    for ours, theirs in zip(read.component, parts, strict=True):
        assert as_named(ours) == named(theirs.code)
        assert read_value(ours, LUX, {}).bounds == value_of(theirs)


@MANY
@given(OBSERVATIONS)
def test_a_value_is_there_or_the_reason_why_not(sent: dict[str, Any]) -> None:
    read, _ = both(Observation, sent)
    for each in (read, *read.component):
        value = read_value(each, LUX, {})
        assert (value.bounds is None) is bool(value.problem)


@MANY
@given(MEASURED)
def test_measured_values_agree(sent: dict[str, Any]) -> None:
    read, model = both(Observation, sent)
    assert read_value(read, LUX, {}).bounds == value_of(model)
    if model.valueInteger is not None:
        assert read_value(read, POINTS, {}).bounds == Bounds.exactly(Decimal(model.valueInteger))
    if model.valueString is not None:
        is_score = model.valueString.isdecimal() or model.valueString == "5-7"
        assert (read_value(read, POINTS, {}).bounds is not None) is is_score


@MANY
@given(CONDITIONS)
def test_conditions_agree(sent: dict[str, Any]) -> None:
    read, model = both(Condition, sent)
    status = read_condition_status(read)
    clinical = model.clinicalStatus.coding[0].code if model.clinicalStatus else None
    ended = "resolved" if model.abatementDateTime is not None else None
    assert status.clinical == (clinical or ended)
    verified = model.verificationStatus
    assert status.verification == (verified.coding[0].code if verified else None)
    assert as_span(status.recorded) == (span(model.recordedDate) or span(model.onsetDateTime))
    assert as_named(read) == named(model.code)
    assert reference_id(read.subject) == whom(model.subject)


@MANY
@given(PATIENTS)
def test_patients_agree(sent: dict[str, Any]) -> None:
    read, model = both(Patient, sent)
    assert (read.id, read.get("gender")) == (model.id, model.gender)
    died = span(model.deceasedDateTime)
    gone = model.deceasedBoolean is True or (died is not None and died[0] <= NOW)
    assert is_deceased(read, NOW) is gone
    assert as_span(parse_any(read.get("birthDate"))) == span(model.birthDate)


@MANY
@given(PRESCRIPTIONS)
def test_prescriptions_agree(sent: dict[str, Any]) -> None:
    read, model = both(MedicationRequest, sent)
    drug = read.get("medicationCodeableConcept")
    assert read.get("status") == model.status
    assert read.get("doNotPerform") is model.doNotPerform
    assert reference_id(read.subject) == whom(model.subject)
    theirs = named(model.medicationCodeableConcept)
    assert [(c.system, c.code, c.display) for c in codings(drug)] == theirs
    spoken = [model.medicationCodeableConcept.text] if model.medicationCodeableConcept else []
    said = [text for text in (*spoken, *(display for *_, display in theirs)) if text]
    assert list(texts(drug)) == said


@bounded(60)
@given(st.lists(ANY, max_size=3))
def test_a_bundle_holds_what_its_entries_hold(sent: list[dict[str, Any]]) -> None:
    entries = [{"fullUrl": "urn:x", "resource": each} for each in sent]
    read = read_resource(json.dumps({"resourceType": "Bundle", "entry": entries}).encode())
    assert read is not None
    alone = [read_resource(json.dumps(each).encode()) for each in sent]
    assert [entry.resource for entry in read.entry] == alone
