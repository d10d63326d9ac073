"""Where connections go: to an address that was judged, by the rules in force, and nowhere else."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import requests

from cds_service import outbound
from cds_service.fhir_client import FhirClient, ReadError
from cds_service.fhir_reader import Access, FhirLimits, FhirReader
from cds_service.outbound import (
    SANDBOX_RULES,
    AddressRules,
    Allowance,
    Deadline,
    OutboundRefused,
    fetch,
)
from cds_service.prefetch import Query, State, failed
from tests.faults.server import Behaviour, Exchange, FaultServer
from tests.faults.transport import breaks_a_header, drops, redirects, status
from tests.trust.addresses import EVERY_NEVER, PRIVATE
from tests.trust.network import METADATA, OTHER_PUBLIC, PUBLIC, Network, guarded

PUBLIC_ONLY = AddressRules(https_only=False, allow_private=False)
NAME = "fhir.example"
URL = f"http://{NAME}/Patient/marked-id"
PATIENTS = [Query("patient", "Patient", "a test")]
TOKEN = "marked-token"


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    return Network(monkeypatch)


@pytest.fixture
def server(network: Network) -> Iterator[FaultServer]:
    """A server that answers everything, at two public addresses and on loopback."""
    with FaultServer({}, status(200, b"{}")) as running:
        for address in (PUBLIC, OTHER_PUBLIC, "127.0.0.1", "10.0.0.1"):
            network.routes[address] = running.port
        yield running


def fetched(url: str = URL, rules: AddressRules = PUBLIC_ONLY) -> bytes:
    return guarded(lambda: fetch(url, rules, 10.0, 1000))


def asked(session: requests.Session, url: str, rules: AddressRules) -> int:
    """The status of one GET by these rules."""
    with outbound.get(session, url, {}, Deadline(10.0, rules)) as response:
        assert Allowance(1000).body(response) is not None
        return response.status_code


# -- names -----------------------------------------------------------------------------------------


def test_a_name_is_looked_up_once_and_connected_to_where_it_was_judged_to_be(
    network: Network, server: FaultServer
) -> None:
    network.names[NAME] = [[PUBLIC], ["127.0.0.1"]]
    assert fetched() == b"{}"
    assert network.looked_up == [NAME]
    assert network.dialled == [PUBLIC]


def test_an_answer_that_changes_is_never_connected_to(
    network: Network, server: FaultServer
) -> None:
    network.names[NAME] = [[PUBLIC], ["127.0.0.1"]]
    fetched()
    with pytest.raises(OutboundRefused, match="its address is private"):
        fetched()
    assert network.dialled == [PUBLIC]
    assert server.accepted == 1


def test_a_kept_connection_stays_where_its_name_was_judged_to_be(
    network: Network, server: FaultServer
) -> None:
    network.names[NAME] = [[PUBLIC], ["127.0.0.1"]]
    with outbound.session(4) as session:
        assert [asked(session, URL, PUBLIC_ONLY) for _ in range(3)] == [200, 200, 200]
    assert (network.looked_up, network.dialled, server.accepted) == ([NAME], [PUBLIC], 1)


@pytest.mark.parametrize("address", [*PRIVATE, *EVERY_NEVER])
def test_a_name_with_an_address_that_is_not_public_is_not_connected_to(
    network: Network, address: str
) -> None:
    network.names[NAME] = [[address]]
    with pytest.raises(OutboundRefused, match="its address is"):
        fetched()
    assert network.dialled == []


@pytest.mark.parametrize("address", EVERY_NEVER)
def test_rules_that_allow_private_addresses_allow_no_others(network: Network, address: str) -> None:
    network.names[NAME] = [[address]]
    with pytest.raises(OutboundRefused, match="its address is"):
        fetched(rules=SANDBOX_RULES)
    assert network.dialled == []


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1"])
def test_a_name_in_the_own_network_is_connected_to_where_the_rules_allow_it(
    network: Network, server: FaultServer, address: str
) -> None:
    network.names[NAME] = [[address]]
    assert fetched(rules=SANDBOX_RULES) == b"{}"
    assert network.dialled == [address]


@pytest.mark.parametrize("bad", ["127.0.0.1", METADATA, "::ffff:10.0.0.1"])
@pytest.mark.parametrize("bad_first", [True, False])
def test_one_address_that_is_not_allowed_spoils_the_name(
    network: Network, server: FaultServer, bad: str, bad_first: bool
) -> None:
    network.names[NAME] = [[bad, PUBLIC] if bad_first else [PUBLIC, bad]]
    with pytest.raises(OutboundRefused):
        fetched()
    assert network.dialled == []


def test_where_the_first_address_takes_no_connection_the_next_is_tried(
    network: Network, server: FaultServer
) -> None:
    network.names[NAME] = [["8.8.8.8", PUBLIC]]
    assert fetched() == b"{}"
    assert network.dialled == ["8.8.8.8", PUBLIC]


@pytest.mark.parametrize("answers", [[], ["8.8.8.8"], [OTHER_PUBLIC, "8.8.8.8"]])
def test_a_name_that_nobody_answers_for_is_not_reached(
    network: Network, answers: list[str]
) -> None:
    network.names[NAME] = [answers]
    with pytest.raises(OutboundRefused, match="it could not be reached"):
        fetched()
    assert network.dialled == answers


def test_an_address_in_the_url_is_judged_like_that_of_a_name(
    network: Network, server: FaultServer
) -> None:
    assert fetched(f"http://{PUBLIC}/") == b"{}"
    assert network.dialled == [PUBLIC]
    with pytest.raises(OutboundRefused, match="private"):
        fetched(f"http://127.0.0.1:{server.port}/")
    assert network.dialled == [PUBLIC]


def test_an_ipv6_address_in_the_url_is_connected_to(network: Network) -> None:
    with pytest.raises(OutboundRefused, match="it could not be reached"):
        fetched(f"http://[{OTHER_PUBLIC}]:8080/")
    assert network.dialled == [OTHER_PUBLIC]


# -- kept connections ------------------------------------------------------------------------------


def test_a_connection_kept_under_looser_rules_serves_no_stricter_ones(
    network: Network, server: FaultServer
) -> None:
    network.names[NAME] = [["127.0.0.1"]]
    with outbound.session(4) as session:
        assert [asked(session, URL, SANDBOX_RULES) for _ in range(2)] == [200, 200]
        with pytest.raises(OutboundRefused, match="private"):
            asked(session, URL, PUBLIC_ONLY)
        assert asked(session, URL, SANDBOX_RULES) == 200
    assert server.accepted == 1
    assert server.asked.total() == 3


def test_a_session_asks_nothing_outside_of_its_guard(network: Network, server: FaultServer) -> None:
    network.names[NAME] = [[PUBLIC]]
    with outbound.session(4) as session:
        asked(session, URL, PUBLIC_ONLY)
        with pytest.raises(AttributeError):
            session.get(URL)
    assert server.asked.total() == 1


@pytest.mark.parametrize("url", ["http://fhír.example/", "http://fhir。example/", " http://a.b/"])
def test_a_url_is_judged_before_it_is_repaired_for_sending(network: Network, url: str) -> None:
    with pytest.raises(OutboundRefused, match="not of the form"):
        fetched(url)
    assert (network.looked_up, network.dialled) == ([], [])


# -- redirects, proxies, cookies -------------------------------------------------------------------


@pytest.mark.parametrize("number", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "target",
    [f"http://{METADATA}/latest/meta-data", "http://127.0.0.1", "file:///etc", "//x:99999"],
)
def test_a_redirect_is_not_followed(
    network: Network, server: FaultServer, number: int, target: str
) -> None:
    network.names[NAME] = [[PUBLIC]]
    server.behave, server.elsewhere = redirects(number), target
    with pytest.raises(OutboundRefused, match=f"it answered {number}"):
        fetched()
    assert (network.looked_up, network.dialled) == ([NAME], [PUBLIC])


def test_not_even_who_asks_for_it_is_redirected(network: Network, server: FaultServer) -> None:
    network.names[NAME] = [[PUBLIC]]
    server.behave, server.elsewhere = redirects(302), f"http://{PUBLIC}"
    with (
        outbound.session(1) as session,
        outbound.get(session, URL, {}, Deadline(10.0, PUBLIC_ONLY)) as response,
        session.get(URL, allow_redirects=True) as followed,
    ):
        assert (response.status_code, followed.status_code) == (302, 302)
        assert list(session.resolve_redirects(response, response.request)) == []


def test_no_proxy_password_or_certificate_file_of_the_environment_is_used(
    network: Network, server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.names[NAME] = [[PUBLIC]]
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    assert fetched() == b"{}"
    assert network.dialled == [PUBLIC]


def test_a_cookie_is_not_sent_back(network: Network, server: FaultServer) -> None:
    seen = []

    def behave(exchange: Exchange) -> None:
        seen.append(exchange.headers.get("Cookie"))
        exchange.answer(b"{}", Set_Cookie="session=marked; Path=/")

    network.names[NAME] = [[PUBLIC]]
    server.behave = behave
    with outbound.session(1) as session:
        assert [asked(session, URL, PUBLIC_ONLY) for _ in range(2)] == [200, 200]
    assert seen == [None, None]


# -- the FHIR client -------------------------------------------------------------------------------


def test_a_fhir_server_that_is_refused_is_asked_once_and_gets_no_token(
    network: Network, server: FaultServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    network.names[NAME] = [["127.0.0.1"]]
    with pytest.raises(ReadError, match="the FHIR server could not be reached"):
        FhirClient(1).get(URL, TOKEN, Deadline(10.0, PUBLIC_ONLY), Allowance(1000))
    assert (network.looked_up, network.dialled, server.accepted) == ([NAME], [], 0)
    assert caplog.messages == ["a FHIR server was not asked"]
    assert vars(caplog.records[0])["reason"] == "its address is private"


def test_a_fhir_server_is_read_by_the_rules_of_its_client(
    network: Network, server: FaultServer
) -> None:
    network.names[NAME] = [["127.0.0.1"]]
    server.behave = status(200, b'{"resourceType": "Patient", "id": "1"}')
    read = {}
    for rules in (SANDBOX_RULES, PUBLIC_ONLY):
        access = Access(f"http://{NAME}", TOKEN, "1", 10.0, rules=rules)
        reader = FhirReader(FhirLimits(reads=1))
        answers = reader.complete(access, PATIENTS, {"patient": failed("not sent")})
        read[rules] = answers["patient"]
    assert read[SANDBOX_RULES].state is State.ANSWERED
    assert read[PUBLIC_ONLY].state is State.FAILED
    assert "the FHIR server could not be reached" in read[PUBLIC_ONLY].reason
    assert server.accepted == 1


@pytest.mark.parametrize("behave", [status(200, b"{}"), status(404), breaks_a_header, drops])
@pytest.mark.parametrize("address", [PUBLIC, "127.0.0.1", "8.8.8.8"])
def test_nothing_of_a_url_is_logged_or_given_as_a_reason(
    network: Network,
    server: FaultServer,
    behave: Behaviour,
    address: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    network.names[NAME] = [[address]]
    server.behave = behave
    reason = ""
    try:
        fetched(URL + "?marked=1")
    except OutboundRefused as problem:
        reason = problem.reason
    assert not any(word in caplog.text + reason for word in ("marked", NAME, address))
