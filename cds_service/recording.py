"""The record of a call, out of what was decided: compact, and without anything of the chart.

Built before the call is answered, so that nothing of the request is kept until it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from cds_service.chart import ORDER_KEY
from cds_service.finding import FALSE, TRUE, Fact
from cds_service.prefetch import Answer
from cds_service.quiet import Marks
from cds_service.record import CallRecord, CardSent, Evaluation, Shown
from cds_service.service import Decision, Outcome, Service

ORDER = "order"
"""Stands for each order among what is missing: an order is named by the client's id."""
ERROR = "error"
"""The truth of a rule that raised."""


@dataclass(slots=True)
class Seen:
    """What is known of a call, put here as it becomes known: a refusal is recorded with it too."""

    hook_instance: str = ""
    client: str | None = None
    patient: str | None = None
    user: str | None = None
    prefetch: tuple[tuple[str, str], ...] = ()
    callbacks: int = 0
    decision: Decision | None = None

    def count_callbacks(self, requests: int) -> None:
        """So many requests more went to the FHIR server."""
        self.callbacks += requests


@dataclass(frozen=True, slots=True)
class Answered:
    """How a call ended."""

    at: datetime
    status: int
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Recording:
    """Builds the records of one engine. `inputs` are the names of what a rule can miss."""

    mode: str
    content_version: str
    inputs: frozenset[str]

    def record(self, service: Service, seen: Seen, answered: Answered) -> CallRecord:
        """What this call leaves behind."""
        decision = seen.decision
        return CallRecord(
            id=str(uuid4()),
            at=answered.at,
            service=service.id,
            hook=service.hook,
            client=seen.client,
            mode=self.mode,
            content_version=self.content_version,
            status=answered.status,
            milliseconds=round(answered.milliseconds, 2),
            hook_instance=seen.hook_instance,
            cards=tuple(_cards(decision)) if decision is not None else (),
            evaluations=self._evaluations(service, decision) if decision is not None else (),
            prefetch=seen.prefetch,
            callbacks=seen.callbacks,
            patient=seen.patient,
            user=seen.user,
        )

    def _evaluations(self, service: Service, decision: Decision) -> tuple[Evaluation, ...]:
        places = _places(decision)
        return tuple(
            self._evaluation(outcome, service, decision, places)
            for outcome in decision.outcomes
            if outcome.finding is None
            or outcome.finding.truth is not FALSE
            or outcome.rule.id in places
        )

    def _evaluation(
        self, outcome: Outcome, service: Service, decision: Decision, places: Mapping[str, _Place]
    ) -> Evaluation:
        rule, finding = outcome.rule, outcome.finding
        place = places.get(rule.id) or _nowhere(outcome, decision)
        keys = place.gaps
        if finding is not None:
            keys = (*keys, *(fact.key for fact in finding.deciding() if fact.missing))
        if rule is service.gaps:
            keys = (*keys, *decision.missing)
        truth = ERROR if finding is None else finding.truth.name.lower()
        return Evaluation(rule.id, rule.version, truth, place.shown, place.card, self._named(keys))

    def _named(self, keys: Iterable[str]) -> tuple[str, ...]:
        """Each once. What has no name of ours is left out: it could be the client's text."""
        names = (ORDER if key.startswith(ORDER_KEY) else key for key in keys)
        return tuple(dict.fromkeys(name for name in names if name in self.inputs or name is ORDER))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a rule shows, and the gaps that come with it there."""

    shown: Shown
    card: str | None = None
    gaps: tuple[str, ...] = ()


_NOWHERE = _Place(Shown.NO)
_SILENT = _Place(Shown.SILENT)
_HELD = _Place(Shown.HELD)


def _nowhere(outcome: Outcome, decision: Decision) -> _Place:
    finding = outcome.finding
    applies = finding is not None and finding.truth is TRUE
    return _SILENT if applies and outcome.rule.id in decision.silent else _NOWHERE


def _places(decision: Decision) -> dict[str, _Place]:
    """Of each rule that shows, where. Cards come in the order of `applied`, in every profile."""
    places: dict[str, _Place] = {}
    for applied, card in zip(decision.applied, decision.cards, strict=False):
        places[applied.rule.id] = _Place(Shown.CARD, card["uuid"], _keys(applied.gaps))
        for guest in applied.also:
            places[guest.rule.id] = _Place(Shown.LINE, card["uuid"], _keys(guest.gaps))
    if decision.cards:
        line = _Place(Shown.LINE, decision.cards[0]["uuid"])
        for rule_id in decision.crowded_out:
            places.setdefault(rule_id, line)
    for held in decision.held:
        places |= dict.fromkeys((held.rule, *held.also), _HELD)
    return places


def _keys(facts: Iterable[Fact]) -> tuple[str, ...]:
    return tuple(fact.key for fact in facts)


def _cards(decision: Decision) -> Iterator[CardSent]:
    """The cards as they were sent: a profile may have changed their suggestions."""
    for applied, card in zip(decision.applied, decision.cards, strict=False):
        marks = decision.marks.get(card["uuid"], Marks())
        yield CardSent(
            uuid=card["uuid"],
            rule=applied.rule.id,
            version=applied.rule.version,
            indicator=card["indicator"],
            suggestions=tuple(each["uuid"] for each in card.get("suggestions", ())),
            subject=marks.subject,
            encounter=marks.encounter,
            orders=marks.orders,
            basis=marks.basis,
        )


def prefetch_states(
    supplied: Iterable[str], answers: Mapping[str, Answer]
) -> tuple[tuple[str, str], ...]:
    """Key to its state in the end; `supplied` are the keys that were usable as sent."""
    known = frozenset(supplied)
    return tuple(
        (key, "read" if answer.is_usable and key not in known else answer.state.name.lower())
        for key, answer in answers.items()
    )
