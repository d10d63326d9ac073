"""Everything that leaves this machine: to addresses that the rules allow, in bounded time and size.

The URLs come from others (`fhirServer`, `next` links, `jku`) and may be made to reach what only
this machine reaches. So a URL is read strictly, a name is resolved once for each connection, every
address that it has is judged, and the connection goes to an address that was judged. No redirect is
followed, no proxy or cookie of the environment is used, no URL and no token is logged.
"""

from __future__ import annotations

import logging
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from itertools import product
from typing import Any

import requests
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from cds_service.errors import ContentError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class OutboundRefused(Exception):
    """A URL that is not asked, or whose answer is not taken.

    `reason` says why, as what follows a name: "its address is private". It holds no part of a URL.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class AddressRules:
    """What may be connected to. `allow_private`: also a hospital's own network, and loopback."""

    https_only: bool
    allow_private: bool


SANDBOX_RULES = AddressRules(https_only=False, allow_private=True)
"""Whatever a developer's machine may have to talk to; never a cloud's metadata."""


# -- addresses -------------------------------------------------------------------------------------


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(map(ip_network, texts))


_PRIVATE = _networks(
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),
    *("127.0.0.0/8", "::1/128"),
    "100.64.0.0/10",  # Shared behind a provider's NAT; clouds give it to their containers.
)

_UNICAST = (*_networks("0.0.0.0/0", "2000::/3"), *_PRIVATE)
"""All that is handed out: https://www.iana.org/assignments/ipv6-address-space"""

_NEVER = _networks(
    # Of no use, or not for one host: https://www.iana.org/assignments/iana-ipv4-special-registry
    *("0.0.0.0/8", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24"),
    *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "2001:db8::/32", "3fff::/20"),
    # Tunnels (6to4 and its relays, Teredo) lead to IPv4 addresses that nobody has judged.
    *("192.88.99.0/24", "2002::/16", "2001::/23"),
    "169.254.0.0/16",  # Link-local: where most clouds keep a machine's credentials.
    # And where others keep them, within private or even public networks.
    "100.100.100.200/32",  # Alibaba Cloud
    "168.63.129.16/32",  # Azure
    "fd00:ec2::/32",  # AWS: metadata, credentials of containers, resolver, clock
    "fd20:ce::254/128",  # Google Cloud
    "fd00:c1::a9fe:a9fe/128",  # Oracle Cloud
    "fd00:42::42/128",  # Scaleway
    "fd00:a9fe:a9fe::1/128",  # Linode
    "fd00:100::100:200/128",  # Alibaba Cloud
)

_NAT64 = IPv6Network("64:ff9b::/96")
"""IPv4 as a network without it sees it: https://www.rfc-editor.org/rfc/rfc6052"""


def _check_address(text: str, rules: AddressRules) -> None:
    """Raises OutboundRefused unless the rules allow a connection to this address."""
    address = _meant(ip_address(text))
    if _is_in(address, _NEVER) or not _is_in(address, _UNICAST):
        raise OutboundRefused("its address is of a kind that no server has")
    if _is_in(address, _PRIVATE) and not rules.allow_private:
        raise OutboundRefused("its address is private")


def _is_in(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)


def _meant(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that stands for it."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


# -- URLs ------------------------------------------------------------------------------------------

_URL = re.compile(
    r"(https?)://(\[[0-9a-f:.]+\]|[0-9a-z_.-]+)(?::([0-9]{1,5}))?(?:[/?].*)?",
    re.ASCII | re.DOTALL | re.IGNORECASE,
)
_MISREAD = re.compile(r"[\x00-\x1f\x7f\\#]")
"""What parsers drop (tabs, ends of line) or disagree on (where a host ends)."""
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII | re.IGNORECASE)
"""A last label that makes a host an IPv4 address: https://url.spec.whatwg.org/#host-parsing"""


def check_url(url: str, rules: AddressRules) -> None:
    """Raises OutboundRefused unless the rules allow to ask this URL, as far as its text tells.

    There is one way to write a host here: whatever parsers might read in two ways is refused.
    """
    parts = _URL.fullmatch(url)
    if parts is None or _MISREAD.search(url):
        raise OutboundRefused(
            "its address is not of the form http(s)://host:port/path, without user and fragment"
        )
    scheme, host, port = parts.groups()
    if rules.https_only and scheme.lower() != "https":
        raise OutboundRefused("its address is not https")
    if port is not None and not 0 < int(port) < 65536:
        raise OutboundRefused("its address has a port that does not exist")
    _check_host(host, rules)


