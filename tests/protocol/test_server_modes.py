"""The same cards, whether the data comes with the request or from a real FHIR server.

https://cds-hooks.hl7.org/#fhir-resource-access. The stories are loaded into it as a tester would
load them into a sandbox; a request that tells its story with other data changes them there first.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
from click.testing import CliRunner

import fixtures
from cds_service.commands import main
from tests import fhir_server
from tests.catalogue import EXAMPLE_SITE, NOW, REQUESTS, headline
from tests.fhir_server import FhirServer
from tests.protocol.support import ACCESS_TOKEN, KEYS, Caller, application, without_uuids

PLAIN = "als-aml-emergency.patient-view"

BROKEN_PREFETCH = {
    f"{PLAIN}.null-keys": "null is known emptiness in prefetch; the server has the values",
    f"{PLAIN}.labs-failed": "prefetch failed; the server has the labs and the chemistry",
    f"{PLAIN}.leukocytes-failed": "prefetch failed; the server has the count",
    f"{PLAIN}.conditions-failed": "prefetch failed, hence 412; the server has the Conditions",
    f"{PLAIN}.conditions-html": "prefetch failed, hence 412; the server has the Conditions",
    "healthy.patient-view.other-patients-data": "prefetch holds Conditions of another patient only",
}
OTHER_CARDS = {
    **BROKEN_PREFETCH,
    "als-aml-messy-chart.patient-view": "the server refuses what is broken in this chart",
}
"""Requests whose cards differ when the data comes from the server, and why they may."""

ALIKE = [name for name in REQUESTS if name not in OTHER_CARDS]

Lacks = Callable[[str], bool]
MODES: dict[str, tuple[str, Lacks]] = {
    "server only": ("fhir", lambda key: True),
    "server only, which wants Patient/ID": ("references-only", lambda key: True),
    "server only, in small pages": ("small-pages", lambda key: True),
    "every second key lacks": ("fhir", lambda key: KEYS.index(key) % 2 == 0),
    "the other keys lack": ("fhir", lambda key: KEYS.index(key) % 2 == 1),
}
"""Kind of server, and which prefetch keys a request does not bring."""


@pytest.fixture(scope="module")
def server() -> Iterator[FhirServer]:
    """Every story, loaded by the command that loads them anywhere."""
    with fhir_server.running(ACCESS_TOKEN) as running:
        result = load(running)
        assert result.exit_code == 0, result.output
        yield running


def load(server: FhirServer, *arguments: str) -> Any:
    command = ["fixtures", "load", "--fhir", server.base(), "--as-of", NOW.isoformat()]
    return CliRunner().invoke(main, [*command, *arguments], env={"FHIR_TOKEN": server.token})


def caller_of(name: str) -> Caller:
    return _caller(name.split(".")[0] in fixtures.AT_EXAMPLE_SITE)


@cache
def _caller(at_site: bool) -> Caller:
    """An application that waits long enough for a busy machine."""
    site = str(EXAMPLE_SITE) if at_site else ""
    return Caller(application(fhir_deadline_seconds=20.0, site_value_sets=site))


@cache
def supplied(name: str) -> dict[str, Any]:
    """The request with all its prefetch. Not to be changed."""
    # The server is written in JavaScript, to which 1.0 is 1; cards show values as they were sent.
    text = json.dumps(fixtures.request(name, NOW))
    request: dict[str, Any] = json.loads(text, parse_float=_whole_if_it_can_be)
    return request


def _whole_if_it_can_be(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() else value


@cache
def answered(name: str) -> tuple[int, Any]:
    """Status and cards of the request with all its prefetch."""
    return status_and_cards(caller_of(name), supplied(name))


def status_and_cards(caller: Caller, request: dict[str, Any]) -> tuple[int, Any]:
    answer = caller.post(request)
    return answer.status_code, without_uuids(answer.json.get("cards"))


def asked_of(server: FhirServer, name: str, mode: str) -> tuple[int, Any]:
    """Status and cards of the request where the server has what it does not bring."""
    kind, lacks = MODES[mode]
    request = copy.deepcopy(supplied(name))
    request["fhirServer"] = server.base(kind)
    request["fhirAuthorization"] = {
        "access_token": server.token,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.rs",
        "subject": "als-leukemia-cds",
    }
    for key in filter(lacks, KEYS):
        del request["prefetch"][key]
    with telling(server, name):
        return status_and_cards(caller_of(name), request)


# --- What a request tells beside its story --------------------------------------------------------


@contextmanager
def telling(server: FhirServer, name: str) -> Iterator[None]:
    """The server with the request's own version of the story; afterwards with the story."""
    held = by_address(story_of(name))
    told = held if name in OTHER_CARDS else by_address(supplied(name)["prefetch"])
    changed = [address for address in told if told[address] != held.get(address)]
    removed = [address for address in held if address not in told]
    server.put(*(told[address] for address in changed))
    server.delete(*removed)
    yield
    server.delete(*(address for address in changed if address not in held))
    server.put(*(held[address] for address in (*changed, *removed) if address in held))


@cache
def story_of(name: str) -> dict[str, Any]:
    """The answers to the service's templates that the story alone would give."""
    services = caller_of(name).send("GET", "/cds-services").json["services"]
    [templates] = [each["prefetch"] for each in services if each["hook"] == name.split(".")[1]]
    return fixtures.answer_templates(templates, fixtures.patient(name.split(".")[0], NOW))


def by_address(prefetch: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = [prefetch["patient"]]
    for key in KEYS[1:]:
        page = prefetch[key] or {}
        found += [entry["resource"] for entry in page.get("entry", ())]
    return {f"{each['resourceType']}/{each['id']}": each for each in found}


# --- Equal cards ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ALIKE)
def test_data_from_the_server_brings_the_cards_that_prefetch_brings(
    server: FhirServer, name: str, mode: str
) -> None:
    """DATA-12"""
    status, cards = asked_of(server, name, mode)
    assert (status, cards) == answered(name)
    assert [headline(card) for card in cards or ()] == list(fixtures.EXPECTED[name].cards)


@pytest.mark.parametrize("name", OTHER_CARDS)
def test_cards_differ_where_a_reason_is_given(server: FhirServer, name: str) -> None:
    assert asked_of(server, name, "server only") != answered(name)


@pytest.mark.parametrize("name", BROKEN_PREFETCH)
def test_what_prefetch_lacked_is_made_good_by_the_server(server: FhirServer, name: str) -> None:
    """DATA-12"""
    whole = name.rpartition(".")[0]
    assert asked_of(server, name, "server only") == answered(whole)
