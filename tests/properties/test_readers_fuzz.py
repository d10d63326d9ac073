"""Broken resources raise nothing, and nothing is read from them that does not stand in them.

https://hl7.org/fhir/R4/json.html. A valid resource is spoiled at random: types are swapped,
members dropped, doubled, nested or filled with what no field may hold.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cds_service.chart import Chart
from cds_service.instants import ClinicalTime
from cds_service.presence import read_presence, says_something
from cds_service.readers import (
    Resource,
    decode_any,
    is_deceased,
    observation_time,
    read_condition_status,
    read_tolerantly,
    read_value,
    reference_id,
)
from cds_service.revisions import newest_revisions
from tests.engine.made_up import (
    BRIGHT,
    GLOW,
    GRADE,
    LEXICON,
    LUX,
    ME,
    NOW,
    POINTS,
    POLISH,
    SHINE,
    SPOTS,
    STRIPES,
    TODAY,
    WAX,
)
from tests.properties.cases import bounded
from tests.properties.valid_fhir import ANY, MEASURED

MANY = bounded(400)

# -- spoiling -------------------------------------------------------------------------------------

DEEP: Any = 1
for _ in range(60):
    DEEP = [DEEP]

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -0.0, 1e308, -1, 2.5, 10**30, "", " ", "null", "NaN", "182", "1.82e2"),
    *([], {}, [None], [[]], {"": None}, DEEP, {"value": {"value": 7}}, {"coding": [None, 5, {}]}),
    *("\u0000", "\ufeff", "\u202e182", "٧", "７", "½", "\U0001f642", "a" * 300, "2026-02-30"),
    *(
        "2026-01-15T25:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "0000",
        ">",
        "#",
        "urn:",
        "/",
        "?=",
        "//",
    ),
    *({"value": 7, "unit": ["lux"]}, {"value": 7, "unit": "lux", "comparator": {}}),
    *({"low": 1, "high": {}}, {"start": 5, "end": []}, {"event": {}}, {"reference": ["Patient/1"]}),
)

Place = tuple[Any, Any]


def places(value: Any) -> Iterator[Place]:
    """Every member and item: the container and the name or index in it."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in list(pairs):
        yield value, key
        if isinstance(item, dict | list):
            yield from places(item)


def drop(holder: Any, key: Any, dice: random.Random) -> None:
    del holder[key]


def replace(holder: Any, key: Any, dice: random.Random) -> None:
    holder[key] = dice.choice(ODD)


def wrap(holder: Any, key: Any, dice: random.Random) -> None:
    holder[key] = dice.choice(([holder[key]], {"value": holder[key]}, [holder[key], holder[key]]))


def unwrap(holder: Any, key: Any, dice: random.Random) -> None:
    inner = holder[key]
    if isinstance(inner, list) and inner:
        holder[key] = inner[0]
    elif isinstance(inner, dict) and inner:
        holder[key] = dice.choice(sorted(inner.items()))[1]


def as_text(holder: Any, key: Any, dice: random.Random) -> None:
    holder[key] = json.dumps(holder[key])


def elsewhere(holder: Any, key: Any, dice: random.Random) -> None:
    """A member under the name of another field."""
    if isinstance(holder, dict):
        holder[dice.choice(FIELDS)] = holder.pop(key)


FIELDS = sorted(set(Resource.__struct_fields__) - {"resourceType"})
WAYS: tuple[Callable[[Any, Any, random.Random], None], ...] = (
    *(drop, replace, replace, wrap, unwrap, as_text, elsewhere),
)


