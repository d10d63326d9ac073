"""The catalogue's worked scenarios over HTTP: cards, their words, what they offer, no mistakes."""

from __future__ import annotations

import json
from typing import Any

import pytest

import fixtures
from tests.catalogue import Case, cards, headline, said, skip_if_any, still_to_come
from tests.scenarios import SCENARIOS

CASES = {f"{number}: {case.request}": case for number, cases in SCENARIOS.items() for case in cases}


def found(case: Case) -> list[dict[str, Any]]:
    """The cards of a case, once every rule that it expects is there."""
    skip_if_any(still_to_come(case.request, fixtures.EXPECTED[case.request]))
    return cards(case.request)


def suggestions(case: Case) -> list[dict[str, Any]]:
    return [each for card in found(case) for each in card.get("suggestions", ())]


def holds(text: str, phrase: str) -> bool:
    return any(either in text for either in phrase.lower().split("|"))


def test_every_scenario_of_the_catalogue_is_here() -> None:
    assert list(SCENARIOS) == list(range(1, 43))
    assert all(SCENARIOS.values())


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_scenario_and_its_story_expect_the_same(case: Case) -> None:
    assert case.cards == fixtures.EXPECTED[case.request].cards


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_scenario_brings_its_cards_in_order(case: Case) -> None:
    assert [headline(card) for card in found(case)] == list(case.cards)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_cards_of_a_scenario_say_what_matters(case: Case) -> None:
    text = said(found(case))
    assert [phrase for phrase in case.says if not holds(text, phrase)] == []


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_scenario_avoids_the_mistakes_of_its_row(case: Case) -> None:
    shown = found(case)
    assert {headline(card)[0] for card in shown}.isdisjoint(case.must_not)
    text = said(shown)
    assert [phrase for phrase in case.must_not_say if holds(text, phrase)] == []


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_scenario_offers_what_its_row_says_and_nothing_it_forbids(case: Case) -> None:
    text = json.dumps(suggestions(case), ensure_ascii=False).lower()
    assert [phrase for phrase in case.offers if not holds(text, phrase)] == []
    assert [phrase for phrase in case.must_not_offer if holds(text, phrase)] == []


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=name) for name, case in CASES.items() if case.deletes]
)
def test_one_suggestion_of_a_scenario_removes_the_orders_together(case: Case) -> None:
    removed = [
        sorted(action["resourceId"] for action in each["actions"] if action["type"] == "delete")
        for each in suggestions(case)
    ]
    assert sorted(case.deletes) in removed


def test_hydroxyurea_is_recommended_only_where_the_lineage_is_known() -> None:
    """Scenario 40 beside scenario 1: offered in both, marked as recommended in one."""
    marked = {
        name: [
            each.get("isRecommended", False)
            for card in cards(name)
            for each in card.get("suggestions", ())
            if "hydroxyurea" in each["label"].lower()
        ]
        for name in (
            "als-aml-emergency.patient-view",
            "acute-leukemia-unspecified.patient-view",
        )
    }
    assert list(marked.values()) == [[True], [False]]
