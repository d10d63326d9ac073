"""The server on real sockets: what clients send, stop sending, or never send."""

import http.client
import json
import logging
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from wsgiref.validate import validator

import pytest

from cds_service import server
from tests.engine.serving import (
    CALLS,
    CLOSED,
    POST,
    RELEASED,
    STALLED,
    application,
    ask,
    connected,
    everything,
    refused,
    request,
    served,
    told,
    until_closed,
    until_seen,
)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with served() as port:
        yield port


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


@pytest.mark.parametrize("target", ["/", "/cds-services/x"])
@pytest.mark.parametrize("body", ["", "Content-Length: 2\r\n"])
def test_connect_is_refused_and_fails_nowhere(
    port: int, target: str, body: str, caplog: pytest.LogCaptureFixture
) -> None:
    sent = f"CONNECT {target} HTTP/1.1\r\nHost: a\r\n{body}\r\n{{}}"
    assert refused(until_closed(port, sent.encode()), 405, "not-supported")
    assert caplog.records == []


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
    assert any("server.py" in str(vars(each).get("places")) for each in caplog.records)
    assert "Traceback" not in body.decode()
    assert "server.py" not in body.decode()


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
