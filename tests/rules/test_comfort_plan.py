"""comfort-plan: catalogue 0.9 and section 6, scenario 38."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import ORDER_SELECT, PATIENT_VIEW, concepts
from hooks.concepts import ALS, AML, COMFORT_PLAN, LEUKAPHERESIS
from hooks.rules.comfort_plan import comfort_plan as rule
from tests.patients import (
    CPT,
    SCENARIO_1,
    cards,
    chart,
    count,
    diagnosis,
    never_decisive,
    not_read,
    order,
    overrides,
    part,
)

PLAN = diagnosis(COMFORT_PLAN)

WARNS = {
    "a comfort-only plan": (PLAN,),
    "with a leukemia in emergency": (PLAN, diagnosis(AML), count(150)),
}
SILENT = {
    "no plan": (diagnosis(AML), count(150)),
    "a plan that is over": (diagnosis(COMFORT_PLAN, clinical="inactive"),),
    "a plan entered in error": (diagnosis(COMFORT_PLAN, "entered-in-error"),),
}
ASKS = {
    "a plan not confirmed": (diagnosis(COMFORT_PLAN, "provisional"),),
    "a problem list that could not be read": (not_read(*concepts.CONDITIONS),),
}


@pytest.mark.parametrize("records", WARNS.values(), ids=WARNS)
def test_warns(records):
    assert rule.applies(chart(*records)).truth is TRUE


@pytest.mark.parametrize("records", SILENT.values(), ids=SILENT)
def test_silent(records):
    assert rule.applies(chart(*records)).truth is FALSE


@pytest.mark.parametrize("records", ASKS.values(), ids=ASKS)
def test_asks(records):
    assert rule.applies(chart(*records)).truth is UNKNOWN


def test_every_condition_matters():
    assert never_decisive(rule, SILENT.values()) == set()


# -- the card -------------------------------------------------------------------------------------


def test_scenario_38_is_one_info_card_without_suggestions():
    shown = cards(PATIENT_VIEW, PLAN, diagnosis(AML), count(150))
    assert list(shown) == [rule.id]
    one = shown[rule.id]
    assert one["indicator"] == "info"
    assert one["summary"] == (
        "Comfort plan documented: leukemia emergency and treatment advice is not shown; checks of "
        "orders stay active."
    )
    assert "suggestions" not in one
    assert "Comfort-only plan: active, recorded 2026-11-01" in part(one, "This patient")


def test_it_replaces_emergency_and_direction_together():
    assert len(cards(PATIENT_VIEW, *SCENARIO_1)) == 2
    assert list(cards(PATIENT_VIEW, *SCENARIO_1, PLAN)) == [rule.id]


def test_without_anything_to_replace_nothing_is_shown():
    assert cards(PATIENT_VIEW, PLAN, diagnosis(ALS), count(9)) == {}


@pytest.mark.parametrize("records", ASKS.values(), ids=ASKS)
def test_a_plan_that_is_not_certain_replaces_nothing(records):
    shown = cards(PATIENT_VIEW, *records, diagnosis(AML), count(150))
    assert "hyperleukocytosis-emergency" in shown
    assert rule.id not in shown


def test_checks_of_orders_stay_active():
    shown = cards(ORDER_SELECT, *SCENARIO_1, PLAN, order(LEUKAPHERESIS, system=CPT))
    assert list(shown) == ["leukapheresis-als"]


def test_it_says_that_a_resuscitation_status_is_something_else():
    text = cards(PATIENT_VIEW, PLAN, diagnosis(AML), count(150))[rule.id]["detail"]
    assert "do-not-resuscitate status or palliative care alone does not have this effect" in text
    assert "does not mean that nothing was found" in text


def test_overrides_can_say_why():
    one = cards(PATIENT_VIEW, PLAN, diagnosis(AML), count(150))[rule.id]
    assert overrides(one) == ["known-and-accepted", "patient-ineligible", "other"]
