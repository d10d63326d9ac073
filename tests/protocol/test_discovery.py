"""Discovery and prefetch templates: https://cds-hooks.hl7.org/2.0/#discovery"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

import pytest
from fhir.resources.R4B import get_fhir_model_class

from tests.protocol.support import Caller, empty_members, walk

LIBRARY_HOOKS = {
    "patient-view",
    "order-select",
    "order-sign",
    "order-dispatch",
    "appointment-book",
    "encounter-start",
    "encounter-discharge",
    "allergyintolerance-create",
    "problem-list-item-create",
    "medication-refill",
}
"""https://cds-hooks.hl7.org/hooks/"""

DEFINED = {"hook", "id", "title", "description", "usageRequirements", "prefetch", "extension"}
TOKEN = re.compile(r"\{\{(.*?)\}\}")
PLAIN_TOKENS = {"context.patientId", "context.userId", "context.encounterId"}
SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?"
    r"(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?"
)
SEARCH_PARAMETERS = {
    "Condition": {"patient"},
    "Observation": {"patient", "code"},
    "MedicationRequest": {"patient", "status"},
}
"""Of those that https://hl7.org/fhir/R4/searchparameter-registry.html defines, the ones in use."""


@pytest.fixture
def discovery(caller: Caller) -> dict[str, Any]:
    body: dict[str, Any] = caller.send("GET", "/cds-services").json
    return body


@pytest.fixture
def services(discovery: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = discovery["services"]
    return found


@pytest.fixture
def templates(services: list[dict[str, Any]]) -> list[str]:
    return [template for service in services for template in service["prefetch"].values()]


def searches(templates: list[str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Resource type and parameters of every template that is a search."""
    split = [template.partition("?") for template in templates]
    return [
        (kind, parse_qsl(query, keep_blank_values=True, strict_parsing=True))
        for kind, mark, query in split
        if mark
    ]


def test_discovery_is_json_at_cds_services(caller: Caller) -> None:
    """DISC-01, DISC-02: https://cds-hooks.hl7.org/2.0/#discovery"""
    answer = caller.send("GET", "/cds-services")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"


def test_services_is_a_list_with_one_service_per_hook(services: list[dict[str, Any]]) -> None:
    """DISC-03, DISC-17, DISC-18 (the sandbox keeps one service per URL), DISC-12, DISC-14:
    https://cds-hooks.hl7.org/2.0/#response"""
    hooks = [service["hook"] for service in services]
    assert {"patient-view", "order-select"} <= set(hooks) <= LIBRARY_HOOKS
    assert len(hooks) == len(set(hooks))
    assert len({service["id"] for service in services}) == len(services)


@pytest.mark.parametrize("member", ["hook", "id", "title", "description", "usageRequirements"])
def test_every_service_has_its_texts(services: list[dict[str, Any]], member: str) -> None:
    """DISC-04, DISC-05, DISC-06, DISC-07, DISC-08: https://cds-hooks.hl7.org/2.0/#response"""
    for service in services:
        assert isinstance(service[member], str)
        assert service[member].strip()


def test_an_id_is_one_path_segment(services: list[dict[str, Any]]) -> None:
    """DISC-13: https://www.rfc-editor.org/rfc/rfc3986#section-2.3"""
    assert all(re.fullmatch(r"[A-Za-z0-9._~-]+", service["id"]) for service in services)


def test_the_version_is_semantic(discovery: dict[str, Any]) -> None:
    """DISC-09, DISC-10 (no hookVersion, on which the texts disagree): https://semver.org"""
    assert SEMVER.fullmatch(discovery["version"])
    assert all("hookVersion" not in service for service in discovery["services"])


def test_discovery_holds_nothing_empty(discovery: dict[str, Any]) -> None:
    """DISC-11: https://cds-hooks.hl7.org/2.0/#use-of-json"""
    assert empty_members(discovery, "/services") == []


def test_discovery_has_only_defined_members(discovery: dict[str, Any]) -> None:
    """DISC-15, EXT-01: https://cds-hooks.hl7.org/2.0/#extensions"""
    assert set(discovery) <= {"services", "version", "extension"}
    assert all(set(service) <= DEFINED for service in discovery["services"])
    extensions = [value for path, value in walk(discovery) if path.endswith("/extension")]
    assert all(isinstance(value, dict) for value in extensions)


def test_discovery_is_the_same_every_time(caller: Caller) -> None:
    """DISC-16: https://cds-hooks.hl7.org/2.0/#discovery"""
    assert caller.send("GET", "/cds-services").data == caller.send("GET", "/cds-services").data


def test_prefetch_maps_keys_to_templates(services: list[dict[str, Any]]) -> None:
    """PFT-01, PFT-14 (a key is a FHIR code): https://cds-hooks.hl7.org/2.0/#prefetch-template"""
    for service in services:
        assert service["prefetch"]
        for key, template in service["prefetch"].items():
            assert re.fullmatch(r"\S+( \S+)*", key)
            assert template.strip() == template != ""


def test_a_template_is_a_read_or_a_search_of_an_r4_type(templates: list[str]) -> None:
    """PFT-02, PFT-08: https://cds-hooks.hl7.org/2.0/#prefetch-query-restrictions"""
    for template in templates:
        path = template.partition("?")[0]
        kind, slash, identity = path.partition("/")
        assert get_fhir_model_class(kind).__resource_type__ == kind
        assert ("?" in template) is not bool(slash), "a read has an id, a search has parameters"
        assert not slash or TOKEN.fullmatch(identity)


def test_tokens_are_plain_context_fields(templates: list[str]) -> None:
    """PFT-03, PFT-04, PFT-05, PFT-06, PFT-07 (no FHIRPath, no other key):
    https://cds-hooks.hl7.org/2.0/#prefetch-tokens"""
    for template in templates:
        assert set(TOKEN.findall(template)) <= PLAIN_TOKENS
        assert "{" not in TOKEN.sub("", template)
        assert "}" not in TOKEN.sub("", template)


def test_searches_use_parameters_of_their_type(templates: list[str]) -> None:
    """PFT-09 (no modifier), PFT-10 (no date parameter, so no prefix), PFT-11, PFT-13:
    https://cds-hooks.hl7.org/2.0/#prefetch-query-restrictions"""
    found = searches(templates)
    assert found
    for kind, parameters in found:
        names = [name for name, _ in parameters]
        assert set(names) <= SEARCH_PARAMETERS[kind] | {"_count", "_sort"}


def test_searches_are_about_the_patient_and_bounded(templates: list[str]) -> None:
    """PFT-12, and a result that fits the request: https://cds-hooks.hl7.org/2.0/#prefetch-tokens"""
    for _, parameters in searches(templates):
        values = dict(parameters)
        assert values["patient"] == "{{context.patientId}}"
        assert values["_sort"].startswith("-")
        assert 1 <= int(values["_count"]) <= 200


def test_no_parameter_is_repeated(templates: list[str]) -> None:
    """PFT-11; a client joins repeated parameters into one "or":
    https://hl7.org/fhir/R4/search.html#combining"""
    for _, parameters in searches(templates):
        names = [name for name, _ in parameters]
        assert len(names) == len(set(names))
