"""`POST {base}/cds-services/{id}/feedback`: https://cds-hooks.hl7.org/#feedback"""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from cds_service.feedback import MAX_BYTES
from cds_service.record import OutcomeRecord
from tests.feedback.support import (
    NOW,
    SERVICE,
    Site,
    accepted,
    eventually,
    overridden,
    site,
    without,
)
from tests.protocol.support import ORDER, Caller, application, good
from tests.trust.databases import Database

COMMENT = "Jane Doe is allergic"
COLUMNS = "card, service, outcome, reason_system, reason_code, commented"


@pytest.fixture
def card(here: Site) -> dict[str, Any]:
    """One that was sent and is in the store."""
    sent: dict[str, Any] = here.cards()[0]
    here.written("cards", 1)
    return sent


# -- taken -----------------------------------------------------------------------------------------


def test_an_accepted_card_is_kept_with_its_suggestions(here: Site, card: dict[str, Any]) -> None:
    """FB-01, FB-02"""
    chosen = [each["uuid"] for each in card["suggestions"]][:2]
    answer = here.tell(accepted(card["uuid"], *chosen))
    assert (answer.status_code, answer.json) == (200, {"recorded": 1, "unknownCards": 0})
    assert here.rows("outcomes", "card, service, outcome") == [(card["uuid"], SERVICE, "accepted")]
    joined = "outcomes o JOIN accepted a ON a.outcome = o.digest "
    joined += "JOIN suggestions s ON s.uuid = a.suggestion"
    assert sorted(here.rows(joined, "s.uuid, s.card")) == sorted((c, card["uuid"]) for c in chosen)


def test_an_overridden_card_is_kept_with_its_reason(here: Site, card: dict[str, Any]) -> None:
    """FB-04"""
    reason = card["overrideReasons"][0]
    answer = here.tell(overridden(card["uuid"], overrideReason={"reason": reason}))
    assert answer.json == {"recorded": 1, "unknownCards": 0}
    kept = (card["uuid"], SERVICE, "overridden", reason["system"], reason["code"], False)
    assert here.rows("outcomes", COLUMNS) == [kept]


def test_times_are_kept_as_instants(here: Site) -> None:
    """FB-07"""
    here.tell(overridden(outcomeTimestamp="2026-11-21T14:01:00.250+02:00"))
    received = int(NOW.timestamp() * 1000)
    assert here.rows("outcomes", "at, received") == [(received + 60_250, received)]


def test_a_comment_and_a_reason_in_own_words_are_not_kept(here: Site) -> None:
    """FB-05"""
    own = {"code": COMMENT, "system": COMMENT}
    here.tell(overridden(overrideReason={"reason": own, "userComment": COMMENT}))
    here.tell(overridden(extension={"com.example": COMMENT}))
    columns = "outcome, reason_system, reason_code, commented"
    assert sorted(here.rows("outcomes", columns), key=str) == [
        ("overridden", None, "unlisted", True),
        ("overridden", None, None, False),
    ]
    assert not any(COMMENT in str(row) for row in here.rows("outcomes"))
    if here.database.server is None:
        files = here.database.file.parent.glob("store.sqlite3*")
        assert not any(b"Jane" in file.read_bytes() for file in files)


def test_several_and_the_same_again_are_taken_and_counted_once(here: Site) -> None:
    """FB-06"""
    entries = [accepted(), overridden(), overridden(overrideReason={"userComment": COMMENT})]
    first = here.tell(*entries)
    again = [here.tell(*entries), here.tell(*entries, *entries), here.tell(*reversed(entries))]
    assert [each.status_code for each in (first, *again)] == [200] * 4
    assert [each.json["recorded"] for each in (first, *again)] == [3, 3, 6, 3]
    assert len(here.rows("outcomes")) == 3
    assert len(here.rows("accepted")) == 1


def test_the_same_entry_in_another_spelling_is_the_same(here: Site) -> None:
    entry = accepted(None, str(uuid4()), str(uuid4()))
    spelt = {
        **entry,
        "card": entry["card"].upper(),
        "outcomeTimestamp": "2026-11-21T13:01:00.000+01:00",
        "acceptedSuggestions": entry["acceptedSuggestions"][::-1],
    }
    here.tell(entry)
    here.tell(spelt)
    assert len(here.rows("outcomes")) == 1


DIFFERENT: dict[str, dict[str, Any]] = {
    "another time": {"outcomeTimestamp": "2026-11-21T12:02:00Z"},
    "a comment": {"overrideReason": {"userComment": COMMENT}},
    "a reason": {"overrideReason": {"reason": {"code": "x", "system": "y"}}},
    "another outcome": {"outcome": "accepted", "acceptedSuggestions": [{"id": str(uuid4())}]},
    "another card": {"card": str(uuid4())},
}


