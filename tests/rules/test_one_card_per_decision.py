"""One decision, one card: the sets that catalogue 0.9 and 6 settle, asked of the services."""

import pytest

from hooks import ORDER_SELECT, ORDER_SIGN
from hooks.concepts import (
    ALL,
    ALS,
    AML,
    APL,
    B_LINEAGE_ALL,
    BLASTS_PERCENT,
    BLINATUMOMAB,
    BUSULFAN,
    CENTRAL_LINE,
    CYTARABINE,
    DAUNORUBICIN,
    ECOG,
    FIBRINOGEN,
    FVC,
    G6PD_DEFICIENCY,
    HYDROXYUREA,
    INR,
    LEUKAPHERESIS,
    LUMBAR_PUNCTURE,
    METHOTREXATE,
    NELARABINE,
    PLATELETS,
    PLATELETS_ORDER,
    RASBURICASE,
    RED_CELLS,
    T_LINEAGE_ALL,
    VINCRISTINE,
)
from tests.patients import (
    BODY,
    CPT,
    cards,
    count,
    diagnosis,
    in_remission,
    order,
    part,
    result,
    suggestions,
)

EXTENSION = "org.als-leukemia-cds.rule"
BOTH_HOOKS = pytest.mark.parametrize("service", [ORDER_SELECT, ORDER_SIGN], ids=lambda s: s.hook)

DISEASE = diagnosis(ALS)
LEUKEMIA = diagnosis(AML)
LYMPHOBLASTIC = diagnosis(B_LINEAGE_ALL)
FIT = (result(ECOG, 1), result(FVC, 82))
SAFE = (
    count(12),
    result(PLATELETS, 90),
    result(FIBRINOGEN, 240),
    result(INR, 1.1),
    result(BLASTS_PERCENT, 0),
)
UNSAFE = (count(12), result(PLATELETS, 19), result(FIBRINOGEN, 240), result(INR, 1.1))

APHERESIS = order(LEUKAPHERESIS, reason="hyperleukocytosis")
CATHETER = order(CENTRAL_LINE, procedure=True, identity="catheter")
INDUCTION = order(CYTARABINE, dose="100 mg/m2", route="continuous intravenous infusion")
HIGH_DOSE = order(CYTARABINE, dose="3 g/m2", route="intravenous", times=2)
ANTHRACYCLINE = order(DAUNORUBICIN)
UNDOSED = order(CYTARABINE)
INTRATHECAL = order(METHOTREXATE, dose="12 mg", route="intrathecal")
INFUSION = order(BLINATUMOMAB)
TRANSPLANT = order("Allogeneic stem cell transplant", procedure=True, identity="transplant")


def shown(service, *records):
    """Rule ids in order, each with those that went onto its card: "host+guest"."""
    return ["+".join([name, *guests(card)]) for name, card in cards(service, *records).items()]


def guests(card):
    return card["extension"][EXTENSION].get("also", [])


def lines_of(card, summary):
    """What a card says of another rule, by the start of its summary."""
    title = f"Also: {summary}"
    return next(each for each in card["detail"].split("\n\n**") if each.startswith(title))


# -- leukapheresis and its catheter ----------------------------------------------------------------

AT_100 = count(187)


APHERESIS_CARDS = {
    "ALS, selected": (ORDER_SELECT, (DISEASE, LEUKEMIA), "leukapheresis-als"),
    "ALS, signed": (ORDER_SIGN, (DISEASE, LEUKEMIA), "leukapheresis-als"),
    "APL, selected": (ORDER_SELECT, (DISEASE, diagnosis(APL)), "leukapheresis-apl"),
    "APL, signed": (ORDER_SIGN, (DISEASE, diagnosis(APL)), "leukapheresis-apl"),
    "neither, selected": (ORDER_SELECT, (LEUKEMIA,), "leukapheresis-routine"),
}


@pytest.mark.parametrize(
    ("service", "leukemia", "expected"), APHERESIS_CARDS.values(), ids=APHERESIS_CARDS
)
def test_leukapheresis_and_its_catheter_are_one_card(service, leukemia, expected):
    records = (*leukemia, AT_100, APHERESIS, CATHETER)
    assert shown(service, *records) == [f"{expected}+central-line-bleeding-risk"]
    assert lines_of(cards(service, *records)[expected], "Central line")


def test_a_catheter_alone_has_its_own_card():
    assert shown(ORDER_SELECT, LEUKEMIA, AT_100, CATHETER) == ["central-line-bleeding-risk"]


def test_at_signing_without_als_the_catheter_keeps_its_card():
    """leukapheresis-routine is for selection only, so that it cannot carry the other's lines."""
    found = shown(ORDER_SIGN, LEUKEMIA, AT_100, APHERESIS, CATHETER)
    assert found == ["central-line-bleeding-risk"]


# -- intensive therapy -----------------------------------------------------------------------------


