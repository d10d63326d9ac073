"""Which cards are held back, because this user set the same card aside or has just seen it.

Pure: past cards, the cards of this call and the chart in, what is held back out. A card is held
back only where everything that could end its quiet is known not to have happened; what cannot be
compared is shown. What one clinician set aside is not hidden from the next.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import starmap

import msgspec

from cds_service.card import Applied, Because, Held, wording
from cds_service.chart import ORDER_KEY, Chart
from cds_service.hashes import Hasher
from cds_service.orders import Order
from cds_service.rule import Indicator, Quiet
from cds_service.terminology import Measurement

_URGENCY = {indicator.value: rank for rank, indicator in enumerate(Indicator)}

CLOCKS_DIFFER = timedelta(minutes=5)
"""An answer dated so far ahead of its arrival was given then; one further ahead is none."""

_VOLATILE = frozenset({"id", "meta", "text", "status", "authoredOn"})
"""Of an order: what changes from one call to the next although nothing else is ordered. The id
stands beside it, as the card names the order by it."""

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*(?: (?:min|h|d|y) ago)?")
"""Doses, values, dates and ages: other numbers in the same words are not news."""

_MARK_BYTES = 16
"""Of the hash of a value: enough to tell any two results of one patient apart."""

_ENCODER = msgspec.json.Encoder(decimal_format="number", order="sorted")


@dataclass(frozen=True, slots=True)
class Marks:
    """Keyed hashes by which a card is recognised later: see record.CardSent."""

    subject: bytes | None = None
    encounter: bytes | None = None
    orders: bytes | None = None
    basis: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a user did with a past card. `at` is the client's time, `received` ours."""

    is_override: bool
    at: datetime
    received: datetime
    reason: tuple[str, str] | None = None

    @property
    def since(self) -> datetime | None:
        """From when on it counts: the earlier time. None where the client's lies in the future."""
        if self.at > self.received + CLOCKS_DIFFER:
            return None
        return min(self.at, self.received)


@dataclass(frozen=True, slots=True)
class Past:
    """A card that this user was shown for this patient."""

    rule: str
    version: str
    indicator: str
    at: datetime
    marks: Marks
    answers: tuple[Answer, ...] = ()

    def last_answer(self) -> Answer | None:
        """The one that stands; None without any, or where its time cannot be."""
        if any(answer.since is None for answer in self.answers):
            return None
        order = sorted(self.answers, key=lambda each: (each.since, not each.is_override))
        return order[-1] if order else None


# -- what a card is recognised by ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Marker:
    """Marks the cards of one call. `subject` is the hash of user and patient."""

    hasher: Hasher
    subject: bytes
    encounter: bytes | None
    chart: Chart
    quiet: Quiet

    def marks(self, applied: Applied) -> Marks:
        """The marks of a card as it would go out now."""
        # Asked of what may be held back, and again of what goes out. The card is remembered too:
        # no other can get its identity.
        key = (self.subject, id(applied))
        _, marks = self.chart.recall(key, lambda: (applied, self._work_out(applied)))
        return marks

    def _work_out(self, applied: Applied) -> Marks:
        about = self.hasher.orders(self.subject, *_about(applied, self.chart))
        return Marks(self.subject, self.encounter, about, self._basis(applied))

    def _watched(self, applied: Applied) -> list[Measurement]:
        """What ends the quiet of a card when it moves: for every card the same one, then whatever
        else was measured and decided."""
        facts = (f for each in (applied, *applied.also) for f in each.finding.deciding())
        keys = {fact.key for fact in facts} - {self.quiet.watched.id}
        concepts = (self.chart.lexicon.concepts.get(key) for key in sorted(keys))
        return [self.quiet.watched, *(c for c in concepts if isinstance(c, Measurement))]

    def _basis(self, applied: Applied) -> bytes | None:
        marks = [self._mark(measurement) for measurement in self._watched(applied)]
        known = [mark for mark in marks if mark is not None]
        return b"".join(known) if len(known) == len(marks) else None

    def _mark(self, measurement: Measurement) -> bytes | None:
        key = (self.subject, "basis", measurement.id)
        return self.chart.recall(key, lambda: (self._work_out_mark(measurement),))[0]

    def _work_out_mark(self, measurement: Measurement) -> bytes | None:
        value = _value(self.chart, measurement)
        return self._hashed(measurement, value) if value else None

    def _hashed(self, measurement: Measurement, value: tuple[str, ...]) -> bytes:
        return self.hasher.basis(self.subject, measurement.id, *value)[:_MARK_BYTES]

    def has_moved(self, applied: Applied, basis: bytes | None) -> bool:
        """Whether a watched value is another than then, or cannot be compared.

        `basis` is that of a card with the same mark of orders, so it rested on the same things.
        """
        now = self.marks(applied).basis
        if basis is None or now is None or len(basis) != len(now):
            return True
        watched = self._watched(applied)
        marks = (basis[at : at + _MARK_BYTES] for at in range(0, len(basis), _MARK_BYTES))
        return any(starmap(self._is_other, zip(watched, marks, strict=True)))

    def _is_other(self, measurement: Measurement, mark: bytes) -> bool:
        if mark == self._mark(measurement):
            return False
        then, value = self._value_of(measurement, mark), self.chart.latest(measurement).exact()
        if then is None or value is None:
            return True
        return abs(value - then) >= abs(then) * self.quiet.moved_by and value != then

    def _value_of(self, measurement: Measurement, mark: bytes) -> Decimal | None:
        """The result on record that has this mark, as a number."""
        for reading in self.chart.results(measurement):
            bounds = reading.value.bounds
            if bounds is None or bounds.low is None or not bounds.is_exact():
                continue
            if self._hashed(measurement, _said(reading.time.earliest, bounds.low)) == mark:
                return bounds.low
        return None


