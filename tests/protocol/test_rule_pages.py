"""/ and /rules over HTTP: what is said, to whom, and what the pages may load."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask
from werkzeug.test import TestResponse

import hooks
from cds_service.app import create_app
from cds_service.rule import Rule
from cds_service.settings import Settings
from hooks.statements import STATEMENTS
from tests.protocol.support import NOW, application
from tests.trust.test_production import BASE, PROXY, approvals, settings, token

__all__ = ["settings"]

RULES = {rule.id: rule for service in hooks.SERVICES for rule in service.rules()}
HOSTILE = '"><script>alert(1)</script>'
PAGES = ("/", "/rules", "/rules/leukapheresis-als", "/rules/no-such-rule")


@pytest.fixture(scope="module")
def app() -> Flask:
    return application()


def get(app: Flask, path: str, **query: str) -> TestResponse:
    return app.test_client().get(path, query_string=query or None)


def text(answer: TestResponse) -> str:
    """What a page says, without its marks, on one line."""
    body = re.sub(r"<(script|head)\b.*?</\1>", "", answer.get_data(as_text=True), flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


def shown(answer: TestResponse) -> list[str]:
    """The rules that a list shows, without the hidden ones."""
    found = re.findall(r"<li data-rule[^>]*>", answer.get_data(as_text=True))
    ids = re.findall(r'<a href="/rules/([a-z0-9-]+)">', answer.get_data(as_text=True))
    assert len(found) == len(ids) == len(RULES)
    return [each for each, row in zip(ids, found, strict=True) if not row.endswith(" hidden>")]


@pytest.mark.parametrize("rule", RULES)
def test_no_page_of_a_rule_shows_the_name_of_a_function(app: Flask, rule: str) -> None:
    body = get(app, f"/rules/{rule}").get_data(as_text=True)
    named = re.findall(r"<i>By patient: ([^<]*)</i>(.*?)</li>", body, re.DOTALL)
    assert [line for line, rest in named if "<ul>" in rest and not line.endswith(".")] == []


# --- The list -------------------------------------------------------------------------------------


def test_every_rule_is_listed_once(app: Flask) -> None:
    answer = get(app, "/rules")
    assert sorted(shown(answer)) == sorted(RULES)
    assert f"{len(RULES)} of {len(RULES)} rules" in text(answer)
    for rule in RULES.values():
        assert rule.summary in text(answer)


def test_a_hook_leaves_the_rules_of_its_service(app: Flask) -> None:
    for service in hooks.SERVICES:
        found = shown(get(app, "/rules", hook=service.hook))
        assert sorted(found) == sorted(rule.id for rule in service.rules())


def test_a_drug_leaves_the_rules_that_ask_about_it(app: Flask) -> None:
    assert shown(get(app, "/rules", order="rasburicase")) == [
        "rasburicase-g6pd",
        "allopurinol-high-tls-risk",
    ]


def test_words_are_looked_for_one_by_one(app: Flask) -> None:
    assert shown(get(app, "/rules", q=" LEUKAPHERESIS  fatal ")) == ["leukapheresis-apl"]
    assert "No rule is like this" in text(get(app, "/rules", q="no such word"))


def test_filters_hold_together(app: Flask) -> None:
    assert shown(get(app, "/rules", hook="order-sign", order="cytarabine", q="low-dose")) == [
        "low-dose-cytarabine"
    ]
    assert shown(get(app, "/rules", hook="patient-view", order="cytarabine")) == []
    assert "0 of" in text(get(app, "/rules", hook=HOSTILE))


def test_dormant_rules_can_be_asked_for(app: Flask) -> None:
    found = shown(get(app, "/rules", status="dormant"))
    assert "all-mrd" in found
    assert "hyperleukocytosis-emergency" not in found
    assert set(shown(get(app, "/rules", status="pending"))) == set(RULES)


# --- One rule -------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_page_of_a_rule_says_all_that_a_doubter_asks(app: Flask, rule: Rule) -> None:
    answer = get(app, f"/rules/{rule.id}")
    said = text(answer)
    assert answer.status_code == 200
    assert rule.summary in said
    assert " ".join(rule.text.split()) in said
    assert rule.strength in said
    assert f"version {rule.version}" in said
    assert "pending clinical review" in said
    for source in rule.evidence:
        assert source.citation in said
        if source.url is not None:
            assert f'href="{source.url}"' in answer.get_data(as_text=True)
    for name in rule.statements:
        assert " ".join(STATEMENTS[name].words.split()) in said
        assert STATEMENTS[name].verification in said
    for part in ("It applies when", "Tested cases", "Source attributes", "Known limits"):
        assert part in said
    document = get(app, f"/rules/{rule.id}/source-attributes").json
    for cases in document["testedCases"].values():
        assert [case for case in cases if " ".join(case.split()) not in said] == []
    limits = [each for each in document["limits"] if each["name"] != "none"]
    assert [each for each in limits if each["reason"] not in said] == []
    assert limits or "No number decides" in said


def test_a_source_that_nobody_has_read_is_called_so(app: Flask) -> None:
    assert "seen only quoted elsewhere" in text(get(app, "/rules/puncture-bleeding-risk"))


def test_the_gaps_rule_cannot_be_switched_off_and_says_why(app: Flask) -> None:
    assert "It cannot be switched off" in text(get(app, "/rules/data-gaps"))
    said = text(get(app, "/rules/leukapheresis-als"))
    assert 'rule = "leukapheresis-als" state = "off"' in said
    assert "what shows instead may be leukapheresis-routine" in said


def test_a_rule_that_is_off_says_so_without_naming_clients(tmp_path: Path) -> None:
    (tmp_path / "clients.toml").write_text(
        '[[client]]\nname = "secret-clinic"\nfhir_servers = ["https://fhir.example/r4"]\n', "utf-8"
    )
    (tmp_path / "switches.toml").write_text(
        '[[switch]]\nrule = "aml-fit"\nstate = "off"\nreason = "a private reason"\n'
        '[[switch]]\nrule = "aml-unfit"\nstate = "silent"\nclients = ["secret-clinic"]\n',
        "utf-8",
    )
    files = {"clients": "clients.toml", "switches": "switches.toml"}
    app = application(**{name: str(tmp_path / file) for name, file in files.items()})
    assert shown(get(app, "/rules", status="off")) == ["aml-fit"]
    assert shown(get(app, "/rules", status="switched")) == ["aml-unfit"]
    assert "Off. Not asked: it shows no card." in text(get(app, "/rules/aml-fit"))
    for path in ("/", "/rules", "/rules/aml-fit", "/rules/aml-unfit"):
        said = get(app, path).get_data(as_text=True)
        assert "secret-clinic" not in said
        assert "a private reason" not in said
    assert "1 off" in text(get(app, "/"))


def test_a_local_threshold_stands_with_its_default(tmp_path: Path) -> None:
    (tmp_path / "limits.toml").write_text(
        '[[threshold]]\nname = "hyperleukocytosis"\nvalue = 80\nunit = "10*9/L"\n'
        'reason = "The practice of this house."\napproved_by = "Dr. A"\ndate = 2026-11-01\n',
        "utf-8",
    )
    app = application(thresholds=str(tmp_path / "limits.toml"))
    said = text(get(app, "/rules/hyperleukocytosis-emergency"))
    assert "80 ×10⁹/L local threshold, default 100 ×10⁹/L" in said
    assert "default 100 ×10⁹/L; set by Dr. A, 2026-11-01" in said
    assert "Leukocytes at least 80 ×10⁹/L" in said
    assert "hyperleukocytosis-emergency" in shown(get(app, "/rules", status="local"))


@pytest.mark.parametrize("asked", ["leukaferesis-als", "leukapheresis", "LEUKAPHERESIS-ALS"])
def test_a_rule_that_there_is_not_is_404_and_helps(app: Flask, asked: str) -> None:
    answer = get(app, f"/rules/{asked}")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert 'href="/rules/leukapheresis-als"' in answer.get_data(as_text=True)


@pytest.mark.parametrize("asked", [HOSTILE, "%00", "..%2f..", "a" * 5000])
def test_what_was_asked_for_stays_text(app: Flask, asked: str) -> None:
    answer = get(app, f"/rules/{asked}")
    assert answer.status_code == 404
    assert "<script>alert" not in answer.get_data(as_text=True)
    found = get(app, "/rules", q=asked, hook=asked, order=asked, status=asked)
    assert "<script>alert" not in found.get_data(as_text=True)


def test_a_content_that_documents_nothing_still_has_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("hooks.document")
    monkeypatch.delattr("hooks.ABOUT")
    app = application()
    said = text(get(app, "/rules/leukapheresis-als"))
    assert RULES["leukapheresis-als"].evidence[0].citation in said
    assert "Ordering therapeutic leukapheresis" in said
    assert "Tested cases" not in said
    assert get(app, "/").status_code == 200


# --- The start page -------------------------------------------------------------------------------


def test_the_start_page_says_plainly_how_the_service_stands(app: Flask) -> None:
    said = text(get(app, "/"))
    assert "for trying, not for patients" in said
    assert "Pending clinical review No clinician has signed these rules off" in said
    assert "Readiness Ready" in said
    for service in hooks.SERVICES:
        assert f"http://localhost/cds-services/{service.id}" in said


def test_the_first_request_of_the_start_page_is_a_good_one(app: Flask) -> None:
    body = re.search(r"-d '({.*})'", text(get(app, "/")))
    assert body is not None
    asked = msgspec.json.decode(body[1])
    assert asked["fhirServer"] == "http://localhost/demo/fhir"
    found = app.test_client().get(f"/demo/fhir/Patient/{asked['context']['patientId']}")
    assert found.status_code == 200


def test_every_link_of_the_pages_leads_somewhere(app: Flask) -> None:
    found: set[str] = set()
    for path in PAGES:
        body = get(app, path).get_data(as_text=True)
        found |= {unescape(each) for each in re.findall(r'(?:href|src)="(/[^"#]*)', body)}
        anchors = set(re.findall(r'href="#([^"]+)"', body))
        assert {each for each in anchors if f'id="{each}"' not in body} == set()
    assert len(found) > len(RULES)
    assert [path for path in sorted(found) if app.test_client().get(path).status_code != 200] == []


# --- What pages may load, and who may see them ----------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_nothing_from_outside_and_runs_nothing_of_its_own(
    app: Flask, path: str
) -> None:
    answer = get(app, path)
    body = answer.get_data(as_text=True)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'" in policy
    assert not re.search(r"https?:|\*|unsafe", policy)
    assert re.findall(r"<script(?! src=\"/static/pages\.js\" defer></script>)", body) == []
    assert re.findall(r"""\s(?:on\w+|style)=["']""", body) == []
    assert re.findall(r'(?:src|action)="(?!/)', body) == []


