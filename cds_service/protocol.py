"""CDS Hooks requests as types: https://cds-hooks.hl7.org/#http-request_1

A body is decoded once, into the fields that are read. When it does not fit, the JSON Schema says
why: the schema is the description of what is accepted, the typed decode is its fast form. What a
body can make of itself in memory is limited too: see the constants, and `decode_any`.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw

from cds_service.errors import InvalidRequest
from cds_service.readers import (
    MAX_DEPTH,
    MAX_PLAIN_BYTES,
    NOTHING,
    UNREADABLE,
    Resource,
    decode_any,
    is_too_deep,
    read_tolerantly,
)

SPECIFICATION_VERSION = "3.0.0-ballot"

ORDER_HOOKS = frozenset({"order-select", "order-sign"})
_HOOKS = ORDER_HOOKS | {"patient-view"}

MAX_ENTRIES = 50_000
"""Bundle entries of one request, all prefetch keys together."""

MAX_KEYS = 1_000
"""Prefetch keys of one request. A client may send more than the service asks for."""

MAX_OBJECTS = 600_000
"""JSON objects of one body. Charts have one in 50 to 70 bytes; a short one takes 600 bytes here."""

MAX_LOOSE_VALUES = 1_000_000
"""Commas of a body in which some resource has not FHIR's shape: what it lists is kept in pieces."""

_SMALL_BODY_BYTES = 1 << 20
"""Bodies that are not counted, because they cannot hold much of anything."""

LONGEST = {
    "hook": 256,
    "hookInstance": 256,
    "userId": 1024,
    "fhirServer": 2048,
    "encounterId": 256,
}
"""Characters. Longer URLs of a FHIR server are none, nor are longer ids of an encounter."""

_PATIENT_ID = re.compile(r"(?!\.+$)[A-Za-z0-9.-]{1,64}")
"""https://hl7.org/fhir/R4/datatypes.html#id, without ids made of dots alone."""


@cache
def _validator() -> Any:
    """Of the JSON Schema. Imported here: only a body that is refused needs what takes so long."""
    from jsonschema import Draft202012Validator

    schema = files("cds_service.schemas") / "request.json"
    return Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))


class Context(msgspec.Struct):
    """https://cds-hooks.hl7.org/hooks/: the fields of the three hooks served here."""

    userId: str = ""  # noqa: N815 the specification's own names, here and below
    patientId: str = ""  # noqa: N815
    encounterId: Raw = NOTHING  # noqa: N815
    draftOrders: Raw = NOTHING  # noqa: N815
    selections: Raw = NOTHING


class _Request(msgspec.Struct):
    hook: str = ""
    hookInstance: str = ""  # noqa: N815
    context: Context | None = None
    prefetch: dict[str, Resource | None] | None = None
    fhirServer: Raw = NOTHING  # noqa: N815
    fhirAuthorization: Raw = NOTHING  # noqa: N815
    extension: Raw = NOTHING


class _LooseRequest(msgspec.Struct):
    hook: str = ""
    hookInstance: str = ""  # noqa: N815
    context: Context | None = None
    prefetch: dict[str, Raw] | None = None
    fhirServer: Raw = NOTHING  # noqa: N815
    fhirAuthorization: Raw = NOTHING  # noqa: N815
    extension: Raw = NOTHING


class _Members(msgspec.Struct):
    hook: Raw = NOTHING
    hookInstance: Raw = NOTHING  # noqa: N815
    context: Raw = NOTHING
    prefetch: Raw = NOTHING


class Supplied(msgspec.Struct):
    """One prefetch value: the resource or null, and how many of its entries have no FHIR shape.

    Some clients put the HTML page or the text of an error here: then it is no object at all.
    """

    value: Resource | None
    unreadable: int = 0
    is_object: bool = True


