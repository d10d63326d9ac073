"""Which rules speak for a call: what the site has approved for that day, and has not switched off.

A rule that is off is not asked, and the next of its group may speak. One that is silent is asked
and recorded, and its card is not shown; the others speak as if it were off. Switches stand in a
TOML file that is read again while the service runs. A file that cannot be used changes nothing: the
switches read last stay as they are, and that is said in the log and by /ready.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from cds_service.approvals import Approval, ended, in_force, lapsed, versions_of
from cds_service.card import Attribution
from cds_service.clients import Client, Clients
from cds_service.ended import Ended
from cds_service.errors import ContentError
from cds_service.logs import raised
from cds_service.rule import Rule
from cds_service.service import Group, Service
from cds_service.toml_file import read_toml

log = logging.getLogger(__name__)

# -- switches --------------------------------------------------------------------------------------


class Switch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[switch]]`: a rule that is off or silent, for all clients or for those named."""

    rule: Annotated[str, Meta(min_length=1)]
    state: Literal["off", "silent"]
    clients: Annotated[tuple[str, ...], Meta(min_length=1)] | None = None
    reason: str = ""

    def holds_for(self, client: str | None) -> bool:
        """Whether it is about calls of a client, by name."""
        return self.clients is None or client in self.clients

    def words(self) -> str:
        """As the listing of rules says it."""
        named = f" for {', '.join(self.clients)}" if self.clients is not None else ""
        return f"{self.state}{named}{f': {self.reason}' if self.reason else ''}"


Switches = tuple[Switch, ...]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    # Needed even when it is empty: a file that was cut off must not turn every rule on.
    switch: list[Switch]


def read_switches(path: str, services: Iterable[Service], clients: Clients) -> Switches:
    """The switches of a file. Raises ContentError naming all that does not fit."""
    switches = tuple(read_toml(path, "CDS_SWITCHES", _File).switch)
    problems = [f"{path}: {problem}" for problem in _problems(switches, services, clients)]
    if problems:
        raise ContentError(*problems)
    return switches


def _problems(switches: Switches, services: Iterable[Service], clients: Clients) -> Iterator[str]:
    services = list(services)
    rules, gaps = versions_of(services), {service.gaps.id for service in services}
    known = {client.name for client in clients.clients}
    for switch in switches:
        if switch.rule not in rules:
            yield f"switch of {switch.rule}: there is no such rule"
        if switch.rule in gaps:
            yield (
                f"switch of {switch.rule}: it cannot be {switch.state}, because nothing would say "
                "what could not be checked"
            )
        for name in sorted({*(switch.clients or ())} - known):
            yield f"switch of {switch.rule}: there is no client {name}"


_LOOK_AGAIN = 0.5
"""Seconds: with the time that reading takes, a change counts within one second."""

Signature = tuple[int, int, int]


