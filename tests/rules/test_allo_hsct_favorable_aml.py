"""allo-hsct-favorable-aml: catalogue R16."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import ORDER_SELECT, ORDER_SIGN, concepts
from hooks.concepts import (
    ALL,
    ALLOGENEIC_TRANSPLANT,
    ALS,
    AML,
    AUTOLOGOUS_TRANSPLANT,
    BUSULFAN,
    ELN_FAVORABLE,
    MRD,
    MRD_PRESENCE,
    RELAPSE_COUNT,
    TRANSPLANT_DONOR_NOT_STATED,
)
from hooks.rules.allo_hsct_favorable_aml import allo_hsct_favorable_aml as rule
from tests.patients import (
    LEXICON,
    answered,
    cards,
    chart,
    diagnosis,
    in_remission,
    in_words,
    never_decisive,
    not_read,
    order,
    overrides,
    part,
    relapsed,
    result,
    suggestions,
)

DAY = 24
REMISSION = in_remission(AML, clinical="remission")
FAVORABLE = answered(ELN_FAVORABLE, "favorable", hours_ago=60 * DAY)
TRANSPLANT = order(ALLOGENEIC_TRANSPLANT, procedure=True)
PATIENT = (REMISSION, FAVORABLE)


def mrd(percent, days_ago=10.0, **more):
    return result(
        MRD, percent, hours_ago=days_ago * DAY, codes=LEXICON.concepts[MRD.id].codes, **more
    )


def relapses(number):
    return result(RELAPSE_COUNT, number, codes=LEXICON.concepts[RELAPSE_COUNT.id].codes)


WARNS = {
    "favorable risk, first remission, MRD unknown": (*PATIENT, TRANSPLANT),
    "MRD negative, just below 0.01 %": (*PATIENT, mrd(0.0099), TRANSPLANT),
    "MRD reported as negative": (*PATIENT, answered(MRD_PRESENCE, "negative"), TRANSPLANT),
    "MRD positive a minute more than 42 d ago, which no longer counts": (
        *PATIENT,
        mrd(0.3, days_ago=42 + 1 / 1440),
        TRANSPLANT,
    ),
    "MRD that was not read": (*PATIENT, mrd(0.3, unit="copies"), TRANSPLANT),
    "MRD positive, and a newer one that cannot be read": (
        *PATIENT,
        mrd(0.3),
        in_words(mrd(0, days_ago=3), "see report"),
        TRANSPLANT,
    ),
    "MRD reported as positive, and a newer one that cannot be read": (
        *PATIENT,
        answered(MRD_PRESENCE, "positive", hours_ago=10 * DAY),
        in_words(mrd(0, days_ago=3), "see report"),
        TRANSPLANT,
    ),
    "MRD positive by number, since then reported as negative": (
        *PATIENT,
        mrd(0.3),
        answered(MRD_PRESENCE, "negative"),
        TRANSPLANT,
    ),
    "no relapse counted": (*PATIENT, relapses(0), TRANSPLANT),
    "risk written as good": (REMISSION, answered(ELN_FAVORABLE, "good risk"), TRANSPLANT),
    "a transplant whose donor is not stated": (
        *PATIENT,
        order(TRANSPLANT_DONOR_NOT_STATED, procedure=True),
    ),
    "conditioning alone": (*PATIENT, order(BUSULFAN)),
    "a donor search in words": (*PATIENT, order("NMDP donor search", procedure=True)),
    "ALS refuted": (*PATIENT, diagnosis(ALS, "refuted"), TRANSPLANT),
    "ALS resolved, which cannot be and is said": (
        *PATIENT,
        diagnosis(ALS, clinical="resolved"),
        TRANSPLANT,
    ),
}

SILENT = {
    "nothing ordered": PATIENT,
    "transplant drafted but not selected": (
        *PATIENT,
        order(ALLOGENEIC_TRANSPLANT, procedure=True, selected=False),
        order("Complete blood count", procedure=True),
    ),
    "autologous transplant": (*PATIENT, order(AUTOLOGOUS_TRANSPLANT, procedure=True)),
    "conditioning for an autologous transplant": (
        *PATIENT,
        order(BUSULFAN),
        order(AUTOLOGOUS_TRANSPLANT, procedure=True, selected=False),
    ),
    "AML active": (diagnosis(AML), FAVORABLE, TRANSPLANT),
    "AML relapsed": (relapsed(AML), FAVORABLE, TRANSPLANT),
    "AML in remission after a relapse on record": (
        REMISSION,
        relapsed(AML, recorded="2026-02-01"),
        FAVORABLE,
        TRANSPLANT,
    ),
    "one relapse counted: second remission": (*PATIENT, relapses(1), TRANSPLANT),
    "intermediate risk": (REMISSION, answered(ELN_FAVORABLE, "intermediate"), TRANSPLANT),
    "adverse risk": (REMISSION, answered(ELN_FAVORABLE, "adverse"), TRANSPLANT),
    "favorable risk, later reclassified": (
        *PATIENT,
        answered(ELN_FAVORABLE, "adverse", hours_ago=DAY),
        TRANSPLANT,
    ),
    "risk not recorded": (REMISSION, TRANSPLANT),
    "MRD of exactly 0.01 %": (*PATIENT, mrd(0.01), TRANSPLANT),
    "MRD positive exactly 42 d ago": (*PATIENT, mrd(0.3, days_ago=42), TRANSPLANT),
    "MRD reported as positive": (*PATIENT, answered(MRD_PRESENCE, "positive"), TRANSPLANT),
    "MRD negative by number, since then reported as positive": (
        *PATIENT,
        mrd(0),
        answered(MRD_PRESENCE, "positive"),
        TRANSPLANT,
    ),
    "ALS": (*PATIENT, diagnosis(ALS), TRANSPLANT),
    "ALS only suspected": (*PATIENT, diagnosis(ALS, "provisional"), TRANSPLANT),
    "ALL": (in_remission(ALL), FAVORABLE, TRANSPLANT),
}

ASKS = {
    "AML active and in remission, neither entry dated": (
        diagnosis(AML, recorded=None),
        in_remission(AML, recorded=None),
        FAVORABLE,
        TRANSPLANT,
    ),
    "a risk group in words that are not read": (
        REMISSION,
        answered(ELN_FAVORABLE, "see report"),
        TRANSPLANT,
    ),
    "a problem list that could not be read": (
        not_read(*concepts.CONDITIONS),
        FAVORABLE,
        TRANSPLANT,
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


# -- the card -------------------------------------------------------------------------------------


def card(*records):
    return cards(ORDER_SELECT, *records)[rule.id]


@pytest.mark.parametrize("service", [ORDER_SELECT, ORDER_SIGN], ids=["selected", "signed"])
def test_it_is_one_warning(service):
    shown = cards(service, *PATIENT, TRANSPLANT)
    assert list(shown) == [rule.id]
    assert shown[rule.id]["indicator"] == "warning"
    assert shown[rule.id]["summary"] == (
        "Favorable-risk AML in first remission: transplant toxicity usually outweighs benefit "
        "unless residual disease (MRD) persists."
    )


def test_it_names_the_order_the_remission_and_the_risk_with_its_date():
    basis = part(card(*PATIENT, mrd(0.005), TRANSPLANT), "This patient")
    assert "Order: allogeneic stem-cell transplant" in basis
    assert any("in remission, recorded 2026-11-01" in line for line in basis)
    assert any(line.startswith("ELN favorable risk positive, 2026-09-22") for line in basis)
    assert any("(MRD) 0.005 %, 2026-11-11" in line for line in basis)


def test_it_says_whether_residual_disease_is_known():
    unknown = card(*PATIENT, TRANSPLANT)["detail"]
    negative = card(*PATIENT, mrd(0.001), TRANSPLANT)["detail"]
    assert "MRD unknown" in unknown
    assert "MRD unknown" not in negative
    assert "MRD is negative in its last result" in negative


@pytest.mark.parametrize("older", [0, 0.3])
def test_a_newest_mrd_that_cannot_be_read_is_called_so(older):
    newest = in_words(mrd(0, days_ago=3), "see report")
    text = card(*PATIENT, mrd(older), newest, TRANSPLANT)["detail"]
    assert "The newest MRD could not be read: see it" in text
    assert "MRD is negative" not in text


def test_the_figure_of_the_summary_is_attributed_and_corrected():
    (line,) = [
        line for line in part(card(*PATIENT, TRANSPLANT), "Consider") if "35% or less" in line
    ]
    assert line.startswith("Guideline summary: ")
    assert "35-40%" in line
    assert "expected non-relapse mortality is low" in line


def test_unclear_als_is_named_at_the_foot():
    unclear = (*PATIENT, diagnosis(ALS, clinical="resolved"), TRANSPLANT)
    missing = part(card(*unclear), "Missing or uncertain")
    assert any("implausible" in line for line in missing)


def test_an_open_donor_is_said():
    drafted = order("BMT consult", procedure=True)
    assert "does not state the donor" in card(*PATIENT, drafted)["detail"]
    assert "does not state the donor" not in card(*PATIENT, TRANSPLANT)["detail"]


def test_it_offers_to_measure_residual_disease():
    offered = suggestions(card(*PATIENT, TRANSPLANT))
    assert list(offered) == ["Draft MRD assessment"]
    (action,) = offered["Draft MRD assessment"]["actions"]
    assert (action["type"], action["resource"]["status"]) == ("create", "draft")


def test_overrides_can_say_why():
    assert overrides(card(*PATIENT, TRANSPLANT)) == [
        "mrd-positive",
        "risk-reclassified",
        "expert-contradicts",
        "other",
    ]
