"""allopurinol-high-tls-risk: catalogue R21."""

from dataclasses import replace

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from cds_service.service import Group
from hooks import ORDER_SELECT
from hooks.concepts import (
    ALL,
    ALLOPURINOL,
    AML,
    CALCIUM,
    G6PD_ACTIVITY,
    G6PD_DEFICIENCY,
    G6PD_SCREEN,
    LEUKOCYTES,
    OTHER_LEUKEMIA,
    PHOSPHATE,
    POTASSIUM,
    RASBURICASE,
    RILUZOLE,
    RUNNING_DRUGS,
    TUMOR_LYSIS_SYNDROME,
    URATE,
)
from hooks.rules.allopurinol_high_tls_risk import allopurinol_high_tls_risk as rule
from tests.patients import (
    BODY,
    aged,
    answered,
    cards,
    chart,
    count,
    diagnosis,
    in_remission,
    never_decisive,
    not_read,
    order,
    overrides,
    part,
    prescription,
    result,
    suggestions,
)

ALONE = replace(ORDER_SELECT, groups=(Group(rule.id, (rule,)),))
LEUKEMIA = diagnosis(AML)
ORDER = order(ALLOPURINOL)
NORMAL = answered(G6PD_ACTIVITY, "normal")


def panel(
    potassium: float = 4.2,
    phosphate: float = 3.5,
    urate: float = 6.0,
    calcium: float = 9.0,
    hours_ago: float = 3,
):
    """No criterion of tumor lysis is met unless said otherwise."""
    return (
        result(POTASSIUM, potassium, hours_ago=hours_ago),
        result(PHOSPHATE, phosphate, hours_ago=hours_ago),
        result(URATE, urate, hours_ago=hours_ago),
        result(CALCIUM, calcium, hours_ago=hours_ago),
    )


LOW_RISK = (LEUKEMIA, count(12), *panel())
HIGH_RISK = (LEUKEMIA, count(180))

WARNS = {
    "a count of exactly 100": (LEUKEMIA, count(100), *panel(), ORDER),
    "a count of exactly 24 h ago": (LEUKEMIA, count(180, hours_ago=24), ORDER),
    "ALL with a count of 310 in a child": (aged(9), diagnosis(ALL), count(310), ORDER),
    "two laboratory criteria, urate and phosphate": (
        LEUKEMIA,
        count(12),
        *panel(urate=9.1, phosphate=4.9),
        ORDER,
    ),
    "two laboratory criteria, nothing else measured": (
        LEUKEMIA,
        result(POTASSIUM, 6.1),
        result(URATE, 9.1),
        ORDER,
    ),
    "tumor lysis syndrome on the problem list": (
        *LOW_RISK,
        diagnosis(TUMOR_LYSIS_SYNDROME),
        ORDER,
    ),
    "leukemia only suspected": (diagnosis(AML, "provisional"), count(180), ORDER),
    "G6PD normal": (*HIGH_RISK, NORMAL, ORDER),
    "G6PD that could not be read": (*HIGH_RISK, not_read(G6PD_SCREEN, G6PD_ACTIVITY), ORDER),
    "rasburicase given and stopped": (*HIGH_RISK, prescription(RASBURICASE, "stopped"), ORDER),
    "allopurinol by name alone": (*HIGH_RISK, order("Zyloprim 300 mg")),
}

SILENT = {
    "a count of 99.9 and no criterion": (LEUKEMIA, count(99.9), *panel(), ORDER),
    "one laboratory criterion": (LEUKEMIA, count(12), *panel(urate=9.1), ORDER),
    "no allopurinol ordered": (*HIGH_RISK, order(RILUZOLE)),
    "allopurinol drafted but not selected": (*HIGH_RISK, order(ALLOPURINOL, selected=False)),
    "gout without leukemia": (*panel(urate=11, phosphate=5), ORDER),
    "CLL": (diagnosis(OTHER_LEUKEMIA), count(300), *panel(), ORDER),
    "AML in remission": (in_remission(AML), count(180), ORDER),
    "rasburicase running": (*HIGH_RISK, prescription(RASBURICASE), ORDER),
    "rasburicase drafted with it": (*HIGH_RISK, order(RASBURICASE, selected=False), ORDER),
    "G6PD deficient": (*HIGH_RISK, diagnosis(G6PD_DEFICIENCY), ORDER),
    "G6PD deficient by an old assay": (
        *HIGH_RISK,
        answered(G6PD_ACTIVITY, "deficient", hours_ago=9000),
        NORMAL,
        ORDER,
    ),
}

