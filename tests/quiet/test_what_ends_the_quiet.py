"""A card that was set aside is held back for a day, and shows again when anything is different."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from cds_service.finding import TRUE, UNKNOWN, Fact, Finding
from cds_service.rule import Escalation, Indicator, Rule, Suggestion
from tests.engine.made_up import POLISH, a_rule, answer, chart, coded, draft, observation
from tests.quiet.visits import (
    DAY,
    MINUTE,
    NOT_TODAY,
    NOW,
    REASONS,
    SEEN,
    User,
    a_service,
    accepted,
    held,
    on_orders,
    overridden,
    shine,
    shown,
)

CRITICAL, WARNING, INFO = Indicator
ME_AGAIN = User()
HUNDRED = (shine(100),)


def the_rule(**more: Any) -> Rule:
    given: dict[str, Any] = {"indicator": WARNING, "override_reasons": REASONS} | more
    return a_rule("warns", **given)


RULE = the_rule()


@dataclass(frozen=True)
class Then:
    """What was shown and set aside, and what is there now."""

    then: tuple[dict[str, Any], ...] = HUNDRED
    now: tuple[dict[str, Any], ...] = HUNDRED
    rule_then: Rule = RULE
    rule_now: Rule = RULE
    user_then: User = ME_AGAIN
    ago: timedelta = timedelta(hours=3)
    reason: Any = SEEN
    drafts_then: tuple[dict[str, Any], ...] = ()
    drafts_now: tuple[dict[str, Any], ...] = ()
    troubles_now: tuple[str, ...] = ()

    def decided(self) -> Any:
        before = chart(*self.then, drafts=self.drafts_then)
        cards = self.user_then.saw(a_service(self.rule_then), before, self.ago + MINUTE)
        troubles = dict.fromkeys(self.troubles_now, "not read")
        now = chart(*self.now, drafts=self.drafts_now, troubles=troubles)
        past = overridden(cards, self.ago, self.reason)
        return ME_AGAIN.sees(a_service(self.rule_now), now, past)


def grown(value: float) -> tuple[dict[str, Any], ...]:
    """A newer value beside the one of then."""
    return (shine(value, hours_ago=1), *HUNDRED)


def order(letter: str = "a", **fields: Any) -> dict[str, Any]:
    return draft(letter, dosageInstruction=[{"text": "once"}], **fields)


def polish(dose: str) -> dict[str, Any]:
    concept = coded("POLISH")
    return draft("p", medicationCodeableConcept=concept, dosageInstruction=[{"text": dose}])


ORDERED = the_rule(applies=on_orders("a"))
BOTH_ORDERED = the_rule(applies=on_orders("a", "b"))
ONCE, OTHER_DOSE = order(), draft("a", dosageInstruction=[{"text": "twice"}])


def with_orders(rule: Rule = ORDERED, now: tuple[dict[str, Any], ...] = (ONCE,)) -> Then:
    return Then(rule_then=ORDERED, rule_now=rule, drafts_then=(ONCE,), drafts_now=now)


def escalating(truth: Any) -> Rule:
    """Critical where the answer is yes; the gap is named where it is not known."""
    return the_rule(escalations=(Escalation(CRITICAL, lambda _: answer(truth, "how bad")),))


def because_of(*keys: str) -> Rule:
    facts = tuple(Fact(key, key.__str__) for key in keys)
    return the_rule(applies=lambda _: Finding("reasons", TRUE, facts))


def grade(value: float, hours_ago: float = 3) -> dict[str, Any]:
    when = (NOW - timedelta(hours=hours_ago)).isoformat()
    amount = {"value": value, "unit": "points"}
    return observation("GRADE", valueQuantity=amount, effectiveDateTime=when)


def graded(*now: dict[str, Any], rule: Rule | None = None) -> Then:
    """A card that rests on a grade of 8; now there are these grades beside it."""
    rule = rule or because_of("grade")
    then = (*HUNDRED, grade(8))
    return Then(rule_then=rule, rule_now=rule, then=then, now=(*then, *now))


def told(words: str) -> Rule:
    fact = Fact("illness", lambda: words)
    return the_rule(applies=lambda _: Finding("reasons", TRUE, (fact,)))


def adding(line: str) -> Rule:
    return the_rule(advice=("Look.", line))


def proposing(label: str) -> Rule:
    return the_rule(suggestions=(lambda _: Suggestion(label, ()),))


def showing(*missing: bool) -> Rule:
    facts = [Fact("weight", lambda: "Weight", missing=each) for each in missing]
    return the_rule(shows=(lambda _: facts,))


def because_it_adds(then: Rule, now: Rule) -> Then:
    return Then(rule_then=then, rule_now=now)


HELD = {
    "nothing has changed": Then(),
    "it was set aside without a reason": Then(reason=None),
    "a moment less than a day has passed": Then(ago=DAY - timedelta(milliseconds=1)),
    "the value rose by less than a quarter": Then(now=grown(124.9)),
    "the value fell by less than a quarter": Then(now=grown(75.1)),
    "a newer value is the same": Then(now=grown(100)),
    "another value that decided fell by less than a quarter": graded(grade(6.1, 1)),
    "a value that did not decide fell by more": graded(grade(1, 1), rule=because_of("one")),
    "the value is nothing, as then": Then(then=(shine(0),), now=(shine(0, 1), shine(0))),
    "there was no value then and there is none now": Then(then=(), now=()),
    "it is less urgent now": Then(rule_then=the_rule(), rule_now=the_rule(indicator=INFO)),
    "the orders are the same": with_orders(),
    "a draft beside it is new": with_orders(now=(ONCE, draft("z"))),
    "an order was only saved again": with_orders(now=(ONCE | {"meta": {"versionId": "2"}},)),
    "an amount in its advice is another": because_it_adds(
        adding("Give 1.5 L, 3 h ago."), adding("Give 1,000 L, 12 h ago.")
    ),
    "its reason is another number, of another age": because_it_adds(
        told("Platelets 38, 45 min ago"), told("Platelets 12, 3 h ago")
    ),
    "the dose it proposes is another": because_it_adds(proposing("70 mg"), proposing("30 mg")),
    "the same is not known as then": Then(
        rule_then=escalating(UNKNOWN), rule_now=escalating(UNKNOWN)
    ),
}

SHOWN = {
    "a day has passed": Then(ago=DAY),
    "the value rose by a quarter": Then(now=grown(125)),
    "the value fell by a quarter": Then(now=grown(75)),
    "another value that decided fell by a quarter": graded(grade(6, 1)),
    "another value that decided rose by a quarter": graded(grade(10, 1)),
    "another value that decided is not there any more": replace(graded(), now=HUNDRED),
    "another value that decided could not be had": replace(
        graded(), then=HUNDRED, now=HUNDRED, troubles_now=("grade",)
    ),
    "the value was nothing and is something": Then(then=(shine(0),), now=(shine(1, 1), shine(0))),
    "the value of then is no longer there": Then(now=(shine(101, 1),)),
    "the value of then was corrected": Then(now=(shine(101),)),
    "the value is not there any more": Then(now=()),
    "a value has come": Then(then=(), now=HUNDRED),
    "the value cannot be read now": Then(
        now=(observation("SHINE", "many", effectiveDateTime=NOW.isoformat()), *HUNDRED)
    ),
    "values of one time contradict each other": Then(now=(*HUNDRED, shine(110))),
    "the values could not be had": Then(then=(), now=(), troubles_now=("shine",)),
    "another user set it aside": Then(user_then=User(user="Practitioner/2")),
    "it was about another patient": Then(user_then=User(patient="subject-2")),
    "it was in another client": Then(user_then=User(client="other")),
    "it was on another server": Then(user_then=User(server="https://fhir.example")),
    "the rule has another version": Then(rule_now=the_rule(version="1.0.1")),
    "another rule was set aside": Then(rule_then=a_rule("other", indicator=WARNING)),
    "it says something else": Then(rule_now=the_rule(summary="Something else")),
    "it is more urgent now": Then(rule_then=the_rule(indicator=INFO)),
    "it has become critical": Then(rule_now=the_rule(indicator=CRITICAL)),
    "it has become critical, and was quieted by name": Then(
        rule_now=the_rule(indicator=CRITICAL), reason=NOT_TODAY
    ),
    "how urgent it is is no longer known": Then(rule_now=escalating(UNKNOWN)),
    "there is a reason more": Then(rule_then=because_of("one"), rule_now=because_of("one", "two")),
    "its reason is in other words": because_it_adds(told("AML: active"), told("AML: in relapse")),
    "a line of its advice is new": because_it_adds(adding(""), adding("Not in pregnancy.")),
    "a line of its advice is another": because_it_adds(adding("Unknown."), adding("Met.")),
    "a proposal is gone": because_it_adds(proposing("Draft a drug"), the_rule()),
    "it proposes something else": because_it_adds(proposing("A drug"), proposing("Another drug")),
    "a value that it shows has come": because_it_adds(showing(True), showing(False)),
    "a value that it shows is not there any more": because_it_adds(showing(False), showing(True)),
    "it shows a value more": because_it_adds(the_rule(), showing(False)),
    "the dose has changed": with_orders(now=(OTHER_DOSE,)),
    "the order is another one": with_orders(the_rule(applies=on_orders("b")), (order("b"),)),
    "an order more": with_orders(BOTH_ORDERED, (ONCE, order("b"))),
    "the same order twice": with_orders(now=(ONCE, ONCE)),
    "the dose of what is drafted with it has changed": Then(
        rule_then=because_of(POLISH.id),
        rule_now=because_of(POLISH.id),
        drafts_then=(polish("once"),),
        drafts_now=(polish("twice"),),
    ),
}


@pytest.mark.parametrize("case", HELD.values(), ids=HELD)
def test_a_card_that_was_set_aside_is_held_back_although(case: Then) -> None:
    decision = case.decided()
    assert held(decision) == ["warns"]
    assert shown(decision) == ["gaps"] * bool(decision.gaps)


@pytest.mark.parametrize("case", SHOWN.values(), ids=SHOWN)
def test_a_card_that_was_set_aside_shows_again_when(case: Then) -> None:
    decision = case.decided()
    assert held(decision) == []
    assert "warns" in shown(decision)


# -- critical cards --------------------------------------------------------------------------------

DANGER = the_rule(indicator=CRITICAL)


@pytest.mark.parametrize(("reason", "expected"), [(None, []), (SEEN, []), (NOT_TODAY, ["warns"])])
def test_a_critical_card_is_held_back_only_where_the_override_said_so(
    reason: Any, expected: list[str]
) -> None:
    case = Then(rule_then=DANGER, rule_now=DANGER, reason=reason)
    assert held(case.decided()) == expected


def test_a_critical_card_that_was_quieted_shows_again_when_the_value_has_moved() -> None:
    case = Then(rule_then=DANGER, rule_now=DANGER, reason=NOT_TODAY, now=grown(125))
    assert shown(case.decided()) == ["warns"]


def test_a_reason_that_is_not_on_the_card_quiets_no_critical_one() -> None:
    danger = the_rule(indicator=CRITICAL, override_reasons=(SEEN,))
    case = Then(rule_then=danger, rule_now=danger, reason=NOT_TODAY)
    assert shown(case.decided()) == ["warns"]


# -- answers ---------------------------------------------------------------------------------------

SERVICE, CHART = a_service(RULE), chart(*HUNDRED)
FIRST = ME_AGAIN.saw(SERVICE, CHART, timedelta(hours=3))
LATER = ME_AGAIN.saw(SERVICE, CHART, timedelta(hours=1))
HOUR = timedelta(hours=1)

HOLD_BACK = {
    "set aside": overridden(FIRST),
    "accepted, then set aside": overridden(accepted(FIRST, HOUR)),
    "shown twice, then the first is set aside": [*overridden(FIRST), *LATER],
    "set aside by a clock that is two minutes ahead": overridden(FIRST, at=NOW + 2 * MINUTE),
    "sent in late": overridden(FIRST, at=NOW - 23 * HOUR),
}
HOLD_NOTHING = {
    "not answered": FIRST,
    "accepted": accepted(FIRST),
    "set aside, then accepted": accepted(overridden(FIRST, HOUR)),
    "set aside and accepted at once": accepted(overridden(FIRST)),
    "set aside, then shown again and left open": [*overridden(FIRST, 2 * HOUR), *LATER],
    "set aside, then shown again and accepted": [*overridden(FIRST, 2 * HOUR), *accepted(LATER)],
    "set aside in the future": overridden(FIRST, at=NOW + HOUR),
    "set aside twice, once in the future": overridden(overridden(FIRST), at=NOW + HOUR),
    "dated too long ago": overridden(FIRST, at=NOW - DAY),
    "received too long ago": overridden(FIRST, received=NOW - DAY, at=NOW),
    "received after now": overridden(FIRST, at=NOW + MINUTE, received=NOW + MINUTE),
}


@pytest.mark.parametrize("past", HOLD_BACK.values(), ids=HOLD_BACK)
def test_a_card_is_held_back_after_it_was(past: Any) -> None:
    assert held(ME_AGAIN.sees(SERVICE, CHART, past)) == ["warns"]


@pytest.mark.parametrize("past", HOLD_NOTHING.values(), ids=HOLD_NOTHING)
def test_a_card_shows_after_it_was(past: Any) -> None:
    assert shown(ME_AGAIN.sees(SERVICE, CHART, past)) == ["warns"]


def test_the_quiet_ends_a_day_after_the_earlier_time() -> None:
    decision = ME_AGAIN.sees(SERVICE, CHART, overridden(FIRST, at=NOW - 2 * HOUR))
    assert [(each.at, each.until) for each in decision.held] == [(NOW - 2 * HOUR, NOW + 22 * HOUR)]


def test_a_card_that_was_never_marked_holds_nothing_back() -> None:
    unmarked = [replace(card, marks=replace(card.marks, orders=None)) for card in FIRST]
    without_basis = [replace(card, marks=replace(card.marks, basis=None)) for card in FIRST]
    for past in (unmarked, without_basis):
        assert shown(ME_AGAIN.sees(SERVICE, CHART, overridden(past))) == ["warns"]
