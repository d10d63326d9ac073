"""The web edge: routes, CORS, and which error gets which HTTP status.

Only this, `web` and the modules named `*_routes` import flask.

https://cds-hooks.hl7.org/#discovery and https://cds-hooks.hl7.org/#calling-a-cds-service. Every
answer that is no success carries an OperationOutcome; none carries a stack trace or patient data.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from types import ModuleType
from typing import TYPE_CHECKING, Any

import msgspec
from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, NotFound

from cds_service import (
    bench_routes,
    demo_routes,
    feedback_routes,
    insight_routes,
    logs,
    page_routes,
    rule_routes,
    start_routes,
)
from cds_service.default_store import with_default_store
from cds_service.door import Door
from cds_service.engine import Engine, load_content, load_engine
from cds_service.errors import (
    CDSError,
    ContentError,
    InvalidRequest,
    MissingData,
    NotTrusted,
    StoreDown,
    UnknownService,
)
from cds_service.late_store import LateStore
from cds_service.local_limits import announce
from cds_service.look_back import look_back
from cds_service.metrics import Meter
from cds_service.openapi import document
from cds_service.recorder import Chore, Recorder, Sink
from cds_service.recording import Answered, Recording, Seen
from cds_service.settings import Settings, read_settings
from cds_service.web import (
    Unsupported,
    caller_of,
    json_answer,
    json_body,
    outcome,
    own_address,
)

if TYPE_CHECKING:
    from cds_service.store import Store

log = logging.getLogger(__name__)

STATUSES: dict[type[CDSError], tuple[int, str]] = {
    InvalidRequest: (400, "invalid"),
    UnknownService: (404, "not-found"),
    MissingData: (412, "required"),
    NotTrusted: (401, "login"),
    StoreDown: (503, "transient"),
}
"""Error to HTTP status and https://hl7.org/fhir/R4/valueset-issue-type.html code."""

_HTTP_CODES = {404: "not-found", 405: "not-supported", 413: "too-long", 415: "not-supported"}

PROBES = frozenset({"/health", "/ready"})
"""Paths that those who watch over the process may ask without coming through a proxy."""

Clock = Callable[[], datetime]
Report = Callable[[], dict[str, Any]]


def now() -> datetime:
    """The instant a request is answered as of; nothing below this layer asks the clock."""
    return datetime.now(UTC)


def create_worker() -> Flask:
    """What every process of `serve` runs: the application, and its log set up."""
    settings = read_settings()
    logs.setup(settings.mode)
    return create_app(with_default_store(settings))


def create_app(settings: Settings | None = None, clock: Clock = now) -> Flask:
    """The WSGI application. Everything a request needs is built here, before the first one.

    Raises ContentError when content or configuration is not fit to answer with.
    """
    settings = settings or read_settings()
    content = load_content(settings.content)
    check_production(settings, content, clock)
    engine = load_engine(content, settings)
    announce(engine.limits, settings.mode, clock().date())
    app = Flask("cds_service", static_folder=None)
    # One spelling of a path is enough for clients: no redirect, which a preflight may not follow.
    app.url_map.strict_slashes = False
    app.wsgi_app = _PlainPath(app.wsgi_app)  # type: ignore[method-assign]
    late = _late_store(settings, clock)
    engine.look_back = look_back(settings, late)
    door = _door(settings, engine, late, clock)
    meter = insight_routes.meter(settings, late)
    recorder = _recorder(settings, engine, late, meter, clock)
    app.extensions["recorder"], app.extensions["store"] = recorder, late
    _add_log(app)
    _add_recording(app, settings, engine, recorder, clock)

    def report() -> dict[str, Any]:
        """What is worth knowing of a service that is ready."""
        parts = (engine.governance.report(clock()), recorder.report(), engine.look_back.report())
        return {name: each for part in parts for name, each in part.items()}

    _add_routes(app, engine, door, clock, settings, report)
    demo_routes.add(app, settings, clock)
    bench_routes.add(app, content, engine, settings, recorder, clock, STATUSES)
    page_routes.add(app, settings)
    rule_routes.add(app, engine, door, clock)
    about = getattr(content, "ABOUT", None)
    start_routes.add(app, about, settings, engine, door, clock, report)
    insight_routes.add(app, settings, engine, late, meter, clock)
    feedback_routes.add(app, engine, door, late, recorder, clock)
    _add_errors(app)
    _add_headers(app, door)
    recorder.start()
    return app


