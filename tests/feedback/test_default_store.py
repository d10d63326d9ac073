"""Where a store is kept when nobody has said where."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

import pytest

from cds_service import app, default_store
from cds_service.default_store import with_default_store
from cds_service.production import lacking
from cds_service.settings import Settings
from hooks import SERVICES
from tests.feedback.support import NOW

URL = "sqlite:///data/cds.sqlite3"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_sandbox_keeps_a_store_below_its_folder_for_its_user_alone(folder: Path) -> None:
    assert with_default_store(Settings()).store == URL
    assert stat.S_IMODE((folder / "data").stat().st_mode) == 0o700
    assert (folder / "data" / ".gitignore").read_text() == "*\n"
    assert with_default_store(Settings()).store == URL


def test_a_folder_that_was_there_is_left_as_it_is(folder: Path) -> None:
    (folder / "data").mkdir(mode=0o755)
    assert with_default_store(Settings()).store == URL
    assert list((folder / "data").iterdir()) == []


@pytest.mark.parametrize(
    "settings",
    [Settings(store="none"), Settings(store="sqlite:///x"), Settings(mode="production")],
    ids=["none", "another", "production"],
)
def test_what_the_settings_say_goes_first(folder: Path, settings: Settings) -> None:
    assert with_default_store(settings) is settings
    assert list(folder.iterdir()) == []


def test_where_no_folder_can_be_made_there_is_no_store_and_one_line_says_so(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "data").write_text("a file")
    caplog.set_level(logging.INFO)
    # A file with that name is no folder; whoever may do all may still not write into it.
    assert with_default_store(Settings()).store == ""
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_folder_that_may_not_be_written_to_is_none(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "data").mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert with_default_store(Settings()).store == ""
    assert len(caplog.records) == 1


def test_only_who_serves_gets_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app.create_app(Settings())
    assert list(folder.iterdir()) == []
    seen: list[str] = []
    monkeypatch.setattr(app, "read_settings", Settings)
    monkeypatch.setattr(app.logs, "setup", lambda mode: None)
    monkeypatch.setattr(app, "create_app", lambda settings: seen.append(settings.store))
    app.create_worker()
    assert seen == [URL]
    assert default_store.FOLDER.is_dir()


def test_production_is_not_without_a_store() -> None:
    for store in ("", "none"):
        found = lacking(Settings(mode="production", store=store), SERVICES, NOW.date())
        assert any(each.startswith("CDS_STORE: name the database") for each in found)
