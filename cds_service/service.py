"""A CDS service: which rules answer which hook, and how many cards they may show.

Rules are evaluated all, each on its own: one that raises is reported as "could not be checked".
Of an exclusive group the first rule that applies is shown. What is unknown is a line at the foot of
a card; when no card shows but a gap could have hidden one, the gaps rule speaks.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from cds_service.card import (
    RESPONSE_EXTENSION,
    Applied,
    Attribution,
    Held,
    escape,
    gap_lines,
    grade,
    render,
)
from cds_service.chart import ORDER_KEY, Chart
from cds_service.errors import ContentError, InvalidRequest, MissingData
from cds_service.finding import TRUE, UNKNOWN, Fact, Finding
from cds_service.limits import NO_LOCAL_LIMITS, Limits
from cds_service.logs import raised
from cds_service.medications import by_reference
from cds_service.orders import are_blank, chosen_drugs, name_no_draft, read_drafts
from cds_service.prefetch import Answer, Query, State, absent, mismatched, not_read, troubles
from cds_service.protocol import ORDER_HOOKS, HookRequest
from cds_service.quiet import Hold, Marks
from cds_service.readers import as_resource, is_deceased
from cds_service.rule import Indicator, Question, Quiet, Rule, WhenUnknown
from cds_service.searchset import read_answer
from cds_service.terminology import Lexicon

log = logging.getLogger(__name__)

_URGENCY = {indicator: rank for rank, indicator in enumerate(Indicator)}


@dataclass(frozen=True, slots=True)
class About:
    """What a content package is for, on the start page: a heading, and two sentences."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """Rules of one decision, most important first; at most one of them shows."""

    name: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Service:
    """One entry of discovery: https://cds-hooks.hl7.org/#discovery

    `gaps` is asked when no other card shows. With `gaps_need_a_failed_read` (order hooks) it
    shows only where data could not be read, a rule could not run, a rule says that its gap is
    worth a card (WhenUnknown.ALONE), or `gaps_alone_when` says so.

    `instead` replaces all cards when it applies. Of two rules that apply, the second of a pair of
    `joined` goes on the card of the first; a rule whose orders are all on another card goes there
    too: one decision, one card.

    With `quiet` a card that was overridden is held back for a while, and one of
    `once_per_encounter` also after it was shown. `gaps` and `instead` never are.
    """

    id: str
    hook: str
    title: str
    description: str
    usage_requirements: str
    queries: tuple[Query, ...]
    groups: tuple[Group, ...]
    gaps: Rule
    attribution: Attribution
    card_limit: int
    gaps_need_a_failed_read: bool = False
    gaps_alone_when: Question | None = None
    instead: Rule | None = None
    joined: tuple[tuple[Rule, Rule], ...] = ()
    quiet: Quiet | None = None
    once_per_encounter: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        keys = [query.key for query in self.queries]
        if len(keys) != len(set(keys)):
            raise ContentError(f"service {self.id}: a prefetch key is used twice")

    def rules(self) -> list[Rule]:
        """Every rule that may show a card, the gaps rule last."""
        first = [self.instead] if self.instead is not None else []
        return [*first, *(rule for group in self.groups for rule in group.rules), self.gaps]

    @property
    def prefetch(self) -> dict[str, str]:
        """Key to template, as discovery lists them."""
        return {query.key: query.template for query in self.queries}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one rule: its finding, or None when it raised."""

    rule: Rule
    finding: Finding | None


@dataclass(slots=True)
class Decision:
    """Everything decided for one request, for the response, the log and `check`.

    Rules that are `silent` here were asked and not shown; of these `withheld` apply, as they would
    have shown. Rules that are `off` were not asked. Rules that are `crowded_out` have a line on the
    first card, for want of room for a card; `missing` are the keys of the gaps at its foot. Cards
    that are `held` back are not shown; `marks` are those of the cards, by uuid. `notes` say what
    was changed for the client's EHR.
    """

    outcomes: list[Outcome]
    applied: list[Applied]
    gaps: list[str]
    cards: list[dict[str, Any]] = field(default_factory=list)
    off: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    withheld: list[Applied] = field(default_factory=list)
    crowded_out: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    held: tuple[Held, ...] = ()
    marks: dict[str, Marks] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def response(self) -> dict[str, Any]:
        """The answer to the call: https://cds-hooks.hl7.org/#cds-service-response"""
        if not self.held:
            return {"cards": self.cards}
        told = {"heldBack": [each.member() for each in self.held]}
        return {"cards": self.cards, "extension": {RESPONSE_EXTENSION: told}}

    def truths(self) -> dict[str, list[str]]:
        """Rule ids by their truth, for the log: no values of the patient."""
        found: dict[str, list[str]] = {"true": [], "unknown": [], "error": [], "false": []}
        for outcome in self.outcomes:
            truth = outcome.finding.truth.name.lower() if outcome.finding is not None else "error"
            found[truth].append(outcome.rule.id)
        return found


