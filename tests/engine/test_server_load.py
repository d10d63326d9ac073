"""What one process holds while many clients want something of it, and what is left of it."""

import gc
import http.client
import json
import socket
import weakref
from contextlib import ExitStack, suppress
from typing import Any

import pytest

from cds_service import server
from tests.engine.serving import (
    LIMIT,
    POST,
    RELEASED,
    application,
    ask,
    connected,
    everything,
    loaded,
    request,
    served,
    serving,
    told,
    until,
    until_closed,
)


def post(path: str = "/", size: int = 2, sent: int | None = None) -> bytes:
    """A request with a body, or with the first bytes of one."""
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n"
    return head.encode() + b" " * (size if sent is None else sent)


def status_of(connection: socket.socket) -> tuple[int, dict[str, str], Any]:
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer.status, dict(answer.headers), json.loads(answer.read())


def is_refused_for_load(answer: tuple[int, dict[str, str], Any]) -> bool:
    status, headers, body = answer
    assert headers["Retry-After"] == "1"
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert body["resourceType"] == "OperationOutcome"
    return status == 503 and body["issue"][0]["code"] == "throttled"


def test_more_requests_than_may_wait_for_a_thread_are_503(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "WAITING_PER_THREAD", 1)
    app = loaded()
    RELEASED.clear()
    with serving(app) as port, ExitStack() as open_connections:
        taken = [
            open_connections.enter_context(connected(port, post("/waits-for-release")))
            for _ in range(4)
        ]
        until(lambda: app.unanswered == 4)
        with connected(port, post()) as refused_first:
            assert is_refused_for_load(status_of(refused_first))
            RELEASED.set()
            assert [status_of(connection)[0] for connection in taken] == [200] * 4
            refused_first.sendall(post())
            assert status_of(refused_first)[0] == 200
    assert (app.unanswered, app.held_bytes) == (0, 0)


def test_a_request_without_a_body_waits_behind_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "WAITING_PER_THREAD", 0)
    app = loaded()
    RELEASED.clear()
    with (
        serving(app) as port,
        connected(port, post("/waits-for-release")),
        connected(port, post("/waits-for-release")),
    ):
        until(lambda: app.unanswered == 2)
        assert told(port)["PATH_INFO"] == "/"
        RELEASED.set()


def test_of_pipelined_requests_each_is_answered_or_refused_for_load(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "WAITING_PER_THREAD", 0)
    app = loaded()
    RELEASED.clear()
    with (
        serving(app) as port,
        connected(port, post("/waits-for-release")) as first,
        connected(port, post("/waits-for-release")) as second,
    ):
        until(lambda: app.unanswered == 2)
        last = b"POST /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        received = until_closed(port, post("/first") + post("/second") + last)
        RELEASED.set()
        assert [status_of(each)[0] for each in (first, second)] == [200, 200]
    assert received.count(b"HTTP/1.1 503") == 2
    assert received.count(b"HTTP/1.1 200") == 1
    assert app.held_bytes == 0


def test_of_more_large_bodies_than_may_be_held_the_largest_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "SMALL_BODY_BYTES", 1000)
    app = loaded()
    with serving(app) as port, ExitStack() as clients:
        sizes = [LIMIT - number for number in range(server.MAX_HELD_BODIES)]
        slow = [
            clients.enter_context(connected(port, post(size=size, sent=size - 1))) for size in sizes
        ]
        until(lambda: app.held_bytes == sum(sizes) - len(sizes))
        assert told(port, method="POST", body=b" " * 5000)["length"] == 5000
        for client in slow:
            client.sendall(b" ")
        assert is_refused_for_load(status_of(slow[0]))
        assert [status_of(client)[0] for client in slow[1:]] == [200] * 3
    until(lambda: app.held_bytes == 0)


