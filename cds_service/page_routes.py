"""The frame of all pages: the style sheet, what the templates share, and what a page may load.

A page of ours is `html_page("name.html", ...)` over templates/base.html. It loads nothing but what
this service itself serves, and runs no script but the files below /static.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, render_template, request
from werkzeug.exceptions import NotFound

from cds_service.settings import Settings

NAVIGATION = (
    ("/", "Start"),
    ("/rules", "Rules"),
    ("/bench", "Bench"),
    ("/insight", "Insight"),
)
"""Those that are there are on every page, in this order."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""https://www.w3.org/TR/CSP3/: nothing of others, nothing inline, no frame around it."""

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def add(app: Flask, settings: Settings) -> None:
    """Adds /static, and what every template may name."""
    root = urlsplit(settings.base_url).path.rstrip("/")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    @app.get("/static/<name>", provide_automatic_options=False)
    def static(name: str) -> Response:
        # https://html.spec.whatwg.org/multipage/urls-and-fetching.html: the type must be right.
        found, kind = _file(name), _TYPES.get(name[name.rfind(".") :])
        if found is None or kind is None:
            raise NotFound
        return Response(found, mimetype=kind)

    @app.context_processor
    def frame() -> dict[str, Any]:
        return {
            # Behind a proxy the service may stand below a path.
            "root": root,
            "here": request.path,
            "mode": settings.mode,
            "version": version("als-leukemia-cds"),
            "navigation": _navigation(),
        }


def html_page(template: str, status: int = 200, **context: Any) -> Response:
    """A page, which may load nothing from outside."""
    answer = Response(render_template(template, **context), status=status, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _navigation() -> list[tuple[str, str]]:
    paths = {rule.rule for rule in current_app.url_map.iter_rules()}
    return [(path, name) for path, name in NAVIGATION if path in paths]


@cache
def _file(name: str) -> bytes | None:
    """A file of the package: only names that stand in its folder."""
    folder = files("cds_service") / "static"
    for each in folder.iterdir():
        if each.name == name and each.is_file():
            return each.read_bytes()
    return None