class SwitchFile:
    """The switches in force. Safe to use from several threads, and cheap where nothing changed.

    Raises ContentError where there is no good state to begin with.
    """

    def __init__(
        self, path: str, read: Callable[[], Switches], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._path = path
        self._read = read
        self._clock = clock
        self._looking = threading.Lock()
        self._signature = self._look()
        self._switches = read()
        self._looked = clock()
        self.trouble = ""

    def now(self) -> Switches:
        """The very same tuple as before, unless the file has changed."""
        if self._clock() - self._looked >= _LOOK_AGAIN and self._looking.acquire(blocking=False):
            try:
                self._refresh()
            finally:
                self._looked = self._clock()
                self._looking.release()
        return self._switches

    def _look(self) -> Signature | None:
        """What changes with the file; None where it is not there."""
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _refresh(self) -> None:
        signature = self._look()
        is_same = signature == self._signature
        # After a failed try the file is read again, for its permissions leave no trace in it.
        if is_same and not self.trouble:
            return
        self._signature = signature
        try:
            switches = self._read()
        except Exception as problem:
            if not (is_same and self.trouble):
                log.error("the file of switches cannot be used", extra=raised(problem))
            self.trouble = "the file of switches cannot be used: the switches read before it hold"
            return
        self.trouble = ""
        self._say(switches)
        self._switches = switches

    def _say(self, switches: Switches) -> None:
        log.warning(
            "the switches have changed: %d, and %d before",
            len(switches),
            len(self._switches),
            extra={state: _of_state(switches, state) for state in ("off", "silent")},
        )


class NoSwitches(SwitchFile):
    """Where no file is named."""

    def __init__(self) -> None:
        self.trouble = ""

    def now(self) -> Switches:
        """None."""
        return ()


def _of_state(switches: Switches, state: str) -> list[str]:
    return list(dict.fromkeys(each.rule for each in switches if each.state == state))


# -- what holds for a call -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InForce:
    """A service with the rules that may show, and what became of the others.

    `silent` are asked and not shown. `off` are switched off, or their approval does not count on
    that day; rules that nobody has approved are not named with every call. Of `ended` the approval
    counted until a day that is over, and nobody has switched them off.
    """

    service: Service
    silent: tuple[Rule, ...] = ()
    off: tuple[str, ...] = ()
    ended: tuple[Ended, ...] = ()


@dataclass(slots=True)
class _Memory:
    """What was worked out while the same switches held."""

    switches: Switches
    found: dict[tuple[str, str | None, date], InForce] = field(default_factory=dict)
    attributions: dict[tuple[int, date], Attribution] = field(default_factory=dict)


_MOST_FOUND = 1000
"""Of services, clients and days; a service asked about many days forgets and begins anew."""


class Governance:
    """Says which rules speak for a call. `approvals` is None where none are needed (sandbox)."""

    def __init__(
        self,
        services: Iterable[Service],
        approvals: Sequence[Approval] | None = None,
        switches: SwitchFile | None = None,
    ) -> None:
        self._versions = versions_of(services)
        self._approvals = approvals
        self._file = switches or NoSwitches()
        self._memory = _Memory(())
        self._lapsed: list[str] = []

    def of(self, service: Service, client: Client | None, as_of: datetime) -> InForce:
        """What holds for a call of a client (None: one that is not known) at an instant."""
        switches = self._file.now()
        memory = self._memory
        if memory.switches is not switches or len(memory.found) > _MOST_FOUND:
            memory = self._memory = _Memory(switches)
        if not switches and self._approvals is None:
            return InForce(service)
        name = client.name if client is not None else None
        key = (service.id, name, as_of.astimezone(UTC).date())
        known = memory.found.get(key)
        if known is None:
            known = memory.found[key] = self._work_out(service, name, key[2], memory)
        return known

    def _work_out(
        self, service: Service, client: str | None, day: date, memory: _Memory
    ) -> InForce:
        holding = tuple(each for each in memory.switches if each.holds_for(client))
        off = {each.rule for each in holding if each.state == "off"}
        silent = {each.rule for each in holding if each.state == "silent"} - off
        late = self._late(day)
        approved = self._approved(day)
        rules = [rule for rule in service.rules() if approved is None or rule.id in approved]
        attribution = service.attribution
        if approved is not None:
            # One for all services of a day, as what a card has in common is kept for each.
            attribution = memory.attributions.setdefault(
                (id(attribution), day),
                replace(attribution, approved={id_: a.words() for id_, a in approved.items()}),
            )
        shown = {rule.id for rule in rules} - off - silent
        return InForce(
            replace(only(service, shown), attribution=attribution),
            tuple(rule for rule in rules if rule.id in silent),
            tuple(r.id for r in service.rules() if r.id in off or r.id in late),
            self._ended(service, day, off | silent),
        )

    def _ended(self, service: Service, day: date, switched: set[str]) -> tuple[Ended, ...]:
        days = ended(self._approvals or (), self._versions, day)
        rules = [rule for rule in service.rules() if rule.id in days and rule.id not in switched]
        return tuple(Ended(rule, days[rule.id]) for rule in rules)

    def _approved(self, day: date) -> dict[str, Approval] | None:
        if self._approvals is None:
            return None
        return in_force(self._approvals, self._versions, day)

    def _late(self, day: date) -> list[str]:
        """Rules whose approval does not count on a day; said once, as long as they are the same."""
        late = lapsed(self._approvals or (), self._versions, day)
        if late != self._lapsed:
            self._lapsed = late
            log.warning("approvals that do not count today: %d", len(late), extra={"off": late})
        return late

    def trouble(self) -> str:
        """Why the switches that hold are not those of the file; empty where they are."""
        self._file.now()
        return self._file.trouble

    def standing(self, rule: Rule, as_of: datetime) -> list[str]:
        """What keeps a rule from showing, for the listing; empty where nothing does."""
        day = as_of.astimezone(UTC).date()
        approved = self._approved(day)
        words = [each.words() for each in self._file.now() if each.rule == rule.id]
        if approved is None or rule.id in approved:
            return words
        if rule.id in lapsed(self._approvals or (), self._versions, day):
            return ["its approval does not count today", *words]
        return ["not approved", *words]

    def status(self, rule: Rule, service: Service, as_of: datetime) -> str:
        """The review status of a rule here, as its card says it, or that it shows none."""
        approved = self._approved(as_of.astimezone(UTC).date())
        if approved is None:
            return service.attribution.status(rule)
        found = approved.get(rule.id)
        return (
            found.words() if found is not None else "not approved for this site: it shows no card"
        )

    def is_approved(self, rule: Rule, as_of: datetime) -> bool:
        """Whether the site has signed the rule off for that day; in sandbox mode none is."""
        approved = self._approved(as_of.astimezone(UTC).date())
        return approved is not None and rule.id in approved

    def report(self, as_of: datetime) -> dict[str, Any]:
        """What is off or silent, for /ready: rules only, and of those for some clients just that.

        Without names of clients: everybody may ask.
        """
        switches = self._file.now()
        for_all = tuple(each for each in switches if each.clients is None)
        late = lapsed(self._approvals or (), self._versions, as_of.astimezone(UTC).date())
        some = dict.fromkeys(each.rule for each in switches if each.clients is not None)
        found = {
            "off": [*dict.fromkeys([*_of_state(for_all, "off"), *late])],
            "silent": _of_state(for_all, "silent"),
            "switchedForSomeClients": list(some),
            "trouble": [self._file.trouble] if self._file.trouble else [],
        }
        return {name: each for name, each in found.items() if each}


def remarks(switches: Switches, services: Iterable[Service]) -> Iterator[str]:
    """What is worth knowing about switches: also which rules speak instead."""
    services = list(services)
    for switch in switches:
        others = ", ".join(next_of(switch.rule, services))
        instead = f"; where it applies, what shows instead may be {others}" if others else ""
        yield f"rule {switch.rule} is {switch.words()}{instead}"


def next_of(rule: str, services: Iterable[Service]) -> Iterator[str]:
    """The rules of the same decisions that come after it, each once."""
    found: dict[str, None] = {}
    for service in services:
        for group in service.groups:
            ids = [each.id for each in group.rules]
            if rule in ids:
                found |= dict.fromkeys(ids[ids.index(rule) + 1 :])
    yield from found


def only(service: Service, shown: set[str]) -> Service:
    """The service with some of its rules, by id; the gaps rule stays whatever is said."""

    def shows(rule: Rule) -> bool:
        return rule.id in shown

    groups = (Group(g.name, tuple(filter(shows, g.rules))) for g in service.groups)
    instead = service.instead
    return replace(
        service,
        groups=tuple(group for group in groups if group.rules),
        joined=tuple(pair for pair in service.joined if all(map(shows, pair))),
        instead=instead if instead is not None and shows(instead) else None,
    )
