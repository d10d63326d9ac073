"""Rules whose approval has ended show no card; that one would have applied is said.

An approval ends by the calendar, with nobody at hand who decides that. What the rule would have
said is no longer approved; that it would have spoken is a gap like any other.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from cds_service.chart import Chart
from cds_service.finding import TRUE
from cds_service.logs import raised
from cds_service.rule import Rule
from cds_service.service import Service

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """A rule, and the last day on which its approval counted."""

    rule: Rule
    last_day: date


def ended_lines(
    service: Service, shown: Service, ended: Iterable[Ended], chart: Chart
) -> Iterator[str]:
    """A line for each rule that would have shown. `shown` is the service with the rules in use."""
    for each in ended:
        words = _would_show(each.rule, _before(each.rule, service, shown), chart)
        if words:
            yield (
                f"{words}: {each.rule.id}. Its approval at this site ended on "
                f"{each.last_day.isoformat()}, so it shows no card"
            )


def _would_show(rule: Rule, before: Iterable[Rule], chart: Chart) -> str:
    """What is known of it; nothing where it does not apply, or another of its decision speaks."""
    try:
        if any(each.ask(chart).truth is TRUE for each in before):
            return ""
        return "A rule would have applied" if rule.ask(chart).truth is TRUE else ""
    except Exception as problem:
        log.error("a rule whose approval has ended raised", extra=raised(problem))
        return "A rule could not be checked"


def _before(rule: Rule, service: Service, shown: Service) -> list[Rule]:
    """Those in use that speak before it in its decision."""
    in_use = {each.id for each in shown.rules()}
    for group in service.groups:
        ids = [each.id for each in group.rules]
        if rule.id in ids:
            return [each for each in group.rules[: ids.index(rule.id)] if each.id in in_use]
    return []
