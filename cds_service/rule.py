"""What a rule is: a finding over a chart, with all that its card needs, checked at import.

The function under `@rule` is a checklist of questions; its docstring is the text of the card.
Lines of advice, suggestions and values to show are functions of the chart too, listed beside it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any

from cds_service.chart import Chart
from cds_service.errors import ContentError
from cds_service.finding import ALL_OF, FALSE, Fact, Finding, all_of
from cds_service.terminology import Measurement

SUMMARY_LIMIT = 139
"""https://cds-hooks.hl7.org: a card's summary has fewer than 140 characters."""


class Indicator(StrEnum):
    """https://cds-hooks.hl7.org/#card-attributes, most urgent first."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class WhenUnknown(Enum):
    """What an unknown answer means on an order hook, where gaps are quieter than at patient-view.

    ASK: a line at the foot of a card. ALONE: also worth a card of its own. SILENT: nothing.
    """

    ASK = "ask"
    ALONE = "alone"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One source. `seen` is how it was verified: "R" read, "S" seen quoted, "M" unverified.

    Only a primary source may stand as the source of a card.
    """

    key: str
    citation: str
    identifier: str
    url: str | None
    seen: str
    primary: bool = True


@dataclass(frozen=True, slots=True)
class OverrideReason:
    """Why a clinician may set a card aside: https://cds-hooks.hl7.org/#overridereason

    Only one that `quiets_critical` holds a critical card back afterwards; it is not sent.
    """

    system: str
    code: str
    display: str
    quiets_critical: bool = False


@dataclass(frozen=True, slots=True)
class Quiet:
    """How long a card that was overridden is held back, and which value ends that when it moves.

    `watched` ends it for every card, and whatever else was measured for those that rest on it.
    `moved_by` is a fraction of the value then. A card for once in an encounter
    counts as seen `seen_after` it was sent: an EHR that draws the same page again shows it again.
    """

    after_override: timedelta
    watched: Measurement
    moved_by: Decimal
    seen_after: timedelta


@dataclass(frozen=True, slots=True)
class Action:
    """https://cds-hooks.hl7.org/#action. `delete` names its target, the others hold a resource."""

    type: str
    description: str
    resource: dict[str, Any] | None = None
    resource_id: str | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One choice offered on a card; all of its actions belong together."""

    label: str
    actions: tuple[Action, ...]
    recommended: bool = False


Question = Callable[[Chart], Finding]
Text = str | Callable[[Chart], str | None]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of advice, and the statements of the sources that it carries."""

    text: Text
    statements: tuple[str, ...]


def carrying(statements: str, text: Text) -> Line:
    """A line that carries statements, named by their ids with spaces between."""
    return Line(text, tuple(statements.split()))


Advice = Text | Line
Proposal = Callable[[Chart], Suggestion | None]
Shown = Callable[[Chart], Iterable[Fact]]


@dataclass(frozen=True, slots=True)
class Escalation:
    """A question that, answered yes, changes the indicator (and the summary) of a card."""

    indicator: Indicator
    when: Question
    summary: str | None = None


@dataclass(frozen=True)
class Rule:
    """One clinical decision. Immutable; `applies` asks all of it, `ask` as much as decides.

    `only_for` is one of its conditions, what is ordered or whom its advice is for: where that is
    not so, as mostly, `ask` asks nothing more.
    """

    id: str
    version: str
    indicator: Indicator
    summary: str
    text: str
    evidence: tuple[Evidence, ...]
    strength: str
    statements: tuple[str, ...]
    applies: Question = field(repr=False)
    when_unknown: WhenUnknown = WhenUnknown.ASK
    escalations: tuple[Escalation, ...] = ()
    shows: tuple[Shown, ...] = ()
    advice: tuple[Advice, ...] = ()
    suggestions: tuple[Proposal, ...] = ()
    override_reasons: tuple[OverrideReason, ...] = ()
    only_for: Question | None = field(default=None, repr=False)

    def ask(self, chart: Chart) -> Finding:
        """The same truth as `applies`, and the same facts wherever that is yes or unknown."""
        if self.only_for is not None:
            first = self.only_for(chart)
            if first.truth is FALSE:
                return all_of(*_conditions(first))
        return self.applies(chart)

    def texts(self) -> Iterator[str]:
        """Its lines of advice that are the same for every patient."""
        for line in self.advice:
            text = line.text if isinstance(line, Line) else line
            if isinstance(text, str):
                yield text


def rule(
    *,
    id: str,  # noqa: A002 the word of the specification
    version: str,
    indicator: Indicator,
    summary: str,
    evidence: Sequence[Evidence],
    strength: str,
    statements: Sequence[str],
    when_unknown: WhenUnknown = WhenUnknown.ASK,
    escalations: Sequence[Escalation] = (),
    shows: Sequence[Shown] = (),
    advice: Sequence[Advice] = (),
    suggestions: Sequence[Proposal] = (),
    override_reasons: Sequence[OverrideReason] = (),
    only_for: Question | None = None,
) -> Callable[[Question], Rule]:
    """Declare a rule. Raises ContentError at import when what a card must have is missing.

    What it is `only_for` comes before the conditions of the function, which does not repeat it.
    """

    def declare(applies: Question) -> Rule:
        declared = Rule(
            id=id,
            version=version,
            indicator=indicator,
            summary=summary,
            text=inspect.cleandoc(applies.__doc__ or ""),
            evidence=tuple(evidence),
            strength=strength,
            statements=tuple(statements),
            applies=applies if only_for is None else _both(only_for, applies),
            when_unknown=when_unknown,
            escalations=tuple(escalations),
            shows=tuple(shows),
            advice=tuple(advice),
            suggestions=tuple(suggestions),
            override_reasons=tuple(override_reasons),
            only_for=only_for,
        )
        problems = list(_problems(declared))
        if problems:
            raise ContentError(*(f"rule {id}: {problem}" for problem in problems))
        return declared

    return declare


def _both(first: Question, others: Question) -> Question:
    """One list of conditions. Made here, so that a no to the first is a no to the rule."""

    def applies(chart: Chart) -> Finding:
        return all_of(*_conditions(first(chart)), *_conditions(others(chart)))

    return applies


def _conditions(finding: Finding) -> tuple[Finding, ...]:
    return finding.parts if finding.question == ALL_OF else (finding,)


def _problems(declared: Rule) -> Iterable[str]:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", declared.id):
        yield "id is not kebab case"
    summaries = [declared.summary, *(e.summary for e in declared.escalations if e.summary)]
    for summary in summaries:
        if not summary.strip() or "\n" in summary or len(summary) > SUMMARY_LIMIT:
            yield f"summary has {len(summary)} characters, at most {SUMMARY_LIMIT} on one line"
    if not declared.text:
        yield "the function has no docstring, which is the text of the card"
    if not declared.evidence:
        yield "no evidence is named"
    if not declared.statements:
        yield "no statement of the catalogue is carried"
    for line in declared.advice:
        if isinstance(line, Line):
            strange = set(line.statements) - set(declared.statements)
            yield from (f"a line carries {each}, the rule does not" for each in sorted(strange))
    codes = [reason.code for reason in declared.override_reasons]
    if len(codes) != len(set(codes)):
        yield "an override reason is listed twice"
