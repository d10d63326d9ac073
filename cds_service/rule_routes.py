"""/rules and /rules/{id}: what stands behind the cards, for those who read them.

Shown like discovery: open, unless that asks for a token.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

from cds_service.door import Door
from cds_service.engine import Engine
from cds_service.page_routes import html_page
from cds_service.web import caller_of

if TYPE_CHECKING:
    from cds_service.rule_pages import Section, Wanted

Clock = Callable[[], datetime]


def add(app: Flask, engine: Engine, door: Door, clock: Clock) -> None:
    """Adds the routes. What pages show is imported with the first of them: calls need none."""
    app.jinja_env.filters["words"] = _words
    app.jinja_env.filters["lower_first"] = _lower_first

    @app.get("/rules", provide_automatic_options=False)
    def rules() -> Response:
        if door.asks_for_discovery():
            caller_of(door)
        from cds_service.rule_pages import Wanted

        return html_page("rules.html", **_list(engine, Wanted(*_given()), clock()))

    @app.get("/rules/<rule_id>", provide_automatic_options=False)
    def rule(rule_id: str) -> Response:
        if door.asks_for_discovery():
            caller_of(door)
        from cds_service import rule_pages

        found = rule_pages.find(engine, rule_id)
        if found is None:
            near = rule_pages.alike(engine, rule_id)
            return html_page("no_rule.html", status=404, asked=rule_id[:100], near=near)
        shown = rule_pages.page(engine, found, clock())
        return html_page("rule.html", **shown)


def _words(name: str) -> str:
    """A name of JSON as a phrase."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def _lower_first(text: str) -> str:
    """A sentence behind a colon; an abbreviation keeps its capitals."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _given() -> tuple[str, str, str, str]:
    """What is asked for, in the order of Wanted."""
    given = request.args
    hook, order, status = (given.get(name, "") for name in ("hook", "order", "status"))
    return hook, order, status, given.get("q", "")[:200]


def _list(engine: Engine, wanted: Wanted, as_of: datetime) -> dict[str, Any]:
    from cds_service import rule_pages

    found = rule_pages.sections(engine, as_of)
    rows = [row for section in found for row in section.rows]
    there = {state for row in rows for state in row.states}
    shown = {row.id for row in rows if wanted.takes(row)}
    return {
        "sections": found,
        "wanted": wanted,
        "shown": shown,
        "filled": {section.hook for section in found if _has(section, shown)},
        "total": len(rows),
        "hooks": list(dict.fromkeys(hook for row in rows for hook in row.hooks)),
        "orders": rule_pages.orders(engine, found),
        "states": {state: words for state, words in rule_pages.STATES.items() if state in there},
        "explained": rule_pages.EXPLAINED,
    }


def _has(section: Section, shown: set[str]) -> bool:
    return any(row.id in shown for row in section.rows)
