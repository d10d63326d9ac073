"""rasburicase-g6pd: catalogue R20, scenarios 23 and 24."""

from dataclasses import replace

import pytest

from cds_service.finding import FALSE, TRUE
from cds_service.service import Group
from hooks import ORDER_SELECT, ORDER_SIGN, concepts
from hooks.concepts import (
    ALLOPURINOL,
    AML,
    G6PD_ACTIVITY,
    G6PD_DEFICIENCY,
    G6PD_SCREEN,
    RASBURICASE,
)
from hooks.rules.rasburicase_g6pd import rasburicase_g6pd as rule
from tests.patients import (
    BODY,
    answered,
    cards,
    chart,
    count,
    diagnosis,
    in_words,
    never_decisive,
    not_read,
    order,
    overrides,
    part,
    result,
    suggestions,
)

ALONE = replace(ORDER_SELECT, groups=(Group(rule.id, (rule,)),))
ORDER = order(RASBURICASE)
NORMAL = answered(G6PD_ACTIVITY, "normal")
DEFICIENT = diagnosis(G6PD_DEFICIENCY)

CRITICAL = {
    "deficiency on the problem list, no leukemia": (DEFICIENT, ORDER),
    "deficiency by assay": (answered(G6PD_ACTIVITY, "deficient"), ORDER),
    "deficiency on screening": (answered(G6PD_SCREEN, "deficient"), ORDER),
    "deficiency only suspected": (diagnosis(G6PD_DEFICIENCY, "provisional"), ORDER),
    "an inherited deficiency that is called resolved": (
        diagnosis(G6PD_DEFICIENCY, clinical="resolved"),
        ORDER,
    ),
    "deficiency on record and a normal assay": (DEFICIENT, NORMAL, ORDER),
    "once deficient by assay, later normal": (
        answered(G6PD_ACTIVITY, "deficient", hours_ago=9000),
        NORMAL,
        ORDER,
    ),
    "once deficient on screening, later normal there and by assay": (
        answered(G6PD_SCREEN, "deficient", hours_ago=9000),
        answered(G6PD_SCREEN, "normal"),
        NORMAL,
        ORDER,
    ),
    "rasburicase by name alone": (DEFICIENT, order("Elitek 7.5 mg")),
}

UNKNOWN_G6PD = {
    "nothing on record": (ORDER,),
    "AML with a count of 180": (diagnosis(AML), count(180), ORDER),
    "an assay that is pending": (answered(G6PD_ACTIVITY, None, status="registered"), ORDER),
    "an assay in words that are not read": (answered(G6PD_ACTIVITY, "see report"), ORDER),
    "an activity as a bare number": (
        in_words(answered(G6PD_ACTIVITY, None), "9.5 U/g Hb"),
        ORDER,
    ),
    "results that could not be read": (ORDER, not_read(G6PD_SCREEN, G6PD_ACTIVITY)),
    "deficiency refuted and no assay": (diagnosis(G6PD_DEFICIENCY, "refuted"), ORDER),
    "a suspicion called resolved, and a normal assay": (
        diagnosis(G6PD_DEFICIENCY, "provisional", "resolved"),
        NORMAL,
        ORDER,
    ),
    "normal on screening, a later result not read": (
        answered(G6PD_SCREEN, "normal", hours_ago=90),
        answered(G6PD_SCREEN, "see comment", hours_ago=2),
        ORDER,
    ),
}

WARNS = {**CRITICAL, **UNKNOWN_G6PD}

SILENT = {
    "G6PD normal by assay": (NORMAL, ORDER),
    "G6PD normal on screening, years ago": (
        answered(G6PD_SCREEN, "normal", hours_ago=30000),
        ORDER,
    ),
    "deficiency refuted and a normal assay": (
        diagnosis(G6PD_DEFICIENCY, "refuted"),
        NORMAL,
        ORDER,
    ),
    "no rasburicase ordered": (DEFICIENT, order(ALLOPURINOL)),
    "rasburicase drafted but not selected": (DEFICIENT, order(RASBURICASE, selected=False)),
}


@pytest.mark.parametrize("records", WARNS.values(), ids=WARNS)
def test_warns(records):
    assert rule.applies(chart(*records)).truth is TRUE


@pytest.mark.parametrize("records", SILENT.values(), ids=SILENT)
def test_silent(records):
    assert rule.applies(chart(*records)).truth is FALSE


def test_every_condition_matters():
    """Dropping any one condition from the rule would turn a silent case into a warning."""
    assert never_decisive(rule, SILENT.values()) == set()


# -- the card --------------------------------------------------------------------------------------

REMOVE = "Remove the drafted rasburicase"
REPLACE = "Draft allopurinol instead"
REVIEW = "Draft hydration review (G6PD deficient)"
ASSAY = "Draft G6PD activity, STAT"


