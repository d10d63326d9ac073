"""Rasburicase: 0.2 mg/kg/day by the label, section 5.12."""

from decimal import Decimal

import pytest
from hypothesis import given

from hooks.calculations import rasburicase
from hooks.concepts import BODY_WEIGHT
from tests.hooks.calculations.support import decimals, examples
from tests.patients import chart, result


@pytest.mark.parametrize(
    ("weight", "unit", "mg"), [(70, "kg", 14), (70000, "g", 14), (10, "kg", 2)]
)
def test_the_label_dose_of_a_recorded_weight(weight, unit, mg):
    assert rasburicase.rasburicase_mg_per_day(chart(result(BODY_WEIGHT, weight, unit))) == mg


@pytest.mark.parametrize(
    "records", [(), (result(BODY_WEIGHT, 70, hours_ago=91 * 24),)], ids=["none", "too old"]
)
def test_there_is_no_dose_without_a_weight(records):
    assert rasburicase.rasburicase_mg_per_day(chart(*records)) is None


@examples(50)
@given(weight=decimals("3", "200"), more=decimals("0.1", "50"))
def test_the_dose_is_proportional_to_the_weight(weight, more):
    dose = rasburicase.label_dose_mg_per_day(weight)
    assert dose / weight == Decimal("0.2")
    assert rasburicase.label_dose_mg_per_day(weight + more) > dose