def has_nothing_selected(request: HookRequest) -> bool:
    """An order hook that fired before anything was chosen: nothing to advise on, at no cost."""
    if request.hook not in ORDER_HOOKS:
        return False
    chosen = _selections(request)
    return chosen == [] or are_blank(request.draft_orders, chosen)


def drafted_drugs(request: HookRequest) -> Answer:
    """The drugs that are about to be ordered, as far as what they are may stand elsewhere."""
    drugs, beside = chosen_drugs(request.draft_orders, _selections(request))
    return Answer(State.ANSWERED, [*map(as_resource, drugs)], included=[*map(as_resource, beside)])


def unread_in_context(request: HookRequest, drafted: Answer, chart: Chart) -> list[str]:
    """Lines for what of the context was not checked as it was meant."""
    lines = []
    if name_no_draft(request.draft_orders, _selections(request)):
        lines.append(
            "What was selected is not among the drafts sent: every draft was checked instead"
        )
    unknown = len(drafted.unnamed_drugs())
    if unknown:
        lines.append(
            f"{unknown} drafted {'drug is' if unknown == 1 else 'drugs are'} named only by a "
            "reference that could not be read, and not checked"
        )
    if chart.foreign_drafts:
        lines.append(
            f"{chart.foreign_drafts} drafted "
            f"{'order is' if chart.foreign_drafts == 1 else 'orders are'} about another patient, "
            "and not checked"
        )
    return lines


def _selections(request: HookRequest) -> Any:
    """What order-select names; None, for every draft, at other hooks."""
    return request.selections if request.hook == "order-select" else None


def supplied_answers(service: Service, request: HookRequest) -> dict[str, Answer]:
    """The prefetch as sent, judged key by key. Raises InvalidRequest for another patient's."""
    answers = {}
    for query in service.queries:
        supplied = request.prefetch.get(query.key)
        if supplied is None:
            answers[query.key] = absent("not supplied")
        elif not supplied.is_object:
            answers[query.key] = mismatched("holds neither an object nor null")
        else:
            answers[query.key] = read_answer(
                query, supplied.value, request.patient_id, supplied.unreadable
            )
        if is_about_another(query, answers[query.key], request.patient_id):
            raise InvalidRequest(f"prefetch.{query.key}: is another patient than context.patientId")
    return answers


def is_about_another(query: Query, answer: Answer, patient_id: str) -> bool:
    """Whether the read of the patient brought somebody else."""
    return query.is_read and any(r.id not in (None, patient_id) for r in answer.resources)


def name_unknown_drugs(answers: Mapping[str, Answer]) -> None:
    """Where records do not say which drug they are, no drug is known to be absent."""
    for answer in answers.values():
        count = len(answer.unnamed_drugs())
        if count and answer.is_usable:
            answer.state = State.FAILED
            answer.reason = f"{count} entries do not say which drug they are"


def require(service: Service, answers: Mapping[str, Answer]) -> None:
    """Raises MissingData when a required key has nothing to go on."""
    lacking = [
        f"prefetch key {query.key} is needed and could not be had: {answers[query.key].reason}"
        for query in service.queries
        if _is_lacking(query, answers[query.key])
    ]
    if lacking:
        raise MissingData(*lacking)


def _is_lacking(query: Query, answer: Answer) -> bool:
    """Required and without any data; or a value that no client may send."""
    if answer.state is State.MISMATCHED:
        return True
    return query.required and not answer.is_usable and not answer.resources


