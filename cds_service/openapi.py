"""The service described in OpenAPI 3.1, for people and tools: https://spec.openapis.org/oas/v3.1.1

Built from the services and from the JSON Schemas of `schemas`, the ones that a request is explained
with and that answers are tested against; so it says nothing that the code does not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from cds_service.operators import Operators
from cds_service.prefetch import Query
from cds_service.service import Service
from cds_service.settings import Settings

Json = dict[str, Any]

SCHEMAS = {
    "Request": "request.json",
    "Response": "response.json",
    "Discovery": "discovery.json",
    "Feedback": "feedback.json",
    "OperationOutcome": "outcome.json",
}
"""Name in the description to file of `schemas`."""

REFUSALS: Mapping[int, str] = {
    400: "The body is no request that fits the hook; every problem with its place.",
    401: "Who calls has not shown who it is. The answer does not say why; the log does.",
    404: "There is no rule of this id.",
    405: "Another method than the one described.",
    408: "The request did not arrive in time.",
    412: "Data that the service cannot do without was neither sent nor could be read.",
    413: "The body is larger than the service reads.",
    415: "The body is not application/json, or is compressed.",
    431: "The header is larger than the service reads.",
    500: "A fault of the service: no check was made.",
    503: "Not now: send the request again in a moment. No check was made.",
}
_ALWAYS = (405, 408, 431, 500, 503)
_OF_A_CALL = (400, 412, 413, 415)

_TOKEN = "clientToken"  # noqa: S105 the name of a scheme, not a secret
_OPERATOR, _PASSWORD = "operatorToken", "operatorPassword"


def document(services: Iterable[Service], settings: Settings) -> Json:
    """The description of a service with these settings."""
    services = list(services)
    is_guarded = settings.mode == "production"
    paths = {
        "/cds-services": {"get": _discovery(is_guarded, settings.protect_discovery)},
        **{f"/cds-services/{each.id}": {"post": _call(each, is_guarded)} for each in services},
        **_feedback(services, settings),
        "/rules/{rule}/source-attributes": {
            "get": _source_attributes(services, is_guarded, settings.protect_discovery)
        },
        "/health": {"get": _probe("health", "The process answers.", [405, 408, 431, 500])},
        "/ready": {"get": _probe("ready", "Calls can be answered.", _ALWAYS)},
        "/openapi.json": {"get": _description(is_guarded, settings.protect_discovery)},
        **_for_operators(settings),
    }
    components: Json = {"schemas": _schemas(), "responses": _refusals()}
    schemes = _schemes(settings)
    if schemes:
        components["securitySchemes"] = schemes
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "CDS Hooks service",
            "version": version("als-leukemia-cds"),
            "description": "https://cds-hooks.hl7.org: discovery and one operation for each hook. "
            "Every path may be asked by OPTIONS, as browsers do (204, without a token).",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": settings.base_url or "/"}],
        "paths": paths,
        "components": components,
    }


def _schemes(settings: Settings) -> Json:
    clients = {_TOKEN: _TOKEN_SCHEME} if settings.mode == "production" else {}
    return clients | (_OPERATOR_SCHEMES if settings.operator_token else {})


_TOKEN_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "https://cds-hooks.hl7.org/#trusting-cds-clients; `aud` is the address called.",
}

_OPERATOR_SCHEMES = {
    _OPERATOR: {"type": "http", "scheme": "bearer", "description": "CDS_OPERATOR_TOKEN."},
    _PASSWORD: {"type": "http", "scheme": "basic", "description": "The same as password."},
}


# -- operations ------------------------------------------------------------------------------------


def _discovery(is_guarded: bool, needs_token: bool) -> Json:
    return {
        "operationId": "discovery",
        "summary": "List the services",
        **_security(is_guarded and needs_token),
        "responses": _responses(_answer("The services.", _ref("Discovery")), _ALWAYS, is_guarded),
    }


def _call(service: Service, is_guarded: bool) -> Json:
    return {
        "operationId": service.id,
        "summary": service.title,
        "description": f"{service.description} {service.usage_requirements}",
        **_security(is_guarded),
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _request(service)}},
        },
        "responses": _responses(
            _answer("The cards; none where nothing is to be said.", _ref("Response")),
            (*_ALWAYS, *_OF_A_CALL),
            is_guarded,
        ),
    }


def _feedback(services: Iterable[Service], settings: Settings) -> Json:
    """Where nothing is kept there is no feedback."""
    if settings.store in ("", "none"):
        return {}
    is_guarded = settings.mode == "production"
    return {
        f"/cds-services/{service.id}/feedback": {
            "post": {
                "operationId": f"{service.id}-feedback",
                "summary": f"What became of the cards: {service.title}",
                "description": "https://cds-hooks.hl7.org/#feedback. All entries are kept or none; "
                "the same entry again changes nothing. Success means that they are in the store.",
                **_security(is_guarded),
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": _ref("Feedback")}},
                },
                "responses": _responses(
                    _answer("All entries are kept.", _KEPT), (*_ALWAYS, 400, 413, 415), is_guarded
                ),
            }
        }
        for service in services
    }


_KEPT: Json = {
    "type": "object",
    "required": ["recorded", "unknownCards"],
    "properties": {
        "recorded": {"type": "integer", "description": "The entries of the body."},
        "unknownCards": {
            "type": "integer",
            "description": "Those of them whose card was not sent to this client, or not long "
            "enough ago to be in the store.",
        },
    },
}


def _source_attributes(services: Iterable[Service], is_guarded: bool, needs_token: bool) -> Json:
    rules = sorted({rule.id for service in services for rule in service.rules()})
    return {
        "operationId": "sourceAttributes",
        "summary": "What stands behind a rule",
        "description": "Its intended use and users, population, inputs with the quality they need, "
        "logic, known limits, and the source attributes of 45 CFR 170.315(b)(11)(iv)(A).",
        **_security(is_guarded and needs_token),
        "parameters": [
            {
                "name": "rule",
                "in": "path",
                "required": True,
                "description": "The id of a rule, as on its cards in `source.topic.code`.",
                "schema": {"type": "string", "enum": rules},
            }
        ],
        "responses": _responses(
            _answer("No part of it is empty.", {"type": "object"}), (*_ALWAYS, 404), is_guarded
        ),
    }


def _probe(name: str, text: str, refusals: Iterable[int]) -> Json:
    status = {
        "type": "object",
        "required": ["status"],
        "properties": {"status": {"type": "string"}},
    }
    return {
        "operationId": name,
        "summary": text,
        "responses": _responses(_answer(text, status), refusals, is_guarded=False),
    }


def _description(is_guarded: bool, needs_token: bool) -> Json:
    """It tells what discovery tells, so it is as open as that."""
    return {
        "operationId": "description",
        "summary": "This description",
        **_security(is_guarded and needs_token),
        "responses": _responses(_answer("OpenAPI 3.1.", {"type": "object"}), _ALWAYS, is_guarded),
    }


def _security(needs_token: bool) -> Json:
    return {"security": [{_TOKEN: []}]} if needs_token else {}


def _answer(text: str, schema: Json) -> Json:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _responses(success: Json, refusals: Iterable[int], is_guarded: bool) -> Json:
    # In production whoever does not come through a trusted proxy is refused as well.
    statuses = sorted({*refusals, 401} if is_guarded else refusals)
    refused = {str(status): _ref(str(status), "responses") for status in statuses}
    return {"200": success, **refused}


def _refusals() -> Json:
    return {str(status): _refusal(status, text) for status, text in REFUSALS.items()}


def _refusal(status: int, text: str) -> Json:
    answer = _answer(text, _ref("OperationOutcome"))
    if status == 401:
        answer["headers"] = {"WWW-Authenticate": _header("Bearer")}
    if status == 405:
        answer["headers"] = {"Allow": _header("The methods of this path.")}
    return answer


def _header(text: str) -> Json:
    return {"description": text, "required": True, "schema": {"type": "string"}}


# -- for those who run the service -----------------------------------------------------------------


def _for_operators(settings: Settings) -> Json:
    """What programs read of how the service is doing; pages for people are not described."""
    operators, is_kept = Operators(settings), settings.store not in ("", "none")
    if not operators.has_pages or not (is_kept or operators.needs_token):
        return {}
    paths = {"/metrics": {"get": _metrics(operators.needs_token)}}
    return paths | ({"/insight/export.{kind}": {"get": _export(operators)}} if is_kept else {})


def _metrics(is_guarded: bool) -> Json:
    text = {"description": "Counters.", "content": {"text/plain": {"schema": {"type": "string"}}}}
    return {
        "operationId": "metrics",
        "summary": "Counters for Prometheus",
        **_for_token(is_guarded),
        "responses": _responses(text, _ALWAYS, is_guarded),
    }


def _export(operators: Operators) -> Json:
    rows = {"schema": {"type": "string"}}
    figures = {
        "description": "The figures: docs/operations.md says what each counts.",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "application/x-ndjson": rows,
            "text/csv": rows,
        },
    }
    return {
        "operationId": "insightExport",
        "summary": "What the advice did, by rule, hook, client and week",
        **_for_token(operators.needs_token),
        "parameters": [
            _parameter("kind", "path", "The format.", enum=["json", "ndjson", "csv"]),
            _parameter("from", "query", f"The first day: its week is the first. {_DAY}"),
            _parameter("to", "query", f"The last day: its week is the last. {_DAY}"),
            _parameter("rule", "query", "One rule alone."),
            _parameter("hook", "query", "One hook alone."),
            _parameter("client", "query", "One client alone; `(unnamed)`: those without a name."),
            _parameter(
                "rows", "query", "Of NDJSON and CSV: what the rows are.", enum=["rules", "calls"]
            ),
        ],
        "responses": _responses(figures, (*_ALWAYS, 400, 404), operators.needs_token),
    }


_DAY = "2026-01-15, or the week 2026-W03."


def _parameter(name: str, place: str, text: str, **schema: Any) -> Json:
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "description": text,
        "schema": {"type": "string", **schema},
    }


def _for_token(is_guarded: bool) -> Json:
    return {"security": [{_OPERATOR: []}, {_PASSWORD: []}]} if is_guarded else {}


# -- schemas ---------------------------------------------------------------------------------------


def _request(service: Service) -> Json:
    """What the schema of requests says, and what this service asks for in addition."""
    about: Json = {
        "hook": {"const": service.hook},
        "prefetch": {"properties": {query.key: _value(query) for query in service.queries}},
    }
    return {"allOf": [_ref("Request"), {"properties": about}]}


def _value(query: Query) -> Json:
    """One prefetch key, of no type: where there is nothing to check, no value is looked at."""
    return {"description": f"`{query.template}`, as a resource or null: {query.why}"}


def _schemas() -> Json:
    """The schemas, and beside them what they define for themselves."""
    found: Json = {}
    for name, file in SCHEMAS.items():
        schema = read_schema(file)
        parts = schema.pop("$defs", {})
        found |= {f"{name}.{part}": _moved(each, name) for part, each in parts.items()}
        # Tools take a schema with an address of its own for another document.
        found[name] = _moved({k: v for k, v in schema.items() if k not in ("$id", "$schema")}, name)
    return found


def read_schema(file: str) -> Json:
    """A JSON Schema of `schemas`."""
    schema: Json = json.loads((files("cds_service.schemas") / file).read_text(encoding="utf-8"))
    return schema


def _moved(value: Any, name: str) -> Any:
    """The schema with its references to where its definitions stand in the description."""
    if isinstance(value, dict):
        return {key: _moved(each, name) for key, each in value.items()}
    if isinstance(value, list):
        return [_moved(each, name) for each in value]
    if isinstance(value, str) and value.startswith("#/$defs/"):
        return value.replace("#/$defs/", f"#/components/schemas/{name}.")
    return value


def _ref(name: str, kind: str = "schemas") -> Json:
    return {"$ref": f"#/components/{kind}/{name}"}
