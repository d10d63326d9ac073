"""The JSON Schema of responses refuses what the specification forbids.

https://cds-hooks.hl7.org/2.0/#cds-service-response. A schema that accepts everything would let
every other test here pass.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.protocol.support import ORDER, RESPONSE, Caller, check_outcome, good, strict_json

REMOVED = object()
CARD: tuple[str | int, ...] = ("cards", 0)
SUGGESTION = (*CARD, "suggestions", 0)
DELETE = (*SUGGESTION, "actions", 0)
CREATE = (*CARD, "suggestions", 1, "actions", 0)

Path = tuple[str | int, ...]
FORBIDDEN: dict[str, tuple[Path, Any]] = {
    "RSP-01 no cards": (("cards",), REMOVED),
    "RSP-01 cards null": (("cards",), None),
    "RSP-04 empty systemActions": (("systemActions",), []),
    "RSP-06 an unknown member": (("status",), "ok"),
    "CARD-01 a blank summary": ((*CARD, "summary"), "  "),
    "CARD-01 no summary": ((*CARD, "summary"), REMOVED),
    "CARD-02 a summary of 140 characters": ((*CARD, "summary"), "x" * 140),
    "CARD-03 a summary of two lines": ((*CARD, "summary"), "one\ntwo"),
    "CARD-04 a blank detail": ((*CARD, "detail"), "\n"),
    "CARD-06 the indicator of 1.0": ((*CARD, "indicator"), "hard-stop"),
    "CARD-06 no indicator": ((*CARD, "indicator"), REMOVED),
    "CARD-07 no source": ((*CARD, "source"), REMOVED),
    "CARD-07 no label": ((*CARD, "source", "label"), REMOVED),
    "CARD-08 a relative source URL": ((*CARD, "source", "url"), "/guideline"),
    "CARD-09 an icon that is no URL": ((*CARD, "source", "icon"), "icon.png"),
    "CARD-11 an array of topics": ((*CARD, "source", "topic"), [{"code": "a", "system": "b:c"}]),
    "CARD-12 a uuid of another form": ((*CARD, "uuid"), "card-1"),
    "CARD-14 no suggestion in suggestions": ((*CARD, "suggestions"), []),
    "CARD-15 no selectionBehavior": ((*CARD, "selectionBehavior"), REMOVED),
    "CARD-16 an unknown selectionBehavior": ((*CARD, "selectionBehavior"), "all"),
    "CARD-17 selectionBehavior alone": ((*CARD, "suggestions"), REMOVED),
    "CARD-19 no override reason": ((*CARD, "overrideReasons"), []),
    "CARD-20 a reason without display": ((*CARD, "overrideReasons", 0, "display"), REMOVED),
    "CARD-21 suggestions without uuid": ((*CARD, "uuid"), REMOVED),
    "CARD-22 no link in links": ((*CARD, "links"), []),
    "SUG-01 a blank label": ((*SUGGESTION, "label"), " "),
    "SUG-02 a uuid of another form": ((*SUGGESTION, "uuid"), "1"),
    "SUG-03 isRecommended as text": ((*SUGGESTION, "isRecommended"), "true"),
    "SUG-04 no action in actions": ((*SUGGESTION, "actions"), []),
    "SUG-05 actionSelectionBehavior": ((*SUGGESTION, "actionSelectionBehavior"), "all"),
    "SUG-07 no uuid": ((*SUGGESTION, "uuid"), REMOVED),
    "ACT-01 an unknown type": ((*DELETE, "type"), "remove"),
    "ACT-02 no description": ((*DELETE, "description"), REMOVED),
    "ACT-04 create without resource": ((*CREATE, "resource"), REMOVED),
    "ACT-04 a resource without type": ((*CREATE, "resource", "resourceType"), REMOVED),
    "ACT-05 update without id": ((*CREATE, "type"), "update"),
    "ACT-06 a target without type": ((*DELETE, "resourceId"), "order-daunorubicin"),
    "ACT-07 delete with resource": ((*DELETE, "resource"), {"resourceType": "Basic"}),
    "LINK-01 no label": ((*CARD, "links", 0, "label"), REMOVED),
    "LINK-02 a relative URL": ((*CARD, "links", 0, "url"), "guideline.html"),
    "LINK-03 an unknown type": ((*CARD, "links", 0, "type"), "relative"),
    "LINK-04 appContext with type absolute": ((*CARD, "links", 0, "appContext"), "a"),
    "LINK-05 autolaunchable as text": ((*CARD, "links", 0, "autolaunchable"), "yes"),
    "COD-01 a reason without system": ((*CARD, "overrideReasons", 0, "system"), REMOVED),
    "COD-02 a system that is no URI": ((*CARD, "overrideReasons", 0, "system"), "reasons"),
    "EXT-01 an array of extensions": ((*CARD, "extension"), [{"url": "a"}]),
}


@pytest.fixture(scope="module")
def body(caller: Caller) -> dict[str, Any]:
    answer: dict[str, Any] = caller.post(good(ORDER)).json
    return answer


def spoil(body: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    spoilt = copy.deepcopy(body)
    target: Any = spoilt
    for step in path[:-1]:
        target = target[step]
    if value is REMOVED:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return spoilt


def test_the_schema_is_a_schema() -> None:
    """RSP-07: https://json-schema.org/draft/2020-12/schema"""
    Draft202012Validator.check_schema(RESPONSE.schema)


@pytest.mark.parametrize(("path", "value"), FORBIDDEN.values(), ids=FORBIDDEN)
def test_the_schema_refuses(body: dict[str, Any], path: Path, value: Any) -> None:
    """RSP-07: https://cds-hooks.hl7.org/2.0/#http-response"""
    assert RESPONSE.is_valid(body)
    assert not RESPONSE.is_valid(spoil(body, path, value))


def test_the_schema_refuses_two_recommendations_where_one_may_be_taken(
    body: dict[str, Any],
) -> None:
    """CARD-18: https://cds-hooks.hl7.org/2.0/#card-attributes"""
    one = spoil(body, (*CARD, "selectionBehavior"), "at-most-one")
    one = spoil(one, (*SUGGESTION, "isRecommended"), True)
    assert RESPONSE.is_valid(one)
    assert not RESPONSE.is_valid(spoil(one, (*CARD, "suggestions", 1, "isRecommended"), True))


def test_strict_json_refuses_what_json_does_not_know() -> None:
    """RSP-02: https://www.rfc-editor.org/rfc/rfc8259"""
    for text in (b'{"a": NaN}', b'{"a": 1, "a": 2}', b'"\xff"', b"{", b""):
        with pytest.raises(ValueError, match=r".+"):
            strict_json(text)


def test_an_outcome_of_another_code_is_noticed() -> None:
    """ERR-02: https://hl7.org/fhir/R4/valueset-issue-type.html"""
    outcome: dict[str, Any] = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "invalid", "diagnostics": "text"}],
    }
    check_outcome(outcome)
    changes: list[Callable[[dict[str, Any]], Any]] = [
        lambda wrong: wrong["issue"][0].update(code="bad"),
        lambda wrong: wrong["issue"][0].update(severity="severe"),
        lambda wrong: wrong["issue"].clear(),
        lambda wrong: wrong.update(resourceType="Outcome"),
    ]
    for change in changes:
        wrong = copy.deepcopy(outcome)
        change(wrong)
        with pytest.raises((AssertionError, ValueError)):
            check_outcome(wrong)