class HookRequest(msgspec.Struct):
    """A request that fits the hook.

    `fhir_server` is None unless an http(s) URL was sent that may be read as this patient's;
    `fhir_problem` says why not where one was sent.
    """

    hook: str
    hook_instance: str
    user_id: str
    patient_id: str
    draft_orders: Any
    selections: Any
    prefetch: dict[str, Supplied]
    fhir_server: str | None
    access_token: str | None
    fhir_problem: str = ""
    extension: dict[str, Any] | None = None
    encounter_id: str | None = None

    @property
    def is_from_clinician(self) -> bool:
        """Cards are for clinicians; patients and relatives get none."""
        return self.user_id.split("/")[-2:-1] not in (["Patient"], ["RelatedPerson"])


_FAST = msgspec.json.Decoder(_Request)
_LOOSE = msgspec.json.Decoder(_LooseRequest)
_MEMBERS = msgspec.json.Decoder(_Members)


def parse(body: bytes, hook: str, max_entries: int = MAX_ENTRIES) -> HookRequest:
    """The request in a body. Raises InvalidRequest saying what does not fit, and where."""
    if not body.isascii():
        try:
            body.decode("utf-8")
        except UnicodeDecodeError as problem:
            raise InvalidRequest("the body is not UTF-8") from problem
    request, supplied = _decode_within_limits(body, max_entries)
    _check(request, hook, body)
    context = request.context or Context()
    fhir = _fhir_access(request, context.patientId)
    orders = hook in ORDER_HOOKS
    return HookRequest(
        hook=request.hook,
        hook_instance=request.hookInstance,
        user_id=context.userId,
        patient_id=context.patientId,
        draft_orders=decode_any(context.draftOrders) if orders and context.draftOrders else None,
        selections=decode_any(context.selections) if orders and context.selections else None,
        prefetch=supplied,
        fhir_server=fhir.server,
        access_token=fhir.token,
        fhir_problem=fhir.problem,
        extension=_extension(request.extension),
        encounter_id=_encounter(context.encounterId),
    )


_Decoded = tuple[_Request | _LooseRequest, dict[str, Supplied]]


def _decode_within_limits(body: bytes, max_entries: int) -> _Decoded:
    """Large bodies one by one: what one that is refused takes, no two take at the same time.

    Nobody waits longer for that: the interpreter runs one thread at a time anyway.
    """
    if len(body) <= _SMALL_BODY_BYTES:
        return _decode_and_check(body, max_entries)
    if body.count(b"{") > MAX_OBJECTS:
        raise InvalidRequest(f"the body holds more than {MAX_OBJECTS:,} JSON objects")
    with _ONE_LARGE_BODY:
        try:
            return _decode_and_check(body, max_entries)
        except InvalidRequest as problem:
            refused = InvalidRequest(*problem.problems)
    raise refused  # Not the other, which keeps all that was decoded as long as it lives.


def _decode_and_check(body: bytes, max_entries: int) -> _Decoded:
    decoded = _decode(body)
    _check_amounts(*decoded, max_entries)
    return decoded


_ONE_LARGE_BODY = threading.Lock()


def _decode(body: bytes) -> _Decoded:
    """All at once; or, when some resource has not FHIR's shape, every resource on its own."""
    try:
        request = _FAST.decode(body)
        _check_keys(request.prefetch)
        return request, {key: Supplied(value) for key, value in (request.prefetch or {}).items()}
    except msgspec.ValidationError:
        pass
    except UNREADABLE as problem:
        raise _malformed(problem) from problem
    if len(body) > _SMALL_BODY_BYTES and body.count(b",") > MAX_LOOSE_VALUES:
        raise InvalidRequest(
            f"some resource has not the shape of FHIR R4, and the body holds more than "
            f"{MAX_LOOSE_VALUES:,} values: too many to look for the others"
        )
    try:
        loose = _LOOSE.decode(body)
    except msgspec.ValidationError as problem:
        raise _explained(body, str(problem)) from problem
    except UNREADABLE as problem:
        raise _malformed(problem) from problem
    _check_keys(loose.prefetch)
    return loose, {key: _supplied(raw) for key, raw in (loose.prefetch or {}).items()}


