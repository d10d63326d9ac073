"""The description of the service says what the service does: https://spec.openapis.org/oas/v3.1.1"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

import cds_service.schemas
from cds_service.openapi import REFUSALS, SCHEMAS, document, read_schema
from cds_service.prefetch import Query
from cds_service.settings import Settings
from hooks import SERVICES
from tests.protocol.support import VIEW, Caller, application, good

SANDBOX = document(SERVICES, Settings())
PRODUCTION = document(SERVICES, Settings(mode="production", base_url="https://cds.example"))
CALLS = [f"/cds-services/{service.id}" for service in SERVICES]
OPEN = ["/health", "/ready"]
BOTH = pytest.mark.parametrize("described", [SANDBOX, PRODUCTION], ids=["sandbox", "production"])


def operations(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Path to its one operation."""
    return {path: next(iter(item.values())) for path, item in described["paths"].items()}


@BOTH
def test_the_description_is_valid(described: dict[str, Any]) -> None:
    validate(described)
    spoilt = copy.deepcopy(described)
    del spoilt["paths"][CALLS[0]]["post"]["responses"]["200"]["description"]
    with pytest.raises(OpenAPIValidationError):
        validate(spoilt)


@BOTH
def test_every_path_is_described(described: dict[str, Any]) -> None:
    methods = {path: list(item) for path, item in described["paths"].items()}
    others = ["/cds-services", "/rules/{rule}/source-attributes", *OPEN, "/openapi.json"]
    assert methods == {**{path: ["get"] for path in others}, **{path: ["post"] for path in CALLS}}


def resolved(described: dict[str, Any], schema: Any) -> Any:
    """A schema of the description as a document of its own."""
    return {**schema, "components": described["components"]}


@BOTH
@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schemas_are_those_of_the_code(described: dict[str, Any], name: str) -> None:
    schema = read_schema(SCHEMAS[name])
    found = described["components"]["schemas"]
    text = json.dumps({k: v for k, v in schema.items() if k not in ("$id", "$schema", "$defs")})
    moved = json.dumps(found[name]).replace(f"#/components/schemas/{name}.", "#/$defs/")
    assert json.loads(moved) == json.loads(text)
    parts = json.dumps({part: found[f"{name}.{part}"] for part in schema.get("$defs", {})})
    moved = parts.replace(f"#/components/schemas/{name}.", "#/$defs/")
    assert json.loads(moved) == schema.get("$defs", {})


def test_every_schema_of_the_code_is_described() -> None:
    folder = Path(cds_service.schemas.__path__[0])
    assert {path.name for path in folder.glob("*.json")} == set(SCHEMAS.values())


@BOTH
def test_every_answer_but_success_is_an_operation_outcome(described: dict[str, Any]) -> None:
    for operation in operations(described).values():
        for status, answer in operation["responses"].items():
            if status != "200":
                assert answer == {"$ref": f"#/components/responses/{status}"}
    for answer in described["components"]["responses"].values():
        schema = answer["content"]["application/json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/OperationOutcome"}
    assert set(described["components"]["responses"]) == {str(status) for status in REFUSALS}


@pytest.mark.parametrize("name", ["version", "issue", "detail"])
def test_the_schemas_refuse_what_is_not_described(name: str) -> None:
    """Or every answer would conform."""
    caller = Caller(application())
    outcome = Draft202012Validator(read_schema("outcome.json"))
    refused = caller.post({**good(VIEW), "context": {}}).json
    discovery = Draft202012Validator(read_schema("discovery.json"))
    listed = caller.send("GET", "/cds-services").json
    assert outcome.is_valid(refused)
    assert discovery.is_valid(listed)
    assert not outcome.is_valid({**refused, name: []})
    assert not discovery.is_valid({**listed, name: []})


# -- who may call ----------------------------------------------------------------------------------


def test_in_sandbox_mode_no_token_is_asked_for() -> None:
    assert "securitySchemes" not in SANDBOX["components"]
    for operation in operations(SANDBOX).values():
        assert "security" not in operation
        assert "401" not in operation["responses"]


def test_in_production_every_call_needs_a_token() -> None:
    assert PRODUCTION["components"]["securitySchemes"]["clientToken"]["scheme"] == "bearer"
    for path, operation in operations(PRODUCTION).items():
        assert ("401" in operation["responses"]) == (path not in OPEN)
        assert ("security" in operation) == (path in CALLS)


def test_discovery_needs_a_token_where_it_is_protected() -> None:
    protected = document(SERVICES, Settings(mode="production", protect_discovery=True))
    for path in ("/cds-services", "/openapi.json"):
        assert "security" in operations(protected)[path]


def test_the_address_is_that_of_the_settings() -> None:
    assert [server["url"] for server in SANDBOX["servers"]] == ["/"]
    assert [server["url"] for server in PRODUCTION["servers"]] == ["https://cds.example"]


# -- requests --------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.id)
def test_a_service_is_described_with_its_hook_and_its_prefetch(service: Any) -> None:
    operation = operations(SANDBOX)[f"/cds-services/{service.id}"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    general, own = schema["allOf"]
    assert general == {"$ref": "#/components/schemas/Request"}
    assert own["properties"]["hook"] == {"const": service.hook}
    keys: dict[str, Any] = own["properties"]["prefetch"]["properties"]
    assert list(keys) == list(service.prefetch)
    queries: dict[str, Query] = {query.key: query for query in service.queries}
    for key, value in keys.items():
        assert queries[key].template in value["description"]


def test_a_good_request_fits_and_another_hook_does_not() -> None:
    operation = operations(SANDBOX)["/cds-services/als-leukemia-patient-view"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    validator = Draft202012Validator(resolved(SANDBOX, schema))
    request = good(VIEW)
    assert validator.is_valid(request)
    assert not validator.is_valid({**request, "hook": "order-sign"})
    assert not validator.is_valid({**request, "prefetch": []})
    assert not validator.is_valid({**request, "context": {}})
