"""The server on real sockets: what clients send, stop sending, or never send."""

import http.client
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import pytest
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


@contextmanager
def served(app: Any = application, **limits: Any) -> Iterator[int]:
    """The port of a server that runs in a thread of this process."""
    loaded = server.Application(app, 2, False, **{"max_body_bytes": LIMIT, **limits})
    running = uvicorn.Server(server.configuration(lambda: loaded, "127.0.0.1", 0))
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
        loaded.threads.shutdown()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with served() as port:
        yield port


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


@pytest.mark.parametrize("sent", STALLED.values(), ids=STALLED)
def test_64_stalled_connections_hold_up_nobody(port: int, sent: bytes) -> None:
    with ExitStack() as stalled:
        for _ in range(64):
            stalled.enter_context(connected(port, sent))
        assert told(port)["PATH_INFO"] == "/"


@pytest.mark.parametrize("sent", STALLED.values(), ids=STALLED)
def test_a_client_that_leaves_half_way_does_no_harm(
    port: int, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with connected(port, sent):
        pass
    assert told(port)["PATH_INFO"] == "/"
    assert caplog.records == []


def test_a_client_that_leaves_before_its_answer_does_no_harm(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    RELEASED.clear()
    with connected(port, b"GET /waits-for-release HTTP/1.1\r\nHost: a\r\n\r\n"):
        assert told(port)["PATH_INFO"] == "/"
    RELEASED.set()
    assert told(port)["PATH_INFO"] == "/"
    assert caplog.records == []


def test_the_application_gets_a_valid_wsgi_environ() -> None:
    with served(validator(application)) as port:
        asked = told(port, "/a%20b?c=%20d", "POST", body=b"{}", headers={"Cookie": "e=f"})
    assert asked["REQUEST_METHOD"] == "POST"
    assert (asked["SCRIPT_NAME"], asked["PATH_INFO"]) == ("", "/a b")
    assert asked["QUERY_STRING"] == "c=%20d"
    assert (asked["CONTENT_LENGTH"], asked["length"]) == ("2", 2)
    assert (asked["REMOTE_ADDR"], asked["SERVER_PORT"]) == ("127.0.0.1", str(port))
    assert asked["SERVER_PROTOCOL"] == "HTTP/1.1"
    assert asked["HTTP_COOKIE"] == "e=f"


@pytest.mark.parametrize(
    ("path", "seen"),
    {"/a%2Fb": "/a/b", "/%FF": "/\xff", "/%00": "/\0", "/%": "/%", "//a/../b": "//a/../b"}.items(),
)
def test_odd_paths_arrive_byte_by_byte(port: int, path: str, seen: str) -> None:
    assert told(port, path)["PATH_INFO"] == seen


def test_a_repeated_header_is_joined_and_one_with_underscores_dropped(port: int) -> None:
    sent = b"Via: a\r\nVia: b\r\nCookie: c=1\r\nCookie: d=2\r\nX_Real_User: eve\r\n"
    received = until_closed(port, b"GET / HTTP/1.0\r\n" + sent + b"\r\n")
    seen = json.loads(received.partition(b"\r\n\r\n")[2])
    assert (seen["HTTP_VIA"], seen["HTTP_COOKIE"]) == ("a,b", "c=1; d=2")
    assert "HTTP_X_REAL_USER" not in seen


def test_a_chunked_body_arrives_whole_and_its_trailer_is_no_header(port: int) -> None:
    """REQ-07."""
    chunks = b"3\r\n{ }\r\n2;name=value\r\n  \r\n0\r\nX-User: eve\r\n\r\n"
    sent = POST + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + chunks
    seen = json.loads(until_closed(port, sent).partition(b"\r\n\r\n")[2])
    assert (seen["length"], seen["CONTENT_LENGTH"]) == (5, "5")
    assert "HTTP_X_USER" not in seen


def test_a_connection_is_kept_alive(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    ports = set()
    for _ in range(3):
        connection.request("POST", "/", body=b"{}")
        ports.add(json.load(connection.getresponse())["REMOTE_PORT"])
    connection.close()
    assert len(ports) == 1


def test_pipelined_requests_are_answered_in_their_order(port: int) -> None:
    paths = [f"/{number}" for number in range(10)]
    requests = [f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n" for path in paths]
    requests.append("GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    received = until_closed(port, "".join(requests).encode()).decode()
    answers = received.split("HTTP/1.1 200 OK")[1:]
    seen = [json.loads(answer.partition("\r\n\r\n")[2])["PATH_INFO"] for answer in answers]
    assert seen == [*paths, "/last"]


def test_more_pipelined_requests_than_allowed_end_with_the_answers_begun(port: int) -> None:
    received = until_closed(port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 100)
    assert received.count(b"HTTP/1.1 200 OK") == server.MAX_PIPELINED
    assert received.count(b"Connection: close") == 1


def request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


def test_a_request_sent_during_an_answer_is_answered_and_so_is_the_next(port: int) -> None:
    RELEASED.clear()
    with connected(port, request("/waits-for-release")) as connection:
        while "/waits-for-release" not in CALLS:
            time.sleep(0.005)
        connection.sendall(request("/second"))
        assert told(port)["PATH_INFO"] == "/"
        RELEASED.set()
        assert b'"/second"' in until_seen(connection, b'"/second"')
        connection.sendall(request("/third"))
        assert b'"/third"' in until_seen(connection, b'"/third"')


def until_seen(connection: socket.socket, wanted: bytes) -> bytes:
    received = b""
    while wanted not in received and (data := connection.recv(65536)):
        received += data
    return received


def test_little_is_read_ahead_during_an_answer(port: int) -> None:
    RELEASED.clear()
    with connected(port, request("/waits-for-release")) as connection:
        connection.settimeout(1)
        with pytest.raises(TimeoutError):
            connection.sendall(POST + b"Content-Length: 99000000\r\n\r\n" + b" " * 99_000_000)
        RELEASED.set()


def test_a_client_that_does_not_read_its_answers_is_not_read_from(port: int) -> None:
    CALLS.clear()
    with connected(port, request("/large")) as connection:
        received = len(connection.recv(1))
        connection.sendall(request("/large") * server.MAX_PIPELINED)
        for _ in range(5):
            told(port)
        assert CALLS.count("/large") == 1
        connection.shutdown(socket.SHUT_WR)
        received += len(everything(connection))
    assert received > 8_000_000 * (1 + server.MAX_PIPELINED)


def test_a_client_that_never_reads_its_answer_is_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "IDLE_SECONDS", 0.05)
    monkeypatch.setattr(server, "HEADER_SECONDS", 0.05)
    for end in (b"", b"GET / HT"):
        with served() as port, connected(port, request("/large") + end) as connection:
            time.sleep(0.3)
            with suppress(ConnectionError):
                assert len(everything(connection)) < 8_000_000


def test_after_the_last_answer_of_a_connection_nothing_is_called(port: int) -> None:
    CALLS.clear()
    kept = b" HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    until_closed(port, b"GET /first" + kept + b"GET /second" + kept)
    told(port)
    assert CALLS == ["/first", "/"]


def test_garbage_after_a_request_does_not_take_its_answer(port: int) -> None:
    received = until_closed(port, b"GET /first HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n\r\n")
    assert received.count(b"HTTP/1.1 ") == 1
    assert b'"PATH_INFO": "/first"' in received


def test_a_client_may_close_its_half_and_wait_for_the_answer(port: int) -> None:
    with connected(port, POST + b"Content-Length: 2\r\n\r\n{}") as connection:
        connection.shutdown(socket.SHUT_WR)
        assert everything(connection).startswith(b"HTTP/1.1 200 OK")


def test_http_1_0_is_answered_and_closed(port: int) -> None:
    received = until_closed(port, b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize("protocol", ["h2c", "websocket"])
def test_an_upgrade_is_answered_as_if_not_asked_for(port: int, protocol: str) -> None:
    """Java's client asks for h2c with every first request over plain HTTP."""
    wish = f"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: {protocol}\r\nHTTP2-Settings: A\r\n"
    with connected(port, POST + wish.encode() + b"Content-Length: 2\r\n\r\n{") as connection:
        connection.sendall(b"}GET /second HTTP/1.0\r\n\r\n")
        first, second = everything(connection).split(b"HTTP/1.1 200 OK")[1:]
    assert b'"length": 2' in first
    assert b'"PATH_INFO": "/second"' in second


def test_head_has_the_header_of_get_and_no_body(port: int) -> None:
    _, expected, _ = ask(port, "/writes")
    received = until_closed(port, b"HEAD /writes HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert expected["Content-Type"].encode() in head
    assert body == b""


def test_no_content_has_no_length(port: int) -> None:
    status, headers, body = ask(port, "/nothing")
    assert (status, headers["Content-Length"], body) == (204, None, b"")


def test_what_was_written_comes_before_what_was_returned(port: int) -> None:
    assert ask(port, "/writes")[2] == b"first, second"


def test_a_second_start_with_exc_info_replaces_the_first(port: int) -> None:
    assert ask(port, "/changes-its-mind")[0] == 418


def test_the_answer_is_closed(port: int) -> None:
    CLOSED.clear()
    told(port)
    assert CLOSED.is_set()


def test_an_answer_names_no_server(port: int) -> None:
    headers = ask(port)[1]
    assert headers["Server"] is None
    assert headers["Date"] is not None


def test_a_request_leaves_no_trace_in_the_log(port: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told(port, "/?patient=Example")
    assert "Example" not in caplog.text


FAILURES = ["/fails", "/exits", "/breaks-off", "/starts-twice", "/breaks-lines"]


@pytest.mark.parametrize("path", FAILURES)
def test_a_failing_application_is_a_500_that_tells_nothing(
    port: int, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    status, headers, body = ask(port, path + "?name=Example")
    assert told(port)["PATH_INFO"] == "/"
    assert (status, headers["Content-Type"]) == (500, "application/json")
    assert json.loads(body)["issue"][0]["code"] == "exception"
    for text in (body.decode(), caplog.text):
        assert "Example" not in text
    assert "server.py" in caplog.text
    assert "Traceback" not in body.decode()
    assert "server.py" not in body.decode()


def chunked(size: int) -> Iterator[bytes]:
    yield from [b" " * 1000] * (size // 1000)


def test_a_body_at_the_limit_is_served(port: int) -> None:
    assert told(port, method="POST", body=b" " * LIMIT)["length"] == LIMIT
    assert (
        told(
            port,
            method="POST",
            body=chunked(LIMIT),
            encode_chunked=True,
            headers={"Transfer-Encoding": "chunked"},
        )["length"]
        == LIMIT
    )


@pytest.mark.parametrize("size", [LIMIT + 1000, 3 * LIMIT])
def test_a_body_over_the_limit_is_413_also_for_a_client_that_sends_first(
    port: int, size: int
) -> None:
    for body in (b" " * size, chunked(size)):
        status, headers, answer = ask(port, method="POST", body=body)
        assert status == 413
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert json.loads(answer)["issue"][0]["code"] == "too-long"


def test_an_endless_body_is_not_read_to_its_end(port: int) -> None:
    sent = POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"3e8\r\n%b\r\n" % (b" " * 1000) * 41
    assert refused(until_closed(port, sent), 413, "too-long")


def test_of_a_body_over_the_limit_nothing_is_kept() -> None:
    kept = []

    class Watched(server.Connection):
        def on_body(self, body: bytes) -> None:
            super().on_body(body)
            kept.append(sum(map(len, self.chunks)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "Connection", Watched)
        with served() as port:
            ask(port, method="POST", body=chunked(3 * LIMIT))
    assert LIMIT // 2 < max(kept) <= LIMIT
    assert kept[-1] == 0


def test_a_client_that_asks_first_is_told_to_go_on(port: int) -> None:
    with connected(port, POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n") as connection:
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK")


def test_a_client_that_asks_first_is_spared_a_body_over_the_limit(port: int) -> None:
    sent = POST + b"Expect: 100-continue\r\nContent-Length: 10001\r\n\r\n"
    assert refused(until_closed(port, sent), 413, "too-long")


def test_a_body_that_takes_too_long_is_408() -> None:
    with served(body_seconds=0.05) as port:
        assert refused(until_closed(port, STALLED["half a body"]), 408, "timeout")
        with connected(port, STALLED["half a body"]) as dripping:
            received = drip(dripping)
        assert refused(received, 408, "timeout")


def drip(connection: socket.socket) -> bytes:
    """What comes back although the client always sends a little more in time."""
    connection.settimeout(0.01)
    for _ in range(90):
        try:
            return everything(connection)
        except TimeoutError:
            connection.sendall(b" ")
    return b""


def test_a_header_that_takes_too_long_is_408(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEADER_SECONDS", 0.05)
    with served() as port:
        assert refused(until_closed(port, STALLED["half a header"]), 408, "timeout")
        second = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HT"
        assert b"HTTP/1.1 408" in until_closed(port, second)


def test_an_idle_connection_is_closed_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "IDLE_SECONDS", 0.05)
    with served() as port:
        assert until_closed(port, b"") == b""
        assert until_closed(port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").count(b"HTTP/1.1 ") == 1


def test_a_connection_idle_for_longer_than_a_header_may_take_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "HEADER_SECONDS", 0.05)
    with served() as port, connected(port, request("/first")) as connection:
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")
        time.sleep(0.2)
        connection.sendall(request("/second"))
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_a_slow_answer_outlives_the_time_allowed_to_clients(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "HEADER_SECONDS", 0.05)
    monkeypatch.setattr(server, "IDLE_SECONDS", 0.05)
    RELEASED.clear()
    with (
        served(body_seconds=0.05) as port,
        connected(port, b"GET /waits-for-release HTTP/1.1\r\nHost: a\r\n\r\n") as connection,
    ):
        time.sleep(0.2)
        RELEASED.set()
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK")


TOO_LARGE = {
    "one header": POST + b"X-Long: " + b"a" * 70_000 + b"\r\n\r\n",
    "many headers": POST + b"X-Short: a\r\n" * 9_000 + b"\r\n",
    "the path": b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "a header without end": POST + b"X-Long: " + b"a" * 400_000,
    "a trailer without end": POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"a" * 400_000,
    "a chunk extension without end": POST
    + b"Transfer-Encoding: chunked\r\n\r\n1;"
    + b"a" * 400_000,
}


@pytest.mark.parametrize("sent", TOO_LARGE.values(), ids=TOO_LARGE)
def test_what_is_too_large_outside_the_body_is_431(port: int, sent: bytes) -> None:
    with connected(port) as connection:
        # The server may close before everything is sent; what it answered has arrived by then.
        sender = threading.Thread(target=send_all_or_fail, args=(connection, sent))
        sender.start()
        received = connection.recv(65536)
        sender.join()
    assert refused(received, 431, "too-long")


def send_all_or_fail(connection: socket.socket, sent: bytes) -> None:
    try:
        connection.sendall(sent)
    except OSError:
        return


NOT_HTTP = {
    "nonsense": b"nonsense\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "two lengths": POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
    "a length and chunks": POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a negative length": POST + b"Content-Length: -1\r\n\r\n",
    "a length beyond 64 bits": POST + b"Content-Length: 99999999999999999999\r\n\r\n",
    "a path outside ASCII": "GET /ä HTTP/1.1\r\nHost: a\r\n\r\n".encode("latin-1"),
    "no path": b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
}


@pytest.mark.parametrize("sent", NOT_HTTP.values(), ids=NOT_HTTP)
def test_what_is_no_http_is_400(port: int, sent: bytes) -> None:
    assert refused(until_closed(port, sent), 400, "structure")


def test_every_request_is_answered_in_a_thread(port: int) -> None:
    assert told(port)["thread"] is True
    assert told(port, method="POST", body=b"{ }")["thread"] is True


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
