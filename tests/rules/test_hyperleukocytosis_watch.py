"""hyperleukocytosis-watch: catalogue R03, scenarios 11, 12 and 17."""

from dataclasses import replace

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import PATIENT_VIEW, concepts
from hooks.concepts import (
    ALL,
    AML,
    APL,
    BLASTS_ABSOLUTE,
    BLASTS_ABSOLUTE_BY_LINEAGE,
    BLASTS_PERCENT,
    BLASTS_PERCENT_BY_LINEAGE,
    FILGRASTIM,
    LENOGRASTIM,
    LEUKOCYTES,
    MIXED_PHENOTYPE_ACUTE_LEUKEMIA,
    MOLGRAMOSTIM,
    OTHER_LEUKEMIA,
    PEGFILGRASTIM,
    SARGRAMOSTIM,
    UNSPECIFIED_ACUTE_LEUKEMIA,
)
from hooks.rules.hyperleukocytosis_watch import hyperleukocytosis_watch as rule
from tests.patients import (
    cards,
    chart,
    count,
    diagnosis,
    in_remission,
    never_decisive,
    not_read,
    overrides,
    part,
    prescription,
    relapsed,
    result,
    suggestions,
)

AML_ACTIVE = diagnosis(AML)
REMISSION = in_remission(AML)
NO_BLASTS = (
    result(BLASTS_PERCENT, 0),
    result(BLASTS_ABSOLUTE, 0),
    result(BLASTS_PERCENT_BY_LINEAGE, 0),
    result(BLASTS_ABSOLUTE_BY_LINEAGE, 0),
)

WARNS = {
    "AML and a count exactly at 50": (AML_ACTIVE, count(50)),
    "AML and a count of 99.9": (AML_ACTIVE, count(99.9)),
    "AML relapsed and a count of 60": (relapsed(AML), count(60)),
    "AML only suspected and a count of 60": (diagnosis(AML, "provisional"), count(60)),
    "AML and a count reported as above 60": (AML_ACTIVE, count(60, comparator=">")),
    "AML and a count of 60 exactly 24 h old": (AML_ACTIVE, count(60, hours_ago=24)),
    "AML and a count of 150 a minute older than 24 h": (
        AML_ACTIVE,
        count(150, hours_ago=24 + 1 / 60),
    ),
    "AML and a count of 150 exactly 72 h old": (AML_ACTIVE, count(150, hours_ago=72)),
    "AML and a count of exactly 100, 36 h old": (AML_ACTIVE, count(100, hours_ago=36)),
    "ALL and a count of 150, 36 h old": (diagnosis(ALL), count(150, hours_ago=36)),
    "mixed phenotype leukemia and a count of 150, 36 h old": (
        diagnosis(MIXED_PHENOTYPE_ACUTE_LEUKEMIA),
        count(150, hours_ago=36),
    ),
    "acute leukemia without lineage and a count of 150, 36 h old": (
        diagnosis(UNSPECIFIED_ACUTE_LEUKEMIA),
        count(150, hours_ago=36),
    ),
    "ALL and a fresh count reported as above 60, which may be 100": (
        diagnosis(ALL),
        count(60, comparator=">"),
    ),
    "ALL active and in remission, neither entry dated, and a count of exactly 50": (
        diagnosis(ALL, recorded=None),
        in_remission(ALL, recorded=None),
        count(50),
    ),
    "remission, a count of 130 and blasts of 60 %": (
        REMISSION,
        count(130),
        result(BLASTS_PERCENT, 60),
    ),
    "remission, a count of exactly 50, no G-CSF": (REMISSION, count(50)),
    "remission by status, a count of 60, no G-CSF": (
        diagnosis(AML, clinical="remission"),
        count(60),
    ),
    "ALL in remission, a count of 60, no G-CSF": (in_remission(ALL), count(60)),
    "remission, a count of 60, blasts in spite of G-CSF": (
        REMISSION,
        count(60),
        prescription(FILGRASTIM),
        result(BLASTS_ABSOLUTE, 0.1),
    ),
    "remission, a count of 60, blasts of one lineage in spite of G-CSF": (
        REMISSION,
        count(60),
        prescription(FILGRASTIM),
        result(BLASTS_PERCENT_BY_LINEAGE, 2),
    ),
    "remission, a count of 60, G-CSF stopped": (
        REMISSION,
        count(60),
        prescription(FILGRASTIM, "stopped"),
    ),
}

