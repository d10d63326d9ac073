"""hydration-als: catalogue R22."""

from dataclasses import replace

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from cds_service.service import Group
from hooks import ORDER_SELECT, concepts
from hooks.concepts import (
    ALS,
    BODY_HEIGHT,
    BODY_WEIGHT,
    FVC,
    HEART_FAILURE,
    SPO2,
    SVC,
    VALUE_SETS,
    VENTILATOR_DEPENDENCE,
)
from hooks.rules.hydration_als import hydration_als as rule
from tests.patients import (
    BODY,
    ICD_10,
    SITE,
    cards,
    chart,
    diagnosis,
    in_words,
    never_decisive,
    not_read,
    order,
    overrides,
    part,
    person,
    result,
    suggestions,
)

ALONE = replace(ORDER_SELECT, groups=(Group(rule.id, (rule,)),))
DISEASE = diagnosis(ALS)
PRESERVED = result(FVC, 85, hours_ago=24 * 30)
SALINE = "0.9% sodium chloride"


def fluid(rate: str, identity: str = "fluid", **more):
    return order(SALINE, rate=rate, identity=identity, **more)


FAST = fluid("200 mL/h")
"""2.64 L/m2 in 24 h for 70 kg and 170 cm."""
HERE = (DISEASE, *BODY)
OXYGEN = result(SPO2, 97)

WARNS = {
    "200 mL/h, breathing not measured": (*HERE, FAST),
    "2 L/m2 almost exactly": (*HERE, fluid("3.637 L/d")),
    "a vital capacity of 44 %": (*HERE, result(FVC, 44), FAST),
    "a vital capacity of 79.9 %": (*HERE, result(FVC, 79.9), FAST),
    "a vital capacity of 85 % a minute older than 90 d": (
        *HERE,
        result(FVC, 85, hours_ago=90 * 24 + 1 / 60),
        FAST,
    ),
    "a good vital capacity on ventilation support": (
        *HERE,
        PRESERVED,
        diagnosis(VENTILATOR_DEPENDENCE),
        FAST,
    ),
    "a good vital capacity with an oxygen saturation of 91 %": (
        *HERE,
        PRESERVED,
        result(SPO2, 91),
        FAST,
    ),
    "a good vital capacity, and a later one that cannot be read": (
        *HERE,
        PRESERVED,
        OXYGEN,
        in_words(result(FVC, 0, hours_ago=1), "see report"),
        FAST,
    ),
    "preserved breathing with heart failure": (*HERE, PRESERVED, diagnosis(HEART_FAILURE), FAST),
    "breathing that could not be read": (*HERE, FAST, not_read(FVC, SVC)),
    "ALS suspected": (diagnosis(ALS, "provisional"), *BODY, FAST),
    "motor neuron disease, ALS not specified": (
        diagnosis(ALS, codes=VALUE_SETS["motor-neuron-disease"], system=ICD_10),
        *BODY,
        FAST,
    ),
    "two fluids that come to it together": (
        *HERE,
        fluid("100 mL/h", "one"),
        fluid("60 mL/h", "two"),
    ),
    "a large one beside one without a rate": (*HERE, FAST, order(SALINE, identity="open")),
    "a service with its rate in words": (
        *HERE,
        order("IV hydration 200 mL/h", procedure=True),
    ),
    "2 L/m2/day, no weight": (DISEASE, order(SALINE, text="2 L/m2/day")),
    "3 L a day exactly, no weight": (DISEASE, fluid("3 L/d")),
}

SILENT = {
    "just below 2 L/m2": (*HERE, fluid("3.635 L/d")),
    "preserved breathing": (*HERE, PRESERVED, OXYGEN, FAST),
    "a vital capacity of exactly 80 %, and oxygen of 92 %": (
        *HERE,
        result(FVC, 80),
        result(SPO2, 92),
        FAST,
    ),
    "a slow vital capacity of 85 %": (
        *HERE,
        result(SVC, 85, system=SITE, code=SVC.codes.id),
        OXYGEN,
        FAST,
    ),
    "no ALS": (*BODY, FAST),
    "ALS refuted": (diagnosis(ALS, "refuted"), *BODY, FAST),
    "nothing ordered": HERE,
    "fluid drafted but not selected": (*HERE, fluid("200 mL/h", selected=False)),
    "a flush": (*HERE, order("0.9% sodium chloride flush", rate="200 mL/h")),
    "20 mL/h to keep the vein open, no weight": (DISEASE, fluid("20 mL/h")),
    "1.9 L a day of an adult, no weight": (DISEASE, fluid("1.9 L/d")),
}

