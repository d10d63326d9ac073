"""Orders as hospitals write them, each of which once got a wrong answer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cds_service.finding import FALSE, TRUE
from hooks import concepts
from hooks.concepts import ALL, ALS, AML, BODY_HEIGHT, BODY_WEIGHT, CREATININE, CRYSTALLOID, FVC
from hooks.fluids import ml_per_day
from hooks.order_select import ORDER_SELECT
from hooks.order_sign import ORDER_SIGN
from hooks.procedures import central_line, puncture
from tests.patients import (
    BODY,
    RXNORM,
    Draft,
    cards,
    chart,
    count,
    diagnosis,
    given,
    order,
    part,
    result,
)


def service(text: str) -> Draft:
    return order(text, procedure=True)


# -- blood products in the words of a blood bank ---------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Prepare RBC: 2 units",
        "RBC leukoreduced irradiated, 2 units",
        "Transfuse packed cells",
        "Red cell concentrate 1 unit",
        "Blood transfusion: packed RBCs",
        "Transfuse 1 unit RBCs",
    ],
)
def test_red_cells_are_recognised_by_the_names_in_use(text: str) -> None:
    found = cards(ORDER_SELECT, diagnosis(AML), count(190), service(text))
    assert list(found) == ["red-cells-hyperleukocytosis"]


@pytest.mark.parametrize(
    "text",
    [
        "Transfuse 1 unit platelets",
        "Platelets, pheresis, 1 unit",
        "Prepare platelets: 1 unit",
        "Single donor platelets",
        "HLA-matched platelets, 1 unit",
    ],
)
def test_platelets_are_recognised_by_the_names_in_use(text: str) -> None:
    found = cards(ORDER_SELECT, diagnosis(AML), count(12), service(text))
    assert list(found) == ["platelet-threshold"]


@pytest.mark.parametrize(
    "text",
    [
        "RBC morphology",
        "RBC indices",
        "Red cell folate",
        "Red blood cell antibody screen",
        "Type and screen",
        "Platelet count",
        "Platelet function assay",
        "Platelet antibody screen",
    ],
)
def test_tests_of_blood_cells_are_no_transfusions(text: str) -> None:
    assert not cards(ORDER_SELECT, diagnosis(AML), count(190), service(text))


# -- lines ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Mediport placement",
        "IR port placement",
        "Broviac placement",
        "Internal jugular line",
        "Trialysis catheter",
        "Triple lumen catheter insertion",
        "Remove and replace central line",
        "Central line insertion and dressing",
        "Tunneled CVC exchange",
        "PICC for lab draws",
        "Vascular access consult: PICC",
    ],
)
def test_a_line_that_is_to_be_placed_counts_whatever_else_is_said(text: str) -> None:
    assert central_line(chart(service(text))).truth is TRUE


@pytest.mark.parametrize(
    "text",
    [
        "Removal of tunneled catheter",
        "Discontinue PICC",
        "Central line care",
        "Central line dressing change",
        "PICC site care",
        "Draw labs from central line",
        "Blood culture, central line",
        "Alteplase for occluded PICC",
        "XR chest for central line placement",
        "Chest X-ray - verify PICC position",
        "Verify PICC placement",
        "OK to use PICC",
    ],
)
def test_a_line_that_is_there_is_not_one_to_be_placed(text: str) -> None:
    assert central_line(chart(service(text))).truth is FALSE
    assert not cards(ORDER_SELECT, diagnosis(AML), count(150), service(text))


def test_a_drug_given_through_a_line_is_no_line() -> None:
    drug = order("vancomycin 1 g IV via PICC")
    assert not cards(ORDER_SELECT, diagnosis(AML), count(150), drug)


def test_a_code_of_a_line_is_a_line_whatever_its_text_says() -> None:
    line = order(concepts.PICC, procedure=True, name="PICC, dressing included")
    assert central_line(chart(line)).truth is TRUE


# -- punctures -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "LP with IT chemo",
        "Lumbar drain placement",
        "Ommaya reservoir tap",
        "Lumbar puncture, monitoring and consent per protocol",
        "After platelets: lumbar puncture",
        "Post transfusion lumbar puncture",
        "Lumbar puncture with monitoring",
        "Liver biopsy",
    ],
)
def test_a_puncture_counts_under_the_names_in_use(text: str) -> None:
    assert puncture(chart(service(text))).truth is TRUE


@pytest.mark.parametrize(
    "text",
    [
        "Post lumbar puncture monitoring",
        "Lumbar puncture consent",
        "Lumbar puncture tray",
        "Biopsy report second opinion",
        "Surgical pathology, lymph node biopsy",
    ],
)
def test_an_order_about_a_puncture_is_none(text: str) -> None:
    assert puncture(chart(service(text))).truth is FALSE
    assert not cards(ORDER_SELECT, diagnosis(ALL), count(12), service(text))


# -- fluids --------------------------------------------------------------------------------------

WEAK = (diagnosis(ALS), *BODY, result(FVC, 44))


@pytest.mark.parametrize(
    "text",
    [
        "D5 1/2 NS with KCl 20 mEq/L",
        "D5NS infusion",
        "D5W + 0.45% NaCl",
        "NS infusion",
        "LR infusion",
        "0.9 % NaCl infusion",
        "0.9 % sodium chloride infusion",
        "sodium chloride 0.45 % infusion",
        "dextrose 5 % and sodium chloride 0.45 % with KCl 20 mEq/L infusion",
        "Sodium bicarbonate 150 mEq in D5W 1000 mL",
        "Normosol-R",
        "Hartmanns solution",
    ],
)
def test_fluids_are_recognised_by_the_names_in_use(text: str) -> None:
    for dosage in ({"rate": "200 mL/hr"}, {"text": "200 mL/hr, Intravenous, Continuous"}):
        assert list(cards(ORDER_SELECT, *WEAK, order(text, **dosage))) == ["hydration-als"]


def test_a_drug_in_a_small_bag_is_no_hydration() -> None:
    text = "vancomycin 1 g in sodium chloride 0.9% 250 mL IVPB"
    assert not cards(ORDER_SELECT, *WEAK, order(text, rate="250 mL/h"))


def bag(repeat: dict[str, Any] | None = None, **dosage: Any) -> dict[str, Any]:
    instruction = given(**dosage)
    return {**instruction, "timing": {"repeat": repeat}} if repeat else instruction


HOUR = {"duration": 1, "durationUnit": "h"}
DAILY = {"frequency": 1, "period": 1, "periodUnit": "d"}

VOLUMES = {
    "a bolus over an hour": (bag({**HOUR, "count": 1}, rate="500 mL/h"), 500),
    "a bolus of half an hour, its length in minutes": (
        bag({"count": 1, "duration": 30, "durationUnit": "min"}, rate="1000 mL/h"),
        500,
    ),
    "a bag to be given once": (
        bag({"count": 1}, dose="1000 mL"),
        1000,
    ),
    "a bolus in words": (bag(text="bolus, 999 mL/hr", dose="1000 mL"), 1000),
    "two hours of every day": (
        bag({**DAILY, "duration": 2, "durationUnit": "h"}, rate="1 L/h"),
        2000,
    ),
    "the longest that it may run": (
        bag({**DAILY, "duration": 2, "durationMax": 6, "durationUnit": "h"}, rate="1 L/h"),
        6000,
    ),
    "around the clock, said so": (
        bag({**DAILY, "duration": 24, "durationUnit": "h"}, rate="200 mL/h"),
        4800,
    ),
    "around the clock, not said": (bag(rate="200 mL/h"), 4800),
    "a bolus, then an infusion": (bag(text="bolus 500 mL, then 200 mL/h"), 4800),
    "a bolus to be repeated": (bag(text="500 mL bolus over 1 h every 2 h, 500 mL/h"), 12000),
    "once a day is not once": (bag(text="1000 mL/h once daily"), 24000),
    "three times a day": (
        bag({"frequency": 3, "period": 1, "periodUnit": "d"}, dose="1500 mL"),
        4500,
    ),
    "a volume of the day, whatever its length": (
        bag({**DAILY, "duration": 12, "durationUnit": "h"}, rate="4 L/d"),
        4000,
    ),
}


@pytest.mark.parametrize("case", VOLUMES)
def test_a_volume_is_that_of_the_time_it_runs(case: str) -> None:
    instruction, expected = VOLUMES[case]
    drafted = chart(order(CRYSTALLOID, instructions=(instruction,)))
    assert ml_per_day(drafted.orders[0], Decimal("1.8")) == expected


def test_a_bolus_of_no_stated_volume_is_not_taken_for_a_day_of_it() -> None:
    drafted = chart(order("0.9% sodium chloride bolus", rate="999 mL/h"))
    assert ml_per_day(drafted.orders[0], Decimal("1.8")) is None


# -- what a tired reader sees ---------------------------------------------------------------------


def test_a_critical_card_says_why_it_is_critical() -> None:
    drug = order(concepts.DAUNORUBICIN)
    able = (diagnosis(ALS), diagnosis(AML), result(FVC, 82), result(concepts.ECOG, 1))
    weak = (diagnosis(ALS), diagnosis(AML), result(FVC, 38), result(concepts.ECOG, 1))
    warning = cards(ORDER_SELECT, *able, drug)["intensive-therapy-als"]
    critical = cards(ORDER_SELECT, *weak, drug)["intensive-therapy-als"]
    assert (warning["indicator"], critical["indicator"]) == ("warning", "critical")
    assert "failing or supported breathing or ECOG 3-4" in critical["summary"]
    assert "failing" not in warning["summary"]


def test_an_intrathecal_drug_has_its_name() -> None:
    unsafe = (diagnosis(ALL), result(concepts.PLATELETS, 30))
    coded = order(concepts.METHOTREXATE, dose="12 mg", route="intrathecal", times=1)
    written = order("hydrocortisone 50 mg", route="intrathecal")
    for drug, said in (
        (coded, "Order: methotrexate, 12 mg, intrathecal, once a day: given intrathecally"),
        (written, "Order: hydrocortisone 50 mg, given intrathecally"),
    ):
        card = cards(ORDER_SELECT, *unsafe, drug)["puncture-bleeding-risk"]
        assert said in part(card, "This patient")


def test_drugs_that_are_not_there_take_one_line() -> None:
    card = cards(ORDER_SIGN, diagnosis(AML), count(12), order(concepts.AZACITIDINE))
    basis = part(card["hypomethylating-agent-alone"], "This patient")
    for words in ("Not among the drafts: ", "No active prescription on record: "):
        (line,) = (each for each in basis if each.startswith(words))
        assert line.startswith(f"{words}venetoclax, ivosidenib, ")
    assert not [line for line in basis if line.startswith("ivosidenib")]


def test_two_drugs_that_are_not_there_are_named_one_by_one() -> None:
    card = cards(ORDER_SELECT, diagnosis(AML), count(150), order(concepts.ALLOPURINOL))
    basis = part(card["allopurinol-high-tls-risk"], "This patient")
    assert "rasburicase: no active prescription on record" in basis


# -- a code that comes without its name ------------------------------------------------------------

SWALLOWS_BADLY = diagnosis(concepts.DYSPHAGIA)


def hydroxyurea(code: str, dose: str) -> Draft:
    return order(concepts.HYDROXYUREA, system=RXNORM, code=code, dose=dose, times=1)


def test_capsules_of_a_coded_product_are_counted() -> None:
    """Seven capsules are twice the dose where the clearance is 40 mL/min."""
    kidneys = result(CREATININE, 1.8)
    record = (diagnosis(AML), count(150), *BODY, kidneys)
    card = cards(ORDER_SELECT, *record, hydroxyurea("197797", "7 capsule"))["hydroxyurea-check"]
    assert card["indicator"] == "warning"
    assert "Hydroxyurea ordered 3,500 mg/day" in card["detail"]


def test_a_coded_liquid_is_no_capsule() -> None:
    body = (result(BODY_WEIGHT, 70), result(BODY_HEIGHT, 170), result(CREATININE, 0.9))
    record = (diagnosis(AML), count(150), *body, SWALLOWS_BADLY)
    card = cards(ORDER_SELECT, *record, hydroxyurea("2696079", "3500 mg"))["hydroxyurea-check"]
    assert card["indicator"] == "info"
