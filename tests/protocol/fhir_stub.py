"""A FHIR server on loopback that answers as a test tells it to, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from tests.protocol.support import KEYS, good

FHIR_JSON = "application/fhir+json"
STALL_AT_MOST = 20


@dataclass(frozen=True)
class Reply:
    """One answer. `stalls` before it: "headers" sends nothing, "body" half of the body."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": FHIR_JSON})
    stalls: str = ""


@dataclass(frozen=True)
class Call:
    """One request that came in, its path decoded."""

    method: str
    path: str
    headers: dict[str, str]


def reply(resource: Any, status: int = 200) -> Reply:
    """A resource as a FHIR server sends it."""
    return Reply(json.dumps(resource).encode(), status)


NOT_FOUND = reply(
    {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "not-found"}]},
    404,
)


class FhirStub:
    """Replies by decoded path and query, relative to the base; `otherwise` to every other path."""

    def __init__(self, replies: dict[str, Reply] | None = None, otherwise: Reply = NOT_FOUND):
        self.replies = dict(replies or {})
        self.otherwise = otherwise
        self.calls: list[Call] = []
        self._released = threading.Event()
        self._server = _QuietServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def base(self) -> str:
        """What a client sends as fhirServer."""
        return f"{self.origin}/fhir"

    def asked(self) -> list[str]:
        """Decoded paths relative to the base, in alphabetical order: the calls run in parallel."""
        return sorted(call.path.removeprefix("/fhir/") for call in self.calls)

    def reply_to(self, call: Call) -> Reply:
        """Note a call and choose its answer."""
        self.calls.append(call)
        return self.replies.get(call.path.removeprefix("/fhir/"), self.otherwise)

    def wait(self) -> None:
        """Stall until the test is over."""
        self._released.wait(STALL_AT_MOST)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about."""


def _handler(stub: FhirStub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            call = Call(self.command, unquote(self.path), dict(self.headers))
            chosen = stub.reply_to(call)
            if chosen.stalls == "headers":
                stub.wait()
            self.send_response(chosen.status)
            for name, value in chosen.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(chosen.body)))
            self.end_headers()
            half = len(chosen.body) // 2 if chosen.stalls == "body" else 0
            self.wfile.write(chosen.body[:half])
            if half:
                self.wfile.flush()
                stub.wait()
            self.wfile.write(chosen.body[half:])

        do_GET = do_POST = do_HEAD = do_PUT = do_OPTIONS = _answer  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Nothing on the console."""

    return Handler


def story(name: str, templates: dict[str, str]) -> dict[str, Reply]:
    """What a FHIR server with a fixture request's record answers to the templates, by path."""
    request = good(name)
    empty = {"resourceType": "Bundle", "type": "searchset", "total": 0}
    return {
        path: reply(request["prefetch"][key] or empty)
        for key, path in filled(templates, request).items()
    }


def filled(templates: dict[str, str], request: dict[str, Any]) -> dict[str, str]:
    """Paths by key, as every client fills the templates."""
    patient = request["context"]["patientId"]
    return {key: templates[key].replace("{{context.patientId}}", patient) for key in KEYS}
