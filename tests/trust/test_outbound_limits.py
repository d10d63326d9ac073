"""What an answer may cost, and who may give it: time, size, certificates."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from cds_service import outbound
from cds_service.errors import ContentError
from cds_service.fhir_client import FhirClient
from cds_service.outbound import (
    SANDBOX_RULES,
    AddressRules,
    Allowance,
    Deadline,
    OutboundRefused,
    fetch,
)
from tests.faults import transport
from tests.faults.server import Behaviour, Exchange, FaultServer
from tests.trust.certificates import Authority, TLSServer, serving
from tests.trust.network import Network, guarded

LATE = "it did not answer in time"
TOO_LARGE = "its answer is too large"
UNREACHED = "it could not be reached"
NAME = "keys.example"
OWN_NETWORK = AddressRules(https_only=True, allow_private=True)


def refused(url: str, seconds: float = 10.0, ca_bundle: str = "") -> str:
    """Why this URL brings nothing."""
    with pytest.raises(OutboundRefused) as problem:
        guarded(lambda: fetch(url, SANDBOX_RULES, seconds, 1000, ca_bundle))
    return problem.value.reason


# -- size ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 999, 1000])
def test_an_answer_of_up_to_the_size_allowed_is_taken(size: int) -> None:
    with FaultServer({}, transport.status(200, b"k" * size)) as server:
        assert guarded(lambda: fetch(server.base, SANDBOX_RULES, 10.0, 1000)) == b"k" * size


@pytest.mark.parametrize(
    "behave",
    [
        transport.status(200, b"k" * 1001),
        transport.announces_a_huge_body,
        transport.sends_chunks_without_end,
        transport.sends_a_gzip_bomb(1),
        transport.sends_a_gzip_bomb(2),
    ],
)
def test_of_a_larger_answer_no_more_is_read(behave: Behaviour) -> None:
    with FaultServer({}, behave) as server:
        assert refused(server.base) == TOO_LARGE


# -- time ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "behave",
    [
        transport.hangs,
        transport.hangs_within_the_body,
        transport.drips_a_header,
        transport.drips_interim_answers,
        transport.drips_the_body,
        transport.drips_chunks,
        transport.drips_an_unmeasured_body,
        transport.drips_trailers,
    ],
)
def test_a_server_that_takes_its_time_is_cut(behave: Behaviour) -> None:
    with FaultServer({}, behave) as server:
        assert refused(server.base, seconds=0.3) == LATE


def test_a_kept_connection_is_cut_too() -> None:
    def behave(exchange: Exchange) -> None:
        later = transport.drips_the_body
        (transport.status(200, b"{}") if exchange.turn == 1 else later)(exchange)

    def ask(deadline: Deadline) -> bytes | None:
        with outbound.get(session, server.base, {}, deadline) as response:
            return Allowance(1000).body(response)

    with FaultServer({}, behave) as server, outbound.session(1) as session:
        assert guarded(lambda: ask(Deadline(10.0, SANDBOX_RULES))) == b"{}"
        deadline = Deadline(0.3, SANDBOX_RULES)
        end = threading.Timer(0.3, deadline.cut)
        end.start()
        with pytest.raises(requests.RequestException):
            guarded(lambda: ask(deadline))
        end.join()
        assert server.accepted == 1


def test_a_tls_server_that_says_nothing_is_cut() -> None:
    with FaultServer({}, transport.hangs) as server:
        assert refused(server.base.replace("http:", "https:"), seconds=0.3) == LATE


def test_a_tls_server_that_drips_its_part_of_the_handshake_is_cut() -> None:
    with dripping_a_handshake() as port:
        assert refused(f"https://127.0.0.1:{port}/", seconds=0.3) == LATE


@contextmanager
def dripping_a_handshake() -> Iterator[int]:
    """The port of a server whose first TLS record grows by a byte now and then."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                connection.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")
                while True:
                    connection.sendall(b"\x03")
                    time.sleep(transport.DRIP_SECONDS)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_a_resolver_that_takes_its_time_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    end = threading.Event()

    def look_up(*_: Any, **__: Any) -> list[Any]:
        end.wait()
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    try:
        assert refused(f"http://{NAME}/", seconds=0.3) == LATE
    finally:
        end.set()


