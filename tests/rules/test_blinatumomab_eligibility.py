"""blinatumomab-eligibility: catalogue R35, statements S0-15 and S0-43."""

from dataclasses import replace

import pytest

from cds_service.finding import FALSE, TRUE
from cds_service.service import Group
from hooks import ORDER_SIGN, concepts
from hooks.concepts import (
    ALL,
    ALS,
    AML,
    B_LINEAGE_ALL,
    BLINATUMOMAB,
    CD19,
    INOTUZUMAB,
    MRD,
    PRIOR_INTENSIVE_BLOCKS,
    T_LINEAGE_ALL,
)
from hooks.rules.blinatumomab_eligibility import blinatumomab_eligibility as rule
from tests.patients import (
    LEXICON,
    answered,
    cards,
    chart,
    diagnosis,
    never_decisive,
    not_read,
    order,
    overrides,
    part,
    result,
    suggestions,
)

ALONE = replace(ORDER_SIGN, groups=(Group(rule.id, (rule,)),))
B_LINEAGE = diagnosis(B_LINEAGE_ALL)
T_LINEAGE = diagnosis(T_LINEAGE_ALL)
ORDER = order(BLINATUMOMAB)

WARNS = {
    "blinatumomab in B-lineage ALL": (B_LINEAGE, ORDER),
    "blinatumomab in T-lineage ALL": (T_LINEAGE, ORDER),
    "no leukemia on record": (ORDER,),
    "by brand name alone": (B_LINEAGE, order("Blincyto 28 mcg/day IV continuous")),
    "a problem list that could not be read": (ORDER, not_read(*concepts.CONDITIONS)),
}

SILENT = {
    "another antibody": (B_LINEAGE, order(INOTUZUMAB)),
    "nothing ordered": (T_LINEAGE,),
    "drafted, not part of what is signed": (T_LINEAGE, order(BLINATUMOMAB, selected=False)),
    "called off": (T_LINEAGE, order(BLINATUMOMAB, status="cancelled")),
}


@pytest.mark.parametrize("records", WARNS.values(), ids=WARNS)
def test_warns(records):
    assert rule.applies(chart(*records)).truth is TRUE


@pytest.mark.parametrize("records", SILENT.values(), ids=SILENT)
def test_silent(records):
    assert rule.applies(chart(*records)).truth is FALSE


def test_every_condition_matters():
    """Dropping any one condition from the rule would turn a silent case into a warning."""
    assert never_decisive(rule, SILENT.values()) == set()


# -- how urgent ------------------------------------------------------------------------------------


MISSING = "Missing or uncertain"


def residual_disease(value, hours_ago):
    return result(MRD, value, hours_ago=hours_ago, codes=LEXICON.concepts[MRD.id].codes)


def card(*records):
    return cards(ALONE, *records)[rule.id]


INFORMS = {
    "B lineage": (B_LINEAGE,),
    "B lineage, over by now": (diagnosis(B_LINEAGE_ALL, clinical="remission"),),
    "B lineage, CD19 positive": (B_LINEAGE, answered(CD19, "positive")),
    "B lineage, CD19 pending": (B_LINEAGE, answered(CD19, None)),
    "B lineage, T lineage refuted": (B_LINEAGE, diagnosis(T_LINEAGE_ALL, "refuted")),
    "B lineage, T lineage only suspected": (B_LINEAGE, diagnosis(T_LINEAGE_ALL, "provisional")),
    "CD19 negative once, positive later": (
        B_LINEAGE,
        answered(CD19, "negative", hours_ago=900),
        answered(CD19, "positive"),
    ),
}

ALARMS = {
    "T lineage": ((T_LINEAGE,), "T lineage is recorded"),
    "T lineage, CD19 positive": ((T_LINEAGE, answered(CD19, "positive")), "T lineage is recorded"),
    "CD19 negative": ((B_LINEAGE, answered(CD19, "negative")), "CD19 is reported negative"),
    "CD19 positive once, lost later": (
        (B_LINEAGE, answered(CD19, "positive", hours_ago=900), answered(CD19, "not detected")),
        "CD19 is reported negative",
    ),
    "ALL without lineage": ((diagnosis(ALL),), "Lineage is not recorded"),
    "no leukemia": ((), "Lineage is not recorded"),
    "AML": ((diagnosis(AML),), "Lineage is not recorded"),
    "CD19 positive, no lineage": (
        (diagnosis(ALL), answered(CD19, "positive")),
        "Lineage is not recorded",
    ),
    "both lineages": ((B_LINEAGE, T_LINEAGE), "contradictory or not confirmed"),
    "B lineage only suspected": (
        (diagnosis(B_LINEAGE_ALL, "provisional"),),
        "contradictory or not confirmed",
    ),
    "B lineage refuted": ((diagnosis(B_LINEAGE_ALL, "refuted"),), "Lineage is not recorded"),
}


