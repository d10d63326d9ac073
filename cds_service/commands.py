"""Commands for people: serve the service, explain a request, list the rules, print fixtures."""

from __future__ import annotations

import importlib
import json
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from cds_service.chart import Chart
from cds_service.engine import Engine, load_engine
from cds_service.errors import CDSError
from cds_service.finding import Finding, outline
from cds_service.rule import Rule
from cds_service.service import Decision, Service
from cds_service.settings import Settings, read_settings
from cds_service.terminology import Lexicon

_TRUTHS = {"TRUE": "yes", "FALSE": "no", "UNKNOWN": "unknown"}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """CDS Hooks service for acute leukemia, above all in patients with ALS."""


def _settings() -> Settings:
    try:
        return read_settings()
    except CDSError as problem:
        raise click.ClickException("\n".join(problem.problems)) from problem


def _engine(settings: Settings) -> Engine:
    return load_engine(importlib.import_module(settings.content), settings)


@main.command()
def serve() -> None:
    """Serve on HOST and PORT (default 127.0.0.1:8080); settings are CDS_* variables."""
    # Imported here, so that the other commands start without a web server.
    from cds_service import server

    settings = _settings()
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s"
    )
    click.echo(_what_to_try(settings))
    sys.stdout.flush()
    server.serve(
        "cds_service.app:create_app",
        settings.host,
        settings.port,
        settings.workers,
        settings.threads,
        max_body_bytes=settings.max_body_bytes,
    )


def _what_to_try(settings: Settings) -> str:
    base = f"http://{settings.host}:{settings.port}"
    command = Path(sys.argv[0])
    try:
        command = command.resolve().relative_to(Path.cwd())
    except ValueError:
        command = Path(command.name)
    return (
        f"Sandbox mode: no authentication, content pending clinical review.\n"
        f"Discovery:    {base}/cds-services\n"
        f"A real card:  {command} fixtures request als-aml-emergency.patient-view | \\\n"
        f"              curl -s -H 'Content-Type: application/json' --data-binary @- "
        f"{base}/cds-services/als-leukemia-patient-view\n"
        "Stop with Ctrl-C."
    )


@main.command()
@click.argument("request_file", type=click.File("rb"))
@click.option("--as-of", help="Instant to answer as of (ISO 8601 with zone); default is now.")
@click.option("--json", "as_json", is_flag=True, help="Print the CDS Hooks response only.")
@click.option("--all", "everything", is_flag=True, help="Print every question of every rule.")
def check(request_file: click.File, as_of: str | None, as_json: bool, everything: bool) -> None:
    """Explain REQUEST_FILE (a CDS Hooks request, - for stdin): every rule, its facts, the cards.

    Exit status: 0 answered, 1 refused (as the service would refuse it).

    \b
    Example: als-leukemia-cds fixtures request als-aml-emergency.patient-view \\
             | als-leukemia-cds check -
    """
    body: bytes = request_file.read()  # type: ignore[attr-defined]
    engine = _engine(_settings())
    instant = datetime.fromisoformat(as_of) if as_of else datetime.now(UTC)
    if instant.tzinfo is None:
        raise click.BadParameter("give a zone, as in 2026-01-15T12:00:00Z", param_hint="--as-of")
    try:
        service = _service_for(engine, body)
        decision = engine.respond(service, body, instant)
    except CDSError as problem:
        raise click.ClickException("\n".join(problem.problems)) from problem
    if as_json:
        click.echo(json.dumps({"cards": decision.cards}, indent=2, ensure_ascii=False))
        return
    click.echo(f"Service {service.id}, as of {instant.isoformat(timespec='seconds')}\n")
    for line in _explain(decision, everything):
        click.echo(line)


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
    for outcome in decision.outcomes:
        if outcome.finding is None:
            yield f"{outcome.rule.id}: could not be checked (the rule raised)"
            continue
        yield f"{outcome.rule.id}: {_TRUTHS[outcome.finding.truth.name]}"
        facts = dict.fromkeys(fact.say() for fact in outcome.finding.deciding())
        yield from (f"    {fact}" for fact in facts)
        if everything:
            yield from (f"      {line}" for line in _questions(outcome.finding))
    yield ""
    yield f"{len(decision.cards)} card(s)"
    for card in decision.cards:
        yield f"\n[{card['indicator']}] {card['summary']}\n"
        yield from (f"  {line}" for line in card["detail"].splitlines())
        for suggestion in card.get("suggestions", ()):
            recommended = " (recommended)" if suggestion.get("isRecommended") else ""
            yield f"  -> {suggestion['label']}{recommended}"


