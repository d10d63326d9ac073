"""`insight`: the figures of the store as rows, for programs and spreadsheets."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from cds_service.completion import offer_rules
from cds_service.default_store import FILE, FOLDER
from cds_service.insight import read_filter, read_period
from cds_service.settings import Settings, read_settings


@click.command(short_help="Print what the advice did, by rule and week.")
@click.option("--from", "first", metavar="DAY", help="The first day, or week such as 2026-W03.")
@click.option("--to", "last", metavar="DAY", help="The last one. Default: today.")
@click.option("--rule", help="One rule alone.", shell_complete=offer_rules)
@click.option("--hook", help="One hook alone.")
@click.option("--client", help="One client alone; (unnamed): calls without one.")
@click.option("--rows", type=click.Choice(("rules", "calls")), default="rules", show_default=True)
@click.option(
    "--format",
    "kind",
    type=click.Choice(("csv", "ndjson", "json")),
    default="csv",
    show_default=True,
    help="json has everything, with warnings of drift.",
)
def insight(
    first: str | None,
    last: str | None,
    rule: str | None,
    hook: str | None,
    client: str | None,
    rows: str,
    kind: str,
) -> None:
    """Print the figures of CDS_STORE: fires, answers to cards, missing inputs, latency.

    Whole weeks, by default the last 13 with this one. docs/operations.md says what each column
    counts. The service may run meanwhile, or not.

    \b
    Examples:
      als-leukemia-cds insight > figures.csv
      als-leukemia-cds insight --from 2026-W01 --rule platelet-threshold --format ndjson
    """
    today = datetime.now(UTC).date()
    period, wanted = read_period(first, last, today), read_filter(rule, hook, client)
    address = _address(read_settings())
    # Imported here, so that other commands start without a database.
    from cds_service.insight_export import export
    from cds_service.store import Store

    store = Store(address, lambda: datetime.now(UTC))
    try:
        with store.reading() as connection:
            for part in export(connection, kind, rows, period, wanted, today):
                click.echo(part, nl=False)
        if kind == "json":
            click.echo()
    finally:
        store.close()


def _address(settings: Settings) -> str:
    """Of the store; nothing is made where there is none to read."""
    if settings.store == "none":
        raise click.ClickException("CDS_STORE is none: nothing is kept")
    usual = FOLDER / FILE
    address = settings.store or f"sqlite:///{usual}"
    if address.startswith("sqlite:///") and not Path(address[len("sqlite:///") :]).exists():
        raise click.ClickException(
            f"there is no store {address[len('sqlite:///') :]}: set CDS_STORE"
        )
    return address
