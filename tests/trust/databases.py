"""Databases for the store's tests: the same tests run on each kind."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from cds_service.store import Store
from tests.postgresql import PostgreSQL

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
SOON = NOW + timedelta(minutes=5)

KINDS = ("sqlite", "postgresql")

_numbers = count()

_OTHER_PROCESS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from cds_service.store import Store

url, now, *names = sys.argv[1:]
now = datetime.fromisoformat(now)
sys.stdin.readline()
store = Store(url, lambda: now)
def use(name):
    return store.first_use("https://ehr.example", name, now + timedelta(minutes=5))
with ThreadPoolExecutor(4) as threads:
    firsts = list(threads.map(use, names))
print(*(name for name, first in zip(names, firsts) if first), flush=True)
print("alembic" in sys.modules, flush=True)
sys.stdin.readline()
"""


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Database:
    """An empty database at first, and what can be done to it other than by the store."""

    url: str
    server: PostgreSQL | None = None

    @property
    def file(self) -> Path:
        return Path(self.url.removeprefix("sqlite:///"))

    def say(self, statement: str) -> list[tuple[Any, ...]]:
        if self.server is not None:
            return self.server.say(statement, self.url.partition("@/")[2].partition("?")[0])
        connection = sqlite3.connect(self.file)
        with connection:
            answer = connection.execute(statement).fetchall()
        connection.close()
        return answer

    @contextmanager
    def opened(self, clock: Clock | None = None, **options: Any) -> Iterator[Store]:
        store = Store(self.url, clock or Clock(), **options)
        try:
            yield store
        finally:
            store.close()

    def process(self, *names: str) -> subprocess.Popen[str]:
        """Another process that waits for a line, then uses tokens: see `firsts`."""
        return subprocess.Popen(
            [sys.executable, "-c", _OTHER_PROCESS, self.url, NOW.isoformat(), *names],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def firsts(process: subprocess.Popen[str]) -> list[str]:
    """The tokens that were new to that process. It lives on until its input ends."""
    assert process.stdout is not None
    return process.stdout.readline().split()


def sqlite_database(folder: Path) -> Database:
    return Database(f"sqlite:///{folder / 'store.sqlite3'}")


def postgresql_database(server: PostgreSQL) -> Database:
    name = f"store_{next(_numbers)}"
    server.say(f"CREATE DATABASE {name}")
    return Database(server.url(name), server)


def database_of(kind: str, request: pytest.FixtureRequest, folder: Path) -> Database:
    """An empty database of one of the KINDS; a server is started where that needs one."""
    if kind == "sqlite":
        return sqlite_database(folder)
    return postgresql_database(request.getfixturevalue("postgresql_server"))
