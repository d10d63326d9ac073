"""What a call leaves behind: which rules said what, which cards went out, what was missing.

Ids, versions, codes of ours and numbers; never a value of the patient. `patient` and `user` are the
references that an audit trail in FHIR needs; nothing but that sink may keep them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Shown(StrEnum):
    """What became of a rule's answer."""

    CARD = "card"  # A card of its own.
    LINE = "line"  # Lines on the card of another rule.
    HELD = "held"  # It applies and was held back, because it was overridden or has been shown.
    SILENT = "silent"  # It applies and is silent here.
    NO = "no"  # It does not apply, or another rule speaks for it.


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One rule that was asked and did not say no: `truth` is true, unknown or error.

    `card` is the uuid of the card that shows it; `missing` are ids of concepts, each once.
    """

    rule: str
    version: str
    truth: str
    shown: Shown = Shown.NO
    card: str | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CardSent:
    """One card as it went out, after the profile of the EHR.

    The hashes are keyed (hashes.py): of patient and user, of the encounter, of the orders it is
    about, of the values whose change ends its quiet period. None where there is nothing to hash.
    """

    uuid: str
    rule: str
    version: str
    indicator: str
    suggestions: tuple[str, ...] = ()
    subject: bytes | None = None
    encounter: bytes | None = None
    orders: bytes | None = None
    basis: bytes | None = None


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call of a hook, answered or refused.

    `prefetch` is key to its state: answered or empty as it was sent, read (from the FHIR server),
    or what is wrong (see prefetch.State); `callbacks` how many requests went to the FHIR server.
    """

    id: str
    at: datetime
    service: str
    hook: str
    client: str | None
    mode: str
    content_version: str
    status: int
    milliseconds: float
    hook_instance: str = ""
    cards: tuple[CardSent, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    prefetch: tuple[tuple[str, str], ...] = ()
    callbacks: int = 0
    patient: str | None = None
    user: str | None = None


@dataclass(frozen=True, slots=True)
class OutcomeRecord:
    """One entry of feedback, as it was kept: what a clinician did with a card.

    `reason` is system and code of an override reason of ours; `UNLISTED` for any other.
    """

    card: str
    service: str
    client: str | None
    outcome: str
    at: datetime
    received: datetime
    reason: tuple[str, str] | None = None
    commented: bool = False
    accepted: tuple[str, ...] = ()


UNLISTED = ("", "unlisted")
"""A reason that no card of ours offers: what it says may be about the patient."""
