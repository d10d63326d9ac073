"""Which feedback is taken, and what is said of the rest: https://cds-hooks.hl7.org/#feedback"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from jsonschema import Draft202012Validator

from cds_service.errors import InvalidRequest
from cds_service.feedback import (
    MAX_ENTRIES,
    MAX_SUGGESTIONS,
    MOST_PROBLEMS,
    Reasons,
    Sender,
    parse,
)
from cds_service.openapi import read_schema
from cds_service.record import UNLISTED, OutcomeRecord
from tests.feedback.support import NOW, accepted, overridden, without

SYSTEM = "https://reasons.example"
REASONS = Reasons(frozenset({(SYSTEM, "done"), ("https://others.example", "wrong")}))
SENDER = Sender("a-service", "a client", NOW)
SCHEMA = Draft202012Validator(read_schema("feedback.json"))
COMMENT = "Jane Doe has an allergy"


def read(*entries: Any, **members: Any) -> list[OutcomeRecord]:
    return parse(json.dumps({"feedback": list(entries), **members}).encode(), SENDER, REASONS)


def refused(*entries: Any) -> tuple[str, ...]:
    with pytest.raises(InvalidRequest) as raised:
        read(*entries)
    return raised.value.problems


def because(reason: Any = None, **members: Any) -> dict[str, Any]:
    return overridden(overrideReason={"reason": reason, **members})


TAKEN: dict[str, Any] = {
    "FB-02 accepted with suggestions": accepted(),
    "FB-02 several suggestions": accepted(None, str(uuid4()), str(uuid4())),
    "FB-02 as many as may be": accepted(None, *(str(uuid4()) for _ in range(MAX_SUGGESTIONS))),
    "FB-03 overridden without a reason": overridden(),
    "FB-03 overridden, the reason null": overridden(overrideReason=None),
    "FB-04 code and system": because({"code": "done", "system": SYSTEM}),
    "FB-04 with display": because({"code": "done", "system": SYSTEM, "display": "Done"}),
    "FB-04 code alone": because({"code": "done"}),
    "FB-05 only a comment": overridden(overrideReason={"userComment": COMMENT}),
    "FB-05 a comment of no characters": overridden(overrideReason={"userComment": ""}),
    "FB-05 comment, the reason null": because(None, userComment=COMMENT),
    "FB-07 a fraction": overridden(outcomeTimestamp="2026-11-21T12:00:00.123456789Z"),
    "FB-07 an offset": overridden(outcomeTimestamp="2026-11-21T14:00:00+02:00"),
    "FB-12 small letters": overridden(outcomeTimestamp="2026-11-21t12:00:00z"),
    "FB-12 a leap second": overridden(outcomeTimestamp="2016-12-31T23:59:60Z"),
    "FB-17 an extension": overridden(extension={"com.example": {"deep": [1, {"a": None}]}}),
    "a member that nobody knows": overridden(somethingElse=[1, 2]),
    "a uuid in capitals": overridden(str(uuid4()).upper()),
    "overridden, no suggestion accepted": overridden(acceptedSuggestions=[]),
}
REFUSED: dict[str, tuple[Any, str]] = {
    "FB-09 no outcome": (without(overridden(), "outcome"), "outcome: must be"),
    "FB-09 another outcome": (overridden(outcome="ignored"), "outcome: must be"),
    "FB-09 an outcome that is a list": (overridden(outcome=["accepted"]), "outcome: must be"),
    "FB-10 accepted, no suggestions": (
        without(accepted(), "acceptedSuggestions"),
        "acceptedSuggestions: must name",
    ),
    "FB-10 an empty list of them": (accepted(acceptedSuggestions=[]), "acceptedSuggestions: must"),
    "FB-10 suggestions as strings": (
        accepted(acceptedSuggestions=[str(uuid4())]),
        "acceptedSuggestions.0.id: must be",
    ),
    "FB-10 the second is no uuid": (
        accepted(None, str(uuid4()), "first"),
        "acceptedSuggestions.1.id: must be",
    ),
    "too many suggestions": (
        accepted(None, *(str(uuid4()) for _ in range(MAX_SUGGESTIONS + 1))),
        "acceptedSuggestions: must not name more than 100",
    ),
    "overridden and accepted": (
        overridden(acceptedSuggestions=[{"id": str(uuid4())}]),
        "acceptedSuggestions: must not stand",
    ),
    "FB-11 no card": (without(overridden(), "card"), "card: must be"),
    "FB-11 no timestamp": (without(overridden(), "outcomeTimestamp"), "outcomeTimestamp: must"),
    "a card that is no uuid": (overridden("card-1"), "card: must be"),
    "a uuid and a line break": (overridden(f"{uuid4()}\n"), "card: must be"),
    "a uuid in braces": (overridden(f"{{{uuid4()}}}"), "card: must be"),
    "a time that is a number": (overridden(outcomeTimestamp=1), "outcomeTimestamp: must be"),
    "FB-12 a day": (overridden(outcomeTimestamp="2026-11-21"), "outcomeTimestamp: must be"),
    "FB-12 no offset": (overridden(outcomeTimestamp="2026-11-21T12:00:00"), "outcomeTimestamp"),
    "FB-12 a word": (overridden(outcomeTimestamp="now"), "outcomeTimestamp: must be"),
    "FB-13 neither reason nor comment": (overridden(overrideReason={}), "overrideReason: must"),
    "FB-13 both null": (because(None, userComment=None), "overrideReason: must have"),
    "FB-16 a reason that is a string": (because("done"), "overrideReason.reason: must be"),
    "FB-16 a reason without a code": (because({"system": SYSTEM}), "overrideReason.reason.code"),
    "FB-16 a system that is a number": (
        because({"code": "done", "system": 7}),
        "overrideReason.reason.system: must be",
    ),
    "FB-16 a comment that is an object": (
        overridden(overrideReason={"userComment": {}}),
        "overrideReason.userComment: must be",
    ),
    "FB-16 an overrideReason that is a list": (overridden(overrideReason=[]), "overrideReason: mu"),
    "FB-16 null": (None, "entry: must be an object"),
    "FB-16 a string": ("accepted", "entry: must be an object"),
}
NO_DATE = {
    "a thirteenth month": "2026-13-01T00:00:00Z",
    "an hour too many": "2026-11-21T25:00:00Z",
    "before the first year": "0001-01-01T00:00:00+14:00",
    "after the last year": "9999-12-31T23:59:59-10:00",
}
"""The schema's pattern takes them: no pattern knows the calendar."""


