"""A server on a real socket in a thread of the test, what it serves, and clients of it."""

import http.client
import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from cds_service import server

LIMIT = 10_000
RELEASED = threading.Event()
CALLS: list[str] = []
CLOSED = threading.Event()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
    path = environ["PATH_INFO"]
    body = environ["wsgi.input"].read(-1)
    headers = [("Content-Type", "application/json")]
    CALLS.append(path)
    if path == "/fails":
        raise ValueError(environ["QUERY_STRING"])
    if path == "/exits":
        sys.exit(3)
    if path == "/breaks-off":
        return breaks_off(start_response, environ["QUERY_STRING"])
    if path == "/waits-for-release":
        RELEASED.wait(20)
    if path == "/starts-twice":
        start_response("200 OK", headers)
    if path == "/changes-its-mind":
        start_response("200 OK", headers)
        start_response("418 I'm a Teapot", headers, (None, None, None))
        return [b"{}"]
    if path == "/breaks-lines":
        headers.append(("X-Name", "a\r\nX-Other: b"))
    if path == "/writes":
        start_response("200 OK", headers)(b"first, ")
        return [b"second"]
    if path == "/large":
        start_response("200 OK", headers)
        return [b" " * 8_000_000]
    if path == "/nothing":
        start_response("204 No Content", [])
        return []
    start_response("200 OK", headers)
    told = {name: value for name, value in environ.items() if isinstance(value, str)}
    return Closeable(json.dumps(told | {"length": len(body), "thread": on_thread()}).encode())


class Closeable:
    def __init__(self, body: bytes) -> None:
        self.body = body

    def __iter__(self) -> Iterator[bytes]:
        yield self.body

    def close(self) -> None:
        CLOSED.set()


def breaks_off(start_response: Callable[..., Any], text: str) -> Iterator[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"half an answer"
    raise ValueError(text)


def on_thread() -> bool:
    return threading.current_thread().name.startswith("request")


def loaded(app: Any = application, **limits: Any) -> server.Application:
    return server.Application(app, 2, False, **{"max_body_bytes": LIMIT, **limits})


@contextmanager
def served(app: Any = application, **limits: Any) -> Iterator[int]:
    """The port of a server that runs in a thread of this process."""
    with serving(loaded(app, **limits)) as port:
        yield port


@contextmanager
def serving(app: server.Application) -> Iterator[int]:
    running = uvicorn.Server(server.configuration(lambda: app, "127.0.0.1", 0))
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        time.sleep(0.005)
    try:
        yield running.servers[0].sockets[0].getsockname()[1]
    finally:
        RELEASED.set()
        running.should_exit = True
        thread.join()
        app.threads.shutdown()
        app.reserved.shutdown()


@contextmanager
def connected(port: int, sent: bytes = b"") -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(sent)
        yield connection


def everything(connection: socket.socket) -> bytes:
    """What the server sends until it closes the connection."""
    received = bytearray()
    while data := connection.recv(1 << 20):
        received += data
    return bytes(received)


def until_closed(port: int, sent: bytes) -> bytes:
    with connected(port, sent) as connection:
        return everything(connection)


def ask(port: int, path: str = "/", method: str = "GET", **request: Any) -> tuple[int, Any, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, **request)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def told(port: int, path: str = "/", method: str = "GET", **request: Any) -> dict[str, Any]:
    """What the application saw of a request."""
    status, _, body = ask(port, path, method, **request)
    assert status == 200
    return json.loads(body)


def refused(received: bytes, status: int, code: str) -> bool:
    """Whether the only answer is this OperationOutcome, and the connection ends with it."""
    head, _, body = received.partition(b"\r\n\r\n")
    issue = json.loads(body)["issue"][0]
    assert b"Connection: close" in head
    return head.startswith(b"HTTP/1.1 %d " % status) and issue["code"] == code


POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
STALLED = {
    "idle": b"",
    "half a request line": b"POST /cds-serv",
    "half a header": POST,
    "half a body": POST + b"Content-Length: 100\r\n\r\n{",
    "half a chunked body": POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
}


def request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


def until_seen(connection: socket.socket, wanted: bytes) -> bytes:
    received = b""
    while wanted not in received and (data := connection.recv(65536)):
        received += data
    return received


def until(reached: Callable[[], bool]) -> None:
    """Wait for what must come; that it does not is seen after 20 s."""
    for _ in range(4000):
        if reached():
            return
        time.sleep(0.005)
    raise AssertionError("It does not come to that.")
