"""count-recovery: catalogue R37 and 0.9 (doses), statement S0-47."""

from dataclasses import replace

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from cds_service.service import Group
from hooks import ORDER_SIGN, concepts
from hooks.concepts import (
    ALL,
    ALS,
    AML,
    APL,
    AZACITIDINE,
    COMPLETE_REMISSION,
    CYTARABINE,
    DAUNORUBICIN,
    METHOTREXATE,
    NEUTROPHILS,
    PEGASPARGASE,
    PLATELETS,
    UNSPECIFIED_ACUTE_LEUKEMIA,
)
from hooks.rules.count_recovery import count_recovery as rule
from tests.patients import (
    answered,
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

ALONE = replace(ORDER_SIGN, groups=(Group(rule.id, (rule,)),))
LEUKEMIA = in_remission(AML)
ORDER = order(CYTARABINE, dose="1500 mg/m2", route="Intravenous", times=2)
WEEK = 7 * 24
MINUTE = 1 / 60


def neutrophils(value, unit=None, **more):
    return result(NEUTROPHILS, value, unit, **more)


def platelets(value, **more):
    return result(PLATELETS, value, **more)


RECOVERED = (neutrophils(0.75), platelets(75))

WARNS = {
    "neutrophils of 0.74": (LEUKEMIA, neutrophils(0.74), platelets(75), ORDER),
    "platelets of 74": (LEUKEMIA, neutrophils(0.75), platelets(74), ORDER),
    "neutrophils of 740 per microliter": (LEUKEMIA, neutrophils(740, "/uL"), platelets(75), ORDER),
    "both low, exactly 7 days ago": (
        LEUKEMIA,
        neutrophils(0.2, hours_ago=WEEK),
        platelets(20, hours_ago=WEEK),
        ORDER,
    ),
    "low neutrophils, platelets unknown": (LEUKEMIA, neutrophils(0.4), ORDER),
    "low platelets, neutrophils unknown": (LEUKEMIA, platelets(40), ORDER),
    "ALL, pegaspargase": (in_remission(ALL), neutrophils(0.4), order(PEGASPARGASE)),
    "ALL, high-dose methotrexate": (
        in_remission(ALL),
        neutrophils(0.4),
        order(METHOTREXATE, dose="3000 mg/m2", route="Intravenous"),
    ),
    "APL, an anthracycline": (in_remission(APL), neutrophils(0.4), order(DAUNORUBICIN)),
    "acute leukemia without lineage": (
        in_remission(UNSPECIFIED_ACUTE_LEUKEMIA),
        neutrophils(0.4),
        ORDER,
    ),
    "AML resolved": (diagnosis(AML, clinical="resolved"), neutrophils(0.4), ORDER),
    "active on the problem list, complete remission reported": (
        diagnosis(AML),
        answered(COMPLETE_REMISSION, "Complete remission"),
        neutrophils(0.4),
        ORDER,
    ),
    "a regimen by its name": (LEUKEMIA, neutrophils(0.4), order("HiDAC consolidation cycle 2")),
}

SILENT = {
    "neutrophils of 0.75 and platelets of 75": (LEUKEMIA, *RECOVERED, ORDER),
    "active disease, where induction does not wait": (diagnosis(AML), neutrophils(0.2), ORDER),
    "active ALL": (diagnosis(ALL), platelets(12), order(PEGASPARGASE)),
    "relapse": (relapsed(AML), neutrophils(0.2), ORDER),
    "active again, remission reported 43 days ago": (
        diagnosis(AML),
        answered(COMPLETE_REMISSION, "Complete remission", hours_ago=43 * 24),
        neutrophils(0.2),
        ORDER,
    ),
    "active, no response": (
        diagnosis(AML),
        answered(COMPLETE_REMISSION, "No response"),
        neutrophils(0.2),
        ORDER,
    ),
    "no leukemia": (neutrophils(0.2), ORDER),
    "no leukemia, a remission of something else": (
        answered(COMPLETE_REMISSION, "Complete remission"),
        neutrophils(0.2),
        ORDER,
    ),
    "azacitidine": (LEUKEMIA, neutrophils(0.2), order(AZACITIDINE)),
    "low-dose cytarabine": (
        LEUKEMIA,
        neutrophils(0.2),
        order(CYTARABINE, dose="20 mg", route="Subcutaneous", times=2),
    ),
    "weekly methotrexate": (
        in_remission(ALL),
        neutrophils(0.2),
        order(METHOTREXATE, dose="20 mg/m2", route="Oral"),
    ),
    "nothing ordered": (LEUKEMIA, neutrophils(0.2)),
}
ASKS = {
    "no counts": (LEUKEMIA, ORDER),
    "counts a minute older than 7 days": (
        LEUKEMIA,
        neutrophils(0.2, hours_ago=WEEK + MINUTE),
        platelets(20, hours_ago=WEEK + MINUTE),
        ORDER,
    ),
    "neutrophils recovered, platelets unknown": (LEUKEMIA, neutrophils(1.2), ORDER),
    "neutrophils without unit": (LEUKEMIA, neutrophils(0.2, ""), platelets(90), ORDER),
    "counts that could not be read": (LEUKEMIA, ORDER, not_read(NEUTROPHILS, PLATELETS)),
    "cytarabine without route or dose": (LEUKEMIA, neutrophils(0.2), order(CYTARABINE)),
    "a problem list that could not be read": (
        neutrophils(0.2),
        ORDER,
        not_read(*concepts.CONDITIONS),
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


# -- the card --------------------------------------------------------------------------------------


def card(*records):
    return cards(ALONE, *records)[rule.id]


def test_it_informs_and_shows_the_counts_with_their_dates():
    one = card(LEUKEMIA, neutrophils(0.4), platelets(110, hours_ago=48), ORDER)
    assert one["indicator"] == "info"
    assert one["summary"] == (
        "Counts below the protocol recovery level: confirm before starting the next phase, even "
        "if residual disease (MRD) is negative."
    )
    basis = part(one, "This patient")
    for begin in (
        "Order: cytarabine",
        "Neutrophils 0.4 ×10⁹/L, 2026-11-21",
        "Platelets 110 ×10⁹/L, 2026-11-19",
        "Acute myeloid leukemia (AML): in remission",
    ):
        assert any(line.startswith(begin) for line in basis)


def test_a_count_that_is_missing_is_named():
    missing = part(card(LEUKEMIA, neutrophils(0.4), ORDER), "Missing or uncertain")
    assert any(line.startswith("Platelets: not recorded") for line in missing)


def test_the_default_is_attributed_called_unverified_and_gives_way_to_the_protocol():
    (line,) = part(card(LEUKEMIA, neutrophils(0.4), ORDER), "Consider")
    assert line.startswith("Guideline summary: wait for count recovery before post-remission")
    assert "neutrophils of 0.75 ×10⁹/L" in line
    assert "platelets of 75 ×10⁹/L" in line
    assert "not verified: the value of the protocol in use wins" in line


def test_it_offers_a_blood_count_and_takes_nothing_back():
    offered = suggestions(card(LEUKEMIA, neutrophils(0.4), ORDER))
    assert list(offered) == ["Draft blood count"]
    assert [action["type"] for action in offered["Draft blood count"]["actions"]] == ["create"]


def test_overrides_can_say_why():
    assert overrides(card(LEUKEMIA, neutrophils(0.4), ORDER)) == ["protocol-directed", "other"]


def test_unknown_counts_give_no_card_and_are_a_line_on_another():
    """Catalogue 0.7: a gap is a line at the foot of whatever card is shown."""
    assert cards(ALONE, LEUKEMIA, ORDER) == {}
    found = cards(ORDER_SIGN, diagnosis(ALS), LEUKEMIA, ORDER)
    assert list(found) == ["neurotoxic-drug-als"]
    for card_shown in found.values():
        missing = part(card_shown, "Missing or uncertain")
        assert any(line.startswith("Neutrophils: not recorded") for line in missing)
