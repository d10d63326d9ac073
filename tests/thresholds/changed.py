"""Limits as a site changes them, and what a rule then says of a patient, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import hooks
from cds_service.card import grade
from cds_service.chart import Chart
from cds_service.finding import Finding, outline
from cds_service.limits import NO_LOCAL_LIMITS, Limit, Limits, Local
from cds_service.local_limits import bounds
from cds_service.rule import Line, Rule
from cds_service.terminology import Threshold, Window
from tests.patients import chart
from tests.properties.cases import RULES, TABLES, Case, table

FIXED = tuple(each for each in hooks.LIMITS.limits if isinstance(each, Threshold) and each.fixed)
CHANGEABLE = tuple(each for each in hooks.LIMITS.limits if each not in FIXED)


def set_to(*own: tuple[Limit, Limit]) -> Limits:
    """Each default with what a site has instead, as its file would have it."""
    local = {
        default.name: Local(default, other, "Tested.", "Leukemia committee", date(2026, 10, 1))
        for default, other in own
    }
    return Limits(
        local,
        {
            rule.id: tuple(each for each in local.values() if each.default in limits_of(rule))
            for rule in RULES.values()
        },
    )


def both_ends(limit: Limit) -> tuple[Limits, Limits]:
    """The lowest and the highest that a site may set."""
    low, high = bounds(limit)
    return set_to((limit, low)), set_to((limit, high))


def everything_moved(*, up: bool) -> Limits:
    """Every limit by some way to one of its ends, so that no text holds its number by chance."""
    return set_to(*((each, _moved(each, bounds(each)[up])) for each in CHANGEABLE))


_PART_OF_THE_WAY = 37
"""Of a hundred."""


def _moved(limit: Limit, end: Limit) -> Limit:
    if isinstance(limit, Threshold):
        assert isinstance(end, Threshold)
        value = limit.value + (end.value - limit.value) * _PART_OF_THE_WAY / 100
        return replace(limit, value=round(value, 0 if value >= 100 else 4))
    assert isinstance(end, Window)
    hours = (limit.length + (end.length - limit.length) * _PART_OF_THE_WAY / 100) // HOUR
    # What is longer is read in whole days only.
    return replace(limit, length=HOUR * (hours if hours <= 72 else hours // 24 * 24))


HOUR = timedelta(hours=1)


@cache
def limits_of(rule: Rule) -> frozenset[Limit]:
    """All that a rule may ask or state."""
    return frozenset(hooks.limits_of(rule))


def resting_on(limit: Limit) -> list[Rule]:
    return [rule for rule in RULES.values() if limit in limits_of(rule)]


@cache
def cases(rule: Rule) -> tuple[Case, ...]:
    """Patients by whom the tests of the rule tell it."""
    return tuple(case for name in TABLES for case in table(rule.id, name).values())


def under(limits: Limits, case: Case) -> Chart:
    found = chart(*case)
    found.limits = limits
    return found


def advice(rule: Rule, patient: Chart) -> Iterator[str]:
    for each in rule.advice:
        text = each.text if isinstance(each, Line) else each
        said = patient.limits.say(text) if isinstance(text, str) else text(patient)
        if said:
            yield said


def facts(rule: Rule, finding: Finding, patient: Chart) -> list[str]:
    """What the rule rests on, and what it shows beside it."""
    shown = (fact for show in rule.shows for fact in show(patient))
    return [fact.say() for fact in (*finding.deciding(), *shown)]


def said(rule: Rule, case: Case, limits: Limits = NO_LOCAL_LIMITS) -> list[str]:
    """All that a card of the rule would hold."""
    patient = under(limits, case)
    finding = rule.applies(patient)
    applied = grade(rule, finding, patient)
    proposed = [propose(patient) for propose in rule.suggestions]
    return [
        f"{finding.truth.name} {applied.indicator.value}",
        applied.summary,
        *facts(rule, finding, patient),
        *(fact.say() for fact in applied.gaps),
        *advice(rule, patient),
        *(str(each) for each in proposed if each is not None),
    ]


def asked(rule: Rule, limits: Limits) -> Sequence[str]:
    """The questions of a rule, with those that make it more or less urgent."""
    patient = under(limits, ())
    findings = [rule.applies(patient), *(each.when(patient) for each in rule.escalations)]
    return [line for finding in findings for line in outline(finding)]
