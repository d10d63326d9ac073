"""Who may see the figures: in production those with the operators' token, else nobody."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from flask import Flask
from openapi_spec_validator import validate
from werkzeug.test import TestResponse

import hooks
from cds_service.app import create_app
from cds_service.commands import main
from cds_service.errors import ContentError
from cds_service.openapi import document
from cds_service.settings import Settings, read_settings
from tests.protocol.support import NOW
from tests.trust.test_production import PROXY, STRANGER, settings, token

__all__ = ["settings"]

TOKEN = "the-operators-token-of-this-site-é"
PATHS = ["/insight", "/insight/export.json", "/insight/export.csv", "/metrics"]
EVERY_PATH = pytest.mark.parametrize("path", PATHS)


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def get(
    app: Flask, path: str, authorization: str | None = None, peer: str = PROXY, **headers: str
) -> TestResponse:
    if authorization is not None:
        headers["Authorization"] = authorization.encode().decode("latin-1")
    answer = app.test_client().get(path, headers=headers, environ_overrides={"REMOTE_ADDR": peer})
    assert TOKEN not in answer.text
    return answer


@pytest.fixture
def app(settings: Settings) -> Flask:
    with_token = msgspec.structs.replace(settings, operator_token=TOKEN)
    return create_app(with_token, clock=lambda: NOW)


LET_IN = {
    "a program": f"Bearer {TOKEN}",
    "a browser": basic("", TOKEN),
    "a browser with any name": basic("somebody", TOKEN),
    "a scheme in other letters": f"bearer {TOKEN}",
}


@EVERY_PATH
@pytest.mark.parametrize("authorization", LET_IN.values(), ids=LET_IN)
def test_the_token_opens_in_production(app: Flask, path: str, authorization: str) -> None:
    assert get(app, path, authorization).status_code == 200


KEPT_OUT = {
    "nothing": None,
    "an empty one": "",
    "no token": "Bearer",
    "an empty token": "Bearer ",
    "another token": f"Bearer {TOKEN[:-1]}x",
    "the beginning of the token": f"Bearer {TOKEN[:-1]}",
    "the token as a name": basic(TOKEN, ""),
    "a scheme there is not": f"Digest {TOKEN}",
    "the token alone": TOKEN,
    "no base64": "Basic !!!",
    "base64 of no pair": "Basic " + base64.b64encode(TOKEN.encode()).decode(),
    "bytes that are no text": "Basic " + base64.b64encode(b":\xff\xfe").decode(),
}


@EVERY_PATH
@pytest.mark.parametrize("authorization", KEPT_OUT.values(), ids=KEPT_OUT)
def test_all_else_keeps_out_and_a_browser_is_made_to_ask(
    app: Flask, path: str, authorization: str | None
) -> None:
    answer = get(app, path, authorization)
    assert answer.status_code == 401
    assert answer.json["resourceType"] == "OperationOutcome"
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="operators", charset="UTF-8"'


@EVERY_PATH
def test_a_clients_token_does_not_open(app: Flask, path: str) -> None:
    assert get(app, path, f"Bearer {token(path)}").status_code == 401


@EVERY_PATH
def test_the_token_opens_through_the_proxy_alone(app: Flask, path: str) -> None:
    answer = get(app, path, f"Bearer {TOKEN}", peer=STRANGER)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@EVERY_PATH
def test_the_token_does_not_count_as_a_clients(app: Flask, path: str) -> None:
    answer = app.test_client().post(
        "/cds-services/als-leukemia-patient-view",
        data=json.dumps({}),
        content_type="application/json",
        headers={"Authorization": b"Bearer " + TOKEN.encode()},
        environ_overrides={"REMOTE_ADDR": PROXY},
    )
    assert answer.status_code == 401


@EVERY_PATH
def test_without_the_setting_there_is_nothing_in_production(settings: Settings, path: str) -> None:
    app = create_app(settings, clock=lambda: NOW)
    for authorization in (None, "Bearer ", basic("", ""), f"Bearer {TOKEN}"):
        assert get(app, path, authorization).status_code == 404


@EVERY_PATH
@pytest.mark.parametrize("setting", ["", TOKEN])
def test_a_sandbox_is_open_unless_it_has_a_token(tmp_path: Path, path: str, setting: str) -> None:
    store = f"sqlite:///{tmp_path}/cds.sqlite3"
    app = create_app(Settings(store=store, operator_token=setting), clock=lambda: NOW)
    app.extensions["store"].open()
    assert get(app, path).status_code == (401 if setting else 200)
    assert get(app, path, f"Bearer {TOKEN}").status_code == 200


@EVERY_PATH
def test_no_cache_keeps_what_was_seen(app: Flask, path: str) -> None:
    assert get(app, path, f"Bearer {TOKEN}").headers["Cache-Control"] == "no-store"


# --- Settings -------------------------------------------------------------------------------------


def test_a_short_token_is_refused_at_the_start_and_not_repeated() -> None:
    with pytest.raises(ContentError) as caught:
        read_settings({"CDS_OPERATOR_TOKEN": "x" * 31})
    assert "CDS_OPERATOR_TOKEN" in str(caught.value)
    assert "xxx" not in str(caught.value)
    assert read_settings({"CDS_OPERATOR_TOKEN": "x" * 32}).operator_token == "x" * 32


@pytest.mark.parametrize(("setting", "said"), [("", True), (TOKEN, False)])
def test_doctor_remarks_that_it_is_missing_and_lets_it_be(
    settings: Settings, setting: str, said: bool
) -> None:
    given = {**msgspec.structs.asdict(settings), "operator_token": setting}
    environment = {f"CDS_{name.upper()}": str(value) for name, value in given.items() if value}
    ended = CliRunner().invoke(main, ["doctor", "--json"], env=environment)
    remarks = json.loads(ended.stdout)["remarks"]
    assert any("CDS_OPERATOR_TOKEN" in each for each in remarks) is said
    assert ended.exit_code == 0, ended.output


# --- The description ------------------------------------------------------------------------------


def described(**changes: Any) -> dict[str, Any]:
    found = document(hooks.SERVICES, Settings(**changes))
    validate(found)
    return found


STORE = "sqlite:///x"


def test_programs_are_told_of_what_there_is() -> None:
    own = {"/metrics", "/insight/export.{kind}"}
    for settings_of, expected in (
        ({}, set()),
        ({"store": STORE}, own),
        ({"operator_token": TOKEN}, {"/metrics"}),
        ({"mode": "production", "store": STORE}, set()),
        ({"mode": "production", "store": STORE, "operator_token": TOKEN}, own),
    ):
        assert own & set(described(**settings_of)["paths"]) == expected, settings_of


@pytest.mark.parametrize("path", ["/metrics", "/insight/export.{kind}"])
def test_what_needs_the_token_says_so(path: str) -> None:
    guarded = described(store=STORE, operator_token=TOKEN)
    operation = guarded["paths"][path]["get"]
    assert operation["security"] == [{"operatorToken": []}, {"operatorPassword": []}]
    assert set(guarded["components"]["securitySchemes"]) == {"operatorToken", "operatorPassword"}
    assert "401" in operation["responses"]
    opened = described(store=STORE)["paths"][path]["get"]
    assert "security" not in opened
    assert "401" not in opened["responses"]
