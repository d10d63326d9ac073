"""What holds for every page of the service."""

from __future__ import annotations

import pytest

from tests.browser import LOOKS, SMALLEST, findings, overflow
from tests.browser.conftest import Opening

PAGES = {"insight": "/insight"}


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_axe_core_finds_nothing_serious(
    opening: Opening, path: str, width: int, scheme: str
) -> None:
    assert findings(opening(path, width=width, scheme=scheme)) == []


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_no_page_is_wider_than_the_smallest_window(opening: Opening, path: str) -> None:
    assert overflow(opening(path, width=SMALLEST)) == 0


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_the_first_key_offers_to_skip_to_the_content(opening: Opening, path: str) -> None:
    page = opening(path)
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
