"""als-acute-leukemia-goals: catalogue R04, scenarios 1, 14-16, 20 and 25."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import PATIENT_VIEW, concepts
from hooks.concepts import (
    ALL,
    ALS,
    AML,
    APL,
    DYSPHAGIA,
    ECOG,
    FVC,
    KARNOFSKY,
    MIXED_PHENOTYPE_ACUTE_LEUKEMIA,
    OTHER_LEUKEMIA,
    UNSPECIFIED_ACUTE_LEUKEMIA,
    VALUE_SETS,
    VENTILATOR_DEPENDENCE,
)
from hooks.rules.als_acute_leukemia_goals import als_acute_leukemia_goals as rule
from tests.patients import (
    ICD_10,
    ICD_10_CM,
    SCENARIO_1,
    SNOMED,
    aged,
    cards,
    chart,
    count,
    diagnosis,
    in_remission,
    never_decisive,
    not_read,
    overrides,
    part,
    person,
    relapsed,
    result,
    suggestions,
)

DISEASE = diagnosis(ALS)
LEUKEMIA = diagnosis(AML)
MOTOR_NEURON_DISEASE = VALUE_SETS["motor-neuron-disease"]

WARNS = {
    "ALS and active AML": (DISEASE, LEUKEMIA),
    "ALS and ALL": (DISEASE, diagnosis(ALL)),
    "ALS and APL": (DISEASE, diagnosis(APL)),
    "ALS and mixed phenotype leukemia": (DISEASE, diagnosis(MIXED_PHENOTYPE_ACUTE_LEUKEMIA)),
    "ALS and acute leukemia without lineage": (DISEASE, diagnosis(UNSPECIFIED_ACUTE_LEUKEMIA)),
    "ALS and relapsed AML": (DISEASE, relapsed(AML)),
    "ALS coded in ICD-10-CM": (diagnosis(ALS, system=ICD_10_CM), LEUKEMIA),
    "ALS coded in SNOMED CT": (diagnosis(ALS, system=SNOMED, code="86044005"), LEUKEMIA),
    "motor neuron disease coded in WHO ICD-10, ALS not specified": (
        diagnosis(ALS, codes=MOTOR_NEURON_DISEASE, system=ICD_10),
        LEUKEMIA,
    ),
    "AML coded in WHO ICD-10": (DISEASE, diagnosis(AML, codes=AML.category, system=ICD_10)),
    "ALS without clinical or verification status": (diagnosis(ALS, None, None), LEUKEMIA),
    "ALS only suspected (provisional)": (diagnosis(ALS, "provisional"), LEUKEMIA),
    "ALS only suspected (differential)": (diagnosis(ALS, "differential"), LEUKEMIA),
    "ALS only suspected (unconfirmed)": (diagnosis(ALS, "unconfirmed"), LEUKEMIA),
    "ALS confirmed beside an older unconfirmed entry": (
        diagnosis(ALS, "unconfirmed", recorded="2024-01-01"),
        DISEASE,
        LEUKEMIA,
    ),
    "18 years old today": (DISEASE, LEUKEMIA, person("2008-11-21")),
    "born in a year that makes every age an adult's": (DISEASE, LEUKEMIA, person("1964")),
    "born in a month that makes every age an adult's": (DISEASE, LEUKEMIA, person("2008-10")),
    "very old": (DISEASE, LEUKEMIA, aged(96)),
    "AML active beside ALL in remission": (DISEASE, LEUKEMIA, in_remission(ALL)),
    "turning 18 some day this year": (DISEASE, LEUKEMIA, person("2008")),
    "turning 18 some day this month": (DISEASE, LEUKEMIA, person("2008-11")),
    "no birth date": (DISEASE, LEUKEMIA, person(None)),
    "a birth date in the future": (DISEASE, LEUKEMIA, person("2027-01-01")),
}

SILENT = {
    "ALS without leukemia": (DISEASE, count(9)),
    "AML without ALS": (LEUKEMIA, count(182)),
    "ALS refuted": (diagnosis(ALS, "refuted"), LEUKEMIA),
    "ALS entered in error": (diagnosis(ALS, "entered-in-error"), LEUKEMIA),
    "ALS in the family only": (
        {**diagnosis(ALS), "resourceType": "FamilyMemberHistory"},
        LEUKEMIA,
    ),
    "AML refuted": (DISEASE, diagnosis(AML, "refuted")),
    "AML entered in error": (DISEASE, diagnosis(AML, "entered-in-error")),
    "AML in remission by its code": (DISEASE, in_remission(AML), count(6)),
    "AML in remission by its status": (DISEASE, diagnosis(AML, clinical="remission")),
    "AML resolved": (DISEASE, diagnosis(AML, clinical="resolved")),
    "CLL": (DISEASE, diagnosis(OTHER_LEUKEMIA, code="C91.10", system=ICD_10_CM), count(210)),
    "a personal history of leukemia": (
        DISEASE,
        diagnosis(AML, codes=VALUE_SETS["personal-history-of-leukemia"]),
    ),
    "18 years old tomorrow": (DISEASE, LEUKEMIA, person("2008-11-22")),
    "a child": (DISEASE, LEUKEMIA, aged(9)),
    "born in a year that makes every age a child's": (DISEASE, LEUKEMIA, person("2012")),
}

ASKS = {
    "AML only suspected": (DISEASE, diagnosis(AML, "provisional")),
    "ALS resolved, which cannot be": (diagnosis(ALS, clinical="resolved"), LEUKEMIA),
    "ALS inactive, which cannot be": (diagnosis(ALS, clinical="inactive"), LEUKEMIA),
    "ALS in remission, which cannot be": (diagnosis(ALS, clinical="remission"), LEUKEMIA),
    "AML active and in remission, neither entry dated": (
        DISEASE,
        diagnosis(AML, recorded=None),
        in_remission(AML, recorded=None),
    ),
    "a problem list that could not be read": (not_read(*concepts.CONDITIONS),),
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
    return cards(PATIENT_VIEW, *records)[rule.id]


def test_the_guideline_on_supportive_care_is_named_as_one_of_aml():
    text = card(diagnosis(ALS), diagnosis(ALL))["detail"]
    assert "in AML, ELN 2022 reserves supportive care" in text


def test_scenario_1_shows_the_facts_of_fitness_with_their_dates():
    shown = card(*SCENARIO_1)
    assert shown["indicator"] == "warning"
    assert shown["summary"] == (
        "ALS with acute leukemia: review fitness, breathing and goals with neurology and "
        "hematology before choosing treatment intensity."
    )
    basis = part(shown, "This patient")
    assert "ECOG performance status 3, 2026-11-20 12:00 UTC, 24 h ago" in basis
    assert (
        "Forced vital capacity (FVC), percent predicted 44 %, 2026-10-22 12:00 UTC, 30 d ago"
        in basis
    )
    assert (
        "Not on the problem list: Ventilation support (non-invasive, tracheostomy or ventilator); "
        "Dysphagia or feeding tube"
    ) in basis


def test_scenario_1_attributes_the_summaries_and_asserts_nothing_for_them():
    text = card(*SCENARIO_1)["detail"]
    assert (
        "Guideline summary: favor supportive or low-intensity therapy; avoid intensive induction "
        "and allogeneic transplant. No trial or guideline on ALS with acute leukemia was found"
    ) in text
    assert "Use the recorded performance status; do not infer it from the diagnosis" in text
    assert "absolute contraindication" not in text.lower()
    assert "weeks to months" not in text.lower()


def test_ventilation_and_dysphagia_are_shown_when_recorded():
    basis = " ".join(
        part(
            card(DISEASE, LEUKEMIA, diagnosis(VENTILATOR_DEPENDENCE), diagnosis(DYSPHAGIA)),
            "This patient",
        )
    )
    assert "Ventilation support (non-invasive, tracheostomy or ventilator): active" in basis
    assert "Dysphagia or feeding tube: active" in basis


def test_what_was_not_measured_is_named_as_missing():
    missing = part(card(DISEASE, LEUKEMIA), "Missing or uncertain")
    assert "ECOG performance status: not recorded" in missing
    assert "Forced vital capacity (FVC), percent predicted: not recorded" in missing


def test_suspected_als_is_worded_as_not_confirmed():
    assert "ALS is not confirmed" in card(diagnosis(ALS, "provisional"), LEUKEMIA)["detail"]
    assert "ALS is not confirmed" not in card(DISEASE, LEUKEMIA)["detail"]


def test_referrals_are_offered_and_missing_measurements_requested():
    referrals = ["Draft palliative care referral", "Draft neuromuscular clinic referral"]
    tests = ["Draft pulmonary function test", "Draft ECOG performance status assessment"]
    assert list(suggestions(card(DISEASE, LEUKEMIA))) == referrals + tests
    assert list(suggestions(card(*SCENARIO_1))) == referrals
    (action,) = suggestions(card(*SCENARIO_1))[referrals[0]]["actions"]
    draft = action["resource"]
    assert action["type"] == "create"
    assert (draft["resourceType"], draft["status"], draft["intent"]) == (
        "ServiceRequest",
        "draft",
        "proposal",
    )
    assert draft["code"] == {"text": "Palliative care referral"}


@pytest.mark.parametrize(("days", "is_asked"), [(90, False), (90 + 1 / 1440, True)])
def test_breathing_is_tested_again_after_90_days(days, is_asked):
    measured = result(FVC, 70, hours_ago=days * 24)
    offered = suggestions(card(DISEASE, LEUKEMIA, measured))
    assert ("Draft pulmonary function test" in offered) is is_asked


@pytest.mark.parametrize(("days", "is_asked"), [(30, False), (30 + 1 / 1440, True)])
@pytest.mark.parametrize("scale", [ECOG, KARNOFSKY], ids=["ECOG", "Karnofsky"])
def test_performance_is_assessed_again_after_30_days(scale, days, is_asked):
    measured = result(scale, 1, hours_ago=days * 24)
    offered = suggestions(card(DISEASE, LEUKEMIA, measured))
    assert ("Draft ECOG performance status assessment" in offered) is is_asked


@pytest.mark.parametrize(
    ("leukemia", "said", "unsaid"),
    [
        (AML, "hypomethylating agent (or low-dose cytarabine) with venetoclax", "BCR::ABL1"),
        (ALL, "Ph-positive ALL is treated with a TKI and steroid", "venetoclax"),
        (APL, "ALS by itself excludes neither ATRA nor arsenic trioxide", "BCR::ABL1"),
    ],
    ids=["AML", "ALL", "APL"],
)
def test_lower_intensity_choices_follow_the_lineage(leukemia, said, unsaid):
    choices = next(
        line
        for line in part(card(DISEASE, diagnosis(leukemia)), "Consider")
        if line.startswith("Lower-intensity choices")
    )
    assert said in choices
    assert unsaid not in choices


def test_scenarios_16_20_and_25_show_no_card():
    assert cards(PATIENT_VIEW, DISEASE, in_remission(AML), count(6)) == {}
    assert cards(PATIENT_VIEW, DISEASE, diagnosis(OTHER_LEUKEMIA), count(210)) == {}
    assert cards(PATIENT_VIEW, DISEASE, count(9)) == {}


def test_overrides_can_say_why():
    assert overrides(card(DISEASE, LEUKEMIA)) == [
        "expert-contradicts",
        "patient-ineligible",
        "prefers-alternative",
        "other",
    ]