ASKS = {
    "no rate": (*HERE, order(SALINE)),
    "a small one beside one without a rate": (
        *HERE,
        fluid("20 mL/h"),
        order(SALINE, identity="open"),
    ),
    "a good vital capacity, oxygen not measured today": (*HERE, PRESERVED, FAST),
    "2.9 L a day, no weight": (DISEASE, fluid("2.9 L/d")),
    "2 L a day, no weight": (DISEASE, fluid("2 L/d")),
    "1.5 L a day, neither age nor weight": (person(None), DISEASE, fluid("1.5 L/d")),
    "2.9 L a day, a weight of 91 days ago": (
        DISEASE,
        result(BODY_WEIGHT, 70, hours_ago=91 * 24),
        result(BODY_HEIGHT, 170),
        fluid("2.9 L/d"),
    ),
    "ALS resolved, which cannot be": (diagnosis(ALS, clinical="resolved"), *BODY, FAST),
    "a problem list that could not be read": (*BODY, FAST, not_read(*concepts.CONDITIONS)),
}


@pytest.mark.parametrize("records", WARNS.values(), ids=WARNS)
def test_warns(records):
    assert rule.applies(chart(*records)).truth is TRUE


@pytest.mark.parametrize("records", SILENT.values(), ids=SILENT)
def test_silent(records):
    assert rule.applies(chart(*records)).truth is FALSE


@pytest.mark.parametrize("records", ASKS.values(), ids=ASKS)
def test_asks(records):
    finding = rule.applies(chart(*records))
    assert finding.truth is UNKNOWN
    assert any(fact.missing for fact in finding.deciding())


def test_every_condition_matters():
    """Dropping any one condition from the rule would turn a silent case into a warning."""
    assert never_decisive(rule, SILENT.values()) == set()


def test_a_rate_that_is_not_stated_is_said_when_signing_only():
    patient = chart(*HERE, order(SALINE))
    (gap,) = (fact for fact in rule.applies(patient).deciding() if fact.key == "fluid volume")
    assert (gap.missing, gap.quiet) == (True, True)
    signing = chart(*HERE, order(SALINE))
    signing.drafts_are_final = True
    (gap,) = (fact for fact in rule.applies(signing).deciding() if fact.key == "fluid volume")
    assert (gap.missing, gap.quiet) == (True, False)
    assert gap.say().startswith("Order of intravenous fluid: rate or daily volume not stated")


# -- the card --------------------------------------------------------------------------------------

LOWER = "Mark the fluid for a lower rate, to be entered"
MONITOR = "Draft fluid balance and breathing monitoring"


def card(*records):
    return cards(ALONE, *records)[rule.id]


def test_it_warns_with_the_volume_by_body_surface():
    one = card(*HERE, result(FVC, 44), FAST)
    assert one["indicator"] == "warning"
    assert one["summary"] == (
        "Tumor-lysis hydration target may exceed what this ALS patient can handle: set balance "
        "limits and respiratory monitoring."
    )
    basis = part(one, "This patient")
    assert "Ordered fluid: 4,800 mL in 24 h, 2.64 L/m² at 1.82 m² (Mosteller)" in basis
    assert any("percent predicted 44 %" in line for line in basis)


def test_breathing_that_nobody_measured_is_called_missing():
    missing = part(card(*HERE, FAST), "Missing or uncertain")
    assert "Forced vital capacity (FVC), percent predicted: not recorded" in missing


def test_the_reference_target_is_shown_as_a_rate():
    text = card(*HERE, FAST)["detail"]
    assert "2.5-3 L/m²/day" in text
    assert "189-227 mL/h" in text
    assert "Guideline summary: in ALS watch fluids closely" in text


def test_without_a_body_surface_it_says_what_was_assumed():
    basis = part(card(DISEASE, fluid("3.6 L/d")), "This patient")
    assert "Ordered fluid: 3,600 mL in 24 h (body surface area not known, taken as 1.5 m²)" in basis


def test_no_rate_is_chosen_for_the_prescriber():
    one = card(*HERE, order(SALINE, rate="200 mL/h", note="per protocol", identity="fluid"))
    assert list(suggestions(one)) == [LOWER, MONITOR]
    (action,) = suggestions(one)[LOWER]["actions"]
    resource = action["resource"]
    assert (action["type"], resource["id"]) == ("update", "fluid")
    assert [note["text"].split(":")[0] for note in resource["note"]] == [
        "per protocol",
        "Rate to be lowered",
    ]
    assert resource["dosageInstruction"] == [
        {"doseAndRate": [{"rateQuantity": {"value": 200.0, "unit": "mL/h"}}]}
    ]


def test_every_fluid_is_marked_or_none():
    nameless = (fluid("200 mL/h", "one"), fluid("100 mL/h", "not a name"))
    assert list(suggestions(card(*HERE, *nameless))) == [MONITOR]


def test_monitoring_is_drafted():
    drafts = [
        action["resource"]["code"]["text"]
        for action in suggestions(card(*HERE, FAST))[MONITOR]["actions"]
    ]
    assert drafts == [
        "Strict intake and output, urine output goal",
        "Daily weight",
        "Overnight oximetry with carbon dioxide measurement",
    ]


def test_overrides_can_say_why():
    assert overrides(card(*HERE, FAST)) == ["volume-agreed", "intensive-care", "other"]
