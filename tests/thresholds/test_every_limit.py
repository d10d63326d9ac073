"""Every limit and window can be changed by a site, and is then the one that decides."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.limits import NO_LOCAL_LIMITS, Limit
from cds_service.local_limits import bounds
from cds_service.rule import Rule
from cds_service.terminology import Measurement, Threshold
from hooks import concepts, thresholds
from hooks.concepts import ALL, ALS, AML, APL
from tests.patients import (
    BODY,
    LEXICON,
    SCENARIO_1,
    aged,
    answered,
    count,
    diagnosis,
    order,
    result,
)
from tests.properties.cases import RULES, Case
from tests.thresholds.changed import (
    CHANGEABLE,
    FIXED,
    asked,
    both_ends,
    cases,
    limits_of,
    resting_on,
    said,
)

DAY = 24


def measured(what: Measurement, value: float, **more: Any) -> dict[str, Any]:
    """Also what only a site maps."""
    known = LEXICON.concepts[what.id]
    assert isinstance(known, Measurement)
    return result(what, value, codes=known.codes, **more)


FLUID = order(concepts.CRYSTALLOID, instructions=({"text": "200 mL/h"},))
BREATHING = (diagnosis(ALS), *BODY, FLUID, result(concepts.FVC, 85))
CHILD = (
    *(aged(10), diagnosis(ALS), FLUID, result(concepts.BODY_WEIGHT, 30)),
    result(concepts.BODY_HEIGHT, 130, hours_ago=20 * DAY),
)
ARSENIC = (diagnosis(ALS), diagnosis(APL), order(concepts.ARSENIC_TRIOXIDE))
T_ALL = (
    *(aged(16), diagnosis(ALL), diagnosis(concepts.T_LINEAGE_ALL)),
    measured(concepts.MRD_END_OF_INDUCTION, 0.005),
)

LYSIS = (diagnosis(AML), count(182))
HALF_DOSE = order(concepts.METHOTREXATE, dose="300 mg/m2", route="Intravenous")

BETWEEN: dict[Limit, tuple[str, Case]] = {
    thresholds.HYPERCAPNIA: ("hydration-als", (*BREATHING, measured(concepts.PACO2, 42))),
    thresholds.WEAK_SNIFF: ("hydration-als", (*BREATHING, measured(concepts.SNIFF_PRESSURE, 60))),
    thresholds.WEAK_INSPIRATION: (
        "hydration-als",
        (*BREATHING, measured(concepts.INSPIRATORY_PRESSURE, 80)),
    ),
    thresholds.OXYGEN: ("hydration-als", (*BREATHING, measured(concepts.SPO2, 90, hours_ago=12))),
    thresholds.HEIGHT_FOR_CHILD: ("hydration-als", CHILD),
    thresholds.MARROW_BLASTS_HIGH: (
        "t-all-response-group",
        (*T_ALL, measured(concepts.MARROW_BLASTS, 30)),
    ),
    thresholds.HYDROXYUREA_MAXIMUM: ("hyperleukocytosis-emergency", SCENARIO_1),
    thresholds.FERTILE_FROM: ("apl-suspected", (aged(10, "female"), diagnosis(APL))),
    thresholds.FERTILE_BELOW: ("apl-suspected", (aged(58, "female"), diagnosis(APL))),
    thresholds.PREGNANCY_TEST: (
        "apl-suspected",
        (
            *(aged(30, "female"), diagnosis(APL)),
            answered(concepts.PREGNANCY_STATUS, "negative", hours_ago=5 * DAY),
        ),
    ),
    thresholds.FVC_SEVERE: (
        "intensive-therapy-als",
        (diagnosis(ALS), diagnosis(AML), order(concepts.IDARUBICIN), result(concepts.FVC, 60)),
    ),
    thresholds.HIGH_DOSE_METHOTREXATE: (
        "intensive-therapy-als",
        (diagnosis(ALS), diagnosis(ALL), HALF_DOSE),
    ),
    **{
        limit: ("hyperleukocytosis-emergency", (*LYSIS, measured(what, value)))
        for limit, what, value in (
            (thresholds.TLS_POTASSIUM, concepts.POTASSIUM, 5.5),
            (thresholds.TLS_PHOSPHATE_ADULT, concepts.PHOSPHATE, 4.2),
            (thresholds.TLS_CALCIUM, concepts.CALCIUM_CORRECTED, 7.5),
            (thresholds.TLS_URATE, concepts.URATE, 7),
        )
    },
    thresholds.TLS_PHOSPHATE_CHILD: (
        "hyperleukocytosis-emergency",
        (aged(10), *LYSIS, measured(concepts.PHOSPHATE, 6)),
    ),
    thresholds.SHOWN_AS_OLD: (
        "hyperleukocytosis-emergency",
        (diagnosis(AML), count(182), measured(concepts.PLATELETS, 30, hours_ago=60)),
    ),
    thresholds.ELECTROLYTES_FOR_ARSENIC: (
        "arsenic-als",
        (*ARSENIC, measured(concepts.POTASSIUM, 3, hours_ago=18)),
    ),
    thresholds.HEMOGLOBIN: (
        "red-cells-hyperleukocytosis",
        (
            *(diagnosis(AML), count(182), order(concepts.RED_CELLS)),
            measured(concepts.HEMOGLOBIN, 11, hours_ago=2 * DAY),
        ),
    ),
}
"""Patients on whom a limit decides that no case of the rules' own tests lies near enough to."""


