"""What the settings of this process are good for, before a client finds out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from types import ModuleType

import click
import msgspec

from cds_service import approvals, fhir_log, governance, local_limits
from cds_service.clients import read_clients
from cds_service.command_line import FOUND, json_option, print_json, styled
from cds_service.engine import load_content, load_engine, site_limits
from cds_service.errors import CDSError, ContentError
from cds_service.outbound import fetch
from cds_service.settings import Settings, read_settings


@click.command(short_help="Check settings and what they name, as the start does.")
@click.option(
    "--production", "as_production", is_flag=True, help="Check as if CDS_MODE were production."
)
@json_option
def doctor(as_production: bool, as_json: bool) -> None:
    """Check the settings, and all that they name, as the start of the service does.

    In production that includes opening the database and reading the clients' keys. Exit status 1
    when something is missing.

    \b
    Examples:
      als-leukemia-cds doctor
      CDS_CLIENTS=clients.toml als-leukemia-cds doctor --production
    """
    problems, remarks = _examine(as_production)
    if as_json:
        print_json({"problems": problems, "remarks": remarks})
    else:
        for problem in problems:
            click.echo(f"{styled('missing:', fg='red', bold=True)} {problem}")
        for remark in remarks:
            click.echo(f"{styled('note:', fg='yellow')}    {remark}")
        done = styled("Nothing is missing.", fg="green", bold=True)
        click.echo(done if not problems else f"{len(problems)} missing.")
    if problems:
        raise SystemExit(FOUND)


def _examine(as_production: bool) -> tuple[list[str], list[str]]:
    try:
        settings = read_settings()
        content = load_content(settings.content)
    except CDSError as problem:
        return list(problem.problems), []
    if as_production:
        settings = msgspec.structs.replace(settings, mode="production")
    if settings.mode != "production":
        remarks = [
            "sandbox mode: everybody is answered, no rule needs approval",
            *fhir_log.problems(settings.fhir_log),
        ]
        remarks += [*_switched(settings, content), *_set_here(settings, content)]
        return _starts(content, settings), remarks
    from cds_service import production

    today = _now().date()
    problems = production.lacking(settings, content.SERVICES, today)
    # What follows needs all that was checked before.
    problems = problems or _starts(content, settings)
    problems = problems or [*local_limits.dated_later(site_limits(content, settings), today)]
    problems = problems or [*_reached(settings)]
    remarks = [*_remarks(settings, content), *_switched(settings, content)]
    return problems, [*remarks, *_set_here(settings, content)]


def _starts(content: ModuleType, settings: Settings) -> list[str]:
    try:
        load_engine(content, settings)
    except CDSError as problem:
        return list(problem.problems)
    return []


def _reached(settings: Settings) -> Iterator[str]:
    """The store opens, and the keys of every client can be had."""
    # Imported here, so that other commands start without a database and tokens.
    from cds_service.authentication import Authenticator
    from cds_service.store import Store

    try:
        store = Store(settings.store, _now)
    except CDSError as problem:
        yield from problem.problems
        return
    clients, fetcher = read_clients(settings), partial(fetch, ca_bundle=settings.ca_bundle)
    door = Authenticator(clients, settings.base_url, settings.mode, store, _now, fetch=fetcher)
    door.load()
    yield from (f"client {name}: {reason}" for name, reason in door.lacking().items())
    store.close()


def _now() -> datetime:
    return datetime.now(UTC)


def _switched(settings: Settings, content: ModuleType) -> Iterator[str]:
    """Rules that are off or silent; what is wrong with the file is among the problems."""
    if not settings.switches:
        return
    try:
        clients = read_clients(settings)
        switches = governance.read_switches(settings.switches, content.SERVICES, clients)
    except CDSError:
        return
    yield from governance.remarks(switches, content.SERVICES)


def _set_here(settings: Settings, content: ModuleType) -> Iterator[str]:
    """Limits that the site has changed; what is wrong with the file is among the problems."""
    try:
        limits = site_limits(content, settings)
    except CDSError:
        return
    yield from local_limits.remarks(limits)


_NAMED = 5
"""Rules that one line names: before anything is approved it would name all of them."""


def _remarks(settings: Settings, content: ModuleType) -> Iterator[str]:
    if not settings.operator_token:
        yield "CDS_OPERATOR_TOKEN is not set: there is no /insight and there are no /metrics"
    if not settings.quiet:
        yield "CDS_QUIET is false: a card shows again right after it was overridden"
    elif not settings.hash_key:
        yield "CDS_HASH_KEY is not set: a card shows again right after it was overridden"
    try:
        signed = approvals.read_approvals(settings.approvals) if settings.approvals else []
    except ContentError:
        return
    today = _now().date()
    off = approvals.not_approved(content.SERVICES, signed, today)
    if off:
        some = ", ".join(off[:_NAMED])
        rest = f" and {len(off) - _NAMED} more (`rules` says which)" if len(off) > _NAMED else ""
        yield f"{len(off)} rules are not approved and stay silent: {some}{rest}"
    yield from approvals.remarks(signed, content.SERVICES, today)
