"""What a person sees of the pages: a real service, in a real Chromium.

The browser is the system's, the audit of accessibility is axe-core from npm: `make browser`
installs both, and tests skip where one is missing. Waits are for conditions, and no test is timed.
Screenshots are kept in the folder that SCREENSHOTS names, those for docs/pictures in that of
PICTURES.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request

HERE = Path(__file__).parent
AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"

WIDE, NARROW, SMALLEST = 1280, 390, 320
"""Widths of a desk, of a phone, and the least that a page must be readable at."""

LOOKS = [(width, scheme) for width in (WIDE, NARROW) for scheme in ("light", "dark")]
"""Every page is judged in each of these."""


def chromium() -> str | None:
    """The system's browser; None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def missing() -> str:
    """What is not here that these tests need; empty when they can run."""
    if chromium() is None:
        return "the tests of the pages need Chromium: make browser"
    if not AXE.exists():
        return "axe-core of the tests of the pages is not installed: make browser"
    return ""


# -- the service -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Service:
    """A service in a process of its own. `folder` holds its store and what it has printed."""

    origin: str
    folder: Path

    def get(self, path: str) -> Any:
        """The JSON under a path."""
        return self._ask("GET", path)

    def post(self, path: str, body: Any) -> Any:
        """The JSON that answers a JSON body."""
        return self._ask("POST", path, json.dumps(body))

    def _ask(self, method: str, path: str, body: str | None = None) -> Any:
        address = urlsplit(self.origin)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
            assert answer.status < 400, text
            return json.loads(text) if text else None
        finally:
            connection.close()


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Service]:
    """`als-leukemia-cds serve` on a free port, with a store of its own below the folder."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    own = {f"CDS_{name.upper()}": value for name, value in settings.items()}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    environment = {**inherited, "HOST": "127.0.0.1", "PORT": str(port), **own}
    command = [sys.executable, "-m", "cds_service", "serve"]
    with (folder / "printed").open("wb") as printed:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=printed, stderr=subprocess.STDOUT
        )
    service = Service(f"http://127.0.0.1:{port}", folder)
    try:
        _wait(service, process)
        yield service
    finally:
        process.terminate()
        process.wait(30)


def _wait(service: Service, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert process.poll() is None, (service.folder / "printed").read_text(encoding="utf-8")
        try:
            service.get("/ready")
            return
        except (OSError, AssertionError):
            time.sleep(0.1)
    raise AssertionError("the service does not answer")


# -- the browser -----------------------------------------------------------------------------------


@dataclass
class Watched:
    """What a page did besides being seen."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def by(self, page: Page) -> None:
        """Listens from now on."""
        page.on("request", self._on_request)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda each: self._on_console(each.type, each.text))

    def _on_request(self, request: Request) -> None:
        self.requests.append(request.url)

    def _on_console(self, kind: str, text: str) -> None:
        # The browser says of every answer above 399 that it "failed to load": tests of such answers
        # look at the answer. What a Content-Security-Policy stopped is an error of another text.
        if kind in ("error", "warning") and "the server responded with a status of" not in text:
            self.complaints.append(text)

    def elsewhere(self, origin: str) -> list[str]:
        """Requests that left the service."""
        return [url for url in self.requests if not url.startswith((f"{origin}/", "data:"))]


@dataclass(frozen=True)
class Camera:
    """Keeps pictures of pages."""

    screenshots: Path
    pictures: Path | None

    def shot(self, page: Page, name: str, *, picture: bool = False, whole: bool = True) -> Path:
        """A screenshot; one that is a `picture` goes to those of the documentation too."""
        path = self.screenshots / f"{name}.png"
        page.screenshot(path=path, full_page=whole, animations="disabled")
        if picture and self.pictures is not None:
            shutil.copyfile(path, self.pictures / path.name)
        return path


def findings(page: Page) -> list[str]:
    """What axe-core finds that is serious or critical, in words."""
    # Not as a script of the page: its Content-Security-Policy would rightly refuse that.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    results = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']} ({each['impact']}): {node['target']} {node['failureSummary']}"
        for each in results["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


def overflow(page: Page) -> int:
    """How many pixels the page is wider than the window: what scrolls sideways nobody reads."""
    width: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return width


def layout_shift(page: Page) -> float:
    """How far what stood on the page has moved since it was opened; 0 is nothing.

    https://web.dev/articles/cls
    """
    moved: float = page.evaluate(
        """() => new Promise((resolve) => {
          let sum = 0;
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) sum += entry.value;
          }).observe({ type: "layout-shift", buffered: true });
          requestAnimationFrame(() => requestAnimationFrame(() => resolve(sum)));
        })"""
    )
    return moved


def is_in_view(page: Page, selector: str) -> bool:
    """Whether all of an element is inside the window, without scrolling."""
    found = page.locator(selector).first
    box, window = found.bounding_box(), page.viewport_size
    assert box is not None, f"{selector} is not shown"
    assert window is not None
    is_across = box["x"] >= 0 and box["x"] + box["width"] <= window["width"] + 0.5
    return is_across and box["y"] >= 0 and box["y"] + box["height"] <= window["height"] + 0.5