def _questions(finding: Finding, depth: int = 0) -> Iterator[str]:
    yield f"{'  ' * depth}{finding.question}: {_TRUTHS[finding.truth.name]}"
    for part in finding.parts:
        yield from _questions(part, depth + 1)


@main.command()
@click.option("--outline", "with_outline", is_flag=True, help="Also print each rule's questions.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def rules(with_outline: bool, as_json: bool) -> None:
    """List the rules: hooks, indicator, review status, evidence, dormant inputs."""
    engine = _engine(_settings())
    described = list(describe(engine))
    if as_json:
        click.echo(json.dumps(described, indent=2, ensure_ascii=False))
        return
    for each in described:
        click.echo(f"{each['id']} {each['version']}")
        click.echo(f"    hooks:     {', '.join(each['hooks'])}")
        click.echo(f"    indicator: {each['indicator']}")
        click.echo(f"    status:    {each['reviewStatus']}")
        click.echo(f"    evidence:  {', '.join(each['evidence'])} ({each['strength']})")
        click.echo(f"    carries:   {', '.join(each['statements'])}")
        dormant = ", ".join(each["dormantInputs"]) or "none"
        click.echo(f"    dormant:   {dormant}")
        if with_outline:
            for line in each["outline"]:
                click.echo(f"        {line}")


def describe(engine: Engine) -> Iterator[dict[str, Any]]:
    """Every rule once, as the listing shows it. Dormant inputs have no code mapped yet."""
    found: dict[str, tuple[Rule, list[Service]]] = {}
    for service in engine.services.values():
        for rule in service.rules():
            found.setdefault(rule.id, (rule, []))[1].append(service)
    for rule, services in found.values():
        chart = empty_chart(engine.lexicon)
        finding = rule.applies(chart)
        yield {
            "id": rule.id,
            "version": rule.version,
            "hooks": [service.hook for service in services],
            "indicator": " / ".join(
                dict.fromkeys(
                    [rule.indicator.value, *(e.indicator.value for e in rule.escalations)]
                )
            ),
            "reviewStatus": services[0].attribution.review_status,
            "summary": rule.summary,
            "text": rule.text,
            "evidence": [evidence.key for evidence in rule.evidence],
            "strength": rule.strength,
            "statements": list(rule.statements),
            "inputs": sorted(chart.asked),
            "dormantInputs": sorted(i for i in chart.asked if _is_dormant(engine.lexicon, i)),
            "outline": list(outline(finding)),
        }


def empty_chart(lexicon: Lexicon) -> Chart:
    """A chart without any data: asking a rule of it shows what the rule asks."""
    as_of = datetime(2000, 1, 1, tzinfo=UTC)
    return Chart(lexicon=lexicon, as_of=as_of, patient_id="none")


def _is_dormant(lexicon: Lexicon, concept_id: str) -> bool:
    concept = lexicon.concepts.get(concept_id)
    return concept is not None and not any(s.codes for s in concept.value_sets())


@main.group()
def fixtures() -> None:
    """Patient stories for trying the service, with dates moved to now."""


@fixtures.command("list")
def list_fixtures() -> None:
    """List the hook requests, by story, with what each shows."""
    library = importlib.import_module("fixtures")
    for story in library.stories():
        for name in library.requests(story):
            click.echo(f"{name:70} {library.EXPECTED[name].shows}")


@fixtures.command()
@click.argument("name")
def request(name: str) -> None:
    """Print the hook request NAME as JSON, ready to be posted."""
    library = importlib.import_module("fixtures")
    known = {each for story in library.stories() for each in library.requests(story)}
    if name not in known:
        raise click.ClickException(f"no request {name}; `fixtures list` names them all")
    click.echo(json.dumps(library.request(name, datetime.now(UTC)), ensure_ascii=False))
