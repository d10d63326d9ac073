"""What the server refuses to hold or to wait for, on real sockets."""

import http.client
import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest

from cds_service import server
from tests.engine.serving import (
    LIMIT,
    POST,
    RELEASED,
    STALLED,
    ask,
    connected,
    everything,
    loaded,
    refused,
    request,
    served,
    serving,
    told,
    until,
    until_closed,
)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with served() as port:
        yield port


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


def held_while(sent: Iterator[bytes], measure: Callable[[bytearray], int]) -> list[int]:
    """What the server holds of a body, each time that a piece of it has arrived."""
    held = []

    class Watched(server.Connection):
        def on_body(self, body: bytes) -> None:
            super().on_body(body)
            held.append(measure(self.body))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "Connection", Watched)
        with served() as port:
            ask(port, method="POST", body=sent)
    return held


def test_of_a_body_over_the_limit_nothing_is_kept() -> None:
    held = held_while(chunked(3 * LIMIT), len)
    assert LIMIT // 2 < max(held) <= LIMIT
    assert held[-1] == 0


def test_a_body_in_tiny_chunks_takes_no_more_room_than_another() -> None:
    held = held_while(iter([b"  "] * (LIMIT // 2)), sys.getsizeof)
    assert LIMIT < max(held) < 1.5 * LIMIT


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


# -- Many at once ----------------------------------------------------------------------------------


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
