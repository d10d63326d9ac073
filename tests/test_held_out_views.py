"""Opened charts that nobody wrote the rules for, each of which once got a wrong answer."""

from __future__ import annotations

from typing import Any

import pytest

from hooks.concepts import AML, APL, COMPLETE_REMISSION, ECOG, PML_RARA
from hooks.patient_view import PATIENT_VIEW
from tests.patients import answered, cards, count, diagnosis, in_remission, part, result


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


def test_an_entry_newer_than_a_reported_remission_is_new_or_relapsed() -> None:
    """Neither a pathway for new disease nor silence: the relapse may not be coded as one."""
    good = (count(9), result(ECOG, 1, hours_ago=48))
    entry = diagnosis(AML, recorded="2026-11-01")
    before = answered(COMPLETE_REMISSION, "CR", hours_ago=24 * 200)
    card = cards(PATIENT_VIEW, entry, before, *good)["data-gaps"]
    assert any("new or relapsed is not recorded" in line for line in missing(card))
    undated = cards(PATIENT_VIEW, diagnosis(AML, recorded=None), before, *good)
    assert set(undated) == {"data-gaps"}
    since = answered(COMPLETE_REMISSION, "CR", hours_ago=24)
    assert cards(PATIENT_VIEW, entry, since, *good) == {}


def test_a_fusion_found_after_the_remission_of_apl_is_named() -> None:
    """Molecular relapse has no code on the problem list; at diagnosis it was positive too."""
    remission = in_remission(APL, recorded="2026-11-01")
    card = cards(PATIENT_VIEW, remission, answered(PML_RARA, "Positive"))["data-gaps"]
    assert any("returning disease is not excluded" in line for line in missing(card))
    at_diagnosis = answered(PML_RARA, "Positive", hours_ago=24 * 200)
    assert cards(PATIENT_VIEW, remission, at_diagnosis) == {}
    assert cards(PATIENT_VIEW, remission, answered(PML_RARA, "Negative")) == {}


# -- the problem list ----------------------------------------------------------------------------


def test_an_entry_without_clinical_status_counts_as_active_and_says_so() -> None:
    """Catalogue 5.13: a missing clinical status is treated as active, and shown."""
    card = cards(PATIENT_VIEW, diagnosis(AML, clinical=None), count(150))
    basis = part(card["hyperleukocytosis-emergency"], "This patient")
    assert any("active, clinical status not sent" in line for line in basis)


@pytest.mark.parametrize("words", ["In remission", "Remission"])
def test_a_status_in_words_alone_is_read(words: str) -> None:
    entry = diagnosis(AML, clinical=None) | {"clinicalStatus": {"text": words}}
    assert set(cards(PATIENT_VIEW, entry, count(150))) == {"hyperleukocytosis-watch"}
    assert cards(PATIENT_VIEW, entry, count(5)) == {}


def test_a_refutation_in_words_alone_is_read() -> None:
    for words in ("Refuted", "Entered in error"):
        entry = diagnosis(AML, verification=None) | {"verificationStatus": {"text": words}}
        assert cards(PATIENT_VIEW, entry, count(5)) == {}


def test_a_status_in_words_that_spell_none_counts_as_active_and_is_shown() -> None:
    entry = diagnosis(AML, clinical=None) | {"clinicalStatus": {"text": "Smouldering"}}
    card = cards(PATIENT_VIEW, entry, count(150))["hyperleukocytosis-emergency"]
    assert any("clinical status smouldering" in line for line in part(card, "This patient"))