@pytest.mark.parametrize("entry", TAKEN.values(), ids=TAKEN)
def test_what_fits_the_specification_is_taken(entry: Any) -> None:
    (record,) = read(entry)
    assert record.card == entry["card"].lower()
    assert record.outcome == entry["outcome"]
    assert (record.service, record.client, record.received) == ("a-service", "a client", NOW)


@pytest.mark.parametrize(("entry", "why"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_named_with_its_place(entry: Any, why: str) -> None:
    first, *_ = refused(overridden(), entry)
    assert first.startswith(f"feedback.1.{why}")


@pytest.mark.parametrize("time", NO_DATE.values(), ids=NO_DATE)
def test_a_time_that_there_is_not_is_refused(time: str) -> None:
    assert refused(overridden(outcomeTimestamp=time))[0].startswith("feedback.0.outcomeTimestamp")


def test_the_schema_takes_and_refuses_the_same() -> None:
    entries = {**TAKEN, **{name: entry for name, (entry, _) in REFUSED.items()}}
    found = {name: SCHEMA.is_valid({"feedback": [each]}) for name, each in entries.items()}
    assert found == {**dict.fromkeys(TAKEN, True), **dict.fromkeys(REFUSED, False)}


def test_every_bad_entry_is_named_and_that_nothing_was_kept() -> None:
    """FB-06: the valid ones are not lost silently."""
    bad = without(overridden(), "card", "outcome")
    assert refused(bad, accepted(), bad) == (
        "feedback.0.card: must be the uuid of a card",
        "feedback.0.outcome: must be accepted or overridden",
        "feedback.2.card: must be the uuid of a card",
        "feedback.2.outcome: must be accepted or overridden",
        "nothing of this body was kept",
    )


def test_a_thousand_bad_entries_make_no_endless_answer() -> None:
    problems = refused(*[None] * MAX_ENTRIES)
    assert len(problems) == MOST_PROBLEMS + 2
    assert problems[-2] == "and 900 problems more"


def test_more_entries_than_may_be_are_refused() -> None:
    """FB-16"""
    assert len(read(*(overridden() for _ in range(MAX_ENTRIES)))) == MAX_ENTRIES
    assert "more than 1,000 entries" in refused(*[overridden()] * (MAX_ENTRIES + 1))[0]


BODIES: dict[str, bytes] = {
    "FB-08 no feedback": b"{}",
    "FB-08 null": b'{"feedback": null}',
    "FB-08 an object": b'{"feedback": {}}',
    "FB-08 a list": b"[]",
    "FB-16 nothing": b"",
    "FB-16 cut off": b'{"feedback": [',
    "FB-16 not UTF-8": b'{"feedback": ["\xff"]}',
    "FB-16 very deep": b'{"feedback": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "FB-16 a number that is none": b'{"feedback": [NaN]}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_without_feedback_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        parse(body, SENDER, REASONS)


def test_no_entries_are_no_mistake() -> None:
    assert read() == []
    assert read(extension={"com.example": 1}) == []


def test_nothing_that_was_sent_is_repeated_in_a_refusal() -> None:
    entry = overridden("Jane Doe", outcome=COMMENT, outcomeTimestamp=COMMENT)
    why = because({"code": 7, "system": SYSTEM}, userComment=[COMMENT])
    assert not any("Jane" in problem for problem in refused(entry, why))


# -- what is kept of an entry ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        ({"code": "done", "system": SYSTEM}, (SYSTEM, "done")),
        ({"code": "done"}, (SYSTEM, "done")),
        ({"code": "done", "system": "https://others.example"}, UNLISTED),
        ({"code": COMMENT, "system": SYSTEM}, UNLISTED),
        ({"code": "done", "system": COMMENT}, UNLISTED),
    ],
)
def test_of_a_reason_only_one_of_ours_is_kept(reason: Any, kept: Any) -> None:
    (record,) = read(because(reason))
    assert record.reason == kept


@pytest.mark.parametrize(("comment", "kept"), [(COMMENT, True), ("", False), (" \n", False)])
def test_of_a_comment_is_kept_that_there_was_one(comment: str, kept: bool) -> None:
    (record,) = read(overridden(overrideReason={"userComment": comment}))
    assert record.commented is kept
    assert "Jane" not in repr(record)


def test_instants_are_kept_as_such_whatever_their_offset() -> None:
    zones = (
        "2026-11-21T12:00:00.5Z",
        "2026-11-21T14:00:00.500+02:00",
        "2026-11-21T12:00:00.5-00:00",
    )
    found = {record.at for record in read(*(overridden(outcomeTimestamp=each) for each in zones))}
    assert found == {datetime(2026, 11, 21, 12, 0, 0, 500_000, UTC)}


def test_a_suggestion_named_twice_was_accepted_once() -> None:
    one, other = str(uuid4()), str(uuid4())
    (record,) = read(accepted(None, other, one, one.upper()))
    assert record.accepted == tuple(sorted((one, other)))


def test_a_reason_beside_an_acceptance_is_none() -> None:
    (record,) = read(accepted(overrideReason={"reason": {"code": "done", "system": SYSTEM}}))
    assert record.reason is None
