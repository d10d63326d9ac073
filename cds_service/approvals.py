"""The rules that a site has signed off: in production, no other shows a card.

A TOML file with one `[[approval]]` for each rule and version. A new version of a rule is a new
decision and needs a new approval. An approval may count from one day on, or up to one, in UTC: what
decides is the day of the request. `data-gaps` says what could not be checked, so a service whose
gaps rule is not approved does not start, and that approval cannot end by itself: its silence would
look like an all-clear.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from cds_service.service import Service
from cds_service.toml_file import read_toml

Day = date
"""`date` is the name of a field below."""

SOON = timedelta(days=30)
"""How long before an approval ends `doctor` says so."""


class Approval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[approval]]`: who has signed off which version of which rule, and when."""

    rule: Annotated[str, Meta(min_length=1)]
    version: Annotated[str, Meta(min_length=1)]
    approver: Annotated[str, Meta(pattern=r"^[\w .,'()/-]{1,80}$")]
    date: date
    effective: Day | None = None
    expires: Day | None = None

    def words(self) -> str:
        """As the card says it."""
        until = f", valid until {self.expires.isoformat()}" if self.expires is not None else ""
        return f"approved for this site by {self.approver} on {self.date.isoformat()}{until}"

    def counts_on(self, day: Day) -> bool:
        """Whether a day is within its dates, the first and the last included."""
        starts, ends = self.effective or Day.min, self.expires or Day.max
        return starts <= day <= ends


class _File(msgspec.Struct, forbid_unknown_fields=True):
    approval: list[Approval]


def read_approvals(path: str) -> list[Approval]:
    """The approvals of a file. Raises ContentError naming what does not fit."""
    return read_toml(path, "CDS_APPROVALS", _File).approval


def problems(approvals: Iterable[Approval], services: Iterable[Service], today: date) -> list[str]:
    """What keeps the approvals from being used as they stand.

    That one has ended, or is yet to begin, is no such thing: its rule just does not show.
    """
    services = list(services)
    versions = versions_of(services)
    gaps = dict.fromkeys(service.gaps.id for service in services)
    found = []
    signed: set[str] = set()
    for each in approvals:
        found += [f"approval of {each.rule}: {words}" for words in _wrong(each, versions, today)]
        if each.rule in signed:
            found.append(f"approval of {each.rule}: stands twice")
        if each.rule in gaps and each.expires is not None:
            found.append(f"approval of {each.rule}: may not expire, {_NOBODY_SAYS}")
        signed.add(each.rule)
    good = in_force(approvals, versions, today)
    found += [
        f"{rule} {versions[rule]} is not approved: {_NOBODY_SAYS}"
        for rule in gaps
        if rule not in good
    ]
    return found


_NOBODY_SAYS = "without it nothing would say what could not be checked"


def _wrong(approval: Approval, versions: Mapping[str, str], today: date) -> Iterable[str]:
    if approval.rule not in versions:
        yield "there is no such rule"
    if approval.date > today:
        yield f"its date {approval.date} lies ahead"
    if (approval.effective or date.min) > (approval.expires or date.max):
        yield f"ends on {approval.expires}, before it begins on {approval.effective}"


def versions_of(services: Iterable[Service]) -> dict[str, str]:
    """The version of every rule, by id."""
    return {rule.id: rule.version for service in services for rule in service.rules()}


def in_force(
    approvals: Iterable[Approval], versions: Mapping[str, str], day: date
) -> dict[str, Approval]:
    """Approvals by rule, of the version that is here, that count on a day."""
    return {
        each.rule: each
        for each in approvals
        if versions.get(each.rule) == each.version and each.counts_on(day)
    }


def lapsed(approvals: Iterable[Approval], versions: Mapping[str, str], day: date) -> list[str]:
    """The rules that only the dates of their approval keep silent on a day."""
    here = [each for each in approvals if versions.get(each.rule) == each.version]
    return [each.rule for each in here if not each.counts_on(day)]


def ended(approvals: Iterable[Approval], versions: Mapping[str, str], day: date) -> dict[str, Day]:
    """The rules that showed until their approval ended, with its last day."""
    here = [each for each in approvals if versions.get(each.rule) == each.version]
    return {
        each.rule: each.expires for each in here if each.expires is not None and each.expires < day
    }


def not_approved(
    services: Iterable[Service], approvals: Iterable[Approval], day: date
) -> list[str]:
    """The rules, with their version, that stay silent on a day."""
    versions = versions_of(services)
    good = in_force(approvals, versions, day)
    return [f"{rule} {version}" for rule, version in versions.items() if rule not in good]


def remarks(approvals: Iterable[Approval], services: Iterable[Service], day: date) -> list[str]:
    """What is worth knowing about the dates of approvals, on a day."""
    versions = versions_of(services)
    return [
        f"the approval of {each.rule} {words}"
        for each in approvals
        if versions.get(each.rule) == each.version and (words := _remark(each, day))
    ]


def _remark(approval: Approval, day: date) -> str:
    if approval.effective is not None and approval.effective > day:
        return f"counts from {approval.effective} on: until then the rule stays silent"
    if approval.expires is None or approval.expires > day + SOON:
        return ""
    if approval.expires < day:
        return f"ended on {approval.expires}: the rule stays silent"
    return f"ends on {approval.expires}: after that day the rule stays silent"
