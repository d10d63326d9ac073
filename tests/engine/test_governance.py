"""What a site has switched off or silenced, and that a broken file changes nothing."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cds_service.clients import Client, Clients
from cds_service.engine import Engine
from cds_service.errors import ContentError
from cds_service.finding import TRUE, UNKNOWN
from cds_service.governance import Governance, SwitchFile, read_switches
from cds_service.rule import Escalation, Indicator
from cds_service.service import Decision, Group, Service
from cds_service.settings import Settings
from tests.engine.made_up import CONCEPTS, ME, NOW, a_rule, answer, raising
from tests.engine.test_service import PREFETCH, a_service

FIRST, SECOND, THIRD = a_rule("first"), a_rule("second"), a_rule("third")
GAPS = a_rule("gaps", truth=UNKNOWN)
SERVICE = a_service((FIRST, SECOND), (THIRD,), gaps=GAPS, joined=((FIRST, THIRD),))
HERE, THERE = (
    Client(name, (f"https://{name}.example/r4",), issuer=f"https://{name}.example")
    for name in ("here", "there")
)
CLIENTS = Clients((HERE, THERE), 2.0)


def switch(rule: str, state: str = "off", clients: str = "") -> str:
    named = f"clients = [{clients}]\n" if clients else ""
    return f'[[switch]]\nrule = "{rule}"\nstate = "{state}"\n{named}'


class Site:
    """A file of switches, a clock that stands, and what follows from both."""

    def __init__(self, folder: Path, text: str) -> None:
        self.path = folder / "switches.toml"
        self.seconds = 0.0
        self.reads = 0
        self.replace(text)
        self.file = SwitchFile(str(self.path), self._read, lambda: self.seconds)
        self.governance = Governance([SERVICE], None, self.file)

    def _read(self) -> Any:
        self.reads += 1
        return read_switches(str(self.path), [SERVICE], CLIENTS)

    def replace(self, text: str) -> None:
        """As documented: written beside it, then moved over it."""
        new = self.path.with_suffix(".new")
        new.write_text(text, encoding="utf-8")
        new.replace(self.path)

    def later(self, seconds: float = 1) -> None:
        self.seconds += seconds

    def rules(self, client: Client | None = None) -> list[str]:
        """Those that may show."""
        return [rule.id for rule in self.governance.of(SERVICE, client, NOW).service.rules()]


@pytest.fixture
def site(tmp_path: Path) -> Callable[[str], Site]:
    return lambda text: Site(tmp_path, text)


# -- off and silent --------------------------------------------------------------------------------


def engine(folder: Path, *text: str, service: Service = SERVICE) -> Engine:
    path = folder / "switches.toml"
    path.write_text("".join(text) or "switch = []", encoding="utf-8")
    return Engine([service], CONCEPTS, Settings(switches=str(path)))


def decided(engine: Engine) -> Decision:
    context = {"userId": "Practitioner/1", "patientId": ME}
    call = {"hook": "patient-view", "hookInstance": "x", "context": context, "prefetch": PREFETCH}
    return engine.respond(engine.service("made-up"), json.dumps(call).encode(), NOW)


def shown(decision: Decision) -> list[str]:
    return [card["source"]["topic"]["code"] for card in decision.cards]


def test_without_a_switch_every_rule_speaks(tmp_path: Path) -> None:
    decision = decided(engine(tmp_path))
    assert shown(decision) == ["first"]
    assert (decision.off, decision.silent, decision.withheld) == ((), (), [])


def test_a_rule_that_is_off_is_not_asked_and_the_next_of_its_group_speaks(tmp_path: Path) -> None:
    decision = decided(engine(tmp_path, switch("first")))
    assert shown(decision) == ["second", "third"]
    assert decision.off == ("first",)
    assert [outcome.rule.id for outcome in decision.outcomes] == ["second", "third", "gaps"]


def test_a_silent_rule_is_asked_and_recorded_and_not_shown(tmp_path: Path) -> None:
    off = decided(engine(tmp_path, switch("first")))
    silent = decided(engine(tmp_path, switch("first", "silent")))
    assert shown(silent) == shown(off)
    assert silent.silent == ("first",)
    assert "first" in silent.truths()["true"]
    assert [each.rule.id for each in silent.withheld] == ["first"]
    assert "first" not in str(silent.cards)


def test_a_silent_card_is_recorded_as_urgent_as_it_would_have_been(tmp_path: Path) -> None:
    worse = Escalation(Indicator.WARNING, lambda _: answer(TRUE), "Worse")
    rule = a_rule("first", escalations=(worse,))
    service = a_service((rule,), gaps=GAPS)
    (withheld,) = decided(engine(tmp_path, switch("first", "silent"), service=service)).withheld
    assert (withheld.indicator, withheld.summary) == (Indicator.WARNING, "Worse")


@pytest.mark.parametrize("rule", [a_rule("first", truth=UNKNOWN), a_rule("first", raising)])
def test_what_a_silent_rule_cannot_tell_is_on_no_card(tmp_path: Path, rule: Any) -> None:
    service = a_service((rule,), (THIRD,), gaps=GAPS)
    decision = decided(engine(tmp_path, switch("first", "silent"), service=service))
    assert shown(decision) == ["third"]
    assert "first" not in str(decision.cards)
    assert decision.truths()["true"] == ["third"]


def test_off_wins_over_silent(tmp_path: Path) -> None:
    decision = decided(engine(tmp_path, switch("first", "silent"), switch("first", "off")))
    assert (decision.off, decision.silent) == (("first",), ())


def test_a_switch_may_be_for_one_client_alone(site: Callable[[str], Site]) -> None:
    here = site(switch("first", clients='"here"'))
    assert here.rules(HERE) == ["second", "third", "gaps"]
    assert here.rules(THERE) == here.rules(None) == ["first", "second", "third", "gaps"]


def test_the_card_that_replaces_others_can_be_off_too(tmp_path: Path) -> None:
    service = a_service((FIRST,), gaps=GAPS, instead=a_rule("instead"))
    assert shown(decided(engine(tmp_path, service=service))) == ["instead"]
    assert shown(decided(engine(tmp_path, switch("instead"), service=service))) == ["first"]


def test_a_group_whose_rules_are_all_off_is_none(site: Callable[[str], Site]) -> None:
    off = site(switch("first") + switch("second"))
    found = off.governance.of(SERVICE, None, NOW).service
    assert found.groups == (Group("group 1", (THIRD,)),)
    assert found.joined == ()


def test_the_rule_that_says_what_is_missing_stays_when_all_others_are_off(tmp_path: Path) -> None:
    off = engine(tmp_path, *map(switch, ("first", "second", "third")))
    assert shown(decided(off)) == []
    failing = a_service((FIRST,), gaps=a_rule("gaps"))
    assert shown(decided(engine(tmp_path, switch("first"), service=failing))) == ["gaps"]


# -- while the service runs ------------------------------------------------------------------------


def test_a_change_counts_within_a_second(site: Callable[[str], Site]) -> None:
    running = site("switch = []")
    assert running.rules() == ["first", "second", "third", "gaps"]
    running.replace(switch("third"))
    running.later()
    assert running.rules() == ["first", "second", "gaps"]
    running.replace("switch = []")
    running.later()
    assert running.rules() == ["first", "second", "third", "gaps"]


def test_the_file_is_looked_at_twice_a_second_and_read_when_it_changed(
    site: Callable[[str], Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    running, looks, look = site(switch("first")), [], SwitchFile._look

    def counted(file: SwitchFile) -> Any:
        looks.append(file)
        return look(file)

    monkeypatch.setattr(SwitchFile, "_look", counted)
    for _ in range(8):
        running.later(1 / 8)
        for _ in range(100):
            running.rules()
    assert len(looks) == 2
    assert running.reads == 1


def test_what_follows_from_a_switch_is_worked_out_once(site: Callable[[str], Site]) -> None:
    running = site(switch("first"))
    once, again = (running.governance.of(SERVICE, HERE, NOW) for _ in range(2))
    assert once is again


def test_days_and_clients_without_end_are_not_remembered(site: Callable[[str], Site]) -> None:
    running = site(switch("first"))
    for day in range(3000):
        running.governance.of(SERVICE, HERE, NOW + timedelta(days=day))
    assert len(running.governance._memory.found) < 1100


BROKEN = {
    "gone": None,
    "empty": "",
    "cut off": switch("first")[:20],
    "no TOML": "[[switch]",
    "not text": b"\xff\xfe",
    "nested beyond measure": "switch = " + "[" * 100_000,
    "another field": switch("first") + "colour = 1",
    "another state": switch("first", "on"),
    "for nobody": '[[switch]]\nrule = "first"\nstate = "off"\nclients = []',
    "an unknown rule": switch("frist"),
    "an unknown client": switch("first", clients='"nowhere"'),
    "the gaps rule off": switch("gaps"),
    "the gaps rule silent": switch("gaps", "silent"),
    "a good switch beside a bad one": switch("second") + switch("gaps"),
}


@pytest.fixture(params=BROKEN.values(), ids=BROKEN)
def broken(request: pytest.FixtureRequest) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        if request.param is None:
            path.unlink()
        elif isinstance(request.param, bytes):
            path.write_bytes(request.param)
        else:
            path.write_text(request.param, encoding="utf-8")

    return write


def test_a_broken_file_changes_nothing_and_is_said(
    site: Callable[[str], Site],
    broken: Callable[[Path], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    running = site(switch("third") + switch("first", "silent"))
    before = running.governance.of(SERVICE, None, NOW)
    broken(running.path)
    for _ in range(3):
        running.later()
        assert running.governance.of(SERVICE, None, NOW) == before
    report = running.governance.report(NOW)
    assert (report["off"], report["silent"]) == (["third"], ["first"])
    assert "cannot be used" in report["trouble"][0]
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1
    running.replace(switch("second"))
    running.later()
    assert running.rules() == ["first", "third", "gaps"]
    assert running.governance.report(NOW) == {"off": ["second"]}


def test_a_broken_file_stops_the_start(tmp_path: Path, broken: Callable[[Path], None]) -> None:
    path = tmp_path / "switches.toml"
    path.write_text("", encoding="utf-8")
    broken(path)
    with pytest.raises(ContentError):
        Engine([SERVICE], CONCEPTS, Settings(switches=str(path)))


def test_a_file_that_may_be_read_again_is_read(
    site: Callable[[str], Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its permissions may have been wrong, which leaves no trace in its size and time."""
    running = site("switch = []")
    running.replace(switch("first"))
    with monkeypatch.context() as without_permission:
        without_permission.setattr(Path, "read_text", raising)
        running.later()
        assert "first" in running.rules()
    running.later()
    assert "first" not in running.rules()


