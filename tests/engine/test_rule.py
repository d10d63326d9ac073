"""What a rule must have is checked at import: no card without text, source or statement."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.chart import Chart
from cds_service.errors import ContentError
from cds_service.finding import FALSE, TRUE, UNKNOWN, Finding, Truth, all_of, any_of
from cds_service.rule import SUMMARY_LIMIT, Escalation, Indicator, OverrideReason, rule
from tests.engine.made_up import SOURCE, a_rule, answer, chart

OTHER = OverrideReason("https://made-up.example", "other", "Other")


def urgent(summary: str) -> Escalation:
    return Escalation(Indicator.CRITICAL, lambda _: answer(TRUE), summary)


BROKEN: dict[str, tuple[str, dict[str, Any], str]] = {
    "capitals in the id": ("Some-Rule", {}, "id is not kebab case"),
    "blank in the id": ("some rule", {}, "id is not kebab case"),
    "no id": ("", {}, "id is not kebab case"),
    "no summary": ("r", {"summary": " "}, "summary has 1 characters"),
    "two lines": ("r", {"summary": "a\nb"}, "on one line"),
    "summary too long": ("r", {"summary": "x" * 140}, "summary has 140 characters, at most 139"),
    "escalated summary too long": (
        "r",
        {"escalations": (urgent("x" * 140),)},
        "summary has 140 characters, at most 139",
    ),
    "no source": ("r", {"evidence": ()}, "no evidence is named"),
    "no statement": ("r", {"statements": ()}, "no statement of the catalogue is carried"),
    "a reason twice": (
        "r",
        {"override_reasons": (OTHER, OTHER)},
        "an override reason is listed twice",
    ),
}


@pytest.mark.parametrize(("identity", "fields", "problem"), BROKEN.values(), ids=BROKEN)
def test_an_incomplete_rule_is_refused(identity: str, fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(ContentError) as refused:
        a_rule(identity, **fields)
    (message,) = refused.value.problems
    assert message.startswith(f"rule {identity}: ")
    assert problem in message


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(ContentError) as refused:
        a_rule("r", evidence=(), statements=(), summary="")
    assert len(refused.value.problems) == 3


def test_a_summary_may_be_as_long_as_a_card_allows() -> None:
    """https://cds-hooks.hl7.org/#card-attributes: fewer than 140 characters."""
    assert SUMMARY_LIMIT == 139
    assert len(a_rule("r", summary="x" * 139).summary) == 139


def declared(applies: Any, **more: Any) -> Any:
    return rule(
        id="r",
        version="1",
        indicator=Indicator.INFO,
        summary="s",
        evidence=[SOURCE],
        strength="None",
        statements=["M-01"],
        **more,
    )(applies)


def test_the_docstring_is_the_text_of_the_card() -> None:
    def asked(_: Chart) -> Finding:
        """One sentence,
        over two lines."""
        return answer(TRUE)

    assert declared(asked).text == "One sentence,\nover two lines."
    assert declared(asked).applies(chart()).truth is TRUE


def test_a_function_without_docstring_is_no_rule() -> None:
    def asked(_: Chart) -> Finding:
        return answer(TRUE)

    with pytest.raises(ContentError, match="no docstring, which is the text of the card"):
        declared(asked)


def only_for(truth: Truth, asked: list[str]) -> Any:
    """A rule of three conditions, which notes in `asked` when the others are asked."""

    def others(_: Chart) -> Finding:
        """Text."""
        asked.append("others")
        return all_of(answer(TRUE, "second"), answer(TRUE, "third"))

    return declared(others, only_for=lambda _: answer(truth, "first"))


def test_what_a_rule_is_only_for_stands_first_among_its_conditions() -> None:
    found = only_for(FALSE, []).applies(chart())
    assert (found.question, found.truth) == ("all of", FALSE)
    assert [part.question for part in found.parts] == ["first", "second", "third"]


def test_a_single_condition_stands_beside_what_a_rule_is_only_for() -> None:
    def other(_: Chart) -> Finding:
        """Text."""
        return any_of(answer(TRUE), answer(FALSE))

    found = declared(other, only_for=lambda _: answer(UNKNOWN, "first")).applies(chart())
    assert [part.question for part in found.parts] == ["first", "any of"]
    assert found.truth is UNKNOWN


def test_several_conditions_of_what_a_rule_is_only_for_stand_each_on_its_own() -> None:
    def other(_: Chart) -> Finding:
        """Text."""
        return answer(TRUE, "third")

    both = all_of(answer(FALSE, "first"), answer(UNKNOWN, "second"))
    asked = declared(other, only_for=lambda _: both)
    assert [part.question for part in asked.ask(chart()).parts] == ["first", "second"]
    whole = asked.applies(chart())
    assert [part.question for part in whole.parts] == ["first", "second", "third"]


@pytest.mark.parametrize(
    ("truth", "asks"), [(FALSE, []), (UNKNOWN, ["others"]), (TRUE, ["others"])]
)
def test_only_a_no_to_what_a_rule_is_only_for_ends_it(truth: Truth, asks: list[str]) -> None:
    asked: list[str] = []
    found = only_for(truth, asked).ask(chart())
    assert (found.truth, asked) == (truth, asks)
    assert next(found.deciding_questions()).question == "first"


def test_a_rule_that_is_for_anything_asks_all() -> None:
    def asked(_: Chart) -> Finding:
        """Text."""
        return answer(FALSE, "own")

    whole = declared(asked)
    assert whole.ask(chart()).question == whole.applies(chart()).question == "own"


def test_an_escalation_may_keep_the_summary() -> None:
    escalation = Escalation(Indicator.CRITICAL, lambda _: answer(TRUE))
    assert a_rule("r", escalations=[escalation]).escalations == (escalation,)


def test_indicators_are_in_the_order_of_their_urgency() -> None:
    assert [indicator.value for indicator in Indicator] == ["critical", "warning", "info"]
