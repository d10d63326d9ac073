"""Opened charts that nobody wrote the rules for, each of which once got a wrong answer."""

from __future__ import annotations

from typing import Any

from hooks import concepts
from hooks.concepts import AML
from hooks.patient_view import PATIENT_VIEW
from tests.patients import cards, count, in_remission, part, result


def missing(card: dict[str, Any]) -> list[str]:
    return part(card, "Missing or uncertain")


# -- remission -----------------------------------------------------------------------------------


def test_a_high_count_of_yesterday_in_remission_is_named() -> None:
    """130 of 30 h ago is too old for a card of its own, and no reason for silence."""
    for value in (130, 60):
        card = cards(PATIENT_VIEW, in_remission(AML), count(value, hours_ago=30))["data-gaps"]
        assert any(line.startswith(f"Leukocytes {value} ") for line in missing(card))
    assert cards(PATIENT_VIEW, in_remission(AML), count(5, hours_ago=30)) == {}
    assert cards(PATIENT_VIEW, in_remission(AML), count(130, hours_ago=80)) == {}
    assert cards(PATIENT_VIEW, in_remission(AML)) == {}
