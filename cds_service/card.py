"""A rule that applies, as a CDS Hooks card: https://cds-hooks.hl7.org/#card-attributes

The basis of a card comes by itself: the facts of the parts that decided, the values the rule
shows, and what was missing. Text that came with the request is escaped: clients render `detail` as
markdown, and some render raw HTML.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

from cds_service.chart import NO_RESULT, NOT_DRAFTED, NOT_LISTED, NOT_TAKEN, Chart
from cds_service.finding import TRUE, Fact, Finding
from cds_service.limits import Local
from cds_service.prefetch import DATA_UNDER, NOT_CHECKED, not_checked
from cds_service.rule import Action, Advice, Evidence, Indicator, Line, Rule, Suggestion

EXTENSION = "org.als-leukemia-cds.rule"
RESPONSE_EXTENSION = "org.als-leukemia-cds.response"
TOPIC_SYSTEM = "https://als-leukemia-cds.org/fhir/CodeSystem/rule"

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who stands behind the content: shown on every card.

    `{status}` in a text is where the review status of the card's rule goes; `approved` holds that
    of the rules which a site has signed off, by id, the others have `review_status`.
    """

    label_without_primary_source: str
    line: str
    review_status: str
    approved: Mapping[str, str] = field(default_factory=dict, hash=False)

    def status(self, rule: Rule) -> str:
        """The review status of a rule, in words."""
        return self.approved.get(rule.id, self.review_status)

    def label(self, rule: Rule) -> str:
        """What `source.label` says where no publication carries the rule."""
        return self.label_without_primary_source.replace("{status}", self.status(rule))

    def closing(self, rule: Rule) -> str:
        """The last line of a card."""
        return self.line.replace("{status}", self.status(rule))


@dataclass(frozen=True, slots=True)
class Applied:
    """A rule that applies to a chart, with the indicator it has there.

    `also` are rules about the same orders: one decision gets one card, and nothing is left out.
    """

    rule: Rule
    finding: Finding
    indicator: Indicator
    summary: str
    gaps: tuple[Fact, ...] = ()
    also: tuple[Applied, ...] = ()


Because = Literal["overridden", "shown"]
"""What a card that is held back has been."""


@dataclass(frozen=True, slots=True)
class Held:
    """A card that was held back: it was overridden, or shown, at an instant, and says no more.

    `until` is None where the end of the encounter ends it. `also` are the other rules on the card.
    """

    rule: str
    summary: str
    because: Because
    at: datetime
    until: datetime | None = None
    also: tuple[str, ...] = ()

    def words(self) -> str:
        """As a line of another card."""
        if self.until is None:
            why = f"shown in this encounter on {_minute(self.at)}"
        else:
            why = f"{self.because} {_minute(self.at)}, until {_minute(self.until)}"
        return f"Not shown again: {self.summary} ({why})"

    def member(self) -> dict[str, Any]:
        """As an extension tells it."""
        told: dict[str, Any] = {
            "rule": self.rule,
            "summary": self.summary,
            "because": self.because,
            "at": self.at.isoformat(timespec="seconds"),
        }
        if self.until is not None:
            told["until"] = self.until.isoformat(timespec="seconds")
        if self.also:
            told["also"] = list(self.also)
        return told


