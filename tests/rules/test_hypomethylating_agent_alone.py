"""hypomethylating-agent-alone: catalogue R31, statements S0-24, S0-25, S3-19, S3-20 and S3-21."""

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
    BORDERLINE_LEUKEMIA,
    DECITABINE,
    DECITABINE_CEDAZURIDINE,
    ECOG,
    GILTERITINIB,
    HYDROXYUREA,
    IVOSIDENIB,
    PML_RARA,
    VENETOCLAX,
)
from hooks.rules.hypomethylating_agent_alone import hypomethylating_agent_alone as rule
from tests.patients import (
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
    prescription,
    relapsed,
    result,
    suggestions,
)

ALONE = replace(ORDER_SIGN, groups=(Group(rule.id, (rule,)),))
LEUKEMIA = diagnosis(AML)
ORDER = order(AZACITIDINE)
STOPPED = order(VENETOCLAX, status="stopped")

WARNS = {
    "azacitidine alone in AML": (LEUKEMIA, ORDER),
    "decitabine alone": (LEUKEMIA, order(DECITABINE)),
    "decitabine by mouth": (LEUKEMIA, order(DECITABINE_CEDAZURIDINE)),
    "azacitidine by brand name alone": (LEUKEMIA, order("Vidaza 75 mg/m2 subcutaneous")),
    "AML in relapse": (relapsed(AML), ORDER),
    "AML only suspected": (diagnosis(AML, "provisional"), ORDER),
    "AML that grew out of myelodysplasia": (LEUKEMIA, diagnosis(BORDERLINE_LEUKEMIA), ORDER),
    "hydroxyurea beside it, which is no partner": (
        LEUKEMIA,
        prescription(HYDROXYUREA),
        ORDER,
    ),
    "venetoclax given earlier and completed": (
        LEUKEMIA,
        prescription(VENETOCLAX, "completed"),
        ORDER,
    ),
    "venetoclax running and stopped in the same signing": (
        LEUKEMIA,
        prescription(VENETOCLAX),
        ORDER,
        STOPPED,
    ),
}

SILENT = {
    "no hypomethylating agent": (LEUKEMIA, order(HYDROXYUREA)),
    "nothing ordered": (LEUKEMIA,),
    "azacitidine drafted but not part of what is signed": (
        LEUKEMIA,
        order(AZACITIDINE, selected=False),
    ),
    "myelodysplasia without AML": (diagnosis(BORDERLINE_LEUKEMIA), ORDER),
    "no leukemia on record": (ORDER,),
    "ALL": (diagnosis(ALL), ORDER),
    "AML in remission": (in_remission(AML), ORDER),
    "AML refuted": (diagnosis(AML, "refuted"), ORDER),
    "APL recorded beside AML": (LEUKEMIA, diagnosis(APL), ORDER),
    "APL suspected": (LEUKEMIA, diagnosis(APL, "provisional"), ORDER),
    "PML::RARA positive": (LEUKEMIA, answered(PML_RARA, "positive"), ORDER),
    "morphology of APL": (LEUKEMIA, answered(concepts.APL_MORPHOLOGY, "present"), ORDER),
    "venetoclax in the same signing": (LEUKEMIA, ORDER, order(VENETOCLAX)),
    "venetoclax by name alone": (LEUKEMIA, ORDER, order("Venclexta 100 mg tablet")),
    "venetoclax drafted, not selected": (LEUKEMIA, ORDER, order(VENETOCLAX, selected=False)),
    "a new draft of venetoclax beside the stop of the old one": (
        LEUKEMIA,
        prescription(VENETOCLAX),
        ORDER,
        STOPPED,
        order(VENETOCLAX, identity="new"),
    ),
}
SILENT |= {
    f"{partner.title} running": (LEUKEMIA, prescription(partner), ORDER)
    for partner in (VENETOCLAX, *concepts.TARGETED_AGENTS)
}
SILENT |= {
    f"{partner.title} drafted": (LEUKEMIA, order(partner), ORDER)
    for partner in concepts.TARGETED_AGENTS
}

