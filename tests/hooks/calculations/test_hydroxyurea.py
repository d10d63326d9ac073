"""Hydroxyurea in capsules: the worked values of section 5.7, its band, its gates."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hooks import concepts
from hooks.calculations import hydroxyurea
from hooks.concepts import (
    ALL,
    APL,
    BODY_HEIGHT,
    BODY_WEIGHT,
    COMFORT_PLAN,
    CREATININE,
    HYDROXYUREA,
    PREGNANCY,
    PREGNANCY_STATUS,
)
from tests.hooks.calculations.support import decimals, examples, measures, rounded
from tests.patients import (
    BODY,
    SCENARIO_1,
    aged,
    answered,
    chart,
    diagnosis,
    in_remission,
    not_read,
    person,
    prescription,
    result,
)

FULL, HALF = Decimal(90), Decimal(40)


def test_the_first_worked_dose():
    """70 kg and 170 cm: 3,297-3,956 mg/day on the label weight of 65.9 kg."""
    dose = hydroxyurea.hydroxyurea_dose(chart(aged(62), *measures(70, 170)))
    assert dose is not None
    assert (rounded(dose.lowest_mg), rounded(dose.highest_mg)) == (3297, 3956)
    assert (dose.daily_mg, dose.is_reduced, dose.is_below_band) == (3500, False, False)


def test_the_second_worked_dose_is_halved():
    """78 kg, 178 cm, 81 y, creatinine 1.4: 1,830-2,195 mg/day, clearance 42.8."""
    dose = hydroxyurea.hydroxyurea_dose(chart(aged(81), *measures(78, 178, 1.4)))
    assert dose is not None
    assert (rounded(dose.lowest_mg), rounded(dose.highest_mg)) == (1830, 2195)
    assert (dose.daily_mg, dose.is_reduced, dose.is_below_band) == (2000, True, False)


def weights_without_a_fitting_capsule(clearance: Decimal) -> set[int]:
    return {
        weight
        for weight in range(30, 121)
        if hydroxyurea.capsules_for(Decimal(weight), clearance).is_below_band
    }


def test_weights_at_which_no_number_of_capsules_fits_the_full_band():
    assert weights_without_a_fitting_capsule(FULL) == {31, 32, 33, 41}


def test_weights_at_which_no_number_of_capsules_fits_the_halved_band():
    assert weights_without_a_fitting_capsule(HALF) == {
        *range(30, 34),
        *range(41, 50),
        *range(61, 67),
        *range(81, 84),
    }


@pytest.mark.parametrize("weight", range(30, 121))
@pytest.mark.parametrize("clearance", [FULL, HALF], ids=["full", "halved"])
def test_a_dose_is_the_largest_number_of_capsules_not_above_the_band(weight, clearance):
    dose = hydroxyurea.capsules_for(Decimal(weight), clearance)
    assert dose.daily_mg % 500 == 0
    assert dose.daily_mg <= dose.highest_mg < dose.daily_mg + 500


@pytest.mark.parametrize(
    ("clearance", "is_reduced", "highest"), [("60", False, 4200), ("59.9", True, 2100)]
)
def test_the_dose_is_halved_below_a_clearance_of_60(clearance, is_reduced, highest):
    dose = hydroxyurea.capsules_for(Decimal(70), Decimal(clearance))
    assert (dose.is_reduced, dose.highest_mg) == (is_reduced, highest)


def test_a_dose_above_6000_mg_is_left_to_the_prescriber():
    at_limit = hydroxyurea.hydroxyurea_dose(chart(*measures(150, 215)))
    assert at_limit is not None
    assert at_limit.daily_mg == 6000
    assert hydroxyurea.hydroxyurea_dose(chart(*measures(150, 220))) is None


COMPLETE = (aged(40, "female"), *measures(70, 170))
"""Of a woman: whether there is a pregnancy matters."""

CLOSED = {
    "pregnant": (diagnosis(PREGNANCY),),
    "pregnancy only suspected": (diagnosis(PREGNANCY, "provisional"),),
    "pregnancy could not be read": (not_read(PREGNANCY),),
    "pregnant by a recorded status": (answered(PREGNANCY_STATUS, "Pregnant"),),
    "on hydroxyurea already": (prescription(HYDROXYUREA),),
    "prescriptions could not be read": (not_read(HYDROXYUREA),),
    "ALL": (diagnosis(ALL),),
    "ALL suspected": (diagnosis(ALL, "differential"),),
    "ALL active and in remission, neither dated": (
        diagnosis(ALL, recorded=None),
        in_remission(ALL, recorded=None),
    ),
    "APL": (diagnosis(APL),),
    "APL suspected": (diagnosis(APL, "provisional"),),
    "the problem list could not be read": (not_read(*concepts.CONDITIONS),),
    "a comfort-only plan": (diagnosis(COMFORT_PLAN),),
    "a comfort-only plan could not be read": (not_read(COMFORT_PLAN),),
}


@pytest.mark.parametrize("more", CLOSED.values(), ids=CLOSED)
def test_no_hydroxyurea_when_a_gate_is_closed_or_not_known(more):
    assert hydroxyurea.hydroxyurea_dose(chart(*COMPLETE)) is not None
    assert hydroxyurea.hydroxyurea_dose(chart(*COMPLETE, *more)) is None


UNMEASURED = {
    "a child of 17": (aged(17), *measures(70, 170)),
    "turning 18 some day this year": (person("2008"), *measures(70, 170)),
    "no birth date": (person(None), *measures(70, 170)),
    "no sex": (person(gender=None), *measures(70, 170)),
    "no weight": (result(BODY_HEIGHT, 170), result(CREATININE, 0.9)),
    "no height": (result(BODY_WEIGHT, 70), result(CREATININE, 0.9)),
    "no creatinine": BODY,
    "a weight older than 90 d": (
        *measures(70, 170)[1:],
        result(BODY_WEIGHT, 70, hours_ago=91 * 24),
    ),
    "a creatinine older than 48 h": (*BODY, result(CREATININE, 0.9, hours_ago=49)),
}


@pytest.mark.parametrize("records", UNMEASURED.values(), ids=UNMEASURED)
def test_no_hydroxyurea_when_a_measure_is_not_known(records):
    assert hydroxyurea.hydroxyurea_dose(chart(*records)) is None


def test_a_status_of_not_pregnant_closes_no_gate():
    found = chart(*COMPLETE, answered(PREGNANCY_STATUS, "Not pregnant"))
    assert hydroxyurea.hydroxyurea_dose(found) is not None


def test_past_hydroxyurea_and_past_leukemia_close_no_gate():
    past = (prescription(HYDROXYUREA, "completed"), in_remission(ALL), diagnosis(APL, "refuted"))
    assert hydroxyurea.hydroxyurea_dose(chart(*COMPLETE, *past)) is not None


# -- properties -----------------------------------------------------------------------------------

WEIGHTS = decimals("30", "120")
CLEARANCES = decimals("5", "200")


@examples(200)
@given(weight=WEIGHTS, clearance=CLEARANCES)
def test_the_dose_is_inside_the_band_or_the_next_capsule_would_be_above_it(weight, clearance):
    dose = hydroxyurea.capsules_for(weight, clearance)
    assert dose.daily_mg % 500 == 0
    assert dose.daily_mg <= dose.highest_mg < dose.daily_mg + 500
    assert dose.is_below_band is (dose.daily_mg < dose.lowest_mg)


@examples(100)
@given(weight=WEIGHTS, more=decimals("0", "50"), clearance=CLEARANCES)
def test_a_heavier_patient_never_gets_less(weight, more, clearance):
    dose = hydroxyurea.capsules_for(weight, clearance)
    assert hydroxyurea.capsules_for(weight + more, clearance).daily_mg >= dose.daily_mg


@examples(100)
@given(weight=WEIGHTS, clearance=CLEARANCES, more=decimals("0", "100"))
def test_a_better_kidney_never_gets_less(weight, clearance, more):
    dose = hydroxyurea.capsules_for(weight, clearance)
    assert hydroxyurea.capsules_for(weight, clearance + more).daily_mg >= dose.daily_mg


@examples(60)
@given(
    weight=st.integers(35, 95),
    height=st.integers(150, 200),
    creatinine=decimals("0.5", "3"),
    age=st.integers(18, 90),
    gender=st.sampled_from(["male", "female"]),
)
def test_no_dose_is_left_when_any_one_input_of_a_full_chart_is_dropped(
    weight, height, creatinine, age, gender
):
    who, sizes = aged(age, gender), measures(weight, height, float(creatinine))
    assume(hydroxyurea.hydroxyurea_dose(chart(who, *sizes)) is not None)
    for dropped in range(len(sizes)):
        rest = sizes[:dropped] + sizes[dropped + 1 :]
        assert hydroxyurea.hydroxyurea_dose(chart(who, *rest)) is None
    for unknown in (person(None, gender), person(who["birthDate"], None)):
        assert hydroxyurea.hydroxyurea_dose(chart(unknown, *sizes)) is None
    pregnancy = (PREGNANCY,) if gender == "female" and age < 56 else ()
    for unread in (*pregnancy, HYDROXYUREA, ALL, APL, COMFORT_PLAN):
        assert hydroxyurea.hydroxyurea_dose(chart(who, *sizes, not_read(unread))) is None


def test_the_first_scenario_gets_3500_mg():
    dose = hydroxyurea.hydroxyurea_dose(chart(*SCENARIO_1))
    assert dose is not None
    assert (dose.daily_mg, rounded(dose.weight_kg, 1)) == (3500, 65.9)
    assert rounded(dose.clearance_ml_per_min) == 79
