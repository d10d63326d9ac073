"""What was acknowledged is there, whatever happens to the process that acknowledged it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.feedback.support import SERVICE, accepted, eventually
from tests.protocol.support import VIEW, good
from tests.trust.databases import Database

JSON = {"Content-Type": "application/json"}
ROUNDS, SENDERS = 3, 4

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="/proc is not here")


class Service:
    """`serve`, with workers that can be killed."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.port = process, port

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        """Status and answer; OSError or an HTTPException where there is none."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("POST", path, json.dumps(body), JSON)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def tell(self, entry: Any) -> int:
        """The status, 0 where none came."""
        try:
            return self.post(f"/cds-services/{SERVICE}/feedback", {"feedback": [entry]})[0]
        except (OSError, http.client.HTTPException, ValueError):
            return 0

    def kill_workers(self) -> None:
        """SIGKILL: nothing of theirs runs any more."""
        pid = self.process.pid
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            with suppress(OSError):
                if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                    os.kill(int(child), signal.SIGKILL)


@contextmanager
def serving(url: str, workers: int) -> Iterator[Service]:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    own = {"CDS_WORKERS": str(workers), "CDS_PORT": str(port), "CDS_STORE": url}
    command = [sys.executable, "-m", "cds_service", "serve"]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, env=kept | own, stdout=quiet, stderr=quiet)
    service = Service(process, port)
    try:
        eventually(lambda: service.tell(accepted()) == 200)
        yield service
    finally:
        process.terminate()
        process.wait(30)


def test_acknowledged_feedback_survives_the_death_of_the_worker(database: Database) -> None:
    """At any moment: several send all the time, and nobody asks the workers before they die."""
    acknowledged: list[dict[str, Any]] = []
    is_over = threading.Event()

    def send() -> None:
        while not is_over.is_set():
            entry = accepted(None, str(uuid4()), str(uuid4()))
            if service.tell(entry) == 200:
                acknowledged.append(entry)

    with serving(database.url, workers=2) as service:
        senders = [threading.Thread(target=send) for _ in range(SENDERS)]
        for sender in senders:
            sender.start()
        try:
            for _ in range(ROUNDS):
                before = len(acknowledged)
                eventually(lambda so_far=before: len(acknowledged) > so_far + 10)  # type: ignore[misc]
                service.kill_workers()
        finally:
            is_over.set()
            for sender in senders:
                sender.join()
        service.kill_workers()
    kept = {card for (card,) in database.say("SELECT card FROM outcomes")}
    chosen = {each for (each,) in database.say("SELECT suggestion FROM accepted")}
    assert len(acknowledged) > 10 * ROUNDS
    assert [each for each in acknowledged if each["card"] not in kept] == []
    named = [each["id"] for entry in acknowledged for each in entry["acceptedSuggestions"]]
    assert [each for each in named if each not in chosen] == []


@pytest.mark.parametrize("workers", [1, 2])
def test_a_service_that_is_told_to_end_writes_down_its_last_calls(
    database: Database, workers: int
) -> None:
    with serving(database.url, workers) as service:
        for _ in range(4):
            assert service.post(f"/cds-services/{SERVICE}", good(VIEW))[0] == 200
    assert database.say("SELECT count(*) FROM calls") == [(4,)]
