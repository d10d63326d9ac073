"""Requests that no client should send: broken ones, and ones made to hurt."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Sent:
    """One request: the body for a service, any other call, or bytes as they go over the wire."""

    name: str
    service: str = ""
    body: bytes = b""
    method: str = "POST"
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None


def _service(request: Json) -> str:
    return f"als-leukemia-{request['hook']}"


def _encoded(request: Any) -> bytes:
    return json.dumps(request).encode()


# -- Broken ----------------------------------------------------------------------------------------

WRONG = ("null", "true", "0", "-1", "1e308", '""', '"x"', "[]", "{}", "[null]", '{"a":1}', "[[]]")


def broken(request: Json, chance: random.Random) -> Sent:
    """A request of a fixture with something wrong about it."""
    return chance.choice(_BROKEN)(request, chance)


def _cut(request: Json, chance: random.Random) -> Sent:
    body = _encoded(request)
    return Sent("cut short", _service(request), body[: chance.randrange(len(body))])


def _bytes_changed(request: Json, chance: random.Random) -> Sent:
    body = bytearray(_encoded(request))
    for _ in range(chance.randint(1, 4)):
        body[chance.randrange(len(body))] = chance.randrange(256)
    return Sent("bytes changed", _service(request), bytes(body))


def _values_changed(request: Json, chance: random.Random) -> Sent:
    """Somewhere, at any depth, other values than FHIR or the specification has there."""
    spoilt = json.loads(json.dumps(request))
    for _ in range(chance.randint(1, 3)):
        place: Any = spoilt
        while True:
            steps = list(place) if isinstance(place, dict) else range(len(place))
            step = chance.choice(steps)
            if not isinstance(place[step], dict | list) or not place[step] or chance.random() < 0.2:
                break
            place = place[step]
        if isinstance(place, dict) and chance.random() < 0.3:
            del place[step]
        else:
            place[step] = json.loads(chance.choice(WRONG))
        if not spoilt:
            break
    return Sent("values changed", _service(request), _encoded(spoilt))


PATHS = (
    *("/", "/cds-services", "/cds-services/none", "/ready", "/health", "/openapi.json"),
    *("/cds-services/%00", "/cds-services/..%2f..%2fetc%2fpasswd", "/" + "a" * 5_000),
)


def _other_call(request: Json, chance: random.Random) -> Sent:
    method = chance.choice(["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "POST"])
    path = chance.choice([*PATHS, f"/cds-services/{_service(request)}/feedback"])
    return Sent(f"{method} {path}", body=_encoded(request), method=method, path=path)


def _other_type(request: Json, chance: random.Random) -> Sent:
    kind = chance.choice(["text/plain", "application/xml", "", "multipart/form-data; boundary=x"])
    return Sent(kind, _service(request), _encoded(request), headers={"Content-Type": kind})


def _no_data(request: Json, chance: random.Random) -> Sent:
    return Sent("no prefetch", _service(request), _encoded({**request, "prefetch": {}}))


_BROKEN: tuple[Callable[[Json, random.Random], Sent], ...] = (
    *(_cut, _bytes_changed, _values_changed, _values_changed, _other_call, _other_type, _no_data),
)


# -- Hostile ---------------------------------------------------------------------------------------

SERVERS = (
    *("http://127.0.0.1:1/fhir", "http://[::1]:1/fhir", "http://2130706433:1/", "http://0:1/fhir"),
    *("gopher://127.0.0.1:1/", "file:///etc/passwd", "http://a@127.0.0.1:1/", "http://\u0000/"),
)
NUMBERS = ("NaN", "-Infinity", "1e400", "1E+999999999", "9" * 1000, "0." + "1" * 1000)
TEXTS = ("\\ud800", "\\u0000", "<script>", "%s%n", "${jndi:ldap://a}", "x" * 99_999)
HEAD = b"POST /cds-services/als-leukemia-patient-view HTTP/1.1\r\nHost: a\r\n"
HEAD += b"Content-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def hostile(request: Json, chance: random.Random) -> Sent:
    """A request made to break the service, or to make it do what it must not."""
    return chance.choice(_HOSTILE)(request, chance)


def _deep(request: Json, chance: random.Random) -> Sent:
    levels = chance.choice([101, 500, 960, 5_000, 100_000])
    opened, closed = chance.choice([(b"[", b"]"), (b'{"a":', b"}")])
    deep = opened * levels + b"1" + closed * levels
    place = chance.choice(["extension", "fhirAuthorization", "prefetch", "unknown"])
    body = _encoded({**request, place: {"a": "DEEP"}}).replace(b'"DEEP"', deep)
    return Sent(f"{levels} levels in {place}", _service(request), body)


def _number(request: Json, chance: random.Random) -> Sent:
    number = chance.choice(NUMBERS)
    body = _encoded(request).replace(b'"value": ', f'"value": {number}, "was": '.encode())
    return Sent(f"number {number[:20]}", _service(request), body)


def _text(request: Json, chance: random.Random) -> Sent:
    text = chance.choice(TEXTS)
    name = chance.choice(['"display": "', '"unit": "', '"code": "', '"text": "', '"userId": "'])
    body = _encoded(request).replace(name.encode(), (name + text).encode())
    return Sent(f"{name} {text[:20]}", _service(request), body)


def _server(request: Json, chance: random.Random) -> Sent:
    server = chance.choice(SERVERS)
    asked = {**request, "prefetch": {}, "fhirServer": server}
    asked["fhirAuthorization"] = {"access_token": "a", "token_type": "Bearer"}
    return Sent(server, _service(request), _encoded(asked))


def _swollen(request: Json, chance: random.Random) -> Sent:
    """Short JSON that would take much memory."""
    unit, times = chance.choice(SWELLING)
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": "ENTRIES"}
    asked = {**request, "prefetch": {**request["prefetch"], "labs": bundle}}
    entries = ",".join([unit] * (times // 10))
    body = _encoded(asked).replace(b'"ENTRIES"', f"[{entries}]".encode())
    return Sent(f"{times // 10} times {unit[:30]}", _service(request), body)


SWELLING = (
    ("{}", 10_000_000),
    ('{"resource":{}}', 2_000_000),
    ("null", 6_000_000),
    ("1.5", 8_000_000),
    ('{"resource":{"component":[{},{},{},{}]}}', 780_000),
)
"""An entry and how often it fits into the largest body."""


def _header(request: Json, chance: random.Random) -> Sent:
    raw = chance.choice(
        [
            HEAD + b"X: " + b"a" * 70_000 + b"\r\n\r\n",
            HEAD + b"X: a\r\n" * 9_000 + b"\r\n",
            HEAD + b"Content-Length: -1\r\n\r\n",
            HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            chance.randbytes(chance.randint(1, 2_000)) + b"\r\n\r\n",
        ]
    )
    return Sent("a spoilt header", raw=raw)


def _chunks(request: Json, chance: random.Random) -> Sent:
    raw = chance.choice(
        [
            CHUNKED + b"2\r\n  \r\n" * 20_000 + b"0\r\n\r\n",
            CHUNKED + b"1;" + b"a" * 70_000,
            CHUNKED + b"zz\r\n",
            CHUNKED + b"0\r\nX: " + b"a" * 70_000,
        ]
    )
    return Sent("spoilt chunks", raw=raw)


def _left(request: Json, chance: random.Random) -> Sent:
    body = _encoded(request)
    head = HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode()
    return Sent("left half way", raw=head + body[: chance.randrange(len(body))])


def _pipelined(request: Json, chance: random.Random) -> Sent:
    body = _encoded(request)
    whole = HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
    return Sent("pipelined", raw=whole * chance.randint(2, 30))


def _too_large(request: Json, chance: random.Random) -> Sent:
    # Most are said to be too large, which costs the bench less than sending them.
    if chance.random() < 0.95:
        ask = HEAD + b"Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n"
        return Sent("said to be too large", raw=ask)
    return Sent("too large", _service(request), _encoded(request) + b" " * (33 << 20))


def _token(request: Json, chance: random.Random) -> Sent:
    token = chance.choice(["Bearer a.b.c", "Bearer " + "a" * 30_000, "Basic YTpi", "Bearer"])
    headers = {"Authorization": token}
    return Sent("a strange token", _service(request), _encoded(request), headers=headers)


_HOSTILE: tuple[Callable[[Json, random.Random], Sent], ...] = (
    *(_deep, _number, _text, _server, _header, _chunks, _left, _pipelined, _too_large, _token),
    *(_deep, _number, _text, _server, _header, _chunks, _left, _pipelined, _token, _swollen),
)
