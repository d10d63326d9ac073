"""What the pages of the rules show: the list with its filter, and one rule.

Without medicine: the words are those of the rules and of the content's `document`, which may be
missing (None) and then leaves its parts of a page empty. Names of clients are on no page: everybody
may read them.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any

from cds_service.engine import Engine
from cds_service.governance import next_of
from cds_service.rule import Indicator, Quiet, Rule
from cds_service.rule_list import describe, empty_chart
from cds_service.rule_outline import Point, of_lines, outline_of
from cds_service.service import Service
from cds_service.terminology import Orderable

Json = dict[str, Any]

_URGENCY = [each.value for each in Indicator]

STATES = {
    "approved": "approved",
    "pending": "pending",
    "off": "off",
    "silent": "silent",
    "switched": "off or silent for some clients",
    "dormant": "dormant",
    "local": "local thresholds",
}
"""What may be so of a rule here, and how a filter names it."""

EXPLAINED = {
    "pending": "Not signed off for this site.",
    "off": "Not asked: it shows no card.",
    "silent": "Asked and recorded: it shows no card.",
    "switched": "Off or silent for some of the clients.",
    "dormant": "Cannot apply until this site maps codes that it needs.",
    "local": "This site has set numbers of its own.",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One rule of the list. `orders` are the ids of the drugs and procedures that it asks about."""

    id: str
    summary: str
    indicators: tuple[str, ...]
    hooks: tuple[str, ...]
    decision: str
    status: str
    states: tuple[str, ...]
    orders: tuple[str, ...]
    text: str

    def badges(self) -> list[str]:
        """The states that are worth a word beside the review status."""
        return [each for each in self.states if each not in ("approved", "pending")]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; empty: everything."""

    hook: str = ""
    order: str = ""
    status: str = ""
    words: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left out."""
        return not (self.hook or self.order or self.status or self.words.split())

    def takes(self, row: Row) -> bool:
        """Whether a row is among what is asked for. static/pages.js decides in the same way."""
        return (
            self.hook in ("", *row.hooks)
            and self.order in ("", *row.orders)
            and self.status in ("", *row.states)
            and all(word in row.text for word in self.words.lower().split())
        )


@dataclass(frozen=True, slots=True)
class Section:
    """The rules that a service is the first to list."""

    hook: str
    title: str
    rows: list[Row] = field(default_factory=list)


def sections(engine: Engine, as_of: datetime) -> list[Section]:
    """Every rule once, under the hook that asks it first."""
    report = engine.governance.report(as_of)
    rules = {rule.id: rule for each in engine.services.values() for rule in each.rules()}
    first = {service.hook: Section(service.hook, service.title) for service in _services(engine)}
    for each in describe(engine, as_of):
        row = _row(engine, rules[each["id"]], each, report, as_of)
        first[row.hooks[0]].rows.append(row)
    return [section for section in first.values() if section.rows]


def _services(engine: Engine) -> Iterable[Service]:
    return engine.services.values()


def _row(engine: Engine, rule: Rule, each: Json, report: Json, as_of: datetime) -> Row:
    orders = [i for i in each["inputs"] if _is_order(engine, i)]
    decision = _decision(engine, rule)
    titles = (engine.lexicon.concepts[i].title for i in orders)
    searched = (rule.id, each["summary"], each["text"], decision, *orders, *titles)
    return Row(
        id=rule.id,
        summary=each["summary"],
        indicators=tuple(sorted(each["indicator"].split(" / "), key=_URGENCY.index)),
        hooks=tuple(dict.fromkeys(each["hooks"])),
        decision=decision,
        status=each["reviewStatus"],
        states=tuple(_states(engine, rule, report, as_of, is_dormant=each["dormant"])),
        orders=tuple(orders),
        text=" ".join(searched).lower(),
    )


def _is_order(engine: Engine, concept: str) -> bool:
    return isinstance(engine.lexicon.concepts.get(concept), Orderable)


def _decision(engine: Engine, rule: Rule) -> str:
    """What the rule helps to decide; empty for one that stands beside all decisions."""
    names = (g.name for s in _services(engine) for g in s.groups if rule in g.rules)
    return next(names, "")


def _states(
    engine: Engine, rule: Rule, report: Json, as_of: datetime, *, is_dormant: bool
) -> Iterator[str]:
    yield "approved" if engine.governance.is_approved(rule, as_of) else "pending"
    if rule.id in report.get("off", ()):
        yield "off"
    if rule.id in report.get("silent", ()):
        yield "silent"
    if rule.id in report.get("switchedForSomeClients", ()):
        yield "switched"
    if is_dormant:
        yield "dormant"
    if engine.limits.described(rule.id):
        yield "local"


def orders(engine: Engine, found: Iterable[Section]) -> list[tuple[str, str]]:
    """Id and title of every drug and procedure that some rule asks about, by title."""
    ids = {order for section in found for row in section.rows for order in row.orders}
    titled = ((each, engine.lexicon.concepts[each].title) for each in ids)
    return sorted(titled, key=lambda pair: pair[1].lower())


# -- one rule --------------------------------------------------------------------------------------


