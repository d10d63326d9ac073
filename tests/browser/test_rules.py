"""/rules and /rules/{id}, as somebody uses them who doubts a card."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

import fixtures
import hooks
from tests.browser import NARROW, Camera, Service, is_in_view
from tests.browser.conftest import Opening

if TYPE_CHECKING:
    from playwright.sync_api import Page

RULES = {rule.id: rule for service in hooks.SERVICES for rule in service.rules()}
SHOWN = "[data-rule]:visible"


def found(page: Page) -> list[str]:
    """Ids of the rules that can be seen."""
    return page.locator(f"{SHOWN} .what code").all_inner_texts()


# --- The list -------------------------------------------------------------------------------------


def test_the_list_follows_the_typing_and_says_how_many_are_left(opening: Opening) -> None:
    page = opening("/rules")
    assert len(found(page)) == len(RULES)
    page.get_by_label("Search").press_sequentially("leukapheresis fatal")
    assert found(page) == ["leukapheresis-apl"]
    assert page.get_by_role("status").inner_text() == f"1 of {len(RULES)} rules"
    headings = page.locator("[data-section]:visible h2").all_inner_texts()
    assert len(headings) == 1, "a heading without rules is not shown"


def test_filters_hold_together_and_can_be_taken_back(opening: Opening) -> None:
    page = opening("/rules")
    page.get_by_label("Hook").select_option("order-sign")
    page.get_by_label("Drug or procedure").select_option(label="rasburicase")
    assert found(page) == ["rasburicase-g6pd"]
    page.get_by_role("link", name="Show all").click()
    assert len(found(page)) == len(RULES)
    assert page.locator(":focus").get_attribute("name") == "q"
    assert page.get_by_role("link", name="Show all").count() == 0


def test_the_address_keeps_the_filter(opening: Opening) -> None:
    page = opening("/rules")
    page.get_by_label("Status").select_option("dormant")
    page.get_by_label("Search").press_sequentially("residual")
    before = found(page)
    assert "all-mrd" in before
    assert len(before) < len(RULES)
    page.goto(page.url)
    assert found(page) == before
    assert page.get_by_label("Search").input_value() == "residual"


def test_coming_back_from_a_rule_the_filter_still_holds(opening: Opening) -> None:
    page = opening("/rules")
    page.get_by_label("Search").press_sequentially("rasburicase")
    before = found(page)
    page.locator(f"{SHOWN} a").first.click()
    page.wait_for_url("**/rules/*")
    page.go_back()
    assert found(page) == before


def test_where_nothing_is_left_that_is_said(opening: Opening) -> None:
    page = opening("/rules")
    assert not page.get_by_text("No rule is like this").is_visible()
    page.get_by_label("Search").fill("no such words")
    assert page.get_by_text("No rule is like this").is_visible()
    assert found(page) == []


def test_without_a_script_the_form_does_the_same(opening: Opening) -> None:
    page = opening("/rules", script=False)
    page.get_by_label("Search").fill("leukapheresis fatal")
    page.get_by_label("Hook").select_option("order-select")
    page.get_by_role("button", name="Show").click()
    assert found(page) == ["leukapheresis-apl"]
    assert page.get_by_label("Hook").input_value() == "order-select"
    assert page.get_by_role("status").inner_text() == f"1 of {len(RULES)} rules"


def test_it_can_be_used_with_the_keyboard_alone(opening: Opening) -> None:
    page = opening("/rules")
    for _ in range(30):
        if page.evaluate("document.activeElement.name") == "q":
            break
        page.keyboard.press("Tab")
    page.keyboard.type("blinatumomab-eligibility")
    for _ in range(5):
        page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == RULES["blinatumomab-eligibility"].summary
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "where one is must be seen"
    page.keyboard.press("Enter")
    page.wait_for_url("**/rules/blinatumomab-eligibility")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_how_urgent_a_card_is_has_a_word_a_shape_and_a_colour(
    opening: Opening, scheme: str
) -> None:
    page = opening("/rules", scheme=scheme)
    colours, shapes = set(), set()
    for indicator in ("critical", "warning", "info"):
        mark = page.locator(f".urgency.{indicator}").first
        assert mark.inner_text() == indicator
        colours.add(mark.evaluate("each => getComputedStyle(each).color"))
        shapes.add(
            mark.evaluate(
                "each => { const drawn = getComputedStyle(each, '::before');"
                " return drawn.clipPath + drawn.borderRadius; }"
            )
        )
    assert (len(colours), len(shapes)) == (3, 3)


# --- One rule -------------------------------------------------------------------------------------

FIRST_SCREEN = {
    "what it says": ".claim",
    "when": ".logic",
    "strength": "#why + p",
    "evidence": ".first .sources li",
    "how the statements were checked": ".first .checked",
    "review": ".facts .pending",
}


@pytest.mark.parametrize(
    "rule", ["leukapheresis-als", "hyperleukocytosis-emergency", "intensive-therapy-als"]
)
def test_the_first_screen_answers_a_doubter(opening: Opening, rule: str) -> None:
    page = opening(f"/rules/{rule}")
    assert page.locator("h1").inner_text() == RULES[rule].summary
    assert page.locator(".claim").inner_text() == " ".join(RULES[rule].text.split())
    missing = [part for part, where in FIRST_SCREEN.items() if not is_in_view(page, where)]
    assert missing == []
    first = page.locator(".first .sources li").first
    assert RULES[rule].evidence[0].citation in first.inner_text()


def test_the_reason_for_a_card_is_one_click_away(opening: Opening, service: Service) -> None:
    request = fixtures.request("als-aml-emergency.patient-view", datetime.now(UTC))
    answer = service.post("/cds-services/als-leukemia-patient-view", request)
    assert answer["cards"]
    for card in answer["cards"]:
        link = card["links"][0]
        assert link["url"].startswith(service.origin)
        page = opening(link["url"].removeprefix(service.origin))
        assert page.locator("h1").inner_text() == RULES[card["source"]["topic"]["code"]].summary
        assert is_in_view(page, ".claim")


def test_its_parts_can_be_reached_from_the_top(opening: Opening) -> None:
    page = opening("/rules/leukapheresis-als")
    parts = page.get_by_role("navigation", name="On this page").get_by_role("link")
    assert parts.count() >= 10
    for name in parts.all_inner_texts():
        parts.filter(has_text=name).first.click()
        target = page.url.partition("#")[2]
        assert is_in_view(page, f"#{target}"), name


def test_folded_questions_open(opening: Opening) -> None:
    page = opening("/rules/infection-prophylaxis-als")
    folded = page.locator(".logic details").first
    others = "trimethoprim and sulfamethoxazole"
    assert "or one of 10 others" in folded.inner_text()
    assert others not in folded.inner_text()
    folded.locator("summary").press("Enter")
    assert others in folded.inner_text()


def test_a_statement_that_evidence_contradicts_stands_out(opening: Opening) -> None:
    page = opening("/rules/puncture-bleeding-risk")
    doubt = page.locator(".first .checked.contradicted")
    assert doubt.inner_text() == "1 contradicted"
    colour = "each => getComputedStyle(each).color"
    assert doubt.evaluate(colour) != page.locator(".claim").evaluate(colour)
    page.get_by_role("link", name="Statements carried").click()
    assert is_in_view(page, "#statements")


def test_on_a_phone_what_it_says_comes_before_what_that_rests_on(
    opening: Opening, camera: Camera
) -> None:
    page = opening("/rules/leukapheresis-als", width=NARROW, height=780)
    claim, why = (page.locator(each).bounding_box() for each in (".claim", "#why"))
    assert claim is not None
    assert why is not None
    assert claim["y"] < why["y"]
    assert is_in_view(page, ".claim")
    camera.shot(page, "rule-on-a-phone", whole=False)


def test_a_rule_that_there_is_not_names_those_that_may_be_meant(opening: Opening) -> None:
    page = opening("/rules/leukaferesis-als")
    page.get_by_role("link", name="leukapheresis-als", exact=True).click()
    assert page.locator("h1").inner_text() == RULES["leukapheresis-als"].summary
