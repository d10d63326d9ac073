"""aml-unfit: catalogue R05B, 5.5 and 0.9, scenarios 13 and 28."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import PATIENT_VIEW
from hooks.concepts import (
    ALS,
    AML,
    ANGINA,
    APL,
    APL_MORPHOLOGY,
    BILIRUBIN,
    COMPLETE_REMISSION,
    CREATININE,
    DLCO,
    ECOG,
    EJECTION_FRACTION,
    FEV1,
    HEART_FAILURE,
    KARNOFSKY,
    NPM1,
    PML_RARA,
    REFRACTORY_DISEASE,
)
from hooks.rules.aml_unfit import aml_unfit as rule
from tests.patients import (
    BODY,
    aged,
    answered,
    cards,
    chart,
    count,
    diagnosis,
    in_remission,
    in_words,
    never_decisive,
    not_read,
    overrides,
    part,
    person,
    relapsed,
    result,
    suggestions,
)

LEUKEMIA = diagnosis(AML)
FIT = result(ECOG, 1, hours_ago=24)
FRAIL = result(ECOG, 2, hours_ago=24)
ORGAN = 24 * 182
"""Hours: within six months."""

WARNS = {
    "exactly 75 years old": (LEUKEMIA, FIT, aged(75)),
    "75 years old without performance status": (LEUKEMIA, aged(75)),
    "ECOG 2": (LEUKEMIA, FRAIL),
    "ECOG 4": (LEUKEMIA, result(ECOG, 4, hours_ago=24)),
    "Karnofsky of exactly 60": (LEUKEMIA, result(KARNOFSKY, 60, hours_ago=24)),
    "heart failure on record and ECOG 1": (LEUKEMIA, FIT, diagnosis(HEART_FAILURE)),
    "heart failure without performance status": (LEUKEMIA, diagnosis(HEART_FAILURE)),
    "ejection fraction of exactly 50 %": (
        LEUKEMIA,
        FIT,
        result(EJECTION_FRACTION, 50, hours_ago=ORGAN),
    ),
    "angina": (LEUKEMIA, FIT, diagnosis(ANGINA)),
    "turning 75 this year, and a clearance below 45 at either age": (
        LEUKEMIA,
        FIT,
        person("1951"),
        *BODY,
        result(CREATININE, 1.58),
    ),
    "DLCO of exactly 65 %": (LEUKEMIA, FIT, result(DLCO, 65, hours_ago=ORGAN)),
    "FEV1 of exactly 65 %": (LEUKEMIA, FIT, result(FEV1, 65, hours_ago=ORGAN)),
    # 62 y, dosing weight 65.9 kg: (140 - 62) x 65.9 / (72 x 1.6) is 44.6.
    "creatinine clearance of 44.6": (LEUKEMIA, FIT, *BODY, result(CREATININE, 1.6)),
    "bilirubin of 1.81 mg/dL": (LEUKEMIA, FIT, result(BILIRUBIN, 1.81, hours_ago=7 * 24)),
    "a young adult": (LEUKEMIA, FRAIL, aged(18)),
}

MEASURED = (
    *BODY,
    result(EJECTION_FRACTION, 50.1, hours_ago=ORGAN),
    result(DLCO, 65.1, hours_ago=ORGAN),
    result(FEV1, 65.1, hours_ago=ORGAN),
    # 45.1 mL/min.
    result(CREATININE, 1.58),
    result(BILIRUBIN, 1.8),
)
"""Every organ just good enough."""

SILENT = {
    "no leukemia": (FRAIL,),
    "everything just good enough": (LEUKEMIA, FIT, *MEASURED),
    "74 years old and a better creatinine": (
        LEUKEMIA,
        FIT,
        aged(74),
        *MEASURED,
        result(CREATININE, 0.9, hours_ago=1),
    ),
    "Karnofsky of exactly 80": (LEUKEMIA, *MEASURED, result(KARNOFSKY, 80, hours_ago=24)),
    "heart failure refuted": (LEUKEMIA, FIT, *MEASURED, diagnosis(HEART_FAILURE, "refuted")),
    "17 years old": (LEUKEMIA, FRAIL, aged(17)),
    "ALS": (LEUKEMIA, FRAIL, diagnosis(ALS)),
    "ALS only suspected": (LEUKEMIA, FRAIL, diagnosis(ALS, "provisional")),
    "AML relapsed": (relapsed(AML), FRAIL),
    "AML in remission": (in_remission(AML), FRAIL),
    "in complete remission by the latest response": (
        LEUKEMIA,
        FRAIL,
        answered(COMPLETE_REMISSION, "complete remission"),
    ),
    "refractory by the latest response": (
        LEUKEMIA,
        FRAIL,
        answered(REFRACTORY_DISEASE, "refractory"),
    ),
    "APL": (LEUKEMIA, FRAIL, diagnosis(APL)),
    "PML::RARA positive": (LEUKEMIA, FRAIL, answered(PML_RARA, "positive")),
    "morphology of APL": (LEUKEMIA, FRAIL, answered(APL_MORPHOLOGY, "present")),
}

ASKS = {
    "ECOG 1 and nothing else measured": (LEUKEMIA, FIT),
    "turning 75 this year": (
        LEUKEMIA,
        FIT,
        person("1951"),
        *MEASURED,
        result(CREATININE, 0.9, hours_ago=1),
    ),
    "an ejection fraction that could not be read": (LEUKEMIA, FIT, not_read(EJECTION_FRACTION)),
    "an ejection fraction of 40 % older than six months": (
        LEUKEMIA,
        FIT,
        result(EJECTION_FRACTION, 40, hours_ago=184 * 24),
    ),
    "bilirubin of 3 older than a week": (
        LEUKEMIA,
        FIT,
        result(BILIRUBIN, 3, hours_ago=7 * 24 + 1),
    ),
    "ECOG 2 and a newer one that cannot be read": (
        LEUKEMIA,
        FRAIL,
        in_words(result(ECOG, 2), "see note"),
    ),
    "ECOG 2 and a newer Karnofsky that cannot be read": (
        LEUKEMIA,
        FRAIL,
        in_words(result(KARNOFSKY, 90), "see note"),
    ),
    "no performance status and no criterion": (LEUKEMIA,),
    "Karnofsky of exactly 70": (LEUKEMIA, result(KARNOFSKY, 70, hours_ago=24)),
    "ECOG 2 a minute older than 30 d": (LEUKEMIA, result(ECOG, 2, hours_ago=30 * 24 + 1 / 60)),
    "ECOG 2 of more than 14 d before the diagnosis": (
        diagnosis(AML, recorded="2026-11-21"),
        result(ECOG, 2, hours_ago=16 * 24),
    ),
    "AML only suspected at 79": (diagnosis(AML, "provisional"), aged(79)),
    "birth date not recorded": (LEUKEMIA, FRAIL, person(None)),
    "active after an earlier remission": (
        LEUKEMIA,
        FRAIL,
        in_remission(AML, recorded="2026-01-01"),
    ),
    "an entry of the same day says remission": (LEUKEMIA, FRAIL, in_remission(AML)),
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


UNMEASURED = ["ECOG 1 and nothing else measured", "turning 75 this year"]


@pytest.mark.parametrize("case", UNMEASURED)
def test_what_nobody_measured_stands_not_against_fit_and_is_no_gap(case):
    shown = cards(PATIENT_VIEW, *ASKS[case], count(30))
    assert list(shown) == ["aml-fit"]
    missing = " ".join(part(shown["aml-fit"], "Missing or uncertain"))
    assert "jection fraction" not in missing


@pytest.mark.parametrize("case", [case for case in ASKS if case not in UNMEASURED[:2]])
def test_no_question_that_stays_open_is_silent(case):
    assert cards(PATIENT_VIEW, *ASKS[case], count(30)) != {}


def test_every_condition_matters():
    """Dropping any one condition from the rule would turn a silent case into a warning."""
    assert never_decisive(rule, SILENT.values()) == set()


# -- the card -------------------------------------------------------------------------------------


def card(*records):
    return cards(PATIENT_VIEW, *records, count(30))[rule.id]


def considered(*records):
    return " ".join(part(card(*records), "Consider"))


def test_scenario_28_is_one_info_card_that_names_age_and_performance_status():
    shown = cards(PATIENT_VIEW, aged(79), LEUKEMIA, FRAIL, count(30))
    assert list(shown) == [rule.id]
    one = shown[rule.id]
    assert one["indicator"] == "info"
    assert one["summary"] == (
        "AML not suited to intensive therapy: current guidance favors azacitidine or decitabine + "
        "venetoclax; single agents if that is not suitable."
    )
    assert (
        "Counts as unfit for intensive therapy here: ECOG 2-4 or Karnofsky 60 or less, age 75 or "
        "more. Any one is enough."
    ) in one["detail"]
    basis = " ".join(part(one, "This patient"))
    assert "Age 79 y" in basis
    assert "ECOG performance status 2" in basis


def test_scenario_13_has_no_line_on_als():
    shown = cards(PATIENT_VIEW, diagnosis(ALS, "refuted"), LEUKEMIA, FRAIL, count(120))
    assert list(shown) == ["hyperleukocytosis-emergency", rule.id]
    assert "ALS" not in considered(LEUKEMIA, FRAIL)


NAMED = {
    "heart failure on record and ECOG 1": "heart failure.",
    "ejection fraction of exactly 50 %": "ejection fraction of 50% or less.",
    "angina": "angina.",
    "DLCO of exactly 65 %": "DLCO of 65% or less.",
    "FEV1 of exactly 65 %": "FEV1 of 65% or less.",
    "creatinine clearance of 44.6": "creatinine clearance below 45.",
    "bilirubin of 1.81 mg/dL": "bilirubin above 1.5 times the upper limit.",
}


@pytest.mark.parametrize(("case", "name"), NAMED.items())
def test_the_criterion_alone_is_named(case, name):
    assert f"intensive therapy here: {name} Any one" in considered(*WARNS[case])


def test_the_computed_clearance_is_shown_with_what_it_rests_on():
    basis = part(card(*WARNS["creatinine clearance of 44.6"]), "This patient")
    assert "Creatinine clearance 44.6 mL/min (Cockcroft-Gault)" in basis
    for value in ("Creatinine 1.6 mg/dL", "Body weight 70 kg", "Body height 170 cm"):
        assert any(line.startswith(value) for line in basis)


OUTSIDE = {
    "ECOG 4": (result(ECOG, 4), "ECOG 4"),
    "bilirubin above 3.6": (result(BILIRUBIN, 3.7), "bilirubin above 3 times"),
    "clearance of 29.8": (result(CREATININE, 2.4), "creatinine clearance below 30"),
}


@pytest.mark.parametrize(("found", "name"), OUTSIDE.values(), ids=OUTSIDE)
def test_values_outside_the_trials_are_said_to_be(found, name):
    assert f"Outside the range of the trials ({name}" in considered(LEUKEMIA, *BODY, FRAIL, found)


@pytest.mark.parametrize(
    "found",
    [result(ECOG, 3), result(BILIRUBIN, 3.6), result(CREATININE, 2.3)],
    ids=["ECOG 3", "bilirubin 3.6", "clearance of 31"],
)
def test_values_inside_the_trials_are_not(found):
    assert "Outside the range" not in considered(LEUKEMIA, *BODY, FRAIL, found)


def test_it_attributes_the_summary_and_says_what_superseded_it():
    text = considered(LEUKEMIA, FRAIL)
    for said in (
        "Guideline summary: a hypomethylating agent first. Evidence: superseded",
        "ivosidenib with an IDH1 mutation",
        "For clinicians: azacitidine with venetoclax gave 14.7 months",
        "ELN 2022 lists 20 mg/m2 for 5 days",
        "those who cannot tolerate or do not want antileukemic therapy",
    ):
        assert said in text
    assert "7+3" not in text


def test_a_panel_and_palliative_care_are_offered():
    palliative = "Draft palliative care referral"
    assert list(suggestions(card(LEUKEMIA, FRAIL))) == [
        "Draft cytogenetics and mutation panel",
        palliative,
    ]
    tested = card(LEUKEMIA, FRAIL, answered(NPM1, "positive"))
    assert list(suggestions(tested)) == [palliative]
    assert any(line.startswith("NPM1 mutation: result of") for line in part(tested, "This patient"))


def test_overrides_can_say_why():
    assert overrides(card(LEUKEMIA, FRAIL)) == ["fit-on-review", "protocol-directed", "other"]
