"""Results that say yes or no: whole words, codes, flags, and shares where they mean something."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cds_service.presence import read_presence, says_something
from cds_service.terminology import QualitativeTest, ValueSet

CODES = ValueSet("made-up", "Made up", "https://example.org/made-up", "1", {})
WORDS = QualitativeTest("made-up", "Made up", CODES)
SHARES = QualitativeTest("made-up", "Made up", CODES, amount_means_yes=True)


@pytest.mark.parametrize(
    ("part", "answer"),
    [
        ({"valueBoolean": True}, True),
        ({"valueBoolean": False}, False),
        ({"valueString": " Detected "}, True),
        ({"valueString": "not detected"}, False),
        ({"valueString": "detected, see comment"}, None),
        ({"valueCodeableConcept": {"text": "Positive (qualifier value)"}}, True),
        ({"interpretation": [{"coding": [{"code": "NEG"}]}]}, False),
        ({"valueString": "positive", "interpretation": [{"coding": [{"code": "NEG"}]}]}, None),
        ({"valueQuantity": {"value": Decimal("3.5")}}, None),
        ({"valueBoolean": True, "interpretation": [{"coding": [{"code": "NEG"}]}]}, None),
        ({"valueBoolean": False, "interpretation": [{"coding": [{"code": "NEG"}]}]}, False),
        ({"valueString": "detected", "dataAbsentReason": {"text": "error"}}, None),
        ({"valueBoolean": "true"}, None),
        ({}, None),
    ],
)
def test_a_result_says_yes_no_or_neither(part: dict[str, Any], answer: bool | None) -> None:
    assert read_presence(part, WORDS) is answer


@pytest.mark.parametrize(
    ("quantity", "answer"),
    [
        ({"value": Decimal("0.01")}, True),
        ({"value": 35}, True),
        ({"value": 0}, False),
        ({"value": Decimal("0.01"), "comparator": "<"}, None),
        ({"value": Decimal("0.01"), "comparator": "<="}, None),
        ({"value": Decimal("0.01"), "comparator": ">="}, True),
        ({"value": 0, "comparator": ">="}, None),
        ({"value": 0, "comparator": ">"}, True),
        ({"value": 35, "comparator": "about"}, None),
        ({"value": 35, "comparator": []}, None),
        ({"value": -1}, None),
        ({"value": "35"}, None),
        ({"value": True}, None),
        ("35 %", None),
    ],
)
def test_a_share_above_zero_is_a_yes_where_it_is_meant_so(
    quantity: Any, answer: bool | None
) -> None:
    assert read_presence({"valueQuantity": quantity}, SHARES) is answer


def test_a_share_that_was_called_negative_says_neither() -> None:
    sent = {"valueQuantity": {"value": 1}, "interpretation": [{"coding": [{"code": "NEG"}]}]}
    assert read_presence(sent, SHARES) is None
    assert says_something(sent)


@pytest.mark.parametrize("name", ["valueRatio", "valueRange", "valueInteger"])
def test_a_value_that_is_not_read_is_not_nothing(name: str) -> None:
    assert says_something({name: {"low": 1}})
    assert not says_something({"valueString": "pending"})
