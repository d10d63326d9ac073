"""Valid R4 resources of the kinds that are read, in every shape their definitions allow.

https://hl7.org/fhir/R4/observation.html, condition.html, patient.html, medicationrequest.html
"""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from tests.engine.made_up import SYSTEM

Json = dict[str, Any]
Made = st.SearchStrategy[Json]

# -- primitives -----------------------------------------------------------------------------------

WORDS = st.sampled_from(
    ["Shine", "see comment", "5-7", "2", "Grün & größer", "<b>x</b>", "μ 光 🙂"]
)
IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.-]{0,63}", fullmatch=True)
NUMBERS = st.one_of(
    st.integers(-(10**6), 10**6),
    st.decimals("-1000", "1000", allow_nan=False, places=3).map(float),
    st.sampled_from([0, 0.1, 99.999, 100, 1e5, 1e-7]),
)
_ZONES = st.sampled_from(["Z", "+00:00", "+05:30", "-05:00", "+14:00", "-12:00", "-00:30"])
_DATES = st.dates(date(1900, 1, 1), date(2099, 12, 31)).map(str)
_CLOCKS = st.times().map(lambda time: time.isoformat(timespec="seconds"))
_FRACTIONS = st.sampled_from(["", ".0", ".5", ".123", ".999999"])
INSTANTS = st.tuples(_DATES, st.just("T"), _CLOCKS, _FRACTIONS, _ZONES).map("".join)
DATES = st.one_of(_DATES, _DATES.map(lambda day: day[:7]), _DATES.map(lambda day: day[:4]))
DATE_TIMES = st.one_of(DATES, INSTANTS)


def some(**fields: Made | Any) -> Made:
    """An object with any of these members."""
    return st.fixed_dictionaries({}, optional=fields)


def choice(**fields: Any) -> Made:
    """One of a choice of types, or none: value[x], effective[x]."""
    one = [each.map(lambda value, name=name: {name: value}) for name, each in fields.items()]
    return st.one_of(st.just({}), *one)


def merged(*parts: Made) -> Made:
    return st.tuples(*parts).map(lambda found: {k: v for part in found for k, v in part.items()})


# -- datatypes ------------------------------------------------------------------------------------

EXTENSIONS = st.lists(
    st.fixed_dictionaries({"url": st.just("https://ehr.example/e"), "valueString": WORDS}),
    min_size=1,
    max_size=2,
)
CODES = ("SHINE", "GRADE", "GRADE-2-FOUND", "SPOT", "SPOT-GONE", "POLISH", "ANSWER-1", "other.1")
CODING = st.fixed_dictionaries(
    {"code": st.sampled_from(CODES)},
    optional={
        "system": st.sampled_from([SYSTEM, "http://loinc.org", "urn:oid:1.2.3"]),
        "display": WORDS,
        "version": st.just("1"),
        "userSelected": st.booleans(),
    },
)
_CODINGS = st.lists(CODING, min_size=1, max_size=3)
CONCEPTS = st.one_of(
    st.fixed_dictionaries({"text": WORDS}),
    st.fixed_dictionaries({"coding": _CODINGS}, optional={"text": WORDS, "extension": EXTENSIONS}),
)
UNITS = st.sampled_from(["lux", "lux", "klux", " LUX ", "lumen", "%"])
QUANTITIES = merged(
    st.fixed_dictionaries({"value": NUMBERS}),
    some(
        comparator=st.sampled_from(["<", "<=", ">=", ">"]),
        unit=UNITS,
        code=UNITS.map(str.strip),
        system=st.sampled_from(["http://unitsofmeasure.org", "https://lab.example/units"]),
        extension=EXTENSIONS,
    ),
    # https://hl7.org/fhir/R4/datatypes.html#Quantity, qty-3: a code needs a system.
).map(lambda found: {"system": "https://lab.example/units", **found} if "code" in found else found)
SIMPLE = QUANTITIES.map(lambda found: {k: v for k, v in found.items() if k != "comparator"})
PERIODS = (
    st.tuples(INSTANTS, INSTANTS)
    .map(sorted)
    .flatmap(
        lambda ends: st.sampled_from(
            [{"start": ends[0]}, {"end": ends[1]}, {"start": ends[0], "end": ends[1]}]
        )
    )
)
PEOPLE = st.sampled_from(["subject-1", "subject-2", "e" + "Ab.9-" * 12])
REFERENCES = st.one_of(
    PEOPLE.map(lambda person: {"reference": f"Patient/{person}"}),
    PEOPLE.map(lambda person: {"reference": f"https://ehr.example/fhir/Patient/{person}"}),
    PEOPLE.map(lambda person: {"reference": f"Patient/{person}/_history/2"}),
    st.uuids().map(lambda name: {"reference": f"urn:uuid:{name}"}),
    st.just({"identifier": {"system": "https://ehr.example/mrn", "value": "7"}}),
    st.just({"display": "the patient"}),
)

# -- resources ------------------------------------------------------------------------------------

