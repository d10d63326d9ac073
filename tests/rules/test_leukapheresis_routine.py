"""leukapheresis-routine: catalogue R12, scenarios 2, 19, 21, 22 and 37."""

from dataclasses import replace

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import ORDER_SELECT, concepts
from hooks.concepts import (
    ALL,
    ALS,
    AML,
    APL,
    LEUKAPHERESIS,
    MIXED_PHENOTYPE_ACUTE_LEUKEMIA,
    OTHER_APHERESIS,
    OTHER_LEUKEMIA,
    PLATELETS,
    PML_RARA,
    PREGNANCY,
    UNSPECIFIED_ACUTE_LEUKEMIA,
)
from hooks.rules.leukapheresis_routine import leukapheresis_routine as rule
from tests.patients import (
    CPT,
    ICD_10,
    aged,
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
)

LEUKEMIA = diagnosis(AML)
APHERESIS = order(LEUKAPHERESIS, system=CPT)

WARNS = {
    "therapeutic leukapheresis ordered in AML": (LEUKEMIA, APHERESIS),
    "ALL": (diagnosis(ALL), APHERESIS),
    "mixed phenotype leukemia": (diagnosis(MIXED_PHENOTYPE_ACUTE_LEUKEMIA), APHERESIS),
    "acute leukemia without lineage": (diagnosis(UNSPECIFIED_ACUTE_LEUKEMIA), APHERESIS),
    "AML coded in WHO ICD-10": (
        diagnosis(AML, codes=AML.category, system=ICD_10),
        APHERESIS,
    ),
    "AML relapsed": (relapsed(AML), APHERESIS),
    "AML only suspected": (diagnosis(AML, "differential"), APHERESIS),
    "a child": (aged(9), diagnosis(ALL), APHERESIS),
    "no purpose stated and a count of exactly 50": (LEUKEMIA, count(50), order(LEUKAPHERESIS)),
    "no purpose stated and a count of 60 exactly 72 h old": (
        LEUKEMIA,
        count(60, hours_ago=72),
        order(LEUKAPHERESIS),
    ),
}

SILENT = {
    "nothing ordered": (LEUKEMIA, count(182)),
    "no purpose stated and a count of 49.9": (LEUKEMIA, count(49.9), order(LEUKAPHERESIS)),
    "collection in relapse, the count is 62": (
        relapsed(ALL),
        count(62),
        order(LEUKAPHERESIS, reason="Collection for CAR-T manufacture"),
    ),
    "plasma exchange": (LEUKEMIA, count(182), order(OTHER_APHERESIS)),
    "no leukemia": (count(182), APHERESIS),
    "CLL": (diagnosis(OTHER_LEUKEMIA), count(400), APHERESIS),
    "AML in remission": (in_remission(AML), APHERESIS),
    "AML refuted": (diagnosis(AML, "refuted"), APHERESIS),
}

ASKS = {
    "no purpose stated and no count": (LEUKEMIA, order(LEUKAPHERESIS)),
    "no purpose stated and a count a minute older than 72 h": (
        LEUKEMIA,
        count(60, hours_ago=72 + 1 / 60),
        order(LEUKAPHERESIS),
    ),
    "no purpose stated and a count reported as above 40": (
        LEUKEMIA,
        count(40, comparator=">"),
        order(LEUKAPHERESIS),
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
    assert never_decisive(rule, SILENT.values()) == set()


# -- the card -------------------------------------------------------------------------------------


def card(*records):
    return cards(ORDER_SELECT, *records)[rule.id]


def test_it_is_information_with_the_values_and_no_suggestion():
    shown = card(LEUKEMIA, count(182), result(PLATELETS, 38), APHERESIS)
    assert shown["indicator"] == "info"
    assert shown["summary"] == (
        "Leukapheresis: pooled data show no early survival benefit when used routinely; usually "
        "kept for symptomatic leukostasis."
    )
    assert "suggestions" not in shown
    basis = " ".join(part(shown, "This patient"))
    assert "Leukocytes 182 ×10⁹/L" in basis
    assert "Platelets 38 ×10⁹/L" in basis
    missing = part(shown, "Missing or uncertain")
    assert {"Fibrinogen: not recorded", "INR: not recorded"} <= set(missing)


def test_it_brings_the_evidence_and_does_not_speak_of_als():
    text = card(LEUKEMIA, APHERESIS)["detail"]
    assert "relative risk 0.88, 95% CI 0.69-1.13" in text
    assert "low early toxicity in ALL (Nguyen 2016)" in text
    assert "ALS" not in text


def test_scenario_37_leukapheresis_in_pregnancy_is_not_called_wrong():
    text = card(LEUKEMIA, diagnosis(PREGNANCY), APHERESIS)["detail"]
    assert "Pregnancy: may be one of the accepted uses" in text


def test_a_recorded_pregnancy_is_shown():
    basis = part(card(LEUKEMIA, diagnosis(PREGNANCY), APHERESIS), "This patient")
    assert any(line.startswith("Pregnancy: active") for line in basis)


def test_apl_that_nothing_rules_out_is_named():
    words = "APL not yet excluded (no negative PML::RARA on record)"
    assert words in card(LEUKEMIA, APHERESIS)["detail"]
    assert words not in card(LEUKEMIA, answered(PML_RARA, "negative"), APHERESIS)["detail"]


def test_organ_threat_does_not_wait_for_drugs():
    assert "do not wait for drugs to fail" in card(LEUKEMIA, APHERESIS)["detail"]


@pytest.mark.parametrize(
    ("also", "instead"),
    [(diagnosis(ALS), "leukapheresis-als"), (diagnosis(APL), "leukapheresis-apl")],
    ids=["ALS", "APL"],
)
def test_als_and_apl_have_cards_of_their_own(also, instead):
    assert list(cards(ORDER_SELECT, LEUKEMIA, also, APHERESIS)) == [instead]


@pytest.mark.parametrize("also", [(), (diagnosis(ALS),)], ids=["alone", "with ALS"])
def test_where_the_card_for_apl_is_not_in_use_the_next_one_warns_of_apl(also):
    """A site may switch a rule off: what then speaks in its place must not invite the harm."""
    groups = tuple(
        replace(group, rules=tuple(r for r in group.rules if r.id != "leukapheresis-apl"))
        for group in ORDER_SELECT.groups
    )
    records = (diagnosis(APL, "provisional"), *also, APHERESIS)
    [shown] = cards(replace(ORDER_SELECT, groups=groups), *records).values()
    words = "APL is suspected or confirmed: there leukapheresis can bring on fatal bleeding"
    assert part(shown, "Consider")[0].startswith(words)
    assert words not in card(LEUKEMIA, APHERESIS)["detail"]


def test_an_unknown_purpose_without_als_or_apl_is_silent():
    """Catalogue 5.9: an ambiguous order is silent unless the count decides."""
    assert cards(ORDER_SELECT, LEUKEMIA, order(LEUKAPHERESIS)) == {}


def test_overrides_can_say_why():
    assert overrides(card(LEUKEMIA, APHERESIS)) == [
        "symptomatic-leukostasis",
        "pregnancy",
        "bridge-to-therapy",
        "other",
    ]
