"""`replay` with two files of local limits: what a changed limit changes, patient by patient."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import fixtures
from cds_service.commands import main
from tests.protocol.support import NOW, VIEW


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """A patient with ALS and AML, and a leukocyte count of 75."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    request = fixtures.request(VIEW, NOW)
    for entry in request["prefetch"]["leukocytes"]["entry"]:
        entry["resource"]["valueQuantity"]["value"] = 75
    (folder / "one.json").write_text(json.dumps(request), encoding="utf-8")
    return folder


def limits(path: Path, hyperleukocytosis: int) -> Path:
    path.write_text(
        f'[[threshold]]\nname = "hyperleukocytosis"\nvalue = {hyperleukocytosis}\n'
        'unit = "10*9/L"\nreason = "Local protocol."\n'
        'approved_by = "Dr. A. Example"\ndate = 2026-10-01\n',
        encoding="utf-8",
    )
    return path


def replay(recordings: Path, before: Path, after: Path) -> Result:
    sides = ("--before", f"CDS_THRESHOLDS={before}", "--after", f"CDS_THRESHOLDS={after}")
    return CliRunner().invoke(main, ["replay", str(recordings), *sides, "--as-of", NOW.isoformat()])


def test_a_limit_that_another_file_raises_above_the_count_takes_the_card_away(
    tmp_path: Path, recordings: Path
) -> None:
    before, after = limits(tmp_path / "now.toml", 60), limits(tmp_path / "new.toml", 90)
    result = replay(recordings, before, after)
    assert result.exit_code == 1, result.output
    assert "hyperleukocytosis-emergency: yes -> no" in result.output
    assert "disappeared  hyperleukocytosis-emergency" in result.output
    assert result.output.splitlines()[-1] == "Answers that change: 1 of 1"


def test_two_files_that_say_the_same_change_nothing(tmp_path: Path, recordings: Path) -> None:
    before, after = limits(tmp_path / "now.toml", 60), limits(tmp_path / "new.toml", 60)
    result = replay(recordings, before, after)
    assert result.exit_code == 0, result.output


def test_a_file_that_would_stop_the_start_is_named(tmp_path: Path, recordings: Path) -> None:
    before, after = limits(tmp_path / "now.toml", 60), limits(tmp_path / "new.toml", 9_000)
    result = replay(recordings, before, after)
    assert result.exit_code == 2
    assert "hyperleukocytosis" in result.output
    assert "new.toml" in result.output
