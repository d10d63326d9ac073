"""leukapheresis-apl: catalogue R11, scenario 4."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import ORDER_SELECT, concepts
from hooks.concepts import (
    ALS,
    AML,
    APL,
    APL_MORPHOLOGY,
    FIBRINOGEN,
    INR,
    LEUKAPHERESIS,
    OTHER_APHERESIS,
    PLATELETS,
    PML_RARA,
)
from hooks.rules.leukapheresis_apl import leukapheresis_apl as rule
from tests.patients import (
    BODY,
    CPT,
    ICD_10,
    ICD_10_PCS,
    SNOMED,
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

LEUKEMIA = diagnosis(APL)
APHERESIS = order(LEUKAPHERESIS, system=CPT)

WARNS = {
    "leukapheresis ordered in APL": (LEUKEMIA, APHERESIS),
    "APL only provisional": (diagnosis(APL, "provisional"), APHERESIS),
    "APL relapsed": (relapsed(APL), APHERESIS),
    "APL coded in WHO ICD-10": (diagnosis(APL, codes=APL.category, system=ICD_10), APHERESIS),
    "AML with a positive PML::RARA": (
        diagnosis(AML),
        answered(PML_RARA, "positive"),
        APHERESIS,
    ),
    "coded morphology of today": (answered(APL_MORPHOLOGY, "present"), APHERESIS),
    "PML::RARA negative, the APL entry not refuted": (
        LEUKEMIA,
        answered(PML_RARA, "negative"),
        APHERESIS,
    ),
    "no purpose stated and a count of exactly 50": (LEUKEMIA, count(50), order(LEUKAPHERESIS)),
    "no purpose stated and a low count": (LEUKEMIA, count(14), order(LEUKAPHERESIS)),
    "no purpose stated and no count": (LEUKEMIA, order(LEUKAPHERESIS)),
    "ALS as well": (diagnosis(ALS), LEUKEMIA, APHERESIS),
}

SILENT = {
    "nothing ordered": (LEUKEMIA, count(60)),
    "stem-cell collection in remission": (
        in_remission(APL),
        order(LEUKAPHERESIS, system=CPT, reason="Stem cell collection"),
    ),
    "plasma exchange": (LEUKEMIA, count(60), order(OTHER_APHERESIS)),
    "AML that is not APL": (diagnosis(AML), APHERESIS),
    "APL refuted and PML::RARA negative": (
        diagnosis(APL, "refuted"),
        answered(PML_RARA, "negative"),
        APHERESIS,
    ),
    "APL entered in error": (diagnosis(APL, "entered-in-error"), APHERESIS),
    "APL in remission": (in_remission(APL), APHERESIS),
    "PML::RARA positive of long ago, the APL in remission": (
        in_remission(APL),
        answered(PML_RARA, "positive", hours_ago=9000),
        APHERESIS,
    ),
    "PML::RARA pending": (diagnosis(AML), answered(PML_RARA, None), APHERESIS),
    "coded morphology older than 14 d": (
        answered(APL_MORPHOLOGY, "present", hours_ago=15 * 24),
        APHERESIS,
    ),
}

ASKS = {
    "genetics that could not be read": (diagnosis(AML), not_read(PML_RARA), APHERESIS),
    "active and in remission, neither entry dated": (
        diagnosis(APL, recorded=None),
        in_remission(APL, recorded=None),
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
    assert never_decisive(rule, SILENT.values()) == set()


# -- the card -------------------------------------------------------------------------------------

COAGULOPATHY = (result(PLATELETS, 18), result(FIBRINOGEN, 0.88, "g/L"), result(INR, 1.8))


def card(*records):
    return cards(ORDER_SELECT, *records)[rule.id]


def test_scenario_4_is_critical_and_shows_the_coagulopathy():
    provisional = (diagnosis(ALS), diagnosis(APL, "provisional"), count(14), *COAGULOPATHY)
    shown = cards(ORDER_SELECT, *provisional, APHERESIS)
    assert list(shown) == [rule.id]
    one = shown[rule.id]
    assert one["indicator"] == "critical"
    assert one["summary"] == (
        "Leukapheresis drafted while APL is suspected or confirmed: can trigger fatal hemorrhage; "
        "use ATRA and blood product support."
    )
    basis = " ".join(part(one, "This patient"))
    for value in ("Fibrinogen 88 mg/dL", "INR 1.8", "Platelets 18", "Order: leukapheresis"):
        assert value in basis


def test_scenario_4_takes_the_order_back_and_offers_atra():
    offered = suggestions(card(LEUKEMIA, *BODY, APHERESIS))
    atra = "Draft tretinoin (ATRA) 40 mg twice daily (45 mg/m2/day)"
    assert list(offered) == ["Remove the drafted leukapheresis", atra]
    (removal,) = offered["Remove the drafted leukapheresis"]["actions"]
    assert (removal["type"], removal["resourceId"]) == ("delete", "ServiceRequest/leukapheresis")
    (creation,) = offered[atra]["actions"]
    assert creation["resource"]["medicationCodeableConcept"]["text"].lower() == "tretinoin"


def test_no_hydroxyurea_is_offered_in_apl():
    """Catalogue 5.7: ATRA comes first."""
    shown = card(diagnosis(AML), *COAGULOPATHY, LEUKEMIA, *BODY, APHERESIS)
    assert not [label for label in suggestions(shown) if "hydroxyurea" in label]


@pytest.mark.parametrize(
    ("drafted", "indicator"),
    [
        (order(LEUKAPHERESIS, system=CPT), "critical"),
        (order(LEUKAPHERESIS, system=ICD_10_PCS), "critical"),
        (order(LEUKAPHERESIS, system=SNOMED), "warning"),
        (order(LEUKAPHERESIS, system=SNOMED, name="Leukapheresis"), "critical"),
        (order("Leukapheresis", procedure=True), "critical"),
    ],
    ids=["CPT", "ICD-10-PCS", "SNOMED alone", "SNOMED with a text", "a text alone"],
)
def test_a_code_that_one_source_backs_is_not_enough_for_critical(drafted, indicator):
    """Catalogue 0.9: evidence status "single"."""
    assert card(LEUKEMIA, count(60), drafted)["indicator"] == indicator


def test_the_position_is_attributed_and_a_way_out_named():
    text = card(LEUKEMIA, APHERESIS)["detail"]
    assert "The exact ELN sentence was not read" in text
    assert "If APL was excluded, update the problem list and order again" in text


def test_overrides_can_say_why():
    assert overrides(card(LEUKEMIA, APHERESIS)) == [
        "apl-excluded",
        "expert-contradicts",
        "quiet-24-hours",
        "other",
    ]