@BOTH_HOOKS
def test_7_and_3_are_one_card_that_removes_both(service):
    records = (DISEASE, LEUKEMIA, *FIT, INDUCTION, ANTHRACYCLINE)
    assert shown(service, *records) == ["intensive-therapy-als"]
    one = cards(service, *records)["intensive-therapy-als"]
    removals = [
        [action["resourceId"] for action in each["actions"] if action["type"] == "delete"]
        for each in suggestions(one).values()
    ]
    assert [sorted(each) for each in removals if each] == [
        ["MedicationRequest/cytarabine", "MedicationRequest/daunorubicin"]
    ]


@BOTH_HOOKS
def test_intensive_therapy_absorbs_the_neurotoxic_drug_of_its_regimen(service):
    """Scenario 8."""
    records = (DISEASE, LEUKEMIA, *FIT, HIGH_DOSE, ANTHRACYCLINE)
    assert shown(service, *records) == ["intensive-therapy-als+neurotoxic-drug-als"]
    one = cards(service, *records)["intensive-therapy-als"]
    assert "agree on the drug with neurology" in lines_of(one, "Neurotoxic drug")
    assert "Draft neurology review" in suggestions(one)


@BOTH_HOOKS
def test_vincristine_beside_an_anthracycline_is_on_its_card(service):
    records = (DISEASE, diagnosis(ALL), *FIT, ANTHRACYCLINE, order(VINCRISTINE))
    found = shown(service, *records)
    assert found == ["intensive-therapy-als+neurotoxic-drug-als"]


@BOTH_HOOKS
def test_a_neurotoxic_drug_without_intensive_therapy_has_its_own_card(service):
    """Scenario 32."""
    records = (DISEASE, diagnosis(ALL), order(VINCRISTINE), order("dasatinib 100 mg"))
    assert shown(service, *records) == ["neurotoxic-drug-als"]


@BOTH_HOOKS
def test_conditioning_in_als_is_the_card_on_transplant(service):
    records = (DISEASE, in_remission(AML), order(BUSULFAN))
    assert shown(service, *records) == ["allo-hsct-als"]
    conditioning = (order(BUSULFAN), order("fludarabine"))
    found = shown(service, DISEASE, LEUKEMIA, *FIT, TRANSPLANT, *conditioning)
    assert found == ["allo-hsct-als+intensive-therapy-als"]


# -- into the spinal fluid -------------------------------------------------------------------------


@BOTH_HOOKS
def test_an_intrathecal_drug_in_als_is_the_puncture_s_where_a_value_is_unsafe(service):
    for values in (UNSAFE, ()):
        found = shown(service, DISEASE, LYMPHOBLASTIC, *values, INTRATHECAL)
        assert found == ["puncture-bleeding-risk+neurotoxic-drug-als"]


@BOTH_HOOKS
def test_an_intrathecal_drug_in_als_is_the_neurotoxic_one_s_where_all_is_safe(service):
    records = (DISEASE, LYMPHOBLASTIC, *SAFE, INTRATHECAL)
    assert shown(service, *records) == ["neurotoxic-drug-als+puncture-bleeding-risk"]


@BOTH_HOOKS
def test_the_puncture_and_its_drug_are_one_card(service):
    puncture = order(LUMBAR_PUNCTURE, system=CPT, code="62270", procedure=True)
    found = shown(service, DISEASE, LYMPHOBLASTIC, *UNSAFE, puncture, INTRATHECAL)
    assert found == ["puncture-bleeding-risk+neurotoxic-drug-als"]


@BOTH_HOOKS
def test_another_neurotoxic_drug_beside_it_keeps_its_card(service):
    found = shown(service, DISEASE, LYMPHOBLASTIC, *UNSAFE, INTRATHECAL, order(NELARABINE))
    assert sorted(found) == ["neurotoxic-drug-als", "puncture-bleeding-risk"]


@BOTH_HOOKS
def test_an_unsafe_puncture_keeps_its_card_beside_intensive_therapy(service):
    found = shown(service, DISEASE, LYMPHOBLASTIC, *FIT, *UNSAFE, ANTHRACYCLINE, INTRATHECAL)
    assert found == ["intensive-therapy-als", "puncture-bleeding-risk+neurotoxic-drug-als"]
    both = (INTRATHECAL, order(VINCRISTINE))
    found = shown(service, DISEASE, LYMPHOBLASTIC, *FIT, *UNSAFE, ANTHRACYCLINE, *both)
    assert found == ["intensive-therapy-als+neurotoxic-drug-als", "puncture-bleeding-risk"]


@BOTH_HOOKS
def test_a_critical_puncture_is_the_first_card(service):
    records = (DISEASE, diagnosis(APL), *UNSAFE, ANTHRACYCLINE, INTRATHECAL)
    assert shown(service, *records)[0].startswith("puncture-bleeding-risk")


# -- blinatumomab ----------------------------------------------------------------------------------

BLINATUMOMAB_IN_ALS = {
    "eligible, the warning of the two": (LYMPHOBLASTIC,),
    "lineage not known, a tie": (diagnosis(ALL),),
    "T lineage, a tie": (diagnosis(T_LINEAGE_ALL),),
}


