"""Limits that a site has set go with the chart, and every question and text takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from cds_service.card import EXTENSION, grade, render
from cds_service.chart import Chart
from cds_service.finding import FALSE, TRUE, UNKNOWN, Finding
from cds_service.limits import NO_LOCAL_LIMITS, Limit, Limits, Local, Stated
from cds_service.rule import Indicator
from cds_service.terminology import Threshold
from tests.engine.made_up import (
    BRIGHT,
    GLOW,
    LUX,
    ME,
    SHINE,
    TODAY,
    a_rule,
    ago,
    chart,
    condition,
    observation,
)
from tests.engine.test_card import ATTRIBUTION

DAZZLING = Threshold("dazzling", Decimal(200), LUX, "Hurts.", "MADEUP")
BRIGHTER = replace(BRIGHT, value=BRIGHT.value * 2)
SHORTER = replace(TODAY, length=TODAY.length / 2)


def local(default: Limit, own: Limit) -> Local:
    return Local(default, own, "Old lamps.", "Lamp committee", date(2026, 10, 1))


def limits(*own: tuple[Limit, Limit], rules: tuple[str, ...] = ()) -> Limits:
    found = {default.name: local(default, other) for default, other in own}
    return Limits(found, dict.fromkeys(rules, tuple(found.values())))


def under(found: Limits, *records: Mapping[str, Any]) -> Chart:
    built = chart(*records)
    built.limits = found
    return built


HERE = limits((BRIGHT, BRIGHTER), (TODAY, SHORTER), rules=("lamp",))


def test_without_local_limits_a_limit_is_itself() -> None:
    assert NO_LOCAL_LIMITS.of(BRIGHT) is BRIGHT
    assert HERE.of(DAZZLING) is DAZZLING


def test_a_limit_in_force_asked_about_again_stays_what_it_is() -> None:
    assert HERE.of(HERE.of(BRIGHT)) == BRIGHTER


@pytest.mark.parametrize("compare", ["at_least", "above", "at_most", "below"])
def test_every_comparison_is_with_the_limit_in_force(compare: str) -> None:
    between = observation(value=float(BRIGHT.value) * 1.5)
    amount, usual = under(HERE, between).latest(SHINE), chart(between).latest(SHINE)
    here: Finding = getattr(amount, compare)(BRIGHT)
    there: Finding = getattr(usual, compare)(BRIGHT)
    assert {here.truth, there.truth} == {TRUE, FALSE}
    assert here.question.endswith(str(BRIGHTER))


@pytest.mark.parametrize("born", ["2008-01-01", "2008", None])
def test_age_is_compared_with_the_limit_in_force(born: str | None) -> None:
    years = Threshold("grown", Decimal(18), LUX, "Grown.", "MADEUP")
    here = limits((years, replace(years, value=Decimal(21))))
    person = {"resourceType": "Patient", "id": ME, "birthDate": born}
    found = under(here, person).age().at_least(years)
    assert found.question == "Age at least 21 lux"
    assert found.truth is (UNKNOWN if born is None else FALSE)


def test_every_look_back_is_that_of_the_window_in_force() -> None:
    then = ago(TODAY.length / timedelta(hours=1) * 0.75)
    records = (
        observation(value=90, effectiveDateTime=then),
        observation("GLOW", valueString="positive", effectiveDateTime=then),
    )
    here, usual = under(HERE, *records), chart(*records)
    assert usual.latest(SHINE, TODAY).at_least(BRIGHT).truth is not UNKNOWN
    assert here.latest(SHINE, TODAY).at_least(BRIGHT).truth is UNKNOWN
    assert usual.has_result(SHINE, TODAY).truth is TRUE
    assert here.has_result(SHINE, TODAY).truth is FALSE
    assert usual.test_is_positive(GLOW, TODAY).truth is TRUE
    assert here.test_is_positive(GLOW, TODAY).truth is FALSE


def test_a_text_that_states_limits_is_a_text_with_the_defaults() -> None:
    text = Stated("Above {} or {.number}.", BRIGHT, DAZZLING)
    assert text == f"Above {BRIGHT} or 200."
    assert NO_LOCAL_LIMITS.say(text) == text
    assert HERE.say(text) == f"Above {BRIGHTER} or 200."
    assert HERE.say("Above {}.") == "Above {}."


def test_what_is_said_is_text_of_the_plain_kind_which_json_can_hold() -> None:
    said = [found.say(Stated("{}", BRIGHT)) for found in (NO_LOCAL_LIMITS, HERE)]
    assert {type(each) for each in said} == {str}
    assert msgspec.json.encode(said)


LAMP = replace(
    a_rule("lamp", truth=TRUE),
    summary=Stated("Above {} it dazzles", BRIGHT),
    advice=(Stated("Dim it below {}.", BRIGHT), "Buy another one."),
)


def card(found: Limits) -> dict[str, object]:
    built = under(found, condition())
    return render(grade(LAMP, LAMP.applies(built), built), built, ATTRIBUTION)


def test_a_card_states_the_limits_in_force_and_names_those_of_the_site() -> None:
    here = card(HERE)
    assert here["summary"] == f"Above {BRIGHTER} it dazzles"
    detail = str(here["detail"])
    assert f"- Dim it below {BRIGHTER}." in detail
    assert (
        f"- Local threshold: bright {BRIGHTER} (this service's default {BRIGHT}; set by Lamp "
        "committee, 2026-10-01)" in detail
    )
    extension = here["extension"]
    assert isinstance(extension, dict)
    names = [each["name"] for each in extension[EXTENSION]["localThresholds"]]
    assert names == [BRIGHT.name, TODAY.name]


def test_a_card_of_another_rule_or_without_local_limits_names_none() -> None:
    for found in (NO_LOCAL_LIMITS, limits((BRIGHT, BRIGHTER), rules=("other",))):
        assert "Local threshold" not in str(card(found))
    assert card(NO_LOCAL_LIMITS)["indicator"] == Indicator.INFO.value
