"""One rule as its users and a governance board need it: what it is for, on whom, on what, and where
it ends. Drawn from the rule, its services and its statements, so that it cannot lag behind them.

What this project cannot know about a hospital is marked "to be confirmed by the site".
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from cds_service.chart import ORDER_KEY, Chart
from cds_service.finding import ALL_OF, ANY_OF, NONE_OF, Finding, outline
from cds_service.limits import NO_LOCAL_LIMITS, Limit, Limits
from cds_service.rule import Evidence, Line, Rule, WhenUnknown
from cds_service.service import Service
from cds_service.terminology import (
    Concept,
    Diagnosis,
    Lexicon,
    Measurement,
    Orderable,
    QualitativeTest,
)
from hooks import evidence
from hooks.source_attributes import Inputs, deciding_inputs, inputs, source_attributes
from hooks.statements import STATEMENTS
from hooks.thresholds import BY_NAME

SITE = "to be confirmed by the site"
"""Marks what only the hospital that uses the rule can say."""

INTENDED_USER = (
    "Clinicians who treat acute leukemia or order for these patients (Practitioner, "
    "PractitionerRole). Patients and relatives get no card. Which roles and departments see it: "
    f"{SITE}."
)

NOT_READ = (
    "Allergies, transfusions given, administrations, procedures, encounters, care plans, consents, "
    "notes and reports as text are not read.",
    "Of running drugs prescriptions alone are known; what is given without one is not seen.",
    "Silence is no all-clear: what was not recorded, coded or sent cannot be checked.",
    f"No study has measured how often this rule is right, overridden or harmful: {SITE}, before "
    "and while it is used.",
)
"""Limits of every rule; docs/clinical-safety.md has them at length."""

_WHEN_UNKNOWN = {
    WhenUnknown.ASK: "What is unknown is never taken for no: it is a line at the foot of a card.",
    WhenUnknown.ALONE: (
        "What is unknown is never taken for no: it is a line at the foot of a card, and worth a "
        "card of its own where no other shows."
    ),
    WhenUnknown.SILENT: "Where it cannot be told whether the rule applies, nothing is said of it.",
}

_OPENINGS = {
    ALL_OF: "all of these are so:",
    ANY_OF: "at least one of these is so:",
    NONE_OF: "none of these is so:",
}

_USE_AT = {
    "patient-view": "when a chart is opened",
    "order-select": "when orders are selected",
    "order-sign": "when orders are signed",
}

Json = dict[str, Any]


def document(
    rule: Rule,
    services: Sequence[Service],
    lexicon: Lexicon,
    local: Limits = NO_LOCAL_LIMITS,
) -> Json:
    """The whole of it, ready to be written as JSON. No part is empty: "none" is an answer.

    With the limits in force: those that are the site's name the default and who has set them.
    """
    own = [service for service in services if rule in service.rules()]
    chart = _empty_chart(lexicon, local)
    finding = rule.applies(chart)
    asked, deciding = inputs(rule), deciding_inputs(rule)
    return {
        "rule": rule.id,
        "version": rule.version,
        "reviewStatus": own[0].attribution.status(rule),
        "hooks": [service.hook for service in own],
        "summary": local.say(rule.summary),
        "text": " ".join(local.say(rule.text).split()),
        "intendedUse": _intended_use(local.say(rule.text), own),
        "intendedUser": INTENDED_USER,
        "population": list(_population(finding, lexicon)),
        "inputs": list(_inputs(asked, deciding, own, lexicon)),
        "limits": list(_limits(asked, deciding, local)),
        "logic": _logic(rule, finding, chart, own, local),
        "advice": list(_advice(rule, local)),
        "strength": rule.strength,
        "evidence": [_evidence(each) for each in rule.evidence],
        "statements": [_statement(name) for name in rule.statements],
        "testedCases": _tested_cases(rule),
        "knownLimits": [*_known_limits(rule, asked, lexicon), *NOT_READ],
        "sourceAttributes": source_attributes(rule),
    }


def _intended_use(text: str, services: Iterable[Service]) -> str:
    when = " and ".join(_USE_AT.get(service.hook, f"at {service.hook}") for service in services)
    return (
        f"Advice {when}: {' '.join(text.split())} To be weighed by the clinician, who "
        "decides. Not for diagnosis or monitoring on its own, not for detecting emergencies in "
        f"time, and not reviewed as a medical device. Use within local guidance: {SITE}."
    )


def _empty_chart(lexicon: Lexicon, local: Limits) -> Chart:
    """A chart without any data: asking a rule of it shows what the rule asks."""
    as_of = datetime(2000, 1, 1, tzinfo=UTC)
    return Chart(lexicon=lexicon, as_of=as_of, patient_id="none", limits=local)


# -- population ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Group:
    """Conditions that must all hold, or of which one must: others of their kind are not in it."""

    needs_all: bool
    parts: tuple[_Condition, ...]


_Condition = str | _Group


def _population(finding: Finding, lexicon: Lexicon) -> Iterator[str]:
    """What is so of every patient for whom the rule can apply, orders aside."""
    orders = {each.id for each in lexicon.concepts.values() if isinstance(each, Orderable)}
    found = _condition(finding, orders, is_so=True)
    if found is None:
        yield "Every patient for whom the hook is called; the orders decide."
    elif isinstance(found, _Group) and found.needs_all:
        for part in found.parts:
            yield from _lines(part)
    else:
        yield from _lines(found)


def _condition(finding: Finding, orders: set[str], is_so: bool) -> _Condition | None:
    """What must hold for a finding to be yes, or with `is_so` False to be no; None for anything.

    Of "this or that" nothing is left where one of them is an order: the other need not hold then.
    """
    if finding.question not in _OPENINGS:
        if any(fact.key in orders or fact.key.startswith(ORDER_KEY) for fact in finding.facts):
            return None
        return finding.question if is_so else f"Not so: {finding.question}"
    wants = is_so is not (finding.question == NONE_OF)
    needs_all = (finding.question == ALL_OF) is wants
    parts = [_condition(part, orders, wants) for part in finding.parts]
    if not needs_all and None in parts:
        return None
    return _group(needs_all, [part for part in parts if part is not None])


def _group(needs_all: bool, parts: Iterable[_Condition]) -> _Condition | None:
    """Without groups of the same kind in each other, and without repeats."""
    flat: dict[_Condition, None] = {}
    for part in parts:
        is_same = isinstance(part, _Group) and part.needs_all is needs_all
        flat |= dict.fromkeys(part.parts if isinstance(part, _Group) and is_same else (part,))
    if len(flat) < 2:
        return next(iter(flat), None)
    return _Group(needs_all, tuple(flat))


def _lines(condition: _Condition, depth: int = 0) -> Iterator[str]:
    """Two blanks deeper belong to the line above."""
    if isinstance(condition, str):
        yield "  " * depth + condition
        return
    yield "  " * depth + _OPENINGS[ALL_OF if condition.needs_all else ANY_OF]
    for part in condition.parts:
        yield from _lines(part, depth + 1)


# -- inputs ----------------------------------------------------------------------------------------


def _inputs(
    everything: Inputs, deciding: Inputs, services: Sequence[Service], lexicon: Lexicon
) -> Iterator[Json]:
    decides = {concept.id for concept in deciding.concepts}
    for concept in everything.concepts:
        known = lexicon.concepts.get(concept.id, concept)
        yield {
            "input": known.title,
            "use": "decides" if concept.id in decides else "shown, or for lines and proposals",
            "prefetch": _keys(concept, services),
            "valueSets": [value_set.id for value_set in known.value_sets()],
            "mapped": _mapped(known, lexicon),
            "requiredQuality": _quality(known),
        }
    for name, is_asked, quality in (
        ("Birth date", everything.birth_date, "Patient.birthDate; a partial date leaves a range."),
        ("Sex", everything.sex, "Patient.gender as recorded; nothing is concluded where it lacks."),
    ):
        if is_asked:
            yield {
                "input": name,
                "use": "decides, or for lines and proposals",
                "prefetch": [q.key for q in services[0].queries if q.resource_type == "Patient"],
                "valueSets": ["none"],
                "mapped": "needs no codes",
                "requiredQuality": quality,
            }


def _keys(concept: Concept, services: Iterable[Service]) -> list[str]:
    """The prefetch keys that ask for it; drafts come with the call."""
    found = [
        query.key
        for service in services
        for query in service.queries
        if any(each.id == concept.id for each in query.concepts)
    ]
    drafts = ["context.draftOrders"] if isinstance(concept, Orderable) else []
    return [*drafts, *dict.fromkeys(found)] or ["none: known only where it is sent with other data"]


def _mapped(concept: Concept, lexicon: Lexicon) -> str:
    if any(value_set.codes for value_set in concept.value_sets()):
        return "by code"
    if lexicon.is_mapped(concept):
        return "by name only"
    return f"no code mapped: dormant until the site maps one, {SITE}"


def _quality(concept: Concept) -> str:
    """What a record must be like to be used; one that is not is named on the card."""
    if isinstance(concept, Diagnosis):
        return (
            "Condition with a code of the value sets. clinicalStatus and the code say whether it "
            "is live; unconfirmed, provisional and differential are suspected; refuted and entered "
            "in error do not count."
        )
    if isinstance(concept, Measurement):
        return (
            "Observation with a code of the value sets, the time of the sample, and a number "
            f"{_unit(concept)}.{_plausible(concept)} Registered, cancelled and entered in error do "
            "not count."
        )
    if isinstance(concept, QualitativeTest):
        return (
            "Observation with a code of the value sets, the time of the sample, and an answer: "
            f"{_words(concept.yes)} or {_words(concept.no)}, an interpretation code, or a coded "
            "answer that the site has mapped. Another answer is named as not read."
        )
    return (
        "Draft order or prescription with a code of the value sets; else recognised by name, which "
        "the card says. Dose, unit, route and frequency where the rule works with them."
    )


def _unit(measurement: Measurement) -> str:
    if not measurement.units.display:
        return "that needs no unit"
    return f"in {measurement.units.display} or a unit that converts to it; none is guessed"


def _plausible(measurement: Measurement) -> str:
    if measurement.plausible is None:
        return ""
    low, high = measurement.plausible
    return f" Outside {low:f} to {high:f} it is not believed."


def _words(answers: Iterable[str]) -> str:
    return ", ".join(sorted(answers))


def _limits(asked: Inputs, deciding: Inputs, local: Limits) -> Iterator[Json]:
    """Those that decide come first."""
    decides = {each.name for each in deciding.thresholds}
    decides |= {each.name for each in deciding.windows}
    found: list[tuple[Limit, str]] = [(each, each.source) for each in asked.thresholds]
    found += [(each, "see the evidence of the rule") for each in asked.windows]
    for limit, source in sorted(found, key=lambda each: each[0].name not in decides):
        use = "decides" if limit.name in decides else "shown, or for lines and proposals"
        yield {**_limit(limit, source, local), "use": use}
    if not found:
        yield {
            "name": "none",
            "value": "none",
            "reason": "no number decides",
            "source": "none",
            "use": "none",
        }


def _limit(limit: Limit, source: str, local: Limits) -> Json:
    changed = local.local.get(limit.name)
    known = evidence.BY_KEY.get(source)
    cited = {"citation": f"{known.citation} ({known.identifier})"} if known is not None else {}
    if changed is None:
        return {
            "name": limit.name,
            "value": str(limit),
            "reason": limit.reason,
            "source": source,
            **cited,
        }
    return {**changed.described(), "source": f"local threshold; the default: {source}", **cited}


# -- logic -----------------------------------------------------------------------------------------


def _logic(
    rule: Rule, finding: Finding, chart: Chart, services: Iterable[Service], local: Limits
) -> Json:
    return {
        "appliesWhen": list(_outline(finding)),
        "urgency": list(_urgency(rule, chart, local)),
        "whenUnknown": _WHEN_UNKNOWN[rule.when_unknown],
        "precedence": list(_precedence(rule, services)),
    }


def _outline(finding: Finding) -> Iterator[str]:
    """Every question; two blanks deeper belong to the line above."""
    for line in outline(finding):
        text = line.lstrip()
        yield line[: len(line) - len(text)] + _OPENINGS.get(text, text)


def _urgency(rule: Rule, chart: Chart, local: Limits) -> Iterator[Json]:
    """Of several conditions that are met the first counts."""
    for each in rule.escalations:
        asked = list(_outline(each.when(chart)))
        # One question says more than the name of the function that asks it.
        is_plain = len(asked) == 1 and not inspect.getdoc(each.when)
        yield {
            "when": asked[0] if is_plain else in_words(each.when, local),
            "indicator": each.indicator.value,
            "summary": local.say(each.summary or rule.summary),
        }
    yield {
        "when": "otherwise" if rule.escalations else "always",
        "indicator": rule.indicator.value,
        "summary": local.say(rule.summary),
    }


def in_words(question: Any, local: Limits = NO_LOCAL_LIMITS) -> str:
    """What a question is about: the first paragraph of its docstring, else its name.

    A docstring names a limit in braces, as a rule's texts do with `Stated`.
    """
    found = inspect.getdoc(question) or str(question.__name__).replace("_", " ").strip()
    text = " ".join(found.split("\n\n")[0].split())
    return _NAMED.sub(lambda name: str(local.of(BY_NAME[name[1]])), text)


_NAMED = re.compile(r"\{([a-z0-9-]+)\}")


def _precedence(rule: Rule, services: Iterable[Service]) -> Iterator[str]:
    for service in services:
        at = f"At {service.hook}"
        if rule.id == service.gaps.id:
            yield f"{at}: shows when no other card does and what is missing could have hidden one."
        elif service.instead is not None and rule.id == service.instead.id:
            yield f"{at}: stands instead of all other cards."
        for group in service.groups:
            ids = [each.id for each in group.rules]
            if rule.id in ids:
                yield f"{at}: {_place(rule.id, ids)} for the decision: {group.name}."
        for host, guest in service.joined:
            if guest.id == rule.id:
                yield f"{at}: goes onto the card of {host.id} where both apply."


def _place(rule: str, rules: list[str]) -> str:
    """Of the rules of one decision the first that applies shows."""
    if len(rules) == 1:
        return "the only rule"
    before = rules[: rules.index(rule)]
    return f"shows where none of {', '.join(before)} applies," if before else "the first rule"


# -- what it says, and what that rests on ----------------------------------------------------------

_VERIFIED = {
    "R": "read, often the abstract only",
    "S": "seen only quoted elsewhere",
    "M": "not verified",
}
"""How a source was verified, by the letters of hooks/evidence.py."""


def _advice(rule: Rule, local: Limits) -> Iterator[Json]:
    """Its lines, each with the statements that it carries; of one by patient what it can say."""
    wordings = _drawn("wordings.json").get(rule.id, [])
    for place, each in enumerate(rule.advice):
        text = each.text if isinstance(each, Line) else each
        carried = list(each.statements) if isinstance(each, Line) else []
        statements = carried or ["none"]
        if isinstance(text, str):
            yield {"line": local.say(text), "when": "always", "statements": statements}
        else:
            known = wordings[place] if place < len(wordings) else []
            line = {"line": in_words(text, local), "when": "by patient", "statements": statements}
            yield line | {"wordings": known or ["none"]}
    if not rule.advice:
        yield {"line": "none", "when": "none", "statements": ["none"]}


def _evidence(source: Evidence) -> Json:
    return {
        "key": source.key,
        "citation": source.citation,
        "identifier": source.identifier,
        "url": source.url or "none",
        "verified": _VERIFIED[source.seen],
    }


def _statement(name: str) -> Json:
    found = STATEMENTS[name]
    return {
        "id": found.id,
        "words": found.words,
        "appliesWhen": found.applies_when or "not said",
        "verification": found.verification,
        "qualification": found.qualification or "none",
        "evidence": [each.key for each in found.evidence] or ["none"],
    }


_CASES = ("applies", "doesNotApply", "cannotTell")


def _tested_cases(rule: Rule) -> dict[str, list[str]]:
    """The sentences of the tests of the rule."""
    found = _drawn("tested_cases.json").get(rule.id, {})
    return {name: found.get(name) or ["none"] for name in _CASES}


@cache
def _drawn(name: str) -> dict[str, Any]:
    """What `make generate` has drawn from the tests and the code: no installation has those."""
    found: dict[str, Any] = json.loads(files("hooks").joinpath(name).read_text(encoding="utf-8"))
    return found


# -- known limits ----------------------------------------------------------------------------------

_SEEN = {"S": "was seen only quoted elsewhere", "M": "was not verified"}
_DOUBTS: Mapping[str, str] = {
    "partially": "only partly supported",
    "contradicted": "contradicted by evidence",
    "not found": "without evidence that was found",
}


def _known_limits(rule: Rule, everything: Inputs, lexicon: Lexicon) -> Iterator[str]:
    for source in rule.evidence:
        if source.seen in _SEEN:
            yield f"Source {source.key} {_SEEN[source.seen]}."
    for each in (STATEMENTS[name] for name in rule.statements):
        if each.verification in _DOUBTS:
            qualified = f" {each.qualification}" if each.qualification else ""
            yield f'Statement {each.id} is {_DOUBTS[each.verification]}: "{each.words}"{qualified}'
    for concept in (lexicon.concepts.get(each.id, each) for each in everything.concepts):
        single = sum(len(value_set.single_source) for value_set in concept.value_sets())
        if single:
            yield f"{concept.title}: codes that a single source backs: {single}."
