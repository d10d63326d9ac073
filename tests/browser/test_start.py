"""/, as somebody sees it who has just started the service."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from tests.browser import Service, is_in_view, serving
from tests.browser.conftest import Opening

COPIED = "window.getSelection().toString()"


def test_what_this_is_and_how_it_stands_are_seen_first(opening: Opening) -> None:
    page = opening("/")
    assert "acute leukemia" in page.locator("h1").inner_text()
    for words in ("for trying, not for patients", "No clinician has signed these rules off"):
        assert page.get_by_text(words).is_visible()
    assert is_in_view(page, ".standing")
    assert page.locator(".mode").inner_text() == "sandbox"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_that_nothing_is_reviewed_is_said_in_another_colour(opening: Opening, scheme: str) -> None:
    page = opening("/", scheme=scheme)
    colour = "each => getComputedStyle(each).color"
    pending = page.locator(".standing b.pending").first.evaluate(colour)
    assert pending != page.locator("h1").evaluate(colour)


def test_the_addresses_are_those_that_answer(opening: Opening, service: Service) -> None:
    page = opening("/")
    named = page.locator(".services pre").all_inner_texts()
    listed = service.get("/cds-services")["services"]
    assert named == [f"{service.origin}/cds-services/{each['id']}" for each in listed]
    hooks = page.locator(".services h3").all_inner_texts()
    assert hooks == [each["hook"] for each in listed]


def test_an_address_is_copied_with_one_key(opening: Opening) -> None:
    page = opening("/")
    address = page.locator(".services pre").first.inner_text()
    button = page.get_by_role("button", name="Copy address of patient-view")
    button.press("Enter")
    page.wait_for_function("document.querySelector('.services .copy').textContent != 'Copy'")
    assert page.evaluate(COPIED) == address, "where copying is not allowed it is selected"


def test_without_a_script_there_is_no_button_that_does_nothing(opening: Opening) -> None:
    page = opening("/", script=False)
    assert page.get_by_role("button").count() == 0
    assert page.locator(".services pre").first.is_visible()


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_first_request_brings_a_card_as_it_stands_there(opening: Opening) -> None:
    page = opening("/")
    command = page.get_by_role("region", name="A first request").locator("pre").inner_text()
    answer = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=True, timeout=60
    )
    cards = json.loads(answer.stdout)["cards"]
    assert cards[0]["indicator"] == "critical"


def test_every_place_to_go_next_is_there(opening: Opening) -> None:
    page = opening("/")
    links = page.get_by_role("region", name="Where to go next").get_by_role("link")
    names = links.all_inner_texts()
    assert {"Rules", "Insight", "Demo FHIR server", "OpenAPI", "Discovery"} <= set(names)
    for name in names:
        links.filter(has_text=name).first.click()
        page.wait_for_load_state()
        assert page.evaluate("performance.getEntries()[0].responseStatus") == 200, name
        page.go_back()


def test_a_service_that_has_switched_off_a_rule_says_so(
    opening: Opening, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("switched")
    switches = folder / "switches.toml"
    switches.write_text('[[switch]]\nrule = "aml-fit"\nstate = "off"\n', "utf-8")
    with serving(folder, switches=str(switches)) as switched:
        page = opening("/", service=switched)
        page.get_by_role("link", name="1 off").click()
        shown = page.locator("[data-rule]:visible")
        assert shown.count() == 1
        assert shown.locator(".badge").inner_text() == "off"
        shown.get_by_role("link").click()
        assert page.get_by_text("Not asked: it shows no card.").first.is_visible()
