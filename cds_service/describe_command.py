"""`describe`: the integration sheet of this installation, for the hospital that connects to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from cds_service.command_line import (
    engine_of,
    json_option,
    print_json,
    print_lines,
    styled,
    wrapped,
)
from cds_service.integration_sheet import sheet
from cds_service.registration import CONFIRM
from cds_service.settings import read_settings

Json = Mapping[str, Any]


@click.command("describe", short_help="Print the integration sheet for a hospital.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "text"]),
    default="markdown",
    show_default=True,
    help="For a document, or for a terminal.",
)
@json_option
def describe_service(form: str, as_json: bool) -> None:
    """Print what a hospital needs to connect: hooks with their URLs, prefetch and why, scopes,
    time, tokens, what leaves and what is kept, and the fields that Epic and Oracle Health ask for.

    Of the settings of this process: with CDS_BASE_URL and CDS_CLIENTS it is the sheet of this
    installation. No secret is in it.

    \b
    Examples:
      als-leukemia-cds describe > integration-sheet.md
      CDS_BASE_URL=https://cds.hospital.example als-leukemia-cds describe --format text
      als-leukemia-cds describe --json
    """
    settings = read_settings()
    found = sheet(engine_of(settings), settings)
    if as_json:
        print_json(found)
    elif form == "text":
        print_lines(text(blocks(found)))
    else:
        print_lines(markdown(blocks(found)))


# -- the parts of a document -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heading:
    """Begins a part; the first of a document is its title."""

    words: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph."""

    words: str


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    each: Sequence[str]


