"""The file: appended to by several processes, rotated, full, away."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import hooks
from cds_service import fhir_log
from cds_service.doctor_command import doctor
from cds_service.fhir_log import FhirLog, problems
from cds_service.production import lacking
from cds_service.settings import Settings
from tests.fhir_log.records import INPUTS, NOW, call, check

FILE = "calls.ndjson"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / FILE


@pytest.fixture
def log(path: Path) -> FhirLog:
    return FhirLog(str(path), INPUTS)


def lines(path: Path) -> list[dict[str, Any]]:
    """Every line as JSON; raises where one is none."""
    text = path.read_text(encoding="utf-8")
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def calls(path: Path) -> list[str]:
    return [each["id"] for each in lines(path) if each["resourceType"] == "AuditEvent"]


def record(name: str) -> Any:
    return call(id=name, evaluations=())


def test_a_batch_is_appended_one_resource_a_line(log: FhirLog, path: Path) -> None:
    log.write([call(), call(id="second")])
    log.write([call(id="third")])
    found = lines(path)
    assert len(found) == 12
    for resource in found:
        check(resource)


def test_nothing_is_written_of_nothing(log: FhirLog, path: Path) -> None:
    log.write([])
    assert not path.exists()


def test_the_file_is_made_for_its_user_alone(log: FhirLog, path: Path) -> None:
    before = os.umask(0)
    try:
        log.write([call()])
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_rights_of_a_file_that_is_there_are_left_alone(log: FhirLog, path: Path) -> None:
    path.touch(0o640)
    path.chmod(0o640)
    log.write([call()])
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_file_that_was_moved_away_is_made_anew(log: FhirLog, path: Path) -> None:
    log.write([record("first")])
    path.rename(path.with_suffix(".1"))
    log.write([record("second")])
    assert calls(path.with_suffix(".1")) == ["first"]
    assert calls(path) == ["second"]


def test_a_file_that_was_replaced_is_the_one_that_is_written(log: FhirLog, path: Path) -> None:
    log.write([record("first")])
    path.rename(path.with_suffix(".1"))
    path.touch(0o600)
    log.write([record("second")])
    assert calls(path) == ["second"]


def test_a_file_that_was_cut_to_nothing_begins_at_its_beginning(log: FhirLog, path: Path) -> None:
    log.write([record("first")])
    os.truncate(path, 0)
    log.write([record("second")])
    assert calls(path) == ["second"]


def test_a_file_is_not_kept_open_twice(log: FhirLog, path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for number in range(20):
        log.write([record(str(number))])
        path.unlink()
    log.close()
    assert len(os.listdir("/proc/self/fd")) == before


# --- What goes wrong ------------------------------------------------------------------------------


def test_a_folder_that_is_away_raises_and_is_used_when_it_is_back(tmp_path: Path) -> None:
    path = tmp_path / "mounted" / FILE
    log = FhirLog(str(path), INPUTS)
    with pytest.raises(FileNotFoundError):
        log.write([record("lost")])
    path.parent.mkdir()
    log.write([record("kept")])
    assert calls(path) == ["kept"]


def test_what_a_full_disk_cut_off_is_taken_back_and_raises(
    log: FhirLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.write([record("first")])
    write = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda file, data: write(file, data[: len(data) // 2]))
        with pytest.raises(OSError, match="bytes could be written"):
            log.write([record("lost")])
    log.write([record("second")])
    assert calls(path) == ["first", "second"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_what_is_no_plain_file_is_not_written() -> None:
    with pytest.raises(OSError, match="no plain file") as raised:
        FhirLog("/dev/full", INPUTS).write([call()])
    assert raised.value.errno == errno.EINVAL


def test_a_line_that_was_left_half_written_spoils_no_other(log: FhirLog, path: Path) -> None:
    """A process can be killed in the midst of a write."""
    log.write([record("first")])
    with path.open("ab") as file:
        file.write(b'{"resourceType":"AuditEv')
    log.write([record("second")])
    text = path.read_text().splitlines()
    assert [json.loads(text[0])["id"], json.loads(text[2])["id"]] == ["first", "second"]
    assert len(text) == 3


def test_a_file_that_another_holds_for_good_is_given_up(
    log: FhirLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fhir_log, "LOCK_SECONDS", 0.05)
    path.touch()
    with path.open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(BlockingIOError):
            log.write([record("lost")])
    log.write([record("kept")])
    assert calls(path) == ["kept"]


def test_the_file_is_let_go_after_each_write(log: FhirLog, path: Path) -> None:
    log.write([record("first")])
    FhirLog(str(path), INPUTS).write([record("second")])
    with path.open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


_WRITER = """
import sys
from dataclasses import replace
from cds_service.fhir_log import FhirLog
from tests.fhir_log.records import INPUTS, call

log = FhirLog(sys.argv[1], INPUTS)
for number in range(40):
    log.write([call(id=f"{sys.argv[2]}-{number}-{each}") for each in range(25)])
"""


def test_lines_of_several_processes_stay_whole(path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(path), name], cwd=root)
        for name in "abc"
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    found = calls(path)
    assert len(found) == len(set(found)) == 3 * 40 * 25


# --- Before the start -----------------------------------------------------------------------------


def test_no_file_is_no_problem() -> None:
    assert list(problems("")) == []


def test_a_file_that_can_be_written_is_no_problem_and_is_not_made(path: Path) -> None:
    """Who runs `doctor` may be another user, and the file would be theirs."""
    assert list(problems(str(path))) == []
    assert not path.exists()
    path.touch()
    assert list(problems(str(path))) == []


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    (found,) = problems(str(tmp_path / "none" / FILE))
    assert found == f"CDS_FHIR_LOG: there is no folder {tmp_path}/none; make it first"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (found,) = problems(str(tmp_path))
    assert found.startswith(f"CDS_FHIR_LOG: {tmp_path} cannot be opened")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    (found,) = problems(str(tmp_path / FILE))
    assert "let the service write to" in found


def test_production_does_not_start_with_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    settings = Settings(mode="production", fhir_log=str(tmp_path / "none" / FILE))
    found = lacking(settings, hooks.SERVICES, NOW.date())
    assert [each for each in found if each.startswith("CDS_FHIR_LOG: there is no folder")]
    without = lacking(Settings(mode="production"), hooks.SERVICES, NOW.date())
    assert len(found) == len(without) + 1


def test_doctor_remarks_it_in_sandbox_mode_where_it_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDS_FHIR_LOG", str(tmp_path / "none" / FILE))
    result = CliRunner().invoke(doctor, ["--json"])
    assert result.exit_code == 0
    assert any("CDS_FHIR_LOG: there is no folder" in each for each in result.stdout.splitlines())
