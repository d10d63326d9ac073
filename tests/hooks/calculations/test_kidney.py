"""Creatinine clearance: the worked patients of section 5.7 and the laws of the formula."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.calculations import kidney
from hooks.concepts import CREATININE
from tests.hooks.calculations.support import decimals, examples, measures, rounded
from tests.patients import BODY, aged, chart, person, result


def test_clearance_of_the_first_worked_patient():
    clearance = kidney.creatinine_clearance_ml_per_min(chart(aged(62), *measures(70, 170)))
    assert rounded(clearance) == 79


def test_clearance_of_the_second_worked_patient():
    clearance = kidney.creatinine_clearance_ml_per_min(chart(aged(81), *measures(78, 178, 1.4)))
    assert rounded(clearance, 1) == 42.8


def test_clearance_of_a_woman_is_85_percent():
    """Short enough that both sexes are dosed by their actual weight."""
    measured = measures(45, 165)
    man = kidney.creatinine_clearance_ml_per_min(chart(aged(62), *measured))
    woman = kidney.creatinine_clearance_ml_per_min(chart(aged(62, "female"), *measured))
    assert man is not None
    assert woman == man * Decimal("0.85")


def test_creatinine_in_micromoles_is_converted():
    found = chart(aged(62), *BODY, result(CREATININE, 79.578, "umol/L"))
    assert rounded(kidney.creatinine_clearance_ml_per_min(found)) == 79


@pytest.mark.parametrize(("hours", "is_known"), [(48, True), (48 + 1 / 60, False)])
def test_creatinine_counts_for_48_hours(hours, is_known):
    old = result(CREATININE, 0.9, hours_ago=hours)
    clearance = kidney.creatinine_clearance_ml_per_min(chart(*BODY, old))
    assert (clearance is not None) is is_known


@pytest.mark.parametrize(
    "records",
    [
        BODY,
        (*BODY, result(CREATININE, 0.5, comparator="<")),
        (*BODY, result(CREATININE, 0.9, "")),
        (*measures(70, 170), person("1964")),
        (*measures(70, 170), person(None)),
    ],
    ids=["no creatinine", "a bound only", "no unit", "birth year only", "no birth date"],
)
def test_clearance_is_not_computed_from_what_is_not_known(records):
    assert kidney.creatinine_clearance_ml_per_min(chart(*records)) is None


@pytest.mark.parametrize(
    ("age", "creatinine"), [(140, "0.9"), (62, "0"), (62, "-1")], ids=["age", "zero", "negative"]
)
def test_clearance_is_never_negative_or_endless(age, creatinine):
    number = kidney.cockcroft_gault_ml_per_min(
        Decimal(age), Decimal(70), Decimal(creatinine), female=False
    )
    assert number is None


@examples(50)
@given(
    age=st.integers(18, 110).map(Decimal),
    weight=decimals("30", "200"),
    creatinine=decimals("0.2", "15"),
    more=decimals("0.1", "20"),
    female=st.booleans(),
)
def test_clearance_falls_with_age_and_creatinine_and_rises_with_weight(
    age, weight, creatinine, more, female
):
    def clearance(age, weight, creatinine):
        return kidney.cockcroft_gault_ml_per_min(age, weight, creatinine, female=female)

    here = clearance(age, weight, creatinine)
    assert clearance(age + more, weight, creatinine) < here
    assert clearance(age, weight, creatinine + more) < here
    assert clearance(age, weight + more, creatinine) > here


@examples(30)
@given(creatinine=decimals("0.2", "15"))
def test_creatinine_in_either_unit_gives_the_same_clearance(creatinine):
    weight = measures(70, 170)[:2]
    in_mg = result(CREATININE, float(creatinine))
    in_umol = result(CREATININE, float(creatinine * Decimal("88.42")), "umol/L")
    one, other = (
        kidney.creatinine_clearance_ml_per_min(chart(*weight, each)) for each in (in_mg, in_umol)
    )
    assert one is not None
    assert other is not None
    assert abs(one - other) < Decimal("0.001") * one
