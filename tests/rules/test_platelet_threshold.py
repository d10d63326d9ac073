"""platelet-threshold: catalogue R24."""

from dataclasses import replace

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from cds_service.service import Group
from hooks import ORDER_SELECT, concepts
from hooks.concepts import (
    ALL,
    AML,
    APL,
    LEUKOCYTES,
    OTHER_LEUKEMIA,
    PLATELETS,
    PLATELETS_ORDER,
    PML_RARA,
    RED_CELLS,
)
from hooks.rules.platelet_threshold import platelet_threshold as rule
from tests.patients import (
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
    result,
    suggestions,
)

ALONE = replace(ORDER_SELECT, groups=(Group(rule.id, (rule,)),))
LEUKEMIA = diagnosis(AML)
ORDER = order(PLATELETS_ORDER, system=SNOMED, procedure=True)

WARNS = {
    "platelets ordered in AML": (LEUKEMIA, ORDER),
    "in ALL": (diagnosis(ALL), ORDER),
    "in APL": (diagnosis(APL), ORDER),
    "leukemia only suspected": (diagnosis(AML, "provisional"), ORDER),
    "no diagnosis yet, PML::RARA positive": (answered(PML_RARA, "positive"), ORDER),
    "platelets by name alone": (LEUKEMIA, order("Transfuse platelets, 1 dose", procedure=True)),
}

SILENT = {
    "nothing ordered": (LEUKEMIA,),
    "red cells ordered": (LEUKEMIA, order(RED_CELLS, system=SNOMED, procedure=True)),
    "a platelet count ordered": (LEUKEMIA, order("Platelet count", procedure=True)),
    "platelets drafted but not selected": (
        LEUKEMIA,
        order(PLATELETS_ORDER, system=SNOMED, procedure=True, selected=False),
    ),
    "no leukemia": (ORDER,),
    "CLL": (diagnosis(OTHER_LEUKEMIA), ORDER),
    "AML in remission": (in_remission(AML), ORDER),
    "APL in remission, PML::RARA once positive": (
        in_remission(APL),
        answered(PML_RARA, "positive"),
        ORDER,
    ),
}

ASKS = {
    "a problem list that could not be read": (ORDER, not_read(*concepts.CONDITIONS)),
    "AML active and in remission, neither entry dated": (
        diagnosis(AML, recorded=None),
        in_remission(AML, recorded=None),
        ORDER,
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

DIFFER = (
    "Platelet targets differ: APL 30-50; otherwise 10 when stable, higher with bleeding, "
    "procedures or marked coagulopathy."
)
NONE_ESTABLISHED = (
    "Platelet targets: no threshold is established in hyperleukocytosis; set one with hematology "
    "or transfusion medicine."
)
COUNT_UNKNOWN = (
    "Platelet targets depend on the leukocyte count, which is not known today: set one with "
    "hematology or transfusion medicine."
)
OF_APL = (
    "APL suspected or confirmed: platelet target 30-50 ×10⁹/L while coagulopathy is active; "
    "fibrinogen and INR have targets too."
)

SUMMARIES = {
    "a count of 99.9": ((LEUKEMIA, count(99.9)), DIFFER),
    "a count of 12, exactly 24 h ago": ((LEUKEMIA, count(12, hours_ago=24)), DIFFER),
    "a count of exactly 100": ((LEUKEMIA, count(100)), NONE_ESTABLISHED),
    "a count of 190, 72 h ago": ((LEUKEMIA, count(190, hours_ago=72)), NONE_ESTABLISHED),
    "a count of 12, a minute older than 24 h": (
        (LEUKEMIA, count(12, hours_ago=24 + 1 / 60)),
        COUNT_UNKNOWN,
    ),
    "a count of 190, a minute older than 72 h": (
        (LEUKEMIA, count(190, hours_ago=72 + 1 / 60)),
        COUNT_UNKNOWN,
    ),
    "no count": ((LEUKEMIA,), COUNT_UNKNOWN),
    "counts that could not be read": ((LEUKEMIA, not_read(LEUKOCYTES)), COUNT_UNKNOWN),
    "a count of more than 60": ((LEUKEMIA, count(60, comparator=">")), COUNT_UNKNOWN),
    "APL": ((diagnosis(APL), count(14)), OF_APL),
    "APL with a count of 120": ((diagnosis(APL), count(120)), OF_APL),
    "APL suspected, no count": ((diagnosis(APL, "provisional"),), OF_APL),
}


def card(*records):
    return cards(ALONE, *records)[rule.id]


@pytest.mark.parametrize(("records", "summary"), SUMMARIES.values(), ids=SUMMARIES)
def test_a_summary_carries_a_number_only_where_one_was_studied(records, summary):
    one = card(*records, ORDER)
    assert one["summary"] == summary
    assert len(summary) < 140
    assert one["indicator"] == "info"


@pytest.mark.parametrize(
    "records", [(count(190),), (count(100),), ()], ids=["190", "100", "unknown"]
)
def test_outside_apl_a_high_or_unknown_count_has_no_number_but_the_attributed_one(records):
    one = card(LEUKEMIA, *records, ORDER)
    lines = [line for line in part(one, "Consider") if not line.startswith("Guideline summary:")]
    assert not any(character.isdigit() for line in lines for character in line)
    assert "no threshold was found" in " ".join(lines)


def test_a_stable_patient_gets_the_numbers_with_their_years():
    text = card(LEUKEMIA, count(12), ORDER)["detail"]
    assert "10 ×10⁹/L (2015 guidance)" in text
    assert "20 for lumbar puncture" in text
    assert "APL: platelets above" not in text


def test_apl_gets_its_own_targets_only():
    text = card(diagnosis(APL), count(12), ORDER)["detail"]
    assert "fibrinogen above 100-150 mg/dL, INR below 1.5" in text
    assert "(2015 guidance)" not in text


def test_it_says_whose_figure_the_summary_took_and_that_counts_may_mislead():
    text = card(LEUKEMIA, count(12), ORDER)["detail"]
    assert (
        "Guideline summary: keep platelets above 30-50 ×10⁹/L in every patient. Evidence: that "
        "figure comes from APL guidance"
    ) in text
    assert "may read falsely high while blast fragments circulate" in text


def test_it_shows_the_platelet_count_and_offers_nothing():
    one = card(LEUKEMIA, count(12), result(PLATELETS, 8), ORDER)
    assert any(line.startswith("Platelets 8 ×10⁹/L") for line in part(one, "This patient"))
    assert suggestions(one) == {}
    assert overrides(one) == ["known-and-accepted", "other"]