ASKS = {
    "prescriptions that could not be read": (
        LEUKEMIA,
        ORDER,
        not_read(*concepts.RUNNING_DRUGS),
    ),
    "a problem list that could not be read": (ORDER, not_read(*concepts.CONDITIONS)),
    "entries of AML that contradict each other": (
        diagnosis(AML, recorded=None),
        in_remission(AML, recorded=None),
        ORDER,
    ),
    "a PML::RARA result in words that are not read": (
        LEUKEMIA,
        answered(PML_RARA, "t(15;17) in 180 of 200 nuclei"),
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


def card(*records):
    return cards(ALONE, *records)[rule.id]


def test_it_informs_and_proposes_nothing():
    one = card(LEUKEMIA, ORDER)
    assert one["indicator"] == "info"
    assert one["summary"] == (
        "Azacitidine or decitabine alone: combination with venetoclax is preferred when suitable; "
        "decitabine 5-day schedule is usual."
    )
    assert suggestions(one) == {}
    assert overrides(one) == ["venetoclax-unsuitable", "other-use", "prefers-alternative", "other"]


def test_it_shows_the_order_the_count_and_the_performance_status():
    basis = part(card(LEUKEMIA, count(30), result(ECOG, 2, hours_ago=24), ORDER), "This patient")
    assert any(line.startswith("Order: azacitidine") for line in basis)
    assert any(line.startswith("Leukocytes 30 ×10⁹/L, 2026-11-21") for line in basis)
    assert any(line.startswith("ECOG performance status 2, 2026-11-20") for line in basis)


def test_it_names_the_partner_that_is_being_stopped():
    basis = part(card(LEUKEMIA, prescription(VENETOCLAX), ORDER, STOPPED), "This patient")
    assert "venetoclax: being stopped in the drafts" in basis


def test_what_was_not_measured_is_named():
    missing = part(card(LEUKEMIA, ORDER), "Missing or uncertain")
    assert any(line.startswith("Leukocytes") for line in missing)
    assert any(line.startswith("ECOG") for line in missing)


def test_the_position_of_the_summary_is_attributed_and_followed_by_the_trial():
    (line,) = (x for x in part(card(LEUKEMIA, ORDER), "Consider") if "first in unfit" in x)
    assert line.startswith("Guideline summary: a hypomethylating agent")
    assert "14.7 months" in line
    assert "9.6 (VIALE-A)" in line
    assert "a count above 25, frailty or the patient's choice are valid reasons" in line


def test_the_5_day_schedule_and_the_burden_of_travel_are_said():
    text = card(LEUKEMIA, order(DECITABINE))["detail"]
    assert "Guideline summary: decitabine for 5 days is preferred to 10 days" in text
    assert "20 mg/m² for 5 days" in text
    assert "a travel burden, above all in ALS" in text
    assert "Venetoclax is usually started in hospital" in text


def test_quality_of_life_is_claimed_by_the_summary_alone():
    lines = [x for x in part(card(LEUKEMIA, ORDER), "Consider") if "quality of life" in x]
    (line,) = lines
    assert line.startswith("For clinicians: Guideline summary:")
    assert "no quality-of-life comparison was found" in line
    assert "10.4 months" in line
    assert "6.5" in line
    assert "p=0.10" in line


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ((count(99.9),), True),
        ((count(100),), False),
        ((count(150),), False),
        ((count(60, comparator=">"),), False),
        ((count(12, hours_ago=72),), True),
        ((count(12, hours_ago=72 + 1 / 60),), False),
        ((), False),
    ],
    ids=["99.9", "100", "150", "above 60", "72 h old", "older than 72 h", "no count"],
)
def test_the_two_year_figure_is_no_prognosis_at_a_high_or_unknown_count(counts, shown):
    """Catalogue S3-20 and 4.2: half alive at 2 years is a figure of slow disease."""
    text = card(LEUKEMIA, *counts, ORDER)["detail"]
    assert ("half alive at 2 years" in text) is shown
    assert ("For clinicians: Guideline summary: with azacitidine about half" in text) is shown


def test_suspected_aml_is_called_suspected():
    said = "Acute leukemia is suspected, not confirmed"
    assert said in card(diagnosis(AML, "provisional"), ORDER)["detail"]
    assert said not in card(LEUKEMIA, ORDER)["detail"]


@pytest.mark.parametrize("partner", [VENETOCLAX, IVOSIDENIB, GILTERITINIB])
def test_with_a_partner_the_service_says_nothing(partner):
    assert cards(ALONE, diagnosis(ALS), LEUKEMIA, ORDER, order(partner)) == {}