def find(engine: Engine, rule_id: str) -> Rule | None:
    """The rule of this id."""
    rules = (rule for service in _services(engine) for rule in service.rules())
    return next((rule for rule in rules if rule.id == rule_id), None)


def alike(engine: Engine, rule_id: str) -> list[Rule]:
    """Rules that somebody who asks for another one may mean."""
    rules = {rule.id: rule for service in _services(engine) for rule in service.rules()}
    asked = rule_id[:100].lower()
    holding = [name for name in rules if asked and asked in name]
    close = get_close_matches(asked, rules, n=3, cutoff=0.5)
    return [rules[name] for name in dict.fromkeys([*close, *holding[:5]])]


def page(engine: Engine, rule: Rule, as_of: datetime) -> Json:
    """All that the page of one rule shows."""
    described = next(each for each in describe(engine, as_of) if each["id"] == rule.id)
    document = engine.source_attributes(rule.id, as_of) or {}
    row = _row(engine, rule, described, engine.governance.report(as_of), as_of)
    limits = document.get("limits", [])
    return {
        "rule": row,
        "states": STATES,
        "explained": EXPLAINED,
        "version": rule.version,
        "text": document.get("text") or " ".join(engine.limits.say(rule.text).split()),
        "document": document,
        "questions": _questions(engine, rule),
        "urgency": list(_urgency(engine, rule, document)),
        "population": of_lines(document.get("population", ())),
        "known_limits": _known_limits(document.get("knownLimits", ())),
        "deciding": [each for each in limits if each.get("use") == "decides"],
        "other_limits": [each for each in limits if each.get("use", "").startswith("shown")],
        "local": engine.limits.described(rule.id),
        "strength": rule.strength,
        "evidence": _evidence(rule),
        "checked": _checked(document.get("statements", ())),
        "dormant_inputs": _dormant(engine, described),
        "services": [s for s in _services(engine) if rule in s.rules()],
        "quiet": list(_quiet(engine, rule)),
        "overrides": [each.display for each in rule.override_reasons],
        "can_be_switched": all(rule.id != s.gaps.id for s in _services(engine)),
        "instead": [each for each in next_of(rule.id, _services(engine)) if each != rule.id],
    }


def _questions(engine: Engine, rule: Rule) -> Point:
    return outline_of(rule.applies(empty_chart(engine.lexicon, engine.limits)))


def _urgency(engine: Engine, rule: Rule, document: Json) -> Iterator[Json]:
    """What makes the card more or less urgent: the content's words where it has any, and what is
    asked; of several that are met the first counts."""
    told = document.get("logic", {}).get("urgency", ())
    for place, each in enumerate(rule.escalations):
        has_words = inspect.getdoc(each.when) is not None and place < len(told)
        yield {
            "indicator": each.indicator.value,
            "summary": engine.limits.say(each.summary or rule.summary),
            "when": told[place]["when"] if has_words else "",
            "questions": outline_of(each.when(empty_chart(engine.lexicon, engine.limits))),
        }
    yield {
        "indicator": rule.indicator.value,
        "summary": engine.limits.say(rule.summary),
        "when": "Otherwise" if rule.escalations else "Always",
        "questions": None,
    }


def _known_limits(found: Iterable[str]) -> list[str]:
    """Without doubts about statements, which stand with the statements."""
    return [each for each in found if not each.startswith("Statement ")]


_VERIFIED = {"R": "read", "S": "seen only quoted elsewhere", "M": "not verified"}
"""How `Evidence.seen` is said."""


def _evidence(rule: Rule) -> list[Json]:
    """Its sources in their order: the rule's authors put the one that carries it first."""
    return [
        {
            "key": source.key,
            "citation": source.citation,
            "identifier": source.identifier,
            "url": source.url,
            "verified": _VERIFIED.get(source.seen, source.seen),
            "is_read": source.seen == "R",
        }
        for source in rule.evidence
    ]


def _checked(statements: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many of the statements carried were found to be what."""
    return dict(Counter(each["verification"] for each in statements))


def _dormant(engine: Engine, described: Json) -> list[str]:
    return [engine.lexicon.concepts[each].title for each in described["dormantInputs"]]


def _quiet(engine: Engine, rule: Rule) -> Iterator[str]:
    """When its card is held back; each way once, with the hooks where it is so."""
    found: dict[str, list[str]] = {}
    for service in _services(engine):
        never = (service.gaps.id, service.instead.id if service.instead is not None else None)
        if rule not in service.rules() or service.quiet is None or rule.id in never:
            continue
        found.setdefault(_after_override(service.quiet), []).append(service.hook)
        if rule in service.once_per_encounter:
            found.setdefault("shown once in an encounter.", []).append(service.hook)
    for words, hooks in found.items():
        yield f"At {' and '.join(hooks)}: {words}"


def _after_override(quiet: Quiet) -> str:
    share = f"{quiet.moved_by * 100:f}".rstrip("0").rstrip(".")
    return (
        f"not shown again for {_hours(quiet.after_override)} to the user who overrode it, unless "
        f"it is more urgent now, its orders changed or {quiet.watched.title.lower()} moved by "
        f"{share} %; a critical card only where the reason that was given says so."
    )


def _hours(length: timedelta) -> str:
    return f"{length.total_seconds() / 3600:g} h"