def card(*records):
    return cards(ALONE, *records)[rule.id]


@pytest.mark.parametrize("name", CRITICAL)
def test_deficiency_is_critical(name):
    one = card(*CRITICAL[name])
    assert one["indicator"] == "critical"
    tested = [ASSAY] if name == "deficiency only suspected" else []
    assert list(suggestions(one)) == [REMOVE, REPLACE, REVIEW, *tested]


@pytest.mark.parametrize("records", UNKNOWN_G6PD.values(), ids=UNKNOWN_G6PD)
def test_what_is_not_known_warns_and_keeps_the_order(records):
    one = card(*records)
    assert one["indicator"] == "warning"
    assert "G6PD: not known to be normal" in part(one, "Missing or uncertain")
    assert list(suggestions(one)) == [ASSAY]
    (assay,) = suggestions(one)[ASSAY]["actions"]
    assert assay["type"] == "create"
    assert assay["resource"]["code"]["text"] == "G6PD activity"
    assert assay["resource"]["priority"] == "stat"


def test_nothing_on_the_card_calls_an_unmeasured_g6pd_negative_or_normal():
    one = card(ORDER)
    assert part(one, "This patient") == ["Order: rasburicase"]
    assert "negative" not in one["detail"]
    assert "unknown is not normal" in one["detail"]


def test_a_failed_read_is_named():
    one = card(ORDER, not_read(G6PD_SCREEN))
    assert any("could not be checked" in line for line in part(one, "Missing or uncertain"))


@pytest.mark.parametrize("service", [ORDER_SELECT, ORDER_SIGN], ids=lambda each: each.hook)
def test_the_summary_is_the_boxed_warning(service):
    alone = replace(service, groups=ALONE.groups, gaps_alone_when=None)
    unknown = cards(alone, ORDER)[rule.id]
    assert (unknown["indicator"], unknown["summary"]) == (
        "warning",
        "Rasburicase: contraindicated in G6PD deficiency (hemolysis, methemoglobinemia); check "
        "G6PD before the dose.",
    )
    one = cards(alone, DEFICIENT, ORDER)[rule.id]
    assert (one["indicator"], one["summary"]) == (
        "critical",
        "Rasburicase ordered with G6PD deficiency on record or suspected: contraindicated "
        "(hemolysis, methemoglobinemia).",
    )
    assert any(line.startswith("G6PD deficiency: active") for line in part(one, "This patient"))


def test_scenario_23_takes_the_drug_back_and_offers_another():
    """One action in each: some EHRs carry out only the first of a suggestion."""
    offered = suggestions(card(diagnosis(AML), count(180), DEFICIENT, ORDER))
    (removal,) = offered[REMOVE]["actions"]
    (allopurinol,) = offered[REPLACE]["actions"]
    (review,) = offered[REVIEW]["actions"]
    assert (removal["type"], removal["resourceId"]) == ("delete", "MedicationRequest/rasburicase")
    drug = allopurinol["resource"]
    assert drug["medicationCodeableConcept"]["text"] == "allopurinol"
    assert (drug["status"], drug["intent"]) == ("draft", "proposal")
    assert "doseAndRate" not in drug["dosageInstruction"][0]
    assert "hydration" in review["resource"]["code"]["text"]


def test_allopurinol_is_not_drafted_twice():
    one = card(DEFICIENT, ORDER, order(ALLOPURINOL, selected=False))
    assert list(suggestions(one)) == [REMOVE, REVIEW]


def test_an_order_that_cannot_be_named_is_not_taken_back():
    nameless = order(RASBURICASE, identity="ra sbu")
    assert list(suggestions(card(DEFICIENT, nameless))) == [REPLACE, REVIEW]


def test_the_label_dose_is_computed_from_a_weight_of_the_last_90_days():
    assert "here 14 mg a day for 70 kg" in card(ORDER, *BODY)["detail"]
    old = result(concepts.BODY_WEIGHT, 70, hours_ago=90 * 24 + 1)
    assert "mg a day for" not in card(ORDER, old)["detail"]


def test_no_dose_stands_on_the_card_of_a_deficient_patient():
    text = card(DEFICIENT, ORDER, *BODY)["detail"]
    assert "mg/kg" not in text
    assert "70 kg" not in text


def test_it_says_what_transfusion_does_and_what_was_not_read():
    text = card(ORDER)["detail"]
    assert "within 3 months after a red-cell transfusion" in text
    assert "Transfusions and allergies are not read here" in text
    assert "Guideline summary: at high tumor lysis risk rasburicase is preferred" in text
    assert "keep urate samples on ice" in text


def test_overrides_can_say_why():
    assert overrides(card(ORDER)) == [
        "g6pd-normal-elsewhere",
        "life-threatening-tumor-lysis",
        "quiet-24-hours",
        "other",
    ]
