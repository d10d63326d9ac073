"""/insight, its exports and /metrics: what the advice did, for those who run the service."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from werkzeug.exceptions import NotFound

from cds_service.engine import Engine
from cds_service.errors import InvalidRequest, StoreDown
from cds_service.late_store import LateStore
from cds_service.metrics import Meter
from cds_service.operators import CHALLENGE, Operators
from cds_service.page_routes import html_page
from cds_service.settings import Settings
from cds_service.web import json_answer, outcome

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from cds_service.insight import Filter, Period

Clock = Callable[[], datetime]
View = Callable[..., Response]

OPENING_SECONDS = 1.0
"""A store that is just being opened is waited for so long."""


def meter(settings: Settings, late: LateStore) -> Meter | None:
    """The counters of this process; None where nothing is recorded, or nobody may see them."""
    is_wanted = late.is_configured or bool(settings.operator_token)
    return Meter() if is_wanted and Operators(settings).has_pages else None


def add(
    app: Flask,
    settings: Settings,
    engine: Engine,
    late: LateStore,
    meter: Meter | None,
    clock: Clock,
) -> None:
    """Adds the routes, unless nobody may see them: production without a token for operators."""
    operators = Operators(settings)
    if not operators.has_pages:
        return
    figures = Figures(late)
    guarded = _guard(operators)

    @app.get("/insight", provide_automatic_options=False)
    @guarded
    def insight() -> Response:
        return _page(figures, engine, clock)

    if late.is_configured:

        @app.get("/insight/export.<kind>", provide_automatic_options=False)
        @guarded
        def insight_export(kind: str) -> Response:
            return _export(figures, kind, clock)

    if meter is not None:

        @app.get("/metrics", provide_automatic_options=False)
        @guarded
        def metrics() -> Response:
            # https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
            return Response(meter.text(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _guard(operators: Operators) -> Callable[[View], View]:
    def guarded(view: View) -> View:
        @wraps(view)
        def answer(**path: str) -> Response:
            if operators.may_see(request.headers.get("Authorization")):
                return view(**path)
            refused = outcome(401, "login", ["send the operators' token, as Bearer or as password"])
            refused.headers["WWW-Authenticate"] = CHALLENGE
            return refused

        return answer

    return guarded


class Figures:
    """The store, as far as it is read for insight: by one request of a process at a time.

    Requests without a body share few threads with /health, and none of them may wait.
    """

    def __init__(self, late: LateStore) -> None:
        self._late = late
        self._busy = threading.Lock()

    @property
    def are_kept(self) -> bool:
        """Whether there is to be a store."""
        return self._late.is_configured

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Raises StoreDown."""
        if not self._busy.acquire(blocking=False):
            raise StoreDown("somebody else is reading the figures: ask again in a moment")
        try:
            store = self._late.wait(OPENING_SECONDS)
            if store is None:
                raise StoreDown("the store is not open: ask again in a moment")
            with store.reading() as connection:
                yield connection
        finally:
            self._busy.release()


# What makes figures imports SQLAlchemy, which costs start-up time: it is imported when asked for.


def _asked(clock: Clock) -> tuple[Period, Filter]:
    """Raises InvalidRequest."""
    from cds_service.insight import read_filter, read_period

    given = request.args
    period = read_period(given.get("from"), given.get("to"), clock().date())
    return period, read_filter(given.get("rule"), given.get("hook"), given.get("client"))


def _page(figures: Figures, engine: Engine, clock: Clock) -> Response:
    if not figures.are_kept:
        text = "CDS_STORE names no database, so nothing is kept of calls, cards and feedback."
        return html_page("insight.html", trouble=("Nothing is kept here", text))
    try:
        period, wanted = _asked(clock)
        return html_page("insight.html", **_context(figures, engine, clock, period, wanted))
    except InvalidRequest as problem:
        trouble = ("That cannot be shown", f"{problem}.")
        return html_page("insight.html", status=400, trouble=trouble)
    except StoreDown as problem:
        trouble = ("The figures cannot be read just now", f"{problem}.")
        return html_page("insight.html", status=503, trouble=trouble)


def _context(
    figures: Figures, engine: Engine, clock: Clock, period: Period, wanted: Filter
) -> dict[str, Any]:
    from cds_service import insight_page, insight_queries
    from cds_service.insight import week_name
    from cds_service.insight_drift import drift_period

    today = clock().date()
    with figures.reading() as connection:
        found = insight_queries.read(connection, period, wanted)
        clients = insight_queries.clients_seen(connection, period)
        drifts, has_calls = insight_queries.read_drift(connection, today, wanted, found, period)
    services = engine.services.values()
    listed = (rule for service in services for rule in service.rules())
    rules = {rule.id: engine.limits.say(rule.summary) for rule in listed}
    known = insight_page.Known(rules, sorted({service.hook for service in services}))
    shown = insight_page.context(found, drifts, clients, known, period, wanted)
    week = week_name(drift_period(today).weeks()[-1])
    return {**shown, "drift_week": week, "drift_has_calls": has_calls}


def _export(figures: Figures, kind: str, clock: Clock) -> Response:
    from cds_service.insight_export import FORMATS, PARTS, export

    if kind not in FORMATS:
        raise NotFound
    period, wanted = _asked(clock)
    part = request.args.get("rows", PARTS[0])
    if part not in PARTS:
        raise InvalidRequest(f"`rows` is {' or '.join(PARTS)}")
    with figures.reading() as connection:
        body = b"".join(export(connection, kind, part, period, wanted, clock().date()))
    answer = json_answer(body) if kind == "json" else Response(body, content_type=FORMATS[kind])
    name = f"insight-{period.first}-{period.end}.{kind}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
