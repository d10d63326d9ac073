"""A PostgreSQL server of the tests' own, with nothing in it, that ends with them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

PASSWORD = "the-servers-password"
DEBIAN = Path("/usr/lib/postgresql")
"""Debian and Ubuntu have the programs that run a server there, and not on the PATH."""


@dataclass(frozen=True)
class PostgreSQL:
    """A server that runs, or is stopped for a while. It is reached by a socket in its folder."""

    folder: Path
    programs: Path
    user: str | None

    def url(self, database: str = "postgres", password: str = PASSWORD) -> str:
        return f"postgresql+psycopg://cds:{password}@/{database}?host={self.folder}"

    def say(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """What the server answers to its owner; empty where there is no answer to a statement."""
        address = f"host={self.folder} user=cds password={PASSWORD} dbname={database}"
        with psycopg.connect(address, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder}"
        self._run("pg_ctl", "start", "--wait", "--log", f"{self.folder}/log", "-o", options)

    def stop(self) -> None:
        """At once, as in an accident: connections break."""
        self._run("pg_ctl", "stop", "--wait", "--mode", "immediate")

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """It stands still, with all its connections. Its system still takes what is sent to it."""
        server = int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        stopped = [server]
        try:
            os.kill(server, signal.SIGSTOP)  # First, so that it starts no others.
            children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
            for each in map(int, children):
                with suppress(ProcessLookupError):
                    os.kill(each, signal.SIGSTOP)
                    stopped.append(each)
            yield
        finally:
            for each in stopped:
                # One that had ended before is gone as soon as the server goes on.
                with suppress(ProcessLookupError):
                    os.kill(each, signal.SIGCONT)

    def initialise(self) -> None:
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        if self.user is not None:
            shutil.chown(self.folder, self.user)
            shutil.chown(secret, self.user)
        options = ["--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--no-locale"]
        self._run("initdb", "--no-sync", "--username=cds", *options)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), "-D", str(self.folder / "data"), *arguments]
        # A file, no pipe: the server would keep a pipe open.
        with (self.folder / "said").open("w+") as said:
            result = subprocess.run(
                command,
                cwd=self.folder,
                user=self.user,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                check=False,
            )
            said.seek(0)
            assert result.returncode == 0, said.read()


def _programs() -> Path | None:
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(DEBIAN.glob("*/bin"), reverse=True)
    needed = ("initdb", "pg_ctl", "postgres")
    return next((each for each in places if all((each / name).exists() for name in needed)), None)


_END = """
read -r _
kill -CONT "$(head -n 1 "$1/data/postmaster.pid")"  # A test may have stopped it.
"$0" stop --silent --mode immediate -D "$1/data"
rm -rf "$1"
"""


@contextmanager
def running() -> Iterator[PostgreSQL]:
    """An empty server. Skips the test where it cannot run, except in continuous integration."""
    programs = _programs()
    if programs is None:
        reason = "the store's tests need PostgreSQL: make postgresql"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    # It refuses to run as root. A short path: a socket's may have 107 characters.
    user = "nobody" if os.getuid() == 0 else None
    folder = tempfile.mkdtemp(prefix="cds-", dir="/tmp")
    server = PostgreSQL(Path(folder), programs, user)
    # It is no child of this process. Who ends it waits for the end of its own input, which comes
    # even where this process is killed, or all of its group.
    end = ["sh", "-c", _END, str(programs / "pg_ctl"), folder]
    with subprocess.Popen(end, stdin=subprocess.PIPE, user=user, cwd="/", start_new_session=True):
        server.initialise()
        server.start()
        yield server
