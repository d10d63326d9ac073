"""What the clinical content asks for: section 6 of the catalogue."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

import hooks
from cds_service.rule import Indicator, Rule
from cds_service.service import Service
from hooks import overrides
from hooks.concepts import LEUKOCYTES
from hooks.patient_view import PATIENT_VIEW

RULES = {rule.id: rule for service in hooks.SERVICES for rule in service.rules()}


def can_be_critical(rule: Rule) -> bool:
    indicators = {rule.indicator, *(each.indicator for each in rule.escalations)}
    return Indicator.CRITICAL in indicators


@pytest.mark.parametrize("service", hooks.SERVICES, ids=lambda service: service.hook)
def test_every_service_holds_back_for_a_day_unless_the_count_moved_by_a_quarter(
    service: Service,
) -> None:
    quiet = service.quiet
    assert quiet is not None
    assert quiet.after_override == timedelta(hours=24)
    assert (quiet.watched, quiet.moved_by) == (LEUKOCYTES, Decimal("0.25"))


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_just_the_rules_that_can_be_critical_offer_to_be_quieted(rule: Rule) -> None:
    offers = [reason for reason in rule.override_reasons if reason.quiets_critical]
    assert offers == ([overrides.QUIET_24_HOURS] if can_be_critical(rule) else [])


def test_the_pathways_are_the_directions_apart_from_goals_in_als() -> None:
    (direction,) = (group for group in PATIENT_VIEW.groups if group.name == "direction")
    goals, *pathways = [rule.id for rule in direction.rules]
    assert goals == "als-acute-leukemia-goals"
    assert [rule.id for rule in PATIENT_VIEW.once_per_encounter] == pathways
    others = (each for each in hooks.SERVICES if each is not PATIENT_VIEW)
    assert not any(each.once_per_encounter for each in others)


def test_the_reason_is_ours_and_says_what_it_does() -> None:
    reason = overrides.QUIET_24_HOURS
    assert (reason.system, reason.code) == (overrides.OWN, "quiet-24-hours")
    assert "24 hours" in reason.display
