"""A FHIR server on a loopback socket that misbehaves as told: it can drip, drop, lie and hang.

Written on bare sockets, because a library's server cannot be made to break HTTP.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

Json = dict[str, Any]
Record = Mapping[str, Json]
"""What a server holds: answers by decoded path and query, relative to its base."""

FHIR_JSON = "application/fhir+json"
NOT_FOUND: Json = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "not-found"}],
}
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER for a connection that ends with a reset instead of an orderly close."""


def record(templates: Mapping[str, str], request: Json) -> dict[str, Json]:
    """What a server with the prefetch of this request answers to these templates.

    A server of the good kind understands both spellings of the patient's reference.
    """
    patient = request["context"]["patientId"]
    empty: Json = {"resourceType": "Bundle", "type": "searchset", "total": 0}
    found: dict[str, Json] = {}
    for key, template in templates.items():
        answer = request["prefetch"].get(key) or empty
        path = template.replace("{{context.patientId}}", patient)
        found[path] = answer
        found[path.replace("?patient=", "?patient=Patient/")] = answer
    return found


def with_access(request: Json, base: str, token: str, lacking: Iterable[str]) -> Json:
    """The request without some of its prefetch, and with access to a FHIR server instead."""
    kept = {key: value for key, value in request["prefetch"].items() if key not in set(lacking)}
    authorization = {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.read",
        "subject": "als-leukemia-cds",
    }
    access = {"fhirServer": base, "fhirAuthorization": authorization, "prefetch": kept}
    return {**request, **access}


@dataclass
class Exchange:
    """One request to the server, and the means to answer it well or badly."""

    server: FaultServer
    connection: socket.socket
    path: str
    headers: dict[str, str]
    attempt: int
    """How often this path has been asked for, from 1."""
    turn: int
    """Which request of its connection this is, from 1."""
    is_over: bool = field(default=False)

    def good(self) -> Json | None:
        """The test's own copy of what the record holds here."""
        plain = self.path.partition("&page=")[0]
        known = self.server.record.get(plain)
        copied: Json | None = json.loads(json.dumps(known)) if known is not None else None
        return copied

    def send(self, data: bytes) -> None:
        """Bytes as they are. Raises OSError once the client has hung up."""
        self.connection.sendall(data)

    def answer(self, body: bytes, status: int = 200, kind: str = FHIR_JSON, **headers: str) -> None:
        """A response of the right form; underscores in header names stand for hyphens."""
        named = {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        self.send(head(status, named) + body)

    def json(self, content: Any, status: int = 200, **headers: str) -> None:
        """A response with a JSON body."""
        self.answer(json.dumps(content).encode(), status, **headers)

    def drop(self, *, reset: bool = False) -> None:
        """End the connection, with a reset where asked."""
        self.is_over = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        else:
            self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()

    def pause(self, seconds: float) -> None:
        """Wait; raises OSError when the server is stopped meanwhile."""
        if self.server.stopping.wait(seconds):
            raise OSError("the server has stopped")

    def hang(self) -> None:
        """Say nothing more until the client hangs up."""
        while self.connection.recv(4096):
            pass
        self.is_over = True


def head(status: int, headers: Mapping[str, str | int]) -> bytes:
    """Status line and headers, with the blank line after them."""
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {v}" for name, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


Behaviour = Callable[[Exchange], None]


def well(exchange: Exchange) -> None:
    """As a FHIR server should answer."""
    found = exchange.good()
    exchange.json(found if found is not None else NOT_FOUND, 200 if found is not None else 404)


class FaultServer:
    """Serves every connection in its own thread, until the with statement ends."""

    _numbers = itertools.count(1)

    def __init__(self, held: Record, behave: Behaviour = well, port: int = 0) -> None:
        self.record = held
        self.behave = behave
        self.asked: Counter[str] = Counter()
        """How often each path was asked for."""
        self.accepted = 0
        self.busy = 0
        """Requests that came and are neither answered nor given up by the client."""
        self.elsewhere = ""
        """Base of another server, for behaviours that point there."""
        self.stopping = threading.Event()
        # Its own path: a client may remember of a base what another server on this port was like.
        self._path = f"/fhir-{next(self._numbers)}"
        self._lock = threading.Lock()
        self._open: dict[threading.Thread, socket.socket] = {}
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self._acceptor = threading.Thread(target=self._accept, daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def open(self) -> int:
        """How many connections there are."""
        with self._lock:
            return len(self._open)

    @property
    def base(self) -> str:
        """What a client sends as fhirServer."""
        return f"http://127.0.0.1:{self.port}{self._path}"

    def __enter__(self) -> Self:
        self._acceptor.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join()
        self._listener.close()
        with self._lock:
            still_open = dict(self._open)
        for thread, connection in still_open.items():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join()

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            with self._lock:
                self.accepted += 1
                self._open[thread] = connection
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            # A client that hangs up ends the connection; that is what many tests are about.
            with connection, contextlib.suppress(OSError):
                self._converse(connection)
        finally:
            with self._lock:
                del self._open[threading.current_thread()]

    def _converse(self, connection: socket.socket) -> None:
        for turn in itertools.count(1):
            asked = _read_head(connection)
            if asked is None:
                return
            exchange = self._exchange(connection, asked, turn)
            with self._lock:
                self.busy += 1
            try:
                self.behave(exchange)
            finally:
                with self._lock:
                    self.busy -= 1
            if exchange.is_over:
                return

    def _exchange(self, connection: socket.socket, asked: str, turn: int) -> Exchange:
        first, *lines = asked.split("\r\n")
        path = unquote(first.split(" ")[1]).removeprefix(f"{self._path}/")
        headers = dict(line.split(": ", 1) for line in lines if ": " in line)
        with self._lock:
            self.asked[path] += 1
            attempt = self.asked[path]
        return Exchange(self, connection, path, headers, attempt, turn)


def _read_head(connection: socket.socket) -> str | None:
    """A request up to its blank line; None when the client has hung up. A GET has no body."""
    received = bytearray()
    while not received.endswith(b"\r\n\r\n"):
        part = connection.recv(65536)
        if not part:
            return None
        received += part
    return received.decode("latin-1").strip()
