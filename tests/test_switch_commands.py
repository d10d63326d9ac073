"""The commands say which rules are off, silent, not approved or about to be."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import fixtures
from cds_service.approvals import Approval, remarks
from cds_service.commands import main
from cds_service.production import lacking
from cds_service.settings import Settings
from hooks import SERVICES

NOW = datetime.now(UTC)
VIEW = "als-aml-emergency.patient-view"
EMERGENCY, WATCH = "hyperleukocytosis-emergency", "hyperleukocytosis-watch"


@pytest.fixture
def switches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of switches that the commands read."""
    path = tmp_path / "switches.toml"
    path.write_text("switch = []", encoding="utf-8")
    monkeypatch.setenv("CDS_SWITCHES", str(path))
    return path


def switch(path: Path, rule: str, state: str) -> None:
    text = f'[[switch]]\nrule = "{rule}"\nstate = "{state}"\nreason = "wording"\n'
    path.write_text(text, encoding="utf-8")


def run(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=given)


@pytest.mark.parametrize("state", ["off", "silent"])
def test_the_listing_names_what_is_switched(switches: Path, state: str) -> None:
    switch(switches, EMERGENCY, state)
    assert run("rules").output.count(f"here:      {state}: wording") == 1
    listed = {each["id"]: each["standing"] for each in json.loads(run("rules", "--json").output)}
    assert {rule: words for rule, words in listed.items() if words} == {
        EMERGENCY: [f"{state}: wording"]
    }


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("off", f"{EMERGENCY}: not asked (off here)"),
        ("silent", f"{EMERGENCY}: yes (silent here: not shown)"),
    ],
)
def test_an_explanation_says_why_a_rule_does_not_show(
    switches: Path, state: str, said: str
) -> None:
    call = json.dumps(fixtures.request(VIEW, NOW))
    as_usual = run("check", "-", given=call).output
    assert f"{EMERGENCY}: yes\n" in as_usual
    switch(switches, EMERGENCY, state)
    assert f"{said}\n" in run("check", "-", given=call).output


def test_doctor_names_what_is_switched_and_what_shows_instead(switches: Path) -> None:
    switch(switches, EMERGENCY, "off")
    result = run("doctor")
    assert result.exit_code == 0
    words = f"rule {EMERGENCY} is off: wording; where it applies, what shows instead may be {WATCH}"
    assert words in result.output
    switch(switches, "platelet-threshold", "silent")
    assert "rule platelet-threshold is silent: wording\n" in run("doctor").output


@pytest.mark.parametrize("command", ["doctor", "rules", "serve"])
def test_switches_that_cannot_be_used_stop_every_command(switches: Path, command: str) -> None:
    switch(switches, "data-gaps", "off")
    result = run(command)
    assert result.exit_code == 1
    assert "switch of data-gaps: it cannot be off" in result.output


def test_switches_that_cannot_be_used_are_among_what_production_lacks(switches: Path) -> None:
    usual = lacking(Settings(mode="production"), SERVICES, NOW.date())
    settings = Settings(mode="production", switches=str(switches))
    assert lacking(settings, SERVICES, NOW.date()) == usual
    switch(switches, "data-gaps", "silent")
    (problem,) = set(lacking(settings, SERVICES, NOW.date())) - set(usual)
    assert "switch of data-gaps: it cannot be silent" in problem


def test_doctor_remarks_an_approval_that_ends_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = NOW.date() + timedelta(days=7)
    signed = Approval(WATCH, "1.0.0", "Dr. A. Example", NOW.date(), expires=ends)
    file = tmp_path / "approvals.toml"
    fields = (f'rule = "{WATCH}"', 'version = "1.0.0"', 'approver = "Dr. A. Example"')
    lines = ("[[approval]]", *fields, f"date = {NOW.date()}", f"expires = {ends}")
    file.write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setenv("CDS_APPROVALS", str(file))
    (remark,) = remarks([signed], SERVICES, NOW.date())
    assert f"note:    {remark}\n" in run("doctor", "--production").output
