"""Where `serve` keeps its store when nobody has said where: below the folder it is started in."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from msgspec.structs import replace

from cds_service.logs import raised
from cds_service.settings import Settings

log = logging.getLogger(__name__)

FOLDER = Path("data")
FILE = "cds.sqlite3"


def with_default_store(settings: Settings) -> Settings:
    """The settings with a store, if this is a sandbox and the folder can be had."""
    if settings.mode == "production" or settings.store:
        return settings
    try:
        _make()
    except OSError as problem:
        log.warning("no store: its folder cannot be made or written to", extra=raised(problem))
        return settings
    # Relative, as it was made: the folder's own path may hold what means something in a URL.
    return replace(settings, store=f"sqlite:///{FOLDER / FILE}")


def _make() -> None:
    """The folder for this user alone, and out of version control if it is ours."""
    try:
        FOLDER.mkdir(mode=0o700)
    except FileExistsError:
        pass
    else:
        (FOLDER / ".gitignore").write_text("*\n", "utf-8")
    if not os.access(FOLDER, os.W_OK | os.X_OK):
        raise PermissionError
