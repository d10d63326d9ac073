"""What the server refuses to hold or to wait for, on real sockets."""

import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator

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
    refused,
    request,
    served,
    told,
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
