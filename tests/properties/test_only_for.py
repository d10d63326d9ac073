"""What a rule is only for is asked first and may end it: that changes no answer."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fixtures
import hooks
from cds_service.engine import load_engine
from cds_service.errors import CDSError
from cds_service.finding import ALL_OF, FALSE, TRUE, Finding
from cds_service.rule import Rule
from cds_service.settings import Settings
from tests.patients import NOW, Draft, Record, chart
from tests.properties.cases import RULES, Case, all_cases, bounded, facts, is_new, stories
from tests.properties.posts import request
from tests.properties.test_readers_fuzz import spoiled

ENGINE = load_engine(hooks, Settings())
SERVICE_OF = {service.hook: service for service in hooks.SERVICES}
ONLY_FOR = {rule_id: rule for rule_id, rule in RULES.items() if rule.only_for is not None}
ABOUT_NO_ORDER = {
    "data-gaps": "what is missing matters whatever is ordered",
    "blinatumomab-eligibility": "the order is its only condition",
    "tretinoin-safety": "the order is its only condition",
}
"""Rules of order hooks that are asked in full each time, and why."""


def words(finding: Finding) -> list[tuple[str, str, bool, bool]]:
    return [(fact.key, fact.say(), fact.missing, fact.weak) for fact in finding.deciding()]


def assert_the_same(*case: Record) -> None:
    """With a chart for either way, as it remembers what it was asked."""
    one, other = chart(*case), chart(*case)
    for rule in ONLY_FOR.values():
        short, whole = rule.ask(one), rule.applies(other)
        assert (rule.id, short.truth) == (rule.id, whole.truth)
        if whole.truth is not FALSE:
            assert words(short) == words(whole)
            assert short.is_firm() == whole.is_firm()


def test_rules_that_ask_less_answer_the_same_in_every_case_and_story() -> None:
    drafted = [case for case in all_cases() if any(isinstance(each, Draft) for each in case)]
    for case in (*drafted, *stories().values()):
        assert_the_same(*case)


@given(case=st.sampled_from(all_cases()), more=st.lists(facts(), min_size=1, max_size=4))
@bounded(200)
def test_and_so_they_do_whatever_else_is_on_record(case: Case, more: list[Record]) -> None:
    assert_the_same(*case, *(each for each in more if is_new(each, case)))


def names_of_requests() -> list[str]:
    return [name for story in fixtures.stories() for name in fixtures.requests(story)]


def told(asked: dict[str, Any]) -> Any:
    """All that is said of a request, and every rule's answer; or why there is none."""
    try:
        found = ENGINE.respond(SERVICE_OF[asked["hook"]], json.dumps(asked).encode(), NOW)
    except CDSError as problem:
        return str(problem)
    cards = [(card["indicator"], card["summary"], card["detail"]) for card in found.cards]
    return found.truths(), found.gaps, cards


@pytest.mark.parametrize("name", names_of_requests())
def test_spoiled_requests_get_the_same_cards_as_if_all_was_asked(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(4):
        asked = request(name)
        dice = random.Random(f"{name} {seed}")
        part = "context" if "draftOrders" in asked["context"] else "prefetch"
        asked[part] = spoiled(asked.get(part) or {}, dice)
        with monkeypatch.context() as whole:
            whole.setattr(Rule, "ask", lambda rule, of: rule.applies(of))
            expected = told(asked)
        assert told(asked) == expected


@pytest.mark.parametrize("rule", ONLY_FOR.values(), ids=ONLY_FOR)
def test_what_a_rule_is_only_for_are_the_first_of_its_conditions(rule: Rule) -> None:
    """So a no to it is a no to the rule. Of nobody it is never so, and of somebody it is."""
    assert rule.only_for is not None
    own = rule.only_for(chart())
    first = own.parts if own.question == ALL_OF else (own,)
    conditions = rule.applies(chart()).parts[: len(first)]
    assert own.truth is FALSE
    assert [each.question for each in conditions] == [each.question for each in first]
    assert any(rule.only_for(chart(*case)).truth is TRUE for case in all_cases())


def test_every_rule_about_orders_says_what_it_is_only_for() -> None:
    at_orders = {
        rule.id
        for service in hooks.SERVICES
        if service.hook != "patient-view"
        for rule in service.rules()
    }
    assert at_orders - set(ONLY_FOR) == set(ABOUT_NO_ORDER)
