"""The service as production runs it: every path asks who calls, and one answer refuses all.

https://cds-hooks.hl7.org/#trusting-cds-clients
"""

from __future__ import annotations

import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import certifi
import msgspec
import pytest
from flask import Flask
from werkzeug.test import TestResponse

import hooks
from cds_service.app import create_app
from cds_service.card import EXTENSION
from cds_service.errors import ContentError, StoreDown
from cds_service.logs import described
from cds_service.production import lacking
from cds_service.settings import Settings
from cds_service.store import Store
from tests.protocol.support import NOW, VIEW, check_outcome, good
from tests.trust import tokens
from tests.trust.tokens import jwk, key_set

BASE = "https://cds.hospital.example/als"
ISSUER = "https://ehr.hospital.example"
PROXY, STRANGER = "10.1.2.3", "10.9.9.9"
SERVICE = "/cds-services/als-leukemia-patient-view"
TODAY = date(2026, 11, 21)

RULES = {rule.id: rule.version for service in hooks.SERVICES for rule in service.rules()}


def approvals(*rules: str) -> str:
    return "".join(
        f'[[approval]]\nrule = "{rule}"\nversion = "{RULES[rule]}"\n'
        'approver = "Dr. A. Example"\ndate = 2026-11-20\n'
        for rule in rules
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """All that production needs."""
    (tmp_path / "keys.json").write_bytes(key_set(jwk(tokens.of("ES384"))))
    (tmp_path / "approvals.toml").write_text(approvals(*RULES), encoding="utf-8")
    (tmp_path / "clients.toml").write_text(
        f'[[client]]\nname = "hospital"\nissuer = "{ISSUER}"\njwks = "{tmp_path}/keys.json"\n'
        'fhir_servers = ["https://fhir.hospital.example/r4"]\n',
        encoding="utf-8",
    )
    return Settings(
        mode="production",
        base_url=BASE,
        clients=str(tmp_path / "clients.toml"),
        approvals=str(tmp_path / "approvals.toml"),
        store=f"sqlite:///{tmp_path}/cds.sqlite3",
        trusted_proxies="10.1.0.0/16",
    )


@pytest.fixture
def app(settings: Settings) -> Flask:
    return create_app(settings, clock=lambda: NOW)


_numbers = iter(range(10**6))


def token(path: str = SERVICE, **changes: Any) -> str:
    seconds = int(NOW.timestamp())
    claims = {
        "iss": ISSUER,
        "aud": BASE + path,
        "iat": seconds,
        "exp": seconds + 300,
        "jti": f"token-{next(_numbers)}",
        **changes,
    }
    return tokens.token(None, claims)


def send(
    app: Flask,
    method: str = "POST",
    path: str = SERVICE,
    body: Any = None,
    bearer: str | None = None,
    peer: str = PROXY,
    **headers: str,
) -> TestResponse:
    if bearer is not None:
        headers["Authorization"] = f"Bearer {bearer}"
    return app.test_client().open(
        path,
        method=method,
        data=json.dumps(body) if body is not None else None,
        content_type="application/json" if body is not None else None,
        headers=headers,
        environ_overrides={"REMOTE_ADDR": peer},
    )


def view() -> dict[str, Any]:
    request = good(VIEW)
    request.pop("fhirServer", None)
    return request


# --- Who calls ------------------------------------------------------------------------------------


def test_a_client_with_a_token_gets_cards_that_say_who_approved_them(app: Flask) -> None:
    """JWT-02"""
    answer = send(app, body=view(), bearer=token())
    assert answer.status_code == 200
    cards = answer.json["cards"]
    assert len(cards) == 2
    words = "approved for this site by Dr. A. Example on 2026-11-20"
    assert {card["extension"][EXTENSION]["reviewStatus"] for card in cards} == {words}
    assert all("pending clinical review" not in card["detail"] for card in cards)


def refused(answer: TestResponse) -> bool:
    assert answer.status_code == 401, answer.text
    check_outcome(answer.json)
    (issue,) = answer.json["issue"]
    assert issue["diagnostics"] == "send a valid token of a client that is known here"
    return answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", SERVICE),
        ("POST", "/cds-services/als-leukemia-order-sign"),
        ("POST", "/cds-services/no-such-service"),
        ("POST", f"{SERVICE}/"),
    ],
)
def test_every_call_without_a_token_gets_the_same_refusal(
    app: Flask, method: str, path: str
) -> None:
    """JWT-01, JWT-13, JWT-15, JWT-17"""
    assert refused(send(app, method, path, view()))