def build_chart(
    service: Service,
    lexicon: Lexicon,
    request: HookRequest,
    answers: Mapping[str, Answer],
    as_of: datetime,
    drafted: Answer | None = None,
    limits: Limits = NO_LOCAL_LIMITS,
) -> Chart:
    """The patient's record out of the answers, the drafts out of the context.

    `drafted` holds Medications that drafts refer to. Raises InvalidRequest where every draft is
    somebody else's.
    """
    drafts = read_drafts(
        request.draft_orders,
        _selections(request),
        request.patient_id,
        lexicon,
        by_reference(drafted.included if drafted is not None else ()),
    )
    if drafts.foreign and not (drafts.orders or drafts.discontinued):
        raise InvalidRequest(
            "context.draftOrders: every order is about another patient than context.patientId"
        )
    if drafts.unmatched_selections:
        log.warning("%d selections name no draft", drafts.unmatched_selections)
    reads = {query.key for query in service.queries if query.is_read}
    patient = next((r for key in reads for r in answers[key].resources), None)
    chart = Chart(
        lexicon=lexicon,
        as_of=as_of,
        patient_id=request.patient_id,
        patient=patient,
        resources=(r for key, a in answers.items() if key not in reads for r in a.resources),
        medications=by_reference(r for a in answers.values() for r in a.included),
        troubles=troubles(service.queries, answers),
        orders=drafts.orders,
        discontinued=drafts.discontinued,
        drafts_are_final=request.hook == "order-sign",
        limits=limits,
    )
    chart.foreign_drafts = drafts.foreign
    foreign = chart.foreign + drafts.foreign + sum(answer.foreign for answer in answers.values())
    if foreign:
        log.warning("ignored %d resources of other patients", foreign)
    return chart


def decide(
    service: Service,
    chart: Chart,
    answers: Mapping[str, Answer],
    unread: Sequence[str] = (),
    hold: Hold | None = None,
) -> Decision:
    """Evaluate every rule and choose what is shown.

    `unread` says what of the context was not. `hold` says which cards are held back.
    """
    outcomes = [_evaluate(rule, chart) for rule in service.rules()]
    by_rule = {outcome.rule.id: outcome for outcome in outcomes}
    applied, unknown, alone = _ask_groups(service, chart, by_rule)
    gaps = by_rule[service.gaps.id].finding
    speaks = gaps is not None and gaps.truth is TRUE
    if gaps is not None and speaks:
        unknown = [*(fact for fact in gaps.deciding() if fact.missing), *unknown]
    if service.gaps_alone_when is not None:
        worth = service.gaps_alone_when(chart)
        alone = alone or worth.truth is TRUE
        unknown += [fact for fact in worth.deciding() if fact.missing]
    unknown = _each_once(unknown)
    lines = _gap_lines(unknown) + _failures(outcomes, answers)
    lines += unread
    joined = _joined(applied, service)
    held = _held_back(joined, hold, service, chart, by_rule)
    silenced = {each.rule for each in held}
    # Before the limit is applied: what is held back makes room for the next.
    shown = [each for each in joined if each.rule.id not in silenced]
    decision = Decision(outcomes, _limited(shown, service, chart), lines, held=held)
    crowded_out = _crowded_out(shown, decision.applied)
    lines += [f"Also applies, without a card of its own: {a.summary}" for a in crowded_out]
    decision.crowded_out = tuple(each.rule.id for each in crowded_out)
    decision.missing = tuple(fact.key for fact in unknown)
    failed_reads = unread or any(o.finding is None for o in outcomes) or not all_usable(answers)
    # A line that would have stood on a card that is held back stands on the one for gaps.
    if not shown and (failed_reads or (alone and (lines or speaks)) or (held and lines)):
        # What the gaps rule denies must not stand on its card as if it were so.
        finding = gaps if gaps is not None and speaks else Finding("gaps", UNKNOWN)
        summary = chart.limits.say(service.gaps.summary)
        decision.applied = [Applied(service.gaps, finding, service.gaps.indicator, summary)]
    decision.applied = _replaced(decision.applied, service, chart, by_rule)
    if decision.applied and is_deceased(chart.patient, chart.as_of):
        # Results after a recorded death say that one of the two is wrong: nothing is held back.
        lines.append("The patient is recorded as deceased: check that this is the right record")
    decision.cards = _render(decision, chart, service)
    return decision


