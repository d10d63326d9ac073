"""What a person sees on the bench."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.browser import LOOKS, NARROW, SMALLEST, Camera, Service, findings, is_in_view, overflow
from tests.browser.conftest import Opening

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page, Route

EMERGENCY = "als-aml-emergency.patient-view"
LEUKAPHERESIS = "als-aml-emergency.order-select.leukapheresis"
SUMMARY = "WBC at or above 100 with acute leukemia"
HACK = "document.body.id='hacked'"
HOSTILE = f'<img src=x onerror="{HACK}"><script>{HACK}</script>'


def bench(opening: Opening, query: str = "", **window: object) -> Page:
    """The bench once it has its first answer."""
    page = opening(f"/bench?{query}", **window)
    page.locator("#bench[data-ready]").wait_for()
    return page


def wait_for_text(page: Page, selector: str, text: str) -> None:
    page.locator(selector, has_text=text).first.wait_for()


def summaries(page: Page) -> list[str]:
    return page.locator(".card h3").all_inner_texts()


def paste(page: Page, text: str) -> None:
    page.get_by_label("Paste a record").check()
    page.get_by_label("FHIR R4 Bundle").fill(text)
    page.get_by_role("button", name="Read it").click()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
@pytest.mark.parametrize(
    "query",
    [
        "",
        f"request={LEUKAPHERESIS}&profile=epic&panel=eighth&tab=curl",
        "request=aml-count-falling.patient-view&tab=timeline",
        "request=als-aml-emergency.patient-view.conditions-failed",
        "request=aml-stale-count.patient-view&v.leukocyte-count=",
    ],
    ids=["first", "epic", "timeline", "refused", "gap"],
)
def test_axe_core_finds_nothing_serious(
    opening: Opening, camera: Camera, query: str, width: int, scheme: str
) -> None:
    page = bench(opening, query, width=width, scheme=scheme)
    page.locator(".override summary").evaluate_all("all => all.forEach(each => each.click())")
    page.locator("#why details").evaluate_all("all => all.forEach(each => { each.open = true })")
    assert findings(page) == []


@pytest.mark.parametrize("width", [SMALLEST, NARROW])
def test_it_is_readable_on_a_phone(opening: Opening, width: int) -> None:
    for query in ("", "tab=timeline", f"request={LEUKAPHERESIS}&tab=curl", "panel=eighth"):
        page = bench(opening, query, width=width)
        page.locator("#values summary").click()
        assert overflow(page) == 0, query


def test_the_first_story_shows_its_cards_most_urgent_first(
    opening: Opening, camera: Camera
) -> None:
    page = bench(opening, height=1000)
    assert summaries(page)[0].startswith(SUMMARY)
    assert page.locator(".card .indicator").all_inner_texts() == ["CRITICAL", "WARNING"]
    assert is_in_view(page, ".card h3")
    assert "2 cards" in page.locator("#status").inner_text()
    assert "Walter Example, male" in page.locator("#patient").inner_text()
    camera.shot(page, "bench", picture=True, whole=False)


def test_colours_of_indicators_differ_in_light_and_dark(opening: Opening, camera: Camera) -> None:
    found = {}
    for scheme in ("light", "dark"):
        page = bench(opening, scheme=scheme)
        for card in page.locator(".card").all():
            colour = card.evaluate("each => getComputedStyle(each).borderLeftColor")
            found[scheme, card.get_attribute("class")] = colour
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert paper == {"light": "rgb(251, 251, 249)", "dark": "rgb(20, 24, 27)"}[scheme]
        camera.shot(page, f"bench-{scheme}", whole=False)
    assert len(set(found.values())) == 4


def test_choosing_another_patient_asks_at_once(opening: Opening) -> None:
    page = bench(opening)
    page.get_by_label("Patient", exact=True).select_option(label="Acne, tretinoin cream")
    wait_for_text(page, "#cards", "12 do not apply, and 1 could not tell, for lack of data.")
    assert "Leukocytes: not recorded" in page.locator("#cards").inner_text()
    assert "No card is no all-clear" in page.locator("#cards").inner_text()
    page.get_by_label("Hook and order").select_option(label="tretinoin cream")
    wait_for_text(page, "#status", "order-select")
    assert "tretinoin" in page.locator("#orders").inner_text()


def test_a_lower_count_ends_the_emergency_and_says_why(opening: Opening, camera: Camera) -> None:
    page = bench(opening)
    page.get_by_label("Leukocytes", exact=True).fill("40")
    page.keyboard.press("Enter")
    wait_for_text(page, "#difference", "No longer shown: hyperleukocytosis-emergency.")
    said = page.locator("#difference").inner_text()
    assert "Leukocytes at least 100 ×10⁹/L within 24 h: no" in said
    assert not [each for each in summaries(page) if each.startswith(SUMMARY)]
    assert "187 ×10³/µL, 3 h ago → 40 ×10³/µL" in page.locator("#patient").inner_text()
    camera.shot(page, "bench-changed")
    page.get_by_role("button", name="Take back all changes").click()
    wait_for_text(page, ".card h3", SUMMARY)


def test_the_unit_changes_what_the_number_means(opening: Opening) -> None:
    page = bench(opening)
    page.get_by_label("Leukocytes: unit").select_option(label="/µL")
    page.get_by_role("button", name="Run", exact=True).click()
    wait_for_text(page, "#difference", "No longer shown: hyperleukocytosis-emergency.")
    page.get_by_label("Leukocytes: unit").select_option(label="no unit")
    page.get_by_role("button", name="Run", exact=True).click()
    wait_for_text(page, "#why .gaps", "not used")


def test_a_value_that_cannot_be_is_said_beside_the_button(opening: Opening) -> None:
    page = bench(opening)
    page.get_by_label("Leukocytes", exact=True).fill("plenty")
    page.keyboard.press("Control+Enter")
    wait_for_text(page, "#problem", "Leukocytes: enter a number")
    assert "the answer of the run before" in page.locator("#status").inner_text()
    assert is_in_view(page, "#problem")
    assert page.locator("#problem").get_attribute("role") == "alert"


def test_the_reason_of_a_card_is_one_click_away(opening: Opening, camera: Camera) -> None:
    page = bench(opening, "tab=timeline")
    page.get_by_role("button", name="Why this card").first.click()
    rule = page.locator("#why-hyperleukocytosis-emergency")
    assert "Leukocytes 187 ×10⁹/L" in rule.inner_text()
    assert rule.locator(".because").first.is_visible()
    assert is_in_view(page, "#why-hyperleukocytosis-emergency > summary")
    rule.get_by_text("All questions").click()
    assert "All of these are so" in rule.locator(".tree").inner_text()
    page.locator("#tabs").scroll_into_view_if_needed()
    camera.shot(page, "bench-why", picture=True, whole=False)
    href = rule.get_by_role("link").get_attribute("href")
    assert href == "/rules/hyperleukocytosis-emergency"


def test_what_is_missing_is_never_folded_away(opening: Opening) -> None:
    page = bench(opening, "request=aml-stale-count.patient-view")
    gap = page.locator(".card .gap").first
    assert gap.is_visible()
    assert "Leukocytes 240 ×10⁹/L" in gap.inner_text()
    assert "older than 72 h" in gap.inner_text()
    text = page.locator(".card .markdown").first
    assert text.evaluate("each => each.clientHeight < each.scrollHeight"), "nothing is folded"
    page.get_by_role("button", name="Show all").first.click()
    assert page.get_by_text("Content is pending clinical review").first.is_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_first_advice_is_seen_before_the_buttons(opening: Opening, width: int) -> None:
    page = bench(opening, width=width)
    card = page.locator(".card.critical")
    folded = card.locator(".markdown").bounding_box()
    advice = card.get_by_text("APL not yet excluded").bounding_box()
    assert folded is not None
    assert advice is not None
    # The last fifth of what is folded fades away.
    assert advice["y"] + advice["height"] < folded["y"] + 0.8 * folded["height"]
    assert card.get_by_text("and 9 more").is_visible()
    assert not card.get_by_text("INR 1.3").is_visible()
    show = card.get_by_role("button", name="Show all")
    assert show.inner_text() == "Show all: This patient; Consider; Evidence"
    show.click()
    assert card.get_by_text("INR 1.3").is_visible()
    assert not card.get_by_text("and 9 more").is_visible()


def test_an_eighth_of_a_screen_shows_the_summary(opening: Opening, camera: Camera) -> None:
    page = bench(opening, height=1000)
    page.get_by_label("⅛ screen").check()
    panel = page.locator("#panel")
    box, title = panel.bounding_box(), page.locator(".card h3").first.bounding_box()
    assert box is not None
    assert title is not None
    assert box["width"] <= 1920 / 8
    assert box["x"] <= title["x"]
    assert title["x"] + title["width"] <= box["x"] + box["width"]
    assert title["y"] + title["height"] <= box["y"] + box["height"]
    assert panel.evaluate("each => each.scrollWidth <= each.clientWidth"), "scrolls sideways"
    assert not page.locator(".card .markdown").first.is_visible()
    camera.shot(page, "bench-eighth", whole=False)


def test_the_course_is_drawn_and_told(opening: Opening, camera: Camera) -> None:
    page = bench(opening, "request=aml-count-falling.patient-view&tab=timeline")
    chart = page.get_by_role("img", name="Leukocytes over time: 3 results")
    assert chart.is_visible()
    drawn = chart.locator("text").all_text_contents()
    assert {"42", "96", "180", "100 ×10⁹/L: hyperleukocytosis"} <= set(drawn)
    rows = page.locator("#timeline tbody tr").all_inner_texts()
    assert [row.split("\t")[0] for row in rows] == ["42 ×10⁹/L", "96 ×10⁹/L", "180 ×10⁹/L"]
    page.locator("#tabs").scroll_into_view_if_needed()
    camera.shot(page, "bench-timeline", picture=True, whole=False)


def test_on_a_phone_the_newest_result_of_the_course_is_in_view(opening: Opening) -> None:
    page = bench(opening, "request=aml-count-falling.patient-view&tab=timeline", width=390)
    newest = page.locator("#timeline svg text", has_text="42").bounding_box()
    assert newest is not None
    assert 0 <= newest["x"] <= 390 - newest["width"]


def test_each_ehr_shows_its_own(opening: Opening) -> None:
    page = bench(opening, f"request={LEUKAPHERESIS}")
    assert not page.locator("#notes").is_visible()
    page.get_by_label("EHR", exact=True).select_option("epic")
    wait_for_text(page, "#notes", "What Epic shows otherwise")
    assert page.get_by_role("button", name="enter the dose by hand").is_visible()
    page.locator("#notes summary").click()
    assert "LeukapheresisAls" in page.locator("#notes").inner_text()


def test_the_request_can_be_sent_by_hand(opening: Opening, service: Service) -> None:
    page = bench(opening, "tab=curl")
    command = page.locator("#curl-text").inner_text()
    assert f"{service.origin}/cds-services/als-leukemia-patient-view" in command
    assert json.loads(page.locator("#sent-text").text_content() or "")["hook"] == "patient-view"
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    cards = json.loads(done.stdout)["cards"]
    assert [each["indicator"] for each in cards] == ["critical", "warning"]


def test_what_may_not_be_copied_is_selected(opening: Opening) -> None:
    page = bench(opening, "tab=curl")
    page.evaluate("void (navigator.clipboard.writeText = () => Promise.reject(new Error('no')))")
    page.get_by_role("button", name="Copy the command").click()
    wait_for_text(page, "#curl [role=status]", "Selected: press Ctrl+C")
    assert page.evaluate("getSelection().toString()").startswith("curl -sS")


def test_tabs_obey_arrows(opening: Opening) -> None:
    page = bench(opening)
    page.get_by_role("tab", name="Why").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator(":focus").inner_text() == "Timeline"
    assert page.locator("#timeline").is_visible()
    assert not page.locator("#why").is_visible()
    page.keyboard.press("End")
    assert page.locator("#curl").is_visible()
    page.keyboard.press("ArrowRight")
    assert page.locator("#why").is_visible()


def test_the_keyboard_alone_is_enough(opening: Opening) -> None:
    page = bench(opening)
    tab_to(page, "value-leukocyte-count")
    page.keyboard.press("Control+A")
    page.keyboard.type("40")
    page.keyboard.press("Control+Enter")
    wait_for_text(page, "#difference", "No longer shown")
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.locator(":focus").inner_text() == "Why this card":
            break
    page.keyboard.press("Enter")
    assert page.locator(":focus").inner_text().startswith(("✓ yes", "✓\xa0yes"))


def tab_to(page: Page, identity: str) -> None:
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.locator(":focus").get_attribute("id") == identity:
            return
    raise AssertionError(f"the keyboard does not come to {identity}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hello", "This is no JSON"),
        ('{"resourceType": "Patient", "id": "1"}', "this is a Patient"),
        ('{"resourceType": "Bundle", "type": "collection"}', "holds 0 Patients"),
    ],
    ids=["nonsense", "patient", "empty"],
)
def test_nonsense_that_is_pasted_is_named(opening: Opening, text: str, words: str) -> None:
    page = bench(opening)
    paste(page, text)
    wait_for_text(page, "#problem", words)
    assert is_in_view(page, "#problem")
    assert summaries(page) == [], "the cards of another patient still stand there"


def test_a_pasted_request_is_answered(opening: Opening, service: Service) -> None:
    page = bench(opening)
    paste(page, json.dumps(service.get(f"/bench/requests/{LEUKAPHERESIS}")))
    wait_for_text(page, ".card h3", "Leukapheresis in ALS")
    assert "story=" not in page.url


def test_texts_of_a_record_do_nothing(opening: Opening, service: Service) -> None:
    request = service.get(f"/bench/requests/{LEUKAPHERESIS}")
    request["context"]["draftOrders"]["entry"][0]["resource"]["code"]["text"] = HOSTILE
    request["prefetch"]["patient"]["name"] = [{"family": HOSTILE}]
    for entry in request["prefetch"]["leukocytes"]["entry"]:
        entry["resource"]["valueQuantity"] |= {"unit": HOSTILE, "code": HOSTILE}
    page = bench(opening)
    paste(page, json.dumps(request))
    wait_for_text(page, "#patient", "<img src=x")
    for panel in ("timeline", "why", "sent"):
        page.locator(f"#tab-{panel}").click()
    assert page.locator("#bench img, #bench script").count() == 0
    assert page.locator("#hacked").count() == 0
    assert "<img src=x" in page.locator("#orders").inner_text()


def test_nothing_moves_when_the_answer_comes(opening: Opening, service: Service) -> None:
    for query in ("", f"request={LEUKAPHERESIS}&profile=epic"):
        page, held = holding_back(opening)
        page.goto(f"{service.origin}/bench?{query}")
        wait_until(page, lambda held=held: bool(held))
        page.evaluate(_TWO_FRAMES)
        held[0].continue_()
        page.locator("#bench[data-ready]").wait_for()
        page.evaluate(_TWO_FRAMES)
        assert page.evaluate(_SHIFT) < 0.02


def test_a_slow_answer_does_not_replace_a_later_one(opening: Opening, service: Service) -> None:
    page, held = holding_back(opening)
    page.goto(f"{service.origin}/bench")
    wait_until(page, lambda: len(held) == 1)
    held[0].continue_()
    page.locator("#bench[data-ready]").wait_for()
    page.get_by_label("Patient", exact=True).select_option(label="A healthy patient")
    wait_until(page, lambda: len(held) == 2)
    page.get_by_label("Patient", exact=True).select_option(label="AML at 48 years, fit")
    wait_until(page, lambda: len(held) == 3)
    held[2].continue_()
    wait_for_text(page, ".card h3", "AML, no recorded barrier")
    with page.expect_response("**/bench/run"):
        held[1].continue_()
    page.evaluate(_TWO_FRAMES)
    assert summaries(page), "the answer about another patient stands there"


def holding_back(opening: Opening) -> tuple[Page, list[Route]]:
    """A page whose runs wait until they are let go."""
    page = opening("/rules")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/bench/run", hold)
    return page, held


def wait_until(page: Page, is_so: Callable[[], bool]) -> None:
    for _ in range(600):
        if is_so():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not come to that")


_TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
_SHIFT = """new Promise(done => {
  let moved = 0;
  const count = list => list.getEntries().forEach(each => { moved += each.value });
  new PerformanceObserver(count).observe({type: 'layout-shift', buffered: true});
  setTimeout(() => done(moved), 300);
})"""


def test_without_javascript_it_says_what_does_the_same(opening: Opening) -> None:
    page = opening("/bench", script=False)
    assert page.get_by_text("als-leukemia-cds simulate").is_visible()