def _about(applied: Applied, chart: Chart) -> Iterator[str]:
    """What the card says and of which orders: a guest, a reason or a gap more is another card, and
    so are other words for a reason or a value, another line of advice, another proposal."""
    keys = set()
    for each in (applied, *applied.also):
        facts = [*each.finding.deciding(), *each.gaps]
        known = {fact.key for fact in facts if not fact.missing}
        keys |= known
        yield from (each.rule.id, each.rule.version, each.summary)
        yield from sorted(known)
        yield "without"
        yield from sorted({fact.key for fact in facts if fact.missing})
        yield "."
    yield from (_NUMBER.sub("#", said) for said in wording(applied, chart))
    yield from sorted(_text(order) for order in chart.orders if _is_named(order, keys))


def _is_named(order: Order, keys: Collection[str]) -> bool:
    """Whether the card rests on the order itself, or on something of its kind being drafted."""
    return f"{ORDER_KEY}{order.reference}" in keys or any(kind in keys for kind in order.recognised)


def _text(order: Order) -> str:
    said = {name: value for name, value in order.resource.items() if name not in _VOLATILE}
    told = [order.reference, sorted(order.recognised), said]
    return _ENCODER.encode(told).decode()


def _value(chart: Chart, measurement: Measurement) -> tuple[str, ...]:
    """The watched value and its time; ("none",) where there is none, () where it is not known."""
    latest, time = chart.latest(measurement), chart.time_of(measurement)
    number = latest.exact()
    if number is not None and time is not None:
        return _said(time.earliest, number)
    is_absent = not chart.results(measurement) and not latest.fact.unread
    return ("none",) if is_absent else ()


def _said(time: datetime, number: Decimal) -> tuple[str, str]:
    return time.isoformat(), str(number.normalize())


# -- what is held back -----------------------------------------------------------------------------


Hold = Callable[[Sequence[Applied]], tuple[Held, ...]]
"""Which of the cards that are about to be shown are held back."""


def hold(
    applied: Iterable[Applied],
    past: Sequence[Past],
    marker: Marker,
    once_per_encounter: Collection[str] = (),
) -> tuple[Held, ...]:
    """The cards that say nothing new to this user about this patient."""
    found = []
    for each in applied:
        marks = marker.marks(each)
        # The mark holds user, patient, rule and version too: see _about and Hasher.orders.
        same = [card for card in past if card.marks.orders == marks.orders]
        held = _overridden(each, same, marker)
        if held is None and each.rule.id in once_per_encounter:
            held = _shown(each, same, marker)
        if held is not None:
            found.append(held)
    return tuple(found)


def _overridden(applied: Applied, same: Sequence[Past], marker: Marker) -> Held | None:
    as_of, quiet = marker.chart.as_of, marker.quiet
    answered = [(card, card.last_answer()) for card in same]
    given = [(answer.since, card, answer) for card, answer in answered if answer and answer.since]
    if not given:
        return None
    since, card, answer = max(given, key=lambda each: each[0])
    if not answer.is_override or not since <= as_of < since + quiet.after_override:
        return None
    # Shown once more after that, and not set aside again: the last word is open.
    if any(other.at > since for other, said in answered if said is None):
        return None
    if _is_worse(applied, card) or marker.has_moved(applied, card.marks.basis):
        return None
    if applied.indicator is Indicator.CRITICAL and not _quiets_critical(applied, answer):
        return None
    return _held(applied, "overridden", since, since + quiet.after_override)


def _shown(applied: Applied, same: Sequence[Past], marker: Marker) -> Held | None:
    seen_until = marker.chart.as_of - marker.quiet.seen_after
    here = [
        card
        for card in same
        if marker.encounter is not None
        and card.marks.encounter == marker.encounter
        and card.at <= seen_until
    ]
    if not here or applied.indicator is Indicator.CRITICAL:
        return None
    card = max(here, key=lambda each: each.at)
    if _is_worse(applied, card) or marker.has_moved(applied, card.marks.basis):
        return None
    return _held(applied, "shown", card.at, None)


def _is_worse(applied: Applied, card: Past) -> bool:
    """Whether it is more urgent now than then; a word that is not known counts as less urgent."""
    return _URGENCY[applied.indicator.value] < _URGENCY.get(card.indicator, len(_URGENCY))


def _quiets_critical(applied: Applied, answer: Answer) -> bool:
    reasons = [r for each in (applied, *applied.also) for r in each.rule.override_reasons]
    return answer.reason in [(r.system, r.code) for r in reasons if r.quiets_critical]


def _held(applied: Applied, because: Because, at: datetime, until: datetime | None) -> Held:
    also = tuple(guest.rule.id for guest in applied.also)
    return Held(applied.rule.id, applied.summary, because, at, until, also)
