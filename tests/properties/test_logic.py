"""The laws of three-valued findings, over trees of any shape."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
)
from tests.properties.cases import bounded

LAWS = bounded(80)
leaves = st.sampled_from(Truth).map(
    lambda truth: Finding(truth.name, truth, (Fact("key", str, missing=truth is UNKNOWN),))
)
trees = st.recursive(
    leaves,
    lambda parts: st.builds(
        lambda combine, found: combine(*found),
        st.sampled_from([all_of, any_of, none_of]),
        st.lists(parts, min_size=1, max_size=3),
    ),
    max_leaves=8,
)
several = st.lists(trees, max_size=4)


@given(parts=several)
@LAWS
def test_none_of_is_the_opposite_of_any_of(parts: list[Finding]) -> None:
    assert none_of(*parts).truth == TRUE - any_of(*parts).truth
    assert none_of(none_of(*parts)).truth is any_of(*parts).truth


@given(parts=several)
@LAWS
def test_de_morgan(parts: list[Finding]) -> None:
    assert none_of(all_of(*parts)).truth is any_of(*(none_of(part) for part in parts)).truth
    assert none_of(any_of(*parts)).truth is all_of(*(none_of(part) for part in parts)).truth


@pytest.mark.parametrize("combine", [all_of, any_of])
@given(data=st.data())
@LAWS
def test_order_grouping_and_repetition_make_no_difference(
    combine: object, data: st.DataObject
) -> None:
    assert callable(combine)
    parts = data.draw(st.lists(trees, min_size=1, max_size=4))
    whole = combine(*parts).truth
    cut = data.draw(st.integers(0, len(parts)))
    assert combine(*data.draw(st.permutations(parts))).truth is whole
    assert combine(*parts, *parts).truth is whole
    if 0 < cut < len(parts):
        assert combine(combine(*parts[:cut]), combine(*parts[cut:])).truth is whole


def learned(finding: Finding, answer: Truth) -> Finding:
    """The tree with every unknown leaf answered."""
    if not finding.parts:
        return Finding("learned", answer if finding.truth is UNKNOWN else finding.truth)
    combine = {"all of": all_of, "any of": any_of, "none of": none_of}[finding.question]
    return combine(*(learned(part, answer) for part in finding.parts))


@given(tree=trees)
@LAWS
def test_learning_what_was_unknown_never_reverses_an_answer(tree: Finding) -> None:
    for answer in (FALSE, TRUE):
        assert tree.truth in (UNKNOWN, learned(tree, answer).truth)


@given(tree=trees)
@LAWS
def test_an_unknown_rests_on_what_is_missing_and_an_answer_does_not(tree: Finding) -> None:
    deciding = list(tree.deciding())
    assert deciding
    assert {fact.missing for fact in deciding} == {tree.truth is UNKNOWN}
