"""The rules that a site has signed off: in production, no other shows a card.

A TOML file with one `[[approval]]` for each rule and version. A new version of a rule is a new
decision and needs a new approval. `data-gaps` says what could not be checked, so a service whose
gaps rule is not approved does not start: its silence would look like an all-clear.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from cds_service.errors import ContentError
from cds_service.rule import Rule
from cds_service.service import Group, Service


class Approval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[approval]]`: who has signed off which version of which rule, and when."""

    rule: Annotated[str, Meta(min_length=1)]
    version: Annotated[str, Meta(min_length=1)]
    approver: Annotated[str, Meta(pattern=r"^[\w .,'()/-]{1,80}$")]
    date: date

    def words(self) -> str:
        """As the card says it."""
        return f"approved for this site by {self.approver} on {self.date.isoformat()}"


class _File(msgspec.Struct, forbid_unknown_fields=True):
    approval: list[Approval]


def read_approvals(path: str) -> list[Approval]:
    """The approvals of a file. Raises ContentError naming what does not fit."""
    try:
        document = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        return msgspec.convert(document, _File).approval
    except (OSError, UnicodeDecodeError) as problem:
        raise ContentError(f"{path}: cannot be read; CDS_APPROVALS names a TOML file") from problem
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as problem:
        raise ContentError(f"{path}: {problem}") from problem


def problems(approvals: Iterable[Approval], services: Iterable[Service], today: date) -> list[str]:
    """What keeps the approvals from being used as they stand."""
    services = list(services)
    versions = {rule.id: rule.version for service in services for rule in service.rules()}
    found = []
    signed: set[str] = set()
    for each in approvals:
        if each.rule not in versions:
            found.append(f"approval of {each.rule}: there is no such rule")
        if each.date > today:
            found.append(f"approval of {each.rule}: its date {each.date} lies ahead")
        if each.rule in signed:
            found.append(f"approval of {each.rule}: stands twice")
        signed.add(each.rule)
    good = in_force(approvals, versions)
    found += [
        f"{rule} {versions[rule]} is not approved: without it nothing would say what could not "
        "be checked"
        for rule in dict.fromkeys(service.gaps.id for service in services)
        if rule not in good
    ]
    return found


def in_force(approvals: Iterable[Approval], versions: Mapping[str, str]) -> dict[str, Approval]:
    """Approvals by rule, of the version that is here."""
    return {each.rule: each for each in approvals if versions.get(each.rule) == each.version}


def not_approved(services: Iterable[Service], approvals: Iterable[Approval]) -> list[str]:
    """The rules, with their version, that stay silent."""
    rules = {rule.id: rule for service in services for rule in service.rules()}
    good = in_force(approvals, {rule.id: rule.version for rule in rules.values()})
    return [f"{rule.id} {rule.version}" for rule in rules.values() if rule.id not in good]


def with_approved_rules(service: Service, approvals: Iterable[Approval]) -> Service:
    """The service with the approved rules alone, whose cards say who approved them."""
    good = in_force(approvals, {rule.id: rule.version for rule in service.rules()})

    def is_good(rule: Rule) -> bool:
        return rule.id in good

    groups = (Group(g.name, tuple(filter(is_good, g.rules))) for g in service.groups)
    instead = service.instead
    return replace(
        service,
        groups=tuple(group for group in groups if group.rules),
        joined=tuple(pair for pair in service.joined if all(map(is_good, pair))),
        instead=instead if instead is not None and is_good(instead) else None,
        attribution=replace(
            service.attribution, approved={rule: each.words() for rule, each in good.items()}
        ),
    )
