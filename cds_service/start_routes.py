"""/: what this service is, how it stands, and where to go next.

Shown like discovery: open, unless that asks for a token. In production it is shorter: nothing there
is for trying.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, current_app

from cds_service import demo_routes
from cds_service.door import Door
from cds_service.engine import Engine
from cds_service.page_routes import html_page
from cds_service.protocol import SPECIFICATION_VERSION
from cds_service.service import About, Service
from cds_service.settings import Settings
from cds_service.web import caller_of, own_address

if TYPE_CHECKING:
    from cds_service.rule_pages import Row

Clock = Callable[[], datetime]
Report = Callable[[], dict[str, Any]]

PLACES = (
    ("/bench", "Bench", "Try it: patients, orders and values to change; the cards, and why."),
    ("/rules", "Rules", "What stands behind each card: logic, numbers, evidence, tested cases."),
    ("/insight", "Insight", "What the advice did: cards, answers, reasons, what was missing."),
    ("/demo/fhir/metadata", "Demo FHIR server", "Synthetic patients, for the official sandbox."),
    ("/openapi.json", "OpenAPI", "Every endpoint, for those who write clients."),
    ("/cds-services", "Discovery", "What a CDS client reads first: hooks and prefetch."),
    ("/ready", "Readiness", "For those who watch over the service."),
)
"""Those that are there are listed, in this order."""


def add(
    app: Flask,
    about: About | None,
    settings: Settings,
    engine: Engine,
    door: Door,
    clock: Clock,
    report: Report,
) -> None:
    """Adds the route."""

    @app.get("/", provide_automatic_options=False)
    def start() -> Response:
        if door.asks_for_discovery():
            caller_of(door)
        # Imported here: what pages show is needed by no call.
        from cds_service import rule_pages

        base = own_address(settings)
        rows = [row for each in rule_pages.sections(engine, clock()) for row in each.rows]
        return html_page(
            "start.html",
            about=about or About("CDS Hooks service", "It answers hooks with cards."),
            unready=door.unready(),
            troubles=list(_troubles(report())),
            rows=rows,
            counts=_counts(rows, rule_pages.STATES),
            statuses=sorted({row.status for row in rows}),
            services=list(engine.services.values()),
            base=base,
            request_to_try=_request_to_try(settings, engine.services.values(), base),
            places=_places(),
            specification=SPECIFICATION_VERSION,
            content_version=engine.content_version,
        )


def _counts(rows: Iterable[Row], states: Iterable[str]) -> dict[str, int]:
    """How many rules are in each state; those that none is in are left out."""
    rows = list(rows)
    found = {state: sum(state in row.states for row in rows) for state in states}
    return {state: many for state, many in found.items() if many}


def _troubles(report: dict[str, Any]) -> Iterator[str]:
    """What of the report a reader should know; which rules are off stands with the rules."""
    for name, each in report.items():
        if name in ("off", "silent", "switchedForSomeClients"):
            continue
        yield from (str(text) for text in (each if isinstance(each, list) else [f"{name}: {each}"]))


def _request_to_try(settings: Settings, services: Iterable[Service], base: str) -> str:
    """One command that brings a card, over data of the demo endpoint; in sandbox mode only."""
    service = next((each for each in services if each.hook == "patient-view"), None)
    patient = _example() if settings.mode == "sandbox" else ""
    if service is None or not patient:
        return ""
    body = {
        "hook": service.hook,
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "fhirServer": base + demo_routes.PATH,
        "context": {"userId": "Practitioner/example", "patientId": patient},
    }
    return (
        f"curl -s {base}/cds-services/{service.id} \\\n"
        f"  -H 'Content-Type: application/json' \\\n"
        f"  -d '{json.dumps(body)}'"
    )


@cache
def _example() -> str:
    """A patient of the demo; none where its patients are not installed."""
    try:
        return str(getattr(importlib.import_module(demo_routes.PATIENTS), "EXAMPLE", ""))
    except ImportError:
        return ""


def _places() -> list[tuple[str, str, str]]:
    paths = {rule.rule for rule in current_app.url_map.iter_rules()}
    is_demo = demo_routes.PATH in paths
    return [
        each
        for each in PLACES
        if each[0] in paths or (is_demo and each[0].startswith(demo_routes.PATH))
    ]
