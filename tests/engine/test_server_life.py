"""The server's processes: how they start, stop, and are replaced."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cds_service import server
from tests.engine.serving import ask, connected, everything

# In processes of their own: serve() takes over signals and ends the process.

APPLICATION = """
import os, pathlib, time
from flask import Flask

folder = pathlib.Path(__file__).parent

def waits():
    (folder / "begun").touch()
    while not (folder / "released").exists():
        time.sleep(0.01)
    return "done"

def create_app():
    app = Flask(__name__)
    app.add_url_rule("/", "pid", lambda: str(os.getpid()))
    app.add_url_rule("/waits", "waits", waits)
    return app

def fails():
    raise ValueError("no such content package")
"""
RUN = "import sys; from cds_service.server import serve; serve({!r}, '127.0.0.1', {}, {}, 2)"


@contextmanager
def process(folder: Path, factory: str, workers: int) -> Iterator[tuple[Any, int]]:
    (folder / "application_of_the_test.py").write_text(APPLICATION)
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    code = RUN.format(f"application_of_the_test:{factory}", port, workers)
    path = os.pathsep.join([str(folder), str(Path(server.__file__).parents[1])])
    with subprocess.Popen(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": path}, stderr=subprocess.PIPE
    ) as running:
        try:
            yield running, port
        finally:
            running.kill()


def answer_of(running: Any, port: int, path: str = "/") -> bytes:
    while running.poll() is None:
        try:
            return ask(port, path)[2]
        except ConnectionError:
            time.sleep(0.02)
    raise AssertionError("the server ended")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_signal_lets_running_requests_finish(
    tmp_path: Path, workers: int, number: signal.Signals
) -> None:
    with process(tmp_path, "create_app", workers) as (running, port):
        answer_of(running, port)
        with (
            connected(port) as idle,
            connected(port, b"GET /waits HTTP/1.1\r\nHost: a\r\n\r\n") as waiting,
        ):
            while not (tmp_path / "begun").exists():
                time.sleep(0.01)
            running.send_signal(number)
            assert everything(idle) == b""
            (tmp_path / "released").touch()
            assert everything(waiting).endswith(b"done")
        assert running.wait(20) == 0
        assert b"Traceback" not in running.stderr.read()


def test_each_worker_is_a_process(tmp_path: Path) -> None:
    with process(tmp_path, "create_app", 2) as (running, port):
        pids = {answer_of(running, port)}
        while len(pids) < 2:
            pids.add(answer_of(running, port))
        assert str(running.pid).encode() not in pids
        running.terminate()
        assert running.wait(20) == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_an_application_that_does_not_start_ends_the_server(tmp_path: Path, workers: int) -> None:
    with process(tmp_path, "fails", workers) as (running, _):
        assert running.wait(20) != 0
        assert b"no such content package" in running.stderr.read()
