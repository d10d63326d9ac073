"""central-line-bleeding-risk: catalogue R25."""

from dataclasses import replace

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from cds_service.service import Group
from hooks import ORDER_SELECT, concepts
from hooks.concepts import (
    ALL,
    ALS,
    AML,
    APL,
    APL_MORPHOLOGY,
    CENTRAL_LINE,
    COAGULOPATHY,
    FIBRINOGEN,
    INR,
    LEUKOCYTES,
    OTHER_LEUKEMIA,
    PICC,
    PLATELETS,
    PML_RARA,
)
from hooks.rules.central_line_bleeding_risk import central_line_bleeding_risk as rule
from tests.patients import (
    CPT,
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

ALONE = replace(ORDER_SELECT, groups=(Group(rule.id, (rule,)),))
LEUKEMIA = diagnosis(AML)
LINE = order(CENTRAL_LINE, system=SNOMED, procedure=True)


def values(
    leukocytes: float = 12,
    platelets: float = 90,
    fibrinogen: float = 240,
    inr: float = 1.1,
    hours_ago: float = 3,
):
    """Safe and three hours old unless said otherwise."""
    return (
        count(leukocytes, hours_ago=hours_ago),
        result(PLATELETS, platelets, hours_ago=hours_ago),
        result(FIBRINOGEN, fibrinogen, hours_ago=hours_ago),
        result(INR, inr, hours_ago=hours_ago),
    )


def without(measurement):
    """The same values but for one that nobody measured."""
    records = values()
    place = (LEUKOCYTES, PLATELETS, FIBRINOGEN, INR).index(measurement)
    return records[:place] + records[place + 1 :]


def undated(found):
    return {name: each for name, each in found.items() if name != "effectiveDateTime"}


JUST_STALE = 24 + 1 / 60

WARNS = {
    "leukocytes of exactly 100": (LEUKEMIA, *values(leukocytes=100), LINE),
    "platelets of 19.9": (LEUKEMIA, *values(platelets=19.9), LINE),
    "fibrinogen of 149 mg/dL": (LEUKEMIA, *values(fibrinogen=149), LINE),
    "fibrinogen of 1.4 g/L": (
        LEUKEMIA,
        *without(FIBRINOGEN),
        result(FIBRINOGEN, 1.4, "g/L"),
        LINE,
    ),
    "INR of 1.51": (LEUKEMIA, *values(inr=1.51), LINE),
    "nothing measured at all": (LEUKEMIA, LINE),
    "no leukocyte count": (LEUKEMIA, *without(LEUKOCYTES), LINE),
    "no platelets": (LEUKEMIA, *without(PLATELETS), LINE),
    "no fibrinogen": (LEUKEMIA, *without(FIBRINOGEN), LINE),
    "no INR": (LEUKEMIA, *without(INR), LINE),
    "safe platelets a minute older than 24 h": (
        LEUKEMIA,
        *without(PLATELETS),
        result(PLATELETS, 90, hours_ago=JUST_STALE),
        LINE,
    ),
    "a safe INR without a time": (
        LEUKEMIA,
        *without(INR),
        undated(result(INR, 1.1)),
        LINE,
    ),
    "platelets as a bound that leaves it open": (
        LEUKEMIA,
        *without(PLATELETS),
        result(PLATELETS, 30, comparator="<"),
        LINE,
    ),
    "a newer fibrinogen that cannot be read": (
        LEUKEMIA,
        *values(hours_ago=5),
        result(FIBRINOGEN, 3, "furlongs", hours_ago=1),
        LINE,
    ),
    "values that could not be read": (
        LEUKEMIA,
        LINE,
        not_read(LEUKOCYTES, PLATELETS, FIBRINOGEN, INR),
    ),
    "a PICC": (LEUKEMIA, *values(platelets=15), order(PICC, system=CPT, procedure=True)),
    "an apheresis catheter by name alone": (
        LEUKEMIA,
        *values(leukocytes=180),
        order("Large-bore catheter for apheresis", procedure=True),
    ),
    "ALL in relapse": (relapsed(ALL), *values(inr=2), LINE),
    "leukemia only suspected": (diagnosis(AML, "provisional"), *values(platelets=15), LINE),
    "APL with every value safe and fresh": (diagnosis(APL), *values(), LINE),
    "APL, safe values of 13 h ago": (diagnosis(APL), *values(hours_ago=13), LINE),
    "no diagnosis yet, PML::RARA positive": (answered(PML_RARA, "positive"), *values(), LINE),
    "no diagnosis yet, morphology of APL": (
        answered(APL_MORPHOLOGY, "present"),
        *values(),
        LINE,
    ),
}

SILENT = {
    "every value safe and fresh": (LEUKEMIA, *values(), LINE),
    "every value at its limit on the safe side": (
        LEUKEMIA,
        *values(leukocytes=99.9, platelets=20, fibrinogen=150, inr=1.5),
        LINE,
    ),
    "safe values of exactly 24 h ago": (LEUKEMIA, *values(hours_ago=24), LINE),
    "no line ordered": (LEUKEMIA, *values(platelets=5)),
    "a line drafted but not selected": (
        LEUKEMIA,
        *values(platelets=5),
        order(CENTRAL_LINE, system=SNOMED, procedure=True, selected=False),
    ),
    "removal of a line": (
        LEUKEMIA,
        *values(platelets=5),
        order("Central venous catheter removal", procedure=True),
    ),
    "no leukemia": (*values(platelets=5), LINE),
    "no leukemia and nothing measured": (LINE,),
    "CLL": (diagnosis(OTHER_LEUKEMIA), *values(leukocytes=200), LINE),
    "AML in remission": (in_remission(AML), *values(platelets=5), LINE),
    "AML refuted": (diagnosis(AML, "refuted"), *values(platelets=5), LINE),
    "APL in remission, PML::RARA once positive": (
        in_remission(APL),
        answered(PML_RARA, "positive"),
        *values(platelets=5),
        LINE,
    ),
    "ALS and no leukemia": (diagnosis(ALS), *values(platelets=5), LINE),
}

ASKS = {
    "AML active and in remission, neither entry dated": (
        diagnosis(AML, recorded=None),
        in_remission(AML, recorded=None),
        *values(platelets=5),
        LINE,
    ),
    "a problem list that could not be read": (
        not_read(*concepts.CONDITIONS),
        *values(platelets=5),
        LINE,
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


def missing_values(one):
    """Of what the card lacks, what this rule asks for."""
    names = ("Leukocytes", "Platelets", "Fibrinogen", "INR")
    return [line for line in part(one, "Missing or uncertain") if line.startswith(names)]


def test_it_warns_and_names_the_value_that_is_unsafe():
    one = card(LEUKEMIA, *values(platelets=15), LINE)
    assert one["indicator"] == "warning"
    assert one["summary"] == (
        "Central line planned with high WBC or unsafe/unknown clotting: use peripheral access "
        "first unless urgently needed."
    )
    basis = part(one, "This patient")
    assert basis[0] == "Order: central venous catheter"
    for value in ("Leukocytes 12 ", "Platelets 15 ", "Fibrinogen 240 ", "INR 1.1"):
        assert any(line.startswith(value) for line in basis)
    assert missing_values(one) == []


def test_what_was_not_measured_is_named_as_missing():
    assert missing_values(card(LEUKEMIA, *without(INR), LINE)) == ["INR: not recorded"]


@pytest.mark.parametrize("hours", [24.5, 47])
def test_an_older_value_is_shown_as_old(hours):
    old = result(PLATELETS, 90, hours_ago=hours)
    one = card(LEUKEMIA, *without(PLATELETS), old, LINE)
    assert not any(line.startswith("Platelets 90") for line in part(one, "This patient"))
    (missing,) = missing_values(one)
    assert missing.startswith("Platelets 90 ×10⁹/L")
    assert missing.endswith("older than 24 h")


UNSAFE_IN_APL = {
    "fibrinogen of 88": values(fibrinogen=88),
    "an INR of 1.8": values(inr=1.8),
    "platelets of 49": values(platelets=49),
    "safe values a minute older than 12 h": values(hours_ago=12 + 1 / 60),
    "an unsafe fibrinogen of 20 h ago": values(fibrinogen=88, hours_ago=20),
    "no fibrinogen": without(FIBRINOGEN),
    "no platelets": without(PLATELETS),
    "no INR": without(INR),
    "coagulopathy on the problem list": (diagnosis(COAGULOPATHY), *values()),
}


@pytest.mark.parametrize("records", UNSAFE_IN_APL.values(), ids=UNSAFE_IN_APL)
@pytest.mark.parametrize("verification", ["confirmed", "provisional"])
def test_unsafe_or_unknown_clotting_in_apl_is_critical(records, verification):
    one = card(diagnosis(APL, verification), *records, LINE)
    assert one["indicator"] == "critical"
    assert one["summary"].startswith("Central line planned in suspected or confirmed APL with")


SAFE_IN_APL = {
    "all safe": values(),
    "platelets of exactly 50": values(platelets=50),
    "safe values of exactly 12 h ago": values(hours_ago=12),
    "a high count with safe clotting": values(leukocytes=120),
}


@pytest.mark.parametrize("records", SAFE_IN_APL.values(), ids=SAFE_IN_APL)
def test_safe_clotting_in_apl_is_a_warning_to_avoid_lines(records):
    one = card(diagnosis(APL), *records, LINE)
    assert one["indicator"] == "warning"
    assert "avoid during induction" in one["summary"]
    assert "ELN recommendation 1.9" in one["detail"]


def test_a_code_of_a_single_source_is_not_critical():
    picc = order(PICC, system=CPT, procedure=True)
    named = order(PICC, system=CPT, procedure=True, name="PICC line")
    assert card(diagnosis(APL), *values(inr=3), picc)["indicator"] == "warning"
    assert card(diagnosis(APL), *values(inr=3), named)["indicator"] == "critical"


@pytest.mark.parametrize("records", WARNS.values(), ids=WARNS)
def test_only_apl_is_more_than_a_warning(records):
    one = card(*records)
    assert len(one["summary"]) < 140
    assert (one["indicator"] == "critical") <= ("APL" in one["summary"])


def test_it_attributes_the_summaries_and_says_what_the_evidence_is():
    text = card(LEUKEMIA, *values(platelets=15), LINE)["detail"]
    assert "Guideline summary: place no central line until clotting" in text
    assert "the ELN advice is for APL" in text
    assert "37% of children" in text
    assert "ELN recommendation 1.9" not in text


def test_als_adds_a_note():
    note = "ALS: lying flat"
    assert note in card(diagnosis(ALS), LEUKEMIA, LINE)["detail"]
    assert note not in card(LEUKEMIA, LINE)["detail"]


def test_it_offers_the_tests_and_another_access():
    offered = suggestions(card(LEUKEMIA, LINE))
    assert list(offered) == [
        "Draft blood count and clotting, STAT",
        "Draft peripheral access consult",
    ]
    drafts = [
        action["resource"]["code"]["text"]
        for each in offered.values()
        for action in each["actions"]
    ]
    assert drafts == [
        "Complete blood count with smear review",
        "Fibrinogen, PT/INR, aPTT",
        "Vascular access: peripheral or midline catheter instead of a central line",
    ]


def test_overrides_can_say_why():
    assert overrides(card(LEUKEMIA, LINE)) == [
        "no-peripheral-access",
        "corrected-and-rechecked",
        "resuscitation",
        "quiet-24-hours",
        "other",
    ]


def test_what_is_said_of_als_is_said_in_als():
    said = "bleeding is tolerated badly in ALS"
    assert said in card(diagnosis(ALS), LEUKEMIA, LINE)["detail"]
    assert "bleeding in ALS" not in card(LEUKEMIA, LINE)["detail"]
    assert said not in card(LEUKEMIA, LINE)["detail"]


@pytest.mark.parametrize(
    ("records", "found"),
    [
        (values(leukocytes=100), "Leukocytes 100 ×10⁹/L or more"),
        (values(platelets=19), "Platelets below 20 ×10⁹/L"),
        (values(fibrinogen=149), "Fibrinogen below 150 mg/dL"),
        (values(inr=1.6)[:3], "INR not known, or too old"),
    ],
    ids=["count", "platelets", "fibrinogen", "no INR"],
)
def test_it_says_which_value_brings_it(records, found):
    lines = part(card(LEUKEMIA, *records, LINE), "Consider")
    assert lines[0] == f"Found here: {found}."


def test_in_apl_the_limits_are_those_of_its_coagulopathy():
    lines = part(card(diagnosis(APL), *values(platelets=49), LINE), "Consider")
    assert lines[0] == "Found here: Platelets below 50 ×10⁹/L."
    assert "Found here" not in card(diagnosis(APL), *values(platelets=50), LINE)["detail"]