@pytest.mark.parametrize("change", DIFFERENT.values(), ids=DIFFERENT)
def test_what_differs_is_another_outcome(here: Site, change: dict[str, Any]) -> None:
    entry = overridden()
    here.tell(entry)
    here.tell({**entry, **change})
    assert len(here.rows("outcomes")) == 2


def test_a_card_that_nobody_knows_is_recorded_as_such(here: Site, card: dict[str, Any]) -> None:
    """FB-14"""
    answer = here.tell(overridden(), overridden(card["uuid"]), accepted())
    assert (answer.status_code, answer.json) == (200, {"recorded": 3, "unknownCards": 2})
    assert len(here.rows("outcomes")) == 3


def test_no_entries_are_taken_and_kept_nowhere(here: Site) -> None:
    answer = here.tell()
    assert (answer.status_code, answer.json) == (200, {"recorded": 0, "unknownCards": 0})


def test_sinks_are_told_once_the_store_has_it(here: Site) -> None:
    told: list[OutcomeRecord] = []

    class Told:
        def write(self, records: Any) -> None: ...

        def write_outcomes(self, outcomes: Any) -> None:
            told.extend(outcomes)

    eventually(lambda: "store" in here.recorder._sinks)
    here.recorder._sinks["store"] = Told()
    here.tell(without(overridden(), "card"))
    entry = overridden()
    here.tell(entry)
    eventually(lambda: bool(told))
    assert [record.card for record in told] == [entry["card"]]


# -- refused ---------------------------------------------------------------------------------------


def test_of_a_body_with_one_bad_entry_nothing_is_kept(here: Site) -> None:
    """FB-09"""
    answer = here.tell(overridden(), overridden(outcome="ignored"), accepted())
    assert answer.status_code == 400
    said = [issue["diagnostics"] for issue in answer.json["issue"]]
    assert said == [
        "feedback.1.outcome: must be accepted or overridden",
        "nothing of this body was kept",
    ]
    assert here.rows("outcomes") == []


def test_an_unknown_service_is_404(here: Site) -> None:
    """FB-15"""
    assert here.tell(overridden(), service="no-such-service").status_code == 404
    assert here.rows("outcomes") == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[1]", 400),
        (b'{"feedback": 7}', 400),
        (b'{"feedback": [' + b"9" * 5000 + b"]}", 400),
        (b" " * (MAX_BYTES + 1), 413),
        (json.dumps({"feedback": [overridden() for _ in range(1000)]}).encode(), 200),
        (json.dumps({"feedback": [overridden()] * 1001}).encode(), 400),
    ],
    ids=["empty", "a list", "a number", "digits", "too large", "1,000 entries", "1,001 entries"],
)
def test_malformed_feedback_is_never_a_fault_of_the_service(
    here: Site, body: bytes, status: int
) -> None:
    """FB-16"""
    answer = here.post(f"/cds-services/{SERVICE}/feedback", body)
    assert answer.status_code == status


def test_another_media_type_is_415(here: Site) -> None:
    path = f"/cds-services/{SERVICE}/feedback"
    assert here.app.test_client().post(path, data="feedback").status_code == 415


def test_only_post_is_answered() -> None:
    """CORS-01: and the preflight of browsers."""
    caller, path = Caller(application()), f"/cds-services/{SERVICE}/feedback"
    assert caller.send("GET", path).status_code == 405
    assert caller.send("OPTIONS", path).status_code == 204


@pytest.mark.parametrize("store", ["", "none"])
def test_without_a_store_feedback_is_not_supported(store: str) -> None:
    """FB-01: 501 means that; a success that keeps nothing would be a lie."""
    client = application(store=store).test_client()
    answer = client.post(f"/cds-services/{SERVICE}/feedback", json={"feedback": [overridden()]})
    assert answer.status_code == 501
    assert answer.json["issue"][0]["code"] == "not-supported"
    unknown = client.post("/cds-services/no-such/feedback", json={"feedback": []})
    assert unknown.status_code == 404


# -- a call while feedback is kept -----------------------------------------------------------------


def test_feedback_before_its_card_is_written_finds_it_later(database: Database) -> None:
    """Cards are written beside the calls: the outcome joins them by the uuid."""
    with site(database) as opened:
        sent = opened.call(good(ORDER), "als-leukemia-order-select").json["cards"]
        opened.tell(
            *(overridden(each["uuid"]) for each in sent), service="als-leukemia-order-select"
        )
        opened.written("cards", len(sent))
        joined = opened.rows("outcomes JOIN cards ON card = uuid", "rule")
        assert len(joined) == len(sent) > 0