def _check_host(host: str, rules: AddressRules) -> None:
    labels = host.split(".")
    is_address = host.startswith("[") or _NUMERIC.fullmatch(labels[-1])
    if not is_address:
        if len(host) > 253 or not all(0 < len(label) < 64 for label in labels):
            raise OutboundRefused("its address has no valid host name")
        return
    try:
        # Four decimal numbers; not 127.1, 0x7f.0.0.1, 0177.0.0.1 or 2130706433.
        literal = IPv6Address(host[1:-1]) if host.startswith("[") else IPv4Address(host)
    except ValueError as problem:
        raise OutboundRefused("its IP address is not written in the usual form") from problem
    _check_address(str(literal), rules)


# -- time and size ---------------------------------------------------------------------------------


class Deadline:
    """When the reads of one call end, where they may go, and the connections to cut at the end.

    A socket's own timeout counts from byte to byte: a server that sends one now and then would
    hold its thread for ever. `cut` ends such a read wherever it is.
    """

    def __init__(self, seconds: float, rules: AddressRules) -> None:
        self.rules = rules
        self._ends = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._open: dict[int, socket.socket] = {}
        self._is_cut = False
        self.requests = 0
        """How many were sent for this call, tries that failed included."""

    def count_request(self) -> None:
        """One more is sent."""
        with self._lock:
            self.requests += 1

    def left(self) -> float:
        """Seconds until the end; none or fewer when it is past."""
        return self._ends - time.monotonic()

    def timeout(self, shares: int = 1) -> float:
        """What is left, or a share of it, as a timeout for a socket: that of 0 would mean none."""
        return max(_SHORTEST, self.left() / shares)

    def watch(self, connection: socket.socket) -> None:
        """The socket on which this thread is reading; the one that the deadline finds it at."""
        with self._lock:
            self._open[threading.get_ident()] = connection
            if self._is_cut:
                _shut(connection)

    def unwatch(self) -> None:
        """This thread has read what it wanted."""
        with self._lock:
            self._open.pop(threading.get_ident(), None)

    def cut(self) -> None:
        """End every read that is still going on."""
        with self._lock:
            self._is_cut = True
            for connection in self._open.values():
                _shut(connection)
            self._open.clear()


_SHORTEST = 0.001
"""Seconds."""


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # It has just been closed by the other side.
        connection.shutdown(socket.SHUT_RDWR)


@dataclass(slots=True)
class Allowance:
    """How many bytes one question may still bring, over all its answers."""

    left: int

    def body(self, response: requests.Response) -> bytes | None:
        """What the response brings; None where that is more than is left."""
        received = bytearray()
        for chunk in response.iter_content(_CHUNK):
            self.left -= len(chunk)
            if self.left < 0:
                return None
            received += chunk
        return bytes(received)


_CHUNK = 64 * 1024


# -- connections -----------------------------------------------------------------------------------

_thread = threading.local()
"""`deadline`: that of the read which this thread does, for the connections it opens."""

_lookups = ThreadPoolExecutor(64, thread_name_prefix="resolve")
"""A resolver knows no timeout: who waits for it here can stop waiting."""

_Place = tuple[int, int, int, str, Any]
"""As getaddrinfo gives it: family, type, protocol, name, address."""


def _places(host: str, port: int, deadline: Deadline) -> list[_Place]:
    """Where a host is. Raises OutboundRefused where one of the addresses is not allowed."""
    lookup = _lookups.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        places: list[_Place] = list(lookup.result(deadline.timeout()))
    except TimeoutError:
        lookup.cancel()
        raise
    for place in places:
        _check_address(place[4][0], deadline.rules)
    return places


def _dial(places: list[_Place], deadline: Deadline) -> socket.socket:
    """A connection to the first of the places that takes it. Raises OSError."""
    failure = OSError("a name without addresses")
    for number, (family, kind, protocol, _, address) in enumerate(places):
        connection = socket.socket(family, kind, protocol)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.settimeout(deadline.timeout(len(places) - number))
            connection.connect(address)
        except OSError as problem:
            connection.close()
            failure = problem
        else:
            connection.settimeout(deadline.timeout())
            return connection
    raise failure


