"""One fact is read in one way, whichever module asks: none is an all-clear that another denies."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import ORDER_SELECT, PATIENT_VIEW, lines, questions
from hooks.calculations.hydroxyurea import hydroxyurea_dose
from hooks.concepts import (
    ALL,
    ALLOGENEIC_TRANSPLANT,
    ALS,
    AML,
    APL_MORPHOLOGY,
    ARSENIC_TRIOXIDE,
    COMPLETE_REMISSION,
    CREATININE,
    FVC,
    HYDROXYUREA,
    LUNG_DISEASE_DUE_TO_ALS,
    MRD,
    MRD_END_OF_CONSOLIDATION,
    MRD_END_OF_INDUCTION,
    PML_RARA,
    PREGNANCY_STATUS,
    PROLONGED_QT,
    QTC,
    RESPIRATORY_FAILURE,
    SPO2,
    TRETINOIN,
    VENTILATOR_DEPENDENCE,
)
from hooks.rules.all_older_adult import all_older_adult
from hooks.rules.allo_hsct_all_mrd import allo_hsct_all_mrd
from hooks.rules.arsenic_als import arsenic_als
from hooks.rules.hydration_als import hydration_als
from tests.patients import (
    BODY,
    LEXICON,
    aged,
    answered,
    cards,
    chart,
    count,
    diagnosis,
    in_words,
    order,
    part,
    result,
    suggestions,
)

LEUKEMIA = diagnosis(AML)
DOSED = (LEUKEMIA, *BODY, result(CREATININE, 0.9))
DAY = 24


# -- APL ------------------------------------------------------------------------------------------

NO_HYDROXYUREA = {
    "PML::RARA positive": ((answered(PML_RARA, "positive"),), "APL is recorded or possible"),
    "morphology of APL": ((answered(APL_MORPHOLOGY, "positive"),), "APL is recorded or possible"),
    "ALL beside it": ((diagnosis(ALL),), "ALL is recorded or possible"),
    "ALL beside it, suspected": ((diagnosis(ALL, "provisional"),), "ALL is recorded or possible"),
    "ALL beside it, in contradicting entries": (
        (diagnosis(ALL, recorded=None), diagnosis(ALL, clinical="resolved", recorded=None)),
        "ALL is recorded or possible",
    ),
}


@pytest.mark.parametrize(("records", "why"), NO_HYDROXYUREA.values(), ids=NO_HYDROXYUREA)
def test_the_reason_against_hydroxyurea_is_the_gate_that_is_closed(records, why):
    found = chart(*DOSED, *records)
    assert hydroxyurea_dose(found) is None
    assert f"No dose is proposed: {why}" in (lines.hydroxyurea_for_aml(found) or "")


def test_a_fusion_that_was_found_and_then_not_is_no_exclusion_of_apl():
    once = (answered(PML_RARA, "positive", hours_ago=9 * DAY), answered(PML_RARA, "negative"))
    found = chart(LEUKEMIA, *once)
    assert "PML::RARA was positive" in (lines.apl_not_excluded(found) or "")
    assert [fact.say()[:25] for fact in lines.genetics(found)] == ["PML::RARA positive, 2026-"]
    opened = cards(PATIENT_VIEW, LEUKEMIA, count(182), *BODY, result(CREATININE, 0.9), *once)
    assert "PML::RARA was positive" in opened["hyperleukocytosis-emergency"]["detail"]


# -- breathing ------------------------------------------------------------------------------------

FAST = order("0.9% sodium chloride", rate="200 mL/h")
GOOD = (diagnosis(ALS), *BODY, result(FVC, 85), result(SPO2, 97), FAST)


@pytest.mark.parametrize(
    "failing", [VENTILATOR_DEPENDENCE, RESPIRATORY_FAILURE, LUNG_DISEASE_DUE_TO_ALS]
)
def test_failing_breathing_that_is_suspected_is_not_preserved_breathing(failing):
    assert hydration_als.applies(chart(*GOOD)).truth is FALSE
    assert hydration_als.applies(chart(*GOOD, diagnosis(failing, "provisional"))).truth is TRUE
    assert hydration_als.applies(chart(*GOOD, diagnosis(failing, "refuted"))).truth is FALSE


# -- QTc ------------------------------------------------------------------------------------------


def test_a_normal_qtc_before_one_that_cannot_be_read_is_not_a_normal_qtc():
    arsenic = (LEUKEMIA, diagnosis(PROLONGED_QT), order(ARSENIC_TRIOXIDE))
    normal, unread = result(QTC, 430, hours_ago=30), in_words(result(QTC, 0), "see report")
    assert arsenic_als.applies(chart(*arsenic, normal)).truth is FALSE
    assert arsenic_als.applies(chart(*arsenic, normal, unread)).truth is TRUE


# -- pregnancy ------------------------------------------------------------------------------------

WOMAN = aged(30, "female")
GAP = "Pregnancy: no result of the last 7 days is recorded"
PREGNANCY_TEST = "Pregnancy test"


def where_pregnancy_is_open(*records):
    """On which cards pregnancy is a gap, or a test of it a draft."""
    opened = cards(PATIENT_VIEW, WOMAN, LEUKEMIA, count(182), *records)
    asked = {
        drug.id: any(
            action["resource"].get("code", {}).get("text") == PREGNANCY_TEST
            for card in cards(ORDER_SELECT, WOMAN, LEUKEMIA, *records, order(drug)).values()
            for offered in suggestions(card).values()
            for action in offered["actions"]
            if "resource" in action
        )
        for drug in (HYDROXYUREA, TRETINOIN)
    }
    missing = part(opened["hyperleukocytosis-emergency"], "Missing or uncertain")
    return {"opened": GAP in missing, **asked}


STATUSES = {
    "none": ((), True),
    "negative": ((answered(PREGNANCY_STATUS, "not pregnant"),), False),
    "negative, 8 days old": ((answered(PREGNANCY_STATUS, "negative", hours_ago=8 * DAY),), True),
    "in words that are not read": ((answered(PREGNANCY_STATUS, "see comment"),), True),
    "negative, and a newer one not read": (
        (
            answered(PREGNANCY_STATUS, "negative", hours_ago=3 * DAY),
            answered(PREGNANCY_STATUS, "see comment"),
        ),
        True,
    ),
    "pregnant": ((answered(PREGNANCY_STATUS, "pregnant"),), False),
}


@pytest.mark.parametrize(("records", "is_open"), STATUSES.values(), ids=STATUSES)
def test_pregnancy_is_tested_on_every_card_until_a_result_is_read(records, is_open):
    expected = dict.fromkeys(("opened", HYDROXYUREA.id, TRETINOIN.id), is_open)
    assert where_pregnancy_is_open(*records) == expected


def test_a_pregnancy_known_by_its_status_alone_is_shown_like_one_on_the_problem_list():
    by_status = (WOMAN, answered(PREGNANCY_STATUS, "pregnant"))
    opened = cards(PATIENT_VIEW, *by_status, LEUKEMIA, count(182))
    shown = part(opened["hyperleukocytosis-emergency"], "This patient")
    assert any(line.startswith("Pregnancy status positive, 2026-11-21") for line in shown)
    apl = cards(PATIENT_VIEW, *by_status, answered(PML_RARA, "positive"))["apl-suspected"]
    assert any(line.startswith("Pregnancy status") for line in part(apl, "This patient"))


# -- residual disease and remission ---------------------------------------------------------------

TRANSPLANT = (diagnosis(ALL), order(ALLOGENEIC_TRANSPLANT, procedure=True))


def mrd(value, of=MRD, **more):
    return result(of, value, "%", codes=LEXICON.concepts[of.id].codes, **more)


@pytest.mark.parametrize("point", [MRD_END_OF_INDUCTION, MRD_END_OF_CONSOLIDATION])
def test_residual_disease_of_a_time_point_counts_before_transplant_too(point):
    cleared = mrd(0, hours_ago=30 * DAY)
    back = mrd(0.5, point)
    assert allo_hsct_all_mrd.applies(chart(*TRANSPLANT, cleared)).truth is FALSE
    assert allo_hsct_all_mrd.applies(chart(*TRANSPLANT, cleared, back)).truth is TRUE
    assert allo_hsct_all_mrd.applies(chart(*TRANSPLANT, mrd(0, point))).truth is FALSE
    shown = cards(ORDER_SELECT, *TRANSPLANT, cleared, back)["allo-hsct-all-mrd"]
    assert any(line.startswith(f"{point.title} 0.5 %") for line in part(shown, "This patient"))


def test_a_newer_result_of_a_time_point_that_cannot_be_read_is_a_doubt():
    known = mrd(0, MRD_END_OF_INDUCTION, hours_ago=9 * DAY)
    unread = in_words(mrd(0, MRD_END_OF_INDUCTION), "see report")
    assert questions.mrd_in_doubt(chart(known)).truth is FALSE
    assert questions.mrd_in_doubt(chart(known, unread)).truth is TRUE
    assert questions.mrd_positive(chart(known, unread)).truth is UNKNOWN


def test_a_remission_older_than_the_entry_of_the_disease_does_not_end_it():
    """The entry may be the relapse: in ALL as in AML new or relapsed is then a gap."""
    older = (aged(70), diagnosis(ALL, recorded="2026-11-01"))
    before = answered(COMPLETE_REMISSION, "complete remission", hours_ago=400 * DAY)
    after = answered(COMPLETE_REMISSION, "complete remission")
    assert all_older_adult.applies(chart(*older)).truth is TRUE
    assert all_older_adult.applies(chart(*older, after)).truth is FALSE
    found = all_older_adult.applies(chart(*older, before))
    assert found.truth is UNKNOWN
    (gap,) = found.deciding()
    assert "new or relapsed is not recorded" in gap.say()
