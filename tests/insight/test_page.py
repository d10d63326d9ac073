"""The page: what a person reads on it, and that it loads nothing and runs nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from cds_service import insight_routes
from cds_service.app import create_app
from cds_service.errors import StoreDown
from cds_service.insight import UNNAMED
from cds_service.late_store import LateStore
from cds_service.settings import Settings
from cds_service.store import Store
from hooks import SERVICES
from tests.insight.history import NOW, History

RULE = "platelet-threshold"
HOSTILE = "<script>alert('x')</script>\"&"


class Parsed(HTMLParser):
    """Elements with their attributes, and the text of the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    made = create_app(Settings(store=f"sqlite:///{tmp_path}/cds.sqlite3"), clock=lambda: NOW)
    made.extensions["store"].open()
    yield made
    made.extensions["recorder"].close()
    made.extensions["store"].close()


def store_of(app: Flask) -> Store:
    late: LateStore = app.extensions["store"]
    store = late.get()
    assert store is not None
    return store


def get(app: Flask, path: str = "/insight", **query: str) -> TestResponse:
    return app.test_client().get(path, query_string=query or None)


def page(app: Flask, **query: str) -> Parsed:
    answer = get(app, **query)
    assert answer.status_code == 200, answer.text
    return Parsed(answer.text)


def filled(app: Flask, client: str | None = "hospital") -> None:
    """Nine weeks: a rule fires twelve times in each, and in the last full one not at all."""
    history = History()
    for week in range(10):
        for number in range(12):
            call = history.call(NOW - timedelta(weeks=week), client=client)
            if week != 1:
                card = call.card(RULE)
                if number < 3:
                    history.outcome(card, "overridden", HOSTILE if week == 0 else "already-done")
            call.rule("data-gaps", "unknown", missing=("platelets",))
    history.write(store_of(app))


# --- What it says ---------------------------------------------------------------------------------


def test_before_the_first_call_it_says_what_will_be_here(app: Flask) -> None:
    shown = page(app).text
    assert "No calls in this period" in shown
    assert "Once clients call, this page shows" in shown
    assert "there is nothing to compare" in shown


def test_what_changed_comes_first(app: Flask) -> None:
    filled(app)
    shown = page(app).text
    assert "Week 2026-W02 against the eight weeks before" in shown
    assert shown.index("stopped firing") < shown.index("Week by week")
    assert "not once in 12 calls; as before it would have been about 12" in shown


def test_figures_are_those_of_the_period(app: Flask) -> None:
    filled(app)
    shown = re.sub(r"\s+", " ", page(app).text)
    assert "Calls answered 120 0 refused, 0 failed" in shown
    assert "Overridden 25 % 27 cards" in shown
    assert "No response 75 % 81 cards" in shown
    assert "Accepted 0 % 0 cards" in shown
    assert "Not evaluable 120 for lack of an input" in shown
    assert "already-done 24 89 %" in shown


def test_a_filter_is_kept_in_the_form_and_in_the_exports(app: Flask) -> None:
    filled(app)
    shown = page(app, rule=RULE, hook="patient-view", client="hospital", **{"from": "2026-01-05"})
    values = {each["name"]: each.get("value") for each in shown.all("input")}
    assert values == {"from": "2026-01-05", "to": "2026-01-18"}
    chosen = [each for each in shown.all("option") if "selected" in each]
    assert len(chosen) == 3
    exports = [each["href"] or "" for each in shown.all("a") if "export" in (each["href"] or "")]
    assert len(exports) == 3
    for address in exports:
        assert get(app, address).status_code == 200
        assert f"rule={RULE}" in address
        assert "client=hospital" in address


def test_a_filter_that_finds_nothing_does_not_look_like_none(app: Flask) -> None:
    filled(app)
    shown = page(app, client="nobody")
    assert "Only client nobody." in shown.text
    assert len([each for each in shown.all("option") if "selected" in each]) == 1


def test_calls_without_a_client_can_be_chosen(app: Flask) -> None:
    filled(app, client=None)
    assert "No calls in this period" in page(app, client="hospital").text
    assert "Calls answered" in page(app, client=UNNAMED).text


