"""What the address of the bench brings back, for whoever gets it."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Opening
from tests.browser.test_bench import LEUKAPHERESIS, bench, wait_for_text


def test_a_link_brings_back_what_was_seen(opening: Opening) -> None:
    page = bench(opening, f"request={LEUKAPHERESIS}&profile=oracle&panel=eighth&tab=answered")
    page.locator("#value-fvc-percent-predicted").fill("90")
    page.keyboard.press("Enter")
    wait_for_text(page, "#patient", "Changed: FVC")
    again = bench(opening, page.url.partition("?")[2])
    for name in ("#story", "#request", "#profile"):
        assert again.locator(name).input_value() == page.locator(name).input_value()
    assert again.locator("#value-fvc-percent-predicted").input_value() == "90"
    assert "Changed: FVC" in again.locator("#patient").inner_text()
    assert again.get_by_label("⅛ screen").is_checked()
    assert again.locator("#answered").is_visible()


@pytest.mark.parametrize("name", ["nobody.patient-view", "als-aml-emergency.order-sign.nothing"])
def test_a_link_to_what_is_not_here_says_so(opening: Opening, name: str) -> None:
    page = bench(opening, f"request={name}")
    assert f"names {name}, which is not here" in page.locator("#problem").inner_text()
    assert page.locator("#story").input_value() == "als-aml-emergency"
    assert "2 cards" in page.locator("#status").inner_text()
