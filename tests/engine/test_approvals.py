"""What a site has signed off, and that nothing else speaks."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cds_service.approvals import (
    Approval,
    not_approved,
    problems,
    read_approvals,
    with_approved_rules,
)
from cds_service.card import EXTENSION, Attribution
from cds_service.errors import ContentError
from cds_service.prefetch import Answer, State
from cds_service.service import Group, Service, decide
from tests.engine.made_up import a_rule, chart

TODAY = date(2026, 11, 21)
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


def approved(*rules: str, version: str = "1.0.0", on: date = TODAY) -> list[Approval]:
    return [Approval(rule, version, "Dr. A. Example", on) for rule in rules]


def shown(service: Service) -> list[dict[str, Any]]:
    return decide(service, chart(), {"key": Answer(State.EMPTY)}).cards


def test_only_approved_rules_show_and_the_next_of_a_group_takes_the_place() -> None:
    site = with_approved_rules(service(), approved("second", "gaps"))
    cards = shown(site)
    assert [card["source"]["topic"]["code"] for card in cards] == ["second"]
    assert [rule.id for rule in site.rules()] == ["second", "gaps"]
    assert site.joined == ()


def test_an_approved_card_says_who_approved_it_and_when() -> None:
    (card,) = shown(with_approved_rules(service(), approved("first", "gaps")))
    words = "approved for this site by Dr. A. Example on 2026-11-21"
    assert card["extension"][EXTENSION]["reviewStatus"] == words
    assert f"Content is {words}." in card["detail"]
    assert "pending" not in str(card)


def test_a_card_nobody_approved_says_that_review_is_pending() -> None:
    cards = shown(service())
    assert {card["extension"][EXTENSION]["reviewStatus"] for card in cards} == {"pending"}


def test_an_approval_of_another_version_is_none() -> None:
    old = [*approved("first", version="0.9.0"), *approved("gaps")]
    assert shown(with_approved_rules(service(), old))[0]["source"]["topic"]["code"] == "gaps"
    assert not_approved([service()], old) == ["first 1.0.0", "second 1.0.0", "third 1.0.0"]


@pytest.mark.parametrize("signed", [(), ("instead",)])
def test_the_card_that_replaces_others_needs_approval_too(signed: tuple[str, ...]) -> None:
    site = with_approved_rules(service(instead=INSTEAD), approved("first", "gaps", *signed))
    assert (site.instead is INSTEAD) is bool(signed)


PROBLEMS: dict[str, tuple[list[Approval], str]] = {
    "none at all": ([], "gaps 1.0.0 is not approved"),
    "not the rule that says what is missing": (approved("first"), "gaps 1.0.0 is not approved"),
    "an older version of it": (approved("gaps", version="0.1.0"), "gaps 1.0.0 is not approved"),
    "a rule that is not there": (approved("gaps", "frist"), "frist: there is no such rule"),
    "a day that lies ahead": (approved("gaps", on=date(2026, 11, 22)), "lies ahead"),
    "one rule twice": (approved("gaps", "first", "first"), "first: stands twice"),
}


@pytest.mark.parametrize(("approvals", "said"), PROBLEMS.values(), ids=PROBLEMS)
def test_what_is_wrong_with_approvals_is_said(approvals: list[Approval], said: str) -> None:
    assert any(said in problem for problem in problems(approvals, [service()], TODAY))


def test_good_approvals_have_no_problems() -> None:
    assert problems(approved("gaps", "third"), [service()], TODAY) == []


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
