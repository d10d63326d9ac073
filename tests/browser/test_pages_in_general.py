"""What holds for every page of the service."""

from __future__ import annotations

import pytest

from tests.browser import LOOKS, SMALLEST, Camera, findings, layout_shift, overflow
from tests.browser.conftest import Opening

PAGES = {
    "start": "/",
    "rules": "/rules",
    "rule": "/rules/leukapheresis-als",
    "rule-of-many-questions": "/rules/puncture-bleeding-risk",
    "no-rule": "/rules/leukapheresis",
    "insight": "/insight",
}
IN_DOCS = {"rule"}
"""Pages of which the documentation has a picture."""


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_axe_core_finds_nothing_serious(
    opening: Opening, path: str, width: int, scheme: str
) -> None:
    assert findings(opening(path, width=width, scheme=scheme)) == []


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_nothing_moves_after_it_was_shown(opening: Opening, path: str) -> None:
    page = opening(path)
    page.wait_for_load_state("networkidle")
    assert layout_shift(page) == 0


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_a_heading_and_its_picture_is_taken(
    opening: Opening, camera: Camera, name: str, width: int, scheme: str
) -> None:
    page = opening(PAGES[name], width=width, scheme=scheme)
    assert page.locator("h1").count() == 1
    assert page.locator("h1").is_visible()
    assert camera.shot(page, f"{name}-{width}-{scheme}").stat().st_size > 10_000
    if name in IN_DOCS and (width, scheme) == LOOKS[0]:
        camera.shot(page, name, picture=True, whole=False)


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
