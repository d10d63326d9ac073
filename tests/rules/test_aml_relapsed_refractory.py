"""aml-relapsed-refractory: catalogue R05C."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import PATIENT_VIEW
from hooks.concepts import (
    ALL,
    ALS,
    AML,
    APL,
    APL_MORPHOLOGY,
    FLT3,
    PML_RARA,
    REFRACTORY_DISEASE,
)
from hooks.rules.aml_relapsed_refractory import aml_relapsed_refractory as rule
from tests.patients import (
    aged,
    answered,
    cards,
    chart,
    count,
    diagnosis,
    in_remission,
    never_decisive,
    overrides,
    part,
    relapsed,
    suggestions,
)

REFRACTORY = answered(REFRACTORY_DISEASE, "refractory")

WARNS = {
    "AML coded as relapsed": (relapsed(AML),),
    "AML with the status recurrence": (diagnosis(AML, clinical="recurrence"),),
    "AML active and refractory by the latest response": (diagnosis(AML), REFRACTORY),
    "a relapse newer than a remission": (
        in_remission(AML, recorded="2025-06-01"),
        relapsed(AML),
    ),
    "a child": (aged(9), relapsed(AML)),
    "PML::RARA negative": (relapsed(AML), answered(PML_RARA, "negative")),
    "ALS refuted": (relapsed(AML), diagnosis(ALS, "refuted")),
}

SILENT = {
    "AML active": (diagnosis(AML),),
    "AML active and in complete remission by the latest response": (
        diagnosis(AML),
        answered(REFRACTORY_DISEASE, "complete remission"),
    ),
    "AML in remission": (in_remission(AML), REFRACTORY),
    "a remission newer than a relapse": (in_remission(AML), relapsed(AML, recorded="2025-06-01")),
    "ALL relapsed": (relapsed(ALL),),
    "ALS": (relapsed(AML), diagnosis(ALS)),
    "ALS only suspected": (relapsed(AML), diagnosis(ALS, "provisional")),
    "APL too": (relapsed(AML), diagnosis(APL)),
    "PML::RARA positive": (relapsed(AML), answered(PML_RARA, "positive")),
    "morphology of APL": (relapsed(AML), answered(APL_MORPHOLOGY, "present")),
    "no leukemia": (REFRACTORY,),
}

ASKS = {
    "relapse only suspected": (relapsed(AML, verification="provisional"),),
    "relapse only suspected, beside an entry of active disease": (
        diagnosis(AML),
        relapsed(AML, verification="provisional"),
    ),
    "relapse and remission of one day": (relapsed(AML), in_remission(AML)),
    "a response in words that are not read": (
        diagnosis(AML),
        answered(REFRACTORY_DISEASE, "see report"),
    ),
    "ALS resolved, which cannot be": (relapsed(AML), diagnosis(ALS, clinical="resolved")),
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
    return cards(PATIENT_VIEW, *records, count(30))[rule.id]


def test_a_relapse_gets_this_card_and_no_pathway_of_new_disease():
    shown = cards(PATIENT_VIEW, relapsed(AML), count(30))
    assert list(shown) == [rule.id]
    assert shown[rule.id]["indicator"] == "info"
    assert len(shown[rule.id]["summary"]) < 140


def test_a_conflict_is_named_and_not_silent():
    shown = cards(PATIENT_VIEW, *ASKS["relapse and remission of one day"], count(30))
    assert list(shown) == ["data-gaps"]
    assert "entries contradict each other" in shown["data-gaps"]["detail"]


def test_the_entries_of_the_course_are_shown_with_their_dates():
    shown = card(in_remission(AML, recorded="2025-06-01"), relapsed(AML))
    basis = part(shown, "This patient")
    assert any("in remission" in line and "2025-06-01" in line for line in basis)
    assert any("in relapse, recorded 2026-11-01" in line for line in basis)
    assert "Length of the first remission" not in shown["detail"]


def test_a_first_remission_that_is_not_on_record_is_a_gap():
    missing = part(card(relapsed(AML)), "Missing or uncertain")
    assert "Length of the first remission: not on record" in missing


def test_it_attributes_the_summary_and_says_what_was_not_found():
    text = card(relapsed(AML))["detail"]
    for said in (
        "after a longer first remission offer intensive re-induction",
        "allogeneic transplant from a matched related or unrelated donor",
        "The chance of success is low: say so",
        "refractory means failure after one or two induction cycles",
        "For clinicians: Guideline summary: refractory AML has a very high chance of failing",
    ):
        assert said in text


def test_the_mutation_panel_is_repeated_even_where_one_is_on_record():
    labels = ["Draft repeat mutation panel", "Draft palliative care referral"]
    assert list(suggestions(card(relapsed(AML)))) == labels
    assert list(suggestions(card(relapsed(AML), answered(FLT3, "positive")))) == labels


def test_als_has_its_own_card_instead():
    shown = cards(PATIENT_VIEW, relapsed(AML), diagnosis(ALS), count(30))
    assert list(shown) == ["als-acute-leukemia-goals"]


def test_apl_in_relapse_is_not_a_relapse_of_aml():
    assert list(cards(PATIENT_VIEW, relapsed(APL), count(5))) == ["apl-suspected"]


def test_overrides_can_say_why():
    assert overrides(card(relapsed(AML))) == ["indication-order-exists", "other"]