ASKS = {
    "a count a minute older than 24 h": (
        LEUKEMIA,
        count(180, hours_ago=24 + 1 / 60),
        *panel(),
        ORDER,
    ),
    "a low count, tumor lysis values 13 h old": (
        LEUKEMIA,
        count(12),
        *panel(urate=9.1, phosphate=4.9, hours_ago=13),
        ORDER,
    ),
    "one criterion and one value missing": (
        LEUKEMIA,
        count(12),
        result(URATE, 9.1),
        result(PHOSPHATE, 3.5),
        result(CALCIUM, 9),
        ORDER,
    ),
    "a child's urate, whose limit depends on age, and one criterion": (
        aged(9),
        diagnosis(ALL),
        count(12),
        *panel(urate=12, phosphate=7),
        ORDER,
    ),
    "prescriptions that could not be read": (*HIGH_RISK, not_read(*RUNNING_DRUGS), ORDER),
    "a count that could not be read": (LEUKEMIA, *panel(), not_read(LEUKOCYTES), ORDER),
}


@pytest.mark.parametrize("records", WARNS.values(), ids=WARNS)
def test_warns(records):
    assert rule.applies(chart(*records)).truth is TRUE


@pytest.mark.parametrize("records", SILENT.values(), ids=SILENT)
def test_silent(records):
    assert rule.applies(chart(*records)).truth is FALSE


@pytest.mark.parametrize("records", ASKS.values(), ids=ASKS)
def test_asks(records):
    finding = rule.applies(chart(*records))
    assert finding.truth is UNKNOWN
    assert any(fact.missing for fact in finding.deciding())


def test_every_condition_matters():
    """Dropping any one condition from the rule would turn a silent case into a warning."""
    assert never_decisive(rule, SILENT.values()) == set()


# -- the card --------------------------------------------------------------------------------------

ASSAY = "Draft G6PD activity, STAT"
DOSE = "Draft rasburicase 14 mg once (0.2 mg/kg, G6PD normal)"


def card(*records):
    return cards(ALONE, *records)[rule.id]


def test_it_is_a_note_with_the_count_that_decides():
    one = card(*HIGH_RISK, ORDER)
    assert one["indicator"] == "info"
    assert one["summary"] == (
        "High tumor-lysis risk: rasburicase lowers urate faster than allopurinol if G6PD is not "
        "deficient."
    )
    assert any(line.startswith("Leukocytes 180 ×10⁹/L") for line in part(one, "This patient"))


def test_the_values_that_meet_a_criterion_are_shown():
    one = card(LEUKEMIA, count(12), *panel(urate=9.1, phosphate=4.9), ORDER)
    basis = " ".join(part(one, "This patient"))
    assert "Phosphate 4.9 mg/dL" in basis
    assert "Urate 9.1 mg/dL" in basis


@pytest.mark.parametrize(
    ("records", "labels"),
    [
        (BODY, [ASSAY]),
        ((NORMAL, *BODY), [DOSE]),
        ((NORMAL,), []),
        ((NORMAL, *BODY, not_read(*RUNNING_DRUGS)), None),
        ((NORMAL, *BODY, prescription(RASBURICASE, "stopped")), []),
        ((answered(G6PD_ACTIVITY, "see report"), *BODY), [ASSAY]),
        ((NORMAL, *BODY, diagnosis(G6PD_DEFICIENCY, "provisional")), None),
    ],
    ids=[
        "G6PD unknown",
        "G6PD normal, weight known",
        "no weight",
        "prescriptions not read",
        "a course was given before",
        "G6PD not read",
        "deficiency suspected",
    ],
)
def test_rasburicase_is_proposed_only_when_every_gate_is_passed(records, labels):
    shown = cards(ALONE, *HIGH_RISK, *records, ORDER)
    assert (list(suggestions(shown[rule.id])) if rule.id in shown else None) == labels


def test_rasburicase_is_not_proposed_while_leukemia_is_only_suspected():
    suspected = (diagnosis(AML, "provisional"), count(180), NORMAL, *BODY)
    assert list(suggestions(card(*suspected, ORDER))) == []


def test_the_proposal_is_the_label_dose_as_a_draft():
    (action,) = suggestions(card(*HIGH_RISK, NORMAL, *BODY, ORDER))[DOSE]["actions"]
    drug = action["resource"]
    dose = drug["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]
    assert (dose["value"], dose["unit"]) == (14, "mg")
    assert (drug["status"], drug["intent"]) == ("draft", "proposal")
    assert drug["medicationCodeableConcept"]["coding"][0]["display"] == "rasburicase"


def test_it_attributes_the_summary_and_adds_what_it_leaves_out():
    text = card(*HIGH_RISK, ORDER)["detail"]
    assert "Guideline summary: at high tumor lysis risk rasburicase is preferred" in text
    assert "leaves out the G6PD warning" in text
    assert "G6PD is not known" in text
    assert (
        "within 3 months after a red-cell transfusion" in card(*HIGH_RISK, NORMAL, ORDER)["detail"]
    )


def test_riluzole_asks_for_liver_tests():
    note = "Riluzole is running"
    assert note in card(*HIGH_RISK, prescription(RILUZOLE), ORDER)["detail"]
    assert note not in card(*HIGH_RISK, ORDER)["detail"]


def test_overrides_can_say_why():
    assert overrides(card(*HIGH_RISK, ORDER)) == [
        "g6pd-deficient-or-unknown",
        "supply-or-cost",
        "tumor-lysis-risk-falling",
        "other",
    ]
