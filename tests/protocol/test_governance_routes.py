"""What of the rules is told over the wire: what stands behind each, and what is off here."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from cds_service import logs
from tests.protocol.support import VIEW, Caller, application, check_outcome, good

RULE = "hyperleukocytosis-emergency"
PATH = f"/rules/{RULE}/source-attributes"


def switches(folder: Path, *states: str) -> Path:
    path = folder / "switches.toml"
    text = "".join(f'[[switch]]\nrule = "{RULE}"\nstate = "{state}"\n' for state in states)
    path.write_text(text or "switch = []", encoding="utf-8")
    return path


def switched(folder: Path, *states: str) -> Flask:
    return application(switches=str(switches(folder, *states)))


def test_what_stands_behind_a_rule_is_told() -> None:
    answer = application().test_client().get(PATH)
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert answer.json["rule"] == RULE
    assert answer.json["reviewStatus"] == "pending clinical review"
    assert len(answer.json["sourceAttributes"]) == 13


@pytest.mark.parametrize("rule", ["no-such-rule", "..", "%00", "a" * 5000])
def test_a_rule_that_there_is_not_is_404(rule: str) -> None:
    answer = application().test_client().get(f"/rules/{rule}/source-attributes")
    assert answer.status_code == 404
    check_outcome(answer.json)


def test_a_content_that_documents_nothing_is_404(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("hooks.document")
    assert application().test_client().get(PATH).status_code == 404


def test_ready_says_what_is_off_or_silent(tmp_path: Path) -> None:
    assert application().test_client().get("/ready").json == {"status": "ready"}
    told = switched(tmp_path, "silent").test_client().get("/ready").json
    assert told == {"status": "ready", "silent": [RULE]}


class Told(logging.Handler):
    """What the log would say of each record, while the request is there to belong to."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line of a record."""
        self.lines.append(logs.described(record))


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Iterator[Told]:
    caplog.set_level(logging.INFO)
    handler = Told()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize("states", [(), ("off",), ("silent",)], ids=" ".join)
def test_the_line_of_a_call_names_what_is_off_or_silent(
    tmp_path: Path, told: Told, states: tuple[str, ...]
) -> None:
    Caller(switched(tmp_path, *states)).post(good(VIEW))
    (line,) = (each for each in told.lines if each["event"] == "request")
    named = {state: line[state] for state in ("off", "silent") if state in line}
    assert named == {state: [RULE] for state in states}
    assert (RULE in line["rules"]["true"]) is (states != ("off",))