_COMMON = some(
    id=IDS,
    meta=some(versionId=IDS, lastUpdated=INSTANTS, source=st.just("https://ehr.example")),
    extension=EXTENSIONS,
    language=st.just("en"),
)
VALUES = choice(
    valueQuantity=QUANTITIES,
    valueCodeableConcept=CONCEPTS,
    valueString=WORDS,
    valueBoolean=st.booleans(),
    valueInteger=st.integers(-(2**31), 2**31 - 1),
    valueRange=some(low=SIMPLE, high=SIMPLE),
    valueRatio=some(numerator=QUANTITIES, denominator=QUANTITIES),
    valueTime=_CLOCKS,
    valueDateTime=DATE_TIMES,
    valuePeriod=PERIODS,
    # obs-6: a reason for no value stands where no value does.
    dataAbsentReason=CONCEPTS,
)
COMPONENTS = merged(st.fixed_dictionaries({"code": CONCEPTS}), VALUES)
RESULT_STATUSES = (
    *("registered", "preliminary", "final", "amended", "corrected"),
    *("cancelled", "entered-in-error", "unknown"),
)
OBSERVATIONS = merged(
    _COMMON,
    st.fixed_dictionaries(
        {
            "resourceType": st.just("Observation"),
            "status": st.sampled_from(RESULT_STATUSES),
            "code": CONCEPTS,
        }
    ),
    choice(
        effectiveDateTime=DATE_TIMES,
        effectivePeriod=PERIODS,
        effectiveInstant=INSTANTS,
        effectiveTiming=some(event=st.lists(DATE_TIMES, min_size=1, max_size=3)),
    ),
    VALUES,
    some(
        subject=REFERENCES,
        issued=INSTANTS,
        interpretation=st.lists(CONCEPTS, min_size=1, max_size=2),
        component=st.lists(COMPONENTS, min_size=1, max_size=2),
    ),
)
MEASURED = merged(
    st.fixed_dictionaries(
        {
            "resourceType": st.just("Observation"),
            "status": st.just("final"),
            "code": st.just({"coding": [{"system": SYSTEM, "code": "SHINE"}]}),
        }
    ),
    choice(
        valueQuantity=QUANTITIES,
        valueRange=some(low=SIMPLE, high=SIMPLE),
        valueInteger=st.integers(-5, 120),
        valueString=WORDS,
    ),
)
"""Little more than a value."""
_CLINICAL = ("active", "recurrence", "relapse", "inactive", "remission", "resolved")
_VERIFICATION = (
    *("unconfirmed", "provisional", "differential"),
    *("confirmed", "refuted", "entered-in-error"),
)


def _status(name: str, codes: tuple[str, ...]) -> Made:
    system = f"http://terminology.hl7.org/CodeSystem/{name}"
    coding = st.sampled_from(codes).map(lambda code: [{"system": system, "code": code}])
    return merged(st.fixed_dictionaries({"coding": coding}), some(text=WORDS))


CONDITIONS = merged(
    _COMMON,
    st.fixed_dictionaries({"resourceType": st.just("Condition"), "subject": REFERENCES}),
    some(
        clinicalStatus=_status("condition-clinical", _CLINICAL),
        verificationStatus=_status("condition-ver-status", _VERIFICATION),
        code=CONCEPTS,
        recordedDate=DATE_TIMES,
    ),
    choice(onsetDateTime=DATE_TIMES, onsetPeriod=PERIODS, onsetString=WORDS),
    choice(abatementDateTime=DATE_TIMES, abatementPeriod=PERIODS, abatementString=WORDS),
)
PATIENTS = merged(
    _COMMON,
    st.fixed_dictionaries({"resourceType": st.just("Patient")}),
    some(
        gender=st.sampled_from(["male", "female", "other", "unknown"]),
        birthDate=DATES,
        _birthDate=st.fixed_dictionaries({"extension": EXTENSIONS}),
        active=st.booleans(),
    ),
    choice(deceasedBoolean=st.booleans(), deceasedDateTime=DATE_TIMES),
)
ORDER_STATUSES = (
    *("active", "on-hold", "cancelled", "completed"),
    *("entered-in-error", "stopped", "draft", "unknown"),
)
PRESCRIPTIONS = merged(
    _COMMON,
    st.fixed_dictionaries(
        {
            "resourceType": st.just("MedicationRequest"),
            "status": st.sampled_from(ORDER_STATUSES),
            "intent": st.sampled_from(["order", "plan", "proposal"]),
            "subject": REFERENCES,
        }
    ),
    st.one_of(
        CONCEPTS.map(lambda drug: {"medicationCodeableConcept": drug}),
        WORDS.map(lambda drug: {"medicationReference": {"display": drug}}),
    ),
    some(authoredOn=DATE_TIMES, doNotPerform=st.booleans()),
)
ANY = st.one_of(OBSERVATIONS, CONDITIONS, PATIENTS, PRESCRIPTIONS)