def _minute(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def escape(text: str) -> str:
    """Text from a request, harmless in markdown and HTML, on one line."""
    flat = " ".join(text.split())
    return _SPECIAL.sub(r"\\\1", flat.replace("&", "&amp;").replace("<", "&lt;"))


def grade(rule: Rule, finding: Finding, chart: Chart) -> Applied:
    """Indicator and summary: the first escalation that is met, else the rule's own."""
    unknown: list[Fact] = []
    for escalation in rule.escalations:
        answer = escalation.when(chart)
        if answer.truth is TRUE:
            summary = chart.limits.say(escalation.summary or rule.summary)
            applied = Applied(rule, finding, escalation.indicator, summary, tuple(unknown))
            return _at_most_warning(applied, finding, answer)
        unknown += [fact for fact in answer.deciding() if fact.missing]
    summary = chart.limits.say(rule.summary)
    return _at_most_warning(
        Applied(rule, finding, rule.indicator, summary, tuple(unknown)), finding
    )


def _at_most_warning(applied: Applied, *findings: Finding) -> Applied:
    """A code that a single source backs is enough for advice, not for a critical card."""
    if applied.indicator is not Indicator.CRITICAL or all(each.is_firm() for each in findings):
        return applied
    words = "Not critical, because the code that it rests on is backed by a single source"
    gap = Fact("single source", words.__str__, missing=True)
    return replace(applied, indicator=Indicator.WARNING, gaps=(*applied.gaps, gap))


def render(
    applied: Applied,
    chart: Chart,
    attribution: Attribution,
    foot: Iterable[str] = (),
    titles: Mapping[str, str] | None = None,
    held: Sequence[Held] = (),
) -> dict[str, Any]:
    """The card as JSON-ready values.

    `foot` are gaps of the whole response, for its end; `titles` name what stands under a key;
    `held` are cards of the same response that do not show.
    """
    rule = applied.rule
    basis, missing = _basis(applied, chart)
    also = [_also(guest, chart, basis, missing) for guest in applied.also]
    missing += [line for line in foot if line not in missing]
    constant = _constant(rule, attribution)
    card: dict[str, Any] = {
        "uuid": str(uuid4()),
        "summary": applied.summary,
        "detail": _detail(
            applied,
            chart,
            basis,
            also,
            _by_key(missing, titles or {}),
            "\n\n".join([*_held_section(held), _closing(applied, attribution)]),
        ),
        "indicator": applied.indicator.value,
        **constant.members,
        **_joined_members(applied),
        "extension": {EXTENSION: _extension(applied, chart, attribution, missing, held)},
    }
    suggestions = _suggestions(applied, chart)
    if suggestions:
        card["suggestions"] = [_suggestion(suggestion) for suggestion in suggestions]
        card["selectionBehavior"] = "any"
    return card


@dataclass(frozen=True, slots=True)
class _Constant:
    """What is the same on every card of a rule: JSON members, sources and the last line."""

    members: dict[str, Any]
    evidence: str
    closing: str


_CONSTANTS: dict[int, tuple[Rule, Attribution, _Constant]] = {}


def _constant(rule: Rule, attribution: Attribution) -> _Constant:
    """Worked out once per rule; callers encode it and never change it."""
    known = _CONSTANTS.get(id(rule))
    # The rule is kept beside its constant, so that no other object can get its identity.
    if known is None or known[0] is not rule or known[1] is not attribution:
        known = (rule, attribution, _work_out(rule, attribution))
        _CONSTANTS[id(rule)] = known
    return known[2]


def _work_out(rule: Rule, attribution: Attribution) -> _Constant:
    members = {"source": _source(rule, attribution), **_own_members(rule)}
    evidence = _evidence_section(rule.evidence, rule.strength)
    return _Constant(members, evidence, f"*{attribution.closing(rule)}*")


def with_rule_pages(cards: Iterable[dict[str, Any]], base: str) -> list[dict[str, Any]]:
    """Each card with a link to the page of its rule first, then those of other rules on it.

    `base` is the address of this service; without one the cards stay as they are.
    """
    return [_with_rule_pages(card, base) if base else card for card in cards]


def _with_rule_pages(card: dict[str, Any], base: str) -> dict[str, Any]:
    told = card.get("extension", {}).get(EXTENSION, {})
    if "id" not in told:
        return card
    labels = {told["id"]: f"Why this card: rule {told['id']}"}
    labels |= {each: f"Also on this card: rule {each}" for each in told.get("also", ())}
    pages = [
        {"label": label, "url": f"{base}/rules/{rule}", "type": "absolute"}
        for rule, label in labels.items()
    ]
    # The links of a rule are one list for all of its cards: it stays as it is.
    return {**card, "links": [*pages, *card.get("links", ())]}


def _own_members(rule: Rule) -> dict[str, Any]:
    members: dict[str, Any] = {}
    if rule.override_reasons:
        members["overrideReasons"] = [
            {"code": reason.code, "system": reason.system, "display": reason.display}
            for reason in rule.override_reasons
        ]
    links = [
        {"label": _short(evidence.citation), "url": evidence.url, "type": "absolute"}
        for evidence in rule.evidence
        if evidence.url is not None
    ]
    if links:
        members["links"] = links
    return members


def _also(guest: Applied, chart: Chart, basis: list[str], missing: list[str]) -> str:
    """What another rule adds about the same orders; its gaps join those of the card."""
    known, gaps = _basis(guest, chart)
    missing += [line for line in gaps if line not in missing]
    lines = [line for line in known if line not in basis]
    return _section(f"Also: {guest.summary}", [*_together(lines), *_advice(guest.rule, chart)])


def _joined_members(applied: Applied) -> dict[str, Any]:
    """Override reasons and links of all rules on the card, each once, where it holds several."""
    if not applied.also:
        return {}
    members = [_own_members(each.rule) for each in (applied, *applied.also)]
    joined: dict[str, Any] = {}
    for name, key in (("overrideReasons", "code"), ("links", "url")):
        found: dict[str, Any] = {}
        for each in (each for own in members for each in own.get(name, ())):
            found.setdefault(each[key], each)
        if found:
            joined[name] = list(found.values())
    return joined


def _closing(applied: Applied, attribution: Attribution) -> str:
    """The sources of the card's rule, then those that other rules on it add."""
    own = _constant(applied.rule, attribution)
    known = {source.key for source in applied.rule.evidence}
    sections = []
    for guest in applied.also:
        added = [source for source in guest.rule.evidence if source.key not in known]
        known |= {source.key for source in added}
        if added:
            about = guest.rule.id.replace("-", " ")
            sections.append(_evidence_section(added, guest.rule.strength, f" on {about}"))
    return "\n\n".join([own.evidence, *sections, own.closing])


_NOT_READ = {"S": "; seen only quoted elsewhere", "M": "; not verified"}
"""What a citation says of a source that nobody has read."""


def _evidence_section(sources: Iterable[Evidence], strength: str, about: str = "") -> str:
    """`about` names the rule that the sources are for, where it is not the card's own."""
    citations = [
        f"{source.citation} ({source.identifier}{_NOT_READ.get(source.seen, '')})"
        for source in sources
    ]
    return _section(f"Evidence{about} ({strength})", citations)


def _suggestions(applied: Applied, chart: Chart) -> list[Suggestion]:
    """Those of every rule on the card, each label once."""
    found: dict[str, Suggestion] = {}
    for each in (applied, *applied.also):
        for suggestion in _proposed(each.rule, chart):
            found.setdefault(suggestion.label, suggestion)
    return list(found.values())


def _proposed(rule: Rule, chart: Chart) -> list[Suggestion]:
    return _once("proposed", rule, chart, lambda: [propose(chart) for propose in rule.suggestions])


def _once(what: str, rule: Rule, chart: Chart, work_out: Callable[[], list[Any]]) -> list[Any]:
    """What is there of it, worked out once for a chart: the quiet asks before the card is built."""
    # The rule is remembered too: no other can get its identity.
    _, found = chart.recall((what, id(rule)), lambda: (rule, [each for each in work_out() if each]))
    remembered: list[Any] = found
    return remembered


def wording(applied: Applied, chart: Chart) -> Iterator[str]:
    """What the card tells, apart from the gaps: facts and values, advice, proposals."""
    for each in (applied, *applied.also):
        facts = [*each.finding.deciding(), *_shown_facts(each.rule, chart)]
        yield from sorted({fact.say() for fact in facts if not fact.missing})
        yield from sorted({fact.key for fact in facts if fact.missing})
        yield from _advice(each.rule, chart)
        yield from (suggestion.label for suggestion in _proposed(each.rule, chart))


def _shown_facts(rule: Rule, chart: Chart) -> list[Fact]:
    return _once("shown", rule, chart, lambda: [f for show in rule.shows for f in show(chart)])


def gap_lines(facts: Iterable[Fact]) -> list[str]:
    """One line for each thing that is missing, escaped, without repeats."""
    return list(dict.fromkeys(escape(fact.say()) for fact in facts if not fact.quiet))


def _basis(applied: Applied, chart: Chart) -> tuple[list[str], list[str]]:
    """What the card rests on, and what it would need; each thing once."""
    facts = [*applied.finding.deciding(), *_shown_facts(applied.rule, chart)]
    known = gap_lines(fact for fact in facts if not fact.missing)
    return known, gap_lines([*(fact for fact in facts if fact.missing), *applied.gaps])


def _detail(
    applied: Applied,
    chart: Chart,
    basis: list[str],
    also: list[str],
    missing: list[str],
    closing: str,
) -> str:
    rule = applied.rule
    sections = [" ".join(chart.limits.say(rule.text).split())]
    if basis:
        sections.append(_section("This patient", _together(basis)))
    local = _local(applied, chart)
    if local:
        sections.append(_section("Set by this site", [escape(each.words()) for each in local]))
    advice = _advice(rule, chart)
    if advice:
        sections.append(_section("Consider", advice))
    sections += also
    if missing:
        sections.append(_section("Missing or uncertain", missing))
    sections.append(closing)
    return "\n\n".join(sections)


def _local(applied: Applied, chart: Chart) -> list[Local]:
    """The limits that the site has changed, of all rules on the card."""
    return chart.limits.of_rules(each.rule.id for each in (applied, *applied.also))


_ABSENT = (
    (NOT_DRAFTED, 2, ", "),
    (NOT_TAKEN, 2, ", "),
    (NOT_LISTED, 1, "; "),
    (NO_RESULT, 1, "; "),
)
"""How the lines end that deny something, how many stand alone, and what goes between the others.

Names of diseases and tests may hold commas.
"""


def _together(lines: Iterable[str]) -> list[str]:
    """What is not there behind what is, in one line: nobody reads twenty to find the one fact."""
    found = list(lines)
    for words, few, between in _ABSENT:
        alike = [line for line in found if line.endswith(f": {words}")]
        found = [line for line in found if line not in alike]
        if len(alike) > few:
            names = between.join(line.removesuffix(f": {words}") for line in alike)
            alike = [f"{words[0].upper()}{words[1:]}: {names}"]
        found += alike
    return found


def _by_key(lines: list[str], titles: Mapping[str, str]) -> list[str]:
    """All that one key costs in one line, at its end why: nobody reads a reason fifteen times."""
    values: dict[str, list[str]] = {}
    failures: dict[str, tuple[str, str]] = {}
    rest = []
    for line in lines:
        name, is_value, why = line.partition(f": {NOT_CHECKED}")
        if is_value:
            values.setdefault(f"{NOT_CHECKED}{why}", []).append(name)
        elif line.startswith(DATA_UNDER):
            key, _, reason = line.removeprefix(DATA_UNDER).partition(" could not be read: ")
            failures[not_checked(key, reason)] = (line, titles.get(key, ""))
        else:
            rest.append(line)
    named = [
        _of_one_key("; ".join(names), why, *failures.pop(why, ("", "")))
        for why, names in values.items()
    ]
    return [*rest, *named, *(_of_one_key("", "", *failure) for failure in failures.values())]


def _of_one_key(names: str, why: str, failure: str, title: str) -> str:
    if not failure:
        return f"{names}: {why}"
    about = ": ".join(filter(None, (title, names)))
    return f"{about}. {failure}" if about else failure


def _section(title: str, lines: list[str]) -> str:
    return f"**{title}**\n\n" + "\n".join(f"- {line}" for line in lines)


def _advice(rule: Rule, chart: Chart) -> list[str]:
    return _once("advice", rule, chart, lambda: [_said(each, chart) for each in rule.advice])


def _said(advice: Advice, chart: Chart) -> str | None:
    text = advice.text if isinstance(advice, Line) else advice
    return chart.limits.say(text) if isinstance(text, str) else text(chart)


def _source(rule: Rule, attribution: Attribution) -> dict[str, Any]:
    """The primary publication that carries the rule where one was read, else the summaries."""
    primary = next((e for e in rule.evidence if e.seen == "R" and e.primary), None)
    source: dict[str, Any] = {
        "label": _short(primary.citation) if primary else attribution.label(rule),
        "topic": {"system": TOPIC_SYSTEM, "code": rule.id, "display": rule.id.replace("-", " ")},
    }
    if primary is not None and primary.url is not None:
        source["url"] = primary.url
    return source


def _short(citation: str) -> str:
    """Authors and title, or all of it when it is short: a label, not a reference list."""
    return citation if len(citation) <= 90 else citation[:87].rsplit(" ", 1)[0] + "..."


def _held_section(held: Sequence[Held]) -> list[str]:
    return [_section("Held back", [each.words() for each in held])] if held else []


def _extension(
    applied: Applied,
    chart: Chart,
    attribution: Attribution,
    missing: list[str],
    held: Sequence[Held],
) -> dict[str, Any]:
    extension: dict[str, Any] = {
        "id": applied.rule.id,
        "version": applied.rule.version,
        "reviewStatus": attribution.status(applied.rule),
    }
    if applied.also:
        extension["also"] = [guest.rule.id for guest in applied.also]
    local = _local(applied, chart)
    if local:
        extension["localThresholds"] = [each.described() for each in local]
    if missing:
        extension["notEvaluable"] = missing
    if held:
        extension["heldBack"] = [each.member() for each in held]
    return extension


def _suggestion(suggestion: Suggestion) -> dict[str, Any]:
    rendered: dict[str, Any] = {
        "label": suggestion.label,
        "uuid": str(uuid4()),
        "actions": [_action(action) for action in suggestion.actions],
    }
    if suggestion.recommended:
        rendered["isRecommended"] = True
    return rendered


def _action(action: Action) -> dict[str, Any]:
    rendered: dict[str, Any] = {"type": action.type, "description": action.description}
    if action.resource is not None:
        rendered["resource"] = action.resource
    if action.resource_id is not None:
        rendered["resourceId"] = action.resource_id
    return rendered
