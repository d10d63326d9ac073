"""data-gaps: catalogue R06, scenarios 10, 18, 19, 25 and 26. Here "warns" means: names a gap."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import ORDER_SELECT, PATIENT_VIEW, concepts
from hooks.concepts import (
    ALL,
    ALS,
    AML,
    APL,
    APL_MORPHOLOGY,
    BORDERLINE_LEUKEMIA,
    COMPLETE_REMISSION,
    CYTARABINE,
    ECOG,
    HEART_FAILURE,
    KARNOFSKY,
    LEUKOCYTES,
    MIXED_PHENOTYPE_ACUTE_LEUKEMIA,
    OTHER_LEUKEMIA,
    PML_RARA,
    REFRACTORY_DISEASE,
    UNSPECIFIED_ACUTE_LEUKEMIA,
)
from hooks.rules.data_gaps import data_gaps as rule
from tests.patients import (
    aged,
    answered,
    cards,
    chart,
    count,
    diagnosis,
    in_remission,
    in_words,
    never_decisive,
    not_read,
    order,
    overrides,
    part,
    person,
    relapsed,
    result,
    suggestions,
)

LEUKEMIA = diagnosis(AML)
FIT = result(ECOG, 1, hours_ago=24)
BORDERLINE = diagnosis(BORDERLINE_LEUKEMIA)

WARNS = {
    "AML and no count": (LEUKEMIA, FIT),
    "AML and a count a minute older than 72 h": (
        LEUKEMIA,
        FIT,
        count(30, hours_ago=72 + 1 / 60),
    ),
    "AML and a count without unit": (LEUKEMIA, FIT, count(210, "")),
    "AML and a count in an unknown unit": (LEUKEMIA, FIT, count(210, "K/mL")),
    "AML and a count no patient has": (LEUKEMIA, FIT, count(2001)),
    "AML and a count dated tomorrow": (LEUKEMIA, FIT, count(30, hours_ago=-24)),
    "AML and a newer result that cannot be read": (
        LEUKEMIA,
        FIT,
        count(30),
        in_words(count(0, hours_ago=1), "clotted"),
    ),
    "AML only suspected and no count": (diagnosis(AML, "provisional"), FIT),
    "AML only suspected and a count of 12": (diagnosis(AML, "provisional"), FIT, count(12)),
    "acute leukemia without lineage": (diagnosis(UNSPECIFIED_ACUTE_LEUKEMIA), count(30)),
    "active and in remission, neither entry dated": (
        diagnosis(ALL, recorded=None),
        in_remission(ALL, recorded=None),
        count(30),
    ),
    "new AML at 74 without performance status": (LEUKEMIA, count(30), aged(74)),
    "new AML turning 75 this year, without performance status": (
        LEUKEMIA,
        count(30),
        person("1951"),
    ),
    "new AML with Karnofsky 70, which may be ECOG 1 or 2": (
        LEUKEMIA,
        count(30),
        result(KARNOFSKY, 70, hours_ago=24),
    ),
    "new AML with ECOG 1 of more than 14 d before the diagnosis": (
        diagnosis(AML, recorded="2026-11-21"),
        count(30),
        result(ECOG, 1, hours_ago=16 * 24),
    ),
    "new AML with a performance status a minute older than 30 d": (
        LEUKEMIA,
        count(30),
        result(ECOG, 1, hours_ago=30 * 24 + 1 / 60),
    ),
    "a count of exactly 100 and no leukemia": (count(100),),
    "a count of 110 and the leukemia refuted": (diagnosis(AML, "refuted"), count(110)),
    "a count of exactly 100 and a leukemia not classified as acute": (BORDERLINE, count(100)),
    "a problem list that could not be read": (not_read(*concepts.CONDITIONS), count(30)),
}

SILENT = {
    "no leukemia and a count of 99.9": (count(99.9),),
    "ALS alone": (diagnosis(ALS), count(9)),
    "AML with a count exactly 72 h old and a performance status": (
        LEUKEMIA,
        FIT,
        count(30, hours_ago=72),
    ),
    "AML with a performance status on the Karnofsky scale": (
        LEUKEMIA,
        count(30),
        result(KARNOFSKY, 80, hours_ago=24),
    ),
    "AML with a performance status exactly 30 d old": (
        LEUKEMIA,
        count(30),
        result(ECOG, 1, hours_ago=30 * 24),
    ),
    "new AML at 75, where age settles fitness": (LEUKEMIA, count(30), aged(75)),
    "new AML with ALS, where fitness is the other card's": (
        LEUKEMIA,
        diagnosis(ALS),
        count(30),
    ),
    "new AML with heart failure, which settles fitness": (
        LEUKEMIA,
        diagnosis(HEART_FAILURE),
        count(30),
    ),
    "AML of a child, for whom no fitness is asked": (LEUKEMIA, count(30), aged(17)),
    "relapsed AML without performance status": (relapsed(AML), count(30)),
    "refractory AML without performance status": (
        LEUKEMIA,
        count(30),
        answered(REFRACTORY_DISEASE, "refractory"),
    ),
    "AML in complete remission by the latest response": (
        LEUKEMIA,
        count(30),
        answered(COMPLETE_REMISSION, "complete remission"),
    ),
    "AML and APL": (LEUKEMIA, diagnosis(APL), count(5)),
    "AML with PML::RARA": (LEUKEMIA, answered(PML_RARA, "positive"), count(5)),
    "AML with the morphology of APL": (LEUKEMIA, answered(APL_MORPHOLOGY, "present"), count(5)),
    "ALL without performance status": (diagnosis(ALL), count(30)),
    "APL without performance status": (diagnosis(APL), count(14)),
    "mixed phenotype leukemia without performance status": (
        diagnosis(MIXED_PHENOTYPE_ACUTE_LEUKEMIA),
        count(30),
    ),
    "lineage known from a second entry": (
        diagnosis(UNSPECIFIED_ACUTE_LEUKEMIA),
        diagnosis(ALL),
        count(30),
    ),
    "CLL and a count of 200": (diagnosis(OTHER_LEUKEMIA), count(200)),
    "a leukemia not classified as acute, and a count of 99.9": (BORDERLINE, count(99.9)),
    "AML beside a leukemia not classified as acute, and a count of 150": (
        LEUKEMIA,
        BORDERLINE,
        FIT,
        count(150),
    ),
    "AML in remission and no count": (in_remission(AML),),
    "CLL, a count of 120 and a newer one that cannot be read": (
        diagnosis(OTHER_LEUKEMIA),
        count(120),
        in_words(count(0, hours_ago=1), "clotted"),
    ),
}

ASKS = {
    "new AML without performance status or birth date": (LEUKEMIA, count(30), person(None)),
    "active after an earlier remission, without performance status": (
        LEUKEMIA,
        in_remission(AML, recorded="2026-01-01"),
        count(30),
    ),
    "nothing on record, so no high count to explain and no card": (),
    "no leukemia and a count reported as above 60": (count(60, comparator=">"),),
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


NO_DIRECTION = diagnosis(ALL)
"""At 62, without relapse or MRD, there is no other card."""


def card(*records):
    return cards(PATIENT_VIEW, *records)[rule.id]


def test_scenario_10_a_missing_unit_is_named_and_never_guessed():
    shown = cards(PATIENT_VIEW, NO_DIRECTION, count(210, ""))
    assert list(shown) == [rule.id]
    gap = shown[rule.id]
    assert gap["indicator"] == "info"
    assert gap["summary"] == (
        "Some data needed for these leukemia checks are missing, old or unreadable; absence of a "
        "warning is not reassurance."
    )
    missing = part(gap, "Missing or uncertain")
    assert any(line.startswith("Leukocytes 210: not used, no unit sent") for line in missing)


def test_an_old_count_is_named_with_its_age_and_the_test_offered():
    gap = card(NO_DIRECTION, FIT, count(240, hours_ago=21 * 24))
    (line,) = [each for each in part(gap, "Missing or uncertain") if "Leukocytes" in each]
    assert line.startswith("Leukocytes 240 ×10⁹/L, 2026-10-31 12:00 UTC, 21 d ago; older than")
    (action,) = suggestions(gap)["Draft what is missing"]["actions"]
    assert action["resource"]["code"]["text"] == "Complete blood count with differential"
    assert action["resource"]["priority"] == "urgent"


def test_scenario_26_an_unexplained_count_is_named_as_outside_the_rules():
    shown = cards(PATIENT_VIEW, diagnosis(ALS), count(110))
    assert list(shown) == [rule.id]
    assert "these rules do not apply: unexplained WBC" in shown[rule.id]["detail"]
    # No treatment: a look at the smear, and somebody who knows what it means.
    assert list(suggestions(shown[rule.id])) == ["Draft smear and hematology consult"]


def test_a_leukemia_that_is_not_classified_explains_its_count():
    text = card(diagnosis(BORDERLINE_LEUKEMIA), count(180))["detail"]
    assert "not classified as acute by these rules: decide with hematology" in text
    assert "unexplained WBC" not in text
    refuted = card(diagnosis(BORDERLINE_LEUKEMIA, "refuted"), count(180))["detail"]
    assert "unexplained WBC" in refuted


@pytest.mark.parametrize(
    "records",
    [(), (diagnosis(ALS), count(9)), (diagnosis(OTHER_LEUKEMIA), count(320)), (count(60),)],
    ids=["nothing", "ALS alone", "chronic leukemia", "a count of 60"],
)
def test_scenarios_18_19_and_25_show_nothing(records):
    assert cards(PATIENT_VIEW, *records) == {}


def test_it_never_stands_beside_another_card():
    shown = cards(PATIENT_VIEW, LEUKEMIA, count(182))
    assert list(shown) == ["hyperleukocytosis-emergency"]
    missing = part(shown["hyperleukocytosis-emergency"], "Missing or uncertain")
    assert "ECOG performance status: not recorded" in missing


def test_als_on_record_as_resolved_is_named_as_implausible():
    gap = card(diagnosis(ALS, clinical="resolved"), LEUKEMIA, FIT, count(12))
    assert "recorded as resolved or inactive" in gap["detail"]
    assert "which is implausible" in gap["detail"]


def test_a_failed_read_shows_it_even_without_leukemia():
    shown = cards(PATIENT_VIEW, failing=("leukocytes",))
    assert list(shown) == [rule.id]
    assert "Data under leukocytes could not be read: not supplied" in shown[rule.id]["detail"]


def test_a_failed_read_is_not_put_down_to_spurious_values():
    shown = cards(PATIENT_VIEW, failing=("leukocytes",))[rule.id]
    assert shown["source"]["label"].startswith("Dr.Oracle guideline summary (2026-01-05)")
    (line,) = part(shown, "Consider")
    assert "not about data that could not be read" in line


def test_on_an_order_it_stays_silent_unless_a_read_failed():
    """Catalogue 5.8: cytarabine without dose is not spoken of while still selecting."""
    chosen = (diagnosis(ALS), diagnosis(AML), order(CYTARABINE))
    assert cards(ORDER_SELECT, *chosen) == {}
    assert list(cards(ORDER_SELECT, *chosen, failing=("leukocytes",))) == [rule.id]


def test_a_count_that_could_not_be_read_is_said_once():
    gap = card(NO_DIRECTION, not_read(LEUKOCYTES))
    lines = [each for each in part(gap, "Missing or uncertain") if "Leukocytes" in each]
    assert lines == ["Leukocytes: could not be checked"]


def test_overrides_can_say_why():
    assert overrides(card(LEUKEMIA)) == ["known-and-accepted", "action-completed", "other"]


@pytest.mark.parametrize(
    ("records", "offered"),
    [
        ((count(110),), True),
        ((diagnosis(BORDERLINE_LEUKEMIA), count(110)), True),
        ((diagnosis(AML),), False),
        ((diagnosis(OTHER_LEUKEMIA), diagnosis(AML)), False),
    ],
)
def test_a_very_high_count_without_a_reason_goes_to_hematology(records, offered):
    card = cards(PATIENT_VIEW, *records)[rule.id]
    assert ("Draft smear and hematology consult" in suggestions(card)) is offered