@pytest.mark.parametrize("leukemia", BLINATUMOMAB_IN_ALS.values(), ids=BLINATUMOMAB_IN_ALS)
def test_blinatumomab_in_als_is_one_card_with_the_lines_of_both(leukemia):
    records = (DISEASE, *leukemia, INFUSION)
    assert shown(ORDER_SIGN, *records) == ["neurotoxic-drug-als+blinatumomab-eligibility"]
    one = cards(ORDER_SIGN, *records)["neurotoxic-drug-als"]
    assert one["indicator"] == "warning"
    assert "88 of 113 adults" in lines_of(one, "Blinatumomab")
    assert "about 65%, severe in 13%" in one["detail"]
    assert "Draft CD19 flow cytometry" in suggestions(one)
    assert "cd19-confirmed" in [each["code"] for each in one["overrideReasons"]]


def test_blinatumomab_without_als_is_the_card_on_eligibility():
    assert shown(ORDER_SIGN, LYMPHOBLASTIC, INFUSION) == ["blinatumomab-eligibility"]


def test_selected_blinatumomab_in_als_is_the_neurotoxic_card_alone():
    assert shown(ORDER_SELECT, DISEASE, LYMPHOBLASTIC, INFUSION) == ["neurotoxic-drug-als"]


# -- how many, in which order ----------------------------------------------------------------------

DEFICIENT = diagnosis(G6PD_DEFICIENCY)
ORDERS = (
    order(RED_CELLS, procedure=True, identity="red-cells"),
    order(PLATELETS_ORDER, procedure=True, identity="platelets"),
    order(HYDROXYUREA, dose="9000 mg", times=1),
    CATHETER,
)


def test_at_most_three_cards_in_the_order_of_the_selections():
    found = shown(ORDER_SELECT, LEUKEMIA, AT_100, *BODY, *ORDERS)
    warnings = ["red-cells-hyperleukocytosis", "hydroxyurea-check", "central-line-bleeding-risk"]
    assert found == warnings
    reverse = shown(ORDER_SELECT, LEUKEMIA, AT_100, *BODY, *reversed(ORDERS))
    assert reverse == warnings[::-1]


def test_what_the_limit_leaves_out_is_said_on_the_first_card():
    found = cards(ORDER_SELECT, LEUKEMIA, AT_100, *BODY, *ORDERS)
    first, *others = (part(each, "Missing or uncertain") for each in found.values())
    left_out = "Also applies, without a card of its own: Platelet targets"
    assert next(line for line in first if line.startswith("Also applies")).startswith(left_out)
    assert not any("Also applies" in line for lines in others for line in lines)
    alone = cards(ORDER_SELECT, LEUKEMIA, AT_100, *BODY, *ORDERS[:2]).values()
    assert not any("Also applies" in each["detail"] for each in alone)


def test_at_most_three_cards_at_signing():
    puncture = order(LUMBAR_PUNCTURE, system=CPT, code="62270", procedure=True)
    found = shown(ORDER_SIGN, LEUKEMIA, AT_100, *BODY, *ORDERS, puncture)
    assert found == [
        "red-cells-hyperleukocytosis",
        "hydroxyurea-check",
        "central-line-bleeding-risk",
    ]


def test_a_critical_card_comes_first_and_is_not_dropped():
    records = (LEUKEMIA, AT_100, *BODY, DEFICIENT, *ORDERS, order(RASBURICASE))
    found = cards(ORDER_SELECT, *records)
    assert next(iter(found)) == "rasburicase-g6pd"
    assert [each["indicator"] for each in found.values()] == ["critical", "warning", "warning"]


# -- where dose decides ----------------------------------------------------------------------------


def test_cytarabine_without_a_dose_is_silent_when_selected():
    """Scenario 9."""
    assert cards(ORDER_SELECT, DISEASE, LEUKEMIA, UNDOSED) == {}


@pytest.mark.parametrize("others", [(DISEASE, LEUKEMIA), (LEUKEMIA,)], ids=["ALS", "no ALS"])
def test_cytarabine_without_a_dose_cannot_be_classified_when_signed(others):
    shown_at_signing = cards(ORDER_SIGN, *others, UNDOSED)
    assert list(shown_at_signing) == ["data-gaps"]
    missing = part(shown_at_signing["data-gaps"], "Missing or uncertain")
    assert any("intensity cannot be classified without route and dose" in line for line in missing)


def test_beside_another_card_it_is_a_line_at_the_foot():
    found = cards(ORDER_SIGN, DISEASE, LEUKEMIA, *FIT, ANTHRACYCLINE, UNDOSED)
    assert list(found) == ["intensive-therapy-als"]
    missing = part(found["intensive-therapy-als"], "Missing or uncertain")
    assert any("intensity cannot be classified without route and dose" in line for line in missing)


def test_without_acute_leukemia_it_is_no_matter():
    assert cards(ORDER_SIGN, DISEASE, UNDOSED) == {}


def test_a_low_dose_beside_induction_is_a_card_of_its_own():
    low = order(CYTARABINE, dose="36 mg", route="subcutaneous", times=2, identity="low")
    found = shown(ORDER_SIGN, DISEASE, LEUKEMIA, *BODY, *FIT, INDUCTION, low)
    assert found == ["intensive-therapy-als", "low-dose-cytarabine"]
