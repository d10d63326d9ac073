"""Which cards show, in which order, and that nothing fails in silence."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from cds_service.card import EXTENSION, Attribution
from cds_service.chart import Chart
from cds_service.engine import Engine
from cds_service.errors import ContentError, InvalidRequest, MissingData, UnknownService
from cds_service.finding import FALSE, TRUE, UNKNOWN, Fact, Finding, Truth
from cds_service.prefetch import Answer, Query, State, failed
from cds_service.rule import Escalation, Indicator, Rule, WhenUnknown
from cds_service.service import Decision, Group, Service, decide
from cds_service.settings import Settings
from tests.engine.made_up import (
    BRIGHT,
    CONCEPTS,
    ME,
    NOW,
    POLISH,
    SHINE,
    SPOTS,
    WAX,
    a_rule,
    answer,
    chart,
    coded,
    condition,
    draft,
    observation,
    raising,
)

CRITICAL, WARNING, INFO = Indicator
QUERIES = (
    Query("person", "Patient", "Who."),
    Query("problems", "Condition", "Spots.", (SPOTS,), 9, all_codes=True, required=True),
    Query("results", "Observation", "Shine.", (SHINE,), 9),
)


def a_service(*groups: tuple[Rule, ...], gaps: Rule | None = None, **more: Any) -> Service:
    given: dict[str, Any] = {
        "id": "made-up",
        "hook": "patient-view",
        "title": "Made up",
        "description": "Shine and spots.",
        "usage_requirements": "None.",
        "queries": QUERIES,
        "groups": tuple(Group(f"group {n}", rules) for n, rules in enumerate(groups)),
        "gaps": gaps or a_rule("gaps", truth=FALSE),
        "attribution": Attribution("A summary", "Not an order.", "pending"),
        "card_limit": 2,
    }
    return Service(**(given | more))


ALL_READ = {query.key: Answer(State.EMPTY) for query in QUERIES}
ONE_FAILED = ALL_READ | {"results": failed("the server answered 500")}


def decided(
    service: Service, answers: dict[str, Answer] | None = None, asked: Chart | None = None
) -> Decision:
    return decide(service, asked or chart(), answers or ALL_READ)


def shown(decision: Decision) -> list[str]:
    return [card["source"]["topic"]["code"] for card in decision.cards]


def gaps_of(card: dict[str, Any]) -> list[str]:
    found: list[str] = card["extension"][EXTENSION].get("notEvaluable", [])
    return found


# -- which cards -----------------------------------------------------------------------------------

YES, NO = a_rule("yes"), a_rule("no", truth=FALSE)
GAP = a_rule("gap", truth=UNKNOWN)
SPEAKS = a_rule("gaps")

CHOSEN: dict[str, tuple[Service, list[str]]] = {
    "a rule that applies": (a_service((YES,)), ["yes"]),
    "none": (a_service((NO,)), []),
    "the first of a group": (a_service((a_rule("first"), YES)), ["first"]),
    "the next where the first does not apply": (a_service((NO, YES)), ["yes"]),
    "the next where the first is unknown": (a_service((GAP, YES)), ["yes"]),
    "one of every group": (a_service((YES,), (a_rule("other"),)), ["yes", "other"]),
    "no more than the limit": (a_service((YES,), (a_rule("b"),), (a_rule("c"),)), ["yes", "b"]),
    "gaps where nothing applies but something is unknown": (a_service((GAP,)), ["gaps"]),
    "no gaps where something applies": (a_service((GAP,), (YES,), gaps=SPEAKS), ["yes"]),
    "gaps of their own accord": (a_service((NO,), gaps=SPEAKS), ["gaps"]),
    "no gaps for a silent unknown": (
        a_service((a_rule("s", truth=UNKNOWN, when_unknown=WhenUnknown.SILENT),)),
        [],
    ),
}


@pytest.mark.parametrize(("service", "expected"), CHOSEN.values(), ids=CHOSEN)
def test_which_cards_show(service: Service, expected: list[str]) -> None:
    assert shown(decided(service)) == expected


ON_ORDERS: dict[str, tuple[WhenUnknown, dict[str, Answer], list[str]]] = {
    "an unknown asks for a line only": (WhenUnknown.ASK, ALL_READ, []),
    "an unknown that is worth a card": (WhenUnknown.ALONE, ALL_READ, ["gaps"]),
    "a failed read": (WhenUnknown.ASK, ONE_FAILED, ["gaps"]),
}


@pytest.mark.parametrize(("when", "answers", "expected"), ON_ORDERS.values(), ids=ON_ORDERS)
def test_gaps_are_quieter_on_order_hooks(
    when: WhenUnknown, answers: dict[str, Answer], expected: list[str]
) -> None:
    rule = a_rule("gap", truth=UNKNOWN, when_unknown=when)
    service = a_service((rule,), hook="order-select", gaps_need_a_failed_read=True)
    assert shown(decided(service, answers)) == expected


def urgent(identity: str, indicator: Indicator) -> tuple[Rule]:
    return (a_rule(identity, indicator=indicator),)


@pytest.mark.parametrize("hook", ["patient-view", "order-select"])
def test_critical_cards_come_first_and_are_never_cut_off(hook: str) -> None:
    groups = (
        urgent("info", INFO),
        urgent("warning", WARNING),
        urgent("one", CRITICAL),
        urgent("two", CRITICAL),
    )
    assert shown(decided(a_service(*groups, hook=hook))) == ["one", "two"]
    one = a_service(*groups, hook=hook, card_limit=1)
    assert shown(decided(one)) == ["one", "two"]
    three = a_service(*groups, hook=hook, card_limit=3)
    assert shown(decided(three)) == ["one", "two", "warning"]


def test_an_escalated_card_is_as_urgent_as_it_became() -> None:
    escalated = a_rule("escalated", escalations=(Escalation(CRITICAL, lambda _: answer(TRUE)),))
    service = a_service(urgent("warning", WARNING), (escalated,), card_limit=1)
    assert shown(decided(service)) == ["escalated"]


def test_cards_of_one_urgency_are_in_the_order_of_the_selections() -> None:
    groups = [
        (a_rule(concept.id, lambda chart, concept=concept: chart.ordering(concept)),)
        for concept in (POLISH, WAX)
    ]
    drafts = [draft(c.id, medicationCodeableConcept=coded(c.id.upper())) for c in (POLISH, WAX)]
    service = a_service(*groups, hook="order-select")
    for order in (["wax", "polish"], ["polish", "wax"]):
        asked = chart(drafts=drafts, selections=[f"MedicationRequest/{each}" for each in order])
        assert shown(decided(service, asked=asked)) == order


# -- gaps on cards ---------------------------------------------------------------------------------


def test_gaps_stand_at_the_foot_of_the_first_card_once() -> None:
    service = a_service((YES,), (a_rule("b"),), (GAP,), (a_rule("gap-2", truth=UNKNOWN),))
    first, second = decided(service, ONE_FAILED).cards
    assert gaps_of(first) == [
        "fact of gap",
        "fact of gap-2",
        "Data under results could not be read: the server answered 500",
    ]
    assert gaps_of(second) == []


def test_one_thing_that_is_missing_for_two_rules_is_one_gap() -> None:
    def missing(words: str) -> Callable[[Chart], Finding]:
        return lambda _: Finding("q", UNKNOWN, (Fact("shine", lambda: words, missing=True),))

    rules = (a_rule("a", missing("older than 24 h")), a_rule("b", missing("older than 72 h")))
    (card,) = decided(a_service(*((rule,) for rule in rules))).cards
    assert gaps_of(card) == ["older than 24 h"]


def test_the_gaps_card_claims_only_what_its_rule_found() -> None:
    denies = a_rule("gaps", truth=FALSE)
    (card,) = decided(a_service((GAP,), gaps=denies)).cards
    assert "fact of gaps" not in card["detail"]
    assert gaps_of(card) == ["fact of gap"]


# -- what raises -----------------------------------------------------------------------------------

BROKEN = a_rule("broken", raising)


def test_a_rule_that_raises_is_named_on_the_card_that_shows() -> None:
    decision = decided(a_service((BROKEN,), (YES,)))
    assert shown(decision) == ["yes"]
    assert gaps_of(decision.cards[0]) == ["The check broken could not be run"]


def test_a_rule_that_raises_is_named_where_no_other_card_shows() -> None:
    decision = decided(a_service((BROKEN,), (NO,)))
    assert shown(decision) == ["gaps"]
    assert "- The check broken could not be run" in decision.cards[0]["detail"]


def test_a_rule_that_raises_is_named_on_order_hooks_too() -> None:
    service = a_service((BROKEN,), hook="order-select", gaps_need_a_failed_read=True)
    assert shown(decided(service)) == ["gaps"]


def test_a_rule_that_raises_does_not_keep_the_next_from_showing() -> None:
    assert shown(decided(a_service((BROKEN, YES)))) == ["yes"]


def test_a_gaps_rule_that_raises_is_named_too() -> None:
    decision = decided(a_service((NO,), gaps=a_rule("gaps", raising)))
    assert shown(decision) == ["gaps"]
    assert gaps_of(decision.cards[0]) == ["The check gaps could not be run"]


def test_a_rule_that_answers_nothing_is_a_rule_that_could_not_be_run() -> None:
    decision = decided(a_service((a_rule("none", lambda _: None),)))  # type: ignore[arg-type,return-value]
    assert gaps_of(decision.cards[0]) == ["The check none could not be run"]


def test_an_escalation_that_raises_leaves_the_card_and_says_so() -> None:
    rule = a_rule("r", indicator=WARNING, escalations=(Escalation(CRITICAL, raising),))
    (card,) = decided(a_service((rule,))).cards
    assert (card["indicator"], card["summary"]) == ("warning", "Summary of r")
    assert "fact of r" in card["detail"]
    assert gaps_of(card) == ["How urgent this is could not be worked out"]


@pytest.mark.parametrize("part", ["shows", "advice", "suggestions"])
def test_a_part_of_a_card_that_raises_leaves_the_card_and_says_so(part: str) -> None:
    rule = a_rule("r", **{part: (raising,)})
    first, second = decided(a_service((rule,), (YES,))).cards
    assert (first["summary"], first["indicator"]) == ("Summary of r", "info")
    assert "Doe J. On shine." in first["detail"]
    assert gaps_of(first) == ["Part of this card could not be worked out"]
    assert shown(Decision([], [], [], [second])) == ["yes"]


def mute(truth: Truth) -> Callable[[Chart], Finding]:
    """A finding whose fact cannot be put in words."""
    return lambda _: Finding("q", truth, (Fact("k", raising, missing=truth is UNKNOWN),))


def test_a_fact_that_cannot_be_said_leaves_the_card_and_says_so() -> None:
    (card,) = decided(a_service((a_rule("r", mute(TRUE)),))).cards
    assert card["summary"] == "Summary of r"
    assert gaps_of(card) == ["Part of this card could not be worked out"]


def test_a_gap_that_cannot_be_said_is_a_gap_all_the_same() -> None:
    decision = decided(a_service((a_rule("r", mute(UNKNOWN)),), (GAP,), (YES,)))
    assert shown(decision) == ["yes"]
    assert gaps_of(decision.cards[0]) == [
        "fact of gap",
        "Part of what is missing could not be put in words",
    ]


def test_what_raised_is_logged_without_its_message(caplog: pytest.LogCaptureFixture) -> None:
    rules = (
        (BROKEN,),
        (a_rule("r", advice=(raising,)),),
        (a_rule("e", escalations=(Escalation(INFO, raising),)),),
    )
    with caplog.at_level(logging.DEBUG):
        decided(a_service(*rules))
    assert {record.levelname for record in caplog.records} == {"ERROR"}
    assert [vars(record)["rule"] for record in caplog.records] == ["broken", "e", "r", "r"]
    for record in caplog.records:
        assert vars(record)["places"][-1].startswith("engine/made_up.py:")
        assert "4711" not in f"{vars(record)}{record.exc_info}"


def test_truths_of_all_rules_are_for_the_log() -> None:
    service = a_service((YES, NO), (GAP, BROKEN))
    assert decided(service).truths() == {
        "true": ["yes"],
        "unknown": ["gap"],
        "error": ["broken"],
        "false": ["no", "gaps"],
    }


# -- requests --------------------------------------------------------------------------------------


def test_a_prefetch_key_is_used_once() -> None:
    with pytest.raises(ContentError, match="a prefetch key is used twice"):
        a_service((YES,), queries=(QUERIES[0], QUERIES[0]))


def engine(service: Service) -> Engine:
    return Engine([service], CONCEPTS, Settings())


def test_a_query_for_something_that_is_no_concept_stops_the_start() -> None:
    with pytest.raises(ContentError, match="key problems asks for spots, which is not a concept"):
        Engine([a_service((YES,))], [SHINE], Settings())


def test_an_unknown_service_names_those_there_are() -> None:
    with pytest.raises(UnknownService, match="there are made-up"):
        engine(a_service((YES,))).service("other")


PREFETCH: dict[str, Any] = {
    "person": {"resourceType": "Patient", "id": ME},
    "problems": {"resourceType": "Bundle", "entry": [{"resource": condition()}]},
    "results": {"resourceType": "Bundle", "entry": [{"resource": observation(value=5)}]},
}


def respond(service: Service, user: str = "Practitioner/1", **prefetch: Any) -> Decision:
    context = {"userId": user, "patientId": ME}
    body = {"hook": service.hook, "hookInstance": "x", "context": context, "prefetch": prefetch}
    return engine(service).respond(service, json.dumps(body).encode(), NOW)


SPOTTED = a_service((a_rule("spotted", lambda chart: chart.has(SPOTS)),))


def test_a_request_is_answered_from_its_prefetch() -> None:
    assert shown(respond(SPOTTED, **PREFETCH)) == ["spotted"]


def test_required_data_that_is_missing_is_named() -> None:
    with pytest.raises(MissingData) as refused:
        respond(SPOTTED, **(PREFETCH | {"problems": {"resourceType": "OperationOutcome"}}))
    assert refused.value.problems == (
        "prefetch key problems is needed and could not be had: "
        "the server answered with an error (OperationOutcome)",
    )


def test_other_data_that_is_missing_is_a_gap() -> None:
    (card,) = respond(SPOTTED, **{k: v for k, v in PREFETCH.items() if k != "results"}).cards
    assert gaps_of(card) == ["Data under results could not be read: not supplied"]


def test_a_person_who_could_not_be_read_is_not_one_without_a_birth_date() -> None:
    age = a_rule("old", lambda chart: chart.age().at_least(BRIGHT))
    decision = respond(a_service((age,)), **{k: v for k, v in PREFETCH.items() if k != "person"})
    assert "Age: could not be checked (person: not supplied)" in gaps_of(decision.cards[0])


def test_another_patient_under_the_patients_key_is_refused() -> None:
    other = {"resourceType": "Patient", "id": "subject-2"}
    with pytest.raises(InvalidRequest, match="is another patient than"):
        respond(SPOTTED, **(PREFETCH | {"person": other}))


@pytest.mark.parametrize(
    "user", ["Patient/1", "RelatedPerson/1", "https://ehr.example/fhir/Patient/1"]
)
def test_patients_and_relatives_get_no_card(user: str) -> None:
    assert respond(SPOTTED, user, **PREFETCH).cards == []


@pytest.mark.parametrize("user", ["PractitionerRole/1", "Practitioner/Patient", "Device/1", "x"])
def test_everybody_else_is_served(user: str) -> None:
    assert shown(respond(SPOTTED, user, **PREFETCH)) == ["spotted"]
