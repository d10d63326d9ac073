"""`check`: why a request is answered as it is, rule by rule."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click

from cds_service.command_line import engine_of, print_json, print_lines, styled
from cds_service.engine import Engine
from cds_service.finding import TRUE, Finding
from cds_service.fixture_commands import as_of_option
from cds_service.service import Decision, Service
from cds_service.settings import read_settings
from cds_service.transcript import NO_CARD, TRUTHS, indicator, places


@click.command(short_help="Explain the answer to one request, rule by rule.")
@click.argument("request_file", type=click.File("rb"))
@as_of_option
@click.option("--json", "as_json", is_flag=True, help="Print the CDS Hooks response only.")
@click.option("--all", "everything", is_flag=True, help="Print every question of every rule.")
def check(request_file: click.File, as_of: datetime, as_json: bool, everything: bool) -> None:
    """Explain REQUEST_FILE (a CDS Hooks request, - for stdin): every rule, its facts, the cards.

    Answers as the service would, with the same CDS_* settings, and without one running. What
    prefetch lacks is read from the request's fhirServer. The store is not asked: a card that the
    service would hold back after an override shows here.

    Exit status: 0 answered, 1 refused (as the service would refuse it).

    \b
    Examples:
      als-leukemia-cds fixtures request als-aml-emergency.patient-view \\
        | als-leukemia-cds check -
      als-leukemia-cds check --as-of 2026-01-15T12:00:00Z request.json
    """
    body: bytes = request_file.read()  # type: ignore[attr-defined]
    engine = engine_of(read_settings())
    service = _service_for(engine, body)
    decision = engine.respond(service, body, as_of)
    if as_json:
        print_json(decision.response())
        return
    click.echo(f"Service {service.id}, as of {as_of.isoformat(timespec='seconds')}\n")
    print_lines(_explain(decision, everything))


def _service_for(engine: Engine, body: bytes) -> Service:
    """The service whose hook the request names."""
    try:
        document = json.loads(body)
    except ValueError as problem:
        raise click.ClickException("the file is not JSON") from problem
    hook = document.get("hook") if isinstance(document, dict) else None
    for service in engine.services.values():
        if service.hook == hook:
            return service
    hooks = ", ".join(sorted(service.hook for service in engine.services.values()))
    raise click.ClickException(f"the request's hook is none of {hooks}")


def _explain(decision: Decision, everything: bool) -> Iterator[str]:
    if not decision.outcomes:
        yield "Nothing to check: no order selected, or the user is not a clinician."
    where = places(decision)
    yield from (f"{rule}: not asked (off here)" for rule in decision.off)
    for outcome in decision.outcomes:
        if outcome.finding is None:
            yield f"{outcome.rule.id}: could not be checked (the rule raised)"
            continue
        place = where.get(outcome.rule.id, NO_CARD) if outcome.finding.truth is TRUE else ""
        yield f"{outcome.rule.id}: {_truth(outcome.finding)}{place}"
        facts = dict.fromkeys(fact.say() for fact in outcome.finding.deciding())
        yield from (f"    {fact}" for fact in facts)
        if everything:
            yield from (f"      {line}" for line in _questions(outcome.finding))
    yield ""
    yield "1 card" if len(decision.cards) == 1 else f"{len(decision.cards)} cards"
    for card in decision.cards:
        yield f"\n{indicator(card)} {card['summary']}\n"
        yield from (f"  {line}" for line in card["detail"].splitlines())
        for suggestion in card.get("suggestions", ()):
            recommended = " (recommended)" if suggestion.get("isRecommended") else ""
            yield f"  -> {suggestion['label']}{recommended}"


_LOOKS: dict[str, dict[str, Any]] = {"TRUE": {"bold": True}, "UNKNOWN": {"fg": "yellow"}}


def _truth(finding: Finding) -> str:
    name = finding.truth.name
    return styled(TRUTHS[name], **_LOOKS.get(name, {}))


def _questions(finding: Finding, depth: int = 0) -> Iterator[str]:
    yield f"{'  ' * depth}{finding.question}: {TRUTHS[finding.truth.name]}"
    for part in finding.parts:
        yield from _questions(part, depth + 1)
