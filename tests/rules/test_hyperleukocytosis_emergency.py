"""hyperleukocytosis-emergency: catalogue R02, scenarios 1, 10, 13, 18-20, 29, 38-40."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import PATIENT_VIEW, concepts
from hooks.concepts import (
    ALL,
    ALS,
    AML,
    APL,
    DYSPHAGIA,
    G6PD_DEFICIENCY,
    G6PD_SCREEN,
    HYDROXYUREA,
    LEUKOCYTES,
    MIXED_PHENOTYPE_ACUTE_LEUKEMIA,
    OTHER_LEUKEMIA,
    PML_RARA,
    PREGNANCY,
    PREGNANCY_STATUS,
    UNSPECIFIED_ACUTE_LEUKEMIA,
    VALUE_SETS,
)
from hooks.rules.hyperleukocytosis_emergency import hyperleukocytosis_emergency as rule
from tests.patients import (
    BODY,
    ICD_10,
    ICD_10_CM,
    SCENARIO_1,
    SNOMED,
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
    prescription,
    relapsed,
    result,
    suggestions,
)

LEUKEMIA = diagnosis(AML)
CORRECTED = VALUE_SETS["leukocyte-count-corrected"]
UNCORRECTED = "6690-2"

WARNS = {
    "active AML and a count of 182": (LEUKEMIA, count(182)),
    "a count exactly at the threshold": (LEUKEMIA, count(100)),
    "active ALL": (diagnosis(ALL), count(182)),
    "mixed phenotype acute leukemia": (diagnosis(MIXED_PHENOTYPE_ACUTE_LEUKEMIA), count(182)),
    "acute leukemia without a lineage": (diagnosis(UNSPECIFIED_ACUTE_LEUKEMIA), count(182)),
    "AML coded in ICD-10-CM": (diagnosis(AML, system=ICD_10_CM), count(182)),
    "AML coded in SNOMED CT": (diagnosis(AML, system=SNOMED), count(182)),
    "AML coded in WHO ICD-10": (
        diagnosis(AML, codes=AML.category, system=ICD_10),
        count(182),
    ),
    "AML coded in ICD-10-CM without the dot": (
        diagnosis(AML, system=ICD_10_CM, code="C9200"),
        count(182),
    ),
    "AML without clinical or verification status": (diagnosis(AML, None, None), count(182)),
    "AML relapsed by its code": (relapsed(AML), count(182)),
    "AML relapsed by its status": (diagnosis(AML, clinical="relapse"), count(182)),
    "AML recurrent by its status": (diagnosis(AML, clinical="recurrence"), count(182)),
    "AML in remission once, relapsed since": (
        in_remission(AML, recorded="2025-03-01"),
        relapsed(AML, recorded="2026-11-01"),
        count(182),
    ),
    "AML only suspected (provisional)": (diagnosis(AML, "provisional"), count(182)),
    "AML only suspected (differential)": (diagnosis(AML, "differential"), count(182)),
    "AML only suspected (unconfirmed)": (diagnosis(AML, "unconfirmed"), count(182)),
    "the count in cells per microliter": (LEUKEMIA, count(210_000, "/uL")),
    "the count in G/L": (LEUKEMIA, count(210, "G/L")),
    "the count in K/uL": (LEUKEMIA, count(210, "K/uL")),
    "the count in 10*3/uL": (LEUKEMIA, count(210, "10*3/uL")),
    "the count in 10*12/L": (LEUKEMIA, count(0.21, "10*12/L")),
    "the count in 10*6/mL": (LEUKEMIA, count(210, "10*6/mL")),
    "a count reported as above 500": (LEUKEMIA, count(500, comparator=">")),
    "a count reported as 100 or more": (LEUKEMIA, count(100, comparator=">=")),
    "a count exactly 24 h old": (LEUKEMIA, count(182, hours_ago=24)),
    "a count dated today without time of day": (LEUKEMIA, count(182, at="2026-11-21")),
    "a count from a clock that runs 5 min ahead": (LEUKEMIA, count(182, hours_ago=-5 / 60)),
    "a preliminary count": (LEUKEMIA, count(182, status="preliminary")),
    "a count corrected after release": (LEUKEMIA, count(182, status="corrected")),
    "the newest of two counts": (LEUKEMIA, count(182, hours_ago=2), count(60, hours_ago=9)),
    "the count corrected for nucleated red cells, of two at one time": (
        LEUKEMIA,
        count(120, codes=CORRECTED),
        count(90, code=UNCORRECTED),
    ),
    "a final count of 182 that corrects a preliminary one of 60": (
        LEUKEMIA,
        count(60, status="preliminary"),
        count(182),
    ),
    "a newer result that cannot be read, after a count of 182": (
        LEUKEMIA,
        count(182),
        in_words(count(0, hours_ago=1), "see comment"),
    ),
    "the highest plausible count": (LEUKEMIA, count(2000)),
}

SILENT = {
    "a count just below the threshold": (LEUKEMIA, count(99.9)),
    "a count just below the threshold in another unit": (LEUKEMIA, count(99_900, "/uL")),
    "a count reported as below 100": (LEUKEMIA, count(100, comparator="<")),
    "an emergency count that has fallen since": (
        LEUKEMIA,
        count(182, hours_ago=9),
        count(60, hours_ago=2),
    ),
    "a high count entered in error": (
        LEUKEMIA,
        count(182, hours_ago=1, status="entered-in-error"),
        count(60),
    ),
    "a high count whose test was cancelled": (
        LEUKEMIA,
        count(182, hours_ago=1, status="cancelled"),
        count(60),
    ),
    "no leukemia on the problem list": (count(182),),
    "APL, which has its own card": (diagnosis(APL), count(182)),
    "CLL": (diagnosis(OTHER_LEUKEMIA, code="C91.10", system=ICD_10_CM), count(200)),
    "CML in chronic phase": (
        diagnosis(OTHER_LEUKEMIA, code="C92.10", system=ICD_10_CM),
        count(320),
    ),
    "CML in blast crisis, which these rules do not classify": (
        diagnosis(
            concepts.BORDERLINE_LEUKEMIA,
            codes=VALUE_SETS["chronic-myeloid-leukemia-blast-crisis"],
        ),
        count(200),
    ),
    "AML refuted": (diagnosis(AML, "refuted"), count(182)),
    "AML entered in error": (diagnosis(AML, "entered-in-error"), count(182)),
    "AML in remission by its code": (in_remission(AML), count(182)),
    "AML in remission by its code though its status says active": (
        in_remission(AML, clinical="active"),
        count(182),
    ),
    "AML in remission by its status": (diagnosis(AML, clinical="remission"), count(182)),
    "AML resolved": (diagnosis(AML, clinical="resolved"), count(182)),
    "AML inactive": (diagnosis(AML, clinical="inactive"), count(182)),
    "AML active once, in remission since": (
        diagnosis(AML, recorded="2025-03-01"),
        in_remission(AML, recorded="2026-06-01"),
        count(182),
    ),
    "a personal history of leukemia": (
        diagnosis(AML, codes=VALUE_SETS["personal-history-of-leukemia"]),
        count(182),
    ),
    "blasts in cerebrospinal fluid, no leukocyte count of blood above 60": (
        LEUKEMIA,
        count(60),
        result(LEUKOCYTES, 210, system="http://loinc.org", code="35068-6"),
    ),
}

ASKS = {
    "a count a minute older than 24 h": (LEUKEMIA, count(182, hours_ago=24 + 1 / 60)),
    "a count of yesterday without time of day": (LEUKEMIA, count(182, at="2026-11-20")),
    "no count on record": (LEUKEMIA,),
    "a count without unit": (LEUKEMIA, count(210, "")),
    "a count in percent": (LEUKEMIA, count(21, "%")),
    "a count in a unit with two meanings": (LEUKEMIA, count(210, "K/mL")),
    "a count no patient has": (LEUKEMIA, count(2001)),
    "a count sent as free text": (LEUKEMIA, in_words(count(0), "182")),
    "a count reported as above 60": (LEUKEMIA, count(60, comparator=">")),
    "a count reported as below 500": (LEUKEMIA, count(500, comparator="<")),
    "a count dated tomorrow": (LEUKEMIA, count(182, hours_ago=-24)),
    "a newer result that cannot be read, after a count of 60": (
        LEUKEMIA,
        count(60),
        in_words(count(0, hours_ago=1), "see comment"),
    ),
    "two counts of one time that disagree about the threshold": (
        LEUKEMIA,
        count(90, code=UNCORRECTED),
        count(120, code=UNCORRECTED),
    ),
    "active and in remission, neither entry dated": (
        diagnosis(AML, recorded=None),
        in_remission(AML, recorded=None),
        count(182),
    ),
    "active and in remission on the same day": (
        diagnosis(AML, recorded="2026-11-01"),
        in_remission(AML, recorded="2026-11-01"),
        count(182),
    ),
    "a count that could not be read from the server": (LEUKEMIA, not_read(LEUKOCYTES)),
    "a problem list that could not be read": (not_read(*concepts.CONDITIONS), count(182)),
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


def test_scenario_1_is_critical_and_shows_what_it_rests_on():
    shown = card(*SCENARIO_1)
    assert shown["indicator"] == "critical"
    assert shown["summary"] == (
        "WBC at or above 100 with acute leukemia: emergency; review cytoreduction, tumor lysis, "
        "bleeding and leukostasis steps today."
    )
    basis = part(shown, "This patient")
    assert "Leukocytes 187 ×10⁹/L (sent as 187 10\\*3/uL), 2026-11-21 09:00 UTC, 3 h ago" in basis
    for value in ("Platelets 38", "Fibrinogen 240 mg/dL", "INR 1.3", "Urate 9.1", "Potassium 4.8"):
        assert any(line.startswith(value) for line in basis), value


def test_scenario_1_names_criteria_met_and_what_is_not_known():
    shown = card(*SCENARIO_1)
    assert "phosphate 4.9 mg/dL, urate 9.1 mg/dL (two or more of four" in shown["detail"]
    assert "creatinine clearance 79 mL/min" in shown["detail"]
    missing = part(shown, "Missing or uncertain")
    assert {"G6PD: not known", "Genetics (PML::RARA): no result"} <= set(missing)
    assert shown["extension"]["org.als-leukemia-cds.rule"]["notEvaluable"] == missing


def test_scenario_1_proposes_capsules_labs_and_a_consult_but_no_fluids():
    offered = suggestions(card(*SCENARIO_1))
    assert list(offered) == [
        "Draft hydroxyurea 3,500 mg/day (7 capsules of 500 mg), 1 day",
        "Draft emergency labs",
        "Draft urgent hematology consult",
    ]
    hydroxyurea = offered["Draft hydroxyurea 3,500 mg/day (7 capsules of 500 mg), 1 day"]
    assert hydroxyurea["isRecommended"] is True
    (action,) = hydroxyurea["actions"]
    draft = action["resource"]
    assert (action["type"], draft["status"], draft["intent"]) == ("create", "draft", "proposal")
    assert draft["subject"] == {"reference": "Patient/example"}
    (instruction,) = draft["dosageInstruction"]
    assert instruction["text"] == "7 capsules of 500 mg by mouth once daily for 1 day"
    assert instruction["route"] == {"text": "Oral"}
    (dose,) = instruction["doseAndRate"]
    assert (dose["doseQuantity"]["value"], dose["doseQuantity"]["code"]) == (3500, "mg")
    assert "infusion" not in str(offered).lower()


def test_a_pregnancy_that_is_not_known_is_a_gap_in_women_of_fertile_age():
    gap = "Pregnancy: no result of the last 7 days is recorded"

    def missing(*records):
        return part(card(LEUKEMIA, count(182), *records), "Missing or uncertain")

    assert gap in missing(aged(40, "female"))
    assert gap not in missing(aged(70, "female"))
    assert gap not in missing(aged(40, "male"))
    assert gap not in missing(aged(40, "female"), answered(PREGNANCY_STATUS, "negative"))
    assert gap not in missing(aged(40, "female"), diagnosis(PREGNANCY))
    pregnant = card(LEUKEMIA, count(182), diagnosis(PREGNANCY))["detail"]
    assert "Leukapheresis may be one of the accepted uses there (unverified)" in pregnant


def test_weak_swallowing_gets_a_liquid_and_no_capsules():
    offered = suggestions(card(*SCENARIO_1, diagnosis(DYSPHAGIA)))
    (action,) = offered["Draft hydroxyurea 3,500 mg/day (as a liquid), 1 day"]["actions"]
    (instruction,) = action["resource"]["dosageInstruction"]
    text = "3,500 mg as a liquid by mouth or enteral tube once daily for 1 day"
    assert instruction["text"] == text
    assert "apsule" not in str(action)


def test_g6pd_is_ordered_while_it_is_not_known():
    def labs(*more):
        actions = suggestions(card(*SCENARIO_1, *more))["Draft emergency labs"]["actions"]
        return [action["resource"]["code"]["text"] for action in actions]

    assert "G6PD activity" in labs()
    assert "G6PD activity" not in labs(answered(G6PD_SCREEN, "normal"))
    assert "G6PD activity" not in labs(diagnosis(G6PD_DEFICIENCY))


def test_rasburicase_is_proposed_only_when_g6pd_is_normal():
    normal = suggestions(card(*SCENARIO_1, answered(G6PD_SCREEN, "normal")))
    deficient = suggestions(card(*SCENARIO_1, diagnosis(G6PD_DEFICIENCY)))
    assert "Draft rasburicase 14 mg once (0.2 mg/kg, G6PD normal)" in normal
    assert "Draft allopurinol (G6PD deficient or suspected), dose to be chosen" in deficient
    assert not [label for label in deficient if "rasburicase" in label]
    assert not [label for label in suggestions(card(*SCENARIO_1)) if "rasburicase" in label]


def test_overrides_can_say_why():
    assert overrides(card(*SCENARIO_1)) == [
        "action-completed",
        "other-cause-of-count",
        "comfort-plan",
        "data-wrong",
        "quiet-24-hours",
        "other",
    ]


def test_suspected_leukemia_is_worded_as_suspected_and_gets_no_drug():
    shown = card(diagnosis(AML, "provisional"), count(182), *SCENARIO_1[4:])
    assert shown["summary"].startswith("WBC at or above 100 with suspected acute leukemia")
    assert "Acute leukemia is suspected, not confirmed" in shown["detail"]
    assert not [label for label in suggestions(shown) if "hydroxyurea" in label]


def test_scenario_10_converts_and_shows_the_unit_received():
    shown = card(LEUKEMIA, count(210_000, "/uL"))
    assert "Leukocytes 210 ×10⁹/L (sent as 210000 /uL)" in shown["detail"]


def test_scenario_13_without_als_no_line_speaks_of_als():
    refuted = (diagnosis(ALS, "refuted"), LEUKEMIA, count(120), *BODY)
    shown = cards(PATIENT_VIEW, *refuted)
    assert list(shown) == [rule.id]
    assert "ALS" not in shown[rule.id]["detail"]


def test_scenario_29_a_child_with_all_gets_no_dose_and_no_advice_for_leukapheresis():
    child = (aged(9), diagnosis(ALL), count(310), result(concepts.BODY_WEIGHT, 30))
    shown = card(*child, result(concepts.BODY_HEIGHT, 135), result(concepts.CREATININE, 0.5))
    assert "hydroxyurea is not the first choice" in shown["detail"]
    assert "Leukapheresis: not routine" in shown["detail"]
    assert not [label for label in suggestions(shown) if "hydroxyurea" in label]
    assert "mg/kg" not in shown["detail"]


@pytest.mark.parametrize(
    ("closed", "why"),
    [
        (
            diagnosis(PREGNANCY),
            "pregnancy is recorded or possible, and hydroxyurea harms the embryo",
        ),
        (prescription(HYDROXYUREA), "hydroxyurea is already prescribed"),
    ],
    ids=["pregnant", "hydroxyurea running"],
)
def test_a_closed_gate_takes_the_drug_away_and_says_why(closed, why):
    shown = card(*SCENARIO_1, closed)
    assert f"No dose is proposed: {why}" in shown["detail"]
    assert not [label for label in suggestions(shown) if "hydroxyurea" in label]


def test_scenario_39_pending_genetics_say_that_apl_is_not_excluded():
    pending = cards(PATIENT_VIEW, LEUKEMIA, count(120), answered(PML_RARA, None))
    assert "APL not yet excluded" in pending[rule.id]["detail"]
    assert "apl-suspected" not in pending
    negative = card(LEUKEMIA, count(120), answered(PML_RARA, "negative"))
    assert "APL not yet excluded" not in negative["detail"]


def test_scenario_40_an_unknown_lineage_offers_without_recommending():
    shown = card(diagnosis(UNSPECIFIED_ACUTE_LEUKEMIA), *SCENARIO_1[3:])
    label = (
        "Draft hydroxyurea 3,500 mg/day (7 capsules of 500 mg), 1 day, "
        "after smear review for APL/ALL"
    )
    assert "isRecommended" not in suggestions(shown)[label]
    assert "Lineage is not known" in shown["detail"]


def test_positive_pml_rara_gives_the_apl_card_instead():
    shown = cards(PATIENT_VIEW, LEUKEMIA, count(182), answered(PML_RARA, "positive"))
    assert list(shown) == ["apl-suspected"]
