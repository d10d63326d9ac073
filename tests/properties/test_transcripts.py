"""Whatever a request holds, who simulates it is told what came of it."""

from __future__ import annotations

from typing import Any

import click
from hypothesis import given, settings
from hypothesis import strategies as st

import fixtures
from cds_service.errors import InvalidRequest
from cds_service.transcript import call_lines, orders_of, patient_lines, patient_of, told

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


def shaped(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with some of these members, which hold anything."""
    return st.dictionaries(st.sampled_from(names), ANYTHING, max_size=len(names))


def bundle(resource: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    entries = st.lists(
        st.fixed_dictionaries({"resource": resource | ANYTHING}) | ANYTHING, max_size=3
    )
    return st.fixed_dictionaries({"entry": entries | ANYTHING})


ORDER = shaped(
    *("id", "status", "code", "medicationCodeableConcept", "medicationReference", "contained"),
    *("dosageInstruction", "resourceType", "productCodeableConcept"),
)
PERSON = shaped("name", "gender", "birthDate", "deceasedBoolean").map(
    lambda person: {**person, "resourceType": "Patient"}
)
CONDITION = shaped("code", "clinicalStatus", "verificationStatus").map(
    lambda condition: {**condition, "resourceType": "Condition"}
)
REQUESTS = st.fixed_dictionaries(
    {
        "hook": SCALARS,
        "context": st.fixed_dictionaries(
            {"draftOrders": bundle(ORDER) | ANYTHING, "selections": st.just(["A/b"]) | ANYTHING}
        )
        | ANYTHING,
        "prefetch": st.fixed_dictionaries(
            {"patient": PERSON | ANYTHING, "conditions": bundle(CONDITION) | ANYTHING}
        )
        | ANYTHING,
    }
)


@settings(max_examples=300)
@given(REQUESTS)
def test_a_request_of_whatever_shape_can_be_told(document: dict[str, Any]) -> None:
    call = told("one", document, InvalidRequest("no request"))
    person = patient_of(document, fixtures.ANCHOR)
    lines = [click.unstyle(line) for line in [*patient_lines(person), *call_lines(call)]]
    assert "    - no request" in lines
    assert all(line.isprintable() for line in lines)


@given(ORDER)
def test_an_order_of_whatever_shape_is_told_as_one(order: dict[str, Any]) -> None:
    drafts = {"entry": [{"resource": order}]}
    (found,) = orders_of({"context": {"draftOrders": drafts, "selections": ["A/b"]}})
    assert found["order"]
