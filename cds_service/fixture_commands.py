"""Commands about the patient stories: list, print, write as files, load into a FHIR server."""

from __future__ import annotations

import importlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from cds_service.command_line import json_option, print_json, styled
from cds_service.completion import offer_requests, offer_stories

TOKEN_VARIABLE = "FHIR_TOKEN"  # noqa: S105 the name of a variable, not a secret


def _instant(context: click.Context, parameter: click.Parameter, value: str | None) -> datetime:
    try:
        instant = datetime.fromisoformat(value) if value else datetime.now(UTC)
    except ValueError as problem:
        raise click.BadParameter(f"{value} is no instant as in 2026-01-15T12:00:00Z") from problem
    if instant.tzinfo is None:
        raise click.BadParameter("give a zone, as in 2026-01-15T12:00:00Z")
    return instant


as_of_option = click.option(
    "--as-of",
    callback=_instant,
    help="Instant to answer, or date the data, as of: 2026-01-15T12:00:00Z, say. Default: now.",
)
as_is_option = click.option(
    "--as-is", is_flag=True, help="Keep resources broken on purpose; most servers refuse them."
)


token_option = click.option(
    "--token-file",
    type=click.File("r"),
    help=f"File with the Bearer token (- for stdin). Default: {TOKEN_VARIABLE}, if set.",
)


# Imported when asked for, by name: the engine does not depend on the fixtures.
def _library(module: str = "fixtures") -> Any:
    return importlib.import_module(module)


@click.group(short_help="Synthetic patients and requests for trying the service.")
def fixtures() -> None:
    """Synthetic patients (stories) and hook requests about them, with dates moved to now.

    A request is named STORY.HOOK or STORY.HOOK.VARIANT.

    \b
    Examples:
      als-leukemia-cds fixtures list
      als-leukemia-cds fixtures request als-aml-emergency.patient-view > request.json
      als-leukemia-cds fixtures export stories
    """


@fixtures.command("list", short_help="List the requests, with what each shows.")
@click.argument("stories", nargs=-1, metavar="[STORY]...", shell_complete=offer_stories)
@json_option
def list_fixtures(stories: tuple[str, ...], as_json: bool) -> None:
    """List the hook requests of every STORY (default: all), with what each shows. The story is the
    part of a name before the first dot.

    \b
    Examples:
      als-leukemia-cds fixtures list
      als-leukemia-cds fixtures list als-aml-emergency --json
    """
    library, titles = _library(), _library("fixtures.stories").STORIES
    listed = [
        {"story": story, "title": titles[story], "request": name, **_expected(library, name)}
        for story in _stories(stories)
        for name in library.requests(story)
    ]
    if as_json:
        print_json(listed)
        return
    for each in listed:
        story, name = each["story"], each["request"]
        rest = f"{name:70}".removeprefix(story)
        click.echo(f"{styled(story, bold=True)}{rest} {each['shows']}")


def _expected(library: Any, name: str) -> dict[str, Any]:
    """What a request shows, the cards it is expected to bring and the status of the answer."""
    expected = library.EXPECTED[name]
    cards = [{"rule": rule, "indicator": indicator} for rule, indicator in expected.cards]
    return {"shows": expected.shows, "status": expected.status, "cards": cards}


@fixtures.command(short_help="Print one request as JSON, ready to be posted.")
@click.argument("name", shell_complete=offer_requests)
@click.option(
    "--fhir",
    "base",
    metavar="URL",
    help="Send this FHIR server (and the token) in place of prefetch.",
)
@token_option
def request(name: str, base: str | None, token_file: Any) -> None:
    """Print the hook request NAME as JSON, ready to be posted.

    With --fhir the service has to read the patient there, who must have been loaded: see
    `fixtures load`.

    \b
    Example: als-leukemia-cds fixtures request als-aml-emergency.patient-view
    """
    library = _library()
    known = [each for story in library.stories() for each in library.requests(story)]
    if name not in known:
        story = name.partition(".")[0]
        meant = [each for each in known if each.partition(".")[0] == story]
        listed = "".join(f"\n    {each}" for each in meant)
        of_story = f"; of this story:{listed}" if meant else ""
        raise click.ClickException(f"no request {name}; `fixtures list` names them all{of_story}")
    posted = library.request(name, datetime.now(UTC))
    if base is not None:
        posted = _to_be_read(posted, base, _token(token_file))
    click.echo(json.dumps(posted, ensure_ascii=False))


