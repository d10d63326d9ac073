"""A rule whose approval has ended shows no card; that it would have applied is said."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from cds_service.engine import Engine
from cds_service.finding import FALSE, TRUE, UNKNOWN
from cds_service.governance import Governance, NoSwitches, Switch
from cds_service.service import Decision, Service
from cds_service.settings import Settings
from tests.engine.made_up import CONCEPTS, ME, NOW, a_rule, raising
from tests.engine.test_approvals import TODAY, TOMORROW, YESTERDAY, approved
from tests.engine.test_service import PREFETCH, a_service

GAPS = a_rule("gaps", truth=UNKNOWN)
LINE = (
    "A rule would have applied: first. Its approval at this site ended on 2026-11-20, so it shows "
    "no card"
)


class Switched(NoSwitches):
    """Switches that stand."""

    def __init__(self, *switches: Switch) -> None:
        super().__init__()
        self.switches = switches

    def now(self) -> tuple[Switch, ...]:
        return self.switches


def service(first: Any = TRUE, second: Any = FALSE, before: Any = FALSE) -> Service:
    rules = (a_rule("before", truth=before), a_rule("first", truth=first))
    return a_service((*rules, a_rule("second", truth=second)), gaps=GAPS)


def decided(service: Service, switches: tuple[Switch, ...] = (), **dates: date) -> Decision:
    signed = [*approved("before", "second", "gaps"), *approved("first", **dates)]
    engine = Engine([service], CONCEPTS, Settings())
    engine.governance = Governance([service], signed, Switched(*switches))
    context = {"userId": "Practitioner/1", "patientId": ME}
    call = {"hook": "patient-view", "hookInstance": "x", "context": context, "prefetch": PREFETCH}
    return engine.respond(engine.service("made-up"), json.dumps(call).encode(), NOW)


def lines(decision: Decision) -> list[str]:
    return [line for card in decision.cards for line in card["detail"].splitlines()]


def test_it_is_said_on_the_card_that_shows() -> None:
    decision = decided(service(second=TRUE), expires=YESTERDAY)
    assert [card["source"]["topic"]["code"] for card in decision.cards] == ["second"]
    assert f"- {LINE}" in lines(decision)
    assert decision.off == ("first",)


def test_where_no_card_shows_the_one_for_gaps_says_it() -> None:
    decision = decided(service(), expires=YESTERDAY)
    assert [card["source"]["topic"]["code"] for card in decision.cards] == ["gaps"]
    assert f"- {LINE}" in lines(decision)


NOT_SAID: dict[str, dict[str, Any]] = {
    "it does not apply": {"service": service(FALSE), "expires": YESTERDAY},
    "it is not known whether it applies": {"service": service(UNKNOWN), "expires": YESTERDAY},
    "another of its decision speaks first": {
        "service": service(before=TRUE),
        "expires": YESTERDAY,
    },
    "it is in force until today": {"service": service(), "expires": TODAY},
    "its approval is yet to begin": {"service": service(), "effective": TOMORROW},
    "somebody has switched it off": {
        "service": service(),
        "switches": (Switch("first", "off"),),
        "expires": YESTERDAY,
    },
    "it is silent": {
        "service": service(),
        "switches": (Switch("first", "silent"),),
        "expires": YESTERDAY,
    },
}


@pytest.mark.parametrize("case", NOT_SAID.values(), ids=NOT_SAID)
def test_nothing_is_said_where(case: dict[str, Any]) -> None:
    assert "A rule would" not in " ".join(lines(decided(**case)))


def test_one_that_raises_could_not_be_checked() -> None:
    broken = a_service((a_rule("before", truth=FALSE), a_rule("first", raising)), gaps=GAPS)
    said = lines(decided(broken, expires=YESTERDAY))
    assert f"- {LINE.replace('would have applied', 'could not be checked')}" in said