def check_production(settings: Settings, content: ModuleType, clock: Clock) -> None:
    """Raises ContentError that lists all that production lacks, if that is the mode."""
    if settings.mode != "production":
        return
    from cds_service.production import lacking

    problems = lacking(settings, content.SERVICES, clock().date())
    if problems:
        raise ContentError(*problems)


def _late_store(settings: Settings, clock: Clock) -> LateStore:
    """The store; in production it is open, else the recorder's thread opens it."""
    if settings.store in ("", "none"):
        return LateStore()

    def opening() -> Store:
        # Imported here: a database costs start-up time that the sandbox need not pay.
        from cds_service.store import Store

        return Store(settings.store, clock)

    return LateStore.holding(opening()) if settings.mode == "production" else LateStore(opening)


def _door(settings: Settings, engine: Engine, late: LateStore, clock: Clock) -> Door:
    store = late.get()
    if settings.mode != "production" or store is None:
        return Door(settings)
    # Imported here: the same for tokens.
    from cds_service.guard import GuardedDoor

    return GuardedDoor(settings, engine.clients, store, clock)


def _recorder(
    settings: Settings, engine: Engine, late: LateStore, meter: Meter | None, clock: Clock
) -> Recorder:
    """Sinks are built by the recorder's thread, and what they need is imported there."""
    sinks: dict[str, Callable[[], Sink]] = {}
    chores: list[Chore] = []
    if late.is_configured:

        def store() -> Sink:
            from cds_service.call_store import CallStore

            if late.get() is None:
                raise StoreDown("the store is not open")
            return CallStore(late, settings.retention_days, clock)

        sinks["store"] = store
        chores.append(late.open)
    if settings.fhir_log:

        def fhir() -> Sink:
            from cds_service.fhir_forms import inputs_of
            from cds_service.fhir_log import FhirLog

            queries = (query for each in engine.services.values() for query in each.queries)
            return FhirLog(settings.fhir_log, inputs_of(queries, engine.lexicon))

        sinks["fhir"] = fhir
    if meter is not None:
        sinks["metrics"] = meter.sink
    recorder = Recorder(sinks, chores)
    if meter is not None:
        meter.losses = recorder.losses
    return recorder


class _PlainPath:
    """Doubled and trailing slashes of a path mean nothing: a base URL often ends with one."""

    def __init__(self, wsgi_app: Any) -> None:
        self._wsgi_app = wsgi_app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if "//" in path or path.endswith("/"):
            environ["PATH_INFO"] = "/" + "/".join(part for part in path.split("/") if part)
        answer: Iterable[bytes] = self._wsgi_app(environ, start_response)
        return answer


def _add_log(app: Flask) -> None:
    """One line for each call, and for whatever is refused."""

    @app.before_request
    def begin() -> None:
        logs.begin()
        g.started = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        status = response.status_code
        if request.method == "POST" or status >= 400:
            outcome = "answered" if status < 400 else "failed" if status == 500 else "refused"
            milliseconds = (time.perf_counter() - g.started) * 1000
            fields = {"outcome": outcome, "status": status, "milliseconds": milliseconds}
            # What keeps callers out is for who watches over the service, not only for who counts.
            log.log(logging.WARNING if status >= 500 else logging.INFO, "request", extra=fields)
        return response


def _add_recording(
    app: Flask, settings: Settings, engine: Engine, recorder: Recorder, clock: Clock
) -> None:
    """Every call of a service leaves a record, refused ones too."""
    recording = Recording(settings.mode, engine.content_version, engine.inputs())

    @app.after_request
    def record(response: Response) -> Response:
        if request.endpoint != "call" or request.method != "POST" or not recorder.is_wanted:
            return response
        service = engine.services.get((request.view_args or {})["service_id"])
        if service is None:
            return response
        seen = g.get("seen") or Seen()
        milliseconds = (time.perf_counter() - g.started) * 1000
        try:
            answered = Answered(g.get("at") or clock(), response.status_code, milliseconds)
            recorder.put(recording.record(service, seen, answered))
        except Exception as problem:
            # Cards go out whatever happens to their record.
            log.error("a call could not be recorded", extra=logs.raised(problem))
        return response


