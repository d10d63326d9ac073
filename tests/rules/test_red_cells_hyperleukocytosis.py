"""red-cells-hyperleukocytosis: catalogue R23, scenario 41."""

from dataclasses import replace

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from cds_service.service import Group
from hooks import ORDER_SELECT, concepts
from hooks.concepts import (
    ALL,
    ALS,
    AML,
    APL,
    HEMOGLOBIN,
    LEUKOCYTES,
    OTHER_LEUKEMIA,
    PLATELETS_ORDER,
    PML_RARA,
    RED_CELLS,
)
from hooks.rules.red_cells_hyperleukocytosis import red_cells_hyperleukocytosis as rule
from tests.patients import (
    SNOMED,
    Draft,
    answered,
    cards,
    chart,
    count,
    diagnosis,
    in_remission,
    never_decisive,
    not_read,
    order,
    overrides,
    part,
    result,
    suggestions,
)

ALONE = replace(ORDER_SELECT, groups=(Group(rule.id, (rule,)),))
LEUKEMIA = diagnosis(AML)
ORDER = order(RED_CELLS, system=SNOMED, procedure=True)
HIGH = count(190)

WARNS = {
    "red cells with a count of 190": (LEUKEMIA, HIGH, ORDER),
    "a count of exactly 100": (LEUKEMIA, count(100), ORDER),
    "a count of exactly 72 h ago": (LEUKEMIA, count(190, hours_ago=72), ORDER),
    "a count of more than 500": (LEUKEMIA, count(500, comparator=">"), ORDER),
    "ALL": (diagnosis(ALL), HIGH, ORDER),
    "APL": (diagnosis(APL), HIGH, ORDER),
    "no diagnosis yet, PML::RARA positive": (answered(PML_RARA, "positive"), HIGH, ORDER),
    "leukemia only suspected": (diagnosis(AML, "provisional"), HIGH, ORDER),
    "red cells by name alone": (LEUKEMIA, HIGH, order("Transfuse 2 units PRBC", procedure=True)),
}

SILENT = {
    "a count of 99.9": (LEUKEMIA, count(99.9), ORDER),
    "nothing ordered": (LEUKEMIA, HIGH),
    "platelets ordered": (LEUKEMIA, HIGH, order(PLATELETS_ORDER, system=SNOMED, procedure=True)),
    "red cells drafted but not selected": (
        LEUKEMIA,
        HIGH,
        order(RED_CELLS, system=SNOMED, procedure=True, selected=False),
    ),
    "a red-cell antibody screen": (
        LEUKEMIA,
        HIGH,
        order("Red cells antibody screen", procedure=True),
    ),
    "no leukemia": (HIGH, ORDER),
    "CLL": (diagnosis(OTHER_LEUKEMIA), HIGH, ORDER),
    "AML in remission": (in_remission(AML), HIGH, ORDER),
    "APL in remission, PML::RARA once positive": (
        in_remission(APL),
        answered(PML_RARA, "positive"),
        HIGH,
        ORDER,
    ),
}

