"""aml-fit: catalogue R05A and 0.9, scenarios 11, 13 and 27."""

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
    BODY_HEIGHT,
    BODY_WEIGHT,
    COMPLETE_REMISSION,
    CREATININE,
    DLCO,
    ECOG,
    EJECTION_FRACTION,
    FEV1,
    FLT3,
    HEART_FAILURE,
    KARNOFSKY,
    KARYOTYPE,
    NPM1,
    PML_RARA,
    PREGNANCY,
    REFRACTORY_DISEASE,
)
from hooks.rules.aml_fit import aml_fit as rule
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
BOTH = (LEUKEMIA, FIT)


def days(number):
    return {"hours_ago": number * 24}


READ_BY_ITSELF = (HEART_FAILURE, ANGINA, EJECTION_FRACTION, DLCO, FEV1, BILIRUBIN)

WARNS = {
    "new AML with ECOG 1 and nothing else measured": BOTH,
    "ECOG 0": (LEUKEMIA, result(ECOG, 0, **days(1))),
    "Karnofsky of exactly 80": (LEUKEMIA, result(KARNOFSKY, 80, **days(1))),
    "ECOG exactly 30 d old": (LEUKEMIA, result(ECOG, 1, **days(30))),
    "exactly 18 years old": (*BOTH, aged(18)),
    "74 years old": (*BOTH, aged(74)),
    "turning 75 this year, so that the age is left open": (*BOTH, person("1951")),
    "every organ measured and just good enough": (
        *BOTH,
        *BODY,
        result(EJECTION_FRACTION, 50.1, **days(30)),
        result(DLCO, 65.1, **days(30)),
        result(FEV1, 65.1, **days(30)),
        result(CREATININE, 0.9),
        result(BILIRUBIN, 1.8),
    ),
    "an ejection fraction of 40 % older than six months": (
        *BOTH,
        result(EJECTION_FRACTION, 40, **days(184)),
    ),
    "a creatinine known only to be below 0.9": (
        *BOTH,
        *BODY,
        result(CREATININE, 0.9, comparator="<"),
    ),
    "born in 1960, with a good creatinine": (
        *BOTH,
        *BODY,
        person("1960"),
        result(CREATININE, 0.9),
    ),
    "a creatinine, and nobody wrote down a height": (*BOTH, BODY[0], result(CREATININE, 0.9)),
    "a creatinine, and a sex that the formula does not know": (
        *BOTH,
        *BODY,
        person(gender="other"),
        result(CREATININE, 0.9),
    ),
    "ALS refuted": (*BOTH, diagnosis(ALS, "refuted")),
    "PML::RARA negative": (*BOTH, answered(PML_RARA, "negative")),
}

SILENT = {
    "no leukemia": (FIT,),
    "ECOG 2": (LEUKEMIA, result(ECOG, 2, **days(1))),
    "75 years old": (*BOTH, aged(75)),
    "17 years old": (*BOTH, aged(17)),
    "heart failure": (*BOTH, diagnosis(HEART_FAILURE)),
    "angina": (*BOTH, diagnosis(ANGINA)),
    "ejection fraction of exactly 50 %": (*BOTH, result(EJECTION_FRACTION, 50, **days(30))),
    "DLCO of exactly 65 %": (*BOTH, result(DLCO, 65, **days(30))),
    "FEV1 of exactly 65 %": (*BOTH, result(FEV1, 65, **days(30))),
    "a creatinine that makes the clearance 44": (*BOTH, *BODY, result(CREATININE, 1.63)),
    "bilirubin above 1.5 times the upper limit": (*BOTH, result(BILIRUBIN, 1.9)),
    "ALS": (*BOTH, diagnosis(ALS)),
    "ALS only suspected": (*BOTH, diagnosis(ALS, "provisional")),
    "AML relapsed": (relapsed(AML), FIT),
    "AML in remission": (in_remission(AML), FIT),
    "AML active but in complete remission by the latest response": (
        *BOTH,
        answered(COMPLETE_REMISSION, "complete remission"),
    ),
    "AML refractory by the latest response": (*BOTH, answered(REFRACTORY_DISEASE, "refractory")),
    "APL": (*BOTH, diagnosis(APL)),
    "PML::RARA positive": (*BOTH, answered(PML_RARA, "positive")),
    "morphology of APL": (*BOTH, answered(APL_MORPHOLOGY, "present")),
}

