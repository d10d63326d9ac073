"""Doses and body measures: the worked values of the catalogue, sections 5.7 and 5.12."""

from decimal import Decimal

import pytest

from hooks import concepts, dosing
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
    TRETINOIN,
)
from tests.patients import (
    BODY,
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


def body(weight: float, height: float, creatinine: float = 0.9) -> tuple:
    return (
        result(BODY_WEIGHT, weight),
        result(BODY_HEIGHT, height),
        result(CREATININE, creatinine),
    )


def rounded(value: Decimal | None, digits: int = 0) -> float:
    assert value is not None
    return float(round(value, digits))


# -- body measures --------------------------------------------------------------------------------


def test_body_surface_area_is_mostellers():
    area = dosing.body_surface_area_m2(chart(*BODY))
    assert rounded(area, 3) == 1.818


def test_hydration_target_as_a_rate():
    area = dosing.body_surface_area_m2(chart(*BODY))
    assert area is not None
    assert [rounded(rate) for rate in dosing.hydration_ml_per_hour(area)] == [189, 227]


@pytest.mark.parametrize(
    ("gender", "height", "kilograms"),
    [("male", 170, 65.9), ("male", 178, 73.2), ("female", 170, 61.4)],
)
def test_ideal_weight_is_devines(gender, height, kilograms):
    ideal = dosing.ideal_weight_kg(chart(aged(40, gender), result(BODY_HEIGHT, height)))
    assert rounded(ideal, 1) == kilograms


@pytest.mark.parametrize("gender", ["other", "unknown", None])
def test_ideal_weight_needs_the_sex(gender):
    assert dosing.ideal_weight_kg(chart(person(gender=gender), *BODY)) is None


def test_dosing_weight_is_the_lower_of_actual_and_ideal():
    assert rounded(dosing.dosing_weight_kg(chart(*body(70, 170))), 1) == 65.9
    assert rounded(dosing.dosing_weight_kg(chart(*body(60, 170))), 1) == 60.0


def test_dosing_weight_needs_a_height():
    assert dosing.dosing_weight_kg(chart(result(BODY_WEIGHT, 70))) is None


def test_weight_in_pounds_and_height_in_inches_are_converted():
    area = dosing.body_surface_area_m2(
        chart(result(BODY_WEIGHT, 154.324, "[lb_av]"), result(BODY_HEIGHT, 66.929, "[in_i]"))
    )
    assert rounded(area, 3) == 1.818


@pytest.mark.parametrize(("days", "is_known"), [(90, True), (90 + 1 / 1440, False)])
def test_weight_counts_for_90_days(days, is_known):
    weight = dosing.weight_kg(chart(result(BODY_WEIGHT, 70, hours_ago=days * 24)))
    assert (weight is not None) is is_known


def test_height_of_an_adult_does_not_age_and_of_a_child_does():
    def height(age, days):
        old = result(BODY_HEIGHT, 135, hours_ago=days * 24)
        return dosing.height_cm(chart(aged(age), old))

    assert height(40, 4000) == 135
    assert height(9, 30) == 135
    assert height(9, 30 + 1 / 1440) is None


# -- creatinine clearance -------------------------------------------------------------------------


def test_clearance_of_the_first_worked_patient():
    clearance = dosing.creatinine_clearance_ml_per_min(chart(aged(62), *body(70, 170)))
    assert rounded(clearance) == 79


def test_clearance_of_the_second_worked_patient():
    clearance = dosing.creatinine_clearance_ml_per_min(chart(aged(81), *body(78, 178, 1.4)))
    assert rounded(clearance, 1) == 42.8


def test_clearance_of_a_woman_is_85_percent():
    """Short enough that both sexes are dosed by their actual weight."""
    measured = body(45, 165)
    man = dosing.creatinine_clearance_ml_per_min(chart(aged(62), *measured))
    woman = dosing.creatinine_clearance_ml_per_min(chart(aged(62, "female"), *measured))
    assert man is not None
    assert woman == man * Decimal("0.85")


def test_creatinine_in_micromoles_is_converted():
    found = chart(aged(62), *BODY, result(CREATININE, 79.578, "umol/L"))
    assert rounded(dosing.creatinine_clearance_ml_per_min(found)) == 79


@pytest.mark.parametrize(("hours", "is_known"), [(48, True), (48 + 1 / 60, False)])
def test_creatinine_counts_for_48_hours(hours, is_known):
    old = result(CREATININE, 0.9, hours_ago=hours)
    clearance = dosing.creatinine_clearance_ml_per_min(chart(*BODY, old))
    assert (clearance is not None) is is_known


@pytest.mark.parametrize(
    "records",
    [
        BODY,
        (*BODY, result(CREATININE, 0.5, comparator="<")),
        (*BODY, result(CREATININE, 0.9, "")),
        (*body(70, 170), person("1964")),
        (*body(70, 170), person(None)),
    ],
    ids=["no creatinine", "a bound only", "no unit", "birth year only", "no birth date"],
)
def test_clearance_is_not_computed_from_what_is_not_known(records):
    assert dosing.creatinine_clearance_ml_per_min(chart(*records)) is None


# -- hydroxyurea ----------------------------------------------------------------------------------


def test_the_first_worked_dose():
    """70 kg and 170 cm: 3,297-3,956 mg/day on the label weight of 65.9 kg."""
    dose = dosing.hydroxyurea_dose(chart(aged(62), *body(70, 170)))
    assert dose is not None
    assert (rounded(dose.lowest_mg), rounded(dose.highest_mg)) == (3297, 3956)
    assert (dose.daily_mg, dose.is_reduced, dose.is_below_band) == (3500, False, False)


def test_the_second_worked_dose_is_halved():
    """78 kg, 178 cm, 81 y, creatinine 1.4: 1,830-2,195 mg/day, clearance 42.8."""
    dose = dosing.hydroxyurea_dose(chart(aged(81), *body(78, 178, 1.4)))
    assert dose is not None
    assert (rounded(dose.lowest_mg), rounded(dose.highest_mg)) == (1830, 2195)
    assert (dose.daily_mg, dose.is_reduced, dose.is_below_band) == (2000, True, False)


def weights_without_a_fitting_capsule(clearance: Decimal) -> set[int]:
    return {
        weight
        for weight in range(30, 121)
        if dosing.capsules_for(Decimal(weight), clearance).is_below_band
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
    dose = dosing.capsules_for(Decimal(weight), clearance)
    assert dose.daily_mg % 500 == 0
    assert dose.daily_mg <= dose.highest_mg < dose.daily_mg + 500


@pytest.mark.parametrize(
    ("clearance", "is_reduced", "highest"), [("60", False, 4200), ("59.9", True, 2100)]
)
def test_the_dose_is_halved_below_a_clearance_of_60(clearance, is_reduced, highest):
    dose = dosing.capsules_for(Decimal(70), Decimal(clearance))
    assert (dose.is_reduced, dose.highest_mg) == (is_reduced, highest)


def test_a_dose_above_6000_mg_is_left_to_the_prescriber():
    at_limit = dosing.hydroxyurea_dose(chart(*body(150, 215)))
    assert at_limit is not None
    assert at_limit.daily_mg == 6000
    assert dosing.hydroxyurea_dose(chart(*body(150, 220))) is None


COMPLETE = (aged(62), *body(70, 170))

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
    assert dosing.hydroxyurea_dose(chart(*COMPLETE)) is not None
    assert dosing.hydroxyurea_dose(chart(*COMPLETE, *more)) is None


UNMEASURED = {
    "a child of 17": (aged(17), *body(70, 170)),
    "turning 18 some day this year": (person("2008"), *body(70, 170)),
    "no birth date": (person(None), *body(70, 170)),
    "no sex": (person(gender=None), *body(70, 170)),
    "no weight": (result(BODY_HEIGHT, 170), result(CREATININE, 0.9)),
    "no height": (result(BODY_WEIGHT, 70), result(CREATININE, 0.9)),
    "no creatinine": BODY,
    "a weight older than 90 d": (
        *body(70, 170)[1:],
        result(BODY_WEIGHT, 70, hours_ago=91 * 24),
    ),
    "a creatinine older than 48 h": (*BODY, result(CREATININE, 0.9, hours_ago=49)),
}


@pytest.mark.parametrize("records", UNMEASURED.values(), ids=UNMEASURED)
def test_no_hydroxyurea_when_a_measure_is_not_known(records):
    assert dosing.hydroxyurea_dose(chart(*records)) is None


def test_a_status_of_not_pregnant_closes_no_gate():
    found = chart(*COMPLETE, answered(PREGNANCY_STATUS, "Not pregnant"))
    assert dosing.hydroxyurea_dose(found) is not None


def test_past_hydroxyurea_and_past_leukemia_close_no_gate():
    past = (prescription(HYDROXYUREA, "completed"), in_remission(ALL), diagnosis(APL, "refuted"))
    assert dosing.hydroxyurea_dose(chart(*COMPLETE, *past)) is not None


# -- tretinoin ------------------------------------------------------------------------------------


def test_tretinoin_is_two_doses_of_whole_capsules():
    """45 mg/m2/day: 40.9 mg a dose at 1.818 m2."""
    assert dosing.tretinoin_dose_mg(chart(*BODY)) == 40


@pytest.mark.parametrize(
    ("weight", "height", "capsules"), [(40, 150, 3), (52, 160, 3), (55, 160, 4), (110, 190, 5)]
)
def test_tretinoin_is_rounded_to_the_nearest_capsule(weight, height, capsules):
    measured = (result(BODY_WEIGHT, weight), result(BODY_HEIGHT, height))
    assert dosing.tretinoin_dose_mg(chart(*measured)) == capsules * 10


@pytest.mark.parametrize(
    "records",
    [
        (*BODY, diagnosis(PREGNANCY)),
        (*BODY, not_read(PREGNANCY)),
        (*BODY, prescription(TRETINOIN)),
        (*BODY, not_read(TRETINOIN)),
        (*BODY, aged(17)),
        (*BODY, person(None)),
        BODY[:1],
        BODY[1:],
    ],
    ids=[
        "pregnant",
        "pregnancy not read",
        "on tretinoin",
        "prescriptions not read",
        "a child",
        "no birth date",
        "no height",
        "no weight",
    ],
)
def test_no_tretinoin_when_a_gate_is_closed_or_not_known(records):
    assert dosing.tretinoin_dose_mg(chart(*records)) is None