def watch(decision: Decision, silent: Iterable[Rule], chart: Chart) -> None:
    """Ask rules that do not show, once all that shows is settled: for the record alone."""
    outcomes = [_evaluate(rule, chart) for rule in silent]
    decision.outcomes += outcomes
    decision.silent = tuple(outcome.rule.id for outcome in outcomes)
    decision.withheld = [
        _graded(outcome.rule, outcome.finding, chart)
        for outcome in outcomes
        if outcome.finding is not None and outcome.finding.truth is TRUE
    ]


def _held_back(
    joined: Sequence[Applied],
    hold: Hold | None,
    service: Service,
    chart: Chart,
    by_rule: Mapping[str, Outcome],
) -> tuple[Held, ...]:
    """The cards that are held back. None where one card stands instead of all, or for the dead:
    results after a recorded death say that one of the two is wrong."""
    if hold is None or not joined or is_deceased(chart.patient, chart.as_of):
        return ()
    instead = by_rule[service.instead.id].finding if service.instead is not None else None
    if instead is not None and instead.truth is TRUE:
        return ()
    try:
        return hold(joined)
    except Exception as problem:
        log.error("what is held back could not be worked out", extra=raised(problem))
        return ()


def _ask_groups(
    service: Service, chart: Chart, by_rule: Mapping[str, Outcome]
) -> tuple[list[Applied], list[Fact], bool]:
    """Of each group the first rule that applies; what is not known; whether that needs a card."""
    applied: list[Applied] = []
    unknown: list[Fact] = []
    alone = not service.gaps_need_a_failed_read
    for group in service.groups:
        for rule in group.rules:
            finding = by_rule[rule.id].finding
            if finding is None:
                continue
            if finding.truth is TRUE:
                applied.append(_graded(rule, finding, chart))
                break
            if finding.truth is UNKNOWN and rule.when_unknown is not WhenUnknown.SILENT:
                unknown += [fact for fact in finding.deciding() if fact.missing]
                alone = alone or rule.when_unknown is WhenUnknown.ALONE
    return applied, unknown, alone


def _replaced(
    applied: list[Applied], service: Service, chart: Chart, by_rule: Mapping[str, Outcome]
) -> list[Applied]:
    """The one card that stands instead of all others, where there are any."""
    finding = by_rule[service.instead.id].finding if service.instead is not None else None
    if not applied or service.instead is None or finding is None or finding.truth is not TRUE:
        return applied
    return [_graded(service.instead, finding, chart)]


def _joined(applied: list[Applied], service: Service) -> list[Applied]:
    """One card for one decision: rules about the orders of another card are lines on it."""
    kept: list[Applied] = []
    for each in sorted(applied, key=lambda a: _URGENCY[a.indicator]):
        host = next((k for k in kept if _orders(each) and _orders(each) <= _orders(k)), None)
        if host is None:
            kept.append(each)
        else:
            kept[kept.index(host)] = _with_guest(host, each)
    # Only now: the orders of a paired guest are no reason to take a third rule onto the card.
    hosts = {each.rule.id: each for each in kept}
    for first, second in service.joined:
        if first.id in hosts and second.id in hosts:
            hosts[first.id] = _with_guest(hosts[first.id], hosts.pop(second.id))
    return list(hosts.values())


def _with_guest(host: Applied, guest: Applied) -> Applied:
    """The host's card with the guest's lines, as urgent as the more urgent of the two."""
    indicator = min(host.indicator, guest.indicator, key=_URGENCY.__getitem__)
    guests = (replace(guest, also=()), *guest.also)
    return replace(host, indicator=indicator, also=(*host.also, *guests))


def _orders(applied: Applied) -> frozenset[str]:
    """The orders that a card is about, its guests' included."""
    findings = (applied.finding, *(guest.finding for guest in applied.also))
    facts = (fact for finding in findings for fact in finding.deciding())
    return frozenset(fact.key for fact in facts if fact.key.startswith(ORDER_KEY))


def _each_once(facts: Iterable[Fact]) -> list[Fact]:
    """The first fact about each thing: a count too old for two rules is one gap."""
    return list({fact.key: fact for fact in reversed(list(facts))}.values())[::-1]


