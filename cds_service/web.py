"""What all routes share: who calls and where, JSON in and out, the OperationOutcome.

https://hl7.org/fhir/R4/operationoutcome.html for every answer that is no success.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec
from flask import Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from cds_service import logs
from cds_service.clients import Client
from cds_service.door import Door
from cds_service.settings import Settings


def caller_of(door: Door) -> Client | None:
    """Who sends this request, where that is asked for. Raises NotTrusted."""
    client = door.caller(request.headers.get("Authorization"), request.path)
    logs.note(client=client.name if client is not None else None)
    return client


def own_address(settings: Settings) -> str:
    """Where this service is reached, without a slash at the end.

    Where it is not set (sandbox) it is what the request names: nobody is answered with it but the
    one who sent that. Empty where the request names no host that can be one.
    """
    if settings.base_url or settings.mode == "production":
        return settings.base_url.rstrip("/")
    return request.host_url.rstrip("/") if _HOST.fullmatch(request.host) else ""


_HOST = re.compile(r"[A-Za-z0-9._-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")


def json_answer(body: bytes, status: int = 200) -> Response:
    """An answer of JSON that is encoded already."""
    return Response(body, status=status, mimetype="application/json")


def json_body(limit: int) -> bytes:
    """The raw body of a JSON request; its media type in any case, with or without charset.

    Size is checked here rather than by Flask's MAX_CONTENT_LENGTH, which copies every body.
    """
    if request.mimetype != "application/json":
        raise Unsupported("send the request as application/json")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Unsupported("send the body without Content-Encoding")
    if (request.content_length or 0) > limit:
        raise RequestEntityTooLarge
    return request.get_data(cache=False)


class Unsupported(HTTPException):
    """A body this service does not read, whatever it holds."""

    code = 415


def outcome(status: int, code: str, problems: Iterable[str]) -> Response:
    """The OperationOutcome of a refusal: one issue for each problem."""
    issues = [
        {"severity": "error", "code": code, "diagnostics": text} for text in dict.fromkeys(problems)
    ]
    body = {"resourceType": "OperationOutcome", "issue": issues}
    return json_answer(msgspec.json.encode(body), status)