ASKS = {
    "no count": (LEUKEMIA, ORDER),
    "a count a minute older than 72 h": (LEUKEMIA, count(190, hours_ago=72 + 1 / 60), ORDER),
    "a count without unit": (LEUKEMIA, count(190, ""), ORDER),
    "a count of more than 60": (LEUKEMIA, count(60, comparator=">"), ORDER),
    "counts that could not be read": (LEUKEMIA, ORDER, not_read(LEUKOCYTES)),
    "a problem list that could not be read": (HIGH, ORDER, not_read(*concepts.CONDITIONS)),
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
    """Dropping any one condition from the rule would turn a silent case into a warning."""
    assert never_decisive(rule, SILENT.values()) == set()


# -- the card --------------------------------------------------------------------------------------

CHANGE = "Change to 1 unit over up to 4 h, then reassess"


def card(*records):
    return cards(ALONE, *records)[rule.id]


def changed(draft: Draft):
    (action,) = suggestions(card(LEUKEMIA, HIGH, draft))[CHANGE]["actions"]
    assert action["type"] == "update"
    return action["resource"]


def with_more(draft: Draft, **more: object) -> Draft:
    return Draft({**draft.resource, **more})


def test_scenario_41_warns_and_shows_hemoglobin_and_count():
    one = card(LEUKEMIA, HIGH, result(HEMOGLOBIN, 7.4), ORDER)
    assert one["indicator"] == "warning"
    assert one["summary"] == (
        "Red-cell transfusion with WBC at or above 100 can worsen viscosity: delay or transfuse "
        "slowly unless clinically needed."
    )
    basis = part(one, "This patient")
    assert any(line.startswith("Leukocytes 190 ×10⁹/L") for line in basis)
    assert any(line.startswith("Hemoglobin 7.4 g/dL") for line in basis)
    assert "leukocyte count is old" not in one["detail"]


def test_two_units_become_one_and_the_rest_of_the_order_stays():
    draft = with_more(
        ORDER,
        quantityQuantity={"value": 2, "unit": "unit"},
        orderDetail=[{"text": "over 1 hour"}],
        reasonCode=[{"text": "anemia"}],
    )
    resource = changed(draft)
    assert resource["quantityQuantity"] == {"value": 1, "unit": "unit"}
    assert resource["orderDetail"] == [
        {"text": "1 unit over up to 4 h, then reassess before the next"}
    ]
    assert resource["reasonCode"] == [{"text": "anemia"}]
    assert (resource["id"], resource["status"]) == (ORDER.resource["id"], "draft")


def test_a_range_gives_way_to_the_one_unit():
    resource = changed(with_more(ORDER, quantityRange={"high": {"value": 4}}))
    assert "quantityRange" not in resource
    assert resource["quantityQuantity"]["value"] == 1


def test_units_in_the_name_of_the_order_change_too():
    resource = changed(order("Transfuse 2 units PRBC", procedure=True))
    assert resource["code"]["text"] == "Transfuse 1 unit PRBC"


def test_a_product_ordered_as_a_medication_is_changed_in_its_own_elements():
    draft = with_more(
        order("Packed red cells 2 units", text="over 1 hour"),
        dispenseRequest={"quantity": {"value": 2}, "numberOfRepeatsAllowed": 0},
    )
    resource = changed(draft)
    assert resource["dosageInstruction"][0]["text"].startswith("Intravenous: 1 unit over")
    assert resource["dispenseRequest"]["quantity"]["value"] == 1
    assert resource["dispenseRequest"]["numberOfRepeatsAllowed"] == 0
    assert resource["medicationCodeableConcept"]["text"] == "Packed red cells 1 unit"
    assert "quantityQuantity" not in resource


def test_an_order_that_cannot_be_named_is_not_changed():
    nameless = order(RED_CELLS, system=SNOMED, procedure=True, identity="red cells")
    assert suggestions(card(LEUKEMIA, HIGH, nameless)) == {}


@pytest.mark.parametrize(
    ("hemoglobin", "said"),
    [
        ((), "Hemoglobin is unknown: measure it"),
        ((result(HEMOGLOBIN, 9, hours_ago=73),), "Hemoglobin is unknown: measure it"),
        ((result(HEMOGLOBIN, 10),), "Hemoglobin: stay below about 10 g/dL"),
        ((result(HEMOGLOBIN, 10.1),), "Hemoglobin is already above 10 g/dL"),
        ((result(HEMOGLOBIN, 101, "g/L"),), "Hemoglobin is already above 10 g/dL"),
    ],
    ids=["none", "of 73 h ago", "10", "10.1", "101 g/L"],
)
def test_hemoglobin_is_judged_or_called_unknown(hemoglobin, said):
    one = card(LEUKEMIA, HIGH, *hemoglobin, ORDER)
    assert said in one["detail"]
    is_missing = any(line.startswith("Hemoglobin") for line in part(one, "Missing or uncertain"))
    assert is_missing is ("unknown" in said)


@pytest.mark.parametrize(("hours", "is_old"), [(24, False), (24 + 1 / 60, True), (72, True)])
def test_an_old_count_is_called_old(hours, is_old):
    one = card(LEUKEMIA, count(190, hours_ago=hours), ORDER)
    assert ("The leukocyte count is old (over 24 h)" in one["detail"]) is is_old


def test_it_attributes_the_summary_and_keeps_red_cells_for_bleeding():
    text = card(LEUKEMIA, HIGH, ORDER)["detail"]
    assert "Guideline summary: limit red cells until the leukocyte count is down" in text
    assert "Do not withhold red cells in bleeding, ischemia or shock" in text
    assert "fluid overload" not in text


def test_als_adds_fluid_and_quality_of_life():
    text = card(diagnosis(ALS), LEUKEMIA, HIGH, ORDER)["detail"]
    assert "quality of life is best without fluid overload" in text


def test_overrides_can_say_why():
    assert overrides(card(LEUKEMIA, HIGH, ORDER)) == [
        "bleeding-or-shock",
        "symptomatic-ischemia",
        "count-falling",
        "other",
    ]


def test_the_hemoglobin_to_stay_below_is_said_once():
    assert card(LEUKEMIA, HIGH, result(HEMOGLOBIN, 7.4), ORDER)["detail"].count("10 g/dL") == 1