SILENT = {
    "AML and a count of 49.9": (AML_ACTIVE, count(49.9)),
    "AML and a fresh count of 30 after one of 150": (
        AML_ACTIVE,
        count(150, hours_ago=36),
        count(30, hours_ago=2),
    ),
    "ALL and a fresh count of 60": (diagnosis(ALL), count(60)),
    "ALL and a count of 99.9, 36 h old": (diagnosis(ALL), count(99.9, hours_ago=36)),
    "no leukemia and a count of 60": (count(60),),
    "no leukemia and a count reported as above 60": (count(60, comparator=">"),),
    "ALL and a fresh count reported as below 49": (
        diagnosis(ALL),
        count(49, comparator="<"),
    ),
    "ALL active and in remission, neither entry dated, and a count of 49.9": (
        diagnosis(ALL, recorded=None),
        in_remission(ALL, recorded=None),
        count(49.9),
    ),
    "no leukemia and a count of 150, 36 h old": (count(150, hours_ago=36),),
    "CLL and a count of 60": (diagnosis(OTHER_LEUKEMIA), count(60)),
    "AML refuted and a count of 60": (diagnosis(AML, "refuted"), count(60)),
    "AML entered in error and a count of 60": (diagnosis(AML, "entered-in-error"), count(60)),
    "remission and a count of 49.9": (REMISSION, count(49.9)),
    "remission and no count": (REMISSION,),
    "remission and a count of 49.9 a minute older than 24 h": (
        REMISSION,
        count(49.9, hours_ago=24 + 1 / 60),
    ),
    "remission and a count of 130 older than 72 h": (REMISSION, count(130, hours_ago=73)),
    "remission, a count of 60 on filgrastim, no blasts": (
        REMISSION,
        count(60),
        prescription(FILGRASTIM),
        *NO_BLASTS,
    ),
    "remission, a count of 60 on pegfilgrastim, no blasts": (
        REMISSION,
        count(60),
        prescription(PEGFILGRASTIM),
        *NO_BLASTS,
    ),
    "remission and no blasts, lenograstim explains the count": (
        REMISSION,
        count(60),
        prescription(LENOGRASTIM),
        *NO_BLASTS,
    ),
    "remission and no blasts, sargramostim explains the count": (
        REMISSION,
        count(60),
        prescription(SARGRAMOSTIM),
        *NO_BLASTS,
    ),
    "remission and no blasts, molgramostim explains the count": (
        REMISSION,
        count(60),
        prescription(MOLGRAMOSTIM),
        *NO_BLASTS,
    ),
    "remission, a count of 60 on filgrastim, blasts counted in percent only: none": (
        REMISSION,
        count(60),
        prescription(FILGRASTIM),
        result(BLASTS_PERCENT, 0),
    ),
    "remission, a count of 60 on filgrastim, blasts counted absolutely only: none": (
        REMISSION,
        count(60),
        prescription(FILGRASTIM),
        result(BLASTS_ABSOLUTE, 0),
    ),
    "APL, which has its own card, and a fresh count of 60": (diagnosis(APL), count(60)),
    "APL and a count of 150, 36 h old": (diagnosis(APL), count(150, hours_ago=36)),
}

