"""Seeded damage to good requests: served or refused, never a failure.

Every answer passes the checks of `Caller`: no 5xx, no leak, an OperationOutcome with every refusal,
and a valid response with every 200. A seed in a test's name reproduces its requests.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from tests.protocol.support import ORDER, QUIET, VIEW, Caller, good

NAMES = [VIEW, ORDER, QUIET, "als-aml-messy-chart.patient-view", "epic-like-client.patient-view"]
MUTATIONS_PER_SEED = 60

VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    2**63,
    2**70,
    1e308,
    5e-324,
    "",
    " ",
    "x",
    "Bundle",
    "Patient/als-aml-emergency",
    "2026-02-30",
    "9999-12-31T23:59:60+99:99",
    "\u0000",
    "٣",
    "x" * 5000,
    [],
    [None],
    [[]],
    {},
    {"": None},
    {"resourceType": "Patient", "id": "als-aml-emergency"},
    {"resourceType": "Bundle", "entry": [None, {}, {"resource": None}]},
    {"resourceType": "OperationOutcome"},
    {"coding": [{"system": 1, "code": []}], "text": {}},
    {"value": "many", "unit": 7, "comparator": {}},
    {"reference": {}},
]


def steps(random: Random, value: Any) -> tuple[Any, Any] | None:
    """A container somewhere in a JSON tree, and a name or place in it; deep ones as likely."""
    found = None
    while isinstance(value, dict | list) and value:
        step = random.choice(list(value) if isinstance(value, dict) else range(len(value)))
        found = (value, step)
        value = value[step]
        if random.random() < 0.12:
            break
    return found


def mutate(random: Random, request: Any) -> None:
    """Replace, remove, retype, double or move one member."""
    place = steps(random, request)
    other = steps(random, request)
    if place is None or other is None:
        return
    holder, step = place
    match random.randrange(6):
        case 0:
            del holder[step]
        case 1:
            holder[step] = [holder[step]]
        case 2:
            holder[step] = {"value": holder[step]}
        case 3:
            holder[step] = json.dumps(holder[step])[:10_000]
        case 4:
            holder[step] = json.loads(json.dumps(other[0][other[1]]))
        case _:
            holder[step] = random.choice(VALUES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(12))
def test_no_changed_member_brings_a_failure(caller: Caller, name: str, seed: int) -> None:
    """FUZZ-01, FUZZ-02, ERR-03, ERR-04: https://cds-hooks.hl7.org/2.0/#http-request_1"""
    random = Random(f"{name} {seed}")
    service = f"als-leukemia-{good(name)['hook']}"
    statuses = set()
    for _ in range(MUTATIONS_PER_SEED):
        request = good(name)
        for _ in range(random.choice([1, 1, 1, 2, 5])):
            mutate(random, request)
        statuses.add(caller.post(json.dumps(request).encode(), service=service).status_code)
    assert statuses <= {200, 400, 412}
    assert len(statuses) > 1, "the damage never mattered, or nothing got through"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("member", ["hook", "hookInstance", "context", "prefetch", "fhirServer"])
def test_no_value_of_a_member_brings_a_failure(caller: Caller, name: str, member: str) -> None:
    """FUZZ-01, FUZZ-02: https://cds-hooks.hl7.org/2.0/#http-request_1"""
    service = f"als-leukemia-{good(name)['hook']}"
    for value in VALUES:
        body = json.dumps({**good(name), member: value}).encode()
        assert caller.post(body, service=service).status_code in {200, 400, 412}


@pytest.mark.parametrize("key", ["patient", "conditions", "leukocytes", "medications"])
def test_no_value_under_a_prefetch_key_brings_a_failure(caller: Caller, key: str) -> None:
    """FUZZ-01, FUZZ-02: https://cds-hooks.hl7.org/2.0/#prefetch-template"""
    for value in VALUES:
        for holder in (value, {"resourceType": "Bundle", "entry": [{"resource": value}]}):
            request = good(VIEW)
            request["prefetch"][key] = holder
            assert caller.post(request).status_code in {200, 400, 412}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(6))
def test_no_damaged_byte_brings_a_failure(caller: Caller, name: str, seed: int) -> None:
    """FUZZ-03, ERR-03: https://www.rfc-editor.org/rfc/rfc8259"""
    random = Random(f"bytes {name} {seed}")
    request = {**good(name), "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"}
    whole = json.dumps(request).encode()
    service = f"als-leukemia-{request['hook']}"
    statuses = set()
    for _ in range(MUTATIONS_PER_SEED):
        body = bytearray(whole)
        place = random.randrange(len(body))
        match random.randrange(4):
            case 0:
                del body[place:]
            case 1:
                body[place] ^= 1 << random.randrange(8)
            case 2:
                body[place:place] = random.randbytes(3)
            case _:
                del body[place]
        statuses.add(caller.post(bytes(body), service=service).status_code)
    assert statuses <= {200, 400, 412}
    assert 400 in statuses
