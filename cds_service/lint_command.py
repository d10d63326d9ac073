"""`lint`: what a client's profile changes or drops of the cards, and what no profile can mend."""

from __future__ import annotations

import importlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

import click

from cds_service.command_line import FOUND, engine_of, print_json
from cds_service.engine import Engine
from cds_service.errors import CDSError
from cds_service.fixture_commands import as_of_option
from cds_service.profiles import (
    LONGEST_SUMMARY,
    ORACLE,
    PROFILES,
    SANDBOX,
    Json,
    Links,
    Profile,
    guests_of,
    is_seen_by_sandbox,
    rule_of,
    summary_with_guests,
)
from cds_service.settings import read_settings

LONGEST_LABEL = 130
"""About two lines of a narrow panel; a label that is cut off may lose its condition."""

LONGEST_TEMPLATE = 2000
"""Many servers refuse query strings beyond some 2,000 characters."""

_ELSEWHERE = re.compile(
    r"\b(see|shown|listed|as|described|given|details?) (above|below)\b|\b(above|below)[.:!]?$"
    r"|\bthe following\b",
    re.IGNORECASE,
)
"""Words that point to what a reader of the summary alone does not see."""


@dataclass(frozen=True, slots=True)
class Linted:
    """One card of one request, or (without a rule) the request or the service itself."""

    request: str
    rule: str | None
    changes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Posted:
    """One request to be answered. `must_be_answered` where somebody named it."""

    name: str
    body: bytes
    must_be_answered: bool = field(default=True)


@click.command(short_help="Say what a kind of EHR cannot show of the cards.")
@click.option(
    "--profile",
    "profile_id",
    type=click.Choice(list(PROFILES)),
    required=True,
    help="The kind of client that shows the cards.",
)
@click.option(
    "--links",
    "links_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Links registered with the client: one a line, # for comments.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per card, in an array.")