def test_changes_are_in_the_log_with_the_rules(
    site: Callable[[str], Site], caplog: pytest.LogCaptureFixture
) -> None:
    running = site(switch("first"))
    running.replace(switch("second") + switch("third", "silent"))
    running.later()
    running.rules()
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert (vars(record)["off"], vars(record)["silent"]) == (["second"], ["third"])


# -- what is said about it -------------------------------------------------------------------------


def test_the_report_names_rules_and_no_clients(site: Callable[[str], Site]) -> None:
    told = site(switch("first", clients='"here"') + switch("second", "silent") + switch("third"))
    assert told.governance.report(NOW) == {
        "off": ["third"],
        "silent": ["second"],
        "switchedForSomeClients": ["first"],
    }


def test_the_listing_says_for_whom_and_why(site: Callable[[str], Site]) -> None:
    told = site(switch("first", "silent", '"here", "there"') + 'reason = "new wording"\n')
    assert told.governance.standing(FIRST, NOW) == ["silent for here, there: new wording"]
    assert told.governance.standing(SECOND, NOW) == []


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("first", "approved for this site by Dr. A. Example on 2026-11-21"),
        ("second", "not approved for this site: it shows no card"),
    ],
)
def test_what_stands_behind_a_rule_has_its_status_at_this_site(
    tmp_path: Path, rule: str, said: str
) -> None:
    path = tmp_path / "approvals.toml"
    path.write_text(
        "".join(
            f'[[approval]]\nrule = "{name}"\nversion = "1.0.0"\n'
            'approver = "Dr. A. Example"\ndate = 2026-11-21\n'
            for name in ("first", "gaps")
        ),
        encoding="utf-8",
    )
    settings = Settings(mode="production", approvals=str(path))
    written = {"rule": rule, "reviewStatus": "pending"}
    site = Engine([SERVICE], CONCEPTS, settings, lambda *_: dict(written))
    assert site.source_attributes(rule, NOW) == {"rule": rule, "reviewStatus": said}
    assert site.source_attributes("third rule", NOW) is None
    sandbox = Engine([SERVICE], CONCEPTS, Settings(), lambda *_: dict(written))
    assert sandbox.source_attributes(rule, NOW) == written
