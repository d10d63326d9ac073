"""One decision, one card: rules about the same orders share it, and nothing of them is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cds_service.card import EXTENSION, Attribution
from cds_service.chart import ORDER_KEY, Chart
from cds_service.finding import FALSE, TRUE, UNKNOWN, Fact, Finding, all_of
from cds_service.prefetch import Answer, Query, State
from cds_service.rule import (
    Action,
    Escalation,
    Indicator,
    OverrideReason,
    Rule,
    Suggestion,
)
from cds_service.service import Group, Service, decide
from tests.engine.made_up import SOURCE, a_rule, answer, chart, draft, raising

CRITICAL, WARNING, INFO = Indicator
QUERIES = (Query("person", "Patient", "Who."),)
DRAFTS = [draft(name) for name in ("a", "b", "c", "d")]


def order_named(letter: str) -> Fact:
    return Fact(f"{ORDER_KEY}MedicationRequest/{letter}", lambda: f"Order {letter}")


def about(*orders: str) -> Any:
    """A question answered yes because of these orders, named by a letter each."""

    def asked(_: Chart) -> Finding:
        return Finding("ordering", TRUE, tuple(order_named(order) for order in orders))

    return asked


def rule_on(identity: str, orders: str, indicator: Indicator = WARNING, **more: Any) -> Rule:
    return a_rule(identity, about(*orders), indicator=indicator, **more)


def shown(
    *rules: Rule, joined: tuple[tuple[Rule, Rule], ...] = (), **more: Any
) -> list[dict[str, Any]]:
    """The cards of a service with one group for each rule, all drafts selected in order."""
    given: dict[str, Any] = {"card_limit": 3, "gaps": a_rule("gaps", truth=FALSE)} | more
    service = Service(
        id="made-up",
        hook="order-select",
        title="Made up",
        description="Joining.",
        usage_requirements="None.",
        queries=QUERIES,
        groups=tuple(Group(rule.id, (rule,)) for rule in rules),
        attribution=Attribution("A summary", "Not an order.", "pending"),
        joined=joined,
        **given,
    )
    return decide(service, chart(drafts=DRAFTS), {"person": Answer(State.EMPTY)}).cards


def ids(cards: list[dict[str, Any]]) -> list[str]:
    """Rule ids, each with those that went onto its card: "host+guest"."""
    return ["+".join([one["source"]["topic"]["code"], *also(one)]) for one in cards]


def also(card: dict[str, Any]) -> list[str]:
    found: list[str] = card["extension"][EXTENSION].get("also", [])
    return found


def rules(*orders: str, indicators: tuple[Indicator, ...] = ()) -> list[Rule]:
    """Rules called first, second, ... about these orders."""
    names = ("first", "second", "third", "fourth")
    chosen = (*indicators, *(WARNING for _ in orders))
    return [rule_on(n, o, i) for n, o, i in zip(names, orders, chosen, strict=False)]


# -- by their orders -------------------------------------------------------------------------------

BY_ORDERS: dict[str, tuple[list[Rule], list[str]]] = {
    "the same order": (rules("a", "a"), ["first+second"]),
    "different orders": (rules("a", "b"), ["first", "second"]),
    "one of several orders": (rules("ab", "b"), ["first+second"]),
    "a larger set stays apart from a smaller one": (rules("a", "ab"), ["first", "second"]),
    "sets that overlap": (rules("ab", "bc"), ["first", "second"]),
    "the more urgent is the host, though it comes later": (
        rules("a", "a", indicators=(INFO, WARNING)),
        ["second+first"],
    ),
    "a critical one is the host of both": (
        rules("a", "a", "a", indicators=(INFO, WARNING, CRITICAL)),
        ["third+second+first"],
    ),
    "a more urgent one about fewer orders stays apart": (
        rules("ab", "a", indicators=(INFO, WARNING)),
        ["second", "first"],
    ),
    "the first that holds the orders": (rules("ab", "ac", "a"), ["first+third", "second"]),
    "no orders are nobody's part": (rules("a", "", ""), ["first", "second", "third"]),
}


@pytest.mark.parametrize(("given", "expected"), BY_ORDERS.values(), ids=BY_ORDERS)
def test_rules_about_orders_of_another_card_go_onto_it(
    given: list[Rule], expected: list[str]
) -> None:
    assert ids(shown(*given)) == expected


def test_an_escalation_decides_who_is_the_host() -> None:
    raised = rule_on("raised", "a", INFO, escalations=(Escalation(CRITICAL, about("a")),))
    assert ids(shown(rule_on("plain", "a"), raised)) == ["raised+plain"]


def test_only_facts_that_decided_name_the_orders_of_a_card() -> None:
    host = a_rule("host", lambda c: all_of(about("a")(c), answer(TRUE)), indicator=WARNING)
    assert ids(shown(host, rule_on("guest", "a"))) == ["host+guest"]


def test_a_rule_that_is_unknown_is_no_guest() -> None:
    unknown = a_rule("unknown", lambda c: all_of(about("a")(c), answer(UNKNOWN)))
    assert ids(shown(rule_on("host", "a"), unknown)) == ["host"]


# -- by pairs that the service names ---------------------------------------------------------------

FIRST, SECOND, THIRD = rules("a", "b", "c")
PAIRED: dict[str, tuple[tuple[tuple[Rule, Rule], ...], list[str]]] = {
    "a pair": (((FIRST, SECOND),), ["first+second", "third"]),
    "a pair in the other order": (((SECOND, FIRST),), ["second+first", "third"]),
    "two guests of one host": (((FIRST, SECOND), (FIRST, THIRD)), ["first+second+third"]),
    "a guest that is a host itself": (((SECOND, THIRD), (FIRST, SECOND)), ["first+second+third"]),
    "a pair of which one does not apply": (
        ((FIRST, a_rule("other", truth=FALSE)),),
        ["first", "second", "third"],
    ),
}


@pytest.mark.parametrize(("pairs", "expected"), PAIRED.values(), ids=PAIRED)
def test_the_second_of_a_pair_goes_onto_the_card_of_the_first(
    pairs: tuple[tuple[Rule, Rule], ...], expected: list[str]
) -> None:
    assert ids(shown(FIRST, SECOND, THIRD, joined=pairs)) == expected


def test_the_orders_of_a_paired_guest_take_no_third_rule_onto_the_card() -> None:
    """Or the warning about one order would hide on a card about others."""
    third = rule_on("third", "b")
    assert ids(shown(FIRST, third, SECOND, joined=((FIRST, SECOND),))) == ["first", "third+second"]
    wider = rule_on("wider", "bc")
    assert ids(shown(FIRST, third, wider, joined=((FIRST, wider),))) == ["first+wider", "third"]


def test_a_guest_by_orders_goes_with_its_host_to_the_card_of_a_pair() -> None:
    note = rule_on("note", "b", INFO)
    assert ids(shown(FIRST, SECOND, note, joined=((FIRST, SECOND),))) == ["first+second+note"]


@pytest.mark.parametrize(
    ("host", "guest", "expected"),
    [(INFO, CRITICAL, "critical"), (CRITICAL, INFO, "critical"), (WARNING, INFO, "warning")],
)
def test_a_card_is_as_urgent_as_the_most_urgent_on_it(
    host: Indicator, guest: Indicator, expected: str
) -> None:
    first, second = rules("a", "b", indicators=(host, guest))
    (card,) = shown(first, second, joined=((first, second),))
    assert card["indicator"] == expected
    assert card["summary"] == "Summary of first"


# -- nothing is lost -------------------------------------------------------------------------------

OTHER_SOURCE = replace(SOURCE, key="OTHER", citation="Roe R. On gloss", url=f"{SOURCE.url}2")
KNOWN, UNSURE = (OverrideReason("https://made-up.example", each, each) for each in ("known", "?"))


def offering(*labels: str) -> tuple[Any, ...]:
    return tuple(
        lambda _, label=label: Suggestion(label, (Action("create", label, {"id": label}),))
        for label in labels
    )


HOST = rule_on(
    "host",
    "a",
    advice=("Advice of host",),
    override_reasons=(KNOWN,),
    suggestions=offering("one", "two"),
)
MISSING = Fact("gone", lambda: "Gap", missing=True)
GUEST = rule_on(
    "guest",
    "a",
    INFO,
    shows=(
        lambda _: [
            Fact("seen", lambda: "Seen by guest"),
            Fact("gone", lambda: "Gap", missing=True),
        ],
    ),
    advice=("Advice of guest",),
    evidence=(SOURCE, OTHER_SOURCE),
    override_reasons=(KNOWN, UNSURE),
    suggestions=offering("two", "three"),
)


def test_a_guest_brings_its_lines_values_and_gaps() -> None:
    (card,) = shown(HOST, GUEST)
    section = card["detail"].split("**Also: Summary of guest**\n\n")[1].split("\n\n")[0]
    assert section == "- Seen by guest\n- Advice of guest"
    assert "- Advice of host" in card["detail"]
    assert card["extension"][EXTENSION]["notEvaluable"] == ["Gap"]


def test_an_order_named_by_both_is_named_once() -> None:
    (card,) = shown(HOST, GUEST)
    assert card["detail"].count("Order a") == 1


def test_sources_links_reasons_and_suggestions_are_those_of_both_each_once() -> None:
    (card,) = shown(HOST, GUEST)
    assert card["detail"].count("Doe J. On shine") == 1
    assert card["detail"].count("Roe R. On gloss") == 1
    assert [each["url"] for each in card["links"]] == [SOURCE.url, OTHER_SOURCE.url]
    assert [each["code"] for each in card["overrideReasons"]] == ["known", "?"]
    assert [each["label"] for each in card["suggestions"]] == ["one", "two", "three"]


def test_a_card_alone_says_nothing_of_others() -> None:
    (card,) = shown(HOST)
    assert "Also:" not in card["detail"]
    assert also(card) == []


def test_a_guest_whose_lines_raise_is_still_named() -> None:
    broken = rule_on("broken", "a", INFO, advice=(raising,), suggestions=(raising,))
    (card,) = shown(HOST, broken)
    assert also(card) == ["broken"]
    assert "**Also: Summary of broken**" in card["detail"]
    assert "Part of this card could not be worked out" in card["detail"]


# -- how many and in which order -------------------------------------------------------------------


def test_joined_cards_leave_room_for_others() -> None:
    given = rules("a", "a", "b", "c")
    assert ids(shown(*given)) == ["first+second", "third", "fourth"]


def test_a_fourth_card_is_dropped_unless_it_is_critical() -> None:
    given = rules("a", "b", "c", "d")
    assert ids(shown(*given)) == ["first", "second", "third"]
    urgent = rules("a", "b", "c", "d", indicators=(CRITICAL,) * 4)
    assert ids(shown(*urgent)) == ["first", "second", "third", "fourth"]


def test_a_card_made_critical_by_its_guest_is_not_dropped() -> None:
    first, second, third, fourth = rules("a", "b", "c", "d")
    urgent = rule_on("urgent", "e", CRITICAL)
    found = shown(first, second, third, fourth, urgent, joined=((fourth, urgent),))
    assert ids(found) == ["fourth+urgent", "first", "second"]


def test_cards_stand_by_urgency_then_as_selected() -> None:
    given = rules("c", "b", "a", indicators=(INFO, WARNING, WARNING))
    assert ids(shown(*given)) == ["third", "second", "first"]


def sections(card: dict[str, Any]) -> dict[str, str]:
    """What stands under each heading of the detail."""
    parts = card["detail"].split("\n\n")
    return {part: parts[n + 1] for n, part in enumerate(parts) if part.startswith("**")}


def test_the_evidence_of_another_rule_says_whose_it_is() -> None:
    other = replace(SOURCE, key="OTHER", citation="Roe. On dust. 2010")
    host = rule_on("bright-host", "ab", evidence=(SOURCE,), strength="Trials")
    guest = rule_on("dusty-guest", "a", INFO, evidence=(SOURCE, other), strength="Label")
    (card,) = shown(host, guest)
    found = sections(card)
    assert other.citation in found["**Evidence on dusty guest (Label)**"]
    assert SOURCE.citation in found["**Evidence (Trials)**"]
    assert list(found)[-2:] == ["**Evidence (Trials)**", "**Evidence on dusty guest (Label)**"]