@as_of_option
@click.argument(
    "request_files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
def lint(
    profile_id: str,
    links_file: Path | None,
    as_json: bool,
    as_of: datetime,
    request_files: Sequence[Path],
) -> None:
    """Say what a profile changes or drops of the cards for REQUEST_FILE... (default: all fixtures).

    "changed" is what the profile does, or what the site has to do (register links, map orders).
    "PROBLEM" is what no profile can mend. The profiles: docs/ehr-profiles.md.

    Exit status: 1 where a problem is left that no profile can mend, else 0.

    \b
    Examples:
      als-leukemia-cds lint --profile epic
      als-leukemia-cds lint --profile oracle --links registered.txt
    """
    links = None if links_file is None else _read_links(links_file)
    settings = read_settings()
    engine, base = engine_of(settings), settings.base_url.rstrip("/")
    posted = [Posted(path.name, path.read_bytes()) for path in request_files]
    found = list(
        linted(engine, PROFILES[profile_id], links, posted or _fixtures(as_of), as_of, base)
    )
    if as_json:
        print_json([asdict(each) for each in found])
    else:
        for line in _report(found):
            click.echo(line)
    if any(each.problems for each in found):
        raise SystemExit(FOUND)


def _fixtures(instant: datetime) -> list[Posted]:
    """Every fixture request; some are there to be refused."""
    library = importlib.import_module("fixtures")
    return [
        Posted(name, json.dumps(library.request(name, instant)).encode(), must_be_answered=False)
        for story in library.stories()
        for name in library.requests(story)
    ]


def _read_links(path: Path) -> tuple[str, ...]:
    try:
        return read_links(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as problem:
        raise click.ClickException(f"{path} cannot be read as text") from problem


def read_links(text: str) -> tuple[str, ...]:
    """The links of a file: one a line, empty lines and comments left out."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


# -- what is found -------------------------------------------------------------------------------


def linted(
    engine: Engine,
    profile: Profile,
    links: Links,
    posted: Iterable[Posted],
    as_of: datetime,
    base: str = "",
) -> Iterator[Linted]:
    """What there is to say of the services and of every card of every request.

    `base` is the address of the service, below which cards link to the pages of rules.
    """
    yield from _templates(engine)
    for each in posted:
        try:
            cards = _cards(engine, each.body, as_of, base)
        except CDSError as refusal:
            if each.must_be_answered:
                refused = tuple(f"refused: {problem}" for problem in refusal.problems)
                yield Linted(each.name, None, problems=refused)
            continue
        yield from (lint_card(each.name, card, profile, links) for card in cards)


_OF_CLIENT = frozenset({"extension", "fhirServer", "fhirAuthorization"})


def _cards(engine: Engine, body: bytes, as_of: datetime, base: str) -> list[Json]:
    try:
        document = json.loads(body)
    except ValueError as problem:
        raise CDSError("the file is not JSON") from problem
    fields = document if isinstance(document, dict) else {}
    service = next((s for s in engine.services.values() if s.hook == fields.get("hook")), None)
    if service is None:
        raise CDSError("no service answers the request's hook")
    # The profile is the one asked for, whatever client the request would be taken for; and no
    # server is asked for what the file does not hold.
    plain = {key: value for key, value in fields.items() if key not in _OF_CLIENT}
    return engine.respond(service, json.dumps(plain).encode(), as_of, base=base).cards


def _templates(engine: Engine) -> Iterator[Linted]:
    for service in engine.services.values():
        long = tuple(
            f"prefetch template {key} has {len(template)} characters: some clients cut or refuse it"
            for key, template in service.prefetch.items()
            if len(template) > LONGEST_TEMPLATE
        )
        if long:
            yield Linted(service.id, None, problems=long)


def lint_card(request: str, card: Json, profile: Profile, links: Links) -> Linted:
    """What the profile does to one card, and what is wrong with what comes out."""
    shown = profile.show([card], links)
    rule = rule_of(card)
    changes = tuple(note.removeprefix(f"{rule}: ") for note in shown.notes)
    problems = tuple(problem for out in shown.cards for problem in _problems(out, profile))
    return Linted(request, rule, changes, problems)


def _problems(card: Json, profile: Profile) -> Iterator[str]:
    yield from _summary_problems(card)
    if not card.get("uuid"):
        yield "the card has no uuid: no feedback"
    if not card.get("source", {}).get("label"):
        yield "the card has no source label"
    yield from _suggestion_problems(card.get("suggestions", ()))
    for check in _OF_PROFILE.get(profile.id, ()):
        yield from check(card)


def _summary_problems(card: Json) -> Iterator[str]:
    summary = card.get("summary", "")
    if not summary.strip():
        yield "the summary is empty"
    if len(summary) > LONGEST_SUMMARY:
        yield f"the summary has {len(summary)} characters, of {LONGEST_SUMMARY} that are shown"
    if _ELSEWHERE.search(summary):
        yield "the summary points to a text that is not part of it"


def _suggestion_problems(suggestions: Sequence[Json]) -> Iterator[str]:
    labels = Counter(each.get("label") for each in suggestions)
    for place, suggestion in enumerate(suggestions, 1):
        label, name = suggestion.get("label", ""), f"suggestion {place} of {len(suggestions)}"
        if not label.strip():
            yield f"{name} has no label: nothing to click"
        elif labels[label] > 1:
            yield f"{name} has the label of another"
        if len(label) > LONGEST_LABEL:
            yield f"the label of {name} has {len(label)} characters, more than {LONGEST_LABEL}"
        if not suggestion.get("uuid"):
            yield f"{name} has no uuid: no feedback"
        if any(not action.get("description") for action in suggestion.get("actions", ())):
            yield f"{name} has an action without description"


def _no_room(card: Json) -> Iterator[str]:
    if summary_with_guests(card.get("summary", ""), guests_of(card)) is None:
        yield f"the summary has no room to say that {guests_of(card)} more stand in the detail"


def _drug_without_code(card: Json) -> Iterator[str]:
    for place, suggestion in enumerate(card.get("suggestions", ()), 1):
        created = [a["resource"] for a in suggestion.get("actions", ()) if a["type"] == "create"]
        drugs = [each for each in created if each["resourceType"] == "MedicationRequest"]
        if not all(map(is_seen_by_sandbox, drugs)):
            yield f"suggestion {place} drafts a drug without text or code: the order goes blank"


_OF_PROFILE: Mapping[str, tuple[Callable[[Json], Iterator[str]], ...]] = {
    ORACLE.id: (_no_room,),
    SANDBOX.id: (_drug_without_code,),
}


# -- for people ----------------------------------------------------------------------------------


def _report(found: Sequence[Linted]) -> Iterator[str]:
    """Each thing once for each rule, with how many cards it is true of."""
    cards = [each for each in found if each.rule is not None]
    for rule in sorted({each.rule for each in cards if each.rule is not None}):
        own = [each for each in cards if each.rule == rule]
        yield f"{rule} ({_number(own)})"
        yield from _counted("changed", [each.changes for each in own])
        yield from _counted("PROBLEM", [each.problems for each in own])
    for each in found:
        if each.rule is None:
            yield from (f"{each.request}: PROBLEM: {text}" for text in each.problems)
    problems = sum(len(each.problems) for each in found)
    changed = sum(bool(each.changes) for each in cards)
    yield f"{_number(cards)}, {changed} changed, {problems} problem{'' if problems == 1 else 's'}"


def _number(cards: Sequence[Linted]) -> str:
    return "1 card" if len(cards) == 1 else f"{len(cards)} cards"


def _counted(word: str, by_card: Sequence[Sequence[str]]) -> Iterator[str]:
    """Of one card every suggestion by its place; of several the same thing once, whatever place."""
    if len(by_card) > 1:
        by_card = [list(dict.fromkeys(map(_without_place, texts))) for texts in by_card]
    for text, times in Counter(text for texts in by_card for text in texts).items():
        often = f" ({times} of {len(by_card)})" if len(by_card) > 1 else ""
        yield f"    {word}: {text}{often}"


def _without_place(text: str) -> str:
    return re.sub(r"suggestion \d+ of \d+", "a suggestion", text)
