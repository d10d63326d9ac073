"""All settings, typed, read once at start from environment variables named CDS_*.

HOST and PORT are read too, because platforms set them. Every setting can also be given by a file,
with _FILE behind its name. A value that does not fit stops the start
with one message naming the variable.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from cds_service.errors import ContentError

PREFIX = "CDS_"
FROM_FILE = "_FILE"
"""CDS_STORE_FILE=/run/secrets/store gives CDS_STORE by a file: secrets need no environment."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Defaults are those of sandbox mode on one machine."""

    host: Annotated[str, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to listen on; 0 picks one.")] = 8080
    mode: Annotated[
        Literal["sandbox", "production"],
        Meta(
            description="sandbox: no authentication, all rules. production: known clients and "
            "approved rules only; starts only when nothing is missing (see `doctor`)."
        ),
    ] = "sandbox"
    base_url: Annotated[
        str,
        Meta(
            description="Address under which clients call, up to but without `/cds-services`: the "
            "`aud` of their tokens begins with it. Production needs it, with https."
        ),
    ] = ""
    protect_discovery: Annotated[
        bool, Meta(description="Whether discovery asks for a token too (production).")
    ] = False
    approvals: Annotated[
        str, Meta(description="TOML file of approved rules; production shows no others.")
    ] = ""
    switches: Annotated[
        str,
        Meta(
            description="TOML file of rules that are off or silent, read again while the service "
            "runs; empty: none."
        ),
    ] = ""
    store: Annotated[
        str,
        Meta(
            description="Database, as an SQLAlchemy URL: `sqlite:///cds.sqlite3`, "
            "`postgresql+psycopg://user:password@host/name`; empty: in sandbox mode `serve` keeps "
            "`data/cds.sqlite3` below the folder it is started in; `none`: none (sandbox only)."
        ),
    ] = ""
    retention_days: Annotated[
        int, Meta(ge=2, le=3650, description="Days that calls, cards and feedback are kept.")
    ] = 400
    hash_key: Annotated[
        str,
        Meta(
            min_length=32,
            description="Secret of at least 32 characters for keyed hashes, the same for all "
            "instances; empty: in sandbox mode one is kept beside an SQLite store, else no card "
            "stays quiet.",
        ),
    ] = ""
    quiet: Annotated[
        bool, Meta(description="Whether a card stays quiet for a while after it was overridden.")
    ] = True
    operator_token: Annotated[
        str,
        Meta(
            min_length=32,
            description="Secret of at least 32 characters that opens /insight and /metrics, as "
            "Bearer token or as password; empty: open in sandbox mode, closed in production.",
        ),
    ] = ""
    fhir_log: Annotated[
        str,
        Meta(
            description="File to which AuditEvent and GuidanceResponse are appended (NDJSON); it "
            "names patients and users by id. Empty: none."
        ),
    ] = ""
    thresholds: Annotated[
        str, Meta(description="TOML file of the site's own limits and windows; empty: none.")
    ] = ""
    cors_origins: Annotated[
        str,
        Meta(
            description="Origins of browser clients, separated by blanks; `*`: any (sandbox only). "
            "Empty: `*` in sandbox mode, none in production."
        ),
    ] = ""
    trusted_proxies: Annotated[
        str,
        Meta(
            description="Addresses or networks of the proxies that end TLS, separated by blanks. "
            "Production answers nobody else but for /health and /ready."
        ),
    ] = ""
    content: Annotated[str, Meta(description="Package that holds the clinical content.")] = "hooks"
    site_value_sets: Annotated[
        str, Meta(description="Folder with the site's own value sets; empty: none.")
    ] = ""
    clients: Annotated[
        str, Meta(description="TOML file that describes the calling EHRs; empty: none.")
    ] = ""
    workers: Annotated[int, Meta(ge=1, le=64, description="Worker processes.")] = 1
    threads: Annotated[int, Meta(ge=1, le=256, description="Requests at once per worker.")] = 16
    max_body_bytes: Annotated[
        int, Meta(ge=1024, description="Largest request body that is read, in bytes.")
    ] = 32 * 1024 * 1024
    ca_bundle: Annotated[
        str,
        Meta(
            description="File of CA certificates (PEM) for FHIR and key servers, instead of the "
            "public ones; empty: those."
        ),
    ] = ""
    fhir_deadline_seconds: Annotated[
        float, Meta(gt=0, le=30, description="Time for all reads from the FHIR server together.")
    ] = 2.0
    fhir_max_response_bytes: Annotated[
        int, Meta(ge=1024, description="Most bytes read from a FHIR server for one prefetch key.")
    ] = 16 * 1024 * 1024


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. Raises ContentError naming the variable that does not fit."""
    source = os.environ if environment is None else environment
    names = {PREFIX + field.upper() for field in Settings.__struct_fields__}
    names |= {name + FROM_FILE for name in names}
    known = {field: source.get(PREFIX + field.upper()) for field in Settings.__struct_fields__}
    for platform_name in ("HOST", "PORT"):
        known[platform_name.lower()] = known[platform_name.lower()] or source.get(platform_name)
    unknown = sorted(name for name in source if name.startswith(PREFIX) and name not in names)
    if unknown:
        raise ContentError(*(f"{name} is no setting of this service" for name in unknown))
    for field in known:
        known[field] = known[field] or _from_file(source, PREFIX + field.upper() + FROM_FILE)
    if not known["mode"] and {f"{PREFIX}MODE", f"{PREFIX}MODE{FROM_FILE}"} & source.keys():
        # A variable that was never filled in must not let everybody in.
        raise ContentError(f"{PREFIX}MODE is empty: write sandbox or production")
    given = {field: value for field, value in known.items() if value}
    try:
        settings = msgspec.convert(given, Settings, strict=False)
    except msgspec.ValidationError as problem:
        said, _, field = str(problem).partition(" - at `$.")
        name = PREFIX + field.rstrip("`").upper()
        raise ContentError(f"{name} does not fit: {said} (docs/configuration.md)") from problem
    return settings


def _from_file(source: Mapping[str, str], name: str) -> str | None:
    path = source.get(name)
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise ContentError(f"{name}: the file {path} cannot be read") from problem