def spoiled(sent: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    broken: dict[str, Any] = json.loads(json.dumps(sent))
    for _ in range(dice.randint(1, 4)):
        found = [place for place in places(broken) if place[1] != "resourceType"]
        if not found:
            break
        holder, key = dice.choice(found)
        dice.choice(WAYS)(holder, key, dice)
    return broken


BROKEN = st.tuples(st.one_of(ANY, MEASURED), st.integers(0, 2**32)).map(
    lambda drawn: spoiled(drawn[0], random.Random(drawn[1]))
)


def read(*sent: Any) -> tuple[list[Resource], int]:
    """As a Bundle, in which one broken resource spoils no other."""
    bundle = {"resourceType": "Bundle", "entry": [{"resource": each} for each in sent]}
    found, unreadable = read_tolerantly(json.dumps(bundle).encode())
    assert found is not None
    return [entry.resource for entry in found.entry if entry.resource is not None], unreadable


# -- what stands in the input ---------------------------------------------------------------------


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from leaves(item)
    else:
        yield value


def numbers(sent: Any) -> set[Decimal]:
    """Every number in the JSON, in a text too, and each in every unit; and the coded answers."""
    found = {Decimal(v) for v in leaves(sent) if isinstance(v, int | Decimal) and v is not True}
    for text in (v for v in leaves(sent) if isinstance(v, str)):
        found |= {
            Decimal(part)
            for part in text.replace("-", " ").split()
            if part.isascii() and part.isdecimal()
        }
    answers = {GRADE.answers[key] for key in GRADE.answers if key[1] in {*leaves(sent)}}
    return {abs(n) * f for n, f in product(found, (1, 1000))} | answers


def ends(bounds: Any) -> set[Decimal]:
    return {abs(end) for end in (bounds.low, bounds.high) if end is not None} if bounds else set()


def stands_in(time: ClinicalTime | None, sent: Any) -> bool:
    """Whether a text has the year, or the one beside it for a zone's sake."""
    if time is None:
        return True
    years = {f"{time.earliest.year + shift:04}" for shift in (-1, 0, 1)}
    return any(isinstance(v, str) and v.strip()[:4] in years for v in leaves(sent))


# -- the properties -------------------------------------------------------------------------------


@MANY
@given(BROKEN)
def test_no_value_is_read_that_does_not_stand_there(broken: dict[str, Any]) -> None:
    resources, _ = read(broken)
    for resource in resources:
        sent = decode_any(json.dumps(broken).encode())
        for part in (resource, *resource.component):
            for units, answers in ((LUX, {}), (POINTS, GRADE.answers)):
                value = read_value(part, units, answers)
                assert (value.bounds is None) is bool(value.problem)
                assert ends(value.bounds) <= numbers(sent)
        assert stands_in(observation_time(resource), sent)
        assert stands_in(read_condition_status(resource).recorded, sent)
        texts = [text for text in leaves(sent) if isinstance(text, str)]
        whom = reference_id(resource.subject)
        assert whom is None or any(whom in text for text in texts)


@MANY
@given(BROKEN)
def test_broken_resources_raise_nothing(broken: dict[str, Any]) -> None:
    resources, _ = read(broken)
    for resource in resources:
        for part in (resource, *resource.component):
            assert read_presence(part, GLOW) in (True, False, None)
            assert says_something(part) in (True, False)
        assert is_deceased(resource, NOW) in (True, False)
        assert newest_revisions([resource, resource])


@MANY
@given(BROKEN)
def test_every_question_has_an_answer_in_words(broken: dict[str, Any]) -> None:
    resources, _ = read(broken)
    people = [each for each in resources if each.resourceType == "Patient"]
    asked = Chart(
        lexicon=LEXICON,
        as_of=NOW,
        patient_id=ME,
        patient=people[0] if people else None,
        resources=[each for each in resources if each.resourceType != "Patient"],
    )
    findings = [
        asked.latest(SHINE).at_least(BRIGHT),
        asked.latest(GRADE, TODAY).known(),
        asked.has_result(SHINE, TODAY),
        asked.test_is_positive(GLOW),
        asked.age().known(),
        *(ask(disease) for disease in (SPOTS, STRIPES) for ask in (asked.has, asked.may_have)),
        *(asked.taking(drug) for drug in (POLISH, WAX)),
    ]
    assert all(fact.say() for finding in findings for fact in finding.facts)
    assert asked.gender() is None or isinstance(asked.gender(), str)


@bounded(100)
@given(BROKEN, ANY)
def test_a_broken_resource_costs_no_other(broken: dict[str, Any], valid: dict[str, Any]) -> None:
    alone, _ = read(valid)
    beside, unreadable = read(broken, valid)
    assert beside[-1:] == alone
    assert len(beside) - 1 + unreadable == 1


@MANY
@given(st.recursive(st.sampled_from(ODD), lambda inner: st.lists(inner, max_size=3)))
def test_any_json_is_a_resource_or_none(value: Any) -> None:
    for sent in (value, {"resourceType": "Bundle", "entry": value}, {"resourceType": value}):
        found, unreadable = read_tolerantly(json.dumps(sent).encode())
        assert found is None or (isinstance(found, Resource) and unreadable >= 0)


@MANY
@given(st.binary(max_size=60))
def test_any_bytes_are_a_resource_or_none(body: bytes) -> None:
    for sent in (body, b'{"resourceType":"Bundle","entry":[' + body, body[::-1]):
        assert read_tolerantly(sent) is not None