ASKS = {
    "AML and a count of 60 a minute older than 24 h": (
        AML_ACTIVE,
        count(60, hours_ago=24 + 1 / 60),
    ),
    "AML and a count of 150 a minute older than 72 h": (
        AML_ACTIVE,
        count(150, hours_ago=72 + 1 / 60),
    ),
    "AML and no count": (AML_ACTIVE,),
    "remission, blasts of 60 % and no count": (REMISSION, result(BLASTS_PERCENT, 60)),
    "AML and a count without unit": (AML_ACTIVE, count(60, "")),
    "AML and a count that could not be read": (AML_ACTIVE, not_read(LEUKOCYTES)),
    "ALL and a count reported as above 60, 36 h old": (
        diagnosis(ALL),
        count(60, comparator=">", hours_ago=36),
    ),
    "remission and a count of 60 a minute older than 24 h": (
        REMISSION,
        count(60, hours_ago=24 + 1 / 60),
    ),
    "remission and a count of today without unit": (REMISSION, count(60, "")),
    "remission, a count of 60 on G-CSF, blasts not counted": (
        REMISSION,
        count(60),
        prescription(FILGRASTIM),
    ),
    "remission, a count of 60 on G-CSF, none of one lineage's blasts": (
        REMISSION,
        count(60),
        prescription(FILGRASTIM),
        result(BLASTS_PERCENT_BY_LINEAGE, 0),
    ),
    "remission, a count of 60, prescriptions that could not be read": (
        REMISSION,
        count(60),
        not_read(*concepts.RUNNING_DRUGS),
    ),
    "a problem list that could not be read": (not_read(*concepts.CONDITIONS), count(60)),
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
    return cards(PATIENT_VIEW, *records)[rule.id]


def test_scenario_12_asks_for_a_repeat_and_is_no_emergency():
    shown = cards(PATIENT_VIEW, AML_ACTIVE, count(150, hours_ago=36))
    assert list(shown) == [rule.id]
    old = shown[rule.id]
    assert old["indicator"] == "warning"
    assert old["summary"] == (
        "WBC is near or was last in the emergency range for acute leukemia; repeat the CBC now "
        "before acting on it."
    )
    assert "Leukocytes 150 ×10⁹/L, 2026-11-20 00:00 UTC, 36 h ago" in part(old, "This patient")
    assert "too old to act on" in old["detail"]
    assert not [label for label in suggestions(old) if "hydroxyurea" in label]


def test_scenario_17_names_the_conflict_with_remission():
    shown = cards(PATIENT_VIEW, REMISSION, count(130), result(BLASTS_PERCENT, 60))
    assert list(shown) == [rule.id]
    conflict = shown[rule.id]
    assert "the problem list says remission, which does not fit this count" in conflict["detail"]
    basis = " ".join(part(conflict, "This patient"))
    assert "in remission" in basis
    assert "Blasts in blood 60 %" in basis


def test_a_count_near_the_range_says_so():
    text = card(AML_ACTIVE, count(60))["detail"]
    assert "the count is between 50 and 100" in text
    assert text.count("leukostasis") == 1


def test_leukostasis_at_these_counts_is_not_said_of_all():
    text = card(diagnosis(ALL), count(150, hours_ago=36))["detail"]
    assert "leukostasis" not in text


def test_suspected_leukemia_is_worded_as_suspected():
    shown = card(diagnosis(AML, "unconfirmed"), count(60))
    assert "Acute leukemia is suspected, not confirmed" in shown["detail"]


def test_the_emergency_card_takes_its_place():
    assert list(cards(PATIENT_VIEW, AML_ACTIVE, count(182))) == ["hyperleukocytosis-emergency"]


def test_where_the_emergency_card_is_off_the_count_is_called_what_it_is():
    """A site may switch a rule off: what then speaks in its place must still be true."""
    groups = tuple(
        replace(group, rules=tuple(r for r in group.rules if r.id != "hyperleukocytosis-emergency"))
        for group in PATIENT_VIEW.groups
    )
    shown = cards(replace(PATIENT_VIEW, groups=groups), AML_ACTIVE, count(182))
    text = shown[rule.id]["detail"]
    assert "the count is 100 or more, which in acute leukemia is an emergency" in text
    assert "the count is between" not in text
    assert shown[rule.id]["summary"] == (
        "WBC is in the emergency range for acute leukemia, for which no card is in use here: act "
        "by local protocol today."
    )


@pytest.mark.parametrize("value", [99.9, 60])
def test_a_count_below_the_range_is_not_said_to_be_in_it(value):
    card = cards(PATIENT_VIEW, AML_ACTIVE, count(value))[rule.id]
    assert card["summary"].startswith("WBC is near or was last in the emergency range")


def test_scenario_11_a_count_three_weeks_old_is_only_named():
    shown = cards(PATIENT_VIEW, AML_ACTIVE, count(240, hours_ago=21 * 24))
    assert list(shown) == ["data-gaps"]
    assert "older than 72 h" in shown["data-gaps"]["detail"]


def test_a_blood_count_is_offered_and_lysis_labs_only_when_old():
    panel = (concepts.POTASSIUM, concepts.PHOSPHATE, concepts.URATE, concepts.CREATININE)
    repeat = "Draft CBC with differential, STAT"
    current = [result(each, 5, hours_ago=24) for each in panel]
    old = [result(each, 5, hours_ago=25) for each in panel]
    assert list(suggestions(card(AML_ACTIVE, count(60), *current))) == [repeat]
    offered = suggestions(card(AML_ACTIVE, count(60), *old))
    assert list(offered) == [repeat, "Draft tumor lysis labs"]
    (action,) = offered[repeat]["actions"]
    assert (action["type"], action["resource"]["priority"]) == ("create", "stat")


def test_overrides_can_say_why():
    assert overrides(card(AML_ACTIVE, count(60))) == [
        "action-completed",
        "known-and-improving",
        "other-cause-of-count",
        "other",
    ]
