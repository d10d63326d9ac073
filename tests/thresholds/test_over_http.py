"""A story over HTTP with the limits of a site: they decide, and every card that rests on one says
so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cds_service.card import EXTENSION
from tests.protocol.support import GOOD, NOW, VIEW, Caller, application, good
from tests.thresholds.files import threshold, window, written

EMERGENCY, WATCH = "hyperleukocytosis-emergency", "hyperleukocytosis-watch"
LINE = (
    "- Local threshold: hyperleukocytosis from 80 ×10⁹/L (this service's default 100 ×10⁹/L; set "
    "by Leukemia committee, 2026-10-01)"
)
OTHER_LIMIT = threshold("hyperleukocytosis", "80")


def with_count(value: float, hours_ago: float = 3) -> dict[str, Any]:
    """The story with another leukocyte count."""
    request = good(VIEW)
    for entry in request["prefetch"]["leukocytes"]["entry"]:
        entry["resource"]["valueQuantity"]["value"] = value
        entry["resource"]["effectiveDateTime"] = (NOW - timedelta(hours=hours_ago)).isoformat()
    return request


@pytest.fixture
def here(tmp_path: Path) -> Caller:
    path = written(tmp_path, OTHER_LIMIT, window("fresh-count", hours="12"))
    return Caller(application(thresholds=str(path)))


def test_the_story_s_count_lies_where_the_tests_put_it() -> None:
    assert Caller(application()).rules(with_count(99.9))[0] == WATCH
    assert Caller(application()).rules(with_count(100))[0] == EMERGENCY


@pytest.mark.parametrize(
    ("value", "first"), [(79.9, WATCH), (80, EMERGENCY), (80.1, EMERGENCY), (99.9, EMERGENCY)]
)
def test_the_local_limit_decides(here: Caller, value: float, first: str) -> None:
    assert here.rules(with_count(value))[0] == first


@pytest.mark.parametrize(("hours", "first"), [(11.9, EMERGENCY), (12, EMERGENCY), (12.1, WATCH)])
def test_the_local_window_decides(here: Caller, hours: float, first: str) -> None:
    assert here.rules(with_count(187, hours))[0] == first
    assert Caller(application()).rules(with_count(187, hours))[0] == EMERGENCY


def test_the_card_states_the_local_limit_and_what_it_stands_for(here: Caller) -> None:
    card = here.cards(with_count(187))[0]
    assert card["summary"].startswith("WBC at or above 80 with acute leukemia: emergency;")
    assert LINE in card["detail"].splitlines()
    first, second = card["extension"][EXTENSION]["localThresholds"]
    assert first == {
        "name": "hyperleukocytosis",
        "value": "80 ×10⁹/L",
        "default": "100 ×10⁹/L",
        "reason": "Local protocol 12",
        "approvedBy": "Leukemia committee",
        "date": "2026-10-01",
    }
    assert (second["name"], second["value"], second["default"]) == ("fresh-count", "12 h", "24 h")


def test_the_reason_for_a_card_states_the_local_limits(here: Caller) -> None:
    old = here.cards(with_count(187, 30))[0]["detail"]
    assert "the last count was 80 or more, but at over 12 h it is too old to act on" in old
    assert "the count is between 50 and 80." in here.cards(with_count(60))[0]["detail"]


def test_a_card_that_rests_on_none_says_nothing_of_it(here: Caller) -> None:
    found = {card["source"]["topic"]["code"]: card for card in here.cards(with_count(187))}
    goals = found["als-acute-leukemia-goals"]
    assert "Local threshold" not in goals["detail"]
    assert "localThresholds" not in goals["extension"][EXTENSION]


def test_a_joined_card_names_the_limits_of_every_rule_on_it(tmp_path: Path) -> None:
    path = written(tmp_path, threshold("low-platelets-for-line", "30"))
    name = "als-aml-emergency.order-select.leukapheresis-and-catheter"
    [card] = Caller(application(thresholds=str(path))).cards(good(name))
    assert card["extension"][EXTENSION]["also"] == ["central-line-bleeding-risk"]
    [local] = card["extension"][EXTENSION]["localThresholds"]
    assert local["name"] == "low-platelets-for-line"
    assert (
        card["detail"].count(
            "Local threshold: platelets called low for a central line below 30 ×10⁹/L"
        )
        == 1
    )


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)
    elif isinstance(value, str):
        yield value


def test_without_a_file_no_answer_speaks_of_local_limits() -> None:
    caller = Caller(application())
    for name in GOOD:
        assert "ocal threshold" not in json.dumps(caller.post(good(name)).json)


def test_every_story_is_answered_with_limits_at_their_ends(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        OTHER_LIMIT,
        threshold("high-count", "25"),
        threshold("low-oxygen", "96", "%"),
        threshold("unfit-age", "65", "a"),
        threshold("fvc-severe", "70", "%"),
        threshold("mrd-detectable", "0.005", "%"),
        window("performance-status", days="15"),
        window("old-count", hours="48"),
        window("breathing", days="45"),
    )
    caller = Caller(application(thresholds=str(path)))
    for name in GOOD:
        assert "could not be checked (the rule" not in " ".join(texts(caller.cards(good(name))))


def test_what_stands_behind_a_rule_has_the_limits_in_force(here: Caller) -> None:
    document = here.send("GET", f"/rules/{EMERGENCY}/source-attributes").json
    limits = {each["name"]: each for each in document["limits"]}
    assert (
        limits["hyperleukocytosis"].items()
        >= {
            "name": "hyperleukocytosis",
            "value": "80 ×10⁹/L",
            "default": "100 ×10⁹/L",
            "reason": "Local protocol 12",
            "approvedBy": "Leukemia committee",
            "date": "2026-10-01",
            "source": "local threshold; the default: ROLLIG15",
        }.items()
    )
    assert "default" not in limits["tls-urate"]
    assert document["summary"].startswith("WBC at or above 80")
    assert "  Leukocytes at least 80 ×10⁹/L within 12 h" in document["logic"]["appliesWhen"]
    assert "at or above 100" not in json.dumps(document)


def test_a_condition_of_urgency_states_the_limit_in_force(tmp_path: Path) -> None:
    path = written(tmp_path, threshold("dangerous-qtc", "480", "ms"))
    app = application(thresholds=str(path))
    document = app.test_client().get("/rules/arsenic-als/source-attributes").json
    first = document["logic"]["urgency"][0]
    assert first["when"] == "QTc of 480 ms or more, or quinidine, which prolongs it."
    assert "a QTc of 480 ms or more" in first["summary"]
