"""A user who sees a subject, sets cards aside and comes back: past cards without a store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from cds_service.card import Applied, Attribution, Held
from cds_service.chart import ORDER_KEY, Chart
from cds_service.finding import FALSE, TRUE, Fact, Finding
from cds_service.hashes import Hasher
from cds_service.prefetch import Answer as Read
from cds_service.prefetch import Query, State
from cds_service.quiet import Answer, Marker, Past, hold
from cds_service.rule import OverrideReason, Quiet, Rule
from cds_service.service import Decision, Group, Service, decide
from tests.engine.made_up import ME, NOW, SHINE, a_rule, observation

HASHER = Hasher(b"a key of these tests, as long as one has to be")
DAY = timedelta(hours=24)
MINUTE = timedelta(minutes=1)
SEEN_AFTER = timedelta(minutes=10)
QUIET = Quiet(DAY, SHINE, Decimal("0.25"), SEEN_AFTER)
SEEN = OverrideReason("https://reasons.example", "seen", "Seen")
NOT_TODAY = OverrideReason("https://reasons.example", "not-today", "Not today", True)
REASONS = (SEEN, NOT_TODAY)
QUERIES = (Query("person", "Patient", "Who."), Query("results", "Observation", "Shine."))
READ = {query.key: Read(State.EMPTY) for query in QUERIES}


def on_orders(*letters: str) -> Any:
    """A question answered yes because of these orders, named by a letter each."""

    def asked(_: Chart) -> Finding:
        keys = [f"{ORDER_KEY}MedicationRequest/{letter}" for letter in letters]
        return Finding("ordering", TRUE, tuple(Fact(key, key.__str__) for key in keys))

    return asked


def a_service(*rules: Rule, **more: Any) -> Service:
    """One group for each rule."""
    given: dict[str, Any] = {
        "id": "made-up",
        "hook": "patient-view",
        "title": "Made up",
        "description": "Shine.",
        "usage_requirements": "None.",
        "queries": QUERIES,
        "groups": tuple(Group(rule.id, (rule,)) for rule in rules),
        "gaps": a_rule("gaps", truth=FALSE),
        "attribution": Attribution("A summary", "Not an order.", "pending"),
        "card_limit": 3,
        "quiet": QUIET,
    }
    return Service(**(given | more))


def shine(value: float, hours_ago: float = 3) -> dict[str, Any]:
    when = (NOW - timedelta(hours=hours_ago)).isoformat()
    return observation("SHINE", value, effectiveDateTime=when)


@dataclass(frozen=True)
class User:
    """Who is shown cards about whom, and where."""

    user: str = "Practitioner/1"
    patient: str = ME
    client: str | None = "ehr"
    server: str | None = None
    encounter: str | None = None

    def marker(self, asked: Chart, hasher: Hasher = HASHER) -> Marker:
        subject = hasher.subject(self.client, self.server, self.patient, self.user)
        visit = hasher.encounter(subject, self.encounter) if self.encounter else None
        return Marker(hasher, subject, visit, asked, QUIET)

    def sees(
        self,
        service: Service,
        asked: Chart,
        past: Sequence[Past] = (),
        read: dict[str, Read] | None = None,
    ) -> Decision:
        """What the service decides for this user now."""
        marker = self.marker(asked)
        once = {rule.id for rule in service.once_per_encounter}
        raised: list[Exception] = []

        def holding(joined: Sequence[Applied]) -> tuple[Held, ...]:
            try:
                return hold(joined, past, marker, once)
            except Exception as problem:  # Else the card would show, as if it had been judged.
                raised.append(problem)
                raise

        decision = decide(service, asked, read or READ, (), holding)
        assert raised == []
        return decision

    def saw(self, service: Service, asked: Chart, ago: timedelta = MINUTE) -> list[Past]:
        """The cards of a call so long ago, as the store remembers them. Nobody has answered."""
        marker = self.marker(asked)
        return [
            Past(
                each.rule.id,
                each.rule.version,
                each.indicator.value,
                NOW - ago,
                marker.marks(each),
            )
            for each in self.sees(service, asked).applied
        ]


def overridden(
    cards: Iterable[Past],
    ago: timedelta = MINUTE,
    reason: OverrideReason | None = SEEN,
    **fields: Any,
) -> list[Past]:
    """The same cards, set aside so long ago."""
    code = (reason.system, reason.code) if reason is not None else None
    given = {"is_override": True, "at": NOW - ago, "received": NOW - ago, "reason": code} | fields
    return [replace(card, answers=(*card.answers, Answer(**given))) for card in cards]


def accepted(cards: Iterable[Past], ago: timedelta = MINUTE) -> list[Past]:
    return overridden(cards, ago, None, is_override=False)


def shown(decision: Decision) -> list[str]:
    return [card["source"]["topic"]["code"] for card in decision.cards]


def held(decision: Decision) -> list[str]:
    return [each.rule for each in decision.held]
