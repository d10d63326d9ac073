"""What one more fact may change: the answers that are about it, and no others."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cds_service.finding import FALSE, Finding, Truth
from tests.properties.cases import (
    PER_RULE,
    RULES,
    about,
    all_cases,
    asked,
    facts,
    is_new,
    keys,
    one_of_many,
    warning_charts,
    with_cases,
)


@pytest.mark.parametrize("rule_id", with_cases())
@given(data=st.data())
@PER_RULE
def test_a_new_fact_silences_a_warning_only_if_the_silence_names_it(
    rule_id: str, data: st.DataObject
) -> None:
    case = data.draw(warning_charts(rule_id))
    more = data.draw(facts())
    assume(is_new(more, case))
    after = asked(rule_id, *case, more)
    assert after.truth is not FALSE or keys(after) & about(more)


Answers = dict[tuple[Any, ...], tuple[Truth, set[str]]]


def answers(finding: Finding) -> Answers:
    """Every single question to its answer and what that is about.

    Two concepts may share a title, so a question is known by its place among its likes too.
    """
    found: Answers = {}
    for leaf in finding.leaves():
        place = sum(question[0] == leaf.question for question in found)
        found[leaf.question, place] = (leaf.truth, {fact.key for fact in leaf.facts})
    return found


@pytest.mark.parametrize("rule_id", RULES)
@given(data=st.data())
@PER_RULE
def test_a_new_fact_changes_only_the_answers_about_it(rule_id: str, data: st.DataObject) -> None:
    case = data.draw(one_of_many(all_cases()))
    more = data.draw(facts())
    assume(is_new(more, case))
    before, after = answers(asked(rule_id, *case)), answers(asked(rule_id, *case, more))
    unnamed = {
        question[0]: named | before[question][1]
        for question, (truth, named) in after.items()
        if question in before
        and before[question][0] is not truth
        and not (named | before[question][1]) & about(more)
    }
    assert unnamed == {}
