"""Stories: fixtures posted over HTTP, whole answers compared with what the catalogue expects."""

from __future__ import annotations

import pytest

import fixtures
from fixtures.expectation import COMFORT
from tests.catalogue import REQUESTS, answer, cards, headline, said, skip_if_any, still_to_come


@pytest.mark.parametrize("name", REQUESTS)
def test_a_story_gets_the_cards_that_the_catalogue_expects(name: str) -> None:
    expected = fixtures.EXPECTED[name]
    response = answer(name)
    assert response.status_code == expected.status
    got = [headline(card) for card in response.json.get("cards", [])]
    missing = still_to_come(name, expected)
    if missing and COMFORT not in expected.cards:
        # Gaps show alone where the card to come would have carried them.
        got = [card for card in got if card[0] != "data-gaps"]
        assert got == [card for card in expected.cards if card[0] not in missing]
    skip_if_any(missing)
    assert got == list(expected.cards)


@pytest.mark.parametrize("name", REQUESTS)
def test_a_story_does_not_make_the_mistake_it_is_there_to_catch(name: str) -> None:
    expected = fixtures.EXPECTED[name]
    skip_if_any(still_to_come(name, expected) & {COMFORT[0]})
    found = answer(name).json.get("cards", [])
    text = said(found)
    assert {headline(card)[0] for card in found}.isdisjoint(expected.must_not)
    assert [phrase for phrase in expected.must_not_say if phrase.lower() in text] == []


def test_every_card_says_that_its_content_is_pending_review() -> None:
    for name in REQUESTS:
        for card in answer(name).json.get("cards", []):
            assert "pending clinical review" in card["detail"]
            assert card["extension"]["org.als-leukemia-cds.rule"]["reviewStatus"]


def test_the_first_scenario_shows_dose_criteria_and_gaps() -> None:
    """Catalogue section 7, scenario 1: the figures a clinician would check by hand."""
    emergency, goals = cards("als-aml-emergency.patient-view")
    for figure in (
        "187 ×10⁹/L",
        "3,500 mg/day",
        "65.9 kg",
        "3,297-3,956",
        "creatinine clearance 79 mL/min",
        "urate 9.1 mg/dL",
        "phosphate 4.9 mg/dL",
        "189-227 mL/h",
        "needs G6PD",
        "G6PD: not known",
    ):
        assert figure in emergency["detail"]
    assert "ECOG performance status 3" in goals["detail"]
    assert "44 %" in goals["detail"]
