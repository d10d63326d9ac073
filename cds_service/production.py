"""What production needs and lacks, all of it at once: for the start, and for `doctor`.

A service that half works would answer hospitals without knowing who asks, or with content that
nobody has approved; so it does not start until nothing is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from cds_service import approvals, authentication, fhir_log, governance
from cds_service.clients import read_clients
from cds_service.errors import CDSError
from cds_service.service import Service
from cds_service.settings import Settings

Network = IPv4Network | IPv6Network


def lacking(settings: Settings, services: Sequence[Service], today: date) -> list[str]:
    """What keeps these settings from production; empty when nothing does.

    Reads the files that the settings name. The store is opened elsewhere.
    """
    return [
        *_address(settings.base_url),
        *_clients(settings),
        *_approvals(settings, services, today),
        *_switches(settings, services),
        *_store(settings),
        *fhir_log.problems(settings.fhir_log),
        *_origins(settings),
        *_proxies(settings),
    ]


def _address(base_url: str) -> Iterator[str]:
    if not base_url:
        yield "CDS_BASE_URL: give the https address that clients call, without /cds-services"
        return
    try:
        parts = urlsplit(base_url)
        is_plain = bool(parts.hostname) and not (parts.query or parts.fragment or parts.username)
        _ = parts.port
    except ValueError:
        is_plain, parts = False, urlsplit("")
    if parts.scheme != "https" or not is_plain or base_url.endswith(("/", "/cds-services")):
        yield f"CDS_BASE_URL={base_url}: must be an https address, without /cds-services at its end"


def _clients(settings: Settings) -> Iterator[str]:
    if not settings.clients:
        yield "CDS_CLIENTS: name the TOML file with the EHRs that may call"
        return
    try:
        known = read_clients(settings).clients
    except CDSError as problem:
        yield from problem.problems
        return
    if not known:
        yield f"{settings.clients}: no client is described"
    for client in known:
        yield from authentication.problems(client)
        for server in client.fhir_servers:
            if not server.startswith("https://"):
                yield f"client {client.name}: fhir_servers: {server} is not https"


def _approvals(settings: Settings, services: Sequence[Service], today: date) -> Iterator[str]:
    if not settings.approvals:
        yield "CDS_APPROVALS: name the TOML file with the rules that this site has approved"
        return
    try:
        signed = approvals.read_approvals(settings.approvals)
    except CDSError as problem:
        yield from problem.problems
        return
    found = approvals.problems(signed, services, today)
    yield from (f"{settings.approvals}: {problem}" for problem in found)


def _switches(settings: Settings, services: Sequence[Service]) -> Iterator[str]:
    if not settings.switches:
        return
    try:
        governance.read_switches(settings.switches, services, read_clients(settings))
    except CDSError as problem:
        # What is wrong with the clients is said where they are.
        yield from (each for each in problem.problems if settings.switches in each)


def _store(settings: Settings) -> Iterator[str]:
    if settings.store in ("", "none"):
        yield "CDS_STORE: name the database that remembers used tokens"
    elif _is_far(settings.store) and not re.search(_BY_TLS, settings.store):
        # The address is not repeated: it may hold a password.
        yield "CDS_STORE: a database on another machine needs ?sslmode=verify-full (or require)"


_BY_TLS = r"[?&]sslmode=(require|verify-ca|verify-full)(&|$)"


def _is_far(store: str) -> bool:
    """Whether the database is reached over a network."""
    try:
        host = urlsplit(store).hostname
    except ValueError:
        return True
    return host not in (None, "localhost", "127.0.0.1", "::1")


def _origins(settings: Settings) -> Iterator[str]:
    for origin in settings.cors_origins.split():
        if not origin.startswith("https://") or urlsplit(origin).path:
            yield f"CDS_CORS_ORIGINS: {origin} is no https origin such as https://ehr.example"


def _proxies(settings: Settings) -> Iterator[str]:
    if not settings.trusted_proxies.split():
        yield "CDS_TRUSTED_PROXIES: name the proxies that end TLS in front of this service"
    try:
        named = networks(settings.trusted_proxies)
    except ValueError as problem:
        yield f"CDS_TRUSTED_PROXIES: {problem}"
        return
    yield from (
        f"CDS_TRUSTED_PROXIES: {each} is everybody, not the proxies"
        for each in named
        if each.prefixlen == 0
    )


def networks(text: str) -> list[Network]:
    """Addresses and networks separated by blanks. Raises ValueError naming one that is neither."""
    return [ip_network(each) for each in text.split()]


def is_in(address: str, known: Iterable[Network]) -> bool:
    """Whether an address is in one of the networks; what is no address is in none."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in network for network in known)