def _supplied(raw: Raw) -> Supplied:
    # A Raw never equals bytes: its own bytes have to be compared.
    if bytes(raw) == b"null":
        return Supplied(None)
    if bytes(raw)[:1] != b"{":
        return Supplied(None, is_object=False)
    resource, unreadable = read_tolerantly(raw)
    return Supplied(resource or Resource(), unreadable)


def _check_keys(prefetch: Mapping[str, object] | None) -> None:
    if prefetch is not None and len(prefetch) > MAX_KEYS:
        raise InvalidRequest(f"prefetch: holds more than {MAX_KEYS:,} keys")


def _check_amounts(
    request: _Request | _LooseRequest, supplied: dict[str, Supplied], max_entries: int
) -> None:
    values = [each for each in supplied.values() if each.value is not None]
    entries = sum(len(each.value.entry) + each.unreadable for each in values if each.value)
    if entries > max_entries:
        raise InvalidRequest(f"prefetch: holds more than {max_entries:,} Bundle entries")
    context = request.context or Context()
    plain = {
        "context.draftOrders": context.draftOrders,
        "context.selections": context.selections,
        "fhirServer": request.fhirServer,
        "fhirAuthorization": request.fhirAuthorization,
        "extension": request.extension,
    }
    for name, raw in plain.items():
        _check_plain(name, raw)


def _check_plain(name: str, raw: Raw) -> None:
    """Refuse what `decode_any` would not read."""
    if len(raw) > MAX_PLAIN_BYTES:
        raise InvalidRequest(f"{name}: is larger than {MAX_PLAIN_BYTES:,} bytes")
    if is_too_deep(raw):
        raise InvalidRequest(f"{name}: is nested deeper than {MAX_DEPTH} levels")


def _check(request: _Request | _LooseRequest, hook: str, body: bytes) -> None:
    """What the typed decode cannot say; the messages are the schema's."""
    context = request.context
    fits = (
        context is not None
        and 0 < len(request.hook) <= LONGEST["hook"]
        and 0 < len(request.hookInstance) <= LONGEST["hookInstance"]
        and 0 < len(context.userId) <= LONGEST["userId"]
        and _PATIENT_ID.fullmatch(context.patientId) is not None
        and (hook not in ORDER_HOOKS or _has_orders_shape(context, hook))
    )
    # What else stands there is the client's text, which no error repeats.
    named = request.hook if request.hook in _HOOKS else "another one"
    other = f"this service answers {hook}, the request says hook is {named}"
    if not fits:
        # Of a request for another hook the schema says what does not fit that one.
        raise _explained(body, other)
    if request.hook != hook:
        raise InvalidRequest(other)


def _has_orders_shape(context: Context, hook: str) -> bool:
    """The official sandbox opens its order view with neither draftOrders nor selections."""
    if not context.draftOrders:
        return hook == "order-select" and not context.selections
    drafts = decode_any(context.draftOrders)
    chosen = decode_any(context.selections) if context.selections else []
    return (
        isinstance(drafts, dict)
        and drafts.get("resourceType") == "Bundle"
        and isinstance(drafts.get("entry", []), list)
        and isinstance(chosen, list)
        and all(isinstance(each, str) for each in chosen)
    )


def _malformed(problem: Exception) -> InvalidRequest:
    if isinstance(problem, RecursionError):
        return InvalidRequest("the JSON is nested too deeply")
    return InvalidRequest("the body is not well-formed JSON")


def _explained(body: bytes, otherwise: str) -> InvalidRequest:
    """Every violation of the schema with its place; nothing that was sent is repeated."""
    try:
        document = _outline(body)
        errors = sorted(
            _validator().iter_errors(document), key=lambda error: list(map(str, error.path))
        )
    except UNREADABLE:
        return InvalidRequest("the body is not JSON that can be read")
    problems = [f"{_place(error.path)}: {_reason(error)}" for error in errors[:20]]
    return InvalidRequest(*(problems or [otherwise.split(" - at")[0]]))