def _to_be_read(posted: dict[str, Any], base: str, token: str | None) -> dict[str, Any]:
    """The request of a client that lets the service read everything.

    https://cds-hooks.hl7.org/#passing-the-access-token-to-the-cds-service
    """
    bare = {key: value for key, value in posted.items() if key != "prefetch"}
    bare["fhirServer"] = base
    if token is not None:
        bare["fhirAuthorization"] = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "patient/*.read",
            "subject": "als-leukemia-cds",
        }
    return bare


@fixtures.command(short_help="Load the patients into a FHIR server.")
@click.argument("stories", nargs=-1, metavar="[STORY]...", shell_complete=offer_stories)
@click.option("--fhir", "base", required=True, metavar="URL", help="Base of a FHIR R4 server.")
@token_option
@as_of_option
@as_is_option
def load(
    stories: tuple[str, ...], base: str, token_file: Any, as_of: datetime, as_is: bool
) -> None:
    """Load every STORY (default: all) into a FHIR server: patients with their records.

    Each story is one transaction that replaces what an earlier load put there. Load again on
    another day: what is loaded grows old.

    Exit status: 0 all loaded, 1 some story was not.

    \b
    Example: als-leukemia-cds fixtures load --fhir http://localhost:8090/fhir als-aml-emergency
    """
    loading = _library("fixtures.loading")
    names = _stories(stories)
    try:
        server = loading.FhirServer(base, _token(token_file))
        server.check()
    except loading.ServerRefusal as problem:
        raise click.ClickException(str(problem)) from problem
    refused = 0
    for place, name in enumerate(names, 1):
        record = loading.record(name, as_of, as_is=as_is)
        try:
            server.send(record)
        except loading.ServerRefusal as problem:
            click.echo(f"{place}/{len(names)} {name}: not loaded: {problem}", err=True)
            refused += 1
            if problem.is_final:
                left = f"; {len(names) - place} not tried" if place < len(names) else ""
                raise click.ClickException(f"stopped at {name}{left}") from problem
            continue
        click.echo(f"{place}/{len(names)} {name}: {len(record.resources)} resources")
        _say_what_is_left_out(record)
    if refused:
        raise click.ClickException(f"{refused} of {len(names)} stories were not loaded")


@fixtures.command(short_help="Write the patients as transaction Bundles and NDJSON.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["bundle", "ndjson", "both"]),
    default="both",
    show_default=True,
    help="A transaction Bundle a story, NDJSON by resource type, or both.",
)
@as_of_option
@as_is_option
def export(folder: Path, form: str, as_of: datetime, as_is: bool) -> None:
    """Write every story into FOLDER: bundles/STORY.json and ndjson/TYPE.ndjson.

    What stands there under these names is replaced. A Bundle is a transaction: POST it to the base
    of a FHIR server. Write again on another day: the dates grow old.

    \b
    Example: als-leukemia-cds fixtures export stories
    """
    loading = _library("fixtures.loading")
    records = [loading.record(name, as_of, as_is=as_is) for name in _stories(())]
    for record in records:
        _say_what_is_left_out(record)
    try:
        if form != "ndjson":
            written = loading.write_bundles(records, folder / "bundles")
            click.echo(f"{len(written)} transaction Bundles in {folder / 'bundles'}")
        if form != "bundle":
            written = loading.write_ndjson(records, folder / "ndjson")
            click.echo(f"{len(written)} NDJSON files in {folder / 'ndjson'}")
    except OSError as problem:
        raise click.ClickException(f"{folder} cannot be written: {problem.strerror}") from problem


def _stories(names: tuple[str, ...]) -> list[str]:
    """The stories named, or all."""
    known: list[str] = _library().stories()
    if unknown := [name for name in names if name not in known]:
        listed = ", ".join(unknown)
        raise click.ClickException(
            f"no story {listed}; `fixtures list` names them all (the part before the first dot)"
        )
    return list(names) or known


def _token(file: Any) -> str | None:
    """The token from the file or the environment. Never shown, even where it does not fit."""
    if file is None and not os.environ.get(TOKEN_VARIABLE):
        return None
    token: str = (file.read() if file else os.environ[TOKEN_VARIABLE]).strip()
    if not token.isascii() or not token.isprintable() or len(token.split()) != 1:
        source = "the token file" if file else TOKEN_VARIABLE
        raise click.ClickException(f"{source} does not hold one token on one line")
    return token


def _say_what_is_left_out(record: Any) -> None:
    if record.left_out:
        click.echo(
            f"    {record.story} is broken on purpose; --as-is keeps what is left out", err=True
        )
    for address, problem in record.left_out.items():
        click.echo(f"    left out, no valid R4: {address} ({problem})", err=True)
