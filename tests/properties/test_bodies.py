"""The JSON Schema of requests says what is accepted: it and the decoder agree on every body."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from cds_service.errors import InvalidRequest
from cds_service.openapi import read_schema
from cds_service.protocol import parse
from tests.properties.cases import bounded

HOOKS = ["patient-view", "order-select", "order-sign"]
SCHEMA = Draft202012Validator(read_schema("request.json"))
ABSENT = object()

TEXT = st.text(max_size=8)
NUMBERS = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
NAMES = st.text(st.sampled_from("Aa0.-_ /\n\t٣"), min_size=1, max_size=66) | TEXT
IDS = st.from_regex(r"[A-Za-z0-9.-]{1,64}", fullmatch=True)


def mostly(good: st.SearchStrategy[Any], *more: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What fits; one time in eight anything, or nothing: so most bodies have few mistakes."""
    bad = st.one_of(*more, JSON, st.just(ABSENT), st.just(ABSENT))
    return st.integers(0, 7).flatmap(lambda turn: bad if turn == 7 else good)


def an_object(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """With further members, and without those that are absent."""
    known = st.fixed_dictionaries(members)
    return st.tuples(st.dictionaries(TEXT, JSON, max_size=2), known).map(
        lambda pair: {k: v for k, v in {**pair[0], **pair[1]}.items() if v is not ABSENT}
    )


BUNDLES = an_object(
    resourceType=mostly(st.just("Bundle")),
    entry=mostly(st.just(ABSENT) | st.lists(JSON, max_size=2)),
)
CONTEXTS = an_object(
    userId=mostly(st.just("Practitioner/1"), st.just("")),
    patientId=mostly(IDS, NAMES, st.sampled_from([".", "...", "a\n", "a" * 64, "a" * 65])),
    draftOrders=mostly(BUNDLES),
    selections=mostly(st.lists(TEXT, max_size=2), st.lists(JSON, max_size=2)),
)
RESOURCES = st.none() | an_object(resourceType=mostly(st.sampled_from(["Patient", "Bundle"])))


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A hook, and a body that was sent to its service."""
    hook = draw(st.sampled_from(HOOKS))
    body = an_object(
        hook=mostly(st.just(hook), st.just(""), st.sampled_from(HOOKS)),
        hookInstance=mostly(st.just("1"), st.just("")),
        context=mostly(CONTEXTS),
        prefetch=mostly(st.dictionaries(TEXT, RESOURCES | JSON, max_size=2), st.none()),
        fhirServer=JSON | st.just(ABSENT),
        fhirAuthorization=JSON | st.just(ABSENT),
        extension=JSON | st.just(ABSENT),
    )
    return hook, draw(body)


def problems(hook: str, body: Any) -> tuple[str, ...]:
    """What the service says against a body; nothing where it is accepted."""
    try:
        parse(json.dumps(body).encode(), hook)
    except InvalidRequest as refusal:
        return refusal.problems
    return ()


@bounded(600)
@given(requests())
def test_a_body_is_accepted_where_it_fits_the_schema(asked: tuple[str, dict[str, Any]]) -> None:
    hook, body = asked
    found = problems(hook, body)
    if not SCHEMA.is_valid(body):
        event("fits not")
        assert found
    elif body["hook"] != hook:
        event("for another hook")
        assert found == (f"this service answers {hook}, the request says hook is {named(body)}",)
    else:
        event("fits")
        assert found == ()


def named(body: dict[str, Any]) -> str:
    return str(body["hook"]) if body["hook"] in HOOKS else "another one"


@bounded(300)
@given(requests())
def test_what_does_not_fit_is_named_with_its_place(asked: tuple[str, dict[str, Any]]) -> None:
    hook, body = asked
    errors = list(SCHEMA.iter_errors(body))
    places = {".".join(map(str, error.path)) or "the body" for error in errors}
    if errors:
        found = problems(hook, body)
        assert {problem.partition(": ")[0] for problem in found} == places


@bounded(200)
@given(JSON)
def test_what_is_no_request_at_all_is_refused(body: Any) -> None:
    assert not SCHEMA.is_valid(body)
    assert problems("patient-view", body)


def test_the_bodies_here_are_accepted_and_refused() -> None:
    """Or the properties would hold for nothing."""
    outcomes: set[bool] = set()

    @bounded(100)
    @given(requests())
    def collect(asked: tuple[str, dict[str, Any]]) -> None:
        outcomes.add(bool(problems(*asked)))

    collect()
    assert outcomes == {True, False}


@pytest.mark.parametrize("hook", HOOKS)
def test_a_body_without_more_than_it_needs_is_accepted(hook: str) -> None:
    context: dict[str, Any] = {"userId": "Practitioner/1", "patientId": "1"}
    if hook == "order-sign":
        context["draftOrders"] = {"resourceType": "Bundle"}
    body = {"hook": hook, "hookInstance": "1", "context": context}
    assert SCHEMA.is_valid(body)
    assert problems(hook, body) == ()
    for name in body:
        assert problems(hook, {k: v for k, v in body.items() if k != name})
