"""/demo/fhir over HTTP: the fixture patients as a FHIR server, in sandbox mode only.

In production there are no such routes. Nothing is read before the first request. The service may be
pointed at its own endpoint: `server` keeps threads for requests without a body, which all reads of
a hook call are, so that a call never waits for a thread that it holds itself.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from flask import Flask, Response, request

from cds_service.demo_fhir import DemoRequest, DemoServer, outcome
from cds_service.demo_search import MAX_PARAMETERS, DemoRefusal
from cds_service.settings import Settings

PATH = "/demo/fhir"
PATIENTS = "fixtures.demo"
"""Module with `resources(as_of)`. Loaded by name: the engine does not depend on fixtures."""

FHIR_JSON = "application/fhir+json"
MAX_BODY_BYTES = 64 << 10
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_JSON_TYPES = frozenset(
    # The last is older than R4, and the official sandbox sends it.
    {"*/*", "application/*", FHIR_JSON, "application/json", "application/json+fhir"}
)


def add(app: Flask, settings: Settings, clock: Callable[[], datetime]) -> None:
    """Adds the endpoint, unless this is production."""
    if settings.mode == "production":
        return

    @cache
    def server() -> DemoServer:
        module = importlib.import_module(PATIENTS)
        return DemoServer(module.resources, "Synthetic patients of the sandbox, no real people")

    @app.route(PATH, methods=_METHODS, defaults={"path": ""}, provide_automatic_options=False)
    @app.route(f"{PATH}/<path:path>", methods=_METHODS, provide_automatic_options=False)
    def demo_fhir(path: str) -> Response:
        try:
            asked = _request(path, settings.base_url)
            return _response(server().answer(asked, clock()))
        except DemoRefusal as problem:
            body = outcome("error", problem.code, problem.text)
            return _response(body, problem.status)


def _request(path: str, base_url: str) -> DemoRequest:
    """Raises DemoRefusal."""
    _check_format()
    base = (base_url or request.host_url).rstrip("/") + PATH
    preferences = re.split(r"[,;]\s*", request.headers.get("Prefer", "").lower())
    is_strict = "handling=strict" in preferences
    parameters = _pairs(request.query_string)
    if request.method == "POST" and path.endswith("/_search"):
        parameters += _pairs(_form())
    return DemoRequest(request.method, path, base, parameters, is_strict)


def _check_format() -> None:
    """https://hl7.org/fhir/R4/http.html#mime-type"""
    asked = request.args.get("_format", "")
    is_json = asked == "json" or asked.split(";")[0].strip() in _JSON_TYPES
    accepted = [kind.split(";")[0].strip() for kind, _ in request.accept_mimetypes]
    if (not is_json) if asked else (accepted and _JSON_TYPES.isdisjoint(accepted)):
        raise DemoRefusal(406, "not-supported", f"answers are {FHIR_JSON} only")


def _form() -> bytes:
    """The form that a search is posted as. Raises DemoRefusal."""
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise DemoRefusal(413, "too-long", f"a search has at most {MAX_BODY_BYTES} bytes")
    body = request.get_data(cache=False)
    if body and request.mimetype != "application/x-www-form-urlencoded":
        text = "a search is posted as application/x-www-form-urlencoded"
        raise DemoRefusal(415, "not-supported", text)
    return body


def _pairs(text: bytes) -> list[tuple[str, str]]:
    try:
        decoded = text.decode("utf-8")
        return parse_qsl(
            decoded, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS
        )
    except ValueError as problem:
        raise DemoRefusal(400, "invalid", "the parameters cannot be read") from problem


def _response(resource: dict[str, Any], status: int = 200) -> Response:
    answer = Response(msgspec.json.encode(resource), status=status, mimetype=FHIR_JSON)
    if status == 405:
        answer.headers["Allow"] = "GET, HEAD, OPTIONS, POST"
    return answer
