"""Every rule of an engine as a listing shows it: what it asks, how it stands, if it sleeps.

Dormant inputs have no code mapped and no name to go by. A rule is dormant when it cannot apply
without some of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import reduce
from itertools import combinations
from typing import Any

from cds_service.chart import Chart
from cds_service.engine import Engine
from cds_service.finding import ALL_OF, NONE_OF, TRUE, Finding, Truth, outline
from cds_service.limits import NO_LOCAL_LIMITS, Limits
from cds_service.rule import Rule
from cds_service.service import Service
from cds_service.terminology import Concept, Lexicon


def describe(engine: Engine, as_of: datetime | None = None) -> Iterator[dict[str, Any]]:
    """Every rule once, as the listing shows it.

    Dormant inputs have no code mapped and no name to go by. A rule is dormant when it cannot apply
    without some of them; each list of inputs that would wake it is given. Inputs by name only are
    orders without a code.
    """
    found: dict[str, tuple[Rule, list[Service]]] = {}
    for service in engine.services.values():
        for rule in service.rules():
            found.setdefault(rule.id, (rule, []))[1].append(service)
    as_of = as_of or datetime.now(UTC)
    for rule, services in found.values():
        chart = empty_chart(engine.lexicon, engine.limits)
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
            "localThresholds": engine.limits.described(rule.id),
            "summary": engine.limits.say(rule.summary),
            "text": engine.limits.say(rule.text),
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


def dormant_rules(engine: Engine) -> set[str]:
    """Rules that cannot apply here, whatever is on record, until a site maps their codes."""
    return {each["id"] for each in describe(engine) if each["dormant"]}


def empty_chart(lexicon: Lexicon, limits: Limits = NO_LOCAL_LIMITS) -> Chart:
    """A chart without any data: asking a rule of it shows what the rule asks."""
    as_of = datetime(2000, 1, 1, tzinfo=UTC)
    return Chart(lexicon=lexicon, as_of=as_of, patient_id="none", limits=limits)


def _coded(concept: Concept) -> bool:
    return any(value_set.codes for value_set in concept.value_sets())


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