@pytest.mark.parametrize("limit", CHANGEABLE, ids=lambda limit: limit.name)
def test_a_changed_limit_changes_what_a_rule_says_of_some_patient(limit: Limit) -> None:
    if limit in BETWEEN:
        rule, case = BETWEEN[limit]
        tried = [(RULES[rule], case)]
        assert limit in limits_of(RULES[rule])
    else:
        tried = [(rule, case) for rule in resting_on(limit) for case in cases(rule)]
    ends = both_ends(limit)
    assert any(
        said(rule, case, limits) != usual
        for rule, case in tried
        for usual in (said(rule, case),)
        for limits in ends
    )


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_no_other_limit_changes_what_a_rule_asks(rule: Rule) -> None:
    """What rests on a limit is read from the code: nothing may reach a rule beside it."""
    others = set(CHANGEABLE) - limits_of(rule)
    usual = asked(rule, NO_LOCAL_LIMITS)
    for limit in others:
        for limits in both_ends(limit):
            assert asked(rule, limits) == usual, limit.name


@pytest.mark.parametrize("limit", FIXED, ids=lambda limit: limit.name)
def test_a_limit_that_no_site_may_set_says_why(limit: Threshold) -> None:
    assert limit.fixed.endswith(".")


def measure(limit: Limit) -> float:
    if isinstance(limit, Threshold):
        return float(limit.value)
    return limit.length.total_seconds()


@pytest.mark.parametrize("pair", thresholds.ASCENDING, ids=lambda pair: pair[0].name)
def test_limits_that_must_not_pass_each_other_do_not(pair: tuple[Limit, Limit]) -> None:
    low, high = pair
    assert type(low) is type(high)
    assert measure(low) <= measure(high)


@pytest.mark.parametrize("limit", CHANGEABLE, ids=lambda limit: limit.name)
def test_the_default_lies_within_what_may_be_set(limit: Limit) -> None:
    low, high = map(measure, bounds(limit))
    assert low <= measure(limit) <= high
    assert low < high


@pytest.mark.parametrize("pressure", [80, -80])
def test_a_weak_inspiration_is_judged_by_one_limit_whichever_sign_it_has(pressure: float) -> None:
    low, high = both_ends(thresholds.WEAK_INSPIRATION)
    case = (*BREATHING, measured(concepts.INSPIRATORY_PRESSURE, pressure))
    rule = RULES["hydration-als"]
    assert said(rule, case, low) == said(rule, case)
    assert said(rule, case, high) != said(rule, case)
