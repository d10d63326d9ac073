"""One Chromium and one service for all tests of a process; each test has a window of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import WIDE, Camera, Service, Watched, chromium, missing, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PATIENCE = 15_000
"""Milliseconds that a condition is waited for: only tests that fail wait so long."""

Opening = Callable[..., "Page"]
"""`opening(path, width=..., height=..., scheme="light", script=True, service=...)`."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Skips where there is none, except in continuous integration."""
    if reason := missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    from playwright.sync_api import sync_playwright

    # Chromium refuses its sandbox to root, as which containers and continuous integration run.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def service(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service in sandbox mode. After the browser, so that nothing is started in vain."""
    with serving(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture(scope="session")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Camera:
    named = {name: os.environ.get(name) for name in ("SCREENSHOTS", "PICTURES")}
    for folder in filter(None, named.values()):
        Path(folder).mkdir(parents=True, exist_ok=True)
    screenshots = named["SCREENSHOTS"] or tmp_path_factory.mktemp("screenshots")
    return Camera(Path(screenshots), Path(named["PICTURES"]) if named["PICTURES"] else None)


@pytest.fixture
def watched() -> Watched:
    """What the pages of the test asked for and complained of."""
    return Watched()


@pytest.fixture
def opening(
    browser: Browser, request: pytest.FixtureRequest, watched: Watched
) -> Iterator[Opening]:
    """Opens a page. Afterwards none may have asked anybody else, nor have complained."""
    contexts, origins = [], []

    def open_page(
        path: str,
        *,
        width: int = WIDE,
        height: int = 800,
        scheme: str = "light",
        script: bool = True,
        service: Service | None = None,
    ) -> Page:
        running: Service = service or request.getfixturevalue("service")
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
            java_script_enabled=script,
            reduced_motion="reduce",
            locale="en-GB",
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        origins.append(running.origin)
        page = context.new_page()
        watched.by(page)
        page.goto(f"{running.origin}{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert watched.complaints == []
    assert [url for origin in set(origins) for url in watched.elsewhere(origin)] == []