@pytest.mark.parametrize("records", INFORMS.values(), ids=INFORMS)
def test_b_lineage_without_a_negative_cd19_is_informed(records):
    one = card(*records, ORDER)
    assert one["indicator"] == "info"
    assert "B lineage is recorded" in one["detail"]


@pytest.mark.parametrize(("records", "says"), ALARMS.values(), ids=ALARMS)
def test_any_other_lineage_or_a_negative_cd19_is_a_warning(records, says):
    one = card(*records, ORDER)
    assert one["indicator"] == "warning"
    assert says in one["detail"]


# -- the card --------------------------------------------------------------------------------------


def test_the_summary_names_lineage_residual_disease_and_neurology():
    assert card(B_LINEAGE, ORDER)["summary"] == (
        "Blinatumomab: for CD19+ B-lineage ALL; check lineage, residual disease (MRD) context and "
        "neurology risk."
    )


def test_it_shows_lineage_cd19_and_residual_disease_with_their_dates():
    one = card(B_LINEAGE, answered(CD19, "positive"), residual_disease(0.3, 48), ORDER)
    basis = part(one, "This patient")
    for begin in (
        "Order: blinatumomab",
        "B-lineage ALL: active, recorded 2026-11-01",
        "CD19 expression positive, 2026-11-21",
    ):
        assert any(line.startswith(begin) for line in basis)
    assert any("0.3 %, 2026-11-19" in line for line in basis)
    assert "B lineage is recorded and CD19 is reported positive." in one["detail"]


def test_the_intensive_blocks_are_shown_where_they_are_recorded():
    blocks = result(
        PRIOR_INTENSIVE_BLOCKS, 3, codes=LEXICON.concepts[PRIOR_INTENSIVE_BLOCKS.id].codes
    )
    basis = part(card(B_LINEAGE, blocks, ORDER), "This patient")
    assert any(line.startswith("Intensive chemotherapy blocks given 3") for line in basis)
    assert "Intensive chemotherapy blocks given" not in card(B_LINEAGE, ORDER)["detail"]


def test_residual_disease_older_than_42_days_is_named_as_old():
    missing = part(card(B_LINEAGE, residual_disease(0.3, 43 * 24), ORDER), MISSING)
    assert any(line.startswith(MRD.title) and "older than" in line for line in missing)


def test_a_cd19_result_that_cannot_be_read_is_named():
    one = card(B_LINEAGE, answered(CD19, "dim, partial loss"), ORDER)
    assert any(
        line.startswith("CD19 expression: a result is on record") for line in part(one, MISSING)
    )


def test_the_trial_is_reported_with_its_population():
    (line,) = (x for x in part(card(B_LINEAGE, ORDER), "Consider") if "88 of 113" in x)
    assert line.startswith("Guideline summary: blinatumomab cleared residual disease")
    for words in ("B-precursor ALL in remission", "MRD of 0.1% or more", "three or more intensive"):
        assert words in line
    assert "one 28-day infusion" in line


def test_neurologic_events_are_said_and_als_is_named():
    said = "neurologic events need neurology's view first"
    assert "grade 3 in 10% and grade 4 in 3%" in card(B_LINEAGE, ORDER)["detail"]
    assert said not in card(B_LINEAGE, ORDER)["detail"]
    assert said in card(diagnosis(ALS), B_LINEAGE, ORDER)["detail"]
    assert said in card(diagnosis(ALS, "provisional"), B_LINEAGE, ORDER)["detail"]


def test_cd19_flow_is_offered_until_there_is_a_result():
    assert list(suggestions(card(B_LINEAGE, ORDER))) == ["Draft CD19 flow cytometry"]
    assert suggestions(card(B_LINEAGE, answered(CD19, "positive"), ORDER)) == {}


def test_overrides_can_say_why():
    assert overrides(card(B_LINEAGE, ORDER)) == ["cd19-confirmed", "protocol-directed", "other"]


@pytest.mark.parametrize(
    ("records", "begins"),
    [
        ((T_LINEAGE,), "Blinatumomab ordered, but T lineage or CD19-negative blasts are recorded"),
        (
            (B_LINEAGE, answered(CD19, "negative")),
            "Blinatumomab ordered, but T lineage or CD19-negative blasts are recorded",
        ),
        ((), "Blinatumomab: for CD19+ B-lineage ALL"),
        ((B_LINEAGE, T_LINEAGE), "Blinatumomab: for CD19+ B-lineage ALL"),
    ],
    ids=["T lineage", "CD19 negative", "no lineage", "both lineages"],
)
def test_the_summary_says_what_speaks_against_it(records, begins):
    one = card(*records, ORDER)
    assert one["indicator"] == "warning"
    assert one["summary"].startswith(begins)
    assert len(one["summary"]) < 140
