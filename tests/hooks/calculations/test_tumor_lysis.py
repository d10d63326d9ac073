"""Laboratory tumor lysis: the criteria of section 5.10 (limits themselves: test_lines)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import lines
from hooks.calculations import tumor_lysis
from hooks.concepts import (
    ALBUMIN,
    CALCIUM,
    CALCIUM_CORRECTED,
    PHOSPHATE,
    POTASSIUM,
    URATE,
)
from tests.hooks.calculations.support import examples
from tests.patients import SCENARIO_1, aged, chart, person, result


def names(*records):
    return [each.name for each in tumor_lysis.met(chart(*records))]


def test_the_first_scenario_meets_urate_and_phosphate_and_so_the_syndrome():
    found = chart(*SCENARIO_1)
    assert names(*SCENARIO_1) == ["phosphate", "urate"]
    assert tumor_lysis.laboratory_syndrome(found).truth is TRUE


CALCIUMS = {
    "reported corrected wins over all": (
        (result(CALCIUM_CORRECTED, 8.2), result(CALCIUM, 6.5), result(ALBUMIN, 4)),
        [],
    ),
    "low total, low albumin: corrected above": ((result(CALCIUM, 6.5), result(ALBUMIN, 2.5)), []),
    "normal-looking total, high albumin: corrected below": (
        (result(CALCIUM, 7.4), result(ALBUMIN, 5)),
        ["calcium (corrected here for albumin)"],
    ),
    "low total without albumin": (
        (result(CALCIUM, 6.5),),
        ["calcium (not corrected for albumin)"],
    ),
    "low total, albumin of yesterday": (
        (result(CALCIUM, 6.5), result(ALBUMIN, 2.5, hours_ago=25)),
        ["calcium (not corrected for albumin)"],
    ),
    "corrected to 7.0": (
        (result(CALCIUM, 6.2), result(ALBUMIN, 3)),
        ["calcium (corrected here for albumin)"],
    ),
    "corrected to 7.1": ((result(CALCIUM, 6.3), result(ALBUMIN, 3)), []),
}


@pytest.mark.parametrize(("records", "expected"), CALCIUMS.values(), ids=CALCIUMS)
def test_calcium_is_the_corrected_one_where_that_can_be_had(records, expected):
    assert names(*records) == expected


def test_the_computed_calcium_rests_on_both_values():
    found = chart(result(CALCIUM, 6.2), result(ALBUMIN, 3))
    (low,) = tumor_lysis.met(found)
    assert [fact.key for fact in low.facts] == [CALCIUM.id, ALBUMIN.id]
    assert low.bounds is not None
    assert low.bounds.low == 7


def test_urate_of_a_child_is_not_judged():
    urate, others = result(URATE, 12), (result(POTASSIUM, 6.2), result(PHOSPHATE, 2.2, "mmol/L"))
    assert names(aged(9), urate) == []
    assert names(aged(9), urate, *others) == ["potassium", "phosphate"]
    assert names(aged(18), urate) == ["urate"]
    assert names(person(None), urate) == ["urate"]


@pytest.mark.parametrize(("age", "is_said"), [(9, True), (18, False)])
@pytest.mark.parametrize("more", [(), (result(POTASSIUM, 6.2),)], ids=["none met", "one met"])
def test_the_card_says_that_urate_of_a_child_is_not_judged(age, is_said, more):
    text = lines.tumor_lysis(chart(aged(age), result(URATE, 5), *more))
    assert ("Urate of a child is not judged." in text) is is_said


HIGH = {
    "potassium": result(POTASSIUM, 6.2),
    "phosphate": result(PHOSPHATE, 4.9),
    "urate": result(URATE, 9.1),
    "calcium": result(CALCIUM_CORRECTED, 6.8),
}
NORMAL = {
    "potassium": result(POTASSIUM, 4),
    "phosphate": result(PHOSPHATE, 3),
    "urate": result(URATE, 5),
    "calcium": result(CALCIUM_CORRECTED, 9),
}


@examples(81)
@given(states=st.tuples(*[st.sampled_from(["high", "normal", "missing"])] * 4))
def test_two_of_four_make_the_syndrome_and_missing_ones_leave_it_open(states):
    records = [
        (HIGH if state == "high" else NORMAL)[name]
        for name, state in zip(HIGH, states, strict=True)
        if state != "missing"
    ]
    high, missing = states.count("high"), states.count("missing")
    expected = TRUE if high >= 2 else UNKNOWN if high + missing >= 2 else FALSE
    finding = tumor_lysis.laboratory_syndrome(chart(*records))
    assert finding.truth is expected
    assert any(fact.missing for fact in finding.deciding()) is (expected is UNKNOWN)


def test_a_child_with_one_criterion_may_have_the_syndrome():
    finding = tumor_lysis.laboratory_syndrome(
        chart(aged(9), result(URATE, 12), *(HIGH["potassium"], NORMAL["calcium"]))
    )
    assert finding.truth is UNKNOWN
    assert "Urate of a child: not judged, its limit depends on age" in [
        fact.say() for fact in finding.deciding()
    ]