def _add_routes(
    app: Flask,
    engine: Engine,
    door: Door,
    clock: Clock,
    settings: Settings,
    report: Report,
) -> None:
    discovery = msgspec.json.encode(engine.discovery())
    description = msgspec.json.encode(document(engine.services.values(), settings))

    @app.before_request
    def check_peer() -> Response | None:
        """Probes come from machines, not from the proxy; a preflight carries no token."""
        if request.path not in PROBES:
            door.let_in(request.remote_addr or "")
        # https://fetch.spec.whatwg.org/#cors-preflight-fetch: 2xx without authentication.
        return Response(status=204) if request.method == "OPTIONS" else None

    @app.get("/cds-services", provide_automatic_options=False)
    def discover() -> Response:
        if door.asks_for_discovery():
            caller_of(door)
        return json_answer(discovery)

    @app.post("/cds-services/<service_id>", provide_automatic_options=False)
    def call(service_id: str) -> Response:
        client = caller_of(door)
        service = engine.service(service_id)
        logs.note(service=service.id, hook=service.hook)
        g.seen, g.at = Seen(client=client.name if client is not None else None), clock()
        body = json_body(settings.max_body_bytes)
        # A page that a reader's browser is not let in to is not worth a link.
        address = "" if door.asks_for_discovery() else own_address(settings)
        decision = engine.respond(service, body, g.at, client, g.seen, address)
        logs.note(rules=decision.truths(), cards=len(decision.cards))
        # Only where there are any: a field that is None is not written.
        logs.note(off=decision.off or None, silent=decision.silent or None)
        return json_answer(msgspec.json.encode(decision.response()))

    @app.get("/openapi.json", provide_automatic_options=False)
    def describe() -> Response:
        if door.asks_for_discovery():
            caller_of(door)
        return json_answer(description)

    @app.get("/rules/<rule_id>/source-attributes", provide_automatic_options=False)
    def source_attributes(rule_id: str) -> Response:
        if door.asks_for_discovery():
            caller_of(door)
        found = engine.source_attributes(rule_id, clock())
        if found is None:
            raise NotFound
        return json_answer(msgspec.json.encode(found))

    @app.get("/health", provide_automatic_options=False)
    def health() -> Response:
        """The process answers; whether it can do its work is for /ready to say."""
        return json_answer(b'{"status":"alive"}')

    @app.get("/ready", provide_automatic_options=False)
    def ready() -> Response:
        unready = door.unready()
        if unready:
            return outcome(503, "transient", unready)
        return json_answer(msgspec.json.encode({"status": "ready", **report()}))


def _add_errors(app: Flask) -> None:
    @app.errorhandler(CDSError)
    def on_refusal(problem: CDSError) -> Response:
        status, code = STATUSES[type(problem)]
        logs.note(reason=str(problem))
        if isinstance(problem, NotTrusted):
            return _not_trusted()
        return outcome(status, code, problem.problems)

    @app.errorhandler(HTTPException)
    def on_http(problem: HTTPException) -> Response:
        status = problem.code or 500
        text = problem.description if isinstance(problem, Unsupported) else None
        answer = outcome(status, _HTTP_CODES.get(status, "processing"), [text or _phrase(status)])
        allowed = getattr(problem, "valid_methods", None)
        if allowed:
            answer.headers["Allow"] = ", ".join(sorted({*allowed, "OPTIONS"}))
        return answer

    @app.errorhandler(Exception)
    def on_failure(problem: Exception) -> Response:
        log.error("an exception while answering", extra=logs.raised(problem))
        return outcome(500, "exception", ["the service failed to answer; no check was made"])


def _not_trusted() -> Response:
    """One answer whatever the reason: https://www.rfc-editor.org/rfc/rfc6750#section-3"""
    answer = outcome(401, "login", ["send a valid token of a client that is known here"])
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _phrase(status: int) -> str:
    return f"{HTTPStatus(status).phrase}: see /cds-services for what this service answers"


def _add_headers(app: Flask, door: Door) -> None:
    @app.after_request
    def for_browsers(response: Response) -> Response:
        response.headers.extend(door.cors_headers(request.headers.get("Origin")))
        response.headers["X-Content-Type-Options"] = "nosniff"
        # Answers are about one patient: no cache on the way may keep one.
        response.headers["Cache-Control"] = "no-store"
        return response
