"""Faults of the connection and of HTTP: late, endless, cut off, refused, somewhere else."""

from __future__ import annotations

import gzip
import json
from functools import cache

from tests.faults.server import FHIR_JSON, Behaviour, Exchange, head, well

DRIP_SECONDS = 0.05
"""Between two bytes of a server that drips: below any sensible time limit of a single read."""


def good_body(exchange: Exchange) -> bytes:
    """What a good server would send."""
    return json.dumps(exchange.good() or {}).encode()


def once(fault: Behaviour) -> Behaviour:
    """The fault at the first time each path is asked for, a good answer afterwards."""
    return lambda exchange: (fault if exchange.attempt == 1 else well)(exchange)


# --- Late and endless -----------------------------------------------------------------------------


def late(seconds: float) -> Behaviour:
    """A good answer after some time."""

    def behave(exchange: Exchange) -> None:
        exchange.pause(seconds)
        well(exchange)

    return behave


def hangs(exchange: Exchange) -> None:
    """Accepts the request and never answers."""
    exchange.hang()


def hangs_within_the_body(exchange: Exchange) -> None:
    body = good_body(exchange)
    exchange.send(head(200, {"Content-Type": FHIR_JSON, "Content-Length": len(body)}))
    exchange.send(body[: len(body) // 2])
    exchange.hang()


def _drip(exchange: Exchange, drop: bytes) -> None:
    while True:
        exchange.send(drop)
        exchange.pause(DRIP_SECONDS)


def drips_a_header(exchange: Exchange) -> None:
    """A header line that grows by one byte now and then, and never ends."""
    exchange.send(b"HTTP/1.1 200 OK\r\nX-Drip: ")
    _drip(exchange, b"a")


def drips_interim_answers(exchange: Exchange) -> None:
    """100 Continue for ever: each is a complete response, and none is the answer."""
    _drip(exchange, b"HTTP/1.1 100 Continue\r\n\r\n")


def drips_the_body(exchange: Exchange) -> None:
    exchange.send(head(200, {"Content-Type": FHIR_JSON, "Content-Length": 10**9}))
    _drip(exchange, b" ")


def drips_chunks(exchange: Exchange) -> None:
    exchange.send(head(200, {"Content-Type": FHIR_JSON, "Transfer-Encoding": "chunked"}))
    _drip(exchange, b"1\r\n \r\n")


def drips_an_unmeasured_body(exchange: Exchange) -> None:
    """A whole body without a Content-Length, then blanks: cut short, it looks complete."""
    exchange.send(head(200, {"Content-Type": FHIR_JSON, "Connection": "close"}))
    exchange.send(good_body(exchange))
    _drip(exchange, b" ")


def drips_trailers(exchange: Exchange) -> None:
    """The whole body in one chunk, and then header lines that never end."""
    body = good_body(exchange)
    exchange.send(head(200, {"Content-Type": FHIR_JSON, "Transfer-Encoding": "chunked"}))
    exchange.send(f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n")
    _drip(exchange, b"X-Drip: a\r\n")


# --- Cut off --------------------------------------------------------------------------------------


def drops(exchange: Exchange) -> None:
    """Closes the connection instead of answering."""
    exchange.drop()


def resets(exchange: Exchange) -> None:
    exchange.drop(reset=True)


def drops_after_the_headers(exchange: Exchange) -> None:
    exchange.send(head(200, {"Content-Type": FHIR_JSON, "Content-Length": 1000}))
    exchange.drop()


def drops_within_the_body(exchange: Exchange) -> None:
    """JSON cut off, its Content-Length that of the whole."""
    body = good_body(exchange)
    exchange.send(head(200, {"Content-Type": FHIR_JSON, "Content-Length": len(body)}))
    exchange.send(body[: len(body) // 2])
    exchange.drop()


def drops_within_a_chunk(exchange: Exchange) -> None:
    exchange.send(head(200, {"Content-Type": FHIR_JSON, "Transfer-Encoding": "chunked"}))
    exchange.send(b"ffff\r\n" + good_body(exchange)[:100])
    exchange.drop()


def cuts_the_json(exchange: Exchange) -> None:
    """JSON cut off, its Content-Length that of what is sent."""
    body = good_body(exchange)
    exchange.answer(body[: len(body) // 2])


def announces_too_little(exchange: Exchange) -> None:
    """A Content-Length shorter than the body, whose rest then stands in the way."""
    body = good_body(exchange)
    exchange.send(head(200, {"Content-Type": FHIR_JSON, "Content-Length": len(body) // 2}) + body)


def closes_after_each_answer(exchange: Exchange) -> None:
    """Good answers on connections that it closes without having said so."""
    well(exchange)
    exchange.drop()


def closes_kept_connections(exchange: Exchange) -> None:
    """Closes a kept connection just when it is used again, as an idle timeout may."""
    if exchange.turn > 1:
        exchange.drop(reset=True)
    else:
        well(exchange)


def answers_twice(exchange: Exchange) -> None:
    """A second response in one piece with the first, about somebody else."""
    stranger = b'{"resourceType":"Patient","id":"somebody-else"}'
    sent = b"".join(
        head(200, {"Content-Type": FHIR_JSON, "Content-Length": len(body)}) + body
        for body in (good_body(exchange), stranger)
    )
    exchange.send(sent)


# --- Not HTTP, or too much of it ------------------------------------------------------------------


def speaks_no_http(exchange: Exchange) -> None:
    exchange.send(b"220 mail.example ESMTP\r\n" * 3)
    exchange.drop()


def breaks_a_header(exchange: Exchange) -> None:
    """A good answer with a header line that is none; libraries like to log such a URL."""
    body = good_body(exchange)
    sent = head(200, {"Content-Type": FHIR_JSON, "Content-Length": len(body)})
    exchange.send(sent.replace(b"\r\n\r\n", b"\r\nno header at all\r\n\r\n") + body)


def sends_headers_without_end(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        exchange.send(b"X-Filler: " + b"a" * 1000 + b"\r\n")


def announces_a_huge_body(exchange: Exchange) -> None:
    exchange.send(head(200, {"Content-Type": FHIR_JSON, "Content-Length": 10**12}))
    while True:
        exchange.send(b" " * 65536)


def sends_chunks_without_end(exchange: Exchange) -> None:
    exchange.send(head(200, {"Content-Type": FHIR_JSON, "Transfer-Encoding": "chunked"}))
    while True:
        exchange.send(b"10000\r\n" + b" " * 65536 + b"\r\n")


def sends_a_gzip_bomb(times: int) -> Behaviour:
    """Half a gigabyte of blanks in half a megabyte, or packed twice, in a few kilobytes."""

    def behave(exchange: Exchange) -> None:
        exchange.answer(_bomb(times), Content_Encoding=", ".join(["gzip"] * times))

    return behave


@cache
def _bomb(times: int) -> bytes:
    blanks = gzip.compress(b" " * (1 << 20), 6)
    packed = blanks * 512  # gzip allows members one after another.
    for _ in range(times - 1):
        packed = gzip.compress(packed, 6)
    return packed


# --- Refused or redirected ------------------------------------------------------------------------


def status(number: int, body: bytes = b"", kind: str = FHIR_JSON, **headers: str) -> Behaviour:
    """This status, whatever is asked."""
    return lambda exchange: exchange.answer(body, number, kind, **headers)


def redirects(number: int) -> Behaviour:
    """To the same path of another server."""

    def behave(exchange: Exchange) -> None:
        exchange.answer(b"", number, Location=f"{exchange.server.elsewhere}/{exchange.path}")

    return behave