def made(settings: Settings, **changes: Any) -> Flask:
    return create_app(msgspec.structs.replace(settings, **changes), clock=lambda: NOW)


def ask(app: Flask, path: str, bearer: str | None = None) -> TestResponse:
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    origin = {"REMOTE_ADDR": PROXY}
    return app.test_client().get(path, headers=headers, environ_overrides=origin)


def test_production_shows_its_pages_like_discovery(settings: Settings) -> None:
    app = made(settings)
    for path in ("/", "/rules", "/rules/leukapheresis-als"):
        assert ask(app, path).status_code == 200
    protected = made(settings, protect_discovery=True, store=f"{settings.store}2")
    for path in ("/", "/rules", "/rules/leukapheresis-als", "/rules/none"):
        assert ask(protected, path).status_code == 401
        assert ask(protected, path, token(path)).status_code in (200, 404)


def test_production_has_nothing_for_trying_on_its_start_page(settings: Settings) -> None:
    answer = ask(made(settings), "/")
    said = text(answer)
    assert f"{BASE}/cds-services/als-leukemia-patient-view" in said
    assert f"{len(RULES)} of {len(RULES)} rules approved" in said
    assert not re.search(r"demo|bench|curl", answer.get_data(as_text=True), re.IGNORECASE)
    # Behind a proxy below a path its own links stay below it.
    assert re.findall(r'(?:href|src)="/(?!als/)', answer.get_data(as_text=True)) == []


def test_a_rule_that_nobody_approved_says_so_in_production(settings: Settings) -> None:
    Path(settings.approvals).write_text(approvals("data-gaps", "aml-fit"), "utf-8")
    app = made(settings)
    assert "not approved for this site: it shows no card" in text(ask(app, "/rules/aml-unfit"))
    assert "2 of 40 rules approved" in text(ask(app, "/"))
    assert shown_below(ask(app, "/rules?status=approved")) == {"data-gaps", "aml-fit"}


def shown_below(answer: TestResponse) -> set[str]:
    """As `shown`, of a service below a path."""
    body = answer.get_data(as_text=True)
    rows = re.findall(r'<li data-rule[^>]*?( hidden)?>.*?/rules/([a-z0-9-]+)">', body, re.DOTALL)
    return {rule for hidden, rule in rows if not hidden}
