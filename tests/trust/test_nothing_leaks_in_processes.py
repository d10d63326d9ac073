"""Nothing marked is in what a real service prints, nor in its database: see test_nothing_leaks.

https://cds-hooks.hl7.org/#security-and-safety
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import fixtures
import hooks
from tests.protocol.support import ORDER, VIEW, good
from tests.trust import tokens
from tests.trust.marked import MARK, MARKS, changed, check, kinds, marked
from tests.trust.tokens import jwk, key_set

ROOT = Path(__file__).resolve().parents[2]
BASE = "https://cds.hospital.example"
ISSUER = "https://ehr.hospital.example"
SERVICE = "/cds-services/als-leukemia-patient-view"
NAMES = [VIEW, ORDER, next(name for name in fixtures.EXPECTED if ".order-sign" in name)]
UUID = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"


@dataclass
class Running:
    """A service in processes of its own, and what it has printed so far."""

    port: int
    folder: Path

    def post(
        self, body: bytes, path: str = SERVICE, method: str = "POST", **headers: str
    ) -> tuple[int, str]:
        """Status and text of an answer, headers included."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, {"Content-Type": "application/json", **named})
            answer = connection.getresponse()
            return answer.status, f"{answer.headers}{answer.read().decode()}"
        finally:
            connection.close()

    def send(self, data: bytes) -> str:
        """What comes back for bytes as they are."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            parts = iter(lambda: connection.recv(65536), b"")
            return b"".join(parts).decode()

    def printed(self) -> str:
        return (self.folder / "printed").read_text(encoding="utf-8")

    def lines(self) -> list[dict[str, Any]]:
        """The log of the service."""
        return [json.loads(line) for line in self.printed().splitlines() if line[0] == "{"]


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Running]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    settings = {"store": f"sqlite:///{folder}/cds.sqlite3", **settings}
    own = {f"CDS_{name.upper()}": value for name, value in settings.items()}
    environment = {**os.environ, "HOST": "127.0.0.1", "PORT": str(port), **own}
    command = [sys.executable, "-m", "cds_service", "serve"]
    with (folder / "printed").open("wb") as printed:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=printed, stderr=subprocess.STDOUT
        )
    try:
        service = Running(port, folder)
        wait_until_ready(service, process)
        yield service
    finally:
        process.terminate()
        process.wait(30)


def wait_until_ready(service: Running, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert process.poll() is None, service.printed()
        try:
            if service.post(b"", "/ready", "GET")[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the service does not answer")


def marked_bodies() -> Iterator[tuple[str, bytes]]:
    """Service and body: whole, spoilt in some places, and none at all."""
    for name in NAMES:
        request = marked(good(name))
        path = f"/cds-services/als-leukemia-{request['hook']}"
        yield path, json.dumps(request).encode()
        for place in list(kinds(good(name)).values())[::12]:
            yield path, json.dumps(changed(request, place, MARK)).encode()
        yield path, json.dumps(request).encode()[:-1]
        yield path, MARK.encode()


RAW = [
    f"{MARK} {MARK} {MARK}\r\n\r\n",
    f"GET /{MARK} HTTP/1.1\r\n{MARK}\r\n\r\n",
    f"GET /{MARK} HTTP/9.9\r\nHost: {MARK}\r\n\r\n",
    f"POST /{MARK} HTTP/1.1\r\nContent-Length: {MARK}\r\n\r\n",
    f"POST /{MARK} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{MARK}\r\n",
    f"GET /{MARK} HTTP/1.1\r\nX: {MARK * 20_000}\r\n\r\n",
    f"POST /{MARK}?{MARK} HTTP/1.1\r\nContent-Length: 9\r\n\r\n{MARK[:3]}",
]


def test_what_the_processes_print_holds_no_mark(tmp_path: Path) -> None:
    answered = set()
    with running(tmp_path, workers="2") as service:
        for path, body in marked_bodies():
            status, text = service.post(body, path, User_Agent=MARK, Authorization=MARK)
            answered.add(status)
            if status >= 300:
                check(text)
        for data in RAW:
            check(service.send(data.encode()))
        service.post(json.dumps({**good(VIEW), "hookInstance": UUID}).encode())
    check(service.printed())
    assert answered == {200, 400, 412}
    lines = service.lines()
    assert {line.get("outcome") for line in lines} >= {"answered", "refused"}
    assert {line.get("hookInstance") for line in lines} >= {"not a UUID", UUID}
    assert len({line["process"] for line in lines if line["event"] == "request"}) == 2


# -- production ------------------------------------------------------------------------------------


def production(folder: Path) -> dict[str, str]:
    """All that production needs, in a folder."""
    versions = {rule.id: rule.version for service in hooks.SERVICES for rule in service.rules()}
    approvals = "".join(
        f'[[approval]]\nrule = "{rule}"\nversion = "{version}"\n'
        'approver = "Dr. A. Example"\ndate = 2026-01-15\n'
        for rule, version in versions.items()
    )
    client = (
        f'[[client]]\nname = "hospital"\nissuer = "{ISSUER}"\njwks = "{folder}/keys.json"\n'
        'fhir_servers = ["https://fhir.hospital.example/r4"]\n'
    )
    (folder / "keys.json").write_bytes(key_set(jwk(tokens.of("ES384"))))
    (folder / "approvals.toml").write_text(approvals, encoding="utf-8")
    (folder / "clients.toml").write_text(client, encoding="utf-8")
    return {
        "mode": "production",
        "base_url": BASE,
        "clients": f"{folder}/clients.toml",
        "approvals": f"{folder}/approvals.toml",
        "store": f"sqlite:///{folder}/cds.sqlite3",
        "trusted_proxies": "127.0.0.1",
    }


def token(its_header: dict[str, Any] | None = None, number: int = 0, **changes: object) -> str:
    """A token that says whatever it may with a mark, good for now unless changed."""
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": BASE + SERVICE,
        "iat": now,
        "exp": now + 300,
        "jti": f"{MARK}-{uuid4()}",
        "sub": MARK,
        "tenant": MARK,
        MARK: {MARK: MARK},
        **changes,
    }
    header = {"alg": "ES384", "typ": "JWT", "kid": "one", MARK: MARK, **(its_header or {})}
    private = tokens.elliptic(number=number)
    return tokens.token(header, claims, sign=lambda text: ES384.sign(text, private))


ES384 = tokens.ALGORITHMS["ES384"]


def bad_tokens() -> Iterator[str]:
    for name in ("iss", "aud", "iat", "exp", "nbf"):
        yield token(**{name: MARK})
    for name in ("alg", "typ", "kid", "jku", "crit"):
        yield token({name: MARK})
    yield token({"jwk": MARK, "x5c": [MARK], "x5u": MARK}, number=7)
    yield token(tenant=[MARK])
    yield token(jti=[MARK])
    yield token(exp=1)
    yield f"{MARK}.{MARK}.{MARK}"
    yield MARK


def test_what_production_prints_and_stores_holds_no_mark_and_no_token(tmp_path: Path) -> None:
    body = json.dumps(marked(good(VIEW))).encode()
    sent = []
    with running(tmp_path, **production(tmp_path)) as service:
        good_token = token()
        for bearer, status in [(good_token, 200), (good_token, 401)]:
            sent.append(bearer)
            assert service.post(body, Authorization=f"Bearer {bearer}")[0] == status
        for bearer in bad_tokens():
            sent.append(bearer)
            status, text = service.post(body, Authorization=f"Bearer {bearer}")
            assert status == 401
            check(text)
        for spoilt in (b"{}", MARK.encode(), body[:-1]):
            sent.append(token())
            status, text = service.post(spoilt, Authorization=f"Bearer {sent[-1]}")
            assert status == 400
            check(text)
        status, text = service.post(body, f"/cds-services/{MARK}")
        assert status == 401
    check(service.printed())
    reasons = {line["reason"] for line in service.lines() if line.get("status") == 401}
    assert len(reasons) > 10
    assert {line.get("client") for line in service.lines()} >= {"hospital"}
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("cds.sqlite3*"))
    assert len(stored) > 1000
    assert not any(mark.encode() in stored for mark in MARKS)
    for part in {part for bearer in sent for part in bearer.split(".")} - {MARK}:
        assert part not in service.printed()
        assert part.encode() not in stored
