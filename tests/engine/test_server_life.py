"""The server's processes: how they start, stop, and are replaced."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from cds_service import server
from tests.engine.serving import ask, connected, everything, request, until

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
    app.add_url_rule("/long", "long", lambda: str(os.getpid()).rjust(400_000), methods=["POST"])
    app.add_url_rule("/waits", "waits", waits)
    return app

def starts_slowly():
    waits()
    return create_app()

def fails_when_told():
    if (folder / "told").exists():
        raise ValueError("no such content package")
    return create_app()

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
    environment = os.environ | {"PYTHONPATH": path}
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=log) as running,
    ):
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
        assert b"Traceback" not in (tmp_path / "log").read_bytes()


def test_each_worker_is_a_process(tmp_path: Path) -> None:
    with process(tmp_path, "create_app", 2) as (running, port):
        pids = {answer_of(running, port)}
        while len(pids) < 2:
            pids.add(answer_of(running, port))
        assert str(running.pid).encode() not in pids
        running.terminate()
        assert running.wait(20) == 0


def workers_of(
    running: Any, port: int, count: int = 2, but: frozenset[int] = frozenset()
) -> set[int]:
    """The processes that answer, when there are so many others than those named."""
    pids: set[int] = set()
    while len(pids) < count:
        with suppress(http.client.HTTPException, OSError):
            pids |= {int(answer_of(running, port))} - but
    return pids


def keep_asking(port: int, enough: threading.Event, answers: list[bytes]) -> None:
    """Whole answers. What a client sees of a killed process is an error, never half an answer."""
    while not enough.is_set():
        with suppress(http.client.HTTPException, OSError):
            answers.append(ask(port, "/long", "POST", body=b" " * 50_000)[2])


def test_a_worker_killed_under_load_is_replaced_and_gives_no_half_answer(tmp_path: Path) -> None:
    with process(tmp_path, "create_app", 2) as (running, port):
        killed, other = workers_of(running, port)
        enough, answers = threading.Event(), list[bytes]()
        clients = [
            threading.Thread(target=keep_asking, args=(port, enough, answers)) for _ in range(4)
        ]
        for client in clients:
            client.start()
        until(lambda: {int(answer) for answer in tuple(answers)} == {killed, other})
        os.kill(killed, signal.SIGKILL)
        [new] = workers_of(running, port, 1, but=frozenset({killed, other}))
        until(lambda: {int(answer) for answer in tuple(answers)} == {killed, other, new})
        enough.set()
        for client in clients:
            client.join()
        assert {len(answer) for answer in answers} == {400_000}
        running.terminate()
        assert running.wait(20) == 0


def test_a_request_in_flight_on_a_killed_worker_is_not_answered(tmp_path: Path) -> None:
    with process(tmp_path, "create_app", 2) as (running, port):
        answer_of(running, port)
        with connected(port, request("/waits")) as waiting:
            until((tmp_path / "begun").exists)
            for pid in workers_of(running, port):
                os.kill(pid, signal.SIGKILL)
            with suppress(ConnectionError):
                assert everything(waiting) == b""
        (tmp_path / "released").touch()
        assert answer_of(running, port, "/waits") == b"done"


def test_workers_end_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    with process(tmp_path, "create_app", 2) as (running, port):
        workers_of(running, port)
        running.kill()
        until(lambda: is_free(port))


def is_free(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=20).close()
    except ConnectionRefusedError:
        return True
    except ConnectionError:
        pass
    return False


def test_a_hangup_replaces_every_worker_and_loses_no_request(tmp_path: Path) -> None:
    with process(tmp_path, "create_app", 2) as (running, port):
        old = workers_of(running, port)
        with connected(port, request("/waits")) as waiting:
            until((tmp_path / "begun").exists)
            running.send_signal(signal.SIGHUP)
            (tmp_path / "released").touch()
            assert b"done" in waiting.recv(65536)
        assert not workers_of(running, port, but=frozenset(old)) & old
        running.terminate()
        assert running.wait(20) == 0


def test_a_hangup_keeps_the_workers_when_what_is_new_does_not_start(tmp_path: Path) -> None:
    with process(tmp_path, "fails_when_told", 2) as (running, port):
        old = workers_of(running, port)
        (tmp_path / "told").touch()
        running.send_signal(signal.SIGHUP)
        until(lambda: b"no such content package" in (tmp_path / "log").read_bytes())
        assert workers_of(running, port) == old


def test_a_worker_that_cannot_be_replaced_takes_no_other_with_it(tmp_path: Path) -> None:
    """Its successor may find a file that has been spoilt since: the others do not need it."""
    with process(tmp_path, "fails_when_told", 2) as (running, port):
        killed, other = workers_of(running, port)
        (tmp_path / "told").touch()
        os.kill(killed, signal.SIGKILL)
        until(lambda: b"and it is tried again" in (tmp_path / "log").read_bytes())
        until(lambda: (tmp_path / "log").read_bytes().count(b"no such content package") > 1)
        assert workers_of(running, port, count=1) == {other}
        (tmp_path / "told").unlink()
        assert workers_of(running, port, but=frozenset({killed})) > {other}
        running.terminate()
        assert running.wait(20) == 0


def test_the_service_ends_when_its_last_worker_cannot_be_replaced(tmp_path: Path) -> None:
    with process(tmp_path, "fails_when_told", 2) as (running, port):
        workers = workers_of(running, port)
        (tmp_path / "told").touch()
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        assert running.wait(30) != 0


def test_a_hangup_is_not_for_workers(tmp_path: Path) -> None:
    with process(tmp_path, "create_app", 2) as (running, port):
        workers = workers_of(running, port)
        for pid in workers:
            os.kill(pid, signal.SIGHUP)
        assert workers_of(running, port) == workers


def test_a_hangup_ends_a_single_process_like_any_signal_to_stop(tmp_path: Path) -> None:
    with process(tmp_path, "create_app", 1) as (running, port):
        answer_of(running, port)
        with connected(port, request("/waits")) as waiting:
            until((tmp_path / "begun").exists)
            running.send_signal(signal.SIGHUP)
            (tmp_path / "released").touch()
            assert everything(waiting).endswith(b"done")
        assert running.wait(20) == 0


@pytest.mark.parametrize(
    ("workers", "number"),
    [
        *((workers, number) for workers in (1, 2) for number in (signal.SIGTERM, signal.SIGINT)),
        (1, signal.SIGHUP),  # With several it asks for other workers, not for none.
    ],
)
def test_a_signal_during_the_start_ends_the_start(
    tmp_path: Path, workers: int, number: signal.Signals
) -> None:
    with process(tmp_path, "starts_slowly", workers) as (running, port):
        until((tmp_path / "begun").exists)
        running.send_signal(number)
        (tmp_path / "released").touch()
        assert running.wait(20) == 0
        assert is_free(port)
        assert b"Traceback" not in (tmp_path / "log").read_bytes()


@pytest.mark.parametrize("workers", [1, 2])
def test_an_application_that_does_not_start_ends_the_server(tmp_path: Path, workers: int) -> None:
    with process(tmp_path, "fails", workers) as (running, _):
        assert running.wait(20) != 0
        assert b"no such content package" in (tmp_path / "log").read_bytes()


# The service itself.


@contextmanager
def service(workers: int, **settings: str) -> Iterator[tuple[Any, int]]:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    environment = kept | {"CDS_WORKERS": str(workers), "CDS_PORT": str(port), **settings}
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [sys.executable, "-m", "cds_service", "serve"],
            env={"CDS_STORE": f"sqlite:///{folder}/cds.sqlite3", **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as running,
    ):
        try:
            yield running, port
        finally:
            running.kill()


@pytest.mark.parametrize("workers", [1, 2])
def test_the_service_says_that_it_lives_and_that_it_is_ready(workers: int) -> None:
    with service(workers) as (running, port):
        assert json.loads(answer_of(running, port, "/ready")) == {"status": "ready"}
        assert ask(port, "/health")[0] == 200
        running.terminate()
        assert running.wait(20) == 0


BAD = {
    "a client file that is none": {"CDS_CLIENTS": __file__},
    "site value sets that are none": {"CDS_SITE_VALUE_SETS": __file__},
    "production without anything": {"CDS_MODE": "production"},
}


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("settings", BAD.values(), ids=BAD)
def test_the_service_does_not_start_with_what_it_cannot_use(
    settings: dict[str, str], workers: int
) -> None:
    with service(workers, **settings) as (running, _):
        said = running.stderr.read()
        assert running.wait(20) == 1
    assert said.startswith(b"Error: ")
    assert b"Traceback" not in said