@dataclass(frozen=True, slots=True)
class Rows:
    """A table; the first column names its row."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Literal:
    """Lines that are entered somewhere as they are."""

    lines: Sequence[str]


Block = Heading | Prose | Items | Rows | Literal


def markdown(parts: Iterable[Block]) -> Iterator[str]:
    """The document as Markdown."""
    for place, part in enumerate(parts):
        if place:
            yield ""
        match part:
            case Heading():
                yield f"{'#' * part.level} {part.words}"
            case Prose():
                yield part.words
            case Items():
                yield from (f"- {each}" for each in part.each)
            case Rows():
                yield f"| {' | '.join(part.header)} |"
                yield "|---" * len(part.header) + "|"
                yield from (f"| {' | '.join(map(_cell, row))} |" for row in part.rows)
            case Literal():
                yield from ("```text", *part.lines, "```")


def _cell(words: str) -> str:
    return words.replace("|", "\\|")


def text(parts: Iterable[Block]) -> Iterator[str]:
    """The document for a terminal: a table is one entry for each row, as columns do not fit."""
    for place, part in enumerate(parts):
        if place:
            yield ""
        match part:
            case Heading():
                yield styled(part.words, bold=True, underline=part.level < 3)
            case Prose():
                yield from wrapped(_bare(part.words))
            case Items():
                yield from (line for each in part.each for line in wrapped(_bare(each), "- ", "  "))
            case Rows():
                yield from (line for row in part.rows for line in _entry(part.header, row))
            case Literal():
                yield from (f"    {line}" for line in part.lines)


def _entry(header: Sequence[str], row: Sequence[str]) -> Iterator[str]:
    yield styled(_bare(row[0]), bold=True)
    for name, value in zip(header[1:], row[1:], strict=True):
        if value:
            yield from wrapped(f"{name}: {_bare(value)}", "    ", "      ")


def _bare(words: str) -> str:
    return words.replace("`", "").replace("**", "")


# -- the sheet as a document -----------------------------------------------------------------------


def blocks(found: Json) -> Iterator[Block]:
    """The sheet, part by part."""
    yield Heading("Integration sheet: als-leukemia-cds", 1)
    yield from _what_it_is(found["service"])
    yield from _hooks(found["hooks"])
    yield from _prefetch(found["prefetch"])
    yield from _access(found["access"])
    yield from _time(found["time"])
    yield from _trust(found["trust"], found["clients"])
    yield from _outbound(found["outbound"])
    yield from _data(found["data"])
    yield from _registration(found["registration"])


def _what_it_is(service: Json) -> Iterator[Block]:
    yield Prose(
        f"Version {service['version']}, {service['mode']} mode, CDS Hooks "
        f"{service['specification']} (clients of 2.0 are served too), FHIR {service['fhir']}. "
        f"Content: **{'; '.join(service['content'])}**. Decision support, not a "
        "device."
    )
    if not service["baseIsSet"]:
        yield Prose(
            "The addresses below are those that this process listens on: set CDS_BASE_URL to the "
            "one that clients call."
        )
    yield Items(
        [
            f"Discovery: `GET {service['discovery']}`",
            f"Probes: `GET {service['health']}`, `GET {service['ready']}`",
        ]
    )


def _hooks(hooks: Sequence[Json]) -> Iterator[Block]:
    yield Heading("Hooks")
    yield Rows(
        ("hook", "service id", "called at", "feedback to", "cards at most"),
        [
            (
                each["hook"],
                f"`{each['id']}`",
                f"`POST {each['url']}`",
                f"`POST {each['feedback']}`",
                f"{each['mostCards']}, and every critical one",
            )
            for each in hooks
        ],
    )
    yield Items([f"**{each['title']}** ({each['hook']}): {each['description']}" for each in hooks])
    yield Prose(" ".join(dict.fromkeys(each["usageRequirements"] for each in hooks)))
    yield Prose(
        "Subscribe order-sign even where order-select is used: some rules need the dose, and a "
        "client may skip order-select. An empty `cards` means: checked, and nothing found."
    )


def _prefetch(keys: Sequence[Json]) -> Iterator[Block]:
    yield Heading("Prefetch")
    yield Prose(
        "Without a required key the answer is 412; without another one a card says what could not "
        "be checked. Keys that are not sent are read from `fhirServer`, where the request names "
        "one. Length is that of the template in characters, with an id of 64."
    )
    yield Rows(
        ("key", "what", "needed", "resource", "at most", "length", "why"),
        [
            (
                f"`{each['key']}`",
                each["title"],
                "required" if each["required"] else "optional",
                each["resource"],
                "one" if each["most"] is None else f"newest {each['most']}",
                f"{each['length']:,}",
                each["why"],
            )
            for each in keys
        ],
    )
    yield Heading("Templates", 3)
    for each in keys:
        yield Prose(f"`{each['key']}`, for {', '.join(each['services'])}:")
        yield Literal([each["template"]])


def _access(resources: Sequence[Json]) -> Iterator[Block]:
    yield Heading("FHIR resources and scopes")
    yield Prose(
        "For the token in `fhirAuthorization`, where the service reads what prefetch lacks. "
        "Nothing is ever written. `patient/` is enough: all that is asked for is about the patient "
        "in context. `user/` and `system/` are for servers that give no others."
    )
    yield Rows(
        ("resource", "interactions", "SMART v1", "SMART v2", "for"),
        [
            (
                each["resource"],
                ", ".join(each["interactions"]),
                f"`{each['v1']['patient']}`",
                f"`{each['v2']['patient']}`",
                ", ".join(each["for"]),
            )
            for each in resources
        ],
    )
    for whose in ("patient", "user", "system"):
        yield Literal([" ".join(each[v][whose] for each in resources) for v in ("v1", "v2")])


def _time(time: Json) -> Iterator[Block]:
    own = [
        f"{name}: {seconds:g} s" for name, seconds in time["fhirDeadlineSecondsOfClients"].items()
    ]
    yield Heading("Time")
    yield Items(
        [
            "With complete prefetch an answer takes some milliseconds of computing; a chart of "
            "thousands of results takes tens (measured: docs/performance.md).",
            f"All reads from a FHIR server together end after {time['fhirDeadlineSeconds']:g} s "
            f"(CDS_FHIR_DEADLINE_SECONDS){'; ' + ', '.join(own) if own else ''}. What has not come "
            "by then is named on a card.",
            f"So wait at least {time['waitAtLeastSeconds']:g} s for an answer. Cards go out in the "
            "answer alone: one that was given up is not sent again.",
            f"A request may have {time['mostBodyBytes']:,} bytes.",
        ]
    )


def _trust(trust: Json, clients: Sequence[Json]) -> Iterator[Block]:
    yield Heading("Who calls: the token of a client")
    if not trust["isAsked"]:
        yield Prose("Sandbox mode asks nobody for a token. What follows holds in production mode.")
    asked = "is asked for one too" if trust["discoveryIsAsked"] else "needs none"
    yield Items(
        [
            "A JWT in `Authorization: Bearer`, signed by the client "
            "(https://cds-hooks.hl7.org/#trusting-cds-clients). Discovery " + asked + ".",
            f"Claims: {', '.join(f'`{each}`' for each in trust['claims'])}; `tenant` where the "
            "client file lists tenants; `sub` is not read. Header: `alg`, `typ`, `kid`, and `jku` "
            "where keys are named so.",
            f"`alg`: {', '.join(trust['algorithms'])}, unless the client file lists others; never "
            "none, never a shared secret.",
            "`aud`: the address called, character for character:",
        ]
    )
    yield Literal(trust["audiences"])
    yield Items(
        [
            f"`exp`: at most {trust['longestSeconds']} s after `iat`; clocks may differ by "
            f"{trust['skewSeconds']} s.",
            f"`jti`: new for each call, at most {trust['mostIdLength']} characters; a token counts "
            "once.",
            f"`iss`: as registered here. {', '.join(trust['refused'])} is refused by name: its key "
            "is public.",
            f"A token has at most {trust['mostBytes']:,} bytes. TLS ends at the operator's proxy; "
            "nobody else is answered.",
        ]
    )
    if clients:
        yield Heading("Clients that are registered", 3)
        yield Rows(
            ("client", "issuer", "keys", "algorithms", "FHIR servers", "EHR profile"),
            [_client_row(each) for each in clients],
        )


def _client_row(client: Json) -> tuple[str, ...]:
    return (
        client["name"],
        client["issuer"] or "not set",
        ", ".join([client["keys"], *client["jku"]]),
        ", ".join(client["algorithms"]),
        ", ".join(client["fhirServers"]),
        client["profile"],
    )


def _outbound(hosts: Sequence[Json]) -> Iterator[Block]:
    yield Heading("What it connects to")
    if hosts:
        yield Rows(("host", "for"), [(each["host"], each["why"]) for each in hosts])
    yield Prose(
        f"{'Nothing else' if hosts else 'Nothing'}: no updates, no telemetry, no terminology "
        "server. Redirects are not followed."
    )


def _data(data: Json) -> Iterator[Block]:
    days = f"{data['retentionDays']} days"
    yield Heading("What is kept")
    yield Prose(
        "No resource of a patient, no value, no name, no comment and no token: requests are "
        "answered and forgotten. "
        + (
            "There is no database."
            if data["store"] == "none"
            else f"The database ({data['store']}) holds what follows, for {days} "
            "(CDS_RETENTION_DAYS). Patients, users, encounters and orders are in it as keyed "
            "hashes alone, by which a card stays quiet."
        )
    )
    if data["tables"]:
        yield Rows(
            ("table", "what", "columns", "kept"),
            [
                (f"`{each['table']}`", each["what"], ", ".join(each["columns"]), each["kept"])
                for each in data["tables"]
            ],
        )
    yield Prose(
        f"The log goes to stderr, a line for each call, of these fields alone: "
        f"{', '.join(data['log'])}. How long it is kept is the hospital's decision."
    )
    written = "is written (CDS_FHIR_LOG)" if data["fhirLog"] else "is not written (CDS_FHIR_LOG)"
    yield Prose(
        f"A file of AuditEvent and GuidanceResponse {written}. It names patients and users by id, "
        "and is patient data."
    )


_VENDORS = (("epic", "Epic"), ("oracle", "Oracle Health"))


def _registration(found: Json) -> Iterator[Block]:
    yield Heading("Registration")
    yield Prose(
        "By the vendors' public documentation, not tried against a live system: what is marked is "
        f"{CONFIRM}."
    )
    for key, name in _VENDORS:
        yield Heading(name, 3)
        yield Rows(
            ("field", "value", "from", "to be confirmed"),
            [
                (f["field"], f["value"], f["from"], CONFIRM if f["confirm"] else "")
                for f in found[key]
            ],
        )
    yield Heading("Override reasons", 3)
    yield Rows(
        ("code", "display", "system", "rules"),
        [
            (f"`{each['code']}`", each["display"], each["system"], str(each["rules"]))
            for each in found["overrideReasons"]
        ],
    )
    yield Heading("Links on cards", 3)
    yield Literal(found["links"])
    yield Heading("Topic codes", 3)
    yield Prose("In `source.topic.code`: the id of the rule; Epic gets the second form.")
    yield Rows(
        ("rule", "for Epic"), [(f"`{rule}`", f"`{code}`") for rule, code in found["topics"].items()]
    )