# -- answers that are none -------------------------------------------------------------------------


@pytest.mark.parametrize("number", [204, 301, 304, 400, 401, 404, 429, 500, 503])
def test_another_status_than_200_brings_nothing(number: int) -> None:
    with FaultServer({}, transport.status(number)) as server:
        assert refused(server.base) == f"it answered {number}"
        assert server.asked.total() == 1


@pytest.mark.parametrize(
    "behave",
    [
        transport.drops,
        transport.resets,
        transport.drops_after_the_headers,
        transport.drops_within_the_body,
        transport.drops_within_a_chunk,
        transport.speaks_no_http,
        transport.sends_headers_without_end,
    ],
)
def test_an_answer_that_is_cut_off_or_no_http_is_not_taken(behave: Behaviour) -> None:
    with FaultServer({"": {"keys": ["k" * 200]}}, behave) as server:
        assert refused(server.base) == UNREACHED


def test_no_token_of_anybody_goes_with_a_fetch() -> None:
    seen: list[dict[str, str]] = []

    def behave(exchange: Exchange) -> None:
        seen.append(exchange.headers)
        exchange.answer(b"{}")

    with FaultServer({}, behave) as server:
        fetch(server.base, SANDBOX_RULES, 10.0, 1000)
    assert not {"Authorization", "Cookie", "Referer"} & {name.title() for name in seen[0]}


# -- certificates ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def tls(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[TLSServer]:
    """A server with the certificate of NAME, which is where NAME and another name lead."""
    network = Network(monkeypatch)
    network.names = {NAME: [["127.0.0.1"]], "other.example": [["127.0.0.1"]]}
    with serving(authority.certificate(NAME)) as running:
        network.routes["127.0.0.1"] = running.port
        yield running


def test_the_certificate_is_compared_with_the_name_and_not_with_the_pinned_address(
    authority: Authority, tls: TLSServer
) -> None:
    url = f"https://{NAME}/keys"
    assert guarded(lambda: fetch(url, OWN_NETWORK, 10.0, 1000, authority.bundle)) == b"{}"
    assert (tls.names, tls.hosts) == ([NAME], [NAME])


@pytest.mark.parametrize("host", ["other.example", "127.0.0.1"])
def test_a_certificate_of_another_name_is_not_taken(
    authority: Authority, tls: TLSServer, host: str
) -> None:
    assert refused(f"https://{host}/keys", ca_bundle=authority.bundle) == UNREACHED
    assert tls.hosts == []


def test_a_private_authority_counts_only_where_it_is_configured(tls: TLSServer) -> None:
    assert refused(f"https://{NAME}/keys") == UNREACHED
    assert tls.hosts == []


def test_a_fhir_client_takes_the_authority_configured(authority: Authority, tls: TLSServer) -> None:
    client = FhirClient(1, authority.bundle)
    deadline = Deadline(10.0, OWN_NETWORK)
    body, _ = client.get(f"https://{NAME}/Patient/1", None, deadline, Allowance(1000))
    assert body == b"{}"


def test_a_session_judges_every_url_that_it_is_given(authority: Authority, tls: TLSServer) -> None:
    with (
        outbound.session(1, authority.bundle) as session,
        outbound.get(session, f"https://{NAME}/", {}, Deadline(10.0, OWN_NETWORK)),
        pytest.raises(OutboundRefused, match="not https"),
    ):
        session.get(f"http://{NAME}/")


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_bundle_without_certificates_is_found_at_start(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ContentError, match="no file of CA certificates"):
        outbound.session(1, str(file))
