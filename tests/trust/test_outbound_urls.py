"""Which URLs are asked at all: one way to write a host, and no address that the rules exclude."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st
from urllib3.util import parse_url

from cds_service.outbound import SANDBOX_RULES, AddressRules, OutboundRefused, check_url
from tests.trust.addresses import EVERY_NEVER, PRIVATE, PUBLIC, as_host

STRICT = AddressRules(https_only=True, allow_private=False)
OWN_NETWORK = AddressRules(https_only=True, allow_private=True)

GOOD = (
    "https://fhir.hospital.example/r4",
    "https://fhir.hospital.example",
    "https://fhir.hospital.example?patient=1",
    "HTTPS://FHIR.Hospital.Example:443/r4",
    "https://fhir.hospital.example:8443/r4/Condition?patient=1&code=http://snomed.info/sct%7C1",
    "https://xn--mnchen-3ya.example/fhir",
    "https://fhir_server/r4",
    "https://4ever.example/r4",
    "https://0x7f.example/r4",
    "https://fhir.hospital.example/r4/a@b",
    "https://fhir.hospital.example/Patient?name=a b",
    "https://fhir.hospital.example/Patient?name=ä",
)

OTHER_SCHEMES = (
    *("gopher://fhir.example:70/_GET", "file:///etc/passwd", "file://fhir.example/etc/passwd"),
    *("ftp://fhir.example/", "dict://fhir.example:11211/", "ldap://fhir.example/", "data:,x"),
    *("jar:https://fhir.example!/", "javascript:alert(1)", "httpss://fhir.example/", "ws://a.b/"),
)
NO_HOST = (
    *("", "https", "https:", "https:/fhir.example", "https:fhir.example", "//fhir.example/"),
    *("https://", "https:///fhir.example", "https://?a", "https://:443/", "fhir.example", "/r4"),
)
TWO_READINGS = (
    *("https://fhir.example@evil.example/", "https://fhir.example:443@evil.example/"),
    *("https://user:password@fhir.example/", "https://@fhir.example/", "https://a@b@c.example/"),
    *("https://fhir.example#@evil.example/", "https://fhir.example/#@evil.example"),
    *(
        "https://fhir.example\\@evil.example/",
        "https://fhir.example/\\..",
        "https:\\\\fhir.example",
    ),
    *("https://fhir.example%40evil.example/", "https://fhir.example%2eevil/", "https://[fhir]/"),
    *("https://fhir.example&@evil.example/", "https://fhir.example;evil.example/"),
    *("https://fhir.ex\tample/", "https://fhir.example\r\nHost: evil/", "ht\ntps://fhir.example/"),
    *(
        " https://fhir.example/",
        "https:// fhir.example/",
        "https://fhir .example/",
        "\x00https://a/",
    ),
    *("https://fhir.example/\x00", "https://fhir.example/\x7f", "https://fhir.example/\n"),
)
NO_NAMES = (
    *("https://fhir.example./", "https://.fhir.example/", "https://fhir..example/", "https://./"),
    f"https://{'a' * 64}.example/",
    f"https://{'a.' * 130}example/",
)
NOT_ASCII = (
    *(
        "https://fhír.example/",
        "https://fhir。example/",
        "https://１２７.0.0.1/",
        "https://ⓐ.example/",
    ),
    # Characters that are equal to s, k and i where case is ignored.
    *("http\u017f://fhir.example/", "https://fhir.e\u212a.example/", "https://f\u0130.example/"),
    *("https://fhir.example:８０/", "https://fhir\u00ad.example/", "https://fhir\u200b.example/"),
)
PORTS = (
    *("https://fhir.example:0/", "https://fhir.example:65536/", "https://fhir.example:99999/"),
    *("https://fhir.example:100443/", "https://fhir.example:-1/", "https://fhir.example:/"),
    *("https://fhir.example:443:80/", "https://fhir.example:4a/", "https://fhir.example: 80/"),
)
ODD_ADDRESSES = (
    *("https://2130706433/", "https://0x7f000001/", "https://017700000001/", "https://127.1/"),
    *("https://0x7f.1/", "https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://127.0.0.01/"),
    *(
        "https://127.0.1/",
        "https://127.0.0.0x1/",
        "https://127.0.0.1./",
        "https://0/",
        "https://0x/",
    ),
    *("https://8.8.8.8.8/", "https://256.8.8.8/", "https://134744072/", "https://8.8.8.0x8/"),
    *("https://[::1/", "https://::1/", "https://[::1]extra/", "https://[]/", "https://[:::]/"),
    *("https://[fe80::1%25eth0]/", "https://[fe80::1%eth0]/", "https://[8.8.8.8]/"),
    *("https://[::ffff:127.1]/", "https://[v1.fe80]/", "https://[[::1]]/", "https://[1:2:3]/"),
)
BAD = (
    *OTHER_SCHEMES,
    *NO_HOST,
    *TWO_READINGS,
    *NO_NAMES,
    *NOT_ASCII,
    *PORTS,
    *ODD_ADDRESSES,
)


def is_refused(url: str, rules: AddressRules) -> bool:
    try:
        check_url(url, rules)
    except OutboundRefused:
        return True
    return False


@pytest.mark.parametrize("url", GOOD)
def test_a_plain_url_is_asked(url: str) -> None:
    assert not is_refused(url, STRICT)


@pytest.mark.parametrize("url", BAD)
def test_a_url_in_any_other_form_is_refused_by_all_rules(url: str) -> None:
    assert is_refused(url, STRICT)
    assert is_refused(url.replace("https:", "http:", 1), SANDBOX_RULES)


@pytest.mark.parametrize("url", ["http://fhir.hospital.example/r4", "HTTP://8.8.8.8/"])
def test_http_is_refused_where_the_rules_want_https(url: str) -> None:
    assert is_refused(url, STRICT)
    assert is_refused(url, OWN_NETWORK)
    assert not is_refused(url, AddressRules(https_only=False, allow_private=False))


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_asked(address: str) -> None:
    assert not is_refused(f"https://{as_host(address)}/r4", STRICT)


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_asked_only_where_the_rules_allow_it(address: str) -> None:
    assert is_refused(f"https://{as_host(address)}/r4", STRICT)
    assert not is_refused(f"https://{as_host(address)}/r4", OWN_NETWORK)


@pytest.mark.parametrize("address", EVERY_NEVER)
def test_an_address_that_no_server_has_is_refused_by_all_rules(address: str) -> None:
    assert is_refused(f"https://{as_host(address)}/r4", OWN_NETWORK)
    assert is_refused(f"https://{as_host(address.upper())}:8080/r4", STRICT)


@pytest.mark.parametrize("url", [*BAD, f"https://{as_host(PRIVATE[0])}/marked"])
def test_a_reason_holds_nothing_of_the_url(url: str) -> None:
    with pytest.raises(OutboundRefused) as problem:
        check_url(url, STRICT)
    reasons = {
        "its IP address is not written in the usual form",
        "its address has a port that does not exist",
        "its address has no valid host name",
        "its address is of a kind that no server has",
        "its address is private",
        "its address is not of the form http(s)://host:port/path, without user and fragment",
    }
    assert problem.value.reason in reasons


PIECES = st.sampled_from(
    [
        *("fhir.example", "evil.example", "127.0.0.1", "[::1]", "8.8.8.8", "EHR", "xn--", "_"),
        *(":443", ":80", "%40", "%2e", "%00", "..", "//", "http://", "\u017f", "\u212a", "。", "ä"),
        *"@:/?#\\.[]%&;= \t\n\x00-x0a91",
    ]
)
URLS = st.tuples(
    st.sampled_from(["http://", "https://", "HTTP://"]),
    st.sampled_from(["", "fhir.example", "127.0.0.1", "[::1]", "fhir_server:8080"]),
    st.lists(PIECES, max_size=6).map("".join),
).map("".join)


@given(URLS)
@example("https://fhir.example/a@evil.example")
@example("https://fhir.example?@evil.example")
def test_every_parser_finds_the_same_host_in_a_url_that_is_asked(url: str) -> None:
    if is_refused(url, SANDBOX_RULES):
        return
    sent = requests.Request("GET", url).prepare().url
    assert sent is not None
    assert not is_refused(sent, SANDBOX_RULES)
    hosts = {
        (urlsplit(url).hostname, urlsplit(url).port),
        (urlsplit(sent).hostname, urlsplit(sent).port),
        ((parse_url(url).host or "").lower().strip("[]"), parse_url(url).port),
    }
    assert len(hosts) == 1
