"""/bench: the page to try the service on, in sandbox mode only.

In production there are no such routes. What the page needs is imported with its first request. A
call from here is a real one: it goes through `Engine.respond` and is recorded, so that the feedback
that the page sends to the service's own endpoint is about cards that are known.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from flask import Flask, Response, render_template
from werkzeug.exceptions import NotFound

from cds_service import logs
from cds_service.engine import Engine
from cds_service.errors import CDSError, InvalidRequest
from cds_service.page_routes import html_page
from cds_service.profiles import PROFILES
from cds_service.recorder import Recorder
from cds_service.recording import Answered, Recording, Seen
from cds_service.settings import Settings
from cds_service.web import json_answer, json_body, own_address

if TYPE_CHECKING:
    from cds_service.bench import Bench, Stories
    from cds_service.service import Decision, Service

Clock = Callable[[], datetime]
Json = dict[str, Any]
Statuses = Mapping[type[CDSError], tuple[int, str]]

_VISIT = re.compile(r"[a-z0-9]{1,32}", re.ASCII)
_Asked = TypeVar("_Asked", bound=msgspec.Struct)


class _Value(msgspec.Struct):
    """See bench_values.Edit."""

    value: str | None = None
    unit: str = ""
    taken: str = ""


class _Run(msgspec.Struct):
    """A hook request, what of it is changed, and how the answer is to be shown."""

    request: Json
    service: str = ""
    profile: str = "generic"
    values: dict[str, _Value] = {}
    visit: str = ""


class _Draft(msgspec.Struct):
    """Actions that are taken on drafts, or the drafts taken to another hook."""

    request: Json
    drafts: list[Any] = []
    actions: list[Any] = []
    hook: str = ""


class _Pasted(msgspec.Struct):
    text: str


def add(
    app: Flask,
    content: ModuleType,
    engine: Engine,
    settings: Settings,
    recorder: Recorder,
    clock: Clock,
    statuses: Statuses,
) -> None:
    """Adds the page and what it asks for, unless this is production."""
    if settings.mode == "production":
        return
    desk = _Desk(content, engine, settings, recorder, clock, statuses)

    @app.get("/bench", provide_automatic_options=False)
    def bench() -> Response:
        stories = desk.stories()
        listed = stories.listed(bool(settings.site_value_sets))
        profiles = list(PROFILES.values())
        return html_page("bench.html", stories=listed, first=stories.first, profiles=profiles)

    @app.get("/bench/stories", provide_automatic_options=False)
    def bench_stories() -> Response:
        return _json(desk.stories().listed(bool(settings.site_value_sets)))

    @app.get("/bench/orders", provide_automatic_options=False)
    def bench_orders() -> Response:
        return json_answer(desk.orders())

    @app.get("/bench/requests/<name>", provide_automatic_options=False)
    def bench_request(name: str) -> Response:
        found = desk.stories().request(name, clock())
        if found is None:
            raise NotFound
        return _json(found)

    @app.post("/bench/read", provide_automatic_options=False)
    def bench_read() -> Response:
        from cds_service.bench import pasted

        asked = _asked(_Pasted, settings)
        calls = pasted(asked.text, engine.services.values())
        return _json([{"name": each.name, "request": each.document} for each in calls])

    @app.post("/bench/run", provide_automatic_options=False)
    def bench_run() -> Response:
        return _json(desk.run(_asked(_Run, settings)))

    @app.post("/bench/drafts", provide_automatic_options=False)
    def bench_drafts() -> Response:
        return _json(_drafts(_asked(_Draft, settings)))


def _asked(kind: type[_Asked], settings: Settings) -> _Asked:
    """The body of a request of the page. Raises InvalidRequest."""
    from cds_service.readers import MAX_DEPTH, UNREADABLE, is_too_deep

    body = json_body(settings.max_body_bytes)
    if is_too_deep(body):
        raise InvalidRequest(f"the JSON is nested deeper than {MAX_DEPTH} levels")
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as problem:
        raise InvalidRequest(f"not as the bench asks it: {problem}") from None
    except UNREADABLE:
        raise InvalidRequest("the body is not well-formed JSON in UTF-8") from None


def _drafts(asked: _Draft) -> Json:
    from cds_service.bench_orders import at_hook, listed, take

    if asked.hook:
        return {"request": at_hook(asked.request, asked.drafts, asked.hook)}
    taken = take(asked.request, asked.drafts, asked.actions)
    return {
        "request": taken.request,
        "drafts": taken.entries,
        "listed": listed(taken.entries),
        "changes": taken.changes,
    }


class _Desk:
    """Who answers the page. Stories and reasons are prepared with the first request for them."""

    def __init__(
        self,
        content: ModuleType,
        engine: Engine,
        settings: Settings,
        recorder: Recorder,
        clock: Clock,
        statuses: Statuses,
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._recorder = recorder
        self._recording = Recording(settings.mode, engine.content_version, engine.inputs())
        self._clock = clock
        self._statuses = statuses

        @cache
        def stories() -> Stories:
            from cds_service.bench import Stories

            return Stories()

        @cache
        def bench() -> Bench:
            from cds_service.bench import Bench

            return Bench.of(engine, content)

        @cache
        def orders() -> bytes:
            return msgspec.json.encode(stories().orders(clock()))

        self.stories, self._bench, self.orders = stories, bench, orders

    def run(self, asked: _Run) -> Json:
        """The call, and everything about it. Raises CDSError where the bench itself was asked
        something that it cannot do; what the service refuses is an answer."""
        from cds_service.bench import as_clinician
        from cds_service.bench_values import Edit, changed, form

        if asked.profile not in PROFILES:
            raise InvalidRequest(f"profile: one of {', '.join(PROFILES)}")
        if asked.visit and not _VISIT.fullmatch(asked.visit):
            raise InvalidRequest("visit: small letters and digits")
        bench, at = self._bench(), self._clock()
        service = (
            self._engine.service(asked.service)
            if asked.service
            else bench.service_for(asked.request)
        )
        edits = {k: Edit(v.value, v.unit, v.taken) for k, v in asked.values.items()}
        lexicon = self._engine.lexicon
        document = as_clinician(asked.request, asked.visit)
        edited = changed(document, edits, bench.content, lexicon, service.queries, at)
        body = msgspec.json.encode(edited.request)
        answer, said = self._call(service, body, at, asked.profile)
        return {
            **said,
            **bench.told(service, edited.request, answer),
            **bench.about(edited.request, at),
            "service": service.id,
            "hook": service.hook,
            "profile": asked.profile,
            "request": edited.request,
            "changes": list(edited.changes),
            "form": form(edited.request, bench.content, lexicon, at),
            "timeline": self._timeline(service, body, at),
        }

    def _call(
        self, service: Service, body: bytes, at: datetime, profile: str
    ) -> tuple[Decision | CDSError, Json]:
        """The call as the service answers it, and recorded as such."""
        seen, started = Seen(), time.perf_counter()
        status = 200
        answer: Decision | CDSError
        try:
            address = own_address(self._settings)
            answer = self._engine.respond(service, body, at, None, seen, address, profile)
            response = answer.response()
        except CDSError as problem:
            answer, (status, code) = problem, self._statuses[type(problem)]
            issues = [
                {"severity": "error", "code": code, "diagnostics": text}
                for text in dict.fromkeys(problem.problems)
            ]
            response = {"resourceType": "OperationOutcome", "issue": issues}
        milliseconds = (time.perf_counter() - started) * 1000
        logs.note(service=service.id, hook=service.hook)
        self._record(service, seen, Answered(at, status, milliseconds))
        return answer, {"status": status, "milliseconds": milliseconds, "response": response}

    def _record(self, service: Service, seen: Seen, answered: Answered) -> None:
        if self._recorder.is_wanted:
            self._recorder.put(self._recording.record(service, seen, answered))
            # The page may send feedback about these cards at once.
            self._recorder.hurry()

    def _timeline(self, service: Service, body: bytes, at: datetime) -> str | None:
        """As HTML: a chart and its table."""
        course = self._bench().timeline(service, body, at)
        return render_template("bench_timeline.html", course=course) if course else None


def _json(value: Any) -> Response:
    return json_answer(msgspec.json.encode(value))
