"""What is held back is said, makes room, takes no gap with it; and what is never held back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cds_service.card import EXTENSION, RESPONSE_EXTENSION
from cds_service.finding import FALSE, UNKNOWN
from cds_service.prefetch import failed
from cds_service.quiet import Past
from cds_service.rule import Indicator, Rule
from cds_service.service import Decision, decide
from tests.engine.made_up import a_rule, chart, draft, raising
from tests.quiet.visits import (
    MINUTE,
    READ,
    REASONS,
    SEEN_AFTER,
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
HOUR = timedelta(hours=1)
CHART = chart(shine(100), drafts=[draft("a"), draft("b")])


def a_card(identity: str, **more: Any) -> Rule:
    given: dict[str, Any] = {"indicator": WARNING, "override_reasons": REASONS} | more
    return a_rule(identity, **given)


WARNS, ADVISES = a_card("warns"), a_card("advises", indicator=INFO)
GAP = a_rule("gap", truth=UNKNOWN)
BOTH = a_service(WARNS, ADVISES)


def set_aside(*rules: Rule, **more: Any) -> list[Past]:
    return overridden(ME_AGAIN.saw(a_service(*rules, **more), CHART), HOUR)


def of_extension(card: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = card["extension"][EXTENSION]
    return found


# -- saying so -------------------------------------------------------------------------------------


def test_the_first_card_says_what_is_held_back() -> None:
    decision = ME_AGAIN.sees(BOTH, CHART, set_aside(WARNS))
    (card,) = decision.cards
    told = {
        "rule": "warns",
        "summary": "Summary of warns",
        "because": "overridden",
        "at": "2026-11-21T11:00:00+00:00",
        "until": "2026-11-22T11:00:00+00:00",
    }
    assert of_extension(card)["heldBack"] == [told]
    assert (
        "- Not shown again: Summary of warns (overridden 2026-11-21 11:00 UTC, until "
        "2026-11-22 11:00 UTC)\n\n**Evidence"
    ) in card["detail"]


def test_the_other_cards_do_not_repeat_it() -> None:
    more = a_card("more", indicator=INFO)
    decision = ME_AGAIN.sees(a_service(WARNS, ADVISES, more), CHART, set_aside(WARNS))
    assert shown(decision) == ["advises", "more"]
    assert "heldBack" not in of_extension(decision.cards[1])
    assert "Not shown again" not in decision.cards[1]["detail"]


def test_the_response_says_so_where_no_card_does() -> None:
    decision = ME_AGAIN.sees(a_service(WARNS), CHART, set_aside(WARNS))
    response = decision.response()
    assert response["cards"] == []
    assert [each["rule"] for each in response["extension"][RESPONSE_EXTENSION]["heldBack"]] == [
        "warns"
    ]


def test_the_response_says_so_beside_a_card_too() -> None:
    response = ME_AGAIN.sees(BOTH, CHART, set_aside(WARNS)).response()
    assert response["extension"][RESPONSE_EXTENSION]["heldBack"]


def test_a_response_from_which_nothing_is_held_back_holds_cards_alone() -> None:
    assert set(ME_AGAIN.sees(BOTH, CHART).response()) == {"cards"}


# -- room, lines and gaps --------------------------------------------------------------------------


def test_a_card_that_is_held_back_makes_room_for_the_next() -> None:
    service = a_service(WARNS, ADVISES, card_limit=1)
    assert shown(ME_AGAIN.sees(service, CHART)) == ["warns"]
    decision = ME_AGAIN.sees(service, CHART, set_aside(WARNS))
    assert shown(decision) == ["advises"]
    assert decision.gaps == []


def test_the_next_of_a_group_does_not_speak_for_a_card_that_is_held_back() -> None:
    first, second = a_card("first"), a_card("second")
    (group,) = a_service(first).groups
    service = a_service(groups=(type(group)("one", (first, second)),))
    assert shown(ME_AGAIN.sees(service, CHART, set_aside(first))) == []


@pytest.mark.parametrize("needs_a_failed_read", [False, True])
def test_gaps_move_to_the_card_that_is_left(needs_a_failed_read: bool) -> None:
    service = a_service(WARNS, ADVISES, GAP, gaps_need_a_failed_read=needs_a_failed_read)
    decision = ME_AGAIN.sees(service, CHART, set_aside(WARNS))
    assert shown(decision) == ["advises"]
    assert of_extension(decision.cards[0])["notEvaluable"] == ["fact of gap"]


@pytest.mark.parametrize("needs_a_failed_read", [False, True])
def test_gaps_get_a_card_of_their_own_where_none_is_left(needs_a_failed_read: bool) -> None:
    service = a_service(WARNS, GAP, gaps_need_a_failed_read=needs_a_failed_read)
    decision = ME_AGAIN.sees(service, CHART, set_aside(WARNS))
    assert shown(decision) == ["gaps"]
    assert of_extension(decision.cards[0])["notEvaluable"] == ["fact of gap"]
    assert of_extension(decision.cards[0])["heldBack"]


def test_a_failed_read_shows_although_all_else_is_held_back() -> None:
    read = READ | {"results": failed("the server answered 500")}
    decision = ME_AGAIN.sees(a_service(WARNS), CHART, set_aside(WARNS), read)
    assert shown(decision) == ["gaps"]
    assert "500" in decision.cards[0]["detail"]


# -- one decision, one card ------------------------------------------------------------------------

HOST = a_card("host", applies=on_orders("a", "b"))
GUEST, SECOND = (a_card(name, applies=on_orders("a")) for name in ("guest", "second"))


def test_a_card_with_the_same_guests_is_held_back() -> None:
    decision = ME_AGAIN.sees(a_service(HOST, GUEST), CHART, set_aside(HOST, GUEST))
    assert held(decision) == ["host"]
    assert decision.held[0].also == ("guest",)


@pytest.mark.parametrize(
    ("then", "now"),
    [((HOST,), (HOST, GUEST)), ((HOST, GUEST), (HOST, GUEST, SECOND)), ((HOST, GUEST), (HOST,))],
)
def test_a_card_with_other_guests_shows(then: Any, now: Any) -> None:
    assert shown(ME_AGAIN.sees(a_service(*now), CHART, set_aside(*then))) == ["host"]


def test_a_guest_that_was_set_aside_on_its_own_card_comes_with_its_host() -> None:
    assert shown(ME_AGAIN.sees(a_service(HOST, GUEST), CHART, set_aside(GUEST))) == ["host"]


# -- never held back -------------------------------------------------------------------------------


def never_held(decision: Decision, expected: list[str]) -> None:
    assert shown(decision) == expected
    assert decision.held == ()


def test_the_card_for_gaps_is_never_held_back() -> None:
    service = a_service(GAP)
    never_held(ME_AGAIN.sees(service, CHART, set_aside(GAP)), ["gaps"])
    cards = overridden(ME_AGAIN.saw(service, CHART), HOUR)
    assert [card.rule for card in cards] == ["gaps"]
    never_held(ME_AGAIN.sees(service, CHART, cards), ["gaps"])


def test_the_card_that_stands_instead_of_all_is_never_held_back() -> None:
    instead = a_card("instead", indicator=INFO)
    past = [*set_aside(WARNS), *set_aside(instead)]
    never_held(ME_AGAIN.sees(a_service(WARNS, instead=instead), CHART, past), ["instead"])


def test_nothing_is_held_back_of_the_dead() -> None:
    dead = chart(
        shine(100),
        {"resourceType": "Patient", "id": "subject-1", "deceasedBoolean": True},
        drafts=[draft("a"), draft("b")],
    )
    never_held(ME_AGAIN.sees(a_service(WARNS), dead, set_aside(WARNS)), ["warns"])


def test_nothing_is_held_back_where_that_cannot_be_worked_out() -> None:
    never_held(decide(a_service(WARNS), CHART, READ, (), raising), ["warns"])


def test_nothing_is_held_back_without_a_memory() -> None:
    never_held(decide(a_service(WARNS), CHART, READ), ["warns"])


# -- once in an encounter --------------------------------------------------------------------------

ONCE = a_service(ADVISES, once_per_encounter=(ADVISES,))
HERE, ELSEWHERE = User(encounter="visit-1"), User(encounter="visit-2")
DAYS_AGO = timedelta(days=9)


def shown_once(here: User = HERE, service: Any = ONCE, asked: Any = CHART) -> list[Past]:
    return here.saw(service, asked, DAYS_AGO)


def test_a_pathway_is_shown_once_in_an_encounter() -> None:
    decision = HERE.sees(ONCE, CHART, shown_once())
    assert held(decision) == ["advises"]
    (told,) = decision.response()["extension"][RESPONSE_EXTENSION]["heldBack"]
    assert (told["because"], "until" in told) == ("shown", False)
    assert decision.held[0].words() == (
        "Not shown again: Summary of advises (shown in this encounter on 2026-11-12 12:00 UTC)"
    )


@pytest.mark.parametrize(("ago", "is_held"), [(SEEN_AFTER - MINUTE, False), (SEEN_AFTER, True)])
def test_a_pathway_counts_as_seen_after_a_while(ago: timedelta, is_held: bool) -> None:
    """An EHR that draws its page anew asks again, and takes away what it is not told again."""
    decision = HERE.sees(ONCE, CHART, HERE.saw(ONCE, CHART, ago))
    assert held(decision) == (["advises"] if is_held else [])


def test_what_was_accepted_was_shown() -> None:
    assert held(HERE.sees(ONCE, CHART, accepted(shown_once()))) == ["advises"]


AGAIN = {
    "in another encounter": (ELSEWHERE, ONCE, CHART),
    "without an encounter": (User(), ONCE, CHART),
    "to another user": (User(user="Practitioner/2", encounter="visit-1"), ONCE, CHART),
    "of another patient": (User(patient="subject-2", encounter="visit-1"), ONCE, CHART),
    "where the value has moved": (HERE, ONCE, chart(shine(125, 1), shine(100))),
    "in another version": (
        HERE,
        a_service(
            a_card("advises", indicator=INFO, version="2.0.0"), once_per_encounter=(ADVISES,)
        ),
        CHART,
    ),
    "where it is more urgent": (
        HERE,
        a_service(a_card("advises", indicator=WARNING), once_per_encounter=(ADVISES,)),
        CHART,
    ),
    "where it is no pathway": (HERE, a_service(ADVISES), CHART),
}


@pytest.mark.parametrize(("user", "service", "asked"), AGAIN.values(), ids=AGAIN)
def test_a_pathway_is_shown_again(user: User, service: Any, asked: Any) -> None:
    assert shown(user.sees(service, asked, shown_once())) == ["advises"]


def test_a_pathway_is_shown_each_time_where_there_are_no_encounters() -> None:
    assert shown(User().sees(ONCE, CHART, shown_once(User()))) == ["advises"]


def test_a_pathway_without_encounter_then_is_shown_in_the_first_encounter() -> None:
    assert shown(HERE.sees(ONCE, CHART, shown_once(User()))) == ["advises"]


def test_a_pathway_is_compared_with_how_it_was_shown_last() -> None:
    """Two steps of 20 % each, and it was shown after the first."""
    steps = [shine(100, 30), shine(120, 20), shine(144, 1)]
    first = HERE.saw(ONCE, chart(steps[0]), DAYS_AGO)
    second = HERE.saw(ONCE, chart(*steps[:2]), DAYS_AGO - HOUR)
    now = chart(*steps)
    assert shown(HERE.sees(ONCE, now, first)) == ["advises"]
    assert held(HERE.sees(ONCE, now, [*second, *first])) == ["advises"]


def test_a_pathway_that_was_set_aside_is_quiet_without_encounter_too() -> None:
    past = overridden(User().saw(ONCE, CHART), MINUTE)
    assert held(User().sees(ONCE, CHART, past)) == ["advises"]


def test_a_critical_card_is_never_shown_only_once() -> None:
    danger = a_card("danger", indicator=CRITICAL)
    service = a_service(danger, once_per_encounter=(danger,))
    assert shown(HERE.sees(service, CHART, shown_once(HERE, service))) == ["danger"]


def test_rules_that_do_not_apply_are_not_held_back() -> None:
    no = a_card("warns", truth=FALSE)
    assert held(ME_AGAIN.sees(a_service(no), CHART, set_aside(WARNS))) == []
