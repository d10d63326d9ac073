"""What a rule must have is checked at import: no card without text, source or statement."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.chart import Chart
from cds_service.errors import ContentError
from cds_service.finding import TRUE, Finding
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


def declared(applies: Any) -> Any:
    return rule(
        id="r",
        version="1",
        indicator=Indicator.INFO,
        summary="s",
        evidence=[SOURCE],
        strength="None",
        statements=["M-01"],
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


def test_an_escalation_may_keep_the_summary() -> None:
    escalation = Escalation(Indicator.CRITICAL, lambda _: answer(TRUE))
    assert a_rule("r", escalations=[escalation]).escalations == (escalation,)


def test_indicators_are_in_the_order_of_their_urgency() -> None:
    assert [indicator.value for indicator in Indicator] == ["critical", "warning", "info"]