def test_every_rule_of_the_content_is_there_whether_it_fired_or_not(app: Flask) -> None:
    filled(app)
    shown = page(app).text
    rules = {rule.id for service in SERVICES for rule in service.rules()}
    assert {rule for rule in rules if rule not in shown} == set()
    assert f"{len(rules) - 2} rules neither applied nor lacked an input" in shown


def test_every_chart_has_its_figures_in_a_table(app: Flask) -> None:
    filled(app)
    text = get(app).text
    figures = re.findall(r"<figure.*?</figure>", text, flags=re.DOTALL)
    assert len(figures) == 4
    for figure in figures:
        assert "<table" in figure
        assert 'aria-labelledby="chart-' in figure
    calls = Parsed(figures[0]).text.split()
    assert calls[-8:] == ["2026-W02", "0", "12", "0", "2026-W03", "12", "0", "0"]
    drawn = [each for each in Parsed(text).all("svg") if each.get("aria-hidden") != "true"]
    assert all(each.get("role") == "img" and each.get("aria-label") for each in drawn)


# --- What it must not do --------------------------------------------------------------------------


def test_it_loads_nothing_from_outside_and_runs_nothing(app: Flask) -> None:
    filled(app)
    answer = get(app)
    shown = Parsed(answer.text)
    assert not shown.all("script")
    links = [each["href"] or "" for each in shown.all("link")]
    assert links == ["/static/icon.svg", "/static/site.css"]
    assert all(get(app, each).status_code == 200 for each in links)
    for _, attributes in shown.elements:
        named = {name for name in attributes if name.startswith("on") or name == "style"}
        assert not named, "the policy would block it"
        for name in ("src", "href", "action"):
            assert not re.match(r"(?i)[a-z]+:|//", attributes.get(name) or "")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert not re.search(r"https?:|\*|unsafe|data:", policy)
    sheet = get(app, "/static/site.css")
    assert sheet.mimetype == "text/css"
    assert not re.search(r"url\(|@import|https?:", sheet.text)


def test_names_out_of_the_store_are_text(app: Flask) -> None:
    filled(app, client=HOSTILE)
    answer = get(app, client=HOSTILE, rule=HOSTILE, hook=HOSTILE)
    shown = Parsed(answer.text + get(app).text)
    assert not shown.all("script")
    assert HOSTILE in shown.text
    assert {each["class"] for each in shown.all("section") if each.get("class")} <= {
        "drift", "drift found", "charts", "method", "empty",
    }  # fmt: skip


@pytest.mark.parametrize(
    "name", ["../app.py", "..%2fapp.py", "base.html", "", "site.css/..", "%00"]
)
def test_only_files_of_its_folder_are_served(app: Flask, name: str) -> None:
    assert get(app, f"/static/{name}").status_code == 404


# --- When there is nothing to read ----------------------------------------------------------------


def test_without_a_store_it_says_so() -> None:
    app = create_app(Settings(store="none"), clock=lambda: NOW)
    assert "CDS_STORE names no database" in page(app).text
    assert get(app, "/insight/export.json").status_code == 404
    assert get(app, "/metrics").status_code == 404


@pytest.mark.parametrize("query", [{"from": "soon"}, {"from": "2026-02-01"}, {"to": "9999-01-01"}])
def test_a_period_that_is_none_is_said_to_be(app: Flask, query: dict[str, str]) -> None:
    answer = get(app, **query)
    assert answer.status_code == 400
    assert "That cannot be shown" in answer.text


def test_a_store_that_does_not_answer_is_said(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def reading(_: Store) -> Any:
        raise StoreDown("the store does not answer (OperationalError)")

    monkeypatch.setattr(Store, "reading", reading)
    answer = get(app)
    assert answer.status_code == 503
    assert "The figures cannot be read just now" in answer.text
    assert get(app, "/insight/export.csv").status_code == 503


def test_one_reads_at_a_time(app: Flask) -> None:
    """Requests without a body share few threads with /health."""
    figures = insight_routes.Figures(app.extensions["store"])
    with figures.reading(), pytest.raises(StoreDown, match="somebody else"), figures.reading():
        pass
    with figures.reading():
        pass
