"""Commands for people: serve the service, explain a request, list the rules, use the fixtures."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import reduce
from itertools import combinations
from pathlib import Path
from typing import Any

import click

from cds_service import logs
from cds_service.chart import Chart
from cds_service.command_line import (
    EXIT_STATUS,
    Commands,
    engine_of,
    json_option,
    print_json,
)
from cds_service.completion import completion
from cds_service.describe_command import describe_service
from cds_service.doctor_command import doctor
from cds_service.engine import Engine, load_content
from cds_service.errors import CDSError
from cds_service.finding import ALL_OF, NONE_OF, TRUE, Finding, Truth, outline
from cds_service.fixture_commands import as_of_option, fixtures
from cds_service.lint_command import lint
from cds_service.replay_command import replay
from cds_service.rule import Rule
from cds_service.service import Decision, Service
from cds_service.settings import Settings, read_settings
from cds_service.simulate_command import simulate
from cds_service.terminology import Concept, Lexicon
from cds_service.transcript import NO_CARD, TRUTHS, places

SECTIONS = (
    ("For clinicians and reviewers", "simulate check rules replay insight fixtures"),
    ("For whoever connects an EHR", "describe lint"),
    ("For whoever runs it", "serve doctor completion"),
)


@click.group(
    cls=Commands,
    sections=SECTIONS,
    epilog=EXIT_STATUS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="als-leukemia-cds", message="%(version)s")
@click.option("--traceback", is_flag=True, help="Show a fault of this program in full.")
def main(traceback: bool) -> None:
    """CDS Hooks service for acute leukemia, above all in patients with ALS.

    See it at once: als-leukemia-cds simulate als-aml-emergency
    """


main.add_command(fixtures)
main.add_command(lint)
main.add_command(doctor)
main.add_command(replay)
main.add_command(simulate)
main.add_command(describe_service)
main.add_command(completion)


@main.command(short_help="Serve discovery and the three hooks.")
def serve() -> None:
    """Serve on HOST and PORT (default 127.0.0.1:8080) until Ctrl-C or SIGTERM.

    Settings are environment variables named CDS_*: docs/configuration.md. One that does not fit
    stops the start with a message and exit status 1.
    """
    # Imported here, so that the other commands start without a web server.
    from cds_service import metrics, server

    settings = read_settings()
    # What does not fit is said here, once, rather than by every worker.
    _check_production(settings)
    engine_of(settings)
    logs.setup(settings.mode)
    click.echo(_what_to_try(settings))
    sys.stdout.flush()
    try:
        with metrics.folder(settings.workers):
            server.serve(
                "cds_service.app:create_worker",
                settings.host,
                settings.port,
                settings.workers,
                settings.threads,
                max_body_bytes=settings.max_body_bytes,
            )
    except SystemExit as end:
        if end.code:
            click.echo(
                f"The service could not start. Where another program listens on port "
                f"{settings.port}, choose another: PORT=8081 als-leukemia-cds serve",
                err=True,
            )
        raise


def _check_production(settings: Settings) -> None:
    """Stop with all that production lacks, if that is the mode."""
    from cds_service.app import check_production, now

    content = load_content(settings.content)
    try:
        check_production(settings, content, now)
    except CDSError as problem:
        raise click.ClickException(
            "\n".join(["production lacks:", *problem.problems, "`doctor` checks the same."])
        ) from problem


def _what_to_try(settings: Settings) -> str:
    if settings.mode == "production":
        return f"Production mode, for clients of {settings.base_url}. Stop with SIGTERM or Ctrl-C."
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


@main.command(short_help="Explain the answer to one request, rule by rule.")
@click.argument("request_file", type=click.File("rb"))
@as_of_option
@click.option("--json", "as_json", is_flag=True, help="Print the CDS Hooks response only.")
@click.option("--all", "everything", is_flag=True, help="Print every question of every rule.")
def check(request_file: click.File, as_of: datetime, as_json: bool, everything: bool) -> None:
    """Explain REQUEST_FILE (a CDS Hooks request, - for stdin): every rule, its facts, the cards.

    Answers as the service would, with the same CDS_* settings, and without one running. What
    prefetch lacks is read from the request's fhirServer.

    Exit status: 0 answered, 1 refused (as the service would refuse it).

    \b
    Example: als-leukemia-cds fixtures request als-aml-emergency.patient-view \\
             | als-leukemia-cds check -
    """
    body: bytes = request_file.read()  # type: ignore[attr-defined]
    engine = engine_of(read_settings())
    service = _service_for(engine, body)
    decision = engine.respond(service, body, as_of)
    if as_json:
        print_json(decision.response())
        return
    click.echo(f"Service {service.id}, as of {as_of.isoformat(timespec='seconds')}\n")
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
    where = places(decision)
    yield from (f"{rule}: not asked (off here)" for rule in decision.off)
    for outcome in decision.outcomes:
        if outcome.finding is None:
            yield f"{outcome.rule.id}: could not be checked (the rule raised)"
            continue
        place = where.get(outcome.rule.id, NO_CARD) if outcome.finding.truth is TRUE else ""
        yield f"{outcome.rule.id}: {TRUTHS[outcome.finding.truth.name]}{place}"
        facts = dict.fromkeys(fact.say() for fact in outcome.finding.deciding())
        yield from (f"    {fact}" for fact in facts)
        if everything:
            yield from (f"      {line}" for line in _questions(outcome.finding))
    yield ""
    yield "1 card" if len(decision.cards) == 1 else f"{len(decision.cards)} cards"
    for card in decision.cards:
        yield f"\n[{card['indicator']}] {card['summary']}\n"
        yield from (f"  {line}" for line in card["detail"].splitlines())
        for suggestion in card.get("suggestions", ()):
            recommended = " (recommended)" if suggestion.get("isRecommended") else ""
            yield f"  -> {suggestion['label']}{recommended}"


def _questions(finding: Finding, depth: int = 0) -> Iterator[str]:
    yield f"{'  ' * depth}{finding.question}: {TRUTHS[finding.truth.name]}"
    for part in finding.parts:
        yield from _questions(part, depth + 1)


@main.command(short_help="List the rules, and which are dormant here.")
@click.option("--outline", "with_outline", is_flag=True, help="Also print each rule's questions.")
@json_option
def rules(with_outline: bool, as_json: bool) -> None:
    """List the rules: hooks, indicator, review status, evidence, dormant inputs.

    Evidence is named by key; docs/rules.md has the citations. Dormant inputs wait for the codes of
    a site: docs/site-value-sets.md.
    """
    engine = engine_of(read_settings())
    described = list(describe(engine))
    if as_json:
        print_json(described)
        return
    for each in described:
        blocked = " or ".join(
            " and ".join(_with_value_set(engine.lexicon, i) for i in way)
            for way in each["dormantUntilMapped"]
        )
        state = f" (dormant: cannot apply until a site maps {blocked})" if blocked else ""
        click.echo(f"{each['id']} {each['version']}{state}")
        click.echo(f"    hooks:     {', '.join(each['hooks'])}")
        click.echo(f"    indicator: {each['indicator']}")
        click.echo(f"    status:    {each['reviewStatus']}")
        for words in each["standing"]:
            click.echo(f"    here:      {words}")
        click.echo(f"    evidence:  {', '.join(each['evidence'])} ({each['strength']})")
        click.echo(f"    carries:   {', '.join(each['statements'])}")
        dormant = ", ".join(_with_value_set(engine.lexicon, i) for i in each["dormantInputs"])
        click.echo(f"    dormant:   {dormant or 'none'}")
        if each["inputsByNameOnly"]:
            click.echo(f"    by name:   {', '.join(each['inputsByNameOnly'])}")
        if with_outline:
            for line in each["outline"]:
                click.echo(f"        {line}")
    dormant_rules = sum(each["dormant"] for each in described)
    until = f", {dormant_rules} dormant: docs/site-value-sets.md" if dormant_rules else ""
    click.echo(f"{len(described)} rules{until}")


def describe(engine: Engine) -> Iterator[dict[str, Any]]:
    """Every rule once, as the listing shows it.

    Dormant inputs have no code mapped and no name to go by. A rule is dormant when it cannot apply
    without some of them; each list of inputs that would wake it is given. Inputs by name only are
    orders without a code.
    """
    found: dict[str, tuple[Rule, list[Service]]] = {}
    for service in engine.services.values():
        for rule in service.rules():
            found.setdefault(rule.id, (rule, []))[1].append(service)
    as_of = datetime.now(UTC)
    for rule, services in found.values():
        chart = empty_chart(engine.lexicon)
        finding = rule.applies(chart)
        asked = [
            engine.lexicon.concepts[i] for i in sorted(chart.asked & set(engine.lexicon.concepts))
        ]
        dormant = [concept.id for concept in asked if not engine.lexicon.is_mapped(concept)]
        ways = _ways_to_wake(finding, dormant)
        yield {
            "id": rule.id,
            "version": rule.version,
            "hooks": [service.hook for service in services],
            "indicator": " / ".join(
                dict.fromkeys(
                    [rule.indicator.value, *(e.indicator.value for e in rule.escalations)]
                )
            ),
            "reviewStatus": engine.governance.status(rule, services[0], as_of),
            "standing": engine.governance.standing(rule, as_of),
            "summary": rule.summary,
            "text": rule.text,
            "evidence": [evidence.key for evidence in rule.evidence],
            "strength": rule.strength,
            "statements": list(rule.statements),
            "inputs": sorted(chart.asked),
            "dormant": bool(ways),
            "dormantUntilMapped": ways,
            "dormantInputs": dormant,
            "inputsByNameOnly": [c.id for c in asked if c.id not in dormant and not _coded(c)],
            "outline": list(outline(finding)),
        }


def empty_chart(lexicon: Lexicon) -> Chart:
    """A chart without any data: asking a rule of it shows what the rule asks."""
    as_of = datetime(2000, 1, 1, tzinfo=UTC)
    return Chart(lexicon=lexicon, as_of=as_of, patient_id="none")


def _coded(concept: Concept) -> bool:
    return any(value_set.codes for value_set in concept.value_sets())


def _with_value_set(lexicon: Lexicon, concept_id: str) -> str:
    """The concept, and the value set to fill where that has another id."""
    names = [value_set.id for value_set in lexicon.concepts[concept_id].value_sets()]
    return concept_id if concept_id in names else f"{concept_id} (value set {names[0]})"


def _ways_to_wake(finding: Finding, dormant: Sequence[str]) -> list[list[str]]:
    """The smallest sets of inputs of which any one must be mapped before the finding can be yes.

    Empty when it can be yes without, or never.
    """
    found: list[frozenset[str]] = []
    for size in range(len(dormant) + 1):
        for mapped in map(frozenset, combinations(dormant, size)):
            if any(way <= mapped for way in found):
                continue
            if TRUE in _possible(finding, frozenset(dormant) - mapped):
                found.append(mapped)
        if frozenset() in found:
            return []
    return [sorted(way) for way in found]


def _possible(finding: Finding, dormant: frozenset[str]) -> set[Truth]:
    """The answers that some record could give. Of dormant inputs there is never a record, so a
    question about them alone keeps the answer that it has without any."""
    if not finding.parts:
        about = {fact.key for fact in finding.facts}
        return {finding.truth} if about and about <= dormant else set(Truth)
    pick = min if finding.question == ALL_OF else max
    parts = (_possible(part, dormant) for part in finding.parts)
    found = reduce(lambda one, other: {pick(a, b) for a in one for b in other}, parts)
    return {Truth(TRUE - truth) for truth in found} if finding.question == NONE_OF else found
