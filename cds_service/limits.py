"""The limits and windows in force: those of the content, or what a site has set instead of them.

A `Limits` is a value that goes with the chart: questions and texts take the number that holds from
it, and a card says of its rule which of them are the site's. Nothing is kept for the process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar, cast

from cds_service.terminology import Threshold, Window

Limit = Threshold | Window
Kind = TypeVar("Kind", bound=Threshold | Window)

Day = date
"""`date` is the name of a field below."""


@dataclass(frozen=True, slots=True)
class Local:
    """What a site has set instead of a limit, why, and who answers for it."""

    default: Limit
    own: Limit
    reason: str
    approved_by: str
    date: Day

    def words(self) -> str:
        """As a card says it."""
        return (
            f"Local threshold: {self.default.title or self.default.name.replace('-', ' ')} "
            f"{self.own} (this service's default {self.default}; "
            f"set by {self.approved_by}, {self.date.isoformat()})"
        )

    def described(self) -> dict[str, str]:
        """As JSON."""
        return {
            "name": self.default.name,
            "value": str(self.own),
            "default": str(self.default),
            "reason": self.reason,
            "approvedBy": self.approved_by,
            "date": self.date.isoformat(),
        }


class Stated(str):
    """A text that states limits: as a string it has the content's own numbers.

    Each pair of braces of the template takes one limit, "{}" with its unit, "{.number}" without.
    """

    __slots__ = ("_template", "limits")

    _template: str
    limits: tuple[Limit, ...]

    def __new__(cls, template: str, *limits: Limit) -> Stated:
        stated = super().__new__(cls, template.format(*limits))
        stated._template = template
        stated.limits = limits
        return stated

    def under(self, limits: Limits) -> str:
        """With the numbers in force."""
        return self._template.format(*(limits.of(each) for each in self.limits))


@dataclass(frozen=True, slots=True)
class Limits:
    """Which limits a site has changed: by name, and for each rule that rests on some of them."""

    local: Mapping[str, Local] = field(default_factory=dict)
    by_rule: Mapping[str, tuple[Local, ...]] = field(default_factory=dict)

    def of(self, limit: Kind) -> Kind:
        """The limit in force."""
        local = self.local
        if not local:
            return limit
        found = local.get(limit.name)
        return limit if found is None else cast(Kind, found.own)

    def say(self, text: str) -> str:
        """A text of the content, with the numbers in force. Never of a kind of its own."""
        return text.under(self) if isinstance(text, Stated) else text

    def of_rules(self, rules: Iterable[str]) -> list[Local]:
        """What the site has changed of that on which these rules rest, each once."""
        if not self.by_rule:
            return []
        found = {each.default.name: each for rule in rules for each in self.by_rule.get(rule, ())}
        return list(found.values())

    def described(self, rule: str) -> list[dict[str, Any]]:
        """The same of one rule, as JSON."""
        return [each.described() for each in self.by_rule.get(rule, ())]


NO_LOCAL_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Changeable:
    """What a site may change. Of each pair of `ascending` the first may not exceed the second."""

    limits: tuple[Limit, ...]
    ascending: tuple[tuple[Limit, Limit], ...] = ()
