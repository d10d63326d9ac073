"""What a card says of a limit is the limit in force; a number that is quoted stays what it is."""

from __future__ import annotations

import re

import pytest

from cds_service.chart import Chart
from cds_service.limits import Limit, Limits
from cds_service.rule import Rule
from cds_service.terminology import Window
from hooks import thresholds
from tests.properties.cases import RULES
from tests.thresholds.changed import (
    advice,
    asked,
    cases,
    everything_moved,
    facts,
    limits_of,
    under,
)

QUOTED = {
    "the unit of counts": r"×10⁹/L",
    "the summaries' band of hydroxyurea, and the label's half of it": (
        r"(?:50-60|25-30) mg/kg(?:/day)?|creatinine clearance (?:below )?\d+(?: mL/min)?"
        r"|\d[\d,]* mg/day|500 mg capsules|\d[\d,]*-\d[\d,]*(?= mg/day)|[\d.]+ kg"
    ),
    "the summaries' target count": r"below 10-20|nears 20|near 10",
    "targets of the APL guidance": (
        r"fibrinogen above 100-150 mg/dL, platelets above 30-50 ×10⁹/L,? (?:and )?INR below 1\.5"
    ),
    "targets of the APL guidance, platelets first": (
        r"platelets above 30-50 ×10⁹/L, fibrinogen above 100-150 mg/dL, INR below 1\.5"
    ),
    "the recommendation of ELN": r"\(ELN recommendation 1\.9\)",
    "the guidance on platelets": (
        r"Platelets for lumbar puncture: 50 (?:×10⁹/L )?in the 2015 guidance, 20 in that of 2025"
        r"|platelets of 10 (?:×10⁹/L )?\(seen quoted only\) and the 2015 guidance 20"
    ),
    "literature on leukostasis": r"leukostasis between 50 and 100",
    "literature on transfusion": r"blasts above 100",
    "the tumor lysis guidance": r"starts at a count of 100|every 6-8 h",
    "literature on early death": r"\(15-25%\) in AML cohorts with counts above 100|about 20%",
    "the report on red cells": r"the report advises 10 g/dL",
    "the label of arsenic": r"keep potassium above 4 mmol/L and magnesium above 1\.8 mg/dL",
    "the label of tretinoin": r"dexamethasone 10 mg every 12 h",
    "the label of rasburicase": r"0\.2 mg/kg a day intravenously for up to 5 days|\d+ mg a day",
    "product information on growth factors": (
        r"to stop above a count of 50, not to give one from 14 days before to 24 hours after"
    ),
    "the trial of blinatumomab": r"MRD of 0\.1% or more|residual disease of 0\.1% or more",
    "the scheme of the trial in T-ALL": (
        r"MRD below 0\.01% on day 29|MRD above 0\.1%|day-29 marrow above 25% blasts also qualifies"
    ),
    "the entry criterion of the trials": r"75 is the trials' entry criterion",
    "the trials' arm": r"100-200 mg/m2/day by continuous infusion for 7 days",
    "the trial of rasburicase": r"86% v 12% in 4 h",
    "reviews of venetoclax": r"a count below 10-25",
    "the volume of a day": r"in 24 h\b",
    "what was sent, as it was sent": r"\(sent as [^)]*\)",
}
"""Numbers that are no limit of this service, because somebody else states them."""

_QUOTED = re.compile("|".join(f"(?:{each})" for each in QUOTED.values()))
_COMPARED = re.compile(
    r"(?:within|older than|of the last|over|may or may not be) [^,;:]*|above [\d.]+ \S+$"
)
"""What a fact about the patient says of a limit; its other numbers are the patient's."""


def stated(limit: Limit) -> re.Pattern[str]:
    """The default where a text states it as a number of its own."""
    if isinstance(limit, Window):
        length, unit = str(limit).split()
        spelled = {"h": "h(?:ours?)?", "d": "d(?:ays?)?"}[unit]
        return re.compile(rf"(?<![\d.,-]){length}[ -]{spelled}\b")
    return re.compile(rf"(?<![\w.,-])-?{re.escape(limit.number)}(?![\d,A-Z]|\.\d| [hd]\b)")


@pytest.mark.parametrize("up", [True, False], ids=["raised", "lowered"])
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_text_states_the_limits_in_force(rule: Rule, up: bool) -> None:
    limits = everything_moved(up=up)
    # Of what may not be raised the default is still the number in force.
    changed = [
        limit
        for limit in limits_of(rule)
        if limit.name in limits.local and limits.of(limit) != limit
    ]
    texts = {rule.text, *headlines(rule, limits), *asked(rule, limits)}
    for case in cases(rule):
        texts |= told(rule, under(limits, case))
    in_force = {str(limits.of(each)) for each in changed}
    found = {
        (limit.name, text)
        for text in texts
        for limit in changed
        if stated(limit).search(_QUOTED.sub("", text)) and str(limit) not in in_force
    }
    assert found == set()


def headlines(rule: Rule, limits: Limits) -> set[str]:
    summaries = [rule.summary, *(each.summary or "" for each in rule.escalations)]
    return {limits.say(each) for each in summaries}


def told(rule: Rule, patient: Chart) -> set[str]:
    """Lines of advice, and what facts say of a limit."""
    found = facts(rule, rule.applies(patient), patient)
    return {*advice(rule, patient), *(part for each in found for part in _COMPARED.findall(each))}


def test_a_text_that_keeps_the_default_would_be_found() -> None:
    text = "Leukocytes above 10 ×10⁹/L: high-risk APL."
    assert stated(thresholds.APL_HIGH_RISK).search(_QUOTED.sub("", text))
    assert stated(thresholds.FRESH_COUNT).search("older than 24 h")
    assert not stated(thresholds.FRESH_COUNT).search("every 6-24 h")
    assert not stated(thresholds.APL_HIGH_RISK).search(_QUOTED.sub("", "182 ×10⁹/L"))
