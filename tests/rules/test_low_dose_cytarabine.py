"""low-dose-cytarabine: catalogue R30, scenarios 5, 6 and 9. Doses: tests/hooks/test_regimens.py."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import ORDER_SELECT, ORDER_SIGN, concepts
from hooks.concepts import (
    ADVERSE_CYTOGENETICS,
    ALL,
    ALS,
    AML,
    APL,
    AZACITIDINE,
    BODY_HEIGHT,
    BODY_WEIGHT,
    CYTARABINE,
    DAUNORUBICIN,
    ECOG,
    ELN_ADVERSE,
    UNSPECIFIED_ACUTE_LEUKEMIA,
)
from hooks.rules.low_dose_cytarabine import low_dose_cytarabine as rule
from tests.patients import (
    BODY,
    answered,
    cards,
    chart,
    diagnosis,
    in_remission,
    never_decisive,
    not_read,
    order,
    overrides,
    part,
    relapsed,
    result,
    suggestions,
)

LEUKEMIA = diagnosis(AML)
KNOWN = (LEUKEMIA, *BODY)
"""1.818 m2."""
SC = "subcutaneous"
DOUBLE = order(CYTARABINE, dose="36 mg", route=SC, times=2)
FLAT = order(CYTARABINE, dose="20 mg", route=SC, times=2)
BY_AREA = order(CYTARABINE, dose="20 mg/m2", route=SC, times=1)
ADVERSE = answered(ELN_ADVERSE, "adverse")
INDUCTION = order(
    CYTARABINE, dose="100 mg/m2", route="continuous intravenous infusion", identity="induction"
)


def cytarabine(dose, times=None, **more):
    return order(CYTARABINE, dose=dose, route=SC, times=times, **more)


def lasting(days, dose="20 mg", times=2):
    """The flat schedule for so many days, in fields."""
    (instruction,) = cytarabine(dose, times).resource["dosageInstruction"]
    repeat = instruction["timing"]["repeat"]
    bounds = {"value": days, "unit": "d", "code": "d"}
    timing = {"repeat": {**repeat, "boundsDuration": bounds}}
    return order(CYTARABINE, instructions=({**instruction, "timing": timing},))


def until(end):
    """The flat schedule from the day of the order to another."""
    (instruction,) = FLAT.resource["dosageInstruction"]
    bounds = {"boundsPeriod": {"start": "2026-11-21", "end": end}}
    timing = {"repeat": {**instruction["timing"]["repeat"], **bounds}}
    return order(CYTARABINE, instructions=({**instruction, "timing": timing},))


def in_words(text):
    return order(CYTARABINE, text=text)


WARNS = {
    "36 mg twice daily, twice the trial dose": (*KNOWN, DOUBLE),
    "20 mg/m2 twice daily, the upper end of the summary": (*KNOWN, cytarabine("20 mg/m2", 2)),
    "15 mg/m2 twice daily": (*KNOWN, cytarabine("15 mg/m2", 2)),
    "10 mg twice daily": (*KNOWN, cytarabine("10 mg", 2)),
    "22.1 mg twice daily, more than a tenth above": (*KNOWN, cytarabine("22.1 mg", 2)),
    "17.9 mg twice daily, more than a tenth below": (*KNOWN, cytarabine("17.9 mg", 2)),
    "22.1 mg/m2 once daily": (*KNOWN, cytarabine("22.1 mg/m2", 1)),
    "17.9 mg/m2 once daily": (*KNOWN, cytarabine("17.9 mg/m2", 1)),
    "the flat dose once daily": (*KNOWN, cytarabine("20 mg", 1)),
    "the flat day's dose at once": (*KNOWN, cytarabine("40 mg", 1)),
    "13 mg three times a day": (*KNOWN, cytarabine("13 mg", 3)),
    "the flat schedule for 14 days": (*KNOWN, lasting(14)),
    "the flat schedule for 11 days": (*KNOWN, lasting(11)),
    "the schedule by area for 14 days": (*KNOWN, lasting(14, "20 mg/m2", 1)),
    "the flat schedule for 14 days, by start and end": (*KNOWN, until("2026-12-05")),
    "the flat schedule for 14 days, in words": (*KNOWN, in_words("20 mg SC BID x 14 days")),
    "36 mg twice daily, in words": (*KNOWN, in_words("36 mg SC twice daily for 10 days")),
    "36 mg twice daily, area not known": (LEUKEMIA, DOUBLE),
    "36 mg once daily, area not known": (LEUKEMIA, cytarabine("36 mg", 1)),
    "20 mg/m2 twice daily, area not known": (LEUKEMIA, cytarabine("20 mg/m2", 2)),
    "10 mg/m2 twice daily, area not known": (LEUKEMIA, cytarabine("10 mg/m2", 2)),
    "20 mg, how often not said": (*KNOWN, cytarabine("20 mg")),
    "a trial schedule, adverse risk": (*KNOWN, ADVERSE, FLAT),
    "a trial schedule, adverse cytogenetics": (
        *KNOWN,
        answered(ADVERSE_CYTOGENETICS, "positive"),
        FLAT,
    ),
    "AML only suspected": (diagnosis(AML, "provisional"), *BODY, DOUBLE),
    "AML relapsed": (relapsed(AML), *BODY, DOUBLE),
    "in ALS too": (diagnosis(ALS), *KNOWN, DOUBLE),
    "beside induction in another order": (*KNOWN, INDUCTION, DOUBLE),
    "beside cytarabine that cannot be classified": (
        *KNOWN,
        order(CYTARABINE, identity="second"),
        DOUBLE,
    ),
}

SILENT = {
    "20 mg twice daily": (*KNOWN, FLAT),
    "20 mg twice daily for 10 days": (*KNOWN, lasting(10)),
    "20 mg twice daily for 10 days, by start and end": (*KNOWN, until("2026-12-01")),
    "20 mg twice daily for 10 days, in words": (*KNOWN, in_words("20 mg SC BID x 10 days")),
    "20 mg twice daily, area not known": (LEUKEMIA, FLAT),
    "18 mg twice daily, rounded by a tenth": (*KNOWN, cytarabine("18 mg", 2)),
    "22 mg twice daily, rounded by a tenth": (*KNOWN, cytarabine("22 mg", 2)),
    "20 mg/m2 once daily": (*KNOWN, BY_AREA),
    "20 mg/m2 once daily for 10 days": (*KNOWN, lasting(10, "20 mg/m2", 1)),
    "20 mg/m2 once daily, area not known": (LEUKEMIA, BY_AREA),
    "20 mg/m2 a day": (*KNOWN, cytarabine("20 mg/m2/d")),
    "36 mg once daily, which is 20 mg/m2": (*KNOWN, cytarabine("36 mg", 1)),
    "11 mg/m2 twice daily, which is 20 mg": (*KNOWN, cytarabine("11 mg/m2", 2)),
    "a trial schedule, favorable risk": (*KNOWN, answered(ELN_ADVERSE, "favorable"), FLAT),
    "induction into the vein": (*KNOWN, INDUCTION),
    "intrathecal": (*KNOWN, order(CYTARABINE, dose="36 mg", route="intrathecal", times=2)),
    "azacitidine": (*KNOWN, ADVERSE, order(AZACITIDINE)),
    "nothing ordered": (*KNOWN, ADVERSE),
    "not selected": (*KNOWN, cytarabine("36 mg", 2, selected=False)),
    "ALL": (diagnosis(ALL), *BODY, DOUBLE),
    "APL": (diagnosis(APL), *BODY, DOUBLE),
    "acute leukemia without lineage": (diagnosis(UNSPECIFIED_ACUTE_LEUKEMIA), *BODY, DOUBLE),
    "AML in remission": (in_remission(AML), *BODY, DOUBLE),
    "no leukemia": (*BODY, DOUBLE),
}

ASKS = {
    "the route is not stated": (*KNOWN, ADVERSE, order(CYTARABINE, dose="36 mg", times=2)),
    "a dose above low": (*KNOWN, ADVERSE, cytarabine("41 mg", 2)),
    "the flat schedule for 15 days": (*KNOWN, ADVERSE, lasting(15)),
    "a problem list that could not be read": (*BODY, not_read(*concepts.CONDITIONS), DOUBLE),
}


@pytest.mark.parametrize("records", WARNS.values(), ids=WARNS)
def test_warns(records):
    assert rule.applies(chart(*records)).truth is TRUE


@pytest.mark.parametrize("records", SILENT.values(), ids=SILENT)
def test_silent(records):
    assert rule.applies(chart(*records)).truth is FALSE


@pytest.mark.parametrize("records", ASKS.values(), ids=ASKS)
def test_asks(records):
    assert rule.applies(chart(*records)).truth is UNKNOWN


def test_every_condition_matters():
    """Dropping any one condition from the rule would turn a silent case into a warning."""
    assert never_decisive(rule, SILENT.values()) == set()


# -- the card --------------------------------------------------------------------------------------


def card(*records):
    return cards(ORDER_SIGN, *records)[rule.id]


SAYS_DIFFERENT = (
    "Low-dose cytarabine: schedule differs from trial doses or adverse-risk genetics recorded; "
    "confirm intent."
)
SAYS_ADVERSE = (
    "Low-dose cytarabine with adverse-risk genetics recorded: poor activity there; confirm intent "
    "and schedule."
)


@pytest.mark.parametrize(("case", "records"), WARNS.items(), ids=WARNS)
def test_adverse_genetics_alone_make_it_a_warning(case, records):
    one = card(*records)
    adverse, other = ("warning", SAYS_ADVERSE), ("info", SAYS_DIFFERENT)
    assert (one["indicator"], one["summary"]) == (adverse if "adverse" in case else other)
    assert len(one["summary"]) < 140


def test_scenario_5_shows_no_card():
    als = (diagnosis(ALS), *KNOWN, result(ECOG, 3))
    assert cards(ORDER_SIGN, *als, lasting(10)) == {}
    assert cards(ORDER_SELECT, *als, lasting(10)) == {}


def test_scenario_6_says_how_much_it_is():
    shown = cards(ORDER_SIGN, diagnosis(ALS), *KNOWN, DOUBLE)
    assert list(shown) == [rule.id]
    assert shown[rule.id]["indicator"] == "info"
    assert (
        "Cytarabine ordered: 72 mg/day, about 39.6 mg/m²/day, 2 times the trial dose of 20 "
        "mg/m²/day"
    ) in part(shown[rule.id], "This patient")


def test_a_longer_course_says_for_how_long():
    basis = part(card(*KNOWN, lasting(14)), "This patient")
    assert any(line.endswith("for 14 days") for line in basis)


def test_an_order_for_longer_than_any_trial_cannot_be_classified():
    assert list(cards(ORDER_SIGN, *KNOWN, lasting(15))) == ["data-gaps"]
    two_weeks = in_words("20 mg SC BID for 2 weeks")
    assert list(cards(ORDER_SIGN, *KNOWN, two_weeks)) == ["data-gaps"]


def test_what_could_not_be_compared_is_named():
    missing = part(card(LEUKEMIA, DOUBLE), "Missing or uncertain")
    assert any("no body surface area" in line for line in missing)
    missing = part(card(*KNOWN, cytarabine("20 mg")), "Missing or uncertain")
    assert any("how often a day is not stated" in line for line in missing)


def test_two_orders_of_cytarabine_are_two_cards_in_als():
    shown = cards(ORDER_SIGN, diagnosis(ALS), *KNOWN, INDUCTION, DOUBLE)
    assert list(shown) == ["intensive-therapy-als", rule.id]
    (change,) = suggestions(shown["intensive-therapy-als"])[
        "Remove the drafted intensive drugs (whole regimen)"
    ]["actions"]
    assert change["resourceId"] == "MedicationRequest/induction"
    with_anthracycline = (INDUCTION, order(DAUNORUBICIN), DOUBLE)
    shown = cards(ORDER_SIGN, diagnosis(ALS), *KNOWN, *with_anthracycline)
    assert list(shown) == ["intensive-therapy-als", rule.id]


def test_both_trial_schedules_are_offered_as_whole_orders():
    drafted = cytarabine("36 mg", 2, note="first dose tonight", identity="order-3")
    offered = suggestions(card(*KNOWN, drafted))
    assert list(offered) == [
        "Change to 20 mg subcutaneously twice daily for 10 days",
        "Change to 36 mg (20 mg/m²) subcutaneously once daily for 10 days",
    ]
    for suggestion, dose, times in zip(offered.values(), (20, 36), (2, 1), strict=True):
        (action,) = suggestion["actions"]
        assert action["type"] == "update"
        changed = dict(action["resource"])
        (instruction,) = changed.pop("dosageInstruction")
        kept = {k: v for k, v in drafted.resource.items() if k != "dosageInstruction"}
        assert changed == kept
        repeat = instruction["timing"]["repeat"]
        assert instruction["doseAndRate"][0]["doseQuantity"]["value"] == dose
        assert instruction["route"]["text"] == "Subcutaneous"
        assert (repeat["frequency"], repeat["boundsDuration"]["value"]) == (times, 10)


def test_without_an_area_only_the_flat_schedule_is_offered():
    assert list(suggestions(card(LEUKEMIA, DOUBLE))) == [
        "Change to 20 mg subcutaneously twice daily for 10 days"
    ]


def test_a_schedule_of_a_trial_is_not_changed():
    assert suggestions(card(*KNOWN, ADVERSE, FLAT)) == {}


def test_the_summary_s_dose_and_toxicity_are_attributed():
    text = card(*KNOWN, DOUBLE)["detail"]
    assert "Guideline summary: 10-20 mg/m² twice daily for 10 days, with little toxicity." in text
    assert "about twice the daily dose of the trials; cytopenias and infection are common" in text
    assert "Minimal toxicity" not in text


def test_genetics_that_nobody_recorded_are_said_to_be_unknown():
    said = "Genetic risk: not recorded in the data received."
    assert said in card(*KNOWN, DOUBLE)["detail"]
    assert said not in card(*KNOWN, ADVERSE, DOUBLE)["detail"]


def test_weight_and_height_are_shown_with_their_dates():
    basis = part(
        card(LEUKEMIA, result(BODY_WEIGHT, 70), result(BODY_HEIGHT, 170), DOUBLE), "This patient"
    )
    assert any(line.startswith("Body weight 70") and "2026-11-21" in line for line in basis)
    assert any(line.startswith("Body height 170") and "2026-11-21" in line for line in basis)


def test_overrides_can_say_why():
    assert overrides(card(*KNOWN, DOUBLE)) == ["protocol-directed", "dose-intended", "other"]
