"""Body surface area, ideal and dosing weight: the worked values of sections 5.7 and 5.12."""

from decimal import Decimal

import pytest
from hypothesis import given

from hooks.calculations import body
from hooks.concepts import BODY_HEIGHT, BODY_WEIGHT
from tests.hooks.calculations.support import decimals, examples, measures, near, rounded
from tests.patients import BODY, aged, chart, person, result

WEIGHTS, HEIGHTS = decimals("5", "250"), decimals("40", "220")


def test_body_surface_area_is_mostellers():
    area = body.body_surface_area_m2(chart(*BODY))
    assert rounded(area, 3) == 1.818


@pytest.mark.parametrize(
    ("gender", "height", "kilograms"),
    [("male", 170, 65.9), ("male", 178, 73.2), ("female", 170, 61.4)],
)
def test_ideal_weight_is_devines(gender, height, kilograms):
    ideal = body.ideal_weight_kg(chart(aged(40, gender), result(BODY_HEIGHT, height)))
    assert rounded(ideal, 1) == kilograms


@pytest.mark.parametrize("gender", ["other", "unknown", None])
def test_ideal_weight_needs_the_sex(gender):
    assert body.ideal_weight_kg(chart(person(gender=gender), *BODY)) is None


def test_dosing_weight_is_the_lower_of_actual_and_ideal():
    assert rounded(body.dosing_weight_kg(chart(*measures(70, 170))), 1) == 65.9
    assert rounded(body.dosing_weight_kg(chart(*measures(60, 170))), 1) == 60.0


def test_dosing_weight_needs_a_height():
    assert body.dosing_weight_kg(chart(result(BODY_WEIGHT, 70))) is None


def test_weight_in_pounds_and_height_in_inches_are_converted():
    area = body.body_surface_area_m2(
        chart(result(BODY_WEIGHT, 154.324, "[lb_av]"), result(BODY_HEIGHT, 66.929, "[in_i]"))
    )
    assert rounded(area, 3) == 1.818


@pytest.mark.parametrize(("days", "is_known"), [(90, True), (90 + 1 / 1440, False)])
def test_weight_counts_for_90_days(days, is_known):
    weight = body.weight_kg(chart(result(BODY_WEIGHT, 70, hours_ago=days * 24)))
    assert (weight is not None) is is_known


def test_height_of_an_adult_does_not_age_and_of_a_child_does():
    def height(age, days):
        old = result(BODY_HEIGHT, 135, hours_ago=days * 24)
        return body.height_cm(chart(aged(age), old))

    assert height(40, 4000) == 135
    assert height(9, 30) == 135
    assert height(9, 30 + 1 / 1440) is None


@examples(50)
@given(height=HEIGHTS, weight=WEIGHTS, more=decimals("0.1", "50"))
def test_a_larger_body_has_more_surface(height, weight, more):
    area = body.mosteller_m2(height, weight)
    assert body.mosteller_m2(height + more, weight) > area
    assert body.mosteller_m2(height, weight + more) > area


@examples(50)
@given(height=HEIGHTS, weight=WEIGHTS)
def test_the_formula_in_pounds_and_inches_is_the_same(height, weight):
    """Mosteller 1987 gives it for inches and pounds too: the root of in times lb over 3131."""
    inches, pounds = height / Decimal("2.54"), weight / Decimal("0.45359237")
    imperial = (inches * pounds / 3131).sqrt()
    assert abs(body.mosteller_m2(height, weight) - imperial) < Decimal("0.002") * imperial


@examples(50)
@given(height=HEIGHTS, inches=decimals("0.1", "10"))
def test_every_inch_adds_2_3_kg_to_the_ideal_weight(height, inches):
    low, high = (
        body.devine_kg(each, "male") for each in (height, height + inches * Decimal("2.54"))
    )
    assert near(high - low, Decimal("2.3") * inches)
    assert body.devine_kg(height, "male") - body.devine_kg(height, "female") == Decimal("4.5")


@examples(30)
@given(weight=WEIGHTS, height=decimals("130", "220"))
def test_a_chart_in_pounds_and_inches_gives_the_same_dosing_weight(weight, height):
    metric = body.dosing_weight_kg(chart(*measures(float(weight), float(height))))
    pounds = float(weight / Decimal("0.45359237"))
    inches = float(height / Decimal("2.54"))
    other = (result(BODY_WEIGHT, pounds, "[lb_av]"), result(BODY_HEIGHT, inches, "[in_i]"))
    imperial = body.dosing_weight_kg(chart(*other))
    assert metric is not None
    assert imperial is not None
    assert abs(metric - imperial) < Decimal("0.001") * metric


def test_the_surface_is_not_computed_of_a_body_with_one_measure():
    assert body.body_surface_area_m2(chart(BODY[0])) is None
    assert body.body_surface_area_m2(chart(BODY[1])) is None


def test_a_body_too_short_for_the_formula_has_no_dosing_weight():
    assert body.dosing_weight_kg(chart(*measures(12, 90))) is None
