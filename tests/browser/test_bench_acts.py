"""Buttons of cards on the bench do what those of an EHR do, and the service hears of it."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING, Any

from tests.browser import Camera, Service, findings
from tests.browser.conftest import Opening
from tests.browser.test_bench import EMERGENCY, LEUKAPHERESIS, bench, summaries, wait_for_text

if TYPE_CHECKING:
    from playwright.sync_api import Page


def card_uuid(page: Page) -> str:
    return (page.locator(".card h3").first.get_attribute("id") or "").removeprefix("card-")


def outcomes(service: Service, card: str) -> list[tuple[Any, ...]]:
    """What the store holds about a card, once the card itself is there."""
    [path] = [each for each in service.folder.rglob("*.sqlite3") if each.is_file()]
    for _ in range(100):
        with sqlite3.connect(path) as store:
            kept = store.execute("SELECT rule FROM cards WHERE uuid = ?", [card]).fetchall()
            said = store.execute(
                "SELECT outcome, reason_code, commented FROM outcomes WHERE card = ?", [card]
            ).fetchall()
        if kept:
            return said
        time.sleep(0.1)
    raise AssertionError("the card is not in the store")


def test_taking_a_suggestion_changes_the_drafts_and_is_recorded(
    opening: Opening, service: Service, camera: Camera
) -> None:
    page = bench(opening, f"request={LEUKAPHERESIS}")
    assert page.locator("#orders").inner_text() == "Leukapheresis, therapeutic"
    card = card_uuid(page)
    page.get_by_role("button", name="Remove the drafted leukapheresis").click()
    wait_for_text(page, ".said", "Recorded as accepted.")
    assert page.locator("#orders").inner_text() == "none"
    assert "Order removed: Leukapheresis, therapeutic" in page.locator("#done").inner_text()
    page.get_by_role("button", name="Draft hydroxyurea").click()
    wait_for_text(page, "#orders", "hydroxyurea")
    assert "Leukapheresis" not in page.locator("#orders").inner_text(), "it was removed before"
    assert {each[0] for each in outcomes(service, card)} == {"accepted"}
    assert findings(page) == []
    camera.shot(page, "bench-taken")
    page.get_by_role("button", name="Run", exact=True).click()
    wait_for_text(page, ".card h3", "Hydroxyurea")
    assert page.locator("#request").input_value() == "", "this is no longer the story's request"
    assert "story=" not in page.url


def test_drafts_of_an_opened_chart_can_be_signed(opening: Opening) -> None:
    page = bench(opening, f"request={EMERGENCY}")
    page.get_by_role("button", name="Draft hydroxyurea").click()
    wait_for_text(page, "#orders", "hydroxyurea")
    page.get_by_role("button", name="Sign these orders").click()
    wait_for_text(page, "#status", "order-sign")
    wait_for_text(page, ".card h3", "Hydroxyurea")


def test_any_order_can_be_drafted_for_any_patient(opening: Opening) -> None:
    page = bench(opening, "request=als-ph-positive-all.patient-view")
    page.locator("#order option", has_text="Leukapheresis, therapeutic").wait_for(state="attached")
    page.get_by_label("Draft one more").select_option(label="Leukapheresis, therapeutic")
    page.get_by_role("button", name="Select these orders").click()
    wait_for_text(page, "#status", "order-select")
    assert page.locator("#orders").inner_text() == "Leukapheresis, therapeutic"


def test_setting_a_card_aside_is_recorded_and_keeps_it_away(
    opening: Opening, service: Service, camera: Camera
) -> None:
    page = bench(opening, f"request={LEUKAPHERESIS}")
    card = card_uuid(page)
    page.get_by_text("Set this card aside").click()
    page.get_by_label("Reason").select_option(index=1)
    page.get_by_label("Comment").fill("discussed in the morning round")
    reason = page.get_by_label("Reason").evaluate("each => each.selectedOptions[0].text")
    page.get_by_role("button", name="Set aside", exact=True).click()
    wait_for_text(page, ".said", f"Recorded as overridden: {reason}.")
    [(outcome, code, commented)] = outcomes(service, card)
    assert (outcome, bool(code), bool(commented)) == ("overridden", True, True)
    assert page.get_by_label("Same clinician as before").is_checked()
    page.get_by_role("button", name="Run", exact=True).click()
    wait_for_text(page, "#difference", "leukapheresis-als. Held back.")
    assert summaries(page) == []
    assert "Not shown again: Leukapheresis in ALS" in page.locator("#cards").inner_text()
    camera.shot(page, "bench-held")
    page.get_by_label("Same clinician as before").uncheck()
    page.get_by_role("button", name="Run", exact=True).click()
    wait_for_text(page, ".card h3", "Leukapheresis in ALS")


def test_that_an_emergency_was_held_back_is_never_folded_away(opening: Opening) -> None:
    page = bench(opening, f"request={EMERGENCY}")
    card = page.locator(".card.critical")
    card.get_by_text("Set this card aside").click()
    card.get_by_label("Reason").select_option(label="Reviewed: do not show this again for 24 hours")
    card.get_by_role("button", name="Set aside", exact=True).click()
    wait_for_text(page, ".said", "Recorded as overridden")
    page.get_by_role("button", name="Run", exact=True).click()
    wait_for_text(page, "#difference", "hyperleukocytosis-emergency. Held back.")
    gap = page.locator(".card .gap")
    assert gap.is_visible()
    assert "Not shown again: WBC at or above 100" in gap.inner_text()


def test_a_service_without_a_store_says_that_nothing_is_recorded(
    opening: Opening, tmp_path_factory: Any
) -> None:
    from tests.browser import serving

    with serving(tmp_path_factory.mktemp("no-store"), store="none") as service:
        page = bench(opening, f"request={LEUKAPHERESIS}", service=service)
        page.get_by_role("button", name="Remove the drafted leukapheresis").click()
        wait_for_text(page, ".said", "Not recorded: no feedback is kept here")
        assert page.locator("#orders").inner_text() == "none", "the drafts are the EHR's own"


def test_a_service_that_stopped_is_said_to_have_stopped(
    opening: Opening, tmp_path_factory: Any, watched: Any
) -> None:
    from tests.browser import serving

    with serving(tmp_path_factory.mktemp("stopped")) as service:
        page = bench(opening, service=service)
    page.get_by_role("button", name="Run", exact=True).click()
    wait_for_text(page, "#problem", "The service does not answer")
    # The browser tells of the connection itself.
    watched.complaints[:] = [each for each in watched.complaints if "ERR_CONNECTION" not in each]
