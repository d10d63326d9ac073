"""The outline that is read asks the same as the rule: for every answer to every question."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hooks
from cds_service.engine import load_engine
from cds_service.finding import (
    FALSE,
    TRUE,
    UNKNOWN,
    Finding,
    Truth,
    all_of,
    any_of,
    none_of,
)
from cds_service.rule_list import empty_chart
from cds_service.rule_outline import Point, as_asked, of_lines, outline_of, simple
from cds_service.settings import Settings

Answers = dict[str, Truth]

QUESTIONS = "abcde"
TRUTHS = st.sampled_from([FALSE, UNKNOWN, TRUE])
LEAVES = st.sampled_from(QUESTIONS).map(lambda name: Finding(name, UNKNOWN))
FINDINGS = st.recursive(
    LEAVES,
    lambda parts: st.builds(
        lambda group, found: group(*found),
        st.sampled_from([all_of, any_of, none_of]),
        st.lists(parts, min_size=1, max_size=4),
    ),
    max_leaves=12,
)


def truth(point: Point, answers: Answers) -> Truth:
    """What a point comes to, by the rules of three-valued logic."""
    found = [truth(part, answers) for part in point.parts]
    if point.kind == "all":
        return min(found)
    if point.kind == "any":
        return max(found)
    if point.kind in ("none", "not"):
        return Truth(TRUE - max(found))
    return answers[point.text]


@given(FINDINGS, st.fixed_dictionaries(dict.fromkeys(QUESTIONS, TRUTHS)))
def test_made_simple_it_asks_the_same(finding: Finding, answers: Answers) -> None:
    asked = as_asked(finding)
    assert truth(simple(asked), answers) == truth(asked, answers)


@given(FINDINGS)
def test_made_simple_no_group_stands_in_one_of_its_kind(finding: Finding) -> None:
    def check(point: Point) -> None:
        assert len(point.parts) == len(set(point.parts))
        for part in point.parts:
            assert part.kind != point.kind or part.kind == "none"
            check(part)

    check(simple(as_asked(finding)))


def leaf(text: str) -> Finding:
    return Finding(text, UNKNOWN)


def lines(point: Point, depth: int = 0) -> list[str]:
    """As it is read, two blanks deeper for what belongs to the line above."""
    below = [line for part in point.parts for line in lines(part, depth + 1)]
    return [f"{'  ' * depth}{point.text}", *below]


def test_alternatives_that_differ_in_a_name_share_a_line() -> None:
    found = outline_of(
        all_of(
            any_of(leaf("Ordering a"), leaf("Ordering b"), leaf("Ordering c, twice")),
            any_of(leaf("A: active"), leaf("B, of C: active"), leaf("D: active"), leaf("E: gone")),
        )
    )
    assert lines(found) == [
        "all of these are so:",
        "  at least one of these is so:",
        "    Ordering a",
        "    Ordering b",
        "    Ordering c, twice",
        "  at least one of these is so:",
        "    A; B, of C or D: active",
        "    E: gone",
    ]


def test_conditions_that_must_all_hold_never_share_a_line() -> None:
    parts = (leaf("A: active"), leaf("B: active"), leaf("C: active"))
    assert len(lines(outline_of(all_of(*parts)))) == 4
    assert lines(outline_of(any_of(*parts))) == ["A; B or C: active"]
    assert lines(outline_of(none_of(*parts))) == ["none of these is so:", "  A; B or C: active"]


def test_what_must_not_be_is_turned_round_where_it_is_one_question() -> None:
    assert lines(outline_of(none_of(leaf("A")))) == ["Not so: A"]
    nested = outline_of(none_of(all_of(leaf("A"), leaf("B"))))
    assert lines(nested) == ["none of these is so:", "  all of these are so:", "    A", "    B"]


def test_of_many_names_the_first_are_shown() -> None:
    names = [f"drug {number}" for number in range(20)]
    found = outline_of(any_of(*(leaf(f"Drafting {name}") for name in names)))
    assert found.short == "Drafting drug 0; drug 1; drug 2 or one of 17 others"
    assert found.names == tuple(names)
    assert found.questions == 20


def test_lines_become_an_outline_again() -> None:
    found = of_lines(["A", "at least one of these is so:", "  B", "  C", "D"])
    assert [line for point in found for line in lines(point)] == [
        "A",
        "at least one of these is so:",
        "  B",
        "  C",
        "D",
    ]


ENGINE = load_engine(hooks, Settings())
RULES = {rule.id: rule for s in ENGINE.services.values() for rule in s.rules()}


def questions(point: Point) -> set[str]:
    if point.names:
        start, end = point.frame
        return {f"{start}{name}{end}" for name in point.names}
    found = {each for part in point.parts for each in questions(part)}
    return found or {point.text.removeprefix("Not so: ")}


def asked(finding: Finding) -> set[str]:
    found: set[str] = set()
    for part in finding.parts:
        found |= asked(part)
    return found or {finding.question}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_no_question_of_a_rule_is_lost_or_added(rule: Any) -> None:
    finding = rule.applies(empty_chart(ENGINE.lexicon))
    assert questions(outline_of(finding)) == asked(finding)
