"""What a hospital has to know and to enter before it calls: the values of the integration sheet.

Out of the services, the settings and the client file, so that the sheet of an installation says
what holds there. No secret is in it: of a database its host, of keys where they are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cds_service.clients import Client
from cds_service.engine import Engine
from cds_service.logs import FIELDS
from cds_service.prefetch import Query
from cds_service.protocol import SPECIFICATION_VERSION
from cds_service.registration import registrations
from cds_service.service import Service
from cds_service.settings import Settings

Json = dict[str, Any]

LONGEST_ID = "x" * 64
"""https://hl7.org/fhir/R4/datatypes.html#id"""

MEDICATION = "Medication"
"""Read where an order or a prescription only refers to its drug; no key asks for it."""

SLACK_SECONDS = 0.5
"""How long a client should wait beyond the deadline: a late answer is not shown."""


def sheet(engine: Engine, settings: Settings) -> Json:
    """The whole sheet as JSON-ready values."""
    services = list(engine.services.values())
    addresses = Addresses(settings)
    clients = engine.clients.clients
    return {
        "service": _service(services, settings, addresses),
        "hooks": [_hook(each, addresses) for each in services],
        "prefetch": [_key(query, named) for query, named in _keys(services)],
        "access": list(access(query for query, _ in _keys(services))),
        "time": _time(settings, clients),
        "trust": _trust(settings, services, addresses),
        "clients": [_client(each) for each in clients],
        "outbound": list(_outbound(settings, clients)),
        "data": _data(settings),
        "registration": registrations(services, addresses.of_service, addresses.pages),
    }


@dataclass(frozen=True)
class Addresses:
    """Where the service is called."""

    settings: Settings

    @property
    def base(self) -> str:
        """As clients call it; in sandbox mode, where nobody said, as it listens."""
        settings = self.settings
        return settings.base_url.rstrip("/") or f"http://{settings.host}:{settings.port}"

    @property
    def pages(self) -> str:
        """Below which cards link to their rules: nowhere, where readers would not be let in."""
        is_open = self.settings.mode != "production" or not self.settings.protect_discovery
        return f"{self.base}/rules" if is_open else ""

    @property
    def discovery(self) -> str:
        """https://cds-hooks.hl7.org/#discovery"""
        return f"{self.base}/cds-services"

    def of_service(self, service: Service) -> str:
        """Where the hook of a service is posted to."""
        return f"{self.discovery}/{service.id}"


def _service(services: Sequence[Service], settings: Settings, addresses: Addresses) -> Json:
    return {
        "name": "als-leukemia-cds",
        "version": version("als-leukemia-cds"),
        "specification": SPECIFICATION_VERSION,
        "fhir": "R4",
        "mode": settings.mode,
        "content": list(dict.fromkeys(each.attribution.review_status for each in services)),
        "base": addresses.base,
        "baseIsSet": bool(settings.base_url),
        "discovery": addresses.discovery,
        "health": f"{addresses.base}/health",
        "ready": f"{addresses.base}/ready",
    }


def _hook(service: Service, addresses: Addresses) -> Json:
    return {
        "hook": service.hook,
        "id": service.id,
        "title": service.title,
        "description": service.description,
        "usageRequirements": service.usage_requirements,
        "url": addresses.of_service(service),
        "feedback": f"{addresses.of_service(service)}/feedback",
        "mostCards": service.card_limit,
        "rules": len(service.rules()),
    }


# -- what is asked for -----------------------------------------------------------------------------


def _keys(services: Iterable[Service]) -> list[tuple[Query, list[str]]]:
    """Each key once, with the services that ask for it as it is."""
    found: dict[tuple[str, str], tuple[Query, list[str]]] = {}
    for service in services:
        for query in service.queries:
            found.setdefault((query.key, query.template), (query, []))[1].append(service.id)
    return list(found.values())


def _key(query: Query, services: Sequence[str]) -> Json:
    return {
        "key": query.key,
        "title": query.title,
        "why": query.why,
        "required": query.required,
        "resource": query.resource_type,
        "most": None if query.is_read else query.count,
        "template": query.template,
        "length": len(query.url(LONGEST_ID)),
        "services": list(services),
    }


def access(queries: Iterable[Query]) -> Iterator[Json]:
    """https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html"""
    needed: dict[str, tuple[str, list[str]]] = {}
    for query in queries:
        may = "r" if query.is_read else "rs"
        before, keys = needed.get(query.resource_type, ("", []))
        needed[query.resource_type] = (max(before, may, key=len), [*keys, query.key])
    needed[MEDICATION] = ("r", [])
    for kind, (may, keys) in sorted(needed.items()):
        yield {
            "resource": kind,
            "interactions": ["read", "search"] if "s" in may else ["read"],
            "v1": {whose: f"{whose}/{kind}.read" for whose in _WHOSE},
            "v2": {whose: f"{whose}/{kind}.{may}" for whose in _WHOSE},
            "for": list(dict.fromkeys(keys)) or ["drugs that are only referred to"],
        }


_WHOSE = ("patient", "user", "system")


# -- time ------------------------------------------------------------------------------------------