def test_a_token_counts_once(app: Flask) -> None:
    """JWT-10"""
    bearer = token()
    assert send(app, body=view(), bearer=bearer).status_code == 200
    assert refused(send(app, body=view(), bearer=bearer))


def test_a_token_counts_once_for_all_that_share_the_store(settings: Settings) -> None:
    """JWT-10: another worker, another machine"""
    bearer = token()
    one, other = (create_app(settings, clock=lambda: NOW) for _ in range(2))
    assert send(one, body=view(), bearer=bearer).status_code == 200
    assert refused(send(other, body=view(), bearer=bearer))


def test_a_token_is_for_the_address_that_is_configured(app: Flask) -> None:
    """JWT-06: the Host header, which anybody can send, says nothing."""
    wrong = token(aud=f"https://evil.example{SERVICE}")
    assert refused(send(app, body=view(), bearer=wrong, Host="evil.example"))
    other = token(path="/cds-services/als-leukemia-order-sign")
    assert refused(send(app, body=view(), bearer=other))


def test_a_token_that_failed_is_in_no_log(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """JWT-15: why it failed is for the log, the token is for nobody."""
    caplog.set_level(0)
    bearer = token(aud="https://evil.example")
    assert refused(send(app, body=view(), bearer=bearer))
    said = described(caplog.records[-1])
    assert said["reason"].startswith("client hospital: ")
    written = f"{caplog.text}{said}"
    assert not any(part in written for part in bearer.split("."))


# --- Discovery, probes, preflights ----------------------------------------------------------------


@pytest.mark.parametrize("protected", [False, True])
def test_discovery_is_open_or_protected(settings: Settings, protected: bool) -> None:
    """JWT-17"""
    app = create_app(
        msgspec.structs.replace(settings, protect_discovery=protected), clock=lambda: NOW
    )
    answer = send(app, "GET", "/cds-services")
    assert refused(answer) if protected else answer.status_code == 200
    known = send(app, "GET", "/cds-services", bearer=token("/cds-services"))
    assert known.status_code == 200


@pytest.mark.parametrize("protected", [False, True])
def test_what_the_description_guards_is_guarded_and_the_rest_is_open(
    settings: Settings, protected: bool
) -> None:
    """JWT-17"""
    changed = msgspec.structs.replace(settings, protect_discovery=protected)
    app = create_app(changed, clock=lambda: NOW)
    described = send(app, "GET", "/openapi.json", bearer=token("/openapi.json"))
    for path, operations in described.json["paths"].items():
        for method, operation in operations.items():
            answer = send(app, method.upper(), path.replace("{rule}", "data-gaps"))
            assert (answer.status_code == 401) == ("security" in operation), (method, path)


def test_readiness_tells_strangers_nothing_of_clients(settings: Settings) -> None:
    file = Path(settings.clients)
    text = file.read_text(encoding="utf-8")
    unread = re.sub('jwks = ".*"', 'jwks = "https://127.0.0.1:1/keys"', text)
    file.write_text(f"{unread}private_network = true\n", encoding="utf-8")
    answer = send(create_app(settings, clock=lambda: NOW), "GET", "/ready", peer=STRANGER)
    assert answer.status_code == 503
    (issue,) = answer.json["issue"]
    assert issue["diagnostics"] == "there are no keys to check tokens with: the log says why"


def test_readiness_asks_a_store_that_hangs_once_at_a_time(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody may ask, and /health shares its few threads with it."""
    assert becomes_ready(app)
    asked, released = threading.Event(), threading.Event()

    def hangs(_: Store) -> bool:
        asked.set()
        return released.wait(20) and False

    monkeypatch.setattr(Store, "is_well", hangs)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(send, app, "GET", "/ready")
        assert asked.wait(20)
        assert send(app, "GET", "/ready").status_code == 200, "what was found last"
        released.set()
        assert first.result().status_code == 503
    assert send(app, "GET", "/ready").status_code == 503


def test_probes_come_from_everywhere_without_a_token(app: Flask) -> None:
    assert send(app, "GET", "/health", peer=STRANGER).status_code == 200
    assert becomes_ready(app)


def becomes_ready(app: Flask) -> bool:
    """Keys are read beside the start."""
    for _ in range(500):
        if send(app, "GET", "/ready", peer=STRANGER).status_code == 200:
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize("path", ["/cds-services", SERVICE, f"{SERVICE}/feedback"])
def test_a_preflight_needs_no_token(app: Flask, path: str) -> None:
    """CORS-01"""
    answer = send(app, "OPTIONS", path, Origin="https://ehr.hospital.example")
    assert answer.status_code == 204


def test_only_a_trusted_proxy_is_answered(app: Flask) -> None:
    assert refused(send(app, body=view(), bearer=token(), peer=STRANGER))
    assert refused(send(app, "GET", "/cds-services", peer=STRANGER))
    assert refused(send(app, "OPTIONS", SERVICE, peer=STRANGER))
    mapped = send(app, body=view(), bearer=token(), peer=f"::ffff:{PROXY}")
    assert mapped.status_code == 200


@pytest.mark.parametrize("body", [{}, view()], ids=["refused", "served"])
def test_a_browser_is_told_of_its_origin_alone(settings: Settings, body: Any) -> None:
    """CORS-03, CORS-04, CORS-05"""
    own = "https://ehr.hospital.example"
    app = create_app(msgspec.structs.replace(settings, cors_origins=own), clock=lambda: NOW)
    for origin, allowed in ((own, own), ("https://evil.example", None)):
        answer = send(app, body=body, bearer=token(), Origin=origin)
        assert answer.headers.get("Access-Control-Allow-Origin") == allowed
        assert answer.headers["Vary"] == "Origin"


def test_no_cache_may_keep_an_answer(app: Flask) -> None:
    assert send(app, body=view(), bearer=token()).headers["Cache-Control"] == "no-store"


def test_keys_are_read_at_the_start_with_the_sites_certificates(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`doctor` reads them so: what it finds must be what the service finds."""
    asked: list[tuple[str, str]] = []
    keys = (Path(settings.clients).parent / "keys.json").read_bytes()

    def fetch(url: str, rules: object, seconds: float, most: int, ca_bundle: str = "") -> bytes:
        asked.append((url, ca_bundle))
        return keys

    monkeypatch.setattr("cds_service.guard.fetch", fetch)
    file, address = Path(settings.clients), "https://ehr.hospital.example/keys"
    file.write_text(re.sub(r'jwks = ".*"', f'jwks = "{address}"', file.read_text()))
    bundle = certifi.where()
    app = create_app(msgspec.structs.replace(settings, ca_bundle=bundle), clock=lambda: NOW)
    for _ in range(500):
        if asked:
            break
        time.sleep(0.01)
    assert asked == [(address, bundle)]
    assert send(app, body=view(), bearer=token()).status_code == 200


# --- What a client may have read ------------------------------------------------------------------


@pytest.mark.parametrize(
    "server", ["https://evil.example/r4", "http://169.254.169.254/", "http://127.0.0.1:8080"]
)
def test_a_server_that_is_not_the_clients_is_not_read_and_that_is_said(
    app: Flask, server: str
) -> None:
    request = {**view(), "fhirServer": server}
    del request["prefetch"]["performance"]
    answer = send(app, body=request, bearer=token())
    assert "the FHIR server named is not registered" in answer.json["cards"][0]["detail"]


# --- What production does not start without -------------------------------------------------------


def test_nothing_is_lacking(settings: Settings) -> None:
    assert lacking(settings, hooks.SERVICES, TODAY) == []


LACKING: dict[str, tuple[dict[str, str], str]] = {
    "an address": ({"base_url": ""}, "CDS_BASE_URL"),
    "an address by TLS": ({"base_url": "http://cds.example"}, "CDS_BASE_URL"),
    "the address of the service itself": ({"base_url": f"{BASE}/cds-services"}, "CDS_BASE_URL"),
    "an address without a slash": ({"base_url": f"{BASE}/"}, "CDS_BASE_URL"),
    "an address that is one": ({"base_url": "https://[cds"}, "CDS_BASE_URL"),
    "clients": ({"clients": ""}, "CDS_CLIENTS"),
    "a file of clients": ({"clients": "/nowhere.toml"}, "/nowhere.toml: cannot be read"),
    "approvals": ({"approvals": ""}, "CDS_APPROVALS"),
    "a file of approvals": ({"approvals": "/nowhere.toml"}, "/nowhere.toml: cannot be read"),
    "a store": ({"store": ""}, "CDS_STORE"),
    "a store that is reached by TLS": (
        {"store": "postgresql+psycopg://user:secret@db.hospital.example/cds"},
        "CDS_STORE: a database on another machine",
    ),
    "proxies": ({"trusted_proxies": " "}, "CDS_TRUSTED_PROXIES"),
    "proxies that are addresses": ({"trusted_proxies": "proxy.example"}, "CDS_TRUSTED_PROXIES"),
    "proxies that are not everybody": ({"trusted_proxies": "0.0.0.0/0"}, "is everybody"),
    "proxies that are not all of IPv6": ({"trusted_proxies": "10.1.2.3 ::/0"}, "is everybody"),
    "browsers that are known": ({"cors_origins": "*"}, "CDS_CORS_ORIGINS"),
    "origins by TLS": ({"cors_origins": "http://ehr.example"}, "CDS_CORS_ORIGINS"),
}


@pytest.mark.parametrize(("change", "named"), LACKING.values(), ids=LACKING)
def test_what_is_lacking_stops_the_start(
    settings: Settings, change: dict[str, str], named: str
) -> None:
    changed = msgspec.structs.replace(settings, **change)
    problems = lacking(changed, hooks.SERVICES, TODAY)
    assert len(problems) == 1
    assert named in problems[0]
    with pytest.raises(ContentError):
        create_app(changed, clock=lambda: NOW)


@pytest.mark.parametrize(
    "store",
    [
        "postgresql+psycopg://user:secret@db.hospital.example/cds?sslmode=verify-full",
        "postgresql+psycopg://user:secret@db.example/cds?connect_timeout=2&sslmode=require",
        "postgresql+psycopg://user:secret@localhost/cds",
        "postgresql+psycopg:///cds?host=/run/postgresql",
    ],
)
def test_a_store_by_tls_or_on_this_machine_is_enough(settings: Settings, store: str) -> None:
    changed = msgspec.structs.replace(settings, store=store)
    assert lacking(changed, hooks.SERVICES, TODAY) == []


def test_all_that_is_lacking_is_said_at_once() -> None:
    found = lacking(Settings(mode="production"), hooks.SERVICES, TODAY)
    assert len(found) == 5


def test_the_public_sandbox_is_refused_by_name(settings: Settings) -> None:
    file = Path(settings.clients)
    file.write_text(file.read_text().replace(ISSUER, "https://sandbox.cds-hooks.org"))
    problems = lacking(settings, hooks.SERVICES, TODAY)
    assert any("sandbox" in problem for problem in problems)


def test_only_approved_rules_show(settings: Settings) -> None:
    approved = approvals("data-gaps", "hyperleukocytosis-emergency")
    Path(settings.approvals).write_text(approved, encoding="utf-8")
    app = create_app(settings, clock=lambda: NOW)
    cards = send(app, body=view(), bearer=token()).json["cards"]
    assert [card["source"]["topic"]["code"] for card in cards] == ["hyperleukocytosis-emergency"]


def test_a_store_that_is_away_lets_nobody_in(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def down(*_: object) -> bool:
        raise StoreDown("the store does not answer")

    monkeypatch.setattr(Store, "first_use", down)
    answer = send(app, body=view(), bearer=token())
    assert answer.status_code == 503
    assert caplog.records[-1].levelname == "WARNING"
    check_outcome(answer.json)
    monkeypatch.setattr(Store, "is_well", lambda _: False)
    unready = send(app, "GET", "/ready")
    assert unready.status_code == 503
    assert "store" in unready.text
    assert send(app, "GET", "/health").status_code == 200
