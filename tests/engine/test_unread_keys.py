"""What a prefetch key costs that could not be read: one line to read, every gap for a machine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cds_service.card import EXTENSION, Attribution
from cds_service.finding import FALSE
from cds_service.prefetch import Answer, Query, State, failed, troubles
from cds_service.rule import Rule
from cds_service.service import Group, Service, decide
from tests.engine.made_up import GLOW, SHINE, a_rule, chart

TITLED = Query("results", "Observation", "Light.", (SHINE, GLOW), 9, title="How it shines")
OTHER = Query("person", "Patient", "Who.", title="Who it is")
REASON = "the server <did> not answer"


def cards(*rules: Rule, query: Query = TITLED) -> list[dict[str, Any]]:
    """The cards of a service with one group for each rule, where a key could not be read."""
    service = Service(
        id="made-up",
        hook="patient-view",
        title="Made up",
        description="Shine.",
        usage_requirements="None.",
        queries=(OTHER, query),
        groups=tuple(Group(rule.id, (rule,)) for rule in rules),
        gaps=a_rule("gaps", truth=FALSE),
        attribution=Attribution("A summary", "Not an order.", "pending"),
        card_limit=2,
    )
    answers = {"person": Answer(State.EMPTY), "results": failed(REASON)}
    record = chart(troubles=troubles(service.queries, answers))
    return decide(service, record, answers).cards


def missing(card: dict[str, Any]) -> list[str]:
    parts = card["detail"].split("\n\n")
    lines = parts[parts.index("**Missing or uncertain**") + 1].split("\n")
    return [line.removeprefix("- ") for line in lines]


def shows(chart: Any) -> Any:
    return [chart.latest(SHINE).fact, *chart.test_is_positive(GLOW).facts]


def test_the_values_and_the_failure_of_a_key_stand_in_one_line_under_its_title() -> None:
    (card,) = cards(a_rule(shows=(shows,)))
    assert missing(card) == [
        "How it shines: Shine; Glow. Data under results could not be read: "
        "the server &lt;did\\> not answer"
    ]


def test_the_extension_keeps_one_entry_for_each_thing() -> None:
    (card,) = cards(a_rule(shows=(shows,)))
    said = "the server &lt;did\\> not answer"
    assert card["extension"][EXTENSION]["notEvaluable"] == [
        f"Shine: could not be checked (results: {said})",
        f"Glow: could not be checked (results: {said})",
        f"Data under results could not be read: {said}",
    ]


def test_a_key_that_no_value_was_needed_of_is_named_too() -> None:
    (card,) = cards(a_rule())
    (line,) = missing(card)
    assert line.startswith("How it shines. Data under results could not be read: the server")


def test_a_value_that_only_another_rule_needs_stands_in_the_line_too() -> None:
    unknown = a_rule("unknown", lambda chart: chart.test_is_positive(GLOW))
    (card,) = cards(a_rule(), unknown)
    (line,) = missing(card)
    assert line.startswith("How it shines: Glow. Data under results")


def test_on_a_further_card_the_values_of_a_key_share_a_line() -> None:
    _, card = cards(a_rule("one"), a_rule("two", shows=(shows,)))
    assert missing(card) == [
        "Shine; Glow: could not be checked (results: the server &lt;did\\> not answer)"
    ]
    assert len(card["extension"][EXTENSION]["notEvaluable"]) == 2


def test_without_a_title_the_key_has_to_do() -> None:
    (card,) = cards(a_rule(shows=(shows,)), query=replace(TITLED, title=""))
    (line,) = missing(card)
    assert line.startswith("Shine; Glow. Data under results could not be read: the server")
