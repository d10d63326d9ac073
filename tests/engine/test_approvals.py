"""What a site has signed off, and that nothing else speaks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from cds_service.approvals import (
    Approval,
    not_approved,
    problems,
    read_approvals,
    remarks,
)
from cds_service.card import EXTENSION, Attribution
from cds_service.errors import ContentError
from cds_service.governance import Governance
from cds_service.prefetch import Answer, State
from cds_service.service import Group, Service, decide
from tests.engine.made_up import a_rule, chart

TODAY = date(2026, 11, 21)
TOMORROW, YESTERDAY = TODAY + timedelta(days=1), TODAY - timedelta(days=1)
FIRST, SECOND, THIRD = a_rule("first"), a_rule("second"), a_rule("third")
GAPS, INSTEAD = a_rule("gaps"), a_rule("instead")


def service(**more: Any) -> Service:
    given: dict[str, Any] = {
        "id": "made-up",
        "hook": "patient-view",
        "title": "Made up",
        "description": "Made up.",
        "usage_requirements": "None.",
        "queries": (),
        "groups": (Group("one", (FIRST, SECOND)), Group("two", (THIRD,))),
        "gaps": GAPS,
        "attribution": Attribution("A summary, {status}", "Content is {status}.", "pending"),
        "card_limit": 3,
        "joined": ((FIRST, THIRD),),
        **more,
    }
    return Service(**given)


def approved(
    *rules: str, version: str = "1.0.0", on: date = TODAY, **dates: date
) -> list[Approval]:
    return [Approval(rule, version, "Dr. A. Example", on, **dates) for rule in rules]


def at_site(service: Service, approvals: list[Approval], day: date = TODAY) -> Service:
    """The service as it answers on a day where these approvals are needed."""
    noon = datetime.combine(day, time(12), UTC)
    return Governance([service], approvals).of(service, None, noon).service


def shown(service: Service) -> list[dict[str, Any]]:
    return decide(service, chart(), {"key": Answer(State.EMPTY)}).cards


def test_only_approved_rules_show_and_the_next_of_a_group_takes_the_place() -> None:
    site = at_site(service(), approved("second", "gaps"))
    cards = shown(site)
    assert [card["source"]["topic"]["code"] for card in cards] == ["second"]
    assert [rule.id for rule in site.rules()] == ["second", "gaps"]
    assert site.joined == ()


def test_an_approved_card_says_who_approved_it_and_when() -> None:
    (card,) = shown(at_site(service(), approved("first", "gaps")))
    words = "approved for this site by Dr. A. Example on 2026-11-21"
    assert card["extension"][EXTENSION]["reviewStatus"] == words
    assert f"Content is {words}." in card["detail"]
    assert "pending" not in str(card)


def test_a_card_nobody_approved_says_that_review_is_pending() -> None:
    cards = shown(service())
    assert {card["extension"][EXTENSION]["reviewStatus"] for card in cards} == {"pending"}


def test_an_approval_of_another_version_is_none() -> None:
    old = [*approved("first", version="0.9.0"), *approved("gaps")]
    assert shown(at_site(service(), old))[0]["source"]["topic"]["code"] == "gaps"
    assert not_approved([service()], old, TODAY) == ["first 1.0.0", "second 1.0.0", "third 1.0.0"]


@pytest.mark.parametrize("signed", [(), ("instead",)])
def test_the_card_that_replaces_others_needs_approval_too(signed: tuple[str, ...]) -> None:
    site = at_site(service(instead=INSTEAD), approved("first", "gaps", *signed))
    assert (site.instead is INSTEAD) is bool(signed)


PROBLEMS: dict[str, tuple[list[Approval], str]] = {
    "none at all": ([], "gaps 1.0.0 is not approved"),
    "not the rule that says what is missing": (approved("first"), "gaps 1.0.0 is not approved"),
    "an older version of it": (approved("gaps", version="0.1.0"), "gaps 1.0.0 is not approved"),
    "a rule that is not there": (approved("gaps", "frist"), "frist: there is no such rule"),
    "a day that lies ahead": (approved("gaps", on=date(2026, 11, 22)), "lies ahead"),
    "one rule twice": (approved("gaps", "first", "first"), "first: stands twice"),
    "an end before its beginning": (
        approved("gaps", "first", effective=TODAY, expires=YESTERDAY),
        "first: ends on 2026-11-20, before it begins on 2026-11-21",
    ),
    "an end for the rule that says what is missing": (
        approved("gaps", expires=TOMORROW),
        "gaps: may not expire",
    ),
    "that rule not yet in force": (approved("gaps", effective=TOMORROW), "gaps 1.0.0 is not appr"),
}


@pytest.mark.parametrize(("approvals", "said"), PROBLEMS.values(), ids=PROBLEMS)
def test_what_is_wrong_with_approvals_is_said(approvals: list[Approval], said: str) -> None:
    assert any(said in problem for problem in problems(approvals, [service()], TODAY))


def test_good_approvals_have_no_problems() -> None:
    assert problems(approved("gaps", "third"), [service()], TODAY) == []


# -- dates -----------------------------------------------------------------------------------------

DATES: dict[str, tuple[dict[str, date], bool]] = {
    "from today on": ({"effective": TODAY}, True),
    "until today": ({"expires": TODAY}, True),
    "from tomorrow on": ({"effective": TOMORROW}, False),
    "until yesterday": ({"expires": YESTERDAY}, False),
    "today alone": ({"effective": TODAY, "expires": TODAY}, True),
}


@pytest.mark.parametrize(("dates", "shows"), DATES.values(), ids=DATES)
def test_a_rule_shows_within_the_dates_of_its_approval(dates: dict[str, date], shows: bool) -> None:
    signed = [*approved("first", **dates), *approved("gaps")]
    assert problems(signed, [service()], TODAY) == []
    site = at_site(service(), signed)
    assert ("first" in [rule.id for rule in site.rules()]) is shows
    assert ("first 1.0.0" in not_approved([service()], signed, TODAY)) is not shows


def test_the_day_of_the_request_decides_and_not_that_of_the_start() -> None:
    site = Governance([service()], [*approved("first", expires=TODAY), *approved("gaps")])
    last, over = (datetime.combine(TODAY, time(23, 59), UTC) + timedelta(minutes=m) for m in (0, 1))
    assert "first" in [rule.id for rule in site.of(service(), None, last).service.rules()]
    assert "first" not in [rule.id for rule in site.of(service(), None, over).service.rules()]
    assert site.of(service(), None, over).off == ("first",)
    assert "first" in [rule.id for rule in site.of(service(), None, last).service.rules()]


def test_a_card_says_until_when_its_approval_counts() -> None:
    (card,) = shown(at_site(service(), [*approved("first", expires=TOMORROW), *approved("gaps")]))
    words = "approved for this site by Dr. A. Example on 2026-11-21, valid until 2026-11-22"
    assert card["extension"][EXTENSION]["reviewStatus"] == words


REMARKS: dict[str, tuple[dict[str, date], str]] = {
    "ended": ({"expires": YESTERDAY}, "the approval of first ended on 2026-11-20"),
    "ends today": ({"expires": TODAY}, "the approval of first ends on 2026-11-21"),
    "ends in 30 days": ({"expires": TODAY + timedelta(days=30)}, "the approval of first ends on"),
    "not yet": ({"effective": TOMORROW}, "the approval of first counts from 2026-11-22 on"),
}


@pytest.mark.parametrize(("dates", "said"), REMARKS.values(), ids=REMARKS)
def test_what_is_worth_knowing_about_dates_is_said(dates: dict[str, date], said: str) -> None:
    (remark,) = remarks(approved("first", **dates), [service()], TODAY)
    assert remark.startswith(said)


def test_what_ends_later_or_never_needs_no_remark() -> None:
    later = approved("first", expires=TODAY + timedelta(days=31))
    assert remarks([*later, *approved("third")], [service()], TODAY) == []


# -- the file --------------------------------------------------------------------------------------

FILE = """
[[approval]]
rule = "first"
version = "1.0.0"
approver = "Dr. A. Example"
date = 2026-11-21
"""


def test_a_file_of_approvals_is_read(tmp_path: Path) -> None:
    file = tmp_path / "approvals.toml"
    file.write_text(FILE, encoding="utf-8")
    assert read_approvals(str(file)) == approved("first")
    file.write_text(FILE + "effective = 2026-11-21\nexpires = 2026-11-22\n", encoding="utf-8")
    dates = {"effective": TODAY, "expires": TOMORROW}
    assert read_approvals(str(file)) == approved("first", **dates)


WRONG = {
    "no TOML": "[[approval]",
    "another field": FILE + "colour = 1",
    "no version": FILE.replace('version = "1.0.0"', ""),
    "a date as text": FILE.replace("date = 2026-11-21", 'date = "soon"'),
    "markdown as a name": FILE.replace("Dr. A. Example", "[a](https://evil.example)"),
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_a_file_that_does_not_fit_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "approvals.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ContentError, match=r"approvals\.toml"):
        read_approvals(str(file))
