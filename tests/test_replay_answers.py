"""What counts as a change between two answers, and as of when a recorded request is answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cds_service.replay import compare, lacks, recorded_at
from tests.engine.made_up import NOW, SYSTEM, ago


def answer(*cards: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"status": 200, "truths": {}, "cards": list(cards), **more}


def card(rule: str, **more: Any) -> dict[str, Any]:
    extension = {"org.als-leukemia-cds.rule": {"id": rule, "version": "1", **more}}
    return {"summary": rule, "indicator": "info", "detail": SYSTEM, "extension": extension}


def kinds(one: dict[str, Any] | None, other: dict[str, Any] | None) -> list[str]:
    return [change.kind for change in compare(one, other, frozenset())]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (answer(card("a"), card("b")), answer(card("b"), card("a")), ["order"]),
        (answer(card("a"), card("a")), answer(card("a")), ["disappeared"]),
        (answer(card("a")), answer(card("a", reviewStatus="approved")), ["reviewStatus"]),
        (answer(card("a")), answer({**card("a"), "links": []}), ["links"]),
        (answer(card("a", version="2")), answer(card("a")), []),
        (answer(truths={"a": "false"}), answer(truths={}), ["truth"]),
        (answer(card("a")), None, ["status", "disappeared"]),
        ({"status": 412, "problems": ["a"]}, {"status": 412, "problems": ["b"]}, ["status"]),
    ],
    ids=str,
)
def test_whatever_differs_between_two_answers_is_a_change(
    one: dict[str, Any], other: dict[str, Any] | None, expected: list[str]
) -> None:
    assert kinds(one, other) == expected


def test_what_lies_after_the_file_was_saved_is_no_time_of_recording() -> None:
    text = f'"{ago(3)}", "{ago(-72)}", "2026-11-99T00:00:00Z"'
    assert recorded_at(text, NOW) == datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    assert recorded_at("2026-11-20", NOW) == NOW


@pytest.mark.parametrize(
    ("prefetch", "expected"),
    [
        ({"person": {"resourceType": "Patient"}, "results": {"resourceType": "Bundle"}}, []),
        ({"person": None, "results": None}, ["person"]),
        ({"person": "an error page", "results": {"resourceType": "OperationOutcome"}}, ["both"]),
        (None, ["both"]),
    ],
    ids=str,
)
def test_a_key_is_lacking_where_a_live_service_would_read_it(
    prefetch: Any, expected: list[str]
) -> None:
    templates = {"person": "Patient/{{context.patientId}}", "results": "Observation?code=1"}
    found = lacks({"prefetch": prefetch}, templates)
    assert found == (list(templates) if expected == ["both"] else expected)
