"""apl-suspected: catalogue R01, scenarios 3, 4 and 39."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import PATIENT_VIEW, concepts
from hooks.concepts import (
    ALS,
    AML,
    APL,
    APL_MORPHOLOGY,
    FIBRINOGEN,
    INR,
    PLATELETS,
    PML_RARA,
    PREGNANCY,
    TRETINOIN,
)
from hooks.rules.apl_suspected import apl_suspected as rule
from tests.patients import (
    BODY,
    ICD_10,
    ICD_10_CM,
    SNOMED,
    aged,
    answered,
    cards,
    chart,
    count,
    diagnosis,
    in_remission,
    never_decisive,
    not_read,
    overrides,
    part,
    prescription,
    relapsed,
    result,
    suggestions,
)

WARNS = {
    "APL confirmed and active": (diagnosis(APL),),
    "APL only provisional": (diagnosis(APL, "provisional"),),
    "APL only a differential diagnosis": (diagnosis(APL, "differential"),),
    "APL unconfirmed": (diagnosis(APL, "unconfirmed"),),
    "APL without clinical or verification status": (diagnosis(APL, None, None),),
    "APL coded in ICD-10-CM": (diagnosis(APL, system=ICD_10_CM),),
    "APL coded in SNOMED CT": (diagnosis(APL, system=SNOMED),),
    "APL coded in WHO ICD-10": (diagnosis(APL, codes=APL.category, system=ICD_10),),
    "APL relapsed by its code": (relapsed(APL),),
    "APL recurrent by its status": (diagnosis(APL, clinical="recurrence"),),
    "PML::RARA positive before any APL entry": (
        diagnosis(AML),
        answered(PML_RARA, "positive"),
    ),
    "PML::RARA detected, preliminary": (answered(PML_RARA, "Detected", status="preliminary"),),
    "PML::RARA positive though APL was refuted": (
        diagnosis(APL, "refuted"),
        answered(PML_RARA, "positive"),
    ),
    "PML::RARA negative, the APL entry not refuted": (
        diagnosis(APL, "provisional"),
        answered(PML_RARA, "negative"),
    ),
    "PML::RARA negative first, positive since": (
        answered(PML_RARA, "negative", hours_ago=48),
        answered(PML_RARA, "positive", hours_ago=2),
    ),
    "PML::RARA positive and negative at one time": (
        answered(PML_RARA, "negative"),
        answered(PML_RARA, "positive"),
    ),
    "coded morphology of exactly 14 d ago": (
        answered(APL_MORPHOLOGY, "present", hours_ago=14 * 24),
    ),
    "APL in remission once, relapsed since": (
        in_remission(APL, recorded="2025-03-01"),
        relapsed(APL, recorded="2026-11-01"),
    ),
}

SILENT = {
    "nothing on the problem list": (),
    "AML that is not APL": (diagnosis(AML), count(182)),
    "APL refuted": (diagnosis(APL, "refuted"),),
    "APL refuted and PML::RARA negative": (
        diagnosis(APL, "refuted"),
        answered(PML_RARA, "negative"),
    ),
    "APL entered in error": (diagnosis(APL, "entered-in-error"),),
    "APL in remission by its code": (in_remission(APL),),
    "APL in remission by its status": (diagnosis(APL, clinical="remission"),),
    "APL resolved": (diagnosis(APL, clinical="resolved"),),
    "PML::RARA ordered and pending": (diagnosis(AML), answered(PML_RARA, None)),
    "PML::RARA not detected": (diagnosis(AML), answered(PML_RARA, "not detected")),
    "PML::RARA positive first, negative since": (
        answered(PML_RARA, "positive", hours_ago=48),
        answered(PML_RARA, "negative", hours_ago=2),
    ),
    "PML::RARA positive, the APL in remission since": (
        in_remission(APL),
        answered(PML_RARA, "positive", hours_ago=600),
    ),
    "PML::RARA positive but entered in error": (
        answered(PML_RARA, "positive", status="entered-in-error"),
    ),
    "PML::RARA answered unclearly": (answered(PML_RARA, "indeterminate"),),
    "coded morphology older than 14 d": (
        answered(APL_MORPHOLOGY, "present", hours_ago=14 * 24 + 1 / 60),
    ),
    "coded morphology absent": (answered(APL_MORPHOLOGY, "absent"),),
}

ASKS = {
    "a problem list that could not be read": (not_read(*concepts.CONDITIONS),),
    "genetics that could not be read": (not_read(PML_RARA),),
    "coded morphology that could not be read": (not_read(APL_MORPHOLOGY),),
    "active and in remission, neither entry dated": (
        diagnosis(APL, recorded=None),
        in_remission(APL, recorded=None),
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

SCENARIO_3 = (
    aged(45, "female"),
    diagnosis(APL, "provisional"),
    count(14),
    result(PLATELETS, 18),
    result(FIBRINOGEN, 0.88, "g/L"),
    result(INR, 1.8),
)


def test_scenario_3_is_critical_and_shows_the_coagulopathy():
    shown = cards(PATIENT_VIEW, *SCENARIO_3)
    assert list(shown) == [rule.id]
    card = shown[rule.id]
    assert card["indicator"] == "critical"
    assert card["summary"] == (
        "APL suspected: start ATRA now, correct coagulopathy, avoid leukapheresis, central lines "
        "and LP while genetics are pending."
    )
    basis = " ".join(part(card, "This patient"))
    for value in ("Fibrinogen 88 mg/dL (sent as 0.88 g/L)", "INR 1.8", "Platelets 18", "not conf"):
        assert value in basis
    assert "Leukocytes above 10 ×10⁹/L: high-risk APL" in card["detail"]


def test_it_does_not_wait_for_genetics():
    card = cards(PATIENT_VIEW, *SCENARIO_3)[rule.id]
    assert "do not wait for PML::RARA" in card["detail"]
    assert "wait for the result" not in card["detail"]


@pytest.mark.parametrize(("value", "is_high"), [(10, False), (10.1, True)])
def test_high_risk_begins_above_a_count_of_10(value, is_high):
    card = cards(PATIENT_VIEW, diagnosis(APL), count(value))[rule.id]
    assert ("high-risk APL" in card["detail"]) is is_high


def test_atra_is_proposed_for_the_body_surface_area():
    """45 mg/m2/day in two doses at 1.818 m2 is 40.9 mg, and capsules hold 10 mg."""
    card = cards(PATIENT_VIEW, diagnosis(APL), *BODY)[rule.id]
    offered = suggestions(card)
    label = "Draft tretinoin (ATRA) 40 mg twice daily (45 mg/m2/day)"
    assert list(offered) == [label, "Draft APL labs"]
    (action,) = offered[label]["actions"]
    (instruction,) = action["resource"]["dosageInstruction"]
    # ATRA goes on until remission: no end that the words do not say.
    assert instruction["timing"]["repeat"] == {"frequency": 2, "period": 1, "periodUnit": "d"}
    assert instruction["text"] == "40 mg by mouth twice daily"
    assert instruction["doseAndRate"][0]["doseQuantity"]["value"] == 40
    assert instruction["route"] == {"text": "Oral"}
    assert offered[label]["isRecommended"] is True


def test_a_pregnancy_that_is_not_known_is_a_gap_beside_atra():
    gap = "Pregnancy: no result of the last 7 days is recorded"
    woman = cards(PATIENT_VIEW, aged(40, "female"), diagnosis(APL), *BODY)[rule.id]
    assert gap in part(woman, "Missing or uncertain")
    assert gap not in cards(PATIENT_VIEW, diagnosis(APL), *BODY)[rule.id]["detail"]


def test_apl_labs_are_urgent():
    card = cards(PATIENT_VIEW, diagnosis(APL))[rule.id]
    actions = suggestions(card)["Draft APL labs"]["actions"]
    assert {action["resource"]["priority"] for action in actions} == {"stat"}
    assert "PML::RARA rapid test" in {a["resource"]["code"]["text"] for a in actions}


@pytest.mark.parametrize(
    "records",
    [
        (*BODY, diagnosis(PREGNANCY)),
        (*BODY, prescription(TRETINOIN)),
        (*BODY, aged(17)),
        BODY[:1],
        (*BODY, aged(30, "female"), not_read(PREGNANCY)),
        (*BODY, not_read(TRETINOIN)),
    ],
    ids=["pregnant", "on ATRA", "a child", "no height", "pregnancy unread", "drugs unread"],
)
def test_atra_is_text_only_when_a_gate_is_closed_or_not_known(records):
    card = cards(PATIENT_VIEW, diagnosis(APL), *records)[rule.id]
    assert list(suggestions(card)) == ["Draft APL labs"]
    assert "Start ATRA as soon as APL is suspected" in card["detail"]


def test_pregnancy_and_als_add_their_lines():
    card = cards(PATIENT_VIEW, diagnosis(APL), diagnosis(PREGNANCY), diagnosis(ALS))[rule.id]
    assert "no dose is proposed" in card["detail"]
    assert "ALS does not remove the case for ATRA" in card["detail"]
    assert "Arsenic should be avoided" not in card["detail"]


def test_negative_genetics_beside_a_live_entry_are_named():
    card = cards(PATIENT_VIEW, diagnosis(APL), answered(PML_RARA, "negative"))[rule.id]
    assert "PML::RARA is reported negative but the APL entry is not refuted" in card["detail"]


def test_it_takes_the_emergency_slot_alone():
    """Catalogue section 6: with APL the hyperleukocytosis card is suppressed."""
    shown = cards(PATIENT_VIEW, diagnosis(APL), diagnosis(AML), count(182))
    assert list(shown) == [rule.id]


def test_als_adds_the_direction_card_behind_it():
    shown = cards(PATIENT_VIEW, diagnosis(APL), diagnosis(ALS))
    assert list(shown) == [rule.id, "als-acute-leukemia-goals"]


def test_overrides_can_say_why():
    card = cards(PATIENT_VIEW, diagnosis(APL))[rule.id]
    assert overrides(card) == [
        "apl-excluded",
        "action-completed",
        "comfort-plan",
        "first-trimester",
        "quiet-24-hours",
        "other",
    ]
