"""Tretinoin: 45 mg/m2/day in two doses of whole capsules, and its gates."""

from decimal import Decimal

import pytest
from hypothesis import given

from hooks.calculations import tretinoin
from hooks.concepts import BODY_HEIGHT, BODY_WEIGHT, PREGNANCY, TRETINOIN
from tests.hooks.calculations.support import decimals, examples
from tests.patients import BODY, aged, chart, diagnosis, not_read, person, prescription, result


def test_tretinoin_is_two_doses_of_whole_capsules():
    """45 mg/m2/day: 40.9 mg a dose at 1.818 m2."""
    assert tretinoin.tretinoin_dose_mg(chart(*BODY)) == 40


@pytest.mark.parametrize(
    ("weight", "height", "capsules"), [(40, 150, 3), (52, 160, 3), (55, 160, 4), (110, 190, 5)]
)
def test_tretinoin_is_rounded_to_the_nearest_capsule(weight, height, capsules):
    measured = (result(BODY_WEIGHT, weight), result(BODY_HEIGHT, height))
    assert tretinoin.tretinoin_dose_mg(chart(*measured)) == capsules * 10


@pytest.mark.parametrize(
    "records",
    [
        (*BODY, diagnosis(PREGNANCY)),
        (*BODY, aged(30, "female"), not_read(PREGNANCY)),
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
    assert tretinoin.tretinoin_dose_mg(chart(*records)) is None


@examples(100)
@given(area=decimals("0.5", "3"), more=decimals("0", "1"))
def test_a_dose_is_within_half_a_capsule_of_the_label_and_grows_with_the_body(area, more):
    dose = tretinoin.tretinoin_mg_per_dose(area)
    assert dose % 10 == 0
    assert abs(dose - area * Decimal("22.5")) <= 5
    assert tretinoin.tretinoin_mg_per_dose(area + more) >= dose
