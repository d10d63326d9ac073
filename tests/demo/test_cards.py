"""Our own service, sent to its own demo endpoint instead of prefetch, shows the same cards.

One process, one thread for hook calls: a call that waited for a thread that it holds itself would
never see an answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest

import fixtures
from cds_service import server
from cds_service.app import create_app
from cds_service.settings import Settings
from fixtures.demo import stories
from tests.catalogue import EXAMPLE_SITE, NOW
from tests.engine.serving import ask, serving
from tests.protocol.support import Caller, without_uuids

REQUESTS = [
    name
    for story in stories()
    for name in fixtures.requests(story)
    if fixtures.EXPECTED[name].status == 200
]


def is_at_site(name: str) -> bool:
    return name.split(".")[0] in fixtures.AT_EXAMPLE_SITE


@pytest.fixture(scope="module")
def ports() -> Iterator[dict[bool, int]]:
    """Servers that run: at the example site and elsewhere."""
    with ExitStack() as stack:
        running = {}
        for at_site in (False, True):
            app = _application(NOW, at_site)
            running[at_site] = stack.enter_context(serving(server.Application(app, threads=1)))
        yield running


@cache
def _application(as_of: datetime, at_site: bool) -> Any:
    """One that waits long enough for a busy machine."""
    site = str(EXAMPLE_SITE) if at_site else ""
    settings = Settings(fhir_deadline_seconds=20.0, site_value_sets=site)
    return create_app(settings, clock=lambda: as_of)


@cache
def _templates(at_site: bool) -> dict[str, dict[str, str]]:
    found = Caller(_application(NOW, at_site)).send("GET", "/cds-services").json["services"]
    return {each["hook"]: each["prefetch"] for each in found}


def prefetched(name: str) -> dict[str, Any]:
    """The request, with what the story alone has on record. Some requests tell another record."""
    request = fixtures.request(name, NOW)
    record = fixtures.patient(name.split(".")[0], NOW)
    templates = _templates(is_at_site(name))[request["hook"]]
    for member in ("fhirServer", "fhirAuthorization"):
        request.pop(member, None)
    # A copy of each, as they come by wire.
    request["prefetch"] = json.loads(json.dumps(fixtures.answer_templates(templates, record)))
    return request


@pytest.mark.parametrize("name", REQUESTS)
def test_the_demo_endpoint_in_place_of_prefetch_brings_the_same_cards(
    ports: dict[bool, int], name: str
) -> None:
    request = prefetched(name)
    port = ports[is_at_site(name)]
    # Cards link to pages of the address that was called.
    base = f"http://127.0.0.1:{port}"
    expected = Caller(_application(NOW, is_at_site(name))).cards(request, base_url=base)
    del request["prefetch"]
    request["fhirServer"] = f"{base}/demo/fhir"
    path = f"/cds-services/als-leukemia-{request['hook']}"
    headers = {"Content-Type": "application/json"}
    status, _, body = ask(port, path, "POST", body=json.dumps(request), headers=headers)
    assert status == 200, body
    assert without_uuids(json.loads(body)["cards"]) == without_uuids(expected)


def test_there_are_cards_to_compare() -> None:
    shown = sum(bool(fixtures.EXPECTED[name].cards) for name in REQUESTS)
    assert shown > 100


@pytest.mark.parametrize("story", stories())
def test_data_that_are_up_to_an_hour_older_tell_the_same_story(story: str) -> None:
    """Dates move in steps of an hour: at its end all is an hour older than the story says."""
    late = NOW + timedelta(minutes=59, seconds=59)
    for name in fixtures.requests(story):
        if fixtures.EXPECTED[name].status != 200:
            continue
        rules = [
            Caller(_application(as_of, is_at_site(name))).rules(prefetched(name))
            for as_of in (NOW, late)
        ]
        assert rules[0] == rules[1], name
