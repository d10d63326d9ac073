"""A rule that applies, as a card: https://cds-hooks.hl7.org/#card-attributes"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from cds_service.card import EXTENSION, Applied, Attribution, escape, gap_lines, grade, render
from cds_service.finding import FALSE, TRUE, UNKNOWN, Fact, Finding, all_of
from cds_service.rule import Action, Escalation, Indicator, OverrideReason, Rule, Suggestion
from tests.engine.made_up import SOURCE, a_rule, answer, chart

ATTRIBUTION = Attribution("A summary, not reviewed", "Not an order.", "pending")


def card(rule: Rule, finding: Finding | None = None, foot: tuple[str, ...] = ()) -> dict[str, Any]:
    graded = grade(rule, rule.applies(chart()) if finding is None else finding, chart())
    return render(graded, chart(), ATTRIBUTION, foot)


def test_a_plain_card_is_complete() -> None:
    shown = card(a_rule())
    assert UUID(shown.pop("uuid")).version == 4
    assert shown == {
        "summary": "Summary of some-rule",
        "indicator": "info",
        "detail": (
            "What the card says.\n\n**This patient**\n\n- fact of some-rule\n\n"
            "**Evidence (None)**\n\n- Doe J. On shine. 2020 (PMID 1)\n\n*Not an order.*"
        ),
        "source": {
            "label": "Doe J. On shine. 2020",
            "url": "https://made-up.example/1",
            "topic": {
                "system": "https://als-leukemia-cds.org/fhir/CodeSystem/rule",
                "code": "some-rule",
                "display": "some rule",
            },
        },
        "links": [
            {
                "label": "Doe J. On shine. 2020",
                "url": "https://made-up.example/1",
                "type": "absolute",
            }
        ],
        "extension": {
            EXTENSION: {"id": "some-rule", "version": "1.0.0", "reviewStatus": "pending"}
        },
    }


def test_two_cards_of_one_rule_have_uuids_of_their_own() -> None:
    rule = a_rule()
    assert card(rule)["uuid"] != card(rule)["uuid"]


def section(shown: dict[str, Any], title: str) -> list[str]:
    parts = shown["detail"].split("\n\n")
    place = parts.index(f"**{title}**") if f"**{title}**" in parts else None
    return [] if place is None else [line[2:] for line in parts[place + 1].split("\n")]


# -- basis and gaps --------------------------------------------------------------------------------


def test_the_basis_is_what_decided_then_what_the_rule_shows() -> None:
    rule = a_rule(shows=(lambda _: [Fact("c", lambda: "c"), Fact("d", lambda: "a")],))
    finding = all_of(answer(TRUE, "a"), answer(TRUE, "b"))
    assert section(card(rule, finding), "This patient") == ["a", "b", "c"]


def test_gaps_stand_apart_from_what_is_known_and_in_the_extension() -> None:
    rule = a_rule(shows=(lambda _: [Fact("c", lambda: "c not recorded", missing=True)],))
    shown = card(rule, answer(TRUE, "a"), ("c not recorded", "key not read"))
    assert section(shown, "This patient") == ["a"]
    assert section(shown, "Missing or uncertain") == ["c not recorded", "key not read"]
    assert shown["extension"][EXTENSION]["notEvaluable"] == ["c not recorded", "key not read"]


def test_sections_without_lines_are_left_out() -> None:
    detail = card(a_rule(), Finding("", TRUE))["detail"]
    assert "This patient" not in detail
    assert "Consider" not in detail
    assert "Missing" not in detail


def test_advice_is_fixed_or_depends_on_the_chart() -> None:
    rule = a_rule(advice=("Always.", lambda chart: chart.patient_id, lambda _: None, lambda _: ""))
    assert section(card(rule), "Consider") == ["Always.", "subject-1"]


def test_what_is_absent_stands_together_behind_what_is_there() -> None:
    said = (
        *("Spots: not on the problem list", "Shine 120 lx", "Glow: no result"),
        *("Rust: not on the problem list", "Dust: no active prescription on record"),
    )
    finding = all_of(*(answer(TRUE, words) for words in said))
    assert section(card(a_rule(), finding), "This patient") == [
        "Shine 120 lx",
        "Dust: no active prescription on record",
        "Not on the problem list: Spots; Rust",
        "Glow: no result",
    ]


def test_lines_are_shown_once() -> None:
    facts = [Fact("a", lambda: "same"), Fact("b", lambda: "same"), Fact("c", lambda: "other")]
    assert gap_lines(facts) == ["same", "other"]


HARMLESS = {
    "<script>alert(1)</script>": "&lt;script\\>alert(1)&lt;/script\\>",
    "[x](javascript:1)": "\\[x\\](javascript:1)",
    "a\n\n# Heading": "a \\# Heading",
    "*bold* `code` ~~x~~ |": "\\*bold\\* \\`code\\` \\~\\~x\\~\\~ \\|",
    "a & b &lt;": "a &amp; b &amp;lt;",
    "back\\slash": "back\\\\slash",
    "10*9/L": "10\\*9/L",
    "plain 187 K/uL": "plain 187 K/uL",
}


@pytest.mark.parametrize(("text", "shown"), HARMLESS.items())
def test_text_of_a_request_is_harmless_in_markdown_and_html(text: str, shown: str) -> None:
    assert escape(text) == shown
    line = section(card(a_rule(), Finding("q", TRUE, (Fact("k", lambda: text),))), "This patient")
    assert line == [shown]


# -- indicator -------------------------------------------------------------------------------------


def escalating(truth: Any, indicator: Indicator, summary: str | None = None) -> Escalation:
    return Escalation(indicator, lambda _: answer(truth, f"why {indicator}"), summary)


def test_the_first_escalation_that_is_met_counts() -> None:
    rule = a_rule(
        escalations=(
            escalating(FALSE, Indicator.INFO),
            escalating(TRUE, Indicator.CRITICAL, "At once"),
            escalating(TRUE, Indicator.WARNING),
        )
    )
    assert (card(rule)["indicator"], card(rule)["summary"]) == ("critical", "At once")


def test_an_escalation_without_summary_keeps_the_rules() -> None:
    rule = a_rule(escalations=(escalating(TRUE, Indicator.CRITICAL),))
    assert (card(rule)["indicator"], card(rule)["summary"]) == ("critical", "Summary of some-rule")


def test_an_escalation_that_is_unknown_is_a_gap_and_not_met() -> None:
    shown = card(a_rule(escalations=(escalating(UNKNOWN, Indicator.CRITICAL),)))
    assert shown["indicator"] == "info"
    assert section(shown, "Missing or uncertain") == ["why critical"]


# -- source and links ------------------------------------------------------------------------------

QUOTED = replace(SOURCE, key="Q", seen="S", citation="Roe. Quoted. 2010")
UNLINKED = replace(SOURCE, key="U", url=None, citation="Poe. On paper. 1990")


def test_only_what_was_read_is_the_source() -> None:
    shown = card(a_rule(evidence=(QUOTED, SOURCE)))
    assert shown["source"]["label"] == SOURCE.citation
    assert [link["label"] for link in shown["links"]] == [QUOTED.citation, SOURCE.citation]


def test_without_a_source_that_was_read_the_summary_is_named() -> None:
    source = card(a_rule(evidence=(QUOTED,)))["source"]
    assert source["label"] == "A summary, not reviewed"
    assert "url" not in source


def test_a_source_without_address_has_no_link() -> None:
    shown = card(a_rule(evidence=(UNLINKED,)))
    assert shown["source"]["label"] == UNLINKED.citation
    assert "url" not in shown["source"]
    assert "links" not in shown


def test_a_long_citation_is_cut_for_the_label_and_whole_in_the_detail() -> None:
    long = replace(SOURCE, citation="A very long title. " * 8)
    shown = card(a_rule(evidence=(long,)))
    assert len(shown["source"]["label"]) <= 90
    assert shown["source"]["label"].endswith("...")
    assert long.citation in shown["detail"]


# -- suggestions and override reasons --------------------------------------------------------------


def test_suggestions_are_shown_with_their_actions() -> None:
    resource = {"resourceType": "Task", "status": "draft"}
    offered = Suggestion(
        "Do it",
        (
            Action("create", "Draft", resource),
            Action("delete", "Remove", resource_id="MedicationRequest/a"),
        ),
        recommended=True,
    )
    shown = card(a_rule(suggestions=(lambda _: offered, lambda _: None)))
    (suggestion,) = shown["suggestions"]
    assert UUID(suggestion.pop("uuid")).version == 4
    assert suggestion == {
        "label": "Do it",
        "isRecommended": True,
        "actions": [
            {"type": "create", "description": "Draft", "resource": resource},
            {"type": "delete", "description": "Remove", "resourceId": "MedicationRequest/a"},
        ],
    }
    assert shown["selectionBehavior"] == "any"


def test_without_suggestions_there_is_no_selection_behavior() -> None:
    shown = card(a_rule(suggestions=(lambda _: None,)))
    assert not {"suggestions", "selectionBehavior"} & set(shown)


def test_a_suggestion_is_recommended_only_when_it_says_so() -> None:
    offered = Suggestion("Do it", (Action("create", "Draft", {}),))
    (suggestion,) = card(a_rule(suggestions=(lambda _: offered,)))["suggestions"]
    assert "isRecommended" not in suggestion


def test_override_reasons_are_codings() -> None:
    reason = OverrideReason("https://made-up.example", "done", "Already done")
    assert card(a_rule(override_reasons=(reason,)))["overrideReasons"] == [
        {"system": "https://made-up.example", "code": "done", "display": "Already done"}
    ]
    assert "overrideReasons" not in card(a_rule())


def test_what_is_constant_is_kept_for_the_rule_and_the_attribution_that_made_it() -> None:
    rule = a_rule()
    other = Attribution("Other", "Another line.", "approved")
    first = card(rule)
    second = render(Applied(rule, Finding("", TRUE), rule.indicator, "s"), chart(), other)
    assert "*Another line.*" in second["detail"]
    assert first["detail"].endswith("*Not an order.*")
    assert card(rule)["detail"] == first["detail"]


def test_a_card_is_json() -> None:
    shown = card(a_rule())
    assert json.loads(json.dumps(shown)) == shown