class _Guarded(HTTPConnection):
    """Judged before it is opened, then watched.

    The socket itself is watched: a connection forgets it once a response will close it. The name
    in the certificate is still compared with the host's, not with the address.
    """

    def _new_conn(self) -> socket.socket:
        deadline: Deadline = _thread.deadline
        try:
            return _dial(_places(self.host, self.port, deadline), deadline)
        except TimeoutError as problem:
            raise ConnectTimeoutError(self, "no connection in time") from problem
        except OSError as problem:
            raise NewConnectionError(self, "no connection") from problem

    def connect(self) -> None:
        super().connect()  # A TLS handshake as a whole is held to the socket's timeout.
        _thread.deadline.watch(self.sock)

    def request(self, *args: Any, **kwargs: Any) -> None:
        # A connection that is used again does not connect again.
        if self.sock is not None:
            _thread.deadline.watch(self.sock)
        super().request(*args, **kwargs)


class _GuardedTLS(_Guarded, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Guarded


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTLS


class _Adapter(requests.adapters.HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}


class _Session(requests.Session):
    """Keeps connections apart by the rules they were opened under."""

    def __init__(self, connections: int, ca_bundle: str) -> None:
        super().__init__()
        self.adapters.clear()
        self.trust_env = False
        self.verify = ca_bundle or True
        # A cookie of one user's session must not come with another user's token.
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._adapters = {
            AddressRules(*rules): _Adapter(pool_connections=16, pool_maxsize=connections)
            for rules in product((False, True), repeat=2)
        }

    def get_adapter(self, url: str | bytes) -> _Adapter:
        """That of the rules in force; judges the URL as it will be sent."""
        rules = _thread.deadline.rules
        check_url(str(url), rules)
        return self._adapters[rules]

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere: not even who asks for redirects to be followed gets there."""

    def close(self) -> None:
        """Close all connections that are kept."""
        for adapter in self._adapters.values():
            adapter.close()


# -- what the others use ---------------------------------------------------------------------------


def session(connections: int, ca_bundle: str = "") -> requests.Session:
    """Keeps up to so many connections to each server, to be used again; for `get` only.

    `ca_bundle` names a file of CA certificates that count instead of the public ones. Raises
    ContentError where it holds none.
    """
    # urllib3 logs the URL, and with it the patient's id, of a header that it cannot read.
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    if ca_bundle:
        try:
            ssl.create_default_context(cafile=ca_bundle)
        except OSError as problem:
            raise ContentError(f"{ca_bundle}: is no file of CA certificates (PEM)") from problem
    return _Session(connections, ca_bundle)


@contextmanager
def get(
    kept: requests.Session, url: str, headers: Mapping[str, str], deadline: Deadline
) -> Iterator[requests.Response]:
    """The answer to one GET, its body yet to be read. Raises OutboundRefused, or as requests does.

    The caller reads within the context, and sees to it that the deadline is cut at its end.
    """
    check_url(url, deadline.rules)  # Before it is prepared for sending, which repairs much.
    _thread.deadline = deadline
    try:
        with kept.get(
            url,
            headers=headers,
            timeout=deadline.timeout(),
            allow_redirects=False,
            stream=True,
        ) as response:
            yield response
    finally:
        deadline.unwatch()
        del _thread.deadline


def fetch(
    url: str, rules: AddressRules, seconds: float, max_bytes: int, ca_bundle: str = ""
) -> bytes:
    """The body of a 200, such as a key set. Raises OutboundRefused for everything else."""
    deadline = Deadline(seconds, rules)
    end = threading.Timer(seconds, deadline.cut)
    end.daemon = True
    end.start()
    try:
        with session(1, ca_bundle) as once, get(once, url, _KEY_SET, deadline) as response:
            if response.status_code != 200:
                raise OutboundRefused(f"it answered {response.status_code}")
            body = Allowance(max_bytes).body(response)
    except (OSError, ValueError) as problem:  # All that requests raises, and bad headers.
        late = deadline.left() <= 0 or isinstance(problem, requests.Timeout)
        raise OutboundRefused(_LATE if late else "it could not be reached") from problem
    finally:
        end.cancel()
    if body is None:
        raise OutboundRefused("its answer is too large")
    if deadline.left() <= 0:
        # What ends by being cut may look like a whole answer.
        raise OutboundRefused(_LATE)
    return body


_LATE = "it did not answer in time"
_KEY_SET = {"Accept": "application/jwk-set+json, application/json"}
