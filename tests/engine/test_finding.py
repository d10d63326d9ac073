"""Three-valued findings: unknown is neither yes nor no, and what decided is known."""

from __future__ import annotations

from itertools import product

import pytest

from cds_service.finding import (
    FALSE,
    TRUE,
    UNKNOWN,
    Fact,
    Finding,
    Truth,
    all_of,
    any_of,
    none_of,
    outline,
)
from tests.engine.made_up import answer, said

AND = {
    (FALSE, FALSE): FALSE,
    (FALSE, UNKNOWN): FALSE,
    (FALSE, TRUE): FALSE,
    (UNKNOWN, UNKNOWN): UNKNOWN,
    (UNKNOWN, TRUE): UNKNOWN,
    (TRUE, TRUE): TRUE,
}
OR = {
    (FALSE, FALSE): FALSE,
    (FALSE, UNKNOWN): UNKNOWN,
    (FALSE, TRUE): TRUE,
    (UNKNOWN, UNKNOWN): UNKNOWN,
    (UNKNOWN, TRUE): TRUE,
    (TRUE, TRUE): TRUE,
}
OPPOSITE = {FALSE: TRUE, UNKNOWN: UNKNOWN, TRUE: FALSE}


@pytest.mark.parametrize("pair", list(product(Truth, repeat=2)))
def test_tables_of_the_three_valued_logic(pair: tuple[Truth, Truth]) -> None:
    """Written out, so that no formula is tested against itself."""
    parts = [answer(truth) for truth in pair]
    ordered = (min(pair), max(pair))
    assert all_of(*parts).truth is AND[ordered]
    assert any_of(*parts).truth is OR[ordered]
    assert none_of(*parts).truth is OPPOSITE[OR[ordered]]


def test_nothing_to_ask_is_all_met_and_none_found() -> None:
    assert (all_of().truth, any_of().truth, none_of().truth) == (TRUE, FALSE, TRUE)


@pytest.mark.parametrize("truth", Truth)
@pytest.mark.parametrize("use", [bool, lambda f: f and f, lambda f: f or f, lambda f: not f])
def test_a_finding_is_refused_as_a_bool(truth: Truth, use: object) -> None:
    assert callable(use)
    with pytest.raises(TypeError, match="all_of, any_of or none_of"):
        use(answer(truth))


YES, NO, GAP = answer(TRUE, "yes"), answer(FALSE, "no"), answer(UNKNOWN, "gap")

DECIDING = {
    "all: yes shows everything": (all_of(YES, answer(TRUE, "too")), ["yes", "too"]),
    "all: no shows only what failed": (all_of(YES, NO, GAP), ["no"]),
    "all: unknown shows only what is missing": (all_of(YES, GAP), ["gap"]),
    "any: yes shows only what was met": (any_of(YES, NO, GAP), ["yes"]),
    "any: no shows everything": (any_of(NO, answer(FALSE, "too")), ["no", "too"]),
    "any: unknown shows only what is missing": (any_of(NO, GAP), ["gap"]),
    "none: yes shows everything": (none_of(NO, answer(FALSE, "too")), ["no", "too"]),
    "none: no shows only what was found": (none_of(YES, NO, GAP), ["yes"]),
    "none: unknown shows only what is missing": (none_of(NO, GAP), ["gap"]),
    "nested": (all_of(any_of(NO, YES), none_of(NO)), ["yes", "no"]),
    "a part that did not decide hides its own parts": (any_of(YES, all_of(YES, NO)), ["yes"]),
    "no parts": (all_of(), []),
}


@pytest.mark.parametrize(("finding", "expected"), DECIDING.values(), ids=DECIDING)
def test_the_deciding_facts(finding: Finding, expected: list[str]) -> None:
    assert said(finding.deciding()) == expected


def test_facts_are_put_in_words_only_when_shown() -> None:
    spoken: list[str] = []

    def say() -> str:
        spoken.append("said")
        return "words"

    finding = all_of(Finding("question", TRUE, (Fact("key", say),)), YES)
    facts = list(finding.deciding())
    assert spoken == []
    assert said(facts) == ["words", "yes"]


def test_leaves_are_the_single_questions_in_order() -> None:
    finding = all_of(any_of(NO, GAP), none_of(YES))
    assert [leaf.question for leaf in finding.leaves()] == ["no", "gap", "yes"]


def test_the_outline_is_an_indented_list_of_questions() -> None:
    assert list(outline(all_of(any_of(NO, GAP), YES))) == [
        "all of",
        "  any of",
        "    no",
        "    gap",
        "  yes",
    ]


def test_findings_and_facts_show_themselves_to_a_programmer() -> None:
    assert repr(GAP) == "Finding('gap', UNKNOWN)"
    assert repr(GAP.facts[0]) == "Fact('gap', missing)"
    assert repr(YES.facts[0]) == "Fact('yes')"


def _yes(*, weak: bool) -> Finding:
    return Finding("asked", TRUE, (Fact("thing", lambda: "thing", weak=weak),))


def test_an_answer_is_firm_where_it_would_stand_without_its_weak_facts() -> None:
    weak, firm = _yes(weak=True), _yes(weak=False)
    assert firm.is_firm()
    assert not weak.is_firm()
    assert any_of(weak, firm).is_firm()
    assert not any_of(weak, weak).is_firm()
    assert not all_of(weak, firm).is_firm()
    assert all_of(firm, any_of(weak, firm)).is_firm()


def test_a_denial_is_firm_where_one_firm_part_denies() -> None:
    def no(*, weak: bool) -> Finding:
        return Finding("asked", FALSE, (Fact("thing", lambda: "thing", weak=weak),))

    assert all_of(no(weak=True), no(weak=False)).is_firm()
    assert not all_of(no(weak=True), _yes(weak=False)).is_firm()
    assert not any_of(no(weak=True), no(weak=False)).is_firm()
    assert none_of(no(weak=False), no(weak=False)).is_firm()
    assert not none_of(no(weak=True), no(weak=False)).is_firm()
