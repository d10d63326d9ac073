"""leukapheresis-als: catalogue R10, scenarios 2, 13, 14, 16, 21 and 22."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import ORDER_SELECT, concepts
from hooks.concepts import (
    ALL,
    ALS,
    AML,
    APL,
    CYTARABINE,
    FVC,
    HYDROXYUREA,
    INR,
    LEUKAPHERESIS,
    LEUKOCYTES,
    MIXED_PHENOTYPE_ACUTE_LEUKEMIA,
    OTHER_APHERESIS,
    OTHER_LEUKEMIA,
    PML_RARA,
    PREGNANCY,
    SPO2,
    UNSPECIFIED_ACUTE_LEUKEMIA,
    VALUE_SETS,
)
from hooks.rules.leukapheresis_als import leukapheresis_als as rule
from tests.patients import (
    CPT,
    ICD_10,
    SCENARIO_1,
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
    relapsed,
    result,
    suggestions,
)

DISEASE = diagnosis(ALS)
LEUKEMIA = diagnosis(AML)
BOTH = (DISEASE, LEUKEMIA)
APHERESIS = order(LEUKAPHERESIS, system=CPT)

WARNS = {
    "therapeutic leukapheresis ordered in ALS and AML": (*BOTH, APHERESIS),
    "ALL": (DISEASE, diagnosis(ALL), APHERESIS),
    "mixed phenotype leukemia": (DISEASE, diagnosis(MIXED_PHENOTYPE_ACUTE_LEUKEMIA), APHERESIS),
    "acute leukemia without lineage": (
        DISEASE,
        diagnosis(UNSPECIFIED_ACUTE_LEUKEMIA),
        APHERESIS,
    ),
    "AML relapsed": (DISEASE, relapsed(AML), APHERESIS),
    "AML only suspected": (DISEASE, diagnosis(AML, "provisional"), APHERESIS),
    "ALS only suspected": (diagnosis(ALS, "provisional"), LEUKEMIA, APHERESIS),
    "motor neuron disease, ALS not specified": (
        diagnosis(ALS, codes=VALUE_SETS["motor-neuron-disease"], system=ICD_10),
        LEUKEMIA,
        APHERESIS,
    ),
    "no purpose stated and a count of exactly 50": (*BOTH, count(50), order(LEUKAPHERESIS)),
    "no count on record, but the code says therapeutic": (*BOTH, APHERESIS),
    "no code at all, the text says leukapheresis for leukostasis": (
        *BOTH,
        order("Leukapheresis for leukostasis", procedure=True),
    ),
}

SILENT = {
    "nothing ordered": (*BOTH, count(182)),
    "leukapheresis drafted but not selected": (
        *BOTH,
        count(182),
        order(LEUKAPHERESIS, system=CPT, selected=False),
        order(HYDROXYUREA),
    ),
    "no purpose stated and a count of 49.9": (*BOTH, count(49.9), order(LEUKAPHERESIS)),
    "stem-cell collection": (
        *BOTH,
        count(182),
        order(LEUKAPHERESIS, system=CPT, reason="Autologous stem cell collection"),
    ),
    "plasma exchange": (*BOTH, count(182), order(OTHER_APHERESIS)),
    "no ALS": (LEUKEMIA, APHERESIS),
    "ALS refuted": (diagnosis(ALS, "refuted"), LEUKEMIA, APHERESIS),
    "ALS entered in error": (diagnosis(ALS, "entered-in-error"), LEUKEMIA, APHERESIS),
    "ALS in the family only": (
        {**diagnosis(ALS), "resourceType": "FamilyMemberHistory"},
        LEUKEMIA,
        APHERESIS,
    ),
    "no leukemia": (DISEASE, count(182), APHERESIS),
    "CLL": (DISEASE, diagnosis(OTHER_LEUKEMIA), count(400), APHERESIS),
    "AML in remission": (DISEASE, in_remission(AML), APHERESIS),
    "AML refuted": (DISEASE, diagnosis(AML, "refuted"), APHERESIS),
}

ASKS = {
    "no purpose stated and no count": (*BOTH, order(LEUKAPHERESIS)),
    "no purpose stated and a count without unit": (*BOTH, count(182, ""), order(LEUKAPHERESIS)),
    "no purpose stated and a count a minute older than 72 h": (
        *BOTH,
        count(182, hours_ago=72 + 1 / 60),
        order(LEUKAPHERESIS),
    ),
    "no purpose stated and counts that could not be read": (
        *BOTH,
        order(LEUKAPHERESIS),
        not_read(LEUKOCYTES),
    ),
    "ALS resolved, which cannot be": (
        diagnosis(ALS, clinical="resolved"),
        LEUKEMIA,
        APHERESIS,
    ),
    "AML active and in remission, neither entry dated": (
        DISEASE,
        diagnosis(AML, recorded=None),
        in_remission(AML, recorded=None),
        APHERESIS,
    ),
    "a problem list that could not be read": (not_read(*concepts.CONDITIONS), APHERESIS),
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
    # APL is silent here only because leukapheresis-apl speaks first; see the test of the group.
    assert never_decisive(rule, SILENT.values()) == set()


# -- the card -------------------------------------------------------------------------------------

HYDROXYUREA_DRAFT = "Draft hydroxyurea 3,500 mg/day (7 capsules of 500 mg), 1 day"


def card(*records):
    return cards(ORDER_SELECT, *records)[rule.id]


def test_apl_that_nothing_rules_out_is_named_before_leukapheresis():
    words = (
        "APL not yet excluded (no negative PML::RARA on record): smear and clotting first, a "
        "matter of minutes."
    )
    gap = "Genetics (PML::RARA): no result"
    open_ = card(*BOTH, APHERESIS)
    assert part(open_, "Consider")[0] == words
    assert gap in part(open_, "Missing or uncertain")
    settled = card(*BOTH, answered(PML_RARA, "negative"), APHERESIS)["detail"]
    assert words not in settled
    assert gap not in settled
    assert words not in card(DISEASE, diagnosis(ALL), APHERESIS)["detail"]


def test_no_hydroxyurea_is_proposed_beside_a_drafted_anthracycline():
    label = "Draft hydroxyurea 3,500 mg/day (7 capsules of 500 mg), 1 day"
    assert label in suggestions(card(*SCENARIO_1, APHERESIS))
    drafted = order(concepts.DAUNORUBICIN, name="daunorubicin", selected=False)
    assert label not in suggestions(card(*SCENARIO_1, APHERESIS, drafted))


def test_harm_in_als_is_called_reasoned():
    assert "may make it riskier (reasoned, not studied)" in card(*BOTH, APHERESIS)["detail"]


def test_scenario_2_is_one_warning_that_shows_breathing_and_platelets():
    shown = cards(ORDER_SELECT, *SCENARIO_1, APHERESIS)
    assert list(shown) == [rule.id]
    one = shown[rule.id]
    assert one["indicator"] == "warning"
    assert one["summary"] == (
        "Leukapheresis in ALS with leukemia: no proven early survival gain, added breathing risk; "
        "reserve for organ-threatening leukostasis."
    )
    basis = " ".join(part(one, "This patient"))
    for value in ("Order: leukapheresis", "percent predicted 44 %", "Platelets 38", "INR 1.3"):
        assert value in basis
    assert any(line.startswith("Oxygen saturation") for line in part(one, "Missing or uncertain"))


def test_scenario_2_takes_the_order_back_and_offers_hydroxyurea():
    offered = suggestions(card(*SCENARIO_1, APHERESIS))
    assert list(offered) == [
        "Remove the drafted leukapheresis",
        HYDROXYUREA_DRAFT,
        "Draft apheresis and neurology discussion",
    ]
    (removal,) = offered["Remove the drafted leukapheresis"]["actions"]
    assert (removal["type"], removal["resourceId"]) == ("delete", "ServiceRequest/leukapheresis")
    assert "resource" not in removal
    (creation,) = offered[HYDROXYUREA_DRAFT]["actions"]
    dose = creation["resource"]["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]
    assert (dose["value"], dose["unit"]) == (3500, "mg")


def test_it_attributes_the_summary_and_does_not_wait_for_hydroxyurea_to_fail():
    text = card(*SCENARIO_1, APHERESIS)["detail"]
    assert (
        "Guideline summary: avoid leukapheresis unless life-threatening cerebral or pulmonary "
        "leukostasis does not respond to hydroxyurea. Evidence: do not wait for hydroxyurea to "
        "fail when organs are threatened"
    ) in text
    assert "relative risk 0.88, 95% CI 0.69-1.13" in text
    assert "ALS-specific harm is reasoned, not measured" in text
    assert "forbidden" not in text


@pytest.mark.parametrize(
    "more",
    [
        (order(HYDROXYUREA, selected=False),),
        (order(CYTARABINE, selected=False),),
        (diagnosis(ALL),),
        (diagnosis(PREGNANCY),),
    ],
    ids=["hydroxyurea drafted", "cytarabine drafted", "ALL on record too", "pregnant"],
)
def test_hydroxyurea_is_not_offered_where_it_does_not_fit(more):
    labels = list(suggestions(card(*SCENARIO_1, APHERESIS, *more)))
    assert labels == [
        "Remove the drafted leukapheresis",
        "Draft apheresis and neurology discussion",
    ]


def test_two_leukapheresis_orders_are_one_decision():
    again = order(LEUKAPHERESIS, system=CPT, identity="again")
    shown = cards(ORDER_SELECT, *BOTH, APHERESIS, again)
    assert list(shown) == [rule.id]
    actions = suggestions(shown[rule.id])["Remove the drafted leukapheresis"]["actions"]
    assert [action["resourceId"] for action in actions] == [
        "ServiceRequest/leukapheresis",
        "ServiceRequest/again",
    ]


def test_a_collection_beside_it_is_not_taken_back():
    collection = order(LEUKAPHERESIS, identity="collection", reason="CAR-T cell collection")
    shown = card(*BOTH, APHERESIS, collection)
    (action,) = suggestions(shown)["Remove the drafted leukapheresis"]["actions"]
    assert action["resourceId"] == "ServiceRequest/leukapheresis"


def test_an_assumed_purpose_is_said_with_the_count_it_rests_on():
    basis = part(card(*BOTH, count(60), order(LEUKAPHERESIS)), "This patient")
    assert "Purpose not stated: assumed therapeutic" in basis
    assert any(line.startswith("Leukocytes 60 ×10⁹/L") for line in basis)


def test_apl_gets_its_own_card_instead():
    apl = (DISEASE, diagnosis(APL), APHERESIS)
    assert list(cards(ORDER_SELECT, *apl)) == ["leukapheresis-apl"]
    assert list(cards(ORDER_SELECT, *BOTH, diagnosis(APL), APHERESIS)) == ["leukapheresis-apl"]


def test_without_als_the_routine_card_shows_instead():
    refuted = (diagnosis(ALS, "refuted"), LEUKEMIA, APHERESIS)
    assert list(cards(ORDER_SELECT, *refuted)) == ["leukapheresis-routine"]


def test_scenarios_16_21_and_22_show_no_card():
    donor = order("Donor leukocyte collection by leukapheresis", procedure=True)
    collection = order(LEUKAPHERESIS, category="Stem cell mobilization")
    assert cards(ORDER_SELECT, DISEASE, in_remission(AML), APHERESIS) == {}
    assert cards(ORDER_SELECT, in_remission(ALL), count(38), collection) == {}
    assert cards(ORDER_SELECT, donor) == {}


@pytest.mark.parametrize(("hours", "is_known"), [(24, True), (24 + 1 / 60, False)])
def test_oxygen_saturation_is_shown_up_to_24_h(hours, is_known):
    shown = card(*BOTH, APHERESIS, result(SPO2, 91, hours_ago=hours))
    known = [line for line in part(shown, "This patient") if "saturation" in line]
    assert bool(known) is is_known


@pytest.mark.parametrize(("hours", "is_known"), [(48, True), (48 + 1 / 60, False)])
def test_clotting_is_shown_up_to_48_h(hours, is_known):
    shown = card(*BOTH, APHERESIS, result(INR, 1.3, hours_ago=hours))
    assert any(line.startswith("INR 1.3") for line in part(shown, "This patient")) is is_known


@pytest.mark.parametrize(("days", "is_known"), [(180, True), (180 + 1 / 1440, False)])
def test_vital_capacity_is_shown_up_to_180_d(days, is_known):
    shown = card(*BOTH, APHERESIS, result(FVC, 44, hours_ago=days * 24))
    assert any("44 %" in line for line in part(shown, "This patient")) is is_known


def test_overrides_can_say_why():
    assert overrides(card(*BOTH, APHERESIS)) == [
        "life-threatening-indication",
        "patient-contraindication",
        "pregnancy",
        "expert-contradicts",
        "other",
    ]