def _outline(body: bytes) -> Any:
    """The document that the schema is held against; of a large one without its large members."""
    if len(body) <= _SMALL_BODY_BYTES:
        return json.loads(body)
    members = _MEMBERS.decode(body)
    sent = {name: getattr(members, name) for name in _Members.__struct_fields__}
    if len(members.prefetch) > MAX_PLAIN_BYTES:
        del sent["prefetch"]
    for name, raw in sent.items():
        _check_plain(name, raw)
    return {name: decode_any(raw) for name, raw in sent.items() if raw}


def _place(path: Any) -> str:
    """Names of the schema and numbers: it restricts no member that it does not name."""
    return ".".join(map(str, path)) or "the body"


def _reason(error: Any) -> str:
    """The violated keyword in words. jsonschema's own message would repeat the value."""
    match error.validator:
        case "required":
            missing = [name for name in error.validator_value if name not in error.instance]
            return f"lacks {', '.join(missing)}"
        case "dependentRequired":
            needed = [name for names in error.validator_value.values() for name in names]
            return f"lacks {', '.join(name for name in needed if name not in error.instance)}"
        case "type":
            wanted = error.validator_value
            return f"must be {' or '.join(wanted) if isinstance(wanted, list) else wanted}"
        case "minLength":
            return "must not be empty"
        case "maxLength":
            return f"must have at most {error.validator_value} characters"
        case "pattern":
            return "must be a FHIR id: 1 to 64 letters, digits, '-' or '.'"
        case "const":
            return f"must be {error.validator_value}"
    return "does not fit"


def _encounter(raw: Raw) -> str | None:
    """The id of the encounter; what is none counts as not sent, for nothing rests on it alone."""
    value = decode_any(raw) if raw else None
    if not isinstance(value, str) or len(value) > LONGEST["encounterId"]:
        return None
    return value.strip() or None


def _extension(raw: Raw) -> dict[str, Any] | None:
    """What a client adds of its own: https://cds-hooks.hl7.org/#extensions"""
    value = decode_any(raw) if raw else None
    return value if isinstance(value, dict) else None


class _FhirAccess(NamedTuple):
    server: str | None = None
    token: str | None = None
    problem: str = ""


def _fhir_access(request: _Request | _LooseRequest, patient_id: str) -> _FhirAccess:
    """https://cds-hooks.hl7.org/#passing-the-access-token-to-the-cds-service

    A token that is for another patient, or that no header can hold, opens nothing that would tell
    about this one.
    """
    named = decode_any(request.fhirServer) if request.fhirServer else None
    if named is None:
        return _FhirAccess()
    server = _server(named)
    if server is None:
        return _FhirAccess(problem="the fhirServer named is no http or https address")
    given = decode_any(request.fhirAuthorization) if request.fhirAuthorization else None
    authorization = given if isinstance(given, dict) else {}
    if authorization.get("patient") not in (None, "", patient_id):
        return _FhirAccess(problem="fhirAuthorization is for another patient")
    token = authorization.get("access_token")
    if token is None:
        return _FhirAccess(server)
    if not isinstance(token, str) or not _HEADER_VALUE.fullmatch(token):
        return _FhirAccess(problem="the access token cannot be sent")
    return _FhirAccess(server, token)


def _server(value: Any) -> str | None:
    if not isinstance(value, str) or len(value) > LONGEST["fhirServer"]:
        return None
    if re.match(r"https?://[^\s/?#@]+(/[^\s?#]*)?$", value):
        return value.rstrip("/")
    return None


_HEADER_VALUE = re.compile(r"[\x21-\x7e]{1,16384}")
"""No line break or other control character, and no more than a server takes."""
