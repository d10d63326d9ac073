"""Those who run the service are told of local limits: at the start, by doctor and by rules."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import hooks
from cds_service import logs
from cds_service.commands import main
from cds_service.engine import load_engine
from cds_service.settings import Settings
from tests.protocol.support import application
from tests.thresholds.files import threshold, written


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = written(tmp_path, threshold("venetoclax-count", "20"))
    monkeypatch.setenv("CDS_THRESHOLDS", str(path))
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_doctor_names_the_rules_that_a_limit_changes(site: Path) -> None:
    remarks = json.loads(run("doctor", "--json").stdout)["remarks"]
    [words] = [each for each in remarks if "venetoclax" in each]
    assert words == (
        "Local threshold: leukocyte count for venetoclax below 20 ×10⁹/L (this service's default "
        "25 ×10⁹/L; set by Leukemia committee, 2026-10-01) changes venetoclax-start, "
        "hypomethylating-agent-alone: Local protocol 12"
    )


def test_doctor_finds_what_is_wrong_with_the_file(site: Path) -> None:
    site.write_text(threshold("venetoclax-count", "200"), encoding="utf-8")
    result = run("doctor")
    assert result.exit_code == 1
    assert "venetoclax-count: 200 ×10⁹/L is outside" in result.output


def test_the_listing_of_rules_names_local_limits(site: Path) -> None:
    listed = {each["id"]: each for each in json.loads(run("rules", "--json").stdout)}
    changed = [name for name, each in listed.items() if each["localThresholds"]]
    assert changed == ["venetoclax-start", "hypomethylating-agent-alone"]
    assert "reduce WBC below 20 first" in listed["venetoclax-start"]["summary"]
    line = "local:     venetoclax-count 20 ×10⁹/L (default 25 ×10⁹/L), set by Leukemia committee"
    assert f"    {line}" in run("rules", "venetoclax-start").output.splitlines()


def test_the_log_says_at_the_start_which_limits_are_local(
    site: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "cds_service"):
        application(thresholds=str(site))
    [record] = [each for each in caplog.records if each.name == "cds_service.local_limits"]
    line = logs.described(record)
    assert (line["event"], line["limits"]) == (
        "limits set by this site: 1",
        ["venetoclax-count 20 ×10⁹/L"],
    )


def test_what_is_recorded_of_a_call_tells_other_limits_from_the_defaults(site: Path) -> None:
    versions = {
        load_engine(hooks, Settings(thresholds=path)).content_version for path in ("", str(site))
    }
    assert len(versions) == 2
