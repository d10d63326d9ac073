"""Feedback as a client sends it, judged entry by entry: https://cds-hooks.hl7.org/#feedback

A body is kept as a whole or refused as a whole, with every bad entry named, so that the client can
mend it and send it again. Comments and reasons in a client's own words may be about the patient:
of them it is kept that there was one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from cds_service.errors import InvalidRequest
from cds_service.readers import MAX_DEPTH, UNREADABLE, is_too_deep
from cds_service.record import UNLISTED, OutcomeRecord

MAX_BYTES = 1 << 20
"""Of a body; comments come with it."""
MAX_ENTRIES = 1000
MAX_SUGGESTIONS = 100
"""Accepted ones of one card."""
MOST_PROBLEMS = 100
"""Named in one answer; of the others it says how many."""

ACCEPTED, OVERRIDDEN = "accepted", "overridden"

_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:)(\d\d)((?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d))", re.ASCII
)
Json = Any


@dataclass(frozen=True, slots=True)
class Sender:
    """Where feedback was sent to, by whom, and when it came."""

    service: str
    client: str | None
    received: datetime


@dataclass(frozen=True, slots=True)
class Reasons:
    """Every override reason that a card may have offered, as system and code."""

    listed: frozenset[tuple[str, str]]

    def find(self, system: str | None, code: str) -> tuple[str, str]:
        """The reason; UNLISTED where no card offers it. A code alone will do where it is ours."""
        for own in self.listed:
            if own[1] == code and system in (None, own[0]):
                return own
        return UNLISTED


def parse(body: bytes, sender: Sender, reasons: Reasons) -> list[OutcomeRecord]:
    """The outcomes in a body. Raises InvalidRequest naming each bad entry, by its place."""
    entries = _entries(body)
    problems = [
        f"feedback.{place}.{problem}"
        for place, entry in enumerate(entries)
        for problem in _problems(entry)
    ]
    if problems:
        raise InvalidRequest(*_some(problems), "nothing of this body was kept")
    return [_record(entry, sender, reasons) for entry in entries]


def _entries(body: bytes) -> list[Json]:
    if is_too_deep(body):
        raise InvalidRequest(f"the JSON is nested deeper than {MAX_DEPTH} levels")
    try:
        document = msgspec.json.decode(body)
    except UNREADABLE:
        raise InvalidRequest("the body is not well-formed JSON in UTF-8") from None
    entries = document.get("feedback") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise InvalidRequest("the body must be an object with an array `feedback`")
    if len(entries) > MAX_ENTRIES:
        raise InvalidRequest(
            f"feedback: holds more than {MAX_ENTRIES:,} entries; send them in several bodies"
        )
    return entries


def _some(problems: list[str]) -> list[str]:
    more = len(problems) - MOST_PROBLEMS
    return [*problems[:MOST_PROBLEMS], *([f"and {more:,} problems more"] if more > 0 else [])]


# -- one entry -------------------------------------------------------------------------------------


def _problems(entry: Json) -> Iterator[str]:
    """What is wrong with an entry, as `member: why`; nothing that was sent is repeated."""
    if not isinstance(entry, dict):
        yield "entry: must be an object"
        return
    if not _is_uuid(entry.get("card")):
        yield "card: must be the uuid of a card"
    if _instant(entry.get("outcomeTimestamp")) is None:
        yield "outcomeTimestamp: must be an RFC 3339 date and time with its offset from UTC"
    outcome = entry.get("outcome")
    if outcome == ACCEPTED:
        yield from _problems_of_accepted(entry.get("acceptedSuggestions"))
    elif outcome == OVERRIDDEN:
        if entry.get("acceptedSuggestions"):
            yield "acceptedSuggestions: must not stand in an entry that says overridden"
        yield from _problems_of_override(entry.get("overrideReason"))
    else:
        yield "outcome: must be accepted or overridden"


def _problems_of_accepted(suggestions: Json) -> Iterator[str]:
    if not isinstance(suggestions, list) or not suggestions:
        yield "acceptedSuggestions: must name the accepted suggestions"
        return
    if len(suggestions) > MAX_SUGGESTIONS:
        yield f"acceptedSuggestions: must not name more than {MAX_SUGGESTIONS}"
    for place, each in enumerate(suggestions[:MAX_SUGGESTIONS]):
        if not isinstance(each, dict) or not _is_uuid(each.get("id")):
            yield f"acceptedSuggestions.{place}.id: must be the uuid of a suggestion"


def _problems_of_override(why: Json) -> Iterator[str]:
    if why is None:
        return
    if not isinstance(why, dict):
        yield "overrideReason: must be an object"
        return
    reason, comment = why.get("reason"), why.get("userComment")
    if reason is None and comment is None:
        yield "overrideReason: must have a reason or a userComment"
    if comment is not None and not isinstance(comment, str):
        yield "overrideReason.userComment: must be a string"
    if reason is not None:
        yield from _problems_of_reason(reason)


def _problems_of_reason(reason: Json) -> Iterator[str]:
    if not isinstance(reason, dict):
        yield "overrideReason.reason: must be an object with code and system"
        return
    if not isinstance(reason.get("code"), str) or not reason["code"]:
        yield "overrideReason.reason.code: must be a string"
    if not isinstance(reason.get("system", ""), str | None):
        yield "overrideReason.reason.system: must be a string"


def _record(entry: dict[str, Json], sender: Sender, reasons: Reasons) -> OutcomeRecord:
    """Of an entry without problems."""
    at = _instant(entry["outcomeTimestamp"])
    assert at is not None
    accepted = {each["id"].lower() for each in entry.get("acceptedSuggestions") or ()}
    is_override = entry["outcome"] == OVERRIDDEN
    why = (entry.get("overrideReason") or {}) if is_override else {}
    reason = why.get("reason")
    return OutcomeRecord(
        card=entry["card"].lower(),
        service=sender.service,
        client=sender.client,
        outcome=entry["outcome"],
        at=at,
        received=sender.received,
        reason=reasons.find(reason.get("system"), reason["code"]) if reason else None,
        commented=bool((why.get("userComment") or "").strip()),
        accepted=tuple(sorted(accepted)),
    )


def _is_uuid(value: Json) -> bool:
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def _instant(value: Json) -> datetime | None:
    """https://www.rfc-editor.org/rfc/rfc3339#section-5.6"""
    parts = _DATE_TIME.fullmatch(value) if isinstance(value, str) else None
    if parts is None:
        return None
    minute, second, rest = parts.groups()
    # A leap second is one in RFC 3339, and none in Python.
    text = f"{minute}{'59' if second == '60' else second}{rest}"
    try:
        instant: datetime = msgspec.convert(text, Annotated[datetime, Meta(tz=True)])
        return instant.astimezone(UTC)
    except (msgspec.ValidationError, ValueError, OverflowError):
        return None