ASKS = {
    "no performance status": (LEUKEMIA,),
    "a performance status a minute older than 30 d": (
        LEUKEMIA,
        result(ECOG, 1, **days(30 + 1 / 1440)),
    ),
    "Karnofsky 70, which may be ECOG 1 or 2": (LEUKEMIA, result(KARNOFSKY, 70, **days(1))),
    "a performance status more than 14 d before the diagnosis": (
        diagnosis(AML, recorded="2026-11-21"),
        result(ECOG, 1, **days(16)),
    ),
    "AML only suspected": (diagnosis(AML, "provisional"), FIT),
    "birth date not recorded": (*BOTH, person(None)),
    "active after an earlier remission, not called a relapse": (
        *BOTH,
        in_remission(AML, recorded="2026-01-01"),
    ),
    "a relapse suspected beside the active entry": (
        *BOTH,
        diagnosis(AML, "provisional", codes=AML.relapse),
    ),
    "ALS resolved, which cannot be": (*BOTH, diagnosis(ALS, clinical="resolved")),
    "a response in words that are not read": (*BOTH, answered(REFRACTORY_DISEASE, "see report")),
    "ECOG 1 and a newer one that cannot be read": (*BOTH, in_words(result(ECOG, 1), "see note")),
    "ECOG 1 and a newer Karnofsky that cannot be read": (
        *BOTH,
        in_words(result(KARNOFSKY, 50), "see note"),
    ),
    "Karnofsky 90 and an ECOG without a time": (
        LEUKEMIA,
        result(KARNOFSKY, 90, **days(1)),
        {k: v for k, v in result(ECOG, 3).items() if k != "effectiveDateTime"},
    ),
    "an ejection fraction of 40 % and a newer one that cannot be read": (
        *BOTH,
        result(EJECTION_FRACTION, 40, **days(30)),
        in_words(result(EJECTION_FRACTION, 40), "see note"),
    ),
    "performance status that could not be read": (LEUKEMIA, not_read(ECOG, KARNOFSKY)),
    "heart failure only suspected": (*BOTH, diagnosis(HEART_FAILURE, "provisional")),
    "an ejection fraction in words": (*BOTH, in_words(result(EJECTION_FRACTION, 60), "reduced")),
    "an ejection fraction of 60 % and a newer one that cannot be read": (
        *BOTH,
        result(EJECTION_FRACTION, 60, **days(30)),
        in_words(result(EJECTION_FRACTION, 60), "see note"),
    ),
    **{f"{each.title}: could not be read": (*BOTH, not_read(each)) for each in READ_BY_ITSELF},
    "a creatinine, and weight and height that could not be read": (
        *BOTH,
        result(CREATININE, 4),
        not_read(BODY_WEIGHT, BODY_HEIGHT),
    ),
    "weight and height, and a creatinine that could not be read": (
        *BOTH,
        *BODY,
        not_read(CREATININE),
    ),
    "a creatinine known only to be above 0.5": (
        *BOTH,
        *BODY,
        result(CREATININE, 0.5, comparator=">"),
    ),
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


# -- the card -------------------------------------------------------------------------------------


def card(*records):
    return cards(PATIENT_VIEW, *records, count(12))[rule.id]


def test_a_pregnancy_is_named_and_not_passed_over():
    shown = card(*BOTH, aged(29, "female"), diagnosis(PREGNANCY))
    assert shown["summary"].startswith("AML with pregnancy recorded or suspected")
    assert len(shown["summary"]) < 140
    assert any(line.startswith("Pregnancy: active") for line in part(shown, "This patient"))
    assert part(shown, "Consider")[0].startswith("Pregnancy is recorded or suspected")
    other = card(*BOTH, aged(29, "female"))
    assert other["summary"].startswith("AML, no recorded barrier")
    assert any(
        line.startswith("Pregnancy: no result") for line in part(other, "Missing or uncertain")
    )


def test_scenario_27_is_one_info_card():
    shown = cards(PATIENT_VIEW, aged(48), LEUKEMIA, result(ECOG, 0, **days(1)), count(12))
    assert list(shown) == [rule.id]
    assert shown[rule.id]["indicator"] == "info"
    assert shown[rule.id]["summary"].startswith("AML, no recorded barrier to intensive therapy")
    assert any("status 0" in line for line in part(shown[rule.id], "This patient"))


def test_scenario_11_names_the_old_count_at_the_foot_and_no_emergency():
    shown = cards(PATIENT_VIEW, *BOTH, count(240, **days(21)))
    assert list(shown) == [rule.id]
    assert any("21 d ago" in line for line in part(shown[rule.id], "Missing or uncertain"))


def test_scenario_13_stands_beside_the_emergency_without_a_line_on_als():
    shown = cards(PATIENT_VIEW, diagnosis(ALS, "refuted"), *BOTH, count(120))
    assert list(shown) == ["hyperleukocytosis-emergency", rule.id]
    assert not any("ALS" in line for line in part(shown[rule.id], "Consider"))


def test_what_was_not_measured_is_named_as_not_checked():
    text = card(*BOTH)["detail"]
    assert (
        "Checked: performance status, age, heart failure (problem list), angina (problem list). "
        "Not checked: ejection fraction, DLCO, FEV1, creatinine clearance, bilirubin."
    ) in text
    everything = WARNS["every organ measured and just good enough"]
    assert "Not checked" not in card(*everything)["detail"]


@pytest.mark.parametrize("unread", READ_BY_ITSELF, ids=lambda each: each.id)
def test_what_could_not_be_read_is_named_and_no_barrier_is_denied(unread):
    shown = cards(PATIENT_VIEW, *BOTH, count(12), not_read(unread))
    assert list(shown) == ["data-gaps"]
    missing = part(shown["data-gaps"], "Missing or uncertain")
    assert f"{unread.title}: could not be checked" in missing


@pytest.mark.parametrize("key", ["chemistry", "body"])
def test_kidneys_that_could_not_be_looked_at_are_no_all_clear(key):
    known = {"chemistry": BODY, "body": (result(CREATININE, 4), result(BILIRUBIN, 1))}[key]
    assert list(cards(PATIENT_VIEW, *BOTH, *known, count(12), failing=(key,))) == ["data-gaps"]


def test_an_age_left_open_is_named_as_not_checked():
    assert "Not checked: age" in card(*BOTH, person("1951"))["detail"]


def test_it_attributes_the_summary_and_adds_what_the_evidence_says():
    text = card(*BOTH)["detail"]
    for said in (
        "Guideline summary: 7+3 is the mainstay",
        "cytarabine 100-200 mg/m2/day by continuous infusion for 7 days",
        "days 28-35. Evidence: these days were not found",
        "an intermediate dose gave equal relapse-free survival",
        "but age stayed an independent factor",
    ):
        assert said in text
    assert "venetoclax" not in text


def test_apl_is_said_to_be_not_excluded_until_genetics_answer():
    assert "APL not yet excluded" in card(*BOTH)["detail"]
    assert "APL not yet excluded" not in card(*BOTH, answered(PML_RARA, "negative"))["detail"]


@pytest.mark.parametrize("test", [FLT3, NPM1, KARYOTYPE], ids=lambda test: test.id)
def test_a_panel_is_offered_only_while_no_genetics_are_on_record(test):
    assert list(suggestions(card(*BOTH))) == ["Draft cytogenetics and mutation panel"]
    assert suggestions(card(*BOTH, answered(test, "negative"))) == {}
    assert suggestions(card(*BOTH, not_read(test))) == {}


def test_the_newer_of_the_two_scales_counts():
    better = (result(ECOG, 3, **days(20)), result(KARNOFSKY, 90, **days(1)))
    worse = (result(ECOG, 1, **days(20)), result(KARNOFSKY, 50, **days(1)))
    assert rule.applies(chart(LEUKEMIA, *better)).truth is TRUE
    assert rule.applies(chart(LEUKEMIA, *worse)).truth is FALSE


def test_a_disagreement_of_the_two_scales_is_shown():
    shown = card(LEUKEMIA, result(ECOG, 3, **days(20)), result(KARNOFSKY, 90, **days(1)))
    assert any("disagree: Karnofsky" in line for line in part(shown, "This patient"))


def test_unknown_fitness_shows_the_gap_and_neither_card():
    shown = cards(PATIENT_VIEW, LEUKEMIA, count(30), result(KARNOFSKY, 70, **days(1)))
    assert list(shown) == ["data-gaps"]
    missing = part(shown["data-gaps"], "Missing or uncertain")
    assert any("Karnofsky performance status 70" in line for line in missing)


def test_an_early_performance_status_is_shown_and_does_not_decide():
    early = ASKS["a performance status more than 14 d before the diagnosis"]
    shown = cards(PATIENT_VIEW, *early, count(30))
    assert list(shown) == ["data-gaps"]
    assert "recorded more than 14 d before the diagnosis of AML" in shown["data-gaps"]["detail"]


@pytest.mark.parametrize(("number", "truth"), [(14.5, TRUE), (14.5 + 1 / 1440, UNKNOWN)])
def test_a_status_of_up_to_14_d_before_the_diagnosis_decides(number, truth):
    """The diagnosis of today began at midnight, half a day ago."""
    found = chart(diagnosis(AML, recorded="2026-11-21"), result(ECOG, 1, **days(number)))
    assert rule.applies(found).truth is truth


def test_a_child_and_a_remission_get_no_card():
    assert cards(PATIENT_VIEW, aged(9), LEUKEMIA, count(30)) == {}
    assert cards(PATIENT_VIEW, in_remission(AML), count(6)) == {}


def test_overrides_can_say_why():
    assert overrides(card(*BOTH)) == ["not-new-disease", "protocol-directed", "other"]