def test_while_all_that_may_be_held_is_in_work_large_bodies_are_503_and_small_ones_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "SMALL_BODY_BYTES", 1000)
    app = loaded()
    RELEASED.clear()
    with serving(app) as port, ExitStack() as clients:
        path = "/waits-for-release"
        taken = [clients.enter_context(connected(port, post(path, LIMIT))) for _ in range(4)]
        until(lambda: app.held_bytes == app.max_held_bytes)
        small = clients.enter_context(connected(port, post(size=1000)))
        with connected(port, post(size=LIMIT)) as one_more:
            assert is_refused_for_load(status_of(one_more))
        RELEASED.set()
        assert [status_of(client)[0] for client in (*taken, small)] == [200] * 5
        assert told(port, method="POST", body=b" " * LIMIT)["length"] == LIMIT
    assert app.held_bytes == 0


def test_a_connection_too_many_is_503(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 3)
    with served() as port, ExitStack() as others:
        kept = [others.enter_context(connected(port, request("/"))) for _ in range(3)]
        assert [status_of(each)[0] for each in kept] == [200] * 3
        with connected(port) as one_more:
            assert is_refused_for_load(status_of(one_more))
            assert everything(one_more) == b""
        kept[0].sendall(request("/"))
        assert status_of(kept[0])[0] == 200
        kept[1].close()
        until(lambda: ask(port)[0] == 200)


CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
KEPT_1_0 = b"POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}"
ENDINGS = {
    "answered": post(),
    "answered, many": post(size=LIMIT) * 5,
    "without a body": request("/"),
    "left half way": post(size=100, sent=50),
    "left behind another": post() + post(size=100, sent=50),
    "too large": post(size=LIMIT + 1),
    "too large to read": POST
    + b"Transfer-Encoding: chunked\r\n\r\n"
    + b"3e8\r\n%b\r\n" % (b" " * 1000) * 41,
    "no HTTP half way": CHUNKED + b"2\r\n{}nonsense",
    "too many": post() * (server.MAX_PIPELINED + 2),
    "after the last": KEPT_1_0 * 2,
    "an upgrade": POST + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\n{}",
    "fails": post("/fails"),
}


@pytest.mark.parametrize("sent", ENDINGS.values(), ids=ENDINGS)
def test_however_a_request_ends_nothing_of_it_is_held(sent: bytes) -> None:
    app = loaded()
    with serving(app) as port:
        with connected(port, sent) as connection:
            connection.shutdown(socket.SHUT_WR)
            with suppress(ConnectionError):
                everything(connection)
        until(lambda: not app.unanswered)
    assert (app.unanswered, app.held_bytes) == (0, 0)


class Remembering:
    """An application whose requests and what it makes of them hold each other, as Flask's do."""

    def __init__(self) -> None:
        self.seen: list[weakref.ref[Any]] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        made = Made()
        made.itself, made.environ = (made if environ["PATH_INFO"] == "/circle" else None), environ
        environ["made"] = made
        self.seen.append(weakref.ref(made))
        return application(environ | {"PATH_INFO": "/nothing"}, start_response)


class Made:
    itself: Any
    environ: Any


@pytest.mark.parametrize(("path", "size"), [("/", 2), ("/circle", server.LARGE_BODY_BYTES)])
def test_nothing_of_a_request_outlives_its_answer(path: str, size: int) -> None:
    remembering = Remembering()
    app = loaded(remembering, max_body_bytes=size)
    gc.disable()  # What is freed is freed at once, not when the collector comes by.
    try:
        with serving(app) as port:
            assert ask(port, path, "POST", body=b" " * size)[0] == 204
        assert [kept() for kept in remembering.seen] == [None]
    finally:
        gc.enable()


@pytest.mark.parametrize("sent", ENDINGS.values(), ids=ENDINGS)
def test_nothing_of_a_connection_outlives_it(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    connections = []

    class Watched(server.Connection):
        def __init__(self, *arguments: Any, **more: Any) -> None:
            super().__init__(*arguments, **more)
            connections.append(weakref.ref(self))

    monkeypatch.setattr(server, "Connection", Watched)
    gc.disable()
    try:
        with served() as port, connected(port, sent) as connection:
            connection.shutdown(socket.SHUT_WR)
            with suppress(ConnectionError):
                everything(connection)
        assert [kept() for kept in connections] == [None]
    finally:
        gc.enable()
