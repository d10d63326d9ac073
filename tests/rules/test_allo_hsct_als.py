"""allo-hsct-als: catalogue R15, scenarios 16 and 36."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import ORDER_SELECT, ORDER_SIGN, concepts
from hooks.concepts import (
    ALL,
    ALLOGENEIC_TRANSPLANT,
    ALS,
    AML,
    APL,
    AUTOLOGOUS_TRANSPLANT,
    BUSULFAN,
    ECOG,
    FLUDARABINE,
    FVC,
    MIXED_PHENOTYPE_ACUTE_LEUKEMIA,
    MRD,
    OTHER_LEUKEMIA,
    TRANSPLANT_DONOR_NOT_STATED,
    UNSPECIFIED_ACUTE_LEUKEMIA,
    VALUE_SETS,
    VENTILATOR_DEPENDENCE,
)
from hooks.rules.allo_hsct_als import allo_hsct_als as rule
from tests.patients import (
    CPT,
    ICD_10,
    LEXICON,
    SNOMED,
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

DISEASE = diagnosis(ALS)
LEUKEMIA = in_remission(AML)
BOTH = (DISEASE, LEUKEMIA)
TRANSPLANT = order(ALLOGENEIC_TRANSPLANT, procedure=True, system=SNOMED)
OPEN = order(TRANSPLANT_DONOR_NOT_STATED, procedure=True)

WARNS = {
    "allogeneic transplant ordered in ALS, AML in remission": (*BOTH, TRANSPLANT),
    "coded by CPT": (*BOTH, order(ALLOGENEIC_TRANSPLANT, procedure=True, system=CPT)),
    "AML active": (DISEASE, diagnosis(AML), TRANSPLANT),
    "AML relapsed": (DISEASE, relapsed(AML), TRANSPLANT),
    "AML resolved": (DISEASE, diagnosis(AML, clinical="resolved"), TRANSPLANT),
    "AML only suspected": (DISEASE, diagnosis(AML, "provisional"), TRANSPLANT),
    "ALL": (DISEASE, diagnosis(ALL), TRANSPLANT),
    "APL in remission": (DISEASE, in_remission(APL), TRANSPLANT),
    "mixed phenotype leukemia": (DISEASE, diagnosis(MIXED_PHENOTYPE_ACUTE_LEUKEMIA), TRANSPLANT),
    "acute leukemia without lineage": (
        DISEASE,
        diagnosis(UNSPECIFIED_ACUTE_LEUKEMIA),
        TRANSPLANT,
    ),
    "ALS only suspected": (diagnosis(ALS, "provisional"), LEUKEMIA, TRANSPLANT),
    "motor neuron disease, ALS not specified": (
        diagnosis(ALS, codes=VALUE_SETS["motor-neuron-disease"], system=ICD_10),
        LEUKEMIA,
        TRANSPLANT,
    ),
    "a transplant whose donor is not stated": (*BOTH, OPEN),
    "a referral in words": (
        *BOTH,
        order("Ambulatory referral to Blood and Marrow Transplant", procedure=True),
    ),
    "a donor search": (*BOTH, order("Unrelated donor search", procedure=True)),
    "conditioning alone": (*BOTH, order(BUSULFAN)),
    "conditioning in words": (*BOTH, order("Reduced-intensity conditioning", procedure=True)),
}

SILENT = {
    "nothing ordered": BOTH,
    "transplant drafted but not selected": (
        *BOTH,
        order(ALLOGENEIC_TRANSPLANT, procedure=True, selected=False),
        order(FLUDARABINE),
    ),
    "autologous transplant": (*BOTH, order(AUTOLOGOUS_TRANSPLANT, procedure=True)),
    "conditioning for an autologous transplant": (
        *BOTH,
        order(BUSULFAN),
        order(AUTOLOGOUS_TRANSPLANT, procedure=True, selected=False),
    ),
    "the patient's own mesenchymal cells for ALS": (
        *BOTH,
        order("Autologous mesenchymal stem cell transplantation", procedure=True),
    ),
    "a chimerism test after a transplant": (
        *BOTH,
        order("Chimerism, post allogeneic HSCT", procedure=True),
    ),
    "no ALS": (LEUKEMIA, TRANSPLANT),
    "ALS refuted": (diagnosis(ALS, "refuted"), LEUKEMIA, TRANSPLANT),
    "ALS entered in error": (diagnosis(ALS, "entered-in-error"), LEUKEMIA, TRANSPLANT),
    "no leukemia": (DISEASE, TRANSPLANT),
    "CLL": (DISEASE, diagnosis(OTHER_LEUKEMIA), TRANSPLANT),
    "AML refuted": (DISEASE, diagnosis(AML, "refuted"), TRANSPLANT),
}

ASKS = {
    "ALS resolved, which cannot be": (diagnosis(ALS, clinical="resolved"), LEUKEMIA, TRANSPLANT),
    "a problem list that could not be read": (not_read(*concepts.CONDITIONS), TRANSPLANT),
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
    return cards(ORDER_SELECT, *records)[rule.id]


@pytest.mark.parametrize("service", [ORDER_SELECT, ORDER_SIGN], ids=["selected", "signed"])
def test_it_is_one_warning_that_names_the_order(service):
    shown = cards(service, *BOTH, TRANSPLANT)
    assert list(shown) == [rule.id]
    one = shown[rule.id]
    assert one["indicator"] == "warning"
    assert one["summary"] == (
        "Allogeneic transplant in ALS: usually judged not feasible; confirm with transplant, "
        "neurology and the patient's goals."
    )
    assert "Order: allogeneic stem-cell transplant" in part(one, "This patient")


def test_scenario_36_is_the_card_of_als_alone():
    mrd = result(MRD, 0.3, codes=LEXICON.concepts[MRD.id].codes)
    records = (DISEASE, in_remission(ALL), mrd, TRANSPLANT)
    assert list(cards(ORDER_SELECT, *records)) == [rule.id]


def test_conditioning_in_als_is_this_card_and_no_second_one():
    shown = cards(ORDER_SELECT, DISEASE, diagnosis(AML), order(BUSULFAN), order(FLUDARABINE))
    assert list(shown) == [rule.id]


def test_it_shows_function_and_breathing_with_their_dates():
    values = (
        result(ECOG, 2, hours_ago=48),
        result(FVC, 61, hours_ago=24 * 20),
        diagnosis(VENTILATOR_DEPENDENCE),
    )
    basis = part(card(*BOTH, *values, TRANSPLANT), "This patient")
    assert any(line.startswith("ECOG performance status 2, 2026-11-19") for line in basis)
    assert any("percent predicted 61 %, 2026-11-01" in line for line in basis)
    assert any(line.startswith("Ventilation support") for line in basis)


def test_function_and_breathing_that_nobody_recorded_are_gaps():
    missing = part(card(*BOTH, TRANSPLANT), "Missing or uncertain")
    assert any(line.startswith("ECOG performance status: not recorded") for line in missing)
    assert any("(FVC), percent predicted: not recorded" in line for line in missing)


def test_it_attributes_what_the_summary_says_of_als():
    advice = part(card(*BOTH, TRANSPLANT), "Consider")
    (feasible,) = [line for line in advice if "not feasible" in line]
    assert feasible.startswith("Guideline summary: ")
    assert "ALS was not studied" in feasible
    assert "non-relapse mortality" in feasible


def test_the_advice_on_second_remission_is_for_aml():
    def says(leukemia):
        return "second or later remission" in card(DISEASE, leukemia, TRANSPLANT)["detail"]

    assert says(in_remission(AML))
    assert not says(in_remission(ALL))


def test_an_open_donor_and_what_is_only_suspected_are_said():
    text = card(diagnosis(ALS, "provisional"), diagnosis(AML, "provisional"), OPEN)["detail"]
    assert "The order does not state the donor" in text
    assert "ALS is not confirmed" in text
    assert "Acute leukemia is suspected, not confirmed" in text
    settled = card(*BOTH, TRANSPLANT)["detail"]
    for line in ("does not state the donor", "ALS is not confirmed", "is suspected"):
        assert line not in settled


def test_it_offers_the_talks_and_takes_nothing_back():
    offered = suggestions(card(*BOTH, TRANSPLANT))
    assert list(offered) == [
        "Draft transplant and neurology consult",
        "Draft palliative care referral",
    ]
    actions = [action for each in offered.values() for action in each["actions"]]
    assert {action["type"] for action in actions} == {"create"}
    assert all(action["resource"]["status"] == "draft" for action in actions)


def test_overrides_can_say_why():
    assert overrides(card(*BOTH, TRANSPLANT)) == [
        "second-opinion",
        "preserved-function",
        "expert-contradicts",
        "other",
    ]
