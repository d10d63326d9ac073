"""The clients that call: which EHR each is, and how its FHIR server is read.

Optional: a client that no entry names is served as a generic one. One TOML file, one `[[client]]`
each, chosen by the `fhirServer` of the request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from cds_service.errors import ContentError
from cds_service.fhir_reader import Access, PatientSearch
from cds_service.outbound import SANDBOX_RULES, AddressRules
from cds_service.profiles import PROFILES, detect
from cds_service.protocol import HookRequest
from cds_service.settings import Settings
from cds_service.toml_file import read_toml


class Client(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[client]]` of the file. What is left out is as for a client that nobody named."""

    name: Annotated[str, Meta(min_length=1, description="For people and for the log.")]
    fhir_servers: Annotated[
        tuple[str, ...],
        Meta(description="Its `fhirServer` addresses, exactly as it sends them.", min_length=1),
    ]
    issuer: Annotated[str, Meta(description="`iss` of its tokens; needed in production.")] = ""
    jwks: Annotated[
        str, Meta(description="Its keys: a JWK Set, as a file or as an https address.")
    ] = ""
    jku: Annotated[
        tuple[str, ...],
        Meta(description="Addresses of key sets that its tokens may name; others are refused."),
    ] = ()
    algorithms: Annotated[
        tuple[Literal["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS384", "EdDSA"], ...],
        Meta(description="Signatures that count.", min_length=1),
    ] = ("ES384", "RS384")
    tenants: Annotated[
        tuple[str, ...], Meta(description="`tenant` must be one of these; empty: any, or none.")
    ] = ()
    audiences: Annotated[
        tuple[str, ...],
        Meta(description="Further `aud` that count; in sandbox mode only."),
    ] = ()
    private_network: Annotated[
        bool,
        Meta(description="Whether its FHIR and key servers may have private addresses."),
    ] = False
    profile: Annotated[
        str, Meta(description="generic, epic, oracle or sandbox; empty: detected.")
    ] = ""
    fhir_deadline_seconds: Annotated[
        Annotated[float, Meta(gt=0, le=30)] | None,
        Meta(description="Instead of the setting of that name."),
    ] = None
    patient_search: Annotated[
        PatientSearch | None,
        Meta(description="id: `patient=ID`; reference: `patient=Patient/ID`. Else found out."),
    ] = None
    links: Annotated[
        tuple[str, ...] | None,
        Meta(description="The links registered with the EHR; left out: not known."),
    ] = None

    def servers(self) -> list[str]:
        """Its FHIR servers as requests name them, without a slash at the end."""
        return [server.rstrip("/") for server in self.fhir_servers]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    client: list[Client]


@dataclass(frozen=True)
class Clients:
    """All clients. With `only_known`, no FHIR server is read but those of the client that calls."""

    clients: tuple[Client, ...]
    default_deadline: float
    only_known: bool = False

    @cached_property
    def _by_server(self) -> dict[str, Client]:
        return {server: client for client in self.clients for server in client.servers()}

    def of(self, request: HookRequest, caller: Client | None = None) -> Client | None:
        """The client that a request comes from: who it has shown to be, else by its FHIR server."""
        return caller or self._by_server.get(request.fhir_server or "")

    def access(self, request: HookRequest, client: Client | None) -> Access | None:
        """How the FHIR server of a request is read; None where there is none to be read."""
        server = request.fhir_server
        if server is None or (self.only_known and not _has_registered(client, server)):
            return None
        configured = client.fhir_deadline_seconds if client is not None else None
        return Access(
            server=server,
            token=request.access_token,
            patient_id=request.patient_id,
            deadline=configured if configured is not None else self.default_deadline,
            patient_search=client.patient_search if client is not None else None,
            rules=self._rules(client),
        )

    def _rules(self, client: Client | None) -> AddressRules:
        """Outside production a tester's servers have private addresses and no TLS."""
        if not self.only_known:
            return SANDBOX_RULES
        is_private = client is not None and client.private_network
        return AddressRules(https_only=True, allow_private=is_private)


def profile_of(request: HookRequest, client: Client | None) -> str:
    """The EHR profile: as configured, else as the request's extensions tell."""
    configured = client.profile if client is not None else ""
    return configured or detect(request.extension)


def _has_registered(client: Client | None, server: str) -> bool:
    return client is not None and server in client.servers()


def read_clients(settings: Settings) -> Clients:
    """The clients of the file that the settings name. Raises ContentError naming what is wrong."""
    clients = read_toml(settings.clients, "CDS_CLIENTS", _File).client if settings.clients else []
    problems = [f"{settings.clients}: {problem}" for problem in _problems(clients)]
    if problems:
        raise ContentError(*problems)
    in_production = settings.mode == "production"
    return Clients(tuple(clients), settings.fhir_deadline_seconds, only_known=in_production)


def _problems(clients: Iterable[Client]) -> Iterator[str]:
    owners: dict[str, Client] = {}
    for client in clients:
        if client.profile and client.profile not in PROFILES:
            known = ", ".join(PROFILES)
            yield f"client {client.name}: profile {client.profile} is none of {known}"
        names = (f"the name {client.name}", f"the issuer {client.issuer}" if client.issuer else "")
        for own in filter(None, (*names, *client.servers())):
            other = owners.setdefault(own, client)
            if other is not client:
                yield f"clients {other.name} and {client.name} share {own}"
