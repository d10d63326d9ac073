"""t-all-response-group: catalogue R05D, scenarios 29 and 30."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import PATIENT_VIEW
from hooks.concepts import (
    ALL,
    ALS,
    B_LINEAGE_ALL,
    CNS_CLEAR,
    MARROW_BLASTS,
    MRD_END_OF_CONSOLIDATION,
    MRD_END_OF_INDUCTION,
    REFRACTORY_DISEASE,
    T_LINEAGE_ALL,
    TESTES_INVOLVED,
)
from hooks.rules.t_all_response_group import t_all_response_group as rule
from tests.patients import (
    LEXICON,
    aged,
    answered,
    cards,
    chart,
    count,
    diagnosis,
    in_words,
    never_decisive,
    not_read,
    overrides,
    part,
    person,
    relapsed,
    result,
    suggestions,
)


def mrd(measurement, value, unit=None, **more):
    return result(measurement, value, unit, codes=LEXICON.concepts[measurement.id].codes, **more)


def day_29(value, unit=None, **more):
    return mrd(MRD_END_OF_INDUCTION, value, unit, **more)


def consolidation(value, **more):
    return mrd(MRD_END_OF_CONSOLIDATION, value, **more)


LEUKEMIA = (diagnosis(ALL), diagnosis(T_LINEAGE_ALL))
TEEN = (aged(16), *LEUKEMIA)
CLEAR = (answered(CNS_CLEAR, "cns-1"), answered(TESTES_INVOLVED, "not involved"))
TWO_YEARS = 730 * 24

WARNS = {
    "MRD of day 29": (*TEEN, day_29(0.02)),
    "MRD of the end of consolidation": (*TEEN, consolidation(0.15)),
    "in remission": (
        aged(16),
        diagnosis(ALL, clinical="remission"),
        diagnosis(T_LINEAGE_ALL, clinical="remission"),
        day_29(0.02),
    ),
    "exactly 1 year old": (aged(1), *LEUKEMIA, day_29(0.02)),
    "30 years old": (aged(30), *LEUKEMIA, day_29(0.02)),
    "a result exactly two years old": (*TEEN, day_29(0.02, hours_ago=TWO_YEARS)),
    "a result that cannot be read": (*TEEN, day_29(0.02, "furlong")),
}
SILENT = {
    "no MRD": TEEN,
    "a result older than two years": (*TEEN, day_29(0.02, hours_ago=TWO_YEARS + 1)),
    "0 years old": (person("2026-06-01"), *LEUKEMIA, day_29(0.02)),
    "31 years old": (aged(31), *LEUKEMIA, day_29(0.02)),
    "B lineage": (aged(16), diagnosis(ALL), diagnosis(B_LINEAGE_ALL), day_29(0.02)),
    "relapsed": (aged(16), relapsed(ALL), diagnosis(T_LINEAGE_ALL), day_29(0.02)),
    "refractory by the latest response": (
        *TEEN,
        day_29(0.02),
        answered(REFRACTORY_DISEASE, "refractory"),
    ),
    "ALS": (*TEEN, day_29(0.02), diagnosis(ALS)),
    "ALS only suspected": (*TEEN, day_29(0.02), diagnosis(ALS, "provisional")),
}
ASKS = {
    "lineage not recorded": (aged(16), diagnosis(ALL), day_29(0.02)),
    "recorded as both lineages": (*TEEN, diagnosis(B_LINEAGE_ALL), day_29(0.02)),
    "turning 31 this year": (person("1995"), *LEUKEMIA, day_29(0.02)),
    "MRD that could not be read": (*TEEN, not_read(MRD_END_OF_INDUCTION)),
    "MRD of which no time was sent": (
        *TEEN,
        {name: each for name, each in day_29(0.02).items() if name != "effectiveDateTime"},
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


# -- the group ------------------------------------------------------------------------------------

STANDARD = "By what is on record: standard group"
INTERMEDIATE = "By what is on record: intermediate group"
VERY_HIGH = "By what is on record: very high group"
NOT_STANDARD = "By what is on record: not the standard group"
OPEN = "cannot be assigned from what is on record"
EARLIER = {"hours_ago": 60 * 24}

GROUPS = {
    "all three criteria": ((day_29(0.009), *CLEAR), STANDARD),
    "MRD reported as below 0.01": ((day_29(0.01, comparator="<"), *CLEAR), STANDARD),
    "all three, and a low end-of-consolidation MRD": (
        (day_29(0, **EARLIER), consolidation(0.05), *CLEAR),
        STANDARD,
    ),
    "day-29 MRD of exactly 0.01": (
        (day_29(0.01, **EARLIER), consolidation(0), *CLEAR),
        INTERMEDIATE,
    ),
    "CNS 2": (
        (day_29(0, **EARLIER), consolidation(0.09), answered(CNS_CLEAR, "cns-2"), CLEAR[1]),
        INTERMEDIATE,
    ),
    "testes involved": (
        (day_29(0, **EARLIER), consolidation(0), CLEAR[0], answered(TESTES_INVOLVED, "involved")),
        INTERMEDIATE,
    ),
    "end-of-consolidation MRD of exactly 0.1": (
        (day_29(0, **EARLIER), consolidation(0.1), *CLEAR),
        VERY_HIGH,
    ),
    "day-29 marrow above 25 %": ((day_29(0.5), result(MARROW_BLASTS, 25.1)), VERY_HIGH),
    "day-29 marrow of exactly 25 %": ((day_29(0.5), result(MARROW_BLASTS, 25)), NOT_STANDARD),
    "a marrow of the diagnosis": (
        (day_29(0.5), result(MARROW_BLASTS, 90, hours_ago=29 * 24)),
        NOT_STANDARD,
    ),
    "high day-29 MRD and no later one": ((day_29(0.5),), NOT_STANDARD),
    "low day-29 MRD, CNS and testes not recorded": ((day_29(0),), OPEN),
    "low day-29 MRD, testes not recorded": ((day_29(0), CLEAR[0]), OPEN),
    "only a low end-of-consolidation MRD": ((consolidation(0), *CLEAR), OPEN),
    "MRD that is not a number": ((day_29(0.02, "furlong"), *CLEAR), OPEN),
}


def card(*records):
    return cards(PATIENT_VIEW, *TEEN, *records, count(5))[rule.id]


@pytest.mark.parametrize(("records", "said"), GROUPS.values(), ids=GROUPS)
def test_group(records, said):
    assert said in card(*records)["detail"]


def test_in_girls_the_testes_are_no_question():
    girl = (aged(16, "female"), *LEUKEMIA, day_29(0), CLEAR[0])
    assert STANDARD in cards(PATIENT_VIEW, *girl, count(5))[rule.id]["detail"]


@pytest.mark.parametrize(("records", "said"), GROUPS.values(), ids=GROUPS)
def test_the_summary_claims_a_group_only_where_there_is_one(records, said):
    summary = card(*records)["summary"]
    assert ("can be assigned" in summary) is (said in (STANDARD, INTERMEDIATE, VERY_HIGH))
    assert len(summary) < 140


def test_the_advice_is_that_of_the_group_or_of_all_while_it_is_open():
    of_groups = {
        STANDARD: "standard risk stays on multi-agent consolidation",
        INTERMEDIATE: "intensify consolidation in that group",
        VERY_HIGH: "strongly consider alternatives including transplant",
    }
    for records, said in GROUPS.values():
        text = card(*records)["detail"]
        shown = {group for group, advice in of_groups.items() if advice in text}
        assert shown == ({said} if said in of_groups else set(of_groups))


# -- the card -------------------------------------------------------------------------------------


def test_scenario_29_without_mrd_has_the_emergency_card_alone():
    shown = cards(PATIENT_VIEW, aged(9), *LEUKEMIA, count(310))
    assert list(shown) == ["hyperleukocytosis-emergency"]
    assert "MRD" not in " ".join(part(shown["hyperleukocytosis-emergency"], "Missing or uncertain"))


def test_t_all_without_mrd_is_silent():
    assert cards(PATIENT_VIEW, *TEEN, count(5)) == {}


def test_scenario_30_is_one_card_on_the_very_high_group():
    shown = cards(PATIENT_VIEW, *TEEN, consolidation(0.15), answered(CNS_CLEAR, "cns-1"), count(5))
    assert list(shown) == [rule.id]
    one = shown[rule.id]
    assert one["indicator"] == "info"
    assert VERY_HIGH in one["detail"]
    assert "blinatumomab" not in one["detail"]
    assert any("0.15 %" in line for line in part(one, "This patient"))


def test_what_the_group_lacks_is_named():
    missing = part(card(day_29(0)), "Missing or uncertain")
    assert "CNS status 1 (no blasts in CSF): not recorded" in missing
    assert "Testicular involvement: not recorded" in missing
    assert any(line.startswith("MRD at end of consolidation") for line in missing)


def test_a_newer_mrd_that_cannot_be_read_is_named():
    newer = in_words(consolidation(0), "see report")
    shown = card(*TEEN, consolidation(0.3, hours_ago=900), newer)
    assert any('"see report": not used' in line for line in part(shown, "Missing or uncertain"))


def test_the_names_of_the_summary_are_told_from_those_of_the_scheme():
    text = card(day_29(0.5), consolidation(0))["detail"]
    assert "high risk is who meets neither other definition" in text
    assert "COG AALL1231 calls this group intermediate" in text


def test_the_next_mrd_is_offered():
    assert list(suggestions(card(day_29(0)))) == ["Draft MRD at the next time point"]


def test_lineage_not_recorded_is_a_gap_once_there_is_mrd():
    shown = cards(PATIENT_VIEW, *ASKS["lineage not recorded"], count(5))
    assert list(shown) == ["data-gaps"]
    assert "Lineage of the ALL (B or T): not recorded" in shown["data-gaps"]["detail"]


def test_overrides_can_say_why():
    assert overrides(card(day_29(0))) == ["protocol-directed", "other"]


@pytest.mark.parametrize(("status", "word"), [("cns-1", "yes"), ("cns-2", "no")])
def test_a_clear_csf_is_never_called_positive(status, word):
    basis = part(card(day_29(0), answered(CNS_CLEAR, status)), "This patient")
    (line,) = [each for each in basis if each.startswith("CNS status 1")]
    assert line.startswith(f"CNS status 1 (no blasts in CSF): {word}, 2026-")