def _gap_lines(facts: Iterable[Fact]) -> list[str]:
    """As gap_lines; one that cannot be put in words takes no other with it."""
    lines: list[str] = []
    unsaid = []
    for fact in facts:
        try:
            lines += gap_lines([fact])
        except Exception as problem:
            log.error("a gap could not be put in words", extra=raised(problem))
            unsaid = ["Part of what is missing could not be put in words"]
    return list(dict.fromkeys(lines)) + unsaid


def _evaluate(rule: Rule, chart: Chart) -> Outcome:
    try:
        return Outcome(rule, rule.ask(chart))
    except Exception as problem:
        log.error("a rule raised and was reported as not checked", extra=_of(rule, problem))
        return Outcome(rule, None)


def _graded(rule: Rule, finding: Finding, chart: Chart) -> Applied:
    """The indicator of a rule that applies; its own, with a gap, when an escalation raises."""
    try:
        return grade(rule, finding, chart)
    except Exception as problem:
        log.error("an escalation of a rule raised", extra=_of(rule, problem))
        gap = Fact(rule.id, lambda: "How urgent this is could not be worked out", missing=True)
        summary = chart.limits.say(rule.summary)
        return Applied(rule, finding, rule.indicator, summary, (gap,))


def _of(rule: Rule, problem: Exception) -> dict[str, Any]:
    """For the log: of what raised the type and the place, as its message may hold values."""
    return {"rule": rule.id, **raised(problem)}


def _failures(outcomes: Iterable[Outcome], answers: Mapping[str, Answer]) -> list[str]:
    """Lines for rules that could not run and for data that could not be read."""
    lines = [
        f"The check {outcome.rule.id} could not be run"
        for outcome in outcomes
        if outcome.finding is None
    ]
    return lines + [
        not_read(key, escape(answer.reason))
        for key, answer in answers.items()
        if not answer.is_usable
    ]


def all_usable(answers: Mapping[str, Answer]) -> bool:
    """Whether every key was answered."""
    return all(answer.is_usable for answer in answers.values())


def _limited(applied: list[Applied], service: Service, chart: Chart) -> list[Applied]:
    """The cards that fit: critical ones always, then by urgency, then as orders were selected."""
    place = {f"{ORDER_KEY}{order.reference}": rank for rank, order in enumerate(chart.orders)}

    def rank(each: Applied) -> tuple[int, int]:
        keys = [place[f.key] for f in each.finding.deciding() if f.key in place]
        return _URGENCY[each.indicator], min(keys, default=len(place))

    applied = sorted(applied, key=rank)
    critical = [each for each in applied if each.indicator is Indicator.CRITICAL]
    return applied[: max(service.card_limit, len(critical))]


def _crowded_out(joined: list[Applied], shown: list[Applied]) -> list[Applied]:
    """What did not fit; each gets a line: a limit hides no advice."""
    kept = {each.rule.id for each in shown}
    return [each for each in joined if each.rule.id not in kept]


def _render(decision: Decision, chart: Chart, service: Service) -> list[dict[str, Any]]:
    """All cards. One that cannot be built is replaced by its bare summary, never dropped."""
    cards = []
    for place, applied in enumerate(decision.applied):
        foot, held = (decision.gaps, decision.held) if place == 0 else ((), ())
        cards.append(_card(applied, chart, service, foot, held))
    return cards


def _card(
    applied: Applied,
    chart: Chart,
    service: Service,
    foot: Iterable[str],
    held: Sequence[Held],
) -> dict[str, Any]:
    """The card in full, else without what its guests compute, else without its own."""
    titles = {query.key: query.title for query in service.queries}
    for attempt in (applied, replace(applied, also=tuple(map(_bare, applied.also)))):
        try:
            return render(attempt, chart, service.attribution, foot, titles, held)
        except Exception as problem:
            log.error("a card could not be built in full", extra=_of(applied.rule, problem))
    return render(_bare(applied), chart, service.attribution, foot, titles, held)


def _bare(applied: Applied) -> Applied:
    """The rule without whatever is computed for its card."""
    rule = replace(applied.rule, shows=(), advice=(), suggestions=())
    gap = Fact(rule.id, lambda: "Part of this card could not be worked out", missing=True)
    also = tuple(_bare(guest) for guest in applied.also)
    return Applied(rule, Finding("", TRUE), applied.indicator, applied.summary, (gap,), also)