def _time(settings: Settings, clients: Iterable[Client]) -> Json:
    own = {
        each.name: each.fhir_deadline_seconds
        for each in clients
        if each.fhir_deadline_seconds is not None
    }
    longest = max([settings.fhir_deadline_seconds, *own.values()])
    return {
        "fhirDeadlineSeconds": settings.fhir_deadline_seconds,
        "fhirDeadlineSecondsOfClients": own,
        "waitAtLeastSeconds": longest + SLACK_SECONDS,
        "mostBodyBytes": settings.max_body_bytes,
    }


# -- who calls -------------------------------------------------------------------------------------


def _trust(settings: Settings, services: Iterable[Service], addresses: Addresses) -> Json:
    # Imported here: tokens cost start-up time, which other commands need not pay.
    from cds_service import authentication

    return {
        "isAsked": settings.mode == "production",
        "discoveryIsAsked": settings.protect_discovery,
        "claims": list(authentication.REQUIRED),
        "audiences": [addresses.of_service(each) for each in services],
        "algorithms": list(Client.__struct_defaults__[_ALGORITHMS]),
        "longestSeconds": authentication.MOST_LIFETIME_SECONDS,
        "skewSeconds": authentication.SKEW_SECONDS,
        "mostBytes": authentication.MOST_TOKEN_BYTES,
        "mostIdLength": authentication.MOST_ID_LENGTH,
        "refused": [authentication.PUBLIC_SANDBOX],
    }


_ALGORITHMS = -(len(Client.__struct_fields__) - Client.__struct_fields__.index("algorithms"))
"""Fields with defaults stand behind those without."""


def _client(client: Client) -> Json:
    return {
        "name": client.name,
        "fhirServers": list(client.fhir_servers),
        "issuer": client.issuer,
        "keys": client.jwks or "as its tokens name them",
        "jku": list(client.jku),
        "algorithms": list(client.algorithms),
        "tenants": list(client.tenants),
        "profile": client.profile or "found out",
        "links": None if client.links is None else len(client.links),
    }


# -- what leaves, what stays -----------------------------------------------------------------------


def _outbound(settings: Settings, clients: Iterable[Client]) -> Iterator[Json]:
    """Everything that this service connects to, each host once for each reason."""
    for client in clients:
        for server in client.fhir_servers:
            yield _host(server, f"reads FHIR resources that prefetch lacks ({client.name})")
        for address in (client.jwks, *client.jku):
            if "://" in address:
                yield _host(address, f"reads public keys ({client.name})")
    if settings.mode != "production":
        why = "reads FHIR resources that prefetch lacks (sandbox mode asks any server)"
        yield {"host": "the `fhirServer` of any request", "why": why}
    for database in _databases(settings.store):
        yield {"host": database, "why": "its database (CDS_STORE)"}


def _databases(store: str) -> list[str]:
    """Hosts of the database; PostgreSQL takes several as `?host=one,two`. Nothing else of the URL
    is looked at: it may hold a password."""
    parts = urlsplit(store)
    named = [each for given in parse_qs(parts.query).get("host", ()) for each in given.split(",")]
    hosts = [parts.hostname, *named]
    return [each for each in hosts if each and not each.startswith("/")]


def _host(address: str, why: str) -> Json:
    parts = urlsplit(address)
    port = parts.port or (80 if parts.scheme == "http" else 443)
    return {"host": f"{parts.hostname}:{port}", "why": why}


_TABLES: Mapping[str, str] = {
    "used_tokens": "Tokens that were used, so that none counts twice",
    "calls": "Each call: when, which hook, which client, how long",
    "cards": "Each card that went out, and keyed hashes by which it stays quiet",
    "suggestions": "Each button of a card",
    "evaluations": "Each rule that did not say no",
    "missing": "Which input a rule lacked",
    "outcomes": "Each feedback: taken or set aside, and why",
    "accepted": "Which button was taken",
}


def _data(settings: Settings) -> Json:
    # Imported here: SQLAlchemy costs start-up time, which other commands need not pay.
    from cds_service.store import KEPT_LONGER
    from cds_service.tables import metadata

    minutes = int(KEPT_LONGER.total_seconds() // 60)
    tables = [] if settings.store == "none" else metadata.tables.values()
    return {
        "retentionDays": settings.retention_days,
        "store": _store(settings),
        "tables": [
            {
                "table": table.name,
                # A table that nobody has described yet is better shown by name than left out.
                "what": _TABLES.get(table.name, table.name.replace("_", " ")),
                "columns": [
                    f"{c.name} ({c.comment})" if c.comment else c.name for c in table.columns
                ],
                "kept": f"until {minutes} minutes after it expires"
                if table.name == "used_tokens"
                else f"{settings.retention_days} days",
            }
            for table in tables
        ],
        "log": list(FIELDS),
        "fhirLog": bool(settings.fhir_log),
    }


def _store(settings: Settings) -> str:
    if settings.store == "none":
        return "none"
    scheme = urlsplit(settings.store).scheme.partition("+")[0]
    return scheme or ("sqlite" if settings.mode == "sandbox" else "not set")
